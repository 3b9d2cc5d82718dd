"""The parent of one session's definitions process: starts it, watches over it, and sees to it that nothing is left.

It stays outside the pid namespace that it makes for the session, where student code can neither see nor signal it.
"""

import os
import resource
import select
import signal
import socket
from contextlib import suppress
from typing import NoReturn

from grader.sandbox.inside import linux, wire
from grader.sandbox.inside.config import Config
from grader.sandbox.inside.family import end_family
from grader.sandbox.inside.walls import Walls
from grader.sandbox.inside.wire import Kind
from grader.sandbox.inside.worker import work

_GLANCE_MS = 50  # how often memory is looked at


def supervise(config: Config, scratch: str, supervision: int, data: int, output: int) -> NoReturn:
    """One session from its first process to its last, in a forked child of the zygote."""
    status = 1
    try:
        with socket.socket(fileno=supervision) as connection:
            _hold_session(Walls(config, scratch), connection, data, output)
        status = 0
    finally:
        os._exit(status)  # whatever happens in a forked child, it never goes on with its parent's work


def _hold_session(walls: Walls, connection: socket.socket, data: int, output: int) -> None:
    try:
        walls.enter()
        child = os.fork()
        if child == 0:
            walls.settle()
    except OSError as error:
        wire.send(connection, Kind.FAILED, str(error).encode())
        return
    if child == 0:
        wire.send(connection, Kind.READY)
        connection.close()
        _become_worker(walls.config, data, output)
    else:
        os.close(data)
        os.close(output)
        walls.resign()
        _watch(child, connection, walls.config)


def _become_worker(config: Config, data: int, output: int) -> None:
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    with socket.socket(fileno=data) as connection:
        work(connection, config.limits)


def _watch(child: int, connection: socket.socket, config: Config) -> None:
    """Wait until the trusted process hangs up; then, or if the child ends before, leave nothing of the session."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while not (ready := dict(poll.poll(_GLANCE_MS))):
        if config.isolated and _memory_in_use() > config.limits.memory_bytes:
            os.kill(child, signal.SIGKILL)
    if ended not in ready:
        end_family(child)
        return
    _, status = os.waitpid(child, 0)
    end_family()
    wire.send(connection, Kind.DIED, str(os.waitstatus_to_exitcode(status)).encode())
    connection.recv(1)


def _memory_in_use() -> int:
    """The bytes that all processes of the session hold beyond what each has from the zygote."""
    if os.path.exists("/proc/self"):  # it is still the zygote's: the session has not mounted its own
        return 0
    page, from_zygote = resource.getpagesize(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    total = 0
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError):  # it has ended in the meantime
                total += max(0, linux.memory_pages(name).resident * page - from_zygote)
    return total
