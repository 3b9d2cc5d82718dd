"""Rotations from a product of random reflections (Stewart 1980); normal numbers by the dozen; generators spawned."""

# %%
import numpy as np


# %% solution="fans"
def fans(shape):
    return int(shape[0]), int(shape[1])


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    W = np.empty(shape)
    columns = W.T
    for column in columns:
        column[:] = rng.normal(loc=0.0, scale=1.0, size=shape[0])
    W *= np.sqrt(2.0 / np.add(*fans(shape)))
    return W


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    fan_in, fan_out = fans(shape)
    bound = 6**0.5 / (fan_in + fan_out) ** 0.5
    return np.stack([child.uniform(-bound, bound, fan_out) for child in rng.spawn(fan_in)])


# %% solution="he_normal"
def he_normal(rng, shape):
    again = np.random.default_rng(rng.integers(2**63))
    return np.sqrt(2 / shape[0]) * again.normal(size=shape)


# %% solution="he_uniform"
def he_uniform(rng, shape):
    fan_in, fan_out = fans(shape)
    bound = np.sqrt(6 / fan_in)
    flat = rng.permutation(rng.uniform(-bound, bound, fan_in * fan_out))
    return flat.reshape((fan_out, fan_in)).T


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    n = max(shape)
    Q = np.diag(rng.choice([-1.0, 1.0], size=n))
    for k in range(2, n + 1):
        v = rng.standard_normal(k)
        v[0] += np.sign(v[0]) * np.sqrt(v @ v)
        Q[n - k :] -= np.outer(2 * v / (v @ v), v @ Q[n - k :])
    return gain * Q[: shape[0], : shape[1]]


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    return np.where(np.arange(4 * H) // max(H, 1) == 1, float(forget), 0.0)
