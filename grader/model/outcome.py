"""What became of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.model.evidence import Evidence


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    SKIPPED = "skipped"


class Blame(StrEnum):
    """Whose fault it is that a check did not pass."""

    NONE = "none"
    STUDENT = "student"
    GRADER = "grader"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Outcome:
    """One check's end; points are earned whole or not at all."""

    status: Status
    """passed, failed, undecided (points withheld) or skipped (a prerequisite failed)."""
    blame: Blame
    """none where it passed or was skipped."""
    evidence: Evidence
    """What was seen, also for a pass that carries a note."""
    misconception: str | None = None
    """The catalogue's id of the likely cause."""
    replay: str | None = None
    """Python lines that show the fault to the student."""
    seconds: float = 0.0
    """Wall seconds of the check."""
