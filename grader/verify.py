"""Prove that an assignment's exercises work: stub, solution, misconceptions, cases.

For every exercise: the stub is "not done yet"; the solution scores full marks on fresh seeds; every misconception
loses marks on visible and on hidden cases and earns its own hint; at least two cases are not blind.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader import exercises, notebook
from grader.answers import Answer
from grader.cells import compile_cell
from grader.compare import Question, judge
from grader.diagnose import diagnose
from grader.exercise import PUBLIC_KEY, Assignment, Exercise, Misconception, Sizes
from grader.notebook import Notebook
from grader.selfcheck.carrying import lending

SEEDS = 50

Functions = dict[str, Callable[..., object]]


@dataclass(frozen=True)
class Kill:
    """How one misconception fares. `cases`: does it lose marks on this visible case?

    Of the sets of cases, the visible and the hidden ones, on how many it is caught, called by its name, and called by
    another one. (What is caught and not called anything is unnamed.)
    """

    misconception: str
    cases: tuple[bool, ...]
    caught: int
    named: int
    misnamed: int = 0

    @property
    def fate(self) -> str:
        """The worst that happens to it: "named wrongly", "unnamed" or "named"."""
        return "named wrongly" if self.misnamed else "unnamed" if self.named < self.caught else "named"


@dataclass
class Checked:
    """One exercise's findings; `faults` is empty if it does what it must."""

    exercise: str
    labels: tuple[str, ...]
    sets: int  # of cases, on which everything was tried
    full_marks: int = 0
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def functions(nb: Notebook) -> Functions:
    """What the notebook's cells define, run here, with right earlier functions: for the course's own notebooks only."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with lending(exercises.lent(nb)):
        for name, text in notebook.code_to_run(nb):
            exec(compile_cell(name, text), namespace)
    return {name: value for name, value in namespace.items() if callable(value)}


def verify(assignment: Assignment, release: Notebook, source: Notebook, seeds: int = SEEDS) -> list[Checked]:
    """Check every exercise; `release` is the students' notebook, `source` the instructor's."""
    stubs, solutions = functions(release), functions(source)
    keys = [f"seed {seed}".encode() for seed in range(seeds)]
    return [_check(exercise, stubs, solutions, keys) for exercise in assignment]


def _check(exercise: Exercise, stubs: Functions, solutions: Functions, keys: list[bytes]) -> Checked:
    visible = exercise.question(PUBLIC_KEY)
    if exercise.outcome is not None:  # to learn takes its time
        keys = keys[::10]
    hidden = [exercise.question(key) for key in keys]
    checked = Checked(exercise.name, tuple(case.label for case in visible.cases), len(keys) + 1)
    if not visible.ask(stubs[exercise.name])[0].not_done:
        checked.faults.append("the stub is not 'not done yet'")
    checked.full_marks = sum(passes(question, solutions[exercise.name]) for question in [visible, *hidden])
    if checked.full_marks < checked.sets:
        checked.faults.append(f"the solution has full marks on {checked.full_marks} of {checked.sets} seeds only")
    if not exercise.misconceptions:
        checked.faults.append("it has no misconception")
    for wrong in exercise.misconceptions:
        kill = _kill(wrong, visible, hidden)
        checked.kills.append(kill)
        checked.faults += _faults(wrong, kill, len(keys))
    cases = zip(visible.cases, exercise.sizes, strict=True)
    if sum(not is_blind(case.inputs) and not _has_equal(sizes) for case, sizes in cases) < 2:
        checked.faults.append("fewer than two of its cases can see anything")
    return checked


def passes(question: Question, function: Callable[..., object]) -> bool:
    """Full marks?"""
    return judge(question, question.ask(function)).passed


def _kill(wrong: Misconception, visible: Question, hidden: list[Question]) -> Kill:
    verdicts = [judge(question, _answers(wrong, question)) for question in [visible, *hidden]]
    names = [diagnosis.name if (diagnosis := diagnose(verdict)) else "" for verdict in verdicts]
    lost = {mark.case for mark in verdicts[0].marks if mark.difference}
    return Kill(
        misconception=wrong.name,
        cases=tuple(case.label in lost for case in visible.cases),
        caught=sum(not verdict.passed for verdict in verdicts),
        named=names.count(wrong.name),
        misnamed=sum(name not in ("", wrong.name) for name in names),
    )


def _answers(wrong: Misconception, question: Question) -> list[Answer]:
    """What it answers: known from when the cases were drawn, but for random numbers, of which few were kept."""
    if question.tolerance == "law":
        return question.ask(wrong.function)
    return [case.mistaken.get(wrong.name) or Answer(problem="raises an exception") for case in question.cases]


def _faults(wrong: Misconception, kill: Kill, seeds: int) -> list[str]:
    faults = []
    if not any(kill.cases):
        faults.append(f"{wrong.name} loses no marks on visible cases")
    if kill.caught < seeds + 1:
        faults.append(f"{wrong.name} keeps full marks on {seeds + 1 - kill.caught} of {seeds + 1} seeds")
    if kill.named < kill.caught:
        faults.append(f"{wrong.name} earns another hint, or none, on {kill.caught - kill.named} seeds")
    if not wrong.hints or not all(wrong.hints):
        faults.append(f"{wrong.name} has no hint")
    return faults


def is_blind(inputs: object) -> bool:
    """Would many mistakes go unnoticed on these inputs: zeros, ones, symmetric weights, one step or row or unit?"""
    return any(map(_is_blind_array, _arrays(inputs)))


def _has_equal(sizes: Sizes) -> bool:
    """Are two sizes equal, so that swapped axes go unnoticed?"""
    letters = [size for name, size in sizes.items() if name.isupper() and size is not None]
    return len(set(letters)) < len(letters)


def _arrays(tree: object) -> list[np.ndarray]:
    match tree:
        case np.ndarray():
            return [tree]
        case dict():
            return [array for value in tree.values() for array in _arrays(value)]
        case list() | tuple():
            return [array for value in tree for array in _arrays(value)]
        case _:
            return []


def _is_blind_array(array: np.ndarray) -> bool:
    square = array.ndim == 2 and array.shape[0] == array.shape[1]
    constant = array.size > 1 and bool((array == array.flat[0]).all())
    return 1 in array.shape or array.size == 0 or constant or (square and bool(np.allclose(array, array.T)))
