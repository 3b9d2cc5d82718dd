"""Every attack ends with the points that the honest part earns, the reason in the feedback, and nobody harmed."""

import dataclasses
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import journal, notebook
from grader.classroom import load_grader
from grader.course import Course, notebook_name
from grader.feedback import annotate, comment
from grader.grade import Grader, Result
from grader.sandbox import Cell, Limits, Sandbox
from grader.sandbox.inside import linux
from grader.tests import attacks, submissions
from grader.tests.attacks import SLUG, Attack, Forgery
from grader.tests.attacks.planted import Planted
from grader.tests.attacks.whole_course import comments, descendants, hand_in_honestly, run, scores
from grader.tests.submissions import hand_in
from grader.tests.walls import standing

MiB = 2**20
LIMITS = Limits(memory_bytes=512 * MiB, processes=32, disk_bytes=16 * MiB, cell_seconds=3.0)
ATTACKS = attacks.load()


@pytest.fixture(scope="module")
def class_of_two(built: Course) -> dict[str, bytes]:
    """Honest students, with what they hand in: one before the attack, one after it."""
    release = load_grader(built, SLUG).release
    right = submissions.right(release, SLUG, "einsum")
    _, wrong = next(submissions.wrong(release, load_grader(built, SLUG).assignment))
    return {"alice": right["rnn.ipynb"], "zoe": wrong["rnn.ipynb"]}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """The real sandbox, with little room."""
    with standing(limits=LIMITS) as sandbox:
        yield sandbox


def _grade(grader: Grader, student: str, data: bytes, box: Sandbox) -> Result:
    result, _ = grader.grade(student, data, box)
    return dataclasses.replace(result, seconds=0.0)


@pytest.fixture(scope="module")
def undisturbed(grader_01: Grader, class_of_two: dict[str, bytes], box: Sandbox) -> dict[str, Result]:
    """Their results, before there is any attack."""
    return {name: _grade(grader_01, name, data, box) for name, data in class_of_two.items()}


def _start_zygote(forged: Forgery, grader: Grader, box: Sandbox) -> None:
    """Which one it is depends on the words in the cells; it stays, and is not of the attack's making."""
    rebuilt = notebook.rebuild(grader.release, notebook.parse(forged.data(), "the attack")).notebook
    words = {word for _, text in notebook.code_to_run(rebuilt) for word in re.findall(r"\w+", text)}
    with box.submission([Cell("words", f"# {' '.join(sorted(words))}")]):
        pass


def _left(before: set[int]) -> set[int]:
    """Processes that were not there before. One that is ending, and has much to give back, is waited for."""
    end = time.monotonic() + 5
    while (left := descendants() - before) and time.monotonic() < end:
        time.sleep(0.01)
    return left


def _said(result: Result) -> str:
    """All that the feedback has to say."""
    failures = [q.first_failure for q in result.questions]
    return "\n".join([result.problem, *result.notes, *result.cell_errors.values(), *failures])


@pytest.fixture(scope="module", autouse=True)
def orphans() -> None:
    """A process that has lost its parent becomes ours, so that it is seen to live on."""
    linux.adopt_orphans()


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS.values() if not attack.refused], ids=lambda a: a.name)
def test_attack(
    attack: Attack,
    course: Course,
    grader_01: Grader,
    class_of_two: dict[str, bytes],
    undisturbed: dict[str, Result],
    box: Sandbox,
    tmp_path: Path,
) -> None:
    """It gets what its honest part earns, and hears why; others' results, and all that was planted, are as before."""
    for student, data in class_of_two.items():
        hand_in(course, SLUG, student, {notebook_name(SLUG): data})
    with Planted(course, tmp_path / "home") as planted:
        forged = attack.forge(grader_01.release, planted)
        _start_zygote(forged, grader_01, box)
        running = descendants()
        result, rebuilt = grader_01.grade(forged.student, forged.data(), box)
        shown = json.dumps(annotate(rebuilt, result))
        assert planted.touched() == []
        assert _left(running) == set()
    expected = {q.name: 0 if q.name in attack.spoils else q.points for q in grader_01.assignment}
    assert {q.name: q.score for q in result.questions} == expected
    assert result.seconds < 60  # which is no bound on speed, but on hanging
    assert len(json.dumps(dataclasses.asdict(result))) < MiB
    assert attack.says in _said(result)
    assert planted.secret not in json.dumps(dataclasses.asdict(result)) + shown
    assert {name: _grade(grader_01, name, data, box) for name, data in class_of_two.items()} == undisturbed


HONEST = ("alice", "mallory-015", "mallory-030", "zoe")
WORST = (  # of those that are there to do harm: they take their time
    "harm/fork_bomb",
    "harm/daemon_of_a_cell",
    "harm/signals_to_everybody",
    "harm_crash/deletes_what_it_can",
    "harm_crash/calls_out",
    "harm_cells/hundred_thousand_cells",
)


def _in_the_class(attack: Attack, forged: Forgery) -> bool:
    """Does it aim at the course, or is there more to it than a notebook?"""
    odd = bool(forged.files) or forged.arrange is not None or forged.student != "mallory"
    return attack.name.startswith("reach") or odd or attack.name in WORST


def test_class_of_attackers(course: Course, sandbox: Sandbox, tmp_path: Path) -> None:
    """Graded by the command, each gets what is due, honest students have full marks, and the course stays as it was."""
    hand_in_honestly(course, HONEST)
    release = load_grader(course, SLUG).release
    attackers: dict[str, Attack] = {}
    with Planted(course, tmp_path / "home") as planted:
        for attack in ATTACKS.values():
            forged = attack.forge(release, planted)
            if _in_the_class(attack, forged):
                student = f"mallory-{len(attackers):03}x" if forged.student == "mallory" else forged.student
                forged.hand_in(course, student)
                attackers[student] = attack
        planted.remember()
        command = [sys.executable, "-m", "grader.cli", "grade", SLUG, "--workers", "2"]
        ran = run(command, course, os.environ | {"HOME": str(planted.home)}, seconds=900)
        assert (ran.status, ran.left) == (1, ()), ran.output  # 1: some could not be graded
        assert planted.touched(graded=True) == []
    points = {question.name: question.points for question in load_grader(course, SLUG).assignment}
    given, said = scores(course), comments(course)
    assert {student: given[student] for student in HONEST} == dict.fromkeys(HONEST, points)
    assert set(WORST) <= {attack.name for attack in attackers.values()}
    key, secret = course.root / ".unrolled" / "key", planted.secret.encode()
    for student, attack in attackers.items():
        record = journal.find(course, SLUG, student)
        assert record is not None, attack.name
        due = dict.fromkeys(points) if attack.refused else points | dict.fromkeys(attack.spoils, 0)
        assert given[student] == due, attack.name
        assert attack.says in _said(record), attack.name
        assert all(comment(question) in said[student] for question in record.questions), attack.name
    found = {path for path in course.root.rglob("*") if path.is_file() and secret in path.read_bytes()}
    assert found - {key} <= set(course.root.glob("submitted/*/*/*"))
