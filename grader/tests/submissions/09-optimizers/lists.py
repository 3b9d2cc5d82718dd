"""Lists come back: nested ones for arrays, lists for batches, lists for pairs."""

# %%
import numpy as np


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    return {k: (np.array(params[k]) - lr * np.array(grads[k])).tolist() for k in sorted(params)}


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    old = state["v"] if "v" in state else {k: np.zeros_like(p) for k, p in params.items()}
    v = {k: (momentum * old[k] + grads[k]).tolist() for k in sorted(params)}
    return [{k: (params[k] - lr * np.array(v[k])).tolist() for k in v}, {"v": v}]


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    old = state["s"] if "s" in state else {k: np.zeros_like(p) for k, p in params.items()}
    s = {k: (beta * old[k] + (1 - beta) * np.square(grads[k])).tolist() for k in sorted(params)}
    return [{k: (params[k] - lr * grads[k] / (np.array(s[k]) ** 0.5 + eps)).tolist() for k in s}, {"s": s}]


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    t = state.get("t", 0) + 1
    zeros = {k: np.zeros_like(p) for k, p in params.items()}
    m, v = state.get("m", zeros), state.get("v", zeros)
    m = {k: (m[k] + (1 - beta1) * (grads[k] - m[k])).tolist() for k in params}
    v = {k: (v[k] + (1 - beta2) * (grads[k] ** 2 - v[k])).tolist() for k in params}
    new = {}
    for k in params:
        up, down = np.array(m[k]) / (1 - beta1**t), np.sqrt(np.array(v[k]) / (1 - beta2**t)) + eps
        new[k] = (params[k] - lr * (up / down + weight_decay * params[k])).tolist()
    return [new, {"m": m, "v": v, "t": t}]


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    order = np.argsort(rng.random(n)).tolist()
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


# %% solution="EarlyStopping"
class EarlyStopping:
    def __init__(self, patience, mode="min", min_delta=0.0):
        self.patience, self.flip, self.min_delta = patience, ["min", "max"].index(mode), min_delta
        self.past = []

    def better(self):
        """Where the metrics were better, and the best."""
        best, places = float("inf"), []
        for i, metric in enumerate(self.past):
            if metric < best - self.min_delta:
                best = metric
                places.append(i)
        return best, places

    @property
    def best(self):
        best, _ = self.better()
        return -best if self.flip else best

    def update(self, metric):
        self.past.append(-metric if self.flip else metric)
        _, places = self.better()
        if places and places[-1] == len(self.past) - 1:
            return False
        return len(self.past) - (places[-1] + 1 if places else 0) >= self.patience


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    history = {"validation_loss": [], "loss": []}
    stopping = EarlyStopping(patience)
    state, kept = {}, params
    for _ in range(epochs):
        seen = []
        for rows in minibatches(rng, len(data[0]), batch_size):
            loss, grads = loss_and_grads(params, *(part[rows] for part in data))
            params, state = step(params, grads, state)
            seen += [loss] * len(rows)
        history["loss"] += [sum(seen) / len(seen)]
        now, _ = loss_and_grads(params, *validation)
        history["validation_loss"] += [now]
        before = stopping.best
        stop = stopping.update(now)
        if stopping.best < before:
            kept = params
        if stop:
            break
    return [kept, history]
