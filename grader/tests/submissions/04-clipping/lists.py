"""Nested lists and plain Python numbers come back, not arrays."""

# %%
import statistics
from math import fsum, hypot, isfinite


# %%
def each(g, change):
    """A nested list with every number changed."""
    return [each(part, change) for part in g] if isinstance(g, list) else change(g)


def numbers(g):
    return [x for part in g for x in numbers(part)] if isinstance(g, list) else [g]


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    return {name: each(g.tolist(), lambda x: max(lower, min(upper, x))) for name, g in grads.items()}


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    g = g.tolist()
    norm = hypot(*numbers(g))
    if norm > upper:
        return each(g, lambda x: x * upper / norm)
    elif lower and 0 < norm < lower:
        return each(g, lambda x: x * lower / norm)
    else:
        return g


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    grads = {name: g.tolist() for name, g in grads.items()}
    norm = fsum(x * x for g in grads.values() for x in numbers(g)) ** 0.5
    scale = max_norm / norm if norm > max_norm else 1
    return [{name: each(g, lambda x: scale * x) for name, g in grads.items()}, norm]


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    losses, norms = list(losses), list(norms)
    for step, (loss, norm) in enumerate(zip(losses, norms, strict=True)):
        if not isfinite(loss) or not isfinite(norm):
            return step
        if step > 0 and norm / statistics.median(norms[:step]) > factor:
            return step
    return None
