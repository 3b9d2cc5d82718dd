"""Whole notebooks that try to get marks for nothing, to reach what is not theirs, or to do harm.

Each attack is a function that is handed a right submission and spoils it:

    @attack("softmax", says="adds up to")
    def one_for_everything(forged: Forgery) -> None:
        \"\"\"Answers that claim to be equal to whatever they are compared with.\"\"\"
        forged.answer("softmax", "...")

It names the questions that must get nothing (all others must have full marks), and what the feedback must say. Nothing
here aims at anything but what `planted.Planted` has put there, and everything is bounded in count and time, so that a
hole in the sandbox harms nothing. test_attacks.py grades them in the sandbox, `python -m grader.benchmarks.attacks`
counts what stock nbgrader makes of them.
"""

import importlib
import inspect
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course, notebook_name
from grader.notebook import Cell, Notebook, grade_id
from grader.tests import submissions
from grader.tests.attacks.planted import Planted

SLUG = "01-rnn"
FAMILIES = (
    "marks",
    "marks_notebook",
    "marks_wire",
    "marks_search",
    "marks_library",
    "marks_state",
    "marks_proxies",
    "marks_honest",
    "reach",
    "reach_proc",
    "reach_files",
    "reach_metadata",
    "harm",
    "harm_room",
    "harm_crash",
    "harm_replies",
    "harm_proxies",
    "harm_cells",
    "people",
)  # modules in this package


@dataclass
class Forgery:
    """A submission on its way to becoming an attack: first the right answers in the released notebook, no more.

    files: what else lies in the submission's folder; a name may have folders in it. arrange: what else is done to that
    folder, once all files are there, such as links. student: the name that it is handed in under.
    """

    notebook: Notebook
    planted: Planted
    student: str = "mallory"
    files: dict[str, bytes] = field(default_factory=dict)
    arrange: Callable[[Path], object] | None = None

    @property
    def cells(self) -> list[Cell]:
        """All cells, as JSON has them."""
        cells: list[Cell] = self.notebook["cells"]
        return cells

    def find(self, name: str) -> Cell:
        """The cell that nbgrader knows by `name`."""
        return next(cell for cell in self.cells if grade_id(cell) == name)

    def answer(self, name: str, text: str) -> None:
        """Put `text` in the place of the right answer to a question."""
        self.find(name)["source"] = _unindented(text) + "\n"

    def append(self, name: str, text: str) -> None:
        """Let `text` follow the right answer, in its cell."""
        self.find(name)["source"] += "\n\n" + _unindented(text) + "\n"

    def insert(self, text: str, before: str = "rnn_cell_forward") -> None:
        """Add a cell of code of the student's own in front of the cell `before`."""
        self.cells.insert(self.cells.index(self.find(before)), submissions.own_cell(_unindented(text)))

    def data(self) -> bytes:
        """The notebook's bytes, as they are handed in."""
        return json.dumps(self.notebook, indent=1).encode()

    def hand_in(self, course: Course, student: str) -> None:
        """Put it where a course has what the student submitted."""
        folder = course.submitted(SLUG, student).parent
        for name, data in {notebook_name(SLUG): self.data(), **self.files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        if self.arrange is not None:
            self.arrange(folder)


@dataclass(frozen=True)
class Attack:
    """What must come of it: `spoils` get nothing, all other questions full marks, and the feedback has `says` in it.

    harmful: not to be tried without a sandbox. refused: what is handed in is not graded at all, which can only be seen
    when a whole course is.
    """

    name: str
    spoils: tuple[str, ...]
    says: str
    harmful: bool
    refused: bool
    make: Callable[[Forgery], None]

    def forge(self, release: Notebook, planted: Planted) -> Forgery:
        """The submission, made of a right one."""
        files = submissions.right(release, SLUG, "loops")
        forged = Forgery(json.loads(files[notebook_name(SLUG)]), planted)
        self.make(forged)
        return forged


def _unindented(text: str) -> str:
    """A block as it stands in a program, or a text that begins on the first line and has no margin."""
    return inspect.cleandoc(text) if text.startswith("\n") else text.strip()


_found: dict[str, Attack] = {}


def attack(
    *spoils: str, says: str = "", harmful: bool = False, refused: bool = False
) -> Callable[[Callable[[Forgery], None]], None]:
    """Register the decorated function as an attack, under its module's and its own name."""

    def register(make: Callable[[Forgery], None]) -> None:
        name = f"{make.__module__.rpartition('.')[2]}/{make.__name__}"
        _found[name] = Attack(name, spoils, says, harmful, refused, make)

    return register


def load() -> dict[str, Attack]:
    """All attacks, by name."""
    for family in FAMILIES:
        importlib.import_module(f"{__name__}.{family}")
    return deepcopy(_found)
