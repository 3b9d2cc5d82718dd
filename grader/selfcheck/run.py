"""Check a notebook in a process of its own, so that a hang or a crash costs one function and not the watch.

The child (this module as a program) tells on its standard output what it does, each message a tree behind its
length: ["cell", name] before it runs a cell, ["functions", notes] before it asks them, then for each of them, in
order, ["answers", name, answers] or ["missing", name, why].
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

import grader
from grader import notebook, trees
from grader.answers import Answer
from grader.compare import SECONDS, Question
from grader.selfcheck import SNAPSHOT, cells, snapshot, words
from grader.selfcheck.words import Report
from grader.trees import Tree

LIMIT = 10.0  # seconds for one cell, or for one function with all its cases, if its question gives it the usual time

Inbox = SimpleQueue[Tree]


def reports(path: Path, questions: Mapping[str, Question]) -> list[Report]:
    """The reports on all questions, in order, from the readable notebook at `path`."""
    found: dict[str, Report] = {}
    while rest := [question for name, question in questions.items() if name not in found]:
        found |= _one_process(path, rest)  # which ends where a function hangs; the others get a new one
    return [found[name] for name in questions]


def _one_process(path: Path, questions: Sequence[Question]) -> dict[str, Report]:
    by_name = {question.name: question for question in questions}
    found: dict[str, Report] = {}
    place, said = "was not reached: starting Python here ", []

    def limit() -> float:
        asked = next((question for question in questions if question.name not in found), None)
        return LIMIT if place or not asked else LIMIT * asked.seconds / SECONDS

    with _child(path, list(by_name)) as inbox:
        try:
            while message := inbox.get(timeout=limit()):
                match message:
                    case ["cell", str(name)]:
                        place = f"was not reached: the cell `{name}` "
                    case ["functions", list(notes)]:
                        place, said = "", notes
                    case ["answers", str(name), list(answers)]:
                        found[name] = words.report(by_name[name], [Answer.from_tree(answer) for answer in answers])
                    case ["missing", str(name), str(why)]:
                        found[name] = words.trouble(by_name[name], why)
            problem = "crashes Python, or leaves it"
        except Empty:
            problem = f"does not come to an end: stopped after {limit():g} s"
    unasked = [question for question in questions if question.name not in found]
    stuck = unasked if place else unasked[:1]
    found |= {question.name: words.trouble(question, place + problem) for question in stuck}
    return {name: words.with_notes(report, said) for name, report in found.items()}


@contextlib.contextmanager
def _child(path: Path, names: Sequence[str]) -> Iterator[Inbox]:
    """A process that checks these functions, and what it says, None at its end; it does not outlive the context."""
    path_entries = [str(Path(grader.__file__).parents[1]), os.environ.get("PYTHONPATH")]  # so that it finds this grader
    process = subprocess.Popen(
        [sys.executable, "-m", "grader.selfcheck.run", path.name, *names],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path_entries))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    inbox: Inbox = SimpleQueue()
    Thread(target=_receive, args=(process.stdout, inbox), daemon=True).start()
    try:
        yield inbox
    finally:
        process.kill()
        process.wait()


def _receive(stream: BinaryIO, inbox: Inbox) -> None:
    with stream:
        while len(head := stream.read(8)) == 8:
            size = int.from_bytes(head, "little")
            if len(data := stream.read(size)) == size:
                inbox.put(trees.decode(data))
    inbox.put(None)


def _send(stream: BinaryIO, *message: Tree) -> None:
    data = trees.encode(list(message))
    stream.write(len(data).to_bytes(8, "little") + data)
    stream.flush()


def main(name: str, *functions: str) -> None:
    """Check `functions` of the notebook called `name` in the working directory; what it prints goes nowhere."""
    folder = Path.cwd()
    questions = snapshot.read(folder / SNAPSHOT)
    with os.fdopen(os.dup(1), "wb") as channel, cells.at_home(folder):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        definitions = cells.run(notebook.read(folder / name), before=lambda cell: _send(channel, "cell", cell))
        _send(channel, "functions", definitions.notes)
        for question in (questions[function] for function in functions):
            found = definitions.function(question.name)
            if found is None:
                _send(channel, "missing", question.name, definitions.why_missing(question.name))
            else:
                answers = question.ask(found)
                _send(channel, "answers", question.name, [answer.to_tree() for answer in answers])


if __name__ == "__main__":
    main(*sys.argv[1:])
