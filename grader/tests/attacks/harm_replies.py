"""Harm by what is sent to the grader: values that are huge, deep or endless, and messages that break the protocol."""

from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks_wire import CHANNEL

FORGE = (
    CHANNEL
    + """
    import json, struct
    def forge(skeleton):  # an answer, whatever is in it
        header = json.dumps({"__metadata__": {"tree": skeleton}}).encode()
        header += b" " * (-len(header) % 8)
        data = struct.pack("<Q", len(header)) + header
        chunks = [data[start : start + 50_000] for start in range(0, len(data), 50_000)]
        for chunk in chunks:
            send(ANSWER, chunk, last=chunk is chunks[-1])
    """
)


@attack("softmax", "output_layer", "many_to_one", says="an integer of more than 64 bits", harmful=True)
def huge_integers(forged: Forgery) -> None:
    """Integers of a million digits: as an answer, within one, and as a key."""
    forged.answer("softmax", "def softmax(z):\n    return 1 << 3_000_000")
    forged.answer("output_layer", "def output_layer(*args):\n    return [[{'y': 1 << 3_000_000}]]")
    forged.answer("many_to_one", "def many_to_one(*args):\n    return {1 << 3_000_000: 1}")


@attack("softmax", "output_layer", "many_to_one", says="something nested more than 20 deep", harmful=True)
def deep_values(forged: Forgery) -> None:
    """A list in a list, a hundred thousand times; a list and a dict that hold themselves."""
    forged.answer(
        "softmax",
        """
        def softmax(z):
            deep = []
            for _ in range(100_000):
                deep = [deep]
            return deep
        """,
    )
    forged.answer(
        "output_layer",
        """
        def output_layer(*args):
            cycle = []
            cycle += [cycle, cycle]
            return cycle
        """,
    )
    forged.answer(
        "many_to_one",
        """
        def many_to_one(*args):
            cycle = {}
            cycle[0] = (cycle, cycle)
            return cycle
        """,
    )


@attack("softmax", says="more than 100000 single values", harmful=True)
def many_values(forged: Forgery) -> None:
    """A million lists."""
    forged.answer("softmax", "def softmax(z):\n    return [[0.0]] * 10**6")


@attack("softmax", "output_layer", says="MemoryError", harmful=True)
def arrays_without_data(forged: Forgery) -> None:
    """Views that cost nothing and claim 8 TB, and many that claim 300 MB each."""
    forged.answer("softmax", "def softmax(z):\n    return np.broadcast_to(0.0, (10**6, 10**6))")
    forged.answer(
        "output_layer",
        """
        def output_layer(*args):
            return [np.broadcast_to(0.0, (6000, 6000)) for _ in range(1000)]
        """,
    )


@attack("softmax", "output_layer", says="has shape (1000000000, 0)", harmful=True)
def empty_arrays(forged: Forgery) -> None:
    """Arrays with a thousand million rows, none of which holds anything; one, and a list of them."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros((10**9, 0))")
    forged.answer("output_layer", "def output_layer(*args):\n    return [np.zeros((10**9, 0))] * 1000 + [0.0]")


@attack("softmax", says="has shape", harmful=True)
def large_answers(forged: Forgery) -> None:
    """A quarter of what may be in all answers in each, of a type that grows eightfold when it is compared."""
    forged.answer("softmax", "def softmax(z):\n    return np.zeros(16 * 2**20, dtype=np.int8)")


@attack("softmax", says="more text than can travel", harmful=True)
def large_texts(forged: Forgery) -> None:
    """A text of ten million letters."""
    forged.answer("softmax", "def softmax(z):\n    return '\\\\' * 10**7")


@attack("softmax", says="sent something that is no answer", harmful=True)
def many_lists(forged: Forgery) -> None:
    """A message of two million empty lists, which take a hundred times the room when they are read."""
    forged.answer(
        "softmax",
        FORGE
        + """
    def softmax(z):
        forge("[[" + "[]," * 2_000_000 + "[]]]")
        time.sleep(20)
    """,
    )


@attack("softmax", says="sent something that is no answer", harmful=True)
def colliding_keys(forged: Forgery) -> None:
    """A dict with 50 000 keys of one hash, each of which is compared with all before it."""
    forged.answer(
        "softmax",
        FORGE
        + """
    def softmax(z):
        entries = [[number * (2**61 - 1), 0] for number in range(50_000)]
        forge(json.dumps([{"dict": entries}, "", [], False]))
        time.sleep(20)
    """,
    )


@attack("softmax", says="sent something that is no answer", harmful=True)
def endless_message(forged: Forgery) -> None:
    """A message that does not end, of up to 1 GB."""
    forged.answer(
        "softmax",
        CHANNEL
        + """
    def softmax(z):
        connection = channel()
        for _ in range(20_000):
            connection.send(bytes([ANSWER, 0]) + bytes(50_000))
    """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def slow_message(forged: Forgery) -> None:
    """A message of single bytes, one every hundredth of a second."""
    forged.answer(
        "softmax",
        CHANNEL
        + """
    def softmax(z):
        connection = channel()
        for _ in range(2000):
            connection.send(bytes([ANSWER, 0, 0]))
            time.sleep(0.01)
    """,
    )


@attack("softmax", says="takes longer than", harmful=True)
def crumbs(forged: Forgery) -> None:
    """A message of as many small packets as can be sent in 20 s, each of which takes room of its own."""
    forged.answer(
        "softmax",
        CHANNEL
        + """
    def softmax(z):
        connection, end = channel(), time.monotonic() + 20
        while time.monotonic() < end:
            for _ in range(1000):
                connection.send(bytes([ANSWER, 0, 1, 2]))
    """,
    )


@attack("softmax", says="sent something that is no answer", harmful=True)
def nothing_at_all(forged: Forgery) -> None:
    """An empty packet, which looks like the end of the conversation, and then silence."""
    forged.answer(
        "softmax",
        CHANNEL
        + """
    def softmax(z):
        channel().send(b"")
        time.sleep(20)
    """,
    )


@attack("rnn_forward", says="expected", harmful=True)
def sullen_socket(forged: Forgery) -> None:
    """A question that leaves the socket, which is also the others', unwilling to wait, to hear, or to send much."""
    forged.answer(
        "rnn_forward",
        CHANNEL
        + """
    import contextlib, ctypes, fcntl, signal, struct
    def rnn_forward(x, h0, W_x, W_h, b):
        connection, refuse = channel(), ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
        options = {
            socket.SO_SNDBUF: struct.pack("i", 1),
            socket.SO_RCVTIMEO: struct.pack("ll", 0, 1000),
            26: struct.pack("HxxxxxxP", 1, ctypes.addressof(refuse)),  # a filter that lets nothing through
            44: struct.pack("i", 1),  # and that cannot be taken away
        }
        for option, value in options.items():
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, option, value)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)
        fcntl.fcntl(connection, fcntl.F_SETOWN, 1)
        fcntl.fcntl(connection, 10, signal.SIGINT)  # the signal to be sent when something comes in
        fcntl.fcntl(connection, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
        return np.zeros(x.shape[:2] + b.shape)
    """,
    )


@attack("rnn_forward", says="expected", harmful=True)
def narrow_output(forged: Forgery) -> None:
    """A question that leaves the pipe for what is printed with little room, and unwilling to wait; then all print."""
    forged.answer(
        "rnn_forward",
        """
        import fcntl, os
        def rnn_forward(x, h0, W_x, W_h, b):
            fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 4096)
            os.set_blocking(1, False)
            return np.zeros(x.shape[:2] + b.shape)
        """,
    )
    forged.append(
        "output_layer",
        """
        right_output_layer = output_layer
        def output_layer(*args):
            print("x" * 100_000)
            return right_output_layer(*args)
        """,
    )
