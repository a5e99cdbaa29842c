"""Images and labels, for training and for testing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MnistSet:
    """Handwritten digits, read-only: grey values 0 (background) to 255, labels 0 to 9."""

    train_images: NDArray[np.uint8]
    """`(N, 28, 28)`."""
    train_labels: NDArray[np.int64]
    """`(N,)`."""
    test_images: NDArray[np.uint8]
    """`(M, 28, 28)`."""
    test_labels: NDArray[np.int64]
    """`(M,)`."""

    def __post_init__(self) -> None:
        arrays: tuple[NDArray[Any], ...] = (self.train_images, self.train_labels, self.test_images, self.test_labels)
        for array in arrays:
            array.setflags(write=False)
