"""What a worker's words and its death mean: which fault, in which sentence."""

from __future__ import annotations

from grader.faults import (
    CheckFailed,
    Fault,
    Frame,
    GraderFault,
    LimitExceeded,
    NotImplementedYet,
    StudentFault,
    SubmissionDied,
    SubmissionRaised,
)
from grader.isolation.zygote import Ended
from grader.model.evidence import Evidence
from grader.model.limits import Limits
from grader.remote.words import clean, name_signal
from grader.wire.frames import MAX_BODY
from grader.wire.messages import Raised
from grader.wire.values import MAX_DEPTH, MAX_NODES

PROBED = "your code, run by the probe"
"""How the label of a probe begins that runs beside a submission."""

_MAX_NAME = 200
_CRASHES = {
    "SIGSEGV": "it crashed: mostly recursion without end under a raised recursion limit, or arrays handled through ctypes",
    "SIGKILL": "it was killed from outside: mostly because memory ran out",
    "SIGABRT": "it aborted: mostly because a library ran out of memory",
}


def make_fault(raised: Raised, called: str, limits: Limits) -> Fault:
    """Return the fault for an exception in the worker."""
    text = clean(raised.text)
    match raised.phase:
        case "grader":
            return GraderFault(f"{called}: {text}")
        case "send":
            return CheckFailed(
                Evidence(
                    said=f"{called} returned what can't be looked at: {text}.",
                    expected=f"at most {MAX_BODY >> 20} MB in at most {MAX_NODES} values, lists and dicts at most {MAX_DEPTH} deep",
                )
            )
        case "exit":
            frames = _clean_frames(raised.frames)
            at = f" at {frames[-1].path}:{frames[-1].line}" if frames else ""
            return SubmissionDied(f"{called} called sys.exit({text}){at}; a module must return to its caller")
        case _:
            return make_raised(raised, called, limits)


def make_raised(raised: Raised, called: str, limits: Limits) -> SubmissionRaised:
    """Return the fault for an exception of student code."""
    kind = NotImplementedYet if "NotImplementedError" in raised.bases else SubmissionRaised
    called = _name_method(called, raised.frames)
    text = clean(raised.text)
    if "MemoryError" in raised.bases:
        text = f"{text} (a worker may use {limits.memory_mb} MiB)".lstrip()
    bases = tuple(clean(base, _MAX_NAME) for base in raised.bases)
    return kind(called, clean(raised.type_name, _MAX_NAME), bases, text, _clean_frames(raised.frames))


def _name_method(called: str, frames: tuple[Frame, ...]) -> str:
    """Return "Dense.forward" for a probe of "Dense" or of many things: the student's outermost frame says where it was."""
    if not frames:
        return called
    *classes, method = frames[0].function.split(".")
    if called.startswith(PROBED):
        called = ".".join(classes) or method
    if not called.isidentifier() or not method.isidentifier() or method == called:
        return called
    return f"{called}(...)" if method == "__init__" else clean(f"{called}.{method}", _MAX_NAME)


def make_import_fault(raised: Raised, limits: Limits) -> StudentFault:
    """Return what stopped an import."""
    if raised.phase == "exit":
        fault = make_fault(raised, "the import", limits)
        assert isinstance(fault, StudentFault)
        return fault
    return make_raised(raised, "the import", limits)


def make_death(ended: Ended, called: str, limits: Limits) -> StudentFault:
    """Return the fault for a worker that ended of itself."""
    if ended.status >= 0:
        return SubmissionDied(f"{called} ended the process with status {ended.status} (os._exit or a crash)")
    name = name_signal(-ended.status)
    if name == "SIGXCPU" or (name == "SIGKILL" and ended.cpu_s >= limits.check_cpu_s):
        return LimitExceeded(called, f"{limits.check_cpu_s:g} s of CPU", f"{limits.check_cpu_s:g} s", "check_cpu_s")
    return SubmissionDied(f"{called} ended the process by {name}; {_CRASHES.get(name, 'student code or a library sent it')}")


def _clean_frames(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    return tuple(Frame(clean(f.path, _MAX_NAME), f.line, clean(f.function, _MAX_NAME), clean(f.source, _MAX_NAME)) for f in frames)
