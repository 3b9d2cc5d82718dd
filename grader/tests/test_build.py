"""The build: from text to what students open, the same every time, with nothing in it that they should not see."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader import exercises, notebook
from grader.build import build, check_fresh, from_text
from grader.course import Course, CourseError
from grader.exercise import Assignment, Draw, Inputs
from grader.gradebook import GradebookWriter
from grader.notebook import Notebook
from grader.selfcheck import snapshot
from grader.tests.nbgrader_course import SLUG, nbgrader, result

SPEC = Assignment("00-doubling")


@SPEC.exercise(lambda x: 2 * x, outputs="y: B", points=2.5, hints=["Add it to itself."])
def double(draw: Draw, B: int = 3) -> Inputs:
    return {"x": draw.normal(B)}


TEXT = '''# %% [markdown]
# # Doubling

# %% given=true
import numpy as np

# %% solution="double"
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x  # the secret
    ### END SOLUTION

# %% experiment=true
print("""
# %% this is no cell
""")

# %% [markdown] written="why" points=3
# Because of the secret.
'''


def _names(nb: Notebook) -> list[str]:
    return [notebook.grade_id(cell) for cell in nb["cells"]]


def _words(nb: Notebook) -> str:
    return json.dumps(nb, ensure_ascii=False)


@pytest.fixture
def release(built: Course) -> Notebook:
    return notebook.read(built.release(SLUG))


def test_cells_by_their_markers() -> None:
    """Every marker gives the cell that nbgrader knows what to do with, and a solution its check."""
    nb = from_text(TEXT, SPEC, "doubling.py")
    assert _names(nb) == ["", "given-1", "double", "check-double", "experiment-1", "written-why"]
    marks = [cell["metadata"].get("nbgrader", {}) for cell in nb["cells"]]
    kinds = [[mark for mark in ("grade", "solution", "locked") if m.get(mark)] for m in marks]
    assert kinds == [[], ["locked"], ["solution"], ["grade", "locked"], ["locked"], ["grade", "solution"]]
    assert [m.get("points") for m in marks] == [None, None, None, 2.5, None, 3]
    assert [cell["metadata"].get("tags") for cell in nb["cells"]] == [
        None, None, None, ["raises-exception"], ["experiment"], None
    ]  # fmt: skip
    nbformat.validate(nbformat.from_dict(nb))


def test_no_name_changes_when_prose_is_added() -> None:
    """nbgrader refuses to rebuild an assignment with submissions if names change; prose must not change any."""
    more = TEXT.replace("# %% given", "# %% [markdown]\n# More.\n\n# %% given")
    old, new = from_text(TEXT, SPEC, ""), from_text(more, SPEC, "")
    assert [name for name in _names(old) if name] == [name for name in _names(new) if name]
    kept = {cell["id"] for cell in old["cells"]} & {cell["id"] for cell in new["cells"]}
    assert len(kept) == len(old["cells"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("given=true", "givn=true", ":4: 'givn' marks no code cell"),
        ("given=true", "given=false", ":4: write given=true"),
        ("given=true", "", ":4: mark the code cell as one of given, experiment, solution"),
        ("given=true", "Imports given=true", ":4: 'title' marks no code cell"),
        ("given=true", "given=true experiment=true", ":4: a cell is either given or experiment"),
        ("given=true", "given=[1", ":4: jupytext cannot read 'given=[1'"),
        ("[markdown]\n# # D", "[markdown] given=true\n# # D", ":1: 'given' marks no markdown cell"),
        ("[markdown]\n# # D", "[raw]\n# # D", ":1: there are no raw cells"),
        ('solution="double"', 'solution="triple"', ":7: 'triple' is no exercise of 00-doubling, which has double"),
        ('solution="double"', "given=true", ":7: a solution stands in a cell that is no solution cell"),
        ("def double", "def twice", ":7: the solution cell 'double' does not define double"),
        ("    ### BEGIN SOLUTION\n", "", ":7: the solution cell 'double' needs a line `### BEGIN SOLUTION`"),
        ("    ### END SOLUTION\n", "", ":7: the solution cell 'double' needs a line `### BEGIN SOLUTION`"),
        ("    ### END SOLUTION\n", "    ### BEGIN SOLUTION\n", ":7: the solution cell 'double' needs a line"),
        ("points=3", "points=0", ":19: a graded cell needs points=3 or another positive number, not 0"),
        ("points=3", 'points="3"', ":19: a graded cell needs points=3"),
        (" points=3", "", ":19: a graded cell needs points=3"),
        ('"why"', '"Why not?"', ":19: write written="),
        ("of the secret", "\n# ### BEGIN SOLUTION", ":19: a solution stands in a cell"),
        ("return 2 * x", "return 2 *", ":11: Python cannot read this"),
    ],
)
def test_mistakes_in_the_text_are_named_with_their_line(old: str, new: str, says: str) -> None:
    """An author's slip is a line number and what to write instead."""
    assert TEXT.count(old) == 1
    with pytest.raises(CourseError) as caught:
        from_text(TEXT.replace(old, new), SPEC, "solutions/00-doubling.py")
    assert str(caught.value).startswith(f"solutions/00-doubling.py{says}")


def test_duplicates_are_named() -> None:
    """A function or a written question may be asked once."""
    with pytest.raises(CourseError, match=r"x:21: there is a cell 'double' already, in line 7"):
        from_text(TEXT + TEXT[TEXT.index('# %% solution="') : TEXT.index("# %% exp")], SPEC, "x")
    with pytest.raises(CourseError, match=r"x:21: there is a cell 'written-why' already, in line 19"):
        from_text(TEXT + TEXT[TEXT.index("# %% [markdown] written") :], SPEC, "x")


def test_a_forgotten_exercise_is_named() -> None:
    """Every exercise of the spec needs its cell."""
    text = TEXT[: TEXT.index('# %% solution="')] + TEXT[TEXT.index("# %% exp") :]
    with pytest.raises(CourseError, match=r'x: there is no solution cell for double: write `# %% solution="double"`'):
        from_text(text, SPEC, "x")


def test_a_text_that_is_not_there(tmp_path: Path) -> None:
    """A missing text is one line, not a traceback."""
    with pytest.raises(CourseError, match=r"solutions/01-rnn.py cannot be read: No such file"):
        build(Course(tmp_path), SLUG)


def test_building_again_changes_no_byte(course: Course) -> None:
    """Same text, same bytes: the instructor's notebook, the students', and the visible cases."""
    paths = [course.source(SLUG), course.release(SLUG), course.checks(SLUG)]
    first = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    build(course, SLUG)
    assert [path.read_bytes() for path in paths] == first


def test_an_environment_that_is_not_activated(
    course: Course, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A new gradebook is made where `alembic`, which nbgrader starts, is not on PATH; and quietly."""
    (course.root / "gradebook.db").unlink()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    build(course, SLUG)
    assert (course.root / "gradebook.db").exists()
    assert capfd.readouterr() == ("", "")


def test_students_see_no_solution(built: Course, release: Notebook) -> None:
    """No line of a solution, no mark scheme, no marker and no metadata of ours is in the release."""
    source = notebook.read(built.source(SLUG))
    answers = {notebook.grade_id(cell): notebook.source(cell) for cell in release["cells"]}
    given = {line.strip() for cell in release["cells"] for line in notebook.source(cell).splitlines()}
    for cell in source["cells"]:
        if notebook.has(cell, "solution"):
            hidden = {line.strip() for line in notebook.source(cell).splitlines() if len(line.strip()) > 12} - given
            assert hidden
            assert not [line for line in hidden if line in _words(release)]
    written = [name for name in answers if name.startswith("written-")]
    assert [answers[name] for name in written] == ["YOUR ANSWER HERE"]
    for sign in ("SOLUTION", "MARK SCHEME", "jupytext", "lines_to_next_cell", "written=", "given=true"):
        assert sign not in _words(release)


def test_stubs_are_not_done(release: Notebook) -> None:
    """Every solution cell of the release defines a function that raises NotImplementedError."""
    for exercise in exercises.load(SLUG):
        cell = next(cell for cell in release["cells"] if notebook.grade_id(cell) == exercise.name)
        namespace: dict[str, Callable[..., object]] = {}
        exec(notebook.source(cell), {"np": np}, namespace)
        with pytest.raises(NotImplementedError):
            namespace[exercise.name](*exercise.inputs(b"", 0).values())


def test_checks_carry_the_specs_points(release: Notebook) -> None:
    """What a question is worth is said once, in the spec, and so are the assignment's functions."""
    marks = [cell["metadata"]["nbgrader"] for cell in release["cells"] if notebook.grade_id(cell).startswith("check-")]
    assert {mark["grade_id"]: mark["points"] for mark in marks} == {
        f"check-{exercise.name}": exercise.points for exercise in exercises.load(SLUG)
    }


def test_nothing_else_lies_beside_the_release(built: Course) -> None:
    """Students get a notebook and its cases."""
    assert sorted(path.name for path in built.release(SLUG).parent.iterdir()) == ["checks.safetensors", "rnn.ipynb"]


def test_strays_beside_the_source_are_refused(course: Course) -> None:
    """nbgrader would hand them to the students."""
    (course.source(SLUG).parent / "exam.pdf").write_bytes(b"")
    with pytest.raises(CourseError, match=r"holds exam.pdf: move it elsewhere"):
        build(course, SLUG)


def test_the_command_keeps_the_cases(course: Course) -> None:
    """`nbgrader generate_assignment --force` and formgrader's button empty the folder, and the hook fills it again."""
    before = snapshot.read(course.checks(SLUG)), course.release(SLUG).read_bytes()
    nbgrader(course, "generate_assignment", SLUG, "--force")
    assert list(snapshot.read(course.checks(SLUG))) == list(before[0])
    assert course.release(SLUG).read_bytes() == before[1]
    assert check_fresh(course, SLUG) == []


def test_fresh_is_fresh(course: Course) -> None:
    """After a build nothing is stale, and asking changes nothing, the gradebook included."""
    before = {path: path.stat().st_mtime_ns for path in course.root.rglob("*")}
    assert check_fresh(course, SLUG) == []
    assert before == {path: path.stat().st_mtime_ns for path in course.root.rglob("*")}


def test_stale_files_are_named(course: Course) -> None:
    """One blank in the notebook, or one number in the cases, is enough."""
    course.release(SLUG).write_bytes(course.release(SLUG).read_bytes() + b" ")
    questions = list(snapshot.read(course.checks(SLUG)).values())
    case = questions[0].cases[0]
    changed = replace(case, expected=(case.expected[0] + 1e-6,))
    snapshot.write(
        course.checks(SLUG), [replace(questions[0], cases=(changed, *questions[0].cases[1:])), *questions[1:]]
    )
    advice = "is not what its source gives: run `unrolled build 01-rnn`"
    assert check_fresh(course, SLUG) == [
        f"assignments/01-rnn/rnn.ipynb {advice}",
        f"assignments/01-rnn/checks.safetensors {advice}",
    ]
    course.release(SLUG).unlink()
    assert check_fresh(course, SLUG)[0] == "assignments/01-rnn/rnn.ipynb is missing: run `unrolled build 01-rnn`"


def test_the_last_bits_of_the_cases_may_differ(course: Course) -> None:
    """Another machine's BLAS rounds otherwise: that is fresh, and building again leaves the bytes alone."""
    questions = list(snapshot.read(course.checks(SLUG)).values())
    case = questions[0].cases[0]
    nudged = replace(case, expected=(np.nextafter(case.expected[0], 2),))
    snapshot.write(
        course.checks(SLUG), [replace(questions[0], cases=(nudged, *questions[0].cases[1:])), *questions[1:]]
    )
    before = course.checks(SLUG).read_bytes()
    assert check_fresh(course, SLUG) == []
    build(course, SLUG)
    assert course.checks(SLUG).read_bytes() == before


def test_cells_cannot_change_under_submissions(course: Course, release: Notebook) -> None:
    """With submissions in the gradebook a changed set of cells is one clear error, and the release stays."""
    with GradebookWriter(course, SLUG) as gradebook:
        gradebook.add(result(release))
    text = course.text(SLUG).read_text()
    course.text(SLUG).write_text(text + '\n# %% [markdown] written="more" points=1\n# More.\n')
    before = course.release(SLUG).read_bytes()
    with pytest.raises(CourseError) as caught:
        build(course, SLUG)
    assert "the gradebook has 1 submissions of 01-rnn as it was, and now it is with written-more" in str(caught.value)
    assert course.release(SLUG).read_bytes() == before
    course.text(SLUG).write_text(text + "\n# %% [markdown]\n# More words.\n")
    build(course, SLUG)
    assert "More words." in course.release(SLUG).read_text()


def test_the_advice_on_changed_cells_works(course: Course, release: Notebook) -> None:
    """Taking the assignment out of the gradebook, as the error says, lets it be built."""
    with GradebookWriter(course, SLUG) as gradebook:
        gradebook.add(result(release))
    text = course.text(SLUG).read_text()
    course.text(SLUG).write_text(text + '\n# %% [markdown] written="more" points=1\n# More.\n')
    nbgrader(course, "db", "assignment", "remove", SLUG, "--force")
    build(course, SLUG)
    with sqlite3.connect(course.root / "gradebook.db") as db:
        assert db.execute("select count(*) from base_cell where name = 'written-more'").fetchone() == (2,)
