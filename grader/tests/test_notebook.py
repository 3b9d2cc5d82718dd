"""Notebooks as anybody may have written them: refused in words, or rebuilt so that only the answers survive."""

import json
import os
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.notebook import (
    MAX_BYTES,
    Cell,
    Notebook,
    UnreadableNotebook,
    code_to_run,
    grade_id,
    has,
    is_experiment,
    parse,
    read,
    read_bytes,
    rebuild,
    source,
    unanswered,
)

NAME = "rnn.ipynb"


def cell(name: str, text: str, kind: str = "code", **marks: bool) -> Cell:
    """A cell of the course's; `marks` are nbgrader's."""
    all_marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    made: Cell = {"cell_type": kind, "id": f"id-{name}", "metadata": {}, "source": [text]}
    if name:
        made["metadata"]["nbgrader"] = all_marks | {"grade_id": name} | marks
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def own(text: str, kind: str = "code", **metadata: Any) -> Cell:
    """A cell of the student's own."""
    made: Cell = {"cell_type": kind, "metadata": metadata, "source": text}
    return made | ({"outputs": [], "execution_count": 3} if kind == "code" else {})


def notebook(*cells: Cell) -> Notebook:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3"}}, "cells": list(cells)}


def experiment() -> Cell:
    made = cell("plot", "plot()", locked=True)
    made["metadata"]["tags"] = ["experiment"]
    return made


RELEASE = notebook(
    cell("", "# The cell", "markdown"),
    cell("given", "import numpy as np", locked=True),
    cell("one", "raise NotImplementedError()", solution=True),
    cell("check-one", "check(one)", grade=True, locked=True),
    experiment(),
    cell("", "## The second", "markdown"),
    cell("two", "raise NotImplementedError()", solution=True),
    cell("check-two", "check(two)", grade=True, locked=True),
    cell("why", "YOUR ANSWER HERE", "markdown", grade=True, solution=True),
)


def submission() -> Notebook:
    """The release, as a student opens it."""
    return deepcopy(RELEASE)


def answered(**answers: str) -> Notebook:
    """The release with these solution cells filled in."""
    made = submission()
    for name, text in answers.items():
        find(made, name)["source"] = text
    return made


def find(nb: Notebook, name: str) -> Cell:
    found: Cell = next(c for c in nb["cells"] if grade_id(c) == name)
    return found


def place(nb: Notebook, name: str) -> int:
    return next(i for i, c in enumerate(nb["cells"]) if grade_id(c) == name)


def rebuilt(submitted: Notebook) -> Notebook:
    return rebuild(RELEASE, submitted).notebook


def code(nb: Notebook) -> list[str]:
    """The text of every code cell, in order."""
    return [source(c) for c in nb["cells"] if c["cell_type"] == "code"]


def encoded(nb: Any) -> bytes:
    return json.dumps(nb).encode()


# Reading


REFUSED: dict[str, tuple[bytes, str]] = {  # messages that end in … go on in Python's words
    "empty": (b"", "rnn.ipynb is empty: save the notebook again, or submit another copy"),
    "white": (b" \n\t\r\n", "rnn.ipynb is empty: save the notebook again, or submit another copy"),
    "text": (
        b"Dear teacher",
        "rnn.ipynb is not a notebook, since it is not JSON: Expecting value: line 1 column 1 (char 0)",
    ),
    "half": (
        encoded(RELEASE)[:100],
        "rnn.ipynb is not a notebook, since it is not JSON: Unterminated string starting at: …",
    ),
    "zip": (b"PK\x03\x04\x14\x00\xff\xfe", "rnn.ipynb is not a notebook, since it is not JSON: …"),
    "Latin 1": (
        b'{"nbformat": 4, "cells": ["\xe9"]}',
        "rnn.ipynb is not a notebook, since it is not JSON: 'utf-8' codec…",
    ),
    "deep": (b"[" * 100_000, "rnn.ipynb is not a notebook, since it is not JSON: maximum recursion depth exceeded…"),
    "deep and closed": (
        b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "rnn.ipynb is not a notebook, since it is not JSON: maximum recursion depth exceeded…",
    ),
    "huge number": (
        b'{"nbformat": ' + b"9" * 5000 + b"}",
        "rnn.ipynb is not a notebook, since it is not JSON: Exceeds the limit…",
    ),
    "conflict": (
        encoded(RELEASE)[:30] + b"\n<<<<<<< HEAD\n" + encoded(RELEASE)[30:],
        "rnn.ipynb holds merge conflict markers (<<<<<<<): choose one version and save it again",
    ),
    "conflict at the start": (
        b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n",
        "rnn.ipynb holds merge conflict markers (<<<<<<<): choose one version and save it again",
    ),
    "rest of a conflict": (
        b"=======\n{}\n>>>>>>> theirs",
        "rnn.ipynb holds merge conflict markers (<<<<<<<): choose one version and save it again",
    ),
    "end of a conflict": (
        b"\n>>>>>>> theirs\n{}",
        "rnn.ipynb holds merge conflict markers (<<<<<<<): choose one version and save it again",
    ),
    "list": (b"[]", "rnn.ipynb is JSON but not a notebook: it has no nbformat number"),
    "number": (b"4", "rnn.ipynb is JSON but not a notebook: it has no nbformat number"),
    "null": (b"null", "rnn.ipynb is JSON but not a notebook: it has no nbformat number"),
    "no nbformat": (b'{"cells": []}', "rnn.ipynb is JSON but not a notebook: it has no nbformat number"),
    "nbformat is text": (
        b'{"nbformat": "4", "cells": []}',
        "rnn.ipynb is JSON but not a notebook: it has no nbformat number",
    ),
    "format 3": (
        b'{"nbformat": 3, "worksheets": [{"cells": []}]}',
        "rnn.ipynb is in notebook format 3; format 4 is needed: open it in JupyterLab, which converts it, "
        "and save it again",
    ),
    "format 5": (b'{"nbformat": 5, "cells": []}', "rnn.ipynb is in notebook format 5; format 4 is needed: …"),
}

DAMAGED: dict[str, Any] = {
    "no cells": {"nbformat": 4},
    "cells are a dict": {"nbformat": 4, "cells": {}},
    "cells are null": {"nbformat": 4, "cells": None},
    "cell is a list": {"nbformat": 4, "cells": [[]]},
    "cell is null": {"nbformat": 4, "cells": [own("a"), None]},
    "no cell_type": {"nbformat": 4, "cells": [{"metadata": {}, "source": ""}]},
    "cell_type is a list": {"nbformat": 4, "cells": [own("a") | {"cell_type": ["code"]}]},
    "metadata are a list": {"nbformat": 4, "cells": [own("a") | {"metadata": []}]},
    "metadata are null": {"nbformat": 4, "cells": [own("a") | {"metadata": None}]},
    "no source": {"nbformat": 4, "cells": [{"cell_type": "code", "metadata": {}}]},
    "source is null": {"nbformat": 4, "cells": [own("a") | {"source": None}]},
    "source is a dict": {"nbformat": 4, "cells": [own("a") | {"source": {"a": 1}}]},
    "source holds a number": {"nbformat": 4, "cells": [own("a") | {"source": ["a", 3]}]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name: str) -> None:
    """What is no notebook is refused in a line that names the file, the reason, and often the remedy."""
    data, message = REFUSED[name]
    with pytest.raises(UnreadableNotebook) as caught:
        parse(data, NAME)
    text = str(caught.value)
    assert text == message or (message.endswith("…") and text.startswith(message[:-1]))
    assert len(text) <= 300 and "\n" not in text


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_cells(name: str) -> None:
    """JSON of the right format with something else for a cell is damaged, and said to be."""
    with pytest.raises(UnreadableNotebook) as caught:
        parse(encoded(DAMAGED[name]), NAME)
    assert str(caught.value) == "rnn.ipynb is damaged: its cells are not a list of cells"


def test_accepted() -> None:
    """A notebook comes as it is: with a byte order mark, in UTF-16, without metadata, with conflict marks in a text."""
    nb = notebook(own("a = 1"), {"cell_type": "code", "source": ""}, own("print('\\n<<<<<<< HEAD \U0001d11e')"))
    for data in (
        encoded(nb),
        b"\xef\xbb\xbf" + encoded(nb),
        json.dumps(nb).encode("utf-16"),
        json.dumps(nb, ensure_ascii=False, indent=1).encode(),
        b"\n\n" + encoded(nb) + b"\n",
    ):
        assert parse(data, NAME) == nb


def test_read(tmp_path: Path) -> None:
    """A file is read as its bytes are parsed, with its own name in what is said."""
    path = tmp_path / NAME
    path.write_bytes(encoded(RELEASE))
    assert read(path) == RELEASE
    assert read_bytes(path) == encoded(RELEASE)
    path.write_bytes(b"{}")
    with pytest.raises(UnreadableNotebook, match=r"^rnn\.ipynb is JSON but not a notebook"):
        read(path)


def test_too_large(tmp_path: Path) -> None:
    """A file of more than 20 MB is not read at all, and its author learns how to make it smaller."""
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.truncate(MAX_BYTES)
    assert len(read_bytes(path)) == MAX_BYTES == 20 * 2**20
    with path.open("wb") as file:
        file.truncate(50 * 2**20)
    with pytest.raises(UnreadableNotebook) as caught:
        read(path)
    assert str(caught.value) == (
        "rnn.ipynb has 50 MB, more than the 20 MB that are read: "
        "clear its outputs (Kernel > Restart Kernel and Clear Outputs) and save it again"
    )


def link(path: Path) -> None:
    target = path.with_name("secret")
    target.write_bytes(encoded(RELEASE))
    path.symlink_to(target)


def dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def endless_link(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [link, dangling_link, endless_link, Path.mkdir, os.mkfifo])
def test_special_files(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A link (to another's notebook, say), a directory, a pipe are refused at once, without being opened."""
    path = tmp_path / NAME
    make(path)
    start = time.perf_counter()
    with pytest.raises(UnreadableNotebook) as caught:
        read(path)
    assert str(caught.value) == "rnn.ipynb is a link or a special file, not a notebook: submit the file itself"
    assert time.perf_counter() - start < 1


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is an unreadable notebook, with the system's reason."""
    with pytest.raises(UnreadableNotebook) as caught:
        read(tmp_path / NAME)
    assert str(caught.value) == "rnn.ipynb cannot be read: No such file or directory"


# Cells


def test_source_is_text_or_lines() -> None:
    """A source may be one text or a list of lines; both are the same."""
    assert source({"source": "a\nb"}) == source({"source": ["a\n", "b"]}) == "a\nb"
    assert source({"source": []}) == ""


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"nbgrader": None},
        {"nbgrader": "one"},
        {"nbgrader": ["grade_id"]},
        {"nbgrader": {}},
        {"nbgrader": {"grade_id": 3}},
        {"nbgrader": {"grade_id": None}},
        {"nbgrader": {"grade_id": ["one"]}},
        {"nbgrader": {"grade_id": {}}},
    ],
)
def test_odd_marks_are_none(metadata: Any) -> None:
    """A cell with damaged marks is a cell of the student's own."""
    odd = own("a") | {"metadata": metadata}
    assert grade_id(odd) == ""
    assert not any(has(odd, mark) for mark in ("grade", "solution", "locked"))


def test_marks() -> None:
    """Names and marks of a cell are nbgrader's; a cell without metadata has none."""
    assert grade_id(cell("one", "")) == "one"
    assert has(cell("one", "", solution=True), "solution") and not has(cell("one", "", solution=True), "grade")
    assert grade_id({"cell_type": "code", "source": ""}) == "" and not has({"source": ""}, "grade")
    assert is_experiment(experiment()) and not is_experiment(cell("one", ""))
    assert not is_experiment(own("a", tags="experiment")) and not is_experiment(own("a", tags=None))


def test_code_to_run() -> None:
    """What defines things is run, in order and by name: no check, no experiment, no prose; own cells by their place."""
    nb = submission()
    nb["cells"].insert(0, own("first = 1"))
    nb["cells"].append(own("last = 1"))
    assert list(code_to_run(nb)) == [
        ("own cell 1", "first = 1"),
        ("given", "import numpy as np"),
        ("one", "raise NotImplementedError()"),
        ("two", "raise NotImplementedError()"),
        (f"own cell {len(nb['cells'])}", "last = 1"),
    ]


# Rebuilding


def test_untouched() -> None:
    """An untouched submission rebuilds to the release itself, with nothing to note."""
    result = rebuild(RELEASE, submission())
    texts = deepcopy(RELEASE)
    for c in texts["cells"]:
        if has(c, "solution"):
            c["source"] = source(c)
    assert result.notebook == texts
    assert result.notes == ()


def test_answers_are_taken() -> None:
    """The text of solution cells, of code and of prose, comes from the student; all else is the release's."""
    result = rebuild(RELEASE, answered(one="def one(): ...", why="Because."))
    assert source(find(result.notebook, "one")) == "def one(): ..."
    assert source(find(result.notebook, "why")) == "Because."
    assert source(find(result.notebook, "two")) == "raise NotImplementedError()"
    assert result.notes == ()


def test_sources_in_lines_are_joined() -> None:
    """An answer saved as lines is the same answer."""
    submitted = submission()
    find(submitted, "one")["source"] = ["def one():\n", "    return 1\n"]
    assert find(rebuilt(submitted), "one")["source"] == "def one():\n    return 1\n"


def test_the_inputs_stay_as_they_are() -> None:
    """Neither the release nor the submission is changed, so that one release serves a whole class."""
    kept, submitted = deepcopy(RELEASE), answered(one="x")
    again = deepcopy(submitted)
    made = rebuilt(submitted)
    made["cells"][2]["metadata"]["nbgrader"]["points"] = 100
    made["cells"][1]["outputs"].append("text")
    assert kept == RELEASE and again == submitted


def test_everything_else_is_dropped() -> None:
    """Metadata, tags, kernel, language, outputs, counts, attachments, ids and foreign keys of the student are gone."""
    submitted = answered(one="def one(): ...", why="See ![picture](attachment:a.png)")
    submitted["metadata"] = {"kernelspec": {"name": "evil", "argv": ["rm"]}, "language_info": {"name": "bash"}}
    submitted["nbformat_minor"] = 99
    submitted["evil"] = True
    for c in submitted["cells"]:
        c["metadata"]["tags"] = ["experiment", "evil"]
        c["metadata"]["jupyter"] = {"evil": True}
        c["id"] = "evil"
        c["attachments"] = {"a.png": {"image/png": "evil"}}
        c["evil"] = True
        if c["cell_type"] == "code":
            c["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "evil"}}]
            c["execution_count"] = 666
    submitted["cells"].append(own("mine = 1", tags=["evil"], evil=True) | {"attachments": {"evil": {}}})
    made = rebuilt(submitted)
    assert "evil" not in json.dumps(made) and "666" not in json.dumps(made)
    assert {key: value for key, value in made.items() if key != "cells"} == {
        key: value for key, value in RELEASE.items() if key != "cells"
    }
    for c in made["cells"]:
        assert "attachments" not in c
        assert c["cell_type"] != "code" or (c["outputs"] == [] and c["execution_count"] is None)
    assert find(made, "one")["metadata"] == find(RELEASE, "one")["metadata"]


def test_outputs_of_the_release_are_dropped_too() -> None:
    """Outputs that the release was saved with are no student's."""
    release = submission()
    find(release, "given")["outputs"] = [{"output_type": "stream"}]
    find(release, "given")["execution_count"] = 1
    made = find(rebuild(release, submission()).notebook, "given")
    assert made["outputs"] == [] and made["execution_count"] is None


def test_own_cells_are_plain() -> None:
    """A student's own cell survives as a plain code cell: with its text, and an id that no other cell has."""
    submitted = submission()
    submitted["cells"][1:1] = [own(["a = 1\n", "b = 2"], tags=["x"]), own("c = 3")]  # type: ignore[arg-type]
    submitted["cells"].append(own("d = 4"))
    made = rebuilt(submitted)
    mine = [c for c in made["cells"] if not grade_id(c) and c["cell_type"] == "code"]
    assert [c["source"] for c in mine] == ["a = 1\nb = 2", "c = 3", "d = 4"]
    plain: Cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    assert [{k: v for k, v in c.items() if k not in ("id", "source")} for c in mine] == [plain] * 3
    ids = [c["id"] for c in made["cells"] if grade_id(c) or c["cell_type"] == "code"]
    assert len(set(ids)) == len(ids)
    assert all(i.replace("-", "").isalnum() and len(i) <= 64 for i in ids)


def test_edited_cells_of_the_course_are_restored() -> None:
    """Given cells, checks and experiments are the course's, whatever the student made of them."""
    submitted = answered(one="def one(): ...")
    find(submitted, "given")["source"] = "import cheat"
    find(submitted, "check-one")["source"] = "print('3 points')"
    find(submitted, "check-one")["metadata"]["nbgrader"]["points"] = 1000
    find(submitted, "plot")["source"] = "cheat()"
    made = rebuilt(submitted)
    for name in ("given", "check-one", "plot"):
        assert find(made, name) == find(RELEASE, name)


def test_forged_marks_do_nothing() -> None:
    """A check that claims to be a solution stays the course's check; a solution that claims to be none is one."""
    submitted = answered(one="def one(): ...")
    find(submitted, "check-one")["metadata"]["nbgrader"].update(solution=True, grade=False)
    find(submitted, "check-one")["source"] = "print('3 points')"
    find(submitted, "one")["metadata"]["nbgrader"] = {"grade_id": "one"}
    made = rebuilt(submitted)
    assert find(made, "check-one") == find(RELEASE, "check-one")
    assert source(find(made, "one")) == "def one(): ..."


def test_deleted_cells() -> None:
    """A deleted solution is empty and noted; a deleted check or given cell is simply back."""
    submitted = answered(two="def two(): ...")
    submitted["cells"] = [c for c in submitted["cells"] if grade_id(c) in ("two", "why")]
    result = rebuild(RELEASE, submitted)
    assert result.notes == ("the cell `one` was deleted",)
    assert source(find(result.notebook, "one")) == ""
    assert source(find(result.notebook, "two")) == "def two(): ..."
    assert [grade_id(c) for c in result.notebook["cells"]] == [grade_id(c) for c in RELEASE["cells"]]


def test_no_cells_at_all() -> None:
    """A notebook without cells has nothing in it, and says so for each question."""
    result = rebuild(RELEASE, notebook())
    assert result.notes == tuple(f"the cell `{name}` was deleted" for name in ("one", "two", "why"))
    assert len(result.notebook["cells"]) == len(RELEASE["cells"])


@pytest.mark.parametrize("apart", [0, 1, 5])
def test_the_last_copy_counts(apart: int) -> None:
    """Of a solution that was copied the last one is run last, as in the notebook; it is noted, and none is lost."""
    submitted = answered(one="one = 'first'")
    at = place(submitted, "one")
    submitted["cells"].insert(at + 1 + apart, deepcopy(find(submitted, "one")) | {"source": "one = 'second'"})
    result = rebuild(RELEASE, submitted)
    texts = code(result.notebook)
    assert source(find(result.notebook, "one")) == "one = 'second'"
    assert texts.index("one = 'first'") < texts.index("one = 'second'")
    assert result.notes == ("the cell `one` is there twice or more; the last one counts",)


def test_three_copies_in_another_order() -> None:
    """However the cells were moved about, what is run last is what stood last."""
    submitted = answered(one="one = 1", two="two = 1")
    copies = [deepcopy(find(submitted, "one")) | {"source": f"one = {i}"} for i in (2, 3)]
    first, second = find(submitted, "one"), find(submitted, "two")
    submitted["cells"] = [second, first, *copies, find(submitted, "given")]
    result = rebuild(RELEASE, submitted)
    texts = [text for text in code(result.notebook) if text.startswith("one")]
    assert texts == ["one = 1", "one = 2", "one = 3"]
    assert source(find(result.notebook, "one")) == "one = 3"
    ids = [c["id"] for c in result.notebook["cells"] if c["id"].startswith("own")]
    assert len(set(ids)) == 2


def test_copies_of_written_answers_are_not_code() -> None:
    """A written answer that was copied keeps its last copy; the first is no code to run."""
    submitted = answered(why="first")
    submitted["cells"].append(deepcopy(find(submitted, "why")) | {"source": "second"})
    result = rebuild(RELEASE, submitted)
    assert source(find(result.notebook, "why")) == "second"
    assert "first" not in code(result.notebook)
    assert result.notes == ("the cell `why` is there twice or more; the last one counts",)


def test_copied_checks_are_dropped() -> None:
    """A copy of one of the course's own cells changes nothing."""
    submitted = submission()
    submitted["cells"] += [deepcopy(find(submitted, name)) for name in ("check-one", "given", "plot")]
    assert rebuilt(submitted) == rebuilt(submission())


def test_reordered() -> None:
    """Cells come back into the course's order, with their answers."""
    submitted = answered(one="def one(): ...", two="def two(): ...")
    submitted["cells"].reverse()
    assert rebuilt(submitted) == rebuilt(answered(one="def one(): ...", two="def two(): ..."))


@pytest.mark.parametrize("kind", ["markdown", "raw", "surprise"])
def test_cell_type_changed(kind: str) -> None:
    """A solution that was turned into prose is code again: its text is what is asked for."""
    submitted = answered(one="def one(): ...")
    find(submitted, "one")["cell_type"] = kind
    made = find(rebuilt(submitted), "one")
    assert made["cell_type"] == "code" and source(made) == "def one(): ..."
    find(submitted, "why")["cell_type"] = "code"
    assert find(rebuilt(submitted), "why")["cell_type"] == "markdown"


def test_own_cells_keep_their_place() -> None:
    """A helper stands after the cell that it stood after: before the first, between, in a row, after the last."""
    submitted = answered(one="one = 1", two="two = 1")
    cells = submitted["cells"]
    cells.append(own("after = 'all'"))
    cells.insert(place(submitted, "two"), own("helper = 2"))
    cells.insert(place(submitted, "two"), own("helper = 3"))
    cells.insert(place(submitted, "one"), own("helper = 1"))
    cells.insert(0, own("before = 'all'"))
    assert code(rebuilt(submitted)) == [
        "before = 'all'",
        "import numpy as np",
        "helper = 1",
        "one = 1",
        "check(one)",
        "plot()",
        "helper = 2",
        "helper = 3",
        "two = 1",
        "check(two)",
        "after = 'all'",
    ]


def test_own_prose_and_empty_cells_are_dropped() -> None:
    """Notes to oneself, raw cells and empty ones are no answers."""
    submitted = submission()
    submitted["cells"] += [own("note", "markdown"), own("raw", "raw"), own(" \n"), own(""), own("x", "surprise")]
    assert rebuilt(submitted) == rebuilt(submission())


@pytest.mark.parametrize("marks", [{"grade_id": 3}, {"grade_id": "unknown"}, "one", None, {"grade_id": ["one"]}])
def test_cells_with_odd_marks_are_own_cells(marks: Any) -> None:
    """A code cell whose marks name nothing of this assignment's is the student's own, and keeps its place."""
    submitted = submission()
    at = place(submitted, "one")
    submitted["cells"][at:at] = [own("helper = 1", nbgrader=marks), own("helper = 2")]
    assert code(rebuilt(submitted))[1:3] == ["helper = 1", "helper = 2"]
    assert rebuild(RELEASE, submitted).notes == ()


def test_answers_that_lost_their_marks() -> None:
    """An answer whose cell was made anew is missing by name, but its code is still run."""
    submitted = submission()
    submitted["cells"][place(submitted, "one")] = own("def one(): ...")
    result = rebuild(RELEASE, submitted)
    assert result.notes == ("the cell `one` was deleted",)
    assert "def one(): ..." in code(result.notebook)


@pytest.mark.parametrize(
    ("text", "missing"),
    [("YOUR ANSWER HERE", True), ("  YOUR ANSWER HERE\n", True), ("", True), ("\n ", True), ("Because.", False)],
)
def test_unanswered(text: str, missing: bool) -> None:
    """A written question is unanswered if its text is as it was released, or empty; code is another matter."""
    assert unanswered(RELEASE, answered(why=text)) == (("why",) if missing else ())
    assert unanswered(RELEASE, rebuilt(answered(why=text))) == (("why",) if missing else ())


def test_deleted_written_answers_are_unanswered() -> None:
    """A written question whose cell is gone has no answer."""
    assert unanswered(RELEASE, notebook()) == ("why",)


# Anything at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
odd = json_values
texts = st.sampled_from(["", "a = 1", "\ud800", "def one(): ..."])
marks = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from(["one", "two", "why", "check-one", "given", "new", ""]) | odd,
        "solution": st.booleans() | odd,
        "grade": st.booleans() | odd,
    },
)
metadata = st.fixed_dictionaries({}, optional={"nbgrader": marks | odd, "tags": st.just(["experiment"]) | odd})
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "x"]), "source": texts | st.lists(texts, max_size=2)},
    optional={"metadata": metadata, "outputs": odd, "id": odd},
)
notebooks = st.fixed_dictionaries({"nbformat": st.just(4), "cells": st.lists(cells, max_size=8)})
quick = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.binary(max_size=100) | json_values.map(encoded) | st.just(encoded(RELEASE)), st.integers(0, 200))
def test_parse_raises_nothing_else(data: bytes, end: int) -> None:
    """Whatever bytes there are: a notebook, or UnreadableNotebook with the file's name in it."""
    for part in (data, data[:end], data[end:]):
        try:
            parse(part, NAME)
        except UnreadableNotebook as error:
            assert str(error).startswith(NAME)


@quick
@given(
    st.fixed_dictionaries(
        {"nbformat": st.sampled_from([4, 4, 4, 3, True]), "cells": st.lists(cells | odd, max_size=3) | odd}
    )
)
def test_parse_of_damaged_cells(nb: Any) -> None:
    """Whatever stands where cells should: a notebook that can be rebuilt, or UnreadableNotebook."""
    try:
        parsed = parse(encoded(nb), NAME)
    except UnreadableNotebook as error:
        assert str(error).startswith(NAME)
    else:
        check_rebuilt(parsed)


@quick
@given(notebooks)
def test_rebuild_never_fails(nb: Notebook) -> None:
    """Whatever can be parsed can be rebuilt, run and asked for its answers, and is the course's notebook."""
    check_rebuilt(parse(encoded(nb), NAME))


def check_rebuilt(submitted: Notebook) -> None:
    result = rebuild(RELEASE, submitted)
    names = [grade_id(c) for c in result.notebook["cells"] if grade_id(c)]
    assert names == [grade_id(c) for c in RELEASE["cells"] if grade_id(c)]
    for before, after in zip(
        RELEASE["cells"], [c for c in result.notebook["cells"] if not c["id"].startswith("own-")], strict=True
    ):
        assert before | {"source": ""} == after | {"source": ""}
        assert has(before, "solution") or before["source"] == after["source"]
    assert all(isinstance(text, str) for _, text in code_to_run(result.notebook))
    assert set(unanswered(RELEASE, result.notebook)) <= {"why"}
    json.dumps(result.notebook)
