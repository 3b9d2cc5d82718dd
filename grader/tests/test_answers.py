"""Asking a function: whatever it does, there is an answer, in plain data and in words that its author can use."""

import datetime
import json
import linecache
import subprocess
import sys
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader
from grader import trees
from grader.answers import MAX_MESSAGE, NOT_DONE, Answer, ask, ask_all, describe, freeze, state_of, thaw
from grader.trees import MalformedBytes, RngState, Tree

ONE = {"x": np.arange(3.0)}

State = namedtuple("State", "h c")


def cell(source: str, filename: str = "<cell rnn_forward>") -> dict[str, Any]:
    """The names that a notebook's cell defines, with its lines where tracebacks look for them."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"np": np}
    exec(compile(source, filename, "exec"), names)
    return names


def raising(error: BaseException) -> Callable[..., object]:
    def function(x: object) -> object:
        raise error

    return function


def test_value() -> None:
    """What a function returns is the answer, with no problem."""
    answer = ask(lambda x: 2 * x, ONE)
    assert answer.problem == "" and answer.changed == () and not answer.not_done
    np.testing.assert_array_equal(answer.value, [0, 2, 4])


def test_arguments_come_in_order() -> None:
    """Inputs are passed by position, so that a student may rename arguments."""
    assert ask(lambda a, b: a - b, {"x": 5, "y": 2}).value == 3


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (np.str_("healthy"), "healthy"),
        (np.int32(4), 4),
        (np.float64(0.5), 0.5),
        (State(1, [2]), (1, [2])),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.ones(3).astype(">f4"), np.ones(3, "f4")),
        (np.ma.masked_array([1.0], [False]), np.ones(1)),
        (False, False),
        ([], []),
        ((None, None), (None, None)),
    ],
)
def test_values_are_as_they_cross_the_wall(returned: Any, value: Tree) -> None:
    """On a student's machine an answer is what it would be at grading, so that both judge it alike."""
    assert trees.same(ask(lambda x: returned, ONE).value, value)


def test_same_buffer_at_every_call() -> None:
    """A function that fills and returns one buffer gave a different answer each time, and all are kept."""
    buffer = np.zeros(2)

    def function(n: float) -> object:
        buffer[:] = n
        return [buffer, (buffer,)]

    first, second = ask_all(function, [{"n": 1.0}, {"n": 2.0}])
    assert trees.same(first.value, [np.ones(2), (np.ones(2),)])
    assert trees.same(second.value, [np.full(2, 2.0), (np.full(2, 2.0),)])


def test_returning_an_argument() -> None:
    """An argument may be returned as it is; the answer does not share its memory."""
    answer = ask(lambda x: x, ONE)
    answer.value[:] = 9
    np.testing.assert_array_equal(ONE["x"], [0, 1, 2])


def test_none_is_an_answer() -> None:
    """None is most often a forgotten return, but what is expected decides about that."""
    assert ask(lambda x: None, ONE) == Answer(None)


def generate(x: object) -> Iterator[object]:
    yield x


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (generate, "returns a value of type generator, which cannot be compared"),
        (lambda x: x * 1j, "returns an array of dtype complex128, which cannot be compared"),
        (lambda x: {"a": object()}, "returns a value of type object, which cannot be compared"),
        (lambda x: ask, "returns a value of type function, which cannot be compared"),
        (lambda x: {(1, 2): 3}, "returns a dict with a key of type tuple, which cannot be compared"),
        (lambda x: 2**70, "returns an integer of more than 64 bits, which cannot be compared"),
        (lambda x: [0] * 10**6, "returns more than 100000 single values that are no arrays, which cannot be compared"),
    ],
)
def test_what_cannot_be_compared(function: Callable[..., object], problem: str) -> None:
    """A thing that is no data is named, so that its author knows what the function returned."""
    assert ask(function, ONE) == Answer(problem=problem)


class Sulky(Exception):
    def __str__(self) -> str:
        raise ValueError("not telling")


class Deadly(Exception):
    def __str__(self) -> str:
        raise SystemExit


class NoText(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


class Foreign(BaseException):
    """An exception that `except Exception` misses."""


def syntax_error(source: str) -> SyntaxError:
    try:
        compile(source, "<cell rnn_forward>", "exec")
    except SyntaxError as error:
        return error
    raise AssertionError("that was Python")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ValueError("shapes differ"), "raises ValueError: shapes differ"),
        (KeyError("W_x"), "raises KeyError: 'W_x'"),
        (AssertionError(), "raises AssertionError"),
        (MemoryError(), "raises MemoryError"),
        (MemoryError("Unable to allocate 100. GiB"), "raises MemoryError: Unable to allocate 100. GiB"),
        (SystemExit(0), "raises SystemExit: a function must not leave Python"),
        (SystemExit("bye"), "raises SystemExit: a function must not leave Python"),
        (GeneratorExit("early"), "raises GeneratorExit: early"),
        (Foreign("odd"), "raises Foreign: odd"),
        (StopIteration(3), "raises StopIteration: 3"),
        (Sulky(), "raises Sulky: (its message cannot be shown)"),
        (Deadly(), "raises Deadly: (its message cannot be shown)"),
        (NoText(), "raises NoText: (its message cannot be shown)"),
        (ValueError("first line\nsecond line"), "raises ValueError: first line"),
        (ValueError("\n"), "raises ValueError"),
        (ValueError("x" * 10_000), "raises ValueError: " + "x" * (MAX_MESSAGE - len("ValueError: "))),
        (ValueError("\ud800 ✓"), "raises ValueError: \ud800 ✓"),
        (ExceptionGroup("two", [ValueError("a"), KeyError("b")]), "raises ExceptionGroup: two (2 sub-exceptions)"),
        (syntax_error("x = 1\n  y = (\n"), "raises IndentationError: unexpected indent (line 2: `y = (`)"),
        (syntax_error("def f(:\n    pass"), "raises SyntaxError: invalid syntax (line 1: `def f(:`)"),
        (SyntaxError("made by hand"), "raises SyntaxError: made by hand"),
        (SyntaxError("odd", ("f", 1, 1, 5)), "raises SyntaxError: (its message cannot be shown)"),  # type: ignore
        (RecursionError("by hand"), "raises RecursionError: by hand"),
        (trees.MalformedBytes("by hand"), "raises MalformedBytes: by hand"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), None),
    ],
)
def test_exceptions_of_all_kinds(error: BaseException, problem: str | None) -> None:
    """Whatever a function raises becomes one short line with its type; nothing gets out of `ask`."""
    answer = ask(raising(error), ONE)
    assert answer.value is None and not answer.not_done
    assert answer.problem.startswith(f"raises {type(error).__name__}")
    assert problem is None or answer.problem == problem


def test_keyboard_interrupt_gets_out() -> None:
    """Ctrl-C while a function runs stops the check, as its user asked."""
    with pytest.raises(KeyboardInterrupt):
        ask(raising(KeyboardInterrupt()), ONE)


def test_endless_recursion() -> None:
    """A function that calls itself without end is an answer, with the line where it does."""
    names = cell("def f(x):\n    return f(x) + 1\n")
    problem = ask(names["f"], ONE).problem
    assert problem.startswith("raises RecursionError: maximum recursion depth exceeded")
    assert problem.endswith(" (at `return f(x) + 1`)")


def test_wrong_number_of_arguments() -> None:
    """A function of other arguments than asked for says so, in Python's words."""
    problem = ask(cell("def f():\n    return 1\n")["f"], ONE).problem
    assert problem == "raises TypeError: f() takes 0 positional arguments but 1 was given"


@pytest.mark.parametrize("filename", ["<cell rnn_forward>", "/tmp/ipykernel_31/2718281.py"])
def test_the_line_of_the_cell_is_quoted(filename: str) -> None:
    """An error says which of the student's lines it came from, though numpy or a helper raised it."""
    names = cell(
        "def helper(x):\n    return np.concatenate([x, 1.0])   \n\ndef f(x):\n    y = helper(x)\n    return y\n",
        filename,
    )
    problem = ask(names["f"], ONE).problem
    assert problem.startswith("raises ValueError: all the input arrays must have same number of dimensions")
    assert problem.endswith(" (at `return np.concatenate([x, 1.0])`)")


def test_a_bare_assert_shows_its_line() -> None:
    """An exception without a message is told by its line alone."""
    names = cell("def f(x):\n    assert x.ndim == 2\n")
    assert ask(names["f"], ONE).problem == "raises AssertionError (at `assert x.ndim == 2`)"


def test_a_long_line_is_cut() -> None:
    """At most 80 characters of a line are quoted."""
    line = "raise ValueError('a') " + "# " + "x" * 200
    assert ask(cell(f"def f(x):\n    {line}\n")["f"], ONE).problem == f"raises ValueError: a (at `{line[:80]}`)"


def test_only_lines_of_cells_are_quoted() -> None:
    """Lines of the course's own code, or of libraries, are nobody's mistake and not shown."""
    assert "(at" not in ask(raising(ValueError("a")), ONE).problem
    assert describe(ValueError("never raised")) == "ValueError: never raised"


def test_stub() -> None:
    """A stub is "not done yet", which is neither a value nor a mistake."""
    stub = cell("def rnn_forward(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n")["rnn_forward"]
    assert ask(stub, ONE) == NOT_DONE == Answer(problem="is not done yet", not_done=True)


def test_stub_with_a_message() -> None:
    """A stub may explain itself; it is a stub all the same."""
    assert ask(raising(NotImplementedError("your code here")), ONE) == NOT_DONE


def test_stub_without_python_code() -> None:
    """A function of C's that is not implemented is a stub, too, though it has no line to look at."""
    zone: Any = datetime.tzinfo
    assert ask(zone().utcoffset, {"dt": None}) == NOT_DONE


def test_stub_deeper_down() -> None:
    """A done function that calls a stub is not done either, and says whom it waits for."""
    names = cell(
        "def rnn_cell_forward(x):\n    raise NotImplementedError()\n\n"
        "def helper(x):\n    return rnn_cell_forward(x)\n\n"
        "def rnn_forward(x):\n    return [helper(row) for row in x]\n"
    )
    expected = Answer(problem="needs `rnn_cell_forward`, which is not done yet", not_done=True)
    assert ask(names["rnn_forward"], ONE) == expected


def test_stubs_are_asked_once() -> None:
    """A stub answers all cases at its first call."""
    calls = []

    def stub(x: object) -> object:
        calls.append(x)
        raise NotImplementedError

    assert ask_all(stub, [ONE, ONE, ONE]) == [NOT_DONE] * 3
    assert len(calls) == 1


def test_a_stub_for_one_case_only() -> None:
    """A branch that is not done yet leaves the other cases their answers."""

    def half_done(n: int) -> object:
        if n == 2:
            raise NotImplementedError
        return n

    answers = ask_all(half_done, [{"n": 1}, {"n": 2}, {"n": 3}])
    assert answers == [Answer(1), NOT_DONE, Answer(3)]
    assert ask_all(half_done, []) == []


def test_one_failing_case_leaves_the_others() -> None:
    """An exception in one case costs that case alone."""
    answers = ask_all(lambda n: 6 // n, [{"n": 0}, {"n": 2}])
    assert answers[0].problem.startswith("raises ZeroDivisionError: ")
    assert answers[1] == Answer(3)


NESTED = {
    "x": np.ones(3),
    "params": {"W": np.ones((2, 2)), "b": np.zeros(2)},
    "lists": [[1, 2], [np.ones(1)]],
    "n": 3,
}


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ("x[0] = 5", ("x",)),
        ("x *= 2", ("x",)),
        ("x.shape = (3, 1)", ("x",)),
        ("x.sort(); x[:] = x", ()),
        ("x = x + 1", ()),
        ("params['W'][1, 1] += 1e-12", ("params",)),
        ("params['new'] = 1", ("params",)),
        ("del params['b']", ("params",)),
        ("params['b'] = params['b'] + 1", ("params",)),
        ("params['b'] = params['b'].copy()", ()),
        ("lists[0].append(3)", ("lists",)),
        ("lists[1][0][:] = 2", ("lists",)),
        ("lists.reverse()", ("lists",)),
        ("lists.append(lists)", ("lists",)),
        ("n += 1", ()),
        ("lists[0][0] = 9; x[:] = 0; params.clear()", ("x", "params", "lists")),
    ],
)
def test_changed_arguments_are_named(body: str, changed: tuple[str, ...]) -> None:
    """A call that changes an argument, at whatever depth, is found out, and the argument is named."""
    names = cell(f"def f(x, params, lists, n):\n    {body}\n    return 1\n")
    kept = trees.copy(NESTED)
    answer = ask(names["f"], NESTED)
    assert answer == Answer(1, changed=changed)
    assert trees.same(NESTED, kept), "the caller's own inputs were reached"


def test_cases_do_not_spoil_each_other() -> None:
    """Every call gets fresh copies, though the one before changed its own."""

    def spoil(x: np.ndarray) -> object:
        total = x.sum()
        x[:] = 100
        return total

    answers = ask_all(spoil, [ONE, ONE])
    assert [answer.changed for answer in answers] == [("x",), ("x",)]
    assert answers[0].value == answers[1].value == 3.0


def noisy(x: np.ndarray) -> object:
    warnings.warn("look out", UserWarning, stacklevel=2)
    return np.exp(x * 10_000) / 0.0


def test_warnings_cost_nothing() -> None:
    """A warning of Python's or numpy's is no error, though the caller has turned warnings into errors."""
    warnings.simplefilter("error")
    answer = ask(noisy, ONE)
    assert answer.problem == ""
    np.testing.assert_array_equal(answer.value, [np.inf, np.inf, np.inf])
    with pytest.raises(UserWarning):  # the caller's own filters are back
        noisy(ONE["x"])


def test_warnings_cost_nothing_under_w_error() -> None:
    """The same in an interpreter that was started with -W error; nothing is printed either."""
    code = (
        "import numpy as np, warnings\n"
        "from grader.answers import ask\n"
        "def f(x):\n"
        "    warnings.warn('old', DeprecationWarning)\n"
        "    return np.float64(1) / x\n"
        "print(ask(f, {'x': 0}).value)\n"
    )
    root = Path(grader.__file__).parents[1]
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("inf\n", "")


def test_answers_are_trees() -> None:
    """An answer crosses the wall and comes back as it was."""
    for answer in (
        Answer(np.arange(3.0), changed=("x", "params")),
        Answer(problem="raises ValueError: no"),
        Answer((1, [2.0])),
        NOT_DONE,
    ):
        back = Answer.from_tree(trees.decode(trees.encode(answer.to_tree())))
        assert trees.same(back.to_tree(), answer.to_tree())
        assert type(back.changed) is tuple


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        "text",
        {},
        [],
        np.zeros(4),
        [1, "", []],
        [1, "", [], False, 0],
        [1, 2, [], False],
        [1, "", "x", False],
        [1, "", ["x", 3], False],
        [1, "", ("x",), False],
        [1, "", [], 0],
        [1, None, [], False],
        [1, "", [], np.array(True)],
    ],
)
def test_malformed_answers_are_refused(tree: Tree) -> None:
    """What a hostile process sends for an answer is one, or MalformedBytes."""
    with pytest.raises(MalformedBytes, match=r"^not an answer$"):
        Answer.from_tree(tree)


def test_answers_from_outside_are_bounded() -> None:
    """However much a hostile process says, a few lines of it are kept."""
    assert MAX_MESSAGE == 300
    answer = Answer.from_tree([1, "p" * 10**6, ["n" * 10**6] * 1000, False])
    assert answer.problem == "p" * (2 * MAX_MESSAGE)
    assert answer.changed == ("n" * 40,) * 20


def test_generators_travel() -> None:
    """A generator that was frozen and thawed goes on where it was."""
    rng = np.random.default_rng(7)
    rng.random(5)
    thawed = thaw(freeze(rng))
    assert isinstance(thawed, np.random.Generator)
    np.testing.assert_array_equal(thawed.standard_normal(5), rng.standard_normal(5))


def test_generator_that_stands_still() -> None:
    """A forged state, from which every number is the same (and numpy draws normal ones for ever), is refused."""
    frozen = freeze(np.random.default_rng(7))
    assert isinstance(frozen, RngState)
    multiplier, fixed = 0x2360ED051FC65DA44385DF649FCCF645, 0xFFFFFFFFFFFFF800
    forged = state_of(frozen) | {"state": {"state": fixed, "inc": (1 - multiplier) * fixed % 2**128}}
    rng = np.random.default_rng(0)
    rng.bit_generator.state = forged
    assert len(set(rng.random(3))) == 1
    with pytest.raises(ValueError, match="the state of no generator"):
        thaw(RngState(json.dumps(forged)))
