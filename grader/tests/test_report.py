"""The class report: right counts, readable pictures, and nothing in it that a student could make run."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from grader.exercise import Assignment, Draw, Inputs
from grader.grade import Graded, Result
from grader.report import draw_distribution, draw_questions, mistakes, page

EVIL = "<script>alert('1')</script>"


def build() -> Assignment:
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda x: x, outputs="y", points=3, hints=["Look again."])
    def cell_forward(draw: Draw) -> Inputs:
        return dict(x=draw.normal(2))

    @cell_forward.misconception("Is 1 < 2 & 3 > 2?", "The second hint.")
    def bias_dropped(x: object) -> object:
        return 0

    @assignment.exercise(lambda x: x, outputs="y", points=1.5, hints=["Look again."])
    def softmax(draw: Draw) -> Inputs:
        return dict(x=draw.normal(2))

    @softmax.misconception("The first of softmax.")
    def no_shift(x: object) -> object:
        return 0

    return assignment


ASSIGNMENT = build()


def first(score: float, misconception: str = "", *, done: bool = True, hints: tuple[str, ...] = ("h",)) -> Graded:
    return Graded(
        "cell_forward",
        3,
        score,
        "summary",
        first_failure=f"`cell_forward` raises ValueError: {EVIL}" if score < 3 else "",
        misconception=misconception,
        hints=hints if score < 3 and done else (),
        not_done=not done,
    )


def second(score: float, misconception: str = "", *, done: bool = True) -> Graded:
    hints = ("h",) if score < 1.5 and done else ()
    return Graded("softmax", 1.5, score, "summary", misconception=misconception, hints=hints, not_done=not done)


def result(student: str, *questions: Graded, problem: str = "", isolation: str = "bubblewrap") -> Result:
    return Result("00-toy", student, "f", {}, isolation, questions, problem=problem)


RESULTS = [
    result("ada", first(3), second(1.5)),
    result("bob", first(1.5, "bias_dropped"), second(0, "no_shift")),
    result("eve", first(0, "bias_dropped"), second(0.75)),
    result("=HYPERLINK(1)", first(0, done=False), second(0, done=False)),
    result(f'O\'Neil, {EVIL} & "Co"', first(1, "negated", hints=("Is 1 < 2 & 3 > 2?",)), second(1.5)),
    result("../..", first(0), second(1.5), isolation="none"),
    result(f"late {EVIL}", problem=f"rnn.ipynb is <b>empty</b>: save it {EVIL}"),
]
GRADED = RESULTS[:-1]


class Page(HTMLParser):
    """A page, read strictly: every element is closed in its turn. Collects tables, texts, attributes."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.tables: list[list[list[str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif self.open:
            self.texts.append((self.open[-1], data))

    def said(self, tag: str) -> list[str]:
        return [text for inside, text in self.texts if inside == tag]


@pytest.fixture(scope="module")
def text() -> str:
    return page(ASSIGNMENT, RESULTS)


@pytest.fixture(scope="module")
def report(text: str) -> Page:
    return Page(text)


def test_a_page(text: str, report: Page) -> None:
    """The report is one whole HTML page, with a title, a language and an encoding."""
    assert text.startswith("<!doctype html><html lang=en>") and text.endswith("</html>\n")
    assert report.said("title")[0] == "00-toy: class report" and report.said("h1") == ["00-toy: class report"]
    assert ("meta", "charset", "utf-8") in report.attributes
    assert report.said("h2") == [
        "How the class did",
        "Which questions are hard",
        "What they got wrong",
        "Could not be graded",
        "Scores",
    ]


def test_counts(report: Page) -> None:
    """The page says how many were graded, how many could not be, and how many ran unprotected."""
    assert report.said("p")[0] == "6 submissions graded, 1 could not be. "
    assert report.said("strong") == ["1 of them ran without isolation."]


def test_scores_table(report: Page) -> None:
    """Every graded student has a row with each question's score and the sum, below the points."""
    assert report.tables[2] == [
        ["Student", "cell_forward", "softmax", "Sum"],
        ["(points)", "3", "1.5", "4.5"],
        ["ada", "3", "1.5", "4.5"],
        ["bob", "1.5", "0", "1.5"],
        ["eve", "0", "0.75", "0.75"],
        ["=HYPERLINK(1)", "0", "0", "0"],
        ["O'Neil, <script>alert('1')</script> & \"Co\"", "1", "1.5", "2.5"],
        ["../..", "0", "1.5", "1.5"],
    ]


def test_mistakes_table(report: Page) -> None:
    """Every mistake has a row, the most common first, with its first hint; answers without a name are counted."""
    assert report.tables[0] == [
        ["Question", "Mistake", "Students", "The hint they get"],
        ["cell_forward", "bias dropped", "2", "h"],
        ["cell_forward", "negated", "1", "Is 1 < 2 & 3 > 2?"],
        ["softmax", "no shift", "1", "h"],
    ]
    assert report.said("p")[1] == "2 more wrong answers match no known mistake."


def test_ungraded_table(report: Page) -> None:
    """Who could not be graded is named, with the reason."""
    assert report.tables[1] == [
        ["Student", "Why"],
        [f"late {EVIL}", f"rnn.ipynb is <b>empty</b>: save it {EVIL}"],
    ]


def test_nothing_runs(text: str, report: Page) -> None:
    """No script, no handler, no link out of the page: neither from a student's name nor from a message or picture."""
    assert not {"script", "iframe", "object", "embed", "link", "img", "a", "form", "foreignobject"} & set(report.tags)
    assert EVIL not in text and "<b>" not in text
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; &quot;Co&quot;" in text
    for _tag, name, value in report.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "href", "action", "data", "srcdoc")
        assert name != "xlink:href" or value.startswith("#")
        assert "url(" not in value or re.fullmatch(r"(?:(?!url\().)*url\(#\w+\)(?:(?!url\().)*", value)
    assert "@import" not in text and "javascript:" not in text


def test_policy(report: Page) -> None:
    """A browser is told to load nothing, should anything have slipped through."""
    assert ("meta", "http-equiv", "Content-Security-Policy") in report.attributes
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in report.attributes


def test_pictures(report: Page) -> None:
    """Both pictures are in the page, with a label for who cannot see them, and no date that changes every time."""
    assert report.tags.count("svg") == 2
    labels = [value for tag, name, value in report.attributes if (tag, name) == ("svg", "aria-label")]
    assert labels == ["How the class did", "Which questions are hard"]
    assert "dc:date" not in report.tags


def test_pictures_need_no_window() -> None:
    """A report opens no figure of pyplot's: it can be made on a server, in a thread, any number of times."""
    import matplotlib.pyplot

    page(ASSIGNMENT, RESULTS[:1])
    assert matplotlib.pyplot.get_fignums() == []


def test_distribution() -> None:
    """The histogram has everybody in it, in the bin of their points, with title and axes that say what is counted."""
    axes = draw_distribution(GRADED).axes[0]
    assert axes.get_title() == "How many students have how many points?"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("points (of 4.5)", "students")
    heights = {round(bar.get_x() / 0.45): int(bar.get_height()) for bar in axes.containers[0]}
    assert heights == {0: 1, 1: 1, 2: 0, 3: 2, 4: 0, 5: 1, 6: 0, 7: 0, 8: 0, 9: 1}
    assert all(tick == int(tick) for tick in axes.get_yticks())


def test_questions() -> None:
    """Every question's bar shows how many are right, partly right, wrong and not done, in the notebook's order."""
    axes = draw_questions(GRADED).axes[0]
    assert axes.get_title() == "How many students got which question right?"
    assert axes.get_xlabel() == "students"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cell_forward", "softmax"]
    assert axes.yaxis_inverted(), "the first question stands on top"
    bars = {c.get_label(): [int(bar.get_width()) for bar in c] for c in axes.containers}
    assert bars == {"right": [1, 3], "partly": [2, 1], "wrong": [2, 1], "not done": [1, 1]}
    legend = axes.get_legend()
    assert legend is not None
    assert [entry.get_text() for entry in legend.get_texts()] == ["right", "partly", "wrong", "not done"]
    starts = [[bar.get_x() for bar in c] for c in axes.containers]
    np.testing.assert_array_equal(starts, [[0, 0], [1, 3], [3, 4], [5, 5]])
    written = [label.get_text() for label in axes.texts]
    assert written == ["1", "3", "2", "1", "2", "1", "1", "1"]


def test_empty_parts_of_a_bar_have_no_number() -> None:
    """A zero is not written into a bar that is not there."""
    axes = draw_questions([result("ada", first(3), second(0))]).axes[0]
    assert [label.get_text() for label in axes.texts if label.get_text()] == ["1", "1"]


def test_colour_is_not_the_only_sign() -> None:
    """Right, partly and wrong differ in hatching, too, for who cannot tell the colours apart."""
    axes = draw_questions(GRADED).axes[0]
    looks = {(c[0].get_facecolor(), c[0].get_hatch()) for c in axes.containers}
    assert len(looks) == 4
    assert len({hatch for _, hatch in looks}) >= 3


def test_mistakes() -> None:
    """Mistakes are counted by question and name: the most common first, equal ones by name."""
    assert mistakes(GRADED) == [
        ("cell_forward", "bias_dropped", 2),
        ("cell_forward", "negated", 1),
        ("softmax", "no_shift", 1),
    ]
    assert mistakes([]) == []


def test_nobody_graded() -> None:
    """Without one graded submission the page still says why, without pictures."""
    report = Page(page(ASSIGNMENT, RESULTS[-1:]))
    assert report.said("p") == ["0 submissions graded, 1 could not be."]
    assert report.said("h2") == ["Could not be graded"]
    assert "svg" not in report.tags and len(report.tables) == 1
    empty = Page(page(ASSIGNMENT, []))
    assert empty.said("p") == ["0 submissions graded, 0 could not be."] and empty.tables == []


def test_everybody_right() -> None:
    """Where nothing went wrong, the table of mistakes is empty, and neither isolation nor unknown mistakes are told."""
    report = Page(page(ASSIGNMENT, [result("ada", first(3), second(1.5))] * 3))
    assert report.said("p") == ["3 submissions graded, 0 could not be."]
    assert report.said("strong") == []
    assert report.tables[0] == [["Question", "Mistake", "Students", "The hint they get"]]


def test_mistakes_of_an_older_spec() -> None:
    """A record that names a mistake which the spec no longer has is shown with the hint of its time."""
    report = Page(page(ASSIGNMENT, [result("ada", first(0, "long_gone"), second(1.5))]))
    assert report.tables[0][1] == ["cell_forward", "long gone", "1", "h"]


def test_a_large_class_is_folded() -> None:
    """Of thousands, the lists of names are closed at first; the pictures, and what went wrong, are not."""
    many = [result(f"student-{number}", first(3), second(1.5)) for number in range(201)]
    text = page(ASSIGNMENT, many)
    assert text.count("<details>") == 1 and "all 201 students" in text
    assert "student-200" in text[text.index("<details>") :] and "student-" not in text[: text.index("<details>")]
    assert "<details>" not in page(ASSIGNMENT, many[:200])
