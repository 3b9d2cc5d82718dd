"""Searches and scores: values on paper, exhaustive search, the hypotheses scored again, rouge-score, sacrebleu."""

import math
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
import sacrebleu
from rouge_score import rouge_scorer

from reference import Array, decoding
from reference.decoding import Ids, State, Step

V, START, END = 4, 2, 3
Found = tuple[list[list[int]], Array]


def second_order(table: Array) -> Step:
    """The model that takes log p(word | the last two) from a table (V, V, V); its state is the word before the last."""

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        return table[state[:, 0], tokens], tokens[:, np.newaxis]

    return step


def whole_history(table: Array) -> Step:
    """A model that knows all words so far, and whose log-probs (histories, V) are a table: no two sums are equal."""

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        history = state * V + tokens[:, np.newaxis]
        return table[history[:, 0]], history

    return step


def random_table(seed: int, ids: int = V) -> Array:
    """Of a model that is sure of little: rows of probabilities that add up to 1, as logarithms."""
    logits = np.random.default_rng(seed).normal(scale=1.5, size=(ids, ids, ids))
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))


def paper_table(**rows: dict[str, float]) -> Array:
    """Words a, b, START, END are 0, 1, 2, 3: the probabilities after a word, whatever was before it."""
    names = {"a": 0, "b": 1, "start": START, "end": END}
    p = np.zeros((V, V, V))
    for last, following in rows.items():
        for word, probability in following.items():
            p[:, names[last], names[word]] = probability
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p))


INITIAL = np.array([[START]])  # of second_order
NOTHING_READ = np.array([[0]])  # of whole_history

# Greedy takes a at 0.6, and its best sentence ends with 0.6 · 0.4; the one with b has 0.4 · 0.9.
GARDEN_PATH = paper_table(start={"a": 0.6, "b": 0.4}, a={"a": 0.3, "b": 0.3, "end": 0.4}, b={"a": 0.1, "end": 0.9})


def words_of(text: str) -> list[str]:
    return text.split()


def rescored(step: Step, state: State, start: int, hypothesis: list[int]) -> float:
    """The sum of the log-probabilities of a hypothesis, read word by word."""
    total = 0.0
    for last, word in zip([start, *hypothesis[:-1]], hypothesis, strict=True):
        log_probs, state = step(state, np.array([last]))
        total += float(log_probs[0, word])
    return total


def exhaustive(step: Step, state: State, max_length: int, alpha: float, ids: int = V) -> Found:
    """Every sentence that ends in time, and every beginning of max_length words that has not ended; the best first."""
    sentences = [
        [*body, last]
        for length in range(max_length)
        for body in product([word for word in range(ids) if word != END], repeat=length)
        for last in range(ids)
        if last == END or length == max_length - 1
    ]
    sums = np.array([rescored(step, state, START, sentence) for sentence in sentences])
    scores = sums / np.array([((5 + len(sentence)) / 6) ** alpha for sentence in sentences])
    order = [i for i in np.argsort(-scores, kind="stable") if sums[i] > -np.inf]
    return [sentences[i] for i in order], scores[order]


def test_greedy_on_paper() -> None:
    """a is likelier than b, and after it END is likeliest: log 0.6 + log 0.4."""
    tokens, score = decoding.greedy_search(second_order(GARDEN_PATH), INITIAL, START, END, 5)
    assert tokens == [0, END]
    assert score == pytest.approx(math.log(0.24))


def test_greedy_is_cut_off() -> None:
    """Without END after max_length words; and of equals the first is taken."""
    table = paper_table(start={"a": 0.5, "b": 0.5}, a={"b": 0.9, "end": 0.1}, b={"a": 1.0})
    tokens, score = decoding.greedy_search(second_order(table), INITIAL, START, END, 3)
    assert tokens == [0, 1, 0]
    assert score == pytest.approx(math.log(0.5 * 0.9))


def test_greedy_where_nothing_is_possible() -> None:
    """Id 0, at -inf, and on."""
    tokens, score = decoding.greedy_search(second_order(paper_table()), INITIAL, START, END, 2)
    assert (tokens, score) == ([0, 0], -math.inf)


def test_beam_on_paper() -> None:
    """Width 2 keeps b as well, and finds b END, 0.36; a END, 0.24, comes second."""
    hypotheses, scores = decoding.beam_search(second_order(GARDEN_PATH), INITIAL, START, END, 2, 5, 0.0)
    assert hypotheses == [[1, END], [0, END]]
    np.testing.assert_allclose(scores, np.log([0.36, 0.24]))


def test_a_finished_hypothesis_keeps_its_place() -> None:
    """END at once, 0.3, takes one of two places; what is left is the best of the rest alone: a a ... a."""
    table = paper_table(start={"a": 0.5, "end": 0.3, "b": 0.2}, a={"a": 0.6, "b": 0.4}, b={"end": 1.0})
    hypotheses, scores = decoding.beam_search(second_order(table), INITIAL, START, END, 2, 3, 0.0)
    assert hypotheses == [[END], [0, 0, 0]]
    np.testing.assert_allclose(scores, np.log([0.3, 0.5 * 0.36]))


def test_the_penalty_decides() -> None:
    """Of END, 0.3, and a a END, 0.5 · 0.6 · 0.9 = 0.27: the longer one with alpha 1, since 8/6 divides its sum."""
    table = paper_table(start={"a": 0.5, "end": 0.3}, a={"a": 0.6, "end": 0.01})
    table[0, 0] = np.log([0.05, 0.05, 1e-9, 0.9])
    search = partial(decoding.beam_search, second_order(table), INITIAL, START, END, 2, 3)
    assert search(0.0)[0] == [[END], [0, 0, END]]
    hypotheses, scores = search(1.0)
    assert hypotheses == [[0, 0, END], [END]]
    np.testing.assert_allclose(scores, [math.log(0.27) * 6 / 8, math.log(0.3)])


def test_ties() -> None:
    """The better-placed beginning, then the lower id; what has ended goes before what has not."""
    half = np.log(0.5)
    table = np.full((V, V, V), -np.inf)
    table[:, START, :2] = half  # a, b
    table[:, 0, [1, END]] = half  # a b, a END
    table[:, 1, [0, END]] = half  # b a, b END
    search = partial(decoding.beam_search, second_order(table), INITIAL, START, END)
    assert search(1, 2, 0.0)[0] == [[0, 1]]
    assert search(3, 2, 0.0)[0] == [[0, END], [0, 1], [1, 0]]
    assert search(4, 2, 0.0)[0] == [[0, END], [1, END], [0, 1], [1, 0]]
    assert decoding.greedy_search(second_order(table), INITIAL, START, END, 2)[0] == [0, 1]


@pytest.mark.parametrize("max_length", [1, 2, 3, 4])
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_a_wide_beam_is_exhaustive(max_length: int, alpha: float) -> None:
    """With width V^max_length nothing is cut off: all sentences, in order, with their scores; so for larger ones."""
    for seed in range(3):
        logits = np.random.default_rng(seed).normal(scale=1.5, size=(3 * V**max_length, V))
        step = whole_history(np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))))
        expected, expected_scores = exhaustive(step, NOTHING_READ, max_length, alpha)
        for width in (V**max_length, 3 * V**max_length):
            hypotheses, scores = decoding.beam_search(step, NOTHING_READ, START, END, width, max_length, alpha)
            assert hypotheses == expected
            np.testing.assert_allclose(scores, expected_scores)


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_width_one_is_greedy(alpha: float) -> None:
    for seed in range(50):
        step = second_order(random_table(seed, 7))
        tokens, score = decoding.greedy_search(step, INITIAL, START, END, 8)
        hypotheses, scores = decoding.beam_search(step, INITIAL, START, END, 1, 8, alpha)
        assert hypotheses == [tokens]
        assert scores == pytest.approx([decoding.length_normalised(score, len(tokens), alpha)])


@pytest.mark.parametrize("width", [1, 2, 3, 7, 20])
def test_what_is_returned(width: int) -> None:
    """Different hypotheses that score what they say, the best first, as many as there is room for."""
    for seed in range(20):
        step = second_order(random_table(seed, 6))
        hypotheses, scores = decoding.beam_search(step, INITIAL, START, END, width, 7, 0.7)
        assert len(hypotheses) == width == len({*map(tuple, hypotheses)})
        assert (np.diff(scores) <= 0).all() and scores.dtype == np.float64
        for hypothesis, score in zip(hypotheses, scores, strict=True):
            assert END not in hypothesis[:-1]
            assert hypothesis[-1] == END or len(hypothesis) == 7
            total = rescored(step, INITIAL, START, hypothesis)
            assert score == pytest.approx(decoding.length_normalised(total, len(hypothesis), 0.7))


def test_one_call_a_round() -> None:
    """On all live hypotheses, and on nothing else: 1, then what the places left by those that ended allow."""
    calls: list[tuple[int, list[int]]] = []
    model = second_order(paper_table(start={"a": 0.5, "end": 0.3, "b": 0.2}, a={"a": 0.7, "b": 0.3}, b={"end": 1.0}))

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        assert tokens.dtype == np.int64
        calls.append((len(state), tokens.tolist()))
        return model(state, tokens)

    decoding.beam_search(step, INITIAL, START, END, 3, 4, 0.0)
    assert calls == [(1, [START]), (2, [0, 1]), (1, [0]), (1, [0])]


def test_what_is_impossible_is_left_out() -> None:
    """Fewer hypotheses than places; none if nothing is possible, or if every beginning runs into a dead end."""
    table = paper_table(start={"a": 1.0}, a={"b": 0.5, "end": 0.5})
    hypotheses, scores = decoding.beam_search(second_order(table), INITIAL, START, END, 5, 2, 0.0)
    assert hypotheses == [[0, END], [0, 1]]
    for max_length, rows in ((4, {}), (4, {"start": {"a": 1.0}, "a": {"b": 1.0}})):
        found = decoding.beam_search(second_order(paper_table(**rows)), INITIAL, START, END, 5, max_length, 0.6)
        assert found[0] == [] and found[1].shape == (0,)
    assert len(scores) == 2


def test_any_state() -> None:
    """Of any rank and dtype: it is handed from round to round by its first axis."""
    table = random_table(3)

    def step(state: State, tokens: Ids) -> tuple[Array, State]:
        assert state.shape[1:] == (2, 3) and state.dtype == np.float32
        following = np.broadcast_to(tokens[:, np.newaxis, np.newaxis], state.shape).astype(np.float32)
        return table[state[:, 1, 2].astype(int), tokens], following

    state = np.full((1, 2, 3), START, np.float32)
    ours = decoding.beam_search(step, state, START, END, 3, 5, 0.6)
    theirs = decoding.beam_search(second_order(table), INITIAL, START, END, 3, 5, 0.6)
    assert ours[0] == theirs[0]
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_length_normalised_on_paper() -> None:
    """-4 at length 7: divided by 12/6 = 2 with alpha 1, by 4 with alpha 2; alpha 0 leaves it."""
    assert [decoding.length_normalised(-4.0, 7, alpha) for alpha in (0, 1, 2)] == [-4, -2, -1]
    assert isinstance(decoding.length_normalised(-4.0, 7, 1), float)
    normalised = decoding.length_normalised(np.array([[-4.0, -3.0]]), np.array([7, 1]), 1.0)
    np.testing.assert_array_equal(normalised, [[-2, -3]])
    assert decoding.length_normalised(-math.inf, 7, 0.6) == -math.inf


def test_rouge_n_on_paper() -> None:
    """ "the" counts twice at most: 4 of 5 words, 4 of 6; of the pairs "the cat" alone, 1 of 4 and of 5."""
    hypothesis, reference = words_of("the cat the the sat"), words_of("the cat sat on the mat")
    assert decoding.rouge_n(hypothesis, reference, 1) == pytest.approx((4 / 5, 4 / 6, 8 / 11))
    assert decoding.rouge_n(hypothesis, reference, 2) == pytest.approx((1 / 4, 1 / 5, 2 / 9))
    assert decoding.rouge_n(hypothesis, reference, 6) == (0, 0, 0)


def test_rouge_l_on_paper() -> None:
    """In order, with gaps: "the cat … sat" of 4 and of 6."""
    hypothesis, reference = words_of("mat the cat sat"), words_of("the cat has never sat there")
    assert decoding.rouge_l(hypothesis, reference) == pytest.approx((3 / 4, 3 / 6, 0.6))
    assert decoding.rouge_l([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx((0.25, 0.25, 0.25))


def texts(seed: int, count: int, words: int = 6, longest: int = 12) -> list[list[str]]:
    """Texts of few words, many of them repeated; the first is empty."""
    rng = np.random.default_rng(seed)
    return [[], *(list(rng.choice(list("abcdefgh")[:words], rng.integers(1, longest))) for _ in range(count - 1))]


def test_rouge_against_rouge_score() -> None:
    """200 pairs, empty ones among them."""

    class Words:
        def tokenize(self, text: str) -> list[str]:
            return text.split()

    names = ["rouge1", "rouge2", "rouge3", "rougeL"]
    scorer = rouge_scorer.RougeScorer(names, tokenizer=Words())
    pairs = list(zip(texts(0, 200), [*texts(1, 199)[::-1], []], strict=True))
    for hypothesis, reference in pairs:
        theirs: Any = scorer.score(" ".join(reference), " ".join(hypothesis))
        ours = [decoding.rouge_n(hypothesis, reference, n) for n in (1, 2, 3)]
        for name, scores in zip(names, [*ours, decoding.rouge_l(hypothesis, reference)], strict=True):
            assert scores == pytest.approx(tuple(theirs[name])), (name, hypothesis, reference)


def test_bleu_on_paper() -> None:
    """Precisions 5/6, 3/5, 1/4 and 0/3 make 0; a copy that lacks its last of 6 words has exp(1 - 6/5)."""
    reference = words_of("the cat sat on the mat")
    assert decoding.bleu([words_of("the cat sat at the mat")], [[reference]]) == 0
    assert decoding.bleu([reference[:5]], [[reference]]) == pytest.approx(math.exp(-0.2))
    assert decoding.bleu([reference], [[reference]]) == 1
    longer = [*reference, "today"]  # precisions 6/7, 5/6, 4/5, 3/4, whose product is 3/7
    assert decoding.bleu([longer], [[reference]]) == pytest.approx((3 / 7) ** 0.25)


def test_bleu_takes_the_closest_reference_and_the_shorter_of_two() -> None:
    """Of 4 and 8 words for 6, r is 4: no penalty; of 8 and 9, it is 8."""
    words = words_of("a b c d e f g h i")
    assert decoding.bleu([words[:6]], [[words[:8], words[:4]]]) == 1
    assert decoding.bleu([words[:6]], [[words[:9], words[:8]]]) == pytest.approx(math.exp(1 - 8 / 6))


def test_bleu_against_sacrebleu() -> None:
    """Corpora of 1 to 8 sentences with 1 to 3 references, whose hypotheses are references with words exchanged."""
    scores = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size, alternatives = int(rng.integers(1, 9)), int(rng.integers(1, 4))
        references = [[texts(int(rng.integers(10**6)), 2, 4)[1] for _ in range(alternatives)] for _ in range(size)]
        hypotheses = []
        for choices in references:
            hypothesis = [word if rng.random() < 0.8 else "x" for word in choices[0]]
            hypotheses.append(hypothesis + ["y"] * int(rng.integers(0, 2)))
        streams = [[" ".join(choices[k]) for choices in references] for k in range(alternatives)]
        joined = [" ".join(hypothesis) for hypothesis in hypotheses]
        theirs = sacrebleu.corpus_bleu(joined, streams, tokenize="none", smooth_method="none", force=True)
        scores.append(decoding.bleu(hypotheses, references))
        assert scores[-1] == pytest.approx(theirs.score / 100, abs=1e-9)
    assert sum(score > 0 for score in scores) > 20 and 0 in scores
