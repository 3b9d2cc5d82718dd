"""Shapes said once, at the top of a function, by the letters of the conventions page.

x, h_prev, W_x = checked_arrays(x=(x, "B D"), h_prev=(h_prev, "B H"), W_x=(W_x, "D H"))
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array

_KINDS = {float: "biuf", int: "iu", bool: "b"}  # the dtypes of numpy that count as one

Sizes = dict[str, int | tuple[int, ...]]


def checked_arrays(**arguments: tuple[Any, str] | tuple[Any, str, type]) -> list[npt.NDArray[Any]]:
    """The arguments as arrays, in the order given, once their shapes are known to fit one another.

    Parameters
    ----------
    **arguments : name=(value, axes) or name=(value, axes, type)
        axes: a letter per axis, split by spaces: "B T D". The same letter is the same size in all
        arguments, "4H" is four times H, and a leading "..." is any axes, the same in all arguments.
        type: float (the default; integers are welcome), int or bool.

    Returns
    -------
    list of ndarray of int64, bool, and float32 or float64
        The floats are float32 if every one of them came as float32, else all are float64. Never copied
        without need: treat them as the caller's own.

    Raises
    ------
    ValueError
        A shape or dtype does not fit; the message names the argument.
    """
    sizes: Sizes = {}
    arrays, kinds = [], []
    for name, (value, axes, *given) in arguments.items():
        kinds.append(given[0] if given else float)
        arrays.append(_as_array(name, value, kinds[-1]))
        letters = axes.split()
        if not _fits(arrays[-1].shape, letters, sizes):
            raise ValueError(f"{name} has shape {arrays[-1].shape}, expected {_described(letters, sizes)}")
    narrow = all(array.dtype == np.float32 for array, kind in zip(arrays, kinds, strict=True) if kind is float)
    dtypes = {float: np.float32 if narrow else np.float64, int: np.int64, bool: np.bool_}
    return [array.astype(dtypes[kind], copy=False) for array, kind in zip(arrays, kinds, strict=True)]


def named_entries(params: Mapping[str, Array], names: str, argument: str = "params") -> list[Array]:
    """The entries of a dict of arrays, in the order of names ("W_x W_h b"); ValueError if one is missing."""
    missing = [name for name in names.split() if name not in params]
    if missing:
        raise ValueError(f"{argument} has no {', '.join(missing)}; expected the keys {names}")
    return [params[name] for name in names.split()]


def _as_array(name: str, value: object, kind: type) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of unequal length
        raise ValueError(f"{name} is not an array: {error}") from error
    if array.size and array.dtype.kind not in _KINDS[kind]:
        raise ValueError(f"{name} has dtype {array.dtype}, expected {kind.__name__}")
    return array


def _fits(shape: tuple[int, ...], letters: list[str], sizes: Sizes) -> bool:
    """Whether shape fits; a letter met for the first time is entered in sizes."""
    if letters[:1] == ["..."]:
        letters = letters[1:]
        leading = max(0, len(shape) - len(letters))
        if sizes.setdefault("...", shape[:leading]) != shape[:leading]:
            return False
        shape = shape[leading:]
    if len(shape) != len(letters):
        return False
    for size, axis in zip(shape, letters, strict=True):
        factor, letter = _factor_and_letter(axis)
        if size % factor or sizes.setdefault(letter, size // factor) != size // factor:
            return False
    return True


def _factor_and_letter(axis: str) -> tuple[int, str]:
    """(4, "H") for "4H", (1, "D") for "D"."""
    letter = axis.lstrip("0123456789")
    return int(axis.removesuffix(letter) or 1), letter


def _described(letters: list[str], sizes: Sizes) -> str:
    """The shape asked for, as in "(B, 4H) where B = 2, H = 3"."""
    names = dict.fromkeys(_factor_and_letter(axis)[1] for axis in letters)
    known = ", ".join(f"{name} = {sizes[name]}" for name in names if name in sizes)
    return f"({', '.join(letters)})" + (f" where {known}" if known else "")


def check_ids(name: str, ids: npt.NDArray[Any], V: int) -> None:
    """ValueError if one of the integers is no row of a table of V."""
    if ids.size and (ids.min() < 0 or ids.max() >= V):
        raise ValueError(f"{name} holds ids from {ids.min()} to {ids.max()}, expected 0 to {V - 1}")
