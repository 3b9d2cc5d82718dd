"""Exercises: the cases that follow from a spec, drawn from a key, solved by the reference and by every mistake."""

import hashlib
import hmac
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import trees
from grader.answers import ask_all
from grader.compare import Output, Question, judge
from grader.exercise import PUBLIC_KEY, Assignment, Draw, Exercise, Inputs, Misconception, Sizes
from grader.exercises.rnn import assignment as rnn
from reference import rnn as rnn_reference

Array = np.ndarray
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def double(x: Array, h0: Array) -> Array:
    return np.asarray(2 * x + h0[:, None])


def toy(reference: Callable[..., Any] = double, outputs: str = "y: B T D", **options: Any) -> Exercise:
    assignment = Assignment("00-toy")

    @assignment.exercise(reference, outputs=outputs, points=2, hints=["Look again."], **options)
    def doubled(draw: Draw, B: int = 3, T: int = 4, D: int = 2, scale: int = 1) -> Inputs:
        return dict(x=scale * draw.normal(B, T, D), h0=draw.normal(B, D))

    return doubled


def shapes(question: Question) -> list[tuple[int, ...]]:
    return [case.inputs["x"].shape for case in question.cases]


def test_question_says_what_the_spec_says() -> None:
    """Name, points, outputs, tolerance and hints of a question are those of its spec."""
    exercise = toy(outputs="y: B T D;  c ; gates:B 4H", tolerance="tight")
    assert exercise.outputs == (Output("y", "B T D"), Output("c", ""), Output("gates", "B 4H"))
    question = toy(tolerance="tight").question(KEY)
    assert (question.name, question.points, question.tolerance) == ("doubled", 2, "tight")
    assert question.outputs == (Output("y", "B T D"),)
    assert question.hints == ("Look again.",) and question.misconceptions == {}
    assert toy().tolerance == "close" and toy().seconds == 10.0 and toy(seconds=3).seconds == 3


def test_derived_cases() -> None:
    """The sizes twice, B = T, each size once at 1, and the extra ones last; options are not sizes."""
    extra: list[Sizes] = [dict(T=7, scale=100), dict(B=2)]
    question = toy(extra=extra).question(KEY)
    assert shapes(question) == [(3, 4, 2), (3, 4, 2), (4, 4, 2), (1, 4, 2), (3, 1, 2), (3, 4, 1), (3, 7, 2), (2, 4, 2)]
    assert [case.label for case in question.cases] == [
        "B=3 T=4 D=2 scale=1",
        "B=3 T=4 D=2 scale=1 (other numbers)",
        "B=4 T=4 D=2 scale=1",
        "B=1 T=4 D=2 scale=1",
        "B=3 T=1 D=2 scale=1",
        "B=3 T=4 D=1 scale=1",
        "B=3 T=7 D=2 scale=100",
        "B=2 T=4 D=2 scale=1",
    ]
    assert abs(question.cases[6].inputs["x"]).max() > 50


def test_labels_leave_out_what_is_absent() -> None:
    """A size that is None, or an option that is 0, is not worth a word."""
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda x: x, outputs="y", points=1, hints=[], extra=[dict(T=None, far=100)])
    def leading(draw: Draw, B: int = 3, T: int | None = 4, far: int = 0) -> Inputs:
        return dict(x=draw.normal(*(size for size in (B, T) if size is not None)))

    labels = [case.label for case in leading.question().cases]
    assert labels == ["B=3 T=4", "B=3 T=4 (other numbers)", "B=4 T=4", "B=1 T=4", "B=3 T=1", "B=3 far=100"]


def test_equal_sizes_of_weights() -> None:
    """D = H is a case of its own, where a swapped pair of weights fits; one before B = T."""
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda x: x, outputs="y", points=1, hints=[])
    def square(draw: Draw, B: int = 3, T: int = 4, D: int = 2, H: int = 5) -> Inputs:
        return dict(x=draw.normal(B, T, D, H))

    assert shapes(square.question()) == [
        *[(3, 4, 2, 5)] * 2,
        *[(3, 4, 5, 5), (4, 4, 2, 5)],
        *[(1, 4, 2, 5), (3, 1, 2, 5), (3, 4, 1, 5), (3, 4, 2, 1)],
    ]


def test_sizes_that_are_no_letters() -> None:
    """Only upper-case integers are sizes: other options stay as they are in every derived case."""
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda kind, far: far, outputs="y", points=1, hints=[], extra=[dict(kind="lstm", N=2)])
    def options(draw: Draw, N: int = 3, kind: str = "gru", far: int = 7) -> Inputs:
        return dict(kind=kind, far=far)

    question = options.question()
    assert [case.label for case in question.cases] == [
        "N=3 kind=gru far=7",
        "N=3 kind=gru far=7 (other numbers)",
        "N=1 kind=gru far=7",
        "N=2 kind=lstm far=7",
    ]
    assert [case.inputs for case in question.cases] == [*[dict(kind="gru", far=7)] * 3, dict(kind="lstm", far=7)]


def test_expected_is_what_the_reference_gives() -> None:
    """The right answer to each case is the reference's, one entry for each output."""
    for case in toy().question(KEY).cases:
        assert len(case.expected) == 1
        np.testing.assert_array_equal(case.expected[0], double(**case.inputs))
    two = toy(lambda x, h0: (x, h0), outputs="y: B T D; h: B D").question(KEY)
    for case in two.cases:
        assert len(case.expected) == 2
        np.testing.assert_array_equal(case.expected[1], case.inputs["h0"])


def test_one_output_may_be_a_tuple() -> None:
    """With one output a tuple is that output, not several."""
    question = toy(lambda x, h0: (1, 2), outputs="sizes").question(KEY)
    assert question.cases[0].expected == ((1, 2),)


def as_bytes(question: Question) -> list[bytes]:
    return [trees.encode(case.inputs) for case in question.cases]


def test_same_key_same_numbers() -> None:
    """A key draws the same bytes every time, in any order, from any copy of the spec."""
    exercise = toy()
    first = as_bytes(exercise.question(KEY))
    assert first == as_bytes(toy().question(KEY))
    assert first[::-1] == [trees.encode(exercise.inputs(KEY, i)) for i in reversed(range(len(first)))]


def test_the_numbers_are_the_same_on_every_machine() -> None:
    """A number of the first visible case, written down once: if numpy's generator changed, every snapshot is stale."""
    assert toy().question().cases[0].inputs["x"][2, 3, 1] == 0.25779516503515704


def test_the_seed_is_a_keyed_digest() -> None:
    """Who lacks the key cannot draw: a case's seed is the HMAC of assignment, exercise and number."""
    seed = hmac.digest(KEY, b"00-toy/doubled/3", hashlib.sha256)
    np.testing.assert_array_equal(
        toy().inputs(KEY, 3)["x"], np.random.default_rng(list(seed)).standard_normal((1, 4, 2))
    )


def test_other_key_other_numbers() -> None:
    """No two cases share a number: not of one key, not hidden and visible, not of two courses."""
    seen: list[float] = []
    for key in (PUBLIC_KEY, KEY, OTHER_KEY):
        for case in toy().question(key).cases:
            seen += [*case.inputs["x"].ravel(), *case.inputs["h0"].ravel()]
    assert len(set(seen)) == len(seen)
    assert shapes(toy().question(KEY)) == shapes(toy().question())


def test_other_exercise_other_numbers() -> None:
    """Two exercises with the same inputs, and one exercise in two assignments, draw different numbers."""

    def number(slug: str, name: str) -> float:
        exercise = toy()
        exercise.assignment = slug
        exercise.generate.__name__ = name
        return float(exercise.inputs(KEY, 0)["x"][0, 0, 0])

    numbers = {number("00-toy", "doubled"), number("00-toy", "tripled"), number("01-toy", "doubled")}
    assert len(numbers) == 3


def test_failing_reference() -> None:
    """A reference that fails is named, with what it raised: a fault of the spec's, not of a student's."""

    def fails(x: Array, h0: Array) -> Array:
        raise ValueError("x has shape (3, 4, 2)")

    with pytest.raises(ValueError, match=r"^00-toy/doubled: the reference raises ValueError: x has shape \(3, 4, 2\)$"):
        toy(fails).question(KEY)


def test_reference_that_changes_its_arguments() -> None:
    """A reference may not do what students may not."""

    def spoils(x: Array, h0: Array) -> Array:
        x *= 2
        return x

    with pytest.raises(ValueError, match=r"^00-toy/doubled: the reference changes its arguments$"):
        toy(spoils).question(KEY)


def test_reference_that_returns_nothing() -> None:
    """Nor may it forget its return."""
    with pytest.raises(ValueError, match="00-toy/doubled: the reference returns None"):
        toy(lambda x, h0: None).question(KEY)


def test_misconceptions() -> None:
    """Each case holds what every wrong version makes of it, and nothing of one that raises there."""
    exercise = toy(lambda x, h0: (2 * x, h0), outputs="y: B T D; h: B D")

    @exercise.misconception("Twice.", "Not thrice.")
    def thrice(x: Array, h0: Array) -> Any:
        return 3 * x, h0

    @exercise.misconception("One output.")
    def one_output(x: Array, h0: Array) -> Any:
        return 2 * x

    @exercise.misconception("Only where B = T.")
    def square(x: Array, h0: Array) -> Any:
        assert x.shape[0] == x.shape[1]
        return [x, h0]

    @exercise.misconception("Spoils its argument, and answers all the same.")
    def spoils(x: Array, h0: Array) -> Any:
        x[:] = 0
        return x, h0

    question = exercise.question(KEY)
    assert question.misconceptions == {
        "thrice": ("Twice.", "Not thrice."),
        "one_output": ("One output.",),
        "square": ("Only where B = T.",),
        "spoils": ("Spoils its argument, and answers all the same.",),
    }
    for case in question.cases:
        x, h0 = case.inputs["x"], case.inputs["h0"]
        assert trees.same(case.mistaken["thrice"].value, (3 * x, h0))
        assert trees.same(case.mistaken["one_output"].value, 2 * x)
        assert trees.same(case.mistaken["spoils"].value, (0 * abs(x), h0))
        assert ("square" in case.mistaken) == (x.shape[0] == x.shape[1])
        assert trees.same(case.expected, (2 * x, h0)), "a wrong version reached the inputs"
    assert callable(thrice), "a registered function stays what it is"


def test_an_exercise_is_called_as_its_reference() -> None:
    """A wrong version calls earlier functions by their names, and gets the right ones."""
    x, h0 = np.ones((1, 2, 3)), np.ones((1, 3))
    np.testing.assert_array_equal(toy()(x, h0), np.full((1, 2, 3), 3.0))


def test_assignment_keeps_its_order() -> None:
    """An assignment holds its exercises by name, in the order of the notebook, with what each may use."""
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda x: x, outputs="y", points=1, hints=())
    def zebra(draw: Draw) -> Inputs:
        return dict(x=draw.normal(2))

    @assignment.exercise(lambda x: x, outputs="y", points=2, hints=(), uses=[zebra])
    def ant(draw: Draw) -> Inputs:
        return dict(x=draw.normal(2))

    assert list(assignment) == [zebra, ant] and list(assignment.exercises) == ["zebra", "ant"]
    assert ant.uses == (zebra,) and zebra.uses == ()
    assert (ant.assignment, ant.name, ant.points) == ("00-toy", "ant", 2)
    assert len(ant.question().cases) == 2, "without sizes there are two draws of the same"


def test_draw() -> None:
    """Draws are of the asked shape and kind, and repeat for the same seed alone."""
    draw = Draw(b"seed")
    normal = draw.normal(200, 300)
    assert normal.shape == (200, 300) and normal.dtype == np.float64
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    weights = draw.weights(400, 100)
    assert weights.shape == (400, 100) and abs(weights.std() - 1 / 20) < 0.001
    integers = draw.integers(2, 5, 50, 3)
    assert integers.shape == (50, 3) and integers.dtype == np.int64
    assert set(integers.ravel()) == {2, 3, 4}
    assert draw.normal().shape == () and draw.integers(0, 9).shape == ()
    np.testing.assert_array_equal(Draw(b"seed").normal(4), Draw(b"seed").normal(4))
    assert Draw(b"seed").normal(1) != Draw(b"seee").normal(1)


ALL_01 = [(exercise, wrong) for exercise in rnn for wrong in exercise.misconceptions]


@pytest.mark.parametrize(("exercise", "wrong"), ALL_01, ids=lambda item: item.name)
def test_sources_of_misconceptions_run(exercise: Exercise, wrong: Misconception) -> None:
    """The source of each wrong version of 01 is a student's cell: alone in a notebook, it gives the same outputs."""
    source = wrong.source(exercise.name)
    assert source.startswith(f"def {exercise.name}(") and source.endswith("\n") and "misconception" not in source
    cell: dict[str, Any] = {"np": np} | {name: getattr(rnn_reference, name) for name in rnn_reference.__all__}
    exec(compile(source, "<cell>", "exec"), cell)
    question = exercise.question(KEY)
    answers = ask_all(cell[exercise.name], [case.inputs for case in question.cases])
    for case, answer in zip(question.cases, answers, strict=True):
        assert (wrong.name not in case.mistaken) == bool(answer.problem)
        if not answer.problem:
            assert trees.same(answer.value, case.mistaken[wrong.name].value)
    assert not judge(question, answers).passed


def test_source_of_a_long_signature() -> None:
    """A signature over several lines, a decorator over several lines and a nested function survive."""
    exercise = toy()

    @exercise.misconception(
        "A hint that is long,",
        "and another def of it.",
    )
    def inner_function(
        x: Array,
        h0: Array,
    ) -> Any:
        def inner_function_too(a: Array) -> Array:
            return a + 1

        return inner_function_too(x)

    source = exercise.misconceptions[0].source("doubled")
    assert (
        source
        == inspect.cleandoc(
            """
        def doubled(
            x: Array,
            h0: Array,
        ) -> Any:
            def inner_function_too(a: Array) -> Array:
                return a + 1

            return inner_function_too(x)
        """
        )
        + "\n"
    )
