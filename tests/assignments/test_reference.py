"""The reference earns everything, the template nothing, correct submissions of other make as much as the reference."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from grader.model.assignment import find_assignment
from grader.model.job import Job
from grader.model.misconception import apply_edits, load_equivalents
from grader.model.report import Report
from grader.run.collect import collect_checks
from grader.run.job import run_job
from tests.docs.sentences import TARGET, holders, read_sentences, render

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = find_assignment("pytorchnano")
UNTRAINED = tuple(name for name in ASSIGNMENT.groups if not name.startswith("training."))


def grade(submission: Path, out: Path, seed: int = 1, shuffle: int | None = None, only: tuple[str, ...] = ()) -> Report:
    return run_job(Job(submission, "pytorchnano", out, seed=seed, only=only), shuffle=shuffle).report


def list_lost(report: Report) -> dict[str, str]:
    """What the checks said that did not give their points."""
    return {check.id: check.message for check in report.checks if check.earned < check.points}


def assert_everything_earned(report: Report) -> None:
    assert list_lost(report) == {}
    assert report.problems == ()
    assert report.withheld == 0
    assert {group.name: group.earned for group in report.groups} == {group.name: pytest.approx(group.possible) for group in report.groups}
    bonus = sum(group.possible for group in report.groups if group.bonus)
    assert bonus > 0
    assert report.score == pytest.approx(report.max_score + bonus)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_reference_earns_everything(seed: int, tmp_path: Path) -> None:
    assert_everything_earned(grade(ROOT / "reference", tmp_path, seed))


@pytest.mark.parametrize("shuffle", [4, pytest.param(5, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow)])
def test_reference_earns_everything_when_checks_run_in_another_order(shuffle: int, tmp_path: Path) -> None:
    report = grade(ROOT / "reference", tmp_path, shuffle=shuffle, only=UNTRAINED)
    assert list_lost(report) == {}
    assert report.problems == ()


@pytest.mark.slow
def test_reference_with_float64_parameters_earns_everything(tmp_path: Path) -> None:
    edits = load_equivalents(ASSIGNMENT.folder / "equivalents")["float64_parameters"].edits
    apply_edits(edits, ROOT / "reference" / "pytorchnano", tmp_path / "submission")
    assert_everything_earned(grade(tmp_path / "submission", tmp_path / "out"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return grade(ROOT / "student_template", tmp_path_factory.mktemp("template"))


def test_template_earns_nothing(template: Report) -> None:
    assert (template.score, template.withheld, template.problems) == (0, 0, ())
    assert {check.id for check in template.checks if check.earned} == set()
    assert {check.blame for check in template.checks if check.status == "failed"} == {"student"}


def test_template_is_told_that_nothing_is_implemented_yet(template: Report) -> None:
    failed = {check.id: check.message for check in template.checks if check.points and check.status != "skipped"}
    assert {name: message for name, message in failed.items() if "is not implemented yet" not in message} == {}
    assert {name.partition("/")[0] for name in failed} >= {name for name in UNTRAINED if not name.startswith("source.")} - {
        check.group for check in template.checks if check.status == "skipped"
    }


@pytest.mark.parametrize("name", [pytest.param("tape", marks=pytest.mark.slow), "terse"])
def test_correct_submission_of_other_make_earns_everything(name: str, tmp_path: Path) -> None:
    assert_everything_earned(grade(ROOT / "tests" / "submissions" / name, tmp_path))


@pytest.mark.slow
def test_correct_loops_lose_nothing_but_the_convolution_that_is_too_slow(tmp_path: Path) -> None:
    report = grade(ROOT / "tests" / "submissions" / "loops", tmp_path)
    lost = list_lost(report)
    assert {name.partition("/")[0] for name in lost} == {"training.mnist_cnn"}
    assert all("slow" in message for message in lost.values())
    assert (report.withheld, report.problems) == (0, ())


@pytest.fixture(scope="module")
def checks() -> list[dict[str, Any]]:
    return collect_checks(ASSIGNMENT)


def test_points_of_each_group_are_those_of_the_assignment(checks: list[dict[str, Any]]) -> None:
    points: Counter[str] = Counter()
    for check in checks:
        points[check["group"]] += check["points"]
    assert {name: pytest.approx(group.points) for name, group in ASSIGNMENT.groups.items()} == dict(points)


def test_every_sentence_of_the_contract_is_held_by_a_check(checks: list[dict[str, Any]]) -> None:
    sentences = {name for section in read_sentences(ASSIGNMENT).values() for name in section}
    assert sentences - set(holders(checks)) == set()


def test_checks_hold_sentences_that_are_there(checks: list[dict[str, Any]]) -> None:
    sentences = {name for section in read_sentences(ASSIGNMENT).values() for name in section}
    assert set(holders(checks)) - sentences == set()


def test_table_of_sentences_is_current(checks: list[dict[str, Any]]) -> None:
    assert (ROOT / TARGET).read_text(encoding="utf-8") == render(ASSIGNMENT, checks), "run `make docs`"
