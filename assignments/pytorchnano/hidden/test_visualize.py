"""Filter responses on drawn images, against the oracle."""

import numpy as np
import pytest

from grader.asserts.values import assert_close


@pytest.mark.check(
    "visualize.filter_responses",
    points=0.5,
    after=["layers.Conv2D/channels_and_filters_by_hand", "layers.Conv2D/stride_by_hand", "layers.Conv2D/padding_by_hand"],
    preload=("matplotlib.figure", "matplotlib.backends.backend_agg"),
    holds=["filter_responses"],
)
def test_responses_of_any_convolution(submission, oracle, rng):
    """The responses are what forward gives, for several channels, strides and paddings."""
    for channels, count, kernel, stride, padding in ((1, 4, (3, 2), 1, 0), (3, 5, 3, (2, 1), (1, 0)), (2, 1, (2, 3), 2, 1)):
        image = rng.standard_normal((channels, 8, 7))
        conv = submission.layers.Conv2D(channels, count, kernel, stride=stride, padding=padding)
        right = oracle.layers.Conv2D(channels, count, kernel, stride=stride, padding=padding, seed=0)
        right.params["W"] = rng.standard_normal(right.params["W"].shape)
        right.params["b"] = rng.standard_normal(count)
        conv.params["W"], conv.params["b"] = right.params["W"], right.params["b"]
        expected = np.asarray(right.forward(image[None])[0])
        what = f"filter_responses of {count} filters {kernel}, stride {stride}, padding {padding}, to a {image.shape} image"
        assert_close(submission.visualize.filter_responses(conv, image), expected, what)
