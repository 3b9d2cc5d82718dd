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
# # 01 · The recurrent cell
#
# You write a recurrent network, from its one small equation to the networks that people make of it.
# At the end you can unroll it over a sequence, say which shape every array has, and read a sequence into one answer,
# into one answer per step, or make it talk by itself.
# And you have seen with your own eyes how quickly such a network forgets, which is what most of this course is about.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# They hold for the whole course.
#
# | letter | counts | | letter | counts |
# |---|---|---|---|---|
# | $B$ | sequences in a batch | | $H$ | hidden units |
# | $T$ | time steps | | $O$ | outputs |
# | $D$ | input features | | $V$ | words of a vocabulary |
#
# - **Batch first.** A batch of sequences has shape `(B, T, D)`; `x[:, t]` is step $t$ of all of them, `(B, D)`.
# - **Vectors are rows.** `x @ W_x + h @ W_h + b` with `W_x` `(D, H)`, `W_h` `(H, H)` and `b` `(H,)`.
# - **Functions are pure.** Arrays in, arrays out; never change an argument, since the caller still needs it.
#
# Three traps, for when you read elsewhere:
#
# - Papers count steps from 1 to $T$ and call the initial state $h_0$. numpy counts from 0, so `h0` is the state
#   *before* column 0, and `h[:, 0]` is already the state after the first step.
# - Textbooks whose vectors are columns write $W_x x + W_h h$: their matrices are the transposes of ours. Keras stores
#   them as we do; PyTorch stores the transposes, and adds two biases where one would do.
# - Elman's own cell had a sigmoid. Today's simple recurrent network has a tanh, and so has ours.

# %% given=true
import numpy as np

from grader.selfcheck import check

# %% [markdown]
# ## Recap: a layer that hears itself
#
# A dense layer has no past. Ask it about the last word of *the keys to the cabinet are*, and it cannot know whether
# there was one key or several. Elman (1990) gave the layer a second input: its own previous output, the **state**,
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b).$$
#
# That is all. What the state holds is nowhere prescribed; the weights decide what is kept, and training decides the
# weights. Before him Jordan (1986) had fed back the network's *outputs*; you will do that, too, at the end.
#
# A loop is hard to differentiate, a chain is not. So one **unfolds** the network (Rumelhart, Hinton & Williams 1986;
# Werbos 1990): $T$ steps become $T$ layers, one above the other, which all share the same three arrays `W_x`, `W_h`
# and `b`. A longer sequence makes the chain longer; it does not add a single parameter.

# %% [markdown]
# ## 1 · One step
#
# Two products, a sum, a tanh. Write the shapes under the equation before you write the code.

# %% solution="rnn_cell_forward"
def rnn_cell_forward(x, h_prev, W_x, W_h, b):
    """One step of a simple recurrent network (Elman 1990, with tanh).

    h = tanh(x W_x + h_prev W_h + b)

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The state after the step before.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)
    b : ndarray of shape (H,)

    Returns
    -------
    h : ndarray of shape (B, H)
        The state after this step.

    Examples
    --------
    On paper: 1 · 0.5 - 2 · 0.25 = 0 from the input, 0.5 · 0.5 = 0.25 from the state, and the bias: tanh(0.5).

    >>> x, h_prev = np.array([[1.0, 2.0]]), np.array([[0.5]])
    >>> W_x, W_h, b = np.array([[0.5], [-0.25]]), np.array([[0.5]]), np.array([0.25])
    >>> rnn_cell_forward(x, h_prev, W_x, W_h, b).round(4)
    array([[0.4621]])
    """
    ### BEGIN SOLUTION
    return np.tanh(x @ W_x + h_prev @ W_h + b)
    ### END SOLUTION


# %% [markdown]
# ## 2 · All steps
#
# The same cell, the same weights, one column of `x` after the other. Each step starts from the state in which the last
# one ended; the first starts from `h0`. Keep every state: later assignments need them all.

# %% solution="rnn_forward"
def rnn_forward(x, h0, W_x, W_h, b):
    """The cell, unrolled over time.

    h_t = tanh(x_t W_x + h_{t-1} W_h + b), where the first step has h0 for h_{t-1}

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
        The state before the first step. It need not be zero.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)
    b : ndarray of shape (H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, t] is the state after step t.

    Examples
    --------
    On paper: tanh(0 + 0.5 · 2) = 0.7616, then tanh(0 + 0.5 · 0.7616) = 0.3634, then tanh(1 + 0.5 · 0.3634) = 0.8281.

    >>> x, h0 = np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]])
    >>> W_x, W_h, b = np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])
    >>> rnn_forward(x, h0, W_x, W_h, b).round(4)
    array([[[0.7616],
            [0.3634],
            [0.8281]]])
    """
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    h = np.empty((B, T, len(b)))
    h_prev = h0
    for t in range(T):
        h_prev = rnn_cell_forward(x[:, t], h_prev, W_x, W_h, b)
        h[:, t] = h_prev
    return h
    ### END SOLUTION


# %% [markdown]
# ### Experiment: the unrolled graph
#
# The experiments need nothing from you but your functions. Run them, look, and play with the numbers in a copy.
#
# Here is the network of the docstring's toy values, for five steps. Follow one arrow at a time: which of them carry
# what the network has just heard, and which carry what it remembers?

# %% experiment=true
import matplotlib.pyplot as plt


def node(ax, x, y, text, color="white"):
    ax.scatter(x, y, s=1300, color=color, edgecolor="black", linewidth=0.8, zorder=2)
    ax.text(x, y, text, ha="center", va="center", fontsize=11, zorder=3)


def arrow(ax, start, end, text="", offset=(0, 0), **style):
    ax.annotate("", end, start, arrowprops=dict(arrowstyle="-|>", shrinkA=19, shrinkB=19) | style)
    ax.text(
        (start[0] + end[0]) / 2 + offset[0], (start[1] + end[1]) / 2 + offset[1], text, ha="center", color="tab:blue"
    )


def frame(ax, title, width, height):
    ax.set(xlim=(-0.6, width - 0.4), ylim=(-0.5, height - 0.5), aspect="equal", title=title)
    ax.axis("off")


inputs = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
states = rnn_forward(
    inputs[np.newaxis, :, np.newaxis], np.array([[2.0]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])
)[0, :, 0]

fig, (folded, unrolled) = plt.subplots(1, 2, figsize=(11, 3.6), width_ratios=[1.6, 6.4])
frame(folded, "The network …", 1.6, 3)
node(folded, 0, 0, "$x_t$")
node(folded, 0, 1, "$h_t$", "lightgrey")
arrow(folded, (0, 0), (0, 1), "$W_x$", (-0.3, -0.06))
arrow(folded, (0.02, 1), (-0.02, 1), "$W_h$", (0.0, 0.98), connectionstyle="arc,angleA=50,angleB=130,armA=62,armB=62,rad=25")

frame(unrolled, "… and where its loop goes: one copy of the cell for each step, one set of weights for all", 6.4, 3)
shades = plt.get_cmap("RdBu_r")(0.5 + 0.4 * states)
node(unrolled, 0, 1, "2")
unrolled.text(0, 1.42, "$h0$", ha="center")
for t in range(len(inputs)):
    node(unrolled, t + 1, 0, f"{inputs[t]:g}")
    node(unrolled, t + 1, 1, f"{states[t]:.2f}", shades[t])
    unrolled.text(t + 1, -0.55, f"$x_{t}$", ha="center")
    unrolled.text(t + 1, 1.42, f"$h_{t}$", ha="center")
    arrow(unrolled, (t + 1, 0), (t + 1, 1), "$W_x$", (0.22, -0.05))
    arrow(unrolled, (t, 1), (t + 1, 1), "$W_h$", (0, 0.1))
plt.show()

# %% [markdown]
# `h0` fades, the 1 at step 2 arrives, and fades in its turn. Every horizontal arrow halves what is remembered, before
# the tanh takes its share.

# %% [markdown]
# ### Experiment: what each unit does with a pulse
#
# Fifteen units hear the same input: a push up at step 5, a push down at step 30, and silence otherwise. They do not
# talk to each other: `W_h` is diagonal, and a unit's entry is its weight to itself, from 0 for the first to 1.4 for the
# last. Before you run the cell, say what you expect of the first unit and of the last.

# %% experiment=true
to_itself = np.linspace(0, 1.4, 15)
pulses = np.zeros((1, 60, 1))
pulses[0, 5], pulses[0, 30] = 1, -1
h = rnn_forward(pulses, np.zeros((1, 15)), np.ones((1, 15)), np.diag(to_itself), np.zeros(15))

fig, (above, below) = plt.subplots(2, 1, figsize=(9, 4.8), sharex=True, height_ratios=[1, 4], layout="constrained")
above.step(range(60), pulses[0, :, 0], where="mid", color="black")
above.set(ylabel="input", title="Which units still show a pulse, and for how long?")
picture = below.imshow(
    h[0].T, aspect="auto", origin="lower", cmap="RdBu_r", vmin=-1, vmax=1, extent=(-0.5, 59.5, -0.05, 1.45)
)
below.axhline(1, color="black", linewidth=0.8, linestyle="--")
below.set(xlabel="time step $t$", ylabel="the unit's weight to itself")
fig.colorbar(picture, ax=below, label="state of the unit, $h_t$")
plt.show()

# %% [markdown]
# Below the dashed line a unit forgets, and the sooner the smaller its weight. Above it, a unit holds on: it *latches*
# near -1 or 1, where only a push in the other direction moves it. So it keeps a pulse for ever, and yet it knows only the
# last one's sign: when the second pulse came, the first was gone. Bengio, Simard & Frasconi (1994) show that
# this is no accident: what a state keeps safely, it can hardly learn by gradients.

# %% [markdown]
# ### Experiment: how long is the first input remembered?
#
# Now units that do talk to each other: fifty, with random weights, scaled so that the largest absolute eigenvalue of
# `W_h`, its **spectral radius**, is what we want. On the left two runs read the same sequence but for $x_0$: how far
# apart are their states $t$ steps later? On the right there are 600 sequences, each random throughout, and we ask the
# question that counts: could a linear output layer (fitted on 400 of them, tried on the other 200) still tell $x_0$?

# %% experiment=true
rng = np.random.default_rng(3)
T, H = 60, 50
W_x, W_h = rng.standard_normal((1, H)), rng.standard_normal((H, H))
W_h /= np.abs(np.linalg.eigvals(W_h)).max()
pair = np.repeat(0.1 * rng.standard_normal((1, T, 1)), 2, axis=0)
pair[1, 0] += 1
many = 0.5 * rng.standard_normal((600, T, 1))


def share_explained(h, target):
    """R² of a linear guess of the target, on the sequences it was not fitted on."""
    h = np.column_stack([h, np.ones(len(h))])
    fit = np.linalg.lstsq(h[:400], target[:400])[0]
    return 1 - np.mean((h[400:] @ fit - target[400:]) ** 2) / np.var(target[400:])


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for radius, color in [(0.5, "tab:blue"), (0.9, "tab:green"), (1.0, "tab:orange"), (1.5, "tab:red")]:
    h = rnn_forward(pair, np.zeros((2, H)), W_x, radius * W_h, np.zeros(H))
    distance = np.linalg.norm(h[1] - h[0], axis=1)
    left.semilogy(distance, color=color, label=f"radius {radius}")
    h = rnn_forward(many, np.zeros((600, H)), W_x, radius * W_h, np.zeros(H))
    right.plot([max(0, share_explained(h[:, t], many[:, 0, 0])) for t in range(30)], color=color)
left.axhspan(1e-18, 1e-16, color="lightgrey")
left.text(T, 2e-17, "float64 sees no difference ", ha="right", va="center", fontsize=9)
left.set(ylim=(1e-18, 1e2), xlabel="steps since $x_0$", ylabel="distance of the two states")
left.set_title("Does the state still depend on $x_0$?")
left.legend(title="$W_h$ with spectral", loc="lower left")
right.set(ylim=(0, 1.05), xlabel="steps since $x_0$", ylabel="share of $x_0$'s variance explained (R²)")
right.set_title("Can $x_0$ still be read from it?")
plt.show()

# %% [markdown]
# With a radius below 1 the trace of $x_0$ shrinks by about that factor at every step, and soon drowns. With 1.5 it never
# shrinks, but look to the right: the state depends on $x_0$, and nobody can read it. The network makes so much noise
# of its own that a small difference ends anywhere. Keep both pictures in mind for the written question.

# %% [markdown]
# ## 3 · From states to outputs
#
# A state is the network's business; what it says to the world goes through one more layer, $y = h W_y + b_y$. It is linear:
# the outputs are **logits**, any real numbers. (Some lecture notes put a softmax here. We keep it apart, because losses
# are more stable if they get the logits.)
#
# Only the last axis changes. `@` leaves the others alone, so the same line serves one step, `(B, H)`, and all of
# them, `(B, T, H)`.

# %% solution="output_layer"
def output_layer(h, W_y, b_y):
    """States to logits.

    y = h W_y + b_y

    Parameters
    ----------
    h : ndarray of shape (..., H)
        Any leading axes, or none: (B, H) for one step, (B, T, H) for all.
    W_y : ndarray of shape (H, O)
    b_y : ndarray of shape (O,)

    Returns
    -------
    y : ndarray of shape (..., O)
        The leading axes are those of h.

    Examples
    --------
    On paper: 1 · 2 - 1 · 1 + 0 = 1, then 1 · 0 - 1 · 3 + 0.5 = -2.5, then 1 · 1 - 1 · 0 + 0 = 1.

    >>> h = np.array([[1.0, -1.0]])
    >>> W_y, b_y = np.array([[2.0, 0.0, 1.0], [1.0, 3.0, 0.0]]), np.array([0.0, 0.5, 0.0])
    >>> output_layer(h, W_y, b_y)
    array([[ 1. , -2.5,  1. ]])
    """
    ### BEGIN SOLUTION
    return h @ W_y + b_y
    ### END SOLUTION


# %% [markdown]
# ## 4 · From logits to probabilities
#
# Bridle (1990) named it **softmax**, since it is a soft version of *the largest takes all*:
#
# $$y_k = \frac{e^{z_k}}{\sum_j e^{z_j}}.$$
#
# As it stands, it fails: $e^{710}$ is more than a float64 can hold, and `inf / inf` is NaN; $e^{-750}$ is 0, and so may
# be the whole sum. But shift all scores of a row by one number $c$, and $e^{-c}$ cancels above and below: the answer is
# the same. That leaves you free to choose a $c$ with which nothing can overflow, and the sum cannot be 0.

# %% solution="softmax"
def softmax(z):
    """Scores to probabilities, along the last axis.

    y_k = exp(z_k) / sum_j exp(z_j)

    Parameters
    ----------
    z : ndarray of shape (..., V)
        Any leading axes, or none. Scores may be as large as 10000 or as small as -10000, in one row, too.

    Returns
    -------
    y : ndarray of shape (..., V)
        Each row is at least 0 and sums to 1.

    Examples
    --------
    On paper: exp(log 1) = 1 and exp(log 3) = 3, of a sum of 4. Ten thousand more in each score changes nothing.

    >>> softmax(np.log([1.0, 3.0])).round(4)
    array([0.25, 0.75])
    >>> softmax(np.log([1.0, 3.0]) + 10_000).round(4)
    array([0.25, 0.75])
    """
    ### BEGIN SOLUTION
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# ## 5 · Four networks from one cell
#
# The cell does not say when it listens and when it speaks. That gives four types, which Karpathy (2015) drew so well
# that everybody has copied the picture since:

# %% experiment=true
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), width_ratios=[1.6, 3, 3, 3], layout="constrained")
types = [
    ("one to one\nno time: a dense net", 1, [0], [0]),
    ("one to many\nan image in, a caption out", 3, [0], [0, 1, 2]),
    ("many to one\na review in, its mood out", 3, [0, 1, 2], [2]),
    ("many to many\nwords in, their kinds out", 3, [0, 1, 2], [0, 1, 2]),
]
for ax, (title, steps, listens, speaks) in zip(axes, types, strict=True):
    frame(ax, title, max(steps, 1.2), 3)
    for t in range(steps):
        node(ax, t, 1, f"$h_{t}$", "lightgrey")
        if t:
            arrow(ax, (t - 1, 1), (t, 1))
        if t in listens:
            node(ax, t, 0, f"$x_{t}$")
            arrow(ax, (t, 0), (t, 1))
        if t in speaks:
            node(ax, t, 2, f"$y_{t}$", "moccasin")
            arrow(ax, (t, 1), (t, 2))
        if t in speaks and t and t not in listens:
            arrow(ax, (t - 1, 2), (t, 1), linestyle="--", color="tab:red")
fig.suptitle("When does the cell listen, and when does it speak?")
plt.show()

# %% [markdown]
# (Translation, many to many with two lengths, takes two networks and waits for assignment 12.)
#
# You write the last three. From here on the five arrays travel together, in a dict `params` with the keys `"W_x"`,
# `"W_h"`, `"b"`, `"W_y"` and `"b_y"`. Outputs are logits everywhere.

# %% [markdown]
# ### Many to one

# %% solution="many_to_one"
def many_to_one(x, h0, params):
    """A sequence in, one output: the output layer on the last state.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    y : ndarray of shape (B, O)

    Examples
    --------
    On paper: the last state of rnn_forward's example is 0.8281; 2 · 0.8281 = 1.6562, and 1 - 0.8281 = 0.1719.

    >>> params = {"W_x": np.array([[1.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[2.0, -1.0]]), "b_y": np.array([0.0, 1.0])}
    >>> many_to_one(np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]]), params).round(4)
    array([[1.6562, 0.1719]])
    """
    ### BEGIN SOLUTION
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"])
    ### END SOLUTION


# %% [markdown]
# ### Many to many

# %% solution="many_to_many"
def many_to_many(x, h0, params):
    """A sequence in, an output at every step: the output layer on every state.

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,)

    Returns
    -------
    y : ndarray of shape (B, T, O)
        y[:, t] has heard the inputs of steps 0 to t.

    Examples
    --------
    On paper: twice the states of rnn_forward's example, and 1 less the states.

    >>> params = {"W_x": np.array([[1.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[2.0, -1.0]]), "b_y": np.array([0.0, 1.0])}
    >>> many_to_many(np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]]), params).round(4)
    array([[[1.5232, 0.2384],
            [0.7267, 0.6366],
            [1.6562, 0.1719]]])
    """
    ### BEGIN SOLUTION
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])
    ### END SOLUTION


# %% [markdown]
# ### One to many
#
# The network speaks, and hears itself: from the second step on, its input is what it just said (the red arrows above, and
# Jordan's idea of 1986). For that its outputs must be of the inputs' kind: $O = D$. The state travels on as ever.

# %% solution="one_to_many"
def one_to_many(x0, h0, params, steps):
    """One input, a sequence out: every output is the next step's input, as it is.

    Parameters
    ----------
    x0 : ndarray of shape (B, D)
        The input of the first step.
    h0 : ndarray of shape (B, H)
        The state before the first step.
    params : dict of W_x (D, H), W_h (H, H), b (H,), W_y (H, O), b_y (O,), with O = D
    steps : int
        How many steps to take, 1 or more.

    Returns
    -------
    y : ndarray of shape (B, steps, O)
        y[:, t] is the output after step t.

    Examples
    --------
    On paper: tanh(0.5 + 0.5 · 1) = 0.7616 gives y = 2 · 0.7616 = 1.5232. That is the next input:
    tanh(1.5232 + 0.5 · 0.7616) = 0.9566 gives y = 1.9131.

    >>> params = {"W_x": np.array([[1.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[2.0]]), "b_y": np.array([0.0])}
    >>> one_to_many(np.array([[0.5]]), np.array([[1.0]]), params, 2).round(4)
    array([[[1.5232],
            [1.9131]]])
    """
    ### BEGIN SOLUTION
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(x)
    return np.stack(outputs, axis=1)
    ### END SOLUTION


# %% [markdown]
# ### Experiment: a network that listens to itself
#
# Two units, two outputs. `W_x` turns what the network hears by 20 degrees and makes it a little smaller, or larger. Each
# coloured line starts from another $x_0$ (the dot). Does it matter, in the long run, what the network hears first?

# %% experiment=true
angle = np.deg2rad(20)
turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
starts = np.array([[0.05, 0.0], [0.0, 1.2], [-1.2, -0.3], [0.9, -0.9]])

fig, axes = plt.subplots(1, 2, figsize=(10, 4.8), layout="constrained", sharex=True, sharey=True)
for ax, size, answer in zip(axes, [0.9, 1.3], ["it falls silent", "it always sings the same song"], strict=True):
    params = {"W_x": size * turn, "W_h": np.zeros((2, 2)), "b": np.zeros(2), "W_y": np.eye(2), "b_y": np.zeros(2)}
    y = one_to_many(starts, np.zeros((4, 2)), params, 60)
    for start, path in zip(starts, y, strict=True):
        (line,) = ax.plot(*np.vstack([start, path]).T, linewidth=1.2, marker=".", markersize=3)
        ax.plot(*start, "o", color=line.get_color())
    ax.set(title=f"$W_x$ turns and multiplies by {size}:\n{answer}", xlabel="output 0 (logit)", aspect="equal")
axes[0].set_ylabel("output 1 (logit)")
plt.show()

# %% [markdown]
# On the left everything spirals into silence. On the right tanh stops the growth, and all four end up on one closed
# curve, a *limit cycle*: the network has a rhythm of its own, and $x_0$ decides only where in the bar it comes in.

# %% [markdown]
# ## 6 · In your own words
#
# A colleague wants to sort film reviews of 500 words, each word a vector of $D = 100$ numbers, with your `many_to_one`:
# a tanh cell of $H = 50$ units, and the output layer on the last state.
#
# **(a)** (3 points) Why is the last state a poor summary of such a review? Use both pictures of the third experiment: what
# goes wrong with a small spectral radius, and what with a large one?
#
# **(b)** (2 points) In lecture notes you may read that "RNNs have more parameters than dense networks". Count those of the
# cell, and those of a dense layer of 50 units that reads all words of the review at once, for reviews of 1 word and of
# 500 words. When is the sentence true?

# %% [markdown] written="summary" points=5
# **Model answer.** (a) Everything that the output layer learns of the first word has to pass 499 times through `W_h` and
# the tanh. The tanh's slope is at most 1, so that with a spectral radius below 1 the trace of a word shrinks
# about geometrically: at 0.9 it is 1e-23 of what it was after 500 steps, and the left picture has it lost in rounding long
# before. The last state then tells of the last few words alone. With a large radius the difference does not fade, but
# the right picture shows that it cannot be read either: the units saturate, the network follows a motion of its own,
# and similar reviews end in states that are far apart. Between the two there is no setting that does: even near 1 the right
# picture is at 0 within 30 steps, since each new word is written over the old ones in the same 50 numbers.
#
# (b) The cell: 100 · 50 + 50 · 50 + 50 = 7550, for any length, because all steps share the same weights. The dense
# layer: T · 100 · 50 + 50, which is 5050 for 1 word and 2 500 050 for 500. The sentence is true only of a single step, where
# `W_h` comes on top; for sequences it is the other way round.
#
# **Marks.** (a) 1 for a small radius: the trace decays step by step (geometrically, or as a product of factors below
# 1). 1 for a large one: the difference stays but cannot be read (saturation, chaos or own dynamics will do). 1 for
# the conclusion: a state of fixed size is written over by what comes later, so that the last words dominate. An answer
# that says only "vanishing gradients" gets 1 in all: the experiment has no gradients in it.
# (b) 1 for the numbers 7550, 5050 and 2 500 050 (a slip in arithmetic is forgiven, a bias forgotten throughout as well). 1 for "the weights
# are shared over time" with a right verdict on the sentence.

# %% [markdown]
# ## Sources
#
# - Bengio, Simard & Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE
#   Transactions on Neural Networks 5(2): latching.
# - Bridle (1990), *Probabilistic interpretation of feedforward classification network outputs*, in Neurocomputing,
#   Springer: softmax.
# - Elman (1990), *Finding structure in time*, Cognitive Science 14(2): the cell.
# - Goodfellow, Bengio & Courville (2016), *Deep learning*, MIT Press, chapter 10: unfolding, and the types.
# - Jaeger (2001), *The "echo state" approach to analysing and training recurrent neural networks*, GMD Report 148:
#   the spectral radius and fading memory.
# - Jordan (1986), *Serial order: a parallel distributed processing approach*, ICS Report 8604, UC San Diego: outputs
#   fed back.
# - Karpathy (2015), *The unreasonable effectiveness of recurrent neural networks*, karpathy.github.io: the types.
# - Rumelhart, Hinton & Williams (1986), *Learning internal representations by error propagation*, in Parallel
#   Distributed Processing 1, MIT Press: unfolding.
# - Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10).
