"""Lists come back: of arrays, of lists, and a list for the tuple."""

# %%
import numpy as np


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    rows, gates = [], []
    U_r, U_z, U_n = np.split(W_h, 3, axis=1)
    for x_i, h_i in zip(x, np.asarray(h_prev), strict=True):
        a_r, a_z, a_n = np.split(np.dot(x_i, W_x) + b, 3)
        r = 1.0 / (1.0 + np.exp(-(a_r + np.dot(h_i, U_r))))
        z = 1.0 / (1.0 + np.exp(-(a_z + np.dot(h_i, U_z))))
        n = np.tanh(a_n + np.dot(r * h_i, U_n))
        rows.append(list((1 - z) * h_i + z * n))
        gates.append([*r, *z, *n])
    return [rows, gates]


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        h, g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
        gates.append(g)
    return [list(s) for s in zip(*states, strict=True)], [list(s) for s in zip(*gates, strict=True)]


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    U_r, U_z, U_n = np.split(W_h, 3, axis=1)
    dx, dh_prev = [], []
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    for i in range(len(x)):  # one sequence after the other
        r, z, n = np.split(gates[i], 3)
        h = h_prev[i]
        d_n = dh[i] * z * (1 - n**2)
        d_s = np.dot(U_n, d_n)
        d_r = d_s * h * r * (1 - r)
        d_z = dh[i] * (n - h) * z * (1 - z)
        d = np.concatenate([d_r, d_z, d_n])
        dx.append(list(np.dot(W_x, d)))
        dh_prev.append(list(dh[i] * (1 - z) + d_s * r + np.dot(U_r, d_r) + np.dot(U_z, d_z)))
        dW_x = dW_x + np.outer(x[i], d)
        dW_h = dW_h + np.hstack([np.outer(h, d_r), np.outer(h, d_z), np.outer(r * h, d_n)])
        db = db + d
    return [dx, dh_prev, dW_x.tolist(), dW_h.tolist(), db.tolist()]


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    states = [h0] + [h[:, t] for t in range(x.shape[1])]
    dx, dW_x, dW_h, db = [], [], [], []
    back = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        d, back, a, c, e = gru_cell_backward(dh[:, t] + np.array(back), x[:, t], states[t], gates[:, t], W_x, W_h)
        dx.insert(0, d)
        dW_x.append(a)
        dW_h.append(c)
        db.append(e)
    return [np.swapaxes(dx, 0, 1), back, np.sum(dW_x, axis=0), np.sum(dW_h, axis=0), np.sum(db, axis=0)]


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    gates = {"rnn": ["h"], "gru": ["r", "z", "n"], "lstm": ["i", "f", "g", "o"]}
    return sum(D * H + H * H + H for _ in gates[kind])
