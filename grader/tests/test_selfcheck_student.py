"""The self-check where a student has it: in an environment without `reference` and `grader.exercises`."""

import json
import re
import shutil
import signal
import subprocess
import sysconfig
import time
import tomllib
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import grader
from grader.selfcheck import SNAPSHOT
from grader.tests import selfcheck_course as course

PACKAGE = Path(grader.__file__).parent
MODULES = [
    "__init__",
    "trees",
    "given",
    "answers",
    "cells",
    "laws",
    "compare",
    "patterns",
    "diagnose",
    "notebook",
    "course",
]
ABSENT = re.compile(r"(__editable__.*|_?unrolled.*|grader|reference|torch|matplotlib|typer|_?hypothesis\w*)(-.*)?")
WATCH = "from pathlib import Path; from grader.selfcheck import run, terminal; run.LIMIT = 3.0;"
WATCH += "raise SystemExit(terminal.check_notebook(Path('.'), watch=True))"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with all of this one's packages but ours, and of ours the students' part alone."""
    folder = tmp_path_factory.mktemp("student")
    venv.create(folder, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not ABSENT.fullmatch(entry.name) and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    (site / "grader").mkdir()
    for name in MODULES:
        shutil.copy(PACKAGE / f"{name}.py", site / "grader" / f"{name}.py")
    for name in ("selfcheck", "drives", "datasets"):
        shutil.copytree(PACKAGE / name, site / "grader" / name, ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    metadata = site / "unrolled-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: unrolled\nVersion: 0\n")
    plugins = project["entry-points"]["pytest11"].items()
    lines = [f"{name} = {module}" for name, module in plugins]
    (metadata / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    return folder / "bin" / "python"


@pytest.fixture
def call(python: Path, tmp_path: Path) -> Callable[..., str]:
    """Run the student's Python in `tmp_path`; returns all that it printed, in one line."""

    def call(*arguments: str, status: int = 0) -> str:
        done = subprocess.run([python, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    return call


def executed(call: Callable[..., str], path: Path) -> dict[str, Any]:
    """The notebook's check cells by function, each with its outputs by type, from a real kernel."""
    call("-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--inplace", path.name)
    cells = json.loads(path.read_text())["cells"]
    outputs = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["outputs"] for cell in cells}
    return {name: {output["output_type"]: output for output in outputs[name]} for name in outputs}


def test_answer_keys_are_absent(call: Callable[..., str]) -> None:
    """What the tests below prove, they prove without the reference, the specs, and the packages that graders need."""
    for module in "reference", "grader.exercises", "grader.exercise", "torch", "matplotlib", "typer":
        assert "ModuleNotFoundError" in call("-c", f"import {module}", status=1)


def test_kernel_shows_panels_and_no_traceback(call: Callable[..., str], tmp_path: Path) -> None:
    """In a notebook, a wrong function is one panel and one red line, a stub too; warnings go nowhere."""
    text = course.FORGETFUL.replace("return", "np.log(-x)\n    return")
    checks = executed(call, course.write_assignment(tmp_path, states=text))
    wrong, stub = checks["check-states"], checks["check-extremes"]
    assert set(wrong) == set(stub) == {"display_data", "error"}
    assert wrong["error"]["traceback"] == ["states is not right yet: 0.67 of 4 points"]
    assert (wrong["error"]["ename"], stub["error"]["ename"]) == ("CheckFailed", "NotDoneYet")
    assert stub["error"]["traceback"] == ["extremes is not done yet."]
    assert "<svg" in "".join(wrong["display_data"]["data"]["text/html"])
    assert "Every step starts from `h0`" in "".join(wrong["display_data"]["data"]["text/plain"])


def test_kernel_shows_a_right_function_in_green(call: Callable[..., str], tmp_path: Path) -> None:
    """A right function raises nothing, so the notebook runs through."""
    checks = executed(call, course.write_assignment(tmp_path, states=course.STATES, extremes=course.EXTREMES))
    for name in "states", "extremes":
        assert set(checks[f"check-{name}"]) == {"display_data"}
        assert f"{name} is right" in "".join(checks[f"check-{name}"]["display_data"]["data"]["text/html"])


def test_pytest_runs_one_test_for_each_function_and_case(call: Callable[..., str], tmp_path: Path) -> None:
    """Wrong cases fail with the difference and the hint, right ones pass, stubs are skipped; nothing slow is loaded."""
    own = "import sys; open('loaded', 'w').write(' '.join(sys.modules))"
    course.write_assignment(tmp_path, own, states=course.FORGETFUL)
    output = call("-m", "pytest", "-v", "-rs", status=1)
    assert "tiny.ipynb::states[B=3 T=4 H=5] FAILED" in output
    assert "tiny.ipynb::states[B=3 T=1 H=5] PASSED" in output
    assert "h[0, 1, 0] (batch row 0, step 1, unit 0) is -0.4232, expected -0.9236" in output
    assert "Every step starts from `h0`" in output
    assert "SKIPPED [6] tiny.ipynb:1: not done yet" in output
    assert "5 failed, 1 passed, 6 skipped" in output
    assert "Traceback" not in output and "Error" not in output
    assert not {"torch", "nbformat", "matplotlib", "IPython"} & set((tmp_path / "loaded").read_text().split())


def test_pytest_tells_of_cells_that_raise(call: Callable[..., str], tmp_path: Path) -> None:
    """A cell that raises fails the tests of its function, with the reason; the other functions are tested."""
    course.write_assignment(tmp_path, "1 / 0", states="states = undefined", extremes=course.EXTREMES)
    output = call("-m", "pytest", status=1)
    assert "its cell raises NameError: name 'undefined' is not defined (at `states = undefined`)" in output
    assert "6 failed, 6 passed" in output


def test_pytest_collects_nothing_from_unreadable_files(call: Callable[..., str], tmp_path: Path) -> None:
    """A damaged notebook, or snapshot, is one collection error of one line."""
    path = course.write_assignment(tmp_path)
    path.write_text("<<<<<<< mine\n{}")
    output = call("-m", "pytest", status=2)
    assert "tiny.ipynb holds merge conflict markers" in output
    assert "1 error" in output and "Traceback" not in output
    course.write_assignment(tmp_path)
    (tmp_path / SNAPSHOT).write_bytes(b"")
    assert "checks.safetensors is damaged: copy" in call("-m", "pytest", status=2)


def test_pytest_elsewhere_pays_nothing(call: Callable[..., str], tmp_path: Path) -> None:
    """Where there is no notebook to check, the plugin loads neither numpy nor the rest of the self-check."""
    (tmp_path / "other.ipynb").write_text("{}")
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_other():\n"
        "    assert 'grader.selfcheck.pytest_plugin' in sys.modules\n"
        "    assert not {'numpy', 'grader.compare', 'grader.notebook'} & set(sys.modules)\n"
    )
    assert "1 passed" in call("-m", "pytest")


class Watch:
    """`unrolled check --watch` at work on the notebook in a folder."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.screen = folder / "screen"
        with self.screen.open("wb") as screen:
            command = [str(python), "-u", "-c", WATCH]
            self.process = subprocess.Popen(command, cwd=folder, stdout=screen, stderr=subprocess.STDOUT)
        self._read = 0

    def shows(self, text: str) -> bool:
        """Wait until `text` is printed, after whatever was waited for before."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            printed = " ".join(self.screen.read_text().split())
            if (found := printed.find(text, self._read)) >= 0:
                self._read = found + len(text)
                return True
            time.sleep(0.05)
        raise AssertionError(f"{text!r} is not in {printed[self._read :]!r}")


@pytest.fixture
def watch(python: Path, tmp_path: Path) -> Iterator[Watch]:
    """A watch on the untouched assignment in `tmp_path`."""
    course.write_assignment(tmp_path)
    watch = Watch(python, tmp_path)
    yield watch
    watch.process.kill()
    watch.process.wait()


def test_watch_shows_the_next_thing_to_do_at_every_save(watch: Watch, tmp_path: Path) -> None:
    """From stub to wrong to right to done, through a file half-written and an infinite loop; then it ends by itself."""
    assert watch.shows("○○ 0 of 2 done") and watch.shows("○ states is not done yet.")
    course.write_assignment(tmp_path, states=course.FORGETFUL)
    assert watch.shows("✗ states is not right yet") and watch.shows("Every step starts from `h0`")
    (tmp_path / "tiny.ipynb").write_text('{"cells": [')
    assert watch.shows("tiny.ipynb is not a notebook")
    course.write_assignment(tmp_path, states=course.STATES)
    assert watch.shows("✓○ 1 of 2 done") and watch.shows("○ extremes is not done yet.")
    course.write_assignment(tmp_path, states=course.STATES, extremes="def extremes(h):\n    while True: pass")
    assert watch.shows("`extremes` does not come to an end: stopped after 3 s")
    course.write_assignment(tmp_path, states=course.STATES, extremes=course.EXTREMES)
    assert watch.shows("✓✓ 2 of 2 done")
    assert watch.process.wait(timeout=60) == 0


def test_watch_ends_quietly_at_ctrl_c(watch: Watch) -> None:
    """Ctrl-C is the usual way out: no traceback, and the status of what was shown."""
    assert watch.shows("Ctrl-C ends.")
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(timeout=60) == 1
    assert "Traceback" not in watch.screen.read_text()
