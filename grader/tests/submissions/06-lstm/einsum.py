"""The four gates on an axis of their own, and every product an einsum."""

# %%
import numpy as np


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    D, H = len(W_x), len(W_h)
    a = np.einsum("bd,dgh->gbh", x, W_x.reshape(D, 4, H))
    a += np.einsum("bk,kgh->gbh", h_prev, W_h.reshape(H, 4, H))
    a += b.reshape(4, 1, H)
    is_candidate = (np.arange(4) == 2)[:, None, None]
    gates = np.where(is_candidate, np.tanh(a), 0.5 * np.tanh(0.5 * a) + 0.5)
    return np.einsum("gbh->bgh", gates).reshape(len(x), 4 * H)


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.einsum("bgh->gbh", gates.reshape(len(x), 4, -1))
    c = np.einsum("kbh,kbh->bh", np.stack([f, i]), np.stack([c_prev, g]))
    return o * np.tanh(c), c, gates


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    steps = []
    h, c = h0, c0
    for x_t in np.einsum("btd->tbd", x):
        h, c, gates = lstm_cell_forward(x_t, h, c, W_x, W_h, b)
        steps.append((h, c, gates))
    return tuple(np.einsum("tbh->bth", np.array(part)) for part in zip(*steps, strict=True))


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    B, D, H = len(x), len(W_x), len(W_h)
    blocks = gates.reshape(B, 4, H)
    i, f, g, o = np.einsum("bgh->gbh", blocks)
    tanh_c = np.tanh(c)
    dc = dc + np.einsum("bh,bh,bh->bh", dh, o, 1 - tanh_c**2)
    slopes = blocks * (1 - blocks)
    slopes[:, 2] = 1 - g**2
    upstream = np.stack([dc * g, dc * c_prev, dc * i, dh * tanh_c], axis=1)
    da = np.einsum("bgh,bgh->bgh", upstream, slopes)
    return (
        np.einsum("bgh,dgh->bd", da, W_x.reshape(D, 4, H)),
        np.einsum("bgh,kgh->bk", da, W_h.reshape(H, 4, H)),
        dc * f,
        np.einsum("bd,bgh->dgh", x, da).reshape(D, 4 * H),
        np.einsum("bk,bgh->kgh", h_prev, da).reshape(H, 4 * H),
        np.einsum("bgh->gh", da).reshape(4 * H),
    )


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    h_before = np.concatenate([h0[:, None], h], axis=1)
    c_before = np.concatenate([c0[:, None], c], axis=1)
    dh_next, dc = np.zeros(h0.shape), np.zeros(c0.shape)
    dx, dW_x, dW_h, db = [], [], [], []
    for t in range(x.shape[1])[::-1]:
        dx_t, dh_next, dc, *dW = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_before[:, t], c_before[:, t], c[:, t], gates[:, t], W_x, W_h
        )
        dx.insert(0, dx_t)
        for total, part in zip((dW_x, dW_h, db), dW, strict=True):
            total.append(part)
    sums = [np.einsum("t...->...", np.array(parts)) for parts in (dW_x, dW_h, db)]
    return np.einsum("tbd->btd", np.array(dx)), dh_next, dc, *sums


# %% solution="cell_gradient"
def cell_gradient(gates):
    B, T, _ = gates.shape
    f = gates.reshape(B, T, 4, -1)[:, :, 1]
    later = np.arange(T)[None, :] > np.arange(T)[:, None]  # (t, s): is s after t?
    factors = np.where(later[None, :, :, None], f[:, None], 1.0)
    return factors.prod(axis=2)
