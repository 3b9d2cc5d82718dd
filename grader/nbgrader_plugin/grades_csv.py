"""`nbgrader export` as a table that a spreadsheet only shows: quoted, and no cell is taken for a formula.

nbgrader's own joins the values by commas, so that a student's name can add columns, lines and formulas.
"""

import csv
from collections.abc import Iterator

from nbgrader.api import Assignment, Gradebook
from nbgrader.plugins import ExportPlugin

from grader.selfcheck.words import visible

_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
_FORMULA = tuple("=+-@＝＋－＠")


class QuotedCsv(ExportPlugin):
    """For ExportApp.plugin_class: nbgrader's columns, one line for each student and assignment."""

    def export(self, gradebook: Gradebook) -> None:
        with open(self.to or "grades.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, quoting=csv.QUOTE_ALL)
            table.writerow(_COLUMNS)
            for assignment in gradebook.assignments:
                if not self.assignment or assignment.name in map(str, self.assignment):
                    table.writerows(map(harmless, row) for row in self._rows(gradebook, assignment))

    def _rows(self, gradebook: Gradebook, assignment: Assignment) -> Iterator[list[object]]:
        handed_in = {one.student_id: one for one in gradebook.assignment_submissions(assignment.name)}
        for student in gradebook.students:
            if self.student and student.id not in map(str, self.student):
                continue
            submission = handed_in.get(student.id)
            score, penalty = (submission.score, submission.late_submission_penalty) if submission else (0.0, 0.0)
            about = [assignment.duedate, submission and submission.timestamp, student.id]
            about += [student.last_name, student.first_name, student.email]
            yield [assignment.name, *about, score, penalty, max(0.0, score - penalty), assignment.max_score]


def harmless(value: object) -> object:
    """The value for a cell of the table; text that a spreadsheet would work out has an apostrophe in front."""
    if isinstance(value, int | float):
        return value
    text = "" if value is None else visible(str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
