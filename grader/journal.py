"""The journal: one record per submission, written atomically, from which everything else can be made again."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import grader
import reference
from grader.course import Course, write_atomically
from grader.grade import Graded, Result

_SHARED = [
    "trees",
    "given",
    "answers",
    "cells",
    "laws",
    "compare",
    "patterns",
    "diagnose",
    "exercise",
    "exercises/__init__",
    "notebook",
    "grade",
]


def version(slug: str, key: bytes, release: bytes = b"") -> str:
    """Changes whenever a record could: with the code that draws, solves, runs, compares and names, with the key, and
    with the released notebook, whose given cells run in every submission."""
    digest = hashlib.sha256(key)
    digest.update(release)
    package = Path(grader.__file__).parent
    shared = [package / f"{name}.py" for name in _SHARED]
    spec = package / "exercises" / f"{slug.split('-', 1)[-1]}.py"
    for path in [*shared, *sorted((package / "sandbox").rglob("*.py")), spec, *_modules(reference.__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _modules(init: str | None) -> list[Path]:
    return sorted(Path(init or "").parent.glob("*.py"))


def save(course: Course, result: Result) -> None:
    """Keep `result` as the record of its submission."""
    text = json.dumps(asdict(result), indent=1)
    write_atomically(course.record(result.assignment, result.student), text.encode())


def find(course: Course, slug: str, student: str) -> Result | None:
    """The record of a submission, or None if there is none that can be read."""
    try:
        record = json.loads(course.record(slug, student).read_bytes())
        questions = tuple(Graded(**question | {"hints": tuple(question["hints"])}) for question in record["questions"])
        return Result(
            **record
            | {"questions": questions, "notes": tuple(record["notes"]), "unanswered": tuple(record["unanswered"])}
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def records(course: Course, slug: str) -> Iterator[Result]:
    """All records of an assignment, by student."""
    for student in course.students(slug):
        if record := find(course, slug, student):
            yield record
