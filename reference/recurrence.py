"""What makes lstm.py and gru.py fast: the work that need not wait for the step before is taken out of the steps.

Outside, sequences are batch-major, (B, T, N), as everywhere. Inside they are feature-major, (T, N, B): then the gates
of a step are blocks of H whole rows, so that every block is one contiguous piece of memory, and an operation on it
one pass. A step's products are as few and as large as can be: its input, the state before it and a row of ones for
the bias stand in one operand (a product per step and matrix, as Appleyard, Kočiský & Blunsom 2016 have it). The
gradients of input and weights are one product each, over all steps, after the last.

The plain way, a loop over the cell functions, is what the tests hold this to.
"""

from collections.abc import Iterator

import numpy as np

from reference import Array

__all__ = [
    "all_before",
    "batch_major",
    "before",
    "feature_major",
    "input_gradients",
    "recurrent_gradient",
    "spans",
    "stacked_inputs",
]

_SPAN = 1 << 16  # numbers of one (H, B) block in a span of steps: small enough to stay in the cache


def feature_major(a: Array) -> Array:
    """(B, T, N) to (T, N, B): a view where a is one of `batch_major`, else a copy."""
    view = a.transpose(1, 2, 0)
    if view.strides[2] == view.itemsize:
        return view
    by_step = np.ascontiguousarray(a.transpose(1, 0, 2))  # whole rows first: then each step is turned in the cache
    return np.ascontiguousarray(by_step.transpose(0, 2, 1))


def batch_major(a: Array) -> Array:
    """(T, N, B) to (B, T, N), always a view."""
    return a.transpose(2, 0, 1)


def stacked_inputs(x: Array, h0: Array, extra: int = 0) -> Array:
    """The operand of every step's product, with room for the states.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    extra : int
        Rows to leave empty at the end.

    Returns
    -------
    stack : ndarray of shape (T + 1, H + D + 1 + extra, B)
        At t: the state before step t (h0, then what the caller enters), its input, ones. The states after the
        steps are therefore ``stack[1:, :H]``.
    """
    (B, T, D), H = x.shape, h0.shape[1]
    stack = np.empty((T + 1, H + D + 1 + extra, B), x.dtype)
    stack[0, :H] = h0.T
    stack[:T, H : H + D] = feature_major(x)
    stack[:T, H + D] = 1
    return stack


def spans(T: int, size: int) -> Iterator[slice]:
    """The steps 0 ... T-1 in pieces, the last piece first; size is that of one step's (H, B) block.

    What a backward pass needs of a step's activations does not wait for the step after it. A span at a time it takes
    few calls of numpy (which matters for small steps), and is still in the cache when the steps come to it.
    """
    steps = max(1, _SPAN // max(1, size))
    for stop in range(T, 0, -steps):
        yield slice(max(0, stop - steps), stop)


def before(span: slice, first: Array, states: Array) -> Array:
    """The states before the steps of a span, (n, H, B), of first (B, H) and of states (T, H, B) after each step."""
    if span.start:
        return states[span.start - 1 : span.stop - 1]
    return np.concatenate([first.T[None], states[: span.stop - 1]])


def all_before(first: Array, states: Array) -> Array:
    """The states before all steps, (H, T, B), of first (B, H) and of states (T, H, B) after each step."""
    T, H, B = states.shape
    previous = np.empty((H, T, B), states.dtype)
    previous[:, :1] = first.T[:, None]
    previous[:, 1:] = states[:-1].swapaxes(0, 1)
    return previous


def input_gradients(da: Array, x: Array, W_x: Array) -> tuple[Array, Array, Array]:
    """What the gradients of the sums a = x W_x + ... + b say about x, W_x and b.

    Parameters
    ----------
    da : ndarray of shape (N, T, B)
    x : ndarray of shape (B, T, D)
    W_x : ndarray of shape (D, N)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dW_x : ndarray of shape (D, N)
    db : ndarray of shape (N,)
    """
    (B, T, D), N = x.shape, len(da)
    da = da.reshape(N, T * B)
    dx = (W_x @ da).reshape(D, T, B).transpose(2, 1, 0)
    dW_x = (da @ x.transpose(1, 0, 2).reshape(T * B, D)).T
    return dx, dW_x, da @ np.ones(T * B, da.dtype)


def recurrent_gradient(da: Array, h_prev: Array) -> Array:
    """The gradient of W_h (H, N) in a = h_prev W_h + ..., from those of the sums, (N, T, B), and h_prev (H, T, B)."""
    (N, T, B), H = da.shape, len(h_prev)
    dW_h: Array = (da.reshape(N, T * B) @ h_prev.reshape(H, T * B).T).T
    return dW_h
