"""What a check saw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

_MAX_TEXT = 2_000
_MAX_ITEMS = 50
_MAX_DEPTH = 5


@dataclass(frozen=True)
class Evidence:
    """Said to the student, kept in the report: plain and bounded."""

    said: str
    """What was checked and what was seen: a sentence, or a few short lines."""
    expected: str = ""
    """What the contract asks for, in words or numbers."""
    got: str = ""
    """What the submission gave instead."""
    where: str = ""
    """The worst place: an index, a shape, a file and line."""
    tolerance: str = ""
    """How far apart the two may be."""
    hint: str = ""
    """The likely cause and where to look; never the solution's code."""
    replay: str = ""
    """Lines of Python that show the fault with the student's package alone; for public checks."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Shapes, seeds, worst entries, relative errors: anything that `plain` can reduce."""

    def message(self) -> str:
        """The lines that a student reads: one to six."""
        lines = [self.said]
        for label, text in (("expected", self.expected), ("got", self.got), ("at", self.where), ("tolerance", self.tolerance)):
            if text:
                lines.append(f"{label}: {text}")
        return "\n".join(lines)


def plain(value: Any, depth: int = 0) -> Plain:
    """Reduce any trusted value to bounded JSON types; NaN and infinities become strings, arrays become lists.

    Works by duck type (`tolist`) so that the record needs no NumPy. Never give it an object that student code made.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + f"… ({len(value)} characters)"
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        items = list(cast(Mapping[Any, Any], value).items())
        return {str(key): plain(entry, depth + 1) for key, entry in items[:_MAX_ITEMS]}
    if isinstance(value, list | tuple):
        listed = cast(Sequence[Any], value)
        reduced = [plain(entry, depth + 1) for entry in listed[:_MAX_ITEMS]]
        return reduced if len(listed) <= _MAX_ITEMS else [*reduced, f"… ({len(listed)} in all)"]
    if hasattr(value, "tolist"):
        return plain(value.tolist(), depth)
    return plain(str(value), depth)
