"""How 11 is asked: what must refuse some arguments, and the forecaster, which has to learn first.

A forecaster is trained on one part of a series and asked about windows of a later one. What really followed them
stays on our side of the wall.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.drives import Drive, Inputs
from grader.trees import Tree

REFUSED = "a ValueError"
WELL_BELOW = 0.35  # of persistence's error; the noise alone is some 0.1 of it
NEARLY = 1e-3  # of the series' standard deviation

Array = np.ndarray


def _refusing(is_due: Callable[..., bool]) -> Drive:
    """Calls the function; where it should refuse its arguments, that it did is the answer."""

    def ask(function: Callable[..., Tree], *inputs: Tree) -> Tree:
        if not is_due(*inputs):
            return function(*inputs)
        try:
            return function(*inputs)
        except ValueError:
            return REFUSED

    return Drive(ask)


autocorrelation = _refusing(lambda x, lags: lags >= len(x))
partial_autocorrelation = _refusing(lambda x, lags: 2 * lags >= len(x))
errors = _refusing(lambda actual, predicted, scaler: actual.shape != predicted.shape)


def _trained(
    function: Callable[..., Any], train: Array, validation: Array, window: int, steps: int, seed: int, history: Array
) -> Tree:
    """What the trained model says of all windows together, of the first alone, and after the same training again."""
    predict = function(train, validation, window, steps, seed)
    if not callable(predict):
        return type(predict).__name__
    together, alone = np.asarray(predict(history)), np.asarray(predict(history[:1].copy()))
    again = np.asarray(function(train, validation, window, steps, seed)(history))
    return {"together": together, "alone": alone, "again": again}


def _judged(inputs: Inputs, value: Tree) -> tuple[bool, bool, str, bool, bool]:
    """Whether it beats persistence, does so clearly, what it comes nearest to, and two things that any model keeps."""
    if isinstance(value, str):
        raise ValueError(f"returns a thing of type {value[:40]}, where a function `predict(history)` is expected")
    train, history, targets = inputs["train"], inputs["history"], inputs["targets"]
    together, alone, again = (
        _predictions(value.get(name) if isinstance(value, dict) else None, expected.shape)
        for name, expected in (("together", targets), ("alone", targets[:1]), ("again", targets))
    )
    error, persistence = (np.abs(said - targets).mean() for said in (together, history[:, -1:]))
    close = NEARLY * train.std()
    return (
        bool(error < persistence),
        bool(error < WELL_BELOW * persistence),
        _nearest(together, train, history, targets),
        bool(np.abs(alone - together[:1]).max() <= close),
        bool(np.abs(again - together).max() <= close),
    )


def _predictions(value: Tree, shape: tuple[int, ...]) -> Array:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        raise ValueError("returns a `predict` that does not return an array of numbers")
    if value.shape != shape:
        raise ValueError(
            f"returns a `predict` whose answer has shape {value.shape}, where {shape} (B, steps) is expected"
        )
    if not np.isfinite(value).all():
        raise ValueError("returns a `predict` whose answer holds NaN or infinity: did the training diverge?")
    return value.astype(float)


def _nearest(said: Array, train: Array, history: Array, targets: Array) -> str:
    """Which of these the predictions are most like: what comes next, or what comes of a known slip."""
    steps, spread = targets.shape[1], train.std()
    lowest, width = train.min(), np.ptp(train)
    in_data_units = {
        "what comes next": targets,
        "what comes next, one step late": np.hstack([history[:, -1:], targets[:, :-1]]),
        "what comes next, the last step first": targets[:, ::-1],
        "the next step, again and again": targets[:, :1],
        "the window's last value, again and again": history[:, -1:],
        "the end of the window itself": history[:, -steps:],
        "the mean of the series": train.mean(),
    }
    distances = {name: np.abs(said - like).mean() for name, like in in_data_units.items()}
    distances["what comes next, standardised"] = np.abs(said * spread + train.mean() - targets).mean()
    distances["what comes next, scaled to 0 to 1"] = np.abs(said * width + lowest - targets).mean()
    return min(distances, key=lambda name: float(distances[name]))


train_forecaster = Drive(_trained, _judged)
