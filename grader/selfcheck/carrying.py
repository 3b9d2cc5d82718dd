"""Bring a student's own functions over from an earlier notebook, so that one network grows through the course."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from pathlib import Path

from grader import notebook
from grader.compare import Question
from grader.course import notebook_name
from grader.drives import Unfinished
from grader.selfcheck import cells, snapshot, words

Function = Callable[..., object]

_lent: ContextVar[Mapping[str, Function] | None] = ContextVar("lent", default=None)


@contextmanager
def lending(functions: Mapping[str, Function]) -> Iterator[None]:
    """Within, `carry` gives these functions instead of reading notebooks."""
    token = _lent.set(functions)
    try:
        yield
    finally:
        _lent.reset(token)


def carried(folder: Path, slug: str, names: tuple[str, ...]) -> tuple[list[Function], list[str]]:
    """The functions of the notebook of assignment `slug`, whose folder lies beside `folder`, and what is to be said.

    For a function that cannot be had, one that raises Unfinished when it is called.
    """
    if (lent := _lent.get()) is not None:
        return [lent[name] for name in names], []
    home = (folder.parent / slug).resolve()
    where = f"{slug}/{notebook_name(slug)}"
    try:
        earlier = notebook.read(home / notebook_name(slug))
        questions = snapshot.read(snapshot.beside(home))
    except (notebook.UnreadableNotebook, snapshot.UnreadableSnapshot) as error:
        what = ", ".join(f"`{name}`" for name in names)
        why = f"{what} of your notebook {where}, whose folder should lie beside this one: {error}"
        return [_missing(name, why) for name in names], [f"This notebook needs {why}"]
    with cells.at_home(home), redirect_stdout(io.StringIO()):
        return _each(names, where, cells.run(earlier), questions)


def _each(
    names: tuple[str, ...], where: str, definitions: cells.Definitions, questions: Mapping[str, Question]
) -> tuple[list[Function], list[str]]:
    functions: list[Function] = []
    notes: list[str] = []
    unfit: dict[str, list[str]] = {}  # what is to be said of functions -> their names
    for name in names:
        function = definitions.function(name)
        if function is None or name not in questions:
            what = f"`{name}`, which {definitions.why_missing(name)}: finish {where} first"
            functions.append(_missing(name, what))
            notes.append(f"This notebook needs {what}.")
            continue
        report = words.report(questions[name], questions[name].ask(function))
        if report.state is words.State.NOT_DONE:
            function = _missing(name, f"`{name}`, which is not done yet: finish {where} first")
        if report.state is not words.State.RIGHT:
            unfit.setdefault(report.state.words.removeprefix("is "), []).append(f"`{name}`")
        functions.append(function)
    for state, those in unfit.items():
        verb = "is" if len(those) == 1 else "are"
        notes.append(f"{', '.join(those)} {verb} {state}: finish {where} first, for what builds on it cannot be right.")
    return functions, notes


def _missing(name: str, why: str) -> Function:
    def function(*args: object, **kwargs: object) -> object:
        raise Unfinished(why)

    function.__name__ = function.__qualname__ = name
    return function
