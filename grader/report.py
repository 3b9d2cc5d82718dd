"""The class report: one self-contained HTML page for the instructor, with pictures and tables."""

import html
import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grader.exercise import Assignment
from grader.grade import Graded, Result
from grader.selfcheck.words import visible

_LARGE_CLASS = 200
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d8dee4; vertical-align: top; }
td { overflow-wrap: anywhere; } td:first-child { min-width: 11rem; } .wide { overflow-x: auto; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { max-width: 100%; height: auto; } .quiet { color: #57606a; } code { font-size: .9em; }
"""


def page(assignment: Assignment, results: Sequence[Result]) -> str:
    """The report on all results of one assignment, as HTML that needs nothing else."""
    graded = [result for result in results if not result.problem]
    ungraded = [result for result in results if result.problem]
    parts = [
        f"<h1>{html.escape(assignment.slug)}: class report</h1>",
        f"<p class=quiet>{len(graded)} submissions graded, {len(ungraded)} could not be.{_isolation_note(graded)}</p>",
    ]
    if graded:
        parts += [
            _picture("How the class did", draw_distribution(graded)),
            _picture("Which questions are hard", draw_questions(graded)),
            _mistakes(assignment, graded),
        ]
    if ungraded:
        rows = [[result.student, result.problem] for result in ungraded]
        parts += ["<h2>Could not be graded</h2>", _folded(_table(["Student", "Why"], rows), len(rows))]
    if graded:
        parts += ["<h2>Scores</h2>", _folded(_scores(assignment, graded), len(graded))]
    title = f"<title>{html.escape(assignment.slug)}: class report</title>"
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'>{title}<style>{_STYLE}</style>"
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return f"<!doctype html><html lang=en><head>{head}{policy}</head><body>{''.join(parts)}</body></html>\n"


def draw_distribution(results: Sequence[Result]) -> Figure:
    """How many students have how many points."""
    points = results[0].points
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots()
    axes.hist(
        [result.score for result in results], bins=np.linspace(0, points, 11).tolist(), color="#4c78a8", ec="white"
    )
    axes.set(title="How many students have how many points?", xlabel=f"points (of {points:g})", ylabel="students")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def draw_questions(results: Sequence[Result]) -> Figure:
    """For each question: how many are right, partly right, wrong, not done."""
    names = [question.name for question in results[0].questions]
    figure = Figure(figsize=(8, 0.8 + 0.42 * len(names)), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(names))
    for status, color, hatch in _STATUSES:
        counts = np.array([sum(_status(r.questions[i]) == status for r in results) for i in range(len(names))])
        bars = axes.barh(names, counts, left=left, color=color, hatch=hatch, edgecolor="white", label=status)
        axes.bar_label(bars, [str(count) if count else "" for count in counts], label_type="center")
        left += counts
    axes.invert_yaxis()
    axes.set(title="How many students got which question right?", xlabel="students")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


_STATUSES = (
    ("right", "#59a14f", ""),
    ("partly", "#edc948", "//"),
    ("wrong", "#e8836b", "xx"),
    ("not done", "#d4d4d4", ""),
)


def _status(question: Graded) -> str:
    if question.not_done:
        return "not done"
    if question.score == question.points:
        return "right"
    return "partly" if question.score > 0 else "wrong"


def mistakes(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """(question, misconception, how many students), the most common first."""
    found = Counter((q.name, q.misconception) for result in results for q in result.questions if q.misconception)
    return sorted(((*what, count) for what, count in found.items()), key=lambda row: (-row[2], row[0], row[1]))


def _mistakes(assignment: Assignment, results: Sequence[Result]) -> str:
    hints = {(q.name, q.misconception): "".join(q.hints[:1]) for result in results for q in result.questions}
    rows = [[name, what.replace("_", " "), count, hints[name, what]] for name, what, count in mistakes(results)]
    nameless = sum(bool(q.hints) and not q.misconception for result in results for q in result.questions)
    table = _table(["Question", "Mistake", "Students", "The hint they get"], rows, numbers={2})
    note = f"<p class=quiet>{nameless} more wrong answers match no known mistake.</p>" if nameless else ""
    return f"<h2>What they got wrong</h2>{table}{note}"


def _folded(table: str, students: int) -> str:
    """The table; that of a large class is closed, so that the page stays one that is read."""
    if students <= _LARGE_CLASS:
        return table
    return f"<details><summary>all {students} students</summary>{table}</details>"


def _scores(assignment: Assignment, results: Sequence[Result]) -> str:
    names = [exercise.name for exercise in assignment]
    rows = [[r.student, *(f"{q.score:g}" for q in r.questions), f"{r.score:g}"] for r in results]
    points = [f"{exercise.points:g}" for exercise in assignment]
    total = f"{sum(exercise.points for exercise in assignment):g}"
    numbers = set(range(1, len(names) + 2))
    return f"<div class=wide>{_table(['Student', *names, 'Sum'], [['(points)', *points, total], *rows], numbers)}</div>"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers: set[int] = frozenset()) -> str:  # type: ignore[assignment]
    def line(cells: Sequence[object], tag: str) -> str:
        kinds = [" class=number" if i in numbers else "" for i in range(len(cells))]
        return "".join(
            f"<{tag}{kind}>{html.escape(visible(str(c)))}</{tag}>" for kind, c in zip(kinds, cells, strict=True)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{line(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _picture(title: str, figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    label = f'<svg role="img" aria-label="{html.escape(title)}" '
    return f"<h2>{html.escape(title)}</h2>{svg[svg.index('<svg') :].replace('<svg ', label, 1)}"


def _isolation_note(results: Sequence[Result]) -> str:
    unsafe = sum(result.isolation == "none" for result in results)
    return f" <strong>{unsafe} of them ran without isolation.</strong>" if unsafe else ""
