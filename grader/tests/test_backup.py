"""Copies of the gradebook: one before each run that finds it changed, whole, whatever the clock says."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from grader.converters import load_config, open_gradebook
from grader.course import Course, CourseError
from grader.gradebook import GradebookWriter
from grader.gradebook.backup import KEPT, back_up
from grader.tests.disk import no_file_over
from grader.tests.nbgrader_course import SLUG


@pytest.fixture
def gradebook(course: Course) -> Iterator[Engine]:
    engine = open_gradebook(course, load_config(course))
    yield engine
    engine.dispose()


def _copies(course: Course) -> list[Path]:
    return sorted((course.root / ".unrolled" / "backups").iterdir())


def _enrol(file: Path, student: str) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("insert into student (id) values (?)", [student])


def _students(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        return {student for (student,) in db.execute("select id from student")}


def test_a_run_starts_with_a_copy(course: Course) -> None:
    """It has what the gradebook had, a time in its name, and the same readers; nothing else lies beside it."""
    file = course.root / "gradebook.db"
    file.chmod(0o640)
    _enrol(file, "ada")
    with GradebookWriter(course, SLUG):
        _enrol(file, "bob")
    (copy,) = _copies(course)
    assert re.fullmatch(r"gradebook-000001-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db", copy.name)
    assert _students(copy) == {"ada"}
    assert copy.stat().st_mode & 0o777 == 0o640


def test_nothing_new_is_not_copied_again(course: Course, gradebook: Engine) -> None:
    """Only a gradebook that changed since gives another copy."""
    for _ in range(3):
        back_up(course, gradebook)
    assert len(_copies(course)) == 1
    _enrol(course.root / "gradebook.db", "ada")
    back_up(course, gradebook)
    assert [_students(copy) for copy in _copies(course)] == [set(), {"ada"}]


def test_the_last_ones_are_kept(course: Course, gradebook: Engine) -> None:
    """As many as promised, by their number: a copy from a wrong clock's future is neither first nor last for it."""
    folder = course.root / ".unrolled" / "backups"
    folder.mkdir(parents=True)
    (folder / "gradebook-000041-2099-01-01T00-00-00Z.db").write_bytes(b"of the future")
    (folder / "gradebook-mine.db").write_bytes(b"a person's own")
    for number in range(KEPT):
        _enrol(course.root / "gradebook.db", f"student-{number}")
        back_up(course, gradebook)
    *copies, mine = _copies(course)
    assert [int(copy.name.split("-")[1]) for copy in copies] == list(range(42, 42 + KEPT))
    assert len(_students(copies[-1])) == KEPT
    assert mine.read_bytes() == b"a person's own"


def test_while_others_use_it(course: Course, gradebook: Engine) -> None:
    """Readers and a writer in the middle of a transaction are no obstacle; the copy has what was there before it."""
    file = course.root / "gradebook.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer, closing(sqlite3.connect(file)) as reader:
        reader.execute("select * from student")
        writer.execute("begin immediate")
        writer.execute("insert into student (id) values ('half')")
        back_up(course, gradebook)
        writer.execute("rollback")
    assert _students(_copies(course)[0]) == set()


def test_a_gradebook_that_another_keeps_for_itself(course: Course) -> None:
    """It is waited for as long as for any writing, and not for ever."""
    file = course.root / "gradebook.db"
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.CourseDirectory.db_url = "sqlite:///{file}?timeout=0.1"\n')
    engine = open_gradebook(course, load_config(course))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(OperationalError, match="locked"):
            back_up(course, engine)
    engine.dispose()
    with pytest.raises(FileNotFoundError):
        _copies(course)


def test_no_room_for_a_copy(course: Course, gradebook: Engine) -> None:
    """The error is one line that says what to do, and no half copy is left."""
    with (
        no_file_over(20_000),
        pytest.raises(CourseError, match=r"gradebook-000001.*cannot be written.*is there room.*run the command again"),
    ):
        back_up(course, gradebook)
    assert _copies(course) == []


def test_write_ahead_logs_are_copied(course: Course, gradebook: Engine) -> None:
    """A gradebook in SQLite's WAL mode, of which a part is in another file, is copied as a whole."""
    file = course.root / "gradebook.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("insert into student (id) values ('ada')")
        db.commit()
        back_up(course, gradebook)
    assert _students(_copies(course)[0]) == {"ada"}
