"""Values as bytes: a tag, a length, the value.

None, bool, int, float, str, bytes, list, dict with str keys and arrays cross both ways; tuples and references to what the worker
holds only towards it. The types are compared exactly: a subclass is never one of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from grader.faults import WireViolation
from grader.wire.frames import MAX_BODY

MAX_DEPTH = 6
MAX_NODES = 20_000
MAX_TEXT = 64 << 10
"""Bytes of one text in UTF-8; bytes objects may fill the frame."""
MAX_DIMENSIONS = 8
MAX_INT_BYTES = 128

_DTYPES = tuple(np.dtype(name) for name in ("?", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"))
_CODES = {dtype: code for code, dtype in enumerate(_DTYPES)}
_NONE, _BOOL, _INT, _FLOAT, _STR, _BYTES, _LIST, _DICT, _ARRAY, _TUPLE, _REFERENCE = range(11)
_LENGTH = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_SHAPES = tuple(struct.Struct(f"<{dimensions}I") for dimensions in range(MAX_DIMENSIONS + 1))
_ALIGNMENT = 8

# Bound now, because student code that runs in the same process later may replace the modules' names.
_ndarray, _frombuffer, _empty, _ascontiguous, _BYTE = np.ndarray, np.frombuffer, np.empty, np.ascontiguousarray, np.dtype(np.uint8)


class Unsendable(Exception):
    """A value can't cross: too large, too deep, or of no type that crosses. The text is the end of a sentence, 'a set'."""


@dataclass(frozen=True)
class Reference:
    """A path to something in the worker: where to start, and which steps to take."""

    root: str | int
    """A module of the package, "layers", or the number of a handle."""
    steps: tuple[tuple[str, Any], ...] = ()
    """Pairs ("attribute", name) or ("item", key)."""


NOWHERE = Reference("")
"""The path of a request that needs none."""


def is_sendable_dtype(dtype: np.dtype[Any]) -> bool:
    """Say whether arrays of this dtype cross, in either byte order."""
    return dtype.newbyteorder("<") in _CODES


class Writer:
    """Appends values to a body."""

    def __init__(self, *, requests: bool = False) -> None:
        self.body = bytearray()
        self._nodes = 0
        self._encoders = self.request_encoders if requests else self.encoders

    def write(self, value: Any, depth: int = 1) -> None:
        """Append one value; raises Unsendable."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unsendable(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise Unsendable(f"lists or dicts nested more than {MAX_DEPTH} deep")
        encode = self._encoders.get(cast("type[Any]", type(value)))
        if encode is None:
            raise Unsendable(f"an object of type {type(value).__name__}")
        encode(self, value, depth)
        if len(self.body) > MAX_BODY:
            self._check_size()

    def _check_size(self, more: int = 0) -> None:
        if len(self.body) + more > MAX_BODY:
            raise Unsendable(f"more than {MAX_BODY >> 20} MB")

    def _write_none(self, value: None, depth: int) -> None:
        self.body.append(_NONE)

    def _write_bool(self, value: bool, depth: int) -> None:
        self.body += bytes((_BOOL, value))

    def _write_int(self, value: int, depth: int) -> None:
        size = value.bit_length() // 8 + 1
        if size > MAX_INT_BYTES:
            raise Unsendable(f"an integer of more than {MAX_INT_BYTES} bytes")
        self.body += bytes((_INT, size))
        self.body += value.to_bytes(size, "little", signed=True)

    def _write_float(self, value: float, depth: int) -> None:
        self.body.append(_FLOAT)
        self.body += _DOUBLE.pack(value)

    def _write_text(self, value: str) -> None:
        data = value.encode("utf-8", "backslashreplace") if len(value) <= MAX_TEXT else b""
        if not len(value) <= len(data) <= MAX_TEXT:
            raise Unsendable(f"a text of more than {MAX_TEXT >> 10} kB")
        self.body += _LENGTH.pack(len(data))
        self.body += data

    def _write_str(self, value: str, depth: int) -> None:
        self.body.append(_STR)
        self._write_text(value)

    def _write_bytes(self, value: bytes, depth: int) -> None:
        self._check_size(len(value))
        self.body.append(_BYTES)
        self.body += _LENGTH.pack(len(value))
        self.body += value

    def _write_items(self, tag: int, value: list[Any] | tuple[Any, ...], depth: int) -> None:
        self.body.append(tag)
        self.body += _LENGTH.pack(len(value))
        for item in value:
            self.write(item, depth + 1)

    def _write_list(self, value: list[Any], depth: int) -> None:
        self._write_items(_LIST, value, depth)

    def _write_tuple(self, value: tuple[Any, ...], depth: int) -> None:
        self._write_items(_TUPLE, value, depth)

    def _write_dict(self, value: dict[Any, Any], depth: int) -> None:
        self.body.append(_DICT)
        self.body += _LENGTH.pack(len(value))
        for key, item in value.items():
            if type(key) is not str:
                raise Unsendable(f"a dict with a key of type {type(key).__name__}")
            self._write_text(key)
            self.write(item, depth + 1)

    def _write_reference(self, value: Reference, depth: int) -> None:
        self.body.append(_REFERENCE)
        self.write(value.root, depth)
        self.body += _LENGTH.pack(len(value.steps))
        for kind, key in value.steps:
            self.write(kind, depth)
            self.write(key, depth)

    def _write_array(self, value: NDArray[Any], depth: int) -> None:
        code = _CODES.get(value.dtype.newbyteorder("<"))
        if code is None:
            raise Unsendable(f"an array of dtype {value.dtype}")
        if value.ndim > MAX_DIMENSIONS:
            raise Unsendable(f"an array of {value.ndim} dimensions")
        _count_entries(value.shape, value.dtype.itemsize, Unsendable)
        self._check_size(value.nbytes)
        self.body += bytes((_ARRAY, code, value.ndim))
        self.body += _SHAPES[value.ndim].pack(*value.shape)
        self.body += bytes(-len(self.body) % _ALIGNMENT)
        if value.size:
            plain = _ascontiguous(value, dtype=_DTYPES[code])
            self.body += plain.reshape(-1).view(_BYTE).data

    # Made once: a table of bound methods for every message would cost more than a short message itself.
    encoders: ClassVar[dict[type, Callable[[Writer, Any, int], None]]] = {
        type(None): _write_none,
        bool: _write_bool,
        int: _write_int,
        float: _write_float,
        str: _write_str,
        bytes: _write_bytes,
        list: _write_list,
        dict: _write_dict,
        _ndarray: _write_array,
    }
    request_encoders: ClassVar = encoders | {tuple: _write_tuple, Reference: _write_reference}


class Reader:
    """Takes values off a body, in the order they were written."""

    def __init__(self, body: bytes | bytearray, *, requests: bool = False, writable: bool = False) -> None:
        self._body = memoryview(body).toreadonly()
        self._end = len(self._body)
        self._at = 0
        self._nodes = 0
        self._writable = writable
        self._decoders = self.request_decoders if requests else self.decoders

    def read(self, depth: int = 1) -> Any:
        """Return the next value: arrays are read-only views of the body, or writable copies where asked for.

        Raises WireViolation, whatever the bytes are.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireViolation("a frame holds more values, or more deeply nested ones, than it may")
        decode = self._decoders.get(self._read_byte())
        if decode is None:
            raise WireViolation("a frame holds a value of an unknown kind")
        return decode(self, depth)

    def finish(self) -> None:
        """Raise WireViolation when bytes are left over."""
        if self._at != len(self._body):
            raise WireViolation(f"a frame holds {len(self._body) - self._at} bytes too many")

    def _pass(self, count: int) -> int:
        """Go forward over so many bytes and return where they begin."""
        at = self._at
        self._at = at + count
        if self._at > self._end:
            raise WireViolation("a frame ends in the middle of a value")
        return at

    def _take(self, count: int) -> memoryview:
        at = self._pass(count)
        return self._body[at : self._at]

    def _read_byte(self) -> int:
        return self._body[self._pass(1)]

    def _read_length(self) -> int:
        return cast(int, _LENGTH.unpack_from(self._body, self._pass(4))[0])

    def _read_none(self, depth: int) -> None:
        return None

    def _read_bool(self, depth: int) -> bool:
        byte = self._read_byte()
        if byte > 1:
            raise WireViolation("a frame holds a bool that is neither true nor false")
        return byte == 1

    def _read_float(self, depth: int) -> float:
        return cast(float, _DOUBLE.unpack_from(self._body, self._pass(8))[0])

    def _read_str(self, depth: int) -> str:
        return self._read_text()

    def _read_bytes(self, depth: int) -> bytes:
        return bytes(self._take(self._read_length()))

    def _read_int(self, depth: int) -> int:
        size = self._read_byte()
        if not 1 <= size <= MAX_INT_BYTES:
            raise WireViolation(f"a frame holds an integer of {size} bytes")
        value = int.from_bytes(self._take(size), "little", signed=True)
        if value.bit_length() // 8 + 1 != size:
            raise WireViolation("a frame holds an integer that is longer than it need be")
        return value

    def _read_text(self) -> str:
        size = self._read_length()
        if size > MAX_TEXT:
            raise WireViolation(f"a frame holds a text of {size} bytes; the limit is {MAX_TEXT}")
        try:
            return str(self._take(size), "utf-8")
        except UnicodeDecodeError:
            raise WireViolation("a frame holds a text that is not UTF-8") from None

    def _read_items(self, depth: int) -> list[Any]:
        return [self.read(depth + 1) for _ in range(self._read_count())]

    def _read_count(self) -> int:
        count = self._read_length()
        if count > MAX_NODES:
            raise WireViolation(f"a frame holds {count} values; the limit is {MAX_NODES}")
        return count

    def _read_tuple(self, depth: int) -> tuple[Any, ...]:
        return tuple(self._read_items(depth))

    def _read_dict(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self._read_count()):
            key = self._read_text()
            if key in found:
                raise WireViolation("a frame holds a dict with the same key twice")
            found[key] = self.read(depth + 1)
        return found

    def _read_reference(self, depth: int) -> Reference:
        root = self.read(depth)
        steps = [(self.read(depth), self.read(depth)) for _ in range(self._read_count())]
        if type(root) not in (str, int) or any(kind not in ("attribute", "item") for kind, _ in steps):
            raise WireViolation("a frame holds a reference that leads nowhere")
        return Reference(root, tuple(steps))

    def _read_array(self, depth: int) -> NDArray[Any]:
        code, dimensions = self._take(2)
        if code >= len(_DTYPES) or dimensions > MAX_DIMENSIONS:
            raise WireViolation("a frame holds an array of an unknown dtype or of too many dimensions")
        dtype = _DTYPES[code]
        shape = _SHAPES[dimensions].unpack_from(self._body, self._pass(4 * dimensions))
        count = _count_entries(shape, dtype.itemsize, WireViolation)
        if any(self._take(-self._at % _ALIGNMENT)):
            raise WireViolation("a frame's padding is not zero")
        data = self._take(count * dtype.itemsize)
        if code == 0 and count and int(_frombuffer(data, _BYTE).max()) > 1:
            raise WireViolation("a frame holds a bool that is neither true nor false")
        array = _frombuffer(data, dtype).reshape(shape) if count else _empty(shape, dtype)
        if self._writable:
            return array.copy()
        array.flags.writeable = False
        return array

    decoders: ClassVar[dict[int, Callable[[Reader, int], Any]]] = {
        _NONE: _read_none,
        _BOOL: _read_bool,
        _INT: _read_int,
        _FLOAT: _read_float,
        _STR: _read_str,
        _BYTES: _read_bytes,
        _LIST: _read_items,
        _DICT: _read_dict,
        _ARRAY: _read_array,
    }
    request_decoders: ClassVar = decoders | {_TUPLE: _read_tuple, _REFERENCE: _read_reference}


def _count_entries(shape: tuple[int, ...], itemsize: int, refusal: type[Exception]) -> int:
    """Return how many entries an array of this shape has, unless it is too large."""
    count = filled = 1
    for length in shape:
        count *= length
        # An empty array may name any lengths beside its 0: they count as if it were full.
        filled *= length or 1
    if itemsize * filled > MAX_BODY:
        raise refusal(f"an array of {itemsize * filled >> 20} MB; the limit is {MAX_BODY >> 20} MB")
    return count
