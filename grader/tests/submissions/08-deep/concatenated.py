"""[x, h] against stacked matrices, gates written out: nothing of the earlier notebooks is called but the backward."""

# %%
from collections import namedtuple

import numpy as np

Gradients = namedtuple("Gradients", "dx grads_fwd grads_bwd")


def sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5


def lstm_step(x, h, c, W, b):
    """One product for all four gates, W is (D+H, 4H)."""
    i, f, g, o = np.split(np.concatenate([x, h], axis=1) @ W + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def run_backwards_or_not(x, params, order, real):
    """An LSTM that visits the steps in this order, and pauses where `real` is 0."""
    W = np.vstack([params["W_x"], params["W_h"]])
    h = c = np.zeros((len(x), len(params["W_h"])))
    out = np.zeros((*x.shape[:2], len(params["W_h"])))
    for t in order:
        new_h, new_c = lstm_step(x[:, t], h, c, W, params["b"])
        m = real[:, t, None]
        h, c = np.where(m, new_h, h), np.where(m, new_c, c)
        out[:, t] = np.where(m, h, 0)
    return out


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    out = np.copy(x)
    for i in range(len(x)):
        out[i, : lengths[i]] = np.flip(x[i, : lengths[i]], axis=0)
    return out


# %% solution="merge"
def merge(forward, backward, mode):
    match mode:
        case "concat":
            return np.dstack([forward, backward])
        case "sum":
            return np.add(forward, backward)
        case "average":
            return np.mean([forward, backward], axis=0)
    raise ValueError("mode?")


# %% solution="merge_backward"
def merge_backward(dy, mode):
    match mode:
        case "concat":
            return np.dsplit(dy, 2)
        case "sum":
            return dy, dy
        case "average":
            return 0.5 * dy, 0.5 * dy
    raise ValueError("mode?")


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    T = x.shape[1]
    real = np.arange(T) < lengths[:, None]
    forward = run_backwards_or_not(x, fwd, range(T), real)
    backward = run_backwards_or_not(x, bwd, reversed(range(T)), real)  # it sleeps until its row begins
    return merge(forward, backward, mode)


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    real = np.arange(x.shape[1]) < lengths[:, None]
    dforward, dbackward = merge_backward(dy * real[:, :, None], mode)
    x = x * real[:, :, None]
    turned = reverse_sequences(x, lengths)
    zero = np.zeros((len(x), len(fwd["W_h"])))
    ahead = lstm_backward(dforward, x, zero, zero, *lstm_forward(x, zero, zero, **fwd), fwd["W_x"], fwd["W_h"])
    back = lstm_backward(
        reverse_sequences(dbackward, lengths),
        turned,
        zero,
        zero,
        *lstm_forward(turned, zero, zero, **bwd),
        bwd["W_x"],
        bwd["W_h"],
    )
    dx = (ahead[0] + reverse_sequences(back[0], lengths)) * real[:, :, None]
    return Gradients(dx, *({"W_x": g[3], "W_h": g[4], "b": g[5]} for g in (ahead, back)))


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    H = h.shape[-1] // 2
    steps = np.arange(h.shape[1])
    at_last = (steps == lengths[:, None] - 1)[:, :, None]
    at_first = ((steps == 0) & (lengths[:, None] > 0))[:, :, None]
    return np.concatenate([(h[..., :H] * at_last).sum(axis=1), (h[..., H:] * at_first).sum(axis=1)], axis=1)


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    W = np.concatenate([W_x, W_h])
    h, states = h0, []
    for t in range(x.shape[1]):
        m = (t < lengths).astype(float)[:, None]
        h = m * np.tanh(np.hstack([x[:, t], h]) @ W + b) + (1 - m) * h
        states.append(h)
    return np.stack(states, 1)


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    states = [(np.zeros((len(x), len(p["W_h"]))),) * 2 for p in layers]
    top = []
    for t in range(x.shape[1]):  # all layers take step t before any takes step t + 1
        signal = x[:, t]
        for k, p in enumerate(layers):
            states[k] = lstm_step(signal, *states[k], np.vstack([p["W_x"], p["W_h"]]), p["b"])
            signal = states[k][0]
        top.append(signal)
    return np.stack(top, axis=1)


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    keep = 1 - rate
    mask = rng.random(shape)
    mask = np.floor(keep + mask)  # 1 with probability keep
    return mask / keep


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    rng_x, rng_h = rng.spawn(2)
    return dropout_mask(rng_x, (B, D), rate_x), dropout_mask(rng_h, (B, H), rate_h)


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    mask = np.hstack([mask_x, mask_h]) if training else 1
    W, D = np.vstack([W_x, W_h]), x.shape[2]
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        masked = np.hstack([x[:, t], h]) * mask
        h, c = lstm_step(masked[:, :D], masked[:, D:], c, W, b)
        states.append(h)
    return np.stack(states, axis=1)
