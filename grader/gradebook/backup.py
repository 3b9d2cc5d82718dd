"""Keep copies of the gradebook in .unrolled/backups/, one from before each run that finds it changed.

To go back to one, copy it over gradebook.db while no program has that open. They hold what the journal cannot give
again: scores and comments by hand. A PostgreSQL gradebook is its own administrator's to back up, with `pg_dump`.
"""

import filecmp
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from grader.course import Course, CourseError, drafted

KEPT = 10


def back_up(course: Course, gradebook: Engine) -> None:
    """Copy the gradebook, whoever is using it, unless it is what the last copy holds; drop all but the last few.

    Copies are counted: the time in their names is for people, since a clock may be set back.
    """
    if gradebook.name != "sqlite":
        return
    folder = course.root / ".unrolled" / "backups"
    old = sorted(folder.glob(f"gradebook-{'[0-9]' * 6}-*.db"))
    number = 1 + int(old[-1].name.split("-")[1]) if old else 1
    new = folder / f"gradebook-{number:06}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}.db"
    _copy(gradebook, new)
    if old and filecmp.cmp(old[-1], new, shallow=False):
        new.unlink()
    else:
        for copy in old[: 1 - KEPT]:
            copy.unlink(missing_ok=True)  # another run may have been quicker


def _copy(gradebook: Engine, path: Path) -> None:
    """SQLite's own copying would wait for ever while another program keeps all others out; `begin` waits a while."""
    with gradebook.connect() as db:
        db.exec_driver_sql("begin")
        file = Path(db.exec_driver_sql("pragma database_list").one().file)
        db.exec_driver_sql("select count(*) from sqlite_master")
        mode = file.stat().st_mode & 0o666
        with drafted(path, mode, named="gradebook") as draft, closing(sqlite3.connect(draft)) as copy:
            copy.execute("pragma journal_mode = off")  # it would be one more file to leave behind
            try:
                db.connection.driver_connection.backup(copy)
            except sqlite3.Error as error:
                raise CourseError(
                    f"{path} cannot be written: {error}. It is a copy of the gradebook, and nothing is graded without: "
                    "mend that (is there room?), then run the command again"
                ) from None
