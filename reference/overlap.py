"""How much a text has in common with those of people: ROUGE for summaries, BLEU for translations.

A text is a list of tokens, of words as a rule; a single str is refused, since its tokens would be its characters.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

Tokens = Sequence[Hashable]
Rouge = tuple[float, float, float]

_ORDERS = (1, 2, 3, 4)


def rouge_n(hypothesis: Tokens, reference: Tokens, n: int) -> Rouge:
    """How many n-grams a hypothesis shares with a reference.

    overlap = Σ_g min(count of g in hypothesis, count of g in reference)    (Lin 2004, equation 1, for one reference)

    Parameters
    ----------
    hypothesis, reference : list of tokens
    n : int, at least 1

    Returns
    -------
    precision, recall, f1 : float
        overlap over the n-grams of the hypothesis, over those of the reference, and 2PR / (P + R); 0 for any 0/0.
    """
    _check_tokens(hypothesis=hypothesis, reference=reference)
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}, expected an integer, 1 or more")
    ours, theirs = _ngrams(hypothesis, n), _ngrams(reference, n)
    return _rouge((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(hypothesis: Tokens, reference: Tokens) -> Rouge:
    """How long a sub-sequence a hypothesis shares with a reference: in this order, but with gaps on either side.

    L(i, j) = L(i-1, j-1) + 1 if tokens i and j are equal, else max(L(i-1, j), L(i, j-1))    (Lin 2004, section 3)

    Parameters
    ----------
    hypothesis, reference : list of tokens

    Returns
    -------
    precision, recall, f1 : float
        The longest common sub-sequence over either length, and 2PR / (P + R), Lin's F with β = 1; 0 for any 0/0.
    """
    _check_tokens(hypothesis=hypothesis, reference=reference)
    longest = [0] * (len(reference) + 1)
    for token in hypothesis:
        above, longest = longest, [0]
        for j, other in enumerate(reference):
            longest.append(above[j] + 1 if token == other else max(above[j + 1], longest[j]))
    return _rouge(longest[-1], len(hypothesis), len(reference))


def bleu(hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """How close the translations of a whole corpus are to those of people.

    BLEU = min(1, exp(1 - r/c)) · (p_1 p_2 p_3 p_4)^(1/4)    (Papineni et al. 2002, section 2.3)

    Parameters
    ----------
    hypotheses : list of N lists of tokens
    references : list of N lists of one or more lists of tokens
        What people have made of each sentence.

    Returns
    -------
    bleu : float from 0 to 1
        p_n: the n-grams of all hypotheses that their references have, too, each counted at most as often as it is in
        one of them, over the n-grams of all hypotheses. c: the length of all hypotheses; r: of the references that
        come closest, the shorter one at ties. Not smoothed: 0 if any p_n is 0 or 0/0.
    """
    _check_corpus(hypotheses, references)
    matched = dict.fromkeys(_ORDERS, 0)
    total = dict.fromkeys(_ORDERS, 0)
    for hypothesis, alternatives in zip(hypotheses, references, strict=True):
        for n in _ORDERS:
            ours, allowed = _ngrams(hypothesis, n), Counter[tuple[Hashable, ...]]()
            for reference in alternatives:
                allowed |= _ngrams(reference, n)
            matched[n] += (ours & allowed).total()
            total[n] += ours.total()
    if not all(matched.values()):
        return 0.0
    precision = math.exp(sum(math.log(matched[n] / total[n]) for n in _ORDERS) / len(_ORDERS))
    c = sum(map(len, hypotheses))
    r = sum(_closest(len(ours), map(len, theirs)) for ours, theirs in zip(hypotheses, references, strict=True))
    return precision * min(1.0, math.exp(1 - r / c))


def _closest(length: int, lengths: "map[int]") -> int:
    return min(lengths, key=lambda other: (abs(other - length), other))


def _ngrams(tokens: Tokens, n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def _rouge(overlap: int, ours: int, theirs: int) -> Rouge:
    if not overlap:
        return 0.0, 0.0, 0.0
    precision, recall = overlap / ours, overlap / theirs
    return precision, recall, 2 * precision * recall / (precision + recall)


def _check_tokens(**texts: object) -> None:
    for name, tokens in texts.items():
        if isinstance(tokens, str) or not isinstance(tokens, Sequence):
            raise ValueError(f"{name} is of type {type(tokens).__name__}, expected a list of tokens")


def _check_corpus(hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> None:
    _check_tokens(hypotheses=hypotheses, references=references)
    if len(hypotheses) != len(references):
        raise ValueError(f"references has {len(references)} entries, expected one for each of {len(hypotheses)}")
    for i, (hypothesis, alternatives) in enumerate(zip(hypotheses, references, strict=True)):
        _check_tokens(**{f"hypotheses[{i}]": hypothesis, f"references[{i}]": alternatives})
        if not alternatives:
            raise ValueError(f"references[{i}] is empty, expected at least one list of tokens")
        _check_tokens(**{f"references[{i}][{j}]": reference for j, reference in enumerate(alternatives)})
