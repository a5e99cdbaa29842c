"""Every exception of the grader, by whose fault it is.

    Fault
    ├── StudentFault            the submission did something the contract does not allow; costs points
    │   ├── CheckFailed             a value, gradient, shape or manner is not what the contract says
    │   ├── NotImplementedYet       student code raised NotImplementedError
    │   ├── SubmissionRaised        student code raised anything else
    │   ├── ModuleUnavailable       a module of the submission can't be imported
    │   ├── LimitExceeded           a call, a check or an import used more than it may
    │   ├── SubmissionDied          student code ended its process
    │   └── WireViolation           the worker sent bytes that are not an answer
    ├── GraderFault             the grader's own mistake; points are withheld, a person must look
    ├── EnvironmentFault        the machine's; points are withheld
    │   └── IsolationMissing        a layer that was asked for is not in force
    └── RequestFault            what was asked for makes no sense; exit status 2
        └── UnreadableSubmission    the caller may not read what lies there; exit status 3

A fault's text is a sentence for a person: what was wrong, where, what was expected, what to do next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Fault(Exception):
    """Anything the grader raises on purpose."""

    blame = "grader"


class StudentFault(Fault):
    """The submission broke its contract."""

    blame = "student"


class CheckFailed(StudentFault):
    """A check found the submission wrong; `evidence` (a `grader.model.evidence.Evidence`) says what was seen."""

    def __init__(self, evidence: Any) -> None:
        super().__init__(str(evidence.said))
        self.evidence = evidence


@dataclass(frozen=True)
class Frame:
    """One line of a student's own traceback."""

    path: str
    """Relative to the submission, `pytorchnano/layers.py`."""
    line: int
    """Counted from 1."""
    function: str
    """The function's name as the traceback shows it."""
    source: str = ""
    """The line's text, stripped and cut."""


class SubmissionRaised(StudentFault):
    """Student code raised an exception."""

    def __init__(self, called: str, type_name: str, bases: tuple[str, ...], text: str, frames: tuple[Frame, ...]) -> None:
        at = f" at {frames[-1].path}:{frames[-1].line}" if frames else ""
        super().__init__(f"{called} raised {type_name}{': ' + text if text else ''}{at}")
        self.called = called
        """What the grader had asked for, `Conv2D.forward`."""
        self.type_name = type_name
        """The exception's class name."""
        self.bases = bases
        """Names of the builtin exceptions that the class derives from, itself included."""
        self.text = text
        """The exception's message, cut to a few lines."""
        self.frames = frames
        """The student's own frames, outermost first."""


class NotImplementedYet(SubmissionRaised):
    """Student code raised NotImplementedError: the template's body is still there."""


class ModuleUnavailable(StudentFault):
    """A module of the submission can't be imported."""

    def __init__(self, module: str, cause: StudentFault | str) -> None:
        super().__init__(f"{module} can't be imported: {cause}")
        self.module = module
        """Dotted name, `pytorchnano.layers`."""
        self.cause = cause
        """What stopped the import."""


class LimitExceeded(StudentFault):
    """Student code used more than it may."""

    def __init__(self, called: str, used: str, limit: str, resource: str) -> None:
        super().__init__(f"{called} used {used}; the limit is {limit}")
        self.called = called
        """What the grader had asked for."""
        self.resource = resource
        """The field of `grader.model.limits.Limits` that was hit, `call_cpu_s`."""


class SubmissionDied(StudentFault):
    """Student code ended its process (`sys.exit`, `os._exit`, a signal)."""


class WireViolation(StudentFault):
    """The worker sent something that is not an answer: the frame is refused and the worker killed."""


class GraderFault(Fault):
    """The grader's own mistake."""


class EnvironmentFault(Fault):
    """The machine can't do what grading needs."""

    blame = "environment"


class IsolationMissing(EnvironmentFault):
    """An isolation layer that was asked for is not in force."""


class RequestFault(Fault):
    """The request can't be served as it stands."""

    blame = "none"
    exit_status = 2


class UnreadableSubmission(RequestFault):
    """What lies at the path may not be read by the caller."""

    exit_status = 3
