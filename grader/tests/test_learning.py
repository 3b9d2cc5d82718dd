"""The drive of what learns: the truths that it reads off a training, and what it makes of nonsense."""

import copy
from typing import Any

import numpy as np
import pytest

from grader.answers import ask, read
from grader.drives import find, learning
from grader.trees import Tree

NAME = "learning.classifier"
TRUTHS = (
    "beats_guessing", "beats_bag_of_words", "loss_falls", "padding_ignored", "titles_apart", "best_weights_kept",
    "stops_in_time", "is_patient", "taught_by_train_alone", "same_seed_same_model",
)  # fmt: skip


def drawn(N: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Titles whose class is their first word, which stands at another place as well: no bag tells which."""
    rng = np.random.default_rng(seed)
    tokens = np.array([rng.permutation(5)[:4] for _ in range(N)]) + 2
    return tokens, rng.integers(2, 5, N), tokens[:, 0] - 2


@pytest.fixture
def inputs() -> dict[str, Any]:
    parts = {"train": drawn(400, 0), "validation": drawn(120, 1), "test": drawn(150, 2)}
    rows = {
        f"{part}_{name}": array
        for part, arrays in parts.items()
        for name, array in zip(("tokens", "lengths", "labels"), arrays, strict=True)
    }
    hidden = rows.pop("test_labels")
    return rows | {"V": 8, "O": 5, "seed": 3, "test_labels": hidden}


def first_word(tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return tokens[:, 0] - 2


def history(accuracies: list[float]) -> dict[str, list[float]]:
    losses = np.linspace(1.6, 0.2, len(accuracies)).tolist()
    return {"loss": losses, "validation_loss": losses, "validation_accuracy": accuracies}


def knows(train: Any, validation: Any, V: int, O: int, seed: int, epochs: int = 30) -> Any:  # noqa: E741
    """As if trained: it knows the rule at once, and believes no label that breaks it."""
    tokens, lengths, labels = validation
    return first_word, history([float(np.mean(first_word(tokens, lengths) == labels))] * 6)


def truths(function: Any, inputs: dict[str, Any]) -> dict[str, bool]:
    value = read(inputs, ask(function, inputs, NAME), NAME).value
    assert isinstance(value, tuple) and all(type(truth) is bool for truth in value)
    return dict(zip(TRUTHS, value, strict=True))


def untrue(function: Any, inputs: dict[str, Any]) -> set[str]:
    return {name for name, true in truths(function, inputs).items() if not true}


def test_all_is_true_of_a_training_as_it_should_be(inputs: dict[str, Any]) -> None:
    assert untrue(knows, inputs) == set()


def test_the_labels_of_the_new_titles_stay_on_our_side(inputs: dict[str, Any]) -> None:
    assert set(find(NAME).told(inputs)) == set(inputs) - {"test_labels"}


def test_a_bag_of_words_cannot_know_the_order(inputs: dict[str, Any]) -> None:
    assert 0.2 < learning.bag_of_words(inputs) < 0.6


def test_a_bag_of_words_learns_what_words_tell(inputs: dict[str, Any]) -> None:
    for part, name in (("train", "train_labels"), ("test", "test_labels")):
        inputs[f"{part}_tokens"] = np.tile(inputs[name][:, np.newaxis] + 2, (1, 4))
    assert learning.bag_of_words(inputs) == 1.0


def test_a_bag_of_words_does_not_count_padding(inputs: dict[str, Any]) -> None:
    before = learning.bag_of_words(inputs)
    for part in ("train", "test"):
        tokens = inputs[f"{part}_tokens"]
        tokens[np.arange(4) >= inputs[f"{part}_lengths"][:, np.newaxis]] = 7
    assert learning.bag_of_words(inputs) == before


def changed(predict: Any = first_word, **lists: Any) -> Any:
    """`knows` with another predict, and other lists in its histories."""

    def function(train: Any, validation: Any, V: int, O: int, seed: int, epochs: int = 30) -> Any:  # noqa: E741
        return predict, knows(train, validation, V, O, seed, epochs)[1] | lists

    return function


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (changed(lambda tokens, lengths: np.zeros(len(tokens), int)), {*TRUTHS[:2], "best_weights_kept"}),
        (changed(loss=[1.6, 1.4, 1.3, 1.1, 1.0, 0.91]), {"loss_falls"}),
        (changed(lambda tokens, lengths: (tokens[:, 0] - 2) * (tokens.shape[1] == 4)), {"padding_ignored"}),
        (changed(lambda tokens, lengths: (tokens[:, 0] - 2) * (len(tokens) != 50)), {"titles_apart"}),
        (changed(validation_accuracy=[0.3] * 6), {"best_weights_kept"}),
        (changed(**history([0.0] * 7)), {"stops_in_time"}),
        (changed(**history([0.0] * 5)), {"is_patient"}),
        (changed(validation_accuracy=[0.6] * 6), {"best_weights_kept", "taught_by_train_alone"}),
    ],
)
def test_each_truth_can_be_untrue(function: Any, expected: set[str], inputs: dict[str, Any]) -> None:
    assert untrue(function, inputs) == expected


def test_another_model_by_the_same_seed_is_seen(inputs: dict[str, Any]) -> None:
    losses = iter(range(100))

    def restless(*arguments: Any, **named: Any) -> Any:
        predict, told = knows(*arguments, **named)
        return predict, told | {"loss": [1 / (2 + next(losses))] * 6}

    assert untrue(restless, inputs) == {"same_seed_same_model"}


def test_epochs_that_were_used_up_are_no_impatience(inputs: dict[str, Any]) -> None:
    rising = np.linspace(0, 0.001, learning.EPOCHS).tolist()
    assert untrue(changed(**history(rising)), inputs) == set()


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda *_, **__: None, "returns one NoneType, where two things are expected: predict, history"),
        (lambda *_, **__: first_word, "returns one function, where two things are expected: predict, history"),
        (changed(lambda tokens, lengths: np.zeros((len(tokens), 5))), "returns a predict that gives dtype float64 and"),
        (changed(lambda tokens, lengths: np.zeros(3, int)), "returns a predict that gives dtype int64 and shape (3,)"),
        (changed(extra=[]), "returns the history (loss, validation_loss, validation_accuracy, extra), where a dict"),
        (changed(loss=[1.0]), "returns a history that is not of lists with one entry per epoch, 12 at most"),
        (changed(**history([])), "returns a history that is not of lists with one entry per epoch, 12 at most"),
        (changed(**history([0.0] * 13)), "returns a history that is not of lists with one entry per epoch, 12 at most"),
        (changed(loss=[1.0] * 5 + [float("nan")]), "returns a history that is not of lists of float, all of them"),
        (changed(loss=["1.0"] * 6), "returns a history that is not of lists of float, all of them finite"),
    ],
)
def test_nonsense_is_said_in_words(function: Any, problem: str, inputs: dict[str, Any]) -> None:
    assert problem in read(inputs, ask(function, inputs, NAME), NAME).problem


def places(tree: Tree, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a tree."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    return [path, *(found for key in keys for found in places(tree[key], (*path, key)))]


@pytest.mark.parametrize("strange", [None, "", -1, [], {}, [[]], np.zeros(3), np.zeros((150, 2)), 1e400, [None] * 150])
def test_whatever_comes_back_is_read_or_refused(strange: Tree, inputs: dict[str, Any]) -> None:
    honest = ask(knows, inputs, NAME).value
    for path in places(honest):
        if not path:
            forged = strange
        else:
            forged = copy.deepcopy(honest)
            parent = forged
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = strange
        try:
            assert len(learning.classifier.read(inputs, forged)) == len(TRUTHS)
        except ValueError as error:
            assert str(error).startswith("returns ")
