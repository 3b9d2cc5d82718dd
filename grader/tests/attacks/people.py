"""Against people: what a student writes is seen by others, in feedback, formgrader, report, terminal and CSV."""

from grader.tests.attacks import Forgery, attack


@attack("softmax", says="<script>")
def script_in_an_exception(forged: Forgery) -> None:
    """A program in the text of an exception."""
    forged.answer(
        "softmax",
        """
        def softmax(z):
            raise ValueError("<script>document.title = 'attacked'</script>")
        """,
    )
