"""Truncated backpropagation: values on paper, torch with `detach`, central differences, ties to the whole gradient."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reference import Array, truncation
from reference.bptt import cross_entropy, numerical_gradient, rnn_backward
from reference.rnn import many_to_many, output_layer, rnn_forward

# B, T, D, H, O: pairwise different, then with axes of 1, then with equal sizes
SIZES = [(3, 7, 2, 4, 5), (1, 1, 1, 1, 2), (2, 6, 1, 3, 2), (4, 4, 3, 3, 3)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)

Gradients = dict[str, Array]
Ids = npt.NDArray[Any]


def draw(B: int, T: int, D: int, H: int, O: int) -> tuple[Array, Ids, Array, dict[str, Array]]:  # noqa: E741 - outputs
    """x, targets, h0 and params; no number is zero, and every recurrent weight matters."""
    rng = np.random.default_rng(0)
    shapes = {"W_x": (D, H), "W_h": (H, H), "b": (H,), "W_y": (H, O), "b_y": (O,)}
    params: dict[str, Array] = {name: rng.normal(scale=0.6, size=shape) for name, shape in shapes.items()}
    return rng.normal(size=(B, T, D)), rng.integers(0, O, (B, T)), rng.normal(size=(B, H)), params


def on_paper() -> tuple[Array, Ids, Array, dict[str, Array]]:
    """One unit at rest for three steps: every state is 0, tanh's slope 1, and both outputs have probability 1/2.

    With target 0 the error is (-1/2, 1/2) at each place, and through W_y = (1, -1) it reaches the state as -1; a step
    back it is multiplied by W_h = 1/2. The upstream's 1/n is the mean.
    """
    params: dict[str, Array] = {"W_x": np.zeros((1, 1)), "W_h": np.full((1, 1), 0.5), "b": np.zeros(1)}
    params |= {"W_y": np.array([[1.0, -1.0]]), "b_y": np.zeros(2)}
    return np.full((1, 3, 1), 2.0), np.zeros((1, 3), dtype=np.int64), np.zeros((1, 1)), params


def column(grads: Sequence[Gradients], name: str) -> list[Any]:
    return [gradients[name].tolist() for gradients in grads]


def assert_close(actual: Sequence[Gradients], expected: Sequence[Gradients], rtol: float = 1e-8) -> None:
    """As many dicts, the same keys, the same numbers."""
    assert len(actual) == len(expected)
    for ours, theirs in zip(actual, expected, strict=True):
        assert set(ours) == set(theirs)
        for name in ours:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=1e-14, err_msg=name)


def test_chunks_on_paper() -> None:
    """80 words and a window of 20 are 4 chunks; 7 steps and a window of 3 are 3, 3 and the rest."""
    words = np.arange(80).reshape(1, 80)
    chunks = truncation.split_chunks(words, 20)
    assert [(chunk[0, 0], chunk[0, -1], chunk.shape) for chunk in chunks] == [
        (0, 19, (1, 20)),
        (20, 39, (1, 20)),
        (40, 59, (1, 20)),
        (60, 79, (1, 20)),
    ]
    two_rows = np.arange(28).reshape(2, 7, 2)
    first, second, rest = truncation.split_chunks(two_rows, 3)
    np.testing.assert_array_equal(first[:, :, 0], [[0, 2, 4], [14, 16, 18]])
    np.testing.assert_array_equal(second[:, :, 0], [[6, 8, 10], [20, 22, 24]])
    np.testing.assert_array_equal(rest, [[[12, 13]], [[26, 27]]])


@pytest.mark.parametrize("window", [1, 2, 3, 6, 7, 8, 100])
@pytest.mark.parametrize("trailing", [(), (2,), (2, 3)])
def test_chunks_joined_are_the_whole(window: int, trailing: tuple[int, ...]) -> None:
    """Nothing is lost, doubled or moved, every chunk but the last is full, and none is empty."""
    x = np.random.default_rng(0).normal(size=(2, 7, *trailing))
    chunks = truncation.split_chunks(x, window)
    np.testing.assert_array_equal(np.concatenate(chunks, axis=1), x)
    lengths = [chunk.shape[1] for chunk in chunks]
    assert all(length == window for length in lengths[:-1])
    assert 1 <= lengths[-1] <= window


def test_gradients_on_paper() -> None:
    """db of three steps: with windows of 3, 2 and 1, the error of a step reaches those before it in its chunk."""
    x, targets, h0, params = on_paper()
    # one chunk, n = 3: -1/3, then -1/3 - 1/6 = -1/2, then -1/3 - 1/4 = -7/12; together -17/12
    # chunks of 2, n = 2: -1/2, then -1/2 - 1/4 = -3/4; together -5/4. The tail alone, n = 1: -1
    for window, expected in [(3, [[-17 / 12]]), (2, [[-5 / 4], [-1.0]]), (1, [[-1.0], [-1.0], [-1.0]])]:
        grads, h_last = truncation.tbptt_gradients(x, targets, h0, params, window)
        np.testing.assert_allclose(column(grads, "b"), expected, rtol=1e-14)
        np.testing.assert_allclose([g["W_x"][0, 0] for g in grads], 2 * np.array(expected)[:, 0], rtol=1e-14)  # x = 2
        assert column(grads, "b_y") == [[-0.5, 0.5]] * len(expected)  # a mean, whatever the length
        assert column(grads, "W_h") == [[[0.0]]] * len(expected)  # every state is 0
        assert column(grads, "W_y") == [[[0.0, 0.0]]] * len(expected)
        np.testing.assert_array_equal(h_last, h0)


@pytest.mark.parametrize(
    ("k1", "k2", "expected"),
    [
        # one error, -1, two steps deep: -1, then (two steps are there) -1 - 1/2, and so again
        (1, 2, [-1.0, -1.5, -1.5]),
        (1, 3, [-1.0, -1.5, -1.75]),
        # two errors of -1/2 each, two steps deep; the third step makes no multiple of 2
        (2, 2, [-1.25]),
        (2, 9, [-1.25]),
        # after two steps, one error one step deep
        (2, 1, [-1.0]),
        # after three steps, the last two errors, two steps deep, or three errors, three deep
        (3, 2, [-1.25]),
        (3, 3, [-17 / 12]),
        (4, 1, []),
    ],
)
def test_k1_k2_on_paper(k1: int, k2: int, expected: list[float]) -> None:
    """How often, how deep, and how many errors count: db of a unit at rest."""
    grads = truncation.tbptt_k1_k2(*on_paper(), k1, k2)
    np.testing.assert_allclose([gradients["b"][0] for gradients in grads], expected, rtol=1e-14)


def test_training_on_paper() -> None:
    """Two chunks: the second loss is that of the weights after the first step."""
    x, targets, h0, params = on_paper()
    # step 0 and 1: loss ln 2 = 0.69314718; db = -5/4, dW_x = -5/2, db_y = (-1/2, 1/2), each times -0.1
    # step 2, from state 0: a = 2 * 0.25 + 0.125 = 0.625, h = tanh 0.625 = 0.55459972
    # logits +-(0.55459972 + 0.05), loss = ln(1 + e^(-2 * 0.60459972)) = ln 1.29843610 = 0.26116054
    trained, losses = truncation.train_truncated(x, targets, h0, params, 2, 0.1)
    np.testing.assert_allclose(losses, [0.69314718, 0.26116054], atol=1e-8)
    # p_1 = 0.29843610 / 1.29843610 = 0.22984273; dh = -2 p_1; da = dh (1 - h^2) = -0.45968546 * 0.69241915
    np.testing.assert_allclose(trained["b"], [0.125 + 0.1 * 0.31829501], atol=1e-8)
    np.testing.assert_allclose(trained["b_y"], [0.05 + 0.1 * 0.22984273, -0.05 - 0.1 * 0.22984273], atol=1e-8)


def test_folding_on_paper() -> None:
    """Two series of five steps, windows of two: four pieces, and the fifth step of each is dropped."""
    series = np.array([[[1.0], [2.0], [3.0], [4.0], [5.0]], [[10.0], [20.0], [30.0], [40.0], [50.0]]])
    pieces = truncation.fold_series(series, 2)
    np.testing.assert_array_equal(pieces[:, :, 0], [[1, 2], [3, 4], [10, 20], [30, 40]])


def test_single_steps_on_paper() -> None:
    """Two series of three numbers: six samples, and the state is cleared before the first and the fourth."""
    samples, reset = truncation.one_step_samples(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert samples.tolist() == [[[1]], [[2]], [[3]], [[4]], [[5]], [[6]]]
    assert reset.tolist() == [True, False, False, True, False, False]


@pytest.mark.parametrize("window", [1, 2, 3, 6, 7])
def test_folding_is_splitting_without_the_tail(window: int) -> None:
    """Each series' pieces are its full chunks."""
    series = np.random.default_rng(1).normal(size=(3, 7, 2))
    pieces = truncation.fold_series(series, window)
    expected = [
        chunk[0]
        for one in series
        for chunk in truncation.split_chunks(one[np.newaxis], window)
        if chunk.shape[1] == window
    ]
    np.testing.assert_array_equal(pieces, expected)


def test_single_steps_run_as_the_series_do() -> None:
    """Sample after sample, the state cleared where reset says so: the states of the series themselves."""
    _, _, _, params = draw(3, 5, 1, 4, 2)
    W_x, W_h, b = params["W_x"], params["W_h"], params["b"]
    series = np.random.default_rng(2).normal(size=(3, 5))
    samples, reset = truncation.one_step_samples(series)
    state, states = np.ones((1, 4)), []
    for sample, clear in zip(samples, reset, strict=True):
        h = rnn_forward(sample[np.newaxis], np.zeros((1, 4)) if clear else state, W_x, W_h, b)
        state = h[:, -1]
        states.append(state)
    expected = rnn_forward(series[:, :, np.newaxis], np.zeros((3, 4)), W_x, W_h, b)
    np.testing.assert_allclose(np.concatenate(states).reshape(3, 5, 4), expected, rtol=1e-12)


class Network(torch.nn.Module):
    """torch's RNN and Linear with our weights."""

    def __init__(self, params: dict[str, Array]) -> None:
        super().__init__()
        (D, H), O = params["W_x"].shape, len(params["b_y"])  # noqa: E741
        self.recurrent = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
        self.output = torch.nn.Linear(H, O, dtype=torch.float64)
        W_x, W_h, b, W_y, b_y = (torch.tensor(array.T) for array in params.values())
        weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": torch.zeros(H)}
        self.recurrent.load_state_dict(weights)
        self.output.load_state_dict({"weight": W_y, "bias": b_y})

    def run(self, x: Array, h0: torch.Tensor) -> torch.Tensor:
        """States (B, T, H)."""
        h: torch.Tensor = self.recurrent(torch.tensor(x), h0[None])[0]
        return h

    def loss(self, h: torch.Tensor, targets: Ids) -> torch.Tensor:
        """Mean cross-entropy over the places of h."""
        return torch.nn.functional.cross_entropy(self.output(h).flatten(0, 1), torch.tensor(targets).flatten())

    def weights(self) -> dict[str, torch.nn.Parameter]:
        """Those that are trained, under our names; of torch's two biases, the first."""
        recurrent, output = dict(self.recurrent.named_parameters()), dict(self.output.named_parameters())
        own = {"W_x": recurrent["weight_ih_l0"], "W_h": recurrent["weight_hh_l0"], "b": recurrent["bias_ih_l0"]}
        return own | {"W_y": output["weight"], "b_y": output["bias"]}

    def gradients(self, loss: torch.Tensor) -> Gradients:
        names, weights = zip(*self.weights().items(), strict=True)
        return {name: g.numpy().T for name, g in zip(names, torch.autograd.grad(loss, weights), strict=True)}


@all_sizes
@pytest.mark.parametrize("window", [1, 2, 3, 6, 7, 100])
def test_gradients_against_torch(sizes: tuple[int, int, int, int, int], window: int) -> None:
    """Chunk by chunk as PyTorch programs do it: run, take the gradient, detach the state."""
    x, targets, h0, params = draw(*sizes)
    network, state, expected = Network(params), torch.tensor(h0), []
    for start in range(0, x.shape[1], window):
        h = network.run(x[:, start : start + window], state)
        expected.append(network.gradients(network.loss(h, targets[:, start : start + window])))
        state = h[:, -1].detach()
    grads, h_last = truncation.tbptt_gradients(x, targets, h0, params, window)
    assert_close(grads, expected)
    np.testing.assert_allclose(h_last, state.numpy(), rtol=1e-12)


@all_sizes
@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (1, 3), (2, 3), (3, 2), (3, 3), (2, 100), (7, 4), (8, 2)])
def test_k1_k2_against_torch(sizes: tuple[int, int, int, int, int], k1: int, k2: int) -> None:
    """One step at a time; whenever a gradient is due, the states are run again from k2 steps before, detached."""
    x, targets, h0, params = draw(*sizes)
    network, states, expected = Network(params), [torch.tensor(h0)], []
    for t in range(x.shape[1]):
        states.append(network.run(x[:, t : t + 1], states[-1])[:, 0].detach())
        if (t + 1) % k1:
            continue
        first = max(0, t + 1 - k2)
        h = network.run(x[:, first : t + 1], states[first])
        counted = min(k1, k2)
        expected.append(network.gradients(network.loss(h[:, -counted:], targets[:, t + 1 - counted : t + 1])))
    assert_close(truncation.tbptt_k1_k2(x, targets, h0, params, k1, k2), expected)


@all_sizes
@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_training_against_torch(sizes: tuple[int, int, int, int, int], window: int) -> None:
    """The same pass with torch.optim.SGD, the state detached and carried."""
    x, targets, h0, params = draw(*sizes)
    network, state, expected = Network(params), torch.tensor(h0), []
    optimizer = torch.optim.SGD(list(network.weights().values()), lr=0.3)
    for start in range(0, x.shape[1], window):
        h = network.run(x[:, start : start + window], state)
        loss = network.loss(h, targets[:, start : start + window])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        expected.append(loss.item())
        state = h[:, -1].detach()
    trained, losses = truncation.train_truncated(x, targets, h0, params, window, 0.3)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    assert_close([trained], [{name: weight.detach().numpy().T for name, weight in network.weights().items()}])


def mean_loss(x: Array, targets: Ids, h0: Array, params: dict[str, Array], counted: int) -> float:
    """The mean of -log softmax at the targets over the last steps, written out."""
    logits = many_to_many(x, h0, params)[:, -counted:]
    log_sum = np.log(np.exp(logits).sum(axis=-1))
    return float(np.mean(log_sum - np.take_along_axis(logits, targets[:, -counted:, np.newaxis], axis=-1)[..., 0]))


def differences(loss: Callable[[dict[str, Array]], float], params: dict[str, Array]) -> Gradients:
    """The gradient of loss(params) by central differences."""

    def along(name: str) -> Array:
        return numerical_gradient(lambda w: loss(params | {name: w}), params[name])

    return {name: along(name) for name in params}


@pytest.mark.parametrize("window", [1, 3, 7])
def test_gradients_by_differences(window: int) -> None:
    """Each chunk's loss as a function of the weights, its first state held fast."""
    x, targets, h0, params = draw(*SIZES[0])
    states = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    grads, _ = truncation.tbptt_gradients(x, targets, h0, params, window)
    for number, gradients in enumerate(grads):
        part = slice(number * window, (number + 1) * window)
        start = states[:, part.start - 1] if number else h0

        def loss(changed: dict[str, Array], part: slice = part, start: Array = start) -> float:
            return mean_loss(x[:, part], targets[:, part], start, changed, window)

        for name, expected in differences(loss, params).items():
            np.testing.assert_allclose(gradients[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("k1", "k2"), [(2, 3), (3, 2), (1, 5)])
def test_k1_k2_by_differences(k1: int, k2: int) -> None:
    """The last min(k1, k2) steps' loss as a function of the weights, the state before the last k2 held fast."""
    x, targets, h0, params = draw(*SIZES[0])
    states = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    grads = truncation.tbptt_k1_k2(x, targets, h0, params, k1, k2)
    assert len(grads) == 7 // k1
    for number, gradients in enumerate(grads):
        stop = (number + 1) * k1
        part = slice(max(0, stop - k2), stop)
        start = states[:, part.start - 1] if part.start else h0

        def loss(changed: dict[str, Array], part: slice = part, start: Array = start) -> float:
            return mean_loss(x[:, part], targets[:, part], start, changed, min(k1, k2))

        for name, expected in differences(loss, params).items():
            np.testing.assert_allclose(gradients[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)


def whole_gradient(x: Array, targets: Ids, h0: Array, params: dict[str, Array]) -> Gradients:
    """Backpropagation through all steps, of the mean over all places."""
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    _, dlogits = cross_entropy(
        output_layer(h, params["W_y"], params["b_y"]), targets, np.ones(targets.shape, dtype=np.bool_)
    )
    _, _, dW_x, dW_h, db = rnn_backward(dlogits @ params["W_y"].T, x, h0, h, params["W_x"], params["W_h"])
    dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}


@all_sizes
def test_a_window_of_everything_is_the_whole_gradient(sizes: tuple[int, int, int, int, int]) -> None:
    """A window of T or more truncates nothing."""
    x, targets, h0, params = draw(*sizes)
    T = x.shape[1]
    expected = [whole_gradient(x, targets, h0, params)]
    for window in (T, T + 3):
        assert_close(truncation.tbptt_gradients(x, targets, h0, params, window)[0], expected)
    assert_close(truncation.tbptt_k1_k2(x, targets, h0, params, T, T + 1), expected)


@pytest.mark.parametrize("k1", [1, 2, 3, 6])
def test_every_error_counts_once(k1: int) -> None:
    """Looking back to the start, the entries' mean is the whole gradient: no step's error is lost or doubled."""
    x, targets, h0, params = draw(3, 6, 2, 4, 5)
    grads = truncation.tbptt_k1_k2(x, targets, h0, params, k1, 6)
    mean = {name: np.mean([gradients[name] for gradients in grads], axis=0) for name in params}
    assert_close([mean], [whole_gradient(x, targets, h0, params)])


@pytest.mark.parametrize("k", [1, 2, 3])
def test_equal_k1_and_k2_are_the_chunks(k: int) -> None:
    """k1 = k2 is a window of that length, less the tail."""
    x, targets, h0, params = draw(*SIZES[0])
    chunks, _ = truncation.tbptt_gradients(x, targets, h0, params, k)
    assert_close(truncation.tbptt_k1_k2(x, targets, h0, params, k, k), chunks[: 7 // k], rtol=1e-12)


def test_the_output_layer_is_not_truncated() -> None:
    """The mean of the chunks' gradients, weighted by length, is exact for W_y and b_y, and not for the rest."""
    x, targets, h0, params = draw(*SIZES[0])
    grads, _ = truncation.tbptt_gradients(x, targets, h0, params, 3)
    mean = {name: np.average([g[name] for g in grads], axis=0, weights=[3, 3, 1]) for name in params}
    whole = whole_gradient(x, targets, h0, params)
    for name in ("W_y", "b_y"):
        np.testing.assert_allclose(mean[name], whole[name], rtol=1e-12)
    for name in ("W_x", "W_h", "b"):
        assert np.linalg.norm(mean[name] - whole[name]) > 1e-2 * np.linalg.norm(whole[name])


def test_training_follows_the_gradients() -> None:
    """The first step is that of tbptt_gradients' first chunk, and a learning rate of 0 changes nothing."""
    x, targets, h0, params = draw(*SIZES[0])
    (gradients, *_), _ = truncation.tbptt_gradients(x, targets, h0, params, 3)
    trained, losses = truncation.train_truncated(x[:, :3], targets[:, :3], h0, params, 3, 0.3)
    assert_close([trained], [{name: params[name] - 0.3 * gradients[name] for name in params}], rtol=1e-12)
    np.testing.assert_allclose(losses, [mean_loss(x[:, :3], targets[:, :3], h0, params, 3)], rtol=1e-12)
    same, losses = truncation.train_truncated(x, targets, h0, params, 3, 0)
    assert_close([same], [params], rtol=0)
    assert len(losses) == 3
