"""How a worker ended and what it had used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """A worker's last record, made when nothing of it is left alive."""

    reason: str
    """closed (the grader was done with it), limit, violation, exited, signalled, or lost (nobody could say)."""
    signal: str
    """The signal's name where one ended it, `SIGKILL`; empty otherwise."""
    status: int
    """Exit status of a worker that ended its process itself; 0 otherwise."""
    cpu_s: float
    """CPU seconds of the worker and of every process it left behind."""
    wall_s: float
    """Wall seconds from the fork to the end."""
    max_rss_mb: float
    """Largest resident memory, MiB, pages shared with the zygote included."""
