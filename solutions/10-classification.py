# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10 · From a headline to its section
#
# You build the whole of it: text is cleaned, words become ids, ids become vectors, a recurrent network reads them, and
# says which section of the newspaper the headline belongs to. First all by hand, in numpy, with what you have written
# so far; then once more in PyTorch. At the end you can train a classifier, stop it in time, look at what it confuses,
# and put it into a file that is safe to open.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first place that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01; `lengths` and frozen states are those of 08. New are:
#
# - **ids** are integers. **0 is padding**, **1 is the unknown word**, and words start at **2**. $V$ counts them all.
# - `params` is a dict of `W_e (V, E)`, the embedding; `W_x (E, H)`, `W_h (H, H)`, `b (H,)`, the cell of 01; and
#   `W_y (H, O)`, `b_y (O,)`, the output layer. The initial state is zero.
# - Outputs are **logits**. Whoever takes the loss takes the softmax.
#
# Four traps, for when you read elsewhere:
#
# - **Keras pads in front** (its `pad_sequences` has `padding="pre"` and `truncating="pre"`), and its `SimpleRNN` then
#   reads the zeros like any word. Here padding stands behind, and nobody reads it.
# - **`mask_zero=True`** in Keras and **`padding_idx=0`** in PyTorch are not the same: the first skips the steps, the
#   second only keeps row 0 of the table at zero, and the network still takes a step for each.
# - **A softmax layer and `nn.CrossEntropyLoss`** make two softmaxes: PyTorch's loss wants logits. It learns all the
#   same, only slowly, and nothing complains.
# - **`confusion_matrix`** has the truth in its rows, here and in scikit-learn. Many a textbook has it in its columns.

# %% given=true
import json

import numpy as np

from grader.selfcheck import carry, check

rnn_cell_forward = carry("01-rnn", "rnn_cell_forward")
rnn_cell_backward, cross_entropy = carry("02-bptt", "rnn_cell_backward", "cross_entropy")
xavier_uniform, orthogonal = carry("05-initializers", "xavier_uniform", "orthogonal")
masked_forward = carry("08-deep", "masked_forward")
adam_step, minibatches = carry("09-optimizers", "adam_step", "minibatches")

# %% [markdown]
# ## Recap: a network for each line of the plan
#
# The lecture's classifier reads 1780 headlines of the BBC and sorts them into five sections:
#
# $$\text{text} \to \text{clean} \to \text{ids} \to \text{pad} \to
# \underbrace{x_t = W_e[\text{id}_t]}_{\text{Embedding(100)}} \to
# \underbrace{h_t = \tanh(x_t W_x + h_{t-1} W_h + b)}_{\text{SimpleRNN(50)}} \to
# \underbrace{z = h_{\text{last}} W_y + b_y}_{\text{Dense(5)}} \to \text{softmax}$$
#
# with Adam, and early stopping when the accuracy on the validation part has not grown for five epochs. It has 343 805
# parameters. Where are they? 5 · 50 + 5 in the output layer, 100 · 50 + 50 · 50 + 50 = 7550 in the cell, and all the
# others, 336 000, in a table of 3360 words. The table (Bengio, Ducharme, Vincent & Jauvin 2003) is what makes a word
# more than a number: words that do the same get rows that are alike.

# %% [markdown]
# ## 1 · Cleaning
#
# “Don't panic”, “don't PANIC!” and “Don't panic –” should be the same to the network. And some words say little
# about a section: the **stop words**. In which order things are done matters. `don't` is on the list of stop words,
# `dont` is not, and `we'll` must not turn into `well` before anybody has looked.


# %% solution="clean_text"
def clean_text(text, stop_words):
    """The words of a text that are left to learn from.

    1. Everything in lower case. 2. Words are what whitespace separates. 3. A word goes if it is in stop_words, once
    the punctuation at both of its ends is taken off. 4. Then all punctuation inside of the rest is deleted, too (and
    nothing is looked up again). 5. Words of which nothing is left go.

    Punctuation is every character whose unicodedata.category begins with P or S: £, – and ’ are, é and हि are not.

    Parameters
    ----------
    text : str
    stop_words : list of str
        In lower case. (It may also be a set, or a tuple.)

    Returns
    -------
    cleaned : str
        One space between two words; "" if there are none.

    Examples
    --------
    >>> clean_text("The £27,000 question: DON'T  panic – we'll go hi-tech!", ["the", "don't", "well"])
    '27000 question panic well go hitech'
    """
    ### BEGIN SOLUTION
    import unicodedata

    def is_punctuation(character):
        return unicodedata.category(character)[0] in "PS"

    words = []
    for word in text.lower().split():
        marks = "".join(filter(is_punctuation, word))
        if word.strip(marks) not in stop_words:
            words.append("".join(character for character in word if not is_punctuation(character)))
    return " ".join(word for word in words if word)
    ### END SOLUTION


# %% [markdown]
# ## 2 · A number for each word
#
# The words that occur most get the lowest ids. Those that are too rare get none: of a word that one has met once there
# is little to learn. All of them are 1, the unknown word, and so is what nobody has ever seen.


# %% solution="build_vocabulary"
def build_vocabulary(texts, size):
    """Ids for the words that occur most.

    Parameters
    ----------
    texts : list of str
        Words are what split() makes of them, as they are.
    size : int, 2 or more
        How many ids there are, with 0 and 1, which are no entries: at most size - 2 words get one.

    Returns
    -------
    vocabulary : dict of word to id
        The most frequent word has 2, the next 3, and so on. If two are equally frequent, the one that appears first in
        the texts comes first.

    Examples
    --------
    a and b occur twice, and b was there first.

    >>> build_vocabulary(["b a", "c a b"], 10)
    {'b': 2, 'a': 3, 'c': 4}
    >>> build_vocabulary(["b a", "c a b"], 4)
    {'b': 2, 'a': 3}
    """
    ### BEGIN SOLUTION
    counts = {}
    for text in texts:
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts, key=lambda word: -counts[word])  # equals stay in the order in which they came
    return {word: number for number, word in enumerate(ranked[: size - 2], start=2)}
    ### END SOLUTION


# %% solution="encode"
def encode(texts, vocabulary):
    """Each text as the ids of its words.

    Parameters
    ----------
    texts : list of str
    vocabulary : dict of word to id

    Returns
    -------
    sequences : list of lists of int
        1 for a word that is not in the vocabulary, which stays as it is.

    Examples
    --------
    >>> encode(["b c b", ""], {"a": 2, "b": 3})
    [[3, 1, 3], []]
    """
    ### BEGIN SOLUTION
    return [[vocabulary.get(word, 1) for word in text.split()] for text in texts]
    ### END SOLUTION


# %% [markdown]
# ## 3 · Rows of equal length
#
# An array has rows of one length, and headlines have not. What is too short is filled up with 0, what is too long is
# cut. Both can be done at either end, and which one is right depends on who reads the rows: a network that does not
# know `lengths` forgets the least if the zeros come first.


# %% solution="pad_sequences"
def pad_sequences(sequences, length, padding="post", truncating="post"):
    """Sequences as the rows of one array.

    Parameters
    ----------
    sequences : list of lists of int
    length : int, 0 or more
        The number of columns.
    padding : "pre" or "post"
        Where the zeros stand: in front of the ids, or behind them.
    truncating : "pre" or "post"
        Where ids are taken away from what is too long: at the front, or at the end.

    Returns
    -------
    padded : ndarray of int64 of shape (B, length)

    Raises
    ------
    ValueError
        padding or truncating is another word.

    Examples
    --------
    >>> pad_sequences([[5, 6, 7], [8]], 2)
    array([[5, 6],
           [8, 0]])
    >>> pad_sequences([[5, 6, 7], [8]], 2, padding="pre", truncating="pre")
    array([[6, 7],
           [0, 8]])
    """
    ### BEGIN SOLUTION
    if padding not in ("pre", "post") or truncating not in ("pre", "post"):
        raise ValueError(f"padding is {padding!r} and truncating {truncating!r}, expected 'pre' or 'post'")
    padded = np.zeros((len(sequences), length), dtype=np.int64)
    for row, ids in zip(padded, sequences, strict=True):
        extra = max(0, len(ids) - length)
        kept = ids[extra:] if truncating == "pre" else ids[: len(ids) - extra]
        start = length - len(kept) if padding == "pre" else 0
        row[start : start + len(kept)] = kept
    return padded
    ### END SOLUTION


# %% [markdown]
# ### The headlines
#
# The package brings a grammar that writes headlines of five sections, as many as you like. A headline belongs to the
# section of the one who *acts* in it: “Singer sues minister” is entertainment, “Minister sues singer” is politics, and
# so is “Singer sued by minister”. All the other words are the same in all sections.
#
# Look at the stop words of this cell. Many lists have *by*, *not* and *after* on them. Why has this one not?

# %% experiment=true
from grader.datasets.headlines import CATEGORIES, headlines

STOP_WORDS = ["a", "an", "and", "for", "in", "of", "on", "over", "the", "to"]
T, V, E, H, O = 13, 250, 100, 50, len(CATEGORIES)


def prepared(pairs):
    """tokens (B, T), lengths (B,) and labels (B,) of pairs of a section and a headline."""
    sequences = encode([clean_text(headline, STOP_WORDS) for _, headline in pairs], vocabulary)
    lengths = np.minimum([len(ids) for ids in sequences], T)
    return pad_sequences(sequences, T), lengths, np.array([CATEGORIES.index(section) for section, _ in pairs])


drawn = headlines(np.random.default_rng(0), 3000)
training, validation, testing = drawn[:2000], drawn[2000:2300], drawn[2300:]
vocabulary = build_vocabulary([clean_text(headline, STOP_WORDS) for _, headline in training], V)
train_data, validation_data, test_data = map(prepared, (training, validation, testing))
for (section, headline), ids in zip(training[:8], train_data[0], strict=False):
    print(f"{section:>13}: {headline}\n{'':15}{' '.join(map(str, ids))}")

# %% [markdown]
# ## 4 · The embedding
#
# Each id is the number of a row in a table, and the row is what the network hears. To multiply a one-hot vector with
# the table gives the same, and takes $V$ times as long.


# %% solution="embedding_forward"
def embedding_forward(ids, W_e):
    """Each id's row of the table.

    Parameters
    ----------
    ids : ndarray of int of any shape
    W_e : ndarray of shape (V, E)

    Returns
    -------
    x : ndarray of shape (..., E)
        One axis more than ids. Id 0 is a row like any other here.

    Examples
    --------
    >>> W_e = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> embedding_forward(np.array([[2, 0]]), W_e)
    array([[[5., 6.],
            [1., 2.]]])
    """
    ### BEGIN SOLUTION
    return W_e[ids]
    ### END SOLUTION


# %% [markdown]
# On the way back a row gets what arrives at **all** places where its word stands. The line that comes to mind first
# loses some of it.


# %% solution="embedding_backward"
def embedding_backward(dx, ids, V):
    """The gradient of the table.

    dW_e[k] is the sum of dx over all places where the id is k.

    Parameters
    ----------
    dx : ndarray of shape (..., E)
    ids : ndarray of int of shape (...)
    V : int
        How many rows the table has.

    Returns
    -------
    dW_e : ndarray of shape (V, E)

    Examples
    --------
    Word 1 stands at two places.

    >>> dx = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]])
    >>> embedding_backward(dx, np.array([[1, 0, 1]]), 3)
    array([[ 2., 20.],
           [ 4., 40.],
           [ 0.,  0.]])
    """
    ### BEGIN SOLUTION
    dW_e = np.zeros((V, dx.shape[-1]))
    np.add.at(dW_e, ids, dx)
    return dW_e
    ### END SOLUTION


# %% [markdown]
# ## 5 · The classifier
#
# Table, network, output layer. A row's state is frozen when the row has ended, as in 08, so that the last column holds
# what each row said after its last word, however long it is.


# %% solution="classifier_forward"
def classifier_forward(tokens, lengths, params):
    """The logits of each headline's section.

    x_t = W_e[token_t];  h_t = tanh(x_t W_x + h_{t-1} W_h + b) for t < length, and h_{t-1} from there on, from zeros;
    logits = h_last W_y + b_y

    Parameters
    ----------
    tokens : ndarray of int of shape (B, T)
        On padding there may be any ids.
    lengths : ndarray of int of shape (B,)
        How many tokens of each row are real, 0 to T.
    params : dict of W_e (V, E), W_x (E, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    logits : ndarray of shape (B, O)
    h : ndarray of shape (B, T, H)
        All states; on padding the last real one, or zeros if there is none.

    Examples
    --------
    One feature, one unit, W_x = W_h = 1. On paper: tanh(0.5) = 0.462, tanh(0.5 + 0.462) = 0.745, and the third token is
    padding; the logit is 2 · 0.745 + 1. The second row has no words.

    >>> one = np.ones((1, 1))
    >>> params = {"W_e": np.array([[9.0], [9.0], [0.5]]), "W_x": one, "W_h": one, "b": np.zeros(1)}
    >>> params |= {"W_y": 2 * one, "b_y": np.ones(1)}
    >>> logits, h = classifier_forward(np.array([[2, 2, 1], [2, 2, 2]]), np.array([2, 0]), params)
    >>> h[:, :, 0].round(3)
    array([[0.462, 0.745, 0.745],
           [0.   , 0.   , 0.   ]])
    >>> logits.round(2)
    array([[2.49],
           [1.  ]])
    """
    ### BEGIN SOLUTION
    x = embedding_forward(tokens, params["W_e"])
    h0 = np.zeros((len(tokens), len(params["W_h"])))
    h = masked_forward(x, lengths, h0, params["W_x"], params["W_h"], params["b"])
    return h[:, -1] @ params["W_y"] + params["b_y"], h
    ### END SOLUTION


# %% [markdown]
# And back. The loss looks at the last column alone. From there the gradient goes from step to step; at a step that is
# padding nothing was computed, so that the gradient waits as the state did: it passes as it is, and leaves nothing.


# %% solution="classifier_backward"
def classifier_backward(dlogits, tokens, lengths, h, params):
    """The gradients of all parameters.

    Parameters
    ----------
    dlogits : ndarray of shape (B, O)
    tokens, lengths, params
        The arguments of classifier_forward.
    h : ndarray of shape (B, T, H)
        The states that it returned.

    Returns
    -------
    grads : dict of W_e (V, E), W_x (E, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
        Sums over the batch.

    Examples
    --------
    A network at rest (all words are 0, all states, all slopes are 1). On paper: dh = 1 · 2 at step 1, the last real
    one; half of it goes on to step 0, since W_h = 0.5. b gets 2 + 1, and the words three times as much, since W_x = 3:
    word 2, at step 0, gets 3, and word 1 gets 6. Word 0 is padding.

    >>> one = np.ones((1, 1))
    >>> params = {"W_e": np.zeros((3, 1)), "W_x": 3 * one, "W_h": 0.5 * one, "b": np.zeros(1)}
    >>> params |= {"W_y": 2 * one, "b_y": np.zeros(1)}
    >>> grads = classifier_backward(one, np.array([[2, 1, 0]]), np.array([2]), np.zeros((1, 3, 1)), params)
    >>> grads["b"], grads["W_e"][:, 0]
    (array([3.]), array([0., 6., 3.]))
    """
    ### BEGIN SOLUTION
    x = embedding_forward(tokens, params["W_e"])
    dx = np.zeros_like(x)
    grads = {name: np.zeros_like(params[name]) for name in ("W_x", "W_h", "b")}
    dh = dlogits @ params["W_y"].T
    for t in reversed(range(tokens.shape[1])):
        real = (t < lengths)[:, np.newaxis]
        h_prev = h[:, t - 1] if t > 0 else np.zeros_like(h[:, 0])
        dx[:, t], dh_prev, dW_x, dW_h, db = rnn_cell_backward(
            np.where(real, dh, 0.0), x[:, t], h_prev, h[:, t], params["W_x"], params["W_h"]
        )
        dh = np.where(real, dh_prev, dh)
        grads = {"W_x": grads["W_x"] + dW_x, "W_h": grads["W_h"] + dW_h, "b": grads["b"] + db}
    grads["W_e"] = embedding_backward(dx, tokens, len(params["W_e"]))
    grads["W_y"] = h[:, -1].T @ dlogits
    grads["b_y"] = dlogits.sum(axis=0)
    return grads
    ### END SOLUTION


# %% [markdown]
# ### Experiment: when should it stop?
#
# All of it is yours: the words, the network, its gradients, the initial weights of 05, the loss of 02, the minibatches
# and Adam of 09. The cell trains on 2000 headlines, and after each epoch it takes the accuracy on 300 others. It stops
# when that has not grown for five epochs, and goes back to the weights that were the best.
#
# Before you run it: which of the two curves of the loss will turn round?

# %% experiment=true
import matplotlib.pyplot as plt


def initial_params(rng):
    """Small random rows, and what 05 recommends for a tanh network."""
    return {
        "W_e": 0.1 * rng.standard_normal((V, E)),
        "W_x": xavier_uniform(rng, (E, H)),
        "W_h": orthogonal(rng, (H, H)),
        "b": np.zeros(H),
        "W_y": xavier_uniform(rng, (H, O)),
        "b_y": np.zeros(O),
    }


def loss_and_gradients(params, tokens, lengths, labels):
    """And how many of the batch are right."""
    logits, h = classifier_forward(tokens, lengths, params)
    everything = np.ones((len(labels), 1), dtype=bool)
    loss, dlogits = cross_entropy(logits[:, np.newaxis], labels[:, np.newaxis], everything)
    right = np.sum(logits.argmax(axis=1) == labels)
    return loss, right, classifier_backward(dlogits[:, 0], tokens, lengths, h, params)


def sections(params, tokens, lengths, labels):
    """What the network takes each headline for; it has no use for the labels."""
    return classifier_forward(tokens, lengths, params)[0].argmax(axis=1)


def trained(train, validation, seed=0, epochs=30, patience=5):
    """The weights that were best on the validation data; and loss and accuracy on both after each epoch."""
    rng = np.random.default_rng(seed)
    params, state = initial_params(rng), {}
    best, best_accuracy, waited, curves = params, -1.0, 0, []
    while len(curves) < epochs and waited < patience:
        losses = rights = 0.0
        for rows in minibatches(rng, len(train[0]), 64):
            loss, right, grads = loss_and_gradients(params, *(part[rows] for part in train))
            params, state = adam_step(params, grads, state, 0.005, 0.9, 0.999, 1e-8)
            losses, rights = losses + loss * len(rows), rights + right
        loss, right, _ = loss_and_gradients(params, *validation)
        n, accuracy = len(train[0]), right / len(validation[0])
        curves.append((losses / n, rights / n, loss, accuracy))
        waited += 1
        if accuracy > best_accuracy:
            best, best_accuracy, waited = params, accuracy, 0
    return best, np.array(curves)


params, curves = trained(train_data, validation_data)

epochs = np.arange(1, len(curves) + 1)
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, column, name in ((left, 0, "loss (nats)"), (right, 1, "accuracy")):
    ax.plot(epochs, curves[:, column], label="2000 headlines it learns from")
    ax.plot(epochs, curves[:, column + 2], label="300 others")
    ax.axvline(len(curves) - 5, color="black", linestyle="--", linewidth=1)
    ax.set(xlabel="epoch", ylabel=name)
right.axhline(1 / O, color="tab:red", linestyle=":", linewidth=1)
right.text(len(curves), 1 / O + 0.02, "a guess", ha="right")
right.text(len(curves) - 5.2, 0.5, "these weights\nare kept", ha="right")
right.set(ylim=(0, 1.02), title="When did it stop?")
left.set(ylim=(0, None), title="Which loss turns round?")
left.legend()
plt.show()

# %% [markdown]
# The network's own headlines are learned nearly by heart. On the others the loss falls for a handful of epochs, then
# stays where it is, and in the end it rises: from there on what is learned is no longer about headlines, but about
# *these* headlines. The accuracy is less sensitive, and grows a little longer. Where the dashed line stands it was
# highest; five epochs later the training stopped, and went back.
#
# The 300 headlines have helped to choose the weights, so that they are a little less strange to the network than truly
# new ones. What it is worth is told by headlines that nobody has looked at.

# %% [markdown]
# ## 6 · Who is taken for whom?
#
# An accuracy is one number. Which sections the network confuses is told by a table.


# %% solution="confusion_matrix"
def confusion_matrix(actual, predicted, classes):
    """How often each class was taken for each.

    Parameters
    ----------
    actual, predicted : list of int or str, equally long
        Or arrays of one axis.
    classes : list of int or str
        C of them, in any order.

    Returns
    -------
    counts : ndarray of int of shape (C, C)
        Row: the actual class; column: the predicted one; both in the order of classes. A pair of which one label is
        not among the classes is not counted.

    Examples
    --------
    The last pair has a label that is no class.

    >>> confusion_matrix(["a", "a", "b", "c"], ["a", "b", "b", "a"], ["b", "a"])
    array([[1, 0],
           [1, 1]])
    """
    ### BEGIN SOLUTION
    place = {label: number for number, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for a, p in zip(actual, predicted, strict=True):
        if a in place and p in place:
            counts[place[a], place[p]] += 1
    return counts
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does it confuse?
#
# The 700 headlines that nobody has looked at so far. On the right the same network reads the words of each headline in
# the order of the alphabet: what is left of its knowledge if it is told *which* words, and not who does what to whom?


# %% experiment=true
def in_alphabetical_order(pairs):
    """The same headlines, each of them with its words sorted."""
    return [(section, " ".join(sorted(clean_text(headline, STOP_WORDS).split()))) for section, headline in pairs]


tests = {"As it was written": test_data, "Words sorted": prepared(in_alphabetical_order(testing))}
fig, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True, layout="constrained")
for ax, (name, data) in zip(axes, tests.items(), strict=True):
    counts = confusion_matrix(data[2], sections(params, *data), range(O))
    picture = ax.imshow(counts, cmap="Blues", vmin=0, vmax=150)
    for row, column in np.ndindex(O, O):
        shade = "white" if counts[row, column] > 75 else "black"
        ax.text(column, row, counts[row, column], ha="center", va="center", color=shade)
    ax.set(title=f"{name}: {np.trace(counts) / counts.sum():.0%} right", xlabel="taken for")
    ax.set_xticks(range(O), CATEGORIES, rotation=25)
    ax.set_yticks(range(O), CATEGORIES)
axes[0].set_ylabel("actual section")
fig.colorbar(picture, ax=axes, label="headlines")
plt.show()

# %% [markdown]
# In the right order nearly nine of ten are right, and no pair of sections is confused much more than another: the
# mistakes are about who acts, and anybody may act. With the words sorted it is four of ten. Why not two, as by
# guessing? The network still knows who is *named*, two or three people from as many sections, one of whom it is. What
# the order adds is which one.

# %% [markdown]
# ### Experiment: what does it cost to read the padding?
#
# The same network and the same headlines, in rows of 20. But now nobody says `lengths`: each row is said to have 20
# words, so that the zeros are read as if 0 were one. Once they stand behind the words, once in front of them, as Keras
# puts them. The blue curve is yours from above. A quarter of a minute.

# %% experiment=true
WIDE = 20


def without_lengths(data, padding):
    """The same rows, 20 wide, as for a network that cannot know where they end."""
    tokens, lengths, labels = data
    sequences = [ids[:length] for ids, length in zip(tokens, lengths, strict=True)]
    return pad_sequences(sequences, WIDE, padding), np.full(len(tokens), WIDE), labels


fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.plot(epochs[:8], curves[:8, 3], label="none read: the state waits")
for padding, name in (("pre", "zeros in front, and read"), ("post", "zeros behind, and read")):
    _, read = trained(without_lengths(train_data, padding), without_lengths(validation_data, padding), epochs=8)
    ax.plot(np.arange(1, len(read) + 1), read[:, 3], label=name)
ax.axhline(1 / O, color="black", linestyle=":", linewidth=1)
ax.text(8, 1 / O + 0.02, "a guess", ha="right")
ax.set(xlabel="epoch", ylabel="accuracy on the 300 others", ylim=(0, 1), title="What does it cost to read the padding?")
ax.legend()
plt.show()

# %% [markdown]
# Zeros **behind** the words (green) are the expensive kind. When they are over, the last word is seven steps ago or
# more: the state has to come through all of them, and on the way back so has the gradient. Zeros **in front** (orange)
# come before there is anything to forget. They are read, which costs time, and the network starts its first word from a
# state that is not zero; then nothing is between the words and the answer. That is why Keras pads in front. A network
# that knows `lengths` (blue) need not care.

# %% [markdown]
# ## 7 · A file that is safe to open
#
# What has been trained should outlive the kernel. A **pickle** could hold all of it, and has a flaw: it is not data but
# a programme, and opening it runs the programme. Who sends you a model by pickle can do on your machine what you can.
# So did the files of PyTorch for many years, and so do numpy's, if they are opened with `allow_pickle=True`. Formats of
# plain data can be read without running anything: numbers in `.npy`, numbers and a little text in safetensors, text in
# JSON.
#
# Choose any of them, or another one. There is one file, it has exactly the name that is asked for, and both the weights
# and the words are in it. (The package `safetensors` is there: `save_file(arrays, path, metadata={…})` of
# `safetensors.numpy` takes texts as metadata, and `safetensors.safe_open(path, framework="numpy")` gives `.metadata()`
# and `.get_tensor(name)` back. One trap: it writes an array's memory as it lies. A transposed matrix is memory in
# another order, and comes back wrong, without a word; `np.array(a, order="C")` puts it right.)
#
# In whatever format, your `load_model` reads what your `save_model` wrote. So each is checked with the help of the
# other: write both, then check both.


# %% solution="save_model"
def save_model(path, params, vocabulary):
    """Write weights and words to one file.

    Parameters
    ----------
    path : str
        The name of the file, as it stands: nothing is appended.
    params : dict of name to ndarray
        Of any shape, 0-d too; of floats, integers or bools; transposed matrices are welcome.
    vocabulary : dict of word to id
        Words of all scripts.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/toy.model", {"b": np.zeros(2)}, {"naïve": 2})
    ...     os.listdir(folder)
    ['toy.model']
    """
    ### BEGIN SOLUTION
    from safetensors.numpy import save_file

    arrays = {name: np.array(array, order="C") for name, array in params.items()}
    metadata = {"names": json.dumps(list(params)), "vocabulary": json.dumps(vocabulary)}
    save_file(arrays, path, metadata=metadata)
    ### END SOLUTION


# %% solution="load_model"
def load_model(path):
    """What save_model wrote.

    Parameters
    ----------
    path : str

    Returns
    -------
    params : dict of name to ndarray
        Names, dtypes, shapes and numbers are as they were.
    vocabulary : dict of word to id
        The words in the order in which they were; the ids are of type int.

    Raises
    ------
    ValueError
        The file is none of save_model's. Above all it is none that would have to be unpickled: nothing in it is run.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/toy.model", {"b": np.zeros(2, np.float32)}, {"naïve": 2})
    ...     load_model(f"{folder}/toy.model")
    ({'b': array([0., 0.], dtype=float32)}, {'naïve': 2})
    """
    ### BEGIN SOLUTION
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            params = {name: file.get_tensor(name) for name in json.loads(metadata["names"])}
            return params, json.loads(metadata["vocabulary"])
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{path} holds no model of save_model's") from error
    ### END SOLUTION


# %% [markdown]
# ## 8 · The same in PyTorch
#
# PyTorch brings the layers and their gradients. What is left is what it does not know: which state is the last real
# one, when to stop, and which weights to keep.
#
# This one is graded by what it learns. Your function gets new headlines, as ids, and is asked about others that it has
# not seen.


# %% solution="train_classifier"
def train_classifier(train, validation, V, O, seed, epochs=30):
    """Train the network of this notebook in PyTorch, and stop when it no longer becomes better.

    Embedding(V, 100), RNN(100 -> 50) with tanh, a linear layer from the last *real* state to O logits; Adam at a rate
    of 0.005 on the mean cross-entropy of minibatches of 32 titles, in a new order in every epoch. After each epoch the
    accuracy on the validation titles is taken; five epochs in a row that are no better than the best so far end it.

    Parameters
    ----------
    train, validation : tuple of tokens (N, T), lengths (N,), labels (N,), all of int64
        Of N titles, padded to T words; lengths are 1 or more here, and N and T may differ between the two. What stands
        behind a title's length may be anything.
    V, O : int
        How many ids and how many classes there are.
    seed : int
        All that is random follows from it: the same seed gives the same model.
    epochs : int
        At most so many.

    Returns
    -------
    predict : function of tokens (N, T) and lengths (N,), for any N and T
        Returns the likeliest class of each title, ndarray of int64 of shape (N,), by the weights after the epoch with
        the highest validation accuracy, the first of equals.
    history : dict of "loss", "validation_loss", "validation_accuracy"
        Lists of float, one entry per epoch run. loss is the mean over titles of the losses met while training.

    Examples
    --------
    The first word is the class, and behind it stands padding that misleads.

    >>> tokens, lengths, labels = np.array([[2, 3], [3, 2]] * 40), np.ones(80, int), np.array([0, 1] * 40)
    >>> train = tokens, lengths, labels
    >>> predict, history = train_classifier(train, train, V=4, O=2, seed=0)
    >>> predict(np.array([[3, 2, 2], [2, 2, 3]]), np.array([1, 1]))
    array([1, 0])
    >>> history["validation_accuracy"][-1], len(history["loss"]) < 30
    (1.0, True)
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %% [markdown]
# ### Experiment: two pairs of hands, one network?
#
# The same headlines, once more: PyTorch's curve beside the one that your own gradients have drawn.

# %% experiment=true
predict, history = train_classifier(train_data, validation_data, V, O, seed=0, epochs=15)
accuracies = history["validation_accuracy"]

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.plot(epochs, curves[:, 3], linewidth=3, label="by hand, in numpy")
ax.plot(np.arange(1, len(accuracies) + 1), accuracies, label="in PyTorch")
ax.set(xlabel="epoch", ylabel="accuracy on the 300 others", ylim=(0, 1), title="Do they learn the same?")
ax.legend(loc="lower right")
plt.show()

tokens, lengths, labels = test_data
for name, answer in (("by hand", sections(params, *test_data)), ("in PyTorch", predict(tokens, lengths))):
    print(f"{name:>10}: {np.mean(answer == labels):.1%} of the 700 test headlines")

# %% [markdown]
# The same layers, the same loss, the same optimizer, and two curves that differ by what is left to chance: the first
# weights, and the order of the headlines. Your gradients, made by hand, are as good as those that PyTorch makes by
# itself.

# %% [markdown]
# ### Experiment: the same words, another section?
#
# Three pairs of headlines. The two of a pair are made of the same words: whoever only counts words cannot tell them
# apart. Your network of numpy says how likely each section is.

# %% experiment=true
PAIRS = [
    ("business", "Bank sues rapper over tax rebate"),
    ("entertainment", "Rapper sues bank over tax rebate"),
    ("sport", "Why minister was mocked by goalkeeper"),
    ("politics", "Why goalkeeper was mocked by minister"),
    ("politics", "Minister, not striker, backs hacker"),
    ("sport", "Striker, not minister, backs hacker"),
]
logits, _ = classifier_forward(*prepared(PAIRS)[:2], params)
likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

fig, ax = plt.subplots(figsize=(9, 3.8), layout="constrained")
picture = ax.imshow(likely, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for row, column in np.ndindex(likely.shape):
    shade = "white" if likely[row, column] > 0.5 else "black"
    ax.text(column, row, f"{likely[row, column]:.2f}", ha="center", va="center", color=shade)
for row, (section, _) in enumerate(PAIRS):
    ax.add_patch(
        plt.Rectangle((CATEGORIES.index(section) - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="tab:red", lw=2)
    )
ax.set_xticks(range(O), CATEGORIES)
ax.set_yticks(range(len(PAIRS)), [headline for _, headline in PAIRS])
ax.set(xlabel="section (red: the right one)", title="The same words, another section?")
for line in (1.5, 3.5):
    ax.axhline(line, color="black", linewidth=1)
fig.colorbar(picture, ax=ax, label="probability")
plt.show()

# %% [markdown]
# Compare the rows of a pair: what changes between them is the order of the words alone, and the network changes its
# mind. Where it does not, you have found what 2000 headlines were not enough for. Write your own into the list: who is
# named in the grammar is in `vocabulary`, and what happens to a word that is not?

# %% [markdown]
# ## 9 · In your own words
#
# A colleague sorts reviews of films into good and bad ones. She has 20 000 of them, most have some 30 words, the
# longest 200. Her network is yours, with $V = 20\,000$, $E = 100$, $H = 50$ and $O = 2$.
#
# **(a)** (2 points) Her stop words are a list from the web, which has *not*, *no* and *but* on it; and her vocabulary
# is built from all reviews, those of the test set among them. What is wrong with the one, what with the other?
#
# **(b)** (1 point) She pads with zeros behind the words, to 200, and takes the last column of `torch.nn.RNN`'s output.
# It learns next to nothing. Why, and what are two ways out?
#
# **(c)** (2 points) How many parameters has her network, and what share of them is in the table? Half of her words
# occur once in all the training reviews. How often in an epoch does such a word's row get a gradient that is not zero,
# and what has it learned at the end? What would you do with these words?

# %% [markdown] written="reviews" points=5
# **Model answer.** (a) *Not* turns a judgement round, *but* tells which half of a sentence counts: without them “not
# good” is “good”. Stop words have to be chosen for the task. The vocabulary is part of the model and is learned from
# the training part alone; with the test set in it words have rows that no training has touched, where in real use there
# would be the unknown word. The test then says little about new reviews.
#
# (b) For most reviews the last column is what is left after 170 steps of zeros: the state has forgotten, and gradients
# vanish on the way back. Ways out: take the state of the last real step (by `lengths`, frozen states or packed
# sequences); pad in front; both need nothing new. (Also right: cut to fewer words, or a cell that remembers, as an
# LSTM.)
#
# (c) 20 000 · 100 + (100 · 50 + 50 · 50 + 50) + (50 · 2 + 2) = 2 007 652, of which the table has 99.6 %. A word that
# occurs once gets a gradient in one step of each epoch. Its row is still near to the random one it started from, and
# what it has learned is the class of that one review, by heart. They are better left out, that is, made 1: the unknown
# word then is learned from all of them, and it is there for new rare words.
#
# **Marks.** (a) 1 for what negations do to the class; 1 for "nothing may be learned from the test set", with what it
# does here. (b) 1 for the padding that is read (or vanishing gradients) with two ways out. (c) 1 for the count and
# share (99 to 100 %), 1 for "once an epoch" with a sensible consequence.

# %% [markdown]
# ## Sources
#
# - Bengio, Ducharme, Vincent & Jauvin (2003), *A neural probabilistic language model*, Journal of Machine Learning
#   Research 3: the table of word vectors.
# - Elman (1990), *Finding structure in time*, Cognitive Science 14(2): the cell.
# - Greene & Cunningham (2006), *Practical solutions to the problem of diagonal dominance in kernel document
#   clustering*, ICML: the BBC's articles, whose titles the lecture sorts.
# - Kingma & Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
# - Prechelt (1998), *Early stopping – but when?*, in Neural Networks: Tricks of the Trade, Springer.
# - The documentation of Python's `pickle`, first paragraph: why not to open a pickle that you have not made yourself.
