"""Ask a function for its answer, and reduce what happens to plain data: a value, or why there is none."""

import contextlib
import functools
import json
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grader import drives, given, trees
from grader.drives import Unfinished
from grader.trees import Given, RngState, Seed, Tree

GLOBAL_RANDOM = "numpy.random"  # among what a call changed: numpy's global random state
_OURS = (__file__, drives.__path__[0])
MAX_MESSAGE = 300  # characters of a student's exception that anybody is shown


@dataclass(frozen=True)
class Answer:
    """What a function made of one case.

    `value` counts if `problem` is empty; otherwise `problem` says, in words for the student, why there is nothing
    to compare. `changed` names the arguments that the call left different from how it got them, and GLOBAL_RANDOM if
    it was given an rng and used numpy's global one.
    """

    value: Tree = None
    problem: str = ""
    changed: tuple[str, ...] = ()
    not_done: bool = False

    def to_tree(self) -> Tree:
        return [self.value, self.problem, list(self.changed), self.not_done]

    @classmethod
    def from_tree(cls, tree: Tree) -> "Answer":
        """Raises MalformedBytes if `tree`, which may come from a hostile process, is no answer."""
        match tree:
            case [value, str(problem), list(changed), bool(not_done)] if all(isinstance(n, str) for n in changed):
                names = tuple(n[:40] for n in changed[:20])
                return cls(value, problem[: 2 * MAX_MESSAGE], names, not_done and bool(problem))
        raise trees.MalformedBytes("not an answer")


NOT_DONE = Answer(problem="is not done yet", not_done=True)


def _needs(stub: str) -> Answer:
    return Answer(problem=f"needs `{stub}`, which is not done yet", not_done=True)


def ask(function: Callable[..., object], inputs: dict[str, Tree], drive: str = "") -> Answer:
    """Call `function`, or let a drive do it, with copies of `inputs`, in order; raises only KeyboardInterrupt."""
    driver = drives.find(drive)
    inputs = driver.told(inputs)
    copies = trees.copy(inputs)
    used_global: list[str] = []
    try:
        with warnings.catch_warnings(), _global_random_watched(inputs, used_global):
            warnings.simplefilter("ignore")
            value = driver.ask(function, *map(_argument, copies.values()))
            value = trees.decode(trees.encode(value))  # as it crosses the wall; it may be one buffer at every call
    except Unfinished as error:
        return Answer(problem=f"needs {error}", not_done=True)
    except NotImplementedError as error:
        stub = _whose(error)
        return NOT_DONE if stub in ("", getattr(function, "__qualname__", "").partition(".")[0]) else _needs(stub)
    except trees.NotATree as error:
        return Answer(problem=f"returns {error}, which cannot be compared")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Answer(problem=f"raises {describe(error)}")
    changed = [name for name in inputs if not trees.same(copies[name], inputs[name])]
    return Answer(value, changed=(*changed, *used_global))


def read(inputs: dict[str, Tree], answer: Answer, drive: str) -> Answer:
    """The answer as the drive reads it, with all the inputs of its case; any answer can be read."""
    if answer.problem or not drive:
        return answer
    try:
        return replace(answer, value=drives.find(drive).read(inputs, answer.value))
    except ValueError as error:
        return Answer(problem=str(error)[:MAX_MESSAGE])
    except Exception:  # a stranger's value: anything can be wrong with it
        return Answer(problem="returns something that makes no sense here")


def _whose(error: NotImplementedError) -> str:
    """The function or class of a notebook that raised it; empty if it came from elsewhere."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    code = at.tb_frame.f_code if at else None
    return code.co_qualname.partition(".")[0] if code and not code.co_filename.startswith(_OURS) else ""


def _argument(value: Tree) -> object:
    """What a function is called with: Seed and Given become what they stand for."""
    match value:
        case Seed(number):
            return np.random.default_rng(number)
        case Given(name, constants):
            return functools.partial(getattr(given, name), **constants)
        case _:
            return value


def freeze(value: object) -> object:
    """A random generator as data, for the way to a right function and back; anything else as it is."""
    if not isinstance(value, np.random.Generator):
        return value
    return RngState(json.dumps(value.bit_generator.state))


def thaw(value: object) -> object:
    """The random generator that `freeze` made data of; raises ValueError, TypeError or KeyError for a forged one."""
    if not isinstance(value, RngState):
        return value
    rng, state = np.random.default_rng(0), state_of(value)
    if state["state"]["inc"] % 2 == 0:
        raise ValueError("the state of no generator: its numbers may be all alike, and numpy wait for others for ever")
    rng.bit_generator.state = state
    return rng


def state_of(frozen: RngState) -> Any:
    """What numpy calls the state of a bit generator."""
    return json.loads(frozen.text)


@contextlib.contextmanager
def _global_random_watched(inputs: dict[str, Tree], used: list[str]) -> Iterator[None]:
    """If there is a Seed among the inputs: numpy's global state starts from it, and is as before afterwards."""
    seeds = [value.number for value in inputs.values() if isinstance(value, Seed)]
    if not seeds:
        yield
        return
    before = np.random.get_state()
    np.random.seed(seeds[0] % 2**32)
    seeded = np.random.get_state()
    try:
        yield
    finally:
        if not trees.same(np.random.get_state(), seeded):
            used.append(GLOBAL_RANDOM)
        np.random.set_state(before)


def ask_all(function: Callable[..., object], cases: Sequence[dict[str, Tree]], drive: str = "") -> list[Answer]:
    """The answers to all cases, in order; a stub is asked only once."""
    answers: list[Answer] = []
    for inputs in cases:
        answers.append(answers[0] if answers and answers[0].not_done else ask(function, inputs, drive))
    return answers


def describe(error: BaseException) -> str:
    """One line on an exception: its type, its message, and the line of the student's cell that it came from."""
    if isinstance(error, SystemExit):
        return "SystemExit: a function must not leave Python"
    text = f"{type(error).__name__}: {_message(error)}"[:MAX_MESSAGE].rstrip(": ")
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_a_cell(frame.filename)]
    if own and (line := linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()):
        text += f" (at `{line[:80]}`)"
    return text


def _message(error: BaseException) -> str:
    try:
        if isinstance(error, SyntaxError) and error.text:
            return f"{error.msg} (line {error.lineno}: `{error.text.strip()}`)"
        return next(iter(str(error).splitlines()), "")
    except BaseException:  # it is the student's code that runs here
        return "(its message cannot be shown)"


def _is_a_cell(filename: str) -> bool:
    """Code of a notebook's cell: ipykernel names it after a temporary file, we name it <cell …>."""
    return filename.startswith("<cell ") or "ipykernel_" in filename
