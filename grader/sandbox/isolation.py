"""The outer walls: bubblewrap's command line, for a root that holds the allowed files and nothing else."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.sandbox import layout

ADVICE = "install bubblewrap, allow unprivileged user namespaces, or go without walls by --isolation none"

_SPACES = ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_RIGHTS = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")  # which the zygote needs to build inner walls
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")
_DEVICES = ("null", "zero", "full", "random", "urandom")
SCRATCH = "/tmp"


class IsolationError(RuntimeError):
    """A wall that was asked for cannot be built; the message says which, why, and what to do."""


def command(links: Mapping[str, Path]) -> list[str]:
    """The start of a command line that runs what follows it in the sandbox; raises IsolationError."""
    program = shutil.which("bwrap")
    if program is None:
        raise IsolationError(f"isolation by bubblewrap was asked for, but there is no `bwrap` here: {ADVICE}")
    arguments = [program, "--die-with-parent", "--new-session", *_SPACES, *_privileges(), "--clearenv"]
    for name, value in layout.environment("", SCRATCH).items():
        arguments += ["--setenv", name, value]
    return [*arguments, *_system(), *_python(), *_bound(links), "--remount-ro", "/", "--"]


def _privileges() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "--unshare-user"
        return
    for right in _RIGHTS:
        yield from ("--cap-add", right)


def _system() -> Iterator[str]:
    """What any program needs: libraries, a few devices, /proc and a temporary folder."""
    for folder in _LIBRARIES:
        if os.path.islink(folder):
            yield from ("--symlink", os.readlink(folder), folder)
        else:
            yield from ("--ro-bind-try", folder, folder)
    yield from ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")
    yield from ("--proc", "/proc", "--tmpfs", SCRATCH, "--tmpfs", "/dev")
    for device in _DEVICES:
        yield from ("--dev-bind", f"/dev/{device}", f"/dev/{device}")
    yield from ("--remount-ro", "/dev")


def _python() -> Iterator[str]:
    """The interpreter with its standard library and nothing that was installed into it."""
    yield from ("--ro-bind", layout.python(), layout.python())
    libraries = {Path(sys.base_prefix, name) for name in ("lib", "lib64")} | {Path(sysconfig.get_path("stdlib"))}
    for folder in sorted(libraries):
        yield from ("--ro-bind-try", str(folder), str(folder))
    for folder in sorted(_installed([*libraries, Path("/usr/lib")])):
        yield from ("--tmpfs", str(folder), "--remount-ro", str(folder))


def _installed(libraries: list[Path]) -> set[Path]:
    patterns = [f"{python}{kind}-packages" for python in ("", "python*/") for kind in ("site", "dist")]
    return {path for folder in libraries for pattern in patterns for path in folder.glob(pattern)}


def _bound(links: Mapping[str, Path]) -> Iterator[str]:
    for name, path in links.items():
        yield from ("--ro-bind", str(path), f"/{name}")
