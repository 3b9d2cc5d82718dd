"""Loops over rows, places and components, one number at a time."""

# %%
import numpy as np


# %% solution="dot_scores"
def dot_scores(q, keys):
    B, S, D = keys.shape
    scores = np.zeros((B, S))
    for b in range(B):
        for s in range(S):
            for d in range(D):
                scores[b, s] += q[b, d] * keys[b, s, d]
    return scores


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    scores = np.zeros(keys.shape[:2])
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            scores[b, s] = sum(q[b] * keys[b, s]) / keys.shape[2] ** 0.5
    return scores


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    scores = np.zeros(keys.shape[:2])
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            length = sum(q[b] ** 2) ** 0.5 * sum(keys[b, s] ** 2) ** 0.5
            if length > 0:
                scores[b, s] = sum(q[b] * keys[b, s]) / length
    return scores


# %% solution="general_scores"
def general_scores(q, keys, W):
    scores = np.zeros(keys.shape[:2])
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            for i in range(W.shape[0]):
                for j in range(W.shape[1]):
                    scores[b, s] += q[b, i] * W[i, j] * keys[b, s, j]
    return scores


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    scores = np.zeros(keys.shape[:2])
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            for a in range(len(v)):
                scores[b, s] += v[a] * np.tanh(sum(q[b] * W_q[:, a]) + sum(keys[b, s] * W_k[:, a]))
    return scores


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    weights = np.zeros(scores.shape)
    real = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    for row in np.ndindex(scores.shape[:-1]):
        places = [s for s in range(scores.shape[-1]) if real[row][s]]
        if places:
            highest = max(scores[row][s] for s in places)
            total = sum(np.exp(scores[row][s] - highest) for s in places)
            for s in places:
                weights[row][s] = np.exp(scores[row][s] - highest) / total
    return weights


# %% solution="context_vector"
def context_vector(weights, values):
    B, S, D = values.shape
    context = np.zeros((B, D))
    for b in range(B):
        for s in range(S):
            context[b] += weights[b, s] * values[b, s]
    return context


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    B, S, D = values.shape
    dscores, dvalues = np.zeros((B, S)), np.zeros((B, S, D))
    for b in range(B):
        for s in range(S):
            dvalues[b, s] = weights[b, s] * dcontext[b]
            dw = sum(dcontext[b] * values[b, s])
            for r in range(S):
                dscores[b, r] += dw * weights[b, s] * ((r == s) - weights[b, r])
    return dscores, dvalues


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    dq, dkeys = np.zeros(q.shape), np.zeros(keys.shape)
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            dq[b] += dscores[b, s] * keys[b, s]
            dkeys[b, s] += dscores[b, s] * q[b]
    return dq, dkeys


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    dq, dkeys, dW_q, dW_k, dv = (np.zeros(a.shape) for a in (q, keys, W_q, W_k, v))
    for b in range(len(q)):
        for s in range(keys.shape[1]):
            u = np.tanh(q[b] @ W_q + keys[b, s] @ W_k)
            dv += dscores[b, s] * u
            da = dscores[b, s] * v * (1 - u * u)
            dq[b] += W_q @ da
            dkeys[b, s] += W_k @ da
            dW_q += np.outer(q[b], da)
            dW_k += np.outer(keys[b, s], da)
    return dq, dkeys, dW_q, dW_k, dv


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    p, logits, states, shares = params, [], [], []
    for b in range(len(tokens)):
        one = slice(b, b + 1)
        scores = additive_scores(state[one], keys[one], p["W_q"], p["W_k"], p["v"])
        weights = attention_weights(scores, mask[one])
        context = context_vector(weights, keys[one])
        x = np.concatenate([p["W_e"][tokens[b]], context[0]])[None]
        h, _ = gru_cell_forward(x, state[one], p["W_x"], p["W_h"], p["b"])
        logits.append((h @ p["W_y"] + p["b_y"])[0])
        states.append(h[0])
        shares.append(weights[0])
    return np.array(logits), np.array(states), np.array(shares)
