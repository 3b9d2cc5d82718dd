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
# # 08 · Both directions, layers, and dropout
#
# You take your cells of 01 and 06 and build what people use: a network that reads a sequence from both ends, in
# batches whose rows end when they like, in layers one above the other, and with dropout that does not wipe its memory.
# At the end you know what each half of a bidirectional network has seen, and why a mask is drawn once a sequence.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01, the order of the gates is that of 06. New are:
#
# - **`lengths`**, `(B,)`, counts the real steps of each row. They come first; what stands behind them is **padding**.
#   A length may be 0. What the inputs hold on padding must not matter, and in the checks it is large.
# - A **direction**, or a **layer**, is a dict of `W_x`, `W_h` and `b`, an LSTM's. All of them start from zeros.
# - A **rate** is the chance to be *dropped*.
#
# Four traps, for when you read elsewhere:
#
# - **The last column is no summary.** For many a padded, bidirectional batch `out[:, -1]` has been used as one. For a
#   short row it is padding, and for every row it holds a backward half that has read a single step.
# - **p keeps or p drops.** In the paper by Srivastava et al. (2014) $p$ is the chance to be kept; in PyTorch and Keras,
#   and here, it is the chance to be dropped. With 0.5 nobody notices.
# - **Two things are called the LSTM's dropout.** `dropout=` of PyTorch's `nn.LSTM` acts between layers, with other
#   masks at every step. `recurrent_dropout=` of Keras acts on the state that enters the gates, with one mask for all
#   steps. The second kind is what you write.
# - **Keras's `LSTM` returns the last step alone**, unless told `return_sequences=True`. A layer above needs every step.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_cell_forward = carry("01-rnn", "rnn_cell_forward")
lstm_cell_forward, lstm_cell_backward = carry("06-lstm", "lstm_cell_forward", "lstm_cell_backward")
lstm_forward, lstm_backward = carry("06-lstm", "lstm_forward", "lstm_backward")

# %% [markdown]
# ## Recap: what comes later counts, too
#
# *The old man the boats.* Up to the third word you take *man* for a noun; the rest of the sentence tells you that it is
# the verb. A network that reads from the front cannot know that when it gets to *man*. Schuster & Paliwal (1997) gave
# it a colleague who reads from the end, and put what both say at a step side by side,
#
# $$y_t = \left[\overrightarrow{h}_t, \overleftarrow{h}_t\right], \qquad
# \overrightarrow{h}_t = \mathrm{LSTM}(x_t, \overrightarrow{h}_{t-1}), \qquad
# \overleftarrow{h}_t = \mathrm{LSTM}'(x_t, \overleftarrow{h}_{t+1}).$$
#
# The two never talk to each other: no arrow leads from one chain to the other, and they share no weights. (With LSTMs
# instead of simple cells: Graves & Schmidhuber 2005.)
#
# There are two more ways to more power. **Layers**: a network that reads the states of another, step by step, finds
# patterns among patterns (El Hihi & Bengio 1995; Graves, Mohamed & Hinton 2013). And **dropout** (Srivastava et al.
# 2014), so that all this power does not learn the training data by heart.

# %% [markdown]
# ## 1 · Turning around what is real
#
# The colleague who reads from the end is no new code: it is your LSTM, reading a sequence that was turned around. But a
# row of length 3 in a batch of 5 steps must not begin with its padding. Only its real part turns.


# %% solution="reverse_sequences"
def reverse_sequences(x, lengths):
    """Turn around the real part of each row; the padding stays where it was.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    lengths : ndarray of int of shape (B,)
        How many steps of each row are real, 0 to T.

    Returns
    -------
    reversed : ndarray of shape (B, T, D)
        A new array. Step t of a row of length L is its step L-1-t for t < L, and its step t otherwise.

    Examples
    --------
    The first row has three real steps, the second none.

    >>> x = np.array([[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [8.0]]])
    >>> reverse_sequences(x, np.array([3, 0]))[:, :, 0]
    array([[3., 2., 1., 4.],
           [5., 6., 7., 8.]])
    """
    ### BEGIN SOLUTION
    turned = x.copy()
    for row, length in enumerate(lengths):
        turned[row, :length] = x[row, :length][::-1]
    return turned
    ### END SOLUTION


# %% [markdown]
# ## 2 · Two outputs made into one
#
# Side by side is the usual way, and keeps everything. A sum or an average is half as wide, and lets the two disagree.


# %% solution="merge"
def merge(forward, backward, mode):
    """The outputs of both directions as one.

    concat: y = [forward, backward];  sum: y = forward + backward;  average: y = (forward + backward) / 2

    Parameters
    ----------
    forward, backward : ndarray of shape (B, T, H)
        Both in the order of time.
    mode : "concat", "sum" or "average"

    Returns
    -------
    y : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)

    Examples
    --------
    >>> forward, backward = np.array([[[1.0, 2.0]]]), np.array([[[10.0, 30.0]]])
    >>> merge(forward, backward, "concat")
    array([[[ 1.,  2., 10., 30.]]])
    >>> merge(forward, backward, "average")
    array([[[ 5.5, 16. ]]])
    """
    ### BEGIN SOLUTION
    if mode == "concat":
        return np.concatenate([forward, backward], axis=-1)
    total = forward + backward
    return total / 2 if mode == "average" else total
    ### END SOLUTION


# %% [markdown]
# On the way back each direction gets what it is answerable for.


# %% solution="merge_backward"
def merge_backward(dy, mode):
    """The gradients of both arguments of merge.

    Parameters
    ----------
    dy : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
    mode : "concat", "sum" or "average"

    Returns
    -------
    dforward, dbackward : ndarray of shape (B, T, H)

    Examples
    --------
    >>> dforward, dbackward = merge_backward(np.array([[[1.0, 2.0, 3.0, 4.0]]]), "concat")
    >>> dforward
    array([[[1., 2.]]])
    >>> dbackward
    array([[[3., 4.]]])
    """
    ### BEGIN SOLUTION
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., :H], dy[..., H:]
    if mode == "average":
        dy = dy / 2
    return dy, dy
    ### END SOLUTION


# %% [markdown]
# ## 3 · Both directions
#
# One LSTM reads `x`, the other reads `x` turned around. What the second says comes in *its* order; whoever merges the
# two has to put both into the order of time. On padding there is nothing to say: there `y` is 0.


# %% solution="bilstm_forward"
def bilstm_forward(x, lengths, fwd, bwd, mode):
    """Two LSTMs on one batch: one from the first real step on, one from the last real step back.

    y = merge(LSTM_fwd(x), reverse(LSTM_bwd(reverse(x))), mode), and 0 on padding

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        Padding may hold anything.
    lengths : ndarray of int of shape (B,)
        How many steps of each row are real, 0 to T.
    fwd, bwd : dict of W_x (D, 4H), W_h (H, 4H), b (4H,)
        The two directions. Both start from states of zero.
    mode : "concat", "sum" or "average"

    Returns
    -------
    y : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)

    Examples
    --------
    One unit, whose gates are all 1/2, and whose candidate is tanh(x) in one direction, tanh(2x) in the other. On
    paper, forward: c = 0, then tanh(1) / 2 = 0.381, and h = tanh(c) / 2 = 0, then 0.182. The backward direction reads
    the 1 first: c = tanh(2) / 2 = 0.482, and one step later 0.241, with h = 0.224 and 0.118.

    >>> W = np.array([[0.0, 0.0, 1.0, 0.0]])  # i, f, g, o
    >>> fwd = {"W_x": W, "W_h": 0 * W, "b": np.zeros(4)}
    >>> bwd = {"W_x": 2 * W, "W_h": 0 * W, "b": np.zeros(4)}
    >>> x = np.array([[[0.0], [1.0], [99.0]]])
    >>> bilstm_forward(x, np.array([2]), fwd, bwd, "concat").round(3)
    array([[[0.   , 0.118],
            [0.182, 0.224],
            [0.   , 0.   ]]])
    """
    ### BEGIN SOLUTION
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    y = merge(forward, reverse_sequences(backward, lengths), mode)
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return np.where(real[:, :, np.newaxis], y, 0.0)
    ### END SOLUTION


# %% [markdown]
# ## 4 · And back
#
# Nothing new is needed but care. Write the lines of your forward down, one under the other, and go through them from
# the last to the first. Three questions on the way: which line of the forward does padding end in? What undoes a turn?
# And `x` was read twice; what does that mean for `dx`?
#
# As everywhere in this course the backward gets no cache. It runs both LSTMs once more to have their states.


# %% solution="bilstm_backward"
def bilstm_backward(dy, x, lengths, fwd, bwd, mode):
    """The gradients of bilstm_forward.

    Parameters
    ----------
    dy : ndarray of shape (B, T, 2H), with mode "concat", otherwise of shape (B, T, H)
        The loss's gradient at every y. On padding it may hold anything, and counts for nothing.
    x, lengths, fwd, bwd, mode
        The arguments of bilstm_forward.

    Returns
    -------
    dx : ndarray of shape (B, T, D)
        0 on padding.
    grads_fwd, grads_bwd : dict of W_x (D, 4H), W_h (H, 4H), b (4H,)

    Examples
    --------
    The unit of bilstm_forward's example, at rest: with x = 0 all gates are 1/2, and all slopes of tanh are 1. On paper,
    forward: dc = 8/2 at step 1, and 4/2 + 4/2 = 4 at step 0; the candidate gets half of each, 2 and 2, and hands them
    on to x. Backward: dc = 4/2 = 2 at step 0, which was read last, and 8/2 + 2/2 = 5 at step 1; the candidate gets 1
    and 2.5, and x twice that, 2 and 5. In all, dx is 2 + 2 and 2 + 5.

    >>> W = np.array([[0.0, 0.0, 1.0, 0.0]])  # i, f, g, o
    >>> fwd = {"W_x": W, "W_h": 0 * W, "b": np.zeros(4)}
    >>> bwd = {"W_x": 2 * W, "W_h": 0 * W, "b": np.zeros(4)}
    >>> x, dy = np.array([[[0.0], [0.0], [99.0]]]), np.array([[[4.0], [8.0], [-7.0]]])
    >>> dx, grads_fwd, grads_bwd = bilstm_backward(dy, x, np.array([2]), fwd, bwd, "sum")
    >>> dx[0, :, 0]
    array([4., 7., 0.])
    >>> grads_bwd["b"]
    array([0. , 0. , 3.5, 0. ])
    """
    ### BEGIN SOLUTION
    zeros = np.zeros((len(x), len(fwd["W_h"])))

    def back_through(dh, x, weights):
        h, c, gates = lstm_forward(x, zeros, zeros, weights["W_x"], weights["W_h"], weights["b"])
        dx, _, _, dW_x, dW_h, db = lstm_backward(dh, x, zeros, zeros, h, c, gates, weights["W_x"], weights["W_h"])
        return dx, {"W_x": dW_x, "W_h": dW_h, "b": db}

    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    dforward, dbackward = merge_backward(np.where(real[:, :, np.newaxis], dy, 0.0), mode)
    dx_fwd, grads_fwd = back_through(dforward, x, fwd)
    dx_bwd, grads_bwd = back_through(reverse_sequences(dbackward, lengths), reverse_sequences(x, lengths), bwd)
    return dx_fwd + reverse_sequences(dx_bwd, lengths), grads_fwd, grads_bwd
    ### END SOLUTION


# %% [markdown]
# ### Experiment: which inputs does an output see?
#
# The gradient knows. Put an error on one output at one step, and your `bilstm_backward` tells which inputs could have
# changed it, and by how much. Here it is asked for every output of every step, of a network with random weights and
# eight units a direction, on one row: 20 steps, of which 16 are real. Before you run the cell, sketch the three
# pictures: which squares stay white?

# %% experiment=true
import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm

T, D, H, length = 20, 4, 8, 16


def lstm_weights(rng, D, H):
    """Random weights, and a forget bias of 1."""
    weights = {"W_x": rng.standard_normal((D, 4 * H)) / np.sqrt(D), "W_h": rng.standard_normal((H, 4 * H)) / np.sqrt(H)}
    return weights | {"b": np.repeat([0.0, 1.0, 0.0, 0.0], H)}


rng = np.random.default_rng(1)
fwd, bwd = lstm_weights(rng, D, H), lstm_weights(rng, D, H)
x = rng.standard_normal((1, T, D)).repeat(T, axis=0)  # row t of the batch asks about step t
slopes = np.zeros((2 * H, T, T))  # of an output, at its step, with respect to the input of a step
for unit in range(2 * H):
    dy = np.zeros((T, T, 2 * H))
    dy[np.arange(T), np.arange(T), unit] = 1
    dx, _, _ = bilstm_backward(dy, x, np.full(T, length), fwd, bwd, "concat")
    slopes[unit] = np.linalg.norm(dx, axis=-1)

fig, axes = plt.subplots(1, 3, figsize=(12, 4.4), sharex=True, sharey=True, layout="constrained")
halves = [("forward half", slopes[:H]), ("backward half", slopes[H:]), ("both, concatenated", slopes)]
for ax, (name, part) in zip(axes, halves, strict=True):
    size = np.sqrt((part**2).sum(axis=0))
    picture = ax.imshow(np.where(size > 0, size, np.nan), norm=LogNorm(5e-3, 1))
    ax.axhline(length - 0.5, color="tab:red", linewidth=1)
    ax.axvline(length - 0.5, color="tab:red", linewidth=1)
    ax.set(title=name, xlabel="step of the input, $s$", xticks=range(0, T, 5), yticks=range(0, T, 5))
axes[0].set_ylabel("step of the output, $t$")
fig.colorbar(picture, ax=axes, label=r"size of $\partial y_t / \partial x_s$")
fig.suptitle("Which inputs does the output of a step depend on?")
plt.show()

# %% [markdown]
# White is exactly 0. The forward half is a lower triangle: no output knows of anything later than itself. The backward
# half is the upper one. Together every real step depends on every other, near ones (yellow) more than far ones. Beyond
# the red lines lies padding: it neither says nor changes anything.
#
# Two corners are worth a second look. The bottom row of the forward half (step 15) and the top row of the backward half
# (step 0) are the only rows without a gap: only there has a half read everything. And the bottom row of the *backward*
# half is a single square.

# %% [markdown]
# ### Experiment: what does the colleague from the end know?
#
# A task in which both matter. Rows of random brackets, 4 to 12 long. For each bracket: *has it a partner?* An opening
# one finds it later, or not; a closing one has found it already, or not. Three networks are trained on the same
# batches: one whose output layer hears the forward half alone, one that hears the backward half alone, and one that
# hears both. Half a minute at most. (The optimizer is Adam, which you will write in 09.)

# %% experiment=true
T, H, BATCHES = 12, 6, 100


def brackets(rng, B):
    """x (B, T, 2), one-hot: opening, closing; lengths; whether each bracket has a partner (B, T)."""
    opening, lengths = rng.random((B, T)) < 0.5, rng.integers(4, T + 1, B)
    partner = np.zeros((B, T), bool)
    for row in range(B):
        waiting = []
        for t in range(lengths[row]):
            if opening[row, t]:
                waiting.append(t)
            elif waiting:
                partner[row, [waiting.pop(), t]] = True
    return np.stack([opening, ~opening], axis=-1).astype(float), lengths, partner


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def adam(params, grads, memory, t, lr):
    """One step, in place: the gradient's running mean over the root of the running mean of its square."""
    for name, g in grads.items():
        m, v = memory.setdefault(name, (0.0, 0.0))
        memory[name] = m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        params[name] = params[name] - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)


def probabilities(network, heard, x, lengths):
    fwd, bwd, out = network
    h = bilstm_forward(x, lengths, fwd, bwd, "concat") * heard
    return h, sigmoid(h @ out["w"] + out["b"])


def train(heard):
    """A network whose output layer hears the units where `heard`, (2H,), is 1; and its losses."""
    rng, losses = np.random.default_rng(0), []
    network = lstm_weights(rng, 2, H), lstm_weights(rng, 2, H), {"w": np.zeros(2 * H), "b": 0.0}
    memories = {}, {}, {}
    for step in range(1, BATCHES + 1):
        x, lengths, partner = brackets(rng, 32)
        real = np.arange(T) < lengths[:, np.newaxis]
        h, p = probabilities(network, heard, x, lengths)
        losses.append(-np.log(np.where(partner, p, 1 - p))[real].mean())
        dz = (p - partner) * real / real.sum()
        dh = dz[:, :, np.newaxis] * network[2]["w"] * heard
        _, grads_fwd, grads_bwd = bilstm_backward(dh, x, lengths, network[0], network[1], "concat")
        grads_out = {"w": np.einsum("bt,bth->h", dz, h), "b": dz.sum()}
        for params, grads, memory in zip(network, (grads_fwd, grads_bwd, grads_out), memories, strict=True):
            adam(params, grads, memory, step, lr=0.05)
    return network, losses


forward_half, everything = np.repeat([1.0, 0.0], H), np.ones(2 * H)
networks = {"forward": forward_half, "backward": 1 - forward_half, "both": everything}
x, lengths, partner = brackets(np.random.default_rng(9), 1000)
real, opening = np.arange(T) < lengths[:, np.newaxis], x[:, :, 0] == 1

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for number, (name, heard) in enumerate(networks.items()):
    network, losses = train(heard)
    left.plot(np.arange(1, BATCHES + 1), losses, label=name, color=f"C{number}")
    right_answers = (probabilities(network, heard, x, lengths)[1] > 0.5) == partner
    shares = [right_answers[real & opening].mean(), right_answers[real & ~opening].mean()]
    bars = right.bar(np.arange(2) + 0.27 * (number - 1), shares, 0.25)
    right.bar_label(bars, [f"{share:.0%}" for share in shares], fontsize=9)
guess = [max(partner[where].mean(), 1 - partner[where].mean()) for where in (real & opening, real & ~opening)]
right.hlines(guess, np.arange(2) - 0.42, np.arange(2) + 0.42, color="black", linestyle="--")
right.text(0.5, np.mean(guess), "always\nyes", ha="center", va="center", fontsize=9)
left.set(xlabel="batches of 32", ylabel="loss (nats per bracket)", ylim=(0, 0.8), title="Who learns the task?")
right.set(xticks=[0, 1], xticklabels=["opening: (", "closing: )"], ylim=(0, 1.15), ylabel="right answers, new rows")
right.set(xlabel="kind of bracket", title="Which brackets does each of them know about?")
left.legend(title="the output hears")
plt.show()

# %% [markdown]
# Each direction alone gets stuck half-way, and the bars say where. From the front all closing brackets are answered
# right, and the opening ones little better than by always saying *yes*: what they need is not there yet (all that helps
# a little is to know how far down the row one is). From the end it is the other way round. Neither has learned badly;
# each has learned what can be seen from where it stands. With both, the loss goes to zero.

# %% [markdown]
# ## 5 · One vector for all of it
#
# For a class, or a mood, you want one vector for each sequence. The figure with the triangles has told where the two
# halves have read everything: at two different steps, one of which depends on the row.


# %% solution="bidirectional_summary"
def bidirectional_summary(h, lengths):
    """From each direction the state that has read the whole row.

    Parameters
    ----------
    h : ndarray of shape (B, T, 2H)
        Both directions, concatenated, forward first. On padding it may hold anything.
    lengths : ndarray of int of shape (B,)
        How many steps of each row are real, 0 to T.

    Returns
    -------
    summary : ndarray of shape (B, 2H)
        Zeros for a row of length 0.

    Examples
    --------
    The row has two real steps: the forward half is complete at step 1, the backward half at step 0.

    >>> h = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
    >>> bidirectional_summary(h, np.array([2]))
    array([[3., 2.]])
    """
    ### BEGIN SOLUTION
    H = h.shape[-1] // 2
    summary = np.zeros((len(h), 2 * H))
    for row, length in enumerate(lengths):
        if length > 0:
            summary[row] = [*h[row, length - 1, :H], *h[row, 0, H:]]
    return summary
    ### END SOLUTION


# %% [markdown]
# ## 6 · A state that waits
#
# There is another way to treat padding, which you will need from 10 on: **freeze** the state when a row has ended. Then
# `h[:, -1]` is the last real state of *every* row, and no one has to look for it. Here for the simple cell of 01, which
# may start from any `h0`.


# %% solution="masked_forward"
def masked_forward(x, lengths, h0, W_x, W_h, b):
    """The tanh network on a ragged batch: once a row has ended, its state stays as it is.

    h_t = tanh(x_t W_x + h_{t-1} W_h + b) for t < length, and h_t = h_{t-1} from there on

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        Padding may hold anything.
    lengths : ndarray of int of shape (B,)
        How many steps of each row are real, 0 to T.
    h0 : ndarray of shape (B, H)
        The state before the first step. It need not be zero.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)
    b : ndarray of shape (H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        A row of length 0 holds its h0 at every step.

    Examples
    --------
    On paper: tanh(1) = 0.762, tanh(0.762) = 0.642, tanh(0.642) = 0.566. The second row ends after one step.

    >>> one = np.ones((1, 1))
    >>> masked_forward(np.zeros((2, 3, 1)), np.array([3, 1]), np.ones((2, 1)), one, one, np.zeros(1)).round(3)[:, :, 0]
    array([[0.762, 0.642, 0.566],
           [0.762, 0.762, 0.762]])
    """
    ### BEGIN SOLUTION
    h = np.empty((*x.shape[:2], len(b)))
    h_t = h0
    for t in range(x.shape[1]):
        running = (t < lengths)[:, np.newaxis]
        h_t = np.where(running, rnn_cell_forward(x[:, t], h_t, W_x, W_h, b), h_t)
        h[:, t] = h_t
    return h
    ### END SOLUTION


# %% [markdown]
# ## 7 · Layers
#
# What a layer says at step $t$ is what the layer above hears at step $t$:
#
# $$h^{(0)}_t = x_t, \qquad h^{(l)}_t = \mathrm{LSTM}_l\left(h^{(l-1)}_t, h^{(l)}_{t-1}\right).$$
#
# So there are two ways for a signal: along time and up. Only outputs go up; every layer has a memory of its own, and
# starts it from zeros.


# %% solution="stacked_lstm_forward"
def stacked_lstm_forward(x, layers):
    """LSTMs one above the other.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    layers : list of dict of W_x, W_h (H, 4H), b (4H,)
        From the bottom up. W_x is (D, 4H) for the bottom layer, (H, 4H) for the others.

    Returns
    -------
    h : ndarray of shape (B, T, H)
        The states of the top layer.

    Examples
    --------
    The unit of bilstm_forward's example, twice, one step. On paper: c = tanh(1) / 2 = 0.381 and h = tanh(0.381) / 2 =
    0.182 below; above, c = tanh(0.182) / 2 = 0.09 and h = tanh(0.09) / 2 = 0.045.

    >>> W = np.array([[0.0, 0.0, 1.0, 0.0]])  # i, f, g, o
    >>> layer = {"W_x": W, "W_h": 0 * W, "b": np.zeros(4)}
    >>> stacked_lstm_forward(np.array([[[1.0]]]), [layer, layer]).round(3)
    array([[[0.045]]])
    """
    ### BEGIN SOLUTION
    h = x
    for layer in layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        h, _, _ = lstm_forward(h, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return h
    ### END SOLUTION


# %% [markdown]
# ## 8 · Dropout
#
# While it trains, let each unit fail with probability *rate*, at random. No unit can then rely on one particular other,
# and what the network learns has to be known in more than one place. When the network is used, nothing fails.
#
# But then twice as much arrives (at a rate of 0.5) as the network was trained for. Srivastava et al. (2014) shrink the
# weights before use. **Inverted** dropout, their own second thought in section 10 and what every library does,
# lets the survivors work harder during the training instead: each is multiplied by $1 / (1 - \text{rate})$, so that
# *on average* the same arrives, and nothing is left to do later.


# %% solution="dropout_mask"
def dropout_mask(rng, shape, rate):
    """What to multiply with for inverted dropout.

    Each entry on its own is 0 with probability rate, and 1 / (1 - rate) otherwise.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of random numbers.
    shape : tuple of int
    rate : float, at least 0 and less than 1
        The chance to be dropped. 0 gives ones.

    Returns
    -------
    mask : ndarray of the shape asked for

    Examples
    --------
    Which entries are 0 depends on how you draw. On paper: 1 / (1 - 0.2) = 1.25.

    >>> np.unique(dropout_mask(np.random.default_rng(0), (10, 10), 0.2))
    array([0.  , 1.25])
    >>> dropout_mask(np.random.default_rng(0), (1, 3), 0.0)
    array([[1., 1., 1.]])
    """
    ### BEGIN SOLUTION
    return (rng.random(shape) >= rate) / (1 - rate)
    ### END SOLUTION


# %% [markdown]
# ## 9 · One mask for the whole sequence
#
# In a recurrent network a unit that fails now and works again at the next step does another kind of harm: it forgets
# what it was keeping. For a while the advice was to leave the recurrent connections alone (Zaremba, Sutskever & Vinyals
# 2014). Gal & Ghahramani (2016) found the remedy by thinking of the network as *one* random network for each sequence:
# draw the mask **once**, and use it at every step. They call this **variational** dropout.


# %% solution="variational_masks"
def variational_masks(rng, B, D, H, rate_x, rate_h):
    """The masks of a recurrent layer: one for each sequence, none for the single step.

    Parameters
    ----------
    rng : numpy.random.Generator
        mask_x is drawn first, then mask_h.
    B, D, H : int
    rate_x, rate_h : float, at least 0 and less than 1
        The chance that an input feature is dropped, and that a unit of the state is.

    Returns
    -------
    mask_x : ndarray of shape (B, D)
    mask_h : ndarray of shape (B, H)

    Examples
    --------
    >>> mask_x, mask_h = variational_masks(np.random.default_rng(0), 4, 20, 30, 0.5, 0.2)
    >>> mask_x.shape, mask_h.shape
    ((4, 20), (4, 30))
    >>> np.unique(mask_x), np.unique(mask_h)
    (array([0., 2.]), array([0.  , 1.25]))
    """
    ### BEGIN SOLUTION
    mask_x = dropout_mask(rng, (B, D), rate_x)
    mask_h = dropout_mask(rng, (B, H), rate_h)
    return mask_x, mask_h
    ### END SOLUTION


# %% [markdown]
# ## 10 · The LSTM with dropout
#
# Where do the masks go? On what the gates **read**: the input, and the last state. Not on the cell state, which is the
# memory, and not on what the layer returns, which others want to read.
#
# $$h_t, c_t = \mathrm{cell}(x_t \circ m_x,\; h_{t-1} \circ m_h,\; c_{t-1})$$


# %% solution="lstm_dropout_forward"
def lstm_dropout_forward(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    """An LSTM whose gates read everything through a mask, the same at every step.

    h_t, c_t = cell(x_t * mask_x, h_{t-1} * mask_h, c_{t-1})    (Gal & Ghahramani 2016)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    h0, c0 : ndarray of shape (B, H)
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)
    mask_x : ndarray of shape (B, D)
    mask_h : ndarray of shape (B, H)
    training : bool
        False: the network is in use, and nothing is dropped.

    Returns
    -------
    h : ndarray of shape (B, T, H)
        As they are: not masked.

    Examples
    --------
    A unit whose gates are all 1/2, and whose candidate is tanh(x + 0.5 h). The mask drops the input and doubles the
    state. On paper: c = tanh(0.5 · 2) / 2 = 0.381, h = tanh(0.381) / 2 = 0.182. In use it hears both, x = -0.5 and
    0.5 · 1, which cancel.

    >>> W, one = np.array([[0.0, 0.0, 1.0, 0.0]]), np.array([[1.0]])
    >>> inputs = np.array([[[-0.5]]]), one, 0 * one, W, 0.5 * W, np.zeros(4), 0 * one, 2 * one
    >>> lstm_dropout_forward(*inputs, True).round(3)
    array([[[0.182]]])
    >>> lstm_dropout_forward(*inputs, False).round(3)
    array([[[0.]]])
    """
    ### BEGIN SOLUTION
    if not training:
        return lstm_forward(x, h0, c0, W_x, W_h, b)[0]
    states = np.empty((*x.shape[:2], len(W_h)))
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        states[:, t] = h
    return states
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what does a mask do to a memory?
#
# Two LSTMs of 400 units hear one pulse, at step 0, and then silence for 49 steps. In both every unit should remember
# it. The first has its forget gates shut, so that nothing stays in $c$: each unit has to tell itself again at every
# step, through its own weights in `W_h`, and the memory lives **in $h$**. The second keeps it **in $c$**, with its
# forget gates open, and its input gates shut but for the pulse; random weights in `W_h` make its gates listen to
# everybody all the same. Both run with a rate of 0.3: once with your `lstm_dropout_forward`, and once with a new mask
# at every step. Above you see what the masks look like; guess the curves below before you look.

# %% experiment=true
T, H, rate = 50, 400, 0.3
rng = np.random.default_rng(2)
pulse, zero = np.zeros((1, T, 1)), np.zeros((1, H))
pulse[0, 0] = 1


def gates(i, f, g, o):
    """The four blocks side by side, each a matrix, or a number for all units."""
    return np.concatenate([np.broadcast_to(block, np.shape(block) or H) for block in (i, f, g, o)], axis=-1)


in_h = {"W_x": gates(16, 0, 3, 0)[np.newaxis], "b": gates(-6, -6, 0, 6)}
in_h["W_h"] = gates(16 * np.eye(H), 0 * np.eye(H), 3 * np.eye(H), 0 * np.eye(H))
in_c = {"W_x": gates(16, 0, 3, 0)[np.newaxis], "b": gates(-6, 6, 0, 6)}
in_c["W_h"] = rng.standard_normal((H, 4 * H)) / np.sqrt(H)

fig, axes = plt.subplots(2, 2, figsize=(11, 6), sharex=True, sharey="row", height_ratios=[1, 1.3], layout="constrained")
mask_x, once = variational_masks(rng, 1, 1, H, 0.0, rate)
every_step = dropout_mask(rng, (T, H), rate)
kinds = [("one mask per step", every_step), ("one mask per sequence", once.repeat(T, axis=0))]
for ax, (name, masks) in zip(axes[0], kinds, strict=True):
    ax.imshow(masks[:, :25].T, cmap="Greys", aspect="auto", interpolation="nearest")
    ax.set(title=f"Which units are heard (black)? {name.capitalize()}")
axes[0, 0].set_ylabel("unit (25 of 400)")

for ax, (place, weights) in zip(axes[1], {"$h$": in_h, "$c$": in_c}.items(), strict=True):
    W_x, W_h, b = weights["W_x"], weights["W_h"], weights["b"]
    h, c, per_step = zero, zero, []
    for t in range(T):
        h, c, _ = lstm_cell_forward(pulse[:, t], h * every_step[t], c, W_x, W_h, b)
        per_step.append(h[0])
    per_sequence = lstm_dropout_forward(pulse, zero, zero, W_x, W_h, b, mask_x, once, True)[0]
    plain = lstm_dropout_forward(pulse, zero, zero, W_x, W_h, b, mask_x, once, False)[0]
    for states, label, style in [
        (plain, "no dropout", {"color": "lightgrey", "linewidth": 9}),
        (per_sequence, "one mask per sequence", {"color": "tab:blue", "linewidth": 4}),
        (np.array(per_step), "one mask per step", {"color": "tab:red", "marker": "."}),
    ]:
        ax.plot((states > 0.25).mean(axis=1), label=label, **style)
    ax.set(title=f"Who still knows of the pulse? Memory in {place}", ylim=(-0.03, 1.06))
    ax.set(xlabel="time step $t$ (the pulse comes at 0)")
axes[1, 0].plot((1 - rate) ** np.arange(T), color="black", linestyle=":", label=r"$0.7^t$")
axes[1, 0].set_ylabel("share of units with $h_t > 0.25$")
axes[1, 0].legend()
plt.show()

# %% [markdown]
# On the left the memory has to pass through the mask at every step. With new masks it survives $t$ of them with
# probability $0.7^t$, and after a dozen steps it is gone. With one mask the units that fail do so at once, in the first
# step; the others, nearly three quarters here, keep the memory for good, and an output layer can learn to live with
# them.
#
# On the right nothing happens: no mask is on $c$. That is why an LSTM bears even the careless kind of recurrent dropout
# better than a simple cell, whose memory is all in $h$. A trained LSTM lies between the two pictures, which were set by
# hand to be as different as can be: it uses $c$ to keep, but its gates decide by what they read in $h$.

# %% [markdown]
# ### Experiment: does dropout help against learning by heart?
#
# Eighty sequences of 10 steps, with 8 features. Their class is whether the features, weighed in a fixed way and added
# up over all steps, are above 0; but every tenth label is wrong. That is little and noisy, and an LSTM of 32 units has
# 5248 numbers to learn with: enough to know each sequence by heart, the wrong labels too.
#
# Your `lstm_dropout_forward` has no backward here. So the training cell goes step by step with your `lstm_cell_forward`
# and `lstm_cell_backward` of 06, and masks by hand: what was multiplied on the way there is multiplied on the way back.
# It makes sure that its states are those of your function, which then does the testing, with `training=False`, on 500
# new sequences. Every variant is run twice, with other data and other weights.

# %% experiment=true
T, D, H, EPOCHS = 10, 8, 32, 100
weighing = np.random.default_rng(5).standard_normal(D)


def noisy_data(rng, B):
    x = rng.standard_normal((B, T, D))
    return x, ((x @ weighing).sum(axis=1) > 0) ^ (rng.random(B) < 0.1)


def last_state_with_masks(p, x, mask_x, mask_h):
    """The last h, and what the way back needs of every step."""
    h = c = np.zeros((len(x), H))
    steps = []
    for t in range(T):
        seen, heard, c_prev = x[:, t] * mask_x, h * mask_h, c
        h, c, gates = lstm_cell_forward(seen, heard, c_prev, p["W_x"], p["W_h"], p["b"])
        steps.append((seen, heard, c_prev, c, gates, p["W_x"], p["W_h"]))
    return h, steps


def gradients_with_masks(dh, steps, mask_h):
    grads, dc = {"W_x": 0.0, "W_h": 0.0, "b": 0.0}, np.zeros_like(dh)
    for step in reversed(steps):
        _, dheard, dc, dW_x, dW_h, db = lstm_cell_backward(dh, dc, *step)
        dh = dheard * mask_h
        grads = {"W_x": grads["W_x"] + dW_x, "W_h": grads["W_h"] + dW_h, "b": grads["b"] + db}
    return grads


def loss_and_p(h, p, y):
    p_yes = sigmoid(h @ p["w"] + p["c"])
    return -np.log(np.clip(np.where(y, p_yes, 1 - p_yes), 1e-12, 1)).mean(), p_yes


def test_loss(p, x, y):
    zero = np.zeros((len(x), H))
    h = lstm_dropout_forward(x, zero, zero, p["W_x"], p["W_h"], p["b"], np.ones((len(x), D)), zero + 1, False)
    return loss_and_p(h[:, -1], p, y)[0]


def train_with_dropout(rate_x, rate_h, seed):
    """Losses without dropout on the training data and on new data, after every fifth epoch."""
    rng = np.random.default_rng(seed)
    (x, y), (new_x, new_y) = noisy_data(rng, 80), noisy_data(rng, 500)
    p = lstm_weights(rng, D, H) | {"w": 0.1 * rng.standard_normal(H), "c": 0.0}
    memory, losses, zero = {}, [], np.zeros((80, H))
    for epoch in range(1, EPOCHS + 1):
        mask_x, mask_h = variational_masks(rng, 80, D, H, rate_x, rate_h)
        h, steps = last_state_with_masks(p, x, mask_x, mask_h)
        if epoch == 1:
            same = lstm_dropout_forward(x, zero, zero, p["W_x"], p["W_h"], p["b"], mask_x, mask_h, True)
            assert np.allclose(h, same[:, -1]), "the states of your lstm_dropout_forward are others"
        dz = (loss_and_p(h, p, y)[1] - y) / len(y)
        grads = gradients_with_masks(np.outer(dz, p["w"]), steps, mask_h) | {"w": h.T @ dz, "c": dz.sum()}
        adam(p, grads, memory, epoch, lr=0.01)
        if epoch % 5 == 0:
            losses.append((test_loss(p, x, y), test_loss(p, new_x, new_y)))
    return np.array(losses)


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
for name, rates, color in [
    ("none", (0.0, 0.0), "tab:red"),
    ("inputs, 0.3", (0.3, 0.0), "tab:orange"),
    ("inputs 0.3, state 0.5", (0.3, 0.5), "tab:blue"),
]:
    for seed in (0, 1):
        losses = train_with_dropout(*rates, seed)
        left.plot(range(5, EPOCHS + 1, 5), losses[:, 0], color=color, label=None if seed else name)
        right.plot(range(5, EPOCHS + 1, 5), losses[:, 1], color=color)
for ax, title in ((left, "How well does it know its 80 sequences?"), (right, "And 500 new ones?")):
    ax.axhline(np.log(2), color="black", linestyle="--", linewidth=0.8)
    ax.set(title=title, xlabel="epochs", ylim=(0, 3))
left.set_ylabel("loss without dropout (nats)")
left.text(EPOCHS, 0.72, "a coin", ha="right")
left.legend(title="dropped while training")
plt.show()

# %% [markdown]
# Without dropout (red) the network knows its eighty sequences after some 30 epochs, all the wrong labels included. On
# new ones its loss falls for 15 epochs, and then rises to more than three times that of a coin: it is wrong, and sure
# of it. With dropout on the inputs the rise is much slower, and with one mask on the state as well (blue) new data are
# still predicted better than by a coin after 100 epochs, though on the left these networks, too, end near zero.
#
# What the figure does *not* show: that dropout finds a much better network. At their lowest points the six curves on
# the right differ little, 0.50 to 0.57. Whoever had stopped the red ones at epoch 15 would have lost little.
# Here dropout buys time, so that it matters less when you stop. Stopping itself comes in 09.

# %% [markdown]
# ## 11 · In your own words
#
# A colleague sorts film reviews, padded to 500 words, with a bidirectional LSTM of $H = 50$ units a direction, states
# concatenated. As a summary she takes `h[:, -1]`, and she drops with a rate of 0.2 on the recurrent state.
#
# **(a)** (2 points) For a review of 120 words: what do the two halves of `h[:, -1]` hold, if `h` is your
# `bilstm_forward`'s? And for one of 500 words? What should she take instead?
#
# **(b)** (1 point) She wants to use the same network for live subtitles, to mark each word as it is spoken. What is in
# the way?
#
# **(c)** (2 points) Her library draws a new mask at every step. How likely is it that a unit which keeps something in
# $h$ alone is heard at each of 50 steps; and with one mask per sequence? Why may her LSTM work nevertheless?

# %% [markdown] written="both-ends" points=5
# **Model answer.** (a) With 120 words step 499 is padding, and `bilstm_forward` is 0 there: both halves of the summary
# are zeros, and the review is not looked at at all. With 500 words the forward half has read everything, and the
# backward half the last word alone, since that is where it starts. She should take the forward half at step
# `length - 1` and the backward half at step 0, which is `bidirectional_summary`.
#
# (b) The backward half at a word depends on all that comes after it (the upper triangle in the figure), down to the
# end of the sequence. Before the speaker has finished it cannot be computed. She needs a network that reads from the
# front alone, or has to wait for some words and live with the delay.
#
# (c) Per step: $0.8^{50} \approx 1.4 \cdot 10^{-5}$, practically never. Per sequence: 0.8, for any length. An LSTM can
# still work since its memory can live in $c$, on which there is no mask: what is kept there passes from step to step
# through the forget gate alone. The masks then disturb what the gates read, but do not wipe what is stored.
#
# **Marks.** (a) 1 for both cases: zeros (or "padding") in the short review, and a backward half that has read one word
# in the long one. 1 for the two right places. (b) 1 for "it needs the future", in any words. (c) 1 for both
# probabilities, $0.8^{50}$ and 0.8 (the power need not be worked out). 1 for the cell state, which is not masked.

# %% [markdown]
# ## Sources
#
# - El Hihi & Bengio (1995), *Hierarchical recurrent neural networks for long-term dependencies*, NeurIPS: layers.
# - Gal & Ghahramani (2016), *A theoretically grounded application of dropout in recurrent neural networks*, NeurIPS:
#   one mask per sequence.
# - Graves, Mohamed & Hinton (2013), *Speech recognition with deep recurrent neural networks*, ICASSP: LSTMs in layers
#   and in both directions.
# - Graves & Schmidhuber (2005), *Framewise phoneme classification with bidirectional LSTM and other neural network
#   architectures*, Neural Networks 18(5-6).
# - Kingma & Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
# - Schuster & Paliwal (1997), *Bidirectional recurrent neural networks*, IEEE Transactions on Signal Processing 45(11).
# - Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), *Dropout: a simple way to prevent neural networks
#   from overfitting*, Journal of Machine Learning Research 15.
# - Zaremba, Sutskever & Vinyals (2014), *Recurrent neural network regularization*, arXiv 1409.2329: dropout everywhere
#   but on the recurrent connections.
