"""What a wrong gradient is asked before it is blamed."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import LocalSubject, draws, judge_gradients
from grader.gradients.entries import measure_slopes
from grader.gradients.findings import Kind
from grader.gradients.questions import judge_answers


class Dense:
    """A dense layer as a pair of functions with a memory, honest until a subclass changes a part."""

    def __init__(self):
        self.x = None
        self.grads = {"W": 0.0, "b": 0.0}

    def forward(self, x, w, b):
        self.x = x
        return x @ w + b

    def backward(self, g, x, w, b):
        self.grads = {"W": self.x.T @ g, "b": g.sum(axis=0)}
        return {"input": g @ w.T, **self.grads}


class Accumulates(Dense):
    def backward(self, g, x, w, b):
        before = self.grads
        told = super().backward(g, x, w, b)
        self.grads = {name: value + before[name] for name, value in self.grads.items()}
        return {**told, **self.grads}


class Stale(Dense):
    def forward(self, x, w, b):
        self.x = x if self.x is None else self.x
        return x @ w + b


class Differences(Dense):
    def backward(self, g, x, w, b):
        told = super().backward(g, x, w, b)
        for index in np.ndindex(w.shape):
            moved = w.copy()
            moved[index] += 1e-2
            told["W"][index] = np.sum(g * (np.tanh(self.forward(x, moved, b)) - np.tanh(self.forward(x, w, b)))) / 1e-2
        return told


class IgnoresGradient(Dense):
    def backward(self, g, x, w, b):
        return super().backward(np.ones_like(g), x, w, b)


class SquaresGradient(Dense):
    def backward(self, g, x, w, b):
        return super().backward(g * abs(g), x, w, b)


class Overwrites(Dense):
    def backward(self, g, x, w, b):
        g *= 0.5
        return super().backward(g, x, w, b)


class Halves(Dense):
    def backward(self, g, x, w, b):
        return super().backward(g / 2, x, w, b)


def ask_about(layer, argument="W"):
    """Find the wrong gradient as a check does, and ask."""
    made = layer()
    # An object of its own for every question is the worker's business; here the memory is cleared by hand.
    judgement = judge_gradients(LocalSubject(made.forward, made.backward, title="Dense"), draws.draw_dense, (argument,), cases=3)
    assert judgement.wrong is not None
    trial, _ = judgement.wrong
    fresh = layer()
    subject = LocalSubject(fresh.forward, fresh.backward, title="Dense")
    case = trial.case
    honest = LocalSubject(Dense().forward, Dense().backward)
    slopes = measure_slopes(honest, case.point, argument, case.told.output.shape, np.random.default_rng(0))
    answers = subject.answer(case.point, case.turn.grad_output)
    return judge_answers(subject, answers, argument, slopes.compare(case.told.gradients[argument], case.turn.grad_output))


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (Accumulates, Kind.ACCUMULATES),
        (Stale, Kind.STALE),
        (Differences, Kind.NUMERICAL),
        (IgnoresGradient, Kind.NOT_LINEAR),
        (SquaresGradient, Kind.NOT_LINEAR),
        (Overwrites, Kind.CHANGES),
    ],
)
def test_fault_has_its_own_sentence(layer, kind):
    found = ask_about(layer)
    assert [finding.kind for finding in found] == [kind]
    assert "Dense" in found[0].said


def test_gradient_that_is_merely_wrong_raises_no_suspicion():
    assert ask_about(Halves) == []
    assert ask_about(Halves, "input") == []


def test_upstream_gradient_left_out_is_told_from_one_used_wrongly():
    assert "left out" in ask_about(IgnoresGradient)[0].said
    assert "left out" not in ask_about(SquaresGradient)[0].said
