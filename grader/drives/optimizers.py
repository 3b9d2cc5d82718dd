"""What asks the functions of 09-optimizers that keep a state, draw, or take functions.

Random batches are judged by what any right way to draw them has in common: sizes, members, and an order that follows
from the rng and from nothing else.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.drives import Drive, Inputs
from grader.trees import Tree

_MANY_CALLS = 400  # of minibatches: enough to see how its orders are distributed
_MANY = 10_000
_TAIL = 20.0  # a right answer is turned down with a probability of at most 2 exp(-20) = 4e-9

REFUSED = "a ValueError"
FRESH = "a fresh order from the rng"


def _updated(early_stopping: Callable[..., Any], patience: int, options: Inputs, metrics: np.ndarray) -> Tree:
    """best before the first update and after each one, and what each one returned."""
    try:
        stopping = early_stopping(patience, **options)
    except ValueError:
        return REFUSED, REFUSED
    best, stops = [stopping.best], []
    for metric in metrics.tolist():
        stops.append(stopping.update(metric))
        best.append(stopping.best)
    return best, stops


early_stopping = Drive(ask=_updated)


def _drawn(
    minibatches: Callable[..., Any], rng: np.random.Generator, n: int, batch_size: int, further_calls: int
) -> Tree:
    """One answer, one more from an equal rng, and the order of the indices in further ones."""
    equal = copy.deepcopy(rng)
    batches, again = minibatches(rng, n, batch_size), minibatches(equal, n, batch_size)
    orders = []
    if _are_batches(batches):
        orders = [_in_one(minibatches(rng, n, batch_size)) for _ in range(further_calls)]
    return batches, again, np.array(orders) if all(len(order) == n for order in orders) else None


def _batches_as_read(inputs: Inputs, value: Tree) -> Tree:
    """sizes, members and order."""
    match value:
        case [batches, again, orders] if _are_batches(batches) and _are_batches(again):
            pass
        case _:
            raise ValueError("returns something else than a list of batches, each of them an array of int")
    n, calls, order = inputs["n"], inputs["further_calls"], _in_one(batches)
    if _in_one(again) != order:
        found = "another order from an equal rng"
    elif n < 2 or not isinstance(orders, np.ndarray) or orders.shape != (calls, n) or sorted(order) != list(range(n)):
        found = FRESH
    else:
        found = _order(orders, inputs["batch_size"])
    return [len(batch) for batch in batches], _members(order, n), found


minibatches = Drive(ask=_drawn, read=_batches_as_read)


def _members(order: list[int], n: int) -> str:
    if not set(order) <= set(range(n)):
        return "indices that are none of 0 to n-1"
    if len(set(order)) < len(order):
        return "some indices more than once"
    return "every index once" if len(order) == n else "not every index"


def _order(orders: np.ndarray, batch_size: int) -> str:
    """How the indices of many calls, (calls, n), are ordered."""
    calls, n = orders.shape
    if (orders == np.arange(n)).all():
        return "always 0 to n-1"
    if (orders == orders[0]).all():
        return "the same order at every call"
    if batch_size < n:
        partitions = [[frozenset(row[i : i + batch_size]) for i in range(0, n, batch_size)] for row in orders.tolist()]
        if len({partition[0] for partition in partitions}) == 1:
            return "always the same indices in the first batch"
        if len({frozenset(partition) for partition in partitions}) == 1:
            return "always the same indices together in a batch"
    if calls < _MANY_CALLS:
        return FRESH
    places, pairs = np.zeros((n, n)), np.zeros((n, n))
    indices = orders.clip(0, n - 1)
    for place in range(n):
        places[place] = np.bincount(indices[:, place], minlength=n)
    np.add.at(pairs, (indices[:, :-1].ravel(), indices[:, 1:].ravel()), 1)
    if not _even(places, calls):
        return "some indices more often in one place than in another"
    never = np.diag(np.full(n, calls / n))  # no index follows itself
    if not _even(pairs + never, calls):
        return "some indices more often after one than after another"
    return FRESH


def _even(counts: np.ndarray, calls: int) -> bool:
    """May each of these (n, n) counts be that of an event of probability 1/n at each call? (Bernstein's inequality)"""
    mean, tail = calls / len(counts), _TAIL + math.log(counts.size)
    return bool(np.abs(counts - mean).max() <= math.sqrt(2 * tail * mean) + tail / 3)


def _are_batches(batches: Tree) -> bool:
    """A list of lists of integers, or arrays in place of lists; and not too many (empty ones take no room at all)."""
    many = isinstance(batches, list | tuple) or (isinstance(batches, np.ndarray) and batches.ndim > 0)
    return many and len(batches) <= _MANY and all(map(_is_batch, batches))


def _is_batch(batch: Tree) -> bool:
    if isinstance(batch, np.ndarray):
        return batch.ndim == 1 and (batch.dtype.kind in "iu" or not len(batch)) and len(batch) <= _MANY
    return isinstance(batch, list | tuple) and all(isinstance(index, int | np.integer) for index in batch)


def _in_one(batches: Any) -> list[int]:
    return [int(index) for batch in batches for index in batch]


def _fitted(
    fit: Callable[..., Any], params: Inputs, loss_and_grads: Callable[..., Any], data: Any, validation: Any,
    step: Callable[..., Any], rng: np.random.Generator, epochs: int, batch_size: int, patience: int,
) -> Tree:  # fmt: skip
    """What it returns, and the first feature of the rows that it looked at; then the latter with other generators."""

    def run(params: Inputs, data: Any, validation: Any, rng: np.random.Generator) -> Tree:
        looked_at: list[Tree] = []

        def watched(params: Inputs, x: np.ndarray, y: np.ndarray) -> Any:
            looked_at.append(np.array(x)[:, 0])
            return loss_and_grads(params, x, y)

        returned = fit(params, watched, data, validation, step, rng, epochs, batch_size, patience)
        return returned, np.concatenate([np.zeros(0), *looked_at])

    inputs, equal, other = copy.deepcopy((params, data, validation)), copy.deepcopy(rng), np.random.default_rng(epochs)
    returned, looked_at = run(params, data, validation, rng)
    if batch_size >= len(data[0]):
        return returned, looked_at, [], []
    return returned, looked_at, run(*copy.deepcopy(inputs), equal)[1], run(*inputs, other)[1]


def _fit_as_read(inputs: Inputs, value: Tree) -> Tree:
    """params, history and order."""
    match value:
        case [[params, history], *runs] if len(runs) == 3:
            pass
        case _:
            raise ValueError("returns something else than two things, params and history")
    rows, size = inputs["data"][0][:, 0], inputs["batch_size"]
    if size >= len(rows):
        return params, history, FRESH
    first, equal, other = (_epochs(run, inputs) for run in runs)
    if first != equal:
        order = "another order from an equal rng"
    elif len(first) < 2:
        order = FRESH
    elif all(epoch == sorted(epoch, key=rows.tolist().index) for epoch in first):
        order = "always that of the rows as given"
    elif first.count(first[0]) == len(first):
        order = "the same order in every epoch"
    else:
        order = "the same order from another rng" if first == other else FRESH
    return params, history, order


fit = Drive(ask=_fitted, read=_fit_as_read)


def _epochs(looked_at: np.ndarray, inputs: Inputs) -> list[list[float]]:
    """The training rows in the order in which they were looked at, split where other ones were."""
    own = set(inputs["data"][0][:, 0].tolist())
    epochs: list[list[float]] = [[]]
    for row in looked_at.tolist():
        if row in own:
            epochs[-1].append(row)
        else:
            epochs.append([])
    return [epoch for epoch in epochs if epoch]
