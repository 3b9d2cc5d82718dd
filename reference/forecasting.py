"""11-forecasting: a series scaled, cut into windows, split by time, looked at through its correlations, forecast.

A scaler is a dict of `offset` and `factor`: each (D,) if it was fitted on x (N, D), 0-d if on x (N,); what is scaled
is (x - offset) / factor. Fit it on the training part alone: it is a part of the model.

Every function raises a ValueError that names the argument for a shape that does not fit its letters, a number that is
not finite where one would spoil the whole result, and any value outside of what the argument's line allows.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.shapes import checked_arrays, named_entries

__all__ = [
    "autocorrelation", "choose_window", "chronological_split", "create_sequences", "fit_minmax", "fit_scaler",
    "forecast", "mae", "partial_autocorrelation", "rmse", "scale", "train_forecaster", "unscale",
]  # fmt: skip

Scaler = Mapping[str, Array]
Indices = npt.NDArray[np.int64]
Step = Callable[[Array], Array]


def fit_scaler(x: Array) -> dict[str, Array]:
    """What standardises x: every column to mean 0 and standard deviation 1.

    offset = mean(x), factor = sqrt(mean((x - offset)^2)), the population's (ddof 0, scikit-learn's StandardScaler)

    Parameters
    ----------
    x : ndarray of shape (N, D) or (N,), with N at least 1
        The training part.

    Returns
    -------
    scaler : dict of offset, factor, each of shape (D,), or 0-d for x (N,)
        A column whose numbers are all equal has that number for its offset, and the factor 1.
    """
    x, low, high = _column_ranges(x)
    wide = x.astype(np.float64)
    offset = np.where(low == high, low, wide.mean(axis=0))
    largest = np.where(low == high, 1, np.abs(wide - offset).max(axis=0))  # so that no square underflows
    deviation = largest * np.sqrt(np.mean(((wide - offset) / largest) ** 2, axis=0))
    return _scaler(x, offset, np.where(low == high, 1, deviation))


def fit_minmax(x: Array) -> dict[str, Array]:
    """What brings every column of x to the range from 0 to 1 (scikit-learn's MinMaxScaler).

    offset = min(x), factor = max(x) - min(x)

    Parameters
    ----------
    x : ndarray of shape (N, D) or (N,), with N at least 1
        The training part.

    Returns
    -------
    scaler : dict of offset, factor, each of shape (D,), or 0-d for x (N,)
        A column whose numbers are all equal has that number for its offset, and the factor 1.
    """
    x, low, high = _column_ranges(x)
    return _scaler(x, low, np.where(low == high, 1, high - low))


def scale(x: Array, scaler: Scaler) -> Array:
    """Data in the scaler's units: (x - offset) / factor.

    Parameters
    ----------
    x : ndarray of shape (..., D), or of any shape with a 0-d scaler
    scaler : dict of offset, factor, each of shape (D,) or 0-d

    Returns
    -------
    z : ndarray, like x
        Not within any range: what was not seen when the scaler was fitted may lie beyond it.
    """
    x, offset, factor = _checked_units(scaler, x=x)
    return np.asarray((x - offset) / factor)


def unscale(z: Array, scaler: Scaler) -> Array:
    """Back in the data's units: z * factor + offset, the inverse of `scale` with the same scaler.

    Parameters
    ----------
    z : ndarray of shape (..., D), or of any shape with a 0-d scaler
    scaler : dict of offset, factor, each of shape (D,) or 0-d

    Returns
    -------
    x : ndarray, like z
    """
    z, offset, factor = _checked_units(scaler, z=z)
    return np.asarray(z * factor + offset)


def create_sequences(series: Array, window: int, horizon: int) -> tuple[Array, Array]:
    """Every window of a series, and what came right after it: a series as a supervised problem.

    x_i = series[i], ..., series[i + window - 1];  y_i = series[i + window], ..., series[i + window + horizon - 1]

    Parameters
    ----------
    series : ndarray of shape (T, D), or (T,), which counts as (T, 1)
    window, horizon : int, 1 or more

    Returns
    -------
    x : ndarray of shape (N, window, D)
    y : ndarray of shape (N, horizon, D)
        N = max(0, T - window - horizon + 1): each window starts one step after the one before.
    """
    (series,) = checked_arrays(series=(series, "T" if np.ndim(series) == 1 else "T D"))
    _check_count("window", window)
    _check_count("horizon", horizon)
    series = series.reshape(len(series), -1) if series.ndim == 1 else series
    N = max(0, len(series) - window - horizon + 1)
    starts = np.arange(N)[:, np.newaxis]
    return series[starts + np.arange(window)], series[starts + window + np.arange(horizon)]


def chronological_split(n: int, train: float, validation: float) -> tuple[Indices, Indices, Indices]:
    """The first part to train on, the next to choose by, and the last, the future, to test on.

    Parameters
    ----------
    n : int, 0 or more
        How many rows there are, in the order of time.
    train, validation : float, from 0 to 1, together at most 1
        Their shares; both counts are rounded down. The rest is the test part.

    Returns
    -------
    train, validation, test : ndarray of int64
        0, ..., n - 1 in order, cut twice.
    """
    _check_count("n", n, least=0)
    for name, share in (("train", train), ("validation", validation)):
        if not isinstance(share, int | float | np.integer | np.floating) or not 0 <= share <= 1:
            raise ValueError(f"{name} is {share!r}, expected a number from 0 to 1")
    if train + validation > 1 + 1e-12:  # 1 is hard to hit with sums of decimals
        raise ValueError(f"train and validation are {train} and {validation}, expected at most 1 together")
    count = int(n * train)
    first, second, rest = np.split(np.arange(n, dtype=np.int64), [count, count + int(n * validation)])
    return first, second, rest


def autocorrelation(x: Array, lags: int) -> Array:
    """How much a series resembles itself some steps earlier.

    r_k = sum_{t >= k} (x_t - m) (x_{t-k} - m) / sum_t (x_t - m)^2,  m the mean of the whole series

    The biased estimate (Box & Jenkins 1976, equation 2.1.12; statsmodels' acf with adjusted=False): the sum above has
    k terms fewer than the one below, and is not made up for it. That keeps r a correlation sequence, which the
    unbiased estimate is not.

    Parameters
    ----------
    x : ndarray of shape (N,)
    lags : int, from 0 to N - 1

    Returns
    -------
    r : ndarray of shape (lags + 1,)
        r[0] = 1. A series whose numbers are all equal has 1, 0, 0, ...
    """
    x = _checked_series(x)
    _check_lags("lags", lags, len(x))
    r = np.zeros(lags + 1, x.dtype)
    r[0] = 1
    if x.max() > x.min():
        deviation = x.astype(np.float64) - x.mean(dtype=np.float64)
        deviation /= np.abs(deviation).max()
        products = [deviation[k:] @ deviation[: len(x) - k] for k in range(lags + 1)]
        r[:] = np.array(products) / products[0]
    return r


def partial_autocorrelation(x: Array, lags: int) -> Array:
    """What the value k steps back adds to what the k - 1 values in between already say.

    phi_kk is the last of the k coefficients with which the Yule-Walker equations on the biased r predict x_t from
    x_{t-1}, ..., x_{t-k}. They follow from the k - 1 coefficients before (Durbin 1960):

        phi_kk = (r_k - sum_j phi_{k-1,j} r_{k-j}) / (1 - sum_j phi_{k-1,j} r_j)
        phi_kj = phi_{k-1,j} - phi_kk phi_{k-1,k-j},  j = 1, ..., k - 1

    Parameters
    ----------
    x : ndarray of shape (N,)
    lags : int, from 0, below N / 2

    Returns
    -------
    phi : ndarray of shape (lags + 1,)
        phi[0] = 1. A series whose numbers are all equal has 1, 0, 0, ...

    Notes
    -----
    statsmodels' pacf with method="ywm" (or "ldb"). Its default, "ywadjusted", starts from the unbiased r.
    """
    x = _checked_series(x)
    _check_lags("lags", lags, len(x) / 2)
    r = autocorrelation(x.astype(np.float64), lags)
    partial = np.ones_like(r)
    phi = r[:0]
    for k in range(1, lags + 1):
        partial[k] = (r[k] - phi @ r[k - 1 : 0 : -1]) / (1 - phi @ r[1:k])
        phi = np.append(phi - partial[k] * phi[::-1], partial[k])
    return partial.astype(x.dtype)


def choose_window(x: Array, max_lag: int) -> int:
    """How far back a series' own values still say something new: the last lag whose partial autocorrelation stands out.

    |phi_kk| > 1.96 / sqrt(N): of noise 19 in 20 estimates lie within (Quenouille 1949).

    Parameters
    ----------
    x : ndarray of shape (N,)
        The training part.
    max_lag : int, from 1, below N / 2

    Returns
    -------
    window : int
        The largest such k of 1, ..., max_lag, even where smaller ones do not stand out; 1 if there is none.
    """
    x = _checked_series(x)
    _check_lags("max_lag", max_lag, len(x) / 2, least=1)
    partial = partial_autocorrelation(x, max_lag)
    standing_out = np.flatnonzero(np.abs(partial[1:]) > 1.96 / np.sqrt(len(x)))
    return int(standing_out[-1]) + 1 if standing_out.size else 1


def forecast(model_step: Step, history: Array, steps: int) -> Array:
    """Many steps with a model of one: each answer is read as if it had been seen.

    Parameters
    ----------
    model_step : function from (B, W, D) to (B, D), the step after each window
    history : ndarray of shape (B, W, D)
        What was seen, the latest last.
    steps : int, 0 or more

    Returns
    -------
    predictions : ndarray of shape (B, steps, D)
        The model's answers in order. Each one enters the window at its end, and the oldest step leaves it.
    """
    (history,) = checked_arrays(history=(history, "B W D"))
    _check_count("steps", steps, least=0)
    W = history.shape[1]
    seen = history.copy()
    for _ in range(steps):
        answer = model_step(seen[:, seen.shape[1] - W :].copy())
        window, answer = checked_arrays(history=(seen, "B T D"), **{"what model_step returns": (answer, "B D")})
        seen = np.concatenate([window, answer[:, np.newaxis]], axis=1)  # (B, W + steps so far, D)
    return seen[:, W:].copy()


def mae(actual: Array, predicted: Array, scaler: Scaler) -> float:
    """The mean absolute error in the data's units, of numbers in the scaler's.

    mean(|unscale(actual) - unscale(predicted)|); the offset cancels

    Parameters
    ----------
    actual, predicted : ndarray of shape (..., D), or of any shape with a 0-d scaler; not empty
        Of one shape: nothing is broadcast.
    scaler : dict of offset, factor, each of shape (D,) or 0-d

    Returns
    -------
    error : float
        Over all elements, whatever their axes.
    """
    return float(np.mean(np.abs(_errors(actual, predicted, scaler))))


def rmse(actual: Array, predicted: Array, scaler: Scaler) -> float:
    """The root of the mean squared error in the data's units, of numbers in the scaler's.

    sqrt(mean((unscale(actual) - unscale(predicted))^2)): one mean over all elements, and one root, at the end

    Parameters
    ----------
    actual, predicted : ndarray of shape (..., D), or of any shape with a 0-d scaler; not empty
        Of one shape: nothing is broadcast.
    scaler : dict of offset, factor, each of shape (D,) or 0-d

    Returns
    -------
    error : float
        At least as large as `mae`; equal to it only if all errors are of one size.
    """
    return float(np.sqrt(np.mean(_errors(actual, predicted, scaler) ** 2)))


def train_forecaster(train: Array, validation: Array, window: int, steps: int, seed: int) -> Callable[[Array], Array]:
    """A recurrent network that has learned what follows a window, in the data's units on both sides.

    It scales by the training part, learns from that part's windows, and is as it was after the epoch with the lowest
    error on the windows of the validation part: `reference.pytorch.forecaster`, which says how.

    Parameters
    ----------
    train, validation : ndarray of shape (T,), each at least window + steps long
        In the data's units, and in the order of time.
    window, steps : int, 1 or more
        How many values are read, and how many that follow are predicted.
    seed : int, 0 or more
        The same one, the same model.

    Returns
    -------
    predict : function from history (B, window) to ndarray of shape (B, steps), in the data's units
    """
    _check_count("window", window)
    _check_count("steps", steps)
    _check_count("seed", seed, least=0)
    train, validation = _checked_series(train, "train"), _checked_series(validation, "validation")
    for name, part in (("train", train), ("validation", validation)):
        if len(part) < window + steps:
            raise ValueError(f"{name} has {len(part)} values, expected at least window + steps = {window + steps}")
    from reference.pytorch.forecaster import fitted  # here, since torch takes seconds to import

    network = fitted(train, validation, window, steps, seed)

    def predict(history: Array) -> Array:
        (history,) = checked_arrays(history=(history, "B W"))
        if history.shape[1] != window:
            raise ValueError(f"history has shape {history.shape}, expected (B, {window})")
        return network.predictions(history)

    return predict


def _column_ranges(x: Array) -> tuple[Array, Array, Array]:
    """x in its own dtype, and the smallest and largest number of each column."""
    (x,) = checked_arrays(x=(x, "N" if np.ndim(x) == 1 else "N D"))
    if not len(x):
        raise ValueError(f"x has shape {x.shape}, expected at least one row")
    _check_finite("x", x)
    return x, x.min(axis=0), x.max(axis=0)


def _scaler(x: Array, offset: Array, factor: Array) -> dict[str, Array]:
    return {"offset": np.array(offset, x.dtype), "factor": np.array(factor, x.dtype)}


def _checked_units(scaler: Scaler, **arrays: Array) -> list[Array]:
    """The arrays, which must be of one shape that the scaler fits, and its offset and factor."""
    offset, factor = named_entries(scaler, "offset factor", "scaler")
    column = "D" if np.ndim(offset) else ""
    shaped = {name: (array, f"... {column}") for name, array in arrays.items()}
    entries = {"scaler['offset']": (offset, column), "scaler['factor']": (factor, column)}
    *checked, offset, factor = checked_arrays(**shaped, **entries)
    _check_finite("scaler['offset']", offset)
    _check_finite("scaler['factor']", factor)
    if (factor == 0).any():
        raise ValueError("scaler['factor'] holds 0, by which nothing can be divided")
    return [*checked, offset, factor]


def _errors(actual: Array, predicted: Array, scaler: Scaler) -> Array:
    """The differences in the data's units."""
    actual, predicted, _, factor = _checked_units(scaler, actual=actual, predicted=predicted)
    if not actual.size:
        raise ValueError(f"actual has shape {actual.shape}: nothing has no mean error")
    return np.asarray((actual - predicted) * factor)


def _checked_series(x: Array, name: str = "x") -> Array:
    (x,) = checked_arrays(**{name: (x, "N")})
    _check_finite(name, x)
    return x


def _check_finite(name: str, x: Array) -> None:
    if not np.isfinite(x).all():
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")


def _check_count(name: str, value: int, least: int = 1) -> None:
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} is {value!r}, expected an integer of {least} or more")


def _check_lags(name: str, lags: int, limit: float, least: int = 0) -> None:
    """lags is an integer from least, and less than limit, which follows from how many values there are."""
    _check_count(name, lags, least)
    if lags >= limit:
        raise ValueError(f"{name} is {lags}, expected less than {limit:g} for a series this short")
