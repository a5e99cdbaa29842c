"""Give each filter a rectangle of the picture that shows it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.asserts.pictures.colours import Link, draw_curves, explain, measure_link, read_cells, to_gray, touch_cells
from grader.asserts.pictures.rectangles import propose_rectangles

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Planes = NDArray[np.uint8]
"""A picture as `(3, height, width)`, where pixels are `(height, width, 3)`."""

Rectangle = tuple[float, float, float, float]

_LARGEST_SIDE = 1_600
_CHUNK = 2_000
_SHORTLIST = 256
"""Rectangles a filter that get a second look. In good pictures the best of them are among the first look's first three."""
_TRIED = 8
_GUESSED = 20_000
_WORTH_A_LOOK = 0.42
_PROMISING = 0.6
"""Shares explained at which a rectangle is moved, and measured. Good pictures start above 0.49; chance reaches 0.5."""
_SHARES = (0.0, 0.3, 0.12, 0.05)
_MISTAKES: dict[str, Callable[[Floats], Floats]] = {
    "different values have the same colour: was an absolute value, a ReLU or a threshold taken, or cut off by vmin?": lambda tile: tile,
    "its tile is upside down: row 0 belongs at the top": lambda tile: tile[::-1],
    "its tile is mirrored: column 0 belongs on the left": lambda tile: tile[:, ::-1],
    "its tile is turned by half a turn": lambda tile: tile[::-1, ::-1],
    "its tile is transposed: rows belong downwards": lambda tile: tile.T,
}
_MOVES = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=4)))


@dataclass(frozen=True)
class Tile:
    """A rectangle that shows a filter."""

    rectangle: Rectangle
    """x0, y0, x1, y1 in pixels of the picture."""
    link: Link
    """What was measured there."""


def find_tiles(pixels: Pixels, expected: Floats) -> list[Tile | None]:
    """Return a tile of its own for each array of `expected (F, h, w)`, None where there is none."""
    planes, step = _shrink(pixels)
    sharp, smooth = expected, _smooth(expected)
    both = np.concatenate([sharp, smooth])
    rectangles = _shortlist(planes, propose_rectangles(planes, len(expected), _shape(expected)), both)
    scores = _score(planes, rectangles, both)
    found: list[Tile | None] = []
    for number in range(len(expected)):
        taken = [tile.rectangle for tile in found if tile is not None]
        tile = None
        for responses, column in ((sharp[number], number), (smooth[number], number + len(expected))):
            best = _pick(scores[:, column])
            tile = tile or _settle(planes, rectangles[best], responses, taken)
        found.append(tile)
    return [None if tile is None else Tile(_scale(tile.rectangle, step), tile.link) for tile in found]


def guess_mistake(pixels: Pixels, responses: Floats, count: int) -> str | None:
    """Say how `responses (h, w)`, for which there is no tile, may have been drawn wrongly; None where nothing fits."""
    planes, _ = _shrink(pixels)
    proposed = propose_rectangles(planes, count, _shape(responses[None]))[:_GUESSED]
    for mistake, wrong in _MISTAKES.items():
        drawn = np.ascontiguousarray(wrong(responses))
        rectangles = _shortlist(planes, proposed, drawn[None])
        scores = _score(planes, rectangles, drawn[None])[:, 0]
        for rectangle in rectangles[_pick(scores)]:
            moved, explained = _move(planes, rectangle, drawn, _SHARES[1])
            if explained >= _PROMISING and any(_measure(planes, place, drawn).follows for place in (rectangle, moved)):
                return mistake
    return None


def _shrink(pixels: Pixels) -> tuple[Planes, int]:
    step = -(-max(pixels.shape[:2]) // _LARGEST_SIDE)
    return np.ascontiguousarray(pixels[::step, ::step].transpose(2, 0, 1)), step


def _shape(expected: Floats) -> tuple[int, int]:
    return expected.shape[1], expected.shape[2]


def _pick(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    likely = np.flatnonzero(scores >= _WORTH_A_LOOK)
    return likely[np.argsort(-scores[likely], kind="stable")[:_TRIED]]


def _smooth(expected: Floats) -> Floats:
    """What is left at the cells' centres of an array drawn with cubic B-splines, Agg's "bicubic"."""
    padded = np.pad(expected, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (padded[:, :-2] + 4 * padded[:, 1:-1] + padded[:, 2:]) / 6
    return (rows[:, :, :-2] + 4 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 6


def _shortlist(planes: Planes, rectangles: Floats, expected: Floats) -> Floats:
    """Return, in their order, the rectangles that at a first look, in gray and at one point a cell, are likeliest for a filter."""
    if len(rectangles) <= _SHORTLIST:
        return rectangles
    scores = _score(to_gray(planes), rectangles, expected, points=1)
    likely = [np.argpartition(-column, _SHORTLIST)[:_SHORTLIST] for column in np.ascontiguousarray(scores.T)]
    return rectangles[np.unique(likely)]


def _score(planes: Planes, rectangles: Floats, expected: Floats, points: int = 2) -> NDArray[np.float32]:
    curves = draw_curves(expected)
    chunks = (rectangles[k : k + _CHUNK] for k in range(0, len(rectangles), _CHUNK))
    return np.concatenate([explain(touch_cells(planes, chunk, _shape(expected), points), curves) for chunk in chunks])


def _settle(planes: Planes, rectangles: Floats, responses: Floats, taken: list[Rectangle]) -> Tile | None:
    """Return the first of the rectangles, moved a little, that shows the responses and overlaps no other tile."""
    for rectangle in rectangles:
        moved = rectangle
        for share in _SHARES:
            moved, explained = _move(planes, moved, responses, share)
            if explained < _PROMISING:
                continue
            link = _measure(planes, moved, responses)
            if link.holds and not any(_overlap(moved, other) for other in taken):
                x0, y0, x1, y1 = (float(side) for side in moved)
                return Tile((x0, y0, x1, y1), link)
    return None


def _measure(planes: Planes, rectangle: Floats, responses: Floats) -> Link:
    """Read small centres for smooth pictures, and most of a cell for those with numbers or lines over the centres."""
    links = [measure_link(read_cells(planes, rectangle, responses.shape, inner), responses.ravel()) for inner in (0.3, 0.8)]
    return min(links, key=lambda link: (not link.holds, link.forward + link.inverse))


def _move(planes: Planes, rectangle: Floats, responses: Floats, share: float) -> tuple[Floats, float]:
    """Move each side by up to `share` of a cell to where the responses explain most, and return that share, too."""
    cell = np.array([rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]]) / (responses.shape[1], responses.shape[0])
    tried = rectangle + share * _MOVES * np.tile(cell, 2) if share else rectangle[None]
    scores = _score(planes, tried, responses[None])[:, 0]
    best = int(np.argmax(scores))
    return tried[best], float(scores[best])


def _overlap(rectangle: Floats, other: Rectangle) -> bool:
    wide = min(rectangle[2], other[2]) - max(rectangle[0], other[0])
    high = min(rectangle[3], other[3]) - max(rectangle[1], other[1])
    smaller = min((r[2] - r[0]) * (r[3] - r[1]) for r in (rectangle, other))
    return bool(wide > 0 and high > 0 and wide * high > 0.5 * smaller)


def _scale(rectangle: Rectangle, step: int) -> Rectangle:
    x0, y0, x1, y1 = rectangle
    return x0 * step, y0 * step, x1 * step, y1 * step
