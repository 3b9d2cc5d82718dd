"""Marks for nothing: wrong answers that want to count as right."""

from grader.tests.attacks import Forgery, attack


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
