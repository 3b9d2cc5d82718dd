"""Beam search for many sentences at once is beam search for each of them."""

from functools import partial

import numpy as np
import pytest

from reference import Array
from reference.beam_search_batch import beam_search_batch
from reference.decoding import Ids, State, Step, beam_search
from reference.tests.test_decoding import END, START, Found, random_table


def by_sentence(tables: Array) -> Step:
    """A model that has a table (V, V, V) for each sentence; its state: the sentence's number, the word before last."""

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        return tables[state[:, 0], state[:, 1], tokens], np.stack([state[:, 0], tokens], axis=1)

    return step


def first_states(sentences: Ids) -> State:
    return np.stack([sentences, np.full(len(sentences), START)], axis=1)


def tables(seed: int, ids: int, sentences: int = 5) -> Array:
    """Of models that end early and late: END has more and less than its share."""
    made = np.stack([random_table(seed + i, ids) for i in range(sentences)])
    made[..., END] += np.arange(sentences)[:, np.newaxis, np.newaxis] - 2
    return made


def assert_same(ours: Found, theirs: Found) -> None:
    assert ours[0] == theirs[0]
    np.testing.assert_array_equal(ours[1], theirs[1])


all_widths = pytest.mark.parametrize("width", [1, 2, 3, 8, 40])


@all_widths
@pytest.mark.parametrize("ids", [4, 7])
def test_each_sentence_as_if_alone(width: int, ids: int) -> None:
    """The same hypotheses, and scores to the last bit."""
    step, states = by_sentence(tables(10 * ids, ids)), first_states(np.arange(5))
    found = beam_search_batch(step, states, START, END, width, 6, 0.6)
    assert len(found) == len(states)
    for state, ours in zip(states, found, strict=True):
        assert_same(ours, beam_search(step, state[np.newaxis], START, END, width, 6, 0.6))


@all_widths
@pytest.mark.parametrize("ids", [1024, 1100, 1699])
def test_with_many_words(width: int, ids: int) -> None:
    """So many that they are grouped, into groups of equal sizes and others; some sentences end, some do not."""
    table = np.random.default_rng(ids).normal(size=(ids, ids)) - 10
    table[:, END] += 2

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        return table[(tokens + 31 * state[:, 0]) % ids], state

    states = np.array([[0], [9], [2], [500], [7]])
    found = beam_search_batch(step, states, START, END, width, 5, 0.6)
    ended = [hypothesis[-1] == END for hypotheses, _ in found for hypothesis in hypotheses]
    assert width < 3 or (any(ended) and not all(ended))
    for state, ours in zip(states, found, strict=True):
        assert_same(ours, beam_search(step, state[np.newaxis], START, END, width, 5, 0.6))


def test_whatever_the_order_of_the_batch() -> None:
    step, order = by_sentence(tables(1, 6)), np.array([3, 0, 4, 4, 2, 1])
    search = partial(beam_search_batch, step, start=START, end=END, width=4, max_length=7, length_penalty=0.6)
    straight, turned = search(first_states(np.arange(5))), search(first_states(order))
    for sentence, ours in zip(order, turned, strict=True):
        assert_same(ours, straight[sentence])


@pytest.mark.parametrize("ids", [5, 1500])
@pytest.mark.parametrize("width", [1, 3, 70])
def test_ties_and_what_is_impossible(ids: int, width: int) -> None:
    """With sums of which many are equal, and most words impossible, in some rows all."""
    rng = np.random.default_rng(ids)
    table = -rng.integers(1, 4, (ids, ids)) / 4.0
    table[rng.random((ids, ids)) < 0.6] = -np.inf
    table[rng.random(ids) < 0.2] = -np.inf
    table[:, END] = np.where(rng.random(ids) < 0.3, -0.5, -np.inf)

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        return table[(tokens + state[:, 0]) % ids], state

    states = np.arange(6)[:, np.newaxis]
    found = beam_search_batch(step, states, START, END, width, 5, 0.5)
    assert len({len(hypotheses) for hypotheses, _ in found}) > 1 or width == 1
    for state, ours in zip(states, found, strict=True):
        assert_same(ours, beam_search(step, state[np.newaxis], START, END, width, 5, 0.5))


def test_all_words_alike() -> None:
    """Every group holds a best word, and the lowest ids win."""
    found = beam_search_batch(
        lambda state, tokens: (np.full((len(tokens), 3000), -8.0), state), np.zeros((2, 1)), START, END, 4, 2, 0.0
    )
    for hypotheses, _ in found:
        assert hypotheses == [[END], [0, 0], [0, 1], [0, 2]]


def test_only_what_lives_is_computed() -> None:
    """The calls of the batch are those of its sentences, added up; an ended sentence adds nothing."""
    model, counts = by_sentence(tables(3, 6)), list[int]()

    def counted(state: State, tokens: Ids) -> tuple[Array, State]:
        assert tokens.dtype == np.int64 and len(tokens) == len(state)
        counts.append(len(tokens))
        return model(state, tokens)

    alone = np.zeros((5, 8), int)
    for sentence in range(5):
        counts.clear()
        beam_search(counted, first_states(np.array([sentence])), START, END, 3, 8, 0.6)
        alone[sentence, : len(counts)] = counts
    counts.clear()
    beam_search_batch(counted, first_states(np.arange(5)), START, END, 3, 8, 0.6)
    assert len({np.count_nonzero(row) for row in alone}) > 1
    assert counts == [total for total in alone.sum(axis=0).tolist() if total]


def test_no_sentences() -> None:
    assert beam_search_batch(by_sentence(tables(0, 5)), first_states(np.arange(0)), START, END, 3, 4, 0.6) == []
