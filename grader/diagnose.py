"""Name the mistake behind wrong answers.

First the misconceptions of the question: executable wrong versions whose answers to the same cases are known. If
yours agree with one of them on every case, that is what you did. Then patterns that need no wrong version: swapped
axes, a sign, a factor. Otherwise "no match" is the honest answer, with the question's general hints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from grader.answers import Answer
from grader.compare import TOLERANCES, Case, Difference, Question, Tolerance, Verdict, matches, split_outputs

_CLOSE = TOLERANCES["close"]


@dataclass(frozen=True)
class Diagnosis:
    """What probably went wrong. `name` is the misconception's or the pattern's; empty if nothing matched."""

    name: str
    hints: tuple[str, ...]


def diagnose(verdict: Verdict) -> Diagnosis | None:
    """The diagnosis of a failed verdict; None if all is right or nothing was attempted."""
    if verdict.passed or verdict.not_done:
        return None
    question = verdict.question
    for name, hints in question.misconceptions.items():
        if is_misconception(question, name, verdict.answers):
            return Diagnosis(name, hints)
    wrong = [mark.difference for mark in verdict.marks if mark.difference]
    for name, (shows, hint) in PATTERNS.items():
        if all(shows(difference, TOLERANCES[question.tolerance]) for difference in wrong):
            return Diagnosis(name, (hint, *question.hints))
    return Diagnosis("", question.hints)


def is_misconception(question: Question, name: str, answers: tuple[Answer, ...]) -> bool:
    """Do the answers agree with this wrong version on every case, and on one at least where it is wrong?"""
    pairs = list(zip(question.cases, answers, strict=True))
    agree = all(_agrees(question, case.mistaken.get(name), answer) for case, answer in pairs)
    return agree and any(_is_telling(case, name) for case, answer in pairs if not answer.problem)


def _agrees(question: Question, mistaken: tuple[object, ...] | None, answer: Answer) -> bool:
    if mistaken is None or answer.problem:  # both raise, or only one does
        return mistaken is None and bool(answer.problem)
    values, misfit = split_outputs(question, answer.value)
    if misfit or len(mistaken) != len(values):
        return False
    return all(matches(m, value, _CLOSE) for m, value in zip(mistaken, values, strict=True))


def _is_telling(case: Case, name: str) -> bool:
    mistaken = case.mistaken.get(name)
    return mistaken is not None and not (
        len(mistaken) == len(case.expected)
        and all(matches(e, m, _CLOSE) for e, m in zip(case.expected, mistaken, strict=True))
    )


def _axes_swapped(difference: Difference, tolerance: Tolerance) -> bool:
    yours, expected = difference.yours, difference.expected
    return (
        yours is not None
        and expected is not None
        and any(matches(expected, yours.transpose(order), tolerance) for order in permutations(range(yours.ndim)))
    )


def _negated(difference: Difference, tolerance: Tolerance) -> bool:
    yours, expected = difference.yours, difference.expected
    return yours is not None and expected is not None and matches(expected, -yours, tolerance)


def _not_a_number(difference: Difference, tolerance: Tolerance) -> bool:
    return difference.yours is not None and bool(np.isnan(difference.yours).any())


PATTERNS: dict[str, tuple[Callable[[Difference, Tolerance], bool], str]] = {
    "axes swapped": (_axes_swapped, "The numbers are right, but the axes are in another order than asked for."),
    "negated": (_negated, "Every number is right but for its sign."),
    "not a number": (
        _not_a_number,
        "There is a NaN in the result: look for 0/0, inf - inf or exp of a large number on the way.",
    ),
}
