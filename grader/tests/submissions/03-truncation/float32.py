"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

F = np.float32


# %% solution="split_chunks"
def split_chunks(x, window):
    if x.dtype.kind == "f":
        x = x.astype(F)
    return [x[:, i : i + window] for i in range(0, x.shape[1], window)]


# %%
def single(params):
    return {name: array.astype(F) for name, array in params.items()}


def pass_over(x, targets, h0, p, count):
    h = np.empty((x.shape[0], x.shape[1], len(p["b"])), F)
    state = h0
    for t in range(x.shape[1]):
        state = np.tanh(x[:, t] @ p["W_x"] + state @ p["W_h"] + p["b"])
        h[:, t] = state
    z = h[:, -count:] @ p["W_y"] + p["b_y"]
    z = z - z.max(-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    right = np.eye(z.shape[-1], dtype=F)[targets[:, -count:]]
    n = F(right.shape[0] * right.shape[1])
    loss = -(logp * right).sum() / n
    dy = np.zeros((*x.shape[:2], z.shape[-1]), F)
    dy[:, -count:] = (np.exp(logp) - right) / n
    dh = dy @ p["W_y"].T
    _, _, dW_x, dW_h, db = rnn_backward(dh, x, h0, h, p["W_x"], p["W_h"])
    flat_h, flat_dy = h.reshape(-1, h.shape[-1]), dy.reshape(-1, dy.shape[-1])
    g = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": flat_h.T @ flat_dy, "b_y": flat_dy.sum(0)}
    return loss, single(g), h[:, -1]


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    p, h, grads = single(params), h0.astype(F), []
    for part, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        _, g, h = pass_over(part, ids, h, p, part.shape[1])
        grads.append(g)
    return grads, h


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    x, p = x.astype(F), single(params)
    h = np.concatenate([h0[:, None], rnn_forward(x, h0, p["W_x"], p["W_h"], p["b"])], axis=1).astype(F)
    grads = []
    for stop in np.arange(k1, x.shape[1] + 1, k1, dtype=np.int32):
        start = np.maximum(stop - k2, 0)
        grads.append(pass_over(x[:, start:stop], targets[:, start:stop], h[:, start], p, min(k1, k2))[1])
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    p, h, losses = single(params), h0.astype(F), []
    for part, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        loss, g, h = pass_over(part, ids, h, p, part.shape[1])
        for name in p:
            p[name] -= F(lr) * g[name]
        losses.append(loss)
    return p, np.array(losses, F)


# %% solution="fold_series"
def fold_series(series, window):
    n = series.shape[1] // window
    out = np.empty((len(series), n, window, series.shape[2]), F)
    for j in range(n):
        out[:, j] = series[:, j * window : (j + 1) * window]
    return out.reshape(len(series) * n, window, series.shape[2])


# %% solution="one_step_samples"
def one_step_samples(series):
    N, L = series.shape[:2]
    return series.astype(F).reshape(N * L, 1, 1), np.tile(np.arange(L) == 0, N)
