"""Run a notebook's cells one after another, as a kernel does, and say what went wrong in each."""

import contextlib
import linecache
import re
import sys
import types
from typing import Any

import grader
from grader import answers

_NOT_PYTHON = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)  # magics, shell commands, help


def fresh_namespace() -> dict[str, Any]:
    """The namespace of a new `__main__`, which pickle, dataclasses and typing find as they do in a notebook."""
    main = types.ModuleType("__main__")
    vars(main)["display"] = _do_nothing  # IPython has it without an import
    sys.modules["__main__"] = main
    return vars(main)


def offer_selfcheck() -> None:
    """Let notebooks import `check`; in here it does nothing, since what it compares with is an answer."""
    module = types.ModuleType("grader.selfcheck")
    vars(module)["check"] = _do_nothing
    vars(grader)["selfcheck"] = sys.modules[module.__name__] = module


def _do_nothing(*args: object, **kwargs: object) -> None:
    """Stands in for what only a notebook that is on a screen needs."""


def run(name: str, source: str, namespace: dict[str, Any]) -> str:
    """Run one cell; what went wrong in one line, or nothing."""
    filename = f"<cell {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    try:
        exec(_compile(source, filename), namespace)
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


def _compile(source: str, filename: str) -> types.CodeType:
    """The code of a cell; lines for IPython do nothing if, without them, it is Python."""
    try:
        return compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        with contextlib.suppress(SyntaxError):
            return compile(_NOT_PYTHON.sub(r"\1pass", source), filename, "exec", dont_inherit=True)
        raise error from None
