"""10-classification: from a text to its class, and all that it takes: words, ids, an embedding, a network, a file.

Ints are integers: 0 is padding, 1 the unknown word, words start at 2. `params` is a dict of W_e (V, E), W_x (E, H),
W_h (H, H), b (H,), W_y (H, O) and b_y (O,). `lengths` (B,) counts the real leading tokens of each row; what stands
behind them is padding, and may be anything.

Every function raises a ValueError that names the argument for what its line does not allow.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from reference import Array
from reference.functional import tanh_backward
from reference.packing import Ints, Packing, packing
from reference.shapes import check_ids, checked_arrays, named_entries

__all__ = [
    "build_vocabulary", "classifier_backward", "classifier_forward", "clean_text", "confusion_matrix",
    "embedding_backward", "embedding_forward", "encode", "load_model", "pad_sequences", "save_model",
    "train_classifier",
]  # fmt: skip

Data = tuple[Ints, Ints, Ints]  # tokens, lengths, labels
Labels = Sequence[Any] | Ints
Trained = tuple[Callable[[Ints, Ints], Ints], dict[str, list[float]]]

_NAMES = "W_e W_x W_h b W_y b_y"
_UNKNOWN, _FIRST_WORD = 1, 2


def clean_text(text: str, stop_words: Collection[str]) -> str:
    """What of a text is left to learn from: lower-case words, without stop words and punctuation.

    A word is looked up among the stop words without the punctuation around it, and with that inside it: after all
    punctuation is gone, "don't" could no longer be told from "dont". Only then the rest loses what is inside.

    Parameters
    ----------
    text : str
    stop_words : collection of str, in lower case; not one str

    Returns
    -------
    cleaned : str
        The words that are left, one space between two; "" if there are none. Punctuation is all of Unicode's
        categories P and S. Words are not looked up again after they have lost theirs.
    """
    if not isinstance(text, str):
        raise ValueError(f"text is {text!r}, expected a str")
    _check_words("stop_words", stop_words)
    text, stop = text.lower(), frozenset(stop_words)
    marks = "".join(character for character in set(text) if unicodedata.category(character)[0] in "PS")
    kept = (word for word in text.split() if word.strip(marks) not in stop)
    without_marks = str.maketrans("", "", marks)
    return " ".join(filter(None, (word.translate(without_marks) for word in kept)))


def build_vocabulary(texts: Sequence[str], size: int) -> dict[str, int]:
    """Ints for the words that occur most, from 2 on, the most frequent first.

    Parameters
    ----------
    texts : sequence of str
        Words are what split() makes of them.
    size : int, 2 or more
        V, the rows of the embedding: those of padding and of the unknown word are counted.

    Returns
    -------
    vocabulary : dict of word to id
        At most size - 2 words, by falling count; words of equal counts in the order in which they first appear.
    """
    _check_words("texts", texts)
    _check_integer("size", size, _FIRST_WORD)
    counts = Counter(word for text in texts for word in text.split())
    frequent = counts.most_common(size - _FIRST_WORD)
    return {word: number for number, (word, _) in enumerate(frequent, start=_FIRST_WORD)}


def encode(texts: Sequence[str], vocabulary: Mapping[str, int]) -> list[list[int]]:
    """Each text as the ids of its words.

    Parameters
    ----------
    texts : sequence of str
    vocabulary : dict of word to id

    Returns
    -------
    sequences : list of lists of int
        1 for a word that is not in the vocabulary; [] for an empty text.
    """
    _check_words("texts", texts)
    return [[vocabulary.get(word, _UNKNOWN) for word in text.split()] for text in texts]


def pad_sequences(
    sequences: Sequence[Sequence[int]], length: int, padding: str = "post", truncating: str = "post"
) -> Ints:
    """Sequences of any lengths as the rows of one array.

    Parameters
    ----------
    sequences : sequence of sequences of int
    length : int, 0 or more
    padding, truncating : "pre" or "post"
        At which end zeros are put, and at which end ids are cut off.

    Returns
    -------
    padded : int64 ndarray of shape (B, length)
    """
    _check_integer("length", length, 0)
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"{name} is {side!r}, expected 'pre' or 'post'")
    padded = np.zeros((len(sequences), length), np.int64)
    for row, sequence in enumerate(sequences):
        (ids,) = checked_arrays(**{f"sequences[{row}]": (sequence, "L", int)})
        kept = ids[:length] if truncating == "post" else ids[max(0, len(ids) - length) :]
        start = length - len(kept) if padding == "pre" else 0
        padded[row, start : start + len(kept)] = kept
    return padded


def embedding_forward(ids: Ints, W_e: Array) -> Array:
    """Each id's row of the table.

    x = W_e[id], which is onehot(id) W_e    (Bengio, Ducharme, Vincent & Jauvin 2003, whose table is C)

    Parameters
    ----------
    ids : int ndarray of any shape, each from 0 to V - 1
    W_e : ndarray of shape (V, E)

    Returns
    -------
    x : ndarray of shape (..., E)
    """
    ids, W_e = checked_arrays(ids=(ids, "...", int), W_e=(W_e, "V E"))
    check_ids("ids", ids, len(W_e))
    return W_e.take(ids, axis=0)


def embedding_backward(dx: Array, ids: Ints, V: int) -> Array:
    """The gradient of the table of `embedding_forward`.

    dW_e[k] is the sum of dx over all places where id k stands: onehot(ids)^T dx, without the product's zeros.

    Parameters
    ----------
    dx : ndarray of shape (..., E)
    ids : int ndarray of shape (...), each from 0 to V - 1
    V : int, 0 or more

    Returns
    -------
    dW_e : ndarray of shape (V, E)
        Zeros for the ids that do not occur. Id 0 is one like any other.
    """
    dx, ids = checked_arrays(dx=(dx, "... E"), ids=(ids, "...", int))
    _check_integer("V", V, 0)
    check_ids("ids", ids, V)
    dW_e = np.zeros((V, dx.shape[-1]), dx.dtype)
    if ids.size:
        order = ids.reshape(-1).argsort(kind="stable")  # equal ids side by side: one sum for each run of them
        occurring, starts = np.unique(ids.reshape(-1)[order], return_index=True)
        dW_e[occurring] = np.add.reduceat(dx.reshape(ids.size, -1)[order], starts, axis=0)
    return dW_e


def classifier_forward(tokens: Ints, lengths: Ints, params: Mapping[str, Array]) -> tuple[Array, Array]:
    """Logits of the class from the state after the last real word.

    x_t = W_e[token_t]; h_t = tanh(x_t W_x + h_{t-1} W_h + b) for t < length, and h_t = h_{t-1} from there on;
    logits = h_{T-1} W_y + b_y, h_{-1} = 0    (Elman 1990's network, as many_to_one)

    Parameters
    ----------
    tokens : int ndarray of shape (B, T), each from 0 to V - 1; on padding anything
    lengths : int ndarray of shape (B,), each from 0 to T
    params : dict of W_e (V, E), W_x (E, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    logits : ndarray of shape (B, O)
        b_y for a row of length 0.
    h : ndarray of shape (B, T, H)
        Frozen on padding: it repeats the last real state.
    """
    tokens, lengths, W_e, W_x, W_h, b, W_y, b_y = _checked(tokens, lengths, params)
    real = _packed(tokens, lengths, len(W_e))
    packed = W_e[real.pack(tokens)] @ W_x  # (N, H): each step's share of the input, until its state takes the place
    packed += b
    h_prev = np.zeros((len(tokens), len(W_h)), packed.dtype)
    for places in real.slices():
        h_t = packed[places]
        h_t += h_prev[: len(h_t)] @ W_h
        h_prev = np.tanh(h_t, out=h_t)
    (B, T), H = tokens.shape, len(W_h)
    h = np.zeros((B, T + 1, H), packed.dtype)  # the column of zeros at the end is where row -1 of empty rows points
    h[real.rows, real.steps] = packed
    last = np.minimum(np.arange(T), lengths[:, np.newaxis] - 1)  # (B, T)
    h = h[np.arange(B)[:, np.newaxis], last]
    return _last_states(h) @ W_y + b_y, h


def classifier_backward(
    dlogits: Array, tokens: Ints, lengths: Ints, h: Array, params: Mapping[str, Array]
) -> dict[str, Array]:
    """The gradients of `classifier_forward`, from the logits to the table of the embedding.

    A row's gradient enters at its last real step, and padding neither gets nor passes on any of it.

    Parameters
    ----------
    dlogits : ndarray of shape (B, O)
    tokens, lengths, params
        The arguments of the forward.
    h : ndarray of shape (B, T, H)
        What the forward returned. On padding before the last column it may hold anything.

    Returns
    -------
    grads : dict of the shapes of W_e, W_x, W_h, b, W_y, b_y
    """
    tokens, lengths, W_e, W_x, W_h, _, W_y, _, dlogits, h = _checked(
        tokens, lengths, params, dlogits=(dlogits, "B O"), h=(h, "B T H")
    )
    real = _packed(tokens, lengths, len(W_e))
    h_last, states, ids = _last_states(h), real.pack(h), real.pack(tokens)
    da = tanh_backward(np.ones_like(states), states)  # (N, H): the slopes, until each step's gradient takes the place
    dh, W_h_T = (dlogits @ W_y.T)[real.order], np.ascontiguousarray(W_h.T)
    for places in reversed(list(real.slices())):
        da_t = da[places]
        da_t *= dh[: len(da_t)]
        if places.start:
            np.matmul(da_t, W_h_T, out=dh[: len(da_t)])
    first = real.counts[0] if real.counts else 0  # places of step 0, whose state before is 0
    h_prev = h[real.rows[first:], real.steps[first:] - 1]
    return {
        "W_e": embedding_backward(da @ W_x.T, ids, len(W_e)),
        "W_x": W_e[ids].T @ da,
        "W_h": h_prev.T @ da[first:],
        "b": da.sum(axis=0),
        "W_y": h_last.T @ dlogits,
        "b_y": dlogits.sum(axis=0),
    }


def confusion_matrix(actual: Labels, predicted: Labels, classes: Labels) -> Ints:
    """How often each class was taken for each.

    Parameters
    ----------
    actual, predicted : sequence of int or str, equally long
    classes : sequence of int or str, C of them, in any order, none twice

    Returns
    -------
    counts : int64 ndarray of shape (C, C)
        Row: what it is; column: what it was taken for; both in the order of classes. Pairs with a label that is not
        among the classes are left out.
    """
    if len(actual) != len(predicted):
        raise ValueError(f"predicted has {len(predicted)} labels, expected as many as actual, {len(actual)}")
    place = {label: number for number, label in enumerate(classes)}
    if len(place) < len(classes):
        raise ValueError(f"classes is {list(classes)!r}, expected each class once")
    counts = np.zeros((len(place), len(place)), np.int64)
    for row, column in zip(actual, predicted, strict=True):
        if row in place and column in place:
            counts[place[row], place[column]] += 1
    return counts


def save_model(path: str | PathLike[str], params: Mapping[str, Array], vocabulary: Mapping[str, int]) -> None:
    """Write a model and its words to one file that can be read without running anything: safetensors.

    Parameters
    ----------
    path : str or path
        The file's name, as it stands: nothing is appended.
    params : dict of name to ndarray of numbers, or bools
    vocabulary : dict of word to id
        Kept, with the order of both dicts, as JSON in the file's metadata, whose escapes are ASCII.
    """
    arrays = {name: np.array(array, order="C") for name, array in params.items()}  # its memory is what is written
    for name, array in arrays.items():
        if not isinstance(name, str) or name == "__metadata__" or array.dtype.kind not in "biuf":
            raise ValueError(f"params[{name!r}] is of dtype {array.dtype}, expected a name and an array of numbers")
    for word, number in vocabulary.items():
        if not isinstance(word, str) or not _is_integer(number):
            raise ValueError(f"vocabulary[{word!r}] is {number!r}, expected a word and its id")
    words = {word: int(number) for word, number in vocabulary.items()}
    save_file(arrays, path, metadata={"names": json.dumps(list(arrays)), "vocabulary": json.dumps(words)})


def load_model(path: str | PathLike[str]) -> tuple[dict[str, Array], dict[str, int]]:
    """What `save_model` wrote. Nothing in the file is run, whoever wrote it.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    params : dict of name to ndarray
    vocabulary : dict of word to id

    Raises
    ------
    ValueError
        The file is no model of `save_model`'s: a pickle, for one, or an archive of them.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names, vocabulary = json.loads(metadata["names"]), json.loads(metadata["vocabulary"])
            params = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, KeyError, TypeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(f"path {str(path)!r} holds no model of save_model's: {error}") from None
    if not isinstance(vocabulary, dict) or not all(map(_is_integer, vocabulary.values())):
        raise ValueError(f"path {str(path)!r} holds no vocabulary of words and ids")
    return params, vocabulary


def train_classifier(train: Data, validation: Data, V: int, O: int, seed: int, epochs: int = 30) -> Trained:  # noqa: E741
    """The network of `classifier_forward` in PyTorch, trained: see reference/pytorch/classifier.py.

    Parameters
    ----------
    train, validation : (tokens (B, T), lengths (B,), labels (B,)), ints
    V, O : int
        How many ids there are, and how many classes.
    seed : int
    epochs : int
        At most; training stops when five epochs in a row have been no better on the validation data.

    Returns
    -------
    predict : function of tokens (N, T), lengths (N,)
        Gives the classes (N,), int64.
    history : dict of "loss", "validation_loss" and "validation_accuracy", a float for each epoch
    """
    from reference.pytorch.classifier import train_classifier as trained  # torch takes two seconds to import

    return trained(train, validation, V, O, seed, epochs)


def _checked(tokens: Ints, lengths: Ints, params: Mapping[str, Array], **more: tuple[Array, str]) -> list[Any]:
    """tokens, lengths, the entries of params in the order of _NAMES, and more, once all of them fit."""
    W_e, W_x, W_h, b, W_y, b_y = named_entries(params, _NAMES)
    return checked_arrays(
        tokens=(tokens, "B T", int), lengths=(lengths, "B", int), W_e=(W_e, "V E"), W_x=(W_x, "E H"), W_h=(W_h, "H H"),
        b=(b, "H"), W_y=(W_y, "H O"), b_y=(b_y, "O"), **more,
    )  # fmt: skip


def _packed(tokens: Ints, lengths: Ints, V: int) -> Packing:
    """Where the real tokens stand, once they are known to be ids."""
    T = tokens.shape[1]
    if ((lengths < 0) | (lengths > T)).any():
        raise ValueError(f"lengths holds {lengths.min()} to {lengths.max()}, expected 0 to T = {T}")
    real = packing(lengths)
    check_ids("tokens", real.pack(tokens), V)
    return real


def _last_states(h: Array) -> Array:
    """(B, H): the state that is repeated behind the last real one, zeros if there is no step."""
    return h[:, -1] if h.shape[1] else np.zeros((len(h), h.shape[2]), h.dtype)


def _check_words(name: str, words: Collection[str]) -> None:
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{name} is or holds something else than asked for, expected a collection of str")


def _check_integer(name: str, value: object, least: int) -> None:
    if not _is_integer(value) or value < least:  # type: ignore[operator]
        raise ValueError(f"{name} is {value!r}, expected an integer of {least} or more")


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
