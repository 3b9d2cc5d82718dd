"""Loops over rows, steps and words, nothing vectorised; numbers in lists and dicts; JSON and a zip for the file."""

# %%
import json
import math
import unicodedata
import zipfile

import numpy as np


def mark(c):
    return unicodedata.category(c).startswith(("P", "S"))


# %% solution="clean_text"
def clean_text(text, stop_words):
    result = []
    for word in text.lower().split():
        first, last = 0, len(word)
        while first < last and mark(word[first]):
            first += 1
        while last > first and mark(word[last - 1]):
            last -= 1
        core = word[first:last]
        if core == "" or core in stop_words:
            continue
        result.append("".join([c for c in core if not mark(c)]))
    return " ".join(result)


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    words, counts = [], []
    for text in texts:
        for word in text.split():
            if word in words:
                counts[words.index(word)] += 1
            else:
                words.append(word)
                counts.append(1)
    vocabulary = {}
    while words and len(vocabulary) < size - 2:
        best = counts.index(max(counts))
        vocabulary[words.pop(best)] = len(vocabulary) + 2
        counts.pop(best)
    return vocabulary


# %% solution="encode"
def encode(texts, vocabulary):
    sequences = []
    for text in texts:
        ids = []
        for word in text.split():
            if word in vocabulary:
                ids.append(vocabulary[word])
            else:
                ids.append(1)
        sequences.append(ids)
    return sequences


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    for side in (padding, truncating):
        if side != "pre" and side != "post":
            raise ValueError("pre or post, please")
    rows = np.zeros((len(sequences), length), dtype="int64")
    for i in range(len(sequences)):
        ids = list(sequences[i])
        while len(ids) > length:
            if truncating == "pre":
                ids = ids[1:]
            else:
                ids = ids[:-1]
        while len(ids) < length:
            if padding == "pre":
                ids = [0] + ids
            else:
                ids = ids + [0]
        for j in range(length):
            rows[i, j] = ids[j]
    return rows


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    out = np.zeros((*ids.shape, W_e.shape[1]))
    for place in np.ndindex(*ids.shape):
        out[place] = W_e[ids[place]]
    return out


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    dW = np.zeros((V, dx.shape[-1]))
    for place in np.ndindex(*ids.shape):
        dW[ids[place]] += dx[place]
    return dW


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    B, T = tokens.shape
    H, O = params["W_y"].shape
    logits, states = np.zeros((B, O)), np.zeros((B, T, H))
    for i in range(B):
        h = np.zeros(H)
        for t in range(T):
            if t < lengths[i]:
                a = params["W_e"][tokens[i, t]] @ params["W_x"] + h @ params["W_h"] + params["b"]
                h = np.array([math.tanh(v) for v in a])
            states[i, t] = h
        logits[i] = h @ params["W_y"] + params["b_y"]
    return logits, states


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    grads = {name: np.zeros(array.shape) for name, array in params.items()}
    for i in range(len(tokens)):
        n = int(lengths[i])
        last = h[i, n - 1] if n else np.zeros(h.shape[2])
        grads["b_y"] += dlogits[i]
        grads["W_y"] += np.outer(last, dlogits[i])
        dh = params["W_y"] @ dlogits[i]
        for t in range(n - 1, -1, -1):
            before = h[i, t - 1] if t else np.zeros(h.shape[2])
            da = dh * (1 - h[i, t] ** 2)
            grads["b"] += da
            grads["W_h"] += np.outer(before, da)
            grads["W_x"] += np.outer(params["W_e"][tokens[i, t]], da)
            grads["W_e"][tokens[i, t]] += params["W_x"] @ da
            dh = params["W_h"] @ da
    return grads


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    rows = []
    for row in classes:
        line = []
        for column in classes:
            line.append(sum(1 for a, p in zip(actual, predicted) if a == row and p == column))
        rows.append(line)
    return rows


# %% solution="save_model"
def save_model(path, params, vocabulary):
    about = {name: [a.dtype.str, list(a.shape)] for name, a in params.items()}
    with zipfile.ZipFile(path, "w") as z:
        z.writestr(
            "about.json", json.dumps({"arrays": about, "words": list(vocabulary), "ids": list(vocabulary.values())})
        )
        for number, array in enumerate(params.values()):
            z.writestr(str(number), array.tobytes())


# %% solution="load_model"
def load_model(path):
    try:
        with zipfile.ZipFile(path) as z:
            about = json.loads(z.read("about.json"))
            params = {}
            for number, (name, (dtype, shape)) in enumerate(about["arrays"].items()):
                params[name] = np.frombuffer(z.read(str(number)), dtype=dtype).reshape(shape)
    except (zipfile.BadZipFile, KeyError):
        raise ValueError("not my file")
    return params, dict(zip(about["words"], about["ids"]))


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
