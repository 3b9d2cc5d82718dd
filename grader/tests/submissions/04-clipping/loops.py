"""Everything by hand, one number at a time."""

# %%
import math

import numpy as np


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    clipped = {}
    for name in grads:
        g = grads[name]
        result = np.zeros(g.shape)
        for place in np.ndindex(*g.shape):
            if g[place] < lower:
                result[place] = lower
            elif g[place] > upper:
                result[place] = upper
            else:
                result[place] = g[place]
        clipped[name] = result
    return clipped


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    total = 0.0
    for place in np.ndindex(*g.shape):
        total += float(g[place]) ** 2
    norm = math.sqrt(total)
    if norm == 0:
        return np.zeros(g.shape)
    target = norm
    if norm > upper:
        target = upper
    if lower is not None:
        if norm < lower:
            target = lower
    result = np.zeros(g.shape)
    for place in np.ndindex(*g.shape):
        result[place] = g[place] / norm * target
    return result


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    total = 0.0
    for name in grads:
        for place in np.ndindex(*grads[name].shape):
            total += float(grads[name][place]) ** 2
    norm = math.sqrt(total)
    clipped = {}
    for name in grads:
        clipped[name] = np.zeros(grads[name].shape)
        for place in np.ndindex(*grads[name].shape):
            clipped[name][place] = grads[name][place]
            if norm > max_norm:
                clipped[name][place] = grads[name][place] * max_norm / norm
    return clipped, norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    earlier = []
    for t in range(len(losses)):
        if math.isnan(losses[t]) or math.isinf(losses[t]):
            return t
        if math.isnan(norms[t]) or math.isinf(norms[t]):
            return t
        n = len(earlier)
        if n > 0:
            earlier.sort()
            if n % 2 == 1:
                median = earlier[n // 2]
            else:
                median = (earlier[n // 2 - 1] + earlier[n // 2]) / 2
            if norms[t] > factor * median:
                return t
        earlier.append(norms[t])
    return None
