"""The visible cases of an assignment as one file, `checks.safetensors`, that needs no unpickling and no spec."""

import os
from collections.abc import Sequence
from pathlib import Path

from grader import trees
from grader.answers import Answer
from grader.compare import Case, Output, Question
from grader.selfcheck import SNAPSHOT
from grader.trees import Tree

VERSION = 2


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
        tree = trees.decode(path.read_bytes())
        version = tree["version"]
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
    try:
        questions = [_question(tree) for tree in tree["questions"]]
    except (TypeError, KeyError):
        raise UnreadableSnapshot(f"{path.name} is damaged: {again}") from None
    return {question.name: question for question in questions}


def _question(tree: Tree) -> Question:
    outputs = tuple(Output(**output) for output in tree["outputs"])
    cases = tuple(_case(case) for case in tree["cases"])
    return Question(**tree | {"outputs": outputs, "cases": cases})


def _case(tree: Tree) -> Case:
    return Case(**tree | {"mistaken": {name: Answer(**answer) for name, answer in tree["mistaken"].items()}})
