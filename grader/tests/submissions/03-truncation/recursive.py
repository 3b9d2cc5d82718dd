"""A sequence is its first chunk and the rest; a gradient is that of the last step and of those before."""

# %%
import numpy as np


# %% solution="split_chunks"
def split_chunks(x, window):
    if x.shape[1] <= window:
        return [x]
    return [x[:, :window]] + split_chunks(x[:, window:], window)


# %%
def add(a, b):
    return {name: a[name] + b[name] for name in a}


def back(x, h0, h, dy, from_behind, params):
    """The gradients of all steps, the last one first."""
    if x.shape[1] == 0:
        return {name: np.zeros(array.shape) for name, array in params.items()}
    before = h[:, -2] if h.shape[1] > 1 else h0
    dh = dy[:, -1] @ params["W_y"].T + from_behind
    _, dh, dW_x, dW_h, db = rnn_cell_backward(dh, x[:, -1], before, h[:, -1], params["W_x"], params["W_h"])
    own = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": h[:, -1].T @ dy[:, -1], "b_y": dy[:, -1].sum(axis=0)}
    return add(own, back(x[:, :-1], h0, h[:, :-1], dy[:, :-1], dh, params))


def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


def chunk_pass(x, targets, h0, params, mask):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    loss, dy = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), targets, mask)
    return loss, back(x, h0, h, dy, 0, params), h[:, -1]


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    first, ids = x[:, :window], targets[:, :window]
    _, g, h = chunk_pass(first, ids, h0, params, np.ones_like(ids, dtype=bool))
    if x.shape[1] <= window:
        return [g], h
    grads, h_last = tbptt_gradients(x[:, window:], targets[:, window:], h, params, window)
    return [g] + grads, h_last


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    T = x.shape[1]
    if T % k1:
        rest = T % k1
        return tbptt_k1_k2(x[:, :-rest], targets[:, :-rest], h0, params, k1, k2)
    if T == 0:
        return []
    split = max(0, T - k2)
    state = h0 if split == 0 else rnn_forward(x[:, :split], h0, params["W_x"], params["W_h"], params["b"])[:, -1]
    mask = np.zeros((len(x), T), dtype=bool)
    mask[:, -min(k1, k2) :] = True
    _, g, _ = chunk_pass(x[:, split:], targets[:, split:], state, params, mask[:, split:])
    return tbptt_k1_k2(x[:, :-k1], targets[:, :-k1], h0, params, k1, k2) + [g]


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    if x.shape[1] == 0:
        return params, []
    ids = targets[:, :window]
    loss, g, h = chunk_pass(x[:, :window], ids, h0, params, ids > -1)
    params = {name: params[name] - lr * g[name] for name in params}
    params, losses = train_truncated(x[:, window:], targets[:, window:], h, params, window, lr)
    return params, [loss] + losses


# %% solution="fold_series"
def fold_series(series, window):
    if len(series) > 1:
        return np.concatenate([fold_series(series[:1], window), fold_series(series[1:], window)])
    if series.shape[1] < window:
        return np.empty((0, window, series.shape[2]))
    return np.concatenate([series[:, :window], fold_series(series[:, window:], window)])


# %% solution="one_step_samples"
def one_step_samples(series):
    if len(series) == 0:
        return np.empty((0, 1, 1)), np.empty(0, dtype=bool)
    samples, reset = one_step_samples(series[1:])
    first = np.array([True] + [False] * (series.shape[1] - 1))
    return np.concatenate([series[0].reshape(-1, 1, 1), samples]), np.concatenate([first, reset])
