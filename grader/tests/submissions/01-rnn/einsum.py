"""Every product an einsum."""

# %%
import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    return np.tanh(np.einsum("bd,dh->bh", x, W_x) + np.einsum("bk,kh->bh", h_prev, W_h) + b)


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    from_inputs = np.einsum("btd,dh->tbh", x, W_x) + b
    h = [h0]
    for from_input in from_inputs:
        h.append(np.tanh(from_input + np.einsum("bk,kh->bh", h[-1], W_h)))
    return np.einsum("tbh->bth", np.array(h[1:]))


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return np.einsum("...h,ho->...o", h, W_y) + b_y


# %% solution="softmax"
def softmax(z):
    p = np.exp(z - np.max(z, axis=-1)[..., None])
    return np.einsum("...k,...->...k", p, 1 / np.einsum("...k->...", p))


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    last = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])[:, -1, :]
    return np.einsum("bh,ho->bo", last, params["W_y"]) + params["b_y"]


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return np.einsum("bth,ho->bto", h, params["W_y"]) + params["b_y"]


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    y = np.empty((x0.shape[0], steps, x0.shape[1]))
    x, h = x0, h0
    for t in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        y[:, t, :] = x = np.einsum("bh,ho->bo", h, params["W_y"]) + params["b_y"]
    return y
