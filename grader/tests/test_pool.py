"""The pool: whatever becomes of a process, it costs its submission at most, and nothing is left running."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom import recipe
from grader.classroom.pool import Pool
from grader.classroom.worker import OtherVersion, Recipe, Submission
from grader.course import Course
from grader.sandbox import IsolationError, Sandbox
from grader.tests.processes import descendants, is_gone, is_grading, running, until
from grader.tests.submissions import hand_in
from grader.tests.workload import SLUG, delayed, given, right


@pytest.fixture(scope="session")
def book(built: Course) -> bytes:
    return right(built)


@pytest.fixture
def recipe_01(built: Course, sandbox: Sandbox) -> Recipe:
    return recipe(built, SLUG)


def _workers(pid: int | None = None) -> list[int]:
    """The pool's processes that a grader has; without `pid`, this one."""
    return running(descendants(pid or os.getpid()), "spawn_main")


def _grading(pid: int) -> int:
    """A process of that grader's pool, as soon as there is one that has a session in its sandbox."""
    found: list[int] = []

    def look() -> list[int]:
        found[:] = filter(is_grading, _workers(pid))
        return found

    until(look)
    return found[0]


def _slow(book: bytes) -> bytes:
    """A submission that takes half a minute."""
    return delayed(book, 9, 9, 9)


def test_one_outcome_each(recipe_01: Recipe, book: bytes) -> None:
    """Everybody has one outcome, with the graded notebook; what is no notebook has the reason instead."""
    handed_in = [Submission("ada", book), Submission("bob", b"{}"), Submission("eve", book)]
    outcomes = {outcome.result.student: outcome for outcome in Pool(2).run(recipe_01, iter(handed_in))}
    assert list(sorted(outcomes)) == ["ada", "bob", "eve"]
    assert outcomes["ada"].result.score == outcomes["ada"].result.points > 0
    assert b'"check-softmax"' in outcomes["ada"].notebook
    assert "no nbformat" in outcomes["bob"].result.problem and not outcomes["bob"].notebook
    assert _workers() == []


def test_nothing_to_do_starts_nothing(recipe_01: Recipe) -> None:
    """Without submissions no process is started."""
    assert list(Pool(2).run(replace(recipe_01, version={}), iter(()))) == []


def test_few_submissions_wait(recipe_01: Recipe, book: bytes) -> None:
    """A submission is read when there is somebody to grade it: never more of them in memory than processes."""
    read, most = 0, 0

    def handed_in() -> Iterator[Submission]:
        nonlocal read
        for number in range(12):
            read += 1
            yield Submission(f"student-{number}", book)

    for done, _ in enumerate(Pool(2).run(recipe_01, handed_in())):
        most = max(most, read - done)
    assert (read, done) == (12, 11)
    assert most <= 4  # two in processes, and two that have just been graded


def test_a_process_that_dies_costs_nobody_anything(recipe_01: Recipe, book: bytes) -> None:
    """Killed once, whoever was being graded is graded again."""
    run = Pool(2).run(recipe_01, given(book, *"abcdef"))
    outcomes = [next(run)]
    os.kill(_workers()[0], signal.SIGKILL)
    outcomes += run
    assert sorted(outcome.result.student for outcome in outcomes) == list("abcdef")
    assert all(outcome.result.score == outcome.result.points for outcome in outcomes)


def test_a_deadly_submission_is_lost_alone(recipe_01: Recipe, book: bytes) -> None:
    """Its process killed once, and once out of time, a submission has no score and a reason; its neighbours have."""
    handed_in = [Submission("guilty", _slow(book)), *given(book, *"abc")]
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(lambda: os.kill(_grading(os.getpid()), signal.SIGKILL))
        outcomes = {
            outcome.result.student: outcome.result for outcome in Pool(1, patience=5).run(recipe_01, iter(handed_in))
        }
        killed.result()
    problem = "the grader's process died on this submission, or took longer than 5 s, twice"
    assert outcomes["guilty"].problem == problem
    assert [outcomes[name].score for name in "abc"] == [outcomes["a"].points] * 3
    assert _workers() == []


def test_who_stops_early_leaves_nothing(recipe_01: Recipe, book: bytes) -> None:
    """When the run is given up, its processes and their sandboxes are gone."""
    before = set(descendants(os.getpid()))  # the tests' own sandbox
    run = Pool(2).run(recipe_01, iter([Submission("slow", _slow(book)), *given(book, *"abc")]))
    next(run)
    started = running([*{*descendants(os.getpid())} - before], "spawn_main")
    started += running([*{*descendants(os.getpid())} - before], "grader.sandbox")
    assert len(started) > 4
    run.close()
    until(lambda: all(map(is_gone, started)), seconds=5)


def test_no_walls_stop_the_run(recipe_01: Recipe, book: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the sandbox cannot be built nothing is graded, and it says why."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IsolationError, match="no `bwrap` here"):
        list(Pool(1).run(recipe_01, given(book, "ada")))
    assert _workers() == []


def test_another_version_stops_the_run(recipe_01: Recipe, book: bytes) -> None:
    """Who has other code than the recipe was made with grades nothing, and names the difference."""
    other = replace(recipe_01, version={**recipe_01.version, "grader": "other", "exercises": "other"})
    with pytest.raises(OtherVersion, match=r"another version of unrolled .*\(exercises and grader differ\)"):
        list(Pool(1).run(other, given(book, "ada")))


@pytest.fixture
def slow_course(course: Course, book: bytes, sandbox: Sandbox) -> Course:
    """A course in which one submission is graded at once, and two take long."""
    for student, data in (("a-quick", book), ("b-slow", _slow(book)), ("c-slow", _slow(book))):
        hand_in(course, SLUG, student, {"rnn.ipynb": data})
    return course


@contextmanager
def _command(course: Course) -> Iterator[subprocess.Popen[str]]:
    """The command as a terminal starts it: in a process group of its own."""
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=course.root, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("moment", ["starting", "grading"])
def test_killed_it_leaves_nothing_running(slow_course: Course, moment: str) -> None:
    """Whenever the grader is killed, its processes and their sandboxes end, too."""
    with _command(slow_course) as grader:
        if moment == "starting":
            until(lambda: running(descendants(grader.pid), "spawn_main"))
        else:
            _grading(grader.pid)
            until(lambda: slow_course.record(SLUG, "a-quick").exists())
        started = descendants(grader.pid)
        grader.kill()
        until(lambda: all(map(is_gone, started)), seconds=8)  # much sooner than the slow ones would be done


def test_ctrl_c_keeps_what_is_done(slow_course: Course) -> None:
    """Interrupted as by a terminal, it ends soon, in one line, with all that was finished, and nothing else runs."""
    with _command(slow_course) as grader:
        until(lambda: slow_course.record(SLUG, "a-quick").exists() and _grading(grader.pid))
        started, interrupted = descendants(grader.pid), time.monotonic()
        os.killpg(grader.pid, signal.SIGINT)
        said, complained = grader.communicate(timeout=60)
    assert time.monotonic() - interrupted < 15  # the slow ones would take longer
    assert (grader.returncode, complained) == (130, "")
    assert re.search("[01] were graded, and are kept", said)  # the record is there before it is counted
    until(lambda: all(map(is_gone, started)), seconds=8)
    assert not slow_course.record(SLUG, "b-slow").exists()
