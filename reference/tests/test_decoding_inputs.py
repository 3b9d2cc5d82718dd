"""What the functions of 14-decoding take, refuse and leave alone: types, edges, models that misbehave."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference import Array, decoding
from reference.beam_search_batch import beam_search_batch
from reference.decoding import Ids, State, Step
from reference.tests.test_decoding import END, INITIAL, START, random_table, second_order

Inputs = dict[str, Any]

STEP = second_order(random_table(0))
SEARCH: Inputs = dict(step=STEP, state=INITIAL, start=START, end=END, max_length=4)
BEAM: Inputs = SEARCH | dict(width=3, length_penalty=0.6)
SEARCHES: dict[str, tuple[Callable[..., Any], Inputs]] = {
    "greedy_search": (decoding.greedy_search, SEARCH),
    "beam_search": (decoding.beam_search, BEAM),
    "beam_search_batch": (beam_search_batch, BEAM),
}
all_searches = pytest.mark.parametrize("name", SEARCHES)
beams = pytest.mark.parametrize("name", ["beam_search", "beam_search_batch"])


def answering(change: Callable[[Array, State], Any]) -> Step:
    """The model, with its answers changed."""
    return lambda state, tokens: change(*STEP(state, tokens))


def refuse(function: Callable[..., Any], name: str, **inputs: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{name}(?!\w)"):
        function(**inputs)


@all_searches
@pytest.mark.parametrize("wrong", [-1, 1.0, "2", None, True])
def test_ids_and_lengths_are_integers(name: str, wrong: object) -> None:
    function, inputs = SEARCHES[name]
    for argument in ("start", "end", "max_length"):
        refuse(function, argument, **inputs | {argument: wrong})


@all_searches
def test_ids_and_lengths_within_bounds(name: str) -> None:
    function, inputs = SEARCHES[name]
    refuse(function, "max_length", **inputs | dict(max_length=0))
    refuse(function, "end", **inputs | dict(end=4))
    for state in (np.array(2.0), np.array([["a"]])):
        refuse(function, "state", **inputs | dict(state=state))


def test_one_sentence_for_those_that_take_one() -> None:
    for name in ("greedy_search", "beam_search"):
        function, inputs = SEARCHES[name]
        for rows in (0, 2):
            refuse(function, "state", **inputs | dict(state=np.zeros((rows, 1), np.int64)))


@beams
def test_beams_have_a_width_and_a_penalty(name: str) -> None:
    function, inputs = SEARCHES[name]
    for width in (0, -1, 2.0, None):
        refuse(function, "width", **inputs | dict(width=width))
    for alpha in (-0.1, np.inf, np.nan, "1", None):
        refuse(function, "length_penalty", **inputs | dict(length_penalty=alpha))


CHANGES: dict[str, Callable[[Array, State], Any]] = {
    "NaN": lambda log_probs, state: (np.where(np.arange(4) == 1, np.nan, log_probs), state),
    "inf": lambda log_probs, state: (np.where(np.arange(4) == 1, np.inf, log_probs), state),
    "one word": lambda log_probs, state: (log_probs[:, 0], state),
    "more rows": lambda log_probs, state: (np.repeat(log_probs, 2, axis=0), state),
    "integers": lambda log_probs, state: (log_probs.astype(int), state),
    "more states": lambda log_probs, state: (log_probs, np.repeat(state, 2, axis=0)),
    "no state": lambda log_probs, state: log_probs,
    "three things": lambda log_probs, state: (log_probs, state, state),
}


@all_searches
@pytest.mark.parametrize("change", CHANGES)
def test_models_that_misbehave(name: str, change: str) -> None:
    """Each is refused by name, rather than searched with."""
    function, inputs = SEARCHES[name]
    refuse(function, "step", **inputs | dict(step=answering(CHANGES[change])))


@all_searches
def test_what_the_model_raises_is_its_own(name: str) -> None:
    function, inputs = SEARCHES[name]
    with pytest.raises(ZeroDivisionError):
        function(**inputs | dict(step=lambda state, tokens: 1 / 0))


@all_searches
def test_float32_and_lists(name: str) -> None:
    """A model may answer in float32, with lists, and for a state that is a list; ids may be numpy's."""
    function, inputs = SEARCHES[name]
    step = answering(lambda log_probs, state: [log_probs.astype(np.float32), state])
    ours = function(**inputs | dict(step=step, state=[[START]], start=np.int32(START), end=np.int64(END)))
    for one, other in zip(_flat(ours), _flat(function(**inputs)), strict=True):
        assert one == pytest.approx(other, rel=1e-6)


def _flat(found: Any) -> list[float]:
    if isinstance(found, list | tuple | np.ndarray):
        return [number for entry in found for number in _flat(entry)]
    return [float(found)]


@all_searches
def test_nothing_is_changed(name: str) -> None:
    """Neither the state nor what the model returns, and the answer is a new one."""
    function, inputs = SEARCHES[name]
    kept: list[Array] = []

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        log_probs, state = STEP(state, tokens)
        kept.extend([log_probs, log_probs.copy()])
        return log_probs, state

    state = INITIAL.copy()
    first = _flat(function(**inputs | dict(step=step, state=state)))
    assert _flat(function(**inputs)) == first
    np.testing.assert_array_equal(state, INITIAL)
    for log_probs, before in zip(kept[::2], kept[1::2], strict=True):
        np.testing.assert_array_equal(log_probs, before)


def test_length_normalised_refuses() -> None:
    refuse(decoding.length_normalised, "score", score=np.array(["a"]), length=1, alpha=1.0)
    for length in (-1, 1.5, np.array([1, -1])):
        refuse(decoding.length_normalised, "length", score=-1.0, length=length, alpha=1.0)
    refuse(decoding.length_normalised, "length", score=np.zeros(2), length=np.array([1, 2, 3]), alpha=1.0)
    for alpha in (-1.0, np.nan, np.inf, None):
        refuse(decoding.length_normalised, "alpha", score=-1.0, length=1, alpha=alpha)


def test_length_normalised_of_nothing() -> None:
    assert decoding.length_normalised(np.zeros(0), np.zeros(0, np.int64), 0.6).shape == (0,)


def test_texts_are_lists_of_tokens() -> None:
    """A str would be taken for its characters."""
    for wrong in ("a text", 3, None):
        for function in (decoding.rouge_l, lambda hypothesis, reference: decoding.rouge_n(hypothesis, reference, 2)):
            refuse(function, "hypothesis", hypothesis=wrong, reference=["a"])
            refuse(function, "reference", hypothesis=["a"], reference=wrong)
        refuse(decoding.bleu, "hypotheses", hypotheses=wrong, references=[])
        refuse(decoding.bleu, r"hypotheses\[1\]", hypotheses=[["a"], wrong], references=[[["a"]], [["a"]]])
        refuse(decoding.bleu, r"references\[0\]\[1\]", hypotheses=[["a"]], references=[[["a"], wrong]])
    for n in (0, -1, 1.0, "2"):
        refuse(decoding.rouge_n, "n", hypothesis=["a"], reference=["a"], n=n)


def test_bleu_needs_a_reference_for_each() -> None:
    refuse(decoding.bleu, "references", hypotheses=[["a"]], references=[])
    refuse(decoding.bleu, r"references\[0\]", hypotheses=[["a"]], references=[[]])


def test_scores_of_nothing() -> None:
    assert decoding.bleu([], []) == 0
    assert decoding.bleu([[], []], [[["a"]], [[]]]) == 0
    assert decoding.rouge_n([], [], 1) == decoding.rouge_l([], []) == (0, 0, 0)


def test_tokens_of_any_kind() -> None:
    """Words, ids or tuples, in lists or tuples."""
    words, ids = ["b", "a", "b", "c", "d"], (1, 0, 1, 2, 3)
    assert decoding.rouge_n(words, words[1:], 2) == decoding.rouge_n(ids, ids[1:], 2)
    assert decoding.rouge_l(words, words[1:]) == decoding.rouge_l(ids, ids[1:])
    assert decoding.bleu([words], [[words[:-1]]]) == decoding.bleu([ids], [[ids[:-1]]])
