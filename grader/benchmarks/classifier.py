"""A training step of the title classifier, by hand in numpy and in PyTorch: embedding 100, RNN 50, batches of 64.

    python -m grader.benchmarks.classifier [--rounds 20]

An epoch is 1 780 titles of random words, 28 steps; a vocabulary of 3 360 and titles as long as the BBC's, 3 to 9 words,
or all of 12. A step is the forward, the mean cross-entropy, the backward and Adam on all parameters, in float32. The
arms take turns within each round, and times are wall clock: medians over the rounds, ratios within a round. PyTorch
reads its batches padded, and takes the last real state; "packed" hands it packed sequences, which skip padding as ours
do. A process of its own for each number of threads, since libraries read it but once.

For comparison: Keras' SimpleRNN on the BBC's titles was measured at 0.32 s an epoch, on two cores of another day.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from reference import Array
from reference.classification import classifier_backward, classifier_forward
from reference.functional import softmax
from reference.optimizers import adam_step

N, V, E, H, O, BATCH = 1780, 3360, 100, 50, 5, 64  # noqa: E741
BBC_LENGTHS = {3: 47, 4: 375, 5: 1022, 6: 659, 7: 118, 8: 3, 9: 1}  # words: titles
LENGTHS = {"3 to 9": BBC_LENGTHS, "12": {12: 1}}
KERAS = 0.32
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
ADAM = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]  # tokens, lengths, labels
Epoch = Callable[[], float]  # its last loss


def draw_batches(frequencies: dict[int, int]) -> list[Batch]:
    """An epoch of titles: random words, random labels."""
    rng = np.random.default_rng(0)
    share = np.array(list(frequencies.values())) / sum(frequencies.values())
    lengths = rng.choice(list(frequencies), N, p=share)
    tokens = rng.integers(2, V, (N, max(frequencies)))
    tokens[np.arange(tokens.shape[1]) >= lengths[:, np.newaxis]] = 0
    labels = rng.integers(0, O, N)
    return [(tokens[i : i + BATCH], lengths[i : i + BATCH], labels[i : i + BATCH]) for i in range(0, N, BATCH)]


def draw_params() -> dict[str, Array]:
    rng = np.random.default_rng(1)
    shapes = {"W_e": (V, E), "W_x": (E, H), "W_h": (H, H), "b": (H,), "W_y": (H, O), "b_y": (O,)}
    scales = {"W_e": 1.0, "W_x": E**-0.5, "W_h": H**-0.5, "b": 0.0, "W_y": H**-0.5, "b_y": 0.0}
    return {name: rng.normal(size=shape, scale=scales[name]).astype(np.float32) for name, shape in shapes.items()}


def by_hand(batches: list[Batch]) -> Epoch:
    params = draw_params()
    state: dict[str, Any] = {}

    def run() -> float:
        nonlocal params, state
        for tokens, lengths, labels in batches:
            logits, h = classifier_forward(tokens, lengths, params)
            p, rows = softmax(logits), np.arange(len(labels))
            loss = -np.log(p[rows, labels]).mean()
            p[rows, labels] -= 1
            grads = classifier_backward(p / len(labels), tokens, lengths, h, params)
            params, state = adam_step(params, grads, state, **ADAM)
        return float(loss)

    return run


def in_torch(batches: list[Batch], packed: bool) -> Epoch:
    import torch
    from torch import nn

    p = {name: torch.tensor(array) for name, array in draw_params().items()}
    embedding, rnn, output = nn.Embedding(V, E), nn.RNN(E, H, batch_first=True), nn.Linear(H, O)
    embedding.load_state_dict({"weight": p["W_e"]})
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    rnn.load_state_dict(dict(zip(names, (p["W_x"].T, p["W_h"].T, p["b"], 0 * p["b"]), strict=True)))
    rnn.get_parameter("bias_hh_l0").requires_grad_(False)  # of its two, ours has but one
    output.load_state_dict({"weight": p["W_y"].T, "bias": p["b_y"]})
    parameters = [*embedding.parameters(), *rnn.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=ADAM["lr"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["eps"])
    tensors = [[torch.tensor(part) for part in batch] for batch in batches]

    def last_states(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if packed:
            sequences = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            last: torch.Tensor = rnn(sequences)[1][0]
        else:
            last = rnn(x)[0][torch.arange(len(x)), lengths - 1]
        return last

    def run() -> float:
        for tokens, lengths, labels in tensors:
            loss = nn.functional.cross_entropy(output(last_states(embedding(tokens), lengths)), labels)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return loss.item()

    return run


def measure(rounds: int, frequencies: dict[int, int]) -> dict[str, list[float]]:
    """Seconds an epoch of every arm, round by round; first one that warms up and makes sure that all do the same."""
    batches = draw_batches(frequencies)
    arms = {"numpy": by_hand(batches), "torch": in_torch(batches, False), "torch, packed": in_torch(batches, True)}
    losses = [arm() for arm in arms.values()]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-3)
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            start = time.perf_counter()
            arm()
            times[name].append(time.perf_counter() - start)
    return times


def measure_elsewhere(threads: int, words: str, rounds: int) -> dict[str, list[float]]:
    """`measure` in a process of its own, which has so many threads."""
    command = [sys.executable, "-m", "grader.benchmarks.classifier", "--rounds", str(rounds), "--measure", words]
    environment = os.environ | {f"{library}_NUM_THREADS": str(threads) for library in LIBRARIES}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    times: dict[str, list[float]] = json.loads(done.stdout)
    return times


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--measure", choices=LENGTHS, help=argparse.SUPPRESS)  # what a child is asked for
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.rounds, LENGTHS[arguments.measure])))
        return
    table = Table(title="One epoch of 28 steps, embedding 100, RNN 50, batches of 64")
    for column in ("threads", "words a title", "", "epoch, ms", "step, ms", "times numpy", "Keras / this"):
        table.add_column(column, justify="left" if not column else "right")
    for threads in (1, 2):
        for words in LENGTHS:
            times = measure_elsewhere(threads, words, arguments.rounds)
            for name, seconds in times.items():
                epoch = statistics.median(seconds)
                ratio = statistics.median(a / b for a, b in zip(seconds, times["numpy"], strict=True))
                step = 1000 * epoch / len(range(0, N, BATCH))
                keras = f"{KERAS / epoch:.1f}" if words != "12" else ""
                table.add_row(str(threads), words, name, f"{1000 * epoch:.0f}", f"{step:.2f}", f"{ratio:.2f}", keras)
    Console().print(table)


if __name__ == "__main__":
    main()
