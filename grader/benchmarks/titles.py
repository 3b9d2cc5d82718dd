"""How well networks of the course sort the BBC's titles, of which this package has none: give it the CSV file.

    python -m grader.benchmarks.titles bbc_titles.csv [--seeds 10]

2 225 titles with their category; four fifths are trained on (1 780), the rest (445) is for early stopping alone, and
what is shown is the accuracy there after the best epoch, as in the lecture: a little better than on titles that had no
say. A seed is another split, other first weights, another order. Cleaned, with all words of the training titles; Adam
with decoupled weight decay, batches of 64, patience 5, 30 epochs at most.

    words counted   naive Bayes, which knows no order: what a title's words tell at least
    padding read    Embedding(100), RNN(50), Dense(5) as it is often written: the state after the padding
    read rightly    the same network: the last real state, W_h the identity at first (Le, Jaitly & Hinton 2015), small
                    word vectors, one dropout mask a title on the inputs and one on the state (Gal & Ghahramani 2016)
    taught later    a bidirectional LSTM(50), the mean of its real states and, skipping it, of the word vectors;
                    dropout, words that go unknown at random
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from grader.datasets.titles import read_titles
from reference.classification import build_vocabulary, clean_text, encode, pad_sequences
from reference.optimizers import EarlyStopping, minibatches

E, H, BATCH, EPOCHS, PATIENCE, TRAIN = 100, 50, 64, 30, 5, 0.8
STOP_WORDS = "a an and are as at be but by for from has have in is it its of on or that the their to was will with"

Part = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # tokens (N, T), lengths (N,), labels (N,)


def split(rows: list[tuple[str, str]], seed: int) -> tuple[Part, Part, int, int]:
    """Training and validation titles, V and O."""
    categories = sorted({category for category, _ in rows})
    order = np.random.default_rng(seed).permutation(len(rows))
    count = int(TRAIN * len(rows))
    texts = [clean_text(rows[number][1], STOP_WORDS.split()) for number in order]
    vocabulary = build_vocabulary(texts[:count], sum(len(text.split()) for text in texts) + 2)
    sequences = encode(texts, vocabulary)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    tokens = torch.tensor(pad_sequences(sequences, int(lengths.max())))
    labels = torch.tensor([categories.index(rows[number][0]) for number in order])
    parts = tokens, lengths, labels
    train, validation = ((part[:count] for part in parts), (part[count:] for part in parts))
    return tuple(train), tuple(validation), len(vocabulary) + 2, len(categories)  # type: ignore[return-value]


class Network(nn.Module):
    """Logits of tokens (B, T) and lengths (B,), and the rates that it learns at."""

    rate: float
    decay: float


class PaddingRead(Network):
    """The state after the last column, whatever stands in it."""

    rate, decay = 0.001, 0.0

    def __init__(self, V: int, O: int) -> None:  # noqa: E741
        super().__init__()
        self.embedding, self.rnn, self.output = nn.Embedding(V, E), nn.RNN(E, H, batch_first=True), nn.Linear(H, O)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.output(self.rnn(self.embedding(tokens))[0][:, -1])
        return logits


class ReadRightly(Network):
    """The last real state of a tanh network, which reads words and its own state through a mask for each title."""

    rate, decay = 0.005, 0.5
    drop_x, drop_h, spread = 0.5, 0.3, 0.01

    def __init__(self, V: int, O: int) -> None:  # noqa: E741
        super().__init__()
        self.embedding, self.output = nn.Embedding(V, E), nn.Linear(H, O)
        self.W_x, self.W_h = nn.Parameter(torch.empty(E, H)), nn.Parameter(torch.empty(H, H))
        self.b = nn.Parameter(torch.zeros(H))
        nn.init.normal_(self.embedding.weight, std=self.spread)
        nn.init.xavier_uniform_(self.W_x)
        nn.init.eye_(self.W_h)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        B, T = tokens.shape
        mask_x, mask_h = nn.functional.dropout(torch.ones(B, 1, E), self.drop_x, self.training), torch.ones(B, H)
        mask_h = nn.functional.dropout(mask_h, self.drop_h, self.training)
        sums = (self.embedding(tokens) * mask_x) @ self.W_x + self.b  # (B, T, H)
        h = torch.zeros(B, H)
        for t in range(T):
            h = torch.where((t < lengths)[:, None], torch.tanh(sums[:, t] + (h * mask_h) @ self.W_h), h)
        logits: torch.Tensor = self.output(h)
        return logits


class TaughtLater(Network):
    """Both directions of an LSTM beside the words that they read, averaged over a title's real words."""

    rate, decay = 0.005, 0.5
    drop_words, drop_x, drop_y, spread = 0.2, 0.5, 0.5, 0.02

    def __init__(self, V: int, O: int) -> None:  # noqa: E741
        super().__init__()
        self.embedding, self.output = nn.Embedding(V, E), nn.Linear(2 * H + E, O)
        self.lstm = nn.LSTM(E, H, batch_first=True, bidirectional=True)
        nn.init.normal_(self.embedding.weight, std=self.spread)
        for name, weight in self.lstm.named_parameters():
            if "weight_hh" in name:
                for gate in weight.data.chunk(4):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(weight.data)
            else:
                nn.init.zeros_(weight.data)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if self.training:
            tokens = torch.where(torch.rand(tokens.shape) < self.drop_words, 1, tokens)  # the unknown word's id
        mask = nn.functional.dropout(torch.ones(len(tokens), 1, E), self.drop_x, self.training)
        real, counts = torch.arange(tokens.shape[1]) < lengths[:, None], lengths.clamp(min=1)
        x = self.embedding(tokens) * mask
        packed = pack_padded_sequence(x, counts, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)  # (B, T, 2H), 0 on padding
        mean = torch.cat([h.sum(dim=1), (x * real[..., None]).sum(dim=1)], dim=1) / counts[:, None]
        logits: torch.Tensor = self.output(nn.functional.dropout(mean, self.drop_y, self.training))
        return logits


NETWORKS: dict[str, Callable[[int, int], Network]] = {
    "padding read": PaddingRead,
    "read rightly": ReadRightly,
    "taught later": TaughtLater,
}


def words_counted(train: Part, validation: Part, V: int, O: int) -> float:  # noqa: E741
    """The accuracy of naive Bayes, half of one added to every count."""

    def counts(part: Part) -> torch.Tensor:
        tokens, lengths, _ = part
        real = (torch.arange(tokens.shape[1]) < lengths[:, None]).double()
        return torch.zeros(len(tokens), V, dtype=torch.float64).scatter_add_(1, tokens, real)

    classes = nn.functional.one_hot(train[2], O).double()
    seen = classes.T @ counts(train) + 0.5  # (O, V)
    scores = counts(validation) @ (seen / seen.sum(dim=1, keepdim=True)).log().T + classes.mean(dim=0).log()
    return (scores.argmax(dim=1) == validation[2]).double().mean().item()


def best_accuracy(network: Network, train: Part, validation: Part, seed: int) -> tuple[float, int]:
    """After the best epoch, and how many epochs there were."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=network.rate, weight_decay=network.decay)
    stopping, rng = EarlyStopping(PATIENCE, mode="max"), np.random.default_rng(seed)
    epochs = 0
    while epochs < EPOCHS:
        epochs += 1
        network.train()
        for rows in minibatches(rng, len(train[2]), BATCH):
            tokens, lengths, labels = (part[torch.from_numpy(rows)] for part in train)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.cross_entropy(network(tokens, lengths), labels))
            optimizer.step()
        network.eval()
        with torch.no_grad():
            right = network(*validation[:2]).argmax(dim=1) == validation[2]
        if stopping.update(right.double().mean().item()):
            break
    return stopping.best, epochs


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="a CSV file with the columns category and title")
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    rows, seeds = read_titles(arguments.path), range(arguments.seeds)
    torch.set_num_threads(1)  # such small products are slower on two
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in ("words counted", *NETWORKS)}
    for seed in track(seeds, "seeds"):
        train, validation, V, O = split(rows, seed)  # noqa: E741
        found["words counted"].append((words_counted(train, validation, V, O), 0))
        for name, network in NETWORKS.items():
            torch.manual_seed(seed)
            found[name].append(best_accuracy(network(V, O), train, validation, seed))
    table = Table(title=f"Accuracy on {len(rows) - int(TRAIN * len(rows))} titles, {arguments.seeds} seeds")
    for column in ("", "mean", "SD", "least", "most", "epochs"):
        table.add_column(column, justify="left" if not column else "right")
    for name, results in found.items():
        accuracies = [accuracy for accuracy, _ in results]
        deviation = statistics.stdev(accuracies) if len(results) > 1 else float("nan")
        numbers = (statistics.mean(accuracies), deviation, min(accuracies), max(accuracies))
        epochs = statistics.mean(epoch for _, epoch in results)
        table.add_row(name, *(f"{number:.3f}" for number in numbers), f"{epochs:.0f}" if epochs else "")
    Console().print(table)


if __name__ == "__main__":
    main()
