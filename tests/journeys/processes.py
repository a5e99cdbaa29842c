"""The processes of a grader that a test started, told from all others by a word that stands in their environment."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

PATIENCE_S = 120.0
"""Far longer than anything here takes on a busy machine: its end is a failure, never a measurement."""
_TICK_S = 0.02
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Process:
    """One process, as /proc shows it."""

    pid: int
    """Its id."""
    command: str
    """Its command line."""
    parent: int
    """Its parent's id."""
    cpu_s: float
    """CPU seconds that it has used since it was forked."""

    @property
    def is_session(self) -> bool:
        """Whether it runs the checks."""
        return "-m pytest" in self.command and "grader.plugin.hooks" in self.command

    @property
    def is_behind_the_wall(self) -> bool:
        """Whether it is a zygote or a worker."""
        return "grader.worker.zygote" in self.command


def find_marked(marker: str) -> list[Process]:
    """Return the living processes that were started with `marker` in their environment; zombies and this process are left out."""
    return [process for name in os.listdir("/proc") if name.isdigit() and (process := _read(int(name), marker.encode()))]


def find_looping(marker: str) -> Process | None:
    """Return a worker that has burnt more CPU time than starting one takes: the submission's loop."""
    behind = {process.pid: process for process in find_marked(marker) if process.is_behind_the_wall}
    return next((process for process in behind.values() if process.parent in behind and process.cpu_s > 0.5), None)


def wait_until(condition: Callable[[], _Found], what: str) -> _Found:
    """Return what `condition` returns once that is true; fail when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(_TICK_S)
    return found


def _read(pid: int, marker: bytes) -> Process | None:
    folder = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        if pid == os.getpid() or marker not in (folder / "environ").read_bytes():
            return None
        state, parent, *rest = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        if state in "ZX":
            return None
        ticks = int(rest[9]) + int(rest[10])
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return Process(pid, command, int(parent), ticks / os.sysconf("SC_CLK_TCK"))
    return None
