"""Steps, batches, early stopping and fit: values on paper, torch.optim over a hundred steps, plain loops."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from reference import Array, optimizers
from reference.optimizers import EarlyStopping
from reference.tests.toy_training import regression, squared_error

Arrays = dict[str, Array]
StateStep = Callable[..., Any]  # of params, grads, state and lr

SHAPES = {"W": (3, 4), "b": (4,), "one": (1, 1), "gain": (), "none": (0, 2)}


def plain(params: Arrays, grads: Arrays, state: dict[str, Any], lr: float) -> tuple[Arrays, dict[str, Any]]:
    """sgd_step with a state, which stays empty."""
    return optimizers.sgd_step(params, grads, lr), state


STEPS: dict[str, tuple[StateStep, type[torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (plain, torch.optim.SGD, {}),
    "momentum": (partial(optimizers.momentum_step, momentum=0.9), torch.optim.SGD, dict(momentum=0.9)),
    "no momentum": (partial(optimizers.momentum_step, momentum=0.0), torch.optim.SGD, {}),
    "rmsprop": (partial(optimizers.rmsprop_step, beta=0.95, eps=1e-6), torch.optim.RMSprop, dict(alpha=0.95, eps=1e-6)),
    "adam": (
        partial(optimizers.adam_step, beta1=0.9, beta2=0.999, eps=1e-8),
        torch.optim.Adam,
        dict(betas=(0.9, 0.999), eps=1e-8),
    ),
    "adam, large eps": (
        partial(optimizers.adam_step, beta1=0.8, beta2=0.9, eps=0.1),
        torch.optim.Adam,
        dict(betas=(0.8, 0.9), eps=0.1),
    ),
    "adamw": (
        partial(optimizers.adam_step, beta1=0.9, beta2=0.99, eps=1e-6, weight_decay=0.3),
        torch.optim.AdamW,
        dict(betas=(0.9, 0.99), eps=1e-6, weight_decay=0.3),
    ),
}


def draw(seed: int, scale: float = 1.0) -> Arrays:
    rng = np.random.default_rng(seed)
    return {name: np.asarray(scale * rng.normal(size=shape)) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("name", STEPS)
def test_a_hundred_steps_of_torch(name: str) -> None:
    """Step by step the same parameters to 1e-12, while the learning rate changes and the names come in any order."""
    step, optimizer_type, options = STEPS[name]
    params, state = draw(0), dict[str, Any]()
    leaves = {key: torch.tensor(theta, requires_grad=True) for key, theta in params.items()}
    optimizer = optimizer_type(leaves.values(), lr=0.1, **options)  # type: ignore[call-arg]
    for number in range(100):
        lr = 0.1 / (1 + number % 7)
        grads = draw(number + 1, scale=math.exp(2 * math.sin(number)))
        for key, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[key])
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        params, state = step(params, dict(reversed(grads.items())), state, lr=lr)
        for key, leaf in leaves.items():
            np.testing.assert_allclose(params[key], leaf.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_the_optimizers_states_are_torchs() -> None:
    """After three steps: momentum_buffer, square_avg, exp_avg, exp_avg_sq, step."""
    names = {"momentum": {"v": "momentum_buffer"}, "rmsprop": {"s": "square_avg"}}
    names["adamw"] = {"m": "exp_avg", "v": "exp_avg_sq"}
    for name, entries in names.items():
        step, optimizer_type, options = STEPS[name]
        params, state = draw(0), dict[str, Any]()
        leaf = torch.tensor(params["W"], requires_grad=True)
        optimizer = optimizer_type([leaf], lr=0.1, **options)  # type: ignore[call-arg]
        for number in range(3):
            grads = draw(number + 1)
            leaf.grad = torch.tensor(grads["W"])
            optimizer.step()
            params, state = step(params, grads, state, lr=0.1)
        assert set(state) == {*entries, "t"} if name == "adamw" else set(state) == set(entries)
        for ours, theirs in entries.items():
            np.testing.assert_allclose(state[ours]["W"], optimizer.state[leaf][theirs].numpy(), rtol=1e-13)
        assert state.get("t", 3) == 3


def one(value: float) -> Arrays:
    return {"w": np.asarray(value)}


def test_sgd_on_paper() -> None:
    """1 - 0.25 · 2 = 0.5."""
    assert optimizers.sgd_step(one(1.0), one(2.0), 0.25) == {"w": 0.5}


def test_momentum_on_paper() -> None:
    """v = 2, then 0.5 · 2 + 2 = 3; θ = 1 - 0.25 · 2 = 0.5, then 0.5 - 0.5 · 3 = -1 with lr doubled."""
    stepped: Any = optimizers.momentum_step(one(1.0), one(2.0), {}, 0.25, 0.5)
    assert stepped == ({"w": 0.5}, {"v": {"w": 2.0}})
    stepped = optimizers.momentum_step(stepped[0], one(2.0), stepped[1], 0.5, 0.5)
    assert stepped == ({"w": -1.0}, {"v": {"w": 3.0}})


def test_rmsprop_on_paper() -> None:
    """s = 0.25 · 4² = 4, then 0.75 · 4 + 0.25 · 2² = 4; θ = 1 - 0.5 · 4 / (2 + 2) = 0.5, then 0.5 - 0.5 · 2 / 4."""
    stepped: Any = optimizers.rmsprop_step(one(1.0), one(4.0), {}, 0.5, 0.75, 2.0)
    assert stepped == ({"w": 0.5}, {"s": {"w": 4.0}})
    stepped = optimizers.rmsprop_step(stepped[0], one(2.0), stepped[1], 0.5, 0.75, 2.0)
    assert stepped == ({"w": 0.25}, {"s": {"w": 4.0}})


def test_adam_on_paper() -> None:
    """m = 2, v = 4, both corrected to 4 and 16; 1 - 0.5 · 4 / (4 + 4) - 0.5 · 0.25 · 1 = 0.625."""
    # β1 = 0.5, β2 = 0.75, g = 4: m = 0.5 · 4, v = 0.25 · 16; 1 - β1 = 0.5, 1 - β2 = 0.25
    stepped: Any = optimizers.adam_step(one(1.0), one(4.0), {}, 0.5, 0.5, 0.75, 4.0, 0.25)
    assert stepped == ({"w": 0.625}, {"m": {"w": 2.0}, "v": {"w": 4.0}, "t": 1})


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_adams_first_step_is_lr_long(size: float) -> None:
    """Whatever the gradient's size: m̂ / √v̂ is its sign (Kingma & Ba 2015, section 2.1)."""
    params, _ = optimizers.adam_step(one(0.0), one(-size), {}, 0.01, 0.9, 0.999, 1e-12)
    assert params["w"] == pytest.approx(0.01, rel=1e-5)


@pytest.mark.parametrize(("n", "batch_size"), [(0, 3), (1, 1), (1, 4), (10, 3), (9, 3), (4, 9), (5, 1), (6, 6)])
def test_minibatches_are_a_partition(n: int, batch_size: int) -> None:
    """Every index once, in full batches and a rest; the same rng, the same batches; int64."""
    batches = optimizers.minibatches(np.random.default_rng(1), n, batch_size)
    sizes = [batch_size] * (n // batch_size) + ([n % batch_size] if n % batch_size else [])
    assert [len(batch) for batch in batches] == sizes
    assert sorted(i for batch in batches for i in batch.tolist()) == list(range(n))
    assert all(batch.dtype == np.int64 for batch in batches)
    again = optimizers.minibatches(np.random.default_rng(1), n, batch_size)
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in again]


def test_every_order_is_as_likely() -> None:
    """The 24 orders of 4 in 24 000 draws: chi-squared of 23 degrees of freedom stays below 70 (p < 1e-6)."""
    rng, counts = np.random.default_rng(2), dict[str, int]()
    before = repr(np.random.get_state())
    for _ in range(24_000):
        order = str(np.concatenate(optimizers.minibatches(rng, 4, 3)).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 24
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 70
    assert repr(np.random.get_state()) == before


def updates(stopping: EarlyStopping, metrics: list[float]) -> list[bool]:
    return [stopping.update(metric) for metric in metrics]


def test_early_stopping_on_paper() -> None:
    """Patience 3: two in a row are forgiven, a tie counts; the third stops, so does the fourth; better starts anew."""
    stopping = EarlyStopping(3)
    assert stopping.best == math.inf
    assert updates(stopping, [5.0, 6.0, 6.0, 4.0]) == [False] * 4
    assert stopping.best == 4.0
    assert updates(stopping, [4.0, 4.5, 4.0, 4.5]) == [False, False, True, True]
    assert updates(stopping, [3.0, 3.0]) == [False, False]
    assert (stopping.best, stopping.count) == (3.0, 1)


def test_early_stopping_upwards() -> None:
    """mode "max" of the negative numbers is mode "min"."""
    metrics = np.random.default_rng(3).integers(-8, 9, 200) / 4
    up, down = EarlyStopping(4, "max", 0.25), EarlyStopping(4, "min", 0.25)
    assert up.best == -math.inf
    assert updates(up, metrics.tolist()) == updates(down, (-metrics).tolist())
    assert up.best == -down.best


def test_min_delta_is_a_bar() -> None:
    """Exactly min_delta better is not enough, and small gains add up against a best that stays."""
    stopping = EarlyStopping(9, min_delta=0.5)
    assert updates(stopping, [4.0, 3.75, 3.5]) == [False] * 3
    assert (stopping.best, stopping.count) == (4.0, 2)
    assert not stopping.update(3.25) and (stopping.best, stopping.count) == (3.25, 0)


def test_nan_is_never_better() -> None:
    """At first, in between, and for ever; it never becomes the best."""
    for mode in ("min", "max"):
        stopping = EarlyStopping(2, mode)
        assert updates(stopping, [math.nan, 1.0, math.nan, math.nan, math.nan]) == [False, False, False, True, True]
        assert stopping.best == 1.0
    assert updates(EarlyStopping(2), [math.inf, math.inf]) == [False, True]
    assert updates(EarlyStopping(1), [1.0, 1.0]) == updates(EarlyStopping(0), [1.0, 1.0]) == [False, True]


def descend(params: Any, grads: Any, state: dict[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    """A step that grows shorter as its state counts."""
    count = state.get("count", 0) + 1
    return optimizers.sgd_step(params, grads, 0.1 / count), {"count": count}


def test_fit_with_all_rows_is_a_plain_loop() -> None:
    """batch_size ≥ n: gradient descent, whose best epoch is looked up in the end."""
    (x, y), validation, w = regression(0, 8), regression(1, 30), np.zeros(2)
    losses, validation_losses, weights = [], [], []
    for count in range(1, 21):
        losses.append(np.mean((x @ w - y) ** 2))
        w = w - 0.1 / count * 2 * (x @ w - y) @ x / 8
        weights.append(w)
        validation_losses.append(np.mean((validation[0] @ w - validation[1]) ** 2))
    params, history = optimizers.fit(
        {"w": np.zeros(2)}, squared_error, (x, y), validation, descend, np.random.default_rng(0), 20, 8, 50
    )
    np.testing.assert_allclose(params["w"], weights[int(np.argmin(validation_losses))], rtol=1e-12)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    np.testing.assert_allclose(history["validation_loss"], validation_losses, rtol=1e-12)


def test_fit_in_batches_is_a_plain_loop() -> None:
    """The same rng draws the same batches; x and y stay together, and the short batch weighs less."""
    (x, y), validation, w = regression(2, 10), regression(3, 5), np.zeros(2)
    rng, losses, count = np.random.default_rng(7), [], 0
    for _ in range(3):
        total = 0.0
        for rows in optimizers.minibatches(rng, 10, 4):
            count += 1
            error = x[rows] @ w - y[rows]
            total += np.sum(error**2)
            w = w - 0.1 / count * 2 * error @ x[rows] / len(rows)
        losses.append(total / 10)
    seen: list[int] = []

    def recorded(params: Any, x: Array, y: Array) -> tuple[float, Arrays]:
        seen.append(len(y))
        return squared_error(params, x, y)

    _, history = optimizers.fit(
        {"w": np.zeros(2)}, recorded, (x, y), validation, descend, np.random.default_rng(7), 3, 4, 9
    )
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    assert seen == [4, 4, 2, 5] * 3


def scripted(validation_losses: list[float]) -> Callable[[Any, Array, Array], tuple[float, Arrays]]:
    """Of one row: w counts steps; of two, validation: the loss that the script has for the epoch."""

    def loss_and_grads(params: Any, x: Array, y: Array) -> tuple[float, Arrays]:
        loss = 0.5 if len(y) == 1 else validation_losses[int(params["w"]) - 1]
        return loss, {"w": np.asarray(-1.0)}

    return loss_and_grads


@pytest.mark.parametrize(
    ("validation_losses", "best", "run"),
    [
        ([3, 2, 4, 2, 2, 1], 2, 5),  # the first of equals; three in a row that are no better
        ([3, 4, 2, 4, 5, 1], 6, 6),
        ([1, 2, 3, 4, 0, 0], 1, 4),
        ([np.inf] * 6, 0, 3),
        ([np.nan] * 6, 0, 3),
        ([np.nan, 5, np.nan, 6, np.nan, 1], 2, 5),
    ],
)
def test_fit_returns_the_best_epoch(validation_losses: list[float], best: int, run: int) -> None:
    """One step an epoch, so that w says which epoch it comes from; 0 is where it started."""
    data, validation = (np.zeros((1, 1)), np.zeros(1)), (np.zeros((2, 1)), np.zeros(2))

    def step(params: Any, grads: Any, state: dict[str, Any]) -> tuple[Arrays, dict[str, Any]]:
        return optimizers.sgd_step(params, grads, 1.0), state

    params, history = optimizers.fit(
        one(0.0), scripted(validation_losses), data, validation, step, np.random.default_rng(0), 6, 2, 3
    )
    assert params["w"] == best
    np.testing.assert_array_equal(history["validation_loss"], validation_losses[:run])
    assert history["loss"] == [0.5] * run
