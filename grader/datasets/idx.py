"""The IDX format of the MNIST files, read and written.

A file is two zero bytes, one byte for the element type (8: unsigned byte, the only one MNIST uses), one byte for the
number of dimensions, each dimension as a big-endian 32-bit integer, then the elements in row-major order
(http://yann.lecun.com/exdb/mnist/, "the IDX file format").
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08
_MAX_DIMENSIONS = 4


def parse_idx(data: bytes, name: str) -> NDArray[np.uint8]:
    """Return the array in `data`, read-only; a `ValueError` says what is wrong with the file `name`."""
    if len(data) < 4:
        raise ValueError(f"{name} has {len(data)} bytes; an IDX file starts with a header of at least 4.")
    if data[:2] == b"\x1f\x8b":
        raise ValueError(f"{name} is compressed with gzip; decompress it, or name it {name}.gz.")
    if data[:2] != b"\0\0":
        raise ValueError(f"{name} is not an IDX file: it starts with {data[:2].hex(' ')} where two zero bytes are expected.")
    element, dimensions = data[2], data[3]
    if element != _UNSIGNED_BYTE:
        raise ValueError(f"{name} holds elements of type 0x{element:02x}; MNIST's are unsigned bytes, 0x08.")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise ValueError(f"{name} claims {dimensions} dimensions; 1 to {_MAX_DIMENSIONS} are expected.")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise ValueError(f"{name} ends inside its header: {len(data)} bytes of {start}.")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise ValueError(f"{name} has {len(data)} bytes; its header, {shape}, asks for {expected}.")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def write_idx(array: NDArray[np.uint8]) -> bytes:
    """Return `array` as the bytes of an IDX file; a `ValueError` for another dtype or rank."""
    if array.dtype != np.uint8:
        raise ValueError(f"IDX files of MNIST hold unsigned bytes; this array has dtype {array.dtype}.")
    if not 1 <= array.ndim <= _MAX_DIMENSIONS:
        raise ValueError(f"this array has {array.ndim} dimensions; 1 to {_MAX_DIMENSIONS} are expected.")
    return bytes([0, 0, _UNSIGNED_BYTE, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
