"""What the functions of 11-forecasting take, refuse and leave alone: layouts, types, edges, errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array
from reference import forecasting as f

Inputs = dict[str, Any]
Call = tuple[Callable[..., Any], Inputs]


def calls() -> dict[str, Call]:
    """Every function of the module that takes arrays, but the one that learns, with arguments by name that fit."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 12, 3))
    scaler = {"offset": rng.standard_normal(3), "factor": 1 + rng.random(3)}
    return {
        "fit_scaler": (f.fit_scaler, dict(x=x)),
        "fit_minmax": (f.fit_minmax, dict(x=x)),
        "scale": (f.scale, dict(x=x, scaler=scaler)),
        "unscale": (f.unscale, dict(z=x, scaler=scaler)),
        "create_sequences": (f.create_sequences, dict(series=x, window=3, horizon=2)),
        "autocorrelation": (f.autocorrelation, dict(x=x[:, 0], lags=4)),
        "partial_autocorrelation": (f.partial_autocorrelation, dict(x=x[:, 0], lags=4)),
        "choose_window": (f.choose_window, dict(x=x[:, 0], max_lag=4)),
        "forecast": (f.forecast, dict(model_step=means, history=x[np.newaxis], steps=2)),
        "mae": (f.mae, dict(actual=x, predicted=y, scaler=scaler)),
        "rmse": (f.rmse, dict(actual=x, predicted=y, scaler=scaler)),
    }


def means(window: Array) -> Array:
    return np.asarray(window.mean(axis=1))


all_functions = pytest.mark.parametrize("name", calls())


def converted(value: Any, convert: Callable[[Array], npt.NDArray[Any]]) -> Any:
    """value with convert applied to every array in it."""
    match value:
        case dict():
            return {key: converted(entry, convert) for key, entry in value.items()}
        case np.ndarray():
            return convert(value)
    return value


def arrays_in(value: Any) -> Iterator[npt.NDArray[Any]]:
    match value:
        case dict():
            yield from value.values()
        case tuple():
            yield from value
        case _:
            yield np.asarray(value)


def assert_same(actual: Any, expected: Any, rtol: float = 1e-12) -> None:
    for ours, theirs in zip(arrays_in(actual), arrays_in(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


def test_public_names() -> None:
    """The module exports the thirteen functions of the assignment."""
    assert set(f.__all__) == {*calls(), "chronological_split", "train_forecaster"}


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls()[name]
    arrays: list[Array] = []

    def frozen(array: Array) -> Array:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**converted(inputs, frozen))))
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2]])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**converted(inputs, layout)), function(**inputs))


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """If all arguments are float32 so are the arrays that come back, and near those in float64."""
    function, inputs = calls()[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    assert_same(narrow, function(**inputs), rtol=1e-5)
    if isinstance(narrow, np.ndarray | dict | tuple):
        assert all(result.dtype == np.float32 for result in arrays_in(narrow))


def test_float32_far_from_zero() -> None:
    """The mean of many numbers near 1e4 is not taken in float32."""
    x: Any = (1e4 + np.random.default_rng(1).standard_normal(10_000)).astype(np.float32)
    factor: Any = f.fit_scaler(x)["factor"]
    assert factor == pytest.approx(x.astype(np.float64).std(), rel=1e-6)
    assert np.abs(f.autocorrelation(x, 3)[1:]).max() < 0.05


@all_functions
def test_integers_are_welcome(name: str) -> None:
    """They count as float64."""
    function, inputs = calls()[name]
    whole = converted(inputs, lambda array: np.trunc(3 + 2 * array).astype(np.int32) + 1)
    real = converted(whole, lambda array: array.astype(np.float64))
    assert_same(function(**whole), function(**real))


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few or too many is a ValueError that names the argument."""
    function, inputs = calls()[name]
    first = next(key for key, value in inputs.items() if isinstance(value, np.ndarray))
    wrong = inputs[first][..., 0] if inputs[first].ndim > 2 else inputs[first][:, np.newaxis, np.newaxis]
    if name in ("scale", "unscale", "mae", "rmse"):
        wrong = np.array(1.0)  # of any shape is welcome to them but this one
    with pytest.raises(ValueError, match=rf"^{first} has shape"):
        function(**inputs | {first: wrong})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "name", ["fit_scaler", "fit_minmax", "autocorrelation", "partial_autocorrelation", "choose_window"]
)
def test_one_nan_would_spoil_everything(name: str, bad: float) -> None:
    """Where all of a column is summed up, it is refused."""
    function, inputs = calls()[name]
    x = inputs["x"].copy()
    x[2] = bad
    with pytest.raises(ValueError, match=r"^x holds NaN or infinity"):
        function(**inputs | {"x": x})


@pytest.mark.parametrize("fit", [f.fit_scaler, f.fit_minmax])
def test_nothing_has_no_scale(fit: Callable[[Array], Any]) -> None:
    for shape in ((0,), (0, 3)):
        with pytest.raises(ValueError, match=r"^x has shape .* expected at least one row"):
            fit(np.zeros(shape))
    assert fit(np.zeros((4, 0)))["offset"].shape == (0,)


@pytest.mark.parametrize("name", ["scale", "unscale", "mae", "rmse"])
def test_scalers(name: str) -> None:
    """An entry that is missing, does not fit, is 0 where one divides by it, or is no number."""
    function, inputs = calls()[name]
    scaler = inputs["scaler"]
    with pytest.raises(ValueError, match=r"^scaler has no factor"):
        function(**inputs | {"scaler": {"offset": scaler["offset"]}})
    with pytest.raises(ValueError, match=r"^scaler\['factor'\] has shape \(2,\), expected \(D\) where D = 3"):
        function(**inputs | {"scaler": scaler | {"factor": np.ones(2)}})
    with pytest.raises(ValueError, match=r"^scaler\['factor'\] has shape \(3,\), expected \(\)"):
        function(**inputs | {"scaler": scaler | {"offset": np.array(1.0)}})
    with pytest.raises(ValueError, match=r"^scaler\['factor'\] holds 0"):
        function(**inputs | {"scaler": scaler | {"factor": np.array([1.0, 0.0, 2.0])}})
    with pytest.raises(ValueError, match=r"^scaler\['offset'\] holds NaN"):
        function(**inputs | {"scaler": scaler | {"offset": np.array([1.0, np.nan, 2.0])}})


@pytest.mark.parametrize("function", [f.mae, f.rmse])
def test_errors_of_unequal_shapes(function: Callable[..., float]) -> None:
    """Nothing is broadcast, and nothing has no mean."""
    scaler = {"offset": np.array(0.0), "factor": np.array(1.0)}
    for shape in ((4, 1), (3,), (1, 3), (4, 3, 1), ()):
        with pytest.raises(ValueError, match=r"^predicted has shape"):
            function(np.ones((4, 3)), np.ones(shape), scaler)
    with pytest.raises(ValueError, match=r"^actual has shape \(0, 3\)"):
        function(np.ones((0, 3)), np.ones((0, 3)), scaler)


@pytest.mark.parametrize(("argument", "wrong"), [("window", 0), ("horizon", 0), ("window", 2.0), ("horizon", None)])
def test_windows_and_horizons(argument: str, wrong: Any) -> None:
    function, inputs = calls()["create_sequences"]
    with pytest.raises(ValueError, match=rf"^{argument} is .* expected an integer of 1 or more"):
        function(**inputs | {argument: wrong})


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ((-1, 0.5, 0.2), "n is -1"),
        ((2.0, 0.5, 0.2), "n is 2.0"),
        ((10, -0.1, 0.2), "train is -0.1"),
        ((10, 0.5, 1.1), "validation is 1.1"),
        ((10, np.nan, 0.2), "train is nan"),
        ((10, 0.5, "0.2"), "validation is '0.2'"),
        ((10, 0.6, 0.5), "train and validation are 0.6 and 0.5"),
    ],
)
def test_shares(inputs: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}"):
        f.chronological_split(*inputs)


@pytest.mark.parametrize("wrong", [-1, 2.0, None])
def test_lags_are_counted(wrong: Any) -> None:
    x = np.arange(9.0)
    for function in (f.autocorrelation, f.partial_autocorrelation):
        with pytest.raises(ValueError, match=r"^lags is .* expected an integer of 0 or more"):
            function(x, wrong)
    with pytest.raises(ValueError, match=r"^max_lag is .* expected an integer of 1 or more"):
        f.choose_window(x, wrong)
    with pytest.raises(ValueError, match=r"^steps is .* expected an integer of 0 or more"):
        f.forecast(means, np.ones((2, 3, 1)), wrong)


@pytest.mark.parametrize("n", [1, 2, 9, 10])
def test_lags_that_a_series_is_too_short_for(n: int) -> None:
    """n lags, and n / 2 partial ones, are refused; one fewer are not."""
    x = np.random.default_rng(2).standard_normal(n)
    assert f.autocorrelation(x, n - 1).shape == (n,)
    with pytest.raises(ValueError, match=rf"^lags is {n}, expected less than {n} "):
        f.autocorrelation(x, n)
    most = (n - 1) // 2
    assert f.partial_autocorrelation(x, most).shape == (most + 1,)
    with pytest.raises(ValueError, match=r"^lags is "):
        f.partial_autocorrelation(x, most + 1)
    with pytest.raises(ValueError, match=r"^max_lag is "):
        f.choose_window(x, most + 1)


def test_no_steps_and_no_rows() -> None:
    """steps = 0 asks the model nothing, and B = 0 is a batch like any other."""
    assert f.forecast(lambda window: window[:, 9], np.ones((2, 3, 4)), 0).shape == (2, 0, 4)
    assert f.forecast(means, np.ones((0, 3, 4)), 5).shape == (0, 5, 4)


def test_a_model_that_answers_in_another_shape() -> None:
    """It is named, with the shape that it should have."""
    for wrong in (lambda window: window, lambda window: window[:, 0, 0], lambda window: window[:1, 0]):
        with pytest.raises(ValueError, match=r"^what model_step returns has shape"):
            f.forecast(wrong, np.ones((2, 3, 4)), 1)


def test_a_model_may_do_as_it_likes_with_its_window() -> None:
    """It gets one of its own."""

    def careless(window: Array) -> Array:
        window += 100
        return window[:, -1] - 99

    history = np.array([[[1.0], [2.0]]])
    np.testing.assert_array_equal(f.forecast(careless, history, 3)[0, :, 0], [3, 4, 5])
    np.testing.assert_array_equal(history[0, :, 0], [1, 2])
