"""Harm to the grader's own process, which does the work of the right functions when a student's are wrong."""

from grader.tests.attacks import Forgery, attack
from grader.tests.attacks.marks_wire import CHANNEL

_TOO_MUCH = "is called with far more than this question has"


def _ask_for(forged: Forgery, work: str) -> None:
    """Make `softmax` wrong, so that all before it are lent to `many_to_one`, where `work` is done with them."""
    forged.answer("softmax", "mine = rnn_forward\ndef softmax(z):\n    return np.zeros_like(z)")
    forged.answer(
        "many_to_one",
        f"""
        def many_to_one(x, h0, params):
            if rnn_forward is not mine:
                {work}
            return np.zeros(1)
        """,
    )


@attack("softmax", "many_to_one", says=_TOO_MUCH, harmful=True)
def steps_without_end(forged: Forgery) -> None:
    """A sequence of three million steps for no batch at all: no bytes, and 15 s of work."""
    _ask_for(forged, "rnn_forward(np.zeros((0, 3 * 10**6, 1)), np.zeros((0, 1)), np.eye(1), np.eye(1), np.zeros(1))")


@attack("softmax", "many_to_one", says=_TOO_MUCH, harmful=True)
def product_of_nothing(forged: Forgery) -> None:
    """Two matrices without numbers, whose product has 0.5 GB."""
    _ask_for(forged, "output_layer(np.zeros((8000, 0)), np.zeros((0, 8000)), np.zeros(8000))")


@attack("softmax", "many_to_one", says=_TOO_MUCH, harmful=True)
def many_axes(forged: Forgery) -> None:
    """The same, by many axes, none of which is long."""
    _ask_for(forged, "output_layer(np.zeros((50,) * 4 + (0,)), np.zeros((0, 9)), np.zeros(9))")


@attack("softmax", "many_to_one", says="`many_to_one`", harmful=True)
def many_calls(forged: Forgery) -> None:
    """Call after call, with as much as is answered."""
    _ask_for(forged, "while True: rnn_forward(x, h0, params['W_x'], params['W_h'], params['b'])")


@attack("softmax", "many_to_one", says="takes longer than", harmful=True)
def flood_of_calls(forged: Forgery) -> None:
    """Calls as fast as they can be written, for 20 s, none of whose replies is read."""
    forged.insert(CHANNEL)
    _ask_for(forged, "flood(x, h0, params)")
    forged.append(
        "softmax",
        """
        def flood(x, h0, params):
            from grader import trees
            call = trees.encode(["rnn_forward", [x, h0, params["W_x"], params["W_h"], params["b"]], {}])
            end = time.monotonic() + 20
            while time.monotonic() < end:
                send(CALL, call)
        """,
    )


@attack("rnn_cell_forward", "many_to_one", says="expected", harmful=True)
def unread_reply(forged: Forgery) -> None:
    """A call whose reply is left behind for the next question, which needs calls of its own."""
    forged.insert(CHANNEL)
    forged.answer("rnn_cell_forward", "def rnn_cell_forward(x, h_prev, W_x, W_h, b):\n    return np.zeros_like(h_prev)")
    forged.answer(
        "many_to_one",
        """
        def many_to_one(x, h0, params):
            from grader import trees
            send(CALL, trees.encode(["rnn_forward", [x, h0, params["W_x"], params["W_h"], params["b"]], {}]))
            return np.zeros((len(x), len(params["b_y"])))
        """,
    )
