"""A run names what is likely wrong: a small assignment of one layer, its checks and two misconceptions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.model.job import Job
from grader.model.misconception import Edit, apply_edits
from grader.model.report import CheckResult, Report
from grader.run.job import run_job

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "pytorchnano"
ASSIGNMENT = """
name = "small"
version = "1"
title = "Small"
modules = ["layers"]
[groups."layers.Dense"]
title = "Dense"
points = 3
[groups."layers.Flatten"]
title = "Flatten"
points = 1
"""
CHECKS = '''
import numpy as np
import pytest

from grader.asserts.values import assert_close, fail


@pytest.fixture
def other_wish():
    return 3


def use(submission):
    layer = submission.layers.Dense(2, 1)
    layer.params["W"] = np.array([[2.0], [3.0]])
    layer.params["b"] = np.array([1.0])
    return layer, layer.forward(np.array([[1.0, 1.0], [2.0, 5.0]]))


@pytest.mark.check("layers.Dense")
def test_forward(submission):
    """Forward."""
    assert_close(use(submission)[1], [[6.0], [20.0]], "forward")


@pytest.mark.check("layers.Dense")
@pytest.mark.parametrize("size", [1.0, 2.0])
def test_bias(submission, rng, size):
    """Gradient at the bias."""
    layer, _ = use(submission)
    layer.backward(np.array([[size], [size]]))
    got = submission.probe("read_bias_gradient", layer)
    if size == 2.0:
        assert_close(got, [4.0], "the gradient at b", hint="Is it a sum?")


@pytest.mark.check("layers.Dense")
def test_wish(submission, other_wish):
    """A check that asks for a fixture of its own."""
    layer, _ = use(submission)
    layer.backward(np.ones((2, 1)))
    assert_close(submission.probe("read_bias_gradient", layer), [2.0], "the gradient at b")


@pytest.mark.check("layers.Flatten", after=["layers.Dense/forward"])
def test_rows(submission):
    """Rows stay rows."""
    x = np.arange(6.0).reshape(2, 3)
    assert_close(submission.layers.Flatten().forward(x), x, "Flatten.forward")
'''
MISCONCEPTIONS = """
["dense.averaged"]
item = "layers.Dense"
hint = "The gradient at the bias is divided by the batch size."
lecture = "Layers: backward"
[["dense.averaged".edits]]
file = "layers.py"
within = "BEGIN SOLUTION dense_backward"
old = "grad.sum(axis=0)"
new = "grad.mean(axis=0)"

["dense.first"]
item = "layers.Dense"
hint = "The gradient at the bias is that of the first sample."
[["dense.first".edits]]
file = "layers.py"
within = "BEGIN SOLUTION dense_backward"
old = "grad.sum(axis=0)"
new = "grad[0] / 4"
"""
EXAMINATION = '''
import numpy as np

from grader.diagnosis.examination import Point


def draw_points(generator):
    shapes = {"input": (3, 5), "W": (5, 7), "b": (7,)}
    arrays = {name: generator.standard_normal(shape) for name, shape in shapes.items()}
    return {"layers.Dense": [Point("layers.Dense", {"in_features": 5, "out_features": 7}, arrays, {"batch_size": 3})]}
'''
BACKWARD = "BEGIN SOLUTION dense_backward"
AVERAGED = Edit("layers.py", "grad.sum(axis=0)", "np.mean(np.array(grad), axis=0)", within=BACKWARD)
BIAS_DOUBLED = Edit("layers.py", "grad.sum(axis=0)", "2 * grad.sum(axis=0)", within=BACKWARD)
FLATTEN_TURNED = Edit("layers.py", "return x.reshape(len(x)", "return 2 * x.reshape(len(x)", within="class Flatten")


@pytest.fixture
def assignments(tmp_path: Path) -> Path:
    folder = tmp_path / "assignments" / "small"
    (folder / "public").mkdir(parents=True)
    (folder / "misconceptions").mkdir()
    (folder / "assignment.toml").write_text(ASSIGNMENT)
    (folder / "probes").mkdir()
    (folder / "probes" / "gradients.py").write_text('def read_bias_gradient(layer):\n    return layer.grads["b"].copy()\n')
    (folder / "public" / "test_layers.py").write_text(CHECKS)
    (folder / "misconceptions" / "dense.toml").write_text(MISCONCEPTIONS)
    return folder.parent


def grade(assignments: Path, *edits: Edit) -> Report:
    folder = assignments.parent
    shutil.rmtree(folder / "submission", ignore_errors=True)
    apply_edits(list(edits), REFERENCE, folder / "submission")
    return run_job(Job(folder / "submission", "small", folder / "out", seed=1), root=assignments).report


def read(report: Report) -> dict[str, CheckResult]:
    return {check.id.split("/")[1]: check for check in report.checks}


def test_failed_check_is_named_and_hinted(assignments: Path) -> None:
    report = grade(assignments, AVERAGED)
    checks = read(report)
    assert checks["bias"].misconception == "dense.averaged"
    assert checks["bias"].hint == "The gradient at the bias is divided by the batch size. See Layers: backward. Is it a sum?"
    assert checks["bias"].message.startswith("the gradient at b")
    assert report.problems == ()


def test_check_with_a_fixture_of_its_own_is_left_alone(assignments: Path) -> None:
    checks = read(grade(assignments, AVERAGED))
    assert checks["wish"].status == "failed"
    assert checks["wish"].misconception is None


def test_bug_that_is_no_misconception_is_not_named(assignments: Path) -> None:
    checks = read(grade(assignments, BIAS_DOUBLED))
    assert checks["bias"].status == "failed"
    assert checks["bias"].misconception is None
    assert checks["bias"].hint == "Is it a sum?"


def test_passing_run_says_nothing(assignments: Path) -> None:
    report = grade(assignments)
    assert {(check.status, check.misconception, check.hint) for check in report.checks} == {("passed", None, "")}


def test_broken_catalogue_costs_the_hint_alone(assignments: Path) -> None:
    (assignments / "small" / "misconceptions" / "dense.toml").write_text("not toml")
    report = grade(assignments, AVERAGED)
    assert read(report)["bias"].status == "failed"
    assert report.withheld == 0
    [problem] = report.problems
    assert "dense.toml" in problem


@pytest.fixture
def examining(assignments: Path) -> Path:
    (assignments / "small" / "examination.py").write_text(EXAMINATION)
    return assignments


def test_bug_that_is_no_misconception_is_described_by_its_arrays(examining: Path) -> None:
    checks = read(grade(examining, BIAS_DOUBLED))
    assert checks["bias"].hint.startswith("Is it a sum? db is exactly 2 times the right one")
    assert checks["wish"].hint.startswith("db is exactly 2 times the right one")
    assert checks["bias"].misconception is None
    assert (checks["bias"].evidence["fit"], checks["bias"].evidence["shape"]) == ("factor.2", [1])
    assert checks["bias"].evidence["fit_certainty"] > 0.99
    assert checks["forward"].hint == ""


def test_item_that_is_named_is_not_examined(examining: Path) -> None:
    checks = read(grade(examining, AVERAGED))
    assert checks["bias"].misconception == "dense.averaged"
    assert checks["wish"].hint == ""


def test_examination_of_a_class_that_runs_for_ever_costs_the_hint_alone(examining: Path) -> None:
    endless = Edit("layers.py", "grad.sum(axis=0)", "2 * grad.sum(axis=0) if len(grad) < 3 else [0 for _ in iter(int, 1)]", within=BACKWARD)
    report = grade(examining, endless)
    assert read(report)["bias"].status == "failed"
    assert read(report)["bias"].hint == "Is it a sum?"
    assert report.problems == ()


def test_broken_examination_costs_the_hint_alone(examining: Path) -> None:
    (examining / "small" / "examination.py").write_text("points = 3")
    report = grade(examining, BIAS_DOUBLED)
    assert read(report)["bias"].status == "failed"
    assert read(report)["bias"].hint == "Is it a sum?"
    assert report.withheld == 0
    [problem] = report.problems
    assert "draw_points" in problem


def test_failure_that_uses_a_broken_item_is_told_to_mend_that_first(assignments: Path) -> None:
    checks = read(grade(assignments, BIAS_DOUBLED, FLATTEN_TURNED))
    assert checks["rows"].status == "failed"
    assert checks["rows"].hint == "Mend layers.Dense first: this uses it."
