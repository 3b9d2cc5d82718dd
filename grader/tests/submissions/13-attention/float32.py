"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np


def single(*arrays):
    return [np.asarray(a, np.float32) for a in arrays]


# %% solution="dot_scores"
def dot_scores(q, keys):
    q, keys = single(q, keys)
    return (keys * q[:, None]).sum(-1)


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    q, keys = single(q, keys)
    return (keys * q[:, None]).sum(-1) / np.sqrt(np.float32(q.shape[1]))


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    q, keys = single(q, keys)
    norms = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(keys, axis=2)
    products = (keys * q[:, None]).sum(-1)
    return np.divide(products, norms, out=np.zeros_like(norms), where=norms != 0)


# %% solution="general_scores"
def general_scores(q, keys, W):
    q, keys, W = single(q, keys, W)
    return (keys @ W.T @ q[:, :, None])[..., 0]


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    q, keys, W_q, W_k, v = single(q, keys, W_q, W_k, v)
    return np.tanh(np.expand_dims(q @ W_q, 1) + keys @ W_k).dot(v)


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    lowest = scores.min(axis=-1, keepdims=True)
    highest = (scores if mask is None else np.where(mask, scores, lowest)).max(axis=-1, keepdims=True)
    z = (scores - highest).astype(np.float32)
    e = np.exp(z if mask is None else np.where(mask, z, np.float32(-np.inf)))
    total = e.sum(axis=-1, keepdims=True)
    total[total == 0] = 1
    return e / total


# %% solution="context_vector"
def context_vector(weights, values):
    weights, values = single(weights, values)
    return np.matmul(weights[:, None], values).squeeze(1)


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    dcontext, values, weights = single(dcontext, values, weights)
    dweights = np.matmul(values, dcontext[..., None]).squeeze(2)
    average = (weights * dweights).sum(axis=1, keepdims=True)
    return weights * (dweights - average), np.matmul(weights[..., None], dcontext[:, None])


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    dscores, q, keys = single(dscores, q, keys)
    return np.matmul(dscores[:, None], keys).squeeze(1), np.matmul(dscores[..., None], q[:, None])


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    dscores, q, keys, W_q, W_k, v = single(dscores, q, keys, W_q, W_k, v)
    u = np.tanh(np.expand_dims(q @ W_q, 1) + keys @ W_k)
    da = np.expand_dims(dscores, 2) * v * (1 - u * u)
    A = len(v)
    dW_k = keys.reshape(-1, keys.shape[2]).T @ da.reshape(-1, A)
    return da.sum(1) @ W_q.T, da @ W_k.T, q.T @ da.sum(1), dW_k, dscores.reshape(-1) @ u.reshape(-1, A)


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    p = {name: np.asarray(a, np.float32) for name, a in params.items()}
    state, keys = single(state, keys)
    weights = attention_weights(additive_scores(state, keys, p["W_q"], p["W_k"], p["v"]), mask)
    x = np.concatenate([p["W_e"][tokens], context_vector(weights, keys)], axis=-1)
    state, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(state, p["W_y"], p["b_y"]), state, weights
