"""Trees to bytes and back: dict, list, tuple, str, int, float, bool, None and arrays; never a pickle.

The same bytes cross the sandbox's wall in both directions and lie in a student's `checks.safetensors`. Arrays
travel as raw buffers with a declared dtype and shape, the rest as a JSON skeleton in the file's metadata. An argument
that is no data, a random generator or a function, travels as a `Seed` or a `Given`, which say how to make it.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.numpy

Tree = Any  # dict | list | tuple | str | int | float | bool | None | np.ndarray | Seed | Given | RngState, nested

MAX_DEPTH = 20
MAX_NODES = 100_000
MAX_HEADER_BYTES = 64 * MAX_NODES  # what a skeleton may take: reading JSON costs far more memory than the text has
MAX_INT = 2**63
_KINDS = "biuf"  # numpy's kinds of dtype that may cross: bool, int, unsigned, float


@dataclass(frozen=True)
class Seed:
    """Stands for an argument that is a random generator: `numpy.random.default_rng(number)`, a fresh one each call."""

    number: int


@dataclass(frozen=True)
class Given:
    """Stands for an argument that is a function: `name` of grader/given.py, with `constants` as its last arguments."""

    name: str
    constants: dict[str, Tree]


@dataclass(frozen=True)
class RngState:
    """A random generator on its way to a right function and back, as text."""

    text: str


class NotATree(TypeError):
    """A value that cannot travel; the message says what it is, in words for the student who returned it."""


class MalformedBytes(ValueError):
    """Bytes that are no tree: truncated, too deep, or made by somebody who hoped for a crash."""


def encode(tree: Tree) -> bytes:
    """The bytes of `tree`; raises NotATree, which names the first value that cannot travel."""
    arrays: dict[str, np.ndarray] = {}
    skeleton = json.dumps(_pack(tree, arrays, [MAX_NODES], depth=0))
    if 2 * len(skeleton) > MAX_HEADER_BYTES:  # in the header its quotes are escaped, and the arrays are described
        raise NotATree("more text than can travel")
    return bytes(safetensors.numpy.save(arrays, metadata={"tree": skeleton}))


def decode(data: bytes) -> Tree:
    """The tree of `data`, with fresh writable arrays; raises MalformedBytes for anything else."""
    try:
        size = int.from_bytes(data[:8], "little")
        if size > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {size} bytes")
        skeleton = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["tree"])
        arrays = safetensors.numpy.load(bytes(data))
        return _unpack(skeleton, arrays, [MAX_NODES], depth=0)
    except Exception as error:
        text = f"not a tree: {type(error).__name__}: {error}"[:200]  # which may quote the bytes
        raise MalformedBytes("".join(c if c.isprintable() else "?" for c in text)) from None


def copy(tree: Tree) -> Tree:
    """A deep copy: the function that gets it cannot reach the original's arrays, lists or dicts."""
    match tree:
        case np.ndarray():
            return np.array(tree)
        case dict():
            return {key: copy(value) for key, value in tree.items()}
        case list():
            return [copy(value) for value in tree]
        case tuple():
            return tuple(copy(value) for value in tree)
        case Given():
            return Given(tree.name, copy(tree.constants))
        case _:
            return tree


def same(a: Tree, b: Tree) -> bool:
    """Are two trees equal bit for bit, types and NaNs included?"""
    if type(a) is not type(b):
        return False
    match a:
        case np.ndarray():
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        case dict():
            return list(a) == list(b) and all(same(value, b[key]) for key, value in a.items())
        case list() | tuple():
            return len(a) == len(b) and all(map(same, a, b))
        case Given():
            return bool(a.name == b.name and same(a.constants, b.constants))
        case _:
            return bool(a == b or (a != a and b != b))


def _pack(tree: Tree, arrays: dict[str, np.ndarray], budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if depth > MAX_DEPTH:
        raise NotATree(f"something nested more than {MAX_DEPTH} deep")
    if budget[0] < 0:
        raise NotATree(f"more than {MAX_NODES} single values that are no arrays")
    match tree:
        case None | bool() | str():
            return str(tree) if isinstance(tree, str) else tree
        case np.bool_() | np.integer():
            return _pack(tree.item(), arrays, budget, depth)  # a timedelta64 is an np.integer, and goes no further
        case np.float64():
            return float(tree)  # a list may hold thousands, which as arrays would take their time
        case np.floating():
            return _pack_array(np.asarray(tree), arrays)
        case int():
            if not -MAX_INT <= tree < 2 * MAX_INT:
                raise NotATree("an integer of more than 64 bits")
            return int(tree)
        case float():
            return float(tree)
        case np.ndarray() if tree.dtype.kind == "U":
            return _pack(tree.tolist(), arrays, budget, depth)
        case np.ndarray():
            return _pack_array(np.asarray(tree), arrays)
        case list():
            return [_pack(value, arrays, budget, depth + 1) for value in tree]
        case tuple():
            return {"tuple": [_pack(value, arrays, budget, depth + 1) for value in tree]}
        case dict():
            for key in tree:
                if not isinstance(key, str | int):
                    raise NotATree(f"a dict with a key of type {type(key).__name__}")
            return {"dict": [[_pack(part, arrays, budget, depth + 1) for part in item] for item in tree.items()]}
        case Seed():
            return {"seed": _pack(tree.number, arrays, budget, depth + 1)}
        case RngState():
            return {"rng": tree.text}
        case Given():
            return {"given": [tree.name, _pack(tree.constants, arrays, budget, depth + 1)]}
        case _:
            raise NotATree(f"a value of type {type(tree).__name__}")


def _pack_array(array: np.ndarray, arrays: dict[str, np.ndarray]) -> Any:
    if array.dtype.kind not in _KINDS or array.dtype.itemsize > 8:
        kind = "a ragged or mixed array (dtype object)" if array.dtype.hasobject else f"an array of dtype {array.dtype}"
        raise NotATree(kind)
    name = str(len(arrays))
    arrays[name] = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")).reshape(array.shape)
    return {"array": name}


def _unpack(skeleton: Any, arrays: dict[str, np.ndarray], budget: list[int], depth: int) -> Tree:
    budget[0] -= 1
    if depth > MAX_DEPTH or budget[0] < 0:
        raise ValueError("too deep or too large")
    match skeleton:
        case {"array": name}:
            array = arrays.pop(name)  # each but once, so that few bytes cannot become many
            if array.dtype.kind not in _KINDS:
                raise ValueError(f"an array of dtype {array.dtype}")
            return np.array(array)
        case {"tuple": list(values)}:
            return tuple(_unpack(value, arrays, budget, depth + 1) for value in values)
        case {"dict": list(pairs)}:
            entries = [[_unpack(part, arrays, budget, depth + 1) for part in (key, value)] for key, value in pairs]
            if not all(isinstance(key, str | int) for key, _ in entries):
                raise ValueError("a key that is neither text nor an integer")
            return dict(entries)  # of 64 bits at most: larger ones can be made to have the same hash, all of them
        case {"seed": int(number)} if 0 <= number < MAX_INT:
            return Seed(number)
        case {"rng": str(text)}:
            return RngState(text)
        case {"given": [str(name), {"dict": _} as constants]}:
            return Given(name, _unpack(constants, arrays, budget, depth + 1))
        case list():
            return [_unpack(value, arrays, budget, depth + 1) for value in skeleton]
        case int() if not -MAX_INT <= skeleton < 2 * MAX_INT:
            raise ValueError("an integer of more than 64 bits")
        case None | bool() | str() | int() | float():
            return skeleton
        case _:
            raise ValueError("an unknown kind of node")
