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
# # 03 · Truncated backpropagation through time
#
# You train on sequences that are too long to go back through, and write the three ways in which everybody does it: cut
# the text into chunks, look back further than you step forward, learn from every chunk as soon as it is read. At the
# end you know what is cut and what is not, and what such a network can never learn, however much it reads.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Those of the course: a batch of sequences has shape `(B, T, D)`, vectors are rows, functions are pure. The network is
# that of assignment 01, with its five arrays in a dict `params`: `"W_x"`, `"W_h"`, `"b"`, `"W_y"`, `"b_y"`. `targets`
# holds one integer for each place, `(B, T)`, from 0 to $O - 1$.
#
# Four traps, for when you read elsewhere:
#
# - "A truncated network sees only the last 20 words." It sees them all: the *state* is carried from chunk to chunk.
#   What is cut is the way back of the gradient.
# - Williams & Peng (1990), who had the idea, write BPTT($h$; $h'$): $h$ is how far back, $h'$ how often. Today one
#   says TBPTT($k_1$, $k_2$), after Sutskever (2013), and that is the other way round: $k_1$ is how often, $k_2$ how
#   far back.
# - Keras clears the state after every batch unless the layer is `stateful`, and then row $i$ of a batch must go on
#   where row $i$ of the batch before ended: nothing may be shuffled.
# - PyTorch cuts nothing by itself. Without `h.detach()` between two chunks the second `backward()` fails, and with
#   `retain_graph=True` it runs, and walks all the way back to the start, slower with every chunk.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, output_layer, softmax = carry("01-rnn", "rnn_forward", "output_layer", "softmax")
cross_entropy, rnn_backward = carry("02-bptt", "cross_entropy", "rnn_backward")

# %% [markdown]
# The cell above brings your own functions over from the first two notebooks: one network grows through the course.
#
# ## Recap: what a long sequence costs
#
# Backpropagation through time (assignment 02) reads the whole sequence, keeps every state, and walks back:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} \sum_{k=1}^{t}
# \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial^+ h_k}{\partial W_h}.$$
#
# For a novel of $T = 100\,000$ words that means: all states in memory, one update per novel, and products
# $\partial h_t / \partial h_k$ over thousands of steps that have vanished or exploded long before. So one
# **truncates** (Williams & Peng 1990): in the inner sum, only the nearest $k$ are kept.
#
# The easiest way is to cut the sequence into chunks of `window` steps. 80 words and a window of 20 are 4 chunks.
# Each chunk starts from the state in which the one before ended, and takes it as a *constant*:
#
# $$L_c = \frac{1}{B\,w} \sum_{b} \sum_{t \in c} -\log \mathrm{softmax}(y_{b,t})_{\text{target}},
# \qquad \frac{\partial h_\text{start}}{\partial \theta} := 0.$$
#
# Forward, nothing changes. Backward, the walk ends where the chunk begins.

# %% [markdown]
# ## 1 · Cutting
#
# Inputs `(B, T, D)` and targets `(B, T)` are cut alike, along time. If the window does not divide $T$, the last chunk
# is short. It belongs to the text, too.


# %% solution="split_chunks"
def split_chunks(x, window):
    """Cut sequences along time, into chunks of `window` steps.

    Parameters
    ----------
    x : ndarray of shape (B, T, ...)
        Any number of axes after time, or none.
    window : int
        1 or more, and possibly more than T.

    Returns
    -------
    chunks : list of ndarray of shape (B, w, ...)
        In order. w is `window`, but for the last chunk, which keeps the rest.

    Examples
    --------
    >>> for chunk in split_chunks(np.array([[0, 1, 2, 3, 4, 5, 6]]), 3):
    ...     print(chunk)
    [[0 1 2]]
    [[3 4 5]]
    [[6]]
    """
    ### BEGIN SOLUTION
    return [x[:, start : start + window] for start in range(0, x.shape[1], window)]
    ### END SOLUTION


# %% [markdown]
# ## 2 · Chunk by chunk
#
# For each chunk: states, logits, loss, and back, with the four functions that you have. Two things are new.
#
# **The output layer** has gradients as well. They need no time at all: of $y = h W_y + b_y$, and with $dy$ from
# `cross_entropy`,
#
# $$dW_y = \sum_{b,t} h_{b,t}^\top dy_{b,t}, \qquad db_y = \sum_{b,t} dy_{b,t}, \qquad dh = dy\, W_y^\top.$$
#
# **The state** that ends one chunk starts the next. You need not do anything for it to be a constant: `rnn_backward`
# ends at the state it was given. (What it returns as `dh0` is what would have to go on: leave it.)
#
# The two functions after this one need the same lines. A helper in this cell, after the function, saves you from
# writing them three times.


# %% solution="tbptt_gradients"
def tbptt_gradients(x, targets, h0, params, window):
    """The gradients of truncated backpropagation through time, chunk by chunk.

    A chunk starts from the state in which the one before ended (the first from h0), as a constant. Its loss is the
    mean of the cross-entropy over its own B · w places, and its gradient stays within the chunk. params are the same
    for all chunks.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
    window : int
        1 or more, and possibly more than T.

    Returns
    -------
    grads : list of dict
        For each chunk, the short last one too, a dict with the keys of params: the gradients of its loss.
    h_last : ndarray of shape (B, H)
        The state after the last step.

    Examples
    --------
    On paper: one unit at rest. All states are 0, tanh's slope is 1, both outputs have probability 1/2. With target 0
    the error at each place is (-1/2, 1/2) / w, which W_y takes to the state as -1 / w, and W_h halves at each step
    back. A chunk of two steps: -1/2 at the second; -1/2 - 1/4 at the first; db is their sum, -1.25. The last chunk is
    a single step, -1.

    >>> params = {"W_x": np.array([[0.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[1.0, -1.0]]), "b_y": np.array([0.0, 0.0])}
    >>> x, targets, h0 = np.zeros((1, 3, 1)), np.zeros((1, 3), int), np.zeros((1, 1))
    >>> grads, h_last = tbptt_gradients(x, targets, h0, params, 2)
    >>> [g["b"] for g in grads]
    [array([-1.25]), array([-1.])]
    """
    ### BEGIN SOLUTION
    grads, state = [], h0
    for inputs, right in zip(split_chunks(x, window), split_chunks(targets, window), strict=True):
        _, gradients, h = one_stretch(inputs, right, state, params, inputs.shape[1])
        grads.append(gradients)
        state = h[:, -1]
    return grads, state


def one_stretch(x, targets, h0, params, counted):
    """The mean loss of the last `counted` steps, its gradients with h0 a constant, and the states."""
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    mask = np.zeros(targets.shape, dtype=bool)
    mask[:, targets.shape[1] - counted :] = True
    h = rnn_forward(x, h0, W_x, W_h, b)
    loss, dy = cross_entropy(output_layer(h, W_y, b_y), targets, mask)
    _, _, dW_x, dW_h, db = rnn_backward(dy @ W_y.T, x, h0, h, W_x, W_h)
    dW_y = np.tensordot(h, dy, axes=([0, 1], [0, 1]))
    return loss, {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": dy.sum(axis=(0, 1))}, h
    ### END SOLUTION


# %% [markdown]
# ## 3 · Further back than forward
#
# Chunks are unjust. The error at the end of a chunk reaches `window - 1` steps back; that at its start reaches none,
# although the steps that caused it may be right there, one step before the cut. So let two numbers do the work of one:
#
# - every $k_1$ steps, a gradient is due: after steps $k_1$, $2 k_1$, … (what is left over at the end gives none);
# - it flows back through the last $k_2$ steps, or as many as there are; the state before them is a constant.
#
# If $k_2 > k_1$, windows overlap. Their *losses* must not, or most errors would count twice. So the loss is the mean
# over the last $\min(k_1, k_2)$ steps only, all rows; the older steps of the window are there for the gradient to
# flow through. For $T = 7$, $k_1 = 2$, $k_2 = 3$, counting steps from 0:
#
# | after step | window | errors that count |
# |---|---|---|
# | 1 | 0, 1 | 0, 1 |
# | 3 | 1, 2, 3 | 2, 3 |
# | 5 | 3, 4, 5 | 4, 5 |
#
# And if $k_2 < k_1$? Then the window is too short to hold all new errors, and some are never heard. Nobody would want
# that in a batch of books; in a camera that must answer 50 times a second, one might.


# %% solution="tbptt_k1_k2"
def tbptt_k1_k2(x, targets, h0, params, k1, k2):
    """The gradients of truncated backpropagation that looks, every k1 steps, back through the last k2.

    After steps k1, 2 k1, … (a tail shorter than k1 gives no gradient): the mean loss over the last min(k1, k2) steps,
    all rows, and its gradient through the last k2 steps, or as many as there are. The state before them is a constant.
    params are the same throughout.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
    k1 : int
        Steps from one gradient to the next, 1 or more.
    k2 : int
        Steps that a gradient flows through, 1 or more.

    Returns
    -------
    grads : list of dict
        T // k1 times a dict with the keys of params.

    Examples
    --------
    On paper: the unit at rest of tbptt_gradients. One error, -1, after every step, and two steps back: the first
    window has a single step, -1; after that there are two, -1 and -1/2.

    >>> params = {"W_x": np.array([[0.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[1.0, -1.0]]), "b_y": np.array([0.0, 0.0])}
    >>> x, targets, h0 = np.zeros((1, 3, 1)), np.zeros((1, 3), int), np.zeros((1, 1))
    >>> [g["b"] for g in tbptt_k1_k2(x, targets, h0, params, 1, 2)]
    [array([-1.]), array([-1.5]), array([-1.5])]
    """
    ### BEGIN SOLUTION
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        state = h[:, start - 1] if start else h0
        grads.append(one_stretch(x[:, start:stop], targets[:, start:stop], state, params, min(k1, k2))[1])
    return grads
    ### END SOLUTION


# %% [markdown]
# ### Experiment: where does a truncated gradient point?
#
# Sequences of 60 random numbers; at each step the network is asked whether the number *four steps before* was above
# 0. The network is random, 30 units, scaled to a given spectral radius. On the left, all gradients are those of the
# same 64 sequences: the chunks' gradients, averaged with the chunks' lengths as weights, against the full one, by the
# cosine of the angle between them (1: the same direction; 0: a right angle). On the right, the radius is 1.1, and the
# full gradient of 1500 sequences stands for the true one. Before you run the cell: what does a window of 3 miss, and
# will more sequences help?

# %% experiment=true
import matplotlib.pyplot as plt

rng = np.random.default_rng(1)
W_h = rng.standard_normal((30, 30))
W_h /= np.abs(np.linalg.eigvals(W_h)).max()
network = {"W_x": 0.5 * rng.standard_normal((1, 30)), "W_h": W_h, "b": np.zeros(30)}
network |= {"W_y": rng.standard_normal((30, 2)) / np.sqrt(30), "b_y": np.zeros(2)}


def questions(sequences, T=60, lag=4):
    """Random numbers, and for each step: was the number `lag` steps before above 0?"""
    numbers = rng.standard_normal((sequences, lag + T, 1))
    return numbers[:, lag:], (numbers[:, :T, 0] > 0).astype(int)


def direction(gradients, weights=None):
    """The weighted mean of gradients, those of the recurrent weights, as one long vector of length 1."""
    vectors = [np.concatenate([g[name].ravel() for name in ("W_x", "W_h", "b")]) for g in gradients]
    mean = np.average(vectors, axis=0, weights=weights)
    return mean / np.linalg.norm(mean)


def truncated(x, targets, params, window):
    """The direction of the chunks' mean gradient."""
    gradients, _ = tbptt_gradients(x, targets, np.zeros((len(x), 30)), params, window)
    return direction(gradients, [chunk.shape[1] for chunk in split_chunks(x, window)])


x, targets = questions(64)
windows = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60]
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", sharey=True)
for radius, color in [(0.5, "tab:blue"), (0.9, "tab:green"), (1.1, "tab:orange"), (1.5, "tab:red")]:
    params = network | {"W_h": radius * W_h}
    full = truncated(x, targets, params, 60)
    left.plot(windows, [truncated(x, targets, params, w) @ full for w in windows], ".-", color=color, label=radius)
    if radius == 1.1:
        short = [w for w in windows if w <= 15]
        looks = [direction(tbptt_k1_k2(x, targets, np.zeros((64, 30)), params, 1, w)) @ full for w in short]
        left.plot(short, looks, "x--", color=color, label="1.1, but $k_1 = 1$, $k_2$ = window")
left.axvline(5, color="grey", linestyle=":", linewidth=1)
left.text(4.8, 0.02, "5 steps reach\nthe cause", ha="right", fontsize=9, color="grey")
left.set(xscale="log", xticks=[1, 2, 3, 5, 10, 20, 60], xlabel="window (steps)", ylim=(0, 1.04))
left.set(ylabel="cosine to the full gradient", title="How much of the gradient's direction is cut off?")
left.xaxis.set_major_formatter("{x:.0f}")
left.minorticks_off()
left.legend(title="spectral radius", fontsize=9, loc="lower right")

params = network | {"W_h": 1.1 * W_h}
true = truncated(*questions(1500), params, 60)
counts = [1, 2, 4, 8, 16, 32, 64, 128, 256]
for window, color in [(60, "black"), (10, "tab:purple"), (5, "tab:blue"), (3, "tab:cyan"), (1, "tab:pink")]:
    found = [[truncated(*questions(n), params, window) @ true for _ in range(3)] for n in counts]
    right.plot(counts, np.mean(found, axis=1), ".-", color=color, label="60 (full)" if window == 60 else window)
right.set(xscale="log", xticks=counts[::2], xlabel="sequences that are averaged over (mean of 3 draws)")
right.set_title("Does more data cure it?")
right.xaxis.set_major_formatter("{x:.0f}")
right.minorticks_off()
right.legend(title="window (steps)", fontsize=9, loc="lower right")
plt.show()

# %% [markdown]
# On the left, two things count. The *network*: the larger its spectral radius, the more of the gradient comes from far
# away, and the more is cut off; at 1.5 a window of 20 still misses some. And the *task*: the curves are steep where the
# window begins to reach the cause. (They are so at 4 already: `dW_h` of a window's first step looks at the state before
# it, a constant, but one that has heard the number in question.) With chunks of 5 steps only the last error of each
# reaches that far, and the cosine is 0.94; with $k_1 = 1$ and $k_2 = 5$ all do, and it is 0.99, for five times the
# work.
#
# On the right is what matters most. Averaging takes away noise: the full gradient of one sequence has a cosine of 0.86
# to the true one, that of 256 of more than 0.99. But a window of 3 stays at 0.75 and a window of 1 at 0.6, however many
# sequences there are. Truncation is no noise, it is a **bias**: all sequences leave out the same thing (Tallec &
# Ollivier 2017). And yet the bias may be worth its price: a window of 10 is as good as the full gradient here, and for
# a single sequence even a window of 5 is.

# %% [markdown]
# ## 4 · Learning on the way
#
# So far the weights stood still. But why wait for the end of the book? After each chunk there is a gradient: use it,
# $\theta \leftarrow \theta - \eta\, \partial L_c / \partial \theta$, and read on with the new weights.
#
# One question needs an answer: which state does the next chunk start from? The one that you have, computed with the
# *old* weights. It is a little stale, since the new weights would have read the chunk differently; but to bring it up
# to date, all would have to be read again, from the first word on. Nobody does.


# %% solution="train_truncated"
def train_truncated(x, targets, h0, params, window, lr):
    """One pass over sequences, with a step of gradient descent after every chunk.

    For each chunk: its loss and gradients as in tbptt_gradients, but with the weights as they are now; then
    θ ← θ - lr · ∂loss/∂θ for all five. The next chunk starts from the state computed *before* this update.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    targets : ndarray of shape (B, T)
        Integers, 0 to O - 1.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)
        The weights to start from. Neither the dict nor its arrays are changed.
    window : int
        1 or more, and possibly more than T.
    lr : float
        The learning rate.

    Returns
    -------
    params : dict
        New arrays: the weights after the last update.
    losses : list of float
        Each chunk's loss, before its update.

    Examples
    --------
    On paper: the unit at rest of tbptt_gradients. The first loss is log 2 = 0.693. The first update moves b by
    0.1 · 1.25 to 0.125, and b_y to (0.05, -0.05). The state carried is still 0, so that the last step's state is
    tanh(0.125) = 0.124, its logits are 0.174 and -0.174, and its loss is log(1 + exp(-0.349)) = 0.534.

    >>> params = {"W_x": np.array([[0.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[1.0, -1.0]]), "b_y": np.array([0.0, 0.0])}
    >>> x, targets, h0 = np.zeros((1, 3, 1)), np.zeros((1, 3), int), np.zeros((1, 1))
    >>> trained, losses = train_truncated(x, targets, h0, params, 2, 0.1)
    >>> np.round(losses, 3)
    array([0.693, 0.534])
    """
    ### BEGIN SOLUTION
    state, losses = h0, []
    for inputs, right in zip(split_chunks(x, window), split_chunks(targets, window), strict=True):
        loss, grads, h = one_stretch(inputs, right, state, params, inputs.shape[1])
        params = {name: params[name] - lr * grads[name] for name in params}
        losses.append(loss)
        state = h[:, -1]
    return params, losses
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does an update cost?
#
# One pass over 16 sequences of 1024 steps with 64 units, for windows from 8 steps to all. Memory is what Python
# reports as the highest sum of what your `train_truncated` allocates; time is measured on this machine, now, and the
# best of three.

# %% experiment=true
import time
import tracemalloc

from IPython.display import ProgressBar

rng = np.random.default_rng(2)
B, T, D, H, O = 16, 1024, 8, 64, 10
x, targets, h0 = rng.standard_normal((B, T, D)), rng.integers(0, O, (B, T)), np.zeros((B, H))
shapes = {"W_x": (D, H), "W_h": (H, H), "b": (H,), "W_y": (H, O), "b_y": (O,)}
params = {name: 0.1 * rng.standard_normal(shape) for name, shape in shapes.items()}
windows = [8, 16, 32, 64, 128, 256, 512, 1024]
peak, seconds = [], []
for _, window in zip(ProgressBar(len(windows)), windows, strict=True):
    tracemalloc.start()
    train_truncated(x, targets, h0, params, window, 0.01)
    peak.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        train_truncated(x, targets, h0, params, window, 0.01)
        runs.append(time.perf_counter() - start)
    seconds.append(min(runs))

fig, axes = plt.subplots(1, 3, figsize=(12, 3.9), layout="constrained")
states = 8 * B * H * np.array(windows)  # bytes, float64
axes[0].loglog(windows, np.array(peak) / 2**20, "o-", label="all, at its highest")
axes[0].loglog(windows, states / 2**20, "k--", label="the states alone")
axes[0].set(ylabel="memory (MiB)", title="How much memory does an update take?")
axes[0].legend()
axes[1].loglog(windows, 1000 * np.array(seconds) * np.array(windows) / T, "o-")
axes[1].set(ylabel="time per update (ms)", title="How long does an update take?")
axes[2].semilogx(windows, seconds, "o-")
axes[2].set(ylabel="time for all 1024 steps (s)", title="And the whole pass?", ylim=(0, None))
for ax in axes:
    ax.set(xlabel="window (steps)", xticks=windows[::2])
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.minorticks_off()
plt.show()

# %% [markdown]
# With our solution and on our machine (run it twice, and see how much of yours is chance): memory grows with the
# window, from half a MiB to 19, and is a small multiple of what the states alone take, since inputs, logits and
# gradients are stored, too. The time for an update grows likewise. The time for the whole pass does not: every step
# is read once and walked back through once, whatever the window. All passes took between 0.13 and 0.4 seconds, and
# those with short windows were not the faster ones: they pay for more updates.
#
# So truncation with $k_1 = k_2$ does not save time. It saves memory, so that a book fits at all, and for the same time
# it buys 128 updates with a window of 8 in place of one with a window of 1024.

# %% [markdown]
# ### Experiment: what can a short window not learn?
#
# Thirty-two units read rounds of ten steps. At the first step of a round they hear the answer, +1 or -1; then there is
# next to silence, and at the tenth step a bell. On the left, the network is asked *only at the bell* which answer it
# heard (at all other steps the right output is "nothing"). On the right, it is asked *at every step*. Is a window of
# 2 or 5 steps enough, where the memory has to last for ten?
#
# The weights start small (spectral radius 0.6), so that little is remembered unless it is learnt. Each line is a
# network; the state is carried from round to round, and rounds end where windows end. The learning rate is
# proportional to the window, so that every step's error weighs the same, however many share an update.

# %% experiment=true
ROUND = 10


def rounds(rng, sequences, count, always):
    """Inputs (answer, bell, noise) and targets: 0 for nothing, 1 and 2 for the answers."""
    answers = rng.integers(0, 2, (sequences, count))
    x = np.zeros((sequences, count * ROUND, 3))
    x[:, ::ROUND, 0] = 2 * answers - 1
    x[:, ROUND - 1 :: ROUND, 1] = 1
    x[:, :, 2] = 0.1 * rng.standard_normal((sequences, count * ROUND))
    targets = np.repeat(answers + 1, ROUND, axis=1)
    if not always:
        targets[:, np.arange(count * ROUND) % ROUND != ROUND - 1] = 0
    return x, targets


def belief(params, always):
    """The probability that the network gives to the right answer at the bell, as the mean over 800 rounds."""
    x, targets = rounds(np.random.default_rng(99), 200, 4, always)
    h = rnn_forward(x, np.zeros((200, 32)), params["W_x"], params["W_h"], params["b"])
    y = softmax(output_layer(h[:, ROUND - 1 :: ROUND], params["W_y"], params["b_y"]))
    return np.mean(np.take_along_axis(y, targets[:, ROUND - 1 :: ROUND, np.newaxis], axis=-1))


def learning_curve(seed, window, always, steps):
    """The belief in the right answer, after every 200 steps."""
    rng = np.random.default_rng(seed)
    W_h = rng.standard_normal((32, 32))
    params = {"W_x": 0.5 * rng.standard_normal((3, 32)), "W_h": 0.6 * W_h / np.abs(np.linalg.eigvals(W_h)).max()}
    params |= {"b": np.zeros(32), "W_y": rng.standard_normal((32, 3)) / np.sqrt(32), "b_y": np.zeros(3)}
    state, scores = np.zeros((32, 32)), [belief(params, always)]
    for read in range(50, steps + 1, 50):
        x, targets = rounds(rng, 32, 5, always)
        h = rnn_forward(x, state, params["W_x"], params["W_h"], params["b"])
        params, _ = train_truncated(x, targets, state, params, window, (0.03 if always else 0.1) * window)
        state = h[:, -1]
        if read % 200 == 0:
            scores.append(belief(params, always))
    return scores


colors = {2: "tab:red", 5: "tab:orange", 10: "tab:blue"}
runs = [(always, window, seed) for always in (False, True) for window in colors for seed in range(3)]
fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", sharey=True, width_ratios=[2, 1])
for _, (always, window, seed) in zip(ProgressBar(len(runs)), runs, strict=True):
    scores = learning_curve(seed, window, always, 1400 if always else 4000)
    label = window if seed == 0 else None
    axes[int(always)].plot(200 * np.arange(len(scores)), scores, color=colors[window], label=label)
for ax in axes:
    ax.axhline(0.5, color="grey", linestyle=":", linewidth=1)
    ax.set(xlabel="steps read", ylim=(0, 1.05))
axes[0].set(title="Asked only at the bell: which windows learn it?", ylabel="belief in the right answer (probability)")
axes[0].text(4000, 0.48, "guessing", ha="right", va="top", fontsize=9, color="grey")
axes[1].set_title("Asked at every step: and now?")
axes[1].legend(title="window (steps)", loc="lower right")
plt.show()

# %% [markdown]
# On the left, all networks soon say "either, with 0.5". Those with a window of 10 then find the answer, all three
# within 1500 steps. In the windows of 5 and 2 that hold the bell, the answer was heard before the cut: no gradient
# can tell the network that it should have kept it, and for 3000 steps nothing happens, though its state is carried
# past every cut. Look at what comes then. A trace of the answer has survived in the state by chance, a few networks
# find it, and within their windows they learn to make it larger; but at step 4000 none of them is nearly as sure as
# those with a window of 10 are. A window that is too short is a wall for the gradient, not quite one for luck.
#
# On the right the same memory has to last just as long, and a window of 2 learns it within 1000 steps. There is an
# error at every step now, and each is mended by holding on for *one step more*, since the state before the cut holds
# the answer already: a chain of short lessons. (The windows of 10 are slower and less steady here: they get fewer and
# larger updates.) So the rule is not "the window must be as long as the memory". It is: between a cause and the
# *nearest error* that it explains there must be no cut.

# %% [markdown]
# ## 5 · Preparing the data
#
# All of this begins with an array of sequences, and somebody has to decide how to cut it. Brownlee (2017) lists six
# ways for one long text. They differ in three things: where the gradient is cut, where the state is cleared, and what
# decides the lengths.

# %% experiment=true
text = (
    "The keys to the cabinet were not where she had left them. She looked in the kitchen, under the newspaper, and in "
    "the pockets of every coat that hung in the hall. Nobody else had been at home since breakfast. Had she really "
    "locked it at all? Then she heard a small metallic sound behind her, and there sat the cat, very upright, with the "
    "whole bunch between its paws and an air of perfect innocence. And then she laughed."
)
words = text.split()
ends = [i + 1 for i, word in enumerate(words) if word[-1] in ".?"]
numbers = np.arange(len(words)).reshape(1, -1)


def pieces(window):
    """Where each of your chunks begins, and how long it is."""
    return [(chunk[0, 0], chunk.shape[1]) for chunk in split_chunks(numbers, window)]


def blocks(y, spans, height=0.5, gap=0.25):
    for number, (start, length) in enumerate(spans):
        shade = 0.75 if number % 2 else 0.45
        ax.broken_barh([(start + gap, length - 2 * gap)], (y, height), color="tab:blue", alpha=shade, linewidth=0)


fig, ax = plt.subplots(figsize=(12, 5.6), layout="constrained")
blocks(6, pieces(len(words)))
blocks(5, pieces(20))
sentences = list(zip([0, *ends[:-1]], np.diff([0, *ends]), strict=True))
blocks(4, sentences)
for start, length in sentences:
    ax.text(start + 0.7, 4.25, words[start] + (" …" if length > 5 else ""), va="center", fontsize=9)
for row, window in enumerate([5, 10, 20, 40]):
    blocks(3.4 - 0.14 * row, pieces(window), height=0.1)
blocks(2, pieces(1), gap=0.12)
blocks(1, pieces(20), gap=0)
for y in (1.92, 0.92):
    ax.annotate("", (80.5, y), (0, y), arrowprops={"arrowstyle": "->"})
for row, stop in enumerate([20, 40, 60, 80]):
    y = 0.8 - 0.11 * row
    ax.annotate("", (max(0, stop - 40), y), (stop, y), arrowprops={"arrowstyle": "->", "color": "tab:red"})
ways = [
    ("as it is", "nothing is cut"),
    ("naive split", "a gradient for each 20;\nstate cleared: fold_series"),
    ("domain-specific", "a gradient for each sentence;\nstate cleared"),
    ("systematic", "windows of 5, 10, 20, 40 tried;\nthe best is kept"),
    ("lean on the state", "gradient: 1 step; state carried:\none_step_samples"),
    ("decoupled", "gradients (red): 40 back, each 20;\nstate carried: tbptt_k1_k2"),
]
for row, (_, explanation) in enumerate(ways):
    ax.text(82, 6.25 - row, explanation, va="center", fontsize=9)
ax.set(yticks=6.25 - np.arange(6), yticklabels=[name for name, _ in ways], xlim=(-0.5, 81), ylim=(0.35, 6.7))
ax.set(xlabel="word of the text", xticks=range(0, 81, 10), title="Six ways to prepare 80 words: where is the text cut?")
ax.spines[["top", "right", "left"]].set_visible(False)
ax.tick_params(axis="y", length=0)
plt.show()

# %% [markdown]
# *As it is* is right as long as it fits. The *naive split* is what most code does, and a word that depends on another
# block is lost to it, forward, too. *Domain-specific* cuts are those at which little is lost; sentences are of
# unequal length, which needs the padding of assignment 08. *Systematic* is no way to cut but a way to choose: let the
# validation loss decide. To *lean on the state* cuts the gradient at every step and memory nowhere, as window 1 in
# your first figure. And the last is the one that you have written, `tbptt_k1_k2`; with $k_1 = k_2$ its arrows would
# end where the blocks do, which is `tbptt_gradients`.
#
# Two of these remain to be written.

# %% [markdown]
# ### Many short series for one long
#
# The naive split makes each window a sequence of its own: no state is carried, and they may be shuffled. The tail
# that fills no window is dropped. With several series, mind the seams: no window may hold the end of one and the
# start of the next.


# %% solution="fold_series"
def fold_series(series, window):
    """Long series cut into many short ones, as if they were independent.

    Parameters
    ----------
    series : ndarray of shape (N, L, F)
        N independent series of L steps with F features.
    window : int
        1 or more. If it is more than L, there are no pieces: the result has shape (0, window, F).

    Returns
    -------
    pieces : ndarray of shape (N · ⌊L / window⌋, window, F)
        The pieces of the first series in order, then those of the second, and so on. A tail that fills no window is
        dropped.

    Examples
    --------
    >>> series = np.array([[[1], [2], [3], [4], [5]], [[10], [20], [30], [40], [50]]])
    >>> fold_series(series, 2)[:, :, 0]
    array([[ 1,  2],
           [ 3,  4],
           [10, 20],
           [30, 40]])
    """
    ### BEGIN SOLUTION
    N, L, F = series.shape
    count = L // window
    return series[:, : count * window].reshape(N * count, window, F)
    ### END SOLUTION


# %% [markdown]
# ### One step at a time
#
# The other extreme: every sample is a single step, and all memory is in the state that the caller carries from sample
# to sample. The gradient never reaches beyond its own step, as with $k_1 = k_2 = 1$. Such a caller must be told when
# to forget: where a new series begins.


# %% solution="one_step_samples"
def one_step_samples(series):
    """Series of numbers as samples of a single step, for a network that leans on its state alone.

    Parameters
    ----------
    series : ndarray of shape (N, L) or (N, L, 1)
        N independent series of L numbers.

    Returns
    -------
    samples : ndarray of shape (N · L, 1, 1)
        One step with one feature each: the whole first series, then the whole second, and so on.
    reset : ndarray of bool, shape (N · L,)
        True: clear the state *before* this sample, since it starts a series.

    Examples
    --------
    >>> samples, reset = one_step_samples(np.array([[1, 2, 3], [4, 5, 6]]))
    >>> samples[:, 0, 0]
    array([1, 2, 3, 4, 5, 6])
    >>> reset
    array([ True, False, False,  True, False, False])
    """
    ### BEGIN SOLUTION
    N, L = series.shape[:2]
    reset = np.zeros((N, L), dtype=bool)
    reset[:, 0] = True
    return series.reshape(N * L, 1, 1), reset.reshape(N * L)
    ### END SOLUTION


# %% [markdown]
# ## 6 · In your own words
#
# A newspaper's archive is one endless text. You train a network to say the next word, with chunks of 20 words, the
# state carried over. On word 10 of the first chunk a person is named; the pronoun on word 30 depends on who it was.
#
# **(a)** (3 points) A colleague says: "With a window of 20 the network cannot know the name when it comes to the
# pronoun." Is that right? Say what a *trained* network can use and what training can *teach* it, and name from the
# third experiment one case in which a short window was enough, and one in which it was not. What made the difference?
#
# **(b)** (2 points) You change to $k_1 = 20$, $k_2 = 40$. What does that do to the time of a pass and to the memory,
# roughly? And why does the loss count the last 20 words only, and not all 40 of the window?

# %% [markdown] written="truncation" points=5
# **Model answer.** (a) It is not. The state is carried into the second chunk, so that whatever it holds of the name
# can be used at word 30; nothing forward is cut. What is cut is the gradient: the error at word 30 goes back to word
# 21 at most, and so it can never say that the name should have been *kept*. Training can still teach it in a
# roundabout way. Asked at every step, networks with a window of 2 learnt to hold an answer for ten steps: at each step
# there was an error that was mended by holding on for one step more. Asked only at the bell, networks with windows of 2
# and 5 learnt nothing for 3000 steps, and little later, where those with a window of 10 were sure after 1500: with a
# single error, cause and error have to lie in one window. So it depends on whether words 11 to 29 profit from the name
# as well, or whether it happens to survive in the state.
#
# (b) Each gradient goes back through 40 steps, not 20: the backward part of a pass takes about twice as long (with
# the window read again for it, the forward part, too), and twice as many states are stored at a time. The windows
# overlap: if all 40 words counted, every word's error but the first few would enter two losses, once as a new word and
# once as an old one, with twice its weight.
#
# **Marks.** (a) 1 for "the state is carried, the gradient is cut". 1 for the consequence: what the state holds can be
# used, but the error cannot teach the network to keep it. 1 for the two cases and the difference between them: whether
# there are errors on the way. An answer that only says "the dependency is longer than the window" gets 1 in all.
#
# (b) 1 for about twice the time and twice the states (either "backward twice" or "twice in all" will do). 1 for errors
# that would count twice.

# %% [markdown]
# ## Sources
#
# - Brownlee (2017), *How to prepare sequence prediction for truncated BPTT in Keras*, machinelearningmastery.com: the
#   six ways.
# - Mikolov, Karafiát, Burget, Černocký & Khudanpur (2010), *Recurrent neural network based language model*,
#   Interspeech: a state carried through a whole corpus, with errors that go back one step only.
# - Sutskever (2013), *Training recurrent neural networks*, PhD thesis, University of Toronto: $k_1$ and $k_2$.
# - Tallec & Ollivier (2017), *Unbiasing truncated backpropagation through time*, arXiv:1705.08209: the bias, and a
#   cure by random windows.
# - Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10).
# - Williams & Peng (1990), *An efficient gradient-based algorithm for on-line training of recurrent network
#   trajectories*, Neural Computation 2(4): BPTT($h$; $h'$).
