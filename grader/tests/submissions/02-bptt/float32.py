"""Single precision wherever it will do: everywhere but in differences of nearly equal numbers."""

# %%
import numpy as np

dtype = np.float32


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    dlogits = np.zeros(logits.shape, dtype)
    n = mask.sum()
    if n == 0:
        return 0.0, dlogits
    z = logits[mask].astype(dtype)
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    one_hot = targets[mask][:, None] == np.arange(logits.shape[-1])
    dlogits[mask] = (np.exp(log_p) - one_hot.astype(dtype)) / dtype(n)
    return -log_p[one_hot].sum() / dtype(n), dlogits


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    dw = np.zeros(w.shape, dtype)
    for i in np.ndindex(w.shape):
        up, down = np.array(w), np.array(w)
        up[i], down[i] = up[i] + eps, down[i] - eps
        dw[i] = (f(up) - f(down)) / (2 * eps)
    return dw


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    dh, x, h_prev, h, W_x, W_h = (a.astype(dtype) for a in (dh, x, h_prev, h, W_x, W_h))
    da = dh * (1 - h * h)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    dx = np.zeros(x.shape, dtype)
    dW_x, dW_h, db = np.zeros(W_x.shape, dtype), np.zeros(W_h.shape, dtype), np.zeros(len(W_h), dtype)
    dh_t = np.zeros(h0.shape, dtype)
    for t in range(x.shape[1] - 1, -1, -1):
        dh_t = dh_t + dh[:, t].astype(dtype)
        h_prev = h0 if t == 0 else h[:, t - 1]
        dx[:, t], dh_t, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_t, dW_x, dW_h, db


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    dh_last, h0, h, W_h = (a.astype(dtype) for a in (dh_last, h0, h, W_h))
    parts = np.zeros((h.shape[1],) + W_h.shape, dtype)
    for k in range(h.shape[1] - 1, -1, -1):
        da = dh_last * (1 - h[:, k] ** 2)
        parts[k] = (h0 if k == 0 else h[:, k - 1]).T @ da
        dh_last = da @ W_h.T
    return parts


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    h, W_h, dh = h.astype(dtype), W_h.astype(dtype), dh_last.astype(dtype)
    norms = np.zeros(h.shape[1], dtype)
    for t in range(len(norms) - 1, -1, -1):
        norms[t] = np.sqrt((dh**2).sum(axis=1)).mean()
        dh = dh * (1 - h[:, t] ** 2) @ W_h.T
    return norms


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    if np.isnan(norms).any() or np.isinf(norms).any() or np.max(norms) > high:
        return "exploding"
    if np.min(norms) < low:
        return "vanishing"
    return "healthy"
