"""A heap for the beam, a class for hypotheses, memoised recursion for the sub-sequence."""

# %%
import heapq
import math
from collections import defaultdict
from functools import lru_cache

import numpy as np


class Hypothesis:
    def __init__(self, words, total, row):
        self.words, self.total, self.row = words, total, row


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    hypotheses, scores = beam_search(step, state, start, end, 1, max_length, 0)
    return hypotheses[0], scores[0]


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    return score / np.exp(alpha * np.log((5 + length) / 6))


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    alive, ended = [Hypothesis([], 0.0, 0)], []
    tokens = [start]
    for _ in range(max_length):
        log_probs, state = step(state, np.asarray(tokens))
        every = (
            (-(h.total + log_p), place, word)
            for place, h in enumerate(alive)
            for word, log_p in enumerate(log_probs[place].tolist())
            if log_p != -math.inf
        )
        best = heapq.nsmallest(width - len(ended), every)
        children = [Hypothesis(alive[place].words + [word], -minus, place) for minus, place, word in best]
        ended += [h for h in children if h.words[-1] == end]
        alive = [h for h in children if h.words[-1] != end]
        if not alive:
            break
        state = np.stack([state[h.row] for h in alive])
        tokens = [h.words[-1] for h in alive]
    every = ended + alive
    scores = [length_normalised(h.total, len(h.words), length_penalty) for h in every]
    ranking = sorted(zip([-score for score in scores], range(len(every))))
    return [every[i].words for _, i in ranking], np.array([scores[i] for _, i in ranking])


def count(tokens, n):
    found = defaultdict(int)
    for i in range(n - 1, len(tokens)):
        found[" ".join(tokens[i - n + 1 : i + 1])] += 1
    return found


def three(shared, ours, theirs):
    if min(shared, ours, theirs) == 0:
        return 0, 0, 0
    return shared / ours, shared / theirs, 2 * shared / (ours + theirs)


# %% solution="rouge_n"
def rouge_n(hypothesis, reference, n):
    ours, theirs = count(hypothesis, n), count(reference, n)
    shared = sum(min(number, theirs.get(gram, 0)) for gram, number in ours.items())
    return three(shared, sum(ours.values()), sum(theirs.values()))


# %% solution="rouge_l"
def rouge_l(hypothesis, reference):
    @lru_cache(None)
    def longest(i, j):
        if i == len(hypothesis) or j == len(reference):
            return 0
        if hypothesis[i] == reference[j]:
            return 1 + longest(i + 1, j + 1)
        return max(longest(i + 1, j), longest(i, j + 1))

    return three(longest(0, 0), len(hypothesis), len(reference))


# %% solution="bleu"
def bleu(hypotheses, references):
    logs = 0.0
    for n in range(1, 5):
        top = bottom = 0
        for hypothesis, choices in zip(hypotheses, references):
            ours, theirs = count(hypothesis, n), [count(choice, n) for choice in choices]
            top += sum(min(number, max(t.get(gram, 0) for t in theirs)) for gram, number in ours.items())
            bottom += sum(ours.values())
        if not top:
            return 0.0
        logs += math.log(top / bottom) / 4
    c = sum(len(hypothesis) for hypothesis in hypotheses)
    r = 0
    for hypothesis, choices in zip(hypotheses, references):
        lengths = [len(choice) for choice in choices]
        r += min(lengths, key=lambda length: abs(length - len(hypothesis)) + 0.1 * (length > len(hypothesis)))
    return math.exp(logs + min(0, 1 - r / c))
