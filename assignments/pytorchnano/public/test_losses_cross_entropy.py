"""Cross-entropy: values worked by hand, and gradients by finite differences."""

import numpy as np
import pytest

from grader.asserts.families import loss
from grader.asserts.gradient import check_loss
from grader.asserts.losses import assert_gradient_dtype, assert_loss, assert_loss_gradient
from grader.asserts.manners import FLOATS, assert_dtypes, assert_use_refused
from grader.gradients.draws import draw_gaussian, draw_labels, draw_probability_rows

CROSS_ENTROPY = ("losses", "CrossEntropyLoss")
LN2 = np.log(2.0)

# The softmax of (ln 1, ln 2, ln 5) is (1, 2, 5) / 8, that of (ln 1, ln 1, ln 2) is (1, 1, 2) / 4; a shift changes nothing.
PROBABILITIES = np.array([[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]])
LOGITS = np.log(PROBABILITIES) + np.array([[2.0], [-1.0]])
LABELS = np.array([1, 2])
BY_LABELS = (2 * LN2 + LN2) / 2
"""-ln 1/4 and -ln 1/2."""
ROWS = np.array([[0.25, 0.75, 0.0], [0.0, 0.25, 0.75]])
BY_ROWS = (2.25 * LN2 + 1.25 * LN2) / 2
"""-(ln 1/8 + 3 ln 1/4) / 4, and -(ln 1/4 + 3 ln 1/2) / 4."""
ONE_HOT = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def spell_causes(total, classes=3):
    """What slips in the mean over a batch of two would give instead of half of `total`."""
    return {
        "This is the sum over the batch; the mean is asked for.": total,
        "The sum is divided by the number of elements, not by the batch's size.": total / (2 * classes),
        "The sign is reversed.": -total / 2,
    }


def spell_gradient_causes(total):
    """The same for gradients, with `total` that of the sum over the batch."""
    return {
        "The gradient is not divided by the batch's size.": total,
        "The gradient is divided by the number of elements, not by the batch's size.": total / 6,
        "The sign is reversed.": -total / 2,
    }


def check_gradient(submission, seed, draw, kwargs, *, rows):
    """Batches of 3 and of 1, with targets of their own."""
    aim = draw_probability_rows if rows else draw_labels
    for shape in ((3, 5), (1, 4)):
        family = loss(lambda generator, shape, target: draw(generator, shape), aim, seed, shape, classes=True, **kwargs)
        check_loss(submission, CROSS_ENTROPY, family=family, seed=seed, cases=3)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.7, holds=["CrossEntropyLoss.indices"])
def test_indices(submission):
    """From logits and class indices, the value is the mean over the batch."""
    wrong = spell_causes(2 * BY_LABELS)
    assert_loss(submission, CROSS_ENTROPY, prediction=LOGITS, target=LABELS, expected=BY_LABELS, wrong=wrong)
    assert_loss(submission, CROSS_ENTROPY, prediction=LOGITS[:1], target=LABELS[:1], expected=2 * LN2)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.35, holds=["CrossEntropyLoss.indices", "loss.backward"])
def test_indices_gradient_worked(submission):
    """From logits and class indices, backward gives the gradient worked by hand."""
    total = PROBABILITIES - ONE_HOT
    wrong = spell_gradient_causes(total) | {"Nothing is subtracted at the labelled class.": PROBABILITIES / 2}
    assert_loss_gradient(submission, CROSS_ENTROPY, prediction=LOGITS, target=LABELS, expected=total / 2, wrong=wrong)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.35, holds=["CrossEntropyLoss.indices", "loss.backward"])
def test_indices_gradient(submission, seed):
    """From logits and class indices, backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, draw_gaussian, {}, rows=False)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.5, holds=["CrossEntropyLoss.rows"])
def test_rows(submission):
    """The target may be rows that sum to 1."""
    wrong = spell_causes(2 * BY_ROWS) | {"Each row is taken for the class of its largest entry.": BY_LABELS}
    assert_loss(submission, CROSS_ENTROPY, prediction=LOGITS, target=ROWS, expected=BY_ROWS, wrong=wrong)
    assert_loss(submission, CROSS_ENTROPY, prediction=LOGITS, target=ONE_HOT, expected=BY_LABELS)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.25, holds=["CrossEntropyLoss.rows", "loss.backward"])
def test_rows_gradient_worked(submission):
    """With rows as the target, backward gives the gradient worked by hand."""
    total = PROBABILITIES - ROWS
    wrong = spell_gradient_causes(total)
    assert_loss_gradient(submission, CROSS_ENTROPY, prediction=LOGITS, target=ROWS, expected=total / 2, wrong=wrong)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.25, holds=["CrossEntropyLoss.rows", "loss.backward"])
def test_rows_gradient(submission, seed):
    """With rows as the target, backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, draw_gaussian, {}, rows=True)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.5, holds=["CrossEntropyLoss.probabilities"])
def test_probabilities(submission):
    """With from_logits=False the prediction is rows of probabilities."""
    again = np.log(np.exp(PROBABILITIES).sum(axis=1)) - PROBABILITIES[[0, 1], LABELS]
    wrong = spell_causes(2 * BY_LABELS) | {"The softmax is taken of probabilities: the argument from_logits is ignored.": again.mean()}
    kwargs = {"from_logits": False}
    assert_loss(submission, CROSS_ENTROPY, kwargs=kwargs, prediction=PROBABILITIES, target=LABELS, expected=BY_LABELS, wrong=wrong)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.25, holds=["CrossEntropyLoss.probabilities", "loss.backward"])
def test_probabilities_gradient_worked(submission):
    """With from_logits=False backward gives the gradient worked by hand, at the probabilities."""
    total = np.array([[0.0, -4.0, 0.0], [0.0, 0.0, -2.0]])  # -1 / p at the labelled class
    at_logits = {"This is the gradient at logits; with from_logits=False it is that at the probabilities.": (PROBABILITIES - ONE_HOT) / 2}
    wrong = spell_gradient_causes(total) | at_logits
    given = {"kwargs": {"from_logits": False}, "prediction": PROBABILITIES, "target": LABELS}
    assert_loss_gradient(submission, CROSS_ENTROPY, **given, expected=total / 2, wrong=wrong)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.25, holds=["CrossEntropyLoss.probabilities", "loss.backward"])
def test_probabilities_gradient(submission, seed):
    """With from_logits=False backward gives the gradient of what forward computes, by finite differences."""
    check_gradient(submission, seed, draw_probability_rows, {"from_logits": False}, rows=False)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["dtype.gradients", "dtype.loss"])
def test_dtype(submission):
    """The value is a number; the gradient has the prediction's dtype."""
    for prediction, from_logits in ((LOGITS, True), (PROBABILITIES, False)):
        kwargs = {"from_logits": from_logits}
        for target in (LABELS, ROWS):
            assert_dtypes(submission, CROSS_ENTROPY, kwargs=kwargs, inputs=[prediction, target])
        for dtype, other in zip(FLOATS, reversed(FLOATS), strict=True):
            given = {"prediction": prediction.astype(dtype), "target": ROWS.astype(other)}
            assert_gradient_dtype(submission, CROSS_ENTROPY, kwargs=kwargs, **given)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.25, holds=["refuse.labels"])
def test_refuses_labels(submission):
    """Labels out of range, negative ones included, are refused with a ValueError."""
    for prediction, from_logits in ((LOGITS, True), (PROBABILITIES, False)):
        kwargs = {"from_logits": from_logits}
        submission.probe("use_object", CROSS_ENTROPY, [], kwargs, [prediction, np.array([0, 2])])
        for label in (3, 7, -1, -3):
            assert_use_refused(submission, CROSS_ENTROPY, kwargs=kwargs, inputs=[prediction, np.array([0, label])])
