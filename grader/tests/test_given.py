"""Functions that cases hand over: a float for any array, the same each time, and nothing is changed."""

import inspect

import numpy as np
import pytest

from grader import given
from grader.answers import ask
from grader.trees import Given, decode, encode

FUNCTIONS = given.__all__


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3)])
def test_pure_and_a_float(name: str, shape: tuple[int, ...]) -> None:
    """Of an array of any shape, float32 too, and after the way through bytes."""
    rng = np.random.default_rng(0)
    function = getattr(given, name)
    constants = {key: rng.standard_normal(shape) for key in list(inspect.signature(function).parameters)[1:]}
    w = rng.standard_normal(shape)
    handed = Given(name, constants)
    answers = [ask(lambda f, w: f(w), {"f": f, "w": w}) for f in (handed, decode(encode(handed)), handed)]
    assert answers[0] == answers[1] == answers[2]
    assert type(answers[0].value) is float and answers[0].value == function(w, **constants) and not answers[0].changed
    assert function(w.astype(np.float32), **constants) == pytest.approx(answers[0].value, rel=1e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_entry_counts(name: str) -> None:
    """A gradient of it has no zero by accident."""
    rng = np.random.default_rng(1)
    function = getattr(given, name)
    constants = {key: rng.standard_normal((2, 3)) for key in list(inspect.signature(function).parameters)[1:]}
    w = rng.standard_normal((2, 3))
    for i in np.ndindex(2, 3):
        moved = w.copy()
        moved[i] += 0.1
        assert abs(function(moved, **constants) - function(w, **constants)) > 1e-4
