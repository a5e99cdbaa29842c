"""Silence is better than a wrong name: noise, random arrays, and arrays that hardly hold anything."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.diagnosis.fits import WrongArray, explain

Array = NDArray[Any]

SHAPES = [(), (1,), (2,), (3,), (7,), (1, 1), (2, 2), (3, 5), (5, 5), (2, 3, 2, 3), (3, 2, 7, 5)]
SIZES = {"batch_size": 3, "channels": 2, "rows": 7, "columns": 5, "kernel_rows": 3, "kernel_columns": 2, "kernel_area": 6, "elements": 210}
SETTINGS: dict[str, Any] = {"stride": (2, 1), "negative_slope": 0.3, "margin": 1.0, "training": True}


def surround(generator: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    """Everything that may stand around an array."""
    names = ("input", "output", "grad_output", "gradient_of_the_call_before")
    arrays = {name: generator.standard_normal(shape) for name in names}
    arrays["W"] = generator.standard_normal((5, 7))
    arrays["b"] = generator.standard_normal(shape[-1:] or (5,))
    if len(shape) == 2 and shape[1]:
        arrays["target"] = generator.integers(0, shape[1], shape[0])
    return {"sizes": SIZES, "settings": SETTINGS, "arrays": arrays}


def draw_steps(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Few numbers, many times, as a hinge loss has them."""
    return np.asarray(generator.integers(-2, 3, shape) / 3)


def draw_sparse(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Mostly zeros, as a pooling has them."""
    return np.asarray(generator.standard_normal(shape) * (generator.random(shape) < 0.2))


def count_named(shape: tuple[int, ...], draw: Any, times: int, seed: int = 0) -> list[str]:
    generator = np.random.default_rng([seed, *shape])
    named: list[str] = []
    for _ in range(times):
        around = surround(generator, shape)
        truth = generator.standard_normal

        def right_at(changes: Any, truth: Any = truth) -> Array:
            return np.asarray(truth(shape))

        kind = ("gradient", "value")[int(generator.integers(2))]
        fit = explain(WrongArray("dx", kind, draw(generator, shape), draw(generator, shape), right_at=right_at, **around))
        # That an array is 0 is true of it, however it came about.
        if fit is not None and fit.telling and fit.label != "zero":
            named.append(f"{fit.label}: {fit.certainty}")
    return named


@pytest.mark.parametrize("shape", SHAPES)
def test_random_arrays_are_not_named(shape: tuple[int, ...]) -> None:
    assert count_named(shape, lambda generator, size: np.asarray(generator.standard_normal(size)), 60) == []


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_random_arrays_are_hardly_ever_named_in_many_draws(shape: tuple[int, ...]) -> None:
    times = 2000 if len(shape) < 4 else 1000
    named = count_named(shape, lambda generator, size: np.asarray(generator.standard_normal(size)), times, seed=1)
    assert len(named) <= times // 1000, named


@pytest.mark.parametrize("shape", [(3, 5), (5, 5), (3, 2, 7, 5)])
@pytest.mark.parametrize("draw", [draw_sparse, draw_steps])
def test_random_arrays_of_few_numbers_are_hardly_ever_named(shape: tuple[int, ...], draw: Any) -> None:
    # The few entries that differ lie at three right classes of fifteen entries once in some hundred draws.
    named = count_named(shape, draw, 100)
    assert len(named) <= 1, named


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1e-9, 1e-7, 5e-7, 5e-6])
def test_noise_is_not_named(shape: tuple[int, ...], size: float) -> None:
    generator = np.random.default_rng(3)
    for _ in range(20):
        right = generator.standard_normal(shape)
        noise = size * np.abs(right).max() * generator.uniform(-1, 1, shape)
        assert explain(WrongArray("dx", "gradient", right, right + noise, **surround(generator, shape))) is None


@pytest.mark.parametrize("shape", [*SHAPES, (0,), (3, 0), (0, 5)])
def test_hardly_anything_is_safe(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(4)
    around = surround(generator, shape)
    samples = [np.zeros(shape), np.ones(shape), np.full(shape, np.nan), np.full(shape, np.inf), generator.standard_normal(shape)]
    samples += [np.zeros(()), np.ones((2, 3)), np.zeros((0, 2)), np.ones(shape, dtype=bool), np.full(shape, 1e300), np.full(shape, 1e-300)]
    with np.errstate(all="ignore"):
        for right, got in itertools.product(samples, samples):
            fit = explain(WrongArray("dx", "value", right, got, right_at=lambda changes, right=right: right, **around))
            assert fit is None or 0 <= fit.certainty <= 1


def test_a_truth_that_is_no_number_explains_nothing() -> None:
    assert explain(WrongArray("dx", "value", np.full(5, np.nan), np.ones(5))) is None


def test_equal_entries_are_no_evidence_for_an_unnamed_factor() -> None:
    fit = explain(WrongArray("dx", "gradient", np.ones((3, 5)), np.full((3, 5), 0.3712), {"batch_size": 3}))
    assert fit is None or not fit.telling


def test_something_tiny_beside_the_right_one_fits_nothing_by_that() -> None:
    right = np.random.default_rng(6).standard_normal((3, 5)) * 1e7
    for seed in range(20):
        got = np.random.default_rng([7, seed]).standard_normal((3, 5))
        fit = explain(WrongArray("dx", "gradient", right, got, SIZES, {"input": got[::-1].copy()}))
        assert fit is None or not fit.telling


def test_text_is_not_explained() -> None:
    assert explain(WrongArray("dx", "value", np.ones(2), np.array(["a", "b"]))) is None


def test_an_oracle_that_refuses_is_no_failure() -> None:
    def refuse(changes: Any) -> Array:
        raise ValueError("not with this shape")

    generator = np.random.default_rng(5)
    right, got = generator.standard_normal((2, 3, 5))
    assert explain(WrongArray("dx", "gradient", right, got, right_at=refuse, **surround(generator, (3, 5)))) is None
