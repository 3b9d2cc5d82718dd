"""A course of honest students and one or more who are not, graded by a command that runs as a process of its own."""

import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import notebook
from grader.course import Course
from grader.sandbox.inside import linux
from grader.tests import submissions
from grader.tests.attacks import SLUG
from grader.tests.submissions import Files

_GRACE_SECONDS = 2.0  # for what is ending by itself
_SCORES = """
    select student_id, substr(base_cell.name, 7), coalesce(manual_score, auto_score) from submitted_assignment
    join submitted_notebook on submitted_notebook.assignment_id = submitted_assignment.id
    join grade on grade.notebook_id = submitted_notebook.id
    join base_cell on base_cell.id = grade.cell_id
    where base_cell.name like 'check-%'
"""
_COMMENTS = """
    select student_id, group_concat(auto_comment, char(10)) from submitted_assignment
    join submitted_notebook on submitted_notebook.assignment_id = submitted_assignment.id
    join comment on comment.notebook_id = submitted_notebook.id
    group by student_id
"""


@dataclass(frozen=True)
class Ran:
    """What came of a command. status: None if it took too long. left: the processes that outlived it; ended by now."""

    status: int | None
    output: str
    left: tuple[str, ...]


def hand_in_honestly(course: Course, students: Iterable[str]) -> None:
    """They all have everything right."""
    files: Files = submissions.right(notebook.read(course.release(SLUG)), SLUG, "einsum")
    for student in students:
        submissions.hand_in(course, SLUG, student, files)


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    """Each student's for each question, by the gradebook; None, or no entry, where there is none."""
    found: dict[str, dict[str, float | None]] = {}
    for student, question, score in _select(course, _SCORES):
        found.setdefault(student, {})[question] = score
    return found


def comments(course: Course) -> dict[str, str]:
    """All comments that the gradebook has on a student's answers."""
    return {student: text or "" for student, text in _select(course, _COMMENTS)}


def _select(course: Course, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        return db.execute(query).fetchall()


def run(command: Sequence[str], course: Course, env: Mapping[str, str], seconds: float) -> Ran:
    """Run the command in the course's folder, and end whatever it leaves behind."""
    linux.adopt_orphans()  # what has lost its parent is ours, however it tried to get away
    before = descendants()
    with tempfile.TemporaryFile() as output:  # a pipe would be held open by what is left
        process = subprocess.Popen(
            command, cwd=course.root, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        status: int | None = None
        with suppress(subprocess.TimeoutExpired):
            status = process.wait(seconds)
        if status is None:
            process.kill()
            process.wait()
        left = _end(before)
        output.seek(0)
        return Ran(status, output.read().decode(errors="replace"), tuple(left))


def descendants() -> set[int]:
    """The processes that this one has started, and those that they have; not the dead, whose name alone is left."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended in the meantime
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(status.parent.name)] = int(parent)
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _end(before: set[int]) -> list[str]:
    """Wait a moment, then end what has come since `before`; returns the command lines."""
    end = time.monotonic() + _GRACE_SECONDS
    while (left := descendants() - before) and time.monotonic() < end:
        time.sleep(0.05)
    lines = [f"{pid}: {_command_line(pid)}" for pid in sorted(left)]
    while left := descendants() - before:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    return lines


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    return "ended"
