from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis.following import Agreement, Departed, Follower
from grader.diagnosis.transcript import Exchange, Stopped

X, WRONG, OTHER = np.ones(3), np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
REFUSED = Stopped("SubmissionRaised", "ValueError", "forward")
BROKEN = Stopped("SubmissionRaised", "IndexError", "forward")


def exchanges(*answers: Any) -> list[Exchange]:
    return [Exchange(f"PROBE {number}", [number], answer) for number, answer in enumerate(answers)]


def follow(wanted: list[Exchange], right: list[Exchange], heard: list[Exchange], free: tuple[int, ...] = ()) -> Agreement:
    follower = Follower(wanted, right, lambda place: place in free)
    try:
        for exchange in heard:
            follower.hear(exchange.question, exchange.given, exchange.answer)
    except Departed:
        assert follower.departed
    return follower.agreement


def test_same_answers_agree() -> None:
    assert follow(exchanges(X, WRONG), exchanges(X, X), exchanges(X, WRONG + 1e-12)) is Agreement.SAME


def test_other_answer_stops_the_check() -> None:
    follower = Follower(exchanges(X, WRONG, X), exchanges(X, X, X))
    follower.hear("PROBE 0", [0], X)
    with pytest.raises(Departed):
        follower.hear("PROBE 1", [1], OTHER)
    assert follower.agreement is Agreement.NONE


def test_check_that_ends_earlier_does_not_agree() -> None:
    assert follow(exchanges(X, WRONG), exchanges(X, X), exchanges(X)) is Agreement.NONE


def test_check_that_asks_on_agrees_only_after_an_answer_that_tells() -> None:
    more = [Exchange("PROBE more", [9], X)]
    assert follow(exchanges(X, WRONG), exchanges(X, X), [*exchanges(X, WRONG), *more]) is Agreement.ALIKE
    assert follow(exchanges(X, X), exchanges(X, X), [*exchanges(X, X), *more]) is Agreement.NONE


def test_other_question_ends_the_comparison_only_after_an_answer_that_tells() -> None:
    asked = [Exchange("PROBE 2", [2.5], OTHER)]
    assert follow(exchanges(X, WRONG, X), exchanges(X, X, X), [*exchanges(X, WRONG), *asked]) is Agreement.ALIKE
    assert follow(exchanges(X, X, WRONG), exchanges(X, X, X), [*exchanges(X, X), *asked]) is Agreement.NONE


def test_draws_need_only_be_alike() -> None:
    assert follow(exchanges(X, WRONG), exchanges(X, X), exchanges(OTHER, WRONG), free=(0,)) is Agreement.ALIKE
    assert follow(exchanges(X, WRONG), exchanges(X, X), exchanges(OTHER[:2], WRONG), free=(0,)) is Agreement.NONE


def test_crashes_of_the_same_method_are_alike_whatever_their_type() -> None:
    assert follow(exchanges(X, BROKEN), exchanges(X, X), exchanges(X, REFUSED)) is Agreement.ALIKE
    elsewhere = Stopped("SubmissionRaised", "IndexError", "backward")
    assert follow(exchanges(X, BROKEN), exchanges(X, X), exchanges(X, elsewhere)) is Agreement.NONE


def test_missing_refusals_are_alike_whatever_is_done_instead() -> None:
    assert follow(exchanges(X, WRONG), exchanges(X, REFUSED), exchanges(X, OTHER)) is Agreement.ALIKE
    assert follow(exchanges(X, BROKEN), exchanges(X, REFUSED), exchanges(X, OTHER)) is Agreement.ALIKE
    assert follow(exchanges(X, WRONG), exchanges(X, REFUSED), exchanges(X, REFUSED)) is Agreement.NONE


def test_crash_alone_tells_little() -> None:
    assert follow(exchanges(X, REFUSED), exchanges(X, X), exchanges(X, REFUSED)) is Agreement.ALIKE
    assert follow(exchanges(WRONG, REFUSED), exchanges(X, X), exchanges(WRONG, REFUSED)) is Agreement.SAME


def test_answers_that_are_all_right_tell_little() -> None:
    assert follow(exchanges(X, X), exchanges(X, X), exchanges(X, X)) is Agreement.ALIKE


def test_wrong_shapes_of_the_same_numbers_are_alike() -> None:
    told, flat = {"b": np.arange(6.0).reshape(2, 3)}, {"b": np.arange(6.0)}
    assert follow(exchanges(X, told), exchanges(X, X), exchanges(X, flat)) is Agreement.ALIKE
    assert follow(exchanges(X, told, X), exchanges(X, X, X), exchanges(X, flat, X)) is Agreement.NONE
    assert follow(exchanges(X, told), exchanges(X, X), exchanges(X, {"b": np.arange(6.0) + 1})) is Agreement.NONE
