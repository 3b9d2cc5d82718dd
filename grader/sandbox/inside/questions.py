"""One question, in a process of its own: find the function, ask it case by case, send each answer at once."""

import difflib
import socket
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader import answers, trees
from grader.answers import Answer
from grader.sandbox.inside import cells, wire
from grader.sandbox.inside.config import Limits
from grader.sandbox.inside.wire import Kind
from grader.trees import Tree


def answer(connection: socket.socket, payload: bytes, namespace: dict[str, Any], limits: Limits) -> None:
    """Send the answers to a question, in order: a hang or a crash costs only those that come after it."""
    question = trees.decode(payload)
    for name, is_class in question["right"].items():
        right = _proxy(name, connection)
        namespace[name] = cells.lent[name] = _stand_in(right) if is_class else right
    left = limits.reply_bytes
    for given in _answers(question, namespace):
        data = _encode(given, left)
        wire.send(connection, Kind.ANSWER, data)
        left -= len(data)


def _answers(question: dict[str, Tree], namespace: dict[str, Any]) -> Iterator[Answer]:
    name, cases = question["name"], question["cases"]
    if problem := _unusable(name, namespace):
        yield from [Answer(problem=problem)] * len(cases)
        return
    given = Answer()
    for inputs in cases:
        if not given.not_done:  # a stub is asked only once
            given = _ask(namespace[name], inputs, question["drive"])
        yield given


def _ask(function: Callable[..., object], inputs: dict[str, Tree], drive: str) -> Answer:
    try:
        return answers.ask(function, inputs, drive)
    except KeyboardInterrupt as error:
        return Answer(problem=f"raises {answers.describe(error)}")


def _unusable(name: str, namespace: dict[str, Any]) -> str:
    """Why `name` cannot be called; nothing if it can."""
    if name not in namespace:
        defined = [key for key, value in namespace.items() if isinstance(value, types.FunctionType)]
        near = difflib.get_close_matches(name, defined, n=1)
        hint = f" There is a function `{near[0]}`." if near else ""
        return f"is not defined: was it renamed, or its cell deleted?{hint}"
    if not callable(namespace[name]):
        return f"is a {type(namespace[name]).__name__}, not a function"
    return ""


def _encode(given: Answer, most_bytes: int) -> bytes:
    try:
        data = trees.encode(given.to_tree())
    except MemoryError:
        return trees.encode(Answer(problem="raises MemoryError").to_tree())
    if len(data) > most_bytes:
        return trees.encode(Answer(problem="returns more than can be compared: is an array far too large?").to_tree())
    return data


def _proxy(name: str, connection: socket.socket) -> Callable[..., Tree]:
    """A function that has the trusted side do the work: values cross, no code does."""

    def right(*args: Tree, **kwargs: Tree) -> Tree:
        generators = [value for value in (*args, *kwargs.values()) if isinstance(value, np.random.Generator)]
        sent = [name, [answers.freeze(value) for value in args], {k: answers.freeze(v) for k, v in kwargs.items()}]
        try:
            data = trees.encode(sent)
        except trees.NotATree as error:
            raise TypeError(f"{name} is called with {error}") from None
        wire.send(connection, Kind.CALL, data)
        reply = wire.receive(connection, Kind.RETURN, Kind.RAISE)
        if reply.kind == Kind.RAISE:
            raise ValueError(reply.payload.decode())
        value, states = trees.decode(reply.payload)
        for generator, state in zip(generators, states, strict=True):  # as if they had been drawn from in here
            generator.bit_generator.state = answers.state_of(state)
        return value

    right.__name__ = right.__qualname__ = name
    return right


def _stand_in(once_more: Callable[..., Tree]) -> type:
    """A class whose objects remember how they were made and used, and have the trusted side do it all once more."""

    class Right:
        def __init__(self, *made_of: Tree, **named: Tree) -> None:
            self._story: list[Tree] = [list(made_of), named, []]
            self._tell()

        def _tell(self) -> Tree:
            value, seen = once_more(*self._story)
            vars(self).update(seen)
            return value

        def __getattr__(self, method: str) -> Callable[..., Tree]:
            if method.startswith("_"):
                raise AttributeError(method)

            def use(*arguments: Tree) -> Tree:
                self._story[2].append([method, list(arguments)])
                return self._tell()

            return use

    Right.__name__ = Right.__qualname__ = once_more.__name__
    return Right
