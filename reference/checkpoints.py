"""One file that holds what a program needs to go on: written whole or not at all, and read without unpickling.

The file is safetensors: arrays as raw bytes, and in its metadata a JSON text that says where in the tree of dicts,
lists and numbers they stand, with a digest of everything, so that a changed byte is noticed.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

_KEY = "checkpoint"  # a single one: the order of several is left to chance, and equal trees should be equal files
_ARRAY = "__array__"
_MAX_DEPTH = 20

Tree = Any  # dict by str | list | str | int | float | bool | None | ndarray of numbers, nested
Arrays = dict[str, npt.NDArray[Any]]


def write(path: Path, tree: Tree) -> None:
    """Put `tree` at `path`, in place of what was there; whoever reads finds the one or the other, never a mixture.

    It is written next to it and renamed when it has reached the disk. Of a write that was cut short `path`.part is
    left, which the next one overwrites.
    """
    arrays: Arrays = {}
    skeleton = json.dumps(_packed(tree, arrays, _MAX_DEPTH))
    metadata = json.dumps({"tree": skeleton, "sha256": _digest(skeleton, arrays)})
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(safetensors.numpy.save(arrays, {_KEY: metadata}))
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)


def read(path: Path) -> Tree:
    """The tree at `path`, bit for bit; ValueError for anything that `write` has not written, or that was changed."""
    data = path.read_bytes()
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = json.loads(header["__metadata__"][_KEY])
        arrays: Arrays = safetensors.numpy.load(data)
        if metadata["sha256"] != _digest(metadata["tree"], arrays):
            raise ValueError("its digest is another")
        return _unpacked(json.loads(metadata["tree"]), arrays)
    except (KeyError, TypeError, ValueError, RecursionError, safetensors.SafetensorError) as error:
        raise ValueError(f"{path} is no checkpoint, or a damaged one: {type(error).__name__}: {error}"[:300]) from error


def _digest(skeleton: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(skeleton.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape} ".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _packed(tree: Tree, arrays: Arrays, depth: int) -> Tree:
    """The tree with references to `arrays` in place of its arrays."""
    if not depth:
        raise ValueError(f"the tree is nested more than {_MAX_DEPTH} deep")
    match tree:
        case np.ndarray() if tree.dtype.kind in "biuf":
            name = str(len(arrays))
            arrays[name] = np.ascontiguousarray(tree, tree.dtype.newbyteorder("=")).reshape(tree.shape)
            return {_ARRAY: name}
        case dict() if all(isinstance(key, str) and key != _ARRAY for key in tree):
            return {key: _packed(value, arrays, depth - 1) for key, value in tree.items()}
        case list():
            return [_packed(value, arrays, depth - 1) for value in tree]
        case None | bool() | int() | float() | str():
            return tree
    raise ValueError(f"the tree holds {tree!r:.80}, which has no place in a checkpoint")


def _unpacked(tree: Tree, arrays: Arrays) -> Tree:
    match tree:
        case {"__array__": name}:
            return np.array(arrays[name])
        case dict():
            return {key: _unpacked(value, arrays) for key, value in tree.items()}
        case list():
            return [_unpacked(value, arrays) for value in tree]
    return tree
