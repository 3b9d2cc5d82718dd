"""What reads a stranger's bytes: it keeps its promises whatever the bytes are, and so in bounded time and memory.

The promises themselves are in grader/fuzz/targets.py. Here they are tried on what once broke one, or might; on what
Hypothesis makes of honest inputs; and, for some seconds each, on what atheris finds.
"""

import gzip
import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import notebook, trees
from grader.fuzz.mutators import MUTATORS
from grader.fuzz.seeds import SEEDS
from grader.fuzz.targets import TARGETS
from grader.notebook import UnreadableNotebook
from grader.tests.archives import pax, tar_info, tar_of, zipped

SECONDS = 5


def nb(*cells: str, metadata: str = "{}") -> bytes:
    """A notebook with these cells, as text."""
    text = f'{{"nbformat": 4, "metadata": {metadata}, "cells": [{",".join(cells)}]}}'
    return text.encode("utf-8", "surrogatepass")


def code(source: str = '"x = 1"', metadata: str = "{}") -> str:
    """A cell of a student's own, whose text and metadata are JSON."""
    return f'{{"cell_type": "code", "source": {source}, "metadata": {metadata}}}'


def forged(skeleton: str) -> bytes:
    """A tree without arrays, whose skeleton is this text."""
    header = json.dumps({"__metadata__": {"tree": skeleton}}).encode()
    return len(header).to_bytes(8, "little") + header


def _typed(dtype: str) -> bytes:
    """A tree with an array of a dtype that the reader's error will quote."""
    array = {"dtype": dtype, "shape": [1], "data_offsets": [0, 8]}
    header = json.dumps({"__metadata__": {"tree": '{"array": "0"}'}, "0": array}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


MILLION_DIGITS = "9" * 10**6
ODD_NOTEBOOKS = {
    "version of 400 digits": b'{"nbformat": 1%s, "cells": []}' % (b"0" * 400),
    "version of a million digits": b'{"nbformat": %s, "cells": []}' % MILLION_DIGITS.encode(),
    "version that is infinite": b'{"nbformat": 1e999, "cells": []}',
    "version that is true": b'{"nbformat": true, "cells": []}',
    "huge integer": nb(metadata=MILLION_DIGITS),
    "huge float": nb(code(metadata='{"tags": 1e999, "nbgrader": -1e999}')),
    "NaN": nb(code(metadata='{"nbgrader": NaN, "tags": [NaN, Infinity, -Infinity]}')),
    "deep": nb(metadata="[" * 10**5 + "]" * 10**5),
    "deep and open": b"[" * 10**6,
    "deep objects": b'{"a":' * 10**5,
    "as deep as can be read": nb(code(metadata='{"tags": ' + "[" * 700 + "]" * 700 + "}")),
    "half a pair": nb(code(r'"x = \"\ud800\""')),
    "half a pair, in bytes": nb(code('"\ud800"')),
    "half a pair for a name": nb(code(metadata=r'{"nbgrader": {"grade_id": "\udfff"}}')),
    "same key twice": b'{"nbformat": 3, "nbformat": 4, "cells": 3, "cells": []}',
    "BOM": b"\xef\xbb\xbf" + nb(),
    "UTF-16": nb().decode().encode("utf-16"),
    "UTF-32": nb().decode().encode("utf-32"),
    "half a UTF-16": nb().decode().encode("utf-16")[:-1],
    "NUL": nb(code(r'"x = \"\u0000\""')),
    "NUL, bare": nb() + b"\0",
    "no UTF-8": nb().replace(b"4", b'4, "\xff": 1'),
    "many cells": nb(*[code()] * notebook.MAX_CELLS),
    "too many cells": nb(*[code()] * 20_000),
    "one cell of 1 MB": nb(code(json.dumps("x = 1\n" * 180_000))),
    "a hundred thousand lines": nb(code(json.dumps(["\n"] * 10**5))),
    "ANSI and directions": nb(code(r'"x = \"\u001b[31m\u202e\u2066\""')),
    "line separators": nb(code(r'"x = 1\u2028y\u0085\u000c"')),
    "source of a dict": nb(code('{"a": 1}')),
    "metadata of none": nb(code(metadata="null")),
}


@pytest.mark.parametrize("name", ODD_NOTEBOOKS)
def test_odd_notebooks(name: str) -> None:
    """Each is read, rebuilt, annotated and written, or refused in one short line."""
    TARGETS["notebook"](ODD_NOTEBOOKS[name])


READ = ["huge float", "NaN", "half a pair", "same key twice", "BOM", "UTF-16", "many cells", "one cell of 1 MB"]


@pytest.mark.parametrize("name", READ)
def test_odd_notebooks_that_are_read(name: str) -> None:
    """What is odd but means something is graded, so that the tests above are not all about one refusal."""
    assert notebook.parse(ODD_NOTEBOOKS[name], "rnn.ipynb")["nbformat"] == 4


ODD_REPLIES = {
    "integer of a million digits": forged(MILLION_DIGITS),
    "integer of a million digits for a key": forged(f'{{"dict": [[{MILLION_DIGITS}, 1]]}}'),
    "huge float": forged("[1e999, -1e999, NaN]"),
    "deep": forged("[" * 10**5),
    "float for a key": forged('[{"dict": [[1.5, 2]]}, "", [], false]'),
    "NaN for a key": forged('{"dict": [[NaN, 2], [NaN, 3]]}'),
    "None for a key": forged('{"dict": [[null, 2]]}'),
    "tuple for a key": forged('{"dict": [[{"tuple": [1]}, 2]]}'),
    "seed for a key": forged('{"dict": [[{"seed": 1}, 2]]}'),
    "seed that is true": forged('{"seed": true}'),
    "the same key twice": forged('{"dict": [["a", 1], ["a", 2], [1, 1], [true, 2]]}'),
    "half a pair": forged(r'["\ud800", "\udc00", [], true]'),
    "names that are half a pair": forged(r'[null, "", ["\ud800"], false]'),
    "NUL": forged(r'["\u0000", "\u0000", [], true]'),
    "a generator that is none": forged('{"rng": "[[[["}'),
    "three kinds at once": forged('{"array": "0", "tuple": [], "dict": []}'),
    "dtype of many lines": _typed("F\n\x1b[31m\n64"),
    "long text": forged(json.dumps(["x" * 10**6, "y" * 10**6, ["z" * 10**6] * 3, False])),
}


@pytest.mark.parametrize("name", ODD_REPLIES)
def test_odd_replies(name: str) -> None:
    """Each is judged like any other answer, or is MalformedBytes; and what is read is a tree, which can travel on."""
    TARGETS["reply"](ODD_REPLIES[name])


ODD_ARCHIVES = {
    "member without a name": zipped({"": b"{}"}),
    "zip in a zip": zipped({"ada/rnn.ipynb": zipped({"bob/rnn.ipynb": b"{}"})}),
    "gzip of gzip": gzip.compress(gzip.compress(b"x")),
    "gzip with a tail": gzip.compress(tar_of(tar_info("ada/rnn.ipynb"))) + b"tail",
    "two gzips": gzip.compress(tar_of(tar_info("ada/rnn.ipynb"))) * 2,
    "gzip bomb": gzip.compress(bytes(60 * 2**20)),
    "negative size": tar_of(tar_info("ada/rnn.ipynb", size=-1024)),
    "size of pax": pax(b"30 size=99999999999999999999\n") + tar_of(tar_info("ada/rnn.ipynb")),
    "pax without a number": pax(b" path=a\n"),
    "pax with a negative number": pax(b"-9 path=a\n"),
    "pax with a name in Latin 1": pax(b"17 path=\xe9/rnn.ip\n") + tar_of(tar_info("ada")),
    "long name without an end": tar_of(tar_info("x", tarfile.GNUTYPE_LONGNAME, 3), b"abc"),
    "long names for ever": tar_of(*[tar_info("x", tarfile.GNUTYPE_LONGNAME)] * 1_000),
    "a volume of many": tar_of(tar_info("ada/rnn.ipynb", b"M", 3), b"abc"),
    "time of no year": pax(b"30 mtime=99999999999999999999\n") + tar_of(tar_info("ada")),
}


@pytest.mark.parametrize("name", ODD_ARCHIVES)
def test_odd_archives(name: str) -> None:
    """Each gives members, or says in one line from where on it is damaged."""
    TARGETS["tar"](ODD_ARCHIVES[name])


ODD_GENERATORS = [
    b'{"bit_generator": "PCG64", "state": {"state": 1, "inc": 1}, "has_uint32": Infinity, "uinteger": 0}',
    b'{"bit_generator": "PCG64", "state": {"state": -1, "inc": 1e400}, "has_uint32": 0, "uinteger": 0}',
    b'{"bit_generator": "PCG64", "state": {"state": %s, "inc": 0}, "has_uint32": 9, "uinteger": 1}' % (b"9" * 400),
    b'{"bit_generator": "MT19937", "state": {"key": [1], "pos": 10000}}',
    b"[" * 10**5,
    b"\xff",
]


@pytest.mark.parametrize("state", ODD_GENERATORS)
def test_odd_generators(state: bytes) -> None:
    """A state that no generator has is an exception or a generator that works, never a crash of the grader."""
    TARGETS["generator"](state)


ODD_RECORDS = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"3",
    b'{"questions": 3}',
    b'{"questions": [3]}',
    b"\xff",
    b"{" * 900,
    b"[" * 100_000,
]


@pytest.mark.parametrize("record", ODD_RECORDS)
def test_odd_records(record: bytes) -> None:
    """A record of the journal that is damaged is no record: its submission is graded again."""
    TARGETS["record"](record)


_SPLICES = st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=9))  # where, how many bytes, by what
_CHANGES = st.lists(st.integers(0, 2**32) | _SPLICES, min_size=1, max_size=4)  # the integers seed a mutator


def _changed(target: str, data: bytes, change: int | tuple[float, int, bytes]) -> bytes:
    """The input with a change: by the target's own mutator, or of any bytes."""
    if isinstance(change, int):
        return MUTATORS[target](data, Random(change)) if target in MUTATORS else data
    where, length, new = change
    start = int(where * len(data))
    return data[:start] + new + data[start + length :]


@pytest.mark.parametrize("target", TARGETS)
def test_changed_inputs(target: str) -> None:
    """An honest input with some changes, of which a few pass the reader's first look, breaks no promise."""

    @settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(list(SEEDS[target]())) | st.binary(max_size=200), _CHANGES)
    def try_all(data: bytes, changes: list[int | tuple[float, int, bytes]]) -> None:
        for change in changes:
            data = _changed(target, data, change)
        TARGETS[target](data)

    try_all()


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_honest(target: str) -> None:
    """What the fuzzing begins with is read without complaint, so that its changes reach what lies behind."""
    read: dict[str, Callable[[bytes], Any]] = {
        "notebook": lambda data: notebook.parse(data, "rnn.ipynb"),
        "reply": trees.decode,
        "generator": json.loads,
        "packets": len,
        "record": json.loads,
    }
    for seed in SEEDS[target]():
        TARGETS[target](seed)
        assert target in ("zip", "tar") or read[target](seed)


SWELLING = {
    "lists": "[]",
    "dicts": "{}",
    "dicts of one": '{"":0}',
    "lists of one": "[0]",
    "floats": "0.5",
    "integers": "300",
    "texts": '"é"',
    "cells": '{"cell_type":"","source":""}',
}


@pytest.mark.parametrize("name", SWELLING)
def test_memory_of_notebooks(name: str) -> None:
    """Reading a notebook takes at most fifty times the memory that its bytes take, whatever they are."""
    data = nb(*[SWELLING[name]] * 50_000, "null")
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableNotebook, match="its cells are not a list of cells"):
            notebook.parse(data, "rnn.ipynb")
        assert tracemalloc.get_traced_memory()[1] < 50 * len(data)
    finally:
        tracemalloc.stop()


@pytest.fixture
def atheris_installed() -> None:
    """Skips where atheris is not to be had, but never in CI."""
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must fuzz: install atheris, which the extra [test] names")
        pytest.skip("atheris is not installed: there are builds of it for Linux on x86-64 only")


def _fuzz(findings: Path, target: str, script: tuple[str, ...] = ("-m", "grader.fuzz")) -> tuple[int, str]:
    """Exit status, and the end of what the fuzzer and Python say."""
    command = [sys.executable, *script, target, "--seconds", str(SECONDS), "--findings", str(findings)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60 * SECONDS)
    return done.returncode, done.stdout[-3_000:] + done.stderr[-3_000:]


@pytest.mark.parametrize("target", TARGETS)
def test_fuzzing_finds_nothing(target: str, tmp_path: Path, atheris_installed: None) -> None:
    """Some seconds of looking for bytes that break a promise; for longer, see grader/fuzz."""
    status, said = _fuzz(tmp_path, target)
    assert status == 0, said
    assert not [path.name for path in tmp_path.iterdir() if path.is_file()]


def test_fuzzing_would_find(tmp_path: Path, atheris_installed: None) -> None:
    """A reader that breaks on one byte value is found out, and the bytes are kept."""
    broken = "import sys; from grader.fuzz import __main__ as fuzz; sys.argv[0] = 'fuzz'\n"
    broken += "fuzz.TARGETS['packets'] = lambda data: 1 / (data[:1] != b'U')\nfuzz.main()"
    status, said = _fuzz(tmp_path, "packets", ("-c", broken))
    assert status != 0 and "ZeroDivisionError" in said
    (found,) = tmp_path.glob("packets-crash-*")
    assert found.read_bytes()[:1] == b"U"
