"""Losses against the oracle: every shape, both kinds of target, the last forward."""

import numpy as np
import pytest

from grader.asserts.layers import read_answer
from grader.asserts.losses import assert_loss, assert_loss_gradient
from grader.asserts.values import assert_close
from grader.gradients.draws import draw_hinge_scores, draw_probabilities, draw_probability_rows

HALF_SUM, PROBABILITIES = {"reduction": "half_sum"}, {"from_logits": False}
SHAPES = ((5,), (1, 1), (1, 3), (4, 3), (2, 3, 5), (2, 3, 5, 4))
BATCHES = ((1, 2), (11, 3), (4, 7))
"""Samples and classes."""


def each(points, *holds):
    """One item for each loss: its name, with a mark of its own."""
    own = {
        "MSELoss": ["MSELoss.mean", "MSELoss.half_sum"],
        "CrossEntropyLoss": ["CrossEntropyLoss.indices", "CrossEntropyLoss.rows"],
        "BinaryCrossEntropyLoss": ["BinaryCrossEntropyLoss.logits", "BinaryCrossEntropyLoss.probabilities"],
        "HingeLoss": ["HingeLoss"],
    }
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"losses.{name}", points=worth, holds=[*own[name], *holds]))
        for name, worth in points.items()
    ]


def draw_squares(rng):
    for shape in SHAPES:
        for kwargs in ({}, HALF_SUM):
            yield kwargs, rng.standard_normal(shape), rng.standard_normal(shape)


def draw_cross_entropy(rng):
    for samples, classes in BATCHES:
        logits, labels = 2 * rng.standard_normal((samples, classes)), rng.integers(0, classes, samples)
        for target in (labels, labels.astype(np.int32), draw_probability_rows(rng, logits.shape)):
            yield {}, logits, target


def draw_binary(rng):
    for shape in SHAPES:
        for target in (rng.integers(0, 2, shape).astype(np.float64), draw_probabilities(rng, shape)):
            yield {}, 2 * rng.standard_normal(shape), target
            yield PROBABILITIES, draw_probabilities(rng, shape), target


def draw_hinge(rng):
    for samples, classes in BATCHES:
        for labels in (rng.integers(0, classes, samples), np.full(samples, classes - 1, dtype=np.int32)):
            yield {}, draw_hinge_scores(rng, labels.astype(np.int64), classes, 1.0, 1.0), labels


DRAW = {"MSELoss": draw_squares, "CrossEntropyLoss": draw_cross_entropy, "BinaryCrossEntropyLoss": draw_binary, "HingeLoss": draw_hinge}


def check_value(submission, oracle, name, kwargs, prediction, target):
    expected = getattr(oracle.losses, name)(**kwargs).forward(prediction, target)
    assert_loss(submission, ("losses", name), (), kwargs, prediction=prediction, target=target, expected=expected)


def check_gradient(submission, oracle, name, kwargs, prediction, target):
    trusted = getattr(oracle.losses, name)(**kwargs)
    trusted.forward(prediction, target)
    assert_loss_gradient(submission, ("losses", name), (), kwargs, prediction=prediction, target=target, expected=trusted.backward())


@pytest.mark.parametrize("name", each({"MSELoss": 0.15, "CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.15, "HingeLoss": 0.2}))
def test_shapes_value(submission, oracle, rng, name):
    """Values are right for arrays of all shapes, batches of 1 too."""
    for case in DRAW[name](rng):
        check_value(submission, oracle, name, *case)


@pytest.mark.parametrize(
    "name", each({"MSELoss": 0.15, "CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.15, "HingeLoss": 0.2}, "loss.backward")
)
def test_shapes_gradient(submission, oracle, rng, name):
    """Gradients are right for arrays of all shapes, batches of 1 too."""
    for case in DRAW[name](rng):
        check_gradient(submission, oracle, name, *case)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.1, holds=["CrossEntropyLoss.probabilities", "CrossEntropyLoss.rows"])
def test_probabilities_of_rows_value(submission, oracle, rng):
    """With from_logits=False the target may be rows too."""
    for shape in ((1, 2), (5, 3)):
        given = (PROBABILITIES, draw_probability_rows(rng, shape), draw_probability_rows(rng, shape))
        check_value(submission, oracle, "CrossEntropyLoss", *given)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.1, holds=["CrossEntropyLoss.probabilities", "loss.backward"])
def test_probabilities_of_rows_gradient(submission, oracle, rng):
    """With from_logits=False and rows as the target, backward gives the gradient at the probabilities."""
    for shape in ((1, 2), (5, 3)):
        given = (PROBABILITIES, draw_probability_rows(rng, shape), draw_probability_rows(rng, shape))
        check_gradient(submission, oracle, "CrossEntropyLoss", *given)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["HingeLoss"])
def test_margin_zero(submission, oracle, rng):
    """A margin of 0 asks only that the right class scores highest."""
    labels = rng.integers(0, 4, 5)
    check_value(submission, oracle, "HingeLoss", {"margin": 0.0}, draw_hinge_scores(rng, labels, 4, 0.0, 1.0), labels)


def draw_turns(rng, name):
    """Options, and for each three pairs of prediction and target: the first of another shape than the others."""
    shapes = ((2, 4), (3, 5), (3, 5))
    if name == "MSELoss":
        return [(kwargs, [tuple(rng.standard_normal((2, *shape))) for shape in shapes]) for kwargs in ({}, HALF_SUM)]
    if name == "BinaryCrossEntropyLoss":
        return [(kwargs, [tuple(draw_probabilities(rng, (2, *shape))) for shape in shapes]) for kwargs in ({}, PROBABILITIES)]
    labels = [np.array([3, 0]), np.array([1, 4, 0]), np.array([0, 2, 3])]
    if name == "CrossEntropyLoss":
        rows = [draw_probability_rows(rng, shape) for shape in shapes]
        return [(kwargs, list(zip(rows, labels, strict=True))) for kwargs in ({}, PROBABILITIES)]
    return [({}, [(draw_hinge_scores(rng, y, shape[1], 1.0, 1.0), y) for y, shape in zip(labels, shapes, strict=True)])]


@pytest.mark.parametrize(
    "name", each({"MSELoss": 0.3, "CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.2, "HingeLoss": 0.4}, "loss.backward")
)
def test_last_forward(submission, oracle, rng, name):
    """After two forwards in a row, backward belongs to the second."""
    for kwargs, (other, last, alike) in draw_turns(rng, name):
        trusted = getattr(oracle.losses, name)(**kwargs)
        trusted.forward(*last)
        for earlier in (other, alike):
            answer = submission.probe("forward_twice", ("losses", name), [], kwargs, list(earlier), list(last))
            returned = read_answer(answer, name, ("returned",))["returned"]
            assert_close(returned, trusted.backward(), f"{name}.backward's result after two forwards")
