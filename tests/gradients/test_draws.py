"""Points keep away from kinks."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import draws


@pytest.fixture(params=range(20))
def generator(request):
    return np.random.default_rng(request.param)


def test_scale_lies_in_its_range(generator):
    assert all(0.3 <= draws.draw_scale(generator) <= 1 for _ in range(50))


def test_entries_keep_away_from_zero_on_both_sides(generator):
    entries = draws.draw_away_from_zero(generator, (30, 20), scale=0.5)
    assert np.min(np.abs(entries)) >= 0.05
    assert entries.min() < 0 < entries.max()


def test_no_two_entries_of_a_grid_are_close(generator):
    grid = draws.draw_permuted_grid(generator, draws.IMAGES, scale=1.0)
    assert grid.shape == draws.IMAGES
    assert np.min(np.diff(np.sort(grid.ravel()))) > 0.01
    assert np.any(np.diff(grid.ravel()) < 0)


def test_grid_is_not_made_of_float32_numbers(generator):
    grid = draws.draw_permuted_grid(generator, draws.IMAGES)
    assert np.mean(grid == grid.astype(np.float32)) < 0.05


def test_largest_piece_of_a_maxout_unit_leads_by_a_gap(generator):
    point = draws.draw_maxout(generator, pieces=3, scale=0.5)
    assert {name: array.shape for name, array in point.items()} == {"input": (3, 5), "W": (3, 5, 7), "b": (3, 7)}
    pieces = np.sort(np.einsum("ni,pio->pno", point["input"], point["W"]) + point["b"][:, None], axis=0)
    assert np.min(pieces[-1] - pieces[-2]) > 0.03 * 0.5


def test_hinge_scores_keep_clear_of_the_margin(generator):
    labels = np.array([1, 0, 3, 3])
    scores = draws.draw_hinge_scores(generator, labels, 5, margin=0.5, scale=1.0)
    gaps = np.abs(scores - scores[np.arange(4), labels][:, None] + 0.5)
    gaps[np.arange(4), labels] = 1
    assert scores.shape == (4, 5)
    assert gaps.min() > 0.03


def test_impossible_gaps_are_refused_with_a_reason():
    with pytest.raises(RuntimeError, match="gaps"):
        draws.draw_maxout(np.random.default_rng(0), (3, 5, 3000))


def test_probability_rows_sum_to_one_and_keep_away_from_zero(generator):
    rows = draws.draw_probability_rows(generator, (6, 10))
    assert rows.sum(axis=1) == pytest.approx(1.0)
    assert rows.min() >= 0.02


def test_probabilities_keep_away_from_both_ends(generator):
    entries = draws.draw_probabilities(generator, (6, 10))
    assert entries.min() >= 0.02
    assert entries.max() <= 0.98


def test_same_generator_gives_the_same_point():
    first, second = (draws.draw_convolution(np.random.default_rng(9)) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_batch_norm_reaches_scales_where_its_eps_shows():
    spread = [np.std(draws.draw_batch_norm(np.random.default_rng(seed), (300, 2))["input"]) for seed in range(60)]
    assert min(spread) < 0.06
    assert max(spread) > 0.6
