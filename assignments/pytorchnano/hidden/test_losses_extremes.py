"""Losses where numbers get large or small: logits of up to 1e4, probabilities near and at 0."""

import numpy as np
import pytest

from grader.asserts.layers import read_answer
from grader.asserts.losses import assert_finite, assert_loss, assert_loss_gradient
from grader.asserts.values import as_array, as_number, fail

PROBABILITIES = {"from_logits": False}
CROSS_ENTROPY, BINARY, HINGE = ("losses", "CrossEntropyLoss"), ("losses", "BinaryCrossEntropyLoss"), ("losses", "HingeLoss")


def each(points, *sentences):
    """One item for each cross-entropy: its name, with a mark of its own; the sentences are in the order of the losses."""
    holds = dict(zip(("CrossEntropyLoss", "BinaryCrossEntropyLoss"), sentences, strict=True))
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"losses.{name}", points=worth, holds=[holds[name]]))
        for name, worth in points.items()
    ]


ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
BIT = 1e-8
NEAR = {
    "CrossEntropyLoss": (np.array([[BIT, 0.4, 0.6 - BIT], [0.25, 0.25, 0.5]]), np.array([0, 2])),
    "BinaryCrossEntropyLoss": (np.array([[BIT, 0.5], [0.25, 1 - BIT]]), np.array([[1.0, 1.0], [0.5, 0.0]])),
}


@pytest.mark.parametrize(
    "name",
    each({"CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.15}, "CrossEntropyLoss.guard", "BinaryCrossEntropyLoss.probabilities"),
)
def test_small_probabilities(submission, oracle, name):
    """A probability of 1e-8 is not cut off: a guard is 1e-12 at most."""
    prediction, target = NEAR[name]
    trusted = getattr(oracle.losses, name)(**PROBABILITIES)
    # A guard of 1e-12 added inside the logarithm moves the gradient by 1e-4 of its size.
    given = {"prediction": prediction, "target": target, "rtol": 1e-3, "atol": 1e-6}
    assert_loss(submission, ("losses", name), (), PROBABILITIES, **given, expected=trusted.forward(prediction, target))
    assert_loss_gradient(submission, ("losses", name), (), PROBABILITIES, **given, expected=trusted.backward())


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["CrossEntropyLoss.guard"])
def test_zero_probability(submission):
    """A probability of 0 raises nothing, and where the target is 0 too it costs nothing."""
    for target in (np.array([0, 1]), ONE_HOT):
        given = {"prediction": ONE_HOT, "target": target}
        assert_loss(submission, CROSS_ENTROPY, (), PROBABILITIES, **given, expected=0.0)
        assert_loss_gradient(submission, CROSS_ENTROPY, (), PROBABILITIES, **given, expected=-ONE_HOT / 2)
    assert_runs(submission, CROSS_ENTROPY, ONE_HOT, np.array([2, 0]))


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.2, holds=["BinaryCrossEntropyLoss.probabilities"])
def test_zero_and_one(submission):
    """Probabilities of 0 and 1 raise nothing, and cost nothing where the target is the same."""
    given = {"prediction": ONE_HOT, "target": ONE_HOT}
    assert_loss(submission, BINARY, (), PROBABILITIES, **given, expected=0.0)
    # -1 / p where both are 1, 1 / (1 - p) where both are 0, of six elements.
    assert_loss_gradient(submission, BINARY, (), PROBABILITIES, **given, expected=(1 - 2 * ONE_HOT) / 6)
    assert_runs(submission, BINARY, ONE_HOT, 1 - ONE_HOT)


def assert_runs(submission, constructor, prediction, target):
    """Forward and backward end without an exception, with a value that is not NaN and a gradient of the right shape."""
    title = constructor[1]
    answer = submission.probe("call_and_echo", constructor, [], PROBABILITIES, [prediction, target])
    said = read_answer(answer, title, ("output", "returned"))
    value = as_number(said["output"], f"{title}.forward's value", finite=False)
    if np.isnan(value):
        fail(f"{title}.forward's value at a probability of 0 is NaN.", expected="a large number, or infinity", got="nan")
    as_array(said["returned"], f"{title}.backward's result", shape=prediction.shape, finite=False)


SURE = {
    "CrossEntropyLoss": (np.array([[20.0, 0.0, 1.0], [-10.0, 9.0, 0.0]]), (np.array([1, 0]), np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]))),
    "BinaryCrossEntropyLoss": (np.array([[20.0, -20.0, 15.0]]), (np.array([[0.0, 1.0, 0.5]]),)),
}


@pytest.mark.parametrize(
    "name", each({"CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.1}, "CrossEntropyLoss.indices", "BinaryCrossEntropyLoss.logits")
)
def test_confident_logits(submission, oracle, name):
    """Logits of 20 give a loss of about 20 where they are wrong, not one that is cut off."""
    logits, targets = SURE[name]
    for target in targets:
        expected = getattr(oracle.losses, name)().forward(logits, target)
        assert_loss(submission, ("losses", name), prediction=logits, target=target, expected=expected, rtol=1e-3)


# Logits, the target for which they are right, and others.
LOGITS = np.array([[1e4, -1e4, 0.0], [-800.0, 800.0, -1e4], [-1e4, -1e4, 1e4]])
RIGHT = np.eye(3)
LARGE = {
    "CrossEntropyLoss": ((np.arange(3), RIGHT), (np.array([2, 0, 1]), np.array([1, 2, 0]), np.full((3, 3), 1 / 3), RIGHT[::-1].copy())),
    "BinaryCrossEntropyLoss": (((LOGITS > 0).astype(np.float64),), ((LOGITS <= 0).astype(np.float64), np.full((3, 3), 0.5))),
}


@pytest.mark.parametrize("name", each({"CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.15}, "large.finite", "large.finite"))
def test_large_logits(submission, name):
    """Logits of up to 1e4 in size give neither NaN nor infinity, and no loss where they are right."""
    # A binary logit of 0 is right for no target.
    logits = np.where(LOGITS == 0, -100.0, LOGITS)
    right, others = LARGE[name]
    for target in right:
        assert_loss(submission, ("losses", name), prediction=logits, target=target, expected=0.0)
        assert_loss_gradient(submission, ("losses", name), prediction=logits, target=target, expected=np.zeros((3, 3)))
    for target in others:
        assert_finite(submission, ("losses", name), prediction=logits, target=target)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["large.finite"])
def test_large_scores(submission, oracle):
    """Scores of up to 1e4 in size give the right numbers."""
    scores = np.array([[1e4, -1e4, 300.0], [-1e4, 1e4, 5e3]])
    for target in (np.array([1, 2]), np.array([0, 1])):
        trusted = oracle.losses.HingeLoss()
        given = {"prediction": scores, "target": target}
        assert_loss(submission, HINGE, **given, expected=trusted.forward(scores, target))
        assert_loss_gradient(submission, HINGE, **given, expected=trusted.backward())
