"""[x, h] against the two matrices stacked: one product per step, as many textbooks draw it."""

# %%
import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    xh = np.concatenate([x, h_prev], axis=1)
    W = np.concatenate([W_x, W_h], axis=0)
    return np.tanh(xh @ W + b)


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    W = np.vstack((W_x, W_h))
    h_t, all_h = h0, []
    for t in range(x.shape[1]):
        h_t = np.tanh(np.hstack((x[:, t, :], h_t)) @ W + b)
        all_h.append(h_t[:, None, :])
    return np.concatenate(all_h, axis=1)


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    ones = np.ones(h.shape[:-1] + (1,))
    return np.concatenate([h, ones], axis=-1) @ np.vstack([W_y, b_y])


# %% solution="softmax"
def softmax(z):
    shifted = z - np.amax(z, axis=-1, keepdims=True)
    return np.exp(shifted) / np.sum(np.exp(shifted), axis=-1, keepdims=True)


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    states = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(states, params["W_y"], params["b_y"])[:, -1]


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    states = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(states, params["W_y"], params["b_y"])


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    said = []
    state, heard = h0, x0
    while len(said) < steps:
        state = rnn_cell_forward(heard, state, params["W_x"], params["W_h"], params["b"])
        heard = output_layer(state, params["W_y"], params["b_y"])
        said.append(heard)
    return np.swapaxes(np.array(said), 0, 1)
