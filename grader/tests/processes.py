"""What processes there are, for tests that end some and see others end."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and those that they started."""
    found = []
    with suppress(OSError):  # it has ended in the meantime
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def running(pids: list[int], part: str) -> list[int]:
    """Those of the processes whose command line has `part`."""
    found = []
    for pid in pids:
        with suppress(OSError):
            found += [pid] if part in Path(f"/proc/{pid}/cmdline").read_text() else []
    return found


def is_grading(pid: int) -> bool:
    """Has the process, of a pool or a cluster, a session in its sandbox?"""
    return len(running(descendants(pid), "grader.sandbox")) > 3  # bubblewrap's two, and the zygote


def is_gone(pid: int) -> bool:
    """Has the process ended, if nobody has asked yet how?"""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Return when it is true; fails if that takes too long."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
