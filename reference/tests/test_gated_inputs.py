"""What the functions of 06-lstm and 07-gru take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, gru, lstm
from reference.tests import test_gru, test_lstm
from reference.tests.test_rnn_inputs import Inputs, backwards, converted, every_other

Function = Callable[..., Array | tuple[Array, ...]]


def calls(B: int = 3, T: int = 5, D: int = 4, H: int = 6) -> dict[str, tuple[Function, Inputs]]:
    """Every function of the two modules that takes arrays, with arguments by name that fit."""
    x, h0, c0, (W_x, W_h, b), dh = test_lstm.draw(B, T, D, H)
    step, cell, weights = dict(x=np.ones((B, D))), dict(h_prev=h0, c_prev=c0), dict(W_x=W_x, W_h=W_h)
    h, c, gates = lstm.lstm_forward(x, h0, c0, W_x, W_h, b)
    _, c_t, gates_t = lstm.lstm_cell_forward(**step, **cell, **weights, b=b)
    found: dict[str, tuple[Function, Inputs]] = {
        "lstm_gates": (lstm.lstm_gates, step | dict(h_prev=h0) | weights | dict(b=b)),
        "lstm_cell_forward": (lstm.lstm_cell_forward, step | cell | weights | dict(b=b)),
        "lstm_cell_backward": (
            lstm.lstm_cell_backward,
            dict(dh=h0 + 1, dc=c0 + 1) | step | cell | dict(c=c_t, gates=gates_t) | weights,
        ),
        "lstm_forward": (lstm.lstm_forward, dict(x=x, h0=h0, c0=c0) | weights | dict(b=b)),
        "lstm_backward": (
            lstm.lstm_backward,
            dict(dh=dh, x=x, h0=h0, c0=c0, h=h, c=c, gates=gates) | weights,
        ),
        "cell_gradient": (lstm.cell_gradient, dict(gates=gates)),
    }
    x, h0, (W_x, W_h, b), dh = test_gru.draw(B, T, D, H)
    cell, weights = dict(h_prev=h0), dict(W_x=W_x, W_h=W_h)
    h, gates = gru.gru_forward(x, h0, W_x, W_h, b)
    _, gates_t = gru.gru_cell_forward(**step, **cell, **weights, b=b)
    return found | {
        "gru_cell_forward": (gru.gru_cell_forward, step | cell | weights | dict(b=b)),
        "gru_cell_backward": (gru.gru_cell_backward, dict(dh=h0 + 1) | step | cell | dict(gates=gates_t) | weights),
        "gru_forward": (gru.gru_forward, dict(x=x, h0=h0) | weights | dict(b=b)),
        "gru_backward": (gru.gru_backward, dict(dh=dh, x=x, h0=h0, h=h, gates=gates) | weights),
    }


all_functions = pytest.mark.parametrize("name", calls())
sequence_functions = pytest.mark.parametrize(
    "name", ["lstm_forward", "lstm_backward", "cell_gradient", "gru_forward", "gru_backward"]
)


def results(function: Function, inputs: Inputs) -> list[Array]:
    """What the function returns, as a list."""
    result = function(**inputs)
    return [result] if isinstance(result, np.ndarray) else list(result)


def narrow(array: Array) -> npt.NDArray[np.float32]:
    return array.astype(np.float32)


def test_public_names() -> None:
    """The modules export the functions of their assignments, and nothing else."""
    assert {*lstm.__all__, *gru.__all__} == {*calls(), "count_parameters"}


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; results are writable and share memory neither with them nor with one another."""
    function, inputs = calls()[name]
    arrays: list[Array] = []

    def frozen(array: Array) -> Array:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    found = results(function, converted(inputs, frozen))
    for k, result in enumerate(found):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, other) for other in (*arrays, *found[:k]))


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    contiguous = results(function, converted(inputs, np.ascontiguousarray))
    for given in (inputs, converted(inputs, layout)):
        for actual, expected in zip(results(function, given), contiguous, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@sequence_functions
def test_any_order_of_the_axes_in_memory_will_do(name: str) -> None:
    """Each sequence as a view of memory in any of the six orders, the others as they are."""
    function, inputs = calls()[name]
    expected = results(function, inputs)
    for key, array in inputs.items():
        for order in permutations(range(array.ndim)):
            view = np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))
            for actual, right in zip(results(function, inputs | {key: view}), expected, strict=True):
                np.testing.assert_allclose(actual, right, rtol=1e-12, atol=1e-14)


@all_functions
def test_float32_is_computed_with_in_float32(name: str) -> None:
    """float32 throughout gives float32, near what float64 gives."""
    function, inputs = calls()[name]
    for actual, expected in zip(results(function, converted(inputs, narrow)), results(function, inputs), strict=True):
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@all_functions
def test_one_float64_makes_all_of_it_float64(name: str) -> None:
    """A single float64 argument among float32 ones gives what all of them as float64 give."""
    function, inputs = calls()[name]
    rounded = converted(inputs, narrow)
    wide = converted(rounded, lambda array: array.astype(np.float64))
    expected = results(function, wide)
    for key in inputs:
        for actual, right in zip(results(function, rounded | {key: wide[key]}), expected, strict=True):
            assert actual.dtype == np.float64
            np.testing.assert_allclose(actual, right, rtol=1e-12, atol=1e-14)


@all_functions
def test_integers_are_computed_with_in_float64(name: str) -> None:
    """Integers are float64 from the start."""
    function, inputs = calls()[name]
    whole = converted(inputs, lambda array: (3 * array).astype(np.int32))
    expected = results(function, converted(whole, lambda array: array.astype(np.float64)))
    for actual, right in zip(results(function, whole), expected, strict=True):
        assert actual.dtype == np.float64
        np.testing.assert_array_equal(actual, right)


@sequence_functions
def test_no_steps(name: str) -> None:
    """T = 0 gives sequences of no steps, and zeros for the gradients of weights and first states."""
    function, inputs = calls(T=0)[name]
    usual = results(*calls()[name])
    for actual, shape in zip(results(function, inputs), [array.shape for array in usual], strict=True):
        if len(shape) == 3:
            assert actual.shape == (3, 0, shape[2])
        else:
            np.testing.assert_array_equal(actual, np.zeros(shape))


@all_functions
def test_no_rows(name: str) -> None:
    """B = 0 gives results of no rows, and zeros for the gradients of the weights."""
    function, inputs = calls(B=0)[name]
    usual = results(*calls()[name])
    for actual, shape in zip(results(function, inputs), [array.shape for array in usual], strict=True):
        np.testing.assert_array_equal(actual, np.zeros((0, *shape[1:]) if shape[0] == 3 else shape))


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few, a size unlike an earlier argument's, and no whole gates are errors that name the argument."""
    function, inputs = calls()[name]
    first, *others = inputs
    with pytest.raises(ValueError, match=rf"^{first} has shape"):
        function(**inputs | {first: inputs[first][0]})
    for key in others:
        for wrong in (inputs[key][0], np.concatenate([inputs[key]] * 2)):
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: wrong})
    for key in inputs.keys() & {"gates", "W_x", "W_h", "b"}:
        with pytest.raises(ValueError, match=rf"^{key} has shape"):
            function(**inputs | {key: inputs[key][..., :-1]})
