"""What a run named: of a submission, or of the reference with edits."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.model.job import Job
from grader.model.misconception import Edit, apply_edits
from grader.model.report import Report
from grader.run.job import run_job

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "pytorchnano"


def read_named(report: Report) -> dict[str, list[str]]:
    """Return the named ids of each failed check, none where nothing was named."""
    failed = [check for check in report.checks if check.status == "failed"]
    return {check.id: check.misconception.split(" | ") if check.misconception else [] for check in failed}


def diagnose_submission(path: Path, *items: str, assignment: str = "pytorchnano", seed: int = 3) -> dict[str, list[str]]:
    """Grade the groups `items` (all where none is given) of the submission in the folder `path`; return what was named by check."""
    with tempfile.TemporaryDirectory(prefix="diagnosed-") as out:
        return read_named(run_job(Job(path, assignment, Path(out), seed=seed, only=items)).report)


def diagnose_edits(edits: Sequence[Edit], *items: str, package: Path = REFERENCE) -> dict[str, list[str]]:
    """Like `diagnose_submission`, of a package with edits; the reference unless another one is given."""
    with tempfile.TemporaryDirectory(prefix="edited-") as folder:
        apply_edits(list(edits), package, Path(folder))
        return diagnose_submission(Path(folder), *items)
