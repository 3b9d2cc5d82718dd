"""A class of forty, right and wrong and broken in every way we met, for trying the grader on."""

from pathlib import Path

from grader import exercises, notebook
from grader.course import Course
from grader.exercise import Assignment
from grader.notebook import Notebook
from grader.tests import submissions
from grader.tests.submissions import Files

ODD_NAMES = ('=HYPERLINK("evil"), "O\'Neil"', "..\\..\\up")


def make_class(course: Course, slug: str, contained_only: bool = False) -> list[str]:
    """Write a class's submissions into `submitted/`; returns the students, named after what they handed in.

    contained_only: leave out what only walls hold: a fork bomb, and a process that lives on.
    """
    release = notebook.read(course.release(slug))
    handed_in = _class(release, exercises.load(slug), contained_only)
    for student, files in handed_in.items():
        submissions.hand_in(course, slug, student, files)
    return sorted(handed_in)


def _class(release: Notebook, assignment: Assignment, contained_only: bool) -> dict[str, Files]:
    slug = assignment.slug
    right = {f"right-{style}": submissions.right(release, slug, style) for style in submissions.styles(slug)}
    wrong = {f"wrong-{i + 1}": files for i, (_, files) in enumerate(submissions.wrong(release, assignment))}
    odd = {f"odd-{name}": odd.files for name, odd in submissions.mixed(release, assignment, contained_only).items()}
    untouched = {"untouched": submissions.untouched(release, slug)}
    names = {name: submissions.right(release, slug, submissions.styles(slug)[0]) for name in ODD_NAMES}
    return right | wrong | untouched | odd | names


def new_course(root: Path, texts: Path) -> Course:
    """A course at `root` with the configuration and the assignments' texts of the course at `texts`."""
    (root / "solutions").mkdir(parents=True)
    for path in [texts / "nbgrader_config.py", *sorted((texts / "solutions").glob("*.py"))]:
        (root / path.relative_to(texts)).write_bytes(path.read_bytes())
    return Course(root)
