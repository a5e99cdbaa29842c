"""Every function of the contract, replaced: always decided, blame student, its own item loses points, the rest is graded."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from grader.model.assignment import find_assignment
from grader.model.job import Job
from grader.run.job import exit_status, run_job
from tests.assignments.replaced import Replacement, list_replacements, write_replaced
from tests.assignments.shortened import shorten

NAME = "pytorchnano"
EVERY = list_replacements(find_assignment(NAME))
KINDS = sorted({replacement.kind for replacement in EVERY})


def draw_part(seed: int) -> set[Replacement]:
    """One in twelve, of every kind equally many."""
    generator = random.Random(seed)
    of_kind = {kind: [one for one in EVERY if one.kind == kind] for kind in KINDS}
    return {one for kind in KINDS for one in generator.sample(of_kind[kind], len(EVERY) // len(KINDS) // 12)}


ALWAYS = draw_part(1)
"""The part that runs where the whole is too long."""


@pytest.fixture(scope="module")
def assignments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shorten(tmp_path_factory.mktemp("assignments"), NAME)


def mark(replacement: Replacement) -> object:
    return pytest.param(replacement, id=replacement.id, marks=() if replacement in ALWAYS else pytest.mark.slow)


@pytest.mark.parametrize("replacement", [mark(replacement) for replacement in EVERY])
def test_replaced_function_is_always_decided_and_costs_its_own_item(replacement: Replacement, assignments: Path, tmp_path: Path) -> None:
    neighbour = "layers.Flatten" if replacement.item != "layers.Flatten" else "activations.Tanh"
    job = Job(write_replaced(replacement, tmp_path / "ada"), NAME, tmp_path / "out", seed=1, only=(replacement.item, neighbour))
    report = run_job(job, root=assignments).report

    undecided = {check.id: check.evidence.get("grader_error", check.message) for check in report.checks if check.status == "undecided"}
    assert undecided == {}
    assert (report.withheld, report.problems, exit_status(report)) == (0, (), 0)
    assert {check.blame for check in report.checks if check.status == "failed"} == {"student"}
    points = {group.name: (group.earned, group.possible) for group in report.groups}
    assert points[replacement.item][0] < points[replacement.item][1]
    assert points[neighbour][0] == points[neighbour][1]


def test_every_item_of_the_assignment_is_replaced() -> None:
    assignment = find_assignment(NAME)
    graded = {group for group in assignment.groups if group.partition(".")[0] in assignment.modules}
    assert {replacement.item for replacement in EVERY} == graded
