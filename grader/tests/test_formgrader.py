"""What nbgrader shows of a student is text, and can be shown at all; test_people.py looks at it in a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from nbformat import NotebookNode

from grader.nbgrader_plugin.formgrader import MAX_MARKDOWN, escape_names, harmless_markdown

ANSWER = {"metadata": {"nbgrader": {"solution": True}}}
WORDS = st.sampled_from(
    ["[", "](", ")", "![", "attachment:x", "<b>", "</a>", "<a href=x>", "```", "~~~x", "$$", "\n", "\n> "]
)


def _rendered(text: str, cell: object = ANSWER) -> str:
    environment = Environment()
    environment.filters["markdown2html"] = harmless_markdown
    return environment.from_string("{{ text | markdown2html }}").render(text=text, cell=cell)


def test_a_written_answer_runs_nothing() -> None:
    """What a student writes is formatted, formulas included, and can neither run nor fetch anything."""
    hostile = (
        "**bold** $a<b$ `<b>` [x](javascript:alert(1)) [ok](https://example.org)\n\n"
        "<script>alert(1)</script> <img src=x onerror=alert(2)> <p onclick=alert(3)>p</p> ![t](https://spy.example/x.png)"
    )
    html = _rendered(hostile)
    for harm in ("<script", "<img", "javascript:", "<p onclick", "href="):
        assert harm not in html
    for kept in (
        "<strong>bold</strong>",
        "$a&lt;b$",
        "<code>&lt;b&gt;</code>",
        "ok (<code>https://example.org</code>)",
    ):
        assert kept in html
    assert "<script>" in _rendered(hostile, {"metadata": {}})  # the course's own words


@given(st.lists(WORDS | st.text(max_size=9), max_size=40).map("".join))
def test_any_answer_can_be_shown(text: str) -> None:
    """No Markdown stops the page: it would be the end of the feedback for the whole class."""
    assert _rendered(text).endswith("</div>")


@pytest.mark.parametrize("heavy", ["<div>", "\\begin{a}", "<", "[a](", "**a", "> "])
def test_a_long_answer_is_shown_as_it_is(heavy: str) -> None:
    """Markdown that takes a parser minutes is not parsed; what is short enough is."""
    assert "<pre" in _rendered(heavy * MAX_MARKDOWN + "x")
    assert "<strong>" in _rendered("**a**" * (MAX_MARKDOWN // 5))


def test_names_are_escaped() -> None:
    """In what formgrader's page on a submission says of a student; what it says of nobody stays away."""
    notebook = NotebookNode()
    names = {"student": "<b>\u202e", "last_name": None, "notebook_path": 'autograded/"<b>/rnn.ipynb', "index": 3}
    shown = {"student": "&lt;b&gt;\ufffd", "notebook_path": "autograded/&quot;&lt;b&gt;/rnn.ipynb"}
    assert escape_names(notebook, names) == (notebook, names | shown)
    assert escape_names(notebook, {"nbgrader": {}}) == (notebook, {"nbgrader": {}})
