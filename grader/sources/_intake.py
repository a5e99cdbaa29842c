"""What every source shares: which package, which files of it, and how they are kept.

A source lists what it sees (`Listing`), finds the package with `choose_package`, and hands each file to an `Intake`. The intake reads
within limits, never raises for what a submission contains, and says in notes what it left out. Nothing here opens a path that a
submission could have placed: the copies are new files in a new folder, their names checked part by part.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grader.model.submission import PACKAGE, Submission, SubmittedFile

Parts = tuple[str, ...]
Kind = Literal["file", "folder", "link", "other"]
Read = Callable[[int], bytes]

EXPECTED = f"a folder, .zip or .tar.gz that holds the package {PACKAGE}/, at its top or one folder deep"
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".gz", ".7z", ".rar")


@dataclass(frozen=True)
class IntakeLimits:
    """How much of a submission is taken in."""

    files: int = 500
    """Python files kept."""
    file_bytes: int = 2 << 20
    """Size of one file."""
    total_bytes: int = 32 << 20
    """Size of all kept files together; as much again may be read and thrown away."""
    depth: int = 12
    """Parts of a path, the file's name included."""
    name_bytes: int = 120
    """Length of one part, in UTF-8."""
    listed: int = 5_000
    """Names remembered in search of the package."""
    walked: int = 20_000
    """Names looked at inside the package."""
    archive_bytes: int = 128 << 20
    """Size of an archive on disk."""
    unpacked_bytes: int = 512 << 20
    """Length of a decompressed tar, read past or kept."""
    notes: int = 20
    """Notes kept; the rest are counted."""


class EntryFault(Exception):
    """One file can't be taken in; the text says why, to follow its name: `is encrypted`."""


def printable(text: str, longest: int = 120) -> str:
    """The text with everything that a terminal would obey, or that is no valid Unicode, as an escape; cut in the middle."""
    shown = "".join(ch if ch.isprintable() else _escape(ch) for ch in text)
    if len(shown) <= longest:
        return shown
    return f"{shown[: longest // 2]}…{shown[-(longest // 3) :]}"


def _escape(ch: str) -> str:
    if "\udc80" <= ch <= "\udcff":  # a byte that is no UTF-8, as os.fsdecode carries it
        return f"\\x{ord(ch) - 0xDC00:02x}"
    return ch.encode("unicode_escape").decode("ascii")


def show(parts: Parts) -> str:
    """A path for people."""
    return printable("/".join(parts))


def ignored(name: str) -> bool:
    """Whether a file or folder is none of a submission's work: hidden, a cache, what macOS adds to archives."""
    return name.startswith(".") or name in ("__pycache__", "__MACOSX")


def is_candidate(parts: Parts) -> bool:
    """Whether a path may belong to the package: `pytorchnano/…` or `anything/pytorchnano/…`."""
    return PACKAGE in parts[:2] and not any(ignored(part) for part in parts)


@dataclass
class Notes:
    """Sentences about a submission, no two equal, a bounded number of them."""

    limit: int
    kept: list[str] = field(default_factory=list[str])
    dropped: int = 0

    def add(self, sentence: str) -> None:
        """Keep a sentence, or count it."""
        if sentence in self.kept:
            return
        if len(self.kept) < self.limit:
            self.kept.append(sentence)
        else:
            self.dropped += 1

    def sentences(self) -> tuple[str, ...]:
        """All that were kept, and how many were not."""
        return (*self.kept, f"{self.dropped} more notes like these were left out.") if self.dropped else tuple(self.kept)


@dataclass
class Listing:
    """The first two levels of a submission: enough to find the package, or to say what is there instead."""

    limit: int
    kinds: dict[Parts, Kind] = field(default_factory=dict[Parts, Kind])

    def add(self, parts: Parts, kind: Kind) -> None:
        """Record a path and the folders that lead to it."""
        for length in range(1, min(len(parts), 2) + 1):
            self._record(parts[:length], "folder" if length < len(parts) else kind)
        if len(parts) > 2 and parts[:2] == (PACKAGE, PACKAGE):
            self._record((PACKAGE, PACKAGE), "folder")

    def _record(self, parts: Parts, kind: Kind) -> None:
        wanted = len(self.kinds) < self.limit or parts[-1] in (PACKAGE, "__init__.py")
        if wanted and (kind == "folder" or parts not in self.kinds):
            self.kinds[parts] = kind

    def names(self) -> list[str]:
        """What lies at the top, hidden things left out, sorted."""
        return sorted(parts[0] for parts in self.kinds if len(parts) == 1 and not ignored(parts[0]))


def choose_package(listing: Listing, notes: Notes) -> Parts | None:
    """Where the package lies; notes say why there is none, or which of several was taken."""
    found = sorted(
        (parts for parts, kind in listing.kinds.items() if kind == "folder" and parts[-1] == PACKAGE and is_candidate(parts)),
        key=lambda parts: (len(parts), parts),
    )
    if not found:
        _note_no_package(listing, notes)
        return None
    chosen, inner = found[0], (PACKAGE, PACKAGE)
    if chosen == (PACKAGE,) and inner in found and (PACKAGE, "__init__.py") not in listing.kinds:
        return inner  # a project folder that has the package's name
    others = [parts for parts in found if parts[: len(chosen)] != chosen]
    if others:
        notes.add(f"There are {len(found)} folders named {PACKAGE}: {show(chosen)} is graded, {_enumerate(map(show, others))} not.")
    return chosen


def _note_no_package(listing: Listing, notes: Notes) -> None:
    names = listing.names()
    if not names:
        notes.add(f"The submission is empty. Expected {EXPECTED}.")
        return
    notes.add(f"There is no folder {PACKAGE}. Expected {EXPECTED}; found {_enumerate(map(printable, names))}.")
    for parts, kind in sorted(listing.kinds.items()):
        if parts[-1] == PACKAGE and kind == "link":
            notes.add(f"{show(parts)} is a symbolic link, and links are not followed: hand in the folder itself.")
        elif parts[-1] == PACKAGE and kind != "folder":
            notes.add(f"{show(parts)} is a file; expected a folder of that name.")
    near = _nearest(parts for parts, kind in listing.kinds.items() if kind == "folder")
    if near:
        notes.add(f"{show(near)} has nearly the right name: rename it to {PACKAGE}, in lower-case letters.")
    elif any(name.endswith(".py") for name in names):
        notes.add(f"Python files lie at the top: put the modules into a folder {PACKAGE}.")
    nested = [name for name in names if name.lower().endswith(_ARCHIVE_SUFFIXES)]
    if nested:
        notes.add(f"Archives inside a submission are not opened: {_enumerate(map(printable, nested))}.")


def _nearest(folders: Iterable[Parts]) -> Parts | None:
    def likeness(parts: Parts) -> float:
        return difflib.SequenceMatcher(None, re.sub(r"[\W_]", "", parts[-1][:40].casefold()), PACKAGE).ratio()

    near = [parts for parts in folders if parts[-1] != PACKAGE and not ignored(parts[-1]) and likeness(parts) >= 0.8]
    return min(near, key=lambda parts: (-likeness(parts), len(parts), parts), default=None)


def _enumerate(names: Iterable[str], most: int = 8) -> str:
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


class Intake:
    """Collects the files of one submission in memory, within limits, and stores them as a private copy."""

    def __init__(self, limits: IntakeLimits) -> None:
        self.limits = limits
        self.notes = Notes(limits.notes)
        self.files: dict[Parts, bytes] = {}
        self._left_out: list[str] = []
        self._left_out_count = 0
        self._read_bytes = 0

    def keep(self, parts: Parts, read: Read) -> None:
        """Take in one regular file of the package, where it is Python source and within limits.

        `parts` is its checked path; `read(n)` gives at most n bytes of it, and raises EntryFault where it can't.
        """
        if any(ignored(part) for part in parts):
            return
        if not parts[-1].endswith(".py"):
            self._leave_out(parts)
            return
        try:
            self._refuse_name(parts)
            self._refuse_amount(parts)
            content = read(self.limits.file_bytes + 1)
            self._read_bytes += len(content)
            self._refuse_content(content)
        except EntryFault as fault:
            self.refuse(parts, str(fault))
            return
        if parts in self.files:
            self.notes.add(f"{show(parts)} is there more than once; the last one is graded.")
        self.files[parts] = content

    def refuse(self, parts: Parts, why: str) -> None:
        """Leave out what is no plain file, or can't be taken in, and say so."""
        self.notes.add(f"{show(parts)} {why}: left out.")

    def _leave_out(self, parts: Parts) -> None:
        self._left_out_count += 1
        if len(self._left_out) < 5:
            self._left_out.append(show(parts))

    def _refuse_name(self, parts: Parts) -> None:
        inside = parts[parts.index(PACKAGE) :] if PACKAGE in parts else parts  # the folder around it may be called anything
        if len(inside) > self.limits.depth:
            raise EntryFault(f"lies {len(inside) - 1} folders deep; the limit is {self.limits.depth - 1}")
        for part in inside:
            if not part.isprintable():
                raise EntryFault("has a name with control characters or of no valid Unicode, which no import can spell")
            if len(part.encode()) > self.limits.name_bytes:
                raise EntryFault(f"has a name of {len(part.encode())} bytes; the limit is {self.limits.name_bytes}")

    def _refuse_amount(self, parts: Parts) -> None:
        if len(self.files) >= self.limits.files and parts not in self.files:
            raise EntryFault(f"comes after the {self.limits.files} files that a submission may have")
        if self._read_bytes > 2 * self.limits.total_bytes:
            raise EntryFault("comes after more bytes than a submission may have")

    def _refuse_content(self, content: bytes) -> None:
        if len(content) > self.limits.file_bytes:
            raise EntryFault(f"is larger than {self.limits.file_bytes >> 10} KiB, the limit for one file")
        if sum(map(len, self.files.values())) + len(content) > self.limits.total_bytes:
            raise EntryFault(f"brings the submission above {self.limits.total_bytes >> 20} MiB, the limit for all files")
        if b"\0" in content:
            utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
            if utf16:
                raise EntryFault("is saved as UTF-16, which Python can't import (save it as UTF-8)")
            raise EntryFault("holds NUL bytes, so it is no Python source")

    def store(self, package: Parts | None, into: Path, *, id: str, source: str, owners: tuple[str, ...] = ()) -> Submission:
        """Write the package's files to new folders below `into` and give the submission."""
        kept: list[SubmittedFile] = []
        for parts, content in sorted(self.files.items()):
            if package is None or parts[: len(package)] != package:
                continue
            relative = (PACKAGE, *parts[len(package) :])
            try:
                _write_new(into, relative, content)
            except (FileExistsError, NotADirectoryError):
                self.refuse(parts, "is a file and a folder at once")
                continue
            kept.append(SubmittedFile("/".join(relative), len(content), hashlib.sha256(content).hexdigest()))
        if package is not None and not kept:
            self.notes.add(f"{show(package)} holds no Python file that can be graded.")
        if self._left_out_count:
            more = self._left_out_count - len(self._left_out)
            named = ", ".join(self._left_out) + (f" and {more} more" if more else "")
            self.notes.add(f"Only .py files of the package are graded; left out: {named}.")
        return Submission(id, owners, into, source, tuple(sorted(kept, key=lambda file: file.path)), self.notes.sentences())


def _write_new(root: Path, parts: Parts, content: bytes) -> None:
    """A new file of mode 0644 in folders of mode 0755, whatever the umask: a worker may run as another user."""
    folder = root
    for part in parts[:-1]:
        folder = folder / part
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)
    descriptor = os.open(folder / parts[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o644)
    with open(descriptor, "wb") as file:
        file.write(content)
    (folder / parts[-1]).chmod(0o644)


def name_submission(location: Path) -> str:
    """A submission's id from its folder or archive: the name without an archive's suffix."""
    name = location.resolve().name if location.name in ("", ".", "..") else location.name
    for suffix in (".tar.gz", ".tgz", ".zip", ".tar"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    return printable(name) or "submission"
