"""A worker's CPU time, read from outside, and the deadlines of one request."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass

from grader.model.limits import Limits

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_CORES = os.cpu_count() or 1
_CHILDREN_EVERY_S = 0.05
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.005, 0.5


class CpuClock:
    """CPU seconds of one process, its threads and the children that it waited for; never runs backwards."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._clock = ~pid << 3 | 2  # the kernel's number for a process's CPU clock, see clock_getcpuclockid(3)
        self._last_s = 0.0
        self._children_s = 0.0
        self._children_read_s = time.monotonic()

    def read_s(self) -> float:
        """Return the seconds used so far; after the process's end the last that were seen."""
        with contextlib.suppress(OSError):
            self._last_s = max(self._last_s, time.clock_gettime(self._clock) + self._read_children_s())
        return self._last_s

    def _read_children_s(self) -> float:
        # The kernel counts them in ticks of 10 ms: reading the file at every short call would only cost time.
        now_s = time.monotonic()
        if now_s - self._children_read_s >= _CHILDREN_EVERY_S:
            self._children_s, self._children_read_s = self._look_up_children_s(), now_s
        return self._children_s

    def _look_up_children_s(self) -> float:
        with open(f"/proc/{self._pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) * _TICK_S


@dataclass(frozen=True)
class Overrun:
    """A limit that was hit."""

    used: str
    """What was used, "10 s of CPU"."""
    limit: str
    """What was allowed."""
    resource: str
    """The field of Limits."""


class Deadlines:
    """The limits of one request, as absolute times on the worker's and on the wall's clock."""

    def __init__(self, clock: CpuClock, limits: Limits, *, importing: bool, waited_s: float) -> None:
        """Start now; `waited_s` are the wall seconds that earlier requests took."""
        self._clock = clock
        self._used_s = cpu_s = clock.read_s()
        wall_s = time.monotonic()
        self._started_s = wall_s
        call = ("import_cpu_s", limits.import_cpu_s) if importing else ("call_cpu_s", limits.call_cpu_s)
        self._cpu = [(cpu_s + call[1], call[1], call[0]), (limits.check_cpu_s, limits.check_cpu_s, "check_cpu_s")]
        self._wall = [
            (wall_s + limits.call_wall_s, limits.call_wall_s, "call_wall_s"),
            (wall_s + limits.check_wall_s - waited_s, limits.check_wall_s, "check_wall_s"),
        ]

    @property
    def elapsed_s(self) -> float:
        """Wall seconds since the start."""
        return time.monotonic() - self._started_s

    def find_overrun(self) -> Overrun | None:
        """Return the limit that was hit, if one was."""
        self._used_s = self._clock.read_s()
        for deadline_s, limit_s, name in self._cpu:
            if self._used_s >= deadline_s:
                return Overrun(f"{limit_s:g} s of CPU", f"{limit_s:g} s", name)
        now_s = time.monotonic()
        for deadline_s, limit_s, name in self._wall:
            if now_s >= deadline_s:
                return Overrun(f"{limit_s:g} s (mostly waiting)", f"{limit_s:g} s", name)
        return None

    def wait_s(self) -> float:
        """Return how long to sleep at most, from the last look at the clocks on, before looking again."""
        cpu_left_s = (min(self._cpu)[0] - self._used_s) / _CORES
        wall_left_s = min(self._wall)[0] - time.monotonic()
        return max(_SHORTEST_WAIT_S, min(cpu_left_s, wall_left_s, _LONGEST_WAIT_S))
