"""How the functions of 10-classification are asked that refuse something, and those that write and read files.

A model goes through a file in a new folder, in whatever format the notebook's own functions agree on. To see whether
reading a file runs what is in it, traps are laid: pickles that make a folder when they are unpickled.
"""

import contextlib
import io
import os
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader.drives import Drive, Inputs, companion
from grader.trees import Tree

_NAME = "headlines.model"  # numpy would like to add something to it
_SIDES = ("pre", "post")
_FATES = ("refused with a ValueError", "refused with another exception", "read as if they were a model", "run")
_REFUSED, _FAILED, _READ, _RUN = range(4)  # from good to bad


def _padded(pad_sequences: Callable[..., Tree], *inputs: Tree) -> Tree:
    """What comes back; for a padding or truncating that there is not, "a ValueError" if it is refused with one."""
    if all(side in _SIDES for side in inputs[2:]):
        return pad_sequences(*inputs)
    try:
        return pad_sequences(*inputs)
    except ValueError:
        return "a ValueError"


def _saved(save_model: Any, params: Tree, vocabulary: Tree) -> Tree:
    """Which files there are after a save, and what the notebook's own load_model makes of the one asked for.

    Matrices lie in memory column by column, as transposed ones do.
    """
    params = {name: np.asfortranarray(array) if array.ndim == 2 else array for name, array in params.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, _NAME)
        save_model(path, params, vocabulary)
        files = sorted(os.listdir(folder))
        return {"files": files[:10], "loaded": _loaded(companion(save_model, "load_model"), path)}


def _loaded(load_model: Callable[[str], Tree], path: str) -> Tree:
    """[params, vocabulary], or the name of the exception."""
    try:
        found = load_model(path)
    except NotImplementedError:
        raise  # a stub: it is not done yet
    except Exception as error:
        return type(error).__name__
    return list(found) if isinstance(found, tuple) else found


def _read_saved(inputs: Inputs, value: Tree) -> Tree:
    """files, loading, params, dtypes and vocabulary."""
    match value:
        case {"files": files, "loaded": str(exception)}:
            return files, f"raises {exception}"[:80], {}, {}, []
        case {"files": files, "loaded": loaded}:
            return files, "works", *_read_model(loaded)
    raise ValueError("returns something that makes no sense here")


def _read_back(load_model: Any, params: Tree, vocabulary: Tree) -> Tree:
    """What comes out of a file that the notebook's own save_model wrote; and how each trap fares."""
    save_model = companion(load_model, "save_model")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, _NAME)
        save_model(path, params, vocabulary)
        found = load_model(path)
        loaded = list(found) if isinstance(found, tuple) else found
        written = Path(path).read_bytes() if os.path.exists(path) else b""
        marker = os.path.join(folder, "it ran")
        fates = [_fate(load_model, path, trap, marker) for trap in _traps(marker, written)]
    return {"loaded": loaded, "pickles": max(fates)}


def _read_loaded(inputs: Inputs, value: Tree) -> Tree:
    """params, dtypes, vocabulary, pickles and runs_nothing."""
    match value:
        case {"loaded": loaded, "pickles": int(fate)} if 0 <= fate < len(_FATES):
            return *_read_model(loaded), _FATES[fate], fate != _RUN
    raise ValueError("returns something that makes no sense here")


def _read_model(loaded: Tree) -> tuple[Tree, Tree, Tree]:
    """params, their dtypes and shapes as text, and the vocabulary as pairs, so that their order counts."""
    match loaded:
        case [dict(params), dict(vocabulary)]:
            dtypes = {name: _dtype(value) for name, value in params.items()}
            return params, dtypes, [[word, number] for word, number in vocabulary.items()]
        case list():
            kinds = ", ".join(type(part).__name__ for part in loaded[:4])
            raise ValueError(f"gives back ({kinds}), where two dicts are expected: params, vocabulary")
    raise ValueError(f"gives back one {type(loaded).__name__}, where two dicts are expected: params, vocabulary")


def _dtype(value: Tree) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    return f"a Python {type(value).__name__}"


class _Trap:
    """Unpickled, it makes the folder `marker`."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.marker,)


def _traps(marker: str, written: bytes) -> list[bytes]:
    """A plain pickle, one inside of a .npy file, and one in each .npy file of an archive, if the model is one."""
    file = io.BytesIO()
    np.save(file, np.array([_Trap(marker)], object), allow_pickle=True)
    array, traps = file.getvalue(), [pickle.dumps(_Trap(marker)), file.getvalue()]
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(written)) as archive:
        names = archive.namelist()
        if any(name.endswith(".npy") for name in names):
            traps.append(_archive({name: array if name.endswith(".npy") else archive.read(name) for name in names}))
    return traps


def _archive(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


def _fate(load_model: Callable[[str], Tree], path: str, trap: bytes, marker: str) -> int:
    """What becomes of a trap, as its place in _FATES."""
    Path(path).write_bytes(trap)
    fate = _READ
    try:
        load_model(path)
    except Exception as error:
        fate = _REFUSED if isinstance(error, ValueError) else _FAILED
    if os.path.exists(marker):
        os.rmdir(marker)
        fate = _RUN
    return fate


padding = Drive(ask=_padded)
saving = Drive(ask=_saved, read=_read_saved, companions=("load_model",))
loading = Drive(ask=_read_back, read=_read_loaded, companions=("save_model",))
