"""Harm by the notebook itself: cells that are too many, too long, or too much to compile."""

from grader.tests import submissions
from grader.tests.attacks import Forgery, attack


@attack(refused=True, says="cells, more than the 2000 that are read")
def hundred_thousand_cells(forged: Forgery) -> None:
    """So many cells that running them one by one takes minutes, and noting that each is wrong takes 60 MB."""
    forged.cells[:0] = [submissions.own_cell("raise ValueError('x' * 300)")] * 100_000


@attack(harmful=True)
def printing_cells(forged: Forgery) -> None:
    """Many cells that print as much as one may."""
    for _ in range(200):
        forged.insert("print('\\N{SNOWMAN}' * 20_000)")


@attack(says="was not run: the cells before it took too long", harmful=True)
def slow_cells(forged: Forgery) -> None:
    """Cells that each take nearly as long as one may, 24 s in all, where 18 are allowed."""
    for _ in range(10):
        forged.insert("import time\ntime.sleep(2.4)", before="check-one_to_many")


@attack(says="too many nested parentheses", harmful=True)
def too_deep_to_compile(forged: Forgery) -> None:
    """A formula with a million parentheses, one with as many signs, and a long sum."""
    forged.insert("x = " + "(" * 10**6 + ")" * 10**6)
    forged.insert("x = " + "-" * 10**6 + "1")
    forged.insert("x = " + "[0]+" * 10**5 + "[0]")


@attack(harmful=True)
def too_much_to_compile(forged: Forgery) -> None:
    """A cell of 6 MB, which takes more time, or more memory, to compile than there is: which is first depends."""
    forged.insert("x = 0\n" * 10**6 + "y = 'ready'")
