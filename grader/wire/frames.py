"""A frame: a header of fixed size, then a body whose length was checked before a byte of it is read."""

from __future__ import annotations

import struct
from enum import IntEnum

from grader.faults import WireViolation

MAX_BODY = 64 << 20
"""Bytes of one body."""

_MAGIC = b"gwl1"
_HEADER = struct.Struct("<4sB3sQQ")
HEADER_SIZE = _HEADER.size


class Kind(IntEnum):
    """What a frame is: below 64 to the worker, from 64 on from it."""

    LOAD = 1
    CALL = 2
    GET = 3
    SET = 4
    PROBE = 5
    LOADED = 6
    KEEP = 7
    OPERATE = 8
    HELLO = 64
    VALUE = 65
    HANDLE = 66
    ERROR = 67


_KINDS = {int(kind): kind for kind in Kind}


def pack_frame(kind: Kind, sequence: int, body: bytes | bytearray) -> bytes:
    """Return header and body; `sequence` is the number that the answer must repeat."""
    return _HEADER.pack(_MAGIC, kind, b"\0\0\0", sequence, len(body)) + body


def read_header(data: bytes) -> tuple[Kind, int, int]:
    """Return a header's kind, sequence number and body length in bytes.

    Raises WireViolation when it is not a header or announces more than a body may have.
    """
    if len(data) != HEADER_SIZE:
        raise WireViolation(f"a frame's header has {len(data)} bytes, not {HEADER_SIZE}")
    magic, kind, padding, sequence, length = _HEADER.unpack(data)
    if magic != _MAGIC or padding != b"\0\0\0" or kind not in _KINDS:
        raise WireViolation("the bytes that arrived are not a frame's header")
    if length > MAX_BODY:
        raise WireViolation(f"a frame announces {length} bytes; the limit is {MAX_BODY}")
    return _KINDS[kind], sequence, length
