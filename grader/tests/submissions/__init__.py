"""Whole submissions: right in many styles, wrong in every known way, broken in every way we met.

The tests grade them one by one, `unrolled demo` as a class. A submission is a dict of file names and contents.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from grader.course import notebook_name
from grader.exercise import Assignment
from grader.notebook import Cell, Notebook, grade_id, has

Files = dict[str, bytes]

_FOLDER = Path(__file__).parent
_MARKER = re.compile(r"^# %%(?: solution=\"(\w+)\")?.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    """A submission with something odd in it.

    says: what the grader must say of it. spoils: how many questions lose marks, the first ones of the assignment; None
    if there is nothing to grade at all.
    """

    files: Files
    says: str
    spoils: int | None = 1


def styles(slug: str) -> list[str]:
    """The names of the right answers, each written in a style of its own."""
    return sorted(path.stem for path in (_FOLDER / slug).glob("*.py"))


def right(release: Notebook, slug: str, style: str) -> Files:
    """A right submission: the released notebook with this style's cells filled in, in its order."""
    return _files(slug, _fill(release, _read_style(slug, style)))


def wrong(release: Notebook, assignment: Assignment) -> Iterator[tuple[dict[str, str], Files]]:
    """Every misconception, packed into as few submissions as hold at most one for each function.

    Yields the misconception of each function that has one, and the files.
    """
    most = max(len(exercise.misconceptions) for exercise in assignment)
    for number in range(most):
        texts = dict(_read_style(assignment.slug, styles(assignment.slug)[0]))
        chosen = {e.name: e.misconceptions[number] for e in assignment if number < len(e.misconceptions)}
        texts |= {name: mistake.source(name) for name, mistake in chosen.items()}
        named = {name: mistake.name for name, mistake in chosen.items()}
        yield named, _files(assignment.slug, _fill(release, list(texts.items())))


def untouched(release: Notebook, slug: str) -> Files:
    """The notebook as it was released."""
    return _files(slug, release)


def _read_style(slug: str, style: str) -> list[tuple[str, str]]:
    """The cells of a style's file, in order: the function's name (empty for a cell of one's own), and the text."""
    text = (_FOLDER / slug / f"{style}.py").read_text()
    pieces = _MARKER.split(text)[1:]
    cells = [(name or "", body.strip() + "\n") for name, body in zip(pieces[::2], pieces[1::2], strict=True)]
    return [(name, body) for name, body in cells if body.strip()]


def _fill(release: Notebook, cells: list[tuple[str, str]]) -> Notebook:
    """The release with `cells` in the places of its solution cells, in their order."""
    notebook = deepcopy(release)
    solutions = {grade_id(cell): cell for cell in notebook["cells"] if _is_solution(cell)}
    filled: list[list[Cell]] = [[]]
    for name, text in cells:
        filled[-1].append(solutions[name] | {"source": text} if name else own_cell(text))
        if name:
            filled.append([])
    places = iter(filled)
    notebook["cells"] = [new for cell in notebook["cells"] for new in (next(places) if _is_solution(cell) else [cell])]
    return notebook


def _is_solution(cell: Cell) -> bool:
    return has(cell, "solution") and cell["cell_type"] == "code"


def own_cell(text: str) -> Cell:
    """A code cell that a student added."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}


def _files(slug: str, notebook: Notebook) -> Files:
    return {notebook_name(slug): json.dumps(notebook, indent=1).encode()}


class _Editor:
    """Makes broken submissions out of a right one."""

    def __init__(self, release: Notebook, assignment: Assignment) -> None:
        self.slug = assignment.slug
        self.first = next(iter(assignment)).name
        self.notebook = _fill(release, _read_style(self.slug, styles(self.slug)[0]))
        self.good = next(iter(self.files().values()))

    def files(self, change: Callable[[list[Cell], Cell], None] | None = None) -> Files:
        """The right submission after `change`, which gets all cells and the first function's."""
        notebook = deepcopy(self.notebook)
        if change:
            change(notebook["cells"], next(cell for cell in notebook["cells"] if grade_id(cell) == self.first))
        return _files(self.slug, notebook)

    def body(self, *lines: str, before: str = "") -> Files:
        """The right submission with another body of the first function."""
        text = before + f"def {self.first}(*args):\n" + "".join(f"    {line}\n" for line in lines)
        return self.files(lambda cells, cell: cell.update(source=text))

    def after(self, *lines: str) -> Files:
        """The right submission with something more in the first function's cell."""
        return self.files(lambda cells, cell: cell.update(source=cell["source"] + "\n".join(["", *lines, ""])))


def broken(release: Notebook, assignment: Assignment) -> dict[str, Broken]:
    """Every odd submission that we met, by name."""
    edit = _Editor(release, assignment)
    return _unreadable(edit) | _odd_cells(edit) | _odd_answers(edit) | _odd_behaviour(edit)


def _unreadable(edit: _Editor) -> dict[str, Broken]:
    name = notebook_name(edit.slug)
    format_3 = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}).encode()
    return {
        "not-json": Broken({name: b"Dear teacher, my dog ate the notebook."}, "not JSON", None),
        "empty-file": Broken({name: b""}, "is empty", None),
        "half-a-file": Broken({name: edit.good[: len(edit.good) // 2]}, "not JSON", None),
        "50-megabytes": Broken({name: edit.good + b" " * 50 * 2**20}, "more than the 20 MB", None),
        "wrong-name": Broken({"Untitled (1).ipynb": edit.good}, "found Untitled (1).ipynb: rename it", None),
        "no-notebook": Broken({"answers.txt": b"h = tanh(x)"}, "no notebook at all", None),
        "format-3": Broken({name: format_3}, "notebook format 3", None),
    }


def _odd_cells(edit: _Editor) -> dict[str, Broken]:
    def check_cell_copied(cells: list[Cell], cell: Cell) -> None:
        cells.append(deepcopy(next(c for c in cells if has(c, "grade") and c["cell_type"] == "code")))

    def duplicated(cells: list[Cell], cell: Cell) -> None:
        earlier = cell | {"source": f"def {edit.first}(*args):\n    return 0.0  # a first try\n"}
        cells.insert(cells.index(cell), earlier)

    def renamed(cells: list[Cell], cell: Cell) -> None:
        cell["source"] = cell["source"].replace(f"def {edit.first}(", f"def my_{edit.first}(")

    return {
        "cell-deleted": Broken(edit.files(lambda cells, cell: cells.remove(cell)), f"`{edit.first}` was deleted"),
        "cell-duplicated": Broken(edit.files(duplicated), "is there twice", 0),
        "cells-reordered": Broken(edit.files(lambda cells, cell: cells.reverse()), "", 0),
        "check-cell-copied": Broken(edit.files(check_cell_copied), "", 0),
        "renamed": Broken(edit.files(renamed), "is not defined: was it renamed"),
        "syntax-error": Broken(edit.after("def oops(:"), "SyntaxError"),
        "missing-package": Broken(edit.after("import tensorflow"), "No module named 'tensorflow'", 0),
    }


def _odd_answers(edit: _Editor) -> dict[str, Broken]:
    first = f"`{edit.first}`"
    return {
        "wrong-arity": Broken(edit.files(lambda _, c: c.update(source=f"def {edit.first}():\n    pass")), "TypeError"),
        "returns-none": Broken(edit.body("pass"), f"{first} returns None"),
        "returns-object": Broken(edit.body("return object()"), f"{first} returns a value of type object, which"),
        "returns-generator": Broken(edit.body("yield 1"), f"{first} returns a value of type generator"),
        "returns-complex": Broken(edit.body("return args[0] * 1j"), "an array of dtype complex128"),
        "returns-strings": Broken(edit.body("return ['no', 'idea']"), "expected numbers"),
        "returns-ragged-list": Broken(edit.body("return [[1.0], [1.0, 2.0]]"), "is a ragged list"),
        "returns-wrong-shape": Broken(edit.body("return args[0][:0]"), "has shape"),
        "returns-nan": Broken(edit.body("return args[1] * float('nan')"), "is nan, expected"),
        "returns-inf": Broken(edit.body("return args[1] * 0 + float('inf')"), "is inf, expected"),
        "changes-its-input": Broken(edit.body("args[0][:] = 0", "return args[1]"), "changes its argument"),
    }


def _odd_behaviour(edit: _Editor) -> dict[str, Broken]:
    thread = [
        "import threading, time",
        "threading.Thread(target=lambda: [time.sleep(0.1) for _ in range(100)]).start()",
    ]
    daemon = ["import os, time", "if os.fork() == 0:", "    os.setsid()", "    time.sleep(100)", "    os._exit(0)"]
    bomb = ["import os", "while True:", "    try:", "        os.fork()", "    except OSError:", "        pass"]
    shout = ["for _ in range(1000):", "    print('x' * 100_000)"]
    return {
        "prints-100-megabytes": Broken(edit.after(*shout), "", 0),
        "endless-loop": Broken(edit.body("while True: pass"), "loop that never ends"),
        "endless-recursion": Broken(edit.body(f"return {edit.first}(*args)"), "RecursionError"),
        "sys-exit": Broken(edit.body("sys.exit(0)", before="import sys\n"), "SystemExit"),
        "os-exit": Broken(edit.body("os._exit(0)", before="import os\n"), "ends the Python process"),
        "segfault": Broken(edit.body("ctypes.string_at(0)", before="import ctypes\n"), "segmentation fault"),
        "100-gigabytes": Broken(edit.body("return np.ones((100, 2**27))"), "MemoryError"),
        "fork-bomb": Broken(edit.body(*bomb), "loop that never ends"),
        "thread-lives-on": Broken(edit.after(*thread), "", 0),
        "daemon-lives-on": Broken(edit.after(*daemon), "", 0),
        "exit-in-a-cell": Broken(edit.after("import os", "os._exit(0)"), "ends the Python process"),
    }
