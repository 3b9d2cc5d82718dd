"""Does a sandbox end with the grader that started it, however that one ends?"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from grader.sandbox import Cell, Sandbox

_START_SECONDS = 60.0
_END_SECONDS = 10.0
_GLANCE_SECONDS = 0.005
_DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [{name!r}, "-S", "-c", "import time; time.sleep(60)"])
"""


def seconds_to_end() -> float | None:
    """Kill a process of our own that has a session open, and wait for the session's daemon to be gone; None if not."""
    name = f"unrolled-doctor-{uuid4().hex}"
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    holder = spawn.Process(target=_hold_session, args=(name, theirs))
    holder.start()
    try:
        if not ours.poll(_START_SECONDS) or not _wait_until(bool, name):
            return None
        start = time.monotonic()
        holder.kill()
        return time.monotonic() - start if _wait_until(lambda pids: not pids, name) else None
    finally:
        holder.kill()
        holder.join()
        for pid in _running(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _hold_session(name: str, connection: Connection) -> None:
    with Sandbox(packages=("numpy",)) as sandbox, sandbox.submission([Cell("daemon", _DAEMON.format(name=name))]):
        connection.send("ready")
        time.sleep(_START_SECONDS)


def _wait_until(condition: Callable[[list[int]], bool], name: str) -> bool:
    """Does the condition come true in time, for the processes called `name`?"""
    deadline = time.monotonic() + _END_SECONDS
    while not condition(_running(name)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_GLANCE_SECONDS)
    return True


def _running(name: str) -> list[int]:
    """The processes on this machine that call themselves `name`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended in the meantime
            if (process / "cmdline").read_bytes().split(b"\0")[0] == name.encode():
                found.append(int(process.name))
    return found
