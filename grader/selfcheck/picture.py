"""Two arrays that should be equal, drawn: yours, expected and the difference, as heat maps in one small SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from grader.compare import AXES, Tolerance, agree
from grader.selfcheck.words import Picture

MOST = 12  # rows and columns that are drawn: a window around the first difference
NUMBERED = 6  # up to so many columns there is room for numbers

_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (179, 88, 6)  # told apart by colour-blind eyes, too
_GREY = "#9e9e9e"  # NaN
_FAINT = 'opacity="0.75"'
_ROW, _LEFT, _TOP, _GAP, _LEAST = 18, 22, 41, 20, 110  # a row's height, room for labels, between maps, for titles


@dataclass(frozen=True)
class Window:
    """The part of the last two axes that is drawn, and the words beside it."""

    yours: np.ndarray
    expected: np.ndarray
    rows: Sequence[str]  # the rows' and the columns' numbers in the arrays
    columns: Sequence[str]
    first: tuple[int, int]  # the first difference's place in the window
    axes: str
    place: str

    @property
    def numbered(self) -> bool:
        return len(self.columns) <= NUMBERED

    @property
    def cell(self) -> int:
        """The width of a cell."""
        return 38 if self.numbered else 20

    @property
    def width(self) -> int:
        return len(self.columns) * self.cell

    @property
    def height(self) -> int:
        return len(self.rows) * _ROW


def svg(picture: Picture) -> str:
    """The drawing as inline SVG; its labels take the colour of the text around it."""
    window = _window(picture)
    difference = _difference(window, picture.tolerance)
    largest = _largest(window.expected)
    common = min(_largest(window.yours, largest), 4 * largest or np.inf)  # one wild number must not bleach all others
    maps = [
        _heat_map("yours", window.yours, common, window),
        _heat_map("expected", window.expected, common, window),
        _heat_map("yours − expected", difference, _largest(difference), window),
    ]
    step = _LEFT + max(window.width, _LEAST) + _GAP
    width, height = 3 * step, _TOP + window.height + 44
    drawn = [f'<g transform="translate({i * step} 0)">{"".join(heat_map)}</g>' for i, heat_map in enumerate(maps)]
    note = f"{window.place and f'{window.place}; '}the frame marks the first difference"
    drawn.append(_text(_LEFT, height - 6, note, _FAINT))
    label = "Heat maps: yours, expected and their difference" + (f", {window.place}" if window.place else "")
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" style="display: block; max-width: 100%; height: auto" '
        f'font-family="system-ui, sans-serif" font-size="10.5" fill="currentColor">{"".join(drawn)}</svg>'
    )


def _window(picture: Picture) -> Window:
    """The last two axes, at the leading indices of the first difference, cut to a size that can be read."""
    lead, last = picture.index[:-2], picture.index[-2:]
    yours, expected = np.atleast_2d(picture.yours[lead]), np.atleast_2d(picture.expected[lead])
    row, column = (0, *last)[-2:]
    top, left = (max(0, min(i - MOST // 2, n - MOST)) for i, n in zip((row, column), yours.shape, strict=True))
    cut = np.s_[top : top + MOST, left : left + MOST]
    names = [AXES.get(letter, letter) for letter in picture.axes] or [f"axis {i}" for i in range(len(picture.index))]
    return Window(
        yours=yours[cut],
        expected=expected[cut],
        rows=_numbers(top, yours.shape[0]) if len(last) == 2 else [""],
        columns=_numbers(left, yours.shape[1]),
        first=(row - top, column - left),
        axes="\u2002".join(f"{name} {arrow}" for name, arrow in zip(names[-2:], "↓→"[-len(last) :], strict=True)),
        place=", ".join(f"{name} {i}" for name, i in zip(names, lead, strict=False)),
    )


def _numbers(start: int, size: int) -> list[str]:
    return [str(number) for number in range(start, min(size, start + MOST))]


def _difference(window: Window, tolerance: Tolerance) -> np.ndarray:
    """Yours less expected, and exactly 0 where that counts as right, so that rounding draws no attention."""
    with np.errstate(all="ignore"):
        difference = window.yours - window.expected
    return np.where(agree(window.yours, window.expected, tolerance), 0.0, difference)


def _heat_map(title: str, values: np.ndarray, limit: float, window: Window) -> Iterator[str]:
    yield _text(_LEFT, 10, title, 'font-weight="600"')
    yield _text(_LEFT, 24, window.axes, _FAINT)
    for column, number in enumerate(window.columns):
        yield _text(_middle(column, window), _TOP - 3, number, f'text-anchor="middle" {_FAINT}')
    for row, number in enumerate(window.rows):
        yield _text(_LEFT - 4, _TOP + row * _ROW + 13, number, f'text-anchor="end" {_FAINT}')
    size = f'width="{window.width}" height="{window.height}"'
    yield f'<rect x="{_LEFT}" y="{_TOP}" {size} stroke="currentColor" stroke-opacity="0.5"/>'
    for (row, column), value in np.ndenumerate(values):
        yield from _cell(row, column, float(value), limit, window)
    for colour, thickness in ("#fff", 5), ("#000", 2.5):
        yield _rectangle(*window.first, window, f'fill="none" stroke="{colour}" stroke-width="{thickness}"')
    if limit:
        yield from _legend(limit, _TOP + window.height + 7)


def _cell(row: int, column: int, value: float, limit: float, window: Window) -> Iterator[str]:
    yield _rectangle(row, column, window, f'fill="{_colour(value, limit)}"')
    if window.numbered or not np.isfinite(value):
        ink = "#fff" if np.isfinite(value) and abs(value) > 0.85 * limit else "#111"
        place = _middle(column, window), _TOP + row * _ROW + 13
        size = 10 if window.numbered else 9
        yield _text(*place, _number(value), f'text-anchor="middle" font-size="{size}" fill="{ink}"')


def _legend(limit: float, top: int) -> Iterator[str]:
    yield _text(_LEFT + 40, top + 9, f"−{limit:.2g}", f'text-anchor="end" {_FAINT}')
    for i, share in enumerate((-1, -0.5, 0, 0.5, 1)):
        yield f'<rect x="{_LEFT + 44 + 9 * i}" y="{top}" width="9" height="10" fill="{_colour(share, 1)}"/>'
    yield _text(_LEFT + 93, top + 9, f"+{limit:.2g}", _FAINT)


def _rectangle(row: int, column: int, window: Window, attributes: str) -> str:
    x, y = _LEFT + column * window.cell, _TOP + row * _ROW
    return f'<rect x="{x}" y="{y}" width="{window.cell}" height="{_ROW}" {attributes}/>'


def _middle(column: int, window: Window) -> float:
    return _LEFT + (column + 0.5) * window.cell


def _text(x: float, y: float, content: str, attributes: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {attributes}>{escape(content)}</text>'


def _number(value: float) -> str:
    if not np.isfinite(value) or value == 0:
        return f"{value:g}".replace("-", "−")
    size = abs(value)
    return (f"{value:.2f}" if 0.01 <= size < 1000 else f"{value:.0e}".replace("e-0", "e-")).replace("-", "−")


def _largest(*arrays: np.ndarray | float) -> float:
    """The largest finite absolute value."""
    values = np.abs(np.concatenate([np.ravel(array) for array in arrays]))
    return float(values[np.isfinite(values)].max(initial=0.0))


def _colour(value: float, limit: float) -> str:
    if np.isnan(value):
        return _GREY
    share = float(np.clip(value / limit, -1, 1)) if limit else 0.0
    end = _POSITIVE if share > 0 else _NEGATIVE
    return "#" + "".join(f"{round(z + abs(share) * (e - z)):02x}" for z, e in zip(_ZERO, end, strict=True))
