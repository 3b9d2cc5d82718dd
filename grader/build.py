"""Build a students' notebook from its text: solutions/01-rnn.py -> the instructor's notebook -> assignments/01-rnn/.

The text is jupytext's py:percent. A marker in a cell's first line says what the cell is for:

    # %% [markdown]                          prose
    # %% given=true                          code that students cannot change; it runs at grading, too
    # %% experiment=true                     the same, but grading skips it
    # %% solution="rnn_cell_forward"         an exercise; the cell that checks it is added after it
    # %% [markdown] written="why" points=3   model answer and mark scheme of a question that a person grades
"""

import ast
import io
import math
import re
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np

from grader import exercises
from grader.compare import Question
from grader.converters import CONFIG_FILE, release
from grader.course import Course, CourseError, write_atomically
from grader.exercise import Assignment
from grader.notebook import Cell, Notebook, grade_id
from grader.selfcheck import snapshot
from grader.trees import Given, Tree

_PURPOSES = {"code": ("given", "experiment", "solution"), "markdown": ("written",)}
_IGNORED = (".ipynb_checkpoints", "__pycache__")  # as nbgrader ignores them
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(course: Course, slug: str) -> None:
    """Make the students' notebook and its visible cases, and enter the assignment into the gradebook."""
    _write_source(course, slug)
    with tempfile.TemporaryDirectory() as folder:
        write_atomically(course.release(slug), release(course, slug, Path(folder), record=True).read_bytes())
    write_checks(course, slug)


def write_checks(course: Course, slug: str) -> None:
    """Write the visible cases beside the students' notebook, unless those that lie there are as good."""
    questions = [exercise.question() for exercise in exercises.load(slug)]
    if not _holds(course.checks(slug), questions):
        snapshot.write(course.checks(slug), questions)


def check_fresh(course: Course, slug: str) -> list[str]:
    """What `build` would change, in words; the course and its gradebook stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Course(Path(folder).resolve())
        for path in (course.root / CONFIG_FILE, course.text(slug)):
            if path.exists():
                write_atomically(copy.root / path.relative_to(course.root), path.read_bytes())
        _write_source(copy, slug)
        made = release(copy, slug, Path(folder) / "made", record=False).read_bytes()
    stale = []
    if not course.release(slug).exists() or course.release(slug).read_bytes() != made:
        stale.append(course.release(slug))
    if not _holds(course.checks(slug), [exercise.question() for exercise in exercises.load(slug)]):
        stale.append(course.checks(slug))
    return [f"{path.relative_to(course.root)} is {_state(path)}: run `unrolled build {slug}`" for path in stale]


def _state(path: Path) -> str:
    return "not what its source gives" if path.exists() else "missing"


def _write_source(course: Course, slug: str) -> None:
    path = course.source(slug)
    text = dumps(source_notebook(course, slug), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_atomically(path, text.encode())
    strays = sorted(other.name for other in path.parent.iterdir() if other.name not in (path.name, *_IGNORED))
    if strays:
        raise CourseError(
            f"{path.parent} holds {', '.join(strays)}: move it elsewhere, since nbgrader copies everything that lies "
            "beside the instructor's notebook to the students"
        )


def source_notebook(course: Course, slug: str) -> Notebook:
    """The instructor's notebook, with solutions; raises CourseError, which names the line that is wrong."""
    assignment = exercises.load(slug)
    name = str(course.text(slug).relative_to(course.root))
    try:
        text = course.text(slug).read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CourseError(f"{name} is no UTF-8 text: {error.reason} at byte {error.start}") from None
    return from_text(text, assignment, name)


def from_text(text: str, assignment: Assignment, name: str) -> Notebook:
    """The notebook that `text` describes; `name` stands for it in errors."""
    cells: list[Cell] = []
    lines: dict[str, int] = {}  # where each named cell starts
    counts: Counter[str] = Counter()  # of the cells for each purpose
    for block in _blocks(text, name):
        counts[block.purpose] += 1
        for cell in _cells(block, assignment, counts[block.purpose]):
            if (known := grade_id(cell)) in lines:
                raise block.error(f"there is a cell {known!r} already, in line {lines[known]}")
            if known:
                lines[known] = block.line
            cells.append(cell)
    if missing := [exercise.name for exercise in assignment if exercise.name not in lines]:
        raise CourseError(
            f'{name}: there is no solution cell for {", ".join(missing)}: write `# %% solution="{missing[0]}"`'
        )
    return {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class _Block:
    """One cell of the text."""

    file: str
    line: int
    kind: str
    markers: dict[str, Any]
    source: str

    def error(self, message: str) -> CourseError:
        return CourseError(f"{self.file}:{self.line}: {message}")

    @property
    def purpose(self) -> str:
        """The one marker that says what the cell is for; empty for prose."""
        if self.kind not in _PURPOSES:
            raise self.error(f"there are no {self.kind} cells: use code or [markdown]")
        if unreadable := self.markers.get("incorrectly_encoded_metadata"):
            raise self.error(f'jupytext cannot read {unreadable!r}: a marker is like given=true or solution="name"')
        purposes = _PURPOSES[self.kind]
        known = [*purposes, "points"] if "written" in self.markers else [*purposes]
        if unknown := [marker for marker in self.markers if marker not in known]:
            raise self.error(f"{unknown[0]!r} marks no {self.kind} cell; these do: {', '.join(known) or 'none'}")
        found = [marker for marker in purposes if marker in self.markers]
        if len(found) > 1:
            raise self.error(f"a cell is either {' or '.join(found)}")
        if self.kind == "code" and not found:
            raise self.error(f"mark the code cell as one of {', '.join(purposes)}")
        return found[0] if found else ""


def _blocks(text: str, name: str) -> Iterator[_Block]:
    import jupytext  # takes two seconds to import, which `unrolled grade` need not wait for

    try:
        ast.parse(text)
        notebook = jupytext.reads(text, fmt="py:percent")
    except SyntaxError as error:
        raise CourseError(f"{name}:{error.lineno}: Python cannot read this: {error.msg}") from None
    except Exception as error:  # whatever its readers of YAML and JSON raise
        raise CourseError(f"{name}: jupytext cannot read it: {str(error).splitlines()[0]}") from None
    lines = _marker_lines(text)
    lines = [1] * (len(notebook.cells) - len(lines)) + lines  # what stands before the first marker is a cell, too
    for line, cell in zip(lines, notebook.cells, strict=False):
        markers = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}  # jupytext's own
        yield _Block(name, line, cell.cell_type, markers, cell.source)


def _marker_lines(text: str) -> list[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT and token.start[1] == 0]
    return [token.start[0] for token in comments if token.string.startswith(("# %%", "#%%"))]


def _cells(block: _Block, assignment: Assignment, number: int) -> Iterator[Cell]:
    """The cells that `block`, the text's `number`th for its purpose, becomes."""
    slug, purpose = assignment.slug, block.purpose
    if purpose != "solution" and any(mark in block.source for mark in ("BEGIN SOLUTION", "END SOLUTION")):
        raise block.error("a solution stands in a cell that is no solution cell, so that students would see it")
    match purpose:
        case "given" | "experiment":
            if block.markers[purpose] is not True:
                raise block.error(f"write {purpose}=true")
            tags = ["experiment"] if purpose == "experiment" else []
            yield _cell(slug, block, _marks(f"{purpose}-{number}", locked=True), tags)
        case "solution":
            name = _check_solution(block, assignment)
            points = _points(block, assignment.exercises[name].points)
            yield _cell(slug, block, _marks(name, solution=True))
            marks = _marks(f"check-{name}", grade=True, locked=True, points=points)
            check = replace(block, source=f"check({name})")
            yield _cell(slug, check, marks, ["raises-exception"])  # so that "Run All" goes on
        case "written":
            name, points = block.markers["written"], _points(block, block.markers.get("points"))
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_-]+", name):
                raise block.error(f'write written="a-short-name", not {name!r}')
            yield _cell(slug, block, _marks(f"written-{name}", grade=True, solution=True, points=points))
        case _:
            yield _cell(slug, block, {"grade_id": f"prose-{number}"})


def _check_solution(block: _Block, assignment: Assignment) -> str:
    """The exercise's name, if the cell is fit to be its solution."""
    name = block.markers["solution"]
    if name not in assignment.exercises:
        raise block.error(f"{name!r} is no exercise of {assignment.slug}, which has {', '.join(assignment.exercises)}")
    borders = [mark for line in block.source.splitlines() for mark in ("BEGIN", "END") if f"{mark} SOLUTION" in line]
    if not borders or borders != ["BEGIN", "END"] * (len(borders) // 2):
        raise block.error(f"the solution cell {name!r} needs a line `### BEGIN SOLUTION`, and `### END SOLUTION` after")
    defined = [getattr(node, "name", "") for node in ast.parse(block.source).body]
    if name not in defined:
        raise block.error(f"the solution cell {name!r} does not define {name}")
    return str(name)


def _points(block: _Block, points: object) -> int | float:
    """Points as nbgrader's metadata have them; whole ones as integers."""
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points < math.inf:
        raise block.error(f"a graded cell needs points=3 or another positive number, not {points!r}")
    return int(points) if points == int(points) else points


def _marks(grade_id: str, **marks: bool | float) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    rest = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return rest | {"grade_id": grade_id} | marks


def _cell(slug: str, block: _Block, marks: dict[str, Any], tags: Sequence[str] = ()) -> Cell:
    metadata: dict[str, Any] = {"nbgrader": marks} if "grade" in marks else {}
    cell = {
        "cell_type": block.kind,
        "id": sha256(f"{slug}/{marks['grade_id']}".encode()).hexdigest()[:12],
        "metadata": metadata | ({"tags": list(tags)} if tags else {}),
        "source": block.source.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if block.kind == "code" else {})


def _holds(path: Path, questions: Sequence[Question]) -> bool:
    """Does the snapshot at `path` hold these questions, but for the last bits, in which machines may differ?"""
    try:
        kept = snapshot.read(path)
    except snapshot.UnreadableSnapshot:
        return False
    return _alike([*map(snapshot.as_tree, kept.values())], [*map(snapshot.as_tree, questions)])


def _alike(a: Tree, b: Tree) -> bool:
    match a, b:
        case np.ndarray(), np.ndarray():
            return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 1e-9, 1e-12, equal_nan=True)
        case dict(), dict():
            return list(a) == list(b) and all(_alike(value, b[key]) for key, value in a.items())
        case Given(), Given():
            return a.name == b.name and _alike(a.constants, b.constants)
        case (list(), list()) | (tuple(), tuple()):
            return len(a) == len(b) and all(map(_alike, a, b))
        case float(), float():
            return bool(np.isclose(a, b, 1e-9, 1e-12, equal_nan=True))
        case _:
            return type(a) is type(b) and bool(a == b)
