"""Two arrays that should be equal, drawn: yours, expected and the difference, as heat maps in one small SVG."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from grader.compare import AXES
from grader.selfcheck.words import Picture

MOST = 12  # rows and columns that are drawn: a window around the first difference
NUMBERED = 6  # up to so many columns there is room for numbers

_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (179, 88, 6)  # told apart by colour-blind eyes, too
_GREY = "#9e9e9e"  # NaN
_FAINT = 'opacity="0.75"'
_ROW, _LEFT, _TOP, _GAP = 18, 22, 36, 20  # a row's height, room for the labels, space between the maps


@dataclass(frozen=True)
class Window:
    """The part of the last two axes that is drawn, and the words beside it."""

    yours: np.ndarray
    expected: np.ndarray
    corner: tuple[int, int]  # the top left cell's place in the arrays
    first: tuple[int, int]  # the first difference's place in the window
    axes: str
    place: str

    @property
    def columns(self) -> int:
        return int(self.yours.shape[1])

    @property
    def cell(self) -> int:
        """The width of a cell."""
        return 38 if self.columns <= NUMBERED else 18


def svg(picture: Picture) -> str:
    """The drawing as inline SVG; its labels take the colour of the text around it."""
    window = _window(picture)
    with np.errstate(all="ignore"):
        difference = window.yours - window.expected
    largest = _largest(window.expected)
    common = min(_largest(window.yours, largest), 4 * largest or np.inf)  # one wild number must not bleach all others
    maps = ("yours", window.yours, common), ("expected", window.expected, common), ("yours − expected", difference, 0.0)
    step = _LEFT + window.columns * window.cell + _GAP
    width, height = 3 * step, _TOP + len(window.yours) * _ROW + 44
    drawn = [
        f'<g transform="translate({i * step} 0)">{"".join(_heat_map(title, values, limit or _largest(values), window))}</g>'
        for i, (title, values, limit) in enumerate(maps)
    ]
    note = f"{window.place and f'{window.place}; '}the frame marks the first difference"
    drawn.append(_text(_LEFT, height - 6, note, _FAINT))
    label = "Heat maps: yours, expected and their difference" + (f", {window.place}" if window.place else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" width="{width}" '
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
        corner=(top, left),
        first=(row - top, column - left),
        axes=" ".join(name + arrow for name, arrow in zip(names[-2:], "↓→"[-len(last) :], strict=True)),
        place=", ".join(f"{name} {i}" for name, i in zip(names, lead, strict=False)),
    )


def _heat_map(title: str, values: np.ndarray, limit: float, window: Window) -> Iterator[str]:
    yield _text(_LEFT, 10, title, 'font-weight="600"')
    yield _text(_LEFT, 22, window.axes, _FAINT)
    for column in range(window.columns):
        yield _text(_middle(column, window), _TOP - 3, str(window.corner[1] + column), f'text-anchor="middle" {_FAINT}')
    for row in range(len(values)):
        yield _text(_LEFT - 4, _TOP + row * _ROW + 13, str(window.corner[0] + row), f'text-anchor="end" {_FAINT}')
    for (row, column), value in np.ndenumerate(values):
        yield from _cell(row, column, float(value), limit, window)
    for colour, thickness in ("#fff", 5), ("#000", 2.5):
        yield _rectangle(*window.first, window, f'fill="none" stroke="{colour}" stroke-width="{thickness}"')
    yield from _legend(limit, _TOP + len(values) * _ROW + 7)


def _cell(row: int, column: int, value: float, limit: float, window: Window) -> Iterator[str]:
    yield _rectangle(row, column, window, f'fill="{_colour(value, limit)}"')
    if window.columns <= NUMBERED or not np.isfinite(value):
        ink = "#fff" if np.isfinite(value) and abs(value) > 0.6 * limit else "#111"
        place = _middle(column, window), _TOP + row * _ROW + 13
        yield _text(*place, _number(value), f'text-anchor="middle" font-size="10" fill="{ink}"')


def _legend(limit: float, top: int) -> Iterator[str]:
    yield _text(_LEFT, top + 9, f"{-limit:.2g}".replace("-", "−"), _FAINT)
    for i, share in enumerate((-1, -0.5, 0, 0.5, 1)):
        yield f'<rect x="{_LEFT + 32 + 9 * i}" y="{top}" width="9" height="10" fill="{_colour(share, 1)}"/>'
    yield _text(_LEFT + 82, top + 9, f"{limit:.2g}", _FAINT)


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
