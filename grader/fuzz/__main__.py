"""Let atheris look for bytes that break a reader.

    python -m grader.fuzz notebook --seconds 600

What it finds interesting lies in the findings folder and is where the next run goes on; what breaks the reader lies
there as crash-*, timeout-* or oom-*, and the exit status is not 0. Each such find becomes a line in the tests.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed; it is made for Linux on x86-64: pip install 'unrolled[test]'")

with atheris.instrument_imports(include=["grader", "json", "tarfile", "zipfile"]):
    from grader.fuzz.mutators import MUTATORS, Mutator
    from grader.fuzz.seeds import SEEDS
    from grader.fuzz.targets import TARGETS

MAX_INPUT_BYTES = 64 * 1024
SLOW_SECONDS = 10
MEMORY_MB = 2048


def main() -> None:
    """Fuzz one target for as long as it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--findings", type=Path, default=_cache() / "unrolled" / "fuzz", help="default: %(default)s")
    options = parser.parse_args()
    corpus, seeds = options.findings / options.target, options.findings / f"{options.target}-seeds"
    for folder in (corpus, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[options.target]()):
        (seeds / f"seed-{number}").write_bytes(seed)
    bounds = [
        f"-max_total_time={options.seconds}",
        f"-timeout={SLOW_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={MAX_INPUT_BYTES}",
    ]
    places = [f"-artifact_prefix={options.findings}/{options.target}-", str(corpus), str(seeds)]
    mutator = MUTATORS.get(options.target)
    how = {"custom_mutator": _half(mutator)} if mutator else {}
    atheris.Setup([sys.argv[0], *bounds, *places], TARGETS[options.target], **how)
    atheris.Fuzz()


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _half(mutator: Mutator) -> Callable[[bytes, int, int], bytes]:
    """Every second time the target's own mutator, otherwise libFuzzer's."""

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        changed = mutator(data, rng) if rng.random() < 0.5 else atheris.Mutate(data, max_size)
        return bytes(changed[:max_size])

    return mutate


if __name__ == "__main__":
    main()
