"""`unrolled check`: what it prints, its exit status, and code that hangs or crashes."""

import json
from pathlib import Path

import pytest

from grader.selfcheck import SNAPSHOT, run
from grader.selfcheck.terminal import check_notebook
from grader.tests import selfcheck_course as course

HANGS = "def states(x, h0):\n    while True:\n        pass\n"


def test_prints_every_function_and_how_many_are_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A right, a wrong and an untouched function look different, and the status is 1 until all are right."""
    path = course.write_assignment(tmp_path, states=course.FORGETFUL)
    assert check_notebook(path) == 1
    output = capsys.readouterr().out
    assert "✗ states is not right yet: 0.67 of 4 points" in output
    assert "h[0, 1, 0] (batch row 0, step 1, unit 0) is -0.4232, expected -0.9236" in output
    assert "Every step starts from `h0`" in output
    assert "○ extremes is not done yet." in output
    assert "0 of 2 done" in output

    course.write_assignment(tmp_path, states=course.STATES, extremes=course.EXTREMES)
    assert check_notebook(tmp_path) == 0
    assert "2 of 2 done" in capsys.readouterr().out


def test_unreadable_files_are_status_2_and_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No notebook, no snapshot, damaged ones: one message, no traceback."""

    def refused(path: Path) -> str:
        assert check_notebook(path) == 2
        return " ".join(capsys.readouterr().out.split())

    assert "holds no notebook" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "nowhere.ipynb")
    (tmp_path / "a.ipynb").write_text("{")
    assert "is not a notebook, since it is not JSON" in refused(tmp_path)
    (tmp_path / "a.ipynb").write_text(json.dumps(course.notebook()))
    assert "checks.safetensors is not in" in refused(tmp_path)
    (tmp_path / SNAPSHOT).write_bytes(b"?")
    assert "checks.safetensors is damaged" in refused(tmp_path)
    (tmp_path / "b.ipynb").touch()
    assert "holds 2 notebooks: name one" in refused(tmp_path)


def test_cell_that_raises_costs_its_own_function_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A syntax error is told where its function is; the others are checked, and magics are passed over."""
    own = "%matplotlib inline\n!ls\nnp.tanh?\n\nhalf = 0.5\nif half:\n    %time half = 1"
    course.write_assignment(tmp_path, own, states="def states(x, h0:\n", extremes=course.EXTREMES)
    assert check_notebook(tmp_path) == 1
    output = capsys.readouterr().out
    assert "`states` is not defined: its cell raises SyntaxError" in output
    assert "✓ extremes is right" in output

    course.write_assignment(tmp_path, "import nump", states="def state(x): pass", extremes=course.EXTREMES)
    check_notebook(tmp_path)
    assert "`states` is not defined: the cell `own cell 2` raises ModuleNotFoundError" in capsys.readouterr().out


def test_check_that_a_student_copied_is_no_cause(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A renamed function is said to be missing, even if the student's own check of it failed, too."""
    course.write_assignment(tmp_path, states="def state(x, h0):\n    return x\ncheck(state)")
    check_notebook(tmp_path)
    assert "`states` is not defined: was its cell deleted, or the function renamed?" in capsys.readouterr().out


def test_function_that_hangs_or_crashes_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An infinite loop is stopped and said to be one; Python's death is no worse; the other function is checked."""
    monkeypatch.setattr(run, "LIMIT", 3.0)
    course.write_assignment(tmp_path, states=HANGS, extremes=course.EXTREMES)
    check_notebook(tmp_path)
    output = capsys.readouterr().out
    assert "`states` does not come to an end: stopped after 3 s" in output
    assert "✓ extremes is right" in output

    course.write_assignment(tmp_path, states="import os\ndef states(x, h0): os._exit(0)", extremes=course.EXTREMES)
    check_notebook(tmp_path)
    output = capsys.readouterr().out
    assert "`states` crashes Python, or leaves it" in output
    assert "✓ extremes is right" in output


def test_cell_that_hangs_or_crashes_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no function can be reached, each says which cell stands in the way; it is tried once, not for each of them."""
    monkeypatch.setattr(run, "LIMIT", 3.0)
    for own, says in ("while True: pass", "does not come to an end"), ("import os; os._exit(1)", "crashes Python"):
        course.write_assignment(tmp_path, own, states=course.STATES, extremes=course.EXTREMES)
        assert check_notebook(tmp_path) == 1
        assert capsys.readouterr().out.count(f"was not reached: the cell `own cell 2` {says}") == 2


def test_what_a_student_prints_is_not_mistaken_for_answers(tmp_path: Path) -> None:
    """Prints, a closed standard output and input() do not disturb the check."""
    text = "import os, sys\ndef states(x, h0):\n    print(x); os.write(1, b'12345678'); sys.stdout.flush()\n"
    text += course.STATES.partition("\n")[2] + "try: input()\nexcept EOFError: pass\n"
    course.write_assignment(tmp_path, "print('x' * 10000)", states=text, extremes=course.EXTREMES)
    assert check_notebook(tmp_path) == 0


def test_helpers_beside_the_notebook_are_found(tmp_path: Path) -> None:
    """The working directory and the import path are the notebook's folder, as in Jupyter."""
    (tmp_path / "helper.py").write_text("from numpy import tanh")
    text = course.STATES.replace("np.tanh", "helper.tanh")
    path = course.write_assignment(tmp_path, "import helper; open('helper.py')", states=text, extremes=course.EXTREMES)
    assert check_notebook(path) == 0
