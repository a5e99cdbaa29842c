"""Do two transcripts agree? Compared is what the contract speaks of: structure, shapes, numbers, types of exceptions.

Texts of exceptions, types of objects that stayed in the worker, and the width of floats are a style's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.transcript import Exchange, Kept, Stopped

CLOSE = 1e-6
"""Largest difference of two arrays that agree, relative to their largest entry: styles sum in different orders."""
SAME_QUESTION = 1e-10
"""Likewise for what is handed over: two steps of a finite difference are two questions."""
FLOOR = 1e-13
"""Entries this small are round-off."""
APART = math.inf

_STATE_WORDS = 624


def is_close(one: Exchange, other: Exchange) -> bool:
    """Whether two answers to one question agree."""
    return measure_distance(one.answer, other.answer) <= CLOSE


def is_same_question(one: Exchange, other: Exchange) -> bool:
    """Whether both were asked the same, with the same numbers."""
    return one.question == other.question and measure_distance(one.given, other.given) <= SAME_QUESTION


def measure_distance(one: Any, other: Any) -> float:
    """Return the largest relative difference of two answers' numbers, or infinity where their structure differs.

    Relative to the largest finite entry of the array that a number stands in. NaN and infinities must stand in the same places.
    """
    if isinstance(one, Stopped) or isinstance(other, Stopped):
        return 0.0 if isinstance(one, Stopped) and isinstance(other, Stopped) and one == other else APART
    if isinstance(one, Kept) or isinstance(other, Kept):
        return 0.0 if type(one) is type(other) else APART
    if _is_numeric(one) and _is_numeric(other):
        return _measure_arrays(np.asarray(one), np.asarray(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return _measure_dicts(cast("dict[str, Any]", one), cast("dict[str, Any]", other))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return _measure_lists(cast("list[Any]", one), cast("list[Any]", other))
    if isinstance(one, str) and isinstance(other, str):
        return 0.0 if _reduce_words(one) == _reduce_words(other) else APART
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):  # of texts or objects
        return 0.0 if bool(np.array_equal(cast(NDArray[Any], one), cast(NDArray[Any], other))) else APART
    if type(cast(Any, one)) is not type(other):
        return APART
    if one is None or isinstance(one, int | bytes):
        return 0.0 if one == other else APART
    return 0.0  # what is no value: a remote among the things handed over


def is_alike(one: Any, other: Any) -> bool:
    """Whether two answers have the same structure, shapes and kinds, whatever their numbers: draws of one's own."""
    if _is_numeric(one) and _is_numeric(other):
        first, second = np.asarray(one), np.asarray(other)
        return first.shape == second.shape and _name_kind(first) == _name_kind(second)
    if isinstance(one, dict) and isinstance(other, dict):
        firsts, seconds = cast("dict[str, Any]", one), cast("dict[str, Any]", other)
        return firsts.keys() == seconds.keys() and all(is_alike(value, seconds[name]) for name, value in firsts.items())
    if isinstance(one, list) and isinstance(other, list):
        pair = (cast("list[Any]", one), cast("list[Any]", other))
        return len(pair[0]) == len(pair[1]) and all(is_alike(a, b) for a, b in zip(*pair, strict=True))
    if isinstance(one, bytes) and isinstance(other, bytes):
        return True
    return measure_distance(one, other) <= CLOSE


def is_reshaped(one: Any, other: Any) -> bool:
    """Whether two answers hold the same numbers in the same order, in whatever shapes."""
    return measure_distance(_flatten(one), _flatten(other)) <= CLOSE


def _flatten(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return cast(NDArray[Any], value).reshape(-1)
    if isinstance(value, dict):
        return {name: _flatten(entry) for name, entry in cast("dict[str, Any]", value).items()}
    return [_flatten(entry) for entry in cast("list[Any]", value)] if isinstance(value, list) else value


def _is_numeric(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return cast(NDArray[Any], value).dtype.kind in "fiub"
    return isinstance(value, bool | int | float) and (not isinstance(value, int) or abs(value) < 2**63)


def _measure_arrays(one: NDArray[Any], other: NDArray[Any]) -> float:
    if one.shape != other.shape or _name_kind(one) != _name_kind(other):
        return APART
    if one.dtype.kind != "f":
        return 0.0 if bool(np.array_equal(one, other)) else APART
    first, second = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(first)
    if not bool(np.array_equal(finite, np.isfinite(second))):
        return APART
    if not bool(finite.all()):
        if not bool(np.array_equal(first[~finite], second[~finite], equal_nan=True)):
            return APART
        first, second = first[finite], second[finite]
    if not first.size:
        return 0.0
    largest = max(float(np.abs(first).max()), float(np.abs(second).max()))
    with np.errstate(over="ignore"):
        off = float(np.abs(first - second).max())
    return 0.0 if off <= FLOOR else off / largest


def _name_kind(array: NDArray[Any]) -> str:
    return "i" if array.dtype.kind == "u" else array.dtype.kind


def _measure_lists(one: Sequence[Any], other: Sequence[Any]) -> float:
    if len(one) != len(other):
        return APART
    return max((measure_distance(a, b) for a, b in zip(one, other, strict=True)), default=0.0)


def _measure_dicts(one: dict[str, Any], other: dict[str, Any]) -> float:
    if one.keys() != other.keys():
        return APART
    # Seconds are the machine's.
    pairs = {name: (value, other[name]) for name, value in one.items() if not name.endswith("_s")}
    if "before" in one and "after" in one and _is_random_state(one["before"]) and _is_random_state(other["before"]):
        # Which draws moved the global state is a style's own; that something did is not.
        moved = [measure_distance(answer["before"], answer["after"]) > 0 for answer in (one, other)]
        if moved[0] != moved[1]:
            return APART
        del pairs["after"]
    return max((measure_distance(a, b) for a, b in pairs.values()), default=0.0)


def _is_random_state(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    words = cast("list[Any]", value)[0]
    return isinstance(words, np.ndarray) and cast(NDArray[Any], words).shape == (_STATE_WORDS,)


def _reduce_words(text: str) -> str:
    """A type's name is a style's own, and every worker's scratch folder has another path."""
    if text.startswith("an object of type "):
        return "an object"
    return text.rpartition("/")[2] if text.startswith("/") else text
