"""Nothing at all, or nothing in some slices."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison, weigh_region
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_axis


def fit_zero(comparison: Comparison) -> Fit | None:
    """Every entry is 0."""
    if comparison.got.size == 0 or comparison.got.any() or not comparison.same_shape:
        return None
    name = comparison.wrong.name
    told = "is it ever computed, or is the array of zeros returned as it was made?"
    return comparison.fit("zero", f"{name} is 0 in every entry, and should not be: {told}", 40.0)


def fit_zero_slices(comparison: Comparison) -> Fit | None:
    """All wrong entries are 0 and fill whole slices of one axis: the last row, every sample but the first, the border."""
    right, got, off = comparison.right, comparison.got, comparison.off
    if not comparison.same_shape or got[off].any():
        return None
    for axis in range(right.ndim):
        others = tuple(other for other in range(right.ndim) if other != axis)
        hit = np.asarray(off.any(axis=others))
        size, count = len(hit), int(hit.sum())
        inside = int(off.size // size * count)
        if count == size or size < 2 or comparison.got.take(np.flatnonzero(hit), axis=axis).any():
            continue
        bits = weigh_region(off.size, inside, int(off.sum())) - 4  # there are a dozen or so of slices
        where, label = _say_indices(np.flatnonzero(hit), size, say_axis(comparison.wrong, axis))
        sentence = f"{comparison.wrong.name} is right but for {where}, where it is 0: does a loop or a slice leave it out?"
        facts = {"axis": axis, "indices": np.flatnonzero(hit).tolist()}
        found = comparison.fit(f"slice.zero.{label.replace(' ', '_')}", sentence, bits, facts)
        if found is not None:
            return found
    return None


def _say_indices(indices: Array, size: int, axis: str) -> tuple[str, str]:
    found, last = indices.tolist(), size - 1
    if found == [last]:
        return f"the last {axis}", f"last_{axis}"
    if found == [0]:
        return f"the first {axis}", f"first_{axis}"
    if found == [0, last]:
        return f"the first and the last {axis}", f"border_{axis}"
    if found == list(range(1, size)):
        return f"every {axis} after the first", f"all_but_first_{axis}"
    if found == list(range(found[0], size)):
        return f"the last {len(found)} of {size} {axis}s", f"last_{axis}s"
    return f"{axis} {', '.join(map(str, found[:5]))} of {size}", f"some_{axis}s"
