"""The nearest orthogonal matrix to a normal one, by its singular vectors; normal numbers from uniform ones."""

# %%
import numpy as np


# %% solution="fans"
def fans(shape):
    example = np.empty(shape)
    return np.int64(len(example)), np.int64(len(example.T))


# %%
def box_muller(rng, shape):
    radius = np.sqrt(-2 * np.log(1 - rng.random(shape)))
    return radius * np.cos(2 * np.pi * rng.random(shape))


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    return np.sqrt(1 / np.mean(fans(shape))) * box_muller(rng, shape)


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    w = np.sqrt(3 / np.mean(fans(shape)))
    return -rng.uniform(-w, w, shape)


# %% solution="he_normal"
def he_normal(rng, shape):
    return box_muller(rng, shape) * np.sqrt(2 / shape[0])


# %% solution="he_uniform"
def he_uniform(rng, shape):
    size = rng.uniform(0, np.sqrt(6 / shape[0]), shape)
    return np.where(rng.random(shape) < 0.5, -size, size)


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    U, _, Vt = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    return gain * (U @ Vt)


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    return np.kron([0, forget, 0, 0], np.ones(H))
