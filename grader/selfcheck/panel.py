"""A report as HTML for a notebook: one panel that reads in light and dark themes, by keyboard and screen reader.

Colours come from JupyterLab's theme where there is one; text inherits its colour, and no fact is told by colour alone.
"""

import re
from collections.abc import Sequence
from html import escape

from grader.selfcheck import picture
from grader.selfcheck.words import CaseReport, Report, State

_COLOURS = {
    State.RIGHT: "var(--jp-success-color1, #388e3c)",
    State.WRONG: "var(--jp-error-color1, #d32f2f)",
    State.NOT_DONE: "var(--jp-border-color1, #9e9e9e)",
}
_LINE = "var(--jp-border-color1, #9e9e9e)"
_TEXT = "font: 13px/1.5 var(--jp-content-font-family, system-ui, sans-serif)"
_CODE = "font: 12px var(--jp-code-font-family, monospace); background: none; color: inherit; padding: 0"


def html(report: Report) -> str:
    """The whole panel."""
    parts = [_headline(report)]
    if report.state is State.WRONG:
        parts += [_summary(report), _cases(report), _first_difference(report), _hints(report.hints_title, report.hints)]
    elif report.state is State.RIGHT:
        parts.append(f'<details><summary style="cursor: pointer">{report.summary}</summary>{_cases(report)}</details>')
    else:
        parts.append(_paragraph(prose(report.text)))
    style = f"border-left: 4px solid {_COLOURS[report.state]}; padding: 2px 0 4px 14px; max-width: 62em; {_TEXT}"
    return f'<section aria-label="Check of {escape(report.function)}" style="{style}">{"".join(parts)}</section>'


def prose(text: str) -> str:
    """Words for HTML: escaped, with `code` set as code."""
    return re.sub(r"`([^`]+)`", rf'<code style="{_CODE}">\1</code>', escape(text)).replace("\n", "<br/>")


def _headline(report: Report) -> str:
    mark = f'<span aria-hidden="true" style="color: {_COLOURS[report.state]}">{report.state.mark}</span>'
    return f'<div style="font-size: 15px; font-weight: 600">{mark} {escape(report.headline)}</div>'


def _summary(report: Report) -> str:
    return f"<div>{report.summary}:</div>"


def _cases(report: Report) -> str:
    style = "display: flex; flex-wrap: wrap; gap: 4px 6px; list-style: none; margin: 4px 0; padding: 0"
    return f'<ul role="list" style="{style}">{"".join(map(_case, report.cases))}</ul>'


def _case(case: CaseReport) -> str:
    colour = _COLOURS[case.state]
    border = f"2px solid {colour}" if case.state is State.WRONG else f"1px solid {_LINE}"
    mark = f'<b role="img" aria-label="{case.state.words}:" style="color: {colour}">{case.state.mark}</b>'
    wrong = f": <b>{escape(case.wrong)}</b>" if case.wrong else ""
    style = f"border: {border}; border-radius: 4px; padding: 0 6px; margin: 0; white-space: nowrap; font-size: 12px"
    return f'<li style="{style}">{mark} {escape(case.label)}{wrong}</li>'


def _first_difference(report: Report) -> str:
    drawing = picture.svg(report.picture) if report.picture else ""
    return _paragraph(f"<b>{escape(report.where)}:</b><br/>{prose(report.text)}") + drawing


def _hints(title: str, hints: Sequence[str]) -> str:
    """The first hint; each later one behind a click of its own."""
    if not hints:
        return ""
    later = f'<details style="margin: 0">{_SUMMARY}{_hints("Hint", hints[1:])}</details>' if hints[1:] else ""
    return _paragraph(f"<b>{escape(title)}:</b> {prose(hints[0])}") + later


_SUMMARY = '<summary style="cursor: pointer">show me more</summary>'


def _paragraph(content: str) -> str:
    return f'<p style="margin: 6px 0; {_TEXT}">{content}</p>'
