"""Loops over rows and places, each row by itself and without its padding."""

# %%
import numpy as np


def one_by_one(ids, h, W_e, W_x, W_h, b):
    """States and gates of one row, after every word."""
    states, gates = [], []
    for i in ids:
        h, g = gru_cell_forward(W_e[i][None], h[None], W_x, W_h, b)
        h, g = h[0], g[0]
        states.append(h)
        gates.append(g)
    return states, gates


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    B, T = tokens.shape
    inputs, targets = np.zeros((B, T + 1), int), np.zeros((B, T + 1), int)
    for i in range(B):
        inputs[i, 0] = start
        j = 0
        while j < T and tokens[i, j] != 0:
            inputs[i, j + 1] = tokens[i, j]
            targets[i, j] = tokens[i, j]
            j += 1
        targets[i, j] = end
    return inputs, targets


# %% solution="encode"
def encode(x, lengths, params):
    B, S = x.shape
    H = params["enc_W_h"].shape[0]
    weights = [params["enc_" + name] for name in ("W_e", "W_x", "W_h", "b")]
    out, last = np.zeros((B, S, H)), np.zeros((B, H))
    for i in range(B):
        states, _ = one_by_one(x[i, : lengths[i]], np.zeros(H), *weights)
        for s in range(S):
            if s < lengths[i]:
                last[i] = states[s]
            out[i, s] = last[i]
    return out, last


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    weights = [params["dec_" + name] for name in ("W_e", "W_x", "W_h", "b")]
    h = np.array([one_by_one(row, first, *weights)[0] for row, first in zip(tokens_in, state, strict=True)])
    return h @ params["W_y"] + params["b_y"], h


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    B, T, V = logits.shape
    n, loss, dlogits = sum(lengths), 0.0, np.zeros((B, T, V))
    for i in range(B):
        for t in range(lengths[i]):
            z = logits[i, t] - max(logits[i, t])
            total = np.exp(z).sum()
            loss += (np.log(total) - z[targets[i, t]]) / n
            dlogits[i, t] = np.exp(z) / total / n
            dlogits[i, t, targets[i, t]] -= 1 / n
    return loss, dlogits


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    grads = {name: np.zeros(a.shape) for name, a in params.items()}

    def back(dh, ids, first, h, side):
        """One row, one step at a time; returns the gradient of its first state."""
        W_e, W_x, W_h, b = (params[side + name] for name in ("_W_e", "_W_x", "_W_h", "_b"))
        carried = np.zeros(len(first))
        for t in reversed(range(len(ids))):
            h_prev = h[t - 1] if t else first
            word = W_e[ids[t]]
            _, gates = gru_cell_forward(word[None], h_prev[None], W_x, W_h, b)
            one = ((dh[t] + carried)[None, None], word[None, None], h_prev[None], h[t][None, None], gates[None])
            dx, carried, dW_x, dW_h, db = gru_backward(*one, W_x, W_h)
            carried = carried[0]
            grads[side + "_W_e"][ids[t]] += dx[0, 0]
            grads[side + "_W_x"] += dW_x
            grads[side + "_W_h"] += dW_h
            grads[side + "_b"] += db
        return carried

    for i, n in enumerate(lengths):
        for t in range(h.shape[1]):
            grads["W_y"] += np.outer(h[i, t], dlogits[i, t])
            grads["b_y"] += dlogits[i, t]
        dstate = back(dlogits[i] @ params["W_y"].T, tokens_in[i], states[i, -1], h[i], "dec")
        dh = np.zeros((n, h.shape[2]))
        if n:
            dh[-1] = dstate
            back(dh, x[i, :n], np.zeros(h.shape[2]), states[i, :n], "enc")
    return grads


# %% solution="perplexity"
def perplexity(loss):
    losses = np.ravel(loss)
    total = 0.0
    for one in losses:
        total += one
    try:
        return 2.718281828459045 ** (total / len(losses))
    except OverflowError:
        return float("inf")


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    p, rows, lengths = params, [], []
    for h in state:
        said, word = [], start
        while len(said) < max_length:
            h = gru_cell_forward(p["dec_W_e"][word][None], h[None], p["dec_W_x"], p["dec_W_h"], p["dec_b"])[0][0]
            word = int(np.argmax(h @ p["W_y"] + p["b_y"]))
            said.append(word)
            if word == end:
                break
        lengths.append(len(said))
        rows.append(said + [0] * (max_length - len(said)))
    return rows, lengths
