"""MNIST's file format, written: for a submission's reader to read."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""Each split's files of images and of labels, as MNIST names them."""


def pack_idx(values: Pixels) -> bytes:
    """Return an IDX file of bytes: two zeros, 8 for bytes, the number of axes, their lengths highest byte first, the numbers."""
    lengths = b"".join(length.to_bytes(4, "big") for length in values.shape)
    return bytes([0, 0, 8, values.ndim]) + lengths + values.tobytes()


def draw_images(generator: np.random.Generator, samples: int) -> tuple[Pixels, Pixels]:
    """Images `(N, 28, 28)` of random pixels, black and white among them, and labels `(N,)`."""
    images = generator.integers(0, 256, (samples, 28, 28), dtype=np.uint8)
    images[:, 0, :2] = (0, 255)
    return images, generator.integers(0, 10, samples, dtype=np.uint8)


def write_split(write: Callable[[str, bytes], None], split: str, images: Pixels, labels: Pixels, *, compressed: bool = False) -> None:
    """Write a split's two files, each by `write(name, data)`; `compressed` packs them and adds `.gz` to their names."""
    for name, values in zip(FILES[split], (images, labels), strict=True):
        data = pack_idx(values)
        write(*((f"{name}.gz", gzip.compress(data, mtime=0)) if compressed else (name, data)))
