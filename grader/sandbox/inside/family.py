"""Ending a process's descendants, however they tried to get away."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def end_family(*children: int) -> None:
    """Kill and reap all descendants of this process, which is pid 1 of a namespace or adopts orphans.

    `children` are some that are alive; a supervisor cannot look for them, because it sees another namespace's /proc.
    """
    while True:
        for child in children:
            os.kill(child, signal.SIGKILL)
        children = ()
        _kill_descendants()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _kill_descendants() -> None:
    with suppress(ProcessLookupError):
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)  # everything else in our namespace, at once: no fork slips through
        else:
            for child in _living_children():
                os.kill(child, signal.SIGKILL)


def _living_children() -> list[int]:
    """Grandchildren come later: they become children when their parents die."""
    files = Path("/proc/self/task").glob("*/children")
    return [int(pid) for file in files for pid in file.read_text().split()]
