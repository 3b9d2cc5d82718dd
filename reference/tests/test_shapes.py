"""checked_arrays and named_entries: what they let through, and what their errors say."""

import re
from typing import Any

import numpy as np
import pytest

from reference.shapes import checked_arrays, named_entries


def test_arrays_come_back_in_the_order_given() -> None:
    """The result unpacks in the order of the arguments."""
    x, W = checked_arrays(x=(np.ones((2, 3)), "B D"), W=(np.zeros((3, 4)), "D H"))
    assert x.shape == (2, 3)
    assert W.shape == (3, 4)


def test_lists_integers_and_other_floats_become_float64() -> None:
    """Whatever real numbers come in, float64 arrays come out, if they are not float32."""
    odd = [np.array([1, 2], dtype) for dtype in (np.float16, np.longdouble, ">f4", ">f8")]
    for value in ([1.0, 2.0], [1, 2], np.array([1, 2]), np.array([True, False]), *odd):
        (a,) = checked_arrays(a=(value, "H"))
        assert a.dtype == np.float64
        assert a.dtype.isnative


def test_float32_stays_if_every_float_is_float32() -> None:
    """Ids and masks do not count, the order neither; one float of another kind makes all of them float64."""
    narrow, ids, mask = np.ones(2, np.float32), np.ones(2, np.int64), np.ones(2, bool)
    for others in ({}, {"c": (ids, "H", int)}, {"d": (mask, "H", bool)}):
        first, second, *_ = checked_arrays(a=(narrow, "H"), b=(narrow, "H"), **others)
        assert first is narrow
        assert second is narrow
    for other in ([1.0, 1.0], np.ones(2), ids, np.ones(2, np.float16)):
        for arguments in ({"a": (narrow, "H"), "b": (other, "H")}, {"a": (other, "H"), "b": (narrow, "H")}):
            assert [array.dtype for array in checked_arrays(**arguments)] == [np.float64, np.float64]


def test_float64_arrays_are_not_copied() -> None:
    """An array that needs no conversion is handed through."""
    value = np.ones(3)
    (a,) = checked_arrays(a=(value, "H"))
    assert a is value


def test_ids_and_masks_keep_their_kind() -> None:
    """int gives int64 from any integer type, bool gives booleans."""
    ids, mask = checked_arrays(ids=(np.ones((2, 3), np.int32), "B T", int), mask=(np.eye(2, 3) > 0, "B T", bool))
    assert ids.dtype == np.int64
    assert mask.dtype == np.bool_


def test_an_empty_list_is_of_any_kind() -> None:
    """Nothing has no wrong type: [] passes as ids."""
    (ids,) = checked_arrays(ids=([], "B", int))
    assert ids.shape == (0,)
    assert ids.dtype == np.int64


def test_stacked_gates_are_multiples_of_the_letter() -> None:
    """ "4H" binds H to a quarter of the axis, before or after H itself is met."""
    gates, h = np.ones((2, 12)), np.ones((2, 3))
    checked_arrays(gates=(gates, "B 4H"), h=(h, "B H"))
    checked_arrays(h=(h, "B H"), gates=(gates, "B 4H"))


def test_leading_axes_are_any_but_the_same() -> None:
    """ "..." takes no axes, or several, and the same in every argument."""
    checked_arrays(a=(np.ones(3), "... H"), b=(np.ones(4), "... D"))
    checked_arrays(a=(np.ones((5, 2, 3)), "... H"), b=(np.ones((5, 2, 4)), "... D"))
    checked_arrays(a=(np.float64(1), "..."))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(x=(np.ones(4), "B D")), "x has shape (4,), expected (B, D)"),
        (dict(b=(np.ones(3), "H"), h=(np.ones((5, 2)), "B H")), "h has shape (5, 2), expected (B, H) where "),
        (dict(W_h=(np.ones((2, 3)), "H H")), "W_h has shape (2, 3), expected (H, H) where H = 2"),
        (dict(gates=(np.ones((2, 7)), "B 4H")), "gates has shape (2, 7), expected (B, 4H) where B = 2"),
        (dict(b=(np.ones(3), "H"), W=(np.ones(9), "4H")), "W has shape (9,), expected (4H) where H = 3"),
        (dict(a=(np.ones((2, 3)), "... H"), b=(np.ones(3), "... H")), "b has shape (3,), expected (..., H)"),
        (dict(z=(np.float64(1), "... O")), "z has shape (), expected (..., O)"),
        (dict(ids=(np.ones(2), "B", int)), "ids has dtype float64, expected int"),
        (dict(mask=(np.ones(2, int), "B", bool)), "mask has dtype int64, expected bool"),
        (dict(x=(["a"], "B")), "x has dtype <U1, expected float"),
        (dict(x=(np.ones(2) * 1j, "B")), "x has dtype complex128, expected float"),
        (dict(x=(None, "B")), "x has dtype object, expected float"),
        (dict(x=([[1, 2], [3]], "B D")), "x is not an array"),
    ],
)  # fmt: skip
def test_errors_name_the_argument_and_what_was_expected(arguments: dict[str, Any], message: str) -> None:
    """What does not fit is a ValueError that says which argument, what it is and what it should be."""
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        checked_arrays(**arguments)


def test_named_entries_come_in_the_order_of_the_names() -> None:
    """The order of the names counts, that of the dict does not, and further entries may stand in it."""
    a, b = np.ones(1), np.ones(2)
    first, second = named_entries({"b": b, "c": b, "a": a}, "a b")
    assert first is a
    assert second is b


def test_missing_entries_are_all_named() -> None:
    """The error says which dict, and every key that it lacks."""
    with pytest.raises(ValueError, match=r"^fwd has no W_h, b; expected the keys W_x W_h b$"):
        named_entries({"W_x": np.ones(1)}, "W_x W_h b", argument="fwd")
