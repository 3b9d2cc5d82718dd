"""Judge random numbers by the law that they should follow, whichever way they were drawn.

A law is plain data, made by `normal`, `uniform`, `orthogonal` or `inverted_dropout`; `misfit` says how an array of
numbers differs from what it allows. All its tests together reject fewer than one in thirty million right draws: each is
set where theory bounds its share by a few 1e-9. So a whole assignment has less than one in a million.
"""

import math
from collections.abc import Sequence

import numpy as np

from grader.trees import Tree

_TAIL = 20.0  # each test's threshold lies where the bound on its tail is exp(-20) = 2e-9, on either side
_KOLMOGOROV = 3.2  # 2 exp(-2 · 3.2²) = 3e-9 (Massart 1990)
_COINS = 30  # tosses, of which all fall alike with probability 2 / 2^30 = 2e-9
_ENDS = 16  # how many numbers from either end recognise a draw

Shape = Sequence[int]


def normal(shape: Shape, sd: float) -> Tree:
    """Independent normal numbers with mean 0 and standard deviation `sd`."""
    return {"law": "normal", "shape": list(shape), "sd": float(sd)}


def uniform(shape: Shape, bound: float) -> Tree:
    """Independent numbers, uniform between -bound and bound."""
    return {"law": "uniform", "shape": list(shape), "bound": float(bound)}


def orthogonal(shape: Shape, gain: float = 1.0) -> Tree:
    """`gain` times a matrix with orthonormal rows or columns, whichever are fewer, any such matrix as likely."""
    return {"law": "orthogonal", "shape": list(shape), "gain": float(gain)}


def inverted_dropout(shape: Shape, rate: float) -> Tree:
    """Independent entries, 0 with probability `rate` and 1 / (1 - rate) otherwise."""
    return {"law": "inverted dropout", "shape": list(shape), "rate": float(rate)}


def misfit(law: Tree, numbers: np.ndarray) -> str:
    """Why these numbers, of the law's shape, do not follow `law`, as a predicate; empty if they may."""
    if not np.isfinite(numbers).all():
        return "holds NaN or inf"
    if not numbers.size:
        return ""
    match law:
        case {"law": "normal", "sd": sd}:
            levels = _normal_cdf(numbers / sd)
            return (
                _of_spread(numbers, sd)
                or _of_shape(levels, "normally")
                or _of_order(numbers, sd)
                or _of_repeats(numbers)
            )
        case {"law": "uniform", "bound": bound}:
            sd, levels = bound / math.sqrt(3), (numbers / bound + 1) / 2
            return (
                _of_bound(numbers, bound)
                or _of_spread(numbers, sd)
                or _of_shape(levels, "uniformly")
                or _of_order(numbers, sd)
                or _of_repeats(numbers)
            )
        case {"law": "orthogonal", "gain": gain}:
            return _of_angles(numbers, gain) or _of_signs(numbers / gain)
        case {"law": "inverted dropout", "rate": rate}:
            return _of_masks(numbers, rate)
    raise ValueError(f"{law!r} is no law")


def fingerprint(value: Tree) -> Tree:
    """What recognises a draw: its shape, and a few numbers from either end; of several outputs, one for each."""
    if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray) for part in value):
        return tuple(map(fingerprint, value))
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):  # no numbers at all
        return None
    return {"shape": list(numbers.shape), "first": numbers.ravel()[:_ENDS], "last": numbers.ravel()[-_ENDS:]}


def _of_bound(numbers: np.ndarray, bound: float) -> str:
    largest = np.abs(numbers).max()
    return f"reaches {largest:.4g}, and should stay within ±{bound:.4g}" if largest > bound * (1 + 1e-6) else ""


def _of_spread(numbers: np.ndarray, sd: float) -> str:
    """Mean 0 and the standard deviation asked for? (Laurent & Massart 2000 bound the tails of the latter's square.)"""
    n = numbers.size
    mean, share = float(numbers.mean()), float(np.mean(numbers**2)) / sd**2
    if abs(mean) > math.sqrt(2 * _TAIL / n) * sd:
        return f"has the mean {mean:.4g}, expected 0 ± {sd / math.sqrt(n):.2g}"
    if not 1 - 2 * math.sqrt(_TAIL / n) <= share <= 1 + 2 * math.sqrt(_TAIL / n) + 2 * _TAIL / n:
        return f"has the standard deviation {sd * math.sqrt(share):.4g}, expected about {sd:.4g}"
    return ""


def _of_shape(levels: np.ndarray, adverb: str) -> str:
    """Are the levels, the law's distribution function at each number, even (Kolmogorov, Smirnov), also at the ends?"""
    steps = np.arange(levels.size + 1) / levels.size
    ordered = np.sort(levels, axis=None)
    distance = max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max())
    reach = np.abs(2 * levels - 1).max()  # all of n even numbers are below 1 - x/n with probability exp(-x)
    if distance * math.sqrt(levels.size) > _KOLMOGOROV or reach < 1 - _TAIL / levels.size:
        return f"is not {adverb} distributed, though mean and spread are right"
    return ""


def _of_order(numbers: np.ndarray, sd: float) -> str:
    """Do numbers of mean 0 have nothing to do with their neighbours along any axis?"""
    for axis in range(numbers.ndim):
        moved = np.moveaxis(numbers, axis, 0)
        products = moved[:-1] * moved[1:] / sd**2
        largest = np.abs(products).max(initial=1.0)
        if abs(products.sum()) > math.sqrt(2 * _TAIL * products.size) + _TAIL * largest / 3:  # Bernstein's inequality
            return "has numbers that follow from their neighbours: draw each one"
    return ""


def _of_repeats(numbers: np.ndarray) -> str:
    few = len(np.unique(numbers)) < 0.9 * numbers.size
    return "holds the same numbers again and again: draw each one" if few else ""


def _of_angles(matrix: np.ndarray, gain: float) -> str:
    """Are the rows or the columns, whichever are fewer, orthogonal and `gain` long?"""
    rows, columns = matrix.shape
    vectors, what = (matrix, "rows") if rows <= columns else (matrix.T, "columns")
    products = vectors @ vectors.T / gain**2
    if np.abs(np.diag(products) - 1).max() > 1e-4:
        longest = np.sqrt(np.diag(products)).max() * abs(gain)
        return f"has {what} of length {longest:.4g}, expected {abs(gain):.4g}"
    if np.abs(products - np.eye(len(products))).max() > 1e-4:
        return f"has {what} that are not orthogonal to each other"
    return ""


def _of_signs(matrix: np.ndarray) -> str:
    """Are the signs of its columns (rows) as likely to be the other way round?

    A QR decomposition by reflections gives R's diagonal signs that follow from the matrix (Mezzadri 2007). If Q is
    used as it comes, decomposing Q once more gives no minus at all; if every orthonormal matrix is as likely, the
    signs are tosses of a coin.
    """
    signs = np.sign(np.diag(np.linalg.qr(matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T)[1]))
    if signs.size >= _COINS and abs(signs.sum()) == signs.size:
        return "is orthogonal, but not every such matrix is as likely: the signs of its columns are not left to chance"
    return ""


def _of_masks(mask: np.ndarray, rate: float) -> str:
    kept = 1 / (1 - rate)
    strange = (np.abs(mask) > 1e-6) & (np.abs(mask - kept) > 1e-4 * kept)
    if strange.any():
        return f"holds {mask[strange][0]:.4g}, where only 0 and {kept:.4g} should be"
    dropped, n = (np.abs(mask) <= 1e-6), mask.size
    allowed = math.sqrt(2 * _TAIL * n * rate * (1 - rate)) + _TAIL  # Bernstein's inequality
    if rate == 0 and dropped.any():
        return "holds zeros, where nothing should be dropped"
    if abs(int(dropped.sum()) - n * rate) > allowed:
        return f"drops a share of {dropped.mean():.3g}, expected about {rate:.3g}"
    return _of_order(dropped - rate, math.sqrt(rate * (1 - rate))) if rate else ""


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    return np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in z.ravel().tolist()])
