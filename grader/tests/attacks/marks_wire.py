"""Marks for nothing: messages to the grader that student code writes by itself, on the descriptors that it inherits.

A question can spoil the answers to its own submission's later questions, or send others in their place. There are no
marks in that, as it knows no right ones; so these attacks are made such that it costs no more than what they say.
"""

from grader.tests.attacks import Forgery, attack

QUESTIONS = (
    "rnn_cell_forward",
    "rnn_forward",
    "output_layer",
    "softmax",
    "many_to_one",
    "many_to_many",
    "one_to_many",
)
CHANNEL = """
    import os, socket, stat, time

    CELL, QUESTION, ANSWER, CALL, END = 5, 6, 7, 8, 11

    def channel():
        \"\"\"The socket on which the grader is heard, if there is one among the descriptors.\"\"\"
        for number in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(number).st_mode):
                    found = socket.socket(fileno=os.dup(number))
                    if (found.family, found.type) == (socket.AF_UNIX, socket.SOCK_SEQPACKET):
                        return found
                    found.close()
            except OSError:
                pass

    def send(kind, payload=b"", last=1):
        channel().send(bytes([kind, last]) + payload)

    def tree(value):
        from grader import trees
        return trees.encode([value, "", [], False])
    """
_UNANSWERED = "sent something that is no answer"


@attack("softmax", says="is 0, expected")
def answers_sent_twice(forged: Forgery) -> None:
    """Every answer comes twice, so that there are too many of them."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            send(ANSWER, tree(np.zeros_like(z)))
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says=_UNANSWERED)
def answers_before_the_question(forged: Forgery) -> None:
    """The cell sends answers, and says that it is through, while nothing has been asked yet."""
    forged.insert(CHANNEL)
    forged.append(
        "softmax",
        """
        for _ in range(10):
            send(ANSWER, tree(np.zeros((3, 4, 5))))
        """,
    )


@attack("softmax", says="is 0, expected")
def answers_of_no_process(forged: Forgery) -> None:
    """All answers at once in the first call, then the process is killed before it has given any."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            for _ in range(6):
                send(ANSWER, tree(np.zeros_like(z)))
            os.kill(os.getpid(), 9)
        """,
    )


@attack("softmax", says="takes longer than")
def answers_after_the_deadline(forged: Forgery) -> None:
    """The cells' process is told to wait longer than it may, and the answers come when the grader has turned away."""
    forged.insert(CHANNEL)
    forged.insert(
        """
        try:
            from grader.sandbox.inside import worker
            patient = worker._wait
            worker._wait = lambda child, seconds: patient(child, seconds + 14)
            worker.limit_cpu = lambda seconds: None
        except ImportError:
            pass
        """
    )
    forged.append(
        "softmax",
        """
        right = softmax
        def softmax(z):
            time.sleep(14)
            return right(z)
        """,
    )


@attack("one_to_many", says="ends the Python process (exit status 0)")
def end_before_the_answers(forged: Forgery) -> None:
    """The word that the question is through, with success, in front of all answers."""
    forged.insert(CHANNEL)
    forged.answer(
        "one_to_many",
        """
        def one_to_many(x0, h0, params, steps):
            send(END, b"0")
            return np.zeros((len(x0), steps, x0.shape[1]))
        """,
    )


@attack("softmax", says=_UNANSWERED)
def end_that_is_no_number(forged: Forgery) -> None:
    """A question that ends with full marks, instead of an exit status."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            send(END, b"full marks")
        """,
    )


@attack(*QUESTIONS, says=_UNANSWERED)
def cells_confirmed_ahead(forged: Forgery) -> None:
    """A cell that confirms itself and the one after it: all that is said afterwards answers something else."""
    forged.insert(CHANNEL)
    forged.insert("send(CELL)\nsend(CELL)", before="check-one_to_many")


@attack("output_layer", "softmax", says="is 0, expected")
def answers_to_a_later_question(forged: Forgery) -> None:
    """A question ends itself, and sends the answers to the one after it, which nobody has asked yet."""
    forged.insert(CHANNEL)
    forged.answer(
        "output_layer",
        """
        def output_layer(h, W_y, b_y):
            send(END, b"0")
            for shape in [(3, 4, 5)] * 2 + [(1, 4, 5), (3, 1, 5), (3, 4, 2)] * 10:
                send(ANSWER, tree(np.zeros(shape)))
            os._exit(0)
        """,
    )


@attack("softmax", says=_UNANSWERED)
def false_lengths(forged: Forgery) -> None:
    """An answer whose arrays lie beyond its end, and whose header is longer than all of it."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            data = tree(np.zeros_like(z))
            send(ANSWER, data[:-8])
            send(ANSWER, (2**62).to_bytes(8, "little") + data[8:])
            send(ANSWER, data + data)
        """,
    )


@attack("softmax", "output_layer", "rnn_cell_forward", says=_UNANSWERED)
def strange_kinds(forged: Forgery) -> None:
    """Messages of kinds that nobody may send from here, or that there are not, and packets without a kind."""
    forged.insert(CHANNEL)
    for name, kinds in (("softmax", range(12, 256)), ("output_layer", range(5)), ("rnn_cell_forward", (5, 6, 9, 10))):
        forged.answer(
            name,
            f"""
            def {name}(*args):
                for kind in {list(kinds)}:
                    send(kind, b"0")
            """,
        )


@attack("softmax", says=_UNANSWERED)
def packet_of_one_byte(forged: Forgery) -> None:
    """A packet that is too short to be one."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            channel().send(bytes([ANSWER]))
        """,
    )


@attack("softmax", says=_UNANSWERED)
def answer_without_end(forged: Forgery) -> None:
    """One answer in endless packets; 600 MB at most, in any case."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            for _ in range(10_000):
                send(ANSWER, bytes(60_000), last=0)
        """,
    )


@attack("softmax", says="takes longer than")
def beginnings_without_end(forged: Forgery) -> None:
    """Packets that begin a message, of one kind and another in turn, so that none is ever too long."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            to_grader, end = channel(), time.monotonic() + 10
            while time.monotonic() < end:
                to_grader.send(bytes([ANSWER, 0]))
                to_grader.send(bytes([CELL, 0]))
        """,
    )


@attack("softmax", says=_UNANSWERED)
def every_descriptor_written_to(forged: Forgery) -> None:
    """What looks like a score, on every descriptor that is there."""
    forged.answer(
        "softmax",
        """
        import os
        def softmax(z):
            for number in range(64):
                try:
                    os.set_blocking(number, False)
                    os.write(number, b'3.0\\n{"score": 3.0, "points": 3.0}\\n')
                except OSError:
                    pass
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def descriptors_sent_along(forged: Forgery) -> None:
    """With every answer come descriptors, which whoever takes them has to close."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            socket.send_fds(channel(), [bytes([ANSWER, 1]) + tree(np.zeros_like(z))], [0] * 5)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="expected")
def printed_results(forged: Forgery) -> None:
    """What looks like nbgrader's and a kernel's results, on stdout, on stderr and as a display."""
    forged.answer(
        "softmax",
        """
        import json, sys
        result = {"output_type": "execute_result", "data": {"text/plain": "3.0"}, "metadata": {}, "execution_count": 1}
        def softmax(z):
            display(3.0)
            print(3.0, json.dumps(result), '{"score": 3.0, "max_score": 3.0}', sep="\\n", flush=True)
            print("AUTOGRADER: softmax 3/3 [passed]", file=sys.stderr)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def sockets_taken_over(forged: Forgery) -> None:
    """Within a question, sockets send everything twice, and struct writes what it is told to."""
    forged.answer(
        "softmax",
        """
        import socket, struct
        def softmax(z):
            sendmsg = socket.socket.sendmsg
            socket.socket.sendmsg = lambda self, parts: (sendmsg(self, parts), sendmsg(self, parts))
            struct.pack = struct.pack_into = lambda *args: bytes(8)
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says=_UNANSWERED)
def json_taken_over(forged: Forgery) -> None:
    """Within a question, all that is written as JSON comes out as what is true."""
    forged.answer(
        "softmax",
        """
        import json
        def softmax(z):
            json.dumps = lambda *args, **kwargs: "true"
            return np.zeros_like(z)
        """,
    )


@attack("softmax", says="is 0, expected")
def answering_taken_over(forged: Forgery) -> None:
    """Whatever turns a function's value into an answer makes another of it, in which nothing can be wrong."""
    forged.insert(
        """
        try:
            from grader import answers
            ask = answers.ask
            def praise(function, inputs, drive):
                return answers.Answer(inputs["z"] > np.inf) if "z" in inputs else ask(function, inputs, drive)
            answers.ask = praise
        except ImportError:
            pass
        """
    )


@attack("softmax", says="is 0, expected")
def cells_process_taken_over(forged: Forgery) -> None:
    """The process that runs the cells is taught to answer one question by itself, without a process for it."""
    forged.insert(CHANNEL)
    forged.insert(
        """
        try:
            from grader import trees
            from grader.sandbox.inside import wire, worker
            ask = worker._ask_in_a_fork
            def ask_here(connection, payload, namespace, limits):
                question = trees.decode(wire.unpack_question(payload)[1])
                if question["name"] != "softmax":
                    return ask(connection, payload, namespace, limits)
                for case in question["cases"]:
                    wire.send(connection, wire.Kind.ANSWER, tree(np.zeros_like(case["z"])))
                return b"0"
            worker._ask_in_a_fork = ask_here
        except ImportError:
            pass
        """
    )


@attack("softmax", says="expected")
def hooks_of_a_fork(forged: Forgery) -> None:
    """What runs after every fork, before the question is read: it finds the process as it was, with no answer in it."""
    forged.insert(
        """
        import os
        def change():
            np.exp = np.zeros_like
        os.register_at_fork(after_in_child=change)
        """
    )
    forged.answer("softmax", "softmax = lambda z: np.exp(z - z.max(-1, keepdims=True))")


@attack("softmax", says="is 0, expected")
def last_words(forged: Forgery) -> None:
    """Answers that are given when Python ends, or when the value is thrown away."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        import atexit, weakref
        class Value(np.ndarray):
            def __del__(self):
                print(3.0)
        def softmax(z):
            y = np.zeros_like(z).view(Value)
            atexit.register(send, ANSWER, tree(np.asarray(y)))
            weakref.finalize(y, print, 3.0)
            return y
        """,
    )


@attack("softmax", says="")
def connection_shut_down(forged: Forgery) -> None:
    """A question that hangs up on the grader."""
    forged.insert(CHANNEL)
    forged.answer(
        "softmax",
        """
        def softmax(z):
            channel().shutdown(socket.SHUT_RDWR)
        """,
    )
