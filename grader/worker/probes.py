"""The staff's probes: a folder of modules, executed once in the zygote; a worker inherits them as its package `probes`.

They are executed behind the same gate as a submission's imports and before any submission can be imported, so that a probe module
that imports one at its top fails at once. Modules share names by imports of each other (`from .building import build_layer`); every
public function that a module defines is a probe.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.worker.imports import Imports

PACKAGE = "probes"


@dataclass(frozen=True)
class Probes:
    """One folder of probes."""

    modules: Mapping[str, types.ModuleType] = field(default_factory=dict[str, types.ModuleType])
    """By dotted name, the package included; what a worker puts into `sys.modules`."""
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])
    """The public functions of all modules."""
    trouble: str = ""
    """Why they can't be used, for a person of the staff."""


def load_probes(folder: str, allowed: frozenset[str]) -> Probes:
    """Compile and execute a folder's modules; whatever goes wrong is the result's `trouble`.

    `allowed` are the third-party packages that may be imported. `sys.modules` and the import gates are afterwards as they were, but
    for what the probes have imported.
    """
    gate = Imports(PACKAGE, None, allowed, {})
    finder: _Finder | None = None
    try:
        finder = _Finder(folder)
        sys.meta_path.insert(0, finder)
        modules = finder.execute()
        return Probes(modules, _collect_functions(modules))
    except BaseException as error:
        return Probes(trouble=f"{type(error).__name__}: {error}"[:2_000])
    finally:
        sys.meta_path[:] = [one for one in sys.meta_path if one is not gate and one is not finder]
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


class _Finder:
    """Finds and loads the modules of one folder. Their code bears names relative to it: where it lies is not for submissions."""

    def __init__(self, folder: str) -> None:
        self._codes = {PACKAGE: _compile("", "__init__.py")}
        for file_name in sorted(os.listdir(folder)):
            if file_name.endswith(".py"):
                with open(os.path.join(folder, file_name), "rb") as source:
                    name = f"{PACKAGE}.{file_name.removesuffix('.py')}".removesuffix(".__init__")
                    self._codes[name] = _compile(source.read(), file_name)

    def execute(self) -> dict[str, types.ModuleType]:
        return {name: importlib.import_module(name) for name in self._codes}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._codes:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=PACKAGE, is_package=name == PACKAGE)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: types.ModuleType) -> None:
        exec(self._codes[module.__name__], vars(module))


def _compile(source: str | bytes, file_name: str) -> types.CodeType:
    return compile(source, f"{PACKAGE}/{file_name}", "exec", dont_inherit=True)


def _collect_functions(modules: Mapping[str, types.ModuleType]) -> dict[str, Callable[..., Any]]:
    """Return the public functions that each module defines; ImportError when two define the same name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in modules.values():
        for name, value in vars(module).items():
            if name.startswith("_") or not isinstance(value, types.FunctionType) or value.__module__ != module.__name__:
                continue
            if name in found:
                raise ImportError(f"{name} is defined in {found[name].__module__} and in {module.__name__}; a probe's name is its own")
            found[name] = value
    return found
