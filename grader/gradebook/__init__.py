"""Enter results into nbgrader's gradebook: the rows that `nbgrader autograde` would leave, a transaction for each.

nbgrader's own API takes twenty milliseconds for one, since it finds every row by the names of all it belongs to. Here
rows are entered by their ids, and made where they are missing by the statement that enters them, so that two graders,
or a grader and formgrader, never make one twice.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nbgrader.api import (
    Assignment,
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
from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from grader import notebook
from grader.converters import load_config, open_gradebook, quietly
from grader.course import Course, CourseError, notebook_name
from grader.feedback import clamped, comment
from grader.grade import Result
from grader.gradebook.backup import back_up
from grader.gradebook.upserts import insert_missing, upsert_comment, upsert_grade
from grader.notebook import UnreadableNotebook
from grader.selfcheck.words import visible

PAUSES = (0.5, 1, 2, 4, 8)  # seconds that a server which is started again is waited for

_log = logging.getLogger(__name__)

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

    @classmethod
    def read(cls, engine: Engine, slug: str) -> Self:
        """The assignment; raises CourseError if it has not been built."""
        missing = CourseError(f"the gradebook has no assignment {slug}: run `unrolled build {slug}` first")
        file = Path(engine.url.database or "")
        if engine.name == "sqlite" and file.is_absolute() and not file.exists():
            raise missing  # connecting would make an empty one
        with engine.connect() as db:
            found = db.execute(
                select(Assignment.id, Assignment.duedate, Notebook.id)
                .join(Notebook, Notebook.assignment_id == Assignment.id)
                .where(Assignment.name == slug, Notebook.name == Path(notebook_name(slug)).stem)
            ).one_or_none()
            if found is None:
                raise missing
            assignment, duedate, book = found
            cells = select(GradeCell.name, GradeCell.id, GradeCell.max_score).where(GradeCell.notebook_id == book)
            graded = db.execute(cells).all()
            cells = select(SolutionCell.name, SolutionCell.id).where(SolutionCell.notebook_id == book)
            answered = {name: cell for name, cell in db.execute(cells)}
        points = {name.removeprefix("check-"): points for name, _, points in graded if name.startswith("check-")}
        return cls(assignment, duedate, book, {name: cell for name, cell, _ in graded}, answered, points)

    def grades(self, result: Result) -> Iterator[Row]:
        """The automatic score of every graded cell; None where a person must give it."""
        scores: dict[str, float | None] = {f"check-{graded.name}": clamped(graded) for graded in result.questions}
        scores |= dict.fromkeys(result.unanswered, 0.0)
        given = ((cell, scores.get(name)) for name, cell in self.graded.items())
        return ({"cell_id": cell, "auto_score": score, "needs_manual_grade": score is None} for cell, score in given)

    def comments(self, result: Result) -> Iterator[Row]:
        """The automatic comment on every answer; to an untouched one nbgrader says "No response."."""
        texts: dict[str, str | None] = {graded.name: comment(graded) or None for graded in result.questions}
        texts |= dict.fromkeys(result.unanswered, "No response.")
        return ({"cell_id": cell, "auto_comment": texts.get(name)} for name, cell in self.answered.items())


class GradebookWriter:
    """Enters results into the gradebook; a person's scores and comments stay as they are.

    A context manager, which keeps a copy of the gradebook first. A result with a `problem` makes the submission known,
    and changes no score.
    """

    def __init__(self, course: Course, slug: str) -> None:
        self.course = course
        self.slug = slug

    def __enter__(self) -> Self:
        self.config = load_config(self.course)
        self.engine = open_gradebook(self.course, self.config)
        try:
            with _explained(self.engine):
                self.book = Book.read(self.engine, self.slug)
                back_up(self.course, self.engine)
        except BaseException:
            self.engine.dispose()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.engine.dispose()

    def add(self, result: Result, *, new: bool = True) -> None:
        """Enter `result`: all of it or, if that fails, nothing.

        new: it was graded just now, so that a person who has given it scores is asked to look again.
        """
        if any("\ud800" <= c <= "\udfff" for c in result.student):  # bytes of a folder's name that are no text
            _log.warning("%r is not entered into the gradebook: rename the folder", result.student)
            return
        asked = {graded.name: graded.points for graded in result.questions}
        if not result.problem and asked != self.book.points:
            raise CourseError(
                f"the gradebook's {self.slug} has other questions or points: run `unrolled build {self.slug}`"
            )
        with _explained(self.engine):
            try:
                self._enter_patiently(result, new)
            except DataError as error:  # PostgreSQL's limits on names and texts
                _log.warning("%r is not entered into the gradebook: %s", result.student, _reason(error))

    def _enter_patiently(self, result: Result, new: bool) -> None:
        """A server that is away for a moment is waited for; SQLite has waited already."""
        for pause in PAUSES if self.engine.name != "sqlite" else ():
            try:
                return self._enter(result, new)
            except OperationalError as error:
                _log.warning("the gradebook does not answer (%s): trying again in %g s", _reason(error), pause)
                time.sleep(pause)
        return self._enter(result, new)

    def _enter(self, result: Result, new: bool) -> None:
        dialect, book = self.engine.name, self.book
        grades, comments = upsert_grade(dialect, new=new), upsert_comment(dialect)
        if result.problem:
            grades, comments = insert_missing(dialect, Grade), insert_missing(dialect, Comment)
        with self.engine.begin() as db:
            db.execute(insert_missing(dialect, Student), {"id": result.student})
            submission, late = self._hand_in(db, result.student)
            key = {"assignment_id": submission, "notebook_id": book.notebook}
            db.execute(insert_missing(dialect, SubmittedNotebook), key)
            own = db.scalars(select(SubmittedNotebook.id).filter_by(**key)).one()
            db.execute(grades, [{"notebook_id": own} | row for row in book.grades(result)])
            db.execute(comments, [{"notebook_id": own} | row for row in book.comments(result)])
            if not result.problem:
                self._penalise(db, own, result.student, late)

    def _hand_in(self, db: Connection, student: str) -> tuple[str, float]:
        """The id of the student's submission, which is made if need be and has its time, and its seconds of delay."""
        key = {"assignment_id": self.book.assignment, "student_id": student}
        db.execute(insert_missing(self.engine.name, SubmittedAssignment), key)
        columns = SubmittedAssignment.id, SubmittedAssignment.timestamp, SubmittedAssignment.extension
        submission, known, extension = db.execute(select(*columns).filter_by(**key)).one()
        time, due = self._timestamp(student) or known, self.book.duedate
        if time != known:
            db.execute(update(SubmittedAssignment).filter_by(id=submission).values(timestamp=time))
        delay = time - due - (extension or timedelta()) if time and due else timedelta()
        return submission, delay.total_seconds()

    def _timestamp(self, student: str) -> datetime | None:
        """When the submission was handed in, as the exchange has noted beside it."""
        path = self.course.submitted(self.slug, student).with_name("timestamp.txt")
        if not path.exists():
            return None
        try:
            time: datetime = parse_utc(notebook.read_bytes(path).decode().strip())
            return time
        except (UnreadableNotebook, ValueError, OverflowError) as error:
            said = visible(f"{student}: {path} holds no time, so it is not known whether it is late: {error}")
            _log.warning("%s", said[:300])
            return None

    def _penalise(self, db: Connection, own: str, student: str, late: float) -> None:
        """Enter what being late costs, as nbgrader's plugin says, which a course may have its own of."""
        penalty = None
        if late > 0:
            score = db.scalar(select(func.sum(Grade.score)).where(Grade.notebook_id == own)) or 0.0
            with quietly() as log:
                rule = AssignLatePenalties(config=self.config, log=log)
                rule.init_plugin()
                penalty = rule.plugin_inst.late_submission_penalty(student, score, late)
            penalty = None if penalty is None else max(0.0, min(penalty, score))
        entered = SubmittedNotebook.late_submission_penalty
        changed = update(SubmittedNotebook).where(SubmittedNotebook.id == own, entered.is_distinct_from(penalty))
        db.execute(changed.values(late_submission_penalty=penalty))


_ADVICE = {
    "locked": "another program is writing to it: wait for it, or end it",
    "readonly": "you may not write to it: look at the permissions of the file and its folder",
    "is full": "make room on its disk",
    "disk I/O error": "make room on its disk, or look after it",
    "no such table": "it was made by another version of nbgrader, or is none: try `nbgrader db upgrade`",
    "no such column": "it was made by another version of nbgrader: try `nbgrader db upgrade`",
    'relation "': "it has not nbgrader's tables yet: run `unrolled build` first",
    "connection": "look whether its server runs",
}


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except DBAPIError as error:
        advice = next((advice for sign, advice in _ADVICE.items() if sign in _reason(error)), "Mend that")
        raise CourseError(
            f"the gradebook {engine.url.render_as_string()} cannot be used: {_reason(error)}. {advice}, then run "
            "the command again; what is graded already is kept in the journal"
        ) from None


def _reason(error: DBAPIError) -> str:
    """The database's own words, in one line."""
    return " ".join(str(error.orig).split()).rstrip(".")
