"""Loops over everything, plain lists, no numpy but for what step needs."""

# %%
import numpy as np


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    tokens = []
    score = 0
    while len(tokens) < max_length and (not tokens or tokens[-1] != end):
        log_probs, state = step(state, np.array([tokens[-1] if tokens else start]))
        best = 0
        for word in range(len(log_probs[0])):
            if log_probs[0][word] > log_probs[0][best]:
                best = word
        tokens.append(best)
        score = score + log_probs[0][best]
    return tokens, score


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    return score * (5 + length) ** -alpha * 6**alpha


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    beam = [([], 0.0)]
    finished = []
    last = [start]
    for round_ in range(max_length):
        log_probs, states = step(state, np.array(last))
        places = width - len(finished)
        chosen = []  # kept in order, the best first
        for parent in range(len(beam)):
            for word in range(len(log_probs[parent])):
                total = beam[parent][1] + log_probs[parent][word]
                if total == -np.inf:
                    continue
                at = len(chosen)
                while at > 0 and chosen[at - 1][0] < total:
                    at -= 1
                chosen.insert(at, (total, parent, word))
                del chosen[places:]
        new_beam, rows = [], []
        for total, parent, word in chosen:
            hypothesis = (beam[parent][0] + [word], total)
            if word == end:
                finished.append(hypothesis)
            else:
                new_beam.append(hypothesis)
                rows.append(parent)
        beam = new_beam
        if len(beam) == 0:
            break
        state = np.array([states[row] for row in rows])
        last = [words[-1] for words, _ in beam]
    answer = []
    for words, total in finished + beam:
        answer.append((length_normalised(total, len(words), length_penalty), words))
    answer.sort(key=lambda pair: pair[0], reverse=True)
    return [words for _, words in answer], [score for score, _ in answer]


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
