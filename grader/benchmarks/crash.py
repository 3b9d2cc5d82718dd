"""Kill the grader at random moments, and grade on: is everybody graded, once, as if nothing had happened?

    python -m grader.benchmarks.crash [--kills 200] [--submissions 100] [--workers 2] [--seed 0]

A class is graded without interruption first. Then, on copies of the course, the grader is started and killed (SIGKILL,
itself alone) at a moment drawn evenly from the time that took, and started and killed again, until it ends before its
moment comes; then the copy is compared, and a new one is made. Some students have scores and comments by hand before;
others get theirs between the kills, as if an instructor were at work.
"""

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from grader import exercises, journal, notebook
from grader.build import build
from grader.course import Course
from grader.demo import new_course
from grader.grade import Result
from grader.tests import submissions
from grader.tests.nbgrader_course import Row, rows

SLUG = "01-rnn"
_BY_HAND = ("manual_score", "manual_comment", "needs_manual_grade")  # what a person's score changes in a row
_WITHIN_SECONDS = 10  # in which all that a killed grader had started must be gone


@dataclass
class Tally:
    """What came of it. moments: in the middle of what the grader was killed. faults: what was not as it should be."""

    kills: int = 0
    rounds: int = 0
    by_hand: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Truth:
    """What grading without interruption gave, and how long it took."""

    records: dict[str, Result]
    notebooks: dict[str, bytes]
    rows: list[Row]
    seconds: float


def make_course(root: Path, students: int) -> Course:
    """A built course with right and wrong submissions by turns; a few have been graded, and looked at by a person."""
    course = new_course(root, Path(__file__).parent.parent.parent)
    build(course, SLUG)
    release = notebook.read(course.release(SLUG))
    files = [submissions.right(release, SLUG, style) for style in submissions.styles(SLUG) if style != "slow"]
    files += [wrong for _, wrong in submissions.wrong(release, exercises.load(SLUG))]
    names = [f"student-{number:04}" for number in range(students)]
    for number, name in enumerate(names):
        submissions.hand_in(course, SLUG, name, files[number % len(files)])
    early = [option for name in names[:3] for option in ("--student", name)]
    _end(course, _start(course, workers=1, more=early))
    for name in names[:3]:
        score_by_hand(course, name)
    return course


def score_by_hand(course: Course, student: str) -> bool:
    """Give a score and a comment as formgrader would; False if the gradebook does not know the student yet."""
    own = """
        select n.id from submitted_notebook n join submitted_assignment a on n.assignment_id = a.id where student_id = ?
    """
    with closing(sqlite3.connect(course.root / "gradebook.db", timeout=30)) as db, db:
        found = db.execute(own, [student]).fetchone()
        if found is None:
            return False
        db.execute("update grade set manual_score = 0.25 where notebook_id = ?", found)
        db.execute("update comment set manual_comment = ? where notebook_id = ?", [f"Well, {student}.", *found])
    return True


def crash(kills: int, students: int, workers: int, seed: int, scratch: Path) -> Tally:
    """Kill the grader so many times; the courses are made below `scratch`."""
    template = make_course(scratch / "template", students)
    truth = _truth(template, workers, scratch / "whole")
    tally, chance = Tally(), random.Random(seed)
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("kills", total=kills)
        while tally.kills < kills:
            course = _copy(template, scratch / f"round-{tally.rounds}")
            _Round(course, truth, tally, chance, workers).run(kills)
            shutil.rmtree(course.root)
            tally.rounds += 1
            progress.update(bar, completed=tally.kills)
    return tally


@dataclass
class _Round:
    """One course, from its first kill to its last submission."""

    course: Course
    truth: Truth
    tally: Tally
    chance: random.Random
    workers: int
    kept: dict[Path, int] = field(default_factory=dict)  # every record that there has been, and its inode

    def run(self, kills: int) -> None:
        self.by_hand = set(self.course.students(SLUG)[:3])
        self.kept = _inodes(self.course)
        while self.tally.kills < kills and self._killed():
            self.tally.kills += 1
            between = "between these" if _inodes(self.course).keys() - self.kept else "before the first, or after all"
            self.tally.moments[_writing(self.course) or between] += 1
            self.kept |= _inodes(self.course)
            self._fault_if(_damage(self.course), "after a kill the gradebook is damaged")
            self._score_somebody()
        _end(self.course, _start(self.course, self.workers))
        self._compare()

    def _killed(self) -> bool:
        """Start the grader, and kill it at a random moment; False if it ends before."""
        moment = self.chance.uniform(0, self.truth.seconds)
        grading = _start(self.course, self.workers)
        try:
            grading.wait(moment)
        except subprocess.TimeoutExpired:
            started = psutil.Process(grading.pid).children(recursive=True)
            grading.kill()
            grading.wait()
            _, alive = psutil.wait_procs(started, _WITHIN_SECONDS)
            self._fault_if(alive, f"still alive: {[process.cmdline() for process in alive]}")
            for process in alive:
                process.kill()
            return True
        _end(self.course, grading)
        return False

    def _score_somebody(self) -> None:
        student = self.chance.choice(self.course.students(SLUG))
        if self.chance.random() < 0.5 and score_by_hand(self.course, student):
            self.by_hand.add(student)
            self.tally.by_hand += 1

    def _compare(self) -> None:
        course, truth = self.course, self.truth
        self._fault_if(_damage(course), "in the end the gradebook is damaged")
        self._fault_if(
            {r.student: _timeless(r) for r in journal.records(course, SLUG)} != truth.records, "other records"
        )
        self._fault_if(_notebooks(course) != truth.notebooks, "other graded notebooks")
        found, expected = rows(course), truth.rows
        automatic = [{name: row[name] for name in row if name not in _BY_HAND} for row in found]
        self._fault_if(automatic != [{n: row[n] for n in row if n not in _BY_HAND} for row in expected], "other rows")
        scored = {row["student_id"] for row in found if row["manual_score"] == 0.25}
        commented = {row["student_id"] for row in found if row["manual_comment"] == f"Well, {row['student_id']}."}
        self._fault_if(not scored == commented == self.by_hand, f"scored by hand: {self.by_hand}, kept: {scored}")
        again = [path.parent.name for path, inode in self.kept.items() if path.stat().st_ino != inode]
        self._fault_if(again, f"graded again although there was a record: {again}")
        drafts = [path.name for path in course.root.rglob("*") if path.name.endswith((".draft", "-journal"))]
        self._fault_if(drafts, f"left for ever: {drafts}")

    def _fault_if(self, bad: object, what: str) -> None:
        if bad:
            self.tally.faults.append(f"round {self.tally.rounds}: {what}")


def _start(course: Course, workers: int, more: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", str(workers), *more]
    with (course.root / "said").open("wb") as said:
        return subprocess.Popen(command, cwd=course.root, stdout=said, stderr=subprocess.STDOUT)


def _end(course: Course, grading: subprocess.Popen[bytes]) -> None:
    if grading.wait():
        said = (course.root / "said").read_text()
        raise RuntimeError(f"`unrolled grade` ended with {grading.returncode}: {said[-2000:]}")


def _copy(course: Course, root: Path) -> Course:
    return Course(Path(shutil.copytree(course.root, root)))


def _truth(template: Course, workers: int, root: Path) -> Truth:
    course, start = _copy(template, root), time.monotonic()
    _end(course, _start(course, workers))
    seconds = time.monotonic() - start
    records = {record.student: _timeless(record) for record in journal.records(course, SLUG)}
    return Truth(records, _notebooks(course), rows(course), seconds)


def _timeless(record: Result) -> Result:
    return replace(record, seconds=0.0)


def _records(course: Course) -> list[Path]:
    return sorted((course.root / ".unrolled" / "journal").rglob("result.json"))


def _inodes(course: Course) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in _records(course)}


def _notebooks(course: Course) -> dict[str, bytes]:
    found = {student: course.autograded(SLUG, student) for student in course.students(SLUG)}
    return {student: path.read_bytes() for student, path in found.items() if path.exists()}


def _writing(course: Course) -> str:
    """What the grader was writing, by what it has left; empty if nothing. The gradebook itself is not touched."""
    drafts = list(course.root.rglob("*.draft"))
    log = course.root / "gradebook.db-journal"
    if log.exists() and log.stat().st_size:
        return "entering into the gradebook"
    for folder, doing in (("backups", "copying the gradebook"), ("journal", "writing a record")):
        if any(folder in path.parts for path in drafts):
            return doing
    if drafts:
        return "writing a graded notebook"
    return "between notebook and record" if len(_notebooks(course)) > len(_records(course)) else ""


def _damage(course: Course) -> str:
    """What is wrong with the gradebook, if anything; looked for in a copy, since looking would also mend."""
    with tempfile.TemporaryDirectory() as folder:
        for path in course.root.glob("gradebook.db*"):
            shutil.copy(path, folder)
        with closing(sqlite3.connect(Path(folder) / "gradebook.db")) as db:
            (found,) = db.execute("pragma integrity_check").fetchone()
            odd = db.execute(
                "select notebook_id, count(*) from grade group by notebook_id "
                "having count(*) != (select count(*) from grade_cells)"
            ).fetchall()
    return "" if found == "ok" and not odd else f"{found}, half entered: {odd}"


def main() -> None:
    """Kill, compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tally = crash(given.kills, given.submissions, given.workers, given.seed, Path(scratch))
    title = f"{tally.kills} kills, {tally.rounds} times {given.submissions} submissions of {SLUG}"
    table = Table("killed while", title=title)
    table.add_column("kills", justify="right")
    for moment, times in tally.moments.most_common():
        table.add_row(moment, str(times))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{tally.by_hand} times a person gave scores and comments between the kills.\n"
        f"Everybody graded once, as without a kill; nothing by hand lost, nothing left over: {len(tally.faults)} faults"
    )
    for fault in tally.faults:
        console.print(f"[red]fault:[/] {fault}", markup=True)
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
