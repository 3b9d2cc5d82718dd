"""Attention in heads, positions, norms and the block: values on paper, torch, plain loops, central differences."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from reference import Array, transformer
from reference.bptt import numerical_gradient

Mask = npt.NDArray[np.bool_]
Weights = dict[str, Array]

# leading axes, T, S, d, D: unequal, with axes of 1, with equal sizes, without leading axes
ATTENTIONS = [((2,), 4, 3, 5, 6), ((2, 3), 3, 4, 2, 1), ((), 3, 5, 4, 2), ((1,), 1, 1, 1, 1), ((3,), 3, 3, 3, 3)]
all_attentions = pytest.mark.parametrize("sizes", ATTENTIONS)
all_heads = pytest.mark.parametrize(("heads", "d"), [(1, 4), (2, 3), (3, 2), (4, 1)])

LN3 = np.log(3.0)


def draw(leading: tuple[int, ...], T: int, S: int, d: int, D: int) -> tuple[Array, Array, Array, Mask]:
    """q, k, v, and a mask that lets every query attend to one key at least."""
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(*leading, *shape)) for shape in ((T, d), (S, d), (S, D)))
    mask = rng.random((*leading, T, S)) < 0.6
    mask[..., rng.integers(S)] = True
    return q, k, v, mask


def block_weights(D: int, F: int = 5) -> Weights:
    """All params of an encoder block, none of them zero."""
    rng = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {f"W_{name}": (D, D) for name in "qkvo"} | {
        f"b_{name}": (D,) for name in "qkvo"
    }
    shapes |= {"W_1": (D, F), "b_1": (F,), "W_2": (F, D), "b_2": (D,)}
    shapes |= {name: (D,) for name in ("gamma_1", "beta_1", "gamma_2", "beta_2")}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def torch_state(params: Weights) -> dict[str, torch.Tensor]:
    """The attention's params by torch's names: its matrices are transposed, and three of them stand in one."""
    together = np.concatenate([params["W_q"], params["W_k"], params["W_v"]], axis=1).T
    biases = np.concatenate([params["b_q"], params["b_k"], params["b_v"]])
    return {
        "in_proj_weight": torch.tensor(together), "in_proj_bias": torch.tensor(biases),
        "out_proj.weight": torch.tensor(params["W_o"].T), "out_proj.bias": torch.tensor(params["b_o"]),
    }  # fmt: skip


def torch_block(params: Weights, heads: int) -> torch.nn.TransformerEncoderLayer:
    D, F = params["W_1"].shape
    layer = torch.nn.TransformerEncoderLayer(D, heads, F, dropout=0.0, batch_first=True, dtype=torch.float64)
    state = {f"self_attn.{name}": tensor for name, tensor in torch_state(params).items()}
    for number in (1, 2):
        state[f"linear{number}.weight"] = torch.tensor(params[f"W_{number}"].T)
        state[f"linear{number}.bias"] = torch.tensor(params[f"b_{number}"])
        state[f"norm{number}.weight"] = torch.tensor(params[f"gamma_{number}"])
        state[f"norm{number}.bias"] = torch.tensor(params[f"beta_{number}"])
    layer.load_state_dict(state)
    return layer


def assert_close(actual: Any, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=rtol, atol=1e-13)


def test_attention_on_paper() -> None:
    """d = 4, so that scores are halved: 0 and ln 3 are weights of 1/4 and 3/4; with a mask, of 0 and 1."""
    q, k = np.array([[2.0, 0, 0, 0]]), np.array([[0.0, 1, 1, 1], [LN3, 5, 0, 0]])
    v = np.array([[4.0, 0.0], [8.0, -4.0]])
    output, weights = transformer.scaled_dot_product_attention(q, k, v)
    assert_close(weights, [[0.25, 0.75]])
    assert_close(output, [[7.0, -3.0]])
    output, weights = transformer.scaled_dot_product_attention(q, k, v, np.array([True, False]))
    assert_close(weights, [[1.0, 0.0]])
    assert_close(output, [[4.0, 0.0]])


@all_attentions
def test_attention_against_torch(sizes: Any) -> None:
    """With and without a mask."""
    q, k, v, mask = draw(*sizes)
    for ours, theirs in ((None, None), (mask, torch.tensor(mask))):
        output, _ = transformer.scaled_dot_product_attention(q, k, v, ours)
        expected = torch_attention(torch.tensor(q), torch.tensor(k), torch.tensor(v), attn_mask=theirs)
        assert_close(output, expected)


@all_attentions
def test_attention_weights_query_by_query(sizes: Any) -> None:
    """Each weight is its exponential's share of what the query may attend to."""
    q, k, v, mask = draw(*sizes)
    _, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    for row in np.ndindex(weights.shape[:-1]):
        exponentials = [np.exp(q[row] @ key / np.sqrt(q.shape[-1])) for key in k[row[:-1]]]
        exponentials = [e if allowed else 0.0 for e, allowed in zip(exponentials, mask[row], strict=True)]
        assert_close(weights[row], np.array(exponentials) / sum(exponentials))


def test_nothing_to_attend_to() -> None:
    """Weights and output are exactly 0 in such a row, and the others are as they were; so are the gradients 0."""
    q, k, v, mask = draw((2,), 4, 3, 5, 6)
    output, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    mask[1, 2] = False
    masked_output, masked_weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    others = np.ones((2, 4), bool)
    others[1, 2] = False
    assert not masked_output[1, 2].any()
    assert not masked_weights[1, 2].any()
    np.testing.assert_array_equal(masked_output[others], output[others])
    np.testing.assert_array_equal(masked_weights[others], weights[others])
    dq, _, _ = transformer.scaled_dot_product_attention_backward(np.ones((2, 4, 6)), q, k, v, masked_weights)
    assert not dq[1, 2].any()


def test_masked_weights_are_exactly_zero() -> None:
    """And whatever finite numbers stand behind the mask change nothing, bit for bit."""
    q, k, v, _ = draw((2,), 4, 3, 5, 6)
    mask = np.array([True, True, False])
    output, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    assert not weights[..., 2].any()
    k[:, 2], v[:, 2] = 1e6, -1e6
    again, weights_again = transformer.scaled_dot_product_attention(q, k, v, mask)
    np.testing.assert_array_equal(again, output)
    np.testing.assert_array_equal(weights_again, weights)


def test_attention_is_stable() -> None:
    """Scores of ±1e4, and rows 1e4 apart."""
    q, k = np.array([[1e4], [-1e4], [0.0]]), np.array([[1.0], [-1.0]])
    _, weights = transformer.scaled_dot_product_attention(q, k, np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(weights, [[1, 0], [0, 1], [0.5, 0.5]])


def test_attention_backward_on_paper() -> None:
    """Weights of 1/4 and 3/4, values 4 and 8, an upstream of 2: dscores = -1.5, 1.5."""
    # dweights = 2 (4, 8) = (8, 16); their mean by the weights is 14; dscores = (8 - 14)/4, 3 (16 - 14)/4
    q, k, v = np.array([[2.0, 0, 0, 0]]), np.array([[0.0, 1, 1, 1], [LN3, 5, 0, 0]]), np.array([[4.0], [8.0]])
    weights = np.array([[0.25, 0.75]])
    dq, dk, dv = transformer.scaled_dot_product_attention_backward(np.array([[2.0]]), q, k, v, weights)
    assert_close(dv, [[0.5], [1.5]])
    assert_close(dk, [[-1.5, 0, 0, 0], [1.5, 0, 0, 0]])  # ∓1.5 / √4, times q
    assert_close(dq, [[0.75 * LN3, 3, -0.75, -0.75]])


@all_attentions
def test_attention_backward_by_central_differences(sizes: Any) -> None:
    q, k, v, mask = draw(*sizes)
    mask = mask & (np.arange(mask.shape[-2])[:, np.newaxis] != 1)  # query 1 has nothing to attend to
    output, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    doutput = np.random.default_rng(2).normal(size=output.shape)
    grads = transformer.scaled_dot_product_attention_backward(doutput, q, k, v, weights)
    arguments = {"q": q, "k": k, "v": v}
    for (name, w), grad in zip(arguments.items(), grads, strict=True):

        def loss(w: Array, name: str = name) -> float:
            outputs, _ = transformer.scaled_dot_product_attention(**arguments | {name: w}, mask=mask)
            return float(np.vdot(doutput, outputs))

        np.testing.assert_allclose(grad, numerical_gradient(loss, w), rtol=1e-6, atol=1e-8)


@all_attentions
def test_attention_backward_against_autograd(sizes: Any) -> None:
    q, k, v, mask = draw(*sizes)
    tensors = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    output = torch_attention(tensors[0], tensors[1], tensors[2], attn_mask=torch.tensor(mask))
    doutput = np.random.default_rng(2).normal(size=output.shape)
    output.backward(torch.tensor(doutput))  # type: ignore[no-untyped-call]
    _, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    grads = transformer.scaled_dot_product_attention_backward(doutput, q, k, v, weights)
    for ours, tensor in zip(grads, tensors, strict=True):
        assert_close(ours, tensor.grad)


@all_heads
@pytest.mark.parametrize(("B", "T", "S"), [(2, 3, 4), (3, 4, 4), (1, 1, 1), (3, 1, 5)])
def test_heads_against_torch(heads: int, d: int, B: int, T: int, S: int) -> None:
    """torch.nn.MultiheadAttention, with a mask of its own for every row of the batch."""
    D = heads * d
    query, memory, _, mask = draw((B,), T, S, D, D)
    params = block_weights(D)
    network = torch.nn.MultiheadAttention(D, heads, batch_first=True, dtype=torch.float64)
    network.load_state_dict(torch_state(params))
    per_head = torch.tensor(~mask).repeat_interleave(heads, dim=0)  # torch's True is "not allowed"
    states = torch.tensor(memory)
    theirs = network(torch.tensor(query), states, states, attn_mask=per_head, average_attn_weights=False)
    output, weights = transformer.multi_head_attention(query, memory, mask, params, heads)
    assert_close(output, theirs[0].detach())
    assert_close(weights, theirs[1].detach())


def test_a_head_owns_its_columns() -> None:
    """Two heads are two attentions, in the first half of the columns and in the second."""
    query, memory, _, mask = draw((2,), 3, 5, 6, 6)
    params = block_weights(6)
    _, weights = transformer.multi_head_attention(query, memory, mask, params, 2)
    q, k, v = (x @ params[f"W_{n}"] + params[f"b_{n}"] for x, n in ((query, "q"), (memory, "k"), (memory, "v")))
    for head, columns in enumerate((slice(0, 3), slice(3, 6))):
        alone = transformer.scaled_dot_product_attention(q[..., columns], k[..., columns], v[..., columns], mask)
        assert_close(weights[:, head], alone[1])


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 1, 5), (1, 4, 5), (4, 5), (5,), (4, 1)])
def test_masks_broadcast_to_queries_and_keys(shape: tuple[int, ...]) -> None:
    """Also with as many heads as rows, where a mask for rows could be taken for one for heads."""
    query, memory, _, _ = draw((3,), 4, 5, 6, 6)
    mask = np.random.default_rng(3).random(shape) < 0.6
    full = np.broadcast_to(mask, (3, 4, 5)).copy()
    output, weights = transformer.multi_head_attention(query, memory, mask, block_weights(6), 3)
    expected, expected_weights = transformer.multi_head_attention(query, memory, full, block_weights(6), 3)
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(weights, expected_weights)
    np.testing.assert_array_equal(weights == 0, np.repeat(~full[:, np.newaxis], 3, axis=1))


def test_nothing_to_attend_to_leaves_the_output_bias() -> None:
    query, memory, _, _ = draw((2,), 3, 4, 6, 6)
    params = block_weights(6)
    output, _ = transformer.multi_head_attention(query, memory, np.zeros((2, 1, 1), bool), params, 2)
    assert_close(output, np.broadcast_to(params["b_o"], output.shape))


def test_positions_on_paper() -> None:
    """D = 4: angles t and t/100."""
    expected = [[np.sin(t), np.cos(t), np.sin(t / 100), np.cos(t / 100)] for t in range(3)]
    assert_close(transformer.positional_encoding(3, 4), expected)
    assert_close(transformer.positional_encoding(2, 1), [[0], [np.sin(1)]])


@pytest.mark.parametrize(("T", "D"), [(5, 6), (4, 7), (1, 1), (3, 3), (50, 2)])
def test_positions_number_by_number(T: int, D: int) -> None:
    """An odd D ends with a sine."""
    encoding = transformer.positional_encoding(T, D)
    assert encoding.shape == (T, D)
    for t in range(T):
        for column in range(D):
            angle = t / 10000 ** ((column - column % 2) / D)
            assert_close(encoding[t, column], np.cos(angle) if column % 2 else np.sin(angle))


def test_positions_a_distance_apart_match_alike() -> None:
    """The product of two encodings is a function of their distance: Σ_i cos(distance / 10000^(2i/D))."""
    encoding = transformer.positional_encoding(30, 8)
    distance = np.arange(30)[:, np.newaxis] - np.arange(30)
    expected = sum(np.cos(distance / 10000 ** (2 * i / 8)) for i in range(4))
    assert_close(encoding @ encoding.T, expected)


def test_causal_mask_on_paper() -> None:
    np.testing.assert_array_equal(transformer.causal_mask(3), [[True, False, False], [True, True, False], [True] * 3])
    assert transformer.causal_mask(2).dtype == np.bool_


def test_later_steps_change_nothing_under_a_causal_mask() -> None:
    """The block's steps 0 to 2 stay, bit for bit, whatever the steps behind them hold."""
    x, _, _, _ = draw((2,), 5, 5, 6, 6)
    params, mask = block_weights(6), transformer.causal_mask(5)
    before = transformer.encoder_block(x, mask, params, 2)
    x[:, 3:] *= -7
    after = transformer.encoder_block(x, mask, params, 2)
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (after[:, 3:] != before[:, 3:]).any()


def test_layer_norm_on_paper() -> None:
    """(1, 3) has mean 2 and variance 1, with eps 3 a root of 2; a constant becomes beta."""
    x, gamma, beta = np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([2.0, 4.0]), np.array([0.5, 10.0])
    assert_close(transformer.layer_norm(x, gamma, beta, eps=3.0), [[-0.5, 12.0], [0.5, 10.0]])


@pytest.mark.parametrize("shape", [(2, 3, 4), (5,), (3, 1), (1, 1, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e4])
def test_layer_norm_against_torch(shape: tuple[int, ...], scale: float) -> None:
    """Also where eps is what counts, and with the default one."""
    rng = np.random.default_rng(0)
    x, gamma, beta = scale * rng.normal(size=shape), rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
    theirs = torch.nn.functional.layer_norm(torch.tensor(x), shape[-1:], torch.tensor(gamma), torch.tensor(beta))
    assert_close(transformer.layer_norm(x, gamma, beta), theirs, rtol=1e-9)


@all_heads
@pytest.mark.parametrize(("B", "T"), [(2, 3), (3, 3), (1, 1), (2, 6)])
def test_block_against_torch(heads: int, d: int, B: int, T: int) -> None:
    """torch.nn.TransformerEncoderLayer, post-norm, without dropout; with and without a mask."""
    x, _, _, mask = draw((B,), T, T, heads * d, 1)
    params = block_weights(heads * d)
    layer = torch_block(params, heads).train()  # in eval mode torch takes another path, which knows fewer masks
    assert_close(transformer.encoder_block(x, None, params, heads), layer(torch.tensor(x)).detach(), rtol=1e-9)
    per_head = torch.tensor(~mask).repeat_interleave(heads, dim=0)
    theirs = layer(torch.tensor(x), src_mask=per_head).detach()
    assert_close(transformer.encoder_block(x, mask, params, heads), theirs, rtol=1e-9)


def test_block_on_paper() -> None:
    """No attention and no small network but its bias: norm, add, norm again."""
    # x = (1, 3), (6, 2): b_o = (0, 2) makes (1, 5), (6, 4), normed (-1, 1), (1, -1); b_2 = (4, 0) makes (3, 1), (5, -1)
    names = {f"W_{name}": (2, 2) for name in "qkvo"} | {"W_1": (2, 3), "W_2": (3, 2)}
    params: Weights = {name: np.zeros(shape) for name, shape in names.items()}
    params |= {"b_q": np.ones(2), "b_k": np.ones(2), "b_v": np.ones(2), "b_o": np.array([0.0, 2.0]), "b_1": np.ones(3)}
    params |= {"b_2": np.array([4.0, 0.0]), "gamma_1": np.ones(2), "beta_1": np.zeros(2)}
    params |= {"gamma_2": np.array([3.0, 3.0]), "beta_2": np.array([0.0, 1.0])}
    y = transformer.encoder_block(np.array([[[1.0, 3.0], [6.0, 2.0]]]), None, params, 1)
    np.testing.assert_allclose(y, [[[3, -2], [3, -2]]], rtol=2e-5)


def test_without_positions_order_does_not_matter() -> None:
    """The block of a permuted sequence is the permuted block: only the encoding says where a step stands."""
    x, _, _, _ = draw((2,), 5, 5, 6, 6)
    order, params = np.array([3, 0, 4, 1, 2]), block_weights(6)
    assert_close(
        transformer.encoder_block(x[:, order], None, params, 2), transformer.encoder_block(x, None, params, 2)[:, order]
    )
