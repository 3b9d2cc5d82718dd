"""All that a student's machine gets: `check` and `carry` in a notebook, the pytest plugin, the terminal's watch.

Nothing here, nor what it imports, knows the reference or the exercises: right answers come from the file
`checks.safetensors` beside the notebook.
"""

import sys
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # pytest imports this package wherever it runs, so numpy waits until something is checked
    from grader.compare import Question
    from grader.selfcheck.words import Report

SNAPSHOT = "checks.safetensors"
kept_notes: ContextVar[list[str] | None] = ContextVar("kept_notes", default=None)  # for who runs cells unseen


class CheckFailed(AssertionError):
    """Something is not right yet. Notebooks show its one line, and no traceback: the panel has said the rest."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotDoneYet(CheckFailed):
    """The function is still a stub."""


def check(function: Callable[..., object]) -> None:
    """Compare a function of this assignment with the right answers, and show what differs first, with a hint.

    Raises CheckFailed if something is wrong, and NotDoneYet if the function is a stub, so that nbgrader's Validate
    sees it.
    """
    from grader.selfcheck import words

    question = _question(function)
    report = words.report(question, question.ask(function))
    _show(report)
    if report.state is words.State.NOT_DONE:
        raise NotDoneYet(report.headline)
    if report.state is words.State.WRONG:
        raise CheckFailed(report.headline)


def carry(slug: str, *names: str) -> Any:
    """Your own functions from an earlier notebook: `rnn_forward, softmax = carry("01-rnn", "rnn_forward", "softmax")`.

    Says which notebook to finish first if one is missing, not done or not right. Returns the function for one name, a
    tuple of functions for several.
    """
    from grader.selfcheck import carrying

    functions, notes = carrying.carried(Path.cwd(), slug, names)
    if (kept := kept_notes.get()) is not None:
        kept += notes
    else:
        print(*notes, sep="\n", end="\n" * bool(notes))
    return functions[0] if len(functions) == 1 else tuple(functions)


def _question(function: Callable[..., object]) -> "Question":
    from grader.selfcheck import snapshot

    name = getattr(function, "__name__", None)
    if not callable(function) or not isinstance(name, str):
        raise CheckFailed("check wants a function, without parentheses after its name: check(rnn_forward)")
    try:
        questions = snapshot.read(snapshot.beside(Path.cwd()))
    except snapshot.UnreadableSnapshot as error:
        raise CheckFailed(str(error)) from None
    if name not in questions:
        raise CheckFailed(f"there is no check for {name!r} here; the functions to check are {', '.join(questions)}")
    return questions[name]


def _show(report: "Report") -> None:
    from grader.selfcheck import panel, plain

    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/html": panel.html(report), "text/plain": plain.text(report)}, raw=True)
            return
    print(plain.text(report))
