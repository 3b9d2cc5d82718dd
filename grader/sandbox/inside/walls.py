"""The walls around one session, inside those of bubblewrap: who builds them, and in which order.

The supervisor enters new pid, mount and IPC namespaces; its first child is pid 1 in them and becomes the definitions
process. That one mounts its own /proc and its own bounded temporary folder, then gives up everything that could undo
it. When pid 1 is gone, the kernel has killed and reaped everything in its namespace, daemons included.

The network namespace is bubblewrap's, the same for all sessions: one of its own would cost each 0.7 ms, and there is
nothing in it to share, since only sockets of Unix can be made; those without a file end at the session by Landlock.

As root, each session runs under a user id of its own, so that RLIMIT_NPROC counts its processes only. An ordinary user
cannot have another id; there a nested user namespace counts them (since Linux 5.14), and gives the right to mount.

Without bubblewrap none of this is built: what is left is the limit of each process, a folder, and the family tree.
"""

import os
import resource
import signal

from grader.sandbox.inside import landlock, linux, seccomp
from grader.sandbox.inside.config import Config

MAX_FILES = 10_000  # in the temporary folder: empty files take memory as well
MAX_DESCRIPTORS = 64  # each may be a socket with a full buffer, which is memory that nothing else counts
_OWN_IDS = 200_000, 2**24  # the first user id that sessions get, and how many there are to draw from
_HARMLESS = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


class Walls:
    """Those of one session. The supervisor calls `enter`; its child `settle`, and itself `resign`."""

    def __init__(self, config: Config, scratch: str) -> None:
        self.config = config
        self.scratch = scratch
        self.user, self.group = os.getuid(), os.getgid()
        self.switch_user = config.isolated and self.user == 0
        if self.switch_user:
            first, count = _OWN_IDS
            self.user = self.group = first + int.from_bytes(os.urandom(4), "little") % count

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
            linux.unshare(linux.CLONE_NEWUSER | spaces)
            linux.write("/proc/self/setgroups", "deny")
            linux.write("/proc/self/uid_map", f"{self.user} {self.user} 1")
            linux.write("/proc/self/gid_map", f"{self.group} {self.group} 1")
        linux.make_mounts_private()

    def settle(self) -> None:
        """In the definitions process, before it sees student code: its own files, no rights, limits."""
        linux.write("/proc/self/oom_score_adj", "1000")  # if memory runs out, it is not the grader that dies
        linux.adopt_orphans()
        if self.config.isolated:
            self._mount()
            linux.drop_capability_bounds()
            self.resign()
            linux.forbid_new_privileges()
            landlock.confine(self.scratch)
            seccomp.refuse_syscalls()
        _limit(self.config)
        linux.set_dumpable(False)
        linux.die_with_parent(signal.SIGKILL)
        os.environ.update(HOME=self.scratch, TMPDIR=self.scratch, MPLCONFIGDIR=self.scratch)
        os.chdir(self.scratch)

    def _mount(self) -> None:
        linux.mount("proc", "/proc", linux.MS_RDONLY | _HARMLESS)
        size = f"size={self.config.limits.disk_bytes},nr_inodes={MAX_FILES}"
        linux.mount("tmpfs", self.scratch, _HARMLESS, f"{size},mode=700,uid={self.user},gid={self.group}")

    def resign(self) -> None:
        """Give up root's user id and every right."""
        if not self.config.isolated:
            return
        if self.switch_user:
            os.setgroups([])
            os.setresgid(self.group, self.group, self.group)
            os.setresuid(self.user, self.user, self.user)
        linux.drop_capabilities()


def _limit(config: Config) -> None:
    limits = config.limits
    _set_limit(resource.RLIMIT_AS, linux.memory_pages().size * resource.getpagesize() + limits.memory_bytes)
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
    hard = soft if hard is None else hard
    _, allowed = resource.getrlimit(kind)
    if allowed != resource.RLIM_INFINITY:
        soft, hard = min(soft, allowed), min(hard, allowed)
    resource.setrlimit(kind, (soft, hard))
