"""14-decoding, searches and scores: what is asked, what it is worth, how people get it wrong.

The models that are searched are functions of grader/given.py: a small network, and tables for what a network seldom
says (equal sums, -inf, an END that never comes). Searches in which a rounding error could change what is found are
drawn again, so that float32, or another order of adding, finds the same.
"""

from collections import Counter
from functools import partial

import numpy as np

from grader import given
from grader.exercise import Assignment
from reference import decoding

assignment = Assignment("14-decoding")

_NOISES = range(6)


def _found(search, inputs, noise=None):
    """What a right search finds; with noise, by a model whose log-probs are off by up to 1e-4."""
    model = partial(getattr(given, inputs["step"].name), **inputs["step"].constants)

    def noisy(state, tokens):
        log_probs, state = model(state, tokens)
        return log_probs if noise is None else log_probs + 1e-4 * np.sin(1e5 * log_probs + noise), state

    return search(noisy, inputs["state"][np.newaxis], *list(inputs.values())[2:])


def _is_settled(search, inputs):
    """Is the same found whatever the last digits are?"""
    return all(_found(search, inputs, noise)[0] == _found(search, inputs)[0] for noise in _NOISES)


def _network(draw, words, H, start, end, ending):
    """A model whose END is likelier the larger `ending` is, and what it starts from."""
    b_y = draw.normal(words)
    b_y[end] += ending
    step = draw.given(
        "network_words",
        W_e=2 * draw.normal(words, H),
        W_h=1.5 * draw.weights(H, H),
        W_y=2 * draw.weights(H, words),
        b_y=b_y,
    )
    return dict(step=step, state=draw.normal(H), start=start, end=end)


def _table(draw, kind, words, start, end):
    """A model whose log-probs are eighths, so that sums are exact in any order, and many of them equal."""
    table = -draw.integers(4, 12, words, words, words) / 4
    match kind:
        case "ties":
            table[start, start, [i for i in range(words) if i != end][:2]] = -0.5
        case "impossible":
            table[draw.rng.random(table.shape) < 0.85] = -np.inf
            table[start, start, draw.rng.permutation(words)[:2]] = [-0.5, -1.25]
        case "endless":
            table[..., end] = -np.inf
        case "nothing":
            table[...] = -np.inf
    return dict(step=draw.given("tabled_words", table=table), state=np.array([start]), start=start, end=end)


def _start_and_end(draw, words):
    return (int(i) for i in draw.rng.permutation(words)[:2])


@assignment.exercise(
    decoding.greedy_search,
    outputs="tokens; score",
    points=2,
    drive="decoding.greedy_search",
    hints=[
        "A loop over at most max_length words. What does each round need from the one before? Two things.",
        "step answers for a batch of hypotheses, and yours is a batch of one: which shapes go in and come out?",
        "END is a word like any other: it has a log-probability, and it stands in the answer.",
    ],
    extra=[dict(kind="endless"), dict(kind="ties"), dict(kind="cut off")],
)
def greedy_search(draw, T=8, words=7, H=5, kind=""):
    start, end = _start_and_end(draw, words)
    if kind in ("endless", "ties"):
        return _table(draw, kind, words, start, end) | dict(max_length=T)
    while True:
        inputs = _network(draw, words, H, start, end, ending=-5.0 if kind else 0.5) | dict(max_length=T)
        tokens, _ = _found(decoding.greedy_search, inputs)
        usual = T == 1 or (len(tokens) == T and tokens[-1] != end if kind else 3 <= len(tokens) < T)
        if usual and len({start, *tokens}) >= min(len(tokens), 3) and _is_settled(decoding.greedy_search, inputs):
            return inputs


@greedy_search.misconception(
    "Your tokens are right. Add up by hand: one log-probability for each of them.",
    "END has been predicted like the others, and its log-probability counts.",
)
def end_not_counted(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        if last == end:
            break
        score += log_probs[0, last]
    return tokens, score


@greedy_search.misconception(
    "Your score is right. Where is END?",
    "A sentence that has ended says so: END stands at its end. One without it has been cut off.",
)
def end_left_out(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        score += log_probs[0, last]
        if last == end:
            break
        tokens.append(last)
    return tokens, score


@greedy_search.misconception(
    "Your score is right. Was your first token predicted, or given?",
    "START is read, and never said.",
)
def start_said(step, state, start, end, max_length):
    tokens, score = [start], 0.0
    for _ in range(max_length):
        log_probs, state = step(state, np.array([tokens[-1]]))
        tokens.append(int(np.argmax(log_probs[0])))
        score += log_probs[0, tokens[-1]]
        if tokens[-1] == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Your first word is right. What does the model know of it when it chooses the second?",
    "step returns two things, and the second one is the state that the next call needs.",
)
def same_state_again(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, _ = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Your first word is right. Which word does the model read before it chooses the second?",
    "You have it read START every time. What has just been chosen is the next input.",
)
def start_read_again(step, state, start, end, max_length):
    tokens, score = [], 0.0
    for _ in range(max_length):
        log_probs, state = step(state, np.array([start]))
        tokens.append(int(np.argmax(log_probs[0])))
        score += log_probs[0, tokens[-1]]
        if tokens[-1] == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Your tokens are right. Is a score of yours above 0? Could the logarithm of a probability be?",
    "You add up probabilities. Those of words that come one after another are multiplied, and their logarithms added.",
)
def probabilities_added_up(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += np.exp(log_probs[0, last])
        if last == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Your tokens are right. Take the logarithm of your score: what do you get?",
    "You return the probability of the sentence; its logarithm is asked for. With many words the former underflows.",
)
def probability_returned(step, state, start, end, max_length):
    tokens, score, last = [], 1.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score *= np.exp(log_probs[0, last])
        if last == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Your tokens are right, and your score times their number is the right one.",
    "Nobody asked for the mean. The sum is the log-probability of the whole sentence.",
)
def mean_for_sum(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            break
    return tokens, score / len(tokens)


@greedy_search.misconception(
    "Your tokens are right. How many log-probabilities are in your score?",
    "It is that of the last word alone. The score is that of the whole sentence.",
)
def last_word_scored(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score = log_probs[0, last]
        if last == end:
            break
    return tokens, score


@greedy_search.misconception(
    "Look for END in your tokens. What should stand behind it?",
    "Nothing: the sentence is over, and so is the search.",
)
def end_ignored(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
    return tokens, score


@greedy_search.misconception(
    "Count the tokens of a sentence that never ends.",
    "There is one too many: max_length counts all of them, the last one too.",
)
def one_too_many(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    while last != end and len(tokens) <= max_length:
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
    return tokens, score


@greedy_search.misconception(
    "Count the tokens of a sentence that never ends.",
    "There is one too few. END needs no place of its own: it counts when it comes.",
)
def one_too_few(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length - 1):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            break
    return tokens, score


@greedy_search.misconception(
    "What is the last token of a sentence that never ends?",
    "You put END behind what was cut off. It was not predicted, and its absence tells that the sentence is unfinished.",
)
def end_forced(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argmax(log_probs[0]))
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            return tokens, score
    return [*tokens, end], score


@greedy_search.misconception(
    "Look at a row in which two words are equally likely. Which one do you take?",
    "Of equals the lowest id wins. Sorting and taking the last one is no argmax.",
)
def last_of_equals(step, state, start, end, max_length):
    tokens, score, last = [], 0.0, start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(np.argsort(log_probs[0], kind="stable")[-1])
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            break
    return tokens, score


@assignment.exercise(
    decoding.length_normalised,
    outputs="normalised: B",
    points=1,
    hints=[
        "Work the example out by hand: which number is divided by which?",
        "What should come out for alpha = 0, and what for alpha = 1?",
    ],
    extra=[dict(alpha=0.0), dict(alpha=1.0), dict(alpha=2.0, B=3), dict(kind="number")],
)
def length_normalised(draw, B=6, alpha=0.7, kind=""):
    if kind == "number":
        return dict(score=-float(draw.integers(20, 90)) / 8, length=int(draw.integers(3, 30)), alpha=alpha)
    return dict(score=-10 * draw.rng.random(B) - 1, length=draw.integers(2, 40, B), alpha=alpha)


@length_normalised.misconception(
    "Yours is right for alpha = 0. What do you divide by when length is 1, and what should it be?",
    "That is the mean log-probability, or close to it. Wu's penalty divides by ((5 + length) / 6)^alpha.",
)
def divided_by_the_length(score, length, alpha):
    return score / length**alpha


@length_normalised.misconception(
    "Change alpha: does your answer change?",
    "The mean log-probability is one way to normalise, and not the one that the equation says.",
)
def mean_log_probability(score, length, alpha):
    return score / length


@length_normalised.misconception(
    "Change alpha: does your answer change?",
    "alpha is an exponent: with 0 nothing is normalised, with 1 everything.",
)
def alpha_ignored(score, length, alpha):
    return score / ((5 + length) / 6)


@length_normalised.misconception(
    "Do longer sentences come out better or worse in your answer, if the score is the same?",
    "Scores are negative, and dividing brings them nearer to 0. You multiply.",
)
def multiplied(score, length, alpha):
    return score * ((5 + length) / 6) ** alpha


@length_normalised.misconception(
    "Work out 5 + length / 6 and (5 + length) / 6 for length 1.",
    "A pair of brackets is missing: the sum is divided, not the length alone.",
)
def brackets_missing(score, length, alpha):
    return score / (5 + length / 6) ** alpha


@length_normalised.misconception(
    "Yours is right for alpha = 1. What is it for alpha = 0?",
    "The 6 is under the exponent, too.",
)
def six_outside_the_power(score, length, alpha):
    return score / ((5 + length) ** alpha / 6)


@length_normalised.misconception(
    "Yours is right for alpha = 1. What is it for alpha = 0?",
    "alpha is an exponent, and you multiply with it.",
)
def alpha_as_a_factor(score, length, alpha):
    return score / (alpha * (5 + length) / 6)


@length_normalised.misconception(
    "Which length leaves a score as it is, in the equation, and in your answer?",
    "A sentence of one word is divided by 1. Yours counts one word more or less.",
)
def one_word_off(score, length, alpha):
    return score / ((6 + length) / 6) ** alpha


@length_normalised.misconception(
    "Your answer is right, and the caller's score is no longer what it was.",
    "`/=` writes into the caller's array. Make a new one.",
)
def divided_in_place(score, length, alpha):
    score /= ((5 + length) / 6) ** alpha
    return score


def _is_telling(inputs):
    """Do some end early, others never, does the length change who comes first, and do rare mistakes show?"""
    hypotheses, scores = _found(decoding.beam_search, inputs)
    lengths = [len(hypothesis) for hypothesis in hypotheses]
    sums = scores * ((5 + np.array(lengths)) / 6) ** inputs["length_penalty"]
    ended = sum(hypothesis[-1] == inputs["end"] for hypothesis in hypotheses)
    mixed = 0 < ended < len(hypotheses) and min(lengths) < inputs["max_length"] - 1 and (np.diff(sums) > 0).any()
    rare = stops_when_the_best_ends, finished_pushed_out
    return mixed and all(_found(wrong, inputs)[0] != hypotheses for wrong in rare)


@assignment.exercise(
    decoding.beam_search,
    outputs="hypotheses; scores: K; calls",
    points=6,
    uses=[length_normalised],
    drive="decoding.beam_search",
    hints=[
        "On paper first: two live hypotheses, three words, width 2. Which six numbers compete? For how many places?",
        "What has to move along when a hypothesis moves to another place? Its words, its sum, and what else?",
        "Who has left the beam, who is still in it, and how many are they together? Print it in every round.",
    ],
    extra=[
        dict(kind="ties"), dict(kind="impossible"), dict(kind="endless"), dict(kind="nothing"), dict(K=10, T=3),
        dict(alpha=0.0), dict(alpha=1.5, K=4),
    ],
)  # fmt: skip
def beam_search(draw, K=3, T=6, words=8, H=5, alpha=0.8, kind=""):
    start, end = _start_and_end(draw, words)
    rest = dict(width=K, max_length=T, length_penalty=alpha)
    while kind:
        inputs = _table(draw, kind, words, start, end) | rest
        searches = decoding.beam_search, last_of_equal_ones, higher_id_first
        if kind != "ties" or len({str(_found(search, inputs)[0]) for search in searches}) == 3:
            return inputs
    while True:
        inputs = _network(draw, words, H, start, end, ending=1.0) | rest
        telling = 1 in (K, T, H) or words < K or not alpha or _is_telling(inputs)
        if telling and _is_settled(decoding.beam_search, inputs):
            return inputs


@beam_search.misconception(
    "Look for END in your hypotheses. What stands behind it?",
    "A hypothesis that ends in END is complete: it leaves the beam, and keeps its place among the answers.",
)
def finished_expanded(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, _ in kept]
        live = grown
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "How many words have your hypotheses without END? What stopped them?",
    "One hypothesis that has ended is not all of them: the others may still overtake it.",
)
def stops_at_the_first_end(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live or finished:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "How many words have your hypotheses without END? What stopped them?",
    "That the best one has ended is no reason to stop. With a length penalty a longer one may still come out better.",
)
def stops_when_the_best_ends(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live or grown[0][0][-1] == end:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Are scores of yours above 0? Could the logarithm of a probability be?",
    "You add up probabilities. Those of words that come one after another are multiplied, and their logarithms added.",
)
def probabilities_summed(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + np.exp(log_p), i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Follow one hypothesis that you drop: was its sum really lower than that of those you keep?",
    "You choose by the last word's log-probability. It is the sum over all words that counts.",
)
def last_word_decides(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word, log_p)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[3])
        kept = [candidate[:3] for candidate in candidates[: width - len(finished)]]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Can two of your hypotheses ever share their first two words? Should they?",
    "Every hypothesis gets one continuation from you. All continuations of all of them compete for the places.",
)
def each_keeps_its_best(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        if len(live) > 1:
            candidates = [next(c for c in candidates if c[1] == i) for i in {c[1]: 0 for c in candidates}]
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Your first words are right. Whose state does a hypothesis go on with, and who was its parent?",
    "You leave the states in their places, while the hypotheses move. Take the rows of the parents: state[parents].",
)
def states_not_reindexed(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        rows = [min(place, len(state) - 1) for place in range(len(live))]
        state, tokens = state[rows], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "The first words are right. What does the model know of them when it chooses the second?",
    "You go on with the states that the parents had before this round. Those that step has just returned are needed.",
)
def state_before_the_step(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        old = state
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = old[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "The first words are right. Which words does the model read in the second round?",
    "You have it read START again. Each hypothesis is continued from its own last word.",
)
def start_read_in_every_round(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.full(len(live), start)
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Print a hypothesis, and the ones that have the same parent. How long is each of them?",
    "append() changes the parent's list, which all its children share. Make a new list for each child.",
)
def words_shared(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = []
        for total, i, word in kept:
            words = live[i][0]
            words.append(word)
            grown.append((words, total))
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis, (_, _, word) in zip(grown, kept, strict=True) if word == end]
        live = [hypothesis for hypothesis, (_, _, word) in zip(grown, kept, strict=True) if word != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Hypotheses and sums are right. Which length do you normalise with?",
    "END is a word of the hypothesis, and counts in its length.",
)
def end_has_no_length(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words) - (words[-1] == end), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Hypotheses and sums are right. Which length do you normalise with?",
    "START was given, and is no word of the hypothesis: it does not count.",
)
def start_has_a_length(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words) + 1, length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Hypotheses are right, and scores with length_penalty=0 are not. What should they be then?",
    "You divide by the length. You have a function that normalises as the docstring says.",
)
def mean_over_the_words(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [total / len(words) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Print your scores, one after the other. Do they fall?",
    "You sort by the plain sums. What is normalised at the end decides who is first.",
)
def ranked_by_the_sum(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -found[i][1])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "With length_penalty=0 all is right. What has changed in your answer when it is not 0?",
    "You rank by the plain sums, and return them. The length has to be made up for, at the end.",
)
def not_normalised(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [total for _, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "The order is right. Are your scores what you have sorted by?",
    "You sort by normalised scores, and then return the plain sums.",
)
def sums_returned(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([found[i][1] for i in order])


@beam_search.misconception(
    "Your hypotheses are right. Which of them should come first?",
    "sorted() begins with the smallest, and the best score is the largest.",
)
def worst_first(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Your hypotheses are right. In which order do you return them?",
    "They stand in the order in which they were found. The best score should come first.",
)
def not_sorted(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = range(len(found))
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "How many hypotheses do you return, and how many has the beam?",
    "The best one is right. The others are asked for, too.",
)
def best_alone(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order[:1]], np.array([scores[i] for i in order[:1]])


@beam_search.misconception(
    "How many hypotheses are live, in your search, after one of them has ended?",
    "Whoever ends keeps the place: what is live and what has ended are `width` together, at most.",
)
def finished_take_no_place(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[:width]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live or len(finished) >= width:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])[:width]
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "With width 1 your search should do what greedy search does. Where do the two part?",
    "Every hypothesis may end at any time, in yours. END has to be among the best continuations, like any other word.",
)
def every_end_counts(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        ends = [candidate for candidate in candidates if candidate[2] == end]
        kept = ends + [candidate for candidate in candidates if candidate[2] != end][:width]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])[:width]
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Note who has ended in each round. Are all of them in your answer?",
    "A hypothesis that has ended keeps its place for good: what is still live cannot push it out any more.",
)
def finished_pushed_out(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        pool = [(total, None, words) for words, total in finished] + candidates
        pool.sort(key=lambda candidate: -candidate[0])
        finished = [(words, total) for total, i, words in pool[:width] if i is None]
        kept = [candidate for candidate in pool[:width] if candidate[1] is not None]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "What becomes of the hypotheses that are live when max_length is reached?",
    "Those without END are part of the answer: they, too, have a score.",
)
def unfinished_dropped(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "What becomes of the hypotheses that are live when max_length is reached?",
    "You return them only if none has ended. They belong into the answer either way.",
)
def unfinished_as_a_last_resort(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished or live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "What is the last word of your hypotheses that were cut off at max_length?",
    "END was not predicted there. A hypothesis without it has not ended, and whoever reads it should see that.",
)
def end_put_behind(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    found = [(words if words[-1] == end else [*words, end], total) for words, total in found]
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Your scores are right. Where is END?",
    "A hypothesis that has ended says so: END stands at its end.",
)
def end_not_returned(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    found = [([word for word in words if word != end], total) for words, total in found]
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Your scores are right. Was the first word of your hypotheses predicted, or given?",
    "START is read, and never said.",
)
def start_returned(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [[start] + found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Are there scores of -inf in your answer?",
    "A continuation of probability 0 is none, even if there is a place for it.",
)
def impossible_kept(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word) for i, (_, total) in enumerate(live) for word, log_p in enumerate(log_probs[i])
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Look at two continuations with equal sums: which one do you keep?",
    "Of equals the better-placed parent goes first, then the lower id. Sorting tuples the other way round turns both.",
)
def last_of_equal_ones(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(reverse=True)
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Look at two continuations of one hypothesis that are equally likely: which one do you keep?",
    "Of equals the lower id goes first.",
)
def higher_id_first(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: (-candidate[0], candidate[1], -candidate[2]))
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "What you find is right. How often do you call step in a round?",
    "step takes all live hypotheses at once: one call a round. That is what makes a beam affordable.",
)
def one_call_for_each(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        answers = [step(state[i : i + 1], tokens[i : i + 1]) for i in range(len(tokens))]
        log_probs, state = (np.concatenate(parts) for parts in zip(*answers, strict=True))
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Compare the hypotheses of your first round with one another.",
    "You begin with `width` equal hypotheses, whose best continuations are equal, too. Begin with a single, empty one.",
)
def begins_with_copies(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)] * width, [], np.full(width, start)
    state = np.repeat(state, width, axis=0)
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Change width: does your answer change?",
    "That is greedy search. Keep as many continuations as there are places.",
)
def width_ignored(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[:1]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Try a width that is larger than the vocabulary. How many hypotheses come out?",
    "The first round cannot fill such a beam, but later ones can: there are more continuations than words.",
)
def no_wider_than_the_vocabulary(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: min(width, log_probs.shape[1]) - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Count the words of a hypothesis that was cut off.",
    "There is one too few: there may be max_length of them, END or not.",
)
def one_round_too_few(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length - 1):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


@beam_search.misconception(
    "Count the words of a hypothesis that was cut off.",
    "There is one too many: max_length counts all of them, the last one too.",
)
def one_round_too_many(step, state, start, end, width, max_length, length_penalty):
    live, finished, tokens = [([], 0.0)], [], np.array([start])
    for _ in range(max_length + 1):
        log_probs, state = step(state, tokens)
        candidates = [
            (total + log_p, i, word)
            for i, (_, total) in enumerate(live)
            for word, log_p in enumerate(log_probs[i])
            if log_p > -np.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        kept = candidates[: width - len(finished)]
        grown = [(live[i][0] + [word], total) for total, i, word in kept]
        parents = [i for _, i, word in kept if word != end]
        finished += [hypothesis for hypothesis in grown if hypothesis[0][-1] == end]
        live = [hypothesis for hypothesis in grown if hypothesis[0][-1] != end]
        if not live:
            break
        state, tokens = state[parents], np.array([words[-1] for words, _ in live])
    found = finished + live
    scores = [length_normalised(total, len(words), length_penalty) for words, total in found]
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [found[i][0] for i in order], np.array([scores[i] for i in order])


_WORDS = ["the", "a", "cat", "dog", "sat", "ran", "on", "under", "mat", "bed", "and", "then"]


def _text(draw, length, words=8):
    return [_WORDS[i] for i in draw.integers(0, words, length)]


def _rewritten(draw, text, dropped=0.15, changed=0.15, moved=True):
    """A text with words left out, exchanged and said twice, and with two parts that have changed places."""
    words = []
    for word in text:
        if draw.rng.random() < dropped:
            continue
        words.append(_text(draw, 1)[0] if draw.rng.random() < changed else word)
        if draw.rng.random() < changed / 2:
            words.append(word)
    if moved:
        cut = int(draw.integers(len(words) // 3, 2 * len(words) // 3 + 1))
        words = words[cut:] + words[:cut]
    return words


def _has_clips(hypothesis, reference, n):
    """Is there an n-gram that the hypothesis has more often, and one that the reference has more often?"""
    ours, theirs = (Counter(tuple(t[i : i + n]) for i in range(len(t) - n + 1)) for t in (hypothesis, reference))
    return any(ours[g] > theirs[g] > 0 for g in ours) and any(theirs[g] > ours[g] > 0 for g in theirs)


def _pair(draw, length, n=1):
    """A reference of this length, and a hypothesis that is shorter and shares much with it."""
    while True:
        reference = _text(draw, length)
        hypothesis = _rewritten(draw, reference)
        if len(hypothesis) < length and _has_clips(hypothesis, reference, n):
            return dict(hypothesis=hypothesis, reference=reference)


def _odd_pair(draw, kind):
    """Pairs with which some division is by 0."""
    text = _text(draw, 7, 4)
    other = [_WORDS[i] for i in draw.integers(6, 12, 5)]
    pairs = dict(nothing_said=([], text), nothing_asked=(text, []), nothing_shared=(text, other))
    hypothesis, reference = pairs[kind]
    return dict(hypothesis=hypothesis, reference=reference)


@assignment.exercise(
    decoding.rouge_n,
    outputs="precision; recall; f1",
    points=2,
    hints=[
        "Which n-grams has a list of five words, for n = 2? How many are there?",
        "Take an n-gram that the hypothesis has three times and the reference once: how often is it shared?",
        "What if one of the lists is empty?",
    ],
    extra=[
        dict(n=2), dict(n=2, length=16), dict(n=3, length=24),
        dict(kind="nothing_said"), dict(kind="nothing_asked"), dict(kind="nothing_shared"), dict(n=3, kind="copy"),
    ],
)  # fmt: skip
def rouge_n(draw, length=12, n=1, kind=""):
    if kind == "copy":
        text = _text(draw, length)
        return dict(hypothesis=text[1:], reference=text, n=n)
    if kind:
        return _odd_pair(draw, kind) | dict(n=n)
    while True:
        inputs = _pair(draw, length, min(n, 2)) | dict(n=n)
        if n == 1 or order_ignored(**inputs) != decoding.rouge_n(**inputs):
            return inputs


@rouge_n.misconception(
    "Repeat a word of the hypothesis that the reference has twice. Does your overlap change?",
    "In a set every n-gram is there once. How often it is there counts, too.",
)
def sets_for_counts(hypothesis, reference, n):
    ours = {tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1)}
    theirs = {tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)}
    overlap = len(ours & theirs)
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(ours), overlap / len(theirs)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    'Score "the the the" against "the cat": what is your precision? Is that fair?',
    "An n-gram is shared at most as often as the reference has it: clip the count.",
)
def counts_not_clipped(hypothesis, reference, n):
    ours = [tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1)]
    theirs = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    overlap = sum(gram in theirs for gram in ours)
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(ours), overlap / len(theirs)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    'Score "the cat" against "the the the": what is your recall? Is that fair?',
    "An n-gram is shared at most as often as the hypothesis has it: clip the count.",
)
def counts_of_the_reference(hypothesis, reference, n):
    ours = [tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1)]
    theirs = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    overlap = sum(gram in ours for gram in theirs)
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(ours), overlap / len(theirs)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    'Score "the the the" against "the cat": what is your precision? Is that fair?',
    "Each of the two counts its own n-grams that the other has, too. What is shared is one number: the smaller count.",
)
def each_counts_its_own(hypothesis, reference, n):
    ours = [tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1)]
    theirs = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    if not set(ours) & set(theirs):
        return 0.0, 0.0, 0.0
    precision = sum(gram in theirs for gram in ours) / len(ours)
    recall = sum(gram in ours for gram in theirs) / len(theirs)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Your f1 is right. Which of the other two should be 1 if everything that was said is in the reference?",
    "Precision is over what was said, recall over what should have been said: yours have changed places.",
)
def precision_and_recall_swapped(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / theirs.total(), overlap / ours.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Change n: does your answer change?",
    "You compare single words. With n = 2 the units are pairs of neighbours.",
)
def single_words(hypothesis, reference, n):
    ours, theirs = Counter(hypothesis), Counter(reference)
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(hypothesis), overlap / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Yours is right for n = 1. Which n-grams do you count for n = 2?",
    "Those of n words, and no shorter ones.",
)
def shorter_ones_counted_too(hypothesis, reference, n):
    ours, theirs = Counter(), Counter()
    for k in range(1, n + 1):
        ours.update(tuple(hypothesis[i : i + k]) for i in range(len(hypothesis) - k + 1))
        theirs.update(tuple(reference[i : i + k]) for i in range(len(reference) - k + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Yours is right for n = 1. How many pairs of neighbours are there in a list of five words?",
    "You divide by the numbers of words. Precision and recall are shares of n-grams.",
)
def divided_by_words(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(hypothesis), overlap / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Is the last n-gram of each list among yours? Count them, for a list of five words.",
    "A list of L words has L - n + 1 n-grams: range stops before its end.",
)
def last_one_missing(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    'Is "cat the" the same pair of words as "the cat"?',
    "Within an n-gram the order counts. You sort it away.",
)
def order_ignored(hypothesis, reference, n):
    ours = Counter(tuple(sorted(hypothesis[i : i + n])) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(sorted(reference[i : i + n])) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Put a new word in front of the hypothesis. What should happen to your scores, and what does?",
    "You compare place by place. An n-gram may stand anywhere.",
)
def place_by_place(hypothesis, reference, n):
    ours = [tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1)]
    theirs = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    overlap = sum(a == b for a, b in zip(ours, theirs, strict=False))
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / len(ours), overlap / len(theirs)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Print one of your n-grams. What is it made of?",
    "Of characters. The tokens of the list are the units here.",
)
def characters_counted(hypothesis, reference, n):
    hypothesis, reference = " ".join(hypothesis), " ".join(reference)
    ours = Counter(hypothesis[i : i + n] for i in range(len(hypothesis) - n + 1))
    theirs = Counter(reference[i : i + n] for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_n.misconception(
    "Precision and recall are right. What should f1 be if one of them is nearly 0 and the other 1?",
    "Nearly 0: it is the harmonic mean, and yours is the arithmetic one.",
)
def mean_for_f1(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, (precision + recall) / 2


@rouge_n.misconception(
    "Precision and recall are right. What should f1 be if both are 1?",
    "A factor is missing: the harmonic mean of two numbers is 2PR / (P + R).",
)
def half_of_f1(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours.total(), overlap / theirs.total()
    return precision, recall, precision * recall / (precision + recall)


@rouge_n.misconception(
    "Right wherever something is shared. What if nothing is, or a list is empty?",
    "0/0 is an error in Python, and NaN in numpy. Here it counts as 0.",
)
def divided_by_zero(hypothesis, reference, n):
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    overlap = (ours & theirs).total()
    precision, recall = np.divide(overlap, ours.total()), np.divide(overlap, theirs.total())
    return precision, recall, 2 * precision * recall / (precision + recall)


@assignment.exercise(
    decoding.rouge_l,
    outputs="precision; recall; f1",
    points=2,
    hints=[
        'Of "a b c d" and "b x d a": which words can you cross out in both, so that the same is left? How much is it?',
        "If the last words are equal, what is left to compare? If not, which two smaller questions are there?",
        "A table with a row more and a column more than there are words, all zeros at first, answers them in order.",
    ],
    extra=[
        dict(length=20), dict(length=25), dict(kind="nothing_said"), dict(kind="nothing_asked"),
        dict(kind="nothing_shared"),
    ],
)  # fmt: skip
def rouge_l(draw, length=12, kind=""):
    while True:
        inputs = _odd_pair(draw, kind) if kind else _pair(draw, length)
        searches = decoding.rouge_l, first_match_taken, longest_pieces_first, longest_common_part
        if kind or len({search(**inputs) for search in searches}) == len(searches):
            return inputs


@rouge_l.misconception(
    "Put a new word into the middle of the hypothesis. What should happen to your scores?",
    "You look for the longest piece without gaps. A sub-sequence keeps the order, and may have gaps on both sides.",
)
def longest_common_part(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else 0
    longest = table.max()
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "What do you divide by, for a hypothesis of five words?",
    "You compare character by character. The tokens of the list are the units here.",
)
def characters_compared(hypothesis, reference):
    hypothesis, reference = " ".join(hypothesis), " ".join(reference)
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else max(table[i, j + 1], table[i + 1, j])
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Turn the hypothesis around: do your scores change? Should they?",
    "You count shared words, in whatever order. That is rouge_n with n = 1; here they have to come in the same order.",
)
def bag_of_words(hypothesis, reference):
    longest = (Counter(hypothesis) & Counter(reference)).total()
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    'Of "a b c" and "b c a": which words can be left in both? Which does your search find?',
    "Whoever takes the first match can miss a longer sub-sequence. Both have to be tried: with the word, and without.",
)
def first_match_taken(hypothesis, reference):
    longest, place = 0, 0
    for word in hypothesis:
        if word in reference[place:]:
            place += reference[place:].index(word) + 1
            longest += 1
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Yours is often right, and sometimes too small. Is the longest piece always part of the best answer?",
    "difflib takes the longest piece first, and then what is left on its sides. That can miss the best sub-sequence.",
)
def longest_pieces_first(hypothesis, reference):
    import difflib

    matcher = difflib.SequenceMatcher(None, hypothesis, reference, autojunk=False)
    longest = sum(block.size for block in matcher.get_matching_blocks())
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    'Score "the the the" against "the": what do you get?',
    "If the words are equal, both are used up: go on from the entry diagonally above, not from the larger neighbour.",
)
def one_word_matched_twice(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = max(table[i, j + 1], table[i + 1, j]) + (ours == theirs)
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Print your table for two words against two. What stands where the words differ?",
    "If the words differ, the larger of the two neighbours is carried on: above, and to the left.",
)
def not_the_larger(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else table[i, j + 1]
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Put a new word in front of the hypothesis. What should happen to your scores, and what does?",
    "You compare place by place. A sub-sequence may begin anywhere, and have gaps.",
)
def common_beginning(hypothesis, reference):
    longest = sum(a == b for a, b in zip(hypothesis, reference, strict=False))
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Your f1 is right. Which of the other two should be 1 if everything that was said is in the reference?",
    "Precision is over the length of the hypothesis, recall over that of the reference.",
)
def sides_swapped(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else max(table[i, j + 1], table[i + 1, j])
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(reference), longest / len(hypothesis)
    return precision, recall, 2 * precision * recall / (precision + recall)


@rouge_l.misconception(
    "Precision and recall are right. What should f1 be if one of them is nearly 0 and the other 1?",
    "Nearly 0: it is the harmonic mean, and yours is the arithmetic one.",
)
def arithmetic_mean(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else max(table[i, j + 1], table[i + 1, j])
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, (precision + recall) / 2


@rouge_l.misconception(
    "Precision and recall are right. What should f1 be if both are 1?",
    "A factor is missing: the harmonic mean of two numbers is 2PR / (P + R).",
)
def no_two_in_f1(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else max(table[i, j + 1], table[i + 1, j])
    longest = table[-1, -1]
    if not longest:
        return 0.0, 0.0, 0.0
    precision, recall = longest / len(hypothesis), longest / len(reference)
    return precision, recall, precision * recall / (precision + recall)


@rouge_l.misconception(
    "Right wherever something is shared. What if nothing is, or a list is empty?",
    "0/0 is an error in Python, and NaN in numpy. Here it counts as 0.",
)
def zero_over_zero(hypothesis, reference):
    table = np.zeros((len(hypothesis) + 1, len(reference) + 1), int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            table[i + 1, j + 1] = table[i, j] + 1 if ours == theirs else max(table[i, j + 1], table[i + 1, j])
    longest = table[-1, -1]
    precision, recall = longest / np.float64(len(hypothesis)), longest / np.float64(len(reference))
    return precision, recall, 2 * precision * recall / (precision + recall)


@assignment.exercise(
    decoding.bleu,
    outputs="bleu",
    points=3,
    hints=[
        "Count before you divide: for each n from 1 to 4, what is shared and what there is, over the whole corpus.",
        "With several references, how often may an n-gram be counted? Which of them has the closest length?",
        "Take a hypothesis of one right word: which of your factors keeps it from scoring well?",
    ],
    extra=[
        dict(kind="long"), dict(kind="tie"), dict(kind="none of four"), dict(kind="too short"), dict(sentences=1),
        dict(alternatives=1), dict(kind="a short one"),
    ],
)  # fmt: skip
def bleu(draw, sentences=4, alternatives=3, kind=""):
    while True:
        found = [_translated(draw, alternatives, kind) for _ in range(sentences)]
        hypotheses, references = [hypothesis for hypothesis, _ in found], [choices for _, choices in found]
        if kind == "none of four":
            hypotheses = [[*hypothesis[:3], "?", *hypothesis[4:6]] for hypothesis in hypotheses]
        if kind == "too short":
            hypotheses = [hypothesis[:3] for hypothesis in hypotheses]
        if kind == "a short one":
            hypotheses[0] = hypotheses[0][:2]
        score = decoding.bleu(hypotheses, references)
        if (score == 0) == (kind in ("none of four", "too short")) and score < 0.95:
            return dict(hypotheses=hypotheses, references=references)


def _translated(draw, alternatives, kind):
    """A hypothesis and its references: closest to the first of them, longer than all, or half-way between two."""
    first = _text(draw, int(draw.integers(13, 17)), 5)
    length = len(first)
    others = [_rewritten(draw, first, 0.05, 0.2) + _text(draw, 10, 5) for _ in range(2)]
    cuts = (length - 4, length + 5) if kind == "tie" else (length - 7, length + 4)
    choices = [first, *(other[:cut] for other, cut in zip(others, cuts, strict=True))][:alternatives]
    hypothesis = _rewritten(draw, first, 0.1, 0.08, moved=False) + _text(draw, 10, 5)
    return hypothesis[: length + 6 if kind == "long" else length - 2], choices


@bleu.misconception(
    "With a single sentence yours is right. What if one of four has no four words in common with its reference?",
    "BLEU is that of a corpus: the counts of all sentences are added up, and then divided once.",
)
def mean_over_sentences(hypotheses, references):
    scores = []
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        shared, said = [], []
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared.append((ours & allowed).total())
            said.append(ours.total())
        r = min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
        if 0 in shared:
            scores.append(0.0)
            continue
        precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
        scores.append(precision * min(1, np.exp(1 - r / len(hypothesis))))
    return np.mean(scores)


@bleu.misconception(
    "Score a hypothesis that is the first half of its reference. Should that be 1?",
    "All that it says is right, but half is missing. The brevity penalty makes up for recall, which BLEU has not.",
)
def no_brevity_penalty(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision


@bleu.misconception(
    "Who is punished in your version, the short or the long?",
    "The penalty is exp(1 - r/c): r stands above, the length of the hypotheses below.",
)
def penalty_for_length(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - c / r))


@bleu.misconception(
    "Yours is right where hypotheses are short. What do you multiply with where they are long?",
    "The penalty is never above 1: whoever says too much has lost precision already.",
)
def reward_for_length(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * np.exp(1 - r / c)


@bleu.misconception(
    "Where hypotheses are not short yours is right. What is your penalty for half of a reference?",
    "It is exp(1 - r/c), not the ratio c/r: e^-1 for half of the words.",
)
def ratio_for_penalty(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, c / r)


@bleu.misconception(
    'Score "the the the the the" against a reference with one "the": what is your p_1?',
    "An n-gram counts at most as often as one of the references has it: clip the count.",
)
def bleu_not_clipped(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += sum(count for gram, count in ours.items() if gram in allowed)
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. How often may a word count that each of three references has once?",
    "Once: what counts is the largest number of times that any single reference has it, not their sum.",
)
def references_added_up(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed += Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. May a hypothesis use a word that only one of three references has?",
    "It may: what counts is the largest number of times that any single reference has it, not the smallest.",
)
def common_to_all_references(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            counts = [Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1)) for choice in choices]
            allowed = counts[0]
            for other in counts[1:]:
                allowed &= other
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. Do the others matter, in yours?",
    "Every reference is a right translation: an n-gram may come from any of them, and the closest in length makes r.",
)
def first_reference_alone(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        choices = choices[:1]
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. Which of several is as long as you take r to be?",
    "You take the shortest. r is the length of the one that is closest to the hypothesis.",
)
def shortest_reference(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min(map(len, choices))
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. Which of several is as long as you take r to be?",
    "You take the longest. r is the length of the one that is closest to the hypothesis.",
)
def longest_reference(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += max(map(len, choices))
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "With one reference yours is right. Which of several is as long as you take r to be?",
    "You take their mean length. r is the length of the one that is closest to the hypothesis.",
)
def average_reference(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += np.mean([len(choice) for choice in choices])
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "A hypothesis of 6 words, references of 4 and 8: which is the closest?",
    "They are equally close, and then the shorter one counts.",
)
def longer_at_ties(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), -len(choice), len(choice)) for choice in choices)[2]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "What should BLEU be if a single one of the four precisions is nearly 0?",
    "Nearly 0: the mean is geometric, the fourth root of their product.",
)
def arithmetic_mean_of_precisions(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.mean([a / b for a, b in zip(shared, said, strict=True)])
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "If all four precisions are 1/2, what should their mean be?",
    "1/2, and you get 1/16: the fourth root of the product is missing.",
)
def no_fourth_root(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)])
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "Mix up the words of a hypothesis: does your score change?",
    "You count single words. BLEU-4 takes n-grams of one, two, three and four words.",
)
def single_words_only(hypotheses, references):
    shared, said = [0], [0]
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 2):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)])
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "How much do single words count in your score?",
    "You count n-grams of four words. BLEU-4 takes those of one, two and three, too.",
)
def four_words_only(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = shared[3] / said[3]
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "Up to how many words have your n-grams? How many precisions do you take the mean of?",
    "range stops before its end: n-grams of four words are missing.",
)
def up_to_three(hypotheses, references):
    shared, said = [0] * 3, [0] * 3
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 4):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** (1 / 3)
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    'Score "the the cat" against "the cat the": how often does "the" count?',
    "In a set every n-gram is there once. How often it is there counts, too.",
)
def bleu_of_sets(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = set(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += len(ours & set(allowed))
            said[n - 1] += len(ours)
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "Are your shares those of what was said, or of what should have been said?",
    "You divide by the n-grams of the references. BLEU's shares are of those of the hypotheses.",
)
def recall_for_precision(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += allowed.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "What is your score for a corpus that shares no n-gram of four words with its references?",
    "You add one to the counts. That is smoothing, which helps with single sentences, and is not asked for.",
)
def smoothed(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    precision = np.prod([(a + 1) / (b + 1) for a, b in zip(shared, said, strict=True)]) ** 0.25
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "Is yours a hundred times too large?",
    "Many programs print BLEU as a percentage. Here it is a number from 0 to 1.",
)
def percent(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    precision = np.prod([a / b for a, b in zip(shared, said, strict=True)]) ** 0.25
    return 100 * precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "Right wherever hypotheses have four words. What are your p_n if they have three?",
    "0/0 is an error in Python, and NaN in numpy. Here BLEU is 0 if there is no n-gram to count.",
)
def nothing_to_count(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    precision = np.exp(np.log(np.divide(shared, said)).mean())
    return precision * min(1, np.exp(1 - r / c))


@bleu.misconception(
    "What is your score for a corpus that shares no n-gram of four words with its references?",
    "A precision of 0 makes the product 0, and BLEU with it. You leave it out of the mean.",
)
def zero_left_out(hypotheses, references):
    shared, said = [0] * 4, [0] * 4
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            allowed = Counter()
            for choice in choices:
                allowed |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))
            shared[n - 1] += (ours & allowed).total()
            said[n - 1] += ours.total()
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    precisions = [a / b for a, b in zip(shared, said, strict=True) if a]
    precision = np.prod(precisions) ** (1 / len(precisions))
    return precision * min(1, np.exp(1 - r / c))
