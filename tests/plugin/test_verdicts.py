"""Blame: whose fault it is that a check did not pass."""

from __future__ import annotations

import pytest

from grader.faults import (
    CheckFailed,
    EnvironmentFault,
    Frame,
    IsolationMissing,
    LimitExceeded,
    ModuleUnavailable,
    NotImplementedYet,
    SubmissionDied,
    SubmissionRaised,
    WireViolation,
)
from grader.model.evidence import Evidence
from grader.model.outcome import Blame, Status
from grader.plugin.verdicts import is_timeout, judge

FRAMES = (Frame("pytorchnano/layers.py", 12, "forward", "y = x @ self.w"),)
STUDENT = [
    CheckFailed(Evidence(said="wrong")),
    NotImplementedYet("Dense.forward", "NotImplementedError", ("NotImplementedError",), "", FRAMES),
    SubmissionRaised("Dense.forward", "TypeError", ("TypeError",), "no", FRAMES),
    ModuleUnavailable("pytorchnano.layers", "it is not there"),
    LimitExceeded("Dense.forward", "3 s of CPU", "3 s", "call_cpu_s"),
    SubmissionDied("Dense.forward ended the process"),
    WireViolation("garbage"),
    AssertionError("the mean is 3"),
]


@pytest.mark.parametrize("error", STUDENT, ids=lambda error: type(error).__name__)
def test_what_a_submission_does_is_failed_and_its_own_fault(error: BaseException) -> None:
    outcome = judge(error)
    assert (outcome.status, outcome.blame) == (Status.FAILED, Blame.STUDENT)
    assert outcome.evidence.message()


@pytest.mark.parametrize("error", [EnvironmentFault("no fork"), IsolationMissing("no rlimits")], ids=lambda e: type(e).__name__)
def test_a_machines_fault_withholds_the_points(error: BaseException) -> None:
    outcome = judge(error)
    assert (outcome.status, outcome.blame) == (Status.UNDECIDED, Blame.ENVIRONMENT)


def test_any_other_exception_is_the_graders_fault_and_no_traceback_reaches_the_student() -> None:
    outcome = judge(ZeroDivisionError("division by zero"))
    assert (outcome.status, outcome.blame) == (Status.UNDECIDED, Blame.GRADER)
    assert "division" not in outcome.evidence.message()
    assert "division" in str(outcome.evidence.facts)


def test_template_reads_not_implemented_yet() -> None:
    assert "Dense.forward is not implemented yet" in judge(STUDENT[1]).evidence.message()


def test_raised_shows_the_students_own_frames() -> None:
    message = judge(STUDENT[2]).evidence.message()
    assert "pytorchnano/layers.py:12 in forward: y = x @ self.w" in message


def test_import_that_timed_out_counts_as_a_timeout() -> None:
    hanging = LimitExceeded("import pytorchnano.layers", "5 s of CPU", "5 s", "import_cpu_s")
    assert is_timeout(ModuleUnavailable("pytorchnano.layers", hanging))
    assert not is_timeout(STUDENT[2])
