"""What the functions of 13-attention take, refuse and leave alone: edges, layouts, types, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, attention
from reference.tests.test_attention import SIZES, draw, draw_of_one_size, draw_step, of
from reference.tests.test_deep_inputs import arrays_in, assert_same, backwards, converted, every_other

Inputs = dict[str, Any]


def calls() -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module, with arguments by name that fit; some places are masked."""
    a, b = draw(SIZES[0]), draw_of_one_size(SIZES[0])
    step = draw_step(3, 4, 5, 6, 2, 7, 8)
    weights = attention.attention_weights(a["dscores"], step["mask"])
    names = {
        "dot_scores": "q keys", "scaled_dot_scores": "q keys", "cosine_scores": "q keys",
        "dot_scores_backward": "dscores q keys", "scaled_dot_scores_backward": "dscores q keys",
    }  # fmt: skip
    dot = {name: (getattr(attention, name), of(b, wanted)) for name, wanted in names.items()}
    return dot | {
        "general_scores": (attention.general_scores, of(a, "q keys W")),
        "general_scores_backward": (attention.general_scores_backward, of(a, "dscores q keys W")),
        "additive_scores": (attention.additive_scores, of(a, "q keys W_q W_k v")),
        "additive_scores_backward": (attention.additive_scores_backward, of(a, "dscores q keys W_q W_k v")),
        "attention_weights": (attention.attention_weights, dict(scores=a["dscores"], mask=step["mask"])),
        "context_vector": (attention.context_vector, dict(weights=weights, values=a["keys"])),
        "attention_backward": (
            attention.attention_backward, dict(dcontext=b["q"], values=b["keys"], weights=weights)
        ),
        "attention_decoder_step": (attention.attention_decoder_step, step),
    }  # fmt: skip


all_functions = pytest.mark.parametrize("name", calls())


def every_array(inputs: Inputs, convert: Callable[[npt.NDArray[Any]], Any], kinds: str) -> Inputs:
    """The inputs with convert applied to every array of these kinds but those in params."""
    chosen = {name: a for name, a in inputs.items() if isinstance(a, np.ndarray) and a.dtype.kind in kinds}
    return inputs | {name: convert(a) for name, a in chosen.items()}


def test_public_names() -> None:
    """The module exports the eleven functions of the assignment, and two gradients more."""
    assert set(attention.__all__) == set(calls())


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls()[name]
    arrays: list[npt.NDArray[Any]] = []

    def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**every_array(converted(inputs, frozen), frozen, "ib"))))
    assert arrays and results
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**every_array(converted(inputs, layout), layout, "ib")), function(**inputs))


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """If all floats are float32 so are those of the results, and near those in float64."""
    function, inputs = calls()[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    for ours, theirs in zip(arrays_in(narrow), arrays_in(function(**inputs)), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@all_functions
def test_lists_and_integers_are_welcome(name: str) -> None:
    """Lists give what arrays give, and whole numbers what they give as floats."""
    function, inputs = calls()[name]
    assert_same(function(**every_array(inputs, np.ndarray.tolist, "fib")), function(**inputs))
    whole = every_array(inputs, np.round, "f")
    assert_same(function(**every_array(whole, lambda a: a.astype(int), "f")), function(**whole))


@all_functions
def test_an_empty_batch(name: str) -> None:
    """No rows: nothing comes of it, and the gradients of the weights are 0."""
    function, inputs = calls()[name]
    shared = {"W", "W_q", "W_k", "v", "params"}
    result = function(**{key: value if key in shared else value[:0] for key, value in inputs.items()})
    results = result if isinstance(result, tuple) else (result,)
    per_row = len(results) - len(shared & set(inputs)) if name.endswith("backward") else len(results)
    for array in results[:per_row]:
        assert array.shape[0] == 0
    for array in results[per_row:]:
        assert array.size and not array.any()


@all_functions
def test_no_places(name: str) -> None:
    """S = 0: there is nothing to look at; the context is 0, and no gradient comes back."""
    function, inputs = calls()[name]
    places = {"keys", "values", "dscores", "scores", "weights", "mask"}
    result = function(**{key: value[:, :0] if key in places else value for key, value in inputs.items()})
    if name == "attention_decoder_step":
        nothing = inputs | {"mask": np.zeros_like(inputs["mask"])}
        assert_same(result[:2], function(**nothing)[:2])
        assert result[2].shape == (3, 0)
    else:
        assert not any(array.any() for array in arrays_in(result))


@all_functions
def test_misshapen_and_ill_typed_arguments_are_named(name: str) -> None:
    """An axis too many, a size too large, and complex numbers: the message begins with an argument's name."""
    function, inputs = calls()[name]
    names = "|".join(re_name for re_name in inputs if re_name != "params") + r"|params\['\w+'\]"
    for argument, value in inputs.items():
        if argument == "params":
            continue
        with pytest.raises(ValueError, match=rf"^({names}) has dtype complex128"):
            function(**inputs | {argument: value * 1j})
        if name == "attention_weights" and argument == "scores":
            continue
        with pytest.raises(ValueError, match=rf"^({names}) has shape"):
            function(**inputs | {argument: np.concatenate([value, value])})
        with pytest.raises(ValueError, match=rf"^({names}) has shape"):
            function(**inputs | {argument: value[np.newaxis]})


def test_masks_are_boolean() -> None:
    """0 and 1 could mean either thing, and are refused; so is a mask that does not fit, or that is larger."""
    scores = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"^mask has dtype int64, expected bool"):
        attention.attention_weights(scores, np.ones((3, 4), np.int64))
    for shape in ((4, 3), (3, 3), (2, 3, 4)):
        with pytest.raises(ValueError, match=r"^mask has shape .*, expected one that broadcasts to \(3, 4\)"):
            attention.attention_weights(scores, np.ones(shape, bool))
    with pytest.raises(ValueError, match=r"^scores has shape \(\)"):
        attention.attention_weights(np.array(1.0))


def test_params_of_the_step() -> None:
    """A missing entry is named, and so is one of another size: W_x has a row for each component that the GRU reads."""
    step, inputs = calls()["attention_decoder_step"]
    params = inputs["params"]
    for key, entry in params.items():
        with pytest.raises(ValueError, match=rf"^params has no {key}; expected the keys"):
            step(**inputs | {"params": {other: array for other, array in params.items() if other != key}})
        with pytest.raises(ValueError, match=r"^(params\['\w+'\]|state|keys) has shape"):
            step(**inputs | {"params": params | {key: entry[..., :-1]}})
    with pytest.raises(
        ValueError, match=r"^params\['W_x'\] has shape \(6, 18\), expected \(E\+D, 3H\) where E = 2, D = 5"
    ):
        step(**inputs | {"params": params | {"W_x": params["W_x"][:-1]}})
    for wrong in (-1, 8):
        with pytest.raises(ValueError, match=r"^tokens holds ids from .* expected 0 to 7"):
            step(**inputs | {"tokens": np.array([0, wrong, 1])})
    with pytest.raises(ValueError, match=r"^tokens has dtype float64"):
        step(**inputs | {"tokens": np.zeros(3)})
