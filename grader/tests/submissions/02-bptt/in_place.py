"""Sparing with memory: what is one's own is overwritten; w is borrowed, and given back as it was."""

# %%
import numpy as np


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    z = np.array(logits)
    z -= z.max(axis=-1, keepdims=True)
    ids = np.where(mask, targets, 0)[..., None]
    own = np.take_along_axis(z, ids, axis=-1)[..., 0]
    np.exp(z, out=z)
    sums = z.sum(axis=-1)
    z /= sums[..., None]
    np.put_along_axis(z, ids, np.take_along_axis(z, ids, axis=-1) - 1.0, axis=-1)
    z[~mask] = 0.0
    n = np.sum(mask)
    if n:
        z /= n
    return np.sum((np.log(sums) - own)[mask]) / max(n, 1), z


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    dw = np.empty_like(w)
    for place in np.ndindex(w.shape):
        old = w[place]
        w[place] = old + eps
        dw[place] = f(w)
        w[place] = old - eps
        dw[place] -= f(w)
        w[place] = old
    dw /= 2 * eps
    return dw


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    da = h * h
    np.subtract(1, da, out=da)
    da *= dh
    return da.dot(W_x.T), da.dot(W_h.T), x.T.dot(da), h_prev.T.dot(da), np.add.reduce(da)


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    T = x.shape[1]
    dh = dh.copy()
    dx, dh0 = np.empty_like(x), np.empty_like(h0)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    t = T
    while t:
        t -= 1
        da = dh[:, t]
        da *= 1 - h[:, t] ** 2
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        db += da.sum(0)
        if t:
            dW_h += h[:, t - 1].T @ da
            dh[:, t - 1] += da @ W_h.T
        else:
            dW_h += h0.T @ da
            dh0[...] = da @ W_h.T
    return dx, dh0, dW_x, dW_h, db


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    out = np.empty((h.shape[1], *W_h.shape))
    da = dh_last.copy()
    for k in range(len(out) - 1, 0, -1):
        da *= 1 - h[:, k] ** 2
        np.matmul(h[:, k - 1].T, da, out=out[k])
        da = da @ W_h.T
    da *= 1 - h[:, 0] ** 2
    np.matmul(h0.T, da, out=out[0])
    return out


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    d = dh_last.copy()
    for t in range(len(norms) - 1, -1, -1):
        for row in d:
            norms[t] += np.sqrt(row @ row)
        d *= 1 - h[:, t] ** 2
        d = d @ W_h.T
    norms /= len(d)
    return norms


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    if not all(np.isfinite(norms)):
        return "exploding"
    for word, found in (("exploding", norms > high), ("vanishing", norms < low)):
        if found.any():
            return word
    return "healthy"
