"""Wrong only in a region: where an input is negative, where the right entry is 0, at the right class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.fits.evidence import SEARCH_BITS, Comparison, weigh_region
from grader.diagnosis.fits.factor import find_factor
from grader.diagnosis.fits.names import name_number, say_number
from grader.diagnosis.fits.records import Array, Fit, WrongArray

_LEAST_BITS = 6.0
"""A region is named from here, beyond the search among a dozen of regions."""
_LEAST_SHARE = 0.8


def say_axis(wrong: WrongArray, axis: int) -> str:
    """What an axis counts, as far as the right array's rank tells: samples and features, or images."""
    axes = wrong.axes or ()
    return axes[axis] if axis < len(axes) else f"slice of axis {axis}"


def fit_region(comparison: Comparison) -> Fit | None:
    """All wrong entries lie where a condition holds that only part of the array fulfils."""
    if not comparison.same_shape:
        return None
    off, wrong = comparison.off, comparison.wrong
    count = int(off.sum())
    best: tuple[float, int, str, str, Array] | None = None
    for label, words, inside in _regions(comparison):
        if inside.shape != off.shape or (off & ~inside).any() or inside.all():
            continue
        # Where a sign decides, nearly all of the region is wrong; large errors among large inputs are not that.
        if label.endswith(("_negative", "_positive")) and count < _LEAST_SHARE * int(inside.sum()):
            continue
        bits = weigh_region(off.size, int(inside.sum()), count) - 4
        if best is None or bits > best[0]:
            best = (bits, int(inside.sum()), label, words, inside)
    if best is None or best[0] < _LEAST_BITS:
        return None
    bits, size, label, words, inside = best
    outside = int((~inside).sum())
    head = f"{wrong.name} is right in the {outside} entries elsewhere, and wrong only {words}"
    facts = {"wrong": count, "inside": size, "outside": outside}
    if not comparison.got[off].any():
        return comparison.fit(f"region.{label}.zero", f"{head}, where it is 0: that part is missing.", bits + SEARCH_BITS, facts)
    factor = find_factor(comparison, comparison.right[inside], comparison.got[inside])
    if factor is not None and comparison.count_levels(comparison.got[off]) > 1:
        named = name_number(wrong, factor)
        tail = named[0].label if len(named) == 1 else "factor"
        which = f", which is {named[0].words.rstrip(',')}" if len(named) == 1 and named[0].role != "inverse" else ""
        sentence = f"{head}, where it is {say_number(factor)} times the right one{which}."
        return comparison.fit(f"region.{label}.{tail}", sentence, bits + SEARCH_BITS, {**facts, "factor": factor})
    tail = ": look at the branch that is taken there." if not label.startswith("right_zero") else ": something flows where nothing should."
    return comparison.fit(f"region.{label}", head + tail, bits + 2, facts)


def _regions(comparison: Comparison) -> Iterator[tuple[str, str, Array]]:
    small = comparison.tolerance
    yield "right_zero", "where the right one is 0", np.abs(comparison.right) <= small
    yield "right_negative", "where the right one is negative", comparison.right < -small
    yield "right_positive", "where the right one is positive", comparison.right > small
    for name, array in comparison.wrong.arrays.items():
        if name == "target":
            yield "target", "at the right class of each sample", one_hot(array, comparison.right.shape)
        elif array.shape == comparison.right.shape:
            yield f"{name}_negative", f"where {say_array(name)} is negative", array < 0
            yield f"{name}_positive", f"where {say_array(name)} is positive", array > 0


def one_hot(target: Array, shape: tuple[int, ...]) -> Array:
    """The rows of class indices, or of rows that are already 0 and 1; an empty array for another target."""
    if len(shape) == 2 and target.dtype.kind in "iu" and target.shape == shape[:1]:
        return np.asarray(target[:, None] == np.arange(shape[1]))
    if target.shape == shape and len(shape) == 2 and np.isin(target, (0, 1)).all():
        return target == 1
    return np.zeros((0,), dtype=bool)


def say_array(name: str) -> str:
    """How an array is called in a sentence."""
    words = {"grad_output": "the upstream gradient", "input": "the input", "output": "the output"}
    if name in words:
        return words[name]
    return name if len(name) <= 2 or name in ("gamma", "beta") or name.startswith("running_") else f"the {name.replace('_', ' ')}"
