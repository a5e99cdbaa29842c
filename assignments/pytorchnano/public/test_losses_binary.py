"""Binary cross-entropy: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import loss
from grader.asserts.gradient import check_loss
from grader.asserts.losses import assert_gradient_dtype, assert_loss, assert_loss_gradient
from grader.asserts.manners import FLOATS, assert_dtypes
from grader.gradients.draws import draw_gaussian, draw_probabilities

BINARY = ("losses", "BinaryCrossEntropyLoss")
LN2, LN3, LN7 = np.log([2.0, 3.0, 7.0])

# The sigmoid of ln 3 is 3/4, of -ln 3 is 1/4, of ln 7 is 7/8.
LOGITS = np.array([[LN3, -LN3, 0.0], [LN7, -LN7, LN3]])
PROBABILITIES = np.array([[0.75, 0.25, 0.5], [0.875, 0.125, 0.75]])
TARGET = np.array([[1.0, 0.0, 1.0], [0.0, 0.5, 0.25]])
TOTAL = (
    (2 * LN2 - LN3)  # -ln 3/4
    + (2 * LN2 - LN3)  # -ln (1 - 1/4)
    + LN2  # -ln 1/2
    + 3 * LN2  # -ln (1 - 7/8)
    + (3 * LN2 + 3 * LN2 - LN7) / 2  # -(ln 1/8 + ln 7/8) / 2
    + (2 * LN2 - LN3 + 3 * 2 * LN2) / 4  # -(ln 3/4 + 3 ln 1/4) / 4
)
ONLY_ONES = (2 * LN2 - LN3) + LN2 + 3 * LN2 / 2 + (2 * LN2 - LN3) / 4
WRONG = {
    "This is the sum over all elements; the mean is asked for.": TOTAL,
    "The sum is divided by the batch's size; the mean over every element is asked for.": TOTAL / 2,
    "The term (1 - t) log(1 - p) is missing.": ONLY_ONES / 6,
    "The sign is reversed.": -TOTAL / 6,
}


def spell_gradient_causes(total):
    """What slips in the mean over all six elements would give instead of a sixth of `total`."""
    return {
        "The gradient is not divided by the number of elements.": total,
        "The gradient is divided by the batch's size; the mean is over every element.": total / 2,
        "The sign is reversed.": -total / 6,
    }


def check_gradient(submission, seed, draw, kwargs):
    """Matrices of 3 x 5 and 1 x 4, with targets of their own."""
    for shape in ((3, 5), (1, 4)):
        family = loss(lambda generator, shape, target: draw(generator, shape), draw_probabilities, seed, shape, **kwargs)
        check_loss(submission, BINARY, family=family, seed=seed, cases=3)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.6, holds=["BinaryCrossEntropyLoss.logits"])
def test_logits(submission):
    """From logits, the value is the mean over every element."""
    assert_loss(submission, BINARY, prediction=LOGITS, target=TARGET, expected=TOTAL / 6, wrong=WRONG)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.3, holds=["BinaryCrossEntropyLoss.logits", "loss.backward"])
def test_logits_gradient_worked(submission):
    """From logits, backward gives the gradient worked by hand."""
    total = PROBABILITIES - TARGET
    wrong = spell_gradient_causes(total)
    assert_loss_gradient(submission, BINARY, prediction=LOGITS, target=TARGET, expected=total / 6, wrong=wrong)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.3, holds=["BinaryCrossEntropyLoss.logits", "loss.backward"])
def test_logits_gradient(submission, seed):
    """From logits, backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, draw_gaussian, {})


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.5, holds=["BinaryCrossEntropyLoss.probabilities"])
def test_probabilities(submission):
    """With from_logits=False the prediction is the probability itself."""
    twice = np.mean(np.log1p(np.exp(PROBABILITIES)) - TARGET * PROBABILITIES)
    wrong = WRONG | {"The sigmoid is taken of probabilities: the argument from_logits is ignored.": twice}
    kwargs = {"from_logits": False}
    assert_loss(submission, BINARY, kwargs=kwargs, prediction=PROBABILITIES, target=TARGET, expected=TOTAL / 6, wrong=wrong)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.25, holds=["BinaryCrossEntropyLoss.probabilities", "loss.backward"])
def test_probabilities_gradient_worked(submission):
    """With from_logits=False backward gives the gradient worked by hand, at the probabilities."""
    # -1 / p where t is 1, 1 / (1 - p) where it is 0, and both by their shares between.
    total = np.array([[-4 / 3, 4 / 3, -2.0], [8.0, -4 + 4 / 7, -1 / 3 + 3]])
    at_logits = {"This is the gradient at logits; with from_logits=False it is that at the probabilities.": (PROBABILITIES - TARGET) / 6}
    wrong = spell_gradient_causes(total) | at_logits
    given = {"kwargs": {"from_logits": False}, "prediction": PROBABILITIES, "target": TARGET}
    assert_loss_gradient(submission, BINARY, **given, expected=total / 6, wrong=wrong)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.25, holds=["BinaryCrossEntropyLoss.probabilities", "loss.backward"])
def test_probabilities_gradient(submission, seed):
    """With from_logits=False backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, draw_probabilities, {"from_logits": False})


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.2, holds=["dtype.gradients", "dtype.loss"])
def test_dtype(submission):
    """The value is a number; the gradient has the prediction's dtype."""
    for prediction, from_logits in ((LOGITS, True), (PROBABILITIES, False)):
        kwargs = {"from_logits": from_logits}
        assert_dtypes(submission, BINARY, kwargs=kwargs, inputs=[prediction, TARGET])
        for dtype, other in zip(FLOATS, reversed(FLOATS), strict=True):
            given = {"prediction": prediction.astype(dtype), "target": TARGET.astype(other)}
            assert_gradient_dtype(submission, BINARY, kwargs=kwargs, **given)
