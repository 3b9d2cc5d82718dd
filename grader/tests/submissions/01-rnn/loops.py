"""Everything by hand, one number at a time."""

# %%
import math

import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    B, D = x.shape
    H = len(b)
    h = np.zeros((B, H))
    for i in range(B):
        for j in range(H):
            total = b[j]
            for k in range(D):
                total += x[i, k] * W_x[k, j]
            for k in range(H):
                total += h_prev[i, k] * W_h[k, j]
            h[i, j] = math.tanh(total)
    return h


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    B, T, D = x.shape
    h = np.zeros((B, T, len(b)))
    for t in range(T):
        if t == 0:
            h[:, t] = rnn_cell_forward(x[:, t], h0, W_x, W_h, b)
        else:
            h[:, t] = rnn_cell_forward(x[:, t], h[:, t - 1], W_x, W_h, b)
    return h


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    H, O = W_y.shape
    y = np.zeros(h.shape[:-1] + (O,))
    for place in np.ndindex(*h.shape[:-1]):
        for o in range(O):
            total = b_y[o]
            for k in range(H):
                total += h[place][k] * W_y[k, o]
            y[place + (o,)] = total
    return y


# %% solution="softmax"
def softmax(z):
    y = np.zeros(z.shape)
    for place in np.ndindex(*z.shape[:-1]):
        row = z[place]
        biggest = max(row)
        exps = [math.exp(score - biggest) for score in row]
        total = sum(exps)
        for k in range(len(row)):
            y[place + (k,)] = exps[k] / total
    return y


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    B, T, D = x.shape
    y = np.zeros((B, T, len(params["b_y"])))
    h = h0
    for t in range(T):
        h = rnn_cell_forward(x[:, t], h, params["W_x"], params["W_h"], params["b"])
        y[:, t] = output_layer(h, params["W_y"], params["b_y"])
    return y


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    B, D = x0.shape
    y = np.zeros((B, steps, D))
    x = x0
    h = h0
    for t in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        y[:, t] = x
    return y
