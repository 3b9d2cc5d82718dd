"""Loops are for others: every sequence is its first step and the rest."""

# %%
import numpy as np


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    a = sum([x @ W_x, h_prev @ W_h, b])
    squash = [lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (1 + np.exp(-z)), np.tanh, lambda z: 1 / (1 + np.exp(-z))]
    return np.hstack([function(block) for function, block in zip(squash, np.hsplit(a, 4), strict=True)])


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.hsplit(gates, 4)
    c = sum([f * c_prev, i * g])
    return o * np.tanh(c), c, gates


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    first = lstm_cell_forward(x[:, 0], h0, c0, W_x, W_h, b)
    head = tuple(part[:, None] for part in first)
    if x.shape[1] == 1:
        return head
    rest = lstm_forward(x[:, 1:], first[0], first[1], W_x, W_h, b)
    return tuple(np.concatenate(parts, axis=1) for parts in zip(head, rest, strict=True))


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    if len(x) > 1:  # the batch is its first row and the rest
        whole = (dh, dc, x, h_prev, c_prev, c, gates)
        one = lstm_cell_backward(*(a[:1] for a in whole), W_x, W_h)
        others = lstm_cell_backward(*(a[1:] for a in whole), W_x, W_h)
        rows = [np.vstack(pair) for pair in zip(one[:3], others[:3], strict=True)]
        return (*rows, *(a + b for a, b in zip(one[3:], others[3:], strict=True)))
    i, f, g, o = np.hsplit(gates, 4)
    y = np.tanh(c)
    dc = dc + dh * o * (1 - y**2)
    da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * y * o * (1 - o)])
    return da @ W_x.T, da @ W_h.T, dc * f, np.outer(x, da), np.outer(h_prev, da), da[0]


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    def back(t):
        """dx of the steps from t on, newest last, and what step t hands back; weights' gradients of all of them."""
        if t == x.shape[1]:
            return [], 0.0, np.zeros_like(c0), (0.0, 0.0, 0.0)
        dx, dh_next, dc, totals = back(t + 1)
        before = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        dx_t, dh_prev, dc_prev, *shares = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], *before, c[:, t], gates[:, t], W_x, W_h
        )
        return [dx_t, *dx], dh_prev, dc_prev, tuple(a + b for a, b in zip(totals, shares, strict=True))

    dx, dh0, dc0, (dW_x, dW_h, db) = back(0)
    return np.stack(dx, axis=1), dh0, dc0, dW_x, dW_h, db


# %% solution="cell_gradient"
def cell_gradient(gates):
    if gates.shape[1] == 1:
        return np.ones_like(gates[:, :, : gates.shape[2] // 4])
    rest = cell_gradient(gates[:, 1:])
    f = np.split(gates[:, 1], 4, axis=1)[1]
    return np.concatenate([(f * rest[:, 0])[:, None], rest], axis=1)
