"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

dtype = np.float32


def single(*arrays):
    return [np.asarray(a, dtype=dtype) for a in arrays]


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = single(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    return np.hstack([i, f, np.tanh(g), o])


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    x, h_prev, c_prev, W_x, W_h, b = single(x, h_prev, c_prev, W_x, W_h, b)
    gates = single(lstm_gates(x, h_prev, W_x, W_h, b))[0]
    i, f, g, o = np.split(gates, 4, axis=-1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    B, T, _ = x.shape
    H = h0.shape[1]
    h, c, gates = np.empty((B, T, H), dtype), np.empty((B, T, H), dtype), np.empty((B, T, 4 * H), dtype)
    h_t, c_t = single(h0, c0)
    for t in range(T):
        h_t, c_t, gates[:, t] = lstm_cell_forward(x[:, t], h_t, c_t, W_x, W_h, b)
        h[:, t], c[:, t] = h_t, c_t
    return h, c, gates


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h = single(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h)
    i, f, g, o = np.split(gates, 4, axis=-1)
    t = np.tanh(c)
    dc = dc + dh * o * (1 - t * t)
    da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(0)


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx = np.zeros(x.shape, dtype)
    dW_x, dW_h, db = np.zeros(W_x.shape, dtype), np.zeros(W_h.shape, dtype), np.zeros(W_h.shape[1], dtype)
    dh_next, dc = np.zeros(h0.shape, dtype), np.zeros(c0.shape, dtype)
    for t in range(x.shape[1] - 1, -1, -1):
        before = (h0, c0) if t == 0 else (h[:, t - 1], c[:, t - 1])
        grads = lstm_cell_backward(dh[:, t] + dh_next, dc, x[:, t], *before, c[:, t], gates[:, t], W_x, W_h)
        dx[:, t], dh_next, dc, *weights = single(*grads)
        dW_x, dW_h, db = (total + part for total, part in zip((dW_x, dW_h, db), weights, strict=True))
    return dx, dh_next, dc, dW_x, dW_h, db


# %% solution="cell_gradient"
def cell_gradient(gates):
    f = np.split(gates.astype(dtype), 4, axis=-1)[1]
    ones = np.ones_like(f[:, :1])
    return np.cumprod(np.concatenate([ones, f[:, :0:-1]], axis=1), axis=1)[:, ::-1]
