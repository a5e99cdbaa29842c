"""Does forward compute in float64? Asked before a gradient is blamed, for float32 reads as a wrong gradient now and then."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from grader.gradients.findings import Finding, Kind, find_stray
from grader.gradients.subject import Arguments, Array, Subject

TINY = 2.0**-30
"""A step that float32 can't take."""
WIDE = 2.0**-14
"""A step that it takes well."""
NEARER = 2.0**-22
"""Takes the place of `WIDE` when a suspicion is tested, since a kink may lie within `WIDE`."""

_APART = 1e-3
_UNIT = 2.0**-53


def draw_probe_points(point: Arguments, moved: Iterable[str], generator: np.random.Generator, wide: float = WIDE) -> list[Arguments]:
    """Four points on a random line along which all `moved` arguments move together: wide up and down, tiny up and down."""
    directions: dict[str, Array] = {}
    for name in moved:
        size = float(np.sqrt(np.mean(point[name] ** 2))) if point[name].size else 0.0
        directions[name] = generator.standard_normal(point[name].shape) * (size or 1.0)
    steps = (wide, -wide, TINY, -TINY)
    return [{**point, **{name: point[name] + t * d for name, d in directions.items()}} for t in steps]


def find_float32(outputs: list[Array], title: str, wide: float = WIDE) -> Finding | None:
    """Judge the outputs at the four points of `draw_probe_points`; equal finite shapes are demanded beforehand.

    Float32 shows in either of two ways: all that moves is rounded to float32, or the slope across the tiny step is not
    the slope across the wide one.
    """
    stack = np.stack(outputs)
    moving = stack[:, np.any(stack != stack[0], axis=0)]
    rounded = moving.size > 0 and bool(np.all(moving == _round(moving)))
    slope = (stack[0] - stack[1]) / (2 * wide)
    near = (stack[2] - stack[3]) / (2 * TINY)
    largest = float(np.max(np.abs(stack), initial=0.0))
    noise = 16 * _UNIT * max(1.0, largest) / TINY * float(np.sqrt(max(1, slope.size)))
    scale = max(float(np.linalg.norm(slope)), float(np.linalg.norm(near)))
    apart = float(np.linalg.norm(slope - near))
    if not rounded and apart <= _APART * scale + noise:
        return None
    return Finding(
        Kind.FLOAT32,
        f"{title} computes in float32, or as coarsely, although it was given float64.",
        "all of forward in the dtype of its input",
        "outputs that are rounded to float32" if rounded else "an output that does not follow a change of 1e-9 of its arguments",
        None,
        {"relative_difference_of_slopes": apart / scale if scale else 0.0, "outputs_rounded": rounded},
    )


def find_coarse(
    subject: Subject, point: Arguments, moved: Iterable[str], shape: tuple[int, ...], generator: np.random.Generator
) -> Finding | None:
    """Ask for the four points and judge them, or say that an output near them has another shape or is not finite."""
    names = tuple(moved)
    what = f"The output of {subject.title} right beside a point where it is fine"
    finding: Finding | None = None
    # A kink within the wide step looks like float32, so a suspicion is tested on another line, nearer by.
    for wide in (WIDE, NEARER):
        outputs = subject.forward(draw_probe_points(point, names, generator, wide))
        stray = next(filter(None, (find_stray(output, what, shape) for output in outputs)), None)
        if stray is not None:
            return stray
        finding = find_float32(outputs, subject.title, wide)
        if finding is None:
            return None
    return finding


def _round(values: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32).astype(np.float64)
