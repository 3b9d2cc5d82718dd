"""nbgrader grades as `unrolled grade` does: same scores, same comments, same questions left for a person."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from grader import exercises, journal, notebook
from grader.classroom import Run, load_grader
from grader.classroom.pool import Pool
from grader.converters import generate_feedback, load_config, quietly
from grader.course import Course
from grader.gradebook import GradebookWriter
from grader.notebook import Notebook
from grader.sandbox import Isolation, IsolationError, Sandbox
from grader.tests import submissions
from grader.tests.nbgrader_course import SLUG, cell, nbgrader, rows
from grader.tests.submissions import Files, hand_in

WRITTEN = "written-summary"
MISTAKEN = (
    "def rnn_cell_forward(x, h_prev, W_x, W_h, b):\n    print('hm')\n    return np.tanh(x @ W_x + h_prev @ W_h)\n"
)


@pytest.fixture(scope="session")
def isolation() -> Isolation:
    """The real walls where they can be built; these tests do not try to climb them."""
    try:
        with Sandbox("bubblewrap") as sandbox, sandbox.submission([]):
            return "bubblewrap"
    except IsolationError:
        return "none"


def _edited(files: Files, **texts: str) -> Files:
    """The submission with other texts in these cells; "_" stands for the "-" of their names."""
    nb: Notebook = json.loads(files["rnn.ipynb"])
    for edited in nb["cells"]:
        edited["source"] = texts.get(notebook.grade_id(edited).replace("-", "_"), edited["source"])
    return {"rnn.ipynb": json.dumps(nb).encode()}


@pytest.fixture
def handed_in(course: Course) -> Course:
    """A course with a few submissions of every kind."""
    release = notebook.read(course.release(SLUG))
    right = submissions.right(release, SLUG, "loops")
    hand_in(course, SLUG, "right, with an answer", _edited(right, written_summary="It shares its weights."))
    hand_in(course, SLUG, '=HYPERLINK("x","y")', right)
    hand_in(course, SLUG, "O'Neil [wrong]", _edited(right, rnn_cell_forward=MISTAKEN, written_summary="Hm.\n"))
    hand_in(course, SLUG, "untouched", submissions.untouched(release, SLUG))
    hand_in(course, SLUG, "blank", _edited(right, written_summary="  \n"))
    broken = submissions.broken(release, exercises.load(SLUG))
    for name in ("cell-deleted", "syntax-error"):
        hand_in(course, SLUG, name, broken[name].files)
    (course.submitted(SLUG, "untouched").parent / "timestamp.txt").write_text("2030-02-01 11:30:00 UTC")
    return course


def _autograde(course: Course, isolation: Isolation, student: str = "*", force: bool = True) -> None:
    """What `nbgrader autograde` does, in this process."""
    config = load_config(course)
    config.Grade.isolation = isolation
    with quietly() as log:
        directory = CourseDirectory(
            root=str(course.root), assignment_id=SLUG, student_id=student, config=config, log=log
        )
        Autograde(coursedir=directory, config=config, log=log, force=force).start()


def _grade(course: Course, isolation: Isolation) -> None:
    """What `unrolled grade` does, in this process."""
    run = Run(course, SLUG, isolation)
    with GradebookWriter(course, SLUG) as gradebook:
        for result in (*run.up_to_date(course.students(SLUG)), *run.grade(Pool(1))):
            gradebook.add(result)


def _twin(course: Course, tmp_path: Path) -> Course:
    """A copy of the course, secret key included."""
    course.key()
    shutil.copytree(course.root, tmp_path / "twin")
    return Course(tmp_path / "twin")


def test_both_ways_leave_the_same_rows(handed_in: Course, tmp_path: Path, isolation: Isolation) -> None:
    """Scores, comments, times and what waits for a person agree, row by row, whatever was handed in."""
    folder = handed_in.submitted(SLUG, "O'Neil [wrong]").parent.parent
    folder.rename(folder.with_name("O'Neil"))  # nbgrader finds submissions by pattern, and [ ] is one
    twin = _twin(handed_in, tmp_path)
    _grade(handed_in, isolation)
    _autograde(twin, isolation)
    ours, theirs = rows(handed_in), rows(twin)
    assert len(ours) == 7 * 16
    assert ours == theirs
    waiting = {str(row["student_id"]) for row in ours if row["needs_manual_grade"]}
    assert waiting == {row["student_id"] for row in ours} - {"untouched", "blank"}


def test_both_ways_leave_the_same_notebooks(handed_in: Course, tmp_path: Path, isolation: Isolation) -> None:
    """So that feedback and formgrader show the same; nbgrader only checks and sorts the metadata."""
    twin = _twin(handed_in, tmp_path)
    student = "right, with an answer"
    _grade(handed_in, isolation)
    _autograde(twin, isolation, student)
    ours, theirs = (notebook.read(course.autograded(SLUG, student)) for course in (handed_in, twin))
    for mine, other in zip(ours["cells"], theirs["cells"], strict=True):
        assert notebook.source(mine) == notebook.source(other)
        assert _without_lines(mine.get("outputs")) == _without_lines(other.get("outputs"))


def _without_lines(outputs: object) -> str:
    """nbformat writes a text as a list of its lines."""
    return json.dumps(outputs, sort_keys=True).replace('\\n", "', "\\n").replace('["', '"').replace('"]', '"')


@pytest.mark.parametrize("grade", [_grade, _autograde])
def test_a_manual_score_survives(
    handed_in: Course, isolation: Isolation, grade: Callable[[Course, Isolation], None]
) -> None:
    """Both ways leave what a person gave and wrote, and ask the person to look at it again."""
    shutil.rmtree(handed_in.submitted(SLUG, "O'Neil [wrong]").parent.parent)
    grade(handed_in, isolation)
    with Gradebook(f"sqlite:///{handed_in.root}/gradebook.db") as book:
        for name, score in ((WRITTEN, 4.0), ("check-softmax", 1.0)):
            given = book.find_grade(name, "rnn", SLUG, "right, with an answer")
            given.manual_score, given.needs_manual_grade = score, False
        book.find_comment(WRITTEN, "rnn", SLUG, "right, with an answer").manual_comment = "Yes!"
        book.db.commit()
    grade(handed_in, isolation)
    text, check = (cell(handed_in, "right, with an answer", name) for name in (WRITTEN, "check-softmax"))
    assert (text["manual_score"], text["needs_manual_grade"]) == (4.0, 1)
    assert (check["manual_score"], check["auto_score"], check["needs_manual_grade"]) == (1.0, 3.0, 1)
    assert cell(handed_in, "right, with an answer", WRITTEN, "SolutionCell")["manual_comment"] == "Yes!"


def test_one_bad_submission_costs_only_itself(course: Course, isolation: Isolation) -> None:
    """What nbgrader cannot read is its student's error; the others are graded."""
    release = notebook.read(course.release(SLUG))
    odd = submissions.broken(release, exercises.load(SLUG))
    for name in ("not-json", "format-3", "empty-file"):
        hand_in(course, SLUG, name, odd[name].files)
    hand_in(course, SLUG, "right", submissions.right(release, SLUG, "loops"))
    with pytest.raises(NbGraderException):
        _autograde(course, isolation)
    assert cell(course, "right", "check-softmax")["auto_score"] == 3
    assert not course.autograded(SLUG, "format-3").exists()


def test_the_record_is_the_same(handed_in: Course, isolation: Isolation) -> None:
    """nbgrader's way leaves the journal's record, so that `unrolled grade` need not run the submission again."""
    student = "right, with an answer"
    _autograde(handed_in, isolation, student)
    record = journal.find(handed_in, SLUG, student)
    grader = load_grader(handed_in, SLUG)
    assert record and (record.version, record.isolation) == (grader.version, isolation)
    assert record.score == record.points


def test_nbgrader_sees_what_is_new(handed_in: Course, isolation: Isolation) -> None:
    """After `unrolled grade`, `nbgrader autograde` leaves the submission alone, until there is a newer one."""
    _grade(handed_in, isolation)
    path = handed_in.submitted(SLUG, "untouched")
    path.write_bytes(handed_in.submitted(SLUG, "blank").read_bytes())
    _autograde(handed_in, isolation, "untouched", force=False)
    assert cell(handed_in, "untouched", "check-softmax")["auto_score"] == 0
    path.with_name("timestamp.txt").write_text("2030-02-01 11:31:00 UTC")
    _autograde(handed_in, isolation, "untouched", force=False)
    assert cell(handed_in, "untouched", "check-softmax")["auto_score"] == 3


def test_nothing_else_is_copied(course: Course, isolation: Isolation) -> None:
    """Of what lies beside the notebook, links' targets included, nothing comes to where feedback takes files from."""
    hand_in(course, SLUG, "mallory", submissions.right(notebook.read(course.release(SLUG)), SLUG, "loops"))
    folder = course.submitted(SLUG, "mallory").parent
    (folder / "pages").mkdir()
    (folder / "pages" / "evil.html").write_text("<script>")
    (folder / "key.txt").symlink_to(course.root / ".unrolled" / "key")
    course.key()
    (folder / "timestamp.txt").write_text("2030-02-01 11:30:00 UTC")
    _autograde(course, isolation)
    there = {path.name for path in course.autograded(SLUG, "mallory").parent.rglob("*")}
    assert there == {"rnn.ipynb", "timestamp.txt"}


def test_the_command(handed_in: Course, isolation: Isolation) -> None:
    """The real `nbgrader autograde` grades with our configuration."""
    with (handed_in.root / "nbgrader_config.py").open("a") as config:
        config.write(f'c.Grade.isolation = "{isolation}"\n')
    nbgrader(handed_in, "autograde", SLUG, "--student", "untouched")
    assert cell(handed_in, "untouched", "check-softmax")["auto_score"] == 0
    assert cell(handed_in, "untouched", WRITTEN, "SolutionCell")["auto_comment"] == "No response."


def test_formgraders_buttons(handed_in: Course, isolation: Isolation) -> None:
    """What formgrader calls when one presses Generate, Autograde and Feedback works on our course."""
    config = load_config(handed_in)
    config.Grade.isolation = isolation
    with quietly():
        directory = CourseDirectory(root=str(handed_in.root), config=config)
        formgrader = NbGraderAPI(directory, config=config)
        for done in (
            formgrader.generate_assignment(SLUG),
            formgrader.autograde(SLUG, "untouched"),
            formgrader.generate_feedback(SLUG, "untouched"),
        ):
            assert done["success"], done
        assert formgrader.get_submission(SLUG, "untouched")["autograded"]
    assert handed_in.checks(SLUG).exists()


def test_feedback_shows_the_hints(handed_in: Course, isolation: Isolation) -> None:
    """nbgrader's feedback page has the score, the panel and every hint, whatever the student is called."""
    _grade(handed_in, isolation)
    generate_feedback(handed_in, SLUG, ["O'Neil [wrong]", '=HYPERLINK("x","y")', "nobody"])
    page = handed_in.feedback(SLUG, "O'Neil [wrong]").read_text()
    wrong = exercises.load(SLUG).exercises["rnn_cell_forward"]
    hints = next(m.hints for m in wrong.misconceptions if m.name == "bias_dropped")
    for words in ("0 of 3 points", "in place of your own", "hm", *hints):
        assert words in page
    assert handed_in.feedback(SLUG, '=HYPERLINK("x","y")').exists()
    assert not handed_in.feedback(SLUG, "untouched").exists()


def test_feedback_of_all(handed_in: Course, isolation: Isolation) -> None:
    """Without names everybody who was graded gets a page, and a new one when asked again."""
    for student in ("blank", "cell-deleted", "syntax-error", "O'Neil [wrong]", '=HYPERLINK("x","y")'):
        shutil.rmtree(handed_in.submitted(SLUG, student).parent.parent)
    _grade(handed_in, isolation)
    for _ in range(2):
        generate_feedback(handed_in, SLUG)
        for student in handed_in.students(SLUG):
            handed_in.feedback(SLUG, student).unlink()
