"""The experiments of every notebook run on its solutions, and draw figures that say what they show.

Those that take minutes (they show a progress bar) are left to whoever changes them.
"""

from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grader import exercises
from grader.build import source_notebook
from grader.cells import compile_cell
from grader.course import Course
from grader.notebook import Cell, code_to_run, is_experiment, source
from grader.selfcheck.carrying import lending
from grader.tests.conftest import REPOSITORY


def drawn(slug: str, monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Run the solutions, then the experiments in their order; returns the figures they showed."""
    figures: list[Figure] = []
    monkeypatch.setattr(plt, "show", lambda: figures.append(plt.gcf()))
    notebook = source_notebook(Course(REPOSITORY), slug)
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *values: None}
    with lending(exercises.lent(notebook)):
        for name, text in code_to_run(notebook):
            exec(compile_cell(name, text), names)
    for number, cell in enumerate(notebook["cells"]):
        if is_experiment(cell) and not _is_long(cell):
            exec(compile_cell(f"experiment {number}", source(cell)), names)
    return figures


def _is_long(cell: Cell) -> bool:
    return "ProgressBar(" in source(cell)


@pytest.mark.parametrize("slug", exercises.slugs())
def test_experiments(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plt.switch_backend("Agg")
    figures = drawn(slug, monkeypatch)
    try:
        assert len(figures) >= 2
        for figure in figures:
            axes = [ax for ax in figure.axes if ax.axison]
            assert figure.get_suptitle() or any(ax.get_title() for ax in figure.axes), "a figure without a title"
            assert all(_is_labelled(ax, axes) for ax in axes), "axes without labels"
    finally:
        plt.close("all")


def _is_labelled(ax: Axes, others: list[Axes]) -> bool:
    """Has it a label at either axis, or shares it one that has?"""
    x = [ax, *(other for other in others if ax.get_shared_x_axes().joined(ax, other))]
    y = [ax, *(other for other in others if ax.get_shared_y_axes().joined(ax, other))]
    colorbar = ax.get_label() == "<colorbar>"
    return colorbar or (
        any(a.get_xlabel() or not a.get_xticks().size for a in x)
        and any(a.get_ylabel() or not a.get_yticks().size for a in y)
    )
