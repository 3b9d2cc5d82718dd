"""A built course and a sandbox, made once for all tests that need them."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from grader.build import build
from grader.classroom import load_grader
from grader.course import Course
from grader.demo import new_course
from grader.grade import Grader
from grader.sandbox import Sandbox
from grader.tests.walls import standing

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose assignments are built; not to be written to."""
    course = new_course(tmp_path_factory.mktemp("course") / "built", REPOSITORY)
    build(course, "01-rnn")
    return course


@pytest.fixture
def course(built: Course, tmp_path: Path) -> Course:
    """A built course of the test's own."""
    shutil.copytree(built.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(scope="session")
def grader_01(built: Course) -> Grader:
    """The grader of 01-rnn, in a hurry: a question may take 3 s."""
    loaded = load_grader(built, "01-rnn")
    grader = replace(loaded, assignment=deepcopy(loaded.assignment))  # others' specs stay as they are
    for exercise in grader.assignment:
        exercise.seconds = 3.0
    return grader


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The real sandbox."""
    with standing() as sandbox:
        yield sandbox
