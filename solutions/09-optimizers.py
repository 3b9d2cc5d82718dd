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
# # 09 · Optimizers and the training loop
#
# So far you have worked out gradients; now you walk. You write the four optimizers that nearly all networks are trained
# with, and the loop around them: batches, early stopping, the best weights. At the end you train a recurrent network
# with nothing but your own code, and know what each number that you have to choose does.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# - **`params`** and **`grads`** are dicts of arrays with the same names, *in any order*, and of any shapes: `W_x` may
#   be a matrix and `gain` a single number, `np.array(1.5)`. What you return is a new dict with the same names.
# - **`state`** is what an optimizer remembers from one step to the next. It is `{}` before the first step: what is
#   missing counts as zero. A function gets the old state and returns the new one.
# - Functions are pure: no array and no dict of the caller's is changed. A `-=` on an array changes it for everybody.
# - **`lr`**, the learning rate, may be another one at every step.
#
# Four traps, for when you read elsewhere:
#
# - **Where lr stands.** PyTorch's velocity is made of gradients, and `lr` multiplies it when the step is taken; so does
#   yours. In Keras, and in Sutskever et al. (2013), `lr` is in the velocity, and the velocity points downhill. With a
#   constant `lr` the weights are the same.
# - **Where eps stands.** Outside of the root, here, in the paper's algorithm and in PyTorch. TensorFlow adds it before
#   the correction: the same letter, another number.
# - **Two things are called weight decay.** `Adam(weight_decay=...)` of PyTorch adds it to the gradient (L2), which Adam
#   then divides away; `AdamW` shrinks the weights themselves, as you will.
# - **Keras's `EarlyStopping` returns the last weights**, unless told `restore_best_weights=True`.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, output_layer = carry("01-rnn", "rnn_forward", "output_layer")
rnn_backward = carry("02-bptt", "rnn_backward")
xavier_uniform, orthogonal = carry("05-initializers", "xavier_uniform", "orthogonal")

# %% [markdown]
# ## Recap: why not just downhill?
#
# The gradient $g$ of the loss says in which direction it rises fastest, so that a small step against it makes the loss
# smaller (Robbins & Monro 1951 for gradients that are noisy, since they come from a few examples):
#
# $$\theta \leftarrow \theta - \mathrm{lr} \cdot g.$$
#
# How small is small? Think of a ravine, steep across and flat along. Whatever is larger than 2 over the curvature
# *across* makes you climb the walls, higher at every step; whatever is smaller takes for ever *along*. Two ideas help.
#
# **Momentum** (Polyak 1964). A heavy ball does not turn at every stone: across, the gradients change their sign and
# cancel; along, they add up,
#
# $$v \leftarrow \mu v + g, \qquad \theta \leftarrow \theta - \mathrm{lr} \cdot v.$$
#
# **A rate for every weight.** Divide each entry of the gradient by its usual size, so that steep directions and flat
# ones are walked alike. RMSprop (Hinton 2012) keeps a running mean of the squares. Adam (Kingma & Ba 2015) does that
# and keeps a running mean of the gradients as well.

# %% [markdown]
# ## 1 · Plain steps
#
# The equation above, for every name.


# %% solution="sgd_step"
def sgd_step(params, grads, lr):
    """One step straight down the gradient.

    θ <- θ - lr g

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
        The same names, in any order.
    lr : float

    Returns
    -------
    params : dict of name -> ndarray
        A new dict of new arrays.

    Examples
    --------
    On paper: 1 - 0.1 · 2 = 0.8, and 3 - 0.1 · (-5) = 3.5.

    >>> new = sgd_step({"w": np.array([1.0, 3.0])}, {"w": np.array([2.0, -5.0])}, 0.1)
    >>> new["w"]
    array([0.8, 3.5])
    """
    ### BEGIN SOLUTION
    return {name: params[name] - lr * grads[name] for name in params}
    ### END SOLUTION


# %% [markdown]
# ## 2 · Momentum
#
# The velocity is the first thing that an optimizer has to remember. If the gradient stays the same for long, where does
# the velocity go? Work it out for $\mu = 0.9$ before you go on: it tells you by how much to lower `lr` when you switch
# momentum on.


# %% solution="momentum_step"
def momentum_step(params, grads, state, lr, momentum):
    """One step of the heavy ball.

    v <- momentum v + g;  θ <- θ - lr v    (Polyak 1964)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
        The same names, in any order.
    state : dict, {} or {"v": dict like params}
    lr : float
    momentum : float
        What is kept of the velocity, 0 to 1.

    Returns
    -------
    params : dict of name -> ndarray
    state : {"v": dict like params}

    Examples
    --------
    On paper: v = 2, θ = 1 - 0.1 · 2 = 0.8; then v = 0.9 · 2 + 2 = 3.8 and θ = 0.8 - 0.1 · 3.8 = 0.42.

    >>> g = {"w": np.array([2.0])}
    >>> params, state = momentum_step({"w": np.array([1.0])}, g, {}, 0.1, 0.9)
    >>> params, state = momentum_step(params, g, state, 0.1, 0.9)
    >>> params["w"].round(6), state["v"]["w"].round(6)
    (array([0.42]), array([3.8]))
    """
    ### BEGIN SOLUTION
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, {"v": v}
    ### END SOLUTION


# %% [markdown]
# ## 3 · RMSprop
#
# Hinton showed it on a slide (lecture 6e of his course) and never published it: divide by the root of a running mean of
# squares, entry by entry,
#
# $$s \leftarrow \beta s + (1 - \beta)\, g^2, \qquad
# \theta \leftarrow \theta - \mathrm{lr} \frac{g}{\sqrt{s} + \epsilon}.$$
#
# The small $\epsilon$ keeps you from dividing by zero where nothing has happened yet.


# %% solution="rmsprop_step"
def rmsprop_step(params, grads, state, lr, beta, eps):
    """One step in which every entry is measured by its own usual size.

    s <- beta s + (1 - beta) g²;  θ <- θ - lr g / (√s + eps)    (Hinton 2012)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
        The same names, in any order.
    state : dict, {} or {"s": dict like params}
    lr : float
    beta : float
        What the old mean weighs, 0 to 1.
    eps : float

    Returns
    -------
    params : dict of name -> ndarray
    state : {"s": dict like params}

    Examples
    --------
    On paper: s = 0.25 · 4² = 4, and θ = 1 - 0.5 · 4 / (2 + 2) = 0.5.

    >>> params, state = rmsprop_step({"w": np.array([1.0])}, {"w": np.array([4.0])}, {}, 0.5, 0.75, 2.0)
    >>> params["w"], state["s"]["w"]
    (array([0.5]), array([4.]))
    """
    ### BEGIN SOLUTION
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}
    ### END SOLUTION


# %% [markdown]
# ## 4 · Adam
#
# Both ideas at once, and a third. $m$ is a running mean of the gradients, $v$ one of their squares; both start from
# zero, which is no gradient that anybody has seen, and for a while they are too small. By how much? If $g$ were
# constant, $m$ after $t$ steps would be $(1 - \beta_1^t)\, g$. So divide by that:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \quad
# \hat m = \frac{m}{1 - \beta_1^t}, \quad \hat v = \frac{v}{1 - \beta_2^t},$$
#
# $$\theta \leftarrow \theta - \mathrm{lr} \frac{\hat m}{\sqrt{\hat v} + \epsilon} - \mathrm{lr}\, \lambda\, \theta.$$
#
# The last term is weight decay as Loshchilov & Hutter (2019) want it, **decoupled**: it does not pass through $m$ and
# $v$, which would divide it by the gradient's size, so that weights with large gradients would hardly decay at all.


# %% solution="adam_step"
def adam_step(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    """One step of Adam, or with weight_decay of AdamW.

    t <- t + 1;  m <- β1 m + (1 - β1) g;  v <- β2 v + (1 - β2) g²;  m̂ = m / (1 - β1^t);  v̂ = v / (1 - β2^t)
    θ <- θ - lr m̂ / (√v̂ + eps) - lr weight_decay θ    (Kingma & Ba 2015; Loshchilov & Hutter 2019)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
        The same names, in any order.
    state : dict, {} or {"m": dict like params, "v": dict like params, "t": int}
        t is the number of steps taken: of calls, whatever the number of names.
    lr, beta1, beta2, eps : float
    weight_decay : float
        Its share of the θ that the step starts from.

    Returns
    -------
    params : dict of name -> ndarray
    state : {"m": dict like params, "v": dict like params, "t": int}
        m and v as they are, without the correction.

    Examples
    --------
    On paper: m = 0.5 · 4 = 2 and v = 0.25 · 4² = 4. Corrected they are 2 / 0.5 = 4 and 4 / 0.25 = 16, so that
    θ = 1 - 0.5 · 4 / (4 + 4) = 0.75; with a decay of 0.25 another 0.5 · 0.25 · 1 less.

    >>> w, g = {"w": np.array([1.0])}, {"w": np.array([4.0])}
    >>> params, state = adam_step(w, g, {}, 0.5, 0.5, 0.75, 4.0)
    >>> params["w"], state["m"]["w"], state["v"]["w"], state["t"]
    (array([0.75]), array([2.]), array([4.]), 1)
    >>> adam_step(w, g, {}, 0.5, 0.5, 0.75, 4.0, 0.25)[0]["w"]
    array([0.625])
    """
    ### BEGIN SOLUTION
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, theta in params.items():
        g = grads[name]
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = theta - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * theta
    return moved, {"m": m, "v": v, "t": t}
    ### END SOLUTION


# %% [markdown]
# ### Experiment: four ways through a ravine
#
# The loss is $\frac12 (x^2 + 40 y^2)$: across it is forty times as curved as along. All four start at the cross and
# take 40 steps. The rates are not tuned to the last digit, but they are what each can bear here. Which of them goes
# straight? Which overshoots?

# %% experiment=true
from functools import partial

import matplotlib.pyplot as plt

STEPS = 40
curvature = np.array([1.0, 40.0])
optimizers = {
    "SGD, lr = 0.047": lambda p, g, state: (sgd_step(p, g, 0.047), state),
    "momentum 0.8, lr = 0.02": partial(momentum_step, lr=0.02, momentum=0.8),
    "RMSprop, lr = 0.12": partial(rmsprop_step, lr=0.12, beta=0.9, eps=1e-8),
    "Adam, lr = 0.3": partial(adam_step, lr=0.3, beta1=0.9, beta2=0.99, eps=1e-8),
}
x, y = np.meshgrid(np.linspace(-4.5, 1.5, 200), np.linspace(-1.4, 1.4, 200))
surface = 0.5 * (curvature[0] * x**2 + curvature[1] * y**2)

fig, axes = plt.subplots(2, 2, figsize=(11, 6), sharex=True, sharey=True, layout="constrained")
for ax, (name, step) in zip(axes.flat, optimizers.items(), strict=True):
    params, state, path = {"w": np.array([-4.0, 1.0])}, {}, [np.array([-4.0, 1.0])]
    for _ in range(STEPS):
        params, state = step(params, {"w": curvature * params["w"]}, state)
        path.append(params["w"])
    path = np.array(path)
    final = 0.5 * np.sum(curvature * path[-1] ** 2)
    ax.contour(x, y, surface, levels=np.geomspace(0.05, 40, 12), cmap="Greys", linewidths=0.7)
    ax.plot(*path.T, ".-", color="tab:blue", linewidth=1, markersize=4)
    ax.plot(*path[0], "x", color="black", markersize=9, markeredgewidth=2)
    ax.plot(0, 0, "*", color="tab:red", markersize=12)
    ax.set_title(f"{name}: loss {final:.2g} after {STEPS} steps")
for ax in axes[1]:
    ax.set_xlabel("$x$, along the ravine")
for ax in axes[:, 0]:
    ax.set_ylabel("$y$, across")
fig.suptitle("How do they get from the cross to the star?")
plt.show()

# %% [markdown]
# SGD is where it has to be small for the walls' sake, 2/40 being the limit, and so it creeps along. The ball swings,
# but what it swings across cancels, and what it gains along adds up: with a smaller rate it comes closer by far.
# RMSprop measures both directions by their own gradients and goes the same way in both, until the wall is no longer
# felt; then every step is about `lr` long, for better (on the way) and for worse (at the end). Adam does the same with
# a memory of its direction, and overshoots like the ball.
#
# Do not take the ranking home. This ravine lies along the axes, and a rate for every axis is just what it needs. Turned
# by 45 degrees it has the same curvature along both axes, and what is left of the advantage? Try it: replace the
# gradient by that of $\frac12 u^2 + 20 v^2$ with $u = (x + y)/\sqrt2$ and $v = (y - x)/\sqrt2$.

# %% [markdown]
# ### Experiment: what is the correction good for?
#
# One weight, gradients of mean 1 with some noise, and Adam with its usual $\beta_1 = 0.9$ and $\beta_2 = 0.999$. Left:
# the two running means as your function keeps them, and what they are after the correction; both should tell the
# gradient's size, which is about 1. Right: how long the steps are, in units of `lr`, and how long they would be with
# the uncorrected means. Too short at first, because $m$ is too small? Or too long? Decide before you run the cell.

# %% experiment=true
STEPS, lr, beta1, beta2 = 3000, 0.001, 0.9, 0.999
rng = np.random.default_rng(0)
params, state, rows = {"w": np.array(0.0)}, {}, []
for t in range(1, STEPS + 1):
    new, state = adam_step(params, {"w": np.array(1 + 0.3 * rng.standard_normal())}, state, lr, beta1, beta2, 1e-8)
    m, v = float(state["m"]["w"]), float(state["v"]["w"])
    rows.append([m, np.sqrt(v), m / (1 - beta1**t), np.sqrt(v / (1 - beta2**t)), float(params["w"] - new["w"]) / lr])
    params = new
m, root_v, m_hat, root_v_hat, length = np.array(rows).T
t = np.arange(1, STEPS + 1)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.semilogx(t, m, "--", color="tab:blue", label="$m$")
left.semilogx(t, m_hat, color="tab:blue", label=r"$\hat m$")
left.semilogx(t, root_v, "--", color="tab:orange", label=r"$\sqrt{v}$")
left.semilogx(t, root_v_hat, color="tab:orange", label=r"$\sqrt{\hat v}$")
left.set(
    title="How large do the means take the gradient to be?", xlabel="step $t$", ylabel="running mean", ylim=(0, 1.6)
)
left.legend(loc="lower right")
right.semilogx(t, m / root_v, "--", color="tab:red", label="without the correction")
right.semilogx(t, length, color="tab:green", label="your adam_step")
right.set(title="How long are the steps?", xlabel="step $t$", ylabel="step / lr", ylim=(0, 8))
right.legend()
plt.show()

# %% [markdown]
# Both means start far too low, but $m$, with its short memory, is right after some 30 steps, while $\sqrt v$ needs
# thousands: dividing by it makes the first steps too **long**, up to six times, just when the network knows least and
# the gradients are largest. With the correction every step has length `lr`, from the first one on. If you have ever
# seen a training run jump away in its first steps and come back slowly, you have seen a missing correction, or a
# missing warm-up, which is another cure for the same thing.

# %% [markdown]
# ## 5 · Batches
#
# A gradient from all of the data is exact and dear; one from a few examples is noisy and cheap. So an **epoch**, one
# walk through the data, is cut into batches. The order is random and a new one each time: data often come sorted, and
# the network would chase its own tail, one class after the other.


# %% solution="minibatches"
def minibatches(rng, n, batch_size):
    """All n examples in a random order, in batches.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of random numbers.
    n : int
    batch_size : int, at least 1

    Returns
    -------
    batches : list of ndarray of int of shape (b,)
        Every index from 0 to n-1 in exactly one of them. All have batch_size entries but the last one, which has what
        is left. [] if n is 0.

    Examples
    --------
    Which index comes where depends on how you draw; the sizes do not.

    >>> batches = minibatches(np.random.default_rng(0), 7, 3)
    >>> [len(batch) for batch in batches]
    [3, 3, 1]
    >>> sorted(int(i) for batch in batches for i in batch)
    [0, 1, 2, 3, 4, 5, 6]
    """
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
    ### END SOLUTION


# %% [markdown]
# ## 6 · When is it enough?
#
# The loss on the training data nearly always goes on falling. What you want is a network that does well on *new* data,
# so you keep some aside, the **validation** data, and look at them after every epoch. When nothing has become better
# for some epochs, its **patience**, you stop (Prechelt 1998).
#
# An accuracy should become large, a loss small: that is the `mode`. Gains smaller than `min_delta` do not count. And a
# metric that is NaN is never better than anything.


# %% solution="EarlyStopping"
class EarlyStopping:
    """Says when a metric has not become better for too long.

    Better means metric < best - min_delta with mode "min", and metric > best + min_delta with mode "max".
    If a metric is better, it becomes the best, and the count of those that were not starts anew.

    Parameters
    ----------
    patience : int
        update returns True at the patience-th metric in a row that is no better, and at every further one.
    mode : "min" or "max"
        ValueError for anything else.
    min_delta : float

    Attributes
    ----------
    best : float
        The best metric so far. Before the first update: +inf with mode "min", -inf with mode "max".

    update(metric) takes notice of the next metric and returns a bool, True if it is time to stop. Whoever goes on all
    the same gets answers by the same rule.

    Examples
    --------
    With patience 2, the second in a row that is no better is one too many; as good (the second 4) is no better.

    >>> stopping = EarlyStopping(2)
    >>> [stopping.update(metric) for metric in [5.0, 4.0, 4.0, 3.0, 3.5, 3.5, 2.0]]
    [False, False, False, False, False, True, False]
    >>> stopping.best
    2.0
    """

    def __init__(self, patience, mode="min", min_delta=0.0):
        ### BEGIN SOLUTION
        if mode not in ("min", "max"):
            raise ValueError(f"mode is {mode!r}, expected min or max")
        self.patience, self.mode, self.min_delta = patience, mode, min_delta
        self.best = np.inf if mode == "min" else -np.inf
        self.count = 0
        ### END SOLUTION

    def update(self, metric):
        ### BEGIN SOLUTION
        better = metric < self.best - self.min_delta if self.mode == "min" else metric > self.best + self.min_delta
        if better:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience
        ### END SOLUTION


# %% [markdown]
# ## 7 · The loop
#
# Everything comes together. One epoch: draw batches; for each, the loss and the gradients of *its* rows, one step, the
# state handed on. Then one look at the validation data, without a step. Write both losses down, keep the parameters if
# they are the best so far, and ask whether it is time to stop.
#
# Two things are easily got wrong. The epoch's loss is the mean over its **rows**, so that a short batch weighs less.
# And what you return are the parameters of the **best** epoch: when patience has run out, the last ones are worse.


# %% solution="fit"
def fit(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    """Train in epochs of minibatches until the validation loss has not improved for `patience` epochs.

    Parameters
    ----------
    params : dict of name -> ndarray
    loss_and_grads : function
        loss_and_grads(params, x, y) returns the mean loss over the rows of x and y, and the gradients, a dict.
    data, validation : tuple of x and y
        Arrays with rows on the first axis, as many in x as in y.
    step : function
        step(params, grads, state) returns the new params and the new state. The first state is {}.
    rng : numpy.random.Generator
        What the batches of every epoch are drawn from.
    epochs : int
        At most so many.
    batch_size, patience : int

    Returns
    -------
    params : dict of name -> ndarray
        Those after the epoch with the lowest validation loss: the first of equals, and those given if no epoch's was
        below +inf, or epochs is 0.
    history : {"loss": list of float, "validation_loss": list of float}
        A number for each epoch that was run. An epoch's loss is the mean over its rows of the losses seen on the way,
        before each step.

    Examples
    --------
    The loss is w², wherever the rows come from, and a step makes w smaller by 1. From 2 it goes to 1, 0, -1, -2: the
    losses before each step are 4, 1, 0, 1, those after it 1, 0, 1, 4, and after two that are no better it is enough.

    >>> def loss_and_grads(params, x, y):
    ...     return float(params["w"] ** 2), {"w": np.array(1.0)}
    >>> def step(params, grads, state):
    ...     return {"w": params["w"] - grads["w"]}, state
    >>> rows, rng = (np.zeros((3, 1)), np.zeros(3)), np.random.default_rng(0)
    >>> params, history = fit({"w": np.array(2.0)}, loss_and_grads, rows, rows, step, rng, 9, 3, 2)
    >>> history
    {'loss': [4.0, 1.0, 0.0, 1.0], 'validation_loss': [1.0, 0.0, 1.0, 4.0]}
    >>> float(params["w"])
    0.0
    """
    ### BEGIN SOLUTION
    x, y = data
    stopping, state, best = EarlyStopping(patience), {}, params
    history = {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(float(total / len(x)))
        history["validation_loss"].append(float(validation_loss))
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return {name: np.array(theta) for name, theta in best.items()}, history
    ### END SOLUTION


# %% [markdown]
# ### Experiment: which learning rate?
#
# Now a real network, with your cells of 01, your backward of 02, and your `fit`. The task is the **adding problem**
# (Hochreiter & Schmidhuber 1997), in short: of six numbers two are marked, and after the last step the network should
# say their sum. Whoever says 1 each time has a mean squared error of 1/6. Four optimizers, each with rates from far too
# small to far too large, eight epochs each. Some twenty seconds at most.

# %% experiment=true
T, H = 6, 16


def adding_problem(rng, n):
    """x (n, T, 2): a number and a mark, which two steps of each row carry; y (n,): the sum of the marked numbers."""
    numbers, marks = rng.random((n, T)), np.zeros((n, T))
    marks[np.arange(n), rng.integers(0, T // 2, n)] = 1
    marks[np.arange(n), rng.integers(T // 2, T, n)] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1)


def first_weights(rng):
    weights = {"W_x": xavier_uniform(rng, (2, H)), "W_h": orthogonal(rng, (H, H)), "b": np.zeros(H)}
    return weights | {"W_y": xavier_uniform(rng, (H, 1)), "b_y": np.array([1.0])}


def squared_error(params, x, y):
    """Mean squared error of what the output layer says after the last step, and all gradients."""
    h0 = np.zeros((len(x), len(params["W_h"])))
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    error = output_layer(h[:, -1], params["W_y"], params["b_y"])[:, 0] - y
    dy = 2 * error[:, np.newaxis] / len(x)
    dh = np.zeros_like(h)
    dh[:, -1] = dy @ params["W_y"].T
    _, _, dW_x, dW_h, db = rnn_backward(dh, x, h0, h, params["W_x"], params["W_h"])
    return np.mean(error**2), {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": h[:, -1].T @ dy, "b_y": dy.sum(axis=0)}


def plain_step(params, grads, state, lr):
    return sgd_step(params, grads, lr), state


kinds = {
    "SGD": plain_step,
    "momentum 0.9": partial(momentum_step, momentum=0.9),
    "RMSprop": partial(rmsprop_step, beta=0.9, eps=1e-8),
    "Adam": partial(adam_step, beta1=0.9, beta2=0.999, eps=1e-8),
}
rates = 10.0 ** np.arange(-3.5, 0.6, 0.5)
rng = np.random.default_rng(1)
data, validation = adding_problem(rng, 1000), adding_problem(rng, 400)

fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
for name, step in kinds.items():
    errors = []
    for lr in rates:
        start, order = first_weights(np.random.default_rng(2)), np.random.default_rng(3)
        with np.errstate(all="ignore"):  # the largest rates end in NaN
            _, history = fit(start, squared_error, data, validation, partial(step, lr=lr), order, 8, 32, 8)
        errors.append(np.nan_to_num(history["validation_loss"][-1], nan=1e3))
    ax.loglog(rates, np.minimum(errors, 3), "o-", label=name)
ax.axhline(1 / 6, color="black", linestyle="--", linewidth=0.8)
ax.text(rates[-1], 1 / 6 * 1.1, "always 1", ha="right", fontsize=9)
ax.set(title="How well is the adding problem learnt in eight epochs?", xlabel="learning rate", ylim=(None, 3.5))
ax.set(ylabel="squared error, new rows (3: or worse)")
ax.legend()
plt.show()

# %% [markdown]
# All four have a best rate, not far below the one at which they break. SGD's and the ball's curves look alike, but the
# ball's is shifted to the left: its velocity goes to ten times the gradient, so that its `lr` means about ten times as
# much. With small rates RMSprop and Adam are ahead, whose steps are about `lr` long however small the gradients are.
# With large ones SGD, the ball and RMSprop end far off or in NaN, while Adam stays as bad as one that has learnt
# nothing. A rate that is good for one optimizer says nothing about another.

# %% [markdown]
# ### Experiment: stop in time
#
# Only 80 rows to learn from now, and some noise on their sums: few enough to be learnt by heart. First a run of 150
# epochs that nobody stops, then your `fit` with a patience of 15. Where would you stop? And which weights do you want?

# %% experiment=true
rng = np.random.default_rng(4)
data, validation, test = (adding_problem(rng, n) for n in (80, 200, 1000))
data = data[0], data[1] + 0.25 * rng.standard_normal(80)
adam = partial(adam_step, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8)
runs = {}
for patience in (150, 15):
    start, order = first_weights(np.random.default_rng(5)), np.random.default_rng(6)
    runs[patience] = fit(start, squared_error, data, validation, adam, order, 150, 20, patience)
whole, (params, history) = runs[150][1], runs[15]
best, stopped = int(np.argmin(history["validation_loss"])) + 1, len(history["loss"])
epochs = np.arange(1, 151)

fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
ax.semilogy(epochs, whole["loss"], color="tab:blue", label="training rows")
ax.semilogy(epochs, whole["validation_loss"], color="tab:orange", label="validation rows")
ax.axvline(best, color="tab:green", linestyle="--", label=f"best epoch: {best}")
ax.axvline(stopped, color="tab:red", linestyle="--", label=f"stopped: {stopped}")
ax.axhline(1 / 6, color="black", linestyle=":", linewidth=0.8)
ax.text(150, 1 / 6 * 0.94, "always 1", ha="right", va="top", fontsize=9)
ax.set(title="When should it stop?", xlabel="epoch", ylabel="mean squared error")
ax.legend()
plt.show()
print(f"On 1000 new rows the weights returned have an error of {squared_error(params, *test)[0]:.4f},")
print(f"against {whole['validation_loss'][-1]:.4f} on the validation rows for those after 150 epochs.")

# %% [markdown]
# The training error falls as long as you watch. The validation error falls for a dozen epochs, stays where it is for a
# while, and rises; in the end the network does worse on new rows than one that always says 1, which has learnt nothing.
# What it has learnt by heart instead is the noise. `fit` stops fifteen epochs after the lowest point, and hands back
# the weights from there: those at the red line are worse already. Patience is what it takes to be sure, in a curve that
# jumps up and down like this one. With a patience of 3, where would it have stopped?
#
# The best of 35 looks at the validation rows flatters itself a little, since luck has helped to choose it. An honest
# number needs rows that nobody has looked at, like the 1000 of the last line.

# %% [markdown]
# ### Experiment: the other cures
#
# 02 showed gradients that vanish on their way back. Gates (06, 07) are the cure for long sequences. For *deep* networks
# there are three others, of which the lecture speaks: **ReLU** (Nair & Hinton 2010), whose slope is 1 wherever it is
# not 0; **batch normalisation** (Ioffe & Szegedy 2015), which brings every unit's input to mean 0 and variance 1, over
# the batch, so that no unit saturates; and **skip connections** (He et al. 2016), $h + f(h)$, whose derivative is $1 +
# f'$: whatever $f$ does, something comes through.
#
# Five networks of 20 layers with 24 units, first weights by He for the ReLUs and by Xavier for the others. Left: the
# gradient that arrives at each layer before any training. Right: 150 steps of your `adam_step`, on points in a plane
# that lie on two spirals.

# %% experiment=true
LAYERS, WIDTH, STEPS = 20, 24, 150
networks = {  # activation, batch normalisation, skip connections
    "sigmoid": ("sigmoid", False, False),
    "tanh": ("tanh", False, False),
    "ReLU": ("ReLU", False, False),
    "sigmoid, batch normalised": ("sigmoid", True, False),
    "tanh, with skips": ("tanh", False, True),
}
activations = {  # the function, and its slope given its value
    "sigmoid": (lambda z: 0.5 + 0.5 * np.tanh(0.5 * z), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "ReLU": (lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0),
}


def spirals(rng, n):
    """Points (n, 2) on two spirals that wind round each other, and which of them each lies on."""
    which, turn = rng.integers(0, 2, n), rng.uniform(0.5, 2.5, n)
    angle = np.pi * (turn + which)
    return turn[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1) / 1.5, which


def deep_loss_and_grads(params, x, which, activation, normalised, skips):
    """Loss (nats), all gradients, and the size of what arrives at the output of every layer on the way back."""
    function, slope = activations[activation]
    h, steps = x @ params["in"], []
    for layer in range(LAYERS):
        z = h @ params[f"W{layer}"]
        deviation = z.std(axis=0) + 1e-5 if normalised else 1.0
        n = (z - z.mean(axis=0)) / deviation if normalised else z
        a = function(n)
        steps.append((h, n, deviation, a))
        h = h + a if skips else a
    p = 0.5 + 0.5 * np.tanh(0.5 * (h @ params["out"]))
    loss = -np.log(np.clip(np.where(which, p, 1 - p), 1e-12, 1)).mean()
    dz = (p - which) / len(x)
    grads, sizes, dh = {"out": h.T @ dz}, [], np.outer(dz, params["out"])
    for layer in reversed(range(LAYERS)):
        h, n, deviation, a = steps[layer]
        sizes.append(np.linalg.norm(dh))
        dn = dh * slope(a)
        if normalised:
            dn = (dn - dn.mean(axis=0) - n * (dn * n).mean(axis=0)) / deviation
        grads[f"W{layer}"] = h.T @ dn
        dh = dn @ params[f"W{layer}"].T + (dh if skips else 0.0)
    return loss, grads | {"in": x.T @ dh}, sizes[::-1]


x, which = spirals(np.random.default_rng(7), 150)
fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
for name, kind in networks.items():
    rng, state, losses = np.random.default_rng(8), {}, []
    params = {f"W{layer}": xavier_uniform(rng, (WIDTH, WIDTH)) for layer in range(LAYERS)}
    if kind[0] == "ReLU":
        params = {layer: np.sqrt(2) * W for layer, W in params.items()}  # He's spread, for square matrices
    params |= {"in": xavier_uniform(rng, (2, WIDTH)), "out": xavier_uniform(rng, (WIDTH, 1))[:, 0]}
    for step in range(STEPS):
        loss, grads, sizes = deep_loss_and_grads(params, x, which, *kind)
        if step == 0:
            left.semilogy(range(1, LAYERS + 1), sizes, ".-", label=name)
        losses.append(loss)
        params, state = adam_step(params, grads, state, 0.002, 0.9, 0.99, 1e-8)
    right.plot(range(1, STEPS + 1), losses, label=name)
left.set(title="What arrives of the gradient?", xlabel="layer (the last one is next to the loss)")
left.set(ylabel="norm of the gradient at the layer's output", xticks=range(2, LAYERS + 1, 3))
left.legend(fontsize=8)
right.axhline(np.log(2), color="black", linestyle="--", linewidth=0.8)
right.text(STEPS, np.log(2) + 0.02, "a coin", ha="right")
right.set(title="And who learns?", xlabel="steps", ylabel="loss (nats)", ylim=(0, 1))
plt.show()

# %% [markdown]
# The sigmoid's slope is 1/4 at most, and of the gradient hardly a millionth of a millionth arrives at the first layer:
# for 150 steps the network says what a coin would say. With tanh and Xavier's weights, and with ReLU and He's, it
# arrives nearly as large as it left, which is what 05 promised; they learn, if not smoothly. Batch normalisation saves
# even the sigmoids: now no unit sits where its slope is 0. And with skips the gradient takes the short way, and the
# network is done in twenty steps.
#
# Batch normalisation has its price. What a network says about one row now depends on the others in its batch, so that
# for use one needs running means of the training's; and in a recurrent network every step would need its own. There it
# is the units of one row that are normalised, and you will write that in 17. Skips are not new to you: an LSTM's
# $c_t = f \circ c_{t-1} + i \circ g$ is one, along time.

# %% [markdown]
# ## 8 · In your own words
#
# A colleague trains a classifier with Adam, `lr=0.001`, and early stopping on the validation loss, with a patience of
# 3. The validation losses of his epochs are 0.90, 0.70, 0.74, 0.69, 0.72, 0.69, 0.71, 0.66, 0.65, ...
#
# **(a)** (2 points) After which epoch does the run stop, and which epoch's weights should he get? What has he missed,
# and which two numbers could he have chosen otherwise?
#
# **(b)** (2 points) By mistake he multiplies his loss by 1000. What changes in the very first step with plain SGD, and
# what with Adam? Why?
#
# **(c)** (1 point) He adds L2 decay, $\lambda\theta$, to the gradients before Adam sees them. Which weights does this
# shrink *less* than AdamW does: those with large gradients or those with small ones? Why?

# %% [markdown] written="enough" points=5
# **Model answer.** (a) The best is 0.69 at epoch 4. Epochs 5, 6 and 7 are no better (0.69 again is as good, not
# better): the third in a row is epoch 7, after which the run stops. He should get the weights of epoch 4, the first of
# the equals. He has missed 0.66 and 0.65. A patience of 4 would have gone on; so would a smoother validation loss, from
# more validation rows. A `min_delta` does not help here: it makes stopping earlier.
#
# (b) With SGD the step is `lr` times the gradient: a thousand times as long. With Adam the first step is $\mathrm{lr}
# \cdot \hat m / (\sqrt{\hat v} + \epsilon)$ with $\hat m = g$ and $\sqrt{\hat v} = |g|$, so its length is `lr` in every
# entry, whatever the loss is multiplied by (but for $\epsilon$).
#
# (c) Those with large gradients. The decay term becomes a part of $m$, and is divided by $\sqrt{\hat v}$, the usual
# size of this weight's gradient, like everything else; where that is large, little is left of it. AdamW's share is the
# same for all weights.
#
# **Marks.** (a) 1 for stopping after epoch 7 with the weights of epoch 4. 1 for what was missed and for two of:
# patience, size of the validation set, the monitored metric, learning rate. (b) 1 for SGD, 1 for Adam with the reason.
# (c) 1 for "large gradients" together with the division.

# %% [markdown]
# ## Sources
#
# - He, Zhang, Ren & Sun (2016), *Deep residual learning for image recognition*, CVPR.
# - Hinton (2012), *Neural networks for machine learning*, lecture 6e (with Srivastava and Swersky): RMSprop.
# - Hochreiter & Schmidhuber (1997), *Long short-term memory*, Neural Computation 9(8): the adding problem.
# - Ioffe & Szegedy (2015), *Batch normalization: accelerating deep network training by reducing internal covariate
#   shift*, ICML.
# - Kingma & Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
# - Loshchilov & Hutter (2019), *Decoupled weight decay regularization*, ICLR.
# - Nair & Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*, ICML.
# - Polyak (1964), *Some methods of speeding up the convergence of iteration methods*, USSR Computational Mathematics
#   and Mathematical Physics 4(5).
# - Prechelt (1998), *Early stopping – but when?*, in Neural Networks: Tricks of the Trade, Springer.
# - Robbins & Monro (1951), *A stochastic approximation method*, Annals of Mathematical Statistics 22(3).
# - Sutskever, Martens, Dahl & Hinton (2013), *On the importance of initialization and momentum in deep learning*, ICML.
