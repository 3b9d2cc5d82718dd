"""Compare answers with what was expected, and say where they first differ.

A `Question` is data alone: made from a spec with a key on the instructor's side, or read from
`checks.safetensors` on the student's. `judge` turns the answers to its cases into a `Verdict`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from grader import laws, trees
from grader.answers import GLOBAL_RANDOM, Answer, ask_all, read
from grader.trees import Seed, Tree

AXES = {  # what the conventions' letters count, for "batch row 0, step 2, unit 3"
    "B": "batch row",
    "T": "step",
    "D": "feature",
    "H": "unit",
    "O": "output",
    "V": "word",
    "E": "component",
    "S": "source position",
    "L": "layer",
    "K": "hypothesis",
    "N": "head",
}


GATES = {"4H": "ifgo", "3H": "rzn"}  # the blocks of a stacked axis


@dataclass(frozen=True)
class Tolerance:
    """|yours - expected| ≤ absolute + relative · |expected|."""

    relative: float
    absolute: float


SECONDS = 10.0  # for all cases of a question, unless its spec says otherwise

TOLERANCES = {
    "close": Tolerance(1e-4, 1e-5),  # an answer computed in float32 passes, and no misconception comes near
    "tight": Tolerance(1e-9, 1e-12),  # where float64 is the point
    "exact": Tolerance(0.0, 0.0),
    "law": Tolerance(0.0, 0.0),  # random numbers: what is expected is a law of grader/laws.py
}


@dataclass(frozen=True)
class Output:
    """One thing that a function returns: its name, and its axes as letters ("B T H"; empty if it has none)."""

    name: str
    axes: str = ""


@dataclass(frozen=True)
class Case:
    """Inputs, the right outputs, and what each misconception answers (absent if it raises).

    sizes: the letters' values, as {"B": 3}. If outputs follow a law, `mistaken` holds fingerprints of their numbers.
    """

    label: str
    inputs: dict[str, Tree]
    expected: tuple[Tree, ...]
    mistaken: Mapping[str, Answer] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One graded function. `hints` and every misconception's hints come in stages, the gentlest first.

    seconds: for all its cases together. drive: the name of what asks it, if it is not just called; see drives/.
    """

    name: str
    points: float
    outputs: tuple[Output, ...]
    tolerance: str
    hints: tuple[str, ...]
    misconceptions: Mapping[str, tuple[str, ...]]
    cases: tuple[Case, ...]
    seconds: float = SECONDS
    drive: str = ""

    def ask(self, function: Callable[..., object]) -> list[Answer]:
        """The function's answers to all cases, ready to be judged."""
        return self.read(ask_all(function, [case.inputs for case in self.cases], self.drive))

    def read(self, answers: Sequence[Answer]) -> list[Answer]:
        """Answers to all cases as they came, ready to be judged."""
        pairs = zip(self.cases, answers, strict=True)
        return [read(case.inputs, answer, self.drive) for case, answer in pairs]


@dataclass(frozen=True)
class Difference:
    """Why one output is not right: in words, and as arrays where two arrays of one shape differ."""

    text: str
    yours: np.ndarray | None = None
    expected: np.ndarray | None = None
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Mark:
    """One output of one case: right if `difference` is None."""

    case: str
    output: str
    difference: Difference | None


@dataclass(frozen=True)
class Verdict:
    """All marks of one question, one for every case and output, in order."""

    question: Question
    answers: tuple[Answer, ...]
    marks: tuple[Mark, ...]

    @property
    def score(self) -> float:
        """Points: every output weighs the same, and earns the fraction of its cases that pass."""
        right = sum(mark.difference is None for mark in self.marks)
        return round(self.question.points * right / len(self.marks), 4)

    @property
    def passed(self) -> bool:
        return all(mark.difference is None for mark in self.marks)

    @property
    def not_done(self) -> bool:
        return all(answer.not_done for answer in self.answers)

    @property
    def first_failure(self) -> Mark | None:
        return next((mark for mark in self.marks if mark.difference is not None), None)


def judge(question: Question, answers: Sequence[Answer]) -> Verdict:
    """Compare one answer for each case of `question`, in order."""
    marks: list[Mark] = []
    odd = _odd_randomness(question, answers) if question.tolerance == "law" else ""
    for case, answer in zip(question.cases, answers, strict=True):
        marks += _judge_case(question, case, answer, odd)
    return Verdict(question, tuple(answers), tuple(marks))


def _judge_case(question: Question, case: Case, answer: Answer, odd: str = "") -> list[Mark]:
    values, misfit = split_outputs(question, answer.value)
    if problem := answer.problem or _returns_nothing(case, answer) or _changes(answer) or misfit:
        trouble = Difference(f"`{question.name}` {problem}")
        return [Mark(case.label, output.name, trouble) for output in question.outputs]
    oddity = Difference(f"`{question.name}` {odd}") if odd else None
    return [
        Mark(case.label, output.name, difference(output, expected, value, TOLERANCES[question.tolerance]) or oddity)
        for output, expected, value in zip(question.outputs, case.expected, values, strict=True)
    ]


def _returns_nothing(case: Case, answer: Answer) -> str:
    missing = answer.value is None and case.expected[0] is not None
    return "returns None: is the `return` missing?" if missing else ""


def _changes(answer: Answer) -> str:
    if GLOBAL_RANDOM in answer.changed:
        return "draws from numpy's global generator, or seeds it: use the `rng` that you are given, and nothing else"
    names = ", ".join(f"`{name}`" for name in answer.changed)
    return f"changes its argument {names}: the caller still needs it, so work on a copy" if names else ""


def _odd_randomness(question: Question, answers: Sequence[Answer]) -> str:
    """How the numbers depend on something else than the rng, or not on the rng; seen by comparing cases that are alike.

    It spoils every case: numbers that do not come from the rng cannot be right but by chance.
    """
    drawn = [
        (case.inputs, answer.value) for case, answer in zip(question.cases, answers, strict=True) if not answer.problem
    ]
    for (one, value), (other, value_again) in combinations(drawn, 2):
        equal = trees.same(value, value_again)
        if trees.same(one, other) and not equal:
            return "draws other numbers if it is called again with an equal rng: some do not come from the rng given"
        if equal and not trees.same(one, other) and trees.same(_without_seeds(one), _without_seeds(other)):
            return "draws the same numbers from another rng: draw them from the rng that you are given"
    return ""


def _without_seeds(inputs: dict[str, Tree]) -> dict[str, Tree]:
    return {name: value for name, value in inputs.items() if not isinstance(value, Seed)}


def split_outputs(question: Question, value: Tree) -> tuple[tuple[Tree, ...], str]:
    """What was returned, one entry for each output; or no entries and what is wrong with it."""
    count = len(question.outputs)
    if count == 1:
        return (value,), ""
    names = ", ".join(output.name for output in question.outputs)
    if not isinstance(value, tuple | list):
        return (), f"returns one {type(value).__name__}, where {count} things are asked for: {names}"
    if len(value) != count:
        return (), f"returns {len(value)} things, where {count} are asked for: {names}"
    return tuple(value), ""


def difference(output: Output, expected: Tree, value: Tree, tolerance: Tolerance) -> Difference | None:
    """None if `value` is right, however it is typed; otherwise the first place where it is not."""
    if tolerance is TOLERANCES["law"]:
        return _misfit(output, expected, value)
    return _differ(output.name, output.axes, expected, value, tolerance)


def matches(expected: Tree, value: Tree, tolerance: Tolerance) -> bool:
    """Is `value` numerically the same as `expected`? Both may be wrong, and hold NaN in the same places."""
    return _differ("", "", expected, value, tolerance, nan_is_nan=True) is None


def _differ(
    name: str, axes: str, expected: Tree, value: Tree, tolerance: Tolerance, nan_is_nan: bool = False
) -> Difference | None:
    match expected:
        case dict():
            if not isinstance(value, dict) or set(value) != set(expected):
                got = f"has the keys {_keys(value)}" if isinstance(value, dict) else f"is {_kind(value)}"
                return Difference(f"{name} {got}, expected a dict with the keys {_keys(expected)}")
            parts = [(f'{name}["{key}"]', expected[key], value[key]) for key in expected]
        case list() | tuple():
            if not isinstance(value, list | tuple) and not (isinstance(value, np.ndarray) and value.ndim):
                return Difference(f"{name} is {_kind(value)}, expected a list of {len(expected)}")
            if len(value) != len(expected):
                return Difference(f"{name} has {len(value)} entries, expected {len(expected)}")
            parts = [(f"{name}[{i}]", e, v) for i, (e, v) in enumerate(zip(expected, value, strict=True))]
        case str() | None:
            right = type(value) is type(expected) and value == expected
            return None if right else Difference(f"{name} is {value!r:.60}, expected {expected!r}")
        case _:
            return _differ_numbers(name, axes, np.asarray(expected), value, tolerance, nan_is_nan)
    for part, e, v in parts:
        if found := _differ(part, axes, e, v, tolerance, nan_is_nan):
            return found
    return None


def _misfit(output: Output, law: Tree, value: Tree) -> Difference | None:
    """How random numbers differ from what their law allows."""
    yours = _numbers(output.name, output.axes, tuple(law["shape"]), value)
    if isinstance(yours, Difference):
        return yours
    why = laws.misfit(law, yours.astype(float))
    return Difference(f"{output.name} {why}") if why else None


def _numbers(name: str, axes: str, shape: tuple[int, ...], value: Tree) -> np.ndarray | Difference:
    """`value` as an array of this shape, or why it is none."""
    if stranger := _stranger(value):
        verb = "holds something" if isinstance(value, list | tuple) else "is"
        return Difference(f"{name} {verb} {stranger}, expected numbers")
    try:
        yours = np.asarray(value)
    except ValueError:
        return Difference(f"{name} is a ragged list: its rows differ in length")
    if yours.shape != shape:
        letters = f" ({axes.replace(' ', ', ')})" if len(axes.split()) == len(shape) and axes else ""
        return Difference(f"{name} has shape {yours.shape}, expected {shape}{letters}")
    return yours


def _differ_numbers(
    name: str, axes: str, expected: np.ndarray, value: Tree, tolerance: Tolerance, nan_is_nan: bool
) -> Difference | None:
    yours = _numbers(name, axes, expected.shape, value)
    if isinstance(yours, Difference):
        return yours
    if expected.dtype.kind in "biu" and yours.dtype.kind not in ("b" if expected.dtype.kind == "b" else "iu"):
        return Difference(f"{name} holds {yours.dtype} numbers, expected {expected.dtype}")
    if expected.dtype.kind == "b" and not expected.shape:
        return None if yours == expected else Difference(f"{name} is {yours}, expected {expected}")
    with np.errstate(all="ignore"):  # what is wider than float64
        wide, right = yours.astype(float), expected.astype(float)
    good = agree(wide, right, tolerance)
    if nan_is_nan:
        good |= np.isnan(wide) & np.isnan(right)
    if good.all():
        return None
    index = _first(~good, axes)
    return Difference(_locate(name, axes, index, wide, right, good), yours=wide, expected=right, index=index)


def agree(yours: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Where two arrays of one shape count as equal; NaN never does."""
    with np.errstate(all="ignore"):  # inf - inf, for one
        bound = tolerance.absolute + tolerance.relative * np.abs(expected)
        close = np.abs(yours - expected) <= np.where(np.isfinite(expected), bound, 0.0)
    return np.asarray((yours == expected) | close)


def _first(bad: np.ndarray, axes: str) -> tuple[int, ...]:
    """The earliest bad place: by step if there is a time axis, since one wrong step spoils all later ones."""
    places = np.argwhere(bad)
    letters = axes.split()
    if len(letters) == bad.ndim and "T" in letters:
        places = places[places[:, letters.index("T")].argsort(kind="stable")]
    return tuple(int(i) for i in places[0])


def _locate(
    name: str, axes: str, index: tuple[int, ...], yours: np.ndarray, expected: np.ndarray, good: np.ndarray
) -> str:
    if not index:
        return f"{name} is {_number(yours[()])}, expected {_number(expected[()])}"
    letters = axes.split() if len(axes.split()) == len(index) else []
    places = zip(letters, index, expected.shape, strict=False)
    words = ", ".join(filter(None, (_place(letter, i, size) for letter, i, size in places)))
    place = f"{name}[{', '.join(map(str, index))}]" + (f" ({words})" if words else "")
    count = f"{(~good).sum()} of {good.size} numbers differ"
    return f"{place} is {_number(yours[index])}, expected {_number(expected[index])}; {count}"


def _place(letter: str, i: int, size: int) -> str:
    """Where `i` is along an axis, in words: "step 2", or "gate f, unit 0"; empty if the axis has none."""
    if letter in GATES and size % len(GATES[letter]) == 0:
        gate, unit = divmod(i, size // len(GATES[letter]))
        return f"gate {GATES[letter][gate]}, {AXES['H']} {unit}"
    return f"{AXES[letter]} {i}" if letter in AXES else ""


def _number(value: Any) -> str:
    return f"{float(value):.4g}"


def _kind(value: Tree) -> str:
    return f"an array of dtype {value.dtype}" if isinstance(value, np.ndarray) else f"of type {type(value).__name__}"


def _stranger(value: Tree) -> str:
    """What kind of thing in `value` is no number. numpy must not meet it: one long string makes a huge array."""
    match value:
        case list() | tuple():
            return next(filter(None, map(_stranger, value)), "")
        case int() | float() | np.ndarray() | np.generic() if np.asarray(value).dtype.kind in "biuf":
            return ""
        case _:
            return _kind(value)


def _keys(tree: dict[Any, Tree]) -> str:
    return f"{sorted(map(str, tree))}"[:200]
