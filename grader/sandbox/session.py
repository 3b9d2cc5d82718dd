"""The trusted end of one session: messages with a deadline, what was printed, and the end of it all."""

import os
import select
import socket
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from grader.sandbox import endings
from grader.sandbox.inside import wire
from grader.sandbox.inside.wire import Kind, Message

_PIPE_BYTES = 64 * 1024
_LAST_WORDS_SECONDS = 2.0  # for the supervisor to say how the session's first process ended
_FAREWELL_SECONDS = 10.0  # for it to kill and reap all the others
_MORE = "\n[… more was printed, and cut]"


class SessionOver(Exception):
    """The session cannot be used any more; `problem` says why, in words for the student."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class TimeIsUp(Exception):
    """Nothing came before the deadline."""


class NotStarted(Exception):
    """The zygote has not opened the session that it was asked for."""


class WallMissing(Exception):
    """The session could not build one of its walls; the message says which."""


class Session:
    """One session in a sandbox. Whatever comes out of it may be forged, save how and when its processes ended."""

    def __init__(self, control: socket.socket, output_chars: int) -> None:
        """Ask a zygote for a session; `wait_until_ready` tells whether there is one."""
        self._output_chars = output_chars
        self._assembler = wire.Assembler()
        with ExitStack() as theirs, ExitStack() as ours:
            self._supervision, supervision = _pair(ours, theirs)
            self._data, data = _pair(ours, theirs)
            self._output, output = os.pipe()
            ours.callback(os.close, self._output)
            theirs.callback(os.close, output)
            try:
                socket.send_fds(control, [bytes([Kind.START])], [supervision.fileno(), data.fileno(), output])
            except OSError as error:
                raise NotStarted(str(error)) from None
            self._ours = ours.pop_all()
        os.set_blocking(self._output, False)
        self._forget_printed()
        self._poll = select.poll()
        for source in (self._supervision, self._data, self._output):
            self._poll.register(source, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End all processes of the session; returns when the last one is gone, or cannot be waited for."""
        with self._ours:
            self._supervision.shutdown(socket.SHUT_WR)
            self._supervision.settimeout(_FAREWELL_SECONDS)
            try:
                while self._supervision.recv(wire.PACKET_BYTES):
                    pass
            except OSError:
                ...

    def wait_until_ready(self, seconds: float) -> None:
        """Returns when all walls stand; else raises NotStarted or WallMissing."""
        ...

    def send(self, kind: Kind, payload: bytes, deadline: float) -> None:
        ...
