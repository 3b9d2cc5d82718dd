"""Comparison: right answers pass however they are typed, wrong ones are told where they first differ, points add up."""

import itertools
import time
from collections import namedtuple
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.answers import NOT_DONE, Answer, ask
from grader.compare import (
    AXES,
    TOLERANCES,
    Case,
    Output,
    Question,
    Verdict,
    difference,
    judge,
    matches,
    split_outputs,
)
from grader.trees import Tree

CLOSE, TIGHT, EXACT = TOLERANCES["close"], TOLERANCES["tight"], TOLERANCES["exact"]
STATES = Output("h", "B T H")
H = np.random.default_rng(1).standard_normal((3, 4, 5))

Pair = namedtuple("Pair", "h c")
Named = namedtuple("Named", "a b c")


def says(expected: Tree, value: Tree, axes: str = "", tolerance: str = "close", name: str = "h") -> str:
    """What is said of `value`; nothing if it is right."""
    found = difference(Output(name, axes), expected, value, TOLERANCES[tolerance])
    return found.text if found else ""


def question(*cases: tuple[Tree, ...], outputs: str = "h", points: float = 4, tolerance: str = "close") -> Question:
    """A question with these right outputs, one tuple for each case."""
    return Question(
        name="cell",
        points=points,
        outputs=tuple(Output(name) for name in outputs.split()),
        tolerance=tolerance,
        hints=("look again",),
        misconceptions={},
        cases=tuple(Case(f"case {i}", {"x": i}, expected) for i, expected in enumerate(cases)),
    )


def test_tolerances() -> None:
    """The classes of tolerance are what the contract says they are; a law has its own ways."""
    assert {name: (t.relative, t.absolute) for name, t in TOLERANCES.items()} == {
        "close": (1e-4, 1e-5),
        "tight": (1e-9, 1e-12),
        "exact": (0.0, 0.0),
        "law": (0.0, 0.0),
    }


RIGHT = {
    "itself": (H, H),
    "lists of lists": (H, H.tolist()),
    "tuples": (H, tuple(tuple(map(tuple, m)) for m in H.tolist())),
    "list of arrays": (H, list(H)),
    "view": (H, np.repeat(H, 2, axis=1)[:, ::2]),
    "negative strides": (H, H[::-1].copy()[::-1]),
    "Fortran order": (H, np.asfortranarray(H)),
    "transposed twice": (H, np.ascontiguousarray(H.transpose(2, 0, 1)).transpose(1, 2, 0)),
    "float32": (H, H.astype(np.float32)),
    "big-endian": (H, H.astype(">f8")),
    "close enough": (H, H * (1 + 9e-5)),
    "zeros, close enough": (np.zeros(2), np.array([9e-6, -9e-6])),
    "0-d for a number": (2.5, np.array(2.5)),
    "number for 0-d": (np.array(2.5), 2.5),
    "numpy scalar": (2.5, np.float32(2.5)),
    "int for float": (2.0, 2),
    "ints for floats": (np.array([1.0, 2.0]), [1, 2]),
    "bools for floats": (np.array([1.0, 0.0]), np.array([True, False])),
    "0-d int": (3, np.array(3)),
    "numpy int": (3, np.int32(3)),
    "int32 for int64": (np.array([1, 2]), np.array([1, 2], np.int32)),
    "unsigned": (np.array([1, 2]), np.array([1, 2], np.uint8)),
    "list of ints": (np.array([1, 2]), [1, 2]),
    "bool": (True, np.array(True)),
    "numpy bool": (True, np.True_),
    "mask": (np.array([True, False]), [True, False]),
    "word": ("healthy", "healthy"),
    "nothing": (None, None),
    "infinities": (np.array([np.inf, -np.inf, 0.0]), [np.inf, -np.inf, 0.0]),
    "empty": (np.zeros((0, 3)), np.zeros((0, 3), np.float32)),
    "dict, other order": ({"a": 1.0, "b": np.ones(2)}, {"b": [1, 1], "a": np.float64(1)}),
    "list for tuple": ((1.0, 2.0), [1, 2]),
    "array for list": ([1.0, 2.0, 3.0], np.array([1, 2, 3])),
    "namedtuple": ([1.0, "x", None], Named(1, "x", None)),
    "ragged list of lists": ([[2, 3], [4], []], [np.array([2, 3]), [4], ()]),
    "arrays of different shapes": ([np.ones((2, 3)), np.ones((2, 1))], [np.ones((2, 3)), [[1], [1]]]),
    "no entries": ([], []),
    "empty array for no entries": ([], np.zeros(0)),
    "nested": ({"v": {"W": [np.ones(2), "a"]}}, {"v": {"W": (np.ones(2, "f4"), "a")}}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_however_it_is_typed(name: str) -> None:
    """A right answer is right in any type, layout and precision in which students return it."""
    expected, value = RIGHT[name]
    assert says(expected, value) == ""


def test_words_of_numpys() -> None:
    """A numpy string is a string, by the time that it is an answer."""
    answer = ask(lambda x: np.str_("exploding"), {"x": 1})
    assert says("exploding", answer.value) == ""


WRONG = {
    "shape": (H, H[:, :3], "h has shape (3, 3, 5), expected (3, 4, 5)"),
    "an axis too many": (H, H[None], "h has shape (1, 3, 4, 5), expected (3, 4, 5)"),
    "number for array": (H, 1.0, "h has shape (), expected (3, 4, 5)"),
    "broadcastable": (np.ones((2, 2)), np.ones((1, 2)), "h has shape (1, 2), expected (2, 2)"),
    "one-element array for a number": (2.5, np.array([2.5]), "h has shape (1,), expected ()"),
    "empty for something": (np.ones(1), [], "h has shape (0,), expected (1,)"),
    "number": (2.5, 2.6, "h is 2.6, expected 2.5"),
    "NaN": (2.5, float("nan"), "h is nan, expected 2.5"),
    "infinity": (2.5, float("inf"), "h is inf, expected 2.5"),
    "number for infinity": (float("inf"), 1e300, "h is 1e+300, expected inf"),
    "the other infinity": (float("inf"), -float("inf"), "h is -inf, expected inf"),
    "just too far": (np.ones(1), np.array([1.000111]), "h[0] is 1, expected 1; 1 of 1 numbers differ"),
    "ragged": (H, [[1.0], [1.0, 2.0]], "h is a ragged list: its rows differ in length"),
    "ragged arrays": (H, [np.ones(2), np.ones(3)], "h is a ragged list: its rows differ in length"),
    "array and number": (H, [np.ones(2), 1.0], "h is a ragged list: its rows differ in length"),
    "string": (H, "no idea", "h is of type str, expected numbers"),
    "strings": (H, ["no", "idea"], "h holds something of type str, expected numbers"),
    "one string": (np.ones(2), [1.0, "2"], "h holds something of type str, expected numbers"),
    "None inside": (np.ones(2), [[1.0, None]], "h holds something of type NoneType, expected numbers"),
    "dict for numbers": (H, {"h": H}, "h is of type dict, expected numbers"),
    "dicts for numbers": (H, [{"h": H}], "h holds something of type dict, expected numbers"),
    "None for numbers": (H, None, "h is of type NoneType, expected numbers"),
    "floats for ints": (np.array([1, 2]), [1.0, 2.0], "h holds float64 numbers, expected int64"),
    "float for int": (3, 3.0, "h holds float64 numbers, expected int64"),
    "bools for ints": (np.array([1, 0]), [True, False], "h holds bool numbers, expected int64"),
    "ints for bools": (np.array([True, False]), [1, 0], "h holds int64 numbers, expected bool"),
    "floats for bools": (True, 1.0, "h holds float64 numbers, expected bool"),
    "int": (3, 4, "h is 4, expected 3"),
    "ints": (np.array([3, 4, 5]), [3, 5, 4], "h[1] is 5, expected 4; 2 of 3 numbers differ"),
    "bool": (True, False, "h is False, expected True"),
    "word": ("healthy", "vanishing", "h is 'vanishing', expected 'healthy'"),
    "case of a word": ("healthy", "Healthy", "h is 'Healthy', expected 'healthy'"),
    "number for a word": ("healthy", 3, "h is 3, expected 'healthy'"),
    "array for a word": ("healthy", np.array([1.0, 2.0]), "h is array([1., 2.]), expected 'healthy'"),
    "something for nothing": (None, 0, "h is 0, expected None"),
    "array for nothing": (None, np.zeros(2), "h is array([0., 0.]), expected None"),
    "nothing for a word": ("healthy", None, "h is None, expected 'healthy'"),
    "long word": ("a", "b" * 1000, "h is '" + "b" * 59 + ", expected 'a'"),
    "missing key": (
        {"W": 1.0, "b": 2.0},
        {"W": 1.0},
        "h has the keys ['W'], expected a dict with the keys ['W', 'b']",
    ),
    "another key": ({"W": 1.0}, {"V": 1.0}, "h has the keys ['V'], expected a dict with the keys ['W']"),
    "one key more": ({"W": 1}, {"W": 1, 3: 1}, "h has the keys ['3', 'W'], expected a dict with the keys ['W']"),
    "list for dict": ({"W": 1.0}, [1.0], "h is of type list, expected a dict with the keys ['W']"),
    "array for dict": (
        {"W": 1.0},
        np.ones(2),
        "h is an array of dtype float64, expected a dict with the keys ['W']",
    ),
    "entry of a dict": ({"W": 1.0, "b": 2.0}, {"b": 3.0, "W": 1.0}, 'h["b"] is 3, expected 2'),
    "dict in a dict": ({"v": {"W": 1.0}}, {"v": {"W": 2.0}}, 'h["v"]["W"] is 2, expected 1'),
    "too few entries": ([1.0, 2.0], [1.0], "h has 1 entries, expected 2"),
    "too many entries": ([1.0], np.ones(3), "h has 3 entries, expected 1"),
    "number for a list": ([1.0], 1.0, "h is of type float, expected a list of 1"),
    "0-d for a list": ([1.0], np.array(1.0), "h is an array of dtype float64, expected a list of 1"),
    "dict for a list": ([1.0], {0: 1.0}, "h is of type dict, expected a list of 1"),
    "word for a list": (["a"], "a", "h is of type str, expected a list of 1"),
    "entry": ([1.0, 2.0, 3.0], [1.0, 5.0, 7.0], "h[1] is 5, expected 2"),
    "entry of an entry": ([[1, 2], [3]], [[1, 2], [4]], "h[1][0] is 4, expected 3"),
    "shape of an entry": (
        [np.ones((2, 3)), np.ones((2, 1))],
        [np.ones((2, 3)), np.ones((2, 3))],
        "h[1] has shape (2, 3), expected (2, 1)",
    ),
    "place in an entry": (
        [np.zeros((2, 3))],
        [np.array([[0, 0, 0], [0, 0, 4.0]])],
        "h[0][1, 2] is 4, expected 0; 1 of 6 numbers differ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_said_of_wrong_answers(name: str) -> None:
    """A wrong answer is told what it is and what was expected, in a line that its author can use."""
    expected, value, text = WRONG[name]
    assert says(expected, value) == text


def test_shapes_come_with_their_letters() -> None:
    """A wrong shape is told with the letters of the expected one, where they belong to it."""
    wrong = H.transpose(1, 0, 2)
    assert says(H, wrong, "B T H") == "h has shape (4, 3, 5), expected (3, 4, 5) (B, T, H)"
    assert says(H, wrong, "B T") == "h has shape (4, 3, 5), expected (3, 4, 5)"  # a case with more axes than usual
    assert says(1.0, wrong) == "h has shape (4, 3, 5), expected ()"


def changed(*places: tuple[int, ...], by: float = 1.0) -> np.ndarray:
    """H with the numbers at `places` changed."""
    array = H.copy()
    for place in places:
        array[place] += by
    return array


@pytest.mark.parametrize(
    ("places", "first"),
    [
        ([(2, 3, 4)], (2, 3, 4)),
        ([(0, 3, 0), (2, 1, 4)], (2, 1, 4)),  # the earlier step, though in a later row
        ([(2, 1, 0), (1, 1, 4), (0, 2, 0)], (1, 1, 4)),  # one step: the earlier row
        ([(1, 1, 4), (1, 1, 2)], (1, 1, 2)),  # one step and row: the earlier unit
        ([(0, 0, 0), (0, 0, 1)], (0, 0, 0)),
    ],
)
def test_the_first_difference_is_the_earliest_step(places: list[tuple[int, ...]], first: tuple[int, ...]) -> None:
    """Of all wrong numbers the one at the earliest step is shown, then the first row, then the first unit."""
    found = difference(STATES, H, changed(*places), CLOSE)
    assert found is not None and found.index == first
    b, t, u = first
    assert found.text == (
        f"h[{b}, {t}, {u}] (batch row {b}, step {t}, unit {u}) is {H[first] + 1:.4g}, expected {H[first]:.4g}; "
        f"{len(places)} of 60 numbers differ"
    )
    assert found.yours is not None and found.expected is not None
    np.testing.assert_array_equal(found.yours, changed(*places))
    np.testing.assert_array_equal(found.expected, H)


def test_without_a_time_axis_the_first_in_order_is_shown() -> None:
    """Without steps, or if the letters do not fit the array, the first place in reading order is the first."""
    bad = changed((0, 3, 0), (2, 1, 4))
    for axes in ("", "B S H", "B T", "B T H O"):
        found = difference(Output("h", axes), H, bad, CLOSE)
        assert found is not None and found.index == (0, 3, 0)
    assert "h[0, 3, 0] (batch row 0, source position 3, unit 0) is" in says(H, bad, "B S H")
    assert "h[0, 3, 0] is" in says(H, bad, "B T")


def test_letters_without_a_word_are_left_out() -> None:
    """A doubled axis, 2H, has no word of its own; the others are named all the same."""
    text = says(H, changed((1, 2, 3)), "B T 2H", name="gates")
    assert text.startswith("gates[1, 2, 3] (batch row 1, step 2) is ")
    assert says(H[0, 0], changed((0, 0, 1))[0, 0], "2H").startswith("h[1] is ")


def test_every_axis_of_the_contract_has_a_word() -> None:
    """The letters that the contract uses for one axis are all told in words."""
    words = "B=batch row, T=step, D=feature, H=unit, O=output, V=word, E=component, S=source position"
    words += ", L=layer, K=hypothesis, N=head"
    assert ", ".join(f"{letter}={word}" for letter, word in AXES.items()) == words


def test_numbers_are_told_in_four_digits() -> None:
    """Numbers are short enough to read, and say so where nothing is a number."""
    assert says(np.array([1 / 3]), np.array([2e10 / 3])) == "h[0] is 6.667e+09, expected 0.3333; 1 of 1 numbers differ"
    assert says(np.array([1.0, 2.0]), [1.0, np.nan]) == "h[1] is nan, expected 2; 1 of 2 numbers differ"


def test_differences_without_arrays() -> None:
    """Where there are no two arrays of one shape there is nothing to draw."""
    for expected, value in ((H, H[0]), ("a", "b"), ({"a": 1}, {}), (H, [[1], [1, 2]])):
        found = difference(STATES, expected, value, CLOSE)
        assert found is not None
        assert found.yours is None and found.expected is None and found.index == ()


def test_tight_and_exact() -> None:
    """Where float64 is the point, float32 fails; where exactness is, the last bit counts."""
    a = np.array([1.0, -2.0])
    assert says(a, a * (1 + 9e-10), tolerance="tight") == ""
    assert says(a, a * (1 + 1.1e-9), tolerance="tight") != ""
    assert says(a / 3, (a / 3).astype(np.float32), tolerance="tight") != ""
    assert says(np.zeros(1), np.array([9e-13]), tolerance="tight") == ""
    assert says(np.zeros(1), np.array([1.1e-12]), tolerance="tight") != ""
    assert says(a, a.copy(), tolerance="exact") == ""
    assert says(a, np.nextafter(a, 9), tolerance="exact") == "h[0] is 1, expected 1; 2 of 2 numbers differ"
    assert says(np.array([np.inf]), [np.inf], tolerance="exact") == ""
    assert says(np.array([np.inf]), [1.0], tolerance="exact") != ""


@pytest.mark.parametrize(("factor", "right"), [(0.99, True), (1.01, False)])
@pytest.mark.parametrize("expected", [0.0, 1.0, -1000.0])
def test_close_is_both_relative_and_absolute(expected: float, factor: float, right: bool) -> None:
    """The bound is 1e-5 and 1e-4 of the expected size, together, on either side."""
    bound = (1e-5 + 1e-4 * abs(expected)) * factor
    for sign in (-1, 1):
        assert (says(np.array([expected]), np.array([expected + sign * bound])) == "") is right


def test_the_bound_is_that_of_the_expected_number() -> None:
    """A huge answer does not earn a huge tolerance."""
    assert says(np.array([1.0]), np.array([1e9])) != ""
    assert says(np.array([0.0]), np.array([-1e9])) != ""


def test_no_warnings() -> None:
    """Numbers at the edge of what floats hold are compared without a word from numpy."""
    signalling = np.frombuffer(b"\x01\x00\x80\x7f" * 3, "<f4")
    assert says(np.ones(3), signalling) == "h[0] is nan, expected 1; 3 of 3 numbers differ"
    assert says(np.full(1, -1.7e308), np.full(1, 1.7e308)) != ""
    assert says(np.array([np.inf, -np.inf]), np.array([-np.inf, np.inf])) != ""


def test_a_long_string_among_many_costs_nothing() -> None:
    """A hostile list of strings is refused before numpy makes a table of gigabytes of it."""
    start = time.perf_counter()
    bomb = ["x" * 10**6] + [""] * 50_000
    assert says(H, bomb) == "h holds something of type str, expected numbers"
    assert says(H, [0.0] * 50_000 + bomb) == "h holds something of type str, expected numbers"
    assert time.perf_counter() - start < 1


def test_many_keys_make_no_long_message() -> None:
    """A hostile dict does not fill the feedback with its keys."""
    text = says({"W": 1.0}, {f"key {i}": 1.0 for i in range(10_000)})
    assert text.startswith("h has the keys ['key 0', ") and len(text) < 300


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ((1.0, 2.0), ""),
        ([1.0, 2.0], ""),
        (Pair(1.0, 2.0), ""),
        ((1.0,), "returns 1 things, where 2 are asked for: h, c"),
        ((1.0, 2.0, 3.0), "returns 3 things, where 2 are asked for: h, c"),
        (np.ones((2, 3)), "returns one ndarray, where 2 things are asked for: h, c"),
        ({"h": 1.0, "c": 2.0}, "returns one dict, where 2 things are asked for: h, c"),
        (1.0, "returns one float, where 2 things are asked for: h, c"),
        ("hc", "returns one str, where 2 things are asked for: h, c"),
    ],
)
def test_several_outputs(value: Tree, problem: str) -> None:
    """Several outputs come as a tuple, a list or a namedtuple of that many; anything else is told what is missing."""
    values, misfit = split_outputs(question((1.0, 2.0), outputs="h c"), value)
    assert misfit == problem
    assert values == (() if problem else (1.0, 2.0))


def test_one_output_is_what_is_returned() -> None:
    """With one output nothing is taken apart, not even a tuple."""
    assert split_outputs(question((H,)), (1.0,)) == (((1.0,),), "")


def test_judge_right() -> None:
    """All right is full marks, and no difference anywhere."""
    asked = question((H, 1.0), (2 * H, 2.0), outputs="h c")
    verdict = judge(asked, [Answer([H, 1.0]), Answer((2 * H, 2))])
    assert verdict.passed and verdict.score == 4.0 and not verdict.not_done and verdict.first_failure is None
    assert [(mark.case, mark.output) for mark in verdict.marks] == [
        ("case 0", "h"),
        ("case 0", "c"),
        ("case 1", "h"),
        ("case 1", "c"),
    ]
    assert verdict.question is asked and verdict.answers[0].value[0] is H


def test_partial_credit_for_each_output() -> None:
    """Every output weighs the same, and earns the fraction of its cases that pass."""
    asked = question((1.0, 1.0), (2.0, 2.0), (3.0, 3.0), outputs="h c", points=3)
    verdict = judge(asked, [Answer((1.0, 9.0)), Answer((2.0, 2.0)), Answer((9.0, 9.0))])
    assert verdict.score == 1.5
    assert [mark.difference is None for mark in verdict.marks] == [True, False, True, True, False, False]
    assert not verdict.passed
    failure = verdict.first_failure
    assert failure is not None and failure.difference is not None
    assert (failure.case, failure.output, failure.difference.text) == ("case 0", "c", "c is 9, expected 1")


@pytest.mark.parametrize(("right", "score"), [(0, 0.0), (1, 0.3333), (2, 0.6667), (3, 1.0)])
def test_scores_are_rounded_to_four_digits(right: int, score: float) -> None:
    """A third of a point is 0.3333 on every machine."""
    asked = question((1.0,), (1.0,), (1.0,), points=1)
    assert judge(asked, [Answer(1.0)] * right + [Answer(0.0)] * (3 - right)).score == score


def test_the_score_does_not_depend_on_the_order() -> None:
    """Whatever the order of the cases, the score is the same, bit for bit."""
    cases = [((float(i), float(i)), Answer((i if i % 3 else -1, i if i % 2 else -1))) for i in range(7)]
    scores = set()
    for order in itertools.islice(itertools.permutations(cases), 0, 5040, 97):
        asked = question(*(expected for expected, _ in order), outputs="h c", points=0.7)
        scores.add(judge(asked, [answer for _, answer in order]).score.hex())
    assert len(scores) == 1


def test_problems_cost_all_outputs_of_their_case() -> None:
    """Where there is no value, every output of the case is wrong, for the reason that the answer gives."""
    asked = question((1.0, 1.0), (2.0, 2.0), outputs="h c")
    verdict = judge(asked, [Answer(problem="raises ValueError: no"), Answer((2.0, 2.0))])
    assert verdict.score == 2.0
    texts = [mark.difference.text if mark.difference else "" for mark in verdict.marks]
    assert texts == ["`cell` raises ValueError: no"] * 2 + [""] * 2
    assert [mark.output for mark in verdict.marks] == ["h", "c", "h", "c"]


def test_wrong_count_of_outputs() -> None:
    """One output too few is told for all of them."""
    verdict = judge(question((1.0, 1.0), outputs="h c"), [Answer((1.0,))])
    assert verdict.score == 0
    assert verdict.first_failure and verdict.first_failure.difference
    assert verdict.first_failure.difference.text == "`cell` returns 1 things, where 2 are asked for: h, c"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("x",), "its argument `x`"), (("x", "params"), "its argument `x`, `params`")],
)
def test_changing_an_argument_is_wrong(arguments: tuple[str, ...], words: str) -> None:
    """A right value does not count if the function spoilt what it was given."""
    verdict = judge(question((1.0,)), [Answer(1.0, changed=arguments)])
    assert verdict.score == 0 and verdict.first_failure and verdict.first_failure.difference
    text = verdict.first_failure.difference.text
    assert text == f"`cell` changes {words}: the caller still needs it, so work on a copy"


def test_a_problem_comes_before_a_changed_argument() -> None:
    """Of two troubles the one that left no value is told."""
    verdict = judge(question((1.0,)), [Answer(problem="raises ValueError: no", changed=("x",))])
    assert verdict.first_failure and verdict.first_failure.difference
    assert verdict.first_failure.difference.text == "`cell` raises ValueError: no"


def test_not_done() -> None:
    """A question is not done if no case is; one answer, even a wrong one, is an attempt."""
    asked = question((1.0,), (2.0,))
    verdict = judge(asked, [NOT_DONE, NOT_DONE])
    assert verdict.not_done and not verdict.passed and verdict.score == 0
    assert verdict.first_failure and verdict.first_failure.difference
    assert verdict.first_failure.difference.text == "`cell` is not done yet"
    assert not judge(asked, [NOT_DONE, Answer(7.0)]).not_done


def test_tolerance_is_the_questions() -> None:
    """A question's own class of tolerance decides."""
    answers = [Answer(1.0 + 5e-5)]
    assert judge(question((1.0,)), answers).passed
    assert not judge(question((1.0,), tolerance="tight"), answers).passed


def test_every_case_needs_an_answer() -> None:
    """An answer too few or too many is a fault of the caller's, not the student's."""
    with pytest.raises(ValueError, match="shorter"):
        judge(question((1.0,), (2.0,)), [Answer(1.0)])
    with pytest.raises(ValueError, match="longer"):
        judge(question((1.0,)), [Answer(1.0), Answer(1.0)])


def test_matches() -> None:
    """Wrong answers can be the same wrong answer, with NaN in the same places, in any type."""
    nan = float("nan")
    assert matches(np.array([1.0, nan]), [1.0, nan], CLOSE)
    assert not matches(np.array([1.0, nan]), [nan, 1.0], CLOSE)
    assert not matches(np.array([nan]), [1.0], CLOSE)
    assert not matches(np.array([1.0]), [nan], CLOSE)
    assert matches({"a": [nan, 1]}, {"a": [nan, 1]}, CLOSE)
    assert matches(np.array([np.inf]), [np.inf], CLOSE)
    assert not matches(np.ones(2), np.ones(3), CLOSE)
    assert matches(1.0, 1.00001, CLOSE) and not matches(1.0, 1.00001, TIGHT)
    assert says(np.array([nan]), [nan]) != "", "but NaN is never right"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=3)
    | hnp.arrays(st.sampled_from(["?", "i4", "u8", "f2", "f8"]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    | st.just(H),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "b", 1]), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=150)
@given(anything, anything)
def test_anything_can_be_compared_with_anything(expected: Any, value: Any) -> None:
    """No answer, however odd, makes the comparison fail; what is wrong is said in one short text."""
    found = difference(STATES, expected, value, CLOSE)
    assert found is None or (found.text.startswith("h") and len(found.text) < 1000)
    verdict = judge(question((expected, 1.0), outputs="h c"), [Answer(value)])
    assert isinstance(verdict, Verdict) and 0 <= verdict.score <= 4


@settings(deadline=None)
@given(anything)
def test_everything_matches_itself(tree: Any) -> None:
    """Whatever an answer holds, it is the same as itself."""
    assert matches(tree, tree, EXACT)


def test_fractions_are_no_numbers_here() -> None:
    """What numpy would take for an object is refused in words, should it ever come so far."""
    assert says(np.ones(1), [Fraction(1, 2)]) == "h holds something of type Fraction, expected numbers"
    assert says(np.ones(1), [2**70]) == "h holds something of type int, expected numbers"


def test_none_is_right_only_where_it_is_expected() -> None:
    """A function may have nothing to return, as one that looks for a step and finds none."""
    asked = question((None,), (3,))
    right, forgotten = judge(asked, [Answer(None), Answer(3)]), judge(asked, [Answer(None), Answer(None)])
    assert right.passed
    assert [mark.difference is None for mark in forgotten.marks] == [True, False]
    assert forgotten.first_failure and forgotten.first_failure.difference
    assert forgotten.first_failure.difference.text == "`cell` returns None: is the `return` missing?"


def test_places_in_stacked_gates_are_told_by_gate_and_unit() -> None:
    gates, wrong = np.zeros((2, 3, 20)), np.zeros((2, 3, 20))
    wrong[1, 2, 13] = 1
    found = difference(Output("gates", "B T 4H"), gates, wrong, TOLERANCES["close"])
    assert (
        found
        and found.text
        == "gates[1, 2, 13] (batch row 1, step 2, gate g, unit 3) is 1, expected 0; 1 of 120 numbers differ"
    )
    found = difference(Output("dW_h", "H 3H"), gates[0, :2, :6], wrong[1, 1:, 9:15], TOLERANCES["close"])
    assert found and "(unit 1, gate n, unit 0)" in found.text
