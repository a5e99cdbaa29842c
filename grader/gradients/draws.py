"""Points for cases: sizes that see every bug, scales that saturate nothing, margins from kinks.

Each function draws from the NumPy generator that it is given. Scales are standard deviations; without one, a scale
between 0.3 and 1 is drawn too, evenly in its logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

DENSE = (3, 5, 7)
"""Samples, inputs, outputs: primes, so that no wrong axis or factor fits by accident. Cases start here."""
IMAGES = (3, 2, 7, 5)
"""Samples, channels, rows, columns."""
GAP = 0.03
"""How far a row stays from the next tie, in units of its scale (Hinge, Maxout)."""
MARGIN = 0.1
"""How far an entry stays from a kink at 0, in units of its scale."""
LEAST_PROBABILITY = 0.02
"""Below it a logarithm is too curved for the first step."""

Accepts = Callable[[Array], bool]

_TRIES = 1000


def draw_scale(generator: np.random.Generator, low: float = 0.3, high: float = 1.0) -> float:
    """A scale between `low` and `high`, evenly in its logarithm."""
    return low * (high / low) ** generator.uniform()


def draw_gaussian(generator: np.random.Generator, shape: tuple[int, ...], scale: float | None = None) -> Array:
    """Plain Gaussian entries, for smooth functions, for logits and for parameters."""
    return generator.standard_normal(shape) * (draw_scale(generator) if scale is None else scale)


def draw_away_from_zero(
    generator: np.random.Generator, shape: tuple[int, ...], scale: float | None = None, margin: float = MARGIN
) -> Array:
    """Gaussian entries, each moved away from 0 by `margin` scales: for ReLU and its like, and for gamma."""
    scale = draw_scale(generator) if scale is None else scale
    entries = generator.standard_normal(shape)
    return scale * np.where(entries < 0, entries - margin, entries + margin)


def draw_permuted_grid(generator: np.random.Generator, shape: tuple[int, ...], scale: float | None = None) -> Array:
    """Evenly spaced entries from -1.7 to 1.7 scales in random order: no two are close, so no window of a pooling ties."""
    scale = draw_scale(generator) if scale is None else scale
    grid = np.linspace(-1.7, 1.7, math.prod(shape))
    return scale * generator.permutation(grid).reshape(shape)


def draw_batch_norm(
    generator: np.random.Generator, shape: tuple[int, ...] = DENSE[:2], scale: float | None = None
) -> dict[str, Array]:
    """`input`, `gamma`, `beta` for BatchNorm over axis 1: small scales, where its eps shows, from 0.03 to 1."""
    scale = draw_scale(generator, 0.03) if scale is None else scale
    return {
        "input": draw_gaussian(generator, shape, scale),
        "gamma": draw_away_from_zero(generator, shape[1:2]),
        "beta": draw_gaussian(generator, shape[1:2]),
    }


def draw_dense(generator: np.random.Generator, sizes: tuple[int, int, int] = DENSE, scale: float | None = None) -> dict[str, Array]:
    """`input (N, in)`, `W (in, out)`, `b (out,)` for a dense layer."""
    samples, inputs, outputs = sizes
    return {
        "input": draw_gaussian(generator, (samples, inputs), scale),
        "W": draw_gaussian(generator, (inputs, outputs), scale),
        "b": draw_gaussian(generator, (outputs,), scale),
    }


def draw_convolution(
    generator: np.random.Generator,
    shape: tuple[int, int, int, int] = IMAGES,
    outputs: int = 11,
    kernel: tuple[int, int] = (3, 4),
    scale: float | None = None,
) -> dict[str, Array]:
    """`input (N, C, H, W)`, `W (out, C, kh, kw)`, `b (out,)` for a convolution."""
    return {
        "input": draw_gaussian(generator, shape, scale),
        "W": draw_gaussian(generator, (outputs, shape[1], *kernel), scale),
        "b": draw_gaussian(generator, (outputs,), scale),
    }


def draw_maxout(
    generator: np.random.Generator, sizes: tuple[int, int, int] = DENSE, pieces: int = 2, scale: float | None = None
) -> dict[str, Array]:
    """`input (N, in)`, `W (pieces, in, out)`, `b (pieces, out)`: in each unit the largest piece leads by a gap.

    Raises RuntimeError when the sizes leave no room for the gaps.
    """
    samples, inputs, outputs = sizes
    scale = draw_scale(generator) if scale is None else scale
    weights = draw_gaussian(generator, (pieces, inputs, outputs), scale)
    biases = draw_gaussian(generator, (pieces, outputs), scale)

    def has_gaps(row: Array) -> bool:
        ordered = np.sort(np.einsum("i,pio->po", row, weights) + biases, axis=0)
        return pieces == 1 or bool(np.all(ordered[-1] - ordered[-2] > GAP * scale))

    rows = [_redraw_row(generator, inputs, scale, has_gaps) for _ in range(samples)]
    return {"input": np.stack(rows), "W": weights, "b": biases}


def draw_hinge_scores(
    generator: np.random.Generator, labels: Labels, classes: int, margin: float = 1.0, scale: float | None = None
) -> Array:
    """Scores `(N, classes)` whose differences to the labelled one keep clear of the margin.

    Raises RuntimeError when the sizes leave no room for the gaps.
    """
    scale = draw_scale(generator) if scale is None else scale

    def clears(label: int, row: Array) -> bool:
        others = np.delete(row, label)
        return bool(np.all(np.abs(others - row[label] + margin) > GAP * scale))

    rows = [_redraw_row(generator, classes, scale, lambda row, label=int(label): clears(label, row)) for label in labels]
    return np.stack(rows)


def draw_probability_rows(generator: np.random.Generator, shape: tuple[int, int], least: float = LEAST_PROBABILITY) -> Array:
    """Rows `(N, C)` of probabilities that sum to 1, none below `least`."""
    powers = np.exp(generator.standard_normal(shape))
    return least + (1 - least * shape[1]) * powers / powers.sum(axis=1, keepdims=True)


def draw_labels(generator: np.random.Generator, shape: tuple[int, int]) -> Labels:
    """One class `(N,)` for each row of `shape` (N, C)."""
    return generator.integers(0, shape[1], shape[0])


def draw_probabilities(generator: np.random.Generator, shape: tuple[int, ...], least: float = LEAST_PROBABILITY) -> Array:
    """Entries from `least` to `1 - least`, for binary losses; good as targets too."""
    return generator.uniform(least, 1 - least, shape)


def _redraw_row(generator: np.random.Generator, size: int, scale: float, accepts: Accepts) -> Array:
    for _ in range(_TRIES):
        row = draw_gaussian(generator, (size,), scale)
        if accepts(row):
            return row
    raise RuntimeError(f"no row of {size} entries with gaps in {_TRIES} draws: draw fewer units, or parameters anew")
