"""Filters, images and responses whose tiles can't be mistaken for one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.asserts.pictures.colours import rank

Floats = NDArray[np.float64]

_FILTERS = 6
_IMAGE = (9, 11)
_KERNEL = (3, 3)
_DRAWN_KERNEL = (6, 7)
_DRAWS = 2_000
_ALIKE = 0.5
"""The largest correlation of ranks that two different tiles may have."""


@dataclass(frozen=True)
class PictureCase:
    """What to draw, and what the tiles have to show."""

    weights: Floats
    """`(F, 1, kh, kw)`, for `conv.params["W"]`."""
    bias: Floats
    """`(F,)`, for `conv.params["b"]`."""
    image: Floats
    """`(1, H, W)`; not used by `plot_filters`."""
    expected: Floats
    """`(F, h, w)`: the responses, bias included, or the filters."""


def design_case(rng: np.random.Generator, kind: Literal["responses", "filters"]) -> PictureCase:
    """Draw filters whose tiles differ clearly from each other's, and from a mirrored, turned or rectified tile.

    About half of each tile is negative, so that an absolute value or a ReLU shows.
    """
    image = rng.uniform(0.0, 1.0, (1, *_IMAGE))
    draw = _draw_response if kind == "responses" else _draw_filter
    kept: list[PictureCase] = []
    for _ in range(_DRAWS):
        case = _join([*kept, draw(rng, image)])
        if not _is_distinct(case):
            continue
        if len(case.expected) == _FILTERS:
            return case
        kept = [case]
    raise RuntimeError(f"no {_FILTERS} distinct filters in {_DRAWS} draws")


def correlate(image: Floats, weights: Floats, bias: Floats) -> Floats:
    """Return the cross-correlation `(F, H', W')` of `image (1, H, W)` with `weights (F, 1, kh, kw)`, plus the bias."""
    windows = np.lib.stride_tricks.sliding_window_view(image[0], weights.shape[2:])
    return np.einsum("ijkl,fkl->fij", windows, weights[:, 0]) + bias[:, None, None]


def _draw_response(rng: np.random.Generator, image: Floats) -> PictureCase:
    """One filter whose responses have standard deviation 1 and a median near 0."""
    weights = rng.uniform(-1.0, 1.0, (1, 1, *_KERNEL))
    weights /= correlate(image, weights, np.zeros(1)).std()
    bias = rng.uniform(-0.05, 0.05, 1) - np.median(correlate(image, weights, np.zeros(1)))
    return PictureCase(weights, bias, image, correlate(image, weights, bias))


def _draw_filter(rng: np.random.Generator, image: Floats) -> PictureCase:
    """One filter whose weights lie evenly between -1 and 1."""
    size = _DRAWN_KERNEL[0] * _DRAWN_KERNEL[1]
    levels = np.linspace(-1.0, 1.0, size) + rng.uniform(-0.01, 0.01, size)
    weights = rng.permutation(levels).reshape(1, 1, *_DRAWN_KERNEL)
    return PictureCase(weights, rng.uniform(-0.5, 0.5, 1), image, weights[:, 0])


def _join(cases: list[PictureCase]) -> PictureCase:
    return PictureCase(
        np.concatenate([case.weights for case in cases]),
        np.concatenate([case.bias for case in cases]),
        cases[0].image,
        np.concatenate([case.expected for case in cases]),
    )


def _is_distinct(case: PictureCase) -> bool:
    """Whether no tile is like another, or like what a usual mistake makes of itself."""
    tiles = case.expected
    turned = [tiles[:, ::-1], tiles[:, :, ::-1], tiles[:, ::-1, ::-1]]
    if case.weights.shape[2:] != tiles.shape[1:]:
        turned.append(correlate(case.image, case.weights[:, :, ::-1, ::-1], case.bias))
        turned.append(correlate(case.image, case.weights.swapaxes(2, 3), case.bias))
        trim = [(a - b) // 2 for a, b in zip(case.image.shape[1:], tiles.shape[1:], strict=True)]
        turned.append(case.image[:, trim[0] : trim[0] + tiles.shape[1], trim[1] : trim[1] + tiles.shape[2]])
    count = len(tiles)
    ranks = rank(np.concatenate([tiles, *turned]).reshape(-1, tiles[0].size))
    alike = np.abs(np.corrcoef(ranks))[:count]
    alike[np.arange(count), np.arange(count)] = 0.0
    return bool(alike.max() < _ALIKE)
