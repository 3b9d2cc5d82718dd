"""Enter results into nbgrader's gradebook: the rows that `nbgrader autograde` would leave, fifty submissions at a time.

nbgrader's own API takes twenty milliseconds for a submission, since it finds every row by the names of all it belongs to.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Base,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import Connection, Float, Update, bindparam, create_engine, insert, make_url, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from grader import notebook
from grader.converters import database, load_config, quietly
from grader.course import Course, CourseError, notebook_name
from grader.feedback import clamped, comment
from grader.grade import Result

BATCH = 50  # submissions in one transaction

_log = logging.getLogger(__name__)
_score = bindparam("score", type_=Float)
_SET_GRADE = (
    update(Grade.__table__)
    .where(Grade.notebook_id == bindparam("book"), Grade.cell_id == bindparam("cell"))
    .values(auto_score=_score, needs_manual_grade=or_(Grade.manual_score.is_not(None), _score.is_(None)))
)
_SET_COMMENT = (
    update(Comment.__table__)
    .where(Comment.notebook_id == bindparam("book"), Comment.cell_id == bindparam("cell"))
    .values(auto_comment=bindparam("text"))
)
_SET_TIME = (
    update(SubmittedAssignment.__table__)
    .where(SubmittedAssignment.id == bindparam("submission"))
    .values(timestamp=bindparam("time"))
)
_NO_PENALTY = (
    update(SubmittedNotebook.__table__)
    .where(SubmittedNotebook.id == bindparam("book"))
    .values(late_submission_penalty=None)
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Book:
    """One assignment in the gradebook: its ids, those of its notebook's cells by name, what its questions are worth."""

    assignment: str
    duedate: datetime | None
    notebook: str
    graded: Mapping[str, str]
    answered: Mapping[str, str]
    points: Mapping[str, float]

    def grades(self, result: Result) -> Iterator[Row]:
        """The automatic score of every graded cell; None where a person must give it."""
        scores: dict[str, float | None] = {f"check-{graded.name}": clamped(graded) for graded in result.questions}
        scores |= dict.fromkeys(result.unanswered, 0.0)
        return ({"cell": cell, "score": scores.get(name)} for name, cell in self.graded.items())

    def comments(self, result: Result) -> Iterator[Row]:
        """The automatic comment on every answer; to an untouched one nbgrader says "No response."."""
        texts: dict[str, str | None] = {graded.name: comment(graded) or None for graded in result.questions}
        texts |= dict.fromkeys(result.unanswered, "No response.")
        return ({"cell": cell, "text": texts.get(name)} for name, cell in self.answered.items())


class GradebookWriter:
    """Enters results into the gradebook; a person's scores and comments stay as they are.

    A context manager: what was added is in the gradebook when it ends, even if it ends by an error. A result with a
    `problem` makes the submission known, and changes no score.
    """

    def __init__(self, course: Course, slug: str) -> None:
        self.course = course
        self.slug = slug
        self.waiting: dict[str, Result] = {}  # by student

    def __enter__(self) -> Self:
        self.config = load_config(self.course)
        self.url = database(self.course, self.config)
        self.engine = create_engine(self.url)
        with _explained(self.url):
            self.book = self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.flush()
        finally:
            self.engine.dispose()

    def add(self, result: Result) -> None:
        """Enter `result`, now or together with those that follow."""
        asked = {graded.name: graded.points for graded in result.questions}
        if not result.problem and asked != self.book.points:
            raise CourseError(f"the gradebook's {self.slug} has other questions or points: run `unrolled build {self.slug}`")
        self.waiting[result.student] = result
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Enter what was added and still waits."""
        results, self.waiting = list(self.waiting.values()), {}
        if results:
            with _explained(self.url):
                with self.engine.begin() as db:
                    late = self._write(db, results)
                self._penalise(late)

    def _open(self) -> Book:
        missing = CourseError(f"the gradebook has no assignment {self.slug}: run `unrolled build {self.slug}` first")
        url = make_url(self.url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
            raise missing  # connecting would make an empty one
        with self.engine.connect() as db:
            found = db.execute(
                select(Assignment.id, Assignment.duedate, Notebook.id)
                .join(Notebook, Notebook.assignment_id == Assignment.id)
                .where(Assignment.name == self.slug, Notebook.name == Path(notebook_name(self.slug)).stem)
            ).one_or_none()
            if found is None:
                raise missing
            assignment, duedate, book = found
            cells = select(GradeCell.name, GradeCell.id, GradeCell.max_score).where(GradeCell.notebook_id == book)
            graded = db.execute(cells).all()
            answered = db.execute(select(SolutionCell.name, SolutionCell.id).where(SolutionCell.notebook_id == book)).all()
        points = {name.removeprefix("check-"): points for name, _, points in graded if name.startswith("check-")}
        return Book(assignment, duedate, book, {name: cell for name, cell, _ in graded}, dict(map(tuple, answered)), points)

    def _write(self, db: Connection, results: Sequence[Result]) -> list[str]:
        """Write the rows of one batch; returns the students who were late."""
        times = {result.student: self._timestamp(result.student) for result in results}
        ...
