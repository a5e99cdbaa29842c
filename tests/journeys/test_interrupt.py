"""A run that is cut short, by Ctrl-C, by a signal or by force, leaves no process behind and no half report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.formats import json as json_format
from tests.journeys.bad_packages import copy_reference
from tests.journeys.processes import PATIENCE_S, Process, find_looping, find_marked, wait_until

ROOT = Path(__file__).resolve().parents[2]


def hear_interrupts() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, these tests' own process maybe, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    """`grader run` on a submission whose `one_hot` loops for ever, with a folder for temporary files of its own."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "temp"
        self.temp.mkdir()
        self.out = folder / "out"
        with (copy_reference(folder / "alice") / "data.py").open("a") as file:
            file.write("\n\ndef one_hot(labels, num_classes):\n    while True:\n        pass\n")
        words = ["run", "alice", "--assignment", "pytorchnano", "--only", "data.one_hot", "--only", "data.minibatches", "--out", "out"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader", *words, "--fail-under", "50"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.temp)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_interrupts,
        )

    def find(self) -> list[Process]:
        """Return what is alive of it: TMPDIR is in the environment of each of its processes, or a folder below it."""
        return find_marked(str(self.temp))

    def wait_for_loop(self) -> Process:
        """Wait until the submission is in its loop."""

        def look() -> Process | None:
            assert self.process.poll() is None, self.process.communicate()
            return find_looping(str(self.temp))

        found = wait_until(look, "the submission's loop")
        assert found is not None
        return found

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return exit status, output, errors."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err

    def assert_nothing_left(self) -> None:
        """No process, and none of its temporary files."""
        wait_until(lambda: not self.find(), f"the end of {self.find()}")
        wait_until(lambda: not list(self.temp.iterdir()), f"the removal of {list(self.temp.iterdir())}")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started = Run(tmp_path)
    yield started
    for process in started.find():
        os.kill(process.pid, signal.SIGKILL)
    started.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupt_is_status_130_one_line_and_leaves_nothing(run: Run, number: signal.Signals) -> None:
    run.wait_for_loop()
    assert [process for process in run.find() if process.is_session], "the marker does not find the session"
    run.process.send_signal(number)
    status, out, err = run.end()
    assert (status, out) == (130, "")
    assert err.strip().splitlines() == ["Interrupted: no report was written."]
    assert list(run.out.iterdir()) == []
    run.assert_nothing_left()


def test_second_interrupt_leaves_nothing_either(run: Run) -> None:
    run.wait_for_loop()
    session = next(process for process in run.find() if process.is_session)
    os.kill(session.pid, signal.SIGSTOP)  # it does not hear the first interrupt
    run.process.send_signal(signal.SIGINT)
    wait_until(lambda: _is_pending(session.pid, signal.SIGINT), "the session's interrupt")
    run.process.send_signal(signal.SIGINT)
    status, _, err = run.end()
    assert status == 130
    assert "Traceback" not in err
    assert list(run.out.iterdir()) == []
    run.assert_nothing_left()


def test_nobody_survives_a_grader_that_is_killed(run: Run) -> None:
    run.wait_for_loop()
    assert len([process for process in run.find() if process.is_behind_the_wall]) >= 2
    run.process.kill()
    assert run.end()[0] == -signal.SIGKILL
    wait_until(lambda: not run.find(), "the end of the session and of everything behind its wall")
    assert list(run.out.iterdir()) == []
    wait_until(lambda: not list(run.temp.glob("grader-wall-*")), "the removal of the wall's files")


def test_session_that_is_killed_costs_no_points_and_is_status_3(run: Run) -> None:
    run.wait_for_loop()
    os.kill(next(process.pid for process in run.find() if process.is_session), signal.SIGKILL)
    status, out, err = run.end()
    assert (status, err) == (3, ""), "3 beats the 1 of --fail-under"
    assert "Withheld:" in out
    report = json_format.parse((run.out / "report.json").read_text())
    assert {check.status for check in report.checks if check.group == "data.one_hot"} == {"undecided"}
    assert report.withheld == sum(check.points for check in report.checks if check.status == "undecided") > 0
    assert any("ended early (status -9)" in problem for problem in report.problems)
    run.assert_nothing_left()


def _is_pending(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = next(line for line in lines if line.startswith("ShdPnd:"))
    return bool(int(pending.split()[1], 16) >> (number - 1) & 1)
