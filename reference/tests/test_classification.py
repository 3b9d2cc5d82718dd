"""From text to class: values on paper, plain loops, torch in float64, central differences, scikit-learn, files."""

import json
import os
import pickle
import string
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.numpy import save_file
from sklearn.metrics import confusion_matrix as sklearns

from reference import Array, classification
from reference.bptt import numerical_gradient
from reference.deep import masked_forward

# T, V, E, H, O and each row's length: unequal, with axes of 1, with equal sizes, with empty rows, with nothing but them
BATCHES = [
    (6, 9, 3, 5, 2, [4, 6, 1, 3]), (1, 1, 1, 1, 1, [1]), (4, 5, 3, 3, 3, [2, 4, 3]), (5, 7, 2, 4, 3, [0, 5, 0, 2]),
    (3, 4, 2, 3, 2, [0, 0]),
]  # fmt: skip
all_batches = pytest.mark.parametrize("batch", BATCHES)

Batch = tuple[int, int, int, int, int, list[int]]
Ints = npt.NDArray[np.int64]

NAMES = ["W_e", "W_x", "W_h", "b", "W_y", "b_y"]


def draw(batch: Batch) -> tuple[Array, Ints, Ints, dict[str, Array]]:
    """dlogits, tokens, lengths and params; words come twice, and padding holds ids, too."""
    T, V, E, H, classes, lengths = batch
    rng = np.random.default_rng(0)
    shapes = {"W_e": (V, E), "W_x": (E, H), "W_h": (H, H), "b": (H,), "W_y": (H, classes), "b_y": (classes,)}
    params = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    tokens = rng.integers(0, V, (len(lengths), T))
    tokens[:, : T // 2] = tokens[:, :1]
    return rng.normal(size=(len(lengths), classes)), tokens, np.array(lengths), params


def assert_close(actual: Any, expected: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-13)


CLEANED = {
    "The £27,000 question: DON'T  panic – it's hi-tech!": "27000 question panic hitech",
    "Don't, (don't) “don't” ‘don't’": "",
    "We'll": "well",  # it has become a stop word, and is not looked up again
    "well": "",
    "\tBBC's\nnew-look\u00a0U.S.A. ": "bbcs newlook usa",
    "café CAFÉ e\u0301té naïve": "café café e\u0301té naïve",
    "हिन्दी। 新聞，५० 3½ m²": "हिन्दी 新聞५० 3½ m²",
    "a_b C++ #tag @you 5% =) ¿? © 2004": "ab c tag you 5 2004",
    "isle of the": "isle of",
    "": "",
    " -- … ": "",
}


@pytest.mark.parametrize("text", CLEANED)
def test_clean_on_paper(text: str) -> None:
    """Stop words are met with marks around them, marks inside go, letters of all scripts stay."""
    stop_words = ["the", "don't", "it's", "well", "is"]
    for kind in (list, tuple, set, frozenset, dict.fromkeys):
        assert classification.clean_text(text, kind(stop_words)) == CLEANED[text]


def test_clean_knows_every_punctuation_mark() -> None:
    """All characters that there are: those of categories P and S go, from the inside and from the ends."""
    kinds = {character: unicodedata.category(character)[0] for character in map(chr, range(0x30000))}
    marks = [character for character, kind in kinds.items() if kind in "PS"]
    assert set(string.punctuation) < set(marks)
    assert classification.clean_text("".join(f"x{mark}" for mark in marks), []) == "x" * len(marks)
    others = "".join(character for character, kind in kinds.items() if kind in "LMN")
    assert classification.clean_text(others, []) == others.lower()


def test_vocabulary_on_paper() -> None:
    """b and a occur twice, b first; c once. The two ids that are no words' count."""
    texts = ["b a", "c a b", ""]
    assert classification.build_vocabulary(texts, 10) == {"b": 2, "a": 3, "c": 4}
    assert classification.build_vocabulary(texts, 4) == {"b": 2, "a": 3}
    assert classification.build_vocabulary(texts, 2) == {}
    assert classification.build_vocabulary([], 5) == {}
    assert classification.build_vocabulary(["A a\ta"], 5) == {"a": 2, "A": 3}


@pytest.mark.parametrize("size", [2, 3, 7, 30, 100])
def test_vocabulary_against_a_plain_sort(size: int) -> None:
    """By falling count, then by first appearance; the dict stands in that order."""
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{n}" for n in np.minimum(rng.geometric(0.1, 9), 60)) for _ in range(40)]
    words = " ".join(texts).split()
    ranked = sorted(set(words), key=lambda word: (-words.count(word), words.index(word)))[: size - 2]
    expected = [(word, number) for number, word in enumerate(ranked, start=2)]
    assert list(classification.build_vocabulary(texts, size).items()) == expected


def test_encode_on_paper() -> None:
    """1 for strangers, nothing for nothing, and the vocabulary is what it was."""
    vocabulary = {"a": 2, "b": 7}
    assert classification.encode(["b x a b", "", "A"], vocabulary) == [[7, 1, 2, 7], [], [1]]
    assert vocabulary == {"a": 2, "b": 7}


def test_what_is_encoded_can_be_decoded() -> None:
    """With room for every word, ids lead back to the text."""
    texts = ["to be or not to be", "that is the question"]
    vocabulary = classification.build_vocabulary(texts, 100)
    words = {number: word for word, number in vocabulary.items()}
    assert [" ".join(words[i] for i in ids) for ids in classification.encode(texts, vocabulary)] == texts


def test_pad_on_paper() -> None:
    """Too long, just right, too short, empty; both ends for both."""
    sequences = [[1, 2, 3, 4], [5, 6, 7], [8], []]
    expected = {
        ("post", "post"): [[1, 2, 3], [5, 6, 7], [8, 0, 0], [0, 0, 0]],
        ("pre", "post"): [[1, 2, 3], [5, 6, 7], [0, 0, 8], [0, 0, 0]],
        ("post", "pre"): [[2, 3, 4], [5, 6, 7], [8, 0, 0], [0, 0, 0]],
        ("pre", "pre"): [[2, 3, 4], [5, 6, 7], [0, 0, 8], [0, 0, 0]],
    }
    for (padding, truncating), rows in expected.items():
        padded = classification.pad_sequences(sequences, 3, padding, truncating)
        assert padded.dtype == np.int64
        np.testing.assert_array_equal(padded, rows)
        assert classification.pad_sequences(sequences, 0, padding, truncating).shape == (4, 0)
        assert classification.pad_sequences([], 3, padding, truncating).shape == (0, 3)
    np.testing.assert_array_equal(classification.pad_sequences(sequences, 3), expected["post", "post"])
    arrays = [np.array(ids, np.int32) for ids in sequences]
    np.testing.assert_array_equal(classification.pad_sequences(arrays, 3), expected["post", "post"])  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(), (7,), (4, 6), (2, 3, 5), (0,), (3, 0)])
def test_embedding_is_a_product_with_one_hot_vectors(shape: tuple[int, ...]) -> None:
    """Forward and backward, with words that come often, and ids that never come."""
    rng = np.random.default_rng(2)
    V, E = 5, 3
    ids, W_e = rng.integers(0, V - 1, shape), rng.normal(size=(V, E))
    dx = rng.normal(size=(*shape, E))
    onehot = np.eye(V)[ids]
    assert_close(classification.embedding_forward(ids, W_e), onehot @ W_e)
    expected = onehot.reshape(-1, V).T @ dx.reshape(-1, E)
    dW_e = classification.embedding_backward(dx, ids, V)
    assert_close(dW_e, expected)
    np.testing.assert_array_equal(dW_e[-1], 0.0)


def test_embedding_backward_on_paper() -> None:
    """Word 1 twice, word 0 once, word 2 never."""
    dx = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]])
    dW_e = classification.embedding_backward(dx, np.array([[1, 0, 1]]), 3)
    np.testing.assert_array_equal(dW_e, [[2, 20], [4, 40], [0, 0]])


def test_embedding_backward_against_torch() -> None:
    """nn.Embedding on ids of which most come more than once."""
    rng = np.random.default_rng(3)
    ids, W_e, dx = rng.integers(0, 6, (8, 9)), rng.normal(size=(11, 4)), rng.normal(size=(8, 9, 4))
    leaf = torch.tensor(W_e, requires_grad=True)
    torch.autograd.backward(torch.nn.functional.embedding(torch.tensor(ids), leaf), torch.tensor(dx))
    assert leaf.grad is not None
    assert_close(classification.embedding_backward(dx, ids, 11), leaf.grad)


def test_classifier_on_paper() -> None:
    """One unit: tanh(0.5) = 0.46211716, tanh(0.96211716) = 0.74521974; then it waits, and 2 h + 1 is the logit."""
    one = np.ones((1, 1))
    params = {"W_e": np.array([[9.0], [9.0], [0.5]]), "W_x": one, "W_h": one, "b": np.zeros(1)}
    params |= {"W_y": 2 * one, "b_y": np.ones(1)}
    logits, h = classification.classifier_forward(np.array([[2, 2, 1], [2, 2, 2]]), np.array([2, 0]), params)
    expected = [[0.46211716, 0.74521974, 0.74521974], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(h[:, :, 0], expected, atol=1e-8)
    np.testing.assert_allclose(logits, [[2.49043948], [1.0]], atol=1e-8)


def test_classifier_backward_on_paper() -> None:
    """At rest all slopes are 1: 2 arrives at step 1, half of it at step 0, and words get three times as much."""
    one = np.ones((1, 1))
    params = {"W_e": np.zeros((3, 1)), "W_x": 3 * one, "W_h": 0.5 * one, "b": np.zeros(1)}
    params |= {"W_y": 2 * one, "b_y": np.zeros(1)}
    lengths, tokens = np.array([2]), np.array([[2, 1, 0]])
    grads = classification.classifier_backward(one, tokens, lengths, np.zeros((1, 3, 1)), params)
    np.testing.assert_array_equal(grads["W_e"], [[0], [6], [3]])
    assert {name: grads[name].item() for name in NAMES[1:]} == {"W_x": 0, "W_h": 0, "b": 3, "W_y": 0, "b_y": 1}


@all_batches
def test_forward_is_that_of_08(batch: Batch) -> None:
    """The states are those of masked_forward on the embedded tokens; the logits come from the last column."""
    _, tokens, lengths, params = draw(batch)
    logits, h = classification.classifier_forward(tokens, lengths, params)
    zeros = np.zeros((len(tokens), len(params["W_h"])))
    expected = masked_forward(params["W_e"][tokens], lengths, zeros, params["W_x"], params["W_h"], params["b"])
    assert_close(h, expected)
    assert_close(logits, expected[:, -1] @ params["W_y"] + params["b_y"])


@all_batches
def test_classifier_against_torch(batch: Batch) -> None:
    """Logits and all gradients of torch's layers, one row after the other, each cut to its length."""
    dlogits, tokens, lengths, params = draw(batch)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    rows = []
    for row, length in zip(tokens, lengths, strict=True):
        state = torch.zeros(len(params["W_h"]), dtype=torch.float64)
        for token in row[:length]:
            state = torch.tanh(leaves["W_e"][token] @ leaves["W_x"] + state @ leaves["W_h"] + leaves["b"])
        rows.append(state @ leaves["W_y"] + leaves["b_y"])
    torch.autograd.backward(torch.stack(rows), torch.tensor(dlogits))
    logits, h = classification.classifier_forward(tokens, lengths, params)
    assert_close(logits, torch.stack(rows).detach())
    grads = classification.classifier_backward(dlogits, tokens, lengths, h, params)
    assert list(grads) == NAMES
    for name, leaf in leaves.items():
        assert_close(grads[name], np.zeros(leaf.shape) if leaf.grad is None else leaf.grad)


@all_batches
def test_backward_against_central_differences(batch: Batch) -> None:
    """The loss is a random sum over all logits."""
    dlogits, tokens, lengths, params = draw(batch)
    _, h = classification.classifier_forward(tokens, lengths, params)
    grads = classification.classifier_backward(dlogits, tokens, lengths, h, params)

    def loss(name: str, w: Array) -> float:
        return float(np.sum(dlogits * classification.classifier_forward(tokens, lengths, params | {name: w})[0]))

    for name in NAMES:
        expected = numerical_gradient(lambda w, name=name: loss(name, w), params[name])  # type: ignore[misc]
        np.testing.assert_allclose(grads[name], expected, rtol=1e-6, atol=1e-8)


def test_a_row_of_a_ragged_batch_is_the_row_alone() -> None:
    """Cut to its own length and taken alone, a row gets the same logits; the gradients are the sum of the rows'."""
    dlogits, tokens, lengths, params = draw(BATCHES[0])
    logits, h = classification.classifier_forward(tokens, lengths, params)
    grads = classification.classifier_backward(dlogits, tokens, lengths, h, params)
    sums = {name: np.zeros_like(value) for name, value in params.items()}
    for row, length in enumerate(lengths):
        alone = tokens[row : row + 1, :length], lengths[[row]]
        row_logits, row_h = classification.classifier_forward(*alone, params)
        assert_close(row_logits[0], logits[row])
        for name, grad in classification.classifier_backward(dlogits[[row]], *alone, row_h, params).items():
            sums[name] += grad
    for name in NAMES:
        assert_close(grads[name], sums[name])


@pytest.mark.parametrize("labels", [["x", "y", "z", "w"], [3, 0, 12, -1]])
def test_confusion_matrix_against_scikit_learn(labels: list[Any]) -> None:
    """With all classes, with some of them, in other orders; lists, arrays, and numpy's scalars."""
    rng = np.random.default_rng(4)
    actual, predicted = ([labels[i] for i in rng.integers(0, 4, 60)] for _ in range(2))
    for classes in (labels, labels[::-1], labels[1:], [labels[2], labels[0]]):
        ours = classification.confusion_matrix(actual, predicted, classes)
        assert ours.dtype == np.int64
        np.testing.assert_array_equal(ours, sklearns(actual, predicted, labels=classes))
        np.testing.assert_array_equal(
            classification.confusion_matrix(np.array(actual), np.array(predicted), np.array(classes)), ours
        )


def test_confusion_matrix_on_paper() -> None:
    """The truth in the rows; a label that is no class takes its pair out."""
    counts = classification.confusion_matrix(["a", "a", "b", "c"], ["a", "b", "b", "a"], ["b", "a"])
    np.testing.assert_array_equal(counts, [[1, 0], [1, 1]])
    np.testing.assert_array_equal(classification.confusion_matrix([], [], [5, 4]), np.zeros((2, 2)))
    assert classification.confusion_matrix(["a"], ["a"], []).shape == (0, 0)


def model() -> tuple[dict[str, npt.NDArray[Any]], dict[str, int]]:
    """Arrays of all kinds, and words that are hard to write down; neither is in the alphabet's order."""
    rng = np.random.default_rng(5)
    params: dict[str, npt.NDArray[Any]] = {
        "W_y": rng.normal(size=(4, 3)), "W_e": rng.normal(size=(5, 4)).astype(np.float32), "one": np.array(np.pi),
        "none": np.zeros((0, 7)), "ids": rng.integers(0, 2**62, 9), "seen": rng.random(5) < 0.5,
        "half": rng.normal(size=3).astype(np.float16), "byte": np.arange(3, dtype=np.uint8),
        "fortran": np.asfortranarray(rng.normal(size=(3, 2))), "strided": rng.normal(size=(4, 6))[::2, ::-3],
        "naïve name": np.array([np.nan, -np.inf, -0.0, 5e-324]), "b": np.zeros(2),
    }  # fmt: skip
    words = ["zebra", "naïve", "nai\u0308ve", "हिन्दी", "新聞", "💹", '"', "\\", "\x00", "\ud800", "", "a", "names"]
    return params, {word: number for number, word in enumerate(words, start=2)}


@pytest.mark.parametrize("name", ["model", "a model.v2.npz", "модель"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_model_comes_back_as_it_was(tmp_path: Path, name: str, kind: type) -> None:
    """One file of exactly the name; names, their order, dtypes, shapes, bits; words, their order, ids."""
    params, vocabulary = model()
    classification.save_model(kind(tmp_path / name), params, vocabulary)
    assert os.listdir(tmp_path) == [name]
    found, words = classification.load_model(kind(tmp_path / name))
    assert list(found) == list(params)
    for ours, theirs in zip(found.values(), params.values(), strict=True):
        assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())
        assert ours.flags.writeable
    assert list(words.items()) == list(vocabulary.items())
    assert {type(number) for number in words.values()} == {int}


def test_a_model_replaces_the_one_before(tmp_path: Path) -> None:
    """A second save to the same path; numpy's ids are ints afterwards; there may be no words and no weights."""
    path = tmp_path / "model"
    classification.save_model(path, *model())
    classification.save_model(path, {}, {"word": np.int32(2)})  # type: ignore[dict-item]
    params, vocabulary = classification.load_model(path)
    assert (params, vocabulary, type(vocabulary["word"])) == ({}, {"word": 2}, int)


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("kind", ["pickle", "npy", "npz", "torch"])
def test_no_pickle_is_run(tmp_path: Path, kind: str) -> None:
    """A pickle, alone or in numpy's or torch's wrapping, is refused, and what it would have done is not done."""
    path, trap = tmp_path / "model", Trap(tmp_path / "ran")
    with open(path, "wb") as file:
        match kind:
            case "pickle":
                pickle.dump(trap, file)
            case "npy":
                np.save(file, np.array([trap], object), allow_pickle=True)
            case "npz":
                np.savez(file, names=np.array([trap], object), vocabulary=np.array([trap], object))
            case _:
                torch.save({"W_e": trap}, file)
    with pytest.raises(ValueError, match=r"^path '.*model' holds no model"):
        classification.load_model(path)
    assert os.listdir(tmp_path) == ["model"]
    if kind == "pickle":
        pickle.loads(path.read_bytes())
        assert (tmp_path / "ran").exists(), "the trap is none"


WORDS = json.dumps({"word": 2})


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"names": '["b"]'}, {"vocabulary": WORDS}, {"names": "b", "vocabulary": WORDS},
     {"names": '["c"]', "vocabulary": WORDS}, {"names": "3", "vocabulary": WORDS},
     {"names": '["b"]', "vocabulary": "{"}, {"names": '["b"]', "vocabulary": "[2]"},
     {"names": '["b"]', "vocabulary": '{"word": "2"}'}, {"names": '["b"]', "vocabulary": '{"word": true}'},
     {"names": "[[1]]", "vocabulary": WORDS}, {"names": "[" * 10_000, "vocabulary": WORDS}],
)  # fmt: skip
def test_other_peoples_files_are_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    """safetensors without our metadata, or with something else in it."""
    path = tmp_path / "model"
    save_file({"b": np.zeros(2)}, path, metadata=metadata)
    with pytest.raises(ValueError, match=r"^path '.*model' holds no"):
        classification.load_model(path)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    """Cut at any place, with a bit changed in its header, empty, or text: a ValueError, or a model."""
    path = tmp_path / "model"
    classification.save_model(path, {"b": np.arange(3.0)}, {"word": 2})
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"^path "):
            classification.load_model(path)
    fates = Counter[str]()
    for place in range(len(whole) - 24):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            classification.load_model(path)
            fates["read"] += 1
        except ValueError:
            fates["refused"] += 1
    assert fates["refused"] > 100 > fates["read"] > 0  # a changed letter of a word is a word


def test_no_file_is_no_value_error(tmp_path: Path) -> None:
    """A file that is not there is missing, and not wrong."""
    with pytest.raises(FileNotFoundError):
        classification.load_model(tmp_path / "model")
