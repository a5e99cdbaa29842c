"""What is asked for, and what the session of checks is told: both round-trip through JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Audience = Literal["staff", "student"]


@dataclass(frozen=True)
class Job:
    """One submission, one assignment: makes exactly one report."""

    submission: Path
    """A folder, a zip or a tar.gz."""
    assignment: str
    """The assignment's name."""
    out: Path
    """The report's folder."""
    seed: int | None = None
    """None: a random one, recorded in the report."""
    audience: Audience = "staff"
    """Who reads the report."""
    mnist: Literal["subset", "full"] = "subset"
    """Which images the trainings see."""
    device: Literal["cpu", "gpu"] = "cpu"
    """Where arrays live."""
    isolation: str | None = None
    """The level asked for; None: the best that the machine has."""
    only: tuple[str, ...] = ()
    """Groups; empty: all."""
    visibility: Literal["all", "public"] = "all"
    """`public` for a student's own pytest."""


@dataclass(frozen=True)
class Session:
    """What the process that runs the checks is told."""

    assignment: str
    """The assignment's folder."""
    workspace: str
    """The folder that holds the submission's package; nothing else lies there."""
    digest: str
    """SHA-256 over the submission's files."""
    seed: int
    """The secret of hidden checks is derived from it."""
    public_seed: int
    """What public checks draw from."""
    journal: str
    """Outcomes are appended here as they happen."""
    artifacts: str
    """The folder for pictures and curves."""
    mnist: Literal["subset", "full"] = "subset"
    """Which images the trainings see."""
    device: Literal["cpu", "gpu"] = "cpu"
    """Where arrays live."""
    isolation: str | None = None
    """The level asked for."""
    only: tuple[str, ...] = ()
    """Groups; empty: all."""
    visibility: Literal["all", "public"] = "all"
    """Which folders of checks are collected."""
    shuffle: int | None = None
    """Run the checks in an order drawn from this seed (prerequisites still first); None: the file's order."""
    collect_only: bool = False
    """Say which checks there are and run none."""
