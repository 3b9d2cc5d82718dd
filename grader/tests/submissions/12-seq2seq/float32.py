"""Single precision throughout, out of habit with GPUs, and int32 ids."""

# %%
import numpy as np

dtype = np.float32


def single(params, side):
    return [params[f"{side}_{name}"].astype(dtype) for name in ("W_e", "W_x", "W_h", "b")]


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    B = len(tokens)
    column = np.zeros((B, 1), np.int32)
    targets = np.hstack([tokens, column]).astype(np.int32)
    targets[np.arange(B), (tokens > 0).sum(axis=1)] = end
    return np.hstack([column + np.int32(start), tokens]).astype(np.int32), targets


# %% solution="encode"
def encode(x, lengths, params):
    W_e, W_x, W_h, b = single(params, "enc")
    h = np.zeros((len(x), len(W_h)), dtype)
    states = np.empty((*x.shape, len(W_h)), dtype)
    for s in range(x.shape[1]):
        new, _ = gru_cell_forward(W_e[x[:, s]], h, W_x, W_h, b)
        m = (s < lengths).astype(dtype)[:, None]
        h = m * new + (1 - m) * h
        states[:, s] = h
    return states, h


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    W_e, W_x, W_h, b = single(params, "dec")
    h, _ = gru_forward(W_e[tokens_in], state.astype(dtype), W_x, W_h, b)
    return h @ params["W_y"].astype(dtype) + params["b_y"].astype(dtype), h


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    real = np.arange(targets.shape[1]) < lengths[:, None]
    dlogits = np.zeros(logits.shape, dtype)
    if lengths.sum() == 0:
        return dtype(0), dlogits
    z = logits[real].astype(dtype)
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z)
    total = p.sum(axis=1, keepdims=True)
    rows = np.arange(len(z))
    loss = (np.log(total[:, 0]) - z[rows, targets[real]]).mean()
    p /= total
    p[rows, targets[real]] -= 1
    dlogits[real] = p / dtype(len(z))
    return loss, dlogits


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    dlogits, states, h = dlogits.astype(dtype), states.astype(dtype), h.astype(dtype)
    W_y = params["W_y"].astype(dtype)
    B, H = len(x), h.shape[2]
    grads = {"W_y": sum(h[:, t].T @ dlogits[:, t] for t in range(h.shape[1])), "b_y": dlogits.sum(axis=1).sum(axis=0)}

    def side(name, dh, ids, first, h):
        W_e, W_x, W_h, b = single(params, name)
        words = W_e[ids]
        h_prev = np.concatenate([first[:, None], h[:, :-1]], axis=1)
        gates = np.stack(
            [gru_cell_forward(words[:, t], h_prev[:, t], W_x, W_h, b)[1] for t in range(h.shape[1])], axis=1
        )
        dwords, dfirst, *rest = gru_backward(dh, words, first, h, gates, W_x, W_h)
        dW_e = np.zeros_like(W_e)
        np.add.at(dW_e, ids, dwords)
        grads.update(zip([f"{name}_W_e", f"{name}_W_x", f"{name}_W_h", f"{name}_b"], [dW_e, *rest], strict=True))
        return dfirst

    dfinal = side("dec", dlogits @ W_y.T, tokens_in, states[:, -1], h)
    dstates = np.zeros_like(states)
    some = lengths > 0
    dstates[np.flatnonzero(some), lengths[some] - 1] = dfinal[some]
    side("enc", dstates, x, np.zeros((B, H), dtype), states)
    return grads


# %% solution="perplexity"
def perplexity(loss):
    with np.errstate(over="ignore"):
        return np.exp(np.mean(loss, dtype=dtype))


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    W_e, W_x, W_h, b = single(params, "dec")
    W_y, b_y = params["W_y"].astype(dtype), params["b_y"].astype(dtype)
    h, B = state.astype(dtype), len(state)
    tokens, lengths = np.zeros((B, max_length), np.int32), np.zeros(B, np.int32)
    running, word = np.ones(B, bool), np.full(B, start)
    for t in range(max_length):
        if not running.any():
            break
        h, _ = gru_cell_forward(W_e[word], h, W_x, W_h, b)
        word = np.where(running, (h @ W_y + b_y).argmax(axis=1), 0)
        tokens[:, t] = word
        lengths += running
        running = running & (word != end)
    return tokens, lengths
