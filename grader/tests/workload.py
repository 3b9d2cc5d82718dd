"""Submissions for executors: right ones, and the same with delays in them."""

import json
from collections.abc import Iterator

from grader import notebook
from grader.classroom.worker import Submission
from grader.course import Course
from grader.tests import submissions

SLUG = "01-rnn"


def right(course: Course) -> bytes:
    """A notebook that gets full marks."""
    return submissions.right(notebook.read(course.release(SLUG)), SLUG, "loops")["rnn.ipynb"]


def delayed(book: bytes, *seconds: float) -> bytes:
    """The same notebook, with cells of the student's own in front that sleep."""
    cells = [submissions.own_cell(f"import time\ntime.sleep({delay})\n") for delay in seconds]
    parsed = json.loads(book)
    return json.dumps(parsed | {"cells": [*cells, *parsed["cells"]]}).encode()


def given(book: bytes, *students: str) -> Iterator[Submission]:
    """The same notebook of several students."""
    return (Submission(student, book) for student in students)
