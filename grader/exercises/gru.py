"""07-gru, the gated recurrent unit: what each function is asked, what it is worth, and how people get it wrong.

Backward functions are handed the right results of the forward, so that a wrong forward costs its own points only.
"""

import numpy as np

from grader.exercise import Assignment
from reference import gru

assignment = Assignment("07-gru")


def _weights(draw, D, H):
    return dict(W_x=draw.weights(D, 3 * H), W_h=draw.weights(H, 3 * H), b=draw.normal(3 * H))


@assignment.exercise(
    gru.gru_cell_forward,
    outputs="h: B H; gates: B 3H",
    points=5,
    hints=[
        "Cut W_x, W_h and b into three blocks of H columns, and write under each product which shape it has.",
        "r and z come first, from x and h_prev; n needs r; h needs z and n.",
        "Print r, z, n and h on the docstring's toy values, one after the other, and compare each with the paper's.",
    ],
)
def gru_cell_forward(draw, B=3, D=4, H=5):
    return dict(x=draw.normal(B, D), h_prev=draw.normal(B, H), **_weights(draw, D, H))


@gru_cell_forward.misconception(
    "Think of z = 1 in every unit: what should the new state be?",
    "Cho's paper and d2l let z keep the old state. The course's z lets the *new* one in, as Bahdanau (2015) has it.",
)
def z_keeps_the_old(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return z * h_prev + (1 - z) * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. With H = 1 it is right, too: what mixes the units with one another?",
    "You multiply by W_hn first and reset then, as PyTorch and cuDNN do. Here the state is reset *before* the product.",
)
def reset_after_product(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    s_r, s_z, s_n = np.split(h_prev @ W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + s_r)))
    z = 1 / (1 + np.exp(-(a_z + s_z)))
    n = np.tanh(a_n + r * s_n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. Where does r stand in the equation, before the product or after it?",
    "This is PyTorch's GRU: its r comes after the product, and its z keeps the old state. The course differs in both.",
)
def pytorch_cell(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    s_r, s_z, s_n = np.split(h_prev @ W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + s_r)))
    z = 1 / (1 + np.exp(-(a_z + s_z)))
    n = np.tanh(a_n + r * s_n)
    return (1 - z) * n + z * h_prev, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. Which terms of n's sum should r have a say in?",
    "Your r scales the product and the bias. It should scale the old state, before the product, and nothing else.",
)
def bias_under_the_reset(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = x @ W_x
    s = h_prev @ W_h + b
    r = 1 / (1 + np.exp(-(a[:, :H] + s[:, :H])))
    z = 1 / (1 + np.exp(-(a[:, H : 2 * H] + s[:, H : 2 * H])))
    n = np.tanh(a[:, 2 * H :] + r * s[:, 2 * H :])
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. Which terms of n's sum should r have a say in?",
    "PyTorch's r scales the product and a bias, b_hn, and its z keeps the old. Here b_n stands outside of r's reach.",
)
def pytorch_hidden_bias(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = x @ W_x
    s = h_prev @ W_h + b
    r = 1 / (1 + np.exp(-(a[:, :H] + s[:, :H])))
    z = 1 / (1 + np.exp(-(a[:, H : 2 * H] + s[:, H : 2 * H])))
    n = np.tanh(a[:, 2 * H :] + r * s[:, 2 * H :])
    return (1 - z) * n + z * h_prev, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Which H columns belong to the reset gate? And with z = 1, what should the new state be?",
    "Keras stacks z, r, n, and its z keeps the old state. The course stacks r, z, n, and its z lets the new one in.",
)
def keras_cell(x, h_prev, W_x, W_h, b):
    a_z, a_r, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hz, W_hr, W_hn = np.split(W_h, 3, axis=1)
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return z * h_prev + (1 - z) * n, np.concatenate([z, r, n], axis=1)


@gru_cell_forward.misconception(
    "Three things to look at: which block is r's, what r is multiplied by, and what z = 1 means.",
    "Keras' default: blocks z, r, n, reset after the product, z keeps the old. The course's GRU differs in all three.",
)
def keras_default(x, h_prev, W_x, W_h, b):
    a_z, a_r, a_n = np.split(x @ W_x + b, 3, axis=1)
    s_z, s_r, s_n = np.split(h_prev @ W_h, 3, axis=1)
    z = 1 / (1 + np.exp(-(a_z + s_z)))
    r = 1 / (1 + np.exp(-(a_r + s_r)))
    n = np.tanh(a_n + r * s_n)
    return z * h_prev + (1 - z) * n, np.concatenate([z, r, n], axis=1)


@gru_cell_forward.misconception(
    "Your first two blocks are right, n is not. Which of the two gates do you apply to the old state?",
    "Your gates have changed places: the first block is the reset gate, r, the second the update gate, z.",
)
def stacked_z_r_n(x, h_prev, W_x, W_h, b):
    a_z, a_r, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hz, W_hr, W_hn = np.split(W_h, 3, axis=1)
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([z, r, n], axis=1)


@gru_cell_forward.misconception(
    "Compare your first block of gates with the expected second one.",
    "You return r, z, n, but read the weights as z, r, n, as Keras stacks them. Here they are stacked as they return.",
)
def read_z_r_n(x, h_prev, W_x, W_h, b):
    a_z, a_r, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hz, W_hr, W_hn = np.split(W_h, 3, axis=1)
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "One of your blocks goes through tanh: is it the right one?",
    "You put the candidate first, n, r, z. It is the last of the three blocks: r, z, n.",
)
def stacked_n_r_z(x, h_prev, W_x, W_h, b):
    a_n, a_r, a_z = np.split(x @ W_x + b, 3, axis=1)
    W_hn, W_hr, W_hz = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([n, r, z], axis=1)


@gru_cell_forward.misconception(
    "One of your blocks goes through tanh: is it the right one? And which gate is which?",
    "You stack n, z, r, the course's order from back to front. It is r, z, n.",
)
def stacked_n_z_r(x, h_prev, W_x, W_h, b):
    a_n, a_z, a_r = np.split(x @ W_x + b, 3, axis=1)
    W_hn, W_hz, W_hr = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([n, z, r], axis=1)


@gru_cell_forward.misconception(
    "r is right. Which of the other two blocks goes through tanh?",
    "You stack r, n, z, in the order in which one needs them. The candidate is the last block: r, z, n.",
)
def stacked_r_n_z(x, h_prev, W_x, W_h, b):
    a_r, a_n, a_z = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hn, W_hz = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, n, z], axis=1)


@gru_cell_forward.misconception(
    "One of your blocks goes through tanh: is it the right one? And which gate is which?",
    "You stack z, n, r. The course's order is r, z, n: reset, update, candidate.",
)
def stacked_z_n_r(x, h_prev, W_x, W_h, b):
    a_z, a_n, a_r = np.split(x @ W_x + b, 3, axis=1)
    W_hz, W_hn, W_hr = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([z, n, r], axis=1)


@gru_cell_forward.misconception(
    "With H = 1 your blocks are right. Which columns of the product do you take for the reset gate?",
    "A block is H columns side by side, not every third column: first all of r, then all of z, then all of n.",
)
def blocks_interleaved(x, h_prev, W_x, W_h, b):
    a = x @ W_x + b
    r = 1 / (1 + np.exp(-(a[:, 0::3] + h_prev @ W_h[:, 0::3])))
    z = 1 / (1 + np.exp(-(a[:, 1::3] + h_prev @ W_h[:, 1::3])))
    n = np.tanh(a[:, 2::3] + (r * h_prev) @ W_h[:, 2::3])
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "You compute r. Is it ever used?",
    "Some lecture notes leave r out of the candidate. Without it nothing could be reset: look at n's equation again.",
)
def reset_left_out(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    r, z, n = np.split(a, 3, axis=1)
    r, z, n = 1 / (1 + np.exp(-r)), 1 / (1 + np.exp(-z)), np.tanh(n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Your code runs only where D = H. What has H numbers, so that r fits it?",
    "r decides how much of the *old state* the candidate sees. The input is let in whole.",
)
def reset_on_x(x, h_prev, W_x, W_h, b):
    W_xr, W_xz, W_xn = np.split(W_x, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    b_r, b_z, b_n = np.split(b, 3)
    r = 1 / (1 + np.exp(-(x @ W_xr + h_prev @ W_hr + b_r)))
    z = 1 / (1 + np.exp(-(x @ W_xz + h_prev @ W_hz + b_z)))
    n = np.tanh((r * x) @ W_xn + h_prev @ W_hn + b_n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. What does the candidate see of the input if r is 0?",
    "r decides how much of the *old state* the candidate sees. You have it scale the input's share.",
)
def reset_on_input_product(x, h_prev, W_x, W_h, b):
    W_xr, W_xz, W_xn = np.split(W_x, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    b_r, b_z, b_n = np.split(b, 3)
    r = 1 / (1 + np.exp(-(x @ W_xr + h_prev @ W_hr + b_r)))
    z = 1 / (1 + np.exp(-(x @ W_xz + h_prev @ W_hz + b_z)))
    n = np.tanh(r * (x @ W_xn) + h_prev @ W_hn + b_n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. What is your candidate if r is 0? What should it be?",
    "Your r scales the whole sum. With r = 0 the candidate should still hear the input and the bias.",
)
def reset_on_everything(x, h_prev, W_x, W_h, b):
    a = x @ W_x + h_prev @ W_h + b
    a_r, a_z, a_n = np.split(a, 3, axis=1)
    r = 1 / (1 + np.exp(-a_r))
    z = 1 / (1 + np.exp(-a_z))
    n = np.tanh(r * a_n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "After the call, print h_prev: is it still what it was?",
    "`*=` writes into the caller's array, and your own mix reads it later. Give the reset state a name of its own.",
)
def reset_in_place(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    h_prev *= r
    n = np.tanh(a_n + h_prev @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "The gates are right, h is not. Which old state do you mix with the candidate?",
    "r has a say in the candidate alone. What z leaves of the old state is the old state as it was.",
)
def reset_state_mixed_in(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    reset = r * h_prev
    n = np.tanh(a_n + reset @ W_hn)
    return (1 - z) * reset + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r is right, z is not. Which state does the update gate read?",
    "Both gates read the old state as it is; only the candidate reads the reset one.",
)
def update_gate_reads_reset_state(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    reset = r * h_prev
    z = 1 / (1 + np.exp(-(a_z + reset @ W_hz)))
    n = np.tanh(a_n + reset @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Are your two gates ever different from each other?",
    "A slip of copy and paste: both your gates read the first block. Each has a block of its own.",
)
def one_gate_twice(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = x @ W_x + b
    r = 1 / (1 + np.exp(-(a[:, :H] + h_prev @ W_h[:, :H])))
    z = 1 / (1 + np.exp(-(a[:, :H] + h_prev @ W_h[:, :H])))
    n = np.tanh(a[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :])
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Change h_prev: do your gates notice?",
    "The gates read the input *and* the old state: each needs a product of its own with h_prev.",
)
def gates_read_input_only(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = x @ W_x + b
    r = 1 / (1 + np.exp(-a[:, :H]))
    z = 1 / (1 + np.exp(-a[:, H : 2 * H]))
    n = np.tanh(a[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :])
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Your candidate is never negative. What could then ever make the state smaller than 0?",
    "n is what might be written, not how much of it: it goes through another function than the gates.",
)
def candidate_sigmoid(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = 1 / (1 + np.exp(-(a_n + (r * h_prev) @ W_hn)))
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "A candidate lies between -1 and 1. Do all of yours?",
    "The sum for n is right, and still to be squashed.",
)
def candidate_not_squashed(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = a_n + (r * h_prev) @ W_hn
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "A gate says how much passes, between nothing and all. Some of yours are negative.",
    "Only the candidate goes through tanh. Which function ends at 0 and 1?",
)
def gates_tanh(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = np.tanh(a_r + h_prev @ W_hr)
    z = np.tanh(a_z + h_prev @ W_hz)
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "h is right. Are the gates that you return between 0 and 1?",
    "Return the gates as they were used, after the squashing: the backward pass will live on them.",
)
def gates_before_squashing(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    a = x @ W_x + b
    a[:, : 2 * H] += h_prev @ W_h[:, : 2 * H]
    r = 1 / (1 + np.exp(-a[:, :H]))
    z = 1 / (1 + np.exp(-a[:, H : 2 * H]))
    a[:, 2 * H :] += (r * h_prev) @ W_h[:, 2 * H :]
    n = np.tanh(a[:, 2 * H :])
    return (1 - z) * h_prev + z * n, a


@gru_cell_forward.misconception(
    "h is right. The gates have 3H columns; how many have yours?",
    "The candidate belongs to what is returned as gates, too: r, z, n side by side.",
)
def candidate_not_returned(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z], axis=1)


@gru_cell_forward.misconception(
    "h is right, and so are the first two blocks of the gates. Look at the third.",
    "The last block is the candidate, before it is mixed with the old state. You return the new state there.",
)
def state_for_candidate(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    h = (1 - z) * h_prev + z * np.tanh(a_n + (r * h_prev) @ W_hn)
    return h, np.concatenate([r, z, h], axis=1)


@gru_cell_forward.misconception(
    "The gates are right, h is not. Call your cell a hundred times: does the state stay small?",
    "You add to the old state without taking anything away. The shares of old and new sum to 1.",
)
def old_state_kept_whole(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "The gates are right, h is not. With z = 0, does your new state equal the old one?",
    "Only a share of the candidate is let in. The shares of old and new sum to 1.",
)
def candidate_added_whole(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "The gates are right, h is not. Where is the part of the old state that z leaves alone?",
    "The candidate is not yet the new state: z says how much of it is let in, and the rest stays old.",
)
def candidate_is_the_state(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "Each of the three sums has a block of the bias in it.",
)
def biases_dropped(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "r and z are right, n is not. What do their sums have that n's lacks?",
    "The candidate has a bias, too: the last block of b.",
)
def candidate_bias_dropped(x, h_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    r = 1 / (1 + np.exp(-(x @ W_x[:, :H] + h_prev @ W_h[:, :H] + b[:H])))
    z = 1 / (1 + np.exp(-(x @ W_x[:, H : 2 * H] + h_prev @ W_h[:, H : 2 * H] + b[H : 2 * H])))
    n = np.tanh(x @ W_x[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :])
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Your biases have twice their weight.",
    "PyTorch has two biases, one beside each product. The course has one: add it once.",
)
def biases_twice(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    b_r, b_z, b_n = np.split(b, 3)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr + b_r)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz + b_z)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn + b_n)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "With H = 1 yours is right. What is special about a 1 by 1 matrix?",
    "The blocks of W_h are square, so their transposes fit as well. States are rows here: no transpose is needed.",
)
def recurrent_blocks_transposed(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr.T)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz.T)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn.T)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@gru_cell_forward.misconception(
    "Your products fit only where D = H. Write the shapes under them.",
    "Which weights read the input, and which read the state? The letter after the W says it.",
)
def input_and_recurrent_swapped(x, h_prev, W_x, W_h, b):
    a_r, a_z, a_n = np.split(x @ W_h + b, 3, axis=1)
    W_hr, W_hz, W_hn = np.split(W_x, 3, axis=1)
    r = 1 / (1 + np.exp(-(a_r + h_prev @ W_hr)))
    z = 1 / (1 + np.exp(-(a_z + h_prev @ W_hz)))
    n = np.tanh(a_n + (r * h_prev) @ W_hn)
    return (1 - z) * h_prev + z * n, np.concatenate([r, z, n], axis=1)


@assignment.exercise(
    gru.gru_forward,
    outputs="h: B T H; gates: B T 3H",
    points=3,
    uses=[gru_cell_forward],
    hints=[
        "You have the cell already: this function is a loop around it, and keeps both of its results at every step.",
        "Two questions for every step: which column of x does it read, and which state does it start from?",
    ],
)
def gru_forward(draw, B=3, T=4, D=2, H=5):
    return dict(x=draw.normal(B, T, D), h0=draw.normal(B, H), **_weights(draw, D, H))


@gru_forward.misconception(
    "Look at step 0 alone: which state does it start from?",
    "The state before step 0 is given, and it need not be zero. Mind t - 1 at t = 0, too: -1 is the last column.",
)
def zeros_for_h0(x, h0, W_x, W_h, b):
    B, T = x.shape[:2]
    H = len(W_h)
    h, gates = np.zeros((B, T, H)), np.zeros((B, T, 3 * H))
    for t in range(T):
        h[:, t], gates[:, t] = gru_cell_forward(x[:, t], h[:, t - 1], W_x, W_h, b)
    return h, gates


@gru_forward.misconception(
    "Step 0 is right, and from step 1 on nothing is. What does step 1 know about step 0?",
    "Each of your steps starts afresh from h0. A step starts where the last one ended.",
)
def every_step_from_h0(x, h0, W_x, W_h, b):
    steps = [gru_cell_forward(x[:, t], h0, W_x, W_h, b) for t in range(x.shape[1])]
    return np.stack([h for h, _ in steps], axis=1), np.stack([gates for _, gates in steps], axis=1)


@gru_forward.misconception(
    "Step 0 is right, and from step 1 on nothing is. What is it that your loop carries on?",
    "You carry the candidate to the next step. What a step starts from is the state, candidate and old state mixed.",
)
def candidate_carried(x, h0, W_x, W_h, b):
    B, T = x.shape[:2]
    H = len(W_h)
    h, gates = np.zeros((B, T, H)), np.zeros((B, T, 3 * H))
    h_prev = h0
    for t in range(T):
        h[:, t], gates[:, t] = gru_cell_forward(x[:, t], h_prev, W_x, W_h, b)
        h_prev = gates[:, t, 2 * H :]
    return h, gates


@gru_forward.misconception(
    "Step 0 is right, and from step 1 on nothing is. Which state do the gates of step 1 read?",
    "What can be computed for all steps at once is the input's share. The state's share has to wait for the state.",
)
def gates_read_h0(x, h0, W_x, W_h, b):
    B, T = x.shape[:2]
    H = len(W_h)
    h, gates = np.zeros((B, T, H)), np.zeros((B, T, 3 * H))
    h_prev = h0
    rz = x @ W_x[:, : 2 * H] + (h0 @ W_h[:, : 2 * H])[:, None] + b[: 2 * H]
    gates[:, :, : 2 * H] = 1 / (1 + np.exp(-rz))
    for t in range(T):
        r, z = gates[:, t, :H], gates[:, t, H : 2 * H]
        n = np.tanh(x[:, t] @ W_x[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :] + b[2 * H :])
        gates[:, t, 2 * H :] = n
        h_prev = (1 - z) * h_prev + z * n
        h[:, t] = h_prev
    return h, gates


@gru_forward.misconception(
    "Print which column of x each of your steps reads.",
    "The state at step t has already seen the input of step t. At t = 0, index t - 1 is the last column.",
)
def input_one_step_late(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        h, g = gru_cell_forward(x[:, t - 1], h, W_x, W_h, b)
        states.append(h)
        gates.append(g)
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "The gates are right. Compare your column 0 of h with h0.",
    "h[:, t] is the state after step t. You store the state first and take the step then.",
)
def state_before_the_step(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        states.append(h)
        h, g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        gates.append(g)
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "All your states look the same. Is that likely?",
    "A list that holds one array T times holds one array. Overwriting it changes every entry: store a copy.",
)
def one_buffer(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = np.array(h0)
    for t in range(x.shape[1]):
        h[:], g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
        gates.append(g)
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "Your last column has seen one input, your first has seen them all.",
    "Time runs from step 0 to step T - 1: the direction of your loop is the other one.",
)
def time_backwards(x, h0, W_x, W_h, b):
    B, T = x.shape[:2]
    H = len(W_h)
    h, gates = np.zeros((B, T, H)), np.zeros((B, T, 3 * H))
    h_prev = h0
    for t in reversed(range(T)):
        h_prev, gates[:, t] = gru_cell_forward(x[:, t], h_prev, W_x, W_h, b)
        h[:, t] = h_prev
    return h, gates


@gru_forward.misconception(
    "Right shape, right numbers, wrong places. Try B = 2, T = 3 and look where each state ends up.",
    "reshape reads the numbers in the order in which they lie; it does not swap axes. Which function does?",
)
def reshape_for_transpose(x, h0, W_x, W_h, b):
    B, T = x.shape[:2]
    states, gates = [], []
    h = h0
    for t in range(T):
        h, g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
        gates.append(g)
    return np.array(states).reshape(B, T, -1), np.array(gates).reshape(B, T, -1)


@gru_forward.misconception(
    "The numbers are right, but there is an axis too few.",
    "concatenate glues the steps side by side along an axis that exists. Which function makes a new one, for time?",
)
def steps_glued(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        h, g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
        gates.append(g)
    return np.concatenate(states, axis=1), np.concatenate(gates, axis=1)


@gru_forward.misconception(
    "What is the shape of one entry when you loop over x itself?",
    "The first axis of x is the batch. Step t is a column: all sequences of the batch at one time.",
)
def batch_walked_as_time(x, h0, W_x, W_h, b):
    H = len(W_h)
    states, gates = [], []
    h = h0
    for x_t in x:
        rz = 1 / (1 + np.exp(-(x_t @ W_x[:, : 2 * H] + h @ W_h[:, : 2 * H] + b[: 2 * H])))
        r, z = rz[:, :H], rz[:, H:]
        n = np.tanh(x_t @ W_x[:, 2 * H :] + (r * h) @ W_h[:, 2 * H :] + b[2 * H :])
        h = (1 - z) * h + z * n
        states.append(h)
        gates.append(np.concatenate([r, z, n], axis=1))
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "Your numbers are right, but most of them are missing.",
    "Every step's state and gates are asked for, not the last ones alone. Where could the loop keep them?",
)
def last_step_only(x, h0, W_x, W_h, b):
    h = h0
    for t in range(x.shape[1]):
        h, gates = gru_cell_forward(x[:, t], h, W_x, W_h, b)
    return h, gates


@gru_forward.misconception(
    "The states are right. How many steps do the gates that you return have?",
    "Gates of every step are asked for, (B, T, 3H): backpropagation will need them all.",
)
def last_gates_only(x, h0, W_x, W_h, b):
    states = []
    h = h0
    for t in range(x.shape[1]):
        h, gates = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        states.append(h)
    return np.stack(states, axis=1), gates


@gru_forward.misconception(
    "Your biases have twice their weight. In how many places do you add them?",
    "The bias is in the input's share already, which you computed for all steps at once.",
)
def bias_again_in_the_loop(x, h0, W_x, W_h, b):
    H = len(W_h)
    a = x @ W_x + b
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        rz = 1 / (1 + np.exp(-(a[:, t, : 2 * H] + h @ W_h[:, : 2 * H] + b[: 2 * H])))
        r, z = rz[:, :H], rz[:, H:]
        n = np.tanh(a[:, t, 2 * H :] + (r * h) @ W_h[:, 2 * H :] + b[2 * H :])
        h = (1 - z) * h + z * n
        states.append(h)
        gates.append(np.concatenate([r, z, n], axis=1))
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "The gates of step 0 are right, its state is not. Think of z = 1: what should the new state be?",
    "Cho's paper and d2l let z keep the old state. The course's z lets the *new* one in, as Bahdanau (2015) has it.",
)
def sequence_z_keeps_the_old(x, h0, W_x, W_h, b):
    H = len(W_h)
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        _, g = gru_cell_forward(x[:, t], h, W_x, W_h, b)
        z, n = g[:, H : 2 * H], g[:, 2 * H :]
        h = z * h + (1 - z) * n
        states.append(h)
        gates.append(g)
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "r and z of step 0 are right, n is not. Is the state reset before the product with W_hn, or after?",
    "One product with all of W_h is tempting: PyTorch and cuDNN do it. The course resets *before* the product.",
)
def sequence_reset_after_product(x, h0, W_x, W_h, b):
    a = x @ W_x + b
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        a_r, a_z, a_n = np.split(a[:, t], 3, axis=1)
        s_r, s_z, s_n = np.split(h @ W_h, 3, axis=1)
        r = 1 / (1 + np.exp(-(a_r + s_r)))
        z = 1 / (1 + np.exp(-(a_z + s_z)))
        n = np.tanh(a_n + r * s_n)
        h = (1 - z) * h + z * n
        states.append(h)
        gates.append(np.concatenate([r, z, n], axis=1))
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "r and z of step 0 are right, n is not. Where does r stand in the equation, before the product or after it?",
    "This is PyTorch's GRU: its r comes after the product, and its z keeps the old state. The course differs in both.",
)
def sequence_pytorch(x, h0, W_x, W_h, b):
    a = x @ W_x + b
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        a_r, a_z, a_n = np.split(a[:, t], 3, axis=1)
        s_r, s_z, s_n = np.split(h @ W_h, 3, axis=1)
        r = 1 / (1 + np.exp(-(a_r + s_r)))
        z = 1 / (1 + np.exp(-(a_z + s_z)))
        n = np.tanh(a_n + r * s_n)
        h = (1 - z) * n + z * h
        states.append(h)
        gates.append(np.concatenate([r, z, n], axis=1))
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@gru_forward.misconception(
    "r and z of step 0 are right, n is not. You compute r: is it ever used?",
    "Some lecture notes leave r out of the candidate. Without it nothing could be reset: look at n's equation again.",
)
def sequence_reset_left_out(x, h0, W_x, W_h, b):
    states, gates = [], []
    h = h0
    for t in range(x.shape[1]):
        a_r, a_z, a_n = np.split(x[:, t] @ W_x + h @ W_h + b, 3, axis=1)
        r = 1 / (1 + np.exp(-a_r))
        z = 1 / (1 + np.exp(-a_z))
        n = np.tanh(a_n)
        h = (1 - z) * h + z * n
        states.append(h)
        gates.append(np.concatenate([r, z, n], axis=1))
    return np.stack(states, axis=1), np.stack(gates, axis=1)


@assignment.exercise(
    gru.gru_cell_backward,
    outputs="dx: B D; dh_prev: B H; dW_x: D 3H; dW_h: H 3H; db: 3H",
    points=6,
    hints=[
        "Walk the forward from its last line to its first: from dh to z, n and h_prev, from n to r, then to the sums.",
        "h_prev goes into the cell in four places. Count the terms of your dh_prev.",
        "Compare with numerical_gradient of 02, one output at a time: the first one that is off shows the way.",
    ],
)
def gru_cell_backward(draw, B=3, D=4, H=5):
    x, h_prev, weights = draw.normal(B, D), draw.normal(B, H), _weights(draw, D, H)
    _, gates = gru.gru_cell_forward(x, h_prev, **weights)
    dh = draw.normal(B, H)
    return dict(dh=dh, x=x, h_prev=h_prev, gates=gates, W_x=weights["W_x"], W_h=weights["W_h"])


@gru_cell_backward.misconception(
    "Only dh_prev is off. With z = 0 the new state *is* the old one: what should dh_prev be then?",
    "The shortest way from dh to h_prev leads past the candidate and past the gates, through 1 - z.",
)
def kept_path_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dh_prev is off, and it is right in three of its four parts. Is z = 0 a good case to look at?",
    "The part past the candidate has the factor that h_prev has in h's equation: not z, and not 1 either.",
)
def kept_path_whole(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "With n's block of W_h at zero, r could not matter to the state. Does your r's gradient know that?",
    "Between n's sum and r * h_prev stands a product with W_hn. On the way back it stands there, too.",
)
def reset_path_lacks_matrix(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    da_r = da_n * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + da_n * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "r's block is off, the two others are right. Which product lies between n's sum and r?",
    "The gradient of r * h_prev comes through W_hn. You let it through for h_prev, but not for r.",
)
def reset_gate_lacks_matrix(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = da_n * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "With H = 1 yours is right. What is special about a 1 by 1 matrix?",
    "The way back through a product with a matrix is a product with its transpose. Look at each of your products.",
)
def recurrent_not_transposed(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_hn
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da_r @ W_hr + da_z @ W_hz
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "With H = 1 yours is right. In which of your products is a square block of W_h?",
    "W_hn is square, so that it fits as it is, too. The way back through it is a product with its transpose.",
)
def candidate_block_not_transposed(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :]
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Does your derivation start from h = (1 - z) h_prev + z n?",
    "This is the gradient of d2l's GRU (and Cho's paper), whose z keeps the old state. The course's lets the new in.",
)
def backward_z_keeps_the_old(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * (1 - z) * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (h_prev - n) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * z + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "The blocks of z and n are right in db, r's is not. With H = 1 all is right: where do the units mix?",
    "This is the gradient of a GRU that resets after the product (PyTorch, cuDNN). The course resets before it.",
)
def backward_reset_after_product(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    W_hn = W_h[:, 2 * H :]
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    da_r = da_n * (h_prev @ W_hn) * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    ds = np.concatenate([da_r, da_z, da_n * r], axis=1)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    return da @ W_x.T, dh * (1 - z) + ds @ W_h.T, x.T @ da, h_prev.T @ ds, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Does your derivation start from the course's two equations, of n and of h?",
    "This is the gradient of PyTorch's GRU: r after the product, z keeps the old. The course differs in both.",
)
def backward_pytorch(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    W_hn = W_h[:, 2 * H :]
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * (1 - z) * (1 - n**2)
    da_r = da_n * (h_prev @ W_hn) * r * (1 - r)
    da_z = dh * (h_prev - n) * z * (1 - z)
    ds = np.concatenate([da_r, da_z, da_n * r], axis=1)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    return da @ W_x.T, dh * z + ds @ W_h.T, x.T @ da, h_prev.T @ ds, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Your derivation knows no r in n's equation. Does the forward?",
    "Some lecture notes leave r out of the candidate; then its gradient is 0. Here r * h_prev is what W_hn multiplies.",
)
def backward_reset_left_out(dh, x, h_prev, gates, W_x, W_h):
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([np.zeros_like(r), da_z, da_n], axis=1)
    return da @ W_x.T, dh * (1 - z) + da @ W_h.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@gru_cell_backward.misconception(
    "r's block of your gradients is zero. Does r have no say in the loss?",
    "r * h_prev is a product of two things that depend on the weights. You went back to one of them, not to r.",
)
def reset_gate_constant(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([np.zeros_like(r), da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da_z @ W_h[:, H : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Two thirds of your gradients are zero. Are the gates given, or do they depend on the weights?",
    "Both gates are functions of x, h_prev and weights, so that gradients flow through them as through n.",
)
def both_gates_constant(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    nothing = np.zeros_like(r)
    da = np.concatenate([nothing, nothing, da_n], axis=1)
    dW_h = np.concatenate([nothing.T @ h_prev, nothing.T @ h_prev, (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh * (1 - z) + ds * r, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dh_prev is off. One product with all of W_h is tempting: what does W_hn multiply in the forward?",
    "What comes back through W_hn is the gradient of r * h_prev, not yet that of h_prev.",
)
def reset_factor_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh * (1 - z) + da @ W_h.T, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dh_prev is off. In how many places does h_prev enter the cell?",
    "The way through the candidate is missing: h_prev is in r * h_prev, too.",
)
def candidate_path_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dh_prev is off. In how many places does h_prev enter the cell?",
    "The gates read h_prev as well, so that something comes back through both of them.",
)
def gate_paths_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh * (1 - z) + ds * r, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dh_prev is off: of its parts, the last one alone is there.",
    "Where one thing is used in several places, its gradients add up. Look for an `=` that should be a `+=`.",
)
def dh_prev_overwritten(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    dh_prev = dh * (1 - z)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    dh_prev = ds * r
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only n's block of dW_h is off. What does that block multiply in the forward?",
    "A weight's gradient is what it multiplied, times what comes back. W_hn multiplied r * h_prev.",
)
def candidate_weights_from_h_prev(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    return da @ W_x.T, dh_prev, x.T @ da, h_prev.T @ da, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only the gates' blocks of dW_h are off. What do those blocks multiply in the forward?",
    "The gates read h_prev as it is; only the candidate reads r * h_prev.",
)
def gate_weights_from_reset_state(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    return da @ W_x.T, dh_prev, x.T @ da, (r * h_prev).T @ da, da.sum(axis=0)


@gru_cell_backward.misconception(
    "n's block is right, the gates' are off. How steep is the sigmoid at a gate of 1? And in your code?",
    "The slope of the sigmoid is not the sigmoid. Written with its output s it is s (1 - s).",
)
def sigmoid_for_its_slope(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r
    da_z = dh * (n - h_prev) * z
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "n's block is right, the gates' are too large. What stands between a gate and its sum?",
    "You have the gradients of the gates. Those of their sums are smaller by the slope of the sigmoid.",
)
def sigmoid_slope_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev
    da_z = dh * (n - h_prev)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "z's block is right, n's is not. What stands between n and its sum?",
    "The slope of the tanh is missing; written with its output n it is 1 - n².",
)
def tanh_slope_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "z's block is right, n's is not. Is your slope of the tanh ever larger than 1?",
    "1 - n is the slope of nothing here. The tanh's is 1 - n², and does not depend on n's sign.",
)
def tanh_slope_not_squared(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "z's block is right, n's is not. Which function did n come from?",
    "n (1 - n) is the slope of a sigmoid. The candidate came through a tanh.",
)
def sigmoid_slope_for_candidate(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * n * (1 - n)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "All three blocks are off. Are the gates that you are given squashed already?",
    "You squash the gates a second time before you take the slopes. The slopes are written with the outputs as given.",
)
def squashed_again(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    slope_r = 1 / (1 + np.exp(-r)) * (1 - 1 / (1 + np.exp(-r)))
    slope_z = 1 / (1 + np.exp(-z)) * (1 - 1 / (1 + np.exp(-z)))
    da_n = dh * z * (1 - np.tanh(n) ** 2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * slope_r
    da_z = dh * (n - h_prev) * slope_z
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "n's block is right, z's is not. In how many places does z stand in h's equation?",
    "z lets the new in *and* the old out: both have a say in its gradient.",
)
def old_state_missing_from_dz(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * n * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "n's block is right, z's has the wrong sign. If n is larger than h_prev, what does more z do to h?",
    "h grows by n - h_prev for each bit of z, not by h_prev - n.",
)
def dz_with_the_wrong_sign(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (h_prev - n) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "z's block is right, n's and r's are too large. With z = 0, should the candidate get any gradient?",
    "Only the share z of the candidate is let in, and so is only that share of the gradient let back.",
)
def update_factor_missing(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Two of your three blocks of db are right. What is r multiplied by in n's equation?",
    "The gradient of a factor has the *other* factor in it: r stands beside h_prev.",
)
def old_state_missing_from_dr(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Which H columns of the gates do you take for z?",
    "You unpack the gates as z, r, n, as Keras stacks them. Here they are r, z, n, in everything that is stacked.",
)
def unpacked_z_r_n(dh, x, h_prev, gates, W_x, W_h):
    W_hz, W_hr, W_hn = np.split(W_h, 3, axis=1)
    z, r, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_hn.T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_z, da_r, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
    dW_h = np.concatenate([h_prev.T @ da_z, h_prev.T @ da_r, (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Which H columns of the gates do you take for the candidate?",
    "You unpack the gates as n, r, z. The candidate is the last block: r, z, n.",
)
def unpacked_n_r_z(dh, x, h_prev, gates, W_x, W_h):
    W_hn, W_hr, W_hz = np.split(W_h, 3, axis=1)
    n, r, z = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_hn.T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_n, da_r, da_z], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
    dW_h = np.concatenate([(r * h_prev).T @ da_n, h_prev.T @ da_r, h_prev.T @ da_z], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Compare the blocks of your db with the expected ones, crosswise.",
    "The gradients are right until you stack them: z, r, n. Their order is that of the weights, r, z, n.",
)
def gradients_stacked_z_r_n(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_z, da_r, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "Only dx is off. How many of the three sums does x enter?",
    "x is heard by both gates and by the candidate: three parts come back to it.",
)
def dx_through_candidate_only(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da_n @ W_x[:, 2 * H :].T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@gru_cell_backward.misconception(
    "db has the shape of b. What is the shape of yours?",
    "One bias serves all rows of the batch. Its gradient is the sum of theirs.",
)
def db_not_summed(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_n = dh * z * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da_z = dh * (n - h_prev) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da


@gru_cell_backward.misconception(
    "After the call, print dh: is it still what it was?",
    "`*=` writes into the caller's array, and the way past the candidate reads it afterwards. Use a new name.",
)
def upstream_scaled_in_place(dh, x, h_prev, gates, W_x, W_h):
    H = len(W_h)
    r, z, n = np.split(gates, 3, axis=1)
    da_z = dh * (n - h_prev) * z * (1 - z)
    dh *= z
    da_n = dh * (1 - n**2)
    ds = da_n @ W_h[:, 2 * H :].T
    da_r = ds * h_prev * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    dh_prev = dh * (1 - z) + ds * r + da[:, : 2 * H] @ W_h[:, : 2 * H].T
    dW_h = np.concatenate([h_prev.T @ da[:, : 2 * H], (r * h_prev).T @ da_n], axis=1)
    return da @ W_x.T, dh_prev, x.T @ da, dW_h, da.sum(axis=0)


@assignment.exercise(
    gru.gru_backward,
    outputs="dx: B T D; dh0: B H; dW_x: D 3H; dW_h: H 3H; db: 3H",
    points=4,
    uses=[gru_cell_forward, gru_forward, gru_cell_backward],
    hints=[
        "The cell's backward, from the last step to the first. What does one step hand to the step before it?",
        "Two things meet at every state: the loss's own gradient at that step, and what the step after hands back.",
        "The weights serve every step: their gradients add up. What is left when step 0 has handed back is dh0.",
    ],
)
def gru_backward(draw, B=3, T=4, D=2, H=5):
    x, h0, weights = draw.normal(B, T, D), draw.normal(B, H), _weights(draw, D, H)
    h, gates = gru.gru_forward(x, h0, **weights)
    dh = draw.normal(B, T, H)
    return dict(dh=dh, x=x, h0=h0, h=h, gates=gates, W_x=weights["W_x"], W_h=weights["W_h"])


@gru_backward.misconception(
    "The last step's dx is right, the earlier ones are not. What does a step know of the loss at later steps?",
    "Each of your steps sees its own dh alone. What the next step hands back has to be added to it.",
)
def nothing_carried_back(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], dh_prev, a, b, c = gru_cell_backward(dh[:, t], x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, dh_prev, dW_x, dW_h, db


@gru_backward.misconception(
    "Set dh to zero at the last step and leave it at the others: your gradients are all zero.",
    "The loss speaks at every step. Each step's own dh joins what comes back from the next.",
)
def upstream_at_last_step_only(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = dh[:, -1]
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], carried, a, b, c = gru_cell_backward(carried, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "dx and dh0 are right. Your weight gradients are those of one step. Of which?",
    "All steps share the weights: their gradients add up. Look for an `=` that should be a `+=`.",
)
def weight_gradients_overwritten(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], carried, dW_x, dW_h, db = gru_cell_backward(
            dh[:, t] + carried, x[:, t], h_prev, gates[:, t], W_x, W_h
        )
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "dx, dh0 and the matrices are right. Of which step is your db?",
    "The bias serves every step, as the matrices do: its gradients add up, too.",
)
def bias_gradient_overwritten(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h = np.zeros(W_x.shape), np.zeros(W_h.shape)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], carried, a, b, db = gru_cell_backward(dh[:, t] + carried, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h = dW_x + a, dW_h + b
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "Which state did step t start from? Which one do you hand to the cell?",
    "h[:, t] is the state *after* step t. The cell's backward wants the one before.",
)
def state_after_the_step(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h[:, t], gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "dx is right at every step but the first. Which state did step 0 start from?",
    "At t = 0, index t - 1 is the last column. The state before step 0 is h0.",
)
def last_state_before_the_first(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h[:, t - 1], gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "dx is right at every step but the first. Which state did step 0 start from?",
    "The state before the first step is given as h0, and need not be zero.",
)
def zeros_before_the_first(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else np.zeros(h0.shape)
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "All is right but dh0. Is it ever given a value?",
    "What step 0 hands back is the gradient of the state that it started from.",
)
def dh0_never_assigned(dh, x, h0, h, gates, W_x, W_h):
    dx, dh0 = np.zeros(x.shape), np.zeros(h0.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, dh0, dW_x, dW_h, db


@gru_backward.misconception(
    "All is right but dh0. Of which state is what you return the gradient?",
    "You return what arrives at the state after step 0. One more step back leads to h0.",
)
def dh0_of_the_first_state(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        dx[:, t], carried, a, b, c = gru_cell_backward(total, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, total, dW_x, dW_h, db


@gru_backward.misconception(
    "The last step's dx is right, the earlier ones are not. In how many ways does a state reach the next one?",
    "You carry only what passes beside the candidate. The gates and the candidate read the old state, too.",
)
def only_kept_path_carried(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        dx[:, t], _, a, b, c = gru_cell_backward(total, x[:, t], h_prev, gates[:, t], W_x, W_h)
        carried = total * (1 - gates[:, t, H : 2 * H])
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "The last step's dx is right, the earlier ones are not. How does the state pass a step that z shuts out?",
    "What is carried back lacks the share 1 - z that goes past the candidate and the gates.",
)
def kept_path_not_carried(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        dx[:, t], carried, a, b, c = gru_cell_backward(total, x[:, t], h_prev, gates[:, t], W_x, W_h)
        carried = carried - total * (1 - gates[:, t, H : 2 * H])
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "Only n's block of dW_h is off. What does that block multiply in the forward?",
    "One product for the whole of dW_h is tempting, but W_hn read r * h_prev at every step.",
)
def candidate_weights_from_plain_state(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        z, n = gates[:, t, H : 2 * H], gates[:, t, 2 * H :]
        dx[:, t], carried, a, b, c = gru_cell_backward(total, x[:, t], h_prev, gates[:, t], W_x, W_h)
        b[:, 2 * H :] = h_prev.T @ (total * z * (1 - n**2))
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "In which direction does your loop run?",
    "A step needs what the *next* one hands back: start at the last step and end at the first.",
)
def forwards_through_time(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in range(x.shape[1]):
        h_prev = h[:, t - 1] if t > 0 else h0
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "Does your loop reach step 0? Look at dx there.",
    "range stops before its end: the first step's own gradients are missing, and dh0 lies one step further back.",
)
def first_step_left_out(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in range(x.shape[1] - 1, 0, -1):
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t] + carried, x[:, t], h[:, t - 1], gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "db has the shape of b. What is the shape of yours?",
    "One bias serves all rows and all steps. Its gradient is the sum over both.",
)
def bias_summed_over_time_only(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    dx, db = np.zeros(x.shape), 0
    dW_x, dW_h = np.zeros(W_x.shape), np.zeros(W_h.shape)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        r, z, n = np.split(gates[:, t], 3, axis=1)
        da_n = total * z * (1 - n**2)
        ds = da_n @ W_hn.T
        da_r = ds * h_prev * r * (1 - r)
        da_z = total * (n - h_prev) * z * (1 - z)
        da = np.concatenate([da_r, da_z, da_n], axis=1)
        carried = total * (1 - z) + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h[:, : 2 * H] += h_prev.T @ da[:, : 2 * H]
        dW_h[:, 2 * H :] += (r * h_prev).T @ da_n
        db = db + da
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "Your numbers are right. After the call, print dh: is it still what it was?",
    "`+=` on a column of dh writes into the caller's array. Put the sum into a new one.",
)
def upstream_mutated(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        dh[:, t] += carried
        dx[:, t], carried, a, b, c = gru_cell_backward(dh[:, t], x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "The last step's dx is right. Compare what step t - 1 receives with dh at t - 1: is it counted once?",
    "You add the carried gradient twice: it is in your running sum already.",
)
def carried_twice(dh, x, h0, h, gates, W_x, W_h):
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(W_x.shape[1])
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + 2 * carried
        dx[:, t], carried, a, b, c = gru_cell_backward(total, x[:, t], h_prev, gates[:, t], W_x, W_h)
        dW_x, dW_h, db = dW_x + a, dW_h + b, db + c
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "The last step's db would be right for a GRU whose z keeps the old state. Is yours such a one?",
    "This is d2l's (and Cho's paper's) z. The course's lets the new state in: h = (1 - z) h_prev + z n.",
)
def sequence_backward_z_keeps_the_old(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    W_hr, W_hz, W_hn = np.split(W_h, 3, axis=1)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(3 * H)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        r, z, n = np.split(gates[:, t], 3, axis=1)
        da_n = total * (1 - z) * (1 - n**2)
        ds = da_n @ W_hn.T
        da_r = ds * h_prev * r * (1 - r)
        da_z = total * (h_prev - n) * z * (1 - z)
        da = np.concatenate([da_r, da_z, da_n], axis=1)
        carried = total * z + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += np.concatenate([h_prev.T @ da_r, h_prev.T @ da_z, (r * h_prev).T @ da_n], axis=1)
        db += da.sum(axis=0)
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "r's block of db is off, z's and n's are right at the last step. With H = 1 all is right: where do units mix?",
    "This is the gradient of a GRU that resets after the product (PyTorch, cuDNN). The course resets before it.",
)
def sequence_backward_reset_after_product(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(3 * H)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        r, z, n = np.split(gates[:, t], 3, axis=1)
        da_n = total * z * (1 - n**2)
        da_r = da_n * (h_prev @ W_h[:, 2 * H :]) * r * (1 - r)
        da_z = total * (n - h_prev) * z * (1 - z)
        da = np.concatenate([da_r, da_z, da_n], axis=1)
        ds = np.concatenate([da_r, da_z, da_n * r], axis=1)
        carried = total * (1 - z) + ds @ W_h.T
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ ds
        db += da.sum(axis=0)
    return dx, carried, dW_x, dW_h, db


@gru_backward.misconception(
    "Does your derivation start from the course's two equations, of n and of h?",
    "This is the gradient of PyTorch's GRU: r after the product, z keeps the old. The course differs in both.",
)
def sequence_backward_pytorch(dh, x, h0, h, gates, W_x, W_h):
    H = len(W_h)
    dx = np.zeros(x.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(3 * H)
    carried = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h0
        total = dh[:, t] + carried
        r, z, n = np.split(gates[:, t], 3, axis=1)
        da_n = total * (1 - z) * (1 - n**2)
        da_r = da_n * (h_prev @ W_h[:, 2 * H :]) * r * (1 - r)
        da_z = total * (h_prev - n) * z * (1 - z)
        da = np.concatenate([da_r, da_z, da_n], axis=1)
        ds = np.concatenate([da_r, da_z, da_n * r], axis=1)
        carried = total * z + ds @ W_h.T
        dx[:, t] = da @ W_x.T
        dW_x += x[:, t].T @ da
        dW_h += h_prev.T @ ds
        db += da.sum(axis=0)
    return dx, carried, dW_x, dW_h, db


@assignment.exercise(
    gru.count_parameters,
    outputs="count",
    points=2,
    tolerance="exact",
    hints=[
        "Write the shapes of W_x, W_h and b of each kind, and count their entries.",
        "The kinds differ in how many blocks of H columns they have: count the gates and the candidate.",
    ],
    extra=[
        dict(kind="rnn", D=100, H=50),
        dict(kind="gru", D=100, H=50),
        dict(kind="lstm", D=100, H=50),
        dict(kind="rnn"),
        dict(kind="lstm"),
        dict(kind="rnn", D=1, H=1),
        dict(kind="lstm", D=1, H=7),
        dict(kind="gru", D=7, H=1),
    ],
)
def count_parameters(draw, kind="gru", D=None, H=None):
    if D is None:
        D = int(draw.integers(20, 90))
    if H is None:
        H = int(draw.integers(100, 300))
    return dict(kind=kind, D=D, H=H)


@count_parameters.misconception(
    "Your counts are too large, by H for each block.",
    "PyTorch keeps two biases where one would do, and counts both. The course has one for each gate.",
)
def two_biases(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + H * H + 2 * H)


@count_parameters.misconception(
    "The simple network and the LSTM are right. How many biases has your GRU?",
    "Keras' GRU resets after the product unless told otherwise, and then has a second bias. The course's has one.",
)
def two_biases_for_the_gru(kind, D, H):
    if kind == "rnn":
        return D * H + H * H + H
    if kind == "gru":
        return 3 * (D * H + H * H + 2 * H)
    return 4 * (D * H + H * H + H)


@count_parameters.misconception(
    "Your counts are too small, by H for each block.",
    "Besides the two matrices, each block has a bias.",
)
def biases_not_counted(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * H * (D + H)


@count_parameters.misconception(
    "The simple network is right. How long is b in a GRU?",
    "Every block of H columns has a bias of its own; you count one for the whole cell.",
)
def one_bias_in_all(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + H * H) + H


@count_parameters.misconception(
    "The simple network and the LSTM are right. How many blocks has a GRU's W_x?",
    "Four blocks are the LSTM's. The GRU was made to do with fewer: count r, z and n.",
)
def four_blocks_for_the_gru(kind, D, H):
    return {"rnn": 1, "gru": 4, "lstm": 4}[kind] * (D * H + H * H + H)


@count_parameters.misconception(
    "The simple network is right. Do only gates have weights?",
    "The candidate has weights of its own, in the GRU and in the LSTM.",
)
def candidate_not_counted(kind, D, H):
    return {"rnn": 1, "gru": 2, "lstm": 3}[kind] * (D * H + H * H + H)


@count_parameters.misconception(
    "The simple network and the LSTM are right. Do only gates have weights?",
    "A GRU has two gates and a candidate, and the candidate has weights of its own.",
)
def two_blocks_for_the_gru(kind, D, H):
    return {"rnn": 1, "gru": 2, "lstm": 4}[kind] * (D * H + H * H + H)


@count_parameters.misconception(
    "The simple network and the GRU are right. Count the LSTM's blocks once more: i, f, g, o.",
    "An LSTM has three gates and a candidate, and the candidate has weights of its own.",
)
def three_blocks_for_the_lstm(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 3}[kind] * (D * H + H * H + H)


@count_parameters.misconception(
    "The simple network is right. Which of the other two is the smaller one?",
    "Two kinds have changed places: the GRU has three blocks, the LSTM four.",
)
def gru_and_lstm_swapped(kind, D, H):
    return {"rnn": 1, "gru": 4, "lstm": 3}[kind] * (D * H + H * H + H)


@count_parameters.misconception(
    "Do your counts depend on the kind?",
    "The simple network has one block of weights. Each gate brings another one, of the same shape.",
)
def kind_ignored(kind, D, H):
    return D * H + H * H + H


@count_parameters.misconception(
    "The simple network is right. Which of the two matrices has several blocks: W_x, W_h, or both?",
    "Every gate reads the input and the state. W_h is as wide as W_x.",
)
def one_recurrent_block(kind, D, H):
    k = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    return k * D * H + H * H + k * H


@count_parameters.misconception(
    "The simple network is right. Which of the two matrices has several blocks: W_x, W_h, or both?",
    "Every gate reads the input and the state. W_x is as wide as W_h.",
)
def one_input_block(kind, D, H):
    k = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    return D * H + k * H * H + k * H


@count_parameters.misconception(
    "What you count is a dense layer with gates. Which matrix makes a layer recurrent?",
    "W_h is missing: every unit reads every unit of the step before.",
)
def recurrent_weights_not_counted(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + H)


@count_parameters.misconception(
    "With D = H yours would be right. What are the two axes of W_h?",
    "The state has H numbers, so W_h has H rows. You gave it as many as there are features.",
)
def recurrent_weights_as_large_as_input_weights(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (2 * D * H + H)


@count_parameters.misconception(
    "With D = H yours would be right. Which letter counts the units?",
    "D counts the input's features, H the units. They have changed places.",
)
def features_and_units_swapped(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + D * D + D)


@count_parameters.misconception(
    "Each block is counted rightly but for its bias. How many biases has one block of H units?",
    "A bias for each *unit*, not one for the whole block.",
)
def one_bias_per_block(kind, D, H):
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + H * H + 1)


@count_parameters.misconception(
    "The simple network and the GRU are right. What does your LSTM have besides i, f, g and o?",
    "Peepholes (Gers 2000) let the gates read the cell state. The course's LSTM has none, nor has Keras' or PyTorch's.",
)
def peepholes_counted(kind, D, H):
    count = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * (D * H + H * H + H)
    return count + 3 * H if kind == "lstm" else count
