import struct

import pytest

from grader.faults import WireViolation
from grader.wire.frames import HEADER_SIZE, MAX_BODY, Kind, pack_frame, read_header


def test_header_round_trips():
    frame = pack_frame(Kind.CALL, 2**64 - 1, b"abc")
    assert read_header(frame[:HEADER_SIZE]) == (Kind.CALL, 2**64 - 1, 3)
    assert frame[HEADER_SIZE:] == b"abc"


def header(magic=b"gwl1", kind=2, padding=b"\0\0\0", sequence=1, length=0):
    return struct.pack("<4sB3sQQ", magic, kind, padding, sequence, length)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        header()[:-1],
        header() + b"\0",
        header(magic=b"gwl2"),
        header(kind=0),
        header(kind=63),
        header(padding=b"\0\0\1"),
        header(length=MAX_BODY + 1),
        header(length=2**64 - 1),
    ],
)
def test_anything_else_than_a_header_is_a_violation(data):
    assert read_header(header())
    with pytest.raises(WireViolation):
        read_header(data)
