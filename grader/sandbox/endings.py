"""How a process ended, in words for the student; each continues a sentence that begins with the function or cell."""

import signal

MALFORMED = "sent something that is no answer: does it write to files or sockets that it has not opened?"
LOST = "took its own sandbox down, or the machine did, twice"
NOT_RUN = "was not run: the cells before it took too long"
NOT_ASKED = "was not called: the notebook's cells take too long to be run again"
TOO_MUCH = "was killed: it used too much memory, or too many processes"

_CRASHES: dict[int, str] = {
    signal.SIGSEGV: "crashes Python (segmentation fault)",
    signal.SIGBUS: "crashes Python (bus error)",
    signal.SIGFPE: "crashes Python (arithmetic error)",
    signal.SIGILL: "crashes Python (illegal instruction)",
    signal.SIGABRT: "crashes Python (aborted)",
    signal.SIGKILL: TOO_MUCH,
    signal.SIGXCPU: "was killed: it took too much computing time",
    signal.SIGALRM: "was ended by an alarm that it set itself",
    signal.SIGVTALRM: "was ended by a timer that it set itself",
    signal.SIGPROF: "was ended by a timer that it set itself",
}


def too_long(seconds: float) -> str:
    return f"takes longer than {seconds:g} s: is there a loop that never ends?"


def of_cell(status: int) -> str:
    """What a cell did, in which Python ended with `status`: an exit status, or negative for a signal."""
    if status >= 0:
        return f"ends the Python process (exit status {status})"
    return _CRASHES.get(-status, f"was ended by signal {-status}, which it sent itself")


def of_question(status: int) -> str:
    """What a function did, in which Python ended with `status`."""
    return of_cell(status) + (": a function must return instead" if status >= 0 else "")
