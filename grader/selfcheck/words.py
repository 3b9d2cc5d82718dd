"""What a check has to say, as plain data: the one source of words for the notebook's panel, pytest and the terminal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from grader.answers import Answer
from grader.compare import TOLERANCES, Difference, Mark, Question, Tolerance, Verdict, judge
from grader.diagnose import diagnose

_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?")  # ANSI's colours, titles, the rest


class State(Enum):
    """How a function stands, with the mark and the words that say so."""

    RIGHT = "✓", "is right"
    WRONG = "✗", "is not right yet"
    NOT_DONE = "○", "is not done yet"

    def __init__(self, mark: str, words: str) -> None:
        self.mark = mark
        self.words = words


@dataclass(frozen=True)
class CaseReport:
    """One case: the first thing that is wrong with it, and which outputs are wrong if there are several to tell."""

    label: str
    text: str = ""
    wrong: str = ""

    @property
    def state(self) -> State:
        return State.WRONG if self.text else State.RIGHT


@dataclass(frozen=True)
class Picture:
    """Two arrays of one shape, the letters of their axes (or none), where they first differ, and what counts."""

    yours: np.ndarray
    expected: np.ndarray
    axes: tuple[str, ...]
    index: tuple[int, ...]
    tolerance: Tolerance


@dataclass(frozen=True)
class Report:
    """One function's check. `text` and `picture` are about the first case that is wrong; `where` says which."""

    function: str
    state: State
    points: str
    cases: tuple[CaseReport, ...]
    where: str = ""
    text: str = ""
    picture: Picture | None = None
    hints_title: str = ""
    hints: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        end = "." if self.state is State.NOT_DONE else f": {self.points}"
        return f"{self.function} {self.state.words}{end}"

    @property
    def summary(self) -> str:
        passing = sum(case.state is State.RIGHT for case in self.cases)
        return f"{passing} of {len(self.cases)} cases pass"


def report(question: Question, answers: Sequence[Answer]) -> Report:
    """Judge the answers to all cases of `question`, diagnose them, and put it into words."""
    with np.errstate(all="ignore"):  # a student may have told numpy to raise
        verdict = judge(question, answers)
        diagnosis = diagnose(verdict)
    points = f"{round(verdict.score, 2):g} of {question.points:g} points"
    if verdict.not_done:
        text = f"It {printable(verdict.answers[0].problem)}."
        return Report(question.name, State.NOT_DONE, points, (), text=text)
    cases = _cases(verdict)
    failure = verdict.first_failure
    if failure is None or failure.difference is None or diagnosis is None:
        return Report(question.name, State.RIGHT, points, cases)
    return Report(
        function=question.name,
        state=State.WRONG,
        points=points,
        cases=cases,
        where="In every case" if len({case.text for case in cases}) == 1 < len(cases) else f"Case {failure.case}",
        text=printable(failure.difference.text),
        picture=_picture(question, failure.output, failure.difference),
        hints_title="Hint (your answers are those of a known mistake)" if diagnosis.known else "Hint",
        hints=diagnosis.hints,
    )


def trouble(question: Question, problem: str) -> Report:
    """The report on a function that could not be asked at all, for which no hint of the question would help."""
    answers = [Answer(problem=problem)] * len(question.cases)
    return replace(report(question, answers), hints=())


def with_notes(report: Report, notes: Sequence[str]) -> Report:
    """The report, but that what is not right may follow from what these notes say."""
    return report if report.state is State.RIGHT else replace(report, hints=(*notes, *report.hints))


def printable(text: str) -> str:
    """`text` without what only a terminal should read: escape sequences, control and direction characters."""
    return "".join(c for c in _ESCAPE.sub("", text) if c.isprintable() or c == "\n")


def visible(text: str, kept: str = "") -> str:
    """`text` with a sign for each character that does not show, but for those `kept`: names stay different names."""
    return "".join(c if c.isprintable() or c in kept else "\N{REPLACEMENT CHARACTER}" for c in text)


def _cases(verdict: Verdict) -> tuple[CaseReport, ...]:
    width = len(verdict.question.outputs)
    rows = [verdict.marks[i : i + width] for i in range(0, len(verdict.marks), width)]
    return tuple(_case(row) for row in rows)


def _case(marks: Sequence[Mark]) -> CaseReport:
    wrong = {mark.output: mark.difference.text for mark in marks if mark.difference}
    text = printable(next(iter(wrong.values()), ""))
    return CaseReport(marks[0].case, text, ", ".join(wrong) if len(marks) > 1 else "")


def _picture(question: Question, name: str, difference: Difference) -> Picture | None:
    if difference.yours is None or difference.expected is None or not difference.index:
        return None
    axes = next(output.axes for output in question.outputs if output.name == name).split()
    letters = tuple(axes) if len(axes) == len(difference.index) else ()
    return Picture(difference.yours, difference.expected, letters, difference.index, TOLERANCES[question.tolerance])
