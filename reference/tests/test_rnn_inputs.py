"""What the functions of 01-rnn take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, functional, rnn
from reference.tests.test_rnn import draw, recurrent

Inputs = dict[str, Any]


def calls() -> dict[str, tuple[Callable[..., Array], Inputs]]:
    """Every function of the module, with arguments by name that fit; O = D, as one_to_many needs."""
    x, h0, params = draw(3, 5, 4, 6, 4)
    W_x, W_h, b = recurrent(params)
    return {
        "rnn_cell_forward": (rnn.rnn_cell_forward, dict(x=x[:, 0], h_prev=h0, W_x=W_x, W_h=W_h, b=b)),
        "rnn_forward": (rnn.rnn_forward, dict(x=x, h0=h0, W_x=W_x, W_h=W_h, b=b)),
        "output_layer": (rnn.output_layer, dict(h=h0, W_y=params["W_y"], b_y=params["b_y"])),
        "softmax": (rnn.softmax, dict(z=h0)),
        "many_to_one": (rnn.many_to_one, dict(x=x, h0=h0, params=params)),
        "many_to_many": (rnn.many_to_many, dict(x=x, h0=h0, params=params)),
        "one_to_many": (rnn.one_to_many, dict(x0=x[:, 0], h0=h0, params=params, steps=3)),
    }


all_functions = pytest.mark.parametrize("name", calls())


def converted(value: Any, convert: Callable[[Array], npt.NDArray[Any]]) -> Any:
    """value with convert applied to it, or to every array in it."""
    if isinstance(value, dict):
        return {key: converted(entry, convert) for key, entry in value.items()}
    return convert(value) if isinstance(value, np.ndarray) else value


def every_other(array: Array) -> Array:
    """The same numbers as a view of every other entry of a larger array."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: Array) -> Array:
    """The same numbers as a view with a negative stride."""
    return array[::-1].copy()[::-1]


def test_public_names() -> None:
    """The module exports the seven functions of the assignment; its softmax is functional's."""
    assert set(rnn.__all__) == set(calls())
    assert rnn.softmax is functional.softmax


@pytest.mark.filterwarnings("error")
def test_no_steps() -> None:
    """T = 0 gives no states, no outputs at the steps, and for the last state h0."""
    x, h0, params = draw(3, 0, 4, 6, 4)
    assert rnn.rnn_forward(x, h0, *recurrent(params)).shape == (3, 0, 6)
    assert rnn.many_to_many(x, h0, params).shape == (3, 0, 4)
    assert rnn.one_to_many(np.ones((3, 4)), h0, params, 0).shape == (3, 0, 4)
    expected = rnn.output_layer(h0, params["W_y"], params["b_y"])
    np.testing.assert_array_equal(rnn.many_to_one(x, h0, params), expected)


@pytest.mark.filterwarnings("error")
def test_no_rows() -> None:
    """B = 0 gives results of no rows, the other axes as ever."""
    x, h0, params = draw(0, 5, 4, 6, 4)
    assert rnn.rnn_cell_forward(x[:, 0], h0, *recurrent(params)).shape == (0, 6)
    assert rnn.rnn_forward(x, h0, *recurrent(params)).shape == (0, 5, 6)
    assert rnn.output_layer(x[..., :0], np.ones((0, 2)), np.ones(2)).shape == (0, 5, 2)
    assert rnn.many_to_one(x, h0, params).shape == (0, 4)
    assert rnn.many_to_many(x, h0, params).shape == (0, 5, 4)
    assert rnn.one_to_many(x[:, 0], h0, params, 2).shape == (0, 2, 4)


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough, and no result shares memory with them."""
    function, inputs = calls()[name]
    arrays: list[Array] = []

    def frozen(array: Array) -> Array:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    result = function(**converted(inputs, frozen))
    assert result.flags.writeable
    assert not any(np.shares_memory(result, array) for array in arrays)


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    result = function(**converted(inputs, layout))
    np.testing.assert_allclose(result, function(**inputs), rtol=1e-12, atol=1e-14)


@all_functions
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_are_computed_with_in_float64(name: str, dtype: type) -> None:
    """Integers are float64 from the start."""
    function, inputs = calls()[name]
    narrow = converted(inputs, lambda array: (2 * array).astype(dtype))
    wide = converted(narrow, lambda array: array.astype(np.float64))
    result = function(**narrow)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, function(**wide))


@all_functions
def test_float32_is_computed_with_in_float32(name: str) -> None:
    """float32 throughout gives float32, near what float64 gives."""
    function, inputs = calls()[name]
    result = function(**converted(inputs, lambda array: array.astype(np.float32)))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, function(**inputs), rtol=1e-4, atol=1e-5)


@all_functions
def test_one_float64_makes_all_of_it_float64(name: str) -> None:
    """A single float64 among float32, in params too, gives what all of them as float64 give."""
    function, inputs = calls()[name]
    narrow = converted(inputs, lambda array: array.astype(np.float32))
    wide = converted(narrow, lambda array: array.astype(np.float64))
    expected = function(**wide)
    for key, value in wide.items():
        mixtures = [narrow | {key: value}] if isinstance(value, np.ndarray) else []
        if isinstance(value, dict):
            mixtures = [narrow | {key: narrow[key] | {entry: value[entry]}} for entry in value]
        for mixture in mixtures:
            result = function(**mixture)
            assert result.dtype == np.float64
            np.testing.assert_array_equal(result, expected)


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few, or a size unlike an earlier argument's, is a ValueError that names the argument."""
    function, inputs = calls()[name]
    first, *others = (key for key, value in inputs.items() if isinstance(value, np.ndarray))
    if first in ("x", "x0"):  # the first of output_layer and of softmax takes any leading axes
        with pytest.raises(ValueError, match=rf"^{first} has shape"):
            function(**inputs | {first: inputs[first][0]})
    for key in others:
        for wrong in (inputs[key][0], np.concatenate([inputs[key]] * 2)):
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: wrong})


@pytest.mark.parametrize("name", ["many_to_one", "many_to_many", "one_to_many"])
@pytest.mark.parametrize("key", ["W_x", "W_h", "b", "W_y", "b_y"])
def test_errors_in_params(name: str, key: str) -> None:
    """An entry that is missing, or of the wrong shape, is named."""
    function, inputs = calls()[name]
    params = inputs["params"]
    missing = {other: value for other, value in params.items() if other != key}
    with pytest.raises(ValueError, match=rf"^params has no {key};"):
        function(**inputs | {"params": missing})
    with pytest.raises(ValueError, match=rf"^{key} has shape"):
        function(**inputs | {"params": params | {key: np.concatenate([params[key]] * 2)}})


@pytest.mark.parametrize("steps", [0, 3])
def test_one_to_many_needs_outputs_that_fit_as_inputs(steps: int) -> None:
    """O other than D is refused, on W_y, even where no step is taken."""
    x, h0, params = draw(3, 5, 4, 6, 2)
    with pytest.raises(ValueError, match=r"^W_y has shape \(6, 2\), expected \(H, D\) where H = 6, D = 4$"):
        rnn.one_to_many(x[:, 0], h0, params, steps)


@pytest.mark.parametrize("steps", [-1, 2.0, "3", None])
def test_steps_are_an_integer_from_zero_on(steps: Any) -> None:
    """A negative number, a float and what is no number are refused by name."""
    function, inputs = calls()["one_to_many"]
    with pytest.raises(ValueError, match=r"^steps is "):
        function(**inputs | {"steps": steps})


def test_steps_may_be_numpys() -> None:
    """A numpy integer counts as an integer."""
    function, inputs = calls()["one_to_many"]
    assert function(**inputs | {"steps": np.int64(2)}).shape == (3, 2, 4)
