"""Letters for everything; the softmax first, then the mask, and what is left is shared out again."""

# %%
import numpy as np


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = np.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    if mask is not None:
        p = p * mask
        rest = p.sum(-1, keepdims=True)
        p = np.divide(p, rest, out=np.zeros_like(p), where=rest > 0)
    return np.einsum("...ts,...sd->...td", p, v), p


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    # the Jacobian of each softmax, in full
    jacobian = np.einsum("...ts,su->...tsu", weights, np.eye(weights.shape[-1]))
    jacobian = jacobian - np.einsum("...ts,...tu->...tsu", weights, weights)
    ds = np.einsum("...td,...sd,...tsu->...tu", doutput, v, jacobian) / np.sqrt(k.shape[-1])
    return (
        np.einsum("...ts,...sd->...td", ds, k),
        np.einsum("...ts,...td->...sd", ds, q),
        np.einsum("...ts,...td->...sd", weights, doutput),
    )


# %% solution="causal_mask"
def causal_mask(T):
    return np.greater_equal.outer(np.arange(T), np.arange(T))


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    B, T, D = query.shape
    if D % heads:
        raise ValueError(heads)
    d = D // heads
    W = {n: params[f"W_{n}"].reshape(D, heads, d) for n in "qkv"}
    b = {n: params[f"b_{n}"].reshape(heads, 1, d) for n in "qkv"}
    q = np.einsum("btD,Dnd->bntd", query, W["q"]) + b["q"]
    k = np.einsum("bsD,Dnd->bnsd", memory, W["k"]) + b["k"]
    v = np.einsum("bsD,Dnd->bnsd", memory, W["v"]) + b["v"]
    if mask is not None:
        while mask.ndim < 3:
            mask = mask[None]
        mask = mask[:, None]
    out, weights = scaled_dot_product_attention(q, k, v, mask)
    return np.einsum("bntd,ndD->btD", out, params["W_o"].reshape(heads, d, D)) + params["b_o"], weights


# %% solution="positional_encoding"
def positional_encoding(T, D):
    rates = np.exp(-np.log(10000.0) * np.arange(0, D, 2) / D)
    waves = np.exp(1j * np.einsum("t,i->ti", np.arange(T), rates))
    return np.stack([waves.imag, waves.real], axis=-1).reshape(T, -1)[:, :D]


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    mean = np.einsum("...d->...", x)[..., None] / x.shape[-1]
    square = np.einsum("...d,...d->...", x - mean, x - mean)[..., None] / x.shape[-1]
    return np.einsum("...d,d->...d", (x - mean) * (square + eps) ** -0.5, gamma) + beta


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    def ln(z, n):
        return layer_norm(z, params[f"gamma_{n}"], params[f"beta_{n}"])

    y = ln(x + multi_head_attention(x, x, mask, params, heads)[0], 1)
    a = np.einsum("btd,df->btf", y, params["W_1"]) + params["b_1"]
    return ln(y + np.einsum("btf,fd->btd", a * (a > 0), params["W_2"]) + params["b_2"], 2)
