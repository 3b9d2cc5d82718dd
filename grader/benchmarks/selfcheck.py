"""How long a student waits: `check()` in a running kernel, and `pytest assignments/01-rnn` from a cold start.

python -m grader.benchmarks.selfcheck
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from grader import notebook, selfcheck
from grader.course import Course
from grader.tests import submissions
from grader.verify import functions

SLUG = "01-rnn"
ROUNDS = 11


def main() -> None:
    """Print medians; a machine's own, so compare them with the aims (50 ms and 1.5 s) only roughly."""
    course = Course(Path(__file__).parent.parent.parent)
    release = notebook.read(course.release(SLUG))
    (data,) = submissions.right(release, SLUG, "loops").values()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / course.release(SLUG).name).write_bytes(data)
        (Path(folder) / "checks.safetensors").write_bytes(course.checks(SLUG).read_bytes())
        os.chdir(folder)
        for name, function in functions(notebook.parse(data, "right")).items():
            if name in {notebook.grade_id(cell) for cell in release["cells"]}:
                print(f"check({name}): {1000 * statistics.median(_checked(function)):.1f} ms")
        cold = [_cold_start(Path(folder)) for _ in range(ROUNDS)]
        print(f"pytest {SLUG}, cold start: {statistics.median(cold):.2f} s")
        os.chdir("/")


def _checked(function: Callable[..., object]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        with redirect_stdout(StringIO()):
            start = time.perf_counter()
            selfcheck.check(function)
            times.append(time.perf_counter() - start)
    return times


def _cold_start(folder: Path) -> float:
    """Without the plugin of hypothesis, which takes a second to load, and which students do not have."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", str(folder)]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
