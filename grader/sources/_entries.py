"""What a reader of an archive gives."""

from __future__ import annotations

from dataclasses import dataclass

from grader.sources._intake import Kind, Read


class ArchiveFault(Exception):
    """The archive, or the rest of it, can't be read; the text says why, to follow its name: `is cut off before its end`."""


@dataclass(frozen=True)
class Entry:
    """One member of an archive."""

    name: str
    """As stored: nothing about it is checked yet."""
    kind: Kind
    """What it says it is."""
    read: Read
    """Gives at most so many bytes of it; raises EntryFault where it can't."""
