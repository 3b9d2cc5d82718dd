"""The command line: exit statuses, and words that say what to do. Run as a command, as people do."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from grader import notebook
from grader.course import Course
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.submissions import hand_in

SLUG = "01-rnn"


def _unrolled(*arguments: str, at: Path) -> tuple[int, str]:
    """Exit status and everything printed, from an environment that is not activated: nothing of ours is on PATH."""
    environment = os.environ | {"PATH": "/usr/bin:/bin", "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "grader.cli", *arguments], cwd=at, env=environment, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def _scores(course: Course) -> dict[str, float]:
    """The automatic score of every student in the gradebook."""
    query = """
        select student_id, sum(auto_score) from submitted_assignment s
        join submitted_notebook n on n.assignment_id = s.id join grade g on g.notebook_id = n.id group by student_id
    """
    with sqlite3.connect(course.root / "gradebook.db") as db:
        scores = dict(db.execute(query).fetchall())
    db.close()
    return scores


def test_grade_says_that_all_is_graded(course: Course, sandbox: Sandbox) -> None:
    """Status 0, a table, and the same scores in the gradebook; again, and nothing has changed."""
    release = notebook.read(course.release(SLUG))
    hand_in(course, SLUG, "ada", submissions.right(release, SLUG, "loops"))
    hand_in(course, SLUG, "bob", submissions.untouched(release, SLUG))
    for _ in range(2):
        status, text = _unrolled("grade", SLUG, at=course.root)
        assert status == 0
        assert re.search(r"ada\W+20 of 20", text)
        assert re.search(r"bob\W+0 of 20\W+7 not done", text)
        assert _scores(course) == {"ada": 20.0, "bob": 0.0}


def test_grade_says_that_something_is_not(course: Course, sandbox: Sandbox) -> None:
    """Status 1 and the reason; the others are graded."""
    release = notebook.read(course.release(SLUG))
    hand_in(course, SLUG, "ada", submissions.right(release, SLUG, "loops"))
    hand_in(course, SLUG, "bob", {"rnn.ipynb": b""})
    status, text = _unrolled("grade", SLUG, at=course.root)
    assert status == 1
    assert re.search(r"bob\W+not graded\W+the notebook is empty", text)
    assert _scores(course)["ada"] == 20.0


def test_isolation_none_is_recorded(course: Course) -> None:
    """Without walls, only on request; the report says so."""
    release = notebook.read(course.release(SLUG))
    hand_in(course, SLUG, "ada", submissions.right(release, SLUG, "loops"))
    assert _unrolled("grade", SLUG, "--isolation", "none", at=course.root)[0] == 0
    assert _unrolled("report", SLUG, at=course.root)[0] == 0
    assert "1 of them ran without isolation" in course.report(SLUG).read_text()


def test_grade_refuses_without_bubblewrap(course: Course) -> None:
    """No walls and no `--isolation none`: nothing is graded, and it says how to go on."""
    release = notebook.read(course.release(SLUG))
    hand_in(course, SLUG, "ada", submissions.right(release, SLUG, "loops"))
    environment = os.environ | {"PATH": str(course.root)}
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG]
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no `bwrap`" in " ".join(done.stderr.split())
    assert "--isolation none" in " ".join(done.stderr.split())
    assert not course.autograded(SLUG, "ada").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", SLUG], "nobody has submitted 01-rnn"),
        (["grade", "99-none"], "nobody has submitted 99-none"),
        (["report", SLUG], "nothing of 01-rnn has been graded yet: run `unrolled grade 01-rnn` first"),
        (["build", "99-none"], "no assignment '99-none'; there are: 01-rnn"),
        (["check", "nowhere.ipynb"], "nowhere.ipynb"),
        (["grade", SLUG, "--isolation", "thick-walls"], "there is no isolation 'thick-walls'"),
    ],
)
def test_errors_say_what_to_do(course: Course, arguments: list[str], says: str) -> None:
    """Status 2 and one line."""
    if "--isolation" in arguments:
        hand_in(course, SLUG, "ada", {})
    status, text = _unrolled(*arguments, at=course.root)
    assert status == 2
    assert says in text


def test_no_course_here(tmp_path: Path) -> None:
    """Outside a course there is nothing to grade, and it says what makes a course."""
    status, text = _unrolled("grade", SLUG, at=tmp_path)
    assert status == 2
    assert "no course, since it has no nbgrader_config.py" in text


def test_build_check(course: Course) -> None:
    """What is built is fresh; edited by hand it is stale, and status 2."""
    assert _unrolled("build", SLUG, "--check", at=course.root) == (0, "")
    course.release(SLUG).write_text(course.release(SLUG).read_text().replace("Two products", "Three products"))
    status, text = _unrolled("build", SLUG, "--check", at=course.root)
    assert status == 2
    assert "stale: assignments/01-rnn/rnn.ipynb" in text


def test_verify(course: Course) -> None:
    """The kill matrix is printed, and everything holds."""
    status, text = _unrolled("verify", SLUG, "--seeds", "2", at=course.root)
    assert status == 0
    assert re.search(r"no_shift\W+\.+x+", text)
    assert text.rstrip().endswith("everything holds")


def test_demo(tmp_path: Path, sandbox: Sandbox) -> None:
    """A class of forty, its table, its feedback and its report."""
    status, text = _unrolled("demo", "--into", str(tmp_path / "demo"), at=tmp_path)
    assert status == 0
    assert "40 submissions" in text
    assert len(re.findall(r"right-\w+\W+20 of 20", text)) == len(submissions.styles(SLUG)) >= 10
    assert re.search(r"untouched\W+0 of 20", text)
    assert text.count("not graded") == 7
    feedback = (tmp_path / "demo/feedback/wrong-1/01-rnn/rnn.html").read_text()
    assert "Count the arguments that your code uses" in feedback
    assert "class report: " in text
    assert _unrolled("demo", "--into", str(tmp_path / "demo"), at=tmp_path)[0] == 2  # there is a course already
