"""How much a question may ask of a right function: about as much as its own inputs, with room for any honest solution.

Right functions run in the grader's process, which nothing interrupts. What one call costs follows from the numbers that
it gets, and from their shapes: few bytes suffice for an array of 0 x 10⁹, which is a loop of 10⁹ steps, or for sizes of
10⁶ by 10⁶. The most that any of our right or wrong solutions asks for is 2.4 times the numbers of a case (a gradient
with its cache), and 1.2 times its largest size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

import numpy as np

from grader.trees import Given, Tree

_TIMES = 8  # what the inputs have
_NUMBERS, _LARGEST, _PRODUCT = 1_000, 100, 2**20  # and at least


@dataclass(frozen=True)
class Size:
    """How large a tree is.

    numbers: how many there are, in arrays and out of them; an axis of none counts as one, since what is made of the
    array may have the others. largest: integer, or length of an axis or a list. product:
    of all integers outside arrays, which may be the sizes of an array to be made.
    """

    numbers: int
    largest: int
    product: int

    @classmethod
    def of(cls, tree: Tree) -> Self:
        """The size of one tree; text has none, since it is bounded where it travels."""
        match tree:
            case np.ndarray():
                values = np.abs(tree.astype(float)).max(initial=0) if tree.dtype.kind in "iu" else 0
                return cls(prod(max(1, n) for n in tree.shape), max(int(values), *tree.shape, 0), 1)
            case dict():
                return cls._all(list(tree.values()))
            case list() | tuple():
                return cls._all(tree)
            case Given():
                return cls.of(tree.constants)
            case int():
                return cls(1, abs(tree), max(1, abs(tree)))
            case _:
                return cls(1, 0, 1)

    @classmethod
    def _all(cls, trees: Sequence[Tree]) -> Self:
        sizes = [cls.of(tree) for tree in trees]
        return cls(
            numbers=sum(size.numbers for size in sizes),
            largest=max([len(trees), *(size.largest for size in sizes)]),
            product=prod(size.product for size in sizes),
        )


def bound(cases: Sequence[dict[str, Tree]]) -> Size:
    """The largest that one call of a right function may be, in a question with these cases."""
    sizes = [Size.of(case) for case in cases]
    return Size(
        numbers=max([_NUMBERS, *(_TIMES * size.numbers for size in sizes)]),
        largest=max([_LARGEST, *(_TIMES * size.largest for size in sizes)]),
        product=max([_PRODUCT, *(_TIMES * size.product for size in sizes)]),
    )


def exceeds(arguments: Tree, most: Size) -> bool:
    """Do the arguments of a call ask for more than that?"""
    size = Size.of(arguments)
    return size.numbers > most.numbers or size.largest > most.largest or size.product > most.product
