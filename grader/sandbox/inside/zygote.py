"""The process that all sessions are forked from: it has numpy in memory, and never sees student code.

Run as `python -m grader.sandbox.inside.zygote CONFIG CONTROL`, the configuration as JSON and the control socket's
descriptor. A fork takes about a millisecond, starting Python and importing numpy a hundred. A fork gets dearer with
every library in memory, so nothing is imported here that most sessions can do without.
"""

import gc
import importlib
import os
import socket
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from grader import trees
from grader.sandbox.inside import cells, linux, questions, wire
from grader.sandbox.inside.config import Config
from grader.sandbox.inside.supervisor import supervise
from grader.sandbox.inside.wire import Kind

_WARM_UPS = 20
_PATH_BYTES = 4096
_DESCRIPTORS = 3  # that come with each START


def main() -> None:
    config = Config.from_json(sys.argv[1])
    with socket.socket(fileno=int(sys.argv[2])) as control:
        _prepare(config)
        _serve(control, config)


def _prepare(config: Config) -> None:
    for module in config.preload:
        importlib.import_module(module)
    if len(os.listdir("/proc/self/task")) > 1:  # a fork copies one thread, and the locks that others hold
        raise SystemExit(f"importing {', '.join(config.preload)} has started threads, which no fork survives")
    _warm_up(config)
    linux.set_dumpable(False)
    gc.collect()
    gc.freeze()  # what is alive now is never visited again, so its pages stay shared with the children


def _warm_up(config: Config) -> None:
    """Answer a few questions: Python specialises code that runs often, and does it here once for all children."""
    namespace: dict[str, Any] = {}
    cells.run("warm-up", "def work(x, n):\n    return x @ x.T, n", namespace)
    question = trees.encode({"name": "work", "cases": [{"x": np.eye(3), "n": 1}], "right": {}, "drive": ""})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for _ in range(_WARM_UPS):
            questions.answer(theirs, question, namespace, config.limits)
            wire.receive(ours, Kind.ANSWER)


def _serve(control: socket.socket, config: Config) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _PATH_BYTES, _DESCRIPTORS)
        _reap()
        if not message:
            return
        if os.fork() == 0:
            control.close()
            supervise(config, os.fsdecode(message[1:]), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
