"""`grader check-assignment`: which misconceptions are caught, and what they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grader.cli.check_assignment import Tried, choose, phrase_naming, render
from grader.faults import RequestFault
from grader.model.misconception import Edit, Misconception
from grader.model.report import CheckResult

CATALOGUE = {
    f"{item}.{name}": Misconception(f"layers.{item.title()}", "A hint.", [Edit("layers.py", "a", "b")])
    for item in ("dense", "flatten")
    for name in ("one", "two")
}


def fail(misconception: str | None) -> CheckResult:
    return CheckResult("layers.Dense/c", "c", "layers.Dense", 1, 0, False, "public", "failed", "student", "", misconception=misconception)


def test_one_misconception_is_tried_and_named(grader: Callable[..., Any]) -> None:
    ended = grader("check-assignment", "pytorchnano", "--misconceptions", "--only", "dense.bias_gradient_averaged")
    assert ended.status == 0
    assert ended.err.startswith("1 of 1 (")
    assert ended.out.splitlines()[1].split()[0] == "dense.bias_gradient_averaged"
    assert ended.out.splitlines()[1].endswith("  itself")
    assert "1 misconceptions, 0 not caught; named: itself 1" in ended.out


def test_what_is_to_be_checked_must_be_said(grader: Callable[..., Any]) -> None:
    ended = grader("check-assignment", "pytorchnano")
    assert ended.status == 2
    assert "--misconceptions" in ended.err


def test_unknown_misconception_names_the_nearest(grader: Callable[..., Any]) -> None:
    ended = grader("check-assignment", "pytorchnano", "--misconceptions", "--only", "dense.bias_gradient_avraged")
    assert ended.status == 2
    assert "'dense.bias_gradient_averaged'" in ended.err


def test_choice_is_by_id_or_item() -> None:
    assert list(choose(CATALOGUE, [])) == list(CATALOGUE)
    assert list(choose(CATALOGUE, ["flatten.two"])) == ["flatten.two"]
    assert list(choose(CATALOGUE, ["layers.Dense", "flatten.two"])) == ["dense.one", "dense.two", "flatten.two"]
    with pytest.raises(RequestFault, match=r"dense\.one"):
        choose(CATALOGUE, ["dense.on"])


@pytest.mark.parametrize(
    "names, said",
    [
        ([], "not named"),
        ([None, None], "not named"),
        (["a", None], "itself"),
        (["a", "a | b"], "itself"),
        (["a | b", "a | c"], "together with b, c"),
        (["a", "b"], "confused with b"),
        (["b | c"], "confused with b, c"),
    ],
)
def test_naming_is_said_in_words(names: list[str | None], said: str) -> None:
    assert phrase_naming("a", [fail(name) for name in names]) == said


def test_table_shouts_what_is_not_caught_and_counts() -> None:
    table = render([Tried("a.long_name", 1.5, 6, "itself"), Tried("b", 0, 6, "not named")])
    assert "a.long_name  1.5 of 6        itself" in table
    assert "b            NOT CAUGHT      not named" in table
    assert table.endswith("2 misconceptions, 1 not caught; named: itself 1, together 0, confused 0, not named 1")
