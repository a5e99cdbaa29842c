"""What a wrong gradient is asked before it is blamed: may the fault lie in what backward remembers, changes or computes with?

Each suspicion has its own sentence, and the caller decides what it is worth: the gradient is wrong whatever comes of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.gradients.case import Case
from grader.gradients.entries import Entry, find_worst
from grader.gradients.findings import Finding, Kind
from grader.gradients.subject import Answers, Array, Subject

CALLS_OF_DIFFERENCES = 20.0
"""Forwards inside one backward from which on it is differencing: honest code stays below 3."""

_CLOSE = 1e-6


def judge_answers(subject: Subject, answers: Answers, argument: str, entries: Sequence[Entry]) -> list[Finding]:
    """Return the suspicions that hold for the gradient at `argument`, most telling first; `entries` say what is right."""
    what = subject.label(argument)
    alone, twice, doubled = (given.get(argument) for given in (answers.alone, answers.twice, answers.doubled))
    memory = _find_memory(what, argument, alone, twice, entries)
    found = [
        memory,
        find_differences(subject, answers),
        # What adds up from call to call is not proportional to anything.
        None if memory else _find_constant(what, argument, alone, doubled),
        _find_changes(subject, answers),
    ]
    return [finding for finding in found if finding is not None]


def is_slow(case: Case) -> bool:
    """Whether backward took so many forwards' time that it may be differencing: worth a question, no verdict."""
    told = case.told
    return told is not None and told.backward_s > CALLS_OF_DIFFERENCES * told.forward_s > 0


def _find_memory(what: str, argument: str, alone: Array | None, twice: Array | None, entries: Sequence[Entry]) -> Finding | None:
    """A gradient that is right on an object that was never used before depends on what was done with the object."""
    if alone is None or find_worst(entries) is None or not _agrees(alone, entries):
        return None
    if twice is not None and _is_same(twice, 2 * alone):
        said = f"{what} is right after the first backward of an object and adds up afterwards: it must be set anew each time."
        return Finding(Kind.ACCUMULATES, said, "the gradient of the last backward alone", "the sum of all so far", argument)
    said = f"{what} is right on a new object and wrong after an earlier forward and backward: something old is still in use."
    return Finding(Kind.STALE, said, "a gradient of the last forward", "one that depends on what came before", argument)


def find_differences(subject: Subject, answers: Answers) -> Finding | None:
    """Say so where backward calls forward as often as a differencing one does, be its result right or not."""
    if answers.forwards_in_backward < CALLS_OF_DIFFERENCES:
        return None
    said = f"{subject.title}.backward calls forward again and again: it differentiates numerically instead of by the chain rule."
    got = f"{answers.forwards_in_backward:.0f} forwards' worth of calls in one backward"
    return Finding(Kind.NUMERICAL, said, "a formula for the gradient", got)


def _find_constant(what: str, argument: str, alone: Array | None, doubled: Array | None) -> Finding | None:
    """A gradient is linear in the upstream gradient; for a loss both calls have none, and nothing is asked."""
    if alone is None or doubled is None or not np.any(alone) or _is_same(doubled, 2 * alone):
        return None
    if _is_same(doubled, alone):
        said = f"{what} stays the same when grad_output is doubled: is grad_output left out?"
        return Finding(Kind.NOT_LINEAR, said, "twice the gradient for twice the grad_output", "the same gradient", argument)
    said = f"{what} is not proportional to grad_output."
    return Finding(Kind.NOT_LINEAR, said, "twice the gradient for twice the grad_output", "something else", argument)


def _find_changes(subject: Subject, answers: Answers) -> Finding | None:
    if not answers.changed:
        return None
    named = " and ".join(answers.changed)
    said = f"{subject.title} changes the {named} that it is given, in place; what is computed from it afterwards is wrong."
    return Finding(Kind.CHANGES, said, "arguments left as they were", f"a changed {named}")


def _agrees(gradient: Array, entries: Sequence[Entry]) -> bool:
    if not entries or any(len(entry.index) != gradient.ndim for entry in entries):
        return False
    try:
        got = np.array([gradient[entry.index] for entry in entries])
    except IndexError:
        return False
    return _is_same(got, np.array([entry.numeric for entry in entries]))


def _is_same(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    largest = float(np.max(np.abs(other), initial=0.0))
    return bool(np.all(np.abs(one - other) <= _CLOSE * largest))
