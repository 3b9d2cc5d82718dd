"""Archives as an LMS, a student or an attacker would pack them."""

import io
import tarfile
import zipfile
from collections.abc import Mapping

Files = Mapping[str, bytes]

LONG_AGO = (2024, 3, 5, 12, 30, 2)


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, all of LONG_AGO."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zip_info(name, compression), data)
    return packed.getvalue()


def zip_info(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """The entry of an ordinary file."""
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = compression
    return info


def tarred(files: Files, mode: str = "w:gz", format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of these files, all one second after 2024-03-05 12:30 UTC."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=format) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tar_info(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def tar_info(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    """The entry of a file of so many bytes, or of something else."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, size, 1709641801
    return info


def pax(data: bytes) -> bytes:
    """An extended header, and what stands in it."""
    return tar_of(tar_info("pax", tarfile.XHDTYPE, len(data)), data)[:-1024]


def tar_of(*parts: tarfile.TarInfo | bytes) -> bytes:
    """A tar of headers and contents as they are given, true or not."""
    blocks = (part if isinstance(part, bytes) else part.tobuf(tarfile.GNU_FORMAT) for part in parts)
    return b"".join(block + bytes(-len(block) % 512) for block in blocks) + bytes(1024)
