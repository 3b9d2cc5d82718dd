"""Products of everything with itself: dot, vdot, einsum; Fortran order out."""

# %%
from functools import reduce

import numpy as np


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    # the middle one of three numbers
    bounded = {name: np.median(np.broadcast_arrays(lower, g, upper), axis=0) for name, g in grads.items()}
    return {name: np.asarray(g, order="F") for name, g in bounded.items()}


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    squared = np.vdot(g, g)
    if squared > upper**2:
        return np.asarray(np.einsum("...,->...", g, upper / np.sqrt(squared)), order="F")
    if lower is not None and 0 < squared < lower**2:
        return np.asarray(np.einsum("...,->...", g, lower / np.sqrt(squared)), order="F")
    return 1 * g


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    lengths = [np.sqrt(np.tensordot(g, g, axes=g.ndim)) for g in grads.values()]
    norm = reduce(np.hypot, lengths, 0.0)
    coefficient = np.clip(max_norm / (norm + 1e-6), None, 1.0)
    return {name: np.multiply(coefficient, g) for name, g in grads.items()}, norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    sums = np.cumsum(losses * 0 + norms * 0)  # 0 as long as everything was finite, NaN ever after
    limits = [np.inf] + [factor * np.quantile(norms[:t], 0.5) for t in range(1, len(norms))]
    (steps,) = np.nonzero(np.isnan(sums) | (norms > limits))
    return next(iter(steps), None)
