"""Lists of steps, lists of results: arrays only where a product needs them."""

# %%
import numpy as np


# %%
def sigma(a):
    return np.exp(-np.logaddexp(0, -a))


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    rows = []
    for x_row, h_row in zip(x, h_prev, strict=True):
        i, f, g, o = np.array_split(np.dot(x_row, W_x) + np.dot(h_row, W_h) + b, 4)
        rows.append([*sigma(i), *sigma(f), *np.tanh(g), *sigma(o)])
    return rows


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    gates = np.array(lstm_gates(x, h_prev, W_x, W_h, b))
    H = len(W_h)
    c = gates[:, H : 2 * H] * c_prev + gates[:, :H] * gates[:, 2 * H : 3 * H]
    h = gates[:, 3 * H :] * np.tanh(c)
    return [h.tolist(), c.tolist(), gates.tolist()]


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    results = [[[] for _ in x] for _ in range(3)]
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], np.array(h), np.array(c), W_x, W_h, b)
        for result, step in zip(results, (h, c, gates), strict=True):
            for sequence, row in zip(result, step, strict=True):
                sequence.append(row)
    return results


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(np.asarray(gates), 4, axis=1)
    dc = np.asarray(dc) + dh * o / np.cosh(c) ** 2
    da = np.block([dc * g * (i - i**2), dc * c_prev * (f - f**2), dc * i * (1 - g**2), dh * np.tanh(c) * (o - o**2)])
    results = [da.dot(W_x.T), da.dot(W_h.T), dc * f, np.dot(x.T, da), np.dot(h_prev.T, da), np.sum(da, axis=0)]
    return [result.tolist() for result in results]


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    steps = range(x.shape[1])
    states = [(h0, c0)] + [(h[:, t], c[:, t]) for t in steps]
    from_h, from_c = np.zeros(h0.shape), np.zeros(c0.shape)
    dx, shares = [], []
    for t in reversed(steps):
        dx_t, from_h, from_c, *share = lstm_cell_backward(
            dh[:, t] + np.array(from_h), from_c, x[:, t], *states[t], c[:, t], gates[:, t], W_x, W_h
        )
        dx.append(dx_t)
        shares.append([np.array(part) for part in share])
    dW_x, dW_h, db = (sum(parts).tolist() for parts in zip(*shares, strict=True))
    dx = [list(sequence) for sequence in zip(*dx[::-1], strict=True)]
    return [dx, from_h, from_c, dW_x, dW_h, db]


# %% solution="cell_gradient"
def cell_gradient(gates):
    H = gates.shape[2] // 4
    result = []
    for sequence in gates[:, :, H : 2 * H]:
        steps = [np.ones(H)]
        for f in sequence[:0:-1]:
            steps.insert(0, steps[0] * f)
        result.append(steps)
    return result
