"""Manners of the losses: nothing given is changed, results stay, shapes that don't fit together are refused."""

import numpy as np
import pytest

from grader.asserts.manners import assert_results_stay, assert_unchanged, assert_use_refused
from grader.gradients.draws import draw_probabilities, draw_probability_rows


def each(points, *holds):
    """One item for each loss: its name, with a mark of its own."""
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"losses.{name}", points=worth, holds=holds)) for name, worth in points.items()
    ]


def draw_uses(rng, name):
    """How the loss is built, and a function that draws (prediction, target), for each way to use it."""
    shape = (3, 5)

    def labels():
        return rng.integers(0, shape[1], shape[0])

    def normal():
        return rng.standard_normal(shape)

    def rows():
        return draw_probability_rows(rng, shape)

    def chances():
        return draw_probabilities(rng, shape)

    return {
        "MSELoss": [({}, lambda: (normal(), normal())), ({"reduction": "half_sum"}, lambda: (normal(), normal()))],
        "CrossEntropyLoss": [
            ({}, lambda: (normal(), labels())),
            ({}, lambda: (normal(), rows())),
            ({"from_logits": False}, lambda: (rows(), labels())),
            ({"from_logits": False}, lambda: (rows(), rows())),
        ],
        "BinaryCrossEntropyLoss": [({}, lambda: (normal(), chances())), ({"from_logits": False}, lambda: (chances(), chances()))],
        "HingeLoss": [({}, lambda: (normal(), labels()))],
    }[name]


@pytest.mark.parametrize(
    "name", each({"MSELoss": 0.1, "CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.2, "HingeLoss": 0.1}, "unchanged.arguments")
)
def test_unchanged(submission, rng, name):
    """forward and backward change neither the prediction nor the target."""
    for kwargs, draw in draw_uses(rng, name):
        assert_unchanged(submission, ("losses", name), (), kwargs, inputs=draw(), input_names=("prediction", "target"))


@pytest.mark.parametrize(
    "name", each({"MSELoss": 0.1, "CrossEntropyLoss": 0.15, "BinaryCrossEntropyLoss": 0.1, "HingeLoss": 0.1}, "unchanged.results")
)
def test_results_stay(submission, rng, name):
    """No later call changes a gradient that was returned."""
    for kwargs, draw in draw_uses(rng, name):
        turns = [(draw(), None) for _ in range(3)]
        assert_results_stay(submission, ("losses", name), (), kwargs, turns=turns)


# Shapes of predictions and targets; the first pair fits together, the others don't, though broadcasting would take some.
EQUAL = [((3, 5), (3, 5)), ((3, 1), (3,)), ((3, 5), (5,)), ((3, 5), (1, 5)), ((3, 5), (5, 3)), ((3, 5), (2, 5)), ((4,), (3,))]
LABELS = [((3, 5), (3,)), ((3, 5), (5,)), ((3, 5), (2,)), ((3, 5), (1,)), ((3, 5), (3, 1))]
ROWS = [((3, 5), (3, 5)), ((3, 5), (1, 5)), ((3, 5), (3, 4)), ((3, 5), (2, 5)), ((3, 5), (5, 3))]


@pytest.mark.parametrize(
    "name", each({"MSELoss": 0.1, "CrossEntropyLoss": 0.2, "BinaryCrossEntropyLoss": 0.2, "HingeLoss": 0.15}, "refuse.fit_together")
)
def test_refuses_shapes(submission, rng, name):
    """A prediction and a target that don't fit together are refused with a ValueError."""
    options = [{}, {"from_logits": False}] if name.endswith("CrossEntropyLoss") else [{}]
    for kwargs in options:
        if name in ("MSELoss", "BinaryCrossEntropyLoss"):
            refuse_all(submission, name, kwargs, EQUAL, lambda shape: draw_probabilities(rng, shape))
            continue
        refuse_all(submission, name, kwargs, LABELS, lambda shape: np.zeros(shape, dtype=np.int64))
        if name == "CrossEntropyLoss":
            refuse_all(submission, name, kwargs, ROWS, lambda shape: np.full(shape, 1 / shape[-1]))


def refuse_all(submission, name, kwargs, shapes, make_target):
    """The first pair of `shapes` is taken, the others are refused."""
    (fits, fitting), *others = shapes
    submission.probe("use_object", ("losses", name), [], kwargs, [np.full(fits, 0.2), make_target(fitting)])
    for prediction, target in others:
        assert_use_refused(submission, ("losses", name), kwargs=kwargs, inputs=[np.full(prediction, 0.2), make_target(target)])
