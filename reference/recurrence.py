"""What makes lstm.py and gru.py fast: the work that need not wait for the step before is taken out of the steps.

Outside, sequences are batch-major, (B, T, N), as everywhere. Inside they are feature-major, (T, N, B): then the gates
of a step are blocks of H whole rows, so that every block is one contiguous piece of memory, and an operation on it
one pass. The inputs' share in the sums of all steps is taken before the first step (Appleyard, Kočiský & Blunsom
2016), the gradients of input and weights are one product each after the last, and the bias is a weight like any
other, of a row of ones. What is left to a step is one product, by np.dot, which has less to set up than np.matmul,
and operations in place on what is in the cache.

The plain way, a loop over the cell functions, is what the tests hold this to.
"""

from collections.abc import Iterator

import numpy as np

from reference import Array

_SPAN = 1 << 16  # numbers in one (H, B) block of all steps of a span: few enough to stay in the cache
_ONES = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}  # Python's 1 is converted every time


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


def input_sums(x: Array, W_x: Array) -> Array:
    """x W_x of all steps, (T, N, B), of x (B, T, D) and W_x (D, N): what the recurrence is then added to."""
    sums: Array = W_x.T.copy() @ x.transpose(1, 2, 0)  # (N, D) @ (T, D, B)
    return sums


def states_and_ones(h0: Array, T: int, extra: int = 0) -> Array:
    """The operands of the recurrent products, (T + 1, H + 1 + extra, B): h_{t-1} to be, ones for the bias, free rows.

    Only the first state, h0 (B, H), is there; the states after the steps belong in ``[1:, :H]``.
    """
    B, H = h0.shape
    operands = np.empty((T + 1, H + 1 + extra, B), h0.dtype)
    operands[0, :H] = h0.T
    operands[:, H] = 1
    return operands


def sigmoid_of_negated(a: Array) -> None:
    """σ(-a) = 1 / (1 + exp(a)), in the place of a.

    One tanh for all gates would be fewer calls, since σ(a) = tanh(a/2) / 2 + 1/2, but numpy's tanh takes about twice
    as long as its exp. Where exp overflows to inf, 1 / inf is the right 0: callers ignore that overflow.
    """
    np.exp(a, out=a)
    a += _ONES[a.dtype]
    np.reciprocal(a, out=a)


def span_length(T: int, size: int) -> int:
    """How many of T steps to take as one span, if a step's (H, B) block has this size.

    What a backward pass needs of a step's activations does not wait for the step after it. A span of steps at a time
    it takes few calls of numpy (which matters for small steps), and is still in the cache when the steps come to it.
    """
    return max(1, min(T, _SPAN // max(1, size)))


def spans(T: int, length: int) -> Iterator[slice]:
    """The steps 0 ... T-1 in spans, the last span first; the one at the start is what is left."""
    for stop in range(T, 0, -length):
        yield slice(max(0, stop - length), stop)


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
    """What the gradients of the sums a = x W_x + ... + b say of x, W_x and b.

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
