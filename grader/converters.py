"""nbgrader's own converters, run in this process: sooner than its commands, quiet, with errors that say what to do.

Only this module, gradebook/ and nbgrader_plugin/ import nbgrader.
"""

import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode
from nbgrader.api import Assignment, Gradebook, Notebook, SourceCell, SubmittedAssignment
from nbgrader.api import Course as CourseRow
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Engine, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader import notebook
from grader.course import Course, CourseError, notebook_name
from grader.selfcheck.words import printable

CONFIG_FILE = "nbgrader_config.py"


class Log(logging.Logger):
    """Keeps what nbgrader says, for the case that it fails."""

    def __init__(self) -> None:
        super().__init__("nbgrader", logging.WARNING)
        self.lines = io.StringIO()
        self.addHandler(logging.StreamHandler(self.lines))

    @property
    def text(self) -> str:
        return self.lines.getvalue()


@contextmanager
def quietly() -> Iterator[Log]:
    """For calls of nbgrader: it finds the program that it starts, `alembic`, and says nothing on the terminal."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), path])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield Log()
    finally:
        os.environ["PATH"] = path


def load_config(course: Course) -> Config:
    """nbgrader's configuration as it finds it itself: the machine's, the user's, then the course's own file."""
    with quietly() as log:
        app = NbGrader(log=log)
        app.load_cwd_config = False
        app.load_config_file()
    try:
        app.config.merge(PyFileConfigLoader(CONFIG_FILE, str(course.root)).load_config())
    except Exception as error:  # it is a program
        raise CourseError(f"{course.root / CONFIG_FILE} cannot be loaded: {type(error).__name__}: {error}") from None
    return app.config


def open_gradebook(course: Course, config: Config) -> Engine:
    """The gradebook's database; a file named in its address is taken from the course's folder, as nbgrader does."""
    try:
        url = make_url(CourseDirectory(root=str(course.root), config=config).db_url)
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith(("file:", ":memory:")):
            url = url.set(database=str(course.root / url.database))
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise CourseError(f"the gradebook's address, CourseDirectory.db_url, does not work: {error}") from None
    if engine.name not in ("sqlite", "postgresql"):
        raise CourseError(f"CourseDirectory.db_url names {engine.name}: the gradebook is in SQLite or PostgreSQL")
    return engine


def release(course: Course, slug: str, into: Path, *, record: bool) -> Path:
    """Make the students' notebook in the folder `into`, from the instructor's; `record` it in the gradebook, too."""
    config = load_config(course)
    config.GenerateAssignment.pop("post_convert_hook", None)  # it would write into the course
    config.SaveCells.enabled = record
    config.GenerateAssignment.no_database = not record
    with quietly() as log:
        directory = CourseDirectory(
            root=str(course.root), assignment_id=slug, release_directory=str(into), config=config, log=log
        )
        if record:
            _make_course_row(directory)
        try:
            GenerateAssignment(coursedir=directory, config=config, log=log).start()
        except NbGraderException:
            if "Cannot add or remove cells" in log.text:
                raise _cells_changed(course, slug, open_gradebook(course, config)) from None
            raise _failed(log, f"could not make the students' notebook of {slug}") from None
    return into / slug / notebook_name(slug)


def _make_course_row(directory: CourseDirectory) -> None:
    """PostgreSQL insists on the course that an assignment belongs to; nbgrader makes none if it has no name."""
    if make_url(directory.db_url).get_backend_name() != "sqlite":
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            gradebook.db.merge(CourseRow(id=directory.course_id))
            gradebook.db.commit()


def generate_feedback(course: Course, slug: str, students: Sequence[str] | None = None) -> None:
    """Write the feedback pages of these students, or of all whose graded notebook there is."""
    config = load_config(course)
    folders = [course.autograded(slug, student).parent for student in students or course.students(slug)]
    with quietly() as log:
        directory = CourseDirectory(root=str(course.root), assignment_id=slug, config=config, log=log)
        pages = _Feedback(coursedir=directory, config=config, log=log, force=True)
        pages.folders = [str(folder) for folder in folders if (folder / notebook_name(slug)).exists()]
        try:
            pages.start()
        except NbGraderException:
            raise _failed(log, f"could not write all feedback on {slug}") from None


class _Page(HTMLExporter):
    """nbconvert's, without its last step, which parses the page again to describe pictures: two thirds of the time."""

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, Any]:
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        page: tuple[str, Any] = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return page


class _Feedback(GenerateFeedback):
    """nbgrader's, for given folders: it would look for them by pattern, which "[" in a student's name spoils."""

    exporter_class = _Page
    folders: Sequence[str] = ()

    def init_notebooks(self) -> None:
        name = notebook_name(self.coursedir.assignment_id)
        self.assignments = {folder: [os.path.join(folder, name)] for folder in self.folders}


def _failed(log: Log, what: str) -> CourseError:
    print(printable(log.text), file=sys.stderr)  # it quotes names
    return CourseError(f"nbgrader {what}; what it says about it stands above")


def _cells_changed(course: Course, slug: str, gradebook: Engine) -> CourseError:
    """nbgrader refuses to change the cells of an assignment of which it has submissions."""
    with gradebook.connect() as db:
        old = set(db.scalars(select(SourceCell.name).join(Notebook).join(Assignment).where(Assignment.name == slug)))
        submissions = db.scalar(
            select(func.count(SubmittedAssignment.id)).join(Assignment).where(Assignment.name == slug)
        )
    gradebook.dispose()
    new = set(map(notebook.grade_id, notebook.read(course.source(slug))["cells"])) - {""}
    changes = [f"without {name}" for name in sorted(old - new)] + [f"with {name}" for name in sorted(new - old)]
    return CourseError(
        f"the gradebook has {submissions} submissions of {slug} as it was, and now it is {', '.join(changes)}: put the "
        f"cells back; or, if scores given by hand may go, `nbgrader db assignment remove {slug} --force`, then build "
        "and grade again"
    )
