"""Whole submissions: right in many styles, wrong in every known way, broken in every way we met.

The tests grade them one by one, `unrolled demo` as a class. A submission is a dict of file names and contents.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course, notebook_name
from grader.exercise import Assignment
from grader.notebook import Cell, Notebook, grade_id, has

Files = dict[str, bytes]

_FOLDER = Path(__file__).parent
_MARKER = re.compile(r"^# %%(?: solution=\"(\w+)\")?.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    """A submission with something odd in it.

    says: what the grader must say of it, in any place. spoils: how many questions lose marks, the first ones of the
    assignment; None if there is nothing to grade at all.
    """

    files: Files
    says: tuple[str, ...]
    spoils: int | None = 1


@dataclass(frozen=True)
class Oddity:
    """Something odd that a student may do to any one function: its new text, from its name and its right one."""

    change: Callable[[str, str], str]
    says: str
    spoils: bool = True
    contained: bool = True  # without walls, too


def hand_in(course: Course, slug: str, student: str, files: Files) -> None:
    """Put the files where a course has what the student submitted."""
    folder = course.submitted(slug, student).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


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
    for cell in notebook["cells"]:
        if has(cell, "solution") and cell["cell_type"] == "markdown":
            cell["source"] = "Whatever came first is written over by what came later, so the last words count most."
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


def broken(release: Notebook, assignment: Assignment) -> dict[str, Broken]:
    """Every odd submission that we met, by name; an oddity of one function stands in the assignment's first."""
    notebook = _fill(release, _read_style(assignment.slug, styles(assignment.slug)[0]))
    alone = {name: _with_oddities(notebook, assignment, {name: oddity}) for name, oddity in ODDITIES.items()}
    return _unreadable(notebook, assignment.slug) | _odd_cells(notebook, assignment) | alone


def mixed(release: Notebook, assignment: Assignment, contained_only: bool = False) -> dict[str, Broken]:
    """The same in as few submissions as a class of forty has room for: an oddity in every function."""
    notebook = _fill(release, _read_style(assignment.slug, styles(assignment.slug)[0]))
    waiting = {name: odd for name, odd in ODDITIES.items() if odd.spoils and (odd.contained or not contained_only)}
    room, packed = len(assignment.exercises), {}
    for number in range(0, len(waiting), room):
        share = dict(list(waiting.items())[number : number + room])
        packed[f"many-{number // room + 1}"] = _with_oddities(notebook, assignment, share)
    harmless = {name: odd for name, odd in ODDITIES.items() if not odd.spoils and (odd.contained or not contained_only)}
    packed["harmless"] = _with_oddities(notebook, assignment, harmless)
    return _unreadable(notebook, assignment.slug) | _odd_cells(notebook, assignment) | packed


def _with_oddities(notebook: Notebook, assignment: Assignment, oddities: dict[str, Oddity]) -> Broken:
    """One oddity in each of the first functions."""
    changed = deepcopy(notebook)
    cells = {grade_id(cell): cell for cell in changed["cells"] if grade_id(cell)}
    for name, oddity in zip(assignment.exercises, oddities.values(), strict=False):
        cells[name]["source"] = oddity.change(name, cells[name]["source"])
    says = tuple(oddity.says for oddity in oddities.values())
    return Broken(_files(assignment.slug, changed), says, sum(oddity.spoils for oddity in oddities.values()))


def _unreadable(notebook: Notebook, slug: str) -> dict[str, Broken]:
    name = notebook_name(slug)
    good = json.dumps(notebook).encode()
    format_3 = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}).encode()
    return {
        "not-json": Broken({name: b"Dear teacher, my dog ate the notebook."}, ("not JSON",), None),
        "empty-file": Broken({name: b""}, ("is empty",), None),
        "half-a-file": Broken({name: good[: len(good) // 2]}, ("not JSON",), None),
        "50-megabytes": Broken({name: good + b" " * 50 * 2**20}, ("more than the 20 MB",), None),
        "wrong-name": Broken({"Untitled (1).ipynb": good}, ("found Untitled (1).ipynb: rename it",), None),
        "no-notebook": Broken({"answers.txt": b"h = tanh(x)"}, ("no notebook at all",), None),
        "format-3": Broken({name: format_3}, ("notebook format 3",), None),
    }


def _odd_cells(notebook: Notebook, assignment: Assignment) -> dict[str, Broken]:
    """Submissions whose cells are not those that were released."""
    first = next(iter(assignment.exercises))

    def changed(change: Callable[[list[Cell], Cell], object]) -> Files:
        copied = deepcopy(notebook)
        change(copied["cells"], next(cell for cell in copied["cells"] if grade_id(cell) == first))
        return _files(assignment.slug, copied)

    def copy_check(cells: list[Cell], cell: Cell) -> None:
        cells.append(deepcopy(next(c for c in cells if has(c, "grade") and c["cell_type"] == "code")))

    def duplicate(cells: list[Cell], cell: Cell) -> None:
        first_try = cell | {"source": f"def {first}(*args):\n    return 0.0  # a first try\n"}
        cells.insert(cells.index(cell), first_try)

    return {
        "cell-deleted": Broken(changed(lambda cells, cell: cells.remove(cell)), (f"`{first}` was deleted",)),
        "cell-duplicated": Broken(changed(duplicate), ("is there twice",), 0),
        "cells-reordered": Broken(changed(lambda cells, cell: cells.reverse()), (), 0),
        "check-cell-copied": Broken(changed(copy_check), (), 0),
    }


def _body(*lines: str) -> Callable[[str, str], str]:
    """Another body for the function."""
    return lambda name, text: f"def {name}(*args):\n" + "".join(f"    {line}\n" for line in lines)


def _wrapped(expression: str) -> Callable[[str, str], str]:
    """The right function, but that it returns an expression of what is right."""

    def change(name: str, text: str) -> str:
        return f"{text}\n_{name} = {name}\ndef {name}(*args):\n    right = _{name}(*args)\n    return {expression}\n"

    return change


def _after(*lines: str) -> Callable[[str, str], str]:
    """Something more in the function's cell."""
    return lambda name, text: text + "\n".join(["", *lines, ""])


ODDITIES = {
    "endless-loop": Oddity(_body("while True: pass"), "loop that never ends"),
    "fork-bomb": Oddity(
        _body("import os", "while True:", "    try:", "        os.fork()", "    except OSError:", "        pass"),
        "loop that never ends",
        contained=False,
    ),
    "endless-recursion": Oddity(lambda name, text: f"def {name}(*args):\n    return {name}(*args)", "RecursionError"),
    "sys-exit": Oddity(_body("import sys", "sys.exit(0)"), "SystemExit"),
    "os-exit": Oddity(_body("import os", "os._exit(0)"), "ends the Python process"),
    "segfault": Oddity(_body("import ctypes", "ctypes.string_at(0)"), "segmentation fault"),
    "100-gigabytes": Oddity(_body("return np.ones((100, 2**27))"), "MemoryError"),
    "exit-in-a-cell": Oddity(_after("import os", "os._exit(0)"), "ends the Python process"),
    "syntax-error": Oddity(_after("def oops(:"), "SyntaxError"),
    "renamed": Oddity(lambda name, text: text.replace(f"def {name}(", f"def my_{name}("), "was it renamed"),
    "wrong-arity": Oddity(lambda name, text: f"def {name}():\n    pass", "TypeError"),
    "returns-none": Oddity(_body("pass"), "returns None"),
    "returns-object": Oddity(_body("return object()"), "returns a value of type object, which cannot be compared"),
    "returns-generator": Oddity(_body("yield 1"), "returns a value of type generator"),
    "returns-complex": Oddity(_body("return args[0] * 1j"), "an array of dtype complex128"),
    "returns-strings": Oddity(_body("return ['no', 'idea']"), "expected numbers"),
    "returns-ragged-list": Oddity(_body("return [[1.0], [1.0, 2.0]]"), "is a ragged list"),
    "returns-wrong-shape": Oddity(_body("return args[0][:0]"), "has shape"),
    "returns-nan": Oddity(_wrapped("right * float('nan')"), "is nan, expected"),
    "returns-inf": Oddity(_wrapped("right * 0 + float('inf')"), "is inf, expected"),
    "changes-its-input": Oddity(_body("args[0][:] = 0", "return args[1]"), "changes its argument"),
    "missing-package": Oddity(_after("import tensorflow"), "No module named 'tensorflow'", spoils=False),
    "prints-100-megabytes": Oddity(_after("for _ in range(1000):", "    print('x' * 100_000)"), "", spoils=False),
    "thread-lives-on": Oddity(
        _after("import threading, time", "threading.Thread(target=time.sleep, args=(30,)).start()"), "", spoils=False
    ),
    "daemon-lives-on": Oddity(
        _after("import os, time", "if os.fork() == 0:", "    os.setsid()", "    time.sleep(30)", "    os._exit(0)"),
        "",
        spoils=False,
        contained=False,
    ),
}
