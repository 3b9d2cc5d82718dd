"""Right, but noisy: prints, numpy's RuntimeWarnings and warnings of one's own on the way."""

# %%
import warnings

import numpy as np

print("numpy", np.__version__)


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    print("pre-activation between", a.min(), "and", a.max())
    return np.where(np.abs(a) < 300, np.tanh(a), np.sinh(10_000 * a) / np.cosh(10_000 * a))  # overflows, unused


# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    states = []
    for t in range(x.shape[1]):
        drift = np.mean([np.abs(h).max() for h in states])  # at t = 0: mean of an empty list
        if drift > 0.9:
            warnings.warn(f"step {t}: the state saturates", RuntimeWarning, stacklevel=2)
        states.append(rnn_cell_forward(x[:, t], states[-1] if states else h0, W_x, W_h, b))
    return np.stack(states, axis=1)


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    warnings.warn("b_y is deprecated, I think", DeprecationWarning, stacklevel=2)
    return h @ W_y + b_y


# %% solution="softmax"
def softmax(z):
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    print("nats:", -np.sum(p * np.log(p), axis=-1))  # 0 log 0 where a score is far below the others
    return p


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
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        print(x / np.zeros_like(x))
        outputs.append(x)
    return np.stack(outputs, axis=1)
