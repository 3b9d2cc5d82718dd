"""06-lstm, long short-term memory: what each function is asked, what it is worth, and how people get it wrong.

Backward functions are handed the right results of the forward, so that a wrong forward costs its own points only.
"""

import numpy as np

from grader.exercise import Assignment
from reference import lstm

assignment = Assignment("06-lstm")


def _weights(draw, D, H):
    return dict(W_x=draw.weights(D, 4 * H), W_h=draw.weights(H, 4 * H), b=draw.normal(4 * H))


@assignment.exercise(
    lstm.lstm_gates,
    outputs="gates: B 4H",
    points=3,
    hints=[
        "One sum of two products and a bias gives all four blocks at once, (B, 4H). What is left is squashing.",
        "Three of the blocks say how much, one says what. Which columns are the one's?",
        "Print the four blocks before and after they are squashed, on the docstring's toy values.",
    ],
)
def lstm_gates(draw, B=3, D=4, H=5):
    return dict(x=draw.normal(B, D), h_prev=draw.normal(B, H), **_weights(draw, D, H))


@lstm_gates.misconception(
    "Your candidate is never negative. What could then ever make the cell state smaller?",
    "Some lecture notes print a sigmoid here. The candidate is no gate: it says what is written, with its sign.",
)
def sigmoid_candidate(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    return 1 / (1 + np.exp(-a))


@lstm_gates.misconception(
    "A gate says how much passes, between nothing and all. Some of yours are negative.",
    "One block of the four goes through tanh; the gates proper need a function that ends at 0 and 1.",
)
def tanh_everywhere(x, h_prev, W_x, W_h, b):
    return np.tanh(x @ W_x + h_prev @ W_h + b)


@lstm_gates.misconception(
    "Some of your gates are larger than 1: more than everything passes.",
    "The sums are right, and still to be squashed, each block with its own function.",
)
def not_squashed(x, h_prev, W_x, W_h, b):
    return x @ W_x + h_prev @ W_h + b


@lstm_gates.misconception(
    "Where your sum is large, your gate is shut.",
    "Print your sigmoid at -5, 0 and 5. It should rise.",
)
def sigmoid_falls(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Your gates are 0 or 1 and nothing between. What would be their derivative?",
    "'The gate outputs 0 or 1' is a figure of speech. A gate takes every value between, and neither end.",
)
def gates_all_or_nothing(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = np.round(1 / (1 + np.exp(-a)))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Near 0 your gates are almost right, and further out they have corners.",
    "Old Keras had a 'hard sigmoid' of three straight pieces. The gates here are smooth everywhere.",
)
def hard_sigmoid(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = np.clip(0.2 * a + 0.5, 0, 1)
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Two of your blocks are right. Through which function does each of the others go?",
    "You look for the candidate in the last block, where d2l's text and Stanford's CS231n have it (i, f, o, g).",
)
def candidate_last(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, 3 * H :] = np.tanh(a[:, 3 * H :])
    return gates


@lstm_gates.misconception(
    "Two of your blocks are right. Through which function does each of the others go?",
    "You look for the candidate in the second block, where TensorFlow 1 and Haiku have it (i, g, f, o).",
)
def candidate_second(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, H : 2 * H] = np.tanh(a[:, H : 2 * H])
    return gates


@lstm_gates.misconception(
    "Two of your blocks are right. Through which function does each of the others go?",
    "You look for the candidate in the first block, where Greff (2017) and Chainer have it (g, i, f, o).",
)
def candidate_first(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, :H] = np.tanh(a[:, :H])
    return gates


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You have the forget gate before the input gate, as Olah (2015) tells the story: f, i, g, o.",
)
def stacked_f_i_g_o(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    f, i, g, o = 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-i)), np.tanh(g), 1 / (1 + np.exp(-o))
    return np.concatenate([f, i, g, o], axis=1)


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You return the three gates first and the candidate last: i, f, o, g.",
)
def stacked_i_f_o_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([i, f, o, g], axis=1)


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You return f, i, o, g, the order of Wikipedia's equations.",
)
def stacked_f_i_o_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    f, i, o, g = 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([f, i, o, g], axis=1)


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You return i, o, f, g, the order of ONNX.",
)
def stacked_i_o_f_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, o, f, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-o)), 1 / (1 + np.exp(-f)), np.tanh(g)
    return np.concatenate([i, o, f, g], axis=1)


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You return i, g, f, o, the order of TensorFlow 1 and Haiku.",
)
def stacked_i_g_f_o(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, g, f, o = 1 / (1 + np.exp(-i)), np.tanh(g), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o))
    return np.concatenate([i, g, f, o], axis=1)


@lstm_gates.misconception(
    "Each of your numbers is one of the right ones. In which order do the four blocks stand?",
    "You return the candidate first, g, i, f, o, the order of Greff (2017).",
)
def stacked_g_i_f_o(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    g, i, f, o = np.tanh(g), 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o))
    return np.concatenate([g, i, f, o], axis=1)


@lstm_gates.misconception(
    "Your first two blocks are right. Which columns of the weights do you take for g, and which for o?",
    "You take the weights to be stacked as i, f, o, g, and return the gates in another order than that.",
)
def weights_read_as_i_f_o_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, o, g = np.split(a, 4, axis=1)
    i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([i, f, g, o], axis=1)


@lstm_gates.misconception(
    "None of your blocks is right. Which columns of the weights do you take for which gate?",
    "You take the weights to be stacked as f, i, o, g, and return the gates in another order than that.",
)
def weights_read_as_f_i_o_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    f, i, o, g = np.split(a, 4, axis=1)
    i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([i, f, g, o], axis=1)


@lstm_gates.misconception(
    "Your first block is right. Which columns of the weights do you take for the others?",
    "You take the weights to be stacked as i, o, f, g (ONNX's order), and return the gates in another order than that.",
)
def weights_read_as_i_o_f_g(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, o, f, g = np.split(a, 4, axis=1)
    i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([i, f, g, o], axis=1)


@lstm_gates.misconception(
    "Your first and last blocks are right. Which columns of the weights do you take for f, and which for g?",
    "You take the weights to be stacked as i, g, f, o (TensorFlow 1), and return the gates in another order than that.",
)
def weights_read_as_i_g_f_o(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, g, f, o = np.split(a, 4, axis=1)
    i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
    return np.concatenate([i, f, g, o], axis=1)


@lstm_gates.misconception(
    "With H = 1 yours is right. Which columns belong to the candidate if H = 2?",
    "You take every fourth column (Chainer interleaves so). Here each gate has H columns side by side.",
)
def interleaved(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2::4] = np.tanh(a[:, 2::4])
    return gates


@lstm_gates.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "With x and h_prev at zero, should every gate really be half open? Something in the equation can shift it.",
)
def no_bias(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Your input gate is right, and the other blocks are shifted.",
    "Each gate has a bias of its own; a forget gate often starts at 1 where the others start at 0. Print b.shape.",
)
def one_bias_for_all_gates(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + h_prev @ W_h + np.tile(b[:H], 4)
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Your bias has twice its weight.",
    "PyTorch's cell has two biases, one for the input and one for the state. The course's has one: add it once.",
)
def two_biases(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    from_input = x @ W_x + b
    from_state = h_prev @ W_h + b
    gates = 1 / (1 + np.exp(-from_input - from_state))
    gates[:, 2 * H : 3 * H] = np.tanh((from_input + from_state)[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Change h_prev and call your function again: the answer stays the same.",
    "Your gates decide by the input alone. They listen to the last output as well.",
)
def gates_deaf_to_the_state(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "Your products fit only where D = H. Write the shapes under them.",
    "Which weights read the input, and which read the last output? The letter after the W says it.",
)
def weights_swapped(x, h_prev, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_h + h_prev @ W_x + b
    gates = 1 / (1 + np.exp(-a))
    gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
    return gates


@lstm_gates.misconception(
    "The numbers are right, the shape is not: (B, 4H) is asked for.",
    "Which axis does np.concatenate lengthen if it is not told?",
)
def stacked_along_the_batch(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    return np.concatenate([i, f, g, o])


@lstm_gates.misconception(
    "You return four arrays; one is asked for, (B, 4H).",
    "The four stand side by side along the last axis, which becomes four times as long.",
)
def four_arrays(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(a, 4, axis=1)
    i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    return i, f, g, o


@assignment.exercise(
    lstm.lstm_cell_forward,
    outputs="h: B H; c: B H; gates: B 4H",
    points=3,
    uses=[lstm_gates],
    hints=[
        "You have the gates already. Two lines are left, and everything in them is taken element by element.",
        "What is kept of the old cell state, and what is written to it? Then: what of it is shown?",
        "Take the four blocks apart, print each, and follow the docstring's toy values with a pencil.",
    ],
)
def lstm_cell_forward(draw, B=3, D=4, H=5):
    return dict(x=draw.normal(B, D), h_prev=draw.normal(B, H), c_prev=draw.normal(B, H), **_weights(draw, D, H))


# Four names for four blocks make 24 orders. c holds i and g as a product, so that those two may change places: the
# orders fall into 12 pairs, and both of the right one are right. The other 11 follow.


def _read_as(order, where):
    return (
        "Your gates are right, h and c are not. In which order do you take the blocks apart?",
        f"You read them as {order}{where}. In which order did lstm_gates put them?",
    )


@lstm_cell_forward.misconception(
    "What do you do to the old cell state, and what to the candidate? Each has a gate of its own.",
    "The roles of i and f are swapped (Olah's order is f, i, g, o): which one lets in, and which one keeps?",
)
def input_and_forget_swapped(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    f, i, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("i, f, o, g", ", as d2l and CS231n write them"))
def read_as_i_f_o_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, o, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("f, i, o, g", ", as Wikipedia writes them"))
def read_as_f_i_o_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    f, i, o, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("i, g, f, o (or g, i, f, o)", ", as TensorFlow 1 and Greff (2017) do"))
def read_as_i_g_f_o(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, g, f, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("i, o, f, g", ", as ONNX does"))
def read_as_i_o_f_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, o, f, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("f, o, i, g", ""))
def read_as_f_o_i_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    f, o, i, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("o, f, i, g", ""))
def read_as_o_f_i_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    o, f, i, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("o, i, f, g", ""))
def read_as_o_i_f_g(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    o, i, f, g = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("o, i, g, f", ""))
def read_as_o_i_g_f(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    o, i, g, f = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("i, o, g, f", ""))
def read_as_i_o_g_f(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, o, g, f = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(*_read_as("i, g, o, f", ""))
def read_as_i_g_o_f(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, g, o, f = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Your c is right, your h is not. An output lies between -1 and 1; do all of yours?",
    "Something stands between the cell state and the output gate.",
)
def tanh_of_c_forgotten(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * c, c, gates


@lstm_cell_forward.misconception(
    "Your c is right, your h is not. Which one goes through the tanh: the cell state, or what the gate lets out?",
    "Look at your brackets: the output gate multiplies last.",
)
def tanh_around_the_output(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return np.tanh(o * c), c, gates


@lstm_cell_forward.misconception(
    "Your c is right, your h is not. Which of the four blocks have you not used?",
    "What the cell remembers is not yet what it shows: a gate decides.",
)
def output_gate_forgotten(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, _ = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Your c is right, your h is not. Does your output know anything of this step's input but through o?",
    "Which cell state is shown: that before the step, or that after it?",
)
def h_from_old_c(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c_prev), c, gates


@lstm_cell_forward.misconception(
    "Your h is right, your c is not. Can your cell state ever leave -1 to 1?",
    "The tanh is for the output only. The cell state itself is handed on unsquashed: that is its whole point.",
)
def c_kept_squashed(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = np.tanh(f * c_prev + i * g)
    return o * c, c, gates


@lstm_cell_forward.misconception(
    "Open your forget gate wide: does your cell keep more, or less?",
    "The name misleads. A forget gate of 1 means: keep everything.",
)
def forget_gate_inverted(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = (1 - f) * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Which of the four blocks have you not used?",
    "That is the cell of 1997: it can only add. What Gers (2000) put in front of the old cell state is missing.",
)
def never_forgets(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, _, g, o = np.split(gates, 4, axis=1)
    c = c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Which of the four blocks have you not used?",
    "The candidate is written in full at every step. Which gate should decide how much of it?",
)
def input_gate_forgotten(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    _, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Which of the four blocks have you not used?",
    "You let in as much as you forget. That is a variant (Greff 2017 calls it coupled); here i decides by itself.",
)
def coupled_gates(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    _, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + (1 - f) * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Set f to 0: should the candidate still get in? In your cell it does not.",
    "Look at your brackets: what is the forget gate meant to multiply?",
)
def forget_gate_around_the_sum(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * (c_prev + i * g)
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Change c_prev and call your cell again: the answer stays the same.",
    "Two things come over from the last step. Which one does the gates see, and which one is kept or forgotten?",
)
def h_prev_for_c_prev(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * h_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Your gates are off, too. Change h_prev and call your cell again: the answer stays the same.",
    "Two things come over from the last step. The gates listen to the output, not to the cell state.",
)
def gates_from_c_prev(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, c_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Print one of your gates where you use it: is it the number that lstm_gates returned?",
    "lstm_gates has squashed them already. Once is enough.",
)
def squashed_twice(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    i, f, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o))
    c = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "Print g where you use it: is it the number that lstm_gates returned?",
    "The candidate has been through its tanh already; the equation for c has no other.",
)
def candidate_squashed_twice(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c), c, gates


@lstm_cell_forward.misconception(
    "h and c are right, the gates are not: some of them are larger than 1.",
    "The gates are asked for as they act, squashed: the backward pass will need them so.",
)
def sums_for_gates(x, h_prev, c_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(lstm_gates(x, h_prev, W_x, W_h, b), 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, a


@lstm_cell_forward.misconception(
    "Print c_prev before and after you call your cell.",
    "`*=` and `+=` write into the caller's array. An ordinary product makes a new one.",
)
def c_prev_overwritten(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c_prev *= f
    c_prev += i * g
    return o * np.tanh(c_prev), c_prev, gates


@lstm_cell_forward.misconception(
    "Three things are asked for: h, c and gates.",
    "The output and the cell state are right. The backward pass will need the gates, too.",
)
def gates_not_returned(x, h_prev, c_prev, W_x, W_h, b):
    gates = lstm_gates(x, h_prev, W_x, W_h, b)
    i, f, g, o = np.split(gates, 4, axis=1)
    c = f * c_prev + i * g
    return o * np.tanh(c), c


@assignment.exercise(
    lstm.lstm_forward,
    outputs="h: B T H; c: B T H; gates: B T 4H",
    points=3,
    uses=[lstm_gates, lstm_cell_forward],
    hints=[
        "The same loop as rnn_forward's, around another cell. What has to travel from step to step now?",
        "Three things for every step: which column of x does it read, and which h and which c does it start from?",
        "Follow the docstring's toy sequence with a pencil, and print t, h and c in every round of your loop.",
    ],
)
def lstm_forward(draw, B=3, T=4, D=2, H=5):
    return dict(x=draw.normal(B, T, D), h0=draw.normal(B, H), c0=draw.normal(B, H), **_weights(draw, D, H))


@lstm_forward.misconception(
    "Look at step 0 alone: which h and which c does it start from?",
    "Both states before the first step are given, and need not be zero. And mind t - 1 at t = 0: "
    "index -1 is the last column.",
)
def both_from_zeros(x, h0, c0, W_x, W_h, b):
    B, T, _ = x.shape
    H = len(W_h)
    h, c, gates = np.zeros((B, T, H)), np.zeros((B, T, H)), np.zeros((B, T, 4 * H))
    for t in range(T):
        h[:, t], c[:, t], gates[:, t] = lstm_cell_forward(x[:, t], h[:, t - 1], c[:, t - 1], W_x, W_h, b)
    return h, c, gates


@lstm_forward.misconception(
    "Change h0: your answer stays the same.",
    "The output before the first step is given, and it need not be zero.",
)
def h_from_zeros(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = np.zeros_like(h0), c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Change c0: your answer stays the same.",
    "The cell state before the first step is given, and it need not be zero.",
)
def c_from_zeros(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, np.zeros_like(c0)
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Step 0 is right, step 1 is not. Which c does step 1 start from?",
    "The output travels on, the memory does not: each of your steps starts from c0.",
)
def c_not_carried(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h = h0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c0, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Step 0 is right, step 1 is not. Which h does step 1 start from?",
    "The cell state travels on, the output does not: the gates of each of your steps listen to h0.",
)
def h_not_carried(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    c = c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h0, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Step 0 is right, and from step 1 on nothing is. What does step 1 know about step 0?",
    "Each of your steps starts afresh from h0 and c0. Where did the step before end?",
)
def every_step_afresh(x, h0, c0, W_x, W_h, b):
    steps = [lstm_cell_forward(x[:, t], h0, c0, W_x, W_h, b) for t in range(x.shape[1])]
    h, c, gates = zip(*steps, strict=True)
    return np.stack(h, axis=1), np.stack(c, axis=1), np.stack(gates, axis=1)


@lstm_forward.misconception(
    "Step 0 is right, step 1 is not. Print the two states that step 1 starts from, and those that step 0 returned.",
    "You hand on the output as the cell state. Both travel, each to its own place.",
)
def h_carried_as_c(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c_prev = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c_prev, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
        c_prev = h
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Step 0 is wrong already. In which order does the cell take its two states?",
    "You pass c where the cell expects h, and h where it expects c.",
)
def states_swapped(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], c, h, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Your h can be larger than 1. In which order does the cell return its two states?",
    "You take c for h and h for c when the cell returns, and hand both on so to the next step.",
)
def returned_states_swapped(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(x.shape[1]):
        c, h, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Print which column of x each of your steps reads.",
    "The states after step t have already seen the input of step t. At t = 0, index t - 1 is the last column.",
)
def input_one_step_late(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t - 1], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Compare your column 0 with h0 and c0. (The gates are right.)",
    "h[:, t] and c[:, t] are the states after step t. You store them first and take the step then.",
)
def states_before_the_step(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(x.shape[1]):
        hs.append(h), cs.append(c)
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Your last column has seen one input, your first has seen them all.",
    "Time runs from step 0 to step T - 1: the direction of your loop is the other one.",
)
def loop_reversed(x, h0, c0, W_x, W_h, b):
    B, T, _ = x.shape
    H = len(W_h)
    h, c, gates = np.zeros((B, T, H)), np.zeros((B, T, H)), np.zeros((B, T, 4 * H))
    h_t, c_t = h0, c0
    for t in reversed(range(T)):
        h_t, c_t, gates[:, t] = lstm_cell_forward(x[:, t], h_t, c_t, W_x, W_h, b)
        h[:, t], c[:, t] = h_t, c_t
    return h, c, gates


@lstm_forward.misconception(
    "What is the shape of one entry when you loop over x itself?",
    "The first axis of x is the batch. Step t is a column: all sequences of the batch at one time.",
)
def batch_walked_as_time(x, h0, c0, W_x, W_h, b):
    H = len(W_h)
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for x_t in x:
        a = x_t @ W_x + h @ W_h + b
        gates = 1 / (1 + np.exp(-a))
        gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
        i, f, g, o = np.split(gates, 4, axis=1)
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "The numbers are right, but they stand along the wrong axes.",
    "The course is batch-major, (B, T, H); a list of states turned into an array has time first.",
)
def time_axis_first(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.array(hs), np.array(cs), np.array(all_gates)


@lstm_forward.misconception(
    "Right shapes, right numbers, wrong places. Try B = 2, T = 3 and look where each state ends up.",
    "reshape reads the numbers in the order in which they lie; it does not swap axes. Which function does?",
)
def reshape_for_transpose(x, h0, c0, W_x, W_h, b):
    B, T, _ = x.shape
    hs, cs, all_gates = [], [], []
    h, c = h0, c0
    for t in range(T):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.array(hs).reshape(B, T, -1), np.array(cs).reshape(B, T, -1), np.array(all_gates).reshape(B, T, -1)


@lstm_forward.misconception(
    "Your cell states all look the same. Is that likely?",
    "A list that holds one array T times holds one array. Overwriting it changes every entry: store a copy.",
)
def one_buffer_for_c(x, h0, c0, W_x, W_h, b):
    hs, cs, all_gates = [], [], []
    h, c = h0, c0.copy()
    for t in range(x.shape[1]):
        h, c[:], gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
        hs.append(h), cs.append(c), all_gates.append(gates)
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@lstm_forward.misconception(
    "Your numbers are right, but most of them are missing.",
    "Every step is asked for, not the last one alone. Where could the loop keep what the cell returns?",
)
def last_step_only(x, h0, c0, W_x, W_h, b):
    h, c = h0, c0
    for t in range(x.shape[1]):
        h, c, gates = lstm_cell_forward(x[:, t], h, c, W_x, W_h, b)
    return h, c, gates


@assignment.exercise(
    lstm.lstm_cell_backward,
    outputs="dx: B D; dh_prev: B H; dc_prev: B H; dW_x: D 4H; dW_h: H 4H; db: 4H",
    points=5,
    uses=[lstm_gates, lstm_cell_forward],
    hints=[
        "Draw the cell as a graph and walk it from the right. Two ways lead into c: from the next step, and through h.",
        "First all of dc, then the gradients of i, f, g, o, then through each one's slope. The rest is three products.",
        "σ' = σ(1 - σ) and tanh' = 1 - tanh², and `gates` already holds the σ and the tanh.",
    ],
)
def lstm_cell_backward(draw, B=3, D=4, H=5):
    inputs = dict(x=draw.normal(B, D), h_prev=draw.normal(B, H), c_prev=draw.normal(B, H))
    weights = _weights(draw, D, H)
    _, c, gates = lstm.lstm_cell_forward(**inputs, **weights)
    del weights["b"]
    return dict(dh=draw.normal(B, H), dc=draw.normal(B, H), **inputs, c=c, gates=gates, **weights)


@lstm_cell_backward.misconception(
    "Change dc: your answer stays the same.",
    "The next step sends an error along the cell state as well. It arrives as dc and joins what comes through h.",
)
def dc_ignored(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "With dc at zero and dh not, your dc_prev is zero. But h was made from c.",
    "c reaches the loss in two ways. The one through tanh(c) and h is missing.",
)
def no_path_through_h(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "From dh back to c: which two operations lie on that way? You undo one of them.",
    "h = o ∘ tanh(c). The product is undone; the tanh has a slope, too.",
)
def slope_of_tanh_c_missing(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc + dh * o
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "From dh back to c: which two operations lie on that way? You undo one of them.",
    "What the output gate does not let out, cannot be blamed for the loss either.",
)
def output_gate_missing_in_dc(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "From dh back to c: at which number is the slope of the tanh taken?",
    "1 - c² would be the slope if c were the output of a tanh. It is the input: what is the output?",
)
def slope_at_c_itself(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc + dh * o * (1 - c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only what belongs to the output gate is off. By what was o multiplied in the forward?",
    "h = o ∘ tanh(c), not o ∘ c.",
)
def output_gate_blamed_for_c(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only what belongs to the output gate is off. Does o have a say in c?",
    "o stands in the equation of h alone, so that its error comes from dh alone.",
)
def output_gate_gets_dc(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dc * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dc_prev is off. By what was c_prev multiplied in the forward?",
    "c = f ∘ c_prev + i ∘ g: the error goes back through the gate through which the state came.",
)
def dc_prev_through_the_input_gate(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * i, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dc_prev is off. Was c_prev added to c as it stood?",
    "In the cell of 1997 you would be right. Since 2000 a gate stands between c_prev and c.",
)
def dc_prev_without_f(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dc_prev is off: with dc at zero and dh not, yours is zero.",
    "You hand back what arrived from the next step. What c was blamed for through h goes back, too.",
)
def dc_prev_from_the_next_step_only(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc_all = dc + dh * o * (1 - tanh_c**2)
    da = [dc_all * g * i * (1 - i), dc_all * c_prev * f * (1 - f), dc_all * i * (1 - g**2)]
    da = np.concatenate([*da, dh * tanh_c * o * (1 - o)], axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dc_prev is off. In which direction does f let through more?",
    "A forget gate of 1 keeps everything, forwards and backwards.",
)
def dc_prev_through_one_minus_f(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * (1 - f), x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is right, what goes through the gates is not. Print a gate's slope where the gate is 0.9.",
    "You multiply by the gates' values. What is asked for is the slope of the sigmoid there.",
)
def value_for_slope(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i, dc * c_prev * f, dc * i * (1 - g**2), dh * tanh_c * o]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is right, what goes through the gates is not.",
    "You have the gradients of i, f, g and o. Between them and the weights stand a sigmoid or a tanh.",
)
def no_slopes(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = np.concatenate([dc * g, dc * c_prev, dc * i, dh * tanh_c], axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Of db only the candidate's block is off. Through which function did the candidate go?",
    "g(1 - g) is a sigmoid's slope. g is a tanh.",
)
def sigmoid_slope_for_the_candidate(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * g * (1 - g), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Of db only the candidate's block is right. Through which function did the others go?",
    "1 - y² is a tanh's slope. The gates are sigmoids.",
)
def tanh_slope_for_the_gates(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * (1 - i**2), dc * c_prev * (1 - f**2), dc * i * (1 - g**2), dh * tanh_c * (1 - o**2)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is right, what goes through the gates is not. At which number do you take the slopes?",
    "`gates` has been through the sigmoid and the tanh already; you send it through once more.",
)
def slopes_of_squashed_gates(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    s = 1 / (1 + np.exp(-gates))
    s_i, s_f, _, s_o = np.split(s * (1 - s), 4, axis=1)
    da = np.concatenate([dc * g * s_i, dc * c_prev * s_f, dc * i * (1 - np.tanh(g) ** 2), dh * tanh_c * s_o], axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Of db only the forget gate's block is off. By what was f multiplied in the forward?",
    "c = f ∘ c_prev + …: the state before the step, not the one after it.",
)
def forget_gate_blamed_for_c(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Of db the blocks of i and g are off. In a product, what is each factor's derivative?",
    "c = … + i ∘ g: the derivative with respect to i is g, and that with respect to g is i.",
)
def each_blamed_for_itself(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * i * i * (1 - i), dc * c_prev * f * (1 - f), dc * g * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dW_h is off. What did W_h multiply in the forward?",
    "W_h reads the output of the step before, not the one that this step makes.",
)
def own_output_for_h_prev(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, (o * tanh_c).T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only dW_h is off. What did W_h multiply in the forward?",
    "The gates read the last output. The cell state never meets W_h.",
)
def c_prev_for_h_prev(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, c_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Only db is off: what is its shape?",
    "One bias served every row of the batch, so that it gets every row's gradient, added up.",
)
def db_not_summed(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da


@lstm_cell_backward.misconception(
    "dx and dh_prev fit only where D = H. Write the shapes under your products.",
    "What came in through W_x goes back through W_x.",
)
def back_through_the_other_weights(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_h.T, da @ W_x.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "Print dc before and after you call your function.",
    "`+=` writes into the caller's array. An ordinary sum makes a new one.",
)
def dc_changed_in_place(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc += dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is right. In which order do your four blocks of gradients stand?",
    "The gradients stand in the weights' columns: i, f, g, o, as the gates do. Yours end with the candidate's.",
)
def gradients_stacked_i_f_o_g(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh * tanh_c * o * (1 - o), dc * i * (1 - g**2)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is right. In which order do your four blocks of gradients stand?",
    "The gradients stand in the weights' columns: i, f, g, o, as the gates do. Yours begin with the forget gate's.",
)
def gradients_stacked_f_i_g_o(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is off already. In which order do you take `gates` apart?",
    "You read the blocks as i, f, o, g, and so take the output gate for the candidate.",
)
def gates_read_as_i_f_o_g(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    i, f, o, g = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh * tanh_c * o * (1 - o), dc * i * (1 - g**2)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@lstm_cell_backward.misconception(
    "dc_prev is off already. In which order do you take `gates` apart?",
    "You read the blocks as f, i, g, o, and so swap the roles of the first two.",
)
def gates_read_as_f_i_g_o(dh, dc, x, h_prev, c_prev, c, gates, W_x, W_h):
    f, i, g, o = np.split(gates, 4, axis=1)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ W_x.T, da @ W_h.T, dc * f, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@assignment.exercise(
    lstm.lstm_backward,
    outputs="dx: B T D; dh0: B H; dc0: B H; dW_x: D 4H; dW_h: H 4H; db: 4H",
    points=4,
    uses=[lstm_gates, lstm_cell_forward, lstm_forward, lstm_cell_backward],
    hints=[
        "A loop around the cell's backward, from the last step to the first. Two gradients travel from step to step.",
        "What reaches h[:, t]? The loss's own dh[:, t], and what step t + 1 hands back. And what reaches c[:, t]?",
        "Each step has h_prev and c_prev: where are they for t = 0? And the weights were used at every step.",
    ],
)
def lstm_backward(draw, B=3, T=4, D=2, H=5):
    inputs = dict(x=draw.normal(B, T, D), h0=draw.normal(B, H), c0=draw.normal(B, H))
    weights = _weights(draw, D, H)
    h, c, gates = lstm.lstm_forward(**inputs, **weights)
    del weights["b"]
    return dict(dh=draw.normal(B, T, H), **inputs, h=h, c=c, gates=gates, **weights)


@lstm_backward.misconception(
    "The last step is right, the one before is not. What reaches its cell state from the last step?",
    "dc is not carried: your loop keeps dh_prev and forgets dc_prev, the error on the conveyor belt.",
)
def dc_not_carried(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, np.zeros_like(c0), x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is right, the one before is not. What reaches its output from the last step?",
    "dh is not carried: h[:, t] went into the gates of step t + 1, which hand an error back.",
)
def dh_not_carried(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dc = np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_prev, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t], dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_prev, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is right, the one before is not. What does it know about the last one?",
    "Nothing is carried back: each of your steps answers for itself alone.",
)
def nothing_carried(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_prev, dc_prev, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t], np.zeros_like(c0), x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_prev, dc_prev, dW_x, dW_h, db


@lstm_backward.misconception(
    "Change dh[:, 0]: your answer stays the same.",
    "The loss may look at every step. You let in its error at the last one only.",
)
def last_dh_only(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_t, dc = dh[:, -1], np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_t, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh_t, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_t, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "dx, dh0 and dc0 are right, the weights' gradients are not. Which steps do they know of?",
    "The same weights were used at every step. Your loop keeps the share of the step it did last.",
)
def weights_overwritten(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx = np.zeros_like(x)
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_next, dc, dW_x, dW_h, db = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is right, and step 0 is not. Print the states that step 0 starts from.",
    "At t = 0, index t - 1 is -1, the last column. The first step started from h0 and c0.",
)
def last_states_before_the_first(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h[:, t - 1], c[:, t - 1], c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Steps 1 and later are right. Change h0 or c0: your answer stays the same.",
    "The states before the first step are given, and need not be zero.",
)
def zeros_before_the_first(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (np.zeros_like(h0), np.zeros_like(c0))
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Only dW_h is off, even with T = 1. Change h0: does it change?",
    "The output before the first step is given, and W_h has read it.",
)
def zeros_for_h0(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (np.zeros_like(h0), c0)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Steps 1 and later are right, step 0 is not. Change c0: does its forget gate's gradient change?",
    "The cell state before the first step is given, and its forget gate has multiplied it.",
)
def zeros_for_c0(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, np.zeros_like(c0))
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Only dW_h is off. Which output did W_h read at step t?",
    "h[:, t] is what step t made. It read the one before.",
)
def own_h_for_h_prev(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        c_prev = c[:, t - 1] if t > 0 else c0
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h[:, t], c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "With T = 1, too, the forget gate's gradient is off. Which cell state did f multiply at step t?",
    "c[:, t] is what step t made. Its forget gate multiplied the one before.",
)
def own_c_for_c_prev(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c[:, t], c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is off already. What arrives at the last cell state from outside?",
    "The loss looks at h alone. Its way from h to c is the cell's business, and is in there already.",
)
def last_dh_arrives_at_c_too(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), dh[:, -1]
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is off already, even with T = 1. Is dh[:, t] counted once?",
    "dc is what comes from the next step's cell state alone. The cell adds the part through h by itself.",
)
def dh_arrives_at_c_every_step(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        o = gates[:, t, -h.shape[2] :]
        dc = dc + (dh[:, t] + dh_next) * o * (1 - np.tanh(c[:, t]) ** 2)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "The last step is right, the one before is not. In which order does the cell's backward return its results?",
    "You take dc_prev for dh_prev and dh_prev for dc_prev.",
)
def carried_gradients_swapped(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dc, dh_next, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "In your loop step 0 is the one to which nothing is handed back. Which step should that be?",
    "Errors travel from the last step to the first: the direction of your loop is the other one.",
)
def loop_forwards(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(x.shape[1]):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Only dx is off. Which step's gradient stands in its first column?",
    "Your loop runs backwards, and so does the list that it fills.",
)
def dx_in_loop_order(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    dx = []
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx_t, dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dx.append(dx_t)
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return np.stack(dx, axis=1), dh_next, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Your dh0 and dc0 are zero. Does the loss really not depend on where the network starts?",
    "What the first step hands back belongs to h0 and c0.",
)
def initial_gradients_never_set(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh0, dc0 = np.zeros_like(h0), np.zeros_like(c0)
    dh_next, dc = dh0, dc0
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t] + dh_next, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh0, dc0, dW_x, dW_h, db


@lstm_backward.misconception(
    "Only dh0 is off. Has the loss an opinion of its own on h0?",
    "What the first step hands back is all there is. You still add dh[:, t - 1], and at t = 0 that is the last column.",
)
def last_dh_added_to_dh0(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_t, dc = dh[:, -1], np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dx[:, t], dh_prev, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh_t, dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dh_t = dh_prev + dh[:, t - 1]
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_t, dc, dW_x, dW_h, db


@lstm_backward.misconception(
    "Print dh before and after you call your function.",
    "dh is the caller's. Adding to one of its columns in place changes it; an ordinary sum makes a new array.",
)
def dh_changed_in_place(dh, x, h0, c0, h, c, gates, W_x, W_h):
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[1])
    dh_next, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
        dh[:, t] += dh_next
        dx[:, t], dh_next, dc, to_x, to_h, to_b = lstm_cell_backward(
            dh[:, t], dc, x[:, t], h_prev, c_prev, c[:, t], gates[:, t], W_x, W_h
        )
        dW_x, dW_h, db = dW_x + to_x, dW_h + to_h, db + to_b
    return dx, dh_next, dc, dW_x, dW_h, db


@assignment.exercise(
    lstm.cell_gradient,
    outputs="dc: B T H",
    points=2,
    hints=[
        "Along the direct path, what is left of c_t in c_{t+1}? And so on, to c_T: no weight matrix is on the way.",
        "Count the factors: how many steps lie between t and T, and which gate does each of them have?",
        "Start at the last step, where nothing is left to multiply, and walk back.",
    ],
)
def cell_gradient(draw, B=3, T=5, H=4):
    gates = 1 / (1 + np.exp(-draw.normal(B, T, 4 * H)))
    gates[:, :, 2 * H : 3 * H] = np.tanh(draw.normal(B, T, H))
    return dict(gates=gates)


@cell_gradient.misconception(
    "What is ∂c_T/∂c_T? Look at your last step.",
    "The forget gate of step t acts on the way *into* c_t. You count it among those on the way out.",
)
def own_step_counted(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    return np.cumprod(f[:, ::-1], axis=1)[:, ::-1]


@cell_gradient.misconception(
    "What is ∂c_T/∂c_T? Look at your last step.",
    "You multiply from the first step on. The way that counts here leads from step t to the end.",
)
def from_the_beginning(gates):
    H = gates.shape[2] // 4
    return np.cumprod(gates[:, :, H : 2 * H], axis=1)


@cell_gradient.misconception(
    "Your first step is all ones, your last is the smallest. Which step is nearest to the end?",
    "You have ∂c_t/∂c_0, what is left of the beginning. Asked for is ∂c_T/∂c_t.",
)
def what_is_left_of_the_first(gates):
    H = gates.shape[2] // 4
    gradient = np.ones((gates.shape[0], gates.shape[1], H))
    for t in range(1, gates.shape[1]):
        gradient[:, t] = gradient[:, t - 1] * gates[:, t, H : 2 * H]
    return gradient


@cell_gradient.misconception(
    "Your last two steps are right, the earlier ones are not. How many gates lie between them and the end?",
    "You give ∂c_{t+1}/∂c_t, one step. The way to c_T has T - t of them.",
)
def next_step_only(gates):
    H = gates.shape[2] // 4
    gradient = np.ones((gates.shape[0], gates.shape[1], H))
    gradient[:, :-1] = gates[:, 1:, H : 2 * H]
    return gradient


@cell_gradient.misconception(
    "Derivatives of a chain: are they added or multiplied?",
    "There is one path here, not several: along a path the factors multiply.",
)
def gates_added(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    gradient = np.ones_like(f)
    for t in range(f.shape[1] - 1):
        gradient[:, t] = f[:, t + 1 :].sum(axis=1)
    return gradient


@cell_gradient.misconception(
    "Your last two steps are right, the earlier ones are not. Is the forget gate the same at every step?",
    "f^(T - t) holds for a gate that never moves. Here each step has its own.",
)
def next_gate_to_a_power(gates):
    T, H = gates.shape[1], gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    gradient = np.ones_like(f)
    for t in range(T - 1):
        gradient[:, t] = f[:, t + 1] ** (T - 1 - t)
    return gradient


@cell_gradient.misconception(
    "Which block of the gates do you multiply? Print the columns that you take.",
    "The first block is the input gate: it decides what gets in, and has no say in what is kept.",
)
def input_gates_multiplied(gates):
    H = gates.shape[2] // 4
    i = gates[:, :, :H]
    gradient = np.ones_like(i)
    for t in reversed(range(i.shape[1] - 1)):
        gradient[:, t] = gradient[:, t + 1] * i[:, t + 1]
    return gradient


@cell_gradient.misconception(
    "Some of your factors are negative. Which block of the gates do you multiply?",
    "The third block is the candidate in the course's order (ONNX and TensorFlow 1 have the forget gate there).",
)
def candidates_multiplied(gates):
    H = gates.shape[2] // 4
    g = gates[:, :, 2 * H : 3 * H]
    gradient = np.ones_like(g)
    for t in reversed(range(g.shape[1] - 1)):
        gradient[:, t] = gradient[:, t + 1] * g[:, t + 1]
    return gradient


@cell_gradient.misconception(
    "Which block of the gates do you multiply? Print the columns that you take.",
    "The last block is the output gate: it decides what is shown, and has no say in what is kept.",
)
def output_gates_multiplied(gates):
    H = gates.shape[2] // 4
    o = gates[:, :, 3 * H :]
    gradient = np.ones_like(o)
    for t in reversed(range(o.shape[1] - 1)):
        gradient[:, t] = gradient[:, t + 1] * o[:, t + 1]
    return gradient


@cell_gradient.misconception(
    "Your product shrinks to a quarter or less at every step. Is the derivative of f·c with respect to c that small?",
    "f(1 - f) is the gate's own slope. On the direct path the gate is only a factor, and no slope is taken.",
)
def slopes_multiplied(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    gradient = np.ones_like(f)
    for t in reversed(range(f.shape[1] - 1)):
        gradient[:, t] = gradient[:, t + 1] * f[:, t + 1] * (1 - f[:, t + 1])
    return gradient


@cell_gradient.misconception(
    "Every step of yours has the same number. Is the way to the end equally long for all of them?",
    "You multiply the gates of all steps. Which of them lie between t and T?",
)
def product_of_all_steps(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    return np.broadcast_to(f.prod(axis=1, keepdims=True), f.shape)


@cell_gradient.misconception(
    "The numbers are right, and the last step is missing.",
    "The last cell state depends on itself as well: what is the derivative of anything with respect to itself?",
)
def last_step_missing(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    return np.cumprod(f[:, :0:-1], axis=1)[:, ::-1]


@cell_gradient.misconception(
    "The last step is 0 in yours, and everything else is right.",
    "A product of no factors is not 0, as a sum of no terms is.",
)
def zero_at_the_end(gates):
    H = gates.shape[2] // 4
    f = gates[:, :, H : 2 * H]
    gradient = np.zeros_like(f)
    gradient[:, :-1] = np.cumprod(f[:, :0:-1], axis=1)[:, ::-1]
    return gradient


@cell_gradient.misconception(
    "What is the shape of the cell state, and what is the shape of your answer?",
    "You multiply all four blocks. Only one of them stands between c_{t-1} and c_t.",
)
def all_blocks_multiplied(gates):
    gradient = np.ones_like(gates)
    for t in reversed(range(gates.shape[1] - 1)):
        gradient[:, t] = gradient[:, t + 1] * gates[:, t + 1]
    return gradient
