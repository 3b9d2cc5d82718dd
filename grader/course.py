"""Where the files of a course are: nbgrader's folders, and ours in `.unrolled`."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class CourseError(RuntimeError):
    """Something is not where a course has it, or cannot be put there; the message says what to do."""


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
        """The secret that the hidden cases are drawn with, made at first use; it stays on the instructor's machines."""
        path = self.root / ".unrolled" / "key"
        if not path.exists():
            with drafted(path, mode=0o600) as draft:  # of two graders, the second finds the first one's key here
                draft.write_bytes(path.read_bytes() if path.exists() else secrets.token_bytes(32))
        key = path.read_bytes()
        if len(key) < 32:
            raise CourseError(f"{path} is damaged (only {len(key)} bytes): restore it, or delete it and grade anew")
        return key


def notebook_name(slug: str) -> str:
    """ "01-rnn" -> "rnn.ipynb"."""
    return slug.split("-", 1)[-1] + ".ipynb"


def write_atomically(path: Path, data: bytes) -> None:
    """Either all of `data` is at `path`, or what was there before."""
    with drafted(path) as draft:
        draft.write_bytes(data)


@contextmanager
def drafted(path: Path, mode: int = 0o666, named: str = "") -> Iterator[Path]:
    """An empty file beside `path`, which takes its place when the block ends well; raises CourseError if it cannot.

    What was written is on the disk before it gets the name, so that a power cut leaves no empty file there; the
    renaming itself may be lost by it, which costs doing the work again. One process at a time drafts a file: another
    waits. One that is killed leaves its draft, which the next that writes the same file takes over; or one that has
    the same place in a series, if the draft is `named` after that.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{named or path.name}.draft")
        file = _open_alone(draft, mode)
        try:
            os.ftruncate(file, 0)
            yield draft
            os.fsync(file)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written: {error.strerror or error}. Mend that (is there room? may you write there?), "
            "then run the command again: it goes on from here"
        ) from None


def _open_alone(draft: Path, mode: int) -> int:
    """The file, opened when nobody else has it open; made if it is not there, or no longer."""
    import fcntl  # Windows has none, where students import this module

    while True:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT, mode)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(draft, file):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # by now it has been written and renamed, or given up


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
