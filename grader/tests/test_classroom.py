"""A class: every submission gets a result, and nothing that one hands in costs another anything."""

import pytest

from grader import journal
from grader.classroom import grade_class, load_grader
from grader.course import Course, CourseError
from grader.grade import Result
from grader.sandbox import Sandbox
from grader.tests import submissions
from grader.tests.submissions import hand_in

SLUG = "01-rnn"
ODD_NAMES = ['O\'Neil, "Pat"', '=HYPERLINK("evil","me")', "..\\..\\up", "<img src=x onerror=alert(1)>", "名前 é"]


def _grade(course: Course, workers: int = 2) -> dict[str, Result]:
    results = grade_class(course, SLUG, course.students(SLUG), workers=workers, isolation="bubblewrap")
    return {result.student: result for result in results}


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


def test_not_built_says_what_to_do(course: Course) -> None:
    """An assignment that was not built is an error with the command that builds it."""
    course.release(SLUG).unlink()
    with pytest.raises(CourseError, match="unrolled build 01-rnn"):
        load_grader(course, SLUG)
