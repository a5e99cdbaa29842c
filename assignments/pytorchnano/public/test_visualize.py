"""Filter responses and their pictures, on numbers that are worked by hand or drawn to be told apart."""

import numpy as np
import pytest

from grader.asserts.values import assert_close


@pytest.mark.check("visualize.filter_responses", points=0.5, after=["layers.Conv2D/one_filter_by_hand"], holds=["filter_responses"])
def test_responses_by_hand(submission):
    """The responses of two filters to a small image are those worked by hand, bias included.

    A filter that picks the upper left pixel, plus 10; one that subtracts the lower right pixel from the upper left one.
    """
    image = np.array([[[1.0, 2.0, 4.0], [8.0, 16.0, 32.0], [64.0, 128.0, 256.0]]])
    conv = submission.layers.Conv2D(1, 2, 2)
    conv.params["W"] = np.array([[[[1.0, 0.0], [0.0, 0.0]]], [[[1.0, 0.0], [0.0, -1.0]]]])
    conv.params["b"] = np.array([10.0, 0.0])
    expected = [[[11.0, 12.0], [18.0, 26.0]], [[-15.0, -30.0], [-120.0, -240.0]]]
    assert_close(submission.visualize.filter_responses(conv, image), expected, "filter_responses of two 2x2 filters to a 3x3 image")
