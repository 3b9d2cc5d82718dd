"""Columns for vectors, as in the papers: what comes back are views of other buffers, some in Fortran order."""

# %%
import numpy as np


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    a = W_x.T @ x.T + W_h.T @ h_prev.T + b[:, None]  # (4H, B)
    H = len(W_h)
    for rows in (slice(0, 2 * H), slice(3 * H, None)):
        a[rows] = 1 / (1 + np.exp(-a[rows]))
    np.tanh(a[2 * H : 3 * H], out=a[2 * H : 3 * H])
    return a.T


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    B, H = h_prev.shape
    everything = np.full((B, 6 * H), np.nan)
    everything[:, 2 * H :] = lstm_gates(x, h_prev, W_x, W_h, b)
    h, c, i, f, g, o = (everything[:, k * H : (k + 1) * H] for k in range(6))
    np.multiply(f, c_prev, out=c)
    c += i * g
    np.multiply(o, np.tanh(c), out=h)
    return h, c, everything[:, 2 * H :]


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    B, T, _ = x.shape
    H = len(W_h)
    h, c = np.empty((T + 1, H, B)), np.empty((T + 1, H, B))
    gates = np.empty((T, B, 4 * H))
    h[0], c[0] = h0.T, c0.T
    for t in range(T):
        h_t, c_t, gates[t] = lstm_cell_forward(x[:, t], h[t].T, c[t].T, W_x, W_h, b)
        h[t + 1], c[t + 1] = h_t.T, c_t.T
    return h[1:].transpose(2, 0, 1), c[1:].transpose(2, 0, 1), gates.swapaxes(0, 1)


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    H = len(W_h)
    i, f, g, o = gates.T.reshape(4, H, -1)
    t = np.tanh(c.T)
    da = np.empty_like(gates.T)  # (4H, B)
    di, df, dg, do = da.reshape(4, H, -1)
    back = dc.T + dh.T * o * (1 - t) * (1 + t)
    di[:] = back * g * i * (1 - i)
    df[:] = back * c_prev.T * f * (1 - f)
    dg[:] = back * i * (1 - g) * (1 + g)
    do[:] = dh.T * t * o * (1 - o)
    return (
        (W_x @ da).T,
        (W_h @ da).T,
        (back * f).T,
        (da @ x).T,
        np.asfortranarray((da @ h_prev).T),
        da.sum(axis=1),
    )


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    T = x.shape[1]
    h_prev = np.roll(h, 1, axis=1)
    c_prev = np.roll(c, 1, axis=1)
    h_prev[:, 0], c_prev[:, 0] = h0, c0
    dx = np.empty((T, x.shape[2], x.shape[0]))
    total = np.zeros((len(W_x) + len(W_h) + 1, W_h.shape[1]))  # dW_x over dW_h over db
    dh_next = dc_next = np.zeros(h0.shape, order="F")
    for t in range(T - 1, -1, -1):
        dx_t, dh_next, dc_next, *shares = lstm_cell_backward(
            dh[:, t] + dh_next, dc_next, x[:, t], h_prev[:, t], c_prev[:, t], c[:, t], gates[:, t], W_x, W_h
        )
        dx[t] = dx_t.T
        total += np.vstack(shares)
    return dx.transpose(2, 0, 1), dh_next, dc_next, total[: len(W_x)], total[len(W_x) : -1], total[-1]


# %% solution="cell_gradient"
def cell_gradient(gates):
    B, T, four_H = gates.shape
    f = gates[:, :, four_H // 4 : four_H // 2]
    buffer = np.ones((T + 1, four_H // 4, B))
    for t in range(T - 1, 0, -1):
        buffer[t - 1] = buffer[t] * f[:, t].T
    return buffer[:-1].transpose(2, 0, 1)
