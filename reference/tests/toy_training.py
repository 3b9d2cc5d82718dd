"""A training run of milliseconds, and a program that runs it and kills itself on the way.

python -m reference.tests.toy_training CHECKPOINT MOMENTS
"""

import io
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from reference import Array, optimizers
from reference.training import Run, Schedule, train

EPOCHS = 40
SCHEDULE = Schedule(seed=3, batch_size=4, patience=EPOCHS)

adam = partial(optimizers.adam_step, lr=0.05, beta1=0.9, beta2=0.99, eps=1e-8)


def regression(seed: int, n: int) -> tuple[Array, Array]:
    """x (n, 2), and y with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, x @ np.array([1.0, -2.0]) + rng.normal(size=n)


def squared_error(params: Any, x: Array, y: Array) -> tuple[float, dict[str, Array]]:
    """The mean of (x·w - y)², and its gradient."""
    error = x @ params["w"] - y
    return float(np.mean(error**2)), {"w": 2 * error @ x / len(y)}


def metrics(params: Any) -> dict[str, float]:
    """The loss on thirty new rows, and a number that has its highest value in between."""
    loss, _ = squared_error(params, *regression(1, 30))
    return {"validation_loss": loss, "nearness": -abs(float(params["w"][0]) - 0.4)}


def small_run(checkpoint: Path | None = None, epochs: int = EPOCHS, **options: Any) -> Run:
    """Ten rows, in batches of 4, 4 and 2."""
    given: dict[str, Any] = dict(
        params={"w": np.zeros(2)}, loss_and_grads=squared_error, data=regression(0, 10), metrics=metrics,
        step=adam, schedule=SCHEDULE,
    )  # fmt: skip
    return train(**given | options, epochs=epochs, checkpoint=checkpoint)


def run_to_the_death(checkpoint: Path, moments: int) -> None:
    """Go on with the run, and SIGKILL this process when so many things have happened.

    A thing is a gradient, the second half of what is written, a sync, a renaming: the end comes just before it.
    """
    left = moments

    def mortal(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args)

        return call

    class InHalves(io.FileIO):
        def write(self, data: Any) -> int:
            half = len(data) // 2
            return super().write(data[:half]) + int(mortal(super().write)(data[half:]))

    Path.open = lambda self, mode: InHalves(self, mode)  # type: ignore[assignment, method-assign]
    os.fsync, os.replace = mortal(os.fsync), mortal(os.replace)
    small_run(checkpoint, loss_and_grads=mortal(squared_error))


if __name__ == "__main__":
    run_to_the_death(Path(sys.argv[1]), int(sys.argv[2]))
