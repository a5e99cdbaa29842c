"""The border for an instructor's TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.faults import RequestFault
from grader.model.assignment import find_assignment, line_of, load_assignment

GOOD = """\
name = "small"
version = "1"
title = "Small"
modules = ["layers"]

[limits]
call_cpu_s = 2

[groups."layers.Dense"]
title = "Dense"
points = 3
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "small"
    path.mkdir()
    (path / "assignment.toml").write_text(text)
    return path


def test_good_file_becomes_a_record(tmp_path: Path) -> None:
    assignment = load_assignment(write(tmp_path, GOOD))
    assert assignment.groups["layers.Dense"].points == 3
    assert assignment.limits.call_cpu_s == 2
    assert assignment.limits.check_cpu_s == 30
    assert assignment.free == ()


def test_what_is_free_is_a_list_of_names(tmp_path: Path) -> None:
    text = GOOD.replace('title = "Small"', 'title = "Small"\nfree = ["layers.Dropout"]')
    assert load_assignment(write(tmp_path, text)).free == ("layers.Dropout",)


def test_all_mistakes_are_said_at_once_with_line_and_nearest_name(tmp_path: Path) -> None:
    text = GOOD.replace("call_cpu_s", "call_cpu_z").replace("points = 3", 'pionts = 3\nbonus = "yes"').replace("version", "verzion")
    with pytest.raises(RequestFault) as caught:
        load_assignment(write(tmp_path, text))
    said = str(caught.value)
    assert "line 7: limits.call_cpu_z is not a limit. Did you mean 'call_cpu_s'?" in said
    assert "pionts is not a known key. Did you mean 'points'?" in said
    assert "line 11" in said
    assert "bonus" in said
    assert "version is missing" in said
    assert "Did you mean 'version'?" in said
    assert said.splitlines()[0].endswith("6 mistakes:")


def test_group_of_an_unnamed_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestFault, match=r"about a module that is not in modules\. Did you mean 'layers'"):
        load_assignment(write(tmp_path, GOOD.replace("layers.Dense", "layer.Dense")))


def test_negative_or_infinite_points_are_refused(tmp_path: Path) -> None:
    for index, points in enumerate(("-1", "inf", "nan")):
        folder = tmp_path / str(index)
        folder.mkdir()
        with pytest.raises(RequestFault, match="points"):
            load_assignment(write(folder, GOOD.replace("points = 3", f"points = {points}")))


def test_text_that_is_not_toml_is_said_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(RequestFault, match="line 1"):
        load_assignment(write(tmp_path, "name = \n"))


def test_unknown_assignment_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(RequestFault, match="Did you mean 'small'"):
        find_assignment("smal", tmp_path)


def test_line_of_a_missing_key_is_its_tables() -> None:
    assert line_of(GOOD, ("groups", "layers.Dense", "bonus")) == 9


def test_digest_changes_with_any_file(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    before = load_assignment(folder).digest()
    (folder / "notes.md").write_text("x = 1\n")
    assert load_assignment(folder).digest() != before
