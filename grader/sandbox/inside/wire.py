"""The protocol between the trusted process and a sandbox: kinds of message, and how they are cut into packets.

Every socket is an AF_UNIX SOCK_SEQPACKET pair, so packets arrive whole or not at all, even from a process that was
killed while it wrote. A message is one packet or more: a kind byte, a byte that is 1 in the last packet, a chunk. A
packet of another kind than the one before begins a new message, and what was unfinished is forgotten.

    control      trusted -> zygote      START (the path of its temporary folder) for each session, with three
                                        descriptors: supervision, data, and a pipe for stdout and stderr;
                                        EOF: end
    supervision  supervisor -> trusted  READY, or FAILED (why a wall could not be built), sent before student code runs;
                                        DIED (exit status, negative for a signal) when the definitions process is gone
                 trusted -> supervisor  EOF: kill everything; the supervisor's own EOF says that it is done
    data         trusted -> definitions CELL ([id, source] as JSON), QUESTION (seconds, then a tree)
                 definitions -> trusted CELL, to each cell: empty, or what went wrong in it;
                                        END, to each question: the exit status of its process, empty if time ran out
                 question -> trusted    ANSWER ([value, problem, changed, not_done]) for each case, in order;
                                        CALL ([name, args, kwargs]) of a proxied function
                 trusted -> question    RETURN (a tree) or RAISE (a text), to each CALL

Student code never holds `control` or `supervision`. It holds `data`, and can forge whatever travels on it: that is
to say its own answers, which are compared outside, and its own obituary.
"""

import socket
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

CHUNK_BYTES = 60 * 1024  # comfortably below the kernel's bound on a packet, which depends on its settings
PACKET_BYTES = CHUNK_BYTES + 2

_SECONDS = struct.Struct("<d")


class Kind(IntEnum):
    """What a message is; the module's docstring says who sends it, and what its payload is."""

    START = 1
    READY = 2
    FAILED = 3
    DIED = 4
    CELL = 5
    QUESTION = 6
    ANSWER = 7
    CALL = 8
    RETURN = 9
    RAISE = 10
    END = 11


class Message(NamedTuple):
    kind: int
    payload: bytes


class Broken(Exception):
    """The other side is gone, or sent what is no message."""


def packets(kind: Kind, payload: bytes) -> Iterator[list[bytes | memoryview]]:
    """The packets of a message, each as the parts that `sendmsg` takes, without copying the payload."""
    view = memoryview(payload)
    for start in range(0, max(len(view), 1), CHUNK_BYTES):
        last = start + CHUNK_BYTES >= len(view)
        yield [bytes((kind, last)), view[start : start + CHUNK_BYTES]]


class Assembler:
    """Puts packets together to messages."""

    def __init__(self) -> None:
        self._kind = 0
        self._chunks: list[bytes] = []
        self.pending_bytes = 0

    def add(self, packet: bytes) -> Message | None:
        """The message that `packet` completes, if it does; raises Broken for what is no packet."""
        if len(packet) < 2:
            raise Broken("a packet without a header")
        if packet[0] != self._kind:
            self._forget()
            self._kind = packet[0]
        self._chunks.append(packet[2:])
        self.pending_bytes += len(packet)
        if not packet[1]:
            return None
        message = Message(self._kind, b"".join(self._chunks))
        self._forget()
        return message

    def _forget(self) -> None:
        self._chunks, self.pending_bytes = [], 0


def send(connection: socket.socket, kind: Kind, payload: bytes = b"") -> None:
    """Send a message, waiting as long as it takes; raises Broken if nobody will ever read it."""
    try:
        for packet in packets(kind, payload):
            connection.sendmsg(packet)
    except OSError as error:
        raise Broken(str(error)) from None


def receive(connection: socket.socket, *kinds: Kind) -> Message:
    """The next message, waiting as long as it takes; raises Broken if it is of no kind that is awaited."""
    assembler = Assembler()
    message = None
    while message is None:
        packet = connection.recv(PACKET_BYTES)
        message = assembler.add(packet)  # at the end of the connection the packet is empty, which is Broken
    if message.kind not in kinds:
        raise Broken(f"an unexpected message of kind {message.kind}")
    return message


def pack_question(seconds: float, tree: bytes) -> bytes:
    """The payload of a QUESTION: the definitions process reads the time, only the question's process the tree."""
    return _SECONDS.pack(seconds) + tree


def unpack_question(payload: bytes) -> tuple[float, bytes]:
    return _SECONDS.unpack_from(payload)[0], payload[_SECONDS.size :]
