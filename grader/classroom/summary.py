"""What `unrolled grade` says at the end: of a small class everything, of a large one what needs a person."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from grader.selfcheck.words import visible

if TYPE_CHECKING:  # the command line starts faster without
    from grader.grade import Result

_SMALL_CLASS = 60
_MOST_UNGRADED = 40


@dataclass(frozen=True)
class _Row:
    student: str
    score: str
    remark: str


@dataclass
class Summary:
    """Counts of any class, and the rows of a table, as many as anybody reads."""

    reasons: Counter[str] = field(default_factory=Counter)  # why submissions were graded
    up_to_date: int = 0
    ungraded: int = 0
    full_marks: int = 0
    score: float = 0.0
    points: float = 0.0
    _all: list[_Row] = field(default_factory=list)
    _ungraded: list[_Row] = field(default_factory=list)

    def add(self, result: "Result", reason: str) -> None:
        """Count a result, with the reason why it was graded in this run; empty if it was not."""
        self.reasons.update([reason] if reason else [])
        self.up_to_date += not reason
        self.ungraded += bool(result.problem)
        if not result.problem:
            self.full_marks += result.score >= result.points
            self.score += result.score
            self.points = result.points
        if len(self._all) <= _SMALL_CLASS:
            self._all.append(_row(result))
        if result.problem and len(self._ungraded) < _MOST_UNGRADED:
            self._ungraded.append(_row(result))

    @property
    def graded(self) -> int:
        """How many submissions ran."""
        return self.reasons.total()

    def what_ran(self) -> str:
        """How many were skipped, and how many graded for which reason, in one line."""
        skipped = [f"{self.up_to_date} up to date"] if self.up_to_date else []
        return "; ".join([*skipped, *(f"{count} graded {reason}" for reason, count in self.reasons.most_common())])

    @property
    def shown(self) -> list[_Row]:
        """Everybody of a small class; of a large one those without a score, as far as anybody reads."""
        return self._all if len(self._all) <= _SMALL_CLASS else self._ungraded

    def table(self) -> Table:
        """Those who are shown, by name, with the first thing that there is to say."""
        table = Table()
        table.add_column("student", overflow="fold")
        table.add_column("score", justify="right")
        table.add_column("what there is to say", overflow="fold")
        for row in sorted(self.shown, key=lambda row: row.student):
            table.add_row(plain(row.student), row.score, plain(row.remark))
        return table

    def lines(self) -> Iterator[str]:
        """What stands under the table of a large class; nothing of a small one."""
        count = self.up_to_date + self.graded
        if count <= _SMALL_CLASS:
            return
        if self.ungraded > len(self._ungraded):
            yield f"and {self.ungraded - len(self._ungraded)} more that could not be graded: `unrolled report` has all"
        if scored := count - self.ungraded:
            mean = f"{self.score / scored:.2f} of {self.points:g} points on average, {self.full_marks} with full marks"
            yield f"{scored} have a score: {mean}; {self.ungraded} could not be graded"


def plain(text: str) -> str:
    """Text of a student's, safe to print: no markup of rich's, no control characters."""
    return escape(visible(text))


def _row(result: "Result") -> _Row:
    score = "[red]not graded[/]" if result.problem else f"{round(result.score, 2):g} of {result.points:g}"
    return _Row(result.student, score, _remark(result))


def _remark(result: "Result") -> str:
    """The one thing that the instructor should see first."""
    if result.problem:
        return result.problem
    wrong = [q for q in result.questions if q.score < q.points and not q.not_done]
    undone = sum(q.not_done for q in result.questions)
    remarks = [f"{q.name}: {q.misconception.replace('_', ' ') or q.first_failure}" for q in wrong[:1]]
    remarks += [f"and {len(wrong) - 1} more"] if len(wrong) > 1 else []
    remarks += [f"{undone} not done"] if undone else []
    return "; ".join(remarks + list(result.notes[:1]))
