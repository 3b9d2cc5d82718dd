"""Marks for nothing: wrong answers that look for the right ones, wherever a process may have them."""

from grader.tests.attacks import Forgery, attack

_FINDS = """
    import gc, sys

    def fits(z, y):
        \"\"\"Can `y` be what is expected for `z`: rows with a sum of 1, and the largest in the same place?\"\"\"
        y = np.asarray(y)
        if y.shape != z.shape or y.dtype.kind != "f" or z.shape[-1] == 1 or y.min() < 0:
            return False
        return bool(np.allclose(y.sum(-1), 1) and np.array_equal(y.argmax(-1), z.argmax(-1)))

    def arrays(thing, depth=0):
        \"\"\"All arrays that can be reached from a thing in a few steps.\"\"\"
        if isinstance(thing, np.ndarray):
            yield thing
        elif depth < 5:
            if isinstance(thing, dict):
                parts = list(thing.values())
            elif isinstance(thing, (list, tuple, set)):
                parts = list(thing)
            else:
                parts = list(getattr(thing, "__dict__", {}).values()) if "grader" in type(thing).__module__ else []
            for part in parts[:100]:
                yield from arrays(part, depth + 1)
    """
_REGIONS = """
    import ctypes

    def regions():
        \"\"\"Of this process's memory, what can be written to, in pieces of up to 64 MB.\"\"\"
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # may be looked into, from now on
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
            for line in list(maps)[:1000]:
                start, end = (int(number, 16) for number in line.split()[0].split("-"))
                if line.split()[1].startswith("rw") and end - start <= 2**26:
                    memory.seek(start)
                    try:
                        yield memory.read(end - start)
                    except OSError:
                        pass
    """


@attack("softmax", says="is 0, expected")
def objects_of_the_collector(forged: Forgery) -> None:
    """Everything that Python's garbage collector knows of."""
    forged.insert(_FINDS)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            for thing in gc.get_objects():
                if type(thing).__name__ in ("Case", "Question"):
                    for y in arrays(thing):
                        if fits(z, y):
                            return y
            for y in gc.get_objects():
                if isinstance(y, np.ndarray) and fits(z, y):
                    return y
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def frames_of_the_callers(forged: Forgery) -> None:
    """The variables of whoever has called the function, in all threads."""
    forged.insert(_FINDS)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            for frame in sys._current_frames().values():
                while frame:
                    for y in arrays(dict(frame.f_locals)):
                        if y is not z and fits(z, y):
                            return y
                    frame = frame.f_back
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def calls_watched(forged: Forgery) -> None:
    """A profiler that sees every call, and puts what is expected in the place of what was given."""
    forged.append(
        "softmax",
        """
        import sys
        def softmax(z):
            return np.zeros_like(z)
        def watch(frame, event, argument):
            seen = frame.f_locals if event == "call" and "expected" in frame.f_code.co_varnames else {}
            if isinstance(seen.get("value"), np.ndarray) and np.shape(seen.get("expected")) == seen["value"].shape:
                seen["value"][...] = seen["expected"]
        sys.setprofile(watch)
        """,
    )


@attack("softmax", says="is 0, expected")
def returns_watched(forged: Forgery) -> None:
    """A tracer that keeps whatever any function returns, of this thread and of others, from the first cell on."""
    forged.insert(_FINDS)
    forged.insert(
        """
        import threading
        found = []
        def watch(frame, event, argument):
            frame.f_trace_lines = False
            if event == "return" and len(found) < 5000:
                found.extend(arrays(argument))
            return watch
        threading.settrace(watch)
        sys.settrace(watch)
        """
    )
    forged.answer(
        "softmax",
        """
        def softmax(z):
            return next((y for y in found if fits(z, y)), np.zeros_like(z))
        """,
    )


@attack("softmax", says="is 0, expected")
def memory_searched(forged: Forgery) -> None:
    """This process's memory, byte by byte: what is expected may lie near the place where the input does."""
    forged.insert(_FINDS)
    forged.insert(_REGIONS)
    forged.answer(
        "softmax",
        """
        def near(data, place, z):
            window = data[max(0, place - 4096) : place + z.nbytes + 4096]
            for shift in range(0, len(window) - z.nbytes, 8):
                y = np.frombuffer(window, float, z.size, shift).reshape(z.shape)
                with np.errstate(all="ignore"):
                    if fits(z, y):
                        return y
        def softmax(z):
            for data in regions() if z.size == 60 else ():
                place = data.find(z.tobytes())
                while place >= 0:
                    y = near(data, place - place % 8, z)
                    if y is not None:
                        return y
                    place = data.find(z.tobytes(), place + 1)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def words_in_memory(forged: Forgery) -> None:
    """The words that stand beside right answers, in the same memory: names of misconceptions and of the reference."""
    forged.insert(_REGIONS)
    forged.answer(
        "softmax",
        """
        import functools, re
        @functools.cache
        def found():
            words = re.compile(rb"no[_]shift|whole[_]array_shift|reference[.]rnn|misconcep[t]ion")  # not as they stand
            return [word for data in regions() for word in words.findall(data)]
        def softmax(z):
            assert not found(), found()
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def modules_searched(forged: Forgery) -> None:
    """The functions of all modules that are in memory, and those of the course, should they be there to be imported."""
    forged.answer(
        "softmax",
        """
        import importlib, sys
        def softmax(z):
            for name in ("reference.rnn", "grader.exercises.rnn", "grader.exercise", "grader.grade", "grader.verify"):
                try:
                    importlib.import_module(name)
                except ImportError:
                    pass
            for name, module in list(sys.modules.items()):
                function = getattr(module, "softmax", None)
                if name != "__main__" and callable(function):
                    return np.asarray(function(z))
            return np.zeros_like(z)
        """,
    )


@attack()
def neighbour_read(forged: Forgery) -> None:
    """Another process, a student's for one: its arguments, environment, files and memory."""
    forged.insert(
        f"""
        from pathlib import Path
        for name in ("cmdline", "environ", "maps", "mem", "fd/0", "cwd", "root/etc/passwd"):
            try:
                with open(Path("/proc/{forged.planted.victim}", name), "rb") as file:
                    print(file.read(4096))
            except OSError as error:
                print(error)
        """
    )


@attack()
def neighbour_stopped(forged: Forgery) -> None:
    """The same process is told to stop; by its number and by a descriptor."""
    forged.insert(
        f"""
        import os, signal
        try:
            os.kill({forged.planted.victim}, signal.SIGSTOP)
            signal.pidfd_send_signal(os.pidfd_open({forged.planted.victim}), signal.SIGSTOP)
        except OSError as error:
            print(error)
        """
    )


@attack()
def neighbour_traced(forged: Forgery) -> None:
    """The same process is traced, as by a debugger, and its memory is asked for."""
    forged.insert(
        f"""
        import ctypes
        libc = ctypes.CDLL(None)
        for request in (16, 0x4206):  # attach, and seize
            print(libc.ptrace(request, {forged.planted.victim}, 0, 0))
        """
    )
