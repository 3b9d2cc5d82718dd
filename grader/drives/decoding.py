"""What asks the searches of 14-decoding.

A search is given its model as a function, and a state whose first axis is the hypothesis. Cases hold the state without
that axis, which is 1.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.drives import Drive, Inputs
from grader.trees import Tree

Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _greedy(search: Callable[..., Any], step: Step, state: np.ndarray, start: int, end: int, max_length: int) -> Tree:
    return search(step, state[np.newaxis], start, end, max_length)


greedy_search = Drive(ask=_greedy)


def _beam(
    search: Callable[..., Any], step: Step, state: np.ndarray, start: int, end: int, width: int, max_length: int,
    length_penalty: float,
) -> Tree:  # fmt: skip
    """What it returns, and on how many hypotheses it has called step each time."""
    calls: list[int] = []

    def counted(state: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        calls.append(np.size(tokens))
        return step(state, tokens)

    return search(counted, state[np.newaxis], start, end, width, max_length, length_penalty), calls


def _beam_as_read(inputs: Inputs, value: Tree) -> Tree:
    """hypotheses, scores and calls."""
    returned, calls = value
    if not isinstance(returned, list | tuple) or len(returned) != 2:
        raise ValueError("returns something else than two things, hypotheses and scores")
    return *returned, calls


beam_search = Drive(ask=_beam, read=_beam_as_read)
