"""No loop but those of the LSTM: index arrays gather and scatter."""

# %%
import numpy as np


def real_steps(x, lengths):
    return (np.arange(x.shape[1]) < lengths[:, None])[..., None]


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    t = np.arange(x.shape[1])[None]
    index = np.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
    return np.take_along_axis(x, index[..., None], axis=1)


# %% solution="merge"
def merge(forward, backward, mode):
    both = np.stack([forward, backward])
    return {
        "concat": lambda: np.concatenate(both, axis=2),
        "sum": lambda: np.einsum("kbth->bth", both),
        "average": lambda: both.mean(axis=0),
    }[mode]()


# %% solution="merge_backward"
def merge_backward(dy, mode):
    if mode == "concat":
        return np.split(dy, 2, axis=-1)
    return tuple(np.broadcast_to({"sum": 1.0, "average": 0.5}[mode] * dy, (2, *dy.shape)))


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    x = np.where(real_steps(x, lengths), x, 0)
    zero = np.zeros((x.shape[0], bwd["W_h"].shape[0]))
    forward = lstm_forward(x, zero, zero, **fwd)[0]
    backward = reverse_sequences(lstm_forward(reverse_sequences(x, lengths), zero, zero, **bwd)[0], lengths)
    return np.where(real_steps(x, lengths), merge(forward, backward, mode), 0.0)


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    dforward, dbackward = merge_backward(np.where(real_steps(x, lengths), dy, 0), mode)
    zero = np.zeros((x.shape[0], bwd["W_h"].shape[0]))

    def one(dh, x, params):
        states = lstm_forward(x, zero, zero, **params)
        dx, _, _, dW_x, dW_h, db = lstm_backward(dh, x, zero, zero, *states, params["W_x"], params["W_h"])
        return dx, {"b": db, "W_h": dW_h, "W_x": dW_x}

    dx, grads_fwd = one(dforward, x, fwd)
    dx_back, grads_bwd = one(reverse_sequences(dbackward, lengths), reverse_sequences(x, lengths), bwd)
    return dx + reverse_sequences(dx_back, lengths), grads_fwd, grads_bwd


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    h = np.where(real_steps(h, lengths), h, 0.0)
    last = np.clip(lengths - 1, 0, None)[:, None, None]
    forward, backward = np.split(h, 2, axis=-1)
    return np.hstack([np.take_along_axis(forward, last, axis=1)[:, 0], backward[:, 0]])


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    states = [h0]
    for t in range(x.shape[1]):
        states.append(rnn_cell_forward(x[:, t], states[-1], W_x, W_h, b))
    states = np.stack(states)  # (T+1, B, H)
    taken = np.minimum(np.arange(x.shape[1])[None] + 1, lengths[:, None])
    return states[taken, np.arange(len(x))[:, None]]


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    h = x
    for p in layers:
        zero = np.zeros((x.shape[0], p["b"].shape[0] // 4))
        h = lstm_forward(h, zero, zero, **p)[0]
    return h


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    return rng.binomial(1, 1 - rate, size=shape) / (1 - rate)


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    rates = np.repeat([rate_x, rate_h], [D, H])
    mask = (rng.random((B, D + H)) > rates) / (1 - rates)
    return mask[:, :D], mask[:, D:]


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    mask_x = np.where(training, mask_x, 1.0)
    mask_h = np.where(training, mask_h, 1.0)
    rows = []
    for i in range(len(x)):  # a mask on what a product reads is one on the rows of its matrix
        one = slice(i, i + 1)
        rows.append(lstm_forward(x[one], h0[one], c0[one], mask_x[i][:, None] * W_x, mask_h[i][:, None] * W_h, b)[0])
    return np.concatenate(rows)
