"""The functions that every network of the course is made of, stable at any finite input, with derivatives.

A backward takes the upstream gradient dy and its forward's output y.
"""

import numpy as np

from reference import Array
from reference.shapes import checked_arrays

__all__ = [
    "log_softmax",
    "log_softmax_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh_backward",
]


def sigmoid(x: Array) -> Array:
    """The logistic function.

    Parameters
    ----------
    x : ndarray of any shape

    Returns
    -------
    y : ndarray, like x
        In [0, 1]: exactly 0 or 1 only where its dtype has nothing nearer.

    Notes
    -----
    y = 1 / (1 + exp(-x)), and for x < 0 the equal exp(x) / (1 + exp(x)): exp sees no positive number.
    """
    (x,) = checked_arrays(x=(x, "..."))
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """The gradient of the input of `sigmoid`, dx = dy * y * (1 - y).

    Parameters
    ----------
    dy, y : ndarray of any shape, the same for both
        The upstream gradient, and the output of `sigmoid`.

    Returns
    -------
    dx : ndarray, like y

    Raises
    ------
    ValueError
        dy and y differ in shape.
    """
    dy, y = checked_arrays(dy=(dy, "..."), y=(y, "..."))
    return dy * y * (1.0 - y)


def tanh_backward(dy: Array, y: Array) -> Array:
    """The gradient of the input of `numpy.tanh`, dx = dy * (1 - y^2).

    Parameters
    ----------
    dy, y : ndarray of any shape, the same for both
        The upstream gradient, and the output of tanh.

    Returns
    -------
    dx : ndarray, like y

    Raises
    ------
    ValueError
        dy and y differ in shape.
    """
    dy, y = checked_arrays(dy=(dy, "..."), y=(y, "..."))
    return dy * (1.0 - y * y)


def softmax(z: Array) -> Array:
    """Scores to probabilities, along the last axis.

    Parameters
    ----------
    z : ndarray of shape (..., O)
        Any leading axes. An entry may be -inf (its probability is 0), but not all entries of a row.

    Returns
    -------
    y : ndarray of shape (..., O)
        Every row sums to 1; with O = 0 there is nothing to sum, and y is empty.

    Raises
    ------
    ValueError
        z has no axis.

    Notes
    -----
    y_k = exp(z_k) / sum_j exp(z_j). A constant taken from the row cancels; with the row's maximum exp sees
    no positive number (Bridle 1990; Goodfellow, Bengio & Courville 2016, section 4.1).
    """
    exp_z = np.exp(_below_maximum(z))
    return exp_z / _row_sum(exp_z)


def softmax_backward(dy: Array, y: Array) -> Array:
    """The gradient of the input of `softmax`, dz_k = y_k * (dy_k - sum_j dy_j y_j).

    Parameters
    ----------
    dy, y : ndarray of shape (..., O)
        The upstream gradient, and the output of `softmax`. Where y is 0 (a masked weight), so is dz.

    Returns
    -------
    dz : ndarray of shape (..., O)

    Raises
    ------
    ValueError
        dy and y differ in shape, or have no axis.
    """
    dy, y = checked_arrays(dy=(dy, "... O"), y=(y, "... O"))
    return y * (dy - _row_sum(dy * y))


def log_softmax(z: Array) -> Array:
    """The logarithm of `softmax`, along the last axis, finite where softmax itself underflows to 0.

    Parameters
    ----------
    z : ndarray of shape (..., O)
        Any leading axes, and O at least 1.

    Returns
    -------
    y : ndarray of shape (..., O)
        At most 0, in nats.

    Raises
    ------
    ValueError
        z has no axis.

    Notes
    -----
    y_k = z_k - log sum_j exp(z_j), with the row's maximum taken from z first.
    """
    z = _below_maximum(z)
    return z - np.log(_row_sum(np.exp(z)))


def log_softmax_backward(dy: Array, y: Array) -> Array:
    """The gradient of the input of `log_softmax`, dz_k = dy_k - exp(y_k) * sum_j dy_j.

    Parameters
    ----------
    dy, y : ndarray of shape (..., O)
        The upstream gradient, and the output of `log_softmax`.

    Returns
    -------
    dz : ndarray of shape (..., O)

    Raises
    ------
    ValueError
        dy and y differ in shape, or have no axis.
    """
    dy, y = checked_arrays(dy=(dy, "... O"), y=(y, "... O"))
    return dy - np.exp(y) * _row_sum(dy)


def _below_maximum(z: Array) -> Array:
    """z less the maximum of its row: 0 is the largest entry."""
    (z,) = checked_arrays(z=(z, "... O"))
    row_max: Array = z.max(axis=-1, keepdims=True, initial=-np.inf)
    return z - row_max


def _row_sum(a: Array) -> Array:
    total: Array = a.sum(axis=-1, keepdims=True)
    return total
