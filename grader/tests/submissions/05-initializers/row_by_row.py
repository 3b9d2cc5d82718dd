"""One row after the other, or one number; Gram and Schmidt by hand; lists come back."""

# %%
import math


# %% solution="fans"
def fans(shape):
    return [shape[0], shape[1]]


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    fan_in, fan_out = fans(shape)
    sd = math.sqrt(2 / (fan_in + fan_out))
    W = []
    for _ in range(fan_in):
        W.append([float(number) for number in rng.normal(scale=sd, size=fan_out)])
    return W


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    fan_in, fan_out = fans(shape)
    w = math.sqrt(6 / (fan_in + fan_out))
    W = []
    for _ in range(fan_in):
        W.append([rng.uniform(-w, w) for _ in range(fan_out)])
    return W


# %% solution="he_normal"
def he_normal(rng, shape):
    fan_in, fan_out = fans(shape)
    sd = math.sqrt(2 / fan_in)
    return [[sd * rng.standard_normal() for _ in range(fan_out)] for _ in range(fan_in)]


# %% solution="he_uniform"
def he_uniform(rng, shape):
    fan_in, fan_out = fans(shape)
    w = math.sqrt(6 / fan_in)
    return [list(rng.uniform(-w, w, fan_out)) for _ in range(fan_in)]


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    rows, columns = shape
    found = []
    while len(found) < min(shape):
        vector = rng.standard_normal(max(shape))
        for _ in range(2):  # once more for what rounding has left
            for other in found:
                vector = vector - (vector @ other) * other
        found.append(vector / math.sqrt(vector @ vector))
    if rows <= columns:
        return [list(gain * row) for row in found]
    return [[gain * column[i] for column in found] for i in range(rows)]


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    b = []
    for gate in "ifgo":
        for _ in range(H):
            b.append(forget if gate == "f" else 0)
    return b
