"""Optimizers against the oracle: several layers, missing gradients, replaced arrays, weight decay."""

import numpy as np
import pytest

from grader.asserts.optimizers import assert_steps, expect_steps

# Two layers alike, one without parameters, one of BatchNorm's names.
SHAPES = {"0.W": (3, 5), "0.b": (5,), "1.W": (3, 5), "1.b": (5,), "3.gamma": (5,), "3.beta": (5,), "4.W": (2, 3, 2, 1), "4.b": (2,)}


def per_optimizer(holds, **worths):
    """One check for each optimizer that is named with its points."""
    marked = [pytest.param(name, marks=pytest.mark.check(f"optimizers.{name}", points=worth, holds=holds)) for name, worth in worths.items()]
    return pytest.mark.parametrize("name", marked)


def draw(rng, names=tuple(SHAPES), scale=1.0):
    return {name: scale * rng.standard_normal(SHAPES[name]) for name in names}


def variants(name):
    """Constructor arguments that show each of an optimizer's own."""
    if name == "SGD":
        return [{"lr": 0.3}]
    if name == "Momentum":
        return [{"lr": 0.3}, {"lr": 0.2, "momentum": 0.6}, {"lr": 0.3, "nesterov": True}, {"lr": 0.1, "momentum": 0.0}]
    return [{}, {"lr": 0.2}, {"lr": 0.1, "betas": (0.8, 0.99), "eps": 0.01}, {"lr": 0.1, "betas": (0.0, 0.0)}]


def compare(submission, oracle, name, kwargs, parameters, turns, assigned=(), style="new dict", hint="", **tolerance):
    expected = expect_steps(getattr(oracle.optimizers, name), kwargs, parameters, turns, assigned)
    assert_steps(submission, name, kwargs, parameters, turns, expected, assigned=assigned, style=style, hint=hint, **tolerance)


@per_optimizer(["step.all", "Momentum", "Nesterov"], Momentum=0.7)
def test_every_layer_has_its_own_velocity(submission, oracle, name, rng):
    """Four steps over layers with equal names and shapes are the oracle's: each parameter has a velocity of its own."""
    check_layers(submission, oracle, name, rng)


@per_optimizer(["step.all", "Adam", "Nadam"], Adam=0.6, Nadam=0.4)
def test_every_layer_has_its_own_moments(submission, oracle, name, rng):
    """Four steps over layers with equal names and shapes are the oracle's: each parameter has moments of its own."""
    check_layers(submission, oracle, name, rng)


def check_layers(submission, oracle, name, rng):
    for kwargs in variants(name):
        parameters, turns = draw(rng), [draw(rng) for _ in range(4)]
        hint = "Does each parameter of each layer, and each optimizer, have state of its own?"
        compare(submission, oracle, name, kwargs, parameters, turns, hint=hint)


@per_optimizer(["Adam", "Nadam"], Adam=0.5, Nadam=0.3)
def test_eps_is_added_to_the_root(submission, oracle, name, rng):
    """With gradients as small as eps the steps are the oracle's: eps is added outside the root, after the correction."""
    parameters = {"0.W": np.zeros((3, 5))}
    sizes = 10.0 ** rng.uniform(-9.5, -7, (3, 5))
    turns = [{"0.W": sizes * rng.choice([-1.0, 1.0], (3, 5))} for _ in range(3)]
    hint = "The gradients are about as small as eps. Is eps added to the root of the corrected second moment?"
    compare(submission, oracle, name, {"lr": 10.0}, parameters, turns, hint=hint)


@per_optimizer(["weight_decay"], SGD=0.4, Momentum=0.5, Adam=0.4, Nadam=0.3)
def test_weight_decay(submission, oracle, name, rng):
    """weight_decay adds its multiple of the parameter to the gradient of W, and leaves b, beta and gamma alone."""
    for extra in variants(name)[1:3] if name == "Momentum" else [variants(name)[-1]]:
        if name in ("Adam", "Nadam"):
            extra = {"lr": 0.1, "eps": 0.05}
        parameters, turns = draw(rng), [draw(rng, scale=0.5) for _ in range(3)]
        hint = "Is weight_decay * W part of the gradient, momentum and moments included, and that for W alone?"
        compare(submission, oracle, name, {**extra, "weight_decay": 0.7}, parameters, turns, hint=hint)


@per_optimizer(["step.reads"], SGD=0.15, Momentum=0.25, Adam=0.25, Nadam=0.2)
def test_arrays_are_looked_up_in_each_step(submission, oracle, name, rng):
    """Parameters and gradients that were replaced between steps are used, whether as new arrays, new dicts or filled anew."""
    hint = "Between steps params' or grads' arrays were replaced. Does step look them up in the layer each time?"
    for style in ("new dict", "new entries", "filled"):
        parameters, turns = draw(rng), [draw(rng) for _ in range(4)]
        assigned = [{}, draw(rng, ["0.W", "1.b"]), {}, draw(rng, ["3.gamma", "4.W"])]
        compare(submission, oracle, name, {"lr": 0.2}, parameters, turns, assigned, style, hint)


@per_optimizer(["step.missing"], SGD=0.15, Momentum=0.25, Adam=0.25, Nadam=0.2)
def test_parameters_without_a_gradient_stay(submission, oracle, name, rng):
    """A parameter without an entry in grads is left alone, with its state, and the others move."""
    parameters = draw(rng)
    turns = [draw(rng, names) for names in (("0.W", "4.b"), ("0.W", "0.b", "1.W", "3.beta"), ("4.W", "0.b"), tuple(SHAPES))]
    hint = "Some parameters had no entry in grads in some steps. Are they left alone, weight decay included, and t counted by calls of step?"
    for style in ("new dict", "new entries"):
        compare(submission, oracle, name, {"lr": 0.2, "weight_decay": 0.3}, parameters, turns, (), style, hint)
