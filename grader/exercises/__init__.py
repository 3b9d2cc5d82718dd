"""The specs, one module per assignment. They are the answer key: no student gets this package."""

import importlib
import pkgutil
from collections.abc import Callable

from grader.exercise import Assignment
from grader.notebook import Notebook, carried
from grader.trees import Tree


def slugs() -> list[str]:
    """All assignments that have a spec, as "01-rnn", in the course's order."""
    return sorted(load(info.name).slug for info in pkgutil.iter_modules(__path__))


def load(slug: str) -> Assignment:
    """The assignment "01-rnn", or "rnn"; raises KeyError with the ones there are."""
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    name = slug.split("-", 1)[-1]
    if name not in names:
        raise KeyError(f"no assignment {slug!r}; there are: {', '.join(slugs())}")
    assignment: Assignment = importlib.import_module(f"{__name__}.{name}").assignment
    return assignment


def lent(release: Notebook) -> dict[str, Callable[..., Tree]]:
    """The right versions of the functions that a notebook carries over; raises KeyError for one that there is not."""
    return {name: load(slug).exercises[name].reference for slug, name in carried(release)}
