"""Fortran order, views into larger buffers, read-only results, everything transposed in between."""

# %%
from collections import namedtuple

import numpy as np

Step = namedtuple("Step", "h gates")
Gradients = namedtuple("Gradients", "dx dh dW_x dW_h db")


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    work = np.empty((5 * H, len(x)), order="F")  # columns are sequences here; rows: r, z, n, h, r * h_prev
    r, z, n, h, s = np.vsplit(work, 5)
    np.add(W_x.T @ x.T, b[:, np.newaxis], out=work[: 3 * H])
    work[: 2 * H] += W_h[:, : 2 * H].T @ h_prev.T
    np.reciprocal(1 + np.exp(-work[: 2 * H]), out=work[: 2 * H])
    np.multiply(r, h_prev.T, out=s)
    n += W_h[:, 2 * H :].T @ s
    np.tanh(n, out=n)
    h[...] = h_prev.T + z * (n - h_prev.T)
    work.flags.writeable = False
    return Step(h.T, work[: 3 * H].T)


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    B, T, _ = x.shape
    H = h0.shape[1]
    everything = np.full((T + 1, B, 4 * H), np.nan)  # one buffer for the states and the gates, time first
    everything[0, :, :H] = h0
    for t in range(T):
        step = gru_cell_forward(x[:, t], everything[t, :, :H], W_x, W_h, b)
        everything[t + 1, :, :H] = step.h
        everything[t + 1, :, H:] = step.gates
    steps = everything[1:].swapaxes(0, 1)
    return Step(steps[..., :H], steps[..., H:])


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    H = h_prev.shape[1]
    r, z, n = np.hsplit(gates, 3)
    da = np.zeros(gates.shape, order="F")
    da_r, da_z, da_n = np.hsplit(da, 3)
    np.multiply(dh * z, 1 - np.square(n), out=da_n)
    ds = (W_h[:, 2 * H :] @ da_n.T).T
    da_r += ds * h_prev * r * (1 - r)
    da_z += dh * (n - h_prev) * z * (1 - z)
    dh_prev = (1 - z) * dh
    dh_prev += ds * r
    dh_prev += (W_h[:, : 2 * H] @ da[:, : 2 * H].T).T
    dW_h = (da.T @ h_prev).T
    dW_h[:, 2 * H :] = (da_n.T @ (r * h_prev)).T
    return Gradients((W_x @ da.T).T, dh_prev, (da.T @ x).T, dW_h, np.ones(len(x)) @ da)


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    H = h0.shape[1]
    B, T, D = x.shape
    r, n = gates[..., :H], gates[..., 2 * H :]
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da = np.empty((B, T, 3 * H), order="F")
    back = np.zeros_like(h0)
    for t in range(T)[::-1]:
        z = gates[:, t, H : 2 * H]
        total = dh[:, t] + back
        da[:, t, 2 * H :] = total * z * (1 - n[:, t] ** 2)
        ds = da[:, t, 2 * H :] @ W_h[:, 2 * H :].T
        da[:, t, :H] = ds * before[:, t] * r[:, t] * (1 - r[:, t])
        da[:, t, H : 2 * H] = total * (n[:, t] - before[:, t]) * z * (1 - z)
        back = total * (1 - z) + ds * r[:, t] + da[:, t, : 2 * H] @ W_h[:, : 2 * H].T
    rows = da.reshape(-1, 3 * H)  # all weight gradients after the loop, as one product each
    dW_h = before.reshape(-1, H).T @ rows
    dW_h[:, 2 * H :] = (r * before).reshape(-1, H).T @ rows[:, 2 * H :]
    return Gradients(da @ W_x.T, back, x.reshape(-1, D).T @ rows, dW_h, rows.sum(axis=0))


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    blocks = len({"rnn": "h", "gru": "rzn", "lstm": "ifgo"}[kind])
    W_x, W_h, b = np.empty((D, blocks * H)), np.empty((H, blocks * H)), np.empty(blocks * H)
    return np.array(W_x.size + W_h.size + b.size)
