"""Drives: what is asked otherwise than by a plain call, and what of a case never leaves our side."""

from typing import Any

import pytest

from grader import drives
from grader.answers import Answer, ask, read
from grader.drives import Drive
from grader.sandbox import Call, Cell, Sandbox
from grader.trees import Tree


def _twice(function: object, x: float) -> Tree:
    assert callable(function)
    return [function(x), function(x)]


def _difference(inputs: dict[str, Tree], value: Tree) -> Tree:
    if not isinstance(value, list):
        raise ValueError("returns no list")
    return value[0] - inputs["target"]


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a drive that calls a function twice, and reads how far it is from what stays on our side."""
    found = drives.find
    drive = Drive(_twice, _difference)
    monkeypatch.setattr(drives, "find", lambda name: drive if name == "toy.twice" else found(name))
    return "toy.twice"


def test_drive_withholds_what_it_does_not_take(twice: str) -> None:
    """Only the inputs that a drive takes reach the function's side; all of them are there to read the answer."""
    inputs: dict[str, Tree] = {"x": 3.0, "target": 5.0}
    assert drives.find(twice).told(inputs) == {"x": 3.0}
    answer = ask(lambda x: 2 * x, inputs, twice)
    assert answer == Answer([6.0, 6.0])
    assert read(inputs, answer, twice) == Answer(1.0)


@pytest.mark.parametrize(
    ("value", "problem"), [("text", "returns no list"), ([], "returns something that makes no sense here")]
)
def test_any_answer_can_be_read(twice: str, value: Tree, problem: str) -> None:
    """What makes no sense to a drive is a problem of that answer, and no exception of the grader's."""
    assert read({"target": 5.0}, Answer(value), twice).problem == problem


def test_problem_stays_a_problem(twice: str) -> None:
    """Where there was no answer there is nothing to read."""
    assert read({"target": 5.0}, Answer(problem="raises ValueError"), twice) == Answer(problem="raises ValueError")


def test_stub_of_a_class_is_not_done() -> None:
    """A class with a method that is a stub is not done, whichever method that is."""
    names: dict[str, type] = {}
    exec("class Counter:\n    def up(self):\n        raise NotImplementedError", names)
    Counter = names["Counter"]
    assert ask(lambda: Counter().up(), {}).problem == "needs `Counter`, which is not done yet"


def test_plain_call_is_told_everything() -> None:
    """Without a drive a function is called with all inputs, in their order."""
    assert drives.find("").told({"a": 1, "b": 2}) == {"a": 1, "b": 2}


def test_name_of_no_drive() -> None:
    """A spec that names something else is told so when it is used first."""
    with pytest.raises(TypeError, match=r"classification\.__name__ is no drive"):
        drives.find("classification.__name__")


class Tally:
    """A right class, for what follows."""

    def __init__(self, start: float, step: float = 1.0) -> None:
        self.total = start
        self._step = step

    def up(self, times: float) -> bool:
        """Has the total become more than 10?"""
        self.total += times * self._step
        return self.total > 10


def test_right_class_is_used_from_inside(sandbox: Sandbox) -> None:
    """A right class stands in for the student's: each object answers as ours does, and no code crosses."""
    source = """
def f(n):
    one, other = Tally(1.0, step=2.0), Tally(5.0)
    said = [one.up(1.0), one.up(n), other.up(2.0)]
    return said, one.total, other.total, hasattr(one, '_step')
"""
    with sandbox.submission([Cell("a", source)]) as submission:
        answers = submission.ask(Call("f", [{"n": 1.0}, {"n": 5.0}], right={"Tally": Tally})).answers
    assert [answer.value for answer in answers] == [
        ([False, False, False], 5.0, 7.0, False),
        ([False, True, False], 13.0, 7.0, False),
    ]


@pytest.mark.parametrize("use", ["t.down()", "t.up()", "t.up(object())", "Tally()"])
def test_right_class_misused(sandbox: Sandbox, use: str) -> None:
    """What the class cannot do is an exception of the student's, and nothing of ours."""
    source = f"def f():\n    t = Tally(1.0)\n    {use}\n    return 1"
    with sandbox.submission([Cell("a", source)]) as submission:
        (answer,) = submission.ask(Call("f", [{}], right={"Tally": Tally})).answers
    assert answer.problem.startswith("raises ")


def test_packages_are_seen_by_whom_they_are_for(sandbox: Sandbox) -> None:
    """torch can be imported, and used, where it is asked for, and cannot be found elsewhere in the same sandbox."""
    cells = [Cell("a", "def f():\n    import torch\n    return (torch.ones(2, 3) @ torch.ones(3, 2)).tolist()")]
    with sandbox.submission(cells) as without, sandbox.submission(cells, ("torch",)) as with_torch:
        assert with_torch.ask(Call("f", [{}])).answers[0].value == [[3.0, 3.0], [3.0, 3.0]]
        assert without.ask(Call("f", [{}])).answers[0].problem.startswith("raises ModuleNotFoundError")


def test_companion_that_is_not_there_yet() -> None:
    """Who checks one of two functions that belong together is told to write the other, and is blamed for nothing."""
    names: dict[str, Any] = {}
    exec("def save_model(path, params, vocabulary):\n    pass", names)
    answer = ask(names["save_model"], {"params": {}, "vocabulary": {}}, "classification.saving")
    assert answer.not_done
    assert answer.problem == "needs `load_model`, which is not there yet: run its cell, then check this one again"
