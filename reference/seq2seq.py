"""12-seq2seq: one network reads a sentence, another one writes it anew, and all that passes between them is one vector.

`params` holds the encoder's enc_W_e (V_s, E), enc_W_x (E, 3H), enc_W_h (H, 3H), enc_b (3H,), the decoder's
dec_W_e (V, E'), dec_W_x (E', 3H), dec_W_h (H, 3H), dec_b (3H,), and the output layer's W_y (H, V), b_y (V,). Both
sides are the GRU of gru.py; the decoder starts from the encoder's last real state as it is (Cho 2014; Sutskever 2014).
A function needs only the entries that it uses.

Ints are integers, 0 is padding. `lengths` (B,) counts the real leading places of each row; what stands behind them is
padding, and may be anything. Every function raises a ValueError that names the argument for what its line does not
allow.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.bptt import cross_entropy
from reference.classification import embedding_backward
from reference.gru import gru_backward, gru_cell_forward, gru_forward
from reference.packing import Ints
from reference.rnn import output_layer
from reference.shapes import check_ids, checked_arrays, named_entries

__all__ = [
    "decode_teacher_forced", "encode", "greedy_decode", "perplexity", "seq2seq_backward", "seq2seq_loss",
    "shift_targets",
]  # fmt: skip

Params = Mapping[str, Array]

_ENCODER = {"enc_W_e": "V_s E", "enc_W_x": "E 3H", "enc_W_h": "H 3H", "enc_b": "3H"}
_DECODER = {"dec_W_e": "V E'", "dec_W_x": "E' 3H", "dec_W_h": "H 3H", "dec_b": "3H"}
_OUTPUT = {"W_y": "H V", "b_y": "V"}


def shift_targets(tokens: Ints, start: int, end: int) -> tuple[Ints, Ints]:
    """What the decoder reads, and what it should say to that: the sentence, and the sentence one step on.

    inputs: START y_1 ... y_L 0 ...;  targets: y_1 ... y_L END 0 ...    (Sutskever 2014, figure 1)

    Parameters
    ----------
    tokens : int ndarray of shape (B, T), 0 or more, with 0 behind a row's last word and nowhere else
    start, end : int, 1 or more
        The ids of START and END.

    Returns
    -------
    inputs, targets : int64 ndarray of shape (B, T + 1)
        END stands right behind a row's last word, and is no input. An empty row: START 0 ... and END 0 ...
    """
    (tokens,) = checked_arrays(tokens=(tokens, "B T", int))
    for name, number in (("start", start), ("end", end)):
        _check_integer(name, number, 1)
    B, T = tokens.shape
    lengths = (tokens != 0).sum(axis=1)
    if (tokens[_real_steps(lengths, T)] <= 0).any():
        raise ValueError("tokens holds a negative id, or a 0 in front of a word: padding comes last")
    inputs, targets = np.zeros((2, B, T + 1), np.int64)
    inputs[:, 0], inputs[:, 1:], targets[:, :T] = start, tokens, tokens
    targets[np.arange(B), lengths] = end
    return inputs, targets


def encode(x: Ints, lengths: Ints, params: Params) -> tuple[Array, Array]:
    """A sentence as the state of a network that has read it.

    h_s = GRU(W_e[x_s], h_{s-1}) for s < length, and h_s = h_{s-1} from there on, h_{-1} = 0    (Cho 2014, section 2.2)

    Parameters
    ----------
    x : int ndarray of shape (B, S), each from 0 to V_s - 1; on padding anything
    lengths : int ndarray of shape (B,), each from 0 to S
    params : dict of enc_W_e (V_s, E), enc_W_x (E, 3H), enc_W_h (H, 3H), enc_b (3H,)

    Returns
    -------
    states : ndarray of shape (B, S, H)
        Frozen on padding: there it repeats the last real state.
    final : ndarray of shape (B, H)
        The last real state; zeros for a row of length 0.
    """
    x, lengths, W_e, W_x, W_h, b = _checked(params, _ENCODER, x=(x, "B S", int), lengths=(lengths, "B", int))
    real = _real_steps(lengths, x.shape[1])
    zeros = np.zeros((len(x), len(W_h)), W_h.dtype)
    h, _ = gru_forward(_embedded("x", np.where(real, x, 0), W_e, real), zeros, W_x, W_h, b)
    states = np.concatenate([zeros[:, np.newaxis], h], axis=1)  # (B, S+1, H): after 0, 1, ... S steps
    taken = np.minimum(np.arange(x.shape[1] + 1), lengths[:, np.newaxis])
    states = np.take_along_axis(states, taken[..., np.newaxis], axis=1)
    return states[:, 1:], states[:, -1].copy()


def decode_teacher_forced(tokens_in: Ints, state: Array, params: Params) -> tuple[Array, Array]:
    """What the decoder says at every step if the word before is the right one, whatever it said itself.

    h_t = GRU(W_e[token_t], h_{t-1}), h_{-1} = state;  logits_t = h_t W_y + b_y    (Williams & Zipser 1989)

    Parameters
    ----------
    tokens_in : int ndarray of shape (B, T), each from 0 to V - 1
        Step t reads tokens_in[:, t]. Padding is read like any other word.
    state : ndarray of shape (B, H)
        That of the encoder, which has read the sentence.
    params : dict of dec_W_e (V, E'), dec_W_x (E', 3H), dec_W_h (H, 3H), dec_b (3H,), W_y (H, V), b_y (V,)

    Returns
    -------
    logits : ndarray of shape (B, T, V)
    h : ndarray of shape (B, T, H)
    """
    tokens_in, state, W_e, W_x, W_h, b, W_y, b_y = _checked(
        params, _DECODER | _OUTPUT, tokens_in=(tokens_in, "B T", int), state=(state, "B H")
    )
    h, _ = gru_forward(_embedded("tokens_in", tokens_in, W_e), state, W_x, W_h, b)
    h = np.ascontiguousarray(h)  # as one matrix: of gru_forward's view the product would be much slower
    return output_layer(h.reshape(-1, len(W_h)), W_y, b_y).reshape(*tokens_in.shape, len(b_y)), h


def seq2seq_loss(logits: Array, targets: Ints, lengths: Ints) -> tuple[float, Array]:
    """The mean cross-entropy over the words that were to be said, and its gradient.

    L = -1/n sum log softmax(logits)[target] over the n = sum of lengths real places of the batch, whichever sentence
    they belong to

    Parameters
    ----------
    logits : ndarray of shape (B, T, V), of any size
    targets : int ndarray of shape (B, T), each from 0 to V - 1; on padding anything
    lengths : int ndarray of shape (B,), each from 0 to T
        How many targets of each row are real. END is one of them.

    Returns
    -------
    loss : float
        In nats; 0.0 if no target is real.
    dlogits : ndarray of shape (B, T, V)
        Exactly 0 on padding.
    """
    logits, targets, lengths = checked_arrays(
        logits=(logits, "B T V"), targets=(targets, "B T", int), lengths=(lengths, "B", int)
    )
    return cross_entropy(logits, targets, _real_steps(lengths, targets.shape[1]))


def seq2seq_backward(
    dlogits: Array, x: Ints, lengths: Ints, tokens_in: Ints, states: Array, h: Array, params: Params
) -> dict[str, Array]:
    """The gradients of all parameters, from the logits back to the encoder's embedding.

    Through the output layer and the decoder to the state that it started from, which is each row's last real state of
    the encoder: there, and only there, the loss reaches the encoder. The states before all steps being known, the
    gates of all of them are those of one step of a larger batch.

    Parameters
    ----------
    dlogits : ndarray of shape (B, T, V)
    x, lengths, tokens_in, params
        The arguments of `encode` and `decode_teacher_forced`.
    states : ndarray of shape (B, S, H)
    h : ndarray of shape (B, T, H)
        What these two returned.

    Returns
    -------
    grads : dict of the names and shapes of params
        The encoder's are zero for T = 0, and an id that is read nowhere, or only on padding, has gradient 0.
    """
    x, lengths, tokens_in, states, h, dlogits, *weights = _checked(
        params, _ENCODER | _DECODER | _OUTPUT, x=(x, "B S", int), lengths=(lengths, "B", int),
        tokens_in=(tokens_in, "B T", int), states=(states, "B S H"), h=(h, "B T H"), dlogits=(dlogits, "B T V"),
    )  # fmt: skip
    enc, dec, (W_y, _) = weights[:4], weights[4:8], weights[8:]
    real = _real_steps(lengths, x.shape[1])
    V, H = W_y.shape[1], len(W_y)
    flat_dlogits = dlogits.reshape(-1, V)
    last = states[:, -1] if states.shape[1] else np.zeros((len(x), H), states.dtype)
    dh = (flat_dlogits @ W_y.T).reshape(h.shape)
    dfinal, dec_grads = _gru_gradients(dh, tokens_in, _embedded("tokens_in", tokens_in, dec[0]), last, h, dec)
    dstates = np.zeros_like(states)
    rows = np.flatnonzero(lengths)
    dstates[rows, lengths[rows] - 1] = dfinal[rows]
    x = np.where(real, x, 0)
    _, enc_grads = _gru_gradients(dstates, x, _embedded("x", x, enc[0], real), np.zeros_like(last), states, enc)
    output_grads = h.reshape(-1, H).T @ flat_dlogits, flat_dlogits.sum(axis=0)
    return dict(zip([*_ENCODER, *_DECODER, *_OUTPUT], [*enc_grads, *dec_grads, *output_grads], strict=True))


def _gru_gradients(
    dh: Array, ids: Ints, embedded: Array, first: Array, h: Array, weights: list[Array]
) -> tuple[Array, list[Array]]:
    """The gradient of the first state of a GRU over embedded words (B, T, E), and those of W_e, W_x, W_h and b."""
    W_e, W_x, W_h, b = weights
    (B, T, E), H = embedded.shape, len(W_h)
    h_prev = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    _, gates = gru_cell_forward(embedded.reshape(B * T, E), h_prev.reshape(B * T, H), W_x, W_h, b)
    dx, dfirst, *grads = gru_backward(dh, embedded, first, h, gates.reshape(B, T, 3 * H), W_x, W_h)
    return dfirst, [embedding_backward(dx, ids, len(W_e)), *grads]


def perplexity(loss: float | Array) -> float:
    """How many words the network wavers between, as if all of them were equally likely.

    exp(mean(loss)): the mean is taken of the losses, not of what they come to    (Jelinek 1977; Jurafsky & Martin,
    section 3.3)

    Parameters
    ----------
    loss : float, or ndarray of any shape with one entry or more
        In nats: a mean, or the loss of each word.

    Returns
    -------
    perplexity : float
        Infinite if it is more than float64 can hold.
    """
    (losses,) = checked_arrays(loss=(loss, "..."))
    if not losses.size:
        raise ValueError("loss is empty, expected one number or more")
    with np.errstate(over="ignore"):
        return float(np.exp(np.mean(losses, dtype=np.float64)))


def greedy_decode(state: Array, params: Params, start: int, end: int, max_length: int) -> tuple[Ints, Ints]:
    """Sentences word by word: always the likeliest one, which is then what the next step reads.

    Parameters
    ----------
    state : ndarray of shape (B, H)
        That of the encoder.
    params : dict of dec_W_e (V, E'), dec_W_x (E', 3H), dec_W_h (H, 3H), dec_b (3H,), W_y (H, V), b_y (V,)
    start, end : int, from 0 to V - 1
        The ids of START, which is read first, and of END.
    max_length : int, 0 or more

    Returns
    -------
    tokens : int64 ndarray of shape (B, max_length)
        Without START, with END if it came in time, and 0 behind it. Among equally likely words, the lowest id.
    lengths : int64 ndarray of shape (B,)
        How many of them are said, END included: max_length for a sentence that did not end.
    """
    state, W_e, W_x, W_h, b, W_y, b_y = _checked(params, _DECODER | _OUTPUT, state=(state, "B H"))
    for name, number in (("start", start), ("end", end)):
        _check_integer(name, number, 0, len(b_y))
    _check_integer("max_length", max_length, 0)
    tokens, lengths = np.zeros((len(state), max_length), np.int64), np.full(len(state), max_length, np.int64)
    live, word = np.arange(len(state)), np.full(len(state), start)
    for t in range(max_length):
        if not live.size:
            break
        state, _ = gru_cell_forward(W_e[word], state, W_x, W_h, b)
        word = tokens[live, t] = output_layer(state, W_y, b_y).argmax(axis=1)
        ended = word == end
        lengths[live[ended]] = t + 1
        live, word, state = live[~ended], word[~ended], state[~ended]
    return tokens, lengths


def _checked(params: Params, shapes: Mapping[str, str], **arguments: tuple[Any, ...]) -> list[Any]:
    """The arguments, and the entries of params that shapes names, once all of them fit."""
    entries = zip(shapes.items(), named_entries(params, " ".join(shapes)), strict=True)
    return checked_arrays(**arguments, **{f"params[{name!r}]": (entry, axes) for (name, axes), entry in entries})


def _embedded(name: str, ids: Ints, W_e: Array, real: npt.NDArray[np.bool_] | None = None) -> Array:
    """Each id's row of the table, (B, T, E); only where `real` it need be one of its rows."""
    check_ids(name, ids if real is None else ids[real], len(W_e))
    return W_e.take(ids, axis=0)


def _real_steps(lengths: Ints, T: int) -> npt.NDArray[np.bool_]:
    """(B, T), True on what is no padding."""
    if ((lengths < 0) | (lengths > T)).any():
        raise ValueError(f"lengths holds {lengths.min()} to {lengths.max()}, expected 0 to {T}")
    return np.arange(T) < lengths[:, np.newaxis]


def _check_integer(name: str, value: object, least: int, below: int | None = None) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (below is not None and value >= below):  # type: ignore[operator]
        bounds = f"of {least} or more" if below is None else f"from {least} to {below - 1}"
        raise ValueError(f"{name} is {value!r}, expected an integer {bounds}")
