"""Grade a class: a pool of processes, each with its own sandbox; one writer for journal and gradebook."""

import contextlib
import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from grader import exercises, journal, notebook
from grader.course import Course, CourseError, notebook_name, write_atomically
from grader.feedback import annotate
from grader.grade import Grader, Result
from grader.notebook import UnreadableNotebook
from grader.sandbox import Isolation, Sandbox


def load_grader(course: Course, slug: str) -> Grader:
    """The grader of an assignment that has been built; raises CourseError if it has not."""
    try:
        release = notebook.read_bytes(course.release(slug))
        parsed = notebook.parse(release, course.release(slug).name)
    except UnreadableNotebook as error:
        raise CourseError(f"{error}: run `unrolled build {slug}` in {course.root} first") from None
    key = course.key()
    return Grader(exercises.load(slug), key, parsed, journal.version(slug, key, release))


def submitted_bytes(course: Course, slug: str, student: str) -> bytes:
    """What the student handed in; raises UnreadableNotebook, which says what is there instead."""
    path = course.submitted(slug, student)
    if not path.exists() and not path.is_symlink():
        others = sorted(other.name for other in path.parent.glob("*.ipynb"))
        found = f"found {', '.join(others)}: rename it" if others else "the folder holds no notebook at all"
        raise UnreadableNotebook(f"there is no {notebook_name(slug)}; {found}")
    return notebook.read_bytes(path)


@dataclass
class Worker:
    """What one process of the pool keeps from submission to submission."""

    course: Course
    grader: Grader
    sandbox: Sandbox

    def grade(self, student: str) -> Result:
        """Grade one submission and write its graded notebook; a bad one gives a Result that says why."""
        slug = self.grader.assignment.slug
        try:
            data = submitted_bytes(self.course, slug, student)
            result, rebuilt = self.grader.grade(student, data, self.sandbox)
        except UnreadableNotebook as error:
            return ungraded(self.grader, student, self.sandbox.isolation, str(error))
        text = json.dumps(annotate(rebuilt, result), indent=1, ensure_ascii=False) + "\n"
        write_atomically(self.course.autograded(slug, student), text.encode("utf-8", "replace"))
        self._note_time(slug, student)
        return result

    def _note_time(self, slug: str, student: str) -> None:
        """By the times of both folders, nbgrader sees whether a newer submission has come."""
        with contextlib.suppress(UnreadableNotebook):
            noted = notebook.read_bytes(self.course.submitted(slug, student).with_name("timestamp.txt"))
            write_atomically(self.course.autograded(slug, student).with_name("timestamp.txt"), noted)


def ungraded(grader: Grader, student: str, isolation: str, problem: str) -> Result:
    """The result of a submission that gets no score, and why."""
    return Result(grader.assignment.slug, student, "", grader.version, isolation, problem=problem)


_worker: Worker  # one for each process of the pool


def _start_worker(course: Course, slug: str, isolation: Isolation) -> None:
    global _worker
    _worker = Worker(course, load_grader(course, slug), Sandbox(isolation))


def _grade(student: str) -> Result:
    return _worker.grade(student)


def grade_class(
    course: Course, slug: str, students: Sequence[str], *, workers: int, isolation: Isolation
) -> Iterator[Result]:
    """Grade the students' submissions, yielding results as they come; records each in the journal first.

    A submission whose record is up to date (same bytes, same version of everything else) is not run again. If a
    process of the pool dies, its submissions are tried once more, one by one, so that only the guilty one is lost.
    """
    grader = load_grader(course, slug)
    waiting = []
    for student in students:
        record = journal.find(course, slug, student)
        if record and _is_current(course, grader, record, isolation):
            yield record
        else:
            waiting.append(student)
    for student, result in _run(course, slug, waiting, workers, isolation):
        final = result or ungraded(grader, student, isolation, "the grader's process died on this submission, twice")
        journal.save(course, final)
        yield final


def _is_current(course: Course, grader: Grader, record: Result, isolation: str) -> bool:
    if record.version != grader.version or record.isolation != isolation or record.problem:
        return False
    try:
        data = submitted_bytes(course, record.assignment, record.student)
    except UnreadableNotebook:
        return False
    written = course.autograded(record.assignment, record.student).exists()
    return written and record.fingerprint == hashlib.sha256(data).hexdigest()


def _run(
    course: Course, slug: str, students: Sequence[str], workers: int, isolation: Isolation
) -> Iterator[tuple[str, Result | None]]:
    """Each student's result, or None if the process died twice."""
    lost = []
    for student, result in _run_pool(course, slug, students, workers, isolation):
        if result is None:
            lost.append(student)
        else:
            yield student, result
    for student in lost:
        yield from _run_pool(course, slug, [student], 1, isolation)


def _run_pool(
    course: Course, slug: str, students: Sequence[str], workers: int, isolation: Isolation
) -> Iterator[tuple[str, Result | None]]:
    if not students:
        return
    with ProcessPoolExecutor(
        min(workers, len(students)),
        mp_context=multiprocessing.get_context("spawn"),  # forking would copy whatever the caller has open
        initializer=_start_worker,
        initargs=(course, slug, isolation),
    ) as pool:
        futures: dict[Future[Result], str] = {pool.submit(_grade, student): student for student in students}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                yield futures[future], None
