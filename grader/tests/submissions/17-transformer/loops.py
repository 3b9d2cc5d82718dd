"""Query by query and key by key; heads one after the other, and every number of the rest by itself."""

# %%
import numpy as np


def one(q, k, v, mask):
    T, S = len(q), len(k)
    output = np.zeros((T, v.shape[1]))
    weights = np.zeros((T, S))
    for i in range(T):
        allowed = [j for j in range(S) if mask[i, j]]
        if len(allowed) == 0:
            continue
        scores = [sum(q[i, m] * k[j, m] for m in range(q.shape[1])) / q.shape[1] ** 0.5 for j in allowed]
        exps = [np.exp(s - max(scores)) for s in scores]
        for j, e in zip(allowed, exps):
            weights[i, j] = e / sum(exps)
            for m in range(v.shape[1]):
                output[i, m] += weights[i, j] * v[j, m]
    return output, weights


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    lead, T, S = q.shape[:-2], q.shape[-2], k.shape[-2]
    full = np.ones((*lead, T, S), bool) if mask is None else np.broadcast_to(mask, (*lead, T, S))
    output = np.zeros((*lead, T, v.shape[-1]))
    weights = np.zeros((*lead, T, S))
    for place in np.ndindex(*lead):
        output[place], weights[place] = one(q[place], k[place], v[place], full[place])
    return output, weights


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    root = q.shape[-1] ** 0.5
    for place in np.ndindex(*q.shape[:-2]):
        for i in range(q.shape[-2]):
            w, do = weights[place][i], doutput[place][i]
            dw = [do @ v[place][j] for j in range(len(w))]
            mean = sum(w[j] * dw[j] for j in range(len(w)))
            for j in range(len(w)):
                dv[place][j] += w[j] * do
                ds = w[j] * (dw[j] - mean) / root
                dq[place][i] += ds * k[place][j]
                dk[place][j] += ds * q[place][i]
    return dq, dk, dv


# %% solution="causal_mask"
def causal_mask(T):
    mask = np.zeros((T, T), dtype=bool)
    for i in range(T):
        for j in range(i + 1):
            mask[i, j] = True
    return mask


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    B, T, D = query.shape
    S = memory.shape[1]
    if D % heads != 0:
        raise ValueError("D must be divisible by the number of heads")
    d = D // heads
    if mask is None:
        mask = np.ones((T, S), bool)
    mask = np.broadcast_to(mask, (B, T, S))
    together = np.zeros((B, T, D))
    weights = np.zeros((B, heads, T, S))
    for b in range(B):
        q = query[b] @ params["W_q"] + params["b_q"]
        k = memory[b] @ params["W_k"] + params["b_k"]
        v = memory[b] @ params["W_v"] + params["b_v"]
        for n in range(heads):
            c = slice(n * d, (n + 1) * d)
            together[b, :, c], weights[b, n] = scaled_dot_product_attention(q[:, c], k[:, c], v[:, c], mask[b])
    return together @ params["W_o"] + params["b_o"], weights


# %% solution="positional_encoding"
def positional_encoding(T, D):
    table = np.zeros((T, D))
    for t in range(T):
        for c in range(D):
            i = c // 2
            angle = t / 10000 ** (2 * i / D)
            table[t, c] = np.sin(angle) if c % 2 == 0 else np.cos(angle)
    return table


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    y = np.zeros(x.shape)
    D = x.shape[-1]
    for place in np.ndindex(*x.shape[:-1]):
        mean = sum(x[place]) / D
        var = sum((a - mean) ** 2 for a in x[place]) / D
        for j in range(D):
            y[place][j] = gamma[j] * (x[place][j] - mean) / (var + eps) ** 0.5 + beta[j]
    return y


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    a, _ = multi_head_attention(x, x, mask, params, heads)
    y = layer_norm(x + a, params["gamma_1"], params["beta_1"])
    out = np.zeros(x.shape)
    for b in range(x.shape[0]):
        for t in range(x.shape[1]):
            inner = y[b, t] @ params["W_1"] + params["b_1"]
            inner = np.array([max(z, 0.0) for z in inner])
            out[b, t] = y[b, t] + inner @ params["W_2"] + params["b_2"]
    return layer_norm(out, params["gamma_2"], params["beta_2"])
