"""Nested lists and Python numbers come back wherever shapes allow it."""

# %%
import numpy as np


# %% solution="split_chunks"
def split_chunks(x, window):
    rows = x.tolist()
    T = len(rows[0])
    return [[row[i : i + window] for row in rows] for i in range(0, T, window)]


# %%
def gradient_of(x, targets, h0, params, counts):
    x, targets, h0 = np.array(x), np.array(targets), np.array(h0)
    names = ["W_x", "W_h", "b", "W_y", "b_y"]
    W_x, W_h, b, W_y, b_y = [np.array(params[name]) for name in names]
    h = rnn_forward(x, h0, W_x, W_h, b)
    loss, dy = cross_entropy(output_layer(h, W_y, b_y), targets, np.array([counts] * len(x)))
    _, _, *recurrent = rnn_backward(dy @ W_y.T, x, h0, h, W_x, W_h)
    dW_y = sum(h[:, t].T @ dy[:, t] for t in range(h.shape[1]))
    grads = [*recurrent, dW_y, sum(sum(dy))]
    return float(loss), {name: g.tolist() for name, g in zip(names, grads)}, h[:, -1].tolist()


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    grads, state = [], h0.tolist()
    for xs, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        _, g, state = gradient_of(xs, ids, state, params, [True] * len(ids[0]))
        grads += [g]
    return [grads, state]


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    states = [h0, *np.swapaxes(rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"]), 0, 1)]
    grads = ()
    for stop in range(k1, len(states), k1):
        steps = list(range(stop))[-k2:]
        counts = [step >= stop - k1 for step in steps]
        grads += (gradient_of(x[:, steps], targets[:, steps], states[steps[0]], params, counts)[1],)
    return grads


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    losses, state = [], h0
    for xs, ids in zip(split_chunks(x, window), split_chunks(targets, window)):
        loss, g, state = gradient_of(xs, ids, state, params, [True] * len(ids[0]))
        params = {name: (np.array(w) - lr * np.array(g[name])).tolist() for name, w in params.items()}
        losses.append(loss)
    return params, losses


# %% solution="fold_series"
def fold_series(series, window):
    pieces = []
    for one in series.tolist():
        while len(one) >= window:
            pieces.append(one[:window])
            one = one[window:]
    return pieces or np.zeros((0, window, series.shape[2]))


# %% solution="one_step_samples"
def one_step_samples(series):
    samples, reset = [], []
    for one in series:
        for t, value in enumerate(one):
            samples.append([[float(np.squeeze(value))]])
            reset.append(t == 0)
    return samples, reset
