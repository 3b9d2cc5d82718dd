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
# # 06 · Long short-term memory
#
# You write the cell that made recurrent networks useful: a memory that is kept by default, and three gates that decide
# what gets in, what stays and what is shown. You take it through time and back, by hand. At the end you know why its
# gradient can live for hundreds of steps, and when it does not; and you train it on a task at which a simple recurrent
# network fails.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01. New are the four blocks that this cell has where the simple one has
# one. They stand side by side on the last axis, always in the order
#
# | block | columns | name | squashed by | says |
# |---|---|---|---|---|
# | $i$ | `0 : H` | input gate | $\sigma$ | how much of the candidate gets in |
# | $f$ | `H : 2*H` | forget gate | $\sigma$ | how much of the old cell state stays |
# | $g$ | `2*H : 3*H` | candidate | $\tanh$ | what would get in |
# | $o$ | `3*H : 4*H` | output gate | $\sigma$ | how much of the cell state is shown |
#
# so that `W_x` is `(D, 4H)`, `W_h` is `(H, 4H)` and `b` is `(4H,)`: four layers in one product.
#
# Traps, for when you read elsewhere:
#
# - **The order is a convention, and everybody has one.** With weights from elsewhere, look it up first:
#
#   | order | where |
#   |---|---|
#   | i, f, g, o | here, PyTorch, cuDNN; Keras, which calls the candidate c |
#   | i, f, o, g | *Dive into Deep Learning*, Stanford's CS231n |
#   | f, i, o, g | Wikipedia's equations |
#   | f, i, g, o | Olah's (2015) much-copied drawings |
#   | i, o, f, g | ONNX |
#   | i, g, f, o | TensorFlow 1, Haiku |
#   | g, i, f, o | Greff et al. (2017), who call the candidate z |
#
# - **The candidate is no gate.** Some lecture notes print a sigmoid for it, too. It is a tanh: what is written to the
#   memory has a sign.
# - **"A gate outputs 0 or 1"** is a figure of speech. It outputs every number *between*, and neither end. If it did
#   jump from 0 to 1, it would have no gradient, and nothing could be learned.
# - The **forget gate** keeps: 1 means *forget nothing*. "Keep gate" would have been the better name.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, output_layer = carry("01-rnn", "rnn_forward", "output_layer")
rnn_backward, gradient_norms = carry("02-bptt", "rnn_backward", "gradient_norms")
clip_by_global_norm = carry("04-clipping", "clip_by_global_norm")

# %% [markdown]
# ## Recap: a memory with doors
#
# In 02 you saw what a simple recurrent network does to a gradient: at every step back it is multiplied by `W_h` and by
# the slope of the tanh, and after some dozens of steps there is nothing left of it, or far too much.
#
# Hochreiter & Schmidhuber (1997) asked for the one factor that does neither: 1. They gave the network a second state,
# the **cell state** $c$, which is handed on as it is, without weights and without squashing, so that an error travels
# back along it unchanged: the **constant error carousel**. Around it they put two gates: one that keeps noise out of
# the memory, and one that keeps the memory from disturbing the rest while it is of no use. A memory that only ever
# adds must overflow some day, so Gers, Schmidhuber & Cummins (2000) built in a third gate, by which it can forget:
#
# $$a_t = x_t W_x + h_{t-1} W_h + b, \qquad i_t, f_t, o_t = \sigma(a_t^i), \sigma(a_t^f), \sigma(a_t^o), \qquad
# g_t = \tanh(a_t^g),$$
#
# $$c_t = f_t \circ c_{t-1} + i_t \circ g_t, \qquad h_t = o_t \circ \tanh(c_t).$$
#
# $\circ$ multiplies element by element: each of the $H$ cells has its own three gates. $\sigma(a) = 1 / (1 + e^{-a})$
# is the sigmoid. $h$ is the **output**: what the rest of the network sees, the gates of the next step included.

# %% [markdown]
# ## 1 · The gates
#
# One affine map to $4H$ sums, as in the simple cell to $H$; then each block through its own function.


# %% solution="lstm_gates"
def lstm_gates(x, h_prev, W_x, W_h, b):
    """The four blocks of one step, squashed: i, f, g, o.

    a = x W_x + h_prev W_h + b;  i, f, o = σ of their blocks of a;  g = tanh of its block

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The output of the step before.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    gates : ndarray of shape (B, 4H)
        i, f, g, o side by side, H columns each.

    Examples
    --------
    On paper: the sums are 1 - 1 + 0 = 0, 2 + 0 - 1 = 1, 1 - 1 + 0.5 = 0.5 and -2 + 0.5 + 0 = -1.5. Then
    σ(0) = 0.5, σ(1) = 0.731, tanh(0.5) = 0.462 and σ(-1.5) = 0.182.

    >>> x, h_prev = np.array([[2.0]]), np.array([[1.0]])
    >>> W_x, W_h = np.array([[0.5, 1.0, 0.5, -1.0]]), np.array([[-1.0, 0.0, -1.0, 0.5]])
    >>> lstm_gates(x, h_prev, W_x, W_h, np.array([0.0, -1.0, 0.5, 0.0])).round(3)
    array([[0.5  , 0.731, 0.462, 0.182]])
    """
    ### BEGIN SOLUTION
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates
    ### END SOLUTION


# %% [markdown]
# ## 2 · One step
#
# What stays, what gets in, what is shown: the two lines under the gates in the recap. Return the gates as well. The way
# back will need them, and the carousel, too.


# %% solution="lstm_cell_forward"
def lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, b):
    """One step of long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    c = f ∘ c_prev + i ∘ g;  h = o ∘ tanh(c)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The output of the step before.
    c_prev : ndarray of shape (B, H)
        The cell state after the step before.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    h : ndarray of shape (B, H)
        The output of this step.
    c : ndarray of shape (B, H)
        The cell state after this step.
    gates : ndarray of shape (B, 4H)
        i, f, g, o side by side, squashed.

    Examples
    --------
    On paper, with the gates of the last example: c = 0.731 · 2 + 0.5 · 0.462 = 1.693, and
    h = 0.182 · tanh(1.693) = 0.182 · 0.935 = 0.17.

    >>> x, h_prev, c_prev = np.array([[2.0]]), np.array([[1.0]]), np.array([[2.0]])
    >>> W_x, W_h = np.array([[0.5, 1.0, 0.5, -1.0]]), np.array([[-1.0, 0.0, -1.0, 0.5]])
    >>> h, c, gates = lstm_cell_forward(x, h_prev, c_prev, W_x, W_h, np.array([0.0, -1.0, 0.5, 0.0]))
    >>> h.round(3), c.round(3)
    (array([[0.17]]), array([[1.693]]))
    """
    ### BEGIN SOLUTION
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates
    ### END SOLUTION


# %% [markdown]
# ## 3 · All steps
#
# The loop of `rnn_forward`, but now *two* states travel from step to step.


# %% solution="lstm_forward"
def lstm_forward(x, h0, c0, W_x, W_h, b):
    """The cell, unrolled over time.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
        The output before the first step. It need not be zero.
    c0 : ndarray of shape (B, H)
        The cell state before the first step. It need not be zero.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)
    b : ndarray of shape (4H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, t] is the output of step t.
    c : ndarray of shape (B, T, H)
        c[:, t] is the cell state after step t.
    gates : ndarray of shape (B, T, 4H)

    Examples
    --------
    On paper: the gates stand half open, and g = tanh(x). So c = 0.5 · 1 + 0.5 · 0.762 = 0.881, then half of it, 0.44,
    then half of that, 0.22; and h = 0.5 · tanh(c).

    >>> x, h0, c0 = np.array([[[1.0], [0.0], [0.0]]]), np.array([[0.5]]), np.array([[1.0]])
    >>> W_x, W_h, b = np.array([[0.0, 0.0, 1.0, 0.0]]), np.zeros((1, 4)), np.zeros(4)
    >>> h, c, gates = lstm_forward(x, h0, c0, W_x, W_h, b)
    >>> h[0, :, 0].round(3), c[0, :, 0].round(3)
    (array([0.353, 0.207, 0.108]), array([0.881, 0.44 , 0.22 ]))
    """
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    H = len(W_h)
    h, c, gates = np.empty((B, T, H)), np.empty((B, T, H)), np.empty((B, T, 4 * H))
    h_t, c_t = h0, c0
    for t in range(T):
        h_t, c_t, gates[:, t] = lstm_cell_forward(x[:, t], h_t, c_t, W_x, W_h, b)
        h[:, t], c[:, t] = h_t, c_t
    return h, c, gates
    ### END SOLUTION


# %% [markdown]
# ### Experiment: where are we?
#
# The experiments need nothing from you but your functions. Run them, look, and play with the numbers in a copy.
#
# *Paris was cold. The Eiffel tower was tall. We ate there. Cairo was warm. We slept there.* To know where we ate, and
# where we slept, one has to keep the city, whatever comes in between, until another city comes along. A single cell can
# do that: $c = 1$ stands for Paris, and $c = -1$ for Cairo. We have set its weights **by hand**; nothing was trained. A
# word comes in as three numbers: is it Paris, is it Cairo, does it ask for a place? The gates listen to the words only,
# `W_h` is zero. Before you run the cell: which gate has to do what at *Paris*, at *Eiffel*, at *there*, at *Cairo*?

# %% experiment=true
import matplotlib.pyplot as plt

text = "Paris was cold the Eiffel tower was tall we ate there Cairo was warm we slept there"
words = text.split()
sentence = np.array([[[word == "Paris", word == "Cairo", word == "there"] for word in words]], dtype=float)
W_x = np.array(
    [  # i    f    g    o
        [10, -10, 3, 0],  # Paris
        [10, -10, -3, 0],  # Cairo
        [0, 0, 0, 10],  # there
    ],
    dtype=float,
)
b = np.array([-5.0, 5.0, 0.0, -5.0])
nowhere = np.zeros((1, 1))
h, c, gates = lstm_forward(sentence, nowhere, nowhere, W_x, np.zeros((1, 4)), b)

rows = {
    "input gate $i$": gates[0, :, 0],
    "forget gate $f$": gates[0, :, 1],
    "output gate $o$": gates[0, :, 3],
    "candidate $g$": gates[0, :, 2],
    "cell state $c$": c[0, :, 0],
    "output $h$": h[0, :, 0],
}
fig, (above, below) = plt.subplots(2, 1, figsize=(12, 4.6), sharex=True, layout="constrained")
parts = [(above, list(rows)[:3], "Greens", 0, "the gates"), (below, list(rows)[3:], "RdBu_r", -1, "what passes them")]
for ax, names, colors, low, label in parts:
    picture = ax.imshow([rows[name] for name in names], aspect="auto", cmap=colors, vmin=low, vmax=1)
    for row, name in enumerate(names):
        for t, value in enumerate(rows[name]):
            shade = "white" if abs(value) > 0.6 else "black"
            ax.text(t, row, f"{round(value, 2) + 0:.2f}", ha="center", va="center", color=shade, fontsize=8)
    ax.set_yticks(range(3), names)
    ax.set_ylabel(label)
    fig.colorbar(picture, ax=ax, label="closed … open" if low == 0 else "Cairo … Paris")
above.set_title("How does one cell keep a city, and drop it when another comes?")
below.set_xticks(range(len(words)), words)
below.set_xlabel("word, one a step")
plt.show()

# %% [markdown]
# A city opens the input gate and shuts the forget gate in the same step: the old one out, the new one in. All other
# words, the Eiffel tower's too, find the input gate shut and the forget gate open, and the memory runs on underneath
# them: 0.99 of it a step, since a sigmoid never quite reaches 1, and after ten words 0.92 is left. The cell knows
# where we are all the time, but it says so only when asked: $h$ is next to nothing until *there* opens the output gate.
#
# A trained network is rarely so tidy. It spreads what it knows over many cells. But some cells as plain as this have
# been found in trained ones: one that is on within quotes, one that counts the length of the line (Karpathy, Johnson &
# Li 2016).

# %% [markdown]
# ## 4 · One step back
#
# $\mathrm{d}X$ is the loss's gradient with respect to $X$, as in 02. Two of them arrive at the cell from the right:
# $\mathrm{d}h$, from all who read the output, and $\mathrm{d}c$, from the next step along the cell state. Go from the
# end of the equations to their beginning:
#
# 1. $h = o \circ \tanh(c)$. The cell state was read twice: by the next step, and here. Add up what both say of it.
# 2. $c = f \circ c_{t-1} + i \circ g$. Now that all of $\mathrm{d}c$ is known: what does each of the four factors get?
# 3. $i, f, o$ came out of a sigmoid, $g$ out of a tanh. Their slopes can be had from their outputs alone,
#    $\sigma' = \sigma (1 - \sigma)$ and $\tanh' = 1 - \tanh^2$, and the outputs are in `gates`.
# 4. $a = x W_x + h_{t-1} W_h + b$ is a dense layer, whose way back you know from 02. Mind the order of the blocks.


# %% solution="lstm_cell_backward"
def lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    """The gradients of one step, from those of its output and of its cell state.

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient of h, the output of this step.
    dc : ndarray of shape (B, H)
        What arrives at c from the next step, without the part through h.
    x : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    c_prev : ndarray of shape (B, H)
        What the forward was given.
    c : ndarray of shape (B, H)
    gates : ndarray of shape (B, 4H)
        What the forward returned.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dc_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 4H)
    dW_h : ndarray of shape (H, 4H)
    db : ndarray of shape (4H,)
        The last three summed over the batch.

    Examples
    --------
    On paper: tanh(0.75) = 0.635, so all that c gets is 0.5 + 1 · 0.5 · (1 - 0.403) = 0.798, and c_prev gets half of it.
    With slopes of 0.25 for the gates and 0.75 for the candidate, db is 0.798 · 0.5 · 0.25 = 0.1,
    0.798 · 1 · 0.25 = 0.2, 0.798 · 0.5 · 0.75 = 0.299 and 1 · 0.635 · 0.25 = 0.159.

    >>> dh, dc, x, h_prev = np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]]), np.array([[1.0]])
    >>> c_prev, c, gates = np.array([[1.0]]), np.array([[0.75]]), np.array([[0.5, 0.5, 0.5, 0.5]])
    >>> W_x, W_h = np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0, 0.0]])
    >>> gradients = lstm_cell_backward(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h)
    >>> dx, dh_prev, dc_prev, dW_x, dW_h, db = [gradient.round(3) for gradient in gradients]
    >>> dx, dh_prev, dc_prev
    (array([[0.1]]), array([[0.2]]), array([[0.399]]))
    >>> db
    array([0.1  , 0.2  , 0.299, 0.159])
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    di, df, dg, do = dc * g, dc * c_prev, dc * i, dh * tanh_c
    da = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# ## 5 · All the way back
#
# The loop of `rnn_backward`, and again two things travel, now from the last step to the first. The loss has its own
# say on every output, `dh[:, t]`; on the last cell state nobody has a say but the last output. (If the check finds a
# difference that you cannot explain, your `numerical_gradient` of 02 tells you which of the two to believe.)


# %% solution="lstm_backward"
def lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h):
    """Backpropagation through time for the LSTM.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        The loss's own gradient at every step's output, without what comes back from later steps.
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    c0 : ndarray of shape (B, H)
        What the forward was given.
    h : ndarray of shape (B, T, H)
    c : ndarray of shape (B, T, H)
    gates : ndarray of shape (B, T, 4H)
        What the forward returned.
    W_x : ndarray of shape (D, 4H)
    W_h : ndarray of shape (H, 4H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0 : ndarray of shape (B, H)
    dc0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 4H)
    dW_h : ndarray of shape (H, 4H)
    db : ndarray of shape (4H,)
        The last three summed over batch and time.

    Examples
    --------
    On paper, for lstm_forward's example: the last c is 0.22 and gets 0.5 · (1 - tanh²(0.22)) = 0.477 through h. Each
    of the three steps hands half of it back: 0.238, 0.119, and 0.06 for c0. Step 1, with dc = 0.238, i = 0.5 and g = 0,
    has dx = 0.238 · 0.5 · 1 = 0.119.

    >>> x, h0, c0 = np.array([[[1.0], [0.0], [0.0]]]), np.array([[0.5]]), np.array([[1.0]])
    >>> W_x, W_h, b = np.array([[0.0, 0.0, 1.0, 0.0]]), np.zeros((1, 4)), np.zeros(4)
    >>> h, c, gates = lstm_forward(x, h0, c0, W_x, W_h, b)
    >>> dh = np.array([[[0.0], [0.0], [1.0]]])
    >>> dx, dh0, dc0, dW_x, dW_h, db = lstm_backward(dh, x, h0, c0, h, c, gates, W_x, W_h)
    >>> dx[0, :, 0].round(3), dc0.round(3)
    (array([0.025, 0.119, 0.238]), array([[0.06]]))
    """
    ### BEGIN SOLUTION
    dx, dW_x, dW_h, db = np.empty_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        dx[:, t], dh_next, dc, dW_x_t, dW_h_t, db_t = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dc, dW_x, dW_h, db
    ### END SOLUTION


# %% [markdown]
# ## 6 · The carousel
#
# How much does the last cell state feel of the one at step $t$? There are many ways from $c_t$ to $c_T$: through $h$
# and every gate of every step in between. But one of them is direct, $c_t \to c_{t+1} \to \dots \to c_T$, and on it
# there is no matrix and no squashing. At each step $c$ is multiplied by a single number: which one?
#
# In 1997 that number was 1, always; hence *constant error carousel*. Since 2000 the network itself decides what it is.


# %% solution="cell_gradient"
def cell_gradient(gates):
    """What is left of each cell state in the last one, along the direct path: ∂c_T/∂c_t, gate by gate.

    The product of the forget gates of the steps t+1, t+2, …, T.

    Parameters
    ----------
    gates : ndarray of shape (B, T, 4H)
        i, f, g, o of every step, squashed.

    Returns
    -------
    dc : ndarray of shape (B, T, H)
        dc[:, t] for the cell state of step t; 1 at the last step.

    Examples
    --------
    On paper: the forget gates are 0.5, 0.8 and 0.9. From the last step there is no way to go: 1. From the one before:
    0.9. From the first: 0.8 · 0.9 = 0.72. Its own 0.5 lies behind it.

    >>> gates = np.array([[[0.3, 0.5, 0.1, 0.6], [0.3, 0.8, 0.1, 0.6], [0.3, 0.9, 0.1, 0.6]]])
    >>> cell_gradient(gates)[0, :, 0].round(3)
    array([0.72, 0.9 , 1.  ])
    """
    ### BEGIN SOLUTION
    B, T, H = gates.shape[0], gates.shape[1], gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    dc = np.ones((B, T, H))
    for t in reversed(range(T - 1)):
        dc[:, t] = dc[:, t + 1] * f[:, t + 1]
    return dc
    ### END SOLUTION


# %% [markdown]
# ### Experiment: who gets the blame?
#
# Back to the two cities. Suppose that the network's last word on where we slept is wrong, and an error sets out from
# the last cell state. How far back does it get on the direct path?

# %% experiment=true
fig, ax = plt.subplots(figsize=(12, 2.6), layout="constrained")
ax.bar(range(len(words)), cell_gradient(lstm_forward(sentence, nowhere, nowhere, W_x, np.zeros((1, 4)), b)[2])[0, :, 0])
ax.set_xticks(range(len(words)), words)
ax.set(ylim=(0, 1.05), xlabel="word, one a step", ylabel=r"$\partial c_T / \partial c_t$, direct path")
ax.set_title("Which cell states hear of an error at the end?")
plt.show()

# %% [markdown]
# Back to *Cairo*, all but undiminished, and no further: there the forget gate shut, and what was known before cannot
# be to blame. What the gate does to the memory going forwards, it does to the error going backwards. The same numbers,
# in the same places.

# %% [markdown]
# ### Experiment: does the gradient live for 200 steps?
#
# Now networks of thirty units with random weights, and random input for 200 steps. A random error arrives at the last
# output, and at no other. How much of it is left, $t$ steps into the sequence? On the left simple recurrent networks,
# with your functions of 01 and 02, for several spectral radii of `W_h`. On the right LSTMs with Glorot's weights,
# which most libraries draw, for three forget biases: 0 is what a plain start gives, 1 is the default of Keras and the
# advice of Jozefowicz et al. (2015), 3 is more than most people use. The solid lines are the whole gradient of the
# cell states, taken back step by step with your `lstm_cell_backward`; the dashed ones are your `cell_gradient`, the
# direct path alone. Mind the axis: it counts powers of ten.

# %% experiment=true
rng = np.random.default_rng(1)
B, T, D, H = 20, 200, 3, 30
x, zero = rng.standard_normal((B, T, D)), np.zeros((B, H))
dh_last = rng.standard_normal((B, H)) / np.sqrt(H)


def glorot(rows, columns):
    return rng.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns))


def mean_norm(gradient):
    return np.linalg.norm(gradient, axis=-1).mean(axis=0)


def cell_state_gradients(h, c, gates, W_x, W_h):
    """∂L/∂c_t for every t, (T, B, H), if only dh_last arrives from outside."""
    found = []
    dh, dc = dh_last, zero
    for t in reversed(range(T)):
        found.append(dc + dh * gates[:, t, 3 * H :] * (1 - np.tanh(c[:, t]) ** 2))  # from step t + 1, and through h
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t else (zero, zero)
        _, dh, dc, *_ = lstm_cell_backward(dh, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h)
    return np.array(found[::-1])


fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
W_x, W_h = glorot(D, H), rng.standard_normal((H, H))
W_h /= np.abs(np.linalg.eigvals(W_h)).max()
for radius, color in [(0.9, "tab:blue"), (1.2, "tab:green"), (1.5, "tab:orange"), (3, "tab:red")]:
    h = rnn_forward(x, zero, W_x, radius * W_h, np.zeros(H))
    left.semilogy(gradient_norms(dh_last, h, radius * W_h), color=color, label=f"{radius:g}")
left.set_title("Simple RNN: what is left of an error\nat the last step?")
left.set(xlabel="time step $t$ (the error arrives at 199)", ylabel="gradient norm, mean over the batch")
left.legend(title="spectral radius", loc="lower right")

W_x, W_h = glorot(D, 4 * H), glorot(H, 4 * H)
for bias, color in [(0, "tab:blue"), (1, "tab:green"), (3, "tab:red")]:
    b = np.zeros(4 * H)
    b[H : 2 * H] = bias
    h, c, gates = lstm_forward(x, zero, zero, W_x, W_h, b)
    dc = cell_state_gradients(h, c, gates, W_x, W_h)
    right.semilogy(mean_norm(dc.swapaxes(0, 1)), color=color, label=f"{bias}")
    right.semilogy(mean_norm(dc[-1][:, np.newaxis] * cell_gradient(gates)), color=color, linestyle="--", linewidth=1)
right.set_title("LSTM: what is left of an error\nat the last step?")
right.set(xlabel="time step $t$ (the error arrives at 199)", ylim=(1e-60, 1e20))
right.legend(title="forget bias\n(dashed: direct path)", loc="lower right")
plt.show()

# %% [markdown]
# On the left what 02 has taught: the error shrinks by a factor a step, down to 1e-22, or grows, beyond 1e14. At a
# radius of 1.5 it does neither. But that is luck: double `x` in a copy of the notebook, and this curve ends at 1e-8.
#
# On the right: with a bias of 0 the error dies *faster* than in any of the simple networks. The forget gates stand half
# open, and 199 halves make 1e-60, where the dashed line ends. The whole gradient fares better, since there are other
# ways, through $h$ and the gates, but it does not fare well. A bias of 1, $f \approx 0.73$, lasts for some dozens of
# steps. With a bias of 3, $f \approx 0.95$, the direct path alone keeps 1e-4 of the error for 200 steps, and the whole
# gradient stays level, even with `x` doubled.
#
# So it is not the LSTM that keeps the gradient alive. An *open forget gate* does. What the LSTM adds is that this
# factor is one number for each cell and step, which the network sets itself and can learn to set.

# %% [markdown]
# ### Experiment: the adding problem
#
# Hochreiter & Schmidhuber's (1997) own test, in the form in which it is mostly used today (Le, Jaitly & Hinton 2015). A
# sequence has two channels: 100 random numbers between 0 and 1, and marks, 0 but for two steps, one in each half. After
# the last step the network is asked for the sum of the two marked numbers. It must store a number when told to, hold it
# for up to 99 steps of noise, and add another.
#
# Whoever learns nothing says 1 every time, the mean of the sum, and has a mean squared error of 1/6, its variance. Your
# simple recurrent network gets 32 units, your LSTM 16, which is about as many weights (1120 and 1216). Both are trained
# alike: Glorot's weights, 800 updates on fresh batches of 32 sequences, gradients clipped to norm 1 by your function of
# 04, Adam (Kingma & Ba 2015; you will write it in 09). The LSTM's forget gates start open, with a bias of 3 (the last
# figure says why), and its input gates nearly shut, with a bias of -3: keep what you have, and let little in, until you
# know better. Tallec & Ollivier (2018) derive such a pair from the length of what is to be remembered.
#
# First the task, the two networks, their loss and its gradients:

# %% experiment=true
STEPS, UPDATES, BATCH = 100, 800, 32


def adding_problem(rng, batch):
    """x (batch, STEPS, 2): numbers and marks; y (batch, 1): the sum of the two marked numbers."""
    x = np.zeros((batch, STEPS, 2))
    x[:, :, 0] = rng.random((batch, STEPS))
    for low, high in [(0, STEPS // 2), (STEPS // 2, STEPS)]:
        x[np.arange(batch), rng.integers(low, high, batch), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def start(H, b):
    """Random weights for a network of H units, whose cell has the bias b."""
    return {"W_x": glorot(2, len(b)), "W_h": glorot(H, len(b)), "b": b, "W_y": glorot(H, 1), "b_y": np.zeros(1)}


def rnn_predict(params, x):
    h = rnn_forward(x, np.zeros((len(x), 32)), params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"]), (h,)


def lstm_predict(params, x):
    zero = np.zeros((len(x), 16))
    h, c, gates = lstm_forward(x, zero, zero, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"]), (h, c, gates)


def loss_and_grads(predict, params, x, y):
    """The mean squared error, and its gradients."""
    prediction, (h, *rest) = predict(params, x)
    dy = 2 * (prediction - y) / len(x)
    dh, zero = np.zeros_like(h), np.zeros_like(h[:, 0])
    dh[:, -1] = dy @ params["W_y"].T
    if rest:
        *_, dW_x, dW_h, db = lstm_backward(dh, x, zero, zero, h, *rest, params["W_x"], params["W_h"])
    else:
        *_, dW_x, dW_h, db = rnn_backward(dh, x, zero, h, params["W_x"], params["W_h"])
    grads = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": h[:, -1].T @ dy, "b_y": dy.sum(axis=0)}
    return np.mean((prediction - y) ** 2), grads


# %% [markdown]
# And now the training, and what comes of it. The second figure looks into the trained LSTM while it reads one new
# sequence. The cell takes a minute, or two on a slow machine: watch the bars.

# %% experiment=true
from IPython.display import ProgressBar


def train(predict, params, rng, lr=0.01, beta1=0.9, beta2=0.999):
    """Adam on fresh batches; the parameters at the end, and the loss at every update."""
    params = dict(params)
    m, v = ({name: np.zeros_like(array) for name, array in params.items()} for _ in range(2))
    losses = []
    bar = ProgressBar(UPDATES)
    bar.display()
    for update in range(1, UPDATES + 1):
        loss, grads = loss_and_grads(predict, params, *adding_problem(rng, BATCH))
        grads, _ = clip_by_global_norm(grads, 1.0)
        for name, g in grads.items():
            m[name] = beta1 * m[name] + (1 - beta1) * g
            v[name] = beta2 * v[name] + (1 - beta2) * g**2
            step = m[name] / (1 - beta1**update) / (np.sqrt(v[name] / (1 - beta2**update)) + 1e-8)
            params[name] = params[name] - lr * step
        losses.append(loss)
        bar.progress = update
    return params, np.array(losses)


rng = np.random.default_rng(4)
rnn_start = start(32, np.zeros(32))
lstm_start = start(16, np.repeat([-3.0, 3.0, 0.0, 0.0], 16))
rnn_params, rnn_losses = train(rnn_predict, rnn_start, np.random.default_rng(2))
lstm_params, lstm_losses = train(lstm_predict, lstm_start, np.random.default_rng(2))

runs = [
    ("simple RNN, 32 units", rnn_losses, rnn_predict, rnn_params, "tab:blue"),
    ("LSTM, 16 units", lstm_losses, lstm_predict, lstm_params, "tab:red"),
]
new_x, new_y = adding_problem(np.random.default_rng(3), 300)
fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), width_ratios=[3, 2], layout="constrained")
for name, losses, predict, params, color in runs:
    left.semilogy(losses, color=color, linewidth=0.5, alpha=0.3)
    left.semilogy(range(10, UPDATES - 9), np.convolve(losses, np.ones(20) / 20, "valid"), color=color, label=name)
    right.plot(new_y, predict(params, new_x)[0], ".", color=color, markersize=4, label=name)
left.axhline(1 / 6, color="black", linewidth=0.8, linestyle="--", label="always saying 1: error 1/6")
left.set(xlabel="update (the dark lines: mean of 20)", ylabel="mean squared error")
left.set_title("Who learns to add two numbers out of 100?")
left.legend()
right.plot([0, 2], [0, 2], color="black", linewidth=0.8, linestyle="--", label="right")
right.set(xlabel="the sum asked for", ylabel="the network's answer", aspect="equal")
right.set_title("What do they answer on 300 new sequences?")
right.legend()
plt.show()

_, (h, c, gates) = lstm_predict(lstm_params, new_x[:1])
numbers, marks = new_x[0].T

fig, (above, middle, below) = plt.subplots(
    3, 1, figsize=(12, 6), sharex=True, height_ratios=[1, 2, 2], layout="constrained"
)
above.bar(range(STEPS), numbers, color=["tab:red" if mark else "lightgrey" for mark in marks])
above.set(ylabel="number\n(red: marked)", title="What does the trained LSTM do at a mark?")
picture = middle.imshow(gates[0, :, :16].T, aspect="auto", cmap="Greens", vmin=0, vmax=1)
middle.set(ylabel="cell", yticks=[0, 5, 10, 15])
fig.colorbar(picture, ax=middle, label="input gate $i$")
most = np.abs(c).max()
picture = below.imshow(c[0].T, aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most)
below.set(xlabel="time step $t$", ylabel="cell", yticks=[0, 5, 10, 15])
fig.colorbar(picture, ax=below, label="cell state $c$")
plt.show()

# %% [markdown]
# The simple network learns in its first hundred updates what the mean is, and nothing after that: its answers lie on a
# level line, all but a stray one or two, whatever is asked. No rate helped it (we tried 0.001 to 0.01, and 2000
# updates). The LSTM sits on the same dashed line for some hundred updates, and one could lose patience with it. Then
# it finds the way, and its error falls by a factor of a hundred: its answers lie on the diagonal.
#
# How it does that, the second figure shows. Nobody has set its gates this time, and yet it has found what we did by
# hand for the cities. At the two marks, and nowhere else, the input gates of a few cells open, and what these cells
# hold jumps. All other steps find the doors all but shut. The cells are not as tidy as ours: several share the work,
# and between the marks many of them drift slowly.

# %% [markdown]
# ## 7 · In your own words
#
# **(a)** (2 points) A forget gate stands at the same value $f$ for 100 steps. How much of an error is left on the
# direct path for $f$ = 0.5, 0.9 and 0.99? And which bias makes the gate keep half of it, if it listens to nothing
# else?
#
# **(b)** (2 points) In some lecture notes the candidate, too, goes through a sigmoid. What becomes of our two cities,
# with the weights as they are? And what can no cell with such a candidate do, if it starts from $c_0 = 0$?
#
# **(c)** (1 point) "LSTMs solve the vanishing gradient problem." Correct this sentence with the help of the figure
# with the forget biases.

# %% [markdown] written="carousel" points=5
# **Model answer.** (a) $0.5^{100}$ = 8e-31, $0.9^{100}$ = 2.7e-5, $0.99^{100}$ = 0.37. For half of it $f^{100} = 0.5$,
# so that $f = 0.5^{1/100} = 0.9931$, and the bias is where the sigmoid has this value: $b = \ln(f / (1 - f))$ = 4.97.
#
# (b) A sigmoid is positive, and so is $i \circ g$: whatever is written makes $c$ larger. Paris is written as
# $\sigma(3)$ = 0.95, and Cairo as $\sigma(-3)$ = 0.05, next to nothing: the cell can no longer say Cairo, it can only
# forget Paris. From $c_0 = 0$ no cell state, and so no output $o \circ \tanh(c)$, can ever be negative. Nothing can be
# subtracted from the memory; it gets smaller only by forgetting, which takes its share of everything in the cell.
#
# (c) The direct path's factor is the forget gate, and the network may learn to hold it near 1; then an error lives for
# hundreds of steps. With gates half open (bias 0) it vanishes faster than in a simple network. So: LSTMs *can* keep
# gradients from vanishing, along the cell state, where and as long as their forget gates stay open.
#
# **Marks.** (a) 1 for the three powers (the last to one digit will do; powers of 99 are right as well, if counted so).
# 1 for the bias with its derivation; "about 5" is enough.
#
# (b) 1 for Cairo: no negative value, so that it is all but the same as no city. 1 for the general case: nothing can be
# subtracted, or: no negative cell state. Only "tanh is better centred" earns nothing.
#
# (c) 1 if the forget gate is named as what decides, with the figure's bias of 0 (or 1) as the counterexample.

# %% [markdown]
# ## Sources
#
# - Gers, Schmidhuber & Cummins (2000), *Learning to forget: continual prediction with LSTM*, Neural Computation 12(10):
#   the forget gate.
# - Glorot & Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, AISTATS.
# - Greff, Srivastava, Koutník, Steunebrink & Schmidhuber (2017), *LSTM: a search space odyssey*, IEEE Transactions on
#   Neural Networks and Learning Systems 28(10): what can be left out, and what cannot.
# - Hochreiter & Schmidhuber (1997), *Long short-term memory*, Neural Computation 9(8): the carousel, its two gates, and
#   the adding problem.
# - Jozefowicz, Zaremba & Sutskever (2015), *An empirical exploration of recurrent network architectures*, ICML: a
#   forget bias of 1.
# - Karpathy, Johnson & Li (2016), *Visualizing and understanding recurrent networks*, ICLR workshop: cells that one
#   can read.
# - Kingma & Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
# - Le, Jaitly & Hinton (2015), *A simple way to initialize recurrent networks of rectified linear units*,
#   arXiv:1504.00941: the adding problem as it is posed here.
# - Olah (2015), *Understanding LSTM networks*, colah.github.io: the drawings.
# - Tallec & Ollivier (2018), *Can recurrent neural networks warp time?*, ICLR: biases from the length of the memory.
