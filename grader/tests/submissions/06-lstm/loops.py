"""Everything by hand, one number at a time."""

# %%
import math

import numpy as np


# %%
def sigmoid(a):
    return 1.0 / (1.0 + math.exp(-a))


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    B, D = x.shape
    H = h_prev.shape[1]
    gates = np.zeros((B, 4 * H))
    for n in range(B):
        for j in range(4 * H):
            total = b[j]
            for k in range(D):
                total += x[n, k] * W_x[k, j]
            for k in range(H):
                total += h_prev[n, k] * W_h[k, j]
            gates[n, j] = math.tanh(total) if j // H == 2 else sigmoid(total)
    return gates


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    B, H = h_prev.shape
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    h, c = np.zeros((B, H)), np.zeros((B, H))
    for n in range(B):
        for j in range(H):
            i, f, g, o = gates[n, j], gates[n, H + j], gates[n, 2 * H + j], gates[n, 3 * H + j]
            c[n, j] = f * c_prev[n, j] + i * g
            h[n, j] = o * math.tanh(c[n, j])
    return h, c, gates


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    B, T, D = x.shape
    H = h0.shape[1]
    h, c, gates = np.zeros((B, T, H)), np.zeros((B, T, H)), np.zeros((B, T, 4 * H))
    for t in range(T):
        if t == 0:
            h[:, t], c[:, t], gates[:, t] = lstm_cell_forward(x[:, t], h0, c0, W_x, W_h, b)
        else:
            h[:, t], c[:, t], gates[:, t] = lstm_cell_forward(x[:, t], h[:, t - 1], c[:, t - 1], W_x, W_h, b)
    return h, c, gates


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    B, D = x.shape
    H = h_prev.shape[1]
    dx, dh_prev, dc_prev = np.zeros((B, D)), np.zeros((B, H)), np.zeros((B, H))
    dW_x, dW_h, db = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    for n in range(B):
        for j in range(H):
            i, f, g, o = gates[n, j], gates[n, H + j], gates[n, 2 * H + j], gates[n, 3 * H + j]
            shown = math.tanh(c[n, j])
            dc_all = dc[n, j] + dh[n, j] * o * (1 - shown * shown)
            dc_prev[n, j] = dc_all * f
            slopes = [
                dc_all * g * i * (1 - i),
                dc_all * c_prev[n, j] * f * (1 - f),
                dc_all * i * (1 - g * g),
                dh[n, j] * shown * o * (1 - o),
            ]
            for block in range(4):
                column, da = block * H + j, slopes[block]
                db[column] += da
                for k in range(D):
                    dx[n, k] += da * W_x[k, column]
                    dW_x[k, column] += da * x[n, k]
                for k in range(H):
                    dh_prev[n, k] += da * W_h[k, column]
                    dW_h[k, column] += da * h_prev[n, k]
    return dx, dh_prev, dc_prev, dW_x, dW_h, db


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    B, T, D = x.shape
    H = h0.shape[1]
    dx = np.zeros((B, T, D))
    dW_x, dW_h, db = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    dh_next = np.zeros((B, H))
    dc_next = np.zeros((B, H))
    t = T - 1
    while t >= 0:
        if t == 0:
            h_prev, c_prev = h0, c0
        else:
            h_prev, c_prev = h[:, t - 1], c[:, t - 1]
        dx_t, dh_next, dc_next, dW_x_t, dW_h_t, db_t = lstm_cell_backward(
            dh[:, t] + dh_next, dc_next, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dx[:, t] = dx_t
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
        t -= 1
    return dx, dh_next, dc_next, dW_x, dW_h, db


# %% solution="cell_gradient"
def cell_gradient(gates):
    B, T, H = gates.shape[0], gates.shape[1], gates.shape[2] // 4
    gradient = np.zeros((B, T, H))
    for n in range(B):
        for t in range(T):
            for j in range(H):
                product = 1.0
                for later in range(t + 1, T):
                    product *= gates[n, later, H + j]
                gradient[n, t, j] = product
    return gradient
