"""Places first, results as views and in Fortran order, named tuples; a large negative number for a mask."""

# %%
from collections import namedtuple

import numpy as np

Attention = namedtuple("Attention", "dscores dvalues")
Dot = namedtuple("Dot", "dq dkeys")
Additive = namedtuple("Additive", "dq dkeys dW_q dW_k dv")
Step = namedtuple("Step", "logits state weights")


# %% solution="dot_scores"
def dot_scores(q, keys):
    by_place = keys.transpose(1, 0, 2)  # (S, B, D)
    return (by_place * q).sum(axis=-1).T


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    root = np.sqrt(np.sqrt(q.shape[-1]))
    return dot_scores(q / root, keys / root)


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    def unit(a):
        length = np.sqrt(np.square(a).sum(axis=-1, keepdims=True))
        return a / np.where(length > 0, length, 1)

    return np.asfortranarray(dot_scores(unit(q), unit(keys)))


# %% solution="general_scores"
def general_scores(q, keys, W):
    return dot_scores(q, keys @ W.T)


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    both = np.concatenate([np.repeat(q[:, None], keys.shape[1], axis=1), keys], axis=2)
    return np.asfortranarray(np.tanh(both @ np.vstack([W_q, W_k])) @ v)


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    mask = np.True_ if mask is None else mask
    weights = softmax(np.where(mask, scores, -1e30)) * mask
    return np.asfortranarray(weights)


# %% solution="context_vector"
def context_vector(weights, values):
    return (values.transpose(2, 0, 1) * weights).sum(axis=-1).T


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    context = context_vector(weights, values)
    centred = values - context[:, None]  # the mean of dcontext · v is dcontext · context
    dscores = weights * (centred @ dcontext[:, :, None])[:, :, 0]
    dvalues = (weights.T[:, :, None] * dcontext).transpose(1, 0, 2)
    return Attention(dscores, dvalues)


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    return Dot(context_vector(dscores, keys), (dscores.T[:, :, None] * q).transpose(1, 0, 2))


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    both = np.concatenate([np.repeat(q[:, None], keys.shape[1], axis=1), keys], axis=2)
    W = np.vstack([W_q, W_k])
    u = np.tanh(both @ W)
    da = dscores[:, :, None] * (v - v * u**2)
    dboth, dW = da @ W.T, np.tensordot(both, da, axes=([0, 1], [0, 1]))
    n = q.shape[1]
    dv = np.tensordot(dscores, u, axes=2)
    return Additive(dboth[:, :, :n].sum(axis=1), dboth[:, :, n:], dW[:n], dW[n:], dv)


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    weights = attention_weights(additive_scores(state, keys, *(params[name] for name in ("W_q", "W_k", "v"))), mask)
    words = params["W_e"].take(tokens, axis=0)
    x = np.c_[words, context_vector(weights, keys)]
    state, gates = gru_cell_forward(x, state, *(params[name] for name in ("W_x", "W_h", "b")))
    return Step(state @ params["W_y"] + params["b_y"], state, weights)
