"""Right, but in no hurry: everything is computed again and again, and a sleep was left in."""

# %%
import time

import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    rows = []
    for i in range(len(x)):
        units = []
        for j in range(len(b)):
            units.append(np.tanh(sum(x[i] * W_x[:, j]) + sum(h_prev[i] * W_h[:, j]) + b[j]))
        rows.append(units)
    return np.array(rows)


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    h = np.zeros((0, len(x), len(b)))
    for t in range(x.shape[1]):
        state = h0
        for earlier in range(t + 1):  # from the very beginning, for every t
            state = rnn_cell_forward(x[:, earlier], state, W_x, W_h, b)
        h = np.append(h, [state], axis=0)
    return h.transpose(1, 0, 2)


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return np.apply_along_axis(lambda row: [sum(row * W_y[:, o]) + b_y[o] for o in range(len(b_y))], -1, h)


# %% solution="softmax"
def softmax(z):
    time.sleep(0.005)  # to see the progress bar move
    return np.apply_along_axis(lambda row: np.array([1 / sum(np.exp(np.minimum(row - s, 700))) for s in row]), -1, z)


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    return many_to_many(x, h0, params)[:, -1]


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    y = []
    for t in range(x.shape[1]):
        h = rnn_forward(x[:, : t + 1], h0, params["W_x"], params["W_h"], params["b"])
        y.append(output_layer(h[:, t], params["W_y"], params["b_y"]))
    return np.stack(y, axis=1)


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    x = x0[:, np.newaxis]
    for _ in range(steps):
        y = many_to_many(x, h0, params)  # all that was said so far, once more
        x = np.concatenate([x, y[:, -1:]], axis=1)
    return x[:, 1:]
