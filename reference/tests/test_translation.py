"""The translator with attention: its steps one by one, central differences and torch's autograd from end to end."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from reference import Array, seq2seq, translation
from reference.attention import attention_decoder_step
from reference.bptt import numerical_gradient
from reference.tests.test_seq2seq import torch_gru

# sizes: V_s, V, E, E', H, A; S and each source's length; T. Unequal, all 1, all equal, with empty rows
BATCHES = [
    ((7, 6, 3, 4, 5, 2), 5, [3, 5, 1, 4], 4),
    ((1, 1, 1, 1, 1, 1), 1, [1], 1),
    ((3, 3, 3, 3, 3, 3), 3, [3, 2, 1], 3),
    ((5, 4, 2, 3, 2, 4), 4, [0, 4, 2, 0], 3),
]
all_batches = pytest.mark.parametrize("batch", BATCHES)

Batch = tuple[tuple[int, int, int, int, int, int], int, list[int], int]
Ints = npt.NDArray[np.int64]
Params = dict[str, Array]


def draw(batch: Batch) -> tuple[Ints, Ints, Ints, Array, Params]:
    """x, lengths, tokens_in, dlogits and params; padding holds ids like any others."""
    (V_s, V, E, F, H, A), S, lengths, T = batch
    rng, B = np.random.default_rng(0), len(lengths)
    shapes = {
        "enc_W_e": (V_s, E), "enc_W_x": (E, 3 * H), "enc_W_h": (H, 3 * H), "enc_b": (3 * H,),
        "W_e": (V, F), "W_q": (H, A), "W_k": (H, A), "v": (A,), "W_x": (F + H, 3 * H), "W_h": (H, 3 * H), "b": (3 * H,),
        "W_y": (H, V), "b_y": (V,),
    }  # fmt: skip
    params = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    x, tokens_in = rng.integers(0, V_s, (B, S)), rng.integers(0, V, (B, T))
    return x, np.array(lengths), tokens_in, rng.normal(size=(B, T, V)), params


def forward(x: Ints, lengths: Ints, tokens_in: Ints, params: Params) -> tuple[Array, Array, Array, Array]:
    """logits, and what the way back needs: states, h and weights."""
    states, _ = seq2seq.encode(x, lengths, params)
    logits, h, weights = translation.decode_attending(tokens_in, states, lengths, params)
    return logits, states, h, weights


def torch_logits(x: Ints, lengths: Ints, tokens_in: Ints, p: dict[str, torch.Tensor]) -> torch.Tensor:
    """(B, T, V), row by row, of no more than the real words; an empty source has the context 0."""
    rows = []
    for source, length, tokens in zip(x, lengths, tokens_in, strict=True):
        h = torch.zeros(len(p["W_h"]), dtype=torch.float64)
        states = [h[:0].reshape(0, len(h)), *(s[None] for s in torch_gru(p["enc_W_e"][source[:length]], h, "enc", p))]
        keys = torch.cat(states)
        h, logits = torch.cat([h[None], keys])[-1], []
        gru = {f"gru_{name}": p[name] for name in ("W_x", "W_h", "b")}
        for token in tokens:
            weights = torch.softmax(torch.tanh(h @ p["W_q"] + keys @ p["W_k"]) @ p["v"], dim=0)
            x_t = torch.cat([p["W_e"][token], weights @ keys])
            (h,) = torch_gru(x_t[None], h, "gru", gru)
            logits.append(h @ p["W_y"] + p["b_y"])
        rows.append(torch.stack(logits))
    return torch.stack(rows)


def assert_close(actual: Array, expected: Any) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=1e-10, atol=1e-13)


@all_batches
def test_against_torch(batch: Batch) -> None:
    """The logits and all thirteen gradients, by autograd through every row alone and without its padding."""
    x, lengths, tokens_in, dlogits, params = draw(batch)
    leaves = {name: torch.tensor(a, requires_grad=True) for name, a in params.items()}
    theirs = torch_logits(x, lengths, tokens_in, leaves)
    torch.autograd.backward(theirs, torch.tensor(dlogits))
    logits, states, h, weights = forward(x, lengths, tokens_in, params)
    assert_close(logits, theirs.detach())
    grads = translation.translation_backward(dlogits, x, lengths, tokens_in, states, h, weights, params)
    assert set(grads) == set(params)
    for name, leaf in leaves.items():
        assert_close(grads[name], np.zeros(leaf.shape) if leaf.grad is None else leaf.grad)


@pytest.mark.parametrize("batch", BATCHES[1:])
def test_against_central_differences(batch: Batch) -> None:
    """The whole way, loss included: what a training step uses."""
    x, lengths, tokens_in, _, params = draw(batch)
    rng = np.random.default_rng(1)
    targets, real = rng.integers(0, batch[0][1], tokens_in.shape), rng.integers(0, tokens_in.shape[1] + 1, len(x))
    real[0] = tokens_in.shape[1]

    def loss(params: Params) -> float:
        return seq2seq.seq2seq_loss(forward(x, lengths, tokens_in, params)[0], targets, real)[0]

    logits, states, h, weights = forward(x, lengths, tokens_in, params)
    _, dlogits = seq2seq.seq2seq_loss(logits, targets, real)
    grads = translation.translation_backward(dlogits, x, lengths, tokens_in, states, h, weights, params)
    for name, weights in params.items():
        expected = numerical_gradient(lambda w, name=name: loss(params | {name: w}), weights)  # type: ignore[misc]
        np.testing.assert_allclose(grads[name], expected, rtol=1e-6, atol=1e-9)


def test_what_stands_on_padding_does_not_matter() -> None:
    """Any other id there gives the same logits, weights of 0, and the same gradients."""
    x, lengths, tokens_in, dlogits, params = draw(BATCHES[0])
    padding = np.arange(x.shape[1]) >= lengths[:, np.newaxis]
    others = np.where(padding, -7, x)
    logits, states, h, weights = forward(x, lengths, tokens_in, params)
    np.testing.assert_array_equal(forward(others, lengths, tokens_in, params)[0], logits)
    np.testing.assert_array_equal(weights.swapaxes(1, 2)[padding], 0.0)
    one, other = (
        translation.translation_backward(dlogits, ids, lengths, tokens_in, states, h, weights, params)
        for ids in (x, others)
    )
    for name, gradient in one.items():
        np.testing.assert_array_equal(other[name], gradient)


@pytest.mark.parametrize("end", range(6))
def test_translate_is_the_step_in_a_loop(end: int) -> None:
    """Row by row, each word of which is what the next step reads, until it is END; behind it there is nothing."""
    x, lengths, _, _, params = draw(BATCHES[0])
    params |= {"W_e": 4 * params["W_e"], "W_y": 3 * params["W_y"]}
    tokens, said, weights = translation.translate(x, lengths, params, 2, end, 7)
    states, final = seq2seq.encode(x, lengths, params)
    for row, length in enumerate(lengths):
        one, word, h = slice(row, row + 1), 2, final[row : row + 1]
        for t in range(7):
            keys = states[one, :length]
            logits, h, w = attention_decoder_step(np.array([word]), h, keys, np.ones((1, length), bool), params)
            word = int(logits.argmax())
            assert tokens[row, t] == word
            assert_close(weights[row, t, :length], w[0])
            if word == end:
                break
        assert said[row] == t + 1
        assert not tokens[row, t + 1 :].any() and not weights[row, t + 1 :].any() and not weights[row, :, length:].any()


def test_nothing_to_say_and_nothing_to_read() -> None:
    """No room for a word: none is said. Without a source a sentence is said all the same; nothing is looked at."""
    x, lengths, tokens_in, dlogits, params = draw(BATCHES[0])
    tokens, said, weights = translation.translate(x, lengths, params, 2, 3, 0)
    assert (tokens.shape, weights.shape) == ((4, 0), (4, 0, 5)) and not said.any()
    logits, states, h, weights = forward(x, lengths, tokens_in[:, :0], params)
    assert logits.shape == (4, 0, 6)
    grads = translation.translation_backward(dlogits[:, :0], x, lengths, tokens_in[:, :0], states, h, weights, params)
    assert not any(gradient.any() for gradient in grads.values())
    tokens, said, weights = translation.translate(x, 0 * lengths, params, 2, 3, 6)
    assert (said > 0).all() and (tokens == tokens[0]).all() and not weights.any()


def test_float32_stays_float32() -> None:
    """So are all gradients of a network in float32, near those in float64."""
    x, lengths, tokens_in, dlogits, params = draw(BATCHES[0])

    def gradients(dtype: Any) -> Params:
        p = {name: a.astype(dtype) for name, a in params.items()}
        _, states, h, weights = forward(x, lengths, tokens_in, p)
        return translation.translation_backward(dlogits.astype(dtype), x, lengths, tokens_in, states, h, weights, p)

    wide = gradients(np.float64)
    for name, gradient in gradients(np.float32).items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, wide[name], rtol=1e-3, atol=1e-4)


def test_what_is_refused() -> None:
    """A gradient that does not fit, a params without an entry, lengths beyond the source: by name."""
    x, lengths, tokens_in, dlogits, params = draw(BATCHES[0])
    _, states, h, weights = forward(x, lengths, tokens_in, params)
    with pytest.raises(ValueError, match=r"^h has shape"):
        translation.translation_backward(dlogits, x, lengths, tokens_in, states, h[:, 1:], weights, params)
    for name in ("enc_W_h", "W_q", "b_y"):
        fewer = {key: a for key, a in params.items() if key != name}
        with pytest.raises(ValueError, match=rf"^params has no {name}"):
            translation.translation_backward(dlogits, x, lengths, tokens_in, states, h, weights, fewer)
    with pytest.raises(ValueError, match=r"^lengths holds 2 to 6, expected 0 to 5"):
        translation.decode_attending(tokens_in, states, lengths + 1, params)
    with pytest.raises(ValueError, match=r"^states has shape"):
        translation.decode_attending(tokens_in, states[1:], lengths, params)
    with pytest.raises(ValueError, match=r"^states has no place"):
        translation.decode_attending(tokens_in, states[:, :0], 0 * lengths, params)
