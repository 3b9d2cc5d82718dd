"""Small helpers in cells of their own, a class that reads on, named tuples, arguments by name."""

# %%
from collections import defaultdict, namedtuple

import numpy as np

Truncated = namedtuple("Truncated", "grads h_last")


# %% solution="split_chunks"
def split_chunks(x, window, axis=1):
    return list(_cut(x, window))


# %%
def _cut(x, window):
    while x.shape[1]:
        yield x[:, :window]
        x = x[:, window:]


class Reader:
    """Reads on from where it stopped; keeps what backpropagation will need of the last `memory` steps."""

    def __init__(self, params, h0, memory=None):
        self.params, self.memory = params, memory
        self.inputs, self.ids, self.states = [], [], [h0]

    def step(self, x, ids):
        p = self.params
        h = rnn_forward(x[:, None], self.states[-1], p["W_x"], p["W_h"], p["b"])[:, 0]
        self.inputs.append(x)
        self.ids.append(ids)
        self.states.append(h)
        if self.memory and len(self.inputs) > self.memory:
            del self.inputs[0], self.ids[0], self.states[0]

    def forget_the_way(self):
        """Keeps the state, and not how it came about (PyTorch's detach)."""
        self.inputs, self.ids, self.states = [], [], self.states[-1:]

    def learn(self, errors=None):
        p, (h0, *states) = self.params, self.states
        h, x, ids = np.stack(states, 1), np.stack(self.inputs, 1), np.stack(self.ids, 1)
        mask = np.zeros(ids.shape, bool)
        mask[:, -(errors or ids.shape[1]) :] = True
        loss, dy = cross_entropy(logits=output_layer(h, p["W_y"], p["b_y"]), targets=ids, mask=mask)
        g = defaultdict(float)
        for t in range(h.shape[1]):
            g["W_y"] = g["W_y"] + h[:, t].T @ dy[:, t]
            g["b_y"] = g["b_y"] + dy[:, t].sum(0)
        _, _, g["W_x"], g["W_h"], g["b"] = rnn_backward(dy @ p["W_y"].T, x, h0, h, p["W_x"], p["W_h"])
        return loss, dict(g)


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    reader, grads = Reader(params, h0), []
    for t in range(x.shape[1]):
        reader.step(x[:, t], targets[:, t])
        if (t + 1) % window == 0 or t + 1 == x.shape[1]:
            grads.append(reader.learn()[1])
            reader.forget_the_way()
    return Truncated(grads=grads, h_last=reader.states[-1])


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    reader, grads = Reader(params, h0, memory=k2), []
    for t in range(x.shape[1]):
        reader.step(x[:, t], targets[:, t])
        if (t + 1) % k1 == 0:
            grads.append(reader.learn(errors=min(k1, k2))[1])
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr=0.1):
    reader, losses = Reader(dict(params), h0), []
    for chunk, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        for t in range(chunk.shape[1]):
            reader.step(chunk[:, t], ids[:, t])
        loss, g = reader.learn()
        losses.append(loss)
        reader.params = {name: reader.params[name] - lr * g[name] for name in reader.params}
        reader.forget_the_way()
    return reader.params, losses


# %% solution="fold_series"
def fold_series(series, window):
    whole = [c for one in series for c in split_chunks(one[None], window) if c.shape[1] == window]
    return np.concatenate(whole) if whole else np.empty((0, window, series.shape[-1]))


# %% solution="one_step_samples"
def one_step_samples(series):
    steps = fold_series(np.atleast_3d(series), window=1)
    reset = np.zeros(len(steps), dtype=np.bool_)
    reset[:: series.shape[1]] = True
    return steps, reset
