"""The outer walls: bubblewrap's command line, for a root that holds the allowed files and nothing else."""

import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.sandbox import layout
from grader.sandbox.advice import is_linux, way_out

_SPACES = ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_RIGHTS = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")  # which the zygote needs to build inner walls
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
_DEVICES = ("null", "zero", "full", "random", "urandom")
SCRATCH = "/tmp"


class IsolationError(RuntimeError):
    """A wall that was asked for cannot be built; the message says which, why, and what to do."""


def refuse_elsewhere() -> None:
    """Raises IsolationError where the kernel is not Linux: not even the limits of --isolation none work there."""
    if not is_linux():
        raise IsolationError(f"grading needs Linux, and this is {platform.system() or sys.platform}: {way_out()}")


def command(links: Mapping[str, Path]) -> list[str]:
    """The start of a command line that runs what follows it in the sandbox; raises IsolationError."""
    program = shutil.which("bwrap")
    if program is None:
        raise IsolationError(f"isolation by bubblewrap was asked for, but there is no `bwrap` here: {way_out()}")
    ours = {f"/{name}": str(path) for name, path in links.items()}
    files = [*_bound(_libraries() | _python()), *_links(), *_kernel(), *_masks(), *_bound(ours), "--remount-ro", "/"]
    return [program, "--die-with-parent", "--new-session", *_SPACES, *_privileges(), *files, "--"]


def _privileges() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "--unshare-user"
        return
    yield from ("--cap-drop", "ALL")
    for right in _RIGHTS:
        yield from ("--cap-add", right)


def _libraries() -> dict[str, str]:
    """What any program is linked with."""
    return {path: path for path in _LIBRARIES if os.path.exists(path) and not os.path.islink(path)}


def _links() -> Iterator[str]:
    for path in filter(os.path.islink, _LIBRARIES):
        yield from ("--symlink", os.readlink(path), path)


def _kernel() -> Iterator[str]:
    """What is no file: /proc, a temporary folder, a few devices."""
    yield from ("--proc", "/proc", "--tmpfs", SCRATCH, "--tmpfs", "/dev")
    for device in _DEVICES:
        yield from ("--dev-bind", f"/dev/{device}", f"/dev/{device}")
    yield from ("--symlink", SCRATCH, "/dev/shm", "--remount-ro", "/dev")  # where multiprocessing has its locks


def _python() -> dict[str, str]:
    """The interpreter and its standard library."""
    folders = [os.path.join(sys.base_prefix, name) for name in ("lib", "lib64")] + [sysconfig.get_path("stdlib")]
    return {path: path for path in (layout.python(), *folders) if os.path.exists(path)}


def _masks() -> Iterator[str]:
    """Empty folders over whatever was installed into the interpreter: only the allowed packages are to be seen."""
    libraries = [path for path in ("/usr/lib", *_python()) if os.path.isdir(path)]
    patterns = [f"{python}{kind}-packages" for python in ("", "python*/") for kind in ("site", "dist")]
    for folder in sorted({str(path) for top in libraries for pattern in patterns for path in Path(top).glob(pattern)}):
        yield from ("--tmpfs", folder, "--remount-ro", folder)


def _bound(paths: Mapping[str, str]) -> Iterator[str]:
    """Files and folders to be seen at their keys; what leads to them is open to everybody, as bubblewrap's is not."""
    for parent in sorted({str(parent) for path in paths for parent in Path(path).parents}):
        yield from ("--dir", parent)
    for target, source in paths.items():
        yield from ("--ro-bind", source, target)
