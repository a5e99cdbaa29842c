"""Rectangles of a picture that a tile might fill.

A tile of at least a few pixels a cell lies between straight edges: of its frame, of the gap around it, or of the next tile.
Where there are none (small mosaics, smoothed ones) it is a cell of an even grid over a larger rectangle.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Planes = NDArray[np.uint8]
"""A picture as `(3, height, width)`."""

_STEP = 12
"""A change between neighbouring pixels that counts as an edge, out of 255."""
_SUPPORT = 0.55
"""Share of a side along which there has to be an edge."""
_STRETCH = 24.0
"""A cell is at most so many times as wide as high, or as high as wide."""
_MOST_LINES = 140
_MOST_PAIRS = 3_000_000
_MOST = 60_000
_SMALL = 12_000
"""Pixels of a picture in which every place is tried."""
_FRAMES = 8


def propose_rectangles(planes: Planes, count: int, shape: tuple[int, int]) -> Floats:
    """Return rectangles `(K, 4)`, x0, y0, x1, y1 in pixels, in which one of `count` tiles of `shape` cells may lie.

    The likelier ones come first.
    """
    height, width = planes.shape[1:]
    between, support = _between_lines(planes, shape)
    areas = (between[:, 2] - between[:, 0]) * (between[:, 3] - between[:, 1])
    frames = between[np.argsort(-areas * support**2, kind="stable")[:_FRAMES]]
    parts = [_divide(np.concatenate([[[0.0, 0.0, width, height]], frames]), count, shape)]
    if height * width <= _SMALL:
        parts.append(_every_place(width, height, shape))
    return np.concatenate([*parts, between[areas <= height * width / 2][:_MOST]])


def _between_lines(planes: Planes, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Rectangles with an edge along every side, those with the clearest first, and how clear they are: 1 is everywhere."""
    across = np.abs(np.diff(planes.astype(np.int16), axis=2)).max(axis=0)
    down = np.abs(np.diff(planes.astype(np.int16), axis=1)).max(axis=0).T
    x, x_cover = _find_lines(across)
    y, y_cover = _find_lines(down)
    while len(x) ** 2 * len(y) ** 2 > 4 * _MOST_PAIRS:
        x, x_cover, y, y_cover = (x[:-8], x_cover[:, :-8], y, y_cover) if len(x) >= len(y) else (x, x_cover, y[:-8], y_cover[:, :-8])
    left, right = _pair(x, 2 * shape[1])
    top, bottom = _pair(y, 2 * shape[0])
    upright = (x_cover[y[bottom]] - x_cover[y[top]]) / (y[bottom] - y[top])[:, None]
    level = (y_cover[x[right]] - y_cover[x[left]]) / (x[right] - x[left])[:, None]
    i, j = _meet(left, right, upright.T >= _SUPPORT, level >= _SUPPORT, top, bottom)
    ratio = ((x[right] - x[left]) / shape[1])[i] / ((y[bottom] - y[top]) / shape[0])[j]
    fits = (ratio <= _STRETCH) & (ratio >= 1 / _STRETCH)
    i, j = i[fits], j[fits]
    clear = upright[j, left[i]] * upright[j, right[i]] * level[i, top[j]] * level[i, bottom[j]]
    best = np.argpartition(-clear, 2 * _MOST)[: 2 * _MOST] if len(clear) > 2 * _MOST else np.arange(len(clear))
    best = best[np.argsort(-clear[best], kind="stable")]
    i, j = i[best], j[best]
    return np.stack([x[left[i]], y[top[j]], x[right[i]], y[bottom[j]]], axis=1).astype(np.float64), clear[best]


def _meet(
    left: Places, right: Places, upright: NDArray[np.bool_], level: NDArray[np.bool_], top: Places, bottom: Places
) -> tuple[Places, Places]:
    """Return the pairs of upright lines, and those of level ones, that make a rectangle with an edge along every side.

    `upright (lines, level pairs)` and `level (upright pairs, lines)` say which line has an edge between which pair. About
    one line in three has, so that a left line alone leaves out most of the pairs: one left line after the other.
    """
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    starts = np.searchsorted(left, np.arange(len(upright) + 1))
    for line, (first, last) in enumerate(itertools.pairwise(starts)):
        pairs = np.flatnonzero(upright[line])
        if first == last or not len(pairs):
            continue
        own = level[first:last]
        meets = upright[:, pairs][right[first:last]] & own[:, top[pairs]] & own[:, bottom[pairs]]
        i, j = np.divmod(np.flatnonzero(meets), len(pairs))
        found.append((i + first, pairs[j]))
    return np.concatenate([i for i, _ in found]), np.concatenate([j for _, j in found])


def _find_lines(steps: NDArray[np.int16]) -> tuple[Places, NDArray[np.int32]]:
    """Return the places of vertical edges, the strongest first, and for each the count of edge pixels above every row."""
    height, width = steps.shape[0], steps.shape[1] + 1
    strength = np.minimum(steps, 96).sum(axis=0, dtype=np.int64)
    padded = np.concatenate([[0, 0], strength, [0, 0]])
    peak = (strength >= padded[1:-3]) & (strength >= padded[3:-1]) & (strength >= padded[:-4]) & (strength > padded[4:])
    places = np.flatnonzero(peak & (strength >= 6 * _STEP))
    places = places[np.argsort(-strength[places], kind="stable")][:_MOST_LINES]
    edge = steps > _STEP
    near = np.stack([edge[:, np.clip(places + k, 0, width - 2)] for k in (-1, 0, 1)]).any(axis=0)
    cover = np.zeros((height + 1, len(places) + 2), np.int32)
    np.cumsum(near, axis=0, out=cover[1:, 2:])
    cover[:, :2] = np.arange(height + 1)[:, None]
    return np.concatenate([[0, width], places + 1]), cover


def _pair(lines: Places, least: int) -> tuple[Places, Places]:
    """Return the indices of every two lines that are at least `least` apart, the lower one first."""
    first, second = np.nonzero(lines[None, :] - lines[:, None] >= least)
    return first, second


def _divide(frames: Floats, count: int, shape: tuple[int, int]) -> Floats:
    """Rectangles of every even grid of `count` or a few more tiles in each of `frames (N, 4)`, with gaps of up to 3 cells."""
    shares = _lay_grids(count, shape)
    start, size = frames[:, None, :2], frames[:, None, 2:] - frames[:, None, :2]
    return np.concatenate([start + shares[:, :2] * size, start + shares[:, 2:] * size], axis=2).reshape(-1, 4)


@functools.cache
def _lay_grids(count: int, shape: tuple[int, int]) -> Floats:
    """The same for a frame of size 1."""
    found: list[tuple[float, float, float, float]] = []
    for rows in range(1, count + 1):
        for columns in range(-(-count // rows), -(-count // rows) + 2):
            for gap in (0, 1, 2, 3):
                for margin in {0, gap}:
                    x, y = _lay(columns, shape[1], gap, margin), _lay(rows, shape[0], gap, margin)
                    found += [(left, top, right, bottom) for left, right in x for top, bottom in y]
    return np.array(found)


def _lay(tiles: int, cells: int, gap: int, margin: int) -> list[tuple[float, float]]:
    cell = 1 / (tiles * cells + (tiles - 1) * gap + 2 * margin)
    firsts = [(margin + k * (cells + gap)) * cell for k in range(tiles)]
    return [(first, first + cells * cell) for first in firsts]


def _every_place(width: int, height: int, shape: tuple[int, int]) -> Floats:
    """Rectangles of 1, 2 and 3 pixels a cell at every place."""
    found: list[Floats] = []
    for size in (1, 2, 3):
        x, y = np.meshgrid(np.arange(width - size * shape[1] + 1), np.arange(height - size * shape[0] + 1))
        corners = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
        found.append(np.concatenate([corners, corners + np.array([size * shape[1], size * shape[0]])], axis=1))
    return np.concatenate(found)
