"""What an edited reference shows when it is used: batteries of cases an item, and what was seen in them, compared.

A battery is a list of `Case`s under its item in `CASES` of `tests/assignments/battery_MODULE.py`. Everything runs in this
process: the edits are our own.
"""

from __future__ import annotations

import compileall
import importlib
import itertools
import math
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

from grader.model.misconception import Edit, apply_edits

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "pytorchnano"
KINDS = ("square", "batch1", "stride1")
"""Who tries little: only square shapes, only batches of one sample, only a stride of 1."""

_count = itertools.count()


@dataclass(frozen=True)
class Case:
    """One use of an item."""

    name: str
    """Its own in the battery; draws are seeded by it."""
    use: Callable[[ModuleType, np.random.Generator], Any]
    """Takes the item's module, returns what is to be seen: nested dicts, lists, arrays and plain values."""
    tried: frozenset[str] = field(default=frozenset(KINDS))
    """The `KINDS` of people who would try it."""


@contextmanager
def load_edited(edits: list[Edit], folder: Path, module: str) -> Iterator[ModuleType]:
    """Import one module of the reference, edited in a copy under `folder`; only the block can see it."""
    name = f"pytorchnano_{next(_count)}"
    package = apply_edits(edits, REFERENCE, folder).rename(folder / name)
    # Python checks each file's time and size: what was not edited need not be compiled again.
    shutil.copytree(_compile_reference(), package / "__pycache__", ignore=shutil.ignore_patterns("*.pyc.*"))
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(f"{name}.{module}")
    finally:
        sys.path.remove(str(folder))
        for key in [key for key in sys.modules if key.partition(".")[0] == name]:
            del sys.modules[key]


@cache
def _compile_reference() -> Path:
    """Return the folder of the reference's bytecode, brought up to date."""
    compileall.compile_dir(REFERENCE, maxlevels=0, quiet=2)
    return REFERENCE / "__pycache__"


def read_battery(item: str) -> list[Case]:
    """Return the item's cases, whose names are its own."""
    cases: list[Case] = importlib.import_module(f"tests.assignments.battery_{item.partition('.')[0]}").CASES[item]
    assert len({case.name for case in cases}) == len(cases), f"two cases of {item} have the same name"
    return cases


def observe(edits: list[Edit], item: str, folder: Path) -> dict[str, Any]:
    """Return what each case of the item's battery saw, by the case's name."""
    folder.mkdir(parents=True, exist_ok=True)
    with load_edited(edits, folder, item.partition(".")[0]) as module, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {case.name: _see(case, module) for case in read_battery(item)}


def restrict(seen: dict[str, Any], item: str, kind: str) -> dict[str, Any]:
    """Keep what someone of this kind would have tried."""
    return {case.name: seen[case.name] for case in read_battery(item) if kind in case.tried}


def attempt(function: Callable[[], Any]) -> Any:
    """Return what the function returns, or the name of what it raises."""
    try:
        return function()
    except Exception as error:
        return f"raises {type(error).__name__}"


def alike(one: Any, other: Any) -> bool:
    """Whether two things seen are the same but for rounding."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if type(one) is not type(other) or one.dtype != other.dtype or one.shape != other.shape:
            return False
        close = 1e-3 if one.dtype == np.float32 else 1e-7
        return bool(np.allclose(one, other, rtol=close, atol=close, equal_nan=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(alike(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-7, abs_tol=1e-7) or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


def keep(value: Any) -> Any:
    """Return a copy that no later call can change; of objects without a value, their type."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: keep(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [keep(entry) for entry in value]
    if isinstance(value, bool | int | float | str | None):
        return value
    return f"{type(value).__name__} {value!r}" if isinstance(value, np.generic) else type(value).__name__


def _see(case: Case, module: ModuleType) -> Any:
    with np.errstate(all="ignore"):
        return keep(attempt(lambda: case.use(module, np.random.default_rng(crc32(case.name.encode())))))
