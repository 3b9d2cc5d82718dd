"""What is in a zip, a tar or a folder that a stranger made: its files one by one, and never more than is asked for.

Nothing is extracted, and no size that an archive declares is believed.
"""

import gzip
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from grader.archives import tars, zips
from grader.archives.member import Budget, DamagedArchive, Member, UnreadableMember, kind_of, too_large
from grader.notebook import MAX_BYTES

__all__ = ["MAX_MEMBERS", "DamagedArchive", "Member", "UnreadableMember", "members"]

MAX_MEMBERS = 100_000

_GZIP, _ZIP = b"\x1f\x8b", b"PK"


def members(source: Path) -> Iterator[Member]:
    """The entries of the archive or folder at `source`, in its order; raises DamagedArchive, perhaps after some."""
    try:
        entries = _folder(source) if source.is_dir() else _archive(source)
        for number, member in enumerate(entries):
            if number == MAX_MEMBERS:
                raise DamagedArchive(f"it has more than {MAX_MEMBERS} members")
            yield member
    except OSError as error:
        raise DamagedArchive(f"it cannot be read: {error.strerror or error}") from None


def _archive(path: Path) -> Iterator[Member]:
    with path.open("rb") as file:
        start, budget = file.read(2), Budget(path.stat().st_size)
        file.seek(0)
        if start == _ZIP:
            yield from zips.members(file, budget)
        elif start == _GZIP:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield from tars.members(unpacked, budget)
        else:
            yield from tars.members(file, budget)


def _folder(path: Path) -> Iterator[Member]:
    for folder, folders, files in os.walk(path, onerror=_give_up):
        folders.sort()
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for found in (Path(folder, name) for name in sorted(files + links)):
            name, kind = found.relative_to(path).as_posix(), kind_of(found.lstat().st_mode)
            yield Member(name, None, kind, partial(_read_file, found))  # its time may be the copy's


def _give_up(error: OSError) -> None:
    raise error


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableMember(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise too_large()
    return data
