"""08-deep, directions, layers, ragged batches, dropout: what is asked, what it is worth, how people get it wrong."""

import numpy as np

from grader import laws
from grader.exercise import Assignment
from grader.exercises.lstm import lstm_backward, lstm_cell_forward, lstm_forward
from grader.exercises.rnn import rnn_cell_forward
from reference import deep

assignment = Assignment("08-deep")


def _lengths(draw, B, T, empty=0):
    """One row with padding behind two steps or more, one without, the rest as it comes; `empty` rows of length 0."""
    lengths = draw.integers(1, T + 1, B)
    lengths[0] = draw.integers(min(2, max(T - 1, 1)), max(T, 2))
    lengths[1:2] = T
    lengths[2 : 2 + empty] = 0
    return draw.rng.permutation(lengths)


def _ragged(draw, lengths, T, last):
    """(B, T, last), with large numbers on padding."""
    a = draw.normal(len(lengths), T, last)
    a[np.arange(T) >= lengths[:, np.newaxis]] *= 100
    return a


def _lstm(draw, D, H):
    return dict(W_x=draw.weights(D, 4 * H), W_h=draw.weights(H, 4 * H), b=draw.normal(4 * H))


@assignment.exercise(
    deep.reverse_sequences,
    outputs="reversed: B T D",
    points=2,
    hints=[
        "Take one row, T = 5 and length 3, and write down by hand which step goes where.",
        "Every row turns around at a place of its own, since its length is its own.",
        "Print your answer for a row of length 0, and for one of length T.",
    ],
    extra=[dict(empty=1), dict(empty=2, B=5)],
)
def reverse_sequences(draw, B=3, T=6, D=2, empty=0):
    lengths = _lengths(draw, B, T, empty)
    return dict(x=_ragged(draw, lengths, T, D), lengths=lengths)


@reverse_sequences.misconception(
    "Right for rows without padding. Where does the padding of the others end up?",
    "You turn the whole row around, so that its padding comes first. Only the real part turns; the rest stays put.",
)
def padding_reversed_too(x, lengths):
    return x[:, ::-1]


@reverse_sequences.misconception(
    "The real part is right. Look at what stands behind it.",
    "Nobody asked for zeros: the padding stays what it was, and where it was.",
)
def padding_blanked(x, lengths):
    out = np.zeros_like(x)
    for row, length in enumerate(lengths):
        out[row, :length] = x[row, :length][::-1]
    return out


@reverse_sequences.misconception(
    "Your answer is right, and the caller's x is no longer what it was.",
    "Assigning to a slice of x writes into the caller's array. Work on a copy.",
)
def reversed_in_place(x, lengths):
    for row, length in enumerate(lengths):
        x[row, :length] = x[row, :length][::-1].copy()
    return x


@reverse_sequences.misconception(
    "With D = 1 nothing moves at all. Which axis do you turn around?",
    "x[row, :length] has two axes, and time is the first of them.",
)
def features_reversed(x, lengths):
    out = x.copy()
    for row, length in enumerate(lengths):
        out[row, :length] = x[row, :length, ::-1]
    return out


@reverse_sequences.misconception(
    "With B = 1 nothing moves at all. Which axis do you turn around?",
    "The batch's first row has become its last. Time is axis 1.",
)
def rows_reversed(x, lengths):
    return x[::-1]


@reverse_sequences.misconception(
    "The last real step of every row has not moved. Count the steps of your slice.",
    "A slice ends before its second number: the real steps are 0 to length - 1, and there are `length` of them.",
)
def one_step_short(x, lengths):
    out = x.copy()
    for row, length in enumerate(lengths):
        last = max(length - 1, 0)
        out[row, :last] = x[row, :last][::-1]
    return out


@reverse_sequences.misconception(
    "Right for rows without padding. What is the first step of the others in your answer?",
    "You turn the whole row and then push its padding back to the end: the padding itself must not turn around.",
)
def rolled_back(x, lengths):
    out = x[:, ::-1].copy()
    for row, length in enumerate(lengths):
        out[row] = np.roll(out[row], length - x.shape[1], axis=0)
    return out


@assignment.exercise(
    deep.merge,
    outputs="y: B T H",
    points=1,
    hints=[
        "One line for each mode. Which of them changes the shape?",
        "Both arguments are in the order of time already: nothing needs to be turned around here.",
    ],
    extra=[dict(mode="sum"), dict(mode="average"), dict(mode="average", B=6)],
)
def merge(draw, B=3, T=4, H=5, mode="concat"):
    return dict(forward=draw.normal(B, T, H), backward=draw.normal(B, T, H), mode=mode)


@merge.misconception(
    "The modes that add are right. Compare y[0, 0] with forward[0, 0].",
    "The forward half comes first.",
)
def backward_half_first(forward, backward, mode):
    if mode == "concat":
        return np.concatenate([backward, forward], axis=-1)
    return (forward + backward) / (2 if mode == "average" else 1)


@merge.misconception(
    "Your sequences have become twice as long. What should have?",
    "Each step gets both vectors, one beside the other: which axis is that?",
)
def joined_in_time(forward, backward, mode):
    if mode == "concat":
        return np.concatenate([forward, backward], axis=1)
    return (forward + backward) / (2 if mode == "average" else 1)


@merge.misconception(
    'Your "sum" and your "average" are the same.',
    "The average of 1 and 3 is 2. What is yours?",
)
def average_is_the_sum(forward, backward, mode):
    if mode == "concat":
        return np.concatenate([forward, backward], axis=-1)
    return forward + backward


@merge.misconception(
    'Your "sum" and your "average" are the same.',
    "The sum of 1 and 3 is 4. What is yours?",
)
def sum_is_the_average(forward, backward, mode):
    if mode == "concat":
        return np.concatenate([forward, backward], axis=-1)
    return (forward + backward) / 2


@merge.misconception(
    "Try all three modes: your answer is the same.",
    "Nothing in your code looks at `mode`.",
)
def mode_ignored(forward, backward, mode):
    return np.concatenate([forward, backward], axis=-1)


@merge.misconception(
    "Right shape, right numbers, wrong places. Print y[0, 0] beside forward[0, 0].",
    "You take the two in turns, unit by unit. The forward half stands in one piece, and the backward half behind it.",
)
def halves_interleaved(forward, backward, mode):
    if mode == "concat":
        return np.stack([forward, backward], axis=-1).reshape(*forward.shape[:2], -1)
    return (forward + backward) / (2 if mode == "average" else 1)


@merge.misconception(
    "Your backward part runs against the time of the forward part.",
    "Whoever calls merge has put both in the order of time already. Here nothing is turned around.",
)
def turned_around_in_merge(forward, backward, mode):
    backward = backward[:, ::-1]
    if mode == "concat":
        return np.concatenate([forward, backward], axis=-1)
    return (forward + backward) / (2 if mode == "average" else 1)


@assignment.exercise(
    deep.merge_backward,
    outputs="dforward: B T H; dbackward: B T H",
    points=1,
    hints=[
        "For each mode: if forward[0, 0, 0] grows by a little, which entries of y change, and by how much?",
        "A gradient has the shape of what it belongs to: both of yours are (B, T, H).",
    ],
    extra=[dict(mode="sum"), dict(mode="average"), dict(mode="average", B=6)],
)
def merge_backward(draw, B=3, T=4, H=5, mode="concat"):
    return dict(dy=draw.normal(B, T, 2 * H if mode == "concat" else H), mode=mode)


@merge_backward.misconception(
    'For "average" yours is too large. What is the derivative of (a + b) / 2 with respect to a?',
    "What the forward multiplies with, the backward multiplies with as well.",
)
def average_without_the_half(dy, mode):
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., :H], dy[..., H:]
    return dy, dy


@merge_backward.misconception(
    'For "sum" yours is too small. What is the derivative of a + b with respect to a?',
    "A sum does not share the gradient out: each of its terms gets all of it.",
)
def sum_shared_out(dy, mode):
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., :H], dy[..., H:]
    return dy / 2, dy / 2


@merge_backward.misconception(
    'With "concat" your two gradients have changed places.',
    "The forward half comes first, in y and so in dy.",
)
def halves_swapped(dy, mode):
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., H:], dy[..., :H]
    return (dy, dy) if mode == "sum" else (dy / 2, dy / 2)


@merge_backward.misconception(
    'With "concat", is the shape of your dforward that of forward?',
    "Each direction wrote one half of y, and only that half of dy is its own.",
)
def all_for_both(dy, mode):
    return (dy / 2, dy / 2) if mode == "average" else (dy, dy)


@merge_backward.misconception(
    'With "concat": right shape, right numbers, wrong places. Which entries of y came from forward?',
    "Not every other one: the first H, in one piece.",
)
def taken_in_turns(dy, mode):
    if mode == "concat":
        return dy[..., ::2], dy[..., 1::2]
    return (dy, dy) if mode == "sum" else (dy / 2, dy / 2)


@merge_backward.misconception(
    "Your dbackward runs against time.",
    "merge took both in the order of time and turned nothing around. Neither does its backward.",
)
def turned_around_on_the_way_back(dy, mode):
    if mode == "concat":
        H = dy.shape[-1] // 2
        return dy[..., :H], dy[:, ::-1, H:]
    return (dy, dy[:, ::-1]) if mode == "sum" else (dy / 2, dy[:, ::-1] / 2)


def _bilstm(draw, B, T, D, H, mode, empty):
    lengths = _lengths(draw, B, T, empty)
    return dict(
        x=_ragged(draw, lengths, T, D), lengths=lengths, fwd=_lstm(draw, D, H), bwd=_lstm(draw, D, H), mode=mode
    )


@assignment.exercise(
    deep.bilstm_forward,
    outputs="y: B T H",
    points=3,
    uses=[reverse_sequences, merge],
    hints=[
        "Both directions are lstm_forward. What does the second one have to read, so that it runs from the end?",
        "The second direction's first state belongs to the last real step. Where does it stand in its output?",
        "Padding comes last: whatever the LSTMs make of it, y is 0 there, in both halves.",
    ],
    extra=[dict(mode="sum"), dict(mode="average"), dict(empty=1), dict(mode="average", empty=1)],
)
def bilstm_forward(draw, B=4, T=6, D=2, H=3, mode="concat", empty=0):
    return _bilstm(draw, B, T, D, H, mode, empty)


@bilstm_forward.misconception(
    "The forward half is right. Which step's input has the backward half at step 0 read last?",
    "The second direction answers in the order in which it reads: its outputs have to be turned around once more.",
)
def backward_not_turned_back(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, backward, mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "The forward half is right. What does your second direction read?",
    "You turn its outputs around, but not its inputs: it has read the sequence from the front, like the first one.",
)
def inputs_not_reversed(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, reverse_sequences(backward, lengths), mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Rows without padding are right. What is the first thing that your second direction reads in the others?",
    "It reads the padding first, and carries it into the real steps. A function of yours keeps padding at the end.",
)
def padding_read_first(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(x[:, ::-1], zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, backward[:, ::-1], mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Rows without padding are right. Set the padding to zero: does your second direction care how much of it there is?",
    "Zeros are an input like any other: with biases the state moves on them. Padding must not be read first.",
)
def zeros_read_first(x, lengths, fwd, bwd, mode):
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    x = x * real[..., np.newaxis]
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(x[:, ::-1], zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    return merge(forward, backward[:, ::-1], mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Change bwd: your answer stays the same.",
    "The two directions share no weights: each has a dict of its own.",
)
def shared_parameters(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, reverse_sequences(backward, lengths), mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Both directions are off, in every row. Which weights does each of them use?",
    "fwd belongs to the direction that reads from the front.",
)
def directions_swapped(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, reverse_sequences(backward, lengths), mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Every real step is right. Look at the padding.",
    "The LSTMs run on over the padding, and you return what they say there. It should be 0.",
)
def padding_returned(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    return merge(forward, reverse_sequences(backward, lengths), mode)


@bilstm_forward.misconception(
    "Every real step is right. Look at the padding: does an LSTM say nothing when it reads zeros?",
    "You blank the inputs on padding. It is the outputs that should be 0 there.",
)
def inputs_blanked(x, lengths, fwd, bwd, mode):
    x = np.where((np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis], x, 0)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    return merge(forward, reverse_sequences(backward, lengths), mode)


@bilstm_forward.misconception(
    "The forward half is 0 on padding. And the backward half?",
    "The second direction runs over the padding, too. Mask the merged y, and both halves are done.",
)
def one_half_blanked(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    return merge(forward * real[..., np.newaxis], reverse_sequences(backward, lengths), mode)


@bilstm_forward.misconception(
    "Every real step is right. Look at the padding.",
    "A frozen state is masked_forward's way. This function gives zeros on padding, as torch's packed sequences do.",
)
def frozen_on_padding(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    y = merge(forward, reverse_sequences(backward, lengths), mode).copy()
    for row, length in enumerate(lengths):
        y[row, length:] = y[row, length - 1] if length else 0
    return y


@bilstm_forward.misconception(
    "The forward half is right. Which state does your second direction start from?",
    "The directions know nothing of each other: both start from zeros.",
)
def backward_goes_on_from_forward(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, c, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(
        reverse_sequences(x, lengths), forward[:, -1], c[:, -1], bwd["W_x"], bwd["W_h"], bwd["b"]
    )
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, reverse_sequences(backward, lengths), mode) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "The concatenated case is right. Try the other modes.",
    "You join the halves yourself, whatever `mode` says. You wrote a function that knows the modes.",
)
def always_concatenated(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    forward, _, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    backward, _, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return np.concatenate([forward, reverse_sequences(backward, lengths)], axis=-1) * real[..., np.newaxis]


@bilstm_forward.misconception(
    "Your halves are not between -1 and 1. Which of the things that lstm_forward returns do you merge?",
    "The output of an LSTM is h; c is its own business.",
)
def cell_states_merged(x, lengths, fwd, bwd, mode):
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    _, forward, _ = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    _, backward, _ = lstm_forward(reverse_sequences(x, lengths), zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    real = np.arange(x.shape[1]) < lengths[:, np.newaxis]
    return merge(forward, reverse_sequences(backward, lengths), mode) * real[..., np.newaxis]


@assignment.exercise(
    deep.bilstm_backward,
    outputs="dx: B T D; grads_fwd; grads_bwd",
    points=3,
    uses=[reverse_sequences, merge_backward],
    hints=[
        "Go through your forward from its last line to its first. For each line there is a backward already.",
        "What is the gradient of turning a row around? Try it with three steps on paper.",
        "x goes into both directions. What does that say about dx? And what does y = 0 on padding say about dy there?",
    ],
    extra=[dict(mode="sum"), dict(mode="average"), dict(empty=1), dict(mode="average", empty=1)],
)
def bilstm_backward(draw, B=4, T=6, D=2, H=3, mode="concat", empty=0):
    inputs = _bilstm(draw, B, T, D, H, mode, empty)
    return dict(dy=_ragged(draw, inputs["lengths"], T, 2 * H if mode == "concat" else H)) | inputs


@bilstm_backward.misconception(
    "The gradients of the weights are right, dx is not. How many ways lead from x to the loss?",
    "The second assignment to dx overwrites the first. What comes back along several ways adds up.",
)
def dx_of_the_backward_direction_only(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = reverse_sequences(dx, lengths)
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "The gradients of the weights are right, dx is not. How many ways lead from x to the loss?",
    "You return the dx of the first direction. What comes back along several ways adds up.",
)
def dx_of_the_forward_direction_only(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    _, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "The gradients of the weights are right. In dx, one of the two parts runs against time.",
    "The second direction's dx belongs to what it has read, and that was turned around.",
)
def dx_not_turned_back(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    return dx_fwd + dx_bwd, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "grads_fwd is right, grads_bwd is not. In which order does lstm_backward want its dh?",
    "The second direction's outputs were turned around on their way into y. On the way back its gradients must be.",
)
def dh_not_turned_around(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x = reverse_sequences(x, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = dx_fwd + reverse_sequences(dx_bwd, lengths)
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "grads_fwd is right, grads_bwd is not. What did the second direction read in the forward?",
    "You run its forward once more, but on x as it stands. It has read x turned around.",
)
def replayed_from_the_front(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    return dx_fwd + dx_bwd, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "Rows without padding are right. What is dy worth on padding?",
    "y is 0 on padding, whatever the weights are. So no gradient comes back from there: blank dy before it goes in.",
)
def gradient_from_padding(dy, x, lengths, fwd, bwd, mode):
    dforward, dbackward = merge_backward(dy, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = dx_fwd + reverse_sequences(dx_bwd, lengths)
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "dx is 0 on padding, and still wrong on the real steps before it.",
    "You blank dx, when the gradient from padding has gone into everything already. Blank what comes in, dy.",
)
def dx_blanked_too_late(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = (dx_fwd + reverse_sequences(dx_bwd, lengths)) * real
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "Rows without padding are right. What is the first thing that your second direction reads in the others?",
    "You turn whole rows around, padding and all. The forward did not.",
)
def padding_turned_around(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = x[:, ::-1], dbackward[:, ::-1]
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = dx_fwd + dx_bwd[:, ::-1]
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    'Right but for the mode "average". What is the derivative of (a + b) / 2 with respect to a?',
    "What merge multiplies with, its backward multiplies with as well.",
)
def average_without_its_half(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, "concat" if mode == "concat" else "sum")
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    dx = dx_fwd + reverse_sequences(dx_bwd, lengths)
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@bilstm_backward.misconception(
    "Print grads_fwd and grads_bwd: they are the same.",
    "Two directions that share weights would add their gradients up. These two share none: each has its own.",
)
def gradients_added_up(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, bwd["W_x"], bwd["W_h"], bwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, bwd["W_x"], bwd["W_h"])
    grads = {name: a + b for name, a, b in zip(fwd, grads_fwd, grads_bwd, strict=True)}
    return dx_fwd + reverse_sequences(dx_bwd, lengths), grads, grads


@bilstm_backward.misconception(
    "Change bwd: your dx stays the same.",
    "Both of your directions run with fwd. Each has weights of its own, in the backward, too.",
)
def one_set_of_weights(dy, x, lengths, fwd, bwd, mode):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    dforward, dbackward = merge_backward(dy * real, mode)
    zeros = np.zeros((len(x), len(fwd["W_h"])))
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_fwd, _, _, *grads_fwd = lstm_backward(dforward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    x, dbackward = reverse_sequences(x, lengths), reverse_sequences(dbackward, lengths)
    h, c, gates = lstm_forward(x, zeros, zeros, fwd["W_x"], fwd["W_h"], fwd["b"])
    dx_bwd, _, _, *grads_bwd = lstm_backward(dbackward, x, zeros, zeros, h, c, gates, fwd["W_x"], fwd["W_h"])
    dx = dx_fwd + reverse_sequences(dx_bwd, lengths)
    return dx, dict(zip(fwd, grads_fwd, strict=True)), dict(zip(bwd, grads_bwd, strict=True))


@assignment.exercise(
    deep.bidirectional_summary,
    outputs="summary: B H",
    points=2,
    hints=[
        "Each half of each step has read a part of the sequence. At which step has a half read all of it?",
        "The two halves are complete at different steps, and one of these depends on the row.",
        "A row of length 0 has no last step; what does numpy make of the index length - 1 there?",
    ],
    extra=[dict(empty=1), dict(empty=2, B=5)],
)
def bidirectional_summary(draw, B=3, T=6, H=4, empty=0):
    lengths = _lengths(draw, B, T, empty)
    return dict(h=_ragged(draw, lengths, T, 2 * H), lengths=lengths)


@bidirectional_summary.misconception(
    "How much has the backward half at the last step read? And what stands at step T - 1 of a short row?",
    "h[:, -1] holds padding for short rows; and for all rows, a backward half that has read one single step.",
)
def last_column(h, lengths):
    return h[:, -1]


@bidirectional_summary.misconception(
    "The forward half is right. How much has the backward half read at the last real step?",
    "It starts there, so it has seen one step. Where does it end?",
)
def both_at_the_last_real_step(h, lengths):
    rows = np.arange(len(h))
    return h[rows, np.maximum(lengths - 1, 0)] * (lengths > 0)[:, np.newaxis]


@bidirectional_summary.misconception(
    "The backward half is right. How much has the forward half read at step 0?",
    "It starts there, so it has seen one step. Where does it end?",
)
def both_at_the_first_step(h, lengths):
    return h[:, 0] * (lengths > 0)[:, np.newaxis]


@bidirectional_summary.misconception(
    "Both of your halves have read one single step.",
    "A direction knows most where it ends, not where it starts.",
)
def where_they_start(h, lengths):
    H = h.shape[-1] // 2
    last = h[np.arange(len(h)), np.maximum(lengths - 1, 0)]
    return np.concatenate([h[:, 0, :H], last[:, H:]], axis=1) * (lengths > 0)[:, np.newaxis]


@bidirectional_summary.misconception(
    "Rows without padding are right. What stands at step T - 1 of the others?",
    "The forward half ends at each row's own last step. What tells you which one that is?",
)
def forward_half_from_padding(h, lengths):
    H = h.shape[-1] // 2
    return np.concatenate([h[:, -1, :H], h[:, 0, H:]], axis=1) * (lengths > 0)[:, np.newaxis]


@bidirectional_summary.misconception(
    "Right but for rows of length 0. What is h[row, length - 1] there?",
    "Index -1 is the last column, which is padding in an empty row; so is its step 0. Its summary should be 0.",
)
def empty_rows_read_padding(h, lengths):
    H = h.shape[-1] // 2
    last = h[np.arange(len(h)), lengths - 1]
    return np.concatenate([last[:, :H], h[:, 0, H:]], axis=1)


@bidirectional_summary.misconception(
    "Right but for the second half of rows of length 0.",
    "An empty row has no first step either: what stands there is padding.",
)
def half_of_the_empty_rows(h, lengths):
    H = h.shape[-1] // 2
    last = h[np.arange(len(h)), np.maximum(lengths - 1, 0)] * (lengths > 0)[:, np.newaxis]
    return np.concatenate([last[:, :H], h[:, 0, H:]], axis=1)


@bidirectional_summary.misconception(
    "Right for rows of one step. How many steps have a say in your summary?",
    "The mean over the real steps is another summary, and no bad one. Asked for are the two that have read all.",
)
def mean_over_the_real_steps(h, lengths):
    real = (np.arange(h.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    return (h * real).sum(axis=1) / np.maximum(lengths, 1)[:, np.newaxis]


@bidirectional_summary.misconception(
    "Your numbers are right, and the halves have changed places.",
    "The forward half comes first, as in h.",
)
def summary_backward_first(h, lengths):
    H = h.shape[-1] // 2
    last = h[np.arange(len(h)), np.maximum(lengths - 1, 0)]
    return np.concatenate([h[:, 0, H:], last[:, :H]], axis=1) * (lengths > 0)[:, np.newaxis]


@assignment.exercise(
    deep.masked_forward,
    outputs="h: B T H",
    points=2,
    hints=[
        "Every step: compute the new state for all rows, then decide row by row which state counts.",
        "At step t, which rows are still running? Write the comparison of t with the lengths down.",
        "np.where takes a condition of shape (B, 1), a new state and an old one.",
    ],
    extra=[dict(empty=1), dict(empty=2, B=5)],
)
def masked_forward(draw, B=3, T=6, D=2, H=4, empty=0):
    lengths = _lengths(draw, B, T, empty)
    return dict(
        x=_ragged(draw, lengths, T, D),
        lengths=lengths,
        h0=draw.normal(B, H),
        W_x=draw.weights(D, H),
        W_h=draw.weights(H, H),
        b=draw.normal(H),
    )


@masked_forward.misconception(
    "Rows without padding are right. Change the padding of a short row: its last state changes.",
    "The state is carried on over the padding. Once a row has ended, its state must stay.",
)
def padding_in_the_state(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Every real step is right. What stands on the padding?",
    "Zeros are bilstm_forward's way. Here the last real state is repeated, so that h[:, -1] holds it for every row.",
)
def zeros_on_padding(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h * (t < lengths)[:, np.newaxis])
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "The padding no longer matters, and yet the state moves on it.",
    "A zero input is still a step: tanh, W_h and the bias go to work. It is the state that should be masked.",
)
def inputs_masked_only(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t] * (t < lengths)[:, np.newaxis], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Short rows take one step too many.",
    "A row of length 3 has the steps 0, 1 and 2. For which t is that `t < length`, for which `t <= length`?",
)
def one_step_into_padding(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.where((t <= lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Every row stops one step too early: the last real step is never taken.",
    "A row of length 3 has the steps 0, 1 and 2. Is step 2 among those that you take?",
)
def stopped_a_step_early(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.where((t + 1 < lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Your rows stand still as long as they run, and run once they have ended.",
    "np.where gives its second argument where the condition is True. Which is it in your case?",
)
def mask_upside_down(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.where((t < lengths)[:, np.newaxis], h, rnn_cell_forward(x[:, t], h, W_x, W_h, b))
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Every real step is right. Compare your state on padding with h0, and with the last real one.",
    "A row that has ended keeps the state it ended with; it does not go back to where it started.",
)
def back_to_h0(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.where((t < lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h0)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "All rows stop when the shortest has ended.",
    "One number decides for the whole batch in your code. Each row has a length of its own.",
)
def the_shortest_stops_all(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        if t < lengths.min():
            h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Look at step 0 alone: which state does it start from?",
    "The state before the first step is given, and it need not be zero.",
)
def masked_from_zeros(x, lengths, h0, W_x, W_h, b):
    h, states = np.zeros_like(h0), []
    for t in range(x.shape[1]):
        h = np.where((t < lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h)
        states.append(h)
    return np.stack(states, axis=1)


@masked_forward.misconception(
    "Right but for rows of length 0. What is states[row, length - 1] there?",
    "Index -1 is the last column. A row that never runs keeps the state that it was given.",
)
def empty_rows_run_to_the_end(x, lengths, h0, W_x, W_h, b):
    h, states = h0, np.zeros((*x.shape[:2], len(b)))
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states[:, t] = h
    for row, length in enumerate(lengths):
        states[row, length:] = states[row, length - 1]
    return states


@masked_forward.misconception(
    "Right but for rows of length 0. Which state do they have before the first step?",
    "Nothing is read, so nothing happens: the state stays the h0 that was given, which need not be zero.",
)
def empty_rows_are_zero(x, lengths, h0, W_x, W_h, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.where((t < lengths)[:, np.newaxis], rnn_cell_forward(x[:, t], h, W_x, W_h, b), h)
        states.append(h)
    return np.stack(states, axis=1) * (lengths > 0)[:, np.newaxis, np.newaxis]


@assignment.exercise(
    deep.stacked_lstm_forward,
    outputs="h: B T H",
    points=1,
    hints=[
        "A loop over the layers: what does the first one read, and what does each other one read?",
        "Write the shapes down: D goes into the bottom layer, H into all the others.",
    ],
)
def stacked_lstm_forward(draw, B=4, T=6, D=2, H=5, L=3):
    return dict(x=draw.normal(B, T, D), layers=[_lstm(draw, H if number else D, H) for number in range(L)])


@stacked_lstm_forward.misconception(
    "Right for one layer. What does the second layer of yours read?",
    "c is the LSTM's own memory. What it hands on, upwards too, is h.",
)
def cell_states_handed_up(x, layers):
    for layer in layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        h, x, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return h


@stacked_lstm_forward.misconception(
    "Right for one layer. Which state does the second layer of yours start from?",
    "A layer hands its outputs up, step by step. Its last state is no start for the next: all start from zeros.",
)
def states_handed_up(x, layers):
    h0 = c0 = np.zeros((len(x), len(layers[0]["W_h"])))
    for layer in layers:
        x, c, _ = lstm_forward(x, h0, c0, layer["W_x"], layer["W_h"], layer["b"])
        h0, c0 = x[:, -1], c[:, -1]
    return x


@stacked_lstm_forward.misconception(
    "Right for one layer. How many of your layers have a say in the answer?",
    "You return the states of the bottom layer. Those of the top one are asked for.",
)
def bottom_layer_returned(x, layers):
    zeros = np.zeros((len(x), len(layers[0]["W_h"])))
    h, _, _ = lstm_forward(x, zeros, zeros, layers[0]["W_x"], layers[0]["W_h"], layers[0]["b"])
    return h


@stacked_lstm_forward.misconception(
    "Change the weights of the topmost layer: your answer stays the same.",
    "How many rounds does your loop take, and how many layers are there?",
)
def top_layer_left_out(x, layers):
    for layer in layers[:-1] or layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        x, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return x


@stacked_lstm_forward.misconception(
    "Right for one layer and for two. Whose weights does the third layer of yours have?",
    "Every layer has a dict of its own.",
)
def upper_layers_alike(x, layers):
    for number in range(len(layers)):
        layer = layers[min(number, 1)]
        zeros = np.zeros((len(x), len(layer["W_h"])))
        x, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return x


@stacked_lstm_forward.misconception(
    "Right for one layer. Does the second layer of yours ever learn what happened at step 1?",
    "It reads the last state again and again. It should read the state below it at the same step.",
)
def last_state_repeated(x, layers):
    for number, layer in enumerate(layers):
        if number:
            x = np.repeat(x[:, -1:], x.shape[1], axis=1)
        zeros = np.zeros((len(x), len(layer["W_h"])))
        x, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return x


@stacked_lstm_forward.misconception(
    "What you return is right, and most of it is missing.",
    "Keras's LSTM gives the last step alone unless it is told otherwise. Asked for is every step, (B, T, H).",
)
def last_step_only(x, layers):
    for layer in layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        x, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return x[:, -1]


@stacked_lstm_forward.misconception(
    "Every layer's states are right. Which of them are asked for?",
    "The layers below have done their work once the one above has read them: return the topmost alone.",
)
def all_layers_returned(x, layers):
    states = []
    for layer in layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        x, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
        states.append(x)
    return states


@stacked_lstm_forward.misconception(
    "Right for one layer. Your upper layers add what they read to what they say.",
    "That is a residual connection: a good idea for many layers (He 2016), but another network.",
)
def residual_layers(x, layers):
    for number, layer in enumerate(layers):
        zeros = np.zeros((len(x), len(layer["W_h"])))
        h, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
        x = h + x if number else h
    return x


@stacked_lstm_forward.misconception(
    "Your products fit only where D = H. Which layer reads x?",
    "All of your layers read x, side by side. A stack is one above the other.",
)
def layers_side_by_side(x, layers):
    for layer in layers:
        zeros = np.zeros((len(x), len(layer["W_h"])))
        h, _, _ = lstm_forward(x, zeros, zeros, layer["W_x"], layer["W_h"], layer["b"])
    return h


@assignment.exercise(
    deep.dropout_mask,
    outputs="mask: B D",
    points=2,
    law=laws.inverted_dropout,
    hints=[
        "Draw a large mask and print three things: the share of zeros, the other number that it holds, and the mean.",
        "A uniform number between 0 and 1 lies below the rate with probability rate.",
        "The mean of the mask should be 1: by how much must the kept entries grow to make up for the dropped ones?",
    ],
    extra=[dict(rate=0.0), dict(rate=0.7)],
)
def dropout_mask(draw, B=60, D=80, rate=0.2):
    return dict(rng=draw.seed(), shape=(B, D), rate=rate)


@dropout_mask.misconception(
    "Print the mean of a large mask. What should it be?",
    "Your kept entries are 1, so that less arrives than without dropout. Inverted dropout makes up for it at once.",
)
def not_inverted(rng, shape, rate):
    return (rng.random(shape) >= rate).astype(float)


@dropout_mask.misconception(
    "Print the mean of a large mask. What should it be?",
    "You divide by the share that is dropped. Which share is left to do the work of all?",
)
def divided_by_the_rate(rng, shape, rate):
    return (rng.random(shape) >= rate) / rate


@dropout_mask.misconception(
    "Print the mean of a large mask. What should it be?",
    "The kept entries must grow to make up for the dropped ones. Yours shrink.",
)
def multiplied_by_the_keep_rate(rng, shape, rate):
    return (rng.random(shape) >= rate) * (1 - rate)


@dropout_mask.misconception(
    "With rate 0.2, what share of your mask is 0?",
    "`rate` is the chance to be dropped. Your comparison keeps with that chance.",
)
def kept_with_the_rate(rng, shape, rate):
    return (rng.random(shape) < rate) / (1 - rate)


@dropout_mask.misconception(
    "With rate 0.2, what share of your mask is 0?",
    "In Srivastava's paper p is the chance to be kept. Here, as in Keras and PyTorch, it is the chance to be dropped.",
)
def rate_to_keep(rng, shape, rate):
    return (rng.random(shape) < rate) / rate


@dropout_mask.misconception(
    "Look at one column of your mask: is it the same all the way down?",
    "You draw one row, and give it to everybody. Every entry tosses a coin of its own.",
)
def one_row_for_all(rng, shape, rate):
    return np.ones(shape) * (rng.random(shape[1:]) >= rate) / (1 - rate)


@dropout_mask.misconception(
    "Call it twice with equal generators: should the masks differ?",
    "np.random is a generator that belongs to everybody. Draw from the one that you are given.",
)
def global_generator(rng, shape, rate):
    return (np.random.random(shape) >= rate) / (1 - rate)


@dropout_mask.misconception(
    "Call it twice with the same generator: should the masks be the same?",
    "Your own generator has the same seed every time, so that all masks are alike. Draw from the one that is given.",
)
def seed_of_ones_own(rng, shape, rate):
    rng = np.random.default_rng(0)
    return (rng.random(shape) >= rate) / (1 - rate)


@dropout_mask.misconception(
    "With rate 0.2, what share of your mask is 0?",
    "Your numbers are normal, and half of them are negative. Which numbers lie below 0.2 with probability 0.2?",
)
def normal_numbers(rng, shape, rate):
    return (rng.standard_normal(shape) >= rate) / (1 - rate)


@dropout_mask.misconception(
    "Print the numbers that your mask holds. There should be two.",
    "You hand on the random numbers themselves. They only decide who stays.",
)
def numbers_kept(rng, shape, rate):
    numbers = rng.random(shape)
    return np.where(numbers >= rate, numbers, 0) / (1 - rate)


@assignment.exercise(
    deep.variational_masks,
    outputs="mask_x: B D; mask_h: B H",
    points=1,
    uses=[dropout_mask],
    law=lambda B, D, H, rate_x, rate_h: (
        laws.inverted_dropout((B, D), rate_x),
        laws.inverted_dropout((B, H), rate_h),
    ),
    hints=[
        "Two calls of a function that you have. Which shape has each of them, and which rate?",
        "One mask for each sequence, and no axis for time: that is the whole point.",
    ],
    extra=[dict(rate_x=0.0), dict(rate_h=0.0)],
)
def variational_masks(draw, B=50, D=60, H=80, rate_x=0.2, rate_h=0.6):
    return dict(rng=draw.seed(), B=B, D=D, H=H, rate_x=rate_x, rate_h=rate_h)


@variational_masks.misconception(
    "What share of mask_x is 0, and what share of mask_h?",
    "The two rates have changed places.",
)
def rates_swapped(rng, B, D, H, rate_x, rate_h):
    return dropout_mask(rng, (B, D), rate_h), dropout_mask(rng, (B, H), rate_x)


@variational_masks.misconception(
    "What share of mask_h is 0?",
    "The state has a rate of its own.",
)
def one_rate_for_both(rng, B, D, H, rate_x, rate_h):
    return dropout_mask(rng, (B, D), rate_x), dropout_mask(rng, (B, H), rate_x)


@variational_masks.misconception(
    "Compare two rows of a mask: should two sequences of a batch drop the same units?",
    "The same mask at every *step*, but another one for every sequence.",
)
def one_mask_for_the_batch(rng, B, D, H, rate_x, rate_h):
    mask_x, mask_h = dropout_mask(rng, (1, D), rate_x), dropout_mask(rng, (1, H), rate_h)
    return np.repeat(mask_x, B, axis=0), np.repeat(mask_h, B, axis=0)


@variational_masks.misconception(
    "Print the mean of a large mask. What should it be?",
    "These masks are inverted as well. You have a function for that.",
)
def variational_not_inverted(rng, B, D, H, rate_x, rate_h):
    return (rng.random((B, D)) >= rate_x).astype(float), (rng.random((B, H)) >= rate_h).astype(float)


@variational_masks.misconception(
    "Which shape has the state that mask_h is multiplied with?",
    "Both of your masks fit the input. The second one is for the H units of the state.",
)
def both_for_the_input(rng, B, D, H, rate_x, rate_h):
    return dropout_mask(rng, (B, D), rate_x), dropout_mask(rng, (B, D), rate_h)


@variational_masks.misconception(
    "Call it twice with equal generators: should the masks differ?",
    "np.random is a generator that belongs to everybody. Hand on the one that you are given.",
)
def global_masks(rng, B, D, H, rate_x, rate_h):
    mask_x = (np.random.random((B, D)) >= rate_x) / (1 - rate_x)
    mask_h = (np.random.random((B, H)) >= rate_h) / (1 - rate_h)
    return mask_x, mask_h


def _mask(draw, B, size):
    """An inverted dropout mask of which two fifths are 0, in places left to chance."""
    mask = np.full(B * size, 1 / 0.6)
    mask[: 2 * mask.size // 5] = 0
    return draw.rng.permutation(mask).reshape(B, size)


@assignment.exercise(
    deep.lstm_dropout_forward,
    outputs="h: B T H",
    points=2,
    hints=[
        "The loop of lstm_forward, with two multiplications in it. Where exactly?",
        "Only what the gates *read* is masked. What is h when you keep it, and when you return it?",
        "What should be left of all this when training is False?",
    ],
    extra=[dict(training=False), dict(training=False, B=5), dict(training=False, H=2)],
)
def lstm_dropout_forward(draw, B=3, T=6, D=4, H=5, training=True):
    return dict(
        x=draw.normal(B, T, D),
        h0=draw.normal(B, H),
        c0=draw.normal(B, H),
        **_lstm(draw, D, H),
        mask_x=_mask(draw, B, D),
        mask_h=_mask(draw, B, H),
        training=training,
    )


@lstm_dropout_forward.misconception(
    "Right while training. Call it twice with other masks and training=False: the answers differ.",
    "Dropout is an exercise for the training: when the network is used, nothing is dropped.",
)
def dropout_at_test_time(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "When does your network drop something, and when does it not?",
    "Your condition is the wrong way round.",
)
def training_upside_down(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Right while training. With training=False yours is too small.",
    "Scaling down at test time belongs to plain dropout. These masks are inverted: it has been made up for already.",
)
def scaled_at_test_time(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = 1 / mask_x.max() * np.ones_like(mask_x), 1 / mask_h.max() * np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Multiply your answer with mask_h: it stays a multiple of itself. Should a dropped unit be silent to the world?",
    "The mask stands between the state and the gates that read it. What is kept and returned is the state as it is.",
)
def masked_state_kept(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0 * mask_h, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h, c, W_x, W_h, b)
        h = h * mask_h
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Step 0 is where you differ first. Which state do its gates read?",
    "h0 enters the gates like any other state, through the mask; and what you return is not masked at all.",
)
def masked_after_the_step(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h, c, W_x, W_h, b)
        h = h * mask_h
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Step 0 is where you differ first. Which state do its gates read?",
    "The mask is on every state that enters the gates. The first of them is h0.",
)
def h0_not_masked(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h if t else h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Your answer is 0 in some units, at every step. Should a dropped unit be silent to the world?",
    "You mask what you return. Asked for is a mask on what the gates read.",
)
def output_masked(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, _, _ = lstm_forward(x * mask_x[:, np.newaxis], h0, c0, W_x, W_h, b)
    return h * mask_h[:, np.newaxis]


@lstm_dropout_forward.misconception(
    "Change mask_h: your answer stays the same.",
    "Dropping inputs alone is what Zaremba (2014) did. Here the recurrent state has a mask, too.",
)
def recurrence_not_masked(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if training:
        x = x * mask_x[:, np.newaxis]
    return lstm_forward(x, h0, c0, W_x, W_h, b)[0]


@lstm_dropout_forward.misconception(
    "Change mask_x: your answer stays the same.",
    "There are two masks: one for the state, and one for what the gates read from outside.",
)
def input_not_masked(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_h = np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t], h * mask_h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Set W_h to zero: mask_h should no longer matter. Does it, in yours?",
    "You mask the cell state, and so wipe the memory. The mask belongs on the h that enters the gates.",
)
def memory_masked(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h, c * mask_h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Set W_h to zero: mask_h should no longer matter. Does it, in yours?",
    "h is masked where it should be. But c is what the LSTM remembers with: leave it whole.",
)
def memory_masked_as_well(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if not training:
        mask_x, mask_h = np.ones_like(mask_x), np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c * mask_h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Print the masks. Do they hold only 0 and 1?",
    "You ask only whether an entry is 0. The kept ones are more than 1, to make up for the dropped.",
)
def mask_taken_as_boolean(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        seen, heard = (x[:, t] * (mask_x > 0), h * (mask_h > 0)) if training else (x[:, t], h)
        h, c, _ = lstm_cell_forward(seen, heard, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Call it twice with other masks: does anything change? The masks that you are given should decide.",
    "You draw new masks at every step. One mask per sequence, the same at all of its steps, is the whole idea.",
)
def new_masks_every_step(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    rng = np.random.default_rng(0)
    rate_x, rate_h = np.mean(mask_x == 0), np.mean(mask_h == 0)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        if training:
            mask_x, mask_h = variational_masks(rng, len(x), x.shape[2], len(W_h), rate_x, rate_h)
            h, c, _ = lstm_cell_forward(x[:, t] * mask_x, h * mask_h, c, W_x, W_h, b)
        else:
            h, c, _ = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@lstm_dropout_forward.misconception(
    "Your answer is right, and the caller's x is no longer what it was.",
    "`*=` writes into the caller's array. Make a new one.",
)
def input_masked_in_place(x, h0, c0, W_x, W_h, b, mask_x, mask_h, training):
    if training:
        x *= mask_x[:, np.newaxis]
    else:
        mask_h = np.ones_like(mask_h)
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        h, c, _ = lstm_cell_forward(x[:, t], h * mask_h, c, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)
