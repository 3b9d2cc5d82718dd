"""First weights: values on paper, exact bounds, distributions against formulas and torch, and what is refused.

Every seed is fixed. What is asked of random numbers a right function would fail with any other seed with a probability
of about 1e-6 or less: moments get five standard errors, or more if their tails are heavy, Kolmogorov-Smirnov distances
Massart's bound.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from reference import Array, initializers

Draw = Callable[..., Array]

NORMAL: dict[str, tuple[Draw, Callable[[int, int], float]]] = {  # with the variance, from fan_in and fan_out
    "xavier_normal": (initializers.xavier_normal, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "he_normal": (initializers.he_normal, lambda fan_in, fan_out: 2 / fan_in),
}
UNIFORM: dict[str, tuple[Draw, Callable[[int, int], float]]] = {  # with the bound
    "xavier_uniform": (initializers.xavier_uniform, lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
    "he_uniform": (initializers.he_uniform, lambda fan_in, fan_out: math.sqrt(6 / fan_in)),
}
DRAWS: dict[str, Draw] = {name: draw for name, (draw, _) in (NORMAL | UNIFORM).items()}
DRAWS["orthogonal"] = initializers.orthogonal

all_draws = pytest.mark.parametrize("name", DRAWS)
large_shapes = pytest.mark.parametrize("shape", [(400, 150), (100, 600)])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def farthest(sample: Array, cdf: Callable[[Array], Array]) -> float:
    """The Kolmogorov-Smirnov distance of a sample from a distribution, in units of the bound at 1e-6."""
    n, below = sample.size, cdf(np.sort(sample, axis=None))
    steps = np.arange(n + 1) / n
    distance = max(np.max(steps[1:] - below), np.max(below - steps[:-1]))
    return float(distance / math.sqrt(math.log(2 / 1e-6) / (2 * n)))


def apart(a: Array, b: Array) -> float:
    """The Kolmogorov-Smirnov distance of two samples, in units of the asymptotic bound at 1e-6."""
    places = np.concatenate([a, b], axis=None)
    cdfs = [np.searchsorted(np.sort(sample, axis=None), places, side="right") / sample.size for sample in (a, b)]
    harmonic = a.size * b.size / (a.size + b.size)
    return float(np.max(np.abs(cdfs[0] - cdfs[1])) / math.sqrt(math.log(2 / 1e-6) / (2 * harmonic)))


def normal_cdf(sd: float) -> Callable[[Array], Array]:
    return lambda x: 0.5 + 0.5 * torch.erf(torch.tensor(x / (sd * math.sqrt(2)))).numpy()


def uniform_cdf(bound: float) -> Callable[[Array], Array]:
    return lambda x: np.clip((x + bound) / (2 * bound), 0, 1)


def assert_unrelated(W: Array) -> None:
    """Neighbours in a row or a column, and whole rows and columns, have nothing to do with one another."""
    W = W / W.std()
    for a in (W, W.T):
        neighbours = a[:-1] * a[1:]
        assert abs(neighbours.mean()) < 5 / math.sqrt(neighbours.size)
        sums = a.sum(axis=0) ** 2 / len(a)  # of mean 1 and variance 2, nearly, unless a column has a mood of its own
        assert abs(sums.mean() - 1) < 8 * math.sqrt(2 / sums.size)  # the tails are those of a chi-square


def test_public_names() -> None:
    """The module exports the seven functions of the assignment."""
    assert set(initializers.__all__) == {*DRAWS, "fans", "lstm_bias"}


def test_fans_are_rows_and_columns() -> None:
    """x W: a unit reads as many numbers as W has rows. Stacked gates are taken as they stand."""
    assert initializers.fans((3, 5)) == (3, 5)
    assert initializers.fans((2, 4 * 7)) == (2, 28)
    assert initializers.fans([np.int32(3), np.int64(0)]) == (3, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NORMAL)
@large_shapes
def test_normal_moments(name: str, shape: tuple[int, int]) -> None:
    """Mean 0, the variance of the formula, no skew and the tails of a normal distribution."""
    draw, variance = NORMAL[name]
    z = draw(rng(), shape) / math.sqrt(variance(*shape))
    error = 5 / math.sqrt(z.size)
    assert abs(z.mean()) < error
    assert abs((z**2).mean() - 1) < error * math.sqrt(2)
    assert abs((z**3).mean()) < error * math.sqrt(15)
    assert abs((z**4).mean() - 3) < error * math.sqrt(96)
    assert_unrelated(z)


@pytest.mark.parametrize("name", NORMAL)
@large_shapes
def test_normal_distribution(name: str, shape: tuple[int, int]) -> None:
    """All of it is that of N(0, σ²)."""
    draw, variance = NORMAL[name]
    assert farthest(draw(rng(), shape), normal_cdf(math.sqrt(variance(*shape)))) < 1


@pytest.mark.parametrize("name", UNIFORM)
@large_shapes
def test_uniform_bounds_and_distribution(name: str, shape: tuple[int, int]) -> None:
    """Within ±w and up to it, and uniform between."""
    draw, bound = UNIFORM[name]
    W, w = draw(rng(), shape), bound(*shape)
    assert -w <= W.min() < -0.999 * w  # 60000 numbers leave the last thousandth empty with probability e^-30
    assert 0.999 * w < W.max() <= w
    assert farthest(W, uniform_cdf(w)) < 1
    assert abs(W.mean()) < 5 * w / math.sqrt(3 * W.size)
    assert_unrelated(W)


@pytest.mark.parametrize(
    ("name", "torchs", "arguments"),
    [
        ("xavier_normal", torch.nn.init.xavier_normal_, {}),
        ("xavier_uniform", torch.nn.init.xavier_uniform_, {}),
        ("he_normal", torch.nn.init.kaiming_normal_, {"nonlinearity": "relu"}),
        ("he_uniform", torch.nn.init.kaiming_uniform_, {"nonlinearity": "relu"}),
    ],
)
@large_shapes
def test_against_torch(name: str, torchs: Callable[..., Any], arguments: Any, shape: tuple[int, int]) -> None:
    """One distribution with torch's initializer of the transpose, and another one than with that of the shape itself,
    where the fans count one by one."""
    fan_in, fan_out = shape
    generator = torch.Generator().manual_seed(0)
    W = DRAWS[name](rng(), shape)
    theirs = torchs(torch.empty(fan_out, fan_in, dtype=torch.float64), generator=generator, **arguments)
    assert apart(W, theirs.numpy()) < 1
    swapped = torchs(torch.empty(fan_in, fan_out, dtype=torch.float64), generator=generator, **arguments)
    assert (apart(W, swapped.numpy()) > 1) == name.startswith("he")


def test_variances_on_paper() -> None:
    """A stacked (D, 4H) is one matrix of 4H columns: D = 10, H = 20 gives Xavier 2/90, and He 2/10."""
    shape = (10, 80)
    W = np.array([initializers.xavier_normal(rng(seed), shape) for seed in range(100)])
    assert abs(W.var() * 90 / 2 - 1) < 5 * math.sqrt(2 / W.size)
    W = np.array([initializers.he_normal(rng(seed), shape) for seed in range(100)])
    assert abs(W.var() * 10 / 2 - 1) < 5 * math.sqrt(2 / W.size)


def test_a_signal_keeps_its_size() -> None:
    """What Xavier and He are for: 30 layers leave the variance of linear units, or the mean square of ReLUs, alone."""
    h = rng(1).normal(size=(200, 300))
    linear, relu = h, h
    for layer in range(30):
        linear = linear @ initializers.xavier_normal(rng(layer), (300, 300))
        relu = np.maximum(relu, 0) @ initializers.he_normal(rng(layer), (300, 300))
    # a layer's factor is 1 with an error of about √(2/300) or √(5/300), so √30 of these in the logarithm
    assert abs(math.log(linear.var())) < 5 * math.sqrt(30 * 2 / 300)
    assert abs(math.log((relu**2).mean())) < 5 * math.sqrt(30 * 5 / 300)


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5), (1, 6), (6, 1), (1, 1)])
@pytest.mark.parametrize("gain", [1.0, 0.3, -2.0, 3])
def test_orthogonal_rows_or_columns(shape: tuple[int, int], gain: float) -> None:
    """Whichever are fewer are orthogonal, of length |gain|; every singular value is |gain|."""
    W = initializers.orthogonal(rng(), shape, gain)
    assert W.shape == shape
    small = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(small, gain**2 * np.eye(min(shape)), atol=1e-13)
    np.testing.assert_allclose(np.linalg.svd(W, compute_uv=False), abs(gain), rtol=1e-13)


def test_the_gain_is_a_factor() -> None:
    """And 1 unless said otherwise; 0 gives zeros."""
    W = initializers.orthogonal(rng(), (4, 3))
    np.testing.assert_array_equal(initializers.orthogonal(rng(), (4, 3), 1.0), W)
    np.testing.assert_allclose(initializers.orthogonal(rng(), (4, 3), -2.5), -2.5 * W, rtol=1e-15)
    np.testing.assert_array_equal(initializers.orthogonal(rng(), (4, 3), 0.0), np.zeros((4, 3)))


def many_orthogonal(shape: tuple[int, int], count: int = 3000) -> Array:
    generator = rng()
    return np.array([initializers.orthogonal(generator, shape) for _ in range(count)])


def without_signs(shape: tuple[int, int], count: int = 3000) -> Array:
    """What numpy's QR gives as it stands: orthogonal, but not Haar distributed."""
    tall = rng().normal(size=(count, max(shape), min(shape)))
    Q = np.linalg.qr(tall).Q
    return Q if shape[0] >= shape[1] else Q.transpose(0, 2, 1)


@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (2, 3), (3, 1), (1, 3)])
def test_haar_in_three_dimensions(shape: tuple[int, int]) -> None:
    """Rows or columns are points on a sphere, each as likely as another: by Archimedes every entry is U(-1, 1)."""
    for draws, expected in ((many_orthogonal(shape), True), (without_signs(shape), False)):
        entries = draws.reshape(len(draws), -1).T
        assert all(farthest(entry, uniform_cdf(1.0)) < 1 for entry in entries) == expected


def test_haar_in_the_plane() -> None:
    """Half are rotations, half reflections, and the angle is uniform in both."""
    W = many_orthogonal((2, 2))
    rotations = np.linalg.det(W) > 0
    assert abs(rotations.mean() - 0.5) < 5 * 0.5 / math.sqrt(len(W))
    angles = np.arctan2(W[:, 0, 1], W[:, 0, 0])
    for kind in (rotations, ~rotations):
        assert farthest(angles[kind], uniform_cdf(math.pi)) < 1


@pytest.mark.parametrize("shape", [(5, 5), (6, 4), (4, 6)])
def test_haar_against_torch(shape: tuple[int, int]) -> None:
    """The trace has the distribution that torch's has; without the signs of R it has another."""
    generator = torch.Generator().manual_seed(0)
    empty = torch.empty(shape, dtype=torch.float64)
    theirs = [torch.nn.init.orthogonal_(empty, generator=generator).diagonal().sum().item() for _ in range(3000)]
    ours, unsigned = (np.trace(W, axis1=1, axis2=2) for W in (many_orthogonal(shape), without_signs(shape)))
    assert apart(ours, np.array(theirs)) < 1 < apart(unsigned, np.array(theirs))


def test_lstm_bias_on_paper() -> None:
    """H = 2: i, f, g, o of two units each, and f alone is not 0."""
    np.testing.assert_array_equal(initializers.lstm_bias(2), [0, 0, 1, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(initializers.lstm_bias(2, -0.5), [0, 0, -0.5, -0.5, 0, 0, 0, 0])
    np.testing.assert_array_equal(initializers.lstm_bias(1, np.float32(0.5)), [0, 0.5, 0, 0])  # type: ignore[arg-type]


def test_lstm_bias_opens_torchs_forget_gates() -> None:
    """torch.nn.LSTM with this bias and no weights forgets at the rate of σ(forget): c = σ(forget) c_prev."""
    network = torch.nn.LSTM(2, 3, dtype=torch.float64)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.get_parameter("bias_ih_l0").copy_(torch.tensor(initializers.lstm_bias(3, 2.0)))
        x, h0, c0 = torch.zeros(1, 1, 2).double(), torch.zeros(1, 1, 3).double(), torch.ones(1, 1, 3).double()
        _, (_, c) = network(x, (h0, c0))
    np.testing.assert_allclose(c.numpy(), 1 / (1 + math.exp(-2.0)), rtol=1e-14)


@all_draws
def test_one_seed_one_draw(name: str) -> None:
    """Equal generators give equal numbers, other generators others, and so does one generator at its next call."""
    draw, shape = DRAWS[name], (4, 3)
    generator = rng()
    first = draw(generator, shape)
    np.testing.assert_array_equal(draw(rng(), shape), first)
    assert (draw(rng(1), shape) != first).all()
    assert (draw(generator, shape) != first).all()


def global_state() -> tuple[list[int], int]:
    state = np.random.get_state(legacy=False)["state"]
    return state["key"].tolist(), state["pos"]


@all_draws
def test_the_global_state_is_nobodys(name: str) -> None:
    """numpy's global generator is neither used nor changed."""
    draw = DRAWS[name]
    before = global_state()
    first = draw(rng(), (4, 3))
    assert global_state() == before
    np.random.random(7)
    np.testing.assert_array_equal(draw(rng(), (4, 3)), first)


@all_draws
def test_arrays_are_float64_and_ones_own(name: str) -> None:
    """Of the shape asked for, be it a tuple or a list, and free to be changed."""
    W = DRAWS[name](rng(), [2, 3])
    assert W.shape == (2, 3)
    assert W.dtype == np.float64
    assert W.flags.writeable
    assert initializers.lstm_bias(3).dtype == np.float64


@pytest.mark.filterwarnings("error")
@all_draws
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_draw(name: str, shape: tuple[int, int]) -> None:
    """A size of 0 gives an empty matrix, and no division by 0."""
    assert DRAWS[name](rng(), shape).shape == shape
    assert initializers.fans(shape) == shape
    assert initializers.lstm_bias(0).shape == (0,)


@pytest.mark.parametrize("name", ["fans", *DRAWS])
@pytest.mark.parametrize("shape", [(3,), (), (2, 3, 4), 5, None, "23", (2, -1), (-2, 3), (2.0, 3), ("2", 3), (2, None)])
def test_shapes_are_two_counts(name: str, shape: Any) -> None:
    """Any other is refused by name."""
    with pytest.raises(ValueError, match=r"^shape is "):
        if name == "fans":
            initializers.fans(shape)
        else:
            DRAWS[name](rng(), shape)


@all_draws
@pytest.mark.parametrize("bad", [0, None, np.random, np.random.RandomState(0)])
def test_rng_is_a_generator(name: str, bad: Any) -> None:
    """A seed, or numpy's old generators, are refused by name."""
    with pytest.raises(ValueError, match=r"^rng is "):
        DRAWS[name](bad, (2, 3))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "1", None, np.ones(2)])
def test_factors_and_biases_are_finite_numbers(bad: Any) -> None:
    """Others are refused by name."""
    with pytest.raises(ValueError, match=r"^gain is "):
        initializers.orthogonal(rng(), (3, 2), bad)
    with pytest.raises(ValueError, match=r"^forget is "):
        initializers.lstm_bias(2, bad)


@pytest.mark.parametrize("bad", [-1, 2.0, "3", None])
def test_units_are_a_count(bad: Any) -> None:
    """H is an integer of 0 or more."""
    with pytest.raises(ValueError, match=r"^H is "):
        initializers.lstm_bias(bad)
