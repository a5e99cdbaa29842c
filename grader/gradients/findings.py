"""What can be wrong with a subject before its gradients are compared with anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from grader.gradients.subject import Array


class Kind(StrEnum):
    """The sorts of finding."""

    SHAPE = "shape"
    """An output or a gradient has the wrong shape."""
    NOT_FINITE = "not finite"
    """An output or a gradient holds NaN or infinity."""
    MISSING = "missing"
    """Backward gave no gradient for an argument."""
    NOT_A_FUNCTION = "not a function"
    """The same point gave two outputs."""
    FLOAT32 = "float32"
    """Forward computes in float32 although it was given float64."""
    ACCUMULATES = "accumulates"
    """A gradient adds up from one backward to the next."""
    STALE = "stale"
    """A gradient uses what an earlier forward or backward left."""
    NUMERICAL = "numerical"
    """Backward differences forward."""
    NOT_LINEAR = "not linear"
    """A gradient is not proportional to the upstream gradient."""
    CHANGES = "changes"
    """Forward or backward changes in place what it is given."""


@dataclass(frozen=True)
class Finding:
    """A reason why the gradients can't be compared, or needn't be."""

    kind: Kind
    """Which sort."""
    said: str
    """A sentence for a person."""
    expected: str = ""
    """What should have been."""
    got: str = ""
    """What was."""
    argument: str | None = None
    """The argument concerned; None when it is the subject as a whole."""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """Plain numbers behind it."""


def find_misshapen(array: Array, what: str, shape: tuple[int, ...], argument: str | None = None) -> Finding | None:
    """Compare an array's shape with the one expected."""
    if array.shape == shape:
        return None
    return Finding(Kind.SHAPE, f"{what} has the wrong shape.", f"shape {shape}", f"shape {array.shape}", argument)


def find_not_finite(array: Array, what: str, argument: str | None = None) -> Finding | None:
    """Look for NaN and infinity."""
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    got = f"{int(bad.sum())} of {array.size} entries are NaN or infinite, the first at index {first}"
    return Finding(Kind.NOT_FINITE, f"{what} holds NaN or infinity.", "finite numbers", got, argument, {"index": first})


def find_stray(output: Array, what: str, shape: tuple[int, ...]) -> Finding | None:
    """Look for an output of another shape than `shape`, or one that is not finite."""
    return find_misshapen(output, what, shape) or find_not_finite(output, what)


def find_difference(first: Array, second: Array, what: str, relative: float = 1e-12) -> Finding | None:
    """Compare two outputs at one point; equal shapes are demanded beforehand."""
    difference = float(np.max(np.abs(first - second), initial=0.0))
    if difference <= relative * float(np.max(np.abs(first), initial=0.0)):
        return None
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(first - second))), first.shape))
    got = f"{first[worst]:.9g}, then {second[worst]:.9g}, at index {worst}"
    return Finding(Kind.NOT_A_FUNCTION, what, "the same output whenever the arguments are the same", got, None, {"difference": difference})
