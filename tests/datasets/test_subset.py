import os
from pathlib import Path

import numpy as np
import pytest

from grader.datasets import load_full, load_subset
from grader.datasets.subset import SUBSET, choose, make_subset

needs_full = pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="MNIST_DIR does not name a folder with the full MNIST")


def test_subset_holds_as_many_images_of_each_digit():
    subset = load_subset()
    assert np.bincount(subset.train_labels).tolist() == [600] * 10
    assert np.bincount(subset.test_labels).tolist() == [100] * 10
    assert (subset.train_images.shape, subset.test_images.shape) == ((6000, 28, 28), (1000, 28, 28))
    assert subset.train_images.dtype == np.uint8


def test_subset_shows_digits_on_black():
    images = load_subset().train_images
    assert images[:, 0, 0].max() == 0
    assert 20 < images.mean() < 50


def test_subset_can_not_be_changed_by_a_check():
    with pytest.raises(ValueError, match="read-only"):
        load_subset().train_images[0] = 0


def test_subset_is_small_enough_to_travel_and_has_its_notice():
    assert SUBSET.stat().st_size < 1_250_000
    notice = (SUBSET.parent / "NOTICE").read_text()
    assert "LeCun" in notice
    assert "Attribution-Share Alike 3.0" in notice


def test_choice_is_fixed_balanced_and_sorted():
    labels = np.arange(50) % 10
    chosen = choose(labels, 2, "train")
    assert np.bincount(labels[chosen]).tolist() == [2] * 10
    assert chosen.tolist() == sorted(chosen.tolist()) == choose(labels, 2, "train").tolist()
    assert chosen.tolist() != choose(labels, 2, "test").tolist()


@needs_full
def test_subset_is_made_again_from_the_full_files(tmp_path):
    make_subset(load_full(Path(os.environ["MNIST_DIR"])), tmp_path / "again.npz")
    again, embedded = np.load(tmp_path / "again.npz"), np.load(SUBSET)
    assert again.files == embedded.files
    assert all(np.array_equal(again[name], embedded[name]) for name in embedded.files)


@needs_full
def test_full_set_has_its_published_sizes():
    full = load_full()
    assert (len(full.train_images), len(full.test_images)) == (60_000, 10_000)
    assert full.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
