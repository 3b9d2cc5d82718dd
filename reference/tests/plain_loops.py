"""The recurrent passes as they are defined, a loop over the cell functions: what the fast ones are held to."""

from collections.abc import Sequence

import numpy as np

from reference import Array
from reference.gru import gru_cell_backward, gru_cell_forward
from reference.lstm import lstm_cell_backward, lstm_cell_forward


def lstm_forward(x: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array, Array]:
    """h, c and gates of T steps, T at least 1."""
    steps, h, c = [], h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        steps.append((h, c, gates))
    hs, cs, all_gates = (np.stack(states, axis=1) for states in zip(*steps, strict=True))
    return hs, cs, all_gates


def lstm_backward(
    dh: Array, x: Array, h0: Array, c0: Array, h: Array, c: Array, gates: Array, W_x: Array, W_h: Array
) -> tuple[Array, ...]:
    """dx, dh0, dc0, dW_x, dW_h, db."""
    dx, dh_next, dc = np.zeros_like(x), np.zeros_like(h0), np.zeros_like(c0)
    totals: Sequence[Array] = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_x, shape=W_x.shape[1])
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        dx[:, t], dh_next, dc, *dweights = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        totals = [total + dweight for total, dweight in zip(totals, dweights, strict=True)]
    return dx, dh_next, dc, *totals


def gru_forward(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array]:
    """h and gates of T steps, T at least 1."""
    steps, h = [], h0
    for t in range(x.shape[1]):
        h, gates = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        steps.append((h, gates))
    hs, all_gates = (np.stack(states, axis=1) for states in zip(*steps, strict=True))
    return hs, all_gates


def gru_backward(dh: Array, x: Array, h0: Array, h: Array, gates: Array, W_x: Array, W_h: Array) -> tuple[Array, ...]:
    """dx, dh0, dW_x, dW_h, db."""
    dx, dh_next = np.zeros_like(x), np.zeros_like(h0)
    totals: Sequence[Array] = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_x, shape=W_x.shape[1])
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t else h0
        dx[:, t], dh_next, *dweights = gru_cell_backward(dh[:, t] + dh_next, x[:, t], h_prev, gates[:, t], W_x, W_h)
        totals = [total + dweight for total, dweight in zip(totals, dweights, strict=True)]
    return dx, dh_next, *totals
