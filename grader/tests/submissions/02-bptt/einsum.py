"""Every product an einsum, and the target a one-hot vector."""

# %%
import numpy as np


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    n = np.count_nonzero(mask)
    if n == 0:
        return 0.0, np.zeros(logits.shape)
    onehot = np.eye(logits.shape[-1])[np.where(mask, targets, 0)]
    top = logits.max(axis=-1, keepdims=True)
    log_sum = top + np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    losses = np.einsum("btv,btv->bt", onehot, log_sum - logits)
    dlogits = np.einsum("btv,bt->btv", softmax(logits) - onehot, mask / n)
    return np.einsum("bt,bt->", losses, mask / n), dlogits


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    directions = np.eye(w.size).reshape(w.size, *w.shape)
    slopes = [(f(w + eps * e) - f(w - eps * e)) / (2 * eps) for e in directions]
    return np.einsum("k,k...->...", slopes, directions)


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    da = np.einsum("bh,bh->bh", dh, 1 - np.square(h))
    return (
        np.einsum("bh,dh->bd", da, W_x),
        np.einsum("bh,kh->bk", da, W_h),
        np.einsum("bd,bh->dh", x, da),
        np.einsum("bk,bh->kh", h_prev, da),
        np.einsum("bh->h", da),
    )


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    da = np.empty_like(h)
    carried = np.zeros_like(h0)
    for t in range(h.shape[1])[::-1]:
        da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = np.einsum("bh,kh->bk", da[:, t], W_h)
    before = np.concatenate((h0[:, None], h[:, :-1]), axis=1)
    return (
        np.einsum("bth,dh->btd", da, W_x),
        carried,
        np.einsum("btd,bth->dh", x, da),
        np.einsum("btk,bth->kh", before, da),
        np.einsum("bth->h", da),
    )


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    before = np.concatenate((h0[:, None], h[:, :-1]), axis=1)
    da = np.empty_like(h)
    arrived = dh_last
    for t in range(h.shape[1])[::-1]:
        da[:, t] = arrived * (1 - h[:, t] ** 2)
        arrived = np.einsum("bh,kh->bk", da[:, t], W_h)
    return np.einsum("btk,bth->tkh", before, da)


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    arrived = [dh_last]
    for t in range(h.shape[1])[:0:-1]:
        arrived.append(np.einsum("bh,bh,kh->bk", arrived[-1], 1 - h[:, t] ** 2, W_h))
    squares = np.einsum("tbh,tbh->tb", arrived, arrived)
    return np.einsum("tb->t", np.sqrt(squares))[::-1] / len(dh_last)


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    exploding = np.any(~np.isfinite(norms) | (norms > high))
    vanishing = np.any(norms < low)
    return str(np.select([exploding, vanishing], ["exploding", "vanishing"], "healthy"))
