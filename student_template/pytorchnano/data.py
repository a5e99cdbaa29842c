"""Data: what a network is fed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from .backend import Array

__all__ = ["load_mnist", "minibatches", "one_hot"]


def minibatches(x: Array, y: Array, batch_size: int, seed: int | None = None) -> Iterator[tuple[Array, Array]]:
    """Yield `(x_batch, y_batch)`: every sample exactly once, in an order that `seed` determines; the last may be short.

    Raises ValueError, at the first batch, for `batch_size` below 1 and for `x` and `y` of unequal length.
    """
    raise NotImplementedError("minibatches is not implemented yet: see its docstring.")


def one_hot(labels: Array, num_classes: int) -> Array:
    """Return rows with a 1 at the label and 0 elsewhere: `(N,) -> (N, num_classes)`, float32.

    Raises ValueError for `num_classes` below 1, labels of another rank, and labels outside 0 to `num_classes - 1`.
    """
    raise NotImplementedError("one_hot is not implemented yet: see its docstring.")


def load_mnist(split: Literal["train", "test"] = "train", subset: int | None = None) -> tuple[Array, Array]:
    """Read MNIST from the folder that the environment variable `MNIST_DIR` names, or the first `subset` samples of it.

    Returns images, float32 `(N, 1, 28, 28)` in [0, 1], and labels, int64 `(N,)`. The folder holds the four IDX files,
    `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, as they are
    or compressed, with `.gz` after their names.
    Raises ValueError for another split, a negative subset and a damaged file, FileNotFoundError where a file is absent.
    """
    raise NotImplementedError("load_mnist is not implemented yet: see its docstring.")


def _find_mnist_file(name: str) -> Path:
    """Return the path of one of MNIST's files, compressed or not; raise FileNotFoundError that says how to get it."""
    raise NotImplementedError("_find_mnist_file is not implemented yet: see its docstring.")


def _read_idx(path: Path, count: int | None) -> Array:
    """Return the first `count` entries, or all, of an IDX file of bytes.

    The format: two zeros, 8 for bytes, the number of axes; each axis' length as four bytes, highest first; the numbers.
    """
    raise NotImplementedError("_read_idx is not implemented yet: see its docstring.")
