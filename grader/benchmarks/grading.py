"""Grading rate against `nbgrader autograde` with its own Execute, on the same notebooks, in one run.

    python -m grader.benchmarks.grading [--students 200] [--stock 200] [--rounds 3]

Both write gradebook and graded notebooks; ours also the journal. Wall time is the clock's; CPU time is what the whole
machine was busy meanwhile, since sandboxes are not children that a parent could count: leave the machine alone.
Ours is run in every round with one and with two workers, nbgrader on a share of its `--stock` students in each, so that
all three see the machine in the same moods.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader import exercises, notebook
from grader.build import build
from grader.course import Course
from grader.demo import new_course
from grader.tests import submissions

SLUG = "01-rnn"
STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
"""


@dataclass(frozen=True)
class Timing:
    """Seconds for each submission."""

    wall: float
    cpu: float


def make_course(root: Path, students: int) -> Course:
    """A built course with right and wrong submissions by turns, none that waits on purpose."""
    course = new_course(root, Path(__file__).parent.parent.parent)
    build(course, SLUG)
    release = notebook.read(course.release(SLUG))
    files = [submissions.right(release, SLUG, style) for style in submissions.styles(SLUG) if style != "slow"]
    files += [wrong for _, wrong in submissions.wrong(release, exercises.load(SLUG))]
    for number in range(students):
        checks = {course.checks(SLUG).name: course.checks(SLUG).read_bytes()}  # nbgrader's own way needs them
        submissions.hand_in(course, SLUG, f"student-{number:04}", files[number % len(files)] | checks)
    return course


def timed(command: Sequence[str], course: Course, students: int) -> Timing:
    """Run the command in the course's folder."""
    wall, cpu = time.monotonic(), _busy_seconds()
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    spent = Timing((time.monotonic() - wall) / students, (_busy_seconds() - cpu) / students)
    graded = len(list((course.root / "autograded").iterdir()))
    if graded < students:
        raise RuntimeError(f"{' '.join(command)}: graded {graded} of {students}\n{done.stderr[-2000:]}")
    return spent


def _busy_seconds() -> float:
    """CPU seconds that this machine has spent on anything: user, nice and system time of all cores."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / 100


def _ours(template: Course, students: int, workers: int, scratch: Path) -> Timing:
    course = Course(Path(shutil.copytree(template.root, scratch / "ours")))
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", str(workers)]
    spent = timed(command, course, students)
    shutil.rmtree(course.root)
    return spent


def _stock(template: Course, names: Sequence[str], scratch: Path) -> Timing:
    course = Course(Path(shutil.copytree(template.root, scratch / "stock")))
    for folder in (course.root / "submitted").iterdir():
        if folder.name not in names:
            shutil.rmtree(folder)
    (course.root / "nbgrader_config.py").write_text(STOCK_CONFIG)
    spent = timed([sys.executable, "-m", "nbgrader", "autograde", SLUG], course, len(names))
    shutil.rmtree(course.root)
    return spent


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", type=int, default=200, help="how many of them nbgrader grades, all in all")
    options = parser.parse_args()
    timings: dict[str, list[Timing]] = {"nbgrader autograde": [], "unrolled, 1 worker": [], "unrolled, 2 workers": []}
    with tempfile.TemporaryDirectory() as scratch:
        template = make_course(Path(scratch) / "template", options.students)
        names = template.students(SLUG)
        for number in range(options.rounds):
            share = names[: options.stock][number :: options.rounds]
            timings["nbgrader autograde"].append(_stock(template, share, Path(scratch)))
            for workers, label in ((1, "unrolled, 1 worker"), (2, "unrolled, 2 workers")):
                timings[label].append(_ours(template, options.students, workers, Path(scratch)))
    table = Table(title=f"{options.students} submissions of {SLUG}, medians of {options.rounds} rounds")
    for column in ("", "wall ms", "CPU ms", "wall: times nbgrader's rate", "CPU: times less"):
        table.add_column(column, justify="right" if column else "left")
    stock = timings["nbgrader autograde"]
    for label, ours in timings.items():
        ratios = [(s.wall / o.wall, s.cpu / o.cpu) for s, o in zip(stock, ours, strict=True)]
        table.add_row(
            label,
            f"{1000 * statistics.median(t.wall for t in ours):.1f}",
            f"{1000 * statistics.median(t.cpu for t in ours):.1f}",
            f"{statistics.median(r[0] for r in ratios):.1f}",
            f"{statistics.median(r[1] for r in ratios):.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
