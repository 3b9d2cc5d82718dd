"""The command `unrolled`. Every error is one line that says what to do; nothing is imported before it is needed."""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.classroom.summary import Summary
    from grader.classroom.worker import Executor
    from grader.course import Course
    from grader.sandbox import Isolation

# jsonschema, which nbformat imports, would build a grammar of web addresses for two seconds; no notebook needs it.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)

CPUS = os.cpu_count() or 1
GRADED, SOME_NOT_GRADED, FAILED, INTERRUPTED = 0, 1, 2, 130  # exit statuses

CourseOption = Annotated[Path, typer.Option("--course", help="The course directory, with nbgrader_config.py.")]
IsolationOption = Annotated[str, typer.Option(help="bubblewrap, or none: then submissions run unprotected.")]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes that grade at the same time.")]
Slug = Annotated[str, typer.Argument(help="The assignment, as 01-rnn.")]


@app.command()
def build(
    slugs: Annotated[list[str] | None, typer.Argument(help="The assignments; all without.")] = None,
    course: CourseOption = Path(),
    check: Annotated[bool, typer.Option("--check", help="Build nothing; name what is stale.")] = False,
) -> None:
    """Make the students' notebooks in assignments/ from the texts in solutions/."""
    from grader import exercises
    from grader.build import build as build_one
    from grader.build import check_fresh

    stale = []
    for slug in slugs or exercises.slugs():
        if check:
            stale += check_fresh(_course(course), slug)
        else:
            build_one(_course(course), slug)
            console.print(f"built assignments/{slug}")
    for line in stale:
        console.print(f"[red]stale:[/] {line}")
    if stale:
        raise typer.Exit(FAILED)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="A notebook, or the folder that holds it.")],
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever the notebook is saved.")] = False,
) -> None:
    """Check your own notebook against its visible cases."""
    from grader.selfcheck.terminal import check_notebook

    raise typer.Exit(check_notebook(notebook, watch))


@app.command()
def collect(
    slug: Slug,
    source: Annotated[Path, typer.Argument(help="A zip, a tar, or a folder.", exists=True)],
    course: CourseOption = Path(),
) -> None:
    """Put the notebooks of an LMS's download into submitted/. Exit status: 0 all, 1 some were refused, 2 none."""
    from grader.collect import collect as collect_all

    counts: Counter[str] = Counter()
    for collected in collect_all(_course(course), slug, source):
        counts[collected.done or "refused"] += 1
        if collected.problem:
            console.print(f"[red]refused:[/] {_plain(f'{collected.member}: {collected.problem}')}", soft_wrap=True)
        elif collected.done == "replaced":
            console.print(f"replaced: {_plain(collected.student)}", soft_wrap=True)
    kinds = ("collected", "replaced", "unchanged", "refused")
    console.print(", ".join(f"{counts[kind]} {kind}" for kind in kinds))
    if counts.total() == counts["refused"]:
        _fail(f"no student's notebook was collected from {source}")
    raise typer.Exit(SOME_NOT_GRADED if counts["refused"] else GRADED)


@app.command()
def grade(
    slug: Slug,
    course: CourseOption = Path(),
    student: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    workers: WorkersOption = CPUS,
    executor: Annotated[
        str | None, typer.Option(help="A Dask cluster, as dask://HOST:PORT; processes of this machine without.")
    ] = None,
    isolation: IsolationOption = "bubblewrap",
) -> None:
    """Grade submitted/*/SLUG into the gradebook. Exit status: 0 all graded, 1 some could not be, 2 none."""
    here = _course(course)
    students = student or here.students(slug)
    if not students:
        _fail(f"nobody has submitted {slug}: there is no submitted/*/{slug} in {here.root}")
    summary = _grade(here, slug, students, _executor(executor, workers), isolation)
    raise typer.Exit(SOME_NOT_GRADED if summary.ungraded else GRADED)


@app.command()
def report(slug: Slug, course: CourseOption = Path()) -> None:
    """Write the class report, a page with pictures, from what has been graded."""
    console.print(f"class report: {_report(_course(course), slug)}")


@app.command()
def verify(
    slugs: Annotated[list[str] | None, typer.Argument(help="The assignments; all without.")] = None,
    course: CourseOption = Path(),
    seeds: Annotated[int, typer.Option(min=1, help="Fresh seeds that everything is tried on.")] = 50,
) -> None:
    """Prove that stubs, solutions and misconceptions score what they must; print the kill matrix."""
    from grader import exercises
    from grader.build import source_notebook
    from grader.notebook import UnreadableNotebook, read
    from grader.verify import verify as verify_one

    faults = 0
    fates: Counter[str] = Counter()
    for slug in slugs or exercises.slugs():
        assignment = exercises.load(slug)
        source = source_notebook(_course(course), slug)
        try:
            release = read(_course(course).release(slug))
        except UnreadableNotebook as error:
            _fail(f"{error}: run `unrolled build {slug}` first")
        for checked in verify_one(assignment, release, source, seeds):
            sets = checked.sets
            table = Table(
                title=f"{slug} {checked.exercise}: solution {checked.full_marks}/{sets}", title_justify="left"
            )
            for column in ("misconception", "loses marks on case", "caught", "named"):
                table.add_column(column)
            for kill in checked.kills:
                cases = "".join("x" if lost else "." for lost in kill.cases)
                table.add_row(kill.misconception, cases, f"{kill.caught}/{sets}", f"{kill.named}/{sets}")
            console.print(table)
            for fault in checked.faults:
                console.print(f"[red]fault:[/] {fault}")
            faults += len(checked.faults)
            fates.update(kill.fate for kill in checked.kills)
    counts = ", ".join(f"{fates[fate]} {fate}" for fate in ("named", "named wrongly", "unnamed"))
    console.print(f"{fates.total()} wrong versions on up to {seeds + 1} sets of cases: {counts}", soft_wrap=True)
    console.print("everything holds" if not faults else f"[red]{faults} faults[/]")
    raise typer.Exit(FAILED if faults else 0)


@app.command()
def doctor() -> None:
    """Try every wall around submissions, just now, and say what is missing. Exit status: 0 grading can go on, 2 not."""
    from grader.doctor import State, examine

    colours = {State.OK: "green", State.MISSING: "red", State.NOT_TRIED: "red", State.NOT_NEEDED: "dim"}
    table = Table(box=SIMPLE_HEAD)
    for column in ("layer", "state", "what a submission was made to try: why it failed"):
        table.add_column(column, overflow="fold")
    with console.status("trying every wall"):
        findings = list(examine())
    for finding in findings:
        remedy = f"\n[bold]what to do:[/] {_plain(finding.remedy)}" if finding.remedy else ""
        state = f"[{colours[finding.state]}]{finding.state}[/]"
        table.add_row(_plain(finding.layer), state, _plain(finding.tried) + remedy)
    console.print(table)
    if any(finding.stops_grading for finding in findings):
        _fail("a layer is missing that grading asks for, so nothing is graded here: the table says what to do")
    console.print("every layer that grading asks for stands")


@app.command()
def demo(
    slug: Slug = "01-rnn",
    into: Annotated[Path | None, typer.Option(help="Where to make the course; a temporary folder without.")] = None,
    workers: WorkersOption = CPUS,
    isolation: Annotated[str | None, typer.Option(help="bubblewrap where it can run, else none.")] = None,
) -> None:
    """Make a class of forty and grade it: right in many styles, wrong in every known way, broken."""
    from grader import journal
    from grader.build import build as build_one
    from grader.converters import generate_feedback
    from grader.demo import make_class, new_course
    from grader.report import mistakes

    root = into or Path(tempfile.mkdtemp(prefix="unrolled-demo-"))
    if (root / "solutions").exists():
        _fail(f"{root} holds a course already: name a new folder")
    here = new_course(root.resolve(), Path(__file__).parent.parent)
    build_one(here, slug)
    walls = isolation or _best_isolation()
    students = make_class(here, slug, contained_only=walls == "none")
    _grade(here, slug, students, _executor(None, workers), walls)
    console.print("\n[bold]The most common mistakes[/]")
    graded = [result for result in journal.records(here, slug) if not result.problem]
    for question, mistake, count in mistakes(graded)[:8]:
        console.print(f"  {count} x {question}: {mistake.replace('_', ' ')}")
    with console.status("writing feedback"):
        generate_feedback(here, slug, [result.student for result in graded])
    console.print(f"\nfeedback:     {here.root / 'feedback'}\nclass report: {_report(here, slug)}")
    console.print(f"gradebook:    {here.root / 'gradebook.db'} (for formgrader: jupyter lab in {here.root})")


def _grade(course: "Course", slug: str, students: "Sequence[str]", executor: "Executor", isolation: str) -> "Summary":
    from grader.classroom.worker import ExecutorError
    from grader.progress import grade as grade_class

    try:
        return grade_class(course, slug, students, executor, _isolation(isolation), console)
    except ExecutorError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _executor(address: str | None, workers: int) -> "Executor":
    if address is None:
        from grader.classroom.pool import Pool

        return Pool(workers)
    if not address.startswith("dask://"):
        _fail(f"there is no executor {address!r}: it is dask://HOST:PORT, or without the option this machine")
    try:
        from grader.classroom.cluster import Cluster
    except ModuleNotFoundError as error:
        _fail(f"--executor dask:// needs Dask, but {error}: pip install 'unrolled[dask]'")
    return Cluster(address)


def _report(course: "Course", slug: str) -> Path:
    from grader import exercises, journal
    from grader.course import write_atomically
    from grader.report import page

    results = list(journal.records(course, slug))
    if not results:
        _fail(f"nothing of {slug} has been graded yet: run `unrolled grade {slug}` first")
    path = course.report(slug)
    write_atomically(path, page(exercises.load(slug), results).encode("utf-8", "replace"))
    return path


def _plain(text: str) -> str:
    """See summary.py, which brings the whole grader along."""
    from grader.classroom.summary import plain

    return plain(text)


def _course(root: Path) -> "Course":
    from grader.course import Course

    if not (root / "nbgrader_config.py").exists():
        _fail(f"{root.resolve()} is no course, since it has no nbgrader_config.py: go to one, or name it with --course")
    return Course(root.resolve())


def _best_isolation() -> str:
    """For submissions that are our own: without walls where there are none to be had."""
    from grader.sandbox import IsolationError, Sandbox

    try:
        with Sandbox("bubblewrap") as sandbox, sandbox.submission([]):
            return "bubblewrap"
    except IsolationError as error:
        console.print(f"[yellow]{_plain(str(error))}[/]\nThe demo's own submissions are graded without isolation.")
        return "none"


def _isolation(name: str) -> "Isolation":
    if name not in ("bubblewrap", "none"):
        _fail(f"there is no isolation {name!r}: it is bubblewrap or none")
    return name  # type: ignore[return-value]


def _fail(message: str) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"[red]unrolled:[/] {_plain(message)}")
    raise typer.Exit(FAILED)


def main() -> None:
    """Run the command; an expected error is one line, not a traceback."""
    from grader.course import CourseError
    from grader.sandbox import IsolationError

    try:
        app()
    except (CourseError, IsolationError, KeyError) as error:
        Console(stderr=True, highlight=False).print(f"[red]unrolled:[/] {_plain(str(error.args[0]))}")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
