"""13-attention: what each function is asked, what it is worth, and how people get it wrong.

The backwards and the decoder are handed right weights and keys, so that a wrong forward costs its own points only.
Sizes that are no letter of the conventions: D_q, D_k and D_v components of a query, a key and a value, A hidden units.
"""

import numpy as np

from grader.exercise import Assignment
from grader.exercises.gru import gru_cell_forward
from grader.exercises.rnn import output_layer, softmax
from reference import attention

assignment = Assignment("13-attention")


def _mask(draw, B, S, empty=0):
    """Real places as they come, not only leading ones: some in every row but the `empty` ones, not all in the first."""
    mask = draw.integers(0, 2, B, S) == 1
    mask[np.arange(B), draw.integers(0, S, B)] = True
    mask[0] = (np.arange(S) < max(S - 1, 1))[draw.rng.permutation(S)]
    mask[1 : 1 + empty] = False
    return mask


def _weights(draw, mask):
    """Weights as the reference makes them, of scores that are not too far from one another."""
    return attention.attention_weights(draw.normal(*mask.shape), mask)


@assignment.exercise(
    attention.dot_scores,
    outputs="scores: B S",
    points=1,
    hints=[
        "One sentence, one key: two vectors of D numbers become one number. Which?",
        "Every row of the batch has a query of its own, and keys of its own. None of them meets another row's.",
    ],
    extra=[dict(B=4, S=4), dict(D=4), dict(B=5, S=5, D=5)],
)
def dot_scores(draw, B=3, S=4, D=5):
    return dict(q=draw.normal(B, D), keys=draw.normal(B, S, D))


@dot_scores.misconception(
    "How many numbers do you make of one query and one key?",
    "You multiply, but do not add up: a product of two vectors is one number.",
)
def not_summed(q, keys):
    return q[:, None, :] * keys


@dot_scores.misconception(
    "Double the number of components by repeating them. What happens to the right scores, and to yours?",
    "You take the mean of the products. The dot product is their sum.",
)
def mean_of_the_products(q, keys):
    return (q[:, None, :] * keys).mean(axis=-1)


@dot_scores.misconception(
    "The first row is right. Whose query do the other rows ask with?",
    "All rows of yours are asked with the query of the first. Each has its own.",
)
def query_of_the_first_row(q, keys):
    return keys @ q[0]


@dot_scores.misconception(
    "Call it with one row of the batch, then with all: does that row's result change?",
    "The rows of the batch are mixed: a query meets the keys of its own row only.",
)
def rows_mixed(q, keys):
    return q @ keys.sum(axis=0).T


@dot_scores.misconception(
    "Compare the shape of keys[0] before and after your reshape, number by number.",
    "reshape does not transpose: it cuts the same row of numbers at other places. Use swapaxes, or einsum.",
)
def reshape_for_transpose(q, keys):
    B, S, D = keys.shape
    return (q[:, None, :] @ keys.reshape(B, D, S))[:, 0]


@dot_scores.misconception(
    "What do your scores sum to in each row? Should they?",
    "That is already the softmax. Scores are any numbers; they become weights later.",
)
def weights_instead_of_scores(q, keys):
    return softmax(np.einsum("bd,bsd->bs", q, keys))


@dot_scores.misconception(
    "Is a long key that points the same way as the query a good one, by your score?",
    "You measure how far apart the two are. The dot product is asked for.",
)
def distance(q, keys):
    return -np.linalg.norm(q[:, None, :] - keys, axis=-1)


@dot_scores.misconception(
    "Divide your scores by the right ones.",
    "That is the scaled product, which is the next question.",
)
def already_scaled(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) / np.sqrt(q.shape[1])


@assignment.exercise(
    attention.scaled_dot_scores,
    outputs="scores: B S",
    points=1,
    uses=[dot_scores],
    hints=[
        "Divide your scores by those of dot_scores. Is it one number everywhere? Which one should it be?",
        "What is scaled away is the growth with the number of products that are summed.",
    ],
    extra=[dict(B=4, S=4), dict(D=4), dict(B=5, S=5, D=5)],
)
def scaled_dot_scores(draw, B=3, S=4, D=7):
    return dict(q=draw.normal(B, D), keys=draw.normal(B, S, D))


@scaled_dot_scores.misconception(
    "Divide your scores by those of dot_scores.",
    "Nothing is scaled: with D components the scores grow like √D.",
)
def not_scaled(q, keys):
    return np.einsum("bd,bsd->bs", q, keys)


@scaled_dot_scores.misconception(
    "Divide your scores by those of dot_scores. What is that number's inverse?",
    "You divide by D. A sum of D products spreads by √D.",
)
def over_d(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) / q.shape[-1]


@scaled_dot_scores.misconception(
    "Divide your scores by those of dot_scores. Which size of the arrays do you find there?",
    "You take the number of keys. It is the number of components that makes the scores large.",
)
def root_of_the_number_of_keys(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) / np.sqrt(keys.shape[1])


@scaled_dot_scores.misconception(
    "Divide your scores by those of dot_scores. Which size of the arrays do you find there?",
    "You take the number of rows in the batch. It is the number of components that makes the scores large.",
)
def root_of_the_batch(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) / np.sqrt(len(keys))


@scaled_dot_scores.misconception(
    "Are your scores larger or smaller than those of dot_scores?",
    "You multiply by √D. The scores should become smaller.",
)
def times_the_root(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) * np.sqrt(q.shape[-1])


@scaled_dot_scores.misconception(
    "What do your scores sum to in each row? Should they?",
    "That is already the softmax. Here only the scores are asked for.",
)
def scaled_and_softmaxed(q, keys):
    return softmax(np.einsum("bd,bsd->bs", q, keys) / np.sqrt(q.shape[-1]))


@scaled_dot_scores.misconception(
    "Divide your scores by those of dot_scores. What is that number's inverse, and its square?",
    "You divide by the root of the root: that would do if query and keys both were divided by it.",
)
def fourth_root(q, keys):
    return np.einsum("bd,bsd->bs", q, keys) / q.shape[-1] ** 0.25


@assignment.exercise(
    attention.cosine_scores,
    outputs="scores: B S",
    points=2,
    uses=[dot_scores],
    hints=[
        "Make the query twice as long, then a key. What should happen to the score?",
        "Can a score of yours be greater than 1?",
        "What is the angle to a vector that has no direction? Which number is asked for then?",
    ],
    extra=[
        dict(B=4, S=4),
        dict(D=4),
        dict(tiny=4),
        dict(tiny=6),
        dict(zero="q"),
        dict(zero="keys"),
        dict(zero="both", tiny=6),
    ],
)
def cosine_scores(draw, B=3, S=4, D=5, tiny=0, zero=""):
    """`tiny`: so many zeros behind the point."""
    q, keys = draw.normal(B, D) * 10.0**-tiny, draw.normal(B, S, D) * 10.0**-tiny
    if zero in ("q", "both"):
        q[draw.integers(0, B)] = 0
    if zero in ("keys", "both"):
        keys[draw.integers(0, B), draw.integers(0, S)] = 0
    return dict(q=q, keys=keys)


@cosine_scores.misconception(
    "Make one key ten times as long. Does its score change?",
    "Only the query is normalised. Divide by the length of each key, too.",
)
def only_the_query_normalised(q, keys):
    norms = np.linalg.norm(q, axis=-1)[:, None]
    return np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@cosine_scores.misconception(
    "Make the query ten times as long. Do its scores change?",
    "Only the keys are normalised. Divide by the length of the query, too.",
)
def only_the_keys_normalised(q, keys):
    norms = np.linalg.norm(keys, axis=-1)
    return np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@cosine_scores.misconception(
    "What is the length of (3, 4)?",
    "You divide by the squared lengths: the root is missing.",
)
def squared_lengths(q, keys):
    norms = (q**2).sum(axis=-1)[:, None] * (keys**2).sum(axis=-1)
    return np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@cosine_scores.misconception(
    "What is the length of (3, 4)?",
    "You add up absolute values. A length is the root of the sum of squares.",
)
def sums_of_absolute_values(q, keys):
    norms = np.abs(q).sum(axis=-1)[:, None] * np.abs(keys).sum(axis=-1)
    return np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@cosine_scores.misconception(
    "Most cases are right. What do you divide by if the query is 0?",
    "0/0 is NaN. Without a direction the score is 0.",
)
def zero_over_zero(q, keys):
    with np.errstate(invalid="ignore", divide="ignore"):
        norms = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
        return np.einsum("bd,bsd->bs", q, keys) / norms


@cosine_scores.misconception(
    "Large vectors are right. What is your score of two vectors of length 0.000001 that point the same way?",
    "What you add below the line against 0/0 is not small beside a product of small lengths. Treat 0 by itself.",
)
def something_added_below_the_line(q, keys):
    norms = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
    return np.einsum("bd,bsd->bs", q, keys) / (norms + 1e-8)


@cosine_scores.misconception(
    "Large vectors are right. What is your score of two vectors of length 0.000001 that point the same way?",
    "You keep the product of the lengths at 1e-8 or more, as torch's cosine_similarity did. Treat 0 by itself.",
)
def product_kept_from_below(q, keys):
    norms = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
    return np.einsum("bd,bsd->bs", q, keys) / np.maximum(norms, 1e-8)


@cosine_scores.misconception(
    "How many lengths have the keys of one sentence?",
    "You divide by one length for the whole matrix of keys. Every key has its own.",
)
def one_length_for_all_keys(q, keys):
    norms = (np.linalg.norm(q, axis=-1) * np.linalg.norm(keys, axis=(1, 2)))[:, None]
    return np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@cosine_scores.misconception(
    "Along which axis do you take the length of a key?",
    "Your keys are normalised over the places, component by component. A length is taken over the components.",
)
def lengths_over_the_places(q, keys):
    norms = np.linalg.norm(keys, axis=1, keepdims=True)
    unit, length = keys / np.where(norms == 0, 1, norms), np.linalg.norm(q, axis=-1)[:, None]
    return np.einsum("bd,bsd->bs", q, unit) / np.where(length == 0, 1, length)


@cosine_scores.misconception(
    "Two vectors that point in opposite directions: what is their cosine?",
    "You drop the sign. A cosine goes from -1 to 1.",
)
def sign_dropped(q, keys):
    norms = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
    return np.abs(np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms))


@cosine_scores.misconception(
    "Two vectors that point the same way: what is your score, and what is the cosine of 0?",
    "You return the distance, 1 minus the cosine. A score is high where the fit is good.",
)
def cosine_distance(q, keys):
    norms = np.linalg.norm(q, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
    return 1 - np.einsum("bd,bsd->bs", q, keys) / np.where(norms == 0, 1, norms)


@assignment.exercise(
    attention.general_scores,
    outputs="scores: B S",
    points=1,
    uses=[dot_scores],
    hints=[
        "Query and key have different sizes. Which of the two does W, (D_q, D_k), turn into the other's?",
        "After that it is your dot product.",
    ],
    extra=[dict(B=4, S=4), dict(D_k=5), dict(D_k=5, S=5), dict(D_q=1), dict(D_k=1), dict(D_q=4, D_k=4, B=4, S=4)],
)
def general_scores(draw, B=3, S=4, D_q=5, D_k=6):
    return dict(q=draw.normal(B, D_q), keys=draw.normal(B, S, D_k), W=draw.weights(D_q, D_k))


@general_scores.misconception(
    "Your code works if query and key have equal sizes. Does it give the right numbers there?",
    "W is transposed: it stands as (D_q, D_k), so that q W, as rows, has the size of a key.",
)
def transposed_matrix(q, keys, W):
    return np.einsum("bd,ed,bse->bs", q, W, keys)


@general_scores.misconception(
    "Call it with another W: what changes?",
    "W is not used. It stands between the query and the key.",
)
def matrix_left_out(q, keys, W):
    return np.einsum("bd,bsd->bs", q, keys)


@general_scores.misconception(
    "Divide your scores by the right ones.",
    "Luong's general score is not scaled. W can learn any scale that it needs.",
)
def general_and_scaled(q, keys, W):
    return np.einsum("bd,de,bse->bs", q, W, keys) / np.sqrt(keys.shape[-1])


@general_scores.misconception(
    "Double W. What happens to the right scores, and to yours?",
    "There is no tanh in this score: q W k is linear in each of the three.",
)
def tanh_of_the_projection(q, keys, W):
    return np.einsum("be,bse->bs", np.tanh(q @ W), keys)


@general_scores.misconception(
    "What do your scores sum to in each row? Should they?",
    "That is already the softmax. Scores are any numbers; they become weights later.",
)
def general_and_softmaxed(q, keys, W):
    return softmax(np.einsum("bd,de,bse->bs", q, W, keys))


@general_scores.misconception(
    "The first row is right. Whose query do the other rows ask with?",
    "All rows of yours are asked with the query of the first. Each has its own.",
)
def general_with_the_first_query(q, keys, W):
    return keys @ (q[0] @ W)


@general_scores.misconception(
    "Call it with one row of the batch, then with all: does that row's result change?",
    "The rows of the batch are mixed: a query meets the keys of its own row only.",
)
def general_with_rows_mixed(q, keys, W):
    return q @ W @ keys.sum(axis=0).T


@assignment.exercise(
    attention.additive_scores,
    outputs="scores: B S",
    points=3,
    hints=[
        "Say the shapes aloud: q W_q is (B, A), keys W_k is (B, S, A). What has to happen before they can be added?",
        "The order is that of a small network: a linear layer, tanh, and one output unit with the weights v.",
    ],
    extra=[
        dict(B=4, S=4), dict(D_k=5), dict(D_q=1), dict(D_k=1), dict(D_k=5, A=5),
        dict(S=5, B=5, D_q=5, D_k=5, A=5), dict(B=7, S=7),
    ],
)  # fmt: skip
def additive_scores(draw, B=3, S=4, D_q=5, D_k=6, A=7):
    return dict(
        q=draw.normal(B, D_q), keys=draw.normal(B, S, D_k), W_q=draw.weights(D_q, A), W_k=draw.weights(D_k, A),
        v=draw.normal(A),
    )  # fmt: skip


@additive_scores.misconception(
    "Double all of q and keys. What happens to your scores?",
    "tanh is missing. Without it the query adds the same to all scores of a row, and the softmax takes it out again.",
)
def no_tanh(q, keys, W_q, W_k, v):
    return ((q @ W_q)[:, None] + keys @ W_k) @ v


@additive_scores.misconception(
    "Call it with another v: what changes?",
    "v is missing: the hidden units are not just summed, each has a weight.",
)
def no_v(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_q)[:, None] + keys @ W_k).sum(axis=-1)


@additive_scores.misconception(
    "Call it with another v: what changes?",
    "v is missing: you take the mean of the hidden units. Each has a weight of its own.",
)
def mean_for_v(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_q)[:, None] + keys @ W_k).mean(axis=-1)


@additive_scores.misconception(
    "Can a score of yours be greater than 1? Should it?",
    "You take tanh last. It comes before v: the score itself is not squashed.",
)
def tanh_after_v(q, keys, W_q, W_k, v):
    return np.tanh(((q @ W_q)[:, None] + keys @ W_k) @ v)


@additive_scores.misconception(
    "How often do you take tanh?",
    "Twice, of query and key apart. So neither can change what the other means: they are added first.",
)
def tanh_of_each(q, keys, W_q, W_k, v):
    return (np.tanh(q @ W_q)[:, None] + np.tanh(keys @ W_k)) @ v


@additive_scores.misconception(
    "What do you do with the two projections before tanh?",
    "You multiply them. The score has its name from the sum.",
)
def projections_multiplied(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_q)[:, None] * (keys @ W_k)) @ v


@additive_scores.misconception(
    "Compare your hidden units with the formula: can they be negative?",
    "That is the sigmoid. Bahdanau's hidden layer is tanh.",
)
def sigmoid_for_tanh(q, keys, W_q, W_k, v):
    return 1 / (1 + np.exp(-((q @ W_q)[:, None] + keys @ W_k))) @ v


@additive_scores.misconception(
    "Compare your hidden units with the formula: can they be negative?",
    "That is ReLU. Bahdanau's hidden layer is tanh.",
)
def relu_for_tanh(q, keys, W_q, W_k, v):
    return np.maximum((q @ W_q)[:, None] + keys @ W_k, 0) @ v


@additive_scores.misconception(
    "Call it with another query: what changes?",
    "The query is not used: your decoder looks at the same places at every step.",
)
def query_left_out(q, keys, W_q, W_k, v):
    return np.tanh(keys @ W_k) @ v


@additive_scores.misconception(
    "Where query and key have equal sizes your code runs. Which of the two meets which matrix?",
    "W_q and W_k have changed places.",
)
def matrices_swapped(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_k)[:, None] + keys @ W_q) @ v


@additive_scores.misconception(
    "If there are as many rows as places your code runs. What is added to what there?",
    "Row b's query was added to place b of every row. A (B, A) beside a (B, S, A) needs an axis for the places.",
)
def broadcast_over_the_places(q, keys, W_q, W_k, v):
    return np.tanh(q @ W_q + keys @ W_k) @ v


@additive_scores.misconception(
    "What do your scores sum to in each row? Should they?",
    "That is already the softmax. Scores are any numbers; they become weights later.",
)
def additive_and_softmaxed(q, keys, W_q, W_k, v):
    return softmax(np.tanh((q @ W_q)[:, None] + keys @ W_k) @ v)


@additive_scores.misconception(
    "The first row is right. Whose query do the other rows ask with?",
    "All rows of yours are asked with the query of the first. Each has its own.",
)
def additive_with_the_first_query(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_q)[0] + keys @ W_k) @ v


@additive_scores.misconception(
    "Divide your scores by the right ones.",
    "There is no root in the additive score: tanh and v keep it in bounds.",
)
def additive_and_scaled(q, keys, W_q, W_k, v):
    return np.tanh((q @ W_q)[:, None] + keys @ W_k) @ v / np.sqrt(len(v))


@assignment.exercise(
    attention.attention_weights,
    outputs="weights: B S",
    points=4,
    hints=[
        "Without a mask it is your softmax of 01, along the last axis.",
        "With a mask: what do the weights of a row sum to, and which of them are 0?",
        "What is there to share out in a row where everything is masked? Which numbers come out of your formula there?",
    ],
    extra=[
        dict(masked="no"), dict(B=4, S=4), dict(empty=1), dict(B=5, empty=2), dict(masked="by place"),
        dict(masked="by place", B=5, S=5), dict(heads=2), dict(heads=2, masked="by row", empty=1), dict(far=True),
        dict(far=True, masked="no", heads=3),
    ],
)  # fmt: skip
def attention_weights(draw, B=3, S=5, heads=0, masked="", empty=0, far=False):
    """`heads`: an axis between the two, as 17 will have. `far`: rows and scores that are far apart."""
    shape = (B, heads, S) if heads else (B, S)
    scores = 2 * draw.normal(*shape)
    if far:
        scores += (draw.integers(0, 2, *shape[:-1], 1) * 2 - 1) * 1e4 + draw.integers(0, 50, *shape)
    mask = _mask(draw, B, S, empty)
    match masked:
        case "no":
            return dict(scores=scores, mask=None)
        case "by place":
            return dict(scores=scores, mask=mask[0])
        case "by row":
            return dict(scores=scores, mask=mask[:, np.newaxis])
    return dict(scores=scores, mask=np.repeat(mask, heads or 1, axis=0).reshape(shape))


@attention_weights.misconception(
    "What do the weights of one row sum to? And those of one column?",
    "Your softmax runs over the queries of the batch. It is the places that share a query's attention: the last axis.",
)
def softmax_over_the_queries(scores, mask=None):
    real = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    e = np.exp(scores - scores.max(axis=0)) * real
    total = e.sum(axis=0)
    return e / np.where(total == 0, 1, total)


@attention_weights.misconception(
    "What do all your weights together sum to?",
    "You share one attention among all rows. Every row has its own: sum along the last axis, with keepdims.",
)
def softmax_over_everything(scores, mask=None):
    real = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    e = np.exp(scores - scores.max()) * real
    return e / e.sum()


@attention_weights.misconception(
    "What do the weights of a row with masked places sum to?",
    "You mask after the softmax: the masked places have had their share, and it is lost. Divide by what is left.",
)
def not_renormalised(scores, mask=None):
    weights = softmax(scores)
    return weights if mask is None else weights * mask


@attention_weights.misconception(
    "What is exp(0)? And what do you give masked places as scores?",
    "A score of 0 is a score like any other. Which score has weight 0?",
)
def zero_scores_for_masked(scores, mask=None):
    return softmax(scores if mask is None else scores * mask)


@attention_weights.misconception(
    "Which places of a masked row have your weights?",
    "The mask is the other way round: True is a real place. (torch's key_padding_mask has True on padding.)",
)
def polarity_inverted(scores, mask=None):
    real = np.ones(scores.shape, bool) if mask is None else ~np.broadcast_to(mask, scores.shape)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * real
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


@attention_weights.misconception(
    "Cases without a mask are right. What do you do with the mask?",
    "Nothing. Masked places get weight 0, the others share the whole.",
)
def mask_ignored(scores, mask=None):
    return softmax(scores)


@attention_weights.misconception(
    "Most rows are right. Look at a row where nothing may be attended to.",
    "0/0 is NaN, and NaN spreads through everything that follows. Such a row has weights 0.",
)
def nan_where_all_is_masked(scores, mask=None):
    with np.errstate(invalid="ignore"):
        return softmax(scores if mask is None else np.where(mask, scores, -np.inf))


@attention_weights.misconception(
    "Most rows are right. Look at a row where nothing may be attended to: what does it attend to?",
    "A large negative number everywhere is the same number everywhere: its softmax is even. Such a row has weights 0.",
)
def even_where_all_is_masked(scores, mask=None):
    return softmax(scores if mask is None else np.where(mask, scores, -1e9))


@attention_weights.misconception(
    "Small scores are right. What is exp(1000) in floating point?",
    "Your exponentials overflow. Take something from all scores of a row that changes nothing else.",
)
def overflow(scores, mask=None):
    with np.errstate(all="ignore"):
        e = np.exp(scores) if mask is None else np.exp(scores) * mask
        total = e.sum(axis=-1, keepdims=True)
        return e / np.where(total == 0, 1, total)


@attention_weights.misconception(
    "Compare a row of small scores that shares the batch with one of very large ones.",
    "You take the maximum of all rows from every row. Beside it the others underflow: each row has its own maximum.",
)
def one_maximum_for_all_rows(scores, mask=None):
    e = np.exp(scores - scores.max())
    if mask is not None:
        e = e * mask
    total = e.sum(axis=-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


@attention_weights.misconception(
    "Are your weights of masked places 0, or only small?",
    "Ten less is not enough: what is taken from masked scores has to win against any score. Set them, rather.",
)
def ten_taken_from_the_masked(scores, mask=None):
    return softmax(scores if mask is None else scores - 10.0 * ~mask)


@attention_weights.misconception(
    "Do the weights of a row sum to 1?",
    "You squash every score by itself. Weights compete: what one place gets the others lose.",
)
def sigmoids(scores, mask=None):
    with np.errstate(over="ignore"):
        weights = 1 / (1 + np.exp(-scores))
    return weights if mask is None else weights * mask


@attention_weights.misconception(
    "Can a weight be negative?",
    "These are logarithms of weights. Take exp.",
)
def logarithms(scores, mask=None):
    real = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True)) * real
    total = e.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return np.log(e / np.where(total == 0, 1, total))


@attention_weights.misconception(
    "How many places of a row have a weight in your result?",
    "Yours is a choice, of the best place. The softmax gives the others their share, and a gradient.",
)
def best_place_only(scores, mask=None):
    real = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    scores = np.where(real, scores, -np.inf)
    return (scores == scores.max(axis=-1, keepdims=True)) * real * 1.0


@assignment.exercise(
    attention.context_vector,
    outputs="context: B D",
    points=1,
    hints=[
        "One sentence: S weights and S vectors become one vector. How?",
        "Over which axis do you sum? Which is left?",
    ],
    extra=[dict(B=4, S=4), dict(D_v=4), dict(D_v=1), dict(B=5, S=5, D_v=5), dict(empty=1)],
)
def context_vector(draw, B=3, S=4, D_v=6, empty=0):
    return dict(weights=_weights(draw, _mask(draw, B, S, empty)), values=draw.normal(B, S, D_v))


@context_vector.misconception(
    "Put one weight to 1 and the others to 0. What should come out?",
    "You divide by the number of places. The weights sum to 1 already.",
)
def mean_over_the_places(weights, values):
    return (weights[:, :, None] * values).mean(axis=1)


@context_vector.misconception(
    "Call it with other weights: what changes?",
    "The weights are not used: every place counts the same.",
)
def weights_left_out(weights, values):
    return values.mean(axis=1)


@context_vector.misconception(
    "How many vectors are left for each row of the batch?",
    "Every value has its weight, but they are not added up.",
)
def weighted_but_not_summed(weights, values):
    return weights[:, :, None] * values


@context_vector.misconception(
    "Put the weights to 1/2 and 1/2. What should come out?",
    "You take the value of the best place. A context is a mixture of all.",
)
def value_of_the_best_place(weights, values):
    return values[np.arange(len(values)), weights.argmax(axis=1)]


@context_vector.misconception(
    "If there are as many rows as places your code runs. Which weight meets which value there?",
    "The weights are transposed: place and row have changed roles.",
)
def weights_transposed(weights, values):
    return np.einsum("sb,bsd->bd", weights, values)


@context_vector.misconception(
    "Call it with one row of the batch, then with all: does that row's result change?",
    "The rows of the batch are mixed: weights meet the values of their own row only.",
)
def values_of_all_rows(weights, values):
    return weights @ values.sum(axis=0)


@context_vector.misconception(
    "The first row is right. Whose weights have the others?",
    "All rows of yours are mixed with the weights of the first. Each has its own.",
)
def weights_of_the_first_row(weights, values):
    return np.einsum("s,bsd->bd", weights[0], values)


@context_vector.misconception(
    "Which axis has your sum left over?",
    "You sum over the components, and one number for each place is left. It is the places that are mixed.",
)
def summed_over_the_components(weights, values):
    return (weights[:, :, None] * values).sum(axis=2)


@assignment.exercise(
    attention.attention_backward,
    outputs="dscores: B S; dvalues: B S D",
    points=4,
    hints=[
        "First through the sum: context = Σ w_s v_s. What is the slope with regard to one w_s, what with regard to one "
        "v_s?",
        "Then through the softmax: a score that rises takes weight away from all other places of its row.",
        "Add up your dscores over a row. Raise all scores by the same, and nothing changes: what should the sum be?",
    ],
    extra=[dict(B=4, S=4), dict(D_v=4), dict(D_v=1), dict(B=5, S=5, D_v=5), dict(empty=1), dict(B=5, empty=2)],
)
def attention_backward(draw, B=3, S=4, D_v=6, empty=0):
    mask = _mask(draw, B, S, empty)
    return dict(dcontext=draw.normal(B, D_v), values=draw.normal(B, S, D_v), weights=_weights(draw, mask))


@attention_backward.misconception(
    "Your dvalues are right. What do your dscores of one row sum to, and what should they?",
    "w (1 - w) is what a score does to its *own* weight. It changes all the others of its row, too.",
)
def own_weight_only(dcontext, values, weights):
    return np.einsum("bd,bsd->bs", dcontext, values) * weights * (1 - weights), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Your dvalues are right. Of what is your dscores the gradient?",
    "Of the weights: the way back through the softmax is missing.",
)
def stopped_at_the_weights(dcontext, values, weights):
    return np.einsum("bd,bsd->bs", dcontext, values), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Your dvalues are right. What do your dscores of one row sum to, and what should they?",
    "Every weight grows with its own score, and that is all of yours. What do the other weights do?",
)
def no_competition(dcontext, values, weights):
    return weights * np.einsum("bd,bsd->bs", dcontext, values), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "What is the gradient of a masked place's score? And yours?",
    "The weight in front is missing: w_s (dw_s - Σ w dw).",
)
def no_weight_in_front(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    return dw - (weights * dw).sum(axis=1, keepdims=True), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Your dvalues are right. What do your dscores of one row sum to, and what should they?",
    "The sum that you take away is not weighted: it is Σ w_r dw_r.",
)
def sum_not_weighted(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    return weights * (dw - dw.sum(axis=1, keepdims=True)), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Your dvalues are right. What do your dscores of one row sum to, and what should they?",
    "What you take away is the mean of dw over the places. Weigh it: Σ w_r dw_r.",
)
def plain_mean_taken_away(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    return weights * (dw - dw.mean(axis=1, keepdims=True)), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Compare one row alone with the same row in a batch.",
    "The sum that you take away runs over the whole batch. Every row has its own softmax.",
)
def sum_over_the_batch(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    return weights * (dw - (weights * dw).sum()), weights[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Your dscores are right. How much of the context comes from a place of weight 0?",
    "A value's gradient is dcontext times its weight. You hand it to all places in full.",
)
def all_values_in_full(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    dscores = weights * (dw - (weights * dw).sum(axis=1, keepdims=True))
    return dscores, np.repeat(dcontext[:, None], values.shape[1], axis=1)


@attention_backward.misconception(
    "Your dscores are right. How much of the context comes from a place of weight 0?",
    "You share dcontext evenly among the places. Each gets as much as its weight.",
)
def values_share_evenly(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    dscores = weights * (dw - (weights * dw).sum(axis=1, keepdims=True))
    return dscores, np.repeat(dcontext[:, None], values.shape[1], axis=1) / values.shape[1]


@attention_backward.misconception(
    "Your dscores are right. With what do you multiply dcontext to get dvalues?",
    "Not with dscores: in context = Σ w_s v_s a value stands beside its weight.",
)
def dscores_for_weights(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    dscores = weights * (dw - (weights * dw).sum(axis=1, keepdims=True))
    return dscores, dscores[:, :, None] * dcontext[:, None]


@attention_backward.misconception(
    "Change the sign of your dscores and compare again.",
    "The sign is turned round: what a place gains, the others lose.",
)
def sign_turned_round(dcontext, values, weights):
    dw = np.einsum("bd,bsd->bs", dcontext, values)
    return weights * ((weights * dw).sum(axis=1, keepdims=True) - dw), weights[:, :, None] * dcontext[:, None]


@assignment.exercise(
    attention.dot_scores_backward,
    outputs="dq: B D; dkeys: B S D",
    points=2,
    hints=[
        "score_s = Σ_d q_d k_sd: what is its slope with regard to one q_d, and with regard to one k_sd?",
        "One query is in all S scores of its row. What happens to gradients that arrive from several places?",
    ],
    extra=[dict(B=4, S=4), dict(D=4), dict(B=5, S=5, D=5)],
)
def dot_scores_backward(draw, B=3, S=4, D=5):
    return dict(dscores=draw.normal(B, S), q=draw.normal(B, D), keys=draw.normal(B, S, D))


@dot_scores_backward.misconception(
    "Your dkeys are right. From how many scores does the query get a gradient?",
    "You take the mean over the places. Gradients from several places add up.",
)
def dq_averaged(dscores, q, keys):
    return (dscores[:, :, None] * keys).mean(axis=1), dscores[:, :, None] * q[:, None]


@dot_scores_backward.misconception(
    "Your dkeys are right. From how many scores does the query get a gradient?",
    "From all. Yours is that of the last place: the ones before were overwritten.",
)
def dq_of_the_last_place(dscores, q, keys):
    return dscores[:, -1:] * keys[:, -1], dscores[:, :, None] * q[:, None]


@dot_scores_backward.misconception(
    "Your dkeys are right. Which number does score_s multiply q_d with?",
    "You have summed the keys without their dscores.",
)
def dq_without_dscores(dscores, q, keys):
    return keys.sum(axis=1), dscores[:, :, None] * q[:, None]


@dot_scores_backward.misconception(
    "Your dq is right. Has each key its own gradient?",
    "All keys of a row get the same. Each is in one score only, and gets that score's gradient times q.",
)
def dkeys_summed(dscores, q, keys):
    dq = np.einsum("bs,bsd->bd", dscores, keys)
    return dq, np.repeat(dscores.sum(axis=1)[:, None, None] * q[:, None], keys.shape[1], axis=1)


@dot_scores_backward.misconception(
    "Your dq is right. What does score_s multiply k_s with?",
    "With q. You have multiplied with the key itself, as if the score were its square.",
)
def dkeys_of_the_keys(dscores, q, keys):
    return np.einsum("bs,bsd->bd", dscores, keys), dscores[:, :, None] * keys


@dot_scores_backward.misconception(
    "Your dq is right. What becomes of dkeys if dscores is 0?",
    "dscores is missing in your dkeys.",
)
def dkeys_without_dscores(dscores, q, keys):
    return np.einsum("bs,bsd->bd", dscores, keys), np.repeat(q[:, None], keys.shape[1], axis=1)


@dot_scores_backward.misconception(
    "Divide your gradients by the right ones.",
    "That is the gradient of the scaled product. There is no root in this one.",
)
def gradient_of_the_scaled_product(dscores, q, keys):
    root = np.sqrt(q.shape[1])
    return np.einsum("bs,bsd->bd", dscores, keys) / root, dscores[:, :, None] * q[:, None] / root


@dot_scores_backward.misconception(
    "Call it with one row of the batch, then with all: does that row's result change?",
    "You divide by the number of rows. A mean over the batch, if there is one, is in dscores already.",
)
def over_the_batch(dscores, q, keys):
    return np.einsum("bs,bsd->bd", dscores, keys) / len(q), dscores[:, :, None] * q[:, None] / len(q)


@dot_scores_backward.misconception(
    "Call it with one row of the batch, then with all: does that row's dq change?",
    "Queries are no weights: each row has its own, and nothing is summed over the batch.",
)
def dq_summed_over_the_batch(dscores, q, keys):
    dq = np.einsum("bs,bsd->d", dscores, keys)
    return np.repeat(dq[None], len(q), axis=0), dscores[:, :, None] * q[:, None]


@assignment.exercise(
    attention.additive_scores_backward,
    outputs="dq: B D; dkeys: B S D; dW_q: D A; dW_k: D A; dv: A",
    points=5,
    hints=[
        "Give the hidden layer a name, u = tanh(a), and go back step by step: from dscores to u and v, then to a.",
        "a is (B, S, A), and so is da. Which axes of it have to be summed for each of the five gradients?",
        "If dkeys and dW_k are right and dq and dW_q are not: how many places has one query been added to?",
    ],
    extra=[
        dict(B=4, S=4), dict(D_k=5), dict(D_q=1), dict(D_k=1), dict(D_q=7), dict(D_k=7),
        dict(S=5, B=5, D_q=5, D_k=5, A=5),
    ],
)  # fmt: skip
def additive_scores_backward(draw, B=3, S=4, D_q=5, D_k=6, A=7):
    return dict(dscores=draw.normal(B, S)) | additive_scores.generate(draw, B, S, D_q, D_k, A)


@additive_scores_backward.misconception(
    "dv is right. Through which function does the gradient pass on its way to q and keys?",
    "The slope of tanh is missing.",
)
def no_slope_of_tanh(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dv is right. What is the slope of tanh, in terms of its value?",
    "1 - u², not 1 - u.",
)
def one_minus_u(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dv is right. Of which function is u (1 - u) the slope?",
    "Of the sigmoid. That of tanh is 1 - u².",
)
def slope_of_the_sigmoid(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * u * (1 - u)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dv is right. Where do you take the slope of tanh?",
    "1 - u² wants the *value* of tanh, and you have put in what goes into it.",
)
def slope_at_the_sum(dscores, q, keys, W_q, W_k, v):
    a = (q @ W_q)[:, None] + keys @ W_k
    u = np.tanh(a)
    da = dscores[:, :, None] * v * (1 - a**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dv is right. Call it with another v: what else changes?",
    "v is missing on the way to the hidden layer: a unit of small weight gets a small gradient.",
)
def v_left_out(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "All but dv is right. With what does v stand in the score?",
    "With u, after tanh. You have taken what goes into tanh.",
)
def dv_before_tanh(dscores, q, keys, W_q, W_k, v):
    a = (q @ W_q)[:, None] + keys @ W_k
    u = np.tanh(a)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, a)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "All but dv is right. What becomes of dv if dscores is 0?",
    "dscores is missing in your dv.",
)
def dv_without_dscores(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), u.sum(axis=(0, 1))
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "All but dv is right. Is v before tanh or behind it?",
    "Behind: the slope of tanh is not in dv.",
)
def dv_with_the_slope(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), da.sum(axis=(0, 1))
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "What comes from the keys is right. How many places has the query been added to?",
    "To all of its row, and gradients add up. You take the mean.",
)
def query_side_averaged(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.mean(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "What comes from the keys is right. How many places has the query been added to?",
    "To all of its row. Yours has the gradient of the last one: the others were overwritten.",
)
def query_side_of_the_last_place(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da[:, -1]
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dq is right, dW_q is not. Which places have taught W_q?",
    "All of them, through the sum of da over the row. Your dW_q is that of the last place.",
)
def query_weights_overwritten(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da[:, -1], dW_k, dv


@additive_scores_backward.misconception(
    "dkeys is right, dW_k is not. Which places have taught W_k?",
    "All of them. Your dW_k is that of the last place: the ones before were overwritten.",
)
def key_weights_overwritten(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = keys[:, -1].T @ da[:, -1], np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "dq and dkeys are right. Divide the other three by the right ones.",
    "Gradients of weights are sums over the batch. If the loss is a mean, that is in dscores already.",
)
def weights_averaged_over_the_batch(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q.T, da @ W_k.T, q.T @ da_q / len(q), dW_k / len(q), dv / len(q)


@additive_scores_backward.misconception(
    "The gradients of the weights are right. Which way round do W_q and W_k stand on the way back?",
    "Transposed: forward (D, A) makes A of D, backward it is the other way.",
)
def weights_not_transposed(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return da_q @ W_q, da @ W_k, q.T @ da_q, dW_k, dv


@additive_scores_backward.misconception(
    "Look at q and dq: what has the query of one row to do with the others?",
    "dq is summed over the batch. That is for weights, which all rows share; a query is its row's own.",
)
def dq_shared_by_all_rows(dscores, q, keys, W_q, W_k, v):
    u = np.tanh((q @ W_q)[:, None] + keys @ W_k)
    da = dscores[:, :, None] * v * (1 - u**2)
    da_q = da.sum(axis=1)
    dW_k, dv = np.einsum("bsd,bsa->da", keys, da), np.einsum("bs,bsa->a", dscores, u)
    return np.repeat(da_q.sum(axis=0, keepdims=True), len(q), axis=0) @ W_q.T, da @ W_k.T, q.T @ da_q, dW_k, dv


@assignment.exercise(
    attention.attention_decoder_step,
    outputs="logits: B V; state: B H; weights: B S",
    points=5,
    uses=[additive_scores, attention_weights, context_vector],
    hints=[
        "Four things happen, in this order: scores, weights, context, GRU. Then comes the output layer. What does each "
        "of them need?",
        "Who asks the question: the state before this step, or the one after? Is the one after known by then?",
        "The GRU reads two things side by side, the word first: its W_x has E + D rows.",
    ],
    extra=[
        dict(B=4, S=4), dict(D=5), dict(A=2), dict(empty=1), dict(B=5, empty=2), dict(E=3, D=3, A=3),
        dict(E=5, D=5, A=5, S=5, B=5),
    ],
)  # fmt: skip
def attention_decoder_step(draw, B=3, S=6, D=2, H=5, E=4, A=7, V=8, empty=0):
    return dict(
        tokens=draw.integers(0, V, B), state=draw.normal(B, H), keys=draw.normal(B, S, D),
        mask=_mask(draw, B, S, empty),
        params=dict(
            W_e=draw.normal(V, E), W_q=draw.weights(H, A), W_k=draw.weights(D, A), v=2 * draw.normal(A),
            W_x=draw.weights(E + D, 3 * H), W_h=draw.weights(H, 3 * H), b=draw.normal(3 * H), W_y=draw.weights(H, V),
            b_y=draw.normal(V),
        ),
    )  # fmt: skip


@attention_decoder_step.misconception(
    "Look at the weights first. Whose question are they the answer to?",
    "You run the GRU first, and let the *new* state ask, which is Luong's order. In Bahdanau's the old one asks: the "
    "context goes into the GRU.",
)
def new_state_for_the_old(tokens, state, keys, mask, params):
    p = params
    words = np.concatenate([p["W_e"][tokens], np.zeros((len(state), keys.shape[2]))], axis=1)
    ahead, _ = gru_cell_forward(words, state, p["W_x"], p["W_h"], p["b"])
    scores = additive_scores(ahead, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "state and weights are right. From which state do you speak?",
    "From the old one. The logits come from the new state, which has seen the word and the context.",
)
def logits_from_the_old_state(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(state, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "logits and weights are right. With which state does the next step begin?",
    "You return the state that was given. The new one is asked for.",
)
def old_state_returned(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), state, weights


@attention_decoder_step.misconception(
    "The weights are right. Which rows of W_x belong to the word, which to the context?",
    "The word comes first, then the context. You have them the other way round.",
)
def context_before_the_word(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([context, p["W_e"][tokens]], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "The weights are right. Call it with other keys: does what is said change?",
    "The context never reaches the GRU.",
)
def context_never_read(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.zeros((len(state), keys.shape[2]))
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "Look at the weights of padding.",
    "The mask is not used: your decoder looks at padding.",
)
def step_without_mask(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "Which places of a masked row have your weights?",
    "The mask is the other way round: True is a real place.",
)
def step_with_polarity_inverted(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, ~mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "logits and state are right. What do the weights of a row sum to?",
    "You return the scores. The weights are asked for.",
)
def scores_returned(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, scores


@attention_decoder_step.misconception(
    "The weights are right. What do you mix with them?",
    "You mix the keys as the score sees them, keys W_k. The context is made of the keys as they are.",
)
def context_of_projected_keys(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys @ p["W_k"])
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "The weights are right. Is your context a mixture of all keys?",
    "You take the best key alone. The weights say how much of each goes in.",
)
def context_is_the_best_key(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = keys[np.arange(len(keys)), weights.argmax(axis=1)] * weights.any(axis=1)[:, None]
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "The weights are right. What does the GRU remember of the steps before?",
    "It starts from zeros at every step. Its h_prev is the state that was given.",
)
def gru_from_zeros(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, np.zeros(state.shape), p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "Call it with other tokens: what changes?",
    "The word that was said before is not read: your GRU sees the context only.",
)
def word_never_read(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([np.zeros((len(tokens), p["W_e"].shape[1])), context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights


@attention_decoder_step.misconception(
    "state and weights are right. What do your logits sum to in each row?",
    "These are probabilities. Logits are asked for, as ever: the loss takes the softmax.",
)
def probabilities_for_logits(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return softmax(output_layer(new, p["W_y"], p["b_y"])), new, weights


@attention_decoder_step.misconception(
    "How far are your weights from those of an even share?",
    "The keys are mixed evenly. The scores of the state against the keys are to decide.",
)
def even_weights(tokens, state, keys, mask, params):
    p = params
    scores = additive_scores(state, keys, p["W_q"], p["W_k"], p["v"])
    weights = attention_weights(0 * scores, mask)
    context = np.einsum("bs,bsd->bd", weights, keys)
    x = np.concatenate([p["W_e"][tokens], context], axis=1)
    new, _ = gru_cell_forward(x, state, p["W_x"], p["W_h"], p["b"])
    return output_layer(new, p["W_y"], p["b_y"]), new, weights
