"""The visible cases of an assignment as one file, `checks.safetensors`, that needs no unpickling and no spec."""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from grader import trees
from grader.answers import Answer
from grader.compare import Case, Output, Question
from grader.selfcheck import SNAPSHOT
from grader.trees import Tree

VERSION = 3


class UnreadableSnapshot(ValueError):
    """A file that holds no cases; the message says why and what to do."""


def write(path: Path, questions: Sequence[Question]) -> None:
    """Write the questions to `path`, all or nothing: the same bytes for the same questions."""
    data = trees.encode({"version": VERSION, "questions": [as_tree(question) for question in questions]})
    unfinished = path.with_name(f"{path.name}.part")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def as_tree(question: Question) -> Tree:
    """The question without our classes; what stands for an argument, a Seed or a Given, is a tree and stays."""
    cases = [
        vars(case) | {"mistaken": {name: vars(answer) for name, answer in case.mistaken.items()}}
        for case in question.cases
    ]
    return vars(question) | {"outputs": [vars(output) for output in question.outputs], "cases": cases}


def beside(folder: Path) -> Path:
    """Where the cases for a notebook in `folder` are: beside it, or, for an instructor's, beside the students' one."""
    students = folder.parent.parent / "assignments" / folder.name / SNAPSHOT
    own = folder / SNAPSHOT
    return students if folder.parent.name == "solutions" and students.exists() and not own.exists() else own


def read(path: Path) -> dict[str, Question]:
    """The questions in `path` by their functions' names, in the notebook's order; raises UnreadableSnapshot."""
    again = f"copy {path.name} again from the assignment's folder to where the notebook is"
    try:
        version, questions = _parsed(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableSnapshot(f"{path.name} is not in {path.parent}: {again}") from None
    except OSError as error:
        raise UnreadableSnapshot(f"{path.name} cannot be read: {error.strerror}: {again}") from None
    except (trees.MalformedBytes, TypeError, KeyError):
        raise UnreadableSnapshot(f"{path.name} is damaged: {again}") from None
    if version != VERSION:
        raise UnreadableSnapshot(
            f"{path.name} has version {version}, and this `unrolled` reads version {VERSION}: "
            "install the course's current `unrolled`, and take the assignment's current folder"
        )
    return {question.name: question for question in questions}


@lru_cache(maxsize=4)  # a kernel checks with the same file again and again
def _parsed(data: bytes) -> tuple[int, tuple[Question, ...]]:
    """The file's version, and its questions if it is ours."""
    tree = trees.decode(data)
    questions = tree["questions"] if tree["version"] == VERSION else []
    return tree["version"], tuple(map(_question, questions))


def _question(tree: Tree) -> Question:
    outputs = tuple(Output(**output) for output in tree["outputs"])
    cases = tuple(_case(case) for case in tree["cases"])
    return Question(**tree | {"outputs": outputs, "cases": cases})


def _case(tree: Tree) -> Case:
    return Case(**tree | {"mistaken": {name: Answer(**answer) for name, answer in tree["mistaken"].items()}})
