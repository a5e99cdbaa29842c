"""A function of each entry: the sign lost, cut off, rounded, squared; or the upstream gradient times another slope."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.names import say_number
from grader.diagnosis.fits.offset import FORMER
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array

_PLAIN_BOUNDS = (-6.0, -1.0, -0.5, 0.0, 0.5, 1.0, 6.0)


def fit_function(comparison: Comparison) -> Fit | None:
    """What was given is a plain function of the right array, entry by entry."""
    if not comparison.same_shape:
        return None
    for label, words, candidate in _functions(comparison.right, comparison.wrong.kind == "value"):
        if np.isfinite(candidate).all() and comparison.accepts(candidate):
            sentence = f"{comparison.wrong.name} is {words}."
            levels = comparison.count_levels(comparison.right[comparison.off])
            return comparison.fit(f"function.{label}", sentence, levels * comparison.bits_a_number - 10)
    return None


def _functions(right: Array, value: bool) -> Iterator[tuple[str, str, Array]]:
    yield "absolute", "the absolute value of the right one: the sign is lost", np.abs(right)
    yield "minus_absolute", "minus the absolute value of the right one", -np.abs(right)
    yield "sign", "only the sign of the right one: its size is lost", np.sign(right)
    yield "squared", "the square of the right one", right * right
    for places in (0, 1, 2, 3, 4):
        yield f"rounded.{places}", f"the right one rounded to {places} decimal places", np.round(right, places)
    yield "truncated", "the right one with its decimal places cut off, as integers would hold it", np.trunc(right)
    yield "floor", "the right one rounded down", np.floor(right)
    yield "float16", "the right one in half precision", right.astype(np.float16).astype(np.float64) if np.abs(right).max() < 6e4 else right
    if not value:
        return
    with np.errstate(all="ignore"):
        yield "root", "the root of the right one", np.sqrt(right)
        yield "inverse", "1 over the right one", 1 / right
        yield "exponential", "the exponential of the right one", np.exp(right)
        yield "logarithm", "the logarithm of the right one", np.log(right)


def fit_clipped(comparison: Comparison) -> Fit | None:
    """The right array, cut off below or above."""
    right, got, off = comparison.right, comparison.got, comparison.off
    if not comparison.same_shape or right.size < 2:
        return None
    low, high = float(got.min()), float(got.max())
    if not comparison.accepts(np.clip(right, low, high)) or low == high:
        return None
    # What was cut off is one number, bit by bit; small entries beside huge ones only look so.
    if any(np.ptp(got[np.abs(got - bound) <= comparison.tolerance]) > 1e-9 * comparison.scale for bound in (low, high)):
        return None
    below, above = (float(right[off].min()) < low), (float(right[off].max()) > high)
    bounds = [("below", low)] * below + [("above", high)] * above
    free = sum(min(abs(bound - plain) for plain in _PLAIN_BOUNDS) > 1e-6 for _, bound in bounds)
    bits = (int(off.sum()) - free) * comparison.bits_a_number - 10
    said = " and ".join(f"{side} at {say_number(bound) if abs(bound) > comparison.tolerance else '0'}" for side, bound in bounds)
    label = "_".join(side for side, _ in bounds)
    return comparison.fit(f"clipped.{label}", f"{comparison.wrong.name} is the right one, cut off {said}.", bits, {"bounds": bounds})


def fit_slope(comparison: Comparison) -> Fit | None:
    """The upstream gradient times a polynomial of the input or of the output: the derivative's formula with the wrong letter."""
    grad = comparison.wrong.arrays.get("grad_output")
    got = comparison.got
    if comparison.wrong.kind != "gradient" or grad is None or grad.shape != got.shape or got.size < 5:
        return None
    for name, array in comparison.wrong.arrays.items():
        if array.shape != got.shape or name == "grad_output" or array.dtype.kind != "f" or name.startswith(FORMER):
            continue
        basis = np.stack([(grad * array**power).reshape(-1) for power in range(3)], axis=1)
        weights, _, rank, _ = np.linalg.lstsq(basis, got.reshape(-1), rcond=None)
        if rank < 3 or not comparison.is_close(basis @ weights, got.reshape(-1)):
            continue
        plain = [abs(weight - round(2 * weight) / 2) <= 1e-4 for weight in weights]
        letter = "y" if name == "output" else "x"
        formula = _say_polynomial(weights, letter)
        sentence = (
            f"{comparison.wrong.name} is the upstream gradient times {formula}, with {letter} for {say_array(name)}: "
            "is that this function's derivative?"
        )
        label = f"slope.{formula.replace(' ', '')}.{name}" if all(plain) else f"slope.polynomial.{name}"
        return comparison.fit(label, sentence, comparison.weigh(len(plain) - sum(plain)), {"weights": weights.tolist()})
    return None


def _say_polynomial(weights: Array, letter: str) -> str:
    terms: list[str] = []
    for power, weight in enumerate(weights):
        if abs(weight) <= 1e-4:
            continue
        symbol = ["", letter, f"{letter}^2"][power]
        weight = round(2 * weight) / 2 if abs(weight - round(2 * weight) / 2) <= 1e-4 else weight
        size = "" if symbol and abs(abs(weight) - 1) <= 1e-4 else say_number(abs(float(weight))) + " " * bool(symbol)
        sign = "-" if weight < 0 else "+"
        terms.append(f"{sign} {size}{symbol}" if terms else f"{'-' if weight < 0 else ''}{size}{symbol}")
    said = " ".join(terms) or "0"
    return f"({said})" if len(terms) > 1 else said
