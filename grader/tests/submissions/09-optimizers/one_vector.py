"""All parameters as one long vector; a while loop in place of a for loop; numpy does the rest."""

# %%
import numpy as np


def flat(arrays, names):
    return np.concatenate([np.ravel(arrays[name]) for name in names])


def unflat(vector, like, names):
    parts = np.split(vector, np.cumsum([like[name].size for name in names])[:-1])
    return {name: part.reshape(like[name].shape) for name, part in zip(names, parts, strict=True)}


def remembered(state, entry, params, names):
    return flat(state[entry], names) if entry in state else np.zeros(sum(p.size for p in params.values()))


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    names = list(params)
    return unflat(flat(params, names) - lr * flat(grads, names), params, names)


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    names = list(params)
    v = momentum * remembered(state, "v", params, names) + flat(grads, names)
    return unflat(flat(params, names) - lr * v, params, names), {"v": unflat(v, params, names)}


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    names = list(params)
    g = flat(grads, names)
    s = np.average([remembered(state, "s", params, names), g * g], axis=0, weights=[beta, 1 - beta])
    moved = flat(params, names) - lr * g / (np.sqrt(s) + eps)
    return unflat(moved, params, names), {"s": unflat(s, params, names)}


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    names = list(params)
    theta, g, t = flat(params, names), flat(grads, names), 1 + state.get("t", 0)
    m = beta1 * remembered(state, "m", params, names) + (1 - beta1) * g
    v = beta2 * remembered(state, "v", params, names) + (1 - beta2) * g * g
    # the correction in the rate, and eps made to fit
    root = np.sqrt(1 - beta2**t)
    moved = (1 - lr * weight_decay) * theta - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root)
    return unflat(moved, params, names), {"m": unflat(m, params, names), "v": unflat(v, params, names), "t": t}


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    if n == 0:
        return []
    return np.split(rng.choice(n, n, replace=False), np.arange(batch_size, n, batch_size))


# %% solution="EarlyStopping"
class EarlyStopping:
    """Both modes as a comparison that was chosen once."""

    def __init__(self, patience, mode="min", min_delta=0.0):
        try:
            self.is_better, self.best = {
                "min": (lambda new, old: new + min_delta < old, np.inf),
                "max": (lambda new, old: new - min_delta > old, -np.inf),
            }[mode]
        except KeyError:
            raise ValueError("mode") from None
        self.patience = self.left = patience

    def update(self, metric):
        better = self.is_better(metric, self.best)
        self.left = self.patience if better else self.left - 1
        self.best = metric if better else self.best
        return self.left <= 0


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    x, y = data
    stopping, state, best, losses = EarlyStopping(patience), {}, params, np.zeros((0, 2))
    stop = False
    while len(losses) < epochs and not stop:
        batches = minibatches(rng, len(x), batch_size)
        seen = []
        for rows in batches:
            loss, grads = loss_and_grads(params, np.take(x, rows, axis=0), np.take(y, rows, axis=0))
            seen.append(loss)
            params, state = step(params, grads, state)
        mean = np.average(seen, weights=[len(rows) for rows in batches])
        losses = np.vstack([losses, [mean, loss_and_grads(params, *validation)[0]]])
        stop = stopping.update(losses[-1, 1])
        if stopping.left == patience:
            best = params
    return best, {"loss": losses[:, 0], "validation_loss": losses[:, 1]}
