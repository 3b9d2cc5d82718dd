"""What the functions of 10-classification take, refuse and leave alone: edges, padding, layouts, types, errors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, classification
from reference.tests.test_classification import BATCHES, draw

Inputs = dict[str, Any]


def calls() -> dict[str, tuple[Callable[..., Any], Inputs]]:
    """Every function of the module that takes arrays, with arguments by name that fit; some tokens are padding."""
    dlogits, tokens, lengths, params = draw(BATCHES[0])
    _, h = classification.classifier_forward(tokens, lengths, params)
    rng = np.random.default_rng(1)
    ragged = dict(tokens=tokens, lengths=lengths, params=params)
    return {
        "embedding_forward": (classification.embedding_forward, dict(ids=tokens, W_e=params["W_e"])),
        "embedding_backward": (
            classification.embedding_backward, dict(dx=rng.normal(size=(*tokens.shape, 3)), ids=tokens, V=9)
        ),
        "classifier_forward": (classification.classifier_forward, ragged),
        "classifier_backward": (
            classification.classifier_backward,
            dict(dlogits=dlogits, tokens=tokens, lengths=lengths, h=h, params=params),
        ),
    }  # fmt: skip


all_functions = pytest.mark.parametrize("name", calls())
classifiers = pytest.mark.parametrize("name", ["classifier_forward", "classifier_backward"])


def converted(value: Any, convert: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], kind: str = "f") -> Any:
    """value with convert applied to every array of this kind of dtype in it."""
    match value:
        case dict():
            return {key: converted(entry, convert, kind) for key, entry in value.items()}
        case np.ndarray() if value.dtype.kind in kind:
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
    for ours, theirs in zip(arrays_in(actual), arrays_in(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def every_other(array: Array) -> Array:
    return np.repeat(array, 2, axis=-1)[..., ::2]


def backwards(array: Array) -> Array:
    return array[::-1].copy()[::-1]


def test_public_names() -> None:
    """The module exports the twelve functions of the assignment."""
    texts = {"clean_text", "build_vocabulary", "encode", "pad_sequences"}
    assert set(classification.__all__) == {
        *calls(), *texts, "confusion_matrix", "save_model", "load_model", "train_classifier"
    }  # fmt: skip


@all_functions
def test_inputs_stay_as_they_were(name: str) -> None:
    """Read-only arrays are enough; no result shares memory with them, nor with another result."""
    function, inputs = calls()[name]
    arrays: list[npt.NDArray[Any]] = []

    def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        arrays.append(array.copy())
        arrays[-1].flags.writeable = False
        return arrays[-1]

    results = list(arrays_in(function(**converted(inputs, frozen, "fi"))))
    for number, result in enumerate(results):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in [*arrays, *results[:number]])


@all_functions
@pytest.mark.parametrize("layout", [np.asfortranarray, every_other, backwards])
def test_layout_does_not_matter(name: str, layout: Callable[[Array], Array]) -> None:
    """Fortran order and strided views give what contiguous arrays give."""
    function, inputs = calls()[name]
    assert_same(function(**converted(inputs, layout, "fi")), function(**inputs))


@all_functions
def test_float32_stays_float32(name: str) -> None:
    """If all real arguments are float32 so are the results, and near those in float64."""
    function, inputs = calls()[name]
    narrow = function(**converted(inputs, lambda array: array.astype(np.float32)))
    for ours, theirs in zip(arrays_in(narrow), arrays_in(function(**inputs)), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@all_functions
def test_integers_of_any_kind_are_ids(name: str) -> None:
    """int32, uint8 and lists do as well as int64; floats are refused by name."""
    function, inputs = calls()[name]
    expected = function(**inputs)
    for kind in (np.int32, np.uint8):
        assert_same(function(**converted(inputs, lambda array, kind=kind: array.astype(kind), "i")), expected)  # type: ignore[misc]
    key = "ids" if "ids" in inputs else "tokens"
    assert_same(function(**inputs | {key: inputs[key].tolist()}), expected)
    with pytest.raises(ValueError, match=rf"^{key} has dtype float64"):
        function(**inputs | {key: inputs[key] / 1.0})


@all_functions
@pytest.mark.parametrize("wrong", [-1, 9])
def test_ids_are_rows_of_the_table(name: str, wrong: int) -> None:
    """Below 0 and from V on they are refused by name."""
    function, inputs = calls()[name]
    key = "ids" if "ids" in inputs else "tokens"
    ids = inputs[key].copy()
    ids[0, 1] = wrong
    with pytest.raises(ValueError, match=rf"^{key} holds ids from .* expected 0 to 8$"):
        function(**inputs | {key: ids})


@classifiers
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("junk", [-7, 10**6])
def test_padding_does_not_matter(name: str, junk: int) -> None:
    """Whatever stands behind a row's end, if only it is an integer; and what h holds before the last column."""
    function, inputs = calls()[name]
    padding = np.arange(6) >= inputs["lengths"][:, np.newaxis]
    dirty = inputs | {"tokens": np.where(padding, junk, inputs["tokens"])}
    if "h" in inputs:
        dirty["h"] = inputs["h"].copy()
        dirty["h"][:, :-1][padding[:, :-1]] = np.nan
    assert_same(function(**dirty), function(**inputs))


@classifiers
@pytest.mark.parametrize("wrong", [-1, 7])
def test_lengths_lie_between_0_and_the_last_step(name: str, wrong: int) -> None:
    """Below 0 or beyond the last step they are refused by name."""
    function, inputs = calls()[name]
    with pytest.raises(ValueError, match=r"^lengths holds .* expected 0 to T = 6$"):
        function(**inputs | {"lengths": np.array([1, 2, wrong, 5])})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("batch", [(0, 4, 3, 2, 3, [0, 0]), (5, 4, 3, 2, 3, [])])
def test_no_steps_and_no_rows(batch: Any) -> None:
    """T = 0 and B = 0: logits of as many rows, and gradients of zero but for the output layer's bias."""
    dlogits, tokens, lengths, params = draw(batch)
    logits, h = classification.classifier_forward(tokens, lengths, params)
    np.testing.assert_array_equal(logits, np.tile(params["b_y"], (len(tokens), 1)))
    assert h.shape == (*tokens.shape, 2)
    grads = classification.classifier_backward(dlogits, tokens, lengths, h, params)
    np.testing.assert_array_equal(grads.pop("b_y"), dlogits.sum(axis=0))
    assert_same(grads, {name: np.zeros_like(params[name]) for name in grads})


@all_functions
def test_errors_name_the_argument(name: str) -> None:
    """An axis too few is a ValueError that names the argument; rows that are too many, one that names one of two."""
    function, inputs = calls()[name]
    for key in [key for key, value in inputs.items() if isinstance(value, np.ndarray) and value.ndim == 2]:
        if key != "ids":
            with pytest.raises(ValueError, match=rf"^{key} has shape"):
                function(**inputs | {key: inputs[key][0]})
    for key in {"dx", "lengths", "dlogits", "h"} & inputs.keys():
        with pytest.raises(ValueError, match=rf"^({'|'.join(inputs)}) has shape .* where "):
            function(**inputs | {key: np.concatenate([inputs[key]] * 2)})


@classifiers
@pytest.mark.parametrize("key", ["W_e", "W_x", "W_h", "b", "W_y", "b_y"])
def test_errors_in_params(name: str, key: str) -> None:
    """An entry that is missing, or of the wrong shape, is named."""
    function, inputs = calls()[name]
    missing = {other: value for other, value in inputs["params"].items() if other != key}
    with pytest.raises(ValueError, match=rf"^params has no {key};"):
        function(**inputs | {"params": missing})
    with pytest.raises(ValueError, match=rf"^{key} has shape"):
        function(**inputs | {"params": inputs["params"] | {key: inputs["params"][key][np.newaxis]}})


@pytest.mark.parametrize("V", [-1, 2.0, None, True])
def test_the_table_has_a_number_of_rows(V: Any) -> None:
    """A negative number, a float and what is no number are refused by name."""
    function, inputs = calls()["embedding_backward"]
    with pytest.raises(ValueError, match=r"^V is "):
        function(**inputs | {"V": V})


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["a list"]])
def test_a_text_is_a_text(text: Any) -> None:
    with pytest.raises(ValueError, match=r"^text is "):
        classification.clean_text(text, [])


@pytest.mark.parametrize("words", ["one text", [1], [None], [b"x"]])
def test_texts_and_stop_words_are_collections_of_texts(words: Any) -> None:
    """One str is none: `in` would look for a part of it, and a loop gives its characters."""
    with pytest.raises(ValueError, match=r"^stop_words is or holds "):
        classification.clean_text("a text", words)
    with pytest.raises(ValueError, match=r"^texts is or holds "):
        classification.build_vocabulary(words, 5)
    with pytest.raises(ValueError, match=r"^texts is or holds "):
        classification.encode(words, {})


@pytest.mark.parametrize("size", [1, 0, -3, 2.0, None])
def test_a_vocabulary_has_room_for_two(size: Any) -> None:
    with pytest.raises(ValueError, match=r"^size is .*, expected an integer of 2 or more$"):
        classification.build_vocabulary(["a"], size)


@pytest.mark.parametrize("wrong", ["left", "Pre", "", None, 0])
def test_there_are_two_ends(wrong: Any) -> None:
    """They are refused before anything is padded, even if there is nothing to pad."""
    for sequences in ([[1], [2, 3]], []):
        with pytest.raises(ValueError, match=r"^padding is .*, expected 'pre' or 'post'$"):
            classification.pad_sequences(sequences, 2, padding=wrong)
        with pytest.raises(ValueError, match=r"^truncating is .*, expected 'pre' or 'post'$"):
            classification.pad_sequences(sequences, 2, truncating=wrong)


@pytest.mark.parametrize("length", [-1, 1.0, None])
def test_rows_have_a_length(length: Any) -> None:
    with pytest.raises(ValueError, match=r"^length is "):
        classification.pad_sequences([[1]], length)


@pytest.mark.parametrize("sequence", [[1.5], ["a"], [[1]], 3])
def test_sequences_hold_ids(sequence: Any) -> None:
    """The one that does not is named by its number."""
    with pytest.raises(ValueError, match=r"^sequences\[1\] has "):
        classification.pad_sequences([[1], sequence], 2)


def test_lists_of_texts_and_ids_stay_as_they_were() -> None:
    """Nothing is added to a vocabulary, and nothing padded in the caller's lists."""
    texts, sequences, vocabulary = ["a b", "c"], [[1, 2, 3], []], {"a": 2}
    classification.build_vocabulary(texts, 9)
    classification.encode(texts, vocabulary)
    padded = classification.pad_sequences(sequences, 2)
    padded[:] = 7
    assert (texts, sequences, vocabulary) == (["a b", "c"], [[1, 2, 3], []], {"a": 2})


def test_confusion_matrix_refuses() -> None:
    """Lists of unequal length, and a class that is named twice."""
    with pytest.raises(ValueError, match=r"^predicted has 1 labels, expected as many as actual, 2$"):
        classification.confusion_matrix([1, 2], [1], [1, 2])
    with pytest.raises(ValueError, match=r"^classes is .*, expected each class once$"):
        classification.confusion_matrix([1, 2], [1, 2], [1, 2, 1])


@pytest.mark.parametrize(
    ("params", "vocabulary", "name"),
    [({"b": np.array(["text"])}, {}, "params"), ({"b": np.array([object()])}, {}, "params"),
     ({3: np.ones(2)}, {}, "params"), ({"__metadata__": np.ones(2)}, {}, "params"),
     ({"b": np.ones(2, complex)}, {}, "params"), ({}, {"word": "2"}, "vocabulary"),
     ({}, {"word": 2.0}, "vocabulary"), ({}, {2: 2}, "vocabulary"),
     ({}, {"word": True}, "vocabulary")],
)  # fmt: skip
def test_what_is_no_model_is_not_saved(tmp_path: Path, params: Any, vocabulary: Any, name: str) -> None:
    """It is refused by name, and there is no file."""
    with pytest.raises(ValueError, match=rf"^{name}\["):
        classification.save_model(tmp_path / "model", params, vocabulary)
    assert not list(tmp_path.iterdir())
