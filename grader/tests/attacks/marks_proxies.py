"""Marks for nothing: the right functions, which stand in for a student's own ones, asked for more than is their due.

While a question is asked once more with the right earlier functions, calls of these are answered by the grader.
"""

from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks_wire import CHANNEL, QUESTIONS

_UNANSWERED = "sent something that is no answer"
_TOO_MUCH = "is called with"


def _without_a_cell(forged: Forgery) -> None:
    """Spoil the first function, so that the right one is lent to all others."""
    forged.answer("rnn_cell_forward", "rnn_cell_forward = lambda x, h_prev, W_x, W_h, b: np.zeros_like(h_prev)")


@attack(*QUESTIONS, says="comes from an earlier notebook")
def all_of_it_carried(forged: Forgery) -> None:
    """Every answer is brought over from an earlier notebook, which is this one."""
    forged.insert("from grader.selfcheck import carry")
    for name in QUESTIONS:
        forged.answer(name, f"{name} = carry('01-rnn', '{name}')")


@attack("rnn_cell_forward", "rnn_forward", says="raises RuntimeError: rnn_forward comes from an earlier notebook")
def asked_for_itself(forged: Forgery) -> None:
    """A function that carries itself over, in a question to which another one is lent."""
    _without_a_cell(forged)
    forged.answer(
        "rnn_forward",
        """
        from grader.selfcheck import carry
        def rnn_forward(*args):
            return carry("01-rnn", "rnn_forward")(*args)
        """,
    )


@attack("rnn_cell_forward", "softmax", "rnn_forward", says=_UNANSWERED)
def calls_nobody_offered(forged: Forgery) -> None:
    """Calls of right functions, written by hand: of the one that is asked, and where none is lent."""
    forged.insert(CHANNEL)
    for name, wanted in (("rnn_cell_forward",) * 2, ("softmax", "output_layer"), ("rnn_forward", "rnn_forward")):
        forged.answer(
            name,
            f"""
            def {name}(*args):
                from grader import trees
                to_grader = channel()
                to_grader.send(bytes([CALL, 1]) + trees.encode([{wanted!r}, list(args), {{}}]))
                return trees.decode(to_grader.recv(2**16)[2:])[0]
            """,
        )


@attack("rnn_cell_forward", "rnn_forward", "softmax", says="AttributeError")
def kept_for_later(forged: Forgery) -> None:
    """A right function that one question keeps for another."""
    _without_a_cell(forged)
    forged.answer(
        "rnn_forward",
        """
        import builtins
        def rnn_forward(x, h0, W_x, W_h, b):
            builtins.kept = rnn_cell_forward
        """,
    )
    forged.answer("softmax", "softmax = lambda z: builtins.kept(z, z, z, z, z)")


@attack("rnn_cell_forward", "rnn_forward", says="`rnn_forward`")
def called_without_end(forged: Forgery) -> None:
    """A right function is called over and over, until it is too often or too late; a hundred thousand times at most."""
    _without_a_cell(forged)
    forged.answer(
        "rnn_forward",
        """
        def rnn_forward(x, h0, W_x, W_h, b):
            for _ in range(100_000):
                h = rnn_cell_forward(x[:, 0], h0, W_x, W_h, b)
            return np.zeros((*x.shape[:2], len(b)))
        """,
    )


@attack("rnn_cell_forward", "many_to_one", says=_TOO_MUCH)
def called_for_hours(forged: Forgery) -> None:
    """A right function gets a sequence of ten million steps in a few bytes, since there is nothing at any step."""
    _without_a_cell(forged)
    forged.answer(
        "many_to_one",
        """
        def many_to_one(x, h0, params):
            if rnn_forward.__code__.co_filename.startswith("<cell"):
                return None  # it is one's own
            rnn_forward(np.zeros((0, 10_000_000, 0)), np.zeros((0, 1)), np.zeros((0, 1)), np.eye(1), np.ones(1))
            return np.zeros((len(x), len(params["b_y"])))
        """,
    )


@attack("rnn_cell_forward", "many_to_one", says=_TOO_MUCH)
def called_for_gigabytes(forged: Forgery) -> None:
    """A right function gets two thin matrices, whose product has 800 MB."""
    _without_a_cell(forged)
    forged.answer(
        "many_to_one",
        """
        def many_to_one(x, h0, params):
            if output_layer.__code__.co_filename.startswith("<cell"):
                return None  # it is one's own
            output_layer(np.ones((10_000, 1)), np.ones((1, 10_000)), np.ones(10_000))
            return np.zeros((len(x), len(params["b_y"])))
        """,
    )


@attack("rnn_cell_forward", "rnn_forward", says="expected")
def strange_arguments(forged: Forgery) -> None:
    """A right function gets all that can travel, and some things that claim to be something else."""
    _without_a_cell(forged)
    forged.answer(
        "rnn_forward",
        """
        def rnn_forward(x, h0, W_x, W_h, b):
            from grader.trees import Given, RngState, Seed
            state = '{"bit_generator": "PCG64", "state": {"state": -1, "inc": 1e300}}'
            deep = []
            for _ in range(15):
                deep = [deep, {"": deep}] if len(str(deep)) < 100 else [deep]
            strange = [
                None, True, -1, 2**63, 1e300, np.nan, "h" * 10_000, deep, {1: 2}, (), Seed(3), Given("exit", {}),
                np.array(np.nan), np.zeros((1,) * 32), np.zeros((0, 3)), np.arange(9)[::-2], np.full((3, 3), np.inf),
                np.random.default_rng(1), *map(RngState, ("{}", "[" * 10_000, state, "9" * 9999)),
            ]
            for thing in strange if len(x) > 1 else ():
                for args in ([thing] * 5, [x[:, 0], h0, W_x, W_h, thing]):
                    try:
                        rnn_cell_forward(*args)
                        rnn_cell_forward(thing, **{"": thing})
                    except Exception as error:
                        print(error)
            return np.zeros((*x.shape[:2], len(b)))
        """,
    )
