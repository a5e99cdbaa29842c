"""Hostile submissions: the act takes place, and still no point is gained, no neighbour is disturbed and nobody survives."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.formats import json as json_format
from grader.formats import terminal
from grader.model.report import Report
from grader.run.job import exit_status
from tests.assignments.shortened import shorten
from tests.attacks.arena import ATTACKS, NEIGHBOURS, Attack, find_survivors, grade, passed, read_marks, write_attack, write_honest

ALWAYS = set(random.Random(1).sample([attack.name for attack in ATTACKS], 40))
"""The part that runs where the whole is too long."""

CASES = [pytest.param(attack, id=attack.name, marks=() if attack.name in ALWAYS else pytest.mark.slow) for attack in ATTACKS]


@pytest.fixture(scope="session")
def assignments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignment with short limits."""
    return shorten(tmp_path_factory.mktemp("assignments"), "pytorchnano")


@pytest.fixture(scope="session")
def honest(assignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Report]:
    """What the honest submission gets, with the mistake in an item or without, graded once."""
    known: dict[tuple[str, bool], Report] = {}

    def report_of(item: str, mistaken: bool = True) -> Report:
        if (item, mistaken) not in known:
            folder = tmp_path_factory.mktemp("honest")
            submission = write_honest(item, folder / "ada", mistaken)
            known[item, mistaken] = grade(submission, item, assignments, folder / "out").report
        return known[item, mistaken]

    return report_of


@pytest.mark.parametrize("item", sorted({attack.item for attack in ATTACKS}))
def test_honest_mistake_costs_points_of_its_item_alone(item: str, honest: Callable[..., Report]) -> None:
    report = honest(item)
    points = {group.name: (group.earned, group.possible) for group in report.groups}
    assert 0 < points[item][0] < points[item][1]
    assert all(points[name][0] == points[name][1] for name in NEIGHBOURS)
    assert (report.withheld, report.problems) == (0, ())


@pytest.mark.parametrize("attack", CASES)
def test_attack_takes_place_and_gains_nothing(attack: Attack, assignments: Path, honest: Callable[..., Report], tmp_path: Path) -> None:
    places = tmp_path / "canaries"
    places.mkdir()
    places.chmod(0o777)  # a worker may run as another user
    canary = places / "canary"
    finished = grade(write_attack(attack, tmp_path / "eve", canary), attack.item, assignments, tmp_path / "out")
    report, right = finished.report, honest(attack.item, not attack.against_reference)

    notes, walls = read_marks(canary)
    assert notes, "the act did not take place"
    assert read_marks(places / "canary.escaped")[0] == []
    assert passed(report, attack.item) <= passed(right, attack.item)
    assert passed(report, *NEIGHBOURS) == passed(right, *NEIGHBOURS)
    assert report.score < right.score if attack.against_reference else report.score <= right.score
    assert_complete(report, right)
    assert json_format.parse(finished.path.read_text(encoding="utf-8")) == report
    assert "\x1b" not in terminal.render(report)
    assert list(find_survivors({*walls, str(canary)})) == []
    assert not any(Path(wall).exists() for wall in walls)


def assert_complete(report: Report, right: Report) -> None:
    """Every check is there with its points, decided, and nothing is wrong with the run."""
    assert [(check.id, check.points) for check in report.checks] == [(check.id, check.points) for check in right.checks]
    undecided = {check.id: check.evidence.get("grader_error", check.message) for check in report.checks if check.status == "undecided"}
    assert undecided == {}
    assert {check.blame for check in report.checks if check.status == "failed"} == {"student"}
    assert (report.withheld, report.problems, exit_status(report)) == (0, (), 0)
    assert (report.max_score, report.run.isolation.level) == (right.max_score, right.run.isolation.level)


@pytest.mark.parametrize("sign", ["argument", "environment"])
def test_survivor_would_be_seen(sign: str, tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-c", "import time; time.sleep(600)", str(tmp_path) if sign == "argument" else ""]
    with subprocess.Popen(command, env={"HOME": str(tmp_path)} if sign == "environment" else {}, cwd="/") as process:
        try:
            seen = list(find_survivors({str(tmp_path)}))
        finally:
            process.kill()
    assert [line.partition(":")[0] for line in seen] == [str(process.pid)]


def test_every_attack_says_what_it_claims_and_what_stops_it() -> None:
    assert len(ATTACKS) >= 30
    for attack in ATTACKS:
        assert attack.claim
        assert attack.stopped_by


def test_every_attack_marks_its_act() -> None:
    silent = []
    for attack in ATTACKS:
        files = sorted(attack.path.rglob("*.py")) if attack.path.is_dir() else [attack.path]
        names = {node.id for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        if "mark" not in names:
            silent.append(attack.name)
    assert silent == []
