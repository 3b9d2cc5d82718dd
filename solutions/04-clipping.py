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
# # 04 · Gradient clipping
#
# Assignment 02 showed you gradients that explode; here you stop them. You write the three ways in which people clip
# gradients, see which of them keeps the direction, and what happens at a cliff with and without. And you write the
# watchman that looks at a run's history and says at which update it went wrong.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# - **`grads` is a dict** of arrays by name, like `params`: `{"W_x": ..., "W_h": ..., "b": ...}`. The arrays may have
#   any shape; a single number, an array of shape `()`, is one, too.
# - **Functions are pure**, as ever: new arrays come back, in a new dict. Who calls you may want to look at the
#   gradients as they were.
# - **Clipping comes between two lines** of a training loop: after the gradients are computed, and before the step.
#
# Three traps, for when you read elsewhere:
#
# - The same word means different things. Keras has `clipvalue` (each entry), `clipnorm` (each array by its own norm)
#   and `global_clipnorm` (all arrays together); people say "clipping at 1" for any of them.
# - PyTorch's `clip_grad_norm_` writes into the gradients that it gets (its underscore says so), and adds 1e-6 to the
#   norm that it divides by. What it *returns* is the norm before clipping.
# - A threshold belongs to a loss. If you add the losses of a batch where you took their mean before, all gradients
#   are $B$ times as large, and yesterday's threshold is another one today.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, output_layer = carry("01-rnn", "rnn_forward", "output_layer")
rnn_backward, gradient_contributions, gradient_norms, diagnose_gradients = carry(
    "02-bptt", "rnn_backward", "gradient_contributions", "gradient_norms", "diagnose_gradients"
)

# %% [markdown]
# ## Recap: why a step can be too long
#
# Plain gradient descent walks $-\eta\, g$: the steeper the ground, the longer the step. On gentle hills that is just
# right. But the gradient of a recurrent network is a sum over products of Jacobians,
#
# $$\frac{\partial L}{\partial h_k} = \frac{\partial L}{\partial h_T} \prod_{t=k+1}^{T}
# \frac{\partial h_t}{\partial h_{t-1}},$$
#
# and a product of fifty factors of 1.2 is 9100. So the ground is flat in most places and a wall in a few, and at the
# wall the step is a thousand times too long. One such step is enough: it takes the weights so far away that all
# that was learnt is lost.
#
# The remedy is as simple as it gets: **if the gradient is too large, make it smaller**. The gradient still says where
# downhill is; what nobody should believe at a wall is how far to go. Mikolov (2012) cut off single entries, and
# Pascanu, Mikolov & Bengio (2013) shortened the whole vector.

# %% [markdown]
# ## 1 · By value
#
# Each entry for itself: what is above `upper` becomes `upper`, what is below `lower` becomes `lower`.


# %% solution="clip_by_value"
def clip_by_value(grads, lower, upper):
    """Every entry of every gradient, brought into [lower, upper] (Mikolov 2012).

    Parameters
    ----------
    grads : dict of name -> ndarray of any shape
        Finite numbers. The dict and its arrays stay as they are.
    lower, upper : float
        lower ≤ upper. Usually lower is -upper, but it need not be.

    Returns
    -------
    clipped : dict of name -> ndarray
        New arrays, with the names and shapes of grads.

    Examples
    --------
    On paper: -3 is below -1 and becomes -1, 2.5 is above 2 and becomes 2, and 0.5 stays.

    >>> clipped = clip_by_value({"W": np.array([[-3.0, 0.5]]), "b": np.array([2.5])}, -1.0, 2.0)
    >>> clipped["W"].tolist(), clipped["b"].tolist()
    ([[-1.0, 0.5]], [2.0])
    """
    ### BEGIN SOLUTION
    return {name: np.clip(g, lower, upper) for name, g in grads.items()}
    ### END SOLUTION


# %% [markdown]
# ## 2 · By norm
#
# The **norm** of an array is the length of the arrow that its entries make, all in one row:
# $\lVert g \rVert = \sqrt{\sum_i g_i^2}$, whatever its shape. If the arrow is longer than `upper`, it is rescaled to
# the length `upper`:
#
# $$g \leftarrow g\, \frac{\text{upper}}{\lVert g \rVert} \quad\text{if } \lVert g \rVert > \text{upper}.$$
#
# Some lectures add a lower threshold, against gradients that vanish: an arrow shorter than `lower` is made as long as
# `lower`. An arrow of length 0 points nowhere, and stays as it is. (Whether the lower threshold helps, you will see.)


# %% solution="clip_by_norm"
def clip_by_norm(g, upper, lower=None):
    """One gradient, rescaled if its norm is out of bounds (Pascanu, Mikolov & Bengio 2013; the lower one: lectures).

    g * upper / ||g||  if ||g|| > upper,    g * lower / ||g||  if 0 < ||g|| < lower,    otherwise as it is

    Parameters
    ----------
    g : ndarray of any shape
        Its norm is the root of the sum of the squares of all its entries. It may be 0.
    upper : float
        More than 0.
    lower : float or None
        At most upper. None: there is no lower threshold.

    Returns
    -------
    clipped : ndarray, like g
        A new array.

    Examples
    --------
    On paper: (3, 4) has the norm √(9 + 16) = 5. To have 1 it is divided by 5, to have 10 it is doubled.

    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0)
    array([0.6, 0.8])
    >>> clip_by_norm(np.array([3.0, 4.0]), 20.0, 10.0)
    array([6., 8.])
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()
    ### END SOLUTION


# %% [markdown]
# ### Experiment: is the direction kept?
#
# The experiments need nothing from you but your functions. Run them, look, and play with the numbers in a copy.
#
# On the left, seven gradients of two numbers and what is left of them if both kinds of clipping use the threshold 1.
# On the right, gradients as networks have them: a network of twenty units is to name the first of twenty inputs, -1 or
# 1, at the last step, and you clip the gradient of its 461 weights, lower and lower. What remains of its length stands
# on the horizontal axis. On the vertical one: how far does the clipped gradient point away from where it pointed?

# %% experiment=true
import matplotlib.pyplot as plt


def first_inputs(rng, T):
    """16 sequences of T steps: -1 or 1 in the first, noise after; the target is that first input."""
    x = 0.3 * rng.standard_normal((16, T, 1))
    x[:, 0] = rng.choice([-1.0, 1.0], (16, 1))
    return x, x[:, 0]


def random_network(rng, radius=0.8):
    """Twenty units; radius is about the largest absolute eigenvalue of W_h."""
    W_x, W_h, W_y = rng.standard_normal((1, 20)), rng.standard_normal((20, 20)), rng.standard_normal((20, 1))
    W_h, W_y = radius * W_h / np.sqrt(20), W_y / np.sqrt(20)
    return {"W_x": W_x, "W_h": W_h, "b": np.zeros(20), "W_y": W_y, "b_y": np.zeros(1)}


def loss_and_grads(params, x, target):
    """The mean squared error of the last output, all gradients, the states, and the gradient at the last of them."""
    W_x, W_h, b, W_y, b_y = params.values()
    h0 = np.zeros((len(x), 20))
    h = rnn_forward(x, h0, W_x, W_h, b)
    error = output_layer(h[:, -1], W_y, b_y) - target
    dy = 2 * error / len(x)
    dh = np.zeros_like(h)
    dh[:, -1] = dy @ W_y.T
    _, _, dW_x, dW_h, db = rnn_backward(dh, x, h0, h, W_x, W_h)
    grads = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": h[:, -1].T @ dy, "b_y": dy.sum(axis=0)}
    return np.mean(error**2), grads, h, dh[:, -1]


def in_one_row(grads):
    return np.concatenate([g.ravel() for g in grads.values()])


rng = np.random.default_rng(0)
gradients = [loss_and_grads(random_network(rng), *first_inputs(rng, 20))[1] for _ in range(20)]
thresholds = np.geomspace(1e-4, 10, 60)
ways = {
    "each entry by value": (lambda g, c: clip_by_value(g, -c, c), "tab:red"),
    "each array by its own norm": (lambda g, c: {name: clip_by_norm(a, c) for name, a in g.items()}, "tab:orange"),
    "all arrays as one, by norm": (lambda g, c: {"all": clip_by_norm(in_one_row(g), c)}, "tab:blue"),
}

fig, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.8), width_ratios=[1, 1.25], layout="constrained")
left.add_patch(plt.Rectangle((-1, -1), 2, 2, fill=False, linestyle="--", color="tab:red"))
left.add_patch(plt.Circle((0, 0), 1, fill=False, linestyle="--", color="tab:blue"))
for angle in np.deg2rad([8, 25, 55, 80, 110, 150, 200]):
    g = 2.2 * np.array([np.cos(angle), np.sin(angle)])
    for end, color, width in [
        (g, "lightgrey", 3),
        (clip_by_value({"g": g}, -1.0, 1.0)["g"], "tab:red", 1.5),
        (clip_by_norm(g, 1.0), "tab:blue", 1.5),
    ]:
        left.annotate("", end, (0, 0), arrowprops=dict(arrowstyle="-|>", color=color, linewidth=width))
left.set(xlim=(-2.4, 2.4), ylim=(-1.2, 2.4), aspect="equal", xlabel="entry 0 of the gradient", ylabel="entry 1")
left.set_title("Grey arrows are clipped: which turn?")
for label, (clip, color) in ways.items():
    shares, angles = [], []
    for c in thresholds:
        rows = [(in_one_row(g), in_one_row(clip(g, c))) for g in gradients]
        shares.append(np.median([np.linalg.norm(after) / np.linalg.norm(before) for before, after in rows]))
        cosines = [np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in rows]
        angles.append(np.median(np.rad2deg(np.arccos(np.minimum(1, cosines)))))
    right.semilogx(shares, angles, color=color, label=label)
right.set(xlim=(1.3, 1e-3), ylim=(-2, 75), xlabel="share of the length that is left", ylabel="turned by (degrees)")
right.set_title("How far is a network's gradient turned? (median of 20)")
right.legend(loc="upper left")
plt.show()

# %% [markdown]
# By value the arrows end on the square, and all have turned towards its corners: the larger entry is cut, the smaller
# is not. Where both are cut (at 55 degrees and at 150) the arrow ends in the very corner. By norm they end on the
# circle, and none turns.
#
# In a network it is worse, for most of its 461 entries are small and a few are large. Clipped by value to half its
# length, its gradient has turned by some 35 degrees, and by 50 in the end, when *every* entry is clipped and nothing
# but the signs is left. Each array by its own norm turns it, too, up to 30 degrees: inside an array all is kept, but
# the arrays' shares in the step are not. Only all arrays together keep the direction, and that is what you write next.

# %% [markdown]
# ## 3 · All gradients as one
#
# A step goes along all arrays at once, so it is their common direction that counts. Put all entries of all arrays in
# one row; its length is the **global norm**, and one factor serves all:
#
# $$g \leftarrow g\, \min\!\Big(1, \frac{\text{max\_norm}}{\lVert g \rVert}\Big), \qquad
# \lVert g \rVert = \sqrt{\textstyle\sum_{\text{arrays}} \sum_i g_i^2}.$$
#
# Return the norm, too, as it was before clipping: it is the best thing to watch in a training run.


# %% solution="clip_by_global_norm"
def clip_by_global_norm(grads, max_norm):
    """All gradients, shortened by one factor if together they are longer than max_norm.

    g * min(1, max_norm / norm), with norm the root of the sum of all squares (Pascanu, Mikolov & Bengio 2013)

    Parameters
    ----------
    grads : dict of name -> ndarray of any shape
        All of them may be zero. The dict and its arrays stay as they are.
    max_norm : float
        More than 0.

    Returns
    -------
    clipped : dict of name -> ndarray
        New arrays, with the names and shapes of grads.
    norm : float
        The norm of all gradients together, before clipping.

    Examples
    --------
    On paper: √(2² + 3² + 6²) = 7, and 3.5 is half of it.

    >>> clipped, norm = clip_by_global_norm({"W": np.array([[2.0, -3.0]]), "b": np.array([6.0])}, 3.5)
    >>> clipped["W"].tolist(), clipped["b"].tolist(), float(norm)
    ([[1.0, -1.5]], [3.0], 7.0)
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = max_norm / norm if norm > max_norm else 1.0
    return {name: g * factor for name, g in grads.items()}, norm
    ### END SOLUTION


# %% [markdown]
# ### Experiment: a walk at the edge of a cliff
#
# The smallest recurrent network there is: one unit, no input, a weight $w$ to itself and a bias $b$. It starts at 0.5,
# takes fifty steps, and should end at 0.4; the loss is $(h_{50} - 0.4)^2$. Two parameters: so one can see the loss as
# a landscape, as Pascanu, Mikolov & Bengio (2013) did.
#
# In the middle, walks downhill from one and the same starting point, 200 updates each, all with a learning rate of
# 0.05. It is one of fifty starting points, random ones in the white frame, and the one from which the longest step
# was taken. (Dark ground is high.) On the right, all fifty: how many have arrived?

# %% experiment=true
SILENCE = np.zeros((1, 50, 1))  # 50 steps without input


def walk(w, b, max_norm, updates=200, rate=0.05):
    """Gradient descent for many one-unit networks at once (units that do not talk): (updates, 4, networks).

    The four: w, b, the loss, and the norm of the gradient before clipping.
    """
    n, path = len(w), []
    W_x, h0 = np.zeros((1, n)), np.full((1, n), 0.5)
    for _ in range(updates):
        h = rnn_forward(SILENCE, h0, W_x, np.diag(w), b)
        dh = np.zeros_like(h)
        dh[:, -1] = 2 * (h[:, -1] - 0.4)
        _, _, _, dW_h, db = rnn_backward(dh, SILENCE, h0, h, W_x, np.diag(w))
        clipped = [clip_by_global_norm({"w": dW_h[k, [k]], "b": db[[k]]}, max_norm) for k in range(n)]
        path.append((w, b, (h[0, -1] - 0.4) ** 2, np.array([norm for _, norm in clipped])))
        w = w - rate * np.array([g["w"][0] for g, _ in clipped])
        b = b - rate * np.array([g["b"][0] for g, _ in clipped])
    return np.array(path)


rng = np.random.default_rng(0)
starts = rng.uniform(1.5, 2.0, 50), rng.uniform(-0.1, 0.3, 50)
walks = {max_norm: walk(*starts, max_norm) for max_norm in [np.inf, 1, 0.1]}

biases, weights = np.linspace(-0.8, 0.8, 161), np.linspace(0.6, 2.4, 121)
surface = []
for w in weights:  # a bias is an input that never changes
    constant = np.broadcast_to(biases[:, None, None], (161, 50, 1))
    h = rnn_forward(constant, np.full((161, 1), 0.5), np.eye(1), np.array([[w]]), np.zeros(1))
    surface.append((h[:, -1, 0] - 0.4) ** 2)
surface = np.array(surface)

farthest = np.abs(np.diff(walks[np.inf][:, :2], axis=0)).max(axis=(0, 1)).argmax()

fig = plt.figure(figsize=(13, 4.4), layout="constrained")
grid = fig.add_gridspec(1, 3, width_ratios=[1.1, 1.2, 1])
hill, seen, share = fig.add_subplot(grid[0], projection="3d"), fig.add_subplot(grid[1]), fig.add_subplot(grid[2])
hill.plot_surface(biases, weights[:, None], surface, cmap="Greys", vmin=-0.5, vmax=2.5, rcount=121, ccount=161)
hill.set(xlabel="bias $b$", ylabel="weight $w$", xticks=[-0.5, 0, 0.5], yticks=[1, 1.5, 2], zticks=[0, 1, 2])
hill.set_title("What does the loss look like?")
hill.view_init(elev=35, azim=-60)
seen.pcolormesh(biases, weights, surface, cmap="Greys", vmin=-0.5, vmax=2.5, shading="nearest")
seen.add_patch(plt.Rectangle((-0.1, 1.5), 0.4, 0.5, fill=False, color="white"))
for (max_norm, path), color in zip(walks.items(), ["tab:red", "tab:blue", "tab:orange"], strict=True):
    if max_norm != 0.1:
        seen.plot(path[:, 1, farthest], path[:, 0, farthest], "-o", color=color, markersize=3, linewidth=1)
    label = "not clipped" if max_norm == np.inf else f"max_norm = {max_norm}"
    share.plot((path[:, 2] < 0.01).sum(axis=1), color=color, label=label)
seen.set(
    xlim=(-0.8, 0.8), ylim=(0.6, 2.4), xlabel="bias $b$", ylabel="weight $w$", title="Who is thrown off the cliff?"
)
share.set(xlabel="update", ylabel="walks with a loss below 0.01", title="How many of 50 have arrived?", ylim=(-1, 51))
share.legend()
plt.show()

# %% [markdown]
# To the left of the wall the unit ends near -1, to the right of it near 1. The wall stands where the starting point,
# 0.5, is that fixed point of the loop from which it is driven away to either side: there the smallest change of $w$ or
# $b$ decides where fifty steps lead. Both walks slide down to the foot of the wall, step across it by accident, and
# zigzag from there on; so far they are much the same. Then, at update 34, the red one stands on the face of the wall.
# The gradient there is 556 long, and the step leads out of the picture, to $w = 13$ and $b = 25$, where the unit is at
# 1 whatever you do, the gradient is exactly 0, and the walk is over. No step of the blue one is longer than 0.05. It
# goes on along the wall, and arrives.
#
# That was no bad luck: 13 of the 50 walks do not arrive unclipped, and all of them do with a `max_norm` of 1. But with
# 0.1 nearly all are still on their way (they arrive after 1500 updates; try it). A threshold below the norms that are
# *usual* clips every step, and is then hardly more than a smaller learning rate. Pascanu, Mikolov & Bengio (2013) look
# at the average norm over many updates, and report that anything from half to ten times that average will do.

# %% [markdown]
# ### Experiment: does clipping help against vanishing, too?
#
# On the left the terms of assignment 02, $\partial L / \partial W_h$ taken apart by steps, for two networks of the red
# walk: the one it starts with, which is flat ground, and the one on the face of the wall. And the same terms after
# `clip_by_norm` of their sum, with 1 for both thresholds, so that the one is made longer and the other shorter.
#
# On the right networks in training, to name the first input again, after 5 steps, 20 and 40: three networks for
# each length, 200 updates, a learning rate of 0.15. Their gradients, all arrays as one, are left alone, or clipped
# from above, or from both sides.


# %% experiment=true
def terms_of_the_walk(update):
    """One network of the red walk: the size of each step's term of ∂L/∂W_h, and what clipping multiplies them by."""
    w, b, _, _ = walks[np.inf][update, :, farthest]
    W_h, h0 = np.array([[w]]), np.full((1, 1), 0.5)
    h = rnn_forward(SILENCE, h0, np.zeros((1, 1)), W_h, np.array([b]))
    terms = gradient_contributions(2 * (h[:, -1] - 0.4), SILENCE, h0, h, W_h)
    whole = terms.sum(axis=0)
    return np.abs(terms[:, 0, 0]), (clip_by_norm(whole, 1.0, 1.0) / whole).item()


def clipped_together(grads, upper, lower):
    """clip_by_norm for all arrays as one."""
    row = in_one_row(grads)
    factor = np.linalg.norm(clip_by_norm(row, upper, lower)) / np.linalg.norm(row)
    return {name: factor * g for name, g in grads.items()}


def learn(T, seed, upper, lower, updates=200, rate=0.15):
    rng = np.random.default_rng(seed)
    params, losses = random_network(rng), []
    for _ in range(updates):
        loss, grads, _, _ = loss_and_grads(params, *first_inputs(rng, T))
        losses.append(loss)
        if upper is not None:
            grads = clipped_together(grads, upper, lower)
        params = {name: params[name] - rate * grads[name] for name in params}
    return np.mean(losses[-20:])


fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
thrown = np.abs(np.diff(walks[np.inf][:, :2, farthest], axis=0)).sum(axis=1).argmax()
for update, color in [(0, "tab:blue"), (thrown, "tab:red")]:
    terms, factor = terms_of_the_walk(update)
    left.semilogy(terms, color=color, label=f"update {update}, as it is")
    left.semilogy(factor * terms, "--", color=color, label=f"clipped: times {factor:.2g}")
left.set(
    xlabel="step $k$", ylabel="norm of step $k$'s term of ∂L/∂$W_h$", title="What does clipping do to the early steps?"
)
left.legend(loc="lower right")
lengths = [5, 20, 40]
for shift, (label, upper, lower, color) in enumerate(
    [
        ("left alone", None, None, "tab:red"),
        ("above 1 clipped", 1.0, None, "tab:blue"),
        ("below 0.5 raised, too", 1.0, 0.5, "tab:green"),
    ]
):
    with np.errstate(all="ignore"):  # some explode
        losses = np.array([[learn(T, seed, upper, lower) for T in lengths] for seed in range(3)])
    for row in losses:
        right.semilogy(np.arange(3) + 0.2 * (shift - 1), np.fmin(row, 10), "o", color=color, label=label)
        label = None
right.set_ylim(1e-4, 1e3)
right.text(-0.27, 1.2, "always 0 for an answer", fontsize=9)
right.axhline(1, color="black", linewidth=0.8, linestyle="--")
right.set_xticks(range(3), lengths)
right.set(
    xlabel="steps to remember, $T$",
    ylabel="loss of the last 20 updates (10 or more: at 10)",
    title="Who learns to remember?",
)
right.legend()
plt.show()

# %% [markdown]
# On the left, clipping multiplies all terms by one number: on this axis a curve moves up or down, and keeps its shape.
# In the vanishing gradient the first step's term is 3e-32 of the last one's, before and after. Whoever raises it to a
# norm of 1 only makes the last few steps louder. (In the exploding one it is the early steps that speak, and all of
# them more softly.)
#
# On the right it is the same in training. At 20 steps all three networks that are left alone explode, and all that are
# clipped learn. At 40 steps two of three learn nothing, clipped or not, and the lower threshold changes nothing about
# it. What it does do is put a floor under the loss: near a minimum gradients have to become small, and it makes them
# long again. No network comes below 0.003 with it; without it the best come to 0.0002. Clipping is a remedy against
# steps that are too long. Against vanishing gradients one needs another network: assignments 06 and 07.

# %% [markdown]
# ## 4 · When did it happen?
#
# A run that explodes overnight leaves two histories behind, the losses and the gradient norms (before clipping), and
# a question: at which update did it begin? Look for the first at which
#
# - the loss or the norm is no finite number, or
# - the norm is more than `factor` times **the median of all earlier norms**. (Why the median? Healthy runs have a
#   large norm now and then; it moves their mean, and their median hardly.)
#
# Mind NaN. It is neither above nor below anything, nor equal to anything, itself included; so every `<`, `>` and `==`
# with it is False, and it walks past most watchmen.


# %% solution="detect_explosion"
def detect_explosion(losses, norms, factor):
    """The first update at which a training run exploded, or None.

    the first t at which losses[t] or norms[t] is not finite, or norms[t] > factor * median(norms[0], ..., norms[t-1])

    Parameters
    ----------
    losses, norms : ndarray of shape (T,)
        The loss and the gradient norm of each update; T counts updates here. They may hold NaN and infinities.
    factor : float
        More than 0.

    Returns
    -------
    step : int or None
        None if nothing exploded. At the first update there are no earlier norms: only what is not finite counts.

    Examples
    --------
    On paper: the median of 1, 3, 2 is 2, and 9 > 4 · 2. (Before that: 3 < 4 · 1, and 2 < 4 · 2, for the median of two
    numbers is their mean.)

    >>> detect_explosion(np.array([2.0, 1.5, 1.2, 1.1]), np.array([1.0, 3.0, 2.0, 9.0]), 4.0)
    3
    >>> detect_explosion(np.array([2.0, np.nan, np.nan]), np.array([1.0, 1.0, np.nan]), 4.0)
    1
    >>> print(detect_explosion(np.array([2.0, 1.5]), np.array([100.0, 1.0]), 4.0))
    None
    """
    ### BEGIN SOLUTION
    for t in range(len(losses)):
        if not (np.isfinite(losses[t]) and np.isfinite(norms[t])):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None
    ### END SOLUTION


# %% [markdown]
# ### Experiment: four runs, and what became of them
#
# Networks of twenty units learn once more to name the first input, now after thirty steps and with a learning rate of
# 0.08. Four of them, each trained twice from the same start and with the same sequences: as it is, and with
# `clip_by_global_norm` at 1. Your watchman looks for norms above fifty medians. Below, network 1, which explodes
# *after* it has learnt, and what your functions of assignment 02 find at four of its updates. (The diagnosis is that
# of assignment 02: relative to the last step, less than a thousandth anywhere, or more than a hundredfold?)


# %% experiment=true
def train(seed, max_norm=None, updates=480, rate=0.08):
    """For each update the loss, the gradient's norm before clipping, dW_h, and what gradient_norms needs."""
    rng = np.random.default_rng(seed)
    params, history = random_network(rng, radius=1.0), []
    for _ in range(updates):
        loss, grads, h, dh_last = loss_and_grads(params, *first_inputs(rng, 30))
        history.append((loss, np.linalg.norm(in_one_row(grads)), grads["W_h"], (dh_last, h, params["W_h"])))
        if max_norm is not None:
            grads, _ = clip_by_global_norm(grads, max_norm)
        params = {name: params[name] - rate * grads[name] for name in params}
    losses, norms, recurrent, states = zip(*history, strict=True)
    return np.array(losses), np.array(norms), recurrent, states


with np.errstate(all="ignore"):  # infinity - infinity is what we are here for
    runs = {max_norm: [train(seed, max_norm)[:2] for seed in range(4)] for max_norm in [None, 1.0]}
    _, _, recurrent, states = train(1, updates=61)

fig, ((above, loss_ax), (steps_ax, entries_ax)) = plt.subplots(2, 2, figsize=(12, 7.6), layout="constrained")
for (max_norm, several), color in zip(runs.items(), ["tab:red", "tab:blue"], strict=True):
    for seed, (losses, norms) in enumerate(several):
        step, finite = detect_explosion(losses, norms, 50.0), np.isfinite(losses)
        print(f"network {seed}, {'clipped' if max_norm else 'as it is'}:", end=" ")
        print("no explosion" if step is None else f"explodes at update {step}, norm {norms[step]:.0f}", end="; ")
        print(f"loss {losses[-1]:.1g} in the end" if finite.all() else f"no finite loss from {finite.argmin()} on")
        style = dict(color=color, linewidth=1.2 if seed == 1 else 0.6, alpha=1 if seed == 1 else 0.4)
        label = ("clipped" if max_norm else "as it is") + ": network 1" if seed == 1 else None
        for ax, history in [(loss_ax, losses), (above, norms)]:
            ax.semilogy(np.minimum(history, 1e8), label=label, **style)
        if seed == 1 and step is not None:
            above.plot(step, norms[step], "v", color="black", markersize=8, label="found by detect_explosion")
            loss_ax.axvline(finite.argmin(), color="black", linestyle=":", label="no finite loss from here on")
above.set(ylim=(1e-3, 1e8), ylabel="gradient norm before clipping", title="Which runs explode?")
loss_ax.set(ylim=(1e-5, 1e8), ylabel="loss", title="Which runs learn?")
for ax in (above, loss_ax):
    ax.set_xlabel("update")
    ax.legend(loc="upper right")
for update, color in [(5, "tab:green"), (38, "tab:blue"), (39, "tab:red"), (60, "black")]:
    by_step = gradient_norms(*states[update])
    relative, sizes = by_step / by_step[-1], np.abs(recurrent[update])
    diagnosis = diagnose_gradients(relative, 1e-3, 1e2)
    steps_ax.semilogy(relative, color=color, label=f"update {update}: {diagnosis}")
    label = f"update {update}" + ("" if sizes.any() else ": all are 0")
    sizes = np.log10(sizes[sizes > 0])
    entries_ax.hist(sizes, np.arange(-6, 3, 0.25), histtype="step", linewidth=1.5, color=color, label=label)
steps_ax.set(ylim=(1e-5, 1e6), xlabel="step $t$", ylabel="‖∂L/∂h_t‖, relative to the last step")
steps_ax.set_title("Network 1 as it is: what does the diagnosis say?")
entries_ax.set(xlim=(-6, 4), ylim=(0, 130), xlabel="log10 of an entry of dW_h, absolute", ylabel="entries of 400")
entries_ax.set_title("Network 1 as it is: a few large entries, or all of them?")
steps_ax.legend()
entries_ax.legend()
plt.show()

# %% [markdown]
# Network 1 learns within ten updates to name the first input. At update 38 its loss is 0.0004, and its gradient
# *vanishes*: a network that holds on to an answer draws all states near that answer to one place, and where they came
# from no longer matters (Bengio, Simard & Frasconi 1994). One update later, one of the 16 sequences leaves it hanging
# in the middle, between the two answers. The gradient grows at every step back, 1800-fold over the thirty, and *all*
# entries of `dW_h` are larger than at the update before, half of them more than three thousandfold. That is the face
# of the wall, in 461 dimensions: in the middle of a good run, and without any warning.
#
# One step along that gradient takes the spectral radius of `W_h` from 1.45 to 15. Nearly all units sit at -1 or 1 from
# now on, and the output layer, which hears twenty units shouting, overshoots at each update by more than at the one
# before. At update 60 tanh is so flat that `dW_h` is exactly 0, "vanishing" once more; and still the loss grows, until
# it is no number, 425 updates after the explosion. Who waits for the NaN will look for the mistake in the wrong place.
# Your watchman finds the update itself.
#
# Clipped, all four learn. Their norms still jump now and then, and so do their losses (0.25 is one wrong answer in 16):
# the walls are still there, but nobody is thrown off them any more.

# %% [markdown]
# ## 5 · In your own words
#
# **(a)** (3 points) A colleague's network shall learn which verb goes with a subject sixty words before. Its loss does
# not move. She finds that the gradient's norm is about 0.02 at every update, and adds a lower threshold: what is
# shorter than 1 is made as long as 1. Now the loss jumps about, and the network learns no more than before. Explain
# both, with the help of the third experiment. How could she have found out, with a function of assignment 02, that the
# norm of the whole gradient is the wrong thing to look at?
#
# **(b)** (2 points) Another colleague plays safe: he clips by value, to [-1e-6, 1e-6], in a network whose gradients
# have entries of about 0.01. What does his step consist of now, and what has become of the gradient's direction? What
# would his step be if he clipped all arrays together, to a norm just as small?

# %% [markdown] written="thresholds" points=5
# **Model answer.** (a) The gradient is a sum of terms, one for each step. The norm of 0.02 is that of the last few
# terms; those of the early steps are smaller by many orders of magnitude. Rescaling multiplies all terms by the same
# factor, here 50: the subject's share stays what it was, next to nothing, so nothing more is learnt of it. The loss
# jumps about since every step is now at least as long as a gradient of norm 1 makes it, in a direction that mostly
# concerns the last words and the noise of the batch; near a minimum, where steps have to become short, it cannot
# settle. `gradient_norms` (or `gradient_contributions`) shows the norm at each step, and would have fallen
# geometrically towards the early ones; `diagnose_gradients` would have called it vanishing.
#
# (b) Practically every entry is out of range, so that every entry becomes 1e-6 or -1e-6: the step consists of the signs
# alone. A weight with a gradient of 0.05 moves as far as one with 0.0001, and the direction is lost: in the first
# experiment it turned by some 50 degrees. (It still leads downhill.) Clipped together, the gradient would keep its
# direction, and all steps would have one length, the learning rate times max_norm.
#
# **Marks.** (a) 1 for "one factor for all terms, so the early steps' share stays the same"; 1 for a reason why the loss
# jumps (steps cannot become short; late steps and noise are amplified); 1 for `gradient_norms` or
# `gradient_contributions`, with what it would show. (b) 1 for "only the signs are left" with the consequence that the
# direction is lost; 1 for "same direction, constant length". That both make learning slow may be added, but earns
# nothing by itself.

# %% [markdown]
# ## Sources
#
# - Bengio, Simard & Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE
#   Transactions on Neural Networks 5(2): gradients that explode and vanish, and units that latch.
# - Goodfellow, Bengio & Courville (2016), *Deep learning*, MIT Press, section 10.11.1: clipping.
# - Mikolov (2012), *Statistical language models based on neural networks*, PhD thesis, Brno University of Technology:
#   clipping by value.
# - Pascanu, Mikolov & Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML: clipping by norm,
#   and the cliff.
