"""Mean squared error: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import loss
from grader.asserts.gradient import check_loss
from grader.asserts.losses import assert_gradient_dtype, assert_loss, assert_loss_gradient
from grader.asserts.manners import FLOATS, assert_dtypes, assert_use_refused
from grader.gradients.draws import draw_gaussian

MSE = ("losses", "MSELoss")

PREDICTION = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 4.0]])
TARGET = np.array([[0.0, 4.0, -1.0], [1.0, -3.0, 3.0]])
DIFFERENCE = np.array([[1.0, -2.0, 0.0], [-0.5, 3.0, 1.0]])
SQUARES = 1 + 4 + 0 + 0.25 + 9 + 1
"""15.25, of the six differences."""


def check_gradient(submission, seed, kwargs):
    """Matrices of 3 x 5 and 1 x 4, with targets of their own."""
    for shape in ((3, 5), (1, 4)):
        family = loss(lambda generator, shape, target: draw_gaussian(generator, shape), draw_gaussian, seed, shape, **kwargs)
        check_loss(submission, MSE, family=family, seed=seed, cases=3)


@pytest.mark.check("losses.MSELoss", points=0.5, holds=["MSELoss.mean"])
def test_mean(submission):
    """The value is the mean over every element of the squared difference."""
    wrong = {
        "This is the sum of the squares: divide by the number of elements.": SQUARES,
        "The sum is divided by the batch's size; the mean over every element is asked for.": SQUARES / 2,
        "This is half the mean; there is no factor 1/2 in the mean.": SQUARES / 12,
        "This is the mean of |prediction - target|; the square is missing.": 7.5 / 6,
    }
    assert_loss(submission, MSE, prediction=PREDICTION, target=TARGET, expected=SQUARES / 6, wrong=wrong)
    assert_loss(submission, MSE, kwargs={"reduction": "mean"}, prediction=PREDICTION[:1], target=TARGET[:1], expected=5 / 3)


@pytest.mark.check("losses.MSELoss", points=0.25, holds=["MSELoss.mean", "loss.backward"])
def test_mean_gradient_worked(submission):
    """backward gives the gradient of the mean, as worked by hand: twice the difference over the number of elements."""
    wrong = {
        "The derivative of the square has a factor 2.": DIFFERENCE / 6,
        "The gradient is not divided by the number of elements.": 2 * DIFFERENCE,
        "The gradient is divided by the batch's size; the mean is over every element.": DIFFERENCE,
        "The sign is reversed.": -DIFFERENCE / 3,
    }
    assert_loss_gradient(submission, MSE, prediction=PREDICTION, target=TARGET, expected=DIFFERENCE / 3, wrong=wrong)


@pytest.mark.check("losses.MSELoss", points=0.25, holds=["MSELoss.mean", "loss.backward"])
def test_mean_gradient(submission, seed):
    """backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, {})


@pytest.mark.check("losses.MSELoss", points=0.4, holds=["MSELoss.half_sum"])
def test_half_sum(submission):
    """reduction="half_sum" gives half the sum of squares."""
    wrong = {
        "This is the mean: the argument reduction is ignored.": SQUARES / 6,
        "This is the sum; half of it is asked for.": SQUARES,
        "This is half the sum divided by the batch's size.": SQUARES / 4,
        "This is half the mean.": SQUARES / 12,
    }
    kwargs = {"reduction": "half_sum"}
    assert_loss(submission, MSE, kwargs=kwargs, prediction=PREDICTION, target=TARGET, expected=SQUARES / 2, wrong=wrong)


@pytest.mark.check("losses.MSELoss", points=0.2, holds=["MSELoss.half_sum", "loss.backward"])
def test_half_sum_gradient_worked(submission):
    """With reduction="half_sum" backward gives the difference itself."""
    wrong = {
        "The factor 2 of the square's derivative and the 1/2 of the half sum cancel.": 2 * DIFFERENCE,
        "This is the gradient of the mean.": DIFFERENCE / 3,
        "The gradient is divided by the batch's size; half the sum is not a mean.": DIFFERENCE / 2,
        "The sign is reversed.": -DIFFERENCE,
    }
    given = {"kwargs": {"reduction": "half_sum"}, "prediction": PREDICTION, "target": TARGET}
    assert_loss_gradient(submission, MSE, **given, expected=DIFFERENCE, wrong=wrong)


@pytest.mark.check("losses.MSELoss", points=0.2, holds=["MSELoss.half_sum", "loss.backward"])
def test_half_sum_gradient(submission, seed):
    """With reduction="half_sum" backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, {"reduction": "half_sum"})


@pytest.mark.check("losses.MSELoss", points=0.2, holds=["dtype.gradients", "dtype.loss"])
def test_dtype(submission):
    """The value is a number; the gradient has the prediction's dtype."""
    for kwargs in ({}, {"reduction": "half_sum"}):
        assert_dtypes(submission, MSE, kwargs=kwargs, inputs=[PREDICTION, TARGET])
        for dtype, other in zip(FLOATS, reversed(FLOATS), strict=True):
            assert_gradient_dtype(submission, MSE, kwargs=kwargs, prediction=PREDICTION.astype(dtype), target=TARGET.astype(other))


@pytest.mark.check("losses.MSELoss", points=0.1, holds=["refuse.words"])
def test_refuses_reduction(submission):
    """An unknown reduction is refused with a ValueError that names the argument."""
    submission.probe("use_object", MSE, [], {}, [PREDICTION, TARGET])
    for word in ("sum", "Mean", "half", ""):
        assert_use_refused(submission, MSE, kwargs={"reduction": word}, inputs=[PREDICTION, TARGET], names=["reduction"])
