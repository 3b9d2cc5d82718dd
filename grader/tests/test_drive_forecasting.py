"""The drives of 11: refusals where they are due, and what is read out of forecasts, whatever comes back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.answers import ask, read
from grader.drives import forecasting
from grader.exercises.forecasting import assignment
from grader.trees import Tree

DRIVE = "forecasting.train_forecaster"
INPUTS = assignment.exercises["train_forecaster"].inputs(b"a key", 0)
TARGETS, HISTORY, TRAIN = (INPUTS[name] for name in ("targets", "history", "train"))
RIGHT = (True, True, "what comes next", True, True)


def said(together: np.ndarray, **others: Tree) -> Tree:
    """What comes back of a model that gives these forecasts, always the same."""
    return {"together": together, "alone": together[:1], "again": together} | others


def judged(value: Tree) -> Tree:
    return forecasting.train_forecaster.read(INPUTS, value)


def test_what_follows_is_withheld() -> None:
    """The side of the function gets the windows, and not what came after them."""
    assert set(INPUTS) - set(forecasting.train_forecaster.told(INPUTS)) == {"targets"}


def test_right_forecasts() -> None:
    """The truth itself, and the truth with as much noise again as the series has."""
    noise = 0.1 * TRAIN.std() * np.random.default_rng(0).standard_normal(TARGETS.shape)
    assert judged(said(TARGETS)) == RIGHT
    assert judged(said(TARGETS + noise)) == RIGHT


@pytest.mark.parametrize(
    ("forecasts", "name"),
    [
        (np.hstack([HISTORY[:, -1:], TARGETS[:, :-1]]), "what comes next, one step late"),
        (TARGETS[:, ::-1], "what comes next, the last step first"),
        (np.repeat(TARGETS[:, :1], TARGETS.shape[1], axis=1), "the next step, again and again"),
        (np.repeat(HISTORY[:, -1:], TARGETS.shape[1], axis=1), "the window's last value, again and again"),
        (HISTORY[:, -TARGETS.shape[1] :], "the end of the window itself"),
        (np.full(TARGETS.shape, TRAIN.mean()), "the mean of the series"),
        ((TARGETS - TRAIN.mean()) / TRAIN.std(), "what comes next, standardised"),
        ((TARGETS - TRAIN.min()) / np.ptp(TRAIN), "what comes next, scaled to 0 to 1"),
    ],
)
def test_slips_are_told_by_what_they_are_nearest_to(forecasts: np.ndarray, name: str) -> None:
    """With some noise on them, too; and none of them is far enough below persistence."""
    noise = 0.05 * forecasts.std() * np.random.default_rng(1).standard_normal(forecasts.shape)
    for value in (forecasts, forecasts + noise):
        _, by_far, nearest, alone, again = judged(said(value))
        assert (by_far, nearest, alone, again) == (False, name, True, True)


def test_rows_and_seeds() -> None:
    """A forecast that is another one alone, or after the same training again."""
    moved = TARGETS + 0.01 * TRAIN.std()
    assert judged(said(TARGETS, alone=moved[:1])) == (*RIGHT[:3], False, True)
    assert judged(said(TARGETS, again=moved)) == (*RIGHT[:3], True, False)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tuple", "returns a thing of type tuple, where a function `predict(history)` is expected"),
        (None, "returns a `predict` that does not return an array of numbers"),
        (said(TARGETS, again=[1.0]), "returns a `predict` that does not return an array of numbers"),
        (said(TARGETS, alone=np.array([True])), "returns a `predict` that does not return an array of numbers"),
        (said(TARGETS[..., np.newaxis]), "whose answer has shape"),
        (said(TARGETS[:, :-1]), "whose answer has shape"),
        (said(TARGETS, alone=TARGETS), "whose answer has shape"),
        (said(np.full(TARGETS.shape, np.nan)), "holds NaN or infinity: did the training diverge?"),
    ],
)
def test_nonsense_is_refused_in_words(value: Tree, words: str) -> None:
    with pytest.raises(ValueError, match="returns") as caught:
        judged(value)
    assert words in str(caught.value)


def test_what_is_no_function_is_named() -> None:
    """As (predict, history), which train_classifier returns."""
    answer = ask(lambda *_: (len, {}), INPUTS, DRIVE)
    assert "type tuple" in read(INPUTS, answer, DRIVE).problem


def test_a_forecaster_is_trained_twice() -> None:
    """By the same arguments; and is asked about all windows, and about the first alone."""
    seen: list[tuple[Any, ...]] = []
    asked: list[int] = []

    def train_forecaster(*inputs: Any) -> Callable[[np.ndarray], np.ndarray]:
        seen.append(inputs)

        def predict(history: np.ndarray) -> np.ndarray:
            asked.append(len(history))
            return np.repeat(history[:, -1:], INPUTS["steps"], axis=1)

        return predict

    answer = ask(train_forecaster, INPUTS, DRIVE)
    assert len(seen) == 2 and asked == [len(HISTORY), 1, len(HISTORY)]
    for one, other in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)
    assert read(INPUTS, answer, DRIVE).value[2] == "the window's last value, again and again"


def test_refusals() -> None:
    """Due beyond the lags, or for unequal shapes; elsewhere a ValueError is a mistake with a message of its own."""

    def refuses(*_: Any) -> Tree:
        raise ValueError("not with me")

    x, scaler = np.arange(8.0), {"offset": np.array(0.0), "factor": np.array(1.0)}
    for name, due, fine in (
        ("autocorrelation", dict(x=x, lags=8), dict(x=x, lags=7)),
        ("partial_autocorrelation", dict(x=x, lags=4), dict(x=x, lags=3)),
        ("errors", dict(actual=x, predicted=x[:1], scaler=scaler), dict(actual=x, predicted=x, scaler=scaler)),
    ):
        assert ask(refuses, due, f"forecasting.{name}").value == forecasting.REFUSED
        assert ask(lambda *_: 1.0, due, f"forecasting.{name}").value == 1.0
        assert "not with me" in ask(refuses, fine, f"forecasting.{name}").problem
