"""Functions that a case hands over as an argument: pure, and the same for students and for the grader."""

import numpy as np

__all__ = ["cubic", "ripples"]


def cubic(w: np.ndarray, *, a: np.ndarray, b: np.ndarray) -> float:
    """Σ a w³ + (Σ b w)², for arrays a and b like w: a central difference is off by a eps², no less and no more."""
    return float(np.sum(a * w**3) + np.sum(b * w) ** 2)


def ripples(w: np.ndarray, *, a: np.ndarray, c: np.ndarray) -> float:
    """Σ a sin(c u), where u is w with half of its neighbour (the last one for the first) added to every entry.

    a and c are arrays like w. Smooth, but at steps of about 1/c so curved that a slip in a difference quotient shows in
    the first digits: one side for two, another step, an entry that was not put back.
    """
    return float(np.sum(a * np.sin(c * (w + 0.5 * np.roll(w, 1)))))
