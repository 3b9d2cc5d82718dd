"""Lists of lists come back, and a list of the two results."""

# %%
import math

import numpy as np


def softmax(row):
    if not row or max(row) == -math.inf:
        return [0.0] * len(row)
    es = [math.exp(x - max(row)) for x in row]
    return [e / math.fsum(es) for e in es]


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    if q.ndim > 2:
        masks = [None] * len(q)
        if mask is not None:
            mask = np.asarray(mask)
            masks = [mask if mask.ndim < q.ndim else mask[0 if len(mask) == 1 else n] for n in range(len(q))]
        both = [scaled_dot_product_attention(*parts) for parts in zip(q, k, v, masks)]
        return [[o for o, _ in both], [w for _, w in both]]
    scores = np.array([[math.fsum(a * b for a, b in zip(x, y)) / math.sqrt(len(x)) for y in k] for x in q])
    if mask is not None:
        scores[~np.broadcast_to(mask, scores.shape)] = -math.inf
    weights = [softmax(row.tolist()) for row in scores]
    return [(np.array(weights) @ v).tolist(), weights]


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    if q.ndim > 2:
        parts = [scaled_dot_product_attention_backward(*row) for row in zip(doutput, q, k, v, weights)]
        return [[part[n] for part in parts] for n in range(3)]
    ds = []
    for do, w in zip(doutput, weights):
        dw = [float(do @ value) for value in v]
        mean = math.fsum(a * b for a, b in zip(dw, w))
        ds.append([b * (a - mean) / math.sqrt(q.shape[1]) for a, b in zip(dw, w)])
    ds = np.array(ds)
    return [(ds @ k).tolist(), (ds.T @ q).tolist(), (weights.T @ doutput).tolist()]


# %% solution="causal_mask"
def causal_mask(T):
    return [[j <= i for j in range(T)] for i in range(T)]


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    B, T, D = query.shape
    parts = []
    full = np.broadcast_to(True if mask is None else mask, (B, T, memory.shape[1]))
    for name, x in (("q", query), ("k", memory), ("v", memory)):
        parts.append(np.split(x @ params["W_" + name] + params["b_" + name], heads, axis=-1))
    each = [scaled_dot_product_attention(*head, full) for head in zip(*parts)]
    output = np.concatenate([np.array(o) for o, _ in each], axis=-1) @ params["W_o"] + params["b_o"]
    return [output.tolist(), [[w[b] for _, w in each] for b in range(B)]]


# %% solution="positional_encoding"
def positional_encoding(T, D):
    waves = (math.sin, math.cos)
    return [[waves[c % 2](t / 10000 ** ((c - c % 2) / D)) for c in range(D)] for t in range(T)]


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    x = np.asarray(x)
    if x.ndim > 1:
        return [layer_norm(row, gamma, beta, eps) for row in x]
    mean = math.fsum(x) / len(x)
    root = math.sqrt(math.fsum((a - mean) ** 2 for a in x) / len(x) + eps)
    return [g * (a - mean) / root + b for a, g, b in zip(x.tolist(), gamma.tolist(), beta.tolist())]


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    heard = np.array(multi_head_attention(x, x, mask, params, heads)[0])
    y = np.array(layer_norm(x + heard, params["gamma_1"], params["beta_1"]))
    inner = [[[max(0.0, a) for a in step] for step in row] for row in (y @ params["W_1"] + params["b_1"]).tolist()]
    return layer_norm(y + np.array(inner) @ params["W_2"] + params["b_2"], params["gamma_2"], params["beta_2"])
