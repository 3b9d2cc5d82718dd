"""What student and instructor read of a result: in the graded notebook, and as the gradebook's comment.

nbgrader takes a check cell's score from its outputs: there must be exactly one execute_result, a number, and neither
an error nor anything on stderr. Whatever comes from a student is text: cut, without control characters, escaped.
"""

import copy
import unicodedata
from html import escape
from typing import Any

from grader.answers import NOT_DONE
from grader.grade import Graded, Result
from grader.notebook import Notebook, cell_name, grade_id, has, source
from grader.selfcheck.panel import prose
from grader.selfcheck.words import printable, visible

MAX_PRINTED = 4_000  # characters of what a student's code printed

_SPACES = "".join(c for c in map(chr, range(0x3001)) if unicodedata.category(c) == "Zs")
_TYPED = f"\n\r\t{_SPACES}\u200c\u200d"  # what people write with, though it does not show; \u200c in Persian, for one
_BOX = "padding: 2px 0 4px 14px; margin: 4px 0; max-width: 62em; font: 14px/1.5 system-ui, sans-serif"
_BOX += "; overflow-wrap: anywhere"
_INERT = str.maketrans({"`": "'", "$": "＄", "\\": "＼", "\n": " "})  # as code, and not as TeX

Output = dict[str, Any]


def annotate(nb: Notebook, result: Result) -> Notebook:
    """The rebuilt notebook `nb` with the result in the cells' outputs."""
    annotated = copy.deepcopy(nb)
    questions = {graded.name: graded for graded in result.questions}
    about = [*(f"Note: {note}." for note in result.notes), *_printed("The notebook printed", result.printed)]
    for number, cell in enumerate(annotated["cells"]):
        if has(cell, "solution") or (cell["cell_type"] == "code" and not grade_id(cell)):
            cell["source"] = visible(source(cell), kept=_TYPED)
        if cell["cell_type"] != "code":
            continue
        name = cell_name(cell, number)
        if has(cell, "grade") and (checked := questions.get(name.removeprefix("check-"))):
            cell["outputs"] = [_panel(checked), _score(checked)]
        else:
            error = result.cell_errors.get(name)
            texts = about + ([f"Running this cell, Python {error}"] if error else [])
            texts += _printed("While it was checked, it printed", questions[name].printed if name in questions else "")
            cell["outputs"], about = [_stdout("\n\n".join(texts))] if texts else [], []
    return annotated


def clamped(graded: Graded) -> float:
    """The score, which a gradebook must be able to rely on: a number from 0 to the points."""
    return max(0.0, min(graded.points, graded.score)) if graded.score == graded.score else 0.0


def comment(graded: Graded) -> str:
    """What is to be said to the student, as plain text; empty if all is right.

    nbgrader takes comments for Markdown in its feedback, with HTML and TeX, so a student's words stand as inert code.
    """
    failure, advice = _failure(graded), _advice(graded)
    if graded.score >= graded.points and not advice:
        return ""
    quoted = [f"`{failure.translate(_INERT)}`"] if failure else []
    return "\n\n".join([f"{_headline(graded)}.", *quoted, *advice])


def _headline(graded: Graded) -> str:
    return f"{clamped(graded):g} of {graded.points:g} points, {graded.summary}"


def _failure(graded: Graded) -> str:
    """What went wrong first, which may quote the student; nothing if the headline says it all."""
    only_undone = graded.first_failure == f"`{graded.name}` {NOT_DONE.problem}."
    return "" if only_undone else printable(graded.first_failure)


def _advice(graded: Graded) -> list[str]:
    """What we have to say about it, in our own words."""
    followed = "Scored with the right earlier functions in place of your own, which are not right yet."
    return [f"Hint: {hint}" for hint in graded.hints] + ([followed] if graded.followed and graded.score > 0 else [])


def _panel(graded: Graded) -> Output:
    """The verdict on one question; nothing in it is ever typeset as mathematics."""
    right, done = graded.score >= graded.points, not graded.not_done
    mark, colour = ("✓", "#388e3c") if right else ("✗", "#d32f2f") if done else ("○", "#9e9e9e")
    headline = f"{graded.name}: {_headline(graded)}"
    texts = [text for text in (_failure(graded), *_advice(graded)) if text]
    parts = [f'<b><span aria-hidden="true" style="color: {colour}">{mark}</span> {escape(headline)}</b>']
    parts += [f'<p style="margin: 6px 0">{prose(text)}</p>' for text in texts]
    html = f'<div class="tex2jax_ignore" style="border-left: 4px solid {colour}; {_BOX}">{"".join(parts)}</div>'
    data = {"text/html": html, "text/plain": "\n".join([headline, *texts])}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def _score(graded: Graded) -> Output:
    data = {"text/plain": f"{clamped(graded):.10g}"}
    return {"output_type": "execute_result", "metadata": {}, "execution_count": None, "data": data}


def _printed(intro: str, text: str) -> list[str]:
    text = printable(text.expandtabs(4)).strip("\n")
    if len(text) > MAX_PRINTED:
        text = text[:MAX_PRINTED] + "\n[…]"
    return [f"{intro}:\n{text}"] if text else []


def _stdout(text: str) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": printable(text) + "\n"}
