"""Every question to a worker is heard, whichever way it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from grader.diagnosis.transcript import Kept, Stopped, Transcript
from grader.faults import SubmissionRaised
from grader.plugin.submitted import Submitted
from grader.remote.remote import Remote, make_kept, make_module
from grader.wire.frames import Kind
from grader.wire.values import NOWHERE, Reference


class Worker:
    """Answers with its own words, with an object or with an exception."""

    def __init__(self) -> None:
        self.closed = False

    def module(self, name: str) -> Remote:
        return make_module(self, name)

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.ask(Kind.PROBE, "the probe", name=name, args=args, kwargs=kwargs)

    def ask(self, kind: Kind, label: str, path: Reference = NOWHERE, name: str = "", args: Any = (), kwargs: Any = None) -> Any:
        if kind is Kind.CALL:
            return make_kept(self, 1, "pytorchnano.layers.Dense", label)
        if name == "fail":
            raise SubmissionRaised("Dense.forward", "ValueError", ("ValueError",), "text", ())
        return [name, *args]

    def drop(self, handle: int) -> None:
        """Nothing is kept."""

    def read_scratch(self, name: str, max_bytes: int) -> bytes:
        return name.encode()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def heard() -> Transcript:
    return Transcript()


@pytest.fixture
def submitted(heard: Transcript) -> Submitted:
    return Submitted(Worker, lambda ending: None, heard)  # type: ignore[arg-type]


def test_calls_probes_and_files_are_heard_in_order(submitted: Submitted, heard: Transcript) -> None:
    layer = submitted.layers.Dense(3, 5)
    assert submitted.probe("count", 7) == ["count", 7]
    assert submitted.worker.read_scratch("a.npz", 100) == b"a.npz"
    submitted.probe("look", layer)
    questions = [exchange.question for exchange in heard.exchanges]
    assert questions == ["CALL Dense(...) ", "PROBE the probe count", "READ a.npz", "PROBE the probe look"]
    assert heard.exchanges[0].answer == Kept()
    assert heard.exchanges[1].given == [7]
    assert heard.exchanges[2].answer == b"a.npz"
    assert heard.exchanges[3].given == [None], "a remote is not held"


def test_exception_is_heard_and_raised(submitted: Submitted, heard: Transcript) -> None:
    with pytest.raises(SubmissionRaised):
        submitted.probe("fail")
    assert heard.exchanges[0].answer == Stopped("SubmissionRaised", "ValueError", "forward")


def test_fresh_worker_is_heard_too(submitted: Submitted, heard: Transcript) -> None:
    first = submitted.worker
    submitted.probe("one")
    assert submitted.restart() is not first
    submitted.probe("two")
    assert len(heard.exchanges) == 2


def test_nobody_needs_to_listen() -> None:
    assert Submitted(Worker, lambda ending: None).probe("one", 1) == ["one", 1]  # type: ignore[arg-type]


def test_worker_that_was_given_away_is_not_ended(submitted: Submitted) -> None:
    worker = submitted.worker
    assert submitted.release() is worker
    submitted.close()
    assert not worker.closed  # type: ignore[attr-defined]
    assert submitted.release() is None
