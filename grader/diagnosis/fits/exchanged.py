"""Right for something else: another upstream gradient, other parameters, another target, another setting."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.variants import Variant, vary

_MOST_ENTRIES = 400
"""Of an upstream gradient that is tried entry by entry."""


def fit_exchanged(comparison: Comparison) -> Fit | None:
    """The truth, had one of the arrays or settings around been another."""
    if comparison.wrong.right_at is None:
        return None
    for variant in vary(comparison.wrong):
        candidate = ask(comparison, variant)
        if candidate is None or not comparison.accepts(candidate):
            continue
        if comparison.same_shape and comparison.is_close(candidate, comparison.right):
            continue
        sentence = f"{comparison.wrong.name} would be right if {variant.words}."
        bits = comparison.weigh_placing() if comparison.same_shape else comparison.weigh()
        found = comparison.fit(f"exchanged.{variant.label}", sentence, bits, {"changed": sorted(variant.changes)})
        if found is not None:
            return found
    return None


def ask(comparison: Comparison, variant: Variant) -> Array | None:
    """The truth for a variant; None where it makes no sense or is no number."""
    assert comparison.wrong.right_at is not None
    try:
        candidate = np.asarray(comparison.wrong.right_at(variant.changes), dtype=np.float64)
    except (ValueError, KeyError, IndexError):
        return None
    return candidate if np.isfinite(candidate).all() else None


def fit_diagonal(comparison: Comparison) -> Fit | None:
    """Each entry counts only the output at its own place: the diagonal of the Jacobian."""
    grad = comparison.wrong.arrays.get("grad_output")
    if not _has_jacobian(comparison, grad) or grad is None or grad.shape != comparison.got.shape or grad.size > _MOST_ENTRIES:
        return None
    diagonal = np.zeros_like(comparison.right)
    for place in np.ndindex(*grad.shape):
        candidate = ask(comparison, Variant("one", "", {"grad_output": _only(grad, place)}))
        if candidate is None or candidate.shape != diagonal.shape:
            return None
        diagonal[place] = candidate[place]
        if abs(diagonal[place] - comparison.got[place]) > comparison.tolerance:
            return None
    sentence = (
        f"{comparison.wrong.name} takes into account only how each output depends on the input at its own place: "
        "the diagonal of the Jacobian. The other outputs depend on that input too."
    )
    return comparison.fit("jacobian.diagonal", sentence, comparison.weigh())


def fit_overwritten(comparison: Comparison) -> Fit | None:
    """Where windows overlap, one of them alone counts: the gradient is set there instead of added."""
    grad = comparison.wrong.arrays.get("grad_output")
    if grad is None or not _has_jacobian(comparison, grad) or grad.ndim != 4 or grad[0, 0].size > _MOST_ENTRIES:
        return None
    first, last = np.zeros_like(comparison.right), np.zeros_like(comparison.right)
    total = np.zeros_like(comparison.right)
    for row, column in np.ndindex(*grad.shape[2:]):
        candidate = ask(comparison, Variant("one", "", {"grad_output": _only(grad, (slice(None), slice(None), row, column))}))
        if candidate is None or candidate.shape != total.shape:
            return None
        hit = np.abs(candidate) > comparison.tolerance
        first = np.where((np.abs(first) <= comparison.tolerance) & hit, candidate, first)
        last = np.where(hit, candidate, last)
        total += candidate
    if not comparison.is_close(total, comparison.right, 10):
        return None
    for label, which, candidate in (("first", "first", first), ("last", "last", last)):
        if comparison.accepts(candidate, 10):
            sentence = (
                f"{comparison.wrong.name} is right where one window alone sees a pixel; where several do, only the {which} one counts: "
                "their gradients have to be added, not written over each other."
            )
            return comparison.fit(f"overwritten.{label}", sentence, comparison.weigh())
    return None


def _has_jacobian(comparison: Comparison, grad: Array | None) -> bool:
    wrong = comparison.wrong
    return wrong.kind == "gradient" and wrong.right_at is not None and comparison.same_shape and grad is not None


def _only(grad: Array, place: tuple[int | slice, ...]) -> Array:
    single = np.zeros_like(grad)
    single[place] = grad[place]
    return single
