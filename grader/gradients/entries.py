"""Single entries by plain central differences: where is the gradient wrong?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.gradients.subject import Arguments, Array, Subject

STEP = 2.0**-17
"""In units of min(1, root mean square of the argument)."""


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient, twice."""

    index: tuple[int, ...]
    """Its place in the argument."""
    analytic: float
    """What backward says."""
    numeric: float
    """What forward says."""


@dataclass(frozen=True)
class Slopes:
    """The derivatives of every output at single entries of one argument."""

    shape: tuple[int, ...]
    """Of the argument."""
    places: tuple[int, ...]
    """The entries that were moved, flat, in order."""
    rows: Array
    """(places, *output's shape)."""

    @property
    def is_whole(self) -> bool:
        """Whether every entry was moved."""
        return len(self.places) == math.prod(self.shape)

    def pull_back(self, grad_output: Array) -> Array:
        """Return the gradient at the moved entries for any upstream gradient in the output's shape, flat."""
        return np.sum(self.rows * grad_output, axis=tuple(range(1, self.rows.ndim)))

    def compare(self, gradient: Array, grad_output: Array) -> list[Entry]:
        """Set what backward says beside what forward says, entry by entry."""
        numeric = self.pull_back(grad_output)
        indices = np.unravel_index(self.places, self.shape) if self.shape else ()
        listed = zip(*indices, strict=True) if self.shape else [()]
        return [
            Entry(tuple(int(i) for i in index), float(gradient.flat[place]), float(value))
            for index, place, value in zip(listed, self.places, numeric, strict=True)
        ]


def measure_slopes(
    subject: Subject, point: Arguments, argument: str, output_shape: tuple[int, ...], generator: np.random.Generator, at_most: int = 60
) -> Slopes:
    """Difference up to `at_most` entries, chosen at random when there are more, in one trip; accurate to about 1e-9.

    An entry beside which forward gives another shape is left out.
    """
    at = point[argument]
    step = STEP * (min(1.0, float(np.sqrt(np.mean(at**2)))) or 1.0)
    flat: list[int] = sorted(generator.permutation(at.size)[:at_most].tolist())
    points: list[Arguments] = []
    for place in flat:
        for sign in (1, -1):
            moved = at.copy()
            moved.flat[place] += sign * step
            points.append({**point, argument: moved})
    outputs = subject.forward(points)
    places: list[int] = []
    rows: list[Array] = []
    for number, place in enumerate(flat):
        up, down = outputs[2 * number : 2 * number + 2]
        if up.shape == down.shape == output_shape:
            width = float(points[2 * number][argument].flat[place] - points[2 * number + 1][argument].flat[place])
            places.append(place)
            rows.append((up - down) / width)
    return Slopes(at.shape, tuple(places), np.array(rows).reshape(len(places), *output_shape))


def find_worst(entries: Sequence[Entry], relative: float = 1e-6) -> Entry | None:
    """The entry that is furthest off; None when all lie within `relative` of the largest."""
    if not entries:
        return None
    largest = max(abs(entry.numeric) for entry in entries)
    worst = max(entries, key=lambda entry: abs(entry.analytic - entry.numeric))
    return worst if not abs(worst.analytic - worst.numeric) <= relative * largest + 1e-9 else None
