"""Clipping and explosions: values on paper, torch, what clipping promises, what is refused."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from reference import Array, clipping

Grads = dict[str, Array]

SCALES = [0.01, 1.0, 300.0]  # all below every threshold, about at them, far above
all_scales = pytest.mark.parametrize("scale", SCALES)
NAN, INF = float("nan"), float("inf")


def draw(scale: float = 1.0, seed: int = 0) -> Grads:
    """Gradients of several shapes: 0-d, an axis of 1, no entries at all, and one array that dwarfs the rest."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"W_x": (3, 4), "W_h": (4, 4), "b": (4,), "gain": (), "one": (1,)}
    shapes |= {"none": (0, 4), "cube": (2, 3, 5)}
    grads = {name: np.asarray(scale * rng.standard_normal(shape)) for name, shape in shapes.items()}
    return grads | {"W_h": 10 * grads["W_h"]}


def norm_of(grads: Mapping[str, Array]) -> float:
    return float(np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()])))


def parameters(grads: Grads) -> dict[str, torch.Tensor]:
    """torch tensors with these gradients."""
    tensors = {name: torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for name, g in grads.items()}
    for name, g in grads.items():
        tensors[name].grad = torch.tensor(g)
    return tensors


def assert_like_torch(clipped: Grads, tensors: dict[str, torch.Tensor], rtol: float = 1e-12) -> None:
    assert list(clipped) == list(tensors)
    for name, tensor in tensors.items():
        assert tensor.grad is not None
        np.testing.assert_allclose(clipped[name], tensor.grad.numpy(), rtol=rtol, atol=1e-14)


# --- values on paper ---


def test_by_value_on_paper() -> None:
    """Each entry alone: below, inside and above [-1, 2]."""
    grads: Grads = {"W": np.array([[-3.0, 0.5], [2.5, -0.25]]), "s": np.array(7.0)}
    clipped = clipping.clip_by_value(grads, -1.0, 2.0)
    np.testing.assert_array_equal(clipped["W"], [[-1.0, 0.5], [2.0, -0.25]])
    np.testing.assert_array_equal(clipped["s"], 2.0)


def test_by_value_with_bounds_on_one_side_of_zero() -> None:
    """The interval need not hold 0: what is below it rises to it, whatever its sign."""
    clipped = clipping.clip_by_value({"b": np.array([-4.0, 0.0, 0.5, 4.0])}, 0.25, 1.0)
    np.testing.assert_array_equal(clipped["b"], [0.25, 0.25, 0.5, 1.0])


def test_by_norm_on_paper() -> None:
    """The norm of (3, 4) is 5: to 1 it becomes (0.6, 0.8), to 10 from below (6, 8), and within [2, 7] it stays."""
    g = np.array([3.0, 4.0])
    np.testing.assert_allclose(clipping.clip_by_norm(g, 1.0), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(clipping.clip_by_norm(g, 20.0, 10.0), [6.0, 8.0], rtol=1e-15)
    np.testing.assert_array_equal(clipping.clip_by_norm(g, 7.0, 2.0), g)


def test_global_norm_on_paper() -> None:
    """sqrt(2² + 3² + 6²) = 7, over three arrays; to 3.5 everything is halved."""
    grads: Grads = {"W": np.array([[2.0]]), "b": np.array([-3.0]), "s": np.array(6.0)}
    clipped, norm = clipping.clip_by_global_norm(grads, 3.5)
    assert norm == pytest.approx(7.0, rel=1e-15)
    np.testing.assert_allclose(clipped["W"], [[1.0]], rtol=1e-15)
    np.testing.assert_allclose(clipped["b"], [-1.5], rtol=1e-15)
    np.testing.assert_allclose(clipped["s"], 3.0, rtol=1e-15)


@pytest.mark.parametrize(
    ("losses", "norms", "expected"),
    [
        ([2, 1, 1, 1, 1], [1, 2, 1, 9, 9], 3),  # median of 1, 2, 1 is 1: 9 > 3
        ([2, 1, 1, 1, 1], [1, 2, 3, 1, 2], None),  # 3 = 2 · 1.5, 2 < 2 · 1.5: nothing exceeds 3 medians
        ([2, 1, 1, 1, 1], [1, 3, 6, 1, 6], None),  # 3 = 3 · 1, 6 = 3 · (1 + 3)/2, 6 = 3 · (1 + 3)/2: equal is not more
        ([2, 1, 1, 1, 1], [1, 3, 6, 1, 6.5], 4),
        ([2, 1, NAN, NAN, 1], [1, 1, 1, 1, 99], 2),
        ([2, 1, INF, 1, 1], [1, 1, 1, 99, 1], 2),
        ([2, -INF, 1, 1, 1], [1, 1, 1, 1, 1], 1),
        ([2, 1, 1, 1, 1], [1, 1, 1, NAN, 1], 3),
        ([2, 1, 1, 1, 1], [1, INF, 1, 1, 1], 1),
        ([2, 1, 1, NAN, 1], [1, 9, 1, NAN, 1], 1),  # the jump came first
        ([NAN, 1, 1, 1, 1], [1, 1, 1, 1, 9], 0),
        ([1, 1, 1, 1, 1], [INF, 1, 1, 1, 9], 0),
        ([1, 1, 1, 1, 1], [1000, 1, 1, 1, 1], None),  # nothing before it to be compared with
        ([1, 500, 1, 1, 1], [1, 1, 1, 1, 1], None),  # the loss may jump
        ([1, 1, 1, 1, 1], [0, 0, 0, 0.5, 0], 3),  # 0.5 > 3 · 0
    ],
)
def test_detect_on_paper(losses: list[float], norms: list[float], expected: int | None) -> None:
    """With factor 3, step by step."""
    assert clipping.detect_explosion(np.array(losses), np.array(norms), 3.0) == expected


def test_detect_looks_at_no_later_step() -> None:
    """A run cut off after any step has the same explosion, or none yet."""
    rng = np.random.default_rng(1)
    norms, losses = np.exp(rng.normal(scale=1.5, size=60)), rng.normal(size=60)
    step = clipping.detect_explosion(losses, norms, 4.0)
    assert step is not None and 1 < step < 59
    for end in range(61):
        assert clipping.detect_explosion(losses[:end], norms[:end], 4.0) == (step if end > step else None)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_detect_has_no_unit(unit: float) -> None:
    """All norms times the same number: the same step."""
    norms = np.array([1.0, 2.0, 0.5, 1.5, 7.0, 1.0])
    assert clipping.detect_explosion(np.ones(6), unit * norms, 4.0) == 4


# --- torch ---


@all_scales
def test_by_value_like_torch(scale: float) -> None:
    """torch.nn.utils.clip_grad_value_ is the symmetric case; torch.clamp, the general one."""
    grads = draw(scale)
    tensors = parameters(grads)
    torch.nn.utils.clip_grad_value_(tensors.values(), 0.7)
    assert_like_torch(clipping.clip_by_value(grads, -0.7, 0.7), tensors)
    clipped = clipping.clip_by_value(grads, -0.2, 1.3)
    for name, g in grads.items():
        np.testing.assert_array_equal(clipped[name], torch.clamp(torch.tensor(g), -0.2, 1.3).numpy())


@all_scales
def test_global_norm_like_torch(scale: float) -> None:
    """torch.nn.utils.clip_grad_norm_, but for its 1e-6 in the denominator; and exactly, with that taken out."""
    grads = draw(scale)
    tensors = parameters(grads)
    norm_of_torch = float(torch.nn.utils.clip_grad_norm_(tensors.values(), 5.0))
    clipped, norm = clipping.clip_by_global_norm(grads, 5.0)
    assert norm == pytest.approx(norm_of_torch, rel=1e-13)
    assert_like_torch(clipped, tensors, rtol=1e-6)
    if norm > 5.0:
        exact = {name: g * (norm / (norm + 1e-6)) for name, g in clipped.items()}
        assert_like_torch(exact, tensors)


@all_scales
@pytest.mark.parametrize("name", ["W_x", "b", "gain", "one", "cube"])
def test_by_norm_like_torch(scale: float, name: str) -> None:
    """torch.renorm, with the whole array as its one slice."""
    g = draw(scale)[name]
    whole = torch.tensor(g).reshape(1, -1)
    expected = torch.renorm(whole, p=2, dim=0, maxnorm=2.0).reshape(g.shape)
    np.testing.assert_allclose(clipping.clip_by_norm(g, 2.0), expected.numpy(), rtol=1e-6)  # it adds 1e-7


# --- what clipping promises ---


@all_scales
@pytest.mark.parametrize("max_norm", [1e-3, 1.0, 40.0, 1e6, INF])
def test_global_norm_promises(scale: float, max_norm: float) -> None:
    """Never longer than max_norm, nor than before; one factor for all; twice is once; the norm is the old one."""
    grads = draw(scale)
    clipped, norm = clipping.clip_by_global_norm(grads, max_norm)
    assert norm == pytest.approx(norm_of(grads), rel=1e-13)
    assert norm_of(clipped) == pytest.approx(min(norm, max_norm), rel=1e-13)
    for name, g in grads.items():
        np.testing.assert_allclose(clipped[name], g * min(1.0, max_norm / norm), rtol=1e-13)
    again, norm_again = clipping.clip_by_global_norm(clipped, max_norm)
    assert norm_again == pytest.approx(norm_of(clipped), rel=1e-13)
    for name, g in clipped.items():
        np.testing.assert_allclose(again[name], g, rtol=1e-13)


@all_scales
@pytest.mark.parametrize(("upper", "lower"), [(2.0, None), (2.0, 0.5), (2.0, 2.0), (2.0, 0.0), (INF, 1e-3)])
def test_by_norm_promises(scale: float, upper: float, lower: float | None) -> None:
    """The norm ends within the thresholds, the direction stays, twice is once."""
    for g in draw(scale).values():
        clipped = clipping.clip_by_norm(g, upper, lower)
        before, after = np.linalg.norm(g), np.linalg.norm(clipped)
        assert after == pytest.approx(np.clip(before, lower or 0.0, upper) if before else 0.0, rel=1e-13)
        np.testing.assert_allclose(clipped * before, g * after, rtol=1e-13)
        np.testing.assert_allclose(clipping.clip_by_norm(clipped, upper, lower), clipped, rtol=1e-13)


def test_by_value_turns_what_by_norm_keeps() -> None:
    """(1, 10) clipped by value to 1 points along the diagonal; by norm it points where it did."""
    g = np.array([1.0, 10.0])
    np.testing.assert_array_equal(clipping.clip_by_value({"g": g}, -1.0, 1.0)["g"], [1.0, 1.0])
    clipped = clipping.clip_by_norm(g, 1.0)
    assert clipped[1] / clipped[0] == pytest.approx(10.0, rel=1e-14)


def test_by_norm_is_the_global_norm_of_one() -> None:
    """With one array the two agree."""
    g = draw(300.0)["W_x"]
    clipped, _ = clipping.clip_by_global_norm({"g": g}, 2.5)
    np.testing.assert_array_equal(clipping.clip_by_norm(g, 2.5), clipped["g"])


# --- edges ---


@pytest.mark.filterwarnings("error")
def test_zero_stays_zero() -> None:
    """No direction, no division: with a lower threshold, too."""
    np.testing.assert_array_equal(clipping.clip_by_norm(np.zeros((2, 3)), 1.0, 0.5), np.zeros((2, 3)))
    clipped, norm = clipping.clip_by_global_norm({"W": np.zeros((2, 3)), "s": np.array(0.0)}, 1.0)
    assert norm == 0.0
    np.testing.assert_array_equal(clipped["W"], np.zeros((2, 3)))
    np.testing.assert_array_equal(clipped["s"], 0.0)


@pytest.mark.filterwarnings("error")
def test_nothing_to_clip() -> None:
    """No gradients, no entries, no steps."""
    assert clipping.clip_by_value({}, -1.0, 1.0) == {}
    assert clipping.clip_by_global_norm({}, 1.0) == ({}, 0.0)
    assert clipping.clip_by_norm(np.empty((0, 3)), 1.0, 0.5).shape == (0, 3)
    assert clipping.detect_explosion(np.empty(0), np.empty(0), 2.0) is None


@pytest.mark.filterwarnings("error")
def test_squares_neither_overflow_nor_vanish() -> None:
    """Entries whose squares float64 cannot hold are clipped as any others; a norm beyond it is infinite."""
    np.testing.assert_allclose(clipping.clip_by_norm(np.array([3e200, -4e200]), 1.0), [0.6, -0.8], rtol=1e-15)
    np.testing.assert_allclose(clipping.clip_by_norm(np.array([3e-200, 4e-200]), 1.0, 0.5), [0.3, 0.4], rtol=1e-15)
    clipped, norm = clipping.clip_by_global_norm({"a": np.array([3e-200]), "b": np.array(4e-200)}, 1e-200)
    assert norm == pytest.approx(5e-200, rel=1e-15)
    np.testing.assert_allclose(clipped["a"], [6e-201], rtol=1e-15)
    clipped, norm = clipping.clip_by_global_norm({"a": np.full(4, 1.5e308)}, 1.0)
    assert norm == INF
    np.testing.assert_allclose(clipped["a"], np.full(4, 0.5), rtol=1e-15)


def calls(grads: Grads) -> list[Callable[[], Grads]]:
    """The three clippings of a dict, each once with and once without effect."""
    return [
        lambda: clipping.clip_by_value(grads, -0.1, 0.1),
        lambda: clipping.clip_by_value(grads, -1e9, 1e9),
        lambda: {name: clipping.clip_by_norm(g, 0.1) for name, g in grads.items()},
        lambda: {name: clipping.clip_by_norm(g, 1e9) for name, g in grads.items()},
        lambda: clipping.clip_by_global_norm(grads, 0.1)[0],
        lambda: clipping.clip_by_global_norm(grads, 1e9)[0],
    ]


@pytest.mark.parametrize("number", range(6))
def test_what_comes_back_is_new(number: int) -> None:
    """Read-only gradients are enough; the result is writable arrays of the same shapes that share no memory."""
    grads = draw()
    for g in grads.values():
        g.flags.writeable = False
    clipped = calls(grads)[number]()
    assert list(clipped) == list(grads)
    for name, g in grads.items():
        assert isinstance(clipped[name], np.ndarray)
        assert clipped[name].shape == g.shape
        assert clipped[name].dtype == np.float64
        assert clipped[name].flags.writeable
        assert not np.shares_memory(clipped[name], g)


@pytest.mark.parametrize("number", range(6))
def test_layout_and_type_do_not_matter(number: int) -> None:
    """Transposed views, lists and integers give what arrays of float64 give."""
    whole: Grads = {name: np.round(5 * g) for name, g in draw().items()}
    expected = calls(whole)[number]()
    odd: dict[str, Any] = {name: np.asfortranarray(g) for name, g in whole.items()}
    odd |= {"W_x": whole["W_x"].tolist(), "b": whole["b"].astype(np.int32), "W_h": whole["W_h"].T.copy().T}
    clipped = calls(odd)[number]()
    for name, g in expected.items():
        np.testing.assert_allclose(clipped[name], g, rtol=1e-14)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", range(6))
def test_float32_stays_float32(number: int) -> None:
    """If all gradients are float32, so is the result, even where their squares are beyond it; else all is float64."""
    wide = draw()
    narrow: dict[str, Any] = {name: g.astype(np.float32) for name, g in wide.items()}
    expected, clipped = calls(wide)[number](), calls(narrow)[number]()
    for name, g in expected.items():
        assert clipped[name].dtype == np.float32
        np.testing.assert_allclose(clipped[name], g, rtol=1e-5)
    narrow = {"a": np.array([3e30], np.float32), "b": np.array(4e30, np.float32)}
    clipped, norm = clipping.clip_by_global_norm(narrow, 1.0)
    assert norm == pytest.approx(5e30, rel=1e-6)
    np.testing.assert_allclose(clipped["a"], [0.6], rtol=1e-6)
    mixed, _ = clipping.clip_by_global_norm(narrow | {"c": np.array(4e300)}, 1.0)
    assert {g.dtype for g in mixed.values()} == {np.dtype(np.float64)}


# --- what is refused ---


@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, "1", None, [1.0, 2.0]])
def test_thresholds_are_positive(bad: Any) -> None:
    """upper and max_norm: a number above 0; factor: a finite one."""
    with pytest.raises(ValueError, match=r"^upper "):
        clipping.clip_by_norm(np.ones(2), bad)
    with pytest.raises(ValueError, match=r"^max_norm "):
        clipping.clip_by_global_norm({"g": np.ones(2)}, bad)
    for factor in (bad, INF):
        with pytest.raises(ValueError, match=r"^factor "):
            clipping.detect_explosion(np.ones(2), np.ones(2), factor)


@pytest.mark.parametrize("lower", [-0.1, 1.1, NAN, "0", [0.0, 0.5]])
def test_the_lower_threshold_fits(lower: Any) -> None:
    """Of a norm it is neither negative nor above upper."""
    with pytest.raises(ValueError, match=r"^lower "):
        clipping.clip_by_norm(np.ones(2), 1.0, lower)


def test_bounds_of_values_fit() -> None:
    """lower may equal upper, and may be negative, but not lie above it; neither is NaN."""
    np.testing.assert_array_equal(clipping.clip_by_value({"g": np.array([1.0, -9.0])}, -2.0, -2.0)["g"], [-2.0, -2.0])
    with pytest.raises(ValueError, match=r"^lower is 0.5, above upper"):
        clipping.clip_by_value({"g": np.ones(2)}, 0.5, 0.4)
    with pytest.raises(ValueError, match=r"^lower is NaN"):
        clipping.clip_by_value({"g": np.ones(2)}, NAN, 0.4)
    with pytest.raises(ValueError, match=r"^upper is NaN"):
        clipping.clip_by_value({"g": np.ones(2)}, 0.5, NAN)


@pytest.mark.parametrize("bad", [np.array([1.0, NAN]), np.array(-INF), np.array(["a"]), [[1.0], [1.0, 2.0]]])
def test_gradients_are_finite_numbers(bad: Any) -> None:
    """Otherwise the entry is named."""
    grads = {"W": np.ones(2), "b": bad}
    with pytest.raises(ValueError, match=r"^grads\['b'\] "):
        clipping.clip_by_value(grads, -1.0, 1.0)
    with pytest.raises(ValueError, match=r"^grads\['b'\] "):
        clipping.clip_by_global_norm(grads, 1.0)
    with pytest.raises(ValueError, match=r"^g "):
        clipping.clip_by_norm(bad, 1.0)


def test_histories_fit() -> None:
    """losses and norms are 1-D and of one length, and no norm is negative."""
    with pytest.raises(ValueError, match=r"^norms has shape \(3,\), expected \(T\) where T = 4"):
        clipping.detect_explosion(np.ones(4), np.ones(3), 2.0)
    with pytest.raises(ValueError, match=r"^losses has shape \(4, 1\)"):
        clipping.detect_explosion(np.ones((4, 1)), np.ones(4), 2.0)
    with pytest.raises(ValueError, match=r"^norms holds -1.0"):
        clipping.detect_explosion(np.ones(4), np.array([1.0, NAN, -1.0, 1.0]), 2.0)
