"""The members of a tar.

Its headers are read here one after the other, since `tarfile.TarFile` believes them: before Python 3.11.10 it searches
a long pax header for as long as it likes (CVE-2024-6232), and walks backwards on a negative size in later ones, too.
"""

import tarfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from gzip import BadGzipFile
from io import BufferedIOBase

from grader.archives.member import Budget, DamagedArchive, Member, too_large, utc
from grader.notebook import MAX_BYTES

_BLOCK = 512
_CHUNK = 64 * 1024
_MAX_HEADER_BYTES = 64 * 1024  # what a long name and the like may take
_ABOUT_THE_NEXT = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
_KINDS = {
    tarfile.REGTYPE: "",
    tarfile.AREGTYPE: "",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.DIRTYPE: "a folder",
}

Pax = dict[bytes, bytes]


def members(stream: BufferedIOBase, budget: Budget) -> Iterator[Member]:
    """The members as they come; raises DamagedArchive."""
    source = _Source(stream, budget)
    pax: Pax = {}
    while (info := _header(source)) is not None:
        if info.type in _ABOUT_THE_NEXT:
            pax |= _about_the_next(info, source)
            continue
        content = _Content(source, _size(info, pax))
        name = pax[b"path"].decode("utf-8", "surrogateescape") if b"path" in pax else info.name
        yield Member(name, _time(info, pax), _kind(info, pax), content.read)
        content.skip()
        pax = {}


class _Source:
    """The tar's bytes in their order."""

    def __init__(self, stream: BufferedIOBase, budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def take(self, size: int) -> bytes:
        """The next `size` bytes; raises DamagedArchive if there are fewer, or too many have been taken."""
        try:
            data = self._stream.read(size)
        except (EOFError, zlib.error, BadGzipFile) as error:
            raise DamagedArchive(f"it is damaged: {error}") from None
        self._budget.spend(len(data))
        if len(data) < size:
            raise DamagedArchive("it ends too early")
        return data


class _Content:
    """What follows the header of a member, to be read or skipped; its padding is always skipped."""

    def __init__(self, source: _Source, size: int) -> None:
        self._source, self._size = source, size
        self._left = _padded(size)

    def read(self) -> bytes:
        if self._size > MAX_BYTES:
            raise too_large()
        self._left -= self._size
        return self._source.take(self._size)

    def skip(self) -> None:
        while self._left:
            self._left -= len(self._source.take(min(self._left, _CHUNK)))


def _padded(size: int) -> int:
    return size + -size % _BLOCK


def _header(source: _Source) -> tarfile.TarInfo | None:
    """The next header; None at the end."""
    block = source.take(_BLOCK)
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        if not block.strip(b"\0"):
            return None
        raise DamagedArchive(f"it is neither a zip nor a tar, or it is damaged here ({error})") from None


def _about_the_next(info: tarfile.TarInfo, source: _Source) -> Pax:
    """What a header says of the member that comes after it, in pax's words."""
    if not 0 <= info.size <= _MAX_HEADER_BYTES:
        raise DamagedArchive(f"it is damaged: a header of {info.size} bytes")
    data = source.take(_padded(info.size))[: info.size]
    match info.type:
        case tarfile.GNUTYPE_LONGNAME:
            return {b"path": data.split(b"\0")[0]}
        case tarfile.XHDTYPE:
            return _pax(data)
        case _:
            return {}


def _pax(data: bytes) -> Pax:
    """The records of an extended header: each says how long it is, then key=value and a line's end."""
    records, start = {}, 0
    while start < len(data):
        digits, _, _ = data[start : start + 6].partition(b" ")
        end = start + (int(digits) if digits.isdigit() else 0)
        key, equals, value = data[start + len(digits) + 1 : end].partition(b"=")
        if not equals or end > len(data) or not value.endswith(b"\n"):
            raise DamagedArchive("it is damaged: a pax header that is none")
        records[key] = value[:-1]
        start = end
    return records


def _size(info: tarfile.TarInfo, pax: Pax) -> int:
    """How many bytes of content follow the header."""
    if not info.isreg() and info.type in tarfile.SUPPORTED_TYPES:
        return 0  # links and the like may declare some, but have none
    size = int(pax[b"size"]) if pax.get(b"size", b"")[:20].isdigit() else info.size
    if size < 0:
        raise DamagedArchive(f"it is damaged: a member of {size} bytes")
    return size


def _kind(info: tarfile.TarInfo, pax: Pax) -> str:
    if any(key.startswith(b"GNU.sparse.") for key in pax):
        return "a file with holes"
    return _KINDS.get(info.type, "a special file")


def _time(info: tarfile.TarInfo, pax: Pax) -> datetime | None:
    try:
        return utc(float(pax.get(b"mtime", info.mtime)))
    except (OverflowError, ValueError):
        return None
