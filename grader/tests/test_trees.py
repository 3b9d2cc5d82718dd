"""Trees: what goes in comes out, what cannot travel is refused in words, and hostile bytes raise one exception only."""

import json
import time
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader import trees
from grader.trees import MAX_DEPTH, MAX_INT, MAX_NODES, MalformedBytes, NotATree, Tree, decode, encode, same

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
Point = namedtuple("Point", "x y")


class Labelled(np.ndarray):
    """An array of another class."""


arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
leaves = (
    arrays
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates, too
)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(-(2**63), 2**63 - 1), inner, max_size=4)
    ),
    max_leaves=8,
)
quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def nest(depth: int, wrap: Callable[[Tree], Tree] = lambda inner: [inner]) -> Tree:
    """Zero in `depth` lists, or in whatever `wrap` puts around it, one inside the other."""
    tree: Tree = 0
    for _ in range(depth):
        tree = wrap(tree)
    return tree


def forged(skeleton: Any, tensors: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """Bytes in the format, with any skeleton (as JSON, or as text that claims to be) and any header."""
    text = skeleton if isinstance(skeleton, str) else json.dumps(skeleton)
    header = json.dumps({"__metadata__": {"tree": text}} | (tensors or {})).encode()
    return len(header).to_bytes(8, "little") + header + body


def tensor(dtype: str, shape: list[int], size: int) -> dict[str, Any]:
    return {"0": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}


@quick
@given(nested)
def test_round_trip(tree: Tree) -> None:
    """Any tree comes back bit for bit, with its types, its dtypes and the order of its keys."""
    assert same(decode(encode(tree)), tree)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_survives(dtype: str) -> None:
    """Every kind and width of number that may travel keeps its dtype and its extreme values."""
    info: Any = None if dtype == "?" else (np.finfo if dtype[0] == "f" else np.iinfo)(dtype)
    values = np.array([0, 1] if info is None else [info.min, 0, 1, info.max], dtype)
    back = decode(encode(values))
    assert back.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(back, values)


def test_layouts_do_not_matter() -> None:
    """Fortran order, views, negative strides, broadcast and big-endian arrays arrive as the numbers that they show."""
    a = np.arange(24.0).reshape(2, 3, 4)
    for given_array in (
        np.asfortranarray(a),
        a[:, ::2, 1:3],
        a[::-1, :, ::-1],
        a.transpose(2, 0, 1),
        np.broadcast_to(a[0], (5, 3, 4)),
        a.astype(">f8"),
        a.astype(">i2"),
        np.array(7, ">u4"),
    ):
        back = decode(encode(given_array))
        assert back.shape == given_array.shape
        assert back.dtype == given_array.dtype.newbyteorder("=") and back.dtype.isnative
        np.testing.assert_array_equal(back, given_array)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0, 4), (1,), (1, 1)])
def test_empty_and_0d_arrays_keep_their_shape(shape: tuple[int, ...]) -> None:
    """An array without axes or without entries is not mistaken for one of another shape."""
    back = decode(encode(np.full(shape, 2.5, np.float32)))
    assert isinstance(back, np.ndarray) and back.shape == shape and back.dtype == np.float32
    assert (back == 2.5).all()


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (np.float64(0.1), 0.1),
        (np.float32(0.1), np.array(0.1, np.float32)),
        (np.float16(0.1), np.array(0.1, np.float16)),
        (np.int64(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.int8(5), 5),
        (np.True_, True),
        (np.str_("healthy"), "healthy"),
        (np.array(["a", "bc"]), ["a", "bc"]),
        (np.array("abc"), "abc"),
        (np.array([["a"], ["b"]]), [["a"], ["b"]]),
        (Point(1, [2.0]), (1, [2.0])),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ({np.str_("key"): 1, True: 2}, {"key": 1, True: 2}),
        ({1: "a", "1": "b"}, {1: "a", "1": "b"}),
        (np.ones(2).view(Labelled), np.ones(2)),
        (np.ma.masked_array([1.0, 2.0], [False, False]), np.array([1.0, 2.0])),
        ([], []),
        ((), ()),
        ({}, {}),
        ("", ""),
        ({"array": "0"}, {"array": "0"}),
        ([{"tuple": [1]}, {"dict": []}], [{"tuple": [1]}, {"dict": []}]),
        ("null \x00 \ud800 𝄞 \u2028", "null \x00 \ud800 𝄞 \u2028"),
    ],
)
def test_what_arrives(value: Tree, arrives: Tree) -> None:
    """numpy's scalars, strings and subclasses arrive as the plain thing; dicts of the format's own words as dicts."""
    back = decode(encode(value))
    assert same(back, arrives), back


def test_floats_keep_every_bit() -> None:
    """NaN, the infinities, minus zero and the smallest numbers arrive as they are, bare and in arrays."""
    values = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 0.1 + 0.2]
    back = decode(encode([values, np.array(values)]))
    assert np.array(back[0]).tobytes() == np.array(values).tobytes()
    assert back[1].tobytes() == np.array(values).tobytes()


def test_same_tree_same_bytes() -> None:
    """Encoding is deterministic, whatever the arrays' layout: files can be compared, and scores repeated."""
    a = np.arange(6.0).reshape(2, 3)
    tree = {"a": a, "b": [a.astype("f4"), (1, None)], "c": np.ones(3, bool)}
    again = {"a": np.asfortranarray(a), "b": [a.astype(">f4"), (1, None)], "c": np.ones(6, bool)[::2]}
    assert encode(tree) == encode(tree) == encode(again)


def test_format() -> None:
    """The bytes are a safetensors file, which other programs can read, with the skeleton in its metadata."""
    data = encode({"x": np.arange(3.0), "n": 2})
    np.testing.assert_array_equal(safetensors.numpy.load(data)["0"], np.arange(3.0))
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert json.loads(header["__metadata__"]["tree"]) == {"dict": [["x", {"array": "0"}], ["n", 2]]}


class HasArray:
    """Something like a torch tensor: numpy would take it."""

    def __array__(self) -> np.ndarray:
        raise AssertionError("the encoder ran foreign code")


class Index:
    def __index__(self) -> int:
        raise AssertionError("the encoder ran foreign code")


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def cyclic_dict() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = (loop,)
    return loop


RAGGED = np.array([[1.0], [1.0, 2.0]], dtype=object)
REFUSED = {
    "complex array": (np.ones(2) * 1j, "an array of dtype complex128"),
    "complex": (1j, "a value of type complex"),
    "numpy complex": (np.complex64(1), "a value of type complex64"),
    "ragged": (RAGGED, "a ragged or mixed array (dtype object)"),
    "objects": (np.array([None, "a"], object), "a ragged or mixed array (dtype object)"),
    "0-d object": (np.array(None, object), "a ragged or mixed array (dtype object)"),
    "dates": (np.array(["2024-01-01"], "datetime64[D]"), "an array of dtype datetime64[D]"),
    "timedelta": (np.timedelta64(1, "s"), "a value of type timedelta"),
    "timedeltas": (np.ones(1, "timedelta64[s]"), "an array of dtype timedelta64[s]"),
    "bytes array": (np.array([b"ab"]), "an array of dtype |S2"),
    "structured": (np.zeros(1, [("a", "f8")]), "an array of dtype [('a', '<f8')]"),
    "big integer": (2**70, "an integer of more than 64 bits"),
    "just too big": (2**64, "an integer of more than 64 bits"),
    "just too small": (-(2**63) - 1, "an integer of more than 64 bits"),
    "big key": ({2**70: 1}, "an integer of more than 64 bits"),
    "generator": ((n for n in "ab"), "a value of type generator"),
    "range": (range(3), "a value of type range"),
    "set": ({1, 2}, "a value of type set"),
    "bytes": (b"ab", "a value of type bytes"),
    "fraction": (Fraction(1, 2), "a value of type Fraction"),
    "function": (len, "a value of type builtin_function_or_method"),
    "class": (Point, "a value of type type"),
    "object": (object(), "a value of type object"),
    "array-like": (HasArray(), "a value of type HasArray"),
    "index-like": (Index(), "a value of type Index"),
    "inside": ({"a": [1, (2, {3})]}, "a value of type set"),
    "the first of two": ([1j, {3}], "a value of type complex"),
    "tuple keys": ({(1, 2): 3}, "a dict with a key of type tuple"),
    "float keys": ({1.5: 3}, "a dict with a key of type float"),
    "None as a key": ({None: 3}, "a dict with a key of type NoneType"),
    "too deep": (nest(MAX_DEPTH + 1), f"something nested more than {MAX_DEPTH} deep"),
    "too deep in tuples": (nest(MAX_DEPTH + 1, lambda t: (t,)), f"something nested more than {MAX_DEPTH} deep"),
    "too deep in dicts": (nest(MAX_DEPTH + 1, lambda t: {"a": t}), f"something nested more than {MAX_DEPTH} deep"),
    "endlessly deep": (nest(100_000), f"something nested more than {MAX_DEPTH} deep"),
    "cyclic": (cyclic(), f"something nested more than {MAX_DEPTH} deep"),
    "cyclic dict": (cyclic_dict(), f"something nested more than {MAX_DEPTH} deep"),
    "too many": ([0.0] * MAX_NODES, f"more than {MAX_NODES} single values that are no arrays"),
    "too many words": (np.array(["a"] * MAX_NODES), f"more than {MAX_NODES} single values that are no arrays"),
}
if np.dtype(np.longdouble).itemsize > 8:  # on some machines it is float64 by another name
    REFUSED |= {
        "longdouble": (np.ones(2, np.longdouble), f"an array of dtype {np.dtype(np.longdouble)}"),
        "longdouble scalar": (np.longdouble(1), f"an array of dtype {np.dtype(np.longdouble)}"),
    }


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_it_is(name: str) -> None:
    """What cannot travel is refused with exactly the words that a student will read, and without running its code."""
    value, message = REFUSED[name]
    with pytest.raises(NotATree) as caught:
        encode(value)
    assert str(caught.value) == message


LARGEST = {
    "lists": nest(MAX_DEPTH),
    "tuples": nest(MAX_DEPTH, lambda tree: (tree,)),
    "dicts": nest(MAX_DEPTH, lambda tree: {"a": tree}),
    "nodes": [0.0] * (MAX_NODES - 1),
    "integer": 2**64 - 1,
    "negative integer": -(2**63),
}


@pytest.mark.parametrize("name", LARGEST)
def test_limits_are_the_same_both_ways(name: str) -> None:
    """The deepest, the largest and the greatest that may be sent is received, too."""
    assert decode(encode(LARGEST[name])) == LARGEST[name]


def test_limits() -> None:
    """The limits are those that both sides of the wall were built with."""
    assert (MAX_DEPTH, MAX_NODES, MAX_INT) == (20, 100_000, 2**63)


def test_a_tree_that_branches_out_is_refused_quickly() -> None:
    """A few lists that hold each other twice are 2**20 nodes: refused before they are walked through."""
    tree: Tree = 0
    for _ in range(MAX_DEPTH):
        tree = [tree, tree]
    start = time.perf_counter()
    with pytest.raises(NotATree, match="more than 100000"):
        encode(tree)
    assert time.perf_counter() - start < 2


def test_encoding_changes_nothing() -> None:
    """The tree that is encoded stays as it was, its arrays' memory too."""
    array = np.arange(4.0)[::2]
    tree = {"a": [array], "b": (1,)}
    encode(tree)
    assert tree["a"] == [array] and tree["b"] == (1,) and array.strides == (16,)


def test_decoded_arrays_are_fresh_and_writable() -> None:
    """A function may work on what it gets: it changes neither the bytes nor what was encoded."""
    original = np.arange(3.0)
    data = encode([original, original])
    kept = bytes(data)
    first, second = decode(data)
    first[:] = -1
    assert data == kept
    np.testing.assert_array_equal(second, [0, 1, 2])
    np.testing.assert_array_equal(original, [0, 1, 2])
    assert first.flags.owndata and first.flags.c_contiguous


VALID = encode({"x": np.arange(6.0).reshape(2, 3), "names": ["a", ("b", None)], "n": 3, 4: np.array([True])})


def only_malformed(data: bytes) -> None:
    """Decoding `data` gives a tree or MalformedBytes, whatever it is."""
    try:
        decode(data)
    except MalformedBytes as error:
        assert str(error).startswith("not a tree: ") and len(str(error)) <= 200


@quick
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    """Noise raises MalformedBytes and nothing else."""
    with pytest.raises(MalformedBytes, match="not a tree: "):
        decode(data)


def test_truncations() -> None:
    """A file that ends too early is no tree, wherever it ends."""
    for length in range(len(VALID)):
        with pytest.raises(MalformedBytes):
            decode(VALID[:length])


def test_bytes_after_the_end() -> None:
    """Nothing may follow the tree."""
    with pytest.raises(MalformedBytes):
        decode(VALID + b"\0")


@settings(quick, max_examples=300)
@given(st.lists(st.integers(0, 8 * len(VALID) - 1), min_size=1, max_size=4))
def test_bit_flips(flips: list[int]) -> None:
    """A damaged file gives a tree (the damage may lie in a number) or MalformedBytes."""
    damaged = bytearray(VALID)
    for bit in flips:
        damaged[bit // 8] ^= 1 << bit % 8
    only_malformed(bytes(damaged))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("0"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["array", "tuple", "dict", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(quick, max_examples=150)
@given(
    json_values,
    st.sampled_from(["F64", "F32", "BOOL", "I8", "C64", "BF16", "F4", "F8_E4M3", "X", 3, None]),
    st.lists(st.integers(-1, 2**66) | st.integers(0, 3), max_size=3),
    st.integers(-1, 2**65) | st.integers(0, 16),
)
def test_forged_files(skeleton: Any, dtype: Any, shape: list[int], size: int) -> None:
    """A well-formed file with any skeleton, dtype, shape and size in it gives a tree or MalformedBytes."""
    only_malformed(forged(skeleton, {"0": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, bytes(8)))


HOSTILE = {
    "header of 2**64 bytes": b"\xff" * 8 + b"{}",
    "no metadata": (2).to_bytes(8, "little") + b"{}",
    "metadata is a list": forged(0).replace(b'{"tree": "0"}', b'["tree", "0"]'),
    "skeleton is no JSON": forged("nope"),
    "deep JSON": forged("[" * 100_000 + "]" * 100_000),
    "deep JSON, never closed": forged("[" * 100_000),
    "deep skeleton": forged(nest(MAX_DEPTH + 1)),
    "deep in tuples": forged(nest(MAX_DEPTH + 1, lambda tree: {"tuple": [tree]})),
    "deep in dicts": forged(nest(MAX_DEPTH + 1, lambda tree: {"dict": [["a", tree]]})),
    "many nodes": forged([0] * MAX_NODES),
    "huge integer": forged(10**400),
    "integer that Python will not parse": forged("9" * 5000),
    "integer of 65 bits": forged(2**64),
    "negative integer of 65 bits": forged(-(2**63) - 1),
    "unknown node": forged({"pickle": "gASVAAAA"}),
    "node of two kinds": forged({"tuple": 3}),
    "pairs that are none": forged({"dict": [[1, 2, 3]]}),
    "key that is a list": forged({"dict": [[[1], 2]]}),
    "key of 65 bits": forged({"dict": [[2**64, 1]]}),
    "key that is a fraction": forged({"dict": [[0.5, 1]]}),
    "keys of one hash": forged({"dict": [[number * (2**61 - 1), 0] for number in range(10_000)]}),
    "array that is not there": forged({"array": "0"}),
    "array with a list for a name": forged({"array": ["0"]}),
    "shape larger than its bytes": forged({"array": "0"}, tensor("F64", [10**6], 8), bytes(8)),
    "shape that overflows": forged({"array": "0"}, tensor("F64", [2**63, 2**63], 8), bytes(8)),
    "empty and yet huge": forged({"array": "0"}, tensor("F64", [0, 2**63], 0)),
    "65 axes": forged({"array": "0"}, tensor("F64", [1] * 65, 8), bytes(8)),
    "negative size": forged({"array": "0"}, tensor("F64", [-1], 8), bytes(8)),
    "complex numbers": forged({"array": "0"}, tensor("C64", [1], 8), bytes(8)),
    "bfloat16": forged({"array": "0"}, tensor("BF16", [4], 8), bytes(8)),
    "one array a thousand times": forged([{"array": "0"}] * 1000, tensor("F64", [1], 8), bytes(8)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str) -> None:
    """Every trick that we know raises MalformedBytes: nothing is allocated, walked or returned on its word."""
    with pytest.raises(MalformedBytes, match=r"^not a tree: "):
        decode(HOSTILE[name])


def test_the_forger_makes_valid_files_too() -> None:
    """The hostile files above are refused for their trick, not for a slip of the test's own."""
    good = forged([{"array": "0"}, {"dict": [["a", {"tuple": [1]}]]}], tensor("F64", [1], 8), bytes(8))
    assert same(decode(good), [np.zeros(1), {"a": (1,)}])
    assert same(decode(forged({"array": "0"}, tensor("F64", [1] * 64, 8), bytes(8))), np.zeros([1] * 64))


def test_the_error_says_what_was_wrong() -> None:
    """MalformedBytes names the trouble in one short line, without the trace of what was tried."""
    with pytest.raises(MalformedBytes, match=r"^not a tree: ValueError: an array of dtype complex64$") as caught:
        decode(HOSTILE["complex numbers"])
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    for name, message in (
        ("many nodes", "too deep or too large"),
        ("integer of 65 bits", "an integer of more than 64 bits"),
        ("unknown node", "an unknown kind of node"),
    ):
        with pytest.raises(MalformedBytes, match=f"^not a tree: ValueError: {message}$"):
            decode(HOSTILE[name])


def test_copy_reaches_nothing_of_the_original() -> None:
    """Arrays, lists and dicts of a copy are its own, at every depth; what it holds is the same."""
    original = {"a": np.arange(3.0), "b": [np.ones(2), {"c": [1, 2]}], "d": (np.zeros(1),), "e": "text"}
    kept = decode(encode(original))
    copied = trees.copy(original)
    assert same(copied, original)
    copied["a"][0] = 9
    copied["b"][0][:] = 9
    copied["b"][1]["c"].append(3)
    copied["b"].append(4)
    copied["d"][0][0] = 9
    copied["f"] = 1
    assert same(original, kept)


def test_copy_of_a_view_owns_its_memory() -> None:
    """A copied view shares nothing with its base, and a read-only array becomes writable."""
    base = np.arange(6.0)
    base.flags.writeable = False
    view = trees.copy({"v": base[::2]})["v"]
    view[:] = 7
    np.testing.assert_array_equal(base, np.arange(6.0))


def test_copy_makes_namedtuples_plain() -> None:
    """A copy holds plain tuples, lists and dicts, as if it had crossed the wall."""
    assert type(trees.copy(Point(1, 2))) is tuple


@quick
@given(nested)
def test_copies_are_the_same(tree: Tree) -> None:
    """A copy equals its original, whatever that is."""
    assert same(trees.copy(tree), tree)


NAN = float("nan")
PAIRS = {
    "type of number": (1, 1.0),
    "bool and int": (True, 1),
    "tuple and list": ((1,), [1]),
    "length": ([1], [1, 1]),
    "entry": ([1, [2]], [1, [3]]),
    "shorter tuple": ((1, 2), (1,)),
    "dtype": (np.ones(2), np.ones(2, np.float32)),
    "dtype alone": (np.zeros(2), np.zeros(2, np.int64)),
    "shape": (np.ones(2), np.ones((1, 2))),
    "number": (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
    "sign of zero": (np.array([0.0]), np.array([-0.0])),
    "key": ({"a": 1}, {"b": 1}),
    "value": ({"a": np.ones(1)}, {"a": np.zeros(1)}),
    "key added": ({"a": 1}, {"a": 1, "b": 2}),
    "order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "array and number": (np.array(1.0), 1.0),
    "array and list": (np.array([1.0]), [1.0]),
    "text": ("a", "b"),
    "None and zero": (None, 0),
    "NaN and number": (NAN, 1.0),
}


@pytest.mark.parametrize("name", PAIRS)
def test_not_the_same(name: str) -> None:
    """Trees that differ in anything are not the same, whichever is named first."""
    a, b = PAIRS[name]
    assert same(a, a) and same(b, b)
    assert not same(a, b) and not same(b, a)


def test_nan_is_the_same_as_itself() -> None:
    """NaN does not make a tree differ from its own copy."""
    assert same({"a": [NAN, np.array([NAN])]}, {"a": [float("nan"), np.array([NAN])]})


def test_layout_does_not_make_a_difference() -> None:
    """Two arrays are the same if their numbers are, in whatever order they lie in memory."""
    a = np.arange(6.0).reshape(2, 3)
    assert same(a, np.asfortranarray(a))
