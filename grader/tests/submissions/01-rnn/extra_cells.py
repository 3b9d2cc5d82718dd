"""Small helpers in cells of their own, options with defaults, annotations, arguments by name."""

# %%
from collections import namedtuple

import numpy as np

Network = namedtuple("Network", ["W_x", "W_h", "b", "W_y", "b_y"])


# %%
def affine(a, W, b=0.0):
    """a W + b, for any leading axes of a."""
    return np.matmul(a, W) + b


def unpack(params):
    return Network(**{name: params[name] for name in Network._fields})


# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b, squash=np.tanh):
    return squash(affine(x, W_x, b) + affine(h_prev, W_h))


# %%
def time_first(a):
    return np.moveaxis(a, 1, 0)


def batch_first(a):
    return np.moveaxis(np.asarray(a), 0, 1)


# %% solution="rnn_forward"
def rnn_forward(x: np.ndarray, h0: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray) -> np.ndarray:
    def scan():
        h = h0
        for x_t in time_first(x):
            h = rnn_cell_forward(x_t, h_prev=h, W_x=W_x, W_h=W_h, b=b)
            yield h

    return batch_first(list(scan()))


# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    return affine(h, W_y, b_y)


# %% solution="softmax"
def softmax(z, axis=-1, temperature=1.0):
    z = z / temperature
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# %% solution="many_to_one"
def many_to_one(x, h0, params):
    net = unpack(params)
    *_, last = time_first(rnn_forward(x, h0, net.W_x, net.W_h, net.b))
    return output_layer(last, net.W_y, net.b_y)


# %% solution="many_to_many"
def many_to_many(x, h0, params):
    net = unpack(params)
    return output_layer(rnn_forward(x, h0, net.W_x, net.W_h, net.b), net.W_y, net.b_y)


# %%
class Speaker:
    """A network that goes on from what it said last."""

    def __init__(self, net, x, h):
        self.net, self.x, self.h = net, x, h

    def __iter__(self):
        return self

    def __next__(self):
        self.h = rnn_cell_forward(self.x, self.h, self.net.W_x, self.net.W_h, self.net.b)
        self.x = output_layer(self.h, self.net.W_y, self.net.b_y)
        return self.x


# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    speaker = Speaker(unpack(params), x0, h0)
    return batch_first([next(speaker) for _ in range(steps)])
