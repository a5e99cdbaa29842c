"""A folder that holds `pytorchnano/`, at its top or one folder deep.

The walk goes from descriptor to descriptor (`openat` with O_NOFOLLOW), so that no symbolic link, not even one that is put there while
the walk is under way, leads out of the folder. Only what the kernel calls a regular file is read, and without blocking: a FIFO or a
device is a note.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader.faults import UnreadableSubmission
from grader.model.submission import PACKAGE, Submission
from grader.sources._intake import EntryFault, Intake, IntakeLimits, Kind, Listing, Parts, choose_package, ignored, name_submission, show

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)

_INNER_NAMES = 50
"""Names looked at in each folder around the package's place; more than that only serve a note."""


def takes(location: Path) -> bool:
    """Whether this source reads what lies there."""
    return location.is_dir()


def find(location: Path, into: Path, limits: IntakeLimits | None = None) -> list[Submission]:
    """The one submission in a folder, its package copied to `into`, an empty folder.

    Raises UnreadableSubmission where the caller may not read the folder, or anything of its package.
    """
    intake = Intake(limits or IntakeLimits())
    listing = Listing(intake.limits.listed)
    with _open_folder(str(location), None, ()) as top:
        _list_two_levels(top, listing)
        package = choose_package(listing, intake.notes)
        if package is not None:
            _take_package(top, package, intake)
    return [intake.store(package, into, id=name_submission(location), source="folder")]


@contextmanager
def _open_folder(name: str, parent: int | None, parts: Parts) -> Generator[int, None, None]:
    """A descriptor of a folder; only the location that the caller named may itself be a link."""
    try:
        descriptor = os.open(name, _FOLDER | (0 if parent is None else _NOFOLLOW), dir_fd=parent)
    except PermissionError as error:
        raise _unreadable(parts or (name,)) from error
    except OSError as error:
        if parent is None:
            raise UnreadableSubmission(f"{show((name,))} can't be opened: {error.strerror}") from error
        raise EntryFault(f"can't be opened ({error.strerror})") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _list_two_levels(top: int, listing: Listing) -> None:
    _list_folder(top, (), listing, listing.limit)
    for name, kind in _entries(top, listing.limit):
        if kind != "folder" or ignored(name):
            continue
        # What can't be opened matters only where the package is in it, and then the walk says so.
        with suppress(EntryFault, UnreadableSubmission), _open_folder(name, top, (name,)) as inner:
            _list_folder(inner, (name,), listing, _INNER_NAMES)


def _list_folder(folder: int, parts: Parts, listing: Listing, most: int) -> None:
    for name in (PACKAGE, "__init__.py"):  # by name first, so that a crowd of other files can't hide them
        with suppress(OSError):
            listing.add((*parts, name), _kind_of_mode(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode))
    for name, kind in _entries(folder, most):
        listing.add((*parts, name), kind)


def _entries(folder: int, most: int) -> list[tuple[str, Kind]]:
    """Names and kinds, sorted, links not followed."""
    with os.scandir(folder) as entries:
        return sorted((entry.name, _kind(entry)) for entry in islice(entries, most))


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _kind_of_mode(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _take_package(top: int, package: Parts, intake: Intake) -> None:
    walk = _Walk(intake, intake.limits.walked)
    try:
        if len(package) == 1:
            walk.take_folder(top, package)
        else:
            with _open_folder(package[0], top, package[:1]) as outer:
                walk.take_folder(outer, package)
    except EntryFault as fault:
        intake.refuse(package, str(fault))


@dataclass
class _Walk:
    intake: Intake
    left: int
    """Names that may still be looked at."""

    def take_folder(self, parent: int, parts: Parts) -> None:
        """Hand every file below `parts`, whose last part is a name in `parent`, to the intake."""
        if len(parts) > self.intake.limits.depth + 1:
            self.intake.refuse(parts, f"lies deeper than {self.intake.limits.depth} folders")
            return
        with _open_folder(parts[-1], parent, parts) as folder:
            entries = _entries(folder, self.left + 1)
            if len(entries) > self.left:
                most = self.intake.limits.walked
                self.intake.notes.add(f"{show(parts)} brings the submission above {most} names: the rest of it is left out.")
            for name, kind in entries[: self.left]:
                self._take_entry(folder, (*parts, name), kind)
            self.left = max(0, self.left - len(entries))

    def _take_entry(self, folder: int, parts: Parts, kind: Kind) -> None:
        name = parts[-1]
        if ignored(name):
            return
        if kind == "file":
            self.intake.keep(parts, lambda most: _read_regular(folder, parts, most))
        elif kind == "folder":
            try:
                self.take_folder(folder, parts)
            except EntryFault as fault:
                self.intake.refuse(parts, str(fault))
        elif kind == "link":
            self.intake.refuse(parts, "is a symbolic link, and links are not followed")
        else:
            self.intake.refuse(parts, "is no regular file")


def _read_regular(folder: int, parts: Parts, most: int) -> bytes:
    try:
        descriptor = os.open(parts[-1], _FILE, dir_fd=folder)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise EntryFault("is no regular file")
            return file.read(most)
    except PermissionError as error:
        raise _unreadable(parts) from error
    except OSError as error:
        raise EntryFault(f"can't be read ({error.strerror})") from error


def _unreadable(parts: Parts) -> UnreadableSubmission:
    return UnreadableSubmission(f"{show(parts)} can't be read: permission denied; give yourself the right to read it")
