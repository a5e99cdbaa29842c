"""Hinge loss: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import loss
from grader.asserts.gradient import check_loss
from grader.asserts.losses import assert_loss, assert_loss_gradient
from grader.asserts.manners import assert_dtypes, assert_use_refused
from grader.gradients.draws import draw_hinge_scores, draw_labels

HINGE = ("losses", "HingeLoss")

SCORES = np.array([[2.0, 1.5, 0.0, 1.8], [1.0, -1.0, 2.0, -3.0]])
LABELS = np.array([0, 1])
# Margin 1, first row: 1.5 - 2 + 1 = 0.5, nothing, 1.8 - 2 + 1 = 0.8. Second row: 1 + 1 + 1 = 3, 2 + 1 + 1 = 4, nothing.
TOTAL = 1.3 + 7.0
# Margin 1/4: nothing, nothing, 0.05; 2.25, 3.25, nothing.
TOTAL_QUARTER = 0.05 + 5.5


def check_gradient(submission, seed, margin, kwargs):
    """Batches of 3 and of 1. One scale is small against the margin, so that all classes are within it, one is not."""
    for shape, scale in (((3, 5), 1.0), ((3, 5), 0.4), ((1, 4), 0.9)):

        def draw(generator, shape, labels, scale=scale):
            return draw_hinge_scores(generator, labels, shape[1], margin, scale)

        family = loss(draw, draw_labels, seed, shape, classes=True, **kwargs)
        check_loss(submission, HINGE, family=family, seed=seed, cases=3 if scale == 1.0 else 2)


@pytest.mark.check("losses.HingeLoss", points=0.6, holds=["HingeLoss"])
def test_value(submission):
    """The value is the mean over the batch of the sum over the wrong classes."""
    wrong = {
        "This is the sum over the batch; the mean is asked for.": TOTAL,
        "The right class is counted too: it adds the margin for each sample.": (TOTAL + 2) / 2,
        "The sum is divided by the number of elements, not by the batch's size.": TOTAL / 8,
        "These are the squared excesses; the hinge loss does not square.": (0.25 + 0.64 + 9 + 16) / 2,
        "Only the worst class of each sample is counted; the sum over all is asked for.": (0.8 + 4.0) / 2,
    }
    assert_loss(submission, HINGE, prediction=SCORES, target=LABELS, expected=TOTAL / 2, wrong=wrong)


@pytest.mark.check("losses.HingeLoss", points=0.3, holds=["HingeLoss", "loss.backward"])
def test_gradient_worked(submission):
    """backward gives the gradient worked by hand: 1 for each class within the margin, minus their number for the right one."""
    total = np.array([[-2.0, 1.0, 0.0, 1.0], [1.0, -2.0, 1.0, 0.0]])
    wrong = {
        "The gradient is not divided by the batch's size.": total,
        "The right class gets -1; it should get minus the number of classes within the margin.": np.maximum(total, -1) / 2,
        "The right class gets no gradient; its score is in every term.": np.maximum(total, 0) / 2,
        "The sign is reversed.": -total / 2,
    }
    assert_loss_gradient(submission, HINGE, prediction=SCORES, target=LABELS, expected=total / 2, wrong=wrong)


@pytest.mark.check("losses.HingeLoss", points=0.3, holds=["HingeLoss", "loss.backward"])
def test_gradient(submission, seed):
    """backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, 1.0, {})


@pytest.mark.check("losses.HingeLoss", points=0.4, holds=["HingeLoss"])
def test_margin(submission):
    """The margin is the constructor's argument."""
    wrong = {"This is the value for a margin of 1: the argument margin is ignored.": TOTAL / 2}
    kwargs = {"margin": 0.25}
    assert_loss(submission, HINGE, kwargs=kwargs, prediction=SCORES, target=LABELS, expected=TOTAL_QUARTER / 2, wrong=wrong)
    # Margin 2: 1.5, 0, 1.8; 4, 5, 0. The two zeros are -2 + 2 and -3 + 1 + 2.
    assert_loss(submission, HINGE, (2.0,), prediction=SCORES, target=LABELS, expected=(3.3 + 9.0) / 2, wrong=wrong)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["HingeLoss", "loss.backward"])
def test_margin_gradient_worked(submission):
    """With another margin backward gives the gradient worked by hand."""
    total = np.array([[-1.0, 0.0, 0.0, 1.0], [1.0, -2.0, 1.0, 0.0]])
    wrong = {"This is the gradient for a margin of 1.": np.array([[-2.0, 1.0, 0.0, 1.0], [1.0, -2.0, 1.0, 0.0]]) / 2}
    given = {"kwargs": {"margin": 0.25}, "prediction": SCORES, "target": LABELS}
    assert_loss_gradient(submission, HINGE, **given, expected=total / 2, wrong=wrong)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["HingeLoss", "loss.backward"])
def test_margin_gradient(submission, seed):
    """With another margin backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, 0.5, {"margin": 0.5})


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["dtype.gradients", "dtype.loss"])
def test_dtype(submission):
    """The value is a number; the gradient has the prediction's dtype."""
    for kwargs in ({}, {"margin": 0.5}):
        assert_dtypes(submission, HINGE, kwargs=kwargs, inputs=[SCORES, LABELS])


@pytest.mark.check("losses.HingeLoss", points=0.1, holds=["refuse.negative"])
def test_refuses_margin(submission):
    """A margin below 0 is refused with a ValueError that names the argument; 0 is fine."""
    submission.probe("use_object", HINGE, [], {"margin": 0.0}, [SCORES, LABELS])
    for margin in (-1.0, -0.001):
        assert_use_refused(submission, HINGE, kwargs={"margin": margin}, inputs=[SCORES, LABELS], names=["margin"])


@pytest.mark.check("losses.HingeLoss", points=0.15, holds=["refuse.labels"])
def test_refuses_labels(submission):
    """Labels out of range, negative ones included, are refused with a ValueError."""
    submission.probe("use_object", HINGE, [], {}, [SCORES, np.array([0, 3])])
    for label in (4, 9, -1, -4):
        assert_use_refused(submission, HINGE, inputs=[SCORES, np.array([0, label])])
