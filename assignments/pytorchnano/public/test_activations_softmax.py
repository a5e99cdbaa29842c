"""Softmax: values and Jacobian worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import matrix
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward, call_and_echo, find_hint
from grader.asserts.manners import assert_dtypes
from grader.asserts.values import assert_close
from grader.gradients.draws import draw_gaussian

SOFTMAX = ("activations", "Softmax")

# exp(ln 1), exp(ln 2), exp(ln 5) are 1, 2, 5, and 1 + 2 + 5 = 8.
POWERS = np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]])
ROWS = [[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]]


@pytest.mark.check("activations.Softmax", points=0.6, holds=["Softmax.forward"])
def test_forward(submission):
    """Each row of a matrix becomes probabilities, those worked by hand."""
    wrong = {
        "Each column sums to 1, but each row should.": POWERS / POWERS.sum(axis=0),
        "All entries together sum to 1, but each row should.": POWERS / POWERS.sum(),
        "These are the powers, not yet divided by their sum.": POWERS,
    }
    assert_forward(submission, SOFTMAX, x=np.log(POWERS), expected=ROWS, wrong=wrong)
    # The same number added to a row changes nothing.
    assert_forward(submission, SOFTMAX, x=np.log(POWERS) + np.array([[3.0], [-20.0]]), expected=ROWS)


@pytest.mark.check("activations.Softmax", points=0.4, holds=["Softmax.forward", "ranks"])
def test_forward_ranks(submission):
    """Arrays of rank 1 and 3 are normalised over the last axis."""
    assert_forward(submission, SOFTMAX, x=np.log(POWERS[0]), expected=ROWS[0])
    # Two samples of two rows of three entries.
    powers = np.stack([POWERS, 2 * POWERS[::-1]])
    expected = np.array([ROWS, ROWS[::-1]])
    wrong = {
        "Axis 1 sums to 1, but the last axis should.": powers / powers.sum(axis=1, keepdims=True),
        "The first axis sums to 1, but the last axis should.": powers / powers.sum(axis=0),
    }
    assert_forward(submission, SOFTMAX, x=np.log(powers), expected=expected, wrong=wrong)


@pytest.mark.check("activations.Softmax", points=0.7, holds=["Softmax.backward"])
def test_jacobian(submission):
    """backward applies the whole Jacobian: one upstream gradient for each of its rows."""
    # dy_i/dx_j = y_i (1 - y_i) where i = j, else -y_i y_j, in 64ths for y = (1, 2, 5) / 8.
    jacobian = np.array([[7.0, -2.0, -5.0], [-2.0, 12.0, -10.0], [-5.0, -10.0, 15.0]]) / 64
    x = np.tile(np.log(POWERS[0]), (3, 1))
    returned = call_and_echo(submission, SOFTMAX, (), None, [x], np.eye(3))["returned"]
    wrong = {
        "Only the diagonal is there: y_i (1 - y_i). Every output depends on every input of its row.": np.diag(np.diag(jacobian)),
        "The upstream gradient comes back as it was.": np.eye(3),
        "The signs are reversed.": -jacobian,
    }
    what = "Softmax.backward's result for one-hot rows upstream, at probabilities 1/8, 1/4, 5/8"
    assert_close(returned, jacobian, what, hint=find_hint(returned, wrong))


@pytest.mark.check("activations.Softmax", points=0.6, holds=["Softmax.backward"])
def test_gradient(submission, seed):
    """backward gives the gradient at the input of a matrix."""
    for shape in ((3, 5), (1, 4)):
        check_layer(submission, SOFTMAX, family=matrix(draw_gaussian, shape), seed=seed, cases=3)


@pytest.mark.check("activations.Softmax", points=0.2, holds=["dtype.outputs", "dtype.gradients"])
def test_dtype(submission, rng):
    """Results have the dtype of the input, float32 and float64."""
    x, grad_output = rng.standard_normal((2, 3, 5))
    assert_dtypes(submission, SOFTMAX, inputs=[x], grad_output=grad_output)
