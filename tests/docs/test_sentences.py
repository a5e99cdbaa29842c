"""The table contract sentence -> checks."""

from __future__ import annotations

import pytest

from grader.model.assignment import Assignment, find_assignment
from grader.run.collect import collect_checks
from tests.docs.sentences import TARGET, holders, read_sentences, render


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return find_assignment("pytorchnano")


@pytest.fixture(scope="module")
def checks(assignment: Assignment) -> list[dict]:
    return collect_checks(assignment)


def test_every_sentence_is_held_by_a_check_and_every_name_is_a_sentence(assignment: Assignment, checks: list[dict]) -> None:
    sentences = {name for section in read_sentences(assignment).values() for name in section}
    assert set(holders(checks)) == sentences


def test_committed_table_is_current(assignment: Assignment, checks: list[dict]) -> None:
    assert TARGET.read_text(encoding="utf-8") == render(assignment, checks), "run `make docs`"


def test_points_of_each_group_add_up(assignment: Assignment, checks: list[dict]) -> None:
    for name, group in assignment.groups.items():
        assert sum(check["points"] for check in checks if check["group"] == name) == pytest.approx(group.points), name
