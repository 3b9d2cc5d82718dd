"""The cells dragged into another order: first what is asked last."""

# %%
import numpy as np


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    outputs = []
    x, h = x0, h0
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(x)
    return np.stack(outputs, axis=1)


# %% solution="softmax"
def softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return np.exp(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    return many_to_many(x, h0, params)[:, -1]


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    return output_layer(rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"]), params["W_y"], params["b_y"])


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return b_y + h @ W_y


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    T = x.shape[1]
    h = np.zeros((x.shape[0], T + 1, h0.shape[1]))  # column 0 is h0
    h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = rnn_cell_forward(x[:, t], h[:, t], W_x, W_h, b)
    return h[:, 1:]


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    return np.tanh(b + h_prev @ W_h + x @ W_x)
