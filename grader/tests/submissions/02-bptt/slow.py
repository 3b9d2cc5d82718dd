"""Right, but in no hurry: one number at a time, and everything again for every step."""

# %%
import math

import numpy as np


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    B, T, V = logits.shape
    n = 0
    for b in range(B):
        for t in range(T):
            if mask[b, t]:
                n += 1
    loss = 0.0
    dlogits = np.zeros((B, T, V))
    for b in range(B):
        for t in range(T):
            if not mask[b, t]:
                continue
            largest = logits[b, t, 0]
            for v in range(V):
                largest = max(largest, logits[b, t, v])
            total = 0.0
            for v in range(V):
                total += math.exp(logits[b, t, v] - largest)
            for v in range(V):
                dlogits[b, t, v] = math.exp(logits[b, t, v] - largest) / total / n
                if v == targets[b, t]:
                    dlogits[b, t, v] -= 1 / n
                    loss += (largest + math.log(total) - logits[b, t, v]) / n
    return loss, dlogits


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    numbers = w.reshape(-1)
    slopes = np.zeros(len(numbers))
    for i in range(len(numbers)):
        above, below = [], []
        for j in range(len(numbers)):
            above.append(numbers[j] + (eps if i == j else 0.0))
            below.append(numbers[j] - (eps if i == j else 0.0))
        rise = f(np.array(above).reshape(w.shape)) - f(np.array(below).reshape(w.shape))
        slopes[i] = rise / (2 * eps)
    return slopes.reshape(w.shape)


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    (B, H), D = h.shape, x.shape[1]
    dx, dh_prev = np.zeros((B, D)), np.zeros((B, H))
    dW_x, dW_h, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    for i in range(B):
        for j in range(H):
            da = dh[i, j] * (1 - h[i, j]) * (1 + h[i, j])
            db[j] += da
            for d in range(D):
                dx[i, d] += da * W_x[d, j]
                dW_x[d, j] += da * x[i, d]
            for k in range(H):
                dh_prev[i, k] += da * W_h[k, j]
                dW_h[k, j] += da * h_prev[i, k]
    return dx, dh_prev, dW_x, dW_h, db


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    T = x.shape[1]
    dx, dh0 = np.zeros(x.shape), np.zeros(h0.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(len(W_h))
    for t in range(T):  # each step's own gradient goes back alone, all the way
        arrived = dh[:, t]
        for k in range(t, -1, -1):
            before = h[:, k - 1] if k else h0
            dx_k, arrived, dW_x_k, dW_h_k, db_k = rnn_cell_backward(arrived, x[:, k], before, h[:, k], W_x, W_h)
            dx[:, k] += dx_k
            dW_x, dW_h, db = dW_x + dW_x_k, dW_h + dW_h_k, db + db_k
        dh0 += arrived
    return dx, dh0, dW_x, dW_h, db


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    B, T, H = h.shape
    parts = np.zeros((T, H, H))
    for k in range(T):
        for i in range(B):
            arrived = dh_last[i]
            for t in range(T - 1, k, -1):
                arrived = W_h @ (arrived * (1 - h[i, t] ** 2))
            da = arrived * (1 - h[i, k] ** 2)
            parts[k] += np.outer(h[i, k - 1] if k else h0[i], da)
    return parts


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    B, T, H = h.shape
    norms = np.zeros(T)
    for t in range(T):
        for i in range(B):
            arrived = dh_last[i]
            for later in range(T - 1, t, -1):
                arrived = W_h @ (arrived * (1 - h[i, later] ** 2))
            norms[t] += math.sqrt(sum(arrived**2)) / B
    return norms


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    for norm in norms:
        if math.isnan(norm) or math.isinf(norm) or norm > high:
            return "exploding"
    for norm in norms:
        if norm < low:
            return "vanishing"
    return "healthy"
