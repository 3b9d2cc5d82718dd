"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

dtype = np.float32


def single(params):
    return {name: array.astype(dtype) for name, array in params.items()}


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    out = x.astype(dtype)
    for row, n in zip(out, lengths, strict=True):
        row[:n] = row[:n][::-1].copy()
    return out


# %% solution="merge"
def merge(forward, backward, mode):
    forward, backward = forward.astype(dtype), backward.astype(dtype)
    if mode == "concat":
        return np.concatenate((forward, backward), axis=-1)
    total = forward + backward
    return total / dtype(2) if mode == "average" else total


# %% solution="merge_backward"
def merge_backward(dy, mode):
    dy = dy.astype(dtype)
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., :H], dy[..., H:]
    if mode == "average":
        dy = dy / dtype(2)
    return dy, dy


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    x, fwd, bwd = x.astype(dtype), single(fwd), single(bwd)
    mask = (np.arange(x.shape[1]) < lengths[:, None])[..., None].astype(dtype)
    x = x * mask
    zero = np.zeros((len(x), len(fwd["W_h"])), dtype)
    forward, _, _ = lstm_forward(x, zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])
    return merge(forward, reverse_sequences(backward, lengths), mode) * mask


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    x, fwd, bwd = x.astype(dtype), single(fwd), single(bwd)
    mask = (np.arange(x.shape[1]) < lengths[:, None])[..., None].astype(dtype)
    dforward, dbackward = merge_backward(dy * mask, mode)
    zero = np.zeros((len(x), len(fwd["W_h"])), dtype)
    h, c, gates = lstm_forward(x, zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_f, _, _, a, b, d = lstm_backward(dforward, x, zero, zero, h, c, gates, fwd["W_x"], fwd["W_h"])
    grads_fwd = {"W_x": a, "W_h": b, "b": d}
    rx = reverse_sequences(x, lengths)
    h, c, gates = lstm_forward(rx, zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_b, _, _, a, b, d = lstm_backward(
        reverse_sequences(dbackward, lengths), rx, zero, zero, h, c, gates, bwd["W_x"], bwd["W_h"]
    )
    grads_bwd = {"W_x": a, "W_h": b, "b": d}
    return dx_f + reverse_sequences(dx_b, lengths), grads_fwd, grads_bwd


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    h = h.astype(dtype)
    H = h.shape[2] // 2
    out = np.zeros((len(h), 2 * H), dtype)
    some = np.flatnonzero(lengths)
    out[some, :H] = h[some, lengths[some] - 1, :H]
    out[some, H:] = h[some, 0, H:]
    return out


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    x, h, W_x, W_h, b = (a.astype(dtype) for a in (x, h0, W_x, W_h, b))
    out = np.empty((*x.shape[:2], len(b)), dtype)
    for t in range(x.shape[1]):
        running = lengths > t
        h = h.copy()
        h[running] = rnn_cell_forward(x[running, t], h[running], W_x, W_h, b)
        out[:, t] = h
    return out


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    x = x.astype(dtype)
    for layer in map(single, layers):
        zero = np.zeros((len(x), len(layer["W_h"])), dtype)
        x, _, _ = lstm_forward(x, zero, zero, layer["W_x"], layer["W_h"], layer["b"])
    return x


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    return (rng.random(shape, dtype=dtype) >= rate).astype(dtype) / dtype(1 - rate)


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    mask_h = dropout_mask(rng, (B, H), rate_h)
    mask_x = dropout_mask(rng, (B, D), rate_x)
    return mask_x, mask_h


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    x, h, c, W_x, W_h, b = (a.astype(dtype) for a in (x, h0, c0, W_x, W_h, b))
    out = np.empty((*x.shape[:2], len(W_h)), dtype)
    for t in range(x.shape[1]):
        x_t, h_t = x[:, t], h
        if training:
            x_t, h_t = x_t * mask_x.astype(dtype), h_t * mask_h.astype(dtype)
        h, c, _ = lstm_cell_forward(x_t, h_t, c, W_x, W_h, b)
        out[:, t] = h
    return out
