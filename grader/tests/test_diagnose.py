"""Diagnosis: a known mistake is called by its name, a pattern by its own, and an unknown one honestly by none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.answers import NOT_DONE, Answer, ask_all
from grader.compare import Question, judge
from grader.diagnose import Diagnosis, diagnose, is_misconception
from grader.exercise import Assignment, Draw, Exercise, Inputs, Misconception

Array = np.ndarray
Function = Callable[..., Any]


def scale(x: Array, w: Array) -> Any:
    """The right answer of the exercise below: two outputs, of which the first has three axes."""
    return x * w, (x * w).sum(axis=(1, 2))


def build() -> Exercise:
    assignment = Assignment("00-toy")

    @assignment.exercise(scale, outputs="y: B T D; total: B", points=2, hints=["Look again."])
    def toy(draw: Draw, B: int = 3, T: int = 4, D: int = 2) -> Inputs:
        return dict(x=draw.normal(B, T, D), w=draw.normal(D))

    @toy.misconception("Added?", "Multiply.")
    def added(x: Array, w: Array) -> Any:
        return x + w, (x + w).sum(axis=(1, 2))

    @toy.misconception("Only the total is off.")
    def mean_for_sum(x: Array, w: Array) -> Any:
        return x * w, (x * w).mean(axis=(1, 2))

    @toy.misconception("It fits only where B = T.")
    def square_only(x: Array, w: Array) -> Any:
        if x.shape[0] != x.shape[1]:
            raise ValueError("shapes")
        return x * w, x.sum(axis=(1, 2))

    @toy.misconception("A logarithm of something negative.")
    def logarithm(x: Array, w: Array) -> Any:
        y = np.exp(np.log(x) + np.log(w))
        return y, y.sum(axis=(1, 2))

    @toy.misconception("Never works.")
    def always_raises(x: Array, w: Array) -> Any:
        raise ValueError("never")

    @toy.misconception("Is right.")
    def harmless(x: Array, w: Array) -> Any:
        return w * x, (x * w).sum(axis=2).sum(axis=1)

    @toy.misconception("Two things are asked for.")
    def one_output(x: Array, w: Array) -> Any:
        return x * w

    return toy


TOY = build()
QUESTION = TOY.question()
WRONG = {wrong.name: wrong.function for wrong in TOY.misconceptions}


def answers(function: Function, question: Question = QUESTION) -> list[Answer]:
    return ask_all(function, [case.inputs for case in question.cases])


def diagnosis(function: Function, question: Question = QUESTION) -> Diagnosis | None:
    return diagnose(judge(question, answers(function, question)))


def test_the_cases_of_the_toy() -> None:
    """The toy has the cases that the tests below rely on: exactly one with B = T, and several in all."""
    shapes = [case.inputs["x"].shape for case in QUESTION.cases]
    assert shapes == [(3, 4, 2), (3, 4, 2), (4, 4, 2), (1, 4, 2), (3, 1, 2), (3, 4, 1)]
    assert [("square_only" in case.mistaken) for case in QUESTION.cases] == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("added", ("Added?", "Multiply.")),
        ("mean_for_sum", ("Only the total is off.",)),
        ("square_only", ("It fits only where B = T.",)),
        ("logarithm", ("A logarithm of something negative.",)),
    ],
)
def test_known_mistakes_are_named(name: str, hints: tuple[str, ...]) -> None:
    """A known mistake earns its own hints: also if it raises on some cases, makes NaNs, or spoils one output only."""
    assert diagnosis(WRONG[name]) == Diagnosis(name, hints)


def test_however_it_is_written() -> None:
    """The same mistake in another style, type and precision is the same mistake."""

    def added_in_float32(x: Array, w: Array) -> Any:
        y = [[(row + w).astype(np.float32) for row in rows] for rows in x]
        return [y, np.sum(np.array(y), axis=(1, 2)).tolist()]

    found = diagnosis(added_in_float32)
    assert found is not None and found.name == "added"


def test_not_named_when_only_some_cases_agree() -> None:
    """One case that differs from the known mistake is enough for it not to be that."""
    for i in range(len(QUESTION.cases)):
        mixed = answers(WRONG["added"])
        value = mixed[i].value
        mixed[i] = Answer((value[0] + 0.01, value[1]))
        found = diagnose(judge(QUESTION, mixed))
        assert found == Diagnosis("", ("Look again.",))
        assert not is_misconception(judge(QUESTION, mixed), "added")


def test_not_named_when_one_output_differs() -> None:
    """All outputs must be those of the known mistake, not only the wrong ones."""

    def half(x: Array, w: Array) -> Any:
        return x + w, (x + w).max(axis=(1, 2))

    assert diagnosis(half) == Diagnosis("", ("Look again.",))


def test_not_named_when_right_where_the_mistake_is_wrong() -> None:
    """Being right on one case rules out a mistake that is wrong there."""
    mixed = answers(WRONG["added"])
    mixed[0] = answers(scale)[0]
    found = diagnose(judge(QUESTION, mixed))
    assert found is not None and found.name == ""


def test_raising_must_agree() -> None:
    """A mistake that raises on some cases is not taken for one that raises on others, or never."""

    def raises_where_square(x: Array, w: Array) -> Any:
        if x.shape[0] == x.shape[1]:
            raise ValueError("shapes")
        return x * w, x.sum(axis=(1, 2))

    def never_raises(x: Array, w: Array) -> Any:
        return x * w, x.sum(axis=(1, 2))

    def raises_everywhere_but_in_the_first(x: Array, w: Array) -> Any:
        return scale(x, w) if x.shape == (3, 4, 2) else None

    for function in (raises_where_square, never_raises, raises_everywhere_but_in_the_first):
        found = diagnosis(function)
        assert found is not None and found.name == ""


def test_an_exception_is_not_the_answer_of_a_mistake() -> None:
    """Where a mistake gives an answer, raising is something else, though all other cases agree."""
    for i in range(len(QUESTION.cases)):
        mixed = answers(WRONG["added"])
        mixed[i] = Answer(problem="raises ValueError: no")
        assert diagnose(judge(QUESTION, mixed)) == Diagnosis("", ("Look again.",))


def test_raising_everywhere_is_no_known_mistake() -> None:
    """An answer that never comes tells nothing: it does not match the wrong version that always raises, too."""

    def broken(x: Array, w: Array) -> Any:
        raise TypeError("something else")

    assert diagnosis(broken) == Diagnosis("", ("Look again.",))
    assert not is_misconception(judge(QUESTION, answers(broken)), "always_raises")
    assert not is_misconception(judge(QUESTION, answers(broken)), "square_only")


def test_right_answers_are_no_mistake() -> None:
    """A wrong version that happens to be right names nobody."""
    right = judge(QUESTION, answers(scale))
    assert not any(is_misconception(right, name) for name in WRONG)


def test_raising_where_a_mistake_is_right_tells_nothing() -> None:
    """At least one case that the mistake gets wrong must have an answer, and agree."""
    some = answers(WRONG["square_only"])
    some[2] = Answer(problem="raises MemoryError")
    assert not is_misconception(judge(QUESTION, some), "square_only")


def test_the_first_of_two_equal_mistakes_is_named() -> None:
    """If two wrong versions do the same, the one that the spec lists first is named."""
    exercise = build()
    exercise.misconceptions.append(Misconception("added_again", WRONG["added"], ("The second one's hint.",)))
    found = diagnosis(WRONG["added"], exercise.question())
    assert found is not None and found.name == "added"


def test_nothing_to_diagnose() -> None:
    """What is right, and what is not done, gets no diagnosis."""
    assert diagnosis(scale) is None
    assert diagnose(judge(QUESTION, [NOT_DONE] * len(QUESTION.cases))) is None


def test_not_done_in_some_cases_is_an_attempt() -> None:
    """One answer is an attempt, and gets the general hints."""
    some = [*answers(lambda x, w: (x, w))[:1], *[NOT_DONE] * (len(QUESTION.cases) - 1)]
    assert diagnose(judge(QUESTION, some)) == Diagnosis("", ("Look again.",))


@pytest.mark.parametrize("value", [3, None, (1, 2, 3), "text", {"y": 1}, ((), ())])
def test_answers_of_another_kind(value: Any) -> None:
    """An answer that is nothing like what was asked for matches no mistake, and breaks nothing."""
    assert diagnosis(lambda x, w: value) == Diagnosis("", ("Look again.",))


def test_changed_arguments_get_the_general_hints() -> None:
    """Right numbers and a spoilt argument are no numerical mistake."""

    def spoils(x: Array, w: Array) -> Any:
        x *= w
        return x, x.sum(axis=(1, 2))

    assert diagnosis(spoils) == Diagnosis("", ("Look again.",))


def one(function: Function, tolerance: str = "close") -> Question:
    """A question on one array, without misconceptions."""
    assignment = Assignment("00-toy")

    @assignment.exercise(function, outputs="y: B D", points=1, hints=["Look again."], tolerance=tolerance)
    def toy(draw: Draw, B: int = 3, D: int = 3) -> Inputs:
        return dict(x=draw.normal(B, D))

    return toy.question()


def cube(x: Array) -> Array:
    return np.asarray(x**3 + 0.5)


PATTERN = {
    "axes swapped": lambda x: cube(x).T,
    "negated": lambda x: -cube(x),
    "not a number": lambda x: np.where(x == x.max(), np.nan, cube(x)),
}


HINT = {
    "axes swapped": "The numbers are right, but the axes are in another order than asked for.",
    "negated": "Every number is right but for its sign.",
    "not a number": "There is a NaN in the result: look for 0/0, inf - inf or exp of a large number on the way.",
}


def only_square(question: Question) -> Question:
    """The question with its square cases alone."""
    square = tuple(case for case in question.cases if case.inputs["x"].shape == (3, 3))
    return replace(question, cases=square)


@pytest.mark.parametrize("name", PATTERN)
def test_patterns(name: str) -> None:
    """Swapped axes, a sign, a NaN are recognised without a wrong version; the general hints follow the pattern's."""
    found = diagnosis(PATTERN[name], only_square(one(cube)))
    assert found == Diagnosis(name, (HINT[name], "Look again."))


@pytest.mark.parametrize("name", ["negated", "not a number"])
def test_patterns_must_show_in_every_wrong_place(name: str) -> None:
    """A pattern that explains one wrong case out of two explains nothing."""
    question = only_square(one(cube))
    mixed = answers(PATTERN[name], question)
    mixed[0] = Answer(mixed[0].value + 1 if name == "negated" else np.zeros((3, 3)))
    assert diagnose(judge(question, mixed)) == Diagnosis("", ("Look again.",))


def test_patterns_leave_right_cases_alone() -> None:
    """What is right in one case and follows the pattern in all others is the pattern."""
    question = only_square(one(cube))
    mixed = answers(PATTERN["not a number"], question)
    mixed[0] = answers(cube, question)[0]
    found = diagnose(judge(question, mixed))
    assert found is not None and found.name == "not a number"


def test_patterns_need_numbers() -> None:
    """Where shapes differ there is nothing for a pattern to see."""
    for value in (np.ones(2), "text", [[1.0], [1.0, 2.0]]):
        assert diagnosis(lambda x, value=value: value, only_square(one(cube))) == Diagnosis("", ("Look again.",))


@pytest.mark.parametrize("function", [lambda x: cube(x) * (1 + 1e-7), lambda x: cube(x).astype(np.float32)])
def test_right_but_in_single_precision(function: Function) -> None:
    """Where float64 is the point, numbers that are slightly off are said to be that, and not in the wrong order."""
    found = diagnosis(function, only_square(one(cube, tolerance="tight")))
    assert found is not None and found.name == "in single precision"


def test_tiny_numbers_are_not_negated() -> None:
    """Where float64 is the point, a number below 1e-5 is not taken for minus itself."""

    def tiny(x: Array) -> Array:
        return np.asarray(1e-7 * x)

    question = only_square(one(tiny, tolerance="tight"))
    assert diagnosis(lambda x: 5e-7 * x, question) == Diagnosis("", ("Look again.",))
    found = diagnosis(lambda x: -1e-7 * x, question)
    assert found is not None and found.name == "negated"


def test_known_mistakes_come_before_patterns() -> None:
    """If the course knows the mistake, its hint is better than the pattern's."""
    assignment = Assignment("00-toy")

    @assignment.exercise(cube, outputs="y: B D", points=1, hints=["Look again."])
    def toy(draw: Draw, B: int = 3, D: int = 3) -> Inputs:
        return dict(x=draw.normal(B, D))

    @toy.misconception("Downhill.")
    def downhill(x: Array) -> Any:
        return -cube(x)

    assert diagnosis(lambda x: -cube(x), toy.question()) == Diagnosis("downhill", ("Downhill.",))


def test_two_known_mistakes_at_once() -> None:
    """One explains the first output, another the second: both are named, and the last hint of each is given."""
    exercise = build()

    @exercise.misconception("Only the first is off.", "Plus.")
    def added_to_the_first(x: Array, w: Array) -> Any:
        return x + w, (x * w).sum(axis=(1, 2))

    found = diagnosis(lambda x, w: (x + w, (x * w).mean(axis=(1, 2))), exercise.question())
    assert found == Diagnosis("mean_for_sum + added_to_the_first", ("Only the total is off.", "Plus."))
    assert found.known


def test_one_mistake_and_something_else_is_not_two_mistakes() -> None:
    """An output that nothing explains leaves the whole without a name."""
    assert diagnosis(lambda x, w: (x + 3, (x * w).mean(axis=(1, 2)))) == Diagnosis("", ("Look again.",))


def test_a_known_mistake_is_its_change_of_an_argument() -> None:
    """Right numbers and a spoilt argument are a mistake by themselves, if the course knows it."""
    exercise = build()

    @exercise.misconception("The caller still needs x.")
    def works_in_place(x: Array, w: Array) -> Any:
        x *= w
        return x, x.sum(axis=(1, 2))

    @exercise.misconception("And w.")
    def spoils_another(x: Array, w: Array) -> Any:
        right = scale(x, w)
        w *= 2
        return right

    for name in ("works_in_place", "spoils_another"):
        function = next(wrong.function for wrong in exercise.misconceptions if wrong.name == name)
        found = diagnosis(function, exercise.question())
        assert found is not None and found.name == name


def test_outputs_in_another_order() -> None:
    """All outputs are right, but returned the other way round."""
    found = diagnosis(lambda x, w: scale(x, w)[::-1])
    assert found is not None and found.name == "outputs in another order"
