"""Name the mistake behind wrong answers.

First the misconceptions of the question: executable wrong versions whose answers to the same cases are known. If
yours agree with one of them on every case, that is what you did; if one explains some outputs and another the rest,
you did both. Then patterns that need no wrong version: a factor, a shift, swapped axes or gates. Otherwise "no match"
is the honest answer, with the question's general hints.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations

from grader import laws, patterns
from grader.answers import Answer
from grader.compare import TOLERANCES, Case, Question, Tolerance, Verdict, matches, split_outputs
from grader.patterns import Wrong
from grader.trees import Tree


@dataclass(frozen=True)
class Diagnosis:
    """What probably went wrong. `name` is the misconception's or the pattern's; empty if nothing matched.

    known: it is one misconception of the question, or two.
    """

    name: str
    hints: tuple[str, ...]
    known: bool = field(default=False, compare=False)


def diagnose(verdict: Verdict) -> Diagnosis | None:
    """The diagnosis of a failed verdict; None if all is right or nothing was attempted."""
    if verdict.passed or verdict.not_done:
        return None
    question = verdict.question
    for name, hints in question.misconceptions.items():
        if is_misconception(verdict, name):
            return Diagnosis(name, hints, known=True)
    return _two_at_once(verdict) or _pattern(verdict) or Diagnosis("", question.hints)


def is_misconception(verdict: Verdict, name: str) -> bool:
    """Do the answers agree with this wrong version on every case, and on one at least where it is wrong?"""
    question, cases = verdict.question, verdict.question.cases
    pairs = zip(cases, verdict.answers, strict=True)
    agree = all(_agrees(question, case.mistaken.get(name), answer) for case, answer in pairs)
    return agree and any(_is_telling(question, cases[number], name) for number in _failed(verdict))


def _failed(verdict: Verdict) -> set[int]:
    """The numbers of the cases that are not right."""
    width = len(verdict.question.outputs)
    return {number // width for number, mark in enumerate(verdict.marks) if mark.difference}


def _agrees(question: Question, mistaken: Answer | None, answer: Answer) -> bool:
    if mistaken is None or answer.problem:  # both raise, or only one does
        return mistaken is None and bool(answer.problem)
    if mistaken.changed and mistaken.changed != answer.changed:
        return False
    value = laws.fingerprint(answer.value) if question.tolerance == "law" else answer.value
    return matches(mistaken.value, value, _precision(question))


def _is_telling(question: Question, case: Case, name: str) -> bool:
    """Is the wrong version wrong here?"""
    mistaken = case.mistaken.get(name)
    if mistaken is None or mistaken.changed or question.tolerance == "law":
        return mistaken is not None
    return not matches(case.expected, split_outputs(question, mistaken.value)[0], _precision(question))


def _precision(question: Question) -> Tolerance:
    return TOLERANCES["tight" if question.tolerance == "tight" else "close"]


def _two_at_once(verdict: Verdict) -> Diagnosis | None:
    """Two misconceptions, each of which spoils some outputs and explains them."""
    question = verdict.question
    values = _values(verdict)
    if values is None or len(question.outputs) < 2 or question.tolerance == "law":
        return None
    wrong = {i % len(question.outputs) for i, mark in enumerate(verdict.marks) if mark.difference}
    explained = {name: _explained(question, name, values, wrong) for name in question.misconceptions}
    for one, other in combinations([name for name in explained if explained[name]], 2):
        union = explained[one] | explained[other]
        if union == wrong and explained[one] != union != explained[other]:
            hints = (question.misconceptions[one][-1], question.misconceptions[other][-1])
            return Diagnosis(f"{one} + {other}", hints, known=True)
    return None


def _explained(question: Question, name: str, values: list[tuple[Tree, ...]], wrong: set[int]) -> set[int]:
    """The outputs that this misconception spoils, if they are wrong and agree with it in every case; otherwise none."""
    precision = _precision(question)
    mistaken = [case.mistaken.get(name) for case in question.cases]
    theirs = [split_outputs(question, answer.value)[0] if answer else () for answer in mistaken]
    if not all(theirs):
        return set()

    def alike(i: int, one: Sequence[tuple[Tree, ...]], other: Sequence[tuple[Tree, ...]]) -> bool:
        return all(matches(a[i], b[i], precision) for a, b in zip(one, other, strict=True))

    agreed = {i for i in wrong if alike(i, theirs, values)}
    if not agreed:  # as nearly always, and seen at the first case
        return set()
    right = [case.expected for case in question.cases]
    spoilt = {i for i in range(len(question.outputs)) if not alike(i, right, theirs)}
    return spoilt if spoilt <= agreed else set()


def _values(verdict: Verdict) -> list[tuple[Tree, ...]] | None:
    """The outputs of every case; None if one has a problem."""
    found = []
    for answer in verdict.answers:
        values, misfit = split_outputs(verdict.question, answer.value)
        if answer.problem or answer.changed or misfit:
            return None
        found.append(values)
    return found


def _pattern(verdict: Verdict) -> Diagnosis | None:
    question, values = verdict.question, _values(verdict)
    if question.tolerance == "law" or values is None:
        return None
    if _order_swapped(question, values):
        return Diagnosis("outputs in another order", (patterns.OTHER_ORDER, *question.hints))
    wrong: list[Wrong] = []
    for number in sorted(_failed(verdict)):
        wrong += patterns.wrong_arrays(question, question.cases[number], values[number])
    if found := patterns.common(wrong, TOLERANCES[question.tolerance]):
        name, hint = found
        return Diagnosis(name, (hint, *question.hints))
    return None


def _order_swapped(question: Question, values: list[tuple[Tree, ...]]) -> bool:
    """Are the outputs right in every case if they are put in one other order?"""
    places = range(len(question.outputs))

    def right(case: Case, value: tuple[Tree, ...], order: tuple[int, ...]) -> bool:
        tolerance = TOLERANCES[question.tolerance]
        return all(matches(case.expected[i], value[j], tolerance) for i, j in zip(places, order, strict=True))

    return len(places) <= 6 and any(
        all(right(case, value, order) for case, value in zip(question.cases, values, strict=True))
        for order in permutations(places)
        if order != tuple(places)
    )
