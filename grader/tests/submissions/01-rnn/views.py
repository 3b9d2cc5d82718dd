"""Columns for vectors, as in the textbook: what comes back are transposed views of other buffers."""

# %%
import numpy as np


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    return np.tanh(W_x.T @ x.T + W_h.T @ h_prev.T + b[:, None]).T


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    B, T, _ = x.shape
    h = np.empty((T + 1, len(b), B))
    h[0] = h0.T
    for t in range(T):
        h[t + 1] = rnn_cell_forward(x[:, t], h[t].T, W_x, W_h, b).T
    return h[1:].transpose(2, 0, 1)


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    columns = W_y.T @ h.reshape(-1, h.shape[-1]).T + b_y[:, None]
    return np.asfortranarray(columns.T.reshape(*h.shape[:-1], len(b_y)))


# %% solution="softmax"
def softmax(z):
    e = np.exp(z.T - z.T.max(axis=0))
    return (e / e.sum(axis=0)).T


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    backwards = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])[:, ::-1]
    return output_layer(backwards[:, 0], params["W_y"], params["b_y"])


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    return output_layer(rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"]), params["W_y"], params["b_y"])


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    buffer = np.full((x0.shape[1], 2 * steps, x0.shape[0]), np.nan)
    x, h = x0, h0
    for t in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        buffer[:, 2 * t] = x.T
    return buffer.T[:, ::2]
