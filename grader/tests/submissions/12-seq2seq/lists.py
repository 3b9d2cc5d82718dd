"""Lists go round, and lists of lists come back."""

# %%
import numpy as np


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    T = tokens.shape[1]
    inputs, targets = [], []
    for row in tokens.tolist():
        words = [word for word in row if word]
        rest = [0] * (T - len(words))
        inputs.append([start, *words, *rest])
        targets.append([*words, end, *rest])
    return inputs, targets


# %% solution="encode"
def encode(x, lengths, params):
    H = len(params["enc_W_h"])
    all_states = []
    for row, n in zip(x.tolist(), lengths.tolist(), strict=True):
        states = []
        h = np.zeros((1, H))
        for word in row[:n]:
            h, _ = gru_cell_forward(params["enc_W_e"][[word]], h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
            states.append(h[0].tolist())
        last = states[-1] if states else [0.0] * H
        all_states.append(states + [last] * (len(row) - n))
    return all_states, [states[-1] for states in all_states]


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    p = params
    logits, states = [], []
    for row, first in zip(tokens_in.tolist(), state, strict=True):
        words = np.array([p["dec_W_e"][word] for word in row])[None]
        h = gru_forward(words, first[None], p["dec_W_x"], p["dec_W_h"], p["dec_b"])[0][0]
        states.append(h.tolist())
        logits.append([(p["W_y"].T @ one + p["b_y"]).tolist() for one in h])
    return logits, states


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    n = int(sum(lengths))
    V = logits.shape[2]
    losses, slopes = [], []
    for rows, ids, length in zip(logits, targets, lengths, strict=True):
        slopes.append([])
        for t, (z, k) in enumerate(zip(rows, ids, strict=True)):
            if t >= length:
                slopes[-1].append([0.0] * V)
                continue
            log_p = z - z.max() - np.log(np.sum(np.exp(z - z.max())))
            losses.append(-log_p[k])
            slopes[-1].append([(np.exp(q) - (j == k)) / n for j, q in enumerate(log_p)])
    return (sum(losses) / n if n else 0), slopes


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    total = {name: np.zeros(a.shape) for name, a in params.items()}
    sides = {side: [params[f"{side}_{n}"] for n in ("W_e", "W_x", "W_h", "b")] for side in ("enc", "dec")}

    def back(side, dh, ids, h0, h):
        W_e, W_x, W_h, b = sides[side]
        words = np.array([W_e[k] for k in ids])
        before = np.array([h0, *h[:-1]])
        _, gates = gru_cell_forward(words, before, W_x, W_h, b)
        dx, dh0, dW_x, dW_h, db = gru_backward(dh[None], words[None], h0[None], h[None], gates[None], W_x, W_h)
        for k, d in zip(ids, dx[0], strict=True):
            total[f"{side}_W_e"][k] += d
        for name, g in (("W_x", dW_x), ("W_h", dW_h), ("b", db)):
            total[f"{side}_{name}"] += g
        return dh0[0]

    for row in range(len(x)):
        n = int(lengths[row])
        d = np.array([params["W_y"] @ one for one in dlogits[row]])
        total["W_y"] += sum(np.outer(a, b) for a, b in zip(h[row], dlogits[row], strict=True))
        total["b_y"] += sum(dlogits[row])
        final = back("dec", d, tokens_in[row].tolist(), states[row, -1], h[row])
        if n > 0:
            dh = np.array([[0.0] * len(final)] * (n - 1) + [list(final)])
            back("enc", dh, x[row, :n].tolist(), np.zeros(len(final)), states[row, :n])
    return {name: total[name].tolist() for name in reversed(list(total))}


# %% solution="perplexity"
def perplexity(loss):
    flat = np.array(loss).reshape(-1).tolist()
    mean = sum(flat) / len(flat)
    return float("inf") if mean > 709 else np.e**mean


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    tokens, lengths = [], []
    for one in state:
        said = [start]
        while len(said) <= max_length and (len(said) == 1 or said[-1] != end):
            logits, _ = decode_teacher_forced(np.array([said]), one[None], params)
            said.append(int(np.argmax(logits[0][-1])))
        tokens.append(said[1:] + [0] * (max_length + 1 - len(said)))
        lengths.append(len(said) - 1)
    return [tokens, lengths]
