"""Every attack ends with the points that the honest part earns, the reason in the feedback, and nobody harmed."""

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from grader.classroom import load_grader
from grader.course import Course
from grader.feedback import annotate
from grader.grade import Grader, Result
from grader.sandbox import Limits, Sandbox
from grader.tests import attacks, submissions
from grader.tests.attacks import SLUG, Attack
from grader.tests.attacks.planted import Planted
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


def _descendants() -> set[str]:
    """The processes that this one has started, and those that they have; not the dead, whose name alone is left."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended in the meantime
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[status.parent.name] = parent
    found = {str(os.getpid())}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _grade(grader: Grader, student: str, data: bytes, box: Sandbox) -> Result:
    result, _ = grader.grade(student, data, box)
    return dataclasses.replace(result, seconds=0.0)


def _said(result: Result) -> str:
    """All that the feedback has to say."""
    failures = [q.first_failure for q in result.questions]
    return "\n".join([result.problem, *result.notes, *result.cell_errors.values(), *failures])


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_attack(
    attack: Attack, course: Course, grader_01: Grader, class_of_two: dict[str, bytes], box: Sandbox, tmp_path: Path
) -> None:
    """It gets what its honest part earns, and hears why; others' results, and all that was planted, stay as they are."""
    before = {name: _grade(grader_01, name, data, box) for name, data in class_of_two.items()}
    with Planted(course, tmp_path / "home") as planted:
        forged = attack.forge(grader_01.release, planted)
        running = _descendants()
        result, rebuilt = grader_01.grade(forged.student, forged.data(), box)
        shown = json.dumps(annotate(rebuilt, result))
        assert planted.touched() == []
        assert _descendants() <= running
    expected = {q.name: 0 if q.name in attack.spoils else q.points for q in grader_01.assignment}
    assert {q.name: q.score for q in result.questions} == expected
    assert attack.says in _said(result)
    assert planted.secret not in json.dumps(dataclasses.asdict(result)) + shown
    assert {name: _grade(grader_01, name, data, box) for name, data in class_of_two.items()} == before
