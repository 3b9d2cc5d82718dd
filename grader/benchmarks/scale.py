"""A class of ten thousand, the whole way on one machine: is the time linear, the memory flat, the rest of use?

    python -m grader.benchmarks.scale [--students 10000] [--workers 2]

One run of `unrolled grade 01-rnn`. When a submission was done is read off its record's time; memory is that of all
processes of the run together, shared pages counted once. Then what else grows with the class: the run that finds
everything up to date, the report, the journal, the gradebook.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from grader.benchmarks.grading import Memory, MiB, by_kind
from grader.build import build
from grader.course import Course
from grader.demo import new_course
from grader.tests import submissions

SLUG = "01-rnn"


def make_course(root: Path, students: int) -> Course:
    """A built course in which every tenth submission is wrong in all that it can be, and none waits on purpose."""
    course = new_course(root, Path(__file__).parent.parent.parent)
    build(course, SLUG)
    right, wrong = (itertools.cycle(files) for files in by_kind(course, SLUG))
    for number in range(students):
        submissions.hand_in(course, SLUG, f"student-{number:05}", next(right if number % 10 else wrong))
    return course


def run(course: Course, *arguments: str) -> tuple[float, list[float]]:
    """Run the command in the course; the seconds it took, and the bytes that it held, twice a second."""
    start = time.monotonic()
    command = [sys.executable, "-m", "grader.cli", *arguments]
    with subprocess.Popen(command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as it:
        memory = Memory(it.pid)
        _, errors = it.communicate()
        memory.stop()
    if it.returncode:
        raise RuntimeError(f"{' '.join(command)}: {errors[-2000:]}")
    return time.monotonic() - start, memory.bytes


def _size(paths: Sequence[Path]) -> float:
    return sum(path.stat().st_size for path in paths if path.is_file()) / MiB


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    table = Table(title=f"{options.students} submissions of {SLUG}, {options.workers} workers", show_header=False)
    with tempfile.TemporaryDirectory() as scratch:
        course = make_course(Path(scratch) / "course", options.students)
        seconds, memory = run(course, "grade", SLUG, "--workers", str(options.workers))
        records = list((course.root / ".unrolled" / "journal" / SLUG).glob("*/result.json"))
        done = np.sort([path.stat().st_mtime for path in records])
        tenths = np.diff(done[np.linspace(0, len(done) - 1, 11).astype(int)])
        held = [np.max(part) / MiB for part in np.array_split(memory[4:], 10)]  # from when the workers have started
        again, _ = run(course, "grade", SLUG, "--workers", str(options.workers))
        reporting, report_memory = run(course, "report", SLUG)
        table.add_row("graded", f"{len(records)}")
        table.add_row("seconds", f"{seconds:.0f} ({options.students / seconds:.1f} a second)")
        table.add_row("seconds of each tenth", " ".join(f"{tenth:.1f}" for tenth in tenths))
        table.add_row("last tenth / first", f"{tenths[-1] / tenths[0]:.3f}")
        table.add_row("peak MiB of each tenth", " ".join(f"{part:.0f}" for part in held))
        table.add_row("the same run again, all up to date", f"{again:.1f} s")
        table.add_row("report", f"{reporting:.1f} s, {_size([course.report(SLUG)]):.2f} MiB")
        table.add_row("report's peak MiB", f"{max(report_memory) / MiB:.0f}")
        table.add_row("journal", f"{_size(records):.0f} MiB")
        table.add_row("gradebook", f"{_size([course.root / 'gradebook.db']):.0f} MiB")
        table.add_row("graded notebooks", f"{_size(list((course.root / 'autograded').rglob('*.ipynb'))):.0f} MiB")
    Console().print(table)


if __name__ == "__main__":
    main()
