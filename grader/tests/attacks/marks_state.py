"""Marks for nothing: what one question, or one submission, leaves for another."""

from grader.tests.attacks import Forgery, attack

_TRACES = """
    import os, socket, sys, tempfile, time

    NAME = "unrolled-attack-note"
    NOTE = os.path.join(tempfile.gettempdir(), NAME)

    def traces():
        \"\"\"What another submission has left: a file, a variable, a name in a module, a process that listens.\"\"\"
        found = [NOTE] if os.path.exists(NOTE) else []
        found += [name for name in (*os.environ, *vars(np), *vars(sys)) if name == NAME]
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(chr(0) + NAME)
                found.append("a process")
        except OSError:
            pass
        return found
    """
_BRAGGART = """
    right = softmax
    def softmax(z):
        if traces():
            raise LookupError(f"found {traces()}")
        return right(z)
    """


@attack()
def state_for_later_questions(forged: Forgery) -> None:
    """A right answer that spoils all that it can reach besides: what comes after it starts from a clean place."""
    forged.append(
        "output_layer",
        """
        import os
        calls, right = [], output_layer
        def output_layer(h, W_y, b_y):
            calls.append(h)
            math.exp = math.tanh = np.exp = np.tanh = lambda *args: 0.0
            os.environ["PATH"] = "/nowhere"
            os.chdir("/")
            return right(h, W_y, b_y)
        """,
    )
    forged.append(
        "softmax",
        """
        honest = softmax
        def softmax(z):
            assert not calls and os.environ["PATH"] != "/nowhere" and os.getcwd() != "/"
            return honest(z)
        """,
    )


@attack("output_layer", "softmax", says="Error")
def answers_from_an_earlier_question(forged: Forgery) -> None:
    """A question waits for another one's process to tell it something; it is not there any more."""
    forged.answer(
        "output_layer",
        """
        import os, socket, time
        def output_layer(h, W_y, b_y):
            if os.fork() == 0:
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind("answers")
                    listener.listen()
                    time.sleep(10)
                    os._exit(0)
            os.remove("answers")
        """,
    )
    forged.answer(
        "softmax",
        """
        def softmax(z):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect("answers")
                return np.frombuffer(client.recv(z.nbytes)).reshape(z.shape)
        """,
    )


@attack()
def left_for_the_next_submission(forged: Forgery) -> None:
    """Notes to a submission that is graded later, where it may find them."""
    forged.insert(_TRACES)
    forged.append(
        "softmax",
        """
        open(NOTE, "w").close()
        os.environ[NAME] = "1"
        setattr(np, NAME, 1)
        setattr(sys, NAME, 1)
        if os.fork() == 0:
            os.setsid()
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(chr(0) + NAME)
                listener.listen()
                time.sleep(5)
                os._exit(0)
        """,
    )
    forged.append("softmax", "time.sleep(0.1)\nassert len(traces()) == 5, traces()")


@attack()
def looked_for_by_the_next_submission(forged: Forgery) -> None:
    """Whoever finds such a note, of the submission that was graded right before, makes a mistake; there is none."""
    forged.insert(_TRACES)
    forged.append("softmax", _BRAGGART)
