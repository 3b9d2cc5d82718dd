"""Ragged batches without their padding: the real steps of all rows, one after the other in one array.

The rows stand in the order of their lengths, the longest first, so that those which still run at a step are the first
ones: a step is one slice, the rows that have ended cost nothing, and what is left of T steps of B rows is the sum of
the lengths. (torch's packed sequences are the same.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Packing:
    """Where the N real steps of a batch of B rows stand: entry n is step `steps[n]` of row `rows[n]`.

    order (B,): the rows, the longest first. counts: how many of them run at step 0, 1, ... until none does.
    """

    order: Ints
    rows: Ints
    steps: Ints
    counts: tuple[int, ...]

    def pack(self, a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(B, T, ...) to (N, ...), a copy."""
        packed: npt.NDArray[Any] = a[self.rows, self.steps]
        return packed

    def slices(self) -> Iterator[slice]:
        """The places of each step, from the first step on."""
        start = 0
        for count in self.counts:
            yield slice(start, start + count)
            start += count


def packing(lengths: Ints) -> Packing:
    """How a batch with these lengths (B,) is packed."""
    order = np.argsort(-lengths, kind="stable")
    running = np.arange(lengths.max(initial=0))[:, np.newaxis] < lengths[order]  # (steps, B)
    steps, ranks = np.nonzero(running)
    return Packing(order, order[ranks], steps, tuple(running.sum(axis=1).tolist()))
