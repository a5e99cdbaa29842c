"""An array times a switch of two positions, thrown at the wrong places: ReLU and its like, dropout."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.offset import FORMER
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array, say_axis


def fit_mask(comparison: Comparison) -> Fit | None:
    """Both arrays are another one times one of the same two numbers, chosen otherwise."""
    if not comparison.same_shape or comparison.right.size < 4:
        return None
    for name, array in comparison.wrong.arrays.items():
        if array.shape != comparison.right.shape or array.dtype.kind != "f" or name.startswith(FORMER) or not array.any():
            continue
        switches = _find_switches(comparison, array)
        if switches is not None and comparison.count_levels(array) >= array.size // 2:
            return _say_mask(comparison, name, *switches)
    return None


def _find_switches(comparison: Comparison, array: Array) -> tuple[Array, Array] | None:
    """Where the right array, and the one given, take the larger of the two numbers."""
    sure = np.abs(array) > 1e-3 * np.abs(array).max()
    ratios = np.where(sure, comparison.right, 0) / np.where(sure, array, 1)
    low, high = float(ratios[sure].min()), float(ratios[sure].max())
    if high - low <= 1e-3:
        return None
    switches: list[Array] = []
    for product in (comparison.right, comparison.got):
        on, off = np.abs(product - high * array), np.abs(product - low * array)
        if not np.minimum(on, off).max() <= 10 * comparison.tolerance:
            return None
        switches.append(on < off)
    return switches[0], switches[1]


def _say_mask(comparison: Comparison, name: str, meant: Array, taken: Array) -> Fit | None:
    label, said = _find_rule(comparison, meant, taken)
    sentence = (
        f"{comparison.wrong.name} is {say_array(name)} times one of two numbers, as it should be, "
        f"but the wrong entries are switched on: {said}."
    )
    count = int(comparison.off.sum())
    bits = count * comparison.bits_a_number - 10
    return comparison.fit(f"mask.{label}", sentence, bits, {"array": name, "entries": count})


def _find_rule(comparison: Comparison, meant: Array, taken: Array) -> tuple[str, str]:
    wrong = comparison.wrong
    for name, array in wrong.arrays.items():
        if array.shape == taken.shape and array.dtype.kind == "f" and not ((array > 0) ^ taken).any():
            return f"by_{name}", f"those where {say_array(name)} is positive"
    for name, others in wrong.others.items():
        for words, array in others.items():
            if array.shape == taken.shape and not ((array > 0) ^ taken).any():
                return f"by_{name}.{words.replace(' ', '_')}", f"those where {say_array(name)} {words} is positive"
    if not (taken ^ ~meant).any():
        return "inverted", "exactly the other ones"
    for axis in range(taken.ndim):
        what = say_axis(wrong, axis)
        slug = what.replace(" ", "_")
        if not (np.flip(meant, axis) ^ taken).any():
            return f"flipped.{slug}", f"those of another {what}"
        if taken.shape[axis] > 1 and not (taken ^ taken.take([0], axis=axis)).any():
            if not (taken.take([0], axis=axis) ^ meant.take([0], axis=axis)).any():
                return f"first_for_all.{slug}", f"those of the first {what} for every {what}"
            return f"same.{slug}", f"the same ones for every {what}"
    return "other", "other entries than the right ones"
