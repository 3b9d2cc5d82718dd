"""What a million submissions would cost, from constants that are measured here on a few: 06-lstm, one worker.

    python -m grader.benchmarks.million [--students 100]

A submission's time is that of a pool of one process; a Dask cluster's, with its scheduler and its one worker on this
machine, is compared with it. Bytes are counted where they cross. Nothing here has run a million of anything.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader import journal
from grader.benchmarks.grading import SLUG, make_course
from grader.classroom import recipe, submitted_bytes
from grader.classroom.cluster import Cluster, _pack
from grader.classroom.pool import Pool
from grader.classroom.worker import Executor, Outcome, Recipe, Submission
from grader.course import Course
from grader.gradebook import GradebookWriter
from grader.tests.dask_cluster import dask_cluster

MILLION = 1_000_000
GB = 10**9


def timed_run(executor: Executor, made: Recipe, submissions: Sequence[Submission]) -> tuple[float, list[Outcome]]:
    """Seconds between outcomes, the first three left out, since workers start with those; and all outcomes."""
    times, outcomes = [], []
    for outcome in executor.run(made, iter(submissions)):
        times.append(time.monotonic())
        outcomes.append(outcome)
    return (times[-1] - times[2]) / (len(times) - 3), outcomes


def entered(course: Course, outcomes: Sequence[Outcome]) -> tuple[float, float, float]:
    """Seconds of a journal record, and of a gradebook entry; bytes that the gradebook grew by; each."""
    book = course.root / "gradebook.db"
    start, before = time.monotonic(), book.stat().st_size
    for outcome in outcomes:
        journal.save(course, outcome.result)
    recorded = time.monotonic() - start
    with GradebookWriter(course, SLUG) as gradebook:
        start = time.monotonic()
        for outcome in outcomes:
            gradebook.add(outcome.result)
        spent = time.monotonic() - start
    count = len(outcomes)
    return recorded / count, spent / count, (book.stat().st_size - before) / count


def rows(course: Course, scratch: Path) -> Iterator[tuple[str, str, str]]:
    """What is measured, of one submission and of a million."""
    made = recipe(course, SLUG)
    submissions = [Submission(name, submitted_bytes(course, SLUG, name)) for name in course.students(SLUG)]
    alone, outcomes = timed_run(Pool(1), made, submissions)
    with dask_cluster(scratch / "dask", workers=1) as cluster:
        through_dask, _ = timed_run(Cluster(cluster.address), made, submissions)
    recorded, booked, grown = entered(course, outcomes)
    sent = statistics.mean(len(_pack(submission)) for submission in submissions) + len(_pack(made))
    back = statistics.mean(len(_pack(outcome)) for outcome in outcomes)
    handed_in = statistics.mean(len(submission.data) for submission in submissions)
    graded = statistics.mean(len(outcome.notebook) for outcome in outcomes)
    record = statistics.mean(course.record(SLUG, o.result.student).stat().st_size for o in outcomes)
    for what, seconds in (
        ("graded, by one process", alone),
        ("graded, by one Dask worker", through_dask),
        ("its record written", recorded),
        ("entered into the gradebook", booked),
    ):
        yield what, f"{1000 * seconds:.1f} ms", f"{seconds * MILLION / 3600:.1f} h"
    for what, size in (
        ("submitted", handed_in),
        ("to a Dask worker, packed", sent),
        ("back from it, packed", back),
        ("graded notebook", graded),
        ("journal, one file each", record),
        ("gradebook", grown),
    ):
        yield what, f"{size / 1000:.1f} kB", f"{size * MILLION / GB:.1f} GB"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    options = parser.parse_args()
    table = Table(title=f"{SLUG}, measured on {options.students} submissions")
    for column in ("", "one", "a million"):
        table.add_column(column, justify="right" if column else "left")
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", options.students)
        for row in rows(course, Path(folder)):
            table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
