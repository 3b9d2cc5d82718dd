"""One helper for all four, as in Keras; a part of a larger rotation; the numbers drawn one after the other."""

# %%
import numpy as np


# %%
def variance_scaling(rng, shape, scale, mode, distribution):
    fan_in, fan_out = fans(shape)
    n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    variance = scale / n
    if distribution == "normal":
        numbers = (rng.normal(0.0, np.sqrt(variance)) for _ in range(fan_in * fan_out))
        return np.fromiter(numbers, float).reshape(shape)
    limit = np.sqrt(3.0 * variance)
    return rng.uniform(low=-limit, high=limit, size=fan_in * fan_out).reshape(shape)


# %% solution="fans"
def fans(shape):
    fan_in = shape[-2]
    fan_out = shape[-1]
    return fan_in, fan_out


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    return variance_scaling(rng, shape, 1.0, "fan_avg", "normal")


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    return variance_scaling(rng, shape, 1.0, "fan_avg", "uniform")


# %% solution="he_normal"
def he_normal(rng, shape):
    return variance_scaling(rng, shape, 2.0, "fan_in", "normal")


# %% solution="he_uniform"
def he_uniform(rng, shape):
    return variance_scaling(rng, shape, 2.0, "fan_in", "uniform")


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    n = max(shape)
    Q, R = np.linalg.qr(rng.normal(size=(n, n)), mode="complete")
    d = np.diag(R)
    Q *= d / np.abs(d)
    return gain * Q[: shape[0], : shape[1]]


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    i = g = o = np.zeros(H)
    f = i + forget
    return np.hstack((i, f, g, o))
