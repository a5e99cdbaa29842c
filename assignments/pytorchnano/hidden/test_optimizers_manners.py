"""What every optimizer owes besides the right numbers: dtypes, untouched gradients, refusals."""

import numpy as np
import pytest

from grader.asserts.optimizers import assert_argument_refused, assert_steps, read_trajectory, take_steps
from grader.asserts.values import as_array, assert_close, fail

SHAPES = {"0.W": (3, 5), "0.b": (5,)}


def per_optimizer(holds, **worths):
    """One check for each optimizer that is named with its points."""
    marks = {name: pytest.mark.check(f"optimizers.{name}", points=worth, holds=holds) for name, worth in worths.items()}
    return pytest.mark.parametrize("name", [pytest.param(name, marks=mark) for name, mark in marks.items()])


def draw(rng, dtype=np.float64):
    return {name: rng.standard_normal(shape).astype(dtype) for name, shape in SHAPES.items()}


def variants(name):
    return [{"lr": 0.1}, {"lr": 0.1, "nesterov": True}] if name == "Momentum" else [{"lr": 0.1}]


@per_optimizer(["dtype.step"], SGD=0.15, Momentum=0.25, Adam=0.25, Nadam=0.2)
def test_dtypes_stay(submission, name, rng):
    """A parameter keeps its dtype, float32 or float64, whatever that of its gradient is."""
    parameters, turns = draw(rng), [draw(rng) for _ in range(2)]
    exact = read_trajectory(submission, name, {"lr": 0.1}, parameters, turns)
    for stored in (np.float32, np.float64):
        for given in (np.float32, np.float64):
            sent = [{key: array.astype(given) for key, array in turn.items()} for turn in turns]
            got = read_trajectory(submission, name, {"lr": 0.1}, {key: array.astype(stored) for key, array in parameters.items()}, sent)
            said = f"stored as {np.dtype(stored)}, with gradients of {np.dtype(given)},"
            for key, array in got[-1].items():
                assert_close(array, exact[-1][key], f"{name}: {key[2:]} {said} after two steps", rtol=1e-4, atol=1e-4, dtype=stored)


@per_optimizer(["unchanged.step"], SGD=0.1, Momentum=0.2, Adam=0.2, Nadam=0.1)
def test_gradients_stay(submission, name, rng):
    """step leaves the arrays in grads as they are."""
    for kwargs in variants(name):
        parameters, turns = draw(rng), [draw(rng) for _ in range(2)]
        steps = take_steps(submission, name, {**kwargs, "weight_decay": 0.5}, parameters, turns)
        moved = as_array(steps[0]["params"]["0.W"], f"{name}: W after a step", shape=SHAPES["0.W"])
        if np.array_equal(moved, parameters["0.W"]):
            fail(f"{name}.step changed nothing.", expected="other parameters than before", got="the same")
        for step, turn in zip(steps, turns, strict=True):
            for key, given in turn.items():
                after = as_array(step["grads"].get(key), f"{name}: the gradient of {key[2:]} after step", shape=given.shape, finite=False)
                if not np.array_equal(after, given):
                    fail(
                        f"{name}.step changed the gradient of {key[2:]}.",
                        expected="the gradient as it was given",
                        got=f"{int((after != given).sum())} of {given.size} entries changed",
                        hint="Does `grad += weight_decay * W` or `grad *= lr` work in place? Make a new array.",
                    )


@per_optimizer(["refuse.negative", "refuse.fractions"], SGD=0.15, Momentum=0.25, Adam=0.25, Nadam=0.2)
def test_refusals(submission, name):
    """lr and weight_decay below 0, and a momentum or a beta outside [0, 1), are refused with a ValueError that names it."""
    for kwargs in ({"lr": 0.0}, {"lr": 0.0, "weight_decay": 0.0}):
        one = {"0.W": np.array([[1.0, 2.0]])}
        assert_steps(submission, name, kwargs, one, [one], [one], hint="An lr of 0 is no error: nothing moves.")
    assert_argument_refused(submission, name, {"lr": -0.1}, ["lr"])
    assert_argument_refused(submission, name, {"lr": 0.1, "weight_decay": -0.5}, ["weight_decay"])
    if name == "Momentum":
        for momentum in (-0.1, 1.0, 1.5):
            assert_argument_refused(submission, name, {"lr": 0.1, "momentum": momentum}, ["momentum"])
    if name in ("Adam", "Nadam"):
        for betas in ((1.0, 0.9), (0.9, 1.0), (-0.1, 0.9), (0.9, -0.1), (0.9, 1.5)):
            assert_argument_refused(submission, name, {"lr": 0.1, "betas": betas}, ["beta"])
