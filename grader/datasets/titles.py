"""Titles with their categories from a CSV file of the reader's own."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

__all__ = ["read_titles"]

_COLUMNS = ("category", "title")


def read_titles(path: str | Path) -> list[tuple[str, str]]:
    """The rows of a CSV file in UTF-8 whose first line names its columns, category and title among them.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    rows : list of (category, title)
        In the order of the file, without the spaces around them.

    Raises
    ------
    ValueError
        The file is not in UTF-8, is empty, lacks a column or holds no rows; a category or a title is empty; a line has
        more or fewer fields than the first. The message names the file and the line, and says what to do.
    """
    path = Path(path)
    text = _decoded(path)
    if not text.strip():
        raise ValueError(f"{path.name} is empty: its first line should be category,title")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, str]] = []
    header: list[str] = []
    try:
        for fields in lines:
            where = f"{path.name}, line {lines.line_num}"
            if not header:
                header = _checked_header(where, fields)
            elif fields:  # else a blank line
                rows.append(_row(where, header, fields))
    except csv.Error as error:
        raise ValueError(f"{path.name}, line {lines.line_num}: {error}: look for a quote that is not closed") from error
    if not rows:
        raise ValueError(f"{path.name} has no titles: put one in each line after the first")
    return rows


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a mark before the first letter
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{data[error.start]:02x}"
        raise ValueError(f"{path.name}, line {line}: {byte} is not UTF-8: save the file in that encoding") from None


def _checked_header(where: str, fields: Sequence[str]) -> list[str]:
    header = [field.strip() for field in fields]
    for column in _COLUMNS:
        if header.count(column) != 1:
            found = "no column" if column not in header else "more than one column"
            names = ", ".join(header)[:80]
            raise ValueError(f"{where}: {found} {column!r} among {names!r}: the first line should be category,title")
    return header


def _row(where: str, header: list[str], fields: Sequence[str]) -> tuple[str, str]:
    if len(fields) != len(header):
        expected = f"{len(fields)} fields, where the first line has {len(header)}"
        raise ValueError(f"{where}: {expected}: a title with a comma belongs in double quotes")
    category, title = (fields[header.index(column)].strip() for column in _COLUMNS)
    for column, value in (("category", category), ("title", title)):
        if not value:
            raise ValueError(f"{where}: the {column} is empty: fill it in, or delete the line")
    return category, title
