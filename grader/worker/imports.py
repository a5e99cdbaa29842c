"""What a submission may import, and how its own modules are loaded."""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

_import_module = importlib.import_module
_getframe = sys._getframe  # pyright: ignore[reportPrivateUsage]
_IMPORT_FILES = ("<frozen importlib", str(importlib.__file__))
_MAX_REFUSED = 100
_STANDARD = sys.stdlib_module_names  # student code may replace the name in `sys`


class WrongRequest(Exception):
    """The grader asked for something that there is not: its own fault."""


class Imports:
    """The gate that all imports of a worker pass, and the submission's package."""

    def __init__(self, package: str, root: str | None, allowed: frozenset[str], broken: Mapping[str, str]) -> None:
        self.package = package
        self.root = root
        self.refused: list[str] = []
        """Top-level names that the submission's own code tried to import and may not."""
        self._allowed = allowed
        self._own = (package, "probes")
        self._broken = broken
        self._package_failure: BaseException | None = None
        if root is not None:
            sys.path.insert(0, root)
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuse what may not be imported; leave everything else to the finders that follow."""
        if name in self._broken:
            raise ImportError(self._broken[name], name=name)
        top = name.partition(".")[0]
        if not (
            top in _STANDARD
            or top in self._allowed
            or top in self._own
            or top.startswith("_sysconfigdata")  # the standard library's, named after the platform
        ):
            self._remember(top)
            raise ModuleNotFoundError(
                f"{top} is not available to a submission: it may import the standard library, NumPy, CuPy and matplotlib", name=top
            )
        return None

    def _remember(self, top: str) -> None:
        # Libraries try optional imports too; only those of the submission's own code count.
        frame: types.FrameType | None = _getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith(_IMPORT_FILES):
            frame = frame.f_back
        tried_here = frame is not None and self.owns(frame.f_code.co_filename)
        if tried_here and top not in self.refused and len(self.refused) < _MAX_REFUSED:
            self.refused.append(top)

    def owns(self, filename: str) -> bool:
        """Say whether a code object's file is the submission's."""
        return self.root is not None and filename.startswith(self.root + os.sep)

    def load(self, module: str) -> types.ModuleType:
        """Import a module of the submission by its short name; "" is the package. Raises what its code raises."""
        if self.root is None:
            raise WrongRequest("a probe used the package in a worker that has no submission")
        package = self._load_package()
        return _import_module(f"{self.package}.{module}") if module else package

    def _load_package(self) -> types.ModuleType:
        if self._package_failure is not None:
            raise self._package_failure
        try:
            return _import_module(self.package)
        except BaseException as failure:
            if self._failed_in(failure) in (None, os.path.join(self.package, "__init__.py")):
                self._package_failure = failure
                raise
            return self._stand_in()

    def _failed_in(self, failure: BaseException) -> str | None:
        """Return the file of the submission in which an import failed: the innermost frame's, or the one that does not parse."""
        filename = None
        if isinstance(failure, SyntaxError) and type(failure.filename) is str and self.owns(failure.filename):
            filename = failure.filename
        else:
            trace = failure.__traceback__
            while trace is not None:
                if self.owns(trace.tb_frame.f_code.co_filename):
                    filename = trace.tb_frame.f_code.co_filename
                trace = trace.tb_next
        return None if filename is None or self.root is None else os.path.relpath(filename, self.root)

    def _stand_in(self) -> types.ModuleType:
        """Put a bare package in place of one whose `__init__.py` imports a broken module: the others are graded all the same."""
        assert self.root is not None
        bare = types.ModuleType(self.package)
        bare.__path__ = [os.path.join(self.root, self.package)]
        sys.modules[self.package] = bare
        return bare

    def list_loaded(self) -> dict[str, Any]:
        """Return the names of loaded top-level modules and the refused ones."""
        names = {name.partition(".")[0] for name in list(sys.modules) if type(name) is str}
        return {"modules": sorted(names)[:5_000], "refused": list(self.refused)}


class PackageAccessor:
    """What a probe gets as `package`: `package.layers` imports the module when it is first asked for."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    def __getattr__(self, name: str) -> types.ModuleType:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._imports.load(name)
