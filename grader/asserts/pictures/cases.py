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
    windows = _cut_windows(image)
    kept: list[PictureCase] = []
    seen: list[Floats] = []
    for _ in range(_DRAWS):
        case = _draw_response(rng, image, windows) if kind == "responses" else _draw_filter(rng, image)
        own = _stand_out(case.expected)
        if seen and np.abs(np.concatenate(seen) @ own.T).max() >= _ALIKE:
            continue
        mistaken = _stand_out(_mistake(case, windows))
        if np.abs(mistaken @ np.concatenate([own, *seen[::2]]).T).max() >= _ALIKE:
            continue
        kept.append(case)
        seen += [own, mistaken]
        if len(kept) == _FILTERS:
            return _join(kept)
    raise RuntimeError(f"no {_FILTERS} distinct filters in {_DRAWS} draws")


def _cut_windows(image: Floats) -> Floats:
    """Return what each response sees of `image (1, H, W)`, as `(H' * W', kh * kw)`."""
    windows = np.lib.stride_tricks.sliding_window_view(image[0], _KERNEL)
    return windows.reshape(-1, _KERNEL[0] * _KERNEL[1])


def _correlate(windows: Floats, weights: Floats) -> Floats:
    """Return the cross-correlation `(1, H', W')` of the image with `weights (1, 1, kh, kw)`."""
    height, width = (side - size + 1 for side, size in zip(_IMAGE, _KERNEL, strict=True))
    return (windows @ weights.ravel()).reshape(1, height, width)


def _draw_response(rng: np.random.Generator, image: Floats, windows: Floats) -> PictureCase:
    """One filter whose responses have standard deviation 1 and a median near 0."""
    weights = rng.uniform(-1.0, 1.0, (1, 1, *_KERNEL))
    weights /= _correlate(windows, weights).std()
    responses = _correlate(windows, weights)
    bias = rng.uniform(-0.05, 0.05, 1) - np.median(responses)
    return PictureCase(weights, bias, image, responses + bias)


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


def _mistake(case: PictureCase, windows: Floats) -> Floats:
    """Return `(M, h, w)`: what usual mistakes make of a case's one tile."""
    tile = case.expected
    turned = [tile[:, ::-1], tile[:, :, ::-1], tile[:, ::-1, ::-1]]
    if case.weights.shape[2:] != tile.shape[1:]:
        turned.append(_correlate(windows, case.weights[:, :, ::-1, ::-1]))
        turned.append(_correlate(windows, case.weights.swapaxes(2, 3)))
        trim = [(a - b) // 2 for a, b in zip(case.image.shape[1:], tile.shape[1:], strict=True)]
        turned.append(case.image[:, trim[0] : trim[0] + tile.shape[1], trim[1] : trim[1] + tile.shape[2]])
    return np.concatenate(turned)


def _stand_out(tiles: Floats) -> Floats:
    """Return `(N, h * w)`: the ranks of each tile's entries, of mean 0 and length 1; their products are correlations of ranks."""
    ranks = rank(tiles.reshape(len(tiles), -1))
    centred = ranks - (ranks.shape[1] - 1) / 2
    return centred / np.linalg.norm(centred[0])
