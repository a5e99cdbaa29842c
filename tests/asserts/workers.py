"""Workers for tests of the asserts: the reference with planted faults, canned answers, and answers spoiled part by part."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.faults import NotImplementedYet, StudentFault, SubmissionRaised
from grader.remote.remote import make_kept
from tests.studies.in_process import LocalWorker, load_submission

REFERENCE = load_submission("reference")
TERSE = load_submission("terse")
MODULES = ("layers", "activations", "losses", "optimizers", "network", "data")


class Answering:
    """A worker that gives one answer, whatever is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.answer


class Worker(LocalWorker):
    """A package in this process that sees copies of what is sent, as over a wire, and whose exceptions are a submission's."""

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        sent, named = copy.deepcopy((args, kwargs))
        try:
            return super().probe(name, *sent, **named)
        except Exception as error:
            kind = NotImplementedYet if isinstance(error, NotImplementedError) else SubmissionRaised
            bases = tuple(cls.__name__ for cls in type(error).__mro__)
            raise kind(name, type(error).__name__, bases, str(error), ()) from error


class Replaying:
    """A worker that gives these answers, one after the other."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = iter(answers)

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return next(self.answers)


class _Recording:
    def __init__(self, worker: Any) -> None:
        self.worker, self.answers = worker, []

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        self.answers.append(self.worker.probe(name, *args, **kwargs))
        return self.answers[-1]


class _Deaf:
    """What a remote needs of its worker; nothing may be asked of it."""

    def ask(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("an assert asked the worker about a remote")

    def drop(self, handle: int) -> None:
        """Nothing is kept."""


def plant(**modules: dict[str, Any]) -> Worker:
    """Return a worker with the reference, some of its names exchanged: `plant(layers={"Dense": Doubling})`."""
    named = {name: SimpleNamespace(**{**vars(getattr(REFERENCE, name)), **modules.get(name, {})}) for name in MODULES}
    return Worker(SimpleNamespace(**named))


STRANGE = (
    None,
    True,
    3.0,
    float("nan"),
    10**300,
    "an object of type set",
    b"bytes",
    [],
    [None],
    {},
    {"W": None, "other": "text"},
    np.array(2.0),
    np.ones(3, dtype=bool),
    np.full((2, 2), np.nan),
    np.zeros(0),
    np.ones((2, 3, 1), dtype=np.float16),
    make_kept(_Deaf(), 7, "pytorchnano.layers.Dense", "the answer"),
)
"""What a worker can send that no check waits for: everything that crosses the wire, and what stays behind it."""


def assert_withstands(check: Callable[[Any], object], worker: Any) -> None:
    """Fail unless `check` passes, and raises nothing but StudentFault when any part of any answer is replaced by anything strange.

    Where the whole of an answer is replaced it must raise.
    """
    recording = _Recording(worker)
    check(recording)
    wrong: list[str] = []
    for number, answer in enumerate(recording.answers):
        for place in _places(answer):
            for strange in STRANGE:
                answers = [*recording.answers[:number], _replaced(answer, place, strange), *recording.answers[number + 1 :]]
                try:
                    check(Replaying(answers))
                    accepted = not place
                except StudentFault:
                    accepted = False
                except Exception as error:
                    wrong.append(f"answer {number} at {place} is {strange!r}: {type(error).__name__}: {error}")
                else:
                    if accepted:
                        wrong.append(f"answer {number} is {strange!r} and was accepted")
    assert recording.answers
    assert not wrong, "\n".join(wrong[:20])


def _places(answer: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    keys = answer if isinstance(answer, dict) else range(min(len(answer), 3)) if isinstance(answer, list) else ()
    for key in keys:
        yield from _places(answer[key], (*place, key))


def _replaced(answer: Any, place: tuple[Any, ...], strange: Any) -> Any:
    if not place:
        return strange
    spoiled = copy.copy(answer)
    spoiled[place[0]] = _replaced(answer[place[0]], place[1:], strange)
    return spoiled
