"""English numbers to German ones, learned by gradients derived by hand: how long it takes, and what is right then.

    python -m grader.benchmarks.number_words [--attention] [--count 5] [--reversed] [--epochs 30]
        [--checkpoint run.safetensors]

The encoder-decoder of 12-seq2seq, or that of 13-attention, is trained on numbers, and asked for others, which it has
never seen; a translation is right if every word is. With `--count 5` it is lists of up to five numbers, where without
attention all has to pass through one vector: the table shows how the share of right ones falls with length. A run may
be interrupted and goes on where it was, if it has a checkpoint.
"""

# ruff: noqa: E402 - the number of threads is read when numpy is first imported

import os

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "2")

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.table import Table

from grader.datasets.number_words import pairs
from grader.datasets.vocabulary import Vocabulary
from reference import Array, seq2seq, translation
from reference.clipping import clip_by_global_norm
from reference.optimizers import Arrays, State, adam_step
from reference.packing import Ints
from reference.training import Run, Schedule, train

E, H, RATE, MAX_NORM = 32, 64, 0.004, 1.0
BATCH, PATIENCE, SEED = 32, 8, 0
HELD_OUT, VALIDATION = 1000, 500  # of single numbers; of lists, of each length a fifth of it

Pairs = list[tuple[str, str]]


class Translator(Protocol):
    """A network that can be trained here. Sentences are ids (B, S) and (B, T) without START and END, 0 behind."""

    def initial(self, rng: np.random.Generator, V_s: int, V: int) -> dict[str, Array]:
        """Parameters to start from."""

    def loss_and_grads(self, params: Arrays, x: Ints, y: Ints) -> tuple[float, dict[str, Array]]:
        """Of a batch."""

    def translated(self, params: Arrays, x: Ints, max_length: int) -> Ints:
        """What it says, (B, max_length), END included and 0 behind it."""


@dataclass(frozen=True)
class Plain:
    """The encoder-decoder of 12-seq2seq, in float32. `reversing`: it reads each sentence from its end."""

    start: int
    end: int
    reversing: bool = False

    def initial(self, rng: np.random.Generator, V_s: int, V: int) -> dict[str, Array]:
        """Normal weights, all sums of variance 1; embeddings smaller."""
        params = {"W_y": rng.normal(0, H**-0.5, (H, V)), "b_y": np.zeros(V)}
        for side, words in (("enc_", V_s), ("dec_", V)):
            params |= _gru(rng, words, E, side)
        return {name: a.astype(np.float32) for name, a in params.items()}

    def loss_and_grads(self, params: Arrays, x: Ints, y: Ints) -> tuple[float, dict[str, Array]]:
        """With a teacher."""
        x, lengths = _read(x, self.reversing)
        inputs, targets = seq2seq.shift_targets(y[:, : _lengths(y).max()], self.start, self.end)
        states, final = seq2seq.encode(x, lengths, params)
        logits, h = seq2seq.decode_teacher_forced(inputs, final, params)
        loss, dlogits = seq2seq.seq2seq_loss(logits, targets, _lengths(targets))
        return loss, seq2seq.seq2seq_backward(dlogits, x, lengths, inputs, states, h, params)

    def translated(self, params: Arrays, x: Ints, max_length: int) -> Ints:
        """Greedily."""
        _, final = seq2seq.encode(*_read(x, self.reversing), params)
        return seq2seq.greedy_decode(final, params, self.start, self.end, max_length)[0]


@dataclass(frozen=True)
class Attending:
    """The same with the decoder of 13-attention, which starts from the same state and looks at all the others, too."""

    start: int
    end: int
    reversing: bool = False

    def initial(self, rng: np.random.Generator, V_s: int, V: int) -> dict[str, Array]:
        """As those of Plain."""
        params = {"W_y": rng.normal(0, H**-0.5, (H, V)), "b_y": np.zeros(V), "v": rng.normal(0, H**-0.5, H)}
        params |= {name: rng.normal(0, H**-0.5, (H, H)) for name in ("W_q", "W_k")}
        params |= _gru(rng, V_s, E, "enc_") | _gru(rng, V, E + H, "")
        return {name: a.astype(np.float32) for name, a in params.items()}

    def loss_and_grads(self, params: Arrays, x: Ints, y: Ints) -> tuple[float, dict[str, Array]]:
        """With a teacher."""
        x, lengths = _read(x, self.reversing)
        inputs, targets = seq2seq.shift_targets(y[:, : _lengths(y).max()], self.start, self.end)
        states, _ = seq2seq.encode(x, lengths, params)
        logits, h, weights = translation.decode_attending(inputs, states, lengths, params)
        loss, dlogits = seq2seq.seq2seq_loss(logits, targets, _lengths(targets))
        return loss, translation.translation_backward(dlogits, x, lengths, inputs, states, h, weights, params)

    def translated(self, params: Arrays, x: Ints, max_length: int) -> Ints:
        """Greedily."""
        return translation.translate(*_read(x, self.reversing), params, self.start, self.end, max_length)[0]


def _gru(rng: np.random.Generator, words: int, inputs: int, prefix: str) -> dict[str, Array]:
    """A GRU and the embedding of what it reads; inputs is E, or more if there is something beside the word."""
    return {
        f"{prefix}W_e": rng.normal(0, 0.3, (words, E)),
        f"{prefix}W_x": rng.normal(0, inputs**-0.5, (inputs, 3 * H)),
        f"{prefix}W_h": rng.normal(0, H**-0.5, (H, 3 * H)),
        f"{prefix}b": np.zeros(3 * H),
    }


def _read(x: Ints, reversing: bool) -> tuple[Ints, Ints]:
    """The batch without columns that nobody needs, as the encoder reads it; and its lengths."""
    lengths = _lengths(x)
    x = x[:, : lengths.max()]
    if reversing:
        places, ends = np.arange(x.shape[1]), lengths[:, np.newaxis]
        x = np.take_along_axis(x, np.where(places < ends, ends - 1 - places, places), axis=1)
    return x, lengths


@dataclass(frozen=True)
class Task:
    """What is learned from, by what the training is stopped, and what is asked in the end, by length."""

    train: Pairs
    validation: Pairs
    held_out: dict[int, Pairs]
    source: Vocabulary
    target: Vocabulary


def single_numbers(rng: np.random.Generator, n: int, largest: int) -> Task:
    """Different numbers for all three, sorted by the number of words to be said."""
    drawn = pairs(rng, n + VALIDATION + HELD_OUT, largest=largest)
    asked: dict[int, Pairs] = {}
    for pair in sorted(drawn[n + VALIDATION :], key=lambda pair: len(pair[1].split())):
        asked.setdefault(len(pair[1].split()), []).append(pair)
    return _task(drawn[:n], drawn[n : n + VALIDATION], asked)


def number_lists(rng: np.random.Generator, n: int, largest: int, count: int) -> Task:
    """As many lists of each length from 1 to count, sorted by it; where there are not enough, all that there are."""
    learned, watched, asked = [], [], {}
    for length in range(1, count + 1):
        there_are = min((largest + 1) ** length, n // count + (VALIDATION + HELD_OUT) // 5)
        drawn = pairs(rng, there_are, largest=largest, count=length)
        new = min((VALIDATION + HELD_OUT) // 5, there_are // 3)
        learned += drawn[new:]
        watched += drawn[: new // 3]
        asked[length] = drawn[new // 3 : new]
    return _task(learned, watched, asked)


def _task(learned: Pairs, watched: Pairs, asked: dict[int, Pairs]) -> Task:
    source, target = (Vocabulary.of(pair[side] for pair in learned) for side in (0, 1))
    return Task(learned, watched, asked, source, target)


def learn(network: Translator, task: Task, epochs: int, checkpoint: Path | None, console: Console) -> Run:
    """Train with Adam and clipped gradients; the best parameters are those with most right on the validation data."""

    def step(params: Arrays, grads: Arrays, state: State) -> tuple[dict[str, Array], State]:
        clipped, _ = clip_by_global_norm(grads, MAX_NORM)
        return adam_step(params, clipped, state, RATE, 0.9, 0.999, 1e-8)

    params = network.initial(np.random.default_rng(SEED), task.source.size, task.target.size)
    return train(
        params, network.loss_and_grads, _ids(task, task.train),
        lambda params: {"right": share_right(network, params, task, task.validation)}, step,
        Schedule(SEED, BATCH, PATIENCE, "right", "max"), epochs, checkpoint, console,
    )  # fmt: skip


def share_right(network: Translator, params: Arrays, task: Task, asked: Pairs) -> float:
    """The share of translations without a wrong word."""
    x, y = _ids(task, asked)
    _, targets = seq2seq.shift_targets(y, task.target.start, task.target.end)
    said = network.translated(params, x, targets.shape[1])
    return float((said == targets).all(axis=1).mean())


def _ids(task: Task, some: Pairs) -> tuple[Ints, Ints]:
    return task.source.encode([source for source, _ in some])[0], task.target.encode([target for _, target in some])[0]


def _lengths(ids: Ints) -> Ints:
    lengths: Ints = (ids != 0).sum(axis=1)
    return lengths


def show(network: Translator, run: Run, task: Task, seconds: float, unit: str, console: Console) -> None:
    """The table, and some translations."""
    whole = [pair for some in task.held_out.values() for pair in some]
    title = f"{share_right(network, run.best, task, whole):.3f} of {len(whole)} held-out ones right"
    table = Table(title=f"{title}, after {run.epoch} epochs on {len(task.train)}, {seconds:.0f} s")
    for column in (unit, "held out", "right"):
        table.add_column(column, justify="right")
    for length, some in task.held_out.items():
        table.add_row(str(length), str(len(some)), f"{share_right(network, run.best, task, some):.3f}")
    console.print(table)
    said = network.translated(run.best, _ids(task, whole[-3:])[0], 100)
    for (source, target), words in zip(whole[-3:], task.target.decode(said), strict=True):
        console.print(f"{source}\n  [{'green' if words == target else 'red'}]{words}[/]")


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1, help="numbers in a list, at most; 1 is numbers alone")
    parser.add_argument("--largest", type=int, help="the largest number: 9999, or 99 in lists")
    parser.add_argument("--n", type=int, default=4000, help="how many of them are learned from")
    parser.add_argument("--attention", action="store_true", help="the decoder looks at all states of the encoder")
    parser.add_argument("--reversed", action="store_true", help="the encoder reads from the end")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--checkpoint", type=Path)
    options: Any = parser.parse_args()
    rng, console = np.random.default_rng(SEED), Console()
    if options.count == 1:
        task, unit = single_numbers(rng, options.n, options.largest or 9999), "words to be said"
    else:
        task, unit = number_lists(rng, options.n, options.largest or 99, options.count), "numbers in the list"
    kind = Attending if options.attention else Plain
    network: Translator = kind(task.target.start, task.target.end, options.reversed)
    start = time.perf_counter()
    run = learn(network, task, options.epochs, options.checkpoint, console)
    show(network, run, task, time.perf_counter() - start, unit, console)


if __name__ == "__main__":
    main()
