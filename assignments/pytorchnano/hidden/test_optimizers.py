"""Optimizers against the oracle: several layers, missing gradients, replaced arrays, weight decay."""

import numpy as np
import pytest

from grader.asserts.optimizers import assert_steps, expect_steps, read_trajectory
from grader.asserts.values import assert_close, fail

# Two layers alike, one without parameters, one of BatchNorm's names.
SHAPES = {"0.W": (3, 5), "0.b": (5,), "1.W": (3, 5), "1.b": (5,), "3.gamma": (5,), "3.beta": (5,), "4.W": (2, 3, 2, 1), "4.b": (2,)}
# One layer: what is asked of it should not depend on how an optimizer tells layers apart.
ONE = {"0.W": (3, 5), "0.b": (5,), "0.gamma": (4,), "0.beta": (4,)}


def per_optimizer(holds, **worths):
    """One check for each optimizer that is named with its points."""
    marks = {name: pytest.mark.check(f"optimizers.{name}", points=worth, holds=holds) for name, worth in worths.items()}
    return pytest.mark.parametrize("name", [pytest.param(name, marks=mark) for name, mark in marks.items()])


def draw(rng, shapes=SHAPES, names=None):
    return {name: rng.standard_normal(shapes[name]) for name in names or shapes}


def draw_large(rng, shapes=SHAPES, names=None):
    """Gradients far from 0, beside which eps does not count, wherever it is added."""
    return {name: array + np.copysign(0.3, array) for name, array in draw(rng, shapes, names).items()}


def variants(name):
    """Constructor arguments that show each of an optimizer's own."""
    if name == "Momentum":
        return [{"lr": 0.3}, {"lr": 0.2, "momentum": 0.6}, {"lr": 0.1, "momentum": 0.0}]
    return [{}, {"lr": 0.2}, {"lr": 0.1, "betas": (0.8, 0.99)}, {"lr": 0.1, "betas": (0.0, 0.0)}]


def compare(submission, oracle, name, kwargs, parameters, turns, hint="", **tolerance):
    expected = expect_steps(getattr(oracle.optimizers, name), kwargs, parameters, turns)
    assert_steps(submission, name, kwargs, parameters, turns, expected, hint=hint, **tolerance)


@per_optimizer(["step.all", "Momentum"], Momentum=0.5)
def test_every_layer_has_its_own_velocity(submission, oracle, name, rng):
    """Four steps over layers with equal names and shapes are the oracle's: each parameter has a velocity of its own."""
    check_layers(submission, oracle, name, rng, variants(name))


@per_optimizer(["step.all", "Nesterov"], Momentum=0.2)
def test_nesterov_over_several_layers(submission, oracle, name, rng):
    """Nesterov's steps over layers with equal names and shapes are the oracle's, with the usual momentum of 0.9 and another."""
    check_layers(submission, oracle, name, rng, [{"lr": 0.3, "nesterov": True}, {"lr": 0.2, "momentum": 0.6, "nesterov": True}])


@per_optimizer(["step.all", "Adam", "Nadam"], Adam=0.6, Nadam=0.4)
def test_every_layer_has_its_own_moments(submission, oracle, name, rng):
    """Four steps over layers with equal names and shapes are the oracle's: each parameter has moments of its own."""
    check_layers(submission, oracle, name, rng, variants(name))


def check_layers(submission, oracle, name, rng, cases):
    for kwargs in cases:
        parameters, turns = draw(rng), [draw_large(rng) for _ in range(4)]
        hint = "If the steps of a single parameter are right: has each parameter of each layer, and each optimizer, state of its own?"
        compare(submission, oracle, name, kwargs, parameters, turns, hint=hint, atol=1e-6)


@per_optimizer(["Adam", "Nadam"], Adam=0.5, Nadam=0.3)
def test_eps_is_added_to_the_root(submission, oracle, name, rng):
    """Where eps counts the steps are the oracle's: eps is added outside the root, after the correction."""
    parameters = {"0.W": np.zeros((3, 5))}
    turns = [{"0.W": rng.standard_normal((3, 5))} for _ in range(3)]
    compare(submission, oracle, name, {"lr": 0.1, "eps": 0.3}, parameters, turns, hint="Is eps added to the root, and that corrected?")
    sizes = 10.0 ** rng.uniform(-9.5, -7, (3, 5))
    turns = [{"0.W": sizes * rng.choice([-1.0, 1.0], (3, 5))} for _ in range(3)]
    hint = "The gradients are about as small as eps. Is eps added to the root of the corrected second moment?"
    compare(submission, oracle, name, {"lr": 10.0}, parameters, turns, hint=hint)


@per_optimizer(["weight_decay"], SGD=0.4, Momentum=0.5, Adam=0.4, Nadam=0.3)
def test_weight_decay(submission, name, rng):
    """weight_decay adds its multiple of the parameter to the gradient of W, and leaves b, beta and gamma alone."""
    # The optimizer is compared with itself, given the sum as the gradient: its own rule may be wrong, that is not asked here.
    kwargs = {"lr": 0.1} if name in ("SGD", "Momentum") else {"lr": 0.1, "eps": 0.05}
    for extra in ({}, {"nesterov": True}) if name == "Momentum" else ({},):
        parameters, turns = draw(rng, ONE), [draw(rng, ONE) for _ in range(3)]
        decayed = read_trajectory(submission, name, {**kwargs, **extra, "weight_decay": 0.7}, parameters, turns)
        before = [parameters, *decayed[:-1]]
        summed = [
            {key: gradient + 0.7 * held[key] if key.endswith(".W") else gradient for key, gradient in turn.items()}
            for turn, held in zip(turns, before, strict=True)
        ]
        right = read_trajectory(submission, name, {**kwargs, **extra}, parameters, summed)
        hint = "weight_decay adds weight_decay * W to the gradient of W, and nothing to others'."
        compare_with_itself(decayed, right, f"{name} with weight_decay=0.7", hint)


def compare_with_itself(got, right, who, hint):
    for number, (step, wanted) in enumerate(zip(got, right, strict=True), 1):
        for key, array in wanted.items():
            assert_close(step[key], array, f'{who}: layers[{key[0]}].params["{key[2:]}"] after step {number}', hint=hint)


@per_optimizer(["step.reads"], SGD=0.15, Momentum=0.25, Adam=0.25, Nadam=0.2)
def test_arrays_are_looked_up_in_each_step(submission, name, rng):
    """Parameters and gradients that were replaced between steps are used, whether as new arrays, new dicts or filled anew."""
    # Without weight decay the change does not depend on the parameter: it is the same wherever the parameter was put before.
    parameters, turns = draw(rng, ONE), [draw(rng, ONE) for _ in range(4)]
    kept = read_trajectory(submission, name, {"lr": 0.2}, parameters, turns)
    assigned = [{}, draw(rng, ONE, ["0.W", "0.b"]), {}, draw(rng, ONE, ["0.gamma", "0.W"])]
    right, held = [], parameters
    for before, after, new in zip([parameters, *kept[:-1]], kept, assigned, strict=True):
        held = {key: new.get(key, held[key]) + (after[key] - before[key].astype(np.float64)) for key in parameters}
        right.append(held)
    for style in ("new entries", "new dict", "filled"):
        got = read_trajectory(submission, name, {"lr": 0.2}, parameters, turns, assigned, style)
        hint = "Between steps arrays in params or grads were replaced. Does step look them up in the layer each time?"
        compare_with_itself(got, right, f"{name} with {style} in grads", hint)


MISSING = (["0.W", "0.beta"], ["0.W", "0.b", "0.gamma"], ["0.b", "0.beta"], list(ONE))


@per_optimizer(["step.missing"], SGD=0.15, Momentum=0.25, Adam=0.15, Nadam=0.1)
def test_parameters_without_a_gradient_stay(submission, name, rng):
    """A parameter without an entry in grads is left alone, weight decay included, and the others move."""
    parameters, turns = draw(rng, ONE), [draw(rng, ONE, names) for names in MISSING]
    for style in ("new entries", "new dict"):
        got = read_trajectory(submission, name, {"lr": 0.2, "weight_decay": 0.3}, parameters, turns, (), style)
        for number, (before, after, turn) in enumerate(zip([parameters, *got[:-1]], got, turns, strict=True), 1):
            for key in parameters:
                if key in turn and np.array_equal(after[key], before[key]):
                    fail(f"{name}: step {number} did not move {key[2:]}, which has a gradient.", expected="a change", got="none")
                if key not in turn:
                    assert_close(after[key], before[key], f"{name}: {key[2:]} after step {number}, in which it has no gradient")


@per_optimizer(["step.missing"], Adam=0.1, Nadam=0.1)
def test_steps_are_counted_by_calls(submission, oracle, name, rng):
    """t counts the calls of step, also for a parameter that had no gradient in some of them."""
    parameters, turns = draw(rng, ONE), [draw_large(rng, ONE, names) for names in MISSING]
    hint = "Does t count the calls of step, for all parameters alike?"
    compare(submission, oracle, name, {"lr": 0.2}, parameters, turns, hint=hint, atol=1e-6)
