"""No cell of the exported table is a formula, and what is no formula stays as it is."""

import pytest

from grader.nbgrader_plugin.grades_csv import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", " =1", "\u00a0=1", "＝1+1", "＠x", "\t=1", "\r=1"])
def test_a_formula_becomes_text(text: str) -> None:
    """What a spreadsheet might work out, also behind a space, begins with an apostrophe or a sign for what it hid."""
    assert str(harmless(text))[0] in "'\ufffd"


@pytest.mark.parametrize("value", ["ada", 'O\'Neil, "Bo"', "07", "a=b", "", 0.0, -1.5, 3])
def test_others_stay(value: object) -> None:
    """Names, and numbers that are ours, negative ones too."""
    assert harmless(value) == value


def test_none_is_empty() -> None:
    """What the gradebook does not know."""
    assert harmless(None) == ""
