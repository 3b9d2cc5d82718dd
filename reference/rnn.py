"""01-rnn: the recurrent cell, unrolled over time, and the types of network it makes.

`params` is a dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O) and b_y (O,). Outputs y are logits.
"""

from collections.abc import Mapping

import numpy as np

from reference import Array
from reference.functional import softmax
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "many_to_many",
    "many_to_one",
    "one_to_many",
    "output_layer",
    "rnn_cell_forward",
    "rnn_forward",
    "softmax",
]

_NAMES = "W_x W_h b W_y b_y"


def rnn_cell_forward(x: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    """One step of the simple recurrent network, with tanh.

    h = tanh(x W_x + h_prev W_h + b)    (Elman 1990)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The state after the step before.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)
    b : ndarray of shape (H,)

    Returns
    -------
    h : ndarray of shape (B, H)
        The state after this step, in [-1, 1].

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h_prev, W_x, W_h, b = checked_arrays(
        x=(x, "B D"), h_prev=(h_prev, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H"), b=(b, "H")
    )
    return np.tanh(x @ W_x + h_prev @ W_h + b)


def rnn_forward(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    """The cell unrolled over time, with the same weights at every step.

    h_t = tanh(x_t W_x + h_{t-1} W_h + b)    (Elman 1990)

    Only h_{t-1} W_h has to wait for the step before: the input product of all steps is taken at once
    (Appleyard, Kočiský & Blunsom 2016).

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
        The state before the first step.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)
    b : ndarray of shape (H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, t] is the state after step t; T = 0 gives no states, (B, 0, H).

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    x, h0, W_x, W_h, b = checked_arrays(x=(x, "B T D"), h0=(h0, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H"), b=(b, "H"))
    h = x.transpose(1, 0, 2) @ W_x  # (T, B, H): each step's share of the input, until its state takes the place
    h += b
    h_prev, recurrent = h0, np.empty(h0.shape, h0.dtype)
    for h_t in h:
        h_t += np.matmul(h_prev, W_h, out=recurrent)
        h_prev = np.tanh(h_t, out=h_t)
    return h.transpose(1, 0, 2)


def output_layer(h: Array, W_y: Array, b_y: Array) -> Array:
    """States to logits.

    y = h W_y + b_y

    Parameters
    ----------
    h : ndarray of shape (..., H)
        Any leading axes: (B, H) for one step, (B, T, H) for all.
    W_y : ndarray of shape (H, O)
    b_y : ndarray of shape (O,)

    Returns
    -------
    y : ndarray of shape (..., O)

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    h, W_y, b_y = checked_arrays(h=(h, "... H"), W_y=(W_y, "H O"), b_y=(b_y, "O"))
    return h @ W_y + b_y


def many_to_one(x: Array, h0: Array, params: Mapping[str, Array]) -> Array:
    """A sequence in, one output: the output layer on the last state.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    y : ndarray of shape (B, O)
        With T = 0 no step is taken, and the last state is h0.

    Raises
    ------
    ValueError
        A shape does not fit, or params lacks an entry.
    """
    x, h0, W_x, W_h, b, W_y, b_y = _checked(x, h0, params)
    h = rnn_forward(x, h0, W_x, W_h, b)
    return output_layer(h[:, -1] if h.shape[1] else h0, W_y, b_y)


def many_to_many(x: Array, h0: Array, params: Mapping[str, Array]) -> Array:
    """A sequence in, an output at every step: the output layer on every state.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    y : ndarray of shape (B, T, O)
        T = 0 gives no outputs, (B, 0, O).

    Raises
    ------
    ValueError
        A shape does not fit, or params lacks an entry.
    """
    x, h0, W_x, W_h, b, W_y, b_y = _checked(x, h0, params)
    return output_layer(rnn_forward(x, h0, W_x, W_h, b), W_y, b_y)


def one_to_many(x0: Array, h0: Array, params: Mapping[str, Array], steps: int) -> Array:
    """One input, a sequence out: every output is the next step's input.

    x_{t+1} = y_t, as logits: no softmax in between.

    Parameters
    ----------
    x0 : ndarray of shape (B, D)
        The input of the first step.
    h0 : ndarray of shape (B, H)
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,), with O = D
    steps : int, 0 or more

    Returns
    -------
    y : ndarray of shape (B, steps, O)

    Raises
    ------
    ValueError
        A shape does not fit (O = D too), params lacks an entry, or steps is not an integer of 0 or more.
    """
    W_x, W_h, b, W_y, b_y = named_entries(params, _NAMES)
    x, h, W_x, W_h, b, W_y, b_y = checked_arrays(
        x0=(x0, "B D"), h0=(h0, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H"), b=(b, "H"), W_y=(W_y, "H D"), b_y=(b_y, "D")
    )
    if not isinstance(steps, int | np.integer) or steps < 0:
        raise ValueError(f"steps is {steps!r}, expected an integer of 0 or more")
    y = np.empty((len(x), steps, x.shape[1]), x.dtype)
    for t in range(steps):
        h = rnn_cell_forward(x, h, W_x, W_h, b)
        x = y[:, t] = output_layer(h, W_y, b_y)
    return y


def _checked(x: Array, h0: Array, params: Mapping[str, Array]) -> list[Array]:
    """x, h0 and the entries of params in the order of _NAMES, their dtype settled among all of them."""
    W_x, W_h, b, W_y, b_y = named_entries(params, _NAMES)
    return checked_arrays(
        x=(x, "B T D"), h0=(h0, "B H"), W_x=(W_x, "D H"), W_h=(W_h, "H H"), b=(b, "H"), W_y=(W_y, "H O"), b_y=(b_y, "O")
    )
