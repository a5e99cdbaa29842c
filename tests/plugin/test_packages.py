from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.faults import GraderFault
from grader.model.misconception import Edit
from grader.plugin.packages import Packages

FILES = {"__init__.py": "", "layers.py": "SIZE = 1\n", "losses.py": "SCALE = 2\n", "inner/__init__.py": "", "inner/deep.py": "DEPTH = 3\n"}


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    package = tmp_path / "reference" / "pytorchnano"
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


@pytest.fixture
def packages(reference: Path, tmp_path: Path) -> Packages:
    folder = tmp_path / "made"
    folder.mkdir()
    return Packages(reference, folder)


def read(workspace: Path) -> dict[str, str]:
    package = workspace / "pytorchnano"
    return {path.relative_to(package).as_posix(): path.read_text() for path in package.rglob("*.py")}


def test_edited_package_differs_in_the_edited_file_alone(packages: Packages) -> None:
    made = read(packages.make("one", [Edit("layers.py", "1", "5"), Edit("inner/deep.py", "3", "4")]))
    assert made == {**FILES, "layers.py": "SIZE = 5\n", "inner/deep.py": "DEPTH = 4\n"}


def test_edits_reach_neither_the_reference_nor_another_package(packages: Packages, reference: Path) -> None:
    packages.make("one", [Edit("layers.py", "1", "5")])
    assert read(packages.make("other", [Edit("losses.py", "2", "7")]))["layers.py"] == "SIZE = 1\n"
    assert read(packages.make("none", [])) == FILES
    assert read(reference.parent) == FILES


def test_new_file_is_written(packages: Packages) -> None:
    assert read(packages.make("one", [Edit("extra.py", "", "X = 1\n")]))["extra.py"] == "X = 1\n"


def test_every_file_has_its_own_bytecode(packages: Packages) -> None:
    workspace = packages.make("one", [Edit("layers.py", "1", "5")])
    caches = {path.name.partition(".")[0]: path for path in workspace.rglob("*.pyc") if path.parent.parent.name == "pytorchnano"}
    assert caches.keys() == {"__init__", "layers", "losses"}
    assert caches["layers"].stat().st_nlink == 1
    assert caches["losses"].stat().st_nlink > 1


def test_edit_that_does_not_fit_is_refused(packages: Packages) -> None:
    with pytest.raises(GraderFault, match=r"layers\.py"):
        packages.make("one", [Edit("layers.py", "nowhere", "5")])
    with pytest.raises(SyntaxError):
        packages.make("two", [Edit("layers.py", "1", "(")])
