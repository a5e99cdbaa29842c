"""Misconceptions made again by other authors, and two at once: each costs points in the group of its item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from grader.model.assignment import find_assignment
from grader.model.job import Job
from grader.model.misconception import Edit, apply_edits, load_misconceptions
from grader.run.job import run_job
from tests.assignments.fingerprints import REFERENCE, alike, observe
from tests.assignments.restyled.entries import STYLES, SUBMISSIONS, read_doubles, read_restyled

BUGS = load_misconceptions(find_assignment("pytorchnano").folder / "misconceptions")
RESTYLED = {style: read_restyled(style) for style in STYLES}
DOUBLES = read_doubles()


def choose_restyled() -> Iterator[Any]:
    """Every style and bug; all but an eighth, which no new one changes, are slow."""
    for style, entries in RESTYLED.items():
        for name in entries:
            title = f"{style}-{name}"
            yield pytest.param(style, name, id=title, marks=[] if crc32(title.encode()) % 8 == 3 else pytest.mark.slow)


def choose_doubles() -> Iterator[Any]:
    """Every pair; all but an eighth are slow."""
    for pair in DOUBLES:
        title = "+".join(pair)
        yield pytest.param(pair, id=title, marks=[] if crc32(title.encode()) % 8 == 3 else pytest.mark.slow)


def list_losers(edits: Sequence[Edit], package: Path, items: Sequence[str], tmp_path: Path) -> set[str]:
    """The groups that lose points when the package is graded for these items with these edits, each loss the student's."""
    apply_edits(list(edits), package, tmp_path / "submission")
    report = run_job(Job(tmp_path / "submission", "pytorchnano", tmp_path / "out", seed=3, only=tuple(items))).report
    assert report.withheld == 0
    lost = [check for check in report.checks if check.status == "failed" and check.earned < check.points]
    assert {check.blame for check in lost} <= {"student"}
    return {check.group for check in lost}


@pytest.mark.parametrize("style, name", list(choose_restyled()))
def test_restyled_bug_loses_points_in_its_own_group(style: str, name: str, tmp_path: Path) -> None:
    item = BUGS[name].item
    assert item in list_losers(RESTYLED[style][name], SUBMISSIONS / style / "pytorchnano", [item], tmp_path)


@pytest.mark.parametrize("style", STYLES)
def test_restyled_bugs_are_in_the_catalogue_and_can_be_applied(style: str, tmp_path: Path) -> None:
    assert [name for name in RESTYLED[style] if name not in BUGS] == []
    for name, edits in RESTYLED[style].items():
        package = apply_edits(edits, SUBMISSIONS / style / "pytorchnano", tmp_path / name)
        for file in {edit.file for edit in edits}:
            compile((package / file).read_text(encoding="utf-8"), f"{name}/{file}", "exec")


@pytest.mark.parametrize("style", STYLES)
def test_each_style_makes_a_fair_part_of_them_over_all_modules(style: str) -> None:
    assert len(RESTYLED[style]) >= 30
    modules = {BUGS[name].item.partition(".")[0] for name in RESTYLED[style]}
    assert modules == {"layers", "activations", "losses", "optimizers", "network", "data", "visualize"}


def test_items_are_made_again() -> None:
    count = Counter(BUGS[name].item for entries in RESTYLED.values() for name in entries)
    assert {bug.item for bug in BUGS.values()} == set(count)
    assert sum(count.values()) >= 66


def list_double_edits(pair: tuple[str, str]) -> list[Edit]:
    return [edit for name in pair for edit in BUGS[name].edits]


@pytest.mark.parametrize("pair", list(choose_doubles()))
def test_double_bug_loses_points(pair: tuple[str, str], tmp_path: Path) -> None:
    items = {BUGS[name].item for name in pair}
    assert list_losers(list_double_edits(pair), REFERENCE, sorted(items), tmp_path) == items


@pytest.mark.parametrize("pair", DOUBLES, ids="+".join)
def test_both_of_a_double_show_beside_each_other(pair: tuple[str, str], tmp_path: Path) -> None:
    for name, other in (pair, pair[::-1]):
        item = BUGS[name].item
        both = observe(list_double_edits(pair), item, tmp_path / f"both-{name}")
        without = observe(BUGS[other].edits, item, tmp_path / f"without-{name}")
        assert [case for case in both if not alike(both[case], without[case])], f"{name} does not show beside {other}"


def test_doubles_are_30_of_one_module_each_and_differ() -> None:
    assert len(DOUBLES) >= 30
    assert len({frozenset(pair) for pair in DOUBLES}) == len(DOUBLES)
    assert [pair for pair in DOUBLES if len({BUGS[name].item.partition(".")[0] for name in pair}) != 1 or pair[0] == pair[1]] == []
    assert len({BUGS[name].item for pair in DOUBLES for name in pair}) >= 20
