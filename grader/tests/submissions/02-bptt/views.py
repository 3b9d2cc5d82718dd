"""Columns for vectors, as in the textbook: what comes back are transposed views, reversed slices, Fortran order."""

# %%
import numpy as np


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    z = logits.T - logits.T.max(axis=0)  # (V, T, B)
    log_p = z - np.log(np.exp(z).sum(axis=0))
    right = np.arange(len(z))[:, None, None] == targets.T
    counts = mask.T / max(mask.sum(), 1)
    loss = -(np.where(right, log_p, 0.0).sum(axis=0) * counts).sum()
    return loss, ((np.exp(log_p) - right) * counts).T


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    above = np.array(w, order="F")
    dw = np.zeros(w.shape, order="F")
    for place in np.ndindex(w.shape):
        above[place] = w[place] + eps
        dw[place] = f(above)
        above[place] = w[place] - eps
        dw[place] -= f(above)
        above[place] = w[place]
    return dw / (eps + eps)


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    delta = (dh * (1 - h**2)).T  # (H, B)
    return (W_x @ delta).T, (W_h @ delta).T, (delta @ x).T, (delta @ h_prev).T, delta.sum(axis=1)


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    B, T, D = x.shape
    states = np.concatenate([h0[:, None], h], axis=1).T  # (H, T + 1, B)
    delta = np.zeros((len(W_h), T, B))
    arrived = np.zeros((len(W_h), B))
    dW_x, dW_h = np.zeros(W_x.shape[::-1]), np.zeros(W_h.shape)
    for t in range(T - 1, -1, -1):
        delta[:, t] = (dh[:, t].T + arrived) * (1 - states[:, t + 1] ** 2)
        arrived = W_h @ delta[:, t]
        dW_x += delta[:, t] @ x[:, t]
        dW_h += delta[:, t] @ states[:, t].T
    dx = np.tensordot(W_x, delta, axes=1)  # (D, T, B)
    return dx.T, arrived.T, dW_x.T, dW_h.T, delta.sum(axis=(1, 2))


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    backwards = np.zeros((len(W_h), len(W_h), h.shape[1]))
    states = np.concatenate([h0[:, None], h], axis=1)[:, ::-1]  # the last one first
    arrived = dh_last.T
    for k in range(h.shape[1]):
        delta = arrived * (1 - states[:, k].T ** 2)
        backwards[:, :, k] = delta @ states[:, k + 1]
        arrived = W_h @ delta
    return backwards[:, :, ::-1].T


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    buffer = np.full(2 * h.shape[1], np.nan)
    arrived = dh_last.T
    for k, state in enumerate(h.transpose(1, 2, 0)[::-1]):
        buffer[2 * k] = np.mean(np.linalg.norm(arrived, axis=0))
        arrived = W_h @ (arrived * (1 - state**2))
    return buffer[::2][::-1]


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    ordered = np.sort(norms)  # NaN comes last
    if not (ordered[-1] <= high and ordered[-1] < np.inf):
        return "exploding"
    return "healthy" if ordered[0] >= low else "vanishing"
