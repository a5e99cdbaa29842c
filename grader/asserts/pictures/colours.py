"""Do the colours of a rectangle and the entries of an array determine one another?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Planes = NDArray[np.uint8]
"""A picture as `(3, height, width)`."""

_POINTS = ((0.3, 0.36), (0.7, 0.64))
"""Where a cell is touched for the first look: off its centre, where numbers are written and grid lines run."""
_COSINES = 6
_COVERED = 0.1
_FORWARD = 0.03
_INVERSE = 0.3
_CONTRAST = 6.0


@dataclass(frozen=True)
class Link:
    """How well colours and responses determine one another."""

    forward: float
    """Share of the colours' variance that the response leaves open; 0 where colour is a function of it, about 1 by chance."""
    inverse: float
    """Share of the ranks' variance that the colour leaves open, in the lower or the upper half, whichever is worse."""
    contrast: float
    """Standard deviation of the colours, out of 255."""

    @property
    def follows(self) -> bool:
        """Whether colour is a function of the response."""
        return self.forward <= _FORWARD and self.contrast >= _CONTRAST

    @property
    def holds(self) -> bool:
        """Whether the rectangle shows the array: the response is a function of colour as well."""
        return self.follows and self.inverse <= _INVERSE


def to_gray(planes: Planes) -> Planes:
    """Return `(1, H, W)`: one number for each colour, for a first look at a third of the price.

    The weights are uneven, so that hardly any colour map has the same number for all its colours.
    """
    weights = np.array([0.5, 0.3, 0.2], np.float32)
    return np.tensordot(weights, planes, 1)[None].astype(np.uint8)


def touch_cells(planes: Planes, rectangles: Floats, shape: tuple[int, int], points: int = len(_POINTS)) -> NDArray[np.float32]:
    """Return rough colours `(K, C, h * w)` of the cells of `rectangles (K, 4)`, each x0, y0, x1, y1 in pixels of `planes (C, H, W)`."""
    height, width = planes.shape[1:]
    colours = np.zeros((len(rectangles), len(planes), shape[0] * shape[1]), np.float32)
    for across, down in _POINTS[:points]:
        x = _place(rectangles[:, 0], rectangles[:, 2], shape[1], across, width)
        y = _place(rectangles[:, 1], rectangles[:, 3], shape[0], down, height)
        places = (y[:, :, None] * width + x[:, None, :]).reshape(len(rectangles), -1)
        for channel, plane in enumerate(planes):
            colours[:, channel] += plane.take(places)
    return colours if points == 1 else colours / np.float32(points)


def _place(start: Floats, end: Floats, cells: int, within: float, limit: int) -> NDArray[np.int64]:
    at = start[:, None] + (np.arange(cells) + within) * ((end - start) / cells)[:, None]
    return np.clip(at.astype(np.int64), 0, limit - 1)


def draw_curves(expected: Floats) -> NDArray[np.float32]:
    """Return `(F, 6, h * w)`: the lowest cosines over the ranks of each filter's entries, of mean 0 and length 1."""
    filters, cells = len(expected), expected[0].size
    ranks = rank(expected.reshape(filters, cells))
    orders = np.arange(1, _COSINES + 1)[:, None]
    return (np.cos(np.pi * orders * (ranks[:, None, :] + 0.5) / cells) * np.sqrt(2 / cells)).astype(np.float32)


def explain(colours: NDArray[np.float32], curves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `(K, F)`: the share of the variance of `colours (K, C, n)` that a smooth curve over filter f's ranks explains, by rectangle.

    A smooth curve is a sum of the lowest cosines, `draw_curves`' `(F, 6, n)`, so that all rectangles and filters are one product
    of matrices. The cosines have mean 0 over all ranks: the colours need not be centred.
    """
    count, channels, cells = colours.shape
    filters, orders = curves.shape[:2]
    own = np.repeat(np.eye(filters, dtype=np.float32), orders, axis=0)
    flat = colours.reshape(-1, cells)
    powers = (flat @ curves.reshape(-1, cells).T) ** 2
    explained = (powers @ own).reshape(count, channels, filters).sum(axis=1)
    total = np.einsum("kc,kc->k", flat, flat) - (flat @ np.ones(cells, np.float32)) ** 2 / cells
    least = np.float32(cells * channels / 3 * _CONTRAST**2)
    return explained / np.maximum(total.reshape(count, channels).sum(axis=1), least)[:, None]


def rank(values: Floats) -> Floats:
    """Return the place of each value among the others, from 0, along the last axis."""
    return np.argsort(np.argsort(values, axis=-1, kind="stable"), axis=-1, kind="stable").astype(np.float64)


def read_cells(planes: Planes, rectangle: Floats, shape: tuple[int, int], inner: float) -> Floats:
    """Return each cell's colour `(h * w, 3)`: the median over its inner part, `inner` of its width and height."""
    x0, y0, x1, y1 = rectangle
    rows = _spans(y0, y1, shape[0], inner, planes.shape[1])
    columns = _spans(x0, x1, shape[1], inner, planes.shape[2])
    return np.array([_find_median(planes[:, a:b, c:d].reshape(3, -1)) for a, b in rows for c, d in columns])


def _find_median(pixels: Planes) -> Floats:
    """`np.median` over the last axis, which spends ten times as long on so few numbers."""
    ordered = np.sort(pixels, axis=1)
    count = ordered.shape[1]
    return (ordered[:, (count - 1) // 2].astype(np.float64) + ordered[:, count // 2]) / 2


def _spans(start: float, end: float, cells: int, inner: float, limit: int) -> list[tuple[int, int]]:
    size = (end - start) / cells
    spans: list[tuple[int, int]] = []
    for cell in range(cells):
        centre = start + (cell + 0.5) * size
        low = min(max(int(np.ceil(centre - inner * size / 2 - 0.25)), 0), limit - 1)
        spans.append((low, min(max(int(np.floor(centre + inner * size / 2 + 0.25)), low + 1), limit)))
    return spans


def measure_link(colours: Floats, responses: Floats) -> Link:
    """Measure how `colours (n, 3)` and `responses (n,)` determine one another.

    Up to a tenth of the cells may be covered, by a label for example: those that fit least are left out.
    """
    order = np.argsort(responses, kind="stable")
    values, seen = responses[order].astype(np.float64), colours[order].astype(np.float64)
    for _ in range(int(_COVERED * len(order))):
        errors = _stray(values, seen)
        worst = 1 + int(np.argmax(errors))
        if errors[worst - 1] <= _CONTRAST**2:
            break
        values, seen = np.delete(values, worst), np.delete(seen, worst, axis=0)
    variance = float(((seen - seen.mean(axis=0)) ** 2).sum(axis=1).mean())
    forward = float(_stray(values, seen).mean()) / max(variance, 1e-9)
    return Link(forward, _find_inverse(seen), float(np.sqrt(variance)))


def _stray(values: Floats, colours: Floats) -> Floats:
    """Squared distance of each inner colour from those of its neighbours in the order of the values, or the line between.

    The line is for smooth colour maps, the neighbours for those of a few colours.
    """
    gap = values[2:] - values[:-2]
    share = np.divide(values[1:-1] - values[:-2], gap, out=np.full_like(gap, 0.5), where=gap > 0)[:, None]
    guesses = np.stack([colours[:-2], colours[2:], colours[:-2] * (1 - share) + colours[2:] * share])
    return ((colours[1:-1] - guesses) ** 2).sum(axis=2).min(axis=0)


def _find_inverse(colours: Floats) -> float:
    """Guess each cell's rank from the two cells of the nearest colour; judge the lower and the upper half apart.

    A ReLU loses the lower half and keeps the upper one. 1 is as good as the mean rank of the half.
    """
    count = len(colours)
    ranks = np.arange(count, dtype=np.float64)
    apart = ((colours[:, None] - colours[None]) ** 2).sum(axis=2)
    apart[np.diag_indices(count)] = np.inf
    # Equal colours are no neighbours by their place in the array: a fixed shuffle breaks ties without favour.
    shuffle = np.random.default_rng(0).permutation(count)
    nearest = shuffle[np.argsort(apart[:, shuffle], axis=1, kind="stable")[:, :2]]
    errors = (ranks[nearest].mean(axis=1) - ranks) ** 2
    kept = np.sort(np.argsort(errors, kind="stable")[: count - int(_COVERED * count)])
    halves = (kept[kept < count // 2], kept[kept >= count // 2])
    return max(float(errors[half].mean() / ranks[: count // 2].var()) for half in halves)
