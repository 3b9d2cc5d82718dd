"""Long short-term memory: values on paper, differences, torch, and the fast passes against their plain twins."""

import numpy as np
import pytest
import torch

from reference import Array, lstm, recurrence
from reference.bptt import numerical_gradient
from reference.tests import plain_loops

# B, T, D, H: pairwise different, then with axes of 1, then with equal sizes
SIZES = [(3, 5, 4, 6), (1, 1, 1, 1), (3, 4, 2, 1), (2, 2, 3, 3)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)

Weights = tuple[Array, Array, Array]


def draw(B: int, T: int, D: int, H: int) -> tuple[Array, Array, Array, Weights, Array]:
    """x, h0, c0, the weights and an upstream dh, none of them zero."""
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(scale=0.6, size=shape) for shape in ((D, 4 * H), (H, 4 * H), (4 * H,)))
    x, h0, c0, dh = (rng.normal(size=shape) for shape in ((B, T, D), (B, H), (B, H), (B, T, H)))
    return x, h0, c0, (W_x, W_h, b), dh


# One unit whose gates are i = 3/4, f = 1/4, o = 1/2 and whose candidate is g = 1/2: σ(± ln 3) = 3/4 and 1/4, and
# tanh(ln 3 / 2) = 1/2. The bias makes up for what x = 3 and h_prev = -1 bring in.
X, H_PREV, C_PREV = np.array([[3.0]]), np.array([[-1.0]]), np.array([[2.5]])
W_X, W_H = np.array([[1.0, -1.0, 2.0, 0.5]]), np.array([[0.5, 1.0, 1.5, -1.0]])
BIAS = np.array([np.log(3), -np.log(3), np.log(3) / 2, 0.0]) - 3 * W_X[0] + W_H[0]


def test_gates_on_paper() -> None:
    """The order is i, f, g, o; all through σ, but g through tanh."""
    gates = lstm.lstm_gates(X, H_PREV, W_X, W_H, BIAS)
    np.testing.assert_allclose(gates, [[0.75, 0.25, 0.5, 0.5]], rtol=1e-14)


def test_cell_on_paper() -> None:
    """c keeps a quarter of the old state and takes three quarters of the candidate; h lets half of tanh(c) out."""
    # c = 1/4 * 5/2 + 3/4 * 1/2 = 1;  h = 1/2 * tanh 1 = 0.38079708
    h, c, gates = lstm.lstm_cell_forward(X, H_PREV, C_PREV, W_X, W_H, BIAS)
    np.testing.assert_allclose(c, [[1.0]], rtol=1e-14)
    np.testing.assert_allclose(h, [[0.38079708]], atol=1e-8)
    np.testing.assert_array_equal(gates, lstm.lstm_gates(X, H_PREV, W_X, W_H, BIAS))


def test_cell_backward_on_paper() -> None:
    """Both ways into c count, from the next step and through h, and every gate has its own slope."""
    # tanh 1 = 0.76159416, 1 - tanh^2 1 = 0.41997434;  dc in all = 1/2 + 2 * 1/2 * 0.41997434 = 0.91997434
    # da_i = dc g i(1-i) = dc * 1/2 * 3/16 = 0.08624759;  da_f = dc c_prev f(1-f) = dc * 5/2 * 3/16 = 0.43123797
    # da_g = dc i (1-g^2) = dc * 3/4 * 3/4 = 0.51748557;  da_o = dh tanh(c) o(1-o) = 2 * 0.76159416 / 4 = 0.38079708
    dh, dc, da = np.array([[2.0]]), np.array([[0.5]]), np.array([0.08624759, 0.43123797, 0.51748557, 0.38079708])
    states = lstm.lstm_cell_forward(X, H_PREV, C_PREV, W_X, W_H, BIAS)
    dx, dh_prev, dc_prev, dW_x, dW_h, db = lstm.lstm_cell_backward(dh, dc, X, H_PREV, C_PREV, *states[1:], W_X, W_H)
    np.testing.assert_allclose(db, da, atol=2e-8)
    np.testing.assert_allclose(dW_x, [3 * da], atol=6e-8)
    np.testing.assert_allclose(dW_h, [-da], atol=2e-8)
    np.testing.assert_allclose(dc_prev, [[0.91997434 / 4]], atol=1e-8)
    np.testing.assert_allclose(dx, [[da @ W_X[0]]], atol=1e-7)  # 0.88037960
    np.testing.assert_allclose(dh_prev, [[da @ W_H[0]]], atol=1e-7)  # 0.86979312


def test_unrolling_on_paper() -> None:
    """Three steps of gates that never change: the cell state adds up a geometric series."""
    # i = 3/4, f = 1/4, g = 1/2: c_t = c_{t-1} / 4 + 3/8, from 5/2: 1, 5/8, 17/32
    # h_t = tanh(c_t) / 2: tanh 1 = 0.76159416, tanh 5/8 = 0.55459972, tanh 17/32 = 0.48633602
    zeros = np.zeros((1, 4))
    bias = np.array([np.log(3), -np.log(3), np.log(3) / 2, 0.0])
    h, c, gates = lstm.lstm_forward(np.ones((1, 3, 1)), H_PREV, C_PREV, zeros, zeros, bias)
    np.testing.assert_allclose(c, [[[1.0], [5 / 8], [17 / 32]]], rtol=1e-14)
    np.testing.assert_allclose(h, [[[0.38079708], [0.27729986], [0.24316801]]], atol=1e-8)
    np.testing.assert_allclose(gates, [[[0.75, 0.25, 0.5, 0.5]] * 3], rtol=1e-14)


def test_cell_gradient_on_paper() -> None:
    """At each step the forget gates of the steps after it, not its own: 1/4 * 1/10, 1/10, and 1 at the last."""
    gates = np.full((1, 3, 4), 0.7)
    gates[0, :, 1] = [0.5, 0.25, 0.1]
    np.testing.assert_allclose(lstm.cell_gradient(gates), [[[0.025], [0.1], [1.0]]], rtol=1e-14)


@all_sizes
def test_against_torch(sizes: tuple[int, int, int, int]) -> None:
    """States and gradients are those of torch.nn.LSTM in float64, whose second bias is zero here."""
    x, h0, c0, weights, dh = draw(*sizes)
    network = torch.nn.LSTM(*sizes[2:], batch_first=True, dtype=torch.float64)
    W_x, W_h, b = (torch.tensor(weight.T) for weight in weights)
    zero = torch.zeros_like(b)
    network.load_state_dict({"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": zero})
    inputs = [torch.tensor(array, requires_grad=True) for array in (x, h0[None], c0[None])]
    h, (_, c_last) = network(inputs[0], (inputs[1], inputs[2]))
    named = dict(network.named_parameters())
    expected = torch.autograd.grad(
        h, [*inputs, named["weight_ih_l0"], named["weight_hh_l0"], named["bias_ih_l0"]], torch.tensor(dh)
    )
    states = lstm.lstm_forward(x, h0, c0, *weights)
    np.testing.assert_allclose(states[0], h.detach().numpy(), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(states[1][:, -1], c_last[0].detach().numpy(), rtol=1e-10, atol=1e-14)
    gradients = lstm.lstm_backward(dh, x, h0, c0, *states, *weights[:2])
    for actual, tensor, turned in zip(gradients, expected, [False] * 3 + [True] * 3, strict=True):
        array = tensor.numpy().T if turned else tensor.numpy().reshape(actual.shape)
        np.testing.assert_allclose(actual, array, rtol=1e-10, atol=1e-13)


@all_sizes
def test_cell_backward_against_differences(sizes: tuple[int, int, int, int]) -> None:
    """Each gradient of the cell is the slope of <dh, h> + <dc, c>: dc, which torch's layer has not, included."""
    x, h_prev, c_prev, weights, _ = draw(*sizes)
    dh, dc = np.random.default_rng(1).normal(size=(2, *h_prev.shape))
    inputs = [x[:, 0].copy(), h_prev, c_prev, *weights]
    _, c, gates = lstm.lstm_cell_forward(*inputs)
    arguments = [dh, dc, *inputs[:3], c, gates, *weights[:2]]
    gradients = lstm.lstm_cell_backward(*arguments)

    for k, gradient in enumerate(gradients):

        def loss(value: Array, k: int = k) -> float:
            changed = [*inputs[:k], value, *inputs[k + 1 :]]
            h, c, _ = lstm.lstm_cell_forward(*changed)
            return float((dh * h).sum() + (dc * c).sum())

        np.testing.assert_allclose(gradient, numerical_gradient(loss, inputs[k]), rtol=1e-6, atol=1e-8)


def test_backward_against_differences() -> None:
    """Each gradient of the whole sequence is the slope of <dh, h>."""
    x, h0, c0, weights, dh = draw(*SIZES[0])
    inputs = [x, h0, c0, *weights]
    gradients = lstm.lstm_backward(dh, x, h0, c0, *lstm.lstm_forward(*inputs), *weights[:2])

    for k, gradient in enumerate(gradients):

        def loss(value: Array, k: int = k) -> float:
            changed = [*inputs[:k], value, *inputs[k + 1 :]]
            return float((dh * lstm.lstm_forward(*changed)[0]).sum())

        np.testing.assert_allclose(gradient, numerical_gradient(loss, inputs[k]), rtol=1e-6, atol=1e-8)


@all_sizes
@pytest.mark.parametrize("span", [1, 40, 1 << 16])
def test_fast_passes_are_the_cell_repeated(
    sizes: tuple[int, int, int, int], span: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One product a step and weight gradients at the end change nothing, however many steps are a span."""
    monkeypatch.setattr(recurrence, "_SPAN", span)
    x, h0, c0, weights, dh = draw(*sizes)
    states = lstm.lstm_forward(x, h0, c0, *weights)
    twins = plain_loops.lstm_forward(x, h0, c0, *weights)
    for actual, twin in zip(states, twins, strict=True):
        np.testing.assert_allclose(actual, twin, rtol=1e-10, atol=1e-14)
    gradients = lstm.lstm_backward(dh, x, h0, c0, *states, *weights[:2])
    plain = plain_loops.lstm_backward(dh, x, h0, c0, *states, *weights[:2])
    for actual, twin in zip(gradients, plain, strict=True):
        np.testing.assert_allclose(actual, twin, rtol=1e-10, atol=1e-14)


def test_a_sequence_may_be_cut_anywhere() -> None:
    """The first k steps, then the rest from the states reached: the states of the whole, k = 0 and T too."""
    x, h0, c0, weights, _ = draw(*SIZES[0])
    whole = lstm.lstm_forward(x, h0, c0, *weights)
    for k in range(x.shape[1] + 1):
        first = lstm.lstm_forward(x[:, :k], h0, c0, *weights)
        reached = (first[0][:, -1], first[1][:, -1]) if k else (h0, c0)
        rest = lstm.lstm_forward(x[:, k:], *reached, *weights)
        for parts, states in zip(zip(first, rest, strict=True), whole, strict=True):
            np.testing.assert_allclose(np.concatenate(parts, axis=1), states, rtol=1e-12, atol=1e-14)


def test_rows_of_a_batch_do_not_meet() -> None:
    """Each sequence alone gets the states that it gets in company."""
    x, h0, c0, weights, _ = draw(*SIZES[0])
    together = lstm.lstm_forward(x, h0, c0, *weights)
    for k in range(len(x)):
        alone = lstm.lstm_forward(x[k : k + 1], h0[k : k + 1], c0[k : k + 1], *weights)
        for one, states in zip(alone, together, strict=True):
            np.testing.assert_allclose(one, states[k : k + 1], rtol=1e-12, atol=1e-14)


def test_saturated_gates_stay_finite() -> None:
    """Sums of ±1e4 give gates of exactly 0 and 1, without a warning, and gradients that are numbers."""
    x, h0, c0, (W_x, W_h, b), dh = draw(*SIZES[0])
    weights = 1e4 * W_x, 1e4 * W_h, 1e4 * b
    for h, c, gates in (lstm.lstm_forward(x, h0, c0, *weights), plain_loops.lstm_forward(x, h0, c0, *weights)):
        assert np.isin(gates, [-1.0, 0.0, 1.0]).mean() > 0.9
        gradients = lstm.lstm_backward(dh, x, h0, c0, h, c, gates, *weights[:2])
        assert all(np.isfinite(array).all() for array in (h, c, gates, *gradients))


def test_cell_gradient_is_the_slope_of_the_last_cell_state() -> None:
    """Where the gates do not depend on the state (W_h = 0) the direct path is all there is: a difference shows it."""
    x, h0, c0, (W_x, W_h, b), _ = draw(*SIZES[0])
    weights = W_x, np.zeros_like(W_h), b
    _, c, gates = lstm.lstm_forward(x, h0, c0, *weights)
    for t in range(x.shape[1]):

        def last(value: Array, t: int = t) -> Array:
            return lstm.lstm_forward(x[:, t + 1 :], h0, value, *weights)[1][:, -1] if t + 1 < x.shape[1] else value

        slope = (last(c[:, t] + 0.5) - last(c[:, t] - 0.5)) / 1.0  # linear in c, so that no small step is needed
        np.testing.assert_allclose(lstm.cell_gradient(gates)[:, t], slope, rtol=1e-10, atol=1e-12)
