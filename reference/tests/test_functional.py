"""sigmoid, softmax, log_softmax and the derivatives: values on paper, differences, torch, extremes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reference import Array, functional

Unary = Callable[[Array], Array]
Backward = Callable[[Array, Array], Array]
Oracle = Callable[[torch.Tensor], torch.Tensor]

PAIRS: list[tuple[Unary, Backward, Oracle]] = [
    (functional.sigmoid, functional.sigmoid_backward, torch.sigmoid),
    (np.tanh, functional.tanh_backward, torch.tanh),
    (functional.softmax, functional.softmax_backward, lambda z: torch.softmax(z, -1)),
    (functional.log_softmax, functional.log_softmax_backward, lambda z: torch.log_softmax(z, -1)),
]
FORWARDS = [functional.sigmoid, functional.softmax, functional.log_softmax]
ROWWISE = [functional.softmax, functional.log_softmax]
BACKWARDS = [backward for _, backward, _ in PAIRS]

all_pairs = pytest.mark.parametrize(("forward", "backward", "oracle"), PAIRS)
all_forwards = pytest.mark.parametrize("forward", FORWARDS)
all_backwards = pytest.mark.parametrize("backward", BACKWARDS)


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(scale=2.0, size=shape)


def central_difference(f: Unary, x: Array, dy: Array, eps: float = 1e-6) -> Array:
    """The gradient of sum(dy * f(x)), one entry of x after the other."""
    dx = np.empty_like(x)
    for place in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[place] = eps
        dx[place] = np.sum(dy * (f(x + e) - f(x - e))) / (2 * eps)
    return dx


def test_sigmoid_on_paper() -> None:
    """exp(-ln 3) = 1/3, so sigmoid(ln 3) = 1 / (4/3) = 3/4, and 1/4 on the other side."""
    np.testing.assert_allclose(functional.sigmoid(np.log([1 / 3, 1, 3])), [0.25, 0.5, 0.75], rtol=1e-14)


def test_softmax_on_paper() -> None:
    """exp gives 1, 2, 5 with the sum 8: 1/8, 1/4, 5/8."""
    np.testing.assert_allclose(functional.softmax(np.log([1, 2, 5])), [0.125, 0.25, 0.625], rtol=1e-14)


def test_log_softmax_on_paper() -> None:
    """exp gives 1, 3 with the sum 4: -ln 4 and ln 3 - ln 4."""
    expected = [-np.log(4), np.log(3) - np.log(4)]
    np.testing.assert_allclose(functional.log_softmax(np.log([1, 3])), expected, rtol=1e-14)


def test_backwards_on_paper() -> None:
    """Each derivative, with dy = 2 (elementwise) or dy = (4, 0) (rowwise)."""
    # sigmoid, y = 3/4: 2 * 3/4 * 1/4 = 3/8.  tanh, y = 1/2: 2 * (1 - 1/4) = 3/2.
    assert functional.sigmoid_backward(np.array(2.0), np.array(0.75)) == 0.375
    assert functional.tanh_backward(np.array(2.0), np.array(0.5)) == 1.5
    # softmax, y = (1/4, 3/4): sum dy y = 1; 1/4 (4 - 1) = 3/4 and 3/4 (0 - 1) = -3/4.
    dy, y = np.array([4.0, 0.0]), np.array([0.25, 0.75])
    np.testing.assert_allclose(functional.softmax_backward(dy, y), [0.75, -0.75], rtol=1e-14)
    # log-softmax: sum dy = 4; 4 - 1/4 * 4 = 3 and 0 - 3/4 * 4 = -3.
    np.testing.assert_allclose(functional.log_softmax_backward(dy, np.log(y)), [3, -3], rtol=1e-14)


@all_pairs
def test_against_torch(forward: Unary, backward: Backward, oracle: Oracle) -> None:
    """Values and gradients are torch's in float64, for any leading axes and sizes of 1."""
    for shape in [(5,), (3, 4), (2, 3, 5), (1, 1), (2, 1, 3)]:
        z, dy = draw(*shape), draw(*shape, seed=1)
        tensor = torch.tensor(z, requires_grad=True)
        out = oracle(tensor)
        (dz,) = torch.autograd.grad(out, tensor, torch.tensor(dy))
        y = forward(z)
        np.testing.assert_allclose(y, out.detach().numpy(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(backward(dy, y), dz.numpy(), rtol=1e-12, atol=1e-14)


@all_pairs
def test_backward_is_the_central_difference(forward: Unary, backward: Backward, oracle: Oracle) -> None:
    """The gradient of a random weighting of the outputs agrees with differences of the forward."""
    z, dy = draw(2, 3, 4), draw(2, 3, 4, seed=1)
    np.testing.assert_allclose(backward(dy, forward(z)), central_difference(forward, z, dy), atol=1e-8)


@pytest.mark.filterwarnings("error")
@all_forwards
def test_extremes_are_silent_and_finite(forward: Unary) -> None:
    """Rows at +-1e4, and entries 1e4 apart, give finite numbers and no warning."""
    z = np.array([[1e4, 1e4 - 1, 1e4], [-1e4, -1e4 + 1, -1e4], [-1e4, 0, 1e4], [1e4, -1e4, 1e4]])
    assert np.isfinite(forward(z)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("forward", ROWWISE)
def test_a_constant_added_to_a_row_cancels(forward: Unary) -> None:
    """Each row may be shifted by its own constant, +-1e4 included."""
    z = np.round(draw(3, 4) * 8) / 8  # eighths, so that the shifted rows are exact
    np.testing.assert_array_equal(forward(z + np.array([[1e4], [-1e4], [3]])), forward(z))


def test_softmax_rows_sum_to_one() -> None:
    """Every row is a distribution, whatever the leading axes."""
    for shape in [(6,), (3, 4), (2, 3, 5), (4, 1)]:
        np.testing.assert_allclose(functional.softmax(draw(*shape)).sum(axis=-1), 1.0, rtol=1e-14)


@pytest.mark.filterwarnings("error")
def test_softmax_gives_minus_infinity_nothing() -> None:
    """A score of -inf has probability exactly 0, and the rest share the row."""
    y = functional.softmax(np.array([[0.0, -np.inf, 0.0]]))
    np.testing.assert_array_equal(y, [[0.5, 0.0, 0.5]])


def test_log_softmax_keeps_what_softmax_loses() -> None:
    """Where softmax underflows to 0, the logarithm is still the difference of the scores."""
    np.testing.assert_array_equal(functional.log_softmax(np.array([0.0, 1e4])), [-1e4, 0.0])


def test_sigmoid_keeps_small_values() -> None:
    """Far on the left sigmoid(x) is exp(x) to full relative precision: no cancellation."""
    x = np.array([-40.0, -300.0, -700.0])
    np.testing.assert_allclose(functional.sigmoid(x), np.exp(x), rtol=1e-14)


def test_sigmoid_is_symmetric() -> None:
    """sigmoid(x) + sigmoid(-x) = 1."""
    x = draw(50)
    np.testing.assert_allclose(functional.sigmoid(x) + functional.sigmoid(-x), 1.0, rtol=1e-14)


def test_softmax_backward_leaves_masked_weights_alone() -> None:
    """A weight of exactly 0 gets gradient 0; so does a row of zeros, which attention uses for "nothing"."""
    dy, y = draw(2, 3), np.array([[0.25, 0.0, 0.75], [0.0, 0.0, 0.0]])
    dz = functional.softmax_backward(dy, y)
    assert dz[0, 1] == 0
    np.testing.assert_array_equal(dz[1], 0)


@all_forwards
def test_no_rows_give_no_rows(forward: Unary) -> None:
    """Empty leading axes are kept as they are."""
    for shape in [(0, 3), (2, 0, 3)]:
        assert forward(np.empty(shape)).shape == shape


@pytest.mark.filterwarnings("error")
def test_softmax_over_nothing_is_nothing() -> None:
    """Rows of no entries, as of a query with no keys, give rows of no weights."""
    assert functional.softmax(np.empty((2, 0))).shape == (2, 0)


@all_backwards
def test_empty_gradients(backward: Backward) -> None:
    """The gradient of nothing is nothing, in the same shape."""
    for shape in [(0, 3), (2, 0)]:
        assert backward(np.empty(shape), np.empty(shape)).shape == shape


@all_forwards
def test_inputs_stay_and_results_are_float64(forward: Unary) -> None:
    """Read-only float64, integer and Fortran-order input are taken, unchanged, and give float64."""
    z: npt.NDArray[Any] = np.array([[3, -2, 0], [1, 1, 4]])
    expected = forward(z.astype(np.float64))
    alike = [z, z.astype(np.float64), np.asfortranarray(z), np.repeat(z, 2, 1)[:, ::2]]
    for given in alike:
        given.flags.writeable = False
        y = forward(given)
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, expected)


@all_backwards
def test_backwards_leave_their_inputs(backward: Backward) -> None:
    """Gradients are computed beside read-only inputs, in float64 from integers too."""
    dy, y = np.array([[1, 2], [3, 4]]), np.array([[0.5, 0.5], [0.25, 0.75]])
    dy.flags.writeable = y.flags.writeable = False
    assert backward(dy, y).dtype == np.float64


@all_forwards
def test_float32_stays_float32(forward: Unary) -> None:
    """float32 gives float32, extremes and numbers without axes included, near what float64 gives."""
    z: npt.NDArray[Any] = np.array([[0.5, -2.0, 100.0], [-100.0, 1.0, 0.25]], np.float32)
    y = forward(z)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, forward(z.astype(np.float64)), rtol=1e-6, atol=1e-30)


def test_sigmoid_of_one_float32() -> None:
    """A number without axes keeps its dtype, too."""
    x: npt.NDArray[Any] = np.array(0.5, np.float32)
    assert functional.sigmoid(x).dtype == np.float32


@all_backwards
def test_backwards_are_float32_if_both_arguments_are(backward: Backward) -> None:
    """Two float32 arguments give float32; one float64 among them gives float64."""
    dy: npt.NDArray[Any] = draw(2, 3).astype(np.float32)
    y: npt.NDArray[Any] = np.full((2, 3), 0.25, np.float32)
    assert backward(dy, y).dtype == np.float32
    assert backward(dy.astype(np.float64), y).dtype == backward(dy, y.astype(np.float64)).dtype == np.float64
    np.testing.assert_allclose(backward(dy, y), backward(dy.astype(np.float64), y), rtol=1e-5, atol=1e-6)


@all_backwards
def test_errors_name_the_gradient(backward: Backward) -> None:
    """dy and y that would only broadcast are refused."""
    with pytest.raises(ValueError, match=r"^y has shape \(1, 3\)"):
        backward(np.ones((2, 3)), np.ones((1, 3)))


@pytest.mark.parametrize("forward", ROWWISE)
def test_a_number_has_no_last_axis(forward: Unary) -> None:
    """The softmax of a 0-d array is refused, by name."""
    with pytest.raises(ValueError, match=r"^z has shape \(\)"):
        forward(np.array(1.0))
