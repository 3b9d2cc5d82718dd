"""What stock nbgrader makes of the attacks that the tests hold, and what we do, counted.

    python -m grader.benchmarks.attacks [--only NAME ...]

Every attack, but for those that are there to do more harm than to sleep, is handed in to a course of three: nbgrader
grades alice, who is honest, then mallory, then zoe, who is honest, too. Stock is `nbgrader autograde` with its own
preprocessors, and the cases that `check` reads beside the instructor's notebook, from where nbgrader copies them; ours
is `unrolled grade`. Both start with a secret in the environment and a planted home folder. What is written into the
gradebook counts by the marks that it then has. Experiments, which earn no marks and take nbgrader half a minute, are
left out of all three notebooks.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader import exercises, notebook
from grader.benchmarks.grading import STOCK_CONFIG
from grader.build import build
from grader.course import Course
from grader.demo import new_course
from grader.notebook import Notebook, is_experiment
from grader.tests import attacks, submissions
from grader.tests.attacks import SLUG, Attack
from grader.tests.attacks.planted import Planted
from grader.tests.attacks.whole_course import Ran, run, scores

SECONDS = 120.0  # for a course of three; nbgrader gives each cell 30
MILD = "harm/daemon_of_a_cell"  # sleeps for 20 s
HONEST, ATTACKER = ("alice", "zoe"), "mallory"
OURS = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", "1"]
STOCK = [sys.executable, "-m", "nbgrader", "autograde", SLUG]
POINTS = {exercise.name: exercise.points for exercise in exercises.load(SLUG)}


@dataclass(frozen=True)
class Outcome:
    """What went wrong with one attack; each field is a line of the table."""

    given: bool  # marks to the attacker, or to anybody, beyond what they have earned
    withheld: bool  # marks that the attacker's honest part has earned
    aborted: bool  # an honest student has no score, or not all of it
    touched: bool  # files of the course or the home folder, the planted process, or a listener
    left: bool  # a process that lives on
    shown: bool  # the secret, in what the attacker gets back


TITLES = {
    "given": "marks given wrongly",
    "withheld": "marks withheld wrongly",
    "aborted": "honest students without their marks",
    "touched": "files touched, or targets reached",
    "left": "processes left running",
    "shown": "secrets shown to the attacker",
}


def make_course(root: Path) -> Course:
    """A built course in which the honest have handed in."""
    course = new_course(root, Path(__file__).parent.parent.parent)
    build(course, SLUG)
    shutil.copy(course.checks(SLUG), course.source(SLUG).parent)
    for student in HONEST:
        submissions.hand_in(course, SLUG, student, submissions.right(_release(course), SLUG, "einsum"))
    return course


def _release(course: Course) -> Notebook:
    """The students' notebook, without experiments."""
    nb = notebook.read(course.release(SLUG))
    return nb | {"cells": [cell for cell in nb["cells"] if not is_experiment(cell)]}


def graded(
    attack: Attack | None, template: Course, command: Sequence[str], usual: set[str]
) -> tuple[Outcome, set[str]]:
    """Hand the attack in to a copy of the course, and let the command grade it; also returns what was touched.

    attack: None for a notebook that is none. usual: what the command touches then, too, and is not counted.
    """
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(shutil.copytree(template.root, Path(scratch, "course"))))
        if command is STOCK:
            (course.root / "nbgrader_config.py").write_text(STOCK_CONFIG)
        with Planted(course, Path(scratch, "home")) as planted:
            harmless = Attack("none", (), "", False, False, lambda forged: None)
            forged = (attack or harmless).forge(_release(course), planted)
            forged.hand_in(course, forged.student)
            planted.remember()
            env = os.environ | {"HOME": str(planted.home), "JUPYTER_RUNTIME_DIR": scratch}
            ran = run(command, course, env, SECONDS)
            touched = {line.removeprefix(f"{scratch}/") for line in planted.touched(graded=True)} - usual
            outcome = _outcome(attack or harmless, course, forged.student, ran, bool(touched), planted.secret)
            return outcome, touched


def _outcome(attack: Attack, course: Course, student: str, ran: Ran, touched: bool, secret: str) -> Outcome:
    """What came of it. A name may be refused, or an honest notebook under that name get its marks: either is right."""
    marks = scores(course)
    honest = [_marks(marks.get(student)) for student in HONEST]
    nothing = attack.refused and student == ATTACKER
    due = dict.fromkeys(POINTS, 0.0) if nothing else POINTS | dict.fromkeys(attack.spoils, 0.0)
    earned = _marks(marks.get(student))
    back = course.autograded(SLUG, student).parent
    returned = [path.read_bytes() for path in back.rglob("*") if path.is_file()]
    return Outcome(
        given=any(earned[q] > due[q] for q in POINTS) or any(m[q] > POINTS[q] for m in honest for q in POINTS),
        withheld=not attack.refused and any(earned[q] < due[q] for q in POINTS),
        aborted=any(m[q] < POINTS[q] for m in honest for q in POINTS),
        touched=touched,
        left=bool(ran.left),
        shown=any(secret.encode() in data for data in returned),
    )


def _marks(scores: Mapping[str, float | None] | None) -> dict[str, float]:
    """A score for every question: no entry is none."""
    return {name: (scores or {}).get(name) or 0.0 for name in POINTS}


def main() -> None:
    """Try them all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="the attacks that have NAME in theirs")
    options = parser.parse_args()
    chosen = [
        attack
        for name, attack in attacks.load().items()
        if any(part in name for part in options.only) and (name == MILD or not attack.harmful)
    ]
    found: dict[str, list[tuple[str, Outcome]]] = {"stock": [], "ours": []}
    with tempfile.TemporaryDirectory() as scratch:
        template = make_course(Path(scratch, "template"))
        usual = {}
        for label, command in (("stock", STOCK), ("ours", OURS)):
            control, usual[label] = graded(None, template, command, set())
            if control.given or control.withheld or control.aborted:
                raise RuntimeError(f"{label}: three honest students have not their marks: {control}")
        for attack in track(chosen, "attacks", console=Console(stderr=True)):
            for label, command in (("stock", STOCK), ("ours", OURS)):
                outcome, touched = graded(attack, template, command, usual[label])
                found[label].append((attack.name.partition("/")[0].partition("_")[0], outcome))
                faults = [field.name for field in fields(Outcome) if getattr(outcome, field.name)]
                print(
                    f"{label:5} {attack.name}: {', '.join(faults) or 'as it should be'} {sorted(touched) or ''}",
                    flush=True,
                )
    Console().print(_table(found, len(chosen)))


def _table(found: dict[str, list[tuple[str, Outcome]]], attempts: int) -> Table:
    families = list(dict.fromkeys(family for family, _ in found["stock"]))
    table = Table(title=f"Of {attempts} attacks, how many succeed with stock nbgrader / with ours")
    table.add_column("")
    for family in [*families, "all"]:
        table.add_column(family, justify="right")
    for field in fields(Outcome):
        cells = []
        for family in [*families, "all"]:
            counts = [
                sum(getattr(outcome, field.name) for of, outcome in found[label] if family in (of, "all"))
                for label in ("stock", "ours")
            ]
            cells.append(f"{counts[0]} / {counts[1]}")
        table.add_row(TITLES[field.name], *cells)
    return table


if __name__ == "__main__":
    main()
