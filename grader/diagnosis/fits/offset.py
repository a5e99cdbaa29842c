"""Something added: a number, a parameter, the gradient of the call before, a number for each index."""

from __future__ import annotations

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.factor import find_factor
from grader.diagnosis.fits.names import name_number, say_number
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array

FORMER = "gradient_of"
"""Such arrays came from another call: they may have been added or returned again, and are no part of a formula."""


def fit_constant(comparison: Comparison) -> Fit | None:
    """The right array plus one number."""
    if not comparison.same_shape:
        return None
    difference = comparison.difference
    number = float(difference.mean())
    if not np.abs(difference - number).max() <= comparison.tolerance:
        return None
    named = name_number(comparison.wrong, number, slack=comparison.scale)
    settings = [quantity for quantity in named if quantity.role == "setting" and "(" not in quantity.label]
    # A single number is always off by some number: only a setting's own value tells.
    only = comparison.right.size == 1
    exact = _is_setting(comparison, number)
    if only and exact is None:
        return None
    tail = f", which is {exact} here" if exact else ""
    bits = comparison.bits_a_number - 6 if only else comparison.weigh(free=0 if settings else 1)
    sentence = f"{comparison.wrong.name} is the right one {'plus' if number > 0 else 'minus'} {say_number(abs(number))} everywhere{tail}."
    return comparison.fit(f"offset.{exact or 'constant'}", sentence, bits, {"offset": number})


def _is_setting(comparison: Comparison, number: float) -> str | None:
    for name, value in comparison.wrong.settings.items():
        if isinstance(value, float) and value and abs(abs(number) - abs(value)) <= comparison.tolerance:
            return name
    return None


def fit_multiple_of_array(comparison: Comparison) -> Fit | None:
    """The right array plus a multiple of another array, which was added or forgotten."""
    if not comparison.same_shape or comparison.right.size < 2:
        return None
    for name, array in comparison.wrong.arrays.items():
        spread = _spread(np.asarray(array, dtype=np.float64), comparison.right.shape)
        if spread is None or not np.ptp(spread):
            continue
        factor = find_factor_of_term(comparison, spread)
        if factor is None:
            continue
        named = name_number(comparison.wrong, factor)
        whole = abs(abs(factor) - 1) <= 1e-5
        label, said = _say_term(name, factor, whole)
        levels = comparison.count_levels(comparison.difference)
        bits = (levels - (0 if whole or named else 1)) * comparison.bits_a_number - 10
        found = comparison.fit(f"term.{label}", f"{comparison.wrong.name} is the right one {said}", bits, {"factor": factor, "array": name})
        if found is not None:
            return found
    return None


def find_factor_of_term(comparison: Comparison, term: Array) -> float | None:
    """The number of times that `term` was added, if the difference is a multiple of it."""
    power = float(np.vdot(term, term))
    factor = float(np.vdot(term, comparison.difference)) / power
    return factor if float(np.abs(comparison.difference - factor * term).max()) <= comparison.tolerance else None


def _say_term(name: str, factor: float, whole: bool) -> tuple[str, str]:
    words = say_array(name)
    if whole and factor > 0:
        return f"plus.{name}", f"plus {words}, which does not belong there."
    if whole:
        return f"without.{name}", f"without {words}, which is left out."
    return f"multiple.{name}", f"{'plus' if factor > 0 else 'minus'} {say_number(abs(factor))} times {words}."


def _spread(array: Array, shape: tuple[int, ...]) -> Array | None:
    """`array` as it would be added: broadcast from the last axis, or a number a feature along axis 1."""
    if array.size < 2 or array.ndim > len(shape):
        return None
    for view in (array, array.reshape(-1, *(1,) * (len(shape) - 2)) if array.ndim == 1 and len(shape) > 2 else array):
        try:
            return np.broadcast_to(view, shape)
        except ValueError:
            continue
    return None


def fit_mixture(comparison: Comparison) -> Fit | None:
    """A plain number times the right array plus a plain number times another one: 1 - y for y."""
    return _mix(comparison, plain=True)


def fit_weighted_state(comparison: Comparison) -> Fit | None:
    """The right array and the state before the call, in other weights: a running mean. With other arrays it would be far-fetched."""
    return _mix(comparison, plain=False)


def _mix(comparison: Comparison, *, plain: bool) -> Fit | None:
    right, got = comparison.right, comparison.got
    if not comparison.same_shape or right.size < 4:
        return None
    flat = right.reshape(-1)
    terms = {"1": np.ones_like(flat)}
    for name, array in comparison.wrong.arrays.items():
        spread = _spread(np.asarray(array, dtype=np.float64), right.shape)
        if spread is not None and np.ptp(spread) and not name.startswith(FORMER):
            terms[name] = spread.reshape(-1)
    for name, term in terms.items():
        basis = np.stack([flat, term], axis=1)
        gram = basis.T @ basis
        if not _is_regular(gram):
            continue
        (a, b) = (float(number) for number in np.linalg.solve(gram, basis.T @ got.reshape(-1)))
        if not comparison.is_close(basis @ np.array([a, b]), got.reshape(-1), a) or min(abs(a), abs(b)) < 1e-4:
            continue
        free = 2 - _is_plain(a) - _is_plain(b)
        if bool(free) is plain or (free and not name.endswith("_before")):
            continue
        words = "" if name == "1" else f" times {say_array(name)}"
        sign = "plus" if b > 0 else "minus"
        sentence = f"{comparison.wrong.name} is {say_number(a)} times the right one {sign} {say_number(abs(b))}{words}."
        label = "affine" if name == "1" else f"affine.{name}"
        if name == "1" and max(abs(a + 1), abs(b - 1)) <= 1e-5:
            label = "affine.1-right"
        found = comparison.fit(label, sentence, comparison.weigh(free), {"factor": a, "multiple": b, "array": name})
        if found is not None:
            return found
    return None


def _is_regular(gram: Array) -> bool:
    """Whether two terms point in directions that differ clearly."""
    return bool(gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2 > 1e-8 * gram[0, 0] * gram[1, 1] > 0)


def _is_plain(number: float) -> bool:
    return any(abs(number - plain) <= 1e-5 for plain in (-2, -1, -0.5, 0.5, 1, 2))


def fit_combination(comparison: Comparison) -> Fit | None:
    """One array, or a weighted sum of two, that should not be the answer: the input as it came, prediction minus target."""
    got = comparison.got
    if got.size < 2:
        return None
    arrays = {
        name: np.asarray(array, dtype=np.float64).reshape(-1)
        for name, array in comparison.wrong.arrays.items()
        if array.shape == got.shape and np.ptp(array)
    }
    flat = got.reshape(-1)
    for name, array in arrays.items():
        factor = find_factor(comparison, array, flat)
        # The call before may give the same few steps by chance; that it gives the same numbers does not.
        if factor and (not name.startswith(FORMER) or comparison.count_levels(flat) > 4):
            return _say_alias(comparison, name, factor)
    for one, first in arrays.items():
        for other, second in arrays.items():
            if one >= other or FORMER in (one[: len(FORMER)], other[: len(FORMER)]):
                continue
            found = _fit_pair(comparison, {one: first, other: second}, flat)
            if found is not None:
                return found
    return None


def _say_alias(comparison: Comparison, name: str, factor: float) -> Fit | None:
    whole, named = abs(factor - 1) <= 1e-5, name_number(comparison.wrong, factor)
    times = "" if whole else f"{say_number(factor)} times "
    sentence = f"{comparison.wrong.name} is {times}{say_array(name)}{' as it is' if whole else ''}, entry by entry."
    bits = comparison.weigh(0 if whole or named else 1)
    return comparison.fit(f"equals.{name}" if whole else f"multiple_of.{name}", sentence, bits, {"factor": factor})


def _fit_pair(comparison: Comparison, pair: dict[str, Array], flat: Array) -> Fit | None:
    basis = np.stack(list(pair.values()), axis=1)
    gram = basis.T @ basis
    if not _is_regular(gram):
        return None
    a, b = (float(number) for number in np.linalg.solve(gram, basis.T @ flat))
    if min(abs(a), abs(b)) < 1e-4 or not comparison.is_close(basis @ np.array([a, b]), flat):
        return None
    one, other = pair
    if a < 0 < b:
        one, other, a, b = other, one, b, a
    if abs(a + b) <= 1e-5 * abs(a):
        scaled = "" if abs(a - 1) <= 1e-5 else f"{say_number(a)} times "
        said, free = f"{scaled}({say_array(one)} minus {say_array(other)})", 1
        label = f"difference.{one}-{other}"
    else:
        second = f"{'plus' if b > 0 else 'minus'} {say_number(abs(b))} times {say_array(other)}"
        said, free = f"{say_number(a)} times {say_array(one)} {second}", 2
        label = f"combination.{one}.{other}"
    sentence = f"{comparison.wrong.name} is {said}: is that the formula for this case?"
    return comparison.fit(label, sentence, comparison.weigh(free), {"a": a, "b": b})
