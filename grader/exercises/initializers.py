"""05-initializers, the first weights: what each function is asked, what it is worth, and how people get it wrong.

Random answers are judged by their law, so any way to draw is right. A wrong version is recognised by its numbers,
which are those of somebody who draws in the plainest way.
"""

import numpy as np

from grader import laws
from grader.exercise import Assignment
from reference import initializers

assignment = Assignment("05-initializers")


@assignment.exercise(
    initializers.fans,
    outputs="fan_in; fan_out",
    points=2,
    hints=[
        "Write x W with its shapes: (B, fan_in) times (fan_in, fan_out).",
        "One number of the output is a sum over one column of W. How many terms has it?",
    ],
    extra=[dict(kind="tall"), dict(kind="square"), dict(kind="row"), dict(kind="column"), dict(kind="stacked")],
)
def fans(draw, kind="wide"):
    few, many = int(draw.integers(2, 50)), int(draw.integers(50, 100))
    shapes = dict(wide=(few, many), tall=(many, few), square=(many, many), row=(1, many), column=(many, 1))
    return dict(shape=(shapes | dict(stacked=(many, 4 * few)))[kind])


@fans.misconception(
    "Which axis of W does x W sum over?",
    "PyTorch stores the transpose, (fan_out, fan_in), and code that was copied from there swaps the two. "
    "Here x stands on the left.",
)
def fans_swapped(shape):
    return shape[1], shape[0]


@fans.misconception(
    "Yours are equal for every shape. Should they be, for W of shape (3, 5)?",
    "A unit reads as many numbers as there are rows; a number is read by as many units as there are columns.",
)
def rows_twice(shape):
    return shape[0], shape[0]


@fans.misconception(
    "Your fan_in is right. Count the columns of the matrix that you were given.",
    "Whether these columns are four gates or one layer, nobody told the function. The shape counts as it stands.",
)
def one_gate(shape):
    return shape[0], shape[1] // 4


@fans.misconception(
    "Is 15 a plausible number of inputs, or of outputs, of a matrix of shape (3, 5)?",
    "You count the weights. A fan counts the lines that meet in one unit, or that leave one input.",
)
def weights_counted(shape):
    return shape[0], shape[0] * shape[1]


@fans.misconception(
    "Two numbers are asked for, and you return one.",
    "Averaging comes later, and not for every initializer. Keep the two apart here.",
)
def averaged_fans(shape):
    return (shape[0] + shape[1]) / 2


@assignment.exercise(
    initializers.xavier_normal,
    outputs="W: D H",
    points=3,
    uses=[fans],
    law=lambda shape: laws.normal(shape, np.sqrt(2 / sum(shape))),
    hints=[
        "Draw a large matrix and print its std(). What should it be, by the equation?",
        "numpy's generator draws normal numbers of any spread and shape in one call. Read what its arguments mean.",
        "The law is given by its variance, while most generators want to know the standard deviation.",
    ],
)
def xavier_normal(draw, D=120, H=200):
    return dict(rng=draw.seed(), shape=(D, H))


@xavier_normal.misconception(
    "Print std() of a large draw, and its square. Which of them is 2 / (fan_in + fan_out)?",
    "The equation gives a variance. What does numpy's `scale` ask for?",
)
def variance_for_sd(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, 2 / (fan_in + fan_out), shape)


@xavier_normal.misconception(
    "By the equation, fans of 100 and 100 give a standard deviation of 0.1. What does your expression give?",
    "Python divides before it adds: where does your denominator end?",
)
def bracket_slip(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / fan_in + fan_out), shape)


@xavier_normal.misconception(
    "By the equation, fans of 100 and 100 give a standard deviation of 0.1. What does your expression give?",
    "How far does the root reach? The denominator stands under it, too.",
)
def root_over_2_alone(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2) / (fan_in + fan_out), shape)


@xavier_normal.misconception(
    "Change fan_out alone: your spread stays the same.",
    "1 / fan_in keeps the signal's size on its way forward (LeCun). Xavier thinks of the gradient's way back as well.",
)
def lecun_for_xavier(rng, shape):
    fan_in, _ = fans(shape)
    return rng.normal(0, np.sqrt(1 / fan_in), shape)


@xavier_normal.misconception(
    "Change fan_in alone: your spread stays the same.",
    "1 / fan_out keeps the gradient's size on its way back. Xavier thinks of the signal's way forward as well.",
)
def gradient_alone(rng, shape):
    _, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(1 / fan_out), shape)


@xavier_normal.misconception(
    "Change fan_out alone: your spread stays the same.",
    "That 2 makes up for the half of its input that a ReLU silences. It is He's, and the next section's.",
)
def he_for_xavier(rng, shape):
    fan_in, _ = fans(shape)
    return rng.normal(0, np.sqrt(2 / fan_in), shape)


@xavier_normal.misconception(
    "Your variance is twice what it should be.",
    "One over the mean of the fans is two over their sum. You have taken two over the mean.",
)
def two_over_the_mean(rng, shape):
    return rng.normal(0, np.sqrt(2 / np.mean(fans(shape))), shape)


@xavier_normal.misconception(
    "Your variance is half of what it should be.",
    "With equal fans of n, forward and backward both ask for 1 / n. What does yours give then?",
)
def one_over_the_sum(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(1 / (fan_in + fan_out)), shape)


@xavier_normal.misconception(
    "Your variance is three times what it should be.",
    "The 6 belongs to the uniform version: it is a bound there, not a standard deviation.",
)
def uniforms_bound_as_sd(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(6 / (fan_in + fan_out)), shape)


@xavier_normal.misconception(
    "Draw a histogram of a large draw. Is it a bell?",
    "Your numbers are uniform. The exercise after this one asks for that, with a bound that is not the spread.",
)
def box_for_bell(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(2 / (fan_in + fan_out))
    return rng.uniform(-w, w, shape)


@xavier_normal.misconception(
    "Draw a histogram of a large draw. Do its tails look natural?",
    "Keras cuts the tails of its `glorot_normal`, and widens the rest to make up for it. Here they stay on.",
)
def tails_clipped(rng, shape):
    fan_in, fan_out = fans(shape)
    sd = np.sqrt(2 / (fan_in + fan_out))
    return np.clip(rng.normal(0, sd, shape), -2 * sd, 2 * sd)


@xavier_normal.misconception(
    "Print the mean of a large draw. What should it be?",
    "The first argument of numpy's `normal` is where the bell stands, the second how wide it is.",
)
def sd_as_mean(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(np.sqrt(2 / (fan_in + fan_out)), size=shape)


@xavier_normal.misconception(
    "Double the fans: your spread stays the same.",
    "The right formula, and then a draw that does not use it. `standard_normal` has a spread of 1.",
)
def unscaled(rng, shape):
    return rng.standard_normal(shape)


@xavier_normal.misconception(
    "Double the fans: your spread stays the same.",
    '"Small random numbers" was the advice before 2010: too small for a deep net, as the experiment shows.',
)
def small_numbers(rng, shape):
    return 0.01 * rng.standard_normal(shape)


@xavier_normal.misconception(
    "Print the first two rows of a draw.",
    "All your rows are one row. Two inputs with the same weights stay twins; each weight needs a number of its own.",
)
def one_row_for_all(rng, shape):
    fan_in, fan_out = fans(shape)
    row = rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), fan_out)
    return np.tile(row, (fan_in, 1))


@xavier_normal.misconception(
    "What is the shape of your answer, for a shape of (2, 3)?",
    "PyTorch's layers store (fan_out, fan_in). The course multiplies x W, and wants the shape that it asked for.",
)
def torchs_layout(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_out, fan_in))


@xavier_normal.misconception(
    "Call it twice with np.random.default_rng(0): should the two draws differ?",
    "np.random.normal draws from one generator that the whole program shares. Yours is handed to you.",
)
def shared_generator(rng, shape):
    fan_in, fan_out = fans(shape)
    return np.random.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)


@xavier_normal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You seed a generator that the whole program shares, for everybody, at every call. Draw from the one given.",
)
def seeded_inside(rng, shape):
    np.random.seed(0)
    fan_in, fan_out = fans(shape)
    return np.random.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)


@xavier_normal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You make a generator of your own, always the same. Two layers of one shape would be twins. Use the one given.",
)
def own_generator(rng, shape):
    rng = np.random.default_rng(0)
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)


@assignment.exercise(
    initializers.xavier_uniform,
    outputs="W: D H",
    points=3,
    uses=[fans],
    law=lambda shape: laws.uniform(shape, np.sqrt(6 / sum(shape))),
    hints=[
        "Print min(), max() and mean() of a large draw. What should they be, by the equation?",
        "Both ends count: the numbers lie as far below 0 as above.",
    ],
)
def xavier_uniform(draw, D=120, H=200):
    return dict(rng=draw.seed(), shape=(D, H))


@xavier_uniform.misconception(
    "Print the variance of a large draw: it is a third of Xavier's.",
    "A bound is not a standard deviation: most of the numbers lie well within it. By how much must the box be wider?",
)
def sd_as_bound(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(2 / (fan_in + fan_out))
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Print the mean of a large draw. What should it be?",
    "All your weights are positive. Every unit would start with the same opinion.",
)
def from_zero(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.uniform(0, np.sqrt(6 / (fan_in + fan_out)), shape)


@xavier_uniform.misconception(
    "Print min() and max() of a large draw: how far apart are they, and how far should they be?",
    "Numbers from 0 to 1, less a half, reach 0.5 on either side. From -w to w it is 2w, not w.",
)
def half_as_wide(rng, shape):
    fan_in, fan_out = fans(shape)
    return (rng.random(shape) - 0.5) * np.sqrt(6 / (fan_in + fan_out))


@xavier_uniform.misconception(
    "Print min() and max() of a large draw. Are they each other's opposites?",
    "Only the lower bound is yours; the upper one is numpy's default. Give both.",
)
def upper_bound_forgotten(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.uniform(-np.sqrt(6 / (fan_in + fan_out)), size=shape)


@xavier_uniform.misconception(
    "By the equation, fans of 300 and 300 give a bound of 0.1. What does your expression give?",
    "Python divides before it adds: where does your denominator end?",
)
def bound_bracket_slip(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / fan_in + fan_out)
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "By the equation, fans of 300 and 300 give a bound of 0.1. What does your expression give?",
    "A variance goes with the square of the bound. Something undoes the square.",
)
def bound_without_root(rng, shape):
    fan_in, fan_out = fans(shape)
    w = 6 / (fan_in + fan_out)
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Change fan_out alone: your bound stays the same.",
    "Yours has the variance 1 / fan_in, LeCun's. Xavier thinks of the gradient's way back as well.",
)
def lecuns_bound(rng, shape):
    fan_in, _ = fans(shape)
    w = np.sqrt(3 / fan_in)
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Change fan_out alone: your bound stays the same.",
    "1/√n is the old rule of thumb, which Glorot & Bengio set out to better. Theirs is their equation 16.",
)
def old_rule_of_thumb(rng, shape):
    fan_in, _ = fans(shape)
    w = 1 / np.sqrt(fan_in)
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Change fan_out alone: your bound stays the same.",
    "This is He's bound, meant for ReLUs. Xavier has both fans in it.",
)
def hes_bound(rng, shape):
    fan_in, _ = fans(shape)
    w = np.sqrt(6 / fan_in)
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Your bound is too wide by √2.",
    "Three over the mean of the fans is six over their sum. You have taken six over the mean.",
)
def six_over_the_mean(rng, shape):
    w = np.sqrt(6 / np.mean(fans(shape)))
    return rng.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Draw a histogram of a large draw. Has it edges?",
    "Your bound is right, but you use it as a spread: these numbers are normal, and a third of them lies outside.",
)
def bell_for_box(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(6 / (fan_in + fan_out)), shape)


@xavier_uniform.misconception(
    "Draw a histogram of a large draw. Has it edges?",
    "This is xavier_normal once more: the variance is right, the distribution is not.",
)
def normal_again(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)


@xavier_uniform.misconception(
    "What is the shape of your answer, for a shape of (2, 3)?",
    "PyTorch's layers store (fan_out, fan_in). The course multiplies x W, and wants the shape that it asked for.",
)
def box_in_torchs_layout(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-w, w, (fan_out, fan_in))


@xavier_uniform.misconception(
    "Call it twice with np.random.default_rng(0): should the two draws differ?",
    "np.random.uniform draws from one generator that the whole program shares. Yours is handed to you.",
)
def box_from_the_shared_generator(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return np.random.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You seed a generator that the whole program shares, for everybody, at every call. Draw from the one given.",
)
def box_seeded_inside(rng, shape):
    np.random.seed(0)
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return np.random.uniform(-w, w, shape)


@xavier_uniform.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You make a generator of your own, always the same. Two layers of one shape would be twins. Use the one given.",
)
def box_from_an_own_generator(rng, shape):
    rng = np.random.default_rng(0)
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-w, w, shape)


@assignment.exercise(
    initializers.he_normal,
    outputs="W: D H",
    points=2,
    uses=[fans],
    law=lambda shape: laws.normal(shape, np.sqrt(2 / shape[0])),
    hints=[
        "It is xavier_normal with another variance. Which fan stays, and which one goes?",
        "Draw a large matrix that is not square, and print its std(). What should it be, by the equation?",
    ],
)
def he_normal(draw, D=120, H=200):
    return dict(rng=draw.seed(), shape=(D, H))


@he_normal.misconception(
    "Print std() of a large draw, and its square. Which of them is 2 / fan_in?",
    "The equation gives a variance. What does numpy's `scale` ask for?",
)
def hes_variance_for_sd(rng, shape):
    return rng.normal(0, 2 / fans(shape)[0], shape)


@he_normal.misconception(
    "Change the number of columns: your spread changes. Change the number of rows: it does not.",
    "A sum over fan_in inputs has to keep its size. PyTorch's weights are transposed, so that there it is size(1).",
)
def fan_out_for_fan_in(rng, shape):
    return rng.normal(0, np.sqrt(2 / fans(shape)[1]), shape)


@he_normal.misconception(
    "Your variance is half of what it should be.",
    "A ReLU silences half of its input, and the mean square with it. What makes up for the half?",
)
def lecun_for_he(rng, shape):
    return rng.normal(0, np.sqrt(1 / fans(shape)[0]), shape)


@he_normal.misconception(
    "Change fan_out alone: your spread changes. Should it?",
    "This is xavier_normal once more. He chooses the way forward, and makes up for the half that a ReLU silences.",
)
def xavier_for_he(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), shape)


@he_normal.misconception(
    "Change fan_out alone: your spread changes. Should it?",
    "You have put Xavier's mean of the fans into He's formula. He takes one fan; which?",
)
def he_of_the_mean(rng, shape):
    return rng.normal(0, np.sqrt(2 / np.mean(fans(shape))), shape)


@he_normal.misconception(
    "By the equation, a fan_in of 200 gives a standard deviation of 0.1. What does your expression give?",
    "How far does the root reach? The denominator stands under it, too.",
)
def hes_root_over_2_alone(rng, shape):
    return rng.normal(0, np.sqrt(2) / fans(shape)[0], shape)


@he_normal.misconception(
    "Your variance is three times what it should be.",
    "The 6 belongs to the uniform version: it is a bound there, not a standard deviation.",
)
def hes_bound_as_sd(rng, shape):
    return rng.normal(0, np.sqrt(6 / fans(shape)[0]), shape)


@he_normal.misconception(
    "Draw a histogram of a large draw. Is it a bell?",
    "Your numbers are uniform. The exercise after this one asks for that, with a bound that is not the spread.",
)
def hes_box_for_bell(rng, shape):
    w = np.sqrt(2 / fans(shape)[0])
    return rng.uniform(-w, w, shape)


@he_normal.misconception(
    "What is the shape of your answer, for a shape of (2, 3)?",
    "PyTorch's layers store (fan_out, fan_in). The course multiplies x W, and wants the shape that it asked for.",
)
def he_in_torchs_layout(rng, shape):
    fan_in, fan_out = fans(shape)
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in))


@he_normal.misconception(
    "Call it twice with np.random.default_rng(0): should the two draws differ?",
    "np.random.normal draws from one generator that the whole program shares. Yours is handed to you.",
)
def he_from_the_shared_generator(rng, shape):
    return np.random.normal(0, np.sqrt(2 / fans(shape)[0]), shape)


@he_normal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You seed a generator that the whole program shares, for everybody, at every call. Draw from the one given.",
)
def he_seeded_inside(rng, shape):
    np.random.seed(0)
    return np.random.normal(0, np.sqrt(2 / fans(shape)[0]), shape)


@he_normal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You make a generator of your own, always the same. Two layers of one shape would be twins. Use the one given.",
)
def he_from_an_own_generator(rng, shape):
    return np.random.default_rng(0).normal(0, np.sqrt(2 / fans(shape)[0]), shape)


@assignment.exercise(
    initializers.he_uniform,
    outputs="W: D H",
    points=2,
    uses=[fans],
    law=lambda shape: laws.uniform(shape, np.sqrt(6 / shape[0])),
    hints=[
        "It is xavier_uniform with another bound. Which fan stays, and which one goes?",
        "Draw a large matrix that is not square: its var() should be that of he_normal.",
    ],
)
def he_uniform(draw, D=120, H=200):
    return dict(rng=draw.seed(), shape=(D, H))


@he_uniform.misconception(
    "Print the variance of a large draw: it is a third of He's.",
    "A bound is not a standard deviation: most of the numbers lie well within it. By how much must the box be wider?",
)
def hes_sd_as_bound(rng, shape):
    w = np.sqrt(2 / fans(shape)[0])
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "Change the number of columns: your bound changes. Change the number of rows: it does not.",
    "A sum over fan_in inputs has to keep its size. PyTorch's weights are transposed, so that there it is size(1).",
)
def bound_from_fan_out(rng, shape):
    w = np.sqrt(6 / fans(shape)[1])
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "Your variance is half of what it should be.",
    "A ReLU silences half of its input, and the mean square with it. What makes up for the half?",
)
def lecuns_bound_for_he(rng, shape):
    w = np.sqrt(3 / fans(shape)[0])
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "Change fan_out alone: your bound changes. Should it?",
    "This is xavier_uniform once more. He chooses the way forward, and makes up for the half that a ReLU silences.",
)
def xaviers_bound_for_he(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "Print the variance of a large draw: it is a sixth of He's.",
    "nn.Linear calls kaiming_uniform_ with a=√5, an old rule of thumb in He's clothes. The equation has a 6.",
)
def torchs_default(rng, shape):
    w = 1 / np.sqrt(fans(shape)[0])
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "By the equation, a fan_in of 600 gives a bound of 0.1. What does your expression give?",
    "A variance goes with the square of the bound. Something undoes the square.",
)
def hes_bound_without_root(rng, shape):
    w = 6 / fans(shape)[0]
    return rng.uniform(-w, w, shape)


@he_uniform.misconception(
    "Print the mean of a large draw. What should it be?",
    "All your weights are positive, and so is all that a ReLU lets through: no unit would ever be silent.",
)
def he_from_zero(rng, shape):
    return rng.uniform(0, np.sqrt(6 / fans(shape)[0]), shape)


@he_uniform.misconception(
    "Print min() and max() of a large draw: how far apart are they, and how far should they be?",
    "Numbers from 0 to 1, less a half, reach 0.5 on either side. From -w to w it is 2w, not w.",
)
def hes_box_half_as_wide(rng, shape):
    return (rng.random(shape) - 0.5) * np.sqrt(6 / fans(shape)[0])


@he_uniform.misconception(
    "Draw a histogram of a large draw. Has it edges?",
    "Your bound is right, but you use it as a spread: these numbers are normal, and a third of them lies outside.",
)
def hes_bell_for_box(rng, shape):
    return rng.normal(0, np.sqrt(6 / fans(shape)[0]), shape)


@he_uniform.misconception(
    "Draw a histogram of a large draw. Has it edges?",
    "This is he_normal once more: the variance is right, the distribution is not.",
)
def he_normal_again(rng, shape):
    return rng.normal(0, np.sqrt(2 / fans(shape)[0]), shape)


@he_uniform.misconception(
    "What is the shape of your answer, for a shape of (2, 3)?",
    "PyTorch's layers store (fan_out, fan_in). The course multiplies x W, and wants the shape that it asked for.",
)
def hes_box_in_torchs_layout(rng, shape):
    fan_in, fan_out = fans(shape)
    w = np.sqrt(6 / fan_in)
    return rng.uniform(-w, w, (fan_out, fan_in))


@he_uniform.misconception(
    "Call it twice with np.random.default_rng(0): should the two draws differ?",
    "np.random.uniform draws from one generator that the whole program shares. Yours is handed to you.",
)
def hes_box_from_the_shared_generator(rng, shape):
    w = np.sqrt(6 / fans(shape)[0])
    return np.random.uniform(-w, w, shape)


@he_uniform.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You seed a generator that the whole program shares, for everybody, at every call. Draw from the one given.",
)
def hes_box_seeded_inside(rng, shape):
    np.random.seed(0)
    w = np.sqrt(6 / fans(shape)[0])
    return np.random.uniform(-w, w, shape)


@he_uniform.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You make a generator of your own, always the same. Two layers of one shape would be twins. Use the one given.",
)
def hes_box_from_an_own_generator(rng, shape):
    w = np.sqrt(6 / fans(shape)[0])
    return np.random.default_rng(0).uniform(-w, w, shape)


@assignment.exercise(
    initializers.orthogonal,
    outputs="W: D H",
    points=5,
    law=laws.orthogonal,
    hints=[
        "np.linalg.qr of a tall matrix gives you orthonormal columns. What if the shape is wide?",
        "Print W @ W.T and W.T @ W, rounded, for a wide shape and for a tall one. Which of them should be gain² I?",
        "Q and R are not unique: flip a column of Q and the same row of R, and their product stays. "
        "Which signs should R's diagonal have?",
    ],
    extra=[dict(D=50), dict(gain=None), dict(D=50, gain=None)],
)
def orthogonal(draw, D=30, H=40, gain=2.5):
    given = dict(rng=draw.seed(), shape=(D, H), gain=gain)
    return {name: value for name, value in given.items() if value is not None}


@orthogonal.misconception(
    "Print np.diag(W) for ten seeds, shape (3, 3). Why is the first number always negative?",
    "LAPACK chooses the signs of R's diagonal to round well, and so Q's columns prefer one side. "
    "Give R a positive diagonal, and Q what that takes.",
)
def no_sign_fix(rng, shape, gain=1.0):
    rows, columns = shape
    Q, _ = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    return gain * (Q if rows >= columns else Q.T)


@orthogonal.misconception(
    "Try shape (2, 3): what shape does your answer have?",
    "QR makes columns orthonormal, and three columns of two numbers cannot be. Which ones can?",
)
def tall_only(rng, shape, gain=1.0):
    Q, R = np.linalg.qr(rng.standard_normal(shape))
    return gain * Q * np.sign(np.diag(R))


@orthogonal.misconception(
    "Try shape (3, 2): what shape does your answer have?",
    "You turn the matrix around whatever its shape. Which shapes need it?",
)
def wide_only(rng, shape, gain=1.0):
    Q, R = np.linalg.qr(rng.standard_normal(shape[::-1]))
    return gain * (Q * np.sign(np.diag(R))).T


@orthogonal.misconception(
    "Try shape (2, 3): what shape does your answer have? And print np.diag(W) for ten seeds, shape (3, 3).",
    "Two things are missing: what to do with a wide shape, and the signs that LAPACK chose for its own comfort.",
)
def plain_qr(rng, shape, gain=1.0):
    Q, _ = np.linalg.qr(rng.standard_normal(shape))
    return gain * Q


@orthogonal.misconception(
    "Try gain=3: your answer stays the same.",
    "Whoever scales the matrix before it is decomposed gets the same Q: R swallows the gain.",
)
def gain_dropped(rng, shape, gain=1.0):
    rows, columns = shape
    Q, R = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    Q = Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


@orthogonal.misconception(
    "Try gain=4, and print the lengths of the rows or columns.",
    "The gain is a factor of W itself, not of W Wᵀ.",
)
def root_of_the_gain(rng, shape, gain=1.0):
    rows, columns = shape
    Q, R = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    Q = np.sqrt(gain) * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


@orthogonal.misconception(
    "Print the lengths of your rows and columns.",
    "Only the signs of R's diagonal belong to Q. Its lengths make the columns as long as they were before.",
)
def lengths_of_r(rng, shape, gain=1.0):
    rows, columns = shape
    Q, R = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    Q = gain * Q * np.diag(R)
    return Q if rows >= columns else Q.T


@orthogonal.misconception(
    "Print W @ W.T, rounded. Are the rows orthogonal, or only of length 1?",
    "Dividing by lengths leaves the angles as they were. Which decomposition makes them right?",
)
def lengths_alone(rng, shape, gain=1.0):
    A = rng.standard_normal(shape)
    axis = 0 if shape[0] >= shape[1] else 1
    return gain * A / np.linalg.norm(A, axis=axis, keepdims=True)


@orthogonal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "The identity is orthogonal, and a good start for some networks (Le 2015), but nothing in it is left to chance.",
)
def identity(rng, shape, gain=1.0):
    return gain * np.eye(*shape)


@orthogonal.misconception(
    "Call it twice with np.random.default_rng(0): should the two draws differ?",
    "np.random draws from one generator that the whole program shares. Yours is handed to you.",
)
def orthogonal_from_the_shared_generator(rng, shape, gain=1.0):
    rows, columns = shape
    Q, R = np.linalg.qr(np.random.standard_normal((max(shape), min(shape))))
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


@orthogonal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You seed a generator that the whole program shares, for everybody, at every call. Draw from the one given.",
)
def orthogonal_seeded_inside(rng, shape, gain=1.0):
    np.random.seed(0)
    rows, columns = shape
    Q, R = np.linalg.qr(np.random.standard_normal((max(shape), min(shape))))
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


@orthogonal.misconception(
    "Call it with two different generators: should the two draws be equal?",
    "You make a generator of your own, always the same. Two layers of one shape would be twins. Use the one given.",
)
def orthogonal_from_an_own_generator(rng, shape, gain=1.0):
    rows, columns = shape
    Q, R = np.linalg.qr(np.random.default_rng(0).standard_normal((max(shape), min(shape))))
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


@assignment.exercise(
    initializers.lstm_bias,
    outputs="b: 4H",
    points=3,
    hints=[
        "Four blocks of H numbers, in the order i, f, g, o. At which index does f start, and where does it end?",
        "Start from zeros, and fill one block.",
    ],
    extra=[dict(without="forget")],
)
def lstm_bias(draw, H=5, without=""):
    given = dict(H=H, forget=float(np.exp(draw.normal())) + 2.5)
    return {name: value for name, value in given.items() if name != without}


@lstm_bias.misconception(
    "Your block is the first. In which order are the gates stacked?",
    "That is the input gate, i. Papers that name f first do not stack as PyTorch, and the course, do.",
)
def on_the_input_gate(H, forget=1.0):
    b = np.zeros(4 * H)
    b[:H] = forget
    return b


@lstm_bias.misconception(
    "Your block is the third. In which order are the gates stacked?",
    "That is the candidate, g. TensorFlow's old cells stacked i, j, f, o; the course stacks i, f, g, o.",
)
def on_the_candidate(H, forget=1.0):
    b = np.zeros(4 * H)
    b[2 * H : 3 * H] = forget
    return b


@lstm_bias.misconception(
    "Your block is the last. In which order are the gates stacked?",
    "That is the output gate, o: the cell would speak loudly, and forget as before.",
)
def on_the_output_gate(H, forget=1.0):
    b = np.zeros(4 * H)
    b[3 * H :] = forget
    return b


@lstm_bias.misconception(
    "All your numbers are alike. Whose are they?",
    "The forget gates alone start open; the other three blocks start at 0.",
)
def on_all_gates(H, forget=1.0):
    return np.full(4 * H, forget)


@lstm_bias.misconception(
    "Your blocks stand right. What does `forget` say of the other three?",
    "Nothing: they start at 0, not at 1.",
)
def ones_elsewhere(H, forget=1.0):
    b = np.ones(4 * H)
    b[H : 2 * H] = forget
    return b


@lstm_bias.misconception(
    "Try forget=3: your answer stays the same.",
    "1 is only what `forget` is if the caller does not say.",
)
def always_1(H, forget=1.0):
    b = np.zeros(4 * H)
    b[H : 2 * H] = 1
    return b


@lstm_bias.misconception(
    "Count your numbers. How many biases has a layer of H units, with four gates each?",
    "Each unit has its own four gates, so that every block has H numbers.",
)
def one_number_a_gate(H, forget=1.0):
    return np.array([0, forget, 0, 0])


@lstm_bias.misconception(
    "Your numbers stand on two axes. W_x has shape (D, 4H): what shape can be added to x W_x?",
    "The four blocks stand in one row, one after the other.",
)
def four_rows(H, forget=1.0):
    b = np.zeros((4, H))
    b[1] = forget
    return b


@lstm_bias.misconception(
    "Your forget biases stand four apart. How are the gates stacked?",
    "First all units' i, then all units' f: blocks, not the four gates of one unit side by side.",
)
def every_fourth(H, forget=1.0):
    b = np.zeros(4 * H)
    b[1::4] = forget
    return b


@lstm_bias.misconception(
    "Print your answer for H = 3: how many units forget slowly?",
    "One index reaches one number. All units have a forget gate: take a slice.",
)
def first_unit_alone(H, forget=1.0):
    b = np.zeros(4 * H)
    b[H] = forget
    return b


@lstm_bias.misconception(
    "Print your answer for H = 3: how many units forget slowly?",
    "A slice ends *before* its second index: take nothing away from it.",
)
def last_unit_missing(H, forget=1.0):
    b = np.zeros(4 * H)
    b[H : 2 * H - 1] = forget
    return b


@lstm_bias.misconception(
    "Print your answer for forget=0.5.",
    "An array of integers stores integers: what is behind the point is cut off. What dtype should it have?",
)
def cut_to_integers(H, forget=1.0):
    b = np.zeros(4 * H, dtype=int)
    b[H : 2 * H] = forget
    return b


@lstm_bias.misconception(
    "Print your answer for forget=1: it should have ones in it.",
    "The gate will apply its sigmoid itself. Here the bias is asked for, as it is before.",
)
def gate_for_bias(H, forget=1.0):
    b = np.zeros(4 * H)
    b[H : 2 * H] = 1 / (1 + np.exp(-forget))
    return b
