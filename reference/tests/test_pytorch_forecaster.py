"""The forecaster learns a season, keeps its best weights, knows no data but its own, and repeats itself by its seed."""

from typing import Any

import numpy as np
import pytest
import torch

from reference import Array
from reference.forecasting import create_sequences, scale, train_forecaster, unscale
from reference.pytorch import forecaster
from reference.pytorch.forecaster import Forecaster

WINDOW, STEPS = 12, 3


def season(T: int, seed: int = 0, noise: float = 0.1) -> Array:
    """A wave of 7.5 steps on a level of 500, 40 high, with noise."""
    rng = np.random.default_rng(seed)
    wave: Array = np.sin(2 * np.pi * np.arange(T) / 7.5) + noise * rng.standard_normal(T)
    return 500 + 40 * wave


def questions(series: Array) -> tuple[Array, Array]:
    x, y = create_sequences(series, WINDOW, STEPS)
    return x[..., 0], y[..., 0]


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training of a few epochs, where it does not matter what is learned."""
    monkeypatch.setattr(forecaster, "EPOCHS", 3)


def test_untrained_it_is_persistence() -> None:
    """The head starts at zero, so that every step is the last value of the window, in data units too."""
    series = season(60)
    history, _ = questions(series)
    np.testing.assert_allclose(
        Forecaster(series, STEPS).predictions(history), np.repeat(history[:, -1:], STEPS, axis=1), rtol=1e-6
    )


def test_it_is_what_numpy_makes_of_its_weights() -> None:
    """One window, step by step, by torch's own equations for its cell in float64."""
    torch.manual_seed(0)
    series = season(60)
    network = Forecaster(series, STEPS).double()
    torch.nn.init.normal_(network.head.weight)
    w = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    history = season(WINDOW, 1)
    z = scale(history, network.scaler)
    h = np.zeros(forecaster.HIDDEN)
    for value in z:
        x = np.array([value - z[-1], value])
        h = np.tanh(
            w["cell.weight_ih_l0"] @ x + w["cell.bias_ih_l0"] + w["cell.weight_hh_l0"] @ h + w["cell.bias_hh_l0"]
        )
    expected = unscale(z[-1] + w["head.weight"] @ h + w["head.bias"], network.scaler)
    said = network(torch.tensor(z[np.newaxis]))
    np.testing.assert_allclose(unscale(said.detach().numpy()[0], network.scaler), expected, rtol=1e-12)


def test_it_learns_a_season() -> None:
    """Less than a quarter of persistence's error on what comes later; the noise alone is a tenth."""
    series = season(400)
    predict = train_forecaster(series[:240], series[240:310], WINDOW, STEPS, seed=0)
    history, y = questions(series[310:])
    said = predict(history)
    assert said.shape == y.shape and said.dtype == np.float64
    assert np.abs(said - y).mean() < 0.25 * np.abs(history[:, -1:] - y).mean()


@pytest.mark.usefixtures("brief")
def test_the_seed_decides() -> None:
    """The same one gives the same numbers, another one others; torch's own generator goes on as it was."""
    series = season(120)
    history, _ = questions(series)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    one, again, other = (train_forecaster(series[:80], series[80:], WINDOW, STEPS, seed)(history) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.usefixtures("brief")
def test_units_do_not_matter() -> None:
    """In other units the same series has the same forecasts, in those units."""
    series = season(120)
    history, _ = questions(series)
    one = train_forecaster(series[:80], series[80:], WINDOW, STEPS, 0)(history)
    other = train_forecaster(1000 * series[:80] - 3, 1000 * series[80:] - 3, WINDOW, STEPS, 0)(1000 * history - 3)
    np.testing.assert_allclose(other, 1000 * one - 3, rtol=1e-5)


@pytest.mark.usefixtures("brief")
def test_the_scale_is_the_training_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fitted once, on that part and nothing else."""
    fitted_on: list[Array] = []

    def watched(x: Array) -> dict[str, Array]:
        fitted_on.append(x)
        return {"offset": np.array(500.0), "factor": np.array(40.0)}

    monkeypatch.setattr(forecaster, "fit_scaler", watched)
    series = season(120)
    predict = train_forecaster(series[:80], series[80:], WINDOW, STEPS, 0)
    predict(questions(series)[0])
    (only,) = fitted_on
    np.testing.assert_array_equal(only, series[:80])


def test_the_best_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors 3, 1, 2, 2, ...: the model is that of the second epoch, and training ends when patience does."""
    states: list[dict[str, Any]] = []

    def scripted(network: Forecaster, *_: Any) -> float:
        states.append({name: value.clone() for name, value in network.state_dict().items()})
        return [3.0, 1.0, 2.0][min(len(states), 3) - 1]

    monkeypatch.setattr(forecaster, "_validation_error", scripted)
    monkeypatch.setattr(forecaster, "PATIENCE", 4)
    series = season(100)
    network = forecaster.fitted(series[:70], series[70:], WINDOW, STEPS, 0)
    assert len(states) == 6
    for name, value in network.state_dict().items():
        assert torch.equal(value, states[1][name])
    assert not torch.equal(network.head.weight, states[-1]["head.weight"])


@pytest.mark.usefixtures("brief")
def test_windows_are_answered_one_by_one() -> None:
    """Whatever else is asked about; and no window is changed."""
    series = season(120)
    predict = train_forecaster(series[:80], series[80:], WINDOW, STEPS, 0)
    history, _ = questions(series)
    before = history.copy()
    together = predict(history)
    np.testing.assert_allclose(np.vstack([predict(row[np.newaxis]) for row in history]), together, rtol=1e-6)
    np.testing.assert_array_equal(history, before)
    assert predict(history[:0]).shape == (0, STEPS)


@pytest.mark.parametrize(
    ("argument", "wrong", "named"),
    [
        ("train", np.ones((9, 2)), "train has shape"),
        ("train", np.append(season(30), np.nan), "train holds NaN"),
        ("train", season(14), "train has 14 values, expected at least window"),
        ("validation", season(14), "validation has 14 values, expected at least window"),
        ("window", 0, "window is 0"),
        ("steps", 0, "steps is 0"),
        ("seed", -1, "seed is -1"),
        ("seed", None, "seed is None"),
    ],
)
def test_arguments_are_refused_by_name(argument: str, wrong: Any, named: str) -> None:
    inputs: dict[str, Any] = dict(train=season(40), validation=season(20), window=WINDOW, steps=STEPS, seed=0)
    with pytest.raises(ValueError, match=f"^{named}"):
        train_forecaster(**inputs | {argument: wrong})


@pytest.mark.usefixtures("brief")
def test_histories_are_as_long_as_the_window() -> None:
    predict = train_forecaster(season(40), season(20), WINDOW, STEPS, 0)
    for wrong in (np.ones((2, WINDOW + 1)), np.ones(WINDOW), np.ones((2, WINDOW, 1))):
        with pytest.raises(ValueError, match=r"^history has shape"):
            predict(wrong)
