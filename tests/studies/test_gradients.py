"""A seeded part of the gradient engine's study; the whole is `make bench`."""

from __future__ import annotations

import pytest

from grader.gradients import Verdict
from grader.gradients.engine import CASES
from tests.studies.gradients import FAMILIES, STYLES, compare_correct, count_calls, miss_small_errors, upper_bound


@pytest.mark.parametrize("style", STYLES)
def test_correct_code_raises_no_alarm_and_is_compared(style):
    tally = compare_correct(style, 600, seed=20)
    assert tally.findings == []
    assert tally.verdicts[Verdict.WRONG] == 0
    assert tally.verdicts[Verdict.AGREE] > 0.99 * tally.comparisons >= 594
    assert max(tally.ratios) < 0.5


def test_one_entry_of_400_that_is_off_by_a_thousandth_is_never_missed_by_five_cases_and_sometimes_by_one():
    assert miss_small_errors(200, seed=20) == 0
    assert miss_small_errors(200, seed=20, cases=1) > 0


def test_every_function_costs_four_forwards_an_argument_three_forwards_and_two_backwards_a_case_in_two_trips():
    counted = list(count_calls())
    assert len(counted) == len(FAMILIES)
    for name, arguments, trips, forwards, backwards in counted:
        assert (trips, forwards, backwards) == (2, CASES * (4 * arguments + 3), CASES * 2), name


def test_bound_without_a_miss_is_the_rule_of_three_and_grows_with_misses():
    assert upper_bound(0, 3000) == pytest.approx(1e-3)
    assert 7 / 100 < upper_bound(7, 100) < 0.14
