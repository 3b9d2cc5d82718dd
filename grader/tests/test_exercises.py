"""All specs: right answers score full marks in every style, and every known mistake is caught and named."""

import doctest
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from grader import exercises, laws, notebook, trees
from grader.answers import ask, read
from grader.build import source_notebook
from grader.compare import Question, Verdict, judge
from grader.course import Course
from grader.diagnose import diagnose
from grader.exercise import PUBLIC_KEY, Assignment, Exercise, Misconception

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = [exercises.load(slug) for slug in exercises.slugs()]
STYLES = [path for a in ASSIGNMENTS for path in sorted((Path(__file__).with_name("submissions") / a.slug).glob("*.py"))]
KEYS = [bytes([number]) * 32 for number in range(3)]

Names = dict[str, Any]  # what a notebook defines

each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.slug)
each_exercise = pytest.mark.parametrize(
    "exercise", [e for a in ASSIGNMENTS for e in a], ids=lambda exercise: f"{exercise.assignment}-{exercise.name}"
)
each_misconception = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [
        pytest.param(exercise, wrong, id=f"{exercise.name}-{wrong.name}")
        for assignment in ASSIGNMENTS
        for exercise in assignment
        for wrong in exercise.misconceptions
    ],
)


@cache
def question(slug: str, exercise_name: str, key: bytes) -> Question:
    return exercises.load(slug).exercises[exercise_name].question(key)


def keys(exercise: Exercise) -> list[bytes]:
    """Fewer for what has to learn each time."""
    return KEYS if exercise.outcome is None else KEYS[:1]


def verdict(function: Any, exercise: Exercise, key: bytes) -> Verdict:
    drawn = question(exercise.assignment, exercise.name, key)
    return judge(drawn, drawn.ask(function))


@cache
def lent(slug: str) -> Names:
    """What the notebook carries over from earlier ones."""
    return dict(exercises.lent(source_notebook(Course(ROOT), slug)))


def run(path: Path) -> Names:
    names = dict(lent(path.parent.name))
    exec(compile(path.read_text(), path.name, "exec"), names)
    return names


@cache
def solution(slug: str) -> Names:
    """What the solution cells define, and nothing else: neither experiments nor the self-check are run."""
    names: Names = {"np": np, "math": math, "json": json, "Counter": Counter, **lent(slug)}
    for cell in jupytext.read(ROOT / "solutions" / f"{slug}.py").cells:
        if "solution" in cell.metadata:
            exec(compile(cell.source, f"<cell {cell.metadata['solution']}>", "exec"), names)
    return names


@pytest.mark.filterwarnings("ignore")  # some styles are noisy, which must not cost marks
@pytest.mark.parametrize("path", STYLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_style_of_right_answer_scores_full_marks_on_fresh_keys(path: Path) -> None:
    names = run(path)
    for exercise in exercises.load(path.parent.name):
        for key in keys(exercise):
            found = verdict(names[exercise.name], exercise, key)
            assert found.score == exercise.points, (exercise.name, found.first_failure)


@each_assignment
def test_five_styles_and_more(assignment: Assignment) -> None:
    assert sum(path.parent.name == assignment.slug for path in STYLES) >= 5


def test_a_slow_style_leaves_time_to_spare() -> None:
    slow = run(next(path for path in STYLES if path.stem == "slow"))
    start = time.process_time()
    for exercise in exercises.load("01-rnn"):
        verdict(slow[exercise.name], exercise, PUBLIC_KEY)
    assert time.process_time() - start < 2.0


@each_exercise
def test_the_solution_scores_full_marks(exercise: Exercise) -> None:
    function = solution(exercise.assignment)[exercise.name]
    for key in (PUBLIC_KEY, *keys(exercise)):
        found = verdict(function, exercise, key)
        assert found.score == exercise.points, found.first_failure


@pytest.mark.parametrize("exercise", [e for a in ASSIGNMENTS for e in a if e.outcome], ids=lambda e: e.name)
def test_the_reference_has_the_outcome(exercise: Exercise) -> None:
    """What is expected of everybody, and not worked out by the reference, holds for the reference, too."""
    assert verdict(exercise.reference, exercise, KEYS[1]).passed


@each_exercise
def test_the_solutions_docstring_shows_a_value_that_is_right(exercise: Exercise) -> None:
    names = solution(exercise.assignment)
    (examples,) = doctest.DocTestFinder().find(names[exercise.name], exercise.name, module=False, globs=names)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


@each_misconception
def test_a_misconception_loses_marks_and_is_named(exercise: Exercise, wrong: Misconception) -> None:
    for key in (PUBLIC_KEY, KEYS[0]):
        found = verdict(wrong.function, exercise, key)
        assert found.score < exercise.points
        diagnosis = diagnose(found)
        assert diagnosis and diagnosis.name == wrong.name, "another misconception gives the same answers"


@each_misconception
def test_a_misconceptions_text_is_a_students_cell(exercise: Exercise, wrong: Misconception) -> None:
    names = dict(solution(exercise.assignment))
    exec(compile(wrong.source(exercise.name), "<cell>", "exec"), names)
    for case in question(exercise.assignment, exercise.name, PUBLIC_KEY).cases:
        answer = read(case.inputs, ask(names[exercise.name], case.inputs, exercise.drive), exercise.drive)
        assert bool(answer.problem) == (wrong.name not in case.mistaken), answer.problem
        if not answer.problem:
            value = laws.fingerprint(answer.value) if exercise.law else answer.value
            assert_alike(value, case.mistaken[wrong.name].value)


def assert_alike(one: trees.Tree, other: trees.Tree) -> None:
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_alike(a, b)
    elif isinstance(one, str | None):
        assert one == other
    else:
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@each_assignment
def test_what_is_carried_over_comes_from_earlier_assignments(assignment: Assignment) -> None:
    for slug, name in notebook.carried(source_notebook(Course(ROOT), assignment.slug)):
        assert slug < assignment.slug
        assert name in exercises.load(slug).exercises


@each_exercise
def test_what_it_uses_comes_before_it(exercise: Exercise) -> None:
    names = list(exercises.load(exercise.assignment).exercises)
    assert all(used.assignment == exercise.assignment for used in exercise.uses)
    assert all(names.index(used.name) < names.index(exercise.name) for used in exercise.uses)


def all_hints() -> Iterator[tuple[str, tuple[str, ...]]]:
    for exercise in (exercise for assignment in ASSIGNMENTS for exercise in assignment):
        yield exercise.name, exercise.hints
        for wrong in exercise.misconceptions:
            yield f"{exercise.name}-{wrong.name}", wrong.hints


def test_hints_come_in_one_to_three_short_stages() -> None:
    for name, hints in all_hints():
        assert 1 <= len(hints) <= 3, name
        assert all(10 < len(hint) <= 160 for hint in hints), name
