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
# # 17 · The transformer
#
# Sixteen notebooks have carried a state from step to step. Here there is none: every step looks at every other one, at
# once. You write attention and its gradient, heads, positions, a norm, and the block that they make up. At the end you
# train such a block with your own gradient, and see what it gives up and what it wins against your recurrent networks.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01. New are:
#
# - **Queries, keys, values**: $T$ queries of length $d$ look at $S$ keys of the same length, and read $S$ values of
#   length $D$. In front of these two axes any others may stand, such as $B$ for the batch.
# - **$N$ heads** share the $D$ features of the model: each has $d = D/N$.
# - **`mask`** is boolean, and `True` means: *may be attended to*. It broadcasts to the scores. A masked weight is
#   exactly 0, and a query with nothing to attend to has weights of 0 and reads 0, never NaN.
#
# Four traps, for when you read elsewhere:
#
# - **True or False?** In PyTorch alone there are both: `scaled_dot_product_attention` has our polarity, and
#   `nn.MultiheadAttention` the opposite one.
# - **Post-norm or pre-norm?** The paper of 2017 norms after each sum, as you will. Most models of today norm before
#   each part, since that is easier to train when there are many blocks.
# - **Sines and cosines** take turns in the paper. In some libraries all sines come first; the numbers are the same, and
#   weights trained with one do not work with the other.
# - **"The decoder"** of a model that only continues texts is an encoder block with a causal mask.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

rnn_forward, rnn_backward = carry("01-rnn", "rnn_forward"), carry("02-bptt", "rnn_backward")
gru_forward, gru_backward = carry("07-gru", "gru_forward", "gru_backward")
adam_step = carry("09-optimizers", "adam_step")

# %% [markdown]
# ## Recap: attention, of a sequence to itself
#
# In 13 a decoder that was about to say a word looked back at the states of an encoder, and read the ones that matched.
# Vaswani et al. (2017) asked what is left of a translator if the recurrence is taken away and nothing but the looking
# remains. Their answer is in use everywhere today. Each step $x_t$ asks a question, offers a key and holds a value,
#
# $$q_t = x_t W_q, \qquad k_s = x_s W_k, \qquad v_s = x_s W_v,$$
#
# and all steps do so at the same time, in three matrix products. Then
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt d}\right) V,$$
#
# with one row for each query. From any step to any other it is *one* step. In a recurrent network it was as many as lie
# between the two, and in 02 you saw what becomes of a gradient on the way.

# %% [markdown]
# ## 1 · Attention, scaled
#
# Why $\sqrt d$? If the entries of $q$ and $k$ are independent with variance 1, then $q \cdot k$ has variance $d$. With
# $d = 64$ its typical size is 8, and a softmax of such scores hardly wavers: nearly all weight is on one key, and
# nearly no gradient gets to the others.


# %% solution="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    """What each query reads from the values, by how well it matches their keys.

    weights = softmax(q kᵀ / √d), over the keys;  output = weights v

    Parameters
    ----------
    q : ndarray of shape (..., T, d)
    k : ndarray of shape (..., S, d)
    v : ndarray of shape (..., S, D)
        Any leading axes, the same for all three.
    mask : ndarray of bool that broadcasts to (..., T, S), or None
        True: may be attended to. None: everything may.

    Returns
    -------
    output : ndarray of shape (..., T, D)
    weights : ndarray of shape (..., T, S)
        Exactly 0 where the mask is False. A row in which it is False throughout is 0, and so is its output.

    Examples
    --------
    On paper: d = 4, so that the products 0 and 2 ln 3 become scores of 0 and ln 3, and weights of 1/4 and 3/4.

    >>> q, k = np.array([[2.0, 0, 0, 0]]), np.array([[0.0, 1, 1, 1], [np.log(3), 5, 0, 0]])
    >>> v = np.array([[4.0], [8.0]])
    >>> output, weights = scaled_dot_product_attention(q, k, v)
    >>> output.round(3), weights.round(3)
    (array([[7.]]), array([[0.25, 0.75]]))
    >>> scaled_dot_product_attention(q, k, v, np.array([[True, False]]))[0]
    array([[4.]])
    """
    ### BEGIN SOLUTION
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    e = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    total = e.sum(axis=-1, keepdims=True)
    weights = e / np.where(total > 0, total, 1.0)
    return weights @ v, weights
    ### END SOLUTION


# %% [markdown]
# ## 2 · And back
#
# Three lines there, three lines back. The second of them is the gradient of a softmax, for every query on its own. A
# mask is not needed: where a weight is 0, what should its score's gradient be?


# %% solution="scaled_dot_product_attention_backward"
def scaled_dot_product_attention_backward(doutput, q, k, v, weights):
    """The gradients of q, k and v.

    Parameters
    ----------
    doutput : ndarray of shape (..., T, D)
        The loss's gradient at the output.
    q, k, v
        The arguments of the forward: (..., T, d), (..., S, d) and (..., S, D).
    weights : ndarray of shape (..., T, S)
        What the forward returned; masked ones are 0.

    Returns
    -------
    dq : ndarray of shape (..., T, d)
    dk : ndarray of shape (..., S, d)
    dv : ndarray of shape (..., S, D)

    Examples
    --------
    The example above, with an upstream of 2. On paper: the weights' gradients are 2 (4, 8) = (8, 16), and their mean,
    weighted, is 14; the scores get (8 - 14) / 4 = -1.5 and 3 (16 - 14) / 4 = 1.5, and the products half of that.

    >>> q, k = np.array([[2.0, 0, 0, 0]]), np.array([[0.0, 1, 1, 1], [np.log(3), 5, 0, 0]])
    >>> v, weights = np.array([[4.0], [8.0]]), np.array([[0.25, 0.75]])
    >>> dq, dk, dv = scaled_dot_product_attention_backward(np.array([[2.0]]), q, k, v, weights)
    >>> dq.round(3)
    array([[ 0.824,  3.   , -0.75 , -0.75 ]])
    >>> dk[:, 0], dv[:, 0]
    (array([-1.5,  1.5]), array([0.5, 1.5]))
    """
    ### BEGIN SOLUTION
    dv = np.swapaxes(weights, -1, -2) @ doutput
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    dproducts = dscores / np.sqrt(q.shape[-1])
    return dproducts @ k, np.swapaxes(dproducts, -1, -2) @ q, dv
    ### END SOLUTION


# %% [markdown]
# ### Experiment: how far is it from the first step to the last?
#
# The last output of a network depends on its first input. By how much? Here is the size of that derivative for
# sequences of 2 to 256 steps, through your RNN of 01, your GRU of 07 and your attention, each with 32 units and random
# weights. What do you expect: which of them fall along a straight line, if both axes are logarithmic?

# %% experiment=true
import matplotlib.pyplot as plt

H, lengths = 32, [2, 4, 8, 16, 32, 64, 128, 256]


def random_matrix(rng, rows, columns, gain=1.0):
    return gain * rng.standard_normal((rows, columns)) / np.sqrt(rows)


def first_to_last(T, rows=64):
    """Sizes of the derivative of the last output, in random directions, with respect to the first input."""
    rng = np.random.default_rng(0)  # the same weights for every T
    W_x, W_h = random_matrix(rng, H, H, 0.5), random_matrix(rng, H, H)
    V_x, V_h = random_matrix(rng, H, 3 * H, 0.5), random_matrix(rng, H, 3 * H)
    W_q, W_k, W_v = (random_matrix(rng, H, H) for _ in range(3))
    x, h0, dlast = rng.standard_normal((rows, T, H)), np.zeros((rows, H)), random_matrix(rng, H, rows).T
    dh = np.zeros((rows, T, H))
    dh[:, -1] = dlast
    through_rnn, *_ = rnn_backward(dh, x, h0, rnn_forward(x, h0, W_x, W_h, np.zeros(H)), W_x, W_h)
    through_gru, *_ = gru_backward(dh, x, h0, *gru_forward(x, h0, V_x, V_h, np.zeros(3 * H)), V_x, V_h)
    q, k, v = x[:, -1:] @ W_q, x @ W_k, x @ W_v
    _, weights = scaled_dot_product_attention(q, k, v)
    _, dk, dv = scaled_dot_product_attention_backward(dlast[:, np.newaxis], q, k, v, weights)
    derivatives = through_rnn, through_gru, dk @ W_k.T + dv @ W_v.T
    return [np.linalg.norm(dx[:, 0], axis=-1).mean() for dx in derivatives]


sizes = np.array([first_to_last(T) for T in lengths])
fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
styles = [("RNN", "tab:red"), ("GRU", "tab:orange"), ("attention", "tab:blue")]
for (name, color), column in zip(styles, sizes.T, strict=True):
    ax.loglog(lengths, np.where(column > 1e-17, column, np.nan), marker="o", color=color, label=name)
ax.loglog(lengths, sizes[0, 2] * 2 / np.array(lengths), color="black", linestyle=":", label="∝ 1/T")
ax.set(title="What does the last output know of the first input?", xlabel="steps in the sequence, $T$")
ax.set(ylabel="size of the derivative", ylim=(1e-17, 10), xticks=lengths, xticklabels=lengths)
ax.minorticks_off()
ax.legend()
plt.show()

# %% [markdown]
# With both axes logarithmic, a straight line is a power of $T$, and what bends down ever more steeply is exponential.
# The RNN's and the GRU's derivatives are products of $T - 1$ factors; after a hundred steps or two there is nothing
# left. (A trained GRU holds on for longer, if it has learned to keep its gate shut.) Through attention it is one step
# however long the sequence. With random weights each key simply gets some $1/T$ of the attention, and the dotted line
# shows just that; a trained query may give all of it to one key, and then there is no loss at all.
#
# The price: $T$ queries times $T$ keys are $T^2$ scores. Twice the length is four times the work.

# %% [markdown]
# ## 3 · Nobody reads what comes later
#
# Who learns to predict the next word must not see it. A recurrent network cannot, by the order in which it works. Here
# the order is gone, and a mask has to forbid it.


# %% solution="causal_mask"
def causal_mask(T):
    """Query i may attend to key j if j is not later than i.

    Parameters
    ----------
    T : int

    Returns
    -------
    mask : ndarray of bool of shape (T, T)
        Rows are queries, columns are keys. True: may be attended to.

    Examples
    --------
    >>> causal_mask(3)
    array([[ True, False, False],
           [ True,  True, False],
           [ True,  True,  True]])
    """
    ### BEGIN SOLUTION
    steps = np.arange(T)
    return steps <= steps[:, np.newaxis]
    ### END SOLUTION


# %% [markdown]
# ## 4 · Heads
#
# One softmax can point at one place. A word may have several questions at once: who does it? when? is there a *not*? So
# the $D$ columns of the projections are dealt out to $N$ heads, $d = D/N$ neighbouring ones each. Every head attends on
# its own; then what they have read is put side by side again, and $W_o$ mixes it:
#
# $$\mathrm{head}_n = \mathrm{Attention}(Q_n, K_n, V_n), \qquad
# \mathrm{MHA} = [\mathrm{head}_0, \ldots, \mathrm{head}_{N-1}]\, W_o + b_o.$$
#
# No loop is needed. Your attention takes any leading axes, and heads can be one.


# %% solution="multi_head_attention"
def multi_head_attention(query, memory, mask, params, heads):
    """N attentions at once, each in its own columns of the projections.

    q = query W_q + b_q, k = memory W_k + b_k, v = memory W_v + b_v; head n has columns n·d to (n+1)·d - 1 of each;
    output = [head_0, ..., head_{N-1}] W_o + b_o

    Parameters
    ----------
    query : ndarray of shape (B, T, D)
    memory : ndarray of shape (B, S, D)
        Where keys and values come from. For self-attention this is the query itself.
    mask : ndarray of bool that broadcasts to (B, T, S), or None
        The same for all heads.
    params : dict of W_q, W_k, W_v, W_o (D, D), b_q, b_k, b_v, b_o (D,)
    heads : int
        N. If D cannot be divided by it: ValueError.

    Returns
    -------
    output : ndarray of shape (B, T, D)
    weights : ndarray of shape (B, N, T, S)

    Examples
    --------
    Two heads of one column each, and nothing is projected. On paper: the first head's query is 0, so that both keys
    get 1/2, and it reads (2 + 6) / 2. The second one's is ln 3 and its keys are 0 and 1: 1/4 and 3/4.

    >>> params = {name: np.eye(2) for name in ("W_q", "W_k", "W_v", "W_o")}
    >>> params |= {name: np.zeros(2) for name in ("b_q", "b_k", "b_v", "b_o")}
    >>> query, memory = np.array([[[0.0, np.log(3)]]]), np.array([[[2.0, 0.0], [6.0, 1.0]]])
    >>> output, weights = multi_head_attention(query, memory, None, params, 2)
    >>> output.round(3)
    array([[[4.  , 0.75]]])
    >>> weights.round(3)
    array([[[[0.5 , 0.5 ]],
    <BLANKLINE>
            [[0.25, 0.75]]]])
    """
    ### BEGIN SOLUTION
    B, T, D = query.shape
    S = memory.shape[1]
    if D % heads:
        raise ValueError(f"{D} features cannot be shared out evenly among {heads} heads")

    def split(x):  # (B, T, D) -> (B, N, T, d)
        return x.reshape(B, -1, heads, D // heads).swapaxes(1, 2)

    q = split(query @ params["W_q"] + params["b_q"])
    k = split(memory @ params["W_k"] + params["b_k"])
    v = split(memory @ params["W_v"] + params["b_v"])
    if mask is not None:
        mask = np.broadcast_to(mask, (B, T, S))[:, np.newaxis]  # (B, 1, T, S)
    read, weights = scaled_dot_product_attention(q, k, v, mask)
    output = read.swapaxes(1, 2).reshape(B, T, D) @ params["W_o"] + params["b_o"]
    return output, weights
    ### END SOLUTION


# %% [markdown]
# ## 5 · Where am I?
#
# Shuffle the steps of a sequence, and its attention is shuffled in the same way: nothing in it knows what comes before
# what. For *dog bites man* that is not enough. So something that tells the step's number is added to every $x_t$. The
# paper takes hands of a clock: pairs of a sine and a cosine, the first pair fast, every further one slower,
#
# $$p_{t, 2i} = \sin\frac{t}{10000^{2i/D}}, \qquad p_{t, 2i+1} = \cos\frac{t}{10000^{2i/D}}.$$


# %% solution="positional_encoding"
def positional_encoding(T, D):
    """A vector for every position.

    Column 2i holds sin(t / 10000^(2i/D)), and column 2i+1 the cosine of the same angle.

    Parameters
    ----------
    T : int
        Positions 0 to T-1.
    D : int
        If it is odd, the last column is a sine.

    Returns
    -------
    encoding : ndarray of shape (T, D)

    Examples
    --------
    With D = 4 the angles are t and t/100.

    >>> positional_encoding(3, 4).round(3)
    array([[ 0.   ,  1.   ,  0.   ,  1.   ],
           [ 0.841,  0.54 ,  0.01 ,  1.   ],
           [ 0.909, -0.416,  0.02 ,  1.   ]])
    """
    ### BEGIN SOLUTION
    encoding = np.zeros((T, D))
    angles = np.arange(T)[:, np.newaxis] / 10000 ** (np.arange(0, D, 2) / D)  # (T, pairs)
    encoding[:, 0::2] = np.sin(angles)
    encoding[:, 1::2] = np.cos(angles)[:, : D // 2]
    return encoding
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what do two positions have in common?
#
# On the left, the encodings of 100 positions. On the right, the product $p_t \cdot p_s$ of two of them against their
# distance, from three different $t$. What would it take for a network to look "three steps back", wherever it stands?

# %% experiment=true
T, D = 100, 64
encoding = positional_encoding(T, D)
fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
picture = left.imshow(encoding, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
left.set(title="What is added at each step?", xlabel="feature", ylabel="position, $t$")
fig.colorbar(picture, ax=left, label="encoding")
for t, width in ((10, 6), (50, 3), (80, 1)):
    right.plot(np.arange(T) - t, encoding @ encoding[t], linewidth=width, label=f"from $t = {t}$")
right.set(title="How alike are two positions?", xlabel="distance, $s - t$", ylabel=r"product $p_t \cdot p_s$")
right.legend()
plt.show()

# %% [markdown]
# The three curves lie on one another: the product knows how far two positions are apart, and nothing of where they are,
# since $\sin a \sin b + \cos a \cos b = \cos(a - b)$. Near positions are alike, far ones are not. And to look three
# steps back a query need only turn each of its hands by a fixed angle, the same at every $t$: that is a matrix, and
# $W_q$ can learn it. The features at the right hardly move in 100 steps; they are for longer texts.

# %% [markdown]
# ## 6 · Every vector on the same scale
#
# Sums of sums grow. Ba, Kiros & Hinton (2016) bring every single vector back to mean 0 and variance 1, and let the
# network stretch and shift each feature as it likes. Batch normalisation, which you met in 09, does it over the batch;
# this does it over the features, and needs neither a batch nor a memory of one.


# %% solution="layer_norm"
def layer_norm(x, gamma, beta, eps=1e-5):
    """Each vector with mean 0 and variance 1, then stretched and shifted feature by feature.

    y = gamma * (x - mean) / √(variance + eps) + beta, with mean and variance over the last axis

    Parameters
    ----------
    x : ndarray of shape (..., D)
    gamma, beta : ndarray of shape (D,)
    eps : float

    Returns
    -------
    y : ndarray, like x
        The variance is the mean of the squared distances from the mean: over D, not D - 1.

    Examples
    --------
    The first vector has mean 2 and variance 1, and with this eps the root is 2. The second is constant.

    >>> x, gamma, beta = np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([2.0, 4.0]), np.array([0.5, 10.0])
    >>> layer_norm(x, gamma, beta, eps=3.0)
    array([[-0.5, 12. ],
           [ 0.5, 10. ]])
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(variance + eps) + beta
    ### END SOLUTION


# %% [markdown]
# ## 7 · The block
#
# Now all of it together. First the steps talk to one another, then each thinks for itself, in a small network that is
# the same for all steps. Around both parts runs a line: what comes in is *added* to what comes out, so that a gradient
# has a way past. And after each sum comes a norm.
#
# $$y = \mathrm{LN}_1(x + \mathrm{MHA}(x, x)), \qquad
# \mathrm{block}(x) = \mathrm{LN}_2(y + \mathrm{relu}(y W_1 + b_1) W_2 + b_2)$$


# %% solution="encoder_block"
def encoder_block(x, mask, params, heads):
    """Attention of a sequence to itself, then a small network on every step; after each a sum and a norm.

    y = LN_1(x + MHA(x, x));  block(x) = LN_2(y + relu(y W_1 + b_1) W_2 + b_2)

    Parameters
    ----------
    x : ndarray of shape (B, T, D)
    mask : ndarray of bool that broadcasts to (B, T, T), or None
        Who may attend to whom. Steps that nobody may attend to are computed like the rest.
    params : dict
        What multi_head_attention needs, and W_1 (D, F), b_1 (F,), W_2 (F, D), b_2 (D,),
        gamma_1, beta_1, gamma_2, beta_2 (D,).
    heads : int
        N.

    Returns
    -------
    y : ndarray of shape (B, T, D)
        The norms have the usual eps, 1e-5.

    Examples
    --------
    With weights of 0 the biases are all that the parts say. On paper: (1, 3) plus b_o = (0, 2) is (1, 5), normed
    (-1, 1); plus b_2 = (4, 0) is (3, 1), normed (1, -1); stretched by 3 and shifted by (0, 1) that is (3, -2).

    >>> params = {name: np.zeros((2, 2)) for name in ("W_q", "W_k", "W_v", "W_o", "W_1", "W_2")}
    >>> params |= {name: np.zeros(2) for name in ("b_q", "b_k", "b_v", "b_1", "beta_1")}
    >>> params |= {"b_o": np.array([0.0, 2.0]), "b_2": np.array([4.0, 0.0]), "gamma_1": np.ones(2)}
    >>> params |= {"gamma_2": np.array([3.0, 3.0]), "beta_2": np.array([0.0, 1.0])}
    >>> encoder_block(np.array([[[1.0, 3.0]]]), None, params, 1).round(3)
    array([[[ 3., -2.]]])
    """
    ### BEGIN SOLUTION
    attended, _ = multi_head_attention(x, x, mask, params, heads)
    y = layer_norm(x + attended, params["gamma_1"], params["beta_1"])
    thought = np.maximum(y @ params["W_1"] + params["b_1"], 0) @ params["W_2"] + params["b_2"]
    return layer_norm(y + thought, params["gamma_2"], params["beta_2"])
    ### END SOLUTION


# %% [markdown]
# ### Experiment: who depends on whom?
#
# In 08 you asked which inputs the outputs of a bidirectional network depend on. Here is the same question for your
# block, with random weights, on a row of 12 steps: each input is moved a little, and what it moves is drawn. Three
# masks: none; one that hides the last four steps, as if they were padding; and the causal one. Which squares stay
# white? Look out for the diagonal.

# %% experiment=true
T, D, F, N = 12, 32, 64, 4


def block_params(rng, D, F):
    """Weights for a start."""
    params = {f"W_{name}": random_matrix(rng, D, D) for name in "qkvo"} | {f"b_{name}": np.zeros(D) for name in "qkvo"}
    params |= {"W_1": random_matrix(rng, D, F), "b_1": np.zeros(F), "W_2": random_matrix(rng, F, D), "b_2": np.zeros(D)}
    return params | {"gamma_1": np.ones(D), "beta_1": np.zeros(D), "gamma_2": np.ones(D), "beta_2": np.zeros(D)}


rng = np.random.default_rng(3)
params, x = block_params(rng, D, F), rng.standard_normal((1, T, D))
nudges = 1e-4 * np.eye(T)[:, :, np.newaxis] * rng.standard_normal(D)  # (T, T, D): row s moves step s
masks = {"no mask": None, "the last four are padding": np.arange(T) < 8, "causal mask": causal_mask(T)}
fig, axes = plt.subplots(1, 3, figsize=(12, 4.4), sharey=True, layout="constrained")
for ax, (name, mask) in zip(axes, masks.items(), strict=True):
    moved = encoder_block(x + nudges, mask, params, N) - encoder_block(x, mask, params, N)
    size = np.linalg.norm(moved, axis=-1).T / np.linalg.norm(nudges[0, 0])  # (T, T): output t, input s
    with np.errstate(divide="ignore"):
        picture = ax.imshow(np.where(size > 0, np.log10(size), np.nan), vmin=-2, vmax=0)
    ax.set(title=name.capitalize(), xlabel="step that is moved, $s$", xticks=range(0, T, 2), yticks=range(0, T, 2))
axes[0].set_ylabel("step of the output, $t$")
fig.colorbar(picture, ax=axes, label="how far it moves, $\\log_{10}$")
fig.suptitle("Which steps does the output of a step depend on?")
plt.show()

# %% [markdown]
# Without a mask everything depends on everything, and near and far look the same: there is no near or far. With padding
# the last four columns are white but for the diagonal. Nobody attends to these steps, yet each still has its own $x_t$,
# by the line that goes around the attention; what comes out there means nothing, and whoever goes on from here has to
# mask it again. Under the causal mask the upper triangle is white, as the forward half of 08 was.

# %% [markdown]
# ### Experiment: number words, backwards
#
# Time to train one. The number words of 12 in one long line, *seven thousand and twelve , forty two , …*, are cut into
# pieces of 16 words, and the task is to say each piece **from its end**. What is asked for at step $t$ stands at
# step $15 - t$: one word apart in the middle, and fifteen at both ends. Two networks learn it:
#
# - your block, one of it, with 32 features and two heads, and with your gradient of the attention;
# - a bidirectional GRU with 32 units a direction, your 07, so that it sees all words, too.
#
# Both see the same pieces, with the same positional encodings, and both have Adam. The block's other gradients (of the
# norms and the sums) are in the cell. Which one learns faster? And at which steps will the GRU do worst? Under half a
# minute.

# %% experiment=true
from grader.datasets.number_words import pairs
from grader.datasets.vocabulary import Vocabulary

T, D, F, N, H, STEPS = 16, 32, 64, 2, 32, 400


def heads_apart(x):
    return x.reshape(*x.shape[:2], N, -1).swapaxes(1, 2)


def heads_together(x):
    return x.swapaxes(1, 2).reshape(len(x), x.shape[2], -1)


def layer_norm_backward(dy, x, gamma):
    """dx, dgamma and dbeta."""
    scale = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    normed, g = (x - x.mean(axis=-1, keepdims=True)) / scale, dy * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - normed * (g * normed).mean(axis=-1, keepdims=True)) / scale
    return dx, (dy * normed).sum(axis=(0, 1)), dy.sum(axis=(0, 1))


def linear_backward(dy, x, W):
    """dx, dW and db."""
    return dy @ W.T, np.tensordot(x, dy, axes=([0, 1], [0, 1])), dy.sum(axis=(0, 1))


def block_gradients(dy, x, p):
    """dx, and the gradients of all of the block's params."""
    q, k, v = (heads_apart(x @ p[f"W_{name}"] + p[f"b_{name}"]) for name in "qkv")
    read, weights = scaled_dot_product_attention(q, k, v)
    read, grads = heads_together(read), {}
    sum_1 = x + read @ p["W_o"] + p["b_o"]
    y = layer_norm(sum_1, p["gamma_1"], p["beta_1"])
    inner = np.maximum(y @ p["W_1"] + p["b_1"], 0)
    sum_2 = y + inner @ p["W_2"] + p["b_2"]
    dsum, grads["gamma_2"], grads["beta_2"] = layer_norm_backward(dy, sum_2, p["gamma_2"])
    dinner, grads["W_2"], grads["b_2"] = linear_backward(dsum, inner, p["W_2"])
    dthought, grads["W_1"], grads["b_1"] = linear_backward(dinner * (inner > 0), y, p["W_1"])
    dx, grads["gamma_1"], grads["beta_1"] = layer_norm_backward(dsum + dthought, sum_1, p["gamma_1"])
    dread, grads["W_o"], grads["b_o"] = linear_backward(dx, read, p["W_o"])
    for name, d in zip("qkv", scaled_dot_product_attention_backward(heads_apart(dread), q, k, v, weights), strict=True):
        part, grads[f"W_{name}"], grads[f"b_{name}"] = linear_backward(heads_together(d), x, p[f"W_{name}"])
        dx = dx + part
    return dx, grads


def block_states(p, x):
    return encoder_block(x, None, p, N), lambda dh: block_gradients(dh, x, p)


def gru_states(p, x):
    """Both directions' states, side by side, and what gives their gradients."""
    zero, sides = np.zeros((len(x), H)), {"fwd": x, "bwd": x[:, ::-1]}
    found = {s: gru_forward(read, zero, p[f"W_x_{s}"], p[f"W_h_{s}"], p[f"b_{s}"]) for s, read in sides.items()}

    def gradients(dh):
        dx, grads = 0.0, {}
        for s, own in (("fwd", dh[..., :H]), ("bwd", dh[:, ::-1, H:])):
            back, _, *rest = gru_backward(own, sides[s], zero, *found[s], p[f"W_x_{s}"], p[f"W_h_{s}"])
            dx = dx + (back if s == "fwd" else back[:, ::-1])
            grads |= dict(zip((f"W_x_{s}", f"W_h_{s}", f"b_{s}"), rest, strict=True))
        return dx, grads

    return np.concatenate([found["fwd"][0], found["bwd"][0][:, ::-1]], axis=-1), gradients


def say(p, words, states):
    """The logits, and what gives all gradients for those of the logits."""
    h, gradients = states(p, p["W_e"][words] + positional_encoding(T, D))

    def back(dlogits):
        dh, dW_y, db_y = linear_backward(dlogits, h, p["W_y"])
        dx, grads = gradients(dh)
        dW_e = np.zeros_like(p["W_e"])
        np.add.at(dW_e, words, dx)
        return grads | {"W_e": dW_e, "W_y": dW_y, "b_y": db_y}

    return h @ p["W_y"] + p["b_y"], back


def trained(p, states, rng, lr):
    """Its params after all steps, and the share of right words in new pieces every 50 steps."""
    memory, shares = {}, []
    for step in range(1, STEPS + 1):
        words = pieces[rng.integers(0, len(pieces), 32)]
        logits, back = say(p, words, states)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        dlogits = e / e.sum(axis=-1, keepdims=True) - np.eye(english.size)[words[:, ::-1]]
        p, memory = adam_step(p, back(dlogits / words.size), memory, lr, 0.9, 0.98, 1e-9)
        if step % 50 == 0:
            shares.append(is_right(p, states).mean())
    return p, shares


def is_right(p, states):
    return say(p, new_pieces, states)[0].argmax(axis=-1) == new_pieces[:, ::-1]


rng = np.random.default_rng(0)
line = " , ".join(words for words, _ in pairs(rng, 4000))
english = Vocabulary.of([line])
ids, _ = english.encode([line])
pieces = ids[0, : ids.size // T * T].reshape(-1, T)
pieces, new_pieces = pieces[:-200], pieces[-200:]


def with_ends(rng, params, H):
    """These params, an embedding and an output layer."""
    ends = {"W_e": rng.standard_normal((english.size, D)), "W_y": random_matrix(rng, H, english.size)}
    return params | ends | {"b_y": np.zeros(english.size)}


gru_params = {
    f"{kind}_{s}": random_matrix(rng, size, 3 * H) for s in ("fwd", "bwd") for kind, size in (("W_x", D), ("W_h", H))
}
gru_params |= {f"b_{s}": np.zeros(3 * H) for s in ("fwd", "bwd")}
block, block_shares = trained(with_ends(rng, block_params(rng, D, F), D), block_states, rng, 0.004)
gru, gru_shares = trained(with_ends(rng, gru_params, 2 * H), gru_states, rng, 0.01)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
distance = np.abs(T - 1 - 2 * np.arange(T))
for name, color, shares, right_words in [
    ("one block", "tab:blue", block_shares, is_right(block, block_states)),
    ("bidirectional GRU", "tab:orange", gru_shares, is_right(gru, gru_states)),
]:
    left.plot(range(50, STEPS + 1, 50), shares, marker=".", color=color, label=name)
    right.plot(range(1, T, 2), [right_words[:, distance == d].mean() for d in range(1, T, 2)], marker="o", color=color)
left.set(title="Who learns faster?", xlabel="batches of 32 pieces", ylabel="share of right words, new pieces")
right.set(title="Does it matter how far away the word is?", xlabel="distance of the word asked for (steps)")
left.set(ylim=(-0.03, 1.03))
left.legend()
plt.show()

# %% [markdown]
# The block finds out where to look between batch 100 and batch 300, and from then on distance means nothing to it. The
# GRU learns more slowly, and is worst at both ends, where the word asked for is farthest away. Every state of it has to
# hold all the words that are still to be said, in the right order, in 32 numbers: the bottleneck of 12, at every step.
# And what it learns about a word it has to learn through all the steps between, as the first experiment showed.
#
# Fair is fair: with twice the units and half as many batches again the GRU gets three quarters of the words right. And
# for tasks with a state (is this bracket still open? how many were there?) carrying one is natural.

# %% [markdown]
# ### Experiment: where do the heads look?
#
# The weights of the two trained heads, on a piece that they have never seen. Rows are the words being said, columns the
# words being read.

# %% experiment=true
words = new_pieces[:1]
x = block["W_e"][words] + positional_encoding(T, D)
_, weights = multi_head_attention(x, x, None, block, N)
read = english.decode(words.reshape(T, 1))
said = english.decode(say(block, words, block_states)[0].argmax(axis=-1).reshape(T, 1))
fig, axes = plt.subplots(1, 2, figsize=(12, 6), sharey=True, layout="constrained")
for head, ax in enumerate(axes):
    picture = ax.imshow(weights[0, head], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(T), read, rotation=90)
    ax.set(title=f"Head {head}", xlabel="word that is read")
axes[0].set_yticks(range(T), said)
axes[0].set_ylabel("word that is said")
fig.colorbar(picture, ax=axes, label="weight")
fig.suptitle("Where does each step look?")
plt.show()

# %% [markdown]
# From corner to corner, the wrong way: the word to be said at step $t$ is looked for at $15 - t$, and around it.
# Neither head is sharp, but together they tell each word from its neighbours. Nobody told them where to look: it came
# out of `dq` and `dk`, through the softmax. Which of your functions would you suspect if this figure were an even grey?

# %% [markdown]
# ## 8 · In your own words
#
# A team has a GRU that reads the log of a machine, one event after the other, and predicts the next event. Logs have
# 200 to 20000 events. They want to replace it by a stack of your blocks, with $D = 64$ and $N = 8$.
#
# **(a)** (2 points) In training the loss falls to nearly 0 within minutes, and in use the model predicts nonsense. They
# call `encoder_block(x, None, params, 8)`. What has happened, and what is the remedy? A colleague says that the GRU had
# the same problem. Is he right?
#
# **(b)** (2 points) They forget $\sqrt d$ at first. What is the typical size of a score, if the entries of $q$ and $k$
# have variance 1, and what does the softmax make of it? Why is that bad for *learning*, more than for reading?
#
# **(c)** (1 point) How many weights has one head for a log of 20000 events, and how many states has the GRU? What does
# each of the two have to go through to bring the first event to the last?

# %% [markdown] written="path-length" points=5
# **Model answer.** (a) Without a mask every step attends to all events, the next one included: it copies the answer,
# and in use there is nothing to copy. They need `causal_mask(T)` in every block. The colleague is wrong: a GRU that
# reads from the front has computed its state at step $t$ before it sees step $t + 1$; the order of its work is its
# mask. (Only a bidirectional one would have the problem.)
#
# (b) $d = 64/8 = 8$ products of variance 1: standard deviation $\sqrt 8 \approx 2.8$. Differences of that size go
# through exp: the largest of many scores gets nearly all the weight, at random, from the start. Where weights are near
# 0 or 1, $w (dw - \sum w\,dw)$ is near 0: hardly any gradient gets to the scores, and so to $W_q$ and $W_k$; the model
# keeps looking where chance has made it look.
#
# (c) $20000^2 = 4 \cdot 10^8$ weights a head (half of them masked), and 20000 states. Attention takes one step; the GRU
# takes 19999, each with a factor of its own in the gradient.
#
# **Marks.** (a) 1 for the missing causal mask as the cause (it sees what it should predict) and the remedy, 1 for the
# GRU, which cannot see ahead. (b) 1 for $\sqrt 8$ (or "√d", with d = 8), and a softmax that is nearly one-hot; 1 for
# the gradient of the softmax that vanishes there. (c) ½ for $T^2$ against $T$, ½ for 1 against $T - 1$ steps.

# %% [markdown]
# ## Sources
#
# - Ba, Kiros & Hinton (2016), *Layer normalization*, arXiv 1607.06450.
# - He, Zhang, Ren & Sun (2016), *Deep residual learning for image recognition*, CVPR: the line that goes around.
# - Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser & Polosukhin (2017), *Attention is all you need*, NeurIPS.
# - Xiong, Yang, He, Zheng, Zheng, Xing, Zhang, Lan, Wang & Liu (2020), *On layer normalization in the transformer
#   architecture*, ICML: why pre-norm is easier to train.
# - Zhang & Sennrich (2019), *Root mean square layer normalization*, NeurIPS: what many models take instead.
