"""What the doctor says of one layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_HOLE = "do not grade here: report this table, with what `uname -r` and `bwrap --version` say"


class State(StrEnum):
    """What came of trying a layer."""

    OK = "ok"
    MISSING = "missing"
    NOT_TRIED = "not tried"
    NOT_NEEDED = "not needed here"


@dataclass(frozen=True)
class Finding:
    """One layer, how it was tried and what came of it, and what to do. required: grading does not start without."""

    layer: str
    state: State
    tried: str
    remedy: str = ""
    required: bool = True

    @property
    def stops_grading(self) -> bool:
        return self.required and self.state in (State.MISSING, State.NOT_TRIED)


def found(layer: str, attempts: Mapping[str, str]) -> Finding:
    """The finding on a layer that is to stop all attempts; each comes with why it failed, empty if it did not."""
    through = [attempt for attempt, reason in attempts.items() if not reason]
    if through or not attempts:
        return Finding(layer, State.MISSING, f"not stopped: {', '.join(through) or 'anything'}", _HOLE)
    reasons: dict[str, list[str]] = {}
    for attempt, reason in attempts.items():
        reasons.setdefault(reason, []).append(attempt)
    return Finding(layer, State.OK, "; ".join(f"{', '.join(tried)}: {reason}" for reason, tried in reasons.items()))
