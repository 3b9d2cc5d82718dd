"""The recurrent cell, unrolled: values on paper, torch, and what unrolling promises."""

import numpy as np
import pytest
import torch

from reference import Array, rnn

# B, T, D, H, O: pairwise different, then with axes of 1, then with equal sizes
SIZES = [(3, 5, 4, 6, 2), (1, 1, 1, 1, 1), (3, 4, 2, 1, 5), (2, 2, 3, 3, 3)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)


def draw(B: int, T: int, D: int, H: int, O: int) -> tuple[Array, Array, dict[str, Array]]:  # noqa: E741 - outputs
    """x, h0 and params, none of them zero."""
    rng = np.random.default_rng(0)
    shapes = {"W_x": (D, H), "W_h": (H, H), "b": (H,), "W_y": (H, O), "b_y": (O,)}
    params: dict[str, Array] = {name: rng.normal(scale=0.6, size=shape) for name, shape in shapes.items()}
    return rng.normal(size=(B, T, D)), rng.normal(size=(B, H)), params


def recurrent(params: dict[str, Array]) -> tuple[Array, Array, Array]:
    return params["W_x"], params["W_h"], params["b"]


def test_cell_on_paper() -> None:
    """One unit, two inputs: every term of the sum counts."""
    # x W_x = 1 * 2 + 3 * (-1) = -1;  h_prev W_h = 0.5 * 3 = 1.5;  b = 0.25;  the sum is 0.75
    # tanh 0.75 = (e^1.5 - 1) / (e^1.5 + 1) = 3.48168907 / 5.48168907 = 0.63514895
    x, h_prev = np.array([[1.0, 3.0]]), np.array([[0.5]])
    h = rnn.rnn_cell_forward(x, h_prev, np.array([[2.0], [-1.0]]), np.array([[3.0]]), np.array([0.25]))
    np.testing.assert_allclose(h, [[0.63514895]], atol=1e-8)


def test_cell_multiplies_rows_from_the_left() -> None:
    """Row vectors: h_prev W_h, not W_h h_prev."""
    # h_prev = (1, 0) picks the first row of W_h, (0, 1), not its first column, (0, 2)
    h_prev, W_h = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [2.0, 0.0]])
    h = rnn.rnn_cell_forward(np.zeros((1, 1)), h_prev, np.zeros((1, 2)), W_h, np.zeros(2))
    np.testing.assert_allclose(h, np.tanh([[0.0, 1.0]]), rtol=1e-14)


def test_unrolling_on_paper() -> None:
    """Three steps of one unit without input: the given h0 runs through tanh once a step."""
    # W_h = 1, b = 0, x = 0: tanh 1 = 0.76159416, tanh 0.76159416 = 0.64201499, tanh 0.64201499 = 0.56626998
    h = rnn.rnn_forward(np.zeros((1, 3, 1)), np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
    np.testing.assert_allclose(h, [[[0.76159416], [0.64201499], [0.56626998]]], atol=1e-8)


def test_networks_on_paper() -> None:
    """Weights of zero but for W_y: every state is tanh b, every output tanh(b) W_y + b_y."""
    # tanh(ln 3 / 2) = (3 - 1) / (3 + 1) = 1/2;  y = 1/2 * (4, -2) + (1, 2) = (3, 1)
    params: dict[str, Array] = {"W_x": np.zeros((2, 1)), "W_h": np.zeros((1, 1)), "b": np.log([3.0]) / 2}
    params |= {"W_y": np.array([[4.0, -2.0]]), "b_y": np.array([1.0, 2.0])}
    x, h0 = np.ones((1, 3, 2)), np.ones((1, 1))
    np.testing.assert_allclose(rnn.many_to_one(x, h0, params), [[3, 1]], rtol=1e-14)
    np.testing.assert_allclose(rnn.many_to_many(x, h0, params), [[[3, 1]] * 3], rtol=1e-14)
    np.testing.assert_allclose(rnn.one_to_many(x[:, 0], h0, params, 3), [[[3, 1]] * 3], rtol=1e-14)


def test_one_to_many_on_paper() -> None:
    """The second step's input is the first output, a logit that no softmax has touched."""
    # W_x = 1, W_h = 0, W_y = 2: y_0 = 2 tanh 1 = 1.52318831
    # y_1 = 2 tanh 1.52318831 = 2 (1 - 2 / (e^3.04637662 + 1)) = 2 (1 - 2 / 22.03897) = 1.81850335
    params: dict[str, Array] = {"W_x": np.eye(1), "W_h": np.zeros((1, 1)), "W_y": 2 * np.eye(1)}
    params |= {"b": np.zeros(1), "b_y": np.zeros(1)}
    y = rnn.one_to_many(np.ones((1, 1)), np.ones((1, 1)), params, 2)
    np.testing.assert_allclose(y, [[[1.52318831], [1.81850335]]], atol=1e-8)


@all_sizes
def test_against_torch(sizes: tuple[int, int, int, int, int]) -> None:
    """The states are those of torch.nn.RNN in float64, the outputs those of torch.nn.Linear on them."""
    x, h0, params = draw(*sizes)
    _, _, D, H, O = sizes  # noqa: E741
    network = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    output = torch.nn.Linear(H, O, dtype=torch.float64)
    W_x, W_h, b, W_y, b_y = (torch.tensor(array.T) for array in params.values())
    network.load_state_dict({"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": torch.zeros(H)})
    output.load_state_dict({"weight": W_y, "bias": b_y})
    with torch.no_grad():
        h, _ = network(torch.tensor(x), torch.tensor(h0)[None])
        y = output(h)
    np.testing.assert_allclose(rnn.rnn_forward(x, h0, *recurrent(params)), h.numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(rnn.many_to_many(x, h0, params), y.numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(rnn.many_to_one(x, h0, params), y[:, -1].numpy(), rtol=1e-12, atol=1e-14)


@all_sizes
def test_forward_is_the_cell_repeated(sizes: tuple[int, int, int, int, int]) -> None:
    """The hoisted input product changes nothing: h[:, t] is the cell of x[:, t] and h[:, t-1]."""
    x, h0, params = draw(*sizes)
    h = rnn.rnn_forward(x, h0, *recurrent(params))
    h_prev = h0
    for t in range(x.shape[1]):
        h_prev = rnn.rnn_cell_forward(x[:, t], h_prev, *recurrent(params))
        np.testing.assert_allclose(h[:, t], h_prev, rtol=1e-12, atol=1e-14)


def test_a_sequence_may_be_cut_anywhere() -> None:
    """The first k steps, then the rest from the state reached: the states of the whole, k = 0 and T too."""
    x, h0, params = draw(*SIZES[0])
    whole = rnn.rnn_forward(x, h0, *recurrent(params))
    for k in range(x.shape[1] + 1):
        first = rnn.rnn_forward(x[:, :k], h0, *recurrent(params))
        rest = rnn.rnn_forward(x[:, k:], first[:, -1] if k else h0, *recurrent(params))
        np.testing.assert_allclose(np.concatenate([first, rest], axis=1), whole, rtol=1e-12, atol=1e-14)


def test_causality() -> None:
    """A change of x at step t leaves every state before t as it was, and changes those from t on."""
    x, h0, params = draw(*SIZES[0])
    h = rnn.rnn_forward(x, h0, *recurrent(params))
    for t in range(x.shape[1]):
        other = x.copy()
        other[:, t] += 1.0
        changed = rnn.rnn_forward(other, h0, *recurrent(params)) != h
        assert not changed[:, :t].any()
        assert changed[:, t:].all()


def test_rows_of_a_batch_do_not_meet() -> None:
    """Each sequence alone gets the states that it gets in company."""
    x, h0, params = draw(*SIZES[0])
    h = rnn.rnn_forward(x, h0, *recurrent(params))
    for k in range(len(x)):
        alone = rnn.rnn_forward(x[k : k + 1], h0[k : k + 1], *recurrent(params))
        np.testing.assert_allclose(alone, h[k : k + 1], rtol=1e-12, atol=1e-14)


def test_one_to_many_reads_its_own_outputs() -> None:
    """many_to_many, fed the outputs by hand, gives them again; a longer run begins the same."""
    x, h0, params = draw(3, 5, 4, 6, 4)
    y = rnn.one_to_many(x[:, 0], h0, params, 5)
    inputs = np.concatenate([x[:, :1], y[:, :-1]], axis=1)
    np.testing.assert_allclose(rnn.many_to_many(inputs, h0, params), y, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(rnn.one_to_many(x[:, 0], h0, params, 3), y[:, :3])


def test_output_layer_takes_any_leading_axes() -> None:
    """One state, a batch and a batch of sequences get the same logits."""
    _, _, params = draw(3, 5, 4, 6, 2)
    W_y, b_y = params["W_y"], params["b_y"]
    h = np.random.default_rng(3).normal(size=(3, 5, 6))
    y = rnn.output_layer(h, W_y, b_y)
    np.testing.assert_allclose(rnn.output_layer(h[:, 2], W_y, b_y), y[:, 2], rtol=1e-12)
    np.testing.assert_allclose(rnn.output_layer(h[1, 2], W_y, b_y), y[1, 2], rtol=1e-12)
