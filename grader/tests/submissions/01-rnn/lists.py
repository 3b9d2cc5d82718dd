"""Nested lists come back, not arrays."""

# %%
import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    return np.tanh(np.dot(x, W_x) + np.dot(h_prev, W_h) + b).tolist()


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    steps = []
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        steps.append(h)
    return [list(sequence) for sequence in zip(*steps, strict=True)]


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return np.add(np.dot(h, W_y), b_y).tolist()


# %% solution="softmax"
def softmax(z):
    z = np.asarray(z)
    if z.ndim > 1:
        return [softmax(row) for row in z]
    top = max(z)
    exps = [np.exp(score - top) for score in z]
    return [e / sum(exps) for e in exps]


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer([sequence[-1] for sequence in h], params["W_y"], params["b_y"])


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return [output_layer(sequence, params["W_y"], params["b_y"]) for sequence in h]


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    x, h = x0, h0
    y = [[] for _ in x0]
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        for sequence, said in zip(y, x, strict=True):
            sequence.append(said)
    return y
