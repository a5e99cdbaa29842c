"""The entries of a tar file, plain or gzip-compressed, read once from front to back.

Read here rather than by `tarfile`, whose header parser has had loops without end and searches of quadratic time: the format is 512-byte
headers, and what a submission needs of it is names, sizes and kinds. Sources: POSIX.1-2017 (pax), the GNU tar manual, RFC 1952.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO

from grader.sources._entries import ArchiveFault, Entry
from grader.sources._intake import EntryFault, Kind

_BLOCK = 512
_MOST_ENTRIES = 100_000
_MOST_MEMBERS = 1_000
_LONGEST_EXTRA = 64 << 10
_KINDS: dict[bytes, Kind] = {b"0": "file", b"\0": "file", b"7": "file", b"1": "link", b"2": "link", b"5": "folder"}
_WITHOUT_DATA = b"123456"


class _Stream:
    """Bytes of a file, decompressed where it is gzip, up to a limit."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left, self._most = file, most, most
        self._members = 0
        self._waiting = file.read(2)
        self._gzip = self._waiting == b"\x1f\x8b"
        self._inflate = zlib.decompressobj(wbits=31)

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end. Raises ArchiveFault on damage and above the limit."""
        pieces: list[bytes] = []
        while size > 0 and (piece := self._some(min(size, 1 << 16))):
            pieces.append(piece)
            size -= len(piece)
            self._left -= len(piece)
            if self._left < 0:
                raise ArchiveFault(f"unpacks to more than {self._most >> 20} MiB")
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Read past `size` bytes."""
        while size > 0 and (got := len(self.read(min(size, 1 << 16)))):
            size -= got

    def _some(self, most: int) -> bytes:
        if not self._gzip:
            piece = self._waiting[:most] or self._file.read(most)
            self._waiting = self._waiting[most:]
            return piece
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            packed = self._waiting or self._file.read(1 << 14)
            try:
                piece = self._inflate.decompress(packed, most)
            except zlib.error as error:
                raise ArchiveFault("is damaged: its compressed data can't be read to the end") from error
            self._waiting = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if piece:
                return piece
            if not packed and not self._inflate.eof:
                raise ArchiveFault("is cut off before its end")

    def _next_member(self) -> bool:
        self._waiting += self._file.read(2)
        self._members += 1
        if not self._waiting.startswith(b"\x1f\x8b") or self._members > _MOST_MEMBERS:
            return False
        self._inflate = zlib.decompressobj(wbits=31)
        return True


def read_entries(file: IO[bytes], most: int) -> Iterator[Entry]:
    """Every entry in order, to be read before the next is asked for. Raises ArchiveFault where the rest can't be read."""
    stream = _Stream(file, most)
    extra: dict[str, bytes] = {}
    for _ in range(_MOST_ENTRIES):
        header = stream.read(_BLOCK)
        if not header.strip(b"\0"):
            return  # the closing block of zeros, or the end of a tar without one
        _check(header)
        size = _number(header[124:136])
        flag = header[156:157]
        if flag in b"LKxg":
            extra |= _read_extra(stream, flag, size)
            continue
        size = 0 if flag in _WITHOUT_DATA else int(extra.get("size", b"%d" % size))
        body = _Body(stream, size)
        yield Entry(_name(header, extra), _entry_kind(header, flag, extra), body.read)
        stream.skip(body.left + -size % _BLOCK)
        extra = {}
    raise ArchiveFault(f"lists more than {_MOST_ENTRIES} entries")


class _Body:
    """The data of one entry."""

    def __init__(self, stream: _Stream, size: int) -> None:
        self._stream, self.left, self._size = stream, size, size

    def read(self, most: int) -> bytes:
        """Up to `most` bytes from the start."""
        wanted = min(most, self.left)
        content = self._stream.read(wanted)
        self.left -= len(content)
        if len(content) < wanted:
            self.left = 0
            raise EntryFault("is cut off before its end")
        return content


def _check(header: bytes) -> None:
    """Raises ArchiveFault where a header's sum is wrong: it is no header."""
    if len(header) < _BLOCK:
        raise ArchiveFault("is cut off before its end")
    if sum(header) - sum(header[148:156]) + 8 * 0x20 != _number(header[148:156]):
        raise ArchiveFault("is no tar file, or a damaged one")


def _number(field: bytes) -> int:
    """An octal number, or a binary one as GNU writes large values."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ").split(b"\0")[0]
    if digits.strip(b"01234567"):
        raise ArchiveFault("is no tar file, or a damaged one")
    return int(digits or b"0", 8)


def _read_extra(stream: _Stream, flag: bytes, size: int) -> dict[str, bytes]:
    """What a header before a header says about the next entry: GNU's long name, pax records; the rest is read past."""
    if size > _LONGEST_EXTRA:
        raise ArchiveFault("has a header that is too long")
    data = stream.read(size)
    stream.skip(-size % _BLOCK)
    if flag == b"L":
        return {"path": data.rstrip(b"\0")}
    return _parse_pax(data) if flag == b"x" else {}


def _parse_pax(data: bytes) -> dict[str, bytes]:
    """Records `length key=value\\n`, the length in digits and counting itself."""
    records: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        digits, _, _ = data[at : at + 8].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = data[at : at + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not equals or len(record) < length:
            raise ArchiveFault("has a damaged pax header")
        records[key.decode("utf-8", "replace")] = value
        at += length
    if not records.get("size", b"0").isdigit() or len(records.get("size", b"")) > 15:
        raise ArchiveFault("has a damaged pax header")
    return records


def _name(header: bytes, extra: dict[str, bytes]) -> str:
    name = extra.get("path")
    if name is None:
        name = header[:100].split(b"\0")[0]
        prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
        name = prefix + b"/" + name if prefix else name
    return name.decode("utf-8", "surrogateescape")


def _entry_kind(header: bytes, flag: bytes, extra: dict[str, bytes]) -> Kind:
    if any(key.startswith("GNU.sparse") for key in extra):
        return "other"
    kind = _KINDS.get(flag, "other")
    return "folder" if kind == "file" and header[:100].split(b"\0")[0].endswith(b"/") else kind
