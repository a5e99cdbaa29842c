"""The zygotes of a wall and of those beside it: one for each set of modules that are loaded beforehand, and their common folder."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.isolation.fonts import copy_fonts
from grader.isolation.launch import Layer
from grader.isolation.zygote import Zygote
from grader.worker.sweep import remove_folder

_ZYGOTE_ENVIRONMENT = {
    # One thread: a lock held by another one at the fork would hang every worker.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass
class _Running:
    """What must not outlive the walls."""

    temp: Path
    folders: dict[tuple[str, ...], Path] = field(default_factory=dict[tuple[str, ...], Path])
    zygotes: dict[tuple[str, ...], Zygote] = field(default_factory=dict[tuple[str, ...], Zygote])
    pid: int = field(default_factory=os.getpid)


class Zygotes:
    """Starts zygotes when they are first needed, and again when they died."""

    def __init__(self, layers: Sequence[Layer], environment: dict[str, str]) -> None:
        """Start nothing yet; `layers` and `environment` are those of every worker."""
        self._layers = layers
        self._environment = environment
        self._running: _Running | None = None
        self._finalizer: weakref.finalize[[_Running], Zygotes] | None = None
        self.closed = False
        """Whether `close` was called; nothing is started any more."""

    @property
    def temp(self) -> Path:
        """The walls' folder, made now if there is none."""
        if self._running is None:
            self._running = _Running(Path(tempfile.mkdtemp(prefix="grader-wall-")))
            # Runs at exit too, should nobody close the wall.
            self._finalizer = weakref.finalize(self, _release, self._running)
            copy_fonts(self._running.temp / "matplotlib")
        return self._running.temp

    def folder(self, preload: tuple[str, ...]) -> Path:
        """Return the folder of one zygote, for its workers' own folders: by it all of them are found when the zygote was killed."""
        temp = self.temp
        assert self._running is not None
        folders = self._running.folders
        if preload not in folders:
            folders[preload] = temp / f"zygote-{len(folders)}"
            folders[preload].mkdir()
        return folders[preload]

    def find(self, preload: tuple[str, ...]) -> Zygote:
        """Return a live zygote that has imported the modules of `preload`; raises EnvironmentFault when it can't be started."""
        folder = self.folder(preload)
        assert self._running is not None
        zygotes = self._running.zygotes
        if preload in zygotes and not zygotes[preload].alive:
            zygotes.pop(preload).close()
        if preload not in zygotes:
            zygotes[preload] = Zygote(
                folder=folder,
                preload=preload,
                layers=[layer.NAME for layer in self._layers],
                environment={
                    **_ZYGOTE_ENVIRONMENT,
                    **self._environment,
                    "HOME": str(folder / "home"),
                    "TMPDIR": str(self.temp),
                    "MPLCONFIGDIR": str(self.temp / "matplotlib"),
                },
            )
        return zygotes[preload]

    def close(self) -> None:
        """End all zygotes and their workers and remove the folder; may be called again."""
        self.closed = True
        if self._finalizer is not None:
            self._finalizer()


def _release(running: _Running) -> None:
    # A fork of the trusted process must not end what belongs to its parent.
    if running.pid != os.getpid():
        return
    for zygote in running.zygotes.values():
        zygote.close()
    remove_folder(str(running.temp))
