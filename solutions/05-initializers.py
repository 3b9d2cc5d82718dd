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
# # 05 · The first weights
#
# Before the first training step somebody has to choose the weights, and the choice can cost you the training. You write
# the draws that everybody uses, Xavier's, He's, orthogonal ones and an LSTM's first bias. At the end you know which
# number each of them keeps constant through depth or time, and have seen where that promise ends.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows what is
# off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# - **Shapes.** A weight matrix $W$ is multiplied from the left, $x W$, and has shape `(fan_in, fan_out)`. The shape
#   counts **as it stands**: the stacked matrix of an LSTM, `(D, 4H)`, has a fan-out of $4H$. The functions do not know
#   that it holds four gates. (If you want a gate to be drawn as a layer of its own, draw four matrices `(D, H)` and
#   put them side by side. The written question comes back to this.)
# - **Random numbers** come from the `rng` that you are given, a `numpy.random.Generator`, and from nowhere else.
#   Whoever calls you has made it with `np.random.default_rng(seed)`: the same seed gives the same network, another
#   seed another one. `np.random.normal` and its kind draw from one generator which the whole program shares; a seed
#   set there changes everybody's numbers.
# - **How random answers are checked.** By their law: mean, spread, the shape of the distribution, the independence of
#   neighbours. And by two calls with equal generators, which have to agree. How you draw, and in which order, is up to
#   you. Fewer than one right answer in a million is turned down.
#
# Three traps, for when you read elsewhere:
#
# - In papers $\mathcal N(0, \sigma^2)$ names the **variance**. The functions of numpy and PyTorch want $\sigma$.
# - PyTorch stores the transposes of our matrices, so that its code reads the fans the other way round.
# - *Xavier* and *Glorot* are one person, and one formula, with both fans in it. Some libraries and lecture notes call
#   $1/\text{fan\_in}$ by his name, which is older and LeCun's; and Keras's `glorot_normal` cuts the tails off.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward = carry("01-rnn", "rnn_forward")
gradient_norms = carry("02-bptt", "gradient_norms")

# %% [markdown]
# ## Recap: what a sum does to a spread
#
# Why random at all? If all weights of a layer are equal, all its units compute the same, get the same gradient, and
# stay twins for ever. Chance makes them differ. How *large* the numbers are is then all there is to choose.
#
# A unit sums up $z_j = \sum_i x_i W_{ij}$. With weights of mean 0 that know nothing of each other or of $x$, variances
# add up, and there are $\text{fan\_in}$ of them:
#
# $$\mathrm{Var}(z_j) = \text{fan\_in} \cdot \mathrm{Var}(W) \cdot \overline{x^2}.$$
#
# On the way back the gradient of $x_i$ sums over the units that $x_i$ goes to, $\sum_j \delta_j W_{ij}$, and the same
# argument has $\text{fan\_out}$ terms. Whatever the factor is, a second layer multiplies by it again, and fifty layers
# fifty times. A factor of 2 becomes $2^{50} \approx 10^{15}$. So both factors should be 1:
#
# $$\text{fan\_in} \cdot \mathrm{Var}(W) = 1 \quad\text{(signal)}, \qquad
# \text{fan\_out} \cdot \mathrm{Var}(W) = 1 \quad\text{(gradient)}.$$
#
# LeCun et al. (1998) took the first. Glorot & Bengio (2010) wanted both, which a matrix that is not square cannot
# have, and split the difference. He et al. (2015) saw what a ReLU changes in the count.

# %% [markdown]
# ## 1 · The fans
#
# Which axis is summed over in $x W$, and which one is left?


# %% solution="fans"
def fans(shape):
    """How many numbers a unit reads, and how many units each number is read by.

    Parameters
    ----------
    shape : tuple of two int
        That of a weight matrix W, as in x W. Stacked gates count as they stand.

    Returns
    -------
    fan_in : int
    fan_out : int

    Examples
    --------
    On paper: x of shape (1, 3) times W of shape (3, 5) is a sum of 3 terms for each of 5 units.

    >>> fans((3, 5))
    (3, 5)
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = shape
    return fan_in, fan_out
    ### END SOLUTION


# %% [markdown]
# ## 2 · Xavier
#
# The signal wants the variance $1/\text{fan\_in}$, the gradient $1/\text{fan\_out}$. Glorot & Bengio took one over
# the mean of the two fans:
#
# $$\mathrm{Var}(W) = \frac{2}{\text{fan\_in} + \text{fan\_out}}.$$
#
# Nothing in the argument asks for a bell: only the variance counts. So there is a normal version and a uniform one.


# %% solution="xavier_normal"
def xavier_normal(rng, shape):
    """Normal weights that are fair to the signal and to the gradient alike.

    W_ij ~ N(0, σ²), σ² = 2 / (fan_in + fan_out)    (Glorot & Bengio 2010, equation 12)

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all randomness comes from.
    shape : tuple of two int

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)

    Examples
    --------
    On paper: 2 / (300 + 500) = 0.0025 is the variance, and 0.05 the standard deviation.

    >>> W = xavier_normal(np.random.default_rng(0), (300, 500))
    >>> print(W.shape, f"{W.std():.3f}")
    (300, 500) 0.050
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)
    ### END SOLUTION


# %% [markdown]
# Uniform numbers between $-w$ and $w$ have the variance $w^2/3$ (integrate $x^2$ over the interval and divide by its
# length). For the same variance as above, $w$ must be...


# %% solution="xavier_uniform"
def xavier_uniform(rng, shape):
    """Uniform weights with the variance of xavier_normal.

    W_ij ~ U(-w, w), w = √(6 / (fan_in + fan_out))    (Glorot & Bengio 2010, equation 16)

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all randomness comes from.
    shape : tuple of two int

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)

    Examples
    --------
    On paper: √(6 / (200 + 400)) = 0.1. No number is larger, and among 80 000 the largest comes close.

    >>> W = xavier_uniform(np.random.default_rng(0), (200, 400))
    >>> print(W.shape, f"{W.min():.3f} {W.max():.3f}")
    (200, 400) -0.100 0.100
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-w, w, shape)
    ### END SOLUTION


# %% [markdown]
# ## 3 · He
#
# A ReLU lets the positive half of its input through and silences the rest. Of a symmetric input that leaves half of
# the mean square, so that each layer halves it, and $2^{-50}$ is no better than $2^{50}$. He et al. put a 2 in front
# to make up for it. And they found that one of the two conditions is enough: if the signal keeps its size, then the
# gradient's factors, multiplied over all layers, come to the ratio of the last width to the first. They take
#
# $$\mathrm{Var}(W) = \frac{2}{\text{fan\_in}}.$$


# %% solution="he_normal"
def he_normal(rng, shape):
    """Normal weights for ReLU units, of which half are silent.

    W_ij ~ N(0, σ²), σ² = 2 / fan_in    (He et al. 2015, equation 10)

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all randomness comes from.
    shape : tuple of two int

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)

    Examples
    --------
    On paper: 2 / 200 = 0.01 is the variance, and 0.1 the standard deviation.

    >>> W = he_normal(np.random.default_rng(0), (200, 300))
    >>> print(W.shape, f"{W.std():.2f}")
    (200, 300) 0.10
    """
    ### BEGIN SOLUTION
    fan_in, _ = fans(shape)
    return rng.normal(0, np.sqrt(2 / fan_in), shape)
    ### END SOLUTION


# %% solution="he_uniform"
def he_uniform(rng, shape):
    """Uniform weights with the variance of he_normal.

    W_ij ~ U(-w, w), w = √(6 / fan_in)

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all randomness comes from.
    shape : tuple of two int

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)

    Examples
    --------
    On paper: √(6 / 600) = 0.1. No number is larger, and among 30 000 the largest comes close.

    >>> W = he_uniform(np.random.default_rng(0), (600, 50))
    >>> print(W.shape, f"{W.min():.3f} {W.max():.3f}")
    (600, 50) -0.100 0.100
    """
    ### BEGIN SOLUTION
    fan_in, _ = fans(shape)
    w = np.sqrt(6 / fan_in)
    return rng.uniform(-w, w, shape)
    ### END SOLUTION


# %% [markdown]
# ### Experiment: fifty layers deep
#
# Two stacks of fifty layers, 150 units each, one of tanh and one of ReLU. A batch of random inputs goes up, a random
# gradient comes down. At every layer we note the mean square of either. The two extremes are what one would try
# without thinking: numbers with a standard deviation (SD) of 0.01, and of 1. The lines are the normal versions, the
# dots on them the uniform ones. Which of the lines should be flat, by the recap?

# %% experiment=true
import matplotlib.pyplot as plt


def scaled(sd):
    return lambda rng, shape: sd * rng.standard_normal(shape)


def up_and_down(squash, slope, draw, layers=50, width=150):
    """The mean square of every layer's output, and of the loss's gradient with respect to it."""
    rng = np.random.default_rng(0)
    weights = [draw(rng, (width, width)) for _ in range(layers)]
    h, slopes, up = rng.standard_normal((50, width)), [], []
    for W in weights:
        z = h @ W
        h = squash(z)
        slopes.append(slope(z))
        up.append(np.mean(h**2))
    dh, down = rng.standard_normal(h.shape), []
    for W, s in zip(weights[::-1], slopes[::-1], strict=True):
        down.append(np.mean(dh**2))
        dh = (dh * s) @ W.T
    return up, down[::-1]


stacks = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
}
draws = {
    "SD 1": (scaled(1), None, "tab:red"),
    "He": (he_normal, he_uniform, "tab:orange"),
    "Xavier": (xavier_normal, xavier_uniform, "tab:blue"),
    "SD 0.01": (scaled(0.01), None, "tab:grey"),
}
layer = np.arange(1, 51)

fig, axes = plt.subplots(2, 2, figsize=(11, 6.5), sharex=True, sharey=True, layout="constrained")
for column, (name, (squash, slope)) in zip(axes.T, stacks.items(), strict=True):
    for label, (line, dots, color) in draws.items():
        for ax, values in zip(column, up_and_down(squash, slope, line), strict=True):
            ax.semilogy(layer, values, color=color, label=label)
        if dots:
            for ax, values in zip(column, up_and_down(squash, slope, dots), strict=True):
                ax.semilogy(layer[::7], values[::7], ".", markersize=9, color=color)
    column[0].set_title(f"{name}: how large is the signal after each layer?")
    column[1].set_title(f"{name}: how large is the gradient there?")
    column[1].set_xlabel("layer (the gradient comes from the right)")
axes[0, 0].set(ylim=(1e-22, 1e22), ylabel="mean square of the outputs")
axes[1, 0].set_ylabel("mean square of the gradient")
axes[0, 0].legend(title="weights", loc="upper right")
plt.show()

# %% [markdown]
# Without thinking it goes wrong both ways. With 0.01 everything is gone after ten layers. With 1 the tanh hides the
# trouble: its outputs are at ±1 all the way up, as if all were well, while the gradient grows by $10^{40}$ on its way
# down.
#
# With ReLUs He's lines stay flat up and down, give or take a factor of 4. Xavier's lose half at every layer, and after
# fifty are at 3e-15, which is about $2^{-48}$. With tanh Xavier's two lines are not quite flat, since the tanh takes a
# share of its own, but a factor of about 50 in fifty layers is little to what happens elsewhere. He's weights on a tanh
# push the units to where it bends, and let the gradient grow by a factor of 86. And the dots stay close to the lines:
# what counts is the variance, not the shape of the distribution.

# %% [markdown]
# ## 4 · Orthogonal
#
# A variance is an average over all directions. A matrix can keep the average length of its inputs and yet stretch some
# and flatten others. An **orthogonal** matrix, $Q Q^\top = I$, keeps the length of every single one: it only turns or
# mirrors. Saxe, McClelland & Ganguli (2014) proposed to start from such matrices, each as likely as any other (the
# *Haar* distribution), times a **gain** which makes up for what the non-linearity takes away.
#
# $A = QR$ takes a matrix apart into one with orthonormal columns and an upper triangle. If $A$ is normal, no direction
# is special to it, and none should be to $Q$. But the factors are not unique: flip the sign of a column of $Q$ and of
# the same row of $R$, and their product is what it was. LAPACK, which numpy calls, flips as it suits its rounding, and
# that is not by chance. Only if $R$'s diagonal is made positive, is $Q$ as random as $A$ (Mezzadri 2007).
#
# If the matrix is not square, not both its rows and its columns can be orthonormal. Whichever are **fewer** can.


# %% solution="orthogonal"
def orthogonal(rng, shape, gain=1.0):
    """A rotation or reflection, each as likely as any other, times gain; a part of one if the shape is not square.

    W = gain Q, QᵀQ = I if there are at least as many rows as columns, QQᵀ = I if at most    (Saxe et al. 2014)

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all randomness comes from.
    shape : tuple of two int
        Tall, wide or square.
    gain : float
        The length of every row or column, whichever are fewer. Any positive number.

    Returns
    -------
    W : ndarray of shape (fan_in, fan_out)

    Examples
    --------
    On paper: two orthogonal rows of length 2 have the products 2 · 2 with themselves, and 0 with each other.

    >>> W = orthogonal(np.random.default_rng(0), (2, 3), gain=2.0)
    >>> (W @ W.T).round(3) + 0.0
    array([[4., 0.],
           [0., 4.]])
    """
    ### BEGIN SOLUTION
    rows, columns = shape
    Q, R = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    Q = gain * Q * np.sign(np.diag(R))  # a sign for each column
    return Q if rows >= columns else Q.T
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what happens to a single direction?
#
# The singular values of a matrix say by how much it stretches: the largest of them some direction, the smallest another
# one. On the left those of single matrices, on the right those of what twenty linear layers do together. Xavier keeps
# the mean square of the signal in both. What about the directions?

# %% experiment=true
width, deep = 150, 20
kinds = {
    "He, normal": (he_normal, "-", "tab:orange"),
    "Xavier, normal": (xavier_normal, "-", "tab:blue"),
    "Xavier, uniform": (xavier_uniform, "--", "black"),
    "orthogonal": (orthogonal, "-", "tab:green"),
}

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for label, (draw, style, color) in kinds.items():
    rng = np.random.default_rng(1)
    layers = [draw(rng, (width, width)) for _ in range(deep)]
    left.plot(np.linalg.svd(layers[0], compute_uv=False), style, color=color, label=label)
    right.semilogy(np.linalg.svd(np.linalg.multi_dot(layers), compute_uv=False), style, color=color)
left.set(ylim=(0, 3), xlabel="direction, from the most stretched on", ylabel="singular value (output / input length)")
left.set_title("By how much does one matrix stretch?")
left.legend()
right.set(ylim=(1e-18, 1e6), xlabel="direction, from the most stretched on", title="And twenty of them in a row?")
plt.show()

# %% [markdown]
# One of Xavier's matrices doubles the length of its favourite direction, and flattens another one to almost nothing;
# the mean of the squares is 1. Twenty of them keep it at about 1, too, and that is all they keep: 97 % of it lies in
# the best 15 of the 150 directions, while half of the directions have shrunk to about a thousandth, or far less. What
# a deep linear network hears along these, it hardly learns. (He's curve is Xavier's, times √2 for each layer: here are
# no ReLUs to take it away.) Orthogonal matrices are flat at 1, one or twenty, by construction.

# %% [markdown]
# ### Experiment: fifty steps of a recurrent network
#
# A recurrent network is deep in time, and it is one and the same matrix at every step. Here are 150 units without any
# input, in a small random state of mean square 0.01, and the same units with a random input of ten numbers at every
# step. How large are the states as time goes by?

# %% experiment=true
H, T = 150, 50
recurrent = {
    "SD 1": (scaled(1), "tab:red"),
    "He": (he_normal, "tab:orange"),
    "Xavier": (xavier_normal, "tab:blue"),
    "orthogonal": (orthogonal, "tab:green"),
    "SD 0.01": (scaled(0.01), "tab:grey"),
}

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
for label, (draw, color) in recurrent.items():
    rng = np.random.default_rng(2)
    W_h, W_x, b = draw(rng, (H, H)), xavier_normal(rng, (10, H)), np.zeros(H)
    start = 0.1 * rng.standard_normal((30, H))
    line = dict(color=color, linestyle="--" if label == "orthogonal" else "-")
    silence = rnn_forward(np.zeros((30, T, 10)), start, W_x, W_h, b)
    talk = rnn_forward(rng.standard_normal((30, T, 10)), start, W_x, W_h, b)
    left.semilogy(np.mean(silence**2, axis=(0, 2)), label=label, **line)
    right.semilogy(np.mean(talk**2, axis=(0, 2)), **line)
left.set(ylim=(1e-6, 2), xlabel="time step $t$", ylabel="mean square of the state")
left.set_title("Without input: what becomes of a small state?")
left.legend(title="recurrent weights", loc="lower right")
right.set(xlabel="time step $t$", title="With input: how large are the states?")
plt.show()

# %% [markdown]
# In silence (left) they part. With 0.01 the state is gone at the second step. An orthogonal matrix keeps it, but for
# the tanh, which has taken half by the end. Xavier's does so only on the average over all directions and draws: in the
# long run the largest eigenvalue wins, and in this draw it is 1.06 in absolute value. He's matrix and the one of SD 1
# make a noise of their own, and reach the size that the tanh admits, however small they start.
#
# With input (right) all five look healthy. So the size of a state does not tell whether the network remembers: that of
# SD 0.01 has a decent size, and is nothing but an echo of its last input. What does tell is the gradient.

# %% [markdown]
# ### Experiment: does an orthogonal `W_h` carry the gradient over a hundred steps?
#
# That is its promise: a product of orthogonal matrices is orthogonal, so that no step makes the gradient any shorter.
# But between two matrices stands a tanh. The three pictures differ only in how loud the inputs are. Each line is one
# draw of `W_h`, five for each kind; a gradient of length 1 starts on the right and travels to the left.

# %% experiment=true
H, T = 100, 100
kinds = {
    "Xavier": (xavier_normal, "tab:blue"),
    "orthogonal": (orthogonal, "tab:green"),
    "orthogonal, gain 1.2": (lambda rng, shape: orthogonal(rng, shape, 1.2), "tab:purple"),
}

fig, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained", sharey=True)
for ax, loudness in zip(axes, [0.01, 0.1, 1], strict=True):
    for label, (draw, color) in kinds.items():
        for seed in range(5):
            rng = np.random.default_rng(seed)
            W_h, W_x = draw(rng, (H, H)), xavier_normal(rng, (20, H))
            x = loudness * rng.standard_normal((10, T, 20))
            h = rnn_forward(x, np.zeros((10, H)), W_x, W_h, np.zeros(H))
            dh = rng.standard_normal((10, H))
            norms = gradient_norms(dh / np.linalg.norm(dh, axis=1, keepdims=True), h, W_h)
            ax.semilogy(norms, color=color, linewidth=1, label=None if seed else label)
    ax.set(xlabel="time step $t$", title=f"inputs of SD {loudness:g}")
axes[0].set(ylim=(1e-14, 1e4), ylabel=r"length of $\partial L / \partial h_t$")
axes[0].legend(loc="lower left")
fig.suptitle("How much of the gradient gets back to step $t$?")
plt.show()

# %% [markdown]
# On the left, in a network that hears next to nothing, the promise is kept: 0.86 of the gradient arrives a hundred
# steps back, in all five draws. Of Xavier's draws each goes its own way, down to a hundredth, or up to 25-fold.
#
# A little louder, and 0.03 arrives. On the right the inputs are as loud as they usually are, and the orthogonal matrix
# is no better than Xavier's: 1e-13. It never shortens a gradient. But the tanh does so between any two steps, by its
# slope, which is 0.69 on the average here. A gain of 1.2 makes up for part of it, and in the quiet networks it is too
# much already. No single number is right for both. The cure is a path from step to step that does not lead through a
# tanh.

# %% [markdown]
# ## 5 · The LSTM's first bias
#
# An LSTM, which you write in the next assignment, keeps its memory in a cell: at every step it multiplies the cell by
# a **forget gate** $f = \sigma(\dots)$ between 0 and 1, and adds something new. After $T$ steps the product of $T$
# gates is left of what was there, and of its gradient. With small weights and no bias every gate starts near
# $\sigma(0) = 0.5$, and the product at $2^{-T}$: the network forgets before it could have learned what to keep.
#
# So let it start open. Gers, Schmidhuber & Cummins (2000) proposed a positive bias for the forget gates when they
# invented them. It was forgotten, until Jozefowicz, Zaremba & Sutskever (2015) searched through thousands of
# architectures for a better one, and found that a 1 there was all that the LSTM had lacked beside the GRU.
#
# The four gates are stacked as in PyTorch, $i, f, g, o$, and so are their biases: four blocks of $H$ numbers.


# %% solution="lstm_bias"
def lstm_bias(H, forget=1.0):
    """An LSTM's first bias: nothing, but for the forget gates, which start open.

    b = (0, forget, 0, 0), each H times, for the gates i, f, g, o    (Jozefowicz et al. 2015)

    Parameters
    ----------
    H : int
        Hidden units.
    forget : float
        The bias of the forget gates. It need not be an integer.

    Returns
    -------
    b : ndarray of shape (4H,)

    Examples
    --------
    On paper: two units make blocks of two, and the second block is f.

    >>> lstm_bias(2)
    array([0., 0., 1., 1., 0., 0., 0., 0.])
    >>> lstm_bias(1, forget=0.5)
    array([0. , 0.5, 0. , 0. ])
    """
    ### BEGIN SOLUTION
    b = np.zeros(4 * H)
    b[H : 2 * H] = forget
    return b
    ### END SOLUTION


# %% [markdown]
# ### Experiment: a product of forget gates
#
# The gates of 50 units that read random inputs, with weights as drawn by Xavier, and biases of 0, 1, 3 and 5. On the
# left, what is left of the cell after $t$ steps: the median unit, and the middle 80 %. On the right, the number of
# steps after which half is gone; the dashed line is for a gate that stands still at $\sigma(\text{bias})$.

# %% experiment=true
H, D, T = 50, 20, 100
rng = np.random.default_rng(4)
x = rng.standard_normal((20, T, D))
W_x = xavier_normal(rng, (D, 4 * H))


def what_is_left(forget):
    """The product of the forget gates up to each step, for every sequence and unit: (20, T, H)."""
    z = x @ W_x + lstm_bias(H, forget)
    return np.cumprod(1 / (1 + np.exp(-z[..., H : 2 * H])), axis=1)


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for forget, color in [(5, "tab:purple"), (3, "tab:green"), (1, "tab:orange"), (0, "tab:grey")]:
    low, middle, high = np.quantile(what_is_left(forget), [0.1, 0.5, 0.9], axis=(0, 2))
    left.semilogy(range(1, T + 1), middle, color=color, label=f"{forget}")
    left.fill_between(range(1, T + 1), low, high, color=color, alpha=0.2)
left.set(ylim=(1e-12, 2), xlabel="steps", ylabel="product of the forget gates")
left.set_title("How much of the cell is left?")
left.legend(title="forget bias", loc="lower right")

biases = np.linspace(-1, 5, 25)
per_step = [-np.log(what_is_left(bias)[:, -1]).mean() / T for bias in biases]
still = 1 / (1 + np.exp(-biases))
right.semilogy(biases, np.log(2) / np.array(per_step), color="black", label="measured")
right.semilogy(biases, np.log(2) / -np.log(still), "--", color="tab:red", label="gate at σ(bias)")
right.set(xlabel="forget bias", ylabel="steps", title="After how many steps is half of it gone?")
right.legend()
plt.show()

# %% [markdown]
# All lines are straight: whatever the bias, the cell fades by the same factor at every step. A bias of 0 halves it each
# time. The famous 1 makes that two steps, and after a hundred 4e-15 is left: it is a better start, not a long memory.
# With a 3 half is gone after 13 steps, with a 5 after 94. From about 2 on, each 1 more makes the memory longer by a
# factor of $e$: if you know that what matters to your data lies $T$ steps apart, a bias around $\log T$ is the natural
# start (Tallec & Ollivier 2018). Inputs that move the gates about make it a little shorter: a gate loses more by
# closing than it gains by opening.

# %% [markdown]
# ## 6 · In your own words
#
# A colleague starts an LSTM with $D = 100$ inputs and $H = 50$ units from
#
#     W_x = xavier_normal(rng, (100, 200))
#     W_h = orthogonal(rng, (50, 200))
#     b = lstm_bias(50)
#
# as Keras does, by and large.
#
# **(a)** (2 points) Which standard deviation do the numbers of `W_x` get? Which would they get if every gate were drawn
# as a layer of its own? What does that mean for the sums that the gates start from?
#
# **(b)** (2 points) Which rows or columns of `W_h` are orthonormal? The block of a single gate is $(50, 50)$: is it
# orthogonal? How large are its singular values, as a root mean square? (Count the squares of all numbers in `W_h`.)
# Write the line that makes every block orthogonal.
#
# **(c)** (1 point) What is left of the cell after 20 steps if every forget gate stands at its bias? Which bias would
# leave half of it?

# %% [markdown] written="stacked" points=5
# **Model answer.** (a) As it stands, fan_out is 200: √(2 / 300) = 0.082. Gate by gate it is 50: √(2 / 150) = 0.115,
# larger by √2. The variance of a gate's sum is 100 times that of a weight (for inputs of mean square 1): 2/3 instead
# of 4/3. So the gates start nearer to 0.5, and the inputs have less to say. (Neither is wrong. The gradient of x is
# indeed a sum over 200 terms; but the sigmoids, whose slope is a quarter at most, let less of it through.)
#
# (b) There are fewer rows than columns, so that the 50 rows, of 200 numbers each, are orthonormal. A block is not
# orthogonal: the squares of all numbers of W_h sum to 50, one for each row, and a block has about a quarter of that,
# 12.5. That is also the sum of its 50 squared singular values: 0.25 on the average, a root mean square of 0.5.
# `W_h = np.concatenate([orthogonal(rng, (50, 50)) for _ in range(4)], axis=1)`
#
# (c) σ(1) = 0.731, and its 20th power is 0.002. Half is left if the 20th power of σ(b) is 0.5: σ(b) = 0.966, and
# b = log(0.966 / 0.034) = 3.3.
#
# **Marks.** (a) 1 for both numbers, 1 for what it means (sums of half the variance, or gates nearer to their middle).
# (b) 1 for the rows, and 0.5 with a reason. 1 for "no", and a line that works: four matrices side by side, however
# written. (c) 1 for both numbers. A slip in the arithmetic is forgiven everywhere.

# %% [markdown]
# ## Sources
#
# - Gers, Schmidhuber & Cummins (2000), *Learning to forget: continual prediction with LSTM*, Neural Computation
#   12(10): forget gates, and a positive bias for them.
# - Glorot & Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, AISTATS:
#   Xavier.
# - He, Zhang, Ren & Sun (2015), *Delving deep into rectifiers: surpassing human-level performance on ImageNet
#   classification*, ICCV: He.
# - Jozefowicz, Zaremba & Sutskever (2015), *An empirical exploration of recurrent network architectures*, ICML: the
#   bias of 1.
# - LeCun, Bottou, Orr & Müller (1998), *Efficient backprop*, in Neural Networks: Tricks of the Trade, Springer: the
#   variance 1 / fan_in.
# - Mezzadri (2007), *How to generate random matrices from the classical compact groups*, Notices of the AMS 54(5): why
#   QR's signs have to be mended.
# - Saxe, McClelland & Ganguli (2014), *Exact solutions to the nonlinear dynamics of learning in deep linear neural
#   networks*, ICLR: orthogonal weights, and singular values through depth.
# - Tallec & Ollivier (2018), *Can recurrent neural networks warp time?*, ICLR: forget biases from the time that is to
#   be remembered.
