"""The weights stand still, so that the whole sequence is read once; the gradients take slices of what was read."""

# %%
import numpy as np


# %% solution="split_chunks"
def split_chunks(x, window):
    return np.split(x, range(window, x.shape[1], window), axis=1)


# %%
def read(x, targets, h0, params):
    """Every state, h0 first, and for every place the error of its logits, not yet divided by anything."""
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    y = output_layer(h, params["W_y"], params["b_y"])
    _, dy = cross_entropy(y, targets, np.ones(targets.shape, bool))
    return np.hstack([h0[:, None], h]), dy * targets.size


def slice_gradients(x, states, dy, params, start, stop):
    """Errors dy of the steps start … stop-1; no error flows beyond them."""
    _, _, dW_x, dW_h, db = rnn_backward(
        dy @ params["W_y"].T,
        x[:, start:stop],
        states[:, start],
        states[:, start + 1 : stop + 1],
        params["W_x"],
        params["W_h"],
    )
    dW_y = np.einsum("bth,bto->ho", states[:, start + 1 : stop + 1], dy)
    return dict(b_y=dy.sum((0, 1)), W_y=dW_y, b=db, W_h=dW_h, W_x=dW_x)


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    B, T = targets.shape
    states, dy = read(x, targets, h0, params)
    edges = [*range(0, T, window), T]
    grads = [
        slice_gradients(x, states, dy[:, a:z] / (B * (z - a)), params, a, z)
        for a, z in zip(edges[:-1], edges[1:], strict=True)
    ]
    return grads, states[:, T]


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    B, T = targets.shape
    states, dy = read(x, targets, h0, params)
    grads = []
    for i in range(1, T // k1 + 1):
        z = i * k1
        a = max(z - k2, 0)
        counts = np.arange(a, z) >= z - min(k1, k2)
        weight = counts / (B * counts.sum())
        grads.append(slice_gradients(x, states, dy[:, a:z] * weight[:, None], params, a, z))
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    losses = np.empty(-(-x.shape[1] // window))
    for i in range(len(losses)):
        here = slice(i * window, (i + 1) * window)
        y = output_layer(
            rnn_forward(x[:, here], h0, params["W_x"], params["W_h"], params["b"]), params["W_y"], params["b_y"]
        )
        losses[i], _ = cross_entropy(y, targets[:, here], np.ones(targets[:, here].shape, bool))
        [g], h0 = tbptt_gradients(x[:, here], targets[:, here], h0, params, window)
        params = {k: params[k] - lr * g[k] for k in sorted(params)}
    return params, losses


# %% solution="fold_series"
def fold_series(series, window):
    keep = series.shape[1] - series.shape[1] % window
    return series[:, :keep].reshape(-1, window, series.shape[2])


# %% solution="one_step_samples"
def one_step_samples(series):
    L = series.shape[1]
    return series.reshape(-1, 1, 1), np.arange(series.size) % L == 0
