"""Nothing is lost: the grader killed at any moment, on full disks, under a clock that jumps; then run again.

The grader is run as a command, and each killed by its own process id.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import notebook
from grader.benchmarks.crash import crash
from grader.build import build
from grader.course import Course
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.nbgrader_course import SLUG, Row, rows
from grader.tests.submissions import hand_in

_PACKAGES = str(Path(__file__).parent.parent.parent)

_KILL = """
import os, signal, sys
left = {times}
def look(event, arguments):
    global left
    if event == "os.rename" and str(arguments[1]).endswith({name!r}):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
"""
_JUMP = """
import random, time
now = time.time
time.time = lambda: now() + random.uniform(-1e9, 1e9)
"""


def _grade(course: Course, *, at_start: str = "", within: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exit status and all that was printed. at_start: a program that runs first; within: a command around it."""
    (course.root / "start").mkdir(exist_ok=True)
    (course.root / "start" / "sitecustomize.py").write_text(at_start)
    done = subprocess.run(
        [*within, sys.executable, "-m", "grader.cli", "grade", SLUG, "--isolation", "none", "--workers", "1"],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": f"{course.root / 'start'}:{_PACKAGES}", "COLUMNS": "500"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


@dataclass(frozen=True)
class Class:
    """A course with submissions, and what the gradebook has when they are graded without trouble."""

    course: Course
    rows: list[Row]


@pytest.fixture(scope="module")
def template(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Four submissions; not to be written to."""
    course = Course(Path(shutil.copytree(built.root, tmp_path_factory.mktemp("crash") / "course")))
    release = notebook.read(course.release(SLUG))
    for number, style in enumerate(["loops", "views", "einsum"]):
        hand_in(course, SLUG, f"right-{number}", submissions.right(release, SLUG, style))
    hand_in(course, SLUG, "untouched", submissions.untouched(release, SLUG))
    course.key()
    copy = Course(Path(shutil.copytree(course.root, course.root.with_name("graded"))))
    assert _grade(copy)[0] == 0
    return Class(course, rows(copy))


@pytest.fixture
def expected(template: Class) -> list[Row]:
    return template.rows


@pytest.fixture
def course(template: Class, tmp_path: Path) -> Course:
    """A course of the test's own, with four submissions."""
    return Course(Path(shutil.copytree(template.course.root, tmp_path / "course")))


def _records(course: Course) -> dict[str, tuple[int, int]]:
    """When each record that there is was written, and as what file."""
    paths = {student: course.record(SLUG, student) for student in course.students(SLUG)}
    return {s: (p.stat().st_ino, p.stat().st_mtime_ns) for s, p in paths.items() if p.exists()}


def test_killed_at_random_moments(tmp_path: Path, sandbox: Sandbox) -> None:
    """Killed again and again: everybody is graded once, as without; a person's work stays; nothing is left over."""
    tally = crash(kills=10, students=12, workers=2, seed=random.randrange(1_000), scratch=tmp_path)
    assert tally.faults == []
    assert tally.kills == 10
    assert len(tally.moments) > 1


@pytest.mark.parametrize(("name", "times"), [(".db", 1), ("rnn.ipynb", 3), ("result.json", 3)])
def test_killed_before_a_file_has_its_name(course: Course, expected: list[Row], name: str, times: int) -> None:
    """Copy of the gradebook, graded notebook or record: whatever was not finished is made again, the rest is not."""
    assert _grade(course, at_start=_KILL.format(name=name, times=times))[0] == -signal.SIGKILL
    before = _records(course)
    assert len(before) == times - 1
    assert len(list(course.root.rglob("*.draft"))) == 1
    assert _grade(course)[0] == 0
    assert rows(course) == expected
    assert before.items() <= _records(course).items()
    assert not list(course.root.rglob("*.draft"))


def test_the_journal_is_the_truth(course: Course, expected: list[Row]) -> None:
    """A gradebook that is gone is made again from the journal: no submission runs, and the rows are the same."""
    assert _grade(course)[0] == 0
    written = _records(course)
    (course.root / "gradebook.db").unlink()
    build(course, SLUG)
    assert rows(course) == []
    assert _grade(course)[0] == 0
    assert rows(course) == expected
    assert _records(course) == written


_FULL = """
cp -a "$COURSE"/. "$DISK" && cd "$DISK"
head -c 100000000 /dev/zero >filler 2>/dev/null; truncate -s -$SPARE filler
$GRADE; echo "first $?"
rm filler; find . -name '*.draft'
$GRADE; echo "second $?"
cp gradebook.db "$COURSE"
"""


@pytest.mark.parametrize("room", [-1_000, 120_000])
def test_a_full_disk(course: Course, expected: list[Row], tmp_path: Path, sandbox: Sandbox, room: int) -> None:
    """Full before, or soon after, the copy of the gradebook: status 2 and one line that says what to do; no drafts.

    With room again it goes on from there, and all is as without.
    """
    (tmp_path / "disk").mkdir()
    settings = {
        "COURSE": str(course.root),
        "DISK": str(tmp_path / "disk"),
        "SPARE": str((course.root / "gradebook.db").stat().st_size + room),
        "GRADE": f"{sys.executable} -m grader.cli grade {SLUG} --isolation none --workers 1",
        "PYTHONPATH": _PACKAGES,
        "COLUMNS": "500",
    }
    mount = ["bwrap", "--dev-bind", "/", "/", "--size", "12000000", "--tmpfs", settings["DISK"]]
    done = subprocess.run([*mount, "sh", "-c", _FULL], env=os.environ | settings, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "first 2" in done.stdout, done.stdout
    assert "second 0" in done.stdout, done.stdout
    assert ".draft" not in done.stdout
    assert re.search(r"cannot be (written|used): .*(full|No space).*run the command again", done.stderr), done.stderr
    assert rows(course) == expected


def test_a_gradebook_that_may_not_be_written(course: Course, expected: list[Row], sandbox: Sandbox) -> None:
    """Status 2, and why; when it may be written, it goes on from there."""
    file = str(course.root / "gradebook.db")
    status, said = _grade(course, within=("bwrap", "--dev-bind", "/", "/", "--ro-bind", file, file))
    assert status == 2
    assert "readonly database. you may not write to it" in said
    assert _grade(course)[0] == 0
    assert rows(course) == expected


def test_a_clock_that_jumps(course: Course, expected: list[Row]) -> None:
    """Decades to and fro at every look: the same rows, and what is graded stays graded."""
    for number, student in enumerate(course.students(SLUG)):
        os.utime(course.submitted(SLUG, student), (4e9 * (number % 2), 4e9 * (number % 2)))
    assert _grade(course, at_start=_JUMP)[0] == 0
    assert rows(course) == expected
    before = _records(course)
    for path in course.root.rglob("result.json"):
        os.utime(path, (4e9, 4e9))
    after = _records(course)
    assert _grade(course, at_start=_JUMP)[0] == 0
    assert rows(course) == expected
    assert _records(course) == after
    assert before.keys() == after.keys()
