"""Start a zygote, behind walls or without, and open sessions with it."""

import contextlib
import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from grader.sandbox import isolation, layout
from grader.sandbox.inside.config import Config, Limits
from grader.sandbox.isolation import ADVICE, IsolationError
from grader.sandbox.session import NoReply, Session

Isolation = Literal["bubblewrap", "none"]

_START_SECONDS = 60.0  # for importing numpy, on a machine that has other things to do
_FAREWELL_SECONDS = 1.0


class Zygote:
    """A zygote process. What opens it closes it, in one thread: bubblewrap ends with the thread that started it."""

    def __init__(self, kind: Isolation, packages: Sequence[str], preload: Sequence[str], limits: Limits) -> None:
        self._output_chars = limits.output_chars
        with ExitStack() as stack:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._last_words = stack.enter_context(tempfile.TemporaryFile())
            stack.enter_context(self._control)
            with theirs:
                command, environment = _prepared(kind, packages, preload, limits, theirs.fileno(), stack)
                self._process = subprocess.Popen(
                    command,
                    env=environment,
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
        session = Session(self._control, self._output_chars)
        try:
            session.wait_until_ready(_START_SECONDS)
        except NoReply:
            with contextlib.suppress(NoReply):
                session.close()
            raise NoReply(self._why()) from None
        except IsolationError:
            session.close()
            raise
        return session

    def close(self) -> None:
        """End the zygote, and whatever it has started."""
        self._resources.close()

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


def _prepared(
    kind: Isolation, packages: Sequence[str], preload: Sequence[str], limits: Limits, control: int, stack: ExitStack
) -> tuple[list[str], dict[str, str]]:
    """The command that starts a zygote, and its environment."""
    try:
        links = layout.links(packages)
    except layout.MissingPackage as error:
        raise IsolationError(str(error)) from None
    modules = layout.modules(preload)
    if kind == "bubblewrap":
        config = Config(True, isolation.SCRATCH, modules, limits)
        return [*isolation.command(links), *layout.command(config, control)], {}
    folder = tempfile.TemporaryDirectory(prefix="unrolled-", ignore_cleanup_errors=True)
    root = stack.enter_context(folder)
    for name, path in links.items():
        Path(root, name).parent.mkdir(parents=True, exist_ok=True)
        Path(root, name).symlink_to(path)
    scratch = os.path.join(root, "scratch")
    os.mkdir(scratch)
    config = Config(False, scratch, modules, limits)
    return layout.command(config, control), layout.environment(root, scratch)


class Zygotes:
    """The zygotes of a sandbox: one for each set of packages that cells name, started when it is needed.

    Importing matplotlib in every submission would take half a second each, and having it in memory when no cell draws
    makes every fork three times as dear; so there are two zygotes, and a submission is forked from the one that fits.
    """

    def __init__(self, kind: Isolation, packages: Sequence[str], limits: Limits) -> None:
        self._kind, self._packages, self._limits = kind, packages, limits
        self._zygotes: dict[tuple[str, ...], Zygote] = {}

    def open_session(self, sources: Sequence[str]) -> Session:
        """A session for cells with these sources; raises IsolationError."""
        preload = tuple(package for package in self._packages if _is_named(package, sources))
        try:
            return self._zygote(preload).open_session()
        except NoReply:
            self._end(preload)
        try:
            return self._zygote(preload).open_session()
        except NoReply as error:
            self._end(preload)
            raise IsolationError(f"the sandbox does not start ({error}): {ADVICE}") from None

    def close_session(self, session: Session) -> None:
        """End a session; should it resist, then together with its zygote."""
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


def _is_named(package: str, sources: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(package)}\b", source) for source in sources)
