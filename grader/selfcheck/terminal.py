"""`unrolled check [--watch] NOTEBOOK`: the self-check in a terminal, once or at every save."""

import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader import notebook
from grader.notebook import UnreadableNotebook
from grader.selfcheck import SNAPSHOT, plain, run, snapshot
from grader.selfcheck.snapshot import UnreadableSnapshot
from grader.selfcheck.words import Report, State

POLL = 0.3  # seconds between two looks at the file
ALL_RIGHT, NOT_YET, UNREADABLE = 0, 1, 2

_STYLES = {State.RIGHT: "green", State.WRONG: "bold red", State.NOT_DONE: "bold"}


def check_notebook(path: Path, watch: bool = False) -> int:
    """Check the notebook at `path`, or the one in the folder `path`, and print what is right and what is not.

    watch: show the next thing to do, again whenever the notebook is saved, until all is done or Ctrl-C is pressed.
    Returns the exit status: 0 all right, 1 something wrong or not done, 2 unreadable.
    """
    console = Console(highlight=False)
    try:
        path = _notebook(path)
        return _watch(console, path) if watch else _show_all(console, _reports(path))
    except (UnreadableNotebook, UnreadableSnapshot) as error:
        console.print(Text(str(error), "red"))
        return UNREADABLE


def _notebook(path: Path) -> Path:
    if not path.is_dir():
        return path.resolve()
    match sorted(path.glob("*.ipynb")):
        case [found]:
            return found.resolve()
        case []:
            raise UnreadableNotebook(f"{path} holds no notebook (*.ipynb)")
        case several:
            raise UnreadableNotebook(f"{path} holds {len(several)} notebooks: name one, for instance {several[0]}")


def _reports(path: Path) -> list[Report]:
    notebook.read(path)  # says what is wrong with an unreadable one
    return run.reports(path, snapshot.read(path.with_name(SNAPSHOT)))


def _show_all(console: Console, reports: list[Report]) -> int:
    for report in reports:
        console.print(_headline(report))
        if report.state is State.WRONG:
            _explain(console, report)
    console.print(_progress(reports))
    return _status(reports)


def _watch(console: Console, path: Path) -> int:
    status = NOT_YET
    try:
        for _ in _changes(path):
            console.clear()
            console.print(Text(f"{path.name}, {time.strftime('%H:%M:%S')}", "dim"))
            try:
                status = _show_next(console, _reports(path))
            except (UnreadableNotebook, UnreadableSnapshot) as error:
                status = UNREADABLE
                console.print(Text(str(error), "red"))
            if status == ALL_RIGHT:
                break
            console.print(Text("Save the notebook to check it again; Ctrl-C ends.", "dim"))
    except KeyboardInterrupt:
        console.print()
    return status


def _show_next(console: Console, reports: list[Report]) -> int:
    """How far it is, and the first function that is not right."""
    console.print(_progress(reports))
    for report in reports:
        if report.state is not State.RIGHT:
            console.print()
            console.print(_headline(report))
            _explain(console, report)
            break
    return _status(reports)


def _headline(report: Report) -> Text:
    return Text(plain.headline(report), _STYLES[report.state])


def _explain(console: Console, report: Report) -> None:
    for line in plain.details(report, min(console.width, plain.WIDTH)):
        console.print(Text(line))


def _progress(reports: list[Report]) -> Text:
    marks = [(report.state.mark, _STYLES[report.state]) for report in reports]
    done = sum(report.state is State.RIGHT for report in reports)
    return Text.assemble(*marks, f"  {done} of {len(reports)} done")


def _status(reports: list[Report]) -> int:
    return ALL_RIGHT if all(report.state is State.RIGHT for report in reports) else NOT_YET


def _changes(path: Path) -> Iterator[None]:
    """Yield at once, and then whenever the notebook or its cases have changed and rested for one look."""
    seen = None
    before = now = _stamp(path)
    while True:
        if before == now != seen:
            seen = now
            yield
        time.sleep(POLL)
        before, now = now, _stamp(path)


def _stamp(path: Path) -> list[tuple[int, int]]:
    stamps = []
    for file in (path, path.with_name(SNAPSHOT)):
        try:
            stat = file.stat()
            stamps.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            stamps.append((0, 0))
    return stamps
