"""Conversion in the worker; what crosses the whole wall is in tests/remote/test_worker.py."""

import collections

import numpy as np
import pytest

from grader.wire.values import MAX_DEPTH, MAX_NODES, Unsendable
from grader.worker.convert import MAX_DRAINED, Converter, StaysHere, drain, name_type


def convert(value):
    converter = Converter()
    return converter.convert(value), converter.types


@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "u2", "f2", "f4", "f8", "longdouble"])
def test_numpy_scalars_become_numbers(dtype):
    scalar = np.zeros(1, dtype)[0]
    value, types = convert([scalar])
    assert type(value[0]) in (bool, int, float)
    assert types == {"[0]": name_type(scalar)}


@pytest.mark.parametrize(
    "value",
    [(1, 2), collections.deque([1, 2]), range(1, 3), {"a": 1, "b": 2}.values()],
    ids=lambda value: type(value).__name__,
)
def test_sequences_of_the_standard_library_become_lists(value):
    assert convert(value) == ([1, 2], {"": name_type(value)})


@pytest.mark.parametrize("value", [collections.OrderedDict(a=1), collections.defaultdict(int, a=1), collections.Counter("a")])
def test_dicts_of_the_standard_library_become_dicts(value):
    assert convert(value) == ({"a": 1}, {"": name_type(value)})


class Named(collections.namedtuple("Named", "a")):  # a subclass of a named tuple is a class of its own
    pass


class Cheat(float):
    pass


@pytest.mark.parametrize("value", [{1: 2}, {1}, object(), 1j, Named(1), Cheat(1), np.zeros(2, "U1"), np.float64, lambda: 0, iter([])])
def test_everything_else_stays(value):
    for place in (value, [value], {"k": (value,)}):
        with pytest.raises(StaysHere):
            convert(place)


def test_list_that_holds_itself_stays():
    endless = []
    endless.append(endless)
    with pytest.raises(StaysHere):
        convert(endless)


def test_depth_is_the_wires():
    value = 1
    for _ in range(MAX_DEPTH - 1):
        value = (value,)
    assert convert(value)
    with pytest.raises(StaysHere):
        convert((value,))


@pytest.mark.parametrize("value", [[0] * MAX_NODES, range(10**12), [[0] * 150] * 150])
def test_too_many_values_are_refused_early(value):
    with pytest.raises(Unsendable):
        convert(value)


def test_only_the_first_types_are_remembered():
    assert len(convert([(1,)] * 1000)[1]) == 100


def test_generators_are_drained_up_to_a_cap():
    assert drain(x for x in range(MAX_DRAINED)) == list(range(MAX_DRAINED))
    assert drain(zip([1], [2], strict=True)) == [(1, 2)]
    with pytest.raises(Unsendable):
        drain(x for x in range(MAX_DRAINED + 1))
    assert drain([1]) is None


def test_names_ask_the_class_and_no_metaclass():
    class Meta(type):
        def __getattribute__(cls, name):
            raise AssertionError(name)

    class Thing(metaclass=Meta):
        __module__ = 3

    assert name_type(Thing()).endswith("Thing")
    assert name_type(np.zeros(1, "f4")) == "numpy.ndarray of dtype float32"
    assert name_type([]) == "list"
