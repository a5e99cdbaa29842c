"""Dense: y = x @ W + b, and the three gradients."""

import numpy as np
import pytest

from grader.asserts.families import dense
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward

DENSE = ("layers", "Dense")

# Worked by hand: the first row is 1*1 + 2*2 + 10 = 15, 1*0 + 2*1 + 20 = 22, 1*(-1) + 2*3 + 30 = 35.
X = [[1, 2], [3, 4], [5, 6]]
WEIGHTS = {"W": [[1, 0, -1], [2, 1, 3]], "b": [10, 20, 30]}
Y = [[15, 22, 35], [21, 24, 39], [27, 26, 43]]


@pytest.mark.check("layers.Dense", points=0.9, holds=["Dense.forward", "arrays.batches", "layer.params_afresh"])
def test_forward_by_hand(submission):
    """Three samples through assigned weights give the numbers worked out by hand."""
    wrong = {
        "Is the bias left out?": np.subtract(Y, WEIGHTS["b"]),
        "Is the bias subtracted?": np.subtract(Y, 2 * np.array(WEIGHTS["b"])),
    }
    assert_forward(submission, DENSE, (2, 3), {"seed": 1}, x=X, parameters=WEIGHTS, expected=Y, wrong=wrong)


@pytest.mark.check("layers.Dense", points=0.4, holds=["Dense.forward", "Dense.backward", "arrays.batches"])
def test_batch_of_one(submission, seed):
    """A batch of one sample is a batch: forward and all gradients."""
    assert_forward(submission, DENSE, (2, 3), x=X[1:2], parameters=WEIGHTS, expected=Y[1:2])
    check_layer(submission, DENSE, family=dense(samples=1), judge=("input", "W", "b"), seed=seed, cases=3)


@pytest.mark.check("layers.Dense", points=0.9, holds=["Dense.backward", "layer.backward_uses_last_forward"])
def test_gradient_at_input(submission, seed):
    """What backward returns is the gradient at the input."""
    check_layer(submission, DENSE, family=dense(), judge=("input",), seed=seed)


@pytest.mark.check("layers.Dense", points=0.9, holds=["Dense.backward", "layer.backward_uses_last_forward", "layer.grads_set"])
def test_gradient_at_weights(submission, seed):
    """After backward, grads["W"] is the gradient at the weights, summed over the batch."""
    check_layer(submission, DENSE, family=dense(), judge=("W",), seed=seed)


@pytest.mark.check("layers.Dense", points=0.5, holds=["Dense.backward", "layer.grads_set"])
def test_gradient_at_bias(submission, seed):
    """After backward, grads["b"] is the gradient at the biases, summed over the batch."""
    check_layer(submission, DENSE, family=dense(), judge=("b",), seed=seed)
