"""The walls around one session, inside those of bubblewrap: who builds them, and in which order.

The supervisor enters new pid, mount and IPC namespaces; its first child is pid 1 in them and becomes the definitions
process. That one mounts its own /proc and its own bounded temporary folder, then gives up everything that could undo
it. When pid 1 is gone, the kernel has killed and reaped everything in its namespace, daemons included.

As root, each session runs under a user id of its own, so that RLIMIT_NPROC counts its processes only. An ordinary user
cannot have another id; there a nested user namespace counts them (since Linux 5.14), and gives the right to mount.

Without bubblewrap none of this is built: what is left is the limit of each process, a folder, and the family tree.
"""

import os
import resource
import shutil
import signal
import tempfile
from pathlib import Path

from grader.sandbox.inside import linux, seccomp
from grader.sandbox.inside.config import Config

MAX_FILES = 10_000  # in the temporary folder: empty files take memory as well
MAX_DESCRIPTORS = 256
_OWN_IDS = 200_000, 2**24  # the first user id that sessions get, and how many there are to draw from
_HARMLESS = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


class Walls:
    """Of one session. The supervisor calls `enter`, and `confine` when it has forked; its child `settle`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.user = os.getuid()
        self.switch_user = config.isolated and self.user == 0
        if self.switch_user:
            first, count = _OWN_IDS
            self.user = first + int.from_bytes(os.urandom(4), "little") % count
        self.scratch = config.scratch if config.isolated else tempfile.mkdtemp(dir=config.scratch)

    def enter(self) -> None:
        """Make the next child the first process of its own namespaces."""
        linux.set_dumpable(True)  # else our own files in /proc belong to root
        linux.adopt_orphans()
        if not self.config.isolated:
            return
        spaces = linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWIPC
        if self.switch_user:
            linux.unshare(spaces)
        else:
            self._unshare_as_ordinary_user(spaces)
        linux.make_mounts_private()

    def _unshare_as_ordinary_user(self, spaces: int) -> None:
        group = os.getgid()
        linux.unshare(linux.CLONE_NEWUSER | spaces)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{self.user} {self.user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path("/proc/self", name).write_text(text)

    def settle(self) -> None:
        """In the definitions process, before it sees student code: its own files, no rights, limits."""
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, it is not the grader that dies
        linux.adopt_orphans()
        if self.config.isolated:
            self._mount()
            self.confine()
            seccomp.refuse_syscalls()
        _limit(self.config)
        linux.set_dumpable(False)
        linux.die_with_parent(signal.SIGKILL)
        os.environ.update(HOME=self.scratch, TMPDIR=self.scratch, MPLCONFIGDIR=self.scratch)
        os.chdir(self.scratch)

    def clean_up(self) -> None:
        """Remove the temporary folder, which without a mount namespace stays behind."""
        if not self.config.isolated:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _mount(self) -> None:
        linux.mount("proc", "/proc", linux.MS_RDONLY | _HARMLESS)
        group = self.user if self.switch_user else os.getgid()
        size = f"size={self.config.limits.disk_bytes},nr_inodes={MAX_FILES}"
        linux.mount("tmpfs", self.scratch, _HARMLESS, f"{size},mode=700,uid={self.user},gid={group}")

    def confine(self) -> None:
        """Give up all rights, for good."""
        if not self.config.isolated:
            return
        linux.drop_capability_bounds()
        if self.switch_user:
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)
        linux.drop_capabilities()
        linux.forbid_new_privileges()


def _limit(config: Config) -> None:
    limits = config.limits
    _set_limit(resource.RLIMIT_AS, _address_space_bytes() + limits.memory_bytes)
    _set_limit(resource.RLIMIT_FSIZE, limits.disk_bytes)
    _set_limit(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)
    _set_limit(resource.RLIMIT_CORE, 0)
    if config.isolated:  # else it would count everything that this user runs
        _set_limit(resource.RLIMIT_NPROC, limits.processes)


def limit_cpu(seconds: float) -> None:
    """End this process by a signal soon after `seconds` of computing, should whoever watches the clock fail."""
    soft = int(seconds) + 2
    _set_limit(resource.RLIMIT_CPU, soft, soft + 1)


def _set_limit(kind: int, soft: int, hard: int | None = None) -> None:
    _, allowed = resource.getrlimit(kind)
    wanted = [soft, soft if hard is None else hard]
    if allowed != resource.RLIM_INFINITY:
        wanted = [min(value, allowed) for value in wanted]
    resource.setrlimit(kind, (wanted[0], wanted[1]))


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
