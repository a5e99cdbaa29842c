"""A submission: what was handed in, after intake."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "pytorchnano"
"""The folder that a submission holds, and the name it is imported by."""


@dataclass(frozen=True)
class SubmittedFile:
    """One file that intake kept."""

    path: str
    """Relative to the submission, with slashes and in printable characters: `pytorchnano/layers.py`."""
    bytes: int
    """Size."""
    sha256: str
    """Digest of the content, hexadecimal."""

    @property
    def module(self) -> str:
        """The dotted name it is imported by, `pytorchnano.layers`; a package's `__init__.py` has the package's name."""
        parts = self.path.removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True)
class Submission:
    """What was handed in: a private copy of its package, and what intake had to say about the rest."""

    id: str
    """Names the submission in a class; printable, taken from the name of the folder or archive."""
    owners: tuple[str, ...]
    """Who handed it in, where the source knows."""
    root: Path
    """A folder of the grader's own that holds the kept files and nothing else."""
    source: str
    """The kind of input it came from: a module's name in `grader/sources/`."""
    files: tuple[SubmittedFile, ...]
    """What intake kept, `pytorchnano/**/*.py`, sorted by path; empty where there was no package."""
    notes: tuple[str, ...]
    """What intake found wrong or left out, as sentences; printable, a bounded number of them."""

    @property
    def sha256(self) -> str:
        """One digest over paths and contents of the kept files."""
        return digest_files(self.files)

    def for_report(self) -> dict[str, Any]:
        """The `submission` part of `report.json`."""
        files = [{"path": f.path, "bytes": f.bytes, "sha256": f.sha256} for f in self.files]
        return {"id": self.id, "owners": list(self.owners), "sha256": self.sha256, "files": files, "notes": list(self.notes)}


def digest_files(files: Iterable[SubmittedFile]) -> str:
    """SHA-256 of a line `sha256 path` for each file, in order of the paths; that of nothing where there are none."""
    lines = [f"{file.sha256} {file.path}\n" for file in sorted(files, key=lambda f: f.path)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
