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
# # 07 · The gated recurrent unit
#
# The LSTM has four blocks of weights and two states. You write a cell that gets by with three and one, forward and
# backward. At the end you know what its two gates are for, what the missing block saves and what it does not, and why
# a GRU's weights cannot be carried from one library to another without a thought.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward = carry("01-rnn", "rnn_forward")
rnn_backward, gradient_norms, cross_entropy = carry("02-bptt", "rnn_backward", "gradient_norms", "cross_entropy")
clip_by_global_norm = carry("04-clipping", "clip_by_global_norm")
lstm_forward, lstm_cell_backward, lstm_backward = carry(
    "06-lstm", "lstm_forward", "lstm_cell_backward", "lstm_backward"
)

# %% [markdown]
# (Those are your own functions, out of your earlier notebooks. You need them for the experiments only.)
#
# ## Recap: one state, two gates
#
# Cho et al. (2014) wanted a unit that remembers and forgets as an LSTM does, and is simpler. There is no cell state
# beside the state, and no output gate. What is left are two gates and a **candidate**, $n$:
#
# $$r = \sigma(x W_{xr} + h' W_{hr} + b_r) \qquad z = \sigma(x W_{xz} + h' W_{hz} + b_z)$$
# $$n = \tanh(x W_{xn} + (r \circ h')\, W_{hn} + b_n)$$
# $$h = (1 - z) \circ h' + z \circ n$$
#
# where $h'$ is the state after the step before, and $\circ$ multiplies number by number. The **update gate** $z$ says
# how much of each unit is written anew: at 0 the unit keeps what it has, at 1 it takes the candidate. The **reset
# gate** $r$ says how much of the old state the candidate may see: at 0 the candidate is what it would be if nothing
# had been heard before. An LSTM decides twice, what to forget and what to add. Here one gate decides both: a unit
# forgets just as much as it takes in.
#
# The three blocks stand side by side in the order r, z, n, as in PyTorch: `W_x` is `(D, 3H)`, `W_h` is `(H, 3H)` and
# `b` is `(3H,)`.
#
# ### Traps: there is not one GRU
#
# People do not agree on its equations. Ours are Bahdanau's (2015, appendix A.1.1). Before you compare with anything
# else, look at three things:
#
# | | the old state is reset | $z = 1$ means | blocks |
# |---|---|---|---|
# | this course, Bahdanau (2015) | before the product with $W_{hn}$ | all new | r, z, n |
# | Cho (2014) as printed, d2l.ai | before | all old | |
# | PyTorch, cuDNN | after: $r \circ (h' W_{hn} + b_{hn})$ | all old | r, z, n |
# | Keras | after (before, with `reset_after=False`) | all old | z, r, n |
# | some lecture notes | never: $r$ is computed, and left out of the candidate | | |
#
# The last line is a plain mistake: without $r$ in the candidate, the reset gate has no effect at all.

# %% [markdown]
# ## 1 · One step
#
# The two gates read the old state as it is, and the candidate reads it reset. So the product with `W_h` falls into two
# parts, of which the second has to wait for $r$. Write the shapes under the equations before you write the code.
#
# Return the gates, too, all three blocks, squashed: on the way back you will live on them.


# %% solution="gru_cell_forward"
def gru_cell_forward(x, h_prev, W_x, W_h, b):
    """One step of the gated recurrent unit, reset before the product, z lets the new in (Bahdanau 2015, A.1.1).

    r = σ(x W_xr + h_prev W_hr + b_r)
    z = σ(x W_xz + h_prev W_hz + b_z)
    n = tanh(x W_xn + (r * h_prev) W_hn + b_n)
    h = (1 - z) * h_prev + z * n

    Parameters
    ----------
    x : ndarray of shape (B, D)
        The input of this step.
    h_prev : ndarray of shape (B, H)
        The state after the step before.
    W_x : ndarray of shape (D, 3H)
        Three blocks of H columns: W_xr, W_xz, W_xn.
    W_h : ndarray of shape (H, 3H)
        W_hr, W_hz, W_hn.
    b : ndarray of shape (3H,)
        b_r, b_z, b_n.

    Returns
    -------
    h : ndarray of shape (B, H)
        The state after this step.
    gates : ndarray of shape (B, 3H)
        r, z and n side by side, as they were used.

    Examples
    --------
    On paper: r = σ(0.4 - 0.5 · 0.8) = σ(0) = 0.5, and z = σ(-0.4 + 0.5 · 0.8 + log 3) = 3 / (3 + 1) = 0.75.
    n = tanh(0.3 + 0.25 · (0.5 · 0.8) + 0.1) = tanh(0.5) = 0.462, and h = 0.25 · 0.8 + 0.75 · 0.462 = 0.547.

    >>> x, h_prev = np.array([[1.0]]), np.array([[0.8]])
    >>> W_x, W_h = np.array([[0.4, -0.4, 0.3]]), np.array([[-0.5, 0.5, 0.25]])
    >>> b = np.array([0.0, np.log(3.0), 0.1])
    >>> h, gates = gru_cell_forward(x, h_prev, W_x, W_h, b)
    >>> h.round(3), gates.round(3)
    (array([[0.547]]), array([[0.5  , 0.75 , 0.462]]))
    """
    ### BEGIN SOLUTION
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)
    ### END SOLUTION


# %% [markdown]
# ## 2 · All steps
#
# The loop is the one that you know. Keep the state and the gates of every step.


# %% solution="gru_forward"
def gru_forward(x, h0, W_x, W_h, b):
    """The cell, unrolled over time.

    h_t = (1 - z_t) * h_{t-1} + z_t * n_t, where the first step has h0 for h_{t-1}

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
        T is 1 or more.
    h0 : ndarray of shape (B, H)
        The state before the first step. It need not be zero.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)
    b : ndarray of shape (3H,)

    Returns
    -------
    h : ndarray of shape (B, T, H)
        h[:, t] is the state after step t.
    gates : ndarray of shape (B, T, 3H)
        gates[:, t] are r, z and n of step t.

    Examples
    --------
    On paper, with both gates at 0.5: n = tanh(0.5 · 2) = 0.762 and h = 0.5 · 2 + 0.5 · 0.762 = 1.381; then
    n = tanh(0.5 · 1.381) = 0.598 and h = 0.990; then n = tanh(1 + 0.5 · 0.990) = 0.904 and h = 0.947.

    >>> x, h0 = np.array([[[0.0], [0.0], [1.0]]]), np.array([[2.0]])
    >>> W_x, W_h, b = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 1.0]]), np.zeros(3)
    >>> h, gates = gru_forward(x, h0, W_x, W_h, b)
    >>> h.round(3)
    array([[[1.381],
            [0.99 ],
            [0.947]]])
    """
    ### BEGIN SOLUTION
    B, T, _ = x.shape
    H = h0.shape[1]
    h, gates = np.empty((B, T, H)), np.empty((B, T, 3 * H))
    h_prev = h0
    for t in range(T):
        h_prev, gates[:, t] = gru_cell_forward(x[:, t], h_prev, W_x, W_h, b)
        h[:, t] = h_prev
    return h, gates
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what the two gates do
#
# One unit, with weights made by hand. A number is in the air at every step, and two wires say what to do with it: with
# *take* the unit should take the number instead of what it had, with *add* it should add the number to what it had,
# and with neither it should pay no attention. Which gate has to listen to which wire? Say it before you run the cell.

# %% experiment=true
import matplotlib.pyplot as plt

rng = np.random.default_rng(2)
heard = np.zeros((1, 36, 3))  # number, take, add
heard[0, :, 0] = rng.uniform(-0.6, 0.6, 36)
heard[0, [2, 16, 27], 1] = 1
heard[0, [7, 10, 20, 31], 2] = 1
W_x = np.array([[0.0, 0.0, 1.0], [0.0, 16.0, 0.0], [16.0, 16.0, 0.0]])  # columns: r, z, n
W_h, b = np.array([[0.0, 0.0, 1.0]]), np.array([-8.0, -8.0, 0.0])
h, gates = gru_forward(heard, np.zeros((1, 1)), W_x, W_h, b)

fig, (above, below) = plt.subplots(2, 1, figsize=(10, 4.8), sharex=True, height_ratios=[3, 1], layout="constrained")
steps = np.arange(36)
for command, color in [("take", "tab:orange"), ("add", "tab:green")]:
    (at,) = np.nonzero(heard[0, :, 1 if command == "take" else 2])
    above.bar(at, heard[0, at, 0], color=color, label=f"number heard, {command}")
ignored = heard[0, :, 1:].sum(axis=1) == 0
above.bar(steps[ignored], heard[0, ignored, 0], color="lightgrey", label="number heard, neither")
above.step(steps, h[0, :, 0], where="post", color="black", label="state $h_t$")
above.set(ylabel="value", title="When does the unit write (z), and does it look at what it had (r)?")
above.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False)
picture = below.imshow(gates[0, :, :2].T, aspect="auto", cmap="Greys", vmin=0, vmax=1)
below.set(xlabel="time step $t$", ylabel="gate", yticks=[0, 1], yticklabels=["reset $r$", "update $z$"])
fig.colorbar(picture, ax=below, label="how open")
plt.show()

# %% [markdown]
# Where $z$ is shut the state is a straight line, whatever is in the air: that is the memory. Where $z$ opens and $r$
# is shut, the unit starts afresh: it takes the number (but for the tanh). Where both open, it takes a step of a
# simple recurrent network, $\tanh(x + h')$. The fourth case, $r$ open and $z$ shut, makes no difference: nothing is
# written. And no step of a real network is as clear-cut as these: its gates live between 0 and 1.

# %% [markdown]
# ## 3 · One step back
#
# Given is `dh`, the gradient of the loss with respect to the new state. Draw the cell as a graph, and follow the
# arrows back:
#
# - $h$ is made of three things, $z$, $n$ and $h'$. Each gets its share of `dh`.
# - From $n$ it goes to its sum (past the tanh), and from there through $W_{hn}$ to the product $r \circ h'$, which has
#   two factors.
# - From $r$ and from $z$ it goes to their sums (past the sigmoid). With the output at hand you need no exponential:
#   $\sigma' = \sigma(1 - \sigma)$, $\tanh' = 1 - \tanh^2$.
# - From the three sums it goes to $x$, to the weights, to the biases, and once more to $h'$.
#
# So $h'$ is met in four places, and `dh_prev` is a sum of four. The first of them is why there are gates at all:
# through $(1 - z) \circ h'$ the gradient passes without meeting any matrix, or any tanh.


# %% solution="gru_cell_backward"
def gru_cell_backward(dh, x, h_prev, gates, W_x, W_h):
    """The gradients of one step, from that of its state.

    of  n = tanh(x W_xn + (r * h_prev) W_hn + b_n)  and  h = (1 - z) * h_prev + z * n

    Parameters
    ----------
    dh : ndarray of shape (B, H)
        The gradient of the loss with respect to h.
    x : ndarray of shape (B, D)
    h_prev : ndarray of shape (B, H)
    gates : ndarray of shape (B, 3H)
        r, z and n, as gru_cell_forward returned them.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)

    Returns
    -------
    dx : ndarray of shape (B, D)
    dh_prev : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 3H)
    dW_h : ndarray of shape (H, 3H)
    db : ndarray of shape (3H,)
        The gradients of the weights and of the bias are sums over the batch.

    Examples
    --------
    On paper: z's sum gets (0.5 + 0.5) · 0.75 · 0.25 = 0.1875, and n's 0.75 · (1 - 0.25) = 0.5625. Through W_hn = 1 that
    reaches r * h_prev, and r's sum gets 0.5625 · (-0.5) · 0.25 = -0.0703. Then dx = -0.0703 - 0.1875 + 0.5625 = 0.305,
    and dh_prev = 0.25 + 0.5625 · 0.5 - 0.0703 · 1 + 0.1875 · 2 = 0.836.

    >>> dh, x, h_prev = np.array([[1.0]]), np.array([[2.0]]), np.array([[-0.5]])
    >>> gates = np.array([[0.5, 0.75, 0.5]])
    >>> W_x, W_h = np.array([[1.0, -1.0, 1.0]]), np.array([[1.0, 2.0, 1.0]])
    >>> dx, dh_prev, dW_x, dW_h, db = gru_cell_backward(dh, x, h_prev, gates, W_x, W_h)
    >>> dx.round(3), dh_prev.round(3), dW_h.round(3)
    (array([[0.305]]), array([[0.836]]), array([[ 0.035, -0.094, -0.141]]))
    """
    ### BEGIN SOLUTION
    r, z, n = np.split(gates, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_hn.T  # of s = r * h_prev
    da_r = ds * h_prev * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
    dW_h = np.concatenate([h_prev.T @ da_r, h_prev.T @ da_z, (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# ## 4 · All steps back
#
# Backpropagation through time, as in assignment 02: from the last step to the first. At every state two gradients
# meet, the loss's own and the one that the next step hands back.


# %% solution="gru_backward"
def gru_backward(dh, x, h0, h, gates, W_x, W_h):
    """Backpropagation through time: the gradients of a whole sequence.

    What arrives at state t is dh[:, t], and the dh_prev of step t + 1.

    Parameters
    ----------
    dh : ndarray of shape (B, T, H)
        The loss's own gradient at every step's state.
    x : ndarray of shape (B, T, D)
    h0 : ndarray of shape (B, H)
    h : ndarray of shape (B, T, H)
    gates : ndarray of shape (B, T, 3H)
        What gru_forward returned.
    W_x : ndarray of shape (D, 3H)
    W_h : ndarray of shape (H, 3H)

    Returns
    -------
    dx : ndarray of shape (B, T, D)
    dh0 : ndarray of shape (B, H)
    dW_x : ndarray of shape (D, 3H)
    dW_h : ndarray of shape (H, 3H)
    db : ndarray of shape (3H,)
        The gradients of the weights and of the bias are sums over batch and time.

    Examples
    --------
    On paper, with W_h at zero: all gates are 0.5, all candidates and states 0. Of the 1 at the last state half is
    handed back at each step, so that 0.5 · 0.5 · 0.5 reaches h0, and half of what arrives at a state goes to its input.

    >>> x, h0, dh = np.zeros((1, 3, 1)), np.zeros((1, 1)), np.array([[[0.0], [0.0], [1.0]]])
    >>> W_x, W_h, b = np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)), np.zeros(3)
    >>> h, gates = gru_forward(x, h0, W_x, W_h, b)
    >>> dx, dh0, dW_x, dW_h, db = gru_backward(dh, x, h0, h, gates, W_x, W_h)
    >>> dh0, dx.ravel()
    (array([[0.125]]), array([0.125, 0.25 , 0.5  ]))
    """
    ### BEGIN SOLUTION
    dx = np.empty_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_x.shape[1])
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        step = gru_cell_backward(dh[:, t] + dh_next, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dx[:, t], dh_next = step[0], step[1]
        dW_x += step[2]
        dW_h += step[3]
        db += step[4]
    return dx, dh_next, dW_x, dW_h, db
    ### END SOLUTION


# %% [markdown]
# ### Experiment: gradient norms over 200 steps
#
# Three untrained networks of 50 units read the same random sequences. The loss speaks only at the last of 200 steps:
# how much of its gradient reaches the earlier states? Once with all biases at zero, and once with the gates told to
# keep: -5 for the GRU's $z$ and 5 for the LSTM's $f$, so that about 1 % of a unit is forgotten at each step. Before you
# run it: in which of the networks do you expect the gradient to vanish on the left?

# %% experiment=true
rng = np.random.default_rng(0)
B, T, D, H = 8, 200, 10, 50
x, zeros = rng.standard_normal((B, T, D)), np.zeros((B, H))
dh_last = rng.standard_normal((B, H))
dh_last /= np.linalg.norm(dh_last, axis=1, keepdims=True)


def mean_norm(gradient):
    return np.linalg.norm(gradient, axis=1).mean()


def gru_norms(W_x, W_h, b):
    """The mean norm of dL/dh_t at every step."""
    h, gates = gru_forward(x, zeros, W_x, W_h, b)
    dh, norms = dh_last, [mean_norm(dh_last)]
    for t in reversed(range(1, T)):
        _, dh, *_ = gru_cell_backward(dh, x[:, t], h[:, t - 1], gates[:, t], W_x, W_h)
        norms.append(mean_norm(dh))
    return norms[::-1]


def lstm_norms(W_x, W_h, b):
    """The mean norm of dL/dh_t at every step: what reaches h_t and what reaches c_t travel side by side."""
    h, c, gates = lstm_forward(x, zeros, zeros, W_x, W_h, b)
    dh, dc, norms = dh_last, np.zeros((B, H)), [mean_norm(dh_last)]
    for t in reversed(range(1, T)):
        _, dh, dc, *_ = lstm_cell_backward(dh, dc, x[:, t], h[:, t - 1], c[:, t - 1], c[:, t], gates[:, t], W_x, W_h)
        norms.append(mean_norm(dh))
    return norms[::-1]


def random_weights(blocks):
    return (
        rng.standard_normal((D, blocks * H)) / np.sqrt(D),
        rng.standard_normal((H, blocks * H)) / np.sqrt(H),
        np.zeros(blocks * H),
    )


rnn, gru, lstm = random_weights(1), random_weights(3), random_weights(4)
fig, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharey=True, layout="constrained")
for ax, keep, title in zip(axes, [0, 5], ["all biases 0", "gates told to keep"], strict=True):
    gru[2][H : 2 * H], lstm[2][H : 2 * H] = -keep, keep  # z is the second of r, z, n, and f of i, f, g, o
    ax.semilogy(gradient_norms(dh_last, rnn_forward(x, zeros, *rnn), rnn[1]), color="tab:red", label="RNN")
    ax.semilogy(gru_norms(*gru), color="tab:green", label=f"GRU, $b_z$ = {-keep}")
    ax.semilogy(lstm_norms(*lstm), color="tab:blue", label=f"LSTM, $b_f$ = {keep}")
    ax.set(xlabel="time step $t$", title=title)
    ax.legend(loc="lower right")
axes[0].set_ylabel(r"mean norm of $\partial L / \partial h_t$")
fig.suptitle("How much of the last step's gradient reaches step $t$?")
plt.show()

# %% [markdown]
# On the left it vanishes in all three, and nearly alike: of the last step's gradient some 1e-36 to 1e-42 is left. With
# biases at zero a gate stands half open, so that what passes beside the candidate is halved at every step, and the
# other ways are no better. To have gates is not enough: what keeps a gradient alive is a gate that *keeps*.
#
# On the right the GRU loses about 1 % per step, and a sixth is left after 199 of them; nearly all of that came by
# $1 - z$. The LSTM's line drops to a few per cent within the first steps back, and then holds, and even rises. Here its
# two decisions tell: $f$ says keep, but nobody told $i$ to let in less, so that the cell state has grown to about 7,
# where the tanh before the output is flat. What has once reached the cell state stays in it. A GRU cannot fill up like
# this, since one gate decides both. The simple network has no such knob at all.
#
# Five is much. In practice one starts a little on the side of keeping (as assignment 05 does for the LSTM) or chooses
# the biases by the spans of time to be bridged (Tallec & Ollivier 2018), and lets training do the rest.

# %% [markdown]
# ## 5 · What a cell costs
#
# Every block has $D$ rows of $H$ weights for the input, $H$ rows for the state, and a bias: $H (D + H + 1)$ in all.
# What is left is to know how many blocks there are. We count one bias for each block, as Keras does for its LSTM; a
# PyTorch layer has two, and so has Keras' GRU unless it is told to reset before the product.


# %% solution="count_parameters"
def count_parameters(kind, D, H):
    """The number of weights and biases of one recurrent layer, with one bias for each gate and candidate.

    Parameters
    ----------
    kind : str
        "rnn", "gru" or "lstm".
    D : int
        Input features.
    H : int
        Hidden units.

    Returns
    -------
    count : int

    Examples
    --------
    On paper: 100 · 50 + 50 · 50 + 50 = 7550. That is Keras' SimpleRNN of 50 units on 100 features.

    >>> count_parameters("rnn", 100, 50)
    7550
    """
    ### BEGIN SOLUTION
    blocks = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    return blocks * H * (D + H + 1)
    ### END SOLUTION


# %% [markdown]
# ### Experiment: GRU against LSTM
#
# The task is to read a number in words, letter by letter, to wait for six silent steps, and then to say its three
# digits: after *seven hundred and forty two* the answer is 7, 4, 2. The first digit has to be remembered for up to
# thirty steps. 800 of the numbers from 0 to 999 are for training. The other 200 the networks never see, and on them an
# answer counts if all three digits are right.
#
# Four networks compete: RNN, GRU and LSTM of 40 units each, and an RNN of 78 units, which has about as many parameters
# as the GRU, so that nobody can say it is only the number of weights. Each trains three times, from other weights and
# with other numbers left out. The optimizer is Adam, which you will write in assignment 09, with the best rate that we
# found for each (with the others' rate the RNNs learn nothing). First, what they need:

# %% experiment=true
from time import perf_counter

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
UNITS = [*UNITS.split(), "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SILENCE, EPOCHS, BLOCKS = 6, 20, {"rnn": 1, "gru": 3, "lstm": 4}


def in_words(number):
    hundreds, rest = divmod(number, 100)
    words = [UNITS[hundreds], "hundred"] if hundreds else []
    words += ["and"] if hundreds and rest else []
    words += [TENS[rest // 10 - 2]] if rest >= 20 else []
    ones = rest % 10 if rest >= 20 else rest
    words += [UNITS[ones]] if ones or number == 0 else []
    return " ".join(words)


longest = max(len(in_words(number)) for number in range(1000))
texts = [in_words(number).rjust(longest) + " " * SILENCE for number in range(1000)]  # all end at the same step
letters = sorted(set("".join(texts)))
readings = np.eye(len(letters))[[[letters.index(letter) for letter in text] for text in texts]]  # (1000, T, D), one-hot
digits = np.array([[number // 100, number // 10 % 10, number % 10] for number in range(1000)])


def layer(kind, x, params):
    """The last states, and a function from their gradient to those of W_x, W_h and b."""
    W_x, W_h, b = params["W_x"], params["W_h"], params["b"]
    h0 = np.zeros((len(x), len(W_h)))
    if kind == "rnn":
        h = rnn_forward(x, h0, W_x, W_h, b)
    elif kind == "gru":
        h, gates = gru_forward(x, h0, W_x, W_h, b)
    else:
        h, c, gates = lstm_forward(x, h0, h0, W_x, W_h, b)

    def back(dh_last):
        dh = np.zeros_like(h)
        dh[:, -1] = dh_last
        if kind == "rnn":
            return rnn_backward(dh, x, h0, h, W_x, W_h)[-3:]
        if kind == "gru":
            return gru_backward(dh, x, h0, h, gates, W_x, W_h)[-3:]
        return lstm_backward(dh, x, h0, h0, h, c, gates, W_x, W_h)[-3:]

    return h[:, -1], back


def say(h_last, params):
    """Three digits' logits, (B, 3, 10)."""
    return (h_last @ params["W_y"] + params["b_y"]).reshape(-1, 3, 10)


def loss_gradients(kind, rows, params):
    h_last, back = layer(kind, readings[rows], params)
    _, dlogits = cross_entropy(say(h_last, params), digits[rows], np.ones((len(rows), 3), dtype=bool))
    dlogits = dlogits.reshape(-1, 30)
    dW_x, dW_h, db = back(dlogits @ params["W_y"].T)
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": h_last.T @ dlogits, "b_y": dlogits.sum(axis=0)}


def train(kind, H, rate, seed, bar):
    """The trained weights; after every epoch, the share of unseen numbers read rightly; the seconds of every epoch."""
    rng = np.random.default_rng(seed)
    seen, unseen = np.split(rng.permutation(1000), [800])
    D, blocks = len(letters), BLOCKS[kind]
    params = {"W_x": rng.standard_normal((D, blocks * H)) / np.sqrt(D), "b": np.zeros(blocks * H)}
    params |= {"W_h": rng.standard_normal((H, blocks * H)) / np.sqrt(H)}
    params |= {"W_y": rng.standard_normal((H, 30)) / np.sqrt(H), "b_y": np.zeros(30)}
    if kind != "rnn":
        params["b"][H : 2 * H] = 1 if kind == "lstm" else -1  # keep a little more, for a start
    m, v, t = dict.fromkeys(params, 0), dict.fromkeys(params, 0), 0
    right, seconds = [], []
    for _ in range(EPOCHS):
        start = perf_counter()
        for rows in np.split(rng.permutation(seen), 16):
            grads, _ = clip_by_global_norm(loss_gradients(kind, rows, params), 1.0)
            t += 1
            for name, g in grads.items():
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g**2
                step = m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
                params[name] = params[name] - rate * step
        seconds.append(perf_counter() - start)
        answers = say(layer(kind, readings[unseen], params)[0], params).argmax(axis=-1)
        right.append((answers == digits[unseen]).all(axis=1).mean())
        bar.progress += 1
    return params, right, seconds


# %% [markdown]
# Now the race. It takes about two minutes.

# %% experiment=true
from IPython.display import ProgressBar

networks = {"RNN, 40 units": ("rnn", 40, 0.0025), "RNN, 78 units": ("rnn", 78, 0.0025)}
networks |= {"GRU, 40 units": ("gru", 40, 0.02), "LSTM, 40 units": ("lstm", 40, 0.02)}
colors = ["salmon", "tab:red", "tab:green", "tab:blue"]
bar = ProgressBar(len(networks) * 3 * EPOCHS)
bar.display()
runs = [[train(*network, seed, bar) for network in networks.values()] for seed in range(3)]

fig, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), width_ratios=[1, 1, 2], layout="constrained")
names = [name.replace(", ", "\n") for name in networks]
counts = [count_parameters(kind, len(letters), H) for kind, H, _ in networks.values()]
left.bar_label(left.bar(names, counts, color=colors))
left.set(ylabel="parameters of the recurrent layer", title="How many parameters?", ylim=(0, 1.15 * max(counts)))
for number, run in enumerate(runs):
    for name, short, color, (_, accuracy, seconds) in zip(networks, names, colors, run, strict=True):
        middle.plot(short, min(seconds), "o", color=color, alpha=0.7)
        right.plot(range(1, EPOCHS + 1), accuracy, color=color, linewidth=1.2, label=None if number else name)
middle.set(ylabel="seconds of the quickest epoch, three runs", title="How long does an epoch take?", ylim=(0, None))
middle.margins(x=0.15)
for ax in (left, middle):
    ax.set_xlabel("network")
    ax.tick_params(axis="x", labelsize=7)
right.set(xlabel="epoch", ylabel="unseen numbers read rightly (share)", title="Who learns to read? (three runs each)")
right.set(ylim=(0, 1.02), xticks=range(0, EPOCHS + 1, 5))
right.legend(loc="center right")
plt.show()

# %% [markdown]
# **Parameters.** The GRU has three quarters of the LSTM's, and three times those of the RNN of its size.
#
# **Time.** The RNN is the quickest, and a GRU of its size takes three to four times as long. Whether the GRU is
# quicker than the LSTM you may not even see: where this was written it took between three quarters of the LSTM's time
# and all of it, from one run to the next. Parameters are not time. (The LSTM needs one product with the old state per
# step, the GRU two, since the second has to wait for $r$.)
#
# **Accuracy.** Both gated networks end up reading 98 to 100 % of the numbers that they have never seen. The RNNs do
# not: the small one reads about 7 %, and the one with as many parameters as the GRU about a fifth. So it is not the
# number of weights, and it is not the reading either: without the silence, after 30 epochs at a rate of 0.005, the
# larger RNN reads 86 to 90 %. What it cannot do is wait.
#
# The GRU gets there in about half the LSTM's epochs. Do not make a law of it. This is one task, one size and three
# runs, and another rate or another bias would move these curves. Chung et al. (2014) and Jozefowicz et al. (2015),
# who compared on several tasks, found both ahead of the simple network, and neither ahead of the other everywhere.

# %% [markdown]
# ### Experiment: what a trained GRU does with its gates
#
# One more GRU of the same kind, and how it reads one number. Its 40 units are sorted: at the top those to which the
# *hundreds* digit listens most (as the share of the squared weights in `W_y`), at the bottom those that serve the other
# two digits. The hundreds are settled when *hundred* has been read. On the right is the mean of $z$ of each unit over
# the last ten letters before the silence, of all 900 numbers that have hundreds. Who should keep, and who should write?

# %% experiment=true
from IPython.display import ProgressBar

bar = ProgressBar(EPOCHS)
bar.display()
params, _, _ = train("gru", 40, 0.02, 3, bar)
strength = (params["W_y"].reshape(40, 3, 10) ** 2).sum(axis=2)  # (H, 3): how much each digit listens to each unit
share = strength[:, 0] / strength.sum(axis=1)
order = np.argsort(share)
_, gates = gru_forward(readings, np.zeros((1000, 40)), params["W_x"], params["W_h"], params["b"])
r, z, _ = np.split(gates, 3, axis=2)

number = 742
start = longest - len(in_words(number))
fig, axes = plt.subplots(1, 3, figsize=(13.5, 4.8), width_ratios=[3, 3, 2], layout="constrained")
for ax, gate, title in zip(axes, [z, r], ["Who writes, and when? ($z$)", "Who sees its past? ($r$)"], strict=False):
    picture = ax.imshow(gate[number, start:, order], aspect="auto", origin="lower", cmap="viridis", vmin=0, vmax=1)
    ax.set_xticks(range(len(texts[number]) - start), texts[number][start:].replace(" ", "_"))
    ax.set(xlabel="letter read", ylabel="unit, sorted by the hundreds' share", title=title)
fig.colorbar(picture, ax=axes[1], label="gate")
late = z[100:, longest - 10 : longest].mean(axis=(0, 1))
axes[2].scatter(share, late, color="tab:green")
axes[2].set(xlabel="share of the hundreds digit", ylabel="mean of $z$, last ten letters", ylim=(0, 1))
axes[2].text(0.97, 0.95, f"correlation {np.corrcoef(share, late)[0, 1]:.2f}", ha="right", transform=axes[2].transAxes)
axes[2].set(title="Do the hundreds' keepers shut?")
plt.show()

# %% [markdown]
# In the silence, the last six steps, $z$ is all but shut in most units: nobody told the network, and it has learned
# to wait as the unit that we made by hand does. (What $r$ does there makes hardly a difference, since nothing is
# written.) Before that, $z$ opens with what is heard: at the first letters of *hundred*, which tell nothing new, one
# unit in forty has it more than half open, and close to half of the units at the *f* of forty and the *w* of two.
#
# Who keeps the hundreds? Towards the end the units at the bottom write more than those at the top, and on the right
# the points fall. But it is a tendency, no division of labour: the correlation is about -0.5, and a few units at the
# top write at *forty*, too. A digit is spread over many units, and most units serve several. Of $r$ we can say least:
# it is seldom shut and seldom quite open, and follows no pattern that one could name.

# %% [markdown]
# ## 6 · In your own words
#
# A colleague has trained `torch.nn.GRU(100, 50)` and would like to go on with your functions. PyTorch computes, with
# columns for vectors,
#
# $$r = \sigma(W_{ir} x + b_{ir} + W_{hr} h' + b_{hr}) \qquad z = \sigma(W_{iz} x + b_{iz} + W_{hz} h' + b_{hz})$$
# $$n = \tanh(W_{in} x + b_{in} + r \circ (W_{hn} h' + b_{hn})) \qquad h = (1 - z) \circ n + z \circ h'$$
#
# and stores the matrices as they stand here, stacked r, z, n.
#
# **(a)** (3 points) What has to be done to its weights so that *your* $r$ is PyTorch's $r$, and your $z$ does what its
# $z$ does?
#
# **(b)** (2 points) The candidate cannot be carried over. Why not? Name a case in which it could be, and say what
# PyTorch gains with its order.

# %% [markdown] written="torch" points=5
# **Model answer.** (a) Transpose the matrices, since our vectors are rows. Add the two biases of $r$, and the two of
# $z$: they stand in the same sum. PyTorch's $z$ is the share that is kept, ours the share that is let in. Since
# $1 - \sigma(a) = \sigma(-a)$, change the sign of everything in $z$'s block: its columns of `W_x` and of `W_h`, and
# its bias.
#
# (b) Ours resets every unit of the old state before the product, $(r \circ h') W_{hn}$, PyTorch's the outcome of the
# product. So the sum for unit $j$ holds $\sum_i r_i h'_i w_{ij}$ in ours, and $r_j \sum_i h'_i w_{ij}$ in PyTorch's: as
# $r$ is another one at every step, no fixed weights turn one into the other. They do where $r$ can be pulled through
# the product and $b_{hn} = 0$: with a diagonal $W_{hn}$ (a single unit, for instance), or if all units have the same
# $r$; or where $r$ is always 1, with the two biases added. PyTorch gains speed: all three products with the old state
# are one, while ours has to wait for $r$ before the last.
#
# **Marks.** (a) 1 for the transposes. 1 for adding the biases of each gate. 1 for the sign of $z$'s block with its
# bias; "exchange $z$ and $1 - z$ in the code", without a way to do it in the weights, gets ½.
#
# (b) 1 for the reason: the product mixes the units, and each has an $r$ of its own (indices, or an example of two
# units; "the order differs" alone will not do). ½ for a case (diagonal, one unit, equal or constant $r$; $b_{hn}$ may
# be forgotten). ½ for one product instead of two, or for fewer steps that wait for one another.

# %% [markdown]
# ## Sources
#
# - Bahdanau, Cho & Bengio (2015), *Neural machine translation by jointly learning to align and translate*, ICLR,
#   appendix A.1.1: the equations as we have them.
# - Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio (2014), *Learning phrase representations using
#   RNN encoder–decoder for statistical machine translation*, EMNLP, section 2.3: the unit.
# - Chung, Gulcehre, Cho & Bengio (2014), *Empirical evaluation of gated recurrent neural networks on sequence
#   modeling*, arXiv:1412.3555: GRU against LSTM, and the name.
# - Jozefowicz, Zaremba & Sutskever (2015), *An empirical exploration of recurrent network architectures*, ICML: ten
#   thousand cells, and the forget gate's bias.
# - Kingma & Ba (2015), *Adam: a method for stochastic optimization*, ICLR.
# - Tallec & Ollivier (2018), *Can recurrent neural networks warp time?*, ICLR: gate biases chosen for a span of time.
# - Zhang, Lipton, Li & Smola (2023), *Dive into deep learning*, Cambridge University Press, section 10.2; the manuals
#   of PyTorch (`torch.nn.GRU`), cuDNN and Keras (`keras.layers.GRU`): the other variants.
