"""The members of a zip."""

import stat
import struct
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import IO

from grader.archives.member import Budget, DamagedArchive, Member, UnreadableMember, kind_of, too_large, utc
from grader.notebook import MAX_BYTES

_ENCRYPTED = 1
_UNIX_TIME = 0x5455  # the extra field that has a member's time in UTC
_NO_YEAR = 1980  # where a zip's time begins


def members(file: IO[bytes], budget: Budget) -> Iterator[Member]:
    """The members in the order of the zip's directory; raises DamagedArchive."""
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # zipfile raises whatever the bytes lead it to
        raise DamagedArchive(f"it is a damaged zip: {error}"[:200]) from None
    with archive:
        for info in archive.infolist():
            # its `filename` ends at the first NUL, while `orig_filename` is all that was written
            yield Member(info.orig_filename, _time(info), _kind(info), partial(_read, archive, info, budget))


def _kind(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16  # of a Unix file, if the packer knew about such
    return kind_of(mode) if stat.S_IFMT(mode) else "a folder" if info.orig_filename.endswith("/") else ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableMember("is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # LZMA takes the memory that it is told to
        raise UnreadableMember("is compressed in an unusual way: it must be packed again as an ordinary zip")
    try:
        with archive.open(info) as file:
            data = file.read(MAX_BYTES + 1)
    except Exception as error:
        raise UnreadableMember(f"is damaged: {error}"[:200]) from None
    budget.spend(len(data))
    if len(data) > MAX_BYTES:
        raise too_large()
    return data


def _time(info: zipfile.ZipInfo) -> datetime | None:
    """When the member was last written: in UTC if it says so, else by the packer's clock, taken for ours."""
    start = 0
    while start + 4 <= len(info.extra):
        kind, size = struct.unpack_from("<HH", info.extra, start)
        if kind == _UNIX_TIME and size >= 5 and start + 9 <= len(info.extra) and info.extra[start + 4] & 1:
            return utc(struct.unpack_from("<i", info.extra, start + 5)[0])
        start += 4 + size
    try:
        return utc(time.mktime((*info.date_time, 0, 0, -1))) if info.date_time[0] > _NO_YEAR else None
    except (OverflowError, ValueError):
        return None
