"""08-deep: networks that read in both directions, in layers, in ragged batches, and with dropout.

A direction, or a layer, is a dict of W_x (D, 4H), W_h (H, 4H) and b (4H,), an LSTM's; its initial states are zero.
`lengths` (B,) counts the real leading steps of each row; what stands behind them is padding, and may be anything.

Every function raises a ValueError that names the argument for a shape that does not fit its letters, a dict that
lacks an entry, and any value outside of what the argument's line allows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.lstm import lstm_backward, lstm_cell_forward, lstm_forward
from reference.rnn import rnn_forward
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "bidirectional_summary", "bilstm_backward", "bilstm_forward", "dropout_mask", "lstm_dropout_forward",
    "masked_forward", "merge", "merge_backward", "reverse_sequences", "stacked_lstm_forward", "variational_masks",
]  # fmt: skip

Lengths = npt.NDArray[np.int64]
Parameters = Mapping[str, Array]

_NAMES = "W_x W_h b"
_MODES = ("concat", "sum", "average")


def reverse_sequences(x: Array, lengths: Lengths) -> Array:
    """Each row's real steps in the opposite order, with the padding where it was.

    Doing it twice gives x again, so that it is also the way back, and its own backward.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    lengths : ndarray of int of shape (B,), each from 0 to T

    Returns
    -------
    reversed : ndarray of shape (B, T, D)
        Step t of a row of length L is its step L-1-t for t < L, and step t otherwise.
    """
    x, lengths = checked_arrays(x=(x, "B T D"), lengths=(lengths, "B", int))
    real = _real_steps(lengths, x.shape[1])
    steps = np.arange(x.shape[1])
    order = np.where(real, lengths[:, np.newaxis] - 1 - steps, steps)  # (B, T)
    return np.take_along_axis(x, order[..., np.newaxis], axis=1)


def merge(forward: Array, backward: Array, mode: str) -> Array:
    """The two directions' outputs as one.

    concat: y = [forward, backward]; sum: y = forward + backward; average: y = (forward + backward) / 2

    Parameters
    ----------
    forward, backward : ndarray of shape (B, T, H)
        Both in the order of time: step t of both has read the input of step t.
    mode : "concat", "sum" or "average"

    Returns
    -------
    y : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
    """
    forward, backward = checked_arrays(forward=(forward, "B T H"), backward=(backward, "B T H"))
    match _checked_mode(mode):
        case "concat":
            return np.concatenate([forward, backward], axis=-1)
        case "sum":
            return forward + backward
        case _:
            return (forward + backward) / 2


def merge_backward(dy: Array, mode: str) -> tuple[Array, Array]:
    """The gradients of both arguments of `merge`.

    Parameters
    ----------
    dy : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
    mode : "concat", "sum" or "average"

    Returns
    -------
    dforward, dbackward : ndarray of shape (B, T, H)
    """
    (dy,) = checked_arrays(dy=(dy, "B T 2H" if _checked_mode(mode) == "concat" else "B T H"))
    match mode:
        case "concat":
            H = dy.shape[-1] // 2
            return dy[..., :H].copy(), dy[..., H:].copy()
        case "sum":
            return dy.copy(), dy.copy()
        case _:
            return dy / 2, dy / 2


def bilstm_forward(x: Array, lengths: Lengths, fwd: Parameters, bwd: Parameters, mode: str) -> Array:
    """Two LSTMs on one ragged batch, one from the first real step on, one from the last real step back.

    y = merge(LSTM_fwd(x), reverse(LSTM_bwd(reverse(x))), mode), and 0 on padding
    (Schuster & Paliwal 1997, figure 3; with LSTMs Graves & Schmidhuber 2005)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    lengths : ndarray of int of shape (B,), each from 0 to T
    fwd, bwd : dict of W_x (D, 4H), W_h (H, 4H), b (4H,)
        The directions share no weights. Both start from states of zero.
    mode : "concat", "sum" or "average"

    Returns
    -------
    y : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
        Exactly 0 on padding, as torch's packed sequences give it; so are all steps of a row of length 0.
    """
    x, real, W_fwd, W_bwd = _checked_bilstm(x, lengths, fwd, bwd)
    forward, *_ = _lstm(x, W_fwd)
    backward, *_ = _lstm(reverse_sequences(x, lengths), W_bwd)
    y = merge(forward, reverse_sequences(backward, lengths), mode)
    return _without_padding(y, real)


def bilstm_backward(
    dy: Array, x: Array, lengths: Lengths, fwd: Parameters, bwd: Parameters, mode: str
) -> tuple[Array, dict[str, Array], dict[str, Array]]:
    """The gradients of `bilstm_forward`, which is computed again on the way.

    x feeds both directions, so that dx is the sum of what comes back from both. Padding neither sends a gradient
    (it is 0 whatever x is) nor receives one.

    Parameters
    ----------
    dy : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
        What it holds on padding is ignored.
    x, lengths, fwd, bwd, mode
        The arguments of the forward.

    Returns
    -------
    dx : ndarray of shape (B, T, D)
        Exactly 0 on padding.
    grads_fwd, grads_bwd : dict of W_x (D, 4H), W_h (H, 4H), b (4H,)
    """
    axes = "B T 2H" if _checked_mode(mode) == "concat" else "B T H"
    x, real, W_fwd, W_bwd, dy = _checked_bilstm(x, lengths, fwd, bwd, dy=(dy, axes))
    dforward, dbackward = merge_backward(_without_padding(dy, real), mode)
    dx_fwd, grads_fwd = _lstm_gradients(dforward, x, W_fwd)
    dbackward = reverse_sequences(dbackward, lengths)
    dx_bwd, grads_bwd = _lstm_gradients(dbackward, reverse_sequences(x, lengths), W_bwd)
    return dx_fwd + reverse_sequences(dx_bwd, lengths), grads_fwd, grads_bwd


def bidirectional_summary(h: Array, lengths: Lengths) -> Array:
    """One vector for each sequence: from each direction the state that has read all of it.

    That is the forward half's last real step, and the backward half's first.

    Parameters
    ----------
    h : ndarray of shape (B, T, 2H)
        Both directions' states, concatenated, forward first.
    lengths : ndarray of int of shape (B,), each from 0 to T

    Returns
    -------
    summary : ndarray of shape (B, 2H)
        Zeros for a row of length 0.
    """
    h, lengths = checked_arrays(h=(h, "B T 2H"), lengths=(lengths, "B", int))
    real = _real_steps(lengths, h.shape[1])
    B, _, twice_H = h.shape
    H = twice_H // 2
    h = np.concatenate([_without_padding(h, real), np.zeros((B, 1, twice_H), h.dtype)], axis=1)  # (B, T+1, 2H)
    last = h[np.arange(B), lengths - 1]  # the step -1 of an empty row is the one of zeros
    return np.concatenate([last[:, :H], h[:, 0, H:]], axis=1)


def masked_forward(x: Array, lengths: Lengths, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    """The tanh network on a ragged batch: a row's state stays as it is once the row has ended.

    h_t = tanh(x_t W_x + h_{t-1} W_h + b) for t < length, and h_t = h_{t-1} from there on

    Padding trails, so that a state of length L is that of step min(t, L-1), which is h0 for L = 0.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    lengths : ndarray of int of shape (B,), each from 0 to T
    h0 : ndarray of shape (B, H)
    W_x, W_h, b : ndarray of shape (D, H), (H, H), (H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, -1] is the last real state of every row; a row of length 0 holds h0 throughout.
    """
    x, lengths, h0, W_x, W_h, b = checked_arrays(
        x=(x, "B T D"), lengths=(lengths, "B", int), h0=(h0, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H"), b=(b, "H")
    )
    real = _real_steps(lengths, x.shape[1])
    h = rnn_forward(_without_padding(x, real), h0, W_x, W_h, b)
    states = np.concatenate([h0[:, np.newaxis], h], axis=1)  # (B, T+1, H): how many steps a row has taken, 0 to T
    taken = np.minimum(np.arange(1, x.shape[1] + 1), lengths[:, np.newaxis])  # (B, T)
    return np.take_along_axis(states, taken[..., np.newaxis], axis=1)


def stacked_lstm_forward(x: Array, layers: Sequence[Parameters]) -> Array:
    """LSTMs one above the other: each reads the states of the one below, step by step.

    h^0 = x; h^l = LSTM_l(h^{l-1})    (El Hihi & Bengio 1995; Graves, Mohamed & Hinton 2013, equation 11)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    layers : sequence of at least one dict of W_x (D, 4H), W_h (H, 4H), b (4H,)
        From the bottom up. D of the upper ones is H of the layer below; H may differ from layer to layer.

    Returns
    -------
    h : ndarray of shape (B, T, H)
        The states of the top layer.
    """
    if not len(layers):
        raise ValueError("layers is empty, expected at least one layer")
    shaped: dict[str, tuple[Any, ...]] = {"x": (x, "B T H0")}  # the letters: H0 is D, H1 is H of the bottom layer
    for number, layer in enumerate(layers, start=1):
        shaped |= _shaped(f"layers[{number - 1}]", layer, f"H{number - 1}", f"H{number}")
    h, *arrays = checked_arrays(**shaped)
    for weights in zip(*[iter(arrays)] * 3, strict=True):
        h, *_ = _lstm(h, weights)
    return h


def dropout_mask(rng: np.random.Generator, shape: int | tuple[int, ...], rate: float) -> Array:
    """What to multiply with for inverted dropout: each entry on its own is 0, or large enough to make up for it.

    m = 0 with probability rate, otherwise 1 / (1 - rate), so that E[m] = 1 and nothing is left to do at test time
    (Srivastava 2014, section 10, whose p is the chance to be *kept*).

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int, 0 or more each, or one int
    rate : float in [0, 1)
        The chance to be dropped.

    Returns
    -------
    mask : ndarray of the shape asked for
        All ones if the rate is 0.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng is {rng!r}, expected a numpy.random.Generator")
    for size in shape if isinstance(shape, tuple | list) else (shape,):
        _check_size("shape", size)
    _check_rate("rate", rate)
    mask: Array = (rng.random(shape) >= rate) / (1.0 - rate)
    return mask


def variational_masks(
    rng: np.random.Generator, B: int, D: int, H: int, rate_x: float, rate_h: float
) -> tuple[Array, Array]:
    """The masks of a recurrent layer: one for each sequence, to be used at all of its steps.

    (Gal & Ghahramani 2016, figure 1b)

    Parameters
    ----------
    rng : numpy.random.Generator
        mask_x is drawn from it first, then mask_h.
    B, D, H : int, 0 or more
    rate_x, rate_h : float in [0, 1)
        The chances that an input feature, or a unit of the recurrent state, is dropped.

    Returns
    -------
    mask_x : ndarray of shape (B, D)
    mask_h : ndarray of shape (B, H)
    """
    for name, size in (("B", B), ("D", D), ("H", H)):
        _check_size(name, size)
    _check_rate("rate_x", rate_x)
    _check_rate("rate_h", rate_h)
    return dropout_mask(rng, (B, D), rate_x), dropout_mask(rng, (B, H), rate_h)


def lstm_dropout_forward(
    x: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array, mask_x: Array, mask_h: Array, training: bool
) -> Array:
    """An LSTM whose gates read the input and the last state through the same two masks at every step.

    h_t, c_t = cell(x_t ∘ mask_x, h_{t-1} ∘ mask_h, c_{t-1})    (Gal & Ghahramani 2016, section 4.1)

    The variant is their "tied weights" one: one mask for all four gates. The cell state is not masked, and neither is
    the h that is returned.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0, c0 : ndarray of shape (B, H)
    W_x, W_h, b : ndarray of shape (D, 4H), (H, 4H), (4H,)
    mask_x : ndarray of shape (B, D)
    mask_h : ndarray of shape (B, H)
    training : bool
        False: the masks are not used.

    Returns
    -------
    h : ndarray of shape (B, T, H)
    """
    x, h, c, W_x, W_h, b, mask_x, mask_h = checked_arrays(
        x=(x, "B T D"), h0=(h0, "B H"), c0=(c0, "B H"), W_x=(W_x, "D 4H"), W_h=(W_h, "H 4H"), b=(b, "4H"),
        mask_x=(mask_x, "B D"), mask_h=(mask_h, "B H"),
    )  # fmt: skip
    if not isinstance(training, bool | np.bool_):
        raise ValueError(f"training is {training!r}, expected True or False")
    if not training:
        return lstm_forward(x, h, c, W_x, W_h, b)[0]
    states = np.empty((*x.shape[:2], len(W_h)), x.dtype)
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        states[:, t] = h
    return states


def _lstm(x: Array, weights: Sequence[Array]) -> tuple[Array, Array, Array]:
    """h, c and gates of an LSTM that starts from states of zero."""
    W_x, W_h, b = weights
    zeros = np.zeros((len(x), len(W_h)), x.dtype)
    return lstm_forward(x, zeros, zeros, W_x, W_h, b)


def _lstm_gradients(dh: Array, x: Array, weights: Sequence[Array]) -> tuple[Array, dict[str, Array]]:
    """dx and the weights' gradients of an LSTM that starts from states of zero."""
    W_x, W_h, _ = weights
    h, c, gates = _lstm(x, weights)
    zeros = np.zeros((len(x), len(W_h)), x.dtype)
    dx, _, _, *grads = lstm_backward(dh, x, zeros, zeros, h, c, gates, W_x, W_h)
    return dx, dict(zip(_NAMES.split(), grads, strict=True))


def _checked_bilstm(
    x: Array, lengths: Lengths, fwd: Parameters, bwd: Parameters, **first: tuple[Array, str]
) -> tuple[Any, ...]:
    """x with zeros on padding, where it is real (B, T), both directions' weights, and what is to be checked first."""
    *checked, x, lengths, W_x, W_h, b, V_x, V_h, d = checked_arrays(
        **first, x=(x, "B T D"), lengths=(lengths, "B", int), **_shaped("fwd", fwd), **_shaped("bwd", bwd)
    )
    real = _real_steps(lengths, x.shape[1])
    return _without_padding(x, real), real, (W_x, W_h, b), (V_x, V_h, d), *checked


def _shaped(argument: str, weights: Parameters, D: str = "D", H: str = "H") -> dict[str, tuple[Array, str]]:
    """What `checked_arrays` is to be asked about the entries of a direction or layer."""
    W_x, W_h, b = named_entries(weights, _NAMES, argument)
    shaped = {"W_x": (W_x, f"{D} 4{H}"), "W_h": (W_h, f"{H} 4{H}"), "b": (b, f"4{H}")}
    return {f"{argument}['{name}']": pair for name, pair in shaped.items()}


def _real_steps(lengths: Lengths, T: int) -> npt.NDArray[np.bool_]:
    """(B, T), True on what is no padding."""
    if ((lengths < 0) | (lengths > T)).any():
        raise ValueError(f"lengths holds {lengths.min()} to {lengths.max()}, expected 0 to T = {T}")
    return np.arange(T) < lengths[:, np.newaxis]


def _without_padding(a: Array, real: npt.NDArray[np.bool_]) -> Array:
    """a (B, T, ...) with 0 on padding, even where that is NaN."""
    return np.where(real[..., np.newaxis], a, 0)


def _checked_mode(mode: str) -> str:
    if mode not in _MODES:
        raise ValueError(f"mode is {mode!r}, expected one of {', '.join(_MODES)}")
    return mode


def _check_size(name: str, size: int) -> None:
    if not isinstance(size, int | np.integer) or size < 0:
        raise ValueError(f"{name} is or holds {size!r}, expected an integer of 0 or more")


def _check_rate(name: str, rate: float) -> None:
    if not isinstance(rate, int | float | np.integer | np.floating) or not 0 <= rate < 1:
        raise ValueError(f"{name} is {rate!r}, expected a number of at least 0 and less than 1")
