"""What a second call shows: gradients that pile up, an upstream gradient that is ignored."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.records import Fit


def fit_piled_up(comparison: Comparison) -> Fit | None:
    """Each call of backward adds the right gradient once more to what was there."""
    wrong = comparison.wrong
    if wrong.second_call is None or wrong.kind != "gradient" or not comparison.same_shape:
        return None
    again = np.asarray(wrong.second_call(), dtype=np.float64)
    if again.shape != comparison.got.shape or not np.isfinite(again).all():
        return None
    if not comparison.is_close(again - comparison.got, comparison.right, 2):
        return None
    sentence = f"Each call of backward adds the right gradient to {wrong.name} as it was before: it should be set, not added to."
    bits = comparison.count_levels(comparison.right) * comparison.bits_a_number - 4
    return comparison.fit("calls.piled_up", sentence, bits)


def fit_ignored_upstream(comparison: Comparison) -> Fit | None:
    """The gradient does not follow the upstream gradient: another one changes nothing, or not in proportion."""
    wrong = comparison.wrong
    grad = wrong.arrays.get("grad_output")
    if wrong.got_for is None or grad is None or wrong.kind != "gradient":
        return None
    doubled = np.asarray(wrong.got_for(2 * grad), dtype=np.float64)
    if doubled.shape != comparison.got.shape or not np.isfinite(doubled).all() or not comparison.got.any():
        return None
    levels = comparison.count_levels(comparison.got)
    bits = levels * comparison.bits_a_number - 4
    if comparison.is_close(doubled, comparison.got):
        sentence = f"{wrong.name} stays the same when the upstream gradient is doubled: backward does not use it."
        return comparison.fit("calls.upstream_ignored", sentence, bits)
    if comparison.is_close(doubled, 4 * comparison.got, 4):
        sentence = f"{wrong.name} grows fourfold when the upstream gradient is doubled: it is multiplied in twice."
        return comparison.fit("calls.upstream_twice", sentence, bits)
    return None
