"""From outcomes to points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.model.assignment import Assignment, Group
from grader.model.limits import Limits
from grader.run.finish import finish_checks, score_groups, totals
from grader.run.session import Ran

ASSIGNMENT = Assignment(
    name="small",
    version="1",
    title="Small",
    folder=Path("/nowhere"),
    package="pytorchnano",
    modules=("layers",),
    groups={"layers.Dense": Group("Dense", 3), "layers.Dropout": Group("Dropout", 2, True)},
    limits=Limits(),
)


def check(name: str, points: float, **changes: Any) -> dict[str, Any]:
    group = name.split("/")[0]
    record = {"id": name, "title": name, "group": group, "points": points, "visibility": "hidden", "timed": False, "scored": True}
    return record | changes


def outcome(name: str, status: str, blame: str = "none") -> dict[str, Any]:
    return {"id": name, "status": status, "blame": blame, "message": "m", "evidence": {}}


def finish(checks: list[dict[str, Any]], outcomes: list[dict[str, Any]]) -> tuple[float, float, float]:
    ran = Ran(checks={c["id"]: c for c in checks}, outcomes={o["id"]: o for o in outcomes})
    return totals(finish_checks(ASSIGNMENT, ran, (), "all"))


CHECKS = [check("layers.Dense/a", 2), check("layers.Dense/b", 1), check("layers.Dropout/c", 2)]


def test_bonus_counts_in_the_score_and_not_in_the_maximum() -> None:
    assert finish(CHECKS, [outcome(c["id"], "passed") for c in CHECKS]) == (5, 3, 0)


def test_check_that_never_came_to_an_end_is_withheld() -> None:
    assert finish(CHECKS, [outcome("layers.Dense/a", "passed"), outcome("layers.Dropout/c", "failed", "student")]) == (2, 3, 1)


def test_checks_that_could_not_be_loaded_leave_their_points_withheld_not_lost() -> None:
    assert finish(CHECKS[:1], [outcome("layers.Dense/a", "passed")]) == (2, 3, 3)


def test_nothing_collected_withholds_everything() -> None:
    assert finish([], []) == (0, 3, 5)


def test_unscored_prerequisites_stay_out_of_the_report() -> None:
    ran = Ran(checks={"layers.Dense/a": check("layers.Dense/a", 3, scored=False), "layers.Dropout/c": CHECKS[2]})
    checks = finish_checks(ASSIGNMENT, ran, ("layers.Dropout",), "all")
    assert [c.id for c in checks] == ["layers.Dropout/c"]
    assert [g.name for g in score_groups(ASSIGNMENT, checks)] == ["layers.Dropout"]
