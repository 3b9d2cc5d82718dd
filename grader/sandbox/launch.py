"""Start a zygote, behind walls or without, and open sessions with it."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal

from grader.sandbox import bubblewrap, layout
from grader.sandbox.bubblewrap import ADVICE, IsolationError
from grader.sandbox.inside.config import Config, Limits
from grader.sandbox.session import Session

Isolation = Literal["bubblewrap", "none"]

_START_SECONDS = 60.0  # for importing numpy, on a machine that has other things to do
_FAREWELL_SECONDS = 2.0


class ZygoteGone(Exception):
    """The zygote does not open sessions any more, or never did; the message has its last words."""


class Zygote:
    """A running zygote. Open and close it in one thread: bubblewrap ends with the thread that started it."""

    def __init__(self, isolation: Isolation, packages: Sequence[str], preload: tuple[str, ...], limits: Limits) -> None:
        with ExitStack() as stack:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(self._control)
            self._last_words = stack.enter_context(tempfile.TemporaryFile())
            with theirs:
                command, environment = _prepare(isolation, packages, preload, limits, theirs.fileno(), stack)
                self._process = _start(command, environment, theirs.fileno(), self._last_words)
            stack.callback(self._end)
            self._limits = limits
            self._resources = stack.pop_all()

    def open_session(self) -> Session:
        """A fresh session whose walls all stand; raises IsolationError if one does not, or ZygoteGone."""
        with ExitStack() as theirs:
            supervision, their_supervision = _pair(theirs)
            data, their_data = _pair(theirs)
            output, their_output = os.pipe()
            theirs.callback(os.close, their_output)
            session = Session(supervision, data, output, self._limits)
            descriptors = [their_supervision.fileno(), their_data.fileno(), their_output]
            ...
