"""The lines that show a fault run on their own, beside the student's package alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.asserts.replay import Scene, write_replay
from grader.model.assignment import find_assignment, shared_folder
from grader.model.job import Job
from grader.model.misconception import apply_edits, load_misconceptions
from grader.run.job import run_job

ASSIGNMENT = find_assignment("pytorchnano")
BUGS = load_misconceptions(ASSIGNMENT.folder / "misconceptions")
REFERENCE = shared_folder("reference") / ASSIGNMENT.package


def run_replay(lines: str, root: Path) -> tuple[str, str]:
    """Run the lines in a fresh process that knows only the package under `root`; return what they print of each gradient."""
    command = [sys.executable, "-c", lines]
    ran = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    yours, differences = ran.stdout.removeprefix("yours:\n").split("by finite differences:\n")
    return yours, differences


def read_numbers(printed: str) -> list[float]:
    return [float(word) for word in printed.replace("[", " ").replace("]", " ").split()]


SHOWN = (
    "dense.weight_gradient_averaged",
    "dense.gradients_added",
    "dense.input_remembered_once",
    "mse.gradient_not_averaged",
    "avg_pool2d.gradient_without_area",
    "softmax.diagonal_of_jacobian",
    "batch_norm.gradient_without_mean_path",
)


@pytest.mark.parametrize("name", SHOWN)
def test_replay_shows_the_fault_of_a_bug_and_none_of_the_reference(name: str, tmp_path: Path) -> None:
    bug = BUGS[name]
    apply_edits(bug.edits, REFERENCE, tmp_path / "submission")
    report = run_job(Job(tmp_path / "submission", "pytorchnano", tmp_path / "out", seed=3, only=(bug.item,), visibility="public")).report
    replays = [check.replay for check in report.checks if check.replay]
    assert replays
    for replay in replays:
        assert "grader" not in replay
        yours, differences = map(read_numbers, run_replay(replay, tmp_path / "submission"))
        assert not np.allclose(yours, differences, rtol=1e-4, atol=1e-7)
        yours, differences = map(read_numbers, run_replay(replay, REFERENCE.parent))
        assert np.allclose(yours, differences, rtol=1e-4, atol=1e-7)


def test_numbers_that_nobody_would_read_make_no_replay() -> None:
    scene = Scene("pytorchnano", ("layers", "Dense"), (9, 9), {}, {"input": np.ones((1, 9)), "W": np.ones((9, 9))}, "W", np.ones((1, 9)))
    assert write_replay(scene) is None
