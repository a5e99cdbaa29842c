"""Replacing whole lines of a text, and the blank lines that a removal leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Lines that are replaced."""

    first: int
    """The first line replaced, counted from 1."""
    last: int
    """The last line replaced."""
    lines: tuple[str, ...]
    """What stands there instead, without line ends; nothing removes the lines."""


def apply_edits(source: str, edits: Sequence[Edit]) -> str:
    """Return `source` with every edit applied; where a removal joins two runs of blank lines, the longer one stays."""
    # Line ends are tokenize's and ast's: a form feed inside a string is no line end, as it is for str.splitlines.
    lines = source.replace("\r\n", "\n").split("\n")
    for edit in sorted(edits, key=lambda edit: edit.first, reverse=True):
        first, last = edit.first - 1, edit.last
        if not edit.lines:
            before, after = _count_blank(lines[:first][::-1]), _count_blank(lines[last:])
            first -= min(before, after)
        lines[first:last] = edit.lines
    return "\n".join(lines).rstrip("\n") + "\n"


def _count_blank(lines: list[str]) -> int:
    return next((count for count, line in enumerate(lines) if line.strip()), len(lines))
