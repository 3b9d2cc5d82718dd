"""One function, one slice, one product for each gate; weights in a dict of matrices, as the papers name them."""

# %%
import numpy as np

NAMES = "ifgo"


def apart(W):
    H = W.shape[-1] // 4
    return {name: W[..., k * H : (k + 1) * H] for k, name in enumerate(NAMES)}


def together(blocks, axis=-1):
    return np.concatenate([blocks[name] for name in NAMES], axis=axis)


def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a < 0, e, 1.0) / (1.0 + e)


ACT = dict.fromkeys("ifo", sigmoid) | {"g": np.tanh}
SLOPE = dict.fromkeys("ifo", lambda y: y * (1 - y)) | {"g": lambda y: 1 - y**2}


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    U, R, b = apart(W_x), apart(W_h), apart(b)
    return together({k: ACT[k](x @ U[k] + h_prev @ R[k] + b[k]) for k in NAMES})


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    y = apart(gates)
    c = y["i"] * y["g"] + c_prev * y["f"]
    return np.tanh(c) * y["o"], c, gates


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    states = [(h0, c0, None)]
    for t in range(x.shape[1]):
        h, c, _ = states[-1]
        states.append(lstm_cell_forward(x[:, t], h, c, W_x, W_h, b))
    hs, cs, gates = zip(*states[1:], strict=True)
    return np.stack(hs, 1), np.stack(cs, 1), np.stack(gates, 1)


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    y, U, R = apart(gates), apart(W_x), apart(W_h)
    through_h = dh * y["o"] * (1 - np.tanh(c) ** 2)
    dc = dc + through_h
    upstream = {"i": dc * y["g"], "f": dc * c_prev, "g": dc * y["i"], "o": dh * np.tanh(c)}
    da = {k: upstream[k] * SLOPE[k](y[k]) for k in NAMES}
    dx = sum(da[k] @ U[k].T for k in NAMES)
    dh_prev = sum(da[k] @ R[k].T for k in NAMES)
    dW_x = together({k: x.T @ da[k] for k in NAMES})
    dW_h = together({k: h_prev.T @ da[k] for k in NAMES})
    db = together({k: da[k].sum(axis=0) for k in NAMES})
    return dx, dh_prev, dc * y["f"], dW_x, dW_h, db


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    grads = {"x": np.zeros_like(x), "W_x": 0, "W_h": 0, "b": 0}
    dh_t, dc_t = dh[:, -1], np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        before = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        step = lstm_cell_backward(dh_t, dc_t, x[:, t], *before, c[:, t], gates[:, t], W_x, W_h)
        grads["x"][:, t], dh_t, dc_t = step[:3]
        for name, share in zip(("W_x", "W_h", "b"), step[3:], strict=True):
            grads[name] = grads[name] + share
        if t > 0:
            dh_t = dh_t + dh[:, t - 1]
    return grads["x"], dh_t, dc_t, grads["W_x"], grads["W_h"], grads["b"]


# %% solution="cell_gradient"
def cell_gradient(gates):
    f = apart(gates)["f"]
    return np.stack([np.prod(f[:, t + 1 :], axis=1) for t in range(f.shape[1])], axis=1)
