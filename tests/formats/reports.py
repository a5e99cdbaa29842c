"""Sample reports for tests."""

from __future__ import annotations

from typing import Any

from grader.model.report import AssignmentNamed, CheckResult, FileNamed, GroupScore, IsolationReached, Report, Run, SubmissionNamed


def check(name: str, status: str = "passed", points: float = 1, **changes: Any) -> CheckResult:
    blame = {"passed": "none", "failed": "student", "undecided": "grader", "skipped": "none"}[status]
    return CheckResult(
        **{
            "id": name,
            "title": f"title of {name}",
            "group": name.split("/")[0],
            "points": points,
            "earned": points if status == "passed" else 0.0,
            "bonus": False,
            "visibility": "hidden",
            "status": status,
            "blame": blame,
            "message": "" if status == "passed" else f"secret message of {name}",
            "seconds": 0.1,
        }
        | changes
    )


def report(*checks: CheckResult, **changes: Any) -> Report:
    groups: dict[str, list[CheckResult]] = {}
    for one in checks:
        groups.setdefault(one.group, []).append(one)
    return Report(
        **{
            "assignment": AssignmentNamed("small", "1", "Small assignment", "a" * 64),
            "submission": SubmissionNamed("ada", ("ada",), "b" * 64, (FileNamed("pytorchnano/layers.py", 3, "c" * 64),), ()),
            "score": sum(c.earned for c in checks),
            "max_score": sum(c.points for c in checks if not c.bonus),
            "withheld": sum(c.points for c in checks if c.status == "undecided"),
            "groups": tuple(
                GroupScore(name, name, sum(c.earned for c in own), sum(c.points for c in own), own[0].bonus) for name, own in groups.items()
            ),
            "checks": checks,
            "artifacts": (),
            "run": Run("0", "3", "2", "x", 7, IsolationReached("L1", ("process",)), "cpu", "2026-01-01T00:00:00+00:00", 1.0, 1.0, 9.0),
        }
        | changes
    )
