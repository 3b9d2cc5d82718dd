"""No loop but those over time: index arrays, one-hot products, masks."""

# %%
import numpy as np


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    padded = np.pad(tokens, ((0, 0), (0, 1)))
    inputs = np.roll(padded, 1, axis=1)
    inputs[:, 0] = start
    ends = np.arange(padded.shape[1]) == np.count_nonzero(tokens, axis=1)[:, None]
    return inputs, np.where(ends, end, padded)


# %% solution="encode"
def encode(x, lengths, params):
    W_e, W_x, W_h, b = (params[f"enc_{name}"] for name in ("W_e", "W_x", "W_h", "b"))
    real = np.arange(x.shape[1]) < lengths[:, None]
    h, _ = gru_forward(np.eye(len(W_e))[x * real] @ W_e, np.zeros((len(x), len(W_h))), W_x, W_h, b)
    h = np.concatenate([np.zeros((len(x), 1, len(W_h))), h], axis=1)
    states = h[np.arange(len(x))[:, None], np.minimum(np.arange(1, x.shape[1] + 1), lengths[:, None])]
    return states, h[np.arange(len(x)), lengths]


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    onehot = np.eye(len(params["dec_W_e"]))[tokens_in]
    h, _ = gru_forward(onehot, state, params["dec_W_e"] @ params["dec_W_x"], params["dec_W_h"], params["dec_b"])
    return np.einsum("bth,hv->btv", h, params["W_y"]) + params["b_y"], h


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    mask = (np.arange(targets.shape[1]) < lengths[:, None]).astype(float)
    n = max(mask.sum(), 1)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_total = np.log(np.exp(z).sum(axis=-1, keepdims=True))
    right = np.take_along_axis(z, targets[..., None], axis=-1) - log_total
    onehot = np.arange(logits.shape[-1]) == targets[..., None]
    dlogits = (np.exp(z - log_total) - onehot) * mask[..., None] / n
    return -(right[..., 0] * mask).sum() / n, dlogits


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    p = params

    def side(name, dh, ids, first, h):
        W_e, W_x, W_h, b = (p[f"{name}_{part}"] for part in ("W_e", "W_x", "W_h", "b"))
        onehot = np.eye(len(W_e))[ids]
        words = onehot @ W_e
        before = np.concatenate([first[:, None], h], axis=1)[:, :-1]
        gates = gru_cell_forward(words.reshape(-1, words.shape[2]), before.reshape(-1, h.shape[2]), W_x, W_h, b)[1]
        gates = gates.reshape(*h.shape[:2], -1)
        dwords, dfirst, dW_x, dW_h, db = gru_backward(dh, words, first, h, gates, W_x, W_h)
        dW_e = np.einsum("btv,bte->ve", onehot, dwords)
        return dfirst, dict(
            zip((f"{name}_{part}" for part in ("W_e", "W_x", "W_h", "b")), (dW_e, dW_x, dW_h, db), strict=True)
        )

    dfinal, decoder = side("dec", np.einsum("btv,hv->bth", dlogits, p["W_y"]), tokens_in, states[:, -1], h)
    last = (np.arange(x.shape[1]) == lengths[:, None] - 1)[..., None]
    _, encoder = side("enc", last * dfinal[:, None], x, 0 * dfinal, states)
    return {
        **decoder,
        **encoder,
        "b_y": np.einsum("btv->v", dlogits),
        "W_y": np.tensordot(h, dlogits, ([0, 1], [0, 1])),
    }


# %% solution="perplexity"
def perplexity(loss):
    with np.errstate(all="ignore"):
        return np.power(np.e, np.average(loss))


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    said, word = [], np.full((len(state), 1), start)
    for _ in range(max_length):
        logits, h = decode_teacher_forced(word, state, params)
        word, state = logits.argmax(axis=-1), h[:, -1]
        said.append(word)
    tokens = np.hstack(said)
    behind = np.cumsum(tokens == end, axis=1) - (tokens == end)
    return np.where(behind > 0, 0, tokens), (behind == 0).sum(axis=1)
