"""Which checks an assignment has, without running any."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from grader.faults import GraderFault
from grader.model.assignment import Assignment
from grader.model.job import Session
from grader.run.session import run_session


def collect_checks(assignment: Assignment) -> list[dict[str, Any]]:
    """Return every check's definition in the order of collection; `GraderFault` lists what is wrong with the assignment."""
    with tempfile.TemporaryDirectory(prefix="grader-") as name:
        folder = Path(name)
        neutral = folder / "session"
        neutral.mkdir()
        session = Session(
            assignment=str(assignment.folder),
            workspace=str(folder),
            digest="",
            seed=0,
            public_seed=0,
            journal=str(folder / "journal.jsonl"),
            artifacts=str(folder),
            collect_only=True,
        )
        ran = run_session(session, assignment, neutral)
    if ran.problems:
        raise GraderFault("\n".join(ran.problems))
    return list(ran.checks.values())
