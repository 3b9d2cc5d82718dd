"""Single precision, as on a GPU, in the layout of PyTorch: what comes back are transposed views."""

# %%
import numpy as np


# %% solution="fans"
def fans(shape):
    fan_out, fan_in = reversed(shape)
    return fan_in, fan_out


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    fan_in, fan_out = fans(shape)
    weight = rng.standard_normal((fan_out, fan_in), dtype=np.float32)
    weight *= np.float32(np.sqrt(2 / (fan_in + fan_out)))
    return weight.T


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.float32(np.sqrt(6 / (fan_in + fan_out)))
    return (w * (2 * rng.random((fan_out, fan_in), dtype=np.float32) - 1)).T


# %% solution="he_normal"
def he_normal(rng, shape):
    fan_in, fan_out = fans(shape)
    weight = rng.standard_normal((fan_out, fan_in), dtype=np.float32)
    return weight.T * np.float32(np.sqrt(2 / fan_in))


# %% solution="he_uniform"
def he_uniform(rng, shape):
    fan_in, _ = fans(shape)
    w = np.sqrt(6 / fan_in)
    return np.asfortranarray(rng.uniform(-w, w, shape).astype(np.float32))


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    fan_in, fan_out = shape
    weight = rng.standard_normal((fan_out, fan_in), dtype=np.float32)
    wide = fan_out < fan_in
    Q, R = np.linalg.qr(weight.T if wide else weight)
    Q = Q * np.where(np.diag(R) < 0, -1, 1).astype(np.float32)
    return np.float32(gain) * (Q if wide else Q.T)


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    b = np.zeros((4, H), dtype=np.float32)
    b[1, :] = forget
    return b.ravel()
