"""A text file: all in JSON, numbers as hexadecimal bytes; recursion and functools where others loop."""

# %%
import functools
import json
from unicodedata import category

import numpy as np


# %% solution="clean_text"
def clean_text(text, stop_words):
    def bare(word):
        return word and (bare(word[1:]) if category(word[0])[0] in "PS" else word[0] + bare(word[1:]))

    def peeled(word):
        if word and category(word[0])[0] in "PS":
            return peeled(word[1:])
        return peeled(word[:-1]) if word and category(word[-1])[0] in "PS" else word

    return " ".join(filter(None, (bare(w) for w in text.lower().split() if peeled(w) not in stop_words)))


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    words = [w for t in texts for w in t.split()]
    once = list(dict.fromkeys(words))
    once.sort(key=words.count, reverse=True)  # stable in reverse, too
    return dict(zip(once[: size - 2], range(2, 2 + len(once))))


# %% solution="encode"
def encode(texts, vocabulary):
    return list(map(lambda t: [vocabulary.get(w, 1) for w in t.split()], texts))


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    match padding, truncating:
        case (("pre" | "post"), ("pre" | "post")):
            pass
        case _:
            raise ValueError("?")
    columns = np.arange(length)
    out = np.zeros((len(sequences), length), dtype=np.int64)
    for row, s in enumerate(sequences):
        n, k = len(s), min(len(s), length)
        places = columns[length - k :] if padding == "pre" else columns[:k]
        out[row, places] = np.array(s, dtype=int)[n - k :] if truncating == "pre" else np.array(s, dtype=int)[:k]
    return out


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    return np.asfortranarray(W_e[ids.ravel()].reshape(ids.shape + (-1,)))


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    return np.array([dx[ids == k].sum(axis=0) for k in range(V)])


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    x = embedding_forward(tokens, params["W_e"])
    h = masked_forward(x, lengths, np.zeros((len(x), len(params["b"]))), params["W_x"], params["W_h"], params["b"])
    last = np.array([row[n - 1] if n else 0 * row[0] for row, n in zip(h, lengths)])
    return last @ params["W_y"] + params["b_y"], h


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    def add(one, other):
        return {k: one[k] + other[k] for k in one}

    def row(i):
        n, x = int(lengths[i]), params["W_e"][tokens[i]]
        zero = np.zeros((1, h.shape[2]))
        states = np.concatenate([zero, h[i, :n]])
        g = {k: np.zeros_like(v) for k, v in params.items()}
        g["b_y"], g["W_y"] = dlogits[i].copy(), np.outer(states[-1], dlogits[i])
        dh = dlogits[i : i + 1] @ params["W_y"].T
        for t in reversed(range(n)):
            dx, dh, dW_x, dW_h, db = rnn_cell_backward(
                dh, x[t : t + 1], states[t : t + 1], states[t + 1 : t + 2], params["W_x"], params["W_h"]
            )
            g["W_x"] += dW_x
            g["W_h"] += dW_h
            g["b"] += db
            g["W_e"][tokens[i, t]] += dx[0]
        return g

    return functools.reduce(add, map(row, range(len(tokens))))


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    C, classes = len(classes), list(classes)
    flat = [classes.index(a) * C + classes.index(p) for a, p in zip(actual, predicted) if {a, p} <= set(classes)]
    return np.bincount(np.array(flat, dtype=int), minlength=C * C).reshape(C, C)


# %% solution="save_model"
def save_model(path, params, vocabulary):
    arrays = [[name, str(a.dtype), a.shape, a.tobytes().hex()] for name, a in params.items()]
    with open(path, "w", encoding="utf-8") as f:
        json.dump([arrays, vocabulary], f, ensure_ascii=False)


# %% solution="load_model"
def load_model(path):
    with open(path, encoding="utf-8") as f:
        arrays, vocabulary = json.load(f)  # what is no JSON is a ValueError of its own
    params = {n: np.frombuffer(bytes.fromhex(data), dtype).reshape(shape) for n, dtype, shape, data in arrays}
    return params, vocabulary


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
