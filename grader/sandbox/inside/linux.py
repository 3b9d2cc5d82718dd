"""The Linux calls that Python 3.11 has no name for."""

import ctypes
import os
import struct
from typing import NamedTuple

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 4, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 36, 38, 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # on every machine
_LANDLOCK_VERSION, _LANDLOCK_PATH_BENEATH = 1, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
_libc.syscall.restype = ctypes.c_long


class MemoryPages(NamedTuple):
    size: int  # of the address space
    resident: int


class _Program(ctypes.Structure):
    """struct sock_fprog: a seccomp filter's instructions, eight bytes each."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _landlock(call: int, *arguments: int | bytes | None) -> int:
    """A system call of Landlock's, which libc has no names for."""
    return int(_libc.syscall(call, *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)))


def _prctl(what: str, option: int, value: int, second: int = 0) -> None:
    _check(_libc.prctl(option, value, second, 0, 0), what)


def write(path: str, text: str) -> None:
    """Write to one of the kernel's files, which want all of it at once."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def read(path: str) -> str:
    """Read one of the kernel's small files; much cheaper in a fresh fork than `open`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096).decode()
    finally:
        os.close(descriptor)


def memory_pages(process: str = "self") -> MemoryPages:
    """How much memory a process has, in pages."""
    size, resident = read(f"/proc/{process}/statm").split()[:2]
    return MemoryPages(int(size), int(resident))


def unshare(flags: int) -> None:
    """Move into new namespaces."""
    _check(_libc.unshare(flags), "unshare")


def mount(kind: str, target: str, flags: int, options: str = "") -> None:
    """Mount a new file system of `kind` on `target`."""
    result = _libc.mount(kind.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _check(result, f"mount {kind} on {target}")


def make_mounts_private() -> None:
    """What is mounted from now on is seen in this mount namespace only."""
    _check(_libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "make mounts private")


def set_dumpable(dumpable: bool) -> None:
    """May processes of the same user trace this one, and read its memory through /proc?"""
    _prctl("set dumpable", _PR_SET_DUMPABLE, int(dumpable))


def die_with_parent(signal: int) -> None:
    """Ask for `signal` when the parent is gone; a change of user id forgets it."""
    _prctl("set the parent's death signal", _PR_SET_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, instead of init."""
    _prctl("become a subreaper", _PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """No execve gives more rights than there were before it, whatever the file's bits say."""
    _prctl("forbid new privileges", _PR_SET_NO_NEW_PRIVS, 1)


def drop_capability_bounds() -> None:
    """Make it impossible to get any capability back by execve; needs CAP_SETPCAP."""
    for capability in range(int(read("/proc/sys/kernel/cap_last_cap")) + 1):
        _prctl("drop a capability", _PR_CAPBSET_DROP, capability)


def drop_capabilities() -> None:
    """Give up every capability there is."""
    _prctl("clear ambient capabilities", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)  # of this very process
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable; twice 32 bits
    _check(_libc.capset(header, nothing), "drop capabilities")


def filter_syscalls(instructions: bytes) -> None:
    """Let a seccomp filter decide on every system call from now on, also in children."""
    program = _Program(len(instructions) // 8, instructions)
    _prctl("filter system calls", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def landlock_version() -> int:
    """Which version of Landlock the kernel offers; 0 if it has none, or does not let us have it."""
    return max(0, _landlock(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION))


def create_ruleset(files: int, network: int, scopes: int) -> int:
    """A descriptor of a Landlock ruleset that takes these rights away, save where `allow_beneath` gives some back."""
    attributes = struct.pack("=QQQ", files, network, scopes)  # struct landlock_ruleset_attr
    ruleset = _landlock(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    _check(min(ruleset, 0), "create a Landlock ruleset")
    return ruleset


def allow_beneath(ruleset: int, path: str, files: int) -> None:
    """Give these rights back for `path`, and for all that is in it."""
    descriptor = os.open(path, os.O_PATH)
    try:
        rule = struct.pack("=Qi", files, descriptor)  # struct landlock_path_beneath_attr
        _check(_landlock(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0), f"allow {path} by Landlock")
    finally:
        os.close(descriptor)


def restrict_by(ruleset: int) -> None:
    """Live under the ruleset from now on, also in children; needs `forbid_new_privileges`."""
    _check(_landlock(_LANDLOCK_RESTRICT, ruleset, 0), "restrict by Landlock")
