"""A submission in the sandbox: run its cells, ask its functions, survive whatever they do."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from grader import answers
from grader.answers import Answer
from grader.sandbox import endings
from grader.sandbox.dialogue import Call, converse
from grader.sandbox.inside.config import Limits
from grader.sandbox.inside.wire import Kind
from grader.sandbox.launch import Isolation, Zygotes
from grader.sandbox.session import Deadline, Session, SessionLost, SessionOver, shortened

_ALL_CELLS = 6  # times as long as one cell may take, all together may
_LOSSES = 1  # how many sessions may be lost before it looks like the submission's doing
_MAX_ERROR_BYTES = 16 * answers.MAX_MESSAGE


@dataclass(frozen=True)
class Cell:
    """A notebook's cell of code; messages call it by its id."""

    id: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What came of a Call: an answer to each case, in order, and what was printed meanwhile."""

    answers: tuple[Answer, ...]
    printed: str


class Submission:
    """A student's definitions, alive in the sandbox between `with` and its end.

    `cell_errors` has a line for the student on each cell in which something went wrong. A cell that hangs, or ends
    Python, is left out, and the others run again; they also run again after a question that took them along.
    """

    def __init__(self, zygotes: Zygotes, cells: Sequence[Cell], limits: Limits) -> None:
        self.cell_errors: dict[str, str] = {}
        self._printed: dict[str, str] = {}
        self._zygotes = zygotes
        self._limits = limits
        self._cells = list(cells)  # without those that were left out
        self._defined: set[str] = set()
        self._session: Session | None = None
        self._seconds_left = _ALL_CELLS * limits.cell_seconds
        self._losses_left = _LOSSES

    def __enter__(self) -> Self:
        self._session = self._define()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end_session()

    @property
    def printed(self) -> str:
        """What the cells printed, in their order, as far as anybody wants to read it."""
        return shortened("".join(self._printed.values()), self._limits.output_chars)

    def ask(self, call: Call) -> Outcome:
        """An answer to each case, whatever student code does."""
        given: list[Answer] = []
        if self._session is None and self._seconds_left <= 0:
            problem, printed = endings.NOT_ASKED, ""
        else:
            problem, printed = self._converse(call, given)
        missing = len(call.cases) - len(given)
        return Outcome((*given, *[Answer(problem=problem)] * missing), printed)

    def _converse(self, call: Call, given: list[Answer]) -> tuple[str, str]:
        """Append the answers to `given`; why there are no more of them, and what was printed."""
        if self._session is None:
            self._session = self._define()
        session = self._session
        try:
            problem = converse(session, call, given, self._limits)
            return problem, session.take_printed()
        except SessionOver as over:
            printed = session.take_printed()
            self._end_session()
            if self._is_excused(over):
                given.clear()
                return self._converse(call, given)
            return over.problem, printed

    def _define(self) -> Session:
        """A session in which all cells have run that can be run; raises IsolationError."""
        while True:
            session = self._zygotes.open_session([cell.source for cell in self._cells])
            try:
                for cell in tuple(self._cells):
                    self._run(cell, session)
            except SessionOver:  # for this cell; it is left out now, or the session was lost
                self._zygotes.close_session(session)
            except BaseException:
                self._zygotes.close_session(session)
                raise
            else:
                return session

    def _run(self, cell: Cell, session: Session) -> None:
        """Run a cell; raises SessionOver if it took the session along."""
        if self._seconds_left <= 0 and cell.id not in self._defined:
            self._leave_out(cell, endings.NOT_RUN)
            return
        began, seconds = time.monotonic(), self._limits.cell_seconds
        deadline = Deadline(began + seconds, endings.too_long(seconds))
        try:
            session.send(Kind.CELL, json.dumps([cell.id, cell.source]).encode(), deadline)
            message = session.receive(deadline, _MAX_ERROR_BYTES)
            if message.kind != Kind.CELL:
                raise SessionOver(endings.MALFORMED)
        except SessionOver as over:
            if not self._is_excused(over):
                self._leave_out(cell, over.problem)
            raise
        finally:
            printed = session.take_printed()
            if cell.id in self._printed or len(self.printed) <= self._limits.output_chars:
                self._printed[cell.id] = printed
            self._seconds_left -= time.monotonic() - began
        self._defined.add(cell.id)
        if message.payload:
            self.cell_errors[cell.id] = message.payload.decode(errors="replace")[: 2 * answers.MAX_MESSAGE]

    def _is_excused(self, over: SessionOver) -> bool:
        """Was the session lost, for the first time? Then everything is to be asked again."""
        self._losses_left -= isinstance(over, SessionLost)
        return isinstance(over, SessionLost) and self._losses_left >= 0

    def _leave_out(self, cell: Cell, problem: str) -> None:
        self.cell_errors[cell.id] = problem
        self._cells.remove(cell)

    def _end_session(self) -> None:
        if self._session is not None:
            self._zygotes.close_session(self._session)
            self._session = None


class Sandbox:
    """Where student code runs: start it once, in the thread that uses it, and give it one submission after another.

    With "bubblewrap" a submission sees no file, process, network or variable of ours: only Python, the allowed
    packages and its own temporary folder. With "none" it runs as this user, who can be robbed; processes of its own,
    limits, deadlines and an empty environment still keep a submission that means no harm from doing any.
    """

    def __init__(
        self,
        isolation: Isolation = "bubblewrap",
        packages: Sequence[str] = ("numpy", "matplotlib"),
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.isolation = isolation
        self._packages = tuple(packages)
        self._zygotes: dict[tuple[str, ...], Zygotes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for zygotes in self._zygotes.values():
            zygotes.close()

    def submission(self, cells: Sequence[Cell], packages: Sequence[str] = ()) -> Submission:
        """A submission whose cells run when it is entered; raises IsolationError then if a wall is missing.

        packages: what it may import besides what every submission may.
        """
        every = (*self._packages, *packages)
        if every not in self._zygotes:
            self._zygotes[every] = Zygotes(self.isolation, every, self.limits)
        return Submission(self._zygotes[every], cells, self.limits)
