"""What nbgrader_config.py puts in place of nbgrader's own steps, so that `nbgrader autograde` and formgrader's button
grade as `unrolled grade` does: same sandbox, same scores, same comments.

nbgrader works in the course's folder, which is how these find it.
"""

import atexit
import functools
import logging
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum
from traitlets import Enum

from grader import exercises, journal, notebook
from grader.build import write_checks
from grader.classroom import load_grader, submitted_bytes
from grader.course import Course
from grader.feedback import annotate, comment
from grader.grade import Grader, Result
from grader.notebook import grade_id
from grader.sandbox import Isolation, Sandbox

_running = ExitStack()  # the sandboxes of this process
atexit.register(_running.close)

Resources = dict[str, Any]


class Rebuild(NbGraderPreprocessor):
    """Replaces what was submitted by the released notebook with the student's answers in it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        about = resources["nbgrader"]
        course, slug, student = _course(), about["assignment"], about["student"]
        submitted = notebook.parse(submitted_bytes(course, slug, student), "the notebook")
        rebuilt = notebook.rebuild(notebook.read(course.release(slug)), submitted)
        _remove_copies(course.autograded(slug, student).parent)
        return nbformat.from_dict(rebuilt.notebook), resources


def _remove_copies(graded: Path) -> None:
    """Of all that was handed in, nbgrader has put a copy, of a link's target even, where feedback takes files from."""
    for path in graded.glob("*"):  # no folder, if there was only the notebook
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "timestamp.txt":
            path.unlink()


class Grade(NbGraderPreprocessor):
    """Grades the submission in the sandbox and keeps the record; puts scores and hints into the notebook."""

    isolation = Enum(["bubblewrap", "none"], "bubblewrap", help="What submissions run in.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        about = resources["nbgrader"]
        course, slug, student = _course(), about["assignment"], about["student"]
        data = submitted_bytes(course, slug, student)
        result, rebuilt = _grader(course, slug).grade(student, data, _sandbox(self.isolation))
        journal.save(course, result)
        about["result"] = result
        graded = nbformat.from_dict(annotate(rebuilt, result))
        for cell in graded.cells:
            if grade_id(cell) in result.unanswered:
                cell.metadata.nbgrader.checksum = compute_checksum(cell)  # nbgrader's sign of an untouched answer
        return graded, resources


class SaveHints(NbGraderPreprocessor):
    """Enters what the grading has to say as comments on the answers; after SaveAutoGrades, which clears them."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        about = resources["nbgrader"]
        result: Result = about["result"]
        with Gradebook(about["db_url"]) as gradebook:
            for graded in result.questions:
                row = gradebook.find_comment(graded.name, about["notebook"], about["assignment"], about["student"])
                row.auto_comment = comment(graded) or None
            gradebook.db.commit()
        return nb, resources


def add_checks(assignment: str, student: str, notebooks: list[str]) -> None:
    """For GenerateAssignment.post_convert_hook: write the visible cases of an assignment of ours."""
    if assignment in exercises.slugs():
        try:
            write_checks(_course(), assignment)
        except Exception:
            logging.getLogger(__name__).exception("%s: the visible cases are not written", assignment)
            raise


def _course() -> Course:
    return Course(Path.cwd())


def _grader(course: Course, slug: str) -> Grader:
    released = course.release(slug).stat()
    return _load_grader(course, slug, (released.st_mtime_ns, released.st_size))


@functools.cache
def _load_grader(course: Course, slug: str, released: tuple[int, int]) -> Grader:
    """Kept for all submissions; formgrader's process lives on when the assignment is built again."""
    return load_grader(course, slug)


@functools.cache
def _sandbox(isolation: Isolation) -> Sandbox:
    """One for the process, since starting it takes longer than a submission."""
    return _running.enter_context(Sandbox(isolation))
