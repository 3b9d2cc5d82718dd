"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

dtype = np.float32


def to32(*arrays):
    return [a.astype(dtype) for a in arrays]


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = to32(x, h_prev, W_x, W_h, b)
    H = h_prev.shape[1]
    a = x @ W_x + b
    s = h_prev @ W_h[:, : 2 * H]
    rz = 1 / (1 + np.exp(-a[:, : 2 * H] - s))
    r, z = rz[:, :H], rz[:, H:]
    n = np.tanh(a[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :])
    return (1 - z) * h_prev + z * n, np.hstack([rz, n])


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    h = np.zeros((x.shape[0], x.shape[1], h0.shape[1]), dtype)
    gates = np.zeros((x.shape[0], x.shape[1], 3 * h0.shape[1]), dtype)
    state = h0
    for t in range(x.shape[1]):
        state, gates[:, t] = gru_cell_forward(x[:, t], state, W_x, W_h, b)
        h[:, t] = state
    return h, gates


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    dh, x, h_prev, gates, W_x, W_h = to32(dh, x, h_prev, gates, W_x, W_h)
    H = h_prev.shape[1]
    r, z, n = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    da = np.empty(gates.shape, dtype)
    da[:, 2 * H :] = dh * z * (1 - n**2)
    ds = da[:, 2 * H :] @ W_h[:, 2 * H :].T
    da[:, :H] = ds * h_prev * r * (1 - r)
    da[:, H : 2 * H] = dh * (n - h_prev) * z * (1 - z)
    dW_h = np.empty(W_h.shape, dtype)
    dW_h[:, : 2 * H] = h_prev.T @ da[:, : 2 * H]
    dW_h[:, 2 * H :] = (r * h_prev).T @ da[:, 2 * H :]
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(0)


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape, dtype)
    dW_x, dW_h, db = np.zeros(W_x.shape, dtype), np.zeros(W_h.shape, dtype), np.zeros(W_x.shape[1], dtype)
    d = np.zeros(h0.shape, dtype)
    for t in reversed(range(x.shape[1])):
        before = h[:, t - 1] if t else h0
        dx[:, t], d, *rest = gru_cell_backward(dh[:, t].astype(dtype) + d, x[:, t], before, gates[:, t], W_x, W_h)
        for total, part in zip((dW_x, dW_h, db), rest, strict=True):
            total += part
    return dx, d, dW_x, dW_h, db


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    return np.int32({"rnn": 1, "gru": 3, "lstm": 4}[kind] * ((D + H) * H + H))
