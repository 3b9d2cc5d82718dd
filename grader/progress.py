"""Grade a class in a terminal: how far it is, then what came of it."""

import time
from collections.abc import Sequence
from contextlib import closing

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.classroom import Run
from grader.classroom.summary import Summary, plain
from grader.classroom.worker import Executor, ExecutorError
from grader.course import Course
from grader.gradebook import GradebookWriter
from grader.sandbox import Isolation


def grade(
    course: Course, slug: str, students: Sequence[str], executor: Executor, isolation: Isolation, console: Console
) -> Summary:
    """Grade the students' submissions into the gradebook; if it cannot go on, say first what is done and kept."""
    start, summary = time.monotonic(), Summary()
    try:
        with GradebookWriter(course, slug) as gradebook:
            _grade(Run(course, slug, isolation), students, executor, gradebook, summary, console)
    except (ExecutorError, KeyboardInterrupt):
        console.print(f"{summary.graded} were graded, and are kept: run the command again for the rest")
        raise
    seconds = time.monotonic() - start
    console.print(f"{len(students)} submissions in {seconds:.1f} s: {summary.what_ran()}", soft_wrap=True)
    if summary.shown:
        console.print(summary.table())
    for line in summary.lines():
        console.print(line, soft_wrap=True)
    return summary


def _grade(
    run: Run,
    students: Sequence[str],
    executor: Executor,
    gradebook: GradebookWriter,
    summary: Summary,
    console: Console,
) -> None:
    """The bar has only what is really graded, so that rate and time left are of that."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console, transient=True) as progress:
        bar = progress.add_task("up to date", total=None, rate="")
        for record in run.up_to_date(students):
            gradebook.add(record, new=False)
            summary.add(record, "")
            progress.advance(bar)
        progress.reset(bar, total=len(run.reasons), description="")
        start = time.monotonic()
        with closing(run.grade(executor)) as results:
            for result in results:
                summary.add(result, run.reasons[result.student])
                gradebook.add(result)
                rate = f"{summary.graded / (time.monotonic() - start):.1f}/s"
                progress.update(bar, advance=1, description=plain(result.student), rate=rate)
