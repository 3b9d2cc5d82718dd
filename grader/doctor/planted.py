"""What the doctor plants for a session to reach for: nothing else on the machine is aimed at."""

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_IPC_PRIVATE, _IPC_CREAT, _IPC_RMID = 0, 0o1000, 0
_FOR_EVERYBODY = 0o666
_SEGMENT_BYTES = 4096


@dataclass(frozen=True)
class Planted:
    """Ways to what was planted."""

    secret: Path  # a file
    variable: str  # in our environment
    pid: int  # of a process that waits
    segment: int  # of shared memory
    tcp: int  # ports on loopback
    udp: int
    named: Path  # sockets of Unix
    abstract: str


@contextmanager
def planted() -> Iterator[Planted]:
    """Everything that a Planted names, while it is needed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="unrolled-doctor-", dir=_parent())))
        name = f"UNROLLED_DOCTOR_{uuid4().hex}"
        folder.chmod(0o755)  # it is the wall that hides it, not its mode
        (folder / "secret").write_text("planted")
        os.environ[name] = "planted"
        stack.callback(os.environ.pop, name)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        for address in (str(folder / "socket"), "\0" + name):
            local = stack.enter_context(socket.socket(socket.AF_UNIX))
            local.bind(address)
            local.listen()
        (folder / "socket").chmod(_FOR_EVERYBODY)
        yield Planted(
            secret=folder / "secret",
            variable=name,
            pid=stack.enter_context(_waiting()),
            segment=stack.enter_context(_shared_memory()),
            tcp=tcp.getsockname()[1],
            udp=udp.getsockname()[1],
            named=folder / "socket",
            abstract=name,
        )


def _parent() -> str | None:
    """A folder for temporary files that is not the one in whose place a session has its own."""
    return "/var/tmp" if os.access("/var/tmp", os.W_OK) else None


@contextmanager
def _waiting() -> Iterator[int]:
    """A process that does nothing."""
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def _shared_memory() -> Iterator[int]:
    libc = ctypes.CDLL(None, use_errno=True)
    segment = libc.shmget(_IPC_PRIVATE, _SEGMENT_BYTES, _IPC_CREAT | _FOR_EVERYBODY)
    try:
        yield segment
    finally:
        libc.shmctl(segment, _IPC_RMID, None)
