"""Run the cells of a notebook that define things, in this process and without Jupyter."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.answers import describe
from grader.cells import compile_cell
from grader.notebook import Notebook, code_to_run
from grader.selfcheck import CheckFailed, kept_notes


@dataclass
class Definitions:
    """What the cells have defined, what those that raised raised, and what is to be said of what they carry over."""

    namespace: dict[str, object] = field(default_factory=dict)
    raised: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def function(self, name: str) -> Callable[..., object] | None:
        found = self.namespace.get(name)
        return found if callable(found) else None

    def why_missing(self, function: str) -> str:
        """Why there is no such function, as a predicate: "is not defined: ..."."""
        if function in self.raised:
            return f"is not defined: its cell raises {self.raised[function]}"
        others = [f"the cell `{name}` raises {what}" for name, what in self.raised.items()]
        return "is not defined: " + (others[0] if others else "was its cell deleted, or the function renamed?")


def run(notebook: Notebook, before: Callable[[str], object] = lambda name: None) -> Definitions:
    """Run the notebook's cells but for checks and experiments; one that raises does not stop the others.

    before: called with the name of each cell that is about to run.
    """
    definitions = Definitions({"__name__": "__main__", "display": print})
    token = kept_notes.set(definitions.notes)
    try:
        for name, text in code_to_run(notebook):
            before(name)
            _run_cell(name, text, definitions)
    finally:
        kept_notes.reset(token)
    return definitions


def _run_cell(name: str, text: str, definitions: Definitions) -> None:
    try:
        exec(compile_cell(name, text), definitions.namespace)
    except KeyboardInterrupt:
        raise
    except CheckFailed:  # a check that the student has copied
        return
    except BaseException as error:
        definitions.raised[name] = describe(error)


@contextlib.contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """As in a kernel of a notebook in `folder`, but that figures open no windows and warnings are silent."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    path = list(sys.path)
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.path.insert(0, str(folder))
        try:
            yield
        finally:
            sys.path[:] = path
