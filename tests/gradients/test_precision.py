"""float32, told from four outputs."""

from __future__ import annotations

import numpy as np

from grader.gradients.precision import NEARER, TINY, WIDE, draw_probe_points, find_float32

AT = {"x": np.random.default_rng(0).standard_normal((3, 4)), "w": np.random.default_rng(1).standard_normal((4, 2))}


def ask(forward, seed=0, wide=WIDE):
    points = draw_probe_points(AT, ("x", "w"), np.random.default_rng(seed), wide)
    return find_float32([forward(**point) for point in points], "Thing", wide)


def test_float64_is_left_alone():
    for seed in range(50):
        assert ask(lambda x, w: np.tanh(x @ w), seed) is None
        assert ask(lambda x, w: 100 + np.tanh(x @ w), seed) is None


def test_any_cast_to_float32_shows():
    for seed in range(50):
        assert ask(lambda x, w: np.tanh(x @ w).astype(np.float32).astype(np.float64), seed) is not None
        assert ask(lambda x, w: np.tanh(x.astype(np.float32) @ w), seed) is not None
        assert ask(lambda x, w: np.tanh(x @ w.astype(np.float32)), seed) is not None


def test_kink_within_the_wide_step_is_cleared_nearer_by():
    def kinked(x, w):
        return np.abs(x - AT["x"] - 1e-6) @ w

    assert any(ask(kinked, seed) is not None for seed in range(10))
    assert all(ask(kinked, seed, NEARER) is None for seed in range(10))


def test_outputs_that_are_all_rounded_show_even_where_slopes_agree():
    outputs = [np.array([1.5 * step]) for step in (WIDE, -WIDE, TINY, -TINY)]
    assert find_float32(outputs, "Thing") is not None


def test_constant_outputs_say_nothing():
    assert find_float32([np.array([1.0, 0.0])] * 4, "Thing") is None


def test_only_the_arguments_named_are_moved():
    for point in draw_probe_points(AT, ("w",), np.random.default_rng(0)):
        assert np.array_equal(point["x"], AT["x"])
        assert not np.array_equal(point["w"], AT["w"])
