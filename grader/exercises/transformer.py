"""17-transformer, attention of a sequence to itself: what is asked, what it is worth, how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from reference import transformer

assignment = Assignment("17-transformer")


def _mask(draw, kind, B, T, S):
    """A mask for (B, T, S), in which every query may attend to something, unless the kind is "empty"."""
    if kind == "causal":
        return np.tri(T, S, dtype=bool)
    if kind == "keys":  # padding: the first row has some, the second has none
        lengths = draw.integers(1, S + 1, B)
        lengths[0], lengths[1:2] = max(S - 2, 1), S
        return (np.arange(S) < lengths[:, np.newaxis])[:, np.newaxis]  # (B, 1, S)
    shape = (T, S) if kind == "shared" else (B, T, S)
    mask = draw.rng.random(shape) < 0.5
    mask[..., :, draw.integers(0, S)] = True
    mask[..., 0, :] = np.arange(S) < max(S // 2, 1)
    if kind == "empty":
        mask[-1, -1] = False
    return mask


@assignment.exercise(
    transformer.scaled_dot_product_attention,
    outputs="output: B T D; weights: B T S",
    points=4,
    hints=[
        "Write the shapes under q kᵀ: a score for each query (down) and key (across). Along which axis is the softmax?",
        "A score that is masked should become a weight of exactly 0. What must stand there before exp?",
        "What is the sum of a row in which everything is masked? What do you divide by?",
    ],
    extra=[
        dict(mask="each"),
        dict(mask="keys"),
        dict(mask="shared"),
        dict(mask="causal", S=4),
        dict(mask="empty"),
        dict(mask="empty", S=4, d=2),
        dict(S=4),
        dict(d=2),
        dict(N=2, mask="empty"),
        dict(B=None),
        dict(far=3000),
    ],
)
def scaled_dot_product_attention(draw, B=3, T=4, S=5, D=2, d=6, N=None, mask="", far=0):
    leading = [size for size in (B, N) if size is not None]
    q, k, v = draw.normal(*leading, T, d), draw.normal(*leading, S, d), draw.normal(*leading, S, D)
    if far:  # scores far apart, and no two near one another: float32 is enough
        k[..., 0] = draw.rng.permutation(S) + 1
        q[..., [0, -1], :] = 0.0
        q[..., 0, 0], q[..., -1, 0] = far, -far
    inputs = dict(q=q, k=k, v=v)
    if not mask:
        return inputs
    found = _mask(draw, mask, B, T, S)
    return inputs | dict(mask=found[:, np.newaxis] if N and found.ndim == 3 else found)


@scaled_dot_product_attention.misconception(
    "With d = 1 your weights are right. With longer vectors they are too sure of themselves.",
    "The sum of d products grows with √d; something should take that back.",
)
def unscaled(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "With d = 1 your weights are right. With longer vectors they are too even.",
    "A sum of d products of independent numbers has variance d. What is its standard deviation?",
)
def divided_by_d(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1]
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "With values as long as the keys your weights are right. With others they are not.",
    "The scores know nothing of v, and neither should their scale. Whose length counts?",
)
def scaled_by_the_values(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(v.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "With d = S your weights are right. Is that a coincidence?",
    "You scale by the number of keys. What makes a single score large is the number of products in it.",
)
def scaled_by_the_keys(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(k.shape[-2])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Do the rows of your weights sum to 1?",
    "The scale belongs to the scores. After the softmax it only makes everything smaller.",
)
def scaled_after_the_softmax(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300) / np.sqrt(q.shape[-1])
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Without a mask you are right. With one, which keys get your weights?",
    "True means: may be attended to. (torch's key_padding_mask has it the other way round.)",
)
def mask_inverted(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else ~mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Without a mask you are right. Change the mask: does your answer change?",
    "Nothing in your code looks at `mask`.",
)
def mask_ignored(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Are your masked weights exactly 0? What is exp(0)?",
    "A score of 0 is a score like any other. Which score has a weight of 0?",
)
def scores_times_mask(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]) * (True if mask is None else mask)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Are your masked weights exactly 0? They are smaller than the others, but not by much.",
    "You add the mask to the scores. True counts as 1 there, and False as nothing. A mask to be added holds 0 and -∞.",
)
def mask_added(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]) + (0 if mask is None else mask)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Your masked weights are 0. What do the others of such a row sum to?",
    "The softmax has shared out some of the 1 to keys that are then taken away. Who gets that share?",
)
def not_shared_out_again(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True) * (True if mask is None else mask)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "A row with nothing to attend to: what is yours, and what should it be?",
    "Minus infinity less minus infinity is NaN, and so is 0/0. Such a row is 0, its output too.",
)
def empty_rows_nan(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(True if mask is None else mask, scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "A row with nothing to attend to: what is yours, and what should it be?",
    "If every score of a row is -1e9, they are equal again, and each key gets its share. Such a row is 0.",
)
def empty_rows_even(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(True if mask is None else mask, scores, -1e9)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = e / e.sum(axis=-1, keepdims=True)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Do the rows of your weights sum to 1, or the columns?",
    "Each query shares out its attention among the keys. Along which axis do the keys stand?",
)
def softmax_over_queries(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-2, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-2, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Do the rows of your weights sum to 1?",
    "You share out 1 among all pairs of a sequence. Each query has its own.",
)
def softmax_over_all_pairs(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=(-1, -2), keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=(-1, -2), keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Do the rows of your weights sum to 1? Can one of them be negative?",
    "These are scores. Something has to make shares of them.",
)
def scores_for_weights(q, k, v, mask=None):
    weights = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]) * (True if mask is None else mask)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Try scores of a thousand, and of minus a thousand.",
    "exp overflows beyond about 709. What may be taken from every score of a row without changing its softmax?",
)
def exp_overflows(q, k, v, mask=None):
    e = np.exp(q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])) * (True if mask is None else mask)
    total = e.sum(axis=-1, keepdims=True)
    weights = e / np.where(total > 0, total, 1)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Try one query with scores of a thousand, and another one with scores of minus a thousand.",
    "You take the largest score of all from all. In a row far below it every exp is 0. Which one is safe for a row?",
)
def one_maximum_for_all(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max()) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ v, weights


@scaled_dot_product_attention.misconception(
    "Your weights are right. What is read with them?",
    "A key says where to look; what is found there is its value.",
)
def keys_for_values(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (True if mask is None else mask)
    weights = e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)
    return weights @ k, weights


@scaled_dot_product_attention.misconception(
    "Your output is right. What do the weights look like where the mask is False?",
    "You return the weights from before the mask: shares of keys that nobody may read.",
)
def weights_from_before_the_mask(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    before = e / e.sum(axis=-1, keepdims=True)
    e = e * (True if mask is None else mask)
    return e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300) @ v, before


@assignment.exercise(
    transformer.scaled_dot_product_attention_backward,
    outputs="dq: B T D; dk: B S D; dv: B S D",
    points=4,
    hints=[
        "Write the forward in three lines: scores, weights, output. Take them from the last to the first.",
        "If one score grows, every weight of its row changes: what one gains, the others lose.",
        "A score is q·k/√d. Which queries have met a key, and where do they stand in dscores?",
    ],
    extra=[dict(S=4), dict(S=4, d=2, D=4), dict(empty=True), dict(N=2), dict(B=None), dict(d=4)],
)
def scaled_dot_product_attention_backward(draw, B=3, T=4, S=5, D=2, d=6, N=None, empty=False):
    leading = [size for size in (B, N) if size is not None]
    q, k, v = draw.normal(*leading, T, d), draw.normal(*leading, S, d), draw.normal(*leading, S, D)
    mask = None
    if empty:
        mask = _mask(draw, "empty", B, T, S)
    _, weights = transformer.scaled_dot_product_attention(q, k, v, mask)
    return dict(doutput=draw.normal(*leading, T, D), q=q, k=k, v=v, weights=weights)


@scaled_dot_product_attention_backward.misconception(
    "dv is right. How much does a weight change if *another* score of its row grows?",
    "p (1 - p) is the slope of a weight along its own score alone. The other scores of the row have a part in it.",
)
def own_score_alone(doutput, q, k, v, weights):
    dscores = doutput @ np.swapaxes(v, -1, -2) * weights * (1 - weights) / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right. What stands between the weights and the scores?",
    "You go from the weights to the scores as if they were the same. A softmax lies between.",
)
def softmax_skipped(doutput, q, k, v, weights):
    dscores = doutput @ np.swapaxes(v, -1, -2) / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right. If all values of a row were equal, which scores would matter?",
    "You multiply by the weights and stop there. If one weight grows the others shrink, since they sum to 1.",
)
def nothing_taken_from_the_others(doutput, q, k, v, weights):
    dscores = doutput @ np.swapaxes(v, -1, -2) * weights / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right. The softmax's gradient takes a mean away. Which keys count how much in it?",
    "A plain mean counts all keys alike. Those with a small weight can take little from the others.",
)
def plain_mean(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - dweights.mean(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right. Over which axis did the forward's softmax sum, and over which does yours?",
    "The weights of one query sum to 1. What one loses, another one of the same *row* gains.",
)
def summed_over_the_queries(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-2, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right, and with d = 1 so is the rest. By what factor are you off with d = 4?",
    "What the forward divides by, the backward divides by as well.",
)
def scale_forgotten(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv and dq are right, and dk is too large. By what factor?",
    "The product q kᵀ was divided by √d: that is so for both that are in it.",
)
def scale_for_dq_alone(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    return (
        dscores @ k / np.sqrt(q.shape[-1]),
        np.swapaxes(dscores, -1, -2) @ q,
        np.swapaxes(weights, -1, -2) @ doutput,
    )


@scaled_dot_product_attention_backward.misconception(
    "dv is right, the rest too small. By what factor are you off with d = 4?",
    "The forward divides by √d once. In the backward you do it twice.",
)
def scaled_twice(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / q.shape[-1]
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dq and dk are right. What is d in the line of the forward that v is in?",
    "The output is weights v, without any scale: √d is in the weights already.",
)
def scale_in_dv(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    dv = np.swapaxes(weights, -1, -2) @ doutput / np.sqrt(q.shape[-1])
    return dscores @ k, np.swapaxes(dscores, -1, -2) @ q, dv


@scaled_dot_product_attention_backward.misconception(
    "dq is right. A key was met by every query: which axis of dscores are the queries, and which are the keys?",
    "On the way back a matrix is transposed: weights and dscores are (T, S), and dv and dk have S rows.",
)
def not_transposed(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores @ q, weights @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dv is right. If q is zero, is dq zero as well?",
    "The derivative of q·k along q is k, and along k it is q.",
)
def factors_swapped(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ q, np.swapaxes(dscores, -1, -2) @ k, np.swapaxes(weights, -1, -2) @ doutput


@scaled_dot_product_attention_backward.misconception(
    "dk and dv are right. What has dq to do with k?",
    "Moving q moves the score by k, whatever q is: multiply by the keys.",
)
def dq_from_the_weights(doutput, q, k, v, weights):
    dweights = doutput @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return weights @ k, np.swapaxes(dscores, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ doutput


@assignment.exercise(
    transformer.causal_mask,
    outputs="mask: T S",
    points=1,
    hints=[
        "Rows are queries, columns are keys. For T = 3, write down by hand who may read whom.",
        "The first query may read itself and nobody else. What is the first row?",
    ],
    extra=[dict(T=2), dict(T=8), dict(T=13)],
)
def causal_mask(draw, T=5):
    return dict(T=T)


@causal_mask.misconception(
    "What may the first query read in your mask?",
    "Your rows and columns have changed places: rows are queries, and those come after what they read.",
)
def future_alone(T):
    return np.triu(np.ones((T, T), bool))


@causal_mask.misconception(
    "May a query read itself?",
    "With j < i the first query has nothing to attend to. The step itself is known when it is read.",
)
def without_itself(T):
    return np.tril(np.ones((T, T), bool), -1)


@causal_mask.misconception(
    "Is your last query allowed to read anything?",
    "True means: may be attended to. Yours marks what is forbidden.",
)
def forbidden_for_allowed(T):
    return np.triu(np.ones((T, T), bool), 1)


@causal_mask.misconception(
    "The first query may read the second key in your mask.",
    "One step ahead is one too many: that is the word to be predicted.",
)
def one_step_ahead(T):
    return np.tril(np.ones((T, T), bool), 1)


@causal_mask.misconception(
    "Print your mask's dtype.",
    "A mask holds True and False. With 1.0 and 0.0 `~mask` fails, and np.where takes them for what they are not.",
)
def ones_and_zeros(T):
    return np.tril(np.ones((T, T)))


@causal_mask.misconception(
    "Print your mask's dtype.",
    "0 and -∞ are to be added to scores. In this course a mask says who may be attended to: True and False.",
)
def to_be_added(T):
    return np.where(np.tri(T, dtype=bool), 0.0, -np.inf)


@causal_mask.misconception(
    "For T = 3, what may the last query read?",
    "Each of your queries reads itself alone. What about the steps before it?",
)
def itself_alone(T):
    return np.eye(T, dtype=bool)


@causal_mask.misconception(
    "For T = 3, what may the first query read?",
    "With this mask everybody reads everything, the future too.",
)
def everything(T):
    return np.ones((T, T), bool)


_MATRICES = ("W_q", "W_k", "W_v", "W_o")


def _attention_params(draw, D):
    params = {name: draw.weights(D, D) for name in _MATRICES}
    return params | {name.replace("W", "b"): draw.normal(D) for name in _MATRICES}


@assignment.exercise(
    transformer.multi_head_attention,
    outputs="output: B T D; weights: B N T S",
    points=5,
    drive="transformer.multi_head_attention",
    uses=[scaled_dot_product_attention],
    hints=[
        "Heads can be one more leading axis: your attention takes (B, N, T, d). How do you get there from (B, T, D)?",
        "A head owns d neighbouring columns. Split the last axis into (N, d) first; only then move an axis.",
        "Your scores have an axis more than the mask. Where is it missing? And what if the mask is (T, S) alone?",
    ],
    extra=[
        dict(N=3),
        dict(N=3, mask="each"),
        dict(N=3, mask="keys"),
        dict(mask="keys"),
        dict(mask="shared"),
        dict(mask="causal", S=4),
        dict(mask="empty"),
        dict(S=4),
        dict(N=4, S=4),
        dict(N=4, S=4, mask="causal"),
        dict(d=1),
        dict(more=1),
    ],
)
def multi_head_attention(draw, B=3, T=4, S=5, N=2, d=3, mask="", more=0):
    D = N * d + more
    query, memory = draw.normal(B, T, D), draw.normal(B, S, D)
    found = _mask(draw, mask, B, T, S) if mask else None
    return dict(query=query, memory=memory, mask=found, params=_attention_params(draw, D), heads=N)


@multi_head_attention.misconception(
    "With one head you are right. Follow one number through your reshape: which step does it end up in?",
    "(B, T, D) → (B, N, T, d) in one reshape cuts time into pieces. First (B, T, N, d), then exchange two axes.",
)
def time_cut_into_heads(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, heads, T, D // heads)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, heads, S, D // heads)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, heads, S, D // heads)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "With one head you are right, and with d = 1. Which columns does your first head own?",
    "Yours owns every N-th column. A head's columns are neighbours: n d to (n+1) d - 1.",
)
def every_nth_column(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, -1, heads).transpose(0, 3, 1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, -1, heads).transpose(0, 3, 1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, -1, heads).transpose(0, 3, 1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.transpose(0, 2, 3, 1).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Your weights are right. With one head, so is your output. What happens to its axes at the end?",
    "(B, N, T, d) reshaped as it stands mixes steps: the heads of one step have to stand side by side first.",
)
def heads_merged_without_moving(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "With one head you are right. What is d in your scale: that of the model, or that of a head?",
    "A score of one head is a sum of d = D/N products. Its scale is √d, not √D.",
)
def scaled_by_the_model(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2) / np.sqrt(heads)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "With one head you are right. What shape have your weights?",
    "You have one attention over all columns. Each head has scores, and a softmax, of its own.",
)
def one_head(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p = params
    q, k, v = query @ p["W_q"] + p["b_q"], memory @ p["W_k"] + p["b_k"], memory @ p["W_v"] + p["b_v"]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output @ p["W_o"] + p["b_o"], np.stack([weights] * heads, axis=1)


@multi_head_attention.misconception(
    "With as many heads as rows of the batch: whose mask does your first head use?",
    "(B, T, S) beside (B, N, T, S): numpy lines axes up from the right, so that your B stands under N.",
)
def mask_given_to_the_heads(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Try a mask for the whole batch, of shape (T, S). Where does your new axis come to stand?",
    "A mask may have fewer axes than (B, T, S). Bring it to that shape first; the axis for the heads comes second.",
)
def masks_of_two_axes_forgotten(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    output, weights = scaled_dot_product_attention(q, k, v, None if mask is None else mask[:, None])
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Without a mask you are right. Change the mask: does your answer change?",
    "The mask does not get to your attention.",
)
def heads_see_everything(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    output, weights = scaled_dot_product_attention(q, k, v)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Change the biases: does your answer change?",
    "Four matrices, and four biases: the paper has none, but this function's docstring has.",
)
def biases_dropped(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"], weights


@multi_head_attention.misconception(
    "Your weights are right. Which of the params have you not used?",
    "The heads stand side by side, and nothing has mixed them yet: W_o and b_o come last.",
)
def heads_not_mixed(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D), weights


@multi_head_attention.misconception(
    "Your weights are right. What does your attention read with them?",
    "The values have a projection of their own: W_v and b_v.",
)
def values_not_projected(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = memory.reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Your code takes each W the other way round. Write the shapes, and the letters, under x W.",
    "torch's layers hold (out, in), and multiply by the transposed. Here W stands as it is used: x W.",
)
def matrices_transposed(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"].T + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"].T + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"].T + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"].T + p["b_o"], weights


@multi_head_attention.misconception(
    "What is in the memory, and who reads it? Your weights have as many columns as there are queries.",
    "Keys and values come from the memory. Only if that is the query itself it makes no difference.",
)
def memory_ignored(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D) = params, query.shape
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (query @ p["W_k"] + p["b_k"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    v = (query @ p["W_v"] + p["b_v"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, T))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights


@multi_head_attention.misconception(
    "Your output is right. How many axes have your weights?",
    "The mean over the heads is what torch returns unless it is told otherwise. Each head's weights are asked for.",
)
def weights_averaged(query, memory, mask, params, heads):
    if query.shape[-1] % heads:
        raise ValueError("heads")
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    q = (query @ p["W_q"] + p["b_q"]).reshape(B, T, heads, -1).swapaxes(1, 2)
    k = (memory @ p["W_k"] + p["b_k"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    v = (memory @ p["W_v"] + p["b_v"]).reshape(B, S, heads, -1).swapaxes(1, 2)
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    return output.swapaxes(1, 2).reshape(B, T, D) @ p["W_o"] + p["b_o"], weights.mean(axis=1)


@multi_head_attention.misconception(
    "Try D = 7 with two heads. What becomes of the last column?",
    "D // N forgets a remainder. Where features cannot be shared out evenly, say so with a ValueError.",
)
def remainder_dropped(query, memory, mask, params, heads):
    p, (B, T, D), S = params, query.shape, memory.shape[1]
    d = D // heads
    q, k, v = query @ p["W_q"] + p["b_q"], memory @ p["W_k"] + p["b_k"], memory @ p["W_v"] + p["b_v"]
    q, k, v = (np.stack([a[..., n * d : (n + 1) * d] for n in range(heads)], axis=1) for a in (q, k, v))
    mask = None if mask is None else np.broadcast_to(mask, (B, T, S))[:, None]
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    joined = np.zeros((B, T, D))
    joined[..., : heads * d] = output.swapaxes(1, 2).reshape(B, T, heads * d)
    return joined @ p["W_o"] + p["b_o"], weights


@assignment.exercise(
    transformer.positional_encoding,
    outputs="encoding: T D",
    points=2,
    hints=[
        "For D = 4 there are two angles: t and t/100. Write the first two rows by hand.",
        "A sine and the cosine beside it have the same angle: which whole number do columns 4 and 5 share?",
        "With D = 5, which columns are sines? How many, and how many cosines?",
    ],
    extra=[dict(D=7), dict(D=2), dict(T=8), dict(T=40), dict(T=3, D=5)],
)
def positional_encoding(draw, T=6, D=8):
    return dict(T=T, D=D)


@positional_encoding.misconception(
    "Your columns hold the right numbers, in another order.",
    "First all sines and then all cosines is what some libraries do. In the paper, and here, the two take turns.",
)
def sines_first(T, D):
    columns = np.r_[0:D:2, 1:D:2]
    angles = np.arange(T)[:, None] / 10000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "What is the first row, at t = 0?",
    "sin 0 is 0, and it stands in the first column. Sine and cosine have changed places.",
)
def cosine_in_front(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 10000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.cos(angles), np.sin(angles))


@positional_encoding.misconception(
    "What is the first row, at t = 0?",
    "Time starts at 0 here, as everywhere in Python.",
)
def positions_from_one(T, D):
    columns = np.arange(D)
    angles = np.arange(1, T + 1)[:, None] / 10000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "Square a sine and the cosine beside it, and add the two. What should come out, and what does?",
    "Each of your columns has an angle of its own. Those of a pair share one: column 2i+1 has that of column 2i.",
)
def an_angle_for_each_column(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 10000 ** (columns / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "For D = 4, the second pair turns a hundred times more slowly than the first. By what factor does yours?",
    "The exponent is 2i/D, where i counts pairs. Is there a 2 missing?",
)
def pair_over_all_columns(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 10000 ** (columns // 2 / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "For D = 4, the second pair turns a hundred times more slowly than the first. By what factor does yours?",
    "i counts pairs. You double what was a column's number already.",
)
def doubled_twice(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 10000 ** (4 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "Do your last columns change slowly from row to row, or wildly?",
    "t is divided by the power of 10000. Yours is multiplied.",
)
def multiplied_by_the_power(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] * 10000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "Your first pair is right. What is the number that the paper takes the power of?",
    "Count its zeros: 10000.",
)
def a_thousand(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 1000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "Your first pair is right. For D = 4, what is the angle of the second one at t = 1?",
    "You let the last pair turn 10000 times more slowly. The paper's never quite gets there: 2i/D stays below 1.",
)
def last_pair_at_10000(T, D):
    columns = np.arange(D)
    pairs = (D + 1) // 2
    angles = np.arange(T)[:, None] / 10000 ** (columns // 2 / max(pairs - 1, 1))
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "Is there a cosine in your answer?",
    "With sines alone, t and a step before it may look alike. Every other column is a cosine.",
)
def sines_alone(T, D):
    columns = np.arange(D)
    return np.sin(np.arange(T)[:, None] / 10000 ** (2 * (columns // 2) / D))


@positional_encoding.misconception(
    "With an even D you are right. With D = 7, how many columns has your answer?",
    "An odd D ends in a sine without its cosine.",
)
def last_sine_missing(T, D):
    columns = np.arange(D // 2 * 2)
    angles = np.arange(T)[:, None] / 10000 ** (2 * (columns // 2) / D)
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@positional_encoding.misconception(
    "With an even D you are right. With D = 7, what is the exponent of the second pair?",
    "You take the next even number for D. The equation has D as it is.",
)
def rounded_up_to_even(T, D):
    columns = np.arange(D)
    angles = np.arange(T)[:, None] / 10000 ** (2 * (columns // 2) / (D + D % 2))
    return np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))


@assignment.exercise(
    transformer.layer_norm,
    outputs="y: B T D",
    points=2,
    hints=[
        "Take one vector, (1, 3). Its mean, its variance, its root: what does it become before gamma and beta?",
        "Each vector of D features is normed by itself. Which shape must the means have, so that x - mean works?",
        "Where exactly does eps stand: beside the variance, or beside its root?",
    ],
    extra=[
        dict(eps=0.3),
        dict(T=None),
        dict(small=0.003),
        dict(D=4),
        dict(N=2),
        dict(flat=True),
        dict(eps=0.3, small=2),
    ],
)
def layer_norm(draw, B=3, T=4, D=5, N=None, eps=None, small=None, flat=False):
    leading = [size for size in (B, N, T) if size is not None]
    x = (small or 2.0) * (draw.normal(*leading, D) + draw.normal(*leading, 1))
    if flat:
        x[0, 1] = 0.75
    inputs = dict(x=x, gamma=draw.normal(D), beta=draw.normal(D))
    return inputs if eps is None else inputs | dict(eps=eps)


@layer_norm.misconception(
    "Change one step of a sequence: which steps of your answer change?",
    "You take the mean over time. A layer's norm looks at one step, over its features.",
)
def over_time(x, gamma, beta, eps=1e-5):
    axis = -2
    return gamma * (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "Change one row of the batch: which rows of your answer change?",
    "This is batch normalisation. A layer's norm looks at one vector, over its features.",
)
def over_the_batch(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(0, keepdims=True)) / np.sqrt(x.var(0, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "Change one step of one row: how much of your answer changes?",
    "x.mean() without an axis is one number for everything. Each vector has a mean of its own.",
)
def over_everything(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta


@layer_norm.misconception(
    "Norm (1, 3) without gamma and beta. What is its variance?",
    "D - 1 is for estimating the variance of what a sample was drawn from. Here the D numbers are all there is.",
)
def one_less(x, gamma, beta, eps=1e-5):
    variance = ((x - x.mean(-1, keepdims=True)) ** 2).sum(-1, keepdims=True) / max(x.shape[-1] - 1, 1)
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(variance + eps) + beta


@layer_norm.misconception(
    "With large vectors you are right, with small ones not. Where does your eps stand?",
    "√variance + eps and √(variance + eps) are not the same: with variance 0, one is eps and the other √eps.",
)
def eps_outside(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "What becomes of a vector whose features are all equal?",
    "Without eps that is 0/0. And small vectors come out too large.",
)
def without_eps(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True) + beta


@layer_norm.misconception(
    "Change eps: does your answer change?",
    "1e-5 is only what eps is if the caller does not say.",
)
def always_one_eps(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) + beta


@layer_norm.misconception(
    "If x is doubled, y should stay (nearly). What does yours do?",
    "You divide by the variance, and not by its root.",
)
def divided_by_the_variance(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "What is the mean of a vector of yours, before gamma and beta?",
    "Dividing by the root of the mean square alone is another layer (RMS norm, 2019). This one takes the mean away.",
)
def mean_left_in(x, gamma, beta, eps=1e-5):
    return gamma * x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "The spread of your vectors is right, the middle is not.",
    "The variance is about the mean. So is what it divides: take the mean away there as well.",
)
def mean_taken_from_the_variance_alone(x, gamma, beta, eps=1e-5):
    return gamma * x / np.sqrt(x.var(-1, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "Change gamma: does your answer change?",
    "What is normed is stretched feature by feature, and then shifted.",
)
def gamma_dropped(x, gamma, beta, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + beta


@layer_norm.misconception(
    "Change beta: does your answer change?",
    "What is normed is stretched feature by feature, and then shifted.",
)
def beta_dropped(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


@layer_norm.misconception(
    "With beta = 0 you are right.",
    "First stretched by gamma, then shifted by beta: yours shifts first, so that beta is stretched as well.",
)
def shifted_then_stretched(x, gamma, beta, eps=1e-5):
    return gamma * ((x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + beta)


@layer_norm.misconception(
    "What is the mean of your answer, whatever gamma and beta are? And what should it be?",
    "Stretch and shift come after the norm. Before it they have no say in mean and variance.",
)
def stretched_before_the_norm(x, gamma, beta, eps=1e-5):
    x = gamma * x + beta
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


@assignment.exercise(
    transformer.encoder_block,
    outputs="y: B T D",
    points=4,
    uses=[multi_head_attention, layer_norm],
    hints=[
        "Draw it: two parts, each with a line that goes around it. What meets at the end of the line?",
        "Post-norm: part, sum, norm; part, sum, norm. What does the second part read?",
        "Self-attention: who is the memory? And what else does multi_head_attention want to know?",
    ],
    extra=[
        dict(mask="each"),
        dict(mask="keys"),
        dict(mask="causal"),
        dict(mask="empty"),
        dict(N=3),
        dict(N=3, mask="keys"),
        dict(F=6),
        dict(d=2),
    ],
)
def encoder_block(draw, B=3, T=4, N=2, d=3, F=5, mask=""):
    D = N * d
    x = draw.normal(B, T, D)
    found = _mask(draw, mask, B, T, T) if mask else None
    params = _attention_params(draw, D) | dict(
        W_1=draw.weights(D, F), b_1=draw.normal(F), W_2=draw.weights(F, D), b_2=draw.normal(D),
        gamma_1=draw.normal(D), beta_1=draw.normal(D), gamma_2=draw.normal(D), beta_2=draw.normal(D),
    )  # fmt: skip
    return dict(x=x, mask=found, params=params, heads=N)


@encoder_block.misconception(
    "If the attention said nothing (W_o = 0, b_o = 0), what would be left of x in your block?",
    "The first part *adds* to what it was given. Something is missing in the first sum.",
)
def first_residual_missing(x, mask, params, heads):
    p = params
    y = layer_norm(multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "If the small network said nothing (W_2 = 0, b_2 = 0), what would be left of y in your block?",
    "The second part *adds* to what it was given. Something is missing in the second sum.",
)
def second_residual_missing(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "If both parts said nothing, what would be left of x in your block?",
    "Each part *adds* to what it was given: both sums are missing.",
)
def no_residuals(x, mask, params, heads):
    p = params
    y = layer_norm(multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "The second sum: what does the small network read, and what is it added to?",
    "Both are y. You go around both parts in one line, and add to x again.",
)
def x_added_again(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(x + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "If both parts said nothing, what would your block return? And the paper's?",
    "This is pre-norm, which most models since 2019 have. The paper norms after each sum.",
)
def pre_norm(x, mask, params, heads):
    p = params
    normed = layer_norm(x, p["gamma_1"], p["beta_1"])
    y = x + multi_head_attention(normed, normed, mask, p, heads)[0]
    normed = layer_norm(y, p["gamma_2"], p["beta_2"])
    return y + np.maximum(normed @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"]


@encoder_block.misconception(
    "What is normed in your block: the part, or the sum?",
    "Add first, norm then: LN(x + part), and not x + LN(part).",
)
def normed_before_the_sum(x, mask, params, heads):
    p = params
    y = x + layer_norm(multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return y + layer_norm(np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Change gamma_1: does your answer change?",
    "Two sums, two norms. One comes before the small network.",
)
def first_norm_missing(x, mask, params, heads):
    p = params
    y = x + multi_head_attention(x, x, mask, p, heads)[0]
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Change gamma_2: does your answer change?",
    "Two sums, two norms. One comes last.",
)
def last_norm_missing(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"]


@encoder_block.misconception(
    "Change gamma_2: does your answer change?",
    "Each norm has a gamma and a beta of its own.",
)
def one_norm_for_both(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_1"], p["beta_1"])


@encoder_block.misconception(
    "Which gamma belongs to which norm?",
    "gamma_1 and beta_1 follow the attention, gamma_2 and beta_2 the small network.",
)
def norms_swapped(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_2"], p["beta_2"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_1"], p["beta_1"])


@encoder_block.misconception(
    "Two matrices with nothing between them are one matrix. What stands between yours?",
    "The small network has a relu in its middle: what is negative there becomes 0.",
)
def without_relu(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + (y @ p["W_1"] + p["b_1"]) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Can your small network ever say something negative?",
    "The relu stands between the two matrices, and not behind the second one.",
)
def relu_at_the_end(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum((y @ p["W_1"] + p["b_1"]) @ p["W_2"] + p["b_2"], 0), p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Is anything in the middle of your small network larger than 1?",
    "tanh is at home in recurrent cells. The paper has a relu here.",
)
def tanh_for_relu(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.tanh(y @ p["W_1"] + p["b_1"]) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Is anything negative in the middle of your small network?",
    "GELU came with BERT (2018), in its tanh form or not. The paper has a relu here.",
)
def gelu_for_relu(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    a = y @ p["W_1"] + p["b_1"]
    a = a / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))
    return layer_norm(y + a @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Change b_1 and b_2: does your answer change?",
    "Both layers of the small network have a bias.",
)
def small_network_without_biases(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"], 0) @ p["W_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Without a mask you are right. Change the mask: does your answer change?",
    "The mask has to be handed on to the attention.",
)
def mask_not_handed_on(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, None, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "With one head you are right. Change `heads`: does your answer change?",
    "The number of heads has to be handed on to the attention.",
)
def always_one_head(x, mask, params, heads):
    p = params
    y = layer_norm(x + multi_head_attention(x, x, mask, p, 1)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])


@encoder_block.misconception(
    "Swap two steps of x: your answer should have the same two steps swapped, and nothing else.",
    "The positions are in x already, from outside. The block adds none.",
)
def positions_added_inside(x, mask, params, heads):
    p = params
    x = x + positional_encoding(x.shape[1], x.shape[2])
    y = layer_norm(x + multi_head_attention(x, x, mask, p, heads)[0], p["gamma_1"], p["beta_1"])
    return layer_norm(y + np.maximum(y @ p["W_1"] + p["b_1"], 0) @ p["W_2"] + p["b_2"], p["gamma_2"], p["beta_2"])
