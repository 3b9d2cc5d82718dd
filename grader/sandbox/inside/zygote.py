"""The process that all sessions are forked from: it has numpy in memory, and never sees student code.

Run as `python -m grader.sandbox.inside.zygote CONFIG CONTROL`, the configuration as JSON and the control socket's
descriptor. A fork takes about a millisecond, starting Python and importing numpy a hundred.
"""

import gc
import importlib
import os
import random
import socket
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from grader.sandbox.inside import linux
from grader.sandbox.inside.config import Config
from grader.sandbox.inside.supervisor import supervise

_DESCRIPTORS = 3  # that come with each START


def main() -> None:
    config = Config.from_json(sys.argv[1])
    with socket.socket(fileno=int(sys.argv[2])) as control:
        _prepare(config)
        _serve(control, config)


def _prepare(config: Config) -> None:
    for module in config.preload:
        importlib.import_module(module)
    if len(list(Path("/proc/self/task").iterdir())) > 1:  # a fork copies one thread, and the locks that others hold
        raise SystemExit(f"importing {', '.join(config.preload)} has started threads, which no fork survives")
    random.seed(0)  # an unseeded draw is the same in every run: equal submissions, equal scores
    np.random.seed(0)
    linux.set_dumpable(False)
    gc.collect()
    gc.freeze()  # what is alive now is never visited again, so its pages stay shared with the children


def _serve(control: socket.socket, config: Config) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, _DESCRIPTORS)
        _reap()
        if not message:
            return
        if os.fork() == 0:
            control.close()
            supervise(config, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
