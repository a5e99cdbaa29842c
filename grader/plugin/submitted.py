"""The student's package as a check sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from grader.diagnosis.transcript import Listener, listen
from grader.model.ending import Ending
from grader.remote.remote import Remote
from grader.remote.worker import Worker
from grader.wire.frames import Kind
from grader.wire.values import NOWHERE, Reference


class Submitted:
    """The submission behind the wall: `submission.layers.Dense(3, 5)` is a call in its worker.

    The worker starts at the first question; `restart` gives the check a fresh one.
    """

    def __init__(self, start: Callable[[], Worker], ended: Callable[[Ending], None], listener: Listener | None = None) -> None:
        """Take what starts a worker, who is told how it ended, and who hears every question and answer."""
        self._start = start
        self._ended = ended
        self._listener = listener
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
        worker = self._start()
        self._workers.append(worker)
        if self._listener is not None:
            let_hear(worker, self._listener)
        return worker

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

    def conclude(self, said: str) -> None:
        """Say that the check has failed with this sentence: whatever is asked from now on only explains it."""
        if self._listener is not None:
            self._listener.conclude(said)

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

    def release(self) -> Worker | None:
        """Give the present worker, if any, away: it is no longer ended here."""
        return self._workers.pop() if self._workers else None

    def close(self) -> None:
        """End the worker: nothing of it is left."""
        while self._workers:
            self._ended(self._workers.pop().close())


def let_hear(worker: Worker, listener: Listener) -> None:
    """Have a listener hear every question that the worker is asked, and its answer.

    Remotes, probes and modules all ask through the worker's own `ask`, so it is taken over there, for this worker alone.
    """
    ask, read_scratch = worker.ask, worker.read_scratch

    def ask_aloud(kind: Kind, label: str, path: Reference = NOWHERE, name: str = "", args: Any = (), kwargs: Any = None) -> Any:
        handed = cast("tuple[Any, ...]", (*args, *(kwargs or {}).values()))
        given = [None if isinstance(value, Remote) else value for value in handed]
        return listen(f"{kind.name} {label} {name}", given, lambda: ask(kind, label, path, name, args, kwargs), listener)

    def read_aloud(name: str, max_bytes: int) -> bytes:
        return listen(f"READ {name}", None, lambda: read_scratch(name, max_bytes), listener)

    worker.ask, worker.read_scratch = ask_aloud, read_aloud
