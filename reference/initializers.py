"""05-initializers: the first weights, drawn so that neither the signal nor the gradient dies or bursts on its way.

`shape` is that of a weight matrix as the course multiplies, x W: (fan_in, fan_out) as it stands. A stacked (D, 4H)
has fan_out 4H. Every function draws from the given rng alone, and returns float64.
"""

import math

import numpy as np

from reference import Array

__all__ = ["fans", "he_normal", "he_uniform", "lstm_bias", "orthogonal", "xavier_normal", "xavier_uniform"]

Shape = tuple[int, int]


def fans(shape: Shape) -> Shape:
    """How many numbers a unit reads, and how many units each number is read by.

    Parameters
    ----------
    shape : tuple of two int, 0 or more
        That of a weight matrix W in x W.

    Returns
    -------
    fan_in, fan_out : int
        The rows and the columns of W. 0 is possible: such a matrix has no numbers, but it has a shape.

    Raises
    ------
    ValueError
        shape is not of two integers of 0 or more.

    Notes
    -----
    Glorot & Bengio (2010) call them n_j and n_{j+1}. PyTorch stores the transpose, and swaps them accordingly.
    """
    if not (isinstance(shape, tuple | list) and len(shape) == 2 and all(_is_count(size) for size in shape)):
        raise ValueError(f"shape is {shape!r}, expected two integers of 0 or more")
    fan_in, fan_out = shape
    return int(fan_in), int(fan_out)


def xavier_normal(rng: np.random.Generator, shape: Shape) -> Array:
    """Normal weights that are fair to the signal and to the gradient alike.

    W_ij ~ N(0, σ²), σ² = 2 / (fan_in + fan_out)    (Glorot & Bengio 2010, equation 12)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int, 0 or more

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)
        With a size of 0 there is nothing to draw, and W is empty.

    Raises
    ------
    ValueError
        rng is no Generator, or shape is not of two integers of 0 or more.
    """
    fan_in, fan_out = fans(shape)
    return _normal(rng, shape, fan_in + fan_out)


def xavier_uniform(rng: np.random.Generator, shape: Shape) -> Array:
    """Uniform weights of the variance of `xavier_normal`.

    W_ij ~ U(-w, w), w = √(6 / (fan_in + fan_out))    (Glorot & Bengio 2010, equation 16)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int, 0 or more

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)
        With a size of 0 there is nothing to draw, and W is empty.

    Raises
    ------
    ValueError
        rng is no Generator, or shape is not of two integers of 0 or more.
    """
    fan_in, fan_out = fans(shape)
    return _uniform(rng, shape, fan_in + fan_out)


def he_normal(rng: np.random.Generator, shape: Shape) -> Array:
    """Normal weights for ReLU units, of which half are silent.

    W_ij ~ N(0, σ²), σ² = 2 / fan_in    (He et al. 2015, equation 10)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int, 0 or more

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)
        With a size of 0 there is nothing to draw, and W is empty.

    Raises
    ------
    ValueError
        rng is no Generator, or shape is not of two integers of 0 or more.
    """
    fan_in, _ = fans(shape)
    return _normal(rng, shape, fan_in)


def he_uniform(rng: np.random.Generator, shape: Shape) -> Array:
    """Uniform weights of the variance of `he_normal`.

    W_ij ~ U(-w, w), w = √(6 / fan_in)    (He et al. 2015, equation 10, for its variance)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int, 0 or more

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)
        With a size of 0 there is nothing to draw, and W is empty.

    Raises
    ------
    ValueError
        rng is no Generator, or shape is not of two integers of 0 or more.
    """
    fan_in, _ = fans(shape)
    return _uniform(rng, shape, fan_in)


def orthogonal(rng: np.random.Generator, shape: Shape, gain: float = 1.0) -> Array:
    """A rotation or reflection, each as likely as any other; a part of one where the shape is not square.

    W = gain Q, where QᵀQ = I if Q is tall, QQᵀ = I if it is wide, and both if it is square    (Saxe et al. 2014)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int, 0 or more
    gain : float
        Any finite number; its absolute value is every singular value of W. 0 gives zeros, and since Q and -Q are
        equally likely, a negative gain means the same distribution as its absolute value.

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)
        With a size of 0 there is nothing to draw, and W is empty.

    Raises
    ------
    ValueError
        rng is no Generator, shape is not of two integers of 0 or more, or gain is not a finite number.

    Notes
    -----
    A normal matrix A has no direction that it prefers: U A is distributed as A is, for every rotation U. So is the
    Q of A = QR, if a positive diagonal of R makes the two unique. LAPACK's diagonal has the signs that rounding
    likes best, and its Q is orthogonal, but not Haar distributed: move the signs to Q (Mezzadri 2007, section 5).
    """
    rows, columns = fans(shape)
    gain = _finite("gain", gain)
    tall = _generator(rng).standard_normal((max(rows, columns), min(rows, columns)))
    Q, R = np.linalg.qr(tall)
    Q *= gain * np.copysign(1.0, np.diagonal(R))  # column by column
    return Q if rows >= columns else Q.T


def lstm_bias(H: int, forget: float = 1.0) -> Array:
    """An LSTM's first bias: nothing, but for the forget gates, which start open.

    Parameters
    ----------
    H : int, 0 or more
        Hidden units.
    forget : float
        The bias of the forget gates, any finite number: a gate with no other input is at σ(forget), so that 0
        keeps half of the cell at every step and 1 keeps 0.73 of it.

    Returns
    -------
    b : ndarray of shape (4H,)
        The blocks i, f, g, o: zeros, forget in f.

    Raises
    ------
    ValueError
        H is not an integer of 0 or more, or forget is not a finite number.

    Notes
    -----
    Gers, Schmidhuber & Cummins (2000) had the idea, Jozefowicz, Zaremba & Sutskever (2015) the evidence.
    """
    if not _is_count(H):
        raise ValueError(f"H is {H!r}, expected an integer of 0 or more")
    b = np.zeros(4 * H)
    b[H : 2 * H] = _finite("forget", forget)
    return b


def _normal(rng: np.random.Generator, shape: Shape, fan: int) -> Array:
    return _generator(rng).normal(0.0, math.sqrt(_variance(fan)), shape)


def _uniform(rng: np.random.Generator, shape: Shape, fan: int) -> Array:
    w = math.sqrt(3.0 * _variance(fan))  # the variance of U(-w, w) is w² / 3
    return _generator(rng).uniform(-w, w, shape)


def _variance(fan: int) -> float:
    """2 / fan. Matrices with a fan of 0 have no numbers, and any variance will do."""
    return 2.0 / max(fan, 1)


def _generator(rng: np.random.Generator) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng is {rng!r}, expected a numpy.random.Generator")
    return rng


def _finite(name: str, value: float) -> float:
    if not (isinstance(value, int | float | np.integer | np.floating) and math.isfinite(value)):
        raise ValueError(f"{name} is {value!r}, expected a finite number")
    return float(value)


def _is_count(size: object) -> bool:
    return isinstance(size, int | np.integer) and bool(size >= 0)
