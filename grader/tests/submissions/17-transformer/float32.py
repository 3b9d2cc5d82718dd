"""Everything in float32, and -1e9 for what is masked."""

# %%
import numpy as np

f = np.float32


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    q, k, v = q.astype(f), k.astype(f), v.astype(f)
    scores = q @ k.swapaxes(-2, -1) / f(np.sqrt(q.shape[-1]))
    if mask is not None:
        scores = np.where(mask, scores, f(-1e9))
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = np.where(mask, weights, f(0))
    return weights @ v, weights


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    do, q, k, v, w = (a.astype(f) for a in (doutput, q, k, v, weights))
    output = w @ v
    # sum of weights and their gradients, by way of the output
    ds = w * (do @ v.swapaxes(-2, -1) - (do * output).sum(axis=-1, keepdims=True)) / f(np.sqrt(q.shape[-1]))
    return ds @ k, ds.swapaxes(-2, -1) @ q, w.swapaxes(-2, -1) @ do


# %% solution="causal_mask"
def causal_mask(T):
    return np.tril(np.ones((T, T), dtype=f)) == 1


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    B, T, D = query.shape
    S = memory.shape[1]
    if D // heads * heads != D:
        raise ValueError
    p = {name: a.astype(f) for name, a in params.items()}
    query, memory = query.astype(f), memory.astype(f)
    q = np.reshape(query @ p["W_q"] + p["b_q"], (B, T, heads, -1)).transpose(0, 2, 1, 3)
    k = np.reshape(memory @ p["W_k"] + p["b_k"], (B, S, heads, -1)).transpose(0, 2, 1, 3)
    v = np.reshape(memory @ p["W_v"] + p["b_v"], (B, S, heads, -1)).transpose(0, 2, 1, 3)
    if mask is not None:
        mask = np.repeat(np.broadcast_to(mask, (B, T, S))[:, None], heads, axis=1)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.transpose(0, 2, 1, 3).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


# %% solution="positional_encoding"
def positional_encoding(T, D):
    t, i = np.arange(T, dtype=f)[:, None], np.arange((D + 1) // 2, dtype=f)
    angle = t / f(10000) ** (2 * i / f(D))
    pe = np.empty((T, D), f)
    pe[:, ::2] = np.sin(angle)
    pe[:, 1::2] = np.cos(angle[:, : D // 2])
    return pe


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    x, gamma, beta = x.astype(f), gamma.astype(f), beta.astype(f)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + f(eps)) * gamma + beta


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    p = {name: a.astype(f) for name, a in params.items()}
    x = x.astype(f)
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.clip(y @ p["W_1"] + p["b_1"], 0, None) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])
