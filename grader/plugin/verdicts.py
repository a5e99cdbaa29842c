"""From what a check raised to an outcome: the one place where blame is decided."""

from __future__ import annotations

import traceback
from pathlib import Path

from grader.faults import (
    CheckFailed,
    EnvironmentFault,
    LimitExceeded,
    ModuleUnavailable,
    NotImplementedYet,
    StudentFault,
    SubmissionRaised,
)
from grader.model.evidence import Evidence
from grader.model.outcome import Blame, Outcome, Status

_WITHHELD = "The points of this check are withheld, not lost: a person will look at it."


def passed(note: Evidence | None = None) -> Outcome:
    """The check's sentence holds."""
    return Outcome(Status.PASSED, Blame.NONE, note or Evidence(said=""))


def skipped(culprit: str, group: str) -> Outcome:
    """A prerequisite failed: say which, earn nothing."""
    said = f"Not checked: it needs {group}, where the check {culprit!r} did not pass. Mend that first."
    return Outcome(Status.SKIPPED, Blame.NONE, Evidence(said=said, facts={"after": culprit}))


def undecided_after(culprit: str, blame: Blame) -> Outcome:
    """A prerequisite could not be decided: neither can this."""
    said = f"Not decided: it needs the check {culprit!r}, which could not be decided. {_WITHHELD}"
    return Outcome(Status.UNDECIDED, blame, Evidence(said=said, facts={"after": culprit}))


def failed_unrun(group: str, timeouts: int) -> Outcome:
    """Earlier checks of the item ran into time limits: don't wait for that again."""
    said = f"Not run: {timeouts} earlier checks of {group} ran into a time limit. Mend that first."
    return Outcome(Status.FAILED, Blame.STUDENT, Evidence(said=said))


def failed_for_budget(budget: str) -> Outcome:
    """The submission used up the whole run's time."""
    said = f"Not run: the submission has used more than the whole run's {budget}. The checks before this one say where the time went."
    return Outcome(Status.FAILED, Blame.STUDENT, Evidence(said=said))


def failed_for_framework(group: str, frameworks: list[str]) -> Outcome:
    """The module loads what the assignment forbids."""
    said = f"Not run: {group} loads {', '.join(frameworks)}, which the contract forbids. Write it with NumPy alone."
    return Outcome(Status.FAILED, Blame.STUDENT, Evidence(said=said))


def judge(error: BaseException) -> Outcome:
    """Return the outcome of a check that ended with `error`."""
    if isinstance(error, CheckFailed):
        return _failed(error.evidence)
    if isinstance(error, NotImplementedYet):
        return _failed(Evidence(said=f"{error.called} is not implemented yet.", where=_place(error)))
    if isinstance(error, ModuleUnavailable):
        return _failed(_unavailable(error))
    if isinstance(error, SubmissionRaised):
        return _failed(_raised(error))
    if isinstance(error, LimitExceeded):
        return _failed(Evidence(said=f"{error}.", hint="Is there a loop that never ends, or one that could be an array operation?"))
    if isinstance(error, StudentFault):
        return _failed(Evidence(said=str(error)))
    if isinstance(error, AssertionError):
        return _failed(Evidence(said=_assertion(error)))
    if isinstance(error, EnvironmentFault):
        return Outcome(Status.UNDECIDED, Blame.ENVIRONMENT, Evidence(said=f"{error} {_WITHHELD}"))
    said = f"The grader made a mistake in this check. {_WITHHELD}"
    return Outcome(Status.UNDECIDED, Blame.GRADER, Evidence(said=said, facts={"grader_error": _short_trace(error)}))


def is_timeout(error: BaseException) -> bool:
    """Whether a check ended because student code used up its time."""
    cause = error.cause if isinstance(error, ModuleUnavailable) else error
    return isinstance(cause, LimitExceeded) and cause.resource.endswith("_s")


def _failed(evidence: Evidence) -> Outcome:
    return Outcome(Status.FAILED, Blame.STUDENT, evidence, replay=evidence.replay or None)


def _place(error: SubmissionRaised) -> str:
    if not error.frames:
        return ""
    last = error.frames[-1]
    return f"{last.path}:{last.line}, in {last.function}"


def _raised(error: SubmissionRaised) -> Evidence:
    trail = "\n".join(f"  {frame.path}:{frame.line} in {frame.function}: {frame.source}" for frame in error.frames[-4:])
    text = f": {error.text}" if error.text else ""
    return Evidence(
        said=f"{error.called} raised {error.type_name}{text[:300]}" + (f"\n{trail}" if trail else ""),
        facts={"frames": [f"{frame.path}:{frame.line}" for frame in error.frames]},
    )


def _unavailable(error: ModuleUnavailable) -> Evidence:
    cause = error.cause
    if isinstance(cause, SubmissionRaised):
        inner = _raised(cause)
        return Evidence(
            said=f"{error.module} can't be imported: {cause.type_name}: {cause.text[:300]}", where=_place(cause), facts=inner.facts
        )
    return Evidence(said=str(error))


def _assertion(error: AssertionError) -> str:
    text = str(error).strip()
    return "\n".join(text.splitlines()[:6]) if text else "An assertion of the check does not hold."


def _short_trace(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [*(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames), f"{type(error).__name__}: {error}"[:500]]
