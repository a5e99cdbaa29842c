"""Student objects as values that cross; whatever does not convert stays in the worker.

Types are compared exactly and only methods of builtin types are called: no class of a student's runs code here, generators apart.
"""

from __future__ import annotations

import collections
import itertools
import pathlib
import types
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from grader.wire.values import MAX_DEPTH, MAX_NODES, Unsendable, is_sendable_dtype

MAX_DRAINED = 10_000
"""Items taken from a generator."""
_MAX_TYPES = 100
_MAX_NAME = 200


def _ids(*types: Any) -> frozenset[int]:
    # Identities and not the types: a student's metaclass decides what its classes are equal to.
    return frozenset(id(one) for one in types)


_PLAIN = _ids(type(None), bool, int, float, str, bytes)
_NUMBERS = _ids(*(np.dtype(code).type for code in "?bhilqBHILQefd"))
_NAMES: dict[str, Any] = {}
_LISTS = _ids(list, tuple, collections.deque, range, type(_NAMES.keys()), type(_NAMES.values()), type(_NAMES.items()))
_DICTS = _ids(dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
_DRAINED = _ids(
    *(types.GeneratorType, zip, map, filter, enumerate, reversed, type(iter([])), type(iter(())), itertools.chain, itertools.islice)
)
_TEXTS = _ids(pathlib.PosixPath, pathlib.PurePosixPath, np.str_)
_ndarray, _longdouble = np.ndarray, np.longdouble
_qualname_of, _module_of = (vars(type)[name].__get__ for name in ("__qualname__", "__module__"))
_bases_of, _attributes_of = (vars(type)[name].__get__ for name in ("__bases__", "__dict__"))
_item = cast("Callable[[Any], Any]", np.generic.item)


class StaysHere(Exception):
    """The object has no form that crosses."""


def name_type(value: object) -> str:
    """Return `module.Class` of an object, cut; asks the class itself and no metaclass."""
    cls = type(value)
    if cls is _ndarray:
        return f"numpy.ndarray of dtype {cast(NDArray[Any], value).dtype}"[:_MAX_NAME]
    name = str(_qualname_of(cls))
    try:
        module = _module_of(cls)
    except AttributeError:
        module = None  # student code may delete it
    return (f"{module}.{name}" if type(module) is str and module != "builtins" else name)[:_MAX_NAME]


class Converter:
    """Converts one answer and remembers what it changed."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        """Place and former type of everything that was turned into another type, the first hundred."""
        self._nodes = 0

    def convert(self, value: Any, place: str = "", depth: int = 1) -> Any:
        """Return the value made of types that cross.

        Raises StaysHere where it can't be, Unsendable when it is too large, and what a generator of the student's raises.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unsendable(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise StaysHere
        cls = cast("type[Any]", type(value))
        known = id(cls)
        if known in _PLAIN:
            return value
        if cls is _ndarray:
            return self._convert_array(value, place)
        if known in _NUMBERS:
            self._note(place, value)
            return _item(value)
        if known in _LISTS or _is_named_tuple(value):
            return self._convert_list(value, place, depth)
        if known in _DICTS:
            return self._convert_dict(value, place, depth)
        if known in _TEXTS:
            self._note(place, value)
            return str(value)
        if cls is _longdouble:
            self._note(place, value)
            return float(value)
        raise StaysHere

    def _note(self, place: str, value: object) -> None:
        if len(self.types) < _MAX_TYPES:
            self.types[place[:_MAX_NAME]] = name_type(value)

    def _convert_array(self, value: NDArray[Any], place: str) -> Any:
        if not is_sendable_dtype(value.dtype):
            raise StaysHere
        if value.ndim == 0:
            self._note(place, value)
            return value.item()
        if not value.dtype.isnative:
            self._note(place, value)
        return value

    def _convert_list(self, value: Any, place: str, depth: int) -> list[Any]:
        # A named tuple's class is the submission's, and may have an __iter__ of its own.
        items: Iterable[Any] = _iterate_tuple(value) if _is_named_tuple(value) else value
        if type(value) is not list:
            self._note(place, value)
        return [self.convert(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(_islice(items, MAX_NODES + 1))]

    def _convert_dict(self, value: dict[Any, Any], place: str, depth: int) -> dict[str, Any]:
        if type(value) is not dict:
            self._note(place, value)
        if any(type(key) is not str for key in value):
            raise StaysHere
        items = _islice(value.items(), MAX_NODES + 1)
        return {key: self.convert(item, f"{place}[{key[:50]!r}]", depth + 1) for key, item in items}


def drain(value: Any) -> list[Any] | None:
    """Return all items of a generator or another iterator, and None for anything else; runs student code.

    Only an answer itself is drained, never a generator inside of it: where the answer stays in the worker, that one stays whole.
    Raises Unsendable when there are too many items.
    """
    if id(cast("type[Any]", type(value))) not in _DRAINED:
        return None
    items: list[Any] = list(_islice(value, MAX_DRAINED + 1))
    if len(items) > MAX_DRAINED:
        raise Unsendable(f"a generator that yields more than {MAX_DRAINED} items")
    return items


def _is_named_tuple(value: object) -> bool:
    cls = type(value)
    bases = _bases_of(cls)
    return len(bases) == 1 and bases[0] is tuple and "_fields" in _attributes_of(cls)


_iterate_tuple = cast("Callable[[Any], Iterable[Any]]", vars(tuple)["__iter__"])
_islice = itertools.islice
