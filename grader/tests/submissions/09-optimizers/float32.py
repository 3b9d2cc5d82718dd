"""Steps in single precision."""

# %%
import numpy as np


def f32(arrays):
    return {name: np.asarray(a, dtype=np.float32) for name, a in arrays.items()}


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    params, grads = f32(params), f32(grads)
    return {name: params[name] - np.float32(lr) * grads[name] for name in params}


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    params, grads, old = f32(params), f32(grads), f32(state.get("v", {}))
    v = {k: np.float32(momentum) * old.get(k, np.float32(0)) + grads[k] for k in params}
    return {k: params[k] - np.float32(lr) * v[k] for k in params}, {"v": v}


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    params, grads, old = f32(params), f32(grads), f32(state.get("s", {}))
    s = {k: np.float32(beta) * old.get(k, np.float32(0)) + np.float32(1 - beta) * grads[k] ** 2 for k in params}
    return {k: params[k] - np.float32(lr) * grads[k] / (np.sqrt(s[k]) + np.float32(eps)) for k in params}, {"s": s}


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    params, grads = f32(params), f32(grads)
    m, v, t = f32(state.get("m", {})), f32(state.get("v", {})), state.get("t", 0) + 1
    zero = np.float32(0)
    m = {k: np.float32(beta1) * m.get(k, zero) + np.float32(1 - beta1) * g for k, g in grads.items()}
    v = {k: np.float32(beta2) * v.get(k, zero) + np.float32(1 - beta2) * g**2 for k, g in grads.items()}
    new = {}
    for k, theta in params.items():
        size = np.sqrt(v[k] / np.float32(1 - beta2**t)) + np.float32(eps)
        new[k] = theta - np.float32(lr) * (m[k] / np.float32(1 - beta1**t) / size + np.float32(weight_decay) * theta)
    return new, {"m": m, "v": v, "t": np.int32(t)}


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    order = np.arange(n, dtype=np.int32)
    rng.shuffle(order)
    return tuple(order[i : i + batch_size] for i in range(0, n, batch_size))


# %% solution="EarlyStopping"
class EarlyStopping:
    def __init__(self, patience, mode="min", min_delta=0.0):
        signs = {"min": np.float32(1), "max": np.float32(-1)}
        if mode not in signs:
            raise ValueError(f"no mode {mode}")
        self.sign, self.bar, self.patience = signs[mode], np.float32(min_delta), patience
        self.lowest, self.misses = np.float32(np.inf), 0

    @property
    def best(self):
        return self.sign * self.lowest

    def update(self, metric):
        metric = self.sign * np.float32(metric)
        if self.lowest - metric > self.bar:
            self.lowest, self.misses = metric, 0
        else:
            self.misses += 1
        return np.bool_(self.misses >= self.patience)


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    x, y = data
    losses, validation_losses, kept = [], [], [params]
    stopping, state, stop = EarlyStopping(patience), {}, False
    while len(losses) < epochs and not stop:
        batches = minibatches(rng, len(y), batch_size)
        weighted = []
        for rows in batches:
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            weighted.append(np.float64(loss) * len(rows))
            params, state = step(params, grads, state)
        losses.append(np.sum(weighted) / len(y))
        validation_losses.append(loss_and_grads(params, *validation)[0])
        kept.append(params)
        low = min(validation_losses)
        since = len(validation_losses) - 1 - validation_losses.index(low) if np.isfinite(low) else len(losses)
        stop = since >= patience
    if not validation_losses or not np.isfinite(min(validation_losses)):
        return kept[0], dict(loss=losses, validation_loss=validation_losses)
    return kept[1 + int(np.argmin(validation_losses))], dict(loss=losses, validation_loss=validation_losses)
