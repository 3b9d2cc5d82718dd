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
# You write a recurrent network, from its one small equation to what people make of it: a sequence read into one answer,
# or into an answer per step, or a network that talks by itself. At the end you know the shape of every array on the
# way, and have seen how quickly such a network forgets, which is what most of this course is about.
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
# - Elman's own units were sigmoids. Today's simple recurrent network has a tanh, and so has ours.

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
    On paper: 1 · 0.5 - 2 · 0.25 = 0 from the input, 0.5 · 0.5 = 0.25 from the state, and the bias: tanh(0.5) = 0.462.

    >>> x, h_prev = np.array([[1.0, 2.0]]), np.array([[0.5]])
    >>> W_x, W_h, b = np.array([[0.5], [-0.25]]), np.array([[0.5]]), np.array([0.25])
    >>> rnn_cell_forward(x, h_prev, W_x, W_h, b).round(3)
    array([[0.462]])
    """
    ### BEGIN SOLUTION
    return np.tanh(x @ W_x + h_prev @ W_h + b)
    ### END SOLUTION


# %% [markdown]
# ## 2 · All steps
#
# The same cell, the same weights, one column of `x` after the other. Each step starts from the state in which the
# last one ended; the first starts from `h0`. Keep every state: later assignments need them all.


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
    On paper: tanh(0 + 0.5 · 2) = 0.762, then tanh(0 + 0.5 · 0.762) = 0.363, then tanh(1 + 0.5 · 0.363) = 0.828.

    >>> x, h0 = np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]])
    >>> W_x, W_h, b = np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])
    >>> rnn_forward(x, h0, W_x, W_h, b).round(3)
    array([[[0.762],
            [0.363],
            [0.828]]])
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


def arrow(ax, start, end, **style):
    ax.annotate("", end, start, arrowprops=dict(arrowstyle="-|>", color="black", shrinkA=19, shrinkB=19) | style)


def frame(ax, title, left, right, top):
    ax.set(xlim=(left, right), ylim=(-0.6, top), aspect="equal", title=title)
    ax.axis("off")


inputs = np.array([[[0.0], [0.0], [1.0], [0.0], [0.0]]])
states = rnn_forward(inputs, np.array([[2.0]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.0]))
shades = plt.get_cmap("RdBu_r")(0.5 + 0.4 * states[0, :, 0])  # blue for -1, white for 0, red for 1

fig, ax = plt.subplots(figsize=(11, 3.6), layout="constrained")
frame(ax, "Where does the loop go? Into one copy of the cell for each step, all with the same weights", -2.6, 5.6, 2)
node(ax, -2, 0, "$x_t$")
node(ax, -2, 1, "$h_t$", "lightgrey")
arrow(ax, (-2, 0), (-2, 1))
arrow(ax, (-1.98, 1), (-2.02, 1), connectionstyle="arc,angleA=50,angleB=130,armA=62,armB=62,rad=25")
ax.text(-1.9, 0.45, "$W_x$", color="tab:blue")
ax.text(-2, 1.65, "$W_h$", color="tab:blue", ha="center")
ax.text(-1, 0.5, "unrolled:", ha="center", style="italic")
node(ax, 0, 1, "2")
ax.text(0, 1.4, "h0", ha="center", family="monospace")
for t in range(5):
    node(ax, t + 1, 0, f"{inputs[0, t, 0]:g}")
    node(ax, t + 1, 1, f"{states[0, t, 0]:.2f}", shades[t])
    arrow(ax, (t + 1, 0), (t + 1, 1))
    arrow(ax, (t, 1), (t + 1, 1))
    ax.text(t + 1, -0.5, f"$x_{t}$", ha="center")
    ax.text(t + 1, 1.4, f"$h_{t}$", ha="center")
    ax.text(t + 1.08, 0.45, "$W_x$", color="tab:blue")
    ax.text(t + 0.5, 1.1, "$W_h$", color="tab:blue", ha="center")
plt.show()

# %% [markdown]
# `h0` fades, the 1 at step 2 arrives, and fades in its turn. Every horizontal arrow halves what is remembered, before
# the tanh takes its share.

# %% [markdown]
# ### Experiment: what each unit does with a pulse
#
# Fifteen units hear the same input: a push up at step 5, a push down at step 30, and silence otherwise. They do not
# talk to each other: `W_h` is diagonal, and a unit's entry is its weight to itself, from 0 for the first to 1.4 for
# the last. Before you run the cell, say what you expect of the first unit and of the last.

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
# Below the dashed line a unit forgets, the sooner the smaller its weight. Above it a unit *latches* (Bengio, Simard &
# Frasconi 1994): it holds what it has heard for ever. But look what the second pulse does. Most of these units give up
# the first pulse for it, and the topmost holds on so tightly that the second is soon forgotten. Keeping is not
# collecting: such a unit holds one bit.

# %% [markdown]
# ### Experiment: how long is the first input remembered?
#
# Now units that do talk to each other: forty, with random weights, scaled so that the largest absolute eigenvalue of
# `W_h`, its **spectral radius** (Jaeger 2001), is what we want. On the left, two runs read the same random sequence
# but for $x_0$: how far apart are their states, $t$ steps later? On the right, 600 random sequences and the question
# that counts: can a linear output layer, fitted on 400 of them, tell $x_0$ of the other 200 from the state?

# %% experiment=true
rng = np.random.default_rng(3)
W_x, W_h = rng.standard_normal((1, 40)), rng.standard_normal((40, 40))
W_h /= np.abs(np.linalg.eigvals(W_h)).max()
pair = 0.5 * rng.standard_normal((1, 60, 1))[[0, 0]]
pair[1, 0] += 1
many = 0.5 * rng.standard_normal((600, 40, 1))


def share_explained(h, target):
    """R² of the best linear guess of the target, on the 200 sequences that it was not fitted on."""
    h = np.column_stack([h, np.ones(len(h))])
    fit = np.linalg.lstsq(h[:400], target[:400])[0]
    return 1 - np.mean((h[400:] @ fit - target[400:]) ** 2) / np.var(target[400:])


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for radius, color in [(0.5, "tab:blue"), (0.9, "tab:green"), (1, "tab:orange"), (2, "tab:red")]:
    h = rnn_forward(pair, np.zeros((2, 40)), W_x, radius * W_h, np.zeros(40))
    left.semilogy(np.linalg.norm(h[1] - h[0], axis=1), color=color, label=f"{radius}")
    h = rnn_forward(many, np.zeros((600, 40)), W_x, radius * W_h, np.zeros(40))
    right.plot([max(0, share_explained(h[:, t], many[:, 0, 0])) for t in range(40)], color=color)
left.axhspan(1e-17, 1e-15, color="lightgrey")
left.text(59, 1.5e-17, "lost in rounding", ha="right", fontsize=9)
left.set(ylim=(1e-17, 1e2), xlabel="steps since $x_0$", ylabel="distance of the two states")
left.set_title("Does the state still depend on $x_0$?")
left.legend(title="spectral radius", loc="lower left")
right.set(xlim=(-1, 41), ylim=(0, 1.05), xlabel="steps since $x_0$", ylabel="share of $x_0$'s variance explained (R²)")
right.set_title("Can $x_0$ still be read from the state?")
plt.show()

# %% [markdown]
# With a radius of 1 or less, the trace of $x_0$ shrinks by about the same factor at every step (smaller than the
# radius, since the tanh's slope takes its share). With 2 it never shrinks: the network is *chaotic*, and the smallest
# difference in its past leads it elsewhere. But look to the right. Where it ends up no longer tells what the
# difference was. Everywhere forty numbers have to hold all that was ever heard, and what comes later is written over
# what came first. Keep both pictures in mind for the written question.

# %% [markdown]
# ## 3 · From states to outputs
#
# A state is the network's business; what it says to the world goes through one more layer, $y = h W_y + b_y$. It is
# linear: the outputs are **logits**, any real numbers. (Some lecture notes put a softmax here. We keep it apart,
# because losses are more stable if they get the logits.)
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
# As it stands, it fails: $e^{710}$ is more than a float64 can hold, and `inf / inf` is NaN; $e^{-750}$ is 0, and so
# may be the whole sum. But shift all scores of a row by one number $c$, and $e^{-c}$ cancels above and below: the
# answer is the same. That leaves you free to choose a $c$ with which nothing can overflow, and the sum cannot be 0.


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

    >>> softmax(np.log([1.0, 3.0])).round(3)
    array([0.25, 0.75])
    >>> softmax(np.log([1.0, 3.0]) + 10_000).round(3)
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
    frame(ax, title, -0.6, max(steps, 1.2) - 0.4, 2.5)
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
    On paper: the last state of rnn_forward's example is 0.828; 2 · 0.828 + 0 = 1.656, and -1 · 0.828 + 1 = 0.172.

    >>> params = {"W_x": np.array([[1.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[2.0, -1.0]]), "b_y": np.array([0.0, 1.0])}
    >>> many_to_one(np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]]), params).round(3)
    array([[1.656, 0.172]])
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
    >>> many_to_many(np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]]), params).round(3)
    array([[[1.523, 0.238],
            [0.727, 0.637],
            [1.656, 0.172]]])
    """
    ### BEGIN SOLUTION
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])
    ### END SOLUTION


# %% [markdown]
# ### One to many
#
# The network speaks, and hears itself: from the second step on, its input is what it just said (the red arrows above,
# and Jordan's idea of 1986). For that its outputs must be of the inputs' kind: $O = D$. The state travels on as ever.


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
    On paper: tanh(0.5 + 0.5 · 1) = 0.762 gives y = 2 · 0.762 = 1.523. That is the next input:
    tanh(1.523 + 0.5 · 0.762) = 0.957 gives y = 1.913.

    >>> params = {"W_x": np.array([[1.0]]), "W_h": np.array([[0.5]]), "b": np.array([0.0])}
    >>> params |= {"W_y": np.array([[2.0]]), "b_y": np.array([0.0])}
    >>> one_to_many(np.array([[0.5]]), np.array([[1.0]]), params, 2).round(3)
    array([[[1.523],
            [1.913]]])
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
# Two units, two outputs. `W_x` turns what the network hears by 20 degrees and makes it a little smaller, or larger.
# Each coloured line starts from another $x_0$ (the dot). Does it matter, in the long run, what the network hears
# first?

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
# A colleague wants to sort film reviews of 500 words, each word a vector of $D = 100$ numbers, with your
# `many_to_one`: a tanh cell of $H = 50$ units, and the output layer on the last state.
#
# **(a)** (3 points) Why is the last state a poor summary of such a review? Use both pictures of the third experiment:
# what goes wrong with a small spectral radius, and what with a large one?
#
# **(b)** (2 points) In lecture notes you may read that "RNNs have more parameters than dense networks". Count those
# of the cell, and those of a dense layer of 50 units that reads all words of the review at once, for reviews of 1
# word and of 500 words. When is the sentence true?

# %% [markdown] written="summary" points=5
# **Model answer.** (a) All that the output layer learns of the first word has to pass 499 times through `W_h` and the
# tanh, whose slope is at most 1. With a small radius its trace shrinks geometrically: at 0.9, after 499 steps, it is
# at most about 1e-23 of what it was, and lost in rounding long before; the last state tells of the last few words.
# With a large radius the trace does not fade, but it cannot be read: the network follows a chaotic motion of its own,
# and where it ends up does not tell what made the difference. No radius helps: on the right every curve is at 0
# within 20 steps, since every new word is written over the old ones in the same few numbers.
#
# (b) The cell: 100 · 50 + 50 · 50 + 50 = 7550, for any length, because all steps share the same weights. The dense
# layer: T · 100 · 50 + 50, which is 5050 for 1 word and 2 500 050 for 500. The sentence is true of a single word
# only, where `W_h` comes on top; from two words on (10 050) it is false.
#
# **Marks.** (a) 1 for the small radius: the trace decays step by step (geometrically, or as a product of factors
# below 1). 1 for the large one: the difference stays but cannot be read (chaos, saturation or the network's own
# motion will do). 1 for the conclusion: a state of fixed size is written over by what comes later, so that the last
# words dominate. An answer that says only "vanishing gradients" gets 1 in all: there are no gradients in the
# experiment.
#
# (b) 1 for 7550, 5050 and 2 500 050 (a slip in the arithmetic is forgiven). 1 for "the weights are shared over time"
# together with a right verdict on the sentence.

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
