"""What a student may see: hidden things are redacted here, before any format sees the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from grader.model.job import Audience
from grader.model.report import CheckResult, Report

_NEUTRAL_TITLE = "A hidden check"
_NEUTRAL_PROBLEM = "Something went wrong in the grader or on its machine; whoever runs it can read what."
_NEUTRAL_MESSAGE = {
    "passed": "",
    "failed": "A hidden check of this item failed. The public checks and the contract say what it may be about.",
    "undecided": "This check could not be decided. Its points are withheld, not lost: a person will look at it.",
    "skipped": "Not checked: something that it needs did not pass.",
}


def redact(report: Report, audience: Audience) -> Report:
    """Return the report as `audience` may read it; for staff it is the report itself."""
    if audience == "staff":
        return report
    numbers: Counter[str] = Counter()
    checks: list[CheckResult] = []
    hidden_files: set[str] = set()
    for check in report.checks:
        if check.visibility == "hidden":
            numbers[check.group] += 1
            hidden_files.update(check.artifacts)
            checks.append(_neutral(check, numbers[check.group]))
        else:
            checks.append(check)
    return replace(
        report,
        checks=tuple(checks),
        artifacts=tuple(artifact for artifact in report.artifacts if artifact.path not in hidden_files),
        run=replace(report.run, seed=None),
        problems=(_NEUTRAL_PROBLEM,) if report.problems else (),
    )


def _neutral(check: CheckResult, number: int) -> CheckResult:
    return CheckResult(
        id=f"{check.group}/hidden-{number}",
        title=_NEUTRAL_TITLE,
        group=check.group,
        points=check.points,
        earned=check.earned,
        bonus=check.bonus,
        visibility="hidden",
        status=check.status,
        blame=check.blame,
        message=_NEUTRAL_MESSAGE[check.status],
    )
