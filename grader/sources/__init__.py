"""Where submissions come from: one module a kind of input, each with `takes(location)` and `find(location, into)`.

`open_submission` is intake's one door. Whatever lies at the path, empty, broken or hostile, becomes a `Submission` whose notes say
what is wrong with it; a fault is raised only where nothing lies there, or the caller may not read it.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from grader.faults import RequestFault, UnreadableSubmission
from grader.model.submission import Submission
from grader.sources import archive, folder
from grader.sources._intake import IntakeLimits, printable

__all__ = ["IntakeLimits", "open_submission"]


@contextmanager
def open_submission(location: Path, limits: IntakeLimits | None = None) -> Generator[Submission, None, None]:
    """One submission, from a folder, a .zip or a .tar.gz; its private copy is removed at the end.

    Raises RequestFault where nothing is at the path, UnreadableSubmission where the caller may not read it.
    """
    _require(location)
    source = folder if folder.takes(location) else archive
    with tempfile.TemporaryDirectory(prefix="grader-") as outer:
        # A worker may run as another user, so it has to get through; the name inside can't be guessed or listed by others.
        Path(outer).chmod(0o711)
        into = Path(tempfile.mkdtemp(dir=outer))
        into.chmod(0o755)
        yield source.find(location, into, limits)[0]


def _require(location: Path) -> None:
    shown = printable(str(location), longest=300)
    try:
        location.stat()
    except PermissionError as error:
        raise UnreadableSubmission(f"{shown} can't be read: permission denied; give yourself the right to read it") from error
    except (OSError, ValueError) as error:
        near = _nearest_name(location)
        hint = f"; the nearest name there is {printable(near)}" if near else ""
        raise RequestFault(f"nothing is at {shown}{hint}. Name a folder, .zip or .tar.gz with a submission") from error


def _nearest_name(location: Path) -> str | None:
    try:
        names = [path.name for path in islice(location.parent.iterdir(), 1_000)]
    except (OSError, ValueError):
        return None
    near = difflib.get_close_matches(location.name, names, n=1)
    return near[0] if near else None
