"""Something the same along an axis: an amount, a factor, both, or a multiple of an array for each index of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import prod

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.offset import FORMER
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array, say_axis

Axes = tuple[int, ...]

_LARGEST_FACTOR = 1e3
"""Beyond it, the errors of the right array would fit anything."""


def shared_axes(shape: tuple[int, ...]) -> Iterator[Axes]:
    """Sets of axes to share something along, largest first; at least one axis of two or more indices is left to differ."""
    long = [axis for axis, size in enumerate(shape) if size > 1]
    for count in range(len(long) - 1, 0, -1):
        yield from combinations(long, count)


def say_axes(comparison: Comparison, axes: Axes) -> str:
    """Name what is shared: `sample`, `sample, row and column`."""
    names = [say_axis(comparison.wrong, axis) for axis in axes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def slug_axes(comparison: Comparison, axes: Axes) -> str:
    """The same for a label: `sample`, `sample_row_column`."""
    return "_".join(say_axis(comparison.wrong, axis).replace(" ", "_") for axis in axes)


def _each(comparison: Comparison, axes: Axes) -> str:
    rest = tuple(axis for axis, size in enumerate(comparison.right.shape) if axis not in axes and size > 1)
    return say_axes(comparison, rest)


def fit_constant_along(comparison: Comparison) -> Fit | None:
    """The difference is the same along some axes: a missing sum or mean over them."""
    if not comparison.same_shape:
        return None
    difference = comparison.difference
    for axes in shared_axes(difference.shape):
        amount = difference.mean(axis=axes, keepdims=True)
        if not comparison.is_close(difference, np.broadcast_to(amount, difference.shape)):
            continue
        over = say_axes(comparison, axes)
        sentence = (
            f"{comparison.wrong.name} is off by one amount for each {_each(comparison, axes)}, the same for every {over}: "
            f"a sum or a mean over these is missing, or too much."
        )
        return comparison.fit(f"constant_along.{slug_axes(comparison, axes)}", sentence, comparison.weigh(amount.size), {"axes": axes})
    return None


def fit_factor_along(comparison: Comparison) -> Fit | None:
    """A factor for each index: gamma forgotten, a division by each row's own sum."""
    if not comparison.same_shape:
        return None
    right, got = comparison.right, comparison.got
    for axes in shared_axes(right.shape):
        power = (right * right).sum(axis=axes, keepdims=True)
        if not power.all():
            continue
        factor = (right * got).sum(axis=axes, keepdims=True) / power
        largest = float(np.abs(factor).max())
        if largest > _LARGEST_FACTOR or not comparison.is_close(factor * right, got, largest):
            continue
        known = _name_factors(comparison, factor.reshape(-1))
        each, tail = _each(comparison, axes), f": the factor is {known[1]}" if known else ""
        over = say_axes(comparison, axes)
        sentence = f"{comparison.wrong.name} is right up to a factor for each {each}, the same for every {over}{tail}."
        label = f"factor_along.{slug_axes(comparison, axes)}" + (f".{known[0]}" if known else "")
        facts = {"axes": axes, "factors": factor.reshape(-1).tolist()[:20]}
        return comparison.fit(label, sentence, comparison.weigh(0 if known else factor.size), facts)
    return None


def _name_factors(comparison: Comparison, factors: Array) -> tuple[str, str] | None:
    for name, array in comparison.wrong.arrays.items():
        if array.size != factors.size or factors.size < 2 or array.dtype.kind != "f" or not np.ptp(array) or not array.all():
            continue
        for label, words, values in ((name, say_array(name), array), (f"1/{name}", f"1 / {say_array(name)}", 1 / array)):
            if float(np.abs(values.reshape(-1) - factors).max()) <= 10 * comparison.wrong.tolerance * float(np.abs(factors).max()):
                return label, words
    return None


def fit_affine_along(comparison: Comparison) -> Fit | None:
    """A factor and an amount for each index: normalised by another deviation, or another mean."""
    if not comparison.same_shape:
        return None
    said = "stretched and moved: each {each} by its own two numbers"
    return _fit_with(comparison, comparison.right, comparison.got, "affine_along", said)


def fit_array_along(comparison: Comparison) -> Fit | None:
    """The difference is, for each index, a multiple of another array plus an amount: the path through a variance is missing."""
    if not comparison.same_shape:
        return None
    for name, array in comparison.wrong.arrays.items():
        if array.shape != comparison.right.shape or array.dtype.kind != "f" or name.startswith(FORMER):
            continue
        if np.ptp(array):
            said = f"off by a multiple of {say_array(name)}, one for each {{each}}: a term with a sum over the rest is missing, or too much"
            found = _fit_with(comparison, array, comparison.difference, f"array_along.{name}", said)
            if found is not None:
                return found
    return None


def _fit_with(comparison: Comparison, base: Array, wanted: Array, label: str, said: str) -> Fit | None:
    magnify = base is comparison.right  # only the right array has errors that a factor blows up
    for axes in shared_axes(base.shape):
        count = prod(base.shape[axis] for axis in axes)
        first = tuple(slice(None) if axis in axes else 0 for axis in range(base.ndim))
        # Two numbers fit any two entries, so a pair is only asked for a factor; one line of entries refutes most axes cheaply.
        for moved in (False, True) if count > 2 else (False,):
            if _fit_lines(comparison, base[first].reshape(1, -1), wanted[first].reshape(1, -1), count > 2, magnify) is None:
                break
            lines = [np.moveaxis(array, axes, range(-len(axes), 0)).reshape(-1, count) for array in (base, wanted)]
            factors = _fit_lines(comparison, lines[0], lines[1], moved, magnify)
            if factors is None or (magnify and float(np.abs(factors).max()) > _LARGEST_FACTOR):
                continue
            bits = comparison.weigh(factors.size * (1 + moved))
            sentence = f"{comparison.wrong.name} is {said.format(each=_each(comparison, axes))}."
            found = comparison.fit(f"{label}.{slug_axes(comparison, axes)}", sentence, bits, {"axes": axes})
            if found is not None:
                return found
    return None


def _fit_lines(comparison: Comparison, base: Array, wanted: Array, moved: bool, magnify: bool) -> Array | None:
    """The factor of each line, if every line of `wanted` is a multiple of that of `base`, or with `moved` a multiple and an amount."""
    if moved:
        base, wanted = base - base.mean(axis=1, keepdims=True), wanted - wanted.mean(axis=1, keepdims=True)
    power = np.einsum("ij,ij->i", base, base)
    if not power.all():
        return None
    factors = np.einsum("ij,ij->i", base, wanted) / power
    return factors if comparison.is_close(factors[:, None] * base, wanted, magnify and float(np.abs(factors).max())) else None


def fit_sharing(comparison: Comparison) -> Fit | None:
    """The right array's sum, mean or first slice along some axes, repeated or put in one place."""
    right = comparison.right
    if not comparison.same_shape:
        return None
    for axes in (*((tuple(range(right.ndim)),) if right.ndim else ()), *shared_axes(right.shape)):
        over = say_axes(comparison, axes)
        first = right[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(right.ndim))]
        total = right.sum(axis=axes, keepdims=True)
        count = right.size // max(total.size, 1)
        placed = np.zeros_like(right)
        placed[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(right.ndim))] = total
        for label, words, candidate, magnified in (
            ("sum", f"the sum of the right one over every {over}, repeated", np.broadcast_to(total, right.shape), count),
            ("mean", f"the mean of the right one over every {over}, repeated", np.broadcast_to(total / count, right.shape), 1),
            ("first", f"that of the first {over}, repeated for all", np.broadcast_to(first, right.shape), 1),
            ("sum_in_first", f"the sum of the right one over every {over}, all of it at the first", placed, count),
        ):
            if comparison.accepts(candidate, magnified):
                levels = comparison.count_levels(candidate)
                bits = levels * comparison.bits_a_number - 10
                slug = slug_axes(comparison, axes)
                return comparison.fit(f"shared.{label}.{slug}", f"{comparison.wrong.name} is {words}.", bits, {"axes": axes})
    return None


def fit_same_along(comparison: Comparison) -> Fit | None:
    """What was given is the same along an axis along which the right one changes."""
    got, right = comparison.got, comparison.right
    if not comparison.same_shape or got.ndim == 0:
        return None
    for axes in (tuple(range(got.ndim)), *shared_axes(got.shape)):
        kept = got.mean(axis=axes, keepdims=True)
        if got.size < 3 or not comparison.is_close(got, np.broadcast_to(kept, got.shape)):
            continue
        spread = right.max(axis=axes) - right.min(axis=axes)
        if (spread <= 100 * comparison.tolerance).any():
            return None
        over = say_axes(comparison, axes)
        sentence = f"{comparison.wrong.name} is the same for every {over}, and should not be: is something summed, or taken from one alone?"
        bits = (got.size - kept.size) * comparison.bits_a_number - 10
        return comparison.fit(f"same_along.{slug_axes(comparison, axes)}", sentence, bits, {"axes": axes})
    return None


def fit_normalised(comparison: Comparison) -> Fit | None:
    """The sums that should be 1 are not, but those along another axis are."""
    got, right = comparison.got, comparison.right
    if not comparison.same_shape or got.ndim < 2 or comparison.wrong.kind != "value":
        return None

    def sums_to_one(array: Array, axes: Axes) -> bool:
        return bool(np.abs(array.sum(axis=axes) - 1).max() <= 1e-6)

    sets = [(axis,) for axis in range(got.ndim) if got.shape[axis] > 1] + [(0, got.ndim - 1), tuple(range(got.ndim))]
    meant = next((axes for axes in sets if sums_to_one(right, axes)), None)
    found = next((axes for axes in sets if sums_to_one(got, axes) and not sums_to_one(right, axes)), None)
    if meant is None or found is None:
        return None
    sentence = (
        f"{comparison.wrong.name} sums to 1 over every {say_axes(comparison, found)}, but should over every {say_axes(comparison, meant)}: "
        "the softmax runs along the wrong axis."
    )
    bits = got.sum(axis=found).size * comparison.bits_a_number - 6
    return comparison.fit(f"normalised.{slug_axes(comparison, found)}", sentence, bits, {"axes": found, "meant": meant})
