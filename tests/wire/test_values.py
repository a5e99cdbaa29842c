"""Values as bytes: what crosses comes out equal, and whatever else arrives is a violation."""

import math
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.faults import WireViolation
from grader.wire import values
from grader.wire.values import MAX_DEPTH, MAX_NODES, MAX_TEXT, Reader, Reference, Unsendable, Writer

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


def encode(value, **options):
    writer = Writer(**options)
    writer.write(value)
    return bytes(writer.body)


def decode(body, **options):
    reader = Reader(body, **options)
    value = reader.read()
    reader.finish()
    return value


arrays = st.builds(
    lambda dtype, shape, seed: np.random.default_rng(seed).integers(0, 2, shape).astype(dtype),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 4), max_size=4).map(tuple),
    st.integers(0, 9),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**900), 2**900) | st.floats() | st.text(max_size=20) | st.binary(max_size=20) | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return left == right


def depth(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, children), default=0)


@settings(max_examples=150, deadline=None)
@given(plain)
@example([True, 1, 1.0, "1", b"1", None, -0.0, math.nan])
def test_value_comes_out_as_it_went_in(value):
    if depth(value) > MAX_DEPTH:
        with pytest.raises(Unsendable, match="deep"):
            encode(value)
    else:
        assert same(decode(encode(value)), value)


@settings(max_examples=400, deadline=None)
@given(plain, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4), st.integers(-3, 3), st.booleans())
def test_mutated_bytes_give_a_value_or_a_violation_and_nothing_else(value, changes, shift, requests):
    if depth(value) > MAX_DEPTH:
        return
    body = bytearray(encode(value))
    for place, byte in changes:
        body[place % len(body)] = byte
    body = body[:shift] if shift < 0 else body + bytes(shift)
    with suppress(WireViolation):
        decode(bytes(body), requests=requests)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_random_bytes_give_a_value_or_a_violation_and_nothing_else(body, requests):
    with suppress(WireViolation):
        decode(body, requests=requests)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.zeros((0, 3)), np.ones(())], ids=["full", "empty", "scalar"])
def test_arrays_are_read_only_by_default_and_writable_where_asked_for(array):
    body = encode(array)
    with pytest.raises(ValueError, match="read-only"):
        decode(body)[...] = 0
    copy = decode(bytearray(body), writable=True)
    copy[...] = 0
    assert copy.dtype == array.dtype


def test_read_only_array_can_not_be_made_writable():
    with pytest.raises(ValueError, match="WRITEABLE"):
        decode(encode(np.arange(6.0))).flags.writeable = True


@pytest.mark.parametrize(
    "view", [np.arange(12.0)[::-2], np.arange(12.0).reshape(3, 4).T, np.arange(5, dtype=">f4"), np.broadcast_to(2.0, (3, 4))]
)
def test_views_and_foreign_byte_orders_cross_as_plain_arrays(view):
    got = decode(encode(view))
    assert got.dtype.isnative
    assert np.array_equal(got, view)


class Float(float):
    pass


class Array(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [(1, 2), {1: 2}, {1}, object(), 1j, 2**2000, "x" * (MAX_TEXT + 1), [None] * MAX_NODES, Reference("layers"), Float(1), np.float64(1)],
    ids=lambda value: type(value).__name__,
)
def test_value_outside_the_closed_set_is_refused(value):
    with pytest.raises(Unsendable):
        encode(value)


@pytest.mark.parametrize("dtype", [complex, object, "U3", "S3", "M8[s]", np.longdouble, [("a", "i4")]], ids=str)
def test_array_of_another_dtype_is_refused(dtype):
    with pytest.raises(Unsendable):
        encode(np.zeros(2, dtype))


@pytest.mark.parametrize("array", [np.zeros(2).view(Array), np.zeros((1,) * 9)], ids=["subclass", "nine dimensions"])
def test_subclass_and_too_many_dimensions_are_refused(array):
    with pytest.raises(Unsendable):
        encode(array)


def test_virtual_array_is_refused_before_it_is_copied():
    with pytest.raises(Unsendable, match="MB"):
        encode(np.broadcast_to(1.0, (10**6, 10**6)))


def test_empty_array_with_enormous_dimensions_is_refused_on_both_sides():
    with pytest.raises(Unsendable):
        encode(np.zeros((0, 10**6, 10**6)))
    body = bytearray(encode(np.zeros((0, 3, 4))))
    body[7:11] = body[11:15] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(WireViolation):
        decode(body)


def test_requests_carry_tuples_and_references_and_answers_do_not():
    value = [(1, (2.5, "x")), Reference(7, (("attribute", "params"), ("item", "W"), ("item", (0, 1)))), {"k": Reference("layers")}]
    body = encode(value, requests=True)
    assert decode(body, requests=True) == value
    with pytest.raises(WireViolation):
        decode(body)


def with_tag(tag, rest):
    return bytes((tag,)) + rest


@pytest.mark.parametrize(
    "body",
    [
        b"",
        with_tag(1, b"\2"),
        with_tag(2, b"\0"),
        with_tag(2, b"\2\1\0"),
        with_tag(2, b"\x81" + b"\1" * 0x81),
        with_tag(4, struct.pack("<I", 2) + b"\xff\xff"),
        with_tag(4, struct.pack("<I", MAX_TEXT + 1) + b"x" * (MAX_TEXT + 1)),
        with_tag(6, struct.pack("<I", 2**31)),
        with_tag(7, struct.pack("<I", 2) + 2 * (struct.pack("<I", 1) + b"a\0")),
        with_tag(8, b"\x0c\0"),
        with_tag(8, b"\0\1" + struct.pack("<I", 1) + b"\0\2"),
        with_tag(8, b"\1\1" + struct.pack("<I", 1) + b"\7\1"),
        with_tag(99, b""),
        with_tag(0, b"\0"),
        b"".join(with_tag(6, struct.pack("<I", 1)) for _ in range(MAX_DEPTH)) + b"\0",
        with_tag(6, struct.pack("<I", MAX_NODES)) + b"\0" * MAX_NODES,
    ],
)
def test_malformed_body_is_a_violation(body):
    with pytest.raises(WireViolation):
        decode(body)


def test_depth_and_count_at_the_limit_still_cross():
    value = None
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert decode(encode(value)) == value
    assert len(decode(encode([None] * (MAX_NODES - 1)))) == MAX_NODES - 1


def test_dtype_table_is_fixed():
    assert [dtype.str for dtype in values._DTYPES] == [np.dtype(code).str for code in DTYPES]
