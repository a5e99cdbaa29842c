"""One argument, one direction."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import FIRST_STEP, LocalSubject, Verdict
from grader.gradients.line import RUNGS, Setting, StrayOutput, draw_ray, judge_line


def judge(forward, gradient, at, *, grad_output=None, seed=0):
    at = np.asarray(at, dtype=np.float64)
    subject = LocalSubject(forward, lambda g, x: g)
    output = subject.forward([{"x": at}])[0]
    grad_output = np.ones(output.shape) if grad_output is None else grad_output
    setting = Setting(subject, {"x": at}, output, grad_output)
    generator = np.random.default_rng(seed)
    return judge_line(setting, "x", np.asarray(gradient, dtype=np.float64), generator, draw_ray(at, generator, FIRST_STEP))


def test_right_gradient_agrees_on_the_first_rung():
    x = np.array([0.3, -0.8, 1.1])
    line = judge(np.sin, np.cos(x), x)
    assert line.verdict is Verdict.AGREE
    assert line.steps == (FIRST_STEP,)
    assert line.error <= line.bar <= 1e-5 * line.slope


def test_wrong_gradient_is_wrong_on_two_lines_and_shows_both_derivatives():
    x = np.array([0.3, -0.8, 1.1])
    line = judge(np.sin, 2 * np.cos(x), x)
    assert line.verdict is Verdict.WRONG
    assert line.steps == (FIRST_STEP, FIRST_STEP / 16)
    assert line.analytic == pytest.approx(2 * line.numeric, rel=1e-8)


def test_error_of_a_ten_millionth_is_slight():
    x = np.array([0.3, -0.8, 1.1])
    assert judge(np.sin, np.cos(x) * (1 + 1e-7), x).verdict is Verdict.SLIGHT


def test_constant_function_is_flat_and_a_gradient_of_it_is_wrong():
    assert judge(np.ones_like, [0.0, 0.0], [0.3, 0.4]).verdict is Verdict.FLAT
    assert judge(np.ones_like, [0.0, 1e-3], [0.3, 0.4]).verdict is Verdict.WRONG


def test_kink_at_the_point_is_blind_whatever_the_gradient_says():
    for value in (0.0, 0.5, 1.0):
        line = judge(lambda x: np.maximum(x, 0), [value, 1.0], [0.0, 1.0])
        assert line.verdict is Verdict.BLIND


def test_kink_inside_the_first_step_is_passed_by_a_smaller_step():
    verdicts = []
    for seed in range(30):
        line = judge(lambda x: np.maximum(x, 0), [1.0, 1.0], [1e-6, 1.0], seed=seed)
        assert line.verdict in (Verdict.AGREE, Verdict.BLIND)
        verdicts.append((line.verdict, len(line.steps)))
    assert (Verdict.AGREE, 2) in verdicts


def test_round_off_is_passed_by_a_larger_step():
    line = judge(lambda x: 1e4 + 0.1 * x, [0.1], [0.7])
    assert line.verdict is Verdict.AGREE
    assert len(line.steps) > 1
    assert line.steps[1] == FIRST_STEP * 16


def test_climb_ends_after_the_last_rung():
    line = judge(lambda x: 1e15 + x, [1.0], [0.7])
    assert line.verdict in (Verdict.BLIND, Verdict.FLAT)
    assert len(line.steps) <= RUNGS


def test_kinks_of_two_outputs_do_not_cancel():
    # The sum of the two outputs is straight; each has a kink a millionth away.
    line = judge(lambda x: np.array([1.0, -1.0]) * np.abs(x[0] - 0.5 - 1e-6), [0.0], [0.5])
    assert len(line.steps) > 1


def test_climb_ends_when_its_direction_turns():
    # The constant output means round-off at the first step, the fast sine means curvature at the next.
    line = judge(lambda x: np.append(np.sin(1e4 * x), 1e9), 1e4 * np.cos(1e4 * np.array([0.1])), [0.1])
    assert line.verdict is Verdict.BLIND
    assert line.steps == (FIRST_STEP, FIRST_STEP * 16)


def test_wrong_line_that_a_second_one_does_not_confirm_is_blind():
    class FirstFrameOff(LocalSubject):
        frames = 0

        def forward(self, points):
            self.frames += 1
            return [output * (2 if self.frames == 1 else 1) for output in super().forward(points)]

    subject, at = FirstFrameOff(lambda x: x, lambda g, x: g), np.array([0.0, 0.0])
    setting = Setting(subject, {"x": at}, at, np.ones(2))
    generator = np.random.default_rng(0)
    line = judge_line(setting, "x", np.ones(2), generator, draw_ray(at, generator, FIRST_STEP))
    assert subject.frames == 2
    assert line.verdict is Verdict.BLIND


def test_wide_step_that_leaves_the_domain_is_nobodys_fault():
    left = []

    def forward(x):
        left.append(np.any(x < 0))
        return np.append(np.where(x < 0, np.nan, x), 1e9)

    line = judge(forward, [1.0, 1.0], [1e-3, 1.0])
    assert any(left)
    assert line.verdict is Verdict.BLIND


def test_output_that_breaks_beside_the_point_is_reported():
    with pytest.raises(StrayOutput):
        judge(lambda x: np.where(x == 0.5, x, np.nan), [1.0], [0.5])


def test_direction_is_as_large_as_the_argument_but_at_most_one():
    generator = np.random.default_rng(0)
    assert np.std(draw_ray(np.full(10_000, 0.01), generator, 1.0).direction) == pytest.approx(0.01, rel=0.05)
    assert np.std(draw_ray(np.full(10_000, 100.0), generator, 1.0).direction) == pytest.approx(1.0, rel=0.05)
    assert np.std(draw_ray(np.zeros(10_000), generator, 1.0).direction) == pytest.approx(1.0, rel=0.05)
