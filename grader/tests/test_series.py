"""The series of 11: measured ones as they were published, made ones by their seed, files with their faults named."""

from pathlib import Path

import numpy as np
import pytest

from grader.datasets import series
from grader.datasets.series import Series, read_series


def written(folder: Path, lines: list[str], name: str = "river.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def good_lines(T: int = 30) -> list[str]:
    return ["date,level", *(f"2020-01-{day:02},{day * 1.5}" for day in range(1, T + 1))]


def assert_whole(one: Series, T: int, season: int) -> None:
    """T finite values at T times, one after the other."""
    assert one.values.shape == one.times.shape == one.filled.shape == (T,)
    assert one.values.dtype == np.float64 and np.isfinite(one.values).all()
    assert (one.times[1:] > one.times[:-1]).all()
    assert one.season == season and one.unit


def test_sunspots() -> None:
    """309 years; 5 spots in 1700, 154.4 in 1778, the top of its cycle."""
    sun = series.sunspots()
    assert_whole(sun, 309, 11)
    assert sun.values[0] == 5.0 and str(sun.times[0]) == "1700" and str(sun.times[-1]) == "2008"
    assert sun.values[sun.times == np.datetime64("1778")] == 154.4
    assert not sun.filled.any()


def test_co2() -> None:
    """526 months without a gap, and it says which of them had one."""
    air = series.co2()
    assert_whole(air, 526, 12)
    assert (np.diff(air.times) == np.timedelta64(1, "M")).all()
    assert 310 < air.values.min() < 320 and 370 < air.values.max() < 380
    assert np.abs(np.diff(air.values)).max() < 3
    assert 0 < air.filled.sum() < 59 and air.filled[air.times == np.datetime64("1964-03")].all()


def test_sines() -> None:
    """By their seed; without noise they are two waves, which a sum of four sines and cosines is all of."""
    one, again, other = (series.sines(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert_whole(one, 600, 24)
    np.testing.assert_array_equal(one.values, again.values)
    assert np.abs(one.values - other.values).max() > 0.5
    clean = series.sines(np.random.default_rng(1), T=200, noise=0.0).values - 10
    angles = 2 * np.pi * np.outer(np.arange(200), 1 / np.array([24, 7.3]))
    waves = np.hstack([np.sin(angles), np.cos(angles)])
    weights, *_ = np.linalg.lstsq(waves, clean, rcond=None)
    np.testing.assert_allclose(waves @ weights, clean, atol=1e-9)
    np.testing.assert_allclose(np.hypot(weights[:2], weights[2:]), [1, 0.5])


def test_a_file(tmp_path: Path) -> None:
    """Dates and values, by path or by text; the mark that spreadsheets put first does no harm, nor do blank lines."""
    path = written(tmp_path, ["\ufeff" + good_lines()[0], *good_lines()[1:10], "", *good_lines()[10:], " , "])
    for one in (read_series(path), read_series(str(path), column="level")):
        assert_whole(one, 30, 0)
        np.testing.assert_array_equal(one.values, 1.5 * np.arange(1, 31))
        assert one.times[4] == np.datetime64("2020-01-05") and one.name == "river"


@pytest.mark.parametrize("form", ["{0}", "{0}-03", "{0}-03-31", "{0}-03-31 12:30", "{0}-03-31T12:30:15"])
def test_dates(tmp_path: Path, form: str) -> None:
    lines = ["when,a,b", *(f"{form.format(1990 + i)},{i},{-i}" for i in range(25))]
    assert_whole(read_series(written(tmp_path, lines), column="b"), 25, 0)


def test_the_column_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, ["date,a,b", *(f"{1990 + i},{i},{-i}" for i in range(25))])
    np.testing.assert_array_equal(read_series(path, column="b").values, -np.arange(25.0))
    with pytest.raises(ValueError, match=r"has the columns a, b; name one of them, as column='a'$"):
        read_series(path)
    with pytest.raises(ValueError, match=r"has no column 'c'; it has a, b$"):
        read_series(path, column="c")
    with pytest.raises(ValueError, match=r"has no column 'date'; it has a, b$"):
        read_series(path, column="date")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("2020-01-12,", "the value is missing; fill it in"),
        ("2020-01-12,n/a", "'n/a' is not a number; write it with a point"),
        ('2020-01-12,"18,5"', "'18,5' is not a number; write it with a point"),
        ("2020-01-12,nan", "the value is nan, which is missing in disguise; fill it in"),
        ("2020-01-12,-inf", "the value is -inf, which is missing in disguise"),
        ("2020-01-11,18", "2020-01-11 is the date of line 12, too; keep one of the two"),
        ("2020-01-05,18", "2020-01-05 is the date of line 6, too"),
        ("2019-12-31,18", "2019-12-31 comes before the date of the line above; sort the lines by date"),
        ("12/01/2020,18", "'12/01/2020' is no date; write it as 2020,"),
        ("2020-02-30,18", "'2020-02-30' is no date"),
        (",18", "'' is no date"),
        ("2020-01-12", "1 cells, where the header has 2; mend the line"),
        ("2020-01-12,18,7", "3 cells, where the header has 2"),
    ],
)
def test_what_is_wrong_in_a_line(tmp_path: Path, line: str, named: str) -> None:
    """The file, the line, the fault and the remedy, on one line."""
    lines = good_lines()
    path = written(tmp_path, [*lines[:12], line, *lines[13:]])
    with pytest.raises(ValueError) as caught:
        read_series(path)
    text = str(caught.value)
    assert text.startswith(f"{path}, line 13: ") and named in text and "\n" not in text


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (good_lines(19), "has 19 values; a series to learn from needs at least 20"),
        (good_lines(0), "has 0 values"),
        (["date,level", *(f"{1990 + i},7" for i in range(30))], "all values are 7; in a constant series there is"),
        (["date;level", "2020;1"], "line 1: expected the names of a date column and a value column, with a comma"),
        ([""], "line 1: expected the names"),
        ([*good_lines(), '2020-02-01,"3'], "unexpected end of data; look for a quote that is not closed"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, lines: list[str], named: str) -> None:
    path = written(tmp_path, lines)
    with pytest.raises(ValueError) as caught:
        read_series(path)
    assert str(caught.value).startswith(str(path)) and named in str(caught.value)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "fluß.csv"
    path.write_bytes("date,höhe\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"is not UTF-8 \(byte 6\); save it as CSV UTF-8$"):
        read_series(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"river\.csv"):
        read_series(tmp_path / "river.csv")
