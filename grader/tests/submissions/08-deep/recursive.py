"""Loops are for others: a sequence is one step and the rest, a stack one layer and the rest."""

# %%
import numpy as np


def turned(row):
    return row if len(row) < 2 else np.concatenate([turned(row[1:]), row[:1]])


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    if len(x) == 1:
        n = int(lengths[0])
        return np.concatenate([turned(x[0, :n]), x[0, n:]])[None]
    return np.concatenate([reverse_sequences(x[:1], lengths[:1]), reverse_sequences(x[1:], lengths[1:])])


# %% solution="merge"
def merge(forward, backward, mode):
    if mode == "average":
        return merge(forward, backward, "sum") / 2
    return np.append(forward, backward, axis=-1) if mode == "concat" else sum([forward, backward])


# %% solution="merge_backward"
def merge_backward(dy, mode):
    if mode == "average":
        return [d / 2 for d in merge_backward(dy, "sum")]
    return np.array_split(dy, 2, axis=-1) if mode == "concat" else [dy, dy]


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    if len(x) > 1:
        first = bilstm_forward(x[:1], lengths[:1], fwd, bwd, mode)
        return np.concatenate([first, bilstm_forward(x[1:], lengths[1:], fwd, bwd, mode)])
    n, zero = lengths[0], np.zeros((1, len(fwd["W_h"])))
    forward = lstm_forward(x[:, :n], zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])[0]
    backward = lstm_forward(x[:, :n][:, ::-1], zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])[0]
    return np.pad(merge(forward, backward[:, ::-1], mode), ((0, 0), (0, x.shape[1] - n), (0, 0)))


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    if len(x) > 1:
        dx1, f1, b1 = bilstm_backward(dy[:1], x[:1], lengths[:1], fwd, bwd, mode)
        dx2, f2, b2 = bilstm_backward(dy[1:], x[1:], lengths[1:], fwd, bwd, mode)
        return np.concatenate([dx1, dx2]), {k: f1[k] + f2[k] for k in f1}, {k: b1[k] + b2[k] for k in b1}
    n, zero = lengths[0], np.zeros((1, len(fwd["W_h"])))
    real = x[:, :n]
    dforward, dbackward = merge_backward(dy[:, :n], mode)
    states = lstm_forward(real, zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx, _, _, *grads_fwd = lstm_backward(dforward, real, zero, zero, *states, fwd["W_x"], fwd["W_h"])
    real = real[:, ::-1]
    states = lstm_forward(real, zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_back, _, _, *grads_bwd = lstm_backward(dbackward[:, ::-1], real, zero, zero, *states, bwd["W_x"], bwd["W_h"])
    dx = np.pad(dx + dx_back[:, ::-1], ((0, 0), (0, x.shape[1] - n), (0, 0)))
    names = ("W_x", "W_h", "b")
    return dx, dict(zip(names, grads_fwd, strict=True)), dict(zip(names, grads_bwd, strict=True))


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    if len(h) > 1:
        return np.vstack([bidirectional_summary(h[:1], lengths[:1]), bidirectional_summary(h[1:], lengths[1:])])
    if lengths[0] == 0:
        return np.zeros((1, h.shape[2]))
    if lengths[0] < h.shape[1]:
        return bidirectional_summary(h[:, :-1], lengths)
    forward, backward = np.split(h[0], 2, axis=1)
    return np.concatenate([forward[-1], backward[0]])[None]


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    if x.shape[1] == 0:
        return np.empty((len(x), 0, len(b)))
    h = np.where(lengths[:, None] > 0, rnn_cell_forward(x[:, 0], h0, W_x, W_h, b), h0)
    return np.concatenate([h[:, None], masked_forward(x[:, 1:], lengths - 1, h, W_x, W_h, b)], axis=1)


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    *below, top = layers
    if below:
        x = stacked_lstm_forward(x, below)
    zero = np.zeros((len(x), len(top["W_h"])))
    return lstm_forward(x, zero, zero, top["W_x"], top["W_h"], top["b"])[0]


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    if rate == 0:
        return np.ones(shape)
    dropped = rng.uniform(0, 1, shape) < rate
    return np.where(dropped, 0, 1 / (1 - rate))


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    if B == 1:
        return dropout_mask(rng, (1, D), rate_x), dropout_mask(rng, (1, H), rate_h)
    half = B // 2
    above = variational_masks(rng, half, D, H, rate_x, rate_h)
    below = variational_masks(rng, B - half, D, H, rate_x, rate_h)
    return tuple(np.concatenate(pair) for pair in zip(above, below, strict=True))


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        return lstm_dropout_forward(x, h0, c0, W_x, W_h, b, np.ones_like(mask_x), np.ones_like(mask_h), True)
    h, c, _ = lstm_cell_forward(x[:, 0] * mask_x, h0 * mask_h, c0, W_x, W_h, b)
    if x.shape[1] == 1:
        return h[:, None]
    rest = lstm_dropout_forward(x[:, 1:], h, c, W_x, W_h, b, mask_x, mask_h, True)
    return np.concatenate([h[:, None], rest], axis=1)
