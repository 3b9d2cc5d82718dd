"""Patterns: what a wrong array has in common with the right one is called by its name, and nothing else is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.answers import Answer, ask_all
from grader.compare import judge
from grader.diagnose import diagnose
from grader.exercise import Assignment, Draw, Exercise, Inputs

Array = np.ndarray
B, T, H = 3, 4, 5


def states(x: Array) -> Array:
    """Something with a batch, a time and a unit axis, without any symmetry."""
    return np.asarray(np.cumsum(x**3 + 0.5, axis=1))


def gates(x: Array) -> Array:
    return np.concatenate([x + 1, x**2, np.sin(x), 3 * x], axis=-1)


def exercise(function: Callable[..., Any], outputs: str, tolerance: str = "close") -> Exercise:
    assignment = Assignment("00-toy")

    @assignment.exercise(function, outputs=outputs, points=1, hints=["Look again."], tolerance=tolerance)
    def toy(draw: Draw, B: int = B, T: int = T, H: int = H) -> Inputs:
        return dict(x=draw.normal(B, T, H))

    return toy


STATES = exercise(states, "h: B T H")
GATES = exercise(gates, "gates: B T 4H")
SUM = exercise(lambda x: {"dW": states(x).sum(axis=(0, 1)), "db": x.sum(axis=(0, 1))}, "grads")


def name_of(found: Callable[..., Any], of: Exercise = STATES) -> str:
    question = of.question()
    diagnosis = diagnose(judge(question, ask_all(found, [case.inputs for case in question.cases])))
    assert diagnosis is not None and "Look again." in diagnosis.hints
    return diagnosis.name


def blocks(order: str) -> Callable[[Array], Array]:
    return lambda x: np.concatenate(
        [dict(zip("ifgo", np.split(gates(x), 4, axis=-1), strict=True))[g] for g in order], axis=-1
    )


def block_lost(x: Array) -> Array:
    wrong = gates(x)
    wrong[..., H : 2 * H] += 1  # where H = 1 this is another block
    return wrong


def padded(x: Array, h: Array) -> Array:
    return np.concatenate([np.full_like(h[:, :1], 7.0), h[:, :-1]], axis=1)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("negated", lambda x: -states(x)),
        ("not a number", lambda x: np.where(x == x.max(), np.nan, states(x))),
        ("axes swapped", lambda x: states(x).transpose(1, 0, 2)),
        ("axes swapped", lambda x: states(x).T),
        ("factor 2", lambda x: 2 * states(x)),
        ("factor ½", lambda x: states(x) / 2),
        ("factor B", lambda x: len(x) * states(x)),
        ("factor 1/B", lambda x: states(x) / len(x)),
        ("factor T", lambda x: states(x) * x.shape[1]),
        ("factor 1/T", lambda x: states(x) / x.shape[1]),
        ("factor 1/(B·T)", lambda x: states(x) / x.shape[1] / x.shape[0]),
        ("factor B·T", lambda x: states(x) * x.shape[1] * x.shape[0]),
        ("one step late", lambda x: padded(x, states(x))),
        ("one step early", lambda x: padded(x, states(x)[:, ::-1])[:, ::-1]),
        ("reversed in time", lambda x: states(x)[:, ::-1]),
        ("right at the first step only", lambda x: np.concatenate([states(x)[:, :1], states(x)[:, 1:] + 1], axis=1)),
        ("right at the last step only", lambda x: np.concatenate([states(x)[:, :-1] + 1, states(x)[:, -1:]], axis=1)),
        ("", lambda x: states(x) * 3),
        ("", lambda x: states(x) + 1),
        ("", lambda x: np.abs(states(x)) if len(x) > 1 else -states(x) - 3),
        ("", lambda x: x[:2]),
        ("", lambda x: "nothing"),
    ],
)
def test_one_array(name: str, found: Callable[[Array], Any]) -> None:
    """Each pattern is named in every case or not at all."""
    assert name_of(found) == name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gates in the order i, f, o, g", blocks("ifog")),
        ("gates in the order o, i, g, f", blocks("oigf")),
        ("only the block of gate o", lambda x: np.concatenate([gates(x)[..., : -x.shape[-1]], x], axis=-1)),
        ("", lambda x: gates(x) + 1),
    ],
)
def test_stacked_gates(name: str, found: Callable[[Array], Any]) -> None:
    """Blocks in another order are told by their letters, and so is the one block that is wrong."""
    assert name_of(found, GATES) == name


def test_arrays_of_a_dict() -> None:
    """Each array of a dict is looked at; right ones do not matter."""
    right = SUM.reference

    def averaged(x: Array) -> Any:
        return {name: value / len(x) for name, value in right(x).items()}

    assert name_of(averaged, SUM) == "factor 1/B"
    assert name_of(lambda x: right(x) | {"db": -right(x)["db"]}, SUM) == "negated"
    assert name_of(lambda x: right(x) | {"db": None}, SUM) == ""
    assert name_of(lambda x: {"dW": 1}, SUM) == ""


def test_in_single_precision() -> None:
    """Where float64 is the point, float32 loses marks, and is told so."""
    tight = exercise(states, "h: B T H", tolerance="tight")
    assert name_of(lambda x: states(x).astype(np.float32), tight) == "in single precision"
    assert name_of(lambda x: states(x) * (1 + 1e-3), tight) == ""


def test_cases_too_small_to_tell_do_not_speak() -> None:
    """Only sequences of one step are wrong: nothing is said about time."""
    question = STATES.question()
    answers = ask_all(states, [case.inputs for case in question.cases])
    short = next(i for i, case in enumerate(question.cases) if case.sizes["T"] == 1)
    answers[short] = Answer(answers[short].value + 1)
    found = diagnose(judge(question, answers))
    assert found is not None and found.name == ""


@pytest.mark.parametrize(
    "value",
    [
        [[1.0], [1.0, 2.0]],
        [np.zeros((2, 3)), np.zeros((2, 4))],
        ["x" * 10**5, *["a"] * 10**5],  # as one array of text it would take 40 GB
        np.zeros((10**12, 0)),
        np.array(1.0),
    ],
    ids=["ragged", "ragged arrays", "texts", "empty rows", "number"],
)
def test_anything_in_the_place_of_a_list(value: Any) -> None:
    """Where a list of arrays is expected, whatever else comes is diagnosed, too, in no time and no room."""
    question = exercise(lambda x: [x, x + 1], "halves").question()
    assert diagnose(judge(question, [Answer(value)] * len(question.cases))) is not None
