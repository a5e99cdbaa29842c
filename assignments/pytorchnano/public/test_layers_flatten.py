"""Flatten: (N, ...) -> (N, prod), and back."""

import numpy as np
import pytest

from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward
from grader.gradients.draws import IMAGES, draw_gaussian

FLATTEN = ("layers", "Flatten")


@pytest.mark.check("layers.Flatten", points=0.3, holds=["Flatten.forward", "arrays.batches"])
def test_forward_by_hand(submission):
    """Each sample becomes one row, its numbers in row-major order."""
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    assert_forward(submission, FLATTEN, x=x, expected=[list(range(12)), list(range(12, 24))])
    assert_forward(submission, FLATTEN, x=x[1:], expected=[list(range(12, 24))])


@pytest.mark.check("layers.Flatten", points=0.25, holds=["Flatten.backward", "layer.backward_uses_last_forward"])
def test_gradient(submission, seed):
    """The gradient comes back in the input's shape, each number in its place."""
    check_layer(
        submission, FLATTEN, draw=lambda generator: {"input": draw_gaussian(generator, IMAGES)}, seed=seed, output_shape=(3, 70), cases=3
    )
