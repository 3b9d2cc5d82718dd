"""What a submission may do to itself: every mistake costs its own cell or question, and is named."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from grader.answers import Answer
from grader.sandbox import Call, Cell, Limits, Sandbox, Submission
from grader.tests.walls import standing
from grader.trees import Tree

MiB = 2**20
LIMITS = Limits(
    memory_bytes=512 * MiB, processes=32, disk_bytes=8 * MiB, reply_bytes=4 * MiB, output_chars=1000, cell_seconds=1.0
)
CRASHES = {
    "import sys; sys.exit(3)": "raises SystemExit",
    "import os; os._exit(3)": "ends the Python process (exit status 3)",
    "import ctypes; ctypes.string_at(0)": "crashes Python (segmentation fault)",
    "import os; os.abort()": "crashes Python",
    "while True: pass": "takes longer than 1 s: is there a loop that never ends?",
}


@pytest.fixture(scope="module", params=["bubblewrap", "none"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox with small limits, with walls and without."""
    with standing(request.param, LIMITS) as sandbox:
        yield sandbox


def cells(*sources: str) -> list[Cell]:
    return [Cell(f"c{number}", source) for number, source in enumerate(sources)]


def ask(submission: Submission, name: str, *cases: dict[str, Tree], seconds: float = 5.0) -> list[Answer]:
    return list(submission.ask(Call(name, cases or ({},), seconds)).answers)


def only(box: Sandbox, source: str, name: str = "f", *, seconds: float = 5.0) -> Answer:
    """The answer of one function of one cell to no arguments."""
    with box.submission(cells(source)) as submission:
        assert submission.cell_errors == {}
        return ask(submission, name, seconds=seconds)[0]


def test_answers_come_back_in_order(box: Sandbox) -> None:
    """Every case gets its answer: arrays, numbers, text and nested containers come back as they were returned."""
    with box.submission(cells("def f(x, k):\n    return {'y': x * k, 'k': k}, [str(k), (k, None)]")) as submission:
        answers = ask(submission, "f", *({"x": np.arange(3.0), "k": k} for k in range(4)))
    for k, answer in enumerate(answers):
        assert answer.problem == ""
        (first, rest) = answer.value
        np.testing.assert_array_equal(first["y"], np.arange(3.0) * k)
        assert first["k"] == k and rest == [str(k), (k, None)]


def test_cells_share_one_namespace(box: Sandbox) -> None:
    """A function sees what earlier cells, and later ones, have defined; it is asked after all have run."""
    with box.submission(
        cells("import numpy as np\nscale = 2", "def f(x):\n    return np.sum(x) * scale", "scale = 3")
    ) as s:
        assert s.cell_errors == {}
        assert ask(s, "f", {"x": np.ones(4)})[0].value == 12.0


def test_bad_cell_costs_only_itself(box: Sandbox) -> None:
    """A cell that cannot be compiled, or raises, is reported with its line; the others run."""
    with box.submission(
        cells("def f(:\n    pass", "import torch", "x = 1 / 0", "def f():\n    return 1")
    ) as submission:
        errors = submission.cell_errors
        assert ask(submission, "f")[0].value == 1
    assert list(errors) == ["c0", "c1", "c2"]
    assert errors["c0"].startswith("SyntaxError") and "def f(:" in errors["c0"]
    assert errors["c1"].startswith("ModuleNotFoundError: No module named 'torch'")
    assert errors["c2"] == "ZeroDivisionError: division by zero (at `x = 1 / 0`)"


def test_lines_for_ipython_are_passed_over(box: Sandbox) -> None:
    """Magics, shell commands and help do nothing; a line of Python that begins like one is Python."""
    magic = "%matplotlib inline\n!pip install x\nlen?\nif True:\n    %time 1\ny = 1"
    with box.submission(cells(magic, "z = (7\n% 4)\ndef f():\n    return y, z")) as submission:
        assert submission.cell_errors == {}
        assert ask(submission, "f")[0].value == (1, 3)


def test_check_can_be_imported_and_does_nothing(box: Sandbox) -> None:
    """Notebooks check themselves; when they are graded, there is nothing to check with."""
    with box.submission(cells("from grader.selfcheck import check\ndef f():\n    return 1\ncheck(f)")) as submission:
        assert submission.cell_errors == {}


@pytest.mark.parametrize("crash", CRASHES)
def test_crash_in_a_cell(box: Sandbox, crash: str) -> None:
    """A cell that takes Python along is named, and left out; what the others define works."""
    with box.submission(cells("def f():\n    return 1", crash, "def g():\n    return f() + 1")) as submission:
        expected = CRASHES[crash].removeprefix("raises ")
        assert submission.cell_errors["c1"].startswith(expected)
        assert list(submission.cell_errors) == ["c1"]
        assert ask(submission, "g")[0].value == 2


@pytest.mark.parametrize("crash", CRASHES)
def test_crash_in_a_function(box: Sandbox, crash: str) -> None:
    """A function that takes Python along loses the case in which it did, and those after it; not the next question."""
    source = f"def f(n):\n    if n == 2:\n        {crash}\n    return n\ndef g():\n    return 7"
    with box.submission(cells(source)) as submission:
        answers = ask(submission, "f", *({"n": n} for n in range(4)), seconds=1.0)
        assert [answer.value for answer in answers[:2]] == [0, 1]
        assert answers[2].problem.startswith(CRASHES[crash])
        assert len(answers) == 4
        assert ask(submission, "g")[0].value == 7


def test_any_signal_has_a_name(box: Sandbox) -> None:
    """Also one that Python has no name for."""
    problem = only(box, "import os\ndef f():\n    os.kill(os.getpid(), 40)").problem
    assert problem == "was ended by signal 40, which it sent itself"


TOO_LONG = "takes longer than 1 s: is there a loop that never ends?"
STANDSTILLS = {
    "os.kill(os.getpid(), signal.SIGSTOP)": TOO_LONG,
    "[os.kill(pid, signal.SIGSTOP) for pid in (os.getppid(), os.getpid())]": TOO_LONG,
    # a child that shares its parent's fate: until it ends, the parent sleeps where no signal but SIGKILL wakes it
    "ctypes.CDLL(None).syscall(*CLONE, 0x4000 | signal.SIGCHLD, 0, 0, 0, 0) or time.sleep(60)": TOO_LONG,
    "signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(60)": "was ended by an alarm that it set itself",
    "time.monotonic = time.time = lambda: 0.0; select.poll = None; time.sleep(60)": TOO_LONG,
    "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(60)": TOO_LONG,
    "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); [os.fork() for _ in range(3)]; time.sleep(60)": TOO_LONG,
}
STAND_STILL = """
import ctypes, os, select, signal, time
CLONE = [56 if os.uname().machine == 'x86_64' else 220]
def count():
    return len([name for name in os.listdir('/proc') if name.isdecimal()])
def g():
    return 7
"""


@pytest.mark.parametrize("action", STANDSTILLS)
def test_standstill_ends_by_the_deadline(box: Sandbox, action: str) -> None:
    """Stopping oneself, sleeping where signals do not reach, turning clocks: it ends in time, and leaves nothing."""
    source = f"{STAND_STILL}def f():\n    {action}"
    with box.submission(cells(source)) as submission:
        start = time.monotonic()
        assert ask(submission, "f", seconds=1.0)[0].problem == STANDSTILLS[action]
        assert time.monotonic() - start < 20
        assert ask(submission, "g")[0].value == 7
        if box.isolation == "bubblewrap":
            assert ask(submission, "count")[0].value == 2


def test_clocks_turned_in_a_cell(box: Sandbox) -> None:
    """A cell that patches what the definitions process keeps the time with is still held to it from outside."""
    source = f"{STAND_STILL}time.monotonic = lambda: 0.0\ndef f():\n    time.sleep(60)\n"
    patch = "class Poll:\n    register = lambda *_: None\n    poll = lambda *_: time.sleep(60)\nselect.poll = Poll"
    with box.submission(cells(source + patch)) as submission:
        start = time.monotonic()
        assert ask(submission, "f", seconds=1.0)[0].problem == TOO_LONG
        assert time.monotonic() - start < 20
        assert ask(submission, "g", seconds=1.0)[0].value == 7


def test_message_that_is_no_text(box: Sandbox) -> None:
    """A message with half a character in it can be written to a file and a database."""
    problem = only(box, "def f():\n    raise ValueError('half: \\ud800')").problem
    assert problem.startswith("raises ValueError: half: ?") and problem.encode()


def test_exit_status_says_what_to_do_instead(box: Sandbox) -> None:
    """`os._exit` in a function gets the advice to return."""
    answer = only(box, "import os\ndef f():\n    os._exit(0)")
    assert answer.problem == "ends the Python process (exit status 0): a function must return instead"


def test_unending_recursion_is_an_exception(box: Sandbox) -> None:
    """Too deep a recursion raises, as everywhere in Python."""
    assert only(box, "def f():\n    return f()").problem.startswith("raises RecursionError")


def test_memory_is_bounded(box: Sandbox) -> None:
    """An array of 100 GB raises MemoryError at once, and no memory is taken."""
    assert "MemoryError" in only(box, "import numpy as np\ndef f():\n    return np.ones(100 * 2**30 // 8)").problem


def test_background_thread_does_no_harm(box: Sandbox) -> None:
    """A thread that never ends, started in a cell or in a function, holds nothing up."""
    thread = "import threading, time\ndef forever():\n    while True:\n        time.sleep(0.01)\n"
    start = "threading.Thread(target=forever).start()\n"
    with box.submission(cells(thread + start, f"def f():\n    {start}    return 1")) as submission:
        assert [ask(submission, "f")[0].value for _ in range(2)] == [1, 1]


DAEMON = """
import os, sys, time
def start_daemon(name):
    ready, started = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.set_inheritable(started, True)
            code = f"import os, time; os.write({started}, b'1'); time.sleep(60)"
            os.execv(sys.executable, [name, "-S", "-c", code])
        os._exit(0)
    return os.read(ready, 1)
"""


def is_running(name: str) -> bool:
    """Is there any process on this machine that calls itself `name`?"""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if name.encode() in (process / "cmdline").read_bytes().split(b"\0")[:1]:
                return True
        except OSError:
            continue  # it has ended in the meantime
    return False


def test_daemon_of_a_question_dies_with_it(box: Sandbox) -> None:
    """A process that has left its family and its session is dead when the question is over."""
    name = f"daemon-{uuid4()}"
    with box.submission(cells(DAEMON)) as submission:
        ask(submission, "start_daemon", {"name": name})
        assert not is_running(name)


def test_daemon_of_a_cell_dies_with_the_submission(box: Sandbox) -> None:
    """So is one that a cell has started, when the submission is over."""
    name = f"daemon-{uuid4()}"
    with box.submission(cells(DAEMON, f"start_daemon({name!r})")) as submission:
        assert submission.cell_errors == {}
        assert is_running(name)
    assert not is_running(name)


def test_printing_is_kept_in_part(box: Sandbox) -> None:
    """100 MB of print cost little time and no memory: the beginning is kept, per cell and per question."""
    flood = "def f():\n    for _ in range(100):\n        print('x' * 2**20)\n    return 1"
    with box.submission(cells("print('hello')", "import sys; print('oh', file=sys.stderr)", flood)) as submission:
        start = time.monotonic()
        outcome = submission.ask(Call("f", [{}]))
        assert time.monotonic() - start < 5
        assert submission.printed == "hello\noh\n"
    assert outcome.answers[0].value == 1
    assert outcome.printed.startswith("x" * 1000) and len(outcome.printed) < 1100


def test_print_before_a_hang_is_kept(box: Sandbox) -> None:
    """Who looks for an endless loop with print sees what it printed."""
    with box.submission(
        cells("print('in the cell')\nwhile True: pass", "def f():\n    print('here')\n    f()")
    ) as submission:
        assert submission.printed == "in the cell\n"
        assert submission.ask(Call("f", [{}])).printed.startswith("here\n")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("object()", "object, which cannot be compared"),
        ("(i for i in [])", "generator, which cannot be compared"),
        ("1j", "complex, which cannot be compared"),
        ("np.array([1j])", "an array of dtype complex128, which cannot be compared"),
        ("np.zeros(2**20)", "more than can be compared: is an array far too large?"),
    ],
)
def test_what_cannot_be_compared_is_named(box: Sandbox, value: str, problem: str) -> None:
    """A value of no use to a comparison costs its question, and the message says what it is."""
    said = only(box, f"import numpy as np\ndef f():\n    return {value}").problem
    assert said.startswith("returns") and said.endswith(problem)


def test_changed_arguments_are_reported(box: Sandbox) -> None:
    """A function that writes to its arguments is found out; the next case gets what it should."""
    with box.submission(cells("def f(x, y):\n    x += y\n    return x")) as submission:
        for answer in ask(submission, "f", *[{"x": np.zeros(2), "y": np.ones(2)}] * 2):
            assert answer.changed == ("x",)
            np.testing.assert_array_equal(answer.value, np.ones(2))


def test_missing_function_is_named_with_the_nearest(box: Sandbox) -> None:
    """A renamed function is not found, but guessed; a name that is no function is called what it is."""
    with box.submission(cells("def rnn_forwards():\n    pass\nloss = 1.5")) as submission:
        missing = ask(submission, "rnn_forward", {}, {})
        assert [answer.problem for answer in missing] == [
            "is not defined: was it renamed, or its cell deleted? There is a function `rnn_forwards`."
        ] * 2
        assert ask(submission, "zzz")[0].problem == "is not defined: was it renamed, or its cell deleted?"
        assert ask(submission, "loss")[0].problem == "is a float, not a function"


def test_stub_is_asked_once(box: Sandbox) -> None:
    """A function that is not done yet is so for all cases, and does its work once."""
    with box.submission(cells("def f(n):\n    print('asked')\n    raise NotImplementedError")) as submission:
        outcome = submission.ask(Call("f", [{"n": n} for n in range(3)]))
    assert [answer.not_done for answer in outcome.answers] == [True] * 3
    assert outcome.printed == "asked\n"


def test_question_leaves_no_trace(box: Sandbox) -> None:
    """What a question does to numpy, to globals or to the generators is gone when the next one comes."""
    source = """
import numpy as np, random
count = 0
def f():
    global count
    count += 1
    np.tanh = None
    return [count, np.random.random(), random.random()]
def g(x):
    return np.tanh(x)
"""
    with box.submission(cells(source)) as submission:
        first, second = (ask(submission, "f")[0].value for _ in range(2))
        assert first == second
        assert ask(submission, "g", {"x": 0.0})[0].value == 0.0
    with box.submission(cells(source)) as submission:
        assert ask(submission, "f")[0].value == first


def test_plots_can_be_drawn(box: Sandbox) -> None:
    """matplotlib works, without a screen."""
    source = """
import io
import matplotlib.pyplot as plt
def f():
    plt.plot([1, 2])
    plt.savefig(file := io.BytesIO())
    return len(file.getvalue()) > 1000
"""
    assert only(box, source).value is True


LIBRARIES = {
    "pool": "with multiprocessing.get_context('fork').Pool(2) as pool:\n        return pool.map(len, ['a', 'bc'])",
    "manager": "with multiprocessing.get_context('fork').Manager() as m:\n        return list(m.list([1, 2]))",
    "loop": "return asyncio.run(asyncio.wait_for(asyncio.sleep(0.01, [1, 2]), 1))",
    "files": "with tempfile.TemporaryDirectory() as d, tempfile.NamedTemporaryFile() as f:\n"
    "        os.link(f.name, d + '/a'); os.rename(d + '/a', d + '/b'); os.symlink('b', d + '/c')\n"
    "        os.truncate(d + '/b', 3)\n        return [len(os.listdir(d)) - 1, os.path.getsize(d + '/c') - 1]",
    "program": "out = subprocess.run([sys.executable, '-S', '-c', 'print(1, 2)'], stdout=-1)\n"
    "    return [int(number) for number in out.stdout.split()]",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_work_behind_walls(box: Sandbox, library: str) -> None:
    """What an honest solution might use is not in the way of the walls: processes, temporary files, event loops."""
    imports = "import asyncio, multiprocessing, os, subprocess, sys, tempfile"
    answer = only(box, f"{imports}\ndef f():\n    {LIBRARIES[library]}")
    assert answer.value == [1, 2], answer.problem


def test_right_functions_work_behind_the_wall(box: Sandbox) -> None:
    """A function that follows through gets right results from our side, by position or by name, and changes nothing."""
    seen: list[Tree] = []

    def double(x: Tree, by: Tree = 2) -> Tree:
        seen.append((x, by))
        return x * by

    source = "def double(x, by=2):\n    return 'wrong'\ndef f(n):\n    return [double(n), double(x=n, by=3)]"
    with box.submission(cells(source)) as submission:
        call = Call("f", [{"n": 1}, {"n": 5}], right={"double": double})
        assert [answer.value for answer in submission.ask(call).answers] == [[2, 3], [10, 15]]
        assert ask(submission, "f", {"n": 1})[0].value == ["wrong", "wrong"]
    assert seen == [(1, 2), (1, 3), (5, 2), (5, 3)]


def test_right_function_used_wrongly_raises(box: Sandbox) -> None:
    """Arguments that do not fit raise in student code; it may catch that, and the question goes on."""
    source = "def f(n):\n    return double(n) if n else double()"
    with box.submission(cells(source)) as submission:
        call = Call("f", [{"n": 0}, {"n": 1}, {"n": 2}], right={"double": lambda x: 2 * x})
        first, second, third = submission.ask(call).answers
    assert first.problem.startswith("raises ValueError: double cannot work with its arguments: TypeError")
    assert (second.value, third.value) == (2, 4)


def test_right_function_does_the_same_work_once(box: Sandbox) -> None:
    """What one submission has asked of it, the next is told from memory; what is new is worked out."""
    asked: list[float] = []

    def g(x: float) -> float:
        asked.append(x)
        return 2 * x

    call = Call("f", [{"x": 1.0}], right={"g": g})
    for source, value in (("g(x)", 2.0), ("g(x) + 1", 3.0), ("g(x) + g(x + 1)", 6.0)):
        with box.submission([Cell("a", f"def f(x):\n    return {source}")]) as submission:
            assert submission.ask(call).answers[0].value == value
    assert asked == [1.0, 2.0]


def test_right_functions_are_not_called_for_ever(box: Sandbox) -> None:
    """The grader's own process does a bounded amount of work for a question."""
    calls: list[Tree] = []
    source = "def f():\n    x = 0.0\n    while True:\n        x += 1\n        g(x)"
    with box.submission(cells(source)) as submission:
        call = Call("f", [{}], right={"g": lambda n: calls.append(n)})
        answer = submission.ask(call).answers[0]
    assert answer.problem.startswith("raises ValueError: g is called too often")
    assert len(calls) == 2000


HUGE = {
    "an array of many numbers": "np.zeros(100_000)",
    "an array of no numbers, with many rows": "np.zeros((0, 10**9))",
    "a large number": "10**9",
    "large numbers in an array": "np.array([10**9])",
    "sizes that are fair one by one": "[90] * 5",
    "one that stands for a function": "trees.Given('f', {'n': 10**9})",
}


@pytest.mark.parametrize("what", HUGE)
def test_right_functions_are_not_given_huge_work(box: Sandbox, what: str) -> None:
    """Nothing interrupts the grader's own process, so what it is asked for must have the size of the question."""
    calls: list[Tree] = []
    source = f"import numpy as np\nfrom grader import trees\ndef f(x):\n    return g({HUGE[what]})\n"
    with box.submission(cells(source)) as submission:
        call = Call("f", [{"x": np.ones((3, 4))}], right={"g": lambda n: calls.append(n)})
        (answer,) = submission.ask(call).answers
    assert answer.problem.startswith("raises ValueError: g is called with far more than this question has")
    assert calls == []


def test_right_functions_take_what_a_large_question_has(box: Sandbox) -> None:
    """The bound grows with the question: several times its own inputs are welcome."""
    source = "def f(x, n):\n    return g([x, x, x], 2 * n)"
    with box.submission(cells(source)) as submission:
        call = Call("f", [{"x": np.ones(30_000), "n": 10**6}], right={"g": lambda x, n: [len(x), n]})
        assert submission.ask(call).answers[0].value == [3, 2 * 10**6]


def test_disk_is_bounded(box: Sandbox) -> None:
    """A file in the temporary folder can be written and read; a large one cannot be written."""
    assert only(box, "def f():\n    open('a', 'w').write('b')\n    return open('a').read()").value == "b"
    assert only(box, f"def f():\n    open('a', 'wb').write(bytes({20 * MiB}))").problem.startswith("raises OSError")


def test_garbage_instead_of_an_answer(box: Sandbox) -> None:
    """Whoever writes to the grader's socket loses the question, and nothing else."""
    source = """
import os
def f(garbage):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, bytes(garbage))
        except OSError:
            pass
    return 1
def g():
    return 2
"""
    packets = [[7], *([kind, 1, 0, 255] for kind in range(13)), [7, 1, *[255] * 1000]]
    with box.submission(cells(source)) as submission:
        for packet in packets:
            problems = [answer.problem for answer in ask(submission, "f", *[{"garbage": packet}] * 2)]
            assert [problem.partition(":")[0] for problem in problems] == ["sent something that is no answer"] * 2
            assert ask(submission, "g")[0].value == 2


def test_many_bad_submissions_in_a_row(box: Sandbox) -> None:
    """The zygote goes on: what twenty submissions have broken is mended for the next."""
    bad = ["import os; os._exit(1)", "import os\nos.closerange(0, 256)", "import ctypes; ctypes.string_at(0)"]
    for number in range(20):
        with box.submission(cells(bad[number % len(bad)], "def f():\n    return 1")) as submission:
            assert "c0" in submission.cell_errors
            assert ask(submission, "f")[0].value == 1
