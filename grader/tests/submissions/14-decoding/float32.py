"""Sums in float32, hypotheses as tuples."""

# %%
import numpy as np


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    score, words = np.float32(0), ()
    for _ in range(max_length):
        log_probs, state = step(state, np.array([words[-1] if words else start], dtype=np.int32))
        log_probs = log_probs.astype(np.float32)
        words += (log_probs.argmax(),)
        score += log_probs.max()
        if words[-1] == end:
            break
    return words, score


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    return np.float32(1) * score / (np.float32(5 / 6) + length / np.float32(6)) ** np.float32(alpha)


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    live, finished = {(): np.float32(0)}, {}
    tokens = np.array([start], dtype=np.int32)
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        log_probs = log_probs.astype(np.float32)
        options = [
            (words + (v,), total + log_probs[i, v], i)
            for i, (words, total) in enumerate(live.items())
            for v in range(log_probs.shape[1])
            if np.isfinite(log_probs[i, v])
        ]
        options = sorted(options, key=lambda option: option[1], reverse=True)[: width - len(finished)]
        finished |= {words: total for words, total, _ in options if words[-1] == end}
        live = {words: total for words, total, _ in options if words[-1] != end}
        if not live:
            break
        state = state[[i for words, _, i in options if words[-1] != end]]
        tokens = np.array([words[-1] for words in live], dtype=np.int32)
    scores = {words: length_normalised(total, len(words), length_penalty) for words, total in (finished | live).items()}
    best = sorted(scores, key=scores.get, reverse=True)
    return best, np.array([scores[words] for words in best], dtype=np.float32)


# %% solution="rouge_n"
def rouge_n(hypothesis, reference, n):
    left = [reference[i : i + n] for i in range(len(reference) - n + 1)]
    all_theirs, all_ours, shared = len(left), 0, 0
    for i in range(len(hypothesis) - n + 1):
        all_ours += 1
        if hypothesis[i : i + n] in left:
            left.remove(hypothesis[i : i + n])
            shared += 1
    p = shared / all_ours if all_ours else 0
    r = shared / all_theirs if all_theirs else 0
    return p, r, 2 * p * r / (p + r) if p + r else 0


# %% solution="rouge_l"
def rouge_l(hypothesis, reference):
    m, n = len(hypothesis), len(reference)
    L = [[0] * (n + 1) for _ in range(m + 1)]
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            if hypothesis[i - 1] == reference[j - 1]:
                L[i][j] = 1 + L[i - 1][j - 1]
            else:
                L[i][j] = max(L[i - 1][j], L[i][j - 1])
    p = L[m][n] / m if m else 0.0
    r = L[m][n] / n if n else 0.0
    return [p, r, 2 * p * r / (p + r) if p + r else 0.0]


# %% solution="bleu"
def bleu(hypotheses, references):
    product = 1.0
    for n in (1, 2, 3, 4):
        shared = said = 0
        for k in range(len(hypotheses)):
            grams = [tuple(hypotheses[k][i : i + n]) for i in range(len(hypotheses[k]) - n + 1)]
            said += len(grams)
            for gram in set(grams):
                most = 0
                for reference in references[k]:
                    count = 0
                    for i in range(len(reference) - n + 1):
                        if tuple(reference[i : i + n]) == gram:
                            count += 1
                    most = max(most, count)
                shared += min(most, grams.count(gram))
        if shared == 0:
            return 0
        product *= shared / said
    c = r = 0
    for k in range(len(hypotheses)):
        c += len(hypotheses[k])
        best = None
        for length in sorted(len(reference) for reference in references[k]):
            if best is None or abs(length - len(hypotheses[k])) < abs(best - len(hypotheses[k])):
                best = length
        r += best
    penalty = 1 if c >= r else np.exp(1 - r / c)
    return penalty * product**0.25
