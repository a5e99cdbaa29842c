"""Data: what a network is fed."""

import gzip
import os
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np

from .backend import Array, array_module

__all__ = ["load_mnist", "minibatches", "one_hot"]


def minibatches(x: Array, y: Array, batch_size: int, seed: int | None = None) -> Iterator[tuple[Array, Array]]:
    """Yield `(x_batch, y_batch)`: every sample exactly once, in an order that `seed` determines; the last may be short.

    Raises ValueError, at the first batch, for `batch_size` below 1 and for `x` and `y` of unequal length.
    """
    # BEGIN SOLUTION minibatches
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, but must be at least 1")
    if len(x) != len(y):
        raise ValueError(f"x holds {len(x)} samples and y {len(y)}, but expected as many")
    order = np.random.default_rng(seed).permutation(len(x))
    x_order, y_order = array_module(x).asarray(order), array_module(y).asarray(order)
    for start in range(0, len(x), batch_size):
        batch = slice(start, start + batch_size)
        yield x[x_order[batch]], y[y_order[batch]]
    # END SOLUTION minibatches


def one_hot(labels: Array, num_classes: int) -> Array:
    """Return rows with a 1 at the label and 0 elsewhere: `(N,) -> (N, num_classes)`, float32.

    Raises ValueError for `num_classes` below 1, labels of another rank, and labels outside 0 to `num_classes - 1`.
    """
    # BEGIN SOLUTION one_hot
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}, but must be at least 1")
    if labels.ndim != 1:
        raise ValueError(f"labels has shape {labels.shape}, but must be (N,)")
    rows = labels[:, None] == array_module(labels).arange(num_classes)
    if not rows.any(axis=1).all():
        raise ValueError(f"labels has a label outside 0 to {num_classes - 1}")
    return rows.astype(np.float32)
    # END SOLUTION one_hot


def load_mnist(split: Literal["train", "test"] = "train", subset: int | None = None) -> tuple[Array, Array]:
    """Read MNIST from the folder that the environment variable `MNIST_DIR` names, or the first `subset` samples of it.

    Returns images, float32 `(N, 1, 28, 28)` in [0, 1], and labels, int64 `(N,)`. The folder holds the four IDX files,
    `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, as they are
    or compressed, with `.gz` after their names.
    Raises ValueError for another split, a negative subset and a damaged file, FileNotFoundError where a file is absent.
    """
    # BEGIN SOLUTION load_mnist
    if split not in ("train", "test"):
        raise ValueError(f'split is {split!r}, but must be "train" or "test"')
    if subset is not None and subset < 0:
        raise ValueError(f"subset is {subset}, but must be at least 0")
    prefix = "train" if split == "train" else "t10k"
    images = _read_idx(_find_mnist_file(f"{prefix}-images-idx3-ubyte"), subset)
    labels = _read_idx(_find_mnist_file(f"{prefix}-labels-idx1-ubyte"), subset)
    if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise ValueError(f"MNIST's {split} files hold images {images.shape} and labels {labels.shape}, not (N, 28, 28) and (N,)")
    return images[:, None].astype(np.float32) / 255, labels.astype(np.int64)
    # END SOLUTION load_mnist


def _find_mnist_file(name: str) -> Path:
    """Return the path of one of MNIST's files, compressed or not; raise FileNotFoundError that says how to get it."""
    # BEGIN SOLUTION find_mnist_file
    folder = os.environ.get("MNIST_DIR", "")
    candidates = [Path(folder, name), Path(folder, name + ".gz")]
    for path in candidates if folder else []:
        if path.is_file():
            return path
    where = f"in the folder {folder}, which MNIST_DIR names" if folder else "because MNIST_DIR names no folder"
    raise FileNotFoundError(
        f"MNIST's {name} is not found {where}. Download the four files of MNIST (any mirror of "
        "https://yann.lecun.com/exdb/mnist will do), put them in one folder, and set MNIST_DIR to that folder."
    )
    # END SOLUTION find_mnist_file


def _read_idx(path: Path, count: int | None) -> Array:
    """Return the first `count` entries, or all, of an IDX file of bytes.

    The format: two zeros, 8 for bytes, the number of axes; each axis' length as four bytes, highest first; the numbers.
    """
    # BEGIN SOLUTION read_idx
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic = file.read(4)
            if magic[:3] != b"\x00\x00\x08" or not magic[3:].strip(b"\x00"):
                raise ValueError(f"{path} is not an IDX file of bytes: it begins with {magic!r}")
            shape = [int.from_bytes(file.read(4), "big") for _ in range(magic[3])]
            shape[0] = shape[0] if count is None else min(count, shape[0])
            content = file.read(prod(shape))
    except (gzip.BadGzipFile, EOFError) as error:
        raise ValueError(f"{path} is damaged; download it again") from error
    if len(content) != prod(shape):
        raise ValueError(f"{path} ends after {len(content)} of {prod(shape)} bytes; download it again")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)
    # END SOLUTION read_idx
