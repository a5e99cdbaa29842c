"""Filter responses and their pictures, on numbers that are worked by hand or drawn to be told apart."""

from pathlib import Path

import numpy as np
import pytest

from grader.asserts.picture import MAX_PIXELS, assert_pictures_differ, assert_tiles, design_case, validate_pixels
from grader.asserts.values import assert_close, fail
from grader.remote.remote import describe

FORWARD = "layers.Conv2D/one_filter_by_hand"
LIMITS = {"call_cpu_s": 10, "call_wall_s": 20, "check_cpu_s": 40, "check_wall_s": 120}
MOST_BYTES = 8 << 20
MATPLOTLIB = ("matplotlib.figure", "matplotlib.backends.backend_agg")


def make_convolution(submission, case):
    """A convolution of the submission that holds the case's weights."""
    count, channels, *kernel = case.weights.shape
    conv = submission.layers.Conv2D(channels, count, tuple(kernel))
    conv.params["W"] = case.weights
    conv.params["b"] = case.bias
    return conv


def look_at(submission, grading, name, what, save_artifact=None):
    """Fetch a picture that the submission wrote, decode it in a worker without student code, and return its pixels."""
    data = submission.worker.read_scratch(name, MOST_BYTES)
    if save_artifact is not None:
        save_artifact(name, lambda path: path.write_bytes(data))
    with grading.staff_wall.worker(limits=grading.assignment.limits) as decoder:
        return validate_pixels(decoder.probe("decode_picture", data, MAX_PIXELS), what)


def assert_path(returned, path, what):
    """The contract wants the picture's path back."""
    if not isinstance(returned, str) or Path(returned).name != Path(path).name:
        fail(f"{what} does not return the picture's path.", expected="the path it was given", got=describe(returned))


@pytest.mark.check("visualize.filter_responses", points=0.5, after=[FORWARD], preload=MATPLOTLIB, holds=["filter_responses"])
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


@pytest.mark.check(
    "visualize.plot_filter_responses",
    points=1,
    after=[FORWARD],
    scratch="-",
    limits=LIMITS,
    preload=MATPLOTLIB,
    holds=["plot_filter_responses"],
)
def test_responses_have_tiles(submission, grading, rng, save_artifact):
    """The picture has one tile for each filter, whose colours tell that filter's responses."""
    case = design_case(rng, "responses")
    path = str(submission.scratch / "responses.png")
    returned = submission.visualize.plot_filter_responses(make_convolution(submission, case), case.image, path)
    pixels = look_at(submission, grading, "responses.png", "plot_filter_responses' picture", save_artifact)
    assert_tiles(pixels, case.expected, "plot_filter_responses' picture")
    assert_path(returned, path, "plot_filter_responses")


@pytest.mark.check("visualize.plot_filters", points=1, scratch="-", limits=LIMITS, preload=MATPLOTLIB, holds=["plot_filters"])
def test_filters_have_tiles(submission, grading, rng, save_artifact):
    """The picture has one tile for each filter, whose colours tell its weights."""
    case = design_case(rng, "filters")
    path = str(submission.scratch / "filters.png")
    returned = submission.visualize.plot_filters(make_convolution(submission, case), path)
    pixels = look_at(submission, grading, "filters.png", "plot_filters' picture", save_artifact)
    assert_tiles(pixels, case.expected, "plot_filters' picture")
    assert_path(returned, path, "plot_filters")


def two_pictures(submission, grading, rng, kind, draw, what):
    """Draw two cases one after the other on paths of their own and return both pictures; the second must show its own case."""
    pictures = []
    for name in ("first.png", "second.png"):
        case = design_case(rng, kind)
        draw(make_convolution(submission, case), case.image, str(submission.scratch / name))
        pictures.append(look_at(submission, grading, name, what))
    assert_tiles(pictures[-1], case.expected, what)
    return pictures


@pytest.mark.check(
    "visualize.plot_filter_responses",
    points=1,
    after=[FORWARD],
    scratch="-",
    limits=LIMITS,
    preload=MATPLOTLIB,
    holds=["plot_filter_responses"],
)
def test_responses_follow_the_weights(submission, grading, rng):
    """Other weights and another image give another picture, and the second shows its own."""
    what = "plot_filter_responses' picture"
    plot = submission.visualize.plot_filter_responses
    first, second = two_pictures(submission, grading, rng, "responses", plot, what)
    assert_pictures_differ(first, second, what)


@pytest.mark.check("visualize.plot_filters", points=1, scratch="-", limits=LIMITS, preload=MATPLOTLIB, holds=["plot_filters"])
def test_filters_follow_the_weights(submission, grading, rng):
    """Other weights give another picture, and the second shows its own."""
    what = "plot_filters' picture"
    plot = submission.visualize.plot_filters
    first, second = two_pictures(submission, grading, rng, "filters", lambda conv, image, path: plot(conv, path), what)
    assert_pictures_differ(first, second, what)
