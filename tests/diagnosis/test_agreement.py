from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis.agreement import APART, CLOSE, is_alike, is_same_question, measure_distance
from grader.diagnosis.transcript import Exchange, Kept, Stopped

X = np.array([[1.0, -2.0], [0.5, 4.0]])


def state(position: int, keys: int = 1) -> list[Any]:
    return [np.full(624, keys, np.uint32), position, 0, 0.0]


@pytest.mark.parametrize(
    "one, other",
    [
        (X, X + 1e-9),
        (X, X.astype(np.float32)),
        (2.0, np.array(2.0)),
        ([1.0, X], [1.0, X.copy()]),
        ({"W": X, "b": None}, {"W": X, "b": None}),
        (np.array([np.nan, np.inf, 1.0]), np.array([np.nan, np.inf, 1.0])),
        (np.array([1e-17, 0.0]), np.array([0.0, 1e-17])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([1, 2], np.int32), np.array([1, 2], np.int64)),
        (np.array([1, 2], np.uint8), np.array([1, 2], np.int64)),
        (Kept(), Kept()),
        ("an object of type Tensor", "an object of type Node"),
        ("/tmp/worker-1/scratch/a.png", "/tmp/worker-2/scratch/a.png"),
        (Stopped("SubmissionRaised", "ValueError", "forward"), Stopped("SubmissionRaised", "ValueError", "forward")),
        ({"before": state(1), "after": state(7)}, {"before": state(1), "after": state(9)}),
    ],
)
def test_what_only_style_tells_apart_agrees(one: Any, other: Any) -> None:
    assert measure_distance(one, other) <= CLOSE
    assert measure_distance(other, one) <= CLOSE


@pytest.mark.parametrize(
    "one, other",
    [
        (X, X + 1e-4),
        (X, X.T),
        (X, X[:1]),
        (X, X.tolist()),
        (np.array([1.0, 2.0]), np.array([1, 2])),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
        (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0])),
        (np.array([np.inf, 1.0]), np.array([1e300, 1.0])),
        (np.array([1, 2]), np.array([1, 3])),
        (True, 1),
        (None, 0.0),
        (1.0, None),
        ([1.0], [1.0, 2.0]),
        ({"W": X}, {"W": X, "b": X}),
        ("yes", "no"),
        (b"a", b"b"),
        (Kept(), X),
        (Stopped("SubmissionRaised", "ValueError", "forward"), X),
        (Stopped("SubmissionRaised", "ValueError", "forward"), Stopped("SubmissionRaised", "IndexError", "forward")),
        (Stopped("SubmissionRaised", "ValueError", "forward"), Stopped("SubmissionRaised", "ValueError", "backward")),
        ({"before": state(1), "after": state(1)}, {"before": state(1), "after": state(9)}),
    ],
)
def test_what_the_contract_speaks_of_is_told_apart(one: Any, other: Any) -> None:
    assert measure_distance(one, other) > CLOSE
    assert measure_distance(other, one) > CLOSE


def test_distance_is_relative_to_the_largest_entry() -> None:
    assert measure_distance(np.array([1000.0, 1.0]), np.array([1000.0, 2.0])) == pytest.approx(1e-3)
    assert measure_distance(np.array([1.0]), np.array([np.nan])) == APART


def test_two_steps_of_a_difference_are_two_questions() -> None:
    one = Exchange("PROBE Dense layer_points", [X], None)
    assert is_same_question(one, Exchange("PROBE Dense layer_points", [X.copy()], None))
    assert not is_same_question(one, Exchange("PROBE Dense layer_points", [X + 1e-8], None))
    assert not is_same_question(one, Exchange("PROBE Dense layer_case", [X], None))


@pytest.mark.parametrize(
    "one, other, alike",
    [
        (X, -X, True),
        (X, X[:1], False),
        ({"W": X}, {"W": 3 * X}, True),
        ({"W": X}, {"V": X}, False),
        ([X, X], [X, 2 * X], True),
        ([X], [X, X], False),
        (b"one", b"another", True),
        ("one", "another", False),
        (Kept(), X, False),
        (None, None, True),
    ],
)
def test_draws_are_alike_in_their_shapes(one: Any, other: Any, alike: bool) -> None:
    assert is_alike(one, other) is alike
    assert is_alike(other, one) is alike
