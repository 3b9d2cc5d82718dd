"""The trusted end of one session: messages with a deadline, what was printed, and the end of it all."""

import os
import select
import socket
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from grader.sandbox import endings
from grader.sandbox.advice import way_out
from grader.sandbox.inside import wire
from grader.sandbox.inside.wire import Kind, Message
from grader.sandbox.isolation import IsolationError

_READ_BYTES = 64 * 1024  # a pipe's size
_BACKLOG_READS = 64
_OBITUARY_SECONDS = 2.0  # for the supervisor to say how the session's first process ended
_FAREWELL_SECONDS = 10.0  # for it to kill and reap all the others
_CUT = "\n[… more was printed]"


class SessionOver(Exception):
    """The session is of no use any more; `problem` says why, in words for the student."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class SessionLost(SessionOver):
    """The supervisor is gone, which student code behind walls cannot bring about: who asks again may get an answer."""


class NoReply(Exception):
    """The zygote, or the supervisor that it forked, has ended or hangs: not the student's doing."""


@dataclass(frozen=True)
class Deadline:
    """A point of `time.monotonic`, and what the student did who let it pass."""

    at: float
    problem: str

    def seconds_left(self) -> float:
        """Raises SessionOver if there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise SessionOver(self.problem)
        return left


class Session:
    """One session in a sandbox. Whatever comes out of it may be forged, save that it is ready, and how it ended."""

    def __init__(self, control: socket.socket, scratch: AbstractContextManager[str], output_chars: int) -> None:
        """Ask a zygote for a session; the other methods may be called after `wait_until_ready`.

        `scratch` is entered for the path of the session's temporary folder, and left when the session has ended.
        """
        self._output_chars = output_chars
        self._assembler = wire.Assembler()
        self._printed = bytearray()
        with ExitStack() as ours, ExitStack() as theirs:
            self._supervision, their_supervision = _pair(ours, theirs)
            self._data, their_data = _pair(ours, theirs)
            self._output, their_output = os.pipe()
            ours.callback(os.close, self._output)
            theirs.callback(os.close, their_output)
            os.set_blocking(self._output, False)
            start = bytes([Kind.START]) + os.fsencode(ours.enter_context(scratch))
            try:
                socket.send_fds(control, [start], [their_supervision.fileno(), their_data.fileno(), their_output])
            except OSError as error:
                raise NoReply(str(error)) from None
            self._resources = ours.pop_all()
        self._poll = select.poll()
        for source in (self._supervision, self._data, self._output):
            self._poll.register(source, select.POLLIN)

    def wait_until_ready(self, seconds: float) -> None:
        """Return when the session's walls stand; else end it, and raise IsolationError, or NoReply if none answers."""
        try:
            message = self._supervisor_says(seconds)
        except TimeoutError:
            message = None
        if message is None:
            self._resources.close()  # nobody is there to say goodbye; who ends the zygote ends all that there is
            raise NoReply("no session was opened")
        if message.kind == Kind.FAILED:
            self.close()
            why = message.payload.decode(errors="replace")
            raise IsolationError(f"a wall of the sandbox cannot be built ({why}): {way_out()}")

    def send(self, kind: Kind, payload: bytes, deadline: Deadline) -> None:
        """Send a message to the session; raises SessionOver."""
        try:
            for packet in wire.packets(kind, payload):
                self._data.settimeout(deadline.seconds_left())
                self._data.sendmsg(packet)
        except TimeoutError:
            raise SessionOver(deadline.problem) from None
        except OSError:
            raise self._obituary() from None

    def receive(self, deadline: Deadline, most_bytes: int) -> Message:
        """The next message of at most `most_bytes`; raises SessionOver."""
        while True:
            ready = dict(self._poll.poll(deadline.seconds_left() * 1000))
            if self._output in ready and not self._read_output():
                self._poll.unregister(self._output)
            if self._data.fileno() in ready:
                message = self._read_packet(most_bytes)
                if message is not None:
                    return message
            elif self._supervision.fileno() in ready:  # what was sent before the end has been read by now
                raise self._obituary()

    def take_printed(self) -> str:
        """What was printed since the last time, from its beginning, as far as anybody wants to read it."""
        for _ in range(_BACKLOG_READS):
            if not self._read_output():
                break
        text = self._printed.decode(errors="replace")
        self._printed.clear()
        return shortened(text, self._output_chars)

    def close(self) -> None:
        """End all processes of the session, and return when they are gone; raises NoReply if that is not certain."""
        with self._resources:
            self._supervision.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + _FAREWELL_SECONDS
            try:
                while self._supervisor_says(deadline - time.monotonic()) is not None:
                    pass
            except TimeoutError:
                raise NoReply("a session does not end") from None

    def _read_packet(self, most_bytes: int) -> Message | None:
        """The message that the next packet completes, if it does; raises SessionOver."""
        try:
            packet = self._data.recv(wire.PACKET_BYTES)
        except ConnectionResetError:  # a process has ended and left something unread; what it sent comes after this
            return None
        if not packet:
            raise self._obituary()
        try:
            message = self._assembler.add(packet)
        except wire.Broken:
            raise SessionOver(endings.MALFORMED) from None
        if max(self._assembler.pending_bytes, len(message.payload) if message else 0) > most_bytes:
            raise SessionOver(endings.MALFORMED)
        return message

    def _read_output(self) -> int:
        """Read once; the number of bytes that were there."""
        try:
            data = os.read(self._output, _READ_BYTES)
        except BlockingIOError:
            return 0
        most = 4 * self._output_chars + 1  # bytes of UTF-8
        self._printed += data[: most - len(self._printed)]
        return len(data)

    def _obituary(self) -> SessionOver:
        """How the session's first process ended, in words for the student."""
        try:
            message = self._supervisor_says(_OBITUARY_SECONDS)
        except TimeoutError:
            return SessionOver(endings.MALFORMED)  # it is alive, and has hung up on us
        return SessionOver(endings.of_cell(int(message.payload))) if message else SessionLost(endings.LOST)

    def _supervisor_says(self, seconds: float) -> Message | None:
        """The supervisor's next message; None if it has hung up; raises TimeoutError if it says nothing in time."""
        self._supervision.settimeout(max(seconds, 0.001))
        try:
            packet = self._supervision.recv(wire.PACKET_BYTES)
        except ConnectionError:
            return None
        return wire.Assembler().add(packet) if packet else None


def shortened(text: str, most_chars: int) -> str:
    """The beginning of what was printed, and a word on the rest if there is one."""
    return text if len(text) <= most_chars else text[:most_chars] + _CUT


def _pair(ours: ExitStack, theirs: ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return ours.enter_context(one), theirs.enter_context(other)
