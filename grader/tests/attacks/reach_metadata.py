"""What a notebook says about itself: kernel, cells' metadata, attachments, widgets, versions."""

import copy
from typing import Any

from grader.tests import submissions
from grader.tests.attacks import Forgery, attack


def _marks(forged: Forgery, name: str) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    marks: dict[str, Any] = forged.find(name)["metadata"]["nbgrader"]
    return marks


@attack()
def another_kernel(forged: Forgery) -> None:
    """A kernel that is not installed."""
    forged.notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    forged.notebook["metadata"]["language_info"] = {"name": "bash"}


@attack()
def kernel_with_a_command(forged: Forgery) -> None:
    """A kernel that brings the command by which it is to be started."""
    mark = forged.planted.home / "kernel"
    spec = {"name": "../mallory", "argv": ["touch", str(mark)], "env": {"LD_PRELOAD": "/nowhere"}}
    forged.notebook["metadata"] = {"kernelspec": spec | {"display_name": "Mallory", "language": "python"}}


@attack("softmax", says="expected")
def checks_in_each_others_place(forged: Forgery) -> None:
    """The names of two cells are exchanged, so that an easy check stands for a hard one."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)")
    one, other = _marks(forged, "check-softmax"), _marks(forged, "check-output_layer")
    one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]


@attack()
def check_copied(forged: Forgery) -> None:
    """A check that is there twice, as students' accidents have it."""
    check = forged.find("check-softmax")
    forged.cells.insert(forged.cells.index(check), copy.deepcopy(check))


@attack()
def metadata_of_other_types(forged: Forgery) -> None:
    """Lists, numbers and nothing where nbgrader's metadata has an object, in cells of the student's own."""
    odd: tuple[Any, ...] = ([], 3, None, "yes", {"grade_id": ["softmax"]}, {"grade_id": 7, "grade": True}, {})
    for marks in odd:
        forged.cells.insert(0, submissions.own_cell("pass") | {"metadata": {"nbgrader": marks, "tags": marks}})


@attack()
def attachments(forged: Forgery) -> None:
    """Attachments with odd names and kinds, one of them large, at written answers and at code."""
    odd: dict[str, Any] = {"../../evil.png": {"image/png": "aGk="}, "x": {"text/html": "<script>"}, "": {}}
    for cell in forged.cells:
        cell["attachments"] = odd if cell["cell_type"] == "markdown" else {"x": 3}
    forged.cells[0]["attachments"] = {"large.bin": {"application/octet-stream": "QUFB" * 250_000}}


@attack()
def widgets(forged: Forgery) -> None:
    """The state of widgets that there are not, in a form that none has."""
    forged.notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": [None], "x": 1}}


@attack()
def five_megabytes_of_metadata(forged: Forgery) -> None:
    """Metadata larger than anything else, and deep."""
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    forged.notebook["metadata"]["notes"] = {"text": "x" * 5_000_000, "deep": deep}
    forged.find("softmax")["metadata"]["notes"] = {f"{number}": number for number in range(20_000)}


@attack()
def format_of_the_future(forged: Forgery) -> None:
    """A minor version that nobody has heard of, and fields that go with it."""
    forged.notebook |= {"nbformat_minor": 10**6, "signature": "trust me", "worksheets": []}


@attack()
def format_that_is_no_number(forged: Forgery) -> None:
    """A minor version in words."""
    forged.notebook["nbformat_minor"] = "five"


@attack()
def identifiers(forged: Forgery) -> None:
    """Cells that share one identifier, which is no valid one."""
    for cell in forged.cells:
        cell["id"] = "../" * 500 + "<script>"
