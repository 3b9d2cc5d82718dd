"""Small helpers in cells of their own, options with defaults, annotations, arguments by name."""

# %%
from bisect import insort

import numpy as np


# %%
def norm_of(*arrays: np.ndarray, order: float = 2) -> float:
    return sum(np.sum(np.abs(a) ** order) for a in arrays) ** (1 / order)


def scaled(a, factor=1.0):
    return np.array(a, dtype=float) * factor


class RunningMedian:
    """The median of all numbers put in so far."""

    def __init__(self):
        self.ordered = []

    def add(self, number):
        insort(self.ordered, number)

    @property
    def value(self):
        n = len(self.ordered)
        return sum(self.ordered[(n - 1) // 2 : n // 2 + 1]) / (2 - n % 2)


# %% solution="clip_by_value"
def clip_by_value(grads: dict, lower: float, upper: float, strict: bool = True) -> dict:
    if strict and lower > upper:
        raise ValueError("lower must not exceed upper")
    return {name: np.where(g > upper, upper, np.where(g < lower, lower, g)) for name, g in grads.items()}


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None, eps=1e-12):
    norm = norm_of(g)
    lower = lower or 0.0
    target = min(max(norm, lower), upper)
    return scaled(g, factor=target / max(norm, eps)) if norm else scaled(g)


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    norm = norm_of(*grads.values())
    clipped = dict(grads)
    for name in sorted(clipped):
        clipped[name] = clip_by_norm(grads[name], upper=norm_of(grads[name]) * min(1.0, max_norm / max(norm, 1e-300)))
    return clipped, norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    median = RunningMedian()
    for step in range(len(losses)):
        loss, norm = losses[step], norms[step]
        fine = abs(loss) < np.inf and norm < np.inf  # False for NaN
        if not fine or (step and norm > factor * median.value):
            return step
        median.add(norm)
