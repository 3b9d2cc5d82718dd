"""Right, but noisy: prints, and numpy's RuntimeWarnings on the way."""

# %%
import numpy as np


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    for name, g in grads.items():
        print(f"{name}: {np.mean((g < lower) | (g > upper)):.0%} out of range")
    return {name: g.clip(min=lower, max=upper) for name, g in grads.items()}


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    norm = np.linalg.norm(g)
    direction = g / norm  # 0/0 if g is zero
    longest = np.minimum(norm, upper)
    wanted = longest if lower is None else np.maximum(longest, lower)
    return np.where(norm > 0, wanted * direction, 0.0)


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    total_norm = np.sqrt(sum([np.linalg.norm(g) ** 2 for g in grads.values()]))
    ratio = max_norm / total_norm  # infinite if all is zero
    print("clipped" if ratio < 1 else "left alone", total_norm)
    return {name: g * min(1, ratio) for name, g in grads.items()}, total_norm


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    for t in range(len(losses)):
        median = np.median(norms[:t])  # of nothing at first: NaN, and nothing exceeds it
        print(t, losses[t], norms[t], median)
        if norms[t] > factor * median or np.isnan(losses[t] - losses[t]) or np.isnan(norms[t] - norms[t]):
            return np.int64(t)
    print("nothing blew up")
