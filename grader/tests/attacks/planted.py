"""What attacks aim at: files, a secret, a process and listeners, all of them planted for the purpose."""

import hashlib
import os
import socket
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import reference
from grader.course import Course

VARIABLE = "UNROLLED_PLANTED_SECRET"  # of the grader's environment


class Planted:
    """A context manager: between its beginning and its end the targets are there, and tell what was done to them.

    secret: stands in `home`, in the environment, in the victim's memory, beside what others have submitted, and as the
    course's key; nobody may ever see it. wheel: a package in `home` that has the right answers.
    victim: the id of a process that does nothing. tcp, udp: ports of listeners on the loopback; abstract, path: the
    names of Unix sockets that listen, the first without a file, the second in `home`.
    """

    def __init__(self, course: Course, home: Path) -> None:
        self.course = course
        self.home = home
        self.secret = f"secret-{uuid4()}"
        self.abstract = f"unrolled-{uuid4()}"
        self.path = home / "socket"
        self.wheel = home / "unrolled-0.1.0-py3-none-any.whl"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._plant_files()
            stack.enter_context((self.home / ".ssh" / "id_ed25519").open())
            os.environ[VARIABLE] = self.secret
            stack.callback(os.environ.pop, VARIABLE)
            self._victim = subprocess.Popen([sys.executable, "-c", "input()", self.secret], stdin=subprocess.PIPE)
            stack.callback(self._end_victim)
            self.victim = self._victim.pid
            self._listeners = {
                "TCP": stack.enter_context(socket.create_server(("127.0.0.1", 0))),
                "UDP": stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
                "abstract socket": stack.enter_context(socket.socket(socket.AF_UNIX)),
                "named socket": stack.enter_context(socket.socket(socket.AF_UNIX)),
            }
            self._listeners["UDP"].bind(("127.0.0.1", 0))
            self._listeners["abstract socket"].bind(b"\0" + self.abstract.encode())
            self._listeners["named socket"].bind(str(self.path))
            for kind, listener in self._listeners.items():
                listener.setblocking(False)
                if kind != "UDP":
                    listener.listen()
            self.tcp, self.udp = (self._listeners[kind].getsockname()[1] for kind in ("TCP", "UDP"))
            self.remember()
            self._resources = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._resources.close()

    def _plant_files(self) -> None:
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / ".ssh" / "id_ed25519").write_text(self.secret)
        (self.home / ".bashrc").write_text("# nothing here\n")
        (self.course.root / ".unrolled").mkdir(exist_ok=True)
        (self.course.root / ".unrolled" / "key").write_text(self.secret)
        with zipfile.ZipFile(self.wheel, "w") as wheel:
            for module in Path(reference.__file__).parent.glob("*.py"):
                wheel.write(module, f"reference/{module.name}")
        for folder in self.course.root.glob("submitted/*/*"):
            (folder / "diary.txt").write_text(self.secret)

    def remember(self) -> None:
        """From now on, what is there is as it ought to be."""
        self._before = self._digests()

    def touched(self, graded: bool = False) -> list[str]:
        """What has happened to the targets, a line each; files of the course and the home folder among them.

        graded: a grading run was there in the meantime, which is to write to the gradebook and around the key.
        """
        now = self._digests()
        changed = sorted(path for path in self._before | now if self._before.get(path) != now.get(path))
        if graded:
            changed = [path for path in changed if not _is_for_grading(Path(path))]
        reached = [kind for kind, listener in self._listeners.items() if _was_reached(listener)]
        return changed + reached + ([] if self._victim_is_well() else ["the victim's process"])

    def _digests(self) -> dict[str, str]:
        """Of all files of the course and the home folder, but for what grading is there to write."""
        paths = [path for root in (self.course.root, self.home) for path in root.rglob("*")]
        return {str(p): _digest(p) for p in paths if not {"autograded", "journal", "feedback"} & set(p.parts)}

    def _victim_is_well(self) -> bool:
        """Is it there, neither stopped nor traced?"""
        if self._victim.poll() is not None:
            return False
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{self.victim}/status").read_text().splitlines()
            if ":\t" in line
        )
        return status["State"][0] in "SRD" and status["TracerPid"] == "0"

    def _end_victim(self) -> None:
        self._victim.kill()
        self._victim.communicate()


def _is_for_grading(path: Path) -> bool:
    return path.name.startswith("gradebook.db") or (".unrolled" in path.parts and path.name != "key")


def _digest(path: Path) -> str:
    """Of the file's contents and rights; a link's target is not followed."""
    status = path.lstat()
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    data = path.read_bytes() if path.is_file() else b""
    return f"{status.st_mode:o} {hashlib.sha256(data).hexdigest()}"


def _was_reached(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
