"""Every product an einsum, every choice a mask."""

# %%
import numpy as np


# %% solution="split_chunks"
def split_chunks(x, window):
    chunk_of = np.arange(x.shape[1]) // window
    return [np.compress(chunk_of == c, x, axis=1) for c in np.unique(chunk_of)]


# %%
def masked_gradients(x, targets, h0, params, counts, flows):
    """counts (T,): whose errors count; flows (T,): whose states the gradient may pass into the step before."""
    W_h, W_y = params["W_h"], params["W_y"]
    h = rnn_forward(x, h0, params["W_x"], W_h, params["b"])
    loss, dy = cross_entropy(
        output_layer(h, W_y, params["b_y"]), targets, np.broadcast_to(counts, targets.shape).copy()
    )
    da = np.einsum("bto,ho->bth", dy, W_y)
    for t in reversed(range(len(counts))):
        if t + 1 < len(counts):
            da[:, t] += flows[t + 1] * np.einsum("bj,hj->bh", da[:, t + 1], W_h)
        da[:, t] *= 1 - h[:, t] ** 2
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    g = {
        "W_x": np.einsum("btd,bth->dh", x, da),
        "W_h": np.einsum("bth,btj->hj", before, da),
        "b": np.einsum("bth->h", da),
        "W_y": np.einsum("bth,bto->ho", h, dy),
        "b_y": np.einsum("bto->o", dy),
    }
    return float(loss), g, h


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    t = np.arange(x.shape[1])
    grads = []
    for c in range(t[-1] // window + 1):
        _, g, h = masked_gradients(x, targets, h0, params, t // window == c, t % window != 0)
        grads.append(g)
    return tuple(grads), h[:, -1]


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    grads = []
    for last in range(k1 - 1, x.shape[1], k1):
        t = np.arange(last + 1)
        back = last - t
        _, g, _ = masked_gradients(
            x[:, : last + 1], targets[:, : last + 1], h0, params, back < min(k1, k2), back != k2 - 1
        )
        grads.append(g)
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    losses = []
    for chunk, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        everywhere = np.full(chunk.shape[1], True)
        loss, g, h = masked_gradients(chunk, ids, h0, params, everywhere, everywhere)
        params = {name: value - lr * g[name] for name, value in params.items()}
        losses, h0 = [*losses, loss], h[:, -1]
    return params, losses


# %% solution="fold_series"
def fold_series(series, window):
    N, L, F = series.shape
    starts = window * np.arange(L // window)
    steps = starts[:, None] + np.arange(window)
    return series[:, steps].reshape(N * len(starts), window, F)


# %% solution="one_step_samples"
def one_step_samples(series):
    series = series if series.ndim == 3 else np.einsum("nl->nl", series)[..., None]
    _, step, _ = np.indices(series.shape)
    return series.reshape(-1, 1, 1), step.ravel() == 0
