"""Name by name, entry by entry, epoch by epoch; batches grow one index at a time."""

# %%
import math

import numpy as np


def each(*arrays):
    """The places of arrays of one shape."""
    return np.ndindex(arrays[0].shape)


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    new = {}
    for name in params:
        new[name] = np.empty(params[name].shape)
        for i in each(params[name]):
            new[name][i] = params[name][i] - lr * grads[name][i]
    return new


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    new, v = {}, {}
    for name in params:
        new[name], v[name] = np.empty(params[name].shape), np.empty(params[name].shape)
        for i in each(params[name]):
            old = state["v"][name][i] if state else 0.0
            v[name][i] = momentum * old + grads[name][i]
            new[name][i] = params[name][i] - lr * v[name][i]
    return new, {"v": v}


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    new, s = {}, {}
    for name in params:
        new[name], s[name] = np.empty(params[name].shape), np.empty(params[name].shape)
        for i in each(params[name]):
            old = state["s"][name][i] if state else 0.0
            s[name][i] = beta * old + (1 - beta) * grads[name][i] ** 2
            new[name][i] = params[name][i] - lr * grads[name][i] / (math.sqrt(s[name][i]) + eps)
    return new, {"s": s}


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    t = 1
    if "t" in state:
        t = state["t"] + 1
    new, m, v = {}, {}, {}
    for name in params:
        new[name], m[name], v[name] = (np.empty(params[name].shape) for _ in range(3))
        for i in each(params[name]):
            g = grads[name][i]
            m[name][i] = (1 - beta1) * g
            v[name][i] = (1 - beta2) * g * g
            if state:
                m[name][i] += beta1 * state["m"][name][i]
                v[name][i] += beta2 * state["v"][name][i]
            step = (m[name][i] / (1 - beta1**t)) / (math.sqrt(v[name][i] / (1 - beta2**t)) + eps)
            new[name][i] = params[name][i] * (1 - lr * weight_decay) - lr * step
    return new, dict(t=t, v=v, m=m)


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    left = list(range(n))
    batches = []
    while left:
        if not batches or len(batches[-1]) == batch_size:
            batches.append([])
        batches[-1].append(left.pop(int(rng.integers(len(left)))))
    return batches


# %% solution="EarlyStopping"
class EarlyStopping:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode != "min" and mode != "max":
            raise ValueError(mode)
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta
        self.since = 0
        if mode == "min":
            self.best = float("inf")
        else:
            self.best = float("-inf")

    def update(self, metric):
        if self.mode == "min":
            gain = self.best - metric
        else:
            gain = metric - self.best
        if gain > self.min_delta:
            self.best = metric
            self.since = 0
        else:
            self.since = self.since + 1
        if self.since >= self.patience:
            return True
        return False


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    x, y = data
    state = {}
    best = dict(params)
    lowest = math.inf
    losses, validation_losses = [], []
    waited = 0
    for epoch in range(epochs):
        order = list(range(len(x)))
        rng.shuffle(order)
        total = 0
        start = 0
        while start < len(order):
            rows = order[start : start + batch_size]
            start += batch_size
            loss, grads = loss_and_grads(params, np.array([x[i] for i in rows]), np.array([y[i] for i in rows]))
            for _ in rows:
                total += loss
            params, state = step(params, grads, state)
        losses.append(total / len(order))
        validation_losses.append(loss_and_grads(params, validation[0], validation[1])[0])
        if validation_losses[-1] < lowest:
            lowest = validation_losses[-1]
            best = {}
            for name in params:
                best[name] = params[name].copy()
            waited = 0
        else:
            waited += 1
            if waited == patience:
                break
    return best, {"loss": losses, "validation_loss": validation_losses}
