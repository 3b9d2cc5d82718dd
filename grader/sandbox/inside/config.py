"""What a sandbox is told when it starts: the limits, and where things are."""

import json
from dataclasses import asdict, dataclass, field

MiB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    memory_bytes: int = 2048 * MiB  # of one process, beyond what numpy takes; with bubblewrap of all together, too
    processes: int = 64  # with threads; only with bubblewrap
    disk_bytes: int = 64 * MiB  # of all files together; without bubblewrap of each
    reply_bytes: int = 64 * MiB  # of all answers to one question
    output_chars: int = 20_000  # of what is printed while the cells run, and by each question
    cell_seconds: float = 10.0


@dataclass(frozen=True)
class Config:
    """The zygote's command line."""

    isolated: bool  # are the walls of bubblewrap around us?
    preload: tuple[str, ...]  # modules to import before the first fork
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Config":
        fields = json.loads(text)
        return cls(**fields | {"preload": tuple(fields["preload"]), "limits": Limits(**fields["limits"])})
