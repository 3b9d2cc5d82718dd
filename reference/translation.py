"""13-attention: a translator whose decoder attends, and the gradients that train it, all derived by hand.

The encoder is that of seq2seq.py. The decoder starts from its last real state, too, but looks at all of its states at
every step (Bahdanau 2015; with one encoder, which reads forwards, in the place of two).

`params` holds the encoder's enc_W_e (V_s, E), enc_W_x (E, 3H), enc_W_h (H, 3H), enc_b (3H,), and the decoder's W_e (V,
E'), W_q (H, A), W_k (H, A), v (A,), W_x (E'+H, 3H), W_h (H, 3H), b (3H,), W_y (H, V), b_y (V,), with the names and
shapes of `attention_decoder_step`, where D = H. x (B, S) and lengths (B,) are as in `seq2seq.encode`.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from reference import Array, seq2seq
from reference.attention import (
    additive_scores_backward,
    attention_backward,
    attention_decoder_step,
    context_vector,
)
from reference.classification import embedding_backward
from reference.gru import gru_backward, gru_cell_backward, gru_cell_forward
from reference.packing import Ints
from reference.shapes import checked_arrays, named_entries

__all__ = ["decode_attending", "translate", "translation_backward"]

Params = Mapping[str, Array]

_NAMES = "W_e W_q W_k v W_x W_h b W_y b_y"


def decode_attending(tokens_in: Ints, states: Array, lengths: Ints, params: Params) -> tuple[Array, Array, Array]:
    """What the decoder says at every step if the word before is the right one, and where it looks.

    Parameters
    ----------
    tokens_in : int ndarray of shape (B, T), each from 0 to V - 1
    states : ndarray of shape (B, S, H), S 1 or more
        Those of the encoder, frozen on padding, so that the last one is the decoder's first.
    lengths : int ndarray of shape (B,)
    params : dict

    Returns
    -------
    logits : ndarray of shape (B, T, V)
    h : ndarray of shape (B, T, H)
    weights : ndarray of shape (B, T, S)
        Those of step t, from which the word t was said; 0 on padding.
    """
    tokens_in, states, lengths = checked_arrays(
        tokens_in=(tokens_in, "B T", int), states=(states, "B S H"), lengths=(lengths, "B", int)
    )
    (B, T), (_, S, H) = tokens_in.shape, states.shape
    if not S:
        raise ValueError("states has no place, expected one or more: the last is the decoder's first state")
    (b_y,) = named_entries(params, "b_y")
    logits, h, weights = (np.zeros((T, B, n), states.dtype) for n in (len(b_y), H, S))
    mask, state = _real(lengths, S), states[:, -1]
    for t in range(T):
        logits[t], state, weights[t] = attention_decoder_step(tokens_in[:, t], state, states, mask, params)
        h[t] = state
    return logits.swapaxes(0, 1), h.swapaxes(0, 1), weights.swapaxes(0, 1)


def translation_backward(
    dlogits: Array, x: Ints, lengths: Ints, tokens_in: Ints, states: Array, h: Array, weights: Array, params: Params
) -> dict[str, Array]:
    """The gradients of all parameters.

    Every step hands a gradient to the step before, as ever, and one to each of the encoder's states that it looked
    at: as a value that it mixed, and as a key that it compared itself with. With the last one goes the gradient of the
    decoder's first state. The encoder's states gather what arrives from all steps.

    Parameters
    ----------
    dlogits : ndarray of shape (B, T, V)
    x, lengths, tokens_in, params
        What `seq2seq.encode` and `decode_attending` were given.
    states : ndarray of shape (B, S, H)
    h : ndarray of shape (B, T, H)
    weights : ndarray of shape (B, T, S)
        What the two returned.

    Returns
    -------
    grads : dict of the names and shapes of params
    """
    dlogits, states, h, weights, tokens_in, lengths, x = checked_arrays(
        dlogits=(dlogits, "B T V"), states=(states, "B S H"), h=(h, "B T H"), weights=(weights, "B T S"),
        tokens_in=(tokens_in, "B T", int), lengths=(lengths, "B", int), x=(x, "B S", int),
    )  # fmt: skip
    W_e, W_q, W_k, v, W_x, W_h, b, W_y, _ = named_entries(params, _NAMES)
    E, (B, T, H) = W_e.shape[1], h.shape
    grads = {name: np.zeros_like(params[name]) for name in _NAMES.split()}
    grads["W_y"] = _flat(h).T @ _flat(dlogits)
    grads["b_y"] = dlogits.sum(axis=(0, 1))
    dh = dlogits @ W_y.T
    dstates, dwords, carried = np.zeros_like(states), np.zeros((B, T, E), h.dtype), np.zeros((B, H), h.dtype)
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t else states[:, -1]
        x_t = np.concatenate([W_e[tokens_in[:, t]], context_vector(weights[:, t], states)], axis=1)
        _, gates = gru_cell_forward(x_t, h_prev, W_x, W_h, b)
        dx, carried, *of_cell = gru_cell_backward(dh[:, t] + carried, x_t, h_prev, gates, W_x, W_h)
        dwords[:, t] = dx[:, :E]
        dscores, dvalues = attention_backward(dx[:, E:], states, weights[:, t])
        dq, dkeys, *of_scores = additive_scores_backward(dscores, h_prev, states, W_q, W_k, v)
        carried += dq
        dstates += dvalues
        dstates += dkeys
        for name, gradient in zip(("W_x", "W_h", "b", "W_q", "W_k", "v"), of_cell + of_scores, strict=True):
            grads[name] += gradient
    grads["W_e"] = embedding_backward(dwords, tokens_in, len(W_e))
    rows = np.flatnonzero(lengths)
    dstates[rows, lengths[rows] - 1] += carried[rows]
    return _encoder_gradients(dstates, np.where(_real(lengths, x.shape[1]), x, 0), states, params) | grads


def _encoder_gradients(dstates: Array, x: Ints, states: Array, params: Params) -> dict[str, Array]:
    """Of the four arrays of the encoder, dstates being 0 on padding."""
    names = [f"enc_{name}" for name in ("W_e", "W_x", "W_h", "b")]
    W_e, W_x, W_h, b = named_entries(params, " ".join(names))
    words, first = W_e[x], np.zeros_like(states[:, 0])
    before = np.concatenate([first[:, np.newaxis], states[:, :-1]], axis=1)
    _, gates = gru_cell_forward(_flat(words), _flat(before), W_x, W_h, b)
    dwords, _, *grads = gru_backward(dstates, words, first, states, gates.reshape(*x.shape, -1), W_x, W_h)
    return dict(zip(names, [embedding_backward(dwords, x, len(W_e)), *grads], strict=True))


def translate(
    x: Ints, lengths: Ints, params: Params, start: int, end: int, max_length: int
) -> tuple[Ints, Ints, Array]:
    """Sentences word by word, always the likeliest, and for each word the places where the decoder looked.

    Parameters
    ----------
    x, lengths, params
    start, end : int, from 0 to V - 1
    max_length : int, 0 or more

    Returns
    -------
    tokens : int64 ndarray of shape (B, max_length)
        Without START, with END if it came in time, and 0 behind it.
    lengths : int64 ndarray of shape (B,)
        END counts; max_length for a sentence that did not end.
    weights : ndarray of shape (B, max_length, S)
        0 on padding of the source, and behind END.
    """
    states, state = seq2seq.encode(x, lengths, params)
    mask = _real(np.asarray(lengths), states.shape[1])
    tokens = np.zeros((len(state), max_length), np.int64)
    weights = np.zeros((len(state), max_length, states.shape[1]), states.dtype)
    said, word, live = np.zeros(len(state), np.int64), np.full(len(state), start), np.ones(len(state), bool)
    for t in range(max_length):
        if not live.any():
            break
        logits, state, attended = attention_decoder_step(word, state, states, mask, params)
        word = logits.argmax(axis=1)
        tokens[live, t], weights[live, t] = word[live], attended[live]
        said += live
        live &= word != end
    return tokens, said, weights


def _real(lengths: Ints, S: int) -> npt.NDArray[np.bool_]:
    """(B, S), True on what is no padding."""
    if ((lengths < 0) | (lengths > S)).any():
        raise ValueError(f"lengths holds {lengths.min()} to {lengths.max()}, expected 0 to {S}")
    real: npt.NDArray[np.bool_] = np.arange(S) < lengths[:, np.newaxis]
    return real


def _flat(a: Array) -> Array:
    """(B, T, H) as one matrix."""
    return a.reshape(-1, a.shape[-1])
