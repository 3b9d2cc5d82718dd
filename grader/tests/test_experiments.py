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
            assert not axes or any(ax.get_xlabel() for ax in axes), "nothing says what runs to the right"
            assert not axes or any(ax.get_ylabel() or _has_words(ax) for ax in axes), "nothing says what runs up"
    finally:
        plt.close("all")


def _has_words(ax: Axes) -> bool:
    """Do words stand where the ticks are?"""
    return any(label.get_text().strip("−-+.e0123456789") for label in ax.get_yticklabels())
