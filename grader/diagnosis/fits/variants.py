"""What may have stood in an array's or a setting's place: reversed, of the first sample, of the default, with its sides exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np

from grader.diagnosis.fits.records import Array, Setting, WrongArray
from grader.diagnosis.fits.regions import one_hot, say_array

_INPUTS = ("input", "prediction")
_FIXED = ("output", "grad_output", "target", *_INPUTS)


@dataclass(frozen=True)
class Variant:
    """Arguments of `right_at`, and how they are told."""

    label: str
    """`W.flipped.23`, `stride.sides_exchanged`."""
    words: str
    """Goes on after "as if": `the two sides of stride were exchanged`."""
    changes: dict[str, Any]
    """What is exchanged."""


def vary(wrong: WrongArray) -> Iterator[Variant]:
    """Every variant of what is around, the likely ones first."""
    for name, others in wrong.others.items():
        for words, array in others.items():
            yield Variant(f"{name}.{words.replace(' ', '_')}", f"{say_array(name)} were that {words}", {name: array})
    # A caller that keeps the Jacobian answers these for nothing.
    if "grad_output" in wrong.arrays and wrong.arrays["grad_output"].size > 1:
        yield from _vary_batch("grad_output", wrong.arrays["grad_output"])
    for name, value in wrong.settings.items():
        yield from _vary_setting(wrong, name, value)
    if "target" in wrong.arrays:
        yield from _vary_target(wrong.arrays["target"], wrong)
    for name, array in wrong.arrays.items():
        if array.dtype.kind != "f" or array.size < 2 or name == "output":
            continue
        if name in _INPUTS:
            yield from _vary_batch(name, array)
        if name in _INPUTS:
            yield from _vary_input(name, array, wrong)
        elif name not in _FIXED and wrong.name != f"d{name}":
            # A parameter's own gradient follows it too loosely for a match to tell.
            yield from _vary_parameter(name, array)


def _vary_setting(wrong: WrongArray, name: str, value: Setting) -> Iterator[Variant]:
    """One variant a value; where several stories lead to it, all of them are told."""
    stories: dict[Setting, list[tuple[str, str]]] = {}
    for label, words, other in _stories(wrong, name, value):
        if other != value:
            stories.setdefault(other, []).append((label, words))
    said = name.replace("_", " ")
    for other, told in stories.items():
        label = "|".join(label for label, _ in told)
        words = " or ".join(words for _, words in told)
        yield Variant(f"{name}.{label}", f"{said} were {other} and not {value}: {words}", {name: other})


def _stories(wrong: WrongArray, name: str, value: Setting) -> Iterator[tuple[str, str, Setting]]:
    if isinstance(value, bool):
        yield f"is_{not value}", "taken for its contrary", not value
        return
    if isinstance(value, int):
        return  # a count: another one would change every shape
    if name in wrong.defaults:
        yield "default", "its default, whatever is given", wrong.defaults[name]
    if isinstance(value, float):
        yield "zero", "left out", 0.0
        yield "one", "left out", 1.0
        yield "minus", "the sign lost", -value
        yield "complement", "what is left to 1 in its place", 1 - value
        return
    rows, columns = value
    yield "sides_exchanged", "its two sides exchanged", (columns, rows)
    yield "rows_for_both", "its first number taken for both sides", (rows, rows)
    yield "columns_for_both", "its second number taken for both sides", (columns, columns)
    for other, pair in wrong.settings.items():
        if isinstance(pair, tuple) and other != name:
            yield f"is_{other}", f"that of {other.replace('_', ' ')} in its place", pair
    yield "ignored", "left out", (0, 0) if name == "padding" else (1, 1)


def _vary_target(target: Array, wrong: WrongArray) -> Iterator[Variant]:
    if target.dtype.kind in "iu":
        yield Variant("target.minus_one", "every class had the number below: they are counted from 0", {"target": target - 1})
        yield Variant("target.plus_one", "every class had the number above", {"target": target + 1})
    else:
        yield Variant("target.rounded", "the target were rounded to 0 or 1", {"target": np.round(target)})
        if target.ndim == 2:
            largest = np.asarray(one_hot(target.argmax(axis=1), target.shape), dtype=target.dtype)
            yield Variant("target.largest", "only the largest entry of each target row counted, as 1", {"target": largest})
    yield Variant("target.reversed", "every sample had another sample's target", {"target": target[::-1]})
    yield Variant("target.first", "every sample had the first one's target", {"target": np.repeat(target[:1], len(target), axis=0)})


def _vary_batch(name: str, array: Array) -> Iterator[Variant]:
    if len(array) < 2:
        return
    words = say_array(name)
    yield Variant(f"{name}.reversed", f"{words} of another sample were taken for each", {name: array[::-1].copy()})
    first = np.repeat(array[:1], len(array), axis=0)
    yield Variant(f"{name}.first_for_all", f"{words} of the first sample were taken for all", {name: first})
    if name != "grad_output":
        return
    yield Variant("grad_output.ones", "the upstream gradient were 1 everywhere: it is not used", {name: np.ones_like(array)})
    for label, said, index in (
        ("only_first_sample", "only the first sample counted", slice(1, None)),
        ("only_last_sample", "only the last sample counted", slice(None, -1)),
        ("without_first_sample", "the first sample did not count", slice(0, 1)),
        ("without_last_sample", "the last sample did not count", slice(-1, None)),
    ):
        yield Variant(f"{name}.{label}", said, {name: _silence(array, (index,))})
    for axis in range(2, array.ndim):
        side = ("rows", "columns")[axis - 2] if axis < 4 else f"entries of axis {axis}"
        for label, index in (("first", slice(0, 1)), ("last", slice(-1, None))):
            silent = _silence(array, (*(slice(None),) * axis, index))
            words = f"the {label} of the upstream gradient's {side} did not count"
            yield Variant(f"{name}.without_{label}_{side}", words, {name: silent})
        silent = _silence(array, (*(slice(None),) * axis, slice(1, None)))
        yield Variant(f"{name}.only_first_{side}", f"only the first of the upstream gradient's {side} counted", {name: silent})
    yield Variant(f"{name}.mean", "every entry of the upstream gradient were their mean", {name: np.full_like(array, array.mean())})
    yield Variant(f"{name}.absolute", "the upstream gradient had lost its sign", {name: np.abs(array)})


def _silence(array: Array, index: tuple[slice, ...]) -> Array:
    silent = array.copy()
    silent[index] = 0
    return silent


def _vary_input(name: str, array: Array, wrong: WrongArray) -> Iterator[Variant]:
    words = say_array(name)
    padding = wrong.settings.get("padding")
    if isinstance(padding, tuple) and array.ndim == 4:
        (top, left) = padding
        for label, said, sides in (
            ("all_before", "all of the padding stood above and to the left", ((2 * top, 0), (2 * left, 0))),
            ("all_after", "all of the padding stood below and to the right", ((0, 2 * top), (0, 2 * left))),
            ("once_before", "there were padding above and to the left only", ((top, 0), (left, 0))),
            ("once_after", "there were padding below and to the right only", ((0, top), (0, left))),
            ("one_more", "one more row and column of padding stood below and to the right", ((top, top + 1), (left, left + 1))),
        ):
            yield Variant(f"padding.{label}", said, {"padding": (0, 0), name: np.pad(array, ((0, 0), (0, 0), *sides))})
        if 0 < top < array.shape[2] or 0 < left < array.shape[3]:
            for mode, said in (("edge", "the border's own pixels"), ("reflect", "a mirrored border"), ("wrap", "the other side's pixels")):
                padded = np.pad(array, ((0, 0), (0, 0), (top, top), (left, left)), mode=mode)  # type: ignore[call-overload]
                yield Variant(f"padding.{mode}", f"the padding held {said}", {"padding": (0, 0), name: padded})
    if name == "prediction":
        yield from _clip(name, array)
    yield Variant(f"{name}.negative", f"{words} had the other sign", {name: -array})


def _clip(name: str, array: Array) -> Iterator[Variant]:
    """Probabilities kept away from 0, or from 0 and 1; logits as far as clipped probabilities let them."""
    words, probable = say_array(name), bool(array.min() >= 0 and array.max() <= 1)
    for exponent in range(1, 16):
        bound = 10.0**-exponent
        logit = float(np.log(1 / bound - 1))
        for label, low, high in (("below", bound, np.inf), ("both_sides", bound, 1 - bound)) if probable else (("logits", -logit, logit),):
            clipped = np.clip(array, low, high)
            if (clipped != array).any() and (probable or exponent > 2):
                limits = f"to {low:.4g} and above" if label == "below" else f"between {low:.4g} and {high:.8g}"
                yield Variant(f"{name}.clipped.{label}", f"{words} were clipped {limits}", {name: clipped})


def _vary_parameter(name: str, array: Array) -> Iterator[Variant]:
    axes = range(array.ndim)
    words = say_array(name)
    for count in range(1, min(array.ndim, 4) + 1):
        for chosen in combinations(axes, count):
            # A kernel is turned in its last two axes; other axes are tried one by one.
            if count == 1 or chosen == (array.ndim - 2, array.ndim - 1):
                digits = "".join(map(str, chosen))
                turned = np.flip(array, chosen).copy()
                along = " and ".join(map(str, chosen))
                yield Variant(f"{name}.flipped.{digits}", f"{words} were reversed along axis {along}", {name: turned})
    exchanges = [order for order in permutations(axes) if sum(order[axis] != axis for axis in axes) == 2]
    for order in dict.fromkeys([*exchanges, tuple(axes)[::-1]]):
        turned = array.transpose(order)
        if order != tuple(axes) and turned.shape == array.shape:
            yield Variant(f"{name}.transposed", f"{words} were transposed", {name: turned.copy()})
        if order != tuple(axes):
            yield Variant(f"{name}.reshaped", f"{words} were reshaped where it has to be transposed", {name: turned.reshape(array.shape)})
            back = array.reshape(turned.shape).transpose(np.argsort(order))
            yield Variant(f"{name}.reshaped", f"{words} were reshaped where it has to be transposed", {name: back.copy()})
    if len(array) > 1:
        yield Variant(f"{name}.first_for_all", f"the first of {words} were taken for all", {name: np.repeat(array[:1], len(array), axis=0)})
    yield Variant(f"{name}.zeros", f"{words} were 0: it is left out", {name: np.zeros_like(array)})
    yield Variant(f"{name}.ones", f"{words} were 1: it is left out", {name: np.ones_like(array)})
