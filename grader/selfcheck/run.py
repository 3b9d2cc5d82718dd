"""Check a notebook in a process of its own, which may hang or crash without taking the watch along.

The child sends messages on its standard output, each a tree with its length before it: ["cell", name] and
["function", name] when it begins with one, ["answers", name, ...] or ["missing", name, why] when it has ended.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import BinaryIO

import grader
from grader import notebook, trees
from grader.answers import Answer, ask_all
from grader.compare import Question
from grader.selfcheck import SNAPSHOT, cells, snapshot, words
from grader.selfcheck.words import Report
from grader.trees import Tree

LIMIT = 10.0  # seconds that one cell may run, or one function take over all its cases


def reports(path: Path, questions: Mapping[str, Question]) -> list[Report]:
    """The report on every question, in order, from the notebook as it is saved."""
    found: dict[str, Report] = {}
    while rest := [question for name, question in questions.items() if name not in found]:
        found |= _one_process(path, rest)  # ends early if a function hangs: the others get another process
    return [found[name] for name in questions]


def _one_process(path: Path, questions: Sequence[Question]) -> dict[str, Report]:
    by_name = {question.name: question for question in questions}
    found: dict[str, Report] = {}
    doing = ["cell", "?"]
    problem = ""
    for message in _messages(path, list(by_name)):
        match message:
            case ["answers", str(name), list(answers)]:
                found[name] = words.report(by_name[name], [Answer.from_tree(answer) for answer in answers])
            case ["missing", str(name), str(why)]:
                found[name] = words.trouble(by_name[name], why)
            case ["ended", str(how)]:
                problem = how
            case _:
                doing = message
    match doing:
        case ["function", str(name)] if name not in found:
            found[name] = words.trouble(by_name[name], problem)
        case ["cell", str(name)]:
            found = {q.name: words.trouble(q, f"was not reached: the cell `{name}` {problem}") for q in questions}
    return found


def _messages(path: Path, names: Sequence[str]) -> Iterator[Tree]:
    """What a new process says about the functions, and, last, how it ended if it was before its time."""
    here = str(Path(grader.__file__).parents[1])  # so that the child finds this very package
    paths = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, path.name, *names],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
