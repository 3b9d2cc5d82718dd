"""Feedback: nbgrader reads the score back, the student reads the hint, and nobody's browser runs anything."""

import copy
import html
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from nbconvert.filters import markdown2html
from nbgrader.utils import determine_grade

from grader import notebook
from grader.course import Course
from grader.feedback import MAX_PRINTED, annotate, clamped, comment
from grader.grade import Graded
from grader.notebook import Cell, Notebook
from grader.tests.nbgrader_course import RIGHT, SLUG, WRONG, result

HOSTILE = (
    "<script>alert(1)</script> ` <img src=x onerror=alert(2)> $$ \\begin{a} <b> \\end{a} $$ [x](javascript:alert(3)) "
    "``` \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202e back \x00\x08 &lt;i&gt; \n\n# heading\n\n    code <u>\n\n- <s>"
)


@pytest.fixture
def release(built: Course) -> Notebook:
    return notebook.read(built.release(SLUG))


def _cell(nb: Notebook, name: str) -> Cell:
    return next(cell for cell in nb["cells"] if notebook.grade_id(cell) == name)


def _outputs(nb: Notebook, kind: str) -> list[dict[str, Any]]:
    return [output for cell in nb["cells"] for output in cell.get("outputs", []) if output["output_type"] == kind]


class _Tags(HTMLParser):
    """The elements of some HTML, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_nbgrader_reads_every_score_back(release: Notebook) -> None:
    """determine_grade gives each check cell's score, from exactly one clean execute_result."""
    scores = [3.0, 0.0, 1.3333, 2.0, 0.1, 1.0, 4.0]
    graded = result(release, score=iter(scores).__next__)
    nb = nbformat.from_dict(annotate(release, graded))
    checks = [cell for cell in nb.cells if cell.cell_type == "code" and notebook.has(cell, "grade")]
    assert [determine_grade(cell)[0] for cell in checks] == scores
    for cell in checks:
        assert [output.output_type for output in cell.outputs] == ["display_data", "execute_result"]
    nbformat.validate(nb)


@pytest.mark.parametrize(("score", "gives"), [(5.0, 3.0), (-1.0, 0.0), (float("nan"), 0.0), (1e-9, 1e-9)])
def test_a_score_stays_within_its_points(score: float, gives: float) -> None:
    """Whatever the arithmetic gave, the gradebook gets a number from 0 to the points."""
    assert clamped(replace(RIGHT, score=score)) == gives


def test_no_output_can_cost_the_score(release: Notebook) -> None:
    """Neither errors, nor prints, nor notes become an error output or stderr, which would zero the grade."""
    errors = {"rnn_cell_forward": "raises SyntaxError: invalid syntax", "own cell 3": "raises KeyError: 1"}
    odd = replace(result(release, printed="hm"), cell_errors=errors, notes=("something is odd",), printed="top")
    nb = annotate(release, odd)
    assert not _outputs(nb, "error")
    assert {output["name"] for output in _outputs(nb, "stream")} == {"stdout"}
    assert "raises SyntaxError" in _cell(nb, "rnn_cell_forward")["outputs"][0]["text"]
    first = next(cell for cell in nb["cells"] if cell["cell_type"] == "code")["outputs"][0]["text"]
    assert "Note: something is odd." in first and "top" in first


def test_the_students_own_cells_get_their_errors(release: Notebook) -> None:
    """An error in a cell of the student's own stands in that cell."""
    own: Cell = {
        "cell_type": "code",
        "id": "own",
        "metadata": {},
        "outputs": [],
        "source": "x",
        "execution_count": None,
    }
    nb = release | {"cells": [release["cells"][0], own, *release["cells"][1:]]}
    annotated = annotate(nb, replace(result(release), cell_errors={"own cell 2": "raises NameError: x"}))
    assert "raises NameError: x" in annotated["cells"][1]["outputs"][0]["text"]


def test_the_given_notebook_is_left_alone(release: Notebook) -> None:
    """annotate returns a copy."""
    before = notebook.source(release["cells"][0]), [cell.get("outputs") for cell in release["cells"]]
    annotate(release, result(release))
    assert before == (notebook.source(release["cells"][0]), [cell.get("outputs") for cell in release["cells"]])


def test_the_panel_says_it_all(release: Notebook) -> None:
    """Score, summary, first failure, every hint, and that it was scored with the right earlier functions."""
    nb = annotate(release, result(release, wrong=replace(WRONG, followed=True, name="rnn_forward")))
    panel = _cell(nb, "check-rnn_forward")["outputs"][0]["data"]
    for shown in (_Tags(panel["text/html"]).text, panel["text/plain"]):
        for words in ("1.5 of 4 points", WRONG.summary, "batch row 0", *WRONG.hints, "right earlier functions"):
            assert words in shown.replace("`", "")


def test_a_stub_is_told_calmly(release: Notebook) -> None:
    """What is not done yet is said once, without hints."""
    stub = Graded("softmax", 3, 0, "not done yet", "`softmax` is not done yet.", not_done=True, followed=True)
    assert comment(stub) == "0 of 3 points, not done yet."
    needs = replace(stub, first_failure="`softmax` needs `rnn_cell_forward`, which is not done yet.")
    assert "needs 'rnn_cell_forward'" in comment(needs)


def test_nothing_is_said_of_what_is_right() -> None:
    """No comment if all is right; but one if it is right only with the right earlier functions."""
    assert comment(RIGHT) == ""
    assert "right earlier functions" in comment(replace(RIGHT, followed=True))


def test_a_students_words_do_nothing_in_the_notebook(release: Notebook) -> None:
    """In the graded notebook they are text: escaped, without control, direction and escape characters."""
    hostile = replace(WRONG, first_failure=HOSTILE, printed=HOSTILE)
    nb = annotate(release, replace(result(release, wrong=hostile), printed=HOSTILE))
    page = _cell(nb, "check-rnn_cell_forward")["outputs"][0]["data"]["text/html"]
    tags = _Tags(page)
    assert tags.elements <= {"div", "b", "span", "p", "code", "br"}
    assert tags.attributes <= {"class", "style", "aria-hidden"}
    assert "<script>alert(1)</script>" in tags.text
    texts = [page, *(output["text"] for output in _outputs(nb, "stream"))]
    assert not [c for text in texts for c in text if not c.isprintable() and c != "\n"]


def test_a_students_words_do_nothing_in_the_comment() -> None:
    """nbgrader renders comments as Markdown: a student's words stay inert code in it, and can be read as text."""
    text = comment(replace(WRONG, first_failure=HOSTILE))
    tags = _Tags(markdown2html(text))
    assert tags.elements <= {"p", "code", "br"} and not tags.attributes
    assert "$" not in text and "\\" not in text
    assert "<script>alert(1)</script>" in tags.text and "[x](javascript:alert(3))" in tags.text


def test_code_shows_what_turns_it_around(release: Notebook) -> None:
    """In students' cells a sign stands for what does not show; the course's own words, spaces and joiners stay."""
    odd = "# \u202e\x1b\u2028 a\tb\u3000\u00a0\u200c\r\n"
    nb = copy.deepcopy(release)
    for cell in nb["cells"]:
        cell["source"] = odd
    shown = {notebook.grade_id(cell): cell["source"] for cell in annotate(nb, result(release))["cells"]}
    assert shown["softmax"] == shown["written-summary"] == "# \ufffd\ufffd\ufffd a\tb\u3000\u00a0\u200c\r\n"
    assert shown["check-softmax"] == odd


def test_prints_are_cut(release: Notebook) -> None:
    """Ten thousand lines do not fill the gradebook's folder."""
    nb = annotate(release, result(release, printed="line\n" * 10_000))
    assert all(len(output["text"]) < MAX_PRINTED + 200 for output in _outputs(nb, "stream"))


def test_html_escapes_are_not_doubled(release: Notebook) -> None:
    """A `<` in our own words is read as a `<`."""
    nb = annotate(release, result(release, wrong=replace(WRONG, hints=("Is 0 < `t` & t < T?",))))
    page = _cell(nb, "check-rnn_cell_forward")["outputs"][0]["data"]["text/html"]
    assert "Is 0 < t & t < T?" in html.unescape(_Tags(page).text)
