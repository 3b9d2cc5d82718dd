"""The drives of 09-optimizers: right draws pass, wrong ones are told in words, and a stranger's answer is only data."""

from typing import Any

import numpy as np
import pytest

from grader.answers import Answer, ask, read
from grader.drives.optimizers import FRESH, REFUSED
from grader.exercises import load
from grader.trees import Seed, Tree

NAMES = ["minibatches", "early_stopping", "fit"]


def drawn(minibatches: Any, seed: int, n: int = 5, batch_size: int = 3, further_calls: int = 400) -> Tree:
    """sizes, members and order, or what is wrong."""
    inputs = {"rng": Seed(seed), "n": n, "batch_size": batch_size, "further_calls": further_calls}
    answer = read(inputs, ask(minibatches, inputs, "optimizers.minibatches"), "optimizers.minibatches")
    return answer.problem or answer.value


def cut(order: Any, batch_size: int) -> list[Any]:
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


@pytest.mark.parametrize(
    "order",
    [
        lambda rng, n: rng.permutation(n),
        lambda rng, n: rng.choice(n, n, replace=False).tolist(),
        lambda rng, n: np.argsort(rng.random(n)),
    ],
)
def test_right_ways_to_draw_pass(order: Any) -> None:
    for seed in range(60):
        found = drawn(lambda rng, n, size: cut(order(rng, n), size), seed, n=4 + seed % 3)
        assert found[1:] == ("every index once", FRESH)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (lambda rng, n: np.arange(n), "always 0 to n-1"),
        (lambda rng, n: np.arange(n)[::-1], "the same order at every call"),
        (lambda rng, n: np.random.default_rng().permutation(n), "another order from an equal rng"),
        (lambda rng, n: np.roll(np.arange(n), rng.integers(n)), "more often after one than after another"),
        (lambda rng, n: [0, *(1 + rng.permutation(n - 1))], "in one place than in another"),
        (lambda rng, n: np.concatenate([rng.permutation(3), 3 + rng.permutation(n - 3)]), "in the first batch"),
    ],
)
def test_wrong_orders_are_told(order: Any, told: str) -> None:
    for seed in range(20):
        found = drawn(lambda rng, n, size: cut(order(rng, n), size), seed)
        assert told in found[2]


def test_members_are_told() -> None:
    for order, told in [
        ([0, 0, 1, 2, 3], "some indices more than once"),
        ([0, 1, 2, 3], "not every index"),
        ([1, 2, 3, 4, 5], "indices that are none of 0 to n-1"),
    ]:
        assert drawn(lambda rng, n, size, order=order: cut(order, size), 0)[1] == told
    assert "list of batches" in drawn(lambda rng, n, size: rng.permutation(n), 0)


def test_a_refusal_and_an_error_are_two_things() -> None:
    """ValueError is what an unknown mode asks for; it comes from making the object, not from using it."""

    class Refuses:
        def __init__(self, patience: int, mode: str) -> None:
            raise ValueError(mode)

    class Breaks:
        best = 0.0

        def __init__(self, patience: int, mode: str) -> None: ...

        def update(self, metric: float) -> bool:
            raise ValueError("no")

    inputs = {"patience": 2, "options": {"mode": "median"}, "metrics": np.ones(3)}
    assert ask(Refuses, inputs, "optimizers.early_stopping").value == (REFUSED, REFUSED)
    assert "raises ValueError: no" in ask(Breaks, inputs, "optimizers.early_stopping").problem


STRANGE: list[Tree] = [
    None,
    7,
    "text",
    [],
    {},
    (1, 2),
    (1, 2, 3),
    ([], [], None),
    ([[0]], [[0]], np.zeros((400, 5))),
    ([[0, 1, 2], [3, 4]], [[0, 1, 2], [3, 4]], np.full((400, 5), -(2**60))),
    ([[0, 1, 2], [3, 4]], [[0, 1, 2], [3, 4]], np.full((400, 5), np.nan)),
    (np.zeros((10**12, 0)), np.zeros((10**12, 0)), None),
    ([np.zeros((0, 10**9))] * 3, [], None),
    ([np.zeros(5)], [np.zeros(5)], None),
    ((1, 2), np.zeros(3), np.zeros(3), np.zeros(3)),
    ((1, 2), np.zeros((2, 2)), "a", {}),
    (({}, {}), np.full(9, np.nan), np.full(9, np.nan), []),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_strange_answers_are_read_or_refused(name: str, number: int) -> None:
    """Never an exception, at once, and the same from any of them: a problem in words, or outputs to compare."""
    exercise = load("09-optimizers").exercises["EarlyStopping" if name == "early_stopping" else name]
    found = read(exercise.inputs(b"key", 0), Answer(STRANGE[number]), f"optimizers.{name}")
    assert found.problem.startswith("returns ") if found.problem else name == "early_stopping" or len(found.value) == 3
