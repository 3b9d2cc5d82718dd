"""What exists in a sandbox: an allowlist of installed packages, this package's inside, and how Python is started.

Both kinds of isolation see the same: in bubblewrap's empty root the allowed files are mounted, without it a folder of
links to them is all that Python is told of. So what cannot be imported in one cannot be imported in the other.
"""

import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement

import grader
from grader.sandbox.inside.config import Config

_OURS = (
    "__init__.py",
    "trees.py",
    "answers.py",
    "given.py",
    "drives",
    "cells.py",
    "sandbox/inside",
)  # of the package grader; not sandbox/__init__.py
_ALWAYS = ("numpy", "safetensors")  # what those need
_PRELOADED = {  # word in a cell: what its zygote imports
    "matplotlib": ("matplotlib.pyplot",),
    "random": ("random", "numpy.random"),
    "rng": ("numpy.random",),
    "torch": ("torch",),
}
_SITE, _CODE = "site", "unrolled"  # the two folders on Python's path


class MissingPackage(Exception):
    """A package that the sandbox should offer is not installed here."""


def links(packages: Sequence[str]) -> dict[str, Path]:
    """Where in the sandbox (relative to its root) which of our files are to be seen."""
    home = Path(grader.__file__).parent
    ours = {f"{_CODE}/grader/{name}": home / name for name in _OURS}
    return ours | {f"{_SITE}/{path.name}": path for path in _allowed(packages) if path.exists()}


def environment(root: str, scratch: str) -> dict[str, str]:
    """All environment variables of the sandbox; nothing of ours is passed on."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    folders = dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), scratch)
    return {
        **threads,
        **folders,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "PYTHONPATH": f"{root}/{_CODE}:{root}/{_SITE}",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",  # a set's order, and with it a sum's last bit, is the same in every run
    }


def python() -> str:
    """The interpreter itself: a virtual environment's is a link to it."""
    return os.path.realpath(sys.executable)


def command(config: Config, control: int) -> list[str]:
    """How the zygote is started: without site-packages, the user's folder and the current one on its path."""
    return [python(), "-P", "-s", "-S", "-B", "-m", "grader.sandbox.inside.zygote", config.to_json(), str(control)]


def modules(sources: Sequence[str], packages: Sequence[str]) -> tuple[str, ...]:
    """What a zygote imports for cells with these sources: what costs time in every session that uses it."""
    words = {word for source in sources for word in re.findall(r"\w+", source)}
    wanted = [word for word in _PRELOADED if word in words and word in {*packages, "random", "rng"}]
    return ("numpy", *(module for word in wanted for module in _PRELOADED[word]))


def _allowed(packages: Sequence[str]) -> Iterator[Path]:
    for distribution in _closure([*_ALWAYS, *packages]):
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        if not tops:
            raise MissingPackage(f"{distribution.name} has no list of its files: install it with pip")
        yield from (Path(str(distribution.locate_file(top))).absolute() for top in sorted(tops))


def _closure(packages: Sequence[str]) -> list[Distribution]:
    """The distributions of `packages` and of all that they require, without extras."""
    found: dict[str, Distribution] = {}
    waiting = list(packages)
    while waiting:
        name = _normalized(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in map(_normalized, packages):
                raise MissingPackage(f"{name} is not installed here: install it, or do not ask for it") from None
            continue  # it is missing for everybody else here, too
        requirements = map(Requirement, found[name].requires or ())
        waiting += [r.name for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    return list(found.values())


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
