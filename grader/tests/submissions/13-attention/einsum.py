"""Everything is an einsum, and masks are -inf."""

# %%
import numpy as np


# %% solution="dot_scores"
def dot_scores(q, keys):
    return np.einsum("bd,bsd->bs", q, keys)


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) * q.shape[-1] ** -0.5


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    with np.errstate(invalid="ignore", divide="ignore"):
        unit_q = np.nan_to_num(q / np.sqrt(np.einsum("bd,bd->b", q, q))[:, None])
        unit_keys = np.nan_to_num(keys / np.sqrt(np.einsum("bsd,bsd->bs", keys, keys))[..., None])
    return np.einsum("bd,bsd->bs", unit_q, unit_keys)


# %% solution="general_scores"
def general_scores(q, keys, W):
    return np.einsum("bi,ij,bsj->bs", q, W, keys)


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    hidden = np.tanh(np.einsum("bd,da->ba", q, W_q)[:, np.newaxis, :] + np.einsum("bsd,da->bsa", keys, W_k))
    return np.einsum("bsa,a->bs", hidden, v)


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    if mask is None:
        return softmax(scores)
    everything_masked = ~np.broadcast_to(mask, scores.shape).any(axis=-1, keepdims=True)
    scores = np.where(everything_masked, 0.0, np.where(mask, scores, -np.inf))
    return np.where(everything_masked, 0.0, softmax(scores))


# %% solution="context_vector"
def context_vector(weights, values):
    return np.einsum("bs,bsd->bd", weights, values)


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    jacobian = np.einsum("bs,sr->bsr", weights, np.eye(weights.shape[1])) - np.einsum("bs,br->bsr", weights, weights)
    dscores = np.einsum("bsr,brd,bd->bs", jacobian, values, dcontext)
    return dscores, np.einsum("bs,bd->bsd", weights, dcontext)


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    return np.einsum("bs,bsd->bd", dscores, keys), np.einsum("bs,bd->bsd", dscores, q)


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, np.newaxis] + keys @ W_k)
    da = np.einsum("bs,a,bsa->bsa", dscores, v, 1 - u**2)
    return (
        np.einsum("bsa,da->bd", da, W_q),
        np.einsum("bsa,da->bsd", da, W_k),
        np.einsum("bd,bsa->da", q, da),
        np.einsum("bsd,bsa->da", keys, da),
        np.einsum("bs,bsa->a", dscores, u),
    )


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    p = params
    weights = attention_weights(additive_scores(state, keys, p["W_q"], p["W_k"], p["v"]), mask)
    x = np.hstack([p["W_e"][tokens], context_vector(weights, keys)])
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights
