"""What the functions of 17-transformer take, refuse and leave alone: edges, layouts, types, masks, errors."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, transformer
from reference.tests.test_transformer import block_weights, draw

Inputs = dict[str, Any]

ATTENTION = [f"{kind}_{name}" for kind in "Wb" for name in "qkvo"]
BLOCK = ["W_1", "b_1", "W_2", "b_2", "gamma_1", "beta_1", "gamma_2", "beta_2"]


def calls() -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module that takes arrays, with arguments by name that fit."""
    q, k, v, mask = draw((2,), 4, 3, 5, 6)
    query, memory, _, heads_mask = draw((2,), 4, 3, 6, 6)
    output, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    params = block_weights(6)
    x = memory + 1
    return {
        "attention": (transformer.scaled_dot_product_attention, dict(q=q, k=k, v=v, mask=mask)),
        "attention_backward": (
            transformer.scaled_dot_product_attention_backward,
            dict(doutput=output + 1, q=q, k=k, v=v, weights=weights),
        ),
        "multi_head_attention": (
            transformer.multi_head_attention,
            dict(query=query, memory=memory, mask=heads_mask, params={n: params[n] for n in ATTENTION}, heads=3),
        ),
        "layer_norm": (transformer.layer_norm, dict(x=x, gamma=params["gamma_1"], beta=params["beta_1"], eps=0.1)),
        "encoder_block": (
            transformer.encoder_block,
            dict(x=x, mask=transformer.causal_mask(3), params=params, heads=2),
        ),
    }


all_functions = pytest.mark.parametrize("name", calls())
masked_functions = pytest.mark.parametrize("name", [name for name, (_, inputs) in calls().items() if "mask" in inputs])
with_params = pytest.mark.parametrize(
    ("name", "key"),
    [("multi_head_attention", key) for key in ATTENTION] + [("encoder_block", key) for key in ATTENTION + BLOCK],
)


def converted(value: Any, convert: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Any:
    """value with convert applied to every array of floats in it."""
    match value:
        case dict():
            return {key: converted(entry, convert) for key, entry in value.items()}
        case np.ndarray() if value.dtype.kind == "f":
            return convert(value)
    return value


def arrays_in(value: Any) -> Iterator[npt.NDArray[Any]]:
    match value:
        case dict():
            value = list(value.values())
        case np.ndarray():
            yield value
    if isinstance(value, list | tuple):
        for entry in value:
            yield from arrays_in(entry)


def assert_same(actual: Any, expected: Any) -> None:
    """The same numbers, array by array."""
    for ours, theirs in zip(arrays_in(actual), arrays_in(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def every_other(array: Array) -> Array:
    """The same numbers as a view of every other entry of a larger array."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: Array) -> Array:
    """The same numbers as a view with a negative stride."""
    return array[::-1].copy()[::-1]


def test_public_names() -> None:
    """The module exports the seven functions of the assignment."""
    expected = {"causal_mask", "positional_encoding"} | {function.__name__ for function, _ in calls().values()}
    assert set(transformer.__all__) == expected
    assert len(expected) == 7


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls()[name]
    arrays: list[Array] = []

    def frozen(array: Array) -> Array:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**converted(inputs, frozen))))
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**converted(inputs, layout)), function(**inputs))


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """If all arguments are float32 so are the results, and near those in float64."""
    function, inputs = calls()[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    for ours, theirs in zip(arrays_in(narrow), arrays_in(function(**inputs)), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


@all_functions
def test_mixed_floats_and_integers_are_float64(name: str) -> None:
    """One argument in float64 among float32 ones is enough; integers count as float64 from the start."""
    function, inputs = calls()[name]
    narrow = {key: converted(value, lambda array: array.astype(np.float32)) for key, value in inputs.items()}
    for key, value in narrow.items():
        if any(array.dtype == np.float32 for array in arrays_in(value)):
            mixed = function(**narrow | {key: inputs[key]})
            assert all(result.dtype == np.float64 for result in arrays_in(mixed))
    whole = function(**converted(inputs, lambda array: (2 * array).astype(np.int32)))
    assert all(result.dtype == np.float64 for result in arrays_in(whole))
    assert_same(whole, function(**converted(inputs, lambda array: np.trunc(2 * array))))


@pytest.mark.parametrize(("T", "S"), [(0, 3), (4, 0), (0, 0)])
@pytest.mark.parametrize("leading", [(), (0,), (2, 3)])
def test_no_queries_and_no_keys(T: int, S: int, leading: tuple[int, ...]) -> None:
    """Without keys every output is 0, as in a row in which all of them are masked; and so are all gradients."""
    q, k, v = (np.ones((*leading, *shape)) for shape in ((T, 2), (S, 2), (S, 3)))
    output, weights = transformer.scaled_dot_product_attention(q, k, v)
    np.testing.assert_array_equal(output, np.zeros((*leading, T, 3)))
    assert weights.shape == (*leading, T, S)
    dq, dk, dv = transformer.scaled_dot_product_attention_backward(output + 1, q, k, v, weights)
    for ours, given in ((dq, q), (dk, k), (dv, v)):
        np.testing.assert_array_equal(ours, np.zeros_like(given))


@pytest.mark.parametrize(("B", "T"), [(0, 3), (2, 0), (0, 0)])
def test_no_rows_and_no_steps(B: int, T: int) -> None:
    """B = 0 and T = 0: results of as many rows and steps."""
    x, params = np.ones((B, T, 6)), block_weights(6)
    assert transformer.encoder_block(x, None, params, 2).shape == (B, T, 6)
    output, weights = transformer.multi_head_attention(x, np.ones((B, 4, 6)), None, params, 3)
    assert output.shape == (B, T, 6)
    assert weights.shape == (B, 3, T, 4)
    assert transformer.layer_norm(x, params["gamma_1"], params["beta_1"]).shape == (B, T, 6)


def test_no_positions() -> None:
    assert transformer.positional_encoding(0, 4).shape == (0, 4)
    assert transformer.positional_encoding(4, 0).shape == (4, 0)
    assert transformer.causal_mask(0).shape == (0, 0)


@pytest.mark.parametrize(
    ("name", "key", "shape"),
    [
        ("attention", "q", (5,)),
        ("attention", "k", (2, 3, 4)),
        ("attention", "k", (3, 3, 5)),
        ("attention", "k", (3, 5)),
        ("attention", "v", (2, 4, 6)),
        ("attention", "v", (1, 3, 6)),
        ("attention_backward", "q", (2, 3, 5)),
        ("attention_backward", "k", (2, 3, 4)),
        ("attention_backward", "v", (2, 3, 5)),
        ("attention_backward", "v", (2, 4, 6)),
        ("attention_backward", "weights", (2, 3, 4)),
        ("attention_backward", "weights", (4, 3)),
        ("multi_head_attention", "query", (4, 6)),
        ("multi_head_attention", "memory", (2, 3, 5)),
        ("multi_head_attention", "memory", (1, 3, 6)),
        ("layer_norm", "x", ()),
        ("layer_norm", "gamma", (5,)),
        ("layer_norm", "gamma", (1, 6)),
        ("layer_norm", "beta", (1,)),
        ("encoder_block", "x", (3, 6)),
        ("encoder_block", "x", (1, 2, 3, 6)),
    ],
)
def test_errors_name_the_argument(name: str, key: str, shape: tuple[int, ...]) -> None:
    """A shape that does not fit those before it is a ValueError that names the argument."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=rf"^{key} has shape {re.escape(str(shape))}, expected"):
        function(**inputs | {key: np.ones(shape)})


@with_params
def test_errors_in_params(name: str, key: str) -> None:
    """An entry that is missing, or of the wrong shape, is named."""
    function, inputs = calls()[name]
    missing = {other: value for other, value in inputs["params"].items() if other != key}
    with pytest.raises(ValueError, match=rf"^params has no {key};"):
        function(**inputs | {"params": missing})
    wrong = inputs["params"] | {key: inputs["params"][key][..., :-1]}
    with pytest.raises(ValueError, match=r"^params\['\w+'\] has shape"):
        function(**inputs | {"params": wrong})


@masked_functions
def test_masks_are_boolean(name: str) -> None:
    """Zeros and ones are refused: elsewhere they, or their negatives, are added to the scores. A list is an array."""
    function, inputs = calls()[name]
    assert_same(function(**inputs | {"mask": inputs["mask"].tolist()}), function(**inputs))
    for wrong in (inputs["mask"].astype(int), np.where(inputs["mask"], 0.0, -np.inf)):
        with pytest.raises(ValueError, match=r"^mask has dtype"):
            function(**inputs | {"mask": wrong})


@masked_functions
def test_masks_broadcast_to_the_scores(name: str) -> None:
    """None is a mask of True; a size that is neither 1 nor that of the scores, or an axis too many, is refused."""
    function, inputs = calls()[name]
    assert_same(function(**inputs | {"mask": None}), function(**inputs | {"mask": np.True_}))
    for shape in ((7,), (7, 1), (1, 1, 1, 1)):
        with pytest.raises(ValueError, match=r"^mask has shape .* expected what broadcasts to \(2, "):
            function(**inputs | {"mask": np.ones(shape, bool)})


@pytest.mark.parametrize("name", ["multi_head_attention", "encoder_block"])
@pytest.mark.parametrize("heads", [0, -1, 4, 5, 12, 2.0, True, None])
def test_heads_divide_the_features(name: str, heads: Any) -> None:
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^heads is .*, expected an int that divides D = 6$"):
        function(**inputs | {"heads": heads})
    assert_same(function(**inputs | {"heads": np.int64(2)}), function(**inputs | {"heads": 2}))


@pytest.mark.parametrize("eps", [0.0, -1e-5, np.nan])
def test_eps_is_positive(eps: float) -> None:
    function, inputs = calls()["layer_norm"]
    with pytest.raises(ValueError, match=r"^eps is "):
        function(**inputs | {"eps": eps})


def test_a_vector_has_an_entry() -> None:
    """The root of d = 0 would be divided by, and nothing has no mean."""
    nothing = np.ones((2, 3, 0))
    with pytest.raises(ValueError, match=r"^q has shape \(2, 3, 0\), expected at least one feature"):
        transformer.scaled_dot_product_attention(nothing, nothing, np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match=r"^q has shape"):
        transformer.scaled_dot_product_attention_backward(
            np.ones((2, 3, 4)), nothing, nothing, np.ones((2, 3, 4)), np.ones((2, 3, 3))
        )
    with pytest.raises(ValueError, match=r"^x has shape"):
        transformer.layer_norm(nothing, np.ones(0), np.ones(0))
    with pytest.raises(ValueError, match=r"^query has shape"):
        transformer.multi_head_attention(nothing, nothing, None, block_weights(0), 1)


@pytest.mark.parametrize("size", [-1, 2.0, True, None])
def test_sizes(size: Any) -> None:
    """A negative number, a float and what is no number are refused by name."""
    with pytest.raises(ValueError, match=r"^T is "):
        transformer.causal_mask(size)
    with pytest.raises(ValueError, match=r"^T is "):
        transformer.positional_encoding(size, 4)
    with pytest.raises(ValueError, match=r"^D is "):
        transformer.positional_encoding(4, size)
    two: Any = np.int64(2)
    np.testing.assert_array_equal(transformer.causal_mask(two), transformer.causal_mask(2))
