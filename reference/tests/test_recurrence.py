"""The pieces of the fast passes: layouts, spans of steps, and products over all steps."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from reference import Array, functional, recurrence

# B, T, N: pairwise different, each 1, each 0 where that makes sense
SIZES = [(3, 5, 4), (1, 5, 4), (3, 1, 4), (3, 5, 1), (0, 5, 4), (3, 0, 4)]
all_sizes = pytest.mark.parametrize("sizes", SIZES)


def draw(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape)


@all_sizes
def test_layouts_are_transposes(sizes: tuple[int, int, int]) -> None:
    """There and back again; only the way in from a batch-major array copies."""
    B, T, N = sizes
    a = draw(B, T, N)
    inside = recurrence.feature_major(a)
    np.testing.assert_array_equal(inside, a.transpose(1, 2, 0))
    outside = recurrence.batch_major(inside)
    np.testing.assert_array_equal(outside, a)
    if a.size:
        assert np.shares_memory(outside, inside)
        assert np.shares_memory(recurrence.feature_major(outside), inside)


def test_feature_major_rows_are_contiguous() -> None:
    """Whatever the layout that comes in, the batch lies side by side."""
    a = draw(3, 5, 4)
    for given in (a, np.asfortranarray(a), a.transpose(1, 0, 2).copy().transpose(1, 0, 2), np.repeat(a, 2, 0)[::2]):
        inside = recurrence.feature_major(given)
        assert inside.strides[2] == inside.itemsize
        np.testing.assert_array_equal(inside, a.transpose(1, 2, 0))


def test_spans_cover_every_step_once_from_the_end() -> None:
    """Full spans from the last step on, and what is left at the start."""
    assert list(recurrence.spans(7, 3)) == [slice(4, 7), slice(1, 4), slice(0, 1)]
    assert list(recurrence.spans(3, 3)) == [slice(0, 3)]
    assert list(recurrence.spans(0, 1)) == []


def test_a_span_has_at_least_one_step_and_at_most_all() -> None:
    """Large steps go one by one, small ones together, and steps of no size (B = 0) divide by nothing."""
    assert recurrence.span_length(100, 1 << 20) == 1
    assert recurrence.span_length(100, 1 << 14) == 4
    assert recurrence.span_length(100, 10) == 100
    assert recurrence.span_length(100, 0) == 100
    assert recurrence.span_length(0, 10) == 1


@all_sizes
def test_states_before_the_steps(sizes: tuple[int, int, int]) -> None:
    """The first state, then those after the steps but the last: span by span, and for all steps at once."""
    B, T, H = sizes
    first, states = draw(B, H), recurrence.feature_major(draw(B, T, H) + 10)
    expected = np.concatenate([first.T[None], states])[:T]
    for length in range(1, T + 1):
        for span in recurrence.spans(T, length):
            np.testing.assert_array_equal(recurrence.before(span, first, states), expected[span])
    np.testing.assert_array_equal(recurrence.all_before(first, states), expected.swapaxes(0, 1))


@all_sizes
def test_operands(sizes: tuple[int, int, int]) -> None:
    """The first state, and ones for the bias at every step; the rest is the caller's to enter."""
    B, T, H = sizes
    h0: npt.NDArray[Any] = draw(B, H).astype(np.float32)
    operands = recurrence.states_and_ones(h0, T, extra=2)
    assert operands.shape == (T + 1, H + 3, B)
    assert operands.dtype == np.float32
    np.testing.assert_array_equal(operands[0, :H], h0.T)
    np.testing.assert_array_equal(operands[:, H], np.ones((T + 1, B)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_in_place(dtype: type[np.floating]) -> None:
    """σ(-a) to full relative precision, from 0 to 1 without a NaN, in the memory and the dtype of a."""
    a: npt.NDArray[Any] = np.array([-1e4, -50, -1, 0, 1, 50, 80, 1e4], dtype)
    expected = functional.sigmoid(-a)
    with np.errstate(over="ignore"):
        recurrence.sigmoid_of_negated(a)
    assert a.dtype == dtype
    np.testing.assert_allclose(a, expected, rtol=4 * float(np.finfo(dtype).eps))


@all_sizes
def test_products_over_all_steps(sizes: tuple[int, int, int]) -> None:
    """Each product is that of its equation, summed over batch and time where it is a weight's."""
    (B, T, D), H, N = sizes, 3, 6
    x, h_prev, da = draw(B, T, D), draw(B, T, H), draw(B, T, N)
    W_x, inside = draw(D, N), da.transpose(2, 1, 0).copy()  # (N, T, B)
    np.testing.assert_allclose(recurrence.input_sums(x, W_x), (x @ W_x).transpose(1, 2, 0), rtol=1e-12, atol=1e-14)
    dx, dW_x, db = recurrence.input_gradients(inside, x, W_x)
    np.testing.assert_allclose(dx, da @ W_x.T, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dW_x, np.einsum("btd,btn->dn", x, da), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(db, da.sum(axis=(0, 1)), rtol=1e-12, atol=1e-14)
    dW_h = recurrence.recurrent_gradient(inside, h_prev.transpose(2, 1, 0))
    np.testing.assert_allclose(dW_h, np.einsum("bth,btn->hn", h_prev, da), rtol=1e-12, atol=1e-14)
