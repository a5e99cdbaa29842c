"""One factor: the array is the right one, times a number that has a name."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.names import Quantity, name_number, say_candidates, say_number
from grader.diagnosis.fits.records import Fit

_MOST_CANDIDATES = 3


def fit_factor(comparison: Comparison) -> Fit | None:
    """The right array times one number, named from the sizes when exactly one of them explains it."""
    factor = find_factor(comparison, comparison.right, comparison.got)
    if factor is None or factor == 0:
        return None
    found = name_number(comparison.wrong, factor)
    bits = comparison.weigh(free=0 if found else 1)
    return comparison.fit(f"factor.{_label(found, factor)}", _say(comparison, found, factor), bits, {"factor": factor})


def find_factor(comparison: Comparison, base: np.ndarray, got: np.ndarray) -> float | None:
    """The number that turns `base` into `got`, if one does."""
    power = float(np.vdot(base, base))
    if power == 0 or base.shape != got.shape:
        return None
    factor = float(np.vdot(base, got)) / power
    bound = comparison.wrong.tolerance * float(np.abs(base).max()) * abs(factor)
    return factor if float(np.abs(got - factor * base).max()) <= bound else None


def _label(found: list[Quantity], factor: float) -> str:
    if len(found) == 1:
        return found[0].label
    return say_number(factor) if found else "unnamed"


def _say(comparison: Comparison, found: list[Quantity], factor: float) -> str:
    name, number = comparison.wrong.name, say_number(factor)
    times = f"{name} is exactly {number} {'times' if abs(factor) > 1 else 'of'} the right one"
    if not found:
        return f"{name} is right up to one factor: every entry is {number} times the right one."
    if len(found) > _MOST_CANDIDATES:
        return f"{times}: a factor too many or too few, which several of the sizes here would explain."
    if len(found) > 1:
        roles = {quantity.role for quantity in found}
        inverted = "1 over " if roles == {"inverse"} else ""
        return f"{times}: a factor too many or too few, which is {inverted}{say_candidates(found)} here."
    (quantity,) = found
    if quantity.label == "-1":
        return f"{name} is right up to its sign: every entry is minus the right one."
    if quantity.role == "inverse":
        size, told = round(1 / quantity.value), "it is divided by once too often, or a product with it is missing"
        return f"{times}, and {quantity.words} is {size} here: {told}."
    if quantity.role == "size":
        size, told = round(quantity.value), "a division by it is missing, or it is multiplied by once too often"
        return f"{times}, and {quantity.words} is {size} here: {told}."
    if quantity.role == "constant":
        return f"{times}: {quantity.words} too {'much' if factor > 1 else 'little'}, as when a square is derived or a mean of two is taken."
    return f"{times}, which is {quantity.words} here: look for where it is used once too often, or not at all."
