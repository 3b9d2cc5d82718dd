"""One submission, graded in the real sandbox."""

import json
from functools import cache
from itertools import islice

import pytest

from grader import drives, exercises, notebook
from grader.course import Course
from grader.grade import Grader, Result
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.conftest import REPOSITORY
from grader.tests.submissions import Files

SLUG = "01-rnn"
STYLES = [(slug, style) for slug in exercises.slugs() for style in submissions.styles(slug)]
PACKS = 3  # of wrong answers, of the assignments after the first


@cache
def _grader(slug: str) -> Grader:
    """The grader of an assignment of this repository."""
    return Grader(exercises.load(slug), bytes(32), notebook.read(Course(REPOSITORY).release(slug)), {})


def _grade(grader: Grader, sandbox: Sandbox, files: Files) -> Result:
    (data,) = files.values()
    result, _ = grader.grade("ada", data, sandbox)
    return result


@pytest.mark.parametrize(("slug", "style"), STYLES)
def test_right_answers_score_full_marks(sandbox: Sandbox, slug: str, style: str) -> None:
    """However a right answer is written, it gets every point, on its own functions."""
    grader = _grader(slug)
    result = _grade(grader, sandbox, submissions.right(grader.release, slug, style))
    assert {q.name: q.score for q in result.questions} == {e.name: e.points for e in grader.assignment}
    assert not any(q.followed or q.hints or q.first_failure for q in result.questions)
    assert not result.cell_errors


@pytest.mark.parametrize("slug", exercises.slugs())
def test_wrong_answers_are_named(sandbox: Sandbox, slug: str) -> None:
    """Every misconception, in a notebook that holds others too, loses marks and is called by its name.

    But for functions that use others of the same notebook, or are asked together with others: two mistakes may undo
    each other, in all cases or in some.
    """
    grader = _grader(slug)
    packs = submissions.wrong(grader.release, grader.assignment)
    for expected, files in islice(packs, None if slug == SLUG else PACKS):
        result = _grade(grader, sandbox, files)
        for question in result.questions:
            exercise = grader.assignment.exercises[question.name]
            companions = drives.find(exercise.drive).companions
            if question.name not in expected:
                assert question.score == question.points or companions
            elif not companions and (question.misconception or not exercise.uses):
                assert question.misconception == expected[question.name]
                assert question.score < question.points


def test_untouched_is_not_done(grader_01: Grader, sandbox: Sandbox) -> None:
    """A notebook as it was released scores nothing, without a word of blame."""
    result = _grade(grader_01, sandbox, submissions.untouched(grader_01.release, SLUG))
    assert result.score == 0
    assert all(q.not_done and q.summary == "not done yet" and not q.hints for q in result.questions)
    assert result.unanswered


def test_same_submission_same_score(grader_01: Grader, sandbox: Sandbox) -> None:
    """Graded twice, and in another sandbox, a submission gets the same record but for the time it took."""
    _, files = next(submissions.wrong(grader_01.release, grader_01.assignment))
    with Sandbox("bubblewrap") as other:
        records = [_grade(grader_01, where, files).__dict__ | {"seconds": 0} for where in (sandbox, sandbox, other)]
    assert records[0] == records[1] == records[2]


ODD = [
    "cell-deleted",
    "cell-duplicated",
    "cells-reordered",
    "check-cell-copied",
    *submissions.ODDITIES,
    "many-1",
    "many-2",
    "many-3",
    "harmless",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_submissions_cost_only_what_is_broken(grader_01: Grader, sandbox: Sandbox, name: str) -> None:
    """What is odd in one function costs that question alone, and the student hears why."""
    makers = submissions.broken, submissions.mixed
    odd = next(made[name] for make in makers if name in (made := make(grader_01.release, grader_01.assignment)))
    result = _grade(grader_01, sandbox, odd.files)
    lost = [q.name for q in result.questions if q.score < q.points]
    assert lost == [q.name for q in result.questions][: odd.spoils]
    said = " ".join([*result.notes, *result.cell_errors.values(), *(q.first_failure for q in result.questions)])
    assert [words for words in odd.says if words not in said] == []


def test_class_that_is_wrong_costs_once(sandbox: Sandbox) -> None:
    """Who builds on a class of their own that is wrong is graded with the right one in its place."""
    slug, mistake = "09-optimizers", "count_never_reset"
    grader = _grader(slug)
    early_stopping = grader.assignment.exercises["EarlyStopping"]
    (wrong,) = (wrong for wrong in early_stopping.misconceptions if wrong.name == mistake)
    files = submissions.right(grader.release, slug, "lists")
    ((name, data),) = files.items()
    nb = notebook.parse(data, name)
    for cell in nb["cells"]:
        if notebook.grade_id(cell) == "EarlyStopping":
            cell["source"] = wrong.source("EarlyStopping")
    result = _grade(grader, sandbox, {name: json.dumps(nb).encode()})
    found = {question.name: question for question in result.questions}
    assert found["EarlyStopping"].misconception == mistake
    assert found["fit"].score == found["fit"].points and found["fit"].followed
