"""Grade on this machine: a few processes, each with a sandbox of its own, each with one submission at a time.

So it is known whose submission a process died on, and nobody else's is lost. A process ends with its parent, however
that ends, and its sandbox with it; it leaves Ctrl-C to the parent.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NoReturn

from grader.classroom.worker import PATIENCE, Outcome, Recipe, Submission, Worker
from grader.sandbox.inside import linux

_TRIES = 2
_FAREWELL_SECONDS = 2.0


class Pool:
    """An executor: `workers` processes; one that takes longer than `patience` seconds is taken for dead."""

    def __init__(self, workers: int, patience: float = PATIENCE) -> None:
        self._workers = workers
        self._patience = patience

    def run(self, recipe: Recipe, submissions: Iterator[Submission]) -> Generator[Outcome, None, None]:
        """See Executor."""
        crew = _Crew(recipe, self._patience)
        try:
            finished: list[Outcome] = []
            while True:
                while len(crew.busy) < self._workers and (submission := crew.again() or next(submissions, None)):
                    crew.give(submission)
                yield from finished  # while the processes work, the caller writes
                if not crew.busy:
                    return
                finished = crew.collect()
        finally:
            crew.end()


class _Crew:
    """The processes of one run."""

    def __init__(self, recipe: Recipe, patience: float) -> None:
        self.busy: dict[Connection, _Process] = {}
        self._idle: list[_Process] = []
        self._recipe = recipe
        self._patience = patience
        self._deaths: Counter[str] = Counter()  # by student
        self._again: deque[Submission] = deque()

    def again(self) -> Submission | None:
        """A submission whose process died, and which is to have another."""
        return self._again.popleft() if self._again else None

    def give(self, submission: Submission) -> None:
        process = self._idle.pop() if self._idle else _Process(self._recipe)
        process.give(submission)
        self.busy[process.connection] = process

    def collect(self) -> list[Outcome]:
        """Wait until something happens; returns what came of it."""
        soonest = min(process.since for process in self.busy.values()) + self._patience
        outcomes = []
        for connection in wait(list(self.busy), max(0.0, soonest - time.monotonic())):
            assert isinstance(connection, Connection)
            process = self.busy[connection]
            reply = process.reply()
            if reply is not None:
                outcomes.append(reply)
                self._idle.append(self.busy.pop(connection))
            elif process.ended:
                del self.busy[connection]
                outcomes += self._bury(process)
        for connection, process in list(self.busy.items()):
            if time.monotonic() > process.since + self._patience:
                del self.busy[connection]
                outcomes += self._bury(process)
        return outcomes

    def end(self) -> None:
        """End every process that is left, and return when they are gone."""
        crew = [*self._idle, *self.busy.values()]
        for process in crew:
            process.ask_to_end()
        for process in crew:
            process.end()

    def _bury(self, process: "_Process") -> list[Outcome]:
        process.ask_to_end()
        process.end()
        student = process.submission.student
        self._deaths[student] += 1
        if self._deaths[student] < _TRIES:
            self._again.append(process.submission)
            return []
        problem = f"the grader's process died on this submission, or took longer than {self._patience:g} s, twice"
        return [self._recipe.ungraded(student, problem)]


class _Process:
    """A process as its parent sees it. It says when it is ready, so that sending to it never waits for its start."""

    submission: Submission
    since: float

    def __init__(self, recipe: Recipe) -> None:
        context = multiprocessing.get_context("spawn")  # forking would copy whatever the caller has open
        self.connection, theirs = context.Pipe()
        self.ended = False
        self._ready = False
        self._process = context.Process(target=_work, args=(theirs, recipe), daemon=True)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # inherited: Ctrl-C is for the parent
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            theirs.close()

    def give(self, submission: Submission) -> None:
        self.submission, self.since = submission, time.monotonic()
        if self._ready:
            self._send()

    def reply(self) -> Outcome | None:
        """Read what was sent: an outcome, or None if it was none; raises what the process could not go on for."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.ended = True
            return None
        if isinstance(message, Exception):
            raise message
        if message is None:
            self._ready = True
            self._send()
        return message  # type: ignore[no-any-return]  # it comes from _work

    def ask_to_end(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        """Wait for its end, though not for long."""
        self._process.join(_FAREWELL_SECONDS)
        self._process.kill()
        self._process.join()
        self.connection.close()

    def _send(self) -> None:
        self.since = time.monotonic()  # its start is not the submission's fault
        with suppress(OSError):  # it has died, which `reply` will find out
            self.connection.send(self.submission)


def _work(connection: Connection, recipe: Recipe) -> None:
    """The process: says None when it is ready, then an outcome for each submission, or an exception at its end."""
    _end_with_parent()
    try:
        with Worker(recipe) as worker:
            connection.send(None)
            while True:
                connection.send(worker.grade(connection.recv()))
    except EOFError:
        pass  # the run is over
    except Exception as error:
        connection.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    linux.die_with_parent(signal.SIGKILL)
    if parent is None or os.getppid() != parent.pid:  # it was gone before
        os._exit(1)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which what runs in the sandbox would inherit
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def _leave(signal_number: int, frame: object) -> NoReturn:
    """Leave by an exception, so that the sandbox is closed."""
    sys.exit(128 + signal_number)
