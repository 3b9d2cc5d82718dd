"""The gated recurrent unit: values on paper, differences, autograd, and the fast passes against their plain twins."""

from typing import Any

import numpy as np
import pytest
import torch

from reference import Array, gru, recurrence
from reference.bptt import numerical_gradient
from reference.tests import plain_loops

# B, T, D, H: pairwise different, then with axes of 1, then with equal sizes
SIZES = [(3, 5, 4, 6), (1, 1, 1, 1), (3, 4, 2, 1), (2, 2, 3, 3)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)

Weights = tuple[Array, Array, Array]


def draw(B: int, T: int, D: int, H: int) -> tuple[Array, Array, Weights, Array]:
    """x, h0, the weights and an upstream dh, none of them zero."""
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(scale=0.6, size=shape) for shape in ((D, 3 * H), (H, 3 * H), (3 * H,)))
    x, h0, dh = (rng.normal(size=shape) for shape in ((B, T, D), (B, H), (B, T, H)))
    return x, h0, (W_x, W_h, b), dh


# One unit whose gates are r = 1/4 and z = 3/4 and whose candidate is n = 1/2: σ(∓ ln 3) = 1/4 and 3/4, and
# tanh(ln 3 / 2) = 1/2. The bias makes up for what x = 3 and h_prev = -1 bring in, to n through r h_prev = -1/4.
X, H_PREV = np.array([[3.0]]), np.array([[-1.0]])
W_X, W_H = np.array([[1.0, -1.0, 2.0]]), np.array([[0.5, 1.0, 2.0]])
BIAS = np.array([-np.log(3), np.log(3), np.log(3) / 2]) - 3 * W_X[0] + W_H[0] * [1, 1, 1 / 4]


def test_cell_on_paper() -> None:
    """The order is r, z, n; r shrinks h_prev before the product; z lets the new state in."""
    # h = (1 - 3/4) * (-1) + 3/4 * 1/2 = 1/8
    h, gates = gru.gru_cell_forward(X, H_PREV, W_X, W_H, BIAS)
    np.testing.assert_allclose(gates, [[0.25, 0.75, 0.5]], rtol=1e-14)
    np.testing.assert_allclose(h, [[0.125]], rtol=1e-13)


def test_cell_backward_on_paper() -> None:
    """The gradient reaches h_prev past the cell, through r * h_prev and through both gates."""
    # dh = 2: da_n = 2 z (1-n^2) = 2 * 3/4 * 3/4 = 9/8;  da_z = 2 (n-h_prev) z(1-z) = 2 * 3/2 * 3/16 = 9/16
    # of r h_prev: da_n * 2 = 9/4;  da_r = 9/4 * h_prev * r(1-r) = -9/4 * 3/16 = -27/64
    # dh_prev = 2 (1-z) + 9/4 r + da_r / 2 + da_z = 1/2 + 9/16 - 27/128 + 9/16 = 181/128
    gates = np.array([[0.25, 0.75, 0.5]])
    dx, dh_prev, dW_x, dW_h, db = gru.gru_cell_backward(np.array([[2.0]]), X, H_PREV, gates, W_X, W_H)
    np.testing.assert_allclose(db, [-27 / 64, 9 / 16, 9 / 8], rtol=1e-14)
    np.testing.assert_allclose(dW_x, [[-81 / 64, 27 / 16, 27 / 8]], rtol=1e-14)
    np.testing.assert_allclose(dW_h, [[27 / 64, -9 / 16, -9 / 32]], rtol=1e-14)  # the last by r h_prev = -1/4
    np.testing.assert_allclose(dx, [[-27 / 64 - 9 / 16 + 9 / 4]], rtol=1e-14)
    np.testing.assert_allclose(dh_prev, [[181 / 128]], rtol=1e-14)


def test_unrolling_on_paper() -> None:
    """Three steps of gates that never change: the state moves three quarters of the way to 1/2 each time."""
    # h_t = h_{t-1} / 4 + 3/8, from -1: 1/8, 13/32, 61/128
    zeros, bias = np.zeros((1, 3)), np.array([-np.log(3), np.log(3), np.log(3) / 2])
    h, gates = gru.gru_forward(np.ones((1, 3, 1)), H_PREV, zeros, zeros, bias)
    np.testing.assert_allclose(h, [[[1 / 8], [13 / 32], [61 / 128]]], rtol=1e-14)
    np.testing.assert_allclose(gates, [[[0.25, 0.75, 0.5]] * 3], rtol=1e-14)


def in_torch(x: torch.Tensor, h: torch.Tensor, W_x: torch.Tensor, W_h: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The states of this variant, which torch.nn.GRU is not: that applies r after the product."""
    H = h.shape[1]
    states = []
    for t in range(x.shape[1]):
        from_x = x[:, t] @ W_x + b
        r = torch.sigmoid(from_x[:, :H] + h @ W_h[:, :H])
        z = torch.sigmoid(from_x[:, H : 2 * H] + h @ W_h[:, H : 2 * H])
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_h[:, 2 * H :])
        h = (1 - z) * h + z * n
        states.append(h)
    return torch.stack(states, dim=1)


@all_sizes
def test_against_autograd(sizes: tuple[int, int, int, int]) -> None:
    """States and gradients are those of torch's autograd on this variant, in float64."""
    x, h0, weights, dh = draw(*sizes)
    inputs = [torch.tensor(array, requires_grad=True) for array in (x, h0, *weights)]
    expected = in_torch(*inputs)
    h, gates = gru.gru_forward(x, h0, *weights)
    np.testing.assert_allclose(h, expected.detach().numpy(), rtol=1e-10, atol=1e-14)
    gradients = gru.gru_backward(dh, x, h0, h, gates, *weights[:2])
    for actual, tensor in zip(gradients, torch.autograd.grad(expected, inputs, torch.tensor(dh)), strict=True):
        np.testing.assert_allclose(actual, tensor.numpy(), rtol=1e-10, atol=1e-13)


def test_against_torchs_layer_where_the_variants_meet() -> None:
    """With r at 1 (a bias of 50) before and after the product are the same; torch's z is 1 less ours: a_z negated."""
    x, h0, (W_x, W_h, b), _ = draw(*SIZES[0])
    D, H = SIZES[0][2:]
    b[:H] = 50
    network = torch.nn.GRU(D, H, batch_first=True, dtype=torch.float64)
    sign = np.repeat([1.0, -1.0, 1.0], H)
    W_ih, W_hh, bias = (torch.tensor((weight * sign).T) for weight in (W_x, W_h, b))
    zero = torch.zeros_like(bias)
    network.load_state_dict({"weight_ih_l0": W_ih, "weight_hh_l0": W_hh, "bias_ih_l0": bias, "bias_hh_l0": zero})
    with torch.no_grad():
        expected, _ = network(torch.tensor(x), torch.tensor(h0)[None])
    np.testing.assert_allclose(gru.gru_forward(x, h0, W_x, W_h, b)[0], expected.numpy(), rtol=1e-10, atol=1e-14)


@all_sizes
def test_cell_backward_against_differences(sizes: tuple[int, int, int, int]) -> None:
    """Each gradient of the cell is the slope of <dh, h>."""
    x, h_prev, weights, dh = draw(*sizes)
    inputs = [x[:, 0].copy(), h_prev, *weights]
    _, gates = gru.gru_cell_forward(*inputs)
    arguments = [dh[:, 0], *inputs[:2], gates, *weights[:2]]
    gradients = gru.gru_cell_backward(*arguments)

    for k, gradient in enumerate(gradients):

        def loss(value: Array, k: int = k) -> float:
            changed = [*inputs[:k], value, *inputs[k + 1 :]]
            return float((dh[:, 0] * gru.gru_cell_forward(*changed)[0]).sum())

        np.testing.assert_allclose(gradient, numerical_gradient(loss, inputs[k]), rtol=1e-6, atol=1e-8)


def test_backward_against_differences() -> None:
    """Each gradient of the whole sequence is the slope of <dh, h>."""
    x, h0, weights, dh = draw(*SIZES[0])
    inputs = [x, h0, *weights]
    gradients = gru.gru_backward(dh, x, h0, *gru.gru_forward(*inputs), *weights[:2])

    for k, gradient in enumerate(gradients):

        def loss(value: Array, k: int = k) -> float:
            changed = [*inputs[:k], value, *inputs[k + 1 :]]
            return float((dh * gru.gru_forward(*changed)[0]).sum())

        np.testing.assert_allclose(gradient, numerical_gradient(loss, inputs[k]), rtol=1e-6, atol=1e-8)


@all_sizes
@pytest.mark.parametrize("span", [1, 40, 1 << 16])
def test_fast_passes_are_the_cell_repeated(
    sizes: tuple[int, int, int, int], span: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs before the first step and weight gradients after the last change nothing, nor do spans of any length."""
    monkeypatch.setattr(recurrence, "_SPAN", span)
    x, h0, weights, dh = draw(*sizes)
    states = gru.gru_forward(x, h0, *weights)
    for actual, twin in zip(states, plain_loops.gru_forward(x, h0, *weights), strict=True):
        np.testing.assert_allclose(actual, twin, rtol=1e-10, atol=1e-14)
    gradients = gru.gru_backward(dh, x, h0, *states, *weights[:2])
    plain = plain_loops.gru_backward(dh, x, h0, *states, *weights[:2])
    for actual, twin in zip(gradients, plain, strict=True):
        np.testing.assert_allclose(actual, twin, rtol=1e-10, atol=1e-14)


def test_a_sequence_may_be_cut_anywhere() -> None:
    """The first k steps, then the rest from the state reached: the states of the whole, k = 0 and T too."""
    x, h0, weights, _ = draw(*SIZES[0])
    whole = gru.gru_forward(x, h0, *weights)
    for k in range(x.shape[1] + 1):
        first = gru.gru_forward(x[:, :k], h0, *weights)
        rest = gru.gru_forward(x[:, k:], first[0][:, -1] if k else h0, *weights)
        for parts, states in zip(zip(first, rest, strict=True), whole, strict=True):
            np.testing.assert_allclose(np.concatenate(parts, axis=1), states, rtol=1e-12, atol=1e-14)


def test_the_state_stays_between_old_and_new() -> None:
    """z closed keeps the state to the bit, for any number of steps; z open forgets it at once."""
    x, h0, (W_x, W_h, b), _ = draw(*SIZES[0])
    H = len(W_h)
    b[H : 2 * H] = -800
    h, _ = gru.gru_forward(x, h0, W_x, W_h, b)
    np.testing.assert_array_equal(h, np.repeat(h0[:, None], x.shape[1], axis=1))
    b[H : 2 * H] = 800
    h, gates = gru.gru_forward(x, h0, W_x, W_h, b)
    np.testing.assert_allclose(h, gates[..., 2 * H :], rtol=1e-12, atol=1e-15)


def test_saturated_gates_stay_finite() -> None:
    """Sums of ±1e4 give gates of exactly 0 and 1, without a warning, and gradients that are numbers."""
    x, h0, (W_x, W_h, b), dh = draw(*SIZES[0])
    weights = 1e4 * W_x, 1e4 * W_h, 1e4 * b
    for h, gates in (gru.gru_forward(x, h0, *weights), plain_loops.gru_forward(x, h0, *weights)):
        assert np.isin(gates, [-1.0, 0.0, 1.0]).mean() > 0.9
        gradients = gru.gru_backward(dh, x, h0, h, gates, *weights[:2])
        assert all(np.isfinite(array).all() for array in (h, gates, *gradients))


@pytest.mark.parametrize(("kind", "blocks"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_parameters_are_those_of_the_arrays(kind: str, blocks: int) -> None:
    """W_x, W_h and one bias: 50 units on 100 features are 7550 in the simple network, as Keras counts."""
    assert gru.count_parameters(kind, 100, 50) == blocks * 7550
    W_x, W_h, b = np.ones((7, blocks * 3)), np.ones((3, blocks * 3)), np.ones(blocks * 3)
    assert gru.count_parameters(kind, 7, 3) == W_x.size + W_h.size + b.size
    sizes: list[Any] = [np.int32(7), np.int64(3)]
    assert type(gru.count_parameters(kind, *sizes)) is int


def test_parameters_against_torch() -> None:
    """torch's layers have a second bias, which is no part of the count."""
    for kind, layer, blocks in (("rnn", torch.nn.RNN, 1), ("gru", torch.nn.GRU, 3), ("lstm", torch.nn.LSTM, 4)):
        theirs = sum(parameter.numel() for parameter in layer(7, 3).parameters())
        assert gru.count_parameters(kind, 7, 3) == theirs - blocks * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GRU", 7, 3), "^kind is 'GRU', expected one of rnn, gru, lstm$"),
        ((None, 7, 3), "^kind is None"),
        (("gru", 0, 3), "^D is 0, expected an integer of 1 or more$"),
        (("gru", 7, -1), "^H is -1"),
        (("gru", 7.0, 3), r"^D is 7\.0"),
        (("gru", 7, "3"), "^H is '3'"),
    ],
)
def test_parameters_of_nothing_known_are_refused(arguments: tuple[str, int, int], message: str) -> None:
    """Another kind, and sizes that are no positive integers, are named."""
    with pytest.raises(ValueError, match=message):
        gru.count_parameters(*arguments)
