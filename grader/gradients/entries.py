"""Single entries by plain central differences: where is the gradient wrong?"""

from __future__ import annotations

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


def measure_entries(
    subject: Subject,
    point: Arguments,
    argument: str,
    gradient: Array,
    grad_output: Array,
    generator: np.random.Generator,
    at_most: int = 60,
) -> list[Entry]:
    """Difference up to `at_most` entries, chosen at random when there are more, in one trip; accurate to about 1e-9."""
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
    entries: list[Entry] = []
    for place, pair in zip(flat, range(0, len(points), 2), strict=True):
        if not outputs[pair].shape == outputs[pair + 1].shape == grad_output.shape:
            continue
        width = float(points[pair][argument].flat[place] - points[pair + 1][argument].flat[place])
        numeric = float(np.sum(grad_output * (outputs[pair] - outputs[pair + 1]))) / width
        index = tuple(int(i) for i in np.unravel_index(place, at.shape))
        entries.append(Entry(index, float(gradient.flat[place]), numeric))
    return entries


def find_worst(entries: Sequence[Entry], relative: float = 1e-6) -> Entry | None:
    """The entry that is furthest off; None when all lie within `relative` of the largest."""
    if not entries:
        return None
    largest = max(abs(entry.numeric) for entry in entries)
    worst = max(entries, key=lambda entry: abs(entry.analytic - entry.numeric))
    return worst if not abs(worst.analytic - worst.numeric) <= relative * largest + 1e-9 else None
