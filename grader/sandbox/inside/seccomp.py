"""The system calls that no exercise needs, refused: each is a way round a limit, or a large surface to attack.

A filter in the kernel's classic BPF. Everything that is not listed is allowed, since numpy, torch and libc differ
from machine to machine in what they call, while the namespaces already hide whatever could be reached.
"""

import errno
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from grader.sandbox.inside import linux

# name: (number on x86_64, number on aarch64)
_REFUSED = {
    # memory that no rlimit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # new namespaces and mounts: capabilities of one's own, and with them half of the kernel
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # the memory and the files of other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "kcmp": (312, 272), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # what a question's process shares with those to come: the socket that answers travel on, the processor
    "shutdown": (48, 210), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    # system calls that have had many holes, or that go round this filter
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip


class _Machine(NamedTuple):
    audit: int  # AUDIT_ARCH_*: what the kernel calls it
    column: int  # in _REFUSED
    clone: int
    clone3: int
    socket: int
    prlimit: int
    setsockopt: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 0, clone=56, clone3=435, socket=41, prlimit=302, setsockopt=54),
    "aarch64": _Machine(0xC00000B7, 1, clone=220, clone3=435, socket=198, prlimit=261, setsockopt=208),
}
_X32 = 0x40000000  # from here on x86_64 has its system calls a second time
_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone takes
_SO_REUSEADDR = 2  # which multiprocessing sets, and which changes nothing
_AF_UNIX = 1  # for multiprocessing and asyncio; no exercise needs another, and AF_VSOCK stops at no namespace

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _THIRD_ARGUMENT = (
    0,
    4,
    16,
    32,
)  # offsets in struct seccomp_data; the low half on these machines
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(condition: int, value: int, verdict: int) -> Iterator[bytes]:
    """`if accumulator <condition> value: return verdict`."""
    yield _instruction(condition, value, if_true=0, if_false=1)
    yield _instruction(_RETURN, verdict)


def _program(machine: _Machine) -> Iterator[bytes]:
    yield _instruction(_LOAD, _ARCHITECTURE)
    yield _instruction(_EQUAL, machine.audit, if_true=1)
    yield _instruction(_RETURN, _KILL)  # a 32-bit call: its numbers mean something else
    yield _instruction(_LOAD, _NUMBER)
    yield from _refuse(_AT_LEAST, _X32, _FAIL | errno.ENOSYS)
    yield from _refuse(_EQUAL, machine.clone3, _FAIL | errno.ENOSYS)  # hides its flags in memory; libc then uses clone
    for numbers in _REFUSED.values():
        yield from _refuse(_EQUAL, numbers[machine.column], _FAIL | errno.EPERM)
    yield _instruction(_EQUAL, machine.clone, if_true=0, if_false=4)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield from _refuse(_ANY_BIT, _NAMESPACES, _FAIL | errno.EPERM)
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_EQUAL, machine.setsockopt, if_true=0, if_false=4)
    yield _instruction(_LOAD, _THIRD_ARGUMENT)
    yield _instruction(_EQUAL, _SO_REUSEADDR, if_true=1)
    yield _instruction(_RETURN, _FAIL | errno.EPERM)  # the socket that answers travel on is the next question's, too
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_EQUAL, machine.prlimit, if_true=0, if_false=4)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield _instruction(_EQUAL, 0, if_true=1)  # the caller itself, and no other process
    yield _instruction(_RETURN, _FAIL | errno.EPERM)
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_EQUAL, machine.socket, if_true=0, if_false=3)
    yield _instruction(_LOAD, _FIRST_ARGUMENT)
    yield _instruction(_EQUAL, _AF_UNIX, if_true=1)
    yield _instruction(_RETURN, _FAIL | errno.EAFNOSUPPORT)
    yield _instruction(_RETURN, _ALLOW)


_FILTERS = {name: b"".join(_program(machine)) for name, machine in _MACHINES.items()}  # made once, not in every session


def refuse_syscalls() -> None:
    """Install the filter for this process and its children; raises OSError where there is none for this machine."""
    name = os.uname().machine
    if name not in _FILTERS:
        raise OSError(errno.ENOSYS, f"filter system calls: no filter is written for {name}")
    linux.filter_syscalls(_FILTERS[name])
