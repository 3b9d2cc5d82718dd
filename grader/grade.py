"""Grade one submission: rebuild it, run it in the sandbox, compare outside, name the mistake, score."""

import hashlib
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property

from grader import drives, exercises, notebook
from grader.compare import Question, Verdict, judge
from grader.diagnose import Diagnosis, diagnose
from grader.exercise import Assignment, Exercise
from grader.notebook import Notebook
from grader.sandbox import Call, Cell, Sandbox
from grader.sandbox import Submission as Running


@dataclass(frozen=True)
class Graded:
    """One question of one submission.

    first_failure: the first case that is not right, and where in it; empty if all are right.
    followed: scored with the right earlier functions in place of the student's own, which gave more.
    """

    name: str
    points: float
    score: float
    summary: str
    first_failure: str = ""
    misconception: str = ""
    hints: tuple[str, ...] = ()
    followed: bool = False
    not_done: bool = False
    printed: str = ""


@dataclass(frozen=True)
class Result:
    """All that grading one submission gave. `problem` says why there is no score, if there is none."""

    assignment: str
    student: str
    fingerprint: str  # of the submitted bytes
    version: Mapping[str, str]  # of everything else that the score depends on; see journal.py
    isolation: str
    questions: tuple[Graded, ...] = ()
    cell_errors: Mapping[str, str] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()  # written questions left as they were released
    notes: tuple[str, ...] = ()
    printed: str = ""
    problem: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> float:
        return round(sum(question.score for question in self.questions), 4)

    @property
    def points(self) -> float:
        return sum(question.points for question in self.questions)


@dataclass(frozen=True)
class Grader:
    """Everything needed to grade submissions of one assignment; one per process."""

    assignment: Assignment
    key: bytes
    release: Notebook
    version: Mapping[str, str]

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The hidden cases: drawn and solved once, the same for the whole class."""
        return {exercise.name: exercise.question(self.key) for exercise in self.assignment}

    @cached_property
    def calls(self) -> dict[str, list[Call]]:
        """How each question is asked: with the student's earlier functions, then, if there are any, with the right.

        What the notebook carries over from earlier notebooks is right in either.
        """
        calls, lent = {}, exercises.lent(self.release)
        for exercise in self.assignment:
            told = drives.find(exercise.drive).told
            inputs = [told(case.inputs) for case in self.questions[exercise.name].cases]
            earlier = {used.name: used.reference for used in exercise.uses}
            calls[exercise.name] = [
                Call(exercise.name, inputs, exercise.seconds, right, exercise.drive)
                for right in (lent, lent | earlier)[: 1 + bool(earlier)]
            ]
        return calls

    @cached_property
    def packages(self) -> tuple[tuple[str, ...], ...]:
        """What questions may import besides the usual, each such set once, the largest last.

        The cells run once for each, in a sandbox of its own.
        """
        return tuple(sorted({exercise.packages for exercise in self.assignment}, key=len))

    def grade(self, student: str, data: bytes, sandbox: Sandbox) -> tuple[Result, Notebook]:
        """Grade the submitted bytes; raises UnreadableNotebook. Also returns the rebuilt notebook."""
        start = time.monotonic()
        submission = notebook.rebuild(self.release, notebook.parse(data, "the notebook"))
        cells = [Cell(name, text) for name, text in notebook.code_to_run(submission.notebook)]
        with ExitStack() as stack:
            running = {p: stack.enter_context(sandbox.submission(cells, p)) for p in self.packages}
            questions = self._grade_questions(running)
            fullest = running[self.packages[-1]]
            result = Result(
                assignment=self.assignment.slug,
                student=student,
                fingerprint=hashlib.sha256(data).hexdigest(),
                version=self.version,
                isolation=sandbox.isolation,
                questions=questions,
                cell_errors=dict(fullest.cell_errors),
                unanswered=notebook.unanswered(self.release, submission.notebook),
                notes=submission.notes,
                printed=fullest.printed,
            )
        return replace(result, seconds=round(time.monotonic() - start, 3)), submission.notebook

    def _grade_questions(self, running: Mapping[tuple[str, ...], Running]) -> tuple[Graded, ...]:
        graded: dict[str, Graded] = {}
        for exercise in self.assignment:
            shaky = any(graded[used.name].score < used.points for used in exercise.uses)
            its_own = running[exercise.packages]
            attempt = self._best_attempt(exercise, its_own, shaky)
            graded[exercise.name] = _graded(attempt, its_own.cell_errors.get(exercise.name, ""))
        return tuple(graded.values())

    def _best_attempt(self, exercise: Exercise, running: Running, shaky: bool) -> "_Attempt":
        """With the student's own earlier functions, and if need be with the right ones: the better one counts.

        shaky: one of the earlier functions is known to be wrong, so that the right ones go first and the
        student's own, which may never end, are seldom needed.
        """
        calls, question = self.calls[exercise.name], self.questions[exercise.name]
        attempts: list[_Attempt] = []
        for call in reversed(calls) if shaky else calls:
            outcome = running.ask(call)
            verdict = judge(question, question.read(outcome.answers))
            attempts.append(_Attempt(verdict, call is not calls[0], outcome.printed))
            if verdict.passed:
                break
        return max(attempts, key=_Attempt.rank)


@dataclass(frozen=True)
class _Attempt:
    """One run of a question. followed: with the right earlier functions."""

    verdict: Verdict
    followed: bool
    printed: str

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        return diagnose(self.verdict)

    def rank(self) -> tuple[float, bool]:
        """More points are better; for the same, an answer whose mistake is known is."""
        return self.verdict.score, bool(self.diagnosis and self.diagnosis.name)


def _graded(attempt: _Attempt, cell_error: str) -> Graded:
    verdict = attempt.verdict
    right = sum(mark.difference is None for mark in verdict.marks)
    graded = Graded(
        name=verdict.question.name,
        points=verdict.question.points,
        score=verdict.score,
        summary=f"{right} of {len(verdict.marks)} checks right",
        followed=attempt.followed,
        not_done=verdict.not_done,
        printed=attempt.printed,
    )
    if verdict.passed:
        return graded
    if verdict.not_done:
        return replace(graded, summary="not done yet", first_failure=f"`{graded.name}` {verdict.answers[0].problem}.")
    failure, diagnosis = verdict.first_failure, attempt.diagnosis
    assert failure and failure.difference and diagnosis  # since it is neither right nor untouched
    cell = _sentence(f"Running the cell, Python {cell_error}") + " " if cell_error else ""
    return replace(
        graded,
        first_failure=cell + _sentence(f"In the case {failure.case}: {failure.difference.text}"),
        misconception=diagnosis.name,
        hints=diagnosis.hints,
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
