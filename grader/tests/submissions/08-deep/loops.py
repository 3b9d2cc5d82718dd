"""Everything row by row and step by step, with the cells of earlier notebooks."""

# %%
import numpy as np


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    result = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for t in range(x.shape[1]):
            if t < lengths[i]:
                result[i, t] = x[i, lengths[i] - 1 - t]
            else:
                result[i, t] = x[i, t]
    return result


# %% solution="merge"
def merge(forward, backward, mode):
    B, T, H = forward.shape
    y = np.zeros((B, T, 2 * H if mode == "concat" else H))
    for i in range(B):
        for t in range(T):
            for j in range(H):
                if mode == "concat":
                    y[i, t, j] = forward[i, t, j]
                    y[i, t, H + j] = backward[i, t, j]
                elif mode == "sum":
                    y[i, t, j] = forward[i, t, j] + backward[i, t, j]
                elif mode == "average":
                    y[i, t, j] = 0.5 * forward[i, t, j] + 0.5 * backward[i, t, j]
                else:
                    raise ValueError(mode)
    return y


# %% solution="merge_backward"
def merge_backward(dy, mode):
    if mode == "concat":
        H = dy.shape[2] // 2
        return dy[:, :, :H].copy(), dy[:, :, H:].copy()
    factor = 1.0 if mode == "sum" else 0.5
    dforward = np.zeros(dy.shape)
    dbackward = np.zeros(dy.shape)
    for place in np.ndindex(*dy.shape):
        dforward[place] = factor * dy[place]
        dbackward[place] = factor * dy[place]
    return dforward, dbackward


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    B, T, _ = x.shape
    H = fwd["W_h"].shape[0]
    forward = np.zeros((B, T, H))
    backward = np.zeros((B, T, H))
    for i in range(B):
        h, c = np.zeros((1, H)), np.zeros((1, H))
        for t in range(lengths[i]):
            h, c, _ = lstm_cell_forward(x[i : i + 1, t], h, c, fwd["W_x"], fwd["W_h"], fwd["b"])
            forward[i, t] = h[0]
        h, c = np.zeros((1, H)), np.zeros((1, H))
        for t in range(lengths[i] - 1, -1, -1):
            h, c, _ = lstm_cell_forward(x[i : i + 1, t], h, c, bwd["W_x"], bwd["W_h"], bwd["b"])
            backward[i, t] = h[0]
    return merge(forward, backward, mode)


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    B, T, D = x.shape
    H = fwd["W_h"].shape[0]
    dforward, dbackward = merge_backward(dy, mode)
    dx = np.zeros((B, T, D))
    grads_fwd = {name: np.zeros(array.shape) for name, array in fwd.items()}
    grads_bwd = {name: np.zeros(array.shape) for name, array in bwd.items()}
    zero = np.zeros((1, H))
    for i in range(B):
        L = lengths[i]
        if L == 0:
            continue
        real = x[i : i + 1, :L]
        h, c, gates = lstm_forward(real, zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])
        d, _, _, dW_x, dW_h, db = lstm_backward(
            dforward[i : i + 1, :L], real, zero, zero, h, c, gates, fwd["W_x"], fwd["W_h"]
        )
        dx[i, :L] += d[0]
        for name, gradient in (("W_x", dW_x), ("W_h", dW_h), ("b", db)):
            grads_fwd[name] += gradient
        real = real[:, ::-1]
        h, c, gates = lstm_forward(real, zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])
        d, _, _, dW_x, dW_h, db = lstm_backward(
            dbackward[i : i + 1, :L][:, ::-1], real, zero, zero, h, c, gates, bwd["W_x"], bwd["W_h"]
        )
        dx[i, :L] += d[0, ::-1]
        for name, gradient in (("W_x", dW_x), ("W_h", dW_h), ("b", db)):
            grads_bwd[name] += gradient
    return dx, grads_fwd, grads_bwd


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    B, _, both = h.shape
    H = both // 2
    summary = np.zeros((B, both))
    for i in range(B):
        if lengths[i] > 0:
            summary[i, :H] = h[i, lengths[i] - 1, :H]
            summary[i, H:] = h[i, 0, H:]
    return summary


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    B, T, _ = x.shape
    states = np.zeros((B, T, len(b)))
    for i in range(B):
        h = h0[i : i + 1]
        for t in range(T):
            if t < lengths[i]:
                h = rnn_cell_forward(x[i : i + 1, t], h, W_x, W_h, b)
            states[i, t] = h[0]
    return states


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    B, T, _ = x.shape
    for layer in layers:
        H = layer["W_h"].shape[0]
        h, c = np.zeros((B, H)), np.zeros((B, H))
        above = np.zeros((B, T, H))
        for t in range(T):
            h, c, _ = lstm_cell_forward(x[:, t], h, c, layer["W_x"], layer["W_h"], layer["b"])
            above[:, t] = h
        x = above
    return x


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    mask = np.zeros(shape)
    for place in np.ndindex(*shape):
        if rng.random() < rate:
            mask[place] = 0
        else:
            mask[place] = 1 / (1 - rate)
    return mask


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    mask_x = np.zeros((B, D))
    mask_h = np.zeros((B, H))
    for i in range(B):
        mask_x[i] = dropout_mask(rng, (D,), rate_x)
        mask_h[i] = dropout_mask(rng, (H,), rate_h)
    return mask_x, mask_h


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    B, T, _ = x.shape
    states = np.zeros((B, T, W_h.shape[0]))
    h, c = h0, c0
    for t in range(T):
        if training:
            h, c, _ = lstm_cell_forward(mask_x * x[:, t], mask_h * h, c, W_x, W_h, b)
        else:
            h, c, _ = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        states[:, t] = h
    return states
