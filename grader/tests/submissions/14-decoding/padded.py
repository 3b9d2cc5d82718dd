"""A beam of fixed width whose empty places have -inf; states and words are kept in full arrays."""

# %%
import numpy as np


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    words = np.zeros(max_length, dtype=int)
    logs = np.zeros(max_length)
    last = start
    for t in range(max_length):
        log_probs, state = step(state, np.array([last]))
        words[t] = last = np.argmax(log_probs)
        logs[t] = log_probs.ravel()[last]
        if last == end:
            return words[: t + 1], logs.sum()
    return words, logs.sum()


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    return np.asarray(score) / ((5.0 + np.asarray(length)) / 6.0) ** alpha


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    words = np.full((width, max_length), -1)
    sums = np.full(width, -np.inf)
    lengths, over = np.zeros(width, int), np.zeros(width, int)  # over: when it ended, 0 for never
    sums[0], n, places, answer = 0.0, 1, width, []
    last = np.full(width, start)
    for t in range(max_length):
        log_probs, states = step(state, last[:n])
        totals = np.full((width, log_probs.shape[1]), -np.inf)
        totals[:n] = sums[:n, None] + log_probs
        flat = totals.ravel()
        new_words, rows, n_next = np.full((width, max_length), -1), [], 0
        new_sums, new_last = np.full(width, -np.inf), last.copy()
        for index in sorted(range(len(flat)), key=lambda k: (-flat[k], k))[:places]:
            if flat[index] == -np.inf:
                break
            parent, word = divmod(index, log_probs.shape[1])
            line = words[parent].copy()
            line[t] = word
            if word == end:
                answer.append((float(flat[index]), line[: t + 1].tolist()))
                places -= 1
            else:
                new_words[n_next], new_sums[n_next], new_last[n_next] = line, flat[index], word
                rows.append(parent)
                n_next += 1
        words, sums, last, n = new_words, new_sums, new_last, n_next
        if n == 0:
            break
        state = states.take(rows, axis=0)
    answer += [(float(sums[k]), words[k].tolist()) for k in range(n)]
    scores = np.array([length_normalised(total, len(line), length_penalty) for total, line in answer])
    order = np.lexsort((np.arange(len(scores)), -scores))
    return tuple(answer[k][1] for k in order), scores[order]


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
