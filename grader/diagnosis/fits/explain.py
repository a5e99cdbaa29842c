"""The families of fits, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grader.diagnosis.fits.along import (
    fit_affine_along,
    fit_array_along,
    fit_constant_along,
    fit_factor_along,
    fit_normalised,
    fit_same_along,
    fit_sharing,
)
from grader.diagnosis.fits.calls import fit_ignored_upstream, fit_piled_up
from grader.diagnosis.fits.elementwise import fit_clipped, fit_function, fit_slope
from grader.diagnosis.fits.entries import fit_few_entries, fit_wrong_slices
from grader.diagnosis.fits.evidence import Comparison, compare
from grader.diagnosis.fits.exchanged import fit_diagonal, fit_exchanged, fit_overwritten
from grader.diagnosis.fits.factor import fit_factor
from grader.diagnosis.fits.finite import fit_not_finite
from grader.diagnosis.fits.masks import fit_mask
from grader.diagnosis.fits.offset import fit_combination, fit_constant, fit_mixture, fit_multiple_of_array, fit_weighted_state
from grader.diagnosis.fits.order import fit_order, fit_shift
from grader.diagnosis.fits.records import Fit, WrongArray
from grader.diagnosis.fits.regions import fit_region, fit_target_region
from grader.diagnosis.fits.shapes import fit_shape
from grader.diagnosis.fits.zeros import fit_zero, fit_zero_slices

Family = Callable[[Comparison], Fit | None]

FAMILIES: Sequence[Family] = (
    fit_zero,
    fit_factor,
    fit_shape,
    fit_zero_slices,
    fit_few_entries,
    fit_order,
    fit_shift,
    fit_constant,
    fit_multiple_of_array,
    fit_mixture,
    fit_target_region,
    fit_function,
    fit_clipped,
    fit_normalised,
    fit_combination,
    fit_mask,
    fit_sharing,
    fit_constant_along,
    fit_factor_along,
    fit_region,
    fit_affine_along,
    fit_array_along,
    fit_diagonal,
    fit_slope,
    fit_piled_up,
    fit_ignored_upstream,
    fit_exchanged,
    fit_overwritten,
    fit_weighted_state,
    fit_same_along,
    fit_wrong_slices,
)
"""Simple before far-fetched, and what asks `right_at` late: each call of it costs a forward."""


def explain(wrong: WrongArray) -> Fit | None:
    """The first telling fit; without one, the first that at least says where; None rather than a wrong name."""
    if wrong.got.dtype.kind not in "fiub" or wrong.right.dtype.kind not in "fiub":
        return None
    unclear = fit_not_finite(wrong)
    if unclear is not None:
        return unclear
    comparison = compare(wrong)
    if comparison is None:
        return None
    weak: Fit | None = None
    for family in FAMILIES:
        found = family(comparison)
        if found is not None and found.telling:
            return found
        weak = weak or found
    return weak
