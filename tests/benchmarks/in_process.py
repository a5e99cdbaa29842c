"""The same checks without the wall: what the wall costs is the difference. For the benchmark alone; never a grade.

`python -m tests.benchmarks.in_process SESSION.json` runs a session whose workers are objects of its own process. The answers
still pass through the wire's encoder, so the comparison leaves fork, confinement, sockets, kill and reaping to the wall.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import grader.plugin.grading as grading
from grader.faults import ModuleUnavailable
from grader.isolation.zygote import ALLOWED_PACKAGES
from grader.model.assignment import load_assignment
from grader.model.ending import Ending
from grader.model.job import Session as Told
from grader.model.limits import Limits
from grader.remote.worker import Worker
from grader.run.session import pytest_arguments
from grader.wire.messages import Hello, Kept, Raised, Request, Value, read_reply
from grader.worker.imports import Imports
from grader.worker.probes import load_probes
from grader.worker.session import Session


class InProcessWorker(Worker):
    """A worker that is no process: requests are answered where they are asked."""

    def __init__(self, root: Path | None, package: str, limits: Limits, probes: Path | None, scratch: str) -> None:
        for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
            del sys.modules[name]
        self._path, self._finders = list(sys.path), list(sys.meta_path)
        imports = Imports(package, None if root is None else str(root), ALLOWED_PACKAGES | {"pytest", "grader", "tests"}, {})
        sys.meta_path.remove(imports)
        self._session = Session(imports, {} if probes is None else load_probes(str(probes), ALLOWED_PACKAGES).functions)
        self._limits = limits
        self._package = package
        self._has_submission = root is not None
        self._import_failures: dict[str, ModuleUnavailable] = {}
        self._loaded: set[str] = set()
        self._dropped: list[int] = []
        self._fault = None
        self._ending = None
        self.last_warnings = ()
        self.last_types = {}
        self._scratch_folder = tempfile.TemporaryDirectory() if scratch else None
        if self._scratch_folder is not None and scratch != "-":
            os.environ[scratch] = self._scratch_folder.name

    @property
    def scratch(self) -> Path | None:
        return None if self._scratch_folder is None else Path(self._scratch_folder.name)

    def _scratch_or_fault(self) -> Path:
        assert self.scratch is not None
        return self.scratch

    def _exchange(self, label: str, request: Request, *, importing: bool = False) -> Value | Kept | Raised:
        kind, body = self._session.answer(request)
        reply = read_reply(kind, body)
        assert not isinstance(reply, Hello)
        self.last_warnings = reply.warned
        return reply

    def output(self) -> str:
        return ""

    def cpu_s(self) -> float:
        times = os.times()
        return times.user + times.system

    def close(self) -> Ending:
        sys.path[:], sys.meta_path[:] = self._path, self._finders
        if self._scratch_folder is not None:
            self._scratch_folder.cleanup()
        self._ending = Ending("closed", "", 0, 0.0, 0.0, 0.0)
        return self._ending


class InProcessWall:
    """A wall that separates nothing."""

    isolation = ("none", ())

    def __init__(self, root: Path | None, *, package: str, limits: Limits, probes: Path | None = None, **_: Any) -> None:
        self._root, self._package, self._limits, self._probes = root, package, limits, probes

    def worker(self, *, limits: Limits | None = None, scratch: str = "", **_: Any) -> InProcessWorker:
        """Start a worker that is no process."""
        return InProcessWorker(self._root, self._package, limits or self._limits, self._probes, scratch)

    def beside(self, root: Path | None, *, probes: Path | None = None) -> InProcessWall:
        """Another one like it."""
        return InProcessWall(root, package=self._package, limits=self._limits, probes=probes or self._probes)

    def close(self) -> None:
        """Nothing is left to end."""

    def __enter__(self) -> InProcessWall:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def main(path: str) -> int:
    """Run the session that `path` describes without a wall."""
    grading.Wall = InProcessWall  # type: ignore[assignment,misc]
    told = Told(**json.loads(Path(path).read_text()))
    os.environ["GRADER_SESSION"] = path
    return int(pytest.main(pytest_arguments(told, load_assignment(Path(told.assignment)), Path(path).with_name("in_process.json"))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
