"""Step by step, and each gradient by hand: nothing that was written before is called."""

# %%
import math

import numpy as np


# %%
def forward(x, h0, p):
    states = []
    h = h0
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ p["W_x"] + h @ p["W_h"] + p["b"])
        states.append(h)
    return states


def loss_and_grads(x, targets, h0, p, first):
    """The errors count from step `first` on."""
    B, T = targets.shape
    states = forward(x, h0, p)
    n = B * (T - first)
    g = {}
    for name in p:
        g[name] = np.zeros(p[name].shape)
    loss = 0.0
    dh_next = np.zeros(h0.shape)
    for t in range(T - 1, -1, -1):
        h = states[t]
        dh = np.zeros(h.shape)
        if t >= first:
            for i in range(B):
                y = h[i] @ p["W_y"] + p["b_y"]
                e = [math.exp(v - max(y)) for v in y]
                prob = np.array(e) / sum(e)
                loss -= math.log(prob[targets[i, t]]) / n
                dy = prob.copy()
                dy[targets[i, t]] -= 1
                dy = dy / n
                g["W_y"] += np.outer(h[i], dy)
                g["b_y"] += dy
                dh[i] = p["W_y"] @ dy
        da = (dh + dh_next) * (1 - h * h)
        before = h0 if t == 0 else states[t - 1]
        for i in range(B):
            g["W_x"] += np.outer(x[i, t], da[i])
            g["W_h"] += np.outer(before[i], da[i])
            g["b"] += da[i]
        dh_next = da @ p["W_h"].T
    return loss, g, states[-1]


# %% solution="split_chunks"
def split_chunks(x, window):
    chunks = []
    start = 0
    while start < x.shape[1]:
        end = start + window
        if end > x.shape[1]:
            end = x.shape[1]
        chunks.append(x[:, start:end])
        start = end
    return chunks


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    grads = []
    h = h0
    for start in range(0, x.shape[1], window):
        _, g, h = loss_and_grads(x[:, start : start + window], targets[:, start : start + window], h, params, 0)
        grads.append(g)
    return grads, h


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    states = [h0] + forward(x, h0, params)
    grads = []
    for t in range(1, x.shape[1] + 1):
        if t % k1 != 0:
            continue
        start = t - k2
        if start < 0:
            start = 0
        first = t - start - min(k1, k2)
        _, g, _ = loss_and_grads(x[:, start:t], targets[:, start:t], states[start], params, first)
        grads.append(g)
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    p = {}
    for name in params:
        p[name] = np.array(params[name])
    losses = []
    h = h0
    start = 0
    while start < x.shape[1]:
        loss, g, h = loss_and_grads(x[:, start : start + window], targets[:, start : start + window], h, p, 0)
        for name in p:
            p[name] -= lr * g[name]
        losses.append(loss)
        start += window
    return p, losses


# %% solution="fold_series"
def fold_series(series, window):
    N, L, F = series.shape
    n = L // window
    pieces = np.zeros((N * n, window, F))
    for i in range(N):
        for j in range(n):
            for t in range(window):
                pieces[i * n + j, t] = series[i, j * window + t]
    return pieces


# %% solution="one_step_samples"
def one_step_samples(series):
    N, L = series.shape[0], series.shape[1]
    samples = np.zeros((N * L, 1, 1))
    reset = np.zeros(N * L, dtype=bool)
    for i in range(N):
        for t in range(L):
            samples[i * L + t, 0, 0] = series[i, t] if series.ndim == 2 else series[i, t, 0]
            reset[i * L + t] = t == 0
    return samples, reset
