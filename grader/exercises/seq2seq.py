"""12-seq2seq, encoder and decoder: what each function is asked, what it is worth, and how people get it wrong.

Backward and decoder are handed right states, so that a wrong forward costs its own points only. Sizes that are no
letter of the conventions: V_s words of the source, E_dec components of the decoder's embedding.
"""

import numpy as np

from grader.exercise import Assignment
from grader.exercises.classification import embedding_backward, embedding_forward
from grader.exercises.gru import gru_backward, gru_cell_forward, gru_forward
from grader.exercises.rnn import output_layer
from reference import seq2seq

assignment = Assignment("12-seq2seq")


def _lengths(draw, B, T, empty=0):
    """One row with padding behind two places or more, one without, the rest as it comes; `empty` rows of length 0."""
    lengths = draw.integers(1, T + 1, B)
    lengths[0] = draw.integers(min(2, max(T - 1, 1)), max(T, 2))
    lengths[1:2] = T
    lengths[2 : 2 + empty] = 0
    return draw.rng.permutation(lengths)


def _words(draw, lengths, T, V):
    """(B, T) of ids from 1 to V - 1, with 0 behind each row's last word."""
    real = np.arange(T) < lengths[:, np.newaxis]
    return np.where(real, draw.integers(min(1, V - 1), V, len(lengths), T), 0)


def _encoder(draw, V_s, E, H):
    return dict(
        enc_W_e=draw.normal(V_s, E), enc_W_x=draw.weights(E, 3 * H), enc_W_h=draw.weights(H, 3 * H),
        enc_b=draw.normal(3 * H),
    )  # fmt: skip


def _decoder(draw, V, E_dec, H):
    return dict(
        dec_W_e=draw.normal(V, E_dec), dec_W_x=draw.weights(E_dec, 3 * H), dec_W_h=draw.weights(H, 3 * H),
        dec_b=draw.normal(3 * H), W_y=draw.weights(H, V), b_y=draw.normal(V),
    )  # fmt: skip


def _params(draw, V_s, V, E, E_dec, H):
    return _encoder(draw, V_s, E, H) | _decoder(draw, V, E_dec, H)


def _source(draw, B, S, V_s, empty=0):
    """x and lengths; behind the last word there are ids, too, 0 and others, which must not matter."""
    lengths, x = _lengths(draw, B, S, empty), draw.integers(1, V_s, B, S)
    x[(np.arange(S) >= lengths[:, np.newaxis]) & (draw.integers(0, 2, B, S) == 0)] = 0
    return dict(x=x, lengths=lengths)


@assignment.exercise(
    seq2seq.shift_targets,
    outputs="inputs: B T; targets: B T",
    points=2,
    tolerance="exact",
    hints=[
        "Write one row down by hand: what has the decoder read when it should say the first word? And when END?",
        "inputs and targets hold the same words, one column apart. Which of them has START, and which END?",
        "END has a column of its own in each row: how many words has the row?",
    ],
    extra=[dict(empty=1), dict(B=5, empty=2)],
)
def shift_targets(draw, B=4, T=5, empty=0):
    start, end = draw.rng.permutation([11, 12]).tolist()
    return dict(tokens=_words(draw, _lengths(draw, B, T, empty), T, 11), start=start, end=end)


@shift_targets.misconception(
    "Which word should be said after START? Which one does your target name there?",
    "START is read, never said. Your targets are one place behind.",
)
def start_predicted(tokens, start, end):
    B, T = tokens.shape
    inputs, targets = np.zeros((2, B, T + 1), np.int64)
    for i in range(B):
        words = [int(w) for w in tokens[i] if w != 0]
        inputs[i, : len(words) + 1] = [start, *words]
        targets[i, : min(len(words) + 2, T + 1)] = [start, *words, end][: T + 1]
    return inputs, targets


@shift_targets.misconception(
    "Compare inputs[0] with targets[0], column by column. What is left to learn?",
    "The decoder is shown the very word that it should say. Its inputs are one word behind, and begin with START.",
)
def inputs_not_shifted(tokens, start, end):
    B, T = tokens.shape
    inputs, targets = np.zeros((2, B, T + 1), np.int64)
    inputs[:, :T] = tokens
    targets[:, :T] = tokens
    for i in range(B):
        targets[i, np.count_nonzero(tokens[i])] = end
    return inputs, targets


@shift_targets.misconception(
    "Your targets are right. What do short rows read after their last word?",
    "END is said, and then it is over: nothing is read any more. You cut off the last column, which is END for some.",
)
def end_fed_to_the_decoder(tokens, start, end):
    B, T = tokens.shape
    full = np.zeros((B, T + 2), np.int64)
    for i in range(B):
        words = [int(w) for w in tokens[i] if w != 0]
        full[i, : len(words) + 2] = [start, *words, end]
    return full[:, :-1], full[:, 1:]


@shift_targets.misconception(
    "Rows without padding are right. Where is END in the others?",
    "You put END into the last column. It belongs right behind each row's last word.",
)
def end_in_the_last_column(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    targets = np.concatenate([tokens, np.full((B, 1), end)], axis=1)
    return inputs, targets


@shift_targets.misconception(
    "What tells a decoder that has learned from your targets when to stop?",
    "Your targets lack END: it comes right behind each row's last word.",
)
def no_end(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    return inputs, np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)


@shift_targets.misconception(
    "What does your decoder read first, in the first row and in the last?",
    "Padding is no beginning: the first column of inputs is START, in every row.",
)
def begins_with_padding(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.zeros((B, 1), np.int64), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    targets[np.arange(B), np.count_nonzero(tokens, axis=1)] = end
    return inputs, targets


@shift_targets.misconception(
    "All words are in their places. Look at what stands in front of them, and behind.",
    "Two ids have changed places: START begins the inputs, END ends the targets.",
)
def start_and_end_swapped(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), end), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    targets[np.arange(B), np.count_nonzero(tokens, axis=1)] = start
    return inputs, targets


@shift_targets.misconception(
    "Count your columns: a row of T words, and one more thing to say.",
    "In a row without padding there is no room for END: you cut it off. Both results have T + 1 columns.",
)
def one_column_short(tokens, start, end):
    B, T = tokens.shape
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    targets[np.arange(B), np.count_nonzero(tokens, axis=1)] = end
    return inputs[:, :T], targets[:, :T]


@shift_targets.misconception(
    "Is the last word of every row still among your targets?",
    "END comes behind the last word. You write it over that word.",
)
def last_word_overwritten(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    targets[np.arange(B), np.maximum(np.count_nonzero(tokens, axis=1) - 1, 0)] = end
    return inputs, targets


@shift_targets.misconception(
    "Your inputs are right. What should be said after END?",
    "Behind END there is padding, 0. You fill the rest of the row with END.",
)
def end_up_to_the_end(tokens, start, end):
    B = len(tokens)
    inputs = np.concatenate([np.full((B, 1), start), tokens], axis=1)
    targets = np.concatenate([tokens, np.zeros((B, 1), np.int64)], axis=1)
    return inputs, np.where(targets == 0, end, targets)


@assignment.exercise(
    seq2seq.encode,
    outputs="states: B S H; final: B H",
    points=4,
    hints=[
        "Without padding it is two lines: look the words up, and run your GRU from zeros.",
        "A row of length 2: what should states[row] hold at the places 1, 2, 3? And what is final?",
        "Look at a row of length 0, which no step has touched.",
    ],
    extra=[dict(empty=1), dict(empty=2), dict(B=6, E=5)],
)
def encode(draw, B=4, S=6, V_s=9, E=3, H=5, empty=0):
    return _source(draw, B, S, V_s, empty) | dict(params=_params(draw, V_s, 7, E, 2, H))


@encode.misconception(
    "Rows without padding are right. Change an id on the padding of another row: does its final state change?",
    "Your GRU reads on when the sentence is over. From there on the state should stay as it is.",
)
def padding_read(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    return h, h[:, -1]


@encode.misconception(
    "states is right everywhere. Which state does the decoder start from in a row with padding?",
    "What you hand over is the state after the padding. The last *real* one is meant, and it stands in states[:, -1].",
)
def last_padded_state_as_context(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = new
        states[:, t] = h
    for i, n in enumerate(lengths):
        states[i, n:] = states[i, n - 1] if n else 0
    return states, h


@encode.misconception(
    "final is right. What does states hold on padding?",
    "The state is frozen there: it repeats the last real one. You return what the GRU made of the padding.",
)
def states_run_on(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    final = zeros.copy()
    for i, n in enumerate(lengths):
        if n > 0:
            final[i] = h[i, n - 1]
    return h, final


@encode.misconception(
    "final is right. What does states hold on padding?",
    "You blank the padding with zeros. Frozen means that the last real state is repeated.",
)
def zeros_on_padding(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    states, final = np.zeros(h.shape), zeros.copy()
    for i, n in enumerate(lengths):
        states[i, :n] = h[i, :n]
        if n > 0:
            final[i] = h[i, n - 1]
    return states, final


@encode.misconception(
    "Rows without padding are right. Whose last column do you hand over in the others?",
    "You blank the padding, and then take the last column: most sentences arrive as zeros.",
)
def zeros_handed_over(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    states = h * (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    return states, states[:, -1]


@encode.misconception(
    "Rows without padding are right. How do you know which places are padding?",
    "You take every id but 0 for a word. What counts is `lengths`: behind them any id may stand.",
)
def padding_by_id(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = np.where((x[:, t] != 0)[:, np.newaxis], new, h)
        states[:, t] = h
    return states, h


@encode.misconception(
    "Rows without padding are right. Does a GRU's state stay where it is, if it reads zeros?",
    "Zeros are an input like any other: with biases, and old states, the state moves on. It has to be stopped.",
)
def padding_read_as_zeros(x, lengths, params):
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = params["enc_W_e"][x] * real
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    return h, h[:, -1]


@encode.misconception(
    "With one row in the batch yours is right. Where does each of several rows end?",
    "You stop all rows where the longest one ends. Every row has a length of its own.",
)
def one_length_for_all(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    last = max(lengths) - 1
    h[:, last + 1 :] = h[:, last : last + 1]
    return h, h[:, last]


@encode.misconception(
    "How many steps does a row of length 1 take in your loop?",
    "The places 0 to length - 1 are real. You freeze one too early, and the last word is not read.",
)
def last_word_not_read(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = np.where((t < lengths - 1)[:, np.newaxis], new, h)
        states[:, t] = h
    return states, h


@encode.misconception(
    "Rows without padding are right. How many steps does a row of length 1 take in your loop?",
    "The place `length` is padding already: t < length, not t <= length.",
)
def one_place_of_padding_read(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = np.where((t <= lengths)[:, np.newaxis], new, h)
        states[:, t] = h
    return states, h


@encode.misconception(
    "Rows that have a word are right. What is the state of a row that has none?",
    "lengths - 1 is -1 for an empty row, and -1 is the *last* place. The state before any word is zeros.",
)
def empty_row_from_the_end(x, lengths, params):
    zeros = np.zeros((len(x), len(params["enc_W_h"])))
    words = embedding_forward(x, params["enc_W_e"])
    h, _ = gru_forward(words, zeros, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
    final = h[np.arange(len(x)), lengths - 1]
    real = (np.arange(x.shape[1]) < lengths[:, np.newaxis])[..., np.newaxis]
    return np.where(real, h, final[:, np.newaxis]), final


@encode.misconception(
    "states is right. Which one of them has read the whole sentence?",
    "A mean of all states is another context. This one is the last real state.",
)
def mean_as_context(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = np.where((t < lengths)[:, np.newaxis], new, h)
        states[:, t] = h
    return states, states.mean(axis=1)


@encode.misconception(
    "What has your encoder read when it comes to the first word?",
    "You feed the sentence from its end. That helps, as an experiment will show, but it is not asked for here.",
)
def read_from_the_end(x, lengths, params):
    x = x.copy()
    for row, n in zip(x, lengths, strict=True):
        row[:n] = row[:n][::-1].copy()
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        h = np.where((t < lengths)[:, np.newaxis], new, h)
        states[:, t] = h
    return states, h


@encode.misconception(
    "Is the first state right? And the second? What does a step start from?",
    "Every step of yours starts from zeros, so that the state knows of one word only.",
)
def no_memory(x, lengths, params):
    h = np.zeros((len(x), len(params["enc_W_h"])))
    states = np.zeros((*x.shape, h.shape[1]))
    for t in range(x.shape[1]):
        words = params["enc_W_e"][x[:, t]]
        new, _ = gru_cell_forward(words, h, params["enc_W_x"], params["enc_W_h"], params["enc_b"])
        states[:, t] = np.where((t < lengths)[:, np.newaxis], new, states[:, t - 1] if t else 0)
    return states, states[:, -1]


@assignment.exercise(
    seq2seq.decode_teacher_forced,
    outputs="logits: B T V; h: B T H",
    points=3,
    hints=[
        "It is the encoder once more, with other weights, another first state, and an output layer on top.",
        "What does step 2 read: what step 1 said, or what it should have said?",
        "There are no lengths here: what is said on padding will be left out of the loss, not of the logits.",
    ],
    extra=[dict(E_dec=6), dict(B=7), dict(V=6)],
)
def decode_teacher_forced(draw, B=4, T=5, V=7, E_dec=3, H=6):
    tokens_in = _words(draw, _lengths(draw, B, T), T, V)
    return dict(tokens_in=tokens_in, state=draw.normal(B, H), params=_params(draw, 5, V, 2, E_dec, H))


@decode_teacher_forced.misconception(
    "Call it with another state: what changes in your logits?",
    "The decoder starts from zeros and cannot know the sentence. All that it gets to know of it is `state`.",
)
def decoder_from_zeros(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    state = np.zeros_like(state)
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "The first step is right. What does the second one read?",
    "You feed what was said. The teacher gives the right word whatever was said: that of tokens_in.",
)
def free_running(tokens_in, state, params):
    p, h, token = params, state, tokens_in[:, 0]
    logits, states = [], []
    for _ in range(tokens_in.shape[1]):
        h, _ = gru_cell_forward(p["dec_W_e"][token], h, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        logits.append(output_layer(h, p["W_y"], p["b_y"]))
        states.append(h)
        token = logits[-1].argmax(axis=1)
    return np.stack(logits, axis=1), np.stack(states, axis=1)


@decode_teacher_forced.misconception(
    "h is right. Which state do your logits of step 0 come from?",
    "They come from the state before the step. A step reads its word first, and then speaks.",
)
def logits_from_the_state_before(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    before = np.concatenate([state[:, np.newaxis], h[:, :-1]], axis=1)
    return output_layer(before, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "Which word does your step 1 read: tokens_in[:, 1], or the one before it?",
    "tokens_in has been shifted already, START and all. You shift once more.",
)
def shifted_twice(tokens_in, state, params):
    p = params
    before = np.concatenate([tokens_in[:, :1], tokens_in[:, :-1]], axis=1)
    words = embedding_forward(before, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "h is right. Can your logits be negative?",
    "You return probabilities. Logits are what softmax is given, and the loss will take care of it.",
)
def probabilities_for_logits(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    z = output_layer(h, p["W_y"], p["b_y"])
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True), h


@decode_teacher_forced.misconception(
    "Step 0 is right. Does step 2 know what stood at step 1?",
    "Every step of yours starts from the encoder's state. Only the first one does; the others go on from the last.",
)
def every_step_from_the_encoder(tokens_in, state, params):
    p, states = params, []
    for t in range(tokens_in.shape[1]):
        words = p["dec_W_e"][tokens_in[:, t]]
        h, _ = gru_cell_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        states.append(h)
    h = np.stack(states, axis=1)
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "The words are read rightly, the state is not. Whose recurrent weights do you multiply it by?",
    "dec_W_h is the decoder's. You multiply the state by the encoder's, whose shape is the same.",
)
def recurrence_of_the_encoder(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["enc_W_h"], p["dec_b"])
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "All weights but one vector are right. Which vectors of the two networks have the same shape?",
    "dec_b is the decoder's bias. You take the encoder's.",
)
def bias_of_the_encoder(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["enc_b"])
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "h is right. By what do your logits differ from the right ones, at every step?",
    "The bias of the output layer is missing.",
)
def output_bias_forgotten(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return h @ p["W_y"], h


@decode_teacher_forced.misconception(
    "Rows without a 0 are right. What happens at a 0?",
    "You freeze the state on padding, as the encoder does. Here every column is computed; the loss leaves padding out.",
)
def frozen_on_padding(tokens_in, state, params):
    p, h, states = params, state, []
    for t in range(tokens_in.shape[1]):
        words = p["dec_W_e"][tokens_in[:, t]]
        new, _ = gru_cell_forward(words, h, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        h = np.where((tokens_in[:, t] != 0)[:, np.newaxis], new, h)
        states.append(h)
    h = np.stack(states, axis=1)
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "Rows without a 0 are right. What does your decoder read at a 0?",
    "Row 0 of the table is a word's vector like any other here. You read zeros in its place.",
)
def padding_embedded_as_zeros(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    words = words * (tokens_in != 0)[..., np.newaxis]
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return output_layer(h, p["W_y"], p["b_y"]), h


@decode_teacher_forced.misconception(
    "h is right. What do your logits add to it?",
    "The output layer reads the decoder's state alone. In this model the encoder's enters once, as the first state.",
)
def context_at_every_output(tokens_in, state, params):
    p = params
    words = embedding_forward(tokens_in, p["dec_W_e"])
    h, _ = gru_forward(words, state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
    return output_layer(h + state[:, np.newaxis], p["W_y"], p["b_y"]), h


@assignment.exercise(
    seq2seq.seq2seq_loss,
    outputs="loss; dlogits: B T V",
    points=3,
    hints=[
        "Make a mask of the lengths. Then it is your cross_entropy of 02.",
        "How many words were to be said in the whole batch? Each of them weighs the same.",
        "Try lengths that are all 0, and logits of 10000.",
    ],
    extra=[dict(far=10_000), dict(far=10_000, B=1), dict(empty=1), dict(empty=4)],
)
def seq2seq_loss(draw, B=4, T=5, V=6, far=0, empty=0):
    logits = np.round(256 * draw.normal(B, T, V)) / 256  # far away, too, float32 holds these exactly
    rows = logits.reshape(-1, V)
    rows[0::3] += far
    rows[1::3] -= far
    rows[2::3, :2] += far  # and the rest of the row stays where it is
    lengths = _lengths(draw, B, T, empty)
    if empty >= B:
        lengths[:] = 0
    targets = draw.integers(min(1, V - 1), V, B, T)
    targets[(np.arange(T) >= lengths[:, np.newaxis]) & (draw.integers(0, 2, B, T) == 0)] = 0
    if far:
        lengths[0], targets[0, 2] = T, V - 1  # all the weight is on words 0 and 1
    return dict(logits=logits, targets=targets, lengths=lengths)


@seq2seq_loss.misconception(
    "Change a target on padding: does your loss change?",
    "You take the mean over padding, too, and teach the network to say it. Only the first `length` places count.",
)
def loss_over_padding(logits, targets, lengths):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    onehot = np.eye(logits.shape[-1])[targets]
    return -(onehot * log_p).sum(axis=-1).mean(), (np.exp(log_p) - onehot) / targets.size


@seq2seq_loss.misconception(
    "Append a column of padding to the batch: your loss becomes smaller. Should it?",
    "You leave padding out of the sum, but not out of the number that you divide by.",
)
def all_places_in_the_denominator(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.sum() / targets.size, dlogits / targets.size


@seq2seq_loss.misconception(
    "A sentence of one word, one of five: which word weighs more in your loss?",
    "A mean of the rows' means favours the words of short sentences. Take one mean over all real words.",
)
def mean_of_the_rows_means(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    n = np.maximum(lengths, 1)[b]
    dlogits = dlogits / np.maximum(lengths, 1)[:, np.newaxis, np.newaxis] / len(logits)
    return (losses / n).sum() / len(logits), dlogits


@seq2seq_loss.misconception(
    "Give the same sentences with a batch twice as large: your loss stays. Twice as long: does it stay, too?",
    "You divide by the number of sentences. The mean is over the words.",
)
def mean_over_sentences(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.sum() / len(logits), dlogits / len(logits)


@seq2seq_loss.misconception(
    "Give every sentence twice: should the loss double?",
    "You return a sum. The mean over all real words is asked for, and its gradient.",
)
def sum_for_mean(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.sum(), dlogits


@seq2seq_loss.misconception(
    "Your loss is right. Compare your gradient with numerical differences of it: what factor is between them?",
    "The loss is a mean, and each word's share of it is one over their number. The gradient has that share, too.",
)
def gradient_of_the_sum(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.mean(), dlogits


@seq2seq_loss.misconception(
    "Your loss is right. What is your gradient on padding?",
    "Logits on padding do not enter the loss: their gradient is exactly 0.",
)
def gradient_on_padding(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    n = real.sum()
    if n == 0:
        return 0.0, np.zeros_like(logits)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    onehot = np.eye(logits.shape[-1])[targets]
    return -(onehot * log_p)[real].sum() / n, (np.exp(log_p) - onehot) / n


@seq2seq_loss.misconception(
    "How many words of a row of length 3 does your loss look at?",
    "The last target of each row is END, and it counts like any other. You leave it out.",
)
def end_left_out(logits, targets, lengths):
    lengths = np.maximum(lengths - 1, 0)
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.mean(), dlogits / len(losses)


@seq2seq_loss.misconception(
    "How many words of a row of length 3 does your loss look at?",
    "The place `length` is padding already: the real ones are 0 to length - 1.",
)
def one_place_too_many(logits, targets, lengths):
    lengths = np.minimum(lengths + 1, logits.shape[1])
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.mean(), dlogits / len(losses)


@seq2seq_loss.misconception(
    "How do you know which places are padding?",
    "You take every target but 0 for a word. What counts is `lengths`: behind them any id may stand.",
)
def padding_by_target(logits, targets, lengths):
    real = targets != 0
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.mean(), dlogits / len(losses)


@seq2seq_loss.misconception(
    "Try logits of 10000 and of -10000. exp overflows beyond about 709, and is 0 far below zero.",
    "The same number taken from all logits of a place changes nothing. And the log of a quotient is a difference.",
)
def softmax_without_shift(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    p = np.exp(logits[real]) / np.exp(logits[real]).sum(axis=-1, keepdims=True)
    n = np.arange(len(p))
    loss = -np.log(p[n, targets[real]]).mean()
    p[n, targets[real]] -= 1
    dlogits[real] = p / len(p)
    return loss, dlogits


@seq2seq_loss.misconception(
    "Your loss can be infinite. Look for the log of a probability that has become 0.",
    "log(e^z / s) is z - log s: the probability itself, which may be too small for a float, is not needed.",
)
def log_of_a_rounded_probability(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    e = np.exp(logits[real] - logits[real].max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    n = np.arange(len(p))
    loss = -np.log(p[n, targets[real]]).mean()
    p[n, targets[real]] -= 1
    dlogits[real] = p / len(p)
    return loss, dlogits


@seq2seq_loss.misconception(
    "What are your answers if every length is 0?",
    "0 / 0 is NaN, and one NaN spoils all weights. Without a real word the loss is 0.0 and the gradient zeros.",
)
def nothing_divided_by_nothing(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    with np.errstate(invalid="ignore"):
        return -log_p[b, t, targets[b, t]].sum() / np.float64(len(b)), dlogits / np.float64(len(b))


@seq2seq_loss.misconception(
    "Two words, equally likely: your loss is 1. In which unit?",
    "You count in bits. The course counts in nats: the natural logarithm.",
)
def bits_for_nats(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    losses = -log_p[b, t, targets[b, t]]
    dlogits[real] = np.exp(log_p[real])
    dlogits[b, t, targets[b, t]] -= 1
    return losses.mean() / np.log(2), dlogits / len(losses) / np.log(2)


@seq2seq_loss.misconception(
    "Your loss is right. Your gradient is positive everywhere: should the right word's logit fall, too?",
    "The probabilities are half of the gradient. Raising the target's logit makes the loss smaller.",
)
def target_not_subtracted(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < lengths[:, np.newaxis]
    dlogits = np.zeros_like(logits)
    if not real.any():
        return 0.0, dlogits
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    b, t = np.nonzero(real)
    dlogits[real] = np.exp(log_p[real]) / len(b)
    return -log_p[b, t, targets[b, t]].mean(), dlogits


@assignment.exercise(
    seq2seq.seq2seq_backward,
    outputs="grads",
    points=6,
    hints=[
        "Write the lines of your forward one under the other, and go through them from the last to the first.",
        "gru_backward wants gates. Each of them depends on a word and on the state before it: you have all of these.",
        "The decoder's first state was the encoder's last real one. Where does dh0 of the decoder go, then?",
    ],
    extra=[dict(empty=1), dict(empty=2), dict(E=8, E_dec=8), dict(B=6), dict(V=8)],
)
def seq2seq_backward(draw, B=4, S=6, T=5, V=7, E=3, H=8, V_s=9, E_dec=2, empty=0):
    params = _params(draw, V_s, V, E, E_dec, H)
    source = _source(draw, B, S, V_s, empty)
    tokens_in = _words(draw, _lengths(draw, B, T), T, V)
    states, final = seq2seq.encode(**source, params=params)
    _, h = seq2seq.decode_teacher_forced(tokens_in, final, params)
    return dict(dlogits=draw.normal(B, T, V), **source, tokens_in=tokens_in, states=states, h=h, params=params)


@seq2seq_backward.misconception(
    "The decoder's gradients are right, the encoder's are all zero. Who could make a bad summary better?",
    "The decoder's first state is the encoder's last: its gradient crosses the bridge. You throw dh0 away.",
)
def bridge_cut(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, _, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "The decoder's gradients are right, and the encoder's of rows without padding. Where does dh0 enter the others?",
    "You put it into the last column, and carry it back through padding. It belongs to the last *real* step.",
)
def enters_at_the_last_column(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    dstates[:, -1] = dfinal
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "The decoder's gradients are right. Which place of an empty row do you hand its gradient to?",
    "lengths - 1 is -1 there, and -1 is the last place. A row without words has no step that could be changed.",
)
def empty_row_to_the_last_column(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    dstates[np.arange(len(x)), lengths - 1] = dfinal
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "The decoder's gradients are right. How many of the encoder's states does the decoder look at?",
    "The loss sees the last real state alone. The states before it get theirs through the recurrence, by gru_backward.",
)
def bridge_to_every_state(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    real = np.arange(S) < lengths[:, np.newaxis]
    dstates += dfinal[:, np.newaxis] * real[..., np.newaxis]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "The decoder's gradients are right. The gradient of which state do you hand over the bridge?",
    "You hand over that of h[:, 0]. The bridge carries the state *before* the first step: gru_backward calls it dh0.",
)
def gradient_of_the_first_state_after(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, _, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dh[row, 0]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "W_y and b_y are right. What state was before the decoder's first step?",
    "Not zeros: the bridge. It is states[:, -1], in your gates and in gru_backward.",
)
def gates_of_a_decoder_from_zeros(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], np.zeros_like(states[:, -1])
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "W_y and b_y are right. Which state have the gates of step t read: h[:, t], or the one before?",
    "A gate opens before the new state is there. Yours read h[:, t]; the first ones should read the first state.",
)
def gates_from_the_state_after(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = h
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = states
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "All but the two embeddings is right. How often does a word occur in a batch?",
    "`dW[ids] += d` adds once for each id, however often it occurs. You have a function that sums duplicates.",
)
def duplicates_lost(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = np.zeros_like(p["dec_W_e"])
    grads["dec_W_e"][tokens_in] += dwords
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = np.zeros_like(p["enc_W_e"])
    grads["enc_W_e"][x] += dwords
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "All but dec_W_e is right. Which of its rows is off?",
    "Row 0 was read like any other, since the decoder computes every column. Padding is left out by dlogits, not here.",
)
def row_0_spared(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_e"][0] = 0
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "Compare dec_b for rows with a 0 among tokens_in, and for rows without.",
    "You blank dlogits where tokens_in is 0. dlogits says all there is to say about padding, and here it is not 0.",
)
def padding_left_out(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dlogits = dlogits * (tokens_in != 0)[..., np.newaxis]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "W_y and b_y are right. With T = 1 all is right: what does an earlier word get?",
    "You hand the decoder the last step's gradient alone. Every step has spoken, and has a gradient of its own.",
)
def last_step_alone(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    dh[:, :-1] = 0
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "With T = 1 all is right. What does step 1 hand back to step 0?",
    "Each of the decoder's steps goes its own way back in yours. Through the state a later loss reaches earlier steps.",
)
def decoder_steps_alone(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, rest, dfinal = np.zeros(words.shape), [0.0, 0.0, 0.0], np.zeros(first.shape)
    for t in range(T):
        step = [a[:, t : t + 1] for a in (dh, words, h, np.stack(gates, axis=1))]
        dwords[:, t : t + 1], d, *parts = gru_backward(step[0], step[1], before[:, t], step[2], step[3], *cell)
        dfinal = d if t == 0 else dfinal
        rest = [a + part for a, part in zip(rest, parts, strict=True)]
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "With B = 1 yours is right. By what factor are you off otherwise?",
    "dlogits is the gradient of the mean already. Weights' gradients are sums over the batch.",
)
def divided_by_the_batch(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return {name: g / len(x) for name, g in grads.items()}


@seq2seq_backward.misconception(
    "All but W_y and b_y is right. How many steps has the output layer spoken at?",
    "At every one of them, with the same weights: their gradients are sums over all steps.",
)
def output_layer_of_the_last_state(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": h[:, -1].T @ dlogits[:, -1], "b_y": dlogits[:, -1].sum(axis=0)}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "All but W_y is right. Which state have the logits of step t been made from?",
    "From h[:, t], after the step. You pair them with the state before it.",
)
def output_layer_reads_the_state_before(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["W_y"] = np.einsum("bth,btv->hv", before, dlogits)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    dwords, _, *rest = gru_backward(dstates, words, first, states, np.stack(gates, axis=1), *cell)
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@seq2seq_backward.misconception(
    "The decoder's gradients are right, and so are the encoder's for S = 1. How far back do yours go?",
    "You stop after the last word. Through the recurrence the gradient reaches all words before it.",
)
def encoder_one_step(dlogits, x, lengths, tokens_in, states, h, params):
    p, S, T = params, x.shape[1], h.shape[1]
    dh = dlogits @ p["W_y"].T
    grads = {"W_y": np.einsum("bth,btv->hv", h, dlogits), "b_y": dlogits.sum(axis=(0, 1))}

    words, first = p["dec_W_e"][tokens_in], states[:, -1]
    before = np.concatenate([first[:, np.newaxis], h], axis=1)[:, :T]
    cell = p["dec_W_x"], p["dec_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["dec_b"])[1] for t in range(T)]
    dwords, dfinal, *rest = gru_backward(dh, words, first, h, np.stack(gates, axis=1), *cell)
    grads["dec_W_e"] = embedding_backward(dwords, tokens_in, len(p["dec_W_e"]))
    grads["dec_W_x"], grads["dec_W_h"], grads["dec_b"] = rest

    dstates = np.zeros_like(states)
    for row, length in enumerate(lengths):
        if length:
            dstates[row, length - 1] = dfinal[row]
    words, first = p["enc_W_e"][x], np.zeros_like(first)
    before = np.concatenate([first[:, np.newaxis], states], axis=1)[:, :S]
    cell = p["enc_W_x"], p["enc_W_h"]
    gates = [gru_cell_forward(words[:, t], before[:, t], *cell, p["enc_b"])[1] for t in range(S)]
    rows = np.flatnonzero(lengths)
    last = lengths[rows] - 1
    dwords, step = np.zeros(words.shape), [a[rows, last][:, np.newaxis] for a in (dstates, words, states)]
    gates = np.stack(gates, axis=1)[rows, last][:, np.newaxis]
    d, _, *rest = gru_backward(step[0], step[1], before[rows, last], step[2], gates, *cell)
    dwords[rows, last] = d[:, 0]
    grads["enc_W_e"] = embedding_backward(dwords, x, len(p["enc_W_e"]))
    grads["enc_W_x"], grads["enc_W_h"], grads["enc_b"] = rest
    return grads


@assignment.exercise(
    seq2seq.perplexity,
    outputs="perplexity",
    points=1,
    hints=[
        "Two equally likely words at every place: what is the loss in nats, and what should come out?",
        "What is to be averaged, the losses or the perplexities? The docstring's example tells the two apart.",
        "A loss of 1000 nats is a loss, too.",
    ],
    extra=[dict(axes=0), dict(axes=2), dict(axes=3), dict(far=1000), dict(axes=0, far=1000), dict(axes=2, far=-1)],
)
def perplexity(draw, words=6, axes=1, far=0):
    if not axes:
        return dict(loss=float(abs(draw.normal())) + far)
    return dict(loss=abs(draw.normal(*(words, 3, 2)[:axes])) + far)


@perplexity.misconception(
    "Losses of ln 4 and ln 16: their mean is ln 8. What is yours?",
    "You average the perplexities, which the rarest words dominate. Average the losses, and take exp once.",
)
def mean_of_the_exponentials(loss):
    with np.errstate(over="ignore"):
        return np.mean(np.exp(loss))


@perplexity.misconception(
    "A loss of ln 5 at every place: five words are equally likely. What is yours?",
    "The loss is in nats, so its inverse is exp. With powers of 2 the loss would have to be in bits.",
)
def power_of_two(loss):
    with np.errstate(over="ignore"):
        return np.power(2.0, np.mean(loss))


@perplexity.misconception(
    "Can a perplexity be below 1?",
    "exp(-loss) is the probability of the right word. The perplexity is one over it: the number of choices.",
)
def probability_for_perplexity(loss):
    return np.exp(-np.mean(loss))


@perplexity.misconception(
    "Is a longer text more perplexing, if every word is as hard as before?",
    "You add the losses up. Take their mean.",
)
def exponential_of_the_sum(loss):
    with np.errstate(over="ignore"):
        return np.exp(np.sum(loss))


@perplexity.misconception(
    "For a table of losses yours is too large. Try ln 4 in one row, ln 16 in the other: what should come out?",
    "You take the perplexity of each row and then their mean. There is one mean, of all losses, and one exp.",
)
def mean_of_the_rows(loss):
    loss = np.asarray(loss)
    with np.errstate(over="ignore"):
        return np.exp(loss.mean(axis=tuple(range(1, loss.ndim)))).mean()


@perplexity.misconception(
    "Is one very large loss enough to change your result?",
    "That was the median. A mean is asked for.",
)
def median_for_mean(loss):
    with np.errstate(over="ignore"):
        return np.exp(np.median(loss))


def _is_telling(tokens, lengths, end, how):
    """Do the sentences end as the case would have it, at different places, and do they say different words?"""
    B, T = tokens.shape
    ended = (tokens == end).any(axis=1)
    match how:
        case "never":
            return not ended.any() and (np.diff(tokens, axis=1) != 0).any(axis=1).all()
        case "all":
            return ended.all() and lengths.min() > 1 and len(np.unique(lengths)) > 1
        case "at once":
            return (lengths[ended] == 1).any() and (lengths > 2).any()
        case "at all":  # a single unit knows few sentences
            return ended.any() and 1 < lengths.min() < T
    if T == 1:
        return B == 1 or 0 < ended.sum() < B
    if B == 1:
        return ended.all() and 2 < lengths[0] < T and 0 not in tokens[0, : lengths[0]]
    said_0 = any(0 in row[: length - 1] for row, length in zip(tokens, lengths, strict=True))
    return said_0 and 1 < ended.sum() < B and len(np.unique(lengths[ended])) > 1 and lengths[ended].min() > 1


def _is_clear(inputs, start, tokens):
    """Is no choice of a word so close that rounding could make it?"""
    read = np.concatenate([np.full((len(tokens), 1), start), tokens[:, :-1]], axis=1)
    logits, _ = seq2seq.decode_teacher_forced(read, **inputs)
    best, second = np.sort(logits, axis=-1)[..., -1], np.sort(logits, axis=-1)[..., -2]
    return (best - second).min() > 1e-2


@assignment.exercise(
    seq2seq.greedy_decode,
    outputs="tokens: B T; lengths: B",
    points=4,
    uses=[decode_teacher_forced],
    hints=[
        "One step: look the last word up, one step of the GRU, logits, argmax. What does the next step start with?",
        "Go through a row that says END at once: what are its tokens, and what is its length?",
        "A row that has ended waits for the others. What may stand behind its END?",
    ],
    extra=[dict(max_length=1), dict(how="at once"), dict(how="never"), dict(how="all", B=3), dict(B=7, E_dec=8)],
)
def greedy_decode(draw, B=6, H=8, E_dec=5, words=7, max_length=7, how=""):
    while True:
        params = _decoder(draw, words, E_dec, H)
        params |= dict(dec_W_e=3 * params["dec_W_e"], W_y=3 * params["W_y"])  # what is read changes what is said
        inputs = dict(state=draw.normal(B, H), params=_encoder(draw, 4, 3, H) | params)
        start, *others = draw.rng.permutation(words).tolist()
        for end in others:
            tokens, lengths = seq2seq.greedy_decode(**inputs, start=start, end=end, max_length=max_length)
            if _is_telling(tokens, lengths, end, "at all" if H == 1 else how) and _is_clear(inputs, start, tokens):
                return dict(**inputs, start=start, end=end, max_length=max_length)


@greedy_decode.misconception(
    "lengths is right. What do your tokens hold behind END?",
    "A row goes on talking while it waits for the others. Behind END there is 0.",
)
def tokens_after_end_kept(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[:, t] = word
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "What is the first word of every sentence of yours?",
    "START is what the decoder reads, not what it says: the tokens begin with the first word said.",
)
def start_among_the_tokens(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    tokens = np.concatenate([np.full((B, 1), start), tokens[:, :-1]], axis=1)
    return tokens, lengths


@greedy_decode.misconception(
    "Compare your tokens with the docstring's: how does a sentence end that has come to its end?",
    "END is one of the tokens, and counts. You leave it out.",
)
def end_not_among_the_tokens(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return np.where(tokens == end, 0, tokens), lengths - (tokens == end).any(axis=1)


@greedy_decode.misconception(
    "Your tokens are right. How long is a sentence that says END at once?",
    "END counts, as it does in the loss: the length is 1.",
)
def length_without_end(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "The first word is right. What does the second step read?",
    "Every step of yours reads START. From the second on it is the word that was said before.",
)
def start_read_at_every_step(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][np.full(B, start)], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "The first word is right. What does the second step remember?",
    "Every step starts from the encoder's state: the new state has to be kept for the next step.",
)
def state_not_carried(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        new, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(new, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "Which state is your first word said from?",
    "It comes from the encoder's state itself, before START was read. A step reads, and then speaks.",
)
def spoken_before_reading(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        old, (state, _) = state, gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(old, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "Take the rows one at a time: are your sentences longer then?",
    "The first row that ends silences all others. Each row has an end of its own.",
)
def stops_with_the_first(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        if (word == end).any():
            lengths = np.where(word == end, t + 1, t + 1)
            break
    return tokens, lengths


@greedy_decode.misconception(
    "Your sentences end too early where a network says 0. Has anybody said that it may not?",
    "Only END ends a sentence. 0 is a word like any other for argmax, even if a trained network will hardly say it.",
)
def padding_ends_a_sentence(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & ((word == end) | (word == 0))] = t + 1
        ended |= (word == end) | (word == 0)
    return tokens, lengths


@greedy_decode.misconception(
    "Compare your first word with the logits that it came from.",
    "argmin finds the least likely word. The likeliest is asked for.",
)
def least_likely_word(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmin(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "Rows that end are right. Has a row that is cut off said END?",
    "You write END into the last column. A sentence that did not end has none, and that is how one can tell.",
)
def end_forced(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    tokens[~ended, -1] = end
    return tokens, lengths


@greedy_decode.misconception(
    "Your tokens are right. What is the length of a row that never ended?",
    "All its max_length words are real: the length is max_length.",
)
def length_0_without_end(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.zeros(B, np.int64)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "Call it with another state: what changes?",
    "Nothing of the sentence has reached your decoder: it starts from `state`, not from zeros.",
)
def sentence_never_heard(state, params, start, end, max_length):
    p, B = params, len(state)
    state = np.zeros_like(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "What does your decoder read first?",
    "Not 0: START is an argument.",
)
def padding_read_first(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.zeros(B, np.int64), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "Rows that end early are right. How many words can a sentence of yours have at most?",
    "max_length words may be said, START not counted among them. Your loop makes one step too few.",
)
def one_word_too_few(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length - 1):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[~ended, t] = word[~ended]
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths


@greedy_decode.misconception(
    "lengths is right. What do your tokens hold behind END?",
    "You fill the rest of the row with END. It stands there once, and behind it there is 0.",
)
def end_stands_behind_itself(state, params, start, end, max_length):
    p, B = params, len(state)
    tokens, lengths = np.zeros((B, max_length), np.int64), np.full(B, max_length)
    word, ended = np.full(B, start), np.zeros(B, bool)
    for t in range(max_length):
        state, _ = gru_cell_forward(p["dec_W_e"][word], state, p["dec_W_x"], p["dec_W_h"], p["dec_b"])
        word = output_layer(state, p["W_y"], p["b_y"]).argmax(axis=1)
        tokens[:, t] = np.where(ended, end, word)
        lengths[~ended & (word == end)] = t + 1
        ended |= word == end
    return tokens, lengths
