"""Two arrays that should be equal, drawn: yours, expected, and the difference, as heat maps in one small SVG."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from grader.compare import AXES
from grader.selfcheck.words import Picture

MOST = 12  # rows and columns that are drawn: a window around the first difference
NUMBERED = 6  # up to so many columns there is room for numbers
_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (179, 88, 6)  # told apart by colour-blind eyes
_ROW, _LEFT, _TOP, _GAP = 18, 26, 34, 22  # height of a row, room for labels, space between the maps


@dataclass(frozen=True)
class Window:
    """The part of the last two axes that is drawn, and its words: the places, and what rows and columns count."""

    yours: np.ndarray
    expected: np.ndarray
    first: tuple[int, int]  # the top left cell's place in the arrays
    index: tuple[int, int]  # the first difference, in the window
    place: str
    rows: str
    columns: str

    @property
    def shape(self) -> tuple[int, int]:
        return self.yours.shape[0], self.yours.shape[1]

    @property
    def numbered(self) -> bool:
        return self.shape[1] <= NUMBERED

    @property
    def cell_width(self) -> int:
        return 36 if self.numbered else 18


def svg(picture: Picture) -> str:
    """The drawing as inline SVG; its labels take the colour of the text around it."""
    window = _window(picture)
    both = np.abs(np.concatenate([window.yours, window.expected]))
    limit = min(_largest(both), 4 * _largest(window.expected))  # one wild number must not whiten all others
    with np.errstate(all="ignore"):
        gap = window.yours - window.expected
    step = _LEFT + window.shape[1] * window.cell_width + _GAP
    maps = [
        _heat_map(0, "yours", window.yours, limit, window),
        _heat_map(step, "expected", window.expected, limit, window),
        _heat_map(2 * step, "yours − expected", gap, _largest(gap), window),
    ]
    width, height = 3 * step, _TOP + window.shape[0] * _ROW + 24
    words = f"Heat maps of yours, expected and their difference{window.place and f' at {window.place}'}."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(words)}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" style="max-width: 100%; height: auto" '
        f'font-family="system-ui, sans-serif" font-size="10" fill="currentColor">{"".join(maps)}</svg>'
    )


def _window(picture: Picture) -> Window:
    """The last two axes at the leading indices of the first difference, cut to what can be read."""
    lead, index = picture.index[:-2], picture.index[-2:]
    yours, expected = np.atleast_2d(picture.yours[lead]), np.atleast_2d(picture.expected[lead])
    names = [AXES.get(letter, letter) for letter in picture.axes] or [""] * len(picture.index)
    row, column = index if len(index) == 2 else (0, index[0])
    top, left = _start(row, yours.shape[0]), _start(column, yours.shape[1])
    cut = np.s_[top : top + MOST, left : left + MOST]
    place = ", ".join(f"{name} {i}".strip() for name, i in zip(names, lead, strict=False))
    return Window(
        yours=yours[cut],
        expected=expected[cut],
        first=(top, left),
        index=(row - top, column - left),
        place=place,
        rows=names[-2] if len(index) == 2 else "",
        columns=names[-1],
    )


def _start(place: int, size: int) -> int:
    return max(0, min(place - MOST // 2, size - MOST))


def _heat_map(x: int, title: str, values: np.ndarray, limit: float, window: Window) -> str:
    content = [_text(_LEFT, 10, title, 'font-weight="600"'), *_labels(values, window), _legend(limit, window)]
    for (row, column), value in np.ndenumerate(values):
        content.append(_cell(row, column, float(value), limit, window))
    row, column = window.index
    corner = f'x="{_LEFT + column * window.cell_width}" y="{_TOP + row * _ROW}"'
    for colour, thickness in ("white", 5), ("black", 2.5):
        content.append(
            f'<rect {corner} width="{window.cell_width}" height="{_ROW}" fill="none" '
            f'stroke="{colour}" stroke-width="{thickness}"/>'
        )
    row_, column_ = window.index
    content.append(_number(row_, column_, float(values[row_, column_]), limit, window))
    return f'<g transform="translate({x} 0)">{"".join(content)}</g>'


def _labels(values: np.ndarray, window: Window) -> Iterator[str]:
    rows, columns = values.shape
    yield _text(_LEFT, 21, f"{window.columns} →" if window.columns else "", 'opacity="0.75"')
    for column in range(columns):
        middle = _LEFT + (column + 0.5) * window.cell_width
        yield _text(middle, _TOP - 3, str(window.first[1] + column), 'text-anchor="middle" opacity="0.75"')
    for row in range(rows):
        yield _text(_LEFT - 4, _baseline(row), str(window.first[0] + row), 'text-anchor="end" opacity="0.75"')
