"""Grading rate against `nbgrader autograde` with its own Execute, and `otter run`, on the same notebooks, in one run.

    python -m grader.benchmarks.grading [--students 200] [--stock 30] [--rounds 3] [--otter PATH/TO/otter]

All write scores and what there is to say; nbgrader and ours a gradebook and graded notebooks, ours a journal as well.
nbgrader skips the experiments, as ours does; otter's copies of the notebooks are without them, and without the check
cells, which are otter's tests instead. otter is a command in an environment of its own, which has this package, too.

Wall time is the clock's. CPU time is what the whole machine was busy meanwhile, since sandboxes are not children that a
parent could count: leave the machine alone. Memory is the peak of all processes together, pages that several share
counted once, looked at twice a second. Ours is run in every round with one and with two workers, the others on a share
of their `--stock` students in each, so that all see the machine in the same moods.
"""

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from grader import exercises, notebook
from grader.build import build
from grader.course import Course, notebook_name
from grader.demo import new_course
from grader.notebook import Notebook
from grader.tests import submissions
from grader.tests.submissions import Files

SLUG = "06-lstm"
STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
"""
_SKIP_EXPERIMENTS = 'c.Execute.skip_cells_with_tag = "experiment"\n'
_OTTER_TEST = """
OK_FORMAT = False

from otter.test_files import test_case

name = "{name}"
points = {points}

@test_case()
def right({name}):
    from grader.selfcheck import check
    check({name})
"""
_GLANCE_SECONDS = 0.5
MiB = 2**20


@dataclass(frozen=True)
class Spent:
    """Seconds for each submission, and bytes at the peak."""

    wall: float
    cpu: float
    memory: float


def make_course(root: Path, students: int) -> Course:
    """A built course with all right submissions, then all that are wrong in all that they can be, over and over."""
    course = new_course(root, Path(__file__).parent.parent.parent)
    build(course, SLUG)
    right, wrong = by_kind(course, SLUG)
    checks = {course.checks(SLUG).name: course.checks(SLUG).read_bytes()}  # the others' checks need them
    for number, files in zip(range(students), itertools.cycle([*right, *wrong]), strict=False):
        submissions.hand_in(course, SLUG, f"student-{number:04}", files | checks)
    return course


def by_kind(course: Course, slug: str) -> tuple[list[Files], list[Files]]:
    """All right submissions that do not wait on purpose, and all wrong ones."""
    release = notebook.read(course.release(slug))
    right = [submissions.right(release, slug, style) for style in submissions.styles(slug) if style != "slow"]
    return right, [wrong for _, wrong in submissions.wrong(release, exercises.load(slug))]


def timed(commands: Sequence[Sequence[str]], folder: Path, students: int) -> Spent:
    """Run the commands in the folder, one after another."""
    wall, cpu, peak = time.monotonic(), _busy_seconds(), 0.0
    for command in commands:
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            memory = Memory(running.pid)
            _, errors = running.communicate()
            peak = max(peak, memory.stop())
        if running.returncode not in (0, 1):  # 1: nbgrader, of a submission that it could not grade
            raise RuntimeError(f"{' '.join(command)}: {errors[-2000:]}")
    return Spent((time.monotonic() - wall) / students, (_busy_seconds() - cpu) / students, peak)


class Memory:
    """Watches what a process and its descendants hold, from now on."""

    def __init__(self, pid: int) -> None:
        self.bytes: list[float] = [0.0]
        self._over = threading.Event()
        self._root = psutil.Process(pid)
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """The peak."""
        self._over.set()
        self._thread.join()
        return max(self.bytes)

    def _watch(self) -> None:
        while not self._over.wait(_GLANCE_SECONDS):
            with suppress(psutil.Error):
                self.bytes.append(sum(map(_share, [self._root, *self._root.children(recursive=True)])))


def _share(process: psutil.Process) -> int:
    """What a process holds, of shared pages its part."""
    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


def _busy_seconds() -> float:
    """CPU seconds that this machine has spent on anything: user, nice and system time of all cores."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / 100


def _ours(template: Course, students: int, workers: int, scratch: Path) -> Spent:
    course = Course(Path(shutil.copytree(template.root, scratch / "ours")))
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", str(workers)]
    spent = timed([command], course.root, students)
    _all_graded(len(list((course.root / "autograded").iterdir())), students)
    shutil.rmtree(course.root)
    return spent


def _stock(template: Course, names: Sequence[str], scratch: Path) -> Spent:
    course = Course(Path(shutil.copytree(template.root, scratch / "stock")))
    for folder in (course.root / "submitted").iterdir():
        if folder.name not in names:
            shutil.rmtree(folder)
    (course.root / "nbgrader_config.py").write_text(STOCK_CONFIG + _SKIP_EXPERIMENTS)
    spent = timed([[sys.executable, "-m", "nbgrader", "autograde", SLUG]], course.root, len(names))
    _all_graded(len(list((course.root / "autograded").iterdir())), len(names))
    shutil.rmtree(course.root)
    return spent


def _otter(program: str, template: Course, names: Sequence[str], scratch: Path) -> Spent:
    folder = scratch / "otter"
    folder.mkdir()
    with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        archive.write(template.checks(SLUG), "files/" + template.checks(SLUG).name)
        for exercise in exercises.load(SLUG):
            test = _OTTER_TEST.format(name=exercise.name, points=exercise.points)
            archive.writestr(f"tests/{exercise.name}.py", test)
    commands = []
    for name in names:
        (folder / name).mkdir()
        plain = _without_checks(notebook.read(template.submitted(SLUG, name)))
        (folder / name / notebook_name(SLUG)).write_text(json.dumps(plain))
        commands.append(
            [program, "run", "-a", "autograder.zip", "-o", name, "--no-logo", f"{name}/{notebook_name(SLUG)}"]
        )
    spent = timed(commands, folder, len(names))
    results = [json.loads(path.read_text()) for path in folder.glob("*/results.json")]
    _all_graded(len([found for found in results if found["tests"]]), len(names))
    shutil.rmtree(folder)
    return spent


def _without_checks(nb: Notebook) -> Notebook:
    cells = [cell for cell in nb["cells"] if not (notebook.is_experiment(cell) or _is_check(cell))]
    return nb | {"cells": cells}


def _is_check(cell: notebook.Cell) -> bool:
    return notebook.grade_id(cell).startswith("check-")


def _all_graded(graded: int, students: int) -> None:
    if graded < students:
        raise RuntimeError(f"only {graded} of {students} were graded")


def _measure(options: argparse.Namespace, scratch: Path) -> dict[str, list[Spent]]:
    template = make_course(scratch / "template", options.students)
    names = template.students(SLUG)[: options.stock]
    spent: dict[str, list[Spent]] = {}
    for number in range(options.rounds):
        share = names[number :: options.rounds]
        spent.setdefault("nbgrader autograde", []).append(_stock(template, share, scratch))
        if options.otter:
            spent.setdefault("otter run", []).append(_otter(options.otter, template, share, scratch))
        for workers, label in ((1, "unrolled, 1 worker"), (2, "unrolled, 2 workers")):
            spent.setdefault(label, []).append(_ours(template, options.students, workers, scratch))
    return spent


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", type=int, default=30, help="how many of them the others grade, all in all")
    parser.add_argument("--otter", help="the command of an environment with otter-grader and this package")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        spent = _measure(options, Path(scratch))
    table = Table(title=f"{options.students} submissions of {SLUG}, medians of {options.rounds} rounds")
    others = [label for label in spent if not label.startswith("unrolled")]
    for column in ("", "wall ms", "CPU ms", "peak MiB", *(f"times {o}'s rate (CPU)" for o in others)):
        table.add_column(column, justify="right" if column else "left")
    for label, ours in spent.items():
        table.add_row(
            label,
            f"{1000 * statistics.median(s.wall for s in ours):.1f}",
            f"{1000 * statistics.median(s.cpu for s in ours):.1f}",
            f"{statistics.median(s.memory for s in ours) / MiB:.0f}",
            *(_ratios(spent[other], ours) for other in others),
        )
    Console().print(table)


def _ratios(others: Sequence[Spent], ours: Sequence[Spent]) -> str:
    """The medians of what others spent to what we did, wall and CPU, round by round."""
    pairs = list(zip(others, ours, strict=True))
    wall, cpu = statistics.median(t.wall / o.wall for t, o in pairs), statistics.median(t.cpu / o.cpu for t, o in pairs)
    return f"{wall:.1f} ({cpu:.1f})"


if __name__ == "__main__":
    main()
