"""Manners of the activations: nothing given is changed, results stay, own dicts, no warnings, seeds, refusals."""

import numpy as np
import pytest

from grader.asserts.layers import call_and_echo
from grader.asserts.manners import (
    FLOATS,
    assert_dicts,
    assert_results_stay,
    assert_seeded,
    assert_unchanged,
    assert_use_refused,
)
from grader.asserts.values import as_array, fail

MAXOUT_SIZES = (5, 7)


def each(points, *holds):
    """One item for each activation: its name, with a mark of its own."""
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"activations.{name}", points=worth, holds=holds))
        for name, worth in points.items()
    ]


def prepare(rng, name):
    """What the class is built with, a function that draws (x, grad_output), and parameters."""
    if name != "Maxout":
        return (), lambda: tuple(rng.standard_normal((2, 3, 5))), {}
    inputs, outputs = MAXOUT_SIZES
    parameters = {"W": rng.standard_normal((2, inputs, outputs)), "b": rng.standard_normal((2, outputs))}
    return MAXOUT_SIZES, lambda: (rng.standard_normal((3, inputs)), rng.standard_normal((3, outputs))), parameters


def call_both(submission, name, args, x, grad_output):
    """Forward and backward, with results that are arrays of the right shapes: code that does nothing has no manners."""
    answer = call_and_echo(submission, ("activations", name), args, None, [x], grad_output)
    as_array(answer["output"], f"{name}.forward's result", shape=grad_output.shape, finite=False)
    as_array(answer["returned"], f"{name}.backward's result", shape=x.shape, finite=False)


ALL = ("ReLU", "Sigmoid", "Tanh", "LeakyReLU", "ELU", "Softmax", "Maxout")


@pytest.mark.parametrize("name", each(dict.fromkeys(ALL, 0.1) | {"Softmax": 0.2}, "unchanged.arguments"))
def test_unchanged(submission, rng, name):
    """forward and backward change no array that they are given."""
    args, draw, parameters = prepare(rng, name)
    x, grad_output = draw()
    assert_unchanged(submission, ("activations", name), args, inputs=[x], grad_output=grad_output, parameters=parameters)


@pytest.mark.parametrize("name", each(dict.fromkeys(ALL, 0.1) | {"Sigmoid": 0.05}, "unchanged.results"))
def test_results_stay(submission, rng, name):
    """No later call changes an array that was returned."""
    args, draw, parameters = prepare(rng, name)
    turns = [([x], grad_output) for x, grad_output in (draw() for _ in range(3))]
    assert_results_stay(submission, ("activations", name), args, turns=turns, parameters=parameters)


@pytest.mark.parametrize("name", each(dict.fromkeys(ALL, 0.1) | {"Sigmoid": 0.05}, "layer.keys", "layer.own_dicts", "layer.grads_before"))
def test_dicts(submission, rng, name):
    """params and grads have the contract's keys, and each object has its own."""
    args, draw, parameters = prepare(rng, name)
    x, grad_output = draw()
    call_both(submission, name, args, x, grad_output)
    assert_dicts(submission, ("activations", name), args, inputs=[x], grad_output=grad_output, parameters=parameters)


LARGE = {
    "Sigmoid": [[-1e4, 1e4, -800.0], [800.0, -100.0, 100.0]],
    "Softmax": [[1e4, -1e4, 0.0], [-800.0, 800.0, 799.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]],
}


@pytest.mark.parametrize("name", each({"Sigmoid": 0.1, "Softmax": 0.2}, "large.quiet"))
def test_quiet(submission, name):
    """Inputs of up to 1e4 in size give no overflow, divide or invalid warning."""
    for dtype in FLOATS:
        x = np.array(LARGE[name], dtype=dtype)
        call_both(submission, name, (), x, np.ones_like(x))
        for warned in submission.worker.last_warnings:
            if any(word in warned.text.lower() for word in ("overflow", "divide", "invalid")):
                fail(
                    f"{name} warns at {dtype.__name__} inputs of up to 1e4 in size.",
                    expected="no overflow, divide or invalid warning",
                    got=f"{warned.category}: {warned.text}",
                    hint="exp of a large positive number overflows: bring the formula into a form where its argument is never positive.",
                )


@pytest.mark.check("activations.Maxout", points=0.1, holds=["seed.same", "seed.different", "seed.global"])
def test_seeded(submission, seed):
    """The seed decides the weights, and NumPy's global random state is left alone."""
    assert_seeded(submission, ("activations", "Maxout"), MAXOUT_SIZES, seed=seed % 10_000)


@pytest.mark.check("activations.Maxout", points=0.1, holds=["refuse.shape"])
def test_refuses_shape(submission, rng):
    """Input of the wrong width or rank is refused with a ValueError."""
    submission.probe("use_object", ("activations", "Maxout"), [5, 7], {}, [rng.standard_normal((3, 5))])
    for shape in ((3, 4), (5, 3), (3, 7), (5,), (2, 3, 5)):
        assert_use_refused(submission, ("activations", "Maxout"), MAXOUT_SIZES, inputs=[rng.standard_normal(shape)])
