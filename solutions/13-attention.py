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
# # 13 · Attention
#
# In 12 a whole sentence had to pass through one vector. Now the decoder may look back at every state of the encoder,
# and decides at each word where to look. You write five ways to compare a question with what there is to see, the
# weights, the context, the way back, and a decoder that uses them. At the end you can read off what it looked at.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01; the cell is your GRU of 07. New:
#
# - **Query, keys, values.** A query `q` (B, D_q) asks; the keys (B, S, D_k) are what it is compared with, one for each
#   of the $S$ places of the source; the values (B, S, D_v) are what it gets. Each row of the batch has its own query,
#   keys and values.
# - **Scores and weights** are (B, S): one number for each place. Scores are any numbers; the weights of a row are 0 or
#   more, and sum to 1.
# - **`mask`** is True where there is something to attend to and False on padding. Masked weights are exactly 0. A row
#   that has nothing to attend to has weights 0 throughout, and the context 0.
#
# Three traps, for when you read elsewhere:
#
# - **Which way round is the mask?** torch's `scaled_dot_product_attention` has True for *may be attended to*, and so
#   have we. Its `key_padding_mask`, in the same library, has True for *padding*.
# - **Old state or new?** Bahdanau et al. (2015) ask with the state *before* the step, and the GRU reads the context.
#   Luong et al. (2015) ask with the one *after* it, and the context goes into the output layer. Many a tutorial calls
#   the one by the other's name.
# - **"Attention" of what?** Keys and values are often the same arrays, as in our decoder. They are two things all the
#   same: a key is to be found by, a value is to be used. In 17 they part.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

output_layer, softmax = carry("01-rnn", "output_layer", "softmax")
clip_by_global_norm = carry("04-clipping", "clip_by_global_norm")
gru_cell_forward, gru_cell_backward, gru_backward = carry(
    "07-gru", "gru_cell_forward", "gru_cell_backward", "gru_backward"
)
adam_step, minibatches = carry("09-optimizers", "adam_step", "minibatches")
embedding_forward, embedding_backward = carry("10-classification", "embedding_forward", "embedding_backward")
shift_targets, encode, decode_teacher_forced = carry("12-seq2seq", "shift_targets", "encode", "decode_teacher_forced")
seq2seq_loss, seq2seq_backward, greedy_decode = carry("12-seq2seq", "seq2seq_loss", "seq2seq_backward", "greedy_decode")

# %% [markdown]
# ## Recap: a context for every word
#
# The encoder of 12 has a state after every word, $h_1 \ldots h_S$, and we threw all of them away but the last.
# Bahdanau, Cho & Bengio (2015) keep them. Before it says word $t$ the decoder, in state $d_{t-1}$, asks each of them
# how much it matters now. The answers are scores, the scores become weights, and the weights mix the states into a
# context:
#
# $$e_{ts} = \mathrm{score}(d_{t-1}, h_s), \qquad
# \alpha_{ts} = \frac{\exp e_{ts}}{\sum_r \exp e_{tr}}, \qquad
# c_t = \sum_s \alpha_{ts} h_s.$$
#
# The next state is made of the last word *and* the context:
#
# $$d_t = \mathrm{GRU}([e(y_{t-1}), c_t],\, d_{t-1}), \qquad p(y_t \mid \ldots) = \mathrm{softmax}(d_t W_y + b_y).$$
#
# Everything can be differentiated, so that nobody has to say where to look: it is learned from translations alone. And
# from the loss at word $t$ to the word at place $s$ it is now one step, wherever $s$ is.

# %% [markdown]
# ## 1 · The dot product
#
# Luong et al. (2015) compared what scores there are. The simplest has no weights at all: two vectors fit if their
# product is large.


# %% solution="dot_scores"
def dot_scores(q, keys):
    """How well each key fits the query: score_s = q · k_s.

    Parameters
    ----------
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    scores : ndarray of shape (B, S)

    Examples
    --------
    On paper: 1·3 + 2·4 = 11, and 1·5 + 2·(-1) = 3.

    >>> dot_scores(np.array([[1.0, 2.0]]), np.array([[[3.0, 4.0], [5.0, -1.0]]]))
    array([[11.,  3.]])
    """
    ### BEGIN SOLUTION
    return np.einsum("bd,bsd->bs", q, keys)
    ### END SOLUTION


# %% [markdown]
# ## 2 · The scaled dot product
#
# Of standard normal vectors of $D$ components the product has the variance $D$. With $D = 512$ scores of ±40 are usual,
# and the softmax of such scores is a choice of one place, with hardly a gradient. Vaswani et al. (2017) divide.


# %% solution="scaled_dot_scores"
def scaled_dot_scores(q, keys):
    """The dot product over the root of the number of components: score_s = q · k_s / √D.

    Parameters
    ----------
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    scores : ndarray of shape (B, S)

    Examples
    --------
    On paper: (1 + 2 + 3 + 4) / √4 = 5.

    >>> scaled_dot_scores(np.array([[1.0, 1.0, 1.0, 1.0]]), np.array([[[1.0, 2.0, 3.0, 4.0]]]))
    array([[5.]])
    """
    ### BEGIN SOLUTION
    return dot_scores(q, keys) / np.sqrt(q.shape[-1])
    ### END SOLUTION


# %% [markdown]
# ## 3 · The cosine
#
# Only the direction counts, not the length: that is how the *neural Turing machine* looks things up in its memory
# (Graves, Wayne & Danihelka 2014). A vector of length 0 has no direction; its score is 0.


# %% solution="cosine_scores"
def cosine_scores(q, keys):
    """The cosine of the angle between query and key: score_s = q · k_s / (‖q‖ ‖k_s‖).

    Parameters
    ----------
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)
        However long or short: vectors of length 0.000001 have an angle, too.

    Returns
    -------
    scores : ndarray of shape (B, S)
        0 where the query or the key is 0.

    Examples
    --------
    On paper: (3, 4) has the length 5. The same direction, a right angle, the opposite direction, and none.

    >>> q, keys = np.array([[3.0, 4.0]]), np.array([[[6.0, 8.0], [4.0, -3.0], [-0.3, -0.4], [0.0, 0.0]]])
    >>> np.round(cosine_scores(q, keys), 6) + 0.0
    array([[ 1.,  0., -1.,  0.]])
    """
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(q, axis=-1)[:, np.newaxis] * np.linalg.norm(keys, axis=-1)
    return np.divide(dot_scores(q, keys), lengths, out=np.zeros(lengths.shape), where=lengths > 0)
    ### END SOLUTION


# %% [markdown]
# ## 4 · A matrix between the two
#
# Query and key come from two networks. Why should a state of the decoder look like the state of the encoder that it is
# looking for? A learned matrix translates, and the two need not even be of one size.


# %% solution="general_scores"
def general_scores(q, keys, W):
    """The dot product of the translated query with each key: score_s = q W · k_s.

    Parameters
    ----------
    q : ndarray of shape (B, D_q)
    keys : ndarray of shape (B, S, D_k)
    W : ndarray of shape (D_q, D_k)

    Returns
    -------
    scores : ndarray of shape (B, S)

    Examples
    --------
    On paper: q W = (1, 2) W = (2, 1, 3), and its products with the two keys are 2 + 3 = 5 and 1.

    >>> W = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    >>> general_scores(np.array([[1.0, 2.0]]), np.array([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]), W)
    array([[5., 1.]])
    """
    ### BEGIN SOLUTION
    return dot_scores(q @ W, keys)
    ### END SOLUTION


# %% [markdown]
# ## 5 · A small network
#
# Bahdanau's own score, the first of all: one hidden layer that sees the query and the key together.


# %% solution="additive_scores"
def additive_scores(q, keys, W_q, W_k, v):
    """A network of one hidden layer: score_s = tanh(q W_q + k_s W_k) · v.

    Parameters
    ----------
    q : ndarray of shape (B, D_q)
    keys : ndarray of shape (B, S, D_k)
    W_q : ndarray of shape (D_q, A)
    W_k : ndarray of shape (D_k, A)
    v : ndarray of shape (A,)

    Returns
    -------
    scores : ndarray of shape (B, S)

    Examples
    --------
    On paper: hidden units tanh(1 + 1) = 0.964 and tanh(1 - 1) = 0, times 2 and 3; then tanh(0) = 0 and tanh(2).

    >>> W_q, W_k, v = np.array([[1.0, 1.0]]), np.array([[1.0, -1.0]]), np.array([2.0, 3.0])
    >>> additive_scores(np.array([[1.0]]), np.array([[[1.0], [-1.0]]]), W_q, W_k, v).round(3)
    array([[1.928, 2.892]])
    """
    ### BEGIN SOLUTION
    hidden = np.tanh((q @ W_q)[:, np.newaxis] + keys @ W_k)  # (B, S, A)
    return hidden @ v
    ### END SOLUTION


# %% [markdown]
# ## 6 · Weights
#
# Whatever the score, the rest is the same. Your softmax of 01 makes weights of scores, but not everything in a batch is
# there to be looked at: behind the end of a short sentence there is padding. It gets no weight, and what it would have
# had goes to the others.


# %% solution="attention_weights"
def attention_weights(scores, mask=None):
    """The softmax of the scores over the last axis, among the places where mask is True.

    Parameters
    ----------
    scores : ndarray of shape (..., S)
        Any leading axes. Of any size: rows at 10000 and at -10000, too.
    mask : bool ndarray of a shape that broadcasts to that of scores, or None
        True: may be attended to. None: everywhere.

    Returns
    -------
    weights : ndarray of shape (..., S)
        Exactly 0 where the mask is False. A row that is False throughout is 0 throughout.

    Examples
    --------
    On paper: 3/4 and 1/4 if the third place is masked, whatever its score is; then a row that is masked altogether.

    >>> scores = np.array([np.log([3.0, 1.0, 9.0]), np.log([3.0, 1.0, 9.0])])
    >>> attention_weights(scores, np.array([[True, True, False], [False, False, False]])).round(6)
    array([[0.75, 0.25, 0.  ],
           [0.  , 0.  , 0.  ]])
    """
    ### BEGIN SOLUTION
    if mask is None:
        return softmax(scores)
    return softmax(np.where(mask, scores, -1e30)) * mask  # the product is for rows that are masked altogether
    ### END SOLUTION


# %% [markdown]
# ## 7 · The context
#
# What the decoder gets to see: a mixture of the values.


# %% solution="context_vector"
def context_vector(weights, values):
    """The values, mixed: c = Σ_s w_s v_s.

    Parameters
    ----------
    weights : ndarray of shape (B, S)
    values : ndarray of shape (B, S, D_v)

    Returns
    -------
    context : ndarray of shape (B, D_v)

    Examples
    --------
    On paper: 3/4 of (4, 0) and 1/4 of (0, 8).

    >>> context_vector(np.array([[0.75, 0.25]]), np.array([[[4.0, 0.0], [0.0, 8.0]]]))
    array([[3., 2.]])
    """
    ### BEGIN SOLUTION
    return np.einsum("bs,bsd->bd", weights, values)
    ### END SOLUTION


# %% [markdown]
# ## 8 · Back to the scores
#
# From the gradient of the context to those of the values and of the scores: first through the sum, then through the
# softmax. You may remember the latter from 02, but there the cross-entropy stood behind it and made it easy. Here a
# score that rises takes weight away from all others.


# %% solution="attention_backward"
def attention_backward(dcontext, values, weights):
    """The gradients of scores and values, whatever score it was.

    Parameters
    ----------
    dcontext : ndarray of shape (B, D_v)
    values : ndarray of shape (B, S, D_v)
    weights : ndarray of shape (B, S)
        What attention_weights returned: 0 on masked places.

    Returns
    -------
    dscores : ndarray of shape (B, S)
    dvalues : ndarray of shape (B, S, D_v)
        Both are 0 where the weight is.

    Examples
    --------
    On paper: dcontext = 1, so that the weights' gradients are the values, 4 and 8. Their mean, weighted, is 5, and the
    scores get 3/4 of -1 and 1/4 of 3.

    >>> dscores, dvalues = attention_backward(np.array([[1.0]]), np.array([[[4.0], [8.0]]]), np.array([[0.75, 0.25]]))
    >>> dscores
    array([[-0.75,  0.75]])
    >>> dvalues[..., 0]
    array([[0.75, 0.25]])
    """
    ### BEGIN SOLUTION
    dweights = np.einsum("bd,bsd->bs", dcontext, values)
    mean = (weights * dweights).sum(axis=1, keepdims=True)
    return weights * (dweights - mean), weights[:, :, np.newaxis] * dcontext[:, np.newaxis]
    ### END SOLUTION


# %% [markdown]
# ## 9 · Back through the dot product


# %% solution="dot_scores_backward"
def dot_scores_backward(dscores, q, keys):
    """The gradients of query and keys.

    Parameters
    ----------
    dscores : ndarray of shape (B, S)
    q : ndarray of shape (B, D)
    keys : ndarray of shape (B, S, D)

    Returns
    -------
    dq : ndarray of shape (B, D)
    dkeys : ndarray of shape (B, S, D)

    Examples
    --------
    On paper: the query gets 1·(3, 4) + 10·(5, -1), the keys get the query once and ten times.

    >>> q, keys = np.array([[1.0, 2.0]]), np.array([[[3.0, 4.0], [5.0, -1.0]]])
    >>> dq, dkeys = dot_scores_backward(np.array([[1.0, 10.0]]), q, keys)
    >>> dq
    array([[53., -6.]])
    >>> dkeys
    array([[[ 1.,  2.],
            [10., 20.]]])
    """
    ### BEGIN SOLUTION
    return np.einsum("bs,bsd->bd", dscores, keys), dscores[:, :, np.newaxis] * q[:, np.newaxis]
    ### END SOLUTION


# %% [markdown]
# ## 10 · Back through the additive score
#
# Five arrays, five gradients. Mind who has been where: a key has one place, a query is asked at all places of its row,
# and the weights are everybody's.


# %% solution="additive_scores_backward"
def additive_scores_backward(dscores, q, keys, W_q, W_k, v):
    """The gradients of all that additive_scores is made from.

    Parameters
    ----------
    dscores : ndarray of shape (B, S)
    q : ndarray of shape (B, D_q)
    keys : ndarray of shape (B, S, D_k)
    W_q : ndarray of shape (D_q, A)
    W_k : ndarray of shape (D_k, A)
    v : ndarray of shape (A,)

    Returns
    -------
    dq : ndarray of shape (B, D_q)
    dkeys : ndarray of shape (B, S, D_k)
    dW_q : ndarray of shape (D_q, A)
    dW_k : ndarray of shape (D_k, A)
    dv : ndarray of shape (A,)
        The gradients of the weights, summed over the batch.

    Examples
    --------
    On paper: both keys cancel the query, so that tanh(0) = 0 has the slope 1. Then da = dscores · v = 4 and 6, and the
    query gets the sum, through W_q = 2.

    >>> dscores, q, keys = np.array([[2.0, 3.0]]), np.array([[1.0]]), np.array([[[-1.0], [-1.0]]])
    >>> W, v = np.array([[2.0]]), np.array([2.0])
    >>> for gradient in additive_scores_backward(dscores, q, keys, W, W, v):
    ...     print(gradient.ravel() + 0.0)
    [20.]
    [ 8. 12.]
    [10.]
    [-10.]
    [0.]
    """
    ### BEGIN SOLUTION
    hidden = np.tanh((q @ W_q)[:, np.newaxis] + keys @ W_k)  # (B, S, A)
    dv = np.einsum("bs,bsa->a", dscores, hidden)
    da = dscores[:, :, np.newaxis] * v * (1 - hidden**2)
    da_q = da.sum(axis=1)  # the query is in all places
    dW_k = np.einsum("bsd,bsa->da", keys, da)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv
    ### END SOLUTION


# %% [markdown]
# ## 11 · A decoder that looks
#
# One step of Bahdanau's decoder: score the encoder's states with the *old* state of the decoder, take the weights, mix
# the context, let the GRU read the last word and the context side by side, and speak from the new state.


# %% solution="attention_decoder_step"
def attention_decoder_step(tokens, state, keys, mask, params):
    """One step of a decoder with additive attention. The keys are the values, too.

    Parameters
    ----------
    tokens : int ndarray of shape (B,)
        The words that were said last.
    state : ndarray of shape (B, H)
        That of the step before: the query.
    keys : ndarray of shape (B, S, D)
        The encoder's states.
    mask : bool ndarray of shape (B, S)
    params : dict
        W_e (V, E), W_q (H, A), W_k (D, A), v (A,), W_x (E + D, 3H), W_h (H, 3H), b (3H,), W_y (H, V) and b_y (V,). The
        GRU reads the word's E components first, then the D of the context.

    Returns
    -------
    logits : ndarray of shape (B, V)
    state : ndarray of shape (B, H)
        The new one.
    weights : ndarray of shape (B, S)

    Examples
    --------
    One unit each. All scores are 0, so that the context is the mean of what is not masked, (1 + 3) / 2 = 2; word 1 is
    worth 0.5. With gates of 1/2, on paper: the new state is 1 / 2 + tanh(0.5 · 1 + 2 · 0.25) / 2 = 0.881.

    >>> params = {"W_e": np.array([[9.0], [0.5]]), "W_x": np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.25]])}
    >>> params |= {"W_h": np.zeros((1, 3)), "b": np.zeros(3), "W_y": np.array([[1.0, 2.0]]), "b_y": np.zeros(2)}
    >>> params |= {"W_q": np.zeros((1, 1)), "W_k": np.zeros((1, 1)), "v": np.ones(1)}
    >>> keys, mask = np.array([[[1.0], [3.0], [100.0]]]), np.array([[True, True, False]])
    >>> logits, state, weights = attention_decoder_step(np.array([1]), np.array([[1.0]]), keys, mask, params)
    >>> weights
    array([[0.5, 0.5, 0. ]])
    >>> state.round(3)
    array([[0.881]])
    >>> logits.round(3)
    array([[0.881, 1.762]])
    """
    ### BEGIN SOLUTION
    scores = additive_scores(state, keys, params["W_q"], params["W_k"], params["v"])
    weights = attention_weights(scores, mask)
    x = np.concatenate([params["W_e"][tokens], context_vector(weights, keys)], axis=1)
    state, _ = gru_cell_forward(x, state, params["W_x"], params["W_h"], params["b"])
    return output_layer(state, params["W_y"], params["b_y"]), state, weights
    ### END SOLUTION


# %% [markdown]
# ### Experiment: what is the root good for?
#
# Queries and ten keys of standard normal numbers, of 2 to 1024 components. On the left: how much weight does the best
# of ten places get? On the right: how large is the gradient that comes back to the scores, if a gradient of the same
# size goes into the weights?

# %% experiment=true
import matplotlib.pyplot as plt

rng = np.random.default_rng(0)
sizes = 2 ** np.arange(1, 11)
scorers = {"dot": dot_scores, "scaled dot": scaled_dot_scores, "cosine": cosine_scores}
best, slopes = {name: [] for name in scorers}, {name: [] for name in scorers}
for D in sizes:
    q, keys, values, dcontext = (rng.normal(size=shape) for shape in ((500, D), (500, 10, D), (500, 10, 1), (500, 1)))
    for name, scorer in scorers.items():
        weights = attention_weights(scorer(q, keys))
        dscores, _ = attention_backward(dcontext, values, weights)
        best[name].append(weights.max(axis=1).mean())
        slopes[name].append(np.linalg.norm(dscores, axis=1).mean())

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for name in scorers:
    left.semilogx(sizes, best[name], marker=".", base=2, label=name)
    right.loglog(sizes, slopes[name], marker=".")
left.axhline(0.1, color="grey", linestyle="--", linewidth=1)
left.text(2, 0.115, "even weights", color="grey")
left.set(title="How much does the best of ten places get?", xlabel="components D", ylabel="largest weight, mean")
left.set(ylim=(0, 1.03))
left.legend(loc="center right")
right.set(title="How much gradient comes back?", xlabel="components D", ylabel="norm of dscores, mean")
right.set_xscale("log", base=2)
right.set(yticks=[0.02, 0.05, 0.1, 0.2], yticklabels=["0.02", "0.05", "0.1", "0.2"])
right.minorticks_off()
plt.show()

# %% [markdown]
# The plain product becomes a choice of one place, and what is chosen cannot learn: its gradient dies. The scaled one
# is the same for all $D$. The cosine lies between -1 and 1 however long the vectors are, and between long random
# vectors it is nearly 0: its weights become even. (Who uses it multiplies it with a number, learned or large, first.)

# %% [markdown]
# ### Experiment: what does a mask do?
#
# Four sentences of 7, 5, 3 and 0 words in one batch. The scores on padding are as large as any. On the left they are
# left alone; in the middle the weights of padding are set to 0 *after* the softmax; on the right is your mask.

# %% experiment=true
rng = np.random.default_rng(1)
lengths = np.array([7, 5, 3, 0])
mask = np.arange(7) < lengths[:, np.newaxis]
scores = rng.normal(size=mask.shape)
pictures = {
    "no mask": attention_weights(scores),
    "set to 0 afterwards": attention_weights(scores) * mask,
    "masked": attention_weights(scores, mask),
}
fig, panels = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained", sharey=True)
for panel, (name, weights) in zip(panels, pictures.items(), strict=True):
    image = panel.imshow(weights, cmap="Blues", vmin=0, vmax=0.7)
    for row, (length, total) in enumerate(zip(lengths, weights.sum(axis=1), strict=True)):
        panel.plot([length - 0.5] * 2, [row - 0.5, row + 0.5], color="tab:red", linewidth=2)
        panel.text(6.7, row, f"Σ = {total:.2f}", va="center", fontsize=9)
    panel.set(title=name, xlabel="place", xticks=range(7), xticklabels=range(1, 8))
    panel.set(yticks=range(4), yticklabels=[f"{n} words" for n in lengths])
    panel.spines[:].set_visible(False)
fig.colorbar(image, ax=panels, label="weight", shrink=0.8, pad=0.08)
fig.suptitle("Where does the weight go? (behind the red line there is padding)")
plt.show()

# %% [markdown]
# Without a mask the sentence of three words gives most of its attention away. Set to 0 afterwards the weights no longer
# sum to 1: its context is too short a vector, and the network sees how much padding there was. The last sentence has
# nothing to look at, and 0 is the only answer that does not invent something.

# %% [markdown]
# ### Experiment: what is looked at?
#
# The task of 12: English numbers to German ones. *sixty four* is *vier und sechzig*, four and sixty: the units come
# before the tens. If attention is what it is called, the decoder has to look ahead there and come back. Below is the
# training with nothing but your own functions; it sees 1500 of the 10000 numbers, four times each. Some ten seconds.

# %% experiment=true
from grader.datasets.number_words import pairs
from grader.datasets.vocabulary import Vocabulary


def normal(rng, **shapes):
    """Weights for a start: matrices (n, m) of variance 1/n, embeddings smaller, and biases of 0."""
    scales = {name: 0.3 if name.endswith("W_e") else shape[0] ** -0.5 for name, shape in shapes.items()}
    return {name: rng.normal(0, scales[name], shape) * (not name.endswith("b")) for name, shape in shapes.items()}


def random_params(rng, V_s, V, E, H, A):
    """The encoder of 12, and a decoder that looks at its states."""
    encoder = normal(rng, enc_W_e=(V_s, E), enc_W_x=(E, 3 * H), enc_W_h=(H, 3 * H), enc_b=(3 * H,))
    scores = normal(rng, W_q=(H, A), W_k=(H, A), v=(A,))
    decoder = normal(rng, W_e=(V, E), W_x=(E + H, 3 * H), W_h=(H, 3 * H), b=(3 * H,), W_y=(H, V))
    return encoder | scores | decoder | {"b_y": np.zeros(V)}


def batch(sentences):
    """Sentence pairs as x, lengths, inputs, targets and target lengths."""
    x, lengths = english.encode([source for source, _ in sentences])
    tokens, target_lengths = german.encode([target for _, target in sentences])
    return x, lengths, *shift_targets(tokens, german.start, german.end), target_lengths + 1


def attend(x, lengths, inputs, params):
    """With a teacher: logits, the encoder's states, and the decoder's states and weights of all steps."""
    states, state = encode(x, lengths, params)
    mask, steps = np.arange(x.shape[1]) < np.asarray(lengths)[:, np.newaxis], []
    for t in range(inputs.shape[1]):
        logits, state, weights = attention_decoder_step(inputs[:, t], state, states, mask, params)
        steps.append((logits, state, weights))
    logits, h, weights = (np.stack(arrays, axis=1) for arrays in zip(*steps, strict=True))
    return logits, states, h, weights


def attend_backward(dlogits, x, lengths, inputs, states, h, weights, params):
    """The gradients of all parameters: from step to step, and from every step to the states it has looked at."""
    p, E = params, params["W_e"].shape[1]
    grads = {name: np.zeros(a.shape) for name, a in p.items()}
    grads["W_y"], grads["b_y"] = np.einsum("bth,btv->hv", h, dlogits), dlogits.sum(axis=(0, 1))
    dh, dstates, carried = dlogits @ p["W_y"].T, np.zeros(states.shape), 0
    for t in reversed(range(inputs.shape[1])):
        before = h[:, t - 1] if t else states[:, -1]
        x_t = np.concatenate([p["W_e"][inputs[:, t]], context_vector(weights[:, t], states)], axis=1)
        _, gates = gru_cell_forward(x_t, before, p["W_x"], p["W_h"], p["b"])
        dx, carried, *of_cell = gru_cell_backward(dh[:, t] + carried, x_t, before, gates, p["W_x"], p["W_h"])
        dscores, dvalues = attention_backward(dx[:, E:], states, weights[:, t])
        dq, dkeys, *of_scores = additive_scores_backward(dscores, before, states, p["W_q"], p["W_k"], p["v"])
        carried, dstates = carried + dq, dstates + dvalues + dkeys
        grads["W_e"] += embedding_backward(dx[:, :E], inputs[:, t], len(p["W_e"]))
        for name, gradient in zip(("W_x", "W_h", "b", "W_q", "W_k", "v"), of_cell + of_scores, strict=True):
            grads[name] += gradient
    dstates[np.arange(len(x)), lengths - 1] += carried  # where the decoder started from
    words, zeros = embedding_forward(x, p["enc_W_e"]), np.zeros(carried.shape)
    before = np.concatenate([zeros[:, np.newaxis], states[:, :-1]], axis=1)
    every_step = words.reshape(-1, words.shape[-1]), before.reshape(-1, states.shape[-1])
    gates = gru_cell_forward(*every_step, p["enc_W_x"], p["enc_W_h"], p["enc_b"])[1].reshape(*x.shape, -1)
    dwords, _, *of_encoder = gru_backward(dstates, words, zeros, states, gates, p["enc_W_x"], p["enc_W_h"])
    of_encoder = dict(zip(("enc_W_x", "enc_W_h", "enc_b"), of_encoder, strict=True))
    return grads | of_encoder | {"enc_W_e": embedding_backward(dwords, x, len(p["enc_W_e"]))}


def translate(x, lengths, params, max_length):
    """Without a teacher: what is said, and the weights of each word."""
    states, state = encode(x, lengths, params)
    mask, word = np.arange(x.shape[1]) < np.asarray(lengths)[:, np.newaxis], np.full(len(x), german.start)
    said, weights, ended = np.zeros((len(x), max_length), int), np.zeros((len(x), max_length, x.shape[1])), False
    for t in range(max_length):
        logits, state, weights[:, t] = attention_decoder_step(word, state, states, mask, params)
        word = logits.argmax(axis=1)
        said[:, t] = np.where(ended, 0, word)
        ended = ended | (word == german.end)
    return said, weights


def one_epoch(params, memory, sentences, rng, lr):
    """Params and optimizer's memory after each pair has been seen once."""
    for rows in minibatches(rng, len(sentences), 32):
        x, lengths, inputs, targets, target_lengths = batch([sentences[row] for row in rows])
        logits, *kept = attend(x, lengths, inputs, params)
        _, dlogits = seq2seq_loss(logits, targets, target_lengths)
        grads, _ = clip_by_global_norm(attend_backward(dlogits, x, lengths, inputs, *kept, params), 1.0)
        params, memory = adam_step(params, grads, memory, lr, 0.9, 0.999, 1e-8)
    return params, memory


def all_right(params, sentences):
    """For each pair: is every word of the translation right?"""
    x, lengths, _, targets, _ = batch(sentences)
    return (translate(x, lengths, params, targets.shape[1])[0] == targets).all(axis=1)


rng = np.random.default_rng(0)
drawn = pairs(rng, 2000)
numbers, new_numbers = drawn[:1500], drawn[1500:]
english = Vocabulary.of(source for source, _ in drawn)
german = Vocabulary.of(target for _, target in drawn)
params, memory = random_params(rng, english.size, german.size, 24, 48, 32), {}
for lr in (0.008, 0.008, 0.008, 0.004):
    params, memory = one_epoch(params, memory, numbers, rng, lr)

right = all_right(params, new_numbers)
shown = [pair for pair, good in zip(new_numbers, right, strict=True) if good and len(pair[0].split()) == 7][:2]
fig, panels = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for panel, pair in zip(panels, shown, strict=True):
    x, lengths = english.encode([pair[0]])
    source, target = pair[0].split(), [*pair[1].split(), "END"]
    said, weights = translate(x, lengths, params, len(target))
    image = panel.imshow(weights[0], cmap="Blues", vmin=0, vmax=1)
    panel.set_xticks(range(len(source)), source, rotation=45, ha="right")
    panel.set_yticks(range(len(target)), target)
    panel.set(xlabel="what the encoder has read", ylabel="what the decoder says")
fig.colorbar(image, ax=panels, label="weight", shrink=0.8)
fig.suptitle(f"Where does it look? ({right.mean():.1%} of 500 new numbers are all right)")
plt.show()

# %% [markdown]
# Row by row, from above: where a thing is said, there it is dark. Near the end the order turns round: at the units the
# decoder looks at the last word, and then goes *back* for the tens. Nobody has told it. Words that can be known without
# looking (*hundert* comes after a digit, *und* between units and tens) may look anywhere, and do. Often the darkest
# place is one late: a state of the encoder knows its own word and those before, so that it does as well. The weights
# say which *state* was used. Whether that is the word's own doing is another question.

# %% [markdown]
# ### Experiment: what has become of the bottleneck?
#
# The last experiment of 12: lists of one to five numbers below a hundred, one network for all lengths, 64 units. Its
# curve fell with the length, since all had to fit into one vector. Here it is once more, beside the same network with
# attention, each after the same number of epochs. Before you start it: what should its curve look like? Three or four
# minutes.

# %% experiment=true
from IPython.display import ProgressBar


def plain_params(rng, V_s, V, E, H):
    """The network of 12."""
    encoder = normal(rng, enc_W_e=(V_s, E), enc_W_x=(E, 3 * H), enc_W_h=(H, 3 * H), enc_b=(3 * H,))
    decoder = normal(rng, dec_W_e=(V, E), dec_W_x=(E, 3 * H), dec_W_h=(H, 3 * H), dec_b=(3 * H,), W_y=(H, V))
    return encoder | decoder | {"b_y": np.zeros(V)}


def one_plain_epoch(params, memory, sentences, rng, lr):
    """As above, without attention."""
    for rows in minibatches(rng, len(sentences), 32):
        x, lengths, inputs, targets, target_lengths = batch([sentences[row] for row in rows])
        states, final = encode(x, lengths, params)
        logits, h = decode_teacher_forced(inputs, final, params)
        _, dlogits = seq2seq_loss(logits, targets, target_lengths)
        grads = seq2seq_backward(dlogits, x, lengths, inputs, states, h, params)
        params, memory = adam_step(params, clip_by_global_norm(grads, 1.0)[0], memory, lr, 0.9, 0.999, 1e-8)
    return params, memory


def all_plain_right(params, sentences):
    """As above, without attention."""
    x, lengths, _, targets, _ = batch(sentences)
    _, final = encode(x, lengths, params)
    said, _ = greedy_decode(final, params, german.start, german.end, targets.shape[1])
    return (said == targets).all(axis=1)


rng, EPOCHS, MOST = np.random.default_rng(1), 12, 5
lists, new_lists = [], []
for count in range(1, MOST + 1):
    some = pairs(rng, 100 if count == 1 else 580, largest=99, count=count)
    lists += some[: len(some) * 5 // 6]
    new_lists.append(some[len(some) * 5 // 6 :])
english = Vocabulary.of(source for source, _ in lists)
german = Vocabulary.of(target for _, target in lists)

bar = ProgressBar(2 * EPOCHS)
bar.display()
rng = np.random.default_rng(2)
looking, memory = random_params(rng, english.size, german.size, 32, 64, 32), {}
plain, plain_memory = plain_params(rng, english.size, german.size, 32, 64), {}
for _ in range(EPOCHS):
    looking, memory = one_epoch(looking, memory, lists, rng, 0.006)
    bar.progress += 1
    plain, plain_memory = one_plain_epoch(plain, plain_memory, lists, rng, 0.006)
    bar.progress += 1

fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained", width_ratios=(1, 1.2))
left.plot(
    range(1, MOST + 1), [all_right(looking, some).mean() for some in new_lists], marker="o", label="with attention"
)
left.plot(range(1, MOST + 1), [all_plain_right(plain, some).mean() for some in new_lists], marker="o", label="without")
left.set(title="How many new lists are all right?", xlabel="numbers in the list", ylabel="share without a wrong word")
left.set(ylim=(-0.03, 1.03), xticks=range(1, MOST + 1))
left.legend(loc="lower left")

x, lengths = english.encode([new_lists[3][0][0]])
source, target = new_lists[3][0][0].split(), [*new_lists[3][0][1].split(), "END"]
_, weights = translate(x, lengths, looking, len(target))
right.imshow(weights[0], cmap="Blues", vmin=0, vmax=1, aspect="auto")
right.set_xticks(range(len(source)), source, rotation=45, ha="right")
right.set_yticks(range(len(target)), target)
right.set(title="Where does it look?", xlabel="what the encoder has read", ylabel="what the decoder says")
plt.show()

# %% [markdown]
# What could not pass through one vector need not pass through it any more: with attention every new list is right,
# however long. Nor has the network learned to handle long lists as such. At every step it has the same small task, to
# find the next thing to say, whatever else there is. On the right the staircase goes down from number to number, and in
# every step of it the tens and the units change places. (Without attention one number is harder than two: of single
# numbers there are only a hundred to learn from, and 17 of these are the test.)
#
# Is that unfair to the network without attention, after twelve epochs? In part. Given 30, it gets most lists of three
# right, one in five of those of four, and of those of five still none to speak of.

# %% [markdown]
# ## 12 · In your own words
#
# A friend has built a translator with attention for sentences of up to 60 words, padded to 60.
#
# **(a)** (2 points) She has forgotten the mask in her attention. Her encoder freezes its states on padding, so that
# `states[:, s]` behind the end repeats the last real state. Does it matter that padding has weight? What would you
# expect for short sentences, and what for long ones?
#
# **(b)** (1 point) She replaces the additive score by the plain dot product, $D = 512$, and training hardly gets off
# the ground. Which of your figures shows why, and what is the smallest change that mends it?
#
# **(c)** (2 points) Her heat map shows that, when it says *bank*, the network looks at the word *river*. She concludes
# that the word was translated *because* of *river*. What does the heat map really say, and how could she find out more?

# %% [markdown] written="attention" points=5
# **Model answer.** (a) It does. In a sentence of 5 words the last state stands there 56 times: with equal scores it
# gets 56/60 of the weight, and to be worth as much as all of these another word's score has to be larger by ln 56 = 4.
# The context of a short sentence is drawn towards its last state, the more so the shorter it is: it is the bottleneck
# of 12 once more. A sentence of 60 words has no padding, and nothing changes. (Training can make up for it in part by
# larger scores, but the same scores have to serve both.)
#
# (b) The first one: at D = 512 the softmax of plain products gives nearly all weight to one place from the start, which
# has been chosen at random, and the gradient that comes back to the scores is nearly 0. Divide by √D.
#
# (c) The weights say from which *states* of the encoder the context was mixed at that step. The state at *river* knows
# all words before it, too (with a second encoder from the right, all words), and the decoder knows what it has said so
# far, and the last state from which it started; a large weight is no proof that the word made the difference. She
# can find out by a change: replace *river* by another word, or mask its place, and see what is said then; or take the
# gradient of the word's logit with regard to the embedding.
#
# **Marks.** (a) 1 for the weight that goes to copies of the last state (a number, or a clear argument), 1 for short
# sentences more than long ones. (b) 1 for saturation, or a vanishing gradient of the softmax, with √D (½ for √D alone).
# (c) 1 for states that hold more than their word, or another way into the decoder; 1 for an intervention or a gradient.

# %% [markdown]
# ## Sources
#
# - Bahdanau, Cho & Bengio (2015), *Neural machine translation by jointly learning to align and translate*, ICLR: the
#   additive score, the decoder, and the first heat maps.
# - Graves, Wayne & Danihelka (2014), *Neural Turing machines*, arXiv:1410.5401: the cosine.
# - Jain & Wallace (2019), *Attention is not explanation*, NAACL; and Wiegreffe & Pinter (2019), *Attention is not not
#   explanation*, EMNLP: what a heat map says.
# - Luong, Pham & Manning (2015), *Effective approaches to attention-based neural machine translation*, EMNLP: the dot
#   and the general score.
# - Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser & Polosukhin (2017), *Attention is all you need*, NeurIPS:
#   the scaled product.
