"""02-bptt, backpropagation through time: what each function is asked, what it is worth, and how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from reference import bptt
from reference.rnn import rnn_forward

assignment = Assignment("02-bptt")


@assignment.exercise(
    bptt.cross_entropy,
    outputs="loss; dlogits: B T V",
    points=4,
    hints=[
        "Pick the True places first, logits[mask] and targets[mask]: what is left is a plain list of predictions.",
        "The log of a softmax can be had without ever taking the log of a small number: shift, and subtract one log.",
        "The gradient holds the probabilities, and something that is 1 at the target. Each of its rows sums to 0.",
    ],
    extra=[
        dict(far=10_000),
        dict(far=10_000, B=1),
        dict(ignored=-100),
        dict(empty_rows=1),
        dict(empty_rows=3),
    ],
)
def cross_entropy(draw, B=3, T=4, V=5, far=0, ignored=0, empty_rows=0):
    logits = np.round(256 * draw.normal(B, T, V)) / 256  # far away, too, float32 holds these exactly
    rows = logits.reshape(-1, V)
    rows[0::3] += far
    rows[1::3] -= far
    rows[2::3, :2] += far  # and the rest of the row stays where it is
    places = draw.rng.permuted(np.tile(np.arange(T), (B, 1)), axis=1)
    mask = places <= np.arange(B)[:, np.newaxis]  # 1, 2, 3, ... True places
    targets = draw.integers(0, V, B, T)
    if far:
        mask[0, 2], targets[0, 2] = True, V - 1  # all the weight is on words 0 and 1
    mask[B - empty_rows :] = False
    targets[~mask & (draw.integers(0, 2, B, T) == 0)] = ignored or -1
    return dict(logits=logits, targets=targets, mask=mask)


@cross_entropy.misconception(
    "Turn some True of the mask into False, with logits as they are: the mean is one over fewer places then.",
    "You divide by the number of all places. How many of them count?",
)
def all_places_in_the_denominator(logits, targets, mask):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(mask)
    loss = -log_p[b, t, targets[b, t]].sum() / mask.size
    dlogits = np.exp(log_p) * mask[..., np.newaxis]
    dlogits[b, t, targets[b, t]] -= 1
    return loss, dlogits / mask.size


@cross_entropy.misconception(
    "Compare your gradient with numerical differences of your loss: what factor is between them?",
    "The loss is a mean, and so each place's share of it is one over their number. The gradient has that share, too.",
)
def gradient_of_the_sum(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = len(z)
    d = np.exp(log_p)
    d[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = d
    loss = -log_p[np.arange(n), targets[mask]].mean() if n else 0.0
    return loss, dlogits


@cross_entropy.misconception(
    "Give the same sequence twice, as a batch of two: should the loss double?",
    "You return a sum. The mean over the places that count is asked for, and its gradient.",
)
def sum_for_mean(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = len(z)
    d = np.exp(log_p)
    d[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = d
    return -log_p[np.arange(n), targets[mask]].sum(), dlogits


@cross_entropy.misconception(
    "A sequence with one word that counts, one with ten: which word weighs more in your loss?",
    "A mean of the sequences' means favours the words of short sequences. Take one mean, over all places that count.",
)
def mean_of_the_rows_means(logits, targets, mask):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    dlogits = np.zeros_like(logits)
    losses = []
    for i in range(len(logits)):
        n = mask[i].sum()
        if n == 0:
            losses.append(0.0)
            continue
        d = np.exp(log_p[i][mask[i]])
        d[np.arange(n), targets[i][mask[i]]] -= 1
        dlogits[i][mask[i]] = d / n / len(logits)
        losses.append(-log_p[i][mask[i]][np.arange(n), targets[i][mask[i]]].mean())
    return np.mean(losses), dlogits


@cross_entropy.misconception(
    "Try logits of 10000 and of -10000. exp overflows beyond about 709, and is 0 far below zero.",
    "The same number taken from every logit of a row changes nothing. And log(a / b) need not be taken of a quotient.",
)
def softmax_without_shift(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    p = np.exp(logits[mask]) / np.exp(logits[mask]).sum(axis=-1, keepdims=True)
    n = len(p)
    loss = -np.log(p[np.arange(n), targets[mask]]).mean()
    p[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = p / n
    return loss, dlogits


@cross_entropy.misconception(
    "Your loss can be infinite. Look for the log of a probability that has become 0.",
    "log(e^z / s) is z - log s: the probability itself, which may be too small for a float, is not needed.",
)
def log_of_a_rounded_probability(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    e = np.exp(logits[mask] - logits[mask].max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    n = len(p)
    loss = -np.log(p[np.arange(n), targets[mask]]).mean()
    p[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = p / n
    return loss, dlogits


@cross_entropy.misconception(
    "However wrong the network is, your loss never gets beyond a certain number. Which one?",
    "The tiny number inside the log keeps it finite, and hides how wrong the network is. log(e^z / s) is z - log s.",
)
def tiny_number_in_the_log(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    e = np.exp(logits[mask] - logits[mask].max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    n = len(p)
    loss = -np.log(p[np.arange(n), targets[mask]] + 1e-12).mean()
    p[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = p / n
    return loss, dlogits


@cross_entropy.misconception(
    "Your loss does not depend on the logits of the False places. Does your gradient know that?",
    "What has no say in the loss has a gradient of exactly 0.",
)
def gradient_without_mask(logits, targets, mask):
    n = mask.sum()
    if n == 0:
        return 0.0, np.zeros_like(logits)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    ids = np.where(mask, targets, 0)[..., np.newaxis]
    loss = -np.take_along_axis(log_p, ids, axis=-1)[..., 0][mask].mean()
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, ids, np.take_along_axis(dlogits, ids, axis=-1) - 1, axis=-1)
    return loss, dlogits / n


@cross_entropy.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "Places where the mask is False hold no real word: a -1 there is no id, although numpy takes it for the last word.",
)
def mask_not_used(logits, targets, mask):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.indices(targets.shape)
    dlogits = np.exp(log_p)
    dlogits[b, t, targets] -= 1
    return -log_p[b, t, targets].mean(), dlogits / targets.size


@cross_entropy.misconception(
    "Set every entry of the mask to True, then to False: for which of the two should the loss be 0?",
    "In this course True is what counts. Keras's padding masks, and torch's key_padding_mask, say the opposite.",
)
def mask_upside_down(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if mask.all():
        return 0.0, dlogits
    z = logits[~mask] - logits[~mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = len(z)
    d = np.exp(log_p)
    d[np.arange(n), targets[~mask]] -= 1
    dlogits[~mask] = d / n
    return -log_p[np.arange(n), targets[~mask]].mean(), dlogits


@cross_entropy.misconception(
    "Your gradient is positive everywhere: every word's logit should fall, the right one's, too?",
    "The probabilities are half of the gradient. Raising the target's logit makes the loss smaller.",
)
def target_not_subtracted(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = len(z)
    dlogits[mask] = np.exp(log_p) / n
    return -log_p[np.arange(n), targets[mask]].mean(), dlogits


@cross_entropy.misconception(
    "What are your answers if nothing counts, because every place of the mask is False?",
    "0 / 0 is NaN, and one NaN spoils all weights. Without places that count, the loss is 0.0 and the gradient zeros.",
)
def nothing_divided_by_nothing(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(mask)
    dlogits[mask] = np.exp(log_p[mask])
    dlogits[b, t, targets[b, t]] -= 1
    return -log_p[b, t, targets[b, t]].mean(), dlogits / mask.sum()


@cross_entropy.misconception(
    "Double the vocabulary with words that are never likely: your loss halves. Should it?",
    "You take the mean over the words as well. A place has one loss, that of its target.",
)
def mean_over_words_too(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    onehot = np.eye(logits.shape[-1])[targets[mask]]
    dlogits[mask] = (np.exp(log_p) - onehot) / onehot.size
    return -(onehot * log_p).mean(), dlogits


@cross_entropy.misconception(
    "Two words, equally likely: your loss is 1, and on paper it is 0.693. What unit is yours in?",
    "log2 counts bits. The derivative of e^z is what makes the gradient so simple: use the natural log, nats.",
)
def loss_in_bits(logits, targets, mask):
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    n = len(z)
    bits = np.log2(np.exp(z).sum(axis=-1)) - z[np.arange(n), targets[mask]] / np.log(2)
    p[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = p / n
    return bits.mean(), dlogits


@cross_entropy.misconception(
    "Does a place with target 0 count for you? The mask says whether it does.",
    "Id 0 is padding in texts, but here the mask alone decides: at a True place, 0 is a word like any other.",
)
def id_zero_left_out(logits, targets, mask):
    mask = mask & (targets != 0)
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    z = logits[mask] - logits[mask].max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n = len(z)
    d = np.exp(log_p)
    d[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = d / n
    return -log_p[np.arange(n), targets[mask]].mean(), dlogits


@cross_entropy.misconception(
    "Sum the probabilities of one place. Then sum those of one word over time.",
    "The words of one place compete with one another, along the last axis; the steps do not.",
)
def softmax_over_time(logits, targets, mask):
    n = mask.sum()
    if n == 0:
        return 0.0, np.zeros_like(logits)
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    b, t = np.nonzero(mask)
    dlogits = np.exp(log_p) * mask[..., np.newaxis]
    dlogits[b, t, targets[b, t]] -= 1
    return -log_p[b, t, targets[b, t]].mean(), dlogits / n


@cross_entropy.misconception(
    "Count the negative numbers in one row of your gradient. How many targets does a place have?",
    "dlogits[:, :, targets] picks every target's column at every place. Index the batch and the time along with them.",
)
def every_target_at_every_place(logits, targets, mask):
    n = mask.sum()
    if n == 0:
        return 0.0, np.zeros_like(logits)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(mask)
    dlogits = np.exp(log_p)
    dlogits[:, :, targets[mask]] -= 1
    return -log_p[b, t, targets[b, t]].mean(), dlogits * mask[..., np.newaxis] / n


@cross_entropy.misconception(
    "Print the logits before and after a call of your function.",
    "`-=` writes into the array that the caller gave you. `z = logits - ...` makes a new one.",
)
def logits_shifted_in_place(logits, targets, mask):
    logits -= logits.max(axis=-1, keepdims=True)
    dlogits = np.zeros_like(logits)
    if not mask.any():
        return 0.0, dlogits
    log_p = logits[mask] - np.log(np.exp(logits[mask]).sum(axis=-1, keepdims=True))
    n = len(log_p)
    d = np.exp(log_p)
    d[np.arange(n), targets[mask]] -= 1
    dlogits[mask] = d / n
    return -log_p[np.arange(n), targets[mask]].mean(), dlogits


@assignment.exercise(
    bptt.numerical_gradient,
    outputs="dw",
    points=2,
    hints=[
        "One entry of w at a time goes up by eps, then down by eps, while all others stay where they are.",
        "np.ndindex(w.shape) walks through the places of an array of any shape.",
        "Whatever you change, change it in a copy: then nothing has to be put back.",
    ],
    extra=[
        dict(shape="()"),
        dict(shape="(1,)"),
        dict(shape="(4,)"),
        dict(shape="(2, 1, 3)"),
        dict(shape="(2, 3, 2)"),
        dict(eps=0.5),
        dict(eps=0.25, shape="(5,)"),
    ],
)
def numerical_gradient(draw, shape="(3, 4)", eps=0.0):
    sizes = [int(size) for size in shape.strip("()").split(",") if size]
    w, a = np.asarray(draw.normal(*sizes)), np.asarray(1 + draw.rng.random(sizes))
    if eps:
        return dict(f=draw.given("cubic", a=a, b=np.asarray(draw.normal(*sizes))), w=w, eps=eps)
    c = np.asarray(draw.rng.uniform(15_000, 30_000, sizes))  # ripples as long as some thirty steps of 1e-5
    return dict(f=draw.given("ripples", a=a, c=c), w=w)


@numerical_gradient.misconception(
    "Try f(w) = w², at 0: the slope there is 0. What is yours?",
    "A step to one side is off by something like eps, a step to each side by something like eps². Which is asked for?",
)
def one_sided(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        stepped = w.copy()
        stepped[i] += eps
        dw[i] = (f(stepped) - f(w)) / eps
    return dw


@numerical_gradient.misconception(
    "Try f(w) = w², at 0: the slope there is 0. What is yours?",
    "A step back alone is as lopsided as a step ahead alone: take both, and divide by the way between them.",
)
def one_sided_backwards(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        stepped = w.copy()
        stepped[i] -= eps
        dw[i] = (f(w) - f(stepped)) / eps
    return dw


@numerical_gradient.misconception(
    "Try f(w) = 3 w: the slope is 3. What is yours?",
    "How far apart are the two points at which you ask f?",
)
def eps_not_doubled(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += eps
        below[i] -= eps
        dw[i] = (f(above) - f(below)) / eps
    return dw


@numerical_gradient.misconception(
    "Try f(w) = 3 w with eps = 0.1: the slope is 3. What is yours?",
    "`a / 2 * eps` divides by 2 and then *multiplies* by eps. What has to stand in brackets?",
)
def divided_and_multiplied(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += eps
        below[i] -= eps
        dw[i] = (f(above) - f(below)) / 2 * eps
    return dw


@numerical_gradient.misconception(
    "All your entries are the same number. Which entry of w did you move for which?",
    "If all of w moves at once, you learn one slope, along the diagonal. Each entry needs two calls of its own.",
)
def all_entries_at_once(f, w, eps=1e-5):
    return np.full_like(w, (f(w + eps) - f(w - eps)) / (2 * eps))


@numerical_gradient.misconception(
    "Right for one axis, wrong for two. Which entries have the same number in your answer?",
    "w[i] is a whole row if w is a matrix. np.ndindex(w.shape) gives the place of one entry after the other.",
)
def rows_at_once(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in range(len(w)):
        above, below = w.copy(), w.copy()
        above[i] += eps
        below[i] -= eps
        dw[i] = (f(above) - f(below)) / (2 * eps)
    return dw


@numerical_gradient.misconception(
    "The first entry is right. What does w look like when you come to the second?",
    "Each entry that you have moved has to be where it was before the next one moves.",
)
def not_put_back(f, w, eps=1e-5):
    w = w.copy()
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        w[i] += eps
        above = f(w)
        w[i] -= 2 * eps
        below = f(w)
        dw[i] = (above - below) / (2 * eps)
    return dw


@numerical_gradient.misconception(
    "Print w - w_before with all its digits after a call: most entries are 0, some are not.",
    "(w + eps) - eps need not be w: floats round. Keep the old number and write it back, or step in a copy.",
)
def put_back_by_adding(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        w[i] += eps
        above = f(w)
        w[i] -= 2 * eps
        below = f(w)
        w[i] += eps
        dw[i] = (above - below) / (2 * eps)
    return dw


@numerical_gradient.misconception(
    "Your differences are 0, or close to it. Are the two arrays that you give to f two arrays?",
    "`above = w` gives w a second name, it makes no second array. Which method makes one?",
)
def two_names_of_one_array(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        above, below = w, w
        above[i] += eps
        below[i] -= eps
        dw[i] = (f(above) - f(below)) / (2 * eps)
    return dw


@numerical_gradient.misconception(
    "Change eps, and your answer stays the same. Is one of the arguments left over?",
    "The step is given; 1e-5 is what it is if nobody says otherwise.",
)
def own_step(f, w, eps=1e-5):
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += 1e-5
        below[i] -= 1e-5
        dw[i] = (f(above) - f(below)) / (2 * 1e-5)
    return dw


@numerical_gradient.misconception(
    "The numbers are right, but w had another shape.",
    "A gradient has the shape of what it is the gradient of: make an array like w first, and fill in its places.",
)
def answers_in_a_row(f, w, eps=1e-5):
    slopes = []
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += eps
        below[i] -= eps
        slopes.append((f(above) - f(below)) / (2 * eps))
    return np.array(slopes)


@numerical_gradient.misconception(
    "Print np.float32(1) + np.float32(1e-5): how much of the step is left?",
    "float32 has seven digits, and a difference of two nearly equal numbers loses most of them. Stay in float64 here.",
)
def steps_in_float32(f, w, eps=1e-5):
    w = w.astype(np.float32)
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += eps
        below[i] -= eps
        dw[i] = (f(above) - f(below)) / (2 * eps)
    return dw


@assignment.exercise(
    bptt.rnn_cell_backward,
    outputs="dx: B D; dh_prev: B H; dW_x: D H; dW_h: H H; db: H",
    points=4,
    hints=[
        "Go through tanh first: with a for its argument, what is the gradient at a? All five answers follow from that.",
        "Each gradient has the shape of what it belongs to. For a product, only one order and one transpose fit.",
        "On the docstring's toy values da is 1.28. If your answers are off, check that number first.",
    ],
)
def rnn_cell_backward(draw, B=3, D=4, H=5):
    x, h_prev, W_x, W_h = draw.normal(B, D), draw.normal(B, H), draw.weights(D, H), draw.weights(H, H)
    h = np.tanh(x @ W_x + h_prev @ W_h + draw.normal(H))
    return dict(dh=draw.normal(B, H), x=x, h_prev=h_prev, h=h, W_x=W_x, W_h=W_h)


@rnn_cell_backward.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "Between h and the weights there is a tanh, and its slope is a factor of every gradient.",
)
def slope_missing(dh, x, h_prev, h, W_x, W_h):
    return dh @ W_x.T, dh @ W_h.T, x.T @ dh, h_prev.T @ dh, dh.sum(axis=0)


@rnn_cell_backward.misconception(
    "With h = 0.6 the slope is 0.64. What is yours?",
    "h has gone through tanh already. The slope, written with the *output* of tanh, needs no second tanh.",
)
def tanh_of_the_output(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - np.tanh(h) ** 2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "Compare the tanh of your recomputed sum with h. What is missing in the sum?",
    "The bias is not among the arguments, so the sum cannot be computed again. Nor need it be: h is given.",
)
def recomputed_without_bias(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - np.tanh(x @ W_x + h_prev @ W_h) ** 2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "Your slope can be negative. Can tanh's?",
    "h (1 - h) is the sigmoid's slope. Derive tanh's, or look it up.",
)
def sigmoids_slope(dh, x, h_prev, h, W_x, W_h):
    da = dh * h * (1 - h)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "With h = 0.6 the slope is 0.64. What is yours? And with h = -0.6?",
    "tanh is as steep on the left as on the right: its slope depends on the square of h.",
)
def slope_without_square(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "The weights' gradients are right, the others are not. What have these two in common?",
    "Going back to x and to h_prev, the gradient passes the tanh, too: one da serves all five.",
)
def slope_for_the_weights_only(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return dh @ W_x.T, dh @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "All is right but db. What does the bias have before it on the way to h?",
    "The bias stands inside the tanh as well, so its gradient is made of da.",
)
def slope_missing_for_the_bias(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, dh.sum(axis=0)


@rnn_cell_backward.misconception(
    "dh_prev is off. W_h is square, so that a wrong product fits as well: which way do you go through it?",
    "Forward, h_prev W_h mixes the rows of W_h. Backward, each unit of h_prev collects along its own row.",
)
def state_weights_not_transposed(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "Your products fit only where D = H. Write the shapes under them.",
    "dx has the shape of x, (B, D), and da is (B, H): which way round must W_x stand?",
)
def nothing_transposed(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x, da @ W_h, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "dW_h is off. What was W_h multiplied with on the way forward?",
    "A weight's gradient has the *input* of its product in it, which is the state before the step, not after it.",
)
def new_state_for_the_old(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h.T @ da, da.sum(axis=0)


@rnn_cell_backward.misconception(
    "b has the shape (H,). What shape is your db?",
    "Every row of the batch used the same bias, so that its gradient is the sum over all rows.",
)
def db_not_summed(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da


@rnn_cell_backward.misconception(
    "b has the shape (H,), and your db is a single number. Which axes did you sum?",
    "Every unit has a bias of its own: sum over the batch, and over nothing else.",
)
def db_summed_too_far(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum()


@rnn_cell_backward.misconception(
    "db is too small by a factor. Which one?",
    "The mean over places, if there is one, is in dh already. Here gradients are summed over the batch.",
)
def db_averaged(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    return da @ W_x.T, da @ W_h.T, x.T @ da, h_prev.T @ da, da.mean(axis=0)


@rnn_cell_backward.misconception(
    "The weights' gradients are too small by a factor. Which one?",
    "The mean over places, if there is one, is in dh already. Here gradients are summed over the batch.",
)
def weights_averaged(dh, x, h_prev, h, W_x, W_h):
    da = dh * (1 - h**2)
    B = len(dh)
    return da @ W_x.T, da @ W_h.T, x.T @ da / B, h_prev.T @ da / B, da.sum(axis=0) / B


@rnn_cell_backward.misconception(
    "Print dh before and after a call of your function.",
    "`*=` writes into the array that the caller gave you. `da = dh * ...` makes a new one.",
)
def dh_changed_in_place(dh, x, h_prev, h, W_x, W_h):
    dh *= 1 - h**2
    return dh @ W_x.T, dh @ W_h.T, x.T @ dh, h_prev.T @ dh, dh.sum(axis=0)


@assignment.exercise(
    bptt.rnn_backward,
    outputs="dx: B T D; dh0: B H; dW_x: D H; dW_h: H H; db: H",
    points=4,
    uses=[rnn_cell_backward],
    hints=[
        "You have one step's backward already: this function is a loop around it, from the last step to the first.",
        "Two gradients arrive at the state of step t: the loss's own, dh[:, t], and what step t + 1 sends back.",
        "The weights are the same at every step: what do you do with the gradients of T uses of one matrix?",
    ],
)
def rnn_backward(draw, B=3, T=4, D=2, H=5):
    x, h0, W_x, W_h = draw.normal(B, T, D), draw.normal(B, H), draw.weights(D, H), draw.weights(H, H)
    h = rnn_forward(x, h0, W_x, W_h, draw.normal(H))
    return dict(dh=draw.normal(B, T, H), x=x, h0=h0, h=h, W_x=W_x, W_h=W_h)


@rnn_backward.misconception(
    "dx and dh0 are right. How many of the T steps are in your dW_h?",
    "Every step uses the same weights, so their gradients add up: `+=`, not `=`.",
)
def last_written_kept(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh_next, dW_x, dW_h, db = rnn_cell_backward(dh[:, t] + dh_next, x[:, t], h_prev, h[:, t], W_x, W_h)
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "The last step is right, all earlier ones are not. What does step t hear from step t + 1?",
    "h_t goes into the loss, and into step t + 1. Its gradient has two parts, and the second one comes from there.",
)
def nothing_carried_back(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh0, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh[:, t], x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh0, dW_x, dW_h, db


@rnn_backward.misconception(
    "Change dh at step 0: nothing changes in your answer.",
    "The loss looks at every step. Whatever comes from later steps is *added* to the step's own gradient.",
)
def last_dh_only(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_t = dh[:, -1]
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh_t, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_t, dW_x, dW_h, db


@rnn_backward.misconception(
    "The gradient of the second to last step is off. On its way back it has passed something that you left out.",
    "From a state to the one before it there is a tanh and a W_h: the slope belongs to every step of the way.",
)
def no_slope_on_the_way(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], _, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
        dh_next = dh_t @ W_h.T
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "No step is right, not even the last one. What stands between a state and the weights?",
    "You go through the products, but not through the tanh. Its slope is a factor at every step.",
)
def no_slope_at_all(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        da = dh[:, t] + dh_next
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ da
        db += da.sum(axis=0)
        dh_next = da @ W_h.T
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "With h = 0.6 the slope is 0.64. What is yours?",
    "h has gone through tanh already. The slope, written with the *output* of tanh, needs no second tanh.",
)
def tanh_of_the_states(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        da = (dh[:, t] + dh_next) * (1 - np.tanh(h[:, t]) ** 2)
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ da
        db += da.sum(axis=0)
        dh_next = da @ W_h.T
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "The last step is right, the one before is not. W_h is square: which way do you go through it?",
    "Forward, a state is multiplied by W_h from the right. Backward, each of its units collects along a row of W_h.",
)
def carried_without_transpose(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        da = (dh[:, t] + dh_next) * (1 - h[:, t] ** 2)
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ da
        db += da.sum(axis=0)
        dh_next = da @ W_h
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Only dW_h is off. What was W_h multiplied with on the way to h[:, t]?",
    "A weight's gradient has the *input* of its product in it: the state before step t, not the one after.",
)
def states_after_the_steps(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h[:, t], h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Only dW_h is off. From which state did the first step start?",
    "The state before the first step is given, and it need not be zero: h0 has its part in dW_h.",
)
def zeros_before_the_first_step(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else np.zeros_like(h0)
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Only dW_h is off. Print t - 1 in every round of your loop.",
    "At t = 0, index t - 1 is the last column. The state before the first step is h0.",
)
def last_state_before_the_first_step(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h[:, t - 1], h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Print dh before and after a call of your function.",
    "`dh[:, t - 1] += ...` writes into the caller's array; a slice of it is still the same memory. Copy dh first.",
)
def dh_added_to_in_place(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh_prev, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh[:, t], x[:, t], h_prev, h[:, t], W_x, W_h)
        if t > 0:
            dh[:, t - 1] += dh_prev
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_prev, dW_x, dW_h, db


@rnn_backward.misconception(
    "dh_prev of one step is what the step before it gets. Yours grows from step to step.",
    "What step t + 1 sends goes to step t, and on from there inside what step t sends. Carry it, don't pile it up.",
)
def carried_gradient_piles_up(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_prev, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dh_next += dh_prev
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Your first step's dx is right only if T = 1. In which direction do gradients travel?",
    "The loss at step t depends on the states before it. So the loop begins at the last step.",
)
def from_first_to_last(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in range(x.shape[1]):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "Four gradients are right, and dh0 is all zeros.",
    "Step 0 has a state before it as well. Whatever it sends back is the gradient of h0.",
)
def dh0_never_assigned(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dh0 = np.zeros_like(h0)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh0, dW_x, dW_h, db


@rnn_backward.misconception(
    "Only dh0 is off: it is the gradient of another state. Of which one?",
    "You return what arrives at h[:, 0]. h0 lies one step further back.",
)
def dh0_one_step_short(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t
        dW_h += dW_h_t
        db += db_t
    return dx, dh_t, dW_x, dW_h, db


@rnn_backward.misconception(
    "b has the shape (H,). What shape is your db?",
    "Every row of the batch used the same bias, at every step: sum over both.",
)
def db_for_every_row(dh, x, h0, h, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), 0
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        da = (dh[:, t] + dh_next) * (1 - h[:, t] ** 2)
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ da
        db += da
        dh_next = da @ W_h.T
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "The weights' gradients are too small by a factor. Which one?",
    "The mean over places, if there is one, is in dh already. Here gradients are summed over the batch.",
)
def averaged_over_the_batch(dh, x, h0, h, W_x, W_h):
    B = len(x)
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t / B
        dW_h += dW_h_t / B
        db += db_t / B
    return dx, dh_next, dW_x, dW_h, db


@rnn_backward.misconception(
    "The weights' gradients are too small by a factor. Which one?",
    "The mean over places, if there is one, is in dh already. Here gradients are summed over the steps.",
)
def averaged_over_time(dh, x, h0, h, W_x, W_h):
    T = x.shape[1]
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh_t = dh[:, t] + dh_next
        dx[:, t], dh_next, dW_x_t, dW_h_t, db_t = rnn_cell_backward(dh_t, x[:, t], h_prev, h[:, t], W_x, W_h)
        dW_x += dW_x_t / T
        dW_h += dW_h_t / T
        db += db_t / T
    return dx, dh_next, dW_x, dW_h, db


@assignment.exercise(
    bptt.gradient_contributions,
    outputs="contributions: T H H",
    points=3,
    uses=[rnn_cell_backward, rnn_backward],
    hints=[
        "The same walk back as in rnn_backward; only this time each step's share of dW_h is kept, not added to a sum.",
        "dh_last arrives at the last state; no other step has a gradient of its own.",
        "Sum your entries: you should get the dW_h of rnn_backward, given a dh that is zero but for its last step.",
    ],
)
def gradient_contributions(draw, B=3, T=4, D=2, H=5):
    x, h0, W_h = draw.normal(B, T, D), draw.normal(B, H), draw.weights(H, H)
    h = rnn_forward(x, h0, draw.weights(D, H), W_h, draw.normal(H))
    return dict(dh_last=draw.normal(B, H), x=x, h0=h0, h=h, W_h=W_h)


@gradient_contributions.misconception(
    "Sum your entries and compare with dW_h: some steps are in it many times.",
    "You keep the running sum. An entry is what one step adds to it.",
)
def running_sums(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    total = np.zeros_like(W_h)
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        total = total + (h[:, t - 1] if t > 0 else h0).T @ da
        parts[t] = total
        dh = da @ W_h.T
    return parts


@gradient_contributions.misconception(
    "What was W_h multiplied with on the way to h[:, k]?",
    "The immediate derivative of h_k has the state *before* step k in it, not the one after.",
)
def state_after_the_step(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        parts[t] = h[:, t].T @ da
        dh = da @ W_h.T
    return parts


@gradient_contributions.misconception(
    "All entries are right but the first, which is 0. From which state did the first step start?",
    "The state before the first step is given, and it need not be zero.",
)
def zeros_for_the_first_state(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        if t > 0:
            parts[t] = h[:, t - 1].T @ da
        dh = da @ W_h.T
    return parts


@gradient_contributions.misconception(
    "All entries are right but the first. Print t - 1 in every round of your loop.",
    "At t = 0, index t - 1 is the last column. The state before the first step is h0.",
)
def last_column_for_h0(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        parts[t] = h[:, t - 1].T @ da
        dh = da @ W_h.T
    return parts


@gradient_contributions.misconception(
    "No entry is right, not even the last one. What stands between a state and W_h?",
    "You go through the products, but not through the tanh. Its slope is a factor at every step.",
)
def no_slopes(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ dh
        dh = dh @ W_h.T
    return parts


@gradient_contributions.misconception(
    "The last entry is right, the others are not. What does a gradient pass from one state to the one before?",
    "Each factor of ∂h_T/∂h_k has a W_h in it and a slope of tanh. You have only the first.",
)
def slope_missing_on_the_way(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ (dh * (1 - h[:, t] ** 2))
        dh = dh @ W_h.T
    return parts


@gradient_contributions.misconception(
    "No entry is right, not even the last one. Is there a tanh in the immediate derivative?",
    "On the way back your slopes are there. But step k's own tanh stands between h_k and W_h as well.",
)
def slope_missing_at_the_step(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ dh
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return parts


@gradient_contributions.misconception(
    "The last entry is right, the others are not. W_h is square: which way do you go through it?",
    "Forward, a state is multiplied by W_h from the right. Backward, each of its units collects along a row of W_h.",
)
def way_back_not_transposed(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ da
        dh = da @ W_h
    return parts


@gradient_contributions.misconception(
    "The last entry is right, the others are not. Which of the three factors is missing in them?",
    "Your steps all get dh_last as it is. Between h_T and h_k it has a way to go: ∂h_T/∂h_k.",
)
def no_way_back(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    for t in range(h.shape[1]):
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ (dh_last * (1 - h[:, t] ** 2))
    return parts


@gradient_contributions.misconception(
    "Your last entry is off, although nothing lies between it and dh_last.",
    "You take the step back before you note the entry: that is one W_h too many for every k.",
)
def one_step_too_far_back(dh_last, x, h0, h, W_h):
    parts = np.zeros((h.shape[1], *W_h.shape))
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
        parts[t] = (h[:, t - 1] if t > 0 else h0).T @ (dh * (1 - h[:, t] ** 2))
    return parts


@gradient_contributions.misconception(
    "Right numbers, but an axis too many. Which one has the equation got rid of?",
    "The batch is summed over: each step has one contribution, (H, H), of all sequences together.",
)
def batch_kept(dh_last, x, h0, h, W_h):
    parts = [None] * h.shape[1]
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        parts[t] = np.einsum("bi,bj->bij", h[:, t - 1] if t > 0 else h0, da)
        dh = da @ W_h.T
    return np.array(parts)


@gradient_contributions.misconception(
    "You return one matrix. How many steps are there?",
    "That is their sum, dW_h. What each step adds to it is asked for.",
)
def all_in_one(dh_last, x, h0, h, W_h):
    dW_h = np.zeros_like(W_h)
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        dW_h += (h[:, t - 1] if t > 0 else h0).T @ da
        dh = da @ W_h.T
    return dW_h


@gradient_contributions.misconception(
    "Each entry should have the shape of W_h. With the input in it, it has the shape of W_x.",
    "The contributions to dW_h are asked for: what is W_h multiplied with?",
)
def inputs_for_states(dh_last, x, h0, h, W_h):
    parts = [None] * h.shape[1]
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        parts[t] = x[:, t].T @ da
        dh = da @ W_h.T
    return np.array(parts)


@assignment.exercise(
    bptt.gradient_norms,
    outputs="norms: T",
    points=2,
    uses=[rnn_cell_backward, rnn_backward, gradient_contributions],
    hints=[
        "The same walk back once more. At each state, before you go on: how long is the gradient of every sequence?",
        "First the norm of each row, then the mean of the B norms.",
    ],
)
def gradient_norms(draw, B=3, T=4, H=5):
    h = rnn_forward(draw.normal(B, T, 2), draw.normal(B, H), draw.weights(2, H), W_h := draw.weights(H, H), np.ones(H))
    return dict(dh_last=draw.normal(B, H), h=h, W_h=W_h)


@gradient_norms.misconception(
    "Two sequences with opposite gradients: your norm is 0, and yet both are large.",
    "You average the gradients first, and they cancel. Take each sequence's norm, then the mean.",
)
def norm_of_the_mean(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh.mean(axis=0))
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "Give the same sequence twice, as a batch of two: should the norm grow?",
    "np.linalg.norm without an axis takes the whole matrix as one vector. Each sequence has a norm of its own.",
)
def norm_of_the_batch(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "With one sequence yours is right, with several it is a little too large.",
    "You take the root of a mean of squares. Take the root of each sequence's sum first, and the mean of the roots.",
)
def root_mean_square(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.sqrt((dh**2).sum(axis=1).mean())
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "The vector (3, 4) is 5 long. How long is it for you?",
    "A sum of squares is the square of a length: the root is missing.",
)
def squared_norm(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = (dh**2).sum(axis=1).mean()
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "The vector (3, 4) is 5 long. How long is it for you?",
    "You divide by the number of units. Length is the root of the *sum* of the squares.",
)
def mean_over_units(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.sqrt((dh**2).mean(axis=1)).mean()
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "The vector (3, 4) is 5 long. How long is it for you?",
    "A sum of absolute values is another norm, ‖·‖₁. Squares are asked for, and a root.",
)
def sum_of_absolute_values(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.abs(dh).sum(axis=1).mean()
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "The last norm is right, the one before is not. What does a gradient pass on the way?",
    "From a state to the one before it there is a W_h and a tanh. You have only the first.",
)
def norms_without_slopes(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh, axis=1).mean()
        dh = dh @ W_h.T
    return norms


@gradient_norms.misconception(
    "The last norm is right, the one before is not. W_h is square: which way do you go through it?",
    "Forward, a state is multiplied by W_h from the right. Backward, each of its units collects along a row of W_h.",
)
def norms_without_transpose(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh, axis=1).mean()
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h
    return norms


@gradient_norms.misconception(
    "The last norm is right, the one before is not. Whose slope belongs to the step from h_t to the state before it?",
    "The tanh that made h_t lies between h_t and the state before it: its slope is that of h[:, t].",
)
def slope_of_the_step_before(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        norms[t] = np.linalg.norm(dh, axis=1).mean()
        dh = (dh * (1 - h[:, t - 1] ** 2)) @ W_h.T
    return norms


@gradient_norms.misconception(
    "Compare your last entry with the norm of dh_last itself.",
    "You step back first and measure then. The last state has a gradient, too, and it is given.",
)
def measured_a_step_late(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
        norms[t] = np.linalg.norm(dh, axis=1).mean()
    return norms


@gradient_norms.misconception(
    "Compare your last entry with the norm of dh_last itself.",
    "You measure behind the tanh, at its argument. The gradient at the *state* is asked for.",
)
def measured_behind_the_tanh(dh_last, h, W_h):
    norms = np.zeros(h.shape[1])
    dh = dh_last
    for t in reversed(range(h.shape[1])):
        da = dh * (1 - h[:, t] ** 2)
        norms[t] = np.linalg.norm(da, axis=1).mean()
        dh = da @ W_h.T
    return norms


@gradient_norms.misconception(
    "The last norm is right, and going back every norm is larger than it should be.",
    "A product's norm is at most the product of the norms, and that is a bound. Walk the gradient itself back.",
)
def bound_for_the_norm(dh_last, h, W_h):
    T = h.shape[1]
    norm = np.linalg.norm(dh_last, axis=1).mean()
    return np.array([norm * np.linalg.norm(W_h, 2) ** (T - 1 - t) for t in range(T)])


@assignment.exercise(
    bptt.diagnose_gradients,
    outputs="diagnosis",
    points=1,
    hints=[
        "Three questions in the order of the docstring; the first one that is answered with yes decides.",
        "Every comparison with NaN is False. Which function asks whether a number is finite?",
    ],
    extra=[
        dict(kind="exploding"),
        dict(kind="vanishing and exploding"),
        dict(kind="NaN"),
        dict(kind="infinite"),
        dict(kind="infinite, as is high"),
        dict(kind="NaN and vanishing"),
        dict(kind="as low as low, as high as high"),
        dict(kind="healthy"),
    ],
)
def diagnose_gradients(draw, T=7, kind="vanishing"):
    low, high = float(draw.rng.uniform(1e-3, 1e-2)), float(draw.rng.uniform(10, 100))
    norms = np.exp(draw.rng.uniform(np.log(10 * low), np.log(high / 10), T))
    inside = 1 + draw.rng.permutation(T - 2)[:2] if T > 3 else [0, -1]  # neither the first step nor the last
    first, second = {
        "vanishing": (low / 2, low / 20),
        "exploding": (2 * high, 20 * high),
        "vanishing and exploding": (low / 2, 2 * high),
        "NaN": (np.nan, norms[0]),
        "infinite": (np.inf, norms[0]),
        "infinite, as is high": (np.inf, norms[0]),
        "NaN and vanishing": (np.nan, low / 2),
        "as low as low, as high as high": (low, high),
        "healthy": (norms[0], norms[1 % T]),
    }[kind]
    norms[inside[0]], norms[inside[1]] = first, second
    return dict(norms=norms, low=low, high=np.inf if kind == "infinite, as is high" else high)


@diagnose_gradients.misconception(
    "What do you say of np.array([1.0, np.nan])? Print np.nan > 5 and np.nan < 5.",
    "NaN is neither large nor small for Python, so it slips through both comparisons. Ask for it by its name.",
)
def nan_slips_through(norms, low, high):
    if (norms > high).any() or np.isinf(norms).any():
        return "exploding"
    return "vanishing" if (norms < low).any() else "healthy"


@diagnose_gradients.misconception(
    "With high = np.inf, is a norm of infinity healthy?",
    "inf > inf is False. A norm that is not finite explodes whatever the limit is.",
)
def infinity_is_not_above_infinity(norms, low, high):
    if (norms > high).any() or np.isnan(norms).any():
        return "exploding"
    return "vanishing" if (norms < low).any() else "healthy"


@diagnose_gradients.misconception(
    "What do you say of np.array([1.0, np.nan])? And of np.inf with high = np.inf?",
    "Your two comparisons are right, and both let pass what is no finite number. Which function asks for that?",
)
def comparisons_only(norms, low, high):
    if (norms > high).any():
        return "exploding"
    return "vanishing" if (norms < low).any() else "healthy"


@diagnose_gradients.misconception(
    "What do you say if one norm is inf, and all others are fine?",
    "You take out what is not finite before you look. It is the surest sign of all.",
)
def only_finite_ones_looked_at(norms, low, high):
    norms = norms[np.isfinite(norms)]
    if (norms > high).any():
        return "exploding"
    return "vanishing" if (norms < low).any() else "healthy"


@diagnose_gradients.misconception(
    "One norm above high, another below low: which of the two comes first in the docstring?",
    "You ask for vanishing first. An explosion ruins the weights at once, so it has the first say.",
)
def vanishing_first(norms, low, high):
    if (norms < low).any():
        return "vanishing"
    return "exploding" if (norms > high).any() or not np.isfinite(norms).all() else "healthy"


@diagnose_gradients.misconception(
    "One norm of seven is above high. What do you say?",
    "Any one is enough; you wait for all of them.",
)
def all_for_any(norms, low, high):
    if (norms > high).all() or not np.isfinite(norms).all():
        return "exploding"
    return "vanishing" if (norms < low).all() else "healthy"


@diagnose_gradients.misconception(
    "Change a norm in the middle: does your answer change?",
    "You look at the first norm alone. Any of them may be the one.",
)
def first_norm_only(norms, low, high):
    if norms[0] > high or not np.isfinite(norms[0]):
        return "exploding"
    return "vanishing" if norms[0] < low else "healthy"


@diagnose_gradients.misconception(
    "One norm far below low, all others fine: what do you say?",
    "You judge the mean, in which a small one does not show. Any one norm is enough.",
)
def mean_judged(norms, low, high):
    if norms.mean() > high or not np.isfinite(norms.mean()):
        return "exploding"
    return "vanishing" if norms.mean() < low else "healthy"


@diagnose_gradients.misconception(
    "What do you say of a norm that is exactly low, or exactly high?",
    "The limits themselves are healthy: above high, below low.",
)
def limits_included(norms, low, high):
    if (norms >= high).any() or not np.isfinite(norms).all():
        return "exploding"
    return "vanishing" if (norms <= low).any() else "healthy"


@diagnose_gradients.misconception(
    "Look at the words themselves: is a capital letter another letter for a computer?",
    "Compare your answers with the docstring's, letter by letter.",
)
def capital_letters(norms, low, high):
    if (norms > high).any() or not np.isfinite(norms).all():
        return "Exploding"
    return "Vanishing" if (norms < low).any() else "Healthy"


@diagnose_gradients.misconception(
    "Multiply all norms by 1000: your answer stays the same.",
    "You compare the first norm with the last. The docstring compares each of them with the limits.",
)
def ratio_judged(norms, low, high):
    ratio = norms[0] / norms[-1]
    if ratio > high or not np.isfinite(norms).all():
        return "exploding"
    return "vanishing" if ratio < low else "healthy"
