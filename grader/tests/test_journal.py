"""The journal: results come back as they were written, damaged records count for none, versions see every change."""

import importlib.metadata
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import grader
import reference
from grader import journal
from grader.course import Course
from grader.grade import Graded, Result

SLUG = "01-rnn"
KEY = b"k" * 32
VERSION = {"exercises": "0123456789abcdef", "grader": "1", "key": "2", "notebook": "3"}

RESULT = Result(
    assignment=SLUG,
    student="O'Neil, <Pat>",
    fingerprint="f" * 64,
    version=VERSION,
    isolation="bubblewrap",
    questions=(
        Graded("rnn_cell_forward", 3, 3, "6 of 6 checks right"),
        Graded(
            "rnn_forward",
            4.0,
            1.3333,
            "2 of 6 checks right",
            first_failure="In the case B=3: h[0, 1, 2] is nan, expected 0.5",
            misconception="zeros_for_h0",
            hints=("Look at step 0 alone.", "The state before the first step is given."),
            followed=True,
            printed="\x1b[31mprinted\x1b[0m \ud800 ✓\n",
        ),
        Graded("softmax", 2, 0, "not done yet", not_done=True),
    ),
    cell_errors={"rnn_forward": "raises SyntaxError: invalid syntax", "own cell 3": "raises NameError: np"},
    unanswered=("written-why", "written-how"),
    notes=("the cell `softmax` was deleted",),
    printed="hello\n",
    seconds=0.125,
)
UNGRADED = Result(SLUG, "bob", "", VERSION, "none", problem="rnn.ipynb is empty: save the notebook again")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def submit(course: Course, *students: str) -> None:
    for student in students:
        course.submitted(SLUG, student).parent.mkdir(parents=True)


@pytest.mark.parametrize("result", [RESULT, UNGRADED], ids=["graded", "ungraded"])
def test_round_trip(course: Course, result: Result) -> None:
    """A record is the result again, entry by entry and type by type."""
    journal.save(course, result)
    back = journal.find(course, SLUG, result.student)
    assert back == result
    assert back is not None and [type(value) for value in vars(back).values()] == [
        type(value) for value in vars(result).values()
    ]
    assert back.score == result.score and back.points == result.points


def test_scores_of_the_example() -> None:
    """Score and points of a result are its questions' sums."""
    assert (RESULT.score, RESULT.points) == (4.3333, 9)
    assert (UNGRADED.score, UNGRADED.points) == (0, 0)


def test_the_record_is_readable_text(course: Course) -> None:
    """A record is one JSON file where the course has it, for whoever wants to look, and nothing else is left there."""
    journal.save(course, RESULT)
    path = course.record(SLUG, RESULT.student)
    record = json.loads(path.read_text(encoding="ascii"))
    assert record == json.loads(json.dumps(asdict(RESULT)))
    assert record["questions"][1]["score"] == 1.3333 and record["unanswered"] == ["written-why", "written-how"]
    assert os.listdir(path.parent) == ["result.json"]


def test_the_last_record_counts(course: Course) -> None:
    """Graded anew, a submission has its new record."""
    journal.save(course, RESULT)
    journal.save(course, Result(SLUG, RESULT.student, "g", {"key": "w"}, "none"))
    found = journal.find(course, SLUG, RESULT.student)
    assert found is not None and (found.fingerprint, found.version) == ("g", {"key": "w"})


def test_no_record(course: Course) -> None:
    """Nothing graded, nothing found."""
    assert journal.find(course, SLUG, "nobody") is None


def damaged(**changes: Any) -> bytes:
    return json.dumps(asdict(RESULT) | changes).encode()


def without(key: str) -> bytes:
    return json.dumps({name: value for name, value in asdict(RESULT).items() if name != key}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe\x00",
        b"null",
        b"3",
        b"[]",
        b"{}",
        b'"text"',
        damaged(from_a_newer_version=1),
        damaged(version="0123456789abcdef"),  # as it was written once
        damaged(version=None),
        damaged(questions=3),
        damaged(questions=[3]),
        damaged(questions=["rnn_forward"]),
        damaged(questions=[{}]),
        damaged(questions=[asdict(RESULT.questions[0]) | {"new": 1}]),
        damaged(questions=[asdict(RESULT.questions[0]) | {"hints": None}]),
        damaged(notes=None),
        damaged(unanswered=3),
        *map(without, ["student", "questions", "notes", "unanswered", "version", "fingerprint"]),
    ],
)
def test_damaged_records_count_for_none(course: Course, data: bytes) -> None:
    """A record that cannot be understood is graded anew, not trusted and not fatal."""
    path = course.record(SLUG, "ada")
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert journal.find(course, SLUG, "ada") is None


def test_half_records_count_for_none(course: Course) -> None:
    """A record that was cut off, wherever, counts for none."""
    journal.save(course, RESULT)
    path = course.record(SLUG, RESULT.student)
    data = path.read_bytes()
    for length in range(0, len(data) - 1, 7):
        path.write_bytes(data[:length])
        assert journal.find(course, SLUG, RESULT.student) is None


def test_a_folder_is_no_record(course: Course) -> None:
    """Something else in the record's place is none."""
    course.record(SLUG, "ada").mkdir(parents=True)
    assert journal.find(course, SLUG, "ada") is None


def test_records(course: Course) -> None:
    """All records of those who submitted come by student; without a record, or a damaged one, nobody comes."""
    submit(course, "zoë", "ada", "bob", "eve")
    for student in ("zoë", "ada", "gone"):
        journal.save(course, Result(SLUG, student, "f", VERSION, "none"))
    course.record(SLUG, "eve").parent.mkdir()
    course.record(SLUG, "eve").write_bytes(b"{")
    assert [record.student for record in journal.records(course, SLUG)] == ["ada", "zoë"]
    assert list(journal.records(course, "02-bptt")) == []


def test_version_is_stable() -> None:
    """The same code and key have the same version: a few parts, each short enough to read."""
    version = journal.version(SLUG, KEY)
    assert version == journal.version(SLUG, KEY)
    assert list(version) == ["exercises", "grader", "key", "notebook", "Python", "numpy"]
    assert all(0 < len(part) <= 16 for part in version.values())


def test_version_knows_what_an_exercise_may_import() -> None:
    """Where a student's network is trained by torch, its version is a part; elsewhere it has no say."""
    assert journal.version("10-classification", KEY)["torch"] == importlib.metadata.version("torch")
    assert "torch" not in journal.version("09-optimizers", KEY)


def test_version_names_what_changed() -> None:
    """Another key draws other cases, another notebook has other given cells: every record is out of date, and why."""
    version = journal.version(SLUG, KEY)
    assert journal.changed(version, version) == []
    assert journal.changed(version, journal.version(SLUG, b"l" * 32)) == ["key"]
    assert journal.changed(version, journal.version(SLUG, KEY, b"another release")) == ["notebook"]
    assert journal.changed(version, journal.version("02-bptt", b"l" * 32)) == ["exercises", "key"]
    assert journal.changed(version, {}) == journal.changed({}, version) == sorted(version)


GRADER = [
    *("grader/trees.py", "grader/given.py", "grader/answers.py", "grader/cells.py", "grader/laws.py"),
    *("grader/compare.py", "grader/patterns.py", "grader/diagnose.py", "grader/exercise.py"),
    *("grader/notebook.py", "grader/grade.py"),
    "grader/exercises/__init__.py",
    *("grader/sandbox/__init__.py", "grader/sandbox/inside/questions.py"),
    *("grader/drives/__init__.py", "grader/drives/learning.py"),
]
EXERCISES = [
    *("grader/exercises/rnn.py", "reference/rnn.py", "reference/functional.py", "reference/shapes.py"),
    *("reference/pytorch/classifier.py", "grader/datasets/headlines.py"),
]


def test_version_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that has a say in a score changes its part of the version; one that has none changes nothing."""
    for package in (grader, reference):
        root = Path(str(package.__file__)).parent
        shutil.copytree(root, tmp_path / root.name, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        monkeypatch.setattr(package, "__file__", str(tmp_path / root.name / "__init__.py"))
    before = journal.version(SLUG, KEY)
    for part, names in (("grader", GRADER), ("exercises", EXERCISES)):
        for name in names:
            with (tmp_path / name).open("a") as file:
                file.write("# another line\n")
            after = journal.version(SLUG, KEY)
            assert journal.changed(before, after) == [part], name
            before = after
    for name in ("grader/report.py", "grader/cli.py"):
        (tmp_path / name).write_text("")
    assert journal.version(SLUG, KEY) == before
