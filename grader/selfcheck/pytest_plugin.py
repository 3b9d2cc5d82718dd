"""`pytest assignments/01-rnn`: one test for every function and case of a notebook, as it is saved.

pytest loads this module wherever it runs, so everything else of the self-check is imported only once a notebook
with a `checks.safetensors` beside it is found.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.selfcheck import SNAPSHOT, CheckFailed

if TYPE_CHECKING:
    from grader.compare import Question
    from grader.selfcheck.cells import Definitions
    from grader.selfcheck.words import Report


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "NotebookFile | None":
    """Collect notebooks that can be checked."""
    if file_path.suffix != ".ipynb" or not file_path.with_name(SNAPSHOT).exists():
        return None
    return NotebookFile.from_parent(parent, path=file_path)


class NotebookFile(pytest.File):
    """A notebook; its cells run when the first of its tests does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._reports: dict[str, Report] = {}

    def collect(self) -> Iterator["CaseItem"]:
        from grader import notebook
        from grader.selfcheck import snapshot

        try:
            questions = snapshot.read(self.path.with_name(SNAPSHOT))
            self.notebook = notebook.read(self.path)
        except (snapshot.UnreadableSnapshot, notebook.UnreadableNotebook) as error:
            raise self.CollectError(str(error)) from None
        for question in questions.values():
            for number, case in enumerate(question.cases):
                name = f"{question.name}[{case.label}]"
                yield CaseItem.from_parent(self, name=name, question=question, number=number)

    @cached_property
    def definitions(self) -> "Definitions":
        """What the notebook's cells define."""
        from grader.selfcheck import cells

        with cells.at_home(self.path.parent):
            return cells.run(self.notebook)

    def report(self, question: "Question") -> "Report":
        """The report on all cases of a question, which are asked once."""
        from grader.selfcheck import cells, words

        if question.name not in self._reports:
            function = self.definitions.function(question.name)
            if function is None:
                report = words.trouble(question, self.definitions.why_missing(question.name))
            else:
                with cells.at_home(self.path.parent):
                    report = words.report(question, question.ask(function))
            self._reports[question.name] = words.with_notes(report, self.definitions.notes)
        return self._reports[question.name]


class CaseItem(pytest.Item):
    """One case of one function."""

    def __init__(self, *, question: "Question", number: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.number = number

    def runtest(self) -> None:
        from grader.selfcheck import plain

        assert isinstance(self.parent, NotebookFile)
        report = self.parent.report(self.question)
        if not report.cases:
            raise pytest.skip.Exception(report.state.words.removeprefix("is "), _use_item_location=True)
        if text := plain.failure(report, self.number):
            raise CheckFailed(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Words alone for what a student can mend; a traceback only if the self-check itself breaks."""
        return str(excinfo.value) if isinstance(excinfo.value, CheckFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name
