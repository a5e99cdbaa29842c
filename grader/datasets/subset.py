"""The subset that travels with the package: 600 training and 100 test images of each digit.

`python -m grader.datasets FOLDER` makes it again from the four full files in FOLDER, byte by byte.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.datasets.mnist_set import MnistSet

SUBSET = Path(__file__).resolve().parent / "mnist" / "mnist_subset.npz"
TRAIN_PER_CLASS = 600
TEST_PER_CLASS = 100


def load_subset() -> MnistSet:
    """Return 6,000 training and 1,000 test images, in the order of the full files."""
    with np.load(SUBSET, allow_pickle=False) as arrays:
        return MnistSet(
            arrays["train_images"],
            arrays["train_labels"].astype(np.int64),
            arrays["test_images"],
            arrays["test_labels"].astype(np.int64),
        )


def choose(labels: NDArray[np.int64], per_class: int, split: str) -> NDArray[np.int64]:
    """Return the sorted indices of `per_class` images of each digit.

    Of a digit, those whose SHA-256 of "split index" is smallest: fixed for ever, whatever becomes of random generators.
    """
    chosen: list[int] = []
    for digit in range(10):
        indices = [int(index) for index in np.flatnonzero(labels == digit)]
        indices.sort(key=lambda index: hashlib.sha256(f"{split} {index}".encode()).digest())
        chosen += indices[:per_class]
    return np.array(sorted(chosen), dtype=np.int64)


def make_subset(full: MnistSet, path: Path = SUBSET) -> None:
    """Write the subset of `full` to `path`, a compressed npz of uint8 arrays."""
    train = choose(full.train_labels, TRAIN_PER_CLASS, "train")
    test = choose(full.test_labels, TEST_PER_CLASS, "test")
    np.savez_compressed(
        path,
        train_images=full.train_images[train],
        train_labels=full.train_labels[train].astype(np.uint8),
        test_images=full.test_images[test],
        test_labels=full.test_labels[test].astype(np.uint8),
    )
