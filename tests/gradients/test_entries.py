"""Single entries."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import LocalSubject
from grader.gradients.entries import find_worst, measure_slopes

AT = np.random.default_rng(0).standard_normal((4, 5))
SUBJECT = LocalSubject(np.sin, lambda g, x: g * np.cos(x))


def measure(gradient, **options):
    slopes = measure_slopes(SUBJECT, {"x": AT}, "x", AT.shape, np.random.default_rng(1), **options)
    return slopes.compare(gradient, np.ones(AT.shape))


def test_every_entry_is_measured_when_there_are_few():
    entries = measure(np.cos(AT))
    assert [entry.index for entry in entries] == list(np.ndindex(*AT.shape))
    assert [entry.numeric for entry in entries] == pytest.approx(np.cos(AT).ravel(), abs=1e-9)
    assert find_worst(entries) is None


def test_the_worst_entry_is_found():
    gradient = np.cos(AT)
    gradient[2, 3] += 0.01
    gradient[1, 1] += 0.1
    worst = find_worst(measure(gradient))
    assert worst is not None
    assert worst.index == (1, 1)
    assert worst.analytic - worst.numeric == pytest.approx(0.1, abs=1e-8)


def test_many_entries_are_sampled():
    assert len({entry.index for entry in measure(np.cos(AT), at_most=7)}) == 7


def test_slopes_give_the_gradient_for_any_upstream_gradient():
    weights, upstream = np.random.default_rng(2).standard_normal((2, 5, 4))
    subject = LocalSubject(lambda x: x @ weights, lambda g, x: g @ weights.T)
    slopes = measure_slopes(subject, {"x": AT}, "x", (4, 4), np.random.default_rng(1))
    assert slopes.is_whole
    assert slopes.rows.shape == (20, 4, 4)
    assert slopes.pull_back(upstream[:4]) == pytest.approx((upstream[:4] @ weights.T).ravel(), abs=1e-9)
    assert not measure_slopes(subject, {"x": AT}, "x", (4, 4), np.random.default_rng(1), at_most=7).is_whole


def test_number_as_argument_and_as_output_has_one_entry():
    subject = LocalSubject(lambda x: float(x**2), lambda g, x: 2 * x)
    slopes = measure_slopes(subject, {"x": np.array(3.0)}, "x", (), np.random.default_rng(1))
    [entry] = slopes.compare(np.array(6.0), np.ones(()))
    assert entry.index == ()
    assert entry.numeric == pytest.approx(6.0)
