"""What a check asked and what it was answered: the evidence that misconceptions are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from grader.faults import ModuleUnavailable, NotImplementedYet, StudentFault, SubmissionRaised

MAX_BYTES = 64 << 20
"""Arrays of one check's answers; a check that was told more is not diagnosed."""
MAX_EXCHANGES = 20_000
"""Likewise its questions."""


@dataclass(frozen=True)
class Kept:
    """An answer that stayed in the worker: that there is one is all that can be compared."""


@dataclass(frozen=True)
class Stopped:
    """A question that ended with a fault instead of an answer."""

    kind: str
    """The fault's class: SubmissionRaised, SubmissionDied, LimitExceeded, CheckFailed."""
    type_name: str = ""
    """The exception's class, where student code raised one."""
    method: str = ""
    """The function of the contract that raised it, `forward`."""


@dataclass(frozen=True)
class Exchange:
    """One question and its answer."""

    question: str
    """What was asked for in the contract's words: kind, path or probe; style plays no part in it."""
    given: Any
    """What was handed over, where that is plain."""
    answer: Any
    """None, a number, text, bytes, list, dict, read-only array, `Kept` or `Stopped`."""


class Listener(Protocol):
    """Whoever wants to know what a worker is asked."""

    def hear(self, question: str, given: Any, answer: Any) -> None:
        """Take note of an exchange; an exception of this ends the check."""
        ...

    def conclude(self, said: str) -> None:
        """Take note that the check has failed with this sentence: whatever is asked from now on only explains it."""
        ...


@dataclass
class Transcript:
    """The exchanges of one check, in order; nothing is copied."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    """As they happened."""
    overflowed: bool = False
    """Too much was said: what is here is not the whole."""
    bytes: int = 0
    """Held by the answers."""
    concluded: bool = False
    """Whether the check has failed and goes on only to explain why."""

    def hear(self, question: str, given: Any, answer: Any) -> None:
        """Note an exchange, until there are too many."""
        if self.overflowed or self.concluded:
            return
        self.bytes += count_bytes(answer)
        if self.bytes > MAX_BYTES or len(self.exchanges) >= MAX_EXCHANGES:
            self.overflowed = True
            self.exchanges.clear()
            return
        self.exchanges.append(Exchange(question, given, answer))

    def conclude(self, said: str) -> None:
        """Hear no more."""
        self.concluded = True

    @property
    def usable(self) -> bool:
        """Whether it can be explained: something was answered, and nothing was missing, late or dead."""
        faults = [exchange.answer for exchange in self.exchanges if isinstance(exchange.answer, Stopped)]
        excluded = {NotImplementedYet.__name__, ModuleUnavailable.__name__, "LimitExceeded", "WireViolation"}
        return bool(self.exchanges) and not any(fault.kind in excluded for fault in faults)


def count_bytes(answer: Any) -> int:
    """Return the bytes of the arrays, texts and byte strings in an answer."""
    if isinstance(answer, np.ndarray):
        return cast(NDArray[Any], answer).nbytes
    if type(answer) is dict:
        return sum(count_bytes(value) for value in cast("dict[str, Any]", answer).values())
    if type(answer) is list:
        return sum(count_bytes(value) for value in cast("list[Any]", answer))
    return len(answer) if isinstance(answer, str | bytes) else 16


def listen(question: str, given: Any, ask: Callable[[], Any], listener: Listener) -> Any:
    """Return what `ask()` returns, or raise what it raises, after the listener heard of it.

    Only a student's faults are answers; the grader's own and the machine's are not for comparison.
    """
    try:
        answer = ask()
    except StudentFault as fault:
        listener.hear(question, given, describe_fault(fault))
        raise
    listener.hear(question, given, answer if is_plain(answer) else Kept())
    return answer


def describe_fault(fault: StudentFault) -> Stopped:
    """Return what can be compared of a fault: never its text."""
    if isinstance(fault, SubmissionRaised):
        return Stopped(type(fault).__name__, fault.type_name, fault.called.rpartition(".")[2])
    return Stopped(type(fault).__name__)


def is_plain(answer: Any) -> bool:
    """Whether an answer crossed the wall as a value."""
    return answer is None or isinstance(answer, bool | int | float | str | bytes | list | dict | np.ndarray)
