"""The right numbers in the wrong places: transposed, reshaped, flipped, rolled, shifted, shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from math import prod

import numpy as np

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array, say_axis


def fit_order(comparison: Comparison) -> Fit | None:
    """The right array's numbers, laid out otherwise."""
    right, got = comparison.right, comparison.got
    if not comparison.same_shape or right.size < 2:
        return None
    # Sorted numbers within the tolerance of each other: no order can help where this fails.
    if not comparison.is_close(np.sort(right, axis=None), np.sort(got, axis=None)):
        return None
    for label, words, candidate in _orders(comparison):
        if comparison.accepts(candidate):
            sentence = f"{comparison.wrong.name} has the right numbers in the wrong places: it is the right one, {words}."
            return comparison.fit(f"order.{label}", sentence, comparison.weigh_placing())
    return _fit_shuffled(comparison)


def fit_shift(comparison: Comparison) -> Fit | None:
    """The right array moved by one or two places along an axis, with zeros or whatever else coming in."""
    right, got = comparison.right, comparison.got
    if not comparison.same_shape:
        return None
    for axis, size in enumerate(right.shape):
        for places in (1, 2):
            if size < places + 3:
                continue
            head, tail = _cut(right, axis, 0, size - places), _cut(right, axis, places, size)
            for sign, (source, target) in ((1, (head, _cut(got, axis, places, size))), (-1, (tail, _cut(got, axis, 0, size - places)))):
                if not comparison.is_close(source, target) or not np.ptp(right, axis=axis).any():
                    continue
                what, way = say_axis(comparison.wrong, axis), "late" if sign > 0 else "early"
                sentence = f"{comparison.wrong.name} is the right one, but {places} {what}{'s' * (places > 1)} too {way}."
                levels = comparison.count_levels(target)
                bits = (levels - 1) * comparison.bits_a_number - 10
                return comparison.fit(f"shift.{what.replace(' ', '_')}.{sign * places:+d}", sentence, bits, {"axis": axis})
    return None


def _orders(comparison: Comparison) -> Iterator[tuple[str, str, Array]]:
    right = comparison.right
    shape, axes = right.shape, range(right.ndim)
    turns = [order for order in permutations(axes) if order != tuple(axes)] if right.ndim <= 4 else []
    for order in turns:
        if right.transpose(order).shape == shape:
            label = "transposed" if right.ndim == 2 else f"axes_exchanged.{_digits(order)}"
            words = "transposed" if right.ndim == 2 else f"with its axes in the order {order}"
            yield label, words, right.transpose(order)
    for count in range(1, min(right.ndim, 4) + 1):
        for chosen in combinations(axes, count):
            names = " and ".join(say_axis(comparison.wrong, axis) for axis in chosen)
            yield f"flipped.{_digits(chosen)}", f"with the order of every {names} reversed", np.flip(right, chosen)
    for axis in axes:
        for step in (1, -1, 2, -2):
            if shape[axis] > abs(step):
                what = say_axis(comparison.wrong, axis)
                yield f"rolled.{axis}.{step:+d}", f"with every {what} moved {step:+d} places around", np.roll(right, step, axis)
    for order in turns:
        words = "turned and then reshaped where it should only be reshaped"
        yield f"reshaped.{_digits(order)}", words, right.transpose(order).reshape(shape)
        turned = tuple(shape[axis] for axis in order)
        back = tuple(int(axis) for axis in np.argsort(order))
        yield f"reshaped_back.{_digits(order)}", "reshaped where its axes should be exchanged", right.reshape(turned).transpose(back)
    yield from _orders_of_others(comparison)


def _orders_of_others(comparison: Comparison) -> Iterator[tuple[str, str, Array]]:
    """Layouts of the numbers by another array's shape: flattened channels last, in columns, in Fortran's order."""
    right = comparison.right
    seen: set[tuple[int, ...]] = {right.shape}
    for name, array in comparison.wrong.arrays.items():
        if array.size != right.size or array.shape in seen or array.ndim > 4:
            continue
        seen.add(array.shape)
        inner = right.reshape(array.shape)
        for order in permutations(range(array.ndim)):
            if order != tuple(range(array.ndim)):
                words = f"as if the axes of {say_array(name)} stood in the order {order}"
                yield f"as_{name}.{_digits(order)}", words, inner.transpose(order).reshape(right.shape)
                yield f"from_{name}.{_digits(order)}", words, _undo(right, array.shape, order)
        yield f"fortran.{name}", "read column by column (order='F')", inner.ravel(order="F").reshape(right.shape)
    if right.ndim == 2:
        yield "columns_filled", "filled column by column", right.reshape(-1).reshape(right.shape[::-1]).T
    if right.ndim > 1:
        rows = right.reshape(len(right), prod(right.shape[1:]))
        yield "samples_mixed", "with the samples' numbers dealt out in turn", rows.reshape(-1, len(right)).T.reshape(right.shape)


def _undo(right: Array, shape: tuple[int, ...], order: tuple[int, ...]) -> Array:
    turned = right.reshape(tuple(shape[axis] for axis in order))
    return turned.transpose(np.argsort(order)).reshape(right.shape)


def _fit_shuffled(comparison: Comparison) -> Fit | None:
    """Whole slices of one axis in another order."""
    right, got = comparison.right, comparison.got
    for axis in range(right.ndim):
        if right.shape[axis] < 2 or right.size == right.shape[axis]:
            continue
        one = np.moveaxis(right, axis, 0).reshape(right.shape[axis], -1)
        other = np.moveaxis(got, axis, 0).reshape(right.shape[axis], -1)
        order = [int(np.abs(one - row).max(axis=1).argmin()) for row in other]
        if sorted(order) == list(range(len(order))) and comparison.is_close(one[order], other):
            what = say_axis(comparison.wrong, axis)
            sentence = f"{comparison.wrong.name} has every {what} right, but in the order {order}."
            return comparison.fit(f"order.shuffled.{axis}", sentence, comparison.weigh_placing(), {"order": order})
    return None


def _cut(array: Array, axis: int, start: int, stop: int) -> Array:
    return array[(slice(None),) * axis + (slice(start, stop),)]


def _digits(axes: tuple[int, ...]) -> str:
    return "".join(map(str, axes))
