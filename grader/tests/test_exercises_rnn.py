"""The spec of 01-rnn: right answers score full marks in every style, and every known mistake is caught and named."""

import doctest
import math
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from grader.answers import ask, ask_all
from grader.compare import Question, Verdict, judge
from grader.diagnose import diagnose
from grader.exercise import PUBLIC_KEY, Exercise, Misconception
from grader.exercises.rnn import assignment

ROOT = Path(__file__).parents[2]
STYLES = sorted(Path(__file__).with_name("submissions").glob(f"{assignment.slug}/*.py"))
KEYS = [bytes([number]) * 32 for number in range(5)]

Names = dict[str, Any]  # what a notebook defines

each_exercise = pytest.mark.parametrize("exercise", list(assignment), ids=lambda exercise: exercise.name)
each_misconception = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [
        pytest.param(exercise, wrong, id=f"{exercise.name}-{wrong.name}")
        for exercise in assignment
        for wrong in exercise.misconceptions
    ],
)


@cache
def question(exercise_name: str, key: bytes) -> Question:
    return assignment.exercises[exercise_name].question(key)


def verdict(function: Any, exercise: Exercise, key: bytes) -> Verdict:
    drawn = question(exercise.name, key)
    return judge(drawn, ask_all(function, [case.inputs for case in drawn.cases]))


def run(path: Path) -> Names:
    names: Names = {}
    exec(compile(path.read_text(), path.name, "exec"), names)
    return names


@cache
def solution() -> Names:
    """What the solution cells define, and nothing else: neither experiments nor the self-check are run."""
    cells = jupytext.read(ROOT / "solutions" / f"{assignment.slug}.py").cells
    names: Names = {"np": np}
    for cell in cells:
        if "solution" in cell.metadata:
            exec(compile(cell.source, f"<cell {cell.metadata['solution']}>", "exec"), names)
    return names


@pytest.mark.filterwarnings("ignore")  # some styles are noisy, which must not cost marks
@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_every_style_of_right_answer_scores_full_marks_on_fresh_keys(path: Path) -> None:
    names = run(path)
    for exercise in assignment:
        for key in KEYS:
            found = verdict(names[exercise.name], exercise, key)
            assert found.score == exercise.points, (exercise.name, found.first_failure)


def test_ten_styles_and_more_leave_time_to_spare() -> None:
    assert len(STYLES) >= 10
    slow = run(STYLES[0].with_name("slow.py"))
    start = time.perf_counter()
    for exercise in assignment:
        verdict(slow[exercise.name], exercise, PUBLIC_KEY)
    assert time.perf_counter() - start < 2.0


@each_exercise
def test_the_solution_scores_full_marks(exercise: Exercise) -> None:
    for key in (PUBLIC_KEY, *KEYS):
        assert verdict(solution()[exercise.name], exercise, key).score == exercise.points


@each_exercise
def test_the_solutions_docstring_shows_a_value_that_is_right(exercise: Exercise) -> None:
    (examples,) = doctest.DocTestFinder().find(solution()[exercise.name], exercise.name, module=False, globs=solution())
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
    names = solution() | {"math": math}
    exec(compile(wrong.source(exercise.name), "<cell>", "exec"), names)
    for case in question(exercise.name, PUBLIC_KEY).cases:
        answer = ask(names[exercise.name], case.inputs)
        assert bool(answer.problem) == (wrong.name not in case.mistaken), answer.problem
        if not answer.problem:
            np.testing.assert_allclose(answer.value, case.mistaken[wrong.name][0])


def all_hints() -> Iterator[tuple[str, tuple[str, ...]]]:
    for exercise in assignment:
        yield exercise.name, exercise.hints
        for wrong in exercise.misconceptions:
            yield f"{exercise.name}-{wrong.name}", wrong.hints


def test_hints_come_in_one_to_three_short_stages() -> None:
    for name, hints in all_hints():
        assert 1 <= len(hints) <= 3, name
        assert all(10 < len(hint) <= 160 for hint in hints), name
