"""One file for all: np.save of bytes; answers as views, in other memory orders and dtypes; the given functions used."""

# %%
import ast
import struct
import unicodedata

import numpy as np


# %% solution="clean_text"
def clean_text(text, stop_words):
    is_mark = {c: unicodedata.category(c) in "Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split() for c in text.lower()}
    marks = "".join(c for c in is_mark if is_mark[c])
    kept = [w for w in text.lower().split() if w.lstrip(marks).rstrip(marks) not in stop_words]
    for c in marks:
        kept = [w.replace(c, "") for w in kept]
    return " ".join(" ".join(kept).split())


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    words = np.array([w for t in texts for w in t.split()], dtype=object)
    if len(words) == 0:
        return {}
    unique, first, counts = np.unique(words.astype(str), return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))[: size - 2]
    return {str(unique[k]): int(i) for i, k in enumerate(order, 2)}


# %% solution="encode"
def encode(texts, vocabulary):
    out = [[] for _ in texts]
    for ids, text in zip(out, texts):
        for word in text.split():
            try:
                ids.append(vocabulary[word])
            except KeyError:
                ids.append(1)
    return out


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    assert_side(padding)
    assert_side(truncating)
    out = np.zeros((length, len(sequences)), dtype=np.int64).T
    for r, s in enumerate(sequences):
        s = s[:length] if truncating == "post" else s[::-1][:length][::-1]
        if padding == "post":
            out[r, : len(s)] = s
        else:
            out[r, ::-1][: len(s)] = s[::-1]
    return out


def assert_side(side):
    if side not in {"pre", "post"}:
        raise ValueError(side)


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    return [W_e[i] for i in ids]


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    order = np.argsort(ids, axis=None)
    sums = np.vstack([np.zeros((1, dx.shape[-1])), dx.reshape(-1, dx.shape[-1])[order].cumsum(axis=0)])
    bounds = np.searchsorted(np.sort(ids, axis=None), np.arange(V + 1))
    return np.diff(sums[bounds], axis=0)


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    B, T = tokens.shape
    buffer = np.zeros((T + 1, B, len(params["b"])))
    for t in range(T):
        new = rnn_cell_forward(params["W_e"][tokens[:, t]], buffer[t], params["W_x"], params["W_h"], params["b"])
        buffer[t + 1] = np.where((t < lengths)[:, None], new, buffer[t])
    return (buffer[-1] @ params["W_y"] + params["b_y"])[:, :], buffer[1:].transpose(1, 0, 2)


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    T = tokens.shape[1]
    states = np.concatenate([np.zeros_like(h[:, :1]), h], axis=1)
    slope = (1 - h**2) * (np.arange(T) < lengths[:, None])[:, :, None]
    dh = np.zeros_like(states)
    dh[:, T] = dlogits @ params["W_y"].T
    for t in range(T, 0, -1):
        wait = (t > lengths)[:, None]
        dh[:, t - 1] = np.where(wait, dh[:, t], (dh[:, t] * slope[:, t - 1]) @ params["W_h"].T)
    da = dh[:, 1:] * slope
    grads = {"W_e": embedding_backward(da @ params["W_x"].T, tokens, params["W_e"].shape[0])}
    grads["W_x"] = np.tensordot(params["W_e"][tokens], da, axes=([0, 1], [0, 1]))
    grads["W_h"] = np.tensordot(states[:, :-1], da, axes=([0, 1], [0, 1]))
    grads["b"] = da.sum(axis=(0, 1))
    grads["W_y"] = (dlogits.T @ h[:, -1]).T
    grads["b_y"] = dlogits.T.sum(axis=1)
    return grads


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    m = {(a, p): 0 for a in classes for p in classes}
    for pair in zip(actual, predicted):
        if pair in m:
            m[pair] += 1
    return np.fromiter(m.values(), dtype=np.int32).reshape(len(classes), -1)


# %% solution="save_model"
def save_model(path, params, vocabulary):
    head = repr(([(n, a.dtype.str, a.shape) for n, a in params.items()], vocabulary)).encode()
    with open(path, "wb") as f:
        f.write(b"MODEL" + struct.pack("<I", len(head)) + head)
        for a in params.values():
            f.write(a.tobytes())


# %% solution="load_model"
def load_model(path):
    with open(path, "rb") as f:
        if f.read(5) != b"MODEL":
            raise ValueError("this is no model")
        (size,) = struct.unpack("<I", f.read(4))
        arrays, vocabulary = ast.literal_eval(f.read(size).decode())
        params = {}
        for name, dtype, shape in arrays:
            count = int(np.prod(shape))
            data = f.read(count * np.dtype(dtype).itemsize)
            params[name] = np.frombuffer(data, dtype).reshape(shape)
    return params, vocabulary


# %% solution="train_classifier"
def train_classifier(train, validation, V, O, seed, epochs=30):
    import copy

    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers = {"embed": nn.Embedding(V, 100), "rnn": nn.RNN(100, 50, batch_first=True), "out": nn.Linear(50, O)}
    network = nn.ModuleDict(layers)
    nn.init.orthogonal_(network["rnn"].weight_hh_l0)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)

    def logits_of(tokens, lengths):
        h, _ = network["rnn"](network["embed"](tokens))  # (N, T, H)
        return network["out"](h[torch.arange(len(h)), lengths - 1])

    train = [torch.as_tensor(part) for part in train]
    *unseen, unseen_labels = [torch.as_tensor(part) for part in validation]
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best, best_weights, not_better = -1.0, None, 0
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(train[0])).split(32):
            tokens, lengths, labels = [part[rows] for part in train]
            loss = nn.functional.cross_entropy(logits_of(tokens, lengths), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(rows)
        with torch.no_grad():
            logits = logits_of(*unseen)
        accuracy = (logits.argmax(dim=1) == unseen_labels).double().mean().item()
        history["loss"].append(sum(losses) / len(losses))
        history["validation_loss"].append(nn.functional.cross_entropy(logits, unseen_labels).item())
        history["validation_accuracy"].append(accuracy)
        if accuracy > best:
            best, best_weights, not_better = accuracy, copy.deepcopy(network.state_dict()), 0
        else:
            not_better += 1
            if not_better == 5:
                break
    if best_weights:
        network.load_state_dict(best_weights)

    def predict(tokens, lengths):
        with torch.no_grad():
            return logits_of(torch.as_tensor(tokens), torch.as_tensor(lengths)).argmax(dim=1).numpy()

    return predict, history
