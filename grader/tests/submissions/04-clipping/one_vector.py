"""All gradients are one long vector, which is cut up again at the end: what comes back are views of it."""

# %%
import numpy as np


# %%
def flatten(grads):
    return np.concatenate([np.ravel(g) for g in grads.values()])


def unflatten(vector, grads):
    ends = np.cumsum([g.size for g in grads.values()])
    parts = np.split(vector, ends[:-1])
    return {name: part.reshape(g.shape) for (name, g), part in zip(grads.items(), parts, strict=True)}


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    vector = flatten(grads)
    vector[vector < lower] = lower
    vector[vector > upper] = upper
    return unflatten(vector, grads)


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    if lower is None:
        lower = 0.0
    norm = np.linalg.norm(g.ravel())
    if not norm:
        return g.copy()
    return g / max(norm / upper, 1.0) * max(lower / norm, 1.0)


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    vector = flatten(grads)
    norm = np.linalg.norm(vector)
    return unflatten(vector / max(1.0, norm / max_norm), grads), norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    medians = np.array([np.inf] + [np.median(norms[:t]) for t in range(1, len(norms))])  # NaN from the first NaN on
    bad = ~np.isfinite(losses) | ~np.isfinite(norms) | (norms > factor * medians)
    return int(bad.argmax()) if bad.any() else None
