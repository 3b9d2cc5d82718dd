"""The command `unrolled`. Every error is one line that says what to do; nothing is imported before it is needed."""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.course import Course
    from grader.grade import Result
    from grader.sandbox import Isolation

# jsonschema, which nbformat imports, would build a grammar of web addresses for two seconds; no notebook needs it.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)

CPUS = os.cpu_count() or 1
GRADED, SOME_NOT_GRADED, FAILED = 0, 1, 2  # exit statuses

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
def grade(
    slug: Slug,
    course: CourseOption = Path(),
    student: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    workers: WorkersOption = CPUS,
    isolation: IsolationOption = "bubblewrap",
) -> None:
    """Grade submitted/*/SLUG into the gradebook. Exit status: 0 all graded, 1 some could not be, 2 none."""
    here = _course(course)
    students = student or here.students(slug)
    if not students:
        _fail(f"nobody has submitted {slug}: there is no submitted/*/{slug} in {here.root}")
    results = _grade(here, slug, students, workers, isolation)
    console.print(_table(results))
    raise typer.Exit(SOME_NOT_GRADED if any(result.problem for result in results) else GRADED)


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
            table = Table(
                title=f"{slug} {checked.exercise}: solution {checked.full_marks}/{seeds + 1}", title_justify="left"
            )
            for column in ("misconception", "loses marks on case", "caught", "named"):
                table.add_column(column)
            for kill in checked.kills:
                cases = "".join("x" if lost else "." for lost in kill.cases)
                table.add_row(kill.misconception, cases, f"{kill.caught}/{seeds + 1}", f"{kill.named}/{seeds + 1}")
            console.print(table)
            for fault in checked.faults:
                console.print(f"[red]fault:[/] {fault}")
            faults += len(checked.faults)
            fates.update(kill.fate for kill in checked.kills)
    counts = ", ".join(f"{fates[fate]} {fate}" for fate in ("named", "named wrongly", "unnamed"))
    console.print(f"{fates.total()} wrong versions on {seeds + 1} sets of cases each: {counts}", soft_wrap=True)
    console.print("everything holds" if not faults else f"[red]{faults} faults[/]")
    raise typer.Exit(FAILED if faults else 0)


@app.command()
def demo(
    slug: Slug = "01-rnn",
    into: Annotated[Path | None, typer.Option(help="Where to make the course; a temporary folder without.")] = None,
    workers: WorkersOption = CPUS,
    isolation: Annotated[str | None, typer.Option(help="bubblewrap where it can run, else none.")] = None,
) -> None:
    """Make a class of forty and grade it: right in many styles, wrong in every known way, broken."""
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
    results = _grade(here, slug, make_class(here, slug, contained_only=walls == "none"), workers, walls)
    console.print(_table(results))
    console.print("\n[bold]The most common mistakes[/]")
    graded = [result for result in results if not result.problem]
    for question, mistake, count in mistakes(graded)[:8]:
        console.print(f"  {count} x {question}: {mistake.replace('_', ' ')}")
    with console.status("writing feedback"):
        generate_feedback(here, slug, [result.student for result in graded])
    console.print(f"\nfeedback:     {here.root / 'feedback'}\nclass report: {_report(here, slug)}")
    console.print(f"gradebook:    {here.root / 'gradebook.db'} (for formgrader: jupyter lab in {here.root})")


def _grade(course: "Course", slug: str, students: "Sequence[str]", workers: int, isolation: str) -> "list[Result]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from grader.classroom import grade_class
    from grader.gradebook import GradebookWriter

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    results = []
    start = time.monotonic()
    with (
        GradebookWriter(course, slug) as gradebook,
        Progress(*columns, TextColumn("{task.description}"), console=console, transient=True) as progress,
    ):
        bar = progress.add_task("", total=len(students), rate="")
        for result in grade_class(course, slug, students, workers=workers, isolation=_isolation(isolation)):
            results.append(result)
            gradebook.add(result)
            rate = f"{len(results) / (time.monotonic() - start):.1f}/s"
            progress.update(bar, advance=1, description=_plain(result.student), rate=rate)
    console.print(f"{len(results)} submissions in {time.monotonic() - start:.1f} s")
    return sorted(results, key=lambda result: result.student)


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


def _table(results: "Sequence[Result]") -> Table:
    table = Table()
    table.add_column("student", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("what there is to say", overflow="fold")
    for result in results:
        score = "[red]not graded[/]" if result.problem else f"{round(result.score, 2):g} of {result.points:g}"
        table.add_row(_plain(result.student), score, _plain(_remark(result)))
    return table


def _remark(result: "Result") -> str:
    """The one thing that the instructor should see first."""
    if result.problem:
        return result.problem
    wrong = [q for q in result.questions if q.score < q.points and not q.not_done]
    undone = sum(q.not_done for q in result.questions)
    remarks = [f"{q.name}: {q.misconception.replace('_', ' ') or q.first_failure}" for q in wrong[:1]]
    remarks += [f"and {len(wrong) - 1} more"] if len(wrong) > 1 else []
    remarks += [f"{undone} not done"] if undone else []
    return "; ".join(remarks + list(result.notes[:1]))


def _plain(text: str) -> str:
    """Text of a student's, safe to print: no markup of rich's, no control characters."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))


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
