"""Everything by hand, one number at a time."""

# %%
import math

import numpy as np


# %%
def squash(total):
    return 1 / (1 + math.exp(-total))


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    B, D = x.shape
    H = h_prev.shape[1]
    h = np.zeros((B, H))
    gates = np.zeros((B, 3 * H))
    for i in range(B):
        for j in range(2 * H):
            total = b[j]
            for k in range(D):
                total += x[i, k] * W_x[k, j]
            for k in range(H):
                total += h_prev[i, k] * W_h[k, j]
            gates[i, j] = squash(total)
        for j in range(H):
            total = b[2 * H + j]
            for k in range(D):
                total += x[i, k] * W_x[k, 2 * H + j]
            for k in range(H):
                total += gates[i, k] * h_prev[i, k] * W_h[k, 2 * H + j]
            gates[i, 2 * H + j] = math.tanh(total)
            z = gates[i, H + j]
            h[i, j] = (1 - z) * h_prev[i, j] + z * gates[i, 2 * H + j]
    return h, gates


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    B, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((B, T, H))
    gates = np.zeros((B, T, 3 * H))
    for t in range(T):
        if t == 0:
            h[:, t], gates[:, t] = gru_cell_forward(x[:, t], h0, W_x, W_h, b)
        else:
            h[:, t], gates[:, t] = gru_cell_forward(x[:, t], h[:, t - 1], W_x, W_h, b)
    return h, gates


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    B, D = x.shape
    H = h_prev.shape[1]
    dx = np.zeros((B, D))
    dh_prev = np.zeros((B, H))
    dW_x = np.zeros((D, 3 * H))
    dW_h = np.zeros((H, 3 * H))
    db = np.zeros(3 * H)
    for i in range(B):
        da = [0.0] * (3 * H)
        for j in range(H):
            z, n = gates[i, H + j], gates[i, 2 * H + j]
            da[2 * H + j] = dh[i, j] * z * (1 - n * n)
            da[H + j] = dh[i, j] * (n - h_prev[i, j]) * z * (1 - z)
            dh_prev[i, j] += dh[i, j] * (1 - z)
        for k in range(H):
            ds = 0.0
            for j in range(H):
                ds += W_h[k, 2 * H + j] * da[2 * H + j]
            r = gates[i, k]
            da[k] = ds * h_prev[i, k] * r * (1 - r)
            dh_prev[i, k] += ds * r
        for j in range(3 * H):
            db[j] += da[j]
            for k in range(D):
                dx[i, k] += da[j] * W_x[k, j]
                dW_x[k, j] += x[i, k] * da[j]
            for k in range(H):
                if j < 2 * H:
                    dh_prev[i, k] += da[j] * W_h[k, j]
                    dW_h[k, j] += h_prev[i, k] * da[j]
                else:
                    dW_h[k, j] += gates[i, k] * h_prev[i, k] * da[j]
    return dx, dh_prev, dW_x, dW_h, db


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    B, T, D = x.shape
    H = h0.shape[1]
    dx = np.zeros((B, T, D))
    dW_x = np.zeros((D, 3 * H))
    dW_h = np.zeros((H, 3 * H))
    db = np.zeros(3 * H)
    from_later = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        if t == 0:
            before = h0
        else:
            before = h[:, t - 1]
        step = gru_cell_backward(dh[:, t] + from_later, x[:, t], before, gates[:, t], W_x, W_h)
        dx[:, t] = step[0]
        from_later = step[1]
        dW_x += step[2]
        dW_h += step[3]
        db += step[4]
    return dx, from_later, dW_x, dW_h, db


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    if kind == "rnn":
        blocks = 1
    elif kind == "gru":
        blocks = 3
    else:
        blocks = 4
    total = 0
    for _ in range(blocks):
        total += D * H
        total += H * H
        total += H
    return total
