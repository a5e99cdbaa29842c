"""A bare `pytest` in a student's folder is a job over the public checks; any other pytest stays what it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from grader.formats import json as json_format
from grader.model.assignment import find_assignment
from grader.model.report import Report
from grader.run.collect import collect_checks
from grader.sources import open_submission

ROOT = Path(__file__).resolve().parents[2]
QUICK_TEST = "def test_sum():\n    assert 1 + 1 == 2\n"


def copy_template(into: Path) -> Path:
    shutil.copytree(ROOT / "student_template", into, ignore=shutil.ignore_patterns("__pycache__", ".grader", ".pytest_cache"))
    return into


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a student does, at the terminal or in a CI."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GRADER_"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert "Traceback (most" not in ended.stdout + ended.stderr, ended.stdout + ended.stderr
    return ended


def read_report(folder: Path) -> Report:
    return json_format.parse((folder / ".grader/report.json").read_text(encoding="utf-8"))


@cache
def list_checks(visibility: str) -> set[str]:
    return {check["id"] for check in collect_checks(find_assignment("pytorchnano")) if check["visibility"] == visibility}


def assert_public_report(folder: Path) -> Report:
    """A report over every public check and no hidden one, as a student may read it; nothing else was written."""
    assert {path.name for path in folder.iterdir()} == {path.name for path in (ROOT / "student_template").iterdir()} - {
        "__pycache__",
        ".pytest_cache",
    } | {".grader"}
    assert {path.suffix for path in (folder / ".grader").iterdir()} <= {".json", ".png"}
    report = read_report(folder)
    public, hidden = list_checks("public"), list_checks("hidden")
    assert {check.id for check in report.checks} == public
    text = (folder / ".grader/report.json").read_text(encoding="utf-8")
    assert hidden
    assert [name for name in hidden if json.dumps(name) in text] == []
    assert report.run.partial
    assert report.run.seed is None
    assert (report.withheld, report.problems) == (0, ())
    return report


def assert_fits_a_terminal(text: str) -> None:
    assert [line for line in text.splitlines() if len(line) >= 80] == []
    assert "\x1b" not in text


def test_template_fails_every_public_check_and_says_what_to_do_first(tmp_path: Path) -> None:
    folder = copy_template(tmp_path / "ada")
    ended = run_pytest(folder)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert_fits_a_terminal(ended.stdout)
    assert "not implemented yet" in ended.stdout.partition("Fix first:")[2]
    assert ended.stdout.endswith("\nEverything: .grader/report.json\n")
    report = assert_public_report(folder)
    assert report.score == 0
    assert {check.status for check in report.checks if check.points} == {"failed", "skipped"}
    failed = [check for check in report.checks if check.points and check.status == "failed"]
    assert [check.id for check in failed if "not implemented yet" not in " ".join(check.message.split())] == []


def test_finished_work_passes_and_its_report_is_no_part_of_it(tmp_path: Path) -> None:
    folder = copy_template(tmp_path / "ada")
    shutil.copytree(
        ROOT / "reference/pytorchnano", folder / "pytorchnano", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    with open_submission(folder) as submission:
        before = submission.sha256
    ended = run_pytest(folder)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert_fits_a_terminal(ended.stdout)
    assert "Fix first" not in ended.stdout
    report = assert_public_report(folder)
    assert {check.status for check in report.checks} == {"passed"}
    with open_submission(folder) as submission:
        assert (submission.sha256, submission.notes) == (before, ())
    assert report.submission.sha256 == before


def test_named_paths_are_ordinary_tests(tmp_path: Path) -> None:
    folder = copy_template(tmp_path / "ada")
    (folder / "tests").mkdir()
    (folder / "tests/test_mine.py").write_text(QUICK_TEST)
    ended = run_pytest(folder, "tests/test_mine.py")
    assert ended.returncode == 0
    assert "1 passed" in ended.stdout
    assert not (folder / ".grader").exists()


@pytest.mark.parametrize("option, said", [("-h", "usage:"), ("--version", "pytest ")])
def test_questions_about_pytest_are_answered_by_pytest(option: str, said: str, tmp_path: Path) -> None:
    folder = copy_template(tmp_path / "ada")
    ended = run_pytest(folder, option)
    assert ended.returncode == 0
    assert said in ended.stdout
    assert not (folder / ".grader").exists()


@pytest.mark.parametrize(
    "text", ["[tool.other]\nassignment = 'pytorchnano'\n", "[tool.grader]\nassignment = 3\n"], ids=["absent", "no text"]
)
def test_folder_that_names_no_assignment_is_an_ordinary_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text + "\n[tool.pytest.ini_options]\nminversion = '8.0'\n")
    (tmp_path / "test_mine.py").write_text(QUICK_TEST)
    ended = run_pytest(tmp_path)
    assert ended.returncode == 0
    assert "1 passed" in ended.stdout
    assert not (tmp_path / ".grader").exists()


@pytest.mark.parametrize("below", ["", "pytorchnano"])
def test_unknown_assignment_is_status_2_with_the_nearest_name(below: str, tmp_path: Path) -> None:
    folder = copy_template(tmp_path / "ada")
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace('assignment = "pytorchnano"', 'assignment = "pytorchnono"'))
    ended = run_pytest(folder / below)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "grader: There is no assignment 'pytorchnono'. Did you mean 'pytorchnano'?\n"
    assert not (folder / ".grader").exists()
