"""Loops are for others: a dict is its first entry and the rest, a run is all but its last step and that step."""

# %%
import numpy as np


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    if not grads:
        return {}
    (name, g), *rest = grads.items()
    clipped = clip_by_value(dict(rest), lower, upper)
    return {name: np.maximum(np.minimum(g, upper), lower)} | clipped


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    norm = np.sqrt(np.sum(np.square(g)))
    if lower is not None and 0 < norm < lower:
        return clip_by_norm(g * (lower / norm), upper)
    return g * (upper / norm) if norm > upper else +g


# %%
def sum_of_squares(values):
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, list):
        return sum_of_squares(values[0]) + sum_of_squares(values[1:]) if values else 0.0
    return np.sum(values * values)


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    norm = sum_of_squares(grads) ** 0.5
    if norm <= max_norm:
        return {name: np.array(g) for name, g in grads.items()}, norm
    factor = max_norm / norm * (1 - 1e-12)  # a little less, or rounding might bring us here for ever
    clipped, _ = clip_by_global_norm({name: factor * g for name, g in grads.items()}, max_norm)
    return clipped, norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    if len(losses) == 0:
        return None
    earlier = detect_explosion(losses[:-1], norms[:-1], factor)
    if earlier is not None:
        return earlier
    finite = np.isfinite(losses[-1]) and np.isfinite(norms[-1])
    limit = factor * np.median(norms[:-1]) if len(norms) > 1 else np.inf
    return None if finite and norms[-1] <= limit else len(losses) - 1
