"""An array of the wrong shape whose numbers still tell: flat, transposed, cut off, with a border, summed over another axis."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

from grader.diagnosis.fits.evidence import Comparison
from grader.diagnosis.fits.records import Array, Fit
from grader.diagnosis.fits.regions import say_array


def fit_shape(comparison: Comparison) -> Fit | None:
    """The right numbers, or some of them, or sums of them, in another shape."""
    if comparison.same_shape:
        return None
    right, got, name = comparison.right, comparison.got, comparison.wrong.name
    shapes = f"{name} has the shape {got.shape} and should have {right.shape}"
    if got.size == 0:
        sentence = f"{shapes}: nothing is left of it. In Python, x[0:-0] is empty."
        return comparison.fit("shape.empty", sentence, 40.0) if right.size else None
    for label, words, candidate, magnified in (*_same_numbers(comparison), *_parts(comparison), *_sums(comparison)):
        if comparison.accepts(candidate, magnified):
            bits = comparison.count_levels(candidate) * comparison.bits_a_number - 10
            return comparison.fit(f"shape.{label}", f"{shapes}: {words}.", bits)
    return _fit_larger(comparison, shapes) or _fit_unsummed(comparison, shapes)


def _same_numbers(comparison: Comparison) -> Iterator[tuple[str, str, Array, float]]:
    right, shape = comparison.right, comparison.got.shape
    if right.size != comparison.got.size:
        return
    squeezed = tuple(size for size in shape if size > 1)
    if squeezed == tuple(size for size in right.shape if size > 1):
        yield "extra_axis", "the numbers are right; an axis of length 1 is too much, or missing", right.reshape(shape), 1
    yield "reshaped", "the numbers are right and in the right order, only their shape is not", right.reshape(shape), 1
    if right.ndim <= 4:
        for order in permutations(range(right.ndim)):
            turned = right.transpose(order)
            if turned.shape == shape:
                yield "transposed", "it is the right one with its axes exchanged", turned, 1
            yield f"turned_reshaped.{''.join(map(str, order))}", "its axes are exchanged, and then it is reshaped", turned.reshape(shape), 1


def _parts(comparison: Comparison) -> Iterator[tuple[str, str, Array, float]]:
    right, shape = comparison.right, comparison.got.shape
    if len(shape) != right.ndim or any(size > full for size, full in zip(shape, right.shape, strict=True)):
        return
    starts = tuple(slice(0, size) for size in shape)
    yield "part.start", "it is the beginning of the right one, and the rest is missing", right[starts], 1
    ends = tuple(slice(full - size, full) for size, full in zip(shape, right.shape, strict=True))
    yield "part.end", "it is the end of the right one, and the beginning is missing", right[ends], 1
    steps = tuple(slice(0, None, -(-full // size)) for size, full in zip(shape, right.shape, strict=True))
    yield "part.steps", "it has only every second or third index of the right one", right[steps], 1


def _sums(comparison: Comparison) -> Iterator[tuple[str, str, Array, float]]:
    shape = comparison.got.shape
    arrays = {"the right one": comparison.right, **{say_array(name): array for name, array in comparison.wrong.arrays.items()}}
    for words, array in arrays.items():
        if array.ndim > 4 or array.dtype.kind not in "fiu":
            continue
        slug = words.removeprefix("the ").replace(" ", "_")
        for count in range(1, array.ndim + 1):
            for axes in combinations(range(array.ndim), count):
                over = " and ".join(map(str, axes))
                total = array.sum(axis=axes)
                if total.shape != shape:
                    total = array.sum(axis=axes, keepdims=True)
                if total.shape != shape:
                    continue
                size = max(1, array.size // max(1, total.size))
                digits = "".join(map(str, axes))
                yield f"sum.{slug}.{digits}", f"it is the sum of {words} over axis {over}", total, size
                yield f"mean.{slug}.{digits}", f"it is the mean of {words} over axis {over}", total / size, 1
        if array.shape == shape:
            yield f"equals.{slug}", f"it is {words}, entry by entry", array, 1
        elif array.size == comparison.got.size:
            yield f"reshaped.{slug}", f"it holds the numbers of {words}", array.reshape(shape), 1


def _fit_larger(comparison: Comparison, shapes: str) -> Fit | None:
    """The right one with something around it."""
    right, got = comparison.right, comparison.got
    if got.ndim != right.ndim or any(size < part for size, part in zip(got.shape, right.shape, strict=True)) or got.ndim > 4:
        return None
    rooms = [size - part for size, part in zip(got.shape, right.shape, strict=True)]
    # All around, all at the end or all at the beginning: anything between may be chance.
    for offset in dict.fromkeys((tuple(0 for _ in rooms), tuple(room // 2 for room in rooms), tuple(rooms))):
        inner = got[tuple(slice(start, start + part) for start, part in zip(offset, right.shape, strict=True))]
        if not comparison.is_close(inner, right):
            continue
        bits = comparison.count_levels(right) * comparison.bits_a_number - 10
        if not any(offset):
            words = f"{shapes}: it begins as the right one, and then there is more."
            return comparison.fit("shape.more_at_end", words, bits, {"more": rooms})
        words = f"{shapes}: the right one lies in it, from index {offset}; around it there is a border that is not cut off."
        return comparison.fit("shape.border", words, bits, {"offset": offset})
    return None


def _fit_unsummed(comparison: Comparison, shapes: str) -> Fit | None:
    """What was given becomes the right one by a sum or a mean over some axes that was left out."""
    right, got = comparison.right, comparison.got
    if got.ndim <= right.ndim or got.ndim > 4:
        return None
    for axes in combinations(range(got.ndim), got.ndim - right.ndim):
        total = got.sum(axis=axes)
        if total.shape != right.shape:
            continue
        count = got.size // max(1, right.size)
        bits = comparison.count_levels(right) * comparison.bits_a_number - 10
        for label, words, candidate in (("sum", "sum", total), ("mean", "mean", total / count)):
            if comparison.is_close(candidate, right):
                over = " and ".join(map(str, axes))
                sentence = f"{shapes}: its {words} over axis {over} is the right one and is missing."
                return comparison.fit(f"shape.{label}_missing", sentence, bits)
    return None

