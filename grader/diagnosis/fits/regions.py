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


Region = tuple[float, int, str, str, Array]
"""Bits, entries inside, label, words, and where it is."""


def say_axis(wrong: WrongArray, axis: int) -> str:
    """What an axis counts, as far as the right array's rank tells: samples and features, or images."""
    axes = wrong.axes or ()
    return axes[axis] if axis < len(axes) else f"slice of axis {axis}"


def fit_target_region(comparison: Comparison) -> Fit | None:
    """All wrong entries lie at the right class of their sample."""
    target = comparison.wrong.arrays.get("target")
    if target is None or not comparison.same_shape:
        return None
    inside = one_hot(target, comparison.right.shape)
    if inside.shape != comparison.off.shape or not comparison.is_right_at(~inside):
        return None
    bits = weigh_region(inside.size, int(inside.sum()), int(comparison.off.sum())) - 2
    found = (bits, int(inside.sum()), "target", "at the right class of each sample", inside)
    return _say_region(comparison, found) if bits >= _LEAST_BITS else None


def fit_region(comparison: Comparison) -> Fit | None:
    """All wrong entries lie where a condition holds that only part of the array fulfils."""
    if not comparison.same_shape:
        return None
    off = comparison.off
    count = int(off.sum())
    repeated = _find_repeated(comparison)
    if repeated is not None:
        return repeated
    best: Region | None = None
    for label, words, inside in _regions(comparison):
        if inside.shape != off.shape or inside.all() or not comparison.is_right_at(~inside):
            continue
        # Where a sign decides, nearly all of the region is wrong; large errors among large inputs are not that.
        if label.endswith(("_negative", "_positive")) and count < _LEAST_SHARE * int(inside.sum()):
            continue
        bits = weigh_region(off.size, int(inside.sum()), count) - 4
        if best is None or bits > best[0]:
            best = (bits, int(inside.sum()), label, words, inside)
    return _say_region(comparison, best) if best is not None and best[0] >= _LEAST_BITS else None


def _find_repeated(comparison: Comparison) -> Fit | None:
    """Where 0 is right, numbers of the right array stand a second time: every one of several equals gets all."""
    right, got, off = comparison.right, comparison.got, comparison.off
    if right[off].any() or not right.any():
        return None
    known = np.sort(right[right != 0])
    extra = got[off]
    places = np.clip(np.searchsorted(known, extra), 1, len(known) - 1) if len(known) > 1 else np.zeros(len(extra), dtype=int)
    distance = np.minimum(np.abs(known[places] - extra), np.abs(known[places - 1] - extra))
    if not distance.max(initial=0.0) <= comparison.tolerance:
        return None
    # Among many numbers one comes close by chance.
    bits = comparison.count_levels(extra) * (comparison.bits_a_number - np.log2(len(known) + 1)) - SEARCH_BITS
    sentence = (
        f"{comparison.wrong.name} is right wherever the right one is not 0, but {len(extra)} entries that should be 0 repeat a number of "
        "another entry: where several are equal, does each get the whole?"
    )
    return comparison.fit("region.right_zero.repeated", sentence, float(bits), {"wrong": len(extra)})


def _say_region(comparison: Comparison, best: Region) -> Fit | None:
    wrong, off = comparison.wrong, comparison.off
    count = int(off.sum())
    bits, size, label, words, inside = best
    outside = int((~inside).sum())
    head = f"{wrong.name} is right in the {outside} entries elsewhere, and wrong only {words}"
    facts = {"wrong": count, "inside": size, "outside": outside}
    if not comparison.got[off].any():
        return comparison.fit(f"region.{label}.zero", f"{head}, where it is 0: that part is missing.", bits + SEARCH_BITS, facts)
    factor = find_factor(comparison, comparison.right[inside], comparison.got[inside])
    if factor is not None and comparison.count_levels(comparison.got[off]) > 1:
        # A size has no business in a region; a setting of the function has.
        named = [quantity for quantity in name_number(wrong, factor) if quantity.role == "setting"]
        tail = named[0].label if len(named) == 1 else "factor"
        which = f", which is {named[0].words.rstrip(',')}" if len(named) == 1 else ""
        sentence = f"{head}, where it is {say_number(factor)} times the right one{which}."
        return comparison.fit(f"region.{label}.{tail}", sentence, bits + SEARCH_BITS, {**facts, "factor": factor})
    tail = ": look at the branch that is taken there." if not label.startswith("right_zero") else ": something flows where nothing should."
    return comparison.fit(f"region.{label}", head + tail, bits, facts)


def _regions(comparison: Comparison) -> Iterator[tuple[str, str, Array]]:
    small = comparison.tolerance
    yield "right_zero", "where the right one is 0", np.abs(comparison.right) <= small
    yield "right_negative", "where the right one is negative", comparison.right < -small
    yield "right_positive", "where the right one is positive", comparison.right > small
    for name, array in comparison.wrong.arrays.items():
        if array.shape == comparison.right.shape and name != "target" and not name.startswith("gradient_of"):
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
