"""What attention is worth, in two pictures: where a trained translator looks, and what becomes of long sentences.

    python -m grader.benchmarks.attention [--epochs 30] [FOLDER]

`attention.png`: the decoder of 13-attention, trained on number words, with the words of a held-out number on the axes.
`bottleneck.png`: lists of one to five numbers, learned with attention and without it, and the share of held-out ones
that are right, by length. Both are written to FOLDER, grader/pictures if none is given.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console

from grader.benchmarks.number_words import (
    SEED,
    Attending,
    Plain,
    Task,
    learn,
    number_lists,
    share_right,
    single_numbers,
)
from reference import Array, translation
from reference.optimizers import Arrays

SHOWN = ("four thousand three hundred and twenty one", "six hundred and fifty seven")
LISTS = 2000
MOST = 5  # numbers in a list


def looked_at(network: Attending, params: Arrays, task: Task, source: str) -> tuple[list[str], Array]:
    """What is said of one sentence, END included, and the weights of every word (words, S)."""
    x, lengths = task.source.encode([source])
    said, spoken, weights = translation.translate(x, lengths, params, network.start, network.end, 30)
    return [*task.target.decode(said)[0].split(), "END"][: spoken[0]], weights[0, : spoken[0]]


def draw_heat_maps(network: Attending, params: Arrays, task: Task, share: float, path: Path) -> None:
    """A panel for each of SHOWN."""
    fig, panels = plt.subplots(1, len(SHOWN), figsize=(11, 5), layout="constrained")
    for panel, source in zip(panels, SHOWN, strict=True):
        words, weights = looked_at(network, params, task, source)
        image = panel.imshow(weights, cmap="Blues", vmin=0, vmax=1)
        panel.set_xticks(range(weights.shape[1]), source.split(), rotation=45, ha="right")
        panel.set_yticks(range(len(words)), words)
        panel.set(xlabel="what the encoder has read", ylabel="what the decoder says")
    fig.colorbar(image, ax=panels, label="weight", shrink=0.8)
    fig.suptitle(f"Where the decoder looks at each word ({share:.1%} of held-out numbers are all right)")
    fig.savefig(path, dpi=100)


def draw_curves(curves: dict[str, list[float]], task: Task, path: Path) -> None:
    """The share of right lists, by their length."""
    fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for (name, shares), color in zip(curves.items(), ("tab:blue", "tab:orange"), strict=True):
        ax.plot(list(task.held_out), shares, marker="o", color=color, label=name)
    ax.set(title="Everything through one vector, or a look at every word", xlabel="numbers in the list")
    ax.set(ylabel="share of lists without a wrong word", ylim=(-0.03, 1.03), xticks=list(task.held_out))
    ax.legend(loc="lower left")
    fig.savefig(path, dpi=100)


def main() -> None:
    """Train three networks, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parents[1] / "pictures")
    parser.add_argument("--epochs", type=int, default=30, help="at most; a run ends when 8 in a row were no better")
    options = parser.parse_args()
    console = Console()
    plt.switch_backend("Agg")

    task = single_numbers(np.random.default_rng(SEED), 4000, 9999)
    task = replace(task, train=[pair for pair in task.train if pair[0] not in SHOWN])
    attending, start = Attending(task.target.start, task.target.end), time.perf_counter()
    best = learn(attending, task, options.epochs, None, console).best
    share = share_right(attending, best, task, [pair for some in task.held_out.values() for pair in some])
    console.print(f"numbers, with attention: {share:.3f} right, {time.perf_counter() - start:.0f} s")
    draw_heat_maps(attending, best, task, share, options.folder / "attention.png")

    task, curves = number_lists(np.random.default_rng(SEED), LISTS, 99, MOST), {}
    for name, kind in (("with attention", Attending), ("without", Plain)):
        network, start = kind(task.target.start, task.target.end), time.perf_counter()
        best = learn(network, task, options.epochs, None, console).best
        curves[name] = [share_right(network, best, task, some) for some in task.held_out.values()]
        shares = "  ".join(f"{share:.3f}" for share in curves[name])
        console.print(f"lists of 1 to {MOST}, {name}: {shares}, {time.perf_counter() - start:.0f} s")
    draw_curves(curves, task, options.folder / "bottleneck.png")


if __name__ == "__main__":
    main()
