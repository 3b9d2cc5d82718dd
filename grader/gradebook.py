"""Enter results into nbgrader's gradebook: the rows that `nbgrader autograde` would leave, fifty submissions at a time.

nbgrader's own API takes twenty milliseconds for one, since it finds every row by the names of all it belongs to.
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
from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Insert,
    Update,
    bindparam,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from grader import notebook
from grader.converters import load_config, open_gradebook, quietly
from grader.course import Course, CourseError, notebook_name
from grader.feedback import clamped, comment
from grader.grade import Result
from grader.notebook import UnreadableNotebook

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
        self.engine = open_gradebook(self.course, self.config)
        with _explained(self.engine):
            self.book = Book.read(self.engine, self.slug)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.flush()
        finally:
            self.engine.dispose()

    def add(self, result: Result) -> None:
        """Enter `result`, now or together with those that follow."""
        if any("\ud800" <= c <= "\udfff" for c in result.student):  # bytes of a folder's name that are no text
            _log.warning("%r is not entered into the gradebook: rename the folder", result.student)
            return
        asked = {graded.name: graded.points for graded in result.questions}
        if not result.problem and asked != self.book.points:
            raise CourseError(
                f"the gradebook's {self.slug} has other questions or points: run `unrolled build {self.slug}`"
            )
        self.waiting[result.student] = result
        if len(self.waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Enter what was added and still waits."""
        results, self.waiting = list(self.waiting.values()), {}
        if results:
            with _explained(self.engine):
                with self.engine.begin() as db:
                    late = self._write(db, results)
                self._penalise(late)

    def _write(self, db: Connection, results: Sequence[Result]) -> list[str]:
        """Write the rows of one batch; returns the students who were late."""
        books = self._rows(db, [result.student for result in results])
        graded = [(result, {"book": books[result.student]}) for result in results if not result.problem]
        _execute(db, _SET_GRADE, [row | key for result, key in graded for row in self.book.grades(result)])
        _execute(db, _SET_COMMENT, [row | key for result, key in graded for row in self.book.comments(result)])
        _execute(db, _NO_PENALTY, [key for _, key in graded])
        return self._late(db, [result.student for result, _ in graded])

    def _rows(self, db: Connection, students: Sequence[str]) -> dict[str, str]:
        """Make all rows of the students' submissions that are not there yet; returns their notebooks' ids."""
        book, submissions = self.book, self._hand_in(db, students)
        keys = [{"assignment_id": key, "notebook_id": book.notebook} for key in submissions.values()]
        _insert_missing(db, SubmittedNotebook, keys)
        mine = SubmittedNotebook.notebook_id == book.notebook
        columns = select(SubmittedNotebook.assignment_id, SubmittedNotebook.id)
        found = db.execute(columns.where(mine, SubmittedNotebook.assignment_id.in_(submissions.values())))
        notebooks = {submission: key for submission, key in found}
        for model, cells in ((Grade, book.graded), (Comment, book.answered)):
            keys = [{"notebook_id": key, "cell_id": cell} for key in notebooks.values() for cell in cells.values()]
            _insert_missing(db, model, keys)
        return {student: notebooks[submission] for student, submission in submissions.items()}

    def _hand_in(self, db: Connection, students: Sequence[str]) -> dict[str, str]:
        """The ids of the students' submissions, which are made if need be, and have their time."""
        _insert_missing(db, Student, [{"id": student} for student in students])
        keys = [{"student_id": student, "assignment_id": self.book.assignment} for student in students]
        _insert_missing(db, SubmittedAssignment, keys)
        submissions = {student: key for student, key in self._submissions(db, students, SubmittedAssignment.id)}
        times = {key: self._timestamp(student) for student, key in submissions.items()}
        _execute(db, _SET_TIME, [{"submission": key, "time": time} for key, time in times.items() if time])
        return submissions

    def _submissions(self, db: Connection, students: Sequence[str], *columns: Any) -> Iterator[tuple[Any, ...]]:
        """The students, each with these columns of their submission."""
        mine = SubmittedAssignment.assignment_id == self.book.assignment
        query = select(SubmittedAssignment.student_id, *columns).where(
            mine, SubmittedAssignment.student_id.in_(students)
        )
        return map(tuple, db.execute(query))

    def _timestamp(self, student: str) -> datetime | None:
        """When the submission was handed in, as the exchange has noted beside it."""
        path = self.course.submitted(self.slug, student).with_name("timestamp.txt")
        if not path.exists():
            return None
        try:
            time: datetime = parse_utc(notebook.read_bytes(path).decode().strip())
            return time
        except (UnreadableNotebook, ValueError, OverflowError) as error:
            _log.warning("%s: %s holds no time, so it is not known whether it is late: %s", student, path, error)
            return None

    def _late(self, db: Connection, students: Sequence[str]) -> list[str]:
        due = self.book.duedate
        rows = self._submissions(db, students, SubmittedAssignment.timestamp, SubmittedAssignment.extension)
        return [student for student, time, more in rows if due and time and time > due + (more or timedelta())]

    def _penalise(self, students: Sequence[str]) -> None:
        """Let nbgrader's plugin, which a course may have its own of, say what being late costs."""
        with quietly() as log:
            for student in students:
                about = {
                    "notebook": Path(notebook_name(self.slug)).stem,
                    "assignment": self.slug,
                    "student": student,
                    "db_url": self.engine.url.render_as_string(hide_password=False),
                }
                penalties = AssignLatePenalties(config=self.config, log=log)
                penalties.preprocess(NotebookNode(cells=[]), {"nbgrader": about})


def _insert_missing(db: Connection, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert the rows that are not there; they are told apart by all columns given."""
    if not rows:
        return
    columns = [model.__table__.c[name] for name in rows[0]]
    first = next(iter(rows[0]))
    there = set(map(tuple, db.execute(select(*columns).where(columns[0].in_({row[first] for row in rows})))))
    _execute(db, insert(model.__table__), [row for row in rows if tuple(row.values()) not in there])


def _execute(db: Connection, statement: Insert | Update, rows: Sequence[Row]) -> None:
    if rows:
        db.execute(statement, rows)


_ADVICE = {
    "locked": "another program is writing to it: wait for it, or end it",
    "readonly": "you may not write to it: look at the permissions of the file and its folder",
    "no such table": "it was made by another version of nbgrader, or is none: try `nbgrader db upgrade`",
    "no such column": "it was made by another version of nbgrader: try `nbgrader db upgrade`",
}


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig)
        advice = next((advice for sign, advice in _ADVICE.items() if sign in reason), "")
        if isinstance(error, IntegrityError):
            advice = "another program has entered the same submissions at the same time"
        raise CourseError(
            f"the gradebook {engine.url.render_as_string()} cannot be used: {reason}. {advice or 'Mend that'}, then "
            "run the command again; what is graded already is kept in the journal"
        ) from None
