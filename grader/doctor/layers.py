"""The layers, from the outside in, and how each is tried."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grader
from grader.doctor.farewell import seconds_to_end
from grader.doctor.findings import Finding, State, found
from grader.doctor.planted import Planted
from grader.sandbox import Call, Limits, Submission, endings
from grader.sandbox.inside import linux
from grader.sandbox.inside.walls import MAX_FILES
from grader.trees import Tree

_MiB = 2**20
LIMITS = Limits(memory_bytes=256 * _MiB, processes=32, disk_bytes=8 * _MiB, output_chars=1000)
_SECONDS = 20.0
_HANG_SECONDS = 1.0


@dataclass(frozen=True)
class Examination:
    """Two sessions that are open at once, in both of which the probes are defined, and what they are aimed at."""

    session: Submission
    neighbour: Submission
    targets: Planted

    def attempts(self, probe: str, **arguments: Tree) -> dict[str, str]:
        """Why each of the probe's attempts failed, empty for one that did not."""
        answer = self.session.ask(Call(probe, [arguments], _SECONDS)).answers[0]
        if answer.problem:
            return {f"the probe itself {answer.problem}": ""}
        return dict(answer.value)

    def problem(self, probe: str, seconds: float = _SECONDS, **arguments: Tree) -> str:
        """What a probe that does not return ended by; empty if it did return."""
        return self.session.ask(Call(probe, [arguments], seconds)).answers[0].problem


def _user(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("own_user", outside={}))


def _user_namespace(layer: str, e: Examination) -> Finding:
    if os.geteuid() == 0:
        return Finding(layer, State.NOT_NEEDED, "for root, each session runs under a user id that is nobody else's")
    return found(layer, e.attempts("own_user", outside=_outside("user")))


def _processes(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("own_processes", pid=e.targets.pid, outside=_outside("pid")))


def _files(layer: str, e: Examination) -> Finding:
    exercises = str(Path(grader.__file__).parent / "exercises")
    secret = str(e.targets.secret)
    return found(layer, e.attempts("hidden_files", secret=secret, exercises=exercises, outside=_outside("mnt")))


def _read_only(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("read_only_root"))


def _folder(layer: str, e: Examination) -> Finding:
    e.neighbour.ask(Call("leave_note", [{}]))
    private = e.attempts("look_around")
    return found(layer, private | e.attempts("bounded_folder", disk_bytes=LIMITS.disk_bytes, files=MAX_FILES))


def _shared_memory(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("own_shared_memory", segment=e.targets.segment, outside=_outside("ipc")))


def _network(layer: str, e: Examination) -> Finding:
    t = e.targets
    ways = {"tcp": t.tcp, "udp": t.udp, "named": str(t.named), "abstract": t.abstract}
    return found(layer, e.attempts("no_network", **ways, outside=_outside("net")))


def _environment(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("empty_environment", variable=e.targets.variable))


def _rights(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("no_rights"))


def _system_calls(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("filtered_calls"))


def _landlock(layer: str, e: Examination) -> Finding:
    version = linux.landlock_version()
    if version:
        return found(f"{layer}, version {version}", e.attempts("landlock"))
    remedy = "grading goes on without; it comes with Linux 5.13 or newer, if its boot line allows it"
    return Finding(layer, State.MISSING, "the kernel has none", remedy, required=False)


def _memory(layer: str, e: Examination) -> Finding:
    most = LIMITS.memory_bytes
    alone = e.attempts("memory_of_one", most_bytes=most)
    killed = e.problem("memory_of_all", most_bytes=most) == endings.TOO_MUCH
    return found(layer, alone | {f"take {most // _MiB} MB in many processes": "killed" if killed else ""})


def _process_count(layer: str, e: Examination) -> Finding:
    return found(layer, e.attempts("bounded_processes", most=LIMITS.processes))


def _output(layer: str, e: Examination) -> Finding:
    printed = e.session.ask(Call("flood", [{"chars": LIMITS.output_chars}], _SECONDS)).printed
    kept = f"{LIMITS.output_chars} were kept" if 0 < len(printed) < 2 * LIMITS.output_chars else ""
    return found(layer, {f"print {100 * LIMITS.output_chars} characters": kept})


def _time(layer: str, e: Examination) -> Finding:
    ended = e.problem("never_end", seconds=_HANG_SECONDS) == endings.too_long(_HANG_SECONDS)
    left = e.attempts("own_processes", pid=e.targets.pid, outside={})
    alone = "gone" if left["see others"] else ""
    return found(layer, {"hang": f"killed after {_HANG_SECONDS:g} s" if ended else "", "leave a child behind": alone})


def _farewell(layer: str, e: Examination) -> Finding:
    seconds = seconds_to_end()
    gone = "" if seconds is None else f"gone after {1000 * seconds:.0f} ms"
    return found(layer, {"outlive a grader of mine that I killed": gone})


def _outside(kind: str) -> dict[str, str]:
    """The namespace of this kind that we ourselves are in."""
    return {kind: os.readlink(f"/proc/self/ns/{kind}")}


LAYERS: dict[str, Callable[[str, Examination], Finding]] = {
    "a user of its own": _user,
    "user namespace: its rights end in it": _user_namespace,
    "processes of its own (pid namespace)": _processes,
    "files of its own, without the course (mount namespace)": _files,
    "read-only root": _read_only,
    "temporary folder: private, bounded": _folder,
    "shared memory of its own (IPC namespace)": _shared_memory,
    "no network (network namespace)": _network,
    "environment without ours": _environment,
    "no rights (capabilities)": _rights,
    "filter on system calls (seccomp)": _system_calls,
    "a second lock on files, network and signals (Landlock)": _landlock,
    "limit of memory": _memory,
    "limit of processes": _process_count,
    "limit of output": _output,
    "limit of time": _time,
    "nothing outlives the grader": _farewell,
}
