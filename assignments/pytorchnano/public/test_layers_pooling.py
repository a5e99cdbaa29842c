"""MaxPool2D and AvgPool2D: the same windows, maximum or mean, and where the gradient goes."""

import numpy as np
import pytest

from grader.asserts.families import pooling
from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_forward, call_and_echo
from grader.asserts.values import as_array, fail
from grader.gradients.draws import IMAGES, draw_gaussian, draw_permuted_grid

MAX, AVG = ("layers", "MaxPool2D"), ("layers", "AvgPool2D")
POOLS = ("MaxPool2D", "AvgPool2D")
DRAWS = {"MaxPool2D": draw_permuted_grid, "AvgPool2D": draw_gaussian}

# Windows of 2 x 2 side by side: maxima 9 and 8, means 17/4 and 23/4; the last row and column fit in no window.
IMAGE = np.array([[[[1, 9, 2, 8, 100], [3, 4, 7, 6, 100], [100, 100, 100, 100, 100]]]], dtype=np.float64)
POOLED = {"MaxPool2D": [[[[9, 8]]]], "AvgPool2D": [[[[4.25, 5.75]]]]}
# Windows of 2 x 3 from rows 0, 1 and columns 0, 2: maxima and means of [1 9 2, 3 4 7], [2 8 100, 7 6 100] and so on.
OVERLAPPING = {"MaxPool2D": [[[[9, 100], [100, 100]]]], "AvgPool2D": [[[[26 / 6, 223 / 6], [314 / 6, 413 / 6]]]]}


def per_pool(worths, holds):
    """One check for each kind of pooling, with its points and the sentences it holds."""

    def mark(name, worth):
        return pytest.param(name, marks=pytest.mark.check(f"layers.{name}", points=worth, holds=[s.replace("POOL", name) for s in holds]))

    return pytest.mark.parametrize("name", list(map(mark, POOLS, worths)))


@per_pool((0.7, 0.7), ["POOL.forward", "arrays.batches", "MaxPool2D.stride"])
def test_forward_by_hand(submission, name):
    """Windows side by side give the numbers worked out by hand, channel by channel; negative numbers too."""
    x = np.concatenate([IMAGE[..., :2, :4], -IMAGE[..., :2, :4]], axis=1)
    lowest = {"MaxPool2D": [[-1, -2]], "AvgPool2D": [[-4.25, -5.75]]}[name]
    right = np.array([[POOLED[name][0][0], lowest]])
    wrong = {"Are windows over negative numbers compared with zeros?": np.maximum(right, 0)}
    assert_forward(submission, ("layers", name), (2,), x=x, expected=right, wrong=wrong)


@per_pool((0.3, 0.25), ["POOL.forward", "POOL.backward", "windows.dropped"])
def test_windows_that_do_not_fit(submission, name, seed):
    """A window that does not fit in the image is dropped, and pixels in no window get gradient 0."""
    assert_forward(submission, ("layers", name), (2,), x=IMAGE, expected=POOLED[name])
    check_pool(submission, name, seed, (2, 3))


@per_pool((0.4, 0.35), ["POOL.forward", "MaxPool2D.stride", "arrays.pairs"])
def test_stride_by_hand(submission, name):
    """With a stride of their own, windows overlap; kernel and stride may be pairs (rows, columns)."""
    assert_forward(submission, ("layers", name), ((2, 3),), {"stride": (1, 2)}, x=IMAGE, expected=OVERLAPPING[name])
    every_third = {"MaxPool2D": [[[[1, 8]]]], "AvgPool2D": [[[[1, 8]]]]}[name]
    assert_forward(submission, ("layers", name), (1,), {"stride": 3}, x=IMAGE, expected=every_third)


@per_pool((0.8, 0.7), ["POOL.backward", "layer.backward_uses_last_forward"])
def test_gradient(submission, name, seed):
    """What backward returns is the gradient at the images."""
    check_pool(submission, name, seed, (2, 3), shape=(3, 2, 4, 9))


@per_pool((0.4, 0.35), ["POOL.backward", "MaxPool2D.stride"])
def test_gradient_with_stride(submission, name, seed):
    """With overlapping windows a pixel gets the sum of what its windows send; with gaps, none between them."""
    check_pool(submission, name, seed, (3, 2), (2, 1))
    check_pool(submission, name, seed, (2, 1), (3, 2))


def check_pool(submission, name, seed, kernel, stride=None, shape=IMAGES):
    """Judge the gradient on three images without ties."""
    check_layer(submission, ("layers", name), family=pooling(DRAWS[name], kernel, stride, shape), seed=seed, cases=3)


@pytest.mark.check("layers.MaxPool2D", points=0.3, holds=["kinks", "MaxPool2D.backward"])
def test_ties(submission, rng):
    """In a window with several equal maxima, all pixels together get the window's gradient, and only maxima get any."""
    x = rng.permuted(np.tile([0.0, 0.0, -1.0, -2.0, 0.0, -3.0], (2 * 3 * 2 * 2, 1)), axis=1)
    x = x.reshape(2, 3, 2, 2, 2, 3).transpose(0, 1, 2, 4, 3, 5).reshape(2, 3, 4, 6)  # six pixels a window of 2 x 3, three of them 0
    grad_output = rng.uniform(1, 2, (2, 3, 2, 2))
    answer = call_and_echo(submission, MAX, ((2, 3),), {}, [x], grad_output, training=True)
    what = "MaxPool2D.backward's result on images with ties"
    returned = as_array(answer["returned"], what, shape=x.shape)
    sums = returned.reshape(2, 3, 2, 2, 2, 3).sum(axis=(3, 5))
    if not np.allclose(sums, grad_output, rtol=1e-6, atol=1e-8):
        hint = "Does every one of the equal maxima get the whole gradient?" if np.allclose(sums, 3 * grad_output) else ""
        seen = f"{float((sums / grad_output).flat[0]):.4g} times"
        fail(f"{what} has another sum over a window than its gradient.", expected="1 times the gradient", got=seen, hint=hint)
    if bool(np.any(np.abs(returned[x < 0]) > 1e-8)):
        fail(f"{what} gives a pixel a gradient that is not the largest of its window.", expected="0 there", got="other numbers")
    if bool(np.any(returned < -1e-8)):
        fail(f"{what} has another sign than the gradient that was sent back.", expected="positive numbers and zeros", got="negative ones")
