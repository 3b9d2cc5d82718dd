"""What a submission cannot do to others: reach their files, processes, network or memory. All targets are planted."""

import inspect
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

import grader.exercise
import reference
from grader.sandbox import Call, Cell, IsolationError, Limits, Sandbox, launch
from grader.sandbox.inside import linux
from grader.tests.walls import standing
from grader.trees import Tree

MiB = 2**20
LIMITS = Limits(memory_bytes=256 * MiB, processes=32, disk_bytes=8 * MiB, cell_seconds=2.0)
SECRET = f"secret-{uuid4()}"


@pytest.fixture(scope="module")
def walled() -> Iterator[Sandbox]:
    """A sandbox behind walls, started by a process that has a secret in its environment."""
    os.environ["UNROLLED_SECRET"] = SECRET
    try:
        with standing(limits=LIMITS) as sandbox:
            yield sandbox
    finally:
        del os.environ["UNROLLED_SECRET"]


def answers(sandbox: Sandbox, source: str, *cases: dict[str, Tree], seconds: float = 5.0) -> list[Tree]:
    """What `f` of a cell returns, or the problem with it, in each case; then what `g` does, in the next question."""
    source = f"import os\n{inspect.cleandoc(source)}\ndef g():\n    return 'still here'"
    with sandbox.submission([Cell("a", source)]) as submission:
        assert submission.cell_errors == {}
        given = submission.ask(Call("f", cases or ({},), seconds)).answers
        assert submission.ask(Call("g", [{}])).answers[0].value == "still here"
    return [answer.problem or answer.value for answer in given]


def test_our_files_do_not_exist(walled: Sandbox, tmp_path: Path) -> None:
    """A secret file, the course and the home folder are not there, under any name that we know them by."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    course = Path(grader.exercise.__file__).parent
    paths = [secret, Path(str(reference.__file__)), course / "exercises", course.parent / "solutions", Path("/home")]
    source = """
    def f(path):
        return os.path.exists(path) or os.path.exists('/proc/1/root' + path)
    """
    assert answers(walled, source, *({"path": str(path)} for path in paths)) == [False] * len(paths)


def test_the_answer_key_cannot_be_imported() -> None:
    """With walls and without, what holds answers or does not belong is not on Python's path."""
    source = "import importlib\ndef f(name):\n    importlib.import_module(name)"
    names = ("reference", "grader.exercises", "grader.exercise", "grader.grade", "torch", "nbgrader", "pip")
    for isolation in ("bubblewrap", "none"):
        with Sandbox(isolation) as sandbox, sandbox.submission([Cell("a", source)]) as submission:
            for answer in submission.ask(Call("f", [{"name": name} for name in names])).answers:
                assert answer.problem.startswith("raises ModuleNotFoundError")


def test_our_environment_is_not_inherited(walled: Sandbox) -> None:
    """Variables of the grader's process are not there; not in the environment, not in any process's memory of it."""
    source = """
    import glob
    def f():
        texts = [str(dict(os.environ))]
        for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):
            try:
                texts.append(open(path).read())
            except OSError:
                pass
        return ' '.join(texts)
    """
    (seen,) = answers(walled, source)
    assert "OPENBLAS_NUM_THREADS" in seen and SECRET not in seen


def test_root_is_read_only(walled: Sandbox) -> None:
    """Nothing can be written anywhere but in the temporary folder (looked at three levels deep)."""
    source = """
    def f():
        writable = []
        for folder, folders, _ in os.walk('/'):
            folders[:] = [name for name in folders if folder.count('/') < 3 and name != 'proc']
            try:
                open(os.path.join(folder, 'planted'), 'w').close()
                writable.append(folder)
            except OSError:
                pass
        return writable
    """
    assert answers(walled, source, seconds=20.0) == [["/tmp"]]


def test_there_are_no_rights_to_take(walled: Sandbox) -> None:
    """Not root, no capability, no new privileges, a filter on system calls; nor can a new namespace give any."""
    source = """
    import ctypes
    def f():
        status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines())
        taken = ctypes.CDLL(None, use_errno=True).unshare(0x10000000)
        names = 'CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp'.split()
        return [os.getuid(), os.getgid(), taken, ctypes.get_errno()] + [int(status[name], 16) for name in names]
    """
    (seen,) = answers(walled, source)
    assert seen[0] > 0 and seen[1] > 0
    assert seen[2:] == [-1, 1, 0, 0, 0, 0, 0, 1, 2]


def test_no_process_outside_is_seen(walled: Sandbox) -> None:
    """/proc shows the definitions process and the question's own; ours cannot be signalled."""
    source = """
    def f(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return sorted(int(name) for name in os.listdir('/proc') if name.isdecimal()) == [1, os.getpid()]
    """
    assert answers(walled, source, {"pid": os.getpid()}) == [True]


def test_network_ends_at_the_wall(walled: Sandbox) -> None:
    """A listener on this machine's loopback, and an abstract socket, cannot be reached."""
    source = """
    import socket
    def f(address, family):
        with socket.socket(family) as client:
            client.settimeout(1)
            client.connect(('127.0.0.1', address) if family == 2 else chr(0) + address)
        return 'connected'
    """
    name = f"unrolled-{uuid4()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + name)
        local.listen()
        port = server.getsockname()[1]
        cases = {"address": port, "family": int(socket.AF_INET)}, {"address": name, "family": int(socket.AF_UNIX)}
        inet, unix = answers(walled, source, *cases)
    assert "Address family not supported" in inet and "ConnectionRefusedError" in unix


def test_other_families_of_sockets_are_refused(walled: Sandbox) -> None:
    """Virtual machines' sockets and the kernel's own interfaces, which stop at no namespace, and the internet's."""
    source = "import socket\ndef f(family):\n    socket.socket(family)"
    families = (socket.AF_VSOCK, socket.AF_ALG, socket.AF_NETLINK, socket.AF_INET, socket.AF_INET6)
    cases = [{"family": int(family)} for family in families]
    assert all("Address family not supported" in answer for answer in answers(walled, source, *cases))


def test_submissions_do_not_see_each_other(walled: Sandbox) -> None:
    """Two that are alive at once have temporary folders, processes and names of shared memory of their own."""
    source = """
    import os
    def leave(name):
        return open('/tmp/' + name, 'w').write(name)
    def look():
        return [os.listdir('/tmp'), len([name for name in os.listdir('/proc') if name.isdecimal()])]
    """
    cells = [Cell("a", inspect.cleandoc(source))]
    with walled.submission(cells) as one, walled.submission(cells) as other:
        assert one.ask(Call("leave", [{"name": "note"}])).answers[0].value == 4
        assert one.ask(Call("look", [{}])).answers[0].value[0] == ["note"]
        assert other.ask(Call("look", [{}])).answers[0].value == [[], 2]


@pytest.mark.skipif(linux.landlock_version() < 6, reason="this kernel's Landlock knows nothing of sockets")
def test_submissions_have_sockets_of_their_own(walled: Sandbox) -> None:
    """A socket without a file, which one submission listens on, is closed to another, and open to itself."""
    source = """
    import socket
    server = socket.socket(socket.AF_UNIX)
    def reach(name):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(chr(0) + name)
        return 'connected'
    """
    listen = Cell("b", "server.bind('\\0meeting')\nserver.listen()")
    call = Call("reach", [{"name": "meeting"}])
    cells = [Cell("a", inspect.cleandoc(source))]
    with walled.submission([*cells, listen]) as one, walled.submission(cells) as other:
        assert one.ask(call).answers[0].value == "connected"
        assert "PermissionError" in other.ask(call).answers[0].problem


@pytest.mark.skipif(linux.landlock_version() == 0, reason="this kernel has no Landlock")
def test_landlock_is_a_second_lock(walled: Sandbox) -> None:
    """What the file system's modes and mounts allow, as writing to a device, Landlock forbids; sinks stay open."""
    source = """
    def f(name):
        with open('/dev/' + name, 'wb', buffering=0) as device:
            return device.write(b'x')
    """
    random, null, zero = answers(walled, source, *({"name": name} for name in ("random", "null", "zero")))
    assert random.startswith("raises PermissionError") and [null, zero] == [1, 1]


def zygotes_of_this_process() -> list[int]:
    """The Python processes, below this one, that sessions are forked from."""
    parents, names = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended in the meantime
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(process.name)] = (process / "cmdline").read_bytes().split(b"\0")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    found = [p for p in ours if b"grader.sandbox.inside.zygote" in names[p] and b"--unshare-pid" not in names[p]]
    return [pid for pid in found if parents[pid] not in found]


@contextmanager
def zygote_known() -> Iterator[tuple[Sandbox, int]]:
    """A sandbox of its own, and the process id of its zygote."""
    others = set(zygotes_of_this_process())
    with standing(limits=LIMITS) as sandbox:
        (zygote,) = set(zygotes_of_this_process()) - others
        yield sandbox, zygote


def test_zygote_that_stops_answering_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs costs a bounded wait, then another takes its place; nothing is left of the first."""
    monkeypatch.setattr(launch, "_SESSION_SECONDS", 1.0)
    with zygote_known() as (sandbox, zygote):
        os.kill(zygote, signal.SIGSTOP)
        start = time.monotonic()
        assert answers(sandbox, "def f(): return 1") == [1]
        assert time.monotonic() - start < 20
        assert not Path(f"/proc/{zygote}").exists()


def test_session_that_is_lost_is_asked_again() -> None:
    """Whoever is being asked when the sandbox goes down is asked again in another, once: it was not their doing."""
    with zygote_known() as (sandbox, zygote):
        to_kill = [zygote]

        def strike() -> str:
            if to_kill:
                os.kill(to_kill.pop(), signal.SIGKILL)
                time.sleep(0.5)  # until the session has noticed
            return "survived"

        with sandbox.submission([Cell("a", "def f(n):\n    return [n, strike()]")]) as submission:
            call = Call("f", [{"n": 1}, {"n": 2}], right={"strike": strike})
            assert [a.value for a in submission.ask(call).answers] == [[1, "survived"], [2, "survived"]]
            assert submission.cell_errors == {}


def test_session_that_is_lost_twice_costs_the_question() -> None:
    """The second time it looks like the question's doing; the next one is answered."""
    others = set(zygotes_of_this_process())
    with standing(limits=LIMITS) as sandbox:

        def strike(_now: float) -> None:
            for pid in set(zygotes_of_this_process()) - others:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.5)

        # a reply is told again to whoever asks the same: each strike asks something new
        source = "import time\ndef f():\n    return strike(time.time() % 1)\ndef g():\n    return 1"
        with sandbox.submission([Cell("a", source)]) as submission:
            (answer,) = submission.ask(Call("f", [{}], right={"strike": strike})).answers
            assert answer.problem == "took its own sandbox down, or the machine did, twice"
            assert submission.ask(Call("g", [{}])).answers[0].value == 1


def test_fork_bomb_is_bounded(walled: Sandbox) -> None:
    """Processes are counted for each submission; a bomb ends with its question, and the next is answered."""
    source = """
    def f():
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """
    assert answers(walled, source, seconds=1.0) == ["takes longer than 1 s: is there a loop that never ends?"]


def test_threads_are_bounded(walled: Sandbox) -> None:
    """Cells that keep as many threads as there may be leave no room for a question, which says so."""
    source = """
    import threading
    threading.stack_size(2**16)
    try:
        while True:
            threading.Thread(target=threading.Event().wait).start()
    except RuntimeError:
        pass
    """
    with walled.submission([Cell("a", inspect.cleandoc(source)), Cell("b", "def f():\n    return 1")]) as submission:
        assert submission.cell_errors == {}
        assert submission.ask(Call("f", [{}])).answers[0].problem.endswith("too much memory, or too many processes")


def test_memory_of_all_processes_together_is_bounded(walled: Sandbox) -> None:
    """Many processes, each below the limit of one, do not get more than one does."""
    source = """
    import time
    import numpy as np
    def f():
        for _ in range(8):
            if os.fork() == 0:
                hoard = np.ones(16 * 2**20)
                time.sleep(20)
        time.sleep(20)
    """
    start = time.monotonic()
    assert answers(walled, source, seconds=20.0) == ["was killed: it used too much memory, or too many processes"]
    assert time.monotonic() - start < 10


def test_memory_beside_the_limit_is_refused(walled: Sandbox) -> None:
    """Memory that belongs to no process cannot be had: anonymous files and shared segments."""
    source = """
    import ctypes
    def f(kind):
        libc = ctypes.CDLL(None, use_errno=True)
        if kind == 'file':
            return os.memfd_create('hoard')
        return [libc.shmget(0, 4096, 0o1600), ctypes.get_errno()]
    """
    file, segment = answers(walled, source, {"kind": "file"}, {"kind": "segment"})
    assert file.startswith("raises PermissionError") and segment == [-1, 1]


def test_disk_is_bounded_in_all(walled: Sandbox) -> None:
    """Many small files do not get more room, or more names, than one large one."""
    source = """
    def f(size):
        for number in range(20_000):
            open(str(number), 'wb').write(bytes(size))
    """
    assert all("No space left" in answer for answer in answers(walled, source, {"size": 2**20}, {"size": 0}))


def test_debugging_is_refused(walled: Sandbox) -> None:
    """A question's process cannot read or change the definitions process, and with it the questions to come."""
    source = """
    import ctypes
    def f():
        libc = ctypes.CDLL(None, use_errno=True)
        attached = libc.ptrace(16, 1, 0, 0)
        try:
            open('/proc/1/mem', 'rb')
        except PermissionError:
            return [attached, ctypes.get_errno()]
    """
    assert answers(walled, source) == [[-1, 1]]


def test_equal_submissions_draw_equally(walled: Sandbox) -> None:
    """Unseeded draws, and the order of sets, are the same in every sandbox."""
    source = """
    import random
    import numpy as np
    def f():
        return [random.random(), np.random.random(), list(set('abcdef'))]
    """
    with Sandbox("bubblewrap", limits=LIMITS) as other:
        np.testing.assert_equal(answers(walled, source), answers(other, source))


def test_lack_of_bubblewrap_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the program there are no walls: the error says so, and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox("bubblewrap") as sandbox, pytest.raises(IsolationError, match="install bubblewrap") as caught:
        sandbox.submission([]).__enter__()
    assert "no `bwrap`" in str(caught.value) and "--isolation none" in str(caught.value)


def test_failure_of_bubblewrap_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the kernel refuses namespaces, the error repeats what bubblewrap says."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox("bubblewrap") as sandbox, pytest.raises(IsolationError, match="No permissions") as caught:
        sandbox.submission([]).__enter__()
    assert "allow unprivileged user namespaces" in str(caught.value)


def test_wall_missing_inside_is_an_error(tmp_path: Path) -> None:
    """A session that cannot build one of its own walls runs no student code, and says which it is."""
    limits = Limits(disk_bytes=-1)  # which the kernel refuses
    with Sandbox("bubblewrap", limits=limits) as sandbox, pytest.raises(IsolationError, match="mount tmpfs on /tmp"):
        sandbox.submission([]).__enter__()


def test_package_that_is_not_installed_is_an_error() -> None:
    """What is promised to submissions and missing is noticed before they run."""
    with (
        Sandbox("none", packages=["no-such-package"]) as sandbox,
        pytest.raises(IsolationError, match="no-such-package"),
    ):
        sandbox.submission([]).__enter__()


def test_isolation_can_be_told() -> None:
    """A sandbox says how it isolates, so that every result can."""
    assert Sandbox("none").isolation == "none"
