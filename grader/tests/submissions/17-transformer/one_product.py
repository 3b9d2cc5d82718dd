"""Queries, keys and values in one product where they can be; the mask as something to add; nothing of one's own used."""

# %%
import numpy as np


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    bias = 0.0 if mask is None else np.where(mask, 0.0, -1e30)
    scores = (q / q.shape[-1] ** 0.25) @ (k / k.shape[-1] ** 0.25).swapaxes(-1, -2) + bias
    weights = np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))
    if mask is not None:
        weights = weights * np.any(mask, axis=-1, keepdims=True) * mask
    return weights @ v, weights


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    dw = doutput @ v.swapaxes(-1, -2)
    ds = weights * dw
    ds = (ds - weights * ds.sum(-1, keepdims=True)) / q.shape[-1] ** 0.5
    return [ds @ k, (q.swapaxes(-1, -2) @ ds).swapaxes(-1, -2), (doutput.swapaxes(-1, -2) @ weights).swapaxes(-1, -2)]


# %% solution="causal_mask"
def causal_mask(T):
    return np.cumsum(np.eye(T), axis=0).T.astype(bool).T


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    (B, T, D), S = query.shape, memory.shape[1]
    d, rest = divmod(D, heads)
    if rest:
        raise ValueError("heads must divide D")
    W = np.hstack([params["W_q"], params["W_k"], params["W_v"]])
    b = np.hstack([params["b_q"], params["b_k"], params["b_v"]])
    both = np.concatenate([query, memory], axis=1) @ W + b  # (B, T+S, 3D)
    q, k, v = both.reshape(B, T + S, 3, heads, d).transpose(2, 0, 3, 1, 4)
    q, k, v = q[:, :, :T], k[:, :, T:], v[:, :, T:]
    scores = q @ k.swapaxes(2, 3) * (heads / D) ** 0.5
    seen = np.broadcast_to(True if mask is None else mask, (B, T, S))[:, None]
    e = np.exp(scores - scores.max(-1, keepdims=True)) * seen
    weights = e / (e.sum(-1, keepdims=True) + (~seen.any(-1, keepdims=True)))
    return (weights @ v).transpose(0, 2, 1, 3).reshape(B, T, -1) @ params["W_o"] + params["b_o"], weights


# %% solution="positional_encoding"
def positional_encoding(T, D):
    pe = np.zeros((T, D + D % 2))
    angle = np.outer(np.arange(T), 10000.0 ** -(np.arange(0, D, 2) / D))
    pe[:, 0::2], pe[:, 1::2] = np.sin(angle), np.cos(angle)
    return pe[:, :D]


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    D = x.shape[-1]
    centring = np.eye(D) - 1 / D
    x = x @ centring
    return x * (D / ((x**2).sum(-1) + D * eps))[..., None] ** 0.5 * gamma + beta


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    p = params
    for number, part in (
        (1, lambda z: multi_head_attention(z, z, mask, p, heads)[0]),
        (2, lambda z: np.where((a := z @ p["W_1"] + p["b_1"]) > 0, a, 0) @ p["W_2"] + p["b_2"]),
    ):
        x = layer_norm(x + part(x), p[f"gamma_{number}"], p[f"beta_{number}"])
    return x
