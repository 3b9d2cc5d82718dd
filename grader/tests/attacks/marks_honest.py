"""No attacks at all: right notebooks that do odd things for good reasons, and must not lose marks by it."""

from grader.tests.attacks import Forgery, attack


@attack()
def warnings_of_numpy(forged: Forgery) -> None:
    """Overflow and invalid values on the way to right numbers, on stderr."""
    forged.append(
        "softmax",
        """
        stable = softmax
        def softmax(z):
            np.exp(np.abs(z) + 1e4) - np.exp(np.abs(z) + 1e4)
            np.log(np.zeros(3)) * 0
            return np.where(np.isinf(np.exp(np.full_like(z, 1e4))), stable(z), np.nan)
        softmax(np.ones((1, 2)))
        """,
    )


@attack()
def warnings_of_ones_own(forged: Forgery) -> None:
    """Warnings that are meant for a reader, some of them made errors, and a log on stderr."""
    forged.append(
        "softmax",
        """
        import logging, sys, warnings
        warnings.simplefilter("error")
        logging.basicConfig(level=logging.DEBUG)
        quiet = softmax
        def softmax(z):
            warnings.warn("the rows are shifted")
            logging.warning("the rows are shifted")
            print("Traceback (most recent call last):", file=sys.stderr)
            return quiet(z)
        """,
    )


@attack()
def much_is_printed(forged: Forgery) -> None:
    """Every step, as when one looks for a mistake; a megabyte in all."""
    forged.append(
        "softmax",
        """
        quiet = softmax
        def softmax(z):
            for step in range(1000):
                print("step", step, "x" * 100)
            display(z)
            return quiet(z)
        """,
    )


@attack()
def printing_redefined(forged: Forgery) -> None:
    """A print of one's own, and streams that go nowhere."""
    forged.insert(
        """
        import io, os, sys
        def print(*args, **kwargs):
            pass
        sys.stdout = io.StringIO()
        sys.stderr = open(os.devnull, "w")
        """
    )
    forged.append("softmax", "print('done')\nsys.stdout = None")


@attack()
def numpy_set_to_raise(forged: Forgery) -> None:
    """Floating point errors are exceptions, numbers are printed short, and the generator has a seed."""
    forged.insert(
        """
        np.seterr(all="raise")
        np.set_printoptions(precision=2, suppress=True)
        np.random.seed(7)
        """
    )


@attack()
def drawing_in_style(forged: Forgery) -> None:
    """Pictures between the answers, in a style of one's own."""
    forged.insert(
        """
        %matplotlib inline
        import matplotlib.pyplot as plt
        plt.style.use("ggplot")
        plt.rcParams["figure.dpi"] = 40
        _, ax = plt.subplots()
        ax.plot(np.tanh(np.linspace(-3, 3)))
        plt.show()
        """,
        before="softmax",
    )


@attack()
def arrays_of_a_class(forged: Forgery) -> None:
    """Arrays that know the names of their axes, which is all that is odd about them."""
    forged.append(
        "softmax",
        """
        class Named(np.ndarray):
            axes = ()
            def __array_finalize__(self, other):
                self.axes = getattr(other, "axes", ())
            def __repr__(self):
                return f"{self.axes}: {super().__repr__()}"
        plain = softmax
        def softmax(z):
            y = plain(z).view(Named)
            y.axes = ("B", "T", "V")
            return y
        """,
    )


@attack()
def arrays_of_every_layout(forged: Forgery) -> None:
    """The right numbers from a file, read-only, by columns, backwards, with holes, masked, and with bytes swapped."""
    forged.append(
        "rnn_cell_forward",
        """
        import tempfile
        own_cell = rnn_cell_forward
        def rnn_cell_forward(*args):
            h = own_cell(*args)
            file = np.memmap(tempfile.TemporaryFile(), dtype=float, mode="w+", shape=h.shape)
            file[...] = h
            file.flags.writeable = False
            return file
        """,
    )
    for name, layout in (
        ("rnn_forward", "np.asfortranarray(y)"),
        ("output_layer", "np.ascontiguousarray(y[::-1])[::-1]"),
        ("softmax", "np.repeat(y, 2, axis=-1)[..., ::2].astype('>f8')"),
        ("many_to_one", "np.ma.masked_array(y)"),
        ("many_to_many", "np.float32(y)"),
        ("one_to_many", "y.tolist()"),
    ):
        forged.append(
            name,
            f"""
            own_{name} = {name}
            def {name}(*args):
                y = np.asarray(own_{name}(*args))
                return {layout}
            """,
        )


@attack()
def functions_of_every_kind(forged: Forgery) -> None:
    """Not every function is made by def at the top of a cell."""
    forged.append(
        "softmax",
        """
        class Softmax:
            def __init__(self, function):
                self.function = function
            def __call__(self, z):
                return self.function(z)
        softmax = Softmax(softmax)
        """,
    )
    forged.append(
        "output_layer",
        """
        import functools
        def counted(function):
            @functools.wraps(function)
            def wrapped(*args, **kwargs):
                wrapped.calls += 1
                return function(*args, **kwargs)
            wrapped.calls = 0
            return wrapped
        output_layer = functools.partial(counted(output_layer))
        """,
    )


@attack()
def work_in_threads(forged: Forgery) -> None:
    """A pool of threads that stays, and one for each call."""
    forged.append(
        "output_layer",
        """
        from concurrent.futures import ThreadPoolExecutor
        alone, pool = output_layer, ThreadPoolExecutor(2)
        pool.submit(print, "ready").result()
        def output_layer(h, W_y, b_y):
            with ThreadPoolExecutor(2) as helpers:
                return helpers.submit(alone, h, W_y, b_y).result()
        """,
    )


@attack()
def names_of_builtins(forged: Forgery) -> None:
    """Names that Python has already: numpy's sum, max and abs, and variables that are called list and input."""
    forged.insert(
        """
        from numpy import *
        list, input, id, file = [1, 2], 3, 4, 5
        assert abs(-1) == 1 and sum([1, 2]) == 3
        """
    )


@attack()
def only_when_run(forged: Forgery) -> None:
    """Tests of one's own under the name of a program, with a function that fails on purpose and is caught."""
    forged.insert(
        """
        from __future__ import annotations
        import sys, unittest
        class Tests(unittest.TestCase):
            def test_rows(self) -> None:
                self.assertAlmostEqual(float(softmax(np.ones((1, 4))).sum()), 1.0)
            def test_failure(self):
                with self.assertRaises(ZeroDivisionError):
                    1 / 0
        if __name__ == "__main__":
            unittest.main(argv=["tests"], exit=False)
        """,
        before="check-softmax",
    )
