"""The last words of a run: everybody of a small class, and of a large one what needs a person."""

import io

from rich.console import Console

from grader.classroom.summary import Summary, plain
from grader.grade import Graded, Result

SLUG = "01-rnn"
FULL = (Graded("softmax", 2, 2, "6 of 6 checks right"),)
HALF = (Graded("softmax", 2, 1, "3 of 6 checks right", misconception="wrong_axis"),)


def _result(student: str, questions: tuple[Graded, ...] = FULL, problem: str = "") -> Result:
    return Result(SLUG, student, "f", {}, "none", () if problem else questions, problem=problem)


def _said(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(summary.what_ran())
    console.print(summary.table())
    for line in summary.lines():
        console.print(line)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_small_class() -> None:
    """Everybody has a row, by name, with the first thing to say; what ran is counted apart from what was skipped."""
    summary = Summary()
    summary.add(_result("eve", HALF), "for the first time")
    summary.add(_result("bob"), "")
    summary.add(_result("ada", problem="the notebook is empty"), "for the first time")
    said = _said(summary)
    assert summary.what_ran() == "1 up to date; 2 graded for the first time"
    assert (summary.graded, summary.ungraded) == (2, 1)
    rows = [line for line in said.splitlines() if any(name in line for name in ("ada", "bob", "eve"))]
    assert [("ada" in row, "bob" in row, "eve" in row) for row in rows] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert "not graded" in rows[0] and "the notebook is empty" in rows[0]
    assert "2 of 2" in rows[1] and "1 of 2" in rows[2] and "softmax: wrong axis" in rows[2]


def test_a_large_class() -> None:
    """Of ten thousand nobody reads the rows: there are counts, and those without a score, as many as can be read."""
    summary = Summary()
    for number in range(10_000):
        problem = "it is empty" if number % 100 == 0 else ""
        summary.add(_result(f"student-{number:05}", HALF if number % 2 else FULL, problem), "for the first time")
    said = _said(summary)
    assert said.count("student-") == said.count("it is empty") == 40
    assert "and 60 more that could not be graded" in said
    assert "9900 have a score: 1.49 of 2 points on average, 4900 with full marks; 100 could not be graded" in said


def test_a_large_class_without_problems() -> None:
    """Where nobody needs a person, no table is shown."""
    summary = Summary()
    for number in range(61):
        summary.add(_result(f"student-{number}"), "")
    assert not summary.shown
    assert list(summary.lines()) == [
        "61 have a score: 2.00 of 2 points on average, 61 with full marks; 0 could not be graded"
    ]


def test_names_are_only_names() -> None:
    """Neither rich's markup nor control characters of a student's get into the terminal."""
    summary = Summary()
    summary.add(_result("[red]eve[/]\x1b[2J"), "")
    assert "[red]eve[/]\N{REPLACEMENT CHARACTER}[2J" in _said(summary)
    assert "\x1b" not in plain("\x1b\u202e")
