"""Run a notebook's cells one after another, as a kernel does, and say what went wrong in each."""

import contextlib
import sys
import types
from collections.abc import Callable
from typing import Any

import grader
from grader import answers
from grader.cells import compile_cell

lent: dict[str, Callable[..., Any]] = {}  # the right earlier functions, while a question is asked


def fresh_namespace() -> dict[str, Any]:
    """The namespace of a new `__main__`, which pickle, dataclasses and typing find as they do in a notebook."""
    main = types.ModuleType("__main__")
    vars(main)["display"] = _do_nothing  # IPython has it without an import
    sys.modules["__main__"] = main
    return vars(main)


def offer_selfcheck() -> None:
    """Let notebooks import `check` and `carry`.

    In here `check` does nothing, since what it compares with is an answer, and `carry` gives the right functions.
    """
    module = types.ModuleType("grader.selfcheck")
    vars(module)["check"] = _do_nothing
    vars(module)["carry"] = _carry
    vars(grader)["selfcheck"] = sys.modules[module.__name__] = module


def _do_nothing(*args: object, **kwargs: object) -> None:
    """Stands in for what only a notebook that is on a screen needs."""


def _carry(slug: str, *names: str) -> Any:
    functions = tuple(_carried(name) for name in names)
    return functions[0] if len(functions) == 1 else functions


def _carried(name: str) -> Callable[..., Any]:
    def right(*args: Any, **kwargs: Any) -> Any:
        if name not in lent:
            raise RuntimeError(f"{name} comes from an earlier notebook, and can be called only inside your functions")
        return lent[name](*args, **kwargs)

    right.__name__ = right.__qualname__ = name
    return right


def run(name: str, source: str, namespace: dict[str, Any]) -> str:
    """Run one cell; what went wrong in one line, or nothing."""
    try:
        exec(compile_cell(name, source), namespace)
    except BaseException as error:
        return answers.describe(error)
    finally:
        flush()
    return ""


def flush() -> None:
    """Hand on what was printed, whatever the student has put in the place of stdout."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
