"""Harm: to the machine, the run, or the submissions that come after."""

from grader.tests.attacks import Forgery, attack


@attack("softmax", says="takes longer than", harmful=True)
def fork_bomb(forged: Forgery) -> None:
    """Processes that make processes; two thousand at most, in any case."""
    forged.answer(
        "softmax",
        """
        import os, time
        def softmax(z):
            end = time.monotonic() + 20
            for _ in range(11):
                try:
                    os.fork()
                except OSError:
                    pass
            while time.monotonic() < end:
                pass
        """,
    )
