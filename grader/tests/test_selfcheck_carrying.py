"""`carry`: a student's own functions come over from an earlier notebook, and one that is not right is told of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader import notebook
from grader.answers import Answer, ask, thaw
from grader.drives import Unfinished
from grader.sandbox import Call, Cell, Sandbox
from grader.selfcheck import carry, carrying, cells, run, snapshot
from grader.tests import selfcheck_course as course
from grader.tests.selfcheck_course import EXTREMES, FORGETFUL, STATES, tiny
from grader.trees import RngState, Seed

X, H0 = np.ones((1, 2, 1)), np.zeros((1, 1))
LATER = """from grader.selfcheck import carry
states, extremes = carry("00-tiny", "states", "extremes")
def highest(x, h0):
    return extremes(states(x, h0))[1]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a later assignment, in which its notebook runs."""
    folder = tmp_path / "01-later"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def earlier(here: Path, **solutions: str) -> None:
    folder = here.parent / "00-tiny"
    folder.mkdir()
    course.write_assignment(folder, **solutions)


def test_right_functions_come_without_a_word(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here, states=STATES, extremes=EXTREMES)
    states, extremes = carry("00-tiny", "states", "extremes")
    np.testing.assert_allclose(states(X, H0)[0, 0], np.tanh(1))
    assert extremes(X)[0].shape == (1, 1)
    assert capsys.readouterr().out == ""
    assert carry("00-tiny", "states").__name__ == "states", "one name gives the function itself"


def test_a_wrong_one_comes_with_a_warning(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here, states=FORGETFUL, extremes=EXTREMES)
    carry("00-tiny", "states", "extremes")
    said = capsys.readouterr().out
    assert "`states` is not right yet: finish 00-tiny/tiny.ipynb first" in said and "extremes" not in said


def test_one_that_is_not_done_says_so_where_it_is_needed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here, extremes=EXTREMES)
    states = carry("00-tiny", "states")
    assert "`states` is not done yet: finish 00-tiny/tiny.ipynb first" in capsys.readouterr().out
    with pytest.raises(Unfinished, match=r"finish 00-tiny/tiny\.ipynb first"):
        states(X, H0)
    needs = "needs `states`, which is not done yet: finish 00-tiny/tiny.ipynb first"
    assert ask(lambda x: states(x, H0), {"x": X}) == Answer(problem=needs, not_done=True)


def test_one_whose_cell_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here, states="def states(x, h0:\n")
    with pytest.raises(Unfinished, match="SyntaxError"):
        carry("00-tiny", "states")(X, H0)
    assert "finish 00-tiny/tiny.ipynb first" in capsys.readouterr().out


def test_instructors_notebooks_are_checked_with_the_students_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In solutions/ lie no cases, since nbgrader would copy them: those in assignments/ serve."""
    for folder in ("solutions/00-tiny", "assignments/00-tiny", "solutions/01-later"):
        (tmp_path / folder).mkdir(parents=True)
    course.write_assignment(tmp_path / "solutions" / "00-tiny", states=FORGETFUL)
    (tmp_path / "solutions" / "00-tiny" / "checks.safetensors").rename(
        tmp_path / "assignments" / "00-tiny" / "checks.safetensors"
    )
    monkeypatch.chdir(tmp_path / "solutions" / "01-later")
    carry("00-tiny", "states")
    assert "`states` is not right yet" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["no folder", "no notebook", "half the checks", "half a notebook"])
def test_a_notebook_that_cannot_be_had(here: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    if damage != "no folder":
        earlier(here, states=STATES)
        path = here.parent / "00-tiny" / ("checks.safetensors" if damage == "half the checks" else "tiny.ipynb")
        half = path.read_bytes()[:100]
        path.unlink()
        if damage.startswith("half"):
            path.write_bytes(half)
    states = carry("00-tiny", "states")
    said = capsys.readouterr().out
    assert "This notebook needs `states` of your notebook 00-tiny/tiny.ipynb, whose folder should lie beside" in said
    with pytest.raises(Unfinished):
        states(X, H0)


def test_a_name_that_the_notebook_does_not_have(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here)
    carry("00-tiny", "nonsense")
    assert "`nonsense`, which is not defined: " in capsys.readouterr().out


def test_what_the_earlier_notebook_prints_is_not_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here, states="print('hello')\n" + STATES)
    carry("00-tiny", "states")
    assert capsys.readouterr().out == ""


def test_right_ones_can_be_lent(here: Path) -> None:
    """Whoever verifies a later notebook lends it the right functions; no earlier notebook is needed."""
    with carrying.lending({"states": lambda x, h0: "right"}):
        assert carry("00-tiny", "states")(X, H0) == "right"


def later(text: str = LATER) -> notebook.Notebook:
    made = course.notebook()
    made["cells"] = [course._cell("given-1", text, locked=True)]
    return made


def test_what_a_notebook_carries_is_read_from_its_own_cells() -> None:
    """Only the instructor's cells count: a student's `carry` gives them nothing at grading."""
    assert notebook.carried(later()) == [("00-tiny", "states"), ("00-tiny", "extremes")]
    mine = later()
    mine["cells"][0]["metadata"] = {}
    assert notebook.carried(mine) == []


def test_the_terminal_says_what_to_finish_first(here: Path) -> None:
    """A wrong earlier function is told of beside every answer that it may have spoilt."""
    earlier(here, states=FORGETFUL)
    own = 'from grader.selfcheck import carry\nold = carry("00-tiny", "states")\n'
    course.write_assignment(here, own=own, states="def states(x, h0):\n    return old(x, h0)\n", extremes=EXTREMES)
    questions = snapshot.read(here / "checks.safetensors")
    wrong, right = run.reports(here / "tiny.ipynb", questions)
    assert wrong.hints[0].startswith("`states` is not right yet: finish 00-tiny/tiny.ipynb first")
    assert not any("finish" in hint for hint in right.hints)


def test_cells_keep_their_notes_to_themselves(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier(here)
    definitions = cells.run(later())
    assert len(definitions.notes) == 1 and capsys.readouterr().out == ""


def test_in_the_sandbox_they_are_the_right_ones_behind_the_proxy(sandbox: Sandbox) -> None:
    """The student's functions call right ones, which run outside; while cells run there are none."""
    right = {exercise.name: exercise.reference for exercise in tiny}
    early = Cell("early", "highest(np.ones((1, 2, 1)), np.zeros((1, 1)))")
    alias = Cell("alias", "mine = states\ndef aliased(x, h0):\n    return mine(x, h0)\n")
    with sandbox.submission([Cell("given", "import numpy as np\n" + LATER), early, alias]) as running:
        assert "can be called only inside your functions" in running.cell_errors["early"]
        inputs: dict[str, Any] = {"x": X, "h0": H0}
        for name, expected in [("highest", right["extremes"](right["states"](X, H0))[1]), ("aliased", None)]:
            (answer,) = running.ask(Call(name, [inputs], 5.0, right)).answers
            assert answer.problem == ""
            np.testing.assert_allclose(answer.value, right["states"](X, H0) if expected is None else expected)


def test_nothing_of_the_right_ones_is_inside(sandbox: Sandbox) -> None:
    """What carries values carries no code: neither the reference nor a spec is among what Python has loaded."""
    look = """def look(x, h0):
    import sys
    states(x, h0)
    return [name for name in sys.modules if name.startswith(("reference", "grader.exercise", "grader.compare"))]
"""
    with sandbox.submission([Cell("given", LATER), Cell("look", look)]) as running:
        (answer,) = running.ask(Call("look", [{"x": X, "h0": H0}], 5.0, {"states": lambda x, h0: x})).answers
    assert answer == Answer([])


def test_a_random_generator_goes_to_the_right_function_and_comes_back(sandbox: Sandbox) -> None:
    """Numbers drawn by a right function, and those drawn after it, are the ones that would have been drawn here."""
    text = """from grader.selfcheck import carry
noise = carry("00-tiny", "noise")
def twice(rng, n):
    return noise(rng, n), noise(n=n, rng=rng), rng.random(n)
"""
    with sandbox.submission([Cell("given", text)]) as running:
        call = Call("twice", [{"rng": Seed(3), "n": 4}], 5.0, {"noise": lambda rng, n: rng.standard_normal(n)})
        (answer,) = running.ask(call).answers
    rng = np.random.default_rng(3)
    expected = rng.standard_normal(4), rng.standard_normal(4), rng.random(4)
    np.testing.assert_array_equal(answer.value, expected)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"bit_generator": "MT19937"}', '{"bit_generator": "PCG64"}'])
def test_a_forged_generator_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        thaw(RngState(text))
