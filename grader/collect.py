"""Collect submissions: from what an LMS gives to download into submitted/STUDENT/SLUG, one notebook for each student.

What is known, with NOTEBOOK.ipynb as the assignment's notebook is called:

    Canvas   adalovelace_123_45678_NOTEBOOK.ipynb, adalovelace_LATE_123_45678_NOTEBOOK-1.ipynb
    Moodle   Ada Lovelace_123456_assignsubmission_file_/NOTEBOOK.ipynb
    plain    ada/…/NOTEBOOK.ipynb

A name in an archive is anybody's text: it says who the student is, never where a file is written.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader import archives, notebook
from grader.archives import DamagedArchive, Member, UnreadableMember
from grader.course import Course, CourseError, notebook_name, write_atomically
from grader.notebook import UnreadableNotebook

MAX_PATH = 1_000
MAX_NAME = 128  # characters: what nbgrader's gradebook has room for
MAX_NAME_BYTES = 255  # what a folder's name may have
_EXCHANGE_TIME = "%Y-%m-%d %H:%M:%S.%f %Z"  # as nbgrader's exchange writes it

_LAYOUTS = (
    re.compile(r"(?P<student>[^/]*)_\d+_assignsubmission_\w+/.+"),
    re.compile(r"(?P<student>[^/]*)/.+"),
    re.compile(r"(?P<student>[^/_]*)_(?:LATE_)?\d+_\d+_(?P<file>[^/]+)"),
)
_AGAIN = re.compile(r"(-\d+| ?\(\d+\))\.ipynb$")  # what Canvas and browsers add to the name of a second copy
_OF_A_PROGRAM = {"__MACOSX", ".ipynb_checkpoints"}  # folders that nobody meant to hand in


@dataclass(frozen=True)
class Collected:
    """What became of one member: `done` is collected, replaced or unchanged; or `problem` says why it was refused."""

    member: str
    student: str = ""
    done: str = ""
    problem: str = ""


class Refused(ValueError):
    """A member that is not collected; the message says why."""


def collect(course: Course, slug: str, source: Path) -> Iterator[Collected]:
    """Collect every student's notebook from an archive or a folder, and say of each what became of it.

    Files that are no notebooks are passed over, and so are other assignments'. Two notebooks of one student are both
    refused: nobody knows which one counts, or whether they are two students of one name. What was collected before is
    replaced if it is different.
    """
    if not course.release(slug).exists():
        raise CourseError(f"there is no assignment {slug!r} in {course.root}: name it as its folder in assignments/")
    others = {path.name for path in course.root.glob("assignments/*/*.ipynb")} - {notebook_name(slug)}
    copies: Counter[str | None] = Counter()
    with suppress(DamagedArchive):  # it will come again
        for member in archives.members(source):
            with suppress(Refused):
                copies[_student(member, slug, others)] += 1
    try:
        for member in archives.members(source):
            try:
                student = _student(member, slug, others)
                if student is not None:
                    done = _collect(course, slug, student, member, copies[student])
                    yield Collected(member.name, student, done)
            except (Refused, UnreadableMember) as error:
                yield Collected(member.name, problem=str(error))
    except DamagedArchive as error:
        yield Collected(source.name, problem=f"the rest of it is not read: {error}")


def student_of(name: str, slug: str) -> str | None:
    """Whose notebook of this assignment a member of this name is; None if it is no notebook; raises Refused."""
    path = _plain_path(name)
    *folders, file = path.split("/")
    if not file.endswith(".ipynb") or file.startswith("._") or _OF_A_PROGRAM.intersection(folders):
        return None
    layout = next((found for layout in _LAYOUTS if (found := layout.fullmatch(path))), None)
    if layout is None:
        raise Refused("does not say whose it is: put it into a folder with the student's name")
    file = layout.groupdict().get("file", file)
    if _AGAIN.sub(".ipynb", file) != notebook_name(slug):
        raise Refused(f"is a notebook, but not {notebook_name(slug)}: rename it if it is meant to be that one")
    return _student_name(layout["student"])


def _plain_path(name: str) -> str:
    """The member's name, if it is one that an honest packer writes."""
    if len(name) > MAX_PATH:
        raise Refused(f"has a name of more than {MAX_PATH} characters")
    if not name.isprintable():
        raise Refused("has characters in its name that cannot be printed")
    if "\\" in name:
        raise Refused("has a backslash in its name")
    if name.startswith("/") or name[1:2] == ":":
        raise Refused("is named by an absolute path")
    path = name.removeprefix("./").removesuffix("/")
    if {"", ".", ".."}.intersection(path.split("/")) and path not in ("", "."):
        raise Refused("is named by a path that does not only lead downwards")
    return path


def _student_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name)  # one student, whether the archive was packed on a Mac or not
    if not name or name != name.strip() or name.startswith("."):
        raise Refused(f"cannot be collected for a student called {name!r}")
    if len(name) > MAX_NAME or len(name.encode()) > MAX_NAME_BYTES:
        raise Refused(f"has a student's name of more than {MAX_NAME} characters")
    return name


def _student(member: Member, slug: str, others: Set[str]) -> str | None:
    """Whose notebook the member is; None if it is nothing to collect; raises Refused."""
    if member.kind == "a folder":
        _plain_path(member.name)
        return None
    if member.kind:
        raise Refused(f"is {member.kind}, not a file")
    return None if member.name.rpartition("/")[2] in others else student_of(member.name, slug)


def _collect(course: Course, slug: str, student: str, member: Member, copies: int) -> str:
    if copies > 1:
        raise Refused(f"is one of {copies} notebooks of the student {student}: keep the one that counts")
    data, path = member.read(), course.submitted(slug, student)
    time = path.with_name("timestamp.txt")
    try:
        before = path.exists() or path.is_symlink()
        if before and _holds(path, data):
            return "unchanged"
        if member.time:
            write_atomically(time, member.time.strftime(_EXCHANGE_TIME).encode())
        else:
            time.unlink(missing_ok=True)  # it would be the former submission's
        write_atomically(path, data)
    except (CourseError, OSError) as error:  # of one student alone, if the name is too long for this file system, say
        raise Refused(f"is not collected: {error}") from None
    return "replaced" if before else "collected"


def _holds(path: Path, data: bytes) -> bool:
    with suppress(UnreadableNotebook):
        return notebook.read_bytes(path) == data
    return False
