"""Fast: the inputs' product out of the loop, one recurrent product a step, the weights' gradients after the loop."""

# %%
import numpy as np


def _sigmoid(a, out=None):
    """σ(a) = ½ tanh(a/2) + ½, which cannot overflow."""
    out = np.tanh(0.5 * a, out=out)
    out *= 0.5
    out += 0.5
    return out


def _squash(a):
    H = a.shape[-1] // 4
    _sigmoid(a[..., : 2 * H], out=a[..., : 2 * H])
    np.tanh(a[..., 2 * H : 3 * H], out=a[..., 2 * H : 3 * H])
    _sigmoid(a[..., 3 * H :], out=a[..., 3 * H :])
    return a


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    return _squash(np.concatenate([x, h_prev], axis=1) @ np.concatenate([W_x, W_h]) + b)


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    h, c, gates = lstm_forward(x[:, None], h_prev, c_prev, W_x, W_h, b)
    return h[:, 0], c[:, 0], gates[:, 0]


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    H = W_h.shape[0]
    gates = np.tensordot(x, W_x, axes=1) + b
    h = np.empty((*x.shape[:2], H))
    c = np.empty_like(h)
    h_t, c_t = h0, c0
    for t in range(x.shape[1]):
        a = gates[:, t]
        a += h_t @ W_h
        _squash(a)
        c[:, t] = c_t = a[:, H : 2 * H] * c_t + a[:, :H] * a[:, 2 * H : 3 * H]
        h[:, t] = h_t = a[:, 3 * H :] * np.tanh(c_t)
    return h, c, gates


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    da, dc_prev = _to_sums(dh, dc, c_prev, np.tanh(c), gates)
    back = da @ np.vstack([W_x, W_h]).T
    dW = np.hstack([x, h_prev, np.ones((len(x), 1))]).T @ da
    D = x.shape[1]
    return back[:, :D], back[:, D:], dc_prev, dW[:D], dW[D:-1], dW[-1]


# %%
def _to_sums(dh, dc, c_prev, tanh_c, gates):
    """The gradient of the sums before the squashing, (B, 4H), and of c_prev."""
    H = dh.shape[1]
    i, f, g, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H : 3 * H], gates[:, 3 * H :]
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    da = gates * (1 - gates)
    da[:, 2 * H : 3 * H] = 1 - g * g
    da *= np.concatenate([dc * g, dc * c_prev, dc * i, dh * tanh_c], axis=1)
    return da, dc * f


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    B, T, D = x.shape
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    c_prev = np.concatenate([c0[:, None], c[:, :-1]], axis=1)
    tanh_c = np.tanh(c)
    da = np.empty(gates.shape)
    dh_next, dc = 0.0, 0.0
    for t in reversed(range(T)):
        da[:, t], dc = _to_sums(dh[:, t] + dh_next, dc, c_prev[:, t], tanh_c[:, t], gates[:, t])
        dh_next = da[:, t] @ W_h.T
    flat = da.reshape(B * T, -1)
    dW_x = x.reshape(B * T, D).T @ flat
    dW_h = h_prev.reshape(B * T, -1).T @ flat
    return da @ W_x.T, dh_next, dc, dW_x, dW_h, flat.sum(axis=0)


# %% solution="cell_gradient"
def cell_gradient(gates):
    H = gates.shape[2] // 4
    logs = np.log(gates[:, :, H : 2 * H])
    from_here = np.cumsum(logs[:, ::-1], axis=1)[:, ::-1]
    return np.exp(from_here - logs)
