"""The definitions process: runs the cells once, then forks a process for each question."""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from grader.sandbox.inside import cells, chance, wire
from grader.sandbox.inside.config import Limits
from grader.sandbox.inside.family import end_family
from grader.sandbox.inside.questions import answer
from grader.sandbox.inside.walls import limit_cpu
from grader.sandbox.inside.wire import Kind


def work(connection: socket.socket, limits: Limits) -> None:
    """Serve the trusted process; ends by an exception when the trusted process hangs up."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what a loop prints is seen if it hangs
    chance.seed()
    cells.offer_selfcheck()
    namespace = cells.fresh_namespace()
    while True:
        kind, payload = wire.receive(connection, Kind.CELL, Kind.QUESTION, Kind.RETURN, Kind.RAISE)
        if kind == Kind.CELL:
            name, source = json.loads(payload)
            wire.send(connection, Kind.CELL, cells.run(name, source, namespace).encode(errors="replace"))
        elif kind == Kind.QUESTION:  # else it was a reply, which a question has asked for and not waited for
            wire.send(connection, Kind.END, _ask_in_a_fork(connection, payload, namespace, limits))


def _ask_in_a_fork(connection: socket.socket, payload: bytes, namespace: dict[str, Any], limits: Limits) -> bytes:
    """Have a child answer, and end it with everything that it has started; returns the payload of END."""
    seconds, question = wire.unpack_question(payload)
    dice = chance.state()
    try:
        child = os.fork()
    except OSError:  # the cells' own processes and threads are as many as there may be
        return str(-signal.SIGKILL).encode()
    if child == 0:
        failed = True
        try:
            chance.restore(dice)
            limit_cpu(seconds)
            answer(connection, question, namespace, limits)
            failed = False
        finally:
            cells.flush()
            os._exit(failed)
    status = _wait(child, seconds)
    end_family()
    _be_patient(connection.fileno(), 1, 2)
    return b"" if status is None else str(status).encode()


def _be_patient(*descriptors: int) -> None:
    """Take back what a child may have set: no waiting, or a signal to us. It shares these flags with all of us."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # a cell has closed it
            fcntl.fcntl(descriptor, fcntl.F_SETFL, 0)


def _wait(child: int, seconds: float) -> int | None:
    """The exit status of `child`, negative for a signal; None if it had to be killed because its time was up."""
    descriptor = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        in_time = bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if in_time else None
