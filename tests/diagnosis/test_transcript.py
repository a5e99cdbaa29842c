from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis import transcript
from grader.diagnosis.transcript import Kept, Stopped, Transcript, listen
from grader.faults import GraderFault, LimitExceeded, ModuleUnavailable, NotImplementedYet, StudentFault, SubmissionDied, SubmissionRaised


def raiser(fault: Exception) -> Any:
    def ask() -> Any:
        raise fault

    return ask


def test_answer_is_noted_and_returned() -> None:
    heard, answer = Transcript(), np.ones(3)
    assert listen("CALL one", [1], lambda: answer, heard) is answer
    assert heard.exchanges[0].question == "CALL one"
    assert heard.exchanges[0].answer is answer
    assert heard.usable


def test_object_that_stays_behind_is_not_held() -> None:
    heard = Transcript()
    listen("CALL one", [], object, heard)
    assert heard.exchanges[0].answer == Kept()


def test_exception_is_noted_without_its_text_and_raised_again() -> None:
    heard = Transcript()
    fault = SubmissionRaised("Dense.forward", "ValueError", ("ValueError",), "my own words", ())
    with pytest.raises(SubmissionRaised):
        listen("PROBE Dense", [], raiser(fault), heard)
    assert heard.exchanges[0].answer == Stopped("SubmissionRaised", "ValueError", "forward")


def test_fault_of_the_grader_is_no_answer() -> None:
    heard = Transcript()
    with pytest.raises(GraderFault):
        listen("PROBE Dense", [], raiser(GraderFault("ours")), heard)
    assert not heard.exchanges


@pytest.mark.parametrize(
    "fault, usable",
    [
        (NotImplementedYet("Dense.forward", "NotImplementedError", ("NotImplementedError",), "", ()), False),
        (ModuleUnavailable("pytorchnano.layers", "no"), False),
        (LimitExceeded("Dense.forward", "4 s", "3 s", "call_cpu_s"), False),
        (SubmissionDied("it is gone"), True),
    ],
)
def test_what_is_missing_or_late_is_not_explained(fault: StudentFault, usable: bool) -> None:
    heard = Transcript()
    with pytest.raises(StudentFault):
        listen("PROBE Dense", [], raiser(fault), heard)
    assert heard.usable is usable


def test_nothing_answered_is_not_explained() -> None:
    assert not Transcript().usable


def test_transcript_that_grows_too_large_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "MAX_BYTES", 1000)
    heard = Transcript()
    for _ in range(3):
        heard.hear("PROBE", None, {"W": [np.ones(50)], "said": "text"})
    assert heard.overflowed
    assert not heard.usable
    assert not heard.exchanges


def test_transcript_of_too_many_questions_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "MAX_EXCHANGES", 2)
    heard = Transcript()
    for _ in range(2):
        heard.hear("PROBE", None, 1)
    assert heard.usable
    heard.hear("PROBE", None, 1)
    assert not heard.usable
