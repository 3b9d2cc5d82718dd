"""A gradebook that PostgreSQL keeps: the rows that SQLite would have, whoever else writes, wherever the server went."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import and_, select

from grader import gradebook, notebook
from grader.converters import load_config, open_gradebook
from grader.course import Course, CourseError, write_atomically
from grader.grade import Result
from grader.gradebook import GradebookWriter
from grader.notebook import Notebook
from grader.tests import postgres, submissions
from grader.tests.nbgrader_course import SLUG, WRONG, result
from grader.tests.postgres import Server

Row = tuple[object, ...]

_ROWS = (
    select(
        SubmittedAssignment.student_id,
        SubmittedAssignment.timestamp,
        SubmittedNotebook.late_submission_penalty,
        BaseCell.name,
        BaseCell.type,
        Grade.auto_score,
        Grade.manual_score,
        Grade.needs_manual_grade,
        Comment.auto_comment,
        Comment.manual_comment,
    )
    .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    .join(BaseCell, BaseCell.notebook_id == SubmittedNotebook.notebook_id)
    .outerjoin(Grade, and_(Grade.notebook_id == SubmittedNotebook.id, Grade.cell_id == BaseCell.id))
    .outerjoin(Comment, and_(Comment.notebook_id == SubmittedNotebook.id, Comment.cell_id == BaseCell.id))
)


@dataclass(frozen=True)
class Kept:
    """A course and the server that keeps its gradebook."""

    course: Course
    server: Server
    address: str


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for the tests of this module."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="module")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose gradebook the server has; not to be written to."""
    return postgres.built_course(server, tmp_path_factory.mktemp("postgres") / "course")


_numbers = count()


@pytest.fixture
def kept(server: Server, template: Course, tmp_path: Path) -> Kept:
    """A built course of the test's own, whose gradebook the server has."""
    database = f"test{next(_numbers)}"
    server.create(database, template="built")
    shutil.copytree(template.root, tmp_path / "kept")
    course = Course(tmp_path / "kept")
    postgres.keep_in(course, server.address(database))
    return Kept(course, server, server.address(database))


@pytest.fixture
def release(built: Course) -> Notebook:
    return notebook.read(built.release(SLUG))


def _rows(course: Course) -> list[Row]:
    """All that the gradebook, whoever keeps it, knows of the submissions, but for the ids."""
    engine = open_gradebook(course, load_config(course))
    with engine.connect() as db:
        found = sorted(map(tuple, db.execute(_ROWS)), key=repr)
    engine.dispose()
    return found


def _write(course: Course, *results: Result) -> None:
    with GradebookWriter(course, SLUG) as book:
        for graded in results:
            book.add(graded)


def _grading(course: Course) -> subprocess.Popen[str]:
    """`unrolled grade`, as a command that runs."""
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--isolation", "none", "--workers", "1"]
    return subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _hand_in(course: Course, release: Notebook, students: int) -> None:
    files = [submissions.right(release, SLUG, "loops"), submissions.untouched(release, SLUG), {"rnn.ipynb": b""}]
    for number in range(students):
        submissions.hand_in(course, SLUG, f"student-{number}", files[number % 3])


def test_the_same_rows_as_in_sqlite(course: Course, kept: Kept, release: Notebook) -> None:
    """Right, wrong, unwritten, unreadable and late, under odd names, entered twice: the same in both."""
    results = [
        result(release, 'O\'Neil, "Pat"; drop table student; -- é 名'),
        result(release, "wrong", wrong=WRONG),
        result(release, "unwritten", unanswered=("written-summary",)),
        replace(result(release, "unreadable"), questions=(), problem="rnn.ipynb is empty"),
        result(release, "late"),
    ]
    for place in (course, kept.course):
        with (place.root / "nbgrader_config.py").open("a") as config:
            config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
        with closing(
            Gradebook(kept.address if place is kept.course else f"sqlite:///{course.root}/gradebook.db")
        ) as book:
            book.update_or_create_assignment(SLUG, duedate=datetime(2030, 2, 1, 12))
        folder = place.submitted(SLUG, "late").parent
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2030-02-01 14:30:00.123456 CET")
        _write(place, *results)
        _write(place, *results)
    entered = _rows(kept.course)
    assert entered == _rows(course)
    assert len(entered) == 5 * 16
    assert {row[2] for row in entered if row[0] == "late"} == {20.0}


def test_the_same_scores_by_command(course: Course, kept: Kept, release: Notebook) -> None:
    """A graded class has the same rows as with SQLite, and nbgrader adds them up to the same."""
    for place in (course, kept.course):
        write_atomically(place.root / ".unrolled" / "key", b"the same hidden cases in both of them")
        _hand_in(place, release, students=3)
        with _grading(place) as grading:
            said = grading.communicate()[0]
        assert grading.returncode == 1, said  # for the one that is unreadable
    assert _rows(kept.course) == _rows(course)
    with closing(Gradebook(kept.address)) as book:
        assert [book.find_submission(SLUG, f"student-{n}").score for n in range(3)] == [20, 0, 0]


def test_a_persons_work_stays(kept: Kept, release: Notebook) -> None:
    """Manual scores and comments survive another grading."""
    _write(kept.course, result(release))
    with closing(Gradebook(kept.address)) as book:
        grade = book.find_grade("check-softmax", "rnn", SLUG, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.find_comment("softmax", "rnn", SLUG, "ada").manual_comment = "Nicely explained."
        book.db.commit()
    _write(kept.course, result(release, wrong=replace(WRONG, name="softmax", score=0.5)))
    entered = {(row[3], row[4]): row for row in _rows(kept.course)}
    assert entered["check-softmax", "GradeCell"][5:8] == (0.5, 2.5, True)
    assert entered["softmax", "SolutionCell"][9] == "Nicely explained."


@pytest.mark.parametrize("where", ["postgresql", "sqlite"])
def test_two_graders_at_once(where: str, request: pytest.FixtureRequest, release: Notebook) -> None:
    """Both end well, and everyone is entered once."""
    place = request.getfixturevalue("kept").course if where == "postgresql" else request.getfixturevalue("course")
    _hand_in(place, release, students=6)
    with _grading(place) as first, _grading(place) as second:
        said = first.communicate()[0] + second.communicate()[0]
    assert (first.returncode, second.returncode) == (1, 1), said
    assert said.count("6 submissions") == 2
    assert len(_rows(place)) == 6 * 16


def test_two_writers_of_the_same_rows(kept: Kept, release: Notebook) -> None:
    """Two who enter the same forty students at the same moment are not in each other's way."""
    results = [result(release, f"student-{number}") for number in range(40)]
    writers = [threading.Thread(target=_write, args=(kept.course, *results)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()  # an error in it fails the test, as a warning
    assert len(_rows(kept.course)) == 40 * 16


def test_a_server_that_is_restarted(kept: Kept, release: Notebook, caplog: pytest.LogCaptureFixture) -> None:
    """The writer waits for it, says so, and enters all."""
    with GradebookWriter(kept.course, SLUG) as book:
        book.add(result(release, "before"))
        kept.server.restart()
        book.add(result(release, "after"))
        kept.server.stop()
        start = threading.Timer(1.0, kept.server.start)
        start.start()
        book.add(result(release, "away"))
        start.join()
    assert {row[0] for row in _rows(kept.course)} == {"before", "after", "away"}
    assert "the gradebook does not answer" in caplog.text
    assert "\n" not in caplog.records[0].getMessage()


def test_a_server_that_stays_away(kept: Kept, release: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the error is one line that says what to do; run again when it is back, all is entered."""
    monkeypatch.setattr(gradebook, "PAUSES", (0.01, 0.01))
    with GradebookWriter(kept.course, SLUG) as book:
        book.add(result(release, "ada"))
        kept.server.stop()
        try:
            with pytest.raises(CourseError, match=r"look whether its server runs, then run the command again") as error:
                book.add(result(release, "bob"))
            with pytest.raises(CourseError, match="look whether its server runs"):
                _write(kept.course)
        finally:
            kept.server.start()
    assert "\n" not in str(error.value)
    _write(kept.course, result(release, "ada"), result(release, "bob"))
    assert {row[0] for row in _rows(kept.course)} == {"ada", "bob"}


def test_a_restart_while_a_class_is_graded(kept: Kept, release: Notebook) -> None:
    """The command notices, and ends as if nothing had been."""
    _hand_in(kept.course, release, students=12)
    with _grading(kept.course) as grading:
        while not list((kept.course.root / "autograded").glob("*")) and grading.poll() is None:
            time.sleep(0.01)
        kept.server.restart()
        said = grading.communicate()[0]
    assert grading.returncode == 1, said
    assert len(_rows(kept.course)) == 12 * 16


def test_a_name_longer_than_its_column(kept: Kept, release: Notebook, caplog: pytest.LogCaptureFixture) -> None:
    """What PostgreSQL refuses is named, and costs nobody else anything."""
    _write(kept.course, result(release, "x" * 200), result(release))
    assert {row[0] for row in _rows(kept.course)} == {"ada"}
    assert "is not entered into the gradebook: value too long" in caplog.text


def test_an_empty_database(kept: Kept) -> None:
    """One in which nothing has been built says what to do."""
    kept.server.create("empty")
    postgres.keep_in(kept.course, kept.server.address("empty"))
    with pytest.raises(CourseError, match=r"run `unrolled build` first"):
        _write(kept.course)


def test_no_copies_are_kept(kept: Kept, release: Notebook) -> None:
    """A server's backup is its administrator's."""
    _write(kept.course, result(release))
    assert not list(kept.course.root.glob(".unrolled/backups/*"))
