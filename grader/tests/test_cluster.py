"""A Dask cluster: the same scores as here, each once, whatever becomes of workers and scheduler meanwhile."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from grader import journal, notebook
from grader.classroom import Run, recipe
from grader.classroom.cluster import Cluster
from grader.classroom.pool import Pool
from grader.classroom.worker import ExecutorError, Outcome, Recipe, Submission
from grader.course import Course
from grader.exercises import load
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.dask_cluster import DaskCluster, dask_cluster
from grader.tests.processes import descendants, is_gone, is_grading, running, until
from grader.tests.submissions import hand_in
from grader.tests.workload import SLUG, delayed, given, right

STUDENTS = [f"student-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[DaskCluster]:
    """A scheduler and two workers, for tests that leave them as they are."""
    with dask_cluster(tmp_path_factory.mktemp("dask") / "cluster", workers=2) as cluster:
        yield cluster


@pytest.fixture
def passing(tmp_path: Path, sandbox: Sandbox) -> Iterator[DaskCluster]:
    """A scheduler of the test's own, without workers yet."""
    with dask_cluster(tmp_path / "cluster", workers=0) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def book(built: Course) -> bytes:
    """A notebook that gets full marks, but not at once."""
    return delayed(right(built), 1)


@pytest.fixture
def recipe_01(built: Course) -> Recipe:
    return recipe(built, SLUG)


@contextmanager
def _meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Do something while the block runs; fails if it was not done by the end of it."""
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(act)
        yield
        done.result(timeout=0)


def _check(outcomes: list[Outcome], students: list[str]) -> None:
    """Everybody has one outcome, with full marks."""
    assert sorted(outcome.result.student for outcome in outcomes) == students
    for outcome in outcomes:
        assert outcome.result.score == outcome.result.points > 0, outcome.result.problem
        assert outcome.notebook


def test_same_results_as_here(cluster: DaskCluster, built: Course, recipe_01: Recipe) -> None:
    """Whatever is handed in, a cluster's results and graded notebooks are those of this machine, time apart."""
    release = notebook.read(built.release(SLUG))
    handed_in = [files["rnn.ipynb"] for _, files in submissions.wrong(release, load(SLUG))][:4]
    handed_in += [right(built), submissions.untouched(release, SLUG)["rnn.ipynb"], b"", b"\xff" * 100]

    def outcomes(executor: Cluster | Pool) -> dict[str, Outcome]:
        given = iter([Submission(name, data) for name, data in zip(STUDENTS, handed_in, strict=True)])
        done = [replace(o, result=replace(o.result, seconds=0)) for o in executor.run(recipe_01, given)]
        assert len(done) == len(STUDENTS)
        return {outcome.result.student: outcome for outcome in done}

    assert outcomes(Cluster(cluster.address)) == outcomes(Pool(2))


def test_few_submissions_wait(cluster: DaskCluster, recipe_01: Recipe, built: Course) -> None:
    """A submission is read when a worker has room, and no worker has more than two: memory stays as it is."""
    data, read, most = right(built), 0, 0

    def handed_in() -> Iterator[Submission]:
        nonlocal read
        for number in range(12):
            read += 1
            yield Submission(f"student-{number:02}", data)

    for done, _ in enumerate(Cluster(cluster.address).run(recipe_01, handed_in())):
        most = max(most, read - done)
    assert (read, done) == (12, 11)
    assert most <= 5  # two workers with two each, and one that was just yielded


def test_the_command(cluster: DaskCluster, course: Course, book: bytes) -> None:
    """`--executor dask://` grades, and leaves what a run on this machine would: nothing is to be run again."""
    hand_in(course, SLUG, "ada", {"rnn.ipynb": book})
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--executor", cluster.address]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 graded for the first time" in done.stdout
    assert course.autograded(SLUG, "ada").exists()
    run = Run(course, SLUG, "bubblewrap")
    assert [record.student for record in run.up_to_date(["ada"])] == ["ada"] and not run.reasons


def test_a_worker_that_is_killed(passing: DaskCluster, recipe_01: Recipe, book: bytes) -> None:
    """Its submissions go to another; nothing of its sandbox lives on."""
    victim, _ = passing.start_workers(2)
    started: list[int] = []

    def kill() -> None:
        until(lambda: is_grading(victim))
        started.extend(descendants(victim))
        os.kill(victim, signal.SIGKILL)

    with _meanwhile(kill):
        _check(list(Cluster(passing.address).run(recipe_01, given(book, *STUDENTS))), STUDENTS)
    assert len(started) > 3
    until(lambda: all(map(is_gone, started)))


def test_the_scheduler_is_restarted(passing: DaskCluster, recipe_01: Recipe, book: bytes) -> None:
    """Killed mid-run, and started again where it was: what was under way is graded by the workers that come."""
    (worker,) = passing.start_workers()

    def restart() -> None:
        until(lambda: is_grading(worker))
        passing.restart_scheduler()
        passing.start_workers()

    with _meanwhile(restart):
        _check(list(Cluster(passing.address).run(recipe_01, given(book, *STUDENTS))), STUDENTS)


def test_a_straggler(passing: DaskCluster, recipe_01: Recipe, book: bytes) -> None:
    """A worker that is stopped keeps nobody waiting for longer than was stated, and nobody has two outcomes."""
    victim, _ = passing.start_workers(2)

    def stop() -> None:
        until(lambda: is_grading(victim))
        os.kill(victim, signal.SIGSTOP)

    outcomes = []
    with _meanwhile(stop):
        for outcome in Cluster(passing.address, patience=8).run(recipe_01, given(book, *STUDENTS)):
            outcomes.append(outcome)
            if len(outcomes) == len(STUDENTS) - 1:
                os.kill(victim, signal.SIGCONT)  # so that its outcomes, late as they are, may come in between
    _check(outcomes, STUDENTS)


def test_a_worker_without_the_sandbox(
    cluster: DaskCluster, recipe_01: Recipe, book: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused, with the reason, and grades nothing; the others do."""
    (bare,) = cluster.start_workers(path=str(tmp_path))
    with caplog.at_level(logging.WARNING, "grader"):
        executor = Cluster(cluster.address)
        _check(list(executor.run(recipe_01, given(book, *STUDENTS))), STUDENTS)
    (refusal,) = [record.getMessage() for record in caplog.records if record.name == "grader.classroom.cluster"]
    assert "is not used: isolation by bubblewrap was asked for, but there is no `bwrap` here" in refusal
    assert not running(descendants(bare), "grader")
    os.kill(bare, signal.SIGKILL)


def test_another_version(cluster: DaskCluster, recipe_01: Recipe, book: bytes) -> None:
    """Workers with other code are refused; if there are no others, the run ends and says so."""
    other = replace(recipe_01, version={**recipe_01.version, "grader": "other"})
    with pytest.raises(ExecutorError, match=r"no worker that may grade .*another version of unrolled.*grader differ"):
        list(Cluster(cluster.address, absence=4).run(other, given(book, "ada")))


def test_nobody_is_left(passing: DaskCluster, course: Course, book: bytes) -> None:
    """When the last worker goes, the run ends with a clear error, and what was graded is kept."""
    (worker,) = passing.start_workers()
    for student in STUDENTS:
        hand_in(course, SLUG, student, {"rnn.ipynb": book})
    run = Run(course, SLUG, "bubblewrap")
    assert not list(run.up_to_date(STUDENTS))
    graded = []
    with pytest.raises(ExecutorError, match="has had no worker for 3 s: start one by `dask worker`"):
        for result in run.grade(Cluster(passing.address, absence=3)):
            graded.append(result.student)
            if len(graded) == 2:
                os.kill(worker, signal.SIGKILL)
    assert 2 <= len(graded) < len(STUDENTS)
    assert [record.student for record in journal.records(course, SLUG)] == sorted(graded)


def test_the_scheduler_is_gone(passing: DaskCluster, recipe_01: Recipe, book: bytes) -> None:
    """Without the scheduler the run waits for the stated time, then ends with a clear error."""
    passing.start_workers()
    with pytest.raises(ExecutorError, match=r"the Dask scheduler at .* has not answered for 3 s: start it again"):
        for _ in Cluster(passing.address, absence=3).run(recipe_01, given(book, *STUDENTS)):
            passing.scheduler.kill()


@pytest.mark.parametrize("address", ["dask://127.0.0.1:{port}", "dask://nowhere.invalid:8786", "dask://127.0.0.1"])
def test_no_scheduler(address: str, recipe_01: Recipe) -> None:
    """An address where no scheduler is, or that is none, is an error at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ExecutorError, match="there is no Dask scheduler at dask://"):
        list(Cluster(address.format(port=port)).run(recipe_01, given(b"", "ada")))


def test_nothing_to_do_needs_no_cluster(recipe_01: Recipe) -> None:
    """Without submissions nobody is asked."""
    assert list(Cluster("dask://127.0.0.1:1").run(recipe_01, iter(()))) == []


def test_without_dask(course: Course) -> None:
    """Everything else works where Dask is not installed; who asks for it, or for what is not, reads what to do."""
    hand_in(course, SLUG, "ada", {"rnn.ipynb": b""})
    program = "import sys; sys.modules['distributed'] = None; from grader.cli import main; main()"

    def grade(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-c", program, "grade", SLUG, *options]
        done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    status, said = grade()
    assert status == 1 and "the notebook is empty" in said
    status, said = grade("--executor", "dask://127.0.0.1:1")
    assert status == 2 and "needs Dask" in said and "pip install 'unrolled[dask]'" in said
    status, said = grade("--executor", "slurm://x")
    assert status == 2 and "there is no executor 'slurm://x'" in said
