"""03-truncation, truncated backpropagation: what each function is asked, its worth, and how people get it wrong."""

import numpy as np

from grader.exercise import Assignment
from grader.exercises.bptt import cross_entropy, rnn_backward
from grader.exercises.rnn import output_layer, rnn_forward
from reference import truncation

assignment = Assignment("03-truncation")


@assignment.exercise(
    truncation.split_chunks,
    outputs="chunks: B T D",
    points=2,
    hints=[
        "Where does each chunk start? range takes a step, as a slice does.",
        "What does numpy make of a slice that ends beyond the array? Try it on ten numbers.",
    ],
    extra=[dict(T=6), dict(window=7), dict(window=10), dict(window=1), dict(ids=True)],
)
def split_chunks(draw, B=2, T=7, D=4, window=3, ids=False):
    x = draw.integers(2, 900, B, T) if ids else draw.normal(B, T, D)
    return dict(x=x, window=window)


@split_chunks.misconception(
    "Count the steps of all your chunks together: some are missing.",
    "Seven steps and a window of three are three chunks. The last one is short, and it belongs to the text, too.",
)
def tail_lost(x, window):
    return [x[:, start : start + window] for start in range(0, x.shape[1] - window + 1, window)]


@split_chunks.misconception(
    "How many sequences has each of your chunks? All of them should be in every chunk.",
    "The first axis is the batch, the second is time. Which one do you cut?",
)
def batch_cut(x, window):
    return [x[start : start + window] for start in range(0, len(x), window)]


@split_chunks.misconception(
    "The window is the *length* of a chunk. How long are yours?",
    "np.array_split takes the number of parts. Here the length is given, and the number follows from it.",
)
def window_for_count(x, window):
    return np.array_split(x, window, axis=1)


@split_chunks.misconception(
    "The number of chunks is right, their lengths are not: how long is your first?",
    "np.array_split makes parts of almost equal length. Here all are full but the last, which keeps the rest.",
)
def evened_out(x, window):
    return np.array_split(x, -(-x.shape[1] // window), axis=1)


@split_chunks.misconception(
    "Does a step of x turn up in more than one of your chunks?",
    "Your window slides on by one step. The next chunk should start where the one before ended.",
)
def sliding_window(x, window):
    return [x[:, start : start + window] for start in range(max(1, x.shape[1] - window + 1))]


@split_chunks.misconception(
    "Your last chunk has as many steps as the others. Where do the additional ones come from?",
    "Zeros at the end are inputs like any other: the network would read them, and be trained on them.",
)
def filled_with_zeros(x, window):
    chunks = []
    for start in range(0, x.shape[1], window):
        chunk = np.zeros((x.shape[0], window, *x.shape[2:]), x.dtype)
        rest = x[:, start : start + window]
        chunk[:, : rest.shape[1]] = rest
        chunks.append(chunk)
    return chunks


@split_chunks.misconception(
    "Your last chunk has as many steps as the others. Are they all new?",
    "You move the last chunk back until it is full, so that some steps are read twice. It may be short instead.",
)
def last_moved_back(x, window):
    T = x.shape[1]
    return [x[:, max(0, min(start, T - window)) :][:, :window] for start in range(0, T, window)]


@split_chunks.misconception(
    "Try six steps and a window of three. How many chunks do you return?",
    "If the window divides T, nothing is left over, and your last chunk holds nothing.",
)
def one_chunk_too_many(x, window):
    count = x.shape[1] // window + 1
    return [x[:, i * window : (i + 1) * window] for i in range(count)]


@split_chunks.misconception(
    "Which of your chunks is the short one?",
    "You cut from the end. Cut from the start, and what is left over comes last.",
)
def short_one_first(x, window):
    first = x.shape[1] % window
    chunks = [x[:, :first]] if first else []
    return chunks + [x[:, start : start + window] for start in range(first, x.shape[1], window)]


def _network(draw, B, T, D, H, O):
    params = dict(
        W_x=draw.weights(D, H), W_h=draw.weights(H, H), b=draw.normal(H), W_y=draw.weights(H, O), b_y=draw.normal(O)
    )
    return dict(x=draw.normal(B, T, D), targets=draw.integers(0, O, B, T), h0=draw.normal(B, H), params=params)


@assignment.exercise(
    truncation.tbptt_gradients,
    outputs="grads; h_last: B H",
    points=5,
    uses=[split_chunks],
    hints=[
        "One chunk at a time: states, logits, loss, and back. Which four functions do you have for that?",
        "What does the next chunk need of this one? And what does rnn_backward need, to stay within the chunk?",
        "The output layer has gradients as well: those of y = h W_y + b_y, dlogits for dy, summed over batch and time.",
    ],
    extra=[dict(T=6), dict(window=7), dict(window=10), dict(window=1)],
)
def tbptt_gradients(draw, B=3, T=7, D=2, H=4, O=5, window=3):
    return _network(draw, B, T, D, H, O) | dict(window=window)


@tbptt_gradients.misconception(
    "Your first chunk is right. Which state does the second one start from?",
    "The gradient is cut, the memory is not: a chunk goes on from the state in which the one before ended.",
)
def every_chunk_from_h0(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads = []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, h0, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads, h[:, -1]


@tbptt_gradients.misconception(
    "Change h0: nothing of yours changes. Which state does each of your chunks start from?",
    "The first starts from h0, and every other goes on from the state in which the one before ended.",
)
def every_chunk_from_zeros(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads = []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        state = np.zeros_like(h0)
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads, h[:, -1]


@tbptt_gradients.misconception(
    "Your first chunk is right. How far back does the second one's gradient go?",
    "Each of your losses goes back to step 0, which truncates nothing. The state that enters a chunk is a constant.",
)
def never_detached(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads = []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, : start + window], targets[:, : start + window]
        h = rnn_forward(inputs, h0, W_x, W_h, b)
        mask = np.full(right.shape, False)
        mask[:, start:] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads, h[:, -1]


@tbptt_gradients.misconception(
    "Your last chunk is right, and those before it are not. What reaches them from behind?",
    "You hand dh0 of a chunk back to the chunk before. That is backpropagation through everything: here it ends.",
)
def error_handed_back(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    starts = range(0, x.shape[1], window)
    states = [h0]
    for start in starts:
        states.append(rnn_forward(x[:, start : start + window], states[-1], W_x, W_h, b)[:, -1])
    grads, from_behind = [], np.zeros_like(h0)
    for i in reversed(range(len(starts))):
        inputs, right = x[:, starts[i] : starts[i] + window], targets[:, starts[i] : starts[i] + window]
        h = rnn_forward(inputs, states[i], W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        dh = dlogits @ W_y.T
        dh[:, -1] += from_behind
        _, from_behind, dW_x, dW_h, db = rnn_backward(dh, inputs, states[i], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.insert(0, {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads, states[-1]


@tbptt_gradients.misconception(
    "A window of one is right, longer ones are not. Does an error reach the steps before it?",
    "You cut at every step. Within a chunk the gradient flows from each step to the one before; the cut is its start.",
)
def every_step_detached(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        total = {"W_x": 0, "W_h": 0, "b": 0, "W_y": np.einsum("bth,bto->ho", h, dlogits), "b_y": dlogits.sum((0, 1))}
        for t in range(h.shape[1]):
            before = h[:, t - 1] if t else state
            step = slice(t, t + 1)
            _, _, dW_x, dW_h, db = rnn_backward(dlogits[:, step] @ W_y.T, inputs[:, step], before, h[:, step], W_x, W_h)
            total["W_x"], total["W_h"], total["b"] = total["W_x"] + dW_x, total["W_h"] + dW_h, total["b"] + db
        grads.append(total)
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Count your gradients. Which steps are in none of them?",
    "The steps that are left over make a chunk of their own, a short one, with a gradient like the others.",
)
def tail_without_gradient(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for i in range(x.shape[1] // window):
        inputs, right = x[:, i * window : (i + 1) * window], targets[:, i * window : (i + 1) * window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "All is right but the last chunk. What do you divide its loss by?",
    "A mean is over the places that are there. The last chunk may have fewer than B times the window.",
)
def mean_over_the_window(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        dlogits = dlogits * right.shape[1] / window
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your gradients point the right way and are too short. Over how many places is the mean?",
    "Each chunk has a loss of its own: the mean over its own places, not over those of the whole sequence.",
)
def mean_over_all_steps(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        dlogits = dlogits * right.size / targets.size
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your gradients point the right way and are too long. Is the loss a mean?",
    "You add up the losses of all places. Divide by their number, B times the steps of the chunk.",
)
def sum_for_mean(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        logits = output_layer(h, W_y, b_y)
        dlogits = np.exp(logits - logits.max(axis=-1, keepdims=True))
        dlogits = dlogits / dlogits.sum(axis=-1, keepdims=True) - np.eye(len(b_y))[right]
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your gradients point the right way and are too long. Which of the two means is missing?",
    "You average over the sequences and add up the steps. The mean is over both: all places of the chunk.",
)
def steps_added_up(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        logits = output_layer(h, W_y, b_y)
        dlogits = np.concatenate(
            [cross_entropy(logits[:, [t]], right[:, [t]], np.full((len(x), 1), True))[1] for t in range(h.shape[1])],
            axis=1,
        )
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "A window of one is right, longer ones are not. How many errors does a chunk of three steps have?",
    "You ask for an output at the end of each chunk only. Every step has a target, and its error counts.",
)
def last_error_of_each_chunk(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        mask = np.full(right.shape, False)
        mask[:, -1] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Which keys has params, and which have your gradients?",
    "The output layer learns as well. Its gradients need no backpropagation through time: y = h W_y + b_y.",
)
def output_layer_left_out(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your first chunk is right. Subtract its gradient from your second one.",
    "You go on adding to the sums of the chunk before. Every chunk starts from zero (PyTorch's zero_grad).",
)
def never_zeroed(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    total = {name: np.zeros_like(array) for name, array in params.items()}
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        new = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}
        total = {name: total[name] + new[name] for name in params}
        grads.append(total)
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "All your chunks have the same gradient. Is that likely?",
    "A list that holds one dict three times holds one dict. Make a new one for every chunk.",
)
def one_dict_for_all(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state, gradient = [], h0, {}
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, gradient["W_x"], gradient["W_h"], gradient["b"] = rnn_backward(
            dlogits @ W_y.T, inputs, state, h, W_x, W_h
        )
        gradient["W_y"], gradient["b_y"] = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append(gradient)
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "One gradient comes back, where each chunk should have one.",
    "Whether to add them up is for the caller to say. Return them as a list, in order.",
)
def chunks_added_up(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    total = {name: np.zeros_like(array) for name, array in params.items()}
    state = h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        new = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}
        total = {name: total[name] + new[name] for name in params}
        state = h[:, -1]
    return total, state


@tbptt_gradients.misconception(
    "Your first chunk is right. Which targets does the second one see?",
    "Inputs and targets are cut at the same places: a step and its target stay together.",
)
def targets_from_the_start(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs = x[:, start : start + window]
        right = targets[:, : inputs.shape[1]]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your first chunk is right. Which of a chunk's states do you carry on?",
    "The next chunk begins after the last step of this one, not after the first.",
)
def first_state_carried(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, 0]
    return grads, state


@tbptt_gradients.misconception(
    "All is right but dW_h, from the second chunk on. What does rnn_backward take for the state before the chunk?",
    "Forward you start from the state carried, backward from h0. Both have to start from the same.",
)
def backward_from_h0(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, state


@tbptt_gradients.misconception(
    "Your gradients are right. What shape has your h_last?",
    "You return all states of the last chunk. Its last one alone is asked for, to go on from.",
)
def all_states_returned(x, targets, h0, params, window):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads, state = [], h0
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, W_x, W_h, b)
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, state, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
        state = h[:, -1]
    return grads, h


@assignment.exercise(
    truncation.tbptt_k1_k2,
    outputs="grads",
    points=5,
    uses=[tbptt_gradients],
    hints=[
        "Write down for T = 7, k1 = 2, k2 = 3: after which steps, from which step on, and whose errors?",
        "params stay the same, so that one forward pass gives you every state a window could start from.",
        "Two cuts are independent: where the window starts (the state there), and whose errors count (the mask).",
    ],
    extra=[
        dict(T=8),
        dict(k1=3, k2=2),
        dict(k1=1, k2=4),
        dict(k1=3, k2=3),
        dict(k1=2, k2=9),
        dict(k1=4, k2=1),
    ],
)
def tbptt_k1_k2(draw, B=3, T=7, D=2, H=4, O=5, k1=2, k2=3):
    return _network(draw, B, T, D, H, O) | dict(k1=k1, k2=k2)


@tbptt_k1_k2.misconception(
    "With k1 = k2 yours is right. Which of the two says how often, and which how far?",
    "k1 is the distance from one gradient to the next; k2 is how far back each of them reaches.",
)
def k1_and_k2_swapped(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k2, x.shape[1] + 1, k2):
        start = max(0, stop - k1)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Take k1 = 1, k2 = 4 and count: how often does the error of step 3 enter a loss?",
    "Your windows overlap if k2 > k1, and so do your losses. The window is for the gradient; only new errors count.",
)
def errors_counted_twice(x, targets, h0, params, k1, k2):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        state = h[:, start - 1] if start else h0
        grads += tbptt_gradients(x[:, start:stop], targets[:, start:stop], state, params, stop - start)[0]
    return grads


@tbptt_k1_k2.misconception(
    "Take k1 = 2 and count: does the error of step 0 enter any of your losses?",
    "You look at the last step's error only. The steps since the gradient before have errors, too.",
)
def only_the_last_error(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -1] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "With k2 = 9 yours is right, with k2 = 3 only at the start. How far back do you go?",
    "Your gradients flow back to step 0. Which state should be a constant, k2 steps before?",
)
def back_to_the_start(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        h = rnn_forward(x[:, :stop], h0, W_x, W_h, b)
        mask = np.full((len(x), stop), False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), targets[:, :stop], mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, :stop], h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Your first entries are right. Which state does a later window start from?",
    "The state k2 steps before is a constant, but not h0: the network has been reading since then.",
)
def every_window_from_h0(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        inputs, right = x[:, max(0, stop - k2) : stop], targets[:, max(0, stop - k2) : stop]
        h = rnn_forward(inputs, h0, W_x, W_h, b)
        mask = np.full(right.shape, False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Seven steps and k1 = 2: how many gradients are there, and how many are yours?",
    "Here the last step of an odd number gets no gradient: one is due after every k1 steps, and not before.",
)
def tail_gets_one_too(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for begin in range(0, x.shape[1], k1):
        stop = min(begin + k1, x.shape[1])
        start = max(0, stop - k2)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -min(stop - begin, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "After which step does your first gradient come, with k1 = 2 and k2 = 3?",
    "You wait until k2 steps are there. At the start a window may be shorter; k1 alone says when.",
)
def waits_for_k2_steps(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        if stop < k2:
            continue
        right, h = targets[:, stop - k2 : stop], states[:, stop - k2 + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, stop - k2 : stop], states[:, stop - k2], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "You return a gradient for every step. How many are asked for?",
    "k1 says after how many steps one is due: after k1, 2 k1, and so on.",
)
def gradient_at_every_step(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(1, x.shape[1] + 1):
        start = max(0, stop - k2)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "With k1 = 2, how many steps have been taken when your first gradient comes?",
    "Steps count from 0: t % k1 == 0 is true after the very first. How many steps are done after step t?",
)
def counted_from_zero(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for t in range(x.shape[1]):
        if t % k1 == 0:
            start = max(0, t + 1 - k2)
            right, h = targets[:, start : t + 1], states[:, start + 1 : t + 2]
            mask = np.full(right.shape, False)
            mask[:, -min(k1, k2) :] = True
            _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
            _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start : t + 1], states[:, start], h, W_x, W_h)
            dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
            grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Try k1 = 2 with k2 = 3 and with k2 = 9: your answer stays the same.",
    "You cut where the gradient before was taken. If k2 > k1, this one flows on beyond that place.",
)
def cut_at_every_update(x, targets, h0, params, k1, k2):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = stop - min(k1, k2)
        state = h[:, start - 1] if start else h0
        grads += tbptt_gradients(x[:, start:stop], targets[:, start:stop], state, params, stop - start)[0]
    return grads


@tbptt_k1_k2.misconception(
    "Your answer does not depend on k2.",
    "k1 says how often, k2 how far back. What you return are the chunks of k1 steps.",
)
def k2_ignored(x, targets, h0, params, k1, k2):
    grads, _ = tbptt_gradients(x, targets, h0, params, k1)
    return grads[: x.shape[1] // k1]


@tbptt_k1_k2.misconception(
    "How far back does the error of a window's *first* counted step reach in yours?",
    "You give every error k2 steps of its own. There is one window, the last k2 steps, for all errors that count.",
)
def each_error_k2_steps_back(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        total = {name: np.zeros_like(array) for name, array in params.items()}
        for end in range(stop - min(k1, k2) + 1, stop + 1):
            start = max(0, end - k2)
            right, h = targets[:, start:end], states[:, start + 1 : end + 1]
            mask = np.full(right.shape, False)
            mask[:, -1] = True
            _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
            _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:end], states[:, start], h, W_x, W_h)
            dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
            new = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}
            total = {name: total[name] + new[name] / min(k1, k2) for name in params}
        grads.append(total)
    return grads


@tbptt_k1_k2.misconception(
    "With k2 = 1, how many steps has your window? Count the columns of its slice.",
    "One step too many: the state before the window is a constant, and not a step of it.",
)
def one_step_too_far(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2 - 1)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -min(k1, k2) :] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "The direction is right, the length is not, whenever k2 > k1. What do you divide the loss by?",
    "A mean is over the places whose errors count, and those may be fewer than the window has steps.",
)
def mean_over_window_steps(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, np.full(right.shape, True))
        dlogits[:, : -min(k1, k2)] = 0
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Yours is right unless k2 < k1. How far back do you go then?",
    "With k2 < k1 the window is shorter than the way since the last gradient; errors before it are never heard.",
)
def window_grown_to_k1(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - max(k1, k2))
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        mask = np.full(right.shape, False)
        mask[:, -k1:] = True
        _, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@tbptt_k1_k2.misconception(
    "Your gradients point the right way and are too long. Is the loss a mean?",
    "You add up the errors that count. Divide by their number: B times min(k1, k2).",
)
def errors_added_up(x, targets, h0, params, k1, k2):
    W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
    states = np.concatenate([h0[:, None], rnn_forward(x, h0, W_x, W_h, b)], axis=1)
    grads = []
    for stop in range(k1, x.shape[1] + 1, k1):
        start = max(0, stop - k2)
        right, h = targets[:, start:stop], states[:, start + 1 : stop + 1]
        logits = output_layer(h, W_y, b_y)
        dlogits = np.exp(logits - logits.max(axis=-1, keepdims=True))
        dlogits = dlogits / dlogits.sum(axis=-1, keepdims=True) - np.eye(len(b_y))[right]
        dlogits[:, : -min(k1, k2)] = 0
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, x[:, start:stop], states[:, start], h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads.append({"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y})
    return grads


@assignment.exercise(
    truncation.train_truncated,
    outputs="params; losses",
    points=4,
    uses=[split_chunks, tbptt_gradients],
    hints=[
        "It is tbptt_gradients with one more line in the loop. Which line, and what does it change for the next chunk?",
        "Three things pass from chunk to chunk: the state, the weights, and your list of losses.",
        "The arrays of params are the caller's: make new ones, and leave those that were given as they are.",
    ],
    extra=[dict(T=6), dict(window=7), dict(window=1)],
)
def train_truncated(draw, B=3, T=7, D=2, H=4, O=5, window=3, lr=0.7):
    return _network(draw, B, T, D, H, O) | dict(window=window, lr=lr)


@train_truncated.misconception(
    "Your first loss is right. Which state does the second chunk start from?",
    "The text goes on at the next chunk, and so does the state: only the gradient is cut.",
)
def training_from_h0(x, targets, h0, params, window, lr):
    losses = []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, h0, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), _ = tbptt_gradients(inputs, right, h0, params, window)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "Your first loss is right. With which weights was the state computed that the second chunk starts from?",
    "You read the chunk once more after the update. The state that is carried comes from the one pass before it.",
)
def state_after_the_update(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), _ = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * grads[name] for name in params}
        state = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])[:, -1]
    return params, losses


@train_truncated.misconception(
    "Your first loss is right. With which weights do you read the second chunk?",
    "You collect the gradients and update once, at the end. Every chunk has an update of its own.",
)
def one_update_at_the_end(x, targets, h0, params, window, lr):
    state, losses = h0, []
    total = {name: np.zeros_like(array) for name, array in params.items()}
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        total = {name: total[name] + grads[name] for name in params}
    return {name: params[name] - lr * total[name] for name in params}, losses


@train_truncated.misconception(
    "Your losses are right. Add up by how much the weights have moved: one update, or one for each chunk?",
    "Each of your updates starts again from the weights that were given, so that only the last one is left.",
)
def only_the_last_update(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        new_params = {name: params[name] - lr * grads[name] for name in params}
    return new_params, losses


@train_truncated.misconception(
    "Print params before and after your call. Whose arrays have changed?",
    "`-=` works in place, and dict(params) copies the dict, but not the arrays in it.",
)
def updated_in_place(x, targets, h0, params, window, lr):
    params, state, losses = dict(params), h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        for name in params:
            params[name] -= lr * grads[name]
    return params, losses


@train_truncated.misconception(
    "Your weights are right, your losses are a little too good.",
    "You measure each chunk after you have learnt from it. What counts is the loss before the update.",
)
def loss_after_the_update(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        (grads,), h_last = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * grads[name] for name in params}
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        state = h_last
    return params, losses


@train_truncated.misconception(
    "Count your losses. Which steps has the network not learnt from?",
    "What is left over is a chunk, too: a short one, with a loss and an update.",
)
def tail_not_learnt(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1] - window + 1, window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "Train a little on one sequence, again and again: does your loss fall?",
    "The gradient points to where the loss grows. Which sign takes you downhill?",
)
def uphill(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] + lr * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "Your first loss is too large by a whole number. Which one?",
    "You add up the losses of all places, and your steps get as much longer. A chunk's loss is the mean.",
)
def losses_added_up(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss * right.size)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * right.size * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "All is right but the last chunk. What do you divide its loss by?",
    "A mean is over the places that are there. The last chunk may have fewer than B times the window.",
)
def tail_over_the_window(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        share = right.shape[1] / window
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss * share)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * share * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "Two of your five weights are those that were given. Which?",
    "W_y and b_y learn as well: update every entry of params.",
)
def output_layer_not_trained(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = params | {name: params[name] - lr * grads[name] for name in ("W_x", "W_h", "b")}
    return params, losses


@train_truncated.misconception(
    "Your first loss is right. How much of the sequence do you read for the second?",
    "You start again at step 0 for every chunk, and go back to it. The state carried stands for all that was read.",
)
def whole_past_again(x, targets, h0, params, window, lr):
    losses = []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, : start + window], targets[:, : start + window]
        W_x, W_h, b, W_y, b_y = (params[name] for name in ("W_x", "W_h", "b", "W_y", "b_y"))
        h = rnn_forward(inputs, h0, W_x, W_h, b)
        mask = np.full(right.shape, False)
        mask[:, start:] = True
        loss, dlogits = cross_entropy(output_layer(h, W_y, b_y), right, mask)
        _, _, dW_x, dW_h, db = rnn_backward(dlogits @ W_y.T, inputs, h0, h, W_x, W_h)
        dW_y, db_y = np.einsum("bth,bto->ho", h, dlogits), dlogits.sum(axis=(0, 1))
        grads = {"W_x": dW_x, "W_h": dW_h, "b": db, "W_y": dW_y, "b_y": db_y}
        losses.append(loss)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, losses


@train_truncated.misconception(
    "One loss comes back. How many chunks are there?",
    "You take the whole sequence as one chunk, so that it has one loss and one update. What is the window for?",
)
def one_update_for_everything(x, targets, h0, params, window, lr):
    h = rnn_forward(x, h0, params["W_x"], params["W_h"], params["b"])
    logits = output_layer(h, params["W_y"], params["b_y"])
    loss, _ = cross_entropy(logits, targets, np.full(targets.shape, True))
    (grads,), _ = tbptt_gradients(x, targets, h0, params, x.shape[1])
    return {name: params[name] - lr * grads[name] for name in params}, [loss]


@train_truncated.misconception(
    "Your weights are right. What are your losses: a list, or one number?",
    "You return the mean over all chunks. How the loss develops shows only in a list with one entry for each.",
)
def one_mean_loss(x, targets, h0, params, window, lr):
    state, losses = h0, []
    for start in range(0, x.shape[1], window):
        inputs, right = x[:, start : start + window], targets[:, start : start + window]
        h = rnn_forward(inputs, state, params["W_x"], params["W_h"], params["b"])
        loss, _ = cross_entropy(output_layer(h, params["W_y"], params["b_y"]), right, np.full(right.shape, True))
        losses.append(loss)
        (grads,), state = tbptt_gradients(inputs, right, state, params, window)
        params = {name: params[name] - lr * grads[name] for name in params}
    return params, float(np.mean(losses))


@assignment.exercise(
    truncation.fold_series,
    outputs="pieces: B T D",
    points=2,
    hints=[
        "How many full windows fit into one series? Start by cutting off what is too much.",
        "Write down which steps of which series the first three pieces hold, for N = 2, L = 5 and a window of 2.",
    ],
    extra=[dict(L=6), dict(window=8), dict(window=1), dict(N=2, L=11, window=4)],
)
def fold_series(draw, N=3, L=8, F=2, window=3):
    return dict(series=draw.normal(N, L, F), window=window)


@fold_series.misconception(
    "Which series does your second piece come from?",
    "You take the first piece of every series, then the second of every series. One series after the other, please.",
)
def piece_after_piece(series, window):
    N, L, F = series.shape
    n = L // window
    return series[:, : n * window].reshape(N, n, window, F).swapaxes(0, 1).reshape(N * n, window, F)


@fold_series.misconception(
    "Does one of your pieces hold steps of two series?",
    "You join the series before you cut. They are independent: no piece may cross from one to the next.",
)
def series_joined(series, window):
    N, L, F = series.shape
    joined = series.reshape(N * L, F)
    n = N * L // window
    return joined[: n * window].reshape(n, window, F)


@fold_series.misconception(
    "How many pieces has each of your series, and how many full windows fit into it?",
    "The steps that fill no window are dropped. Zeros in their place would be numbers that nobody has measured.",
)
def tail_filled_up(series, window):
    N, L, F = series.shape
    n = -(-L // window)
    padded = np.zeros((N, n * window, F))
    padded[:, :L] = series
    return padded.reshape(N * n, window, F)


@fold_series.misconception(
    "Which steps do you drop, those at the start of a series, or those at its end?",
    "Cut from the start: the first piece begins at step 0, and the tail is dropped.",
)
def head_dropped(series, window):
    N, L, F = series.shape
    n = L // window
    return series[:, L - n * window :].reshape(N * n, window, F)


@fold_series.misconception(
    "Does a step turn up in more than one of your pieces?",
    "Your window slides on by one step. The next piece should start where the one before ended.",
)
def pieces_overlap(series, window):
    pieces = [one[start : start + window] for one in series for start in range(series.shape[1] - window + 1)]
    return np.array(pieces).reshape(-1, window, series.shape[2])


@fold_series.misconception(
    "Your last piece of a series begins before the one before it has ended.",
    "You move the last piece back until it is full. The tail is to be dropped: every step counts once at most.",
)
def tail_moved_back(series, window):
    pieces = []
    for one in series:
        pieces += [one[start : start + window] for start in range(0, len(one) - window + 1, window)]
        if len(one) > window and len(one) % window:
            pieces.append(one[-window:])
    return np.array(pieces).reshape(-1, window, series.shape[2])


@fold_series.misconception(
    "The window is the *length* of a piece. How long are yours?",
    "You make that many pieces of each series. Their length is given, and the number follows from it.",
)
def window_for_number(series, window):
    N, L, F = series.shape
    length = L // window
    return series[:, : length * window].reshape(N * window, length, F)


@fold_series.misconception(
    "Look at one piece: do its rows follow one another in time?",
    "reshape fills the last axis first, so that yours takes every so many steps. The steps of a window are neighbours.",
)
def every_nth_step(series, window):
    N, L, F = series.shape
    n = L // window
    return series[:, : n * window].reshape(N, window, n, F).swapaxes(1, 2).reshape(N * n, window, F)


@assignment.exercise(
    truncation.one_step_samples,
    outputs="samples: B T D; reset: B",
    points=2,
    hints=[
        "A sample is a batch row of one step with one feature. How many samples are there?",
        "After which samples would the memory of one series leak into another?",
    ],
    extra=[dict(N=4, L=3), dict(features=1), dict(N=1, features=1)],
)
def one_step_samples(draw, N=3, L=5, features=0):
    return dict(series=draw.normal(N, L, 1) if features else draw.normal(N, L))


@one_step_samples.misconception(
    "The second series begins with a state that has read the first. Is that what you want?",
    "Series are independent: the state is cleared before the first sample of each, not of the first alone.",
)
def reset_once(series):
    samples = series.reshape(-1, 1, 1)
    reset = np.full(len(samples), False)
    reset[0] = True
    return samples, reset


@one_step_samples.misconception(
    "Your network starts the first series without a reset, and ends the last with one.",
    "reset is asked *before* a sample. You mark the last sample of a series; mark the first.",
)
def reset_at_the_end(series):
    N, L = series.shape[:2]
    reset = np.full((N, L), False)
    reset[:, -1] = True
    return series.reshape(N * L, 1, 1), reset.reshape(N * L)


@one_step_samples.misconception(
    "How long is the memory of a network that follows your resets?",
    "If every sample clears the state, there is nothing to lean on. Only a new series needs a clean start.",
)
def reset_always(series):
    samples = series.reshape(-1, 1, 1)
    return samples, np.full(len(samples), True)


@one_step_samples.misconception(
    "A network that follows your resets never forgets, not even at the start of a new series.",
    "Someone has to clear the state where a series begins: before the first sample of each.",
)
def reset_never(series):
    samples = series.reshape(-1, 1, 1)
    return samples, np.full(len(samples), False)


@one_step_samples.misconception(
    "Read reset aloud: True means what?",
    "True clears the state. You say True where it is to be kept.",
)
def reset_for_keep(series):
    N, L = series.shape[:2]
    keep = np.full((N, L), True)
    keep[:, 0] = False
    return series.reshape(N * L, 1, 1), keep.reshape(N * L)


@one_step_samples.misconception(
    "Which series does your second sample come from?",
    "You take the first step of every series, then the second of every series. The state would read them all mixed.",
)
def series_interleaved(series):
    N, L = series.shape[:2]
    reset = np.full(N * L, False)
    reset[:N] = True
    return series.reshape(N, L).T.reshape(-1, 1, 1), reset


@one_step_samples.misconception(
    "The samples are right. How far apart are your resets, and how long is a series?",
    "A new series begins every L samples; N is how many series there are.",
)
def reset_every_n(series):
    N, L = series.shape[:2]
    return series.reshape(N * L, 1, 1), np.arange(N * L) % N == 0


@one_step_samples.misconception(
    "How many steps has one of your samples? Here each has a single one.",
    "You made one long sequence. Samples stand along the first axis, time along the second.",
)
def one_long_sequence(series):
    N, L = series.shape[:2]
    return series.reshape(1, N * L, 1), np.arange(N * L) % L == 0


@one_step_samples.misconception(
    "Count the axes of your samples.",
    "A recurrent network reads (B, T, D), though T and D be 1: samples, steps and features are three axes.",
)
def axis_missing(series):
    N, L = series.shape[:2]
    return series.reshape(N * L, 1), np.arange(N * L) % L == 0
