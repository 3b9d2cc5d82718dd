"""Harm by breaking Python itself: memory that is not its own, the stack, descriptors, patience."""

from grader.tests.attacks import Forgery, attack


@attack("softmax", "output_layer", says="segmentation fault", harmful=True)
def segfault(forged: Forgery) -> None:
    """Reads where no memory is, and writes over numpy's own type, in two questions."""
    forged.answer(
        "softmax",
        """
        import ctypes
        def softmax(z):
            return ctypes.string_at(0)
        """,
    )
    forged.answer(
        "output_layer",
        """
        import ctypes
        def output_layer(h, W_y, b_y):
            ctypes.memset(id(np.ndarray), 0, 400)
            return h @ W_y + b_y
        """,
    )


@attack(says="segmentation fault", harmful=True)
def segfault_in_a_cell(forged: Forgery) -> None:
    """The process that all questions come from breaks; it is there again without that cell."""
    forged.insert("import ctypes\nctypes.string_at(0)", before="output_layer")


@attack("softmax", says="segmentation fault", harmful=True)
def stack_overflow(forged: Forgery) -> None:
    """Calls without end that go through C, with Python's own bound taken away."""
    forged.answer(
        "softmax",
        """
        import sys
        def deeper(_):
            return max(map(deeper, [0]))
        def softmax(z):
            sys.setrecursionlimit(10**9)
            return deeper(0)
        """,
    )


@attack("softmax", says="aborted", harmful=True)
def abort(forged: Forgery) -> None:
    """The C library's way out, after many lines of a traceback."""
    forged.answer(
        "softmax",
        """
        import faulthandler, os
        def softmax(z):
            faulthandler.enable()
            os.abort()
        """,
    )


@attack("softmax", says="ends the Python process (exit status 1)", harmful=True)
def fault_handler(forged: Forgery) -> None:
    """A thread without Python's lock that ends the process, while it works at something else."""
    forged.answer(
        "softmax",
        """
        import faulthandler, time
        def softmax(z):
            faulthandler.dump_traceback_later(0.2, exit=True)
            time.sleep(20)
        """,
    )


@attack("softmax", says="changes its argument", harmful=True)
def memory_of_its_input(forged: Forgery) -> None:
    """Writes zeros over its input, as nothing in numpy would notice."""
    forged.append(
        "softmax",
        """
        import ctypes
        right = softmax
        def softmax(z):
            y = right(z)
            z.flags.writeable = False
            ctypes.memset(z.ctypes.data, 0, z.nbytes)
            return y
        """,
    )


@attack("softmax", says="`softmax`", harmful=True)
def memory_beyond_its_input(forged: Forgery) -> None:
    """Writes over 16 MB on either side of its input, the answers that wait to be sent among them."""
    forged.answer(
        "softmax",
        """
        import ctypes
        def softmax(z):
            ctypes.memset(z.ctypes.data - 2**24, 255, 2**25)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def regular_expression(forged: Forgery) -> None:
    """A search that takes 2³⁰ steps, in C, where no signal is looked at; far longer than 20 s, but for the deadline."""
    forged.answer(
        "softmax",
        """
        import re
        def softmax(z):
            return re.fullmatch("(x+x+)+y", "x" * 28)
        """,
    )


@attack(says="takes longer than", harmful=True)
def endless_cell(forged: Forgery) -> None:
    """The same in a cell, which waits with all signals blocked."""
    forged.insert(
        """
        import signal, time
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(20)
        """
    )


@attack("softmax", says="ends the Python process", harmful=True)
def no_descriptors(forged: Forgery) -> None:
    """Closes everything, the way to the grader included."""
    forged.answer(
        "softmax",
        """
        import os
        def softmax(z):
            os.closerange(0, 1024)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="ends the Python process", harmful=True)
def one_descriptor(forged: Forgery) -> None:
    """Puts an empty file in the place of every descriptor."""
    forged.answer(
        "softmax",
        """
        import os
        def softmax(z):
            file = os.open("empty", os.O_CREAT | os.O_RDWR)
            for number in range(64):
                if number != file:
                    os.dup2(file, number)
            return np.zeros_like(z)
        """,
    )


@attack(harmful=True)
def deletes_what_it_can(forged: Forgery) -> None:
    """Removes the home folder, what others have handed in, and its own temporary folder."""
    planted = forged.planted
    doomed = [
        str(path) for path in (planted.home, planted.course.root / "submitted", planted.course.root / ".unrolled")
    ]
    forged.insert(
        f"""
        import os, shutil
        for path in {doomed!r}:
            for name in (path, "/proc/1/root" + path):
                shutil.rmtree(name, ignore_errors=True)
                try:
                    os.unlink(name)
                except OSError:
                    pass
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
        """
    )


@attack()
def calls_out(forged: Forgery) -> None:
    """Says hello to whoever listens on this machine: by TCP, UDP, and sockets of Unix with a name or without."""
    planted = forged.planted
    forged.insert(
        f"""
        import socket
        hosts = ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0"]
        local = [{str(planted.path)!r}, "/proc/1/root{planted.path}", "\\0{planted.abstract}"]
        ways = [(socket.SOCK_STREAM, (host, {planted.tcp})) for host in hosts]
        ways += [(socket.SOCK_DGRAM, (host, {planted.udp})) for host in hosts]
        ways += [(socket.SOCK_STREAM, path) for path in local]
        for kind, address in ways:
            try:
                v6 = ":" in address[0] and socket.AF_INET6
                family = socket.AF_UNIX if isinstance(address, str) else v6 or socket.AF_INET
                with socket.socket(family, kind) as client:
                    client.settimeout(0.5)
                    client.connect(address)
                    client.send(b"hello")
                    print("reached", address)
            except OSError as error:
                print(error)
        """
    )
