"""A report as plain text, for terminals, pytest, and notebooks that show no HTML."""

import textwrap
from collections.abc import Iterator

from grader.selfcheck.words import Report, State

WIDTH = 100


def text(report: Report) -> str:
    """All of the report but the picture and the later hints."""
    return "\n".join([f"{report.state.mark} {report.headline}", *details(report)])


def details(report: Report) -> Iterator[str]:
    """What comes below the headline, indented: nothing if all is right."""
    if report.state is State.WRONG:
        yield from _cases(report)
        yield from _indented(f"Case {report.where}:" if report.where else "In every case:")
    yield from _indented(report.text)
    if report.hints:
        yield from _indented(f"{report.hints_title}: {report.hints[0]}")
    if len(report.hints) > 1:
        yield from _indented(f"More hints ({len(report.hints) - 1}): check({report.function}) in the notebook")


def _cases(report: Report) -> Iterator[str]:
    yield f"  {report.summary}"
    for case in report.cases:
        yield f"    {case.state.mark} {case.label}" + (f": {case.wrong}" if case.wrong else "")


def _indented(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent="  ")
