"""What the doctor has a session try, as a submission would: this text runs in the sandbox, and nowhere else.

Each function tries what one layer forbids, only ever on what the doctor has planted, and returns for each attempt why
it failed; nothing for one that got through. All attempts are bounded, so that a missing wall does no harm.
"""

import ctypes
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Attempts = dict[str, str]

_libc = ctypes.CDLL(None, use_errno=True)
_GOT_THROUGH = ""
_MIB = 2**20
_HOARD_BYTES = 16 * _MIB


def _try(attempt: Callable[..., Any], *arguments: Any) -> str:
    """Why the attempt failed; nothing if it did not."""
    try:
        attempt(*arguments)
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return _GOT_THROUGH


def _call(name: str, *arguments: Any) -> None:
    """Call libc's function; raises OSError."""
    if getattr(_libc, name)(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def own_user(outside: dict[str, str]) -> Attempts:
    return {"become root": _try(os.setresuid, 0, 0, 0), **_namespace("user", outside)}


def own_processes(pid: int, outside: dict[str, str]) -> Attempts:
    seen = [name for name in os.listdir("/proc") if name.isdecimal()]
    alone = "it sees 2, both its own" if sorted(map(int, seen)) == [1, os.getpid()] else _GOT_THROUGH
    return {
        "signal a process of mine": _try(os.kill, pid, 0),
        "see others": alone,
        **_namespace("pid", outside),
    }


def hidden_files(secret: str, exercises: str, outside: dict[str, str]) -> Attempts:
    return {
        "read a file of mine": _try(Path(secret).read_bytes),
        "read it through /proc": _try(Path("/proc/1/root" + secret).read_bytes),
        "list the exercises": _try(os.listdir, exercises),
        **_namespace("mnt", outside),
    }


def read_only_root() -> Attempts:
    folders = {"/": "/", "/dev": "/dev", "Python's library": os.path.dirname(os.__file__)}
    folders["numpy"] = os.path.dirname(np.__file__)
    return {f"write in {name}": _try(Path(folder, "planted").write_text, "x") for name, folder in folders.items()}


def bounded_folder(disk_bytes: int, files: int) -> Attempts:
    def fill() -> None:
        for number in range(disk_bytes // _MIB + 1):
            Path(f"large-{number}").write_bytes(bytes(_MIB))

    def litter() -> None:
        for number in range(files + 1):
            Path(f"small-{number}").touch()

    too_large = _try(fill)
    for path in Path().glob("large-*"):
        path.unlink()
    return {f"write {disk_bytes // _MIB + 1} MB": too_large, f"make {files + 1} files": _try(litter)}


def leave_note() -> None:
    Path("note").touch()


def look_around() -> Attempts:
    seen = os.listdir(".")
    return {"find what another session left there": _GOT_THROUGH if seen else "it is empty"}


def own_shared_memory(segment: int, outside: dict[str, str]) -> Attempts:
    _libc.shmat.restype = ctypes.c_ssize_t
    return {"map shared memory of mine": _try(_call, "shmat", segment, None, 0), **_namespace("ipc", outside)}


def no_network(tcp: int, udp: int, named: str, abstract: str, outside: dict[str, str]) -> Attempts:
    def reach(family: int, kind: int, address: Any) -> None:
        with socket.socket(family, kind) as client:
            client.settimeout(2)
            client.connect(address)
            client.send(b"x")

    return {
        "reach a TCP socket of mine": _try(reach, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", tcp)),
        "a UDP socket": _try(reach, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", udp)),
        "a Unix socket in a folder": _try(reach, socket.AF_UNIX, socket.SOCK_STREAM, named),
        "a Unix socket without a file": _try(reach, socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract),
        **_namespace("net", outside),
    }


def empty_environment(variable: str) -> Attempts:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(variable.encode() in path.read_bytes())
        except OSError:
            continue  # a process whose memory is closed to us
    return {
        "find a variable of mine": _GOT_THROUGH if variable in os.environ else "not set",
        "find it in a process's memory": _GOT_THROUGH if any(found) else "not there",
    }


def no_rights() -> Attempts:
    def raise_limit() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))

    lines = Path("/proc/self/status").read_text().splitlines()
    status = {name: int(value, 16) for name, value in (x.split(":\t", 1) for x in lines if x[:3] in ("Cap", "NoN"))}
    capable = any(value for name, value in status.items() if name.startswith("Cap"))
    return {
        "raise its own limits": _try(raise_limit),
        "use a capability": _GOT_THROUGH if capable else "has none",
        "gain some by running a program": "forbidden" if status["NoNewPrivs"] else _GOT_THROUGH,
    }


def filtered_calls() -> Attempts:
    return {
        "memory that belongs to nobody": _try(lambda: os.close(os.memfd_create("x"))),
        "trace a process": _try(_call, "ptrace", 0, 0, 0, 0),  # PTRACE_TRACEME, which needs no right
        "a network socket": _try(lambda: socket.socket(socket.AF_INET).close()),
    }


def landlock() -> Attempts:
    return {"write to a device that is open to all": _try(Path("/dev/random").write_bytes, b"x")}


def memory_of_one(most_bytes: int) -> Attempts:
    """A quarter more than the limit, which counts what the process had at its start, and may have given back."""
    too_much = most_bytes + most_bytes // 4
    try:
        np.empty(too_much // 8)
    except MemoryError:
        return {f"take {too_much // _MIB} MB at once": "MemoryError"}
    return {f"take {too_much // _MIB} MB at once": _GOT_THROUGH}


def memory_of_all(most_bytes: int) -> Attempts:
    """Returns only if nobody stops it."""
    for _ in range(most_bytes // _HOARD_BYTES + 1):
        if os.fork() == 0:
            hoard = np.ones(_HOARD_BYTES // 8)
            time.sleep(5 + hoard[0])
            os._exit(0)
    time.sleep(3)
    return {f"take {most_bytes // _MIB} MB in many processes": _GOT_THROUGH}


def bounded_processes(most: int) -> Attempts:
    def fork() -> None:
        for _ in range(most + 1):
            if os.fork() == 0:
                time.sleep(5)
                os._exit(0)

    return {f"start {most + 1} processes": _try(fork)}


def flood(chars: int) -> None:
    for _ in range(100):
        sys.stdout.write("x" * chars)


def never_end() -> None:
    """Hangs for far longer than its question may take, with a child that ignores its end."""
    os.fork()
    time.sleep(60)


def _namespace(kind: str, outside: dict[str, str]) -> Attempts:
    """Is this session in the namespace that the doctor is in?"""
    if kind not in outside:
        return {}
    shared = os.readlink(f"/proc/self/ns/{kind}") == outside[kind]
    return {"share my namespace": _GOT_THROUGH if shared else "has its own"}
