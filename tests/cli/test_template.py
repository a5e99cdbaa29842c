"""`grader template`: writes, checks, refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOLVED = 'def f():\n    """Do f."""\n    # BEGIN SOLUTION f\n    return 1\n    # END SOLUTION f\n'


@pytest.fixture
def places(tmp_path: Path) -> list[object]:
    reference = tmp_path / "reference"
    reference.mkdir()
    (reference / "layers.py").write_text(SOLVED)
    return ["--reference", reference, "--into", tmp_path / "template"]


def test_template_is_written_and_then_checked(grader: Callable[..., Any], places: list[object], tmp_path: Path) -> None:
    assert grader("template", *places).status == 0
    assert "return 1" not in (tmp_path / "template" / "layers.py").read_text()
    assert grader("template", "--check", *places).status == 0


def test_check_of_a_drifted_template_exits_with_1_and_changes_nothing(
    grader: Callable[..., Any], places: list[object], tmp_path: Path
) -> None:
    grader("template", *places)
    (tmp_path / "template" / "layers.py").write_text("x = 1\n")
    ended = grader("template", "--check", *places)
    assert ended.status == 1
    assert "layers.py differs from a fresh strip, first in line 1." in ended.err
    assert "`make template`" in ended.err
    assert (tmp_path / "template" / "layers.py").read_text() == "x = 1\n"


def test_refused_marker_exits_with_2_and_says_where(grader: Callable[..., Any], places: list[object], tmp_path: Path) -> None:
    (tmp_path / "reference" / "layers.py").write_text("# BEGIN SOLUTON f\nx = 1\n")
    ended = grader("template", *places)
    assert ended.status == 2
    assert "reference/layers.py:1: '# BEGIN SOLUTON f' looks like a marker and is not one." in ended.err
    assert not (tmp_path / "template").exists()


def test_reference_is_never_overwritten_by_its_template(grader: Callable[..., Any], places: list[object], tmp_path: Path) -> None:
    ended = grader("template", "--reference", places[1], "--into", places[1])
    assert ended.status == 2
    assert (tmp_path / "reference" / "layers.py").read_text() == SOLVED


def test_folder_that_cannot_be_made_is_a_sentence(grader: Callable[..., Any], places: list[object], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = grader("template", *places[:3], tmp_path / "file" / "template")
    assert ended.status == 2
    assert "The template can't be written into" in ended.err


def test_missing_reference_is_a_sentence(grader: Callable[..., Any], tmp_path: Path) -> None:
    ended = grader("template", "--reference", tmp_path / "nowhere", "--into", tmp_path / "template")
    assert ended.status == 2
    assert "There is no reference package at" in ended.err
