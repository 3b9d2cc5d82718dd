"""Encoder and decoder: values on paper, torch's autograd row by row, central differences, plain loops."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reference import Array, seq2seq
from reference.bptt import numerical_gradient
from reference.gru import gru_cell_forward

# sizes: V_s, V, E, E', H; S and each source's length; T. Unequal, all 1, all equal, with empty rows, padding everywhere
BATCHES = [
    ((7, 6, 3, 4, 5), 5, [3, 5, 1, 4], 4),
    ((1, 1, 1, 1, 1), 1, [1], 1),
    ((3, 3, 3, 3, 3), 3, [3, 2, 1], 3),
    ((5, 4, 2, 3, 2), 4, [0, 4, 2, 0], 3),
    ((4, 5, 3, 2, 4), 6, [4, 2, 3], 2),
]
all_batches = pytest.mark.parametrize("batch", BATCHES)

Batch = tuple[tuple[int, int, int, int, int], int, list[int], int]
Ints = npt.NDArray[np.int64]
Params = dict[str, Array]

LN3 = np.log(3.0)


def draw_params(rng: np.random.Generator, V_s: int, V: int, E: int, F: int, H: int) -> Params:
    """F is E'."""
    shapes = {
        "enc_W_e": (V_s, E), "enc_W_x": (E, 3 * H), "enc_W_h": (H, 3 * H), "enc_b": (3 * H,),
        "dec_W_e": (V, F), "dec_W_x": (F, 3 * H), "dec_W_h": (H, 3 * H), "dec_b": (3 * H,),
        "W_y": (H, V), "b_y": (V,),
    }  # fmt: skip
    return {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}


def draw(batch: Batch) -> tuple[Ints, Ints, Ints, Array, Params]:
    """x, lengths, tokens_in, dlogits and params; padding holds ids like any others."""
    sizes, S, lengths, T = batch
    rng, B = np.random.default_rng(0), len(lengths)
    x, tokens_in = rng.integers(0, sizes[0], (B, S)), rng.integers(0, sizes[1], (B, T))
    return x, np.array(lengths), tokens_in, rng.normal(size=(B, T, sizes[1])), draw_params(rng, *sizes)


def at_rest(W_xn: float, words: Sequence[float]) -> tuple[Array, Array, Array, Array]:
    """W_e, W_x, W_h, b of one unit whose gates are 1/2: h = h_prev / 2 + tanh(W_xn word) / 2."""
    return np.array(words)[:, np.newaxis], np.array([[0.0, 0.0, W_xn]]), np.zeros((1, 3)), np.zeros(3)


def one_unit(words: Sequence[float]) -> Params:
    """The unit at rest on both sides, and an output layer with weights 1 and 2."""
    names = ("W_e", "W_x", "W_h", "b")
    sides = {f"{side}_{name}": a for side in ("enc", "dec") for name, a in zip(names, at_rest(1.0, words), strict=True)}
    return sides | {"W_y": np.array([[1.0, 2.0]]), "b_y": np.array([0.0, 1.0])}


def torch_gru(words: torch.Tensor, h: torch.Tensor, side: str, p: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """The states of one row, whose embedded words are (T, E), after every step: the equations as they stand."""
    H, states = len(h), []
    W_x, W_h, b = (p[f"{side}_{name}"] for name in ("W_x", "W_h", "b"))
    for word in words:
        a, u = word @ W_x + b, h @ W_h[:, : 2 * H]
        r, z = torch.sigmoid(a[:H] + u[:H]), torch.sigmoid(a[H : 2 * H] + u[H:])
        n = torch.tanh(a[2 * H :] + (r * h) @ W_h[:, 2 * H :])
        h = (1 - z) * h + z * n
        states.append(h)
    return states


def torch_logits(x: Ints, lengths: Ints, tokens_in: Ints, p: dict[str, torch.Tensor]) -> torch.Tensor:
    """(B, T, V), row by row, of no more than the real words."""
    rows = []
    for source, length, tokens in zip(x, lengths, tokens_in, strict=True):
        zeros = torch.zeros(len(p["enc_W_h"]), dtype=torch.float64)
        final = [zeros, *torch_gru(p["enc_W_e"][source[:length]], zeros, "enc", p)][-1]
        h = torch.stack(torch_gru(p["dec_W_e"][tokens], final, "dec", p))
        rows.append(h @ p["W_y"] + p["b_y"])
    return torch.stack(rows)


def assert_close(actual: Array, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=rtol, atol=1e-13)


def test_shift_on_paper() -> None:
    """Rows of 2, 3 and no words of 3, START 8 and END 9."""
    inputs, targets = seq2seq.shift_targets(np.array([[5, 4, 0], [3, 3, 2], [0, 0, 0]]), 8, 9)
    np.testing.assert_array_equal(inputs, [[8, 5, 4, 0], [8, 3, 3, 2], [8, 0, 0, 0]])
    np.testing.assert_array_equal(targets, [[5, 4, 9, 0], [3, 3, 2, 9], [9, 0, 0, 0]])
    assert inputs.dtype == targets.dtype == np.int64


def test_shift_row_by_row() -> None:
    """As lists: [START, *words] and [*words, END], with zeros behind."""
    rng = np.random.default_rng(1)
    rows = [rng.integers(1, 9, length).tolist() for length in (4, 0, 6, 1, 5)]
    tokens = np.array([row + [0] * (6 - len(row)) for row in rows])
    inputs, targets = seq2seq.shift_targets(tokens, 9, 10)
    for row, said, read in zip(rows, targets.tolist(), inputs.tolist(), strict=True):
        assert read == [9, *row] + [0] * (6 - len(row))
        assert said == [*row, 10] + [0] * (6 - len(row))


def test_encode_on_paper() -> None:
    """Words worth ln(3)/2 and 0, whose tanh are 1/2 and 0: every step halves the state and adds 1/4 or nothing."""
    # 1/4, 1/8 + 1/4 = 3/8, 3/16; then lengths 1 and 0
    params = one_unit([99.0, LN3 / 2, 0.0])
    states, final = seq2seq.encode(np.array([[1, 1, 2], [1, 0, 0], [0, 0, 0]]), np.array([3, 1, 0]), params)
    assert_close(states[..., 0], [[1 / 4, 3 / 8, 3 / 16], [1 / 4, 1 / 4, 1 / 4], [0, 0, 0]])
    assert_close(final, [[3 / 16], [1 / 4], [0]])


@all_batches
def test_encode_is_the_cell_with_a_choice(batch: Batch) -> None:
    """Step by step: the new state where the sentence still runs, otherwise the old one."""
    x, lengths, _, _, p = draw(batch)
    h = np.zeros((len(x), len(p["enc_W_h"])))
    states, final = seq2seq.encode(x, lengths, p)
    for s in range(x.shape[1]):
        new, _ = gru_cell_forward(p["enc_W_e"][x[:, s]], h, p["enc_W_x"], p["enc_W_h"], p["enc_b"])
        h = np.where((s < lengths)[:, np.newaxis], new, h)
        assert_close(states[:, s], h)
    assert_close(final, h)
    np.testing.assert_array_equal(final, states[:, -1])


def test_decode_on_paper() -> None:
    """From 3/8 over the words 0 and ln(3)/2: 3/16, then 3/32 + 1/4; the logits are h and 2h + 1."""
    params = one_unit([LN3 / 2, 0.0])
    logits, h = seq2seq.decode_teacher_forced(np.array([[1, 0]]), np.array([[3 / 8]]), params)
    assert_close(h[..., 0], [[3 / 16, 11 / 32]])
    assert_close(logits, [[[3 / 16, 11 / 8], [11 / 32, 27 / 16]]])


@all_batches
def test_logits_against_torch(batch: Batch) -> None:
    """Encoder, bridge, decoder and output layer in one, row by row without padding."""
    x, lengths, tokens_in, _, p = draw(batch)
    _, final = seq2seq.encode(x, lengths, p)
    logits, h = seq2seq.decode_teacher_forced(tokens_in, final, p)
    assert_close(logits, torch_logits(x, lengths, tokens_in, {name: torch.tensor(a) for name, a in p.items()}))
    assert_close(h @ p["W_y"] + p["b_y"], logits)


def test_loss_on_paper() -> None:
    """Probabilities 3/4 and 1/4 at three real places: -ln(3/4), -ln(1/4) and -ln(1/4), whoever said them."""
    logits = np.tile([LN3, 0.0], (2, 2, 1))
    loss, dlogits = seq2seq.seq2seq_loss(logits, np.array([[0, 1], [1, 0]]), np.array([2, 1]))
    assert loss == pytest.approx((-math.log(3 / 4) - 2 * math.log(1 / 4)) / 3)
    assert_close(dlogits, np.array([[[-1 / 4, 1 / 4], [3 / 4, -3 / 4]], [[3 / 4, -3 / 4], [0, 0]]]) / 3)


@pytest.mark.parametrize("lengths", [[4, 2, 1], [0, 3, 0], [4, 4, 4]])
def test_loss_against_torch(lengths: list[int]) -> None:
    """torch's cross_entropy with -100, which it ignores, on padding."""
    rng = np.random.default_rng(2)
    logits, targets = 3 * rng.normal(size=(3, 4, 5)), rng.integers(0, 5, (3, 4))
    padding = np.arange(4) >= np.array(lengths)[:, np.newaxis]
    leaf = torch.tensor(logits, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(
        leaf.reshape(-1, 5), torch.tensor(np.where(padding, -100, targets)).reshape(-1)
    )
    theirs.backward()  # type: ignore[no-untyped-call]
    loss, dlogits = seq2seq.seq2seq_loss(logits, targets, np.array(lengths))
    assert leaf.grad is not None
    assert loss == pytest.approx(theirs.item())
    assert_close(dlogits, leaf.grad)
    np.testing.assert_array_equal(dlogits[padding], 0.0)


def test_loss_against_central_differences() -> None:
    """Of all logits, those on padding too."""
    rng = np.random.default_rng(3)
    logits, targets, lengths = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3)), np.array([3, 1])
    expected = numerical_gradient(lambda w: seq2seq.seq2seq_loss(w, targets, lengths)[0], logits)
    np.testing.assert_allclose(seq2seq.seq2seq_loss(logits, targets, lengths)[1], expected, rtol=1e-6, atol=1e-9)


def test_loss_of_far_logits() -> None:
    """At 10000 beside -10000 the loss is their difference, and the gradient finite."""
    loss, dlogits = seq2seq.seq2seq_loss(np.array([[[1e4, -1e4], [-1e4, -1e4]]]), np.array([[1, 0]]), np.array([2]))
    assert loss == pytest.approx((2e4 + math.log(2)) / 2)
    assert_close(dlogits, [[[0.5, -0.5], [-0.25, 0.25]]])


def test_backward_on_paper() -> None:
    """At rest, with words worth 0, all gates are 1/2 and all slopes of tanh 1: halves all the way."""
    # dlogits 4, 8 on weights 1, 2: dh = 20; the decoder's candidate gets half of it, the state before the rest
    # the encoder's last real step gets these 10: half to the candidate, half to the step before, which halves it again
    p = one_unit([0.0, 0.0])
    x, lengths, tokens_in = np.array([[1, 0, 1]]), np.array([2]), np.array([[1]])
    states, final = seq2seq.encode(x, lengths, p)
    _, h = seq2seq.decode_teacher_forced(tokens_in, final, p)
    grads = seq2seq.seq2seq_backward(np.array([[[4.0, 8.0]]]), x, lengths, tokens_in, states, h, p)
    np.testing.assert_array_equal(grads["b_y"], [4, 8])
    np.testing.assert_array_equal(grads["dec_b"], [0, 0, 10])
    np.testing.assert_array_equal(grads["dec_W_e"], [[0], [10]])
    np.testing.assert_array_equal(grads["enc_b"], [0, 0, 7.5])
    np.testing.assert_array_equal(grads["enc_W_e"], [[5], [2.5]])
    for name in ("W_y", "dec_W_x", "dec_W_h", "enc_W_x", "enc_W_h"):
        np.testing.assert_array_equal(grads[name], 0)


@all_batches
def test_backward_against_torch(batch: Batch) -> None:
    """All ten gradients, by torch's autograd through every row alone."""
    x, lengths, tokens_in, dlogits, p = draw(batch)
    leaves = {name: torch.tensor(a, requires_grad=True) for name, a in p.items()}
    torch.autograd.backward(torch_logits(x, lengths, tokens_in, leaves), torch.tensor(dlogits))
    states, final = seq2seq.encode(x, lengths, p)
    _, h = seq2seq.decode_teacher_forced(tokens_in, final, p)
    grads = seq2seq.seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, p)
    assert list(grads) == list(p)
    for name, leaf in leaves.items():
        assert_close(grads[name], np.zeros(leaf.shape) if leaf.grad is None else leaf.grad)


@pytest.mark.parametrize("batch", BATCHES[:4])
def test_backward_against_central_differences(batch: Batch) -> None:
    """The whole way, loss included: what a training step uses."""
    x, lengths, tokens_in, _, p = draw(batch)
    rng = np.random.default_rng(4)
    targets, real = rng.integers(0, batch[0][1], tokens_in.shape), rng.integers(0, tokens_in.shape[1] + 1, len(x))
    real[0] = tokens_in.shape[1]

    def loss(params: Params) -> tuple[float, Array, Array, Array]:
        states, final = seq2seq.encode(x, lengths, params)
        logits, h = seq2seq.decode_teacher_forced(tokens_in, final, params)
        return *seq2seq.seq2seq_loss(logits, targets, real), states, h

    _, dlogits, states, h = loss(p)
    grads = seq2seq.seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, p)
    for name, weights in p.items():
        expected = numerical_gradient(lambda w, name=name: loss(p | {name: w})[0], weights)  # type: ignore[misc]
        np.testing.assert_allclose(grads[name], expected, rtol=1e-6, atol=1e-9)


def test_a_row_of_a_ragged_batch_is_the_row_alone() -> None:
    """Cut to its own length and taken alone, a row is encoded alike; all rows' gradients sum to the batch's."""
    x, lengths, tokens_in, dlogits, p = draw(BATCHES[0])
    states, final = seq2seq.encode(x, lengths, p)
    _, h = seq2seq.decode_teacher_forced(tokens_in, final, p)
    together = seq2seq.seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, p)
    total = {name: np.zeros_like(a) for name, a in p.items()}
    for row, length in enumerate(lengths):
        one, cut = slice(row, row + 1), np.s_[row : row + 1, :length]
        alone, last = seq2seq.encode(x[cut], lengths[one], p)
        assert_close(alone, states[cut])
        assert_close(last, final[one])
        grads = seq2seq.seq2seq_backward(dlogits[one], x[cut], lengths[one], tokens_in[one], alone, h[one], p)
        total = {name: total[name] + g for name, g in grads.items()}
    for name, sum_of_rows in total.items():
        assert_close(together[name], sum_of_rows)


def test_perplexity_on_paper() -> None:
    """As if so many words were equally likely: 1 of certainty, 8 of a mean of ln 8, and not the mean of 4 and 16."""
    assert seq2seq.perplexity(0.0) == 1.0
    assert seq2seq.perplexity(np.array([[math.log(4)], [math.log(16)]])) == pytest.approx(8)
    assert seq2seq.perplexity(np.log(5) * np.ones(3)) == pytest.approx(5)
    assert seq2seq.perplexity(1e4) == math.inf
    assert type(seq2seq.perplexity(np.array(1.0))) is float


def chain(successors: dict[int, int], V: int) -> Params:
    """A decoder that has learned by heart what follows each word: h is all but one-hot, and W_y reads it off."""
    follows = np.zeros((V, V))
    for word, successor in successors.items():
        follows[word, successor] = 10
    W_x = np.concatenate([np.zeros((V, 2 * V)), follows], axis=1)
    b = np.repeat([0.0, 40.0, 0.0], V)  # z is 1: nothing of the old state is left
    decoder = {"dec_W_e": np.eye(V), "dec_W_x": W_x, "dec_W_h": np.zeros((V, 3 * V)), "dec_b": b}
    return decoder | {"W_y": np.eye(V), "b_y": np.zeros(V)}


def test_greedy_on_paper() -> None:
    """START, then 2, 1, END; END at once; a loop that never ends; and too little room."""
    state = np.zeros((1, 5))
    for successors, max_length, tokens, length in [
        ({3: 2, 2: 1, 1: 4}, 5, [2, 1, 4, 0, 0], 3),
        ({3: 2, 2: 1, 1: 4}, 3, [2, 1, 4], 3),
        ({3: 2, 2: 1, 1: 4}, 2, [2, 1], 2),
        ({3: 4}, 4, [4, 0, 0, 0], 1),
        ({3: 0, 0: 1, 1: 3}, 5, [0, 1, 3, 0, 1], 5),
    ]:
        said, lengths = seq2seq.greedy_decode(state, chain(successors, 5), 3, 4, max_length)
        np.testing.assert_array_equal(said, [tokens])
        np.testing.assert_array_equal(lengths, [length])
        assert said.dtype == lengths.dtype == np.int64


def test_greedy_takes_the_lowest_of_equals() -> None:
    """Without weights all words are equally likely, and 0 is said for ever, which is not END."""
    params = {name: 0 * a for name, a in chain({}, 4).items()}
    tokens, lengths = seq2seq.greedy_decode(np.ones((2, 4)), params, 2, 3, 3)
    np.testing.assert_array_equal(tokens, np.zeros((2, 3)))
    np.testing.assert_array_equal(lengths, [3, 3])


@pytest.mark.parametrize("end", range(6))
def test_greedy_asks_the_teacher_forced_decoder(end: int) -> None:
    """Each row alone: the last logits of all that was said so far name the next word, until it is END."""
    p, rng = draw_params(np.random.default_rng(5), 3, 6, 3, 4, 5), np.random.default_rng(6)
    p |= {"dec_W_e": 4 * p["dec_W_e"], "W_y": 3 * p["W_y"]}
    state = rng.normal(size=(8, 5))
    tokens, lengths = seq2seq.greedy_decode(state, p, 2, end, 7)
    for row in range(8):
        said: list[int] = []
        while end not in said and len(said) < 7:
            logits, _ = seq2seq.decode_teacher_forced(np.array([[2, *said]]), state[row : row + 1], p)
            said.append(int(logits[0, -1].argmax()))
        assert tokens[row].tolist() == said + [0] * (7 - len(said))
        assert lengths[row] == len(said)
