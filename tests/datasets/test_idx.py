import numpy as np
import pytest

from grader.datasets.idx import parse_idx, write_idx


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 5), (0, 28, 28)])
def test_array_survives_writing_and_parsing(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(parse_idx(write_idx(array), "images"), array)
    assert parse_idx(write_idx(array), "images").shape == shape


def test_header_is_big_endian_as_published():
    assert write_idx(np.zeros((3, 2), np.uint8))[:12] == bytes([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2])


GOOD = write_idx(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "0 bytes"),
        (b"\x1f\x8b" + GOOD[2:], "gzip"),
        (b"PK" + GOOD[2:], "starts with 50 4b"),
        (GOOD[:2] + b"\x0d" + GOOD[3:], "type 0x0d"),
        (GOOD[:3] + b"\0" + GOOD[4:], "0 dimensions"),
        (GOOD[:3] + b"\xff" + GOOD[4:], "255 dimensions"),
        (GOOD[:9], "inside its header"),
        (GOOD[:-1], "17 bytes"),
        (GOOD + b"\0", "19 bytes"),
        (GOOD[:4] + b"\xff" * 8 + GOOD[12:], "asks for"),
    ],
)
def test_damaged_file_is_refused_in_words(data, said):
    with pytest.raises(ValueError, match="labels.*" + said):
        parse_idx(data, "labels")


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((1,) * 5, np.uint8)])
def test_array_that_the_format_can_not_hold_is_refused(array):
    with pytest.raises(ValueError, match="this array has"):
        write_idx(array)
