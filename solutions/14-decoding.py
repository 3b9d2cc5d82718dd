# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · Greedy, beam search and scores
#
# A decoder gives probabilities for the next word. Nobody wants those: people want the sentence. You write the two
# searches that everybody uses, and the scores by which summaries and translations are compared with those of people.
# At the end you know why a better search can make worse sentences.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# - The model is a **function**, `step(state, tokens)`. It takes the states of `n` hypotheses, an array whose first axis
#   is the hypothesis, and the last word of each, `(n,)`. It returns two things: the **log-probabilities** of their next
#   words, `(n, V)`, and their new states, `(n, ...)`. What is in a state is the model's affair.
# - A **hypothesis** is a list of ids: without START, and with END if it came. Without END it has been cut off at
#   `max_length` words. Its length counts END.
# - A log-probability may be `-inf`: that word is impossible there.
# - At **ties** the lowest id wins, as in `np.argmax`.
#
# Four traps, for when you read elsewhere:
#
# - **"Beam search" is many algorithms.** They differ in what becomes of a hypothesis that has ended. Here it keeps its
#   place, and the beam shrinks. In many libraries it goes aside, the beam stays as wide as it was, and the search ends
#   when enough have come together, or none can get better.
# - **Dividing by the length** (or a power of it) is one way to make scores comparable; Wu's formula, below, is another.
#   A penalty of 0.6 does not mean the same in both.
# - **BLEU from 0 to 1, or to 100?** Papers print 27.3 and mean 0.273.
# - **Which words?** Scores depend on how a text is split into tokens. Papers that split differently cannot be compared
#   (Post 2018). Here lists of tokens come in, and you need not care.

# %% given=true
from collections import Counter

import numpy as np

from grader.selfcheck import check

# %% [markdown]
# ## Recap: the likeliest sentence
#
# A model of the next word is one of whole sentences, too: the probability of a sentence is the product of those of its
# words, each given all that come before,
#
# $$\log p(y_1 \dots y_T) = \sum_{t=1}^{T} \log p(y_t \mid y_1 \dots y_{t-1}).$$
#
# Finding the *likeliest* one is another matter. With 10 000 words and 20 places there are $10^{80}$ sentences, as many
# as there are atoms in the universe. What is done instead is to build one from left to right, and to hope: with one
# beginning (greedy), or with a few at once (beam search, which speech recognition has used since the seventies, and
# translation by networks from its first day; Sutskever, Vinyals & Le 2014).

# %% [markdown]
# ## 1 · Greedy
#
# Take the likeliest word, have the model read it, and take the likeliest word again.


# %% solution="greedy_search"
def greedy_search(step, state, start, end, max_length):
    """The sentence that always goes on with its likeliest next word.

    Parameters
    ----------
    step : function
        step(state, tokens), with tokens an ndarray of int of shape (1,), returns log_probs (1, V) and state (1, ...).
    state : ndarray of shape (1, ...)
    start : int
        The id that is read first.
    end : int
        The id after which the sentence is over.
    max_length : int
        How many ids there may be, END included.

    Returns
    -------
    tokens : list of int
        Without START, with END if it came.
    score : float
        The sum of the log-probabilities of all tokens, END's included.

    Examples
    --------
    A model that looks at the last word alone: after START (2) comes a (0) with 0.6 and b (1) with 0.4. After a the
    likeliest word is END (3), with 0.4. On paper: log(0.6 · 0.4) = log 0.24 = -1.427.

    >>> p = np.array([[0.3, 0.3, 0.0, 0.4], [0.1, 0.0, 0.0, 0.9], [0.6, 0.4, 0.0, 0.0]])
    >>> def step(state, tokens):
    ...     return np.log(np.maximum(p[tokens], 1e-12)), state
    >>> tokens, score = greedy_search(step, np.zeros((1, 5)), 2, 3, 10)
    >>> tokens, round(float(score), 3)
    ([0, 3], -1.427)
    """
    ### BEGIN SOLUTION
    tokens, score = [], 0.0
    last = start
    for _ in range(max_length):
        log_probs, state = step(state, np.array([last]))
        last = int(log_probs[0].argmax())
        tokens.append(last)
        score += log_probs[0, last]
        if last == end:
            break
    return tokens, score
    ### END SOLUTION


# %% [markdown]
# Look at the example once more. The model likes `b END` better: $0.4 \cdot 0.9 = 0.36$. But that starts with a word
# that is only second best, and greedy search never looks back.

# %% [markdown]
# ## 2 · Short and long
#
# Before several sentences can be compared there is a question of fairness. Every further word multiplies with a
# probability, and so makes the score smaller: the sum alone prefers what is short. Wu et al. (2016) divide it by a
# number that grows with the length,
#
# $$\frac{\log p(y)}{\left((5 + T) / 6\right)^{\alpha}}.$$
#
# With $\alpha = 0$ nothing happens; the larger it is, the better for long sentences.


# %% solution="length_normalised"
def length_normalised(score, length, alpha):
    """A sum of log-probabilities, made comparable with those of longer and shorter sentences.

    score / ((5 + length) / 6)^alpha

    Parameters
    ----------
    score : float, or ndarray of any shape
    length : int, or ndarray of int of the same shape
        How many words were summed up, END included.
    alpha : float

    Returns
    -------
    normalised : float, or ndarray, as score

    Examples
    --------
    For 7 words (5 + 7) / 6 = 2, for a single one it is 1.

    >>> length_normalised(-4.0, 7, 1.0)
    -2.0
    >>> length_normalised(np.array([-4.0, -3.0]), np.array([7, 1]), 2.0)
    array([-1., -3.])
    """
    ### BEGIN SOLUTION
    return score / ((5 + length) / 6) ** alpha
    ### END SOLUTION


# %% [markdown]
# ## 3 · Beam search
#
# Follow `width` beginnings at once. In every **round**:
#
# 1. call `step` *once*, with the states and the last words of all live hypotheses;
# 2. every live hypothesis has `V` continuations. All continuations of all of them compete, by the *sum* of their
#    log-probabilities. Impossible ones (`-inf`) are dropped;
# 3. keep the best, as many as there are **places**: `width`, less one for each hypothesis that has ended by now. Of
#    equal sums the one of the better-placed parent goes first, then the lower id;
# 4. those that end in END are finished: they keep their place to the end. The others are the live ones of the next
#    round, in this order, each with the new state **of its parent**.
#
# It is over when nothing is live any more, or after `max_length` rounds. Those still live then belong to the answer,
# too. Only now the length counts: sort by your `length_normalised`.
#
# With width 1 this must do what greedy search does. That makes a good first test.


# %% solution="beam_search"
def beam_search(step, state, start, end, width, max_length, length_penalty):
    """The best sentences that are found by following the `width` best beginnings at once.

    Parameters
    ----------
    step : function
        step(state, tokens), with tokens an ndarray of int of shape (n,), returns log_probs (n, V) and state (n, ...).
        To be called once a round, on all live hypotheses.
    state : ndarray of shape (1, ...)
    start, end : int
    width : int
        At least 1. May be larger than V.
    max_length : int
        How many ids a hypothesis may have, END included.
    length_penalty : float
        alpha of length_normalised.

    Returns
    -------
    hypotheses : list of lists of int
        At most `width`, the best one first, each without START, and with END if it came.
    scores : ndarray of shape (n,)
        length_normalised(sum of the log-probabilities, length, length_penalty). At ties those that have ended come
        first, in the order in which they did, then those without END. If nothing is possible: [] and shape (0,).

    Examples
    --------
    The model of greedy_search's example. With two places b is kept, and wins: log(0.4 · 0.9) = log 0.36 = -1.022.

    >>> p = np.array([[0.3, 0.3, 0.0, 0.4], [0.1, 0.0, 0.0, 0.9], [0.6, 0.4, 0.0, 0.0]])
    >>> def step(state, tokens):
    ...     return np.log(np.maximum(p[tokens], 1e-12)), state
    >>> hypotheses, scores = beam_search(step, np.zeros((1, 5)), 2, 3, 2, 10, 0.0)
    >>> hypotheses
    [[1, 3], [0, 3]]
    >>> np.round(scores, 3)
    array([-1.022, -1.427])
    """
    ### BEGIN SOLUTION
    live, sums, tokens = [[]], np.zeros(1), np.array([start])
    finished, finished_sums = [], []
    for _ in range(max_length):
        log_probs, state = step(state, tokens)
        continuations = (sums[:, np.newaxis] + log_probs).ravel()  # (n V,)
        best = np.argsort(-continuations, kind="stable")[: width - len(finished)]
        best = best[continuations[best] > -np.inf]
        parents, tokens = np.divmod(best, log_probs.shape[1])
        grown = [[*live[parent], int(token)] for parent, token in zip(parents, tokens, strict=True)]
        ended = tokens == end
        finished += [grown[i] for i in np.flatnonzero(ended)]
        finished_sums += list(continuations[best[ended]])
        live = [grown[i] for i in np.flatnonzero(~ended)]
        sums, tokens, state = continuations[best[~ended]], tokens[~ended], state[parents[~ended]]
        if not live:
            break
    found = finished + live
    lengths = np.array([len(hypothesis) for hypothesis in found])
    scores = length_normalised(np.array([*finished_sums, *sums]), lengths, length_penalty)
    order = np.argsort(-scores, kind="stable")
    return [found[i] for i in order], scores[order]
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does a beam look like?
#
# A model of nine words, whose probabilities are written out below: each row says what follows a word. Its state is the
# list of words read so far, so that whoever is asked can write down who was live. Where will greedy search go, and
# which beginning of a better sentence has to survive for how long?

# %% experiment=true
import matplotlib.pyplot as plt

WORDS = ["START", "END", "the", "a", "old", "man", "boat", "sails", "sinks"]
START, END = 0, 1
FOLLOWS = {
    "START": {"the": 0.55, "a": 0.42, "old": 0.03},
    "the": {"old": 0.45, "man": 0.30, "boat": 0.25},
    "a": {"boat": 0.88, "man": 0.10, "old": 0.02},
    "old": {"man": 0.55, "boat": 0.40, "END": 0.05},
    "man": {"sails": 0.50, "sinks": 0.20, "END": 0.30},
    "boat": {"sinks": 0.85, "sails": 0.10, "END": 0.05},
    "sails": {"the": 0.35, "a": 0.25, "END": 0.40},
    "sinks": {"END": 0.93, "the": 0.07},
}
P = np.full((9, 9), 1e-6)
for word, following in FOLLOWS.items():
    for next_word, probability in following.items():
        P[WORDS.index(word), WORDS.index(next_word)] = probability

asked = []  # what was live, round by round


def remembering(state, tokens):
    state = np.concatenate([state, tokens[:, np.newaxis]], axis=1)
    asked.append([tuple(words) for words in state[:, 1:].tolist()])
    return np.log(P[tokens]), state


def probability_of(words):
    return np.prod([P[last, word] for last, word in zip((START, *words), words, strict=False)])


width = 3
hypotheses, scores = beam_search(remembering, np.zeros((1, 0), int), START, END, width, 7, 0.0)
live = {words for words_of_round in asked for words in words_of_round}
kept = live | {tuple(words[: t + 1]) for words in hypotheses for t in range(len(words))}
greedy = tuple(greedy_search(remembering, np.zeros((1, 0), int), START, END, 7)[0])
children = {words: [] for words in live}
for words in live:
    for word in np.argsort(-P[words[-1] if words else START])[:3]:
        if (*words, int(word)) in kept or P[words[-1] if words else START, word] > 0.02:
            children[words].append((*words, int(word)))

places = {}


def place(words):
    """How far down a node stands: leaves one under the other, parents in the middle of their children."""
    below = [place(child) for child in children.get(words, [])]
    places[words] = np.mean(below) if below else sum(not children.get(other) for other in places)
    return places[words]


place(())
fig, ax = plt.subplots(figsize=(12, 7.5), layout="constrained")
for words, y in places.items():
    if words:
        on_the_way = words == greedy[: len(words)]
        color = "black" if words in kept else "silver"
        ax.plot([len(words) - 1, len(words)], [places[words[:-1]], y], color="tab:red" if on_the_way else color,
                linewidth=3 if on_the_way else 1.2, linestyle="-" if words in kept else ":", zorder=1)  # fmt: skip
    box = "lightgreen" if words and words[-1] == END and words in kept else "lightblue" if words in kept else "white"
    label = f"{WORDS[words[-1]]}  {probability_of(words):.3f}" if words else "START"
    ax.text(len(words), y, label, ha="center", va="center", fontsize=9, color="black" if words in kept else "grey",
            bbox={"facecolor": box, "edgecolor": "silver", "boxstyle": "round"})  # fmt: skip
ax.invert_yaxis()
ax.margins(0.08)
ax.set(title=f"Which beginnings does a beam of width {width} follow? (red: greedy search)", yticks=[])
ax.set(xlabel="words so far", ylabel="blue: live, green: ended, white: dropped")
plt.show()
for words, score in zip(hypotheses, scores, strict=True):
    print(f"{np.exp(score):.3f}  {' '.join(WORDS[word] for word in words)}")

# %% [markdown]
# The number in each box is the probability of everything up to there; to the right it can only fall. (Of the words that
# could follow only likely ones are drawn.) Greedy search, in red, begins with *the*, and ends with a sentence that is
# not a tenth as probable as *a boat sinks*. That one started from second place, and has overtaken all others by its
# second word. With one place it would have been dropped at once.
#
# Follow a dropped beginning, too. It need not have been bad: there were three better ones *at that moment*. That is
# all that beam search promises.

# %% [markdown]
# ## 4 · ROUGE: shared n-grams
#
# Is a summary good? Ask people, or compare it with what people wrote. Lin (2004) counts **n-grams**, runs of `n`
# words. What is shared is a multiset: an n-gram that one text has twice, and the other three times, is shared twice.
#
# $$P = \frac{\text{shared}}{\text{n-grams of the hypothesis}}, \qquad
# R = \frac{\text{shared}}{\text{n-grams of the reference}}, \qquad F_1 = \frac{2 P R}{P + R}$$
#
# Precision asks whether what was said belongs there, recall whether what belongs there was said.


# %% solution="rouge_n"
def rouge_n(hypothesis, reference, n):
    """How many n-grams a hypothesis shares with a reference.

    Parameters
    ----------
    hypothesis, reference : list of str
        Words.
    n : int

    Returns
    -------
    precision, recall, f1 : float
        Any 0/0 is 0.

    Examples
    --------
    "the" is shared twice, "cat" and "sat" once: 4 of 5 words, and 4 of 6. Of pairs only "the cat" is shared.

    >>> hypothesis, reference = "the cat the the sat".split(), "the cat sat on the mat".split()
    >>> [round(score, 3) for score in rouge_n(hypothesis, reference, 1)]
    [0.8, 0.667, 0.727]
    >>> [round(score, 3) for score in rouge_n(hypothesis, reference, 2)]
    [0.25, 0.2, 0.222]
    """
    ### BEGIN SOLUTION
    ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    shared = sum((ours & theirs).values())
    if shared == 0:
        return 0.0, 0.0, 0.0
    precision, recall = shared / sum(ours.values()), shared / sum(theirs.values())
    return precision, recall, 2 * precision * recall / (precision + recall)
    ### END SOLUTION


# %% [markdown]
# ## 5 · ROUGE-L: in the same order
#
# Which `n` is the right one? ROUGE-L does not ask. It looks for the longest **sub-sequence** that both texts have:
# words in the same order, with gaps on either side. Let $L(i, j)$ be its length for the first $i$ words of one text and
# the first $j$ of the other. Then
#
# $$L(i, j) = \begin{cases} L(i-1, j-1) + 1 & \text{if word } i \text{ equals word } j \\
# \max\left(L(i-1, j),\, L(i, j-1)\right) & \text{otherwise} \end{cases}$$
#
# and $L$ is 0 where either text is empty.


# %% solution="rouge_l"
def rouge_l(hypothesis, reference):
    """How long a sub-sequence a hypothesis shares with a reference.

    Parameters
    ----------
    hypothesis, reference : list of str
        Words.

    Returns
    -------
    precision, recall, f1 : float
        The length of the longest common sub-sequence over that of the hypothesis, over that of the reference, and
        2PR / (P + R). Any 0/0 is 0.

    Examples
    --------
    "the cat … sat" is left if you cross out "mat" here, and "has never" and "there" there: 3 of 4 and of 6 words.

    >>> rouge_l("mat the cat sat".split(), "the cat has never sat there".split())
    (0.75, 0.5, 0.6)
    """
    ### BEGIN SOLUTION
    longest = np.zeros((len(hypothesis) + 1, len(reference) + 1), dtype=int)
    for i, ours in enumerate(hypothesis):
        for j, theirs in enumerate(reference):
            if ours == theirs:
                longest[i + 1, j + 1] = longest[i, j] + 1
            else:
                longest[i + 1, j + 1] = max(longest[i, j + 1], longest[i + 1, j])
    shared = int(longest[-1, -1])
    if shared == 0:
        return 0.0, 0.0, 0.0
    precision, recall = shared / len(hypothesis), shared / len(reference)
    return precision, recall, 2 * precision * recall / (precision + recall)
    ### END SOLUTION


# %% [markdown]
# ## 6 · BLEU: translations
#
# A sentence has many right translations, so BLEU (Papineni et al. 2002) takes several references. For $n = 1, 2, 3, 4$:
#
# - count the n-grams of a hypothesis, each **at most as often as in the one reference that has it most often**;
# - add these counts up over *all sentences of the corpus*; add up all n-grams of all hypotheses; divide. That is $p_n$.
#
# There is no recall: with several references, what should one recall? A **brevity penalty** takes its place. Let $c$ be
# the length of all hypotheses, and $r$ that of their references, each time the one that comes closest (of two equally
# close ones the shorter).
#
# $$\mathrm{BLEU} = \min\left(1, e^{1 - r/c}\right) \cdot \left(p_1\, p_2\, p_3\, p_4\right)^{1/4}$$


# %% solution="bleu"
def bleu(hypotheses, references):
    """How close the translations of a corpus are to those of people.

    Parameters
    ----------
    hypotheses : list of N lists of str
    references : list of N lists of one or more lists of str
        references[i] are the translations that people have made of what hypotheses[i] translates.

    Returns
    -------
    bleu : float from 0 to 1
        Not smoothed: 0 if any p_n is 0, or 0/0.

    Examples
    --------
    One word too many: 6 of 7 words, 5 of 6 pairs, 4 of 5 and 3 of 4, whose product is 3/7. No penalty. And with one
    word too few all four precisions are 1, and the penalty is exp(1 - 6/5).

    >>> reference = "the cat sat on the mat".split()
    >>> round(float(bleu([[*reference, "today"]], [[reference]])), 3), round((3 / 7) ** 0.25, 3)
    (0.809, 0.809)
    >>> round(float(bleu([reference[:5]], [[reference]])), 3), round(float(np.exp(-0.2)), 3)
    (0.819, 0.819)
    """
    ### BEGIN SOLUTION
    shared, said = np.zeros(4), np.zeros(4)
    c = r = 0
    for hypothesis, choices in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            ours = Counter(tuple(hypothesis[i : i + n]) for i in range(len(hypothesis) - n + 1))
            most = Counter()
            for choice in choices:
                most |= Counter(tuple(choice[i : i + n]) for i in range(len(choice) - n + 1))  # the larger counts
            shared[n - 1] += sum((ours & most).values())
            said[n - 1] += sum(ours.values())
        c += len(hypothesis)
        r += min((abs(len(choice) - len(hypothesis)), len(choice)) for choice in choices)[1]
    if 0 in shared:
        return 0.0
    return min(1.0, np.exp(1 - r / c)) * np.prod(shared / said) ** 0.25
    ### END SOLUTION


# %% [markdown]
# ### Experiment: does a wider beam find likelier sentences?
#
# Now a model that has learned, and from data as people find them. The language to translate from has twelve words. Each
# can be said in three ways in the other language, and which one people choose depends on the word before. There are
# 10 000 pairs to learn from, with two faults that are common in texts from the web: about one word in seven is a
# mistake (that of the next word in the dictionary), and one translation in fifty breaks off somewhere.
#
# To learn, this model counts: given the word to translate and the word said last, how often does each word follow? Its
# state is where it is: the number of the sentence, and the place in it. Beams of up to 32 hypotheses translate forty
# new sentences of 5 to 20 words. Sums of log-probabilities, without any penalty, on the left; on the right, what it
# costs.

# %% experiment=true
SOURCES, WAYS = 12, 3
START, END, V = SOURCES * WAYS, SOURCES * WAYS + 1, SOURCES * WAYS + 2
rng = np.random.default_rng(14)
preferences = rng.dirichlet(np.full(WAYS, 0.5), size=(SOURCES, V)).cumsum(axis=-1)  # of the three, after each word


def translate(source, faults=True):
    """What somebody might say."""
    said = [START]
    until = rng.integers(0, len(source)) if faults and rng.random() < 0.02 else len(source)
    for word in source[:until]:
        if faults and rng.random() < 0.15:
            word = (word + 1) % SOURCES
        said.append(int(WAYS * word + (rng.random() > preferences[word, said[-1]]).sum()))
    return said[1:]


def steps_of(source, said):
    """What the model is asked and should answer, place by place: the source word (SOURCES: none is left), two words."""
    return [*source, SOURCES][: len(said) + 1], [START, *said], [*said, END]


counts = np.full((SOURCES + 1, V, V), 1e-4)
for _ in range(10_000):
    source = rng.integers(0, SOURCES, rng.integers(4, 21))
    np.add.at(counts, steps_of(source, translate(source)), 1)
log_p = np.log(counts / counts.sum(axis=-1, keepdims=True))

test = [rng.integers(0, SOURCES, length) for length in np.repeat([5, 10, 15, 20], 10)]
people = [[translate(source, faults=False) for _ in range(4)] for source in test]
padded = np.full((len(test), 31), SOURCES)
for row, source in zip(padded, test, strict=True):
    row[: len(source)] = source
rows_asked = 0


def translating(state, tokens):
    global rows_asked
    rows_asked += len(tokens)
    return log_p[padded[state[:, 0], state[:, 1]], tokens], state + np.array([0, 1])


widths, found, costs = [1, 2, 3, 4, 6, 8, 16, 32], {}, []
for width in widths:
    rows_asked = 0
    found[width] = [beam_search(translating, np.array([[i, 0]]), START, END, width, 30, 0.0) for i in range(len(test))]
    costs.append(rows_asked / len(test))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
best = np.array([[sums[0] for _, sums in found[width]] for width in widths])  # (widths, sentences)
left.plot(widths, best.mean(axis=1), marker="o", label="the best that the beam finds")
theirs = [log_p[steps_of(source, said)].sum() for source, choices in zip(test, people, strict=True) for said in choices]
left.axhline(np.mean(theirs), color="black", linestyle="--", label="what people say")
left.set(title="Does a wider beam find likelier sentences?", ylabel="log-probability (nats), mean of 40 sentences")
right.plot(widths, costs, marker="o", color="tab:orange")
right.set(title="What does it cost?", ylabel="hypotheses computed for each sentence")
for ax in (left, right):
    ax.set_xscale("log", base=2)
    ax.set(xlabel="width of the beam", xticks=widths, xticklabels=widths)
left.legend()
plt.show()

# %% [markdown]
# As promised: the wider the beam, the likelier the best sentence. It is no law for every single one (a wider beam may
# lose on the way what a narrow one has kept), but it holds for the mean, and the search does what it should.
#
# One line is odd. What people say is, to the model, *less* likely than what even greedy search finds. There is nothing
# wrong with that: people do not say the likeliest thing, but one of many that are likely. Keep it in mind.

# %% [markdown]
# ### Experiment: does it find better ones?
#
# That is for BLEU to say, with four human translations of each sentence. The penalty counts at the end alone, so that
# the hypotheses of the last experiment need only be ranked again, by your `length_normalised`. What do you expect on
# the left, for $\alpha = 0$?

# %% experiment=true
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for alpha, color in ((0.0, "tab:red"), (0.3, "tab:orange"), (1.0, "tab:blue")):
    scores = []
    for width in widths:
        chosen = []
        for hypotheses, sums in found[width]:
            ranking = length_normalised(sums, np.array([len(hypothesis) for hypothesis in hypotheses]), alpha)
            chosen.append([word for word in hypotheses[int(np.argmax(ranking))] if word != END])
        scores.append(bleu(chosen, people))
    left.plot(widths, scores, marker="o", color=color, label=rf"$\alpha$ = {alpha:g}")
left.set_xscale("log", base=2)
left.set(
    title="Does a wider beam find better sentences?", xlabel="width of the beam", xticks=widths, xticklabels=widths
)
left.set(ylabel="BLEU", ylim=(0, 1))
left.legend(title="penalty")

lengths = np.array([len(source) for source in test])
for number, width in enumerate((4, 8, 32)):
    said = np.array([len([word for word in hypotheses[0] if word != END]) for hypotheses, _ in found[width]])
    shares = [(said[lengths == length] / length).mean() for length in (5, 10, 15, 20)]
    bars = right.bar(np.arange(4) + 0.27 * (number - 1), shares, 0.25, label=f"width {width}", color=f"C{number + 4}")
    right.bar_label(bars, [f"{share:.2f}" for share in shares], fontsize=8)
right.set(title=r"How much is said at all? $\alpha$ = 0", xlabel="words to translate", ylabel="words said per word")
right.set(xticks=range(4), xticklabels=[5, 10, 15, 20], ylim=(0, 1.35))
right.legend(ncols=3, loc="upper right", fontsize=9)
plt.show()

# %% [markdown]
# Up to four hypotheses the beam is worth its price: BLEU rises from 0.68 to 0.74. Then, without a penalty (red), it
# collapses, though every one of these searches has found *likelier* sentences than the one before. The right picture
# says what they are: nothing. A sentence of 20 words can be said in very many right ways, which share the probability
# among them; each of them alone has very little. The empty translation is said in one way only. In the data it is rare,
# and still likelier than any single right one. Greedy search never sees it, as END is never the likeliest first word. A
# wide beam does.
#
# This is the **beam-search curse** (Koehn & Knowles 2017). In real translation models, too, the likeliest translation
# of many sentences is the empty one (Stahlberg & Byrne 2019). So the fault is not the search's: it is the model's, and
# the narrow beam hid it. The length penalty is a patch, and a good one here; note that the beams were the same for all
# three lines, and held good sentences all the time. They were only ranked too low.

# %% [markdown]
# ## 7 · In your own words
#
# **(a)** (2 points) Two translations of the same sentence, with sums of log-probabilities: 4 words, -4.5, and 10
# words, -6.0. Which one wins with $\alpha = 0$, which with $\alpha = 1$? And with $\alpha = 1$, above which sum
# does the longer one win?
#
# **(b)** (2 points) A colleague sees her BLEU fall from 0.31 to 0.27 when she goes from width 5 to width 50. She
# suspects a bug in her beam search. Which numbers should she compare to find out whether the search or the model is to
# blame, and what do they look like in either case?
#
# **(c)** (1 point) The reference is *the minister did not resign*, the summary *the minister did resign*. Say what
# ROUGE-1 precision and recall are, and what this score cannot see.

# %% [markdown] written="curse" points=5
# **Model answer.** (a) With $\alpha = 0$ the shorter one, as -4.5 is more than -6. With $\alpha = 1$ the sums are
# divided by 9/6 = 1.5 and 15/6 = 2.5: -3.0 against -2.4, and the longer one wins. It does so for every sum above
# $-3.0 \cdot 2.5 = -7.5$.
#
# (b) The model's own scores (the sums of log-probabilities, or whatever the search ranks by) of what both beams found,
# sentence by sentence. If those of width 50 are higher, nearly always, the search does its work: it finds what the
# model likes better, and the model likes bad sentences, short ones as a rule. If they are lower in many sentences, the
# search is to blame. She may also compare with the scores of the references, or look at the lengths.
#
# (c) Precision 4/4 = 1, recall 4/5 = 0.8. It counts words, and does not know what they mean: the one that is missing
# turns the sentence into its opposite.
#
# **Marks.** (a) 1 for both winners, with the numbers. 1 for -7.5. (b) 1 for comparing the model's scores of both
# outputs (not BLEU, not the sentences alone). 1 for both cases told apart. (c) 1 for both numbers and the meaning.

# %% [markdown]
# ## Sources
#
# - Jurafsky & Martin, *Speech and Language Processing*, 3rd edition (draft), chapter on machine translation: a beam
#   that shrinks by one with every sentence that has ended.
# - Koehn & Knowles (2017), *Six challenges for neural machine translation*, Workshop on Neural Machine Translation: the
#   sixth is beam search.
# - Lin (2004), *ROUGE: a package for automatic evaluation of summaries*, Text Summarization Branches Out.
# - Papineni, Roukos, Ward & Zhu (2002), *BLEU: a method for automatic evaluation of machine translation*, ACL.
# - Post (2018), *A call for clarity in reporting BLEU scores*, WMT.
# - Stahlberg & Byrne (2019), *On NMT search errors and model errors: cat got your tongue?*, EMNLP.
# - Sutskever, Vinyals & Le (2014), *Sequence to sequence learning with neural networks*, NeurIPS, section 3.2.
# - Wu et al. (2016), *Google's neural machine translation system: bridging the gap between human and machine
#   translation*, arXiv 1609.08144, equation 14.
