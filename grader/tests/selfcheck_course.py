"""A tiny assignment for the self-check's tests: two functions, their answers right and wrong, and their notebook."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from grader.exercise import Assignment, Draw
from grader.selfcheck import SNAPSHOT, snapshot

tiny = Assignment("00-tiny")


def _states(x: np.ndarray, h0: np.ndarray) -> np.ndarray:
    h = [h0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] + h[-1]))
    return np.stack(h[1:], axis=1)


def _extremes(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return h.min(axis=1), h.max(axis=1)


@tiny.exercise(
    _states,
    outputs="h: B T H",
    points=4,
    hints=["What does step t need from step t - 1?", "Keep the state in a variable.", "h = np.tanh(x[:, t] + h)"],
)
def states(draw: Draw, B: int = 3, T: int = 4, H: int = 5) -> dict[str, np.ndarray]:
    return dict(x=draw.normal(B, T, H), h0=draw.normal(B, H))


@states.misconception("Every step starts from `h0`; only the first one should.", "Which state does step 1 continue?")
def forgetful(x, h0):  # type: ignore[no-untyped-def]
    return np.tanh(x + h0[:, None])


@tiny.exercise(_extremes, outputs="low: B H; high: B H", points=2, hints=["Over which axis does time run?"])
def extremes(draw: Draw, B: int = 3, T: int = 4, H: int = 5) -> dict[str, np.ndarray]:
    return dict(h=draw.normal(B, T, H))


SETUP = "import numpy as np\n"
STUB = "def {name}(*inputs):\n    raise NotImplementedError\n"
STATES = """def states(x, h0):
    h = np.empty_like(x)
    for t in range(x.shape[1]):
        h0 = h[:, t] = np.tanh(x[:, t] + h0)
    return h
"""
FORGETFUL = "def states(x, h0):\n    return np.tanh(x + h0[:, None])\n"
EXTREMES = "def extremes(h):\n    return h.min(axis=1), h.max(axis=1)\n"
WRONG_HIGH = "def extremes(h):\n    return h.min(axis=1), h[:, -1]\n"


def write_snapshot(folder: Path) -> None:
    """Put `checks.safetensors` into `folder`."""
    snapshot.write(folder / SNAPSHOT, [exercise.question() for exercise in tiny])


def write_assignment(folder: Path, own: str = "", **solutions: str) -> Path:
    """The assignment in `folder`, its solution cells filled as given, else stubs; returns the notebook's path.

    own: a cell of the student's, before the solutions.
    """
    write_snapshot(folder)
    path = folder / "tiny.ipynb"
    path.write_text(json.dumps(notebook(own, **solutions)))
    return path


def notebook(own: str = "", **solutions: str) -> dict[str, Any]:
    """The notebook as JSON: setup, the student's own cell, then for each function a solution and a check cell."""
    cells = [_cell("setup", SETUP + "from grader.selfcheck import check", locked=True)]
    cells += [_cell("", own)] if own else []
    for exercise in tiny:
        text = solutions.get(exercise.name, STUB.format(name=exercise.name))
        check = _cell(f"check-{exercise.name}", f"check({exercise.name})", grade=True, locked=True)
        check["metadata"]["nbgrader"]["points"] = exercise.points
        cells += [_cell(exercise.name, text, solution=True), check]
    experiment = _cell("experiment", "raise RuntimeError('experiments are not run')", locked=True)
    experiment["metadata"]["tags"] = ["experiment"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [*cells, experiment]}


def _cell(grade_id: str, text: str, *, grade: bool = False, solution: bool = False, locked: bool = False) -> Any:
    marks = {"grade": grade, "solution": solution, "locked": locked, "grade_id": grade_id, "schema_version": 3}
    return {
        "cell_type": "code",
        "id": grade_id or "own",
        "metadata": {"nbgrader": marks} if grade_id else {},
        "execution_count": None,
        "outputs": [],
        "source": text,
    }
