"""Everything that numpy has: npz for the file, bincount, unique, einsum; states kept time-major; answers as lists."""

# %%
import io
import json
import re
import sys
import unicodedata
from collections import Counter

import numpy as np

MARKS = "".join(map(chr, filter(lambda i: unicodedata.category(chr(i))[0] in "PS", range(sys.maxunicode + 1))))
NO_MARKS = dict.fromkeys(map(ord, MARKS))


# %% solution="clean_text"
def clean_text(text, stop_words):
    stop = set(stop_words)
    words = [w for w in re.split(r"\s+", text.lower()) if w.strip(MARKS) not in stop]
    return re.sub(r" +", " ", " ".join(words).translate(NO_MARKS)).strip()


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    counts = Counter(" ".join(texts).split())
    return {w: np.int64(i) for i, (w, _) in zip(range(2, size), counts.most_common())}


# %% solution="encode"
def encode(texts, vocabulary):
    lookup = np.vectorize(lambda w: vocabulary.get(w, 1), otypes=[np.int64])
    return [lookup(text.split()) if text.split() else [] for text in texts]


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    cut = {"pre": lambda s: s[max(len(s) - length, 0) :], "post": lambda s: s[:length]}
    ends = {"pre": lambda n: (n, 0), "post": lambda n: (0, n)}
    if padding not in ends or truncating not in cut:
        raise ValueError(padding, truncating)
    kept = [np.asarray(cut[truncating](s), dtype=np.int32) for s in sequences]
    rows = [np.pad(s, ends[padding](length - len(s))) for s in kept]
    return np.array(rows, dtype=np.int32).reshape(len(rows), length)


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    return np.eye(len(W_e))[ids] @ W_e


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    columns = dx.reshape(-1, dx.shape[-1]).T
    return np.stack([np.bincount(ids.ravel(), weights=column, minlength=V) for column in columns], axis=1)


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    p = params
    a = np.einsum("bte,eh->tbh", p["W_e"][tokens], p["W_x"]) + p["b"]
    h, states = np.zeros_like(a[0]), []
    for t, a_t in enumerate(a):
        m = (t < lengths)[:, None]
        h = m * np.tanh(a_t + h @ p["W_h"]) + ~m * h
        states.append(h)
    return [h @ p["W_y"] + p["b_y"], np.swapaxes(states, 0, 1)]


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    p, (B, T) = params, tokens.shape
    real = np.arange(T) < lengths[:, None]
    h_prev = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    da, dh = np.zeros_like(h), dlogits @ p["W_y"].T
    for t in range(T - 1, -1, -1):
        da[:, t] = dh * (1 - h[:, t] ** 2) * real[:, t, None]
        dh = da[:, t] @ p["W_h"].T + dh * ~real[:, t, None]
    x = p["W_e"][tokens]
    return {
        "b_y": np.einsum("bo->o", dlogits),
        "W_y": np.einsum("bh,bo->ho", h[:, -1], dlogits),
        "b": np.einsum("bth->h", da),
        "W_h": np.einsum("bti,btj->ij", h_prev, da),
        "W_x": np.einsum("bte,bth->eh", x, da),
        "W_e": embedding_backward(da @ p["W_x"].T, tokens, len(p["W_e"])),
    }


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    a, p, c = np.asarray(actual), np.asarray(predicted), np.asarray(classes)
    rows, columns = a[:, None] == c, p[:, None] == c
    return rows.astype(int).T @ columns.astype(int)


# %% solution="save_model"
def save_model(path, params, vocabulary):
    buffer = io.BytesIO()
    text = json.dumps(list(vocabulary.items()), ensure_ascii=False)
    np.savez_compressed(buffer, __words__=np.frombuffer(text.encode(), dtype=np.uint8), **params)
    with open(path, "wb") as f:
        f.write(buffer.getvalue())


# %% solution="load_model"
def load_model(path):
    with np.load(path) as archive:
        if not hasattr(archive, "files"):
            raise ValueError("no archive")
        arrays = {name: archive[name] for name in archive.files}
    words = json.loads(arrays.pop("__words__").tobytes())
    return arrays, dict(map(tuple, words))


# %% solution="train_classifier"
def train_classifier(train, validation, V, O, seed, epochs=30):
    import copy

    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence
    from torch.utils.data import DataLoader, TensorDataset

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(V, 100, padding_idx=0)
            self.rnn = nn.RNN(100, 50, batch_first=True)
            self.dense = nn.Linear(50, O)

        def forward(self, tokens, lengths):
            packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
            _, last = self.rnn(packed)
            return self.dense(last[0])

    torch.manual_seed(seed)
    model, loss_function = Network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    loader = DataLoader(TensorDataset(*map(torch.LongTensor, train)), batch_size=32, shuffle=True)
    tokens, lengths, labels = map(torch.LongTensor, validation)
    history = {"loss": [], "validation_loss": [], "validation_accuracy": []}
    best_accuracy, best_state, patience_left = float("-inf"), copy.deepcopy(model.state_dict()), 5
    while patience_left and len(history["loss"]) < epochs:
        model.train()
        total = seen = 0
        for batch_tokens, batch_lengths, batch_labels in loader:
            optimizer.zero_grad()
            loss = loss_function(model(batch_tokens, batch_lengths), batch_labels)
            loss.backward()
            optimizer.step()
            total += float(loss) * len(batch_labels)
            seen += len(batch_labels)
        model.eval()
        with torch.no_grad():
            logits = model(tokens, lengths)
        accuracy = float((logits.argmax(-1) == labels).float().mean())
        history["loss"] += [total / seen]
        history["validation_loss"] += [float(loss_function(logits, labels))]
        history["validation_accuracy"] += [accuracy]
        if accuracy > best_accuracy:
            best_accuracy, best_state, patience_left = accuracy, copy.deepcopy(model.state_dict()), 5
        else:
            patience_left -= 1
    model.load_state_dict(best_state)

    def predict(tokens, lengths):
        with torch.no_grad():
            return model(torch.LongTensor(tokens), torch.LongTensor(lengths)).argmax(-1).numpy()

    return predict, history
