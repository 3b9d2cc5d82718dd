"""Reading and writing what is not theirs: the course, the key, the gradebook, a home folder, other processes."""

from grader.tests.attacks import Forgery, attack


@attack()
def gradebook_update(forged: Forgery) -> None:
    """Two hundred points by SQL, straight into the gradebook."""
    forged.insert(
        f"""
        import sqlite3
        try:
            with sqlite3.connect({str(forged.planted.course.root / "gradebook.db")!r}) as db:
                db.execute("update grade set manual_score = 200")
        except sqlite3.Error as error:
            print(error)
        """
    )
