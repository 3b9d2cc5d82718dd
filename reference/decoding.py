"""14-decoding: from a model of the next word to whole sentences, the likeliest that can be found.

The model is a function, `step(state, tokens)` -> log_probs (n, V), state (n, ...): what n hypotheses have read so far,
and the last word of each, (n,) int64, give the log-probabilities of their next words and their new states. A state is
one array whose first axis is the hypothesis; what else is in it is the model's affair. A log-probability may be -inf.

Hypotheses are lists of int, without START, with END if it came: one that lacks END has been cut off at max_length.
How good a sentence is that was found: `rouge_n`, `rouge_l` and `bleu`, which are in reference/overlap.py.

Every function raises a ValueError that names the argument for what its line does not allow, and one that names `step`
for a model that answers in other shapes, with NaN or with +inf.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.overlap import bleu, rouge_l, rouge_n

__all__ = ["beam_search", "bleu", "greedy_search", "length_normalised", "rouge_l", "rouge_n"]

Ids = npt.NDArray[np.int64]
State = npt.NDArray[Any]
Step = Callable[[State, Ids], tuple[Array, State]]


def greedy_search(step: Step, state: State, start: int, end: int, max_length: int) -> tuple[list[int], float]:
    """The sentence that always goes on with its likeliest next word.

    y_t = argmax_v log p(v | y_1 ... y_{t-1}), until y_t is END or t = max_length

    Parameters
    ----------
    step : function of state (1, ...) and tokens (1,)
    state : ndarray of shape (1, ...)
    start : int, the id that is read first
    end : int from 0 to V-1
    max_length : int, at least 1, counts END

    Returns
    -------
    tokens : list of int, 1 to max_length
        Of equally likely words the one with the lowest id. Where no word is possible at all that is id 0.
    score : float
        The sum of the log-probabilities of all tokens, END's included.
    """
    state = checked_search(state, start, end, max_length)
    check_one_sentence(state)
    tokens: list[int] = []
    score, last = 0.0, start
    for _ in range(max_length):
        log_probs, state = next_words(step, state, np.array([last]), end)
        last = int(log_probs[0].argmax())
        tokens.append(last)
        score += float(log_probs[0, last])
        if last == end:
            break
    return tokens, score


def beam_search(
    step: Step, state: State, start: int, end: int, width: int, max_length: int, length_penalty: float
) -> tuple[list[list[int]], Array]:
    """The best sentences that are found by following the `width` best beginnings at once.

    A round: one call of step on all live hypotheses; of all their continuations together, the best ones are kept, as
    many as there are places. One that ends in END keeps its place for good; the others live on. (Sutskever, Vinyals &
    Le 2014, section 3.2; Jurafsky & Martin, on translation, say that the beam shrinks by one with every END.)

    So width 1 is greedy search, and a width of V^max_length or more tries everything.

    Parameters
    ----------
    step : function of state (n, ...) and tokens (n,)
    state : ndarray of shape (1, ...)
    start : int, the id that is read first
    end : int from 0 to V-1
    width : int, at least 1; may be more than V, and is filled as soon as there are enough continuations
    max_length : int, at least 1, counts END
    length_penalty : float, at least 0: alpha of `length_normalised`

    Returns
    -------
    hypotheses : list of at most width lists of int
        The best one first. What is impossible (-inf) is left out, so that there may be fewer than width, even none.
        Those still live after max_length words are returned as they are, without END.
    scores : ndarray of shape (n,)
        length_normalised(sum of the log-probabilities, length, length_penalty). Of continuations with equal sums that
        of the better-placed beginning goes first, then the lower id; of equal scores the one that ended first, and
        those without END last.
    """
    state = checked_search(state, start, end, max_length)
    check_one_sentence(state)
    check_width(width, length_penalty)
    finished: list[tuple[list[int], float]] = []
    live: list[list[int]] = [[]]
    sums, tokens = np.zeros(1), np.array([start])
    for _ in range(max_length):
        log_probs, state = next_words(step, state, tokens, end)
        continuations = sums[:, np.newaxis] + log_probs  # (n, V)
        parents, tokens = np.divmod(_best(continuations.ravel(), width - len(finished)), log_probs.shape[1])
        sums = continuations[parents, tokens]
        grown = [[*live[parent], token] for parent, token in zip(parents.tolist(), tokens.tolist(), strict=True)]
        ended = tokens == end
        finished += [(grown[i], float(sums[i])) for i in np.flatnonzero(ended)]
        live = [grown[i] for i in np.flatnonzero(~ended)]
        state, tokens, sums = state[parents[~ended]], tokens[~ended], sums[~ended]
        if not live:
            break
    return ranked([*finished, *zip(live, sums.tolist(), strict=True)], length_penalty)


def _best(sums: Array, count: int) -> Ids:
    """The places of the largest, the largest first and the first of equals, without those of -inf."""
    order = np.argsort(-sums, kind="stable")[:count]
    return order[sums[order] > -np.inf]


def ranked(found: list[tuple[list[int], float]], length_penalty: float) -> tuple[list[list[int]], Array]:
    """Hypotheses, each with the sum of its log-probabilities, as `beam_search` returns them; equals stay in order."""
    lengths = np.array([len(hypothesis) for hypothesis, _ in found], np.int64)
    scores = length_normalised(np.array([total for _, total in found]), lengths, length_penalty)
    order = np.argsort(-scores, kind="stable")
    return [found[i][0] for i in order], scores[order]


def length_normalised(score: Any, length: Any, alpha: float) -> Any:
    """A sum of log-probabilities, made comparable with those of longer and shorter sentences.

    score / ((5 + length) / 6)^alpha    (Wu et al. 2016, equation 14, without the coverage term)

    Every further word makes a sum smaller, so that plain sums (alpha 0) favour what is short.

    Parameters
    ----------
    score : float, or ndarray of any shape
    length : int, or ndarray of int of a shape that fits; at least 0, counts END
    alpha : float, at least 0

    Returns
    -------
    normalised : float, or ndarray, as score
    """
    score, length = np.asarray(score), np.asarray(length)
    if score.size and score.dtype.kind not in "iuf":
        raise ValueError(f"score has dtype {score.dtype}, expected float")
    if length.size and (length.dtype.kind not in "iu" or length.min() < 0):
        raise ValueError("length holds something else than integers from 0 on")
    _check_alpha("alpha", alpha)
    try:
        normalised = score / ((5 + length) / 6) ** alpha
    except ValueError as error:
        raise ValueError(f"length has shape {length.shape}, which does not fit {score.shape}, score's") from error
    return normalised if np.ndim(normalised) else float(normalised)


def next_words(step: Step, state: State, tokens: Ids, end: int) -> tuple[Array, State]:
    """What `step` answers, once it is known to make sense: log_probs (n, V) and state (n, ...)."""
    answer = step(state, tokens)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise ValueError("step returns something else than two things, log-probs and state")
    log_probs, state = np.asarray(answer[0]), np.asarray(answer[1])
    n = len(tokens)
    if log_probs.ndim != 2 or len(log_probs) != n or log_probs.dtype.kind != "f":
        raise ValueError(f"step returns log-probs of {log_probs.dtype} and shape {log_probs.shape}, expected ({n}, V)")
    if state.shape[:1] != (n,):
        raise ValueError(f"step returns a state of shape {state.shape}, expected ({n}, ...)")
    if end >= log_probs.shape[1]:
        raise ValueError(f"end is {end}, and step knows {log_probs.shape[1]} words, from 0 on")
    if not (log_probs.max(axis=1) < np.inf).all():  # the maximum of a row with NaN is NaN
        raise ValueError("step returns log-probs with NaN or inf")
    return log_probs, state


def checked_search(state: State, start: int, end: int, max_length: int) -> State:
    """The state as an array, once all that every search is told makes sense."""
    for name, value, least in (("start", start, 0), ("end", end, 0), ("max_length", max_length, 1)):
        _check_integer(name, value, least)
    state = np.asarray(state)
    if state.ndim == 0 or state.dtype.kind not in "biuf":
        raise ValueError(f"state has dtype {state.dtype} and shape {state.shape}, expected numbers of shape (n, ...)")
    return state


def check_one_sentence(state: State) -> None:
    """ValueError unless it is the state of one hypothesis."""
    if len(state) != 1:
        raise ValueError(f"state has shape {state.shape}, expected (1, ...): it is that of one sentence")


def check_width(width: int, length_penalty: float) -> None:
    """ValueError unless a beam can be so wide, and its sentences be ranked so."""
    _check_integer("width", width, 1)
    _check_alpha("length_penalty", length_penalty)


def _check_integer(name: str, value: object, least: int) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}, expected an integer, {least} or more")


def _check_alpha(name: str, value: float) -> None:
    if not isinstance(value, int | float | np.number) or not 0 <= value < np.inf:
        raise ValueError(f"{name} is {value!r}, expected a finite number, 0 or more")
