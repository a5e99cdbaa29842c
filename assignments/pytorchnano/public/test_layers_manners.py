"""What every layer owes besides the right numbers: dtypes, untouched arguments, seeds, dicts of its own, refusals."""

import math

import numpy as np
import pytest

from grader.asserts.dropout import infer_kept
from grader.asserts.layers import read_answer, read_answers
from grader.asserts.manners import (
    assert_dicts,
    assert_dtypes,
    assert_global_state,
    assert_results_stay,
    assert_seeded,
    assert_unchanged,
    assert_use_refused,
)
from grader.asserts.values import as_list, fail

# Constructor's arguments, shapes of input, output and parameters: plain cases, options are other checks' business.
CASES = {
    "Dense": ((5, 7), (3, 5), (3, 7), {"W": (5, 7), "b": (7,)}),
    "Conv2D": ((2, 5, 3), (3, 2, 7, 6), (3, 5, 5, 4), {"W": (5, 2, 3, 3), "b": (5,)}),
    "MaxPool2D": ((2,), (3, 2, 6, 4), (3, 2, 3, 2), {}),
    "AvgPool2D": ((2,), (3, 2, 6, 4), (3, 2, 3, 2), {}),
    "Flatten": ((), (3, 2, 7, 5), (3, 70), {}),
    "BatchNorm": ((5,), (7, 5), (7, 5), {"gamma": (5,), "beta": (5,)}),
    "Dropout": ((0.4,), (7, 5), (7, 5), {}),
}


def per_layer(holds, **worths):
    """One check for each layer that is named with its points."""
    marked = [pytest.param(name, marks=pytest.mark.check(f"layers.{name}", points=worth, holds=holds)) for name, worth in worths.items()]
    return pytest.mark.parametrize("name", marked)


def draw_turn(name, rng, training=True):
    """Constructor, its arguments, an input, an upstream gradient and parameters."""
    args, x_shape, y_shape, shapes = CASES[name]
    parameters = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
    return ("layers", name), args, rng.standard_normal(x_shape), rng.standard_normal(y_shape), parameters


@per_layer(
    ["dtype.outputs", "dtype.gradients", "dtype.mixed"],
    Dense=0.3,
    Conv2D=0.5,
    MaxPool2D=0.3,
    AvgPool2D=0.25,
    Flatten=0.1,
    BatchNorm=0.2,
    Dropout=0.15,
)
def test_dtypes(submission, name, rng):
    """Output and gradients have the dtype of the input, float32 or float64, whatever that of the parameters is."""
    constructor, args, x, grad_output, parameters = draw_turn(name, rng)
    for training in (True, False) if name in ("BatchNorm", "Dropout") else (True,):
        assert_dtypes(
            submission,
            constructor,
            args,
            inputs=[x],
            grad_output=grad_output,
            parameters=parameters,
            training=training,
            same_values=name != "Dropout",
        )
    if name == "Conv2D":
        # Padding makes an array of its own, whose dtype is easily forgotten.
        padded = {"grad_output": rng.standard_normal((3, 5, 7, 6)), "parameters": parameters}
        assert_dtypes(submission, constructor, (2, 5, 3, 1, 1), inputs=[x], **padded)


@per_layer(
    ["unchanged.arguments"], Dense=0.2, Conv2D=0.4, MaxPool2D=0.25, AvgPool2D=0.2, Flatten=0.1, BatchNorm=0.15, Dropout=0.1
)
def test_arguments_unchanged(submission, name, rng):
    """forward and backward leave the arrays that they are given as they were, and the parameters too."""
    constructor, args, x, grad_output, parameters = draw_turn(name, rng)
    for training in (True, False) if name in ("BatchNorm", "Dropout") else (True,):
        assert_unchanged(submission, constructor, args, inputs=[x], grad_output=grad_output, parameters=parameters, training=training)


@per_layer(["unchanged.results"], Dense=0.1, Conv2D=0.25, MaxPool2D=0.15, AvgPool2D=0.15, BatchNorm=0.15, Dropout=0.1)
def test_results_stay(submission, name, rng):
    """A result that was returned is not changed by later calls of the same layer."""
    constructor, args, x, grad_output, parameters = draw_turn(name, rng)
    turns = [([x * factor], grad_output * factor) for factor in (1.0, -0.5, 2.0)]
    assert_results_stay(submission, constructor, args, turns=turns, parameters=parameters)


@per_layer(["layer.keys", "layer.grads_before", "layer.own_dicts"], Dense=0.15, Conv2D=0.3, BatchNorm=0.1)
def test_dicts(submission, name, rng):
    """params and grads have exactly the contract's keys and shapes, and each layer has dicts of its own."""
    constructor, args, x, grad_output, parameters = draw_turn(name, rng)
    assert_dicts(submission, constructor, args, inputs=[x], grad_output=grad_output, parameters=parameters)


@per_layer(["seed.same", "seed.different", "seed.global"], Dense=0.2, Conv2D=0.4)
def test_seeds(submission, name, seed):
    """The weights depend on the seed and on nothing else; NumPy's global random state is left alone."""
    assert_seeded(submission, ("layers", name), CASES[name][0], seed=seed % 1000)


@pytest.mark.check("layers.Dropout", points=0.15, holds=["seed.same", "seed.different", "seed.global"])
def test_seeded_masks(submission, rng, seed):
    """The masks depend on the seed and on nothing else; NumPy's global random state is left alone."""
    x = rng.uniform(0.5, 2, (31, 17))
    seeds = [seed % 1000, seed % 1000, seed % 1000 + 1]
    masks = []
    for layer in read_answers(submission.probe("seeded_masks", ("layers", "Dropout"), {"p": 0.4}, seeds, x), "Dropout", 3):
        said = read_answer(layer, "Dropout", ("outputs", "before", "after"))
        masks.append([infer_kept(output, x) for output in as_list(said["outputs"], "Dropout: the outputs", length=2)])
        assert_global_state(said["before"], said["after"], "Dropout with a seed")
    if not np.array_equal(masks[0], masks[1]):
        fail("Dropout: the same seed gave other masks.", expected="equal masks for equal seeds", got="different masks")
    if np.array_equal(masks[0][0], masks[2][0]):
        fail("Dropout: two different seeds gave the same mask.", expected="masks that depend on the seed", got="equal masks")


# Per layer: changes of the constructor's arguments that must be refused, an input to use it on, and the argument's name.
IMAGE = (3, 2, 7, 5)
SIZES = {
    "Dense": [((0, 7), (3, 0), "in_features"), ((5, 0), (3, 5), "out_features"), ((5, -2), (3, 5), "out_features")],
    "Conv2D": [
        ((0, 5, 3), (3, 0, 7, 5), "in_channels"),
        ((2, 0, 3), IMAGE, "out_channels"),
        ((2, 5, 0), IMAGE, "kernel_size"),
        ((2, 5, (3, 0)), IMAGE, "kernel_size"),
        ((2, 5, 3, 0), IMAGE, "stride"),
        ((2, 5, 3, (0, 1)), IMAGE, "stride"),
        ((2, 5, 3, 1, -1), IMAGE, "padding"),
        ((2, 5, 3, 1, (1, -1)), IMAGE, "padding"),
    ],
    "MaxPool2D": [
        ((0,), IMAGE, "kernel_size"),
        (((2, 0),), IMAGE, "kernel_size"),
        ((2, 0), IMAGE, "stride"),
        ((2, (1, -1)), IMAGE, "stride"),
    ],
    "BatchNorm": [((0,), (7, 0), "num_features"), ((5, 1e-5, -0.1), (7, 5), "momentum"), ((5, 1e-5, 1.0), (7, 5), "momentum")],
    "Dropout": [((-0.1,), (7, 5), "p"), ((1.0,), (7, 5), "p"), ((1.5,), (7, 5), "p")],
}
SIZES["AvgPool2D"] = SIZES["MaxPool2D"]


@per_layer(
    ["refuse.sizes", "refuse.negative", "refuse.fractions"],
    Dense=0.15,
    Conv2D=0.3,
    MaxPool2D=0.15,
    AvgPool2D=0.1,
    BatchNorm=0.1,
    Dropout=0.1,
)
def test_refuses_arguments(submission, name):
    """A constructor's argument out of range is a ValueError that names it, at the latest at the first forward."""
    for args, shape, argument in SIZES[name]:
        assert_use_refused(submission, ("layers", name), args, inputs=[number(shape)], names=[argument])


def number(shape):
    """An array of this shape with numbers that are all different."""
    return np.arange(1.0, math.prod(shape) + 1).reshape(shape)


# Per layer: the constructor's arguments and inputs of a wrong rank or width, or smaller than the window.
INPUTS = {
    "Dense": [((5, 7), (3, 4)), ((5, 7), (5,)), ((5, 7), (2, 3, 5))],
    "Conv2D": [
        ((2, 5, 3), (3, 1, 7, 5)),
        ((2, 5, 3), (3, 4, 7, 5)),
        ((2, 5, 3), (2, 7, 5)),
        ((2, 5, (3, 4)), (3, 2, 7, 3)),
        ((2, 5, (3, 4)), (3, 2, 2, 7)),
        ((2, 5, (6, 3), 1, (1, 2)), (3, 2, 3, 5)),
    ],
    "MaxPool2D": [((2,), (2, 7, 5)), ((2,), (7, 5)), (((3, 2),), (3, 2, 2, 5)), (((2, 3),), (3, 2, 7, 2))],
    "BatchNorm": [((5,), (7, 4)), ((5,), (7, 6)), ((5,), (7, 4, 2, 3)), ((5,), (7, 5, 2))],
}
INPUTS["AvgPool2D"] = INPUTS["MaxPool2D"]


@per_layer(["refuse.shape", "refuse.window"], Dense=0.1, Conv2D=0.25, MaxPool2D=0.15, AvgPool2D=0.1, BatchNorm=0.1)
def test_refuses_inputs(submission, name):
    """An input of the wrong rank or width, or smaller than the window with its padding, is a ValueError."""
    args, shape = CASES[name][:2]
    submission.probe("use_object", ("layers", name), args, {}, [number(shape)])  # a layer that refuses everything earns nothing here
    for args, shape in INPUTS[name]:
        assert_use_refused(submission, ("layers", name), args, inputs=[number(shape)])
