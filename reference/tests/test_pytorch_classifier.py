"""The PyTorch classifier: it computes what the one by hand does, learns, watches, stops, and keeps to its seed."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from reference.classification import classifier_forward, train_classifier
from reference.pytorch.classifier import PATIENCE, TitleClassifier, Titles

V, O = 12, 3  # noqa: E741


def titles(seed: int, N: int = 120, T: int = 5) -> Titles:
    """The class of a title is its first word's, modulo 3; behind its length stands anything."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, V, (N, T))
    return tokens, rng.integers(1, T + 1, N), tokens[:, 0] % O


def turned(titles: Titles) -> Titles:
    tokens, lengths, labels = titles
    return tokens, lengths, (labels + 1) % O


def test_it_is_the_network_by_hand() -> None:
    torch.manual_seed(0)
    network = TitleClassifier(V, O).double()
    p = {name: value.detach().numpy() for name, value in network.named_parameters()}
    params = {
        "W_e": p["embedding.weight"], "W_x": p["rnn.weight_ih_l0"].T, "W_h": p["rnn.weight_hh_l0"].T,
        "b": p["rnn.bias_ih_l0"] + p["rnn.bias_hh_l0"], "W_y": p["output.weight"].T, "b_y": p["output.bias"],
    }  # fmt: skip
    tokens, lengths, _ = titles(0)
    lengths[0] = 0
    expected, _ = classifier_forward(tokens, lengths, params)
    found = network(torch.tensor(tokens), torch.tensor(lengths)).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_its_recurrent_weights_start_orthogonal() -> None:
    W_h = TitleClassifier(V, O).rnn.get_parameter("weight_hh_l0").detach().double()
    np.testing.assert_allclose(W_h @ W_h.T, np.eye(50), atol=1e-5)


def test_it_learns_what_can_be_learnt() -> None:
    predict, history = train_classifier(titles(0), titles(1), V, O, seed=0)
    tokens, lengths, labels = titles(2)
    assert np.mean(predict(tokens, lengths) == labels) > 0.9
    assert history["loss"][-1] < history["loss"][0] / 2
    assert predict(tokens, lengths).dtype == np.int64


def test_it_says_the_same_whatever_stands_behind_a_title() -> None:
    predict, _ = train_classifier(titles(0), titles(1), V, O, seed=0, epochs=2)
    tokens, lengths, _ = titles(2)
    other = np.where(np.arange(5) < lengths[:, np.newaxis], tokens, -7)
    longer = np.concatenate([other, np.full((len(other), 3), 99)], axis=1)
    assert len(set(predict(tokens, lengths))) > 1
    np.testing.assert_array_equal(predict(tokens, lengths), predict(longer, lengths))
    np.testing.assert_array_equal(predict(tokens, lengths)[::7], predict(tokens[::7], lengths[::7]))


def test_titles_without_words_and_no_titles_are_answered() -> None:
    predict, _ = train_classifier(titles(0), titles(1), V, O, seed=0, epochs=1)
    nothing = np.zeros(2, np.int64)
    assert (
        len(set(predict(np.zeros((2, 4), np.int64), nothing)) | set(predict(np.zeros((2, 0), np.int64), nothing))) == 1
    )
    assert predict(np.zeros((0, 4), np.int64), nothing[:0]).shape == (0,)


def test_it_stops_five_epochs_after_the_best_and_goes_back_to_it() -> None:
    """Watched on wrong labels it looks the worse the more it learns."""
    predict, history = train_classifier(titles(0), turned(titles(1, 400)), V, O, seed=0)
    accuracies = history["validation_accuracy"]
    tokens, lengths, labels = turned(titles(1, 400))
    assert len(accuracies) == np.argmax(accuracies) + 1 + PATIENCE < 30
    assert accuracies[-1] < max(accuracies) - 0.05
    assert np.mean(predict(tokens, lengths) == labels) == pytest.approx(max(accuracies))


def test_the_history_has_three_finite_numbers_for_every_epoch() -> None:
    _, history = train_classifier(titles(0), titles(1), V, O, seed=0, epochs=3)
    assert list(history) == ["loss", "validation_loss", "validation_accuracy"]
    assert all(len(values) == 3 and all(map(math.isfinite, values)) for values in history.values())
    assert all(type(value) is float for values in history.values() for value in values)


def test_no_epochs_leave_the_first_weights() -> None:
    predict, history = train_classifier(titles(0), titles(1), V, O, seed=0, epochs=0)
    again, _ = train_classifier(titles(5), titles(6), V, O, seed=0, epochs=0)
    other, _ = train_classifier(titles(0), titles(1), V, O, seed=1, epochs=0)
    tokens, lengths, _ = titles(2)
    assert history == {"loss": [], "validation_loss": [], "validation_accuracy": []}
    np.testing.assert_array_equal(predict(tokens, lengths), again(tokens, lengths))
    assert (predict(tokens, lengths) != other(tokens, lengths)).any()


def test_its_randomness_comes_from_the_seed_alone() -> None:
    """And it leaves torch's generator as it was."""
    histories = []
    for number, seed in ((0, 3), (1, 3), (0, 4)):
        torch.manual_seed(number)
        before = torch.get_rng_state()
        histories.append(train_classifier(titles(0), titles(1), V, O, seed=seed, epochs=2)[1])
        assert torch.equal(torch.get_rng_state(), before)
    assert histories[0] == histories[1] != histories[2]


def test_arguments_stay_as_they_were() -> None:
    train, validation = titles(0), titles(1)
    train_classifier(train, validation, V, O, seed=0, epochs=1)
    for found, expected in zip((*train, *validation), (*titles(0), *titles(1)), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"V": 0}, "V is 0"),
        ({"O": 0}, "O is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"V": 5}, "train tokens holds 0 to 11, expected 0 to 4"),
        ({"O": 2}, "train labels holds 0 to 2, expected 0 to 1"),
        ({"train": titles(0)[:2]}, "train is no tuple of tokens, lengths and labels"),
        ({"train": tuple(part[:0] for part in titles(0))}, "train has no rows"),
        ({"validation": tuple(part[:0] for part in titles(0))}, "validation has no rows"),
        ({"validation": (titles(0)[0], titles(0)[1] + 9, titles(0)[2])}, "validation lengths holds"),
        ({"validation": (titles(0)[0], titles(0)[1], titles(0)[2][1:])}, "validation labels has shape"),
        ({"validation": (titles(0)[0], titles(0)[1], titles(0)[2] + 0.5)}, "validation labels has dtype float64"),
    ],
)
def test_an_argument_outside_its_domain_is_named(changes: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {"train": titles(0), "validation": titles(1), "V": V, "O": O, "seed": 0, "epochs": 1}
    with pytest.raises(ValueError, match=message):
        train_classifier(**right | changes)


def test_predict_names_what_does_not_fit() -> None:
    predict, _ = train_classifier(titles(0), titles(1), V, O, seed=0, epochs=1)
    tokens, lengths, _ = titles(2)
    for arguments, message in (
        ((tokens + V, lengths), "tokens holds"),
        ((tokens, lengths[1:]), "lengths has shape"),
        ((tokens[0], lengths), "tokens has shape"),
        ((tokens, lengths - 9), "lengths holds"),
    ):
        with pytest.raises(ValueError, match=message):
            predict(*arguments)
