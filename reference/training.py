"""A training run that shows its progress, stops in time, and may be killed at any moment.

`train` is `optimizers.fit` for runs of minutes and hours. After each epoch everything that the next one depends on is
written to one file; called again, it goes on from there, and ends with the very numbers of a run that nobody killed.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from reference import Array, checkpoints
from reference.optimizers import Arrays, Data, EarlyStopping, LossAndGrads, Step, minibatches, rows_of, run_epoch

__all__ = ["Run", "Schedule", "train"]

Metrics = Callable[[Arrays], dict[str, float]]


@dataclass(frozen=True)
class Schedule:
    """How a run goes: a checkpoint belongs to one schedule, and to data of one size.

    monitor: the metric by which epochs are compared, with `mode` "min" or "max".
    patience: so many epochs in a row that are no better end the run.
    """

    seed: int
    batch_size: int
    patience: int
    monitor: str = "validation_loss"
    mode: str = "min"


@dataclass
class Run:
    """Where a run stands after `epoch` epochs: all that the next epoch depends on, and what it has come to so far."""

    params: dict[str, Array]
    best: dict[str, Array]
    rng: np.random.Generator
    stopping: EarlyStopping
    state: dict[str, Any] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: int = 0
    stopped: bool = False


def train(
    params: Arrays,
    loss_and_grads: LossAndGrads,
    data: Data,
    metrics: Metrics,
    step: Step,
    schedule: Schedule,
    epochs: int,
    checkpoint: Path | None = None,
    console: Console | None = None,
) -> Run:
    """Train for at most `epochs` epochs, or go on with the run that `checkpoint` holds.

    Parameters
    ----------
    params : dict of name -> ndarray
        Where a new run starts; a checkpoint must have the same names and shapes.
    loss_and_grads : function (params, x, y) -> mean loss over the rows, grads
    data : tuple of x and y, ndarray of shape (n, ...)
    metrics : function (params) -> dict of name -> float
        Asked after every epoch; one of the names is the schedule's monitor.
    step : function (params, grads, state) -> params, state
    schedule : Schedule
    epochs : int, 0 or more
        In all, those before an interruption included. A finished run goes on if it is called with more, unless it was
        stopped by its patience.
    checkpoint : Path, or None to write nothing
    console : rich.console.Console on which to show the progress, or None

    Returns
    -------
    run : Run
        run.best are the parameters after the best epoch, run.history["loss"] and run.history[name] of every metric have
        a number for each epoch.

    Raises
    ------
    ValueError
        An argument is outside of its domain, or `checkpoint` holds no checkpoint, a damaged one, or that of another
        schedule, network or number of rows.
    """
    n = rows_of("data", data)
    signature = vars(schedule) | {"n": n}
    run = _new(params, schedule)
    if checkpoint is not None and checkpoint.exists():
        run = _restored(checkpoint, run, signature)
    with _shown(console, run, epochs, schedule.monitor) as show:
        while run.epoch < epochs and not run.stopped:
            batches = minibatches(run.rng, n, schedule.batch_size)
            trained, run.state, loss = run_epoch(run.params, run.state, loss_and_grads, data, step, batches)
            run.params = dict(trained)
            _judge(run, {"loss": loss, **metrics(run.params)}, schedule.monitor)
            if checkpoint is not None:
                checkpoints.write(checkpoint, _frozen(run) | {"signature": signature})
            show(run)
    return run


def _new(params: Arrays, schedule: Schedule) -> Run:
    own = {name: np.array(theta) for name, theta in params.items()}
    rng, stopping = np.random.default_rng(schedule.seed), EarlyStopping(schedule.patience, schedule.mode)
    return Run(own, dict(own), rng, stopping)


def _judge(run: Run, numbers: dict[str, float], monitor: str) -> None:
    """Enter an epoch's numbers, and draw the conclusions: are these the best parameters, is it time to stop?"""
    if monitor not in numbers:
        raise ValueError(f"metrics gives {', '.join(numbers)}, and no {monitor}, which is to be monitored")
    for name, number in numbers.items():
        run.history.setdefault(name, []).append(float(number))
    if run.stopping.is_better(numbers[monitor]):
        run.best = run.params
    run.stopped = run.stopping.update(numbers[monitor])
    run.epoch += 1


def _frozen(run: Run) -> dict[str, Any]:
    """The run as data."""
    kept = {name: getattr(run, name) for name in ("params", "best", "state", "history", "epoch", "stopped")}
    return kept | {
        "rng": run.rng.bit_generator.state,
        "best_metric": run.stopping.best,
        "epochs_no_better": run.stopping.count,
    }


def _restored(path: Path, new: Run, signature: dict[str, Any]) -> Run:
    """The run that was frozen at `path`, if it could have come from the new one."""
    kept = checkpoints.read(path)
    try:
        written, shapes = kept.pop("signature"), {name: theta.shape for name, theta in kept["params"].items()}
        new.rng.bit_generator.state = kept.pop("rng")
        new.stopping.best, new.stopping.count = kept.pop("best_metric"), kept.pop("epochs_no_better")
        run = Run(rng=new.rng, stopping=new.stopping, **kept)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no checkpoint of a training run") from error
    for name, value in signature.items():
        if written.get(name) != value:
            raise ValueError(f"{path} is of a run with {name} {written.get(name)!r}, this one has {value!r}")
    if shapes != (expected := {name: theta.shape for name, theta in new.params.items()}):
        raise ValueError(f"{path} is of a network with the shapes {shapes}, this one has {expected}")
    return run


@contextlib.contextmanager
def _shown(console: Console | None, run: Run, epochs: int, monitor: str) -> Iterator[Callable[[Run], None]]:
    """A bar with the last epoch's loss and metric and the time left; what it yields brings it up to date."""
    if console is None:
        yield lambda run: None
        return
    columns = TextColumn("epoch {task.completed} of {task.total}"), BarColumn(), TextColumn("{task.description}")
    with Progress(*columns, TimeRemainingColumn(), TextColumn("left"), console=console) as progress:
        task = progress.add_task("", total=epochs, completed=run.epoch)

        def show(run: Run) -> None:
            last = {name: run.history[name][-1] for name in ("loss", monitor)}
            text = "  ".join(f"{name} {number:.4f}" for name, number in last.items())
            progress.update(task, completed=run.epoch, description=text)

        yield show
