"""Unseeded draws that come out the same in every run: equal submissions, equal scores.

numpy keeps its state through a fork, but Python's `random` draws a new one from the system in every child.
"""

import sys
from typing import Any


def seed() -> None:
    """Seed the generators that are imported, with the same number for everybody."""
    if "random" in sys.modules:
        sys.modules["random"].seed(0)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(0)


def state() -> Any:
    """What `restore` needs in a child."""
    return sys.modules["random"].getstate() if "random" in sys.modules else None


def restore(state: Any) -> None:
    """Go on, in a child, where the parent was when it called `state`."""
    if state is not None:
        sys.modules["random"].setstate(state)
