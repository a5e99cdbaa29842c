"""Optimizers, on numbers that can be worked out by hand."""

import math

import numpy as np
import pytest

from grader.asserts.optimizers import assert_steps


def per_optimizer(holds, **worths):
    """One check for each optimizer that is named with its points."""
    marks = {name: pytest.mark.check(f"optimizers.{name}", points=worth, holds=holds) for name, worth in worths.items()}
    return pytest.mark.parametrize("name", [pytest.param(name, marks=mark) for name, mark in marks.items()])


@pytest.mark.check("optimizers.SGD", points=0.5, holds=["SGD"])
def test_one_step(submission):
    """A step moves every parameter by -lr times its gradient."""
    parameters = {"0.W": np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 0.25]]), "0.b": np.array([1.0, -1.0])}
    gradients = {"0.W": np.array([[0.5, 1.0], [-1.0, 2.0], [4.0, -0.5]]), "0.b": np.array([0.2, -0.4])}
    right = {"0.W": np.array([[0.95, -2.1], [0.6, 2.8], [1.6, 0.3]]), "0.b": np.array([0.98, -0.96])}
    wrong = {
        "The parameters moved uphill: the sign of the step is wrong.": {
            "0.W": np.array([[1.05, -1.9], [0.4, 3.2], [2.4, 0.2]]),
            "0.b": np.array([1.02, -1.04]),
        },
        "The parameters did not change. Does step() only give another name to an array, instead of changing or assigning it?": parameters,
    }
    assert_steps(submission, "SGD", {"lr": 0.1}, parameters, [gradients], [right], wrong=wrong)


# The velocities v for momentum 0.5, lr 0.1 and the gradients (1, -2), (2, 0), (-1, 4):
#   v1 = -0.1 g1              = (-0.1, 0.2)
#   v2 = 0.5 v1 - 0.1 g2      = (-0.05 - 0.2, 0.1)           = (-0.25, 0.1)
#   v3 = 0.5 v2 - 0.1 g3      = (-0.125 + 0.1, 0.05 - 0.4)   = (-0.025, -0.35)
_START = np.array([1.0, -2.0])
_GRADIENTS = [{"0.W": np.array(g)} for g in ([1.0, -2.0], [2.0, 0.0], [-1.0, 4.0])]


@pytest.mark.check("optimizers.Momentum", points=0.8, holds=["Momentum"])
def test_three_steps(submission):
    """The velocity keeps `momentum` of itself, and each step adds it to the parameter."""
    right = [{"0.W": np.array(w)} for w in ([0.9, -1.8], [0.65, -1.7], [0.625, -2.05])]
    wrong = {
        "This is plain gradient descent: the velocity of the step before is lost.": {"0.W": np.array([0.7, -1.8])},
        "The gradient is scaled by 1 - momentum; here it is v <- momentum v - lr g.": {"0.W": np.array([0.95, -1.9])},
        "This is Nesterov's rule, though nesterov is False.": {"0.W": np.array([0.85, -1.7])},
    }
    assert_steps(submission, "Momentum", {"lr": 0.1, "momentum": 0.5}, {"0.W": _START}, _GRADIENTS, right, wrong=wrong)


@pytest.mark.check("optimizers.Momentum", points=0.8, holds=["Nesterov"])
def test_nesterov_steps(submission):
    """With nesterov=True each step is momentum times the new velocity, minus lr times the gradient."""
    # w1 = w0 + 0.5 v1 - 0.1 g1 = (1 - 0.05 - 0.1, -2 + 0.1 + 0.2), and so on.
    right = [{"0.W": np.array(w)} for w in ([0.85, -1.7], [0.525, -1.65], [0.6125, -2.225])]
    wrong = {
        "This is momentum without Nesterov's look ahead.": {"0.W": np.array([0.9, -1.8])},
        "Is momentum multiplied with the old velocity? Use the new one.": {"0.W": np.array([0.6, -1.7])},
    }
    kwargs = {"lr": 0.1, "momentum": 0.5, "nesterov": True}
    assert_steps(submission, "Momentum", kwargs, {"0.W": _START}, _GRADIENTS, right, wrong=wrong)


@per_optimizer(["Adam"], Adam=0.7)
def test_first_step(submission, name):
    """The first step is lr times the gradient's sign: both moments are corrected for starting at 0."""
    # m = (1 - beta1) g and m^ = g; v = (1 - beta2) g^2 and sqrt(v^) = |g|.
    parameters = {"0.W": np.array([[1.0, -2.0, 0.5]]), "0.b": np.array([0.0, 3.0, -1.0])}
    gradients = {"0.W": np.array([[30.0, -5.0, 200.0]]), "0.b": np.array([-40.0, 10.0, -2.5])}
    signs = {key: np.sign(gradient) for key, gradient in gradients.items()}
    right = {key: parameters[key] - 0.1 * signs[key] for key in parameters}
    wrong = {
        "Neither moment is corrected for its start at 0: divide them by 1 - beta**t.": {
            key: parameters[key] - 0.1 * 0.1 / math.sqrt(0.001) * signs[key] for key in parameters
        },
        "The second moment is not corrected for its start at 0.": {
            key: parameters[key] - 0.1 / math.sqrt(0.001) * signs[key] for key in parameters
        },
        "The first moment is not corrected for its start at 0.": {key: parameters[key] - 0.01 * signs[key] for key in parameters},
        "Is t still 0, or already 2, at the first step? It counts the calls of step from 1.": {
            key: parameters[key] - 0.1 * (0.1 / 0.19) / math.sqrt(0.001 / 0.001999) * signs[key] for key in parameters
        },
    }
    assert_steps(submission, name, {"lr": 0.1}, parameters, [gradients], [right], rtol=1e-6, atol=1e-6, wrong=wrong)


@pytest.mark.check("optimizers.Nadam", points=0.6, holds=["Nadam"])
def test_first_step_looks_ahead(submission):
    """The first step is (1 + beta1) lr times the gradient's sign."""
    # beta1 m^ + (1 - beta1) g / (1 - beta1) = beta1 g + g, over sqrt(v^) = |g|.
    parameters = {"0.W": np.array([[1.0, -2.0, 0.5]]), "0.b": np.array([0.0, 3.0, -1.0])}
    gradients = {"0.W": np.array([[30.0, -5.0, 200.0]]), "0.b": np.array([-40.0, 10.0, -2.5])}
    signs = {key: np.sign(gradient) for key, gradient in gradients.items()}
    right = {key: parameters[key] - 0.19 * signs[key] for key in parameters}
    wrong = {
        "This is Adam's step. Is the look ahead missing, or its gradient not divided by 1 - beta1**t?": {
            key: parameters[key] - 0.1 * signs[key] for key in parameters
        },
        "The second moment is not corrected for its start at 0.": {
            key: parameters[key] - 0.19 / math.sqrt(0.001) * signs[key] for key in parameters
        },
    }
    assert_steps(submission, "Nadam", {"lr": 0.1}, parameters, [gradients], [right], rtol=1e-6, atol=1e-6, wrong=wrong)


# Three steps with betas (0.5, 0.75) and gradients (2, 4), (1, 0), (-3, 2); 1 - beta1**t is 1/2, 3/4, 7/8 and 1 - beta2**t is 1/4,
# 7/16, 37/64. In halves and quarters:
#   m = (1, 2), (1, 1), (-1, 3/2)        m^ = (2, 4), (4/3, 4/3), (-8/7, 12/7)
#   v = (1, 4), (1, 3), (3, 13/4)        v^ = (4, 16), (16/7, 48/7), (192/37, 208/37)
_MOMENT_GRADIENTS = [{"0.W": np.array(g)} for g in ([2.0, 4.0], [1.0, 0.0], [-3.0, 2.0])]
_FIRST = [np.array(m) for m in ([2.0, 4.0], [4 / 3, 4 / 3], [-8 / 7, 12 / 7])]
_SECOND = [np.array(v) for v in ([4.0, 16.0], [16 / 7, 48 / 7], [192 / 37, 208 / 37])]
# Nadam's: half of m^ and half of g / (1 - beta1**t).
_AHEAD = [np.array(a) for a in ([3.0, 6.0], [4 / 3, 2 / 3], [-16 / 7, 2.0])]


@per_optimizer(["Adam", "Nadam"], Adam=0.4, Nadam=0.35)
def test_moments_over_three_steps(submission, name):
    """Three steps with betas (0.5, 0.75) give the numbers worked out by hand."""
    w, right = _START, []
    for numerator, second in zip(_FIRST if name == "Adam" else _AHEAD, _SECOND, strict=True):
        w = w - 0.1 * numerator / np.sqrt(second)
        right.append({"0.W": w})
    assert_steps(submission, name, {"lr": 0.1, "betas": (0.5, 0.75)}, {"0.W": _START}, _MOMENT_GRADIENTS, right, atol=1e-6)


@per_optimizer(["Adam", "Nadam"], Adam=0.2, Nadam=0.15)
def test_eps_beside_the_root(submission, name):
    """The first step divides by |gradient| + eps."""
    # With eps 1 and the gradients 3, -1, 0.25: 3/4, -1/2, 1/5; Nadam's are 1 + beta1 = 1.9 times as long.
    parameters, gradients, shares = np.zeros(3), np.array([3.0, -1.0, 0.25]), np.array([0.75, -0.5, 0.2])
    length = 0.1 if name == "Adam" else 0.19
    wrong = {
        "Is eps added under the root? It is added to the root.": {"0.W": -length * gradients / np.sqrt(gradients**2 + 1)},
        "Is eps left out?": {"0.W": -length * np.sign(gradients)},
    }
    right = [{"0.W": -length * shares}]
    assert_steps(submission, name, {"lr": 0.1, "eps": 1.0}, {"0.W": parameters}, [{"0.W": gradients}], right, wrong=wrong)


@per_optimizer(["step.all"], SGD=0.4)
def test_every_layer(submission, name):
    """Every parameter of every layer moves by its own gradient, in each of two steps."""
    parameters = {"0.W": np.array([[1.0, 2.0]]), "0.b": np.array([3.0, 4.0]), "2.W": np.array([[5.0, 6.0]]), "2.b": np.array([7.0, 8.0])}
    turns = [{key: np.full(array.shape, float(rank)) for rank, (key, array) in enumerate(parameters.items(), 1)}] * 2
    right = [
        {key: array - 0.5 * steps * rank for rank, (key, array) in enumerate(parameters.items(), 1)} for steps in (1, 2)
    ]
    assert_steps(submission, name, {"lr": 0.5}, parameters, turns, right, hint="layers[1] has no parameters; every other one has W and b.")
