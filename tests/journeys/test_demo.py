"""`make demo`: five submissions, five reports, each with what its name promises."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.formats import json as json_format
from grader.model.misconception import load_misconceptions
from grader.model.report import CheckResult, Report
from tests.journeys import demo

NAMES = ["reference", "template", "three_mistakes", "crashes_at_import", "loops_for_ever"]
NEED_CONVOLUTION = {"visualize.filter_responses", "visualize.plot_filter_responses", "training.mnist_cnn"}


def read_modules(submission: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((submission / "pytorchnano").glob("*.py"))}


def lost(report: Report, status: str) -> dict[str, list[CheckResult]]:
    """The checks of that status, by group."""
    found: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        if check.status == status:
            found.setdefault(check.group, []).append(check)
    return found


def test_five_submissions_differ_in_what_their_names_say(tmp_path: Path) -> None:
    made = demo.make_submissions(tmp_path)
    assert list(made) == NAMES
    modules = {name: read_modules(path) for name, path in made.items()}
    right = read_modules(demo.REFERENCE.parent)
    assert modules["reference"] == right
    assert all(set(files) == set(right) for files in modules.values())
    for files in modules.values():
        for name, text in files.items():
            ast.parse(text, name)
    changed = {name: {file for file in right if files[file] != right[file]} for name, files in modules.items()}
    catalogue = load_misconceptions(demo.CATALOGUE)
    assert changed["three_mistakes"] == {edit.file for name in demo.SEEDED for edit in catalogue[name].edits}
    assert changed["crashes_at_import"] == {"__init__.py"}
    assert changed["loops_for_ever"] == {"layers.py"}
    assert "NotImplementedError" in modules["template"]["layers.py"]
    assert len({catalogue[name].item for name in demo.SEEDED}) == 3


@pytest.mark.slow
def test_demo_ends_with_five_reports_that_say_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "OUT", tmp_path / "reports")
    assert demo.main() == 0
    shown = capfd.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert [line for line in shown.out.splitlines() if len(line) >= 80 and str(tmp_path) not in line] == []
    reports = {name: json_format.parse((tmp_path / "reports" / name / "report.json").read_text(encoding="utf-8")) for name in NAMES}
    for name, report in reports.items():
        assert (report.withheld, report.problems, report.run.partial) == (0, (), False), name
        assert {artifact.path for artifact in report.artifacts} <= {path.name for path in (tmp_path / "reports" / name).iterdir()}

    reference = reports["reference"]
    assert lost(reference, "failed") | lost(reference, "skipped") == {}
    assert reference.max_score == 100
    assert reference.score == 100 + sum(group.possible for group in reference.groups if group.bonus) == 108
    assert {artifact.path.rpartition(".")[2] for artifact in reference.artifacts} >= {"png"}

    assert reports["template"].score == 0

    three = reports["three_mistakes"]
    catalogue = load_misconceptions(demo.CATALOGUE)
    assert set(lost(three, "failed")) == {catalogue[name].item for name in demo.SEEDED}
    assert set(lost(three, "skipped")) == {*NEED_CONVOLUTION, "training.mnist_mlp"}

    crash = reports["crashes_at_import"]
    assert crash.score == 0
    assert all("the settings file is missing" in check.message for check in crash.checks if check.status == "failed" and check.points)

    loops = reports["loops_for_ever"]
    assert set(lost(loops, "failed")) == {"layers.Conv2D"}
    assert any("the limit is" in check.message for check in lost(loops, "failed")["layers.Conv2D"])
    assert set(lost(loops, "skipped")) == NEED_CONVOLUTION

    scores = {name: report.score for name, report in reports.items()}
    assert scores["reference"] > max(scores["three_mistakes"], scores["loops_for_ever"]) > 0 == scores["crashes_at_import"]
