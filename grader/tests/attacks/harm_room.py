"""Harm by taking room: memory, disk, output. Everything together stays below 2 GB and 20 s in any case."""

from grader.tests.attacks import Forgery, attack


@attack("softmax", says="MemoryError", harmful=True)
def memory(forged: Forgery) -> None:
    """One process that keeps what it gets, up to 1 GB."""
    forged.answer(
        "softmax",
        """
        def softmax(z):
            hoard = [np.empty(2**23) for _ in range(16)]
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="`softmax`", harmful=True)  # killed for it, or too slow to get there
def memory_of_many(forged: Forgery) -> None:
    """Eight processes with 100 MB each, where one alone would be allowed to."""
    forged.answer(
        "softmax",
        """
        import os, time
        def softmax(z):
            for _ in range(8):
                if os.fork() == 0:
                    hoard = np.ones(100 * 2**17)
                    time.sleep(20)
                    os._exit(0)
            time.sleep(20)
        """,
    )


@attack("softmax", says="Cannot allocate memory", harmful=True)
def mapped_memory(forged: Forgery) -> None:
    """Memory by mmap, shared and private; 1 GB at most."""
    forged.answer(
        "softmax",
        """
        import mmap
        def softmax(z):
            hoard = []
            for number in range(16):
                hoard.append(mmap.mmap(-1, 2**26, mmap.MAP_SHARED if number % 2 else mmap.MAP_PRIVATE))
            return np.zeros_like(z)
        """,
    )


@attack(says="MemoryError", harmful=True)
def memory_of_a_cell(forged: Forgery) -> None:
    """The same in a cell, which must not keep what it got for the questions that follow."""
    forged.insert(
        """
        hoard = []
        for _ in range(16):
            hoard.append(np.empty(2**23))
        """,
        before="rnn_forward",
    )


@attack(harmful=True)
def memory_of_a_cell_s_children(forged: Forgery) -> None:
    """Eight processes with 100 MB each that a cell leaves behind."""
    forged.insert(
        """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                hoard = bytearray(b"x" * 100_000_000)
                time.sleep(20)
                os._exit(0)
        time.sleep(20)
        """
    )


@attack("softmax", says="No space left on device", harmful=True)
def disk(forged: Forgery) -> None:
    """Files of 1 MB, up to 1 GB."""
    forged.answer(
        "softmax",
        """
        import os
        def softmax(z):
            for number in range(1000):
                with open(f"{number}", "wb") as file:
                    file.write(bytes(10**6))
            return np.zeros_like(z)
        """,
    )


@attack(says="No space left on device", harmful=True)
def names(forged: Forgery) -> None:
    """A cell that leaves empty files, twenty thousand at most, and then a hole of 1 TB."""
    forged.insert(
        """
        with open("hole", "wb") as file:
            try:
                file.truncate(10**12)
            except OSError as error:
                print(error)
        for number in range(20_000):
            open(f"{number}", "wb").close()
        """
    )


@attack(harmful=True)
def ten_gigabytes_printed(forged: Forgery) -> None:
    """Text without end, past Python, for 0.3 s or 10 GB, whichever comes first; then the right answer."""
    forged.append(
        "softmax",
        """
        import os, time
        right = softmax
        def softmax(z):
            end = time.monotonic() + 0.3 / 7
            for _ in range(10_000):
                if time.monotonic() < end:
                    os.write(1, b"x" * 10**6)
            return right(z)
        """,
    )


@attack(harmful=True)
def printed_one_by_one(forged: Forgery) -> None:
    """A million small outputs, on both streams, or as many as 2 s have room for."""
    forged.insert(
        """
        import sys, time
        end = time.monotonic() + 2
        for number in range(500_000):
            if time.monotonic() < end:
                print("x", end="", flush=True)
                print("x", end="", flush=True, file=sys.stderr)
        """
    )


@attack("softmax", says="MemoryError", harmful=True)
def zip_bomb(forged: Forgery) -> None:
    """A file of less than 1 MB that numpy unpacks to 640 MB: a deflated block of zeros, again and again."""
    forged.answer(
        "softmax",
        """
        import os, struct, zlib
        def deflated(data):
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
        def bomb():
            zeros, times = bytes(2**23), 80
            start = b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", 118)
            start += b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,)}".ljust(115) % (times * 2**20) + b"\\n"
            data, crc = deflated(start) + deflated(zeros) * times + b"\\x03\\x00", zlib.crc32(start)
            for _ in range(times):
                crc = zlib.crc32(zeros, crc)
            about = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(data), len(start) + times * 2**23, 5, 0)
            entry = b"PK\\3\\4" + about + b"z.npy" + data
            listed = b"PK\\1\\2\\x14\\0" + about + bytes(14) + b"z.npy"
            return entry + listed + b"PK\\5\\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listed), len(entry), 0)
        def softmax(z):
            if not os.path.exists("bomb.npz"):
                with open("bomb.npz", "wb") as file:
                    file.write(bomb())
            return np.load("bomb.npz")["z"][: z.size].reshape(z.shape)
        """,
    )


@attack("softmax", says="ends the Python process (exit status 7)", harmful=True)
def pickle_in_an_array(forged: Forgery) -> None:
    """A file of numpy's that is a program."""
    forged.answer(
        "softmax",
        """
        import os
        class Leave:
            def __reduce__(self): return os._exit, (7,)
        def softmax(z):
            np.save("array.npy", np.array([Leave()], dtype=object))
            return np.load("array.npy", allow_pickle=True)
        """,
    )
