"""04-clipping, gradients kept within bounds: what each function is asked, and how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from reference import clipping

assignment = Assignment("04-clipping")


def _grads(draw, D, H, size):
    """The gradients of a small network, of four shapes; `size` is their typical entry."""
    grads = dict(
        W_x=draw.normal(D, H), W_h=draw.normal(H, H), b=draw.normal(H), gain=np.asarray(draw.rng.uniform(1, 2))
    )
    return {name: np.asarray(size * g) for name, g in grads.items()}


def _single(draw, D, size):
    """One gradient under a name that no other network has, and no more: (D,), which may be (1,)."""
    return dict(theta=size * draw.normal(D))


@assignment.exercise(
    clipping.clip_by_value,
    outputs="grads",
    points=3,
    hints=[
        "Every entry is judged by itself: too small, too large, or as it should be.",
        "Build a new dict, one entry for each name of grads; the shape of an array does not matter.",
    ],
    extra=[
        dict(lower=-30.0, upper=50.0),  # nothing to clip
        dict(lower=0.25, upper=1.0),  # both of one sign
        dict(names="one", D=6),
        dict(names="one", D=1),
    ],
)
def clip_by_value(draw, D=4, H=5, lower=-0.5, upper=0.75, names="four"):
    grads = _grads(draw, D, H, 1.5) if names == "four" else _single(draw, D, 1.5)
    return dict(grads=grads, lower=lower, upper=upper)


@clip_by_value.misconception(
    "How many of your entries are exactly 0, and how many were before?",
    "An entry that is out of range is not thrown away: it becomes the nearest number that is in range.",
)
def outliers_zeroed(grads, lower, upper):
    return {name: np.where((g < lower) | (g > upper), 0.0, g) for name, g in grads.items()}


@clip_by_value.misconception(
    "Print the largest and the smallest entry of your result.",
    "The large ones are clipped; what about those far below zero?",
)
def upper_only(grads, lower, upper):
    return {name: np.minimum(g, upper) for name, g in grads.items()}


@clip_by_value.misconception(
    "Print the largest and the smallest entry of your result.",
    "The small ones are clipped; what about the large ones?",
)
def lower_only(grads, lower, upper):
    return {name: np.maximum(g, lower) for name, g in grads.items()}


@clip_by_value.misconception(
    "Count the arguments that your code uses. Is one left over?",
    "The interval need not be symmetric about zero: its lower end is given, too.",
)
def symmetric_interval(grads, lower, upper):
    return {name: np.clip(g, -upper, upper) for name, g in grads.items()}


@clip_by_value.misconception(
    "All your entries are equal. Print them beside lower and upper.",
    "Which of the two bounds does each comparison need? An entry must not exceed the upper one.",
)
def bounds_swapped(grads, lower, upper):
    return {name: np.clip(g, upper, lower) for name, g in grads.items()}


@clip_by_value.misconception(
    "Follow one entry that is far too large: where does it end?",
    "What is above the interval goes to its upper end, what is below to its lower end. Yours cross over.",
)
def ends_crossed(grads, lower, upper):
    return {name: np.where(g > upper, lower, np.where(g < lower, upper, g)) for name, g in grads.items()}


@clip_by_value.misconception(
    "None of your entries is negative. Which way would such a gradient walk?",
    "The sign belongs to the value. Nothing here asks for absolute values.",
)
def sign_lost(grads, lower, upper):
    return {name: np.clip(np.abs(g), lower, upper) for name, g in grads.items()}


@clip_by_value.misconception(
    "One entry out of range, and a whole array changes. Which entries should?",
    "`if` decides for the array, but every entry is to be decided for itself. numpy has functions that do.",
)
def whole_array_filled(grads, lower, upper):
    clipped = {}
    for name, g in grads.items():
        if np.max(g) > upper:
            clipped[name] = np.full_like(g, upper)
        elif np.min(g) < lower:
            clipped[name] = np.full_like(g, lower)
        else:
            clipped[name] = g.copy()
    return clipped


@clip_by_value.misconception(
    "Entries that were in range have changed, too.",
    "You shrink the array as a whole, which keeps its direction. Here every entry is cut by itself, and most stay.",
)
def shrunk_by_largest(grads, lower, upper):
    clipped = {}
    for name, g in grads.items():
        largest = np.max(np.abs(g))
        clipped[name] = g * upper / largest if largest > upper else g.copy()
    return clipped


@clip_by_value.misconception(
    "Entries that were in range have changed, too.",
    "You measure the array's norm. That is the next function's business: here every entry is judged by itself.",
)
def norm_for_value(grads, lower, upper):
    clipped = {}
    for name, g in grads.items():
        norm = np.sqrt(np.sum(g**2))
        clipped[name] = g * upper / norm if norm > upper else g.copy()
    return clipped


@clip_by_value.misconception(
    "Your numbers are right. Print grads after the call: the caller's gradients have changed.",
    "Write nothing into grads, nor into its arrays. Where could the clipped ones go instead?",
)
def clipped_in_place(grads, lower, upper):
    for name in grads:
        grads[name] = np.clip(grads[name], lower, upper)
    return grads


@clip_by_value.misconception(
    "The arrays are right, but their names are lost.",
    "Whoever updates the weights looks the gradients up by name: return a dict with the keys of grads.",
)
def names_lost(grads, lower, upper):
    return [np.clip(g, lower, upper) for g in grads.values()]


@clip_by_value.misconception(
    "How many names does your result have, and how many has grads?",
    "Your function ends after its first round. How far is the `return` indented?",
)
def returned_in_the_loop(grads, lower, upper):
    clipped = {}
    for name, g in grads.items():
        clipped[name] = np.clip(g, lower, upper)
        return clipped


@assignment.exercise(
    clipping.clip_by_norm,
    outputs="g",
    points=5,
    hints=[
        "First measure: what is the norm of an array of any shape? Then decide: too long, too short, or neither.",
        "To make an array of norm 5 one of norm 1 with the same direction, which number must multiply it?",
        "Before you divide by the norm, ask: may it be 0 here, and what should come out then?",
    ],
    extra=[
        dict(norm=2.0, lower=0.6),  # between the thresholds, and its square is not
        dict(norm=2.0),
        dict(norm=0.25, lower=0.6),  # below the lower one
        dict(norm=0.25),
        dict(norm=0.0, lower=0.6),
        dict(norm=0.0),
        dict(D=None),
        dict(D=None, norm=0.25, lower=0.6),
        dict(D=None, H=1),
        dict(D=None, H=None),
        dict(D=None, H=None, norm=0.25, lower=0.6),
        dict(K=3),
    ],
)
def clip_by_norm(draw, D=4, H=5, norm=7.0, upper=2.5, lower=None, K=None):
    g = draw.normal(*(size for size in (K, D, H) if size is not None))
    norm *= draw.rng.uniform(0.9, 1.1)
    return dict(g=np.asarray(g * (norm / np.sqrt(np.sum(g * g)))), upper=upper, lower=lower)


@clip_by_norm.misconception(
    "Divide your result by g, entry by entry: is it the same factor everywhere?",
    "You cut every entry by itself, which turns the arrow. Here the whole arrow is shortened, and keeps its direction.",
)
def elementwise_for_norm(g, upper, lower=None):
    if lower is None:
        lower = -upper
    return np.clip(g, lower, upper)


@clip_by_norm.misconception(
    "Try a gradient that is short enough: yours changes it.",
    "You rescale, whatever the norm. In which cases should the gradient stay as it is?",
)
def always_rescaled(g, upper, lower=None):
    return g * (upper / np.sqrt(np.sum(g**2)))


@clip_by_norm.misconception(
    "What is the norm of (3, 4)? Print what your code makes of it.",
    "That is the square of the norm: the sum of squares wants a root.",
)
def no_square_root(g, upper, lower=None):
    norm = np.sum(g**2)
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "Measure the norm of your result: is it upper?",
    "The norm is measured rightly, but divided by its square: the result is too short. By what must g be divided?",
)
def divided_by_the_square(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm**2)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm**2)
    return g.copy()


@clip_by_norm.misconception(
    "Measure the norm of your result: is it upper?",
    "You make the gradient longer where it should be shorter: your factor stands on its head.",
)
def factor_upside_down(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (norm / upper)
    if lower is not None and 0 < norm < lower:
        return g * (norm / lower)
    return g.copy()


@clip_by_norm.misconception(
    "Measure the norm of your result: is it upper?",
    "Divided by its norm, a gradient has the norm 1. It should have the threshold's.",
)
def made_a_unit_vector(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper or (lower is not None and 0 < norm < lower):
        return g / norm
    return g.copy()


@clip_by_norm.misconception(
    "Measure the norm of your result: is it upper?",
    "Dividing by the threshold does not lead to it. Which factor turns a norm of 10 into one of 2.5?",
)
def divided_by_the_threshold(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g / upper
    if lower is not None and 0 < norm < lower:
        return g / lower
    return g.copy()


@clip_by_norm.misconception(
    "What is the norm of (3, 4)? Print what your code makes of it.",
    "You add absolute values: that is the L1 norm. Here the Euclidean length is meant.",
)
def absolute_values_summed(g, upper, lower=None):
    norm = np.sum(np.abs(g))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "What is the norm of (3, 4)? Print what your code makes of it.",
    "The largest entry is a norm, too, but not the Euclidean one, to which all entries contribute.",
)
def largest_entry(g, upper, lower=None):
    norm = np.max(np.abs(g))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "What is the norm of (3, 4)? Print what your code makes of it.",
    "You take the mean of the squares. A norm is a length: it grows with every entry, so their sum is meant.",
)
def mean_of_squares(g, upper, lower=None):
    norm = np.sqrt(np.mean(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "Right for vectors, wrong for matrices. What does np.linalg.norm(g, 2) say about ord=2 there?",
    "That is the largest singular value. What is wanted is the length of all entries, as if they stood in one row.",
)
def spectral_norm(g, upper, lower=None):
    norm = np.linalg.norm(g, 2)
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "How many norms does your code compute for a matrix?",
    "Every row of yours gets a factor of its own. The array has one norm: that of all its entries.",
)
def row_by_row(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2, axis=-1, keepdims=True))
    factor = np.where(norm > upper, upper / norm, 1.0)
    if lower is not None:
        factor = np.where((norm > 0) & (norm < lower), lower / norm, factor)
    return g * factor


@clip_by_norm.misconception(
    "How many norms does your code compute for a matrix?",
    "Every column of yours gets a factor of its own. The array has one norm: that of all its entries.",
)
def column_by_column(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2, axis=0))
    factor = np.where(norm > upper, upper / norm, 1.0)
    if lower is not None:
        factor = np.where((norm > 0) & (norm < lower), lower / norm, factor)
    return g * factor


@clip_by_norm.misconception(
    "Long gradients are right. Try a short one, with a lower threshold.",
    "Count the arguments that your code uses. Is one left over?",
)
def lower_ignored(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    return g * (upper / norm) if norm > upper else g.copy()


@clip_by_norm.misconception(
    "Try a gradient of zeros, with a lower threshold.",
    "0/0 is NaN. What has no direction cannot be made longer: zero stays zero.",
)
def zero_by_zero(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and norm < lower:
        return g * (lower / norm)
    return g.copy()


@clip_by_norm.misconception(
    "Try a short gradient, with a lower threshold: how long is your result?",
    "A gradient below the lower threshold rises to that threshold, not to the upper one.",
)
def raised_to_upper(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper or (lower is not None and 0 < norm < lower):
        return g * (upper / norm)
    return g.copy()


@clip_by_norm.misconception(
    "Try a short gradient, with a lower threshold: how long is your result?",
    "A gradient below the lower threshold is not dropped: it is made as long as the threshold.",
)
def short_ones_dropped(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and norm < lower:
        return np.zeros_like(g)
    return g.copy()


@clip_by_norm.misconception(
    "Long gradients are right. Divide a short one's result by g: is it the same factor everywhere?",
    "Below the lower threshold, too, it is the norm that counts, and the whole gradient that is rescaled.",
)
def small_entries_raised(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and norm < lower:
        return np.sign(g) * np.maximum(np.abs(g), lower)
    return g.copy()


@clip_by_norm.misconception(
    "Your numbers are right. Print g after the call: the caller's gradient has changed.",
    "`g *= factor` writes into the array that you were given. What makes a new one?",
)
def norm_clipped_in_place(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        g *= upper / norm
    elif lower is not None and 0 < norm < lower:
        g *= lower / norm
    return g


@clip_by_norm.misconception(
    "Try a gradient that needs no clipping. What does your function return?",
    "There are three ways through your function: too long, too short, and neither. Each needs a `return`.",
)
def nothing_in_between(g, upper, lower=None):
    norm = np.sqrt(np.sum(g**2))
    if norm > upper:
        return g * (upper / norm)
    if lower is not None and 0 < norm < lower:
        return g * (lower / norm)


@assignment.exercise(
    clipping.clip_by_global_norm,
    outputs="grads; norm",
    points=6,
    uses=[clip_by_norm],
    hints=[
        "Two passes over the dict: one to measure, one to multiply.",
        "Put all entries of all arrays into one long row, in your mind or in numpy: what is that row's norm?",
        "One factor serves all arrays. When must it be 1, and what if the norm is 0?",
    ],
    extra=[
        dict(size=0.02),  # nothing to clip
        dict(size=0.0),
        dict(size=40.0, max_norm=8.0),
        dict(names="one", D=6),
        dict(names="one", D=1, size=50.0, max_norm=0.01),
    ],
)
def clip_by_global_norm(draw, D=4, H=5, size=1.5, max_norm=3.0, names="four"):
    grads = _grads(draw, D, H, size) if names == "four" else _single(draw, D, size)
    if names == "four":
        grads["W_h"] *= 3  # some are longer than others
    return dict(grads=grads, max_norm=max_norm)


@clip_by_global_norm.misconception(
    "Divide your result by grads: the factor should be the same in all arrays.",
    "You clip every array by its own norm, which turns the step. Measure all of them first, then use one factor.",
)
def each_by_its_own_norm(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    clipped = {}
    for name, g in grads.items():
        own = np.sqrt(np.sum(g**2))
        clipped[name] = g * (max_norm / own) if own > max_norm else g.copy()
    return clipped, norm


@clip_by_global_norm.misconception(
    "Divide your result by grads, entry by entry: is it the same factor everywhere?",
    "You cut every entry by itself. Here all gradients are one long arrow, which is shortened and keeps its direction.",
)
def values_clipped(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Try gradients that are short enough: yours changes them.",
    "You rescale, whatever the norm. In which case should the gradients stay as they are?",
)
def rescaled_always(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: g * (max_norm / norm) for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "That is the square of the norm: the sum of squares wants a root.",
)
def root_forgotten(grads, max_norm):
    norm = sum(np.sum(g**2) for g in grads.values())
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "Lengths do not add up: the norm of (3, 4) is not 3 + 4. Add squares, over all arrays, and take one root.",
)
def norms_summed(grads, max_norm):
    norm = sum(np.sqrt(np.sum(g**2)) for g in grads.values())
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "You take the longest array for the whole. The others contribute, too.",
)
def longest_array(grads, max_norm):
    norm = max(np.sqrt(np.sum(g**2)) for g in grads.values())
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "The largest entry is a norm, too, but not the Euclidean one, to which all entries contribute.",
)
def largest_entry_of_all(grads, max_norm):
    norm = max(np.max(np.abs(g)) for g in grads.values())
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "Your sum starts afresh in every round, so that only the last array is left of it. What does += do?",
)
def last_array_only(grads, max_norm):
    for g in grads.values():
        total = np.sum(g**2)
    norm = np.sqrt(total)
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper: which arrays have a say in it?",
    "A bias is a parameter like any other. The norm is over all arrays, of any shape.",
)
def matrices_only(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values() if g.ndim == 2))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Compare your norm with the docstring's on paper.",
    "You take the mean of the squares. A norm is a length: it grows with every entry, so their sum is meant.",
)
def root_mean_square(grads, max_norm):
    norm = np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads.values()]) ** 2))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Your norm is right. Measure your clipped gradients: is their norm max_norm?",
    "You divide by the square of the norm. By what must a gradient be divided to get the norm 1?",
)
def divided_by_squared_norm(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = max_norm / norm**2 if norm > max_norm else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Your norm is right. Measure your clipped gradients: is their norm max_norm?",
    "Divided by their norm, gradients have the norm 1. They should have max_norm.",
)
def unit_vector(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = 1.0 / norm if norm > max_norm else 1.0
    return {name: g * factor for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "The gradients are right. Look at the norm that you return: it never exceeds max_norm.",
    "Whoever watches a training run wants to see how large the norm was before clipping.",
)
def norm_after_clipping(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, norm * factor


@clip_by_global_norm.misconception(
    "The gradients are right. Is what you return beside them a norm?",
    "You return the factor. The norm before clipping is asked for.",
)
def factor_returned(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}, factor


@clip_by_global_norm.misconception(
    "The gradients are right, and one thing is missing: two are asked for.",
    "Return the norm as well, as it was before clipping: `return clipped, norm`.",
)
def norm_not_returned(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: g * factor for name, g in grads.items()}


@clip_by_global_norm.misconception(
    "Try gradients of zeros.",
    "0/0 is NaN. If the norm is 0, there is nothing to clip: zero stays zero.",
)
def zeros_become_nan(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: g * (np.minimum(norm, max_norm) / norm) for name, g in grads.items()}, norm


@clip_by_global_norm.misconception(
    "Divide your result by grads: the factor changes from array to array.",
    "You clip while you still measure: the first array gets a factor that does not know of the others. Loop twice.",
)
def scaled_on_the_way(grads, max_norm):
    total, clipped = 0.0, {}
    for name, g in grads.items():
        total += np.sum(g**2)
        clipped[name] = g * (max_norm / np.sqrt(total)) if np.sqrt(total) > max_norm else g.copy()
    return clipped, np.sqrt(total)


@clip_by_global_norm.misconception(
    "Your numbers are right. Print grads after the call: the caller's gradients have changed.",
    "PyTorch's function clips in place, hence the underscore at its end. This one makes new arrays in a new dict.",
)
def clipped_in_place_as_torch_does(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return grads, norm


_CALM = (0.6, 1.5)  # a healthy run's norms: none is more than 2.5 times another
_NORMS = {  # what is told on paper; all else is calm
    "jump": [1, 1.2, 0.7, 0.9, 1.3, 0.8, 12, 1, 60],
    "second step": [1, 8, 2, 1, 1.5, 1, 1, 1, 1],
    "slow growth": [1.9**t for t in range(9)],
    "restless": [1, 1, 3.3, 1, 3.3, 1, 3.3, 1, 5.5],  # the mean is nearly twice the median
    "even number": [1, 3, 6, 1, 10, 1, 1, 1, 1],  # the two norms in the middle differ
    "exactly the limit": [1, 4, 10, 16, 28, 40, 52, 64, 88],  # 4 medians at every step, and no more
    "large at once": [1000, 1, 1.2, 0.8, 1, 1, 0.9, 1.1, 1],
    "jump, then NaN": [1, 1, 1.3, 20, 1, 1, 0.8, 1, 1],
    "bad batch, then jump": [1, 1, 1.3, 1, 1, 0.8, 20, 1, 1],
}


def _fail(event, losses, norms):
    """What is no number, in the order in which it comes up in practice."""
    match event:
        case "NaN loss":
            losses[5:] = norms[6:] = np.nan
        case "NaN norm":
            norms[3:] = losses[4:] = np.nan
        case "infinite loss":
            losses[5:] = norms[5:] = np.nan
            losses[4] = np.inf
        case "infinite norm at once":
            norms[1:] = losses[1:] = np.nan
            norms[0] = np.inf
        case "NaN at once":
            losses[:] = norms[:] = np.nan
        case "jump, then NaN":
            losses[6:] = np.nan
        case "bad batch, then jump":
            losses[3] = np.nan


@assignment.exercise(
    clipping.detect_explosion,
    outputs="step",
    points=6,
    hints=[
        "One loop over the steps, three questions at each: is the loss finite, is the norm, is the norm far too large?",
        "NaN > 5 is False, and so is NaN == NaN. Which numpy function tells finite numbers from all others?",
        "At step t the earlier norms are norms[:t]. How many are there at step 0, and what can you still check there?",
    ],
    extra=[
        dict(event="second step"),
        dict(event="slow growth"),
        dict(event="slow growth", factor=10.0),
        dict(event="restless"),
        dict(event="even number"),
        dict(event="exactly the limit", unit=0.0625),
        dict(event="large at once"),
        dict(event="NaN loss"),
        dict(event="NaN norm"),
        dict(event="infinite loss"),
        dict(event="infinite norm at once"),
        dict(event="NaN at once"),
        dict(event="jump, then NaN"),
        dict(event="bad batch, then jump"),
        dict(event="the loss alone jumps"),
        dict(event="nothing", unit=50.0),
    ],
)
def detect_explosion(draw, T=9, factor=4.0, event="jump", unit=0.05):
    norms = draw.rng.uniform(*_CALM, 9)
    if event in _NORMS:
        exact = event == "exactly the limit"  # times a power of two: nothing is rounded
        norms = np.array(_NORMS[event]) * (1 if exact else draw.rng.uniform(0.98, 1.02, 9))
    losses = np.linspace(2, 1, 9) + draw.rng.uniform(0, 0.2, 9)
    if event == "the loss alone jumps":
        losses[4:] *= 50
    _fail(event, losses, norms)
    return dict(losses=losses[:T], norms=unit * norms[:T], factor=factor)


@detect_explosion.misconception(
    "Print np.nan > 5, np.nan < 5 and np.nan == np.nan.",
    "Every comparison with NaN is False, so your code walks past it. Ask for finite numbers first.",
)
def nan_slips_through(losses, norms, factor):
    for t in range(1, len(norms)):
        if norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "Print np.nan == np.nan.",
    "NaN equals nothing, not even itself. numpy has functions that recognise it.",
)
def compared_with_nan(losses, norms, factor):
    for t in range(len(norms)):
        for value in (losses[t], norms[t]):
            if value == np.nan or value == np.inf or value == -np.inf:
                return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "You look for NaN. What else is no finite number?",
    "Infinity comes before NaN: inf - inf is the usual way to get one. An infinite loss or norm counts, too.",
)
def infinity_slips_through(losses, norms, factor):
    for t in range(len(norms)):
        if np.isnan(losses[t]) or np.isnan(norms[t]):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "The norm may be NaN while the loss is still fine. Does your code notice?",
    "The loss of a step is computed before its gradient: the gradient may break first.",
)
def only_the_loss_checked(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "The loss may be NaN while the norm is still fine. Does your code notice?",
    "Both histories are asked for the first number that is not finite.",
)
def only_the_norm_checked(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "Try a step whose loss is NaN and whose norm is not.",
    "One of the two is enough. Is your condition an `and` that should be an `or`, or the other way round?",
)
def both_must_fail(losses, norms, factor):
    for t in range(len(norms)):
        if not (np.isfinite(losses[t]) or np.isfinite(norms[t])):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "What is the median of (1, 1, 10), and what is it in your code?",
    "You take the mean, which one large norm pulls up. The median is the one in the middle.",
)
def mean_for_median(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * np.mean(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "Try a run of two steps, norms (1, 8). What is your 8 compared with?",
    "The norm under suspicion has a say in its own median. Only the earlier ones should.",
)
def current_among_the_earlier(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if norms[t] > factor * np.median(norms[: t + 1]):
            return t
    return None


@detect_explosion.misconception(
    "Try norms that double at every step: 1, 2, 4, 8, 16, 32. What is each compared with?",
    "You look one step back only. All earlier norms make the median.",
)
def previous_norm_only(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * norms[t - 1]:
            return t
    return None


@detect_explosion.misconception(
    "Try norms that double at every step: 1, 2, 4, 8, 16, 32. What is each compared with?",
    "You compare with the largest norm so far. What is asked for is the median.",
)
def largest_so_far(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * np.max(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "Cut a run short after step t: what you say about step t should not change.",
    "Your median knows the future. At step t only the norms before it are known.",
)
def median_of_the_whole_run(losses, norms, factor):
    median = np.median(norms)
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if norms[t] > factor * median:
            return t
    return None


@detect_explosion.misconception(
    "Try norms (1, 4) with factor 4.",
    "Exactly the limit is not beyond it: the norm has to *exceed* factor times the median.",
)
def the_limit_counts(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] >= factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "What is the median of (1, 3), and what is it in your code?",
    "Of an even number of norms two stand in the middle, and the median is their mean.",
)
def upper_of_the_middle_two(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * sorted(norms[:t])[t // 2]:
            return t
    return None


@detect_explosion.misconception(
    "What is the median of (1, 3), and what is it in your code?",
    "Of an even number of norms two stand in the middle. The median is their mean, not the smaller one.",
)
def lower_of_the_middle_two(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * sorted(norms[:t])[(t - 1) // 2]:
            return t
    return None


@detect_explosion.misconception(
    "What is the median of (1, 10, 2), and what is it in your code?",
    "The one in the middle is meant by size, not by time.",
)
def middle_in_time(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * norms[:t][t // 2]:
            return t
    return None


@detect_explosion.misconception(
    "Try a run whose norms are all alike and whose loss jumps.",
    "A loss may jump, from one hard batch to the next: only its being finite is asked. The norms are compared.",
)
def loss_compared_too(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and (norms[t] > factor * np.median(norms[:t]) or losses[t] > factor * np.median(losses[:t])):
            return t
    return None


@detect_explosion.misconception(
    "Multiply all norms by 0.001: the explosion should still be one.",
    "What is large depends on the run: factor multiplies the median, it is no threshold by itself.",
)
def factor_for_threshold(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]) or norms[t] > factor:
            return t
    return None


@detect_explosion.misconception(
    "Try a run in which nothing explodes. What do you return?",
    "Every run has a largest norm, the healthiest, too. Is it beyond factor times the median of those before?",
)
def step_of_the_largest_norm(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
    return int(np.argmax(norms))


@detect_explosion.misconception(
    "Try a run that explodes twice. Which step do you return?",
    "The first is asked for: once it is found, the search is over.",
)
def last_explosion(losses, norms, factor):
    step = None
    for t in range(len(norms)):
        broken = not np.isfinite(losses[t]) or not np.isfinite(norms[t])
        if broken or (t > 0 and norms[t] > factor * np.median(norms[:t])):
            step = t
    return step


@detect_explosion.misconception(
    "Every explosion is found. What do you return if there is none?",
    "-1 is a valid index in Python, the last one. Where there is no step, None says so.",
)
def minus_one_for_none(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t
    return -1


@detect_explosion.misconception(
    "You answer yes or no. What was asked?",
    "The step is wanted, as an integer, and None if there is none.",
)
def yes_or_no(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return True
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return True
    return False


@detect_explosion.misconception(
    "You return all steps at which something is wrong.",
    "The first one is asked for, as an integer. After that step a run is not worth watching.",
)
def every_step_listed(losses, norms, factor):
    steps = []
    for t in range(len(norms)):
        broken = not np.isfinite(losses[t]) or not np.isfinite(norms[t])
        if broken or (t > 0 and norms[t] > factor * np.median(norms[:t])):
            steps.append(t)
    return steps


@detect_explosion.misconception(
    "Index norms with your answer: is it the norm that jumped?",
    "Steps are counted from 0, as everywhere in the course.",
)
def counted_from_one(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t + 1
        if t > 0 and norms[t] > factor * np.median(norms[:t]):
            return t + 1
    return None


@detect_explosion.misconception(
    "Try a run that starts with NaN.",
    "Step 0 has no earlier norms, but its loss and its norm can still be no numbers. Where does your loop start?",
)
def first_step_skipped(losses, norms, factor):
    for t in range(1, len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
        if norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "For you every run explodes at step 0. What is its norm compared with?",
    "No norm comes before the first, so there is nothing that it could exceed.",
)
def first_step_against_zero(losses, norms, factor):
    for t in range(len(norms)):
        median = np.median(norms[:t]) if t > 0 else 0.0
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]) or norms[t] > factor * median:
            return t
    return None


@detect_explosion.misconception(
    "Try a run whose norm jumps first and whose loss becomes NaN later.",
    "You search the whole run for NaN before you look at the norms. Whatever happens first counts.",
)
def nan_before_jumps(losses, norms, factor):
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
    for t in range(1, len(norms)):
        if norms[t] > factor * np.median(norms[:t]):
            return t
    return None


@detect_explosion.misconception(
    "Try a run with one NaN loss first and a jump of the norm later.",
    "You search the whole run for jumps before you look for NaN. Whatever happens first counts.",
)
def jumps_before_nan(losses, norms, factor):
    for t in range(1, len(norms)):
        if norms[t] > factor * np.median(norms[:t]):
            return t
    for t in range(len(norms)):
        if not np.isfinite(losses[t]) or not np.isfinite(norms[t]):
            return t
    return None
