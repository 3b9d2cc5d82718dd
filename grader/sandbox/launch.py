"""Start a zygote, behind walls or without, and open sessions with it."""

import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Literal

from grader.sandbox import isolation, layout
from grader.sandbox.advice import way_out
from grader.sandbox.inside.config import Config, Limits
from grader.sandbox.isolation import IsolationError
from grader.sandbox.session import NoReply, Session

Isolation = Literal["bubblewrap", "none"]

_START_SECONDS = 60.0  # for importing numpy, on a machine that has other things to do
_SESSION_SECONDS = 10.0  # for a fork, once everything is imported; who takes longer hangs, and is replaced
_FAREWELL_SECONDS = 1.0


class Zygote:
    """A zygote process. What opens it closes it, in one thread: bubblewrap ends with the thread that started it."""

    def __init__(self, kind: Isolation, packages: Sequence[str], preload: tuple[str, ...], limits: Limits) -> None:
        isolation.refuse_elsewhere()
        self._config = Config(kind == "bubblewrap", preload, limits)
        self._patience = _START_SECONDS
        with ExitStack() as stack:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(self._control)
            self._last_words = stack.enter_context(tempfile.TemporaryFile())
            self._root = "" if self._config.isolated else stack.enter_context(_temporary_folder())
            with theirs:
                self._process = subprocess.Popen(
                    self._command(packages, theirs.fileno()),
                    env=layout.environment(self._root, self._root or isolation.SCRATCH),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._last_words,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C in the terminal is for the grader
                )
            stack.callback(self._end)
            self._resources = stack.pop_all()

    def open_session(self) -> Session:
        """A fresh session, all of whose walls stand; raises IsolationError, or NoReply if another zygote may help."""
        try:
            session = Session(self._control, self._scratch(), self._config.limits.output_chars)
            session.wait_until_ready(self._patience)
        except NoReply:
            raise NoReply(self._why()) from None
        self._patience = _SESSION_SECONDS
        return session

    def close(self) -> None:
        """End the zygote, and whatever it has started."""
        self._resources.close()

    def _command(self, packages: Sequence[str], control: int) -> list[str]:
        """What starts the zygote, which gets to see the same files with walls as without."""
        try:
            links = layout.links(packages)
        except layout.MissingPackage as error:
            raise IsolationError(str(error)) from None
        python = layout.command(self._config, control)
        if self._config.isolated:
            return [*isolation.command(links), *python]
        for name, path in links.items():
            Path(self._root, name).parent.mkdir(parents=True, exist_ok=True)
            Path(self._root, name).symlink_to(path)
        return python

    def _scratch(self) -> AbstractContextManager[str]:
        """A session's temporary folder, as the session calls it, while it is there."""
        return nullcontext(isolation.SCRATCH) if self._config.isolated else _temporary_folder(self._root)

    def _end(self) -> None:
        self._control.close()  # asks it to end
        try:
            self._process.wait(_FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _why(self) -> str:
        self._last_words.seek(0)
        lines = self._last_words.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it hangs, or was killed"


def _temporary_folder(parent: str | None = None) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="unrolled-", dir=parent, ignore_cleanup_errors=True)


class Zygotes:
    """The zygotes of a sandbox: one for each set of modules that cells need, started when the first of them comes.

    Importing matplotlib in every submission would take half a second each, and having it in memory when no cell draws
    would make every fork three times as dear.
    """

    def __init__(self, kind: Isolation, packages: Sequence[str], limits: Limits) -> None:
        self._kind, self._packages, self._limits = kind, packages, limits
        self._zygotes: dict[tuple[str, ...], Zygote] = {}

    def open_session(self, sources: Sequence[str]) -> Session:
        """A session for cells with these sources; raises IsolationError."""
        preload = layout.modules(sources, self._packages)
        try:
            return self._zygote(preload).open_session()
        except NoReply:
            self._end(preload)
        try:
            return self._zygote(preload).open_session()
        except NoReply as error:
            self._end(preload)
            raise IsolationError(f"the sandbox does not start ({error}): {way_out()}") from None

    def close_session(self, session: Session) -> None:
        """End a session; should it resist, then together with every zygote."""
        try:
            session.close()
        except NoReply:
            self.close()

    def close(self) -> None:
        """End all zygotes; others are started if they are needed."""
        for preload in tuple(self._zygotes):
            self._end(preload)

    def _zygote(self, preload: tuple[str, ...]) -> Zygote:
        if preload not in self._zygotes:
            self._zygotes[preload] = Zygote(self._kind, self._packages, preload, self._limits)
        return self._zygotes[preload]

    def _end(self, preload: tuple[str, ...]) -> None:
        self._zygotes.pop(preload).close()
