"""Which walls stand here: each is tried just now, by a session in the real sandbox that does what it forbids.

    for finding in examine():
        finding.layer, finding.state, finding.tried, finding.remedy

What is tried is in probes.py, which runs in the sandbox; what it is aimed at, in planted.py; which layers there are, in
layers.py.
"""

import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from grader.doctor.findings import Finding, State
from grader.doctor.layers import LAYERS, LIMITS, Examination
from grader.doctor.planted import planted
from grader.sandbox import Cell, IsolationError, Sandbox, advice

__all__ = ["Finding", "State", "examine"]

_PROGRAM, _SESSION = "bubblewrap, which builds walls", "a session behind walls"


def examine() -> Iterator[Finding]:
    """Every layer in turn; where one is missing that the others stand on, these are not tried."""
    if not advice.is_linux():
        yield Finding("Linux", State.MISSING, f"this is {platform.system()}", advice.way_out())
        return
    program = shutil.which("bwrap")
    if program is None:
        yield Finding(_PROGRAM, State.MISSING, "there is no `bwrap` here", advice.way_out())
        yield from _not_tried()
        return
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    yield Finding(_PROGRAM, State.OK, f"{program} says: {version}")
    with Sandbox(packages=("numpy",), limits=LIMITS) as sandbox:
        yield from _in_a_session(sandbox)


def _in_a_session(sandbox: Sandbox) -> Iterator[Finding]:
    probes = [Cell("probes", Path(__file__).with_name("probes.py").read_text())]
    start = time.monotonic()
    with planted() as targets, ExitStack() as stack:  # before the sandbox starts, which must not inherit our variables
        try:
            session, neighbour = (stack.enter_context(sandbox.submission(probes)) for _ in range(2))
        except IsolationError as error:
            remedy = advice.way_out()
            yield Finding(_SESSION, State.MISSING, str(error).removesuffix(f": {remedy}"), remedy)
            yield from _not_tried()
            return
        yield Finding(_SESSION, State.OK, f"two opened in {time.monotonic() - start:.1f} s")
        examination = Examination(session, neighbour, targets)
        for layer, examined in LAYERS.items():
            yield examined(layer, examination)


def _not_tried() -> Iterator[Finding]:
    for layer in LAYERS:
        yield Finding(layer, State.NOT_TRIED, "no session opens")
