"""Columns for vectors, one stacked matrix, Fortran order: what comes back are views of other buffers."""

# %%
import numpy as np


# %% solution="split_chunks"
def split_chunks(x, window):
    time_first = np.moveaxis(x, 1, 0).copy()
    cuts = np.arange(window, len(time_first), window)
    return [np.moveaxis(part, 0, 1) for part in np.array_split(time_first, cuts)]


# %%
def stacked(params):
    """[x, h, 1] times this is the pre-activation; [h, 1] times the other are the logits."""
    return np.vstack([params["W_x"], params["W_h"], params["b"]]), np.vstack([params["W_y"], params["b_y"]])


def columns(a, *more):
    """(B, ·) arrays and a row of ones, as columns."""
    return np.vstack([a.T, *(m.T for m in more), np.ones(len(a))])


def pass_over(x, targets, h0, W, V, counted):
    (B, T, D), H = x.shape, h0.shape[1]
    h = np.empty((T + 1, H, B), order="F")
    h[0] = h0.T
    for t in range(T):
        h[t + 1] = np.tanh(W.T @ columns(x[:, t], h[t].T))
    dW, dV, dh, loss = np.zeros_like(W), np.zeros_like(V), np.zeros((H, B)), 0.0
    for t in reversed(range(T)):
        if t >= T - counted:
            y = V.T @ columns(h[t + 1].T)
            y = y - y.max(axis=0)
            p = np.exp(y) / np.exp(y).sum(axis=0)
            loss -= np.log(p[targets[:, t], range(B)]).sum() / (B * counted)
            p[targets[:, t], range(B)] -= 1
            dy = p / (B * counted)
            dV += columns(h[t + 1].T) @ dy.T
            dh = dh + V[:H] @ dy
        da = dh * (1 - h[t + 1] ** 2)
        dW += columns(x[:, t], h[t].T) @ da.T
        dh = W[D : D + H] @ da
    return loss, dW, dV, h[1:].transpose(2, 0, 1)


def by_name(W, V, D):
    return {"W_x": W[:D], "W_h": W[D:-1], "b": W[-1], "W_y": np.asfortranarray(V[:-1]), "b_y": V[-1]}


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    W, V = stacked(params)
    grads = []
    for part, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        _, dW, dV, h = pass_over(part, ids, h0, W, V, ids.shape[1])
        grads.append(by_name(dW, dV, x.shape[2]))
        h0 = h[:, -1]
    return grads, h0


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    W, V = stacked(params)
    states = [h0]
    grads = []
    for t in range(x.shape[1]):
        states.append(np.tanh(W.T @ columns(x[:, t], states[-1])).T)
        states = states[-k2 - 1 :]  # the oldest that can still matter comes first
        if (t + 1) % k1 == 0:
            depth = len(states) - 1
            now = slice(t + 1 - depth, t + 1)
            _, dW, dV, _ = pass_over(x[:, now], targets[:, now], states[0], W, V, min(k1, k2))
            grads.append(by_name(dW, dV, x.shape[2]))
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    W, V = stacked(params)
    losses = []
    for part, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        loss, dW, dV, h = pass_over(part, ids, h0, W, V, ids.shape[1])
        W, V, h0 = W - lr * dW, V - lr * dV, h[:, -1]
        losses.append(loss)
    return by_name(W, V, x.shape[2]), losses


# %% solution="fold_series"
def fold_series(series, window):
    N, L, F = series.shape
    sliding = np.lib.stride_tricks.sliding_window_view(np.pad(series, ((0, 0), (0, window), (0, 0))), window, axis=1)
    pieces = sliding[:, : L - window + 1 if L >= window else 0 : window]
    return np.moveaxis(pieces, 3, 2).reshape(-1, window, F)


# %% solution="one_step_samples"
def one_step_samples(series):
    N, L = series.shape[:2]
    reset = np.eye(1, L, dtype=bool).repeat(N, axis=0)
    return np.asfortranarray(series.reshape(N, L)).reshape(N * L, 1, 1), reset.flat[:]
