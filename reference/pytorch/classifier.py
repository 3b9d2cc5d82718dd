"""10-classification in PyTorch: Embedding(100), RNN(50), a linear layer on the last real state; trained by Adam."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from reference.optimizers import EarlyStopping, minibatches
from reference.shapes import checked_arrays

__all__ = ["TitleClassifier", "train_classifier"]

Ids = npt.NDArray[np.int64]
Titles = tuple[Ids, Ids, Ids]
Predict = Callable[[Ids, Ids], Ids]
History = dict[str, list[float]]
Tensors = list[torch.Tensor]

EMBEDDING, HIDDEN = 100, 50
BATCH, LEARNING_RATE, PATIENCE = 32, 0.005, 5


class TitleClassifier(nn.Module):
    """Word vectors, the tanh cell of 01 from a state of zeros, and logits from the last real state (Elman 1990)."""

    def __init__(self, V: int, O: int) -> None:  # noqa: E741 - the contract's letter
        super().__init__()
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.rnn = nn.RNN(EMBEDDING, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, O)
        nn.init.xavier_uniform_(self.rnn.get_parameter("weight_ih_l0"))
        nn.init.orthogonal_(self.rnn.get_parameter("weight_hh_l0"))

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits (B, O) of tokens (B, T), T at least 1. What stands behind a row's length is not looked at."""
        h, _ = self.rnn(self.embedding(tokens))  # (B, T, H)
        last = h[torch.arange(len(h)), (lengths - 1).clamp(min=0)]  # (B, H)
        last = torch.where(lengths[:, None] > 0, last, 0.0)
        logits: torch.Tensor = self.output(last)
        return logits


def train_classifier(
    train: Titles,
    validation: Titles,
    V: int,
    O: int,  # noqa: E741
    seed: int,
    epochs: int = 30,
) -> tuple[Predict, History]:
    """Train a `TitleClassifier` until it has not become better on the validation titles for five epochs.

    Adam at 0.005 (Kingma & Ba 2015) on the mean cross-entropy of minibatches of 32 titles.

    Parameters
    ----------
    train, validation : tuple of tokens (N, T), lengths (N,), labels (N,), all of int, N at least 1
        tokens from 0 to V-1, on padding anything; lengths from 0 to T; labels from 0 to O-1. N and T may differ between
        the two.
    V, O : int, 1 or more
        How many ids and how many classes there are.
    seed : int, 0 or more
        All that is random follows from it; torch's global generator is left as it was.
    epochs : int, 0 or more
        At most so many.

    Returns
    -------
    predict : function of tokens (N, T) and lengths (N,)
        Returns the likeliest class of each title, ndarray of int64 of shape (N,), by the weights after the epoch with
        the highest validation accuracy, the first of equals; with epochs = 0 by the initial ones.
    history : dict of "loss", "validation_loss", "validation_accuracy"
        Lists of float, one entry per epoch run. loss is the mean over rows of the losses seen while training.

    Raises
    ------
    ValueError
        A shape does not fit, or a value is outside of what its line allows.
    """
    for name, value, least in (("V", V, 1), ("O", O, 1), ("seed", seed, 0), ("epochs", epochs, 0)):
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} is {value!r}, expected an integer of {least} or more")
    rows, unseen = _checked_titles("train", train, V, O), _checked_titles("validation", validation, V, O)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))
        network = TitleClassifier(V, O)
    history = _fit(network, rows, unseen, np.random.default_rng(seed), epochs)

    def predict(tokens: Ids, lengths: Ids) -> Ids:
        with torch.no_grad():
            logits: torch.Tensor = network(*_checked_rows("", tokens, lengths, V))
        return logits.argmax(dim=1).numpy()

    return predict, history


def _fit(
    network: TitleClassifier, train: Tensors, validation: Tensors, rng: np.random.Generator, epochs: int
) -> History:
    """Train the network in place; it ends with its best weights."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    stopping = EarlyStopping(PATIENCE, mode="max")
    best = copy.deepcopy(network.state_dict())
    history: History = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    for _ in range(epochs):
        history["loss"].append(_epoch(network, optimizer, train, rng))
        loss, accuracy = _loss_and_accuracy(network, *validation)
        history["validation_loss"].append(loss)
        history["validation_accuracy"].append(accuracy)
        if stopping.is_better(accuracy):
            best = copy.deepcopy(network.state_dict())
        if stopping.update(accuracy):
            break
    network.load_state_dict(best)
    return history


def _epoch(
    network: TitleClassifier, optimizer: torch.optim.Optimizer, train: Tensors, rng: np.random.Generator
) -> float:
    """One step for each minibatch, in a new order; the mean loss of the rows as they were met."""
    total = 0.0
    for rows in minibatches(rng, len(train[0]), BATCH):
        tokens, lengths, labels = (part[torch.from_numpy(rows)] for part in train)
        loss = functional.cross_entropy(network(tokens, lengths), labels)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(train[0])


@torch.no_grad()
def _loss_and_accuracy(
    network: TitleClassifier, tokens: torch.Tensor, lengths: torch.Tensor, labels: torch.Tensor
) -> tuple[float, float]:
    logits = network(tokens, lengths)
    right = (logits.argmax(dim=1) == labels).double().mean()
    return functional.cross_entropy(logits, labels).item(), right.item()


def _checked_titles(argument: str, titles: Titles, V: int, O: int) -> Tensors:  # noqa: E741
    if not isinstance(titles, tuple | list) or len(titles) != 3:
        raise ValueError(f"{argument} is no tuple of tokens, lengths and labels")
    tokens, lengths, labels = titles
    rows = _checked_rows(f"{argument} ", tokens, lengths, V)
    _, labels = checked_arrays(**{f"{argument} tokens": (tokens, "N T", int), f"{argument} labels": (labels, "N", int)})
    if not len(labels):
        raise ValueError(f"{argument} has no rows, expected at least one")
    _check_range(f"{argument} labels", labels, O - 1)
    return [*rows, torch.tensor(labels)]


def _checked_rows(argument: str, tokens: Ids, lengths: Ids, V: int) -> Tensors:
    """tokens, with 0 on padding, and lengths."""
    names = f"{argument}tokens", f"{argument}lengths"
    tokens, lengths = checked_arrays(**{names[0]: (tokens, "N T", int), names[1]: (lengths, "N", int)})
    _check_range(names[1], lengths, tokens.shape[1])
    tokens = np.where(np.arange(tokens.shape[1]) < lengths[:, np.newaxis], tokens, 0)
    _check_range(names[0], tokens, V - 1)
    if not tokens.shape[1]:
        tokens = np.zeros((len(tokens), 1), np.int64)  # torch's RNN takes at least one step
    return [torch.tensor(tokens), torch.tensor(lengths)]


def _check_range(name: str, array: npt.NDArray[Any], largest: int) -> None:
    if array.size and not 0 <= array.min() <= array.max() <= largest:
        raise ValueError(f"{name} holds {array.min()} to {array.max()}, expected 0 to {largest}")
