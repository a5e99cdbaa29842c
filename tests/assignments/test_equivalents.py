"""Edits that change nothing of what the contract promises cost nothing: many at once, and slowly each alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.faults import GraderFault
from grader.model.assignment import find_assignment
from grader.model.job import Job
from grader.model.misconception import Edit, Equivalent, apply_edits, load_equivalents
from grader.run.job import run_job

ASSIGNMENT = find_assignment("pytorchnano")
REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "pytorchnano"
EQUIVALENTS = load_equivalents(ASSIGNMENT.folder / "equivalents")
BUILT_ON = {"layers": ("layers", "visualize"), "data": ("data", "network"), "backend": ASSIGNMENT.modules}
"""Modules whose groups an edit of a module can touch, where these are more than its own."""


def list_groups(edits: Sequence[Edit]) -> tuple[str, ...]:
    """The groups that these edits can touch; trainings, which are slow, are left to the reference and its like."""
    edited = {edit.file.removesuffix(".py") for edit in edits}
    touched = {module for name in edited for module in BUILT_ON.get(name, (name,))}
    touched = touched & set(ASSIGNMENT.modules) or set(ASSIGNMENT.modules)
    return tuple(group for group in ASSIGNMENT.groups if group.partition(".")[0] in touched)


def list_regions(equivalent: Equivalent) -> set[tuple[str, str]]:
    """The places that it edits: no two equivalents of a bundle share one."""
    return {(edit.file, edit.within or edit.old) for edit in equivalent.edits}


def bundle() -> list[list[str]]:
    """Put every equivalent into the first bundle that leaves its places alone."""
    bundles: list[tuple[list[str], set[tuple[str, str]]]] = []
    for name, equivalent in EQUIVALENTS.items():
        regions = list_regions(equivalent)
        for names, taken in bundles:
            if not regions & taken:
                names.append(name)
                taken |= regions
                break
        else:
            bundles.append(([name], set(regions)))
    return [names for names, _ in bundles]


def list_losses(names: Sequence[str], tmp_path: Path) -> list[Any]:
    """The checks that did not give their points to the reference with these edits, and what else went wrong."""
    edits = [edit for name in names for edit in EQUIVALENTS[name].edits]
    apply_edits(edits, REFERENCE, tmp_path / "submission")
    report = run_job(Job(tmp_path / "submission", "pytorchnano", tmp_path / "out", seed=3, only=list_groups(edits))).report
    assert report.checks
    lost = [(check.id, check.status, check.message) for check in report.checks if check.earned < check.points]
    return [*report.problems, *lost]


@pytest.mark.parametrize("names", [pytest.param(names, id=f"{len(names)} with {names[0]}") for names in bundle()])
def test_equivalents_together_lose_nothing(names: list[str], tmp_path: Path) -> None:
    assert list_losses(names, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", EQUIVALENTS)
def test_equivalent_alone_loses_nothing(name: str, tmp_path: Path) -> None:
    assert list_losses([name], tmp_path) == []


def test_new_file_that_is_there_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraderFault, match=r"data\.py"):
        apply_edits([Edit("data.py", "", "SIZE = 1")], REFERENCE, tmp_path)


def test_there_are_40_equivalents_at_least() -> None:
    assert len(EQUIVALENTS) >= 40


@pytest.mark.parametrize("name", EQUIVALENTS)
def test_equivalent_is_well_formed(name: str) -> None:
    equivalent = EQUIVALENTS[name]
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)
    assert re.fullmatch(r"[^\n]{10,200}[.]", equivalent.why)
    assert all(edit.old != edit.new for edit in equivalent.edits)
