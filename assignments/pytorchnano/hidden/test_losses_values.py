"""Losses against the oracle: every shape, the last forward, large logits, probabilities near and at 0."""

import numpy as np
import pytest

from grader.asserts.layers import read_answer
from grader.asserts.losses import assert_finite, assert_loss, assert_loss_gradient
from grader.asserts.values import as_array, as_number, assert_close, fail
from grader.gradients.draws import draw_hinge_scores, draw_probabilities, draw_probability_rows

MSE, CROSS_ENTROPY = ("losses", "MSELoss"), ("losses", "CrossEntropyLoss")
BINARY, HINGE = ("losses", "BinaryCrossEntropyLoss"), ("losses", "HingeLoss")
HALF_SUM, PROBABILITIES = {"reduction": "half_sum"}, {"from_logits": False}


def check_turn(submission, oracle, constructor, kwargs, prediction, target, **tolerance):
    """Value and gradient are the oracle's."""
    trusted = getattr(oracle.losses, constructor[1])(**kwargs)
    given = {"prediction": prediction, "target": target}
    assert_loss(submission, constructor, (), kwargs, **given, expected=trusted.forward(prediction, target), **tolerance)
    assert_loss_gradient(submission, constructor, (), kwargs, **given, expected=trusted.backward(), **tolerance)


def check_last_forward(submission, oracle, constructor, kwargs, turns):
    """After forwards at the first and the second of `turns`, backward belongs to the second."""
    trusted = getattr(oracle.losses, constructor[1])(**kwargs)
    for earlier, (prediction, target) in ((turns[0], turns[1]), (turns[2], turns[1])):
        trusted.forward(prediction, target)
        answer = submission.probe("forward_twice", constructor, [], kwargs, list(earlier), [prediction, target])
        returned = read_answer(answer, constructor[1], ("returned",))["returned"]
        assert_close(returned, trusted.backward(), f"{constructor[1]}.backward's result after two forwards")


@pytest.mark.check("losses.MSELoss", points=0.3, holds=["MSELoss.mean", "MSELoss.half_sum", "loss.backward"])
def test_shapes(submission, oracle, rng):
    """Arrays of any equal shapes, batches of 1 too."""
    for shape in ((5,), (1, 1), (1, 3), (4, 3), (2, 3, 5), (2, 3, 5, 4)):
        for kwargs in ({}, HALF_SUM):
            check_turn(submission, oracle, MSE, kwargs, rng.standard_normal(shape), rng.standard_normal(shape))


@pytest.mark.check("losses.MSELoss", points=0.3, holds=["loss.backward"])
def test_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    turns = [tuple(rng.standard_normal((2, *shape))) for shape in ((2, 4), (3, 5), (3, 5))]
    for kwargs in ({}, HALF_SUM):
        check_last_forward(submission, oracle, MSE, kwargs, turns)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.4, holds=["CrossEntropyLoss.indices", "CrossEntropyLoss.rows", "loss.backward"])
def test_cross_entropy_shapes(submission, oracle, rng):
    """Batches of 1, two classes, more samples than classes; labels of another integer dtype; both kinds of target."""
    for samples, classes in ((1, 2), (11, 3), (4, 7)):
        logits = 2 * rng.standard_normal((samples, classes))
        labels = rng.integers(0, classes, samples)
        for target in (labels, labels.astype(np.int32), draw_probability_rows(rng, logits.shape)):
            check_turn(submission, oracle, CROSS_ENTROPY, {}, logits, target)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["CrossEntropyLoss.probabilities", "CrossEntropyLoss.rows"])
def test_probabilities_of_rows(submission, oracle, rng):
    """With from_logits=False the target may be rows too."""
    for shape in ((1, 2), (5, 3)):
        prediction, target = draw_probability_rows(rng, shape), draw_probability_rows(rng, shape)
        check_turn(submission, oracle, CROSS_ENTROPY, PROBABILITIES, prediction, target)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["CrossEntropyLoss.guard"])
def test_small_probabilities(submission, oracle):
    """A probability of 1e-8 is not clipped: a guard is 1e-12 at most."""
    rows = np.array([[1e-8, 0.4, 0.6 - 1e-8], [0.25, 0.25, 0.5]])
    given = (PROBABILITIES, rows, np.array([0, 2]))
    check_turn(submission, oracle, CROSS_ENTROPY, *given, rtol=1e-3, atol=1e-6)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["CrossEntropyLoss.guard"])
def test_zero_probability(submission):
    """A probability of 0 raises nothing, and where the target is 0 too it costs nothing."""
    prediction, target = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0, 1])
    for right in (target, prediction.copy()):
        given = {"prediction": prediction, "target": right}
        assert_loss(submission, CROSS_ENTROPY, (), PROBABILITIES, **given, expected=0.0)
        assert_loss_gradient(submission, CROSS_ENTROPY, (), PROBABILITIES, **given, expected=-prediction / 2)
    assert_runs(submission, CROSS_ENTROPY, prediction, np.array([2, 0]))


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["CrossEntropyLoss.indices"])
def test_confident_logits(submission, oracle):
    """Logits that differ by 20 give a loss of about 20, not one that is cut off."""
    logits = np.array([[20.0, 0.0, 1.0], [-10.0, 9.0, 0.0]])
    for target in (np.array([1, 0]), np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])):
        check_turn(submission, oracle, CROSS_ENTROPY, {}, logits, target, rtol=2e-3, atol=1e-5)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["large.finite"])
def test_large_logits(submission):
    """Logits of up to 1e4 in size give neither NaN nor infinity, and no loss where they are right."""
    logits = np.array([[1e4, -1e4, 0.0], [-800.0, 800.0, -1e4], [-1e4, -1e4, 1e4]])
    right = np.array([0, 1, 2])
    given = {"prediction": logits, "target": right}
    assert_loss(submission, CROSS_ENTROPY, **given, expected=0.0)
    assert_loss_gradient(submission, CROSS_ENTROPY, **given, expected=np.zeros((3, 3)))
    for target in (right[::-1].copy(), np.array([1, 2, 0]), np.full((3, 3), 1 / 3), np.eye(3)[::-1].copy()):
        assert_finite(submission, CROSS_ENTROPY, prediction=logits, target=target)


@pytest.mark.check("losses.CrossEntropyLoss", points=0.2, holds=["loss.backward"])
def test_cross_entropy_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    for kwargs in ({}, PROBABILITIES):
        predictions = [draw_probability_rows(rng, shape) for shape in ((2, 4), (3, 5), (3, 5))]
        labels = [np.array([3, 0]), np.array([1, 4, 0]), np.array([0, 2, 3])]
        check_last_forward(submission, oracle, CROSS_ENTROPY, kwargs, list(zip(predictions, labels, strict=True)))


@pytest.mark.check(
    "losses.BinaryCrossEntropyLoss", points=0.3, holds=["BinaryCrossEntropyLoss.logits", "BinaryCrossEntropyLoss.probabilities"]
)
def test_binary_shapes(submission, oracle, rng):
    """Arrays of any equal shapes, batches of 1 too; targets of 0 and 1 and between."""
    for shape in ((5,), (1, 1), (1, 3), (4, 3), (2, 3, 5)):
        for target in (rng.integers(0, 2, shape).astype(np.float64), draw_probabilities(rng, shape)):
            check_turn(submission, oracle, BINARY, {}, 2 * rng.standard_normal(shape), target)
            check_turn(submission, oracle, BINARY, PROBABILITIES, draw_probabilities(rng, shape), target)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.15, holds=["BinaryCrossEntropyLoss.probabilities"])
def test_binary_small_probabilities(submission, oracle):
    """Probabilities 1e-8 from 0 and 1 are not clipped: a guard is 1e-12 at most."""
    given = (PROBABILITIES, np.array([[1e-8, 0.5], [0.25, 1 - 1e-8]]), np.array([[1.0, 1.0], [0.5, 0.0]]))
    check_turn(submission, oracle, BINARY, *given, rtol=1e-3, atol=1e-6)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.2, holds=["BinaryCrossEntropyLoss.probabilities"])
def test_binary_zero_probability(submission):
    """Probabilities of 0 and 1 raise nothing, and cost nothing where the target is the same."""
    prediction = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    given = {"prediction": prediction, "target": prediction.copy()}
    assert_loss(submission, BINARY, (), PROBABILITIES, **given, expected=0.0)
    # -1/p / 6 where p and t are 1, 1/(1-p) / 6 where both are 0.
    assert_loss_gradient(submission, BINARY, (), PROBABILITIES, **given, expected=(1 - 2 * prediction) / 6)
    assert_runs(submission, BINARY, prediction, 1 - prediction)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.1, holds=["BinaryCrossEntropyLoss.logits"])
def test_binary_confident_logits(submission, oracle):
    """Logits of 20 give a loss of about 20 where they are wrong, not one that is cut off."""
    given = ({}, np.array([[20.0, -20.0, 15.0]]), np.array([[0.0, 1.0, 0.5]]))
    check_turn(submission, oracle, BINARY, *given, rtol=2e-3, atol=1e-5)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.15, holds=["large.finite"])
def test_binary_large_logits(submission):
    """Logits of up to 1e4 in size give neither NaN nor infinity, and no loss where they are right."""
    logits = np.array([[1e4, -1e4, 800.0], [-800.0, 100.0, -100.0]])
    right = (logits > 0).astype(np.float64)
    assert_loss(submission, BINARY, prediction=logits, target=right, expected=0.0)
    assert_loss_gradient(submission, BINARY, prediction=logits, target=right, expected=np.zeros((2, 3)))
    for target in (1 - right, np.full((2, 3), 0.5)):
        assert_finite(submission, BINARY, prediction=logits, target=target)


@pytest.mark.check("losses.BinaryCrossEntropyLoss", points=0.2, holds=["loss.backward"])
def test_binary_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    for kwargs in ({}, PROBABILITIES):
        turns = [tuple(draw_probabilities(rng, (2, *shape))) for shape in ((2, 4), (3, 5), (3, 5))]
        check_last_forward(submission, oracle, BINARY, kwargs, turns)


@pytest.mark.check("losses.HingeLoss", points=0.4, holds=["HingeLoss", "loss.backward"])
def test_hinge_shapes(submission, oracle, rng):
    """Batches of 1, two classes, more samples than classes, equal labels; labels of another integer dtype."""
    for samples, classes in ((1, 2), (11, 3), (4, 7)):
        for labels in (rng.integers(0, classes, samples), np.full(samples, classes - 1, dtype=np.int32)):
            scores = draw_hinge_scores(rng, labels.astype(np.int64), classes, 1.0, 1.0)
            check_turn(submission, oracle, HINGE, {}, scores, labels)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["HingeLoss"])
def test_hinge_margin_zero(submission, oracle, rng):
    """A margin of 0 asks only that the right class scores highest."""
    labels = rng.integers(0, 4, 5)
    scores = draw_hinge_scores(rng, labels, 4, 0.0, 1.0)
    check_turn(submission, oracle, HINGE, {"margin": 0.0}, scores, labels)


@pytest.mark.check("losses.HingeLoss", points=0.2, holds=["large.finite"])
def test_hinge_large_scores(submission, oracle):
    """Scores of up to 1e4 in size give the right numbers."""
    scores = np.array([[1e4, -1e4, 300.0], [-1e4, 1e4, 5e3]])
    check_turn(submission, oracle, HINGE, {}, scores, np.array([1, 2]))
    check_turn(submission, oracle, HINGE, {}, scores, np.array([0, 1]))


@pytest.mark.check("losses.HingeLoss", points=0.4, holds=["loss.backward"])
def test_hinge_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    labels = [rng.integers(0, 4, 2), rng.integers(0, 5, 3), rng.integers(0, 5, 3)]
    turns = [(draw_hinge_scores(rng, y, classes, 1.0, 1.0), y) for y, classes in zip(labels, (4, 5, 5), strict=True)]
    check_last_forward(submission, oracle, HINGE, {}, turns)


def assert_runs(submission, constructor, prediction, target):
    """Forward and backward end without an exception, with a value that is not NaN and a gradient of the right shape."""
    title = constructor[1]
    answer = submission.probe("call_and_echo", constructor, [], PROBABILITIES, [prediction, target])
    said = read_answer(answer, title, ("output", "returned"))
    value = as_number(said["output"], f"{title}.forward's value", finite=False)
    if np.isnan(value):
        fail(f"{title}.forward's value at a probability of 0 is NaN.", expected="a large number, or infinity", got="nan")
    as_array(said["returned"], f"{title}.backward's result", shape=prediction.shape, finite=False)
