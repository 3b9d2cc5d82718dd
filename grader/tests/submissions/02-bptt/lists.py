"""Nested lists, tuples and dicts come back, not arrays; and the answers have names."""

# %%
from collections import namedtuple

import numpy as np

Loss = namedtuple("Loss", "loss dlogits")
Gradients = namedtuple("Gradients", "dx dh dW_x dW_h db")


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    B, T, V = logits.shape
    places = [(b, t) for b in range(B) for t in range(T) if mask[b, t]]
    dlogits = [[[0.0] * V for _ in range(T)] for _ in range(B)]
    loss = 0.0
    for b, t in places:
        row = logits[b, t].tolist()
        top = max(row)
        total = sum(np.exp(z - top) for z in row)
        loss += (top - row[targets[b, t]] + np.log(total)) / len(places)
        dlogits[b][t] = [np.exp(z - top) / total / len(places) for z in row]
        dlogits[b][t][targets[b, t]] -= 1 / len(places)
    return Loss(loss, dlogits)


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    flat = w.flatten().tolist()

    def f_with(place, number):
        changed = [number if i == place else old for i, old in enumerate(flat)]
        return f(np.reshape(changed, w.shape))

    slopes = [(f_with(i, v + eps) - f_with(i, v - eps)) / eps / 2 for i, v in enumerate(flat)]
    return np.reshape(slopes, w.shape).tolist()


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    da = np.array([[d * (1 - y**2) for d, y in zip(*rows)] for rows in zip(dh, h)])
    products = da @ np.transpose(W_x), da @ np.transpose(W_h), np.transpose(x) @ da, np.transpose(h_prev) @ da
    return Gradients(*[product.tolist() for product in products], [sum(column) for column in da.T])


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    T = x.shape[1]
    states = [h0, *[h[:, t] for t in range(T)]]
    steps = []
    carried = 0
    for t in reversed(range(T)):
        steps.insert(0, rnn_cell_backward(dh[:, t] + carried, x[:, t], states[t], states[t + 1], W_x, W_h))
        carried = np.array(steps[0].dh)
    dx = [list(sequence) for sequence in zip(*[step.dx for step in steps])]
    weights = [sum(np.array(part) for part in parts).tolist() for parts in list(zip(*steps))[2:]]
    return [dx, steps[0].dh, *weights]


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    T = x.shape[1]
    states = [h0, *[h[:, t] for t in range(T)]]
    parts = []
    arrived = dh_last
    while len(parts) < T:
        before, after = states[-2], states.pop()
        da = arrived * (1 - after * after)
        parts.append(np.dot(before.T, da).tolist())
        arrived = np.dot(da, W_h.T)
    return parts[::-1]


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    rows = [dh_last]
    for t in range(h.shape[1] - 1, 0, -1):
        rows = [(rows[0] * (1 - h[:, t] ** 2)).dot(W_h.T), *rows]
    return [float(sum(sum(entry**2 for entry in row) ** 0.5 for row in batch) / len(batch)) for batch in rows]


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    words = []
    for norm in norms.tolist():
        if not norm <= high or norm == float("inf"):
            words.append("exploding")
        elif norm < low:
            words.append("vanishing")
    return min(words, default="healthy")  # e comes before v
