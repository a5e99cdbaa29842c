"""BatchNorm: the batch's statistics in training, the running ones in evaluation."""


import numpy as np
import pytest

from grader.asserts.families import batch_norm
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward, read_answer
from grader.asserts.values import as_array, as_list, assert_close, fail

NORM = ("layers", "BatchNorm")
OPTIONS = {"eps": 5.0}

# With eps = 5: the columns have means 2, 10 and variances 4, 31, so their deviations are sqrt(9) = 3 and sqrt(36) = 6.
X = np.array([[0.0, 10 - 31**0.5], [4.0, 10 + 31**0.5]])
CENTRED = np.array([[-2, -(31**0.5)], [2, 31**0.5]])
BETA = np.array([100, 200])
PARAMETERS = {"gamma": [3, 6], "beta": BETA}
Y = BETA + CENTRED  # gamma is the deviation


@pytest.mark.check("layers.BatchNorm", points=0.5, holds=["BatchNorm.forward", "layer.params_afresh"])
def test_features_by_hand(submission):
    """A batch (N, F) is normalised over N by its mean and biased variance, then scaled by gamma and moved by beta."""
    wrong = {
        "Does the unbiased variance normalise? It is the biased one, divided by N.": BETA + CENTRED * [3 / 13**0.5, 6 / 67**0.5],
        "Is eps left out?": [[97, 194], [103, 206]],
        "Is eps added to the deviation and not to the variance?": BETA + CENTRED * [3 / 7, 6 / (31**0.5 + 5)],
    }
    assert_forward(submission, NORM, (2,), OPTIONS, x=X, parameters=PARAMETERS, expected=Y, wrong=wrong)


@pytest.mark.check("layers.BatchNorm", points=0.4, holds=["BatchNorm.forward", "arrays.batches"])
def test_images_by_hand(submission):
    """A batch (N, C, H, W) is normalised channel by channel, over N, H and W together."""
    # Channel 0 holds 0 and 4 three times each, over both images; channel 1 the second column above: the same means and variances.
    x = np.empty((2, 2, 1, 3))
    y = np.empty_like(x)
    for feature in (0, 1):
        low_first = np.array([[0, 1, 1], [1, 0, 0]])
        x[:, feature, 0] = X[low_first, feature]
        y[:, feature, 0] = Y[low_first, feature]
    assert_forward(submission, NORM, (2,), OPTIONS, x=x, parameters=PARAMETERS, expected=y)


@pytest.mark.check("layers.BatchNorm", points=0.7, holds=["BatchNorm.backward", "layer.backward_uses_last_forward"])
def test_gradient_at_input(submission, seed):
    """In training, the gradient at the input goes through the batch's mean and variance too."""
    check_layer(submission, NORM, family=batch_norm(), judge=("input",), seed=seed)


@pytest.mark.check("layers.BatchNorm", points=0.4, holds=["BatchNorm.backward", "layer.grads_set"])
def test_gradients_at_parameters(submission, seed):
    """After backward, grads["gamma"] and grads["beta"] are the gradients at gamma and beta."""
    check_layer(submission, NORM, family=batch_norm(), judge=("gamma", "beta"), seed=seed)


@pytest.mark.check("layers.BatchNorm", points=0.4, holds=["BatchNorm.running"])
def test_running_statistics_by_hand(submission):
    """Each training forward moves the running statistics by momentum towards the batch's mean and unbiased variance."""
    # Means 2 and 10; unbiased variances 2 * 4 = 8 and 2 * 31 = 62. Moved by 0.25 from 0 and 1, twice by the same batch.
    answer = submission.probe("running_statistics", NORM, [2], {"momentum": 0.25}, [(X, True), (X, True)])
    once, twice = read_statistics(answer, 2)
    assert_statistic(once[0], [0.5, 2.5], "running_mean after one batch", {"Is it moved by 1 - momentum?": [1.5, 7.5]})
    biased = {"Is the variance that moves it the biased one?": [0.75 + 1, 0.75 + 7.75], "Is it moved by 1 - momentum?": [6.25, 46.75]}
    assert_statistic(once[1], [0.75 + 2, 0.75 + 15.5], "running_var after one batch", biased)
    assert_statistic(twice[0], [0.875, 4.375], "running_mean after two batches")
    assert_statistic(twice[1], [0.75 * 2.75 + 2, 0.75 * 16.25 + 15.5], "running_var after two batches")


def read_statistics(answer, count):
    """The pairs (running_mean, running_var) that the probe saw after each forward."""
    said = read_answer(answer, "BatchNorm", ("before", "after"))
    return [(entry["mean"], entry["var"]) for entry in as_list(said["after"], "BatchNorm: the statistics", length=count)]


def assert_statistic(value, right, what, wrong=None):
    """Compare one statistic, whatever the shape in which it holds a number per feature."""
    array = as_array(value, f"BatchNorm.{what}")
    if array.size != len(right):
        fail(f"BatchNorm.{what} has the wrong size.", expected=f"{len(right)} numbers", got=f"shape {array.shape}")
    hints = [hint for hint, values in (wrong or {}).items() if np.allclose(array.reshape(-1), values)]
    assert_close(array.reshape(-1), np.array(right, dtype=np.float64), f"BatchNorm.{what}", atol=1e-6, hint="".join(hints[:1]))


@pytest.mark.check("layers.BatchNorm", points=0.4, holds=["BatchNorm.eval"])
def test_evaluation_by_hand(submission):
    """In evaluation the running statistics, assigned here, take the batch's place, for features and for images."""
    attributes = {"running_mean": np.array([1.0, 7.0]), "running_var": np.array([4.0, 31.0])}
    right = np.array([[100 + 0 - 1, 200 + 10 - 31**0.5 - 7], [100 + 4 - 1, 200 + 10 + 31**0.5 - 7]])
    wrong = {"Are these the batch's own statistics? With training = False the running ones count.": Y}
    common = {"parameters": PARAMETERS, "training": False, "attributes": attributes}
    assert_forward(submission, NORM, (2,), OPTIONS, x=X, expected=right, wrong=wrong, **common)
    assert_forward(submission, NORM, (2,), OPTIONS, x=X[:1], expected=right[:1], **common)
    image, pictured = X[:, :, None, None] * np.ones((1, 1, 2, 3)), right[:, :, None, None] * np.ones((1, 1, 2, 3))
    assert_forward(submission, NORM, (2,), OPTIONS, x=image, expected=pictured, **common)


@pytest.mark.check("layers.BatchNorm", points=0.2, holds=["BatchNorm.parameters", "layer.keys"])
def test_parameters_at_the_start(submission):
    """A new layer has gamma 1 and beta 0, running_mean 0 and running_var 1, one number for each feature."""
    said = read_answer(submission.probe("running_statistics", NORM, [5], {}, []), "BatchNorm", ("before", "params"))
    params = read_answer(said["params"], "BatchNorm.params", ("gamma", "beta"))
    assert_close(params["gamma"], np.ones(5), 'BatchNorm.params["gamma"] of a new layer')
    assert_close(params["beta"], np.zeros(5), 'BatchNorm.params["beta"] of a new layer')
    assert_statistic(said["before"]["mean"], np.zeros(5), "running_mean of a new layer")
    assert_statistic(said["before"]["var"], np.ones(5), "running_var of a new layer")
