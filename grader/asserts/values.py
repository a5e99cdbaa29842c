"""What came back over the wall, looked at before it is used.

A worker's answer can be anything: None, a list, an object that stayed behind. Checks pass every
answer through these functions first, so that a strange answer is a sentence to the student and
never an exception inside the grader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.fits import WrongArray, explain
from grader.diagnosis.words import ALONE
from grader.faults import CheckFailed, NotImplementedYet, SubmissionRaised
from grader.model.evidence import Evidence
from grader.remote.remote import describe
from grader.remote.words import clean

Array = NDArray[Any]


def fail(said: str, **fields: Any) -> NoReturn:
    """End the check: the submission is wrong, and `said` says how."""
    raise CheckFailed(Evidence(said=said, **fields))


def _say(value: Any) -> str:
    """Describe an answer; what a probe told in words, for it could not cross, is said in these words."""
    told = isinstance(value, str) and value.startswith(("an object of type ", "an array of dtype "))
    return clean(str(value), 80) if told else describe(value).replace("a Remote of type", "an object of type", 1)


def as_array(
    value: object,
    what: str,
    *,
    shape: tuple[int, ...] | None = None,
    dtype: Any = None,
    finite: bool = True,
) -> Array:
    """Return `value` as a real numeric array of `shape` and `dtype`, or fail the check.

    `what` names it in the message, "Dense.forward's result". A plain number counts as an array of shape ().
    """
    if isinstance(value, bool | int | float) and shape in (None, ()):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        wanted = "an array" if shape is None else f"an array of shape {shape}"
        fail(f"{what} is {_say(value)}, not {wanted}.", expected=wanted, got=_say(value))
    array = cast(Array, value)
    if shape is not None and array.shape != tuple(shape):
        fail(f"{what} has the wrong shape.", expected=str(tuple(shape)), got=str(array.shape))
    if dtype is not None and array.dtype != np.dtype(dtype):
        fail(f"{what} has the wrong dtype.", expected=str(np.dtype(dtype)), got=str(array.dtype))
    if finite and array.dtype.kind == "f" and not bool(np.isfinite(array).all()):
        bad = np.argwhere(~np.isfinite(array))[0]
        place = tuple(int(i) for i in bad)
        fail(f"{what} contains {array[place]}.", expected="finite numbers everywhere", got=str(array[place]), where=f"index {place}")
    return array


def as_number(value: object, what: str, *, finite: bool = True) -> float:
    """Return `value` as a float; an array of one entry counts, anything else fails the check."""
    if isinstance(value, np.ndarray):
        array = cast(Array, value)
        if array.size == 1 and array.dtype.kind in "fiu":
            value = float(array.reshape(-1)[0])
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(f"{what} is {_say(value)}, not a number.", expected="a number", got=_say(value))
    try:
        number = float(value)
    except OverflowError:
        fail(f"{what} is too large for a float.", expected="a number", got="an integer of more than 300 digits")
    if finite and not np.isfinite(number):
        fail(f"{what} is {number}.", expected="a finite number", got=str(number))
    return number


def as_labels(value: object, what: str, *, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return `value` as integer labels of `shape`, or fail the check."""
    labels = as_array(value, what, shape=shape)
    if labels.dtype.kind not in "iu":
        fail(f"{what} has dtype {labels.dtype}.", expected="an integer array", got=str(labels.dtype))
    return labels.astype(np.int64)


def as_dict(value: object, what: str, *, keys: Sequence[str] | None = None) -> dict[str, Any]:
    """Return `value` as a dict with at least `keys`, or fail the check."""
    if not isinstance(value, dict):
        fail(f"{what} is {_say(value)}, not a dict.", expected="a dict", got=_say(value))
    found = cast(dict[str, Any], value)
    missing = [key for key in keys or () if key not in found]
    if missing:
        present = ", ".join(sorted(found)) or "nothing"
        fail(f"{what} lacks {', '.join(missing)}.", expected=f"the keys {', '.join(keys or ())}", got=present)
    return found


def as_list(value: object, what: str, *, length: int | None = None) -> list[Any]:
    """Return `value` as a list (of `length`), or fail the check."""
    if not isinstance(value, list):
        fail(f"{what} is {_say(value)}, not a list.", expected="a list", got=_say(value))
    found = cast(list[Any], value)
    if length is not None and len(found) != length:
        fail(f"{what} has {len(found)} entries.", expected=f"{length} entries", got=f"{len(found)}")
    return found


def assert_close(
    got: object,
    expected: Any,
    what: str,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    hint: str = "",
    dtype: Any = None,
) -> Array:
    """Fail unless `got` has `expected`'s shape and every entry is within `atol + rtol * |expected|`; return it as an array."""
    wanted = np.asarray(expected)
    array = as_array(got, what, shape=wanted.shape, dtype=dtype)
    error = np.abs(array.astype(np.float64) - wanted.astype(np.float64))
    bound = atol + rtol * np.abs(wanted.astype(np.float64))
    # `not <=` and not `>`: a NaN must fail.
    wrong = ~(error <= bound)
    if bool(wrong.any()):
        _fail_apart(array, wanted, error, wrong, what, rtol, atol, hint)
    return array


def _fail_apart(array: Array, wanted: Array, error: Array, wrong: Array, what: str, rtol: float, atol: float, hint: str) -> NoReturn:
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.where(wrong, error, -1.0))), array.shape))
    fit = None if _is_round(wanted) else explain(WrongArray(ALONE, "value", wanted, array))
    share = f"{int(wrong.sum())} of {wrong.size} entries are wrong" if wrong.size > 1 else "the number is wrong"
    fail(
        f"{what}: {share}.",
        expected=f"{wanted[place]:.8g}" if wanted.dtype.kind == "f" else str(wanted[place]),
        got=f"{array[place]:.8g}" if array.dtype.kind == "f" else str(array[place]),
        where=f"index {place} of shape {array.shape}" if array.ndim else "",
        tolerance=f"{atol:g} + {rtol:g} x |expected|",
        hint=hint or (fit.sentence if fit and fit.telling else ""),
        facts={
            "shape": list(array.shape),
            "wrong": int(wrong.sum()),
            "worst": list(place),
            "max_error": float(error.max()),
            **({"fit": fit.label, "fit_certainty": fit.certainty, "fit_alone": True} if fit else {}),
        },
    )


def _is_round(numbers: Array) -> bool:
    """Among numbers chosen by hand, structures are found that nobody meant."""
    return numbers.size < 2 or bool(np.array_equal(np.round(numbers.astype(np.float64), 2), numbers))


def assert_equal(got: object, expected: Any, what: str, *, hint: str = "") -> Array:
    """Fail unless `got` is an array (or number) equal to `expected` entry by entry."""
    return assert_close(got, expected, what, rtol=0.0, atol=0.0, hint=hint)


def assert_refuses(call: Callable[[], object], said: str, *, names: Sequence[str] | None = None) -> None:
    """Fail unless `call()` makes student code raise a ValueError whose text has one of `names` (None: any text).

    `said` describes what was asked for: "Conv2D(1, 2, kernel_size=0)".
    """
    wanted = "a ValueError" + (f" that names {' or '.join(names)}" if names else "")
    try:
        call()
    except NotImplementedYet:
        raise
    except SubmissionRaised as fault:
        if "ValueError" not in fault.bases:
            fail(f"{said} raised {fault.type_name}.", expected=wanted, got=f"{fault.type_name}: {fault.text}"[:300])
        if names and not any(_is_named(name, fault.text) for name in names):
            fail(
                f"{said} was refused, but the message does not say which argument is wrong.",
                expected=wanted,
                got=f"ValueError: {fault.text}"[:300],
            )
        return
    fail(f"{said} was accepted.", expected=wanted, got="no exception")


def _is_named(name: str, text: str) -> bool:
    """Whether a message names an argument: short names must stand alone, longer ones may be part of a word ("beta" of "betas")."""
    pattern = rf"\b{re.escape(name)}\b" if len(name) <= 2 else re.escape(name)
    return re.search(pattern, text, re.IGNORECASE) is not None
