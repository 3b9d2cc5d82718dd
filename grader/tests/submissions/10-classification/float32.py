"""Everything in float32, as a library would; safetensors with its own idea of metadata; classes for the answers."""

# %%
import json
import unicodedata
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import safetensors.numpy

Out = namedtuple("Out", "logits h")


def f32(a):
    return np.asarray(a, dtype=np.float32)


# %% solution="clean_text"
def clean_text(text, stop_words):
    kinds = {c: unicodedata.category(c)[0] for c in text.lower()}
    good = []
    for w in text.lower().split():
        ends = [i for i, c in enumerate(w) if kinds[c] not in ("P", "S")]
        if not ends or w[ends[0] : ends[-1] + 1] in stop_words:
            continue
        good += ["".join(w[i] for i in ends)]
    return np.str_(" ".join(good))


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    counts, first = defaultdict(int), {}
    for n, w in enumerate(w for t in texts for w in t.split()):
        counts[w] += 1
        first.setdefault(w, n)
    order = sorted(counts, key=lambda w: (-counts[w], first[w]))
    return OrderedDict((w, i + 2) for i, w in enumerate(order[: max(0, size - 2)]))


# %% solution="encode"
def encode(texts, vocabulary):
    return tuple(tuple(vocabulary[w] if w in vocabulary else 1 for w in t.split()) for t in texts)


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    if {padding, truncating} - {"pre", "post"}:
        raise ValueError("pre, post")
    out = []
    for s in map(list, sequences):
        s = s[::-1] if truncating == "pre" else s
        s = s[:length]
        s = s[::-1] if truncating == "pre" else s
        zeros = [0] * (length - len(s))
        out.append(zeros + s if padding == "pre" else s + zeros)
    return np.array(out, dtype=np.int64) if out else np.zeros((0, length), int)


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    return np.take(f32(W_e), ids, axis=0)


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    flat = f32(dx).reshape(-1, dx.shape[-1])
    onehot = f32(np.arange(V)[:, None] == ids.reshape(1, -1))
    return onehot @ flat


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    p = {k: f32(v) for k, v in params.items()}
    h = np.zeros((len(tokens), len(p["b"])), np.float32)
    out = []
    for t in range(tokens.shape[1]):
        new = np.tanh(np.hstack([p["W_e"][tokens[:, t]], h]) @ np.vstack([p["W_x"], p["W_h"]]) + p["b"])
        h = np.where(t < lengths[:, None], new, h)
        out.append(h)
    return Out(h @ p["W_y"] + p["b_y"], np.stack(out, 1))


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    p = {k: f32(v) for k, v in params.items()}
    h, dlogits, T = f32(h), f32(dlogits), tokens.shape[1]
    W = np.vstack([p["W_x"], p["W_h"]])
    E, H = p["W_x"].shape
    dW, db, dW_e = np.zeros_like(W), np.zeros(H, np.float32), np.zeros_like(p["W_e"])
    dh = dlogits @ p["W_y"].T
    for t in range(T)[::-1]:
        rows = np.flatnonzero(lengths > t)
        if not rows.size:
            continue
        before = h[rows, t - 1] if t else np.zeros((len(rows), H), np.float32)
        da = dh[rows] * (1 - np.square(h[rows, t]))
        dW += np.hstack([p["W_e"][tokens[rows, t]], before]).T @ da
        db += da.sum(0)
        back = da @ W.T
        np.add.at(dW_e, tokens[rows, t], back[:, :E])
        dh[rows] = back[:, E:]
    grads = dict(W_e=dW_e, W_x=dW[:E], W_h=dW[E:], b=db)
    grads.update(W_y=h[:, -1].T @ dlogits, b_y=np.sum(dlogits, 0))
    return grads


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    from itertools import product

    pairs = list(zip(actual, predicted))
    return np.array([pairs.count(pair) for pair in product(classes, classes)]).reshape(len(classes), len(classes))


# %% solution="save_model"
def save_model(path, params, vocabulary):
    whole = {f"w:{name}": np.array(a, order="C") for name, a in params.items()}
    data = safetensors.numpy.save(whole, {word: str(i) for word, i in vocabulary.items()} | {"": " ".join(vocabulary)})
    with open(path, "wb") as f:
        f.write(data)


# %% solution="load_model"
def load_model(path):
    with open(path, "rb") as f:
        data = f.read()
    try:
        arrays = safetensors.numpy.load(data)
        n = int.from_bytes(data[:8], "little")
        words = json.loads(data[8 : 8 + n])["__metadata__"]
    except Exception as e:
        raise ValueError("not a model") from e
    return {k[2:]: v for k, v in arrays.items()}, {w: int(words[w]) for w in words[""].split()}


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
