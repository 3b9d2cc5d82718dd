"""What a spec is made of: an `Assignment`, its exercises, their cases and misconceptions.

    assignment = Assignment("06-lstm")

    @assignment.exercise(lstm.lstm_cell_forward, outputs="h: B H; c: B H; gates: B 4H", points=4, hints=[...])
    def lstm_cell_forward(draw, B=3, D=4, H=5):
        return dict(x=draw.normal(B, D), ...)

    @lstm_cell_forward.misconception("g is a candidate, not a gate: it goes through tanh.")
    def sigmoid_candidate(x, h_prev, c_prev, W_x, W_h, b): ...

The generator's keyword arguments are its sizes. From them follow the cases: the sizes as they stand, twice, with
different numbers (a memorised answer fails); each size once at 1; D = H and B = T, where a transposed product
goes unnoticed by shape and must be caught by value. `extra` adds cases of one's own.

If outputs are random, `law` says how they are distributed (see laws.py), and the first case is asked once more.
"""

import hashlib
import hmac
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from grader import laws
from grader.answers import Answer, ask, read
from grader.compare import SECONDS, Case, Output, Question
from grader.trees import Given, Seed, Tree

PUBLIC_KEY = b"the visible cases, which everybody may know"
_EQUAL = (("D", "H"), ("B", "T"))

Inputs = dict[str, Tree]
Sizes = dict[str, Any]


class Draw:
    """Random inputs of one case. Nothing here is zero, one or symmetric unless asked for."""

    def __init__(self, seed: bytes) -> None:
        self.rng = np.random.default_rng(list(seed))

    def normal(self, *shape: int) -> np.ndarray:
        """Standard normal numbers."""
        return self.rng.standard_normal(shape)

    def weights(self, rows: int, columns: int) -> np.ndarray:
        """A weight matrix of normal numbers with standard deviation 1/√rows, so that no unit saturates."""
        return np.asarray(self.normal(rows, columns) / np.sqrt(rows))

    def integers(self, low: int, high: int, *shape: int) -> np.ndarray:
        """Integers from low to high - 1, int64."""
        return np.asarray(self.rng.integers(low, high, shape))

    def seed(self) -> Seed:
        """An argument that is a random generator."""
        return Seed(int(self.rng.integers(2**62)))

    def given(self, name: str, **constants: Tree) -> Given:
        """An argument that is a function: one of grader/given.py, with these constants."""
        return Given(name, constants)


@dataclass(frozen=True)
class Misconception:
    """A wrong version of a function, with the hints (gentlest first) that it earns."""

    name: str
    function: Callable[..., Tree]
    hints: tuple[str, ...]

    def source(self, name: str) -> str:
        """Its code as a student would have written it, as a function called `name`."""
        lines = textwrap.dedent(inspect.getsource(self.function)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(("def ", "class ")))
        head = re.sub(rf"^(def|class) {self.name}\b", rf"\1 {name}", lines[start])
        return "\n".join([head, *lines[start + 1 :]]) + "\n"


@dataclass
class Exercise:
    """One graded function: its inputs, reference, points, hints and misconceptions.

    Called, it is the reference, so that a misconception can use an earlier function by its name, as a student does.
    """

    assignment: str
    generate: Callable[..., Inputs]
    reference: Callable[..., Tree]
    outputs: tuple[Output, ...]
    points: float
    hints: tuple[str, ...]
    tolerance: str = "close"
    extra: Sequence[Sizes] = ()
    uses: tuple["Exercise", ...] = ()
    seconds: float = SECONDS
    law: Callable[..., Tree] | None = None
    drive: str = ""
    packages: tuple[str, ...] = ()
    outcome: tuple[Tree, ...] | None = None
    misconceptions: list[Misconception] = field(default_factory=list)

    def __call__(self, *args: Tree, **kwargs: Tree) -> Tree:
        return self.reference(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.generate.__name__

    def misconception(self, *hints: str) -> Callable[[Callable[..., Tree]], Callable[..., Tree]]:
        """Register a wrong version of this function, and the hints that it earns, the gentlest first."""

        def register(function: Callable[..., Tree]) -> Callable[..., Tree]:
            self.misconceptions.append(Misconception(function.__name__, function, hints))
            return function

        return register

    @cached_property
    def sizes(self) -> list[Sizes]:
        """The sizes of every case, in order."""
        usual = {
            name: parameter.default for name, parameter in list(inspect.signature(self.generate).parameters.items())[1:]
        }
        letters = _letters(usual)
        cases = [usual, usual]
        cases += [usual | {a: usual[b]} for a, b in _EQUAL if a in letters and b in letters]
        cases += [usual | {letter: 1} for letter in letters]
        cases += [usual | sizes for sizes in self.extra]
        return [*cases, usual] if self.law else cases

    def question(self, key: bytes = PUBLIC_KEY) -> Question:
        """The cases that `key` draws, solved by the reference and by every misconception."""
        cases = tuple(self._case(key, number) for number in range(len(self.sizes)))
        if all(case.expected[0] is None for case in cases):
            raise ValueError(f"{self.assignment}/{self.name}: the reference returns None in every case")
        return Question(
            name=self.name,
            points=self.points,
            outputs=self.outputs,
            tolerance=self.tolerance,
            hints=self.hints,
            misconceptions={wrong.name: wrong.hints for wrong in self.misconceptions},
            cases=cases,
            seconds=self.seconds,
            drive=self.drive,
        )

    def inputs(self, key: bytes, number: int) -> Inputs:
        """The inputs of case `number`: the same for the same key, on every machine."""
        drawn = 0 if self._is_repeated(number) else number
        seed = hmac.digest(key, f"{self.assignment}/{self.name}/{drawn}".encode(), hashlib.sha256)
        return self.generate(Draw(seed), **self.sizes[number])

    def _case(self, key: bytes, number: int) -> Case:
        inputs = self.inputs(key, number)
        mistaken: Mapping[str, Answer] = _Mistaken(self, inputs)
        if self.outcome is None:
            expected, mistaken = self._solved(inputs), dict(mistaken)
        else:
            expected = self.outcome
        sizes = self.sizes[number]
        label = " ".join(f"{name}={value}" for name, value in sizes.items() if value)
        label += " (other numbers)" if number == 1 else " (once more)" if self._is_repeated(number) else ""
        return Case(label, inputs, expected, mistaken, _letters(sizes))

    def _solved(self, inputs: Inputs) -> tuple[Tree, ...]:
        right = self._answer(self.reference, inputs)
        if right.problem or right.changed:
            raise ValueError(f"{self.assignment}/{self.name}: the reference {right.problem or 'changes its arguments'}")
        return self._expected(inputs, right)

    def mistaken(self, wrong: Misconception, inputs: Inputs) -> Answer:
        """What a wrong version answers, or what it is recognised by if answers are random."""
        answer = self._answer(wrong.function, inputs)
        return Answer(laws.fingerprint(answer.value), answer.problem, answer.changed) if self.law else answer

    def _answer(self, function: Callable[..., Tree], inputs: Inputs) -> Answer:
        return read(inputs, ask(function, inputs, self.drive), self.drive)

    def _expected(self, inputs: Inputs, right: Answer) -> tuple[Tree, ...]:
        if not self.law:
            return self._split(right.value)
        law = self._split(self.law(*[value for value in inputs.values() if not isinstance(value, Seed)]))
        for part, value in zip(law, self._split(right.value), strict=True):
            if why := laws.misfit(part, value):
                raise ValueError(f"{self.assignment}/{self.name}: what the reference draws {why}")
        return law

    def _is_repeated(self, number: int) -> bool:
        """Is this the case that asks the first one again, with an equal rng?"""
        return self.law is not None and number == len(self.sizes) - 1

    def _split(self, value: Tree) -> tuple[Tree, ...]:
        return value if len(self.outputs) > 1 and isinstance(value, tuple) else (value,)


class _Mistaken(Mapping[str, Answer]):
    """What each misconception answers to one case; those that raise are absent. Asked when somebody wants to know."""

    def __init__(self, exercise: Exercise, inputs: Inputs) -> None:
        self._exercise, self._inputs = exercise, inputs
        self._known: dict[str, Answer] = {}

    def __getitem__(self, name: str) -> Answer:
        if name not in self._known:
            wrong = next((wrong for wrong in self._exercise.misconceptions if wrong.name == name), None)
            if wrong is None:
                raise KeyError(name)
            self._known[name] = self._exercise.mistaken(wrong, self._inputs)
        if self._known[name].problem:
            raise KeyError(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return (wrong.name for wrong in self._exercise.misconceptions if wrong.name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _letters(sizes: Sizes) -> dict[str, int]:
    """The sizes that are the conventions' letters."""
    return {name: value for name, value in sizes.items() if isinstance(value, int) and name.isupper()}


class Assignment:
    """The exercises of one notebook, in the order in which it asks for them."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.exercises: dict[str, Exercise] = {}

    def exercise(
        self,
        reference: Callable[..., Tree],
        *,
        outputs: str,
        points: float,
        hints: Sequence[str],
        tolerance: str = "close",
        extra: Sequence[Sizes] = (),
        uses: Sequence[Exercise] = (),
        seconds: float = SECONDS,
        law: Callable[..., Tree] | None = None,
        drive: str = "",
        packages: Sequence[str] = (),
        outcome: tuple[Tree, ...] | None = None,
    ) -> Callable[[Callable[..., Inputs]], Exercise]:
        """Make the decorated input generator into an exercise of this assignment.

        outputs: names and axes of what the function returns, as "h: B T H; c: B T H".
        uses: the functions before it that a solution may call; see "follow-through" in the README. Not those that the
            notebook carries over: at grading they are right anyway.
        seconds: wall-clock time that all cases together may take.
        law: for random outputs; what laws.py calls a law (one for each output), from the inputs without the rng.
        drive: what asks a function that is not just called, as "optimizers.fit"; see drives/.
        packages: what it may import, besides numpy and matplotlib. The others of the notebook cannot.
        outcome: what the drive reads of every right answer, if that is so. Then nothing has to be solved, or trained,
            to draw a case: a misconception is asked when a wrong answer may be its.
        """

        def register(generate: Callable[..., Inputs]) -> Exercise:
            parts = [part.partition(":") for part in outputs.split(";")]
            exercise = Exercise(
                assignment=self.slug,
                generate=generate,
                reference=reference,
                outputs=tuple(Output(name.strip(), axes.strip()) for name, _, axes in parts),
                points=points,
                hints=tuple(hints),
                tolerance="law" if law else tolerance,
                extra=extra,
                uses=tuple(uses),
                seconds=seconds,
                law=law,
                drive=drive,
                packages=tuple(packages),
                outcome=outcome,
            )
            self.exercises[exercise.name] = exercise
            return exercise

        return register

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.exercises.values())
