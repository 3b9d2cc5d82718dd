"""A report as plain text, for terminals, pytest, and notebooks that show no HTML."""

import textwrap
from collections.abc import Iterator

from grader.selfcheck.words import Report, State

WIDTH = 100


def text(report: Report) -> str:
    """All of the report but the picture and the later hints."""
    return "\n".join([headline(report), *details(report)])


def headline(report: Report) -> str:
    """One line: the mark, the function, the points."""
    return f"{report.state.mark} {report.headline}"


def details(report: Report, width: int = WIDTH) -> Iterator[str]:
    """The lines below the headline: none if all is right."""
    if report.state is State.WRONG:
        yield f"  {report.summary}:"
        for case in report.cases:
            yield f"    {case.state.mark} {case.label}" + (f": {case.wrong}" if case.wrong else "")
        yield f"  {report.where}:"
    yield from _wrapped(report.text, width)
    yield from _hint(report, width)


def failure(report: Report, number: int) -> str:
    """What is wrong with one case, and the hint; empty if it is right."""
    case = report.cases[number]
    return "\n".join([*_wrapped(case.text), *_hint(report)]) if case.text else ""


def _hint(report: Report, width: int = WIDTH) -> Iterator[str]:
    if report.hints:
        yield from _wrapped(f"{report.hints_title}: {report.hints[0]}", width)
    if (later := len(report.hints) - 1) > 0:
        yield f"  ({later} more in the notebook: check({report.function}))"


def _wrapped(words: str, width: int = WIDTH) -> list[str]:
    return textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
