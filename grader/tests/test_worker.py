"""A worker: every submission has an outcome, and one that the grader itself fails on is not the end of a class."""

from collections.abc import Iterator

import pytest

from grader import grade
from grader.classroom import recipe
from grader.classroom.worker import Recipe, Submission, Worker
from grader.course import Course
from grader.sandbox import Sandbox
from grader.tests.workload import SLUG, right


@pytest.fixture
def recipe_01(built: Course) -> Recipe:
    return recipe(built, SLUG, "none")  # these tests run no code that could do harm


@pytest.fixture
def worker(recipe_01: Recipe, sandbox: Sandbox) -> Iterator[Worker]:
    with Worker(recipe_01) as worker:
        yield worker


def test_an_outcome(worker: Worker, built: Course) -> None:
    """Full marks for a right notebook, in the result and in the graded notebook."""
    outcome = worker.grade(Submission("ada", right(built)))
    assert outcome.result.score == outcome.result.points > 0
    assert b'"execute_result"' in outcome.notebook


def test_not_a_notebook(worker: Worker) -> None:
    """Bytes that are no notebook have a reason and no score, with the version that found it so."""
    outcome = worker.grade(Submission("ada", b"\x93NUMPY"))
    assert "not JSON" in outcome.result.problem and outcome.result.version
    assert not outcome.notebook


def test_a_fault_of_the_graders(worker: Worker, built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw costs one submission its score, and says whose fault it is."""
    with monkeypatch.context() as patch:
        patch.setattr(grade, "judge", lambda *_: 1 / 0)
        outcome = worker.grade(Submission("ada", right(built)))
    assert outcome.result.problem == "the grader itself failed (ZeroDivisionError: division by zero); please report it"
    assert worker.grade(Submission("bob", right(built))).result.score > 0
