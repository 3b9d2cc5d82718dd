"""One entry of an archive, and what may be taken out of one."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.notebook import MAX_BYTES

MAX_RATIO = 200  # notebooks shrink to a fifth, those full of zeros to a hundredth
FREE_BYTES = 2 * MAX_BYTES  # may come out of any archive, however small

_KINDS = {stat.S_IFREG: "", stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder"}


class DamagedArchive(ValueError):
    """What comes from here on cannot be read; the message says why."""


class UnreadableMember(ValueError):
    """One file that cannot be read, while the others can; the message says why."""


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    `name` is as it stands there, and may be anything. `kind` is empty for an ordinary file, or says what it is
    instead. `read` gives its bytes, before the next member is asked for; it raises UnreadableMember, DamagedArchive.
    """

    name: str
    time: datetime | None
    kind: str
    read: Callable[[], bytes]


class Budget:
    """What may still come out of an archive of `size` bytes, all members together."""

    def __init__(self, size: int) -> None:
        self.left = FREE_BYTES + MAX_RATIO * size

    def spend(self, count: int) -> None:
        """Raises DamagedArchive if it is too much."""
        self.left -= count
        if self.left < 0:
            raise DamagedArchive(f"more than {MAX_RATIO} times its own size comes out of it, as of no honest archive")


def too_large() -> UnreadableMember:
    """What to raise of a file that no notebook can be."""
    return UnreadableMember(f"has more than {MAX_BYTES >> 20} MB: its outputs must be cleared before it is submitted")


def kind_of(mode: int) -> str:
    """What a file of this mode is; empty for an ordinary one."""
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def utc(seconds: float) -> datetime | None:
    """The time, unless it is one that stands for none, or cannot be."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None
