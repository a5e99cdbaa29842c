"""Conv2D: cross-correlation, padding, stride, and the gradients of each."""

import numpy as np
import pytest

from grader.asserts.families import convolution
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward

CONV = ("layers", "Conv2D")
FORWARD = ["Conv2D.forward", "arrays.batches", "arrays.pairs", "layer.params_afresh"]
BACKWARD = ["Conv2D.backward", "layer.backward_uses_last_forward", "layer.grads_set"]


def number_pixels(rows, columns):
    """One image of one channel whose pixel (i, j) is 10 i + j."""
    return (10.0 * np.arange(rows)[:, None] + np.arange(columns))[None, None]


@pytest.mark.check("layers.Conv2D", points=1.0, holds=FORWARD)
def test_one_filter_by_hand(submission):
    """A 2 x 3 filter on a 3 x 4 image gives the numbers worked out by hand."""
    image = [[[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]]]
    # One weight at the window's first pixel and 2 at its last: 1 + 2*7, 2 + 2*8, then 5 + 2*11, 6 + 2*12; plus 0.5.
    parameters = {"W": [[[[1, 0, 0], [0, 0, 2]]]], "b": [0.5]}
    right = np.array([[[[15.5, 18.5], [27.5, 30.5]]]])
    wrong = {
        "Is the filter turned by 180 degrees? A cross-correlation does not turn it.": [[[[9.5, 12.5], [21.5, 24.5]]]],
        "Is the bias left out?": right - 0.5,
    }
    assert_forward(submission, CONV, (1, 1, (2, 3)), {"seed": 1}, x=image, parameters=parameters, expected=right, wrong=wrong)


@pytest.mark.check("layers.Conv2D", points=0.7, holds=FORWARD)
def test_channels_and_filters_by_hand(submission):
    """Every filter sums over all channels and adds its own bias, image by image."""
    x = np.arange(24.0).reshape(2, 2, 3, 2)
    weights = np.zeros((3, 2, 2, 1))
    weights[0, 0, 0, 0] = 1  # the window's upper pixel of channel 0
    weights[1, 1, 1, 0] = 10  # its lower pixel of channel 1
    weights[2, 0, 1, 0], weights[2, 1, 0, 0] = 1, 1  # lower of channel 0 and upper of channel 1
    # With pixel (n, c, i, j) = 12 n + 6 c + 2 i + j, these are numbers to read off: rows 0 and 1 of the output below.
    first = [
        [[100, 101], [102, 103]],
        [[280, 290], [300, 310]],
        [[308, 310], [312, 314]],
    ]
    second = [
        [[112, 113], [114, 115]],
        [[400, 410], [420, 430]],
        [[332, 334], [336, 338]],
    ]
    assert_forward(submission, CONV, (2, 3, (2, 1)), x=x, parameters={"W": weights, "b": [100, 200, 300]}, expected=[first, second])


@pytest.mark.check("layers.Conv2D", points=0.7, holds=["Conv2D.padding", "arrays.pairs"])
def test_padding_by_hand(submission):
    """A border of zeros, as a number of pixels and as a pair (rows, columns)."""
    image = [[[[1, 2], [3, 4]]]]
    # A filter of one pixel shows the padded image; the bias is added on the border too.
    framed = np.full((1, 1, 4, 6), 0.5)
    framed[0, 0, 1:3, 2:4] += [[1, 2], [3, 4]]
    one = {"W": np.ones((1, 1, 1, 1)), "b": [0.5]}
    wrong = {"Are rows and columns of the padding exchanged?": np.pad(np.array(image), ((0, 0), (0, 0), (2, 2), (1, 1))) + 0.5}
    assert_forward(submission, CONV, (1, 1, 1), {"padding": (1, 2)}, x=image, parameters=one, expected=framed, wrong=wrong)
    # Every 3 x 3 window over the padded 2 x 2 image holds all four pixels: their sum is 10.
    nine = {"W": np.ones((1, 1, 3, 3)), "b": [0]}
    assert_forward(submission, CONV, (1, 1, 3), {"padding": 1}, x=image, parameters=nine, expected=np.full((1, 1, 2, 2), 10.0))


@pytest.mark.check("layers.Conv2D", points=0.7, holds=["Conv2D.stride", "arrays.pairs", "windows.dropped"])
def test_stride_by_hand(submission):
    """The window moves by the stride, a number or a pair (rows, columns); one that does not fit is dropped."""
    # The filter shows each window's last pixel, and pixel (i, j) of the 5 x 8 image is 10 i + j; there is no third row of windows.
    last = {"W": [[[[0, 0], [0, 1]]]], "b": [0]}
    right = [[[[11, 14, 17], [31, 34, 37]]]]
    wrong = {"Are rows and columns of the stride exchanged?": [[[[11, 13, 15, 17], [41, 43, 45, 47]]]]}
    assert_forward(submission, CONV, (1, 1, 2), {"stride": (2, 3)}, x=number_pixels(5, 8), parameters=last, expected=right, wrong=wrong)
    right = [[[[11, 13, 15], [31, 33, 35]]]]
    assert_forward(submission, CONV, (1, 1, 2), {"stride": 2}, x=number_pixels(5, 7), parameters=last, expected=right)


def check_gradients(submission, seed, judge, **options):
    """Judge gradients on three images (2, 7, 5)."""
    check_layer(submission, CONV, family=convolution(**options), judge=judge, seed=seed)


@pytest.mark.check("layers.Conv2D", points=1.0, holds=BACKWARD)
def test_gradient_at_input(submission, seed):
    """What backward returns is the gradient at the images."""
    check_gradients(submission, seed, ("input",))


@pytest.mark.check("layers.Conv2D", points=0.8, holds=BACKWARD)
def test_gradient_at_weights(submission, seed):
    """After backward, grads["W"] is the gradient at the filters, summed over batch and windows."""
    check_gradients(submission, seed, ("W",))


@pytest.mark.check("layers.Conv2D", points=0.4, holds=BACKWARD)
def test_gradient_at_bias(submission, seed):
    """After backward, grads["b"] is the gradient at the biases, summed over batch and windows."""
    check_gradients(submission, seed, ("b",))


@pytest.mark.check("layers.Conv2D", points=0.4, holds=["Conv2D.padding", *BACKWARD])
def test_gradient_at_input_with_padding(submission, seed):
    """With padding (2, 1), what backward returns is the gradient at the images, in their shape."""
    check_gradients(submission, seed, ("input",), outputs=5, padding=(2, 1))


@pytest.mark.check("layers.Conv2D", points=0.4, holds=["Conv2D.stride", "windows.dropped", *BACKWARD])
def test_gradient_at_input_with_stride(submission, seed):
    """With stride (2, 3), what backward returns is the gradient at the images; pixels in no window get 0."""
    check_gradients(submission, seed, ("input",), kernel=(2, 1), outputs=5, stride=(2, 3))


@pytest.mark.check("layers.Conv2D", points=0.6, holds=["Conv2D.padding", "Conv2D.stride", *BACKWARD])
def test_gradient_at_weights_with_options(submission, seed):
    """With padding (2, 1), and with stride (2, 3), grads["W"] is the gradient at the filters."""
    check_gradients(submission, seed, ("W",), outputs=5, padding=(2, 1))
    check_gradients(submission, seed, ("W",), kernel=(2, 1), outputs=5, stride=(2, 3))
