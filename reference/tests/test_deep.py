"""Directions, layers, ragged batches and dropout: values on paper, torch's packed sequences, central differences."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from reference import Array, deep
from reference.bptt import numerical_gradient
from reference.lstm import lstm_cell_forward, lstm_forward
from reference.rnn import rnn_cell_forward

# T, D, H and each row's length: unequal, with axes of 1, with equal sizes, with empty rows, with padding everywhere
BATCHES = [(5, 4, 3, [3, 5, 1, 4]), (1, 1, 1, [1]), (3, 2, 2, [3, 2, 1]), (4, 3, 2, [0, 4, 2, 0]), (6, 2, 3, [4, 2, 3])]
MODES = ["concat", "sum", "average"]
all_batches = pytest.mark.parametrize("batch", BATCHES)
all_modes = pytest.mark.parametrize("mode", MODES)

Batch = tuple[int, int, int, list[int]]
Weights = dict[str, Array]

LN3 = np.log(3.0)


def draw(batch: Batch, mode: str = "concat") -> tuple[Array, Array, npt.NDArray[np.int64], Weights, Weights]:
    """dy, x, lengths, fwd and bwd; dy and x hold large numbers on padding."""
    T, D, H, lengths = batch
    B = len(lengths)
    rng = np.random.default_rng(0)
    padding = np.arange(T) >= np.array(lengths)[:, np.newaxis]
    x, dy = rng.normal(size=(B, T, D)), rng.normal(size=(B, T, 2 * H if mode == "concat" else H))
    x[padding], dy[padding] = 300 * x[padding], 300 * dy[padding]
    return dy, x, np.array(lengths), lstm_weights(rng, D, H), lstm_weights(rng, D, H)


def lstm_weights(rng: np.random.Generator, D: int, H: int) -> Weights:
    shapes = {"W_x": (D, 4 * H), "W_h": (H, 4 * H), "b": (4 * H,)}
    return {name: rng.normal(scale=0.6, size=shape) for name, shape in shapes.items()}


def candidate_alone(weight: float, recurrent: float = 0.0) -> Weights:
    """One unit whose gates are all 1/2, since they have no weights: c_t = c_{t-1} / 2 + tanh(weight x_t) / 2."""
    W_x, W_h = np.zeros((1, 4)), np.zeros((1, 4))
    W_x[0, 2], W_h[0, 2] = weight, recurrent
    return {"W_x": W_x, "W_h": W_h, "b": np.zeros(4)}


def torch_lstm(*weights: Weights, bidirectional: bool = False) -> torch.nn.LSTM:
    """torch's LSTM with these directions, or layers from the bottom up; its second bias is zero."""
    D, H = weights[0]["W_x"].shape[0], weights[0]["W_h"].shape[0]
    layers = 1 if bidirectional else len(weights)
    network = torch.nn.LSTM(D, H, layers, batch_first=True, bidirectional=bidirectional, dtype=torch.float64)
    suffixes = ["l0", "l0_reverse"] if bidirectional else [f"l{number}" for number in range(layers)]
    state: dict[str, torch.Tensor] = {}
    for suffix, one in zip(suffixes, weights, strict=True):
        state |= {f"weight_ih_{suffix}": torch.tensor(one["W_x"].T), f"weight_hh_{suffix}": torch.tensor(one["W_h"].T)}
        state |= {f"bias_ih_{suffix}": torch.tensor(one["b"]), f"bias_hh_{suffix}": torch.tensor(0 * one["b"])}
    network.load_state_dict(state)
    return network


def packed(network: torch.nn.Module, x: torch.Tensor, lengths: Sequence[int], *state: Any) -> tuple[torch.Tensor, Any]:
    """What a torch network makes of a ragged batch: outputs with zeros on padding, and the last states."""
    together = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    outputs, last = network(together, *state)
    return pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])[0], last


def assert_close(actual: Array, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=rtol, atol=1e-13)


def test_reverse_on_paper() -> None:
    """Lengths 3, 0, 1 and 4 of 4 steps: the real part turns around, the rest stays."""
    x = np.arange(1.0, 17.0).reshape(4, 4, 1)
    expected = [[3, 2, 1, 4], [5, 6, 7, 8], [9, 10, 11, 12], [16, 15, 14, 13]]
    np.testing.assert_array_equal(deep.reverse_sequences(x, np.array([3, 0, 1, 4]))[..., 0], expected)


@all_batches
def test_reverse_row_by_row(batch: Batch) -> None:
    """Each row as Python would turn it around; twice is none at all."""
    _, x, lengths, *_ = draw(batch)
    expected = [[*row[:length][::-1], *row[length:]] for row, length in zip(x, lengths, strict=True)]
    turned = deep.reverse_sequences(x, lengths)
    np.testing.assert_array_equal(turned, np.array(expected))
    np.testing.assert_array_equal(deep.reverse_sequences(turned, lengths), x)


def test_merge_on_paper() -> None:
    """(1, 2) and (10, 30): side by side, summed, halved; and the way back."""
    forward, backward = np.array([[[1.0, 2.0]]]), np.array([[[10.0, 30.0]]])
    np.testing.assert_array_equal(deep.merge(forward, backward, "concat"), [[[1, 2, 10, 30]]])
    np.testing.assert_array_equal(deep.merge(forward, backward, "sum"), [[[11, 32]]])
    np.testing.assert_array_equal(deep.merge(forward, backward, "average"), [[[5.5, 16]]])
    expected = {
        "concat": ([[[1, 2]]], [[[3, 4]]]),
        "sum": ([[[1, 2, 3, 4]]],) * 2,
        "average": ([[[0.5, 1, 1.5, 2]]],) * 2,
    }
    for mode, (dforward, dbackward) in expected.items():
        ours = deep.merge_backward(np.array([[[1.0, 2.0, 3.0, 4.0]]]), mode)
        np.testing.assert_array_equal(ours[0], dforward)
        np.testing.assert_array_equal(ours[1], dbackward)


@all_modes
def test_merge_backward_is_the_adjoint(mode: str) -> None:
    """merge is linear: <dy, merge(a, b)> = <dforward, a> + <dbackward, b> for any a, b and dy."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 3, 4, 5))
    dy = rng.normal(size=deep.merge(a, b, mode).shape)
    dforward, dbackward = deep.merge_backward(dy, mode)
    assert_close(np.sum(dforward * a) + np.sum(dbackward * b), np.sum(dy * deep.merge(a, b, mode)))


def test_bilstm_on_paper() -> None:
    """Two real steps of three, x = 0, ln(3)/2: the second direction reads them in the order ln(3)/2, 0."""
    # forward:  c = 0, then tanh(ln(3)/2)/2 = 1/4;      h = 0, tanh(0.25)/2 = 0.12245933
    # backward: c = tanh(ln 3)/2 = 0.4, then 0.4/2;     h = tanh(0.4)/2 = 0.18997448, tanh(0.2)/2 = 0.09868766
    x = np.array([[[0.0], [LN3 / 2], [99.0]]])
    y = deep.bilstm_forward(x, np.array([2]), candidate_alone(1), candidate_alone(2), "concat")
    expected = np.array([[[0.0, 0.09868766], [0.12245933, 0.18997448], [0.0, 0.0]]])
    np.testing.assert_allclose(y, expected, atol=1e-8)


def test_bilstm_backward_on_paper() -> None:
    """At rest (x = 0) the gates are 1/2, the slopes of tanh 1: halves all the way, and dx has a part from each side."""
    # da = dc i = dc/2, and dc = dh o = dh/2, plus half of the dc of the step read after this one
    # fwd, dh = 4, 8:  dc_1 = 4, dc_0 = 2 + 4/2 = 4, da = 2, 2;        dx = 1 da = 2, 2
    # bwd reads step 1 first:  dc_0 = 2, dc_1 = 4 + 2/2 = 5, da = 1, 2.5;  dx = 2 da = 2, 5
    dy, x = np.array([[[4.0], [8.0], [-77.0]]]), np.array([[[0.0], [0.0], [99.0]]])
    dx, grads_fwd, grads_bwd = deep.bilstm_backward(dy, x, np.array([2]), candidate_alone(1), candidate_alone(2), "sum")
    np.testing.assert_array_equal(dx, [[[4], [7], [0]]])
    np.testing.assert_array_equal(grads_fwd["b"], [0, 0, 4, 0])
    np.testing.assert_array_equal(grads_bwd["b"], [0, 0, 3.5, 0])
    for grads in (grads_fwd, grads_bwd):
        assert set(grads) == {"W_x", "W_h", "b"}
        np.testing.assert_array_equal(grads["W_x"], np.zeros((1, 4)))
        np.testing.assert_array_equal(grads["W_h"], np.zeros((1, 4)))


@all_batches
@all_modes
def test_bilstm_against_torch(batch: Batch, mode: str) -> None:
    """Outputs and all gradients of nn.LSTM on packed sequences; torch takes no empty rows, ours change nothing."""
    dy, x, lengths, fwd, bwd = draw(batch, mode)
    real = lengths > 0
    network = torch_lstm(fwd, bwd, bidirectional=True)
    leaf = torch.tensor(x[real], requires_grad=True)
    states, _ = packed(network, leaf, lengths[real].tolist())
    forward, backward = states.chunk(2, dim=-1)
    y = {"concat": states, "sum": forward + backward, "average": (forward + backward) / 2}[mode]
    torch.autograd.backward(y, torch.tensor(dy[real]))
    ours = deep.bilstm_forward(x, lengths, fwd, bwd, mode)
    assert_close(ours[real], y.detach())
    np.testing.assert_array_equal(ours[~real], 0.0)
    dx, *grads = deep.bilstm_backward(dy, x, lengths, fwd, bwd, mode)
    assert leaf.grad is not None
    assert_close(dx[real], leaf.grad)
    np.testing.assert_array_equal(dx[~real], 0.0)
    for ours_of_one, suffix in zip(grads, ["l0", "l0_reverse"], strict=True):
        for name, theirs in {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih"}.items():
            assert_close(ours_of_one[name].T, network.get_parameter(f"{theirs}_{suffix}").grad)


@pytest.mark.parametrize("batch", BATCHES[:4])
@all_modes
def test_bilstm_backward_against_central_differences(batch: Batch, mode: str) -> None:
    """The loss is a random sum over all outputs, padding included, where they are 0 whatever x is."""
    dy, x, lengths, fwd, bwd = draw(batch, mode)

    def loss(x: Array, fwd: Weights, bwd: Weights) -> float:
        return float(np.sum(dy * deep.bilstm_forward(x, lengths, fwd, bwd, mode)))

    dx, grads_fwd, grads_bwd = deep.bilstm_backward(dy, x, lengths, fwd, bwd, mode)
    np.testing.assert_allclose(dx, numerical_gradient(lambda w: loss(w, fwd, bwd), x), rtol=1e-6, atol=1e-8)
    for name in ("W_x", "W_h", "b"):
        expected = numerical_gradient(lambda w, name=name: loss(x, fwd | {name: w}, bwd), fwd[name])  # type: ignore[misc]
        np.testing.assert_allclose(grads_fwd[name], expected, rtol=1e-6, atol=1e-8)
        expected = numerical_gradient(lambda w, name=name: loss(x, fwd, bwd | {name: w}), bwd[name])  # type: ignore[misc]
        np.testing.assert_allclose(grads_bwd[name], expected, rtol=1e-6, atol=1e-8)


@all_batches
def test_who_sees_what(batch: Batch) -> None:
    """A change at step s reaches the forward half from s on, and the backward half up to s, of the same row alone."""
    _, x, lengths, fwd, bwd = draw(batch)
    T, _, H, _ = batch
    y = deep.bilstm_forward(x, lengths, fwd, bwd, "concat")
    steps = np.arange(T)
    for row, s in product(range(len(x)), range(T)):
        other = x.copy()
        other[row, s] += 0.5
        changed = deep.bilstm_forward(other, lengths, fwd, bwd, "concat") != y
        real = steps < (lengths[row] if s < lengths[row] else 0)
        np.testing.assert_array_equal(changed[row, :, :H].any(axis=-1), real & (steps >= s))
        np.testing.assert_array_equal(changed[row, :, H:].any(axis=-1), real & (steps <= s))
        assert not np.delete(changed, row, axis=0).any()


@all_modes
def test_a_row_of_a_ragged_batch_is_the_row_alone(mode: str) -> None:
    """Cut to its own length and taken alone, a row gets the same outputs and the same dx."""
    dy, x, lengths, fwd, bwd = draw(BATCHES[0], mode)
    y = deep.bilstm_forward(x, lengths, fwd, bwd, mode)
    dx, *_ = deep.bilstm_backward(dy, x, lengths, fwd, bwd, mode)
    for row, length in enumerate(lengths):
        cut = np.s_[row : row + 1, :length]
        assert_close(deep.bilstm_forward(x[cut], lengths[[row]], fwd, bwd, mode), y[cut])
        assert_close(deep.bilstm_backward(dy[cut], x[cut], lengths[[row]], fwd, bwd, mode)[0], dx[cut])


def test_summary_on_paper() -> None:
    """Forward half from the last real step, backward half from the first, and nothing of nothing."""
    h = np.arange(1.0, 19.0).reshape(3, 3, 2)  # row 0: (1, 2), (3, 4), (5, 6)
    summary = deep.bidirectional_summary(h, np.array([2, 0, 3]))
    np.testing.assert_array_equal(summary, [[3, 2], [0, 0], [17, 14]])


@all_batches
def test_summary_is_torchs_last_states(batch: Batch) -> None:
    """h_n of nn.LSTM on packed sequences, both directions side by side; what h holds on padding does not matter."""
    _, x, lengths, fwd, bwd = draw(batch)
    real = lengths > 0
    with torch.no_grad():
        network = torch_lstm(fwd, bwd, bidirectional=True)
        _, (last, _) = packed(network, torch.tensor(x[real]), lengths[real].tolist())
    h = deep.bilstm_forward(x, lengths, fwd, bwd, "concat")
    h[np.arange(x.shape[1]) >= lengths[:, np.newaxis]] = 1e6
    summary = deep.bidirectional_summary(h, lengths)
    assert_close(summary[real], torch.cat([last[0], last[1]], dim=1))
    np.testing.assert_array_equal(summary[~real], 0.0)


def test_masked_on_paper() -> None:
    """Without input: h0 runs through tanh for as long as the row lasts, and stays."""
    # tanh 1 = 0.76159416, tanh 0.76159416 = 0.64201499, tanh 0.64201499 = 0.56626998
    x, one = np.zeros((4, 3, 1)), np.ones((1, 1))
    h = deep.masked_forward(x, np.array([3, 1, 0, 2]), np.ones((4, 1)), one, one, np.zeros(1))
    a, b, c = 0.76159416, 0.64201499, 0.56626998
    expected = np.array([[a, b, c], [a, a, a], [1.0, 1.0, 1.0], [a, b, b]])
    np.testing.assert_allclose(h[..., 0], expected, atol=1e-8)


@all_batches
def test_masked_against_torch(batch: Batch) -> None:
    """nn.RNN on packed sequences: its outputs on the real steps, its last state on padding and at the end."""
    _, x, lengths, *_ = draw(batch)
    _, D, H, _ = batch
    rng = np.random.default_rng(2)
    h0, W_x, W_h, b = (rng.normal(size=shape) for shape in ((len(x), H), (D, H), (H, H), (H,)))
    network = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    state = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    real = lengths > 0
    with torch.no_grad():
        outputs, last = packed(network, torch.tensor(x[real]), lengths[real].tolist(), torch.tensor(h0[real])[None])
    h = deep.masked_forward(x, lengths, h0, W_x, W_h, b)
    padding = np.arange(x.shape[1]) >= lengths[real, np.newaxis]
    expected = np.where(padding[..., np.newaxis], last.numpy()[0][:, np.newaxis], outputs.numpy())
    assert_close(h[real], expected)
    assert_close(h[real, -1], last[0])
    np.testing.assert_array_equal(h[~real], np.broadcast_to(h0[~real, np.newaxis], h[~real].shape))


def test_masked_is_the_cell_with_a_choice() -> None:
    """Step by step: the new state where the row still runs, otherwise the old one."""
    _, x, lengths, *_ = draw(BATCHES[3])
    rng = np.random.default_rng(2)
    h, W_x, W_h, b = (rng.normal(size=shape) for shape in ((4, 6), (3, 6), (6, 6), (6,)))
    states = deep.masked_forward(x, lengths, h, W_x, W_h, b)
    for t in range(x.shape[1]):
        h = np.where((t < lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h)
        assert_close(states[:, t], h)


def test_stacked_on_paper() -> None:
    """Two layers of one unit: the second reads the first's outputs, not its cell states."""
    # below: c = tanh(ln(3)/2)/2 = 1/4, h = tanh(1/4)/2 = 0.12245933
    # above: c = tanh(0.12245933)/2 = 0.06092542, h = tanh(0.06092542)/2 = 0.03042507
    x = np.full((1, 1, 1), LN3 / 2)
    h = deep.stacked_lstm_forward(x, [candidate_alone(1), candidate_alone(1)])
    np.testing.assert_allclose(h, [[[0.03042507]]], atol=1e-8)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("sizes", [(3, 5, 4, 6), (1, 1, 1, 1), (2, 3, 3, 3)])
def test_stacked_against_torch(sizes: tuple[int, int, int, int], layers: int) -> None:
    """nn.LSTM with as many layers."""
    B, T, D, H = sizes
    rng = np.random.default_rng(3)
    x, weights = rng.normal(size=(B, T, D)), [lstm_weights(rng, D if not n else H, H) for n in range(layers)]
    with torch.no_grad():
        expected, _ = torch_lstm(*weights)(torch.tensor(x))
    assert_close(deep.stacked_lstm_forward(x, weights), expected)


def test_layers_may_differ_in_width() -> None:
    """4 features, then 3, 5 and 2 units: nn.LSTMs by hand, one on the other."""
    rng = np.random.default_rng(4)
    x, weights = rng.normal(size=(2, 3, 4)), [lstm_weights(rng, D, H) for D, H in ((4, 3), (3, 5), (5, 2))]
    with torch.no_grad():
        expected = torch.tensor(x)
        for one in weights:
            expected, _ = torch_lstm(one)(expected)
    assert_close(deep.stacked_lstm_forward(x, weights), expected)


def test_dropout_mask_on_paper() -> None:
    """The first numbers of numpy's generator 0 are 0.64, 0.27, 0.04 and 0.02: a number below the rate is a drop."""
    np.testing.assert_array_equal(deep.dropout_mask(np.random.default_rng(0), (2, 2), 0.5), [[2, 0], [0, 0]])
    np.testing.assert_array_equal(deep.dropout_mask(np.random.default_rng(0), (4,), 0.2), [1.25, 1.25, 0, 0])
    np.testing.assert_array_equal(deep.dropout_mask(np.random.default_rng(0), (2, 2), 0.0), np.ones((2, 2)))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_mask_by_its_law(rate: float) -> None:
    """Two values, the share of zeros within five standard deviations of the rate, and entries that know nothing of
    their neighbours."""
    n = 200_000
    mask = deep.dropout_mask(np.random.default_rng(5), (n // 4, 4), rate)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
    assert abs(np.mean(mask == 0) - rate) < 5 * np.sqrt(rate * (1 - rate) / n)
    correlations = np.corrcoef(np.concatenate([mask[:-1], mask[1:]], axis=1).T)  # in the row, and with the next row
    assert np.abs(correlations - np.eye(8))[:4].max() < 5 / np.sqrt(n // 4)


def test_variational_masks_are_drawn_in_order() -> None:
    """mask_x with its rate, then mask_h with its own, and nothing else is taken from the rng."""
    rng, other = np.random.default_rng(6), np.random.default_rng(6)
    mask_x, mask_h = deep.variational_masks(rng, 50, 3, 7, 0.2, 0.75)
    np.testing.assert_array_equal(mask_x, deep.dropout_mask(other, (50, 3), 0.2))
    np.testing.assert_array_equal(mask_h, deep.dropout_mask(other, (50, 7), 0.75))
    assert rng.bit_generator.state == other.bit_generator.state


def test_lstm_dropout_on_paper() -> None:
    """One step, whose candidate hears the state doubled by the mask; without training, as it is."""
    # masked: g = tanh(2 ln(3)/4) = 1/2, c = 1/4, h = tanh(1/4)/2 = 0.12245933, and no mask on that
    # not:    g = tanh(ln(3)/4) = (√3 - 1)/(√3 + 1) = 0.26794919, c = 0.13397460, h = tanh(c)/2 = 0.06658937
    weights, one, zero = candidate_alone(5.0, LN3 / 4), np.ones((1, 1)), np.zeros((1, 1))
    W_x, W_h, b = weights["W_x"], weights["W_h"], weights["b"]
    for x, training, expected in ((1.0, True, 0.12245933), (0.0, False, 0.06658937)):  # mask_x drops the 1
        h = deep.lstm_dropout_forward(x * np.ones((1, 1, 1)), one, zero, W_x, W_h, b, zero, 2 * one, training)
        np.testing.assert_allclose(h, expected, atol=1e-8)


def dropout_inputs(B: int, T: int, D: int, H: int) -> tuple[Array, Array, Array, Array, Array, Array, Array, Array]:
    """x, h0, c0, the weights, and masks that drop something."""
    rng = np.random.default_rng(7)
    x, h0, c0 = rng.normal(size=(B, T, D)), rng.normal(size=(B, H)), rng.normal(size=(B, H))
    weights = lstm_weights(rng, D, H)
    return x, h0, c0, weights["W_x"], weights["W_h"], weights["b"], *deep.variational_masks(rng, B, D, H, 0.4, 0.3)


def test_lstm_dropout_against_torch() -> None:
    """A mask on what a product reads is one on its matrix's rows: nn.LSTM, each sequence with W_x and W_h so masked."""
    x, h0, c0, W_x, W_h, b, mask_x, mask_h = dropout_inputs(4, 5, 3, 6)
    h = deep.lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, True)
    for row in range(4):
        one = {"W_x": mask_x[row][:, np.newaxis] * W_x, "W_h": mask_h[row][:, np.newaxis] * W_h, "b": b}
        with torch.no_grad():
            state = (torch.tensor(h0[None, [row]]), torch.tensor(c0[None, [row]]))
            expected, _ = torch_lstm(one)(torch.tensor(x[[row]]), state)
        assert_close(h[[row]], expected)


def test_lstm_dropout_is_the_cell_with_masks() -> None:
    """The cell state and the h that is returned are not masked; every step has the same masks."""
    x, h, c, W_x, W_h, b, mask_x, mask_h = dropout_inputs(4, 5, 3, 6)
    states = deep.lstm_dropout_forward(x, h, c, W_x, W_h, b, mask_x, mask_h, True)
    for t in range(5):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        assert_close(states[:, t], h)


def test_no_dropout_is_the_plain_lstm() -> None:
    """Without training, or with masks of ones."""
    x, h0, c0, W_x, W_h, b, mask_x, mask_h = dropout_inputs(4, 5, 3, 6)
    expected, *_ = lstm_forward(x, h0, c0, W_x, W_h, b)
    assert_close(deep.lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, False), expected)
    ones = deep.variational_masks(np.random.default_rng(8), 4, 3, 6, 0.0, 0.0)
    assert_close(deep.lstm_dropout_forward(x, h0, c0, W_x, W_h, b, *ones, True), expected)
