"""The journal: one record per submission, written atomically, from which everything else can be made again."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

import grader
import reference
from grader import exercises
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


def version(slug: str, key: bytes, release: bytes = b"") -> dict[str, str]:
    """What a record depends on besides the submission: named parts, each of which changes whenever a record could.

    They are the exercises' specs, references and data; the code that draws, runs, compares and names; the course's key,
    which 32 random bytes keep from being guessed; the released notebook, whose given cells run in every submission; and
    the Python, numpy and whatever else an exercise may import that compute all of it, down to the last bit.
    """
    package = Path(grader.__file__).parent
    spec = package / "exercises" / f"{slug.split('-', 1)[-1]}.py"
    shared = [package / f"{name}.py" for name in _SHARED]
    imported = sorted({name for exercise in exercises.load(slug) for name in exercise.packages})
    return {
        "exercises": _digest(spec, *_modules(Path(reference.__file__ or "").parent), *_modules(package / "datasets")),
        "grader": _digest(*shared, *_modules(package / "sandbox"), *_modules(package / "drives")),
        "key": _digest(b"unrolled's key", key),
        "notebook": _digest(release),
        "Python": platform.python_version(),
        "numpy": np.__version__,
    } | {name: _installed(name) for name in imported}


def changed(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The names of the parts in which two versions differ."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def _digest(*texts: bytes | Path) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.read_bytes() if isinstance(text, Path) else text)
    return digest.hexdigest()[:16]


def _modules(folder: Path) -> list[Path]:
    """All code below it but tests."""
    return sorted(path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts)


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def save(course: Course, result: Result) -> None:
    """Keep `result` as the record of its submission."""
    text = json.dumps(asdict(result), indent=1)
    write_atomically(course.record(result.assignment, result.student), text.encode())


def find(course: Course, slug: str, student: str) -> Result | None:
    """The record of a submission, or None if there is none that can be read."""
    try:
        record = json.loads(course.record(slug, student).read_bytes())
        version = dict(record["version"].items())  # it was one text once
        questions = tuple(Graded(**question | {"hints": tuple(question["hints"])}) for question in record["questions"])
        return Result(
            **record
            | {
                "version": version,
                "questions": questions,
                "notes": tuple(record["notes"]),
                "unanswered": tuple(record["unanswered"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def records(course: Course, slug: str) -> Iterator[Result]:
    """All records of an assignment, by student."""
    for student in course.students(slug):
        if record := find(course, slug, student):
            yield record
