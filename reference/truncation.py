"""03-truncation: backpropagation through the last few steps only, and the data cut to fit.

`params` is that of 01-rnn: W_x (D, H), W_h (H, H), b (H,), W_y (H, O) and b_y (O,). The loss is the softmax
cross-entropy of the output layer, in nats, as the mean over the places named. A state that enters a chunk or a window
is a constant: it is carried forward, and no gradient flows back into it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.bptt import cross_entropy, rnn_backward
from reference.rnn import output_layer, rnn_forward
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "fold_series",
    "one_step_samples",
    "split_chunks",
    "tbptt_gradients",
    "tbptt_k1_k2",
    "train_truncated",
]

Ids = npt.NDArray[Any]  # integers
Gradients = dict[str, Array]

_NAMES = "W_x W_h b W_y b_y"


def split_chunks(x: npt.NDArray[Any], window: int) -> list[npt.NDArray[Any]]:
    """Cut sequences along time, into chunks of window steps.

    Parameters
    ----------
    x : ndarray of shape (B, T, ...)
        Of any dtype, which is kept: inputs (B, T, D) and target ids (B, T) are cut alike.
    window : int, 1 or more

    Returns
    -------
    chunks : list of ndarray of shape (B, w, ...)
        In order, new arrays; w is window, but for the last, which keeps the rest. T = 0 gives no chunk.

    Raises
    ------
    ValueError
        x has fewer than two axes, or window is not an integer of 1 or more.
    """
    try:
        x = np.asarray(x)
    except ValueError as error:  # rows of unequal length
        raise ValueError(f"x is not an array: {error}") from error
    if x.ndim < 2:
        raise ValueError(f"x has shape {x.shape}, expected (B, T, ...)")
    _check_count("window", window)
    return [x[:, start : start + window].copy() for start in range(0, x.shape[1], window)]


def tbptt_gradients(
    x: Array, targets: Ids, h0: Array, params: Mapping[str, Array], window: int
) -> tuple[list[Gradients], Array]:
    """The gradients of one pass of truncated backpropagation through time, chunk by chunk.

    Each chunk starts from the state in which the one before ended, as a constant. Its loss is the mean over its own
    B * w places, and its gradient stays within it (Williams & Peng 1990, BPTT(h; h') with h = h' = window). params
    are the same for all chunks.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
    window : int, 1 or more

    Returns
    -------
    grads : list of dict
        For each chunk of `split_chunks`, a gradient for each entry of params. T = 0 gives no chunk, and B = 0
        gradients of zero.
    h_last : ndarray of shape (B, H)
        The state after the last step; h0 if T = 0.

    Raises
    ------
    ValueError
        A shape does not fit, params lacks an entry, targets holds another id, or window is not an integer of 1 or
        more.
    """
    x, targets, h0, weights = _checked(x, targets, h0, params)
    grads = []
    h_last = h0.copy()
    for x_chunk, targets_chunk in zip(split_chunks(x, window), split_chunks(targets, window), strict=True):
        _, gradients, h = _loss_and_gradients(x_chunk, targets_chunk, h_last, weights, x_chunk.shape[1])
        grads.append(gradients)
        h_last = h[:, -1]
    return grads, h_last


def tbptt_k1_k2(x: Array, targets: Ids, h0: Array, params: Mapping[str, Array], k1: int, k2: int) -> list[Gradients]:
    """The gradients of truncated backpropagation that looks every k1 steps back through the last k2.

    After steps k1, 2 k1, ... the loss is the mean over the last min(k1, k2) steps, so that no step's error counts
    twice, and its gradient flows through the last k2 steps, or as many as there are; the state before them is a
    constant (Williams & Peng 1990, BPTT(h; h') with h = k2, h' = k1; Sutskever 2013, section 2.8.6).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
        The same throughout.
    k1 : int, 1 or more
        Steps from one gradient to the next.
    k2 : int, 1 or more
        Steps that a gradient flows through. With k2 < k1 some steps' errors are never heard.

    Returns
    -------
    grads : list of dict
        T // k1 times a gradient for each entry of params; steps after the last multiple of k1 give none.

    Raises
    ------
    ValueError
        A shape does not fit, params lacks an entry, targets holds another id, or k1 or k2 is not an integer of 1 or
        more.
    """
    x, targets, h0, weights = _checked(x, targets, h0, params)
    _check_count("k1", k1)
    _check_count("k2", k2)
    W_x, W_h, b, _, _ = named_entries(weights, _NAMES)
    h = rnn_forward(x, h0, W_x, W_h, b)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        h_start = h[:, start - 1] if start else h0
        _, gradients, _ = _loss_and_gradients(
            x[:, start:stop], targets[:, start:stop], h_start, weights, counted=min(k1, k2)
        )
        grads.append(gradients)
    return grads


def train_truncated(
    x: Array, targets: Ids, h0: Array, params: Mapping[str, Array], window: int, lr: float
) -> tuple[dict[str, Array], list[float]]:
    """One pass over sequences, with a step of gradient descent after every chunk.

    theta <- theta - lr * d loss / d theta, with the chunk's loss and gradient as in `tbptt_gradients`. The next chunk
    starts from the state computed with the old weights, as one who reads on does.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
    window : int, 1 or more
    lr : float, finite, 0 or more
        The learning rate.

    Returns
    -------
    params : dict
        The entries after the last step, new arrays; T = 0 leaves their values alone.
    losses : list of float
        Each chunk's loss before its step, in nats.

    Raises
    ------
    ValueError
        A shape does not fit, params lacks an entry, targets holds another id, window is not an integer of 1 or more,
        or lr is not a finite number of 0 or more.
    """
    x, targets, h0, weights = _checked(x, targets, h0, params)
    if not isinstance(lr, int | float | np.integer | np.floating) or not 0 <= lr < np.inf:
        raise ValueError(f"lr is {lr!r}, expected a finite number of 0 or more")
    rate = float(lr)  # a float64 of numpy's would widen float32 weights
    weights = {name: array.copy() for name, array in weights.items()}
    losses = []
    state = h0
    for x_chunk, targets_chunk in zip(split_chunks(x, window), split_chunks(targets, window), strict=True):
        loss, gradients, h = _loss_and_gradients(x_chunk, targets_chunk, state, weights, x_chunk.shape[1])
        weights = {name: array - rate * gradients[name] for name, array in weights.items()}
        losses.append(loss)
        state = h[:, -1]
    return weights, losses


def fold_series(series: Array, window: int) -> Array:
    """Long series cut into many short ones, as if they were independent.

    Parameters
    ----------
    series : ndarray of shape (N, L, F)
        N series of L steps.
    window : int, 1 or more

    Returns
    -------
    pieces : ndarray of shape (N * (L // window), window, F)
        A series' pieces in order, one series after the other. A tail that fills no window is dropped, so a window
        longer than L leaves no piece.

    Raises
    ------
    ValueError
        series has not three axes, or window is not an integer of 1 or more.
    """
    (series,) = checked_arrays(series=(series, "N L F"))
    _check_count("window", window)
    N, L, F = series.shape
    count = L // window
    return series[:, : count * window].copy().reshape(N * count, window, F)


def one_step_samples(series: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Series of numbers as samples of a single step, for a network that leans on its state alone.

    Parameters
    ----------
    series : ndarray of shape (N, L) or (N, L, 1)
        N independent series of L steps.

    Returns
    -------
    samples : ndarray of shape (N * L, 1, 1)
        One batch of one sequence of one step after the other: all of the first series, then all of the second.
    reset : ndarray of shape (N * L,)
        bool: whether the state has to be cleared before this sample, since a new series begins.

    Raises
    ------
    ValueError
        series has another shape.
    """
    (series,) = checked_arrays(series=(series, "..."))
    if series.ndim != 2 and not (series.ndim == 3 and series.shape[2] == 1):
        raise ValueError(f"series has shape {series.shape}, expected (N, L) or (N, L, 1)")
    reset = np.zeros(series.shape[:2], dtype=np.bool_)
    reset[:, :1] = True
    return series.copy().reshape(-1, 1, 1), reset.ravel()


def _loss_and_gradients(
    x: Array, targets: Ids, h0: Array, params: Mapping[str, Array], counted: int
) -> tuple[float, Gradients, Array]:
    """The mean loss of the last `counted` steps, its gradients with h0 a constant, and the states (B, w, H)."""
    W_x, W_h, b, W_y, b_y = named_entries(params, _NAMES)
    mask: npt.NDArray[Any] = np.zeros(targets.shape, dtype=np.bool_)
    mask[:, targets.shape[1] - counted :] = True
    h = rnn_forward(x, h0, W_x, W_h, b)
    loss, dlogits = cross_entropy(output_layer(h, W_y, b_y), targets, mask)
    _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x, h0, h, W_x, W_h)
    dW_y, db_y = np.tensordot(h, dlogits, axes=((0, 1), (0, 1))), dlogits.sum(axis=(0, 1))
    return float(loss), {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}, h


def _checked(
    x: Array, targets: Ids, h0: Array, params: Mapping[str, Array]
) -> tuple[Array, Ids, Array, dict[str, Array]]:
    """The arguments as arrays that fit one another, with ids of the output layer for targets."""
    W_x, W_h, b, W_y, b_y = named_entries(params, _NAMES)
    x, targets, h0, *weights = checked_arrays(
        x=(x, "B T D"),
        targets=(targets, "B T", int),
        h0=(h0, "B H"),
        W_x=(W_x, "D H"),
        W_h=(W_h, "H H"),
        b=(b, "H"),
        W_y=(W_y, "H O"),
        b_y=(b_y, "O"),
    )
    count = len(weights[-1])
    if targets.size and not 0 <= targets.min() <= targets.max() < count:
        raise ValueError(f"targets holds ids from {targets.min()} to {targets.max()}, expected 0 to {count - 1}")
    return x, targets, h0, dict(zip(_NAMES.split(), weights, strict=True))


def _check_count(name: str, value: int) -> None:
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected an integer of 1 or more")
