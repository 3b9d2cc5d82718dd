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
# # 02 · Backpropagation through time
#
# Your network can speak; now it learns to be corrected. You write its loss, the gradient of the loss with respect to
# every weight, and a check of that gradient which needs no calculus at all. At the end you take the gradient apart,
# step by step, and see with your own functions why it vanishes or explodes.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# | letter | counts | | letter | counts |
# |---|---|---|---|---|
# | $B$ | sequences in a batch | | $H$ | hidden units |
# | $T$ | time steps | | $V$ | words of a vocabulary |
# | $D$ | input features | | | |
#
# - **Batch first, vectors are rows**, functions are pure: as in assignment 01.
# - **`dX` is the gradient of the loss with respect to `X`**, and has the shape of `X`.
# - **Gradients of weights are sums** over batch and time. If the loss is a mean, its `1/n` is in what arrives from
#   above; nobody divides a second time.
# - **A backward function gets the arrays it needs** from its caller, the forward's results among them. Nothing is
#   kept in hidden places.
#
# Four traps, for when you read elsewhere:
#
# - Textbooks write the slope of tanh as $1 - \tanh^2(a)$. You are handed $h$, which *is* $\tanh(a)$.
# - Textbooks whose vectors are columns have $W_h^\top \delta$ where we have `da @ W_h.T`, and $\delta\, h_{t-1}^\top$
#   where we have `h_prev.T @ da`.
# - Some notes differentiate $h_t$ with respect to $W_h$ as if $h_{t-1}$ were a constant. That is the last term of a
#   sum of $T$ terms; section 5 is about the others.
# - "The gradient vanishes" does not say that `dW_h` is small. It says that the *early steps* have no share in it.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, output_layer, softmax = carry("01-rnn", "rnn_forward", "output_layer", "softmax")

# %% [markdown]
# ## Recap: one chain, many losses
#
# Unrolled, the network of assignment 01 is a chain of $T$ layers with the same weights, and every layer may have
# something to answer for:
#
# $$h_t = \tanh(a_t), \qquad a_t = x_t W_x + h_{t-1} W_h + b, \qquad L = \sum_t L_t(h_t).$$
#
# **Backpropagation through time** (Rumelhart, Hinton & Williams 1986; Werbos 1990) is the chain rule on that chain,
# and nothing more. $h_t$ has a say in two things, in its own loss $L_t$ and in the next state; so two gradients arrive
# at it, and they add up:
#
# $$\frac{\partial L}{\partial h_t} = \frac{\partial L_t}{\partial h_t}
# + \Big(\frac{\partial L}{\partial h_{t+1}} \odot (1 - h_{t+1}^2)\Big) W_h^\top.$$
#
# The right-hand side needs $\partial L / \partial h_{t+1}$. So one starts at the end, where there is no next step, and
# walks back. (The product $\odot$ is elementwise; $1 - h^2$ is the slope of tanh, written with its output.)

# %% [markdown]
# ## 1 · How wrong is the network?
#
# At every place the network has logits for $V$ words, and one word would have been right. The loss of that place is
# $-\log y_k$, with $y$ the softmax of the logits and $k$ the right word: 0 if the network was sure, large if the right
# word comes as a surprise. Its gradient with respect to the logits is as simple as one could wish, $y$ less 1 at the
# right word (Bridle 1990).
#
# Not all places count. Sequences in a batch differ in length, and some tasks ask for an answer at the last step only.
# A boolean `mask` says which do; the loss is **the mean over those**, of the whole batch.
#
# As softmax was, so is its log: unsafe as it stands. If $y_k$ is less than what a float can hold, $\log 0$ is
# $-\infty$. But $\log(e^{z_k} / s)$ is $z_k - \log s$, which is as harmless as $z_k$ itself, once the largest logit of
# the row has been taken from all of them.


# %% solution="cross_entropy"
def cross_entropy(logits, targets, mask):
    """The mean of -log softmax(logits)[target] over the places that count, and its gradient.

    L = -1/n sum log y_target over the n places where mask is True, with y = softmax(logits) along the last axis
    dL/dlogits = (y - onehot(target)) / n at those places (Bridle 1990)

    Parameters
    ----------
    logits : ndarray of shape (B, T, V)
        May be as large as 10000 or as small as -10000, in one row, too.
    targets : int ndarray of shape (B, T)
        The right word's id, 0 to V - 1, where mask is True. Elsewhere there may stand anything, -1 and -100 too.
    mask : bool ndarray of shape (B, T)
        True: the place counts.

    Returns
    -------
    loss : float
        In nats (natural logarithm). 0.0 if no place counts.
    dlogits : ndarray of shape (B, T, V)
        Exactly 0 where mask is False.

    Examples
    --------
    On paper: every place has y = (1/4, 3/4). -log(1/4) = 1.386 and -log(3/4) = 0.288 have the mean 0.837, and
    y - onehot is (-0.75, 0.75) and (0.25, -0.25), divided by 2. The last place does not count.

    >>> logits = np.log([[[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]]])
    >>> loss, dlogits = cross_entropy(logits, np.array([[0, 1, -1]]), np.array([[True, True, False]]))
    >>> print(f"{loss:.3f}")
    0.837
    >>> dlogits.round(3)
    array([[[-0.375,  0.375],
            [ 0.125, -0.125],
            [ 0.   ,  0.   ]]])
    """
    ### BEGIN SOLUTION
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    z, ids = logits[mask], targets[mask]  # (n, V) and (n,)
    places = np.arange(len(ids))
    shifted = z - z.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    y = softmax(z)
    y[places, ids] -= 1
    dlogits[mask] = y / len(ids)
    return (log_sum - shifted[places, ids]).mean(), dlogits
    ### END SOLUTION


# %% [markdown]
# ## 2 · A gradient without calculus
#
# A formula for a gradient is easily got wrong, and a network with a slightly wrong gradient still learns a little: the
# mistake may stay for months. So before you derive anything, build the tool that will judge it. Move one weight up a
# bit, then down a bit, and see what the loss does:
#
# $$\frac{\partial f}{\partial w_i} \approx \frac{f(w + \varepsilon e_i) - f(w - \varepsilon e_i)}{2\varepsilon},$$
#
# where $e_i$ is 1 at place $i$ and 0 elsewhere. One step to each side: the errors of order $\varepsilon$ cancel, and
# one of order $\varepsilon^2$ remains. It costs two forward passes *for every weight*. That is no way to train a
# network, but for a small one it is an excellent way to check one.


# %% solution="numerical_gradient"
def numerical_gradient(f, w, eps=1e-5):
    """The gradient of f at w by central differences, one entry of w after the other.

    df/dw_i is about (f(w + eps e_i) - f(w - eps e_i)) / (2 eps)

    Parameters
    ----------
    f : callable
        f(w) is a float, for arrays of the shape of w.
    w : ndarray of any shape
        (3,) as well as (2, 4, 5), or () for a single number. Afterwards every bit of it is as before.
    eps : float
        How far to step, to either side.

    Returns
    -------
    dw : ndarray, like w

    Examples
    --------
    On paper: (2.5³ + 5) - (1.5³ + 5) = 12.25, over 2 · 0.5. The slope of w³ at 2 is 12, so 0.25 = eps² is the error.
    5 w is a straight line, and without error.

    >>> def f(w):
    ...     return w[0] ** 3 + 5 * w[1]
    >>> numerical_gradient(f, np.array([2.0, 1.0]), 0.5)
    array([12.25,  5.  ])
    """
    ### BEGIN SOLUTION
    dw = np.zeros_like(w)
    for place in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[place] += eps
        below[place] -= eps
        dw[place] = (f(above) - f(below)) / (2 * eps)
    return dw
    ### END SOLUTION


# %% [markdown]
# ## 3 · One step back
#
# A gradient `dh` arrives at the output of the cell. Go through the cell from its end to its beginning. First the tanh:
#
# $$\mathrm{d}a = \mathrm{d}h \odot (1 - h^2).$$
#
# Then the sum $a = x W_x + h_{\text{prev}} W_h + b$, in which every one of the five has its part. You need no rule for
# matrix calculus, only the shapes: `dx` must come out as `(B, D)`, and of `da` `(B, H)` and `W_x` `(D, H)` there is
# one product that does. Only `W_h` is square, and there the shapes let a wrong product pass. Think of one unit: it has
# spoken to the others along its row of `W_h`, and from the same row it gets its answer.


# %% solution="rnn_cell_backward"
def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    """The gradients of one step, h = tanh(a) with a = x W_x + h_prev W_h + b.

    da = dh * (1 - h²), and from there through the sum

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient that arrives at h.
    x : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    h : ndarray of shape (B, H)
        The output of the cell for these inputs.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, H)
    dW_h : ndarray of shape (H, H)
    db : ndarray of shape (H,)
        Those of the weights are summed over the batch.

    Examples
    --------
    On paper: da = 2 · (1 - 0.6²) = 1.28. Then dx = 1.28 · (3, -1), dh_prev = 1.28 · 0.5, dW_x = (2, -0.5) · 1.28,
    dW_h = -0.25 · 1.28, db = 1.28.

    >>> dh, x, h_prev, h = np.array([[2.0]]), np.array([[2.0, -0.5]]), np.array([[-0.25]]), np.array([[0.6]])
    >>> W_x, W_h = np.array([[3.0], [-1.0]]), np.array([[0.5]])
    >>> for gradient in rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):
    ...     print(gradient.round(2).tolist())
    [[3.84, -1.28]]
    [[0.64]]
    [[2.56], [-0.64]]
    [[-0.32]]
    [1.28]
    """
    ### BEGIN SOLUTION
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# ## 4 · All steps back
#
# The same step, from the last one to the first. Look at the recap's equation once more: what arrives at $h_t$ is the
# sum of two gradients. And all steps share their weights: what does that mean for the weights' gradients?


# %% solution="rnn_backward"
def rnn_backward(dh, x, h0, h, W_x, W_h):
    """The gradients of rnn_forward: backpropagation through time (Werbos 1990).

    dL/dh_t = dh_t + dL/da_{t+1} W_hᵀ, where dL/da_t = dL/dh_t * (1 - h_t²) and nothing comes from beyond the last step

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        dh[:, t] is the loss's own gradient at h[:, t], without what arrives through later states.
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
    h : ndarray of shape (B, T, H)
        What rnn_forward returned for these inputs.
    W_x : ndarray of shape (D, H)
    W_h : ndarray of shape (H, H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, H)
    dW_h : ndarray of shape (H, H)
    db : ndarray of shape (H,)
        Those of the weights are summed over batch and time.

    Examples
    --------
    On paper, for one unit and two steps. The last one: da = 2 · (1 - 0²) = 2, so 2 · 3 = 6 goes back. The first:
    da = (1 + 6) · (1 - 0.5²) = 5.25, and 5.25 · 3 = 15.75 goes to h0. dx = 2 · da; dW_x = 1 · 5.25 - 1 · 2 = 3.25;
    dW_h = -2 · 5.25 + 0.5 · 2 = -9.5; db = 5.25 + 2 = 7.25.

    >>> dh, x = np.array([[[1.0], [2.0]]]), np.array([[[1.0], [-1.0]]])
    >>> h0, h = np.array([[-2.0]]), np.array([[[0.5], [0.0]]])
    >>> for gradient in rnn_backward(dh, x, h0, h, np.array([[2.0]]), np.array([[3.0]])):
    ...     print(gradient.tolist())
    [[[10.5], [4.0]]]
    [[15.75]]
    [[3.25]]
    [[-9.5]]
    [7.25]
    """
    ### BEGIN SOLUTION
    dx, dh_next = np.zeros_like(x), np.zeros_like(h0)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        step = rnn_cell_backward(dh[:, t] + dh_next, x[:, t], h_prev, h[:, t], W_x, W_h)
        dx[:, t], dh_next = step[:2]
        dW_x, dW_h, db = dW_x + step[2], dW_h + step[3], db + step[4]
    return dx, dh_next, dW_x, dW_h, db
    ### END SOLUTION


# %% [markdown]
# ### Experiment: which step finds the slope best?
#
# Now the two ways meet: your `numerical_gradient` and your `rnn_backward`, on a network that reads ten inputs and
# names a word at each. Why should `eps` be 1e-5, and not as small as a float allows? The grey line steps to one side
# only.

# %% experiment=true
import matplotlib.pyplot as plt

rng = np.random.default_rng(0)
x, h0 = rng.standard_normal((4, 10, 3)), rng.standard_normal((4, 8))
W_x, W_h, b = 0.5 * rng.standard_normal((3, 8)), 0.3 * rng.standard_normal((8, 8)), rng.standard_normal(8)
W_y, b_y = rng.standard_normal((8, 5)), rng.standard_normal(5)
targets, mask = rng.integers(0, 5, (4, 10)), rng.random((4, 10)) < 0.7


def loss_of(W_h):
    h = rnn_forward(x, h0, W_x, W_h, b)
    return cross_entropy(output_layer(h, W_y, b_y), targets, mask)[0]


h = rnn_forward(x, h0, W_x, W_h, b)
loss, dlogits = cross_entropy(output_layer(h, W_y, b_y), targets, mask)
gradient = rnn_backward(dlogits @ W_y.T, x, h0, h, W_x, W_h)[3]
sizes = 10.0 ** np.arange(-13, 1)
both_sides, one_side = [], []
for eps in sizes:
    both_sides.append(np.linalg.norm(numerical_gradient(loss_of, W_h, eps) - gradient) / np.linalg.norm(gradient))
    ahead = [loss_of(W_h + eps * np.eye(64)[i].reshape(8, 8)) for i in range(64)]
    slopes = (np.array(ahead) - loss).reshape(8, 8) / eps
    one_side.append(np.linalg.norm(slopes - gradient) / np.linalg.norm(gradient))

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.loglog(sizes, one_side, "o-", color="grey", label="one side: $(f(w+\\varepsilon) - f(w)) / \\varepsilon$")
ax.loglog(sizes, both_sides, "o-", color="tab:blue", label="both sides: your numerical_gradient")
ax.axvline(1e-5, color="black", linewidth=0.8, linestyle="--")
ax.set(xlabel="step $\\varepsilon$", ylabel="distance to rnn_backward, relative")
ax.set_title("How small should the step be?")
ax.legend()
plt.show()

# %% [markdown]
# From the right, the error falls with the square of the step; to one side only it falls with the step itself. Then
# both turn, and rise again: the two losses become so nearly equal that rounding is all that is left of their
# difference, and it is divided by ever smaller numbers. At 1e-5 more than nine digits agree. That is how you know that
# your `rnn_backward` is right: a wrong one would differ in its first digits, wherever you step.

# %% [markdown]
# ## 5 · Who has a share in the gradient?
#
# Let the loss look at the last state only. `W_h` was used at every step, so `dW_h` is a sum over the steps:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{k} \frac{\partial L}{\partial h_T}\,
# \frac{\partial h_T}{\partial h_k}\, \frac{\partial^+ h_k}{\partial W_h}, \qquad
# \frac{\partial h_T}{\partial h_k} = \prod_{t=k+1}^{T} \frac{\partial h_t}{\partial h_{t-1}}$$
#
# (equations 4 and 5 of Pascanu, Mikolov & Bengio 2013). $\partial^+ h_k / \partial W_h$ is the **immediate**, or
# *explicit*, derivative: $W_h$ as it is used in step $k$, with $h_{k-1}$ taken for a constant. That $h_{k-1}$ depends
# on
# $W_h$ as well, the *implicit* part, is not forgotten: it is in the other terms of the sum.
#
# `rnn_backward` adds these terms up as it goes. Now keep them apart. Entry $k$ tells what `dW_h` owes to step $k$, and
# between step $k$ and the loss there lie $T - k$ factors.


# %% solution="gradient_contributions"
def gradient_contributions(dh_last, x, h0, h, W_h):
    """What each step adds to dL/dW_h, if the loss looks at the last state only.

    entry k is dL/dh_T · dh_T/dh_k · d⁺h_k/dW_h (Pascanu, Mikolov & Bengio 2013, equation 4), summed over the batch

    Parameters
    ----------
    dh_last : ndarray of shape (B, H)
        The gradient at the last state.
    x : ndarray of shape (B, T, D)
        Given for completeness: h holds all that it did.
    h0 : ndarray of shape (B, H)
    h : ndarray of shape (B, T, H)
        What rnn_forward returned.
    W_h : ndarray of shape (H, H)

    Returns
    -------
    contributions : ndarray of shape (T, H, H)
        They sum to dW_h.

    Examples
    --------
    On paper, for the network of rnn_backward's example, with the loss at the last state only. There da = 2, times the
    state before it: 2 · 0.5 = 1. To the first step 2 · 3 = 6 goes back; da = 6 · (1 - 0.5²) = 4.5, times h0: -9.

    >>> x, h0, h = np.array([[[1.0], [-1.0]]]), np.array([[-2.0]]), np.array([[[0.5], [0.0]]])
    >>> gradient_contributions(np.array([[2.0]]), x, h0, h, np.array([[3.0]])).tolist()
    [[[-9.0]], [[1.0]]]
    """
    ### BEGIN SOLUTION
    contributions = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        contributions[t] = (h[:, t - 1] if t > 0 else h0).T @ da
        dh = da @ W_h.T
    return contributions
    ### END SOLUTION


# %% [markdown]
# ### Experiment: the terms of the sum
#
# Fifty units with random weights, scaled to a **spectral radius** (the largest absolute eigenvalue of `W_h`) of 0.5, 1
# and 1.5; thirty steps of random input. How large is each step's share in `dW_h`?

# %% experiment=true
RADII = {0.5: "tab:blue", 1: "tab:green", 1.5: "tab:red"}


def random_network(radius, loudness, steps=30):
    """What gradient_contributions takes: 20 random sequences, their states, and a gradient of length 1 at the last.

    loudness is the standard deviation of the inputs, and of the first state.
    """
    rng = np.random.default_rng(0)
    W_x, W_h = rng.standard_normal((1, 50)), rng.standard_normal((50, 50))
    W_h *= radius / np.abs(np.linalg.eigvals(W_h)).max()
    x, h0 = loudness * rng.standard_normal((20, steps, 1)), loudness * rng.standard_normal((20, 50))
    dh_last = rng.standard_normal((20, 50))
    dh_last /= np.linalg.norm(dh_last, axis=1, keepdims=True)
    return dh_last, x, h0, rnn_forward(x, h0, W_x, W_h, np.zeros(50)), W_h


fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharey=True, layout="constrained")
for ax, (radius, color) in zip(axes, RADII.items(), strict=True):
    contributions = gradient_contributions(*random_network(radius, loudness=0.3))
    sizes = np.linalg.norm(contributions, axis=(1, 2))
    ax.bar(range(30), sizes / sizes.sum(), color=color)
    ax.set(xlabel="step $k$", title=f"spectral radius {radius}")
    ax.text(0, 0.5, f"the whole of dW_h\nhas norm {np.linalg.norm(contributions.sum(axis=0)):.1f}", fontsize=9)
axes[0].set_ylabel("share of step $k$ in dW_h")
fig.suptitle("Which of thirty steps have a say in the gradient?")
plt.show()

# %% [markdown]
# With a radius of 0.5 the last step has more than half of the say, and the last six have nearly all of it. With 1 the
# shares fall more slowly; with 1.5 every step has about the same. Now read the norms: on the left `dW_h` is *not*
# small. What vanishes is not the gradient, but the early steps' part in it, and the sum does not tell.

# %% [markdown]
# ## 6 · How fast does it fade?
#
# Every factor $\partial h_t / \partial h_{t-1}$ is a product with $W_h^\top$ and with the slopes $1 - h_t^2$, which
# lie between 0 and 1. A product of many factors grows or shrinks geometrically; there is little between. If the
# largest singular value of $W_h$ is below 1, the gradient *must* vanish. That it is above 1 is *necessary* for an
# explosion, but not enough (Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013).
#
# So measure it. One number for each state: how long is the gradient that arrives there, on the average over the batch?


# %% solution="gradient_norms"
def gradient_norms(dh_last, h, W_h):
    """How long the gradient is when it arrives at each state, if the loss looks at the last state only.

    entry t is the mean over the batch of ||dL/dh_t||, the root of the sum of squares over the units

    Parameters
    ----------
    dh_last : ndarray of shape (B, H)
        The gradient at the last state.
    h : ndarray of shape (B, T, H)
        What rnn_forward returned.
    W_h : ndarray of shape (H, H)

    Returns
    -------
    norms : ndarray of shape (T,)
        The last entry is that of dh_last.

    Examples
    --------
    On paper: (3, 4) has norm 5 and (0, 1) has norm 1, their mean is 3. The states are 0, so that tanh has slope 1, and
    W_h turns by a quarter and doubles.

    >>> dh_last, W_h = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[0.0, 2.0], [-2.0, 0.0]])
    >>> gradient_norms(dh_last, np.zeros((2, 3, 2)), W_h)
    array([12.,  6.,  3.])
    """
    ### BEGIN SOLUTION
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh, axis=1).mean()
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms
    ### END SOLUTION


# %% [markdown]
# ### Experiment: vanishing and exploding
#
# The same random networks. On the left they hear next to nothing, so that their states stay near 0, where tanh is a
# straight line of slope 1. On the right the inputs are loud, and the units busy. The dotted lines are powers of the
# radius.

# %% experiment=true
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
for ax, loudness in [(left, 1e-6), (right, 1)]:
    for radius, color in RADII.items():
        dh_last, _, _, h, W_h = random_network(radius, loudness)
        ax.semilogy(np.arange(29, -1, -1), gradient_norms(dh_last, h, W_h), color=color, label=f"{radius}")
        ax.semilogy(np.arange(30), float(radius) ** np.arange(30), ":", color=color)
    ax.set(xlabel="steps back from the loss, $T - t$")
left.set(ylabel="‖∂L/∂h_t‖, mean over the batch", title="Quiet units: does the radius decide?")
right.set_title("Busy units: does it still?")
left.legend(title="spectral radius", loc="lower left")
plt.show()

# %% [markdown]
# On the left the radius decides. Each step multiplies the gradient by about that number, and thirty steps make 1e-9 of
# 0.5, and 4e4 of 1.5; only near 1 does a gradient come through as it was. On the right all three fall. Busy units sit
# where tanh is flat, each slope is well below 1, and even a radius of 1.5 is no longer enough to keep the gradient up.
# So the slopes brake an explosion, and make vanishing worse. (What they cannot do is keep a network at the one point
# between the two: weights and inputs change, at every update.)

# %% [markdown]
# ### Experiment: a few numbers, or all of them?
#
# A norm is one number for fifty. Does the gradient of an early state have a few large entries left, or do all of them
# go the same way? (`dh0` of `rnn_backward` is the gradient of the state that its stretch begins with: a way to get
# at the gradient of *any* state.)

# %% experiment=true
fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharex=True, sharey=True, layout="constrained")
for ax, radius in zip(axes, RADII, strict=True):
    dh_last, x, _, h, W_h = random_network(radius, loudness=0.3)
    for back, color in [(1, "black"), (10, "tab:purple"), (20, "tab:orange")]:
        dh = np.zeros_like(h[:, -back:])
        dh[:, -1] = dh_last
        _, dh_start, *_ = rnn_backward(dh, x[:, -back:], h[:, -back - 1], h[:, -back:], np.zeros((1, 50)), W_h)
        sizes = np.log10(np.abs(dh_start)).ravel()
        ax.hist(sizes, np.arange(-11, 1, 0.25), histtype="step", linewidth=1.5, color=color, label=f"{back}")
    ax.set(xlabel="log10 of an entry of ∂L/∂h_t, absolute", title=f"spectral radius {radius}")
axes[0].set_ylabel("entries (of 20 sequences)")
axes[0].legend(title="steps back")
fig.suptitle("Do some entries of the gradient survive?")
plt.show()

# %% [markdown]
# All of them go the same way. The entries differ among themselves, by about a factor of a hundred, and that does not
# change on the way back: the whole heap moves, at 0.5 by a third of a decade with every step, at 1 much more slowly,
# at 1.5 hardly at all. No entry survives where the others die. That is why one number, the norm, is enough to judge
# by.

# %% [markdown]
# ### Experiment: what would a sigmoid change?
#
# Elman's units were sigmoids, and the sigmoid's slope $y (1 - y)$ is at most $\frac{1}{4}$, where tanh's is at most 1.
# You need no new backward pass to see what that means. Since $\sigma(a) = \frac{1}{2} + \frac{1}{2} \tanh(a/2)$, a
# network of sigmoids with weights $W_h$ is a tanh network with weights $W_h / 4$ (half of $a$ goes into the tanh, and
# half of the tanh is what the next step hears), half the $W_x$, and another bias. So your functions serve it.

# %% experiment=true
a = np.linspace(-5, 5, 200)
sigmoid = 0.5 + 0.5 * np.tanh(a / 2)
rng = np.random.default_rng(1)
W_x, W_h = rng.standard_normal((1, 50)), rng.standard_normal((50, 50))
W_h /= np.abs(np.linalg.eigvals(W_h)).max()
x, h0, dh_last = 0.1 * rng.standard_normal((20, 30, 1)), np.zeros((20, 50)), rng.standard_normal((20, 50)) / np.sqrt(50)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.plot(a, 1 - np.tanh(a) ** 2, color="tab:orange")
left.plot(a, sigmoid * (1 - sigmoid), color="tab:purple")
left.set(xlabel="sum of the inputs, $a$", ylabel="slope", title="How steep are they?")
h = rnn_forward(x, h0, W_x, W_h, np.zeros(50))
right.semilogy(np.arange(29, -1, -1), gradient_norms(dh_last, h, W_h), color="tab:orange", label="tanh")
k = rnn_forward(x, h0, W_x / 2, W_h / 4, W_h.sum(axis=0) / 4)  # sigmoid is (1 + k) / 2
norms = gradient_norms(dh_last, k, W_h / 4)
right.semilogy(np.arange(29, -1, -1), norms, color="tab:purple", label="sigmoid, the same weights")
right.semilogy(np.arange(30), 0.25 ** np.arange(30), ":", color="tab:purple", label="powers of 1/4")
right.set(xlabel="steps back from the loss, $T - t$", ylabel="‖∂L/∂h_t‖, mean over the batch")
right.set_title("Which of them lets a gradient pass? (radius 1)")
right.legend()
plt.show()

# %% [markdown]
# tanh lets a tenth of the gradient come through 29 steps, the sigmoid 1e-19. A quarter per step is the *best* that it
# can do (the dotted line), and it is not at its best. To make up for that, `W_h` would need a radius beyond 4. That is
# one reason why recurrent networks have tanh for their states; sigmoids will come back as gates, in assignment 06.

# %% [markdown]
# ## 7 · The diagnosis
#
# A network that does not learn does not say why. Norms do, if somebody looks at them: at every update, and with two
# limits in mind.


# %% solution="diagnose_gradients"
def diagnose_gradients(norms, low, high):
    """Whether gradients vanish, explode or neither, judged by their norms.

    Parameters
    ----------
    norms : ndarray of shape (T,)
        0 or more. After an explosion some may be inf or NaN.
    low, high : float
        The limits. high may be inf.

    Returns
    -------
    diagnosis : str
        "exploding" if any norm is above high, or is not finite; else "vanishing" if any is below low; else "healthy".

    Examples
    --------
    On paper: 2e-9 is below 1e-6. In the second line it still is, but an explosion has the first say.

    >>> diagnose_gradients(np.array([2e-9, 0.1, 1.0]), 1e-6, 1e3)
    'vanishing'
    >>> diagnose_gradients(np.array([2e-9, np.nan, 1.0]), 1e-6, 1e3)
    'exploding'
    """
    ### BEGIN SOLUTION
    if not np.isfinite(norms).all() or (norms > high).any():
        return "exploding"
    return "vanishing" if (norms < low).any() else "healthy"
    ### END SOLUTION


# %% [markdown]
# ### Experiment: three networks in training
#
# A task that needs a memory: the first input is one of four symbols, nineteen steps of noise follow, and at the end
# the network has to say which symbol it was. Only that last place counts. Three networks learn it by plain gradient
# descent, with all of your functions; they differ in the radius of the `W_h` they start from. At each update you ask
# for a diagnosis of the norms, relative to that of `dh_last`: is what arrives at the first state less than a
# thousandth, or anywhere more than a hundredfold, of what started?


# %% experiment=true
def symbols_and_noise(rng):
    """32 sequences of 20 steps: one of four symbols in the first, noise after; the target at the last step."""
    symbol = rng.integers(0, 4, 32)
    x = np.zeros((32, 20, 5))
    x[np.arange(32), 0, symbol] = 1
    x[:, 1:, 4] = 0.3 * rng.standard_normal((32, 19))
    targets = np.full((32, 20), -1)
    targets[:, -1] = symbol
    return x, targets


def train(radius, updates=200, rate=0.03):
    """At each update: the loss, the norms at every state (relative to the last), the diagnosis, and ‖dW_h‖."""
    rng = np.random.default_rng(0)
    W_x, W_h, b = rng.standard_normal((5, 32)) / np.sqrt(5), rng.standard_normal((32, 32)), np.zeros(32)
    W_h *= radius / np.abs(np.linalg.eigvals(W_h)).max()
    W_y, b_y, h0 = rng.standard_normal((32, 4)) / np.sqrt(32), np.zeros(4), np.zeros((32, 32))
    record = []
    for _ in range(updates):
        x, targets = symbols_and_noise(rng)
        h = rnn_forward(x, h0, W_x, W_h, b)
        loss, dlogits = cross_entropy(output_layer(h, W_y, b_y), targets, targets >= 0)
        dh = dlogits @ W_y.T
        _, _, dW_x, dW_h, db = rnn_backward(dh, x, h0, h, W_x, W_h)
        norms = gradient_norms(dh[:, -1], h, W_h)
        norms = norms / norms[-1]
        record.append((loss, norms[0], diagnose_gradients(norms, 1e-3, 1e2), np.linalg.norm(dW_h)))
        W_y, b_y = W_y - rate * np.tensordot(h, dlogits, axes=((0, 1), (0, 1))), b_y - rate * dlogits.sum(axis=(0, 1))
        W_x, W_h, b = W_x - rate * dW_x, W_h - rate * dW_h, b - rate * db
    return map(np.array, zip(*record, strict=True))


COLORS = {"vanishing": "tab:blue", "healthy": "tab:green", "exploding": "tab:red"}
fig, axes = plt.subplots(3, 3, figsize=(12, 7), sharex=True, sharey="row", layout="constrained")
for (above, middle, below), radius in zip(axes.T, [0.5, 1, 4], strict=True):
    losses, at_first_state, diagnoses, sizes = train(radius)
    above.plot(losses, color="black", linewidth=0.8)
    above.axhline(np.log(4), color="black", linewidth=0.8, linestyle="--")
    above.set_title(f"spectral radius {radius} at the start")
    for diagnosis, color in COLORS.items():
        at = np.flatnonzero(diagnoses == diagnosis)
        middle.semilogy(at, at_first_state[at], ".", color=color, markersize=4, label=diagnosis)
    middle.axhspan(1e-3, 1e2, color="whitesmoke", zorder=0)
    below.semilogy(sizes, color="grey", linewidth=0.8)
    below.set_xlabel("update")
axes[0, 0].set_ylabel("loss (nats)")
axes[0, 2].text(200, np.log(4) + 0.1, "guessing", ha="right", fontsize=9)
axes[1, 0].set_ylabel("‖∂L/∂h_0‖ / ‖∂L/∂h_T‖")
axes[1, 2].legend(title="diagnosis", loc="center right", markerscale=2)
axes[2, 0].set_ylabel("‖dW_h‖")
fig.suptitle("Does the diagnosis know who will learn?")
plt.show()

# %% [markdown]
# Left: vanishing at every update. About a millionth of the gradient reaches the first state, where the symbol is, and
# the loss stays at what guessing costs. Middle: healthy throughout, and it learns. Right: *one* explosion, at the very
# first update, and never again. But that one update has thrown the weights so far (the radius from 4 to 10, the biases
# to 20) that nearly all units sit at -1 or 1 from then on, where tanh is flat; and so the explosion ends as vanishing.
#
# Now cover the middle row and look at `dW_h` alone. It shows the explosion, and nothing of the vanishing: its norm is
# about 0.1 in the network that never learns, in the one that was wrecked, and in the end in the one that has learnt.
# And mind what the diagnosis does not say. A healthy gradient is one that arrives; whether the step along it is a good
# one is another question, as the jump in the middle shows, at update 21.

# %% [markdown]
# ## 8 · In your own words
#
# **(a)** (3 points) A colleague trains a tanh network on sequences of 100 steps, with the loss at the last one. At
# each update she prints the norm of `dW_h`. It is about 0.2, every time. "So nothing vanishes", she says; but the
# network never learns what lies more than ten steps back. How can both be true? And which of your functions should she
# call instead: what will it show her?
#
# **(b)** (2 points) She replaces tanh by the sigmoid and keeps `W_h`, which is orthogonal: it changes the length of no
# vector. By what factor does a gradient shrink over 50 steps, at the very best, with tanh and with the sigmoid? How
# large would the singular values of `W_h` have to be, at least, for the sigmoid's gradient to come through?

# %% [markdown] written="vanishing" points=5
# **Model answer.** (a) `dW_h` is a sum with one term for each step, and between step k and the loss lie T - k factors
# of slopes and `W_h`. If these shrink a vector, the terms of the early steps are as good as 0, but those of the last
# few steps are not: they make up the 0.2. So the sum is of a healthy size, and yet it consists of what the last ten
# steps have to say; the weights are never told what an early input should have done. She should call
# `gradient_contributions`, and would see that the norms of the terms fall geometrically from the last step to the
# first; or `gradient_norms`, and would see the same in the norms of dL/dh_t. (`diagnose_gradients` of these norms says
# "vanishing"; of the norm of `dW_h` it says "healthy".)
#
# (b) With tanh 1, that is not at all: its slope is at most 1, and `W_h` keeps lengths. With the sigmoid (1/4)^50 =
# 8e-31, since its slope is at most 1/4. To make up for a quarter at each step, singular values of 4 at least.
#
# **Marks.** (a) 1 for the sum over steps; 1 for "late terms are large, early ones vanish", so that the sum does not
# show it; 1 for `gradient_contributions` or `gradient_norms` together with what it would show. (b) 1 for both factors
# (powers of 1 and of 1/4; the number itself is not needed), 1 for 4. An answer that says "the sigmoid's slope is
# smaller" without a number gets no mark for the factors.

# %% [markdown]
# ## Sources
#
# - Bengio, Simard & Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE
#   Transactions on Neural Networks 5(2).
# - Bridle (1990), *Probabilistic interpretation of feedforward classification network outputs*, in Neurocomputing,
#   Springer: the gradient of softmax and log.
# - Goodfellow, Bengio & Courville (2016), *Deep learning*, MIT Press, sections 10.2.2 and 10.7.
# - Hochreiter (1991), *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis, TU München: vanishing
#   gradients, for the first time.
# - Pascanu, Mikolov & Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML: the sum of
#   contributions, and when its terms vanish or explode.
# - Rumelhart, Hinton & Williams (1986), *Learning internal representations by error propagation*, in Parallel
#   Distributed Processing 1, MIT Press.
# - Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10).
