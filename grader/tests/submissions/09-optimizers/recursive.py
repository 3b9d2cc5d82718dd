"""Without a loop over epochs, by a generator and by recursion; what comes back is a named tuple."""

# %%
import functools
from collections import namedtuple

import numpy as np

Stepped = namedtuple("Stepped", "params state")
Fitted = namedtuple("Fitted", "params history")


def over(names, function):
    return dict(map(lambda name: (name, function(name)), names))


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    return over(params, lambda k: np.subtract(params[k], np.multiply(lr, grads[k])))


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    v = over(params, lambda k: grads[k] + momentum * state["v"][k] if "v" in state else np.array(grads[k]))
    return Stepped(sgd_step(params, v, lr), {"v": v})


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    before = state.get("s") or over(params, lambda k: 0 * params[k])
    s = over(params, lambda k: beta * before[k] + (1 - beta) * grads[k] * grads[k])
    return Stepped(sgd_step(params, over(params, lambda k: grads[k] / (eps + s[k] ** 0.5)), lr), {"s": s})


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    t = 1 + (state["t"] if state else 0)
    mean = lambda k, entry, beta, new: (beta * state[entry][k] if state else 0) + (1 - beta) * new
    m = over(params, lambda k: mean(k, "m", beta1, grads[k]))
    v = over(params, lambda k: mean(k, "v", beta2, grads[k] ** 2))
    way = over(params, lambda k: m[k] / (1 - beta1**t) / (np.sqrt(v[k] / (1 - beta2**t)) + eps))
    return Stepped(sgd_step(sgd_step(params, params, lr * weight_decay), way, lr), {"m": m, "v": v, "t": t})


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    def cut(order):
        return [order[:batch_size], *cut(order[batch_size:])] if len(order) else []

    return cut(rng.permuted(np.arange(n)))


# %% solution="EarlyStopping"
class EarlyStopping:
    def __init__(self, patience, mode="min", min_delta=0.0):
        assert_mode = {"min": 1, "max": -1}.get(mode)
        if assert_mode is None:
            raise ValueError(f"unknown mode {mode!r}")
        self.sign, self.min_delta, self.patience = assert_mode, min_delta, patience
        self.best, self.waited = assert_mode * np.inf, 0

    def update(self, metric):
        better = bool(self.sign * (self.best - metric) > self.min_delta)
        self.best, self.waited = (metric, 0) if better else (self.best, self.waited + 1)
        return self.waited >= self.patience


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    x, y = data
    stopping = EarlyStopping(patience)

    def one(carried, rows):
        params, state, total = carried
        loss, grads = loss_and_grads(params, x[rows], y[rows])
        return (*step(params, grads, state), total + loss * len(rows) / len(x))

    def go_on(params, state, best, losses, validation_losses):
        if len(losses) == epochs:
            return Fitted(best, {"loss": losses, "validation_loss": validation_losses})
        params, state, loss = functools.reduce(one, minibatches(rng, len(x), batch_size), (params, state, 0.0))
        now = loss_and_grads(params, *validation)[0]
        best = params if now < stopping.best else best
        losses, validation_losses = [*losses, loss], [*validation_losses, now]
        if stopping.update(now):
            return Fitted(best, {"loss": losses, "validation_loss": validation_losses})
        return go_on(params, state, best, losses, validation_losses)

    return go_on(params, {}, params, [], [])
