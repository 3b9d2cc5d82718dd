"""How far off the reference's forecaster is, in the units of the data, beside two forecasts that cost nothing.

    python -m grader.benchmarks.forecasting [--seeds 5]

Three series: sunspots, six years ahead; CO2, twelve months ahead; two sine waves with noise, twelve steps ahead. The
first 60 % are for training, the next 20 % for choosing the best epoch, and the mean absolute error is that on all
windows of the last 20 %. A seed decides on the weights and the order of the windows; for the sines on the series, too.
"""

import argparse
import statistics
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from grader.datasets.series import Series, co2, sines, sunspots
from reference import Array
from reference.forecasting import chronological_split, create_sequences, train_forecaster


@dataclass(frozen=True)
class Task:
    """A series for every seed, how much of it is read, and how much is asked for."""

    series: list[Series]
    window: int
    steps: int


def tasks(seeds: int) -> list[Task]:
    """The three; what was measured is the same for all seeds."""
    return [
        Task([sunspots()] * seeds, window=22, steps=6),
        Task([co2()] * seeds, window=24, steps=12),
        Task([sines(np.random.default_rng(seed)) for seed in range(seeds)], window=36, steps=12),
    ]


def errors(series: Series, window: int, steps: int, seed: int) -> dict[str, float]:
    """The mean absolute error of each forecast on the test part."""
    train, validation, test = (series.values[rows] for rows in chronological_split(len(series.values), 0.6, 0.2))
    x, y = (part[..., 0] for part in create_sequences(test, window, steps))
    predict = train_forecaster(train, validation, window, steps, seed)
    said = {"network": predict(x), "persistence": x[:, -1:], "seasonal naive": _a_season_ago(x, series.season, steps)}
    return {name: float(np.abs(forecast - y).mean()) for name, forecast in said.items()}


def _a_season_ago(x: Array, season: int, steps: int) -> Array:
    """The last season of every window, again and again."""
    return np.stack([x[:, -season + step % season] for step in range(steps)], axis=1)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    table = Table(title=f"Mean absolute error on the test part, mean ± SD of {seeds} seeds")
    for column in ("series", "window, steps", "network", "persistence", "seasonal naive"):
        table.add_column(column, justify="left" if column == "series" else "right")
    for task in tasks(seeds):
        runs = [errors(series, task.window, task.steps, seed) for seed, series in enumerate(task.series)]
        cells = [_summary([run[name] for run in runs]) for name in runs[0]]
        one = task.series[0]
        table.add_row(f"{one.name} ({one.unit})", f"{task.window}, {task.steps}", *cells)
    Console().print(table)


def _summary(values: list[float]) -> str:
    """Their mean, and how they scatter if they do."""
    mean, spread = statistics.mean(values), statistics.pstdev(values)
    return f"{mean:.3g} ± {spread:.2g}" if spread > 1e-9 * mean else f"{mean:.3g}"


if __name__ == "__main__":
    main()
