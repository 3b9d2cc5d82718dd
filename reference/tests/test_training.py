"""The training loop: what it adds to fit, and that nothing which kills it changes a single bit of what it comes to."""

import io
import math
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from rich.console import Console

from reference import Array, checkpoints, optimizers
from reference.tests.toy_training import EPOCHS, adam, metrics, regression, small_run, squared_error
from reference.training import Run, Schedule

KILLS = 12

momentum = partial(optimizers.momentum_step, lr=0.05, momentum=0.9)


def assert_same_run(one: Run, other: Run) -> None:
    """Bit by bit, state, history and generator included."""
    assert one.rng.bit_generator.state == other.rng.bit_generator.state
    assert one.history == other.history
    assert (one.epoch, one.stopped, vars(one.stopping)) == (other.epoch, other.stopped, vars(other.stopping))
    for ours, theirs in [(one.params, other.params), (one.best, other.best), *_memories(one, other)]:
        assert {name: array.tobytes() for name, array in ours.items()} == {
            name: array.tobytes() for name, array in theirs.items()
        }
    assert one.state.get("t") == other.state.get("t")


def _memories(one: Run, other: Run) -> list[tuple[dict[str, Array], dict[str, Array]]]:
    assert set(one.state) == set(other.state)
    return [(one.state[name], other.state[name]) for name in one.state if name != "t"]


@pytest.mark.parametrize("step", [adam, momentum])
def test_it_is_fit(step: Any) -> None:
    """With the same seed the same best parameters and the same history, bit by bit."""
    start, data, rng = {"w": np.zeros(2)}, regression(0, 10), np.random.default_rng(3)
    params, history = optimizers.fit(start, squared_error, data, regression(1, 30), step, rng, 40, 4, 5)
    run = small_run(step=step, schedule=Schedule(3, 4, patience=5))
    assert params["w"].tobytes() == run.best["w"].tobytes()
    assert history == {name: run.history[name] for name in ("loss", "validation_loss")}


def test_any_metric_may_be_monitored() -> None:
    """The highest nearness decides, which of the epochs is the best and when it is enough."""
    run = small_run(epochs=60, schedule=Schedule(3, 4, patience=2, monitor="nearness", mode="max"))
    best = int(np.argmax(run.history["nearness"]))
    assert run.stopped and run.epoch == best + 3 < 60
    assert metrics(run.best)["nearness"] == run.history["nearness"][best] == run.stopping.best
    with pytest.raises(ValueError, match=r"^metrics gives loss, validation_loss, nearness, and no accuracy"):
        small_run(schedule=Schedule(3, 4, 2, monitor="accuracy"))


@pytest.mark.parametrize("step", [adam, momentum])
def test_resumed_after_every_epoch(tmp_path: Path, step: Any) -> None:
    """Twelve runs of one epoch each are one run of twelve."""
    for epochs in range(13):
        resumed = small_run(tmp_path / "run.safetensors", epochs, step=step)
    assert_same_run(resumed, small_run(epochs=12, step=step))


def test_stopped_is_stopped(tmp_path: Path) -> None:
    """A run that its patience has ended does not go on, however often it is asked to."""
    path, schedule = tmp_path / "run", Schedule(3, 4, patience=1, monitor="nearness", mode="max")
    first = small_run(path, 60, schedule=schedule)
    assert first.stopped
    assert_same_run(small_run(path, 90, schedule=schedule), first)


def test_killed_again_and_again(tmp_path: Path) -> None:
    """SIGKILL in the middle of a step, of a write, before and after the renaming: the last file is that of no kill."""
    rng, path = random.Random(5), tmp_path / "run.safetensors"
    whole = small_run(tmp_path / "whole")
    assert whole.epoch == EPOCHS
    ends = []
    for moments in [*(rng.randint(1, 24) for _ in range(KILLS)), 10**9]:
        command = [sys.executable, "-m", "reference.tests.toy_training", str(path), str(moments)]
        ends.append(subprocess.run(command, timeout=60).returncode)
    assert ends == [-signal.SIGKILL] * KILLS + [0]
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()
    assert_same_run(small_run(path), whole)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "run.safetensors"
    small_run(path, epochs=2)
    return path


def test_every_damaged_byte_is_noticed(checkpoint: Path) -> None:
    """Cut short anywhere, one bit flipped anywhere, or another file altogether: a ValueError that names the file."""
    whole = checkpoint.read_bytes()
    rng = random.Random(6)
    places = [0, 7, 8, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(150))]
    flipped = [whole[:i] + bytes([whole[i] ^ (1 << rng.randrange(8))]) + whole[i + 1 :] for i in places]
    strangers = [b"", b"no", b"PK\x03\x04", b"\x80\x04N.", safetensors.numpy.save({"w": np.zeros(2)})]
    for data in [*flipped, *(whole[:i] for i in places), whole + b"\0", *strangers]:
        checkpoint.write_bytes(data)
        with pytest.raises(ValueError, match=r"run\.safetensors is no checkpoint"):
            small_run(checkpoint, epochs=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(schedule=Schedule(4, 4, EPOCHS)), "is of a run with seed 3, this one has 4"),
        (dict(schedule=Schedule(3, 2, EPOCHS)), "is of a run with batch_size 4, this one has 2"),
        (
            dict(schedule=Schedule(3, 4, EPOCHS, "nearness", "max")),
            "with monitor 'validation_loss', this one has 'near",
        ),
        (dict(data=regression(0, 9)), "is of a run with n 10, this one has 9"),
        (dict(params={"w": np.zeros(3)}), r"is of a network with the shapes {'w': \(2,\)}, this one has {'w': \(3,\)}"),
        (dict(params={"v": np.zeros(2)}), "is of a network with the shapes"),
    ],
)
def test_another_runs_checkpoint_is_refused(checkpoint: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_run(checkpoint, **options)


def test_a_checkpoint_of_something_else_is_refused(checkpoint: Path) -> None:
    checkpoints.write(checkpoint, {"vocabulary": ["a", "b"]})
    with pytest.raises(ValueError, match=r"run\.safetensors is no checkpoint of a training run"):
        small_run(checkpoint)


def test_trees_round_trip(tmp_path: Path) -> None:
    """Dtypes, shapes, 0-d and empty arrays, layouts, inf and NaN, large integers; what comes back may be changed."""
    arrays: list[Array] = [np.arange(6.0).reshape(2, 3).T, np.array(2.5), np.zeros((0, 3)), np.array([True])]
    arrays += [np.arange(3, dtype=np.int32), np.arange(4, dtype=">f4"), np.array([math.nan, -math.inf])]
    tree = {"arrays": arrays, "numbers": [1, 2.5, math.inf, 2**127, True, None, "ö/\n"], "deep": {"er": [{}]}}
    checkpoints.write(tmp_path / "file", tree)
    found = checkpoints.read(tmp_path / "file")
    assert found | {"arrays": 0} == tree | {"arrays": 0}
    for ours, theirs in zip(found["arrays"], arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype.newbyteorder("=")) and ours.flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("tree", [{1: 2}, {"a": {1, 2}}, {"__array__": "0"}, np.array(["text"]), np.array([None]), 1j])
def test_what_has_no_place_in_a_checkpoint(tmp_path: Path, tree: Any) -> None:
    """It is said before anything is written."""
    with pytest.raises(ValueError, match=r"^the tree holds "):
        checkpoints.write(tmp_path / "file", tree)
    deep: list[Any] = []
    for _ in range(30):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^the tree is nested more than 20 deep"):
        checkpoints.write(tmp_path / "file", deep)
    assert not list(tmp_path.iterdir())


def test_progress_is_shown(tmp_path: Path) -> None:
    """Epochs of all, loss, the monitored metric, and the time left; it starts where the run was."""
    small_run(tmp_path / "run", epochs=5)
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=120, color_system=None)
    run = small_run(tmp_path / "run", epochs=8, console=console)
    shown = text.getvalue()
    assert "epoch 5 of 8" in shown and "epoch 8 of 8" in shown and "epoch 4 of 8" not in shown
    assert f"loss {run.history['loss'][-1]:.4f}  validation_loss {run.history['validation_loss'][-1]:.4f}" in shown
    assert "0:00:00 left" in shown
