"""Scores, weights and contexts: values on paper, torch, central differences, plain loops."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from reference import Array, attention
from reference.attention import Mask
from reference.bptt import numerical_gradient
from reference.gru import gru_cell_forward

# B, S, D_q, D_k, A: unequal, all 1, all equal, B = S
SIZES = [(3, 4, 5, 6, 7), (1, 1, 1, 1, 1), (4, 4, 4, 4, 4), (5, 5, 2, 3, 1)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)

Sizes = tuple[int, int, int, int, int]
Arrays = dict[str, Array]


def draw(sizes: Sizes) -> Arrays:
    """q (B, D_q), keys (B, S, D_k), W (D_q, D_k), W_q, W_k, v, and a gradient of the scores."""
    B, S, D_q, D_k, A = sizes
    rng = np.random.default_rng(0)
    shapes = dict(
        q=(B, D_q), keys=(B, S, D_k), W=(D_q, D_k), W_q=(D_q, A), W_k=(D_k, A), v=(A,), dscores=(B, S)
    )  # fmt: skip
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def draw_of_one_size(sizes: Sizes) -> Arrays:
    """The same with a query of the keys' size."""
    B, S, _, D, A = sizes
    return draw((B, S, D, D, A))


def of(arrays: Arrays, names: str) -> Arrays:
    return {name: arrays[name] for name in names.split()}


def assert_close(actual: Array, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=rtol, atol=1e-13)


ONE = np.array([[1.0, 2.0]])
KEYS = np.array([[[3.0, 4.0], [5.0, -1.0], [0.0, 0.0]]])


def test_dot_products_on_paper() -> None:
    """3 + 8, 5 - 2 and 0; over √2; and over √5 times the lengths 5, √26 and nothing."""
    assert_close(attention.dot_scores(ONE, KEYS), [[11, 3, 0]])
    assert_close(attention.scaled_dot_scores(ONE, KEYS), [[11 / math.sqrt(2), 3 / math.sqrt(2), 0]])
    assert_close(attention.cosine_scores(ONE, KEYS), [[11 / (5 * math.sqrt(5)), 3 / math.sqrt(130), 0]])


def test_scores_with_weights_on_paper() -> None:
    """q W = (2, 1, 3) on (1, 0, 1); and hidden units tanh(2) and tanh(0), weighted 2 and 3."""
    W = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert_close(attention.general_scores(ONE, np.array([[[1.0, 0.0, 1.0]]]), W), [[5]])
    one = np.ones((1, 1))
    W_q, W_k, v = np.array([[1.0, 1.0]]), np.array([[1.0, -1.0]]), np.array([2.0, 3.0])
    scores = attention.additive_scores(one, np.array([[[1.0], [-1.0]]]), W_q, W_k, v)
    assert_close(scores, [[2 * math.tanh(2), 3 * math.tanh(2)]])


@all_sizes
def test_scores_place_by_place(sizes: Sizes) -> None:
    """One query, one key, one number: the formulas as they stand, in loops."""
    a, b = draw(sizes), draw_of_one_size(sizes)
    for row in range(sizes[0]):
        for place in range(sizes[1]):
            q, k = b["q"][row], b["keys"][row, place]
            where = row, place
            assert_close(attention.dot_scores(b["q"], b["keys"])[where], q @ k)
            assert_close(attention.scaled_dot_scores(b["q"], b["keys"])[where], q @ k / math.sqrt(len(q)))
            assert_close(attention.cosine_scores(b["q"], b["keys"])[where], q @ k / (math.hypot(*q) * math.hypot(*k)))
            q, k = a["q"][row], a["keys"][row, place]
            assert_close(attention.general_scores(**of(a, "q keys W"))[where], q @ a["W"] @ k)
            u = np.tanh(a["W_q"].T @ q + a["W_k"].T @ k)
            assert_close(attention.additive_scores(**of(a, "q keys W_q W_k v"))[where], u @ a["v"])


@pytest.mark.parametrize("scale", [1e-170, 1e-6, 1e170])
def test_cosine_of_short_and_long_vectors(scale: float) -> None:
    """A length matters neither where its square is 0 in float64 nor where it is infinite."""
    a = draw_of_one_size(SIZES[0])
    theirs = torch.nn.functional.cosine_similarity(torch.tensor(a["q"])[:, None], torch.tensor(a["keys"]), dim=2)
    assert_close(attention.cosine_scores(a["q"] * scale, a["keys"] / scale), theirs)
    assert_close(attention.cosine_scores(a["q"], a["keys"] * scale), theirs)


def test_cosine_without_a_direction() -> None:
    """0 for a query of length 0, and for a key of length 0; the others keep theirs."""
    a = draw_of_one_size(SIZES[0])
    q, keys = a["q"].copy(), a["keys"].copy()
    q[1], keys[0, 2] = 0, 0
    right = attention.cosine_scores(a["q"], a["keys"])
    right[1], right[0, 2] = 0, 0
    assert_close(attention.cosine_scores(q, keys), right)


SCORES: dict[str, tuple[str, Callable[..., Any], Callable[..., Any]]] = {
    "dot": ("q keys", attention.dot_scores, attention.dot_scores_backward),
    "scaled dot": ("q keys", attention.scaled_dot_scores, attention.scaled_dot_scores_backward),
    "general": ("q keys W", attention.general_scores, attention.general_scores_backward),
    "additive": ("q keys W_q W_k v", attention.additive_scores, attention.additive_scores_backward),
}
TORCH: dict[str, Callable[..., torch.Tensor]] = {
    "dot": lambda q, keys: torch.einsum("bd,bsd->bs", q, keys),
    "scaled dot": lambda q, keys: torch.einsum("bd,bsd->bs", q, keys) / math.sqrt(q.shape[1]),
    "general": lambda q, keys, W: torch.einsum("bd,de,bse->bs", q, W, keys),
    "additive": lambda q, keys, W_q, W_k, v: torch.tanh((q @ W_q)[:, None] + keys @ W_k) @ v,
}


def arguments(name: str, sizes: Sizes) -> tuple[Arrays, Array]:
    """What the score is made of, and a gradient that arrives at it."""
    a = draw_of_one_size(sizes) if "dot" in name else draw(sizes)
    return of(a, SCORES[name][0]), a["dscores"]


@all_sizes
@pytest.mark.parametrize("name", SCORES)
def test_gradients_of_scores_against_torch(name: str, sizes: Sizes) -> None:
    """Forward and all gradients, by torch's autograd."""
    _, forward, backward = SCORES[name]
    inputs, dscores = arguments(name, sizes)
    leaves = {key: torch.tensor(a, requires_grad=True) for key, a in inputs.items()}
    scores = TORCH[name](**leaves)
    torch.autograd.backward(scores, torch.tensor(dscores))
    assert_close(forward(**inputs), scores.detach())
    for ours, leaf in zip(backward(dscores, **inputs), leaves.values(), strict=True):
        assert_close(ours, leaf.grad)


@pytest.mark.parametrize("name", SCORES)
def test_gradients_of_scores_against_central_differences(name: str) -> None:
    _, forward, backward = SCORES[name]
    inputs, dscores = arguments(name, SIZES[0])
    for (key, array), ours in zip(inputs.items(), backward(dscores, **inputs), strict=True):
        expected = numerical_gradient(lambda w, key=key: (forward(**inputs | {key: w}) * dscores).sum(), array)  # type: ignore[misc]
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9)


def test_gradients_of_scores_on_paper() -> None:
    """The dot product hands the other factor back; in the additive score tanh(0) has the slope 1."""
    dq, dkeys = attention.dot_scores_backward(np.array([[1.0, 10.0, 0.0]]), ONE, KEYS)
    assert_close(dq, [[53, -6]])
    assert_close(dkeys, [[[1, 2], [10, 20], [0, 0]]])
    keys, W, v = -np.ones((1, 2, 1)), np.array([[2.0]]), np.array([2.0])
    grads = attention.additive_scores_backward(np.array([[2.0, 3.0]]), np.ones((1, 1)), keys, W, W, v)
    for ours, right in zip(grads, (20, [8, 12], 10, -10, 0), strict=True):
        assert_close(ours.ravel(), right)


MASKS = [
    np.array([[True, True, False, True], [False, True, False, False], [True, True, True, True]]),
    np.array([True, False, True, False]),
    np.array([[True], [True], [True]]),
    np.True_,
    None,
]


def test_weights_on_paper() -> None:
    """3/4 and 1/4 whatever the third score is, as it is masked; then a row without anything."""
    scores = np.log([[3.0, 1.0, 99.0], [3.0, 1.0, 99.0]])
    weights = attention.attention_weights(scores, np.array([[True, True, False], [False, False, False]]))
    assert_close(weights, [[3 / 4, 1 / 4, 0], [0, 0, 0]])


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("leading", [(), (2,), (5, 2)])
def test_weights_against_torch(mask: Mask | None, leading: tuple[int, ...]) -> None:
    """torch's softmax of -inf where the mask is False, for any leading axes."""
    scores = np.random.default_rng(1).normal(size=(*leading, 3, 4))
    filled = torch.tensor(scores if mask is None else np.where(mask, scores, -np.inf))
    weights = attention.attention_weights(scores, mask)
    assert_close(weights, torch.softmax(filled, dim=-1))
    np.testing.assert_array_equal(weights[~np.isfinite(filled.numpy())], 0.0)


def test_weights_are_those_of_the_real_places_alone() -> None:
    """Cut to its real places, a row has the same weights; its padding may hold anything, and has 0."""
    rng, S = np.random.default_rng(2), 6
    mask = rng.random((8, S)) < 0.5
    scores = np.where(mask, rng.normal(size=mask.shape), rng.choice([np.nan, np.inf, -np.inf, 1e300], mask.shape))
    weights = attention.attention_weights(scores, mask)
    assert not mask.all(axis=1).any() and len(np.unique(mask.sum(axis=1))) > 2
    for row in range(8):
        real = mask[row]
        if real.any():
            assert_close(weights[row, real], attention.attention_weights(scores[row, real]))
        np.testing.assert_array_equal(weights[row, ~real], 0.0)


def test_weights_far_apart() -> None:
    """Rows at 10000 and -10000, and scores that far from one another: nothing overflows, nothing becomes 0/0."""
    scores = np.array([[1e4, 1e4 + 1, -1e4], [-1e4, -1e4 + 1, -1e4]])
    e = math.e
    assert_close(attention.attention_weights(scores), [[1 / (1 + e), e / (1 + e), 0], np.array([1, e, 1]) / (2 + e)])


def test_weights_of_infinite_scores_and_nan() -> None:
    """-inf is as good as masked, throughout a row too; a NaN or +inf stays in its own row."""
    inf, nan = np.inf, np.nan
    weights = attention.attention_weights([[0, 0, -inf], [-inf, -inf, -inf], [0, nan, 1], [0, inf, 1], [7, -inf, -inf]])  # type: ignore[arg-type]
    np.testing.assert_array_equal(weights[[0, 1, 4]], [[0.5, 0.5, 0], [0, 0, 0], [1, 0, 0]])
    assert np.isnan(weights[2]).all() and np.isnan(weights[3]).any()


def test_context_on_paper() -> None:
    """3/4 of (4, 0) and 1/4 of (0, 8); no weights, no context."""
    values = np.tile([[4.0, 0.0], [0.0, 8.0]], (2, 1, 1))
    assert_close(attention.context_vector(np.array([[3 / 4, 1 / 4], [0, 0]]), values), [[3, 2], [0, 0]])


def test_attention_backward_on_paper() -> None:
    """Values 4 and 8 with weights 3/4 and 1/4: their mean is 5, so that the scores get 3/4 · -1 and 1/4 · 3."""
    weights = np.array([[3 / 4, 1 / 4]])
    dscores, dvalues = attention.attention_backward(np.ones((1, 1)), np.array([[[4.0], [8.0]]]), weights)
    assert_close(dscores, [[-3 / 4, 3 / 4]])
    assert_close(dvalues[..., 0], weights)


def masked_batch() -> tuple[Array, Array, Mask, Array]:
    """scores, values, a mask with a row that is masked throughout, and dcontext."""
    rng = np.random.default_rng(3)
    mask = np.array(MASKS[0])
    mask[1] = False
    return rng.normal(size=(3, 4)), rng.normal(size=(3, 4, 5)), mask, rng.normal(size=(3, 5))


def test_attention_backward_against_torch() -> None:
    """From the context to scores and values, by autograd, row by row over the real places alone; 0 elsewhere."""
    scores, values, mask, dcontext = masked_batch()
    weights = attention.attention_weights(scores, mask)
    dscores, dvalues = attention.attention_backward(dcontext, values, weights)
    for row, real in enumerate(mask):
        s, v = (torch.tensor(a[row, real], requires_grad=True) for a in (scores, values))
        context = torch.softmax(s, dim=0) @ v
        context.backward(torch.tensor(dcontext[row]))  # type: ignore[no-untyped-call]
        assert s.grad is not None and v.grad is not None
        assert_close(dscores[row, real], s.grad)
        assert_close(dvalues[row, real], v.grad)
        np.testing.assert_array_equal(dscores[row, ~real], 0.0)
        np.testing.assert_array_equal(dvalues[row, ~real], 0.0)


def test_attention_backward_against_central_differences() -> None:
    """Of all scores and values, those that are masked too."""
    scores, values, mask, dcontext = masked_batch()

    def loss(scores: Array, values: Array) -> float:
        context = attention.context_vector(attention.attention_weights(scores, mask), values)
        return float((context * dcontext).sum())

    found = attention.attention_backward(dcontext, values, attention.attention_weights(scores, mask))
    expected = (
        numerical_gradient(lambda w: loss(w, values), scores),
        numerical_gradient(lambda w: loss(scores, w), values),
    )
    for ours, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-6, atol=1e-9)


def draw_step(B: int, S: int, D: int, H: int, E: int, A: int, V: int) -> dict[str, Any]:
    """The arguments of the decoder's step; the first row looks at its first place only, the last at nothing."""
    rng = np.random.default_rng(4)
    shapes = dict(
        W_e=(V, E), W_q=(H, A), W_k=(D, A), v=(A,), W_x=(E + D, 3 * H), W_h=(H, 3 * H), b=(3 * H,), W_y=(H, V), b_y=(V,)
    )  # fmt: skip
    mask = rng.random((B, S)) < 0.7
    mask[0], mask[-1] = np.arange(S) == 0, False
    return dict(
        tokens=rng.integers(0, V, B), state=rng.normal(size=(B, H)), keys=rng.normal(size=(B, S, D)), mask=mask,
        params={name: rng.normal(size=shape) for name, shape in shapes.items()},
    )  # fmt: skip


def test_decoder_step_on_paper() -> None:
    """Even weights over 1 and 3 give the context 2; with gates of 1/2: 1/2 + tanh(0.5 · 1 + 2 · 0.25) / 2."""
    params = dict(W_e=[[9.0], [0.5]], W_x=[[0.0, 0.0, 1.0], [0.0, 0.0, 0.25]], W_h=[[0.0] * 3], b=[0.0] * 3)
    params |= dict(W_q=[[0.0]], W_k=[[0.0]], v=[1.0], W_y=[[1.0, 2.0]], b_y=[0.0, 1.0])
    logits, state, weights = attention.attention_decoder_step(
        np.array([1]), np.array([[1.0]]), np.array([[[1.0], [3.0], [99.0]]]), np.array([[True, True, False]]),
        {name: np.array(a) for name, a in params.items()},
    )  # fmt: skip
    h = 1 / 2 + math.tanh(1) / 2
    assert_close(weights, [[1 / 2, 1 / 2, 0]])
    assert_close(state, [[h]])
    assert_close(logits, [[h, 2 * h + 1]])


@pytest.mark.parametrize("sizes", [(3, 4, 5, 6, 2, 7, 8), (4, 4, 4, 4, 4, 4, 4), (2, 1, 1, 1, 1, 1, 1)])
def test_decoder_step_row_by_row(sizes: tuple[int, int, int, int, int, int, int]) -> None:
    """Every row alone and without its masked places; the last has none, and a context of zeros."""
    inputs = draw_step(*sizes)
    p, keys, mask = inputs["params"], inputs["keys"], inputs["mask"]
    logits, state, weights = attention.attention_decoder_step(**inputs)
    for row, real in enumerate(mask):
        old, rows = inputs["state"][row], keys[row, real]
        scores = np.tanh(old @ p["W_q"] + rows @ p["W_k"]) @ p["v"]
        w = np.exp(scores) / np.exp(scores).sum()
        x = np.concatenate([p["W_e"][inputs["tokens"][row]], w @ rows])
        new, _ = gru_cell_forward(x[None], old[None], p["W_x"], p["W_h"], p["b"])
        assert_close(weights[row, real], w)
        np.testing.assert_array_equal(weights[row, ~real], 0.0)
        assert_close(state[row], new[0])
        assert_close(logits[row], new[0] @ p["W_y"] + p["b_y"])
