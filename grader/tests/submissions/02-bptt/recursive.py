"""Loops are for others: the gradient of a sequence is that of its rest, and one step more."""

# %%
import numpy as np


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    def total(logits, targets, mask):
        if logits.ndim > 1:
            if not len(logits):
                return 0.0, logits
            sums, gradients = zip(*map(total, logits, targets, mask))
            return sum(sums), np.stack(gradients)
        if not mask:
            return 0.0, np.zeros_like(logits)
        log_p = logits - np.logaddexp.reduce(logits)
        d = np.exp(log_p)
        d[targets] -= 1
        return -log_p[targets], d

    n = max(1, mask.sum())
    loss, dlogits = total(logits, targets, mask)
    return loss / n, dlogits / n


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    if w.ndim == 0:
        return np.array((f(w + eps) - f(w - eps)) / (2 * eps))

    def with_part(i, part):
        return np.stack([part if k == i else w[k] for k in range(len(w))])

    return np.stack(
        [numerical_gradient(lambda part, i=i: f(with_part(i, part)), w[i, ...], eps) for i in range(len(w))]
    )


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    if len(dh) == 1:
        da = dh[0] * (1 - h[0] ** 2)
        return (W_x @ da)[None], (W_h @ da)[None], np.outer(x[0], da), np.outer(h_prev[0], da), da
    first = rnn_cell_backward(dh[:1], x[:1], h_prev[:1], h[:1], W_x, W_h)
    rest = rnn_cell_backward(dh[1:], x[1:], h_prev[1:], h[1:], W_x, W_h)
    rows = [np.concatenate(pair) for pair in zip(first[:2], rest[:2])]
    return (*rows, *[a + b for a, b in zip(first[2:], rest[2:])])


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    if x.shape[1] == 0:
        return x, np.zeros_like(h0), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dx, arrived, dW_x, dW_h, db = rnn_backward(dh[:, 1:], x[:, 1:], h[:, 0], h[:, 1:], W_x, W_h)
    dx_0, dh0, *first = rnn_cell_backward(dh[:, 0] + arrived, x[:, 0], h0, h[:, 0], W_x, W_h)
    return np.concatenate([dx_0[:, None], dx], axis=1), dh0, dW_x + first[0], dW_h + first[1], db + first[2]


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    T = h.shape[1]
    da = dh_last * (1 - h[:, -1] ** 2)
    if T == 1:
        return (h0.T @ da)[None]
    earlier = gradient_contributions(da @ W_h.T, x[:, :-1], h0, h[:, :-1], W_h)
    return np.append(earlier, [h[:, -2].T @ da], axis=0)


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    last = np.sqrt(np.sum(dh_last**2, axis=1)).mean()
    if h.shape[1] == 1:
        return np.array([last])
    return np.append(gradient_norms((dh_last * (1 - h[:, -1] ** 2)) @ W_h.T, h[:, :-1], W_h), last)


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    if len(norms) == 0:
        return "healthy"
    rest = diagnose_gradients(norms[1:], low, high)
    if rest == "exploding" or not np.isfinite(norms[0]) or norms[0] > high:
        return "exploding"
    return "vanishing" if norms[0] < low else rest
