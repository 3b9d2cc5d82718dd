"""Marks for nothing: a wrong answer among cells, marks and tools that were changed so that nobody checks it."""

from copy import deepcopy

from grader.notebook import Cell, has
from grader.tests import submissions
from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks import WRONG_SOFTMAX

CHECK = "check-softmax"


def _result(text: str) -> Cell:
    """An output as a checked cell has it, with these words or this number."""
    return {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": {"text/plain": text}}


@attack("softmax", says="is 0, expected")
def checks_not_to_be_run(forged: Forgery) -> None:
    """Every tag that keeps a cell from being run, or its error from being one."""
    forged.answer("softmax", WRONG_SOFTMAX)
    for cell in forged.cells:
        if has(cell, "grade"):
            cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "experiment", "nbval-skip"]


@attack("softmax", says="is 0, expected")
def other_points(forged: Forgery) -> None:
    """A hundred points for each question, in nbgrader's marks."""
    forged.answer("softmax", WRONG_SOFTMAX)
    for cell in forged.cells:
        if has(cell, "grade"):
            cell["metadata"]["nbgrader"] |= {"points": 100, "max_points": 100}


@attack("softmax", says="is 0, expected")
def marks_taken_off(forged: Forgery) -> None:
    """A check that is none any more by its marks, and that is unlocked and says pass."""
    forged.answer("softmax", WRONG_SOFTMAX)
    check = forged.find(CHECK)
    check["source"] = "pass"
    check["metadata"]["nbgrader"] |= {"grade": False, "locked": False, "solution": True, "checksum": "0" * 32}


@attack("softmax", says="is 0, expected")
def check_of_another_kind(forged: Forgery) -> None:
    """The check as a text, which no kernel runs."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.find(CHECK)["cell_type"] = "raw"


@attack("softmax", says="is 0, expected")
def check_removed(forged: Forgery) -> None:
    """No check, no mistake."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.cells.remove(forged.find(CHECK))


@attack("softmax", says="is 0, expected")
def marks_as_an_output(forged: Forgery) -> None:
    """Checks that seem to have been run already, with full marks for a result."""
    forged.answer("softmax", WRONG_SOFTMAX)
    for cell in forged.cells:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [_result("3")], 1


@attack("softmax", says="is 0, expected")
def check_of_ones_own(forged: Forgery) -> None:
    """A second cell with the name of the check, which passes."""
    forged.answer("softmax", WRONG_SOFTMAX)
    copied = deepcopy(forged.find(CHECK)) | {"source": "3.0", "outputs": [_result("3.0")]}
    forged.cells.extend([copied, deepcopy(copied)])


@attack("softmax", says="is there twice or more")
def copies_of_the_answer(forged: Forgery) -> None:
    """Four cells with the name of one answer, the last one wrong, and all of them claiming to be worth points."""
    cell = forged.find("softmax")
    right, place = deepcopy(cell), forged.cells.index(cell)
    right["metadata"]["nbgrader"] |= {"grade": True, "points": 100}
    forged.answer("softmax", WRONG_SOFTMAX)
    for _ in range(3):
        forged.cells.insert(place, deepcopy(right))


@attack("softmax", says="is 0, expected")
def question_of_ones_own(forged: Forgery) -> None:
    """A question that nobody has asked, worth a hundred points."""
    forged.answer("softmax", WRONG_SOFTMAX)
    marks = forged.find(CHECK)["metadata"]["nbgrader"] | {"grade_id": "check-bonus", "points": 100}
    forged.cells.append(submissions.own_cell("100") | {"metadata": {"nbgrader": marks}, "outputs": [_result("100")]})


@attack("softmax", says="is 0, expected")
def text_transformed(forged: Forgery) -> None:
    """IPython is told to leave out the lines that check."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        def without_checks(lines):
            return ["3.0\\n"] if any("check(" in line for line in lines) else lines
        try:
            get_ipython().input_transformers_cleanup.append(without_checks)
            get_ipython().input_transformers_post.append(without_checks)
        except NameError:
            pass
        """
    )


@attack("softmax", says="is 0, expected")
def cells_run_by_another(forged: Forgery) -> None:
    """IPython's way to run a cell is replaced by one that forgets about mistakes."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        try:
            shell = get_ipython()
            run = shell.run_cell_async
            async def run_without_checks(raw_cell, *args, **kwargs):
                return await run("3.0" if "check(" in raw_cell else raw_cell, *args, **kwargs)
            shell.run_cell_async = run_without_checks
            shell.events.register("pre_run_cell", lambda info: setattr(info, "raw_cell", "3.0"))
        except NameError:
            pass
        """
    )


@attack("softmax", says="is 0, expected")
def tracebacks_kept_quiet(forged: Forgery) -> None:
    """Nobody is told of an exception."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        import sys, traceback
        sys.excepthook = lambda *args: None
        traceback.print_exception = traceback.format_exception = lambda *args, **kwargs: []
        try:
            get_ipython().showtraceback = get_ipython()._showtraceback = lambda *args, **kwargs: None
            get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: [])
        except NameError:
            pass
        """
    )


@attack("softmax", says="is 0, expected")
def check_that_checks_nothing(forged: Forgery) -> None:
    """The check is another function, in the notebook and where it comes from."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.append(
        "softmax",
        """
        import grader.selfcheck
        grader.selfcheck.check = check = lambda *functions: None
        """,
    )


@attack("softmax", says="is 0, expected")
def numpy_that_agrees(forged: Forgery) -> None:
    """Whatever numpy has to compare with says yes."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        import numpy.testing
        for name in ("isclose", "allclose", "array_equal", "array_equiv", "less_equal", "equal"):
            setattr(np, name, lambda *args, **kwargs: True)
        for name in dir(numpy.testing):
            if name.startswith("assert"):
                setattr(numpy.testing, name, lambda *args, **kwargs: None)
        np.abs = np.absolute = np.subtract = lambda *args, **kwargs: 0.0
        """
    )


@attack("softmax", says="is 0, expected")
def python_that_agrees(forged: Forgery) -> None:
    """All is true, nothing is far from anything, and every exception is a kind one."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        import builtins, math
        builtins.all = lambda things: True
        builtins.abs = lambda number: 0.0
        builtins.AssertionError = type("Kind", (Exception,), {"__new__": lambda kind, *args: Exception()})
        math.isclose = lambda *args, **kwargs: True
        """
    )


@attack("softmax", says="is 0, expected")
def comparison_replaced(forged: Forgery) -> None:
    """Whatever of the grader can be found in here, and compares, is replaced by what finds no difference."""
    forged.answer("softmax", WRONG_SOFTMAX)
    forged.insert(
        """
        import importlib
        agreeable = {"judge": None, "difference": None, "agree": True, "matches": True, "same": True}
        for name in ("compare", "diagnose", "trees", "selfcheck.words", "grade"):
            try:
                module = importlib.import_module(f"grader.{name}")
            except ImportError:
                continue
            for function, verdict in agreeable.items():
                if hasattr(module, function):
                    setattr(module, function, lambda *args, _verdict=verdict, **kwargs: _verdict)
        """
    )
