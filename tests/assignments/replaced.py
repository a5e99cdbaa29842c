"""Every function of the contract, and what it can be replaced by."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from grader.model.assignment import Assignment, shared_folder
from grader.model.misconception import apply_edits

ENDS = {
    "returns None": "return None",
    "raises": "raise RuntimeError('replaced')",
    "exits": "os._exit(0)",
    "sleeps": "time.sleep(3600)",
}
"""What any function can be replaced by."""

SPOILS = {
    "returns NaN": "array.astype(float) * numpy.nan",
    "returns a wrong shape": "numpy.stack([array, array])",
    # Zeros and ones may well be booleans: the contract leaves that open for one_hot.
    "returns a wrong dtype": "array.astype(complex if ((array == 0) | (array == 1)).all() else bool)",
}
"""What can be made of an array; a function that promises a value returns its own, spoilt."""

SILENT = {"__init__", "step", "train", "eval", "save", "load"}
"""Methods that promise no value: nothing of it can be spoilt."""

_CODE = '''

import os, sys, time, types
import numpy


def _spoil(value):
    if isinstance(value, (tuple, list)):
        return type(value)(_spoil(one) for one in value)
    if isinstance(value, types.GeneratorType):
        return (_spoil(one) for one in value)
    if isinstance(value, (numpy.ndarray, int, float)):
        array = numpy.asarray(value)
        return {spoilt}
    return numpy.nan


def _replace(owner, name):
    honest = getattr(owner, name)

    def replaced(*args, **kwargs):
        {body}

    setattr(owner, name, replaced)


_replace({owner}, {name!r})
'''


@dataclass(frozen=True)
class Replacement:
    """One function of one item, replaced in one way."""

    item: str
    """The contract item, `layers.Dense`."""
    method: str
    """Of the item's class; empty where the item is a function."""
    kind: str
    """A key of ENDS or SPOILS."""

    @property
    def id(self) -> str:
        """As pytest shows it."""
        return f"{self.item}{'.' if self.method else ''}{self.method} {self.kind}"

    def code(self) -> str:
        """What stands at the end of the item's module."""
        name = self.item.partition(".")[2]
        spoilt = SPOILS.get(self.kind, "array")
        body = ENDS.get(self.kind, "return _spoil(honest(*args, **kwargs))")
        owner, replaced = (name, self.method) if self.method else ("sys.modules[__name__]", name)
        return _CODE.format(spoilt=spoilt, body=body, owner=owner, name=replaced)


def write_replaced(replacement: Replacement, into: Path) -> Path:
    """Write the reference with one function replaced below `into`; return `into`."""
    package = apply_edits([], shared_folder("reference") / "pytorchnano", into)
    with (package / f"{replacement.item.partition('.')[0]}.py").open("a", encoding="utf-8") as file:
        file.write(replacement.code())
    return into


def list_replacements(assignment: Assignment) -> list[Replacement]:
    """Return every function of every item that the assignment grades, in every way that makes sense."""
    found: list[Replacement] = []
    for item in assignment.groups:
        module, _, name = item.partition(".")
        if module in assignment.modules:
            for method in _methods(getattr(_load(module), name)):
                kinds = ENDS if method in SILENT else ENDS | SPOILS
                found += [Replacement(item, method, kind) for kind in kinds]
    return found


def _methods(thing: object) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield ""
        return
    for name, value in inspect.getmembers(thing, inspect.isfunction):
        if name == "__init__" and value.__qualname__ == "Layer.__init__":
            continue  # the base class's: the item has none of its own
        if name == "__init__" or not name.startswith("_"):
            yield name


def _load(module: str) -> ModuleType:
    """The reference's module, under a name of its own, so that no other `pytorchnano` is in the way."""
    root = shared_folder("reference") / "pytorchnano"
    package = "reference_of_replaced"
    if package not in sys.modules:
        spec = importlib.util.spec_from_file_location(package, root / "__init__.py", submodule_search_locations=[str(root)])
        assert spec is not None
        assert spec.loader is not None
        sys.modules[package] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[package])
    return importlib.import_module(f"{package}.{module}")
