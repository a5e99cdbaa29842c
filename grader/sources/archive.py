"""A .zip or .tar.gz that holds `pytorchnano/`, at its top or one folder deep; what it is, its first bytes say, not its name."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grader.faults import UnreadableSubmission
from grader.model.submission import Submission
from grader.sources import _tar, _zip
from grader.sources._entries import ArchiveFault, Entry
from grader.sources._intake import (
    EXPECTED,
    EntryFault,
    Intake,
    IntakeLimits,
    Listing,
    Parts,
    choose_package,
    is_candidate,
    name_submission,
    printable,
)


def takes(location: Path) -> bool:
    """Whether this source reads what lies there: whatever is no folder, were it only to say that it is no archive."""
    return not location.is_dir()


def find(location: Path, into: Path, limits: IntakeLimits | None = None) -> list[Submission]:
    """The one submission in an archive, its package copied to `into`, an empty folder.

    Raises UnreadableSubmission where the caller may not read the file.
    """
    intake = Intake(limits or IntakeLimits())
    package = None
    try:
        with _open_regular(location) as file:
            package = _take_entries(_read_entries(file, intake.limits), intake, printable(location.name))
    except ArchiveFault as fault:
        intake.notes.add(f"{printable(location.name)} {fault}. Expected {EXPECTED}.")
    return [intake.store(package, into, id=name_submission(location), source="archive")]


def _open_regular(location: Path) -> IO[bytes]:
    try:
        descriptor = os.open(location, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except PermissionError as error:
        raise UnreadableSubmission(f"{location} can't be read: permission denied; give yourself the right to read it") from error
    except OSError as error:
        raise ArchiveFault(f"can't be opened as a file ({error.strerror})") from error
    file = open(descriptor, "rb")  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise ArchiveFault("is no regular file")
    return file


def _read_entries(file: IO[bytes], limits: IntakeLimits) -> Iterator[Entry]:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise ArchiveFault("is an empty file")
    if size > limits.archive_bytes:
        raise ArchiveFault(f"has {size >> 20} MiB; the limit for an archive is {limits.archive_bytes >> 20} MiB")
    start = file.read(512)
    file.seek(0)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip.read_entries(file)
    if start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar":
        return _tar.read_entries(file, limits.unpacked_bytes)
    raise ArchiveFault("is a single file, neither a zip nor a tar.gz archive")


def _take_entries(entries: Iterator[Entry], intake: Intake, name: str) -> Parts | None:
    """Hand every entry that may belong to the package to the intake, and choose the package; damage ends the reading, not the intake."""
    listing = Listing(intake.limits.listed)
    try:
        for entry in entries:
            _take_entry(entry, listing, intake)
    except ArchiveFault as fault:
        if not listing.kinds:
            raise
        intake.notes.add(f"The archive {name} {fault}; what comes after that is left out.")
    return choose_package(listing, intake.notes)


def _take_entry(entry: Entry, listing: Listing, intake: Intake) -> None:
    try:
        parts = _split(entry.name)
    except EntryFault as fault:
        intake.refuse((entry.name,), str(fault))
        return
    if not parts:
        return
    listing.add(parts, entry.kind)
    if not is_candidate(parts) or entry.kind == "folder":
        return
    if entry.kind == "file":
        intake.keep(parts, entry.read)
    else:
        intake.refuse(parts, "is a link, and links are not followed" if entry.kind == "link" else "is no regular file")


def _split(name: str) -> Parts:
    """The parts of an entry's name; some programs on Windows write backslashes. Raises EntryFault for one that leads outside."""
    name = name.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise EntryFault("is an absolute path")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise EntryFault("leads out of the archive by '..'")
    if "\0" in name:
        raise EntryFault("has a NUL in its name")
    return parts
