"""How a function that learns is asked, and what its learning is held against: never a loss that somebody else had.

A classifier of titles is trained twice in each case. First as it is meant; what it says of new titles is read on our
side, where their labels are. Then on few titles, and watched on many whose labels are all one too high: the more it
learns, the worse it looks. Whoever watches stops soon, and goes back to weights that knew little yet. That is done once
more by the same seed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.drives import Drive, Inputs
from grader.trees import Tree

EPOCHS, PATIENCE = 12, 5  # at most so many, and so many in a row that are no better
BEYOND_GUESSING, BEYOND_WORDS = 0.15, 0.2  # of accuracy; what right code reaches lies as far above again
SOFTMAX_TWICE = 0.9  # nats: with five classes, the loss of probabilities taken for logits is above log(e + 4) - 1

_LISTS = ("loss", "validation_loss", "validation_accuracy")

History = dict[str, np.ndarray]


def _trained(
    train_classifier: Callable[..., Any],
    train_tokens: np.ndarray,
    train_lengths: np.ndarray,
    train_labels: np.ndarray,
    validation_tokens: np.ndarray,
    validation_lengths: np.ndarray,
    validation_labels: np.ndarray,
    test_tokens: np.ndarray,
    test_lengths: np.ndarray,
    V: int,
    O: int,  # noqa: E741
    seed: int,
) -> Tree:
    """Classes of new titles: as they are, with other padding, and every third alone. Then classes of watched ones."""
    many = train_tokens, train_lengths, train_labels
    few = validation_tokens, validation_lengths, validation_labels
    turned = train_tokens, train_lengths, (train_labels + 1) % O
    trained = train_classifier(many, few, V, O, seed, epochs=EPOCHS)
    if not (isinstance(trained, tuple | list) and len(trained) == 2):
        return type(trained).__name__
    predict, history = trained
    told = {
        "classes": np.asarray(predict(test_tokens, test_lengths)),
        "padded": np.asarray(predict(_padded(test_tokens, test_lengths, V), test_lengths)),
        "alone": np.asarray(predict(test_tokens[::3], test_lengths[::3])),
        "history": history,
        "watched": [],
    }
    for _ in range(2):
        predict, history = train_classifier(few, turned, V, O, seed, epochs=EPOCHS)
        told["watched"].append([np.asarray(predict(train_tokens, train_lengths)), history])
    return told


def _padded(tokens: np.ndarray, lengths: np.ndarray, V: int) -> np.ndarray:
    """The same titles with three more columns, and words of all kinds wherever there is none."""
    N, T = tokens.shape
    padded: np.ndarray = 2 + (5 * np.arange(N)[:, np.newaxis] + 3 * np.arange(T + 3)) % max(1, V - 2)
    real = np.arange(T) < lengths[:, np.newaxis]
    padded[:, :T][real] = tokens[real]
    return padded


def _read(inputs: Inputs, value: Tree) -> Tree:
    """Ten truths: what it beats, that its loss falls, what it ignores, how it watches and stops, that a seed counts."""
    match value:
        case str(kind):
            raise ValueError(f"returns one {kind}, where two things are expected: predict, history")
        case {"classes": classes, "padded": padded, "alone": alone, "history": history, "watched": [first, second]}:
            classes, padded = (_classes(array, inputs["test_labels"]) for array in (classes, padded))
            alone = _classes(alone, inputs["test_labels"][::3])
            turned = (inputs["train_labels"] + 1) % inputs["O"]
            (watched, seen), (watched_again, seen_again) = (_watched(model, turned) for model in (first, second))
        case _:
            raise ValueError("returns something that makes no sense here")
    histories = [_history(history), seen, seen_again]
    epochs = [(len(h["validation_accuracy"]), _due(h["validation_accuracy"])) for h in histories]
    accuracy, best = np.mean(classes == inputs["test_labels"]), seen["validation_accuracy"].max()
    truths = (
        accuracy >= _guessing(inputs) + BEYOND_GUESSING,
        accuracy >= bag_of_words(inputs) + BEYOND_WORDS,
        histories[0]["loss"][-1] < SOFTMAX_TWICE,
        _alike(classes, padded),
        _alike(classes[::3], alone),
        abs(np.mean(watched == turned) - best) < 0.01,
        all(run <= due for run, due in epochs),
        all(run >= due for run, due in epochs),
        best < 0.5,
        all(np.array_equal(seen[name], seen_again[name]) for name in _LISTS) and _alike(watched, watched_again),
    )
    return tuple(map(bool, truths))


def _watched(model: Tree, labels: np.ndarray) -> tuple[np.ndarray, History]:
    match model:
        case [classes, history]:
            return _classes(classes, labels), _history(history)
    raise ValueError("returns something that makes no sense here")


def _classes(value: Tree, labels: np.ndarray) -> np.ndarray:
    """What `predict` returned, one integer for each of these titles."""
    if not isinstance(value, np.ndarray) or value.shape != labels.shape or value.dtype.kind not in "iu":
        found = f"dtype {value.dtype} and shape {value.shape}" if isinstance(value, np.ndarray) else "another type"
        raise ValueError(f"returns a predict that gives {found}, where int64 and {labels.shape} are expected")
    return value


def _history(value: Tree) -> History:
    """Its three lists, as long as one another, of numbers that are finite."""
    if not isinstance(value, dict) or set(value) != set(_LISTS):
        found = ", ".join(map(str, value))[:80] if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"returns the history ({found}), where a dict of {', '.join(_LISTS)} is expected")
    history = {name: _numbers(entries) for name, entries in value.items()}
    if len({len(numbers) for numbers in history.values()}) > 1 or not 0 < len(history["loss"]) <= EPOCHS:
        raise ValueError(f"returns a history that is not of lists with one entry per epoch, {EPOCHS} at most")
    return history


def _numbers(entries: Tree) -> np.ndarray:
    singles = isinstance(entries, list) and all(isinstance(entry, int | float) for entry in entries)
    array = np.array(entries, float) if singles else entries
    if not isinstance(array, np.ndarray) or array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError("returns a history that is not of lists of float, all of them finite")
    return array


def _due(accuracies: np.ndarray) -> int:
    """After how many epochs these accuracies should have made it stop."""
    return min(EPOCHS, int(accuracies.argmax()) + 1 + PATIENCE)


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """The same classes, but for a rare near tie: products of other shapes are rounded in another order."""
    return bool(np.mean(one != other) < 0.01)


def _guessing(inputs: Inputs) -> float:
    """The accuracy of the commonest class."""
    return float(np.bincount(inputs["test_labels"]).max() / len(inputs["test_labels"]))


def bag_of_words(inputs: Inputs) -> float:
    """The accuracy of a naive Bayes classifier that counts words, with one added to every count (Laplace)."""
    V, O = inputs["V"], inputs["O"]  # noqa: E741
    labels = inputs["train_labels"]
    counts = np.array([_counts(inputs, "train", V)[labels == k].sum(axis=0) + 1 for k in range(O)])  # (O, V)
    scores = _counts(inputs, "test", V) @ np.log(counts / counts.sum(axis=1, keepdims=True)).T
    scores += np.log(np.bincount(labels, minlength=O) + 1)
    return float(np.mean(scores.argmax(axis=1) == inputs["test_labels"]))


def _counts(inputs: Inputs, part: str, V: int) -> np.ndarray:
    """How often each id stands in each title, (N, V)."""
    tokens, lengths = inputs[f"{part}_tokens"], inputs[f"{part}_lengths"]
    rows, columns = np.nonzero(np.arange(tokens.shape[1]) < lengths[:, np.newaxis])
    counts = np.zeros((len(tokens), V))
    np.add.at(counts, (rows, tokens[rows, columns]), 1)
    return counts


classifier = Drive(ask=_trained, read=_read)
