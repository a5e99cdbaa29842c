"""Packages and probes in this process, without a wall: for studies and tests of code that is trusted."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from grader.isolation.zygote import ALLOWED_PACKAGES
from grader.worker.probes import load_probes

ROOT = Path(__file__).resolve().parents[2]
PROBES = ROOT / "assignments" / "pytorchnano" / "probes"


class LoadedPackage:
    """A submission's modules as attributes; it is imported under a name of its own, so that several fit in one process."""

    def __init__(self, folder: Path) -> None:
        package = folder / "pytorchnano"
        self._alias = f"_studied_{folder.name}"
        if self._alias not in sys.modules:
            _load(self._alias, package / "__init__.py", [str(package)])

    def __getattr__(self, module: str) -> ModuleType:
        return importlib.import_module(f"{self._alias}.{module}")


class LocalWorker:
    """A worker's `probe` and `cpu_s`, in this process."""

    def __init__(self, package: Any) -> None:
        probes = load_probes(str(PROBES), ALLOWED_PACKAGES)
        assert not probes.trouble, probes.trouble
        for module in probes.modules.values():
            if hasattr(module, "find_constructor"):
                module.find_constructor = lambda constructor: getattr(getattr(package, constructor[0]), constructor[1])
        self._probes = probes.functions

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        # In a worker, too, a warning is no output of the check.
        with np.errstate(all="ignore"):
            return _decoded(self._probes[name](*args, **kwargs))

    def cpu_s(self) -> float:
        return time.process_time()


def load_submission(name: str) -> LoadedPackage:
    """Load `reference`, or one of the folders in tests/submissions."""
    return LoadedPackage(ROOT / "reference" if name == "reference" else ROOT / "tests" / "submissions" / name)


def replace_classes(package: Any, **modules: dict[str, Any]) -> SimpleNamespace:
    """Return the package with some classes exchanged: `replace_classes(package, layers={"Dense": FrozenDense})`."""
    names = ("layers", "activations", "losses", "optimizers")
    return SimpleNamespace(**{name: SimpleNamespace(**{**vars(getattr(package, name)), **modules.get(name, {})}) for name in names})


def _decoded(value: Any) -> Any:
    # As the wire does: NumPy's numbers become Python's, tuples lists.
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _decoded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_decoded(entry) for entry in value]
    return value


def _load(name: str, path: Path, search: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
