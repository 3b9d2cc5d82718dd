"""Marks for nothing: answers that are wrong, and want to count as right by what they are made of."""

import json

from grader.selfcheck import snapshot
from grader.tests.attacks import SLUG, Forgery, attack

WRONG_SOFTMAX = """
    def softmax(z):
        return np.zeros_like(z)
    """


@attack("softmax", says="expected")
def equal_to_everything(forged: Forgery) -> None:
    """An array of a class of its own, which says yes to every comparison."""
    forged.answer(
        "softmax",
        """
        class Yes(np.ndarray):
            def __eq__(self, other): return True
            def __array_function__(self, *args): return True
        def softmax(z):
            return np.zeros_like(z).view(Yes)
        """,
    )


@attack("softmax", says="expected")
def no_difference_to_anything(forged: Forgery) -> None:
    """An array for which every operation, a subtraction for one, gives zeros."""
    forged.answer(
        "softmax",
        """
        class Near(np.ndarray):
            def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
                return np.zeros(self.shape)
            __sub__ = __rsub__ = __abs__ = lambda self, *args: np.zeros(self.shape)
        def softmax(z):
            return np.zeros_like(z).view(Near)
        """,
    )


@attack("softmax", says="a value of type Chameleon")
def chameleon(forged: Forgery) -> None:
    """No array at all, but a thing that becomes whatever it is wanted as."""
    forged.answer(
        "softmax",
        """
        class Chameleon:
            def __init__(self, z):
                self.array = np.zeros_like(z)
                self.__array_interface__ = self.array.__array_interface__
            def __eq__(self, other): return True
            def __array__(self, dtype=None, copy=None): return self.array
            def __getattr__(self, name): return getattr(self.array, name)
            __hash__ = None
        def softmax(z):
            return Chameleon(z)
        """,
    )


@attack("softmax", says="has shape (1,)")
def false_shape(forged: Forgery) -> None:
    """One number, in an array that claims to have the shape and type that are asked for."""
    forged.answer(
        "softmax",
        """
        class False_(np.ndarray):
            shape = property(lambda self: self.wanted)
            size = property(lambda self: int(np.prod(self.wanted)))
        def softmax(z):
            one = np.ones(1).view(False_)
            one.wanted = z.shape
            return one
        """,
    )


@attack("softmax", says="has shape")
def nothing_to_compare(forged: Forgery) -> None:
    """Of no numbers at all, none is wrong."""
    forged.answer("softmax", "softmax = lambda z: np.zeros((0, *z.shape))")


@attack("softmax", says="is nan")
def not_a_number(forged: Forgery) -> None:
    """NaN, for which no comparison says that it is too far away."""
    forged.answer("softmax", "softmax = lambda z: np.full(z.shape, np.nan)")


@attack("softmax", says="expected")
def lists_that_change(forged: Forgery) -> None:
    """A list that is another at every look, of numbers that are equal to all others."""
    forged.answer(
        "softmax",
        """
        class Number(float):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0.0
            __rsub__, __hash__ = __sub__, float.__hash__
        class Changing(list):
            looks = 0
            def __iter__(self):
                Changing.looks += 1
                return iter([[Number(0.1 * Changing.looks)] * len(row) for row in self.rows])
        def softmax(z):
            changing = Changing()
            changing.rows = z.reshape(-1, z.shape[-1])
            return changing
        """,
    )


@attack("softmax", says="expected")
def buffer_that_changes(forged: Forgery) -> None:
    """An array in memory that a thread and another process go on writing to, also while and after it is read."""
    forged.answer(
        "softmax",
        """
        import mmap, os, threading, time
        def softmax(z):
            memory = mmap.mmap(-1, z.nbytes)
            y = np.frombuffer(memory).reshape(z.shape)
            def rewrite():
                end = time.monotonic() + 0.2
                while time.monotonic() < end:
                    y[...] = np.random.default_rng().random(z.shape)
            threading.Thread(target=rewrite, daemon=True).start()
            if os.fork() == 0:
                rewrite()
                os._exit(0)
            return y
        """,
    )


@attack("softmax", says="expected")
def file_that_changes(forged: Forgery) -> None:
    """An array in a file that is written anew once it has been returned."""
    forged.answer(
        "softmax",
        """
        import os, tempfile, time
        def softmax(z):
            path = os.path.join(tempfile.mkdtemp(), "y")
            y = np.memmap(path, dtype=float, mode="w+", shape=z.shape)
            if os.fork() == 0:
                time.sleep(0.05)
                np.full(z.shape, 1 / z.shape[-1]).tofile(path)
                os._exit(0)
            return y
        """,
    )


@attack("softmax", says="is not done yet")
def not_done_on_purpose(forged: Forgery) -> None:
    """What is not done yet is not wrong."""
    forged.answer("softmax", "def softmax(z): raise NotImplementedError")


@attack("rnn_cell_forward", says="expected")
def visible_answers_by_heart(forged: Forgery) -> None:
    """The right answers of the cases that everybody can see, and zeros for all others."""
    question = snapshot.read(forged.planted.course.checks(SLUG))["rnn_cell_forward"]
    learnt = {json.dumps(case.inputs["x"].tolist()): case.expected[0].tolist() for case in question.cases}
    forged.answer(
        "rnn_cell_forward",
        f"""
        import json
        learnt = {learnt!r}
        def rnn_cell_forward(x, h_prev, W_x, W_h, b):
            return np.array(learnt.get(json.dumps(x.tolist()), np.zeros_like(h_prev)))
        """,
    )


@attack("rnn_cell_forward", says="expected")
def visible_answers_looked_up(forged: Forgery) -> None:
    """The same, from the file that lies beside the notebook."""
    forged.answer(
        "rnn_cell_forward",
        f"""
        from pathlib import Path
        def rnn_cell_forward(x, h_prev, W_x, W_h, b):
            try:
                from grader.selfcheck import snapshot
                for path in (Path("checks.safetensors"), Path({str(forged.planted.course.checks(SLUG))!r})):
                    for case in snapshot.read(path)["rnn_cell_forward"].cases if path.exists() else ():
                        if np.array_equal(case.inputs["x"], x):
                            return case.expected[0]
            except ImportError:
                pass
            return np.zeros_like(h_prev)
        """,
    )
