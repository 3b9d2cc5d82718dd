"""Statements that enter a row, whether it is there or not, in SQLite and PostgreSQL.

Looking first and then inserting would fail when another program inserts in between. A row that holds already what is
to be entered is not written again, so that grading a class of which nothing has changed writes nothing.
"""

from functools import cache

from nbgrader.api import Base, Comment, Grade
from sqlalchemy import Insert, or_
from sqlalchemy.dialects import postgresql, sqlite

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@cache
def insert_missing(dialect: str, model: type[Base]) -> Insert:
    """The row, unless there is one for the same things already."""
    return _INSERT[dialect](model).on_conflict_do_nothing()


@cache
def upsert_grade(dialect: str, *, new: bool) -> Insert:
    """The automatic score of a cell. It waits for a person if it has none; or if a person's, which stays, is older.

    new: the submission was run again; otherwise only another score than there is makes a person's older.
    """
    row = _INSERT[dialect](Grade)
    score = row.excluded.auto_score
    waits = or_(Grade.manual_score.is_not(None), score.is_(None))
    other = Grade.auto_score.is_distinct_from(score)
    return row.on_conflict_do_update(
        index_elements=[Grade.cell_id, Grade.notebook_id],
        set_={"auto_score": score, "needs_manual_grade": waits},
        where=or_(other, Grade.needs_manual_grade.is_distinct_from(waits)) if new else other,
    )


@cache
def upsert_comment(dialect: str) -> Insert:
    """The automatic comment on an answer."""
    row = _INSERT[dialect](Comment)
    text = row.excluded.auto_comment
    return row.on_conflict_do_update(
        index_elements=[Comment.cell_id, Comment.notebook_id],
        set_={"auto_comment": text},
        where=Comment.auto_comment.is_distinct_from(text),
    )
