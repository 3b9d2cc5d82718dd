"""A class: every submission gets a result, and nothing that one hands in costs another anything."""

import json
from pathlib import Path

import pytest

from grader import journal
from grader.classroom import Run, load_grader, recipe
from grader.classroom.pool import Pool
from grader.course import Course, CourseError
from grader.grade import Result
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.submissions import hand_in

SLUG = "01-rnn"
ODD_NAMES = ['O\'Neil, "Pat"', '=HYPERLINK("evil","me")', "..\\..\\up", "<img src=x onerror=alert(1)>", "名前 é"]


def _grade(course: Course, workers: int = 2) -> dict[str, Result]:
    """Everybody's result, up to date or not."""
    run = Run(course, SLUG, "bubblewrap")
    results = [*run.up_to_date(course.students(SLUG)), *run.grade(Pool(workers))]
    assert len(results) == len(course.students(SLUG))
    return {result.student: result for result in results}


def _reasons(course: Course) -> dict[str, str]:
    """Why each submission that is not up to date is to be graded."""
    run = Run(course, SLUG, "bubblewrap")
    skipped = [record.student for record in run.up_to_date(course.students(SLUG))]
    assert sorted([*skipped, *run.reasons]) == course.students(SLUG)
    return run.reasons


def test_unreadable_submissions(course: Course, sandbox: Sandbox) -> None:
    """What cannot be read gets no score but a reason, and its neighbour full marks."""
    release = load_grader(course, SLUG)
    odd = submissions.broken(release.release, release.assignment)
    unreadable = {name: broken for name, broken in odd.items() if broken.spoils is None}
    for name, broken in unreadable.items():
        hand_in(course, SLUG, name, broken.files)
    hand_in(course, SLUG, "neighbour", submissions.right(release.release, SLUG, "loops"))
    results = _grade(course)
    assert results["neighbour"].score == results["neighbour"].points > 0
    assert len(unreadable) >= 7
    for name, broken in unreadable.items():
        assert broken.says[0] in results[name].problem, name
        assert not results[name].questions
        assert not course.autograded(SLUG, name).exists()
        assert journal.find(course, SLUG, name) == results[name]


def test_odd_names_are_only_names(course: Course, sandbox: Sandbox) -> None:
    """Commas, quotes, formulas and dots in a student's name change neither score nor place."""
    release = load_grader(course, SLUG).release
    for student in ODD_NAMES:
        hand_in(course, SLUG, student, submissions.right(release, SLUG, "loops"))
    results = _grade(course)
    assert set(results) == set(ODD_NAMES)
    for student, result in results.items():
        assert result.score == result.points
        assert course.autograded(SLUG, student).exists()
        assert journal.find(course, SLUG, student) == result


def test_second_run_reads_the_journal(course: Course, sandbox: Sandbox) -> None:
    """What is graded and unchanged is not run again; a new submission, or a new key, is."""
    release = load_grader(course, SLUG).release
    hand_in(course, SLUG, "ada", submissions.right(release, SLUG, "loops"))
    first = _grade(course)["ada"]
    assert _grade(course)["ada"] == first  # the time it took included: it is the record itself
    course.submitted(SLUG, "ada").write_bytes(submissions.untouched(release, SLUG)["rnn.ipynb"])
    second = _grade(course)["ada"]
    assert (first.score, second.score) == (first.points, 0)
    (course.root / ".unrolled" / "key").write_bytes(b"another key, also secret, for test")
    assert _grade(course)["ada"].version != second.version


def _record(course: Course, student: str, **changes: object) -> None:
    """Make a student's record say something else."""
    path = course.record(SLUG, student)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_every_reason_to_grade_again(course: Course, sandbox: Sandbox) -> None:
    """A run says why it grades what it grades: nothing else is run, and after it all is up to date."""
    release = load_grader(course, SLUG).release
    version = dict(recipe(course, SLUG).version)
    reasons = {
        "graded notebook": "again, since the graded notebook is gone",
        "isolation": "again, since they ran with isolation none",
        "new": "for the first time",
        "problem": "again, since they could not be graded last time",
        "record damaged": "for the first time",
        "resubmitted": "again, since they were resubmitted",
        "spec": "again, since the exercises changed",
        "spec and key": "again, since the exercises and the key changed",
        "unchanged": "",
    }
    for student in reasons:
        hand_in(course, SLUG, student, submissions.right(release, SLUG, "loops"))
    assert set(_reasons(course).values()) == {"for the first time"}
    _grade(course)
    assert _reasons(course) == {}
    course.autograded(SLUG, "graded notebook").unlink()
    _record(course, "isolation", isolation="none")
    course.record(SLUG, "new").unlink()
    _record(course, "problem", problem="the power failed")
    course.record(SLUG, "record damaged").write_bytes(b"{")
    course.submitted(SLUG, "resubmitted").write_bytes(submissions.untouched(release, SLUG)["rnn.ipynb"])
    _record(course, "spec", version=version | {"exercises": "other"})
    _record(course, "spec and key", version=version | {"exercises": "other", "key": "other"})
    expected = {student: reason for student, reason in reasons.items() if reason}
    assert _reasons(course) == expected
    _grade(course)
    assert _reasons(course) == {}


def test_a_submission_that_vanishes(course: Course, sandbox: Sandbox) -> None:
    """What was handed in and is gone is graded again, to no score."""
    hand_in(course, SLUG, "ada", submissions.right(load_grader(course, SLUG).release, SLUG, "loops"))
    assert _grade(course)["ada"].score > 0
    course.submitted(SLUG, "ada").unlink()
    assert _reasons(course) == {"ada": "again, since they were resubmitted"}
    assert "no notebook at all" in _grade(course)["ada"].problem


def test_result_does_not_depend_on_the_pool(course: Course, sandbox: Sandbox) -> None:
    """One worker or two, in any order: the same scores."""
    grader = load_grader(course, SLUG)
    for number, (_, files) in enumerate(submissions.wrong(grader.release, grader.assignment)):
        hand_in(course, SLUG, f"student-{number}", files)
    two = {student: result.questions for student, result in _grade(course, workers=2).items()}
    for student in two:
        course.record(SLUG, student).unlink()
    one = {student: result.questions for student, result in _grade(course, workers=1).items()}
    assert one == two


def test_the_key_stays_out_of_the_journal(course: Course, sandbox: Sandbox) -> None:
    """Nothing that a run writes holds the key, as bytes or as hexadecimal digits."""
    hand_in(course, SLUG, "ada", submissions.right(load_grader(course, SLUG).release, SLUG, "loops"))
    _grade(course)
    key = course.key()
    written: list[Path] = [path for path in course.root.rglob("*") if path.is_file() and path.name != "key"]
    assert course.record(SLUG, "ada") in written
    for path in written:
        data = path.read_bytes()
        assert key not in data and key.hex().encode() not in data


def test_not_built_says_what_to_do(course: Course) -> None:
    """An assignment that was not built is an error with the command that builds it."""
    course.release(SLUG).unlink()
    with pytest.raises(CourseError, match="unrolled build 01-rnn"):
        load_grader(course, SLUG)
