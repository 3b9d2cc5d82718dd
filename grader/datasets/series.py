"""Time series to forecast: two that were measured, one that is made, and any other from a file of yours.

    series = sunspots()
    series.values        # (T,), float64, in the unit that series.unit names
    series.season        # after how many steps it comes round again, as far as it does

Sunspots and CO2 come with statsmodels; nothing is downloaded.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SHORTEST = 20  # values; with fewer there is nothing to split
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d)?)?)?)?")

Times = npt.NDArray[np.datetime64]
Line = tuple[int, str, str]  # its number in the file, its date, its value


@dataclass(frozen=True)
class Series:
    """Values at equal steps of time, the oldest first.

    times : ndarray of datetime64 of shape (T,)
    values : ndarray of float64 of shape (T,)
    filled : ndarray of bool of shape (T,), True where a gap in the data was filled
    season : int; 0 if none is known
    """

    name: str
    unit: str
    times: Times
    values: npt.NDArray[np.float64]
    filled: npt.NDArray[np.bool_]
    season: int = 0


def sunspots() -> Series:
    """The yearly mean number of spots on the sun, 1700 to 2008; about every 11 years there are many."""
    from statsmodels.datasets import sunspots as data  # here: pandas, which it needs, takes a second to import

    table = data.load_pandas().data
    years = np.array([f"{year:.0f}" for year in table["YEAR"]], dtype="datetime64[Y]")
    values = np.array(table["SUNACTIVITY"], dtype=np.float64)
    return Series("sunspots", "sunspots a year", years, values, np.zeros(len(values), dtype=np.bool_), season=11)


def co2() -> Series:
    """CO2 in the air at Mauna Loa, monthly means of weekly samples, 1958 to 2001: a season on a rising level.

    59 of the 2284 weeks are missing. They are interpolated, on the line from the week before to the week after; a
    month with such a week is marked in `filled`.
    """
    from statsmodels.datasets import co2 as data

    table = data.load_pandas().data
    weekly = np.array(table["co2"], dtype=np.float64)
    missing = np.isnan(weekly)
    weeks = np.arange(len(weekly))
    weekly[missing] = np.interp(weeks[missing], weeks[~missing], weekly[~missing])
    months, month_of = np.unique(np.array(table.index, dtype="datetime64[M]"), return_inverse=True)
    values = np.bincount(month_of, weekly) / np.bincount(month_of)
    return Series("CO2", "ppm", months, values, np.bincount(month_of, missing) > 0, season=12)


def sines(rng: np.random.Generator, T: int = 600, noise: float = 0.2) -> Series:
    """Two sine waves, of 24 and of 7.3 steps, on a level of 10, with normal noise; daily, so that it has dates.

    noise : the noise's standard deviation; the waves have amplitudes of 1 and 0.5
    """
    t = np.arange(T)
    phases = 2 * np.pi * rng.random(2)
    values = 10 + np.sin(2 * np.pi * t / 24 + phases[0]) + 0.5 * np.sin(2 * np.pi * t / 7.3 + phases[1])
    values += noise * rng.standard_normal(T)
    days = np.datetime64("2000-01-01", "D") + t
    return Series("sines", "units", days, values, np.zeros(T, dtype=np.bool_), season=24)


def read_series(path: str | Path, column: str | None = None) -> Series:
    """A series from a CSV file: a header, dates in the first column, oldest first, and numbers in another.

    Dates are written 2020, 2020-01, 2020-01-31 or 2020-01-31 12:00.

    Parameters
    ----------
    path : str or Path
        The file, in UTF-8.
    column : str, optional
        The header of the values; may be left out if there is one column besides the dates.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file holds no series: the message says in which line, what is wrong and what to do about it.
    """
    path = Path(path)
    times: list[np.datetime64] = []
    values: list[float] = []
    first_line: dict[np.datetime64, int] = {}
    for number, date, text in _lines(path, column):
        where = f"{path}, line {number}"
        time, value = _time(where, date), _value(where, text)
        if time in first_line:
            raise ValueError(f"{where}: {date} is the date of line {first_line[time]}, too; keep one of the two")
        if times and time < times[-1]:
            raise ValueError(f"{where}: {date} comes before the date of the line above; sort the lines by date")
        first_line[time] = number
        times.append(time)
        values.append(value)
    if len(values) < SHORTEST:
        raise ValueError(f"{path} has {len(values)} values; a series to learn from needs at least {SHORTEST}")
    if min(values) == max(values):
        raise ValueError(f"{path}: all values are {values[0]:g}; in a constant series there is nothing to forecast")
    filled = np.zeros(len(values), dtype=np.bool_)
    return Series(path.stem, column or "units", np.array(times), np.array(values), filled)


def _lines(path: Path, column: str | None) -> Iterator[Line]:
    """The lines that hold data, once the header is known to name the column."""
    rows = _rows(path)
    header = [name.strip() for name in rows[0][1]] if rows else []
    if len(header) < 2:
        raise ValueError(
            f"{path}, line 1: expected the names of a date column and a value column, with a comma in between; "
            f"found {','.join(header)[:60]!r}"
        )
    if column is None and len(header) > 2:
        raise ValueError(f"{path} has the columns {', '.join(header[1:])}; name one of them, as column={header[1]!r}")
    if column is not None and column not in header[1:]:
        raise ValueError(f"{path} has no column {column!r}; it has {', '.join(header[1:])}")
    place = 1 if column is None else header.index(column, 1)
    for number, row in rows[1:]:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, line {number}: {len(row)} cells, where the header has {len(header)}; mend the line"
            )
        yield number, row[0].strip(), row[place].strip()


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """All lines with something on them, and their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before the first letter
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}); save it as CSV UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}; look for a quote that is not closed") from None


def _time(where: str, text: str) -> np.datetime64:
    if _DATE.fullmatch(text):
        try:
            return np.datetime64(text, "s")
        except ValueError:  # the 30th of February
            pass
    raise ValueError(f"{where}: {text[:40]!r} is no date; write it as 2020, 2020-01, 2020-01-31 or 2020-01-31 12:00")


def _value(where: str, text: str) -> float:
    if not text:
        raise ValueError(
            f"{where}: the value is missing; fill it in (with the mean of its neighbours, say, and say so)"
        )
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{where}: {text[:40]!r} is not a number; write it with a point, as 1234.5") from None
    if not np.isfinite(value):
        raise ValueError(f"{where}: the value is {text}, which is missing in disguise; fill it in, and say so")
    return value
