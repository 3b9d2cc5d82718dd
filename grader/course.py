"""Where the files of a course are: nbgrader's folders, and ours in `.unrolled`."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


class CourseError(RuntimeError):
    """Something is not where a course has it; the message says what to do."""


@dataclass(frozen=True)
class Course:
    """A course directory: the one that holds nbgrader_config.py, solutions/, assignments/ and submitted/."""

    root: Path

    def text(self, slug: str) -> Path:
        """The assignment as its author edits it."""
        return self.root / "solutions" / f"{slug}.py"

    def source(self, slug: str) -> Path:
        """The instructor's notebook, built from the text."""
        return self.root / "solutions" / slug / notebook_name(slug)

    def release(self, slug: str) -> Path:
        """The students' notebook."""
        return self.root / "assignments" / slug / notebook_name(slug)

    def checks(self, slug: str) -> Path:
        """The visible cases, which lie beside the students' notebook."""
        return self.release(slug).with_name("checks.safetensors")

    def submitted(self, slug: str, student: str) -> Path:
        return self.root / "submitted" / student / slug / notebook_name(slug)

    def autograded(self, slug: str, student: str) -> Path:
        return self.root / "autograded" / student / slug / notebook_name(slug)

    def feedback(self, slug: str, student: str) -> Path:
        return (self.root / "feedback" / student / slug / notebook_name(slug)).with_suffix(".html")

    def record(self, slug: str, student: str) -> Path:
        """What grading this submission gave; see journal.py."""
        return self.root / ".unrolled" / "journal" / slug / student / "result.json"

    def report(self, slug: str) -> Path:
        return self.root / ".unrolled" / f"report-{slug}.html"

    def students(self, slug: str) -> list[str]:
        """All who submitted something for `slug`, by name."""
        folders = (self.root / "submitted").glob(f"*/{slug}")
        return sorted(folder.parent.name for folder in folders if folder.is_dir())

    def key(self) -> bytes:
        """The secret that the hidden cases are drawn with; made at first use, and never to leave this machine."""
        path = self.root / ".unrolled" / "key"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
        key = path.read_bytes()
        if len(key) < 32:
            raise CourseError(f"{path} is damaged (only {len(key)} bytes): restore it, or delete it and grade anew")
        return key


def notebook_name(slug: str) -> str:
    """ "01-rnn" -> "rnn.ipynb"."""
    return slug.split("-", 1)[-1] + ".ipynb"


def write_atomically(path: Path, data: bytes) -> None:
    """Either all of `data` is at `path`, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)
