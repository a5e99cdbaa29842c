"""The entries of a zip file, by Python's `zipfile` behind bounds of our own.

`zipfile` of Python 3.11 accepts entries whose data overlap, which is how a small file becomes a very large one, and reads a central
directory of any size at once. So: reads are capped, overlaps are refused, only stored and deflated entries are opened, and nothing is
extracted: an entry's name is never used as a path.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

from grader.sources._entries import ArchiveFault, Entry
from grader.sources._intake import EntryFault, Kind

_LARGEST_READ = 8 << 20
"""Bytes of one read: bounds the central directory, 46 bytes and a name an entry."""
_LOCAL_HEADER_BYTES = 30


class _BoundedFile:
    """A file that refuses to be read in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, _LARGEST_READ + 1) if size >= 0 else _LARGEST_READ + 1)
        if len(content) > _LARGEST_READ:
            raise ArchiveFault("lists more entries than a submission may have")
        return content


def read_entries(file: IO[bytes]) -> Iterator[Entry]:
    """Every entry, in the archive's order. Raises ArchiveFault where the file is no zip, or a broken one."""
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], _BoundedFile(file)))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, EOFError) as error:
        raise ArchiveFault("is no zip file, or a damaged one") from error
    with archive:
        listed = archive.infolist()
        overlapping = _find_overlaps(listed)
        for info in listed:
            why = "shares its data with another entry" if id(info) in overlapping else ""
            yield Entry(_decode_name(info), _kind(info), lambda most, info=info, why=why: _read(archive, info, most, why))


def _find_overlaps(listed: list[zipfile.ZipInfo]) -> set[int]:
    """Identities of the entries whose bytes in the file run into another's."""
    found: set[int] = set()
    last: zipfile.ZipInfo | None = None
    end = 0
    for info in sorted(listed, key=lambda info: info.header_offset):
        if last is not None and info.header_offset < end:
            found |= {id(info), id(last)}
        own_end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
        if own_end >= end:
            last, end = info, own_end
    return found


def _decode_name(info: zipfile.ZipInfo) -> str:
    """The name; where the archive doesn't say that it is UTF-8, it is taken for UTF-8 if it can be, else for code page 437."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _kind(info: zipfile.ZipInfo) -> Kind:
    format = stat.S_IFMT(info.external_attr >> 16)
    if format == stat.S_IFLNK:
        return "link"
    if info.orig_filename.endswith(("/", "\\")):
        return "folder"
    return "file" if format in (0, stat.S_IFREG) else "other"


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, why: str) -> bytes:
    if why:
        raise EntryFault(why)
    if info.flag_bits & 0x1:
        raise EntryFault("is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise EntryFault("is packed by a method other than deflate")
    if info.file_size >= most:  # as declared; zipfile gives no more than that
        raise EntryFault(f"unpacks to {info.file_size} bytes; the limit for one file is {most - 1}")
    try:
        with archive.open(info) as opened:
            content = opened.read(most)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise EntryFault("is damaged") from error
    if len(content) != info.file_size:
        raise EntryFault("is damaged: it is not as long as the archive says")
    return content
