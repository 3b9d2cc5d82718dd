"""09-optimizers: what to do with a gradient, step after step, and when to stop.

`params` and `grads` are dicts of arrays by the same names, in any order, of any shapes, 0-d too. An optimizer's memory
is its `state`: {} before the first step, afterwards what the function says; what is missing counts as zero. Nothing
that is given is changed, and what comes back is new.

Every function raises a ValueError that names the argument for names or shapes that do not fit one another, for another
optimizer's state, and for any value outside of what the argument's line allows.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import Array
from reference.shapes import checked_arrays

__all__ = ["EarlyStopping", "adam_step", "fit", "minibatches", "momentum_step", "rmsprop_step", "sgd_step"]

Arrays = Mapping[str, Array]
State = dict[str, Any]  # of an optimizer: dicts of arrays by name, and Adam's t
Indices = npt.NDArray[np.int64]
Data = tuple[npt.NDArray[Any], npt.NDArray[Any]]
LossAndGrads = Callable[[Arrays, npt.NDArray[Any], npt.NDArray[Any]], tuple[float, Arrays]]
Step = Callable[[Arrays, Arrays, State], tuple[dict[str, Array], State]]

_MODES = ("min", "max")
_BLOCK = 2**14  # entries


def sgd_step(params: Arrays, grads: Arrays, lr: float) -> dict[str, Array]:
    """One step straight down the gradient.

    θ <- θ - lr g    (Robbins & Monro 1951, with g of a few examples)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
    lr : float, 0 or more

    Returns
    -------
    params : dict of name -> ndarray
    """
    rate = _number("lr", lr, 0, math.inf)
    return {name: np.asarray(theta - rate * g) for name, (theta, g) in _by_name(params, grads).items()}


def momentum_step(
    params: Arrays, grads: Arrays, state: State, lr: float, momentum: float
) -> tuple[dict[str, Array], State]:
    """One step of the heavy ball, which keeps a part of its velocity.

    v <- momentum v + g;  θ <- θ - lr v    (Polyak 1964, equation 9)

    The variant is PyTorch's: lr multiplies the velocity, so that a new lr counts at once, and g enters undamped. With
    a constant lr its θ are those of v <- momentum v - lr g; θ <- θ + v (Sutskever 2013, Keras).

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
    state : dict, {} or {"v": dict like params}
    lr : float, 0 or more
    momentum : float in [0, 1)

    Returns
    -------
    params : dict of name -> ndarray
    state : {"v": dict like params}
    """
    rate, kept = _number("lr", lr, 0, math.inf), _number("momentum", momentum, 0, 1)
    rows = _by_name(params, grads, _memories(state, "v"))
    v = {name: np.asarray(kept * v + g) for name, (_, g, v) in rows.items()}
    return {name: np.asarray(theta - rate * v[name]) for name, (theta, *_) in rows.items()}, {"v": v}


def rmsprop_step(
    params: Arrays, grads: Arrays, state: State, lr: float, beta: float, eps: float
) -> tuple[dict[str, Array], State]:
    """One step in which every entry is measured by its own usual size.

    s <- beta s + (1 - beta) g²;  θ <- θ - lr g / (√s + eps)    (Hinton 2012, lecture 6e; not centred)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
    state : dict, {} or {"s": dict like params}
    lr : float, 0 or more
    beta : float in [0, 1)
    eps : float above 0
        Outside of the root, as in PyTorch.

    Returns
    -------
    params : dict of name -> ndarray
    state : {"s": dict like params}
    """
    rate, kept, small = _number("lr", lr, 0, math.inf), _number("beta", beta, 0, 1), _positive("eps", eps)
    rows = _by_name(params, grads, _memories(state, "s"))
    s = {name: np.asarray(kept * s + (1 - kept) * g**2) for name, (_, g, s) in rows.items()}
    moved = {name: theta - rate * g / (np.sqrt(s[name]) + small) for name, (theta, g, _) in rows.items()}
    return _as_arrays(moved), {"s": s}


def adam_step(
    params: Arrays, grads: Arrays, state: State, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float = 0.0,
) -> tuple[dict[str, Array], State]:  # fmt: skip
    """One step of Adam, or with weight_decay of AdamW.

    t <- t + 1;  m <- β1 m + (1 - β1) g;  v <- β2 v + (1 - β2) g²;  m̂ = m / (1 - β1^t);  v̂ = v / (1 - β2^t)
    θ <- θ - lr m̂ / (√v̂ + eps) - lr weight_decay θ
    (Kingma & Ba 2015, algorithm 1; decay as in Loshchilov & Hutter 2019, algorithm 2, with lr in it as in PyTorch)

    Parameters
    ----------
    params, grads : dict of name -> ndarray of any shape
    state : dict, {} or {"m": dict like params, "v": dict like params, "t": int}
    lr : float, 0 or more
    beta1, beta2 : float in [0, 1)
    eps : float above 0
    weight_decay : float, 0 or more
        Decoupled: neither m nor v hears of it.

    Returns
    -------
    params : dict of name -> ndarray
    state : {"m": dict like params, "v": dict like params, "t": int}
        m and v are not corrected.
    """
    rate, decay = _number("lr", lr, 0, math.inf), _number("weight_decay", weight_decay, 0, math.inf)
    b1, b2, small = _number("beta1", beta1, 0, 1), _number("beta2", beta2, 0, 1), _positive("eps", eps)
    rows = _by_name(params, grads, _memories(state, "m", "v"))
    t = _count("state['t']", state.get("t", 0), 0) + 1

    def move(theta: Array, g: Array, m: Array, v: Array) -> tuple[Array, Array, Array]:
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
        return theta - rate * m_hat / (np.sqrt(v_hat) + small) - rate * decay * theta, m, v

    after = {name: _in_blocks(move, row, 3) for name, row in rows.items()}
    params, m, v = ({name: arrays[i] for name, arrays in after.items()} for i in range(3))
    return params, {"m": m, "v": v, "t": t}


def minibatches(rng: np.random.Generator, n: int, batch_size: int) -> list[Indices]:
    """All n examples in a random order, in batches.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, 0 or more
    batch_size : int, 1 or more

    Returns
    -------
    batches : list of ndarray of int of shape (b,)
        A permutation of 0 to n-1 in pieces of batch_size; the last one holds what is left. [] if n is 0.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng is {rng!r}, expected a numpy.random.Generator")
    size = _count("batch_size", batch_size, 1)
    order = rng.permutation(_count("n", n, 0)).astype(np.int64, copy=False)
    return [order[start : start + size] for start in range(0, len(order), size)]


class EarlyStopping:
    """Says when a metric has not become better for too long.

    Better is metric < best - min_delta with mode "min", metric > best + min_delta with "max"; NaN never is. The rule
    is the third of Prechelt (1998), section 2.2: stop after so many strips in a row without an improvement.

    Parameters
    ----------
    patience : int, 0 or more
        So many updates in a row that are no better are one too many. 0 is as impatient as 1.
    mode : "min" or "max"
    min_delta : float, 0 or more

    Attributes
    ----------
    best : float
        The best metric so far; at first +inf with "min", -inf with "max".
    count : int
        How many updates in a row have not been better.
    """

    def __init__(self, patience: int, mode: str = "min", min_delta: float = 0.0) -> None:
        if mode not in _MODES:
            raise ValueError(f"mode is {mode!r}, expected one of {', '.join(_MODES)}")
        self.patience = _count("patience", patience, 0)
        self.mode = mode
        self.min_delta = _number("min_delta", min_delta, 0, math.inf)
        self.best = math.inf if mode == "min" else -math.inf
        self.count = 0

    def is_better(self, metric: float) -> bool:
        """Would `update` take this metric for an improvement?"""
        return metric < self.best - self.min_delta if self.mode == "min" else metric > self.best + self.min_delta

    def update(self, metric: float) -> bool:
        """Take notice of the next metric; True if it is time to stop. A better one starts the count anew, always."""
        (number,) = checked_arrays(metric=(metric, ""))
        if self.is_better(float(number)):
            self.best, self.count = float(number), 0
            return False
        self.count += 1
        return self.count >= self.patience


def fit(
    params: Arrays, loss_and_grads: LossAndGrads, data: Data, validation: Data, step: Step, rng: np.random.Generator,
    epochs: int, batch_size: int, patience: int,
) -> tuple[dict[str, Array], dict[str, list[float]]]:  # fmt: skip
    """Train in epochs of minibatches until the validation loss has not improved for `patience` epochs.

    Parameters
    ----------
    params : dict of name -> ndarray
    loss_and_grads : function (params, x, y) -> mean loss over the rows, grads
    data, validation : tuple of x and y, ndarray of shape (n, ...), n at least 1 and the same for both
    step : function (params, grads, state) -> params, state
        An optimizer with its rates bound; its first state is {}.
    rng : numpy.random.Generator
    epochs : int, 0 or more
    batch_size : int, 1 or more
    patience : int, 0 or more

    Returns
    -------
    params : dict of name -> ndarray
        Those after the epoch with the lowest validation loss, the first of equals; the given ones if there is none.
    history : {"loss": list of float, "validation_loss": list of float}
        One number for each epoch run. An epoch's loss is the mean over its rows of what was seen while training.
    """
    n = rows_of("data", data)
    rows_of("validation", validation)
    stopping = EarlyStopping(patience)
    best, state = params, dict[str, Any]()
    history: dict[str, list[float]] = {"loss": [], "validation_loss": []}
    for _ in range(_count("epochs", epochs, 0)):
        batches = minibatches(rng, n, batch_size)
        params, state, loss = run_epoch(params, state, loss_and_grads, data, step, batches)
        validation_loss = float(loss_and_grads(params, *validation)[0])
        history["loss"].append(loss)
        history["validation_loss"].append(validation_loss)
        if stopping.is_better(validation_loss):
            best = params
        if stopping.update(validation_loss):
            break
    return {name: np.array(theta) for name, theta in best.items()}, history


def run_epoch(
    params: Arrays, state: State, loss_and_grads: LossAndGrads, data: Data, step: Step, batches: list[Indices]
) -> tuple[Arrays, State, float]:
    """One step for each of the batches; returns params, state, and the mean over the rows of the losses on the way."""
    x, y = data
    total = 0.0
    for rows in batches:
        loss, grads = loss_and_grads(params, x[rows], y[rows])
        params, state = step(params, grads, state)
        total += float(loss) * len(rows)
    return params, state, total / sum(map(len, batches))


def rows_of(name: str, data: Data) -> int:
    """How many rows x and y have; ValueError if that is not one number, or 0."""
    x, y = map(len, data)
    if x != y or not x:
        raise ValueError(f"{name} has {x} rows of x and {y} of y, expected the same number, and at least one")
    return x


def _by_name(params: Arrays, grads: Arrays, memories: Mapping[str, Arrays] | None = None) -> dict[str, list[Array]]:
    """Each parameter with its gradient and its entry in every memory, zeros where there is none; of one dtype."""
    if set(params) != set(grads):
        raise ValueError(f"grads has the keys {sorted(grads)}, expected those of params, {sorted(params)}")
    rows = {}
    for name, theta in params.items():
        nothing: npt.NDArray[Any] = np.zeros(np.shape(theta), np.float32)
        shaped = {f"params[{name!r}]": (theta, "..."), f"grads[{name!r}]": (grads[name], "...")}
        for memory, entries in (memories or {}).items():
            shaped[f"state[{memory!r}][{name!r}]"] = (entries.get(name, nothing), "...")
        rows[name] = checked_arrays(**shaped)
    dtype = np.result_type(np.float32, *(array for row in rows.values() for array in row))
    return {name: [array.astype(dtype, copy=False) for array in row] for name, row in rows.items()}


def _memories(state: State, *names: str) -> dict[str, Arrays]:
    """The dicts of arrays in an optimizer's state, empty ones where they are missing."""
    if strangers := set(state) - set(names) - {"t"}:
        raise ValueError(f"state has the keys {sorted(state)}: {', '.join(strangers)} is another optimizer's")
    return {name: state.get(name, {}) for name in names}


def _in_blocks(function: Callable[..., tuple[Array, ...]], arrays: list[Array], results: int) -> list[Array]:
    """function of arrays of one shape, entry by entry: in pieces that fit into a core's cache.

    For an embedding of 3 000 words that is more than twice as fast as in one piece.
    """
    flat = [array.reshape(-1) for array in arrays]
    made = [np.empty_like(flat[0]) for _ in range(results)]
    for start in range(0, flat[0].size, _BLOCK):
        block = slice(start, start + _BLOCK)
        for whole, part in zip(made, function(*(array[block] for array in flat)), strict=True):
            whole[block] = part
    return [array.reshape(arrays[0].shape) for array in made]


def _as_arrays(numbers: dict[str, Array]) -> dict[str, Array]:
    """0-d arrays are arrays again: numpy makes scalars of them."""
    return {name: np.asarray(number) for name, number in numbers.items()}


def _number(name: str, value: float, low: float, below: float) -> float:
    """value as a float in [low, below)."""
    (number,) = checked_arrays(**{name: (value, "")})
    if not low <= number < below:
        raise ValueError(f"{name} is {float(number)}, expected a number from {low} to less than {below}")
    return float(number)


def _positive(name: str, value: float) -> float:
    number = _number(name, value, 0, math.inf)
    if not number:
        raise ValueError(f"{name} is 0, expected a number above 0")
    return number


def _count(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} is {value!r}, expected an integer of {least} or more")
    return int(value)
