"""Loops are for others: every sequence is its first step and the rest."""

# %%
import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    return np.tanh(sum([x @ W_x, h_prev @ W_h, b]))


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    if x.shape[1] == 0:
        return np.empty((len(h0), 0, len(b)))
    h = rnn_cell_forward(x[:, 0], h0, W_x, W_h, b)
    return np.concatenate([h[:, None], rnn_forward(x[:, 1:], h, W_x, W_h, b)], axis=1)


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    if h.ndim == 1:
        return h @ W_y + b_y
    return np.stack([output_layer(part, W_y, b_y) for part in h])


# %% solution="softmax"
def softmax(z):
    if z.ndim == 1:
        e = np.exp(z - max(z))
        return e / sum(e)
    return np.stack([softmax(part) for part in z])


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    if x.shape[1] == 0:
        return output_layer(h0, params["W_y"], params["b_y"])
    h = rnn_cell_forward(x[:, 0], h0, params["W_x"], params["W_h"], params["b"])
    return many_to_one(x[:, 1:], h, params)


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    last = many_to_one(x, h0, params)[:, None]
    if x.shape[1] == 1:
        return last
    return np.concatenate([many_to_many(x[:, :-1], h0, params), last], axis=1)


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    h = rnn_cell_forward(x0, h0, params["W_x"], params["W_h"], params["b"])
    y = output_layer(h, params["W_y"], params["b_y"])
    if steps == 1:
        return y[:, None]
    return np.hstack([y[:, None], one_to_many(y, h, params, steps - 1)])
