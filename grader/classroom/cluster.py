"""Grade on a Dask cluster, whose workers may be on any machines that have the same unrolled, and a sandbox.

    dask scheduler --host 10.0.0.1 --port 8786
    dask worker 10.0.0.1:8786 --nthreads 1 --nworkers 16      # on each machine, with `pip install 'unrolled[dask]'`
    unrolled grade 01-rnn --executor dask://10.0.0.1:8786

For a cluster that dask-jobqueue, dask-kubernetes or a cloud has made, give its scheduler's address, which is
`cluster.scheduler_address` with "dask" in place of "tcp". Scheduler and workers are trusted: what they are sent, in the
clear, is the key that the hidden cases are drawn with, the released notebook and the submissions. So they are to be the
instructor's own, and so is the network between them.

Every submission is given to one worker by name, with all that it takes, so that any worker can have the next try, and
nothing is kept on the cluster that a restart could lose. A worker's threads keep their sandboxes for the next run; they
end with the worker.
"""

import itertools
import logging
import pickle
import queue
import socket
import threading
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Future

from grader.classroom.worker import PATIENCE, ExecutorError, OtherVersion, Outcome, Recipe, Submission, Worker
from grader.sandbox import IsolationError

_TRIES = 3  # workers come and go, so that one death says less than on this machine
_GLANCE_SECONDS = 1.0  # how often it is asked which workers there are
_ANSWER_SECONDS = 20.0

_log = logging.getLogger(__name__)
_mine = threading.local()  # on a Dask worker: what each of its threads keeps


class Cluster:
    """An executor: the workers that a Dask scheduler has, as they come and go.

    A worker that takes longer than `patience` seconds for a submission keeps it, but another gets it, too, and the
    first outcome counts. Without any worker for `absence` seconds, as without the scheduler, the run ends.
    """

    def __init__(self, address: str, patience: float = PATIENCE, absence: float = 60.0) -> None:
        self.address = address
        self.patience = patience
        self.absence = absence

    def run(self, recipe: Recipe, submissions: Iterator[Submission]) -> Generator[Outcome, None, None]:
        """See Executor."""
        first = next(submissions, None)
        if first is None:
            return
        submissions = itertools.chain([first], submissions)
        client = self._connect()
        try:
            yield from _Dispatch(self, client, recipe, submissions).run()
        finally:
            client.close(timeout=_ANSWER_SECONDS)

    def _connect(self) -> Client:
        """A client that tries for `absence` seconds to find a lost scheduler again; raises ExecutorError."""
        host, _, port = self.address.removeprefix("dask://").rpartition(":")
        try:
            socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()  # which says at once what is wrong
            return Client(f"tcp://{host}:{port}", timeout=self.absence, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ExecutorError(f"there is no Dask scheduler at {self.address} ({error})") from None


@dataclass
class _Attempt:
    """A submission on a worker. `late`: it has taken so long that another worker has been asked."""

    submission: Submission
    worker: str
    future: Future
    since: float = field(default_factory=time.monotonic)
    late: bool = False


class _Crew:
    """Which workers there are, and which may grade: those on which a sandbox of our version has been seen to stand."""

    def __init__(self, client: Client, recipe: bytes, patience: float) -> None:
        self.threads: dict[str, int] = {}  # of those who may grade
        self.refused: dict[str, str] = {}  # and why
        self.reached = False  # did the scheduler answer?
        self._client = client
        self._recipe = recipe
        self._patience = patience
        self._probes: dict[str, tuple[Future, float]] = {}  # and since when

    @property
    def hopeful(self) -> bool:
        """Is there somebody who may grade, or may turn out to?"""
        now = time.monotonic()
        return bool(self.threads) or any(now < since + self._patience for _, since in self._probes.values())

    def look(self) -> set[str]:
        """Ask the scheduler; returns those who may grade no longer."""
        before = set(self.threads)
        try:
            there: dict[str, int] = self._client.nthreads(callback_timeout=_ANSWER_SECONDS)
            self.reached = True
        except (OSError, TimeoutError, RuntimeError):
            there, self.reached = {}, False
        self.threads = {worker: self.threads[worker] for worker in there if worker in self.threads}
        self._probes = {worker: probe for worker, probe in self._probes.items() if worker in there}
        for worker, threads in there.items():
            if worker not in self.threads and worker not in self.refused:
                self._examine(worker, threads)
        return before - set(self.threads)

    def refuse(self, worker: str, why: str) -> None:
        """Ask a worker no more."""
        self.threads.pop(worker, None)
        self.refused[worker] = why
        _log.warning("the Dask worker %s is not used: %s", worker, why)

    def _examine(self, worker: str, threads: int) -> None:
        if worker not in self._probes:
            self._probes[worker] = _submit(self._client, worker, _check, self._recipe), time.monotonic()
        elif self._probes[worker][0].done():
            probe, _ = self._probes.pop(worker)
            if probe.status == "finished":
                self.threads[worker] = threads
            elif probe.status == "error":
                self.refuse(worker, str(probe.exception()))


class _Dispatch:
    """One run: who has which submission, and who has it next."""

    def __init__(self, cluster: Cluster, client: Client, recipe: Recipe, submissions: Iterator[Submission]) -> None:
        self._cluster = cluster
        self._client = client
        self._recipe = recipe
        self._packed_recipe = _pack(recipe)
        self._crew = _Crew(client, self._packed_recipe, cluster.patience)
        self._submissions = submissions
        self._again: deque[Submission] = deque()  # to be given to another worker
        self._attempts: dict[str, _Attempt] = {}  # by the future's key
        self._held: Counter[str] = Counter()  # attempts by worker
        self._failures: Counter[str] = Counter()  # by student
        self._open: set[str] = set()  # students whose submission has been given, and has no outcome yet
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()

    def run(self) -> Iterator[Outcome]:
        """One outcome for each submission; raises ExecutorError."""
        looked, seen = 0.0, time.monotonic()
        while True:
            if time.monotonic() > looked + _GLANCE_SECONDS:
                yield from self._look()
                looked = time.monotonic()
            if self._crew.hopeful:
                seen = time.monotonic()
            elif time.monotonic() > seen + self._cluster.absence:
                raise ExecutorError(self._nobody())
            if self._give_all() and not self._open:
                return
            yield from self._collect()

    def _look(self) -> Iterator[Outcome]:
        """See who is gone, and who is late."""
        gone = self._crew.look()
        patience = self._cluster.patience
        for key, attempt in list(self._attempts.items()):
            if attempt.worker in gone:
                del self._attempts[key]
                self._held[attempt.worker] -= 1
                # without the scheduler nobody can be told from the dead, which says nothing about a submission
                yield from self._try_again(attempt, "its Dask worker was lost" if self._crew.reached else "")
            elif not attempt.late and time.monotonic() > attempt.since + patience:
                yield from self._try_again(attempt, f"grading took longer than {patience:g} s")
                attempt.late = True

    def _give_all(self) -> bool:
        """Give every worker what it has room for; returns whether nothing is left to be given."""
        shut = {a.worker for a in self._attempts.values() if a.late or self._failures[a.submission.student]}
        while True:
            suspect = bool(self._again and self._failures[self._again[0].student])
            worker = self._free(shut, suspect)
            if worker is None:
                return False
            submission = self._again.popleft() if self._again else next(self._submissions, None)
            if submission is None:
                return True
            self._give(submission, worker)
            shut |= {worker} if suspect else set()

    def _free(self, shut: set[str], suspect: bool) -> str | None:
        """The worker with most room. It has one submission more than threads, but a suspect one is alone."""
        threads, held = self._crew.threads, self._held
        free = [w for w in threads if w not in shut and held[w] < (1 if suspect else threads[w] + 1)]
        return min(free, key=lambda worker: held[worker] / threads[worker], default=None)

    def _give(self, submission: Submission, worker: str) -> None:
        future = _submit(self._client, worker, _grade, self._packed_recipe, _pack(submission))
        self._attempts[future.key] = _Attempt(submission, worker, future)
        self._held[worker] += 1
        self._open.add(submission.student)
        future.add_done_callback(self._done.put)

    def _collect(self) -> Iterator[Outcome]:
        """Wait a moment for something to be done; what came of it, and of all that is done by then."""
        with suppress(queue.Empty):
            future = self._done.get(timeout=_GLANCE_SECONDS)
            while True:
                if attempt := self._attempts.pop(future.key, None):
                    self._held[attempt.worker] -= 1
                    yield from self._result(attempt)
                future = self._done.get_nowait()

    def _result(self, attempt: _Attempt) -> Iterator[Outcome]:
        future, student = attempt.future, attempt.submission.student
        try:
            packed = future.result(timeout=_ANSWER_SECONDS)
        except (IsolationError, OtherVersion) as error:
            self._crew.refuse(attempt.worker, str(error))
            yield from self._try_again(attempt)
        except (CancelledError, OSError, TimeoutError):  # the scheduler is gone, or the worker before it could tell
            yield from self._try_again(attempt)
        except Exception as error:
            yield from self._try_again(attempt, f"Dask says {error!r}"[:300])
        else:
            if student in self._open:
                yield self._settled(student, _unpack(packed))

    def _try_again(self, attempt: _Attempt, why: str = "") -> Iterator[Outcome]:
        """See to it that somebody else gets the submission. why: what may have been its own fault."""
        student = attempt.submission.student
        if attempt.late or student not in self._open:
            return
        self._failures[student] += bool(why)
        if self._failures[student] < _TRIES:
            self._again.append(attempt.submission)
        else:
            problem = f"it could not be graded on the Dask cluster: {why}, at the third attempt"
            yield self._settled(student, self._recipe.ungraded(student, problem))

    def _settled(self, student: str, outcome: Outcome) -> Outcome:
        self._open.discard(student)
        del self._failures[student]
        self._again = deque(submission for submission in self._again if submission.student != student)
        return outcome

    def _nobody(self) -> str:
        """Why the run cannot go on."""
        address = self._cluster.address
        if not self._crew.reached:
            return f"the Dask scheduler at {address} has not answered for {self._cluster.absence:g} s: start it again"
        refused = "; ".join(f"{worker} is not used: {why}" for worker, why in self._crew.refused.items())
        there = f"no worker that may grade ({refused})" if refused else "no worker"
        return f"{address} has had {there} for {self._cluster.absence:g} s: start one by `dask worker`"


def _submit(client: Client, worker: str, function: Callable[..., Any], *arguments: bytes) -> Future:
    return client.submit(function, *arguments, workers=[worker], allow_other_workers=False, pure=False)


def _pack(value: object) -> bytes:
    """For the way through the scheduler: notebooks get four times smaller."""
    return zlib.compress(pickle.dumps(value), 1)


def _unpack(data: bytes) -> Any:
    return pickle.loads(zlib.decompress(data))  # only ever from our own processes


def _check(recipe: bytes) -> None:
    """On the cluster: return if this worker can grade; raises IsolationError or OtherVersion."""
    _worker(recipe).check()


def _grade(recipe: bytes, submission: bytes) -> bytes:
    """On the cluster: the outcome of a submission."""
    return _pack(_worker(recipe).grade(_unpack(submission)))


def _worker(recipe: bytes) -> Worker:
    """This thread's, made by the recipe."""
    if getattr(_mine, "recipe", None) != recipe:
        if hasattr(_mine, "recipe"):
            del _mine.recipe
            _mine.worker.__exit__(None, None, None)
        _mine.worker = Worker(_unpack(recipe))
        _mine.recipe = recipe
    return _mine.worker  # type: ignore[no-any-return]
