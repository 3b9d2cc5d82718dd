"""Backpropagation through time: values on paper, central differences, torch, and what the sums promise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reference import Array, bptt, rnn

# B, T, D, H: pairwise different, then with axes of 1, then with equal sizes
SIZES = [(3, 5, 4, 6), (1, 1, 1, 1), (4, 3, 1, 2), (2, 6, 3, 1), (2, 2, 3, 3)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)

Arrays = dict[str, Array]


def draw(B: int, T: int, D: int, H: int) -> Arrays:
    """An RNN's inputs, weights and states h, and a random upstream gradient dh; nothing is zero."""
    rng = np.random.default_rng(0)
    shapes = {"x": (B, T, D), "h0": (B, H), "W_x": (D, H), "W_h": (H, H), "b": (H,)}
    arrays: Arrays = {name: rng.normal(scale=0.8, size=shape) for name, shape in shapes.items()}
    h = rnn.rnn_forward(arrays["x"], arrays["h0"], arrays["W_x"], arrays["W_h"], arrays["b"])
    return arrays | {"h": h, "dh": rng.normal(size=h.shape)}


def chosen(arrays: Arrays, names: str) -> list[Array]:
    return [arrays[name] for name in names.split()]


def backward(arrays: Arrays) -> tuple[Array, Array, Array, Array, Array]:
    x, h0, h, W_x, W_h = chosen(arrays, "x h0 h W_x W_h")
    return bptt.rnn_backward(arrays["dh"], x, h0, h, W_x, W_h)


def differences(f: Callable[[Array], float], w: Array, eps: float = 1e-6) -> Array:
    """The gradient of f by central differences, as plain as can be."""
    dw = np.empty(w.shape)
    for place in np.ndindex(w.shape):
        e = np.zeros(w.shape)
        e[place] = eps
        dw[place] = (f(w + e) - f(w - e)) / (2 * eps)
    return dw


def unrolled(arrays: Arrays) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Torch's states, and the copies of W_h that they come from: one for each step, to be differentiated apart."""
    x, h, W_x, W_h, b = (torch.tensor(array) for array in chosen(arrays, "x h0 W_x W_h b"))
    states, copies = [], [W_h.clone().requires_grad_() for _ in range(x.shape[1])]
    for t, copy in enumerate(copies):
        h = torch.tanh(x[:, t] @ W_x + h @ copy + b)
        h.retain_grad()
        states.append(h)
    return states, copies


def grad(tensor: torch.Tensor) -> Array:
    assert tensor.grad is not None
    return np.asarray(tensor.grad.numpy())


def test_cross_entropy_on_paper() -> None:
    """Two places count, a third does not; each has y = (1/4, 3/4)."""
    # -log(1/4) and -log(3/4), their mean ln(16/3) / 2; y - onehot = (-3/4, 3/4) and (1/4, -1/4), halved
    logits = np.log([[[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]]])
    mask = np.array([[True, False, True]])
    loss, dlogits = bptt.cross_entropy(logits, np.array([[0, -1, 1]]), mask)
    assert loss == pytest.approx(np.log(16 / 3) / 2, rel=1e-14)
    np.testing.assert_allclose(dlogits, [[[-0.375, 0.375], [0.0, 0.0], [0.125, -0.125]]], rtol=1e-14)


def test_cross_entropy_of_extreme_logits_on_paper() -> None:
    """All the weight on the wrong word, 20000 nats away; then on the right one; then shared by two."""
    # -log softmax is 20000, 0 and ln 2, so that the mean is a third of 20000 + ln 2; gradients as ever, a third each
    logits = np.array([[[1e4, -1e4], [1e4, -1e4], [-1e4, -1e4]]])
    with np.errstate(all="raise", under="ignore"):
        loss, dlogits = bptt.cross_entropy(logits, np.array([[1, 0, 0]]), np.ones((1, 3), bool))
    assert loss == pytest.approx((20000 + np.log(2)) / 3, rel=1e-14)
    np.testing.assert_allclose(dlogits * 3, [[[1.0, -1.0], [0.0, 0.0], [-0.5, 0.5]]], rtol=1e-14)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sizes", [(3, 5, 4), (1, 1, 1), (2, 3, 1), (3, 3, 3)])
def test_cross_entropy_against_torch(sizes: tuple[int, int, int], share: float) -> None:
    """torch's mean over what is not its ignore_index, loss and gradient; where nothing counts, torch has NaN, we 0."""
    B, T, V = sizes
    rng = np.random.default_rng(1)
    logits, mask = rng.normal(scale=3, size=(B, T, V)), rng.random((B, T)) < share
    targets = np.where(mask, rng.integers(0, V, (B, T)), -1)
    loss, dlogits = bptt.cross_entropy(logits, targets, mask)
    assert isinstance(loss, float)
    if not mask.any():
        assert loss == 0
        assert not dlogits.any()
        return
    tensor = torch.tensor(logits.reshape(-1, V), requires_grad=True)
    expected = torch.nn.functional.cross_entropy(tensor, torch.tensor(targets.reshape(-1)), ignore_index=-1)
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(dlogits.reshape(-1, V), grad(tensor), rtol=1e-12, atol=1e-15)


def test_cross_entropy_against_differences() -> None:
    """dlogits is the gradient of the loss, at the places that do not count, too."""
    rng = np.random.default_rng(2)
    logits, targets, mask = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3)), rng.random((2, 3)) < 0.6
    _, dlogits = bptt.cross_entropy(logits, targets, mask)
    expected = differences(lambda z: bptt.cross_entropy(z, targets, mask)[0], logits)
    np.testing.assert_allclose(dlogits, expected, rtol=1e-8, atol=1e-9)


def test_cross_entropy_does_not_look_at_false_places() -> None:
    """NaN, infinity and ids that are none, all at False places: loss and gradient stay the same."""
    rng = np.random.default_rng(3)
    logits, targets, mask = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3)), rng.random((2, 3)) < 0.6
    junk = np.where(mask[..., None], logits, [np.nan, np.inf, -np.inf, 1e300])
    loss, dlogits = bptt.cross_entropy(logits, targets, mask)
    with np.errstate(all="raise"):
        other_loss, other_dlogits = bptt.cross_entropy(junk, np.where(mask, targets, 10**9), mask)
    assert other_loss == loss
    np.testing.assert_array_equal(other_dlogits, dlogits)


def test_cell_backward_on_paper() -> None:
    """One unit, two inputs: every product has another value."""
    # da = 2 (1 - 0.6^2) = 1.28;  dx = 1.28 (3, -1), dh_prev = 1.28 * 0.5, dW_x = 1.28 (2, -0.5), dW_h = 1.28 * -0.25
    gradients = bptt.rnn_cell_backward(
        np.array([[2.0]]),
        x=np.array([[2.0, -0.5]]),
        h_prev=np.array([[-0.25]]),
        h=np.array([[0.6]]),
        W_x=np.array([[3.0], [-1.0]]),
        W_h=np.array([[0.5]]),
    )
    expected: list[Any] = [[[3.84, -1.28]], [[0.64]], [[2.56], [-0.64]], [[-0.32]], [1.28]]
    for got, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_backward_on_paper() -> None:
    """One unit, two steps: the second sends part of its gradient to the first."""
    # last step: da = 2 (1 - 0) = 2, so 2 * 3 = 6 goes back;  first: da = (1 + 6) (1 - 0.5^2) = 5.25, and 15.75 to h0
    # dx = 2 da;  dW_x = 1 * 5.25 - 1 * 2 = 3.25, dW_h = h0 * 5.25 + 0.5 * 2 = -9.5, db = 5.25 + 2
    gradients = bptt.rnn_backward(
        np.array([[[1.0], [2.0]]]),
        x=np.array([[[1.0], [-1.0]]]),
        h0=np.array([[-2.0]]),
        h=np.array([[[0.5], [0.0]]]),
        W_x=np.array([[2.0]]),
        W_h=np.array([[3.0]]),
    )
    expected: list[Any] = [[[[10.5], [4]]], [[15.75]], [[3.25]], [[-9.5]], [7.25]]
    for got, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_contributions_and_norms_on_paper() -> None:
    """The same two steps, with a loss that looks at the last state only: 2 arrives there, 6 at the first."""
    # first: da = 6 * 0.75 = 4.5, times h0 = -2;  last: da = 2, times the first state, 0.5
    h, W_h = np.array([[[0.5], [0.0]]]), np.array([[3.0]])
    parts = bptt.gradient_contributions(np.array([[2.0]]), np.zeros((1, 2, 1)), np.array([[-2.0]]), h, W_h)
    np.testing.assert_allclose(parts, [[[-9]], [[1]]], rtol=1e-14)
    np.testing.assert_allclose(bptt.gradient_norms(np.array([[2.0]]), h, W_h), [6, 2], rtol=1e-14)


def test_norms_on_paper() -> None:
    """States of 0, where tanh has slope 1, and W_h twice a rotation: each step back doubles every norm."""
    # (3, 4) and (0, 1) have norms 5 and 1, in the mean 3; their mean (1.5, 2.5) would have 2.92
    W_h = np.array([[0.0, 2.0], [-2.0, 0.0]])
    norms = bptt.gradient_norms(np.array([[3.0, 4.0], [0.0, 1.0]]), np.zeros((2, 3, 2)), W_h)
    np.testing.assert_allclose(norms, [12, 6, 3], rtol=1e-14)


def test_rows_go_back_through_the_transpose() -> None:
    """h_prev W_h picks rows of W_h, so the gradient of a unit comes from its row: dh W_h^T, not dh W_h."""
    # W_h sends unit 0 to unit 1 alone: what arrives at unit 1 goes to unit 0, what arrives at unit 0 nowhere
    W_h, zeros = np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros((1, 2))
    _, dh_prev, *_ = bptt.rnn_cell_backward(np.array([[5.0, 7.0]]), zeros, zeros, zeros, np.zeros((2, 2)), W_h)
    np.testing.assert_array_equal(dh_prev, [[7, 0]])


@all_sizes
def test_backward_against_torch(sizes: tuple[int, int, int, int]) -> None:
    """All five gradients are those of torch.nn.RNN in float64."""
    arrays = draw(*sizes)
    _, _, D, H = sizes
    network = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    W_x, W_h, b = (torch.tensor(array.T) for array in chosen(arrays, "W_x W_h b"))
    network.load_state_dict({"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": torch.zeros(H)})
    x, h0 = (torch.tensor(array, requires_grad=True) for array in chosen(arrays, "x h0"))
    network(x, h0[None])[0].backward(torch.tensor(arrays["dh"]))
    named = dict(network.named_parameters())
    expected = [grad(x), grad(h0), grad(named["weight_ih_l0"]).T, grad(named["weight_hh_l0"]).T]
    for got, wanted in zip(backward(arrays), [*expected, grad(named["bias_ih_l0"])], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-13)


@all_sizes
def test_backward_against_differences(sizes: tuple[int, int, int, int]) -> None:
    """Each gradient is that of sum(dh * h), with rnn_forward in between."""
    arrays = draw(*sizes)
    for name, got in zip(["x", "h0", "W_x", "W_h", "b"], backward(arrays), strict=True):

        def loss(w: Array, name: str = name) -> float:
            return float(np.sum(arrays["dh"] * rnn.rnn_forward(*chosen(arrays | {name: w}, "x h0 W_x W_h b"))))

        np.testing.assert_allclose(got, differences(loss, arrays[name]), rtol=1e-7, atol=1e-8)


@all_sizes
def test_backward_is_the_cells_backward_repeated(sizes: tuple[int, int, int, int]) -> None:
    """One product over batch and time is the sum of the steps' products."""
    arrays = draw(*sizes)
    x, h0, h, W_x, W_h, dh = chosen(arrays, "x h0 h W_x W_h dh")
    carried, weights = np.zeros_like(h0), [np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[0])]
    dx = np.empty_like(x)
    for t in reversed(range(x.shape[1])):
        before = h[:, t - 1] if t else h0
        step = bptt.rnn_cell_backward(dh[:, t] + carried, x[:, t], before, h[:, t], W_x, W_h)
        dx[:, t], carried = step[:2]
        weights = [total + part for total, part in zip(weights, step[2:], strict=True)]
    for got, wanted in zip(backward(arrays), [dx, carried, *weights], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


def test_the_future_sends_gradients_back_and_the_past_none_forward() -> None:
    """An upstream gradient at step t alone reaches the inputs up to t, and no later one."""
    arrays = draw(*SIZES[0])
    for t in range(5):
        alone = np.zeros_like(arrays["dh"])
        alone[:, t] = arrays["dh"][:, t]
        dx, dh0, *_ = backward(arrays | {"dh": alone})
        assert dx[:, : t + 1].all()
        assert dh0.all()
        assert not dx[:, t + 1 :].any()


@all_sizes
def test_contributions_against_torch(sizes: tuple[int, int, int, int]) -> None:
    """Give every step a W_h of its own: entry k is the gradient of step k's, and the sum is dW_h."""
    arrays = draw(*sizes)
    x, h0, h, W_h, dh = chosen(arrays, "x h0 h W_h dh")
    parts = bptt.gradient_contributions(dh[:, -1], x, h0, h, W_h)
    states, copies = unrolled(arrays)
    states[-1].backward(torch.tensor(dh[:, -1]))  # type: ignore[no-untyped-call]
    np.testing.assert_allclose(parts, np.stack([grad(copy) for copy in copies]), rtol=1e-10, atol=1e-13)
    last_only = np.zeros_like(dh)
    last_only[:, -1] = dh[:, -1]
    np.testing.assert_allclose(parts.sum(axis=0), backward(arrays | {"dh": last_only})[3], rtol=1e-10, atol=1e-13)


@all_sizes
def test_norms_against_torch(sizes: tuple[int, int, int, int]) -> None:
    """The gradient that torch retains at every state, its norm for every sequence, their mean."""
    arrays = draw(*sizes)
    states, _ = unrolled(arrays)
    states[-1].backward(torch.tensor(arrays["dh"][:, -1]))  # type: ignore[no-untyped-call]
    expected = [np.linalg.norm(grad(state), axis=1).mean() for state in states]
    norms = bptt.gradient_norms(arrays["dh"][:, -1], arrays["h"], arrays["W_h"])
    np.testing.assert_allclose(norms, expected, rtol=1e-10)


def test_norms_stay_below_the_bound_of_the_largest_singular_value() -> None:
    """tanh's slope is at most 1, so that a step back stretches by at most sigma (Pascanu, Mikolov & Bengio 2013)."""
    arrays = draw(3, 9, 4, 6)
    norms = bptt.gradient_norms(arrays["dh"][:, -1], arrays["h"], arrays["W_h"])
    assert (norms[:-1] < np.linalg.norm(arrays["W_h"], 2) * norms[1:]).all()


def test_numerical_gradient_on_paper() -> None:
    """w^3 at 2 with a step of 1/2: the slope 12 and an error of eps^2 = 1/4, all exact in binary."""
    # (2.5^3 - 1.5^3) / 1 = 15.625 - 3.375 = 12.25
    assert bptt.numerical_gradient(lambda w: float(w**3), np.array(2.0), 0.5) == 12.25


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 1, 3), (0,), (2, 0)])
def test_numerical_gradient_of_any_shape(shape: tuple[int, ...]) -> None:
    """Quadratics have no error but rounding: sum(a w^2) + (sum w)^2 has the gradient 2 a w + 2 sum w."""
    rng = np.random.default_rng(4)
    a, w = rng.normal(size=shape), np.asarray(rng.normal(size=shape))
    dw = bptt.numerical_gradient(lambda v: float(np.sum(a * v**2) + np.sum(v) ** 2), w)
    assert dw.shape == shape
    np.testing.assert_allclose(dw, 2 * a * w + 2 * np.sum(w), rtol=1e-8, atol=1e-9)


def test_numerical_gradient_takes_steps_of_eps() -> None:
    """1e-5 unless another is given: every w that f meets is eps from the given one, in one entry, twice each."""
    w = np.arange(6.0).reshape(2, 3)
    for arguments, eps in [((), 1e-5), ((0.25,), 0.25)]:
        met: list[Array] = []
        bptt.numerical_gradient(lambda v, met=met: met.append(v - w) or 0.0, w, *arguments)  # type: ignore[misc]
        expected = [sign * eps * np.eye(6)[k].reshape(2, 3) for k in range(6) for sign in (1, -1)]
        np.testing.assert_allclose(met, expected, atol=1e-15)


def test_numerical_gradient_computes_in_float64() -> None:
    """A step of 1e-5 is lost in float32, where 1 + 1e-5 has three digits of it left; w comes as float32 here."""
    w: npt.NDArray[Any] = np.array([1.0, 1.25], np.float32)
    np.testing.assert_allclose(bptt.numerical_gradient(lambda v: float(np.sum(v**2)), w), 2 * w, rtol=1e-9)


def test_numerical_gradient_survives_a_function_that_ruins_its_argument() -> None:
    """f gets an array of its own each time."""

    def f(w: Array) -> float:
        w *= w
        return float(w.sum())

    w = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(bptt.numerical_gradient(f, w), [2, 4, 6], rtol=1e-9)
    np.testing.assert_array_equal(w, [1, 2, 3])


@pytest.mark.parametrize(
    ("norms", "diagnosis"),
    [
        ([0.5, 2.0, 0.7], "healthy"),
        ([], "healthy"),
        ([0.1, 10.0], "healthy"),  # the limits themselves are inside
        ([0.5, 0.09, 0.5], "vanishing"),
        ([0.0, 1.0], "vanishing"),
        ([0.5, 10.1, 0.5], "exploding"),
        ([0.01, 1.0, 11.0], "exploding"),  # both: the explosion is what has to be mended first
        ([1.0, np.nan], "exploding"),
        ([0.01, np.nan], "exploding"),
        ([1.0, np.inf], "exploding"),
    ],
)
def test_diagnosis_on_paper(norms: list[float], diagnosis: str) -> None:
    """With limits of 0.1 and 10."""
    assert bptt.diagnose_gradients(np.array(norms), 0.1, 10.0) == diagnosis


def test_no_limit_excuses_what_is_not_finite() -> None:
    """inf is not above a limit of inf, and explodes all the same."""
    assert bptt.diagnose_gradients(np.array([1.0, np.inf]), 0.1, np.inf) == "exploding"
    assert bptt.diagnose_gradients(np.array([1.0, 1e300]), 0.1, np.inf) == "healthy"
