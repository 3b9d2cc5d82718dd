"""Beam search for many sentences at once: the same answers as `beam_search`, a round of all of them one call of `step`.

Nothing is computed for what has ended: hypotheses that are finished leave the batch, and so do sentences with them.
The best continuations of all sentences are found without sorting, or even copying, the n · V log-probabilities.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.decoding import Ids, State, Step, check_width, checked_search, next_words, ranked

_DEPTH = 32  # words per group in the search for the best ones
_LARGE = 1024  # from how many words on it is worth while to group them


def beam_search_batch(
    step: Step, state: State, start: int, end: int, width: int, max_length: int, length_penalty: float
) -> list[tuple[list[list[int]], Array]]:
    """`beam_search` for every row of state.

    A row of what `step` is given belongs to any of the sentences. If a model looks things up that belong to the
    sentence, as attention does, let its state carry the number of the sentence, rather than a copy for each hypothesis.

    Parameters
    ----------
    step : function of state (n, ...) and tokens (n,), n up to B · width
        Called once a round, with the live hypotheses of all sentences, sentence by sentence, the best-placed first.
    state : ndarray of shape (B, ...)
    start, end, width, max_length, length_penalty
        As in `beam_search`.

    Returns
    -------
    found : list of B times (hypotheses, scores)
        What `beam_search` finds for each sentence alone, whatever the others are.
    """
    state = checked_search(state, start, end, max_length)
    check_width(width, length_penalty)
    B = len(state)
    finished: list[list[tuple[list[int], float]]] = [[] for _ in range(B)]
    places = np.full(B, width)
    sentences, sums, tokens = np.arange(B), np.zeros(B), np.full(B, start)
    words = np.zeros((B, max_length), np.int64)
    t = 0
    while t < max_length and len(sentences):
        log_probs, state = next_words(step, state, tokens, end)
        parents, tokens, sums = _best(log_probs, sums, sentences, places)
        sentences, words = sentences[parents], words[parents]
        words[:, t] = tokens
        t += 1
        ended = tokens == end
        for i in np.flatnonzero(ended):
            finished[sentences[i]].append((words[i, :t].tolist(), float(sums[i])))
        places -= np.bincount(sentences[ended], minlength=B)
        state, sentences, words = state[parents[~ended]], sentences[~ended], words[~ended]
        tokens, sums = tokens[~ended], sums[~ended]
    for sentence, hypothesis, total in zip(sentences, words[:, :t].tolist(), sums.tolist(), strict=True):
        finished[sentence].append((hypothesis, total))
    return [ranked(found, length_penalty) for found in finished]


def _best(log_probs: Array, sums: Array, sentences: Ids, places: Ids) -> tuple[Ids, Ids, Array]:
    """The best continuations of every sentence, as many as it has places: parents, words and sums, all of shape (m,).

    In the order of the sentences, and within one as `beam_search` has them. log_probs (n, V); sums and sentences, in
    rising order, (n,). The words of a row are dealt out into groups, and only groups with a good best word are opened:
    k groups whose best words are `floor` or better hold k words that are, so that nothing below `floor` is among the
    k best.
    """
    starts = np.flatnonzero(np.diff(sentences, prepend=-1))  # the first row of each sentence
    counts = np.diff(starts, append=len(sentences))
    number = np.repeat(np.arange(len(starts)), counts)  # (n,): of the row's sentence among those left
    maxima = _group_maxima(log_probs) + sums[:, np.newaxis]  # (n, groups)
    floor = _kth_largest(maxima, number, np.arange(len(number)) - starts[number], places.max())[number]

    rows, groups = np.nonzero((maxima >= floor[:, np.newaxis]) & (maxima > -np.inf))
    V = log_probs.shape[1]
    words = groups[:, np.newaxis] + np.arange(0, V, maxima.shape[1])  # (opened groups, words of a group)
    values = log_probs[rows[:, np.newaxis], np.minimum(words, V - 1)] + sums[rows, np.newaxis]
    good = (words < V) & (values >= floor[rows, np.newaxis]) & (values > -np.inf)
    rows, words, values = np.broadcast_to(rows[:, np.newaxis], good.shape)[good], words[good], values[good]

    order = np.lexsort((words, rows, -values, number[rows]))
    rows, words, values = rows[order], words[order], values[order]
    rank = np.arange(len(rows)) - np.searchsorted(number[rows], number[rows])
    kept = rank < places[sentences[rows]]
    return rows[kept], words[kept], values[kept]


def _group_maxima(log_probs: Array) -> Array:
    """The largest of each group of words, (n, groups): word v belongs to group v modulo their number."""
    n, V = log_probs.shape
    if V < _LARGE:
        return log_probs
    groups = V // _DEPTH
    whole = V - V % groups
    maxima: Array = log_probs[:, :whole].reshape(n, -1, groups).max(axis=1)
    rest = log_probs[:, whole:]
    np.maximum(maxima[:, : rest.shape[1]], rest, out=maxima[:, : rest.shape[1]])
    return maxima


def _kth_largest(values: Array, number: Ids, place: Ids, k: int) -> npt.NDArray[Any]:
    """Of all values (n, m) in the rows of one number, the k-th largest; -inf if there are fewer."""
    table = np.full((number[-1] + 1, place.max() + 1, values.shape[1]), -np.inf)
    table[number, place] = values
    table = table.reshape(len(table), -1)
    if table.shape[1] < k:
        return np.full(len(table), -np.inf)
    return np.partition(table, -k, axis=1)[:, -k]
