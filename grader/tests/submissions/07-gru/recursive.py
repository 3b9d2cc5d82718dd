"""Loops are for others: every sequence is its first step and the rest."""

# %%
import numpy as np


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    H = len(W_h)

    def total(block, state):
        columns = slice(block * H, (block + 1) * H)
        return x @ W_x[:, columns] + state @ W_h[:, columns] + b[columns]

    r, z = (1 / (1 + np.exp(-total(block, h_prev))) for block in (0, 1))
    n = np.tanh(total(2, r * h_prev))
    return z * n + h_prev - z * h_prev, np.concatenate((r, z, n), axis=-1)


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    h, gates = gru_cell_forward(x[:, 0], h0, W_x, W_h, b)
    if x.shape[1] == 1:
        return h[:, None], gates[:, None]
    later_h, later_gates = gru_forward(x[:, 1:], h, W_x, W_h, b)
    return np.concatenate([h[:, None], later_h], axis=1), np.concatenate([gates[:, None], later_gates], axis=1)


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r, z, n = np.split(gates, 3, axis=1)
    dn, dz = dh * z, dh * n - dh * h_prev
    da_n, da_z = dn - dn * n * n, dz * z - dz * z * z
    ds = da_n @ np.transpose(W_hn)
    dr = ds * h_prev
    da_r = dr * r - dr * r * r
    da = np.column_stack([da_r, da_z, da_n])
    dh_prev = sum([dh - dh * z, ds * r, da_r @ W_hr.T, da_z @ W_hz.T])
    dW_h = np.column_stack([h_prev.T @ da_r, h_prev.T @ da_z, np.multiply(r, h_prev).T @ da_n])
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, np.add.reduce(da)


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    if x.shape[1] == 0:
        return x, np.zeros_like(h0), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_x.shape[1])
    rest = gru_backward(dh[:, 1:], x[:, 1:], h[:, 0], h[:, 1:], gates[:, 1:], W_x, W_h)
    first = gru_cell_backward(dh[:, 0] + rest[1], x[:, 0], h0, gates[:, 0], W_x, W_h)
    dx = np.concatenate([first[0][:, None], rest[0]], axis=1)
    return (dx, first[1], *(a + b for a, b in zip(first[2:], rest[2:], strict=True)))


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    if kind == "gru":
        return 3 * count_parameters("rnn", D, H)
    if kind == "lstm":
        return 4 * count_parameters("rnn", D, H)
    return (D + H + 1) * H
