"""A few wrong entries among many right ones: where, but not why."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.records import Fit
from grader.diagnosis.fits.regions import say_axis

_MOST = 3
_LEAST_SHARE = 5
"""So many entries are right for each that is wrong."""


def fit_few_entries(comparison: Comparison) -> Fit | None:
    """Up to three entries are wrong."""
    count = int(comparison.off.sum())
    if not comparison.same_shape or count > _MOST or comparison.off.size < count * (_LEAST_SHARE + 1):
        return None
    places = [tuple(place) for place in np.argwhere(comparison.off).tolist()]
    where = " and ".join(map(str, places))
    sentence = f"{comparison.wrong.name} is right but for {'one entry' if count == 1 else f'{count} entries'}, at {where}."
    return comparison.fit("entries.few", sentence, 40.0, {"places": places}, weak=True)


def fit_wrong_slices(comparison: Comparison) -> Fit | None:
    """All wrong entries lie in some slices of one axis, each of which is wrong in half of its entries or more."""
    if not comparison.same_shape:
        return None
    off = comparison.off
    for axis in range(off.ndim):
        others = tuple(other for other in range(off.ndim) if other != axis)
        share = off.mean(axis=others) if others else off.astype(float)
        hit = np.flatnonzero(share)
        if not 0 < len(hit) <= len(share) / 2 or off.size < 4 or share[hit].min() < 0.5 or not others:
            continue
        what = say_axis(comparison.wrong, axis)
        indices = ", ".join(map(str, hit.tolist()[:5]))
        sentence = f"{comparison.wrong.name} is wrong only in {what} {indices} of {len(share)}."
        return comparison.fit(f"slice.wrong.{what.replace(' ', '_')}", sentence, 40.0, {"axis": axis, "indices": hit.tolist()}, weak=True)
    return None
