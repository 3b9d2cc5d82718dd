"""What a wrong array has in common with the right one: a factor, a sign, swapped axes or gates, a shift in time.

Each pattern tells which of its names fit one wrong array (or that the array is too small to tell). What counts is a
name that fits every wrong array of a question, and that at least one of them could have refuted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

import numpy as np

from grader.compare import GATES, TOLERANCES, Case, Question, Tolerance, agree
from grader.trees import Tree

OTHER_ORDER = "All that you return is right, but in another order than asked for."

Names = set[str] | None  # of what fits; None: this array cannot tell


@dataclass(frozen=True)
class Wrong:
    """An array that is not right, and what it should be. sizes: the case's letters, as {"B": 3}."""

    yours: np.ndarray
    expected: np.ndarray
    axes: tuple[str, ...]
    sizes: Mapping[str, int]


def wrong_arrays(question: Question, case: Case, values: tuple[Tree, ...]) -> Iterator[Wrong]:
    """The arrays among these outputs that are not right, those in dicts and lists included."""
    for output, expected, value in zip(question.outputs, case.expected, values, strict=True):
        for right, yours in _pairs(expected, value):
            if not _same(right, yours, TOLERANCES[question.tolerance]):
                letters = tuple(output.axes.split())
                yield Wrong(yours, right, letters if len(letters) == right.ndim else (), case.sizes)


def common(wrong: list[Wrong], tolerance: Tolerance) -> tuple[str, str] | None:
    """The first pattern that all these arrays show, and its hint."""
    for shows, hint in _PATTERNS:
        told = [names for names in (shows(array, tolerance) for array in wrong) if names is not None]
        if told and (shared := set.intersection(*told)):
            name = min(shared, key=lambda name: (len(name), name))
            return name, hint.format(name=name)
    return None


def _pairs(expected: Tree, value: Tree) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every array of numbers in `expected` with its counterpart; one that has none is paired with an empty array."""
    match expected:
        case dict():
            for key in expected:
                yield from _pairs(expected[key], value.get(key) if isinstance(value, dict) else None)
        case list() | tuple():
            many = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim)
            others = value if many else []  # not copied: an array may have a million million empty rows
            for i, part in enumerate(expected):
                yield from _pairs(part, others[i] if i < len(others) else None)
        case str() | None:
            yield np.ones(1), np.zeros(0)
        case _:
            try:
                yield np.asarray(expected, dtype=float), np.asarray([] if value is None else value, dtype=float)
            except (TypeError, ValueError):  # no numbers
                yield np.asarray(expected, dtype=float), np.zeros(0)


def _same(expected: np.ndarray, yours: np.ndarray, tolerance: Tolerance) -> bool:
    return expected.shape == yours.shape and bool(agree(yours, expected, tolerance).all())


def _not_a_number(w: Wrong, tolerance: Tolerance) -> Names:
    return {"not a number"} if np.isnan(w.yours).any() else set()


def _negated(w: Wrong, tolerance: Tolerance) -> Names:
    return {"negated"} if _same(w.expected, -w.yours, tolerance) else set()


def _axes_swapped(w: Wrong, tolerance: Tolerance) -> Names:
    orders = permutations(range(w.yours.ndim)) if w.yours.ndim <= 4 else []
    return {"axes swapped"} if any(_same(w.expected, w.yours.transpose(o), tolerance) for o in orders) else set()


def _factor(w: Wrong, tolerance: Tolerance) -> Names:
    """A factor of 2 or ½, or of a power of the batch's or the sequence's size."""
    factors = {"2": Fraction(2), "½": Fraction(1, 2)}
    for letter in w.sizes.keys() & {"B", "T"}:
        factors |= {letter: Fraction(w.sizes[letter]), f"1/{letter}": Fraction(1, w.sizes[letter])}
    if {"B", "T"} <= w.sizes.keys():
        both = w.sizes["B"] * w.sizes["T"]
        factors |= {"B·T": Fraction(both), "1/(B·T)": Fraction(1, both)}
    return {f"factor {name}" for name, size in factors.items() if _same(float(size) * w.expected, w.yours, tolerance)}


def _gates(w: Wrong, tolerance: Tolerance) -> Names:
    """The right blocks in another order, or one block that is wrong."""
    letters = GATES.get(w.axes[-1], "") if w.axes else ""
    if not letters:
        return None  # a state follows from its gates
    if w.yours.shape != w.expected.shape:
        return set()
    yours, right = (np.split(array, len(letters), axis=-1) for array in (w.yours, w.expected))
    names = set()
    for order in permutations(range(len(letters))):
        if all(_same(right[j], yours[i], tolerance) for i, j in enumerate(order)):
            names.add(f"gates in the order {', '.join(letters[j] for j in order)}")
    bad = [letter for letter, y, r in zip(letters, yours, right, strict=True) if not _same(r, y, tolerance)]
    return names | ({f"only the block of gate {bad[0]}"} if len(bad) == 1 else set())


def _in_time(w: Wrong, tolerance: Tolerance) -> Names:
    """Shifted by one step, or reversed; or right at one end only."""
    if "T" not in w.axes or w.yours.shape != w.expected.shape:
        return set()
    axis = w.axes.index("T")
    yours, right = np.moveaxis(w.yours, axis, 0), np.moveaxis(w.expected, axis, 0)
    if len(right) < 3:
        return None
    names = set()
    if _same(right[:-1], yours[1:], tolerance):
        names.add("one step late")
    if _same(right[1:], yours[:-1], tolerance):
        names.add("one step early")
    if _same(right[::-1], yours, tolerance):
        names.add("reversed in time")
    good = [_same(r, y, tolerance) for r, y in zip(right, yours, strict=True)]
    if good[0] and not any(good[1:]):
        names.add("right at the first step only")
    if good[-1] and not any(good[:-1]):
        names.add("right at the last step only")
    return names


def _single_precision(w: Wrong, tolerance: Tolerance) -> Names:
    if w.expected.shape != w.yours.shape:
        return set()
    off = np.abs(w.yours - w.expected).max(initial=0)
    return {"in single precision"} if off <= 1e-5 * np.abs(w.expected).max(initial=0) else set()


_PATTERNS: list[tuple[Callable[[Wrong, Tolerance], Names], str]] = [
    (_not_a_number, "There is a NaN in the result: look for 0/0, inf - inf or exp of a large number on the way."),
    (_single_precision, "Your numbers are nearly right: somewhere on the way they are rounded, as in float32."),
    (_negated, "Every number is right but for its sign."),
    (
        _factor,
        "What is wrong is wrong by a constant {name}: is there a mean where a sum belongs, or the other way round?",
    ),
    (_axes_swapped, "The numbers are right, but the axes are in another order than asked for."),
    (_gates, "Look at the stacked axis block by block. What is off: {name}."),
    (_in_time, "Look along the time axis. What you have is {name}."),
]
