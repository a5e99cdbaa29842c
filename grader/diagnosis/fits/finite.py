"""Entries that are no numbers: overflow, 0/0, the logarithm of 0."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.records import Fit, WrongArray


def fit_not_finite(wrong: WrongArray) -> Fit | None:
    """NaN or infinity where the right array has neither; asked before any comparison."""
    right, got = np.asarray(wrong.right, dtype=np.float64), np.asarray(wrong.got, dtype=np.float64)
    nan, infinite = int(np.isnan(got).sum()), int(np.isinf(got).sum())
    if not (nan or infinite) or not np.isfinite(right).all():
        return None
    facts = {"nan": nan, "infinite": infinite, "entries": got.size}
    everywhere = " everywhere" if got.ndim else ""
    if nan == got.size:
        said, points = f"is NaN{everywhere}", "something became inf - inf, 0 / 0 or 0 times inf on the way"
    elif infinite == got.size:
        said, points = f"is infinite{everywhere}", "look for a power that overflows, a division by 0 or a log 0"
    elif nan:
        said, points = f"is NaN in {nan} of {got.size} entries", "look there for a power that overflows, a 0 / 0 or a 0 times log 0"
    else:
        said = f"is infinite in {infinite} of {got.size} entries"
        points = "look there for a power that overflows, a division by 0 or a log 0"
    label = "not_finite.nan" if nan else "not_finite.infinite"
    return Fit(label, f"{wrong.name} {said}, where finite numbers are right: {points}.", 1.0, facts)
