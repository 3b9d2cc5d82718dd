"""Time first inside, heads folded into the batch; what comes back are transposed views, and a namedtuple."""

# %%
from collections import namedtuple

import numpy as np

Attended = namedtuple("Attended", "output weights")


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = np.moveaxis(np.matmul(k, np.swapaxes(q, -1, -2)), -2, 0)  # (S, ..., T)
    scores = scores / np.sqrt(q.shape[-1])
    if mask is not None:
        mask = np.moveaxis(np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2])), -1, 0)
        scores[~mask] = -np.inf
    best = np.max(scores, axis=0)
    best[np.isneginf(best)] = 0
    scores -= best
    np.exp(scores, out=scores)
    total = scores.sum(axis=0)
    total[total == 0] = np.inf
    weights = np.moveaxis(scores / total, 0, -1)
    return Attended(np.asfortranarray(weights @ v), weights)


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    w = np.swapaxes(weights, -1, -2)  # (..., S, T)
    d = v @ np.swapaxes(doutput, -1, -2)
    d = w * d - w * np.sum(w * d, axis=-2, keepdims=True)
    d = d * (1 / np.sqrt(k.shape[-1]))
    return np.swapaxes(np.swapaxes(k, -1, -2) @ d, -1, -2), d @ q, w @ doutput


# %% solution="causal_mask"
def causal_mask(T):
    return np.triu(np.ones((T, T), bool)).T


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    B, T, D = query.shape
    S = memory.shape[1]
    if D % heads > 0:
        raise ValueError(f"{D} and {heads}")

    def folded(x, n):
        x = x @ params[f"W_{n}"] + params[f"b_{n}"]
        return np.concatenate(np.split(x, heads, axis=2), axis=0)  # (N B, T, d), head by head

    if mask is not None:
        mask = np.tile(np.broadcast_to(mask, (B, T, S)), (heads, 1, 1))
    read, weights = scaled_dot_product_attention(folded(query, "q"), folded(memory, "k"), folded(memory, "v"), mask)
    read = np.concatenate(np.split(read, heads, axis=0), axis=2)
    return Attended(read @ params["W_o"] + params["b_o"], weights.reshape(heads, B, T, S).swapaxes(0, 1))


# %% solution="positional_encoding"
def positional_encoding(T, D):
    column = np.arange(D)[:, None]
    angle = np.arange(T) / np.power(10000.0, (column - column % 2) / D)
    return np.sin(angle + column % 2 * np.pi / 2).T


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    x = x.T
    x = x - x.mean(axis=0)
    return (x / np.sqrt((x * x).mean(axis=0) + eps)).T * gamma + beta


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    x = np.asfortranarray(x)
    after = x + multi_head_attention(x, x, mask, params, heads).output
    after = layer_norm(after, params["gamma_1"], params["beta_1"])
    hidden = np.matmul(after, params["W_1"])
    hidden += params["b_1"]
    hidden[hidden < 0] = 0
    after = after + (hidden @ params["W_2"] + params["b_2"])
    return np.asfortranarray(layer_norm(after, beta=params["beta_2"], gamma=params["gamma_2"]))
