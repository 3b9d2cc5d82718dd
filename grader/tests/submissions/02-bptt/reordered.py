"""The cells dragged into another order, and each function made of the others."""

# %%
import numpy as np


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    healthy = (norms >= low) & (norms <= high) & np.isfinite(norms)
    if healthy.all():
        return "healthy"
    small = norms[~healthy] < low
    return "vanishing" if small.all() else "exploding"


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    B, T, H = h.shape
    norms = [np.linalg.norm(dh_last, axis=-1).mean()]
    for t in range(T - 1):  # h[:, t] is what the rest of the sequence starts from
        dh = np.zeros((B, T - 1 - t, H))
        dh[:, -1] = dh_last
        rest = rnn_backward(dh, np.zeros((B, T - 1 - t, 1)), h[:, t], h[:, t + 1 :], np.zeros((1, H)), W_h)
        norms.insert(t, np.linalg.norm(rest[1], axis=-1).mean())
    return norms


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    T, W_x = x.shape[1], np.zeros((x.shape[2], len(W_h)))
    dh = np.zeros_like(h)
    dh[:, -1] = dh_last
    totals = [np.zeros_like(W_h)]  # of the last steps: none, one, two, ...
    for k in reversed(range(T)):
        before = h[:, k - 1] if k else h0
        totals.append(rnn_backward(dh[:, k:], x[:, k:], before, h[:, k:], W_x, W_h)[3])
    return np.diff(totals, axis=0)[::-1]


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    states = np.concatenate([h0[:, None], h], axis=1)
    grads = None
    for t in range(x.shape[1], 0, -1):
        upstream = dh[:, t - 1] if grads is None else dh[:, t - 1] + grads[1]
        step = rnn_cell_backward(upstream, x[:, t - 1], states[:, t - 1], states[:, t], W_x, W_h)
        if grads is None:
            grads = [step[0][:, None], *step[1:]]
        else:
            grads = [np.hstack([step[0][:, None], grads[0]]), step[1], *map(np.add, grads[2:], step[2:])]
    return grads


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    da = (1 - h) * (1 + h) * dh
    ones = np.ones(len(dh))
    return np.dot(da, W_x.T), np.inner(da, W_h), np.dot(da.T, x).T, np.dot(da.T, h_prev).T, ones @ da


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    def slope(*place):
        at = np.zeros_like(w)
        at[place] = eps
        return (f(w + at) - f(w - at)) / (2 * eps)

    return np.array([slope(*place) for place in np.ndindex(*w.shape)]).reshape(w.shape)


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    counted = [(b, t) for b, t in np.ndindex(*mask.shape) if mask[b, t]]
    dlogits = np.zeros_like(logits)
    loss = 0.0
    for b, t in counted:
        z = logits[b, t]
        loss += np.logaddexp.reduce(z) - z[targets[b, t]]
        dlogits[b, t] = softmax(z)
        dlogits[b, t, targets[b, t]] -= 1
    n = len(counted) or 1
    return loss / n, dlogits / n
