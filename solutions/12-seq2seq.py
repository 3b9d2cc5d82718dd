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
# # 12 · Encoder and decoder
#
# One network reads a sentence, another one writes it in a second language, and between the two there is a single
# vector. You write all of it: the encoder, the decoder and its teacher, the loss, the gradient through both, and the
# loop that speaks. At the end you have trained a translator with gradients of your own, and know where it fails.
#
# Fill in the cells that say `YOUR CODE HERE`. Under each stands a check: run it as often as you like. It shows the
# first number that is off and, if it knows your mistake, it gives you a hint. It never costs points.

# %% [markdown]
# ## Conventions
#
# Letters, axes and row vectors are those of 01; the cell is your GRU of 07, with its gates in the order r, z, n. New:
#
# - **Two languages**, with a vocabulary each: `V_s` ids in the source, `V` in the target. $S$ is the length of the
#   source, $T$ that of the target. 0 is padding in both.
# - **`params`** is one dict for everything: the encoder's `enc_W_e`, `enc_W_x`, `enc_W_h`, `enc_b`, the decoder's
#   `dec_W_e`, `dec_W_x`, `dec_W_h`, `dec_b`, and the output layer's `W_y`, `b_y`. Both sides have $H$ units, since the
#   one takes over the other's state.
# - **START** and **END** are ids of the target that no word has. START is read and never said; END is said and never
#   read.
# - **On padding a state is frozen**: it repeats the row's last real one.
#
# Three traps, for when you read elsewhere:
#
# - **"The last state" of a padded batch** is, in many a tutorial, the state after the padding. Nothing crashes; short
#   sentences are translated a little worse, and nobody knows why.
# - **One id or two?** Some code calls START and END both `<eos>`, and Keras tutorials use a tab and a newline. All that
#   matters is that what is read first and what is said last are never confused with a word.
# - **A loss "per sentence" or "per word"?** Perplexities can be compared only if they are per word, over real words
#   alone, END among them.

# %% given=true
import numpy as np

from grader.selfcheck import carry, check

output_layer = carry("01-rnn", "output_layer")
clip_by_global_norm = carry("04-clipping", "clip_by_global_norm")
gru_cell_forward, gru_forward, gru_backward = carry("07-gru", "gru_cell_forward", "gru_forward", "gru_backward")
adam_step, minibatches = carry("09-optimizers", "adam_step", "minibatches")
embedding_forward, embedding_backward = carry("10-classification", "embedding_forward", "embedding_backward")

# %% [markdown]
# ## Recap: from one sequence to another
#
# Your many-to-many network of 01 says one thing for each thing it hears. A translation is longer or shorter than its
# source, and its words come in another order: *dreiundzwanzig* is *three and twenty*. So nothing should be said before
# everything is heard. Cho et al. (2014) and Sutskever, Vinyals & Le (2014) used two networks. The **encoder** reads,
#
# $$h_s = \mathrm{GRU}(e(x_s), h_{s-1}), \qquad h_0 = 0, \qquad c = h_S,$$
#
# and its last state, the **context**, is all that it leaves. The **decoder** starts from there, and is a language model
# like any other: it predicts the next word from those before,
#
# $$d_t = \mathrm{GRU}'(e'(y_{t-1}), d_{t-1}), \qquad d_0 = c, \qquad
# p(y_t \mid y_1 \ldots y_{t-1}, x) = \mathrm{softmax}(d_t W_y + b_y).$$
#
# Both are trained as one: the loss of the last word flows back through the decoder, over the bridge $d_0 = c$, and
# through the encoder to the first word that was read.

# %% [markdown]
# ## 1 · What is read, and what should be said
#
# In training the decoder is shown the right sentence, one word behind: having read START it should say $y_1$, having
# read $y_1$ it should say $y_2$, and having read the last word, END.


# %% solution="shift_targets"
def shift_targets(tokens, start, end):
    """What the decoder reads, and what it should say to that.

    inputs: START y_1 ... y_L 0 ...;  targets: y_1 ... y_L END 0 ...

    Parameters
    ----------
    tokens : int ndarray of shape (B, T)
        The right sentences, with 0 behind each row's last word.
    start, end : int
        The ids of START and END.

    Returns
    -------
    inputs, targets : int ndarray of shape (B, T + 1)
        A row without words: START 0 ... and END 0 ...

    Examples
    --------
    >>> inputs, targets = shift_targets(np.array([[5, 4, 0], [3, 3, 2]]), 8, 9)
    >>> inputs
    array([[8, 5, 4, 0],
           [8, 3, 3, 2]])
    >>> targets
    array([[5, 4, 9, 0],
           [3, 3, 2, 9]])
    """
    ### BEGIN SOLUTION
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    targets[np.arange(B), (tokens != 0).sum(axis=1)] = end
    return inputs, targets
    ### END SOLUTION


# %% [markdown]
# ## 2 · The encoder
#
# Your GRU over the embedded words. What is new is that a row of a batch ends when it likes: from there on its state
# stays as it is, so that `states[:, -1]` is the context of every row, whatever its length.


# %% solution="encode"
def encode(x, lengths, params):
    """A sentence as the state of a network that has read it.

    h_s = GRU(enc_W_e[x_s], h_{s-1}) for s < length, and h_s = h_{s-1} from there on, starting from zeros

    Parameters
    ----------
    x : int ndarray of shape (B, S)
        Ids of the source. On padding there may be any.
    lengths : int ndarray of shape (B,)
        How many ids of each row are real, 0 to S.
    params : dict
        Of which enc_W_e (V_s, E), enc_W_x (E, 3H), enc_W_h (H, 3H) and enc_b (3H,) are used.

    Returns
    -------
    states : ndarray of shape (B, S, H)
    final : ndarray of shape (B, H)
        The last real state; zeros for a row of length 0.

    Examples
    --------
    One unit whose gates are 1/2: h = h_prev / 2 + tanh(word) / 2. On paper: tanh(1) / 2 = 0.381 after the first word,
    0.381 / 2 - 0.381 = -0.19 after the second. The second row has one word only.

    >>> params = {"enc_W_e": np.array([[0.0], [1.0], [-1.0]]), "enc_W_x": np.array([[0.0, 0.0, 1.0]])}
    >>> params |= {"enc_W_h": np.zeros((1, 3)), "enc_b": np.zeros(3)}
    >>> states, final = encode(np.array([[1, 2], [1, 2]]), np.array([2, 1]), params)
    >>> states[:, :, 0].round(3)
    array([[ 0.381, -0.19 ],
           [ 0.381,  0.381]])
    >>> final[:, 0].round(3)
    array([-0.19 ,  0.381])
    """
    ### BEGIN SOLUTION
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    states = np.zeros(h.shape)
    for row, length in enumerate(lengths):
        states[row, :length] = h[row, :length]
        if length > 0:
            states[row, length:] = h[row, length - 1]
    return states, states[:, -1]
    ### END SOLUTION


# %% [markdown]
# ## 3 · The decoder and its teacher
#
# A beginner who has said a wrong word is lost for the rest of the sentence. In training a teacher helps: whatever the
# decoder said, the next step reads what it *should* have said (Williams & Zipser 1989). That makes training stable,
# and it makes it fast: all inputs are known beforehand, so that the whole sentence is one call of your GRU.


# %% solution="decode_teacher_forced"
def decode_teacher_forced(tokens_in, state, params):
    """What the decoder says at every step if the word before is the right one.

    h_t = GRU(dec_W_e[token_t], h_{t-1}), starting from state;  logits_t = h_t W_y + b_y

    Parameters
    ----------
    tokens_in : int ndarray of shape (B, T)
        What each step reads: START first. Padding is read like any other id.
    state : ndarray of shape (B, H)
        The encoder's last real state.
    params : dict
        Of which dec_W_e (V, E'), dec_W_x (E', 3H), dec_W_h (H, 3H), dec_b (3H,), W_y (H, V) and b_y (V,) are used.

    Returns
    -------
    logits : ndarray of shape (B, T, V)
    h : ndarray of shape (B, T, H)

    Examples
    --------
    The unit of encode's example. On paper: 0.5 / 2 + tanh(1) / 2 = 0.631, and 0.631 / 2 + 0 = 0.315.

    >>> params = {"dec_W_e": np.array([[0.0], [1.0]]), "dec_W_x": np.array([[0.0, 0.0, 1.0]])}
    >>> params |= {"dec_W_h": np.zeros((1, 3)), "dec_b": np.zeros(3)}
    >>> params |= {"W_y": np.array([[2.0, -2.0]]), "b_y": np.array([0.0, 1.0])}
    >>> logits, h = decode_teacher_forced(np.array([[1, 0]]), np.array([[0.5]]), params)
    >>> h[0, :, 0].round(3)
    array([0.631, 0.315])
    >>> logits[0].round(3)
    array([[ 1.262, -0.262],
           [ 0.631,  0.369]])
    """
    ### BEGIN SOLUTION
    words = embedding_forward(tokens_in, params["dec_W_e"])
    h, _ = gru_forward(words, state, params["dec_W_x"], params["dec_W_h"], params["dec_b"])
    return output_layer(h, params["W_y"], params["b_y"]), h
    ### END SOLUTION


# %% [markdown]
# ## 4 · The loss
#
# Your cross-entropy of 02, with lengths for a mask. Every real target of the batch weighs the same, whether its
# sentence is long or short, and END is one of them: who cannot stop has not translated.


# %% solution="seq2seq_loss"
def seq2seq_loss(logits, targets, lengths):
    """The mean cross-entropy over all words of the batch that were to be said, and its gradient.

    Parameters
    ----------
    logits : ndarray of shape (B, T, V)
        Of any size: 10000 beside -10000, too.
    targets : int ndarray of shape (B, T)
        On padding there may be any id.
    lengths : int ndarray of shape (B,)
        How many targets of each row are real, 0 to T. END is one of them.

    Returns
    -------
    loss : float
        In nats; 0.0 if no target is real.
    dlogits : ndarray of shape (B, T, V)
        Exactly 0 on padding.

    Examples
    --------
    Probabilities of 3/4 and 1/4, at two places of which one is real. On paper: -ln(3/4) = 0.288, and the gradient is
    (3/4 - 1, 1/4).

    >>> logits = np.log([[[3.0, 1.0], [3.0, 1.0]]])
    >>> loss, dlogits = seq2seq_loss(logits, np.array([[0, 1]]), np.array([1]))
    >>> round(float(loss), 3)
    0.288
    >>> dlogits[0].round(3)
    array([[-0.25,  0.25],
           [ 0.  ,  0.  ]])
    """
    ### BEGIN SOLUTION
    dlogits = np.zeros(logits.shape)
    real = np.arange(targets.shape[1]) < lengths[:, np.newaxis]
    if not real.any():
        return 0.0, dlogits
    z = logits[real] - logits[real].max(axis=-1, keepdims=True)  # (n, V)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = np.arange(len(z))
    slopes = np.exp(log_p)
    slopes[n, targets[real]] -= 1
    dlogits[real] = slopes / len(n)
    return -log_p[n, targets[real]].mean(), dlogits
    ### END SOLUTION


# %% [markdown]
# ## 5 · All the way back
#
# From the logits through the output layer, the decoder, the bridge and the encoder to both embeddings. Nothing here is
# new but the bridge. `gru_backward` gives you the gradient of its first state, `dh0`, which so far nobody has asked
# for. The decoder's first state was the encoder's last real one: the loss reaches the encoder there, and nowhere else.
#
# `gru_backward` wants the gates, and you are given the states alone. That is no hardship: if the state before a step is
# known, so are the step's gates, without running through the steps before.


# %% solution="seq2seq_backward"
def seq2seq_backward(dlogits, x, lengths, tokens_in, states, h, params):
    """The gradients of all parameters.

    Parameters
    ----------
    dlogits : ndarray of shape (B, T, V)
        Whatever it holds counts, behind a sentence's end as well: the loss has put zeros there.
    x, lengths
        What encode was given.
    tokens_in : int ndarray of shape (B, T)
        What decode_teacher_forced was given. Its state was states[:, -1].
    states : ndarray of shape (B, S, H)
    h : ndarray of shape (B, T, H)
        What the two returned.
    params : dict

    Returns
    -------
    grads : dict of the names and shapes of params

    Examples
    --------
    One unit on each side, at rest: all words are worth 0, so that all gates are 1/2 and all slopes of tanh are 1. On
    paper: dlogits of 4 on a weight of 5 are 20 for the decoder's state. Half of it goes to its candidate, the other
    half over the bridge; of these 10 the encoder's second step gives half to its candidate, half to the first step,
    which halves it once more.

    >>> gru = {"W_e": np.zeros((2, 1)), "W_x": np.array([[0.0, 0.0, 1.0]]), "W_h": np.zeros((1, 3)), "b": np.zeros(3)}
    >>> params = {f"{side}_{name}": a for side in ("enc", "dec") for name, a in gru.items()}
    >>> params |= {"W_y": np.array([[5.0]]), "b_y": np.zeros(1)}
    >>> x, lengths, states, h = np.array([[1, 0, 1]]), np.array([2]), np.zeros((1, 3, 1)), np.zeros((1, 1, 1))
    >>> grads = seq2seq_backward(np.array([[[4.0]]]), x, lengths, np.array([[1]]), states, h, params)
    >>> grads["dec_b"]
    array([ 0.,  0., 10.])
    >>> grads["enc_b"]
    array([0. , 0. , 7.5])
    >>> grads["enc_W_e"][:, 0]
    array([5. , 2.5])
    """
    ### BEGIN SOLUTION

    def back_through(dh, ids, first, h, side):
        """The gradient of the first state, and of the four arrays of one side."""
        W_e, W_x, W_h, b = (params[f"{side}_{name}"] for name in ("W_e", "W_x", "W_h", "b"))
        words = embedding_forward(ids, W_e)
        before = np.concatenate([first[:, np.newaxis], h[:, :-1]], axis=1)
        every_step = words.reshape(-1, words.shape[-1]), before.reshape(-1, len(W_h))  # as one large batch
        gates = gru_cell_forward(*every_step, W_x, W_h, b)[1].reshape(*h.shape[:2], -1)
        dwords, dfirst, dW_x, dW_h, db = gru_backward(dh, words, first, h, gates, W_x, W_h)
        dW_e = embedding_backward(dwords, ids, len(W_e))
        return dfirst, {f"{side}_W_e": dW_e, f"{side}_W_x": dW_x, f"{side}_W_h": dW_h, f"{side}_b": db}

    V, H = dlogits.shape[-1], h.shape[-1]
    grads = {"W_y": h.reshape(-1, H).T @ dlogits.reshape(-1, V), "b_y": dlogits.sum(axis=(0, 1))}
    dfinal, dec_grads = back_through(dlogits @ params["W_y"].T, tokens_in, states[:, -1], h, "dec")
    dstates = np.zeros(states.shape)
    for row, length in enumerate(lengths):
        if length > 0:
            dstates[row, length - 1] = dfinal[row]
    _, enc_grads = back_through(dstates, x, np.zeros(dfinal.shape), states, "enc")
    return grads | dec_grads | enc_grads
    ### END SOLUTION


# %% [markdown]
# ## 6 · Perplexity
#
# A loss of 0.7 nats per word says little to most people. Its exponential does: the network wavers as if between so many
# equally likely words. The mean is taken of the losses.


# %% solution="perplexity"
def perplexity(loss):
    """How many words the network wavers between.

    exp(mean(loss))

    Parameters
    ----------
    loss : float, or ndarray of any shape
        In nats: a mean, or the loss of each word.

    Returns
    -------
    perplexity : float
        Infinite if it is more than a float can hold.

    Examples
    --------
    On paper: the mean of ln 4 and ln 16 is ln 8.

    >>> round(float(perplexity(np.log([4.0, 16.0]))), 6)
    8.0
    """
    ### BEGIN SOLUTION
    with np.errstate(over="ignore"):
        return float(np.exp(np.mean(loss)))
    ### END SOLUTION


# %% [markdown]
# ## 7 · Speaking alone
#
# In use there is no teacher. The decoder reads START, says the likeliest word, reads that, and so on until it says END.
# The rows of a batch end at different times; who has ended says nothing more, which is written as 0.


# %% solution="greedy_decode"
def greedy_decode(state, params, start, end, max_length):
    """Sentences word by word: always the likeliest, which the next step reads.

    Parameters
    ----------
    state : ndarray of shape (B, H)
        The encoder's last real state.
    params : dict
        Of which dec_W_e (V, E'), dec_W_x (E', 3H), dec_W_h (H, 3H), dec_b (3H,), W_y (H, V) and b_y (V,) are used.
    start, end : int
        The ids of START and END.
    max_length : int
        So many ids at most.

    Returns
    -------
    tokens : int ndarray of shape (B, max_length)
        Without START, with END if it came in time, and with 0 behind it.
    lengths : int ndarray of shape (B,)
        How many ids are said, END included; max_length for a sentence that did not end.

    Examples
    --------
    A decoder that has learned by heart what follows: after START (2) comes 1, and after 1 comes END (3).

    >>> follows = np.zeros((4, 4))
    >>> follows[2, 1] = follows[1, 3] = 10
    >>> params = {"dec_W_e": np.eye(4), "dec_W_x": np.hstack([np.zeros((4, 8)), follows])}
    >>> params |= {"dec_W_h": np.zeros((4, 12)), "dec_b": np.repeat([0.0, 40.0, 0.0], 4)}
    >>> params |= {"W_y": np.eye(4), "b_y": np.zeros(4)}
    >>> tokens, lengths = greedy_decode(np.zeros((1, 4)), params, 2, 3, 5)
    >>> tokens
    array([[1, 3, 0, 0, 0]])
    >>> lengths
    array([2])
    """
    ### BEGIN SOLUTION
    B = len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        words = embedding_forward(word, params["dec_W_e"])
        state, _ = gru_cell_forward(words, state, params["dec_W_x"], params["dec_W_h"], params["dec_b"])
        word = output_layer(state, params["W_y"], params["b_y"]).argmax(axis=-1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths
    ### END SOLUTION


# %% [markdown]
# ### Experiment: a translator of your own
#
# English numbers below ten thousand become German ones. In print these are words of any length; here they are cut into
# their parts, *drei tausend zwei hundert ein und vierzig*, one and forty. The network sees 2000 of the 10000 numbers,
# nine times each. It is tested on 500 others: whatever it says of them it has not learned by heart. Ten seconds.

# %% experiment=true
import matplotlib.pyplot as plt

from grader.datasets.number_words import pairs
from grader.datasets.vocabulary import Vocabulary


def random_params(rng, V_s, V, E, H):
    """Weights for a start."""
    params = {"W_y": rng.normal(0, H**-0.5, (H, V)), "b_y": np.zeros(V)}
    for side, words in (("enc", V_s), ("dec", V)):
        params |= {f"{side}_W_e": rng.normal(0, 0.3, (words, E)), f"{side}_b": np.zeros(3 * H)}
        params |= {f"{side}_W_x": rng.normal(0, E**-0.5, (E, 3 * H)), f"{side}_W_h": rng.normal(0, H**-0.5, (H, 3 * H))}
    return params


def batch(sentences, backwards=False):
    """Sentence pairs as x, lengths, inputs, targets and target lengths."""
    x, lengths = english.encode([source for source, _ in sentences])
    if backwards:
        for row, length in zip(x, lengths, strict=True):
            row[:length] = row[:length][::-1].copy()
    tokens, target_lengths = german.encode([target for _, target in sentences])
    return x, lengths, *shift_targets(tokens, german.start, german.end), target_lengths + 1


def losses(params, x, lengths, inputs, targets, target_lengths):
    """The loss, and what the way back needs."""
    states, final = encode(x, lengths, params)
    logits, h = decode_teacher_forced(inputs, final, params)
    return *seq2seq_loss(logits, targets, target_lengths), states, h


def one_epoch(
    params, memory, sentences, rng, backwards=False, lr=0.006, read=lambda params, x, lengths, inputs: inputs
):
    """Params and optimizer's memory after each pair has been seen once, and the mean loss; `read` is for later."""
    seen = []
    for rows in minibatches(rng, len(sentences), 32):
        x, lengths, inputs, *rest = batch([sentences[row] for row in rows], backwards)
        inputs = read(params, x, lengths, inputs)
        loss, dlogits, states, h = losses(params, x, lengths, inputs, *rest)
        grads = seq2seq_backward(dlogits, x, lengths, inputs, states, h, params)
        grads, _ = clip_by_global_norm(grads, 1.0)
        params, memory = adam_step(params, grads, memory, lr, 0.9, 0.999, 1e-8)
        seen.append(loss)
    return params, memory, np.mean(seen)


def all_right(params, sentences, backwards=False):
    """For each pair: is every word of the translation right?"""
    x, lengths, _, targets, _ = batch(sentences, backwards)
    tokens, _ = greedy_decode(encode(x, lengths, params)[1], params, german.start, german.end, targets.shape[1])
    return (tokens == targets).all(axis=1)


rng = np.random.default_rng(0)
drawn = pairs(rng, 2500)
numbers, new_numbers = drawn[:2000], drawn[2000:]
english = Vocabulary.of(source for source, _ in drawn)
german = Vocabulary.of(target for _, target in drawn)
params, memory = random_params(rng, english.size, german.size, 32, 64), {}
perplexities, shares = [], []
for _ in range(9):
    params, memory, loss = one_epoch(params, memory, numbers, rng)
    perplexities.append((perplexity(loss), perplexity(losses(params, *batch(new_numbers))[0])))
    shares.append(all_right(params, new_numbers).mean())

epochs = np.arange(1, 10)
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.semilogy(epochs, perplexities, marker=".", label=["2000 numbers of the training", "500 new ones"])
left.set(title="Between how many words does it waver?", xlabel="epochs", ylabel="perplexity per word")
left.set(yticks=[1, 2, 5, 10], yticklabels=["1", "2", "5", "10"])
left.minorticks_off()
left.legend()
right.plot(epochs, shares, marker=".", color="tab:green")
right.set(
    title="How many new numbers are all right?", xlabel="epochs", ylabel="share without a wrong word", ylim=(0, 1.03)
)
plt.show()

x, lengths, *_ = batch(new_numbers[:5])
said, _ = greedy_decode(encode(x, lengths, params)[1], params, german.start, german.end, 12)
for (source, target), words in zip(new_numbers[:5], german.decode(said), strict=True):
    print(f"{source}  →  {words}  {'✓' if words == target else f'✗ ({target})'}")

# %% [markdown]
# On the left both curves fall together: nothing is learned by heart that does not serve for new numbers, too. On the
# right it takes longer to see anything. A number of eight words is right only if all eight are. (Why does the blue
# curve begin above the orange one, although its numbers are the ones being learned?)

# %% [markdown]
# ### Experiment: what is the teacher worth?
#
# The same network with the same numbers once more, but this time it has no teacher: each step reads what the network
# itself has just said, right or wrong. The targets stay what they were. Which of the two is better prepared for the
# test, where nobody has a teacher?


# %% experiment=true
def own_words(params, x, lengths, inputs):
    """START, and what the network says by itself, in place of the right words."""
    said, _ = greedy_decode(encode(x, lengths, params)[1], params, german.start, german.end, inputs.shape[1] - 1)
    return np.concatenate([inputs[:, :1], said], axis=1)


rng = np.random.default_rng(0)
alone, memory, shares_alone, perplexities_alone = random_params(rng, english.size, german.size, 32, 64), {}, [], []
for _ in range(5):
    alone, memory, loss = one_epoch(alone, memory, numbers, rng, read=own_words)
    shares_alone.append(all_right(alone, new_numbers).mean())
    perplexities_alone.append(perplexity(loss))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.semilogy(epochs, np.array(perplexities)[:, 0], marker=".", label="reads what it should have said")
left.semilogy(epochs[:5], perplexities_alone, marker=".", color="tab:red", label="reads what it has said")
left.set(title="How does it look in training?", xlabel="epochs", ylabel="perplexity per word, training")
left.set(yticks=[1, 2, 5, 10], yticklabels=["1", "2", "5", "10"])
left.minorticks_off()
left.legend()
right.plot(epochs, shares, marker=".")
right.plot(epochs[:5], shares_alone, marker=".", color="tab:red")
right.set(title="How many new numbers are all right?", xlabel="epochs", ylabel="share without a wrong word")
right.set(ylim=(-0.03, 1.03))
plt.show()

# %% [markdown]
# In the first epochs the one with a teacher is ahead: who reads nonsense learns little from it. Then the other one
# catches up. It has practised what the test asks for, to go on after a slip of one's own, while the first has
# never read a wrong word in its life. That is the *exposure bias*, and the cure is a mixture: a teacher at first, own
# words more and more often later (Bengio et al. 2015, *scheduled sampling*). Numbers of one pattern are a kind case,
# though. Where a sentence can be said in many ways, own words and given targets soon have little to do with each other.
#
# There is a price, too: without a teacher each batch has to be spoken first, one word after the other.

# %% [markdown]
# ### Experiment: how much fits through the bottleneck?
#
# All that the decoder ever hears of a sentence is one vector of $H$ numbers, however long the sentence. So here are
# longer ones: lists of one to five numbers below a hundred, *forty two , seven , eighty one*. Each network sees the
# same 2000 lists, and is then asked for new lists of every length. There are three: one as above, one that is as wide
# again, and one that reads every list **from its end**, a trick of Sutskever, Vinyals & Le (2014). Guess the order
# of the three. Two or three minutes.

# %% experiment=true
from IPython.display import ProgressBar

rng, EPOCHS, MOST = np.random.default_rng(1), 16, 5
lists, new_lists = [], []
for count in range(1, MOST + 1):
    some = pairs(rng, 100 if count == 1 else 580, largest=99, count=count)
    lists += some[: len(some) * 5 // 6]
    new_lists.append(some[len(some) * 5 // 6 :])
english = Vocabulary.of(source for source, _ in lists)
german = Vocabulary.of(target for _, target in lists)

networks = {"64 units": (64, False), "128 units": (128, False), "64 units, source reversed": (64, True)}
bar = ProgressBar(EPOCHS * len(networks))
bar.display()
shares, curves = {}, {}
for name, (H, backwards) in networks.items():
    rng = np.random.default_rng(2)
    params, memory, curves[name] = random_params(rng, english.size, german.size, 32, H), {}, []
    for _ in range(EPOCHS):
        params, memory, loss = one_epoch(params, memory, lists, rng, backwards)
        curves[name].append(perplexity(loss))
        bar.progress += 1
    shares[name] = [all_right(params, some, backwards).mean() for some in new_lists]

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for name, color in zip(networks, ("tab:blue", "tab:green", "tab:orange"), strict=True):
    left.semilogy(np.arange(1, EPOCHS + 1), curves[name], color=color, label=name)
    right.plot(range(1, MOST + 1), shares[name], marker="o", color=color)
left.set(title="Who learns faster?", xlabel="epochs", ylabel="perplexity per word, training")
left.set(yticks=[1, 2, 5, 10], yticklabels=["1", "2", "5", "10"])
left.minorticks_off()
left.legend()
right.set(title="How many new lists are all right?", xlabel="numbers in the list", ylabel="share without a wrong word")
right.set(ylim=(-0.03, 1.03), xticks=range(1, MOST + 1))
plt.show()

# %% [markdown]
# Two numbers are no trouble for anybody. With every further one the share of right lists drops, and with five there is
# hardly one left; all networks have seen as many lists of five as of two. The loop that reads and the loop that speaks
# are the same for long lists and short ones. What is not is how much has to be kept in $c$ at once. With twice the
# units the same happens, one number later: a wider bottleneck is a bottleneck. (With a single number the curve dips
# for another reason: there are only a hundred of them, and 17 of these are the test.)
#
# Reading from the end makes a difference at the start. The first word of the list is then the last one read, and stands
# fresh in the state when the decoder begins: the orange curve is ahead of the blue one for the first ten epochs. What
# fits into 64 units in the end is no more than before. Sutskever, Vinyals & Le trained a huge network for ten days;
# who is far from the end of learning gains more from a good start.
#
# In 13 the decoder may look back at *all* states of the encoder, and the curves on the right will look different.

# %% [markdown]
# ## 8 · In your own words
#
# A friend has built an encoder–decoder of 64 units for product reviews, English to French, with sentences of 3 to 40
# words, padded to 40.
#
# **(a)** (2 points) Her encoder has no lengths: it reads the padding, too, and hands over `h[:, -1]`. Which sentences
# suffer, and why does training not simply repair it? What would you change?
#
# **(b)** (1 point) Her training perplexity is 1.3, that on new sentences 1.4, and yet in use long sentences go astray
# after some ten words. Which two causes have you met here?
#
# **(c)** (2 points) She reverses the source, and the loss falls faster. No word has come nearer to its translation *on
# average*. Why does it help nevertheless? And why does it not remove the bottleneck?

# %% [markdown] written="bottleneck" points=5
# **Model answer.** (a) The short ones. After a sentence of 3 words come 37 steps of padding, each of which overwrites a
# part of the state (and on the way back shrinks the gradient), while a sentence of 40 words is handed over as it is.
# Training can learn to keep the update gate shut on the padding's embedding, but it has to learn that, and the
# gradient that should teach it has to cross the very same steps. The state should be frozen at each row's length
# (or the last *real* one be picked).
#
# (b) One context of 64 numbers has to hold the whole sentence, and a long one does not fit: the bottleneck. And
# perplexity is measured with a teacher: in use the decoder reads its own words, and after one slip it is in a place
# where it has never been in training.
#
# (c) The first words of the source are now near the first words of the target, at the price of the last ones. For those
# there are few steps between reading and saying, so that a gradient is there early on: the decoder learns to begin, and
# the rest has something to build on. The context is still one vector of 64 numbers, whatever the order in which it was
# filled: what does not fit does not fit.
#
# **Marks.** (a) 1 for short sentences with a reason (state overwritten, or gradient through padding), 1 for freezing or
# picking the last real state. (b) 1 for both, the fixed context and the missing teacher (½ for one). (c) 1 for short
# distances at the beginning, that is, a shorter way for the gradient of some words; 1 for the size of the context,
# which is unchanged.

# %% [markdown]
# ## Sources
#
# - Bahdanau, Cho & Bengio (2015), *Neural machine translation by jointly learning to align and translate*, ICLR: names
#   the bottleneck, and opens it (13).
# - Bengio, Vinyals, Jaitly & Shazeer (2015), *Scheduled sampling for sequence prediction with recurrent neural
#   networks*, NeurIPS.
# - Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio (2014), *Learning phrase representations using
#   RNN encoder–decoder for statistical machine translation*, EMNLP.
# - Jurafsky & Martin, *Speech and language processing*, 3rd edition draft: perplexity, encoder–decoders.
# - Sutskever, Vinyals & Le (2014), *Sequence to sequence learning with neural networks*, NeurIPS: the reversed source.
# - Williams & Zipser (1989), *A learning algorithm for continually running fully recurrent neural networks*, Neural
#   Computation 1(2): teacher forcing.
