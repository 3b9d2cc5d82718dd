"""Beam search for a batch of sentences, four ways, in tokens per second over widths and batches.

    python -m grader.benchmarks.beam [--rounds 5] [--widths 1 4 16] [--batches 1 8 64]

One thread, CPU time, float32, all arms on the same GRU with the same weights, of whose hypotheses half end before they
are cut off. They find the same sentences, which is checked. The arms take turns, so that all see the machine in the
same moods; a figure is the median over the rounds, and a ratio the median of the ratios within a round.

batch       reference.beam_search_batch: a round of all sentences is one step, and what has ended leaves
sentence    reference.beam_search, sentence after sentence: a round of one sentence is one step
hypothesis  the same, with a step for every hypothesis
torch       a plain port: B · K rows in every round until all are done, topk, index_select of states and words

Tokens are those of the hypotheses that are returned.
"""

# ruff: noqa: E402 - the number of threads is read when numpy and torch are first imported

import os

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from reference import Array
from reference.beam_search_batch import beam_search_batch
from reference.decoding import Ids, State, Step, beam_search

E, H, V = 64, 128, 2000
START, END, MAX_LENGTH, ALPHA = 0, 1, 25, 0.6

Floats = npt.NDArray[np.float32]
Found = list[tuple[list[list[int]], Array]]
Arm = Callable[[], Found]


@dataclass(frozen=True)
class Model:
    """The weights of a GRU, its embedding and its output layer."""

    W_e: Floats
    W_x: Floats
    W_h: Floats
    b: Floats
    W_y: Floats
    b_y: Floats


def draw(B: int) -> tuple[Model, State]:
    """Weights, and the states from which B sentences start."""
    rng = np.random.default_rng(0)
    shapes = {"W_e": (V, E), "W_x": (E, 3 * H), "W_h": (H, 3 * H), "b": (3 * H,), "W_y": (H, V), "b_y": (V,)}
    weights = {name: rng.normal(scale=shape[0] ** -0.5, size=shape) for name, shape in shapes.items()}
    weights["W_y"] *= 6
    weights["b_y"][END] = 2.0
    states = rng.normal(size=(B, H)).astype(np.float32)
    return Model(**{name: np.asarray(weight, np.float32) for name, weight in weights.items()}), states


def numpy_step(model: Model) -> Step:
    m = model

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        x = m.W_e[tokens] @ m.W_x + m.b  # (n, 3H)
        gates = 0.5 + 0.5 * np.tanh(0.5 * (x[:, : 2 * H] + state @ m.W_h[:, : 2 * H]))
        r, z = gates[:, :H], gates[:, H:]
        new = np.tanh(x[:, 2 * H :] + (r * state) @ m.W_h[:, 2 * H :])
        state = (1 - z) * state + z * new
        logits = state @ m.W_y
        logits += m.b_y
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits, state

    return step


def batch(model: Model, states: State, width: int) -> Arm:
    step = numpy_step(model)
    return lambda: beam_search_batch(step, states, START, END, width, MAX_LENGTH, ALPHA)


def sentence(model: Model, states: State, width: int) -> Arm:
    step = numpy_step(model)
    return lambda: [beam_search(step, s[np.newaxis], START, END, width, MAX_LENGTH, ALPHA) for s in states]


def hypothesis(model: Model, states: State, width: int) -> Arm:
    together = numpy_step(model)

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        answers = [together(state[i : i + 1], tokens[i : i + 1]) for i in range(len(tokens))]
        return np.concatenate([answer[0] for answer in answers]), np.concatenate([answer[1] for answer in answers])

    return lambda: [beam_search(step, s[np.newaxis], START, END, width, MAX_LENGTH, ALPHA) for s in states]


def torch_step(model: Model) -> Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    W_e, W_x, W_h, b, W_y, b_y = (
        torch.from_numpy(weight) for weight in (model.W_e, model.W_x, model.W_h, model.b, model.W_y, model.b_y)
    )

    def step(state: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = W_e[tokens] @ W_x + b
        r, z = torch.sigmoid(x[:, : 2 * H] + state @ W_h[:, : 2 * H]).chunk(2, dim=1)
        new = torch.tanh(x[:, 2 * H :] + (r * state) @ W_h[:, 2 * H :])
        state = (1 - z) * state + z * new
        return torch.log_softmax(torch.addmm(b_y, state, W_y), dim=1), state

    return step


def torch_port(model: Model, states: State, width: int) -> Arm:
    """Every place of every sentence is a row throughout; one that has ended is kept by a sum that nothing beats."""
    step, B, K = torch_step(model), len(states), width
    first = torch.arange(B) * K

    def run() -> Found:
        state = torch.from_numpy(states).repeat_interleave(K, dim=0)
        sums = torch.full((B, K), -torch.inf)
        sums[:, 0] = 0.0
        tokens = torch.full((B * K,), START)
        words = torch.zeros((B * K, 0), dtype=torch.long)
        ended = torch.zeros((B, K), dtype=torch.bool)
        for _ in range(MAX_LENGTH):
            log_probs, state = step(state, tokens)
            totals = sums[:, :, None] + log_probs.view(B, K, V)
            totals = totals.masked_fill(ended[:, :, None], -torch.inf)
            totals[:, :, END] = torch.where(ended, torch.inf, totals[:, :, END])
            best, places = totals.view(B, K * V).topk(K, dim=1)
            parents = places // V
            was_ended = ended.gather(1, parents)
            sums = torch.where(was_ended, sums.gather(1, parents), best)
            rows = (first[:, None] + parents).view(-1)
            tokens = (places % V).view(-1)
            state, words = state[rows], torch.cat([words[rows], tokens[:, None]], dim=1)
            ended = tokens.view(B, K) == END
            if ended.all():
                break
        return _returned(words.view(B, K, -1), sums)

    return torch.no_grad()(run)


def _returned(words: torch.Tensor, sums: torch.Tensor) -> Found:
    """The hypotheses up to their first END, and their scores, the best one first."""
    lengths = ((words == END).cumsum(dim=2) == 0).sum(dim=2).add(1).clamp(max=words.shape[2])
    scores = sums.double() / ((5 + lengths) / 6) ** ALPHA
    found = []
    for lines, ends, theirs in zip(words.tolist(), lengths.tolist(), scores.numpy(), strict=True):
        order = np.argsort(-theirs, kind="stable")
        found.append(([lines[i][: ends[i]] for i in order], theirs[order]))
    return found


ARMS: dict[str, Callable[[Model, State, int], Arm]] = {
    "batch": batch,
    "sentence": sentence,
    "hypothesis": hypothesis,
    "torch": torch_port,
}


def check(found: dict[str, Found]) -> int:
    """How many tokens there are; raises AssertionError if two arms have not found the same."""
    for name, theirs in found.items():
        for (ours, scores), (others, other_scores) in zip(found["batch"], theirs, strict=True):
            np.testing.assert_allclose(scores, other_scores, rtol=1e-4, err_msg=name)
            clear = len(scores) == 1 or scores[0] - scores[1] > 1e-4
            assert ours[0] == others[0] or not clear, name
    return sum(len(words) for hypotheses, _ in found["batch"] for words in hypotheses)


def measure(arms: dict[str, Arm], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every arm in every round."""
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            start = time.process_time()
            arm()
            times[name].append(time.process_time() - start)
    return times


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--widths", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64])
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(title=f"Beam search, GRU with {H} units and {V} words, one thread: tokens per second of CPU time")
    for column in ("batch", "width", *ARMS, "batch / hypothesis", "batch / torch"):
        table.add_column(column, justify="right")
    for B in options.batches:
        for width in options.widths:
            arms: dict[str, Any] = {name: make(*draw(B), width) for name, make in ARMS.items()}
            tokens = check({name: arm() for name, arm in arms.items()})
            times = measure(arms, options.rounds)
            speeds = [f"{tokens / statistics.median(times[name]):,.0f}" for name in ARMS]
            ratios = [
                f"{statistics.median(b / a for a, b in zip(times['batch'], times[other], strict=True)):.1f}"
                for other in ("hypothesis", "torch")
            ]
            table.add_row(str(B), str(width), *speeds, *ratios)
    Console().print(table)


if __name__ == "__main__":
    main()
