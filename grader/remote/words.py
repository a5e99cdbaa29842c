"""Short words for values and for what student code said; everything from behind the wall is made printable first."""

from __future__ import annotations

import signal
from typing import Any, cast

import numpy as np

_MAX_KEYS = 8


def clean(text: str, limit: int = 2_000) -> str:
    """Return a text of the submission's, cut, without control characters: no escape sequence reaches a terminal."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in cut)


def name_signal(number: int) -> str:
    """Return a signal's name, `SIGSEGV`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_plain(value: Any) -> str:
    """Say what a value that crossed is: "float64 array of shape (3, 5)"."""
    if isinstance(value, np.ndarray):
        array = cast("np.ndarray[Any, Any]", value)
        return f"{array.dtype} array of shape {array.shape}"
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int | float):
        text = repr(value)
        return f"the {type(value).__name__} {text if len(text) <= 40 else text[:40] + '…'}"
    if isinstance(value, str):
        return f"the text {clean(value, 60)!r}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        keys = [repr(clean(str(key), 30)) for key in list(cast("dict[Any, Any]", value))[: _MAX_KEYS + 1]]
        more = ", …" if len(keys) > _MAX_KEYS else ""
        return f"a dict with the keys {', '.join(keys[:_MAX_KEYS])}{more}" if keys else "an empty dict"
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return f"a {kind} of {len(cast('list[Any]', value))}"
    return f"an object of type {type(value).__name__}"
