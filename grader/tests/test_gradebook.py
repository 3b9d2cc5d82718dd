"""The gradebook's writer: nbgrader's rows, a person's work untouched, errors that say what to do."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin

from grader import notebook
from grader.course import Course, CourseError
from grader.gradebook import GradebookWriter
from grader.notebook import Notebook
from grader.tests.disk import no_file_over
from grader.tests.nbgrader_course import SLUG, WRONG, cell, result, rows

WRITTEN = "written-summary"


class PointForEveryHour(LateSubmissionPlugin):
    """A plugin as a course may have its own."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        return total_seconds_late // 3600


@pytest.fixture
def release(built: Course) -> Notebook:
    return notebook.read(built.release(SLUG))


@pytest.fixture
def book(course: Course) -> Iterator[Gradebook]:
    """nbgrader's own view of the gradebook, for a person's work."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as book:
        yield book


def _write(course: Course, *results: object) -> None:
    with GradebookWriter(course, SLUG) as gradebook:
        for graded in results:
            gradebook.add(graded)  # type: ignore[arg-type]


def test_scores_and_comments(course: Course, release: Notebook) -> None:
    """Every check has its score, every wrong answer its comment, and nothing waits for a person but text."""
    _write(course, result(release, wrong=WRONG))
    check, answer = (
        cell(course, "ada", "check-rnn_cell_forward"),
        cell(course, "ada", "rnn_cell_forward", "SolutionCell"),
    )
    assert (check["auto_score"], check["needs_manual_grade"]) == (1.5, 0)
    assert WRONG.hints[0] in str(answer["auto_comment"])
    assert cell(course, "ada", "softmax", "SolutionCell")["auto_comment"] is None
    assert [row["name"] for row in rows(course) if row["needs_manual_grade"]] == [WRITTEN]


def test_written_answers(course: Course, release: Notebook) -> None:
    """One that is there waits for a person; one that was left alone has its zero."""
    _write(course, result(release, "ada"), result(release, "bob", unanswered=(WRITTEN,)))
    there, absent = cell(course, "ada", WRITTEN), cell(course, "bob", WRITTEN)
    assert (there["auto_score"], there["needs_manual_grade"]) == (None, 1)
    assert (absent["auto_score"], absent["needs_manual_grade"]) == (0, 0)
    assert cell(course, "bob", WRITTEN, "SolutionCell")["auto_comment"] == "No response."


def test_a_persons_work_stays(course: Course, release: Notebook, book: Gradebook) -> None:
    """Grading again renews our scores and comments only, and asks the person to look again, as nbgrader does."""
    _write(course, result(release))
    grade = book.find_grade("check-softmax", "rnn", SLUG, "ada")
    grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.5, 1.0, False
    book.find_comment("softmax", "rnn", SLUG, "ada").manual_comment = "Nicely explained."
    book.find_submission_notebook("rnn", SLUG, "ada").flagged = True
    book.db.commit()
    _write(course, result(release, wrong=replace(WRONG, name="softmax", score=0.5)))
    check, answer = cell(course, "ada", "check-softmax"), cell(course, "ada", "softmax", "SolutionCell")
    assert (check["manual_score"], check["extra_credit"], check["flagged"]) == (2.5, 1.0, 1)
    assert (check["auto_score"], check["needs_manual_grade"]) == (0.5, 1)
    assert answer["manual_comment"] == "Nicely explained."
    assert "3 of 6" in str(answer["auto_comment"])


def test_what_is_up_to_date_asks_for_nobody(course: Course, release: Notebook, book: Gradebook) -> None:
    """A record that is entered once more, by a run that found it up to date, leaves a person's score settled."""
    _write(course, result(release))
    for name in ("check-softmax", "written-summary"):
        grade = book.find_grade(name, "rnn", SLUG, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
    book.db.commit()
    with GradebookWriter(course, SLUG) as gradebook:
        gradebook.add(result(release), new=False)
    waiting = [cell(course, "ada", name)["needs_manual_grade"] for name in ("check-softmax", "written-summary")]
    assert waiting == [0, 0]
    _write(course, result(release))
    waiting = [cell(course, "ada", name)["needs_manual_grade"] for name in ("check-softmax", "written-summary")]
    assert waiting == [1, 1]


def test_nbgrader_adds_up_the_same(course: Course, release: Notebook, book: Gradebook) -> None:
    """nbgrader's own sums over our rows are the result's."""
    graded = result(release, wrong=WRONG)
    _write(course, graded)
    submission = book.find_submission(SLUG, "ada")
    assert submission.score == graded.score
    assert submission.max_code_score == graded.points
    assert submission.needs_manual_grade


def test_many_students(course: Course, release: Notebook) -> None:
    """A row each, and of one who comes twice the last result counts."""
    students = [f"student {number}" for number in range(20)]
    _write(course, *(result(release, student) for student in students), result(release, students[0], wrong=WRONG))
    assert {row["student_id"] for row in rows(course)} == set(students)
    assert len(rows(course)) == len(students) * 16  # 7 checks, 7 answers, a written one that is both
    assert cell(course, students[0], "check-rnn_cell_forward")["auto_score"] == 1.5


@pytest.mark.parametrize(
    "student", ['O\'Neil, "Pat"', '=HYPERLINK("evil","me")', "a'); drop table student; --", "é 名"]
)
def test_odd_names(course: Course, release: Notebook, student: str) -> None:
    """A name is only a name."""
    _write(course, result(release, student))
    assert cell(course, student, "check-softmax")["auto_score"] == 3


def test_what_could_not_be_graded(course: Course, release: Notebook) -> None:
    """An unreadable submission is known to the gradebook, and takes away no score that was there."""
    unreadable = replace(result(release), questions=(), problem="rnn.ipynb is empty")
    _write(course, replace(unreadable, student="bob"), result(release))
    _write(course, unreadable)
    assert cell(course, "ada", "check-softmax")["auto_score"] == 3
    assert {row["auto_score"] for row in rows(course) if row["student_id"] == "bob"} == {None}
    assert cell(course, "bob", "check-softmax")["needs_manual_grade"]


def test_what_was_added_is_kept_after_an_error(course: Course, release: Notebook) -> None:
    """Ctrl-C in the middle of a class loses nothing that was graded."""
    with pytest.raises(KeyboardInterrupt), GradebookWriter(course, SLUG) as gradebook:
        gradebook.add(result(release))
        raise KeyboardInterrupt
    assert cell(course, "ada", "check-softmax")["auto_score"] == 3


_HALF = """
import os, signal, sys
from pathlib import Path
from grader import notebook
from grader.course import Course
from grader.gradebook import GradebookWriter
from grader.tests.nbgrader_course import SLUG, result

course = Course(Path(sys.argv[1]))
GradebookWriter._penalise = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with GradebookWriter(course, SLUG) as gradebook:
    gradebook.add(result(notebook.read(course.release(SLUG))))
"""


def test_no_submission_is_half_entered(course: Course, release: Notebook) -> None:
    """Of a grader that is killed when all but the last row of a submission is written, nothing is seen."""
    killed = subprocess.run([sys.executable, "-c", _HALF, course.root], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows(course) == []
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert db.execute("select count(*) from student").fetchone() == (0,)
    _write(course, result(release))
    assert cell(course, "ada", "check-softmax")["auto_score"] == 3


def test_what_has_not_changed_is_not_written(course: Course, release: Notebook) -> None:
    """Entering the same again leaves the file as it is, byte for byte."""
    results = [result(release, wrong=WRONG), replace(result(release, "bob"), questions=(), problem="empty")]
    _write(course, *results)
    before = (course.root / "gradebook.db").read_bytes()
    _write(course, *results)
    assert (course.root / "gradebook.db").read_bytes() == before


def _hand_in_at(course: Course, time: str, student: str = "ada") -> None:
    folder = course.submitted(SLUG, student).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "timestamp.txt").write_text(time)


def test_times(course: Course, release: Notebook) -> None:
    """The time that the exchange noted is kept in UTC; without the file the old one stays."""
    _hand_in_at(course, "2030-02-01 13:30:00.000000 UTC\n")
    _write(course, result(release))
    assert cell(course, "ada", "check-softmax")["timestamp"] == "2030-02-01 13:30:00.000000"
    course.submitted(SLUG, "ada").with_name("timestamp.txt").unlink()
    _write(course, result(release))
    assert cell(course, "ada", "check-softmax")["timestamp"] == "2030-02-01 13:30:00.000000"


@pytest.mark.parametrize("time", ["", "yesterday", "9" * 400, "\0"])
def test_times_that_are_none(course: Course, release: Notebook, time: str, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged timestamp.txt costs nobody's grade; a warning names it."""
    _hand_in_at(course, time)
    _write(course, result(release))
    assert cell(course, "ada", "check-softmax")["timestamp"] is None
    assert "timestamp.txt holds no time" in caplog.text


def test_late_penalties(course: Course, release: Notebook, book: Gradebook) -> None:
    """Who is late loses what the course's plugin says, an extension counts, and a new timely submission clears it."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.AssignLatePenalties.plugin_class = "{__name__}.PointForEveryHour"\n')
    book.update_or_create_assignment(SLUG, duedate=datetime(2030, 2, 1, 12))
    _hand_in_at(course, "2030-02-01 14:30:00", "late")
    _hand_in_at(course, "2030-02-01 11:30:00", "timely")
    _hand_in_at(course, "2030-02-01 14:30:00", "allowed")
    _write(course, *(result(release, student) for student in ("late", "timely", "allowed")))
    assert [cell(course, s, "check-softmax")["late_submission_penalty"] for s in ("late", "timely")] == [2, None]
    book.find_submission(SLUG, "allowed").extension = timedelta(hours=3)
    book.db.commit()
    _hand_in_at(course, "2030-02-01 11:00:00", "late")
    _write(course, *(result(release, student) for student in ("late", "allowed")))
    assert {row["late_submission_penalty"] for row in rows(course)} == {None}


def test_without_a_build(course: Course) -> None:
    """No gradebook, or none that knows the assignment: build it first."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("update assignment set name = 'other'")
    db.close()
    with pytest.raises(CourseError, match="no assignment 01-rnn: run `unrolled build 01-rnn` first"):
        GradebookWriter(course, SLUG).__enter__()
    (course.root / "gradebook.db").unlink()
    with pytest.raises(CourseError, match="run `unrolled build 01-rnn` first"):
        GradebookWriter(course, SLUG).__enter__()
    assert not (course.root / "gradebook.db").exists()


def test_other_questions_than_the_gradebooks(course: Course, release: Notebook) -> None:
    """Points or questions that changed since the build are not entered."""
    graded = result(release)
    with GradebookWriter(course, SLUG) as gradebook:
        for other in (graded.questions[1:], (replace(graded.questions[0], points=9), *graded.questions[1:])):
            with pytest.raises(CourseError, match="other questions or points: run `unrolled build 01-rnn`"):
                gradebook.add(replace(graded, questions=other))


def test_a_locked_gradebook(course: Course, release: Notebook) -> None:
    """While another program writes, the error says so, names the file, and says where the work is."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.CourseDirectory.db_url = "sqlite:///{course.root}/gradebook.db?timeout=0.1"\n')
    db = sqlite3.connect(course.root / "gradebook.db")
    db.execute("begin immediate")
    with pytest.raises(CourseError, match=r"gradebook.db.*locked.*another program is writing.*journal"):
        _write(course, result(release))
    db.rollback()
    db.close()
    _write(course, result(release))


def test_a_gradebook_locked_for_a_moment(course: Course, release: Notebook) -> None:
    """Another program's writing, if it ends, only delays ours, and both are kept."""
    other = sqlite3.connect(course.root / "gradebook.db", check_same_thread=False)
    other.execute("begin immediate")
    other.execute("insert into student (id) values ('new')")
    end = threading.Timer(1.0, other.commit)
    end.start()
    _write(course, result(release))
    assert not end.is_alive()
    end.join()
    assert {student for (student,) in other.execute("select id from student")} == {"ada", "new"}
    other.close()


def test_a_full_disk(course: Course, release: Notebook) -> None:
    """The error says so; what was entered before is there, and with more room the rest is entered."""
    students = [f"student-{number}" for number in range(60)]
    with (
        pytest.raises(CourseError, match=r"[Mm]ake room.*run the command again"),
        GradebookWriter(course, SLUG) as book,
        no_file_over((course.root / "gradebook.db").stat().st_size + 40_000),
    ):
        for student in students:
            book.add(result(release, student))
    entered = {row["student_id"] for row in rows(course)}
    assert 0 < len(entered) < 60
    assert len(rows(course)) == len(entered) * 16
    _write(course, *(result(release, student) for student in students))
    assert len(rows(course)) == 60 * 16


def test_a_gradebook_of_something_else(course: Course, release: Notebook) -> None:
    """A file that is no gradebook is named."""
    (course.root / "gradebook.db").write_bytes(b"not a database at all, but long enough to look at" * 30)
    with pytest.raises(CourseError, match=r"gradebook.db cannot be used: file is not a database"):
        _write(course, result(release))
    (course.root / "gradebook.db").write_bytes(b"")
    with pytest.raises(CourseError, match=r"no such table.*nbgrader db upgrade"):
        _write(course, result(release))


def test_a_database_that_cannot_be_opened(course: Course) -> None:
    """A wrong address in the configuration is named."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseDirectory.db_url = "oracle9:///x"\n')
    with pytest.raises(CourseError, match=r"CourseDirectory.db_url, does not work"):
        GradebookWriter(course, SLUG).__enter__()


def test_a_gradebook_that_may_not_be_written(course: Course, release: Notebook) -> None:
    """A file that is read-only is said to be."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.CourseDirectory.db_url = "sqlite:///file:{course.root}/gradebook.db?mode=ro&uri=true"\n')
    with pytest.raises(CourseError, match=r"readonly database. you may not write to it"):
        _write(course, result(release))


def test_a_gradebook_elsewhere(course: Course, release: Notebook) -> None:
    """A file's name in the address is taken from the course, wherever the command was started."""
    (course.root / "gradebook.db").rename(course.root / "book.db")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseDirectory.db_url = "sqlite:///book.db"\n')
    _write(course, result(release))
    (course.root / "book.db").rename(course.root / "gradebook.db")
    assert cell(course, "ada", "check-softmax")["auto_score"] == 3


def test_a_name_that_no_database_holds(course: Course, release: Notebook, caplog: pytest.LogCaptureFixture) -> None:
    """A folder whose name is no text is named, and costs nobody else anything."""
    _write(course, result(release, "\udcff"), result(release))
    assert {row["student_id"] for row in rows(course)} == {"ada"}
    assert r"'\udcff' is not entered into the gradebook: rename the folder" in caplog.text


def test_a_configuration_that_cannot_be_loaded(course: Course) -> None:
    """A mistake in nbgrader_config.py is one line."""
    (course.root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.db_url = 'x\n")
    with pytest.raises(CourseError, match=r"nbgrader_config.py cannot be loaded: SyntaxError"):
        GradebookWriter(course, SLUG).__enter__()
