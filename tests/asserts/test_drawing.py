import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from grader.asserts.drawing import draw_confusion, draw_learning_curve

COUNTS = np.diag([50, 60, 70]) + 5


def read(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_a_learning_curve_is_a_png_of_640_by_480_that_falls(tmp_path):
    path = draw_learning_curve([4.0, 3.0, 2.0, 1.0], tmp_path / "curve.png", "the perceptron")
    assert path == tmp_path / "curve.png"
    pixels = read(path)
    assert pixels.shape == (480, 640, 3)
    rows, columns = np.nonzero((pixels[:, :, 2] - pixels[:, :, 0]) > 100)
    assert np.corrcoef(rows, columns)[0, 1] > 0.9


STRANGE = [[], [1.0], [float("nan")] * 3, [2.0, float("inf"), 1.0], [-1.0, 0.0], [1e300, 1e-300], list(range(500))]


@pytest.mark.parametrize("losses", STRANGE)
def test_a_learning_curve_is_drawn_of_any_losses(losses, tmp_path):
    assert read(draw_learning_curve(losses, tmp_path / "curve.png", "a $title_ of \n two lines")).shape == (480, 640, 3)


def test_a_learning_curve_says_when_losses_are_not_finite(tmp_path):
    without = read(draw_learning_curve([2.0, 1.0], tmp_path / "1.png", "t"))
    lost = read(draw_learning_curve([2.0, 1.0, float("nan")], tmp_path / "2.png", "t"))
    top = (slice(0, 70), slice(200, 440))
    assert (lost[top] < 128).sum() > 1.5 * (without[top] < 128).sum()


@pytest.mark.parametrize("draw, shown", [(draw_learning_curve, [3.0, 2.0, 1.5]), (draw_confusion, COUNTS)])
def test_equal_arguments_give_equal_bytes_that_name_no_software(draw, shown, tmp_path):
    first, again = (draw(shown, tmp_path / name, "title").read_bytes() for name in ("1.png", "2.png"))
    assert first == again
    assert b"atplotlib" not in first
    assert Image.open(tmp_path / "1.png").info.keys() <= {"dpi"}


def test_a_confusion_matrix_is_dark_where_the_counts_are_with_true_classes_downwards(tmp_path):
    counts = np.zeros((4, 4), int)
    counts[0, 3] = counts[1, 3] = counts[2, 3] = counts[3, 3] = 9
    pixels = read(draw_confusion(counts, tmp_path / "confusion.png", "all taken for class 3"))
    assert pixels.shape == (480, 640, 3)
    rows, columns = np.nonzero((pixels[:, :530] == (8, 48, 107)).all(axis=2))
    assert np.ptp(rows) > 350
    assert 60 < np.ptp(columns) < 130


@pytest.mark.parametrize("size", [1, 2, 12, 13, 40])
def test_a_confusion_matrix_is_drawn_of_any_size(size, tmp_path):
    assert read(draw_confusion(np.zeros((size, size), np.int64), tmp_path / "confusion.png", "")).shape == (480, 640, 3)


def test_a_confusion_matrix_must_be_square(tmp_path):
    with pytest.raises(ValueError, match=r"square; its shape is \(2, 3\)"):
        draw_confusion(np.zeros((2, 3), int), tmp_path / "confusion.png", "")


def test_matplotlib_is_not_imported_before_something_is_drawn():
    code = "import sys, grader.asserts.drawing; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
