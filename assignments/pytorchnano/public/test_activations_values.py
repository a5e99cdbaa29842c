"""ReLU, Sigmoid, Tanh, LeakyReLU, ELU: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import matrix
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward
from grader.asserts.manners import assert_dtypes
from grader.gradients.draws import draw_away_from_zero

LN2, LN3, LN4 = np.log([2.0, 3.0, 4.0])

X = np.array([[-2.0, 3.0, 0.0], [0.5, -0.25, 7.0]])
SIGMOID_X = np.array([[LN3, -LN3, 0.0], [np.log(9), -np.log(9), np.log(7)]])
TANH_X = np.array([[LN2, -LN3, 0.0], [LN3, -LN2, LN4]])
ELU_X = np.array([[-LN2, 3.0, 0.0], [-LN4, 0.5, -LN3]])

# 1 / (1 + exp(-ln 3)) = 3/4; tanh(ln 2) = (2 - 1/2) / (2 + 1/2) = 0.6; exp(-ln 2) - 1 = -1/2; and so on.
WORKED = {
    "ReLU": (X, [[0.0, 3.0, 0.0], [0.5, 0.0, 7.0]], {"These are the values of |x|.": abs(X)}),
    "Sigmoid": (
        SIGMOID_X,
        [[0.75, 0.25, 0.5], [0.9, 0.1, 0.875]],
        {"These are the values of 1 / (1 + exp(x)): a sign is wrong.": [[0.25, 0.75, 0.5], [0.1, 0.9, 0.125]]},
    ),
    "Tanh": (
        TANH_X,
        [[0.6, -0.8, 0.0], [0.8, -0.6, 15 / 17]],
        {"These are the values of the sigmoid.": [[2 / 3, 0.25, 0.5], [0.75, 1 / 3, 0.8]]},
    ),
    "LeakyReLU": (
        X,
        [[-0.2, 3.0, 0.0], [0.5, -0.025, 7.0]],
        {"These are the values for a slope of 0.01; the default is 0.1.": [[-0.02, 3.0, 0.0], [0.5, -0.0025, 7.0]]},
    ),
    "ELU": (
        ELU_X,
        [[-0.5, 3.0, 0.0], [-0.75, 0.5, -2 / 3]],
        {"Is the - 1 of exp(x) - 1 missing?": [[0.5, 3.0, 1.0], [0.25, 0.5, 1 / 3]]},
    ),
}


def each(points, *holds):
    """One item for each activation: its name, with a mark of its own."""
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"activations.{name}", points=worth, holds=[name, *holds]))
        for name, worth in points.items()
    ]


@pytest.mark.parametrize("name", each({"ReLU": 0.4, "Sigmoid": 0.4, "Tanh": 0.4, "LeakyReLU": 0.3, "ELU": 0.3}))
def test_forward(submission, name):
    """The values are those worked by hand."""
    x, expected, wrong = WORKED[name]
    assert_forward(submission, ("activations", name), x=x, expected=expected, wrong=wrong)


@pytest.mark.parametrize("name", each({"ReLU": 0.4, "Sigmoid": 0.4, "Tanh": 0.4, "LeakyReLU": 0.3, "ELU": 0.3}))
def test_gradient(submission, seed, name):
    """backward gives the gradient at the input."""
    for shape in ((3, 5), (1, 4)):
        check_layer(submission, ("activations", name), family=matrix(draw_away_from_zero, shape), seed=seed, cases=3)


# alpha (exp(-ln 2) - 1) = -alpha / 2, and so on.
OPTIONS = {
    "LeakyReLU": (
        [((0.25,), {}), ((), {"negative_slope": 0.5})],
        X,
        lambda slope: [[-2 * slope, 3.0, 0.0], [0.5, -0.25 * slope, 7.0]],
    ),
    "ELU": (
        [((2.0,), {}), ((), {"alpha": 0.5})],
        ELU_X,
        lambda alpha: [[-0.5 * alpha, 3.0, 0.0], [-0.75 * alpha, 0.5, -2 / 3 * alpha]],
    ),
}


@pytest.mark.parametrize("name", each({"LeakyReLU": 0.25, "ELU": 0.25}))
def test_option_forward(submission, name):
    """The constructor's argument decides the values below 0."""
    built, x, expected = OPTIONS[name]
    for args, kwargs in built:
        value = next(iter((*args, *kwargs.values())))
        wrong = {"These are the values for the default: the constructor's argument is ignored.": WORKED[name][1]}
        assert_forward(submission, ("activations", name), args, kwargs, x=x, expected=expected(value), wrong=wrong)


@pytest.mark.parametrize("name", each(dict.fromkeys(WORKED, 0.1), "dtype.outputs", "dtype.gradients"))
def test_dtype(submission, rng, name):
    """Results have the dtype of the input, float32 and float64."""
    x, grad_output = rng.standard_normal((2, 3, 5))
    assert_dtypes(submission, ("activations", name), inputs=[x], grad_output=grad_output)
