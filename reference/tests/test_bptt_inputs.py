"""What the functions of 02-bptt take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, bptt
from reference.tests.test_bptt import chosen, draw
from reference.tests.test_rnn_inputs import Inputs, backwards, converted, every_other

MASK = np.array([[True, False, True, True, False], [False] * 5, [True] * 5])


def bowl(w: Array) -> float:
    """A function to differentiate."""
    return float(np.sum(np.arange(w.size).reshape(w.shape) * w**2))


def calls() -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module, with arguments by name that fit."""
    arrays = draw(3, 5, 4, 6)
    x, h0, h, W_x, W_h, dh = chosen(arrays, "x h0 h W_x W_h dh")
    last = dh[:, -1]
    targets = np.where(MASK, np.arange(15).reshape(3, 5) % 4, -1)
    return {
        "cross_entropy": (bptt.cross_entropy, dict(logits=x, targets=targets, mask=MASK)),
        "rnn_cell_backward": (
            bptt.rnn_cell_backward,
            dict(dh=last, x=x[:, 0], h_prev=h0, h=h[:, 0], W_x=W_x, W_h=W_h),
        ),
        "rnn_backward": (bptt.rnn_backward, dict(dh=dh, x=x, h0=h0, h=h, W_x=W_x, W_h=W_h)),
        "gradient_contributions": (bptt.gradient_contributions, dict(dh_last=last, x=x, h0=h0, h=h, W_h=W_h)),
        "numerical_gradient": (bptt.numerical_gradient, dict(f=bowl, w=h0, eps=1e-3)),
        "gradient_norms": (bptt.gradient_norms, dict(dh_last=last, h=h, W_h=W_h)),
        "diagnose_gradients": (bptt.diagnose_gradients, dict(norms=np.array([1.0, 3.0]), low=2.0, high=3.0)),
    }


all_functions = pytest.mark.parametrize("name", calls())


def arrays_in(result: Any) -> list[Array]:
    parts = result if isinstance(result, tuple) else (result,)
    return [part for part in parts if isinstance(part, np.ndarray)]


def assert_close(result: Any, expected: Any, rtol: float = 1e-12) -> None:
    if isinstance(expected, str):
        assert result == expected
        return
    pairs = zip(result, expected, strict=True) if isinstance(expected, tuple) else [(result, expected)]
    for got, wanted in pairs:
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol)


def floats_only(convert: Callable[[Array], npt.NDArray[Any]]) -> Callable[[Array], npt.NDArray[Any]]:
    """convert, but that ids and masks are left as they are."""
    return lambda array: convert(array) if array.dtype == np.float64 else array


def test_public_names() -> None:
    """The module exports the seven functions of the assignment."""
    assert set(bptt.__all__) == set(calls())


@pytest.mark.filterwarnings("error")
def test_no_steps() -> None:
    """T = 0: no loss, no gradient at the weights or at h0, no contributions, no norms."""
    x, h0, h, W_x, W_h, dh = chosen(draw(3, 5, 4, 6), "x h0 h W_x W_h dh")
    loss, dlogits = bptt.cross_entropy(x[:, :0], np.zeros((3, 0), int), np.zeros((3, 0), bool))
    assert (loss, dlogits.shape) == (0.0, (3, 0, 4))
    gradients = bptt.rnn_backward(dh[:, :0], x[:, :0], h0, h[:, :0], W_x, W_h)
    assert [gradient.shape for gradient in gradients] == [(3, 0, 4), (3, 6), (4, 6), (6, 6), (6,)]
    assert not any(gradient.any() for gradient in gradients)
    assert bptt.gradient_contributions(dh[:, 0], x[:, :0], h0, h[:, :0], W_h).shape == (0, 6, 6)
    assert bptt.gradient_norms(dh[:, 0], h[:, :0], W_h).shape == (0,)


@pytest.mark.filterwarnings("error")
def test_no_rows() -> None:
    """B = 0: no loss, and zeros as the gradients of the weights; the mean of no norms is refused."""
    x, h0, h, W_x, W_h, dh = (array[:0] for array in chosen(draw(3, 5, 4, 6), "x h0 h W_x W_h dh"))
    W_x, W_h = chosen(draw(3, 5, 4, 6), "W_x W_h")
    loss, dlogits = bptt.cross_entropy(x, np.zeros((0, 5), int), np.zeros((0, 5), bool))
    assert (loss, dlogits.shape) == (0.0, (0, 5, 4))
    gradients = bptt.rnn_cell_backward(dh[:, 0], x[:, 0], h0, h[:, 0], W_x, W_h)
    assert [gradient.shape for gradient in gradients] == [(0, 4), (0, 6), (4, 6), (6, 6), (6,)]
    assert not any(gradient.any() for gradient in gradients)
    gradients = bptt.rnn_backward(dh, x, h0, h, W_x, W_h)
    assert [gradient.shape for gradient in gradients] == [(0, 5, 4), (0, 6), (4, 6), (6, 6), (6,)]
    assert not any(gradient.any() for gradient in gradients)
    assert not bptt.gradient_contributions(dh[:, 0], x, h0, h, W_h).any()
    with pytest.raises(ValueError, match=r"^dh_last has no rows"):
        bptt.gradient_norms(dh[:, 0], h, W_h)


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough, and no result shares memory with them."""
    function, inputs = calls()[name]
    given: list[Array] = []

    def frozen(array: Array) -> Array:
        given.append(array.copy())
        given[-1].flags.writeable = False
        return given[-1]

    for result in arrays_in(function(**converted(inputs, frozen))):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in given)


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_close(function(**converted(inputs, layout)), function(**inputs))


@all_functions
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_are_computed_with_in_float64(name: str, dtype: type) -> None:
    """They give exactly what the same numbers as float64 give."""
    function, inputs = calls()[name]
    narrow = converted(inputs, floats_only(lambda array: (2 * array).astype(dtype)))
    wide = converted(inputs, floats_only(lambda array: (2 * array).astype(dtype).astype(np.float64)))
    result = function(**narrow)
    assert all(array.dtype == np.float64 for array in arrays_in(result))
    assert_close(result, function(**wide), rtol=0.0)


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """Gradients have the dtype of what they are computed from, but for differences, which need the digits."""
    function, inputs = calls()[name]
    result = function(**converted(inputs, floats_only(lambda array: array.astype(np.float32))))
    wanted = np.float64 if name == "numerical_gradient" else np.float32
    assert all(array.dtype == wanted for array in arrays_in(result))
    assert_close(result, function(**inputs), rtol=1e-5)


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few, or a size unlike an earlier argument's, is a ValueError that names the argument."""
    function, inputs = calls()[name]
    if name == "numerical_gradient":  # any shape will do
        return
    first, *others = (key for key, value in inputs.items() if isinstance(value, np.ndarray))
    with pytest.raises(ValueError, match=rf"^{first} has shape"):
        function(**inputs | {first: inputs[first][0]})
    for key in others:
        for wrong in (inputs[key][0], np.concatenate([inputs[key]] * 2)):
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: wrong})


@pytest.mark.parametrize("wrong", [-1, 4, 10**9])
def test_targets_are_ids_where_they_count(wrong: int) -> None:
    """Below 0, V and beyond: refused at a True place, welcome at a False one."""
    function, inputs = calls()["cross_entropy"]
    targets = inputs["targets"].copy()
    targets[0, 1] = wrong
    assert_close(function(**inputs | {"targets": targets}), function(**inputs))
    targets[0, 0] = wrong
    with pytest.raises(ValueError, match=r"^targets holds ids from"):
        function(**inputs | {"targets": targets})


def test_kinds_of_cross_entropys_arguments() -> None:
    """Targets that are no integers, and a mask that is no mask, are refused; int32 is an integer."""
    function, inputs = calls()["cross_entropy"]
    assert_close(function(**inputs | {"targets": inputs["targets"].astype(np.int32)}), function(**inputs))
    with pytest.raises(ValueError, match=r"^targets has dtype float64, expected int"):
        function(**inputs | {"targets": inputs["targets"] * 1.0})
    with pytest.raises(ValueError, match=r"^mask has dtype int64, expected bool"):
        function(**inputs | {"mask": inputs["mask"] * 1})


def test_a_vocabulary_without_words() -> None:
    """V = 0 leaves nothing to predict: no place can count."""
    logits, targets, mask = np.zeros((1, 2, 0)), np.zeros((1, 2), int), np.zeros((1, 2), bool)
    assert bptt.cross_entropy(logits, targets, mask)[0] == 0.0
    with pytest.raises(ValueError, match=r"^targets holds ids from 0 to 0"):
        bptt.cross_entropy(logits, targets, ~mask)


@pytest.mark.parametrize("eps", [0, -1e-5, np.nan, np.inf, None, "1e-5", [1e-5]])
def test_eps_is_a_number_above_zero(eps: Any) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ValueError, match=r"^eps "):
        bptt.numerical_gradient(bowl, np.ones(3), eps)


@pytest.mark.parametrize("eps", [np.float32(0.5), np.array(0.5), 1, np.int64(1)])
def test_eps_may_be_numpys(eps: Any) -> None:
    """numpy's scalars, 0-d arrays and integers are numbers."""
    np.testing.assert_allclose(bptt.numerical_gradient(bowl, np.ones(3), eps), [0, 2, 4], atol=1e-12)


def test_f_is_a_function_that_gives_a_number() -> None:
    """0-d arrays and integers are numbers; an array, None and what cannot be called are refused by name."""
    w = np.array([1.0, 2.0])
    functions: list[Any] = [np.sum, lambda v: np.array(v.sum()), lambda v: 3]
    for number in functions:
        assert bptt.numerical_gradient(number, w).shape == (2,)
    with pytest.raises(ValueError, match=r"^f is 3.0, expected a function"):
        bptt.numerical_gradient(3.0, w)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^f\(w \+ eps\) has shape \(2,\), expected \(\)"):
        bptt.numerical_gradient(lambda v: v, w)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"^f\(w \+ eps\) has dtype object, expected float"):
        bptt.numerical_gradient(lambda v: None, w)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("norms", "low", "high", "named"),
    [
        ([1.0, -1.0], 0.1, 10.0, "norms holds -1.0"),
        ([[1.0]], 0.1, 10.0, "norms has shape"),
        (["1"], 0.1, 10.0, "norms has dtype"),
        ([1.0], 10.0, 0.1, "low is 10.0"),
        ([1.0], np.nan, 10.0, "low is nan"),
        ([1.0], 0.1, np.nan, "low is 0.1"),
        ([1.0], None, 10.0, "low has dtype"),
        ([1.0], 0.1, [1.0, 2.0], "high has shape"),
    ],
)
def test_what_cannot_be_diagnosed(norms: Any, low: Any, high: Any, named: str) -> None:
    """Norms below 0, limits that cross or are no numbers: refused, and the message begins with the name."""
    with pytest.raises(ValueError, match=f"^{named}"):
        bptt.diagnose_gradients(norms, low, high)
