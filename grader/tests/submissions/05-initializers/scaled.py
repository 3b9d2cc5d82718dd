"""Standard draws, scaled afterwards."""

# %%
import numpy as np


# %% solution="fans"
def fans(shape):
    return shape


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    return rng.standard_normal(shape) * (2 / sum(fans(shape))) ** 0.5


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    return (2 * rng.random(shape) - 1) * (6 / sum(fans(shape))) ** 0.5


# %% solution="he_normal"
def he_normal(rng, shape):
    return rng.standard_normal(shape) / np.sqrt(fans(shape)[0] / 2)


# %% solution="he_uniform"
def he_uniform(rng, shape):
    w = np.sqrt(6) / np.sqrt(fans(shape)[0])
    return w - 2 * w * rng.random(shape)


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    rows, columns = shape
    if rows < columns:
        return orthogonal(rng, (columns, rows), gain).T
    Q, R = np.linalg.qr(rng.standard_normal(shape))
    return gain * Q @ np.diag(np.sign(np.diag(R)))


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    return np.concatenate([np.zeros(H), np.full(H, forget), np.zeros(2 * H)])
