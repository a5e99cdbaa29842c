"""`check_gradient` for people."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import NETWORK_STEP, check_gradient

X = np.random.default_rng(0).standard_normal((3, 4))
W = np.random.default_rng(1).standard_normal((4, 2))


def test_table_has_a_row_for_each_argument():
    report = check_gradient(lambda x, w: x @ w, lambda g, x, w: (g @ w.T, x.T @ g), {"x": X, "W": W})
    assert report.passed
    rows = str(report).splitlines()
    assert rows[0].split() == ["argument", "slope", "error", "bar", "verdict"]
    assert [row.split()[0] for row in rows[1:]] == ["x", "W"]
    assert all(row.endswith("agree") for row in rows[1:])


def test_wrong_argument_is_wrong_in_the_table():
    report = check_gradient(lambda x, w: x @ w, lambda g, x, w: {"x": g @ w.T, "W": 2 * x.T @ g}, {"x": X, "W": W})
    assert not report.passed
    assert [row.split()[-1] for row in str(report).splitlines()[1:]] == ["agree", "wrong"]


def test_finding_is_a_sentence_below_the_table():
    report = check_gradient(np.tanh, lambda g, x: (g * (1 - np.tanh(x) ** 2)).T, {"x": X})
    assert not report.passed
    assert "(4, 3)" in str(report).splitlines()[-1]


def test_only_the_arguments_asked_for_are_judged():
    report = check_gradient(lambda x, w: x @ w, lambda g, x, w: {"x": g @ w.T}, {"x": X, "W": W}, judge=("x",))
    assert report.passed
    assert list(report.lines) == ["x"]


def test_relu_network_with_a_loss_agrees_from_the_smaller_step():
    generator = np.random.default_rng(2)
    first, last = generator.standard_normal((20, 64)) / 5, generator.standard_normal((64, 10)) / 8

    def forward(x):
        hidden = np.maximum(x @ first, 0)
        return float(np.sum((hidden @ last) ** 2))

    def backward(g, x):
        hidden = np.maximum(x @ first, 0)
        return g * ((2 * hidden @ last @ last.T) * (hidden > 0)) @ first.T

    report = check_gradient(forward, backward, draw=lambda g: {"x": g.standard_normal((6, 20))}, cases=20, first_step=NETWORK_STEP)
    assert report.judgement.wrong is None
    assert report.passed


def test_flat_function_does_not_pass():
    assert not check_gradient(np.zeros_like, lambda g, x: np.zeros_like(x), {"x": X}).passed


def test_either_a_point_or_a_draw_is_taken():
    with pytest.raises(ValueError, match="either"):
        check_gradient(np.sin, lambda g, x: g * np.cos(x))


def test_gradients_that_are_not_numbers_are_refused_with_their_place():
    with pytest.raises(TypeError, match="gradient of the function at x"):
        check_gradient(np.sin, lambda g, x: {"x": "no"}, {"x": X})
