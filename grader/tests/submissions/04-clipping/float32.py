"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

f32 = np.float32


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    return {name: np.clip(g.astype(f32), f32(lower), f32(upper)) for name, g in grads.items()}


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    g = g.astype(f32)
    norm = np.sqrt(np.sum(g * g, dtype=f32))
    low = f32(0 if lower is None else lower)
    if norm == 0:
        return g
    return g * (np.clip(norm, low, f32(upper)) / norm)


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    grads = {name: g.astype(f32) for name, g in grads.items()}
    norm = np.sqrt(sum((np.sum(g * g, dtype=f32) for g in grads.values()), f32(0)))
    factor = min(f32(1), f32(max_norm) / (norm + f32(1e-6)))
    return {name: g * factor for name, g in grads.items()}, norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    losses, norms = losses.astype(f32), norms.astype(f32)
    for t in range(len(norms)):
        if not np.isfinite([losses[t], norms[t]]).all():
            return t
        if t and norms[t] > f32(factor) * np.median(norms[:t]):
            return t
