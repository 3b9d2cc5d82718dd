"""Results as views, in Fortran order, and with np scalars."""

# %%
import numpy as np


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    B, T = tokens.shape
    full = np.zeros((B, T + 2), np.int64)
    full[:, 0], full[:, 1:-1] = start, tokens
    last = full.copy()
    last[np.arange(B), (tokens != 0).sum(axis=1) + 1] = end
    return np.asfortranarray(full[:, :-1]), last[:, 1:]


# %% solution="encode"
def encode(x, lengths, params):
    B, S = x.shape
    states = np.zeros((S + 1, B, len(params["enc_W_h"])))
    for s in range(S):
        words = params["enc_W_e"][x[:, s]]
        states[s + 1], _ = gru_cell_forward(words, states[s], params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        states[s + 1, lengths <= s] = states[s, lengths <= s]
    return states[1:].transpose(1, 0, 2), states[-1]


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    p, B, T = params, *tokens_in.shape
    h = np.zeros((T + 1, B, state.shape[1]))
    h[0] = state
    for t in range(T):
        h[t + 1], _ = gru_cell_forward(p["dec_W_e"][tokens_in[:, t]], h[t], p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return (h[1:] @ p["W_y"] + p["b_y"]).swapaxes(0, 1), h[1:].swapaxes(0, 1)


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    dlogits = np.zeros(logits.shape[::-1])
    by_place, total, loss = dlogits.T, lengths.sum(), np.float64(0)  # (B, T, V)
    for t in range(logits.shape[1]):
        rows = np.flatnonzero(lengths > t)
        if not len(rows):
            break
        z = logits[rows, t]
        z = z - z.max(axis=1)[:, None]
        log_p = z - np.log(np.exp(z).sum(axis=1))[:, None]
        slopes = np.exp(log_p)
        slopes[range(len(rows)), targets[rows, t]] -= 1
        loss += -log_p[range(len(rows)), targets[rows, t]].sum() / total
        by_place[rows, t] = slopes / total
    return loss, by_place


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    p, (B, S, H) = params, states.shape
    dh = np.matmul(dlogits, p["W_y"].T)
    h_prev = np.concatenate([states[:, -1:], h], axis=1)[:, :-1]
    words = p["dec_W_e"][tokens_in]
    gates = np.empty((*h.shape[:2], 3 * H))
    for b in range(B):  # a row's steps as a batch
        _, gates[b] = gru_cell_forward(words[b], h_prev[b], p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    dwords, dfinal, dec_W_x, dec_W_h, dec_b = gru_backward(
        dh, words, states[:, -1], h, gates, p["dec_W_x"], p["dec_W_h"]
    )
    dec_W_e = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))

    enc = {name: np.zeros(p[f"enc_{name}"].shape) for name in ("W_e", "W_x", "W_h", "b")}
    for n in np.unique(lengths[lengths > 0]):  # rows of one length need no mask
        rows = lengths == n
        own, words = states[rows, :n], p["enc_W_e"][x[rows, :n]]
        zeros, dh = np.zeros((rows.sum(), H)), np.zeros(own.shape)
        dh[:, -1] = dfinal[rows]
        h_prev = np.concatenate([zeros[:, None], own], axis=1)[:, :-1]
        gates = np.stack(
            [gru_cell_forward(words[:, t], h_prev[:, t], p["enc_W_x"], p["enc_W_h"], p["enc_b"])[1] for t in range(n)],
            1,
        )
        dwords, _, *parts = gru_backward(dh, words, zeros, own, gates, p["enc_W_x"], p["enc_W_h"])
        enc["W_e"] += embedding_backward(dwords, x[rows, :n], len(enc["W_e"]))
        for name, part in zip(("W_x", "W_h", "b"), parts, strict=True):
            enc[name] += part
    out = {
        "W_y": np.asfortranarray(h.reshape(-1, H).T @ dlogits.reshape(-1, dlogits.shape[2])),
        "b_y": dlogits.sum((0, 1)),
    }
    out |= {f"enc_{name}": np.asfortranarray(g) for name, g in enc.items()}
    return out | {"dec_W_e": dec_W_e, "dec_W_x": dec_W_x, "dec_W_h": dec_W_h, "dec_b": dec_b}


# %% solution="perplexity"
def perplexity(loss):
    with np.errstate(over="ignore"):
        return np.exp(np.array(loss).T.mean(), out=np.empty(()))


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    p = params
    tokens = np.zeros((max_length, len(state)), np.int64)
    word, alive = np.full(len(state), start), np.arange(len(state))
    for column in tokens:
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = np.argmax(state @ p["W_y"] + p["b_y"], axis=1)
        column[alive] = word
        state, alive, word = state[word != end], alive[word != end], word[word != end]
    tokens = tokens.T
    ended = (tokens == end).any(axis=1)
    return tokens, np.where(ended, (tokens == end).argmax(axis=1) + 1, max_length)
