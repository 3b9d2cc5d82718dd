"""One question to a session: send the cases, collect the answers, and do the work of proxied functions meanwhile."""

import inspect
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from numpy.random import Generator

from grader import answers, trees
from grader.answers import Answer
from grader.sandbox import bounds, endings
from grader.sandbox.inside import wire
from grader.sandbox.inside.config import Limits, MiB
from grader.sandbox.inside.wire import Kind
from grader.sandbox.session import Deadline, Session, SessionOver
from grader.trees import Tree

_GRACE_SECONDS = 2.0  # the session keeps the time itself; this is for one that does not
_MAX_CALLS = 2_000
_MAX_CALL_BYTES = 16 * MiB
_MOST_KEPT, _MOST_KEPT_BYTES = 500, 10_000  # replies of one question, and bytes of each with its call
_STATUS_BYTES = 4  # a sign and three digits


@dataclass(frozen=True)
class Call:
    """What to ask a student's function."""

    name: str
    cases: Sequence[dict[str, Tree]]  # the arguments of each call, in order
    seconds: float = 10.0  # for all cases together
    right: Mapping[str, Callable[..., Tree]] = field(default_factory=dict)  # replace the student's; stay on our side
    drive: str = ""  # what asks it, if it is not just called; see grader/drives/

    @cached_property
    def payload(self) -> bytes:
        """The message that asks it; made once, however many submissions are asked."""
        right = {name: inspect.isclass(function) for name, function in self.right.items()}
        question = {"name": self.name, "cases": list(self.cases), "right": right, "drive": self.drive}
        return wire.pack_question(self.seconds, trees.encode(question))

    @cached_property
    def bound(self) -> bounds.Size:
        """What one call of a right function may ask for."""
        return bounds.bound(self.cases)

    @cached_property
    def kept(self) -> dict[bytes, tuple[Kind, bytes]]:
        """Replies to calls of right functions: most of a class call them with the same numbers, from the same cases."""
        return {}


def replayed(kind: type) -> Callable[..., Tree]:
    """What makes an object of a right class, uses it as it has been used so far, and tells what came of the last use.

    So nothing of it is kept between calls. The inside has a stand-in for the class; see inside/questions.py.
    """

    def once_more(made_of: list[Tree], named: dict[str, Tree], uses: list[list[Tree]]) -> Tree:
        thing, value = kind(*made_of, **named), None
        for method, arguments in uses:
            value = vars(kind)[method](thing, *arguments)
        return value, {name: part for name, part in vars(thing).items() if not name.startswith("_")}

    return once_more


def converse(session: Session, call: Call, given: list[Answer], limits: Limits) -> str:
    """Append the answers to `given`; returns why there are no more of them; raises SessionOver."""
    deadline = Deadline(time.monotonic() + call.seconds + _GRACE_SECONDS, endings.too_long(call.seconds))
    session.send(Kind.QUESTION, call.payload, deadline)
    right = _RightFunctions(call)
    bytes_left = limits.reply_bytes + MiB
    while True:
        kind, payload = session.receive(deadline, max(bytes_left, _MAX_CALL_BYTES))
        bytes_left -= len(payload)
        if kind == Kind.ANSWER and len(given) < len(call.cases) and bytes_left >= 0:
            given.append(_read_answer(payload))
        elif kind == Kind.CALL and call.right:
            session.send(*right.reply(payload), deadline)
        elif kind == Kind.END:
            return _read_end(payload, call)
        else:
            raise SessionOver(endings.MALFORMED)


def _read_answer(payload: bytes) -> Answer:
    try:
        answer = Answer.from_tree(trees.decode(payload))
    except trees.MalformedBytes:
        raise SessionOver(endings.MALFORMED) from None
    return replace(answer, problem=answer.problem.encode(errors="replace").decode())  # half a surrogate pair, say


def _read_end(payload: bytes, call: Call) -> str:
    if not payload:
        return endings.too_long(call.seconds)
    try:
        return endings.of_question(int(payload[:_STATUS_BYTES]))
    except ValueError:
        raise SessionOver(endings.MALFORMED) from None


class _RightFunctions:
    """Answers a question's calls of proxied functions, as many and as large as an honest solution can need.

    The session's deadline stands still for none of them: once it has passed, no other is answered.
    """

    def __init__(self, call: Call) -> None:
        self._functions = {name: replayed(f) if inspect.isclass(f) else f for name, f in call.right.items()}
        self._bound = call.bound
        self._kept = call.kept
        self._calls_left = _MAX_CALLS
        self._bytes_left = _MAX_CALL_BYTES

    def reply(self, payload: bytes) -> tuple[Kind, bytes]:
        """The message that answers a CALL; raises SessionOver if `payload` is none."""
        self._calls_left -= 1
        self._bytes_left -= len(payload)
        if self._calls_left < 0 or self._bytes_left < 0:
            return Kind.RAISE, f"{self._read(payload)[0]} is called too often, or with too much in all".encode()
        if payload in self._kept:
            return self._kept[payload]
        reply = self._work(*self._read(payload))
        if len(self._kept) < _MOST_KEPT and len(payload) + len(reply[1]) < _MOST_KEPT_BYTES:
            self._kept[payload] = reply
        return reply

    def _work(self, name: str, args: list[Tree], kwargs: dict[str, Tree]) -> tuple[Kind, bytes]:
        if bounds.exceeds([args, kwargs], self._bound):
            return Kind.RAISE, f"{name} is called with far more than this question has: is that meant?".encode()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                args, kwargs = [answers.thaw(value) for value in args], {k: answers.thaw(v) for k, v in kwargs.items()}
                value = self._functions[name](*args, **kwargs)
                states = [answers.freeze(used) for used in (*args, *kwargs.values()) if isinstance(used, Generator)]
                return Kind.RETURN, trees.encode([value, states])
        except Exception as error:  # the arguments are a stranger's: anything can go wrong
            return Kind.RAISE, f"{name} cannot work with its arguments: {answers.describe(error)}".encode()

    def _read(self, payload: bytes) -> tuple[str, list[Tree], dict[str, Tree]]:
        try:
            match trees.decode(payload):
                case [str(name), list(args), dict(kwargs)] if name in self._functions and all(
                    isinstance(key, str) for key in kwargs
                ):
                    return name, args, kwargs
        except trees.MalformedBytes:
            pass
        raise SessionOver(endings.MALFORMED)
