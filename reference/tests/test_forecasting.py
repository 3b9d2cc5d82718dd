"""Scaling, windows, splits, correlations, forecasts, errors: on paper, against scikit-learn and statsmodels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from statsmodels.tsa.stattools import acf, pacf

from reference import Array
from reference import forecasting as f

Fit = Callable[[Array], dict[str, Array]]

PAPER = np.array([2.0, 6.0, 3.0, 5.0, 4.0])  # mean 4, deviations -2 2 -1 1 0, squares 10, r_1 = -0.7, r_2 = 0.4


def remembering(n: int, seed: int = 0, level: float = 10.0) -> Array:
    """A series in which each value depends on the two before it."""
    x = np.random.default_rng(seed).standard_normal(n + 30)
    for t in range(2, n + 30):
        x[t] += 0.9 * x[t - 1] - 0.5 * x[t - 2]
    return level + x[30:]


def test_scalers_on_paper() -> None:
    """1 and 5: mean 3 and deviation 2; minimum 1 and range 4. A column of sevens: 7 and 1."""
    x = np.array([[1.0, 7.0], [5.0, 7.0]])
    for fit, offset, factor in ((f.fit_scaler, 3.0, 2.0), (f.fit_minmax, 1.0, 4.0)):
        scaler = fit(x)
        assert list(scaler) == ["offset", "factor"]
        np.testing.assert_array_equal(scaler["offset"], [offset, 7.0])
        np.testing.assert_array_equal(scaler["factor"], [factor, 1.0])
        flat = fit(x[:, 0])
        assert flat["offset"].shape == flat["factor"].shape == ()
        np.testing.assert_array_equal([flat["offset"], flat["factor"]], [offset, factor])


def test_standardised_and_within_0_and_1() -> None:
    """What the fitted columns have afterwards: mean 0 and deviation 1, or 0 and 1 for their extremes."""
    x = np.random.default_rng(0).normal([3.0, -700.0, 0.01], [1e-3, 50.0, 2.0], size=(40, 3))
    z = f.scale(x, f.fit_scaler(x))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-12)
    z = f.scale(x, f.fit_minmax(x))
    np.testing.assert_array_equal(z.min(axis=0), 0)
    np.testing.assert_allclose(z.max(axis=0), 1, rtol=1e-15)


@pytest.mark.parametrize(("fit", "theirs"), [(f.fit_scaler, StandardScaler()), (f.fit_minmax, MinMaxScaler())])
def test_scalers_are_scikit_learns(fit: Fit, theirs: Any) -> None:
    """Columns of unlike sizes, a constant one among them."""
    rng = np.random.default_rng(2)
    x, new = rng.normal([3.0, -700.0, 0.01, 5.0], [1e-3, 50.0, 2.0, 0.0], size=(2, 30, 4))
    z = theirs.fit(x).transform(new)
    np.testing.assert_allclose(f.scale(new, fit(x)), z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(f.unscale(z, fit(x)), theirs.inverse_transform(z), rtol=1e-12)


@pytest.mark.parametrize("fit", [f.fit_scaler, f.fit_minmax])
@pytest.mark.parametrize("N", [1, 3, 7, 10, 1000])
def test_a_constant_column_has_factor_1(fit: Fit, N: int) -> None:
    """Also where rounding makes a deviation, as for 0.1; it is scaled to exactly 0."""
    x = np.full((N, 2), [0.1, -1e5 / 3])
    scaler = fit(x)
    np.testing.assert_array_equal(scaler["factor"], 1.0)
    np.testing.assert_array_equal(f.scale(x, scaler), 0.0)


def test_a_tiny_spread_is_no_constant() -> None:
    """Its squares underflow, and its deviation does not."""
    scaler = f.fit_scaler(np.array([1e-170, 3e-170]))
    np.testing.assert_allclose(scaler["factor"], 1e-170)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
def test_unscale_undoes_scale(shape: tuple[int, ...]) -> None:
    """With entries for every column, and with a 0-d scaler for any shape."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal(shape)
    for columns in ((3,), ()):
        scaler = {"offset": rng.standard_normal(columns), "factor": np.exp(rng.standard_normal(columns))}
        z = f.scale(x, scaler)
        np.testing.assert_allclose(z, (x - scaler["offset"]) / scaler["factor"], rtol=1e-15)
        np.testing.assert_allclose(f.unscale(z, scaler), x, rtol=1e-13, atol=1e-14)


def test_sequences_on_paper() -> None:
    """0 to 9 with a window of 4 and a horizon of 3: the first pair, the last, and how many."""
    x, y = f.create_sequences(np.arange(10.0), 4, 3)
    assert x.shape == (4, 4, 1) and y.shape == (4, 3, 1)
    np.testing.assert_array_equal(x[0, :, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(y[0, :, 0], [4, 5, 6])
    np.testing.assert_array_equal(x[-1, :, 0], [3, 4, 5, 6])
    np.testing.assert_array_equal(y[-1, :, 0], [7, 8, 9])


@pytest.mark.parametrize("T", [0, 1, 6, 7, 8, 15])
@pytest.mark.parametrize("D", [1, 2])
def test_sequences_one_by_one(T: int, D: int) -> None:
    """Each pair as two slices; a series that is too short has none, of the right shape."""
    series, window, horizon = np.random.default_rng(2).standard_normal((T, D)), 4, 3
    x, y = f.create_sequences(series, window, horizon)
    N = len([i for i in range(T) if i + window + horizon <= T])
    assert x.shape == (N, window, D) and y.shape == (N, horizon, D)
    for i in range(N):
        np.testing.assert_array_equal(x[i], series[i : i + window])
        np.testing.assert_array_equal(y[i], series[i + window : i + window + horizon])


def test_split_on_paper() -> None:
    """Half of 7 is 3, and a quarter 1; the rest, 3, is the test part."""
    parts = f.chronological_split(7, 0.5, 0.25)
    assert [part.tolist() for part in parts] == [[0, 1, 2], [3], [4, 5, 6]]
    assert all(part.dtype == np.int64 for part in parts)


@pytest.mark.parametrize("n", [0, 1, 2, 10, 37])
@pytest.mark.parametrize("shares", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.7, 0.15), (0.9, 0.1), (1 / 3, 2 / 3)])
def test_split_loses_and_repeats_nothing(n: int, shares: tuple[float, float]) -> None:
    parts = f.chronological_split(n, *shares)
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(n))
    assert [len(part) for part in parts[:2]] == [int(n * share) for share in shares]


def test_correlations_on_paper() -> None:
    """r_1 = -0.7 and r_2 = 0.4, so phi_22 = (0.4 - 0.49) / 0.51."""
    np.testing.assert_allclose(f.autocorrelation(PAPER, 2), [1, -0.7, 0.4], rtol=1e-15)
    np.testing.assert_allclose(f.partial_autocorrelation(PAPER, 2), [1, -0.7, -0.09 / 0.51], rtol=1e-14)


@pytest.mark.parametrize("n", [9, 40, 301])
@pytest.mark.parametrize("level", [0.0, 1e4])
def test_correlations_are_statsmodels(n: int, level: float) -> None:
    """Its biased acf, up to all lags; its pacf with Yule and Walker's equations on that, up to half of them."""
    x = remembering(n, n, level)
    np.testing.assert_allclose(f.autocorrelation(x, n - 1), acf(x, nlags=n - 1, adjusted=False, fft=False), atol=1e-9)
    lags = (n - 1) // 2
    ours = f.partial_autocorrelation(x, lags)
    for method in ("ywm", "ldb"):
        np.testing.assert_allclose(ours, pacf(x, nlags=lags, method=method), rtol=1e-7, atol=1e-9)


def test_partial_autocorrelation_solves_the_equations() -> None:
    """For each k the last coefficient of a system of k equations."""
    x = remembering(50)
    r, partial = f.autocorrelation(x, 12), f.partial_autocorrelation(x, 12)
    for k in range(1, 13):
        R = r[np.abs(np.subtract.outer(np.arange(k), np.arange(k)))]
        np.testing.assert_allclose(partial[k], np.linalg.solve(R, r[1 : k + 1])[-1], rtol=1e-10)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 7])
def test_constant_series(value: float) -> None:
    """1, 0, 0, ...: also where rounding would leave deviations; and the window is 1."""
    x = np.full(30, value)
    for function in (f.autocorrelation, f.partial_autocorrelation):
        np.testing.assert_array_equal(function(x, 3), [1, 0, 0, 0])
    assert f.choose_window(x, 5) == 1


def test_choose_window_takes_the_last_that_stands_out() -> None:
    """The value of four steps ago counts, with a negative weight, and no other: lag 4 stands out, behind a gap."""
    x = np.random.default_rng(3).standard_normal(400)
    for t in range(4, 400):
        x[t] -= 0.6 * x[t - 4]
    partial = f.partial_autocorrelation(x, 6)
    bound = 1.96 / np.sqrt(400)
    assert partial[4] < -bound and np.abs(np.delete(partial[1:], 3)).max() < bound
    assert [f.choose_window(x, k) for k in (4, 5, 6)] == [4, 4, 4]
    assert f.choose_window(x, 2) == 1


def test_no_lag_of_noise_stands_out() -> None:
    """At least not here; and the window is 1."""
    x = np.random.default_rng(7).standard_normal(60)
    assert np.abs(f.partial_autocorrelation(x, 3)[1:]).max() < 1.96 / np.sqrt(60)
    assert f.choose_window(x, 3) == 1


def test_forecast_on_paper() -> None:
    """A model that adds the last two: 1 2, then 3 5 8."""
    history = np.array([[[1.0], [2.0]], [[0.0], [1.0]]])
    said = f.forecast(lambda window: window.sum(axis=1), history, 3)
    np.testing.assert_array_equal(said[..., 0], [[3, 5, 8], [1, 2, 3]])


def test_forecast_reads_its_own_answers() -> None:
    """The windows that the model sees are those of the history with the answers behind it, and W long."""
    rng, seen = np.random.default_rng(3), []
    history = rng.standard_normal((2, 3, 4))

    def model_step(window: Array) -> Array:
        seen.append(window.copy())
        return np.asarray(np.tanh(window.sum(axis=1) + 0.1 * len(seen)))

    said = f.forecast(model_step, history, 5)
    assert said.shape == (2, 5, 4)
    everything = np.concatenate([history, said], axis=1)
    for t, window in enumerate(seen):
        np.testing.assert_array_equal(window, everything[:, t : t + 3])


def test_errors_on_paper() -> None:
    """Unscaled 3 and 7 against 5 and 7: errors of 2 and 0, so 1, and the root of 2."""
    scaler = {"offset": np.array(3.0), "factor": np.array(2.0)}
    actual, predicted = np.array([0.0, 2.0]), np.array([1.0, 2.0])
    assert f.mae(actual, predicted, scaler) == 1.0
    assert f.rmse(actual, predicted, scaler) == pytest.approx(np.sqrt(2), rel=1e-15)
    assert type(f.mae(actual, predicted, scaler)) is type(f.rmse(actual, predicted, scaler)) is float


@pytest.mark.parametrize("columns", [(3,), ()])
def test_errors_are_those_of_unscaled_numbers(columns: tuple[int, ...]) -> None:
    """Element by element, in a plain loop; an offset adds nothing, each column has its own factor."""
    rng = np.random.default_rng(4)
    actual, predicted = rng.standard_normal((2, 4, 5, 3))
    scaler = {"offset": 50 + rng.standard_normal(columns), "factor": -np.exp(rng.standard_normal(columns))}
    pairs = zip(f.unscale(actual, scaler).flat, f.unscale(predicted, scaler).flat, strict=True)
    errors = [a - b for a, b in pairs]
    assert f.mae(actual, predicted, scaler) == pytest.approx(sum(map(abs, errors)) / 60, rel=1e-12)
    assert f.rmse(actual, predicted, scaler) == pytest.approx((sum(e * e for e in errors) / 60) ** 0.5, rel=1e-12)
