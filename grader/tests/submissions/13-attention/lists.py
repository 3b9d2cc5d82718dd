"""Lists and comprehensions; the softmax comes first, then the mask, then what is left is shared out anew."""

# %%
import math

import numpy as np


def product(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


# %% solution="dot_scores"
def dot_scores(q, keys):
    return [[product(query, key) for key in row] for query, row in zip(q, keys, strict=True)]


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    return [[score / math.sqrt(len(q[0])) for score in row] for row in dot_scores(q, keys)]


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    def cosine(one, other):
        lengths = math.hypot(*one) * math.hypot(*other)
        return product(one, other) / lengths if lengths else 0

    return [[cosine(query, key) for key in row] for query, row in zip(q, keys, strict=True)]


# %% solution="general_scores"
def general_scores(q, keys, W):
    return [[float(query @ W @ key) for key in row] for query, row in zip(q, keys, strict=True)]


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    return [[product(v, np.tanh(query @ W_q + key @ W_k)) for key in row] for query, row in zip(q, keys, strict=True)]


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    if np.ndim(scores) > 1:
        masks = [None] * len(scores) if mask is None else np.broadcast_to(mask, np.shape(scores))
        return [attention_weights(row, real) for row, real in zip(scores, masks, strict=True)]
    weights = [math.exp(score - max(scores)) for score in scores]
    if mask is not None:
        weights = [weight if real else 0.0 for weight, real in zip(weights, mask, strict=True)]
    return [weight / sum(weights) if sum(weights) else 0.0 for weight in weights]


# %% solution="context_vector"
def context_vector(weights, values):
    return [
        sum(w * value for w, value in zip(row, some, strict=True)) for row, some in zip(weights, values, strict=True)
    ]


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    dscores, dvalues = [], []
    for d, some, w in zip(dcontext, values, weights, strict=True):
        mean = product(d, product(w, some))
        dscores.append([weight * (product(d, value) - mean) for weight, value in zip(w, some, strict=True)])
        dvalues.append([weight * d for weight in w])
    return [dscores, dvalues]


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    dq = [product(d, row) for d, row in zip(dscores, keys, strict=True)]
    return [dq, [[one * query for one in d] for d, query in zip(dscores, q, strict=True)]]


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    places = [(b, s) for b in range(len(q)) for s in range(len(keys[0]))]
    u = {(b, s): np.tanh(q[b] @ W_q + keys[b, s] @ W_k) for b, s in places}
    da = {(b, s): dscores[b, s] * v * (1 - u[b, s] ** 2) for b, s in places}
    dq = [W_q @ sum(da[b, s] for s in range(len(keys[0]))) for b in range(len(q))]
    dkeys = [[W_k @ da[b, s] for s in range(len(keys[0]))] for b in range(len(q))]
    dW_q = sum(np.outer(q[b], da[b, s]) for b, s in places)
    dW_k = sum(np.outer(keys[b, s], da[b, s]) for b, s in places)
    return [dq, dkeys, dW_q, dW_k, sum(dscores[b, s] * u[b, s] for b, s in places)]


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    p = params
    weights = attention_weights(additive_scores(state, keys, p["W_q"], p["W_k"], p["v"]), mask)
    context = context_vector(weights, keys)
    x = np.array([[*p["W_e"][token], *seen] for token, seen in zip(tokens, context, strict=True)])
    h, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return [[row @ p["W_y"] + p["b_y"] for row in h], list(h), weights]
