"""From what the session left to the report: points, groups, what is withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.model.assignment import Assignment
from grader.model.report import Artifact, CheckResult, GroupScore
from grader.run.session import Ran

_CUT = "The grader was stopped before this check came to its end. Its points are withheld, not lost: a person will look at it."
_MISSING = "Checks worth these points could not be loaded. The points are withheld, not lost: a person will look at it."


def finish_checks(assignment: Assignment, ran: Ran, only: tuple[str, ...], visibility: str) -> tuple[CheckResult, ...]:
    """Return one result a scored check, and one more for each group whose checks do not add up to its points."""
    results = [_result(assignment, check, ran) for check in ran.checks.values() if check["scored"]]
    if visibility == "all":
        for name, group in assignment.groups.items():
            collected = sum(check["points"] for check in ran.checks.values() if check["group"] == name)
            missing = group.points - collected
            if missing > 1e-9 and (not only or name in only):
                results.append(_unloaded(name, group.bonus, missing))
    places = {name: place for place, name in enumerate(assignment.groups)}
    return tuple(sorted(results, key=lambda result: places[result.group]))


def _result(assignment: Assignment, check: Mapping[str, Any], ran: Ran) -> CheckResult:
    outcome: dict[str, Any] = ran.outcomes.get(check["id"]) or {"status": "undecided", "blame": "grader", "message": _CUT}
    evidence: dict[str, Any] = outcome.get("evidence") or {}
    return CheckResult(
        id=check["id"],
        title=check["title"],
        group=check["group"],
        points=check["points"],
        earned=check["points"] if outcome["status"] == "passed" else 0.0,
        bonus=assignment.groups[check["group"]].bonus,
        visibility=check["visibility"],
        status=outcome["status"],
        blame=outcome["blame"],
        message=outcome["message"],
        hint=outcome.get("hint", ""),
        misconception=outcome.get("misconception"),
        evidence=evidence | ({"timed": True} if check["timed"] else {}),
        artifacts=tuple(a["path"] for a in ran.artifacts if a["check"] == check["id"]),
        replay=outcome.get("replay") if check["visibility"] == "public" else None,
        seconds=outcome.get("seconds", 0.0),
    )


def _unloaded(group: str, bonus: bool, points: float) -> CheckResult:
    return CheckResult(
        id=f"{group}/not_loaded",
        title="Checks that could not be loaded",
        group=group,
        points=points,
        earned=0.0,
        bonus=bonus,
        visibility="hidden",
        status="undecided",
        blame="grader",
        message=_MISSING,
    )


def score_groups(assignment: Assignment, checks: tuple[CheckResult, ...]) -> tuple[GroupScore, ...]:
    """Return each group's points, in the assignment's order, groups without a scored check left out."""
    groups: list[GroupScore] = []
    for name, group in assignment.groups.items():
        own = [check for check in checks if check.group == name]
        if own:
            earned, possible = sum(check.earned for check in own), sum(check.points for check in own)
            groups.append(GroupScore(name, group.title, round(earned, 6), round(possible, 6), group.bonus))
    return tuple(groups)


def totals(checks: tuple[CheckResult, ...]) -> tuple[float, float, float]:
    """Return score (bonus included), maximum (bonus excluded) and withheld points."""
    score = sum(check.earned for check in checks)
    maximum = sum(check.points for check in checks if not check.bonus)
    withheld = sum(check.points for check in checks if check.status == "undecided")
    return round(score, 6), round(maximum, 6), round(withheld, 6)


def list_artifacts(ran: Ran, folder: Path) -> tuple[Artifact, ...]:
    """Return the artifacts that exist, with size and digest."""
    found: list[Artifact] = []
    for artifact in ran.artifacts:
        path = folder / artifact["path"]
        if path.is_file():
            data = path.read_bytes()
            found.append(Artifact(artifact["name"], artifact["path"], hashlib.sha256(data).hexdigest(), len(data), artifact["measured"]))
    return tuple(found)
