"""Run student code where it can do no harm: it gets inputs and gives arrays, and there is nothing else to get.

    with Sandbox() as sandbox, sandbox.submission([Cell("a1", "def double(x):\\n    return 2 * x")]) as submission:
        submission.cell_errors                                         # {}
        submission.ask(Call("double", [{"x": 21}])).answers[0].value   # 42

What runs where, from the outside in; only `inside/` is ever next to student code:

    submission, dialogue   the grader's process: a deadline and a bound for everything, and nothing believed
    session, launch        sockets to the sandbox, the processes that hold it
    layout, isolation      which files exist in it, and the outer walls (bubblewrap); advice where they cannot stand
    inside/zygote          has numpy in memory; forked for each session
    inside/supervisor      builds the inner walls (inside/walls), watches, kills
    inside/worker          student code: runs the cells, and is forked for each question (inside/questions)
"""

from grader.sandbox.dialogue import Call
from grader.sandbox.inside.config import Limits
from grader.sandbox.isolation import IsolationError
from grader.sandbox.launch import Isolation
from grader.sandbox.submission import Cell, Outcome, Sandbox, Submission

__all__ = ["Call", "Cell", "Isolation", "IsolationError", "Limits", "Outcome", "Sandbox", "Submission"]
