"""Single entries."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import LocalSubject
from grader.gradients.entries import find_worst, measure_entries

AT = np.random.default_rng(0).standard_normal((4, 5))
SUBJECT = LocalSubject(np.sin, lambda g, x: g * np.cos(x))


def measure(gradient, **options):
    return measure_entries(SUBJECT, {"x": AT}, "x", gradient, np.ones(AT.shape), np.random.default_rng(1), **options)


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
