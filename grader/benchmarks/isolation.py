"""What each layer of isolation costs a session, on top of the fork that there is without any.

    python -m grader.benchmarks.isolation [--rounds 200]

Each way is a fork of one and the same process with numpy in memory, which builds the layer and ends; the ways take
turns in every round, so that all see the machine in the same moods. Processor time is the child's alone, and says more
on a machine that has other things to do. Root's sessions do without the user namespace that an ordinary user's need.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from grader.sandbox.inside import landlock, linux, seccomp

_OWN = linux.CLONE_NEWUSER if os.geteuid() != 0 else 0
_SPACES = {
    "pid namespace": linux.CLONE_NEWPID,
    "mount namespace": linux.CLONE_NEWNS,
    "IPC namespace": linux.CLONE_NEWIPC,
}
_ALL, _NETWORK = sum(_SPACES.values()), linux.CLONE_NEWNET


def _landlock(scratch: str) -> None:
    linux.forbid_new_privileges()
    landlock.confine(scratch)


def _seccomp() -> None:
    linux.forbid_new_privileges()
    seccomp.refuse_syscalls()


def _mounts(scratch: str) -> None:
    linux.unshare(_OWN | linux.CLONE_NEWNS)
    linux.make_mounts_private()
    linux.mount("tmpfs", scratch, linux.MS_NOSUID | linux.MS_NODEV, "size=1m")


def ways(scratch: str) -> dict[str, Callable[[], None]]:
    """What a child does, by the layer that it builds."""
    spaces = {name: partial(linux.unshare, _OWN | flag) for name, flag in _SPACES.items()}
    return {
        "nothing": lambda: None,
        **spaces,
        "all three": partial(linux.unshare, _OWN | _ALL),
        "all three, and a network namespace, which no session has": partial(linux.unshare, _OWN | _ALL | _NETWORK),
        "mount namespace, temporary folder in it": lambda: _mounts(scratch),
        f"Landlock, version {linux.landlock_version()}": lambda: _landlock(scratch),
        "filter on system calls": _seccomp,
    }


def milliseconds(build: Callable[[], None]) -> tuple[float, float]:
    """How long it takes to fork a child, have it build the layer, and see it end; and its processor time."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            build()
            status = 0
        finally:
            os._exit(status)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError("a layer cannot be built here: `unrolled doctor` shows which")
    return 1000 * (time.perf_counter() - start), 1000 * (used.ru_utime + used.ru_stime)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        layers = ways(scratch)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in layers}
        for _ in range(rounds):
            for name in random.sample(list(layers), len(layers)):
                taken[name].append(milliseconds(layers[name]))
    medians = {name: np.median(times, axis=0) for name, times in taken.items()}
    table = Table(title=f"a fork that builds a layer, medians of {rounds} rounds")
    for column in ("layer", "ms", "CPU ms", "ms more than nothing", "CPU ms more"):
        table.add_column(column, justify="left" if column == "layer" else "right")
    for name, (wall, cpu) in medians.items():
        more_wall, more_cpu = medians[name] - medians["nothing"]
        table.add_row(name, f"{wall:.2f}", f"{cpu:.2f}", f"{more_wall:+.2f}", f"{more_cpu:+.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
