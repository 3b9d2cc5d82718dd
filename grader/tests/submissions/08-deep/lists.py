"""Lists of rows, and lists of lists come back."""

# %%
import numpy as np


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    return [list(row[:n])[::-1] + list(row[n:]) for row, n in zip(x, lengths, strict=True)]


# %% solution="merge"
def merge(forward, backward, mode):
    how = {
        "concat": lambda a, b: [*a, *b],
        "sum": lambda a, b: [p + q for p, q in zip(a, b, strict=True)],
        "average": lambda a, b: [(p + q) / 2 for p, q in zip(a, b, strict=True)],
    }[mode]
    return [[how(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(forward, backward, strict=True)]


# %% solution="merge_backward"
def merge_backward(dy, mode):
    dy = np.asarray(dy).tolist()
    if mode == "concat":
        H = len(dy[0][0]) // 2
        return [[[step[:H] for step in row] for row in dy], [[step[H:] for step in row] for row in dy]]
    share = 2 if mode == "average" else 1
    one = [[[number / share for number in step] for step in row] for row in dy]
    return [one, one]


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    B, T, _ = x.shape
    H = len(fwd["W_h"])
    y = []
    for row, n in zip(x, lengths, strict=True):
        zero = np.zeros((1, H))
        front = lstm_forward(row[None, :n], zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])[0]
        back = lstm_forward(row[None, :n][:, ::-1], zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])[0][:, ::-1]
        rest = np.zeros((1, T - n, H))
        front, back = np.concatenate([front, rest], axis=1), np.concatenate([back, rest], axis=1)
        y += merge(front.tolist(), back.tolist(), mode)
    return y


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    T = x.shape[1]
    dfront, dback = map(np.array, merge_backward(dy, mode))
    zero = np.zeros((1, len(fwd["W_h"])))
    all_dx, all_grads = [], []
    for i, n in enumerate(lengths):
        row = x[i : i + 1, :n]
        h = lstm_forward(row, zero, zero, fwd["W_x"], fwd["W_h"], fwd["b"])
        ahead = lstm_backward(dfront[i : i + 1, :n], row, zero, zero, *h, fwd["W_x"], fwd["W_h"])
        row = row[:, ::-1]
        h = lstm_forward(row, zero, zero, bwd["W_x"], bwd["W_h"], bwd["b"])
        back = lstm_backward(dback[i : i + 1, :n][:, ::-1], row, zero, zero, *h, bwd["W_x"], bwd["W_h"])
        dx = ahead[0][0] + back[0][0, ::-1]
        all_dx.append([*dx.tolist(), *np.zeros((T - n, x.shape[2])).tolist()])
        all_grads.append((ahead[3:], back[3:]))
    sums = [[sum(grads[k][j] for grads in all_grads) for j in range(3)] for k in range(2)]
    grads_fwd, grads_bwd = [dict(zip(("W_x", "W_h", "b"), (a.tolist() for a in one), strict=True)) for one in sums]
    return [all_dx, grads_fwd, grads_bwd]


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    h = h.tolist()
    H = len(h[0][0]) // 2
    return [row[n - 1][:H] + row[0][H:] if n else [0.0] * (2 * H) for row, n in zip(h, lengths.tolist(), strict=True)]


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    result = []
    for row, n, h in zip(x, lengths, h0, strict=True):
        states = []
        for t, x_t in enumerate(row):
            h = rnn_cell_forward(x_t[None], h[None], W_x, W_h, b)[0] if t < n else h
            states.append(list(h))
        result.append(states)
    return result


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    states = [x]
    for layer in layers:
        zero = np.zeros((len(x), len(layer["W_h"])))
        states.append(lstm_forward(states[-1], zero, zero, layer["W_x"], layer["W_h"], layer["b"])[0])
    return states.pop().tolist()


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    if not shape:
        return 0.0 if rng.random() < rate else 1 / (1 - rate)
    return [dropout_mask(rng, shape[1:], rate) for _ in range(shape[0])]


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    return [dropout_mask(rng, (B, D), rate_x), dropout_mask(rng, (B, H), rate_h)]


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    h, c = h0, c0
    steps = []
    for t in range(x.shape[1]):
        seen = x[:, t] * mask_x if training else x[:, t]
        heard = h * mask_h if training else h
        h, c, _ = lstm_cell_forward(seen, heard, c, W_x, W_h, b)
        steps.append(h.tolist())
    return [list(row) for row in zip(*steps, strict=True)]
