"""Laws: random numbers pass however they are drawn, unless they follow another law or come from elsewhere."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import laws
from grader.answers import GLOBAL_RANDOM, ask, ask_all
from grader.compare import judge
from grader.diagnose import diagnose
from grader.exercise import Assignment, Draw, Exercise, Inputs
from grader.trees import Seed, Tree

Array = np.ndarray
SHAPE = (48, 36)
HONEST = 300  # draws of each kind


def haar(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Any orthonormal matrix as likely, by the signs of R."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T


def haar_by_svd(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    u, _, v = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return np.asarray(u @ v)


def unsigned(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.linalg.qr(rng.standard_normal(shape))[0]


RIGHT: dict[str, tuple[Tree, Callable[[np.random.Generator], Array]]] = {
    "normal": (laws.normal(SHAPE, 0.2), lambda rng: rng.normal(0, 0.2, SHAPE)),
    "normal, column by column": (
        laws.normal(SHAPE, 0.2),
        lambda rng: np.stack([rng.standard_normal(48) * 0.2 for _ in range(36)], axis=1),
    ),
    "uniform": (laws.uniform(SHAPE, 0.3), lambda rng: rng.uniform(-0.3, 0.3, SHAPE)),
    "uniform in float32": (laws.uniform(SHAPE, 0.3), lambda rng: (2 * rng.random(SHAPE, np.float32) - 1) * 0.3),
    "orthogonal": (laws.orthogonal((36, 36), 1.5), lambda rng: 1.5 * haar(rng, (36, 36))),
    "orthogonal, tall": (laws.orthogonal((48, 30)), lambda rng: haar(rng, (48, 30))),
    "orthogonal, wide": (laws.orthogonal((30, 48)), lambda rng: haar(rng, (30, 48))),
    "orthogonal, by singular values": (laws.orthogonal(SHAPE), lambda rng: haar_by_svd(rng, SHAPE)),
    "dropout": (laws.inverted_dropout(SHAPE, 0.3), lambda rng: (rng.random(SHAPE) >= 0.3) / 0.7),
    "dropout, seldom": (laws.inverted_dropout(SHAPE, 0.05), lambda rng: (rng.random(SHAPE) >= 0.05) / 0.95),
    "no dropout": (laws.inverted_dropout(SHAPE, 0.0), lambda rng: np.ones(SHAPE)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_draws_pass(name: str) -> None:
    law, draw = RIGHT[name]
    assert [why for seed in range(HONEST) if (why := laws.misfit(law, draw(np.random.default_rng(seed))))] == []


@pytest.mark.parametrize(
    ("law", "draw", "why"),
    [
        (laws.normal(SHAPE, 0.2), lambda rng: rng.normal(0, 0.25, SHAPE), "standard deviation"),
        (laws.normal(SHAPE, 0.2), lambda rng: rng.normal(0, 0.16, SHAPE), "standard deviation"),
        (laws.normal(SHAPE, 0.2), lambda rng: rng.normal(0.05, 0.2, SHAPE), "mean"),
        (laws.normal(SHAPE, 0.2), lambda rng: rng.uniform(-1, 1, SHAPE) * 0.2 * math.sqrt(3), "not normally"),
        (laws.normal(SHAPE, 0.2), lambda rng: np.tile(rng.normal(0, 0.2, 36), (48, 1)), ""),
        (laws.normal(SHAPE, 0.2), lambda rng: np.full(SHAPE, np.nan), "NaN"),
        (laws.uniform(SHAPE, 0.3), lambda rng: rng.uniform(0, 0.3, SHAPE), "mean"),
        (laws.uniform(SHAPE, 0.3), lambda rng: rng.uniform(-0.25, 0.25, SHAPE), ""),
        (laws.uniform(SHAPE, 0.3), lambda rng: rng.uniform(-0.35, 0.35, SHAPE), "should stay within"),
        (laws.uniform(SHAPE, 0.3), lambda rng: rng.normal(0, 0.3 / math.sqrt(3), SHAPE), "should stay within"),
        (laws.orthogonal((36, 36)), lambda rng: unsigned(rng, (36, 36)), "not left to chance"),
        (laws.orthogonal((48, 30)), lambda rng: unsigned(rng, (48, 30)), "not left to chance"),
        (laws.orthogonal((36, 36)), lambda rng: np.eye(36), "not left to chance"),
        (laws.orthogonal((36, 36), 2.0), lambda rng: haar(rng, (36, 36)), "of length 1"),
        (laws.orthogonal((36, 36)), lambda rng: rng.standard_normal((36, 36)) / 6, "of length"),
        (laws.orthogonal((30, 48)), lambda rng: np.repeat(haar(rng, (15, 48)), 2, axis=0), "not orthogonal"),
        (laws.inverted_dropout(SHAPE, 0.3), lambda rng: rng.random(SHAPE) >= 0.3, "holds 1"),
        (laws.inverted_dropout(SHAPE, 0.3), lambda rng: (rng.random(SHAPE) >= 0.3) / 0.3, "holds 3.333"),
        (laws.inverted_dropout(SHAPE, 0.2), lambda rng: (rng.random(SHAPE) >= 0.8) / 0.8, "drops a share"),
        (laws.inverted_dropout(SHAPE, 0.5), lambda rng: np.indices(SHAPE).sum(axis=0) % 2 * 2.0, "neighbours"),
        (laws.inverted_dropout(SHAPE, 0.0), lambda rng: (rng.random(SHAPE) >= 0.01) * 1.0, "nothing should be"),
    ],
)
def test_wrong_draws_fail_and_say_why(law: Tree, draw: Callable[[np.random.Generator], Array], why: str) -> None:
    for seed in range(20):
        found = laws.misfit(law, draw(np.random.default_rng(seed)))
        assert found and why in found


def test_the_thresholds_are_where_theory_puts_them() -> None:
    """The smaller the tail, the rarer the alarm: at a thousandth of the exponent the tests do alarm on right draws."""
    alarms = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laws, "_TAIL", 1.0)
        patch.setattr(laws, "_KOLMOGOROV", 1.0)
        for seed in range(100):
            alarms += bool(laws.misfit(laws.normal(SHAPE, 1), np.random.default_rng(seed).standard_normal(SHAPE)))
    assert 20 <= alarms <= 95  # the bounds allow exp(-1), or 2 exp(-2), for each of the tests


def build() -> Exercise:
    assignment = Assignment("00-toy")

    def reference(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        return rng.normal(0, 1 / math.sqrt(shape[0]), shape)

    @assignment.exercise(
        reference,
        outputs="W: D H",
        points=3,
        hints=["Look again."],
        law=lambda shape: laws.normal(shape, 1 / math.sqrt(shape[0])),
    )
    def lecun(draw: Draw, rows: int = 48, columns: int = 36) -> Inputs:
        return dict(rng=draw.seed(), shape=(rows, columns))

    @lecun.misconception("A variance is no standard deviation.")
    def variance(rng: Any, shape: Any) -> Any:
        return rng.normal(0, 1 / shape[0], shape)

    @lecun.misconception("Whose generator is that?")
    def global_generator(rng: Any, shape: Any) -> Any:
        return np.random.normal(0, 1 / math.sqrt(shape[0]), shape)

    @lecun.misconception("Who else draws after you have seeded it?")
    def seeds_the_global_one(rng: Any, shape: Any) -> Any:
        np.random.seed(3)
        return np.random.normal(0, 1 / math.sqrt(shape[0]), shape)

    @lecun.misconception("The same numbers every time?")
    def own_generator(rng: Any, shape: Any) -> Any:
        return np.random.default_rng(0).normal(0, 1 / math.sqrt(shape[0]), shape)

    return lecun


TOY = build()
QUESTION = TOY.question()


def verdict(function: Callable[..., Any]) -> Any:
    return judge(QUESTION, ask_all(function, [case.inputs for case in QUESTION.cases]))


def test_the_first_case_is_asked_once_more() -> None:
    assert [case.label for case in QUESTION.cases] == [
        "rows=48 columns=36",
        "rows=48 columns=36 (other numbers)",
        "rows=48 columns=36 (once more)",
    ]
    seeds = [case.inputs["rng"] for case in QUESTION.cases]
    assert seeds[0] == seeds[2] != seeds[1]


@pytest.mark.parametrize(
    "function",
    [
        TOY.reference,
        lambda rng, shape: rng.standard_normal(shape[::-1]).T / math.sqrt(shape[0]),
        lambda rng, shape: (rng.standard_normal(shape) / math.sqrt(shape[0])).astype(np.float32).tolist(),
    ],
)
def test_any_right_way_to_draw_has_full_marks(function: Callable[..., Any]) -> None:
    assert verdict(function).score == 3


@pytest.mark.parametrize("wrong", TOY.misconceptions, ids=lambda wrong: wrong.name)
def test_misconceptions_are_recognised_by_their_numbers(wrong: Any) -> None:
    found = diagnose(verdict(wrong.function))
    assert found is not None and found.name == wrong.name


def test_another_source_of_randomness() -> None:
    """Fresh entropy gives other numbers for an equal rng; that costs every case."""
    fresh = verdict(lambda rng, shape: np.random.default_rng().normal(0, 1 / math.sqrt(shape[0]), shape))
    assert fresh.score == 0
    assert "called again with an equal rng" in fresh.first_failure.difference.text


def test_the_same_numbers_from_another_rng() -> None:
    own = verdict(lambda rng, shape: np.random.default_rng(1).normal(0, 1 / math.sqrt(shape[0]), shape))
    assert own.score == 0
    assert "same numbers from another rng" in own.first_failure.difference.text


def test_global_randomness_is_as_before() -> None:
    """Whatever a function does to numpy's global state, the next one finds it as it was; and it is told."""
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    answer = ask(lambda rng: np.random.random(), {"rng": Seed(1)})
    assert answer.changed == (GLOBAL_RANDOM,)
    assert np.random.random() == expected


def test_shapes_and_kinds_are_told() -> None:
    for value, text in [(np.ones((2, 2)), "has shape (2, 2)"), ("no", "is of type str"), ([[1], [2, 3]], "ragged")]:
        found = verdict(lambda rng, shape, value=value: value).first_failure
        assert text in found.difference.text


def test_a_reference_that_breaks_its_law_is_refused() -> None:
    assignment = Assignment("00-toy")

    @assignment.exercise(
        lambda rng: rng.normal(0, 2, (30, 30)),
        outputs="W",
        points=1,
        hints=["h"],
        law=lambda: laws.normal((30, 30), 1),
    )
    def toy(draw: Draw) -> Inputs:
        return dict(rng=draw.seed())

    with pytest.raises(ValueError, match=r"00-toy/toy: what the reference draws has the standard deviation"):
        toy.question()
