"""For tests of what is done with results: results made up, nbgrader's commands, and what its gradebook then holds."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from grader import notebook
from grader.course import Course
from grader.grade import Graded, Result
from grader.notebook import Notebook

SLUG = "01-rnn"
RIGHT = Graded("rnn_cell_forward", 3, 3, "6 of 6 checks right")
WRONG = Graded(
    "rnn_cell_forward",
    3,
    1.5,
    "3 of 6 checks right",
    first_failure="In the case B=3 D=4 H=5: h[0, 2] (batch row 0, unit 2) is 0.5, expected 0.1; 15 of 15 differ.",
    misconception="bias_dropped",
    hints=("Count the arguments that your code uses.", "What moves the sum when x is zero?"),
)
_REPOSITORY = Path(__file__).parent.parent.parent
_ROWS = """
    select student_id, timestamp, late_submission_penalty, flagged, base_cell.name, type,
           auto_score, manual_score, extra_credit, needs_manual_grade, auto_comment, manual_comment
    from submitted_assignment
    join submitted_notebook on submitted_notebook.assignment_id = submitted_assignment.id
    join base_cell on base_cell.notebook_id = submitted_notebook.notebook_id
    left join grade on grade.notebook_id = submitted_notebook.id and grade.cell_id = base_cell.id
    left join comment on comment.notebook_id = submitted_notebook.id and comment.cell_id = base_cell.id
    order by student_id, base_cell.name, type
"""

Row = dict[str, object]


def result(
    release: Notebook,
    student: str = "ada",
    *,
    wrong: Graded | None = None,
    score: Callable[[], float] | None = None,
    printed: str = "",
    unanswered: tuple[str, ...] = (),
) -> Result:
    """A result of the released notebook's questions: all right, but for `wrong`, or with these scores."""
    questions = []
    for cell in release["cells"]:
        if cell["cell_type"] == "code" and notebook.has(cell, "grade"):
            name, points = notebook.grade_id(cell).removeprefix("check-"), cell["metadata"]["nbgrader"]["points"]
            right = Graded(name, points, score() if score else points, "6 of 6 checks right", printed=printed)
            questions.append(_worth(wrong, points) if wrong and wrong.name == name else right)
    return Result(SLUG, student, "fingerprint", {}, "none", tuple(questions), unanswered=unanswered)


def _worth(graded: Graded, points: float) -> Graded:
    return Graded(**vars(graded) | {"points": points})


def nbgrader(course: Course, *arguments: str) -> None:
    """Run nbgrader's command in the course."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(_REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def rows(course: Course) -> list[Row]:
    """All that the gradebook knows of the submissions, but for the ids."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute(_ROWS)]
    db.close()
    return found


def cell(course: Course, student: str, name: str, kind: str = "GradeCell") -> Row:
    """The row of one of a student's cells."""
    return next(r for r in rows(course) if (r["student_id"], r["name"], r["type"]) == (student, name, kind))
