"""Each step calls the next."""

# %%
from collections import namedtuple

import numpy as np

Encoded = namedtuple("Encoded", "states final")
Decoded = namedtuple("Decoded", "logits h")
Shifted = namedtuple("Shifted", "inputs targets")


def unrolled_from(words, h, W_x, W_h, b):
    if words.shape[1] == 0:
        return []
    h, _ = gru_cell_forward(words[:, 0], h, W_x, W_h, b)
    return [h, *unrolled_from(words[:, 1:], h, W_x, W_h, b)]


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    if len(tokens) == 0:
        return Shifted(np.zeros((0, tokens.shape[1] + 1), int), np.zeros((0, tokens.shape[1] + 1), int))
    rest = shift_targets(tokens[1:], start, end)
    words = np.trim_zeros(tokens[0], "b")
    zeros = np.zeros(tokens.shape[1] - len(words), int)
    return Shifted(np.vstack([np.r_[start, words, zeros], rest[0]]), np.vstack([np.r_[words, end, zeros], rest[1]]))


# %% solution="encode"
def encode(x, lengths, params):
    def go(s, h):
        if s == x.shape[1]:
            return []
        new, _ = gru_cell_forward(embedding_forward(x[:, s], params["enc_W_e"]), h, *weights)
        h = np.where((lengths > s).reshape(-1, 1), new, h)
        return [h] + go(s + 1, h)

    weights = params["enc_W_x"], params["enc_W_h"], params["enc_b"]
    states = np.stack(go(0, np.zeros((len(x), len(params["enc_W_h"])))), axis=1)
    return Encoded(states, states[:, -1])


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    words = embedding_forward(tokens_in, params["dec_W_e"])
    h = np.stack(unrolled_from(words, state, params["dec_W_x"], params["dec_W_h"], params["dec_b"]), axis=1)
    return Decoded(output_layer(h, params["W_y"], params["b_y"]), h)


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    V = logits.shape[-1]
    real = (np.arange(targets.shape[1])[None] < lengths[:, None]).ravel()
    z, ids = logits.reshape(-1, V)[real], targets.ravel()[real]
    dlogits = np.zeros((real.size, V))
    if len(ids):
        log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        dlogits[real] = (np.exp(log_p) - np.eye(V)[ids]) / len(ids)
        return -np.mean(log_p[range(len(ids)), ids]), dlogits.reshape(logits.shape)
    return 0.0, dlogits.reshape(logits.shape)


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    def back(side, t, carried, dh, ids, first, h, real):
        """Gradients of the steps up to t, and that of the first state."""
        weights = params[f"{side}_W_x"], params[f"{side}_W_h"]
        if t < 0:
            zeros = [np.zeros(params[f"{side}_{name}"].shape) for name in ("W_e", "W_x", "W_h", "b")]
            return carried, zeros
        h_prev = h[:, t - 1] if t else first
        word = embedding_forward(ids[:, t], params[f"{side}_W_e"])
        _, gates = gru_cell_forward(word, h_prev, *weights, params[f"{side}_b"])
        total = dh[:, t] + carried
        own = total * real[:, t, None]
        dx, dh_prev, *parts = gru_backward(own[:, None], word[:, None], h_prev, h[:, t, None], gates[:, None], *weights)
        parts = [embedding_backward(dx[:, 0], ids[:, t], len(params[f"{side}_W_e"])), *parts]
        carried = np.where(real[:, t, None], dh_prev, total)  # a frozen state hands on what it gets
        dfirst, earlier = back(side, t - 1, carried, dh, ids, first, h, real)
        return dfirst, [a + b for a, b in zip(parts, earlier, strict=True)]

    zeros = np.zeros(states[:, -1].shape)
    dh = dlogits @ params["W_y"].T
    everywhere = np.ones(tokens_in.shape, bool)
    dfinal, dec = back("dec", h.shape[1] - 1, zeros, dh, tokens_in, states[:, -1], h, everywhere)
    real = np.arange(x.shape[1]) < lengths[:, None]
    _, enc = back("enc", x.shape[1] - 1, dfinal, np.zeros(states.shape), x, zeros, states, real)
    names = ("W_e", "W_x", "W_h", "b")
    grads = {f"dec_{name}": g for name, g in zip(names, dec, strict=True)}
    grads |= {f"enc_{name}": g for name, g in zip(names, enc, strict=True)}
    return grads | {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": np.add.reduce(dlogits, axis=(0, 1))}


# %% solution="perplexity"
def perplexity(loss):
    with np.errstate(over="ignore"):
        return np.exp(np.asarray(loss)).item() if np.ndim(loss) == 0 else perplexity(np.mean(loss))


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    def go(t, word, h, running):
        if t == max_length:
            return [], 0
        words = embedding_forward(word, params["dec_W_e"])
        h, _ = gru_cell_forward(words, h, params["dec_W_x"], params["dec_W_h"], params["dec_b"])
        word = output_layer(h, params["W_y"], params["b_y"]).argmax(axis=-1)
        said = np.where(running, word, 0)
        later, count = go(t + 1, word, h, running & (word != end))
        return [said, *later], running.astype(int) + count

    said, lengths = go(0, np.repeat(start, len(state)), state, np.ones(len(state), bool))
    return np.stack(said, axis=1), lengths
