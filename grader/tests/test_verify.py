"""Verification: silent on a good assignment, and every kind of fault in a bad one is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.exercise import PUBLIC_KEY, Assignment, Draw, Exercise, Inputs
from grader.notebook import Notebook
from grader.verify import SEEDS, Checked, Kill, functions, is_blind, passes, verify

Array = np.ndarray

STUB = "def scaled(x, w):\n    raise NotImplementedError()\n"
SOLUTION = "def scaled(x, w):\n    return x @ w\n"


def scaled(x: Array, w: Array) -> Array:
    return np.asarray(x @ w)


def swapped(x: Array, w: Array) -> Array:
    return np.asarray(x @ w.T)


def doubled(x: Array, w: Array) -> Array:
    return np.asarray(2 * x @ w)


def generate(draw: Draw, B: int = 3, D: int = 4) -> Inputs:
    return dict(x=draw.normal(B, D), w=draw.weights(D, D))


def toy(
    *misconceptions: tuple[Callable[..., Any], tuple[str, ...]], inputs: Callable[..., Inputs] = generate
) -> Assignment:
    """An assignment of one exercise with these wrong versions and their hints."""
    assignment = Assignment("00-toy")
    inputs.__name__ = "scaled"
    exercise = assignment.exercise(scaled, outputs="y: B D", points=1, hints=["Look again."])(inputs)
    for function, hints in misconceptions:
        exercise.misconception(*hints)(function)
    return assignment


GOOD = ((swapped, ("Transposed?",)), (doubled, ("Twice?",)))


def cell(text: str, grade: bool = False, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    marks = {"nbgrader": {"grade": grade, "grade_id": "x"}} if grade else {}
    return {"cell_type": "code", "metadata": marks | {"tags": list(tags)}, "source": text}


def notebook(*texts: str) -> Notebook:
    return {"nbformat": 4, "metadata": {}, "cells": [cell("import numpy as np"), *map(cell, texts)]}


def check(assignment: Assignment, stub: str = STUB, solution: str = SOLUTION, seeds: int = 3) -> Checked:
    (checked,) = verify(assignment, notebook(stub), notebook(solution), seeds)
    return checked


def test_a_good_assignment() -> None:
    """Where everything is as it should be there is no fault, and the table says how each mistake fares."""
    checked = check(toy(*GOOD))
    assert checked.faults == []
    assert checked.exercise == "scaled"
    assert checked.full_marks == 4
    assert checked.labels == ("B=3 D=4", "B=3 D=4 (other numbers)", "B=1 D=4", "B=3 D=1")
    assert checked.kills == [
        Kill("swapped", cases=(True, True, True, False), caught=4, named=4),  # one number is its own transpose
        Kill("doubled", cases=(True, True, True, True), caught=4, named=4),
    ]


def test_every_exercise_is_checked() -> None:
    """Each exercise has its own findings, in order: a fault of one is not laid at another's door."""
    assignment = toy(*GOOD)

    @assignment.exercise(lambda x: x + 1, outputs="y: B", points=1, hints=["Look again."])
    def second(draw: Draw, B: int = 3) -> Inputs:
        return dict(x=draw.normal(B))

    @second.misconception("Minus?")
    def minus(x: Array) -> Array:
        return x - 1

    texts = [SOLUTION, "def second(x):\n    return 0 * x\n"]
    first, other = verify(assignment, notebook(STUB, "def second(x):\n    return x\n"), notebook(*texts), 2)
    assert (first.exercise, first.faults) == ("scaled", [])
    assert other.exercise == "second"
    assert other.faults == [
        "the stub is not 'not done yet'",
        "the solution has full marks on 0 of 3 seeds only",
    ]


@pytest.mark.parametrize(
    "stub", ["def scaled(x, w):\n    return 0\n", SOLUTION, "def scaled(x, w):\n    raise ValueError\n"]
)
def test_a_stub_that_is_not_one(stub: str) -> None:
    """A students' notebook that answers, or fails in another way, does not say "not done yet"."""
    assert check(toy(*GOOD), stub=stub).faults == ["the stub is not 'not done yet'"]


def test_a_wrong_solution() -> None:
    """A solution without full marks is named, with how often it has them."""
    checked = check(toy(*GOOD), solution="def scaled(x, w):\n    return x @ w.T\n")
    assert checked.faults == ["the solution has full marks on 0 of 4 seeds only"]
    assert checked.full_marks == 0


def test_a_solution_that_fails_on_some_seeds() -> None:
    """A solution that knows the visible cases alone is found out by the fresh ones."""
    first = toy(*GOOD).exercises["scaled"].question(PUBLIC_KEY).cases
    known = [float(case.inputs["x"][0, 0]) for case in first]
    solution = f"def scaled(x, w):\n    return x @ w if float(x[0, 0]) in {known} else 0\n"
    checked = check(toy(*GOOD), solution=solution)
    assert checked.faults == ["the solution has full marks on 1 of 4 seeds only"]


def numbers_of(seed: int) -> set[float]:
    """The first number of every case of a seed, by which a function can know that it is being verified."""
    cases = toy().exercises["scaled"].question(f"seed {seed}".encode()).cases
    return {float(case.inputs["x"][0, 0]) for case in cases}


def test_a_solution_that_fails_once() -> None:
    """One seed without full marks is one too many."""
    solution = f"def scaled(x, w):\n    return 0 if float(x[0, 0]) in {numbers_of(1)} else x @ w\n"
    checked = check(toy(*GOOD), solution=solution)
    assert checked.faults == ["the solution has full marks on 3 of 4 seeds only"]


def test_an_unfinished_solution() -> None:
    """An instructor's notebook with a stub in it has no full marks."""
    assert check(toy(*GOOD), solution=STUB).faults == ["the solution has full marks on 0 of 4 seeds only"]


def test_no_misconception() -> None:
    """An exercise without known mistakes has nothing to say to anybody."""
    assert check(toy()).faults == ["it has no misconception"]


def right_after_all(x: Array, w: Array) -> Array:
    return np.asarray(np.einsum("bd,de->be", x, w))


def test_a_misconception_that_is_right() -> None:
    """A wrong version that is right loses no marks, and is told apart from one that is merely not named."""
    checked = check(toy(*GOOD, (right_after_all, ("Is it?",))))
    assert checked.faults == [
        "right_after_all loses no marks on visible cases",
        "right_after_all keeps full marks on 4 of 4 seeds",
    ]
    assert checked.kills[2] == Kill("right_after_all", (False,) * 4, caught=0, named=0)


def wrong_if_visible(x: Array, w: Array) -> Array:
    visible = toy().exercises["scaled"].question(PUBLIC_KEY).cases
    return np.asarray(x @ w + any(np.array_equal(x, case.inputs["x"]) for case in visible))


def test_a_misconception_that_fresh_cases_miss() -> None:
    """A wrong version that only the visible cases catch is a fault."""
    assert check(toy(*GOOD, (wrong_if_visible, ("Hm?",)))).faults == [
        "wrong_if_visible keeps full marks on 3 of 4 seeds"
    ]


def wrong_if_hidden(x: Array, w: Array) -> Array:
    return np.asarray(x @ w + 1 - (wrong_if_visible(x, w) - x @ w))


def test_a_misconception_that_visible_cases_miss() -> None:
    """A wrong version that the self-check lets pass, and grading does not, is a fault."""
    assert check(toy(*GOOD, (wrong_if_hidden, ("Hm?",)))).faults == [
        "wrong_if_hidden loses no marks on visible cases",
        "wrong_if_hidden keeps full marks on 1 of 4 seeds",
    ]


def added_twice(x: Array, w: Array) -> Array:
    return np.asarray(x @ w + x @ w)


def test_two_misconceptions_that_look_the_same() -> None:
    """Of two wrong versions that cannot be told apart the second never earns its own hint."""
    checked = check(toy(*GOOD, (added_twice, ("Added?",))))
    assert checked.faults == ["added_twice earns another hint, or none, on 4 seeds"]
    assert checked.kills[2] == Kill("added_twice", (True,) * 4, caught=4, named=0, misnamed=4)


def added_but_once(x: Array, w: Array) -> Array:
    return np.asarray(x @ w * (2 if float(x[0, 0]) in numbers_of(1) else 3))


def test_a_misconception_that_is_mistaken_once() -> None:
    """A wrong version must earn its own hint every time."""
    checked = check(toy(*GOOD, (added_but_once, ("Added?",))))
    assert checked.faults == ["added_but_once earns another hint, or none, on 1 seeds"]
    assert checked.kills[2] == Kill("added_but_once", (True,) * 4, caught=4, named=3, misnamed=1)


def fails(x: Array, w: Array) -> Array:
    raise ValueError("always")


def test_a_misconception_that_always_raises() -> None:
    """A wrong version that never answers is caught, but cannot be recognised."""
    assert check(toy(*GOOD, (fails, ("Hm?",)))).faults == ["fails earns another hint, or none, on 4 seeds"]


@pytest.mark.parametrize("hints", [(), ("",), ("Good.", "")])
def test_a_misconception_without_a_hint(hints: tuple[str, ...]) -> None:
    """A name helps nobody: every wrong version has a hint, and none is empty."""
    assert check(toy((swapped, ("Transposed?",)), (doubled, hints))).faults == ["doubled has no hint"]


def zeros(draw: Draw, B: int = 3, D: int = 4) -> Inputs:
    return dict(x=draw.normal(B, D), w=np.zeros((D, D)) + draw.rng.normal())


def symmetric(draw: Draw, B: int = 3, D: int = 4) -> Inputs:
    w = draw.normal(D, D)
    return dict(x=draw.normal(B, D), w=w + w.T)


def one_row(draw: Draw, B: int = 1, D: int = 4) -> Inputs:
    return dict(x=draw.normal(B, D), w=draw.weights(D, D))


def equal_sizes(draw: Draw, B: int = 4, D: int = 4) -> Inputs:
    return dict(x=draw.normal(B, D), w=draw.weights(D, D))


@pytest.mark.parametrize("inputs", [zeros, symmetric, one_row, equal_sizes])
def test_blind_cases_only(inputs: Callable[..., Inputs]) -> None:
    """Inputs that hide mistakes are a fault, even if the known mistakes are all caught on them."""
    checked = check(toy((doubled, ("Twice?",)), inputs=inputs))
    assert checked.faults == ["fewer than two of its cases can see anything"]


def absent_sizes(
    draw: Draw, B: int = 3, D: int = 4, S: int | None = None, T: int | None = None, far: int = 3
) -> Inputs:
    return dict(x=draw.normal(B, D), w=draw.weights(D, D))


def test_only_sizes_can_be_equal() -> None:
    """An option that has a size's value, and two sizes that are absent, hide nothing."""
    assert check(toy(*GOOD, inputs=absent_sizes)).faults == []


def test_one_case_that_sees_is_too_few() -> None:
    """Two cases must see: one could be memorised."""

    def blind_but_once(draw: Draw, B: int = 3, D: int = 4, blind: bool = True) -> Inputs:
        w = draw.normal(D, D)
        return dict(x=draw.normal(B, D), w=w + w.T if blind else w)

    for extra, faults in ((1, ["fewer than two of its cases can see anything"]), (2, [])):
        assignment = toy((doubled, ("Twice?",)), inputs=blind_but_once)
        assignment.exercises["scaled"].extra = [dict(blind=False)] * extra
        assert check(assignment).faults == faults


N = np.random.default_rng(0).standard_normal


@pytest.mark.parametrize(
    ("inputs", "blind"),
    [
        ({"x": N((3, 4))}, False),
        ({"x": N(3)}, False),
        ({"w": N((3, 3))}, False),
        ({"params": {"W": N((2, 3)), "b": [N(3), (N(2),)]}, "steps": 1}, False),
        ({"x": np.zeros((2, 3))}, True),
        ({"x": N((2, 3)), "b": np.zeros(3)}, True),
        ({"x": N((2, 3)), "params": {"b": [np.ones(3)]}}, True),
        ({"x": N((2, 3)), "h": (np.ones((2, 3)),)}, True),
        ({"x": N((2, 1, 3))}, True),
        ({"x": N((0, 3))}, True),
        ({"w": np.eye(3)}, True),
        ({"w": np.diag([1.0, 2.0, 3.0])}, True),
        ({"x": np.diag([1.0, 2.0, 3.0])[:2]}, False),
        ({"mask": np.array([True, True])}, True),
        ({"mask": np.array([True, False])}, False),
        ({"x": N((2, 3)), "scale": np.array(0.5)}, False),
        ({"steps": 3, "kind": "gru"}, False),
    ],
)
def test_blind(inputs: Inputs, blind: bool) -> None:
    """Zeros, ones, constants, symmetric matrices, axes of size 1 and nothing at all see little, wherever they are."""
    assert is_blind(inputs) is blind


def test_functions() -> None:
    """A notebook's functions are those of its cells, in order; checks and experiments are not run."""
    nb = notebook("def one(x):\n    return helper(x)\n", "def helper(x):\n    return np.sum(x)\n", "number = 3")
    nb["cells"] += [cell("raise ValueError('a check was run')", grade=True)]
    nb["cells"] += [cell("raise ValueError('an experiment was run')", tags=("experiment",))]
    nb["cells"] += [{"cell_type": "markdown", "metadata": {}, "source": "raise ValueError('prose was run')"}]
    found = functions(nb)
    assert found["one"](np.ones(3)) == 3
    assert "number" not in found and "np" not in found
    assert {"one", "helper"} <= set(found)


def test_functions_of_a_broken_notebook() -> None:
    """A cell of the course's own that fails is not passed over, and the traceback names it."""
    with pytest.raises(ZeroDivisionError) as caught:
        functions(notebook("1 / 0"))
    assert "<cell own cell 2>" in str(caught.traceback[-1].path)


def test_passes() -> None:
    """Full marks on every case, and nothing less."""
    exercise: Exercise = toy(*GOOD).exercises["scaled"]
    question = exercise.question()
    assert passes(question, scaled)
    assert not passes(question, doubled)
    assert not passes(question, lambda x, w: x @ w if len(x) > 1 else 0)


def test_fifty_seeds() -> None:
    """Everything is tried on fifty fresh seeds unless told otherwise."""
    assert SEEDS == 50
    (checked,) = verify(toy(*GOOD), notebook(STUB), notebook(SOLUTION))
    assert checked.full_marks == 51 and [kill.named for kill in checked.kills] == [51, 51]
