"""check(): the snapshot it reads, the words, the panel, the picture."""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from grader import laws, trees
from grader.answers import ask, ask_all
from grader.compare import Tolerance
from grader.exercise import Assignment, Draw, Exercise
from grader.selfcheck import SNAPSHOT, CheckFailed, NotDoneYet, check, panel, picture, plain, snapshot, words
from grader.selfcheck.words import Picture, Report, State
from grader.tests import selfcheck_course as course


def function(text: str, name: str) -> Callable[..., object]:
    """The function called `name` that a cell with this text defines."""
    namespace: dict[str, Callable[..., object]] = {"np": np}  # type: ignore[dict-item]
    exec(compile(text, f"<cell {name}>", "exec"), namespace)
    return namespace[name]


def report(exercise: Exercise, text: str) -> Report:
    question = exercise.question()
    cases = [case.inputs for case in question.cases]
    return words.report(question, ask_all(function(text, question.name), cases))


def shown(report: Report) -> str:
    """What the panel says to a reader, without its markup."""
    markup = re.sub(r"<svg.*?</svg>", "", panel.html(report))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a snapshot."""
    course.write_snapshot(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# The snapshot


def test_snapshot_gives_back_what_was_written(tmp_path: Path) -> None:
    """A question read is the question written, to the bit, and the file's bytes depend on nothing else."""
    course.write_snapshot(tmp_path)
    data = (tmp_path / SNAPSHOT).read_bytes()
    course.write_snapshot(tmp_path)
    read = snapshot.read(tmp_path / SNAPSHOT)
    assert (tmp_path / SNAPSHOT).read_bytes() == data
    assert list(read) == ["states", "extremes"]
    snapshot.write(tmp_path / "again", list(read.values()))
    assert (tmp_path / "again").read_bytes() == data
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["again", SNAPSHOT]


def test_snapshot_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing fails, the old file stays, and nothing half-written is left."""
    course.write_snapshot(tmp_path)
    data = (tmp_path / SNAPSHOT).read_bytes()

    def full(source: Path, target: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError):
        snapshot.write(tmp_path / SNAPSHOT, [])
    assert (tmp_path / SNAPSHOT).read_bytes() == data
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: None, "is not in"),
        (lambda data: b"", "is damaged: copy checks.safetensors again from the assignment's folder"),
        (lambda data: data[: len(data) // 2], "is damaged: copy"),
        (lambda data: trees.encode([1, 2]), "is damaged: copy"),
        (lambda data: trees.encode({"version": snapshot.VERSION, "questions": [{"name": 1}]}), "is damaged: copy"),
        (lambda data: trees.encode({"version": 99}), "has version 99, and this `unrolled` reads version "),
    ],
    ids=["missing", "empty", "truncated", "another tree", "incomplete", "newer"],
)
def test_unreadable_snapshot_says_what_to_do(folder: Path, damage: Callable[[bytes], bytes | None], says: str) -> None:
    """Whatever is wrong with the file, `check` answers with one line that helps."""
    path = folder / SNAPSHOT
    data = damage(path.read_bytes())
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(CheckFailed, match=re.escape(says)) as caught:
        check(function(course.STATES, "states"))
    assert "\n" not in str(caught.value)


# check()


def test_right_function_passes_quietly(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A right function raises nothing, and all that is printed is one line."""
    check(function(course.STATES, "states"))
    output = capsys.readouterr()
    assert (output.out, output.err) == ("✓ states is right: 4 of 4 points\n", "")


def test_wrong_function_raises_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exception's message and traceback in a notebook are the headline alone; the panel has the rest."""
    with pytest.raises(CheckFailed) as caught:
        check(function(course.FORGETFUL, "states"))
    assert str(caught.value) == "states is not right yet: 0.67 of 4 points"
    assert caught.value._render_traceback_() == [str(caught.value)]
    assert "h[0, 1, 0] (batch row 0, step 1, unit 0) is" in capsys.readouterr().out


def test_stub_is_not_done_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stub is told apart from a wrong answer, without marks, cases or hints."""
    with pytest.raises(NotDoneYet, match=r"^states is not done yet\.$"):
        check(function(course.STUB.format(name="states"), "states"))
    assert capsys.readouterr().out.splitlines()[0] == "○ states is not done yet."


def test_unknown_functions_are_told_from_known_ones(folder: Path) -> None:
    """A function without a check, or no function at all, gets a line that names what can be checked."""
    with pytest.raises(CheckFailed, match="no check for 'other' here; the functions to check are states, extremes"):
        check(function("def other(): pass", "other"))
    with pytest.raises(CheckFailed, match="without parentheses"):
        check(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["warn", "raise"])
def test_numpy_settings_of_a_student_do_not_matter(
    folder: Path, setting: Literal["warn", "raise"], capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither warnings nor a strict numpy keep the check from saying where the infinity is."""
    text = "def states(x, h0):\n    h = np.tanh(x)\n    with np.errstate(all='ignore'):\n        return h / (h * 0)\n"
    with np.errstate(all=setting), pytest.raises(CheckFailed):
        check(function(text, "states"))
    assert capfd.readouterr().err == ""


# The words


def test_first_difference_and_hint_in_panel_and_plain_text() -> None:
    """Panel and plain text say the same: points, cases, outputs, the first difference, the hint."""
    found = report(course.extremes, course.WRONG_HIGH)
    assert found.state is State.WRONG
    for sentence in [
        "extremes is not right yet: 1.17 of 2 points",
        "1 of 6 cases pass:",
        "✗ B=3 T=4 H=5: high",
        "✓ B=3 T=1 H=5",
        "Case B=3 T=4 H=5:",
        "high[0, 1] (batch row 0, unit 1) is 0.3132, expected 2.265; 12 of 15 numbers differ",
        "Hint: Over which axis does time run?",
    ]:
        assert sentence in re.sub(r" +:", ":", shown(found))
        assert sentence in plain.text(found)


def test_misconception_is_named_and_its_hints_come_in_stages() -> None:
    """A known mistake earns its own hints: the first is open, each later one behind a click, none in plain text."""
    found = report(course.states, course.FORGETFUL)
    first, second = found.hints
    assert found.hints_title == "Hint (your answers are those of a known mistake)"
    assert first.startswith("Every step starts from")
    before, _, after = panel.html(found).partition("<details")
    assert panel.prose(first) in before
    assert panel.prose(second) in after
    assert second not in plain.text(found)
    assert "(1 more in the notebook: check(states))" in plain.text(found)


def test_hints_of_three_stages_take_two_clicks() -> None:
    """Each `show me more` lies within the one before it."""
    markup = panel.html(report(course.states, "def states(x, h0):\n    return x"))
    assert re.search(r"<details.*step t - 1.*<details|<details.*<details.*</details></details>", markup)
    assert markup.count("show me more") == 2


def test_problem_of_every_case_is_told_once_for_all() -> None:
    """What is wrong in every case alike is not blamed on the first one."""
    found = report(course.states, "def states(x, h0):\n    pass")
    assert (found.where, found.text) == ("In every case", "`states` returns None: is the `return` missing?")


def test_trouble_shows_no_hints() -> None:
    """A function that could not be asked gets the reason, and no hint on how to solve the exercise."""
    found = words.trouble(course.states.question(), "is not defined: its cell raises NameError: name 'nump'")
    assert found.text == "`states` is not defined: its cell raises NameError: name 'nump'"
    assert "Hint" not in panel.html(found) + plain.text(found)


def test_text_of_a_student_is_only_text() -> None:
    """Markup, escape sequences, control and direction characters of an exception reach neither page nor terminal."""
    text = (
        r"def states(x, h0): raise ValueError('<script>alert(1)</script> \x1b[31mred\x1b]0;title\x07 \u202edecoy\x08')"
    )
    found = report(course.states, text)
    assert "<script" not in panel.html(found)
    assert "<script>alert(1)</script> red decoy" in shown(found)
    assert "raises ValueError: <script>alert(1)</script> red decoy" in plain.text(found)
    assert all(c.isprintable() or c == "\n" for c in plain.text(found) + panel.html(found))


# The panel and its picture


@pytest.mark.parametrize("text", [course.STATES, course.FORGETFUL, course.STUB.format(name="states")])
def test_panel_is_well_formed_and_labelled(text: str) -> None:
    """The panel parses as XML, names itself to a screen reader, and tells right from wrong by words, too."""
    found = report(course.states, text)
    root = ET.fromstring(panel.html(found))
    assert root.get("aria-label") == "Check of states"
    marks = [element.get("aria-label") for element in root.iter("b") if element.get("role") == "img"]
    assert len(marks) == len(found.cases)
    assert set(marks) <= {"is right:", "is not right yet:"}


def drawn(yours: np.ndarray, expected: np.ndarray, axes: str, index: tuple[int, ...]) -> ET.Element:
    tolerance = Tolerance(1e-4, 1e-5)
    return ET.fromstring(picture.svg(Picture(yours, expected, tuple(axes.split()), index, tolerance)))


def texts(element: ET.Element) -> list[str]:
    return [text.text or "" for text in element.iter("text")]


def test_picture_shows_the_batch_row_that_differs() -> None:
    """Of three axes the last two are drawn, at the place of the first difference, which is framed in all three maps."""
    expected = np.arange(24.0).reshape(2, 3, 4)
    yours = expected.copy()
    yours[1, 2, 3] = -7
    svg = drawn(yours, expected, "B T H", (1, 2, 3))
    assert svg.get("aria-label") == "Heat maps: yours, expected and their difference, batch row 1"
    assert {"yours", "expected", "yours − expected", "step ↓\u2002unit →", "−7.00", "23.00", "−30.00"} <= set(
        texts(svg)
    )
    frames = [rect for rect in svg.iter("rect") if rect.get("stroke") == "#000"]
    assert len({(rect.get("x"), rect.get("y")) for rect in frames}) == 1
    assert len(frames) == 3


def test_picture_of_a_large_array_is_a_window_around_the_difference() -> None:
    """A thousand numbers become a dozen rows and columns, labelled with their true places."""
    expected = np.ones((30, 40))
    yours = expected.copy()
    yours[29, 20] = 2
    labels = texts(drawn(yours, expected, "T V", (29, 20)))
    assert {"29", "18", "14", "25"} <= set(labels)
    assert not {"17", "30"} & set(labels) - {"17"}
    assert len(labels) < 150


@pytest.mark.parametrize(
    ("yours", "expected"),
    [
        (np.array([1.0, np.nan, np.inf]), np.array([1.0, 2.0, 3.0])),
        (np.array([0.0, 1e300, -np.inf]), np.zeros(3)),
        (np.array([1.0, -1e308, 0.0]), np.array([1.0, 1e308, 0.0])),
        (np.full(3, np.nan), np.full(3, np.inf)),
    ],
)
def test_picture_of_extreme_numbers(yours: np.ndarray, expected: np.ndarray) -> None:
    """NaN, infinities and the largest floats are drawn, without a warning."""
    svg = drawn(yours, expected, "H", (1,))
    assert "nan" not in "".join(rect.get("fill", "") for rect in svg.iter("rect"))
    assert "unit →" in texts(svg)


def test_picture_ignores_differences_that_count_as_right() -> None:
    """Rounding is drawn as 0, so that the eye finds what is wrong."""
    expected = np.array([1.0, 2.0, 3.0])
    labels = texts(drawn(expected + np.array([1e-12, 1.0, -1e-12]), expected, "H", (1,)))
    assert labels.count("0") == 3 + 2  # a column's number in each of three maps, and two differences


def test_snapshots_keep_what_stands_for_an_argument(tmp_path: Path) -> None:
    """A random generator and a function survive the file, in the inputs of cases whose outputs are random or not."""
    assignment = Assignment("00-toy")

    @assignment.exercise(lambda f, w: f(w), outputs="y", points=1, hints=["h"])
    def apply(draw: Draw, D: int = 3) -> Any:
        return dict(f=draw.given("cubic", **{name: draw.normal(D) for name in ("a", "b")}), w=draw.normal(D))

    @assignment.exercise(
        lambda rng, n: rng.normal(0, 1, n), outputs="x", points=1, hints=["h"], law=lambda n: laws.normal((n,), 1)
    )
    def noise(draw: Draw, n: int = 100) -> Any:
        return dict(rng=draw.seed(), n=n)

    @noise.misconception("Twice as far.")
    def doubled(rng, n):  # type: ignore[no-untyped-def]
        return 2 * rng.normal(0, 1, n)

    questions = [exercise.question() for exercise in assignment]
    snapshot.write(tmp_path / SNAPSHOT, questions)
    kept = snapshot.read(tmp_path / SNAPSHOT)
    for question in questions:
        assert trees.same(snapshot.as_tree(kept[question.name]), snapshot.as_tree(question))
        for case in kept[question.name].cases:
            right = ask(assignment.exercises[question.name], case.inputs)
            assert not right.problem
