"""Grade a class: what is up to date is skipped, the rest goes to an executor, and one writer keeps what comes back.

worker.py grades one submission after another, from bytes to values; pool.py has some of those on this machine,
cluster.py on a Dask cluster; summary.py says what came of it all.
"""

import contextlib
import hashlib
import unicodedata
from collections.abc import Generator, Iterable, Iterator

from grader import exercises, journal, notebook
from grader.classroom.worker import Executor, Outcome, Recipe, Submission
from grader.course import Course, CourseError, notebook_name, write_atomically
from grader.grade import Grader, Result
from grader.notebook import UnreadableNotebook
from grader.sandbox import Isolation


def recipe(course: Course, slug: str, isolation: Isolation = "bubblewrap") -> Recipe:
    """How to grade an assignment that has been built; raises CourseError if it has not."""
    exercises.load(slug)
    try:
        release = notebook.read_bytes(course.release(slug))
        notebook.parse(release, course.release(slug).name)
    except UnreadableNotebook as error:
        raise CourseError(f"{error}: run `unrolled build {slug}` in {course.root} first") from None
    key = course.key()
    return Recipe(slug, key, release, journal.version(slug, key, release), isolation)


def load_grader(course: Course, slug: str) -> Grader:
    """The grader of an assignment that has been built; raises CourseError if it has not."""
    return recipe(course, slug).grader()


def submitted_bytes(course: Course, slug: str, student: str) -> bytes:
    """What the student handed in; raises UnreadableNotebook, which says what is there instead."""
    if any(unicodedata.category(c) == "Cc" for c in student):  # a line break stops nbgrader for the whole class
        raise UnreadableNotebook("the name of the student's folder holds control characters: rename it")
    path = course.submitted(slug, student)
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink():  # to another student's, maybe
            raise UnreadableNotebook(f"the folder {folder.name} is a link: submit the folder itself")
    if not path.exists() and not path.is_symlink():
        others = sorted(other.name for other in path.parent.glob("*.ipynb"))
        found = f"found {', '.join(others)}: rename it" if others else "the folder holds no notebook at all"
        raise UnreadableNotebook(f"there is no {notebook_name(slug)}; {found}")
    return notebook.read_bytes(path)


class Run:
    """One grading run. First `up_to_date`, then `grade`: each yields results, which the journal has by then.

    reasons: why each of the other students is graded, as a continuation of "12 of them".
    """

    def __init__(self, course: Course, slug: str, isolation: Isolation) -> None:
        self.reasons: dict[str, str] = {}
        self._course = course
        self._recipe = recipe(course, slug, isolation)

    def up_to_date(self, students: Iterable[str]) -> Iterator[Result]:
        """The records of those whose submission need not run again; the others have their reason then."""
        for student in students:
            record = journal.find(self._course, self._recipe.slug, student)
            reason = self._why_again(student, record) if record else "for the first time"
            if record and not reason:
                yield record
            else:
                self.reasons[student] = reason

    def grade(self, executor: Executor) -> Generator[Result, None, None]:
        """The results of the others, in any order, as they come; a bad submission's says why there is no score."""
        unreadable: list[Outcome] = []
        with contextlib.closing(executor.run(self._recipe, self._submissions(unreadable))) as outcomes:
            for outcome in outcomes:
                yield self._keep(outcome)
        for outcome in unreadable:
            yield self._keep(outcome)

    def _why_again(self, student: str, record: Result) -> str:
        """Why a record does not count; empty if it does."""
        slug = self._recipe.slug
        if record.problem:
            return "again, since they could not be graded last time"
        if parts := journal.changed(record.version, self._recipe.version):
            return f"again, since the {' and the '.join(parts)} changed"
        if record.isolation != self._recipe.isolation:
            return f"again, since they ran with isolation {record.isolation}"
        if not self._course.autograded(slug, student).exists():
            return "again, since the graded notebook is gone"
        try:
            fingerprint = hashlib.sha256(submitted_bytes(self._course, slug, student)).hexdigest()
        except UnreadableNotebook:
            fingerprint = ""
        return "" if fingerprint == record.fingerprint else "again, since they were resubmitted"

    def _submissions(self, unreadable: list[Outcome]) -> Iterator[Submission]:
        """What is to be graded, read when it is asked for; what cannot be read is put aside."""
        for student in self.reasons:
            try:
                yield Submission(student, submitted_bytes(self._course, self._recipe.slug, student))
            except UnreadableNotebook as error:
                unreadable.append(self._recipe.ungraded(student, str(error)))

    def _keep(self, outcome: Outcome) -> Result:
        """Write the graded notebook, then the record: a record says that all is there."""
        result = outcome.result
        if outcome.notebook:
            path = self._course.autograded(result.assignment, result.student)
            write_atomically(path, outcome.notebook)
            self._note_time(result)
        journal.save(self._course, result)
        return result

    def _note_time(self, result: Result) -> None:
        """By the times of both folders, nbgrader sees whether a newer submission has come."""
        submitted = self._course.submitted(result.assignment, result.student)
        with contextlib.suppress(UnreadableNotebook):
            noted = notebook.read_bytes(submitted.with_name("timestamp.txt"))
            graded = self._course.autograded(result.assignment, result.student)
            write_atomically(graded.with_name("timestamp.txt"), noted)
