"""04-clipping: gradients kept within bounds, and the step at which a training run explodes.

`grads` is a dict of arrays by name, of any shapes, 0-d too. What comes back is new: a clipped gradient shares no
memory with the one given, even where nothing was clipped.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from reference import Array
from reference.shapes import checked_arrays

__all__ = ["clip_by_global_norm", "clip_by_norm", "clip_by_value", "detect_explosion"]


def clip_by_value(grads: Mapping[str, Array], lower: float, upper: float) -> dict[str, Array]:
    """Every entry of every gradient, brought into [lower, upper].

    g <- min(max(g, lower), upper), elementwise    (Mikolov 2012)

    Parameters
    ----------
    grads : dict of name -> ndarray of any shape
    lower, upper : float, lower <= upper
        Infinite ones are no bounds.

    Returns
    -------
    clipped : dict of name -> ndarray, like grads
        {} if grads is empty.

    Raises
    ------
    ValueError
        grads holds NaN, infinity or something that is no number; lower or upper is NaN or no number; lower > upper.
    """
    gradients = _gradients(grads)
    low, high = _number("lower", lower), _number("upper", upper)
    if low > high:
        raise ValueError(f"lower is {low}, above upper, which is {high}")
    return {name: np.asarray(np.clip(g, low, high)) for name, g in gradients.items()}


def clip_by_norm(g: Array, upper: float, lower: float | None = None) -> Array:
    """One gradient, made shorter if its norm is above upper, and longer if it is below lower.

    g <- g * upper / ||g||  if ||g|| > upper,    g <- g * lower / ||g||  if 0 < ||g|| < lower

    The norm is the square root of the sum of the squares of all entries, whatever the shape (the Frobenius norm of
    a matrix). The direction stays.

    Parameters
    ----------
    g : ndarray of any shape
    upper : float, above 0
    lower : float, from 0 to upper, or None
        None and 0 are no lower threshold.

    Returns
    -------
    clipped : ndarray, like g
        Zero if g is zero, which has no direction, and empty if g is.

    Raises
    ------
    ValueError
        g holds NaN, infinity or something that is no number; upper is not above 0; lower is negative or above upper.

    Notes
    -----
    The upper threshold is that of Pascanu, Mikolov & Bengio (2013, algorithm 1), for one array.
    """
    gradient = _gradient("g", g)
    high = _positive("upper", upper)
    low = 0.0 if lower is None else _number("lower", lower)
    if not 0.0 <= low <= high:
        raise ValueError(f"lower is {low}, expected from 0 to upper, which is {high}")
    largest, length = _length([gradient])
    norm = largest * length
    if norm > high:
        return _rescaled(gradient, largest, high / length)
    return _rescaled(gradient, largest, low / length) if 0.0 < norm < low else gradient.copy()


def clip_by_global_norm(grads: Mapping[str, Array], max_norm: float) -> tuple[dict[str, Array], float]:
    """All gradients, made shorter by the same factor if they are together longer than max_norm.

    g <- g * min(1, max_norm / norm),    norm = sqrt(sum of the squares of all entries of all gradients)

    Parameters
    ----------
    grads : dict of name -> ndarray of any shape
    max_norm : float, above 0
        An infinite one never clips: then the norm is measured, no more.

    Returns
    -------
    clipped : dict of name -> ndarray, like grads
        {} if grads is empty, zero if all gradients are.
    norm : float
        The norm before clipping; 0 if there are no entries, infinity if it is more than float64 can hold.

    Raises
    ------
    ValueError
        grads holds NaN, infinity or something that is no number; max_norm is not above 0.

    Notes
    -----
    Pascanu, Mikolov & Bengio (2013, algorithm 1), with all parameters' gradients as one vector. PyTorch divides by
    norm + 1e-6 and clips in place.
    """
    gradients = _gradients(grads)
    bound = _positive("max_norm", max_norm)
    largest, length = _length(gradients.values())
    norm = largest * length
    if norm > bound:
        return {name: _rescaled(g, largest, bound / length) for name, g in gradients.items()}, norm
    return {name: g.copy() for name, g in gradients.items()}, norm


def detect_explosion(losses: Array, norms: Array, factor: float) -> int | None:
    """The first training step at which something blew up.

    That is the first t where the loss or the norm is NaN or infinite, or
    norms[t] > factor * median(norms[0], ..., norms[t-1]).

    Parameters
    ----------
    losses, norms : ndarray of shape (T,)
        One loss and one gradient norm for each of T updates.
    factor : float, above 0 and finite

    Returns
    -------
    step : int or None
        None if nothing blew up, as with T = 0. At the first step no norm is too large, only a non-finite one.

    Raises
    ------
    ValueError
        losses or norms is not 1-D, or they differ in length; a norm is negative; factor is not above 0 and finite.

    Notes
    -----
    The median of an even number of norms is the mean of the two in the middle. A median, unlike a mean, is not
    moved by the few large norms that a healthy run has, too.
    """
    losses, norms = checked_arrays(losses=(losses, "T"), norms=(norms, "T"))
    if (norms < 0).any():
        raise ValueError(f"norms holds {norms[norms < 0][0]}, and no norm is negative")
    times = _positive("factor", factor)
    if not np.isfinite(times):
        raise ValueError(f"factor is {times}, expected a finite number")
    for t, (loss, norm) in enumerate(zip(losses, norms, strict=True)):
        if not (np.isfinite(loss) and np.isfinite(norm)) or (t > 0 and norm > times * np.median(norms[:t])):
            return t
    return None


def _gradients(grads: Mapping[str, Array]) -> dict[str, Array]:
    """The gradients as arrays of one dtype: float32 if all of them are, else float64."""
    arrays = {name: _gradient(f"grads[{name!r}]", value) for name, value in grads.items()}
    dtype = np.result_type(np.float32, *arrays.values())
    return {name: array.astype(dtype, copy=False) for name, array in arrays.items()}


def _gradient(argument: str, value: Array) -> Array:
    """value as an array; ValueError if an entry is no finite number."""
    (array,) = checked_arrays(**{argument: (value, "...")})
    if not np.isfinite(array).all():
        raise ValueError(f"{argument} holds NaN or infinity, which no clipping makes finite")
    return array


def _length(arrays: Iterable[Array]) -> tuple[float, float]:
    """The largest absolute entry, and the norm in units of it (0 if all is zero): no square can overflow."""
    parts = list(arrays)
    largest = max((float(np.abs(a).max(initial=0.0)) for a in parts), default=0.0)
    if not largest:
        return 0.0, 0.0
    return largest, float(np.sqrt(sum(np.sum(np.square(a / largest), dtype=np.float64) for a in parts)))


def _rescaled(g: Array, largest: float, length: float) -> Array:
    """g in units of the largest entry, times length: neither factor leaves the range of its dtype."""
    return np.asarray(g / largest * length)


def _number(name: str, value: float) -> float:
    """value as a float; ValueError if it is no single number, or NaN."""
    (number,) = checked_arrays(**{name: (value, "")})
    if np.isnan(number):
        raise ValueError(f"{name} is NaN")
    return float(number)


def _positive(name: str, value: float) -> float:
    number = _number(name, value)
    if number <= 0:
        raise ValueError(f"{name} is {number}, expected a number above 0")
    return number
