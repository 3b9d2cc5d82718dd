"""The doctor says which walls stand, and is not to be fooled: each is broken here once, and it says so."""

import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from typer.testing import CliRunner

import grader
from grader import doctor
from grader.cli import app
from grader.doctor import Finding, State, examine, farewell
from grader.doctor.layers import LAYERS
from grader.sandbox import Cell, Isolation, IsolationError, Limits, Sandbox, layout
from grader.sandbox.inside import linux, seccomp
from grader.tests.walls import standing

NOBODY = 65534
REPOSITORY = Path(grader.__file__).parent.parent
_MS_BIND = 4096
Break = Callable[[pytest.MonkeyPatch, Path], None]


@pytest.fixture(scope="module", autouse=True)
def walls() -> Iterator[None]:
    """Nothing here can be told where the sandbox does not run."""
    with standing():
        yield


def inside(file: str, *changes: tuple[str, str]) -> Break:
    """Sessions run a copy of what is inside the sandbox, in which each first text is replaced by the second."""

    def apply(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        home = Path(grader.__file__).parent
        copy = Path(shutil.copytree(home / "sandbox", folder / "grader" / "sandbox")).parent
        shutil.copytree(home / "drives", copy / "drives")
        for path in home.glob("*.py"):
            shutil.copy(path, copy)
        text = (copy / "sandbox" / "inside" / file).read_text()
        for old, new in changes:
            assert old in text, f"{old} is not in {file} any more"
            text = text.replace(old, new)
        (copy / "sandbox" / "inside" / file).write_text(text)
        monkeypatch.setattr(grader, "__file__", str(copy / "__init__.py"))

    return apply


def bubblewrap(*without: str, start: str = "") -> Break:
    """In the place of bubblewrap there is a script that leaves out some of its options, and begins with others."""

    def apply(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        cases = "|".join(without) or "--no-such-option"
        keep = f'for o in "$@"; do shift; case "$o" in {cases}) ;; *) set -- "$@" "$o" ;; esac; done'
        script = folder / "bwrap"
        script.write_text(f'#!/bin/sh\n{keep}\nexec {shlex.quote(shutil.which("bwrap") or "")} {start} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return apply


def inherited_environment(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    right = layout.environment
    monkeypatch.setattr(layout, "environment", lambda root, scratch: {**os.environ, **right(root, scratch)})


def more_output(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(doctor, "LIMITS", Limits(memory_bytes=256 * 2**20, output_chars=10_000))


ROOT_STAYS = ('first + int.from_bytes(os.urandom(4), "little") % count', "0 * first * count")
BREAKS: dict[str, tuple[str, list[Break]]] = {
    "user": ("a user of its own", [inside("walls.py", ROOT_STAYS)]),
    "files": ("files of its own", [bubblewrap(start="--dir /var --ro-bind /var/tmp /var/tmp")]),
    "disk": ("temporary folder", [inside("walls.py", ("size={self.config.limits.disk_bytes}", "size=64m"))]),
    "inodes": ("temporary folder", [inside("walls.py", ("nr_inodes={MAX_FILES}", "nr_inodes=20000"))]),
    "shared memory": (
        "shared memory",
        [bubblewrap("--unshare-ipc"), inside("walls.py", (" | linux.CLONE_NEWIPC", ""))],
    ),
    "network": ("no network", [bubblewrap("--unshare-net")]),
    "environment": ("environment", [inherited_environment]),
    "rights": ("no rights", [inside("walls.py", ROOT_STAYS, ("linux.drop_capabilities()", "pass"))]),
    "seccomp": ("filter on system calls", [inside("walls.py", ("            seccomp.refuse_syscalls()\n", ""))]),
    "Landlock": ("a second lock", [inside("walls.py", ("            landlock.confine(self.scratch)\n", ""))]),
    "memory of one": ("limit of memory", [inside("walls.py", ("(resource.RLIMIT_AS,", "(resource.RLIMIT_CORE,"))]),
    "memory of all": (
        "limit of memory",
        [inside("supervisor.py", ("if config.isolated and _mem", "if _mem() < _mem"))],
    ),
    "processes": ("limit of processes", [inside("walls.py", ("(resource.RLIMIT_NPROC,", "(resource.RLIMIT_CORE,"))]),
    "output": ("limit of output", [more_output]),
    "families": ("limit of time", [inside("worker.py", ("    end_family()\n", ""))]),
}


def row(findings: list[Finding], start: str) -> Finding:
    """The one finding on the layer whose name begins so."""
    (found,) = [finding for finding in findings if finding.layer.startswith(start)]
    return found


def test_every_layer_stands() -> None:
    """Here, where grading works, each layer is tried and holds, or is not needed; each says how it was tried."""
    findings = list(examine())
    assert len(findings) == 2 + len(LAYERS)
    for finding in findings:
        assert finding.tried and not finding.stops_grading
        assert finding.state == State.OK or not finding.required or finding.state == State.NOT_NEEDED
    landlock = row(findings, "a second lock")
    assert (landlock.state == State.OK) == (linux.landlock_version() > 0)
    assert row(findings, "user namespace").state == (State.NOT_NEEDED if os.geteuid() == 0 else State.OK)


@pytest.mark.parametrize("name", BREAKS)
def test_broken_layer_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A layer without which a session still opens is seen to be missing, and the doctor says not to grade."""
    if name == "Landlock" and not linux.landlock_version():
        pytest.skip("this kernel has no Landlock that could be left out")
    if name == "user" and os.geteuid() != 0:
        pytest.skip("an ordinary user has no other user to be")
    start, breaks = BREAKS[name]
    for break_it in breaks:
        break_it(monkeypatch, tmp_path)
    (layer,) = [layer for layer in LAYERS if layer.startswith(start)]
    monkeypatch.setattr(doctor, "LAYERS", {layer: LAYERS[layer]})
    finding = list(examine())[-1]
    assert finding.state == State.MISSING and finding.stops_grading
    assert finding.tried.startswith("not stopped: ") and "do not grade here" in finding.remedy


def outlives(name: str, connection: Connection) -> None:
    """A daemon as no sandbox would let it be."""
    subprocess.Popen([name, "-S", "-c", "import time; time.sleep(60)"], executable=sys.executable)
    connection.send("ready")
    time.sleep(60)


def test_what_outlives_the_grader_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last check can fail as well, and leaves nothing when it does."""
    monkeypatch.setattr(farewell, "_hold_session", outlives)
    monkeypatch.setattr(farewell, "_END_SECONDS", 1.0)
    monkeypatch.setattr(farewell, "uuid4", lambda: type("Fixed", (), {"hex": f"test-{os.getpid()}"}))
    assert farewell.seconds_to_end() is None
    time.sleep(0.1)
    assert farewell._running(f"unrolled-doctor-test-{os.getpid()}") == []


def test_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without bubblewrap nothing else is tried, and the way out is to install it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    first, *others = examine()
    assert first.state == State.MISSING and first.remedy.startswith("install bubblewrap (apt install bubblewrap")
    assert {other.state for other in others} == {State.NOT_TRIED} and all(other.stops_grading for other in others)


@pytest.mark.parametrize("isolation", ["bubblewrap", "none"])
def test_not_on_linux(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Mac grading refuses, with walls and without, and both it and the doctor say where to grade instead."""
    monkeypatch.setattr(sys, "platform", "darwin")
    (finding,) = examine()
    assert finding.stops_grading and "grade in a Linux container or virtual machine" in finding.remedy
    with Sandbox(isolation) as sandbox, pytest.raises(IsolationError, match="Linux container or virtual machine"):
        sandbox.submission([Cell("a", "")]).__enter__()


def test_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table fits 100 columns, and the exit status says whether grading can go on: Landlock is not asked for."""
    monkeypatch.setenv("COLUMNS", "100")
    findings = [
        Finding("a wall", State.OK, "climb it: too high"),
        Finding("Landlock", State.MISSING, "the kernel has none", "a newer kernel", required=False),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    fine = CliRunner().invoke(app, ["doctor"])
    assert fine.exit_code == 0 and "climb it: too high" in fine.output and "what to do: a newer kernel" in fine.output
    assert max(map(len, fine.output.splitlines())) <= 100
    findings.append(Finding("a moat", State.MISSING, "not stopped: swim", "dig one"))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 2


EXAMINE = """
import json
from grader.doctor import examine
print(json.dumps([[f.layer, f.state, f.tried, f.remedy, f.stops_grading] for f in examine()]))
"""


def examined(*preparations: Callable[[], None]) -> list[list[str]]:
    """What the doctor finds in a process of its own, which has made these preparations first."""
    home = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])}
    command = [sys.executable, "-c", EXAMINE]

    def prepare() -> None:
        for preparation in preparations:
            preparation()

    done = subprocess.run(command, env=home, cwd="/", capture_output=True, text=True, preexec_fn=prepare)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def _closed(path: Path) -> str:
    """The outermost folder on the way that only its owner may enter; empty if there is none."""
    return str(next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), ""))


def become_ordinary() -> None:
    """Be root no more, but go on seeing Python and the grader, even if they are in root's home folder."""
    if os.geteuid() != 0:
        return
    linux.unshare(linux.CLONE_NEWNS)
    linux.make_mounts_private()
    closed = {path: _closed(path) for path in (Path(sys.base_prefix), Path(sys.prefix), REPOSITORY) if _closed(path)}
    sources = {path: os.open(path, os.O_PATH) for path in closed}
    for folder in set(closed.values()):
        linux.mount("tmpfs", folder, 0, "mode=755")
    for path, source in sources.items():
        path.mkdir(parents=True)
        assert linux._libc.mount(f"/proc/self/fd/{source}".encode(), bytes(path), None, _MS_BIND, None) == 0
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def test_ordinary_user() -> None:
    """Walls stand for who is not root as well, the user namespace among them."""
    for layer, state, tried, _, stops in examined(become_ordinary):
        assert not stops, f"{layer}: {tried}"
        assert state == State.OK or "Landlock" in layer


def forbid_user_namespaces() -> None:
    """In a user namespace of its own, where no further one can be had: a container's user."""
    user, group = os.getuid(), os.getgid()
    linux.set_dumpable(True)
    linux.unshare(linux.CLONE_NEWUSER)
    linux.write("/proc/self/setgroups", "deny")
    linux.write("/proc/self/uid_map", f"{user} {user} 1")
    linux.write("/proc/self/gid_map", f"{group} {group} 1")
    linux.write("/proc/sys/user/max_user_namespaces", "0")


def test_container_without_user_namespaces() -> None:
    """Who is not root, and gets no user namespace, is told why no session opens, and which setting forbids it."""
    program, session, *others = examined(become_ordinary, forbid_user_namespaces)
    assert program[1] == State.OK
    assert session[1] == State.MISSING and "namespace" in session[2]
    assert "sysctl user.max_user_namespaces=" in session[3] and "--isolation none" in session[3]
    assert {other[1] for other in others} == {State.NOT_TRIED}


def filter_as_containers_do() -> None:
    """Let a seccomp filter refuse every new namespace, as that of Docker does."""
    machine = seccomp._MACHINES[os.uname().machine]
    refused = seccomp._FAIL | errno.EPERM
    program = [
        seccomp._instruction(seccomp._LOAD, seccomp._NUMBER),
        *seccomp._refuse(seccomp._EQUAL, machine.clone3, seccomp._FAIL | errno.ENOSYS),
        *seccomp._refuse(seccomp._EQUAL, seccomp._REFUSED["unshare"][machine.column], refused),
        seccomp._instruction(seccomp._EQUAL, machine.clone, if_true=0, if_false=3),
        seccomp._instruction(seccomp._LOAD, seccomp._FIRST_ARGUMENT),
        *seccomp._refuse(seccomp._ANY_BIT, seccomp._NAMESPACES, refused),
        seccomp._instruction(seccomp._RETURN, seccomp._ALLOW),
    ]
    linux.forbid_new_privileges()
    linux.filter_syscalls(b"".join(program))


def test_container_with_a_filter() -> None:
    """Where a container's filter refuses namespaces, the way out is how to start the container."""
    program, session, *others = examined(filter_as_containers_do)
    assert program[1] == State.OK
    assert session[1] == State.MISSING and "namespace" in session[2]
    assert "--security-opt seccomp=unconfined" in session[3]
    assert ("--cap-add SYS_ADMIN" in session[3]) == (os.geteuid() == 0)
    assert {other[1] for other in others} == {State.NOT_TRIED}
