"""01-rnn, the recurrent cell: what each function is asked, what it is worth, and how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from reference import rnn

assignment = Assignment("01-rnn")


@assignment.exercise(
    rnn.rnn_cell_forward,
    outputs="h: B H",
    points=3,
    hints=[
        "Write the shapes under the equation: which products have shape (B, H)?",
        "Print the terms one by one on the docstring's toy values, and compare each with your sum on paper.",
        "Whatever has a say in the new state is added up first; the squashing comes last, once, over the whole sum.",
    ],
)
def rnn_cell_forward(draw, B=3, D=4, H=5):
    return dict(
        x=draw.normal(B, D),
        h_prev=draw.normal(B, H),
        W_x=draw.weights(D, H),
        W_h=draw.weights(H, H),
        b=draw.normal(H),
    )


@rnn_cell_forward.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "With x and h_prev at zero, should every unit really rest at 0? Something in the equation can shift it.",
)
def bias_dropped(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h)


@rnn_cell_forward.misconception(
    "A state lies between -1 and 1. Do all of yours?",
    "The bias moves the sum before it is squashed. Where does your closing bracket stand?",
)
def bias_after_tanh(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h) + b


@rnn_cell_forward.misconception(
    "Your bias has twice its weight.",
    "PyTorch's cell has two biases, one for the input and one for the state. The course's has one: add it once.",
)
def bias_twice(x, h_prev, W_x, W_h, b):
    from_input = x @ W_x + b
    from_state = h_prev @ W_h + b
    return np.tanh(from_input + from_state)


@rnn_cell_forward.misconception(
    "A state lies between -1 and 1. Do all of yours?",
    "Look at your brackets: only one of the terms goes through the tanh.",
)
def bracket_closed_early(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x) + h_prev @ W_h + b


@rnn_cell_forward.misconception(
    "A state lies between -1 and 1. Do all of yours?",
    "The sum is right; one step is still missing after it.",
)
def no_tanh(x, h_prev, W_x, W_h, b):
    return x @ W_x + h_prev @ W_h + b


@rnn_cell_forward.misconception(
    "Every state you return is positive. Should a unit not be able to say no?",
    "The sum is right, the squashing is another: a sigmoid ends at 0 and 1. Which function ends at -1 and 1?",
)
def sigmoid_for_tanh(x, h_prev, W_x, W_h, b):
    return 1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))


@rnn_cell_forward.misconception(
    "Change h_prev and call your cell again: the answer stays the same.",
    "Without the old state this is an ordinary dense layer. The memory has a term of its own in the sum.",
)
def no_memory(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + b)


@rnn_cell_forward.misconception(
    "The part with the old state is off. With H = 1 yours is right; what is special about a 1 by 1 matrix?",
    "W_h is square, so its transpose fits as well. The course's states are rows: W_h is multiplied as it is given.",
)
def state_weights_transposed(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h.T + b)


@rnn_cell_forward.misconception(
    "Your products fit only where D = H. Write the shapes under them.",
    "Which weights read the input, and which read the state? The letter after the W says it.",
)
def weights_swapped(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_h + h_prev @ W_x + b)


@assignment.exercise(
    rnn.rnn_forward,
    outputs="h: B T H",
    points=4,
    uses=[rnn_cell_forward],
    hints=[
        "You have the cell already: this function is a loop around it, and the weights stay the same.",
        "Two questions for every step: which column of x does it read, and which state does it start from?",
        "Follow the docstring's toy sequence with a pencil, and print t and the state in every round of your loop.",
    ],
)
def rnn_forward(draw, B=3, T=4, D=2, H=5):
    return dict(
        x=draw.normal(B, T, D),
        h0=draw.normal(B, H),
        W_x=draw.weights(D, H),
        W_h=draw.weights(H, H),
        b=draw.normal(H),
    )


@rnn_forward.misconception(
    "Look at step 0 alone: which state does it start from?",
    "The state before the first step is given, and it need not be zero. And mind t - 1 at t = 0: "
    "index -1 is the last column, which nobody has filled yet.",
)
def zeros_for_h0(x, h0, W_x, W_h, b):
    h = np.zeros((x.shape[0], x.shape[1], W_h.shape[0]))
    for t in range(x.shape[1]):
        h[:, t] = rnn_cell_forward(x[:, t], h[:, t - 1], W_x, W_h, b)
    return h


@rnn_forward.misconception(
    "Step 0 is right, and from step 1 on nothing is. What does step 1 know about step 0?",
    "Each of your steps starts afresh from h0. The memory of a network is that a step starts where the last one ended.",
)
def every_step_from_h0(x, h0, W_x, W_h, b):
    states = []
    for t in range(x.shape[1]):
        states.append(rnn_cell_forward(x[:, t], h0, W_x, W_h, b))
    return np.stack(states, axis=1)


@rnn_forward.misconception(
    "Print which column of x each of your steps reads.",
    "The state at step t has already seen the input of step t. At t = 0, index t - 1 is the last column.",
)
def input_one_step_late(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t - 1], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@rnn_forward.misconception(
    "Compare your column 0 with h0.",
    "h[:, t] is the state after step t. You store the state first and take the step then.",
)
def state_before_the_step(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for t in range(x.shape[1]):
        states.append(h)
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
    return np.stack(states, axis=1)


@rnn_forward.misconception(
    "Compare your column 0 with h0. And does your network ever read the first input?",
    "T inputs make T steps. h0 is where the first one starts, and is itself none of the states you return.",
)
def first_step_skipped(x, h0, W_x, W_h, b):
    h = np.zeros((x.shape[0], x.shape[1], W_h.shape[0]))
    h[:, 0] = h0
    for t in range(1, x.shape[1]):
        h[:, t] = rnn_cell_forward(x[:, t], h[:, t - 1], W_x, W_h, b)
    return h


@rnn_forward.misconception(
    "All your steps look the same. Is that likely?",
    "A list that holds one array T times holds one array. Overwriting it changes every entry: store a copy.",
)
def one_buffer(x, h0, W_x, W_h, b):
    states = []
    h = np.array(h0)
    for t in range(x.shape[1]):
        h[:] = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1)


@rnn_forward.misconception(
    "Your last column has seen one input, your first has seen them all.",
    "Time runs from step 0 to step T - 1: the direction of your loop is the other one.",
)
def time_reversed(x, h0, W_x, W_h, b):
    h = np.zeros((x.shape[0], x.shape[1], W_h.shape[0]))
    h_t = h0
    for t in reversed(range(x.shape[1])):
        h_t = rnn_cell_forward(x[:, t], h_t, W_x, W_h, b)
        h[:, t] = h_t
    return h


@rnn_forward.misconception(
    "The numbers are right, but they stand along the wrong axes.",
    "The course is batch-major, (B, T, H); a list of states turned into an array has time first.",
)
def time_axis_first(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.array(states)


@rnn_forward.misconception(
    "Right shape, right numbers, wrong places. Try B = 2, T = 3 and look where each state ends up.",
    "reshape reads the numbers in the order in which they lie; it does not swap axes. Which function does?",
)
def reshape_for_transpose(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.array(states).reshape(x.shape[0], x.shape[1], W_h.shape[0])


@rnn_forward.misconception(
    "What is the shape of one entry when you loop over x itself?",
    "The first axis of x is the batch. Step t is a column: all sequences of the batch at one time.",
)
def batch_walked_as_time(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for x_t in x:
        h = np.tanh(x_t @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


@rnn_forward.misconception(
    "Your numbers are right, but most of them are missing.",
    "Every step's state is asked for, (B, T, H), not the last one alone. Where could the loop keep them?",
)
def last_state_only(x, h0, W_x, W_h, b):
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b)
    return h


@assignment.exercise(
    rnn.output_layer,
    outputs="y: B T O",
    points=2,
    hints=[
        "No loop is needed: one product and one sum.",
        "`@` multiplies along the last axis of its left side, however many axes stand before it.",
    ],
    extra=[dict(T=None), dict(B=None, T=None), dict(O=5)],
)
def output_layer(draw, B=3, T=4, H=5, O=2):
    leading = [size for size in (B, T) if size is not None]
    return dict(h=draw.normal(*leading, H), W_y=draw.weights(H, O), b_y=draw.normal(O))


@output_layer.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "With h at zero, the output need not be zero.",
)
def output_bias_dropped(h, W_y, b_y):
    return h @ W_y


@output_layer.misconception(
    "Your product fits only where O = H. Write the shapes under it.",
    "Textbooks whose states are columns turn the matrix around. Here states are rows, and W_y is (H, O) as it stands.",
)
def output_weights_transposed(h, W_y, b_y):
    return h @ W_y.T + b_y


@output_layer.misconception(
    "Your outputs never leave -1 to 1. Could they predict a temperature?",
    "The squashing belongs to the cell. The output layer is linear.",
)
def output_squashed(h, W_y, b_y):
    return np.tanh(h @ W_y + b_y)


@output_layer.misconception(
    "Your rows sum to 1: these are probabilities.",
    "Outputs are logits in this course; whoever needs probabilities calls softmax on them later.",
)
def probabilities_for_logits(h, W_y, b_y):
    y = h @ W_y + b_y
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@output_layer.misconception(
    "Compare the axes of your answer with those of h: only the last one should change.",
    "You flatten the leading axes, and leave them flat.",
)
def left_flat(h, W_y, b_y):
    return h.reshape(-1, W_y.shape[0]) @ W_y + b_y


@output_layer.misconception(
    "With all the states given, (B, T, H), how many steps should have an output?",
    "This layer does not choose: every state it is given, it turns into an output.",
)
def one_step_picked(h, W_y, b_y):
    if h.ndim == 3:
        h = h[:, -1]
    return h @ W_y + b_y


@assignment.exercise(
    rnn.softmax,
    outputs="y: B T V",
    points=3,
    hints=[
        "Two things to check in every row: nothing is negative, and the sum is 1.",
        "Try a row of scores near 10000, one near -10000, and one with both. exp overflows beyond about 709.",
        "The same number taken from every score of a row changes nothing. Which one makes exp safe for that row?",
    ],
    extra=[
        dict(T=None),
        dict(B=None, T=None),
        dict(T=None, B=5),
        dict(far=10_000),
        dict(far=10_000, T=None),
        dict(far=10_000, B=1),
    ],
)
def softmax(draw, B=3, T=4, V=5, far=0):
    leading = [size for size in (B, T) if size is not None]
    z = np.round(256 * draw.normal(*leading, V)) / 256  # far away, too, float32 holds these exactly
    rows = z.reshape(-1, V)
    rows[0::3] += far
    rows[1::3] -= far
    rows[2::3, :2] += far  # and the rest of the row stays where it is
    return dict(z=z)


@softmax.misconception(
    "Print softmax(np.array([10000.0, 10001.0])).",
    "exp overflows beyond about 709, and inf / inf is NaN; far below zero it is 0 / 0.",
    "The same number taken from every score of a row changes nothing. Which one makes exp safe for that row?",
)
def no_shift(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@softmax.misconception(
    "Print softmax(np.array([[10000.0, 10001.0], [0.0, 1.0]])): what has the first row to do with the second?",
    "Your maximum is that of the whole array. A row far below it vanishes: all its exps are 0, and so is their sum.",
)
def whole_array_shift(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


@softmax.misconception(
    "Print softmax(np.array([0.0, 10000.0])).",
    "The mean makes the scores smaller, but the largest may still lie thousands above it. What must never be exceeded?",
)
def mean_for_max(z):
    e = np.exp(z - z.mean(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@softmax.misconception(
    "Which sums of your answer are 1: those of the rows, or those of the columns?",
    "The scores that compete stand along the last axis.",
)
def first_axis(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


@softmax.misconception(
    "Right for a matrix, wrong for (B, T, V). Which axis is number 1 there?",
    "Count axes from the end, and the same code serves any number of leading axes.",
)
def second_axis(z):
    axis = 1 if z.ndim > 1 else 0
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@softmax.misconception(
    "Sum one row of your answer. Then sum all of it.",
    "Each row is a distribution of its own: divide by the row's sum, not by the sum of everything.",
)
def over_everything(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum()


@softmax.misconception(
    "The row sums have lost an axis. Where does broadcasting put the missing one?",
    "numpy lines shapes up from the right, so that each *column* gets divided. Keep the summed axis, with size 1.",
)
def lost_axis(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


@softmax.misconception(
    "Print softmax(np.array([10000.0, 10001.0])) and softmax(np.array([0.0, 1.0])): they should be equal.",
    "Clipping makes different scores equal. Moving the whole row keeps their distances.",
)
def clipped(z):
    e = np.exp(np.clip(z, -500, 500))
    return e / e.sum(axis=-1, keepdims=True)


@softmax.misconception(
    "Try z and 2 * z: the second should be surer of itself than the first.",
    "Dividing by the maximum changes the distances between scores. Which operation leaves them alone?",
)
def divided_by_max(z):
    e = np.exp(z / z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@softmax.misconception(
    "Sum your rows: some sum to 0, although every row should sum to 1.",
    "A NaN that is replaced is hidden, not mended. It comes from exp: what could make the scores safe before it?",
)
def nan_replaced(z):
    e = np.exp(z)
    return np.nan_to_num(e / e.sum(axis=-1, keepdims=True))


@assignment.exercise(
    rnn.many_to_one,
    outputs="y: B O",
    points=2,
    uses=[rnn_cell_forward, rnn_forward, output_layer, softmax],
    hints=[
        "Both parts exist already: you have written a function for the states, and one for the output.",
        "Which one of the T states has seen the whole sequence?",
    ],
)
def many_to_one(draw, B=3, T=4, D=2, H=6, O=5):
    return dict(x=draw.normal(B, T, D), h0=draw.normal(B, H), params=_params(draw, D, H, O))


def _params(draw, D, H, O):
    return dict(
        W_x=draw.weights(D, H), W_h=draw.weights(H, H), b=draw.normal(H), W_y=draw.weights(H, O), b_y=draw.normal(O)
    )


@many_to_one.misconception(
    "Right for T = 1, and for nothing longer. How many states have a say in your output?",
    "An average of all states is a fair idea, but another network: here the last state alone speaks for the sequence.",
)
def averaged(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h.mean(axis=1), params["W_y"], params["b_y"])


@many_to_one.misconception(
    "Right for T = 1, and for nothing longer. How many steps have a say in your output?",
    "You add up the outputs of all steps. One of them has seen everything, and is the answer.",
)
def outputs_summed(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"]).sum(axis=1)


@many_to_one.misconception(
    "Change the last input of a sequence: your output stays the same.",
    "You read the first state, which has seen one input. Which one has seen them all?",
)
def first_state(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, 0], params["W_y"], params["b_y"])


@many_to_one.misconception(
    "Change the first input of a sequence: your output stays the same.",
    "You let the last input meet h0, as if nothing had been in between. The earlier steps have to be taken, too.",
)
def last_input_alone(x, h0, params):
    h = rnn_cell_forward(x[:, -1], h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


@many_to_one.misconception(
    "What is the shape of h[-1]?",
    "The first axis is the batch: index -1 there is the last sequence with all its steps, not the last step.",
)
def last_sequence(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[-1], params["W_y"], params["b_y"])


@many_to_one.misconception(
    "You return an output for every step. Many in, *one* out.",
    "Every output is right, and only one is asked for: the one that has seen the whole sequence.",
)
def every_output(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


@many_to_one.misconception(
    "Change h0: your output stays the same.",
    "The state before the first step is given, and it need not be zero.",
)
def one_from_zeros(x, h0, params):
    h = rnn_forward(x, np.zeros_like(h0), params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"])


@many_to_one.misconception(
    "Your rows sum to 1: these are probabilities.",
    "Outputs are logits in this course; whoever needs probabilities calls softmax on them later.",
)
def one_probability(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return softmax(output_layer(h[:, -1], params["W_y"], params["b_y"]))


@assignment.exercise(
    rnn.many_to_many,
    outputs="y: B T O",
    points=2,
    uses=[rnn_cell_forward, rnn_forward, output_layer, softmax],
    hints=[
        "Both parts exist already: you have written a function for the states, and one for the output.",
        "What did output_layer say about leading axes?",
    ],
)
def many_to_many(draw, B=3, T=4, D=2, H=6, O=5):
    return dict(x=draw.normal(B, T, D), h0=draw.normal(B, H), params=_params(draw, D, H, O))


@many_to_many.misconception(
    "Change the last input of a sequence: no output of yours changes.",
    "The output at step t comes from the state after step t. Yours comes from the state before.",
)
def output_one_step_late(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    before = np.concatenate([h0[:, np.newaxis], h[:, :-1]], axis=1)
    return output_layer(before, params["W_y"], params["b_y"])


@many_to_many.misconception(
    "Change the first input of a sequence: only your first output changes.",
    "Your steps do not know of each other: each starts from h0. What carries the memory from step to step?",
)
def steps_alone(x, h0, params):
    outputs = []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h0, params["W_x"], params["W_h"], params["b"])
        outputs.append(output_layer(h, params["W_y"], params["b_y"]))
    return np.stack(outputs, axis=1)


@many_to_many.misconception(
    "All your steps have the same output, as if step 0 knew what comes later.",
    "You repeat the last state's output. Every step has a state of its own to speak from.",
)
def last_output_repeated(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    y = output_layer(h[:, -1], params["W_y"], params["b_y"])
    return np.repeat(y[:, np.newaxis], x.shape[1], axis=1)


@many_to_many.misconception(
    "You return one output for each sequence. Many in, *many* out.",
    "The one you return is right, and the other steps' are missing: every state gets its output.",
)
def last_output_only(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h[:, -1], params["W_y"], params["b_y"])


@many_to_many.misconception(
    "The numbers are right, but they stand along the wrong axes.",
    "The course is batch-major, (B, T, O); a list of outputs turned into an array has time first.",
)
def outputs_time_first(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    outputs = []
    for t in range(x.shape[1]):
        outputs.append(output_layer(h[:, t], params["W_y"], params["b_y"]))
    return np.array(outputs)


@many_to_many.misconception(
    "Right shape, right numbers, wrong places. Try B = 2, T = 3 and look where each output ends up.",
    "reshape reads the numbers in the order in which they lie; it does not swap axes. Which function does?",
)
def outputs_reshaped(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    outputs = []
    for t in range(x.shape[1]):
        outputs.append(output_layer(h[:, t], params["W_y"], params["b_y"]))
    return np.array(outputs).reshape(x.shape[0], x.shape[1], -1)


@many_to_many.misconception(
    "Change h0: your outputs stay the same.",
    "The state before the first step is given, and it need not be zero.",
)
def many_from_zeros(x, h0, params):
    h = rnn_forward(x, np.zeros_like(h0), params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


@many_to_many.misconception(
    "Your rows sum to 1: these are probabilities.",
    "Outputs are logits in this course; whoever needs probabilities calls softmax on them later.",
)
def many_probabilities(x, h0, params):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return softmax(output_layer(h, params["W_y"], params["b_y"]))


@assignment.exercise(
    rnn.one_to_many,
    outputs="y: B T O",
    points=4,
    uses=[rnn_cell_forward, rnn_forward, output_layer, softmax],
    hints=[
        "Two things travel from one step to the next. Which two?",
        "In every round: take a step, ask the output layer, keep the output. What does the next round read?",
        "Follow the docstring's toy values with a pencil for two rounds, and print what your loop reads and writes.",
    ],
)
def one_to_many(draw, B=3, T=4, D=2, H=5):
    return dict(x0=draw.normal(B, D), h0=draw.normal(B, H), params=_params(draw, D, H, D), steps=T)


@one_to_many.misconception(
    "Your step 1 fits only where D = H. What has D numbers, and what has H?",
    "You feed the state back as the input. The network should listen to what it *said*, not to what it thought.",
)
def state_fed_back(x0, h0, params, steps):
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        outputs.append(output_layer(h, params["W_y"], params["b_y"]))
        x = h
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Step 0 is right, step 1 is not. Print what step 1 reads.",
    "Only the first step reads x0. After that the network listens to itself.",
)
def x0_every_step(x0, h0, params, steps):
    h = h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x0, h, params["W_x"], params["W_h"], params["b"])
        outputs.append(output_layer(h, params["W_y"], params["b_y"]))
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Step 0 is right, step 1 is not. Print what step 1 reads.",
    "After the first step your network hears silence. Whom else could it listen to?",
)
def silence_after_x0(x0, h0, params, steps):
    x = np.zeros((x0.shape[0], steps, x0.shape[1]))
    x[:, 0] = x0
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    return output_layer(h, params["W_y"], params["b_y"])


@one_to_many.misconception(
    "Step 0 is right, step 1 is not. Which state does step 1 start from?",
    "The output goes back in, but the state is lost: each of your steps starts from h0.",
)
def state_lost(x0, h0, params, steps):
    x = x0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h0, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(x)
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Change x0: your first output stays the same.",
    "You ask for an output before the first step is taken. Who should go first in your loop?",
)
def output_before_the_step(x0, h0, params, steps):
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        y = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(y)
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = y
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Compare your first output with x0.",
    "You list what each step reads. What each step says is asked for: x0 is not among it.",
)
def x0_among_the_outputs(x0, h0, params, steps):
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        outputs.append(x)
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Step 0 is right, step 1 is not. Print what step 1 reads: does it sum to 1?",
    "The output goes back in as it is, as logits.",
)
def probabilities_fed_back(x0, h0, params, steps):
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        y = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(y)
        x = softmax(y)
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "Change h0: your outputs stay the same.",
    "The state before the first step is given, and it need not be zero.",
)
def speech_from_zeros(x0, h0, params, steps):
    x, h = x0, np.zeros_like(h0)
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(x)
    return np.stack(outputs, axis=1)


@one_to_many.misconception(
    "The numbers are right, but they stand along the wrong axes.",
    "The course is batch-major, (B, steps, O); a list of outputs turned into an array has the steps first.",
)
def steps_first(x0, h0, params, steps):
    x, h = x0, h0
    outputs = []
    for _ in range(steps):
        h = rnn_cell_forward(x, h, params["W_x"], params["W_h"], params["b"])
        x = output_layer(h, params["W_y"], params["b_y"])
        outputs.append(x)
    return np.array(outputs)
