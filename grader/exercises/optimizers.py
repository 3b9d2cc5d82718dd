"""09-optimizers, steps and the training loop: what is asked, what it is worth, how people get it wrong.

What is random about `minibatches` and `fit` is judged by their drives; the rest of what fit does is the same for every
right way to draw, since the losses of its cases come from a table (given.tabled_loss).
"""
# ruff: noqa: N801 - a misconception is called what it does, a class too

import numpy as np

from grader.exercise import Assignment
from reference import optimizers

assignment = Assignment("09-optimizers")


def _network(draw, D, H):
    """params and grads: names in another order, and two of every shape, so that a zip pairs what should not be."""
    shapes = dict(W=(D, H), U=(D, H), b=(H,), c=(H,), gain=(), shift=())
    params = {name: np.asarray(draw.normal(*shape)) for name, shape in shapes.items()}
    grads = {name: np.asarray(draw.normal(*shapes[name])) for name in ("U", "W", "c", "b", "shift", "gain")}
    return params, grads


def _memory(draw, params, positive=False):
    """One array like each parameter: of squares, or of either sign."""
    drawn = {name: draw.normal(*theta.shape) for name, theta in params.items()}
    return {name: np.asarray(number**2 if positive else number) for name, number in drawn.items()}


@assignment.exercise(
    optimizers.sgd_step,
    outputs="params",
    points=1,
    hints=[
        "One line for each name. Which array of grads belongs to it?",
        "Build a new dict: the caller still needs the old parameters.",
    ],
    extra=[dict(lr=0.01), dict(lr=2.0, D=5)],
)
def sgd_step(draw, D=3, H=4, lr=0.1):
    params, grads = _network(draw, D, H)
    return dict(params=params, grads=grads, lr=lr)


@sgd_step.misconception(
    "Take one parameter, θ = 1, with a gradient of +2. Where does the loss fall, and where do you go?",
    "The gradient points uphill.",
)
def uphill(params, grads, lr):
    return {name: params[name] + lr * grads[name] for name in params}


@sgd_step.misconception(
    "Your numbers are right. Print params after the call: the caller's arrays have changed.",
    "`-=` on an array writes into that array, whoever else holds it. Make a new one.",
)
def updated_in_place(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]
    return params


@sgd_step.misconception(
    "Print list(params) and list(grads). Is the order the same?",
    "Two dicts have the same names, but need not have them in the same order. Look up by name.",
)
def paired_by_place(params, grads, lr):
    return {name: theta - lr * g for (name, theta), g in zip(params.items(), grads.values(), strict=True)}


@sgd_step.misconception(
    "Double lr: do your parameters move twice as far?",
    "Count the arguments that your code uses. One is left over.",
)
def lr_left_out(params, grads, lr):
    return {name: params[name] - grads[name] for name in params}


@sgd_step.misconception(
    "Take θ = 1, a gradient of 2 and lr = 0.1. Where should θ be, and where is yours?",
    "You return the way, not the place: from where does the step start?",
)
def the_update_alone(params, grads, lr):
    return {name: -lr * grads[name] for name in params}


@sgd_step.misconception(
    "Make the gradients ten times as large: you go exactly as far as before.",
    "You take the direction alone. In plain SGD a steep slope makes a large step.",
)
def direction_alone(params, grads, lr):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: params[name] - lr * grads[name] / norm for name in params}


@sgd_step.misconception(
    "Make the gradients ten times as large: you go exactly as far as before.",
    "You look at the sign of each entry and throw its size away.",
)
def signs_alone(params, grads, lr):
    return {name: params[name] - lr * np.sign(grads[name]) for name in params}


@sgd_step.misconception(
    "How many names does your result have, and how many has params?",
    "Your function ends after its first round. How far is the `return` indented?",
)
def returned_in_the_loop(params, grads, lr):
    moved = {}
    for name in params:
        moved[name] = params[name] - lr * grads[name]
        return moved


@assignment.exercise(
    optimizers.momentum_step,
    outputs="params; state",
    points=2,
    hints=[
        "Two lines for each name, in this order: the velocity first, then the parameter.",
        "Before the first step there is no velocity. What does state.get give for a name that is not there?",
        'The state is a dict with one entry, "v", which is a dict again.',
    ],
    extra=[dict(started=False), dict(started=False, lr=1.5, momentum=0.5), dict(lr=0.01, momentum=0.99)],
)
def momentum_step(draw, D=3, H=4, lr=0.1, momentum=0.9, started=True):
    params, grads = _network(draw, D, H)
    return dict(
        params=params, grads=grads, state=dict(v=_memory(draw, params)) if started else {}, lr=lr, momentum=momentum
    )


@momentum_step.misconception(
    "Your new parameters are right. What is your velocity after a first step with g = 1 and lr = 0.1?",
    "You put lr into the velocity. Then a new lr would count for new gradients alone: here it multiplies v at the end.",
)
def lr_inside_the_velocity(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + lr * grads[name] for name in params}
    return {name: params[name] - v[name] for name in params}, {"v": v}


@momentum_step.misconception(
    "With g = 1 at every step and momentum 0.9, where does v go? It should be 10.",
    "You average: (1 - momentum) does not belong here. The gradient enters the velocity with all its weight.",
)
def averaged_gradients(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + (1 - momentum) * grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, {"v": v}


@momentum_step.misconception(
    "Only your parameters are off. What would Nesterov do, and what did Polyak?",
    "You look ahead: g + momentum v is Nesterov's variant. Here the step is the velocity itself.",
)
def nesterov(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] - lr * (grads[name] + momentum * v[name]) for name in params}, {"v": v}


@momentum_step.misconception(
    "The velocity is right. Which one do you walk with?",
    "You walk with the velocity of the last step. The new gradient is in the new one.",
)
def walked_with_the_old_velocity(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] - lr * old.get(name, 0.0) for name in params}, {"v": v}


@momentum_step.misconception(
    "Right for the first step, wrong for all others. What do you do with the state that you get?",
    "Your velocity starts from zero at every call. It should start from what the last call returned.",
)
def velocity_forgotten(params, grads, state, lr, momentum):
    v = {name: np.array(grads[name]) for name in params}
    return {name: params[name] - lr * v[name] for name in params}, {"v": v}


@momentum_step.misconception(
    "Call it twice, the second time with the state of the first. Has the state changed in between?",
    "You return the state as you got it. The caller hands it back to you at the next step.",
)
def old_state_returned(params, grads, state, lr, momentum):
    old = state.get("v", {name: 0.0 * theta for name, theta in params.items()})
    return {name: params[name] - lr * (momentum * old[name] + grads[name]) for name in params}, {"v": dict(old)}


@momentum_step.misconception(
    "The first name is right, and the others are not. What does your v hold when you get to the second?",
    "One velocity for all of them: every parameter needs its own.",
)
def one_velocity_for_all(params, grads, state, lr, momentum):
    old, moved, velocities = state.get("v", {}), {}, {}
    v = old.get(next(iter(params)), 0.0)
    for name in params:
        v = momentum * v + grads[name]
        moved[name] = params[name] - lr * v
        velocities[name] = v
    return moved, {"v": velocities}


@momentum_step.misconception(
    "Your numbers are right. Print the old state after the call: it has changed.",
    "Writing into state's arrays changes what the caller holds. Make new ones.",
)
def state_in_place(params, grads, state, lr, momentum):
    v = state.setdefault("v", {})
    for name in params:
        v[name] = momentum * v.get(name, 0.0) + grads[name]
    return {name: params[name] - lr * v[name] for name in params}, state


@momentum_step.misconception(
    "The ball loses its way: with a momentum of 0 your step is right. What sign does the old velocity have?",
    "What is left of the old velocity is added to the gradient: it points the same way.",
)
def velocity_subtracted(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: grads[name] - momentum * old.get(name, 0.0) for name in params}
    return {name: params[name] - lr * v[name] for name in params}, {"v": v}


@momentum_step.misconception(
    "Your parameters are right. What sign has your velocity?",
    "Here v points like the gradient, uphill, and is subtracted at the end. (In Keras it is the other way round.)",
)
def velocity_downhill(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: -momentum * old.get(name, 0.0) - grads[name] for name in params}
    return {name: params[name] + lr * v[name] for name in params}, {"v": v}


@momentum_step.misconception(
    "Your numbers are right. Print your state, and the one that the docstring asks for.",
    'The velocities stand one level deeper: {"v": {name: ...}}.',
)
def state_without_v(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] - lr * v[name] for name in params}, v


@momentum_step.misconception(
    "Take θ = 1, v = 0 and g = 2. Where does the loss fall, and where do you go?",
    "The velocity points like the gradient, which is uphill.",
)
def rolled_uphill(params, grads, state, lr, momentum):
    old = state.get("v", {})
    v = {name: momentum * old.get(name, 0.0) + grads[name] for name in params}
    return {name: params[name] + lr * v[name] for name in params}, {"v": v}


@assignment.exercise(
    optimizers.rmsprop_step,
    outputs="params; state",
    points=3,
    hints=[
        "Two lines for each name: first the running mean of the squares, then the step.",
        "With s = 0, g = 2, beta = 0.75: what is the new s? And what is its root, to which eps is added?",
        "Everything goes entry by entry: two weights of one matrix have nothing to do with each other.",
    ],
    extra=[dict(started=False), dict(started=False, lr=1.5, beta=0.5), dict(lr=0.01, beta=0.99, eps=0.01)],
)
def rmsprop_step(draw, D=3, H=4, lr=0.1, beta=0.9, eps=0.1, started=True):
    params, grads = _network(draw, D, H)
    state = dict(s=_memory(draw, params, positive=True)) if started else {}
    return dict(params=params, grads=grads, state=state, lr=lr, beta=beta, eps=eps)


@rmsprop_step.misconception(
    "Take s = 0.03, eps = 0.1 and write your denominator down, step by step.",
    "eps stands outside of the root: √s + eps, not √(s + eps).",
)
def eps_inside_the_root(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / np.sqrt(s[name] + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Your state is right. Make all gradients and √s ten times as large: the step should stay nearly the same.",
    "s is a mean of *squares*. What brings it back to the size of a gradient?",
)
def no_root(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (s[name] + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "With g = 1 at every step, where should s go, and where does yours?",
    "A mean needs weights that sum to 1: what does the new square weigh, if the old mean weighs beta?",
)
def new_square_unweighted(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "With g = 1 at every step, where should s go, and where does yours?",
    "A sum of squares never forgets: that is Adagrad. RMSprop takes a running mean.",
)
def adagrad(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: old.get(name, 0.0) + grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "With beta = 0.9, does your s remember long or short?",
    "beta is what the *old* mean weighs.",
)
def beta_on_the_wrong_side(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: (1 - beta) * old.get(name, 0.0) + beta * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Your state is right. By which s do you divide?",
    "You divide by the s of the step before. The new gradient belongs into it first.",
)
def divided_by_the_old_mean(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(old.get(name, 0.0)) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Your step has the same length in all entries of an array. Should it?",
    "You average the squares over the whole array. Every entry is measured by its own.",
)
def one_mean_per_array(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * np.mean(grads[name] ** 2) for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Can an s of yours be negative? What does the name say: *root* of the *mean* of the ...?",
    "The mean is taken of squares.",
)
def gradients_not_squared(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * np.abs(grads[name]) for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "What does your state hold, s or √s?",
    "The root is taken for the step alone. The mean that goes on to the next step is that of the squares.",
)
def root_kept(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: np.sqrt(beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2) for name in params}
    return {name: params[name] - lr * grads[name] / (s[name] + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Right for the first step, wrong for all others. What do you do with the state that you get?",
    "Your mean starts from zero at every call. It should start from what the last call returned.",
)
def mean_forgotten(params, grads, state, lr, beta, eps):
    s = {name: (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Your state is right. How long is your step where g is tiny, and how long where it is large?",
    "You forgot to divide: what is the mean for?",
)
def plain_step(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] for name in params}, {"s": s}


@rmsprop_step.misconception(
    "Your numbers are right. Print the old state after the call: it has changed.",
    "`*=` and `+=` on state's arrays change what the caller holds. Make new ones.",
)
def squares_in_place(params, grads, state, lr, beta, eps):
    s = state.setdefault("s", {name: np.zeros_like(theta) for name, theta in params.items()})
    for name in params:
        s[name] = beta * s[name] + (1 - beta) * grads[name] ** 2
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name]) + eps) for name in params}, state


@rmsprop_step.misconception(
    "The first name is right, and the others are not. What does your s hold when you get to the second?",
    "One mean for all of them: every parameter needs its own.",
)
def one_mean_for_all(params, grads, state, lr, beta, eps):
    moved, means = {}, {}
    s = state.get("s", {}).get(next(iter(params)), 0.0)
    for name in params:
        s = beta * s + (1 - beta) * grads[name] ** 2
        moved[name] = params[name] - lr * grads[name] / (np.sqrt(s) + eps)
        means[name] = s
    return moved, {"s": means}


@rmsprop_step.misconception(
    "Only the first steps are off, by a factor. Who corrects the mean for having started from zero?",
    "Adam does; RMSprop takes s as it is.",
)
def corrected_like_adam(params, grads, state, lr, beta, eps):
    old = state.get("s", {})
    s = {name: beta * old.get(name, 0.0) + (1 - beta) * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * grads[name] / (np.sqrt(s[name] / (1 - beta)) + eps) for name in params}, {"s": s}


@assignment.exercise(
    optimizers.adam_step,
    outputs="params; state",
    points=5,
    hints=[
        "t counts calls. What is it at the first one, in algorithm 1 of the paper?",
        "Four things for each name: m, v, what they are after their correction, the step. Print them for g = 1, t = 1.",
        "The state keeps m and v as they are; corrected ones are for this step alone. The decay does not enter them.",
    ],
    extra=[
        dict(t=0),
        dict(t=0, weight_decay=0.3, beta1=0.5),
        dict(t=1, weight_decay=0.5),
        dict(t=40, lr=0.01, eps=0.01),
        dict(t=2, weight_decay=0.2, lr=2.0),
    ],
)
def adam_step(draw, D=3, H=4, t=3, lr=0.1, beta1=0.9, beta2=0.99, eps=0.1, weight_decay=None):
    params, grads = _network(draw, D, H)
    state = dict(m=_memory(draw, params), v=_memory(draw, params, positive=True), t=t) if t else {}
    decay = {} if weight_decay is None else dict(weight_decay=weight_decay)
    return dict(params=params, grads=grads, state=state, lr=lr, beta1=beta1, beta2=beta2, eps=eps) | decay


@adam_step.misconception(
    "Your state is right. With beta1 = 0.9 and g = 1, what is m after the first step, and what should it stand for?",
    "m and v start at zero, and take long to forget it. What do you divide them by to make up for that?",
)
def no_bias_correction(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        moved[name] = params[name] - lr * m[name] / (np.sqrt(v[name]) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "The first step has the wrong length: with g = 1 and a tiny eps it should be lr.",
    "You correct m. v starts at zero as well.",
)
def only_m_corrected(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name]
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "The first step has the wrong length: with g = 1 and a tiny eps it should be lr.",
    "You correct v. m starts at zero as well.",
)
def only_v_corrected(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name], v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "What is 1 - beta1**t at your first step?",
    "t is raised before it is used: in the first call it is 1.",
)
def t_from_zero(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1 ** (t - 1)), v[name] / (1 - beta2 ** (t - 1))
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "What is t after one call, for a network with six parameters?",
    "t counts calls, and you raise it for every name. Where in your function does it go up?",
)
def t_counts_parameters(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0)
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        t += 1
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Call it twice, the second time with the state of the first. What is t?",
    "The state that you return has to say that one more step was taken.",
)
def t_never_raised(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t - 1}


@adam_step.misconception(
    "Take v̂ = 0.03, eps = 0.1 and write your denominator down, step by step.",
    "eps stands outside of the root: √v̂ + eps, not √(v̂ + eps).",
)
def eps_inside_the_root_of_v(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / np.sqrt(v_hat + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "With eps = 1e-8 nobody would notice. To which root is eps added, that of v or that of v̂?",
    "You correct the step's length as a whole, as TensorFlow does. Then eps means another thing.",
)
def eps_before_the_correction(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        step = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m[name] / (np.sqrt(v[name]) + eps)
        moved[name] = params[name] - step - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Make all gradients ten times as large: with a tiny eps your step should not change.",
    "v is a mean of *squares*. What brings it back to the size of a gradient?",
)
def no_root_of_v(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (v_hat + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Your m and v depend on the weights, if there is decay. Should they?",
    "You add the decay to the gradient. Decoupled means: past m and v, straight to the weights.",
)
def l2_for_decoupled_decay(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        g = g + weight_decay * params[name]
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps)
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Right without decay. Count the arguments that your code uses.",
    "weight_decay is the eighth argument: how far does it shrink the weights in one step?",
)
def decay_left_out(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps)
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Right without decay. Set lr to 0: should anything move?",
    "The decay's share is lr times weight_decay.",
)
def decay_without_lr(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Right without decay. Which θ is it that shrinks, the old one or the moved one?",
    "The decay is a share of the θ that the step started from.",
)
def decay_on_the_new_weights(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps)
        moved[name] = moved[name] - lr * weight_decay * moved[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Right without decay. With it, do your weights become smaller?",
    "The decay is subtracted.",
)
def weights_grow(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) + lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Your parameters are right. What does your state hold, m or m̂?",
    "The correction is for this step alone. Were it kept, the next step would correct it once more.",
)
def corrected_means_kept(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
        m[name], v[name] = m_hat, v_hat
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Which of the two means has the longer memory, that of g or that of its square?",
    "beta1 belongs to m, beta2 to v.",
)
def betas_swapped(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta2 * old_m.get(name, 0.0) + (1 - beta2) * g
        v[name] = beta1 * old_v.get(name, 0.0) + (1 - beta1) * g**2
        m_hat, v_hat = m[name] / (1 - beta2**t), v[name] / (1 - beta1**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Your state is right. Which way do you go, along g or along m̂?",
    "You divide the gradient itself, as RMSprop does. Adam goes along the running mean.",
)
def no_momentum(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        v_hat = v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * g / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "With g = 1 at every step, where should m go, and where does yours?",
    "A mean needs weights that sum to 1: what does the new gradient weigh, if the old mean weighs beta1?",
)
def new_terms_unweighted(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + g
        v[name] = beta2 * old_v.get(name, 0.0) + g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Can a v of yours be negative, so that its root is not a number?",
    "v is the running mean of the *squares* of g.",
)
def gradient_not_squared_in_v(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * np.abs(g)
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Right for the first step, wrong for all others. What do you do with the m and v that you get?",
    "Your means start from zero at every call. They should start from what the last call returned.",
)
def moments_forgotten(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = {}, {}, state.get("t", 0) + 1
    m, v, moved = {}, {}, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "Your numbers are right. Print the old state after the call: it has changed.",
    "Writing into the dicts of the state changes what the caller holds. Fill new ones.",
)
def moments_in_place(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved = old_m, old_v, {}
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(name, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(name, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@adam_step.misconception(
    "One of the names is right, and the others are not. What do your m and v hold when you get to the next name?",
    "One m and one v for all of them: every parameter needs its own.",
)
def moments_shared(params, grads, state, lr, beta1, beta2, eps, weight_decay=0.0):
    old_m, old_v, t = state.get("m", {}), state.get("v", {}), state.get("t", 0) + 1
    m, v, moved, last = {}, {}, {}, next(iter(grads))
    for name, g in grads.items():
        m[name] = beta1 * old_m.get(last, 0.0) + (1 - beta1) * g
        v[name] = beta2 * old_v.get(last, 0.0) + (1 - beta2) * g**2
        m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
        moved[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps) - lr * weight_decay * params[name]
    return moved, {"m": m, "v": v, "t": t}


@assignment.exercise(
    optimizers.minibatches,
    outputs="sizes; members; order",
    points=3,
    drive="optimizers.minibatches",
    hints=[
        "First an order for all of 0 to n-1, at random; then cut it into pieces.",
        "Which method of `rng` gives you every index exactly once?",
        "Try n = 6 with batches of 4, then n = 0, then n = 2. How many batches should there be, and how large?",
    ],
    extra=[
        dict(n=6, batch_size=2),
        dict(n=7),
        dict(n=5, batch_size=5),
        dict(n=5, batch_size=9),
        dict(n=4, batch_size=1),
        dict(n=1),
        dict(n=0),
        dict(n=50, batch_size=8),
        dict(further_calls=400),
        dict(batch_size=8, further_calls=400),
    ],
)
def minibatches(draw, n=5, batch_size=3, further_calls=20):
    return dict(rng=draw.seed(), n=n, batch_size=batch_size, further_calls=further_calls)


@minibatches.misconception(
    "Your last batch is missing if it is short. Which examples does the network never see in this epoch?",
    "What is left over makes a smaller batch. Only how many examples there are decides when the cutting ends.",
)
def short_batch_dropped(rng, n, batch_size):
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size)]


@minibatches.misconception(
    "All your batches are full. Of which indices are there two?",
    "You fill the last batch up with others, which then count twice in this epoch. It may be short.",
)
def short_batch_filled_up(rng, n, batch_size):
    order = rng.permutation(n)
    starts = range(0, n, batch_size)
    return [np.take(order, range(i, i + batch_size), mode="wrap") for i in starts]


@minibatches.misconception(
    "Your last batch is longer than batch_size.",
    "What is left over makes a batch of its own, however short.",
)
def rest_in_the_last_batch(rng, n, batch_size):
    order = rng.permutation(n)
    count = max(n // batch_size, 1) if n else 0
    return [order[i * batch_size : (i + 1) * batch_size if i < count - 1 else n] for i in range(count)]


@minibatches.misconception(
    "Print the sizes for n = 6 and batch_size = 4: yours are 3 and 3.",
    "np.array_split makes pieces of nearly equal size. Here all are full but the last.",
)
def even_pieces(rng, n, batch_size):
    return np.array_split(rng.permutation(n), -(-n // batch_size)) if n else []


@minibatches.misconception(
    "Print the sizes for n = 6 and batch_size = 4: there should be two batches.",
    "You make batch_size batches. How many *examples* should a batch have?",
)
def size_taken_for_number(rng, n, batch_size):
    return np.array_split(rng.permutation(n), batch_size)


@minibatches.misconception(
    "Your short batch comes first.",
    "Cut from the front: what is left over is at the end.",
)
def short_batch_first(rng, n, batch_size):
    order = rng.permutation(n)
    first = n % batch_size or batch_size
    return np.split(order, range(first, n, batch_size)) if n else []


@minibatches.misconception(
    "Print your batches, twice. Where is the chance?",
    "The data often come sorted, by class or by time. A batch of one class pulls the network to that class.",
)
def not_shuffled(rng, n, batch_size):
    return [np.arange(n)[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Count the indices of your first batch over many calls.",
    "You shuffle within the batches, but which examples share a batch is decided by the order of the data.",
)
def shuffled_inside_the_batches(rng, n, batch_size):
    return [rng.permutation(np.arange(n)[i : i + batch_size]) for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Print your batches, twice. Which of the indices change their company?",
    "You shuffle the batches, but not what is in them. First the order of all examples, then the cutting.",
)
def whole_batches_shuffled(rng, n, batch_size):
    batches = [np.arange(n)[i : i + batch_size] for i in range(0, n, batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


@minibatches.misconception(
    "Which index follows 0 in your order? And at the next call?",
    "You start somewhere and go round in circles. Every order of the examples should be as likely.",
)
def rotated(rng, n, batch_size):
    order = np.roll(np.arange(n), rng.integers(n)) if n else np.arange(0)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Some of your indices come twice, and others never.",
    "You draw with replacement: each draw is for itself. An epoch shows every example once.",
)
def drawn_with_replacement(rng, n, batch_size):
    order = rng.integers(0, n, n) if n else np.arange(0)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Within a batch no index comes twice. And in two batches?",
    "You draw each batch from all examples. An epoch shows every example once.",
)
def each_batch_from_all(rng, n, batch_size):
    sizes = [min(batch_size, n - i) for i in range(0, n, batch_size)]
    return [rng.choice(n, size, replace=False) for size in sizes]


@minibatches.misconception(
    "Call it twice with the same rng: should the second epoch have the order of the first?",
    "You make a generator of your own at each call. Use the one that you are given.",
)
def own_generator(rng, n, batch_size):
    order = np.random.default_rng(0).permutation(n)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Run it twice from the same seed: are the batches the same?",
    "np.random belongs to everybody. Who wants the run again has only the seed of the rng that you are given.",
)
def global_generator(rng, n, batch_size):
    order = np.random.permutation(n)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "What is the smallest of your indices, and what the largest?",
    "Indices count from 0: the first example is never seen, and the last one does not exist.",
)
def counted_from_one(rng, n, batch_size):
    order = rng.permutation(n) + 1
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


@minibatches.misconception(
    "Try n = 0. How many batches does nothing make?",
    "A batch without examples has no mean loss: for n = 0 the list is empty.",
)
def a_batch_of_nothing(rng, n, batch_size):
    order = rng.permutation(n)
    return [order[i : i + batch_size] for i in range(0, max(n, 1), batch_size)]


# one for each way to go wrong: better, a tie, a row of two that is not enough, one of four, better again after it
_METRICS = {
    "ups and downs": [6, 5, 5.5, 5.25, 4, 4, 4.5, 4.25, 4.75, 3, 3.5, 2.5],
    "small steps": [4, 3.875, 3.75, 3.625, 3.5, 3.375, 3.4375, 3.25, 3.25, 2, 1.875],
    "NaN": [np.nan, np.nan, 5, 4, np.nan, 4.5, np.nan, 3, 3.5, 2],
    "NaN from the start": [np.nan, np.nan, np.nan, np.nan, 2, 1],
    "infinite": [np.inf, np.inf, 5, np.inf, 6, 7, 4, 4.5],
    "downhill": [6, 5, 4.5, 4, 3.5],
}


@assignment.exercise(
    optimizers.EarlyStopping,
    outputs="best; stops",
    points=4,
    drive="optimizers.early_stopping",
    hints=[
        "What does the object have to remember from one update to the next? Two numbers do.",
        "Write down best and count for the metrics 5, 4, 4, 4.5, 3 with patience 2.",
        "Better has to be better by more than min_delta. NaN is never better: is every comparison with NaN False?",
    ],
    extra=[
        dict(mode="max"),
        dict(mode="min", patience=1),
        dict(mode="max", patience=2, metrics="NaN"),
        dict(metrics="NaN"),
        dict(metrics="NaN from the start"),
        dict(metrics="infinite"),
        dict(metrics="downhill"),
        dict(metrics="small steps", delta=0.25),
        dict(metrics="small steps", delta=0.25, mode="max"),
        dict(metrics="ups and downs", delta=0.5, mode="max", patience=2),
        dict(mode="median"),
        dict(mode="Min"),
    ],
)
def EarlyStopping(draw, metrics="ups and downs", patience=3, mode=None, delta=None):  # noqa: N802
    size = 2.0 ** int(draw.integers(-2, 3))  # dyadic numbers: sums and differences are exact, and ties are ties
    numbers = size * (np.array(_METRICS[metrics]) + int(draw.integers(1, 16)) / 16)
    options = {"mode": mode} if mode else {}
    if delta is not None:
        options["min_delta"] = delta * size
    return dict(patience=patience, options=options, metrics=-numbers if mode == "max" else numbers)


@EarlyStopping.misconception(
    "Count on your fingers: with patience 3, at which update that is no better do you stop?",
    "The third in a row is one too many already: > or >= ?",
)
class one_update_too_patient:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count > self.patience


@EarlyStopping.misconception(
    "Count on your fingers: with patience 3, at which update that is no better do you stop?",
    "You ask before you count, or you count from one: two are not three.",
)
class one_update_too_impatient:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience - 1


@EarlyStopping.misconception(
    "Feed it accuracies that rise, with mode max: you stop.",
    "Which comparison belongs to which mode, and from where does best start?",
)
class mode_ignored:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = np.inf, 0

    def update(self, metric):
        if metric < self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "What is better than +inf?",
    "With mode max the search for the largest number starts from the smallest there is.",
)
class max_from_plus_infinity:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it losses above 0. Which of them is better than the best at the start?",
    "Before the first update nothing is known: which number is beaten by every metric?",
)
class best_from_zero:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = 0.0, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "What is .best before the first update?",
    "It should be a number that every metric beats, +inf or -inf.",
)
class best_from_none:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = None, 0

    def update(self, metric):
        if self.best is None or self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it the same number again and again. Do you ever stop?",
    "As good is not better: is your comparison strict?",
)
class a_tie_is_better:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric <= self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Let the loss fall by 0.001 at every update, with min_delta = 0.1. Do you ever stop?",
    "Count the arguments that your code uses. One is left over.",
)
class min_delta_ignored:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "With min_delta = 0.1 and best = 1, is 1.05 better?",
    "min_delta makes it harder to be better. On which side of best is the bar?",
)
class min_delta_in_favour:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best + self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Right with mode min. With mode max, best = 1 and min_delta = 0.1: from where on is a metric better?",
    "With mode max the bar lies above best.",
)
class min_delta_for_min_alone:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.sign * self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it 5, 6, 4, 6 with patience 2. Where do you stop?",
    "*In a row*: what happens to the count when a metric is better?",
)
class count_never_reset:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best = metric
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it 5, 7, 6.5, 6 with patience 3. Is 6.5 an improvement?",
    "You compare with the last metric. What counts is the best so far.",
)
class compared_with_the_last:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.best = metric
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "What is .best after a few updates?",
    "A better metric becomes the bar for the next ones.",
)
class best_never_updated:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.count = 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Let the loss fall slowly, with min_delta = 0.1. What is .best, and what should it be?",
    "You move the bar for every small gain, so that small gains never add up. It moves when a metric is *better*.",
)
class best_creeps_along:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        if self.sign * metric < self.sign * self.best:
            self.best = metric
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it NaN. What is your best then, and what is ever better than that?",
    "`not worse` is not the same as `better`: every comparison with NaN is False.",
)
class nan_is_better:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if not self.sign * metric >= self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it NaN for ever. Do you ever stop?",
    "A loss that is no number is no better, and counts.",
)
class nan_is_skipped:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        if np.isnan(metric):
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "Feed it one NaN, with patience 3.",
    "It is one update that is no better, no more.",
)
class nan_stops_at_once:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        if np.isnan(metric):
            return True
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "After it said stop, feed it a metric that is better. What does it say?",
    "No latch was asked for: whoever goes on gets the same rule.",
)
class stopped_for_good:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.count >= self.patience:
            return True
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "With patience 3, what do you say to the fourth update in a row that is no better?",
    "Still too long: == is true at one moment alone.",
)
class stops_but_once:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count == self.patience


@EarlyStopping.misconception(
    "With patience 3, what do you say to the fourth update in a row that is no better?",
    "Nothing has become better: the count goes on.",
)
class count_anew_after_a_stop:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        if self.count >= self.patience:
            self.count = 0
            return True
        return False


@EarlyStopping.misconception(
    "It says True as long as all is well.",
    "True means: it is time to stop.",
)
class says_go_on:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return True
        self.count += 1
        return self.count < self.patience


@EarlyStopping.misconception(
    'Make one with mode="median". Does anybody tell you?',
    "A misspelled mode trains for hours on the wrong side. Raise a ValueError for what is neither min nor max.",
)
class any_mode_goes:
    def __init__(self, patience, mode="min", min_delta=0.0):
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return False
        self.count += 1
        return self.count >= self.patience


@EarlyStopping.misconception(
    "What does update return when the metric is better?",
    "Without a `return` it is None. True or False is asked for.",
)
class silent_when_better:
    def __init__(self, patience, mode="min", min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError("mode is min or max")
        self.patience, self.sign, self.min_delta = patience, 1.0 if mode == "min" else -1.0, min_delta
        self.best, self.count = self.sign * np.inf, 0

    def update(self, metric):
        if self.sign * metric < self.sign * self.best - self.min_delta:
            self.best, self.count = metric, 0
            return None
        self.count += 1
        return self.count >= self.patience


_WAYS = (1, 2, 3, 4)  # what given.uneven_step goes in turn


def _way(epoch, steps):
    """How far it has gone after so many epochs of so many steps."""
    return sum(_WAYS[step % 4] for step in range(epoch * steps))


# what the validation loss does from one epoch to the next, up to a factor and a constant
_VALIDATION = {
    "best in the middle": [5, 4, 4.5, 3, 3.5, 4, 3.25, 3.75, 2],
    "to the end": [5, 4, 4.5, 3, 3.5, 4, 2, 3.75, 2.5],
    "a tie": [5, 3, 4, 3, 4.5, 5, 6, 4, 2],
    "best at the last": [5, 6, 4, 5, 3, 4, 2.5, 2.75, 2],
    "never finite": [np.inf] * 9,
    "worse from the start": [2, 3, 4, 5, 6, 7, 8, 9, 10],
}


@assignment.exercise(
    optimizers.fit,
    outputs="params; history; order",
    points=7,
    drive="optimizers.fit",
    tolerance="tight",
    uses=[minibatches, EarlyStopping],
    hints=[
        "Write the order of things down for one epoch: batches, steps, the validation loss, the history, stop or not.",
        "Two batches of 4 and one of 2: what is the mean over the 10 rows, if you know the three mean losses?",
        "Which params do you return, if the best epoch was the third of seven? And if there was no good one?",
    ],
    extra=[
        dict(event="to the end"),
        dict(event="a tie"),
        dict(event="best at the last"),
        dict(event="never finite"),
        dict(event="worse from the start", patience=1),
        dict(event="best in the middle", patience=2, rows=9, batch_size=3),
        dict(batch_size=10),
        dict(batch_size=64, event="a tie"),
        dict(rows=11, epochs=1),
        dict(epochs=0),
        dict(event="regression", batch_size=10, epochs=6),
        dict(event="regression", batch_size=99, epochs=4, D=2),
    ],
)
def fit(draw, D=3, rows=10, batch_size=4, epochs=9, patience=3, event="best in the middle"):
    def drawn(n, first):
        x = np.round(draw.normal(n, D), 2)
        x[:, 0] = first + draw.rng.permutation(n) / 8  # no two rows alike, so that each can be recognised
        return x, np.round(draw.normal(n), 2)

    data, validation = drawn(rows, -1), drawn(rows - 2, 7)
    if event == "regression":
        params = dict(w=draw.normal(D), b=np.asarray(draw.normal()))
        loss_and_grads, lr = draw.given("squared_error"), 0.004
    else:
        params = dict(w=draw.normal(D), way=np.asarray(0.0))
        steps = -(-rows // min(batch_size, rows))
        table = draw.normal(_way(9, steps) + 5)
        for epoch, number in enumerate(_VALIDATION[event], start=1):
            table[_way(epoch, steps)] = number if number == np.inf else number + draw.rng.uniform(0, 0.2)
        if event == "a tie":
            table[_way(4, steps)] = table[_way(2, steps)]
        loss_and_grads, lr = draw.given("tabled_loss", table=table, slope=draw.normal(D)), 1.0
    step = draw.given("uneven_step", lr=lr)
    return dict(
        params=params, loss_and_grads=loss_and_grads, data=data, validation=validation, step=step, rng=draw.seed(),
        epochs=epochs, batch_size=batch_size, patience=patience,
    )  # fmt: skip


@fit.misconception(
    "Which epoch do your params come from, and which had the lowest validation loss?",
    "Patience has its price: the last epochs were worse. Keep the params of the best one.",
)
def last_weights_returned(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    history = {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if stopping.update(validation_loss):
            break
    return params, history


@fit.misconception(
    "How many entries has your history, and how many should it have?",
    "With patience 3, the third epoch in a row that is no better is the last.",
)
def one_epoch_too_long(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience + 1)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "How many entries has your history?",
    "Somebody says when it is time to stop, and you do not listen.",
)
def never_stopped(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        stopping.update(validation_loss)
    return best, history


@fit.misconception(
    "How many entries has your history?",
    "An EarlyStopping that is made inside of the loop has forgotten everything at the next epoch.",
)
def stopping_anew_every_epoch(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total, stopping = 0.0, EarlyStopping(patience)
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Right if all batches are of one size. How much does the short batch count in your loss?",
    "The mean over rows: a batch of 2 weighs half as much as one of 4.",
)
def mean_of_batch_means(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / -(-len(x) // batch_size))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Which batches does your epoch's loss come from?",
    "Every batch of the epoch counts, by the rows that it has.",
)
def last_batch_alone(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total = loss * len(x)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Your losses grow with the number of rows.",
    "The loss of an epoch is a mean over its rows: what do you divide by?",
)
def losses_summed(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total)
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Your validation losses are right. When do you measure the training loss?",
    "The losses are those seen on the way, before each step. Nothing is computed a second time.",
)
def loss_after_the_epoch(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(loss_and_grads(params, x, y)[0])
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "How many steps does your epoch have, with 10 rows and batches of 4?",
    "The short batch is a batch like the others.",
)
def short_batch_left_out(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            if len(rows) < min(batch_size, len(x)):
                continue
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Take one row of your batch: is that y the one that belongs to that x?",
    "Two shuffles are two orders. The same rows of both make a batch.",
)
def x_and_y_shuffled_apart(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows, others in zip(
            minibatches(rng, len(x), batch_size), minibatches(rng, len(x), batch_size), strict=True
        ):
            loss, grads = loss_and_grads(params, x[rows], y[others])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Take one row of your batch: is that y the one that belongs to that x?",
    "You shuffle x and cut y as it stands. The same rows of both make a batch.",
)
def y_left_in_order(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total, start = 0.0, 0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[start : start + len(rows)])
            start += len(rows)
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "The first epoch is right. What does the optimizer know at the start of the second?",
    "Its state starts from {} once, before the first step of all.",
)
def state_reset_every_epoch(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total, state = 0.0, {}
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "The first step is right. What does the optimizer know at the second?",
    "step returns a state, and wants it back at the next call.",
)
def state_never_passed_on(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), stopping = data, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, _ = step(params, grads, {})
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Do your validation losses change at all?",
    "step returns new params, and changes nothing that you give it. Where do they go?",
)
def params_not_passed_on(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            _, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Two epochs are equally good. Which one do you return?",
    "Only a *lower* loss is better: the first of equals stays.",
)
def last_of_equals(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss <= stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Your first validation loss is that of the network before it has learned anything.",
    "First the steps of the epoch, then the validation.",
)
def validated_before_the_steps(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        validation_loss, _ = loss_and_grads(params, *validation)
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Which of the two losses decides when you stop?",
    "The training loss falls while the network learns by heart. It is the other one that tells.",
)
def stopped_by_the_training_loss(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if total / len(x) < stopping.best:
            best = params
        if stopping.update(total / len(x)):
            break
    return best, history


@fit.misconception(
    "What may the validation data be used for?",
    "For looking, not for learning: no step follows from them.",
)
def trained_on_the_validation_rows(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, grads = loss_and_grads(params, *validation)
        params, state = step(params, grads, state)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Print the rows of your batches. Where is the rng?",
    "The batches of an epoch are random: you have a function that draws them.",
)
def rows_never_shuffled(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in np.split(np.arange(len(x)), range(batch_size, len(x), batch_size)):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Print the rows of your batches, in two epochs.",
    "You draw the batches once and use them in every epoch. Each epoch has its own.",
)
def one_order_for_all_epochs(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    batches = minibatches(rng, len(x), batch_size)
    for _ in range(epochs):
        total = 0.0
        for rows in batches:
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Train twice, from two seeds: are the batches the same?",
    "You make a generator of your own. The order of the batches follows from the rng that you are given.",
)
def own_rng(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    rng = np.random.default_rng(0)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "How many steps does your epoch have, with 10 rows and batches of 4?",
    "You take one step with all of the data. What is batch_size for?",
)
def all_rows_at_once(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in [rng.permutation(len(x))]:
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "How many entries has your history? The last epoch was run as well.",
    "First write the epoch's numbers down, then decide whether it was the last.",
)
def stopped_before_it_is_written(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
    return best, history


@fit.misconception(
    "Let the validation loss be infinite in every epoch. Which params do you return?",
    "If no epoch was good, the params that you were given are still the best that you know.",
)
def last_ones_if_none_is_good(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = None, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    return params if best is None else best, history


@fit.misconception(
    "Your params are those of the epoch before the best one.",
    "The validation loss was measured after the epoch's steps: keep the params that it was measured with.",
)
def best_one_epoch_early(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total, before = 0.0, params
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = before
        if stopping.update(validation_loss):
            break
    return best, history


@fit.misconception(
    "Your history ends with the best epoch. How many epochs were run?",
    "Only the params go back to the best epoch. The history tells what happened.",
)
def history_of_the_best_run(params, loss_and_grads, data, validation, step, rng, epochs, batch_size, patience):
    (x, y), state, stopping = data, {}, EarlyStopping(patience)
    best, history = params, {"loss": [], "validation_loss": []}
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(rng, len(x), batch_size):
            loss, grads = loss_and_grads(params, x[rows], y[rows])
            params, state = step(params, grads, state)
            total += loss * len(rows)
        validation_loss, _ = loss_and_grads(params, *validation)
        history["loss"].append(total / len(x))
        history["validation_loss"].append(validation_loss)
        if validation_loss < stopping.best:
            best = params
        if stopping.update(validation_loss):
            break
    kept = 1 + int(np.argmin(history["validation_loss"])) if history["loss"] else 0
    return best, {name: losses[:kept] for name, losses in history.items()}
