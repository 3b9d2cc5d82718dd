"""The chain rule as it stands in the paper: every Jacobian is written out, and multiplied with the next."""

# %%
import numpy as np


def jacobian(h_t, W_h):
    """dh_t / dh_{t-1} of every sequence, (B, H, H): the rows are those of h_t."""
    return (1 - h_t**2)[:, :, np.newaxis] * W_h.T


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    losses = []
    for b, t in zip(*np.nonzero(mask)):
        p = softmax(logits[b, t])
        z = logits[b, t] - logits[b, t].max()
        losses.append(np.log(np.exp(z).sum()) - z[targets[b, t]])
        d_log_p = np.eye(len(p))[targets[b, t]] - p  # d log p_target / d logits
        dlogits[b, t] = -d_log_p / mask.sum()
    return (np.mean(losses) if losses else 0), dlogits


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    dw = np.zeros(w.shape)
    walk = np.nditer(w, flags=["multi_index", "zerosize_ok"])
    for _ in walk:
        e = np.zeros(w.shape)
        e[walk.multi_index] = 1.0
        dw[walk.multi_index] = 0.5 * (f(w + eps * e) - f(w - eps * e)) / eps
    return dw


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    slopes = np.stack([np.diag(1 - row**2) for row in h])  # dh / da, (B, H, H)
    da = (dh[:, None] @ slopes)[:, 0]
    dW_x = sum(np.outer(x_i, da_i) for x_i, da_i in zip(x, da))
    dW_h = sum(np.outer(h_i, da_i) for h_i, da_i in zip(h_prev, da))
    return da @ W_x.T, (dh[:, None] @ jacobian(h, W_h))[:, 0], dW_x, dW_h, sum(da)


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    B, T, H = h.shape
    total = np.zeros((B, T, H))
    dh0 = np.zeros((B, H))
    for k in range(T):
        way = np.tile(np.eye(H), (B, 1, 1))  # dh_k / dh_t, for t from k down to 0
        for t in range(k, -1, -1):
            total[:, t] += np.einsum("bi,bij->bj", dh[:, k], way)
            way = way @ jacobian(h[:, t], W_h)
        dh0 += np.einsum("bi,bij->bj", dh[:, k], way)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    steps = [rnn_cell_backward(total[:, t], x[:, t], before[:, t], h[:, t], W_x, W_h) for t in range(T)]
    dx, _, dW_x, dW_h, db = zip(*steps)
    return np.stack(dx, axis=1), dh0, sum(dW_x), sum(dW_h), sum(db)


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    B, T, H = h.shape
    parts = np.zeros((T, H, H))
    for k in range(T):
        way = np.tile(np.eye(H), (B, 1, 1))
        for t in range(k + 1, T):
            way = jacobian(h[:, t], W_h) @ way
        immediate = np.einsum("bi,bj->bij", h[:, k - 1] if k else h0, 1 - h[:, k] ** 2)  # of h_kj by W_ij
        parts[k] = np.einsum("bl,blj,bij->ij", dh_last, way, immediate)
    return parts


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    gradients = [dh_last]
    for t in range(h.shape[1] - 1, 0, -1):
        gradients.append(np.squeeze(gradients[-1][:, None] @ jacobian(h[:, t], W_h), axis=1))
    return np.array([np.linalg.norm(g, axis=1).mean() for g in gradients][::-1])


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    inside = np.isfinite(norms) & (norms <= high)
    if not inside.all():
        return "exploding"
    return "vanishing" if np.count_nonzero(norms < low) else "healthy"
