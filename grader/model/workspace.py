"""The folder that a worker imports a submission from."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from grader.faults import GraderFault
from grader.model.submission import Submission, SubmittedFile


@dataclass(frozen=True)
class Workspace:
    """A folder with a submission's `pytorchnano/**/*.py` and nothing else: no file of staff's is ever in it."""

    root: Path
    """Goes on the worker's `sys.path`; the worker may read it and not write to it."""
    files: tuple[SubmittedFile, ...]
    """What the folder holds, with the digests taken at intake."""

    @property
    def modules(self) -> tuple[str, ...]:
        """Dotted names of everything importable, sorted."""
        return tuple(sorted(file.module for file in self.files))

    def read_files(self) -> dict[str, bytes]:
        """Every file's content by path, as it was at intake.

        Raises GraderFault when a file is no longer what intake wrote: student code without isolation could have changed it.
        """
        return {file.path: _read_unchanged(self.root, file) for file in self.files}


def assemble(submission: Submission) -> Workspace:
    """The workspace of a submission: intake's private copy is already what a worker may see.

    Raises GraderFault when the copy is gone, or no folder.
    """
    if not submission.root.is_dir():
        raise GraderFault(f"the copy of submission {submission.id} is gone: {submission.root} is no folder; open the submission again")
    return Workspace(root=submission.root, files=submission.files)


def _read_unchanged(root: Path, file: SubmittedFile) -> bytes:
    try:
        descriptor = os.open(root / file.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as opened:
            content = opened.read(file.bytes + 1)
    except OSError as error:
        raise GraderFault(f"{file.path} can't be read from the workspace any more: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise GraderFault(f"{file.path} in the workspace is not what intake wrote: something changed it while it was graded")
    return content
