"""Time first inside, as in older PyTorch: what comes back are transposed views, in Fortran order, from larger buffers."""

# %%
import numpy as np


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    T = x.shape[1]
    turned = x[:, ::-1]
    for i, n in enumerate(lengths):  # turn all, then push the real part back to the front
        turned = turned.copy() if i == 0 else turned
        turned[i, :n] = x[i, ::-1][T - n :]
        turned[i, n:] = x[i, n:]
    return np.asfortranarray(turned)


# %% solution="merge"
def merge(forward, backward, mode):
    assert mode in ("concat", "sum", "average")
    if mode == "concat":
        buffer = np.full((*forward.shape[:2], 2, forward.shape[2]), np.nan)
        buffer[:, :, 0], buffer[:, :, 1] = forward, backward
        return buffer.reshape(*forward.shape[:2], -1)
    return (forward.T + backward.T).T * (0.5 if mode == "average" else 1)


# %% solution="merge_backward"
def merge_backward(dy, mode):
    if mode == "concat":
        halves = dy.reshape(*dy.shape[:2], 2, -1)
        return halves[:, :, 0], halves[:, :, 1]
    return (dy * (1 if mode == "sum" else 1 / 2),) * 2


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    B, T, _ = x.shape
    H = len(fwd["W_h"])
    zero = np.zeros((B, H))
    padding = np.arange(T)[:, None] >= lengths  # (T, B)
    y = np.empty((T, 2, B, H))
    for k, params in enumerate((fwd, bwd)):
        read = reverse_sequences(x, lengths) if k else x
        said = lstm_forward(read, zero, zero, params["W_x"], params["W_h"], params["b"])[0]
        y[:, k] = (reverse_sequences(said, lengths) if k else said).swapaxes(0, 1)
    y[:, 0][padding] = 0
    y[:, 1][padding] = 0
    return merge(y[:, 0].swapaxes(0, 1), y[:, 1].swapaxes(0, 1), mode)


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    dy = np.array(dy, order="F")
    for i, n in enumerate(lengths):
        dy[i, n:] = 0
    dforward, dbackward = merge_backward(dy, mode)
    zero = np.zeros((len(x), len(fwd["W_h"])))
    dx = np.zeros(x.shape, order="F")
    grads = []
    for params, dh, turn in ((fwd, dforward, False), (bwd, dbackward, True)):
        read = reverse_sequences(x, lengths) if turn else x
        dh = reverse_sequences(dh, lengths) if turn else dh
        h, c, gates = lstm_forward(read, zero, zero, params["W_x"], params["W_h"], params["b"])
        back = lstm_backward(dh, read, zero, zero, h, c, gates, params["W_x"], params["W_h"])
        dx += reverse_sequences(back[0], lengths) if turn else back[0]
        grads.append({"W_x": np.asfortranarray(back[3]), "W_h": back[4].T.copy().T, "b": back[5][::-1].copy()[::-1]})
    return dx, grads[0], grads[1]


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    halves = h.reshape(h.shape[0], h.shape[1], 2, -1).transpose(2, 1, 0, 3)  # (2, T, B, H)
    last = halves[0][lengths - 1, np.arange(len(h))]
    summary = np.stack([last, halves[1, 0]])
    summary[:, lengths == 0] = 0
    return summary.swapaxes(0, 1).reshape(len(h), -1)


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    T = x.shape[1]
    states = np.empty((T + 1, *h0.shape))
    states[0] = h0
    for t in range(T):
        new = rnn_cell_forward(x[:, t], states[t], W_x, W_h, b)
        np.copyto(states[t + 1], states[t])
        np.copyto(states[t + 1], new, where=(lengths > t)[:, None])
    return states[1:].transpose(1, 0, 2)


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    buffer = np.full((x.shape[0], x.shape[1], 2 * layers[-1]["W_h"].shape[0]), np.nan)
    below = np.asfortranarray(x)
    for layer in layers:
        zero = np.zeros((len(x), len(layer["W_h"])), order="F")
        below = np.asfortranarray(lstm_forward(below, zero, zero, layer["W_x"], layer["W_h"], layer["b"])[0])
    buffer[..., ::2] = below
    return buffer[..., ::2]


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    return rng.choice([0, 1 / (1 - rate)], size=shape[::-1], p=[rate, 1 - rate]).T


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    kept = rng.random((D + H, B))
    return (kept[:D] >= rate_x).T / (1 - rate_x), (kept[D:] >= rate_h).T / (1 - rate_h)


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    states = np.empty((x.shape[1], *h0.shape))
    mask_x, mask_h = (mask_x, mask_h) if training else (1.0, 1.0)
    h, c = h0, c0
    for t, x_t in enumerate(x.swapaxes(0, 1)):
        h, c, _ = lstm_cell_forward(x_t * mask_x, h * mask_h, c, W_x, W_h, b)
        states[t] = h
    return states.swapaxes(0, 1)
