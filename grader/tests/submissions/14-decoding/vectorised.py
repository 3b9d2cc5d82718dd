"""Arrays throughout; hypotheses are rows of an array, scores a namedtuple's field."""

# %%
from collections import Counter, namedtuple

import numpy as np

Found = namedtuple("Found", "hypotheses scores")
Rouge = namedtuple("Rouge", "precision recall f1")


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    tokens = np.array([start])
    log_ps = []
    for _ in range(max_length):
        log_probs, state = step(state, tokens[-1:])
        tokens = np.append(tokens, np.argmax(log_probs, axis=1))
        log_ps.append(log_probs.max())
        if tokens[-1] == end:
            break
    return tokens[1:], np.sum(log_ps)


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    return np.divide(score, np.power((np.add(5, length)) / 6, alpha))


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    words, sums = np.full((1, 1), start), np.zeros(1)
    done, done_sums = [], []
    while words.shape[1] <= max_length and len(words):
        log_probs, state = step(state, words[:, -1])
        totals = sums[:, None] + log_probs
        order = np.argsort(-totals, axis=None, kind="stable")[: width - len(done)]
        parents, tokens = np.unravel_index(order, totals.shape)
        possible = np.isfinite(totals[parents, tokens])
        parents, tokens = parents[possible], tokens[possible]
        sums = totals[parents, tokens]
        words = np.hstack([words[parents], tokens[:, None]])
        over = tokens == end
        done.extend(words[over, 1:])
        done_sums.extend(sums[over])
        words, sums, state = words[~over], sums[~over], state[parents][~over]
    done.extend(words[:, 1:])
    done_sums.extend(sums)
    if not done:
        return Found([], np.zeros(0))
    scores = length_normalised(np.array(done_sums), np.array([len(row) for row in done]), length_penalty)
    order = np.argsort(scores[::-1], kind="stable")[::-1]
    order = len(scores) - 1 - order
    return Found([done[i] for i in order], scores[order])


def grams(tokens, n):
    return Counter(zip(*(tokens[i:] for i in range(n))))


def f(shared, ours, theirs):
    with np.errstate(all="ignore"):
        p, r = np.nan_to_num(np.divide([shared, shared], [ours, theirs]))
        return Rouge(p, r, np.nan_to_num(2 * p * r / (p + r)))


# %% solution="rouge_n"
def rouge_n(hypothesis, reference, n):
    ours, theirs = grams(hypothesis, n), grams(reference, n)
    return f((ours & theirs).total(), ours.total(), theirs.total())


# %% solution="rouge_l"
def rouge_l(hypothesis, reference):
    row = np.zeros(len(reference) + 1, int)
    for word in hypothesis:
        same = np.array([word == other for other in reference], bool)
        row[1:] = np.maximum.accumulate(np.maximum(row[1:], np.where(same, row[:-1] + 1, 0)))
    return f(row[-1], len(hypothesis), len(reference))


# %% solution="bleu"
def bleu(hypotheses, references):
    ps = []
    for n in range(1, 5):
        pairs = [(grams(h, n), [grams(r, n) for r in rs]) for h, rs in zip(hypotheses, references)]
        shared = sum(min(ours[g], max(t[g] for t in theirs)) for ours, theirs in pairs for g in ours)
        ps.append(shared / max(1, sum(ours.total() for ours, _ in pairs)))
    c = np.array([len(h) for h in hypotheses])
    r = [min(sorted(map(len, rs)), key=lambda length: abs(length - len(h))) for h, rs in zip(hypotheses, references)]
    with np.errstate(all="ignore"):
        return np.exp(min(0, 1 - sum(r) / c.sum()) + np.log(ps).mean())
