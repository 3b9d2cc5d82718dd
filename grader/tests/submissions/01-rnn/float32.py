"""Single precision throughout, out of habit with GPUs."""

# %%
import numpy as np

dtype = np.float32


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    x, h_prev, W_x, W_h, b = (a.astype(dtype) for a in (x, h_prev, W_x, W_h, b))
    return np.tanh(x @ W_x + h_prev @ W_h + b)


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    h = np.empty((x.shape[0], x.shape[1], W_h.shape[0]), dtype=dtype)
    h_t = h0.astype(dtype)
    for t in range(x.shape[1]):
        h_t = rnn_cell_forward(x[:, t], h_t, W_x, W_h, b)
        h[:, t] = h_t
    return h


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return h.astype(dtype) @ W_y.astype(dtype) + b_y.astype(dtype)


# %% solution="softmax"
def softmax(z):
    z = z.astype(dtype)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"])


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    y = np.zeros((len(x0), steps, params["W_y"].shape[1]), dtype)
    x, h = x0.astype(dtype), h0.astype(dtype)
    for t in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        y[:, t] = x
    return y
