"""One who grades: made from a recipe that travels, given submissions as bytes, giving results as values.

It needs nothing of the course's folder, and writes nothing: it may be a process of this machine (pool.py) or of another
(cluster.py). Whoever reads the submissions, and writes what comes back, is in the package itself.
"""

import json
import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from grader import exercises, journal, notebook
from grader.feedback import annotate
from grader.grade import Grader, Result
from grader.notebook import UnreadableNotebook
from grader.sandbox import Isolation, IsolationError, Sandbox

PATIENCE = 600.0  # seconds for one submission; the deadlines of cells and questions add up to less than half of that

_log = logging.getLogger(__name__)


class ExecutorError(RuntimeError):
    """Those who should grade cannot; the message says why, and what to do."""


class OtherVersion(ExecutorError):
    """Here is other code than where the recipe was written, which would give other scores."""


@dataclass(frozen=True)
class Recipe:
    """All that it takes to grade one assignment as everybody else who has the recipe does."""

    slug: str
    key: bytes  # the course's secret
    release: bytes  # the released notebook
    version: Mapping[str, str]
    isolation: Isolation

    def grader(self) -> Grader:
        """The grader; raises OtherVersion."""
        assignment = exercises.load(self.slug)
        mine = journal.version(self.slug, self.key, self.release)
        if other := journal.changed(self.version, mine):
            raise OtherVersion(f"another version of unrolled is installed here ({' and '.join(other)} differ)")
        return Grader(assignment, self.key, notebook.parse(self.release, self.slug), self.version)

    def ungraded(self, student: str, problem: str) -> "Outcome":
        """What comes of a submission that gets no score."""
        return Outcome(Result(self.slug, student, "", self.version, self.isolation, problem=problem))


@dataclass(frozen=True)
class Submission:
    """What a student handed in."""

    student: str
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of a submission: the result and, if there is a score, the graded notebook's file."""

    result: Result
    notebook: bytes = b""


class Executor(Protocol):
    """Has submissions graded, on this machine or on others."""

    def run(self, recipe: Recipe, submissions: Iterator[Submission]) -> Generator[Outcome, None, None]:
        """One outcome for each submission, in any order.

        A submission is asked for when there is somebody to grade it, so that few wait at any time; what an ended
        iteration has begun ends with it. Raises ExecutorError or IsolationError if there is nobody to grade.
        """


class Worker:
    """Grades one submission after another, in the thread that made it; a context manager, for it holds a sandbox."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._grader = recipe.grader()
        self._sandbox = Sandbox(recipe.isolation)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._sandbox.__exit__(kind, error, at)

    def check(self) -> None:
        """Return if the sandbox stands; raises IsolationError."""
        with self._sandbox.submission([]):
            pass

    def grade(self, submission: Submission) -> Outcome:
        """An outcome for any submission at all; raises IsolationError."""
        try:
            result, rebuilt = self._grader.grade(submission.student, submission.data, self._sandbox)
            text = json.dumps(annotate(rebuilt, result), indent=1, ensure_ascii=False) + "\n"
        except UnreadableNotebook as error:
            return self._recipe.ungraded(submission.student, str(error))
        except IsolationError:
            raise
        except Exception as error:  # ours, and no reason to leave the rest of the class ungraded
            _log.exception("%s: this is a fault of the grader's; please report it", submission.student)
            problem = f"the grader itself failed ({type(error).__name__}: {error}); please report it"
            return self._recipe.ungraded(submission.student, problem[:300])
        return Outcome(result, text.encode("utf-8", "replace"))
