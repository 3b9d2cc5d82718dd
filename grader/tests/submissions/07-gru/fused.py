"""[x, h] against stacked matrices, a class that remembers, helpers in cells of their own."""

# %%
import numpy as np


# %%
class Weights:
    """W_x above W_h above b: [x, h, 1] times the whole is a cell's sum."""

    def __init__(self, W_x, W_h, b=None):
        self.H, self.D = len(W_h), len(W_x)
        b = np.zeros(W_x.shape[1]) if b is None else b
        stacked = np.vstack([W_x, W_h, b])
        self.gates, self.candidate = stacked[:, : 2 * self.H], stacked[:, 2 * self.H :]

    @staticmethod
    def read(x, h):
        return np.hstack([x, h, np.ones((len(x), 1))])


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    weights = Weights(W_x, W_h, b)
    gates = 1 / (1 + np.exp(-(weights.read(x, h_prev) @ weights.gates)))
    r, z = gates[:, : weights.H], gates[:, weights.H :]
    n = np.tanh(weights.read(x, r * h_prev) @ weights.candidate)
    return np.where(z > 0.5, n + (1 - z) * (h_prev - n), h_prev + z * (n - h_prev)), np.append(gates, n, axis=1)


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    T = x.shape[1]
    h = {-1: h0}
    gates = {}
    for t in range(T):
        h[t], gates[t] = gru_cell_forward(x[:, t], h[t - 1], W_x, W_h, b)
    return np.stack([h[t] for t in range(T)], 1), np.stack([gates[t] for t in range(T)], 1)


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    weights = Weights(W_x, W_h)
    H, D = weights.H, weights.D
    r, z, n = (gates[:, k * H : (k + 1) * H] for k in range(3))

    read_n = weights.read(x, r * h_prev)
    da_n = (1 - n**2) * z * dh
    dread_n = da_n @ weights.candidate.T
    dx, dreset = dread_n[:, :D], dread_n[:, D : D + H]

    read = weights.read(x, h_prev)
    da_rz = np.hstack([dreset * h_prev, dh * (n - h_prev)]) * gates[:, : 2 * H] * (1 - gates[:, : 2 * H])
    dread = da_rz @ weights.gates.T

    dW = np.hstack([read.T @ da_rz, read_n.T @ da_n])
    return dx + dread[:, :D], dread[:, D : D + H] + dreset * r + dh * (1 - z), dW[:D], dW[D:-1], dW[-1]


# %%
def shifted(h, h0):
    return np.concatenate([h0[:, None, :], h[:, :-1, :]], axis=1)


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    total = np.array(dh)
    h_prev = shifted(h, h0)
    dx = np.empty_like(x)
    sums = [0, 0, 0]
    t = x.shape[1]
    while t > 0:
        t -= 1
        dx[:, t], dh0, *new = gru_cell_backward(total[:, t], x[:, t], h_prev[:, t], gates[:, t], W_x, W_h)
        sums = [a + b for a, b in zip(sums, new, strict=True)]
        if t > 0:
            total[:, t - 1] += dh0
    return dx, dh0, *sums


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    match kind:
        case "rnn":
            columns = H
        case "gru":
            columns = 3 * H
        case "lstm":
            columns = 4 * H
    return (D + H + 1) * columns
