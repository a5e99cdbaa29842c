"""Short words for a value, for messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np


def describe(value: object) -> str:
    """Say what a value is: "None", "float64 array of shape (3, 5)", "a list of 4 entries"."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    if isinstance(value, int | float):
        text = repr(value)
        return f"the number {text if len(text) <= 40 else text[:40] + '…'}"
    if isinstance(value, str):
        return f"the text {value[:60]!r}{'…' if len(value) > 60 else ''}"
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return f"a {kind} of {len(cast(Sequence[object], value))} entries"
    if isinstance(value, dict):
        return f"a dict of {len(cast(dict[str, object], value))} entries"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return f"an object of {_class_of(value)}"


def _class_of(value: object) -> str:
    from grader.remote.remote import Remote, type_name

    return f"type {type_name(value)}" if isinstance(value, Remote) else f"type {type(value).__name__}"
