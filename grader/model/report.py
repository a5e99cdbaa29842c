"""The report: the one record that a run leaves, `grader-report/1`.

The field names are the JSON's own; a change of their meaning bumps `SCHEMA`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA = "grader-report/1"


@dataclass(frozen=True)
class AssignmentNamed:
    """Which assignment was graded."""

    name: str
    """The folder's name."""
    version: str
    """The instructor's version."""
    title: str
    """What a person reads."""
    sha256: str
    """Over the assignment's folder."""


@dataclass(frozen=True)
class FileNamed:
    """One file of the submission."""

    path: str
    """Relative, as printable text."""
    bytes: int
    """Its size."""
    sha256: str
    """Of its content."""


@dataclass(frozen=True)
class SubmissionNamed:
    """What was graded."""

    id: str
    """The folder's or archive's name, made printable."""
    owners: tuple[str, ...]
    """Whose it is, where the source knows."""
    sha256: str
    """Over its files."""
    files: tuple[FileNamed, ...]
    """Those that were graded."""
    notes: tuple[str, ...]
    """What was strange about it, in sentences."""


@dataclass(frozen=True)
class GroupScore:
    """One contract item's points."""

    name: str
    """`module.Name`."""
    title: str
    """What a person reads."""
    earned: float
    """Points earned."""
    possible: float
    """Points that it can earn."""
    bonus: bool
    """Whether its points stand outside the maximum."""


@dataclass(frozen=True)
class CheckResult:
    """One check's end."""

    id: str
    """`group/function`."""
    title: str
    """The first line of the check's docstring."""
    group: str
    """The contract item that it is about."""
    points: float
    """What it can earn."""
    earned: float
    """All of its points, or none."""
    bonus: bool
    """As its group."""
    visibility: Literal["public", "hidden"]
    """From its folder."""
    status: Literal["passed", "failed", "undecided", "skipped"]
    """How it ended."""
    blame: Literal["none", "student", "grader", "environment"]
    """Whose fault it is that it did not pass."""
    message: str
    """For the student: what was checked, seen and expected."""
    hint: str = ""
    """The likely cause and where to look."""
    misconception: str | None = None
    """The catalogue's id of the likely cause."""
    evidence: dict[str, Any] = field(default_factory=dict[str, Any])
    """Plain JSON under 20 kB."""
    artifacts: tuple[str, ...] = ()
    """Names of files beside the report."""
    replay: str | None = None
    """Python lines that show the fault to the student."""
    seconds: float = 0.0
    """Wall seconds."""


@dataclass(frozen=True)
class Artifact:
    """A file beside the report."""

    name: str
    """`training.mnist_mlp learning curve`."""
    path: str
    """Relative to the report's folder."""
    sha256: str
    """Of its content."""
    bytes: int
    """Its size."""
    measured: bool = False
    """Whether its bytes depend on the machine; then `normalize` drops the digest."""


@dataclass(frozen=True)
class IsolationReached:
    """What stood between student code and the machine."""

    level: str
    """`L1`, or `none` when no worker was started."""
    layers: tuple[str, ...]
    """The layers that the workers reported in force."""


@dataclass(frozen=True)
class Run:
    """How and where the report was made; everything that depends on the machine stands here."""

    grader_version: str
    """The grader's version."""
    python: str
    """The interpreter's version."""
    numpy: str
    """NumPy's version."""
    platform: str
    """The operating system."""
    seed: int | None
    """The run's seed; redacted for students."""
    isolation: IsolationReached
    """The wall."""
    device: Literal["cpu", "gpu"]
    """Where arrays lived."""
    started: str
    """ISO 8601, UTC."""
    wall_s: float
    """Wall seconds of the whole run."""
    cpu_s: float
    """CPU seconds of grader and workers."""
    peak_memory_mb: float
    """The largest process, MiB."""
    partial: bool = False
    """True when only some checks ran: never a grade."""
    in_process: bool = False
    """True when there was no wall: never a grade."""


@dataclass(frozen=True)
class Report:
    """One submission, one assignment, one report."""

    assignment: AssignmentNamed
    """What it was graded against."""
    submission: SubmissionNamed
    """What was graded."""
    score: float
    """Points earned, bonus included."""
    max_score: float
    """Points possible, bonus excluded, withheld ones included."""
    withheld: float
    """Points that could not be decided through no fault of the student: a person must look."""
    groups: tuple[GroupScore, ...]
    """In the assignment's order."""
    checks: tuple[CheckResult, ...]
    """In the assignment's order."""
    artifacts: tuple[Artifact, ...]
    """Files beside the report."""
    run: Run
    """Machine, seed, isolation."""
    problems: tuple[str, ...] = ()
    """Sentences about the run as a whole."""
    schema: Literal["grader-report/1"] = SCHEMA
    """The version of this format."""

    @property
    def percent(self) -> float:
        """`score / max_score` in percent; 0 where nothing is possible."""
        return 100.0 * self.score / self.max_score if self.max_score else 0.0
