"""Dropout's mask, read off what a forward gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.dropout import assert_scale, infer_kept, read_forwards
from grader.faults import CheckFailed, SubmissionRaised
from tests.asserts.workers import REFERENCE, STRANGE, TERSE, Worker, assert_withstands, plant

Dropout = REFERENCE.layers.Dropout
X, UPSTREAM = np.random.default_rng(0).uniform(0.5, 2, (2, 31, 17))
GOOD = (Worker(REFERENCE), Worker(TERSE))


def dropout(alter: Any) -> Worker:
    """A Dropout whose forward gives `alter(x, kept)` in training."""

    class Faulty(Dropout):
        def forward(self, x: Any) -> Any:
            return alter(x, super().forward(x) != 0) if self.training else x

    return plant(layers={"Dropout": Faulty})


def check_scale(worker: Any) -> None:
    [(output, _)] = read_forwards(worker, {"p": 0.4}, [(X, None, True)])
    assert_scale(output, X, 0.4)


@pytest.mark.parametrize("worker", GOOD)
def test_right_layer_passes(worker: Worker) -> None:
    check_scale(worker)


def test_strange_answers_are_the_students_fault() -> None:
    assert_withstands(check_scale, GOOD[0])


@pytest.mark.parametrize("worker", GOOD)
def test_forwards_come_with_their_backwards_and_modes(worker: Worker) -> None:
    turns = [(X, UPSTREAM, True), (X, None, True), (X, UPSTREAM, False)]
    (output, returned), (_, nothing), (evaluated, unchanged) = read_forwards(worker, {"p": 0.5, "seed": 1}, turns)
    assert np.array_equal(returned, UPSTREAM * np.where(output != 0, 2, 0))
    assert nothing is None
    assert np.array_equal(evaluated, X)
    assert np.array_equal(unchanged, UPSTREAM)


def test_mode_at_backward_is_set_after_each_forward() -> None:
    class ByMode(Dropout):
        def backward(self, grad_output: Any) -> Any:
            return grad_output * float(self.training)

    worker = plant(layers={"Dropout": ByMode})
    for mode in (False, True):
        [(_, returned)] = read_forwards(worker, {}, [(X, UPSTREAM, True)], mode_at_backward=mode)
        assert np.array_equal(returned, UPSTREAM * mode)


def test_refusal_of_p_passes_through() -> None:
    with pytest.raises(SubmissionRaised, match="p is 1"):
        read_forwards(GOOD[0], {"p": 1}, [(X, None, True)])


def test_kept_entries_are_those_that_are_not_zero() -> None:
    assert infer_kept(np.array([[0.0, 2.0], [-0.0, 1e-9]]), np.ones((2, 2))).tolist() == [[False, True], [False, True]]


@pytest.mark.parametrize("strange", [*STRANGE, X[1:], X.tolist()])
def test_mask_and_scale_fail_when_there_is_no_array_of_the_inputs_shape(strange: Any) -> None:
    with pytest.raises(CheckFailed, match=r"Dropout.forward's result in training"):
        infer_kept(strange, X)
    with pytest.raises(CheckFailed, match=r"Dropout.forward's result in training"):
        assert_scale(strange, X, 0.5)


def test_unscaled_entries_get_the_likely_cause() -> None:
    with pytest.raises(CheckFailed, match=r"Dropout\(p=0\.4\) gives entries in training that are neither") as caught:
        check_scale(dropout(lambda x, kept: x * kept))
    evidence = caught.value.evidence
    assert (evidence.expected, evidence.got) == ("0 or 1.66667 times the input", "1 times the input")
    assert "not scaled" in evidence.hint


@pytest.mark.parametrize("alter", [lambda x, kept: x * kept / 0.4, lambda x, kept: np.where(kept, x / 0.6, 0.1 * x), lambda x, kept: -x])
def test_entries_scaled_otherwise_fail_without_that_cause(alter: Any) -> None:
    with pytest.raises(CheckFailed, match="neither 0 nor the input divided by 1 - p") as caught:
        check_scale(dropout(alter))
    assert caught.value.evidence.hint == ""


def test_first_wrong_entry_is_named() -> None:
    output = X / 0.5
    output[3, 2] = X[3, 2]
    with pytest.raises(CheckFailed) as caught:
        assert_scale(output, X, 0.5)
    assert (caught.value.evidence.where, caught.value.evidence.got) == ("index (3, 2) of shape (31, 17)", "1 times the input")
