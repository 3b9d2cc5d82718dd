"""Compile a notebook's cell as a kernel would, without Jupyter."""

import contextlib
import linecache
import re
from types import CodeType

_FOR_IPYTHON = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)  # %magic, !shell, ?help, help?
_PYTHON_INSIDE = re.compile(r"\s*%%(time|timeit|capture|prun)\b.*")
_OTHER_LANGUAGE = re.compile(r"\s*%%\w")


def compile_cell(name: str, source: str) -> CodeType:
    """The code of a cell, whose lines tracebacks can show; raises SyntaxError.

    Lines for IPython do nothing, if without them the cell is Python; a cell in another language does nothing at all.
    """
    filename = f"<cell {name}>"
    linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
    try:
        return compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        with contextlib.suppress(SyntaxError):
            return compile(_without_magic(source), filename, "exec", dont_inherit=True)
        raise error from None


def _without_magic(source: str) -> str:
    """The cell's Python, line by line where it was."""
    if _OTHER_LANGUAGE.match(source) and not _PYTHON_INSIDE.match(source):
        return ""
    return _FOR_IPYTHON.sub(r"\1pass", source)
