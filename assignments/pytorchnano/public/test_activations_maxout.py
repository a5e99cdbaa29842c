"""Maxout: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import maxout
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward
from grader.asserts.manners import assert_dtypes, assert_use_refused

MAXOUT = ("activations", "Maxout")

X = np.array([[1.0, 2.0], [0.0, -1.0], [-2.0, 3.0]])
W = np.array([[[1.0, -1.0, 2.0], [0.0, 3.0, 1.0]], [[-1.0, 2.0, 0.0], [1.0, -2.0, 4.0]]])
B = np.array([[0.0, 1.0, -2.0], [2.0, -1.0, 0.0]])
# x @ W[k] + b[k] by hand, say 1 * 1 + 2 * 0 + 0 = 1 for the first entry; one row a sample.
PIECES = np.array(
    [
        [[1.0, 6.0, 2.0], [0.0, -2.0, -3.0], [-2.0, 12.0, -3.0]],
        [[3.0, -3.0, 8.0], [1.0, 1.0, -4.0], [7.0, -11.0, 12.0]],
    ]
)
LARGEST = [[3.0, 6.0, 8.0], [1.0, 1.0, -3.0], [7.0, 12.0, 12.0]]


def check_maxout(submission, seed, argument):
    """The gradient at one argument, for batches of 3 and of 1."""
    for sizes in ((3, 5, 7), (1, 4, 3)):
        check_layer(submission, MAXOUT, family=maxout(*sizes), judge=(argument,), seed=seed, cases=3)


@pytest.mark.check("activations.Maxout", points=0.6, holds=["Maxout.forward"])
def test_forward(submission):
    """The largest of two affine maps, unit by unit, as worked by hand."""
    wrong = {
        "These are the values of the first piece alone.": PIECES[0],
        "The pieces are added up; the largest is asked for.": PIECES.sum(axis=0),
        "These are the smallest pieces, not the largest.": PIECES.min(axis=0),
        "The biases are left out.": (PIECES - B[:, None]).max(axis=0),
    }
    assert_forward(submission, MAXOUT, (2, 3), x=X, parameters={"W": W, "b": B}, expected=LARGEST, wrong=wrong)


@pytest.mark.check("activations.Maxout", points=0.5, holds=["Maxout.backward"])
def test_gradient_input(submission, seed):
    """backward gives the gradient at the input."""
    check_maxout(submission, seed, "input")


@pytest.mark.check("activations.Maxout", points=0.5, holds=["Maxout.backward"])
def test_gradient_weights(submission, seed):
    """backward sets the gradient at W."""
    check_maxout(submission, seed, "W")


@pytest.mark.check("activations.Maxout", points=0.3, holds=["Maxout.backward"])
def test_gradient_biases(submission, seed):
    """backward sets the gradient at b."""
    check_maxout(submission, seed, "b")


@pytest.mark.check("activations.Maxout", points=0.2, holds=["dtype.outputs", "dtype.gradients", "dtype.mixed"])
def test_dtype(submission, rng):
    """Results and grads have the dtype of the input, whatever that of the parameters is."""
    draw = rng.standard_normal
    parameters = {"W": draw((2, 5, 7)), "b": draw((2, 7))}
    assert_dtypes(submission, MAXOUT, (5, 7), inputs=[draw((3, 5))], grad_output=draw((3, 7)), parameters=parameters)


@pytest.mark.check("activations.Maxout", points=0.1, holds=["refuse.sizes"])
def test_refuses_sizes(submission):
    """Sizes and pieces below 1 are refused with a ValueError that names the argument."""
    submission.probe("use_object", MAXOUT, [3, 2], {"pieces": 1}, [np.ones((2, 3))])
    good = {"in_features": 3, "out_features": 2, "pieces": 2}
    for name in good:
        for value in (0, -1):
            kwargs = good | {name: value}
            x = np.ones((2, max(0, kwargs["in_features"])))
            assert_use_refused(submission, MAXOUT, kwargs=kwargs, inputs=[x], names=[name])
