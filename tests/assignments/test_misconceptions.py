"""The seeded bugs: each costs points in its own group, no two are the same, many hide from someone who tries little."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from grader.model.assignment import find_assignment
from grader.model.job import Job
from grader.model.misconception import Misconception, apply_edits, load_misconceptions
from grader.run.job import run_job
from tests.assignments.fingerprints import KINDS, REFERENCE, alike, observe, read_battery, restrict

ASSIGNMENT = find_assignment("pytorchnano")
BUGS = load_misconceptions(ASSIGNMENT.folder / "misconceptions")
ITEMS = [name for name in ASSIGNMENT.groups if not name.startswith(("source.", "training."))]


def choose_bugs() -> Iterator[Any]:
    """Every bug; all but an eighth, which no new bug changes, are slow."""
    for name in BUGS:
        yield pytest.param(name, id=name, marks=[] if crc32(name.encode()) % 8 == 3 else pytest.mark.slow)


@pytest.mark.parametrize("name", list(choose_bugs()))
def test_bug_loses_points_in_its_own_group(name: str, tmp_path: Path) -> None:
    bug = BUGS[name]
    apply_edits(bug.edits, REFERENCE, tmp_path / "submission")
    report = run_job(Job(tmp_path / "submission", "pytorchnano", tmp_path / "out", seed=3, only=(bug.item,))).report
    own = [check for check in report.checks if check.group == bug.item]
    assert sum(check.earned for check in own) < sum(check.points for check in own)
    lost = [check for check in own if check.status == "failed"]
    assert lost
    assert {check.blame for check in lost} == {"student"}
    assert report.withheld == 0


See = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def see(tmp_path_factory: pytest.TempPathFactory) -> See:
    """What its battery sees of an item of the reference, by its name, or of a bug, by its id."""
    folder = tmp_path_factory.mktemp("edited")

    @cache
    def observe_once(name: str) -> dict[str, Any]:
        bug = BUGS.get(name)
        return observe(bug.edits if bug else [], bug.item if bug else name, folder / name)

    return observe_once


def list_differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [name for name in one if not alike(one[name], other[name])]


@pytest.mark.parametrize("item", ITEMS)
def test_reference_shows_the_same_twice(item: str, see: See, tmp_path: Path) -> None:
    assert list_differences(see(item), observe([], item, tmp_path)) == []


@pytest.mark.parametrize("name", BUGS)
def test_bug_shows(name: str, see: See) -> None:
    assert list_differences(see(name), see(BUGS[name].item))


@pytest.mark.parametrize("item", ITEMS)
def test_no_two_bugs_of_an_item_are_the_same(item: str, see: See) -> None:
    own = [name for name, bug in BUGS.items() if bug.item == item]
    assert [pair for pair in combinations(own, 2) if not list_differences(see(pair[0]), see(pair[1]))] == []


def list_hidden() -> list[tuple[str, str]]:
    return [(name, kind) for name, bug in BUGS.items() for kind in bug.invisible]


@pytest.mark.parametrize("name, kind", list_hidden())
def test_hidden_bug_does_not_show_to_someone_who_tries_little(name: str, kind: str, see: See) -> None:
    item = BUGS[name].item
    tried = restrict(see(item), item, kind)
    assert any(case in tried and not str(result).startswith("raises") for case, result in see(item).items())
    assert list_differences(tried, restrict(see(name), item, kind)) == []


def test_a_third_hides_from_someone_who_tries_little() -> None:
    assert 3 * sum(bool(bug.invisible) for bug in BUGS.values()) >= len(BUGS)


@pytest.mark.parametrize("item", ITEMS)
def test_item_has_three_bugs_at_least(item: str) -> None:
    assert Counter(bug.item for bug in BUGS.values())[item] >= 3


def test_there_are_120_bugs_at_least() -> None:
    assert len(BUGS) >= 120


@pytest.mark.parametrize("name", BUGS)
def test_bug_is_well_formed(name: str) -> None:
    bug: Misconception = BUGS[name]
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*\.[a-z0-9]+(_[a-z0-9]+)*", name)
    assert bug.item in ITEMS
    assert set(bug.invisible) <= set(KINDS)
    assert len(bug.invisible) == len(set(bug.invisible))
    assert re.fullmatch(r"[^\n]{20,240}[.?]", bug.hint)
    assert all(edit.old != edit.new for edit in bug.edits)
    assert read_battery(bug.item)
