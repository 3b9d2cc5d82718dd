"""Read notebooks as what they are, JSON that anybody may have written, and rebuild a submission from its source.

Only the standard library is needed here: the self-check reads notebooks, too, and starts fast.
"""

import ast
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2_000

Notebook = dict[str, Any]
Cell = dict[str, Any]


class UnreadableNotebook(ValueError):
    """A file that cannot be taken for a notebook; the message says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """The instructor's notebook with the student's answers in it.

    notes: what was odd about the submitted file, in words for student and instructor.
    """

    notebook: Notebook
    notes: tuple[str, ...]


def read(path: Path) -> Notebook:
    """The notebook at `path`; raises UnreadableNotebook."""
    return parse(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """What the file at `path` holds, if it is an ordinary one of sensible size; raises UnreadableNotebook."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UnreadableNotebook(f"{path.name} is a link or a special file, not a notebook: submit the file itself")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableNotebook(
                f"{path.name} has {size / 2**20:.0f} MB, more than the {MAX_BYTES >> 20} MB that are read: "
                "clear its outputs (Kernel > Restart Kernel and Clear Outputs) and save it again"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableNotebook(f"{path.name} cannot be read: {error.strerror}") from None


def parse(data: bytes, name: str) -> Notebook:
    """The notebook in `data`; raises UnreadableNotebook, with `name` in the message."""
    if not data.strip():
        raise UnreadableNotebook(f"{name} is empty: save the notebook again, or submit another copy")
    if data.lstrip().startswith((b"<<<<<<<", b"=======", b">>>>>>>")) or b"\n<<<<<<< " in data:
        raise UnreadableNotebook(f"{name} holds merge conflict markers (<<<<<<<): choose one version and save it again")
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{name} is not a notebook, since it is not JSON: {error}"[:300]) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise UnreadableNotebook(f"{name} is JSON but not a notebook: it has no nbformat number")
    if notebook["nbformat"] != 4:
        raise UnreadableNotebook(
            f"{name} is in notebook format {str(notebook['nbformat'])[:9]}; format 4 is needed: "
            "open it in JupyterLab, which converts it, and save it again"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise UnreadableNotebook(f"{name} is damaged: its cells are not a list of cells")
    if len(cells) > MAX_CELLS:
        raise UnreadableNotebook(
            f"{name} has {len(cells)} cells, more than the {MAX_CELLS} that are read: delete those that are not needed"
        )
    return notebook


def _is_cell(cell: object) -> bool:
    return (
        isinstance(cell, dict)
        and isinstance(cell.get("cell_type"), str)
        and isinstance(cell.get("metadata", {}), dict)
        and isinstance(cell.get("source"), str | list)
        and all(isinstance(line, str) for line in cell["source"])
    )


def source(cell: Cell) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def grade_id(cell: Cell) -> str:
    """nbgrader's name for the cell; empty for a cell of the student's own."""
    marks = cell.get("metadata", {}).get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def has(cell: Cell, mark: str) -> bool:
    """Is the cell marked by nbgrader as "grade", "solution" or "locked"?"""
    marks = cell.get("metadata", {}).get("nbgrader")
    return isinstance(marks, dict) and bool(marks.get(mark))


def is_experiment(cell: Cell) -> bool:
    """Is it one of the assignment's experiments, which grading skips?"""
    tags = cell.get("metadata", {}).get("tags")
    return isinstance(tags, list) and "experiment" in tags


def cell_name(cell: Cell, number: int) -> str:
    """What errors call the notebook's cell `number`, counted from 0."""
    return grade_id(cell) or f"own cell {number + 1}"


def code_to_run(notebook: Notebook) -> Iterator[tuple[str, str]]:
    """Name and text of the cells that define things: not the checks, nor the experiments."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code" and not has(cell, "grade") and not is_experiment(cell):
            yield cell_name(cell, number), source(cell)


def carried(notebook: Notebook) -> list[tuple[str, str]]:
    """(assignment, function) of what the notebook's own cells `carry` over from earlier notebooks."""
    found: list[tuple[str, str]] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and has(cell, "locked") and "carry(" in source(cell):
            for node in ast.walk(ast.parse(source(cell))):
                match node:
                    case ast.Call(func=ast.Name("carry"), args=[ast.Constant(str(slug)), *names]):
                        found += [(slug, str(name.value)) for name in names if isinstance(name, ast.Constant)]
    return found


def rebuild(release: Notebook, submitted: Notebook) -> Submission:
    """The released notebook with the student's answers, and their own code cells where they stood.

    Nothing else of the submission survives: not its metadata, tags, kernel, attachments or outputs, not its
    versions of the instructor's cells. A solution cell that was copied keeps its last copy, the one that counts when
    the notebook runs; the others become cells of the student's own.
    """
    known = {grade_id(cell): cell for cell in release["cells"] if grade_id(cell)}
    answers: dict[str, list[str]] = {}  # the texts of every copy of a solution cell
    extras: dict[str, list[str]] = {}  # the known cell that they follow -> texts
    after = ""
    for cell in submitted["cells"]:
        name = grade_id(cell)
        if name in known and has(known[name], "solution"):
            answers.setdefault(name, []).append(source(cell))
        elif name not in known and cell["cell_type"] == "code" and source(cell).strip():
            extras.setdefault(after, []).append(source(cell))
        after = name if name in known else after
    notes: list[str] = []
    cells = _own_cells(extras.get("", []), 0)
    for cell in release["cells"]:
        cell = copy.deepcopy(cell)
        name = grade_id(cell)
        if has(cell, "solution"):
            if name not in answers:
                notes.append(f"the cell `{name}` was deleted")
            *earlier, cell["source"] = answers.get(name, [""])
            if earlier:
                notes.append(f"the cell `{name}` is there twice or more; the last one counts")
            if cell["cell_type"] == "code":
                cells += _own_cells(earlier, len(cells))
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        cells.append(cell)
        cells += _own_cells(extras.get(name, []) if name else [], len(cells))
    return Submission(release | {"cells": cells}, tuple(notes))


def unanswered(release: Notebook, submitted: Notebook) -> tuple[str, ...]:
    """The written questions (answered in a cell that a person grades) whose text is still the released one."""
    texts = {grade_id(cell): source(cell).strip() for cell in submitted["cells"]}
    written = [cell for cell in release["cells"] if has(cell, "grade") and has(cell, "solution")]
    return tuple(grade_id(cell) for cell in written if texts.get(grade_id(cell), "") in ("", source(cell).strip()))


def _own_cells(texts: list[str], place: int) -> list[Cell]:
    return [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"own-{place}-{i}",
            "metadata": {},
            "outputs": [],
            "source": text,
        }
        for i, text in enumerate(texts)
    ]
