"""Honest inputs, small ones, from which fuzzing sets out."""

import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np

from grader import answers, trees
from grader.answers import Answer
from grader.fuzz.targets import SLUG, question, release
from grader.grade import Graded, Result
from grader.notebook import grade_id, has
from grader.sandbox.inside import wire
from grader.tests.archives import pax, tar_info, tar_of, tarred, zipped


def notebooks() -> Iterator[bytes]:
    """Few cells, so that a change meets one that matters: each answered cell, one of the student's own, a check."""
    cells = [cell for cell in release()["cells"] if has(cell, "solution")]
    checks = [cell for cell in release()["cells"] if grade_id(cell).startswith("check-")]
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": ["x = 1\n", "print(x)"]}
    for chosen in (cells[:2], [own, *cells[:1], checks[0]], [*cells[-2:], own], []):
        short = [cell | {"source": cell["source"][:3]} for cell in chosen]
        yield json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": short}).encode()


def replies() -> Iterator[bytes]:
    """Right, wrong and missing answers to a question, and one of each thing that a tree can hold."""
    case = question().cases[0]
    (right,) = case.expected
    odd = [np.float32(1), np.array([True]), (1, {"a": None, 2: "b"}), trees.Seed(3), trees.Given("f", {"a": 1}), [1.5]]
    for answer in (Answer(right), Answer(right + 1, changed=("x",)), Answer(problem="raises"), Answer(odd)):
        yield trees.encode(answer.to_tree())
    yield trees.encode(["rnn_cell_forward", list(case.inputs.values()), {}])


def generators() -> Iterator[bytes]:
    """The state of numpy's generator, and of another."""
    frozen = answers.freeze(np.random.default_rng(3))
    yield json.dumps(answers.state_of(frozen)).encode()  # type: ignore[arg-type]
    yield b'{"bit_generator": "PCG64", "state": {"state": 1, "inc": 1}, "has_uint32": 0, "uinteger": 0}'


def packets() -> Iterator[bytes]:
    """Sizes and packets: a message in one, a message in three."""
    for parts in ([b"\x08\x01answer"], [b"\x08\0one", b"\x08\0two", b"\x08\x01three"], [bytes([wire.Kind.END, 1])]):
        yield b"".join(bytes([len(part)]) + part for part in parts)


FILES = {
    "ada_1_2_rnn.ipynb": b"{}",
    "Bob_3_assignsubmission_file_/rnn.ipynb": b"[]" * 99,
    "x/": b"",
    "c/rnn.ipynb": b"",
}


def zips() -> Iterator[bytes]:
    """Stored, deflated, empty."""
    yield from (zipped(FILES, how) for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    yield zipped({})


def tars() -> Iterator[bytes]:
    """In each of the formats, packed and not, with long names, a link, and a pax header."""
    yield tarred(FILES)
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        yield tarred(FILES, "w", format).rstrip(b"\0") + bytes(2048)
    yield tar_of(tar_info("a", tarfile.GNUTYPE_LONGNAME, 4), b"long", tar_info("ada", tarfile.SYMTYPE))
    yield pax(b"12 path=a/b\n11 size=77\n") + tar_of(tar_info("ada/rnn.ipynb", size=3), b"abc")


def records() -> Iterator[bytes]:
    """A graded submission's, and one's that has no score."""
    graded = Graded("rnn_cell_forward", 2.0, 1.0, "1 of 2", "wrong", "no_shift", ("Look.",), printed="x")
    for result in (
        Result(
            SLUG, "ada", "0" * 64, {"key": "1"}, "none", (graded,), {"own cell 1": "SyntaxError"}, ("why",), ("odd",)
        ),
        Result(SLUG, "ada", "", {"key": "1"}, "none", problem="the notebook is empty"),
    ):
        yield json.dumps(asdict(result)).encode()


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "notebook": notebooks,
    "reply": replies,
    "generator": generators,
    "packets": packets,
    "zip": zips,
    "tar": tars,
    "record": records,
}
