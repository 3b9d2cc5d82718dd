"""Every product an einsum, and the three blocks an axis of their own."""

# %%
import numpy as np


# %%
def blocks(W):
    """(..., 3H) as (..., 3, H)."""
    return W.reshape(*W.shape[:-1], 3, -1)


def logistic(a):
    return 0.5 * (1 + np.tanh(a / 2))


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    U, beta = blocks(W_h), blocks(b)
    a = np.einsum("bd,dgh->gbh", x, blocks(W_x)) + beta[:, None]
    r, z = logistic(a[:2] + np.einsum("bk,kgh->gbh", h_prev, U[:, :2]))
    n = np.tanh(a[2] + np.einsum("bk,bk,kh->bh", r, h_prev, U[:, 2]))
    return h_prev + z * (n - h_prev), np.einsum("gbh->bgh", np.array([r, z, n])).reshape(len(x), -1)


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    h, gates = [h0], []
    for x_t in np.einsum("btd->tbd", x):
        h_t, gates_t = gru_cell_forward(x_t, h[-1], W_x, W_h, b)
        h.append(h_t)
        gates.append(gates_t)
    return np.einsum("tbh->bth", np.array(h[1:])), np.einsum("tbh->bth", np.array(gates))


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    U = blocks(W_h)
    r, z, n = np.einsum("bgh->gbh", blocks(gates))
    da_n = dh * z * (1 - n) * (1 + n)
    ds = np.einsum("bh,kh->bk", da_n, U[:, 2])
    da = np.array([ds * h_prev * (r - r**2), dh * (n - h_prev) * (z - z**2), da_n])
    read = np.array([h_prev, h_prev, r * h_prev])
    dx = np.einsum("gbh,dgh->bd", da, blocks(W_x))
    dh_prev = np.einsum("gbh,kgh->bk", da[:2], U[:, :2]) + r * ds + dh * (1 - z)
    dW_x = np.einsum("bd,gbh->dgh", x, da).reshape(W_x.shape)
    dW_h = np.einsum("gbk,gbh->kgh", read, da).reshape(W_h.shape)
    return dx, dh_prev, dW_x, dW_h, np.einsum("gbh->gh", da).reshape(-1)


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    T = x.shape[1]
    before = np.concatenate([h0[:, None], h], axis=1)
    results = []
    late = 0
    for t in range(T)[::-1]:
        results.append(gru_cell_backward(dh[:, t] + late, x[:, t], before[:, t], gates[:, t], W_x, W_h))
        late = results[-1][1]
    dx, _, dW_x, dW_h, db = zip(*results[::-1], strict=True)
    return np.einsum("tbd->btd", np.array(dx)), late, sum(dW_x), sum(dW_h), sum(db)


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    shapes = np.array([(D, H), (H, H), (1, H)])
    return np.einsum("i,i->", shapes[:, 0], shapes[:, 1]) * {"rnn": 1, "gru": 3, "lstm": 4}[kind]
