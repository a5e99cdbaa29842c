"""The student's package as a check sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.model.ending import Ending
from grader.remote.remote import Remote
from grader.remote.worker import Worker


class Submitted:
    """The submission behind the wall: `submission.layers.Dense(3, 5)` is a call in its worker.

    The worker starts at the first question; `restart` gives the check a fresh one.
    """

    def __init__(self, start: Callable[[], Worker], ended: Callable[[Ending], None]) -> None:
        self._start = start
        self._ended = ended
        self._workers: list[Worker] = []
        self.notes: list[str] = []
        """What checks that pass have to say."""

    @property
    def worker(self) -> Worker:
        """The check's worker, started now if there is none."""
        return self._workers[-1] if self._workers else self.restart()

    def restart(self) -> Worker:
        """End the present worker, if any, and start a fresh one."""
        self.close()
        self._workers.append(self._start())
        return self._workers[-1]

    def __getattr__(self, module: str) -> Remote:
        if module.startswith("_"):
            raise AttributeError(module)
        return self.worker.module(module)

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the assignment's probes beside the submission."""
        return self.worker.probe(name, *args, **kwargs)

    def note(self, said: str) -> None:
        """Keep a sentence about a check that passes."""
        if said not in self.notes:
            self.notes.append(said)

    @property
    def package(self) -> str:
        """The package's name."""
        return self.worker.package

    @property
    def scratch(self) -> Path:
        """The check's scratch folder, as the worker sees it."""
        folder = self.worker.scratch
        assert folder is not None, "the check's mark asks for no scratch folder"
        return folder

    def close(self) -> None:
        """End the worker: nothing of it is left."""
        while self._workers:
            self._ended(self._workers.pop().close())
