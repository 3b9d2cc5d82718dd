"""What to do where walls cannot be built: the first thing that stands in the way on this machine."""

import os
import shutil
import sys
from pathlib import Path

_WITHOUT = "or go without walls by --isolation none"
_ELSEWHERE = "grade in a Linux container or virtual machine; students' own checks work here"
_CONTAINER = (
    "this container's filter on system calls may refuse it: start it with --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined"
)
_SETTINGS = {  # what an ordinary user's namespaces depend on: the value that forbids them, what to set
    "/proc/sys/user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=10000"),
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


def way_out() -> str:
    """What to do about the first thing that keeps this machine from building walls."""
    if not is_linux():
        return _ELSEWHERE
    if shutil.which("bwrap") is None:
        return f"install bubblewrap (apt install bubblewrap, dnf install bubblewrap), {_WITHOUT}"
    if os.geteuid() != 0:
        for path, (forbids, command) in _SETTINGS.items():
            if _read(path) == forbids:
                return f"allow unprivileged user namespaces (as root: {command}), {_WITHOUT}"
    if _is_filtered():
        rights = " --cap-add SYS_ADMIN" if os.geteuid() == 0 else ""
        return f"{_CONTAINER}{rights}, {_WITHOUT}"
    return f"allow unprivileged user namespaces; `unrolled doctor` shows what works here; {_WITHOUT}"


def is_linux() -> bool:
    """Only there are namespaces, and all that the sandbox is made of."""
    return sys.platform.startswith("linux")


def _is_filtered() -> bool:
    """Does a seccomp filter watch this process, as it does in most containers?"""
    return "\nSeccomp:\t2\n" in _read("/proc/self/status")


def _read(path: str) -> str:
    """What the kernel says there; nothing if it has no such setting."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
